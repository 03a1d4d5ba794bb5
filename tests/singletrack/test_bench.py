"""The benchmark is believed only because each of its runs is checked against the database; so the checks are tested."""

import asyncio
import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from singletrack.bench import measure
from singletrack.bench.lifecycle import FACTS_BYTES, LIFECYCLE, PLACES, item, request, steps_of
from singletrack.bench.load import percentiles
from singletrack.bench.measure import verify
from singletrack.bench.report import growth, show
from singletrack.bench.runs import PARTS, SERVICES, Bench, DoesNotCount, medians
from singletrack.stack import Stack

#: Steps of DESIGN §5.
NAMED = 24


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    folder = Path(tempfile.mkdtemp(prefix="singletrack-test-"))
    folder.chmod(0o755)
    with Stack(folder / "stack", durable=False, services=SERVICES) as running:
        yield running
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def measured(stack: Stack) -> dict[str, Any]:
    settings = {"rounds": 1, "clients": 2, "seconds": 0.5, "parts": list(PARTS), "bulk_size": 20}
    return measure(stack, {**settings, "stored": [0, 30], "coordinator": False})


def test_the_case_is_the_one_of_the_design():
    designs = [step.design for step in LIFECYCLE if step.design]

    assert len(designs) == len(set(designs)) == NAMED


def test_each_act_of_the_case_carries_as_many_facts():
    """Opening a record says little; everything else brings its facts."""
    sizes = {
        len(json.dumps(body["facts"], ensure_ascii=False, separators=(",", ":")).encode())
        for body in (json.loads(step.body) for step in LIFECYCLE)
        if "facts" in body
    }

    assert sizes == {FACTS_BYTES}


def test_a_request_is_as_long_as_it_says():
    for step in LIFECYCLE:
        places = {name.encode(): value for name, value in PLACES.items()}
        head, _, body = (request(step, "token", "host") % {**places, b"key": b"k" * 32, b"version": 7}).partition(
            b"\r\n\r\n"
        )

        assert b"Content-Length: %d" % len(body) in head
        assert json.loads(body)


def test_an_item_of_a_bulk_is_json():
    for step in steps_of(["case_flow"]):
        places = {name.encode(): value for name, value in PLACES.items()}

        assert json.loads(item(step) % {**places, b"key": b"k" * 32, b"version": 7})["transition"]["type"] == step.type


def test_every_part_was_measured_and_counts(measured: dict[str, Any]):
    """Log rows = state versions = what clients saw acknowledged, in every service that keeps a part of the case."""
    for run in measured["runs"]:
        assert run["steps"] > 0, run["part"]
        assert run["milliseconds"]["p50"] <= run["milliseconds"]["p99"] <= run["milliseconds"]["max"]
        if run["part"] in {"service", "gateway"}:
            assert set(run["verified"]) == set(SERVICES)
            assert sum(each["acknowledged"] for each in run["verified"].values()) == run["steps"]
        for each in run["verified"].values():
            assert len(set(each.values())) == 1


def test_the_report_is_complete(measured: dict[str, Any]):
    found = json.loads(json.dumps(measured))

    assert [(each["part"], each["stored"]) for each in found["medians"]] == [
        (part, n) for n in (0, 30) for part in PARTS
    ]
    for each in found["medians"]:
        for name in ("steps_per_second", "p50_ms", "p95_ms", "p99_ms", "cpu_seconds_per_1000", "wal_bytes_per_step"):
            assert each[name]["min"] <= each[name]["median"] <= each[name]["max"]
        assert ("ratio" in each) == (not each["part"].startswith("feed"))
    assert len(found["targets"]) == 5 + 3
    assert {"machine", "settings", "lifecycle", "runs", "medians", "targets", "notes"} <= set(found)


def test_the_report_can_be_read(measured: dict[str, Any], capsys: pytest.CaptureFixture[str]):
    show(measured)

    printed = capsys.readouterr().out
    assert "30 stored cases" in printed
    assert "noisy" in printed


async def test_stored_cases_are_there(measured: dict[str, Any], stack: Stack):
    """Copies with their own ids, numbered without a hole."""
    for service in SERVICES:
        connection = await asyncpg.connect(stack.database_url(service))
        cases, rows, last, things = await connection.fetchrow(
            "SELECT (SELECT count(*) FROM stream WHERE case_id LIKE 'case\\_00%'), (SELECT count(*) FROM log),"
            " (SELECT last FROM feed_head), (SELECT count(*) FROM thing WHERE case_id LIKE 'case\\_00%')"
        )
        await connection.close()

        assert cases == 30
        assert rows == last
        assert things == 30


async def test_a_row_that_nobody_was_told_of_is_noticed(measured: dict[str, Any], stack: Stack):
    connection = await asyncpg.connect(stack.database_url("case_flow"))
    case_id, version = await connection.fetchrow("SELECT case_id, version FROM stream WHERE version > 1 LIMIT 1")
    last = await connection.fetchval("SELECT last FROM feed_head")
    await connection.close()

    with pytest.raises(AssertionError, match="0 of 1 cases agree"):
        await verify(stack.database_url("case_flow"), {case_id: version - 1}, last - version + 1)


async def test_a_step_that_was_acknowledged_and_lost_is_noticed(measured: dict[str, Any], stack: Stack):
    with pytest.raises(AssertionError, match="does not add up"):
        await verify(stack.database_url("case_flow"), {"case_that_is_not_there": 1}, 0)


async def test_a_refusal_ends_the_run(stack: Stack):
    """The clients send sound cases only: whatever is refused is a mistake of the benchmark or of a service."""
    bench = Bench(stack, clients=1, seconds=0.2, bulk_size=1)
    bench._tokens = dict.fromkeys(bench._tokens, stack.token("prison-330106", "prison_officer"))

    with pytest.raises(DoesNotCount, match="case_record:open"):
        await asyncio.to_thread(bench.round, 0, ["service"])


def test_percentiles():
    found = percentiles([n / 1000 for n in range(1, 1001)])

    assert (found["p50"], found["p99"], found["max"]) == (501, 991, 1000)


def test_growth_compares_the_fewest_with_the_most():
    def at(stored: int, cpu: float) -> dict[str, Any]:
        return {"part": "service", "stored": stored, "cpu_seconds_per_1000": {"median": cpu}}

    assert [row["met"] for row in growth([at(10, 1.0), at(1000, 1.05)])] == [True]
    assert [row["met"] for row in growth([at(10, 1.0), at(1000, 1.2)])] == [False]
    assert medians([]) == []
