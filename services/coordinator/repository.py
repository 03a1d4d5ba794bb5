"""Records in, records out; the only room that speaks SQL."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic_core import from_json, to_json

from services.coordinator.domain.agreement import DIVERGED, RESTORED
from services.coordinator.domain.finding import Finding
from services.coordinator.domain.reconcile import Conclusion
from services.kernel.feed import Told
from services.kernel.log import Connection

Row = Mapping[str, Any]
#: Every case that is reached from these by persons who went, over however many cases. Shape: root, case_id.
KIN = """
WITH RECURSIVE reached(root, case_id) AS (
  SELECT c, c FROM unnest($1::text[]) AS c
  UNION SELECT r.root, k.kin_id FROM reached r JOIN kin k ON k.case_id = r.case_id)
SELECT root, case_id FROM reached
"""


_NOTICED = "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 4"
#: Whoever stands still in the middle of writing is thrown out after a minute, and others may lead.
_STILL = """
SELECT number FROM term, set_config('idle_in_transaction_session_timeout', '60s', true) AS patience FOR UPDATE OF term
"""


class Deposed(Exception):
    """Another coordinator began to lead: nothing more is written by this one."""


async def lead(connection: Connection) -> int:
    """Begin to lead. Shape: the number of the term, which every later writing names.

    The lock that lets one lead is this connection's: where its machine is gone, the server notices within half a minute.
    """
    await connection.execute(_NOTICED)
    number: int = await connection.fetchval("UPDATE term SET number = number + 1 RETURNING number")
    return number


async def check_leads(connection: Connection, number: int) -> None:
    """That nobody else leads, and that nobody begins to before this transaction ends. Raises: Deposed."""
    # The lock that makes one lead hangs on a connection, which may break unnoticed; this one is the transaction's own.
    if await connection.fetchval(_STILL) != number:
        raise Deposed


async def positions(connection: Connection) -> dict[str, tuple[int, datetime | None]]:
    """How far each log was read, and until when that is known to be all."""
    rows = await connection.fetch("SELECT service, feed_seq, read_until FROM position")
    return {row["service"]: (row["feed_seq"], row["read_until"]) for row in rows}


async def store(connection: Connection, service: str, rows: Sequence[Told]) -> int:
    """Keep rows, each once, and mark the cases among them that are news; how many rows are new."""
    stored: int = await connection.fetchval(
        """
        WITH stored AS (
          INSERT INTO ledger (case_id, service, seq, feed_seq, body, sm3, sha256)
          SELECT case_id, $2, seq, feed_seq, body, sm3, sha256
          FROM unnest($1::text[], $3::int[], $4::bigint[], $5::text[], $6::bytea[], $7::bytea[])
            AS told(case_id, seq, feed_seq, body, sm3, sha256)
          ON CONFLICT DO NOTHING RETURNING case_id),
        marked AS (
          INSERT INTO changed (case_id) SELECT DISTINCT case_id FROM stored ORDER BY case_id ON CONFLICT DO NOTHING)
        SELECT count(*) FROM stored
        """,
        [row.case_id for row in rows],
        service,
        [row.seq for row in rows],
        [row.feed_seq for row in rows],
        [row.text for row in rows],
        [row.sm3 for row in rows],
        [row.sha256 for row in rows],
    )
    await _relate(connection, rows)
    return stored


async def _relate(connection: Connection, rows: Sequence[Told]) -> None:
    """Keep between which cases persons went."""
    told = [json.loads(row.text) for row in rows if '"left":' in row.text]
    went = {(row["case_id"], row["left"]["to"]) for row in told if "left" in row}
    if went:
        pairs = sorted(went | {(to, case_id) for case_id, to in went})
        await connection.execute(
            """
            INSERT INTO kin (case_id, kin_id) SELECT * FROM unnest($1::text[], $2::text[]) ON CONFLICT DO NOTHING
            """,
            [case_id for case_id, _ in pairs],
            [kin_id for _, kin_id in pairs],
        )


async def unmark(connection: Connection, case_ids: Sequence[str]) -> None:
    """These cases are concluded, in this transaction, with everything that was read of them."""
    await connection.execute("DELETE FROM changed WHERE case_id = ANY($1::text[])", case_ids)


async def kin_of(connection: Connection, case_ids: Sequence[str]) -> dict[str, list[str]]:
    """The cases that must be read together with each of these, itself among them: persons went between them."""
    found: dict[str, list[str]] = {}
    for row in await connection.fetch(KIN, list(case_ids)):
        found.setdefault(row["root"], []).append(row["case_id"])
    return found


async def move(connection: Connection, service: str, feed_seq: int, read_until: datetime | None) -> None:
    """Store how far a log was read, in the transaction of what was read."""
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


async def turn_back(connection: Connection, service: str, feed_seq: int) -> None:
    """Read a log anew from a position on. Until that is done nothing is known of it: what it shows may be other deeds."""
    await connection.execute(
        "UPDATE position SET feed_seq = $2, read_until = NULL WHERE service = $1", service, feed_seq
    )


async def rows_of(connection: Connection, case_ids: Sequence[str]) -> dict[str, list[Row]]:
    """Every row of these cases."""
    found: dict[str, list[Row]] = {case_id: [] for case_id in case_ids}
    for row in await connection.fetch("SELECT case_id, body FROM ledger WHERE case_id = ANY($1::text[])", case_ids):
        found[row["case_id"]].append(_parsed(row["body"]))
    return found


def _parsed(body: str) -> Row:
    try:
        row: Row = from_json(body, cache_strings="keys")
    except ValueError:
        return {}  # what is no row cannot be held against the law: of its case that is found, and of no other
    return row


def _text(told: Any) -> str:
    """JSON as `json.dumps` writes it, at a third of its cost."""
    return to_json(told).decode()


async def due_for_a_look(connection: Connection, now: datetime, limit: int) -> list[str]:
    """So many cases of which something was read since they were concluded, and as many that time alone may change."""
    rows = await connection.fetch(
        """
        (SELECT case_id FROM changed LIMIT $2)
        UNION (SELECT case_id FROM conclusion WHERE look_at <= $1 ORDER BY look_at LIMIT $2)
        """,
        now,
        limit,
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
        [_text([duty.as_dict() for duty in each.duties]) for each in conclusions],
        [_text([right.as_dict() for right in each.rights]) for each in conclusions],
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
    await _keep_chains(connection, [each for each in conclusions if each.is_whole])


async def _keep_chains(connection: Connection, conclusions: Sequence[Conclusion]) -> None:
    """Put the supervision matters of these cases in the place of what was known of them."""
    await connection.execute(
        "DELETE FROM chain WHERE case_id = ANY($1::text[])", [each.case_id for each in conclusions]
    )
    chains = [chain for each in conclusions for chain in each.chains]
    if chains:
        await connection.execute(
            """
            INSERT INTO chain (id, case_id, kind, state, body)
            SELECT c.id, c.case_id, c.kind, c.state, c.body::jsonb
            FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) AS c(id, case_id, kind, state, body)
            """,
            [chain.id for chain in chains],
            [chain.case_id for chain in chains],
            [chain.kind for chain in chains],
            [chain.state for chain in chains],
            [json.dumps(chain.as_dict(), ensure_ascii=False) for chain in chains],
        )


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
        [_text(finding.as_dict()) for finding in findings],
        now,
    )


async def ask(connection: Connection, conclusions: Sequence[Conclusion], now: datetime) -> None:
    """Note what is to be commanded, each once; what was noted, is not answered and is wanted no longer is withdrawn."""
    repairs = [repair for each in conclusions for repair in each.repairs]
    await connection.execute(
        "DELETE FROM command WHERE status IS NULL AND case_id = ANY($1::text[]) AND finding_id <> ALL($2::text[])",
        [each.case_id for each in conclusions if each.is_whole],
        [repair.id for repair in repairs],
    )
    await connection.execute(
        """
        INSERT INTO command (finding_id, case_id, target, body, asked_at)
        SELECT c.finding_id, c.case_id, c.target, c.body::jsonb, $5
        FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS c(finding_id, case_id, target, body)
        ON CONFLICT DO NOTHING
        """,
        [repair.id for repair in repairs],
        [each.case_id for each in conclusions for _ in each.repairs],
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
    """What came of a command; the answer as text, since whoever answered may have said anything.

    Where it was refused, somebody has to act: the case is looked at again.
    """
    await connection.execute(
        """
        WITH answered AS (
          UPDATE command SET status = $2, answer = to_jsonb($3::text) WHERE finding_id = $1 AND status IS NULL
          RETURNING case_id)
        UPDATE conclusion SET look_at = asked_at FROM answered, command
        WHERE $2 >= 400 AND conclusion.case_id = answered.case_id AND command.finding_id = $1
        """,
        finding_id,
        status,
        answer.replace("\x00", ""),
    )
