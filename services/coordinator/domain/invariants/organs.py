"""Organs: each writes its own decisions, of its own place, and nobody keeps, approves or reviews what is theirs. Pure."""

from collections.abc import Iterator, Mapping, Sequence

from services.coordinator.domain.finding import Finding
from services.coordinator.domain.invariants.case import Case, breach, cites, untold
from services.coordinator.domain.invariants.documents import HEADS, needs_leave, silent
from services.coordinator.domain.ledger import Act
from services.kernel.code import Rule
from services.kernel.who import HANDLING, PREFIXES, Organ, organ_of
from services.law.statutes import CPL, MPS, OP15, SPP

#: Who receives from whom: the step of the receiving organ, and those by which the other one sent.
_RECEIVED: Mapping[str, Sequence[str]] = {
    "arrest_review:accept": ("arrest_review:request", "criminal_detention:request_arrest"),
    "investigation_close:accept": ("investigation_close:transfer",),
    "court_intake:receive": ("prosecution_review:charge", "prosecution_review:charge_after_probation"),
}
#: The documents by which a case may go to another place, or another level, than its own.
_DESIGNATIONS = frozenset(
    {
        "jurisdiction_designation",
        "case_transfer_letter_pr",
        "jurisdiction_change_court",
        "jurisdiction_transfer_notice",
    }
)
#: What is decided anew by another prosecutor, and by which steps.
_RECONSIDERED: Mapping[str, Sequence[str]] = {
    "arrest_review:refuse": ("arrest_review:uphold", "arrest_review:overturn"),
    "prosecution_review:not_charge": (
        "non_prosecution_remedy:uphold_on_reconsideration",
        "non_prosecution_remedy:revoke_on_reconsideration",
    ),
    "prosecution_review:not_charge_after_probation": (
        "non_prosecution_remedy:uphold_on_reconsideration",
        "non_prosecution_remedy:revoke_on_reconsideration",
    ),
}
#: The organs that the law names by their kind; others it names by what they do in the case.
_NAMED = frozenset(PREFIXES.values())
_KEEPING = ("property_flow:store", "property_flow:check_in", "property_flow:store_price")
#: The offices in which a case is investigated.
_INVESTIGATING = frozenset({"officer", "record"})


def duties_are_apart(case: Case) -> Iterator[Finding]:
    """INV-22 办案与保管分离，拟稿与批准分离，复议由另一检察官办理。"""
    yield from _keepers(case)
    yield from _drafters(case)
    yield from _reviewers(case)


def _keepers(case: Case) -> Iterator[Finding]:
    stored = case.ledger.of(_KEEPING)
    investigators = (
        {str(row["officer"]) for row in case.ledger.rows if row["office"] in _INVESTIGATING} if stored else set()
    )
    for act in stored:
        if str(act.row["officer"]) in investigators:
            yield breach(
                case,
                "INV-22",
                act.subject,
                f"{act.day}入库的财物，由办案人员自行保管。",
                "an investigator of the case keeps the goods",
                owner=str(organ_of(str(act.row["organ"])) or "police"),
                law_ref=cites(MPS[235], OP15["三"]),
                at=str(act.row["occurred_at"]),
                trigger=act.transition_id,
                repair="移交专门的保管人员，双方清点",
            )


def _drafters(case: Case) -> Iterator[Finding]:
    unsigned = []
    for row, rule, paper, document in case.ledger.documents:
        if rule is None or document.issuer != organ_of(str(row["organ"])) or not document.approver:
            continue
        approver = paper.get("approved_by") or (row["officer"] if rule.office in HEADS else None)
        drafter = paper.get("drafted_by")
        if drafter and drafter == approver:
            yield breach(
                case,
                "INV-22",
                row["subjects"][0] if row["subjects"] else case.ledger.case_id,
                f"{row['occurred_at'][:10]}“{rule.zh}”：{document.zh}由拟稿人自行批准。",
                f"{rule.type}: who drafted {document.id} approved it",
                owner=str(organ_of(str(row["organ"])) or "police"),
                law_ref=rule.law_ref,
                at=str(row["occurred_at"]),
                trigger=str(row["id"]),
                repair="另行指定负责人审批",
            )
        elif not drafter and (rule.office in HEADS or needs_leave(row, rule, document)):
            unsigned.append(row)
    yield from silent(
        case, "INV-22", unsigned, "文书的拟稿人", "who drafted the document", law_ref=cites(SPP[4], MPS[235])
    )


