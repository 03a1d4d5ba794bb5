"""What may be read of the coordinator."""

import asyncio
import json
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from pydantic import BaseModel
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.coordinator.closed import closed as closed_to
from services.coordinator.domain.clocks import Clocks
from services.coordinator.domain.forecast import Outlook
from services.coordinator.domain.forecast import forecast as foresee
from services.coordinator.domain.kin import Kin
from services.coordinator.domain.ledger import Ledger, Row
from services.coordinator.mismatches import Accepted, accepted, shared
from services.coordinator.repository import kin_of
from services.coordinator.tables import changed, conclusion, finding, ledger, position, recomputed
from services.kernel import seal
from services.kernel.errors import Unfounded
from services.kernel.period import local_date, read_moment
from services.kernel.service import Service
from services.kernel.transition import instant
from services.kernel.who import Actor
from services.kernel.work import raw


class FindingView(BaseModel):
    """A finding. `status`: open, overdue, late, violated or unknown; `closed_at` is set once it no longer holds.

    `found_at` and `closed_at` say when the coordinator first said it and no longer did; all else follows from the logs.
    `accepted` is there while it counts as a known difference.
    """

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
    limit: str = ""
    found_at: str
    closed_at: str | None
    accepted: Accepted | None = None


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
    """All services' steps of one case in one line, with the clocks and what was found. `persons` are labels by id.

    `recomputed` are the clocks whose end another calendar moved or made certain: what it `was` and is `now`, and when.
    """

    case_id: str
    persons: dict[str, str]
    items: list[TimelineEntry]
    findings: list[FindingView]
    recomputed: list[dict[str, Any]]
    read: dict[str, str]


class Forecast(BaseModel):
    """What runs in a case and what may come, one lawful step ahead and along the extensions of the law.

    `persons` are in the order of their registration; `case` has what concerns the case itself. `as_of` is the moment of
    asking, `read` how far each log was read then: what was recorded later is not in it.
    """

    case_id: str
    as_of: str
    case: Outlook
    persons: list[Outlook]
    read: dict[str, str]


class Position(BaseModel):
    """How far a log was read, and until when it is known that nothing more was in it."""

    service: str
    feed_seq: int
    read_until: str | None


class Positions(BaseModel):
    """How far each log was read, and how many findings stand. `waiting`: cases that are read and not concluded yet."""

    items: list[Position]
    findings: dict[str, int]
    cases: int
    waiting: int


_clocks = cache(Clocks)
_COLUMNS = (finding.c.body, finding.c.found_at, finding.c.closed_at)


def _view(row: Any, known: Mapping[str, Accepted]) -> FindingView:
    body = row.body if isinstance(row.body, dict) else json.loads(row.body)
    closed = row.closed_at.isoformat() if row.closed_at else None
    is_known = known.get(body["id"]) if closed is None else None
    return FindingView(**body, found_at=row.found_at.isoformat(), closed_at=closed, accepted=is_known)


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
    query = shared(service, actor, query, finding.c.case_id, finding.c.subject)
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
        known = await accepted(connection, [row.body for row in rows], service.clock.now())
    more = len(rows) > page_size
    return FindingList(
        items=[_view(row, known) for row in rows[:page_size]], next_page_token=rows[page_size - 1].id if more else ""
    )


async def _seen(connection: AsyncConnection, service: Service, actor: Actor, case_id: str) -> Any:
    """What was concluded about a case; None where there is no such case for this actor's eyes."""
    concluded = (await connection.execute(select(conclusion).where(conclusion.c.case_id == case_id))).first()
    if concluded is None or not (actor.role in service.policy.sees_all or actor.organ_id in concluded.organs):
        return None
    return concluded


async def _told(connection: AsyncConnection, service: Service, *case_ids: str) -> Ledger:
    """The ledger of the first of these cases, as it is concluded from together with the others."""
    rows: dict[str, list[Row]] = {case_id: [] for case_id in case_ids}
    found = await connection.execute(select(ledger.c.case_id, ledger.c.body).where(ledger.c.case_id.in_(case_ids)))
    for row in found:
        rows[row.case_id].append(json.loads(row.body))
    whole = Kin.of(rows).rows_for(case_ids[0]) if len(case_ids) > 1 else rows[case_ids[0]]
    return Ledger(case_ids[0], whole, service.domain.code)


