"""`singletrack bench law`: how fast the law decides and computes, beside two well-kept libraries for state machines.

The work is the same for all three: every step of the law out of every state in which it may begin, with the office that
may take it and the papers that it needs. The libraries do their part: state, step, and one guard each for office and
papers. What only the law does (lines that one act carries, opens and ends, counters, editions) they are spared.
"""

import itertools
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table
from statemachine import State as LibraryState
from statemachine import StateMachine
from transitions import Machine

from services.kernel.code import Rule
from services.kernel.period import due
from services.kernel.policy import Policy
from services.kernel.procedure import ANEW
from services.kernel.record import Head, moves_of, stranger
from services.kernel.who import HANDLING, PREFIXES, Actor, Organ
from services.law import CODE
from services.law.holidays import CALENDAR

#: What the issue of the law asks for, in seconds.
WANTED = {"import": 0.3, "decision": 20e-6, "due date": 50e-6}
PERSON, CASE, DAY = "per_1", "case_1", date(2026, 11, 22)
_ORGAN_IDS = {organ: f"{prefix}-330106" for prefix, organ in PREFIXES.items()}
#: One round is so many passes over the work.
_PASSES = 5


@dataclass(frozen=True, slots=True)
class Scene:
    """One step out of one state, by somebody who may take it, with its papers."""

    rule: Rule
    state: str
    head: Head
    actor: Actor
    policy: Policy
    kinds: frozenset[str]


def scenes() -> list[Scene]:
    """Every step of the law out of every state at which it may begin."""
    return list(_scenes())


def _scenes() -> Iterator[Scene]:
    offices = {rule.office for rule in CODE.rules.values()}
    policy = Policy("bench", {office: frozenset({office}) for office in offices}, frozenset(offices), frozenset())
    for rule in CODE.rules.values():
        organ = rule.organ if rule.organ in _ORGAN_IDS else Organ.POLICE
        subject = CASE if rule.line == "case" else PERSON
        kinds = frozenset(group[0] for group in rule.papers.groups)
        actor = Actor(_ORGAN_IDS[organ], organ, rule.office, "ofc-1", "bench")
        for state in rule.at:
            if state == ANEW.name:
                continue
            lines: dict[str, Any] = {subject: {rule.procedure: [state, actor.organ_id]}}
            record = {
                "lines": lines,
                "subjects": {PERSON: {"kind": rule.line}},
                "in_charge": {subject: organ.value if organ in HANDLING else "police"},
                "holder": {subject: actor.organ_id},
                "receiver": {subject: actor.organ_id},
            }
            yield Scene(rule, state, Head(CASE, 1, record), actor, policy, kinds)


def decisions(work: Sequence[Scene]) -> Callable[[], int]:
    """The law: office, state, counters, every line that moves, and papers. Returns how many were allowed."""

    def run() -> int:
        allowed = 0
        for scene in work:
            rule, head = scene.rule, scene.head
            subject = CASE if rule.line == "case" else PERSON
            if stranger(head.state, rule, subject, scene.actor, scene.policy) is None:
                moves = list(moves_of(head, CODE, rule, subject, DAY))
                allowed += bool(moves) and not rule.papers.missing(scene.kinds)
        return allowed

    return run


class _Model:
    """What the libraries move: a state, and the two guards."""

    state = ""

    def __init__(self) -> None:
        self.rule: Rule | None = None
        self.actor: Actor | None = None
        self.kinds: frozenset[str] = frozenset()

    def is_office(self, *_: Any, **__: Any) -> bool:
        """The office of the rule is the actor's."""
        return self.rule is not None and self.actor is not None and self.rule.office == self.actor.role

    def has_papers(self, *_: Any, **__: Any) -> bool:
        """No paper is missing."""
        return self.rule is not None and not self.rule.papers.missing(self.kinds)


def with_transitions(work: Sequence[Scene]) -> Callable[[], int]:
    """The same with `transitions`: a machine for each procedure."""
    models: dict[str, _Model] = {}
    for name, procedure in CODE.procedures.items():
        models[name] = model = _Model()
        mine = [rule for rule in CODE.rules.values() if rule.procedure == name]
        Machine(
            model,
            states=[state.name for state in procedure.states()],
            initial=procedure.initial().name,
            auto_transitions=False,
            transitions=[
                {
                    "trigger": rule.type,
                    "source": state,
                    "dest": state if rule.to == "stay" else rule.to,
                    "conditions": ["is_office", "has_papers"],
                }
                for rule in mine
                for state in rule.at
                if state != ANEW.name
            ],
        )

    def run() -> int:
        allowed = 0
        for scene in work:
            model: Any = models[scene.rule.procedure]
            model.state, model.rule, model.actor, model.kinds = scene.state, scene.rule, scene.actor, scene.kinds
            allowed += model.trigger(scene.rule.type)
        return allowed

    return run


def with_python_statemachine(work: Sequence[Scene]) -> Callable[[], int]:
    """The same with `python-statemachine`: a machine for each procedure."""
    machines = {name: _python_statemachine(name) for name in {scene.rule.procedure for scene in work}}

    def run() -> int:
        allowed = 0
        for scene in work:
            machine = machines[scene.rule.procedure]
            model: Any = machine.model
            model.rule, model.actor, model.kinds = scene.rule, scene.actor, scene.kinds
            machine.current_state_value = scene.state
            machine.send(_event(scene.rule))
            allowed += 1
        return allowed

    return run


