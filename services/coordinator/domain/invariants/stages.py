"""Stages: nothing before its time, nothing more often than the law allows. Pure."""

from collections.abc import Iterator
from functools import lru_cache

from services.coordinator.domain.finding import Finding
from services.coordinator.domain.invariants.case import Case, breach
from services.coordinator.domain.ledger import Row
from services.kernel.code import Code
from services.kernel.procedure import Ban, Step
from services.kernel.who import organ_of
from services.law.statutes import CPL, MPS, SPC

#: A person's line of the first procedure stands only if the second has reached one of these states before.
_NEEDS = {
    "prosecution_review": ("investigation_close", {"accepted"}),
    "court_intake": ("prosecution_review", {"charged"}),
    "first_trial": ("court_intake", {"filed"}),
    "second_trial": ("first_trial", {"judged"}),
}


def no_measure_before_filing(case: Case) -> Iterator[Finding]:
    """INV-12 立案以前不得采取强制措施。每一条都是法律中的一项“不得”。"""
    for ban, steps, unless in _bans(case.ledger.code):
        for act in case.ledger.of(steps):
            earlier = case.ledger.of(unless, act.subject)  # what was decided about another person permits nothing
            if (
                any(not deed.day > act.day for deed in earlier)
                or act.row["moves"][0]["procedure"] != act.type.partition(":")[0]
            ):
                continue
            cite = ban.cite if isinstance(ban.cite, tuple) else (ban.cite,)
            needed = "、".join(dict.fromkeys(f"“{case.ledger.code.steps[name].zh}”" for name in unless))
            yield breach(
                case,
                ban.invariant or ban.name,
                act.subject,
                f"{act.day}：{ban.zh}，而此前没有{needed}的记录。",
                f"{act.type} before any of {', '.join(unless)}",
                severity=ban.severity,
                owner=ban.organ.value,
                law_ref="、".join(citation.zh for citation in cite),
                at=str(act.row["occurred_at"]),
                trigger=act.transition_id,
                repair="登记违法，补正手续；已采取措施、已羁押的，解除措施或者释放",
            )


@lru_cache(maxsize=16)
def _bans(code: Code) -> tuple[tuple[Ban, tuple[str, ...], tuple[str, ...]], ...]:
    """Each ban with the steps that it forbids, and those that permit them."""
    return tuple((ban, code.types(ban.steps), code.types(ban.unless)) for ban in code.bans.values())


@lru_cache(maxsize=16)
def _counted(code: Code) -> tuple[Step, ...]:
    """The steps that may be taken so often only."""
    return tuple(step for step in code.steps.values() if step.at_most)


def counters_hold(case: Case) -> Iterator[Finding]:
    """INV-24 退回补充侦查以二次为限；法庭延期补充侦查以二次为限。"""
    for step in (step for step in _counted(case.ledger.code) if step.type in case.ledger.by_type):
        for person in case.ledger.persons:
            acts = [act for act in case.ledger.by_type[step.type] if act.subject == person]
            if len(acts) > (step.at_most or 0):
                yield breach(
                    case,
                    "INV-24",
                    person,
                    f"“{step.zh}”以{step.at_most}次为限，记录中已有{len(acts)}次。",
                    f"{step.type} was taken {len(acts)} times",
                    severity="critical",
                    owner=step.office.organ.value,
                    law_ref="、".join(citation.zh for citation in step.cite),
                    at=str(acts[-1].row["occurred_at"]),
                    trigger=acts[-1].transition_id,
                    repair="依现有证据作出决定，证据不足的不起诉",
                )


def stages_agree(case: Case) -> Iterator[Finding]:
    """INV-27 人所处的阶段与案件所处的阶段相容。"""
    for person in case.ledger.persons:
        reached: dict[str, set[str]] = {}
        for row in (row for row in case.ledger.rows if row["service"] == "case_flow"):
            for move in row["moves"]:
                later = move["procedure"]
                if move["subject"] != person:
                    continue
                if later in _NEEDS and later not in reached:
                    earlier, states = _NEEDS[later]
                    if not reached.get(earlier, set()) & states:
                        yield _stage_finding(case, person, later, earlier, row)
                reached.setdefault(later, set()).add(move["to"])
    filed = case.ledger.lines.get(case.ledger.case_id, {}).get("case_intake")
    moved = [person for person in case.ledger.persons if "investigation_close" in case.ledger.lines.get(person, {})]
    if filed is not None and filed != "filed" and moved:
        last = next(row for row in reversed(case.ledger.rows) if row["service"] == "case_flow")
        yield _stage_finding(case, moved[0], "investigation_close", "case_intake", last)


def everybody_is_in_one_case(case: Case) -> Iterator[Finding]:
    """INV-28 分案、并案、移送管辖以后，每个人在且只在一个案件中。"""
    for row in (row for row in case.ledger.rows if "left" in row or "twice" in row):
        astray = row["left"].get("astray", ()) if "left" in row else ()
        for person in (*astray, *row.get("twice", ())):
            if not case.settled(row, "case_flow"):
                continue
            if person in astray:
                zh = f"已转出至案件{row['left']['to']}，而该案没有转入的记录。"
                en = f"left for {row['left']['to']}, where nobody arrived"
            else:
                zh, en = "已转入本案，而原案没有转出的记录。", "arrived here, and never left the case before"
            yield breach(
                case,
                "INV-28",
                person,
                zh,
                en,
                owner=str(organ_of(str(row["organ"])) or "police"),
                law_ref=f"{MPS[21, 2].zh}、{MPS[185].zh}、{SPC[220].zh}",
                at=str(row["occurred_at"]),
                trigger=str(row["id"]),
                repair="两案的记录在一次提交中写成：核对该服务的记录是否被截断，恢复后重新读取",
            )


def _stage_finding(case: Case, person: str, later: str, earlier: str, row: Row) -> Finding:
    names = {name: procedure.zh for name, procedure in case.ledger.code.procedures.items()}
    return breach(
        case,
        "INV-27",
        person,
        f"{names[later]}已经开始，而{names[earlier]}没有相应的结果。",
        f"{later} has begun without the end of {earlier}",
        owner="procuratorate",
        law_ref=f"{CPL[162].zh}、{CPL[176].zh}",
        at=str(row["occurred_at"]),
        trigger=str(row["id"]),
        repair="以文书更正阶段，或者分案处理",
    )
