"""Every process is killed in the middle of its work, and nothing that was acknowledged is lost."""

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from singletrack.ledger import check_services
from singletrack.replay.command import play_file
from singletrack.stack import GATEWAY, SERVICES, Stack

SAMPLE = Path(__file__).parents[2] / "data" / "timelines" / "sample.jsonl"
LOGS = ("case_flow", "custody_transfer", "evidence")
RECORDS = 26


@pytest.fixture(scope="module")
def stack(ground: Path) -> Iterator[Stack]:
    """A system of our own, durable, to be broken."""
    with Stack(ground / "faults", durable=True) as running:
        yield running


@pytest.fixture(scope="module")
def survived(stack: Stack) -> dict[str, Any]:
    """The report of a replay during which every process was killed, twice."""
    whole: dict[str, Any] = {}

    def play() -> None:
        whole.update(play_file(SAMPLE, stack.url, _token(stack), limit=RECORDS))

    playing = threading.Thread(target=play)
    playing.start()
    kills = 0
    for name in (*SERVICES, GATEWAY) * 2:
        time.sleep(0.3)
        if playing.is_alive():
            stack.kill(name)
            kills += 1
            stack.wait_until_ready(name)
    playing.join()
    assert kills >= 5, "the replay was over before every process had been killed"
    return whole


def _token(stack: Stack) -> Any:
    return lambda organ, role: stack.token(organ, role, officer=f"{role}-1", hours=24)


def _ids(stack: Stack, service: str) -> set[str]:
    async def read() -> set[str]:
        connection = await asyncpg.connect(stack.database_url(service))
        try:
            return {json.loads(row["body"])["id"] for row in await connection.fetch("SELECT body FROM log")}
        finally:
            await connection.close()

    return asyncio.run(read())


def _findings(stack: Stack) -> set[tuple[str, str, str, str]]:
    found: set[tuple[str, str, str, str]] = set()
    token = ""
    headers = {"Authorization": f"Bearer {stack.token('sys-review', 'reviewer')}"}
    while True:
        url = f"{stack.url}/v1/findings?page_size=200&page_token={token}"
        page = httpx.get(url, headers=headers, timeout=30).json()
        found |= {(each["id"], each["kind"], each["status"], each["due"]) for each in page["items"]}
        token = page["next_page_token"]
        if not token:
            return found


def test_nothing_acknowledged_is_lost(stack: Stack, survived: dict[str, Any]):
    """答复过“已记录”的，每一行都在日志里，而且只有一行。"""
    acknowledged = [
        (step["service"], step["transition"])
        for record in survived["records"]
        for step in (*record["accepted"], *record["inferred"])
    ]

    assert len(acknowledged) > 900
    assert len(set(acknowledged)) == len(acknowledged)
    for service in LOGS:
        mine = {transition for name, transition in acknowledged if name == service}
        assert mine <= _ids(stack, service)


def test_no_refusal_was_made_by_the_fault(survived: dict[str, Any]):
    """服务中断不会变成一项拒绝。"""
    assert survived["totals"]["server_errors"] == 0
    assert {step["code"] for record in survived["records"] for step in record["refused"]} <= {"CASE-010"}


def test_the_logs_are_whole(stack: Stack, survived: dict[str, Any]):
    """编号没有空洞，哈希链完整，视图与日志一致。"""
    for service, checked in check_services({name: stack.database_url(name) for name in LOGS}).items():
        assert checked.violations == [], service
        assert checked.rows > 0


def test_played_again_it_changes_nothing(stack: Stack, survived: dict[str, Any]):
    """同一回放再来一次，同样的键，同样的答复，一行不增。"""
    before = {service: _ids(stack, service) for service in LOGS}

    again = play_file(SAMPLE, stack.url, _token(stack), limit=RECORDS)

    assert {service: _ids(stack, service) for service in LOGS} == before
    assert again["totals"]["steps"] == survived["totals"]["steps"]


def test_a_coordinator_that_begins_from_nothing_finds_the_same(stack: Stack, survived: dict[str, Any]):
    """协同中枢清空后重读全部日志，得出同样的结论。"""
    before = _findings(stack)
    assert before

    async def forget() -> None:
        connection = await asyncpg.connect(stack.database_url("coordinator", owner=True))
        try:
            await connection.execute("TRUNCATE ledger, changed, position, conclusion, finding, command")
        finally:
            await connection.close()

    stack.kill("coordinator")
    asyncio.run(forget())
    stack.kill("coordinator")
    stack.wait_until_ready("coordinator")

    deadline = time.monotonic() + 60
    while _findings(stack) != before and time.monotonic() < deadline:
        time.sleep(0.5)
    assert _findings(stack) == before
