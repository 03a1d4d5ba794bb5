"""到期提示、超期报告，由协同中枢自行办理；应当释放的，看守所即时知悉；台账有异议的，查明；八种情形，均应换押。"""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.coordinator.domain.repairs import FOR_DUTIES, FOR_FINDINGS
from services.kernel.period import ZONE
from services.law import CODE

POLICE, PROCURATORATE, COURT = "pol-330106", "proc-330106", "court-330106"
REMIND, LAPSE, REPORT = (
    "custody_handover:remind_commanded",
    "custody_handover:lapse",
    "custody_handover:report_overdue_commanded",
)


def arrested(town: Any) -> None:
    """Arrested on the second of March: two months, until the second of May."""
    town.files("甲")
    town.detains("甲")
    town.goes_to("arrest", "甲")
    town.holds_on("甲", "investigation_custody", "2026-03-02")


def commanded(town: Any, on: str, **given: Any) -> list[str]:
    """The steps that the coordinator would command at noon of a day."""
    return [each.type for each in town.concludes(now=noon(on), **given).repairs]


def noon(day: str) -> datetime:
    return datetime.fromisoformat(f"{day}T12:00:00").replace(tzinfo=ZONE)


def passes_to(town: Any, day: str) -> None:
    """The clock, turned on to noon of a day."""
    town.clock.passes(seconds=(noon(day) - town.clock.now()).total_seconds())


def does(town: Any, label: str = "甲") -> list[str]:
    """The coordinator does all that it may; the steps."""
    told = town.concludes().repairs
    for each in told:
        asked = each.as_dict()
        town.takes(
            asked["type"], label, documents=tuple(asked["documents"]), reason=asked["reason"],
            to_organ=asked.get("to_organ", ""),
        )  # fmt: skip
    return [each.type for each in told]


def test_every_command_is_a_step_of_ours() -> None:
    """所办的都是协同中枢可以办理的普通步骤。"""
    for step in {*FOR_FINDINGS.values(), *FOR_DUTIES.values()}:
        assert CODE.rules[step].office in {"clock", "coordinator"}
    assert set(FOR_DUTIES) <= set(CODE.limits)
    for name, step in FOR_DUTIES.items():
        assert step in CODE.types(CODE.limits[name].by), f"{step} does not meet {name}"


# 到期提示


def test_seven_days_before_the_end(town: Any) -> None:
    """届满七日以前（逢周六，提前至周五）提示，一次（人民检察院刑事诉讼规则第六百一十五条）。"""
    arrested(town)

    assert commanded(town, "2026-04-23") == []
    assert commanded(town, "2026-04-24") == [REMIND]
    assert town.concludes(now=noon("2026-04-23")).look_at <= datetime(2026, 4, 23, 16, tzinfo=UTC)
    passes_to(town, "2026-04-24")
    assert does(town) == [REMIND]
    assert does(town) == []
    assert town.duty("custody_expiry_reminder") == [("met", "2026-04-24")]
    assert town.heads["custody_transfer"].state["lines"][town.custodies["甲"]]["custody_handover"][0] == "reminded"


def test_thirty_days_of_detention_are_reminded_of_three_days_before(town: Any) -> None:
    """拘留延长至三十日的，届满三日以前提示。"""
    town.files("甲")
    town.detains("甲")
    town.takes("criminal_detention:extend", "甲", facts={"extension": 2})
    town.holds_on("甲", "detention_request_arrest", "2026-03-02", extensions=2)
    ((status, due),) = town.duty("custody_expiry_reminder_detention30")
    passes_to(town, due)

    assert status == "open"
    assert commanded(town, (noon(due) - timedelta(days=1)).date().isoformat()) == []
    assert does(town) == [REMIND]
    assert town.duty("custody_expiry_reminder_detention30") == [("met", due)]


