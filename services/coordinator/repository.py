"""Records in, records out; the only room that speaks SQL."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from services.coordinator.domain.agreement import DIVERGED, RESTORED
from services.coordinator.domain.finding import Finding
from services.coordinator.domain.reconcile import Conclusion
from services.coordinator.domain.repairs import Repair
from services.kernel.log import Connection

Row = Mapping[str, Any]
#: Every case that is reached from these by persons who went, over however many cases. Shape: root, case_id.
KIN = """
WITH RECURSIVE reached(root, case_id) AS (
  SELECT c, c FROM unnest($1::text[]) AS c
  UNION SELECT r.root, k.kin_id FROM reached r JOIN kin k ON k.case_id = r.case_id)
SELECT root, case_id FROM reached
"""


async def positions(connection: Connection) -> dict[str, tuple[int, datetime | None]]:
    """How far each log was read, and until when that is known to be all."""
    rows = await connection.fetch("SELECT service, feed_seq, read_until FROM position")
    return {row["service"]: (row["feed_seq"], row["read_until"]) for row in rows}


async def store(connection: Connection, service: str, events: Sequence[Row], texts: Sequence[str]) -> set[str]:
    """Keep rows, each once; the cases among them that are news."""
    rows = await connection.fetch(
        """
        INSERT INTO ledger (case_id, service, seq, feed_seq, body, sm3, sha256)
        SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::bigint[], $5::text[], $6::bytea[], $7::bytea[])
        ON CONFLICT DO NOTHING RETURNING case_id
        """,
        [event["partitionkey"] for event in events],
        [service] * len(events),
        [int(event["sequence"]) for event in events],
        [event["feedseq"] for event in events],
        list(texts),
        [bytes.fromhex(event["datadigest"].removeprefix("sm3:")) for event in events],
        [bytes.fromhex(event["datasha"].removeprefix("sha-256:")) for event in events],
    )
    await _relate(connection, events)
    return {row["case_id"] for row in rows}


async def _relate(connection: Connection, events: Sequence[Row]) -> None:
    """Keep between which cases persons went."""
    went = {(event["data"]["case_id"], event["data"]["left"]["to"]) for event in events if "left" in event["data"]}
    if went:
        pairs = sorted(went | {(to, case_id) for case_id, to in went})
        await connection.execute(
            """
            INSERT INTO kin (case_id, kin_id) SELECT * FROM unnest($1::text[], $2::text[]) ON CONFLICT DO NOTHING
            """,
            [case_id for case_id, _ in pairs],
            [kin_id for _, kin_id in pairs],
        )


async def kin_of(connection: Connection, case_ids: Sequence[str]) -> dict[str, list[str]]:
    """The cases that must be read together with each of these, itself among them: persons went between them."""
    found: dict[str, list[str]] = {}
    for row in await connection.fetch(KIN, list(case_ids)):
        found.setdefault(row["root"], []).append(row["case_id"])
    return found


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


async def keep(connection: Connection, bases: Mapping[str, Mapping[str, Any]]) -> None:
    """Keep what proofs will name, before any does; what is there stays."""
    await connection.execute(
        """
        INSERT INTO basis (id, body) SELECT b.id, b.body::jsonb FROM unnest($1::text[], $2::text[]) AS b(id, body)
        ON CONFLICT DO NOTHING
        """,
        list(bases),
        [json.dumps(body, ensure_ascii=False) for body in bases.values()],
    )


async def look_again(connection: Connection, calendar: str, now: datetime) -> None:
    """Have every case looked at again that was concluded with another calendar."""
    await connection.execute(
        "UPDATE conclusion SET look_at = $2 WHERE reading ->> 'calendar' IS DISTINCT FROM $1", calendar, now
    )


async def concluded_otherwise(connection: Connection, case_ids: Sequence[str], calendar: str) -> dict[str, Row]:
    """The clocks of those of these cases that were concluded with another calendar, and with which."""
    rows = await connection.fetch(
        """
        SELECT case_id, duties::text, rights::text, reading ->> 'calendar' AS calendar FROM conclusion
        WHERE case_id = ANY($1::text[]) AND reading ->> 'calendar' <> $2
        """,
        case_ids,
        calendar,
    )
    return {
        row["case_id"]: {
            "clocks": [*json.loads(row["duties"]), *json.loads(row["rights"])],
            "calendar": row["calendar"],
        }
        for row in rows
    }


async def trace(connection: Connection, case_id: str, traces: Sequence[Row], now: datetime) -> None:
    """Keep what another calendar moved."""
    await connection.executemany(
        """
        INSERT INTO recomputed (case_id, trigger, name, subject, calendar, body, at)
        VALUES ($1, $2, $3, $4, $5, $6::jsonb, $7) ON CONFLICT DO NOTHING
        """,
        [
            (
                case_id,
                each["trigger"],
                each["limit"],
                each["subject"],
                each["now"]["calendar"],
                json.dumps(each, ensure_ascii=False),
                now,
            )
            for each in traces
        ],
    )


async def conclude(
    connection: Connection,
    conclusions: Sequence[Conclusion],
    organs: Mapping[str, Sequence[str]],
    reading: Row,
    now: datetime,
) -> None:
    """Put what was concluded, with what had been read, in the place of what was concluded before."""
    await connection.execute(
        """
        INSERT INTO conclusion (case_id, look_at, organs, duties, rights, reading)
        SELECT c.case_id, c.look_at, c.organs::jsonb, c.duties::jsonb, c.rights::jsonb, $6::jsonb
        FROM unnest($1::text[], $2::timestamptz[], $3::text[], $4::text[], $5::text[])
          AS c(case_id, look_at, organs, duties, rights)
        ON CONFLICT (case_id) DO UPDATE SET look_at = excluded.look_at, organs = excluded.organs,
          duties = excluded.duties, rights = excluded.rights, reading = excluded.reading
        """,
        [each.case_id for each in conclusions],
        [each.look_at for each in conclusions],
        [json.dumps(list(organs[each.case_id])) for each in conclusions],
        [json.dumps([duty.as_dict() for duty in each.duties], ensure_ascii=False) for each in conclusions],
        [json.dumps([right.as_dict() for right in each.rights], ensure_ascii=False) for each in conclusions],
        json.dumps(reading),
    )
    findings = [finding for each in conclusions for finding in each.findings]
    await connection.execute(
        """
        UPDATE finding SET closed_at = $3
        WHERE case_id = ANY($1::text[]) AND id <> ALL($2::text[]) AND kind <> ALL($4::text[]) AND closed_at IS NULL
        """,
        [each.case_id for each in conclusions if each.is_whole],
        [finding.id for finding in findings],
        now,
        # They follow from comparing logs, not from the rows of a case.
        [DIVERGED, RESTORED],
    )
    await stand(connection, findings, now)


async def stand(connection: Connection, findings: Sequence[Finding], now: datetime) -> None:
    """Keep findings as they stand now."""
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
    """Note what is to be commanded, each once."""
    await connection.execute(
        """
        INSERT INTO command (finding_id, target, body, asked_at)
        SELECT c.finding_id, c.target, c.body::jsonb, $4
        FROM unnest($1::text[], $2::text[], $3::text[]) AS c(finding_id, target, body)
        ON CONFLICT DO NOTHING
        """,
        [repair.id for repair in repairs],
        [repair.custody_id for repair in repairs],
        [json.dumps(repair.as_dict(), ensure_ascii=False) for repair in repairs],
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
