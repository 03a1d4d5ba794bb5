"""Records in, records out, of what does not follow from the logs: halts, certificates, and differences accepted.

They are the coordinator's own record. Dropping the ledger and reading it again leaves them as they are.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from services.coordinator.domain.agreement import DIVERGED, RESTORED, Stored, restored
from services.coordinator.domain.finding import Finding
from services.coordinator.repository import Row, stand
from services.kernel.feed import Page, Told
from services.kernel.log import Connection
from services.kernel.transition import Links, encode, new_id

# Logs that are not the ones that were read.


async def halt_of(connection: Connection, service: str) -> Row | None:
    """The halt of a log that stands. Shape: id, service, read, last, decision (None until somebody decided)."""
    row = await connection.fetchrow(
        "SELECT id, service, read, last, decision::text FROM halt WHERE service = $1 AND ended_at IS NULL", service
    )
    return None if row is None else {**row, "decision": json.loads(row["decision"] or "null")}


async def stop(connection: Connection, service: str, read: int, last: int, now: datetime) -> None:
    """Follow a log no further until somebody decides."""
    await connection.execute(
        "INSERT INTO halt (id, service, read, last, found_at) VALUES ($1, $2, $3, $4, $5)"
        " ON CONFLICT (service) WHERE ended_at IS NULL DO NOTHING",
        new_id("hlt"),
        service,
        read,
        last,
        now,
    )
    await stand(connection, [restored(service, read, last)], now)


async def decide(connection: Connection, halt_id: str, decision: Mapping[str, Any]) -> bool:
    """Write a decision down; whether it is the first of this halt."""
    done: str = await connection.execute(
        "UPDATE halt SET decision = $2::jsonb WHERE id = $1 AND decision IS NULL", halt_id, encode(decision)
    )
    return done == "UPDATE 1"


async def decision_of(connection: Connection, halt_id: str) -> Row | None:
    """What was decided about a halt."""
    text = await connection.fetchval("SELECT decision::text FROM halt WHERE id = $1", halt_id)
    return None if text is None else json.loads(text)


async def end(connection: Connection, halt: Row, now: datetime) -> None:
    """A halt is over, and its finding with it."""
    await connection.execute("UPDATE halt SET ended_at = $2 WHERE id = $1", halt["id"], now)
    await close(connection, RESTORED, halt["service"], [], now)


async def set_aside(
    connection: Connection, halt_id: str, service: str, after: int, now: datetime
) -> tuple[list[str], list[str]]:
    """Put what a log no longer has out of the ledger, and keep it. Shape: the cases of it; those with other rows left.

    A case of which nothing is left is forgotten, and what was found in it closed.
    """
    rows = await connection.fetch(
        """
        WITH gone AS (DELETE FROM ledger WHERE service = $2 AND feed_seq > $3 RETURNING *)
        INSERT INTO set_aside (halt_id, case_id, service, seq, feed_seq, body, sm3, sha256)
        SELECT $1, case_id, service, seq, feed_seq, body, sm3, sha256 FROM gone RETURNING case_id
        """,
        halt_id,
        service,
        after,
    )
    moved = sorted({row["case_id"] for row in rows})
    left = await connection.fetch("SELECT DISTINCT case_id FROM ledger WHERE case_id = ANY($1::text[])", moved)
    there = {row["case_id"] for row in left}
    nothing = [case_id for case_id in moved if case_id not in there]
    await connection.execute("DELETE FROM conclusion WHERE case_id = ANY($1::text[])", nothing)
    await connection.execute("DELETE FROM chain WHERE case_id = ANY($1::text[])", nothing)
    await connection.execute(
        "UPDATE finding SET closed_at = $2 WHERE case_id = ANY($1::text[]) AND closed_at IS NULL", nothing, now
    )
    await connection.execute(
        "UPDATE alert SET closed_at = $2 WHERE case_id = ANY($1::text[]) AND closed_at IS NULL", nothing, now
    )
    return moved, sorted(there)


async def close(connection: Connection, kind: str, subject: str, standing: Sequence[Finding], now: datetime) -> None:
    """Close the findings of one kind about one log, but those that stand."""
    await connection.execute(
        "UPDATE finding SET closed_at = $4"
        " WHERE kind = $1 AND subject = $2 AND id <> ALL($3::text[]) AND closed_at IS NULL",
        kind,
        subject,
        [finding.id for finding in standing],
        now,
    )


class Contradicted(Exception):
    """A log tells otherwise of rows that were read before."""


async def check_same(connection: Connection, service: str, after: int, page: Page, *, are_news: bool) -> None:
    """That a log is the one that was read: the row before a page, and those of it that are no news.

    A log that was cut back and has grown past what was read since then shows in the row before. Raises: Contradicted.
    """
    link = await link_at(connection, service, after) if page.link else None
    if link is not None and page.link != f"sm3:{link.hex()}":
        raise Contradicted
    if not are_news and await _contradicts(connection, service, page.rows):
        raise Contradicted


async def _contradicts(connection: Connection, service: str, rows: Sequence[Told]) -> bool:
    return bool(
        await connection.fetchval(
            """
            SELECT EXISTS (
              SELECT FROM unnest($2::text[], $3::int[], $4::bytea[]) AS told(case_id, seq, sm3)
              JOIN ledger l ON l.case_id = told.case_id AND l.service = $1 AND l.seq = told.seq AND l.sm3 <> told.sm3)
            """,
            service,
            [row.case_id for row in rows],
            [row.seq for row in rows],
            [row.sm3 for row in rows],
        )
    )


async def link_at(connection: Connection, service: str, feed_seq: int) -> bytes | None:
    """The SM3 link of the row with this number, as it was read."""
    found: bytes | None = await connection.fetchval(
        "SELECT sm3 FROM ledger WHERE service = $1 AND feed_seq = $2", service, feed_seq
    )
    return found


# Agreement.


async def stored(connection: Connection, service: str, case_id: str, at: int) -> list[Stored]:
    """The rows of one case of one service as they were read, up to a position."""
    rows = await connection.fetch(
        "SELECT seq, feed_seq, body, sm3, sha256 FROM ledger"
        " WHERE case_id = $1 AND service = $2 AND feed_seq <= $3 ORDER BY seq",
        case_id,
        service,
        at,
    )
    return [Stored(row["seq"], row["feed_seq"], row["body"], Links(row["sm3"], row["sha256"])) for row in rows]


async def diverged(connection: Connection, service: str, found: Sequence[Finding], now: datetime) -> None:
    """Put what was found to differ in a log in the place of what was found before."""
    await close(connection, DIVERGED, service, found, now)
    await stand(connection, found, now)


async def asked(connection: Connection) -> list[Row]:
    """The agreements that were asked for and are not made yet. Shape: id, case_ids, deep."""
    rows = await connection.fetch(
        "SELECT id, case_ids::text, deep FROM agreement WHERE made_at IS NULL ORDER BY id LIMIT 20"
    )
    return [{**row, "case_ids": json.loads(row["case_ids"])} for row in rows]


async def certify(
    connection: Connection, agreement_id: str, statement: Mapping[str, Any], certificate: str, now: datetime
) -> None:
    """Keep a certificate; one that nobody asked for is the sweep's own."""
    await connection.execute(
        """
        INSERT INTO agreement (id, asked_at, organ_id, case_ids, deep, made_at, statement, certificate)
        VALUES ($1, $4, 'sys-coordinator', '[]', false, $4, $2::jsonb, $3)
        ON CONFLICT (id) DO UPDATE
          SET made_at = excluded.made_at, statement = excluded.statement, certificate = excluded.certificate
        """,
        agreement_id,
        encode(statement),
        certificate,
        now,
    )


