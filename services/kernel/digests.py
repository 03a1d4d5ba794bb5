# ruff: noqa: S608 - what is put into a statement are the constants of this file
"""The digest tree of a log in PostgreSQL, kept up to a position of the log that it names.

It is brought up to date by whoever asks for it, never by the writer: what is new since its position is read, the cases
among it are read anew from their first row on, and the nodes above them are made again. It may stand still anywhere, and
at any position it is right. What is changed behind the log's back shows when its part of the tree is read anew; a case
that was once there and has no rows any more stays in the tree, as one that is not sound.
Each side of a comparison has its own; the statements are the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from services.kernel import tree
from services.kernel.log import Connection

#: Where the rows of a service lie, with $1 for its name: in its own log, and in the ledger of who follows it.
LOG = "log"
LEDGER = "(SELECT case_id, seq, feed_seq, body, sm3, sha256 FROM ledger WHERE service = $1)"
#: The most rows, and the most cases, that are taken in by one transaction.
CHUNK = 100_000
#: The fewest digits of a prefix that is read anew at once: a 256th of all cases. Or all of them, of not too long a log.
FRESH_DIGITS, WHOLE = 2, 2_000_000

_BUCKET = f"left(encode(sha256(convert_to(case_id, 'UTF8')), 'hex'), {tree.DEPTH})"
_LEAF = (
    r"sha256('\x00'::bytea || convert_to(case_id, 'UTF8') || '\x00'::bytea || int4send(seq) || sm3 || sha256"
    r" || CASE WHEN sound THEN '\x01'::bytea ELSE '\x00'::bytea END)"
)
# What turns out to be as it was is not written again: reading anew is for looking.
# Each case from its first row on: numbered 1…n, and every link made from the one before it and the row's own text.
# `+ 0`: the rows are to be found by their cases, never by their numbers, however young the statistics are.
_LINKED = """
linked AS (
  SELECT case_id, seq, sm3, sha256,
    seq = row_number() OVER rows AND
    sha256 = sha256(coalesce(lag(sha256) OVER rows, ''::bytea) || convert_to(body, 'UTF8')) AS fits,
    lead(seq) OVER rows IS NULL AS is_last
  FROM {source} AS source WHERE case_id = ANY($2::text[]) AND feed_seq + 0 <= $3::bigint
  WINDOW rows AS (PARTITION BY case_id ORDER BY seq))
"""
_HEADS = f"""
{_LINKED},
heads AS (
  SELECT case_id, seq, sm3, sha256, sound
  FROM (SELECT *, bool_and(fits) OVER (PARTITION BY case_id ORDER BY seq) AS sound FROM linked) AS whole WHERE is_last)
"""
_RECOUNT = f"""
WITH {_HEADS},
written AS (
  INSERT INTO digest_leaf AS d (service, bucket, case_id, seq, sm3, sha256, sound)
  SELECT $1::text, {_BUCKET}, case_id, seq, sm3, sha256, sound FROM heads
  ON CONFLICT (service, case_id) DO UPDATE
    SET seq = excluded.seq, sm3 = excluded.sm3, sha256 = excluded.sha256, sound = excluded.sound
    WHERE (d.seq, d.sm3, d.sha256, d.sound) <> (excluded.seq, excluded.sm3, excluded.sha256, excluded.sound))
SELECT case_id FROM heads
"""
_GONE = """
UPDATE digest_leaf SET seq = 0, sm3 = '', sha256 = '', sound = false WHERE service = $1 AND case_id = ANY($2::text[])
  AND seq > 0
"""
# The nodes of prefixes from what is one digit below them.
_BUCKETS = f"""
SELECT $1::text AS service, bucket AS prefix, count(*) AS cases, count(*) FILTER (WHERE NOT sound) AS unsound,
  sha256('\\x01'::bytea || string_agg({_LEAF}, ''::bytea ORDER BY case_id COLLATE "C")) AS digest
FROM digest_leaf WHERE service = $1::text AND bucket = ANY($2::text[]) GROUP BY bucket
"""
_INNER = """
SELECT $1::text AS service, parent AS prefix, sum(cases)::bigint AS cases, sum(unsound)::bigint AS unsound,
  sha256('\\x02'::bytea || string_agg(convert_to(digit, 'UTF8') || digest, ''::bytea ORDER BY digit COLLATE "C")) AS digest
FROM unnest($2::text[]) AS parent CROSS JOIN unnest(string_to_array('0123456789abcdef', NULL)) AS digit
JOIN digest_node ON service = $1::text AND prefix = parent || digit GROUP BY parent
"""
_PUT = """
WITH made AS ({made}),
written AS (
  INSERT INTO digest_node AS d (service, prefix, cases, unsound, digest)
  SELECT service, prefix, cases, unsound, digest FROM made
  ON CONFLICT (service, prefix) DO UPDATE
    SET cases = excluded.cases, unsound = excluded.unsound, digest = excluded.digest
    WHERE (d.cases, d.unsound, d.digest) <> (excluded.cases, excluded.unsound, excluded.digest))
