"""The law without any service: a record in memory, a policy that lets each office act, and someone to act."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import pytest

from services.kernel.code import Rule
from services.kernel.policy import Policy
from services.kernel.procedure import Procedure, State, Step
from services.kernel.record import Entry, Head, TakeStep, decide
from services.kernel.who import PREFIXES, Actor, Organ
from services.law import CODE, PROCEDURES

#: One organ of each kind, in one place.
ORGAN_IDS = {organ: f"{prefix}-330106" for prefix, organ in PREFIXES.items()}
OFFICES = sorted({step.office.key for step in CODE.steps.values()})
CASE, NOW = "case_1", datetime(2026, 11, 22, 6, tzinfo=UTC)
#: Procedures whose line another step begins.
OPENED = {target.partition(":")[0] for step in CODE.steps.values() for target in step.opens}
#: One subject of every kind of line.
SUBJECTS = {kind: f"{kind}_1" for kind in ("person", "custody", "item", "package", "matter")} | {"case": CASE}
#: One value of each kind of fact.
VALUES: Mapping[str, Any] = {
    "text": "某",
    "number": 1,
    "yes": True,
    "moment": "2026-11-20T09:00:00+08:00",
    "names": ["某"],
    "table": {"某": 1},
}
#: A role for each office, of the same name; every role sees every case.
POLICY = Policy("1", {key: frozenset({key}) for key in OFFICES}, frozenset(OFFICES), frozenset())


class OneService:
    """The law as one service keeps it, with nothing added."""

    code = CODE
    opening: frozenset[str] = frozenset()

    def __init__(self, service: str) -> None:
        self.service = service

    def hindrance(self, head: Head, rule: Rule, subject: str, actor: Actor) -> None:
        """Nothing of its own."""

    def outcome(self, head: Head, command: TakeStep, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Nothing beyond the moves."""
        return {}

    def fold(self, state: dict[str, Any], body: Mapping[str, Any]) -> None:
        """Nothing of its own."""


@dataclass(frozen=True)
class Scene:
    """Where the lines of one case stand, and which organs have to do with it. A line not named has not begun."""

    lines: Mapping[str, str] = field(default_factory=dict)
    in_charge: Organ = Organ.PROCURATORATE
    decider: Organ | None = None
    holder: Organ | None = None
    receiver: Organ | None = None
    counts: Mapping[str, int] = field(default_factory=dict)

    @cached_property
    def head(self) -> Head:
        """The record that shows it."""
        by = ORGAN_IDS[self.decider] if self.decider else ""
        lines: dict[str, dict[str, list[str]]] = {}
        for procedure, state in self.lines.items():
            subject = SUBJECTS[CODE.procedures[procedure].line]
            lines.setdefault(subject, {})[procedure] = [state, by]
        everyone = SUBJECTS.values()
        state: dict[str, Any] = {
            "at": "2026-11-01T00:00:00.000000Z",
            "lines": lines,
            "subjects": {subject: {"kind": kind} for kind, subject in SUBJECTS.items() if kind != "case"},
            "in_charge": dict.fromkeys(everyone, self.in_charge.value),
            "counts": {subject: dict(self.counts) for subject in everyone},
        }
        if self.holder:
            state["holder"] = dict.fromkeys(everyone, ORGAN_IDS[self.holder])
        if self.receiver:
            state["receiver"] = dict.fromkeys(everyone, ORGAN_IDS[self.receiver])
        return Head(CASE, 1, state)


@dataclass(frozen=True)
class Bench:
    """Takes a step of the law in a scene."""

    offices: tuple[str, ...] = tuple(OFFICES)
    organs: tuple[Organ, ...] = tuple(ORGAN_IDS)

    def take(
        self, step: Step, scene: Scene, organ: Organ, office: str | None = None, papers: Iterable[str] | None = None
    ) -> Entry:
        """What the record says when this organ takes this step with all the papers it needs, or with those named."""
        groups = CODE.rules[step.type].papers.groups
        kinds = [group[0] for group in groups] if papers is None else list(papers)
        command = TakeStep(
            case_id=CASE,
            type=step.type,
            actor=Actor(ORGAN_IDS[organ], organ, office or step.office.key, "ofc-1", "test"),
            key="a-key-of-the-client",
            fingerprint="",
            subjects=() if step.procedure.line == "case" else (SUBJECTS[step.procedure.line],),
            documents=tuple({"kind": kind, "digest": "sm3:00"} for kind in kinds),
            facts={fact.key: VALUES[fact.kind] for fact in CODE.rules[step.type].tells.required},
        )
        return decide(scene.head, command, domain=OneService(step.procedure.kept_by), policy=POLICY, at=NOW)

    def where(self, entry: Entry, procedure: str) -> str:
        """Where a line stands after a row."""
        subject = SUBJECTS[CODE.procedures[procedure].line]
        state: str = entry.head.state["lines"][subject][procedure][0]
        return state

    def stands(self, procedure: type[Procedure], state: State | None, *, may_begin: bool = True) -> set[str]:
        """From where the next step may start, said once more in other words than the kernel's.

        A line that another step opens does not begin by itself; one that has ended may be opened anew by an act that
        says so, and by any first step if the procedure may be repeated.
        """
        opened = procedure.name in OPENED
        first = procedure.initial().name
        if state is None:
            return {"anew", first} if may_begin and not opened else {"anew"}
        if not state.end:
            return {state.name}
        return {state.name, "anew", first} if procedure.again and not opened else {state.name, "anew"}


@pytest.fixture(scope="session")
def bench() -> Bench:
    """Everything that a decision needs, in memory."""
    return Bench()


@pytest.fixture(scope="session")
def scene() -> type[Scene]:
    """How a case stands: `scene(lines={"arrest_review": "accepted"})`."""
    return Scene


@pytest.fixture(params=PROCEDURES, ids=lambda procedure: procedure.name, scope="session")
def procedure(request: pytest.FixtureRequest) -> type[Procedure]:
    """Each procedure of the law."""
    chosen: type[Procedure] = request.param
    return chosen
