"""What the detention centre is to know at once, and what it and an organ say of the same ledger. Pure."""

from collections.abc import Iterator
from datetime import timedelta

from services.coordinator.domain.finding import Finding
from services.coordinator.domain.invariants.case import Case, breach, open_custodies
from services.coordinator.domain.invariants.custody import RELEASES
from services.coordinator.domain.ledger import Act
from services.kernel.period import local_date, read_moment
from services.kernel.who import organ_of
from services.law.statutes import CPL, KSS, KY14

#: How long an organ has to answer the ledger that the centre showed it. Ours, not the law's.
ANSWERED_IN = timedelta(days=1)
#: What is told later than this after it was done is told of the past: nobody is sent for because of it.
_TOLD_AT_ONCE = timedelta(days=1)


def release_is_due(case: Case) -> Iterator[Finding]:
    """release_due 释放的义务一旦发生，看守所即时知悉，不待逾期。"""
    held = {custody.person: custody for custody in open_custodies(case)}
    owed = {duty.subject: duty for duty in case.owed.duties if duty.limit in RELEASES and duty.status == "open"}
    for act in case.ledger.acts:
        if act.subject not in held or not _is_news(act):
            continue
        duty = owed.get(act.subject)
        if duty is not None and duty.trigger == act.transition_id:
            zh, en, law_ref, due = f"应当立即释放（{duty.zh}）。", f"{duty.limit} has arisen", duty.law_ref, duty.due
        elif _frees(case, act) and not case.settled(act.row, "custody_transfer", within=case.reading.at_once):
            step = case.ledger.code.steps[act.type]
            zh, en, law_ref = f"办案机关已经办理“{step.zh}”，应当立即释放。", f"{act.type} was taken", CPL[91].zh
            due = act.day.isoformat()
        else:
            continue
        yield breach(
            case,
            "release_due",
            act.subject,
            zh,
            f"a release is due at once: {en}",
            status="open",
            severity="critical",
            owner="detention_center",
            law_ref=law_ref,
            due=due,
            trigger=act.transition_id,
            repair="凭释放通知书释放，并发给释放证明书",
        )


def _is_news(act: Act) -> bool:
    return local_date(act.recorded) - act.day <= _TOLD_AT_ONCE


def _frees(case: Case, act: Act) -> bool:
    step = case.ledger.code.steps.get(act.type)
    if act.service != "case_flow" or step is None or step.liberty != "given":
        return False
    later = case.ledger.by_subject[act.subject]
    steps = (case.ledger.code.steps.get(each.type) for each in later if each.follows(act) and each is not act)
    return not any(each is not None and each.liberty == "taken" for each in steps)


def ledgers_agree(case: Case) -> Iterator[Finding]:
    """CUS-10 看守所的羁押台账每日与办案机关核对；有异议或者逾期不复的，查明。"""
    for custody in open_custodies(case):
        rows = [
            row for row in case.ledger.rows if row["type"].startswith("ledger_check:") and custody.id in row["subjects"]
        ]
        if not rows or rows[-1]["type"] == "ledger_check:acknowledge":
            continue
        last = rows[-1]
        objected = last["type"] == "ledger_check:raise_objection"
        if not objected and not case.settled(last, "custody_transfer", within=ANSWERED_IN):
            continue
        facts = last["facts"]
        yield breach(
            case,
            "CUS-10",
            custody.person,
            f"办案机关对{facts['checked_on']}的羁押台账有异议：{facts['objection']}"
            if objected
            else f"看守所送核对的{facts['checked_on']}羁押台账，办案机关逾一日没有答复。",
            "the organ objects to the centre's ledger"
            if objected
            else "the organ has not answered the centre's ledger",
            status="violated" if objected else "overdue",
            owner="detention_center" if objected else str(organ_of(custody.holder) or "police"),
            law_ref=f"{KY14['二(二)'].zh}、{KSS[43].zh}",
            due="" if objected else (local_date(read_moment(last["recorded_at"])) + ANSWERED_IN).isoformat(),
            at=str(last["occurred_at"]) if objected else "",
            trigger=str(last["id"]),
            repair="查明后由看守所答复再送" if objected else "办案机关核对并答复",
        )
