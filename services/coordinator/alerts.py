"""Duties and alerts, and what may be read of them."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel
from sqlalchemy import Select, and_, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.coordinator.closed import closed
from services.coordinator.domain.finding import duty_id
from services.coordinator.mismatches import shared
from services.coordinator.tables import acknowledgement, alert, conclusion
from services.kernel.errors import NotFound
from services.kernel.period import local_date
from services.kernel.service import Service
from services.kernel.transition import instant
from services.kernel.who import Actor, organ_of


class Addressee(BaseModel):
    """To whom a deed is owed, where the law says it: `kind` of the vocabulary, `organ_id` where it is an organ of the case."""

    kind: str
    zh: str
    organ_id: str | None


class DutyProof(BaseModel):
    """What the end was computed from: the terms of the limit by id and the calendar by version. `clocks` has the whole proof."""

    terms: str
    calendar: str
    clocks: str


class DutyView(BaseModel):
    """What the law binds an organ to do, or how long it may hold or keep, from one act on.

    `owner` is the kind of organ that is bound, `holder` the one of the case, null where none is known, `addressee` to whom
    it is owed. `status`: open, met, late, overdue, superseded, unknown. `due` is the last day or minute, empty where there
    is no end; `trigger` the act that began it, `deed` the one that ended it. `level` is that of the highest alert that
    stands, 0 where none does, and `alerts` their ids.
    """

    id: str
    case_id: str
    limit: str
    kind: str
    subject: str
    zh: str
    law_ref: str
    owner: str
    holder: str | None
    addressee: Addressee | None
    status: str
    since: str
    due: str
    provisional: bool
    trigger: str
    deed: str
    at: str
    level: int
    alerts: list[str]
    proof: DutyProof


class DutyList(BaseModel):
    """Duties of whole cases; `next_page_token` is where to go on."""

    items: list[DutyView]
    next_page_token: str


class Acknowledgement(BaseModel):
    """That an alert was read by somebody of an office to which it was addressed. It changes nothing of the duty."""

    alert_id: str
    case_id: str
    note: str
    acknowledged_at: str
    acknowledged_by: dict[str, str]
    policy: str


class AlertView(BaseModel):
    """A duty told of to one desk: the organ and its `offices`, by their Chinese names in `to`.

    `level` 1 and 2 come before the end, 3 after it; `rung` counts the desks, the lowest first. `should_at` is when its
    moment came and `raised_at` when it was told: later where nothing could be concluded then. Not acknowledged until
    `answer_by` it climbs (empty: it does not). `recorded_late`: the end had passed before the record knew of it.
    `closed_at` is when nothing was owed under it any more. `table` is the version of the lead times.
    """

    id: str
    case_id: str
    duty_id: str
    limit: str
    subject: str
    due: str
    level: int
    rung: int
    organ_id: str
    offices: list[str]
    to: str
    zh: str
    en: str
    law_ref: str
    severity: str
    should_at: str
    raised_at: str
    answer_by: str
    recorded_late: bool
    table: str
    closed_at: str | None
    acknowledgement: Acknowledgement | None


class AlertList(BaseModel):
    """Alerts, by id; `next_page_token` is where to go on."""

    items: list[AlertView]
    next_page_token: str


# Duties.


async def duties(
    service: Service,
    actor: Actor,
    *,
    case_id: str | None,
    wanted: Mapping[str, str],
    level: int | None,
    after: str,
    page_size: int,
) -> DutyList:
    """The duties for this actor's eyes, so many cases with any at a time. `wanted` are status, owner and holder."""
    query = _cases(service, actor).where(conclusion.c.case_id > after).order_by(conclusion.c.case_id)
    # Each by itself, too: the one for what is overdue is an index.
    query = query.where(*(conclusion.c.duties.contains([{name: value}]) for name, value in wanted.items()))
    query = query.where(conclusion.c.duties.contains([dict(wanted)])).limit(page_size + 1)
    if case_id is not None:
        query = query.where(conclusion.c.case_id == case_id)
    if level:
        told = select(alert.c.case_id).where(alert.c.level == level, alert.c.closed_at.is_(None))
        query = query.where(conclusion.c.case_id.in_(told))
    async with service.engine.connect() as connection:
        found = (await connection.execute(query)).all()
        items = await _duties(connection, service, actor, found[:page_size])
    return DutyList(
        items=[
            each
            for each in items
            if level in {None, each.level} and all(getattr(each, name) == value for name, value in wanted.items())
        ],
        next_page_token=found[page_size - 1].case_id if len(found) > page_size else "",
    )


