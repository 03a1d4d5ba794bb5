"""Duties: every limit of the law whose beginning a row shows, held against the row that shows the deed. Pure.

A duty is overdue only if the log that would show the deed has been read past the due moment; else it is unknown.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from operator import attrgetter
from typing import Any

from services.coordinator.domain.clocks import OWED, Clock, Clocks, Reading
from services.coordinator.domain.finding import Duty, Finding
from services.coordinator.domain.ledger import Act, Ledger
from services.kernel.ends import timely
from services.kernel.period import ZONE, Calendar, Due, Extension, Moment, Roll, due, local_date, read_moment
from services.kernel.procedure import End, Limit
from services.kernel.transition import instant
from services.kernel.who import Organ, organ_of
from services.law.holidays import CALENDAR
from services.law.terms import lengthening

#: How the law's tables begin to say who grants an extension that nobody has to.
_NO_LEAVE = "无须"


@dataclass(frozen=True, slots=True)
class Pause:
    """Time that does not count: from the day of one act to that of another, or so far, if none came yet."""

    stop: Act
    resume: Act | None
    until: date


@dataclass(slots=True, eq=False)
class Started:
    """One clock that one act started; nothing changes it. `since` is from when it runs; `ends` when it ends as far as is known.

    `closing` is the act that met it or made it void, `window` the acts in which a deed is looked for. `extended` are the
    acts that extended it, each with the place of its extension in the law.
    """

    clock: Clock
    trigger: Act
    since: Moment
    window: tuple[Act, ...]
    closing: Act | None
    ends: Due
    held: bool
    extended: tuple[tuple[Act, int], ...] = ()
    excluded: tuple[Pause, ...] = ()


@dataclass(slots=True)
class Owed:
    """The duties of a case, the findings among them, and the moment at which to look again if nothing happens.

    `rights` are the clocks under which nothing is owed: what may be done until then, and how long a term lasts.
    """

    duties: list[Duty] = field(default_factory=list)
    rights: list[Duty] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    look_at: datetime | None = None


def duties(ledger: Ledger, clocks: Clocks, reading: Reading) -> Owed:
    """Every duty that the rows of a case gave rise to, as far as each log has been read."""
    owed = Owed()
    for started in running(ledger, clocks, reading.now):
        _weigh(ledger, started, reading, owed)
    owed.rights.sort(key=attrgetter("since", "limit", "subject"))
    owed.duties.sort(key=attrgetter("since", "limit", "subject"))
    owed.findings.sort(key=attrgetter("due", "kind", "subject"))
    return owed


def running(ledger: Ledger, clocks: Clocks, now: datetime, *, of: str = "") -> Iterator[Started]:
    """Every clock that the rows of a case (or one of them) started, rights and thresholds too, ended ones too."""
    begun: set[tuple[str, str, str]] = set()
    for name in sorted(ledger.by_type.keys() & clocks.starting.keys()):
        for clock in clocks.starting[name]:
            for trigger in ledger.by_type[name]:
                # One act can be several steps, carried along; it begins a clock once.
                if of and trigger.transition_id != of:
                    continue
                once = (clock.limit.name, trigger.subject, trigger.transition_id)
                if once not in begun and _applies(clock, ledger, trigger):
                    begun.add(once)
                    started = _start(ledger, clock, trigger, now)
                    yield started
                    if clock.limit.name in clocks.at_end_of:
                        yield from _at_the_end(ledger, started, clocks)


def _at_the_end(ledger: Ledger, base: Started, clocks: Clocks) -> Iterator[Started]:
    """The clocks that begin, or count back from, where another one ends.

    Nothing is owed if that one ended before, unless it was a right: then its last day counts, used or not.
    """
    for clock in clocks.at_end_of.get(base.clock.limit.name, ()):
        if isinstance(clock.limit.after, End) and clock.limit.after.extended:
            yield from _at_old_ends(ledger, base, clock)
            continue
        end = base.ends.deadline or base.ends.last_day
        if end is None or not _applies(clock, ledger, base.trigger):
            continue
        ends = _ends(clock, end, (), (), held=base.held)
        closed = base.closing
        is_right = base.clock.limit.kind not in OWED
        if closed is not None and not is_right and not ends.is_past(closed.moment) and closed.type not in clock.by:
            continue
        window = _since_moved(base) if clock.limit.before else ledger.following(base.trigger)
        deed = next((act for act in window if act.type in clock.by | clock.void), None)
        yield Started(clock, base.trigger, end, window, deed, ends, base.held)


def _since_moved(base: Started) -> tuple[Act, ...]:
    """The acts in which a deed before an end is looked for: what was done before an end was moved is not done for it."""
    moved = max((act for act, _ in base.extended), key=lambda act: act.order, default=None)
    return base.window if moved is None else tuple(act for act in base.window if act.order > moved.order)


def _at_old_ends(ledger: Ledger, base: Started, clock: Clock) -> Iterator[Started]:
    """A clock that counts back from each end that an extension moved; one that needs no leave is not asked for."""
    since = [base.trigger, *(act for act, _ in base.extended)]
    for number, (grant, place) in enumerate(base.extended):
        old = _ends(base.clock, base.since, base.extended[:number], base.excluded, held=base.held)
        end = old.deadline or old.last_day
        free = base.clock.limit.extensions[place].approver.startswith(_NO_LEAVE)
        if end is None or free or not _applies(clock, ledger, grant):
            continue
        until = since[number + 2] if number + 2 < len(since) else None
        later = (act for act in ledger.following(since[number]) if until is None or not act.follows(until))
        window = tuple(later)
        deed = next((act for act in window if act.type in clock.by), None)
        yield Started(clock, grant, end, window, deed, _ends(clock, end, (), (), held=base.held), base.held)


def _applies(clock: Clock, ledger: Ledger, trigger: Act) -> bool:
    if clock.editions is not None and _edition(ledger, clock.limit, trigger) not in clock.editions:
        return False
    if clock.stated and trigger.row["facts"].get(clock.stated) is None:
        return False
    return clock.applies is None or clock.applies(ledger, trigger)


def _edition(ledger: Ledger, limit: Limit, trigger: Act) -> str:
    """The edition of a limit's procedure under which a clock starts: that of the act, or of its day."""
    name = limit.procedure.name
    stated = (move["edition"] for move in trigger.row["moves"] if move["procedure"] == name and "edition" in move)
    return next(stated, "") or ledger.code.lines[name].edition(trigger.day, None)