def _python_statemachine(name: str) -> StateMachine:
    procedure = CODE.procedures[name]
    states = {each.name: LibraryState(each.zh, value=each.name, initial=each.initial) for each in procedure.states()}
    initial = states[procedure.initial().name]
    members: dict[str, Any] = {f"s_{key}": state for key, state in states.items()}
    # The library wants a way into every state and out of it, and stops for good at a final one; ours are reached from
    # other procedures, too, and an act may begin a procedure anew.
    for number, state in enumerate(states.values()):
        members[f"into_{number}"], members[f"out_of_{number}"] = initial.to(state), state.to(initial)
    for rule in (rule for rule in CODE.rules.values() if rule.procedure == name):
        for origin in rule.at:
            if origin != ANEW.name:
                target = states[origin if rule.to == "stay" else rule.to]
                edge = states[origin].to(target, cond=["is_office", "has_papers"])
                event = _event(rule)
                members[event] = members[event] | edge if event in members else edge
    made: StateMachine = type(name.title().replace("_", ""), (StateMachine,), members)(_Model())
    return made


def _event(rule: Rule) -> str:
    return f"act_{rule.type.partition(':')[2]}"


def due_dates(number: int = 1000) -> Callable[[], int]:
    """Ends of limits from random days, with extensions and excluded time."""
    chance = random.Random(20261122)  # noqa: S311 - dates for measuring
    limits = [limit for limit in CODE.limits.values() if limit.period is not None]
    asked = []
    for limit in itertools.islice(itertools.cycle(limits), number):
        start = date.fromordinal(chance.randint(date(2024, 1, 1).toordinal(), date(2026, 9, 1).toordinal()))
        granted = limit.extensions[: chance.randint(0, len(limit.extensions))]
        asked.append((limit, start, granted))

    def run() -> int:
        for limit, start, granted in asked:
            assert limit.period is not None
            due(
                limit.period,
                start,
                extensions=granted,
                roll=limit.roll,
                month_end=limit.month_end,
                held=limit.custody != "none",
                calendar=CALENDAR,
                backward=limit.before,
                working_days=limit.working_days,
                strict_custody_days=limit.custody == "always",
            )
        return len(asked)

    return run


def importing() -> float:
    """Seconds to import and compile the law in a new interpreter, beyond the interpreter itself."""
    code = "import time; t = time.perf_counter(); import services.law; print(time.perf_counter() - t)"
    # As installed: what was compiled once is kept.
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, env=kept).stdout
    return float(said)


def measure(rounds: int) -> dict[str, Any]:
    """Medians in seconds over rounds in turns; the libraries' beside ours as ratios."""
    work = scenes()
    parts = {
        "decision": decisions(work),
        "transitions": with_transitions(work),
        "python-statemachine": with_python_statemachine(work),
        "due date": due_dates(),
    }
    numbers = {name: run() for name, run in parts.items()}
    for name in ("decision", "transitions", "python-statemachine"):
        assert numbers[name] == len(work), f"{name} allowed {numbers[name]} of {len(work)} steps"
    taken: dict[str, list[float]] = {name: [] for name in ("import", *parts)}
    for _ in range(rounds):
        taken["import"].append(importing())
        for name, run in parts.items():
            begun = time.perf_counter()
            for _ in range(_PASSES):
                run()
            taken[name].append((time.perf_counter() - begun) / (_PASSES * numbers[name]))
    medians = {name: median(each) for name, each in taken.items()}
    return {
        "rounds": rounds,
        "scenes": len(work),
        "limits": len(CODE.limits),
        "seconds": {
            name: {"median": medians[name], "min": min(each), "max": max(each)} for name, each in taken.items()
        },
        "targets": [
            {"target": name, "wanted": bound, "measured": medians[name], "met": medians[name] < bound}
            for name, bound in WANTED.items()
        ],
        "ratios": {
            name: round(medians[name] / medians["decision"], 2) for name in ("transitions", "python-statemachine")
        },
    }


def show(found: Mapping[str, Any]) -> None:
    """The figures for people, on standard output."""
    table = Table(title=f"{found['scenes']} steps out of their states, {found['limits']} limits")
    for name in ("", "median", "min", "max", "wanted", ""):
        table.add_column(name, justify="right" if name else "left")
    for name, each in found["seconds"].items():
        scale, unit = (1, "s") if name == "import" else (1e6, "µs")
        bound = WANTED.get(name)
        met = "" if bound is None else "met" if each["median"] < bound else "not met"
        wanted = f"< {bound * scale:g} {unit}" if bound else f"× {found['ratios'][name]:g} of ours"
        table.add_row(name, *(f"{each[key] * scale:.3g} {unit}" for key in ("median", "min", "max")), wanted, met)
    console = Console()
    console.print(table)
    console.print(
        "A decision here is office, state, counter, the lines that move, and papers; the libraries do the same"
    )
    console.print("without the lines that one act carries, opens and ends. Only ratios of one run are to be compared.")
