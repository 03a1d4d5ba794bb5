"""Records in, records out, of what was told and acknowledged: alerts. They are the coordinator's own record.

Dropping the ledger and reading it again leaves them as they are, and nothing is told twice.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from services.coordinator.domain.alerts import Earlier, Heard
from services.coordinator.domain.reconcile import Conclusion
from services.kernel.log import Connection
from services.kernel.transition import encode


async def heard_of(connection: Connection, case_ids: Sequence[str]) -> dict[str, Heard]:
    """What was told of those of these cases of which anything was."""
    rows = await connection.fetch(
        """
        SELECT a.case_id, a.id, a.duty_id, a.body ->> 'due' AS due, a.level, a.rung, a.body ->> 'to' AS to,
          a.body ->> 'answer_by' AS answer_by, k.alert_id AS acknowledged
        FROM alert a LEFT JOIN acknowledgement k ON k.alert_id = a.id WHERE a.case_id = ANY($1::text[])
        """,
        case_ids,
    )
    by_case: dict[str, list[Any]] = {}
    for row in rows:
        by_case.setdefault(row["case_id"], []).append(row)
    return {
        case_id: Heard(
            [Earlier(*(row[name] for name in Earlier._fields)) for row in mine],
            frozenset(row["acknowledged"] for row in mine if row["acknowledged"]),
        )
        for case_id, mine in by_case.items()
    }


async def tell(
    connection: Connection, conclusions: Sequence[Conclusion], before: Mapping[str, Heard], now: datetime
) -> None:
    """Write down what is to be told, each once; of what was told `before` close what no longer stands, open again what does."""
    new = [alert for each in conclusions for alert in each.alerts]
    if new:
        await connection.execute(
            """
            INSERT INTO alert (id, case_id, duty_id, level, rung, organ_id, raised_at, body)
            SELECT a.id, a.case_id, a.duty_id, a.level, a.rung, a.organ_id, $7, a.body::jsonb
            FROM unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::int[], $6::text[], $8::text[])
              AS a(id, case_id, duty_id, level, rung, organ_id, body)
            ON CONFLICT DO NOTHING
            """,
            [alert.id for alert in new],
            [alert.case_id for alert in new],
            [alert.duty_id for alert in new],
            [alert.level for alert in new],
            [alert.rung for alert in new],
            [alert.organ_id for alert in new],
            now,
            [encode(alert.as_dict()) for alert in new],
        )
    known = [each for each in conclusions if each.case_id in before and each.standing is not None]
    if known:
        await connection.execute(
            """
            UPDATE alert SET closed_at = CASE WHEN id = ANY($2::text[]) THEN NULL ELSE $3::timestamptz END
            WHERE case_id = ANY($1::text[]) AND (closed_at IS NULL) <> (id = ANY($2::text[]))
            """,
            [each.case_id for each in known],
            [alert_id for each in known for alert_id in each.standing or ()],
            now,
        )


async def acknowledge(
    connection: Connection,
    alert_id: str,
    case_id: str,
    key: tuple[str, str, str],
    body: Mapping[str, Any],
    now: datetime,
) -> None:
    """Write down that an alert was acknowledged, the first time and no more. Its case is looked at again.

    Shape: key is client, key, fingerprint.

    The mark and the acknowledgement are one commit, and a case is unmarked before it is read: neither can miss the other.
    """
    async with connection.transaction():
        await connection.execute(
            "INSERT INTO acknowledgement (alert_id, case_id, at, client_id, key, fingerprint, body)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7::jsonb) ON CONFLICT DO NOTHING",
            alert_id,
            case_id,
            now,
            *key,
            encode(body),
        )
        await connection.execute("INSERT INTO changed (case_id) VALUES ($1) ON CONFLICT DO NOTHING", case_id)
