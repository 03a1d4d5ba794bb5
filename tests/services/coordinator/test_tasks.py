"""Tasks: who must mend what until when, who may say so, and that only the log ends one."""

from datetime import date, timedelta
from typing import Any

import asyncpg
import httpx
import pytest

from services.coordinator import ordering
from services.coordinator.domain.task import due_on, task_id
from services.kernel.period import local_date
from tests.services.coordinator.conftest import Town
from tests.services.coordinator.test_follow import ARREST, POLICE, PROCURATORATE, TRANSFER, Case
from tests.services.coordinator.test_mismatches import LATE, accept, findings, late
from tests.services.coordinator.watch import REVIEWER, Watch

OFFICER, LEGAL, HEAD = (POLICE, "officer"), (POLICE, "legal_officer"), (POLICE, "county_head")
CHIEF = (PROCURATORATE, "chief_prosecutor")


async def asks(watch: Watch, client: httpx.AsyncClient, who: tuple[str, str] = REVIEWER, **asked: Any) -> Any:
    answer = await client.get("/v1/tasks", params=asked, headers=watch.sites.headers(*who))
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def says(
    watch: Watch, client: httpx.AsyncClient, task: str, what: str, who: tuple[str, str], **said: Any
) -> httpx.Response:
    headers = said.pop("headers", None) or watch.sites.headers(*who)
    body = {"text": "已经依法办理", **said}
    return await client.post(f"/v1/tasks/{task}/{what}", json=body, headers=headers)


async def test_a_task_goes_from_its_order_to_its_confirmation(watch: Watch) -> None:
    """督办、反馈、退回、再反馈；记录显示整改以前不能确认，显示以后由另一人确认。"""
    case = await late(watch)
    async with watch.coordinated() as client:
        await watch.settled()
        (task,) = [each for each in await asks(watch, client, OFFICER, case_id=case.id) if each["kind"] == LATE]
        (found,) = await findings(watch, client, kind=LATE)
        assert (task["id"], task["finding_id"]) == (task_id(found["id"]), found["id"])
        assert (task["owner"], task["offices"]) == (POLICE, ["officer", "station"])
        assert (task["state"], task["round"], task["requirement"]) == ("ordered", 1, found["repair"])
        assert task["due_on"] == due_on(found["severity"], watch.sites.clock.now()).isoformat()

        unrecorded = await says(watch, client, task["id"], "feedback", OFFICER, transition_ids=["trn_none"])
        told = await says(watch, client, task["id"], "feedback", HEAD, transition_ids=[found["trigger"]])
        standing = await says(watch, client, task["id"], "confirmations", CHIEF)
        day = (local_date(watch.sites.clock.now()) + timedelta(days=3)).isoformat()
        again = await says(watch, client, task["id"], "reorders", LEGAL, due_on=day)
        assert [each.json().get("code") for each in (unrecorded, told, standing, again)] == [
            "CASE-014",
            None,
            "COORD-003",
            None,
        ]
        assert (standing.status_code, standing.json()["missing"]["status"]) == (409, "overdue")
        assert (again.json()["state"], again.json()["due_on"]) == ("reordered", day)
        assert (await says(watch, client, task["id"], "feedback", HEAD)).status_code == 201

        await case.takes("criminal_detention:request_arrest")
        await watch.settled()
        own = await says(watch, client, task["id"], "confirmations", HEAD)
        assert (own.status_code, own.json()["invariant"]) == (403, "INV-22")
        assert (await says(watch, client, task["id"], "confirmations", CHIEF)).json()["state"] == "confirmed"
        settled = await says(watch, client, task["id"], "feedback", OFFICER)
        assert (settled.status_code, settled.json()["code"]) == (409, "COORD-001")
        read = await client.get(f"/v1/tasks/{task['id']}", headers=watch.sites.headers(*OFFICER))
    assert [(each["number"], each["kind"], each["state"]) for each in read.json()["history"]] == [
        (1, "ordered", "ordered"),
        (2, "reported", "reported"),
        (3, "reordered", "reordered"),
        (4, "reported", "reported"),
        (5, "shown", "done"),
        (6, "confirmed", "confirmed"),
    ]
    assert (read.json()["finding_status"], read.json()["overdue"]) == ("late", False)


