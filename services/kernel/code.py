"""The law, compiled once: every name resolved, every step ready to decide on.

Raises at import what a lawyer would otherwise find in court: a step out of a state that is not there, a paper that no
catalogue has, a step that carries a step that does not exist. Knows no particular procedure.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from services.kernel.facts import Told, Vocabulary
from services.kernel.papers import Catalogue, Papers
from services.kernel.procedure import (
    ANEW,
    STAY,
    End,
    Event,
    Kept,
    Procedure,
    Step,
    StepRef,
    Transition,
    step_refs,
)
from services.kernel.who import Organ

Named = TypeVar("Named")
#: The facts of a step that permits somebody to read what is sealed: the organ, and the last day on which it may.
READER, UNTIL = "reader", "readable_until"


class LawError(Exception):
    """The law is written wrongly: what, and where."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One step, ready to decide on. States are names; `at` maps each state to the id of the tables."""

    type: str
    zh: str
    procedure: str
    procedure_zh: str
    line: str
    kept_by: str
    organ: Organ
    office: str
    office_zh: str
    at: Mapping[str, str]
    to: str
    decides: bool
    papers: Papers
    tells: Told
    opens: tuple[tuple[str, str], ...]
    carries: tuple[str, ...]
    ends: tuple[tuple[str, str], ...]
    hands_to: Organ | None
    handover: str
    at_most: int | None
    law_ref: str
    refs: tuple[str, ...]
    #: Of a procedure that has older editions beside the newest; else empty.
    edition: str


@dataclass(frozen=True, slots=True)
class Line:
    """What a decision must know of a procedure."""

    name: str
    line: str
    initial: str
    ends: frozenset[str]
    opened: bool
    begins_at: tuple[str, str] | None
    again: bool
    states_zh: Mapping[str, str]
    #: The states in which what the line is about is closed to readers.
    seals: frozenset[str]
    #: Each with its first day, the newest first; empty where there is only one.
    editions: tuple[tuple[date, str], ...]
    transition: Transition

    def edition(self, day: date, begun: str | None) -> str:
        """The edition by which an act of that day goes; `begun` is the one under which an open line began."""
        if not self.editions or (begun is not None and self.transition is Transition.BEGUN):
            return begun or ""
        return next((edition for since, edition in self.editions if since <= day), self.editions[-1][1])