SELECT prefix FROM made
"""
_WHOLE = f"""
WITH {_HEADS.replace("case_id = ANY($2::text[])", "$2::text[] IS NULL")},
held AS (SELECT *, {_BUCKET} AS bucket FROM heads)
SELECT bucket, count(*) AS cases, count(*) FILTER (WHERE NOT sound) AS unsound,
  sha256('\\x01'::bytea || string_agg({_LEAF}, ''::bytea ORDER BY case_id COLLATE "C")) AS digest
FROM held WHERE $1::text IS NOT NULL GROUP BY bucket
"""
# The cases whose leaf is not what their rows make.
_WRONG = f"""
WITH {_LINKED.replace("case_id = ANY($2::text[])", "$2::text[] IS NULL")}
SELECT coalesce(l.case_id, d.case_id) AS case_id
FROM (SELECT * FROM linked WHERE is_last OR NOT fits) AS l
FULL JOIN (SELECT * FROM digest_leaf WHERE service = $1::text) AS d ON d.case_id = l.case_id
WHERE (l.fits AND d.sound AND l.seq = d.seq AND l.sm3 = d.sm3 AND l.sha256 = d.sha256) IS NOT TRUE
"""
# The buckets, and whether each is what its leaves make.
_FIT = f"""
SELECT coalesce(m.prefix, n.prefix) AS prefix, (m.cases, m.unsound, m.digest) IS NOT DISTINCT FROM (n.cases, n.unsound, n.digest) AS fits
FROM ({_BUCKETS.replace(" AND bucket = ANY($2::text[])", "")}) AS m
FULL JOIN (SELECT * FROM digest_node WHERE service = $1::text AND length(prefix) = {tree.DEPTH}) AS n ON n.prefix = m.prefix
"""
_POSITION = "SELECT coalesce(max(position), 0) FROM digest_head WHERE service = $1"
# `$1` names the service also where the rows are its own, and every statement must use it.
_MOVED = (
    "SELECT DISTINCT case_id FROM {source} AS source WHERE feed_seq > $2 AND feed_seq <= $3 AND $1::text IS NOT NULL"
)


@dataclass(frozen=True, slots=True)
class Node:
    """A node of the tree: how many cases are under it, and of how many the rows do not follow from each other."""

    prefix: str
    cases: int
    unsound: int
    digest: str

    @classmethod
    def of(cls, row: Any) -> "Node":
        """From a record, or from what a service answered. Raises: KeyError, TypeError, ValueError."""
        digest = row["digest"]
        text = digest if isinstance(digest, str) else f"sha-256:{digest.hex()}"
        return cls(str(row["prefix"]), int(row["cases"]), int(row["unsound"]), text)

    @property
    def plain(self) -> bytes:
        """The digest itself."""
        return bytes.fromhex(self.digest.removeprefix("sha-256:"))

    @property
    def is_sound(self) -> bool:
        """Whether every case under it is whole."""
        return self.unsound == 0


EMPTY = f"sha-256:{tree.inner({}).hex()}"


async def position(connection: Connection, service: str) -> int:
    """The position of the log that a tree speaks of; 0 before it was ever made."""
    return int(await connection.fetchval(_POSITION, service))


async def _locked(connection: Connection, service: str) -> int:
    """The position, which nobody else moves until the transaction ends."""
    await connection.execute(
        "INSERT INTO digest_head (service, position) VALUES ($1, 0) ON CONFLICT DO NOTHING", service
    )
    return int(await connection.fetchval("SELECT position FROM digest_head WHERE service = $1 FOR UPDATE", service))


async def advance(connection: Connection, source: str, service: str, to: int) -> int:
    """Bring a tree up to a position, or a good step nearer to it; where it stands then. In one transaction."""
    async with connection.transaction():
        at = await _locked(connection, service)
        if at >= to:
            return at
        reached = min(to, at + CHUNK)
        rows = await connection.fetch(_MOVED.replace("{source}", source), service, at, reached)
        await _recount(connection, source, service, [row["case_id"] for row in rows], reached)
        await connection.execute("UPDATE digest_head SET position = $2 WHERE service = $1", service, reached)
        return reached


async def read_anew(connection: Connection, source: str, service: str, prefix: str) -> int:
    """Make a part of a tree anew from every row of its cases; the position that the tree speaks of."""
    if not prefix:
        return await _read_whole(connection, source, service)
    async with connection.transaction():
        at = await _locked(connection, service)
        rows = await connection.fetch(
            "SELECT case_id FROM digest_leaf WHERE service = $1 AND bucket >= $2 AND bucket < $2 || 'g'",
            service,
            prefix,
        )
        await _recount(connection, source, service, [row["case_id"] for row in rows], at)
        return at


async def _read_whole(connection: Connection, source: str, service: str) -> int:
    """The same for all cases, in one pass over the rows: what is as it was costs no more than to look at it."""
    async with connection.transaction():
        at = await _locked(connection, service)
        await connection.execute("SET LOCAL work_mem = '128MB'")
        rows = await connection.fetch(_WRONG.replace("{source}", source), service, None, at)
        await _recount(connection, source, service, sorted({row["case_id"] for row in rows}), at)
        rows = await connection.fetch(_FIT, service)
        await _put(connection, _BUCKETS, service, {row["prefix"] for row in rows if not row["fits"]})
        await _raise(connection, service, {row["prefix"] for row in rows})
        return at


async def forget(connection: Connection, service: str) -> None:
    """Begin a tree anew, from position 0."""
    async with connection.transaction():
        for table in ("digest_head", "digest_leaf", "digest_node"):
            await connection.execute(f"DELETE FROM {table} WHERE service = $1", service)


async def turn_back(connection: Connection, source: str, service: str, case_ids: Sequence[str], to: int) -> None:
    """Bring a tree back to an earlier position; `case_ids` are the cases that moved since then."""
    async with connection.transaction():
        at = await _locked(connection, service)
        await connection.execute(
            "DELETE FROM digest_leaf WHERE service = $1 AND case_id = ANY($2::text[])", service, case_ids
        )
        await _recount(connection, source, service, case_ids, min(at, to))
        await connection.execute("UPDATE digest_head SET position = $2 WHERE service = $1", service, min(at, to))


async def _recount(connection: Connection, source: str, service: str, case_ids: Sequence[str], at: int) -> None:
    if not case_ids:
        return
    rows = await connection.fetch(_RECOUNT.replace("{source}", source), service, case_ids, at)
    gone = set(case_ids) - {row["case_id"] for row in rows}
    if gone:
        await connection.execute(_GONE, service, sorted(gone))
    prefixes = {tree.bucket_of(case_id) for case_id in case_ids}
    await _put(connection, _BUCKETS, service, prefixes)
    await _raise(connection, service, prefixes)


async def _raise(connection: Connection, service: str, prefixes: set[str]) -> None:
    """Make the nodes above these buckets anew."""
    for length in range(tree.DEPTH - 1, -1, -1):
        prefixes = {prefix[:length] for prefix in prefixes}
        await _put(connection, _INNER, service, prefixes)


async def _put(connection: Connection, made: str, service: str, prefixes: set[str]) -> None:
    """Make nodes anew; one without anything below is taken away."""
    rows = await connection.fetch(_PUT.replace("{made}", made), service, sorted(prefixes))
    empty = prefixes - {row["prefix"] for row in rows}
    if empty:
        await connection.execute(
            "DELETE FROM digest_node WHERE service = $1 AND prefix = ANY($2::text[])", service, sorted(empty)
        )


async def node(connection: Connection, service: str, prefix: str) -> Node:
    """One node; that of the empty tree where nothing is under the prefix."""
    row = await connection.fetchrow("SELECT * FROM digest_node WHERE service = $1 AND prefix = $2", service, prefix)
    return Node(prefix, 0, 0, EMPTY) if row is None else Node.of(row)


async def children(connection: Connection, service: str, prefix: str) -> list[Node]:
    """The nodes one digit below a prefix, in order; none below a bucket."""
    below = [prefix + digit for digit in tree.DIGITS]
    rows = await connection.fetch(
        'SELECT * FROM digest_node WHERE service = $1 AND prefix = ANY($2::text[]) ORDER BY prefix COLLATE "C"',
        service,
        below,
    )
    return [Node.of(row) for row in rows]


async def leaves(connection: Connection, service: str, bucket: str) -> list[tree.Leaf]:
    """The cases of a bucket, in the order of the tree."""
    rows = await connection.fetch(
        "SELECT case_id, seq, sm3, sha256, sound FROM digest_leaf WHERE service = $1 AND bucket = $2"
        ' ORDER BY case_id COLLATE "C"',
        service,
        bucket,
    )
    return [tree.Leaf(**dict(row)) for row in rows]


async def root_as_of(connection: Connection, source: str, service: str, at: int) -> str:
    """The root of the tree at an earlier position, made from the rows alone: as slow as the log is long."""
    rows = await connection.fetch(_WHOLE.replace("{source}", source), service, None, at)
    nodes: dict[str, bytes] = {row["bucket"]: row["digest"] for row in rows}
    for length in range(tree.DEPTH - 1, -1, -1):
        below: dict[str, dict[str, bytes]] = {}
        for prefix, digest in nodes.items():
            below.setdefault(prefix[:length], {})[prefix[length]] = digest
        nodes = {prefix: tree.inner(digests) for prefix, digests in below.items()}
    return f"sha-256:{nodes[''].hex()}" if nodes else EMPTY