def _start(ledger: Ledger, clock: Clock, trigger: Act, now: datetime) -> Started:
    if clock.limit.before:
        return _start_before(ledger, clock, trigger)
    window, ending = ledger.following(trigger), clock.ending
    closing = None
    for act in window:
        if act.type in ending:
            closing = act
            window = _up_to(window, act)
            break
    held = window[-1].held_before if window else trigger.held_before
    excluded = _excluded(clock, window, now) if clock.pause else ()
    extended = _extensions(clock, window) if clock.extend else ()
    since = read_moment(trigger.row["facts"][clock.stated]) if clock.stated else trigger.moment
    if extended:
        extended = _timely(clock, since, extended, excluded, held=held)
    ends = _ends(clock, since, extended, excluded, held=held)
    return Started(clock, trigger, since, window, closing, ends, held, extended, excluded)


def _up_to(acts: Sequence[Act], last: Act) -> tuple[Act, ...]:
    """Those that the last one follows, and itself."""
    service, order, day = last.service, last.order, last.day
    return tuple(
        [act for act in acts if act is last or (act.order < order if act.service == service else act.day <= day)]
    )


def _start_before(ledger: Ledger, clock: Clock, trigger: Act) -> Started:
    """A clock that counts back from its trigger: the deed is looked for between the trigger before and this one."""
    earlier = [act for act in ledger.concerning(trigger) if trigger.follows(act) and act.row is not trigger.row]
    again = [place for place, act in enumerate(earlier) if act.type in clock.after]
    window = tuple(earlier[again[-1] + 1 :] if again else earlier)
    deed = next((act for act in reversed(window) if act.type in clock.by), None)
    held = trigger.held_before
    return Started(clock, trigger, trigger.moment, window, deed, _ends(clock, trigger.moment, (), (), held=held), held)


