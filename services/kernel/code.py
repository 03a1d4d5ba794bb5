"""The law, compiled once: every name resolved, every step ready to decide on.

Raises at import what a lawyer would otherwise find in court: a step out of a state that is not there, a paper that no
catalogue has, a step that carries a step that does not exist. Knows no particular procedure.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from services.kernel.papers import Catalogue, Papers
from services.kernel.procedure import ANEW, STAY, Ban, Limit, Procedure, Step, StepRef, step_refs
from services.kernel.who import Organ


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
    opens: tuple[tuple[str, str], ...]
    carries: tuple[str, ...]
    ends: tuple[tuple[str, str], ...]
    hands_to: Organ | None
    handover: str
    at_most: int | None
    law_ref: str
    refs: tuple[str, ...]


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


class Code:
    """The whole law: procedures, rules by `procedure:step`, limits and bans by name, documents by id."""

    def __init__(self, catalogue: Catalogue, procedures: tuple[type[Procedure], ...]) -> None:
        self.catalogue = catalogue
        self.procedures: dict[str, type[Procedure]] = {procedure.name: procedure for procedure in procedures}
        if len(self.procedures) != len(procedures):
            raise LawError("two procedures of one name")
        steps = {step.type: step for procedure in procedures for step in procedure.steps()}
        self.steps: dict[str, Step] = steps
        opened = {target.partition(":")[0] for step in steps.values() for target in step.opens}
        self.lines = {procedure.name: self._line(procedure, procedure.name in opened) for procedure in procedures}
        self.rules = {step.type: self._rule(step) for step in steps.values()}
        self.limits: dict[str, Limit] = {}
        for limit in (limit for procedure in procedures for limit in procedure.limits()):
            if limit.name in self.limits:
                raise LawError(f"the limit {limit.name} stands twice")
            self.limits[limit.name] = limit
        self.bans: dict[str, Ban] = {ban.name: ban for procedure in procedures for ban in procedure.bans()}
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
            if isinstance(limit.after, str | Step | tuple):
                self.types(limit.after)
        for ban in self.bans.values():
            self.types(ban.steps)
            self.types(ban.unless)

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
        return Code(self.catalogue, (*self.procedures.values(), *procedures))

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
        )

    def _state(self, ref: str) -> tuple[str, str]:
        name, _, state = ref.partition(":")
        procedure = self.procedures.get(name)
        if procedure is None or (state and state not in {each.name for each in procedure.states()}):
            raise LawError(f"no state is called {ref}")
        return name, state or procedure.initial().name

    def _rule(self, step: Step) -> Rule:
        for state in (*step.at, step.to):
            if state not in {ANEW, STAY} and state.procedure is not step.procedure:
                raise LawError(f"{step.type} uses a state of {state.procedure.name}")
        if len(step.ids) not in {1, len(step.at)}:
            raise LawError(f"{step.type} has {len(step.at)} states and {len(step.ids)} ids")
        for name in step.carries:
            if name not in self.steps:
                raise LawError(f"{step.type} carries {name}, which no procedure has")
        try:
            papers = self.catalogue.read(step.needs)
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
            opens=tuple(self._state(target) for target in step.opens),
            carries=step.carries,
            ends=tuple(self._state(target) for target in step.ends),
            hands_to=step.hands_to,
            handover=step.handover,
            at_most=step.at_most,
            law_ref="、".join(citation.zh for citation in step.cite),
            refs=tuple(citation.ref for citation in step.cite),
        )
