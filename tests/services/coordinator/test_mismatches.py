"""The register of known differences: who may accept what, until when, and that it opens again by itself."""

from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import pytest

from services.kernel.statute import cited
from services.law.statutes import CPL, EDITIONS
from tests.services.coordinator.test_follow import POLICE, PROCURATORATE, Case, story
from tests.services.coordinator.watch import REVIEWER, Watch

HEAD = (POLICE, "county_head")
LATE = "detention_request_arrest"


async def findings(watch: Watch, client: httpx.AsyncClient, **asked: Any) -> list[dict[str, Any]]:
    answer = await client.get("/v1/findings", params=asked, headers=watch.sites.headers(*REVIEWER))
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def accept(
    watch: Watch, client: httpx.AsyncClient, finding_id: str, who: tuple[str, str] = HEAD, **other: Any
) -> httpx.Response:
    headers = other.pop("headers", None) or watch.sites.headers(*who)
    day = watch.sites.clock.now().date()
    body = {
        "finding_id": finding_id,
        "owner": PROCURATORATE,
        "reason": "已报请上一级机关核查，补录中",
        "article": "CPL-2018:91.3",
        "expires_on": (day + timedelta(days=10)).isoformat(),
        **other,
    }
    return await client.post("/v1/mismatches", json={k: v for k, v in body.items() if v is not None}, headers=headers)


async def late(watch: Watch) -> Case:
    """A case whose detention ran past the day on which arrest was to be requested."""
    case = await Case(watch.sites).begins()
    watch.sites.clock.passes(days=5)
    return case


async def test_a_known_difference_is_shown_as_such_until_its_day_has_passed(watch: Watch) -> None:
    """认可以后标明已知，期满自行恢复；发现的问题本身不变，登记不因此减少。"""
    await late(watch)
    async with watch.coordinated() as client:
        await watch.settled()
        (before,) = await findings(watch, client, kind=LATE)
        answer = await accept(watch, client, before["id"])
        assert answer.status_code == 201, answer.text
        entry = answer.json()
        assert (entry["article_zh"], entry["accepted_by"]["role"], entry["stands"]) == (
            "刑事诉讼法第九十一条第三款",
            "county_head",
            True,
        )
        (shown,) = await findings(watch, client, kind=LATE)
        assert shown["accepted"]["mismatch_id"] == entry["id"]
        assert {**shown, "accepted": None} == before

        watch.sites.clock.passes(days=10, hours=14)  # 23:00 of the last day in Shanghai is still in it
        assert (await findings(watch, client, kind=LATE))[0]["accepted"] is not None
        watch.sites.clock.passes(hours=2)
        (reopened,) = await findings(watch, client, kind=LATE)
        assert reopened["accepted"] is None
        read = await client.get(f"/v1/mismatches/{entry['id']}", headers=watch.sites.headers(*HEAD))
        assert read.json() == {**entry, "stands": False}
        listed = await client.get("/v1/mismatches", headers=watch.sites.headers(PROCURATORATE, "prosecutor"))
        assert [each["id"] for each in listed.json()["items"]] == [entry["id"]]


async def test_it_opens_again_when_what_was_found_is_no_longer_the_same(watch: Watch) -> None:
    """认可的是当时的情形：情形变了（逾期未办的，后来逾期办了），不再视为已知。"""
    case = await late(watch)
    async with watch.coordinated() as client:
        await watch.settled()
        (before,) = await findings(watch, client, kind=LATE)
        assert (await accept(watch, client, before["id"])).status_code == 201
        await case.takes("criminal_detention:request_arrest")
        await watch.settled()
        (after,) = await findings(watch, client, kind=LATE)
    assert (before["status"], after["status"]) == ("overdue", "late")
    assert after["id"] == before["id"]
    assert after["accepted"] is None