def _weigh(ledger: Ledger, started: Started, reading: Reading, owed: Owed) -> None:
    clock, trigger, closing, ends = started.clock, started.trigger, started.closing, started.ends
    limit = clock.limit
    met = closing is not None and closing.type in clock.by
    if closing is not None:
        # A measure that lapses at its end by itself does so in time.
        lapsed = limit.kind == "validity" and closing.type in clock.void
        past = ends.is_past(closing.moment) and not lapsed and not _at_once_is_done(clock, trigger, closing, reading)
        status = _late(limit, ended=met or closing.type in clock.void) if past else "met" if met else "superseded"
    elif ends.open_ended:
        status = "open"
    else:
        status = _unmet(clock, ends, reading)
        if status in {"open", "unknown"} and limit.kind in OWED:
            moment = _grace(clock, ends, reading)
            owed.look_at = moment if owed.look_at is None else min(owed.look_at, moment)
    duty = _duty(ledger, started, status)
    if limit.kind not in OWED:
        owed.rights.append(duty)
        return
    owed.duties.append(duty)
    if status in {"late", "overdue", "unknown"} and (
        status != "unknown" or reading.now >= _grace(clock, ends, reading)
    ):
        owed.findings.append(_finding(duty, limit, trigger, ledger))


def _late(limit: Limit, *, ended: bool) -> str:
    """What is over its end when something closes it: ended too late, or, where it only began anew, never done.

    How long a person was held, or a measure lasted, is over with whatever follows it; a deed that was owed is not done by
    what makes it owed once more.
    """
    if ended or limit.kind in {"detention", "validity"}:
        return "late"
    return "overdue" if limit.kind in OWED else "lapsed"


def _duty(ledger: Ledger, started: Started, status: str) -> Duty:
    """The clock with all that its end was computed from."""
    clock, trigger, closing, ends = started.clock, started.trigger, started.closing, started.ends
    limit = clock.limit
    owner, holder = bound(ledger, limit, trigger)
    return Duty(
        case_id=ledger.case_id,
        limit=limit.name,
        subject=trigger.subject,
        owner=owner,
        zh=limit.zh,
        law_ref=clock.law_ref,
        status=status,
        since=trigger.row["occurred_at"],
        due=text_of(ends),
        at=closing.row["occurred_at"] if closing is not None else "",
        trigger=trigger.transition_id,
        rules=ends.rules,
        provisional=ends.provisional,
        deed=closing.transition_id if closing is not None else "",
        deed_type=closing.type if closing is not None else "",
        kind=limit.kind,
        terms=_terms(clock, ledger, trigger),
        start=instant(started.since) if isinstance(started.since, datetime) else started.since.isoformat(),
        held=started.held,
        extensions=tuple([_granted(limit, act, place) for act, place in started.extended]),
        excluded=tuple([_stopped(pause) for pause in started.excluded]),
        base_end=ends.base_end.isoformat() if ends.base_end is not None else "",
        last_day=ends.last_day.isoformat() if ends.last_day is not None else "",
        deadline=instant(ends.deadline) if ends.deadline is not None else "",
        holder=holder,
        known=max((trigger, *(act for act, _ in started.extended)), key=attrgetter("order")).row["recorded_at"],
    )


