"""The log in PostgreSQL: load what a batch of commands needs, append what was decided, read the feed.

One statement loads, one statement appends and commits. The lock on `feed_head` is taken first and held to the end of
that statement, so rows are numbered in the order in which they become visible: a follower that has read number n
has read everything up to n (the numbers of an aborted append are given out again; there are no holes).
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

import asyncpg

from services.kernel.record import Entry, Head
from services.kernel.transition import Links, encode, new_id
from services.kernel.who import Actor

#: Said once on the writer's connection: plan each statement once, and by index. The statistics of a young log would
#: have it planned anew for every batch, and read from end to end.
PLAN = """
SET plan_cache_mode = force_generic_plan;
SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_material = off
"""

_LOAD = """
SELECT 'case' AS what, case_id, version AS number, state AS text, sm3, sha256, NULL::bytea AS fingerprint,
       NULL AS client_id, NULL AS key
FROM stream WHERE case_id = ANY($1::text[])
UNION ALL
SELECT 'command', l.case_id, l.seq, l.body, l.sm3, l.sha256, l.fingerprint, l.client_id, l.key
FROM unnest($2::text[], $3::text[]) AS wanted(client_id, key)
JOIN log l ON l.key = wanted.key AND l.client_id = wanted.client_id
"""

_APPEND = """
WITH gate AS (SELECT last FROM feed_head FOR UPDATE),
taken AS (
  SELECT c.case_id FROM unnest($21::text[], $22::text[], $23::text[]) AS c(id, case_id, holder)
  JOIN thing t ON t.id = c.id WHERE t.kind <> c.holder),
heads AS (
  SELECT * FROM unnest($1::text[], $2::int[], $3::int[], $4::text[], $5::bytea[], $6::bytea[])
    AS h(case_id, expected, version, state, sm3, sha256)),
moved AS (
  UPDATE stream s SET version = h.version, state = h.state, sm3 = h.sm3, sha256 = h.sha256
  FROM heads h, gate WHERE h.expected > 0 AND s.case_id = h.case_id AND s.version = h.expected
    AND h.case_id NOT IN (SELECT case_id FROM taken)
  RETURNING s.case_id),
opened AS (
  INSERT INTO stream (case_id, version, state, sm3, sha256)
  SELECT case_id, version, state, sm3, sha256 FROM heads, gate
  WHERE expected = 0 AND case_id NOT IN (SELECT case_id FROM taken)
  ON CONFLICT DO NOTHING RETURNING case_id),
won AS (SELECT case_id FROM moved UNION ALL SELECT case_id FROM opened),
fresh AS (
  SELECT r.*, row_number() OVER (ORDER BY r.ord) AS n
  FROM unnest($7::text[], $8::int[], $9::text[], $10::text[], $11::bytea[], $12::text[], $13::text[], $14::bytea[],
              $15::bytea[]) WITH ORDINALITY
    AS r(case_id, seq, client_id, key, fingerprint, body, private, sm3, sha256, ord)
  JOIN won USING (case_id)),
counted AS (
  UPDATE feed_head f SET last = gate.last + (SELECT count(*) FROM fresh) FROM gate RETURNING gate.last AS base),
related AS (
  INSERT INTO relation (organ_id, case_id)
  SELECT o.organ_id, o.case_id FROM unnest($16::text[], $17::text[]) AS o(organ_id, case_id) JOIN won USING (case_id)
  ON CONFLICT DO NOTHING),
named AS (
  INSERT INTO thing (id, case_id, kind)
  SELECT t.id, t.case_id, t.kind FROM unnest($18::text[], $19::text[], $20::text[]) AS t(id, case_id, kind)
  JOIN won USING (case_id)
  UNION ALL
  SELECT DISTINCT c.id, c.case_id, c.holder
  FROM unnest($21::text[], $22::text[], $23::text[]) AS c(id, case_id, holder) JOIN won USING (case_id)
  WHERE NOT EXISTS (SELECT FROM thing t WHERE t.id = c.id))
