"""Certificates of agreement, and the logs that wait for a decision: what may be read of them."""

import json
from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlalchemy import select

from services.coordinator.tables import agreement, halt
from services.kernel.errors import NotFound
from services.kernel.service import Service
from services.kernel.transition import instant
from services.kernel.who import Actor


class CertificateCase(BaseModel):
    """The paths of one case to the roots, by service."""

    case_id: str
    services: dict[str, dict[str, Any]]


class Certificate(BaseModel):
    """What `singletrack verify` takes: the statement, the same signed (a compact JWS), and the paths of cases."""

    model_config = ConfigDict(extra="forbid")
    statement: dict[str, Any]
    signature: str
    cases: list[CertificateCase]


class Agreement(BaseModel):
    """A certificate that was asked for, or that a sweep made; `certificate` is there once it is made."""

    id: str
    asked_at: str
    made_at: str | None
    certificate: Certificate | None


class AgreementList(BaseModel):
    """Certificates, newest first; `next_page_token` is where to go on."""

    items: list[Agreement]
    next_page_token: str


class HaltDecision(BaseModel):
    """How to go on with a log, and who decided it."""

    halt_id: str
    decision: str
    reason: str
    decided_at: str
    decided_by: dict[str, str]


class Halt(BaseModel):
    """A log that is not the one that was read: `read` rows had been read, and it ends at `last` or tells otherwise."""

    id: str
    service: str
    read: int
    last: int
    found_at: str
    decision: HaltDecision | None
    ended_at: str | None


class HaltList(BaseModel):
    """The halts, newest first."""

    items: list[Halt]


def _view(row: Any) -> Agreement:
    return Agreement(
        id=row.id,
        asked_at=instant(row.asked_at),
        made_at=instant(row.made_at) if row.made_at else None,
        certificate=json.loads(row.certificate) if row.certificate else None,
    )


async def agreements(service: Service, actor: Actor, *, before: str, page_size: int) -> AgreementList:
    """The certificates for this actor's eyes: its organ's own, or all."""
    query = select(agreement).order_by(agreement.c.id.desc()).limit(page_size + 1)
    if before:
        query = query.where(agreement.c.id < before)
    if actor.role not in service.policy.sees_all:
        query = query.where(agreement.c.organ_id == actor.organ_id)
    async with service.engine.connect() as connection:
        rows = (await connection.execute(query)).all()
    more = len(rows) > page_size
    return AgreementList(
        items=[_view(row) for row in rows[:page_size]], next_page_token=rows[page_size - 1].id if more else ""
    )


async def agreement_for(service: Service, actor: Actor, agreement_id: str) -> Agreement:
    """One certificate. Raises: NotFound."""
    query = select(agreement).where(agreement.c.id == agreement_id)
    if actor.role not in service.policy.sees_all:
        query = query.where(agreement.c.organ_id == actor.organ_id)
    async with service.engine.connect() as connection:
        row = (await connection.execute(query)).first()
    if row is None:
        raise NotFound("没有此项，或者不是本机关请求的。", "no such certificate, or not this organ's")
    return _view(row)


async def halts(service: Service) -> HaltList:
    """Every halt there was."""
    async with service.engine.connect() as connection:
        rows = (await connection.execute(select(halt).order_by(halt.c.id.desc()).limit(200))).all()
    return HaltList(
        items=[
            Halt(
                id=row.id,
                service=row.service,
                read=row.read,
                last=row.last,
                found_at=instant(row.found_at),
                decision=HaltDecision(halt_id=row.id, **row.decision) if row.decision else None,
                ended_at=instant(row.ended_at) if row.ended_at else None,
            )
            for row in rows
        ]
    )
