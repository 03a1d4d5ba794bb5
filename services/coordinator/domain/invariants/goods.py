"""Goods and files: one organ is responsible, and what arrived is what was sent. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Any

from services.coordinator.domain.finding import Finding
from services.coordinator.domain.invariants.case import GOODS, Case, breach, cites, untold, weigh
from services.coordinator.domain.ledger import Act, Ledger, Row
from services.kernel.who import organ_of
from services.law.statutes import CPL, MPS, SPC, SPP

#: Where goods stand with which nothing more is to be done.
_DONE = frozenset({"released_unrelated", "returned_victim", "executed", "lapsed", "ownerless", "judged"})
_JUDGMENTS = ("first_trial:pronounce", "first_trial:judge_in_court", "first_trial:judge_absent")
#: Where a person's line stands who is prosecuted no more, by its procedure.
_DROPPED: Mapping[str, frozenset[str]] = {
    "prosecution_review": frozenset({"not_charged"}),
    "investigation_close": frozenset({"withdrawn", "terminated_person"}),
}
_DROPS = (
    "prosecution_review:not_charge",
    "prosecution_review:not_charge_after_probation",
    "investigation_close:withdraw",
    "investigation_close:terminate",
)
_MEASURES = {"bail": "取保候审", "residential_surveillance": "监视居住"}
#: At which somebody counts what is there, and at which the price takes the place of the goods.
_COUNTS = frozenset(
    f"property_flow:{step}"
    for step in (
        "store", "check_in", "release_unrelated", "to_treasury", "return_victim", "release_by_procuratorate",
        "return_victim_court", "execute",
    )
)  # fmt: skip
_SOLD = "property_flow:store_price"


def control_follows_the_case(case: Case) -> Iterator[Finding]:
    """INV-13 每件财物有且只有一个负责机关，就是案件所处阶段的办案机关。"""
    stages = {in_charge for in_charge, _ in case.ledger.in_charge.values()}
    if len(stages) != 1:
        return
    in_charge = stages.pop()
    since = next((row for _, row in case.ledger.in_charge.values()), None)
    control = _control(case.ledger)
    offered = {
        move["subject"]
        for row in case.ledger.rows
        if row["service"] == "evidence"
        for move in row["moves"]
        if case.ledger.lines.get(move["subject"], {}).get("package_handover") in {"offered", "inspected"}
    }
    for item, (organ, row) in control.items():
        holder = organ_of(organ)
        done = case.ledger.lines.get(item, {}).get("property_flow") in _DONE
        if holder is None or holder == in_charge or done or offered:
            continue
        if not (case.settled(since, *GOODS) and case.settled(row, *GOODS)):
            continue
        yield breach(
            case,
            "INV-13",
            item,
            f"财物由{holder.zh}负责，而案件已在其他机关办理。",
            f"{organ} controls an item while {in_charge} is in charge",
            owner=in_charge,
            law_ref=f"{MPS[235].zh}、{MPS[288].zh}",
            trigger=str(since["id"]) if since else item,
            repair="补办随案移送，双方清点签收",
        )


def _control(ledger: Ledger) -> dict[str, tuple[str, Row]]:
    found: dict[str, tuple[str, Row]] = {}
    for row in (row for row in ledger.rows if row["service"] == "evidence"):
        for item, organ in row.get("control", {}).items():
            if item != ledger.case_id:
                found[item] = (str(organ), row)
    return found


def dossier_is_what_was_sent(case: Case) -> Iterator[Finding]:
    """INV-29 收到的案卷就是移送的案卷。"""
    sealed: dict[str, str] = {}
    accepted: dict[str, str] = {}
    for row in (row for row in case.ledger.rows if row["service"] == "evidence"):
        if "manifest" in row:
            sealed.update(dict.fromkeys(row["subjects"], str(row["digest"])))
        if row.get("handover") == "accept":
            accepted.update(dict.fromkeys(row["subjects"], str(row["facts"].get("digest", ""))))
    for row in (row for row in case.ledger.rows if row["service"] == "case_flow"):
        for paper in (paper for paper in row["documents"] if paper.get("package_id")):
            package = paper["package_id"]
            if package not in sealed:
                if case.has_read("evidence") and case.settled(row, "evidence"):
                    yield _package_finding(
                        case, row, package, "移送清单所指的案卷包没有封装记录。", "no such package was sealed"
                    )
            elif sealed[package] != paper.get("digest"):
                yield _package_finding(case, row, package, "移送清单的摘要与封装的案卷包不一致。", "the digests differ")
            elif accepted.get(package, sealed[package]) != sealed[package]:
                yield _package_finding(
                    case, row, package, "收到的案卷与移送的案卷不一致。", "what was received differs"
                )


def _package_finding(case: Case, row: Row, package: str, zh: str, en: str) -> Finding:
    return breach(
        case,
        "INV-29",
        case.ledger.case_id,
        zh,
        f"{en}: {package}",
        owner=str(organ_of(str(row["organ"])) or "police"),
        law_ref=f"{MPS[287].zh}、{SPP[157].zh}",
        at=str(row["occurred_at"]),
        trigger=str(row["id"]),
        repair="退回补送材料，或者重新移送",
    )


def every_item_is_judged(case: Case) -> Iterator[Finding]:
    """INV-17 判决对清单上的每一项财物都写明处理方式。"""
    last = {act.subject: act for act in case.ledger.of(_JUDGMENTS)}
    if not last or not case.has_read("evidence"):
        return
    given = {"severity": "critical", "law_ref": cites(CPL[245, 3], SPC[444], SPC[446])}
    for item, facts in _goods(case.ledger).items():
        act, state = _judgment_on(case, item, facts, last), case.ledger.lines.get(item, {}).get("property_flow", "")
        if act is not None and state not in _DONE and case.settled(act.row, *GOODS):
            yield breach(
                case,
                "INV-17",
                item,
                f"{act.day}的判决没有写明这一财物（{facts.get('kind', '')}）如何处理。",
                f"the judgment of {act.day} says nothing of an item on the list",
                owner="court",
                at=str(act.row["occurred_at"]),
                trigger=act.transition_id,
                repair="宣判以前由合议庭补充；宣判以后由原审人民法院另行处理",
                **given,
            )
    for act in case.ledger.of(("property_flow:judge",)):
        if act.row["type"] == act.type and not case.ledger.told(act).get("treatment"):
            yield from untold(case, "INV-17", act, "处理方式", "what is to be done with it", **given)


def _goods(ledger: Ledger) -> dict[str, Mapping[str, Any]]:
    """What was registered of every piece of property."""
    return {
        item: {**ledger.supplements.get((row["id"], row["organ"]), {}), **what.get("facts", {})}
        for row in ledger.rows
        if row["service"] == "evidence"
        for item, what in row.get("created", {}).items()
        if what["kind"] == "item"
    }


def _judgment_on(case: Case, item: str, facts: Mapping[str, Any], last: Mapping[str, Act]) -> Act | None:
    """The judgment that was to decide on an item: that of its owner, else of whoever comes last; None if yet to come."""
    owner = _owner(case, facts)
    if owner is not None:
        return last.get(owner)
    latest = max(last.values(), key=lambda act: act.order)
    if case.ledger.lines.get(item, {}).get("property_flow") == "with_case_court":
        return latest
    awaited = [person for person in _suspects(case) if person not in last and not _is_dropped(case, person)]
    return None if awaited else latest


def _owner(case: Case, facts: Mapping[str, Any]) -> str | None:
    """The suspect whom the register names as the owner."""
    label = facts.get("owner")
    return next((person for person in _suspects(case) if label and case.ledger.labels.get(person) == label), None)


def _suspects(case: Case) -> list[str]:
    flags = case.ledger.flags
    return [person for person in case.ledger.persons if {"victim", "witness"}.isdisjoint(flags.get(person, ()))]


def _is_dropped(case: Case, person: str) -> bool:
    lines = case.ledger.lines.get(person, {})
    return lines.get("non_prosecution_remedy") not in {"revoked", "private_suit"} and any(
        lines.get(procedure) in states for procedure, states in _DROPPED.items()
    )


def measures_end_with_the_case(case: Case) -> Iterator[Finding]:
    """INV-18 不起诉、撤销案件、终止侦查的，解除只对该人采取的一切措施。"""
    dropped = {act.subject: act for act in case.ledger.of(_DROPS) if _is_dropped(case, act.subject)}
    if not dropped:
        return
    everybody = all(person in dropped for person in _suspects(case))
    report = partial(_unlifted, case)
    for person, act in dropped.items():
        for procedure, zh in _MEASURES.items():
            state = case.ledger.lines.get(person, {}).get(procedure)
            open_ = state is not None and state not in case.ledger.code.lines[procedure].ends
            if open_ and case.settled(act.row, "case_flow"):
                yield report(person, act, f"{act.day}“{act.row['zh']}”后，{zh}没有解除。", procedure)
    for item, facts in _goods(case.ledger).items() if case.has_read("evidence") else ():
        owner, act = _owner(case, facts), max(dropped.values(), key=lambda each: each.order)
        act = dropped.get(owner, act) if owner is not None else act
        if case.ledger.lines.get(item, {}).get("property_flow") in _DONE or not case.settled(act.row, *GOODS):
            continue
        if everybody or owner in dropped:
            yield report(item, act, f"{act.day}“{act.row['zh']}”后，财物没有解除、退还。", "an item")
        elif owner is None and not facts.get("owner"):
            zh = f"没有登记财物为何人所有，{act.day}“{act.row['zh']}”后应否解除不明。"
            yield report(item, act, zh, "an item of nobody knows whom", status="unknown", repair="补充登记财物所有人")


def _unlifted(case: Case, subject: str, act: Act, zh: str, what: str, **more: Any) -> Finding:
    given = {"repair": "立即制发解除通知书，返还财物；人民检察院监督", **more}
    return breach(
        case,
        "INV-18",
        subject,
        zh,
        f"{what} stands after {act.type}",
        owner=str(organ_of(str(act.row["organ"])) or "police"),
        law_ref=cites(CPL[177, 3], SPP[374], MPS[187]),
        at=str(act.row["occurred_at"]),
        trigger=act.transition_id,
        **given,
    )


def quantities_agree(case: Case) -> Iterator[Finding]:
    """INV-19 清单、入库、移送、审判、处理的数量、金额和特征一致。"""
    goods = _goods(case.ledger) if case.has_read("evidence") else {}
    packed = _packed(case.ledger) if goods else {}
    for item, facts in goods.items():
        known: dict[str, Any] = {"count": facts.get("count", 1), "value": facts.get("value")}
        silent = None
        for act, told in _counted(case.ledger, item, packed):
            if act.type == _SOLD:  # the price has taken the place of the goods
                known = {"count": None, "value": told.get("value")}
                continue
            if told.get("count") is None or (known["value"] is not None and told.get("value") is None):
                silent = silent or act
            broken = [
                (f"{_ZH[name]}为{told[name]}，此前为{known[name]}", f"{name} is {told[name]} and was {known[name]}")
                for name in known
                if told.get(name) is not None
                and known[name] is not None
                and _number(told[name]) != _number(known[name])
            ]
            if broken:
                yield from _recount(case, item, act, broken, [])
            known = {name: told.get(name) if known[name] is None else known[name] for name in known}
        if silent is not None:
            yield from _recount(case, item, silent, [], [("清点的数量、金额", "what was counted")])


_ZH = {"count": "数量", "value": "金额"}


def _recount(
    case: Case, item: str, act: Act, broken: list[tuple[str, str]], told: list[tuple[str, str]]
) -> Iterator[Finding]:
    given = {
        "law_ref": cites(MPS[230], MPS[288], SPC[437]),
        "repair": "双方重新清点，制作差异说明，报负责人；不得径行改动记录",
    }
    for finding in weigh(case, "INV-19", act, broken, told, **given):
        yield replace(finding, subject=item, zh=finding.zh.replace("本案：", f"财物{item}：", 1))


def _number(value: Any) -> Decimal | str:
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return str(value)


def _packed(ledger: Ledger) -> dict[str, list[str]]:
    """The goods on the list of each sealed package."""
    sealed = (row for row in ledger.rows if "manifest" in row)
    return {row["subjects"][0]: [each["item_id"] for each in row["manifest"]["property"]] for row in sealed}


def _counted(ledger: Ledger, item: str, packed: Mapping[str, list[str]]) -> Iterator[tuple[Act, Mapping[str, Any]]]:
    """Every act at which an item was, or was to be, counted, with what was counted."""
    inspected: Mapping[str, Any] = {}
    for act in ledger.by_subject.get(item, ()):
        if act.type in _COUNTS or act.type == _SOLD:
            facts = ledger.told(act)
            yield act, {"count": facts.get("counted"), "value": facts.get("counted_value")}
    for package in (package for package, items in packed.items() if item in items):
        for act in ledger.by_subject.get(package, ()):
            listed = ledger.told(act).get("counted_items")
            mine = listed.get(item) if isinstance(listed, dict) else None
            if act.type == "package_handover:inspect":
                inspected = mine if isinstance(mine, dict) else {}
                if inspected:
                    yield act, inspected
            elif act.row.get("handover") == "accept" and act.type.startswith("package_handover:"):
                yield act, mine if isinstance(mine, dict) else inspected
