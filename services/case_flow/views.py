"""What may be read of case_flow."""

import json
from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlalchemy import select

from services.case_flow.finish import is_case_finished, is_finished
from services.kernel import log, seal
from services.kernel.record import Head
from services.kernel.service import Service
from services.kernel.tables import relation, stream
from services.kernel.who import Actor
from services.kernel.work import raw


class Line(BaseModel):
    """Where one line stands in one procedure; `since_by` is the organ whose decision keeps it there."""

    state: str
    zh: str
    since_by: str


class Person(BaseModel):
    """A person of a case and every line that has begun. `finished`: nothing keeps them in the case any more."""

    id: str
    label: str
    flags: list[str]
    in_charge: str
    lines: dict[str, Line]
    finished: bool


class Matter(BaseModel):
    """A matter that is supervised: what it is about, who is to answer for it, and where its line stands."""

    id: str
    label: str
    supervised: str
    opened_by: str
    lines: dict[str, Line]


class Gone(BaseModel):
    """A person who left the case, and the case `to` which they went."""

    id: str
    label: str
    to: str


class Case(BaseModel):
    """A case as it stands. `version` is what an act must name in If-Match.

    `finished` exactly when each of its persons is; who `left` is finished where they went. A case without persons of
    which all went to another is known by its old id, and says where they are.
    """

    id: str
    version: str
    organs: dict[str, str]
    lines: dict[str, Line]
    persons: list[Person]
    matters: list[Matter]
    left: list[Gone]
    finished: bool


class CaseList(BaseModel):
    """Cases of the caller's organ, oldest first."""

    items: list[str]
    next_page_token: str


class TransitionList(BaseModel):
    """The rows of a case, in order."""

    model_config = ConfigDict(extra="allow")
    items: list[dict[str, Any]]


def case(head: Head, service: Service) -> Case:
    """A head as readers see it."""
    state, code = head.state, service.domain.code
    lines = state.get("lines", {})
    return Case(
        id=head.case_id,
        version=f"v{head.version}",
        organs=state.get("organs", {}),
        lines=_lines(lines.get(head.case_id, {}), service),
        persons=[
            Person(
                id=subject,
                label=what["label"],
                flags=what["flags"],
                in_charge=state.get("in_charge", {}).get(subject, "police"),
                lines=_lines(lines.get(subject, {}), service),
                finished=is_finished(state, head.case_id, subject, code),
            )
            for subject, what in state.get("subjects", {}).items()
            if what["kind"] == "person"
        ],
        matters=[
            Matter(
                id=subject,
                label=what["label"],
                supervised=what["receiver"],
                opened_by=what["opened_by"],
                lines=_lines(lines.get(subject, {}), service),
            )
            for subject, what in state.get("subjects", {}).items()
            if what["kind"] == "matter"
        ],
        left=[Gone(id=person, label=where["label"], to=where["to"]) for person, where in state.get("left", {}).items()],
        finished=is_case_finished(state, head.case_id, code),
    )


def _lines(lines: dict[str, list[str]], service: Service) -> dict[str, Line]:
    known = service.domain.code.lines
    return {
        procedure: Line(state=state, zh=known[procedure].states_zh[state], since_by=by)
        for procedure, (state, by, *_) in lines.items()
    }


async def cases(service: Service, actor: Actor, after: str, page_size: int) -> CaseList:
    """The ids of the cases that this actor's organ shares, a page at a time."""
    if actor.role in service.policy.sees_all:
        query = select(stream.c.case_id).where(stream.c.case_id > after).order_by(stream.c.case_id)
    else:
        query = (
            select(relation.c.case_id)
            .where(relation.c.organ_id == actor.organ_id, relation.c.case_id > after)
            .order_by(relation.c.case_id)
        )
    async with service.engine.connect() as connection:
        found: list[str] = list((await connection.scalars(query.limit(page_size + 1))).all())
    more = len(found) > page_size
    return CaseList(items=found[:page_size], next_page_token=found[page_size - 1] if more else "")


async def transitions(service: Service, head: Head) -> TransitionList:
    """The rows of a case with their feed position and digests, without what is closed in the head."""
    closed = frozenset(head.state.get("closed", ()))
    async with raw(service.engine) as connection:
        rows = await log.history(connection, head.case_id)
    told = ((row, seal.told(json.loads(row["body"]), closed)) for row in rows)
    return TransitionList(
        items=[
            {**body, "feed_seq": row["feed_seq"], "sm3": row["sm3"].hex(), "sha256": row["sha256"].hex()}
            for row, body in told
            if body is not None
        ]
    )
