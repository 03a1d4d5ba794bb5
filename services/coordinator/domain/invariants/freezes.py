"""Freezes and seals: none goes on past its end, and nothing is frozen twice. Pure."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from services.coordinator.domain.finding import Duty, Finding
from services.coordinator.domain.invariants.case import GOODS, Case, breach, cites, untold
from services.coordinator.domain.invariants.limits import REPLACED
from services.coordinator.domain.invariants.people import day_of
from services.coordinator.domain.ledger import event_type
from services.coordinator.domain.shared import HELD_BY, Claim, accounts, held_goods
from services.kernel.period import ZONE
from services.kernel.who import organ_of
from services.law import CODE
from services.law.property_flow import PropertyFlow
from services.law.statutes import CF13, CPL, MPS

_LIMITS = frozenset(("freeze_funds", "freeze_funds_major", "freeze_securities", "freeze_equity", "seal_property"))
#: How long after an end a renewal that was made in time may still be entered: then the measure lapses on the record, too. Ours.
ENTERED_IN = timedelta(days=7)
_RENEW = PropertyFlow.renew.type
_FROZEN = event_type("freeze_executed")
assert CODE.limits.keys() >= _LIMITS, "a limit that the law does not have"
REPLACED.update(dict.fromkeys(_LIMITS, "INV-15"))


def freezes_end(case: Case) -> Iterator[Finding]:
    """INV-15 冻结、查封期限届满没有续行的，不得再作为有效；不得重复冻结，可以轮候。"""
    if case.ledger.by_type.keys().isdisjoint(HELD_BY):
        return
    yield from _past_their_end(case)
    yield from _frozen_twice(case)


def _past_their_end(case: Case) -> Iterator[Finding]:
    stated = {act.subject: facts.get("until") for act, facts in held_goods(case.ledger)}
    for act in case.ledger.by_type.get(_RENEW, ()):
        stated[act.subject] = case.ledger.told(act).get("until")
    late = (finding for finding in case.owed.findings if finding.kind in _LIMITS and finding.status == "late")
    yield from (replace(finding, kind="INV-15", limit=finding.kind, severity="high") for finding in late)
    for duty in case.owed.duties:
        if duty.limit not in _LIMITS or duty.deed:
            continue
        ends = [day for day in (day_of(duty.last_day), day_of(stated.get(duty.subject))) if day is not None]
        if not ends:
            continue
        over = datetime.combine(min(ends) + timedelta(days=1), time(), ZONE)
        case.waits.extend(moment for moment in (over, over + ENTERED_IN) if case.reading.now < moment)
        if case.reading.now >= over:
            known = case.reading.until(frozenset(GOODS)) >= over
            yield _lapsed(case, duty, min(ends), status="violated" if known else "unknown")


def _lapsed(case: Case, duty: Duty, end: date, *, status: str) -> Finding:
    """Once an end has passed nothing brings the measure back: what is renewed too late is taken anew."""
    told = "没有续行，也没有解除，仍作为有效" if status == "violated" else "相关记录尚未读到，是否续行不明"
    return breach(
        case,
        "INV-15",
        duty.subject,
        f"{duty.zh}于{end}届满，{told}。",
        f"{duty.limit} ended on {end} and was neither renewed before nor lifted",
        status=status,
        owner=_owner(case, duty.subject),
        law_ref=f"{duty.law_ref}、{cites(MPS[240], CF13[8])}",
        due=end.isoformat(),
        trigger=duty.trigger,
        limit=duty.limit,
        repair="登记届满自动解除，通知协助机关和财物所有人；仍有必要的，重新决定，不得倒签",
    )


def _frozen_twice(case: Case) -> Iterator[Finding]:
    law = cites(CPL[144, 2], MPS[242])
    mine = list(accounts(case.ledger))
    for claim in mine:
        others = [*(each for each in mine if each.name == claim.name), *case.others.get(claim.name, ())]
        first = min((each for each in others if _is_same(each, claim)), key=_when)
        if claim.body["waiting"] or first.subject == claim.subject or not case.has_read("evidence"):
            continue
        act = next(act for act, _ in held_goods(case.ledger) if act.subject == claim.subject)
        where = "本案" if first.case_id == case.ledger.case_id else "另案"
        yield breach(
            case,
            "INV-15",
            claim.subject,
            f"该账户或者财产已由{where}在先冻结、查封，{claim.body['at']}又予冻结、查封，而没有写明是轮候。",
            "what was frozen or sealed before is frozen once more, and not on the waiting list",
            owner=_owner(case, claim.subject),
            law_ref=law,
            at=str(act.row["occurred_at"]),
            trigger=act.transition_id,
            repair="改为轮候冻结、查封并补充登记，或者解除",
        )
    for act, facts in held_goods(case.ledger):
        if act.type == _FROZEN and not facts.get("account"):
            yield from untold(case, "INV-15", act, "账号", "which account", law_ref=law)


def _is_same(one: Claim, other: Claim) -> bool:
    """Whether what holds the one thing, and does not only wait for it, holds the other: of one institution, if both say."""
    names = one.body["institution"], other.body["institution"]
    return one is other or (not one.body["waiting"] and (names[0] in names[1] or names[1] in names[0]))


def _when(claim: Claim) -> tuple[str, str, str]:
    return claim.body["since"], claim.case_id, claim.subject


def _owner(case: Case, item: str) -> str:
    """Who answers for an item; the police, who took it, where nothing says so."""
    held = [row["control"][item] for row in case.ledger.rows if item in row.get("control", {})]
    return str(organ_of(str(held[-1])) or "police") if held else "police"
