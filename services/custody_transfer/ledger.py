"""The detention centre's ledger, for one organ on one day: whom it held, on what, until when, and what was agreed of it.

Read from the rows that were recorded until the end of that day, by the same fold as every state, so that a ledger of last
month is what it was then.
"""

import json
from dataclasses import replace
from datetime import date
from typing import Any

from pydantic import BaseModel

from services.custody_transfer.repository import cases_of
from services.custody_transfer.views import Custody, custody
from services.kernel import log, seal
from services.kernel.period import local_date, read_moment
from services.kernel.record import Head, fold
from services.kernel.service import Service
from services.kernel.who import Actor
from services.kernel.work import raw


class LedgerLine(BaseModel):
    """One person in the ledger: the custody as it stood, and whether the organ agreed (`agreed`, `presented`, `objected`)."""

    custody: Custody
    check: str
    objection: str | None


class CustodyLedger(BaseModel):
    """Everybody held for one organ on one day. A page holds whole cases; `next_page_token` is where to go on."""

    organ: str
    on: str
    items: list[LedgerLine]
    next_page_token: str


async def ledger(
    service: Service, actor: Actor, organ: str, on: date | None, *, after: str = "", page_size: int = 50
) -> CustodyLedger:
    """The persons held for an organ at the end of a day (now, if today), as far as the caller may see their cases."""
    day = on or local_date(service.clock.now())
    states_zh = dict(service.domain.code.lines["custody_handover"].states_zh)
    lines: list[LedgerLine] = []
    async with raw(service.engine) as connection:
        organs = [organ] if actor.role in service.policy.sees_all else [*{organ, actor.organ_id}]
        cases = await cases_of(connection, organs, after=after, limit=page_size + 1)
        for case_id in cases[:page_size]:
            head, objections = await _at_the_end_of(service, connection, case_id, day)
            if head.state and service.policy.may_see(actor, head.state):
                # What is sealed today is closed in the ledger of any day.
                closed = seal.sealed((await service.desk.head(case_id)).state)
                kept = head if service.policy.may_read_feeds(actor) else _without(head, closed)
                lines += _lines(kept, organ, states_zh, objections, actor)
    more = cases[page_size - 1] if len(cases) > page_size else ""
    return CustodyLedger(organ=organ, on=day.isoformat(), items=lines, next_page_token=more)


def _without(head: Head, closed: frozenset[str]) -> Head:
    return replace(head, state=seal.without(head.state, closed)) if closed else head


async def _at_the_end_of(
    service: Service, connection: log.Connection, case_id: str, day: date
) -> tuple[Head, dict[str, str]]:
    """A case as it was recorded when a day ended, and the last objection to each custody."""
    state: dict[str, Any] = {}
    version, objections = 0, {}
    for row in await log.history(connection, case_id):
        body = json.loads(row["body"])
        if local_date(read_moment(body["recorded_at"])) > day:
            break
        state, version = fold(state, body, service.domain), row["seq"]
        if body["type"] == "ledger_check:raise_objection":
            objections.update(dict.fromkeys(body["subjects"], str(body["facts"]["objection"])))
    return Head(case_id, version, state), objections


def _lines(
    head: Head, organ: str, states_zh: dict[str, str], objections: dict[str, str], reader: Actor
) -> list[LedgerLine]:
    held = [
        each
        for each, what in head.state.get("subjects", {}).items()
        if head.state["holder"][each] == organ and not what.get("ended")
    ]
    checks = {each: head.state["lines"].get(each, {}).get("ledger_check", ["agreed"])[0] for each in held}
    return [
        LedgerLine(
            custody=custody(head, each, states_zh, reader),
            check=checks[each],
            objection=objections.get(each) if checks[each] == "objected" else None,
        )
        for each in held
    ]
