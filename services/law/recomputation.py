"""A stored answer computed again, when the calendar of a year is published or amended: what moved, to when, and why. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from services.kernel.code import Code
from services.kernel.period import Calendar, Due
from services.law.dues import Answer, answer, question, refused
from services.law.holidays import CALENDAR


@dataclass(frozen=True, slots=True)
class Trace:
    """What became of an end when it was computed again with another calendar.

    `days_off` are the days without work that lie between the end before any roll-over and the end now.
    """

    was: Mapping[str, Any]
    now: Answer
    days_off: tuple[date, ...]

    @property
    def moved(self) -> bool:
        """Whether the end is another day, for whoever is held or not."""
        return _ends_of(self.was) != _ends_of(self.now.as_dict())

    def as_dict(self) -> dict[str, Any]:
        """From what to what, with which calendars, and why."""
        now = self.now.as_dict()
        return {
            "limit": self.now.limit.name,
            "from": self.now.question.start,
            "moved": self.moved,
            "was": {key: self.was.get(key) for key in _KEPT},
            "now": {key: now[key] for key in _KEPT},
            "days_off": [day.isoformat() for day in self.days_off],
            "why": self.why,
            "answer": now,
        }

    @property
    def why(self) -> str:
        """In a sentence."""
        was, now = str(self.was.get("calendar")), self.now.calendar
        if was == now:
            return f"放假安排没有变化（{now}）。"
        off = f"，其间{'、'.join(day.isoformat() for day in self.days_off)}为节假日" if self.days_off else ""
        again = f"原按放假安排“{was}”计算{'，为暂定' if self.was.get('provisional') else ''}；现按“{now}”重新计算"
        still = "，仍为暂定" if self.now.end.provisional else ""
        if not self.moved:
            return f"{again}，届满之日不变{still}。"
        return f"{again}{off}，届满之日由{_said(self.was)}改为{_said(self.now.as_dict())}{still}。"


_KEPT = ("last_day", "deadline", "provisional", "calendar")


def recomputed(code: Code, stored: Any, calendar: Calendar = CALENDAR) -> Trace:
    """A stored answer (`Answer.as_dict`) computed again, with the calendar of today.

    Raises: NotComputable if it holds no question, or one that the law no longer knows.
    """
    if not isinstance(stored, Mapping) or "asked" not in stored:
        raise refused("/asked", "missing", "这不是“law due --json”的答复：没有“asked”。", "no answer to compute again")
    now = answer(code, question(stored["asked"]), calendar)
    return Trace(stored, now, tuple(_days_off(now.if_not_held or now.end, calendar)))


def _days_off(end: Due, calendar: Calendar) -> Iterable[date]:
    if end.last_day is not None and end.base_end is not None:
        first, last = sorted((end.last_day, end.base_end))
        days = (first + timedelta(days=n) for n in range((last - first).days + 1))
        yield from (day for day in days if not calendar.is_workday(day))


def _ends_of(told: Mapping[str, Any]) -> list[Any]:
    other = told.get("if_not_held") or {}
    return [each.get(key) for each in (told, other) for key in ("last_day", "deadline")]


def _said(told: Mapping[str, Any]) -> str:
    other = (told.get("if_not_held") or {}).get("last_day")
    first = str(told.get("last_day") or told.get("deadline"))
    return f"{first}（未在押的{other}）" if other and other != first else first
