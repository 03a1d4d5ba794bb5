"""How long a period is, and when it ends.

Knows no procedure, no organ, no service, and never asks what time it is. Rule numbers (R3, S1 …) are those of the
table of computation that `Due.rules` reports, so that a due date can be worked out again by hand years later.

R3   hours run from the instant itself                       刑事诉讼法（2018）第一百零五条第二款
R4   days: the starting day is not counted                   刑事诉讼法（2018）第一百零五条第二款
R5   a day of detention is twenty-four full hours            公安机关适用刑事羁押期限规定第四条第一款
R6   months go to the same-numbered day                      最高法刑诉解释（2021）第二百零二条第一款
R6a  a start on the last day of a month: two readings        同上；公安机关适用刑事羁押期限规定第四条第二款
R7   an end on a holiday moves to the next working day       刑事诉讼法（2018）第一百零五条第四款
R7a  but never while it holds a person                       同上
R7b  a year whose calendar is not out yet: provisional
R8   extensions count from the original start
R10  excluded time is added to the end                       刑事诉讼法（2018）第一百四十九条
R13  a backward limit moves to the working day before
R14  a measure lapses on its calendar end
R20  立即: due at once
S1–S4, S6  terms of a sentence and credit for custody        最高法刑诉解释（2021）第二百零二条第二款

What takes more than one period (R9, R15, R16, R18, R21, R23, S5) is in `services.kernel.ends`.
"""

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, timezone
from enum import StrEnum
from functools import lru_cache
from typing import Protocol

#: A point in time; a bare `date` is one known to the day only. A `datetime` must be aware.
Moment = date | datetime

# Fixed on purpose: the named zone had summer time from 1986 to 1991, which would make a day of custody 23 or 25 hours.
ZONE = timezone(timedelta(hours=8), "Asia/Shanghai")

_DAY = timedelta(days=1)
_INSTANT = timedelta(microseconds=1)
_NEVER = datetime.max.replace(tzinfo=ZONE)
_MIDNIGHT = time(tzinfo=ZONE)


@lru_cache(maxsize=1 << 12)
def local_date(moment: Moment) -> date:
    """The day on which a moment falls in Asia/Shanghai; a bare date is its own day.

    Raises: ValueError for a datetime without offset.
    """
    return _local(moment).date() if isinstance(moment, datetime) else moment


@lru_cache(maxsize=1 << 12)
def read_moment(text: str) -> Moment:
    """A legal date (`2026-11-22`) or an instant with its offset.

    Raises: ValueError for anything else; an instant without offset says nothing about when.
    """
    if len(text) == len("2026-11-22"):
        return date.fromisoformat(text)
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("an instant needs its offset from UTC")
    return moment


class Roll(StrEnum):
    """What an end on a holiday does. Source: 刑事诉讼法（2018）第一百零五条第四款."""

    ROLL = "roll"
    NEVER = "never"
    ONLY_IF_NOT_DETAINED = "only_if_not_detained"


class MonthEnd(StrEnum):
    """Where months lead that begin on the last day of a month: from 28 February to 28 April, or to 30 April (R6a).

    Courts count to the LAST_DAY; police and procuratorates to the CORRESPONDING day, which is never the later one.
    """

    CORRESPONDING = "corresponding"
    LAST_DAY = "last_day"


