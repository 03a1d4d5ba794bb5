"""Real cases, played through the gateway: what is accepted, what is refused, and what is found."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from singletrack.replay.command import play_file
from singletrack.stack import Stack

SAMPLE = Path(__file__).parents[2] / "data" / "timelines" / "sample.jsonl"
#: What says that somebody was held beyond the law between detention and arrest.
OVERSTAYED = {"INV-03", "INV-04", "arrest_review_detained", "detention_request_arrest"}

pytestmark = pytest.mark.parametrize("system", ["processes"], indirect=True)


def _told_of() -> list[str]:
    """The lines of the sample that hold something no line before them did, and of whoever was held for long.

    Every kind of event is among them, and every two kinds that ever follow each other; a case comes with all its
    defendants. `make demo` plays the rest of the sample, `singletrack replay` all of it.
    """
    lines = SAMPLE.read_text("utf-8").splitlines()
    records = [json.loads(line) for line in lines]
    long = {key.partition("/")[0] for key, detained, arrested in _intervals() if (arrested - detained).days > 37}
    seen: set[tuple[str, str]] = set()
    cases: set[str] = set()
    for record in records:
        kinds = [event["type"] for event in record["events"]]
        found = {*zip(kinds, ["", *kinds], strict=False)}
        if not found <= seen or record["case_key"] in long:
            cases.add(record["case_key"])
            seen |= found
    return [line for line, record in zip(lines, records, strict=True) if record["case_key"] in cases]


@pytest.fixture(scope="module")
def whole(system: Stack, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The report of what was played."""
    played = tmp_path_factory.mktemp("timelines") / "played.jsonl"
    played.write_text("".join(f"{line}\n" for line in _told_of()), encoding="utf-8")

    def token(organ: str, role: str) -> str:
        return system.token(organ, role, officer=f"{role}-1", hours=24)

    return play_file(played, system.url, token)


def _intervals() -> list[tuple[str, dt.date, dt.date]]:
    """Each detention with the arrest that ended it: the record, and the two days."""
    found = []
    for line in SAMPLE.read_text("utf-8").splitlines():
        record = json.loads(line)
        detained: dt.date | None = None
        for event in record["events"]:
            day = dt.date.fromisoformat(event["date"]) if event["date"] else None
            if event["type"] == "criminal_detention" and day:
                detained = day
            elif event["type"] in {"bail", "released", "residential_surveillance"}:
                detained = None
            elif event["type"] == "arrested" and day and detained:
                found.append((f"{record['case_key']}/{record['defendant_index'] or 0}", detained, day))
                detained = None
    return found


def test_every_record_is_played_and_none_breaks_the_system(whole: dict[str, Any]):
    """每一条记录都办到底，没有一次系统错误，没有一个事件被悄悄跳过。"""
    totals = whole["totals"]

    assert totals["records"] == len(_told_of()) >= 150
    assert totals["server_errors"] == 0
    assert totals["events"] == totals["accepted"] + totals["refused_stated"] + totals["outside"]


def test_what_real_organs_did_is_lawful_in_our_law(whole: dict[str, Any]):
    """被告人层级记录中有日期、属于已编入程序的事件，百分之九十七以上被接受；拒绝的都写明条文。"""
    refused = [step for record in whole["records"] for step in record["refused"] if "event" in step]

    assert whole["totals"]["rate"] >= 0.97
    assert all(step["law_ref"] and step["detail"] for step in refused)


def test_nothing_inferred_is_refused(whole: dict[str, Any]):
    """依法补足的步骤，法律都接受。"""
    refused = [step for record in whole["records"] for step in record["refused"] if "event" not in step]

    assert refused == []


def test_detention_to_arrest_over_thirty_seven_days_is_found(whole: dict[str, Any]):
    """拘留至逮捕最长三十七日（刑事诉讼法第九十一条）；超过的一律发现，不满三十日的一个也不误报。"""
    records = {record["key"]: record for record in whole["records"]}
    missed, accused = [], []
    played = [interval for interval in _intervals() if interval[0] in records]
    for key, detained, arrested in played:
        days = (arrested - detained).days
        found = [
            finding
            for finding in records[key]["findings"]
            if finding["id"] in OVERSTAYED
            and finding["status"] in {"late", "overdue"}
            and detained.isoformat() <= finding["due"][:10] <= arrested.isoformat()
            and finding["at"][:10] == arrested.isoformat()
        ]
        if days > 37 and not found:
            missed.append((key, days))
        if days < 30 and found:
            accused.append((key, days, found))

    assert sum((arrested - detained).days > 37 for _, detained, arrested in played) >= 5
    assert sum((arrested - detained).days < 30 for _, detained, arrested in played) >= 20
    assert missed == []
    assert accused == []
