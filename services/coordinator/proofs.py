"""The clocks of cases as proofs, to be computed again by whoever doubts them."""

import json
from typing import Any

from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.coordinator.closed import closed
from services.coordinator.domain.proof import proof, titles
from services.coordinator.tables import basis, conclusion, ledger
from services.kernel.period import local_date
from services.kernel.service import Service
from services.kernel.who import Actor


class ClockProof(BaseModel):
    """A clock with all that its end was computed from, and what came out.

    In: `terms` (see `ClockList`), `start`, `held`, `extensions` and `excluded` with the acts behind them, or `sentence`,
    or `legs`: periods one after the other. Out: `base_end`, `last_day`, `deadline`, `provisional`, `rules`, and `due`
    for people. `status`: open, met, late, overdue, lapsed, superseded, unknown; `title` of a title to hold a person.
    `deed` is the act that ended it, `now` and `read_until` say what was known when it was concluded. Moments are days
    or instants.
    """

    case_id: str
    limit: str
    zh: str
    kind: str
    subject: str
    terms: str
    calendar: str
    trigger: str
    since: str
    start: str
    held: bool
    extensions: list[dict[str, Any]]
    excluded: list[dict[str, Any]]
    sentence: dict[str, Any] | None
    legs: list[dict[str, Any]]
    base_end: str
    last_day: str
    deadline: str
    due: str
    provisional: bool
    rules: list[str]
    status: str
    deed: str
    deed_type: str
    at: str
    now: str
    read_until: str
    at_once_seconds: int
    digests: dict[str, str]


class ClockList(BaseModel):
    """Clocks of whole cases; `next_page_token` is where to go on.

    `terms` and `calendars` are those that these clocks name: what the law says of each limit, and which days are worked.
    """

    items: list[ClockProof]
    terms: dict[str, dict[str, Any]]
    calendars: dict[str, dict[str, Any]]
    next_page_token: str


async def clocks(
    service: Service, actor: Actor, *, case_id: str | None, status: str | None, after: str, page_size: int
) -> ClockList:
    """The clocks for this actor's eyes, so many cases at a time."""
    query = (
        select(conclusion)
        .where(conclusion.c.case_id > after, conclusion.c.reading != {})
        .order_by(conclusion.c.case_id)
        .limit(page_size + 1)
    )
    if actor.role not in service.policy.sees_all:
        query = query.where(conclusion.c.organs.contains([actor.organ_id]))
    if case_id is not None:
        query = query.where(conclusion.c.case_id == case_id)
    custody = select(ledger.c.case_id, ledger.c.body).where(ledger.c.service == "custody_transfer")
    async with service.engine.connect() as connection:
        found = (await connection.execute(query)).all()
        cases = found[:page_size]
        rows: dict[str, list[Any]] = {case.case_id: [] for case in cases}
        for row in await connection.execute(custody.where(ledger.c.case_id.in_(list(rows)))):
            rows[row.case_id].append(json.loads(row.body))
        named = {clock["terms"] for case in cases for clock in (*case.duties, *case.rights)}
        terms = await _bases(connection, named)
        items = []
        for case in cases:
            items += [proof(clock, case.reading, terms[clock["terms"]]) for clock in (*case.duties, *case.rights)]
            for title, more in titles(case.case_id, rows[case.case_id], service.domain.code, case.reading):
                items.append(title)
                terms.update(more)
        hidden = await closed(connection, service.policy, actor, local_date(service.clock.now()), list(rows))
        items = [item for item in items if status in {None, item["status"]} and item["subject"] not in hidden]
        calendars = await _bases(connection, {item["calendar"] for item in items})
    used = {name for item in items for name in (item["terms"], *(leg["terms"] for leg in item["legs"]))}
    return ClockList(
        items=[ClockProof(**item) for item in items],
        terms={name: terms[name] for name in sorted(used) if name},
        calendars=calendars,
        next_page_token=cases[-1].case_id if len(found) > page_size else "",
    )


async def _bases(connection: AsyncConnection, names: set[str]) -> dict[str, Any]:
    rows = await connection.execute(select(basis).where(basis.c.id.in_(sorted(names))))
    return {row.id: row.body for row in rows}
