"""What agreement costs: two trees of many cases made, compared with nothing new, and walked to one planted difference.

Cases of one row each, in the log of case_flow and in the ledger of the coordinator, on a PostgreSQL of the benchmark's own.
What is measured at the last level is also told as a ratio to the first: requests must not grow but with the depth of the
tree, and comparing again must not grow at all.
"""

import asyncio
import contextlib
import json
import shutil
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import httpx
from joserfc.jwk import OKPKey
from pydantic import SecretStr
from starlette.types import Receive, Scope, Send

import services.coordinator.app as coordinator
from migrations.run import upgrade
from services.case_flow.app import make as make_case_flow
from services.coordinator.agree import ANEW, Outcome, Witness
from services.coordinator.repository import due_for_a_look
from services.kernel import tree
from services.kernel.identity import Signer
from services.kernel.service import make_app, policy_beside
from services.kernel.settings import Settings
from services.kernel.transition import Links
from singletrack.postgres import EmbeddedPostgres, Server, ensure_database

CHUNK = 50_000
#: How often what costs next to nothing is done, for its median.
ROUNDS = 9
#: How often everything is read anew, and joined.
SWEEPS = 3
_NAMES = ("case_flow", "coordinator")
_LOG = ("case_id", "seq", "feed_seq", "client_id", "key", "fingerprint", "body", "sm3", "sha256")
_LEDGER = ("case_id", "service", "seq", "feed_seq", "body", "sm3", "sha256")