INSERT INTO log (case_id, seq, feed_seq, client_id, key, fingerprint, body, private, sm3, sha256)
SELECT r.case_id, r.seq, c.base + r.n, r.client_id, r.key, r.fingerprint, r.body, r.private, r.sm3, r.sha256
FROM fresh r, counted c
RETURNING case_id
"""

#: Wakes whoever waits for the feed; sent by a trigger of the log at commit.
CHANNEL = "log"

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


@dataclass(frozen=True, slots=True)
class Remembered:
    """What an earlier command with the same key did."""

    case_id: str
    seq: int
    text: str
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class Loaded:
    """Cases by id, and earlier commands by (client, key)."""

    heads: Mapping[str, Head]
    commands: Mapping[tuple[str, str], Remembered]


async def load(connection: Connection, case_ids: Sequence[str], commands: Sequence[tuple[str, str]]) -> Loaded:
    """What a batch needs to be decided on, in one statement."""
    heads: dict[str, Head] = {}
    remembered: dict[tuple[str, str], Remembered] = {}
    rows = await connection.fetch(_LOAD, case_ids, [client for client, _ in commands], [key for _, key in commands])
    for row in rows:
        if row["what"] == "case":
            links = Links(row["sm3"], row["sha256"])
            heads[row["case_id"]] = Head(row["case_id"], row["number"], json.loads(row["text"]), links)
        else:
            remembered[row["client_id"], row["key"]] = Remembered(
                row["case_id"], row["number"], row["text"], row["fingerprint"]
            )
    return Loaded(heads, remembered)


async def append(connection: Connection, expected: Mapping[str, int], entries: Sequence[Entry]) -> set[str]:
    """Write the rows of a batch in one commit; the ids of the cases whose rows were written.

    A case that someone else moved since it was loaded, or that claims a name which belongs to another, is left out whole.
    Several entries of one case follow each other. Raises: asyncpg.UniqueViolationError where a key or a name was used
    meanwhile; then nothing is written.
    """
    last: dict[str, Entry] = {entry.head.case_id: entry for entry in entries}
    organs = [(organ, e.head.case_id) for e in entries for organ in e.body.get("organs", {}).values()]
    things = [(i, e.head.case_id, what["kind"]) for e in entries for i, what in e.body.get("created", {}).items()]
    claims = [(name, e.head.case_id, holder) for e in entries for name, holder in e.body.get("claims", {}).items()]
    won = await connection.fetch(
        _APPEND,
        list(last),
        [expected[case_id] for case_id in last],
        [entry.head.version for entry in last.values()],
        [encode(entry.head.state) for entry in last.values()],
        [entry.head.links.sm3 for entry in last.values()],
        [entry.head.links.sha256 for entry in last.values()],
        [entry.head.case_id for entry in entries],
        [entry.head.version for entry in entries],
        [entry.command.actor.client for entry in entries],
        [entry.command.key for entry in entries],
        [bytes.fromhex(entry.command.fingerprint) for entry in entries],
        [entry.text for entry in entries],
        [entry.private for entry in entries],
        [entry.head.links.sm3 for entry in entries],
        [entry.head.links.sha256 for entry in entries],
        [organ for organ, _ in organs],
        [case_id for _, case_id in organs],
        [thing for thing, _, _ in things],
        [case_id for _, case_id, _ in things],
        [kind for _, _, kind in things],
        [name for name, _, _ in claims],
        [case_id for _, case_id, _ in claims],
        [holder for _, _, holder in claims],
    )
    return {row["case_id"] for row in won}


async def holders(connection: Connection, names: Sequence[str]) -> dict[str, str]:
    """Whose those of these names are that somebody has, in whatever case."""
    rows = await connection.fetch("SELECT id, kind FROM thing WHERE id = ANY($1::text[])", names)
    return {row["id"]: row["kind"] for row in rows}


async def append_together(connection: Connection, expected: Mapping[str, int], entries: Sequence[Entry]) -> set[str]:
    """Like `append`, for rows that are one act in two cases: all of them in one commit, or none."""
    transaction = connection.transaction()
    await transaction.start()
    try:
        won = await append(connection, expected, entries)
    except BaseException:
        await transaction.rollback()
        raise
    if won == expected.keys():
        await transaction.commit()
        return won
    await transaction.rollback()
    return set()


async def documents(connection: Connection, case_id: str, document_ids: Iterable[str]) -> dict[str, str]:
    """The kinds of those documents that rows of this case brought in."""
    wanted = set(document_ids)
    rows = await connection.fetch("SELECT body FROM log WHERE case_id = $1", case_id)
    papers = (paper for row in rows for paper in json.loads(row["body"])["documents"])
    return {paper["id"]: paper["kind"] for paper in papers if paper["id"] in wanted}


async def feed(connection: Connection, after: int, limit: int) -> list[asyncpg.Record]:
    """The rows numbered after a position, in order. Shape: records of feed_seq, body, sm3, sha256."""
    return await connection.fetch(
        "SELECT feed_seq, body, sm3, sha256 FROM log WHERE feed_seq > $1 ORDER BY feed_seq LIMIT $2", after, limit
    )


async def link_at(connection: Connection, feed_seq: int) -> str:
    """The SM3 link of the row with this number, as feeds write it; empty where there is none."""
    found: bytes | None = await connection.fetchval("SELECT sm3 FROM log WHERE feed_seq = $1", feed_seq)
    return f"sm3:{found.hex()}" if found else ""


async def last(connection: Connection) -> int:
    """The number of the last row."""
    found: int = await connection.fetchval("SELECT last FROM feed_head")
    return found


async def history(connection: Connection, case_id: str) -> list[asyncpg.Record]:
    """All rows of one case in order. Shape: records of seq, feed_seq, body, private, sm3, sha256."""
    return await connection.fetch(
        "SELECT seq, feed_seq, body, private, sm3, sha256 FROM log WHERE case_id = $1 ORDER BY seq", case_id
    )


async def note_access(
    connection: Connection, case_id: str, subjects: Sequence[str], actor: Actor, at: datetime
) -> None:
    """Write down that somebody read what is sealed, under a permit."""
    await connection.execute(
        "INSERT INTO access (id, case_id, subjects, organ_id, officer, role, at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        new_id("acc"),
        case_id,
        json.dumps(list(subjects)),
        actor.organ_id,
        actor.officer,
        actor.role,
        at,
    )


async def case_of(connection: Connection, thing_id: str) -> str | None:
    """The case that a custody, an item or a package belongs to."""
    found: Any = await connection.fetchval("SELECT case_id FROM thing WHERE id = $1", thing_id)
    return found if isinstance(found, str) else None
