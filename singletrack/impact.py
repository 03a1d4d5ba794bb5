"""What an edition of the law would change in the clocks that run: which dates move, which limits end, which begin. Pure.

Reads proofs (`singletrack.proof_file`), so it can be asked before the edition takes effect and without the service. A
limit keeps its name only as long as it means the same; so where an edition has another in its place, that is the one of
the same organ that begins with the same acts and is met by the same.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any

from services.kernel.code import Code
from services.kernel.procedure import End, Event, Kept, Limit, Procedure, Transition
from services.law.terms import terms
from singletrack.proof_file import Proofs
from singletrack.verify_time import Calendar, compute, moment

#: Clocks that still run, or whose deed is still owed.
RUNNING = frozenset({"open", "overdue", "unknown"})

Clock = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of one clock under an edition. `effect`: moves, same, ends (the limit is no more), begins (it is new).

    `applies` says whether the edition's own transitional rule lets it happen, and `why` in words. `days` is by how many
    days the end moves.
    """

    case_id: str
    subject: str
    edition: str
    effect: str
    limit: str
    zh: str
    due: str
    status: str
    new_limit: str = ""
    new_zh: str = ""
    new_due: str = ""
    days: int | None = None
    condition: str = ""
    applies: bool = False
    why: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Field by field."""
        return asdict(self)


def editions(code: Code) -> dict[str, type[Procedure]]:
    """Every edition by its name, of the procedures that have several."""
    several = {procedure.name for procedure in code.older}
    found = (*(each for each in code.procedures.values() if each.name in several), *code.older)
    return {procedure.edition: procedure for procedure in found}


def impact(code: Code, proofs: Proofs, edition: type[Procedure], since: date | None = None) -> list[Change]:
    """What an edition changes in every running clock of its procedure that runs under another, by case.

    `since` asks as if it were in force from that day on. Raises: KeyError for a clock whose terms or calendar are not
    among the proofs.
    """
    calendars = {version: Calendar.read(told) for version, told in proofs.calendars.items()}
    mine = [each for each in proofs.items if each["kind"] != "title" and each["terms"]]
    mine = [each for each in mine if proofs.terms[each["terms"]]["procedure"] == edition.name]
    begun = _begun(mine)
    found = []
    for clock in mine:
        says = proofs.terms[clock["terms"]]
        if clock["status"] in RUNNING and says["edition"] != edition.edition:
            line = begun[clock["case_id"], clock["subject"]]
            applies, why = _transition(edition, clock, line, since or edition.in_force)
            changes = _changes(code, edition, clock, says, calendars[clock["calendar"]])
            found += [replace(change, applies=applies, why=why) for change in changes]
    once = {_once(each): each for each in found}
    return sorted(once.values(), key=lambda each: (each.case_id, each.subject, each.due, each.limit, each.new_limit))


def _once(change: Change) -> tuple[str, ...]:
    """A limit that is new begins once, whichever clock told of the act."""
    old = (change.limit, change.due) if change.effect != "begins" else ("", "")
    return (change.case_id, change.subject, change.new_limit, change.new_due, *old)


def _begun(clocks: Sequence[Clock]) -> dict[tuple[str, str], date]:
    """The first day on which a clock of the procedure began, by case and subject: no later did the line begin."""
    found: dict[tuple[str, str], date] = {}
    for clock in clocks:
        key, day = (clock["case_id"], clock["subject"]), date.fromordinal(moment(clock["since"])[0])
        found[key] = min(day, found.get(key, day))
    return found


def _transition(edition: type[Procedure], clock: Clock, line: date, since: date) -> tuple[bool, str]:
    day = date.fromordinal(moment(clock["since"])[0])
    if edition.transition is Transition.BEGUN:
        if line < since:
            return False, f"{since}以前已经开始办理的，仍依原版本，不变"
        return True, f"{since}以后开始办理，适用新版本"
    if day < since:
        return False, f"起算的行为在{since}以前，依行为时的版本，不变；该日以后的行为适用新版本"
    return True, f"起算的行为在{since}以后，适用新版本"


def _changes(
    code: Code, edition: type[Procedure], clock: Clock, says: Mapping[str, Any], calendar: Calendar
) -> Iterator[Change]:
    known = Change(
        clock["case_id"],
        clock["subject"],
        edition.edition,
        "same",
        clock["limit"],
        says["zh"],
        clock["due"],
        clock["status"],
    )
    limits = {limit.name: limit for limit in edition.limits() if limit.period is not None}
    limit = code.limits.get(clock["limit"])
    instead = limits.get(clock["limit"]) or (
        limit and next((each for each in limits.values() if _alike(code, each, limit)), None)
    )
    if instead is None:
        yield replace(known, effect="ends")
    else:
        yield _moved(known, clock, terms(instead, edition), calendar)
    for each in limits.values():
        if _is_new(code, edition, each) and set(says["after"]) & set(_after(code, each)):
            start = {"start": clock["since"], "held": clock["held"], "extensions": [], "excluded": []}
            end = compute(terms(each, edition), start, calendar).told()
            condition = each.when.zh if each.when is not None else ""
            new = replace(known, effect="begins", new_limit=each.name, new_zh=each.zh, new_due=end["due"])
            yield replace(new, due="", condition=condition)


def _moved(known: Change, clock: Clock, says: Mapping[str, Any], calendar: Calendar) -> Change:
    granted = [
        says["extensions"][each["number"] - 1]
        for each in clock["extensions"]
        if each["number"] <= len(says["extensions"])
    ]
    due = compute(says, {**clock, "extensions": granted}, calendar).told()["due"]
    days = (date.fromisoformat(due[:10]) - date.fromisoformat(clock["due"][:10])).days if due and clock["due"] else None
    effect = "same" if due == clock["due"] else "moves"
    return replace(known, effect=effect, new_limit=says["limit"], new_zh=says["zh"], new_due=due, days=days)


def _is_new(code: Code, edition: type[Procedure], limit: Limit) -> bool:
    """Whether no other edition of the procedure has this limit, or another in its place."""
    others = [each for each in editions(code).values() if each.name == edition.name and each is not edition]
    return not any(limit is each or _alike(code, limit, each) for other in others for each in other.limits())


def _alike(code: Code, limit: Limit, other: Limit) -> bool:
    """Whether one stands in the place of the other: the same organ, the same beginning, met by the same acts."""
    same = limit.organ == other.organ and limit.kind == other.kind and limit.before == other.before
    return (
        same
        and limit is not other
        and _after(code, limit) == _after(code, other)
        and set(code.types(limit.by)) == set(code.types(other.by))
    )


def _after(code: Code, limit: Limit) -> tuple[str, ...]:
    match limit.after:
        case Event(name):
            return (f"event:{name}",)
        case Kept(name):
            return (f"deed:{name}",)
        case End():
            return tuple(f"end:{name}" for name in limit.after.limits)
        case ref:
            return tuple(sorted(code.types(ref)))
