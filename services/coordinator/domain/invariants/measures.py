"""Measures against a person: one at a time, decided in time, and each with its title. Pure."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from services.coordinator.domain.finding import Duty, Finding
from services.coordinator.domain.invariants.case import BOTH, Case, breach, cites, open_custodies, weigh
from services.coordinator.domain.invariants.limits import in_time
from services.coordinator.domain.ledger import Act
from services.kernel.period import ZONE, local_date, read_moment
from services.law import CODE
from services.law.direct_prosecution import DirectProsecution
from services.law.statutes import CPL, MPS, SDXZ, SPC, SPP

measures_go_on = in_time(
    "INV-34",
    "取保候审、监视居住不得有没有决定的一日：受案机关七日以内重新决定，期满解除或者变更。",
    "bail_redecision_on_transfer court_bail_redecision bail_max residential_surveillance_max",
    severity="high",
    repair="立即作出决定；执行机关继续监督",
)
direct_prosecution_ends_in_time = in_time(
    "INV-48",
    "刑拘直诉在拘留期限届满以前判决或者退出。",
    "direct_prosecution_total",
    severity="critical",
    repair="决定逮捕、取保候审或者释放",
)


def direct_prosecution_is_near(case: Case) -> Iterator[Finding]:
    """INV-48 刑拘直诉的期限用去七成，以及届满三日以前，提示判决或者退出。"""
    for duty in case.owed.duties:
        if duty.limit != "direct_prosecution_total" or duty.status != "open" or not duty.last_day:
            continue
        end = datetime.combine(date.fromisoformat(duty.last_day) + _DAY, time(), ZONE)
        since = datetime.combine(local_date(read_moment(duty.start)) + _DAY, time(), ZONE)
        first, last = since + (end - since) * _MOST, end - _SOON
        case.waits.extend(moment for moment in (first, last) if moment > case.reading.now)
        if case.reading.now >= first:
            organ, _ = case.ledger.in_charge.get(duty.subject, (duty.owner, None))
            yield breach(
                case,
                "INV-48",
                duty.subject,
                f"刑拘直诉至{duty.due}届满，尚未判决，也没有退出。",
                f"direct prosecution ends {duty.due}; there is neither a judgment nor a way out yet",
                status="open",
                severity="critical" if case.reading.now >= last else "high",
                owner=organ,
                law_ref=duty.law_ref,
                due=duty.due,
                trigger=duty.trigger,
                limit=duty.limit,
                repair="在届满以前判决；不能的，决定逮捕、取保候审或者释放",
            )


#: Of the whole time, and before its end: when a direct prosecution is to be thought of. The tables', not the law's.
_MOST, _SOON, _DAY = 0.7, timedelta(days=3), timedelta(days=1)

#: Each extension of custody under investigation, and those of which one must have come before.
_ORDER = {
    "criminal_detention:extend": (),
    "custody_extension:extend_once": (),
    "custody_extension:extend_once_recalculated": ("custody_extension:recalculate",),
    "custody_extension:extend_twice": (
        "custody_extension:extend_once",
        "custody_extension:extend_once_recalculated",
    ),
    "custody_extension:extend_thrice": ("custody_extension:extend_twice",),
}
_STANDING = {
    "bail": ("decided", "executing", "violated", "redecided"),
    "residential_surveillance": ("decided", "executing_home", "executing_designated", "redecided"),
}


def extended_in_time_and_order(case: Case) -> Iterator[Finding]:
    """INV-26 羁押期限在届满以前、依照法定的次序批准延长。"""
    old_ends = {(act.transition_id, act.subject): duty.due for act, duty in late_extensions(case)}
    for type_, needed in _ORDER.items():
        for act in case.ledger.by_type.get(type_, ()):
            broken = []
            old = old_ends.get((act.transition_id, act.subject))
            if old is not None:
                broken.append((f"原期限{old}已经届满", f"the time had ended on {old}"))
            if needed and not any(not each.follows(act) for each in case.ledger.of(needed, act.subject)):
                names = "、".join(f"“{case.ledger.code.steps[name].zh}”" for name in needed)
                broken.append((f"此前没有{names}", f"none of {', '.join(needed)} came before"))
            yield from weigh(
                case,
                "INV-26",
                act,
                broken,
                (),
                severity="critical",
                law_ref=cites(CPL[91], CPL[156], CPL[158], CPL[159], SPP[309]),
                repair="视为没有批准延长：释放或者变更强制措施，并报告人民检察院",
            )


def late_extensions(case: Case) -> Iterator[tuple[Act, Duty]]:
    """The extensions of custody that were granted when the time was over, and so did not take effect (R9), with the clock."""
    for duty in case.owed.duties:
        types = _EXTENDED_BY.get(duty.limit)
        if types is None:
            continue
        counted = {each["by"] for each in duty.extensions}
        for act in (
            act for type_ in types for act in case.ledger.by_type.get(type_, ()) if act.subject == duty.subject
        ):
            is_later = act.row["id"] not in {duty.trigger, *counted} and str(act.row["occurred_at"]) >= duty.since
            if is_later and (not duty.at or act.row["occurred_at"] <= duty.at) and _is_after(act, duty):
                yield act, duty


def _is_after(act: Act, duty: Duty) -> bool:
    if duty.last_day or not isinstance(act.moment, datetime):
        return act.day.isoformat() > duty.due
    return bool(duty.deadline) and act.moment > read_moment(duty.deadline)


#: The steps that extend a limit during which somebody is held, by its name.
_EXTENDED_BY = {
    name: types
    for name, limit in CODE.limits.items()
    if limit.custody != "none" and (types := CODE.types(limit.extended_by))
}


def one_measure_at_a_time(case: Case) -> Iterator[Finding]:
    """INV-33 一人同时只有一种强制措施；保证人和保证金不并用；取保候审、监视居住的人不在押。"""
    for act in case.ledger.by_type.get("bail:execute", ()):
        kinds = {paper.get("kind") for paper in act.row["documents"]}
        broken = [("既有保证人又收取保证金", "both a guarantor and a deposit")]
        yield from _weigh_one(case, act, broken if {"bail_guarantee", "deposit_notice"} <= kinds else [])
    held = {custody.person: custody for custody in open_custodies(case)}
    for person in case.ledger.persons:
        standing = [name for name, states in _STANDING.items() if case.ledger.lines.get(person, {}).get(name) in states]
        decided = [act for name in standing for act in _decisions(case, person, name)[-1:]]
        if len(standing) > 1:
            last = max(decided, key=lambda act: act.order)
            yield from _weigh_one(case, last, [("取保候审和监视居住并存", "bail beside residential surveillance")])
        elif decided and person in held and case.settled(held[person].began, *BOTH):
            # Who was held before, and is to go free, is another matter (INV-07).
            began = local_date(read_moment(held[person].began["occurred_at"]))
            broken = [("措施没有解除或者变更，人已在押", "held while another measure stands")]
            yield from _weigh_one(case, decided[0], broken if began > decided[0].day else [])


def _decisions(case: Case, person: str, procedure: str) -> list[Act]:
    names = ("decide", "decide_procuratorate", "decide_court", "redecide", "redecide_court")
    return [act for act in case.ledger.of([f"{procedure}:{name}" for name in names], person) if act.subject == person]


def _weigh_one(case: Case, act: Act, broken: list[tuple[str, str]]) -> Iterator[Finding]:
    return weigh(
        case,
        "INV-33",
        act,
        broken,
        (),
        severity="medium",
        law_ref=cites(CPL[68], CPL[79], MPS[84], MPS[162], MPS[163]),
        repair="以文书解除先前的措施；保证人、保证金择一",
    )


def held_after_the_judgment(case: Case) -> Iterator[Finding]:
    """INV-48 刑拘直诉判决以后继续羁押的，另有依据。"""
    for act in case.ledger.by_type.get(DirectProsecution.judge.type, ()):
        for custody in open_custodies(case):
            newer = [
                title for title in custody.titles if local_date(read_moment(title["row"]["occurred_at"])) >= act.day
            ]
            if custody.person != act.subject or newer or not case.settled(act.row, "custody_transfer"):
                continue
            yield breach(
                case,
                "INV-48",
                custody.person,
                f"{act.day}已经判决，拘留不再是羁押的依据，没有登记新的依据。",
                "held after the judgment on the title of the detention",
                severity="critical",
                owner="court",
                law_ref=cites(SDXZ[1], CPL[98], SPC[170]),
                at=str(act.row["occurred_at"]),
                trigger=act.transition_id,
                repair="决定逮捕、取保候审，或者立即释放",
            )
