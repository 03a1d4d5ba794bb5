"""What runs and what may come: the last day of each lawful path, and the limits that follow from it.

The town is in memory; it is nine in the morning of Monday, 2 March 2026. The last test asks the running coordinator.
"""

from typing import Any

import pytest

from services.coordinator import follow as following
from services.coordinator.app import Coordination
from services.coordinator.domain.clocks import OWED, Clocks
from services.coordinator.domain.duties import running, text_of
from services.coordinator.domain.forecast import OpenClock, Outlook, Path, forecast
from services.coordinator.domain.ledger import Ledger
from services.law import CODE

POLICE, PROCURATORATE = "pol-330106", "proc-330106"
CLOCKS = Clocks(CODE)


def outlooks(town: Any) -> dict[str, Outlook]:
    """The outlook of the case and of each person, by label."""
    ledger = Ledger(town.case_id, town.rows, CODE)
    return {each.label: each for each in forecast(ledger, CLOCKS, Coordination(), town.clock.now())}


def paths(town: Any, label: str = "甲") -> dict[str, Path]:
    """The paths of one person, by step."""
    return {path.step: path for path in outlooks(town)[label].paths}


def clocks(town: Any, label: str = "甲") -> dict[str, OpenClock]:
    """The clocks of one person that run, by limit."""
    return {clock.limit: clock for clock in outlooks(town)[label].clocks}


def ends(path: Path) -> dict[str, tuple[str, str]]:
    """When each limit that follows would end: if the step is taken now, and at the latest."""
    return {each.limit: (each.due, each.due_at_latest) for each in path.then}


def test_the_three_ways_out_of_a_detention(town: Any) -> None:
    """拘留后三日以内提请批准逮捕、延长或者释放（刑事诉讼法第九十一条）。"""
    town.files("甲")
    town.detains("甲")
    town.clock.passes(days=1)

    clock = clocks(town)["detention_request_arrest"]
    found = paths(town)

    assert (clock.limit, clock.due, clock.deadline, clock.past) == (
        "detention_request_arrest",
        "2026-03-05",
        "2026-03-05T09:00+08:00",
        False,
    )
    assert "criminal_detention:request_arrest" in clock.met_by
    for step, effect in (("request_arrest", "meets"), ("extend", "extends"), ("release", "meets")):
        path = found[f"criminal_detention:{step}"]
        assert path.because is not None
        assert (path.by, path.because.limit, path.because.effect) == ("2026-03-05", "detention_request_arrest", effect)
        assert "第九十一条" in path.because.law_ref
        assert (path.office, path.lapsed) == ("县级以上公安机关负责人", False)
    assert ends(found["criminal_detention:release"]) == {}


def test_what_follows_depends_on_when(town: Any) -> None:
    """撤销案件的，应当立即释放：何时撤销，何时释放。"""
    town.files("甲")
    town.detains("甲")
    town.clock.passes(days=1)

    withdraw = paths(town)["investigation_close:withdraw"]

    assert withdraw.by == "2026-03-05"
    assert ends(withdraw)["release_on_case_withdrawal"] == ("2026-03-03T09:00+08:00", "2026-03-05T09:00+08:00")


def test_an_extension_may_follow_an_extension(town: Any) -> None:
    """延长一日至四日；流窜作案等的，延长至三十日；先短后长，不得反过来。"""
    town.files("甲")
    town.detains("甲")

    short, long = paths(town)["criminal_detention:extend"].then

    assert [(each.extension, each.due, each.ground) for each in (short, long)] == [
        (1, "2026-03-09", "特殊情况（1至4日）"),
        (2, "2026-04-01", "流窜作案、多次作案、结伙作案的重大嫌疑分子"),
    ]
    (second,) = short.further
    assert (second.by, [each.due for each in second.then]) == ("2026-03-09", ["2026-04-01"])
    assert long.further == ()


def test_two_months_and_then_one_and_two_and_two(town: Any) -> None:
    """逮捕后的侦查羁押期限，依次延长一个月、二个月、二个月（刑事诉讼法第一百五十六条、第一百五十八条、第一百五十九条）。"""
    town.files("甲")
    town.detains("甲")
    town.goes_to("arrest", "甲")

    told = []
    path = paths(town)["custody_extension:extend_once"]
    while True:
        (then,) = (each for each in path.then if each.extension)
        told.append((path.by, then.due))
        if not then.further:
            break
        (path,) = then.further

    assert told == [("2026-05-02", "2026-06-02"), ("2026-06-02", "2026-08-02"), ("2026-08-02", "2026-10-02")]


def test_a_right_lapses(town: Any) -> None:
    """对不批准逮捕的决定，五日以内可以要求复议；期满不再要求（公安机关办理刑事案件程序规定第一百四十一条）。"""
    town.files("甲")
    town.detains("甲")
    for step in ("criminal_detention:request_arrest", "arrest_review:accept", "arrest_review:refuse"):
        town.takes(step, "甲")

    before = paths(town)["arrest_review:request_reconsideration"]
    town.clock.passes(days=30)
    after = paths(town)["arrest_review:request_reconsideration"]

    assert before.because is not None
    assert (before.because.voice, before.because.limit) == ("可以", "non_approval_reconsider_request")
    assert (before.by, before.lapsed, after.by, after.lapsed) == ("2026-03-09", False, "2026-03-09", True)
    assert list(ends(before)) == ["non_approval_reconsider_decide"]
    assert "non_approval_reconsider_request" not in clocks(town)


def test_what_is_overdue_is_still_to_be_done(town: Any) -> None:
    """逾期未释放的，仍应当释放。"""
    town.files("甲")
    town.detains("甲")
    town.clock.passes(days=40)

    clock = clocks(town)["detention_request_arrest"]
    release = paths(town)["criminal_detention:release"]

    assert (clock.past, release.by, release.lapsed) == (True, "2026-03-05", True)


