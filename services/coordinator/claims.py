"""What cases claim of things that they may share, in the transaction of what is concluded from it."""

import json
from collections.abc import Sequence

import asyncpg

from services.coordinator.domain.shared import Claim, Others
from services.kernel.log import Connection


async def put(connection: Connection, case_ids: Sequence[str], claims: Sequence[Claim]) -> Others:
    """Put what these cases claim now in the place of what they claimed; what every case claims of the same things.

    Whoever claims something of which a claim came, went or changed is marked: it is to be concluded again.
    """
    rows = await connection.fetch(
        "SELECT kind, key, case_id, subject, body::text FROM shared WHERE case_id = ANY($1::text[])", case_ids
    )
    before, now = {_text(_claim(row)): _claim(row) for row in rows}, {_text(claim): claim for claim in claims}
    gone = [before[text] for text in before.keys() - now.keys()]
    come = [now[text] for text in now.keys() - before.keys()]
    if gone:
        await connection.execute(
            """
            DELETE FROM shared USING unnest($1::text[], $2::text[], $3::text[], $4::text[])
              AS g(kind, key, case_id, subject)
            WHERE (shared.kind, shared.key, shared.case_id, shared.subject) = (g.kind, g.key, g.case_id, g.subject)
            """,
            *_columns(gone),
        )
    if come:
        await connection.execute(
            """
            INSERT INTO shared (kind, key, case_id, subject, body)
            SELECT c.kind, c.key, c.case_id, c.subject, c.body::jsonb
            FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[])
              AS c(kind, key, case_id, subject, body)
            """,
            *_columns(come),
            [json.dumps(claim.body, ensure_ascii=False) for claim in come],
        )
    if gone or come:
        moved = sorted({claim.name for claim in (*gone, *come)})
        await connection.execute(
            """
            INSERT INTO changed (case_id) SELECT DISTINCT s.case_id FROM shared s
            JOIN unnest($1::text[], $2::text[]) AS m(kind, key) USING (kind, key)
            WHERE s.case_id <> ALL($3::text[]) ORDER BY s.case_id ON CONFLICT DO NOTHING
            """,
            [kind for kind, _ in moved],
            [key for _, key in moved],
            case_ids,
        )
    return await _claimed(connection, sorted({claim.name for claim in claims}))


async def _claimed(connection: Connection, names: Sequence[tuple[str, str]]) -> Others:
    found: dict[tuple[str, str], list[Claim]] = {}
    if names:
        rows = await connection.fetch(
            """
            SELECT s.kind, s.key, s.case_id, s.subject, s.body::text FROM shared s
            JOIN unnest($1::text[], $2::text[]) AS n(kind, key) USING (kind, key) ORDER BY s.case_id, s.subject
            """,
            [kind for kind, _ in names],
            [key for _, key in names],
        )
        for claim in map(_claim, rows):
            found.setdefault(claim.name, []).append(claim)
    return found


def _claim(row: asyncpg.Record) -> Claim:
    return Claim(row["kind"], row["key"], row["case_id"], row["subject"], json.loads(row["body"]))


def _text(claim: Claim) -> str:
    return json.dumps([claim.kind, claim.key, claim.case_id, claim.subject, claim.body], sort_keys=True)


def _columns(claims: Sequence[Claim]) -> list[list[str]]:
    return [[getattr(claim, name) for claim in claims] for name in ("kind", "key", "case_id", "subject")]
