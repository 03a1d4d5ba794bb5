"""A second clock: periods counted on a strip of days, from the tables of the statute and nothing else.

Written from the rules of computation with another method than the system's: no arithmetic with dates, no month lengths.
Every day is a numbered place on a strip with what is written on it (year, month, day of the month, whether it is
worked), and time is told by walking places. Imports nothing of the system.
"""

from bisect import bisect_left
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

import chinese_calendar

_FIRST, _LAST = date(1999, 1, 1), date(2062, 12, 31)
_EPOCH = _FIRST.toordinal()


class Length(NamedTuple):
    """An ISO 8601 duration; `clock` is 1 if it is told by the clock and not by the calendar (PT0S, PT24H)."""

    years: int
    months: int
    days: int
    hours: int
    clock: int


@dataclass(frozen=True)
class Limit:
    """What the table says of one limit; extensions with their mode."""

    length: Length
    extensions: tuple[tuple[str, Length | None], ...]
    rollover: str
    custody: str
    backwards: bool
    working: bool
    organ: str


@dataclass(frozen=True)
class End:
    """`day` is the last day allowed, `minute` the last time, as places of the strip and minutes of it; or neither."""

    day: date | None = None
    minute: tuple[date, int] | None = None
    refused: bool = False


def read_length(text: str) -> Length:
    """`P1M15D` as one month and fifteen days."""
    amounts = {"Y": 0, "M": 0, "D": 0, "H": 0, "S": 0}
    number = ""
    for sign in text:
        if sign.isdigit():
            number += sign
        elif number:
            amounts[sign], number = int(number), ""
    return Length(amounts["Y"], amounts["M"], amounts["D"], amounts["H"], int("T" in text))


def read_limit(row: dict) -> Limit:
    """A limit as the tables write it."""
    extended = tuple(
        (each["mode"], read_length(each["duration"]) if each.get("duration") else None)
        for each in row.get("extended", ())
    )
    return Limit(
        read_length(row["duration"]),
        extended,
        row["holiday_rollover"],
        row["custody_scope"],
        row.get("direction") == "before",
        row.get("day_type") == "working",
        row["organ"],
    )


class Strip:
    """Every day from the first to the last, in order."""

    def __init__(self) -> None:
        announced = {day.year for day in chinese_calendar.holidays}
        self.days = []
        self.worked = []
        day = _FIRST
        while day <= _LAST:
            by_notice = day.year in announced
            self.days.append((day.year, day.month, day.day))
            self.worked.append(chinese_calendar.is_workday(day) if by_notice else day.strftime("%a")[0] != "S")
            day += timedelta(days=1)
        self.work_places = [place for place, worked in enumerate(self.worked) if worked]
        #: The places of the months' first days: a month is what lies between two of them.
        self.firsts = [place for place, (_, _, number) in enumerate(self.days) if number == 1]

    def place(self, day: date) -> int:
        """Where a day lies."""
        return day.toordinal() - _EPOCH

    def day(self, place: int) -> date:
        """The day at a place."""
        return date(*self.days[place])

    def month_of(self, place: int) -> int:
        """Which month of the strip a place lies in."""
        return bisect_left(self.firsts, place + 1) - 1

    def last_of(self, month: int) -> int:
        """The last place of a month."""
        return self.firsts[month + 1] - 1

    def months_on(self, place: int, number: int, *, to_the_last: bool) -> int:
        """The corresponding place so many months on (or back): the same number, or the month's last place."""
        month = self.month_of(place)
        offset = place - self.firsts[month]
        there = month + number
        if number == 0:
            return place
        if to_the_last and place == self.last_of(month):
            return self.last_of(there)
        return min(self.firsts[there] + offset, self.last_of(there))

    def works_on(self, place: int, number: int) -> int:
        """So many worked places on; the place itself is not counted."""
        if number == 0:
            return place
        after = bisect_left(self.work_places, place + 1)
        return self.work_places[after + number - 1]

    def rolled(self, place: int) -> int:
        """The place, or the next worked one."""
        return self.work_places[bisect_left(self.work_places, place)]

    def rolled_back(self, place: int) -> int:
        """The place, or the worked one before."""
        return self.work_places[bisect_left(self.work_places, place + 1) - 1]


STRIP = Strip()


def whole(limit: Limit, extensions: int) -> Length | None:
    """The length with the first so many extensions; None where the law leaves it open."""
    found: Length | None = limit.length
    for mode, length in limit.extensions[:extensions]:
        if mode == "open" or length is None:
            found = None
        elif mode == "replace":
            found = length
        elif found is not None:
            found = Length(*(one + more for one, more in zip(found, length, strict=True)))
    return found


def end(
    limit: Limit,
    start: date,
    minute: int | None,
    *,
    organ: str | None,
    custody: bool,
    extensions: int,
    exclude: list[tuple[date, date]],
) -> End:
    """When a limit ends that began on a day, at a minute of it (None: not stated).

    The stopped days are struck off the strip: the day of the stop is still counted, that of resuming is not.
    """
    length = whole(limit, extensions)
    if (exclude and limit.backwards) or any(stop < start for stop, _ in exclude):
        return End(refused=True)
    if length is None:
        return End()
    here = STRIP.place(start)
    pauses = sorted((STRIP.place(stop), STRIP.place(resume)) for stop, resume in exclude)
    if length.clock:
        return _by_the_minute(limit, here, minute, length.hours, pauses)
    months, days = 12 * length.years + length.months, length.days
    to_the_last = (organ or limit.organ) == "court"
    if limit.backwards:
        day = STRIP.months_on(here, -months, to_the_last=to_the_last) - days
        return End(day=STRIP.day(STRIP.rolled_back(day)))
    never = limit.rollover == "never" or (limit.custody == "if_detained" and custody)
    if limit.working:
        there = STRIP.works_on(here, days)
    else:
        there = STRIP.months_on(here, months, to_the_last=to_the_last) + days
    struck: set[int] = set()
    for stop, resume in pauses:
        last = there if never else STRIP.rolled(there)
        if stop > last:
            return End(refused=True)
        fresh = [place for place in range(stop + 1, resume + 1) if place not in struck]
        struck.update(fresh)
        if limit.working:
            there = STRIP.works_on(there, sum(STRIP.worked[place] for place in fresh))
        else:
            there += len(fresh)
        # Nothing is left when a stop falls among the days off that carried the end: it ends on resuming.
        there = max(there, resume)
    last_day = STRIP.day(there if never else STRIP.rolled(there))
    if limit.custody == "always" and minute is not None and days and not months:
        return End(day=last_day, minute=(STRIP.day(there), minute))
    return End(day=last_day)


def _by_the_minute(limit: Limit, here: int, minute: int | None, hours: int, pauses: list[tuple[int, int]]) -> End:
    """By hours from the instant, or from 24:00 of a day of which no more is known."""
    at = here * 1440 + (1440 if minute is None else minute)
    at += -60 * hours if limit.backwards else 60 * hours
    struck: set[int] = set()
    for stop, resume in pauses:
        # 24:00 belongs to the day that it closes; an act owed at once at 00:00 to the day that begins.
        last = at // 1440 if at % 1440 or (hours == 0 and minute is not None) else at // 1440 - 1
        if stop > last:
            return End(refused=True)
        fresh = [place for place in range(stop + 1, resume + 1) if place not in struck]
        struck.update(fresh)
        at += 1440 * len(fresh)
    return End(minute=(STRIP.day(at // 1440), at % 1440))
