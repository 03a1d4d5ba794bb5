"""`singletrack bench coordinator`: from a commit to the finding, following three logs, concluding, and the sweep.

The first three run on a stack of their own, through real sockets; the logs that are followed hold copies of whole cases
of 32 rows. The sweep is measured by `agreeing`, on cases of one row, against one plain SQL anti-join.
"""

import asyncio
import json
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from statistics import median, quantiles
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table

from services.coordinator.follow import LEADER
from services.kernel.transition import new_id
from services.law import CODE
from singletrack.bench.lifecycle import LIFECYCLE
from singletrack.bench.measure import Connection, connected, last_number, spent
from singletrack.bench.runs import SERVICES, Bench, DoesNotCount
from singletrack.stack import Stack

#: What the issue of the coordinator asks for. A median in ms, rows and cases a second, and a ratio.
WANTED = {"commit to finding, median ms": ("≤", 250.0), "following, rows/s": ("≥", 20_000.0)} | {
    "concluding, cases/s of a core": ("≥", 3_000.0),
    "a whole sweep, × an anti-join": ("≤", 5.0),
}
#: How long to wait for anything of the coordinator, in seconds.
PATIENCE = 600.0
_LOOK = 0.01
_POLICE, _OFFICER = "pol-330106", "officer"
_ACCEPT, _FOUND = "case_intake:accept", "filing_review_criminal"
_READ = "SELECT coalesce(sum(feed_seq), 0)::bigint FROM position"
_MARKED = "SELECT count(*) FROM changed"


def measure(stack: Stack, *, lives: int, steps: int, rounds: int, told: Callable[[str], None]) -> dict[str, Any]:
    """All but the sweep, on a stack that runs. Raises: DoesNotCount, NoRoom."""
    bench = Bench(stack, clients=4, seconds=1, bulk_size=1)
    told(f"{steps} steps, each until its finding is visible")
    found = asyncio.run(_latency(stack, steps))
    told("whole cases, to copy from")
    bench.warm_up()
    return found | asyncio.run(_reading(stack, bench, lives, rounds, told))


# From a commit to its finding.


async def _latency(stack: Stack, steps: int) -> dict[str, Any]:
    """Acts that come too late: from sending each, and from its answer, until the finding can be read. Milliseconds."""
    token = {"Authorization": f"Bearer {stack.token(_POLICE, _OFFICER)}"}
    long_ago = (datetime.now(UTC) - timedelta(days=90)).date().isoformat()
    sent, answered = [], []
    async with httpx.AsyncClient(base_url=stack.url, timeout=30) as client:

        async def act(path: str, body: Mapping[str, Any], version: str = "") -> httpx.Response:
            headers = {**token, "Idempotency-Key": new_id("key")} | ({"If-Match": version} if version else {})
            answer = await client.post(path, json=body, headers=headers)
            if answer.status_code != httpx.codes.CREATED:
                raise DoesNotCount(f"{path}: {answer.text}")
            return answer

        for number in range(steps):
            opened = await act("/v1/cases", {"organs": [], "title": "bench"})
            case_id, version = opened.json()["case_id"], opened.headers["etag"]
            # What the opening of the case leaves to do must not count; nor may all steps come at the same beat.
            await asyncio.sleep(0.3 + number % 7 * 0.03)
            body = {"type": _ACCEPT, "documents": _papers(_ACCEPT), "occurred_at": long_ago}
            begun = time.perf_counter()
            await act(f"/v1/cases/{case_id}/transitions", body, version)
            there = time.perf_counter()
            await _until_found(client, token, case_id)
            sent.append((time.perf_counter() - begun) * 1000)
            answered.append((time.perf_counter() - there) * 1000)
    return {
        "latency": {
            "steps": steps,
            "from_sending_ms": _spread(sent),
            "from_answer_ms": _spread(answered),
        }
    }


async def _until_found(client: httpx.AsyncClient, headers: Mapping[str, str], case_id: str) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            answer = await client.get("/v1/findings", params={"case_id": case_id, "kind": _FOUND}, headers=headers)
            if answer.raise_for_status().json()["items"]:
                return
            await asyncio.sleep(_LOOK)


def _papers(step: str) -> list[dict[str, str]]:
    return [{"kind": group[0], "digest": f"sm3:{'0' * 64}"} for group in CODE.rules[step].papers.groups]


def _spread(values: Sequence[float]) -> dict[str, float]:
    p95 = quantiles(values, n=20, method="inclusive")[-1] if len(values) > 1 else values[0]
    return {"median": median(values), "p95": p95, "max": max(values)}


# Following and concluding.