def test_what_stands_still_moves_its_end(town: Any) -> None:
    """作精神病鉴定的期间不计入办案期限（刑事诉讼法第一百四十九条）。"""
    town.files("甲")
    town.detains("甲")
    town.goes_to("arrest", "甲")
    town.takes("custody_extension:pause", "甲")
    town.clock.passes(days=10)

    paused = clocks(town)["investigation_custody"]
    town.takes("custody_extension:resume", "甲")
    resumed = clocks(town)["investigation_custody"]

    assert (paused.paused, paused.due) == (True, "2026-05-12")
    assert (resumed.paused, resumed.due) == (False, "2026-05-12")


def test_nobody_is_arrested_before_filing(town: Any) -> None:
    """立案以前不得拘留；立案以后可以。"""
    town.takes("case_intake:accept")
    town.registers("甲")
    # A line may not even begin before filing where the law says so; the ban speaks where it does not.
    assert "criminal_detention:detain" not in paths(town)
    barred = {each.step: each for each in outlooks(town)["甲"].barred}
    town.takes("case_intake:file")

    assert "criminal_detention:detain" in barred
    assert (barred["criminal_detention:detain"].ban, barred["criminal_detention:detain"].because) == (
        "no_detention_before_filing",
        "立案以前拘留",
    )
    assert {"detention_to_center", "detention_request_arrest"} <= set(ends(paths(town)["criminal_detention:detain"]))


def test_each_person_has_an_outlook_of_their_own(town: Any) -> None:
    """期限逐人计算。"""
    town.files("甲", "乙")
    town.detains("甲")

    found = outlooks(town)

    assert list(found) == ["本案", "甲", "乙"]
    assert found["乙"].clocks == ()
    assert found["甲"].lines == {"criminal_detention": "在所羁押"}
    assert "criminal_detention:request_arrest" not in paths(town, "乙")


#: A case on its way, with the limits that it leaves open.
WAY = (
    "criminal_detention:request_arrest",
    "arrest_review:accept",
    "arrest_review:approve",
    "arrest_review:execute",
    "custody_extension:start",
    "investigation_close:conclude",
    "investigation_close:transfer",
    "investigation_close:accept",
    "prosecution_review:review",
    "prosecution_review:charge",
    "court_intake:receive",
    "court_intake:file",
)


@pytest.mark.parametrize("day", [0, 1])
def test_what_is_foretold_comes_true(town: Any, day: int) -> None:
    """预测的期限，就是办理以后实际起算的期限。"""
    town.files("甲")
    town.detains("甲")
    foretold = 0
    for step in WAY:
        town.clock.passes(days=day)
        path = paths(town)[step]

        row = town.takes(step, "甲")

        ledger = Ledger(town.case_id, town.rows, CODE)
        begun = running(ledger, CLOCKS, town.clock.now(), of=row["id"])
        came = {
            each.clock.limit.name: text_of(each.ends)
            for each in begun
            if each.closing is None
            and each.clock.limit.kind in {*OWED, "right"}
            and not (each.clock.limit.before and each.clock.after)
        }
        assert {limit: due for limit, (due, _) in ends(path).items()} == came
        foretold += len(path.then)
    assert foretold >= 6


async def test_the_coordinator_is_asked(sites: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """预测只供共享本案的机关查看；可以只问一人；他人所见与没有此案一样。"""
    monkeypatch.setattr(following, "SWEEP", 0.05)
    opened = await sites.act("case_flow", POLICE, "officer", "/v1/cases", {"organs": [PROCURATORATE], "title": "某案"})
    case_id = str(opened.json()["case_id"])
    etag = opened.headers["etag"]
    for label in ("甲", "乙"):
        path = f"/v1/cases/{case_id}/persons"
        etag = (await sites.act("case_flow", POLICE, "officer", path, {"label": label}, etag)).headers["etag"]
    papers = [{"kind": kind} for kind in ("incident_report_receipt", "case_acceptance_form", "case_acceptance_receipt")]
    body = {"type": "case_intake:accept", "documents": papers}
    await sites.act("case_flow", POLICE, "officer", f"/v1/cases/{case_id}/transitions", body, etag)
    async with sites.coordinator() as app, sites.client(app) as client:
        await sites.is_settled()

        async def reads(organ: str, case: str = case_id, **query: Any) -> Any:
            return await client.get(f"/v1/cases/{case}/forecast", params=query, headers=sites.headers(organ, "officer"))

        told = (await reads(PROCURATORATE)).json()
        one = (await reads(POLICE, person_id=told["persons"][1]["subject"])).json()
        nobody = await reads(POLICE, person_id="per_0")
        stranger, absent = await reads("pol-999999"), await reads("pol-999999", case="case_0")

    assert [each["label"] for each in told["persons"]] == ["甲", "乙"]
    assert [clock["limit"] for clock in told["case"]["clocks"]] == ["filing_review_criminal"]
    filing = next(path for path in told["case"]["paths"] if path["step"] == "case_intake:file")
    assert (filing["by"], filing["because"]["effect"]) == (told["case"]["clocks"][0]["due"], "meets")
    assert set(told["read"]) == {"case_flow", "custody_transfer", "evidence"}
    assert [each["label"] for each in one["persons"]] == ["乙"]
    assert one["case"]["clocks"] == told["case"]["clocks"]
    assert (nobody.status_code, stranger.status_code, absent.status_code) == (404, 404, 404)
    assert stranger.json() | {"trace_id": "", "instance": ""} == absent.json() | {"trace_id": "", "instance": ""}