async def test_what_may_not_be_accepted_is_refused_and_says_why(watch: Watch) -> None:
    """无权的、看不到的、没有依据的、没有期限的、已经了结的，一律不予认可，并且指出原因。"""
    cases = await story(watch.sites, 4)
    async with watch.coordinated() as client:
        await watch.settled()
        finding_id = (await findings(watch, client, kind=LATE))[0]["id"]
        day = watch.sites.clock.now().date()
        refusals: list[tuple[dict[str, Any], int, str, str]] = [
            ({"who": (POLICE, "officer")}, 403, "PERM-001", ""),
            ({"who": ("pol-330199", "county_head")}, 404, "GEN-404", ""),
            ({"finding_id": "fnd_none"}, 404, "GEN-404", ""),
            ({"article": "CPL-2012:91.3"}, 422, "COORD-002", "/article"),
            ({"article": "XYZ-2018:91"}, 422, "COORD-002", "/article"),
            ({"article": "CPL-2018:091"}, 422, "COORD-002", "/article"),
            ({"owner": "nobody-330106"}, 422, "COORD-002", "/owner"),
            ({"expires_on": (day + timedelta(days=91)).isoformat()}, 422, "COORD-002", "/expires_on"),
            ({"expires_on": (day - timedelta(days=1)).isoformat()}, 422, "COORD-002", "/expires_on"),
            ({"expires_on": "2026-02-30"}, 400, "GEN-400", "/expires_on"),
            *(({name: None}, 400, "GEN-400", f"/{name}") for name in ("owner", "reason", "article", "expires_on")),
        ]
        for asked, status, code, pointer in refusals:
            told = {"finding_id": finding_id, **asked}
            answer = await accept(watch, client, told.pop("finding_id"), **told)
            assert (answer.status_code, answer.json()["code"]) == (status, code), asked
            assert not pointer or answer.json()["errors"][0]["pointer"] == pointer

        headers = watch.sites.headers(*HEAD)
        first, again = [await accept(watch, client, finding_id, headers=headers) for _ in range(2)]
        other = await accept(watch, client, finding_id, headers=headers, reason="另一理由而同一键")
        assert first.json() == again.json()
        assert again.headers["idempotency-replayed"] == "true"
        assert (other.status_code, other.json()["code"]) == (422, "GEN-422")

        watch.sites.clock.passes(days=1)
        closed = await watch.sites.sql("UPDATE finding SET closed_at = now() WHERE id = $1 RETURNING id", finding_id)
        answer = await accept(watch, client, closed[0]["id"])
        assert (answer.status_code, answer.json()["code"]) == (409, "COORD-001")
    assert cases
    for statement in ("UPDATE mismatch SET expires_on = '2030-01-01'", "DELETE FROM mismatch", "TRUNCATE mismatch"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await watch.sites.sql(statement)


async def test_a_log_that_diverged_may_be_known_too(watch: Watch) -> None:
    """记录不一致的，也可以登记为已知，仍然照常核对。"""
    cases = await story(watch.sites, 2)
    async with watch.coordinated() as client:
        await watch.settled()
        await watch.tamper("UPDATE log SET body = body || ' ' WHERE case_id = $1 AND seq = 2", cases[0].id)
        assert (await watch.says(client, deep=True))["case_flow"] == "differs"
        (found,) = await findings(watch, client, kind="log_diverged")
        assert (await accept(watch, client, found["id"], REVIEWER)).status_code == 201
        assert (await watch.says(client))["case_flow"] == "differs"
        (shown,) = await findings(watch, client, kind="log_diverged")
        assert shown["accepted"] is not None
        await watch.settled()
        (still,) = await findings(watch, client, kind="log_diverged")
        assert still["accepted"] is not None, "concluding the case anew does not touch it"


async def test_built_again_from_nothing_the_findings_are_the_same_byte_for_byte(watch: Watch) -> None:
    """账册全部丢失，从各服务的记录重建：发现的问题逐字节相同（何时首次发现除外），已经认可的仍然认可，证明中的根相同。"""
    await story(watch.sites, 6)

    async def told(client: httpx.AsyncClient) -> tuple[str, Any]:
        answer = await client.get("/v1/findings", params={"page_size": 200}, headers=watch.sites.headers(*REVIEWER))
        text = answer.text
        for item in answer.json()["items"]:
            text = text.replace(f'"found_at":"{item["found_at"]}"', '"found_at":""')
        services = (await watch.certificate(client, deep=True))["statement"]["services"]
        return text, services

    async with watch.coordinated() as client:
        await watch.settled()
        (one, *_) = await findings(watch, client, kind=LATE)
        assert (await accept(watch, client, one["id"])).status_code == 201
        first = await told(client)
    await watch.sites.forget()
    watch.sites.gateway.page = 3
    async with watch.coordinated() as client:
        await watch.settled()
        again = await told(client)
    assert first == again
    assert '"accepted":{' in first[0]
    assert first[0].count('"id":"fnd_') >= 6


def test_citations_are_read_back_as_they_are_written() -> None:
    """条文的写法可以读回；不存在的版本、写法不合的，不认。"""
    for citation in (CPL[91], CPL[91, 3], CPL[19, 2, 1]):
        assert cited(citation.ref, EDITIONS) == citation
    for wrong in ("CPL-2018", "CPL-2018:", "CPL-2018:0", "CPL-2018:91.", "CPL-2018:91.0", "CPL:91", "cpl-2018:91", ""):
        assert cited(wrong, EDITIONS) is None, wrong