def _reviewers(case: Case) -> Iterator[Finding]:
    for decided, steps in _RECONSIDERED.items():
        for act in case.ledger.of(steps):
            first = [each for each in case.ledger.of((decided,), act.subject) if act.follows(each)]
            if not first:
                continue
            given = {"law_ref": cites(SPP[290], SPP[379])}
            silent_act = next((each for each in (first[-1], act) if not case.ledger.told(each).get("handled_by")), None)
            if silent_act is not None:
                yield from untold(case, "INV-22", silent_act, "承办人", "who handled it", **given)
            elif case.ledger.told(first[-1])["handled_by"] == case.ledger.told(act)["handled_by"]:
                yield breach(
                    case,
                    "INV-22",
                    act.subject,
                    f"{act.day}的复议由原承办人办理。",
                    "the reconsideration was handled by whoever handled the first decision",
                    owner="procuratorate",
                    at=str(act.row["occurred_at"]),
                    trigger=act.transition_id,
                    repair="另行指派检察官重新办理",
                    **given,
                )


def requests_stay_in_place(case: Case) -> Iterator[Finding]:
    """INV-43 提请、移送、起诉向同级同地的机关提出，指定管辖的除外。"""
    for received, sent in _RECEIVED.items():
        for act in case.ledger.by_type.get(received, ()):
            before = [each for each in case.ledger.of(sent, act.subject) if act.follows(each)]
            if not before:
                continue
            here, there = _place(str(act.row["organ"])), _place(str(before[-1].row["organ"]))
            given = {"law_ref": cites(CPL[20], CPL[25], CPL[87], CPL[162], SPP[328])}
            if here != there and not _is_designated(case, act):
                yield breach(
                    case,
                    "INV-43",
                    act.subject,
                    f"{act.day}受理的机关（{act.row['organ']}）与移送的机关（{before[-1].row['organ']}）不同级或者不同地，没有指定管辖的文书。",
                    f"{act.row['organ']} received it from {before[-1].row['organ']}, of another place or level",
                    owner=str(organ_of(str(act.row["organ"])) or "procuratorate"),
                    at=str(act.row["occurred_at"]),
                    trigger=act.transition_id,
                    repair="报请指定管辖，或者移送有管辖权的机关",
                    **given,
                )


def _place(organ_id: str) -> str:
    """The region that an organ's id names, which says its level too."""
    return organ_id.split("-")[1]


def _is_designated(case: Case, act: Act) -> bool:
    return any(
        paper.get("kind") in _DESIGNATIONS
        for row in case.ledger.rows
        if row["recorded_at"] <= act.row["recorded_at"]
        for paper in row.get("documents", ())
    )


def organs_write_their_own(case: Case) -> Iterator[Finding]:
    """INV-50 机关只记录自己的决定，监督行为本身不改变被监督的状态。"""
    for row, rule in case.ledger.taken:
        if rule is None:
            continue
        organ = organ_of(str(row["organ"]))
        broken = []
        if not _is_theirs(rule, organ):
            broken.append(
                (f"应当由{rule.organ.zh}记录，而由{row['organ']}记录", f"{row['organ']} wrote for {rule.organ}")
            )
        foreign = {move["procedure"] for move in row["moves"]} - {rule.procedure}
        foreign -= _moved_by(rule) if foreign else set()
        if foreign:
            names = "、".join(case.ledger.code.procedures[name].zh for name in sorted(foreign))
            broken.append((f"改变了不属于这一步骤的状态（{names}）", f"it moved {', '.join(sorted(foreign))}"))
        if broken:
            zh, en = ("；".join(each) for each in zip(*broken, strict=True))
            yield breach(
                case,
                "INV-50",
                row["subjects"][0] if row["subjects"] else case.ledger.case_id,
                f"{row['occurred_at'][:10]}“{rule.zh}”：{zh}。",
                f"{rule.type}: {en}",
                severity="critical",
                owner=rule.organ.value if rule.organ in _NAMED else str(organ or "police"),
                law_ref=cites(CPL[3], CPL[5], CPL[7], CPL[8]),
                at=str(row["occurred_at"]),
                trigger=str(row["id"]),
                repair="该记录不生效，由有权的机关另行作出；作为安全事件报告",
            )


def _is_theirs(rule: Rule, organ: Organ | None) -> bool:
    if rule.organ in _NAMED:
        return organ is rule.organ
    if rule.organ is Organ.CONCERNED_ORGAN:
        return organ is not None and organ is not Organ.SYSTEM
    return organ in HANDLING


def _moved_by(rule: Rule) -> frozenset[str]:
    """The procedures of others whose lines a step may move: those it carries, opens and ends, goods with their package."""
    carried = {name.partition(":")[0] for name in rule.carries}
    goods = {"property_flow"} if rule.handover and rule.procedure == "package_handover" else set()
    return frozenset({*carried, *goods, *(name for name, _ in (*rule.opens, *rule.ends))})
