"""Whom of a case a reader may not read of, because their record is sealed.

Of a case that is sealed as a whole, `conclusion.organs` names those alone whom a permit does.
"""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.coordinator.domain.sealing import SEALED
from services.coordinator.tables import shared
from services.kernel.policy import Policy
from services.kernel.who import Actor


def _is_closed(actor: Actor, today: date) -> ColumnElement[bool]:
    until = shared.c.body[("permits", actor.organ_id)].astext
    return and_(shared.c.kind == SEALED, func.coalesce(until, "") < today.isoformat())


def is_open(actor: Actor, today: date, case_id: ColumnElement[str], subject: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether what is said of a subject of a case is for this actor's eyes. To be asked of those who do not see all."""
    of_it = and_(shared.c.case_id == case_id, shared.c.subject == subject)
    return ~select(shared.c.key).where(of_it, _is_closed(actor, today)).exists()


async def closed(
    connection: AsyncConnection, policy: Policy, actor: Actor, today: date, case_ids: Sequence[str]
) -> set[str]:
    """The subjects of these cases of whom nothing is for this actor's eyes."""
    if actor.role in policy.sees_all:
        return set()
    query = select(shared.c.subject).where(shared.c.case_id.in_(case_ids), _is_closed(actor, today))
    return set((await connection.scalars(query)).all())
