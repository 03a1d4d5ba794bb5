"""The supervision matters of cases, and how the demands in them were answered."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.dialects.postgresql import JSONB

from services.coordinator.domain.chains import ANSWERS, KINDS, Demand, Link, Next, Running
from services.coordinator.mismatches import shared
from services.coordinator.tables import chain
from services.kernel.service import Service
from services.kernel.who import Actor


class ChainView(BaseModel):
    """One supervision matter: what was demanded of whom, act by act, and whose turn it is until when.

    `state`: begun, waiting (for whoever `clock` names), unknown, overdue, replied or closed with a `result`. `demands`
    say how each was answered: in_time, late, overdue, open, unknown, or superseded by another act. `next` are the steps
    that the law allows from here.
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
    demands: list[Demand]
    links: list[Link]
    next: list[Next]


class ChainCount(BaseModel):
    """How many demands were `received`, and how each was answered: in_time, late, overdue, open and unknown add up to it.

    `superseded` ones, which another act took the place of, are not among the received.
    """

    kind: str
    zh: str
    metric: str
    chains: int
    received: int
    in_time: int
    late: int
    overdue: int
    open: int
    unknown: int
    superseded: int


class Figure(BaseModel):
    """A metric: demands answered in time (`n`), of those received (`d`). `percent` has two digits, null of nothing."""

    metric: str
    n: int
    d: int
    percent: float | None


class ChainList(BaseModel):
    """Matters, by id; `next_page_token` is where to go on. `counts` and `figures` are of all of them."""

    items: list[ChainView]
    counts: list[ChainCount]
    figures: list[Figure]
    next_page_token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which matters are asked for; None: any."""

    case_id: str | None = None
    kind: str | None = None
    metric: str | None = None
    state: str | None = None
    answer: str | None = None

    def conditions(self) -> Iterable[ColumnElement[bool]]:
        """What holds of each of them."""
        columns = {chain.c.case_id: self.case_id, chain.c.kind: self.kind, chain.c.state: self.state}
        yield from (column == value for column, value in columns.items() if value is not None)
        if self.metric is not None:
            yield chain.c.kind.in_([name for name, kind in KINDS.items() if kind.metric == self.metric])
        if self.answer is not None:
            yield chain.c.body.contains({"demands": [{"answer": self.answer}]})


async def chains(service: Service, actor: Actor, asked: Asked, *, after: str, page_size: int) -> ChainList:
    """The matters for this actor's eyes, a page at a time, and the counts of all of them."""

    def seen(query: Select[Any]) -> Select[Any]:
        query = query.where(*asked.conditions())
        return shared(service, actor, query, chain.c.case_id, chain.c.body["subject"].astext)

    page = seen(select(chain.c.id, chain.c.body)).where(chain.c.id > after).order_by(chain.c.id).limit(page_size + 1)
    demand = func.jsonb_array_elements(chain.c.body["demands"], type_=JSONB)
    each = seen(select(chain.c.kind, demand["answer"].astext.label("answer"))).subquery()
    answers = select(each.c.kind, each.c.answer, func.count().label("number")).group_by(each.c.kind, each.c.answer)
    if asked.answer is not None:
        answers = answers.where(each.c.answer == asked.answer)
    async with service.engine.connect() as connection:
        found = (await connection.execute(page)).all()
        told = (await connection.execute(answers)).all()
        matters = (
            await connection.execute(
                seen(select(chain.c.kind, func.count().label("number"))).group_by(chain.c.kind).order_by(chain.c.kind)
            )
        ).all()
    counts = [_count(row.kind, row.number, [one for one in told if one.kind == row.kind]) for row in matters]
    return ChainList(
        items=[ChainView(**row.body) for row in found[:page_size]],
        counts=counts,
        figures=[_figure(metric, counts) for metric in sorted({kind.metric for kind in KINDS.values()} - {""})],
        next_page_token=found[page_size - 1].id if len(found) > page_size else "",
    )


def _count(kind: str, matters: int, told: Sequence[Any]) -> ChainCount:
    numbers = dict.fromkeys(ANSWERS.values(), 0) | {row.answer: row.number for row in told}
    received = sum(numbers.values()) - numbers["superseded"]
    return ChainCount(
        kind=kind,
        zh=KINDS[kind].procedure.zh,
        metric=KINDS[kind].metric,
        chains=matters,
        received=received,
        **numbers,
    )


def _figure(metric: str, counts: Sequence[ChainCount]) -> Figure:
    mine = [count for count in counts if count.metric == metric]
    answered, received = sum(count.in_time for count in mine), sum(count.received for count in mine)
    # Half up, in whole numbers.
    percent = (answered * 20_000 + received) // (2 * received) / 100 if received else None
    return Figure(metric=metric, n=answered, d=received, percent=percent)