async def last_swept(connection: Connection) -> Row | None:
    """What the last sweep stated."""
    text = await connection.fetchval(
        "SELECT statement::text FROM agreement WHERE client_id IS NULL AND made_at IS NOT NULL ORDER BY id DESC LIMIT 1"
    )
    return None if text is None else json.loads(text)


async def last_agreed(connection: Connection, service: str, position: int) -> tuple[str, int, str] | None:
    """The last agreement that speaks of a position of a log. Shape: its id, its own position, the root."""
    row = await connection.fetchrow(
        """
        SELECT id, (statement #>> ARRAY['services', $1, 'position'])::bigint AS position,
          statement #>> ARRAY['services', $1, 'root'] AS root
        FROM agreement WHERE statement #>> ARRAY['services', $1, 'status'] = 'agreed'
          AND (statement #>> ARRAY['services', $1, 'position'])::bigint >= $2 ORDER BY id DESC LIMIT 1
        """,
        service,
        position,
    )
    return None if row is None else (row["id"], row["position"], row["root"])


async def ask(
    connection: Connection,
    organ_id: str,
    key: tuple[str, str, str],
    case_ids: Sequence[str],
    *,
    deep: bool,
    now: datetime,
) -> None:
    """Ask for a certificate; the same key asks once. Shape: key is client, key, fingerprint."""
    await connection.execute(
        "INSERT INTO agreement (id, asked_at, organ_id, client_id, key, fingerprint, case_ids, deep)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7::jsonb, $8) ON CONFLICT (key, client_id) DO NOTHING",
        new_id("agr"),
        now,
        organ_id,
        *key,
        json.dumps(list(case_ids)),
        deep,
    )


# Differences accepted.


async def accept(
    connection: Connection,
    finding_id: str,
    facts: str,
    expires_on: date,
    key: tuple[str, str, str],
    body: Mapping[str, Any],
    now: datetime,
) -> None:
    """Write down that a finding is a known difference; the same key does it once. Shape: key is client, key, fingerprint."""
    mismatch_id = new_id("mis")
    await connection.execute(
        "INSERT INTO mismatch (id, finding_id, facts, expires_on, accepted_at, client_id, key, fingerprint, body)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9::jsonb) ON CONFLICT (key, client_id) DO NOTHING",
        mismatch_id,
        finding_id,
        facts,
        expires_on,
        now,
        *key,
        encode({"id": mismatch_id, **body}),
    )


async def done_with(connection: Connection, table: str, client: str, key: str) -> Row | None:
    """What a key did before in one of the tables of this room; its row."""
    row = await connection.fetchrow(
        f"SELECT * FROM {table} WHERE key = $1 AND client_id = $2",  # noqa: S608 - a constant of ours
        key,
        client,
    )
    return None if row is None else dict(row)