class Code:
    """The whole law: procedures, rules by `procedure:step`, limits and bans by name, documents by id.

    `procedures` are the newest editions, `older` those before them. The name of a limit means the same in every
    edition that has it.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        procedures: tuple[type[Procedure], ...],
        older: tuple[type[Procedure], ...] = (),
        vocabulary: Vocabulary | None = None,
    ) -> None:
        self.catalogue = catalogue
        self.vocabulary = vocabulary or Vocabulary()
        self.older = older
        self.procedures = _once((procedure.name, procedure) for procedure in procedures)
        gone = {step.type: step for procedure in older for step in procedure.steps()}
        self.steps = gone | _once((step.type, step) for procedure in procedures for step in procedure.steps())
        opened = {target.partition(":")[0] for step in self.steps.values() for target in step.opens}
        self.lines = {procedure.name: self._line(procedure, procedure.name in opened) for procedure in procedures}
        editions = [(procedure, step) for procedure in (*older, *procedures) for step in procedure.steps()]
        #: By edition and `procedure:step`, for procedures that have several.
        self.by_edition = {
            (procedure.edition, step.type): self._rule(step, procedure)
            for procedure, step in editions
            if procedure.edition
        }
        self.rules = {step.type: self._rule(step, procedure) for procedure, step in editions}
        self.limits = _once((limit.name, limit) for procedure in procedures for limit in procedure.limits())
        for limit in (limit for procedure in older for limit in procedure.limits()):
            if self.limits.setdefault(limit.name, limit) is not limit:
                raise LawError(f"the limit {limit.name} means one thing in one edition and another in the next")
        #: By the name of a limit, for procedures that have several editions: those that have it.
        named = [(each.edition, {limit.name for limit in each.limits()}) for each in (*older, *procedures)]
        self.editions_of = {
            name: frozenset(edition for edition, names in named if name in names)
            for name, limit in self.limits.items()
            if limit.procedure.edition
        }
        self.bans = _once((ban.name, ban) for procedure in procedures for ban in procedure.bans())
        #: The procedures that seal, each with the states in which they do.
        self.seals = {name: line.seals for name, line in self.lines.items() if line.seals}
        #: The steps that permit somebody to read what is sealed.
        self.permits = frozenset(
            rule.type for rule in self.rules.values() if {READER, UNTIL} <= {fact.key for fact in rule.tells.required}
        )
        self._check()

    def rule(self, type_: str, edition: str) -> Rule | None:
        """A step as an edition has it; None if it has no such step."""
        return self.by_edition.get((edition, type_)) if edition else self.rules.get(type_)

    def types(self, ref: StepRef) -> tuple[str, ...]:
        """The `procedure:step` names that a reference stands for.

        Raises: LawError for a name that no procedure has.
        """
        names = tuple(step if isinstance(step, str) else step.type for step in step_refs(ref))
        for name in names:
            if name not in self.steps:
                raise LawError(f"no step is called {name}")
        return names

    def kept_by(self, service: str) -> Iterator[Rule]:
        """The rules whose steps a service records."""
        return (rule for rule in self.rules.values() if rule.kept_by == service)

    def extended(self, *procedures: type[Procedure]) -> "Code":
        """The same law with the record-keeping procedures that a service adds."""
        return Code(self.catalogue, (*self.procedures.values(), *procedures), self.older, self.vocabulary)

    def _check(self) -> None:
        for limit in self.limits.values():
            for ref in (
                limit.by,
                limit.extended_by,
                limit.restarts_at,
                limit.void_by,
                limit.paused_by,
                limit.resumed_by,
            ):
                self.types(ref)
            if limit.stated and limit.stated not in self.vocabulary.by_name:
                raise LawError(f"{limit.name} ends on the day of “{limit.stated}”, which no vocabulary has")
            if isinstance(limit.after, End | Kept):
                named = limit.after.limits if isinstance(limit.after, End) else (limit.after.limit,)
                for name in named:
                    if name not in self.limits:
                        raise LawError(f"{limit.name} begins with {name}, which no procedure has")
                    if isinstance(limit.after, Kept) and step_refs(self.limits[name].by):
                        raise LawError(f"{limit.name} begins when {name} is noted as kept, which a step shows")
            elif not isinstance(limit.after, Event):
                self.types(limit.after)
        for ban in self.bans.values():
            self.types(ban.steps)
            self.types(ban.unless)

    def _line(self, procedure: type[Procedure], opened: bool) -> Line:
        states = list(procedure.states())
        initial = [state for state in states if state.initial]
        if len(initial) != 1:
            raise LawError(f"{procedure.name} has {len(initial)} initial states")
        return Line(
            name=procedure.name,
            line=procedure.line,
            initial=initial[0].name,
            ends=frozenset(state.name for state in states if state.end),
            opened=opened,
            begins_at=self._state(procedure.begins_at) if procedure.begins_at else None,
            again=procedure.again,
            states_zh={state.name: state.zh for state in states},
            seals=frozenset(state.name for state in states if state.seals),
            editions=self._editions(procedure),
            transition=procedure.transition,
        )

    def _editions(self, newest: type[Procedure]) -> tuple[tuple[date, str], ...]:
        older = [procedure for procedure in self.older if procedure.name == newest.name]
        if older and not all(procedure.edition for procedure in (newest, *older)):
            raise LawError(f"{newest.name} has several editions and does not name them all")
        ordered = sorted((newest, *older), key=lambda procedure: procedure.in_force, reverse=True)
        return tuple((procedure.in_force, procedure.edition) for procedure in ordered) if older else ()

    def _state(self, ref: str) -> tuple[str, str]:
        name, _, state = ref.partition(":")
        procedure = self.procedures.get(name)
        if procedure is None or (state and state not in {each.name for each in procedure.states()}):
            raise LawError(f"no state is called {ref}")
        return name, state or procedure.initial().name

    def _rule(self, step: Step, procedure: type[Procedure]) -> Rule:
        for state in (*step.at, step.to):
            if state not in {ANEW, STAY} and not issubclass(procedure, state.procedure):
                raise LawError(f"{step.type} uses a state of {state.procedure.name}")
        if len(step.ids) not in {1, len(step.at)}:
            raise LawError(f"{step.type} has {len(step.at)} states and {len(step.ids)} ids")
        for name in step.carries:
            if name not in self.steps:
                raise LawError(f"{step.type} carries {name}, which no procedure has")
        try:
            papers, tells = self.catalogue.read(step.needs), self.vocabulary.read(step.tells)
        except ValueError as error:
            raise LawError(f"{step.type}: {error}") from error
        return Rule(
            type=step.type,
            zh=step.zh,
            procedure=step.procedure.name,
            procedure_zh=step.procedure.zh,
            line=step.procedure.line,
            kept_by=step.procedure.kept_by,
            organ=step.office.organ,
            office=step.office.key,
            office_zh=step.office.zh,
            at={state.name: step.id_from(state) for state in step.at},
            to=step.to.name,
            decides=step.to.decides,
            papers=papers,
            tells=tells,
            opens=tuple(self._state(target) for target in step.opens),
            carries=step.carries,
            ends=tuple(self._state(target) for target in step.ends),
            hands_to=step.hands_to,
            handover=step.handover,
            at_most=step.at_most,
            law_ref="、".join(procedure.cited(citation).zh for citation in step.cite),
            refs=tuple(procedure.cited(citation).ref for citation in step.cite),
            edition=procedure.edition,
        )


def _once(named: Iterable[tuple[str, Named]]) -> dict[str, Named]:
    found: dict[str, Named] = {}
    for name, each in named:
        if found.setdefault(name, each) is not each:
            raise LawError(f"{name} stands twice")
    return found
