"""Records in, records out; the only room that speaks SQL."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from services.coordinator.domain.reconcile import Conclusion, Repair
from services.kernel.log import Connection

Row = Mapping[str, Any]


async def positions(connection: Connection) -> dict[str, tuple[int, datetime | None]]:
    """How far each log was read, and until when that is known to be all."""
    rows = await connection.fetch("SELECT service, feed_seq, read_until FROM position")
    return {row["service"]: (row["feed_seq"], row["read_until"]) for row in rows}


async def store(connection: Connection, service: str, events: Sequence[Row], texts: Sequence[str]) -> set[str]:
    """Keep rows, each once; the cases among them that are news."""
    rows = await connection.fetch(
        """
        INSERT INTO ledger (case_id, service, seq, feed_seq, body, sm3)
        SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::bigint[], $5::text[], $6::bytea[])
        ON CONFLICT DO NOTHING RETURNING case_id
        """,
        [event["partitionkey"] for event in events],
        [service] * len(events),
        [int(event["sequence"]) for event in events],
        [event["feedseq"] for event in events],
        list(texts),
        [bytes.fromhex(event["datadigest"].removeprefix("sm3:")) for event in events],
    )
    return {row["case_id"] for row in rows}


async def move(connection: Connection, service: str, feed_seq: int, read_until: datetime | None) -> None:
    """Store how far a log was read, in the transaction of what was concluded from it."""
    await connection.execute(
        """
        INSERT INTO position (service, feed_seq, read_until) VALUES ($1, $2, $3)
        ON CONFLICT (service) DO UPDATE SET feed_seq = excluded.feed_seq,
          read_until = coalesce(excluded.read_until, position.read_until)
        """,
        service,
        feed_seq,
        read_until,
    )


async def rows_of(connection: Connection, case_ids: Sequence[str]) -> dict[str, list[Row]]:
    """Every row of these cases."""
    found: dict[str, list[Row]] = {case_id: [] for case_id in case_ids}
    for row in await connection.fetch("SELECT case_id, body FROM ledger WHERE case_id = ANY($1::text[])", case_ids):
        found[row["case_id"]].append(json.loads(row["body"]))
    return found


async def due_for_a_look(connection: Connection, now: datetime, limit: int) -> list[str]:
    """The cases about which time alone may have changed the answer."""
    rows = await connection.fetch(
        "SELECT case_id FROM conclusion WHERE look_at <= $1 ORDER BY look_at LIMIT $2", now, limit
    )
    return [row["case_id"] for row in rows]


async def conclude(
    connection: Connection, conclusions: Sequence[Conclusion], organs: Mapping[str, Sequence[str]], now: datetime
) -> None:
    """Put what was concluded in the place of what was concluded before."""
    await connection.execute(
        """
        INSERT INTO conclusion (case_id, look_at, organs, duties)
        SELECT c.case_id, c.look_at, c.organs::jsonb, c.duties::jsonb
        FROM unnest($1::text[], $2::timestamptz[], $3::text[], $4::text[]) AS c(case_id, look_at, organs, duties)
        ON CONFLICT (case_id) DO UPDATE
          SET look_at = excluded.look_at, organs = excluded.organs, duties = excluded.duties
        """,
        [each.case_id for each in conclusions],
        [each.look_at for each in conclusions],
        [json.dumps(list(organs[each.case_id])) for each in conclusions],
        [json.dumps([duty.as_dict() for duty in each.duties], ensure_ascii=False) for each in conclusions],
    )
    findings = [finding for each in conclusions for finding in each.findings]
    await connection.execute(
        """
        UPDATE finding SET closed_at = $3
        WHERE case_id = ANY($1::text[]) AND id <> ALL($2::text[]) AND closed_at IS NULL
        """,
        [each.case_id for each in conclusions if each.is_whole],
        [finding.id for finding in findings],
        now,
    )
    await connection.execute(
        """
        INSERT INTO finding (id, case_id, kind, status, severity, subject, body, found_at)
        SELECT f.id, f.case_id, f.kind, f.status, f.severity, f.subject, f.body::jsonb, $8
        FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[])
          AS f(id, case_id, kind, status, severity, subject, body)
        ON CONFLICT (id) DO UPDATE SET status = excluded.status, severity = excluded.severity, body = excluded.body,
          closed_at = NULL
        """,
        [finding.id for finding in findings],
        [finding.case_id for finding in findings],
        [finding.kind for finding in findings],
        [finding.status for finding in findings],
        [finding.severity for finding in findings],
        [finding.subject for finding in findings],
        [json.dumps(finding.as_dict(), ensure_ascii=False) for finding in findings],
        now,
    )


async def ask(connection: Connection, repairs: Sequence[Repair], now: datetime) -> None:
    """Note what is to be commanded; a finding commands once."""
    await connection.execute(
        """
        INSERT INTO command (finding_id, target, body, asked_at)
        SELECT c.finding_id, c.target, c.body::jsonb, $4
        FROM unnest($1::text[], $2::text[], $3::text[]) AS c(finding_id, target, body)
        ON CONFLICT DO NOTHING
        """,
        [repair.finding.id for repair in repairs],
        [repair.custody_id for repair in repairs],
        [
            json.dumps({"to_organ": repair.to_organ, "reason": repair.finding.zh}, ensure_ascii=False)
            for repair in repairs
        ],
        now,
    )


async def asked(connection: Connection) -> list[Row]:
    """What was noted and has no answer yet."""
    rows = await connection.fetch(
        "SELECT finding_id, target, body::text FROM command WHERE status IS NULL ORDER BY asked_at LIMIT 100"
    )
    return [{**row, "body": json.loads(row["body"])} for row in rows]


async def answered(connection: Connection, finding_id: str, status: int, answer: str) -> None:
    """What came of a command; the answer as text, since whoever answered may have said anything."""
    await connection.execute(
        "UPDATE command SET status = $2, answer = to_jsonb($3::text) WHERE finding_id = $1",
        finding_id,
        status,
        answer.replace("\x00", ""),
    )