@pytest.mark.parametrize(
    ("title", "first", "end"),
    [
        # 上诉期间：至四月三日，七日以前为三月二十七日（周五）
        ({"limit": "appeal_pending", "from": "2026-03-16"}, "2026-03-27", "2026-04-03"),
        # 刑期：至十月十五日，七日以前为十月八日
        ({"limit": "sentence", "from": "2026-03-16", "months": 7}, "2026-10-08", "2026-10-15"),
        # 至十月九日，七日以前在国庆假期以内，提前至九月三十日；届满之日不因假期推后
        ({"limit": "sentence", "from": "2026-04-10", "months": 6}, "2026-09-30", "2026-10-09"),
    ],
    ids=["appeal", "sentence", "sentence that ends after a holiday"],
)
def test_titles_without_a_limit_are_reminded_of_too(town: Any, title: dict[str, Any], first: str, end: str) -> None:
    """没有期限可依的羁押依据，以其届满之日提示：一次；到时自行再看；届满以后自行登记、报告。"""
    arrested(town)
    for stage in ("prosecution", "court"):
        town.goes_to(stage, "甲")
    for organ in (PROCURATORATE, COURT):
        town.hands_over("甲", organ)
    for step in ("prepare", "open_fast", "judge_in_court"):
        town.takes(f"first_trial:{step}", "甲")
    passes_to(town, "2026-04-10" if title["from"] == "2026-04-10" else "2026-03-16")
    town.takes("custody_title:add", "甲", facts={"title": title})
    day_before = noon(first) - timedelta(days=1)
    look_at = town.concludes(now=day_before).look_at

    assert REMIND not in commanded(town, day_before.date().isoformat())
    assert look_at is not None
    assert look_at <= datetime.fromisoformat(f"{first}T00:00").replace(tzinfo=ZONE)
    passes_to(town, first)
    assert does(town) == [REMIND]
    assert does(town) == []
    passes_to(town, end)
    assert does(town) == []
    town.clock.passes(days=1)
    assert does(town) == [LAPSE]
    assert does(town) == [REPORT]


@pytest.mark.parametrize(
    ("steps", "first"),
    [
        # 普通程序：三月二日立案，至五月二日；七日以前为四月二十五日（周六），提前至周五
        (("open_ordinary",), "2026-04-24"),
        # 速裁：十日，至三月十二日；七日以前为三月五日
        (("open_fast",), "2026-03-05"),
        # 简易：二十日，至三月二十二日；七日以前为三月十五日（周日），提前至周五
        (("open_simplified",), "2026-03-13"),
    ],
    ids=["ordinary", "fast", "simplified"],
)
def test_each_kind_of_trial_is_reminded_of(town: Any, steps: tuple[str, ...], first: str) -> None:
    """审判的各种期限，届满七日以前都提示。"""
    arrested(town)
    for stage in ("prosecution", "court"):
        town.goes_to(stage, "甲")
    for step in ("prepare", *steps):
        town.takes(f"first_trial:{step}", "甲")

    assert REMIND not in commanded(town, (noon(first) - timedelta(days=1)).date().isoformat())
    assert REMIND in commanded(town, first)


def test_an_end_that_was_moved_is_reminded_of_again(town: Any) -> None:
    """提示以后延长的，新的届满以前再次提示；延长以前的提示不算。"""
    arrested(town)
    passes_to(town, "2026-04-25")
    assert does(town) == [REMIND]
    town.clock.passes(hours=1)
    town.takes("custody_extension:extend_once", "甲")
    town.holds_on("甲", "investigation_custody", "2026-03-02", extensions=1)

    assert town.duty("custody_expiry_reminder") == [("open", "2026-05-26")]
    assert commanded(town, "2026-05-25") == []
    passes_to(town, "2026-05-26")
    assert does(town) == [REMIND]
    assert does(town) == []


def test_the_centre_may_have_reminded_itself(town: Any) -> None:
    """看守所已经通知的，不再提示。"""
    arrested(town)
    passes_to(town, "2026-04-24")
    town.takes("custody_handover:remind", "甲")

    assert commanded(town, "2026-04-26") == []


@pytest.mark.parametrize("step", ["custody_handover:release", "custody_extension:transfer"])
def test_nobody_is_reminded_of_what_is_over(town: Any, step: str) -> None:
    """已经释放、移送的，不再提示。"""
    arrested(town)
    if step == "custody_extension:transfer":
        town.takes("investigation_close:conclude", "甲")
        town.takes("investigation_close:transfer", "甲")
    else:
        town.takes(step, "甲")

    assert REMIND not in commanded(town, "2026-04-26")


