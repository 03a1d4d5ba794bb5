"""Records in, records out, of tasks: what was ordered, said of it, and shown by the log. Only ever added to.

It is the coordinator's own record. Dropping the ledger and reading it again orders nothing anew: a task that stands goes on
in its round, with the day on which it was ordered.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from services.coordinator.domain.reconcile import Conclusion
from services.coordinator.domain.task import LATE, MOVES, Order, due_on, task_id
from services.kernel.log import Connection
from services.kernel.transition import encode

#: That an event is the last of its task.
_IS_LAST = "NOT EXISTS (SELECT FROM task_event n WHERE n.task_id = e.task_id AND n.number > e.number)"


async def keep(connection: Connection, conclusions: Sequence[Conclusion], now: datetime) -> None:
    """Order what is to be mended and is not ordered, and note which of what was ordered the logs now show.

    Compares what stands with what is written down, so whatever was missed is made up for, and nothing is done twice. What a
    command that was asked for is to mend waits for its answer; if it is refused, somebody has to act.
    """
    known = [each for each in conclusions if each.orders is not None]
    rows = await connection.fetch(
        "SELECT DISTINCT ON (task_id) task_id, number, round, state, due_on, case_id, finding_id, organ_id FROM task_event"
        " WHERE case_id = ANY($1::text[]) ORDER BY task_id, number DESC",
        [each.case_id for each in known],
    )
    last = {row["task_id"]: dict(row) for row in rows}
    standing = {finding.id for each in known for finding in each.findings if finding.status != LATE}
    gone = [row for row in last.values() if row["state"] in MOVES["shown"] and row["finding_id"] not in standing]
    orders = {task_id(order.finding.id): order for each in known for order in each.orders or ()}
    begun = [(task, last.get(task)) for task in orders]
    events = [
        *(_shown(row) for row in gone),
        *(_ordered(orders[task], row, now) for task, row in begun if (row["state"] if row else "") in MOVES["ordered"]),
    ]
    if events:
        await connection.execute(
            """
            INSERT INTO task_event (task_id, number, round, kind, state, due_on, case_id, finding_id, organ_id, at, body)
            SELECT e.task_id, e.number, e.round, e.kind, e.state, e.due_on, e.case_id, e.finding_id, e.organ_id, $12, e.body::jsonb
            FROM unnest($1::text[], $2::int[], $3::int[], $4::text[], $5::text[], $6::date[], $7::text[], $8::text[],
              $9::text[], $10::text[], $11::text[])
              AS e(task_id, number, round, kind, state, due_on, case_id, finding_id, organ_id, command, body)
            WHERE NOT EXISTS (SELECT FROM command c WHERE c.finding_id = e.command AND coalesce(c.status, 0) < 400)
            """,
            *([*column] for column in zip(*events, strict=True)),
            now,
        )


#: Task, number, round, kind, state, last day, case, finding, organ, command that would do it, body.
_Event = tuple[str, int, int, str, str, date, str, str, str, str, str]


def _shown(row: Mapping[str, Any]) -> _Event:
    """That the logs show the deed."""
    after = MOVES["shown"][row["state"]]
    place = (row["task_id"], row["number"] + 1, row["round"])
    return (*place, "shown", after, row["due_on"], row["case_id"], row["finding_id"], row["organ_id"], "", "{}")


def _ordered(order: Order, row: Mapping[str, Any] | None, now: datetime) -> _Event:
    """That somebody is to mend a finding, for the first time or once more."""
    finding = order.finding
    place = (task_id(finding.id), 1 + (row["number"] if row else 0), 1 + (row["round"] if row else 0))
    due, body = due_on(finding.severity, now), encode(order.as_dict())
    return (*place, "ordered", "ordered", due, finding.case_id, finding.id, order.organ_id, order.command, body)


async def hold(connection: Connection, task: str) -> None:
    """Let nothing be concluded about a task's case, nor anybody else speak of it, until this transaction ends."""
    await connection.execute(
        "SELECT FROM conclusion WHERE case_id = (SELECT case_id FROM task_event WHERE task_id = $1 AND number = 1)"
        " FOR UPDATE",
        task,
    )


async def say(
    connection: Connection,
    task: str,
    kind: str,
    state: str,
    due: date | None,
    key: tuple[str, str, str],
    body: Mapping[str, Any],
    now: datetime,
) -> None:
    """Write down what somebody says of a task that is held; the same key does it once.

    Shape: `state` is how it stands from now on, `due` its new last day if it has one; `key` is client, key, fingerprint.
    """
    await connection.execute(
        f"""
        INSERT INTO task_event
          (task_id, number, round, kind, state, due_on, case_id, finding_id, organ_id, at, client_id, key, fingerprint, body)
        SELECT e.task_id, e.number + 1, e.round, $2, $3, coalesce($4, e.due_on), e.case_id, e.finding_id, e.organ_id, $5, $6, $7, $8, $9::jsonb
        FROM task_event e WHERE e.task_id = $1 AND {_IS_LAST}
        ON CONFLICT (key, client_id) DO NOTHING
        """,  # noqa: S608 - a constant of ours
        task,
        kind,
        state,
        due,
        now,
        *key,
        encode(body),
    )


async def recorded(connection: Connection, case_id: str, transition_ids: Sequence[str]) -> set[str]:
    """Which of these rows the logs have of a case."""
    rows = await connection.fetch("SELECT body::jsonb ->> 'id' AS id FROM ledger WHERE case_id = $1", case_id)
    return {row["id"] for row in rows} & {*transition_ids}
