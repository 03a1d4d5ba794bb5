"""Supervision matters as chains: what one organ demanded of another, act by act, and whose turn it is until when. Pure.

States no rule of its own. A chain is one run of a line of the law, from the act that begins it to its end; its links are
the acts that moved the line, its clocks are the duties that these acts began. Which procedures are chains, and which of
their limits are demands on whoever is supervised, is the table below.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from itertools import chain as joined
from typing import Any

from services.coordinator.domain.finding import Duty
from services.coordinator.domain.ledger import Ledger, Row
from services.kernel.code import Code
from services.kernel.procedure import Limit, Procedure
from services.kernel.who import Organ
from services.law.custody_necessity import CustodyNecessity
from services.law.supervise_non_filing import SuperviseNonFiling
from services.law.supervise_unlawful_filing import SuperviseUnlawfulFiling
from services.law.supervision_act import SupervisionAct


@dataclass(frozen=True, slots=True)
class Kind:
    """A procedure that is a chain, the limits that are `demands`, and the metric that counts them.

    `only_from` are the steps with which a chain begins where the same line serves something else besides.
    """

    procedure: type[Procedure]
    demands: tuple[Limit, ...]
    metric: str = ""
    only_from: tuple[str, ...] = ()


#: By procedure. The metric is that of the requirements: demands answered in time, of those received.
KINDS: Mapping[str, Kind] = {
    kind.procedure.name: kind
    for kind in (
        Kind(
            SuperviseNonFiling,
            (
                SuperviseNonFiling.non_filing_reason_statement,
                SuperviseNonFiling.overdue_filing_reason_statement,
                SuperviseNonFiling.file_on_supervision_notice,
            ),
            metric="MET-16",
        ),
        Kind(
            SuperviseUnlawfulFiling,
            (
                SuperviseUnlawfulFiling.filing_reason_statement,
                SuperviseUnlawfulFiling.withdraw_on_supervision_notice,
            ),
            metric="MET-16",
        ),
        Kind(
            CustodyNecessity,
            (CustodyNecessity.necessity_review_reply,),
            only_from=(CustodyNecessity.review.type,),
        ),
        Kind(SupervisionAct, (SupervisionAct.supervision_reply, SupervisionAct.suggestion_reply)),
    )
}
#: The limits of all these procedures; one may begin with an act of another of them.
_LIMITS = {limit.name for kind in KINDS.values() for limit in kind.procedure.limits()}
_STEPS = {step.type for kind in KINDS.values() for step in kind.procedure.steps()}
#: How a demand was answered, by the status of the duty.
ANSWERS: Mapping[str, str] = {
    "met": "in_time",
    "late": "late",
    "overdue": "overdue",
    "open": "open",
    "unknown": "unknown",
    "superseded": "superseded",
}
#: Whose turn it is, by the status of the clock that runs; the last of them that began counts.
_TURNS: Mapping[str, str] = {"open": "waiting", "overdue": "overdue", "unknown": "unknown"}
STATES = ("begun", "waiting", "unknown", "overdue", "replied", "closed")


@dataclass(frozen=True, slots=True)
class Link:
    """One act of a chain: what, by which organ in which office, when, with which papers (their kinds), to which state."""

    transition_id: str
    step: str
    zh: str
    organ: str
    office: str
    at: str
    papers: tuple[str, ...]
    to: str
    law_ref: str


@dataclass(frozen=True, slots=True)
class Running:
    """The clock that runs: under which limit, until when, whose turn it is (kind and id), and what follows if nothing does."""

    limit: str
    zh: str
    kind: str
    status: str
    since: str
    due: str
    holder: str
    holder_id: str
    law_ref: str
    otherwise: str


@dataclass(frozen=True, slots=True)
class Demand:
    """What was demanded of the organ that is supervised, and how it was answered: see `ANSWERS`."""

    limit: str
    zh: str
    answer: str
    since: str
    due: str
    at: str
    trigger: str
    deed: str


@dataclass(frozen=True, slots=True)
class Next:
    """A step that the law allows from where the chain stands."""

    step: str
    zh: str
    organ: str
    office: str
    law_ref: str


@dataclass(frozen=True, slots=True)
class Chain:
    """One supervision matter. `state`: begun, waiting, unknown, overdue, replied or closed (then `result` says how).

    `subject` is the case, the person or the matter; `supervised` the organ that is to answer, empty where none is known.
    """

    id: str
    case_id: str
    kind: str
    zh: str
    metric: str
    subject: str
    label: str
    supervised: str
    opened_by: str
    opened_with: str
    opened_at: str
    state: str
    stands: str
    stands_zh: str
    result: str
    clock: Running | None
    demands: tuple[Demand, ...]
    links: tuple[Link, ...]
    next: tuple[Next, ...]

    def as_dict(self) -> dict[str, Any]:
        """Field by field."""
        return asdict(self)


@dataclass(slots=True)
class _Run:
    """A line from its beginning on, as far as it came."""

    kind: Kind
    subject: str
    stands: str
    acts: list[tuple[Row, Mapping[str, Any]]] = field(default_factory=list)


def chains(ledger: Ledger, duties: Sequence[Duty], rights: Sequence[Duty]) -> Iterator[Chain]:
    """Every chain of a case, in the order in which they began."""
    if ledger.by_type.keys().isdisjoint(_STEPS):
        return
    clocks = [clock for clock in joined(duties, rights) if clock.limit in _LIMITS]
    for run in _runs(ledger):
        yield _chain(ledger, run, clocks)


def _runs(ledger: Ledger) -> Iterator[_Run]:
    """The lines that are chains; one that begins anew after its end is another."""
    last: dict[tuple[str, str], _Run] = {}
    found: list[_Run] = []
    moves = [(row, move) for row in ledger.rows for move in row["moves"] if move["procedure"] in KINDS]
    for row, move in moves:
        subject, kind = move["subject"], KINDS[move["procedure"]]
        if subject == row["case_id"] != ledger.case_id:
            continue  # of the whole of another case
        run = last.get((move["procedure"], subject))
        if run is None or run.stands != move.get("from"):
            run = last[move["procedure"], subject] = _Run(kind, subject, "")
            found.append(run)
        run.acts.append((row, move))
        run.stands = move["to"]
    return (run for run in found if not run.kind.only_from or _type(run.acts[0][1]) in run.kind.only_from)


def _type(move: Mapping[str, Any]) -> str:
    """The step of a move; empty where the line was ended by a step of another."""
    return f"{move['procedure']}:{move['step']}" if "step" in move else ""


def _chain(ledger: Ledger, run: _Run, clocks: Sequence[Duty]) -> Chain:
    procedure, first = run.kind.procedure, run.acts[0][0]
    line, ids = ledger.code.lines[procedure.name], {row["id"] for row, _ in run.acts}
    mine = sorted(
        (clock for clock in clocks if clock.trigger in ids and clock.subject == run.subject),
        key=lambda clock: [row["id"] for row, _ in run.acts].index(clock.trigger),
    )
    names = {limit.name for limit in run.kind.demands}
    demands = [clock for clock in mine if clock.limit in names]
    ended = run.stands in line.ends
    turns = [clock for clock in mine if clock.status in _TURNS and not ended]
    # What is owed before what may be done; of each the last that began.
    clock = max(turns, key=lambda clock: (clock.kind != "right", turns.index(clock)), default=None)
    owed = clock is not None and clock.kind != "right"
    matter = ledger.matters.get(run.subject, {})
    return Chain(
        id=_id(ledger.case_id, procedure.name, run.subject, first["id"]),
        case_id=ledger.case_id,
        kind=procedure.name,
        zh=procedure.zh,
        metric=run.kind.metric,
        subject=run.subject,
        label=str(matter.get("label") or ledger.labels.get(run.subject, "本案")),
        supervised=str(matter.get("receiver", "")) or _supervised(ledger, demands),
        opened_by=first["organ"],
        opened_with=_type(run.acts[0][1]),
        opened_at=first["occurred_at"],
        state="closed" if ended else _TURNS[clock.status] if clock and owed else _at_rest(demands),
        stands=run.stands,
        stands_zh=line.states_zh[run.stands],
        result=line.states_zh[run.stands] if ended else "",
        clock=_running(ledger.code, clock) if clock is not None else None,
        demands=tuple(_demand(each) for each in demands),
        links=tuple(_link(ledger.code, row, move) for row, move in run.acts),
        next=_next(ledger.code, procedure.name, run.stands),
    )


def _at_rest(demands: Sequence[Duty]) -> str:
    return "replied" if any(demand.status in {"met", "late"} for demand in demands) else "begun"


def _supervised(ledger: Ledger, demands: Sequence[Duty]) -> str:
    """Whom the demands are on; the police, as long as none was made."""
    return next((each.holder for each in demands if each.holder), ledger.organ_ids.get(Organ.POLICE, ""))


def _running(code: Code, clock: Duty) -> Running:
    return Running(
        limit=clock.limit,
        zh=clock.zh,
        kind=clock.kind,
        status=clock.status,
        since=clock.since,
        due=clock.due,
        holder=clock.owner,
        holder_id=clock.holder,
        law_ref=clock.law_ref,
        otherwise=code.limits[clock.limit].on_expiry,
    )


def _demand(duty: Duty) -> Demand:
    answer = ANSWERS[duty.status]
    return Demand(duty.limit, duty.zh, answer, duty.since, duty.due, duty.at, duty.trigger, duty.deed)


def _link(code: Code, row: Row, move: Mapping[str, Any]) -> Link:
    step = _type(move)
    rule = code.rules.get(step)
    return Link(
        transition_id=row["id"],
        step=step or row["type"],
        zh=rule.zh if rule is not None else row["zh"],
        organ=row["organ"],
        office=row.get("office", ""),
        at=row["occurred_at"],
        papers=tuple(paper["kind"] for paper in row.get("documents", ())),
        to=code.lines[move["procedure"]].states_zh[move["to"]],
        law_ref=rule.law_ref if rule is not None else row["law_ref"],
    )


@cache
def _next(code: Code, procedure: str, state: str) -> tuple[Next, ...]:
    rules = (rule for rule in code.rules.values() if rule.procedure == procedure and state in rule.at)
    return tuple(Next(rule.type, rule.zh, rule.organ.value, rule.office_zh, rule.law_ref) for rule in rules)


def _id(case_id: str, procedure: str, subject: str, first: str) -> str:
    """The same chain has the same id however often it is concluded."""
    return f"chn_{hashlib.sha256(f'{case_id}|{procedure}|{subject}|{first}'.encode()).hexdigest()[:24]}"