async def _reading(
    stack: Stack, bench: Bench, lives: int, rounds: int, told: Callable[[str], None]
) -> dict[str, dict[str, Any]]:
    async with connected(stack.database_url("coordinator", owner=True)) as owner:
        await _settled(owner)
        stack.kill("coordinator")
        # Whoever holds the lock leads: the coordinator that comes back waits until everything is stored.
        await owner.execute("SELECT pg_advisory_lock($1)", LEADER)
        told(f"copying {lives:,} whole cases into three logs")
        await asyncio.to_thread(bench.store, lives)
        await asyncio.to_thread(stack.wait_until_ready, "coordinator")
        heads = [await last_number(stack.database_url(name)) for name in SERVICES]
        told(f"following {sum(heads):,} rows")
        following = await _followed(stack, owner, sum(heads))
        following |= await _copied(owner, stack)
        following["ratio"] = following["rows_per_second"] / following["copy_rows_per_second"]
        told("concluding what was read")
        await _until(owner, _MARKED, 0)
        concluded = [await _concluded(stack, owner) for _ in range(rounds)]
        parse = await _parsed(owner)
    cases = concluded[0]["cases"]
    per_core = [each["cases"] / each["cpu"]["coordinator"] for each in concluded]
    return {
        "following": following,
        "concluding": {
            "cases": cases,
            "rows_per_case": following["rows"] / cases,
            "cases_per_core_second": _rates(per_core),
            "cases_per_second": _rates([each["cases"] / each["seconds"] for each in concluded]),
            "json_cpu_us_per_case": parse / cases * 1e6,
            "ratio_to_json": median(each["cpu"]["coordinator"] for each in concluded) / parse,
        },
    }


def _rates(values: Sequence[float]) -> dict[str, float]:
    return {"median": median(values), "min": min(values), "max": max(values)}


async def _followed(stack: Stack, owner: Connection, end: int) -> dict[str, Any]:
    """From the first page that is stored until everything is. Shape: rows, seconds, rows_per_second, CPU by process."""
    before = await spent(_server(stack), _processes(stack))
    start = int(await owner.fetchval(_READ))
    await owner.execute("SELECT pg_advisory_unlock($1)", LEADER)
    first = await _until(owner, _READ, start + 1)
    begun = time.perf_counter()
    await _until(owner, _READ, end)
    seconds = time.perf_counter() - begun
    used = (await spent(_server(stack), _processes(stack))).since(before)
    stored = await owner.fetchval("SELECT count(*) FROM ledger")
    if stored != end:
        raise DoesNotCount(f"{end} rows are in the logs and {stored} in the ledger")
    cpu = {name: each / (end - start) * 1e6 for name, each in used.cpu.items()}
    return {
        "rows": end - start,
        "seconds": seconds,
        "rows_per_second": (end - first) / seconds,
        "cpu_us_per_row": cpu,
    }


async def _copied(owner: Connection, stack: Stack) -> dict[str, Any]:
    """The same rows into a table with the same indexes by COPY, as fast as PostgreSQL takes them."""
    columns = ("case_id", "service", "seq", "feed_seq", "body", "sm3", "sha256")
    rows = [tuple(row) for row in await owner.fetch(f"SELECT {', '.join(columns)} FROM ledger ORDER BY feed_seq")]  # noqa: S608
    await owner.execute("CREATE TABLE bench_copy (LIKE ledger INCLUDING INDEXES)")
    before = await spent(_server(stack), {})
    begun = time.perf_counter()
    await owner.copy_records_to_table("bench_copy", records=rows, columns=columns)
    seconds = time.perf_counter() - begun
    used = (await spent(_server(stack), {})).since(before)
    await owner.execute("DROP TABLE bench_copy")
    return {"copy_rows_per_second": len(rows) / seconds, "copy_cpu_us_per_row": used.cpu["postgres"] / len(rows) * 1e6}


async def _concluded(stack: Stack, owner: Connection) -> dict[str, Any]:
    """Every case read anew and concluded once. Shape: cases, seconds, CPU by process."""
    before = await spent(_server(stack), _processes(stack))
    await owner.execute("INSERT INTO changed SELECT DISTINCT case_id FROM ledger")
    cases = int(await owner.fetchval(_MARKED))
    # The coordinator looks by itself every second or two; the time counts from the first batch that is done.
    left = cases
    async with asyncio.timeout(PATIENCE):
        while left == cases:
            await asyncio.sleep(_LOOK)
            left = int(await owner.fetchval(_MARKED))
    begun = time.perf_counter()
    await _until(owner, _MARKED, 0)
    seconds = time.perf_counter() - begun
    used = (await spent(_server(stack), _processes(stack))).since(before)
    return {"cases": cases, "seconds": seconds * cases / max(left, 1), "cpu": used.cpu}


