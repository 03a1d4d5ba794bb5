"""Tasks: what persons have to mend, as it stands, and what happened to each."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from pydantic import BaseModel

from services.coordinator.domain.mismatch import WORDS
from services.coordinator.domain.sealing import SEALED
from services.coordinator.domain.task import STANDING
from services.kernel.errors import NotFound
from services.kernel.log import Connection
from services.kernel.period import local_date
from services.kernel.service import Service
from services.kernel.transition import instant
from services.kernel.who import Actor
from services.kernel.work import raw


class TaskEvent(BaseModel):
    """What happened to a task: ordered, reported (feedback), reordered, shown (by the log) or confirmed; how it then stood.

    `by` is empty where it followed from the logs.
    """

    number: int
    round: int
    kind: str
    state: str
    due_on: str
    at: str
    by: dict[str, str] = {}
    text: str = ""
    transition_ids: list[str] = []


class Task(BaseModel):
    """What a person must do about a finding. `owner` is the organ that must, `offices` those of it that answer.

    `state`: ordered, reported, reordered, done (the log shows the deed, to be confirmed), done_by_the_log (without
    feedback), confirmed. `round` counts how often it was ordered. `finding_status` is empty where the finding no longer
    stands. `suspended_until` is the day until which the finding counts as a known difference; the task is due no earlier.
    """

    id: str
    case_id: str
    finding_id: str
    finding_status: str
    kind: str
    subject: str
    severity: str
    owner: str
    offices: list[str]
    desk: str
    zh: str
    en: str
    law_ref: str
    requirement: str
    round: int
    state: str
    ordered_at: str
    due_on: str
    overdue: bool
    suspended_until: str | None
    history: list[TaskEvent] | None = None


class TaskList(BaseModel):
    """Tasks, by id; `next_page_token` is where to go on."""

    items: list[Task]
    next_page_token: str


class TaskCounts(BaseModel):
    """How many tasks are in each state, and how many are overdue."""

    states: dict[str, int]
    overdue: int


#: Each task as it stands: $1 the day it is, $2 the words of a finding, $3 whether the reader sees all, $4 their organ, $5
#: where somebody has to act, $6 what a sealed record is called (`closed.py` says the same in other words).
_STANDING = """
SELECT t.* FROM (
  SELECT e.task_id, e.case_id, e.finding_id, e.organ_id, e.round, e.state, o.at AS ordered_at, o.body -> 'desk' AS desk,
    coalesce(f.body, o.body -> 'finding') AS finding, f.id IS NOT NULL AND f.closed_at IS NULL AS stands,
    CASE WHEN a.until >= $1 THEN a.until END AS suspended_until, greatest(e.due_on, a.until) AS due_on,
    e.state = ANY($5::text[]) AND greatest(e.due_on, a.until) < $1 AS overdue
  FROM task_event e
  JOIN task_event o ON o.task_id = e.task_id AND o.round = e.round AND o.kind = 'ordered'
  LEFT JOIN finding f ON f.id = e.finding_id
  LEFT JOIN LATERAL (
    SELECT max(expires_on) AS until FROM mismatch m
    WHERE m.finding_id = e.finding_id AND (m.body -> 'finding') - $2::text[] = f.body - $2::text[]) AS a ON true
  WHERE NOT EXISTS (SELECT FROM task_event n WHERE n.task_id = e.task_id AND n.number > e.number)
    AND ($3 OR (EXISTS (SELECT FROM conclusion c WHERE c.case_id = e.case_id AND c.organs ? $4)
      AND NOT EXISTS (SELECT FROM shared s WHERE s.case_id = e.case_id AND s.kind = $6
        AND s.subject = coalesce(f.body, o.body -> 'finding') ->> 'subject'
        AND coalesce(s.body #>> ARRAY['permits', $4], '') < $1::text)))
) AS t
"""


def _seen(service: Service, actor: Actor) -> tuple[date, list[str], bool, str, list[str], str]:
    sees_all = actor.role in service.policy.sees_all
    return local_date(service.clock.now()), sorted(WORDS), sees_all, actor.organ_id, sorted(STANDING), SEALED


async def tasks(
    service: Service,
    actor: Actor,
    *,
    case_id: str | None,
    owner: str | None,
    state: str | None,
    overdue: bool | None,
    after: str,
    page_size: int,
) -> TaskList:
    """The tasks for this actor's eyes, a page at a time."""
    async with raw(service.engine) as connection:
        rows = await connection.fetch(
            f"""{_STANDING}
            WHERE task_id > $7 AND ($8::text IS NULL OR case_id = $8) AND ($9::text IS NULL OR organ_id = $9)
              AND ($10::text IS NULL OR state = $10) AND ($11::bool IS NULL OR overdue = $11)
            ORDER BY task_id LIMIT $12
            """,
            *_seen(service, actor),
            after,
            case_id,
            owner,
            state,
            overdue,
            page_size + 1,
        )
    more = len(rows) > page_size
    return TaskList(
        items=[_task(dict(row)) for row in rows[:page_size]],
        next_page_token=rows[page_size - 1]["task_id"] if more else "",
    )


async def task_for(service: Service, connection: Connection, actor: Actor, task_id: str) -> Task:
    """One task with its history. Raises: NotFound."""
    row = await connection.fetchrow(f"{_STANDING} WHERE task_id = $7", *_seen(service, actor), task_id)
    if row is None:
        raise NotFound("没有此项，或者不在本机关可见范围内。", "no such task, or not for this organ's eyes")
    events = await connection.fetch("SELECT * FROM task_event WHERE task_id = $1 ORDER BY number", task_id)
    return _task(dict(row), [event_of(dict(each)) for each in events])


async def read(service: Service, actor: Actor, task_id: str) -> Task:
    """The same, for whoever only reads. Raises: NotFound."""
    async with raw(service.engine) as connection:
        return await task_for(service, connection, actor, task_id)


async def counts(service: Service, actor: Actor, owner: str | None) -> TaskCounts:
    """How many tasks stand in each state, and how many of them are overdue; for this actor's eyes."""
    async with raw(service.engine) as connection:
        rows = await connection.fetch(
            f"""
            SELECT state, count(*) AS number, count(*) FILTER (WHERE overdue) AS overdue FROM ({_STANDING}) AS s
            WHERE $7::text IS NULL OR organ_id = $7 GROUP BY state ORDER BY state
            """,  # noqa: S608 - a constant of ours
            *_seen(service, actor),
            owner,
        )
    return TaskCounts(states={row["state"]: row["number"] for row in rows}, overdue=sum(row["overdue"] for row in rows))


def event_of(row: Mapping[str, Any]) -> TaskEvent:
    """A row of a task's history."""
    said = row["body"]
    return TaskEvent(
        **{name: row[name] for name in ("number", "round", "kind", "state")},
        **{name: said[name] for name in ("by", "text", "transition_ids") if name in said},
        due_on=row["due_on"].isoformat(),
        at=instant(row["at"]),
    )


_OF_FINDING = ("kind", "subject", "severity", "zh", "en", "law_ref")


def _task(row: Mapping[str, Any], history: Sequence[TaskEvent] | None = None) -> Task:
    found, desk = row["finding"], row["desk"] or {}
    until = row["suspended_until"]
    return Task(
        id=row["task_id"],
        finding_status=found["status"] if row["stands"] else "",
        owner=row["organ_id"],
        offices=desk.get("offices", []),
        desk=desk.get("zh", ""),
        requirement=found["repair"],
        ordered_at=instant(row["ordered_at"]),
        due_on=row["due_on"].isoformat(),
        suspended_until=until.isoformat() if until else None,
        history=list(history) if history is not None else None,
        **{name: row[name] for name in ("case_id", "finding_id", "round", "state", "overdue")},
        **{name: found[name] for name in _OF_FINDING},
    )
