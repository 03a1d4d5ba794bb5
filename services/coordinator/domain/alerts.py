"""Alerts: a duty is told of twice before it is late and once when it is, and climbs while nobody acknowledges it. Pure.

What is told follows from the duties as they stand and from what was told and acknowledged before; so it is the same however
often it is concluded, and is told late rather than never where nobody concluded when its moment came. Lead times and the
time to acknowledge stand in `alerts.yaml`, the offices in `offices`.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache, lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from services.coordinator.domain.clocks import Clocks, Reading
from services.coordinator.domain.finding import Duty, Finding
from services.coordinator.domain.ledger import Ledger
from services.coordinator.domain.offices import Desk, ladder
from services.coordinator.domain.repairs import FOR_DUTIES
from services.kernel.period import ZONE, local_date, read_moment
from services.kernel.transition import instant
from services.kernel.who import Organ

#: Statuses of a duty that is still owed.
OWING = frozenset({"open", "overdue", "unknown"})
#: The level that says that the end has passed.
LAST = 3
UNHEEDED = "alert_unheeded"
#: Where neither who owes it nor who watches over it is in the case.
_NOBODY = Desk("", Organ.SYSTEM, (), "无人")


@dataclass(frozen=True, slots=True)
class Step:
    """One row of the table: how long before the end each level comes, and how long there is to acknowledge it."""

    up_to: timedelta
    lead: Mapping[int, tuple[float, timedelta]]
    answer: Mapping[int, timedelta]


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """The table of lead times: rows by the length of a period, and for each level where it begins and how far it climbs."""

    version: str
    rungs: Mapping[int, tuple[int, int]]
    steps: tuple[Step, ...]

    @classmethod
    def read(cls, path: Path) -> "Table":
        """The table in a YAML file. Raises: KeyError where the file does not say what it must."""
        source: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
        return cls(
            source["version"],
            {level: (each["begins"], each["climbs"]) for level, each in source["levels"].items()},
            tuple(
                Step(
                    timedelta.max if each["up_to_hours"] is None else timedelta(hours=each["up_to_hours"]),
                    {
                        level: (lead["share"], timedelta(hours=lead["most_hours"]))
                        for level, lead in each["lead"].items()
                    },
                    {level: timedelta(hours=hours) for level, hours in each["answer"].items()},
                )
                for each in source["periods"]
            ),
        )

    def step(self, length: timedelta) -> Step:
        """The row for a period of this length."""
        return next(each for each in self.steps if length <= each.up_to)


TABLE = Table.read(Path(__file__).parents[1] / "alerts.yaml")


@dataclass(frozen=True, slots=True)
class Alert:
    """A duty told of to one desk. `level` 1 and 2 before the end, 3 after it; `rung` counts the desks it climbed.

    `should_at` is when its moment came, `raised_at` when it was told, `answer_by` until when it is to be acknowledged before
    it climbs (empty: it does not). `recorded_late` says that the end had passed before the record knew of it.
    """

    case_id: str
    duty_id: str
    limit: str
    subject: str
    due: str
    level: int
    rung: int
    organ_id: str
    offices: tuple[str, ...]
    to: str
    zh: str
    en: str
    law_ref: str
    severity: str
    should_at: str
    raised_at: str
    answer_by: str
    recorded_late: bool
    table: str

    @property
    def id(self) -> str:
        """The same alert has the same id however often it is concluded; of an end that was moved it is another."""
        seed = f"{self.duty_id}|{self.due}|{self.level}|{self.rung}"
        return f"alr_{hashlib.sha256(seed.encode()).hexdigest()[:24]}"

    def as_dict(self) -> dict[str, Any]:
        """Field by field, with its id."""
        return {"id": self.id} | {name: getattr(self, name) for name in self.__slots__}


class Earlier(NamedTuple):
    """What must be known of an alert that was told before."""

    id: str
    duty_id: str
    due: str
    level: int
    rung: int
    to: str
    answer_by: str


def earlier(alert: Alert) -> Earlier:
    """An alert, once it was told."""
    return Earlier(*(getattr(alert, name) for name in Earlier._fields))


@dataclass(frozen=True, slots=True)
class Heard:
    """What was told of a case before, and which of it was acknowledged, by id."""

    alerts: Sequence[Earlier] = ()
    acknowledged: frozenset[str] = frozenset()


NOTHING = Heard()


@dataclass(slots=True)
class Told:
    """What is to be told now, the ids of everything told that still stands, and what was found of what nobody heeded.

    `waits` are the moments at which time alone would change this.
    """

    new: list[Alert] = field(default_factory=list)
    standing: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    waits: list[datetime] = field(default_factory=list)


def alerts(
    ledger: Ledger,
    duties: Sequence[Duty],
    clocks: Clocks,
    reading: Reading,
    heard: Heard = NOTHING,
    table: Table = TABLE,
) -> Told:
    """Everything that is to be told of the duties of a case, as far as each log has been read."""
    told = Told()
    for duty in duties:
        # While a clock stands still its end moves on by itself.
        if duty.status in OWING and duty.due and (not duty.excluded or duty.excluded[-1]["resumed_by"]):
            _Watched(ledger, duty, clocks, reading, heard, table).tell(told)
    return told


@dataclass(frozen=True, slots=True)
class Course:
    """When each level of a duty comes, the last that of its end, and how long there is to acknowledge each.

    `late` says that the record knew of the end only when it had passed.
    """

    moments: tuple[tuple[int, datetime], ...]
    answer: Mapping[int, timedelta]
    late: bool


@lru_cache(maxsize=65536)
def course(table: Table, end: datetime, runs: tuple[str, str], known: str, grace: timedelta, *, led_up: bool) -> Course:
    """The moments of a duty: none before the record knew of the end, save the last that had come by then.

    `runs` is from when it runs, and what began it was done: of what is owed before something, there is the time between
    what began it and its end. `grace` is how long "immediately" may take, and no level leads up to the end of what is
    commanded (not `led_up`).
    """
    length = next((end - each for each in map(_midnight, runs) if each < end), timedelta())
    step, since, end = table.step(length), _instant(known), end + grace
    if end <= since:
        return Course(((LAST, end),), step.answer, late=True)
    leads = step.lead.items() if led_up and length else ()
    before = [(level, end - min(share * length, most)) for level, (share, most) in leads]
    come = [each for each, (_, following) in pairwise([*before, (LAST, end)]) if following > since]
    return Course((*come, (LAST, end)), step.answer, late=False)


def end_of(duty: Duty) -> datetime:
    """The moment at which a duty that has an end is over: its deadline, or 00:00 after its last day."""
    if duty.deadline:
        return _instant(duty.deadline)
    return datetime.combine(date.fromisoformat(duty.last_day) + timedelta(days=1), datetime.min.time(), ZONE)


@cache
def _shown_by(clocks: Clocks, terms: str) -> frozenset[str]:
    return frozenset(clocks.terms[terms]["shown_by"])


class _Watched:
    """One duty that is still owed, with what was told of it before."""

    def __init__(
        self, ledger: Ledger, duty: Duty, clocks: Clocks, reading: Reading, heard: Heard, table: Table
    ) -> None:
        self.ledger, self.duty, self.reading, self.heard, self.table = ledger, duty, reading, heard, table
        self.limit = ledger.code.limits[duty.limit]
        self.known = min(reading.now, reading.until(_shown_by(clocks, duty.terms)))
        at_once = self.limit.period is not None and self.limit.period.at_once
        grace = reading.at_once if at_once else timedelta()
        led_up = duty.limit not in FOR_DUTIES
        self.course = course(table, end_of(duty), (duty.start, duty.since), duty.known, grace, led_up=led_up)

    def tell(self, told: Told) -> None:
        """Add what is to be told of it."""
        mine = self._before()
        come = 0
        for level, at in self.course.moments:
            if not (self.duty.status == "overdue" if level == LAST else at <= self.known):
                told.waits.append(max(at, self.reading.now))
                break
            come = level
            if all(each.level != level for each in mine):
                mine.append(self._tell(told, level, self._begins(level), at))
        highest = max((each for each in mine if each.level == come), key=lambda each: each.rung, default=None)
        if highest is not None and not any(each.id in self.heard.acknowledged for each in mine if each.level == come):
            mine += self._climb(told, highest)
        # What was told of this end still stands; of an end that was moved it does not.
        told.standing += [each.id for each in mine]

    def _climb(self, told: Told, last: Earlier) -> list[Earlier]:
        """Go on to the next desk where nobody acknowledged the highest level in time; at the top it is found."""
        if not last.answer_by:
            return []
        answer_by = _instant(last.answer_by)
        if self.reading.now < answer_by:
            told.waits.append(answer_by)
        elif last.rung < self._top(last.level):
            higher = self._tell(told, last.level, last.rung + 1, answer_by)
            told.waits += [_instant(higher.answer_by)] if higher.answer_by else []
            return [higher]
        elif last.level == LAST:
            told.findings.append(self._unheeded(last))
        return []

    def _before(self) -> list[Earlier]:
        """What was told of this end, oldest first."""
        if not self.heard.alerts:
            return []
        mine = (self.duty.id, self.duty.due)
        return [each for each in self.heard.alerts if (each.duty_id, each.due) == mine]

    def _tell(self, told: Told, level: int, rung: int, should_at: datetime) -> Earlier:
        told.new.append(self._alert(level, rung, should_at))
        return earlier(told.new[-1])

    @property
    def desks(self) -> tuple[Desk, ...]:
        return ladder(self.duty.owner, self.ledger.organ_ids, self.duty.holder) or (_NOBODY,)

    def _begins(self, level: int) -> int:
        """The rung at which a level begins, which is one of the organ that is bound."""
        desks = self.desks
        own = sum(desk.organ_id == desks[0].organ_id for desk in desks)
        return min(self.table.rungs[level][0], own - 1)

    def _top(self, level: int) -> int:
        return min(self._begins(level) + self.table.rungs[level][1], len(self.desks) - 1)

    def _alert(self, level: int, rung: int, should_at: datetime) -> Alert:
        duty, desk = self.duty, self.desks[rung]
        late = self.course.late
        answer = None if late else self.course.answer.get(level)
        who = self.ledger.labels.get(duty.subject, "本案")
        when = f"已于{duty.due}届满" if level == LAST else f"将于{duty.due}届满"
        ends = f"ended {duty.due}" if level == LAST else f"ends {duty.due}"
        before = f"前一岗位未按时签收，报{desk.zh}。" if rung > self._begins(level) else ""
        return Alert(
            case_id=duty.case_id,
            duty_id=duty.id,
            limit=duty.limit,
            subject=duty.subject,
            due=duty.due,
            level=level,
            rung=rung,
            organ_id=desk.organ_id,
            offices=desk.offices,
            to=desk.zh,
            zh=f"{who}：{duty.zh}{when}，尚未完成。{'登记时期限已经届满。' if late else ''}{before}",
            en=f"{duty.limit} {ends} and is not done{'; it had ended when it was recorded' if late else ''}",
            law_ref=duty.law_ref,
            severity=self.limit.severity,
            should_at=instant(should_at),
            raised_at=instant(self.reading.now),
            answer_by=instant(self.reading.now + answer) if answer is not None else "",
            recorded_late=late,
            table=self.table.version,
        )

    def _unheeded(self, last: Earlier) -> Finding:
        duty = self.duty
        desk = self.desks[-1]
        who = self.ledger.labels.get(duty.subject, "本案")
        until = _instant(last.answer_by).astimezone(ZONE).isoformat(timespec="minutes")
        return Finding(
            case_id=duty.case_id,
            kind=UNHEEDED,
            subject=duty.subject,
            status="overdue",
            severity="critical" if self.limit.severity == "critical" else "high",
            owner=desk.organ.value,
            zh=f"{who}：{duty.zh}逾期的三级预警已逐级报至{last.to}，至{until}仍无人签收。",
            en=f"the level 3 alert of {duty.limit} climbed to the top and nobody acknowledged it by {until}",
            law_ref=duty.law_ref,
            due=until,
            trigger=duty.trigger,
            repair=f"由{last.to}签收预警，并督促办理{duty.zh}",
            limit=duty.limit,
        )


@lru_cache(maxsize=4096)
def _instant(text: str) -> datetime:
    moment = read_moment(text)
    assert isinstance(moment, datetime), f"{text} is an instant"
    return moment


@lru_cache(maxsize=4096)
def _midnight(text: str) -> datetime:
    """A moment as it was recorded; of a bare day, its beginning."""
    moment = read_moment(text)
    return moment if isinstance(moment, datetime) else datetime.combine(local_date(moment), datetime.min.time(), ZONE)
