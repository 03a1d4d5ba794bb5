"""What the record says of the persons in a case, whichever service said it. Pure."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from services.coordinator.domain.invariants.case import Case
from services.coordinator.domain.ledger import Act, Custody
from services.kernel.period import Moment, local_date, read_moment

#: The age at which somebody is an adult.
_OF_AGE = 18
#: The steps by which somebody comes to be defended.
MANDATES = ("legal_aid:retain", "legal_aid:assign", "legal_aid:assign_on_application")
#: The step by which a mandate ends.
_REFUSED = "legal_aid:refuse"


def moment_of(value: Any) -> Moment | None:
    """A fact as a moment; None where it is none."""
    try:
        return read_moment(value) if isinstance(value, str) else None
    except (ValueError, OverflowError):
        return None


def day_of(value: Any) -> date | None:
    """A fact as a day in Asia/Shanghai; None where it is none."""
    moment = moment_of(value)
    return local_date(moment) if moment is not None else None


def names_of(value: Any) -> list[str]:
    """A fact as a list of names, each once; empty where it is none."""
    return [*dict.fromkeys(str(each).strip() for each in value)] if isinstance(value, list) else []


def admitted(custody: Custody) -> Mapping[str, Any]:
    """What the centre said of somebody when it took them in."""
    told: Mapping[str, Any] = custody.began.get("created", {}).get(custody.id, {})
    return told


def placed(case: Case, person: str) -> Act | None:
    """The last time that somebody was given a cell."""
    return next(
        (act for act in reversed(case.ledger.by_type.get("placement:place", ())) if act.subject == person), None
    )


def has_flag(case: Case, person: str, *flags: str) -> bool:
    """Whether any of this was said of somebody when they were registered."""
    return not {*flags}.isdisjoint(case.ledger.flags.get(person, ()))


def is_minor(case: Case, person: str, day: date) -> bool:
    """Whether the record shows that somebody is, or on that day was, not of age."""
    for custody in _custodies(case, person):
        born = day_of(admitted(custody).get("born_on"))
        if born is not None:
            return (day.year - born.year) - ((day.month, day.day) < (born.month, born.day)) < _OF_AGE
    if has_flag(case, person, "minor") or "juvenile" in case.ledger.lines.get(person, {}):
        return True
    cell = placed(case, person)
    return cell is not None and case.ledger.told(cell).get("adult") is False


def is_female(case: Case, person: str) -> bool:
    """Whether the record shows that somebody is a woman or a girl."""
    cell = placed(case, person)
    said = [admitted(custody).get("sex") for custody in _custodies(case, person)]
    said += [case.ledger.told(cell).get("sex")] if cell is not None else []
    return "female" in said or has_flag(case, person, "female")


def _custodies(case: Case, person: str) -> Iterator[Custody]:
    return (custody for custody in case.ledger.custodies.values() if custody.person == person)


def held_at(case: Case, person: str, moment: Moment) -> Custody | None:
    """The custody in which the centre had somebody for certain at a moment: on the days of coming and going it may not."""
    for custody in _custodies(case, person):
        since = read_moment(custody.began["occurred_at"])
        until = read_moment(custody.ended["occurred_at"]) if custody.ended is not None else None
        if _before(since, moment) and (until is None or _before(moment, until)):
            return custody
    return None


def _before(one: Moment, other: Moment) -> bool:
    if isinstance(one, datetime) and isinstance(other, datetime):
        return one < other
    return local_date(one) < local_date(other)


def defender(case: Case, act: Act) -> Act | None:
    """The mandate under which somebody was defended when an act was done; None where there was none."""
    before = [each for each in case.ledger.of((*MANDATES, _REFUSED), act.subject) if not each.follows(act)]
    return before[-1] if before and before[-1].type != _REFUSED else None