def test_logs_that_lag_command_nothing(town: Any) -> None:
    """记录没有读到的，不知是否已经提示，暂不提示，稍后再看。"""
    arrested(town)
    now = noon("2026-04-26")
    read = dict.fromkeys(("case_flow", "evidence"), now) | {"custody_transfer": noon("2026-04-23")}

    conclusion = town.concludes(now=now, read=read)

    assert conclusion.repairs == ()
    assert conclusion.look_at is not None
    assert conclusion.look_at <= now + timedelta(seconds=5)


def test_what_is_told_of_the_past_commands_nothing(town: Any) -> None:
    """补录的旧事，届满早已过去的，认定超期，不作提示，也不登记届满。"""
    passes_to(town, "2026-08-01")
    town.files("甲", on="2026-03-02")
    town.detains("甲", on="2026-03-02")
    for step in ("criminal_detention:request_arrest", "arrest_review:accept", "arrest_review:approve"):
        town.takes(step, "甲", on="2026-03-02")
    town.takes("arrest_review:execute", "甲", on="2026-03-02")
    town.holds_on("甲", "investigation_custody", "2026-03-02", on="2026-03-02")

    assert town.findings("INV-03") == [("INV-03", "overdue", "甲")]
    assert town.concludes().repairs == ()


# 超期


def test_overdue_custody_reports_itself(town: Any) -> None:
    """届满不待文书：登记届满，报告人民检察院，各一次；由协同中枢办理，看守所仍可书面报告。"""
    arrested(town)
    passes_to(town, "2026-05-02")
    assert does(town) == [REMIND]
    passes_to(town, "2026-05-03")

    assert does(town) == [LAPSE]
    assert does(town) == [REPORT]
    assert does(town) == []
    (report,) = (row for row in town.rows if row["type"] == REPORT)
    assert [paper["kind"] for paper in report["documents"]] == ["overdue_custody_report_doc"]
    assert town.findings("INV-03") == [("INV-03", "overdue", "甲")]
    assert town.duty("overdue_custody_report") == [("met", town.duty("overdue_custody_report")[0][1])]


def test_custody_that_is_not_overdue_lapses_for_nobody(town: Any) -> None:
    """届满当日，不算超期；已经释放的，无所谓届满。"""
    arrested(town)
    assert LAPSE not in commanded(town, "2026-05-02")
    passes_to(town, "2026-05-02")
    town.takes("custody_handover:release", "甲")

    assert commanded(town, "2026-05-04") == []


def test_a_lapse_waits_for_the_hand_over(town: Any) -> None:
    """换押正在进行的，不能登记届满；撤回以后，照样登记。"""
    arrested(town)
    town.takes("custody_handover:offer", "甲", to_organ=PROCURATORATE)
    passes_to(town, "2026-05-03")
    assert does(town) == []
    town.takes("custody_handover:withdraw_offer", "甲")

    assert does(town) == [LAPSE]


# 释放


def test_a_release_that_is_owed_is_known_at_once(town: Any) -> None:
    """不批准逮捕，看守所即时知悉应当释放；释放以后，不再提示；逾期的，认定违反（刑事诉讼法第九十一条）。"""
    town.files("甲")
    town.detains("甲")
    for step in ("criminal_detention:request_arrest", "arrest_review:accept"):
        town.takes(step, "甲")
    assert town.findings("release_due") == []
    town.takes("arrest_review:refuse", "甲")

    (finding,) = (each for each in town.concludes().findings if each.kind == "release_due")
    assert (finding.status, finding.owner, finding.severity) == ("open", "detention_center", "critical")
    late = town.clock.now() + timedelta(hours=3)
    assert (town.findings("release_due", now=late), len(town.findings("INV-07", now=late))) == ([], 1)
    town.takes("arrest_review:release", "甲")
    assert [status for _, status, _ in town.findings("release_due")] == ["open"], "the centre still holds them"
    town.takes("custody_handover:release", "甲")
    assert town.findings("release_due") == town.findings("INV-07") == []


def test_a_release_of_last_year_sends_for_nobody(town: Any) -> None:
    """补录的旧事，不作即时的提示。"""
    passes_to(town, "2026-08-01")
    town.files("甲", on="2026-03-02")
    town.detains("甲", on="2026-03-02")
    for step in ("criminal_detention:request_arrest", "arrest_review:accept", "arrest_review:refuse"):
        town.takes(step, "甲", on="2026-03-03")

    assert town.findings("release_due") == []


# 台账


