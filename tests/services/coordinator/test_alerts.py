"""Alerts: told in time, climbing while nobody acknowledges, once and no more; and duties as something to be asked for."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from services.coordinator import follow as following
from services.coordinator.domain.alerts import LAST, UNHEEDED, Alert, Heard, earlier
from services.coordinator.domain.clocks import Reading
from services.coordinator.domain.offices import LADDERS, ladder
from services.coordinator.domain.reconcile import Conclusion, reconcile
from services.kernel.policy import Policy
from services.kernel.service import policy_beside
from services.kernel.transition import new_id
from services.kernel.who import Addressee
from services.law import CODE
from tests.services.coordinator.conftest import CLOCKS, LOGS, POLICE, PROCURATORATE, Town
from tests.services.coordinator.test_follow import Case

REQUEST = "detention_request_arrest"
CENTER = "dc-330106"


@dataclass
class Watchman:
    """Looks at a town again and again, and keeps what was told and acknowledged."""

    town: Town
    alerts: list[Alert] = field(default_factory=list)
    acknowledged: set[str] = field(default_factory=set)

    def looks(self, *, read: datetime | None = None) -> Conclusion:
        """Conclude now; what is to be told is told. `read`: until when the logs were read."""
        now = self.town.clock.now()
        heard = Heard([earlier(each) for each in self.alerts], frozenset(self.acknowledged))
        concluded = reconcile(
            self.town.case_id,
            self.town.rows,
            code=CODE,
            clocks=CLOCKS,
            reading=Reading(dict.fromkeys(LOGS, read or now), now),
            tolerance=timedelta(hours=24),
            heard=heard,
        )
        self.alerts += concluded.alerts
        return concluded

    def waits(self, **time: float) -> Conclusion:
        """Let time pass, looking as often as was asked for; the last conclusion."""
        until = self.town.clock.now() + timedelta(**time)
        concluded = self.looks()
        while concluded.look_at is not None and concluded.look_at <= until:
            self.town.clock.passes(seconds=(concluded.look_at - self.town.clock.now()).total_seconds())
            concluded = self.looks()
        self.town.clock.passes(seconds=(until - self.town.clock.now()).total_seconds())
        return self.looks()

    def told(self, limit: str = REQUEST) -> list[tuple[int, int, float]]:
        """What was told of a limit: level, rung, and so many hours after nine in the morning of 2 March."""
        begun = Town().clock.now()
        return [
            (each.level, each.rung, (datetime.fromisoformat(each.raised_at) - begun).total_seconds() / 3600)
            for each in self.alerts
            if each.limit == limit
        ]


@pytest.fixture
def watchman(town: Town) -> Watchman:
    """Somebody is detained at nine in the morning of 2 March: arrest is to be requested within 72 hours."""
    town.files("甲")
    town.detains("甲")
    return Watchman(town)


# Levels.


def test_each_level_comes_in_its_time_and_climbs_while_nobody_acknowledges(watchman: Watchman) -> None:
    """到期以前两级，届满一级；无人签收的逐级上报，每一级有时间；报到顶仍无人签收的，成为问题。"""
    concluded = watchman.waits(hours=72 + 71)

    assert watchman.told() == [
        (1, 0, 36.0),  # half of the period before the end
        (2, 0, 54.0),  # a quarter
        (2, 1, 62.0),
        (3, 1, 72.0),
        (3, 2, 96.0),
        (3, 3, 120.0),
    ]
    assert REQUEST not in {limit for limit, _, _ in found(concluded)}
    concluded = watchman.waits(hours=1)
    (unheeded,) = (each for each in concluded.findings if each.kind == UNHEEDED and each.limit == REQUEST)
    assert "上一级公安机关" in unheeded.zh
    assert (unheeded.owner, unheeded.status, unheeded.due) == ("police", "overdue", "2026-03-08T09:00+08:00")
    assert "climbed to the top" in unheeded.en
    assert unheeded.law_ref.startswith("刑事诉讼法第九十一条")
    assert unheeded.repair


def found(concluded: Conclusion) -> list[tuple[str, str, str]]:
    """What was found of alerts that nobody heeded: limit, status, owner."""
    return sorted({(each.limit, each.status, each.owner) for each in concluded.findings if each.kind == UNHEEDED})


def test_what_was_acknowledged_climbs_no_further(watchman: Watchman) -> None:
    """签收以后不再上报，不成为问题；义务仍然逾期。"""
    watchman.waits(hours=96)
    watchman.acknowledged = {each.id for each in watchman.alerts if each.rung == 2}
    concluded = watchman.waits(days=30)

    assert [told for told in watchman.told() if told[0] == LAST] == [(3, 1, 72.0), (3, 2, 96.0)]
    assert (REQUEST, "overdue", "police") not in found(concluded)
    assert (REQUEST, "overdue") in {(each.kind, each.status) for each in concluded.findings}


def test_a_late_acknowledgement_closes_what_was_found(watchman: Watchman) -> None:
    """报到顶以后才签收的，问题随之了结。"""
    assert found(watchman.waits(days=7)) != []
    watchman.acknowledged = {each.id for each in watchman.alerts if each.rung == 3}
    assert found(watchman.waits(days=1)) == []


def test_what_was_done_in_time_is_not_told_of(watchman: Watchman) -> None:
    """期限内办结的，不再预警；已发的随之解除。"""
    watchman.waits(hours=40)
    assert watchman.told() == [(1, 0, 36.0)]
    watchman.town.takes("criminal_detention:request_arrest", "甲")
    concluded = watchman.waits(days=10)

    assert watchman.told() == [(1, 0, 36.0)]
    assert concluded.standing is not None
    assert {each.id for each in watchman.alerts if each.limit == REQUEST}.isdisjoint(concluded.standing)


def test_an_extension_moves_the_moments(watchman: Watchman) -> None:
    """延长以后按新的期满日重新预警；此前的解除。"""
    watchman.waits(hours=55)
    early = {each.id for each in watchman.alerts if each.limit == REQUEST}
    watchman.town.takes("criminal_detention:extend", "甲", facts={"extension": 2})
    concluded = watchman.waits(days=26)

    assert concluded.standing is not None
    assert early.isdisjoint(concluded.standing)
    assert watchman.told()[:2] == [(1, 0, 36.0), (2, 0, 54.0)]
    level, rung, hour = watchman.told()[2]
    assert (level, rung, hour > 20 * 24) == (1, 0, True)
    duty = {each.limit: each for each in concluded.duties}[REQUEST]
    assert {each.duty_id for each in watchman.alerts if each.limit == REQUEST} == {duty.id}


def test_what_was_missed_is_told_afterwards_and_says_when_it_should_have_been(watchman: Watchman) -> None:
    """中枢停过的，恢复以后补发，写明应发和实发的时间；签收的时间从实发起算。"""
    watchman.looks()
    watchman.town.clock.passes(hours=80)
    watchman.looks()

    mine = [each for each in watchman.alerts if each.limit == REQUEST]
    assert [(each.level, each.rung) for each in mine] == [(1, 0), (2, 0), (3, 1)]
    assert [each.should_at for each in mine] == [
        "2026-03-03T13:00:00.000000Z",
        "2026-03-04T07:00:00.000000Z",
        "2026-03-05T01:00:00.000000Z",
    ]
    assert {each.raised_at for each in mine} == {"2026-03-05T09:00:00.000000Z"}
    watchman.waits(hours=23)
    assert len(watchman.told()) == len(mine)
    watchman.waits(hours=1)
    assert watchman.told()[-1] == (3, 2, 104.0)


def test_what_had_ended_when_it_was_recorded_is_told_once(town: Town) -> None:
    """补录的旧案，期限在登记时已经届满的，只发一次三级预警并且写明，不上报。"""
    town.clock.passes(days=60)
    town.files("甲", on="2026-03-02")
    town.takes("criminal_detention:detain", "甲", on="2026-03-02")
    watchman = Watchman(town)
    watchman.waits(days=30)

    (alert,) = (each for each in watchman.alerts if each.limit == REQUEST)
    assert (alert.level, alert.recorded_late, alert.answer_by) == (LAST, True, "")
    assert "登记时期限已经届满" in alert.zh
    assert [each for each in watchman.looks().findings if (each.kind, each.limit) == (UNHEEDED, REQUEST)] == []


def test_nothing_is_told_before_the_log_was_read(watchman: Watchman) -> None:
    """记录没有读到的，不预警：也许已经办了；读到以后补发。"""
    read = watchman.town.clock.now()
    watchman.town.clock.passes(hours=40)
    assert watchman.looks(read=read).alerts == ()
    watchman.looks()
    assert watchman.told() == [(1, 0, 40.0)]


def test_nothing_is_told_twice(watchman: Watchman) -> None:
    """同一预警只发一次，看多少遍都一样。"""
    watchman.waits(days=9)
    ids = [each.id for each in watchman.alerts]
    assert len(ids) == len(set(ids))
    assert watchman.looks().alerts == ()


# Offices.


def test_every_rung_can_be_answered_by_some_role() -> None:
    """每一级都有岗位可以签收。"""
    policy: Policy = policy_beside(following.__file__)
    offices = {office for role in policy.offices_of for office in policy.offices(role)}
    assert [rung for rungs in LADDERS.values() for rung in rungs if not offices & {each.key for each in rung}] == []


@pytest.mark.parametrize(
    ("owner", "organs", "desks"),
    [
        ("court", {"court": "c"}, ["c", "c", "c"]),
        ("detention_center", {"detention_center": "d", "procuratorate": "p"}, ["d", "p", "p"]),
        ("detention_center", {"detention_center": "d"}, ["d"]),
        ("prison", {"procuratorate": "p"}, ["p", "p"]),
        ("bank", {"procuratorate": "p", "police": "q"}, ["p", "p"]),
        ("party", {"police": "q"}, []),
    ],
)
def test_the_ladder_goes_on_with_who_watches(owner: str, organs: dict[str, str], desks: Sequence[str]) -> None:
    """先本机关，再上级或者驻所检察；案内没有这个机关的，由检察机关。"""
    assert [desk.organ_id for desk in ladder(owner, organs)] == desks


def test_a_notice_to_the_family_names_the_family() -> None:
    """通知家属的期限，写明对象是家属。"""
    notices = {name: limit.to for name, limit in CODE.limits.items() if "通知家属" in limit.zh}
    assert len(notices) > 3
    assert {*notices.values()} == {Addressee.FAMILY}


# The real thing.


@pytest.fixture
async def overdue(sites: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    """A report that the police have not examined for four days, in a case shared with their procuratorate."""
    monkeypatch.setattr(following, "SWEEP", 0.05)
    opened = await sites.act("case_flow", POLICE, "officer", "/v1/cases", {"organs": [PROCURATORATE], "title": "某案"})
    case_id = str(opened.json()["case_id"])
    papers = [{"kind": kind} for kind in ("incident_report_receipt", "case_acceptance_form", "case_acceptance_receipt")]
    body = {"type": "case_intake:accept", "documents": papers}
    await sites.act("case_flow", POLICE, "officer", f"/v1/cases/{case_id}/transitions", body, opened.headers["etag"])
    sites.clock.passes(days=4)
    return case_id


async def reads(sites: Any, app: FastAPI, who: tuple[str, str], path: str, **query: Any) -> Any:
    """Somebody reads something."""
    async with sites.client(app) as client:
        return (await client.get(path, params=query, headers=sites.headers(*who))).json()


async def acknowledges(
    sites: Any, app: FastAPI, who: tuple[str, str], alert_id: str, key: str = "", note: str = ""
) -> httpx.Response:
    """Somebody acknowledges an alert."""
    headers = sites.headers(*who) | ({"Idempotency-Key": key} if key else {})
    async with sites.client(app) as client:
        return await client.post(f"/v1/alerts/{alert_id}/acknowledgements", json={"note": note}, headers=headers)


HEAD, OFFICER, CHIEF = (POLICE, "county_head"), (POLICE, "officer"), (PROCURATORATE, "chief_prosecutor")
REVIEWER, STRANGER = ("sys-review", "reviewer"), ("pol-999999", "county_head")


async def test_who_may_acknowledge_and_what_comes_of_it(sites: Any, overdue: str) -> None:
    """只有所发岗位可以签收，一次；签收以后不再上报。其他机关看不到，无权的签收不了。"""
    async with sites.coordinator() as app:
        await sites.is_settled()
        seen = await reads(sites, app, OFFICER, "/v1/alerts", case_id=overdue, level=3, organ="mine", standing=True)
        (alert,) = seen["items"]
        assert (alert["limit"], alert["rung"], alert["organ_id"]) == ("filing_review_criminal", 1, POLICE)
        assert (await reads(sites, app, STRANGER, "/v1/alerts"))["items"] == []
        assert (await reads(sites, app, CHIEF, "/v1/alerts", case_id=overdue, organ="mine"))["items"] == []
        refused = {
            who: (await acknowledges(sites, app, who, alert["id"])).status_code
            for who in (OFFICER, CHIEF, REVIEWER, STRANGER)
        }
        assert refused == {OFFICER: 403, CHIEF: 403, REVIEWER: 403, STRANGER: 404}

        key = new_id("key")
        first, again = [await acknowledges(sites, app, HEAD, alert["id"], key, "已督促") for _ in range(2)]
        other = await acknowledges(sites, app, HEAD, alert["id"], key, "换一句话")
        second = await acknowledges(sites, app, HEAD, alert["id"])
        assert [each.status_code for each in (first, again, other, second)] == [201, 201, 422, 409]
        assert (again.json(), again.headers["idempotency-replayed"]) == (first.json(), "true")
        assert first.json()["acknowledged_by"] == {
            "organ": POLICE,
            "role": "county_head",
            "officer": "county_head-1",
        }
        sites.clock.passes(days=20)
        await sites.is_settled()
        rungs = await reads(sites, app, OFFICER, "/v1/alerts", case_id=overdue, level=3)
        assert [(each["id"], each["acknowledgement"]["note"]) for each in rungs["items"]] == [(alert["id"], "已督促")]


async def test_told_once_whoever_is_killed_and_found_again_from_nothing(sites: Any, overdue: str) -> None:
    """中枢被终止、两个并存、从头重读：预警各发一次，结论不变。"""
    question = "SELECT id, level, rung, raised_at FROM alert WHERE case_id = $1 ORDER BY level, rung"
    async with sites.coordinator(), sites.coordinator():
        await sites.is_settled()
    before = await sites.sql(question, overdue)
    assert [(row["level"], row["rung"]) for row in before] == [(1, 0), (2, 0), (3, 1)]
    for _ in range(3):
        async with sites.coordinator():
            sites.clock.passes(days=1)
            await asyncio.sleep(0.3)  # killed somewhere
    async with sites.coordinator():
        for _ in range(4):  # each desk has its time from when it was told
            sites.clock.passes(days=2)
            await sites.is_settled()
        concluded = await sites.concluded()
    rows = await sites.sql(question, overdue)
    assert rows[: len(before)] == before
    assert len(rows) == len({row["id"] for row in rows})
    assert [row["rung"] for row in rows if row["level"] == 3] == [1, 2, 3]
    assert UNHEEDED in str(concluded["finding"])

    await sites.forget()
    async with sites.coordinator():
        await sites.is_settled()
        again = await sites.concluded()
    assert again["finding"] == concluded["finding"]
    assert await sites.sql(question, overdue) == rows


async def test_duties_can_be_asked_for(sites: Any, overdue: str) -> None:
    """义务有编号、义务机关、对象、期限、证明和预警级别，可以查找；只有共享本案的机关看得到。"""
    detained = await Case(sites).begins()
    async with sites.coordinator() as app:
        await sites.is_settled()
        asked = {"case_id": overdue, "status": "overdue", "owner": "police", "holder": POLICE, "level": 3}
        (duty,) = (await reads(sites, app, CHIEF, "/v1/duties", **asked))["items"]
        none = [
            (await reads(sites, app, CHIEF, "/v1/duties", **{**asked, name: value}))["items"]
            for name, value in (("status", "met"), ("holder", CENTER), ("level", 1), ("case_id", "case_x"))
        ]
        one = await reads(sites, app, CHIEF, f"/v1/duties/{duty['id']}")
        hidden = await reads(sites, app, STRANGER, f"/v1/duties/{duty['id']}")
        clocks = await reads(sites, app, CHIEF, duty["proof"]["clocks"], case_id=overdue)
        owed = await reads(sites, app, CHIEF, "/v1/duties", case_id=detained.id)

    assert (duty["limit"], duty["due"], duty["holder"], duty["level"]) == (
        "filing_review_criminal",
        "2026-03-05",
        POLICE,
        3,
    )
    assert len(duty["alerts"]) == 3
    assert (none, one, hidden["status"]) == ([[], [], [], []], duty, 404)
    assert duty["proof"]["terms"] in clocks["terms"]
    to = {each["limit"]: each["addressee"] for each in [duty, *owed["items"]]}
    assert to["filing_review_criminal"] is None
    assert to["detention_family_notice"] == {"kind": "family", "zh": "家属", "organ_id": None}
    assert to["detention_to_center"] == {"kind": "detention_center", "zh": "看守所", "organ_id": CENTER}
