"""What may be read of the coordinator."""

import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from sqlalchemy import and_, func, select

from services.coordinator.domain.ledger import Ledger, Row
from services.coordinator.tables import conclusion, finding, ledger, position
from services.kernel.period import local_date
from services.kernel.service import Service
from services.kernel.transition import read_moment
from services.kernel.who import Actor


class FindingView(BaseModel):
    """A finding. `status`: overdue, late, violated or unknown; `closed_at` is set once it no longer holds."""

    id: str
    case_id: str
    kind: str
    subject: str
    status: str
    severity: str
    owner: str
    zh: str
    en: str
    law_ref: str
    due: str
    at: str
    trigger: str
    deed: str
    repair: str
    found_at: str
    closed_at: str | None


class FindingList(BaseModel):
    """Findings, by id; `next_page_token` is where to go on."""

    items: list[FindingView]
    next_page_token: str


class TimelineEntry(BaseModel):
    """One act of one service, with the clocks that it started."""

    service: str
    seq: int
    transition_id: str
    type: str
    zh: str
    subjects: list[str]
    persons: list[str]
    organ: str
    occurred_at: str
    recorded_at: str
    inferred: bool
    law_ref: str
    clocks: list[dict[str, Any]]


class Timeline(BaseModel):
    """All services' steps of one case in one line, with the clocks and what was found. `persons` are labels by id."""

    case_id: str
    persons: dict[str, str]
    items: list[TimelineEntry]
    findings: list[FindingView]
    read: dict[str, str]


class Position(BaseModel):
    """How far a log was read, and until when it is known that nothing more was in it."""

    service: str
    feed_seq: int
    read_until: str | None


class Positions(BaseModel):
    """How far each log was read, and how many findings stand."""

    items: list[Position]
    findings: dict[str, int]
    cases: int


_COLUMNS = (finding.c.body, finding.c.found_at, finding.c.closed_at)


def _view(row: Any) -> FindingView:
    body = row.body if isinstance(row.body, dict) else json.loads(row.body)
    closed = row.closed_at.isoformat() if row.closed_at else None
    return FindingView(**body, found_at=row.found_at.isoformat(), closed_at=closed)


async def findings(
    service: Service,
    actor: Actor,
    *,
    case_id: str | None,
    kind: str | None,
    status: str | None,
    closed: bool,
    after: str,
    page_size: int,
) -> FindingList:
    """The findings for this actor's eyes, a page at a time."""
    query = select(*_COLUMNS, finding.c.id).where(finding.c.id > after).order_by(finding.c.id).limit(page_size + 1)
    if actor.role not in service.policy.sees_all:
        shares = conclusion.c.organs.contains([actor.organ_id])
        query = query.join(conclusion, and_(conclusion.c.case_id == finding.c.case_id, shares))
    if case_id is not None:
        query = query.where(finding.c.case_id == case_id)
    if kind is not None:
        query = query.where(finding.c.kind == kind)
    if status is not None:
        query = query.where(finding.c.status == status)
    if not closed:
        query = query.where(finding.c.closed_at.is_(None))
    async with service.engine.connect() as connection:
        rows = (await connection.execute(query)).all()
    more = len(rows) > page_size
    return FindingList(
        items=[_view(row) for row in rows[:page_size]], next_page_token=rows[page_size - 1].id if more else ""
    )


async def timeline(service: Service, actor: Actor, case_id: str) -> Timeline | None:
    """One case in one line; None where there is no such case for this actor's eyes."""
    async with service.engine.connect() as connection:
        concluded = (await connection.execute(select(conclusion).where(conclusion.c.case_id == case_id))).first()
        if concluded is None or not (actor.role in service.policy.sees_all or actor.organ_id in concluded.organs):
            return None
        bodies: list[str] = list(
            (await connection.scalars(select(ledger.c.body).where(ledger.c.case_id == case_id))).all()
        )
        found = (
            await connection.execute(
                select(*_COLUMNS)
                .where(finding.c.case_id == case_id, finding.c.closed_at.is_(None))
                .order_by(finding.c.id)
            )
        ).all()
        read = (await connection.execute(select(position))).all()
    clocks: dict[str, list[dict[str, Any]]] = {}
    for duty in concluded.duties:
        clocks.setdefault(duty["trigger"], []).append(duty)
    told = Ledger(case_id, [json.loads(body) for body in bodies], service.domain.code)
    entries = sorted(
        told.rows, key=lambda row: (local_date(read_moment(row["occurred_at"])), row["recorded_at"], row["seq"])
    )
    return Timeline(
        case_id=case_id,
        persons=told.labels,
        items=[_entry(row, clocks.get(row["id"], []), told.person_of) for row in entries],
        findings=[_view(row) for row in found],
        read={row.service: row.read_until.isoformat() if row.read_until else "" for row in read},
    )


def _entry(row: Row, clocks: list[dict[str, Any]], person_of: Mapping[str, str]) -> TimelineEntry:
    return TimelineEntry(
        service=row["service"],
        seq=row["seq"],
        transition_id=row["id"],
        type=row["type"],
        zh=row["zh"],
        subjects=row["subjects"],
        persons=sorted({person_of.get(subject, subject) for subject in [*row["subjects"], *row.get("created", {})]}),
        organ=row["organ"],
        occurred_at=row["occurred_at"],
        recorded_at=row["recorded_at"],
        inferred=bool(row.get("inferred")),
        law_ref=row["law_ref"],
        clocks=clocks,
    )


async def positions(service: Service) -> Positions:
    """How far each log was read, and how many findings of each kind stand."""
    async with service.engine.connect() as connection:
        read = (await connection.execute(select(position).order_by(position.c.service))).all()
        kinds = (
            await connection.execute(
                select(finding.c.kind, func.count().label("number"))
                .where(finding.c.closed_at.is_(None))
                .group_by(finding.c.kind)
                .order_by(finding.c.kind)
            )
        ).all()
        cases = (await connection.execute(select(func.count()).select_from(conclusion))).scalar_one()
    return Positions(
        items=[
            Position(
                service=row.service,
                feed_seq=row.feed_seq,
                read_until=row.read_until.isoformat() if row.read_until else None,
            )
            for row in read
        ],
        findings={str(row.kind): int(row.number) for row in kinds},
        cases=cases,
    )
