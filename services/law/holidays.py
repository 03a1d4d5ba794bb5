"""The working days of the People's Republic of China, as the State Council announces them each year.

The calendar is data (放假调休安排), with working Saturdays and Sundays; it is never computed from weekdays alone. Years
not announced fall back to weekends and are said to be unpublished, so that a date computed with them is provisional.
Source: 全国年节及纪念日放假办法; 国务院办公厅关于部分节假日安排的通知, as packaged in the PyPI package chinesecalendar.
"""

from collections.abc import Mapping
from datetime import date
from importlib.metadata import version
from types import MappingProxyType

from chinese_calendar import holidays, workdays  # type: ignore[import-untyped]

#: Announcements that the package does not have yet, day by day: True is worked, False is a holiday. Days are added and
#: never taken away, as their number is part of the version. The first day of a new year comes with its whole notice.
OVERRIDES: Mapping[date, bool] = MappingProxyType({})

_SATURDAY = 5
# New Year is announced with the new year and reaches back into the old one (2018-12-29 was worked, 2022-12-31 free).
_NEW_YEAR_BEGINS = (12, 25)


class StateCouncilCalendar:
    """Which days are worked; a `Calendar` of the kernel. `version` changes with the package and with the overrides."""

    def __init__(self, overrides: Mapping[date, bool] = OVERRIDES) -> None:
        self.version = f"chinesecalendar-{version('chinesecalendar')}+{len(overrides)}"
        self._worked = (frozenset(workdays) | {d for d, worked in overrides.items() if worked}) - {
            d for d, worked in overrides.items() if not worked
        }
        self._free = (frozenset(holidays) | {d for d, worked in overrides.items() if not worked}) - self._worked
        announced = {day.year for day in holidays} | {day.year for day in overrides}
        self._first, self._last = min(announced), max(announced)

    def is_workday(self, day: date) -> bool:
        """Whether the day is worked; in years not announced, whether it is no weekend."""
        return day in self._worked or (day.weekday() < _SATURDAY and day not in self._free)

    def is_published(self, day: date) -> bool:
        """Whether every notice that can touch the day is out; the last week of a year waits for the next one's too."""
        return self._first <= day.year < self._last or (
            day.year == self._last and (day.month, day.day) < _NEW_YEAR_BEGINS
        )


CALENDAR = StateCouncilCalendar()
