"""放假安排公布或者改变以后，已经得出的期限重新计算，并留下痕迹。"""

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from services.coordinator import follow as following
from services.coordinator.domain import duties
from services.coordinator.domain.finding import Duty
from services.coordinator.domain.recomputed import moved
from services.law import CODE
from services.law.holidays import CALENDAR, StateCouncilCalendar

POLICE, PROCURATORATE, COURT = "pol-330106", "proc-330106", "court-330106"
#: The two days before 清明 become holidays, too: what ended on 2 April ends on the 7th.
AMENDED = StateCouncilCalendar({date(2026, 4, 2): False, date(2026, 4, 3): False})
CALENDARS = ("2026", "2027")
DUTY = Duty(
    case_id="case_1",
    limit="prosecution_review",
    subject="per_1",
    owner="procuratorate",
    zh="审查起诉",
    law_ref="",
    status="open",
    since="2027-09-01",
    due="2027-10-01",
    at="",
    trigger="trn_1",
    rules=("R6", "R7", "R7b"),
    provisional=True,
)


def as_stored(duty: Duty) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(json.dumps(duty.as_dict()))
    return told


def test_what_moved_and_what_became_certain_is_told() -> None:
    """届满日改变的，或者暂定成为确定的，各留一条；没有变化的不留。"""
    later = replace(DUTY, due="2027-10-08", provisional=False)
    certain = replace(DUTY, subject="per_2", provisional=False)
    same = replace(DUTY, subject="per_3")
    was = [as_stored(each) for each in (DUTY, replace(DUTY, subject="per_2"), same)]

    traces = list(moved(was, [each.as_dict() for each in (later, certain, same)], CALENDARS))

    assert [each["subject"] for each in traces] == ["per_1", "per_2"]
    assert traces[0]["was"] == {"due": "2027-10-01", "provisional": True, "calendar": "2026"}
    assert traces[0]["now"] == {"due": "2027-10-08", "provisional": False, "calendar": "2027"}
    assert traces[1]["was"]["due"] == traces[1]["now"]["due"]


@pytest.mark.parametrize("other", [{"held": True}, {"extensions": ({"number": 1},)}, {"excluded": ({"until": "x"},)}])
def test_what_something_else_moved_is_not_put_down_to_the_calendar(other: dict[str, Any]) -> None:
    """因延长、停止、在押与否改变的，不是放假安排的结果。"""
    assert not list(moved([as_stored(DUTY)], [replace(DUTY, due="2027-10-16", **other).as_dict()], CALENDARS))
    assert not list(moved([], [DUTY.as_dict()], CALENDARS))


async def _transferred(sites: Any) -> str:
    """A case of one person on bail that the procuratorate accepted on 2 March."""
    opened = await sites.act(
        "case_flow", POLICE, "officer", "/v1/cases", {"organs": [PROCURATORATE, COURT], "title": "某案"}
    )
    case, etag = opened.json()["case_id"], opened.headers["etag"]
    named = {"label": "甲"}
    steps: list[tuple[str, str, str]] = [
        (POLICE, "officer", "case_intake:accept"),
        (POLICE, "county_head", "case_intake:file"),
        (POLICE, "county_head", "bail:decide"),
        (POLICE, "county_head", "investigation_close:conclude"),
        (POLICE, "county_head", "investigation_close:transfer"),
        (PROCURATORATE, "case_manager", "investigation_close:accept"),
    ]
    for organ, role, step in steps:
        if step == "bail:decide":
            told = await sites.act("case_flow", POLICE, "officer", f"/v1/cases/{case}/persons", named, etag)
            etag = told.headers["etag"]
        papers = [{"kind": group[0], "digest": f"sm3:{'0' * 64}"} for group in CODE.rules[step].papers.groups]
        body = {"type": step, "documents": papers}
        told = await sites.act("case_flow", organ, role, f"/v1/cases/{case}/transitions", body, etag)
        etag = told.headers["etag"]
    return str(case)


async def test_another_calendar_has_every_case_computed_again(sites: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """审查起诉应于四月二日届满；该日改为节假日的，重新计算为四月七日，原来和现在的日期、版本都可以查到。"""
    monkeypatch.setattr(following, "SWEEP", 0.05)
    case = await _transferred(sites)

    async def review() -> list[Any]:
        (row,) = await sites.sql("SELECT duties::text FROM conclusion WHERE case_id = $1", case)
        return [each["due"] for each in json.loads(row[0]) if each["limit"] == "prosecution_review"]

    async with sites.coordinator():
        await sites.is_settled()
    assert await review() == ["2026-04-02"]
    assert await sites.sql("SELECT * FROM recomputed") == []

    for module in (duties, following):
        monkeypatch.setattr(module, "CALENDAR", AMENDED)
    for _ in range(2):  # and leaves one trace, however often it starts
        async with sites.coordinator() as app:
            await sites.is_settled()
            headers = sites.headers(PROCURATORATE, "chief_prosecutor")
            async with sites.client(app) as client:
                timeline = (await client.get(f"/v1/cases/{case}/timeline", headers=headers)).json()

    assert await review() == ["2026-04-07"]
    (trace,) = [each for each in timeline["recomputed"] if each["limit"] == "prosecution_review"]
    assert trace["was"] == {"due": "2026-04-02", "provisional": False, "calendar": CALENDAR.version}
    assert trace["now"] == {"due": "2026-04-07", "provisional": False, "calendar": AMENDED.version}
    assert {each["now"]["calendar"] for each in timeline["recomputed"]} == {AMENDED.version}
