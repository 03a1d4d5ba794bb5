"""The limits of the law made ready to run: what starts, meets, stops and extends each, every name resolved. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.coordinator.domain.conditions import CONDITIONS, READS, Meaning
from services.coordinator.domain.ledger import deed_type, event_type, extension_type
from services.kernel.code import Code
from services.kernel.period import ZONE
from services.kernel.procedure import End, Event, Kept, Limit
from services.law.terms import Terms, terms, terms_id

#: The log in which events and deeds are noted that no step shows.
NOTED_IN = frozenset({"case_flow"})
_NEVER = datetime.min.replace(tzinfo=ZONE)
#: Kinds of the tables that owe a deed; a right lapses, a threshold is not a deed.
OWED = frozenset({"obligation", "detention", "validity", "advance"})


@dataclass(frozen=True, slots=True, eq=False)
class Clock:
    """One limit, its names resolved. Each is the same as itself only."""

    limit: Limit
    after: tuple[str, ...]
    by: frozenset[str]
    void: frozenset[str]
    restart: frozenset[str]
    pause: frozenset[str]
    resume: frozenset[str]
    extend: tuple[str, ...]
    #: All acts that end it: those that meet it, make it void or begin it anew.
    ending: frozenset[str]
    #: Whether its end follows from the day of its beginning alone, whatever the hour.
    by_day: bool
    #: 立即.
    at_once: bool
    #: What is to be so for it to begin at all; None: nothing.
    applies: Meaning | None
    #: The logs that show the deed, or whatever else ends, moves or stops the clock: what is unread there may be just that.
    shown_by: frozenset[str]
    law_ref: str
    #: The editions that have this limit; None where the procedure has one edition only.
    editions: frozenset[str] | None
    #: The ids of its terms, by the edition of the procedure; the newest edition's come first.
    terms: Mapping[str, str]
    #: The fact of the act from whose day on it runs; empty where that is the act's own.
    stated: str = ""


def _logs(code: Code, limit: Limit, after: tuple[str, ...]) -> frozenset[str]:
    refs = (limit.by, limit.void_by, limit.restarts_at, limit.paused_by, limit.resumed_by, limit.extended_by)
    named = {*after, *(name for ref in refs for name in code.types(ref))}
    kept = {code.rules[name].kept_by for name in named if name in code.rules}
    is_noted = not limit.by or named - code.rules.keys() or (limit.extensions and not limit.extended_by)
    noted = NOTED_IN if is_noted else frozenset()
    # What begins where another ends is over, or elsewhere, with that one.
    bases = limit.after.limits if isinstance(limit.after, End) else ()
    asked = READS.get(limit.when.key, frozenset()) if limit.when is not None else frozenset()
    return noted.union(kept, asked, *(_logs(code, code.limits[base], ()) for base in bases))


class Clocks:
    """The limits of a law that have a length, by what starts them."""

    def __init__(self, code: Code) -> None:
        self.code = code
        #: By id; a proof names its terms by theirs.
        self.terms: dict[str, Terms] = {}
        self.all = [self._clock(limit) for limit in code.limits.values() if limit.period is not None]
        #: By `procedure:step`, or by `event:<id>` or `deed:<limit>`.
        self.starting: dict[str, list[Clock]] = {}
        #: By the name of the limit at whose end they begin.
        self.at_end_of: dict[str, list[Clock]] = {}
        for clock in self.all:
            for name in {*clock.after, *clock.restart}:
                self.starting.setdefault(name, []).append(clock)
            for name in clock.limit.after.limits if isinstance(clock.limit.after, End) else ():
                self.at_end_of.setdefault(name, []).append(clock)

    def _clock(self, limit: Limit) -> Clock:
        code = self.code
        match limit.after:
            case Event(name):
                after: tuple[str, ...] = (event_type(name),)
            case Kept(name):
                after = (deed_type(name),)
            case End():
                after = ()
            case ref:
                after = code.types(ref)
        applies = CONDITIONS.get(limit.when.key) if limit.when is not None else None
        assert limit.when is None or applies is not None, f"nothing says what {limit.when} means"
        cite = limit.cite if isinstance(limit.cite, tuple) else (limit.cite,)
        by = code.types(limit.by)
        met = frozenset(by or (deed_type(limit.name),))
        void = frozenset(code.types(limit.void_by))
        restart = frozenset(code.types(limit.restarts_at))
        periods = [each for each in (limit.period, *(more.period for more in limit.extensions)) if each is not None]
        shown_by = _logs(code, limit, after)
        resolved = {"after": list(after), "by": sorted(met), "void_by": sorted(void), "shown_by": sorted(shown_by)}
        stated = {"stated": code.vocabulary.by_name[limit.stated].key} if limit.stated else {}
        return Clock(
            limit=limit,
            after=after,
            by=met,
            void=void,
            restart=restart,
            pause=frozenset(code.types(limit.paused_by)),
            resume=frozenset(code.types(limit.resumed_by)),
            extend=code.types(limit.extended_by) or (extension_type(limit.name),) * len(limit.extensions),
            ending=met | void | restart | {*after},
            by_day=limit.custody != "always" and not any(each.hours or each.at_once for each in periods),
            at_once=limit.period is not None and limit.period.at_once,
            applies=applies,
            shown_by=shown_by,
            law_ref="、".join(limit.procedure.cited(citation).zh for citation in cite),
            editions=code.editions_of.get(limit.name),
            terms=self._terms(limit, resolved | stated),
            stated=stated.get("stated", ""),
        )

    def _terms(self, limit: Limit, resolved: Terms) -> dict[str, str]:
        """What each edition says of a limit, and which acts begin, meet and end it; kept under its id."""
        ends = limit.after if isinstance(limit.after, End) else End("")
        found = {}
        for procedure in (*self.code.procedures.values(), *self.code.older):
            if limit.procedure.name == procedure.name and limit in procedure.limits():
                told = terms(limit, procedure) | resolved
                told |= {"after_end_of": list(ends.limits), "before_extension": ends.extended}
                found[procedure.edition] = terms_id(told)
                self.terms[found[procedure.edition]] = told
        return found


@dataclass(frozen=True, slots=True)
class Reading:
    """How far each log has been read, what time it is, and how long "immediately" may take (ours, not the law's)."""

    read: Mapping[str, datetime]
    now: datetime
    at_once: timedelta = timedelta(hours=2)

    def until(self, services: Collection[str]) -> datetime:
        """The moment up to which all of these logs are known."""
        return min([self.read.get(service, _NEVER) for service in services], default=self.now)

    def known(self, services: Collection[str]) -> datetime:
        """The same, and not later than now."""
        return min(self.now, self.until(services))