@pytest.mark.parametrize(
    ("steps", "hours", "expected"),
    [
        ((), 48, []),
        (("present",), 23, []),
        (("present",), 24, ["overdue"]),
        (("present", "acknowledge"), 48, []),
        (("present", "raise_objection"), 0, ["violated"]),
        (("present", "raise_objection", "present"), 1, []),
        (("present", "raise_objection", "present"), 24, ["overdue"]),
        (("present", "raise_objection", "acknowledge"), 48, []),
    ],
    ids=str,
)
def test_the_ledger_is_answered_within_a_day(
    town: Any, steps: tuple[str, ...], hours: int, expected: list[str]
) -> None:
    """看守所送核对的台账，办案机关一日以内答复；有异议的，即时查明（CUS-10）。"""
    town.files("甲")
    town.detains("甲")
    facts = {"checked_on": "2026-03-02", "objection": "已经释放"}
    for step in steps:
        town.takes(f"ledger_check:{step}", "甲", facts=facts)
    town.clock.passes(hours=hours)

    assert [status for _, status, _ in town.findings("CUS-10")] == expected


# 会见、换押的情形


def test_a_meeting_within_forty_eight_hours(town: Any) -> None:
    """律师要求会见，四十八小时以内见到；律师另定时间的除外；须经许可的，自许可。"""
    town.files("甲", "乙", "丙")
    town.detains("甲", "乙", "丙")
    for label, facts in (("甲", {}), ("乙", {}), ("丙", {"permit": True})):
        town.takes("meeting:request", label, facts={"lawyers": ["某"], **facts})
    when = {"started_at": "2026-03-03T09:00:00+08:00", "ended_at": "2026-03-03T10:00:00+08:00"}
    town.takes("meeting:arrange_as_asked", "乙", facts=when)

    assert town.duty("lawyer_meeting_arrangement") == [("open", "2026-03-04T09:00+08:00")]
    assert [status for status, _ in town.duty("lawyer_meeting_arrangement", "乙")] == ["superseded"]
    assert town.duty("lawyer_meeting_arrangement", "丙") == []
    town.clock.passes(hours=1)
    town.takes("meeting:arrange", "甲", facts=when)
    town.clock.passes(hours=48)
    assert [status for status, _ in town.duty("lawyer_meeting_arrangement")] == ["overdue"], "arranged is not yet met"
    town.takes("meeting:hold", "甲", facts=when)
    assert [status for status, _ in town.duty("lawyer_meeting_arrangement")] == ["late"]


#: KY14 一（一）: on which occasion a person is handed over, and the step of the receiving organ that shows it.
OCCASIONS = {
    "侦查终结移送审查起诉": "investigation_close:accept",
    "退回补充侦查": "supplementary_return:receive",
    "补充侦查完毕重新移送": "supplementary_return:resubmit",
    "审查起诉阶段改变管辖": "prosecution_review:accept_moved",
    "提起公诉": "court_intake:receive",
    "延期审理补充侦查": "first_trial:adjourn_for_supplement",
    "恢复审理": "first_trial:resume_after_supplement",
    "审判阶段改变管辖": "first_trial:accept_moved",
    "上诉、抗诉移送第二审": "second_trial:accept",
    "发回原审重新审判": "first_trial:accept_remanded",
    "死刑报请高级人民法院复核": "death_review:report",
    "死刑报请最高人民法院核准": "death_review:report_to_supreme",
    "侦查中移送管辖": "jurisdiction_merge_split:move",
}


@pytest.mark.parametrize("step", OCCASIONS.values(), ids=OCCASIONS)
def test_on_each_occasion_somebody_held_is_handed_over(town: Any, step: str) -> None:
    """每一种换押情形，在押的，都应当换押；不在押的，无所谓换押（KY14 一（一））。"""
    town.files("甲", "乙")
    town.detains("甲")
    like = town.takes("legal_aid:apply", "乙")
    procedure, _, name = step.partition(":")
    for number, label in enumerate(("甲", "乙")):
        moves = [{"subject": town.persons[label], "procedure": procedure, "step": name, "to": "somewhere"}]
        town.rows.append(
            {**like, "type": step, "seq": 100 + number, "id": f"trn_{label}", "subjects": [town.persons[label]]}
            | {"moves": moves}
        )
    assert town.findings("INV-05") == []
    town.clock.passes(days=2)

    assert town.findings("INV-05") == [("INV-05", "violated", "甲")]
