"""Differences that were accepted as known, and what may be read of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import BaseModel
from sqlalchemy import Select, and_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.coordinator.closed import is_open
from services.coordinator.domain.mismatch import is_accepted
from services.coordinator.tables import conclusion, finding, mismatch
from services.kernel.errors import NotFound
from services.kernel.period import local_date
from services.kernel.service import Service
from services.kernel.who import Actor


class Accepted(BaseModel):
    """Under which entry of the register a finding counts as a known difference, until the end of which day."""

    mismatch_id: str
    owner: str
    reason: str
    article: str
    expires_on: str
    accepted_by: dict[str, str]


class Mismatch(BaseModel):
    """An entry of the register: the finding as it was accepted, by whom, on which ground, until when.

    `stands` says whether it holds now: its day has not passed, the finding is still open and is still what was accepted.
    """

    id: str
    finding_id: str
    kind: str
    case_id: str
    owner: str
    reason: str
    article: str
    article_zh: str
    expires_on: str
    facts: str
    finding: dict[str, Any]
    accepted_at: str
    accepted_by: dict[str, str]
    policy: str
    stands: bool


class MismatchList(BaseModel):
    """Entries of the register, oldest first; `next_page_token` is where to go on."""

    items: list[Mismatch]
    next_page_token: str


@dataclass(frozen=True, slots=True)
class Found:
    """A finding as it stands."""

    kind: str
    case_id: str
    body: dict[str, Any]
    closed_at: datetime | None


async def finding_for(service: Service, actor: Actor, finding_id: str) -> Found:
    """A finding for this actor's eyes. Raises: NotFound."""
    query = select(finding).where(finding.c.id == finding_id)
    async with service.engine.connect() as connection:
        row = (await connection.execute(shared(service, actor, query, finding.c.case_id, finding.c.subject))).first()
    if row is None:
        raise NotFound("没有此项，或者不在本机关可见范围内。", "no such finding, or not for this organ's eyes")
    return Found(row.kind, row.case_id, row.body, row.closed_at)


async def check_shared(service: Service, actor: Actor, case_id: str) -> None:
    """That a case is for this actor's eyes. Raises: NotFound."""
    query = select(conclusion.c.case_id).where(conclusion.c.case_id == case_id)
    query = query.where(conclusion.c.organs.contains([actor.organ_id]))
    async with service.engine.connect() as connection:
        if (await connection.execute(query)).first() is None:
            raise NotFound("没有此案，或者不在本机关可见范围内。", "no such case, or not for this organ's eyes")


async def accepted(connection: AsyncConnection, bodies: Sequence[Any], now: datetime) -> dict[str, Accepted]:
    """Which of these findings count as known now, by id. Takes their bodies."""
    by_id = {body["id"]: body for body in bodies}
    rows = await connection.execute(
        select(mismatch).where(mismatch.c.finding_id.in_(list(by_id))).order_by(mismatch.c.id)
    )
    return {
        row.finding_id: Accepted(mismatch_id=row.id, **{name: row.body[name] for name in _SHOWN})
        for row in rows
        if is_accepted(by_id[row.finding_id], row.facts, row.expires_on, now)
    }


_SHOWN = ("owner", "reason", "article", "expires_on", "accepted_by")


async def mismatches(
    service: Service, actor: Actor, *, finding_id: str | None, after: str, page_size: int
) -> MismatchList:
    """The register for this actor's eyes, a page at a time."""
    query = select(mismatch.c.id, mismatch.c.body).where(mismatch.c.id > after).order_by(mismatch.c.id)
    if finding_id is not None:
        query = query.where(mismatch.c.finding_id == finding_id)
    items = await _read(service, actor, query.limit(page_size + 1))
    more = len(items) > page_size
    return MismatchList(items=items[:page_size], next_page_token=items[page_size - 1].id if more else "")


async def mismatch_for(service: Service, actor: Actor, mismatch_id: str) -> Mismatch:
    """One entry of the register. Raises: NotFound."""
    items = await _read(service, actor, select(mismatch.c.id, mismatch.c.body).where(mismatch.c.id == mismatch_id))
    if not items:
        raise NotFound("没有此项，或者不在本机关可见范围内。", "no such entry, or not for this organ's eyes")
    return items[0]


async def _read(service: Service, actor: Actor, query: Select[Any]) -> list[Mismatch]:
    of = mismatch.c.body["finding"]
    query = shared(service, actor, query, of["case_id"].astext, of["subject"].astext)
    async with service.engine.connect() as connection:
        rows = (await connection.execute(query)).all()
        ids = [row.body["finding_id"] for row in rows]
        standing: Sequence[Any] = (
            await connection.scalars(select(finding.c.body).where(finding.c.id.in_(ids), finding.c.closed_at.is_(None)))
        ).all()
        holding = {each.mismatch_id for each in (await accepted(connection, standing, service.clock.now())).values()}
    return [Mismatch(**row.body, stands=row.id in holding) for row in rows]


def shared(service: Service, actor: Actor, query: Select[Any], case_id: Any, subject: Any) -> Select[Any]:
    """Only what belongs to cases that the actor's organ shares, of nobody whose record is closed to it, unless the role sees all."""
    if actor.role in service.policy.sees_all:
        return query
    mine = and_(conclusion.c.case_id == case_id, conclusion.c.organs.contains([actor.organ_id]))
    return query.join(conclusion, mine).where(is_open(actor, local_date(service.clock.now()), case_id, subject))