class Mode(StrEnum):
    """延长 adds to what ran before, 延长至 replaces the total, and some extensions have no number of their own."""

    ADD = "add"
    REPLACE = "replace"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Period:
    """A length of time as a statute writes it: hours, or months and days; years are twelve months each.

    `in_years` remembers that the statute says 一年 and not 十二个月; both are equally long and compare equal.
    `same_day` is 当日 (P0D), which ends with the day; a period of nothing at all is 立即 (PT0S), which ends at once.
    Raises: ValueError for negative numbers, and for hours together with days or months.
    """

    months: int = 0
    days: int = 0
    hours: int = 0
    in_years: bool = field(default=False, compare=False)
    same_day: bool = False

    def __post_init__(self) -> None:
        if self.months < 0 or self.days < 0 or self.hours < 0:
            raise ValueError(f"a period cannot be negative: {self!r}")
        if self.hours and (self.months or self.days):
            raise ValueError(f"hours do not mix with days or months, which are not counted alike: {self!r}")
        if self.same_day and (self.months or self.days or self.hours):
            raise ValueError(f"当日 has no length of its own: {self!r}")
        if self.in_years and self.months < 12:  # noqa: PLR2004 - a year
            raise ValueError(f"less than a year cannot be written in years: {self!r}")

    @classmethod
    def parse(cls, text: str) -> "Period":
        """Read an ISO 8601 duration of whole years, months, days or hours: `P1M15D`, `PT24H`, `P1Y`, `P0D`, `PT0S`.

        Raises: ValueError if it is none, or if it counts weeks, minutes or seconds, which no statute does.
        """
        calendar_part, clock, clock_part = text.removeprefix("P").partition("T")
        if not text.startswith("P") or not (clock_part if clock else calendar_part):
            raise ValueError(f"not an ISO 8601 duration: {text!r}")
        years_, months_, days_ = _amounts(calendar_part, "YMD", text)
        hours_, minutes, seconds = _amounts(clock_part, "HMS", text)
        if minutes or seconds:
            raise ValueError(f"no statutory period counts minutes or seconds: {text!r}")
        months_ += 12 * years_
        nothing = not (months_ or days_ or hours_)
        return cls(months_, days_, hours_, in_years=years_ > 0, same_day=nothing and not clock)

    @property
    def at_once(self) -> bool:
        """立即: no time at all (R20)."""
        return not (self.months or self.days or self.hours or self.same_day)

    @property
    def iso(self) -> str:
        """ISO 8601; `parse` reads it back."""
        if self.at_once:
            return "PT0S"
        if self.same_day:
            return "P0D"
        if self.hours:
            return f"PT{self.hours}H"
        years_, months_ = self._years_and_months()
        parts = ((years_, "Y"), (months_, "M"), (self.days, "D"))
        return "P" + "".join(f"{number}{unit}" for number, unit in parts if number)

    @property
    def zh(self) -> str:
        """As a statute writes it: 三日、二十四小时、一个半月、六个月、一年、当日、立即."""
        if self.at_once:
            return "立即"
        if self.same_day:
            return "当日"
        if self.hours:
            return f"{_numeral(self.hours)}小时"
        years_, months_ = self._years_and_months()
        words = f"{_numeral(years_)}年" if years_ else ""
        if months_ and self.days == 15:  # noqa: PLR2004 - half a month is always fifteen days
            return f"{words}{_numeral(months_)}个半月"
        words += f"{_numeral(months_)}个月" if months_ else ""
        if not self.days:
            return words
        return f"{words}又{_numeral(self.days)}日" if words else f"{_numeral(self.days)}日"

    def __str__(self) -> str:
        return self.iso

    def __add__(self, other: "Period") -> "Period":
        """Both together.

        Raises: ValueError for hours together with days or months.
        """
        months_ = self.months + other.months
        days_ = self.days + other.days
        hours_ = self.hours + other.hours
        return Period(
            months_,
            days_,
            hours_,
            in_years=months_ > 0 and all(p.in_years or not p.months for p in (self, other)),
            same_day=(self.same_day or other.same_day) and not (months_ or days_ or hours_),
        )

    def _years_and_months(self) -> tuple[int, int]:
        return divmod(self.months, 12) if self.in_years else (0, self.months)


def hours(number: int) -> Period:
    """So many hours."""
    return Period(hours=number)


def days(number: int) -> Period:
    """So many days; `days(0)` is 当日, the same day."""
    return Period(days=number, same_day=number == 0)


def months(number: int, days: int = 0) -> Period:
    """So many calendar months, and then days: `months(1, 15)` is 一个半月."""
    return Period(months=number, days=days, same_day=number == days == 0)


def years(number: int) -> Period:
    """So many years, from one."""
    return Period(months=12 * number, in_years=True)


#: 立即.
AT_ONCE = Period()


@dataclass(frozen=True, slots=True)
class Extension:
    """One extension of a period: how much, how it counts, on what ground, who grants it, and where that is written.

    `times` is how often it may be granted; None: as often as need be. Where the law leaves the length to whoever grants
    it, `period` is the longest and `least` the shortest.
    Raises: ValueError if one that adds or replaces has no period.
    """

    period: Period | None
    mode: Mode
    ground: str = ""
    approver: str = ""
    source: str = ""
    times: int | None = 1
    least: Period | None = None

    def __post_init__(self) -> None:
        if self.period is None and self.mode is not Mode.OPEN:
            raise ValueError(f"an extension that is not open needs a period: {self.mode}")


