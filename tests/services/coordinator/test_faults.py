"""A coordinator that is killed at every step of its own work, put out of office, told stale news, or kept waiting.

Two things hold whatever happens: nothing is ever shown as overdue that is not so, and nothing is commanded twice.
"""

import asyncio
import contextlib
import json
from dataclasses import dataclass, field
from random import Random
from typing import Any

import asyncpg
import httpx
import pytest

from services.coordinator.follow import _unbroken
from services.coordinator.repository import Deposed
from services.kernel.feed import Page, Told
from tests.services.coordinator.blade import Blade, Shown, _sharp, shown
from tests.services.coordinator.test_follow import ARREST, TRANSFER, Case, custody_rows, expected, standing
from tests.services.coordinator.test_halts import GOES_ON, STOPPED, Backup
from tests.services.coordinator.watch import Watch

__all__ = ["_sharp", "shown"]

COMMANDED = "custody_handover:offer_commanded"
DONE = """
SELECT (SELECT count(*) = 0 FROM changed) AND (SELECT count(*) = 0 FROM conclusion WHERE look_at <= $1)
  AND (SELECT count(*) = 0 FROM command WHERE status IS NULL) AND (SELECT bool_and(made_at IS NOT NULL) IS NOT FALSE FROM agreement)
  AND (SELECT count(*) = 3 FROM position JOIN unnest($2::text[], $3::bigint[]) AS h(service, last) USING (service)
       WHERE feed_seq >= last AND read_until >= $1)
"""
#: A certificate that somebody asked for.
ASK = """
INSERT INTO agreement (id, asked_at, organ_id, client_id, key, fingerprint, case_ids, deep)
VALUES ('agr_asked', now(), 'proc-330106', 'c', 'k', 'f', '[]', false)
"""
FENCE = "SELECT number FROM term"
#: What changes anything: inside a transaction (killed there once), and what ends one or reaches others (some times each).
WRITES = ("INSERT", "UPDATE", "DELETE", "WITH stored", "WITH made", "GET feeds")
OUTWARD = ("COMMIT", "POST", "WITH answered", "INSERT INTO agreement")
ENDS = 3


async def overdue_by_the_logs(sites: Any) -> set[str]:
    """What is overdue, by everything that the logs tell now."""
    return {found for ids in (await expected(sites, "overdue")).values() for found in ids}


async def done(sites: Any) -> None:
    """Until all is read, concluded, commanded and certified, as of some seconds later."""
    heads: dict[str, int] = {}
    rounds = 0
    while rounds < 2 or heads != await sites.heads():
        heads, rounds = await sites.heads(), rounds + 1
        sites.clock.passes(seconds=3)
        await sites.until(DONE, sites.clock.now(), list(heads), list(heads.values()))


# Killed.


async def _killed(sites: Any, blade: Blade) -> bool:
    """A coordinator under a blade, until that falls; whether it did before all was done."""
    async with blade.over(sites):
        waits = [asyncio.create_task(done(sites)), asyncio.create_task(blade.fallen.wait())]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        fell = blade.fallen.is_set()
        for each in waits:
            each.cancel()
        await asyncio.gather(*waits, return_exceptions=True)
    return fell


