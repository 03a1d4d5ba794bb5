"""What a rule may read, and how it says what it found. Pure."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache, cached_property
from typing import Any

from services.coordinator.domain.clocks import Reading
from services.coordinator.domain.duties import Owed
from services.coordinator.domain.finding import Finding
from services.coordinator.domain.ledger import Act, Custody, Ledger, Row
from services.coordinator.domain.shared import NOBODY, Others
from services.kernel.period import read_moment
from services.kernel.statute import Citation
from services.kernel.transition import instant
from services.kernel.who import organ_of

#: What case_flow says of a person and custody_transfer of their custody.
BOTH = ("case_flow", "custody_transfer")
#: What case_flow says of the case and evidence of its goods.
GOODS = ("case_flow", "evidence")


@dataclass(frozen=True)
class Case:
    """What a rule may read: the ledger, the duties computed from it, how far the logs were read, and our tolerance.

    `others` is what other cases say of things that this one claims, too; `waits` collects the moments until which rules
    had to keep silent.
    """

    ledger: Ledger
    owed: Owed
    reading: Reading
    tolerance: timedelta
    others: Others = field(default_factory=lambda: NOBODY)
    waits: list[datetime] = field(default_factory=list)

    def settled(self, row: Row | None, *services: str, within: timedelta | None = None) -> bool:
        """Whether the other side has had its time since a row, and its log was read that far."""
        if row is None:
            return True
        recorded = read_moment(row["recorded_at"])
        assert isinstance(recorded, datetime), "recorded_at is an instant"
        moment = recorded + (self.tolerance if within is None else within)
        if moment <= self.reading.known(services):
            return True
        self.waits.append(moment)
        return False

    @cached_property
    def settled_until(self) -> dict[str, str]:
        """By the log that is read: when the last row was recorded that is settled there, as rows write it."""
        return {service: instant(self.reading.known((service,)) - self.tolerance) for service in self.reading.read}

    @cached_property
    def broken(self) -> dict[str, list[Finding]]:
        """What was found of the limits of the law, by the name of each."""
        found: dict[str, list[Finding]] = {}
        for finding in self.owed.findings:
            found.setdefault(finding.kind, []).append(finding)
        return found

    def has_read(self, *services: str) -> bool:
        """Whether these logs have been read at all."""
        return all(service in self.reading.read for service in services)


Rule = Callable[[Case], Iterator[Finding]]


def breach(case: Case, kind: str, subject: str, zh: str, en: str, **more: Any) -> Finding:
    """A finding about one subject of the case; what is not said is `violated`, high, and the procuratorate's."""
    who = case.ledger.labels.get(subject, "本案")
    given = {"status": "violated", "severity": "high", "owner": "procuratorate", "law_ref": "", **more}
    return Finding(case_id=case.ledger.case_id, kind=kind, subject=subject, zh=f"{who}：{zh}", en=en, **given)


def open_custodies(case: Case) -> list[Custody]:
    """The custodies that have not ended."""
    return [custody for custody in case.ledger.custodies.values() if custody.ended is None]


def leads(act: Act) -> bool:
    """Whether the act is the row's own step: one that was only carried along is the same situation."""
    return bool(act.type == act.row["type"])


def untold(case: Case, kind: str, act: Act, zh: str, en: str, **more: Any) -> Iterator[Finding]:
    """That an act does not say what an invariant needs to know, once whoever took it has had the time to add it.

    `zh` and `en` name what is not said. Nothing is held to be lawful because nobody said how it was.
    """
    if not case.settled(act.row, act.service):
        return
    step = case.ledger.code.steps.get(act.type)
    owner = organ_of(str(act.row["organ"]))
    given = {"status": "unknown", "owner": str(owner or "police"), "at": str(act.row["occurred_at"]), **more}
    yield breach(
        case,
        kind,
        act.subject,
        f"{act.day}“{step.zh if step is not None else '登记'}”没有写明{zh}，是否合法不明。",
        f"{act.type} does not say {en}",
        trigger=act.transition_id,
        repair=f"由{owner.zh if owner is not None else '经办机关'}补充登记",
        **given,
    )


Said = tuple[str, str]


def weigh(
    case: Case, kind: str, act: Act, broken: Sequence[Said], untold_of: Sequence[Said], *, repair: str, **more: Any
) -> Iterator[Finding]:
    """What an act says of itself: breaches, in one finding; else what it does not say, in one too.

    Each is told in Chinese and in English.
    """
    if not broken:
        if untold_of:
            zh, en = ("、".join(each) for each in zip(*untold_of, strict=True))
            yield from untold(case, kind, act, zh, en, **more)
        return
    zh, en = ("；".join(each) for each in zip(*broken, strict=True))
    step = case.ledger.code.steps.get(act.type)
    given = {"owner": str(organ_of(str(act.row["organ"])) or "police"), "at": str(act.row["occurred_at"]), **more}
    zh = f"{act.day}“{step.zh if step is not None else '登记'}”：{zh}。"
    yield breach(case, kind, act.subject, zh, f"{act.type}: {en}", trigger=act.transition_id, repair=repair, **given)


@cache
def cites(*citations: Citation) -> str:
    """The provisions, as people cite them."""
    return "、".join(citation.zh for citation in citations)