class Calendar(Protocol):
    """Which days are worked. `version` names the data, so that a due date can be recomputed with the same."""

    @property
    def version(self) -> str:
        """The edition of the data."""

    def is_workday(self, day: date) -> bool:
        """Whether the day is worked; a guess from weekdays if it is not published."""

    def is_published(self, day: date) -> bool:
        """Whether the State Council has said so, for this day."""


@dataclass(frozen=True, slots=True)
class Due:
    """When a period ends, and by which rules.

    `last_day` is the last day allowed, after any roll-over; None for a period of hours.
    `deadline` is the last instant allowed: of a period of hours, and the strict one of detention days (R5), for which
    `last_day` is then only the outer bound. None otherwise.
    `base_end` is the end before any roll-over; of a period of hours, the day into which the deadline falls (24:00
    belongs to the day that it closes).
    `provisional` says that a calendar was consulted which is not published yet.
    `open_ended` says that there is no end; then the three ends are None.
    """

    last_day: date | None
    deadline: datetime | None
    base_end: date | None
    provisional: bool
    rules: tuple[str, ...]
    open_ended: bool = False

    @property
    def moment(self) -> datetime:
        """The bound, for sorting and sweeping: the deadline, or 00:00 after the last day, never 23:59:59.

        Shape: aware, in `ZONE`; the end of all time if open-ended.
        """
        if self.deadline is not None:
            return self.deadline
        return _NEVER if self.last_day is None else _midnight_after(self.last_day)

    def is_past(self, moment: Moment) -> bool:
        """Whether a moment is certainly after the end.

        An hour that nobody stated proves nothing: a bare date is past only if the whole of that day is. An instant
        that is exactly the deadline is still in time; 00:00 after the last day is not.
        Raises: ValueError for a datetime without offset.
        """
        if not isinstance(moment, datetime):
            last = self.base_end if self.last_day is None else self.last_day
            return last is not None and moment > last
        at = _local(moment)
        if self.deadline is not None:
            return at > self.deadline
        return self.last_day is not None and at.date() > self.last_day


def total(period: Period, extensions: Sequence[Extension] = ()) -> Period | None:
    """How long a period is with its extensions, in the order granted; None if it has no end.

    Raises: ValueError if hours would be added to days or months.
    Source: R8. 延长 adds to what ran before; 延长至 counts anew from the start, and closes what an open one left open.
    """
    whole: Period | None = period
    for extension in extensions:
        if extension.mode is Mode.OPEN:
            whole = None
        elif extension.mode is Mode.REPLACE:
            whole = extension.period
        elif whole is not None and extension.period is not None:
            whole += extension.period
    return whole