def bound(ledger: Ledger, limit: Limit, trigger: Act) -> tuple[str, str]:
    """The kind of organ that a limit binds here, and which one of the case that is; empty where none is known.

    Where it binds several, each in its own stage: the one that did what began it, else the one in charge.
    """
    if limit.organ is Organ.SUPERVISED_ORGAN:
        sent = str(ledger.matters.get(trigger.subject, {}).get("receiver", ""))
        return organ_of(sent) or limit.organ.value, sent
    organ_id = str(trigger.row["organ"])
    acted = organ_of(organ_id)
    if acted is not None and (acted is limit.organ or acted in limit.organs):
        return acted.value, organ_id
    in_charge = ledger.in_charge.get(trigger.subject, ("", None))[0] if limit.organs else ""
    kind = in_charge if in_charge in {limit.organ, *limit.organs} else limit.organ.value
    return kind, ledger.organ_ids.get(kind, "")


def _terms(clock: Clock, ledger: Ledger, trigger: Act) -> str:
    edition = _edition(ledger, clock.limit, trigger) if clock.editions is not None else ""
    return clock.terms.get(edition) or next(iter(clock.terms.values()))


def _granted(limit: Limit, act: Act, place: int) -> dict[str, Any]:
    return {
        "number": place + 1,
        "by": act.transition_id,
        "at": act.row["occurred_at"],
        "documents": [paper["id"] for paper in act.row.get("documents", ())],
        **lengthening(limit.extensions[place]),
    }


def _stopped(pause: Pause) -> dict[str, str]:
    return {
        "from": pause.stop.day.isoformat(),
        "until": pause.until.isoformat(),
        "stopped_by": pause.stop.transition_id,
        "resumed_by": pause.resume.transition_id if pause.resume is not None else "",
    }


def _at_once_is_done(clock: Clock, trigger: Act, closing: Act, reading: Reading) -> bool:
    """Whether "immediately" was kept: within our tolerance, or on the same day where no hour was stated."""
    if not clock.at_once:
        return False
    if isinstance(trigger.moment, datetime) and isinstance(closing.moment, datetime):
        return closing.moment - trigger.moment <= reading.at_once
    return closing.day <= trigger.day


def _grace(clock: Clock, ends: Due, reading: Reading) -> datetime:
    return ends.moment + reading.at_once if clock.at_once else ends.moment


def _unmet(clock: Clock, ends: Due, reading: Reading) -> str:
    moment = _grace(clock, ends, reading)
    if reading.now < moment:
        return "open"
    if reading.until(clock.shown_by) < moment:
        return "unknown"
    return "overdue" if clock.limit.kind in OWED else "lapsed"


def _ends(
    clock: Clock,
    start: Moment,
    extended: Sequence[tuple[Act, int]],
    excluded: Sequence[Pause],
    *,
    held: bool,
    strict: bool = True,
) -> Due:
    places = tuple([place for _, place in extended])
    pauses = tuple([(pause.stop.day, pause.until) for pause in excluded])
    is_held = held and clock.limit.custody != "none"
    return _end(clock, local_date(start) if clock.by_day else start, places, pauses, is_held, strict, CALENDAR)


@lru_cache(maxsize=1 << 15)  # the cases of one day end on the same days, and a case is read again and again
def _end(
    clock: Clock,
    start: Moment,
    extended: tuple[int, ...],
    excluded: tuple[tuple[date, date], ...],
    held: bool,
    strict: bool,
    calendar: Calendar,
) -> Due:
    limit = clock.limit
    assert limit.period is not None, "a limit without a number does not run"
    return due(
        limit.period,
        start,
        extensions=[limit.extensions[place] for place in extended],
        excluded=excluded,
        roll=Roll.NEVER if limit.custody == "always" else limit.roll,
        month_end=limit.month_end,
        held=held,
        calendar=calendar,
        backward=limit.before,
        working_days=limit.working_days,
        strict_custody_days=strict and limit.custody == "always",
    )


def _timely(
    clock: Clock, start: Moment, granted: Sequence[tuple[Act, int]], excluded: Sequence[Pause], *, held: bool
) -> tuple[tuple[Act, int], ...]:
    """The extensions that took effect: granted by the end of what was the last day by then, or in need of no leave (R9)."""
    known = clock.limit.extensions
    in_order = sorted(granted, key=lambda each: each[0].order)

    def end(kept: Sequence[Extension]) -> Due:
        so_far = sorted(in_order[: len(kept)], key=lambda each: each[1])
        return _ends(clock, start, so_far, excluded, held=held, strict=False)

    told = (
        (start if known[place].approver.startswith(_NO_LEAVE) else act.moment, known[place]) for act, place in in_order
    )
    kept = {act.order for act, _ in in_order[: len(timely(told, end))]}
    return tuple(each for each in granted if each[0].order in kept)


