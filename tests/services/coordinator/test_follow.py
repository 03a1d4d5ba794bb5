"""Following real logs on a real PostgreSQL, through a gateway that may stutter, break off and lie still.

What the coordinator concludes must depend on the logs alone: not on how the pages came, how often it was killed, or how
many of it there are.
"""

import asyncio
import contextlib
import json
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any

import httpx
import pytest

from services.coordinator import follow as following
from services.coordinator.domain.clocks import Clocks, Reading
from services.coordinator.domain.reconcile import reconcile
from services.law import CODE

POLICE, PROCURATORATE, COURT, CENTER = "pol-330106", "proc-330106", "court-330106", "dc-330106"
WHO = {
    "officer": (POLICE, "officer"),
    "county_head": (POLICE, "county_head"),
    "case_management": (PROCURATORATE, "case_manager"),
    "chief": (PROCURATORATE, "chief_prosecutor"),
    "intake": (CENTER, "intake_officer"),
}
ARREST = (
    "criminal_detention:request_arrest",
    "arrest_review:accept",
    "arrest_review:approve",
    "arrest_review:execute",
    "custody_extension:start",
)
TRANSFER = ("investigation_close:conclude", "investigation_close:transfer", "investigation_close:accept")


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks at what time alone changes twenty times a second instead of every two."""
    monkeypatch.setattr(following, "SWEEP", 0.05)
    monkeypatch.setattr(following, "GATHER", 0.0)


@dataclass
class Case:
    """One person's case, at the real services."""

    sites: Any
    id: str = ""
    person: str = ""
    custody: str = ""
    versions: dict[str, str] = field(default_factory=dict)

    async def begins(self, *, held: bool = True) -> "Case":
        """Filed and detained, and taken in by the centre."""
        opened = await self.sites.act(
            "case_flow", POLICE, "officer", "/v1/cases", {"organs": [PROCURATORATE, COURT, CENTER], "title": "某案"}
        )
        self.id, self.versions["case_flow"] = opened.json()["case_id"], opened.headers["etag"]
        await self.takes("case_intake:accept", "case_intake:file")
        named = await self._act("case_flow", POLICE, "officer", f"/v1/cases/{self.id}/persons", {"label": "甲"})
        self.person = next(iter(named["created"]))
        if held:
            await self.takes("criminal_detention:detain", "criminal_detention:admit")
            body = {
                "case_id": self.id,
                "person_id": self.person,
                "holder": POLICE,
                "title": {"limit": "detention_request_arrest", "from": self.sites.clock.now().date().isoformat()},
                "documents": [{"kind": "detention_warrant"}],
            }
            taken = await self._act("custody_transfer", CENTER, "intake_officer", "/v1/custodies", body)
            self.custody = next(iter(taken["created"]))
        return self

    async def takes(self, *steps: str, **given: Any) -> None:
        """Steps of case_flow, with their papers."""
        for step in steps:
            rule = CODE.rules[step]
            papers = [{"kind": group[0], "digest": f"sm3:{'0' * 64}"} for group in rule.papers.groups]
            body = {"type": step, "documents": papers, **given}
            await self._act("case_flow", *WHO[rule.office], f"/v1/cases/{self.id}/transitions", body)

    async def custody_takes(self, organ: str, role: str, step: str, **given: Any) -> None:
        """A step on the custody."""
        papers = [{"kind": group[0]} for group in CODE.rules[f"custody_handover:{step}"].papers.groups]
        body = {"type": f"custody_handover:{step}", "documents": papers, **given}
        await self._act("custody_transfer", organ, role, f"/v1/custodies/{self.custody}/transitions", body)

    async def _act(self, service: str, organ: str, role: str, path: str, body: Any) -> dict[str, Any]:
        answer = await self.sites.act(service, organ, role, path, body, self.versions.get(service, ""))
        self.versions[service] = answer.headers["etag"]
        row: dict[str, Any] = answer.json()
        return row


async def story(sites: Any, number: int) -> list[Case]:
    """So many cases: some at large, some detained too long, some transferred and never handed over."""
    cases = [await Case(sites).begins(held=place % 3 > 0) for place in range(number)]
    for case in cases[::3]:
        await case.takes("bail:decide")
    sites.clock.passes(days=5)
    for place, case in enumerate(cases):
        if place % 3 == 1:
            await case.takes(*ARREST)
        if place % 3 == 0:
            await case.takes(*TRANSFER)
    sites.clock.passes(days=2)
    return cases


