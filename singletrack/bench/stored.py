"""Cases that are there before anything is measured: copies of real finished ones, made by the database itself.

A copy has its own case, its own ids of persons, custodies and items, its own keys and numbers; the rest of its rows is
as it was, so its chain of digests is not its own. Good for measuring, for nothing else.
"""

import os
from collections.abc import Callable, Sequence

from singletrack.bench.measure import Connection, connected
from singletrack.postgres import Server

CHUNK = 2000
#: What indexes and row headers add to the text of a row, roughly.
_OVERHEAD = 1.6
_MADE = "'{prefix}_00{which}' || lpad(n::text, 23, '0')"
_CASE = "'case_00' || lpad(n::text, 24, '0')"


class NoRoom(RuntimeError):
    """The disk would not hold so many cases."""


async def store(
    server: Server, service: str, samples: Sequence[str], first: int, last: int, progress: Callable[[int], None]
) -> int:
    """Copies of these cases numbered from `first` up to and not including `last`; the rows written.

    Calls `progress` with the cases of each chunk. Raises: NoRoom.
    """
    async with connected(server.url(service)) as connection:
        await connection.execute("SET synchronous_commit = off")
        await _check_room(connection, samples, last - first)
        written = 0
        statements = [await _statements(connection, sample) for sample in samples]
        for chunk, start in enumerate(range(first, last, CHUNK)):
            end = min(start + CHUNK, last)
            rows, these = statements[chunk % len(statements)]
            async with connection.transaction():
                base = await connection.fetchval("SELECT last FROM feed_head FOR UPDATE")
                for statement in these:
                    numbers = (base - start * rows,) if "feed_seq" in statement else ()
                    await connection.execute(statement, start, end - 1, *numbers)
                await connection.execute("UPDATE feed_head SET last = last + $1", rows * (end - start))
            written += rows * (end - start)
            progress(end - start)
        # What the server would otherwise do in the middle of a measurement.
        await connection.execute("VACUUM (ANALYZE)")
        await connection.execute("CHECKPOINT")
    return written


async def _statements(connection: Connection, sample: str) -> tuple[int, list[str]]:
    """How many rows a case has, and the statements that copy it for n from $1 to $2."""
    things = [
        row["id"] for row in await connection.fetch("SELECT id FROM thing WHERE case_id = $1 ORDER BY id", sample)
    ]
    made = {
        thing: _MADE.format(prefix=thing.partition("_")[0], which=chr(ord("A") + which))
        for which, thing in enumerate(things)
    }

    def anew(column: str) -> str:
        text = f"replace({column}, '{sample}', {_CASE})"
        for thing, expression in made.items():
            text = f"replace({text}, '{thing}', {expression})"
        return text

    n = "generate_series($1::bigint, $2::bigint) AS n"
    # The ids come from this database, and hold letters, digits and _ only.
    rows = await connection.fetchval("SELECT count(*) FROM log WHERE case_id = $1", sample)
    copies = {
        "log (case_id, seq, feed_seq, client_id, key, fingerprint, body, private, sm3, sha256)": f"""
            {_CASE}, seq, $3::bigint + n * {rows} + seq, client_id, md5(n || '-' || seq), fingerprint,
            {anew("body")}, private, sm3, sha256 FROM log, {n} WHERE case_id = '{sample}' ORDER BY n, seq""",
        "stream (case_id, version, state, sm3, sha256)": f"""
            {_CASE}, version, {anew("state")}, sm3, sha256 FROM stream, {n} WHERE case_id = '{sample}'""",
        "relation (organ_id, case_id)": f"organ_id, {_CASE} FROM relation, {n} WHERE case_id = '{sample}'",
    }
    statements = [f"INSERT INTO {table} SELECT {selected}" for table, selected in copies.items()]
    statements += [
        f"INSERT INTO thing (id, case_id, kind) SELECT {expression}, {_CASE}, kind FROM thing, {n} WHERE id = '{thing}'"  # noqa: S608
        for thing, expression in made.items()
    ]
    return rows, statements


async def _check_room(connection: Connection, samples: Sequence[str], cases: int) -> None:
    bytes_of_samples, folder = await connection.fetchrow(
        "SELECT sum(pg_column_size(log.*)), current_setting('data_directory') FROM log WHERE case_id = ANY($1::text[])",
        list(samples),
    ) or (0, "/")
    needed = int(bytes_of_samples or 0) / len(samples) * cases * _OVERHEAD
    found = os.statvfs(folder)
    free = found.f_bavail * found.f_frsize
    if needed * 1.25 > free:
        raise NoRoom(f"{cases:,} cases need about {needed / 1e9:.0f} GB, and {free / 1e9:.0f} GB are free.")
