"""What another calendar changed: clocks as they were stored, held against the same clocks computed again. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

#: What else moves an end. Where any of it is another, the calendar is not the reason, or not alone.
_SAME = ("held", "terms", "extensions", "excluded")
#: What a trace shows, as it was and as it is.
_SHOWN = ("due", "provisional")


def moved(
    was: Iterable[Mapping[str, Any]], now: Iterable[Mapping[str, Any]], calendars: tuple[str, str]
) -> Iterator[dict[str, Any]]:
    """A trace for each clock whose end is another day, or certain now, and that only the calendar can have moved.

    Shape: clocks as they are stored; `calendars` are the versions before and after.
    """
    known = {_which(clock): clock for clock in was}
    for clock in now:
        before = known.get(_which(clock))
        if before is None or any(_plain(before.get(key)) != _plain(clock.get(key)) for key in _SAME):
            continue
        if any(before.get(key) != clock[key] for key in _SHOWN):
            yield {
                "limit": clock["limit"],
                "subject": clock["subject"],
                "trigger": clock["trigger"],
                "zh": clock["zh"],
                "was": {key: before.get(key) for key in _SHOWN} | {"calendar": calendars[0]},
                "now": {key: clock[key] for key in _SHOWN} | {"calendar": calendars[1]},
            }


def _which(clock: Mapping[str, Any]) -> tuple[Any, ...]:
    return clock["limit"], clock["subject"], clock["trigger"]


def _plain(value: Any) -> Any:
    """As JSON gives it back: what was stored has lists where what was just computed has tuples."""
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value