def due(
    period: Period,
    start: Moment,
    *,
    extensions: Sequence[Extension] = (),
    excluded: Sequence[tuple[date, date]] = (),
    roll: Roll,
    month_end: MonthEnd,
    held: bool,
    calendar: Calendar,
    backward: bool = False,
    working_days: bool = False,
    strict_custody_days: bool = False,
) -> Due:
    """When a period ends that began at `start`; or, `backward`, the latest time allowed before it.

    Shape: `excluded` are (stop, resume) days in any order; for a stop still open, resume is the day of asking.
    `held` is whether the period now holds a person: it stops `ONLY_IF_NOT_DETAINED` from rolling, and nothing else.
    `working_days` counts 工作日 alone. `strict_custody_days` adds the instant of R5 to a period of days begun at one.
    Units: hours run from the instant, and from 24:00 of a start known to the day only; days and months do not count
    the starting day. Hours never roll. A backward limit always moves to the working day before, whatever `roll` says.
    Raises: ValueError for a datetime without offset, a resume before its stop, hours mixed with days, months counted
    in working days, or excluded time before an event.
    Source: 刑事诉讼法（2018）第一百零五条; rules R2 to R8, R10, R13, R14, R17 and R20.
    """
    whole = total(period, extensions)
    pauses = _merged(excluded)
    day = local_date(start)
    if backward and pauses:
        raise ValueError("time before an event cannot be excluded: a backward limit does not run")
    extended = ("R8",) if extensions else ()
    if whole is None:
        return Due(None, None, None, provisional=False, rules=extended, open_ended=True)
    if whole.hours or whole.at_once:
        return _due_in_hours(whole, start, pauses, extended, backward=backward)

    workdays = _Workdays(calendar)
    if backward:
        end = _counted(day, whole, month_end, workdays if working_days else None, back=True)
        last_day = workdays.on_or_before(end)
        reason = "R13"
    else:
        rolls = roll is Roll.ROLL or (roll is Roll.ONLY_IF_NOT_DETAINED and not held)
        end = _counted(day, whole, month_end, workdays if working_days else None)
        for stop, resume in pauses:
            if resume <= day:
                continue
            if stop > (workdays.on_or_after(end) if rolls else end):
                break
            lost = max(stop, day)
            moved = workdays.moved(end, lost, resume) if working_days else end + (resume - lost)
            # A stop between the end and the day to which it rolls: nothing is left, so it ends when it resumes.
            end = max(moved, resume)
        last_day = workdays.on_or_after(end) if rolls else end
        reason = "R7" if rolls else "R7a" if held else "R14"

    deadline = None
    if strict_custody_days and isinstance(start, datetime) and whole.days and not whole.months and not backward:
        deadline = _local(start) + (end - day)
    rules = (
        "R6" if whole.months else "R4",
        *(("R5",) if deadline else ()),
        *(("R6a",) if whole.months and _is_month_end(day) else ()),
        reason,
        *(("R7b",) if workdays.guessed else ()),
        *extended,
        *(("R10",) if pauses else ()),
    )
    return Due(last_day, deadline, end, provisional=workdays.guessed, rules=rules)


def sentence_end(start: date, *, years: int = 0, months: int = 0, days: int = 0, credit: int = 0) -> date:
    """The last day of a sentence whose first day is `start`; unlike a period, the first day counts.

    Shape: `start` is the first day of custody if it lasted without a break up to the execution of the sentence, and
    then `credit` is 0; otherwise the day of execution (S4). A result before `start` says that it is already served.
    Units: `credit` in days of the sentence, see `credit_days`; half a month is 15 days.
    Raises: ValueError for negative numbers or a sentence of nothing.
    Source: 最高人民法院关于适用刑事诉讼法的解释（2021）第二百零二条第二款; 刑法第四十一、四十四、四十七条.
    """
    if min(years, months, days, credit) < 0:
        raise ValueError("a sentence and its credit cannot be negative")
    if not (years or months or days):
        raise ValueError("a sentence needs a length")
    # Only a count of months looks at the last day of the month; years alone go to the same date.
    month_end = MonthEnd.LAST_DAY if months else MonthEnd.CORRESPONDING
    return plus_months(start, 12 * years + months, month_end) + timedelta(days=days - 1 - credit)


def credit_days(custody: int = 0, *, designated: int = 0, public_surveillance: bool = False) -> int:
    """Days of a sentence that earlier custody counts for.

    Units: `custody` in days of 拘留, 逮捕 or 留置; `designated` in days of 指定居所监视居住, of which two make one day
    of 拘役 or 有期徒刑 (an odd day is rounded up, in favour of the person). For 管制, `public_surveillance`, a day of
    custody is two and a designated day one. Bail and residential surveillance at home count for nothing.
    Raises: ValueError for negative numbers.
    Source: 刑法第四十一、四十四、四十七条; 刑事诉讼法（2018）第七十六条; 监察法 for 留置 (S2, S3, S6).
    """
    if custody < 0 or designated < 0:
        raise ValueError("days of custody cannot be negative")
    if public_surveillance:
        return 2 * custody + designated
    return custody + (designated + 1) // 2


class _Workdays:
    """The calendar, and whether an answer of it was a guess."""

    __slots__ = ("_calendar", "guessed")

    def __init__(self, calendar: Calendar) -> None:
        self._calendar = calendar
        self.guessed = False

    def worked(self, day: date) -> bool:
        self.guessed = self.guessed or not self._calendar.is_published(day)
        return self._calendar.is_workday(day)

    def on_or_after(self, day: date) -> date:
        while not self.worked(day):
            day += _DAY
        return day

    def on_or_before(self, day: date) -> date:
        while not self.worked(day):
            day -= _DAY
        return day

    def walk(self, day: date, number: int, step: timedelta) -> date:
        while number:
            day += step
            number -= self.worked(day)
        return day

    def moved(self, end: date, stop: date, resume: date) -> date:
        """The end later by as many working days as lie after the stop and up to the resume."""
        lost = sum(self.worked(stop + n * _DAY) for n in range(1, (resume - stop).days + 1))
        return self.walk(end, lost, _DAY)