async def test_killed_at_every_step_of_its_own_work(watch: Watch, shown: Shown) -> None:
    """在自己工作的每一步之前、之后被终止，另一个接着做：结论、发起的办理与从未终止的一样；从未错报逾期；只办一次。"""
    sites = watch.sites
    case = await Case(sites).begins()
    await case.takes(*ARREST, *TRANSFER)
    sites.clock.passes(days=1, minutes=1)
    custody = await Backup(watch, "custody_transfer").taken("whole")
    await sites.sql(ASK)
    undisturbed = Blade()
    async with undisturbed.over(sites):
        await done(sites)
    overdue = await overdue_by_the_logs(sites)
    assert overdue
    points = [
        (point, is_after)
        for point in dict.fromkeys(undisturbed.points)
        for is_after in (False, True)
        if point[1] <= (ENDS if point[0].startswith(OUTWARD) else not is_after)
        and point[0].startswith((*WRITES, *OUTWARD))
    ]

    fell = 0
    for at, is_after in points:
        await sites.forget()
        await sites.sql("TRUNCATE agreement")
        await custody.put_back()
        await sites.sql(ASK)
        fell += await _killed(sites, Blade(at, is_after=is_after))
        async with sites.coordinator():
            await done(sites)

        where = f"killed {'after' if is_after else 'before'} {at}"
        assert await standing(sites) == await expected(sites), where
        assert [row["type"] for row in await custody_rows(sites, case)][1:] == [COMMANDED], where
        assert [tuple(row) for row in await sites.sql("SELECT status FROM command")] == [(201,)], where
        assert await shown.overdue() <= overdue, where
        (made,) = await sites.sql("SELECT id, statement->'services'->'case_flow'->>'status' AS said FROM agreement")
        assert tuple(made) == ("agr_asked", "agreed"), where
        rows = await sites.sql("SELECT case_id, seq, body FROM log ORDER BY feed_seq", service="case_flow")
        told = await sites.sql("SELECT case_id, seq, body FROM ledger WHERE service = 'case_flow' ORDER BY feed_seq")
        assert list(map(tuple, rows)) == list(map(tuple, told)), where
    assert len(points) > 30
    assert fell > len(points) * 0.9


async def test_killed_while_it_sets_aside_what_a_log_lost(watch: Watch, shown: Shown) -> None:
    """决定另存以后，在办理的每一步被终止：要么未办，要么办完；丢失的已重新补记，读到以前不错报逾期。"""
    sites = watch.sites
    case = await Case(sites).begins()
    day = sites.clock.now().date().isoformat()
    async with sites.coordinator():
        await done(sites)
        backup, versions = await Backup(watch).taken("old"), dict(case.versions)
        await case.takes("criminal_detention:request_arrest")
        sites.clock.passes(days=5)
        await done(sites)
        before = await shown.overdue()
        await backup.put_back()
        await sites.until(STOPPED)
    case.versions = versions
    await case.takes("criminal_detention:request_arrest", occurred_at=day)
    await sites.sql("UPDATE halt SET decision = $1", json.dumps({"decision": "set_aside"}))

    for each in _SETTING_ASIDE:
        assert await _killed(sites, Blade((each, 1))), each
        assert await sites.sql("SELECT FROM set_aside") == [], each
    async with sites.coordinator():
        await sites.until(GOES_ON)
        await done(sites)

    assert await shown.overdue() == before
    assert await standing(sites) == await expected(sites)
    assert await watch.rows("ledger", "coordinator") == await watch.rows("log", "case_flow")


_SETTING_ASIDE = (
    "WITH gone AS",
    "DELETE FROM command WHERE status",
    "DELETE FROM conclusion",
    "UPDATE position SET",
    "DELETE FROM digest_leaf",
    "UPDATE digest_head",
    "INSERT INTO conclusion",
    "UPDATE halt SET ended_at",
)


# Out of office, and not knowing it.


