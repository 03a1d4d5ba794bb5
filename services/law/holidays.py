"""The working days of the People's Republic of China, as the State Council announces them each year.

The calendar is data (放假调休安排), with working Saturdays and Sundays; it is never computed from weekdays alone. Years
not announced fall back to weekends and are said to be unpublished, so that a date computed with them is provisional.
Source: 全国年节及纪念日放假办法; 国务院办公厅关于部分节假日安排的通知, as packaged in the PyPI package chinesecalendar.
"""

import json
import os
from collections.abc import Mapping
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

from chinese_calendar import __version__ as package_version  # type: ignore[import-untyped]
from chinese_calendar import holidays, workdays

#: Names a file with what was announced after the package was made, or amended: the days without work and the worked
#: Saturdays and Sundays, `{"holidays": ["2027-01-01"], "workdays": ["2027-02-06"]}`. A year comes with its whole notice.
SETTING = "SINGLETRACK_HOLIDAYS"

_SATURDAY = 5
# New Year is announced with the new year and reaches back into the old one (2018-12-29 was worked, 2022-12-31 free).
_NEW_YEAR_BEGINS = (12, 25)


class StateCouncilCalendar:
    """Which days are worked; a `Calendar` of the kernel.

    `announced` adds to the package and overrides it, day by day: True is worked, False is a holiday. `version` names the
    package's edition and what was announced, so it changes with either and with nothing else.
    """

    def __init__(self, announced: Mapping[date, bool] | None = None) -> None:
        more = dict(sorted((announced or {}).items()))
        told = json.dumps({day.isoformat(): worked for day, worked in more.items()})
        self.version = f"chinesecalendar-{package_version}" + (
            f"+{max(more).year}-{sha256(told.encode()).hexdigest()[:8]}" if more else ""
        )
        days = {**dict.fromkeys(holidays, False), **dict.fromkeys(workdays, True), **more}
        self._worked = frozenset(day for day, worked in days.items() if worked)
        self._free = frozenset(day for day, worked in days.items() if not worked)
        # By the days of its own year: the notice of a year may name the last days of the year before.
        self._years = frozenset(day.year for day in days if (day.month, day.day) < _NEW_YEAR_BEGINS)

    def as_dict(self) -> dict[str, Any]:
        """The whole calendar as data: every day that its weekday does not tell, worked or free."""
        free = sorted(day.isoformat() for day in self._free)
        return {"version": self.version, "free": free, "worked": sorted(day.isoformat() for day in self._worked)}

    def is_workday(self, day: date) -> bool:
        """Whether the day is worked; in years not announced, whether it is no weekend."""
        return day in self._worked or (day.weekday() < _SATURDAY and day not in self._free)

    def is_published(self, day: date) -> bool:
        """Whether every notice that can touch the day is out; the last week of a year waits for the next one's too."""
        following = (day.month, day.day) >= _NEW_YEAR_BEGINS
        return day.year in self._years and (not following or day.year + 1 in self._years)


def read_announced(text: str) -> dict[date, bool]:
    """What a file of `SETTING` says.

    Raises: ValueError for anything but lists of days under `holidays` and `workdays`, and for a day under both.
    """
    told = json.loads(text)
    if not isinstance(told, dict) or not told.keys() <= {"holidays", "workdays"}:
        raise ValueError(f'{SETTING}: expected {{"holidays": ["2027-01-01"], "workdays": ["2027-02-06"]}}')
    free, worked = ({date.fromisoformat(day) for day in told.get(key, ())} for key in ("holidays", "workdays"))
    if free & worked:
        raise ValueError(f"{SETTING}: both a holiday and worked: {', '.join(map(str, sorted(free & worked)))}")
    return {**dict.fromkeys(free, False), **dict.fromkeys(worked, True)}


def _given() -> dict[date, bool]:
    file = os.environ.get(SETTING, "")
    return read_announced(Path(file).read_text(encoding="utf-8")) if file else {}


CALENDAR = StateCouncilCalendar(_given())
