"""The figures of the coordinator are believed because everything that is timed is also counted."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from singletrack.bench import agreeing, coordinating
from singletrack.bench.lifecycle import LIFECYCLE
from singletrack.stack import Stack


@pytest.fixture(scope="module")
def measured() -> Iterator[dict[str, Any]]:
    folder = Path(tempfile.mkdtemp(prefix="singletrack-test-"))
    folder.chmod(0o755)
    with Stack(folder / "stack", durable=False) as stack:
        found = coordinating.measure(stack, lives=20, steps=2, rounds=1, told=lambda _: None)
    found["sweep"] = agreeing.measure([50, 400])
    yield found | {"targets": coordinating.targets(found)}
    shutil.rmtree(folder)


def test_everything_that_was_stored_is_followed_and_concluded(measured: dict[str, Any]):
    """读入各行、得出结论的各案，一件不少。"""
    following, concluding = measured["following"], measured["concluding"]

    assert concluding["cases"] >= 20
    assert following["rows"] >= 20 * len(LIFECYCLE)
    assert following["rows_per_second"] > 0
    assert following["ratio"] == following["rows_per_second"] / following["copy_rows_per_second"]
    assert concluding["cases_per_core_second"]["median"] > 0
    assert concluding["ratio_to_json"] > 1


def test_a_finding_is_waited_for(measured: dict[str, Any]):
    """从发出请求到看到问题，不会短于从答复算起。"""
    latency = measured["latency"]

    assert 0 < latency["from_answer_ms"]["median"] < latency["from_sending_ms"]["median"]


def test_requests_do_not_grow_with_the_cases(measured: dict[str, Any]):
    """多八倍的案件，请求次数不随之增加；一处差异，两种办法都找得到。"""
    first, last = measured["sweep"]["levels"]

    assert last["whole_requests"] == first["whole_requests"]
    assert last["found_requests"] <= first["found_requests"] + 2
    assert last["swept_requests"] < 20


def test_what_is_measured_is_reported(measured: dict[str, Any], capsys: pytest.CaptureFixture[str]):
    """每项写明数值、目标和是否达到。"""
    coordinating.show(measured)

    printed = capsys.readouterr().out
    assert len(measured["targets"]) == len(coordinating.WANTED) == 4
    assert all(str(each["target"])[:9] in printed for each in measured["targets"])
    assert [each["met"] for each in measured["targets"]] == [
        each["measured"] <= 250
        if "commit" in each["target"]
        else each["measured"] <= 5
        if "sweep" in each["target"]
        else each["measured"] >= (20_000 if "following" in each["target"] else 3_000)
        for each in measured["targets"]
    ]
