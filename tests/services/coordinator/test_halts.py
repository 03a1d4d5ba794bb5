"""A log that is no longer the one that was read: following stops, nothing is read again silently, and a person decides."""

from typing import Any

import httpx

from tests.services.coordinator.test_follow import ARREST, POLICE, Case, story
from tests.services.coordinator.watch import REVIEWER, Watch

STOPPED = "SELECT count(*) = 1 FROM halt WHERE service = 'case_flow' AND ended_at IS NULL"
GOES_ON = "SELECT count(*) = 0 FROM halt WHERE ended_at IS NULL"


class Backup:
    """What a log and the views of it held at some time, to be put back."""

    tables = ("log", "stream", "thing", "relation", "feed_head", "digest_head", "digest_leaf", "digest_node")

    def __init__(self, watch: Watch, service: str = "case_flow") -> None:
        self.watch, self.service = watch, service

    async def taken(self, name: str) -> "Backup":
        self.name = name
        for table in self.tables:
            await self.watch.sites.sql(f"DROP TABLE IF EXISTS {name}_{table}", service=self.service)
            await self.watch.sites.sql(f"CREATE TABLE {name}_{table} AS SELECT * FROM {table}", service=self.service)
        return self

    async def put_back(self) -> None:
        for table in self.tables:
            await self.watch.tamper(f"DELETE FROM {table}", service=self.service)
            await self.watch.tamper(f"INSERT INTO {table} SELECT * FROM {self.name}_{table}", service=self.service)


async def decided(watch: Watch, client: httpx.AsyncClient, decision: str, **asked: Any) -> httpx.Response:
    halts = (await client.get("/v1/log-halts", headers=watch.sites.headers(*REVIEWER))).json()["items"]
    who = asked.pop("who", REVIEWER)
    body = {"decision": decision, "reason": "经与技术部门核实", **asked}
    headers = watch.sites.headers(*who)
    return await client.post(f"/v1/log-halts/{halts[0]['id']}/decisions", json=body, headers=headers)


async def test_a_log_restored_from_an_old_backup_is_read_no_further(watch: Watch) -> None:
    """从旧备份恢复的：停止读取，列为重大问题；其间新记的不读；未经决定，不重读；决定另存后从现有记录读起，丢失的各行留存。"""
    cases = await story(watch.sites, 3)
    async with watch.coordinated() as client:
        await watch.settled()
        backup, versions = await Backup(watch).taken("old"), dict(cases[2].versions)
        (old,) = await watch.sites.sql("SELECT last FROM feed_head", service="case_flow")
        lost = await Case(watch.sites).begins(held=False)
        await cases[2].takes("criminal_detention:request_arrest")
        await watch.settled()
        assert (await watch.says(client))["case_flow"] == "agreed"
        (read,) = await watch.sites.sql("SELECT feed_seq FROM position WHERE service = 'case_flow'")
        assert read["feed_seq"] == old["last"] + 5
        ledger = await watch.rows("ledger", "coordinator")

        await backup.put_back()
        await watch.sites.until(STOPPED)
        (finding,) = await watch.standing("log_restored")
        assert (finding["subject"], finding["severity"]) == ("case_flow", "critical")
        cases[2].versions = versions
        await cases[2].takes("criminal_detention:request_arrest")
        assert (await watch.says(client))["case_flow"] == "unknown"
        assert await watch.rows("ledger", "coordinator") == ledger, "nothing is read, and nothing is overwritten"

        refused = await decided(watch, client, "set_aside", who=(POLICE, "county_head"))
        assert refused.status_code == 404
        assert (await decided(watch, client, "set_aside", reason="")).status_code == 400
        answer = await decided(watch, client, "set_aside")
        assert (answer.status_code, answer.json()["decided_by"]["role"]) == (201, "reviewer")
        await watch.sites.until(GOES_ON)
        await watch.settled()

        assert await watch.standing("log_restored") == []
        assert await watch.rows("ledger", "coordinator") == await watch.rows("log", "case_flow")
        aside = await watch.sites.sql(
            "SELECT feed_seq FROM set_aside WHERE halt_id = $1 ORDER BY 1", answer.json()["halt_id"]
        )
        assert [row["feed_seq"] for row in aside] == list(range(old["last"] + 1, read["feed_seq"] + 1))
        assert set((await watch.says(client, deep=True)).values()) == {"agreed"}
        assert await watch.sites.sql("SELECT FROM conclusion WHERE case_id = $1", lost.id) == []
        assert (await decided(watch, client, "resume")).status_code == 409, "it was decided otherwise"


async def test_the_right_backup_put_in_place_is_read_on(watch: Watch) -> None:
    """换回完整的记录以后决定继续的，从停止处读起；仍不完整的，再次停止。"""
    await story(watch.sites, 2)
    async with watch.coordinated() as client:
        await watch.settled()
        old = await Backup(watch).taken("old")
        await Case(watch.sites).begins(held=False)
        await watch.settled()
        whole = await Backup(watch).taken("whole")

        await old.put_back()
        await watch.sites.until(STOPPED)
        assert (await decided(watch, client, "resume")).status_code == 201
        await watch.sites.until("SELECT count(*) = 2 FROM halt")
        await watch.sites.until(STOPPED)
        assert len(await watch.standing("log_restored")) == 1

        await whole.put_back()
        assert (await decided(watch, client, "resume")).status_code == 201
        await watch.sites.until(GOES_ON)
        await Case(watch.sites).begins(held=False)
        await watch.settled()
        assert await watch.rows("ledger", "coordinator") == await watch.rows("log", "case_flow")
        assert set((await watch.says(client)).values()) == {"agreed"}


async def test_a_restored_log_that_has_grown_past_what_was_read_is_noticed(watch: Watch) -> None:
    """恢复以后又记了许多行、位置已经超过的：同一案同一行说法不同，停止读取，不覆盖已读的。"""
    cases = await story(watch.sites, 3)
    sites = watch.sites
    async with watch.coordinated() as client:
        await watch.settled()
        backup, versions = await Backup(watch).taken("old"), dict(cases[2].versions)
        await cases[2].takes("criminal_detention:request_arrest")
        await watch.settled()
        await sites.gateway.goes_down("case_flow")
        ledger = await watch.rows("ledger", "coordinator")

        await backup.put_back()
        await Case(sites).begins(held=False)
        cases[2].versions = versions
        await cases[2].takes(*ARREST)
        sites.gateway.down = set()
        await sites.until(STOPPED)

        assert await watch.rows("ledger", "coordinator") == ledger
        await decided(watch, client, "set_aside")
        await sites.until(GOES_ON)
        await watch.settled()
        assert await watch.rows("ledger", "coordinator") == await watch.rows("log", "case_flow")
        assert set((await watch.says(client, deep=True)).values()) == {"agreed"}
