"""Duties: every limit of the law whose beginning a row shows, held against the row that shows the deed. Pure.

A duty is overdue only if the log that would show the deed has been read past the due moment; else it is unknown.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from services.coordinator.domain.finding import Duty, Finding
from services.coordinator.domain.ledger import Act, Ledger
from services.kernel.code import Code
from services.kernel.period import ZONE, Due, Extension, Roll, due, local_date
from services.kernel.procedure import Event, Limit
from services.kernel.transition import read_moment
from services.law.holidays import CALENDAR

#: Kinds of the tables that owe a deed; a right lapses, a threshold is not a deed.
OWED = frozenset({"obligation", "detention", "validity", "advance"})


@dataclass(frozen=True, slots=True)
class Clock:
    """One limit, its names resolved."""

    limit: Limit
    after: tuple[str, ...]
    by: frozenset[str]
    void: frozenset[str]
    restart: frozenset[str]
    pause: frozenset[str]
    resume: frozenset[str]
    extend: tuple[str, ...]
    shown_by: frozenset[str]
    law_ref: str


class Clocks:
    """The limits of a law that run, by the step that starts them."""

    def __init__(self, code: Code) -> None:
        #: By `procedure:step`.
        self.starting: dict[str, list[Clock]] = {}
        self.all: list[Clock] = []
        for limit in code.limits.values():
            after = () if isinstance(limit.after, Event) else code.types(limit.after)
            by = code.types(limit.by)
            if not after or not by or limit.period is None:
                continue
            cite = limit.cite if isinstance(limit.cite, tuple) else (limit.cite,)
            restart = code.types(limit.restarts_at)
            assert limit.when is None or limit.when.key in CONDITIONS, f"nothing says what {limit.when} means"
            clock = Clock(
                limit=limit,
                after=after,
                by=frozenset(by),
                void=frozenset(code.types(limit.void_by)),
                restart=frozenset(restart),
                pause=frozenset(code.types(limit.paused_by)),
                resume=frozenset(code.types(limit.resumed_by)),
                extend=code.types(limit.extended_by),
                shown_by=frozenset(code.rules[name].kept_by for name in by),
                law_ref="、".join(citation.zh for citation in cite),
            )
            self.all.append(clock)
            for name in {*after, *restart}:
                self.starting.setdefault(name, []).append(clock)


@dataclass(frozen=True, slots=True)
class Reading:
    """How far each log has been read, what time it is, and how long "immediately" may take (ours, not the law's)."""

    read: Mapping[str, datetime]
    now: datetime
    at_once: timedelta = timedelta(hours=2)

    def until(self, services: frozenset[str]) -> datetime:
        """The moment up to which all of these logs are known."""
        return min(
            (self.read.get(service, datetime.min.replace(tzinfo=ZONE)) for service in services), default=self.now
        )


@dataclass(slots=True)
class Owed:
    """The duties of a case, the findings among them, and the moment at which to look again if nothing happens."""

    duties: list[Duty] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    look_at: datetime | None = None


def duties(ledger: Ledger, clocks: Clocks, reading: Reading) -> Owed:
    """Every duty that the rows of a case gave rise to, as far as each log has been read."""
    owed = Owed()
    begun: set[tuple[str, str, str]] = set()
    for name in sorted(ledger.by_type.keys() & clocks.starting.keys()):
        for clock in clocks.starting[name]:
            for trigger in ledger.by_type[name]:
                # One act can be several steps, carried along; it begins a clock once.
                once = (clock.limit.name, trigger.subject, trigger.transition_id)
                if clock.limit.kind not in OWED or clock.limit.before or once in begun:
                    continue
                if _applies(clock.limit, ledger, trigger):
                    begun.add(once)
                    _weigh(ledger, clock, trigger, reading, owed)
    owed.duties.sort(key=lambda duty: (duty.since, duty.limit, duty.subject))
    owed.findings.sort(key=lambda finding: (finding.due, finding.kind, finding.subject))
    return owed


_OPENINGS = (
    "first_trial:open_ordinary",
    "first_trial:open_simplified",
    "first_trial:open_fast",
    "first_trial:convert_to_simplified",
    "first_trial:convert_to_ordinary",
)
_JUDGMENTS = ("first_trial:pronounce", "first_trial:judge_in_court", "first_trial:judge_absent", "second_trial:change")
_MEASURES = frozenset({"bail", "residential_surveillance"})
#: Sentences that are served in prison, as far as more than three months are left.
_TO_BE_DELIVERED = frozenset({"fixed_term", "life", "death_suspended"})
#: Sentences after which a person who is held goes free at once, as a judgment's fact `sentence.type` names them.
_FREEING = frozenset({"acquittal", "exempt_from_punishment", "control", "fine_only"})


def _opened_as(ledger: Ledger, trigger: Act, *types: str) -> bool:
    """Whether the hearing that follows was opened, or last converted, in one of these procedures."""
    later = [act for act in ledger.of(_OPENINGS, trigger.subject) if act.follows(trigger)]
    following = next(
        (
            act.order
            for act in ledger.of(("court_intake:file", "second_trial:remand"), trigger.subject)
            if act.follows(trigger) and act is not trigger
        ),
        None,
    )
    mine = [act for act in later if following is None or act.order < following]
    return bool(mine) and mine[-1].type in types


def _sentence(ledger: Ledger, trigger: Act) -> Mapping[str, Any]:
    judged = [act for act in ledger.of(_JUDGMENTS, trigger.subject) if act is trigger or not act.follows(trigger)]
    fact = judged[-1].row["facts"].get("sentence") if judged else None
    known = fact.items() if isinstance(fact, dict) else ()
    return {name: value for name, value in known if isinstance(value, str | float | bool)}


def _is_fast_review(ledger: Ledger, trigger: Act) -> bool:
    later = [
        act
        for act in ledger.of(
            ("plea_leniency:review_fast", "plea_leniency:retract", "plea_leniency:convert"), trigger.subject
        )
        if act.follows(trigger)
    ]
    return bool(later) and later[-1].type == "plea_leniency:review_fast"


def _in_charge(ledger: Ledger, trigger: Act) -> str:
    """The organ in charge of the person when the duty arose."""
    rows = [
        act.row
        for act in ledger.acts[: trigger.order]
        if "in_charge" in act.row and trigger.subject in act.row["subjects"]
    ]
    return str(rows[-1]["in_charge"]) if rows else "police"


def _is_under_measure(ledger: Ledger, trigger: Act) -> bool:
    """Whether bail or residential surveillance stood when the duty arose."""
    stands: dict[str, str] = {}
    for act in ledger.acts:
        if act.order >= trigger.order:
            break
        for move in act.row["moves"]:
            if move["subject"] == trigger.subject and move["procedure"] in _MEASURES:
                stands[move["procedure"]] = move["to"]
    return any(state not in ledger.code.lines[procedure].ends for procedure, state in stands.items())


def _frees(ledger: Ledger, trigger: Act) -> bool:
    sentence = _sentence(ledger, trigger)
    return trigger.held_before and (sentence.get("type") in _FREEING or bool(sentence.get("suspended")))


#: What each condition of the law means in the record.
CONDITIONS: Mapping[str, Callable[[Ledger, Act], bool]] = {
    "detained": lambda _, trigger: trigger.held_before,
    "at_large": lambda _, trigger: not trigger.held_before,
    "fast_review": _is_fast_review,
    "simplified": lambda ledger, trigger: _opened_as(
        ledger, trigger, "first_trial:open_simplified", "first_trial:convert_to_simplified"
    ),
    "fast": lambda ledger, trigger: _opened_as(ledger, trigger, "first_trial:open_fast"),
    "released_by_judgment": _frees,
    "under_measure": _is_under_measure,
    "under_investigation": lambda ledger, trigger: _in_charge(ledger, trigger) == "police",
    "sentenced": lambda ledger, trigger: _sentence(ledger, trigger).get("type") in _TO_BE_DELIVERED,
    "community_correction": lambda ledger, trigger: (
        _sentence(ledger, trigger).get("type") == "control" or bool(_sentence(ledger, trigger).get("suspended"))
    ),
}


def _applies(limit: Limit, ledger: Ledger, trigger: Act) -> bool:
    return limit.when is None or CONDITIONS[limit.when.key](ledger, trigger)


def _weigh(ledger: Ledger, clock: Clock, trigger: Act, reading: Reading, owed: Owed) -> None:
    limit = clock.limit
    # A duty of the whole case may be met for any of its persons.
    concerning = ledger.acts if trigger.subject == ledger.case_id else ledger.by_subject[trigger.subject]
    later = [act for act in concerning if act.follows(trigger) and act.row is not trigger.row]
    starts = {*clock.after, *clock.restart}
    closing = next((act for act in later if act.type in clock.by or act.type in clock.void or act.type in starts), None)
    between = later if closing is None else [act for act in later if closing.follows(act) or act is closing]
    held = _is_held_until(trigger, between)
    ends = _ends(clock, trigger, between, held=held, now=reading.now)
    met = closing is not None and closing.type in clock.by
    if closing is not None:
        past = ends.is_past(closing.moment) and not _at_once_is_done(limit, trigger, closing, reading)
        status = "late" if past else "met" if met else "superseded"
    elif ends.open_ended:
        status = "open"
    else:
        status = _unmet(clock, trigger, ends, reading)
        if status in {"open", "unknown"}:
            moment = _grace(limit, ends, reading)
            owed.look_at = moment if owed.look_at is None else min(owed.look_at, moment)
    day = _text(ends)
    duty = Duty(
        case_id=ledger.case_id,
        limit=limit.name,
        subject=trigger.subject,
        owner=limit.organ.value,
        zh=limit.zh,
        law_ref=clock.law_ref,
        status=status,
        since=trigger.row["occurred_at"],
        due=day,
        at=closing.row["occurred_at"] if closing is not None else "",
        trigger=trigger.transition_id,
        rules=ends.rules,
        provisional=ends.provisional,
        deed=closing.transition_id if closing is not None else "",
    )
    owed.duties.append(duty)
    if status in {"late", "overdue", "unknown"} and (
        status != "unknown" or reading.now >= _grace(limit, ends, reading)
    ):
        owed.findings.append(_finding(duty, limit, trigger, ledger))


def _at_once_is_done(limit: Limit, trigger: Act, closing: Act, reading: Reading) -> bool:
    """Whether "immediately" was kept: within our tolerance, or on the same day where no hour was stated."""
    if limit.period is None or not limit.period.at_once:
        return False
    if isinstance(trigger.moment, datetime) and isinstance(closing.moment, datetime):
        return closing.moment - trigger.moment <= reading.at_once
    return closing.day <= trigger.day


def _grace(limit: Limit, ends: Due, reading: Reading) -> datetime:
    return ends.moment + (reading.at_once if limit.period is not None and limit.period.at_once else timedelta())


def _unmet(clock: Clock, trigger: Act, ends: Due, reading: Reading) -> str:
    moment = _grace(clock.limit, ends, reading)
    if reading.now < moment:
        return "open"
    return "overdue" if reading.until(clock.shown_by) >= moment else "unknown"


def _is_held_until(trigger: Act, between: Sequence[Act]) -> bool:
    """Whether the person is held at the end of the span that is looked at."""
    return between[-1].held_before if between else trigger.held_before


def _ends(clock: Clock, trigger: Act, between: Sequence[Act], *, held: bool, now: datetime) -> Due:
    limit = clock.limit
    assert limit.period is not None, "a limit without a number does not run"
    return due(
        limit.period,
        trigger.moment,
        extensions=_extensions(clock, between),
        excluded=_excluded(clock, between, now),
        roll=Roll.NEVER if limit.custody == "always" else limit.roll,
        month_end=limit.month_end,
        held=held and limit.custody != "none",
        calendar=CALENDAR,
        working_days=limit.working_days,
        strict_custody_days=limit.custody == "always",
    )


def _extensions(clock: Clock, between: Sequence[Act]) -> list[Extension]:
    """The extensions granted, in the order of the law.

    A step's fact `extension` says which of the table's it is, counted from 1; a step that can be one of several is each
    of them only once.
    """
    granted: list[int] = []
    for act in between:
        if act.type in clock.extend:
            named = act.row["facts"].get("extension")
            places = [place for place, name in enumerate(clock.extend) if name == act.type]
            if isinstance(named, int) and named - 1 in places:
                granted += [] if len(places) > 1 and named - 1 in granted else [named - 1]
            else:
                granted += [place for place in places if place not in granted][:1]
    return [clock.limit.extensions[place] for place in sorted(granted) if place < len(clock.limit.extensions)]


def _excluded(clock: Clock, between: Sequence[Act], now: datetime) -> list[tuple[date, date]]:
    spans: list[tuple[date, date]] = []
    since: date | None = None
    for act in between:
        if act.type in clock.pause and since is None:
            since = act.day
        elif act.type in clock.resume and since is not None:
            spans.append((since, max(since, act.day)))
            since = None
    if since is not None:
        spans.append((since, max(since, now.astimezone(ZONE).date())))
    return spans


def _text(ends: Due) -> str:
    if ends.last_day is not None:
        return ends.last_day.isoformat()
    return ends.deadline.astimezone(ZONE).isoformat(timespec="minutes") if ends.deadline is not None else ""


def _finding(duty: Duty, limit: Limit, trigger: Act, ledger: Ledger) -> Finding:
    who = ledger.labels.get(duty.subject, "本案")
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
        at=duty.at,
        trigger=duty.trigger,
        deed=duty.deed,
        repair=limit.on_expiry,
    )
