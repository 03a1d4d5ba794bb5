"""What the servers spent and what is really in their logs: /proc for processor time, SQL for WAL and for the rows."""

import contextlib
import os
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import asyncpg

from singletrack.postgres import Server

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
_TICKS = os.sysconf("SC_CLK_TCK")
_AFTER_NAME = ") "  # a process's name may hold anything, and ends here
_PARENT, _USER, _SYSTEM, _CHILDREN_USER, _CHILDREN_SYSTEM = 1, 11, 12, 13, 14

# For every case the clients touched: the version of its state, and how many rows its log holds up to which number.
_AGREE = """
SELECT count(*) FILTER (WHERE s.version = c.version AND l.rows = c.version AND l.last = c.version) AS agreed,
       coalesce(sum(s.version), 0)::bigint AS versions, coalesce(sum(l.rows), 0)::bigint AS rows
FROM unnest($1::text[], $2::int[]) AS c(case_id, version)
LEFT JOIN stream s USING (case_id)
LEFT JOIN LATERAL (SELECT count(*) AS rows, max(seq) AS last FROM log WHERE log.case_id = c.case_id) l ON true
"""


@dataclass(frozen=True, slots=True)
class Spent:
    """Processor seconds by who spent them, and the position of the WAL in bytes."""

    cpu: Mapping[str, float]
    wal: int

    def since(self, before: "Spent") -> "Spent":
        """What was spent between two looks."""
        return Spent(
            {name: seconds - before.cpu.get(name, 0) for name, seconds in self.cpu.items()}, self.wal - before.wal
        )


@contextlib.asynccontextmanager
async def connected(url: str) -> AsyncIterator[Connection]:
    """A connection for as long as it is needed."""
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


async def spent(server: Server, processes: Mapping[str, int | None]) -> Spent:
    """What these processes, and PostgreSQL with all its children, have spent so far."""
    async with connected(server.url("postgres")) as connection:
        backend, wal = (
            await connection.fetchval("SELECT pg_backend_pid()"),
            await connection.fetchval("SELECT (pg_current_wal_lsn() - '0/0')::bigint"),
        )
        postmaster = int(_stat(backend)[_PARENT])
        cpu = {name: _own(pid) for name, pid in processes.items() if pid is not None}
        cpu["postgres"] = _family(postmaster)
    return Spent(cpu, int(wal))


async def last_number(url: str) -> int:
    """How many rows a service's log has."""
    async with connected(url) as connection:
        return int(await connection.fetchval("SELECT last FROM feed_head"))


async def verify(url: str, versions: Mapping[str, int], before: int) -> dict[str, int]:
    """Compare what clients saw acknowledged with a service's states and log, case by case.

    `before` is how many rows the log had. Raises: AssertionError; the run does not count then.
    """
    async with connected(url) as connection:
        row = await connection.fetchrow(_AGREE, list(versions), list(versions.values()))
        last = int(await connection.fetchval("SELECT last FROM feed_head"))
        numbered = await connection.fetchval("SELECT count(*) FROM log WHERE feed_seq > $1", before)
    assert row is not None, "one row of counts"
    found = {
        "acknowledged": sum(versions.values()),
        "log_rows": int(row["rows"]),
        "state_versions": int(row["versions"]),
        "feed_rows": int(numbered),
        "feed_numbers": last - before,
    }
    if len(set(found.values())) != 1 or row["agreed"] != len(versions):
        raise AssertionError(f"the run does not add up: {found}, {row['agreed']} of {len(versions)} cases agree")
    return found


def _stat(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(_AFTER_NAME)[2].split()


def _own(pid: int) -> float:
    fields = _stat(pid)
    return (int(fields[_USER]) + int(fields[_SYSTEM])) / _TICKS


def _family(parent: int) -> float:
    """A process, its children that are there, and those that have gone."""
    fields = _stat(parent)
    gone = (int(fields[_CHILDREN_USER]) + int(fields[_CHILDREN_SYSTEM])) / _TICKS
    children = 0.0
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                stat = _stat(int(entry.name))
                if int(stat[_PARENT]) == parent:
                    children += (int(stat[_USER]) + int(stat[_SYSTEM])) / _TICKS
    return _own(parent) + gone + children