@pytest.mark.parametrize("where", [FENCE, "INSERT INTO conclusion"], ids=["before it writes", "in the middle"])
async def test_whoever_no_longer_leads_writes_nothing(
    watch: Watch, shown: Shown, where: str, caplog: pytest.LogCaptureFixture
) -> None:
    """工作中失去领导地位而不自知的，醒来以后不得写入；接续的所得结论不被旧的覆盖。"""
    sites = watch.sites
    case = await Case(sites).begins()
    old = Blade()
    async with old.over(sites), contextlib.AsyncExitStack() as second:
        await done(sites)
        old.frozen |= {where, "SELECT 1"}
        await case.takes("criminal_detention:request_arrest")
        await _is_true(sites, "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted")
        await old.stands_at(where)
        await second.enter_async_context(sites.coordinator())
        if where == FENCE:
            await case.takes(*ARREST[1:])
            sites.clock.passes(days=5)
            await done(sites)
        else:
            # What the old one has begun is finished before the new one writes anything.
            await _is_true(
                sites, "SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE query LIKE 'UPDATE term%'"
            )
        told = await sites.concluded()
        (term,) = await sites.sql("SELECT number FROM term")
        old.frozen.discard(where)
        async with asyncio.timeout(30):
            while not any(each.exc_info and each.exc_info[0] is Deposed for each in caplog.records):
                await asyncio.sleep(0.01)
        if where == FENCE:
            assert await sites.concluded() == told
        await done(sites)

        assert (await sites.sql("SELECT number FROM term"))[0]["number"] - term["number"] == (where != FENCE)
        assert await standing(sites) == await expected(sites)
        assert await shown.overdue() <= await overdue_by_the_logs(sites)


async def _is_true(sites: Any, question: str) -> None:
    """Until the database server says so to its superuser."""
    connection = await asyncpg.connect(sites.server.url("coordinator"))
    try:
        async with asyncio.timeout(30):
            while not await connection.fetchval(question):
                await asyncio.sleep(0.02)
    finally:
        await connection.close()


# Stale news.


@dataclass
class _Muddle(httpx.AsyncBaseTransport):
    """A line that gives old pages again, turns their rows about, and loses some on the way, but not for ever."""

    line: httpx.AsyncBaseTransport
    chance: Random = field(default_factory=lambda: Random(7))
    old: dict[str, list[bytes]] = field(default_factory=dict)
    muddled: int = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await self.line.handle_async_request(request)
        body = await answer.aread()
        if "/feeds/" not in request.url.path or answer.status_code != 200:
            return answer
        pages = self.old.setdefault(request.url.path, [])
        pages.append(body)
        page = json.loads(body)
        kind = self.chance.randrange(5)
        if kind == 0:
            page = json.loads(self.chance.choice(pages))
        elif kind == 1:
            page["items"].reverse()
        elif kind == 2 and len(page["items"]) > 1:
            del page["items"][self.chance.randrange(len(page["items"]) - 1)]
        self.muddled += page != json.loads(body)
        return httpx.Response(200, json=page, request=request)


async def test_old_news_and_news_out_of_order(watch: Watch, shown: Shown) -> None:
    """同一页又来一次、旧页迟到、次序颠倒、途中缺行：结论不变，没有一次错报逾期，也不误认为记录被恢复过。"""
    sites = watch.sites
    sites.gateway.page = 3
    line = _Muddle(httpx.ASGITransport(app=sites.gateway))
    held = await Case(sites).begins()
    async with sites.coordinator(transport=line):
        for steps in (ARREST[:1], ARREST[1:3], ARREST[3:], TRANSFER):
            await held.takes(*steps)
            await done(sites)
            sites.clock.passes(days=2)
            await done(sites)

    assert line.muddled > 10
    assert await standing(sites) == await expected(sites)
    assert await shown.overdue() <= {
        found for ids in (await expected(sites, "overdue", "late")).values() for found in ids
    }
    assert await sites.sql("SELECT FROM halt") == []
    assert [row["type"] for row in await custody_rows(sites, held)].count(COMMANDED) <= 1


async def test_a_log_that_was_cut_back_and_has_grown_in_other_cases_is_noticed(watch: Watch, shown: Shown) -> None:
    """从旧备份恢复以后，在别的案件里又记到原来的位置以后：读过的最后一行已经不同，停止读取；没有读到的不算没有办。"""
    sites = watch.sites
    waiting = await Case(sites).begins()
    async with sites.coordinator():
        await done(sites)
        backup = await Backup(watch).taken("old")
        lost = await Case(sites).begins(held=False)
        await done(sites)
        await sites.gateway.goes_down("case_flow")
        await backup.put_back()
        await waiting.takes("criminal_detention:request_arrest")
        for _ in range(2):
            await Case(sites).begins(held=False)
        sites.clock.passes(days=5)
        sites.gateway.down = set()
        await sites.until(STOPPED)

    assert await sites.sql("SELECT FROM ledger WHERE case_id = $1", lost.id) != [], "nothing is overwritten"
    assert await shown.overdue() == set()