@dataclass(slots=True)
class Bench:
    """A service and a coordinator that does not follow, with their databases; `requests` counts what was asked."""

    owner: dict[str, "asyncpg.Connection[asyncpg.Record]"]
    witness: Witness
    requests: list[str]
    stored: int = 0

    async def store(self, cases: int, told: Callable[[int], None]) -> None:
        """Have so many cases on both sides."""
        for first in range(self.stored + 1, cases + 1, CHUNK):
            last = min(first + CHUNK - 1, cases)
            rows = list(_rows(first, last))
            log = [
                (case_id, 1, n, "c", f"k{n}", b"", body, links.sm3, links.sha256) for n, case_id, body, links in rows
            ]
            ledger = [(case_id, "case_flow", 1, n, body, links.sm3, links.sha256) for n, case_id, body, links in rows]
            await self.owner["case_flow"].copy_records_to_table("log", records=log, columns=_LOG)
            await self.owner["coordinator"].copy_records_to_table("ledger", records=ledger, columns=_LEDGER)
            told(last - first + 1)
        await self.owner["case_flow"].execute("UPDATE feed_head SET last = $1", cases)
        await self.owner["coordinator"].execute(
            "INSERT INTO position (service, feed_seq) VALUES ('case_flow', $1)"
            " ON CONFLICT (service) DO UPDATE SET feed_seq = excluded.feed_seq",
            cases,
        )
        self.stored = cases
        for connection in self.owner.values():
            await connection.execute("VACUUM (ANALYZE)")

    async def level(self, cases: int) -> dict[str, Any]:
        """Everything that is measured with so many cases. Raises: AssertionError; the run does not count then."""
        made, outcome = await self._timed(self._compared)
        assert (outcome.status, outcome.cases) == ("agreed", cases), outcome
        again = [await self._timed(self._compared) for _ in range(ROUNDS)]
        requests = len(self.requests)
        await self._compared()
        once = len(self.requests) - requests
        parts = [f"{number:02x}" for number in range(ANEW)]
        anew, _ = await self._timed(lambda: self.witness._compare("case_flow", parts))  # noqa: SLF001
        case_id = _case(cases // 3)
        await self._tamper("UPDATE log SET body = body || ' ' WHERE case_id = $1", case_id)
        requests = len(self.requests)
        part = tree.bucket_of(case_id)[:2]
        found, outcome = await self._timed(lambda: self.witness._compare("case_flow", [part]))  # noqa: SLF001
        walked = len(self.requests) - requests
        requests = len(self.requests)
        swept, all_of_it = await self._timed(self._swept)
        swept_requests = len(self.requests) - requests
        assert all_of_it.differences == outcome.differences, all_of_it
        (difference,) = outcome.differences
        assert (difference.case_id, difference.wrong, difference.how) == (case_id, "service", "broken"), difference
        await self._tamper("UPDATE log SET body = rtrim(body) WHERE case_id = $1", case_id)
        assert (await self.witness._compare("case_flow", [part])).status == "agreed"  # noqa: SLF001
        requests = len(self.requests)
        wholes = [await self._timed(self._swept) for _ in range(SWEEPS)]
        whole_requests = (len(self.requests) - requests) // SWEEPS
        assert {outcome.status for _, outcome in wholes} == {"agreed"}, wholes
        whole = statistics.median(seconds for seconds, _ in wholes) * 1000
        anti_join = await self._anti_join()
        return {
            "cases": cases,
            "make_seconds": made,
            "again_ms": statistics.median(seconds for seconds, _ in again) * 1000,
            "again_requests": once,
            "found_ms": found * 1000,
            "found_requests": walked,
            "sweep_ms": anew * 1000,
            "whole_ms": whole,
            "whole_requests": whole_requests,
            "swept_ms": swept * 1000,
            "swept_requests": swept_requests,
            "anti_join_ms": anti_join,
            "whole_ratio": whole / anti_join,
            "due_ms": await self._due(cases),
        }

    async def _swept(self) -> Outcome:
        """Every row of both sides read anew."""
        return await self.witness._compare("case_flow", None)  # noqa: SLF001

    async def _anti_join(self) -> float:
        """The rows of the log, put beside the ledger, that are not in it as they are: one plain statement. Milliseconds."""
        owner = self.owner["coordinator"]
        await owner.execute(
            "DROP TABLE IF EXISTS told; CREATE TABLE told (LIKE ledger INCLUDING INDEXES);"
            " INSERT INTO told SELECT * FROM ledger"
        )
        await owner.execute("VACUUM (ANALYZE) told")
        taken = []
        for _ in range(SWEEPS):
            begun = time.perf_counter()
            missing = await owner.fetchval(
                "SELECT count(*) FROM told t WHERE NOT EXISTS (SELECT FROM ledger l WHERE l.case_id = t.case_id"
                " AND l.service = t.service AND l.seq = t.seq AND l.sm3 = t.sm3)"
            )
            taken.append((time.perf_counter() - begun) * 1000)
            assert missing == 0, missing
        return statistics.median(taken)

    async def _due(self, cases: int) -> float:
        """The cases to look at again, when it is time for none of so many. Milliseconds."""
        owner = self.owner["coordinator"]
        await owner.execute(
            "INSERT INTO conclusion (case_id, look_at, organs, duties, rights, reading)"
            " SELECT case_id, now() + interval '1 day', '[]', '[]', '[]', '{}' FROM ledger ON CONFLICT DO NOTHING"
        )
        await owner.execute("VACUUM (ANALYZE) conclusion")
        taken = []
        for _ in range(ROUNDS):
            begun = time.perf_counter()
            due = await due_for_a_look(owner, datetime.now(UTC), cases)
            taken.append((time.perf_counter() - begun) * 1000)
            assert due == [], due
        return statistics.median(taken)

    async def _compared(self) -> Outcome:
        return await self.witness._compare("case_flow", [])  # noqa: SLF001

    async def _timed(self, act: Callable[[], Awaitable[Outcome]]) -> tuple[float, Outcome]:
        begun = time.perf_counter()
        outcome = await act()
        return time.perf_counter() - begun, outcome

    async def _tamper(self, statement: str, *words: object) -> None:
        await self.owner["case_flow"].execute("ALTER TABLE log DISABLE TRIGGER log_refuses_change")
        await self.owner["case_flow"].execute(statement, *words)
        await self.owner["case_flow"].execute("ALTER TABLE log ENABLE ALWAYS TRIGGER log_refuses_change")


def _case(number: int) -> str:
    return f"case_{number:026d}"


def _rows(first: int, last: int) -> Iterator[tuple[int, str, str, Links]]:
    for number in range(first, last + 1):
        case_id = _case(number)
        body = f'{{"id":"trn_{number}","case_id":"{case_id}","service":"case_flow","seq":1,"type":"case_record:open"}}'
        yield number, case_id, body, Links().after(body)


def measure(levels: Sequence[int], told: Callable[[int], None] = lambda _: None) -> dict[str, Any]:
    """The levels, each by itself, and the last as a ratio to the first."""
    # Under /var/tmp: /tmp may be in memory, which is not what is measured.
    folder = Path(tempfile.mkdtemp(prefix="singletrack-agreeing-", dir="/var/tmp"))
    folder.chmod(0o755)
    try:
        with EmbeddedPostgres(folder) as server:
            found = asyncio.run(_measure(server, levels, told))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    first, last = found[0], found[-1]
    grown = last["cases"] / first["cases"]
    ratios = {name: last[name] / first[name] for name in ("again_ms", "again_requests", "found_ms", "found_requests")}
    return {"levels": found, "ratios": {"cases": grown, **ratios}}


async def _measure(server: Server, levels: Sequence[int], told: Callable[[int], None]) -> list[dict[str, Any]]:
    async with _bench(server) as bench:
        found = []
        for cases in levels:
            await bench.store(cases, told)
            found.append(await bench.level(cases))
        return found


@contextlib.asynccontextmanager
async def _bench(server: Server) -> AsyncIterator[Bench]:
    for name in _NAMES:
        await ensure_database(server, name, f"{name}_owner", "o", f"{name}_runtime", "r")
        owner = server.url(name, user=f"{name}_owner", password="o")  # noqa: S106 - a server of our own, for a minute
        await asyncio.to_thread(upgrade, name, owner, f"{name}_runtime")
    signer = Signer(OKPKey.generate_key("Ed25519", auto_kid=True))
    settings = {
        name: Settings(
            database_url=SecretStr(server.url(name, user=f"{name}_runtime", password="r")),  # noqa: S106
            jwks=signer.public(),
        )
        for name in _NAMES
    }
    log = make_case_flow(settings["case_flow"])
    reading = make_app(
        coordinator.Coordination(),
        policy_beside(coordinator.__file__),
        settings["coordinator"],
        title="coordinator",
        keeps_log=False,
    )
    requests: list[str] = []

    async def counted(scope: Scope, receive: Receive, send: Send) -> None:
        requests.append(scope["path"])
        await log(scope, receive, send)

    def headers() -> dict[str, str]:
        token = signer.issue("sys-coordinator", "coordinator", officer="coordinator", client="coordinator")
        return {"Authorization": f"Bearer {token}"}

    async with contextlib.AsyncExitStack() as running:
        for each in (log, reading):
            await running.enter_async_context(each.router.lifespan_context(each))
        client = await running.enter_async_context(
            httpx.AsyncClient(transport=httpx.ASGITransport(app=counted), base_url="http://gateway")
        )
        owner_connections = {}
        for name in _NAMES:
            connection = await asyncpg.connect(server.url(name, user=f"{name}_owner", password="o"))  # noqa: S106
            running.push_async_callback(connection.close)
            owner_connections[name] = connection
        witness = Witness(reading.state.service, client, headers, signer.key, ("case_flow",))
        yield Bench(owner_connections, witness, requests)


def show(found: dict[str, Any]) -> None:
    """For people."""
    for level in found["levels"]:
        print(
            f"{level['cases']:>10,} cases: both trees made in {level['make_seconds']:.1f} s,"
            f" compared again in {level['again_ms']:.1f} ms ({level['again_requests']} request),"
            f" one difference found in {level['found_ms']:.0f} ms ({level['found_requests']} requests),"
            f" a sweep's part read anew in {level['sweep_ms']:.0f} ms, everything in {level['whole_ms'] / 1000:.2f} s"
            f" ({level['whole_ratio']:.1f} × an anti-join)"
        )
    print(json.dumps({name: round(value, 2) for name, value in found["ratios"].items()}))