async def expected(sites: Any, *status: str) -> dict[str, set[str]]:
    """What follows from everything in the logs (as of a status), concluded at once and in memory: finding ids by case."""
    by_case: dict[str, list[Any]] = {}
    for service in ("case_flow", "custody_transfer"):
        for row in await sites.sql("SELECT case_id, body FROM log", service=service):
            by_case.setdefault(row["case_id"], []).append(json.loads(row["body"]))
    now = sites.clock.now()
    reading = Reading(dict.fromkeys(following.FOLLOWED, now), now)
    return {
        case_id: {
            finding.id
            for finding in reconcile(
                case_id, rows, code=CODE, clocks=Clocks(CODE), reading=reading, tolerance=timedelta(hours=24)
            ).findings
            if not status or finding.status in status
        }
        for case_id, rows in by_case.items()
    }


async def standing(sites: Any) -> dict[str, set[str]]:
    """The findings that stand, by case; but those that follow from who heeded an alert, and not from the logs alone."""
    found: dict[str, set[str]] = {row["case_id"]: set() for row in await sites.sql("SELECT case_id FROM conclusion")}
    for row in await sites.sql(
        "SELECT case_id, id FROM finding WHERE closed_at IS NULL AND kind <> 'alert_unheeded' AND case_id <> ''"
    ):
        found[row["case_id"]].add(row["id"])
    return found


async def test_what_is_concluded_follows_from_the_logs(sites: Any) -> None:
    """从各服务的记录，得出应当得出的结论，不多不少。"""
    await story(sites, 6)

    async with sites.coordinator():
        await sites.is_settled()

    found = await standing(sites)
    assert found == await expected(sites)
    assert sum(map(len, found.values())) >= 6
    kinds = {row["kind"] for row in await sites.sql("SELECT kind FROM finding WHERE closed_at IS NULL")}
    assert {"detention_request_arrest", "INV-03"} <= kinds


async def test_pages_that_repeat_change_nothing(sites: Any) -> None:
    """一页读两遍，从前面重读，每次只得两行：结论相同。"""
    await story(sites, 6)
    async with sites.coordinator():
        await sites.is_settled()
    whole = await sites.concluded()
    await sites.forget()

    sites.gateway.page, sites.gateway.again = 7, 4
    async with sites.coordinator():
        await sites.is_settled()

    again = await sites.concluded()
    assert {name: again[name] for name in ("finding", "conclusion", "ledger")} == {
        name: whole[name] for name in ("finding", "conclusion", "ledger")
    }


async def test_all_of_it_can_be_built_again_from_nothing(sites: Any) -> None:
    """协同中枢的数据全部丢失，从各服务的记录重建，结论相同。"""
    await story(sites, 6)
    async with sites.coordinator():
        await sites.is_settled()
    first = await sites.concluded()
    await sites.forget()

    async with sites.coordinator():
        await sites.is_settled()

    again = await sites.concluded()
    assert again.pop("command") == [], "what was commanded was done, and is not commanded again"
    assert [name for name in again if again[name] != first[name]] == []


async def test_killed_thirty_times(sites: Any) -> None:
    """在任意时刻被终止三十次：读到哪里与得出什么始终一致，最后的结论与没有终止过一样。"""
    chance = Random(30)
    await story(sites, 6)
    async with sites.coordinator():
        await sites.is_settled()
    whole = await sites.concluded()
    await sites.forget()
    sites.gateway.page = 2

    seen = set()
    for _ in range(30):
        async with sites.coordinator(), asyncio.timeout(10):
            # whoever asks for the next page has stored the one before
            enough = sites.gateway.reads["case_flow"] + chance.randint(1, 4)
            while sites.gateway.reads["case_flow"] < enough:
                await asyncio.sleep(0.001)
            await asyncio.sleep(chance.uniform(0.0, 0.02))
        read = await sites.sql(
            "SELECT p.service, p.feed_seq, (SELECT coalesce(max(l.feed_seq), 0) FROM ledger l WHERE l.service = p.service)"
            " AS stored, (SELECT count(*) FROM ledger l WHERE l.service = p.service) AS rows FROM position p"
        )
        for row in read:
            assert row["feed_seq"] == row["stored"] == row["rows"]
        cases = await sites.sql("SELECT array(SELECT DISTINCT case_id FROM ledger ORDER BY 1) AS told,"
                                " array(SELECT case_id FROM conclusion UNION SELECT case_id FROM changed ORDER BY 1) AS concluded")  # fmt: skip
        assert cases[0]["told"] == cases[0]["concluded"]
        seen.add(tuple(sorted((row["service"], row["feed_seq"]) for row in read)))
    async with sites.coordinator():
        await sites.is_settled()

    assert len(seen) > 5, "it was killed in the middle of its work"
    again = await sites.concluded()
    assert {name: again[name] for name in ("finding", "conclusion", "ledger")} == {
        name: whole[name] for name in ("finding", "conclusion", "ledger")
    }


