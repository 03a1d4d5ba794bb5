"""The database itself is killed in the middle of a replay: nothing that was acknowledged is lost, nothing is done twice."""

import asyncio
import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from singletrack.ledger import check_services
from singletrack.replay.command import play_file
from singletrack.stack import SERVICES, Stack

SAMPLE = Path(__file__).parents[2] / "data" / "timelines" / "sample.jsonl"
LOGS = ("case_flow", "custody_transfer", "evidence")
RECORDS = 20
#: A process that serves one of case_flow's connections.
VICTIM = "SELECT pid FROM pg_stat_activity WHERE usename = 'case_flow' AND pid <> pg_backend_pid() LIMIT 1"
PATIENCE = 60


@pytest.fixture(scope="module")
def stack(ground: Path) -> Iterator[Stack]:
    """A system of our own, durable, to be broken."""
    with Stack(ground / "database-killed", durable=True) as running:
        yield running


@pytest.fixture(scope="module")
def survived(stack: Stack) -> dict[str, Any]:
    """The report of a replay during which a connection's process, then the whole server, was killed."""
    report: Future[dict[str, Any]] = Future()
    playing = threading.Thread(target=lambda: _fulfil(report, lambda: play(stack)))
    playing.start()
    _until(lambda: rows(stack, "case_flow") > 60)

    # PostgreSQL throws everybody out when one of its processes is killed, and recovers by itself.
    os.kill(_ask(stack.database_url("case_flow"), VICTIM), signal.SIGKILL)
    _until(lambda: _is_ready(stack))
    reached = rows(stack, "case_flow")
    _until(lambda: rows(stack, "case_flow") > reached + 40)

    # The server itself: whoever looks after the stack starts everything again on the same address.
    url, postgres = stack.url, stack._postgres
    assert postgres is not None
    assert postgres.pid is not None
    assert not report.done(), "the replay was over before the server was killed"
    os.kill(postgres.pid, signal.SIGKILL)
    _until(lambda: postgres.pid is None)
    stack.look_after()
    assert stack.url == url

    playing.join()
    return report.result()


def test_what_was_acknowledged_survives_the_death_of_the_database(stack: Stack, survived: dict[str, Any]):
    """数据库被杀两次；答复过“已记录”的，每一行都在日志里，各一行；没有一次系统错误成为拒绝。"""
    acknowledged = {
        name: [
            step["transition"]
            for record in survived["records"]
            for step in (*record["accepted"], *record["inferred"])
            if step["service"] == name
        ]
        for name in LOGS
    }

    assert survived["totals"]["records"] == RECORDS
    assert survived["totals"]["server_errors"] == 0
    assert sum(len(each) for each in acknowledged.values()) > 500
    for name, ids in acknowledged.items():
        held = _ask(stack.database_url(name), "SELECT array_agg(body::jsonb ->> 'id') FROM log")
        assert len(ids) == len(set(ids))
        assert set(ids) <= set(held), name


def test_the_logs_are_whole_after_the_death_of_the_database(stack: Stack, survived: dict[str, Any]):
    """编号没有空洞，哈希链完整，视图与日志一致。"""
    checked = check_services({name: stack.database_url(name) for name in LOGS})

    assert {name: result.violations for name, result in checked.items()} == {name: [] for name in LOGS}


def test_the_coordinator_has_read_every_row_once(stack: Stack, survived: dict[str, Any]):
    """协同中枢的账本就是各服务的日志，不多不少。"""
    read = "SELECT count(*) FROM ledger WHERE service = $1"

    assert {name: _ask(stack.database_url("coordinator"), read, name) for name in LOGS} == {
        name: rows(stack, name) for name in LOGS
    }


def test_the_replay_goes_on_where_it_stopped_in_a_new_stack_on_the_same_folder(stack: Stack, survived: dict[str, Any]):
    """停机再启动，同一回放再来一次，一行不增，结论不变。"""
    before = {name: rows(stack, name) for name in LOGS}
    found = {(each["id"], each["status"], each["due"]) for record in survived["records"] for each in record["findings"]}
    stack.stop()
    stack.start()

    again = play(stack)

    assert {name: rows(stack, name) for name in LOGS} == before
    assert {
        (each["id"], each["status"], each["due"]) for record in again["records"] for each in record["findings"]
    } == found


def play(stack: Stack) -> dict[str, Any]:
    """Play the first records."""
    return play_file(
        SAMPLE, stack.url, lambda organ, role: stack.token(organ, role, officer=f"{role}-1", hours=24), limit=RECORDS
    )


def rows(stack: Stack, name: str) -> int:
    """How many rows a log has."""
    return int(_ask(stack.database_url(name), "SELECT count(*) FROM log"))


def _fulfil(future: Future[dict[str, Any]], work: Callable[[], dict[str, Any]]) -> None:
    try:
        future.set_result(work())
    except BaseException as error:  # noqa: BLE001 - raised again by result()
        future.set_exception(error)


def _until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        # While it recovers, it answers nobody.
        with contextlib.suppress(OSError, asyncpg.PostgresError, httpx.HTTPError):
            if holds():
                return
        time.sleep(0.02)
    raise AssertionError("it never came to that")


def _is_ready(stack: Stack) -> bool:
    return all(
        httpx.get(f"{stack.service_url(name)}/v1/health/{name}", trust_env=False, timeout=30).status_code == 200
        for name in SERVICES
    )


def _ask(url: str, question: str, *words: object) -> Any:
    async def asking() -> Any:
        connection = await asyncpg.connect(url)
        try:
            return await connection.fetchval(question, *words)
        finally:
            await connection.close()

    return asyncio.run(asking())
