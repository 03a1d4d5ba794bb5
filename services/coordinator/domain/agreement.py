"""Two sides of one case held against each other: whether they are the same, and where not, which of them is wrong. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import zip_longest

from services.coordinator.domain.finding import Finding
from services.kernel.transition import Links

#: Findings about the logs themselves: they follow from comparing, not from the rows of a case.
DIVERGED, RESTORED = "log_diverged", "log_restored"
SERVICES_ZH = {"case_flow": "案件服务", "custody_transfer": "羁押服务", "evidence": "证据服务"}


class Side(StrEnum):
    """Whose record is wrong."""

    SERVICE = "service"
    COORDINATOR = "coordinator"
    BOTH = "both"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Stored:
    """A row as one side holds it."""

    seq: int
    feed_seq: int = field(compare=False)
    body: str
    links: Links


@dataclass(frozen=True, slots=True)
class Difference:
    """Where two records of one case part: from row `seq` on. `how`: broken, lost or rewritten.

    `proof` is the agreement which shows that the coordinator's copy is the one both once had; empty where none is
    needed, or none there is.
    """

    service: str
    case_id: str
    seq: int
    wrong: Side
    how: str
    proof: str = ""


_HOW_ZH = {
    (Side.SERVICE, "broken"): "{service}的记录与其自身的摘要链不符，协同中枢所读的完整",
    (Side.COORDINATOR, "broken"): "协同中枢所存的与摘要链不符，{service}的记录完整",
    (Side.BOTH, "broken"): "{service}的记录与协同中枢所存的都与摘要链不符",
    (Side.SERVICE, "lost"): "{service}的记录缺少此前已经读到的各行",
    (Side.COORDINATOR, "lost"): "协同中枢缺少{service}已经记录的各行",
    (Side.SERVICE, "rewritten"): "{service}改写了双方曾经一致的记录（见一致性证明{proof}）",
    (Side.COORDINATOR, "rewritten"): "协同中枢所存的不再是双方曾经一致的记录（见一致性证明{proof}）",
    (Side.UNKNOWN, "rewritten"): "双方各自完整而互不相同，仅凭记录无法判断哪一方有误",
}
_HOW_EN = {
    (Side.SERVICE, "broken"): "the rows of {service} do not follow from each other; the coordinator's copy is whole",
    (Side.COORDINATOR, "broken"): "the coordinator's rows do not follow from each other; those of {service} do",
    (Side.BOTH, "broken"): "neither the rows of {service} nor the coordinator's copy follow from each other",
    (Side.SERVICE, "lost"): "{service} has lost rows that had been read from it",
    (Side.COORDINATOR, "lost"): "the coordinator lacks rows that {service} has recorded",
    (Side.SERVICE, "rewritten"): "{service} has rewritten what both had agreed on ({proof})",
    (Side.COORDINATOR, "rewritten"): "the coordinator's copy is no longer what both had agreed on ({proof})",
    (Side.UNKNOWN, "rewritten"): "both are whole and not the same; the records alone do not tell which is wrong",
}
_REPAIR = {
    Side.SERVICE: "由{service}的维护人员以备份或者协同中枢所存的各行查明并恢复，不得径行改写",
    Side.COORDINATOR: "由协同中枢的维护人员查明，经决定后重新读取",
    Side.BOTH: "由双方维护人员以各自的备份查明",
    Side.UNKNOWN: "由双方维护人员以各自的备份和已经出具的证明查明",
}


def breaks_at(rows: Sequence[Stored]) -> int | None:
    """The number of the first row that is not there or does not follow from those before it; None where all do."""
    links = Links()
    for expected, row in enumerate(rows, 1):
        links = links.after(row.body)
        if row.seq != expected or row.links != links:
            return expected
    return None


def compare(service: str, case_id: str, theirs: Sequence[Stored], ours: Sequence[Stored]) -> Difference | None:
    """How the rows of a service and the copy of them differ; None where they are whole and the same."""
    broken = {Side.SERVICE: breaks_at(theirs), Side.COORDINATOR: breaks_at(ours)}
    wrong = {side: seq for side, seq in broken.items() if seq is not None}
    if wrong:
        side = next(iter(wrong)) if len(wrong) == 1 else Side.BOTH
        return Difference(service, case_id, min(wrong.values()), side, "broken")
    parts = next((n for n, pair in enumerate(zip_longest(theirs, ours), 1) if pair[0] != pair[1]), None)
    if parts is None:
        return None
    if parts > len(theirs):
        return Difference(service, case_id, parts, Side.SERVICE, "lost")
    if parts > len(ours):
        return Difference(service, case_id, parts, Side.COORDINATOR, "lost")
    return Difference(service, case_id, parts, Side.UNKNOWN, "rewritten")


def diverged(difference: Difference) -> Finding:
    """The finding that two records of one case are not the same."""
    names = {"service": SERVICES_ZH[difference.service], "proof": difference.proof}
    english = {"service": difference.service, "proof": difference.proof}
    told = (difference.wrong, difference.how)
    return Finding(
        case_id=difference.case_id,
        kind=DIVERGED,
        subject=difference.service,
        status="violated",
        severity="critical",
        owner="system",
        zh=f"本案自第{difference.seq}行起双方记录不一致：{_HOW_ZH[told].format(**names)}。双方记录均保持原样。",
        en=f"from row {difference.seq} on: {_HOW_EN[told].format(**english)}; both are left as they are",
        law_ref="",
        trigger=f"{difference.service}:{difference.seq}",
        repair=_REPAIR[difference.wrong].format(**names),
    )


def restored(service: str, read: int, last: int) -> Finding:
    """The finding that a log is no longer the one that was read: it ends before, or tells otherwise."""
    zh = SERVICES_ZH[service]
    return Finding(
        case_id="",
        kind=RESTORED,
        subject=service,
        status="violated",
        severity="critical",
        owner="system",
        zh=f"{zh}的记录止于第{last}行或者与所读的不同，而此前已经读到第{read}行：可能是从旧备份恢复的。已停止读取，待人决定。",
        en=f"the log of {service} ends at {last} or tells otherwise; {read} rows had been read; following has stopped",
        law_ref="",
        trigger=f"{service}:{read}",
        repair="恢复完整的记录后决定继续读取，或者决定将丢失的各行另存后从现有记录读起",
    )
