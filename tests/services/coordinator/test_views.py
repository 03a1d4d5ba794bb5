"""What may be read of the coordinator, and by whom."""

from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from services.coordinator import follow as following

POLICE, PROCURATORATE, CENTER = "pol-330106", "proc-330106", "dc-330106"


@pytest.fixture
async def case_id(sites: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    """A case of the police and their procuratorate, not examined for seven weeks."""
    monkeypatch.setattr(following, "SWEEP", 0.05)
    opened = await sites.act("case_flow", POLICE, "officer", "/v1/cases", {"organs": [PROCURATORATE], "title": "某案"})
    case_id = str(opened.json()["case_id"])
    papers = [{"kind": kind} for kind in ("incident_report_receipt", "case_acceptance_form", "case_acceptance_receipt")]
    body = {"type": "case_intake:accept", "documents": papers}
    await sites.act("case_flow", POLICE, "officer", f"/v1/cases/{case_id}/transitions", body, opened.headers["etag"])
    sites.clock.passes(days=49)
    return case_id


async def reads(sites: Any, app: FastAPI, organ: str, role: str, path: str, **query: Any) -> httpx.Response:
    """Somebody reads something."""
    async with sites.client(app) as client:
        return await client.get(path, params=query, headers=sites.headers(organ, role))


async def test_findings_are_for_the_organs_that_share_the_case(sites: Any, case_id: str) -> None:
    """发现的问题，由共享本案的机关查看；其他机关看不到。"""
    async with sites.coordinator() as app:
        await sites.is_settled()
        seen = {
            organ: (await reads(sites, app, organ, "officer", "/v1/findings")).json()["items"]
            for organ in (POLICE, PROCURATORATE, CENTER, "pol-999999")
        }
        reviewer = (await reads(sites, app, "sys-review", "reviewer", "/v1/findings")).json()["items"]

    assert seen[POLICE] == seen[PROCURATORATE] == reviewer
    assert (seen[CENTER], seen["pol-999999"]) == ([], [])
    assert [(each["kind"], each["status"], each["owner"]) for each in reviewer] == [
        ("filing_review_criminal", "overdue", "police")
    ]
    assert "刑事案件立案审查" in reviewer[0]["zh"]


async def test_findings_are_found_by_what_they_are(sites: Any, case_id: str) -> None:
    """可以按案件、种类、状态查找。"""
    async with sites.coordinator() as app:
        await sites.is_settled()

        async def number(**query: Any) -> int:
            return len((await reads(sites, app, POLICE, "officer", "/v1/findings", **query)).json()["items"])

        found = [
            await number(case_id=case_id),
            await number(case_id="case_0"),
            await number(kind="filing_review_criminal", status="overdue"),
            await number(kind="INV-03"),
            await number(status="late"),
        ]
        odd = await reads(sites, app, POLICE, "officer", "/v1/findings", kind="a' OR 1=1")

    assert found == [1, 0, 1, 0, 0]
    assert odd.status_code == 400


async def test_a_finding_that_no_longer_holds_is_closed(sites: Any, case_id: str) -> None:
    """问题消除的，即告了结，仍可查看。"""
    async with sites.coordinator() as app:
        await sites.is_settled()
        first = (await reads(sites, app, POLICE, "officer", "/v1/findings")).json()["items"]
        papers = [{"kind": "filing_report"}, {"kind": "filing_decision"}]
        body = {"type": "case_intake:file", "documents": papers, "occurred_at": "2026-03-03"}
        await sites.act("case_flow", POLICE, "county_head", f"/v1/cases/{case_id}/transitions", body, '"v2"')
        await sites.is_settled()
        open_ones = (await reads(sites, app, POLICE, "officer", "/v1/findings")).json()["items"]
        all_of_them = (await reads(sites, app, POLICE, "officer", "/v1/findings", closed=True)).json()["items"]

    assert (len(first), open_ones) == (1, [])
    assert [each["closed_at"] is not None for each in all_of_them] == [True]


async def test_a_timeline_shows_every_step_and_every_clock(sites: Any, case_id: str) -> None:
    """全案时间线：各服务的每一步，由此起算的期限，及发现的问题。"""
    async with sites.coordinator() as app:
        await sites.is_settled()
        told = (await reads(sites, app, PROCURATORATE, "prosecutor", f"/v1/cases/{case_id}/timeline")).json()
        stranger = await reads(sites, app, "pol-999999", "officer", f"/v1/cases/{case_id}/timeline")
        absent = await reads(sites, app, "pol-999999", "officer", "/v1/cases/case_0/timeline")

    assert [item["type"] for item in told["items"]] == ["case_record:open", "case_intake:accept"]
    assert [clock["limit"] for clock in told["items"][1]["clocks"]] == ["filing_review_criminal"]
    assert told["items"][1]["clocks"][0]["status"] == "overdue"
    assert [finding["kind"] for finding in told["findings"]] == ["filing_review_criminal"]
    assert set(told["read"]) == {"case_flow", "custody_transfer", "evidence"}
    assert (stranger.status_code, absent.status_code) == (404, 404)
    assert stranger.json() | {"trace_id": "", "instance": ""} == absent.json() | {"trace_id": "", "instance": ""}


async def test_positions_are_for_those_who_see_the_whole(sites: Any, case_id: str) -> None:
    """读取进度只供监督核对查看。"""
    async with sites.coordinator() as app:
        await sites.is_settled()
        told = (await reads(sites, app, "sys-review", "reviewer", "/v1/positions")).json()
        refused = await reads(sites, app, POLICE, "county_head", "/v1/positions")

    assert {item["service"]: item["feed_seq"] for item in told["items"]} == {
        "case_flow": 2,
        "custody_transfer": 0,
        "evidence": 0,
    }
    assert (told["cases"], told["findings"]) == (1, {"filing_review_criminal": 1})
    assert (refused.status_code, refused.json()["code"]) == (403, "PERM-002")