async def test_killed_between_reading_and_concluding(sites: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """读入而尚未得出结论时被终止的：各案留有标记，重新启动以后照样得出结论。"""
    await story(sites, 6)
    async with sites.coordinator():
        await sites.is_settled()
    whole = await sites.concluded()
    await sites.forget()
    apps, page = sites.gateway.apps, sites.gateway.page
    sites.gateway.page, sites.gateway.down = 2, {"custody_transfer"}
    sites.gateway.apps = {**apps, "case_flow": _Ends(apps["case_flow"], 8)}
    monkeypatch.setattr(following, "SWEEP", 3600.0)

    async with sites.coordinator():
        await sites.until(
            "SELECT feed_seq >= 16 FROM position WHERE service = 'case_flow' UNION ALL SELECT false LIMIT 1"
        )
    told = (
        "SELECT count(DISTINCT l.case_id) FROM ledger l LEFT JOIN conclusion c USING (case_id) WHERE c.case_id IS NULL"
    )
    (waiting,) = await sites.sql(told)
    assert waiting[0] > 0, "something is read and not concluded"
    assert [
        tuple(row) for row in await sites.sql(f"{told} AND NOT EXISTS (SELECT FROM changed WHERE case_id = l.case_id)")
    ] == [(0,)]

    monkeypatch.setattr(following, "SWEEP", 0.05)
    sites.gateway.apps, sites.gateway.page, sites.gateway.down = apps, page, set()
    async with sites.coordinator():
        await sites.is_settled()
    again = await sites.concluded()
    assert {name: again[name] for name in ("finding", "conclusion", "ledger")} == {
        name: whole[name] for name in ("finding", "conclusion", "ledger")
    }


@dataclass
class _Ends:
    """A service that answers so often, and then is away."""

    app: Any
    left: int

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.left -= 1
        if self.left < 0:
            await send({"type": "http.response.start", "status": 503, "headers": []})
            await send({"type": "http.response.body", "body": b"{}"})
        else:
            await self.app(scope, receive, send)


async def test_of_two_coordinators_one_leads(sites: Any) -> None:
    """两个协同中枢同时运行的，一个工作，一个等待；工作的停止以后，另一个接续。"""
    await story(sites, 3)
    lines = [_Line(sites.gateway), _Line(sites.gateway)]
    async with contextlib.AsyncExitStack() as second:
        async with sites.coordinator(transport=httpx.ASGITransport(app=lines[0])):
            await sites.is_settled()
            await second.enter_async_context(sites.coordinator(transport=httpx.ASGITransport(app=lines[1])))
            await asyncio.sleep(0.7)
            waiting = lines[1].requests
            await story(sites, 3)
            await sites.is_settled()
            assert (waiting, lines[1].requests) == (0, 0)
        before = lines[0].requests
        await story(sites, 3)
        await sites.is_settled()

    assert lines[0].requests == before
    assert lines[1].requests > 0
    assert await standing(sites) == await expected(sites)


@dataclass
class _Line:
    """One coordinator's line to the gateway, counted."""

    app: Any
    requests: int = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.requests += 1
        await self.app(scope, receive, send)


async def test_time_alone_is_noticed(sites: Any) -> None:
    """没有任何新的记录，只是时间过去：到期的当时认定为逾期，而不是一直不明。"""
    case = await Case(sites).begins()

    async def kinds() -> dict[str, str]:
        rows = await sites.sql("SELECT kind, status FROM finding WHERE closed_at IS NULL")
        return {row["kind"]: row["status"] for row in rows}

    async with sites.coordinator():
        await sites.is_settled()
        assert await kinds() == {}
        sites.clock.passes(days=5)
        await sites.is_settled()

    found = await kinds()
    assert (found["detention_request_arrest"], found["INV-03"]) == ("overdue", "overdue")
    assert case.id


async def test_a_log_that_cannot_be_read_proves_nothing(sites: Any) -> None:
    """案件服务读不到的：期限过后，是不明；恢复以后，读到已经办理的，即告了结。"""
    case = await Case(sites).begins()
    async with sites.coordinator():
        await sites.is_settled()
        await sites.gateway.goes_down("case_flow")
        await case.takes("criminal_detention:request_arrest")
        sites.clock.passes(days=5)
        question = "SELECT count(*) = 1 FROM finding WHERE kind = 'detention_request_arrest' AND status = $1 AND closed_at IS NULL"
        await sites.until(question, "unknown")
        sites.gateway.down = set()
        await sites.until(
            "SELECT count(*) = 0 FROM finding WHERE kind = 'detention_request_arrest' AND closed_at IS NULL"
        )


async def test_one_case_that_cannot_be_read_stops_no_other(sites: Any) -> None:
    """一案的记录无法核对的，其他案件照常；该案不在监督之中，也要说明。"""
    cases = await story(sites, 6)
    spoilt = cases[0]
    sites.gateway.apps = {**sites.gateway.apps, "case_flow": _Spoiling(sites.gateway.apps["case_flow"], spoilt.id)}

    async with sites.coordinator():
        await sites.is_settled()

    found, right = await standing(sites), await expected(sites)
    assert {case_id: ids for case_id, ids in found.items() if case_id != spoilt.id} == {
        case_id: ids for case_id, ids in right.items() if case_id != spoilt.id
    }
    (said,) = await sites.sql("SELECT kind, severity FROM finding WHERE case_id = $1 AND closed_at IS NULL", spoilt.id)
    assert tuple(said) == ("not_concluded", "critical")


@dataclass
class _Spoiling:
    """A service whose feed garbles one case."""

    app: Any
    case_id: str

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def garbled(message: Any) -> None:
            if message["type"] == "http.response.body" and b'"items"' in message["body"]:
                page = json.loads(message["body"])
                for event in page["items"]:
                    if event["partitionkey"] == self.case_id:
                        event["data"]["moves"] = [{"subject": 7}]
                message = {**message, "body": json.dumps(page).encode()}
            elif message["type"] == "http.response.start":
                message = {**message, "headers": [each for each in message["headers"] if each[0] != b"content-length"]}
            await send(message)

        await self.app(scope, receive, garbled)


# 换押


@pytest.fixture
async def transferred(sites: Any) -> Case:
    """Accepted by the procuratorate, still held for the police: a hand-over that nobody opened, a day ago."""
    case = await Case(sites).begins()
    await case.takes(*ARREST, *TRANSFER)
    sites.clock.passes(days=1, minutes=1)
    return case


async def custody_rows(sites: Any, case: Case) -> list[dict[str, Any]]:
    rows = await sites.sql("SELECT body FROM log WHERE case_id = $1 ORDER BY seq", case.id, service="custody_transfer")
    return [json.loads(row["body"]) for row in rows]


ANSWERED = "SELECT count(*) = 1 FROM command WHERE status IS NOT NULL"


async def test_a_hand_over_is_commanded_once(sites: Any, transferred: Case) -> None:
    """案件已移送而未换押的，由协同中枢发起换押，一次；接收由检察院办理。"""
    async with sites.coordinator():
        await sites.until(ANSWERED)
        await sites.is_settled()
    async with sites.coordinator():
        await sites.is_settled()

    (post,) = sites.gateway.posts
    assert (post["type"], post["to_organ"]) == ("custody_handover:offer_commanded", PROCURATORATE)
    assert post["path"] == f"/v1/custodies/{transferred.custody}/transitions"
    (finding,) = await sites.sql("SELECT id, closed_at FROM finding WHERE kind = 'INV-01'")
    assert post["key"] == finding["id"]
    assert finding["closed_at"] is not None, "the hand-over is open now"
    row = (await custody_rows(sites, transferred))[-1]
    assert (row["type"], row["to_organ"], row["organ"]) == (
        "custody_handover:offer_commanded",
        PROCURATORATE,
        "sys-coordinator",
    )


async def test_built_again_from_nothing_it_commands_nothing_anew(sites: Any, transferred: Case) -> None:
    """数据全部丢失而重建的，不会再发起一次换押。"""
    async with sites.coordinator():
        await sites.until(ANSWERED)
        await sites.is_settled()
    await sites.forget()

    async with sites.coordinator():
        await sites.is_settled()

    assert [row["type"] for row in await custody_rows(sites, transferred)][1:] == ["custody_handover:offer_commanded"]


@pytest.mark.parametrize(
    "trouble",
    [503, 500, 502, 412, "broken off"],
    ids=["away", "internal", "no gateway", "the custody moved meanwhile", "broken off"],
)
async def test_a_command_that_could_not_be_given_is_given_again(sites: Any, transferred: Case, trouble: Any) -> None:
    """没有办成而可以再办的，以同一键再办，直到办成；只办成一次。"""

    def answer(number: int) -> httpx.Response | None:
        if number > 3:
            return None
        if trouble == "broken off":
            raise httpx.ReadError("the line broke")
        return httpx.Response(trouble, json={"code": "GEN-503"})

    sites.gateway.answer = answer
    async with sites.coordinator():
        await sites.until(ANSWERED)
        await sites.is_settled()

    assert len({post["key"] for post in sites.gateway.posts}) == 1
    assert len(sites.gateway.posts) == 4
    (told,) = await sites.sql("SELECT status FROM command")
    assert told["status"] == 201
    assert [row["type"] for row in await custody_rows(sites, transferred)][1:] == ["custody_handover:offer_commanded"]


async def test_done_and_not_heard_of(sites: Any, transferred: Case) -> None:
    """已经办成而没有收到答复的，以同一键再问，直到得到原来的答复或者从记录中读到；不办两次。"""
    sites.gateway.apps = {**sites.gateway.apps, "custody_transfer": _Deaf(sites.gateway.apps["custody_transfer"], 2)}
    async with sites.coordinator():
        await sites.until("SELECT count(*) = 1 FROM conclusion")
        await sites.is_settled()

    assert len({post["key"] for post in sites.gateway.posts}) == 1
    assert [row["type"] for row in await custody_rows(sites, transferred)][1:] == ["custody_handover:offer_commanded"]


@dataclass
class _Deaf:
    """A service that does what it is told and whose first answers get lost."""

    app: Any
    losses: int

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["method"] == "POST" and self.losses:
            self.losses -= 1

            async def lost(message: Any) -> None:
                """Into the void."""

            await self.app(scope, receive, lost)
            await send({"type": "http.response.start", "status": 504, "headers": []})
            await send({"type": "http.response.body", "body": b""})
        else:
            await self.app(scope, receive, send)


@pytest.mark.parametrize("body", ["<html>no</html>", "", '"text"', "[1e400]"])
async def test_an_answer_that_is_no_json_stops_nothing(sites: Any, transferred: Case, body: str) -> None:
    """对方答复不成样子的，记下来，继续工作。"""
    sites.gateway.answer = lambda number: httpx.Response(409, text=body)

    async with sites.coordinator():
        await sites.until(ANSWERED)
        await Case(sites).begins()
        await sites.is_settled()

    assert len(sites.gateway.posts) == 1
    assert (await sites.sql("SELECT count(*) FROM conclusion"))[0][0] == 2


async def test_what_was_done_meanwhile_is_not_done_again(sites: Any, transferred: Case) -> None:
    """发起以前，双方已经自行换押的，不再发起：否则接收的机关会被要求移送给自己。"""
    sites.gateway.answer = lambda number: httpx.Response(503, json={})
    async with sites.coordinator():
        await sites.until("SELECT count(*) = 1 FROM command")
    sites.gateway.answer = lambda number: None
    await transferred.custody_takes(POLICE, "county_head", "offer", to_organ=PROCURATORATE)
    await transferred.custody_takes(PROCURATORATE, "chief_prosecutor", "accept")
    await transferred.custody_takes(CENTER, "center_officer", "confirm")

    async with sites.coordinator():
        await sites.is_settled()

    types = [row["type"].partition(":")[2] for row in await custody_rows(sites, transferred)]
    assert types == ["admit", "offer", "accept", "confirm"]
    # Refused, if it was asked before that was read; then it is withdrawn.
    assert all(row["status"] >= 400 for row in await sites.sql("SELECT status FROM command"))


async def test_a_custody_log_that_was_not_read_commands_nothing(sites: Any, transferred: Case) -> None:
    """看守所的记录读不到的，不知道是否已经换押，不发起。"""
    async with sites.coordinator():
        sites.clock.passes(days=-1)
        await sites.is_settled()
        await sites.gateway.goes_down("custody_transfer")
        await transferred.custody_takes(POLICE, "county_head", "offer", to_organ=PROCURATORATE)
        sites.clock.passes(days=2)
        await Case(sites).begins(held=False)
        await sites.until("SELECT count(*) = 2 FROM conclusion")
        await asyncio.sleep(0.5)
        noted = await sites.sql("SELECT finding_id FROM command")
        sites.gateway.down = set()
        await sites.is_settled()

    assert noted == []
    assert sites.gateway.posts == []