# Kept waiting.


async def test_a_service_that_talks_nonsense_keeps_no_other_from_being_read(watch: Watch) -> None:
    """一个服务答非所问的，其他服务的记录照读，时间照看。"""
    sites = watch.sites
    case = await Case(sites).begins()

    async def nonsense(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"<html>welcome</html>"})

    whole = sites.gateway.apps["custody_transfer"]
    sites.gateway.apps = {**sites.gateway.apps, "custody_transfer": nonsense}
    async with sites.coordinator():
        await sites.until("SELECT count(*) = 1 FROM position WHERE service = 'case_flow' AND feed_seq > 5")
        (term,) = await sites.sql("SELECT number FROM term")
        await case.takes("criminal_detention:request_arrest")
        await sites.until("SELECT count(*) = 1 FROM position WHERE service = 'case_flow' AND feed_seq > 6")
        sites.gateway.apps = {**sites.gateway.apps, "custody_transfer": whole}
        await done(sites)

    assert (await sites.sql("SELECT number FROM term"))[0]["number"] == term["number"], "it led all the time"
    assert await standing(sites) == await expected(sites)


async def test_a_command_that_takes_long_keeps_nobody_waiting(watch: Watch) -> None:
    """看守所的服务迟迟不答复的，其他案件的期限照样到期即知。"""
    sites = watch.sites
    case = await Case(sites).begins()
    await case.takes(*ARREST, *TRANSFER)
    sites.clock.passes(days=1, minutes=1)
    asked, goes_on = asyncio.Event(), asyncio.Event()
    whole = sites.gateway.apps["custody_transfer"]

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        if scope["method"] == "POST":
            asked.set()
            await goes_on.wait()
        await whole(scope, receive, send)

    other = await Case(sites).begins()
    sites.gateway.apps = {**sites.gateway.apps, "custody_transfer": slow}
    async with sites.coordinator():
        await asked.wait()
        sites.clock.passes(days=5)
        await sites.until(
            "SELECT count(*) > 0 FROM finding WHERE case_id = $1 AND kind = 'detention_request_arrest'"
            " AND status IN ('unknown', 'overdue')",
            other.id,
        )
        goes_on.set()
        await done(sites)

    assert [row["type"] for row in await custody_rows(sites, case)].count(COMMANDED) == 1


@pytest.mark.parametrize(
    ("told", "cursor", "is_doubted", "taken", "reached"),
    [
        ([4, 5, 6], 6, False, [4, 5, 6], 6),
        ([6, 4, 5], 6, False, [6, 4, 5], 6),
        ([4, 6], 6, False, [4], 4),
        ([5, 6], 6, False, [], 3),
        ([5, 6], 6, True, [5, 6], 6),
        ([1, 2], 2, False, [1, 2], 3),
        ([], 2, True, [], 3),
    ],
    ids=["next", "turned about", "one left out", "the first left out", "left out again", "late", "late and empty"],
)
def test_a_page_counts_as_far_as_it_goes_on(
    told: list[int], cursor: int, is_doubted: bool, taken: list[int], reached: int
) -> None:
    """读到第三行以后：没有缺行的才往前读；没有读到最后的，不知道此外还有没有。"""
    rows = [Told("case_1", number, number, b"", b"", "{}") for number in told]

    page = _unbroken(Page(rows, cursor, has_more=False, link="sm3:00"), 3, is_doubted=is_doubted)

    assert ([row.feed_seq for row in page.rows], page.after) == (taken, reached)
    assert page.has_more == (reached != cursor)
    assert page.link == ("sm3:00" if 4 in told else "")