def _due_in_hours(
    whole: Period, start: Moment, pauses: list[tuple[date, date]], extended: tuple[str, ...], *, backward: bool
) -> Due:
    day = local_date(start)
    length = timedelta(hours=whole.hours)
    deadline = _local(start) if isinstance(start, datetime) else _midnight_after(start)
    deadline = deadline - length if backward else deadline + length
    # An act required at once at 00:00 belongs to the day that begins; every other 00:00 is the 24:00 of the day before.
    back = timedelta() if whole.at_once and isinstance(start, datetime) else _INSTANT
    for stop, resume in pauses:
        if resume > day and stop <= (deadline - back).date():
            deadline += resume - max(stop, day)
    base_end = (deadline - back).date()
    rules = (
        "R20" if whole.at_once else "R3",
        *extended,
        *(("R10",) if pauses else ()),
        *(("R13",) if backward else ()),
    )
    return Due(None, deadline, base_end, provisional=False, rules=rules)


def _counted(day: date, whole: Period, month_end: MonthEnd, workdays: _Workdays | None, *, back: bool = False) -> date:
    """The day at the other end, before any roll-over; `workdays` if they alone count."""
    step = -_DAY if back else _DAY
    if workdays is None:
        return plus_months(day, -whole.months if back else whole.months, month_end) + whole.days * step
    if whole.months:
        raise ValueError(f"months cannot be counted in working days: {whole}")
    return workdays.walk(day, whole.days, step)


def plus_months(day: date, number: int, month_end: MonthEnd = MonthEnd.CORRESPONDING) -> date:
    """The same-numbered day so many months later, or earlier; the last day where the month has none (R6, R6a)."""
    if not number:
        return day
    year, month = divmod(day.year * 12 + day.month - 1 + number, 12)
    month += 1
    last = monthrange(year, month)[1]
    if day.day >= last or (month_end is MonthEnd.LAST_DAY and _is_month_end(day)):
        return date(year, month, last)
    return date(year, month, day.day)


def _is_month_end(day: date) -> bool:
    return (day + _DAY).day == 1


def _merged(excluded: Sequence[tuple[date, date]]) -> list[tuple[date, date]]:
    """The same time without overlaps, in order."""
    merged: list[tuple[date, date]] = []
    for stop, resume in sorted(excluded):
        if resume < stop:
            raise ValueError(f"a period cannot resume ({resume}) before it stopped ({stop})")
        if merged and stop <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(resume, merged[-1][1]))
        else:
            merged.append((stop, resume))
    return merged


def _local(instant: datetime) -> datetime:
    if instant.utcoffset() is None:
        raise ValueError(f"a datetime without offset is no instant: {instant.isoformat()}")
    return instant.astimezone(ZONE)


def _midnight_after(day: date) -> datetime:
    return datetime.combine(day + _DAY, _MIDNIGHT)


def _amounts(part: str, designators: str, text: str) -> list[int]:
    """The numbers before each designator, 0 for one left out."""
    amounts = [0] * len(designators)
    number, seen = "", -1
    for sign in part:
        if sign in "0123456789":
            number += sign
            continue
        place = designators.find(sign)
        if place <= seen or not number:
            raise ValueError(f"not an ISO 8601 duration in whole years, months, days or hours: {text!r}")
        amounts[place], number, seen = int(number), "", place
    if number:
        raise ValueError(f"a number without a unit: {text!r}")
    return amounts


def _numeral(number: int) -> str:
    """A number from 1 to 9999 in Chinese; beyond, which no statute uses, in figures."""
    if number > 9999:  # noqa: PLR2004 - four places have names
        return str(number)
    words = ""
    for place, digit in enumerate(reversed(str(number))):
        if digit != "0":
            words = "零一二三四五六七八九"[int(digit)] + ("", "十", "百", "千")[place] + words
        elif words and not words.startswith("零"):
            words = "零" + words
    return words[1:] if words.startswith("一十") else words