async def _kin(service: Service, case_id: str) -> list[str]:
    async with raw(service.engine) as connection:
        family = (await kin_of(connection, [case_id]))[case_id]
    return [case_id, *(each for each in family if each != case_id)]


def _read(rows: Iterable[Any]) -> dict[str, str]:
    return {row.service: row.read_until.isoformat() if row.read_until else "" for row in rows}


async def forecast(service: Service, actor: Actor, case_id: str, person_id: str | None) -> Forecast | None:
    """What runs in a case and what may come; None where there is no such case, or person, for this actor's eyes.

    Raises: Unfounded for a record of times so early or late that no calendar has the day on which a limit would end.
    """
    family = await _kin(service, case_id)
    async with service.engine.connect() as connection:
        if await _seen(connection, service, actor, case_id) is None:
            return None
        told = await _told(connection, service, *family)
        hidden = await closed_to(connection, service.policy, actor, local_date(service.clock.now()), family)
        read = (await connection.execute(select(position))).all()
    if person_id is not None and (person_id not in told.persons or person_id in hidden):
        return None
    now = service.clock.now()
    # Many ledgers with one more row each: too long to let everybody else wait.
    try:
        case, *persons = await asyncio.to_thread(
            foresee, told, _clocks(service.domain.code), service.domain, now, person_id or ""
        )
    except OverflowError as error:
        raise Unfounded(
            "本案记录的时间之前或者之后已无历法可循，期限无从推算。",
            "no calendar reaches where a limit of this case would end",
        ) from error
    shown = [person for person in persons if person.subject not in hidden]
    return Forecast(case_id=case_id, as_of=instant(now), case=case, persons=shown, read=_read(read))


async def timeline(service: Service, actor: Actor, case_id: str) -> Timeline | None:
    """One case in one line; None where there is no such case for this actor's eyes."""
    async with service.engine.connect() as connection:
        concluded = await _seen(connection, service, actor, case_id)
        if concluded is None:
            return None
        told = await _told(connection, service, case_id)
        found = (
            await connection.execute(
                select(*_COLUMNS)
                .where(finding.c.case_id == case_id, finding.c.closed_at.is_(None))
                .order_by(finding.c.id)
            )
        ).all()
        again = (await connection.execute(select(recomputed).where(recomputed.c.case_id == case_id))).all()
        read = (await connection.execute(select(position))).all()
        known = await accepted(connection, [row.body for row in found], service.clock.now())
        hidden = await closed_to(connection, service.policy, actor, local_date(service.clock.now()), [case_id])
    clocks: dict[str, list[dict[str, Any]]] = {}
    for duty in (duty for duty in concluded.duties if duty["subject"] not in hidden):
        clocks.setdefault(duty["trigger"], []).append(duty)
    custodies = {custody for custody, person in told.person_of.items() if person in hidden}
    rows = (seal.told(row, frozenset(hidden | custodies)) for row in told.rows)
    entries = sorted(
        (row for row in rows if row is not None),
        key=lambda row: (local_date(read_moment(row["occurred_at"])), row["recorded_at"], row["seq"]),
    )
    return Timeline(
        case_id=case_id,
        persons={person: label for person, label in told.labels.items() if person not in hidden},
        items=[_entry(row, clocks.get(row["id"], []), told.person_of) for row in entries],
        findings=[each for each in (_view(row, known) for row in found) if each.subject not in hidden],
        recomputed=[
            {**row.body, "at": row.at.isoformat()}
            for row in sorted(again, key=lambda row: row.at)
            if row.subject not in hidden
        ],
        read=_read(read),
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
        # Counted after the positions were read: none waiting means that all up to there is concluded.
        waiting = (await connection.execute(select(func.count()).select_from(changed))).scalar_one()
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
        waiting=waiting,
    )