async def test_who_may_say_what_of_a_task(watch: Watch) -> None:
    """非承办机关、非承办岗位不得反馈；非监督人员不得退回、确认；看不到本案、本人记录已封存的看不到督办。"""
    case = await late(watch)
    async with watch.coordinated() as client:
        await watch.settled()
        task = task_id((await findings(watch, client, kind=LATE))[0]["id"])
        today = local_date(watch.sites.clock.now())
        refusals: list[tuple[str, tuple[str, str], dict[str, Any], int, str]] = [
            ("feedback", (PROCURATORATE, "prosecutor"), {}, 403, "PERM-001"),
            ("feedback", LEGAL, {}, 403, "PERM-001"),
            ("feedback", ("pol-330199", "officer"), {}, 404, "GEN-404"),
            ("feedback", OFFICER, {"text": "办"}, 400, "GEN-400"),
            ("confirmations", OFFICER, {}, 403, "PERM-001"),
            ("confirmations", (PROCURATORATE, "prosecutor"), {}, 403, "PERM-001"),
            ("reorders", OFFICER, {"due_on": today.isoformat()}, 403, "PERM-001"),
            ("reorders", LEGAL, {"due_on": (today - timedelta(days=1)).isoformat()}, 422, "COORD-002"),
            ("reorders", LEGAL, {"due_on": (today + timedelta(days=31)).isoformat()}, 422, "COORD-002"),
        ]
        for what, who, said, status, code in refusals:
            answer = await says(watch, client, task, what, who, **said)
            assert (answer.status_code, answer.json()["code"]) == (status, code), (what, who, said)

        headers = watch.sites.headers(*OFFICER)
        first, twice = [await says(watch, client, task, "feedback", OFFICER, headers=headers) for _ in range(2)]
        other = await says(watch, client, task, "feedback", OFFICER, headers=headers, text="另一内容而同一键")
        assert (first.text, twice.headers["idempotency-replayed"]) == (twice.text, "true")
        assert (other.status_code, other.json()["code"]) == (422, "GEN-422")
        hidden = await asks(watch, client, ("pol-330199", "county_head"))
        assert (hidden, len(await asks(watch, client, OFFICER, state="reported"))) == ([], 1)
        sealed = "INSERT INTO shared (kind, key, case_id, subject, body) VALUES ('sealed', 'k', $1, $2, '{}')"
        await watch.sites.sql(sealed, case.id, case.person)
        assert await asks(watch, client, OFFICER, state="reported") == []
        read = await client.get(f"/v1/tasks/{task}", headers=watch.sites.headers(*OFFICER))
        assert (read.status_code, len(await asks(watch, client, case_id=case.id, state="reported"))) == (404, 1)
    for statement in ("UPDATE task_event SET state = 'confirmed'", "DELETE FROM task_event", "TRUNCATE task_event"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await watch.sites.sql(statement)


async def test_a_known_difference_suspends_its_task(watch: Watch) -> None:
    """认可为已知差异的，期满以前不算逾期；期满以后自行恢复，计入逾期。"""
    case = await late(watch)
    async with watch.coordinated() as client:
        await watch.settled()
        (found,) = await findings(watch, client, kind=LATE)
        assert (await accept(watch, client, found["id"])).status_code == 201
        watch.sites.clock.passes(days=9)
        (task,) = [each for each in await asks(watch, client, case_id=case.id) if each["kind"] == LATE]
        until = task["suspended_until"]
        assert (task["overdue"], task["due_on"]) == (False, until)
        before = await asks(watch, client, case_id=case.id, overdue=True)

        watch.sites.clock.passes(days=2)
        after = await asks(watch, client, case_id=case.id, overdue=True)
        counted = await client.get("/v1/task-counts", headers=watch.sites.headers(*OFFICER))
    assert {each["id"] for each in after} - {each["id"] for each in before} == {task["id"]}
    assert after[[each["id"] for each in after].index(task["id"])] == {**task, "overdue": True, "suspended_until": None}
    assert counted.json()["overdue"] >= len(after)


async def test_built_again_from_nothing_nothing_is_ordered_anew(watch: Watch) -> None:
    """账册全部丢失，重建以后，督办事项逐字节相同：督办之日、期限、反馈都不变。"""
    case = await late(watch)

    async def told(client: httpx.AsyncClient) -> list[str]:
        listed = await asks(watch, client, case_id=case.id)
        headers = watch.sites.headers(*OFFICER)
        return [(await client.get(f"/v1/tasks/{each['id']}", headers=headers)).text for each in listed]

    async with watch.coordinated() as client:
        await watch.settled()
        task = task_id((await findings(watch, client, kind=LATE))[0]["id"])
        assert (await says(watch, client, task, "feedback", OFFICER)).status_code == 201
        first = await told(client)
    await watch.sites.forget()
    watch.sites.gateway.page = 3
    async with watch.coordinated() as client:
        await watch.settled()
        assert await told(client) == first
    assert first


async def test_what_is_commanded_is_a_task_once_the_command_is_refused(watch: Watch) -> None:
    """中枢自行办理的，不另督办；其请求被拒绝的，转为督办。"""
    case = await Case(watch.sites).begins()
    await case.takes(*ARREST, *TRANSFER)
    watch.sites.clock.passes(days=1, minutes=1)
    await watch.sites.gateway.goes_down("custody_transfer")
    watch.sites.gateway.answer = lambda number: httpx.Response(422, json={"code": "CASE-014"})
    async with watch.coordinated() as client:
        watch.sites.gateway.down.clear()
        await watch.settled()
        (found,) = await findings(watch, client, kind="INV-01")
        (task,) = [each for each in await asks(watch, client, case_id=case.id) if each["kind"] == "INV-01"]
    asked = await watch.sites.sql("SELECT asked_at, status FROM command WHERE finding_id = $1", found["id"])
    assert [row["status"] for row in asked] == [422]
    assert task["state"] == "ordered"


async def test_it_is_ordered_in_a_new_round_when_it_stands_again(sites: Any, town: Town) -> None:
    """问题重又出现的，另起一轮督办，先前的经过不变；没有读到的，既不督办也不了结；重复的消息不重复督办。"""
    town.files("甲")
    town.detains("甲")
    town.clock.passes(days=9)
    overdue = town.concludes()
    town.takes("criminal_detention:request_arrest", "甲")
    done, restored, unread = town.concludes(), town.concludes(rows=town.rows[:-1]), town.concludes(read={})
    (order,) = [each for each in overdue.orders or () if each.finding.kind == LATE]
    await sites.sql("SELECT 1")
    connection = sites._connections["coordinator"]

    for conclusion in (overdue, overdue, unread, done, done, unread, restored, overdue, done):
        await ordering.keep(connection, [conclusion], town.clock.now())

    rows = await sites.sql(
        "SELECT round, kind, state FROM task_event WHERE task_id = $1 ORDER BY number", task_id(order.finding.id)
    )
    assert [tuple(row) for row in rows] == [
        (1, "ordered", "ordered"),
        (1, "shown", "done_by_the_log"),
        (2, "ordered", "ordered"),
        (2, "shown", "done_by_the_log"),
    ]


def test_the_days_to_mend_are_working_days(town: Town) -> None:
    """严重的当日；其余按工作日，周末不计（2026年3月6日是周五）。"""
    town.clock.passes(days=4)
    friday = town.clock.now()
    days = {severity: due_on(severity, friday) for severity in ("critical", "high", "medium")}
    assert days == {"critical": date(2026, 3, 6), "high": date(2026, 3, 11), "medium": date(2026, 3, 17)}


def test_a_task_goes_to_the_organ_that_acted_or_to_who_watches_over_it(town: Town) -> None:
    """督办交给负有义务的机关的承办岗位；知道是案中哪一个机关的，交给那一个；由中枢办理的写明其请求。"""
    town.files("甲")
    town.detains("甲")
    town.goes_to("arrest", "甲")
    town.goes_to("prosecution", "甲")
    town.clock.passes(days=2)
    orders = {order.finding.kind: order for order in town.concludes().orders or ()}
    assert orders["INV-01"].command == orders["INV-01"].finding.id
    assert {order.organ_id for order in orders.values()} <= {"pol-330106", "proc-330106", "dc-330106"}
    assert all(order.desk is not None for order in orders.values())