async def _parsed(owner: Connection) -> float:
    """Processor seconds that it takes only to parse the same rows."""
    bodies = [row["body"] for row in await owner.fetch("SELECT body FROM ledger")]
    begun = time.process_time()
    for body in bodies:
        json.loads(body)
    return time.process_time() - begun


async def _until(owner: Connection, question: str, wanted: int) -> int:
    """Until a number is there: at least, or none left where 0 is wanted; the number."""
    async with asyncio.timeout(PATIENCE):
        while True:
            found = int(await owner.fetchval(question))
            if found >= wanted if wanted else found == 0:
                return found
            await asyncio.sleep(_LOOK)


async def _settled(owner: Connection) -> None:
    await _until(owner, _MARKED, 0)
    await _until(owner, "SELECT count(*) FROM conclusion WHERE look_at <= now()", 0)


def _server(stack: Stack) -> Any:
    assert stack.server is not None, "the benchmark has its own"
    return stack.server


def _processes(stack: Stack) -> dict[str, int | None]:
    return {name: stack.pid(name) for name in (*stack.services, "gateway")}


# What came of it.


def targets(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What was wanted beside what was measured."""
    measured = {
        "commit to finding, median ms": found["latency"]["from_sending_ms"]["median"],
        "following, rows/s": found["following"]["rows_per_second"],
        "concluding, cases/s of a core": found["concluding"]["cases_per_core_second"]["median"],
        "a whole sweep, × an anti-join": found["sweep"]["levels"][-1]["whole_ratio"],
    }
    return [
        {
            "target": name,
            "wanted": f"{sign} {bound:,g}",
            "measured": measured[name],
            "met": measured[name] <= bound if sign == "≤" else measured[name] >= bound,
        }
        for name, (sign, bound) in WANTED.items()
    ]


def show(found: Mapping[str, Any]) -> None:
    """For people, on standard output."""
    latency, following, concluding = found["latency"], found["following"], found["concluding"]
    table = Table(title="the coordinator")
    for name in ("what", "measured", "beside"):
        table.add_column(name, overflow="fold")
    for what in ("from_sending_ms", "from_answer_ms"):
        each = latency[what]
        words = "its request" if what == "from_sending_ms" else "its answer"
        table.add_row(
            f"finding visible after {words} ({latency['steps']} steps)",
            f"median {each['median']:.0f} ms, p95 {each['p95']:.0f} ms, most {each['max']:.0f} ms",
            "",
        )
    each_spent = ", ".join(f"{name} {each:.0f}" for name, each in following["cpu_us_per_row"].items())
    table.add_row(
        f"following three logs, {following['rows']:,} rows",
        f"{following['rows_per_second']:,.0f} rows/s",
        f"{following['ratio']:.2f} × COPY of the same rows ({following['copy_rows_per_second']:,.0f}/s); µs/row: {each_spent}",
    )
    core, wall = concluding["cases_per_core_second"], concluding["cases_per_second"]
    table.add_row(
        f"concluding {concluding['cases']:,} cases of {concluding['rows_per_case']:.0f} rows",
        f"{core['median']:,.0f} cases/s of a core ({core['min']:,.0f}–{core['max']:,.0f}), {wall['median']:,.0f} cases/s",
        f"{concluding['ratio_to_json']:.1f} × parsing the same rows",
    )
    for level in found["sweep"]["levels"]:
        table.add_row(
            f"sweep of {level['cases']:,} cases, every row of both sides read anew",
            f"{level['whole_ms'] / 1000:.2f} s, {level['whole_requests']} requests",
            f"{level['whole_ratio']:.1f} × an anti-join ({level['anti_join_ms'] / 1000:.2f} s)",
        )
        table.add_row(
            f"one difference among {level['cases']:,} cases",
            f"by the walk {level['found_ms']:.0f} ms, {level['found_requests']} requests",
            f"by the whole sweep {level['swept_ms'] / 1000:.2f} s, {level['swept_requests']} requests",
        )
        table.add_row(f"what time alone changes, {level['cases']:,} cases", f"{level['due_ms']:.1f} ms", "")
    console = Console()
    console.print(table)
    goals = Table(title="targets")
    for name in ("target", "wanted", "measured", ""):
        goals.add_column(name, overflow="fold")
    for each in found["targets"]:
        goals.add_row(each["target"], each["wanted"], f"{each['measured']:,.1f}", "met" if each["met"] else "not met")
    console.print(goals)
    console.print(f"A whole case is {len(LIFECYCLE)} rows. Only ratios within one run are to be compared.")