def _extensions(clock: Clock, between: Sequence[Act]) -> tuple[tuple[Act, int], ...]:
    """The acts that granted an extension, each with its place in the law, in the order of the law.

    A step's fact `extension` says which of the table's it is, counted from 1; each is granted as often as the law lets
    it be.
    """
    known = clock.limit.extensions
    granted: list[tuple[int, Act]] = []
    for act in between:
        if act.type in clock.extend:
            named = act.row["facts"].get("extension")
            used = [place for place, _ in granted]
            places = [place for place, name in enumerate(clock.extend) if name == act.type and place < len(known)]
            free = [place for place in places if (times := known[place].times) is None or used.count(place) < times]
            if isinstance(named, int) and named - 1 in places:
                granted += [(named - 1, act)] if named - 1 in free else []
            else:
                granted += [(place, act) for place in free][:1]
    in_order = sorted(granted, key=lambda each: each[0])
    return tuple((act, place) for place, act in in_order)


def _excluded(clock: Clock, between: Sequence[Act], now: datetime) -> tuple[Pause, ...]:
    pauses: list[Pause] = []
    stop: Act | None = None
    for act in between:
        if act.type in clock.pause and stop is None:
            stop = act
        elif act.type in clock.resume and stop is not None:
            pauses.append(Pause(stop, act, max(stop.day, act.day)))
            stop = None
    if stop is not None:
        pauses.append(Pause(stop, None, max(stop.day, now.astimezone(ZONE).date())))
    return tuple(pauses)


def text_of(ends: Due) -> str:
    """The last day, or the last minute of a period of hours; empty where there is no end."""
    if ends.last_day is not None:
        return ends.last_day.isoformat()
    return ends.deadline.astimezone(ZONE).isoformat(timespec="minutes") if ends.deadline is not None else ""


#: What is to be done about a duty of which the law says nothing further.
_REPAIR = {
    "late": "查明逾期的原因，说明情况",
    "overdue": "立即办理，并说明逾期的原因",
    "unknown": "读到相关记录以后核对；没有办理的，立即办理",
}


def _finding(duty: Duty, limit: Limit, trigger: Act, ledger: Ledger) -> Finding:
    who = ledger.labels.get(duty.subject) or ledger.matters.get(duty.subject, {}).get("label") or "本案"
    begun = f"{trigger.day.isoformat()}起"
    done = local_date(read_moment(duty.at)) if duty.at else ""
    zh = {
        "late": f"{who}：{limit.zh}应于{duty.due}前完成，实于{done}完成，已逾期。",
        "overdue": f"{who}：{limit.zh}（{begun}）应于{duty.due}前完成，尚未完成。",
        "unknown": f"{who}：{limit.zh}的期限{duty.due}已过，相关记录尚未读到，是否完成不明。",
    }[duty.status]
    en = {
        "late": f"{limit.name} was due {duty.due} and done {done}",
        "overdue": f"{limit.name} was due {duty.due} and is not done",
        "unknown": f"{limit.name} was due {duty.due}; the log that would show the deed has not been read so far",
    }[duty.status]
    return Finding(
        case_id=duty.case_id,
        kind=limit.name,
        subject=duty.subject,
        status=duty.status,
        severity=limit.severity,
        owner=duty.owner,
        zh=zh,
        en=en,
        law_ref=duty.law_ref,
        due=duty.due,
        at=duty.at if duty.status == "late" else "",
        trigger=duty.trigger,
        deed=duty.deed if duty.status == "late" else "",
        repair=limit.on_expiry or _REPAIR[duty.status],
    )