async def duty_for(service: Service, actor: Actor, asked: str) -> DutyView:
    """One duty. Raises: NotFound."""
    query = _cases(service, actor).where(conclusion.c.case_id == asked[_ID:])
    async with service.engine.connect() as connection:
        items = await _duties(connection, service, actor, (await connection.execute(query)).all())
    found = next((each for each in items if each.id == asked), None)
    if found is None:
        raise NotFound("没有此项，或者不在本机关可见范围内。", "no such duty, or not for this organ's eyes")
    return found


#: Where the case begins in the id of a duty.
_ID = len(duty_id("", "", "", "", ""))


def _cases(service: Service, actor: Actor) -> Select[Any]:
    """What was concluded about the cases that are for this actor's eyes."""
    query = select(conclusion)
    mine = conclusion.c.organs.contains([actor.organ_id])
    return query if actor.role in service.policy.sees_all else query.where(mine)


async def _duties(connection: AsyncConnection, service: Service, actor: Actor, cases: Sequence[Any]) -> list[DutyView]:
    today, case_ids = local_date(service.clock.now()), [case.case_id for case in cases]
    hidden = await closed(connection, service.policy, actor, today, case_ids)
    query = select(alert.c.duty_id, func.max(alert.c.level).label("level"), func.array_agg(alert.c.id).label("ids"))
    query = query.where(alert.c.case_id.in_(case_ids), alert.c.closed_at.is_(None))
    told = {row.duty_id: row for row in await connection.execute(query.group_by(alert.c.duty_id))}
    return [_duty(service, case, duty, told) for case in cases for duty in case.duties if duty["subject"] not in hidden]


def _duty(service: Service, case: Any, duty: Mapping[str, Any], told: Mapping[str, Any]) -> DutyView:
    name = duty_id(*(duty[part] for part in ("case_id", "limit", "subject", "trigger", "start")))
    standing = told.get(name)
    limit = service.domain.code.limits.get(duty["limit"])
    to = limit.to if limit is not None else None
    organ_id = next((organ for organ in case.organs if organ_of(organ) is to), None)
    return DutyView(
        **{field: duty[field] for field in _AS_IT_IS},
        id=name,
        holder=duty.get("holder") or None,  # empty, or concluded before holders were known
        addressee=Addressee(kind=to.value, zh=to.zh, organ_id=organ_id) if to is not None else None,
        level=standing.level if standing else 0,
        alerts=sorted(standing.ids) if standing else [],
        proof=DutyProof(
            terms=duty["terms"],
            calendar=case.reading.get("calendar", ""),
            clocks=f"/v1/clocks?case_id={case.case_id}",
        ),
    )


_AS_IT_IS = DutyView.model_fields.keys() - {"id", "holder", "addressee", "level", "alerts", "proof"}

# Alerts.


async def alerts(
    service: Service,
    actor: Actor,
    *,
    case_id: str | None,
    duty: str | None,
    level: int | None,
    organ: str | None,
    standing: bool | None,
    after: str,
    page_size: int,
) -> AlertList:
    """The alerts for this actor's eyes, a page at a time. `organ` is an id, or `mine`."""
    query = _ALERTS.where(alert.c.id > after).order_by(alert.c.id).limit(page_size + 1)
    equal = {
        alert.c.case_id: case_id,
        alert.c.duty_id: duty,
        alert.c.level: level,
        alert.c.organ_id: actor.organ_id if organ == "mine" else organ,
    }
    query = query.where(*(column == value for column, value in equal.items() if value is not None))
    if standing is not None:
        query = query.where(alert.c.closed_at.is_(None) == standing)
    items = await _alerts(service, actor, query)
    more = len(items) > page_size
    return AlertList(items=items[:page_size], next_page_token=items[page_size - 1].id if more else "")


async def alert_for(service: Service, actor: Actor, alert_id: str) -> AlertView:
    """One alert. Raises: NotFound."""
    items = await _alerts(service, actor, _ALERTS.where(alert.c.id == alert_id))
    if not items:
        raise NotFound("没有此项，或者不在本机关可见范围内。", "no such alert, or not for this organ's eyes")
    return items[0]


_ALERTS = select(alert.c.body, alert.c.closed_at, acknowledgement.c.body.label("answer")).outerjoin(
    acknowledgement, and_(acknowledgement.c.alert_id == alert.c.id)
)


async def _alerts(service: Service, actor: Actor, query: Select[Any]) -> list[AlertView]:
    query = shared(service, actor, query, alert.c.case_id, alert.c.body["subject"].astext)
    async with service.engine.connect() as connection:
        rows = (await connection.execute(query)).all()
    return [
        AlertView(
            **row.body,
            closed_at=instant(row.closed_at) if row.closed_at else None,
            acknowledgement=row.answer and Acknowledgement(**row.answer),
        )
        for row in rows
    ]
