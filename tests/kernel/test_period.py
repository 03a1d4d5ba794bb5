"""期间的计算：刑事诉讼法（2018）第一百零五条、最高人民法院关于适用刑事诉讼法的解释（2021）第二百零二条。

Three witnesses: examples worked by hand, properties that no case may break, and a second implementation that knows no
arithmetic and walks day by day.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from random import Random
from typing import Any

import chinese_calendar
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.kernel.period import (
    AT_ONCE,
    ZONE,
    Due,
    Extension,
    Mode,
    Moment,
    MonthEnd,
    Period,
    Roll,
    credit_days,
    days,
    due,
    hours,
    local_date,
    months,
    sentence_end,
    total,
    years,
)
from services.law.holidays import CALENDAR, StateCouncilCalendar, read_announced

DAY = timedelta(days=1)


def add(period: Period) -> Extension:
    return Extension(period, Mode.ADD)


def up_to(period: Period) -> Extension:
    return Extension(period, Mode.REPLACE)


OPEN = Extension(None, Mode.OPEN)


def end(period: Period, start: Moment, **facts: Any) -> Due:
    """`due`, for a police period outside custody unless the facts say otherwise."""
    usual: dict[str, Any] = {"roll": Roll.ROLL, "month_end": MonthEnd.CORRESPONDING, "held": False}
    return due(period, start, calendar=CALENDAR, **(usual | facts))


def moment(text: str) -> Moment:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE) if "T" in text else date.fromisoformat(text)


# The facts of a case, in the words of the statute.
HELD: dict[str, Any] = {"roll": Roll.NEVER, "held": True}
IF_HELD: dict[str, Any] = {"roll": Roll.ONLY_IF_NOT_DETAINED, "held": True}
AT_LARGE: dict[str, Any] = {"roll": Roll.ONLY_IF_NOT_DETAINED, "held": False}
ANYHOW: dict[str, Any] = {"roll": Roll.ROLL, "held": True}
FREE: dict[str, Any] = {"roll": Roll.ROLL, "held": False}
LAPSES: dict[str, Any] = {"roll": Roll.NEVER, "held": False}
COURT: dict[str, Any] = {"month_end": MonthEnd.LAST_DAY}
BEFORE: dict[str, Any] = {"roll": Roll.NEVER, "backward": True}


@dataclass(frozen=True)
class Example:
    id: str
    zh: str
    period: Period
    start: str
    expect: str
    facts: dict[str, Any] = field(default_factory=dict)
    rule: str = ""


EXAMPLES = [
    Example("W01", "传唤十二小时", hours(12), "2026-03-02T14:20", "2026-03-03T02:20", HELD, "R3"),
    Example("W02", "二十四小时内送看守所", hours(24), "2026-05-06T22:40", "2026-05-07T22:40", HELD, "R3"),
    Example("W03", "二十四小时跨闰日", hours(24), "2028-02-28T23:30", "2028-02-29T23:30", HELD, "R3"),
    Example("W04", "拘留三日", days(3), "2026-03-02", "2026-03-05", HELD, "R4"),
    Example(
        "W05", "拘留三日，延长四日", days(3), "2026-03-02", "2026-03-09", HELD | {"extensions": [add(days(4))]}, "R8"
    ),
    Example(
        "W06", "拘留延长至三十日", days(3), "2026-03-02", "2026-04-01", HELD | {"extensions": [up_to(days(30))]}, "R8"
    ),
    Example("W07", "三十日后审查逮捕七日，共三十七日", days(7), "2026-04-01", "2026-04-08", IF_HELD, "R4"),
    Example("W08", "三十日跨闰年二月", days(30), "2028-02-10", "2028-03-11", HELD, "R4"),
    Example("W09", "三十日跨平年二月", days(30), "2027-02-10", "2027-03-12", HELD, "R4"),
    Example("W10", "拘留在国庆节届满", days(30), "2026-09-01", "2026-10-01", HELD, "R7a"),
    Example("W11", "审查逮捕七日在国庆假期届满，已拘留", days(7), "2026-09-28", "2026-10-05", IF_HELD, "R7a"),
    Example("W12", "审查逮捕十五日，未拘留", days(15), "2026-09-20", "2026-10-08", AT_LARGE, "R7"),
    Example("W13", "侦查羁押二个月", months(2), "2026-01-10", "2026-03-10", HELD, "R6"),
    Example("W14", "一月三十一日起一个月，届满日为调休工作的星期六", months(1), "2026-01-31", "2026-02-28", FREE, "R7"),
    Example("W15", "一月三十一日起一个月，闰年", months(1), "2028-01-31", "2028-02-29", FREE, "R6a"),
    Example("W16", "十二月三十一日逮捕，二个月", months(2), "2025-12-31", "2026-02-28", HELD, "R6a"),
    Example(
        "W17", "前例延长一个月", months(2), "2025-12-31", "2026-03-31", HELD | {"extensions": [add(months(1))]}, "R8"
    ),
    Example("W18", "二月二十八日逮捕，二个月，公安机关", months(2), "2026-02-28", "2026-04-28", HELD, "R6a"),
    Example("W19", "二月二十八日受理，二个月，人民法院", months(2), "2026-02-28", "2026-04-30", IF_HELD | COURT, "R6a"),
    Example(
        "W20",
        "二月二十八日受理，至迟三个月，人民法院",
        months(2),
        "2026-02-28",
        "2026-05-31",
        IF_HELD | COURT | {"extensions": [up_to(months(3))]},
        "R8",
    ),
    Example("W21", "审查起诉一个月，在押", months(1), "2026-03-16", "2026-04-16", IF_HELD, "R6"),
    Example(
        "W22",
        "审查起诉延长十五日，在押，劳动节届满",
        months(1),
        "2026-03-16",
        "2026-05-01",
        IF_HELD | {"extensions": [add(days(15))]},
        "R7a",
    ),
    Example(
        "W23",
        "审查起诉延长十五日，取保候审",
        months(1),
        "2026-03-16",
        "2026-05-06",
        AT_LARGE | {"extensions": [add(days(15))]},
        "R7",
    ),
    Example("W24", "简易程序二十日，在押", days(20), "2026-06-01", "2026-06-21", IF_HELD, "R7a"),
    Example("W25", "简易程序二十日，未羁押，端午节", days(20), "2026-06-01", "2026-06-22", AT_LARGE, "R7"),
    Example(
        "W26",
        "简易程序延长至一个半月，人民法院",
        days(20),
        "2026-01-31",
        "2026-03-15",
        IF_HELD | COURT | {"extensions": [up_to(months(1, 15))]},
        "R6",
    ),
    Example("W27", "速裁程序十日", days(10), "2026-04-20", "2026-04-30", IF_HELD, "R4"),
    Example(
        "W28",
        "速裁程序延长至十五日，在押",
        days(10),
        "2026-04-20",
        "2026-05-05",
        IF_HELD | {"extensions": [up_to(days(15))]},
        "R7a",
    ),
    Example("W29", "不服判决的上诉期限十日，上诉人在押亦顺延", days(10), "2026-09-21", "2026-10-08", ANYHOW, "R7"),
    Example("W30", "不服裁定的上诉期限五日，春节", days(5), "2026-02-10", "2026-02-24", FREE, "R7"),
    Example("W31", "十月三十一日补充侦查一个月", months(1), "2026-10-31", "2026-11-30", IF_HELD, "R6a"),
    Example(
        "W32",
        "侦查羁押二个月，延长一个月、二个月、二个月",
        months(2),
        "2026-01-15",
        "2026-08-15",
        HELD | {"extensions": [add(months(1)), add(months(2)), add(months(2))]},
        "R8",
    ),
    Example("W33", "发现另有重要罪行，重新计算二个月", months(2), "2026-03-01", "2026-05-01", HELD, "R6"),
    Example(
        "W34",
        "四月一日至二十五日精神病鉴定不计入",
        months(2),
        "2026-03-10",
        "2026-06-03",
        HELD | {"excluded": [(date(2026, 4, 1), date(2026, 4, 25))]},
        "R10",
    ),
    Example("W35", "二月二十九日起取保候审十二个月", months(12), "2028-02-29", "2029-02-28", LAPSES, "R14"),
    Example("W36", "八月三十一日起监视居住六个月", months(6), "2025-08-31", "2026-02-28", LAPSES, "R14"),
    Example("W37", "冻结六个月，星期日届满", months(6), "2026-08-31", "2027-02-28", LAPSES, "R14"),
    Example("W38", "续行冻结的最后工作日", days(0), "2027-02-28", "2027-02-26", BEFORE, "R13"),
    Example("W39", "开庭十日前送达起诉书副本", days(10), "2026-10-12", "2026-09-30", BEFORE, "R13"),
    Example("W40", "开庭三日前送达传票", days(3), "2026-10-12", "2026-10-09", BEFORE, "R13"),
    Example("W41", "羁押期限届满七日前提请延长", days(7), "2026-05-10", "2026-04-30", BEFORE, "R13"),
    Example("W42", "羁押期限届满七日前提示", days(7), "2026-10-08", "2026-09-30", BEFORE, "R13"),
    Example("W43", "对不批准逮捕要求复议五日", days(5), "2026-02-11", "2026-02-24", FREE, "R7"),
    Example(
        "W44",
        "治安案件三十日，两次延长三十日",
        days(30),
        "2026-03-01",
        "2026-06-01",
        FREE | {"extensions": [add(days(30)), add(days(30))]},
        "R8",
    ),
    Example("W45", "快速办理四十八小时，春节", hours(48), "2026-02-16T09:30", "2026-02-18T09:30", FREE, "R3"),
    Example("W46", "申请恢复期间五日", days(5), "2026-05-20", "2026-05-25", FREE, "R7"),
    Example("W47", "改变管辖，审查起诉重新计算，在押", months(1), "2026-04-10", "2026-05-10", IF_HELD, "R6"),
    Example("W48", "补充侦查完毕移送后重新计算审查起诉期限", months(1), "2026-05-12", "2026-06-12", IF_HELD, "R6"),
    Example("W49", "一个月内交付执行", months(1), "2027-01-30", "2027-02-28", HELD, "R6"),
    Example("W50", "三十日内交付执行", days(30), "2027-01-30", "2027-03-01", HELD, "R4"),
]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.id)
def test_worked_example(example):
    """刑事诉讼法（2018）第一百零五条：期间以时、日、月计算；各例见 `zh`。"""
    result = end(example.period, moment(example.start), **example.facts)

    assert (result.deadline if "T" in example.expect else result.last_day) == moment(example.expect)
    assert example.rule in result.rules


SENTENCES = [
    ("S01", "二年，羁押未中断", "2025-11-01", {"years": 2}, "2027-10-31"),
    ("S02", "拘役五个月，起算日为本月最后一日", "2026-08-31", {"months": 5}, "2027-01-30"),
    ("S03", "一年，自二月二十九日起", "2028-02-29", {"years": 1}, "2029-02-27"),
    (
        "S04",
        "一年六个月，先行羁押三十日",
        "2026-07-01",
        {"years": 1, "months": 6, "credit": credit_days(30)},
        "2027-12-01",
    ),
    (
        "S05",
        "管制六个月，先行羁押三十日折抵六十日",
        "2026-07-01",
        {"months": 6, "credit": credit_days(30, public_surveillance=True)},
        "2026-11-01",
    ),
    (
        "S06",
        "一年，指定居所监视居住六十日折抵三十日",
        "2026-07-01",
        {"years": 1, "credit": credit_days(designated=60)},
        "2027-05-31",
    ),
]


@pytest.mark.parametrize(("start", "length", "expect"), [case[2:] for case in SENTENCES], ids=[c[0] for c in SENTENCES])
def test_worked_sentence(start, length, expect):
    """最高法刑诉解释（2021）第二百零二条第二款：刑期自某日至次年、下月同日的前一日。"""
    assert sentence_end(date.fromisoformat(start), **length) == date.fromisoformat(expect)


# What the examples do not show.


def test_a_day_of_detention_is_twenty_four_full_hours():
    """公安机关适用刑事羁押期限规定第四条第一款：拘留后满二十四小时为一日。"""
    detained = moment("2026-03-02T15:00")

    result = end(days(3), detained, **HELD, strict_custody_days=True)

    assert result.last_day == date(2026, 3, 5)
    assert result.moment == result.deadline == moment("2026-03-05T15:00")
    assert not result.is_past(moment("2026-03-05T15:00"))
    assert result.is_past(moment("2026-03-05T15:00:01"))
    assert not result.is_past(date(2026, 3, 5))
    assert result.is_past(date(2026, 3, 6))
    assert result.rules == ("R4", "R5", "R7a")


def test_a_day_of_detention_from_a_bare_date_has_no_strict_instant():
    """同上；只知道日期的，按刑事诉讼法第一百零五条以日计算。"""
    assert end(days(3), date(2026, 3, 2), **HELD, strict_custody_days=True).deadline is None


def test_excluded_time_moves_the_strict_instant():
    """刑事诉讼法（2018）第一百四十九条：精神病鉴定的期间不计入办案期限。"""
    result = end(
        days(30),
        moment("2026-03-02T15:00"),
        **HELD,
        strict_custody_days=True,
        excluded=[(date(2026, 3, 10), date(2026, 3, 20))],
    )

    assert result.deadline == moment("2026-04-11T15:00")
    assert result.last_day == date(2026, 4, 11)


def test_hours_from_a_bare_date_count_from_its_end():
    """刑事诉讼法（2018）第八十五条：二十四小时以内送看守所；不知道几时的，不能证明逾期。"""
    result = end(hours(24), date(2026, 5, 6))

    assert result.deadline == moment("2026-05-08T00:00")
    assert not result.is_past(date(2026, 5, 7))
    assert result.is_past(date(2026, 5, 8))
    assert not result.is_past(moment("2026-05-07T23:59:59"))


def test_an_unstated_hour_proves_nothing():
    """刑事诉讼法（2018）第一百一十九条：传唤不得超过十二小时；只记日期的，届满当日不算逾期。"""
    result = end(hours(12), moment("2026-03-02T08:00"))

    assert not result.is_past(date(2026, 3, 2))
    assert result.is_past(date(2026, 3, 3))
    assert result.is_past(moment("2026-03-02T20:00:01"))


def test_a_day_ends_at_twenty_four():
    """刑事诉讼法（2018）第一百零五条：期间届满之日至二十四时。"""
    result = end(days(3), date(2026, 3, 2), **HELD)

    assert result.moment == moment("2026-03-06T00:00")
    assert not result.is_past(moment("2026-03-05T23:59:59.999999"))
    assert result.is_past(moment("2026-03-06T00:00"))


def test_days_are_those_of_shanghai():
    """期间按北京时间计算：世界时二十时已是次日。"""
    assert local_date(datetime(2026, 3, 1, 20, tzinfo=UTC)) == date(2026, 3, 2)
    assert end(days(3), datetime(2026, 3, 1, 20, tzinfo=UTC)).last_day == date(2026, 3, 5)
    assert local_date(datetime(1988, 7, 1, 15, 30, tzinfo=UTC)) == date(1988, 7, 1)


@pytest.mark.parametrize("text", ["2026-03-02T00:00", "2026-03-02T15:00", "2026-03-02"])
def test_at_once_is_due_at_once(text):
    """刑事诉讼法（2018）第九十一条第三款：应当立即释放；同日而不知几时的，不能证明逾期。"""
    start = moment(text)

    result = end(AT_ONCE, start, **HELD)

    assert not result.is_past(start)
    assert not result.is_past(date(2026, 3, 2))
    assert result.is_past(date(2026, 3, 3))
    assert not isinstance(start, datetime) or result.is_past(start + timedelta(seconds=1))
    assert result.rules == ("R20",)


def test_the_same_day_is_not_at_once():
    """当日：至当日二十四时；当日为节假日的，顺延。"""
    assert end(days(0), moment("2026-03-02T09:00")).moment == moment("2026-03-03T00:00")
    assert end(days(0), moment("2026-03-01T09:00")).last_day == date(2026, 3, 2)
    assert days(0) != AT_ONCE


def test_a_notice_before_custody_ends_may_come_on_a_holiday():
    """公监管〔2014〕96号：变更羁押期限通知书应当在原期限届满前送达。"""
    result = end(AT_ONCE, moment("2027-02-28T15:00"), **BEFORE)

    assert result.deadline == moment("2027-02-28T15:00")


def test_hours_before_an_event():
    """公安机关适用刑事羁押期限规定第九条：期限届满前二十四小时呈请。"""
    assert end(hours(24), moment("2026-03-05T15:00"), **BEFORE).deadline == moment("2026-03-04T15:00")
    assert end(hours(24), date(2026, 3, 5), **BEFORE).deadline == moment("2026-03-05T00:00")


def test_months_before_an_event():
    """R13：期前的月，溯及前月同日。"""
    assert end(months(1), date(2026, 3, 31), **BEFORE).base_end == date(2026, 2, 28)


def test_working_days_are_counted_alone():
    """监狱法（2026）第三十七条：五个工作日内；国庆假期与调休均计。"""
    result = end(days(5), date(2026, 9, 29), working_days=True)

    assert result.last_day == date(2026, 10, 12)
    assert end(days(5), date(2026, 10, 12), working_days=True, backward=True).last_day == date(2026, 9, 29)


def test_excluded_working_days_are_counted_as_working_days():
    """R10：中止期间的工作日不计入。"""
    paused = [(date(2026, 9, 30), date(2026, 10, 8))]

    assert end(days(5), date(2026, 9, 29), working_days=True, excluded=paused).last_day == date(2026, 10, 13)


def test_extension_without_number_has_no_end():
    """最高人民法院关于刑事裁判涉财产部分执行的若干规定第三条：有特殊情况，经本院院长批准可以延长。"""
    result = end(months(6), date(2026, 3, 2), extensions=[OPEN])

    assert result.open_ended
    assert (result.last_day, result.deadline, result.base_end) == (None, None, None)
    assert not result.is_past(date(9999, 1, 1))
    assert not result.is_past(moment("9999-01-01T00:00"))
    assert result.moment > end(years(1000), date(2026, 3, 2), **HELD).moment
    assert result.moment.astimezone(UTC) == result.moment


def test_replacing_counts_anew_from_the_start():
    """刑事诉讼法（2018）第九十一条：延长至三十日，不与延长的四日相加。"""
    assert total(days(3), [add(days(4)), up_to(days(30))]) == days(30)
    assert total(days(7), [up_to(days(30)), add(days(30))]) == days(60)
    assert total(hours(24), [up_to(days(3))]) == days(3)
    assert total(months(1), [add(days(15))]) == months(1, 15)
    assert total(months(6), [OPEN, add(days(3))]) is None
    assert total(months(6), [OPEN, up_to(days(3))]) == days(3)


def test_excluded_time_before_the_start_excludes_nothing():
    """R10：起算前的时间不在期间之内。"""
    excluded = [(date(2026, 2, 1), date(2026, 2, 20)), (date(2026, 2, 25), date(2026, 3, 5))]

    assert end(days(10), date(2026, 3, 2), **HELD, excluded=excluded).last_day == date(2026, 3, 15)


def test_a_stop_after_the_end_revives_nothing():
    """R10：期限届满后中止的，不复活。"""
    excluded = [(date(2026, 3, 6), date(2026, 3, 20))]

    assert end(days(3), date(2026, 3, 2), **HELD, excluded=excluded).last_day == date(2026, 3, 5)


def test_a_stop_in_the_holiday_that_carries_the_end_leaves_the_day_of_resuming():
    """R7、R10：节假日顺延期间中止的，恢复之日届满。"""
    excluded = [(date(2026, 10, 3), date(2026, 10, 23))]

    assert end(days(10), date(2026, 9, 21), **FREE, excluded=excluded).last_day == date(2026, 10, 23)


def test_excluded_days_stop_hours_too():
    """R10：以时计算的期间，除外的日按二十四小时计。"""
    result = end(hours(48), moment("2026-03-02T10:00"), excluded=[(date(2026, 3, 3), date(2026, 3, 5))])

    assert result.deadline == moment("2026-03-06T10:00")
    assert result.rules == ("R3", "R10")


def test_what_is_owed_at_once_belongs_to_the_day_that_begins():
    """R10、R20：零时起应当立即办理的，当日停止的时间不计入。"""
    result = end(AT_ONCE, moment("2026-03-02T00:00"), **HELD, excluded=[(date(2026, 3, 2), date(2026, 3, 4))])

    assert result.deadline == moment("2026-03-04T00:00")


def test_a_stop_after_the_last_hour_revives_nothing():
    """同上；只知道起算日的，至次日二十四时届满，其后中止的不复活。"""
    excluded = [(date(2026, 3, 4), date(2026, 3, 9))]

    assert end(hours(24), date(2026, 3, 2), excluded=excluded).deadline == moment("2026-03-04T00:00")


def test_a_calendar_not_published_makes_the_end_provisional():
    """全国年节及纪念日放假办法：放假安排逐年公布；未公布的，届满日待定。"""
    assert end(days(5), date(2029, 4, 2)).provisional
    assert "R7b" in end(days(5), date(2029, 4, 2)).rules
    assert not end(days(5), date(2029, 4, 2), **HELD).provisional
    assert not end(days(5), date(2026, 4, 2)).provisional


MEANINGLESS = {
    "naive": lambda: end(days(3), datetime(2026, 3, 2, 9)),  # noqa: DTZ001 - that is the point
    "naive question": lambda: end(days(3), date(2026, 3, 2)).is_past(datetime(2026, 3, 2, 9)),  # noqa: DTZ001
    "resume before stop": lambda: end(days(3), date(2026, 3, 2), excluded=[(date(2026, 3, 4), date(2026, 3, 3))]),
    "backward and excluded": lambda: end(days(3), date(2026, 3, 2), **BEFORE, excluded=[(date(2026, 3, 1),) * 2]),
    "months in working days": lambda: end(months(1), date(2026, 3, 2), working_days=True),
    "negative": lambda: days(-1),
    "hours and days": lambda: Period(days=1, hours=12),
    "hours plus days": lambda: hours(24) + days(1),
    "same day and more": lambda: Period(days=1, same_day=True),
    "no years": lambda: years(0),
    "addition of nothing": lambda: Extension(None, Mode.ADD),
    "negative sentence": lambda: sentence_end(date(2026, 3, 2), years=-1),
    "empty sentence": lambda: sentence_end(date(2026, 3, 2), credit=3),
    "negative custody": lambda: credit_days(-1),
}


@pytest.mark.parametrize("meaningless", MEANINGLESS.values(), ids=MEANINGLESS)
def test_the_meaningless_is_refused(meaningless):
    """没有意义的期间不予计算。"""
    with pytest.raises(ValueError, match=r"\w+ \w+"):
        meaningless()


@pytest.mark.parametrize(
    "text",
    ["", "P", "PT", "3D", "P3", "P3D4", "PD", "P1D1M", "P1D2D", "P1W", "PT30M", "PT5S", "P1.5D", "P-1D", "P1DT12H",
     "P3DT", "p3d", "P٣D", " P3D", "PT1D", "P1H"],
)  # fmt: skip
def test_unreadable_durations_are_refused(text):
    """期间以年、月、日、时计算；其余写法不予接受。"""
    with pytest.raises(ValueError, match=r"period|duration|number|hours"):
        Period.parse(text)


@pytest.mark.parametrize(
    ("text", "period", "zh"),
    [
        ("P3D", days(3), "三日"),
        ("P10D", days(10), "十日"),
        ("P15D", days(15), "十五日"),
        ("P20D", days(20), "二十日"),
        ("P37D", days(37), "三十七日"),
        ("P105D", days(105), "一百零五日"),
        ("P110D", days(110), "一百一十日"),
        ("P1001D", days(1001), "一千零一日"),
        ("P12345D", days(12345), "12345日"),
        ("PT12H", hours(12), "十二小时"),
        ("PT24H", hours(24), "二十四小时"),
        ("P1M", months(1), "一个月"),
        ("P2M", months(2), "二个月"),
        ("P12M", months(12), "十二个月"),
        ("P1M15D", months(1, 15), "一个半月"),
        ("P1M10D", months(1, 10), "一个月又十日"),
        ("P1Y", years(1), "一年"),
        ("P2Y", years(2), "二年"),
        ("P1Y6M", Period(months=18, in_years=True), "一年六个月"),
        ("P1Y15D", Period(months=12, days=15, in_years=True), "一年又十五日"),
        ("P0D", days(0), "当日"),
        ("PT0S", AT_ONCE, "立即"),
    ],
)
def test_a_period_reads_as_the_statute_writes_it(text, period, zh):
    """期间的写法与法条一致。"""
    read = Period.parse(text)

    assert read == period
    assert (read.iso, str(read), read.zh, period.zh) == (text, text, zh, zh)


def test_a_year_is_twelve_months():
    """一年与十二个月等长，写法各从其条。"""
    assert years(1) == months(12)
    assert hash(years(1)) == hash(months(12))
    assert (years(1) + years(1)).zh == "二年"
    assert (years(1) + months(6)).zh == "十八个月"
    assert (years(1) + days(15)).iso == "P1Y15D"


def test_credit_rounds_an_odd_day_up():
    """刑事诉讼法（2018）第七十六条：指定居所监视居住二日折抵一日；管制一日折抵一日。"""
    assert credit_days(10, designated=5) == 13
    assert credit_days(10, designated=5, public_surveillance=True) == 25


def test_more_custody_than_sentence_is_already_served():
    """刑法第四十四条、第四十七条：羁押一日折抵刑期一日。"""
    assert sentence_end(date(2026, 7, 1), months=1, credit=40) < date(2026, 7, 1)


# The calendar.


def test_calendar_agrees_with_its_source():
    """国务院办公厅关于部分节假日安排的通知（2004—2026）。"""
    day = date(2004, 1, 1)
    while day <= date(2026, 12, 31):
        assert CALENDAR.is_workday(day) == chinese_calendar.is_workday(day), day
        day += DAY


def test_calendar_outside_its_years_knows_weekends_alone():
    """放假安排公布前，仅以双休日推定。"""
    assert not CALENDAR.is_published(date(2003, 12, 31))
    assert not CALENDAR.is_published(date(2040, 10, 1))
    assert CALENDAR.is_workday(date(2040, 10, 1))
    assert not CALENDAR.is_workday(date(2040, 10, 6))


def test_the_last_week_of_a_year_waits_for_the_next_notice():
    """元旦放假安排可及于上年末（二〇一八年十二月二十九日上班）。"""
    last = max(day.year for day in chinese_calendar.holidays)

    assert CALENDAR.is_published(date(last, 12, 24))
    assert not CALENDAR.is_published(date(last, 12, 31))
    assert CALENDAR.is_published(date(last - 1, 12, 31))


def test_a_later_announcement_overrides():
    """临时调整放假安排的，从其通知。"""
    amended = StateCouncilCalendar({date(2040, 10, 1): False, date(2040, 10, 6): True, date(2026, 10, 1): True})

    assert [amended.is_workday(date(2040, 10, day)) for day in (1, 2, 6)] == [False, True, True]
    assert amended.is_workday(date(2026, 10, 1))
    assert amended.is_published(date(2040, 10, 1))
    assert not amended.is_published(date(2035, 10, 1))


def test_a_version_names_what_was_announced():
    """放假安排不同，版本不同；内容相同，版本相同。"""
    one, same = ({date(2027, 1, 1): False, date(2027, 2, 6): True}, {date(2027, 2, 6): True, date(2027, 1, 1): False})
    versions = [StateCouncilCalendar(each).version for each in ({}, one, same, {date(2027, 1, 1): True})]

    assert versions[0].startswith("chinesecalendar-1.")
    assert versions[1] == versions[2]
    assert len(set(versions)) == 3
    assert versions[1].startswith(f"{versions[0]}+2027-")


def test_a_notice_can_be_given_in_a_file():
    """国务院办公厅关于部分节假日安排的通知：软件包尚未收录的，以文件写明。"""
    told = read_announced('{"holidays": ["2027-01-01"], "workdays": ["2027-02-06"]}')

    assert told == {date(2027, 1, 1): False, date(2027, 2, 6): True}
    for wrong in (
        "[]",
        '{"free": []}',
        '{"holidays": ["1月1日"]}',
        '{"holidays": ["2027-01-01"], "workdays": ["2027-01-01"]}',
    ):
        with pytest.raises(ValueError, match=r"SINGLETRACK_HOLIDAYS|isoformat"):
            read_announced(wrong)


# Properties.

DATES = st.dates(date(2003, 1, 1), date(2031, 12, 31))
PERIODS = st.one_of(
    st.integers(0, 120).map(days), st.builds(months, st.integers(1, 30), st.sampled_from([0, 0, 15])), st.just(years(2))
)
ROLLS = st.sampled_from(list(Roll))
MONTH_ENDS = st.sampled_from(list(MonthEnd))
PAUSES = st.lists(st.tuples(st.integers(-20, 200), st.integers(0, 60)), max_size=6)
UNWRITTEN = settings(database=None, deadline=None)


def intervals(start: date, pauses: list[tuple[int, int]]) -> list[tuple[date, date]]:
    return [(start + after * DAY, start + (after + length) * DAY) for after, length in pauses]


@UNWRITTEN
@given(PERIODS, DATES, PAUSES, st.randoms(use_true_random=False), ROLLS, st.booleans(), st.booleans())
def test_any_order_of_pauses_leaves_the_same_remainder(period, start, pauses, random, roll, held, working_days):
    """R10：中止与恢复不论先后记入，剩余期间相同。"""
    excluded = intervals(start, pauses)
    shuffled = random.sample(excluded, len(excluded))
    facts = {"roll": roll, "held": held, "working_days": working_days and not period.months}

    assert end(period, start, **facts, excluded=excluded) == end(period, start, **facts, excluded=shuffled)


@UNWRITTEN
@given(st.integers(200, 400).map(days), DATES, st.lists(st.tuples(st.integers(0, 100), st.integers(0, 60)), max_size=6))
def test_overlapping_exclusions_never_count_twice(period, start, pauses):
    """R10：重叠的除外期间只计一次。"""
    excluded = intervals(start, pauses)
    union = {stop + n * DAY for stop, resume in excluded for n in range((resume - stop).days)}

    with_pauses = end(period, start, **HELD, excluded=excluded)

    assert with_pauses.last_day - end(period, start, **HELD).last_day == len(union) * DAY
    assert with_pauses == end(period, start, **HELD, excluded=excluded + excluded)


@UNWRITTEN
@given(PERIODS, DATES, PAUSES, ROLLS, MONTH_ENDS, st.booleans())
def test_rolling_never_moves_an_end_earlier_and_never_moves_custody(period, start, pauses, roll, month_end, held):
    """刑事诉讼法（2018）第一百零五条第四款：节假日顺延，但在押期间不得因节假日而延长。"""
    facts = {"month_end": month_end, "held": held, "excluded": intervals(start, pauses)}

    result = end(period, start, roll=roll, **facts)

    assert result.last_day >= result.base_end
    if roll is Roll.NEVER or (roll is Roll.ONLY_IF_NOT_DETAINED and held):
        assert result.last_day == result.base_end
        assert not result.provisional
    else:
        assert CALENDAR.is_workday(result.last_day)


@UNWRITTEN
@given(PERIODS, DATES, PAUSES, ROLLS, MONTH_ENDS)
def test_custody_changes_only_whether_an_end_rolls(period, start, pauses, roll, month_end):
    """刑事诉讼法（2018）第一百零五条第四款：是否在押，只决定届满日遇节假日是否顺延（R7a）。"""
    facts = {"roll": roll, "month_end": month_end, "excluded": intervals(start, pauses[:1])}

    held, free = end(period, start, held=True, **facts), end(period, start, held=False, **facts)

    if roll is not Roll.ONLY_IF_NOT_DETAINED:
        assert (held.last_day, held.base_end) == (free.last_day, free.base_end)
        return
    assert held.last_day == held.base_end == free.base_end
    between = [held.last_day + n * DAY for n in range((free.last_day - held.last_day).days)]
    assert not any(CALENDAR.is_workday(day) for day in between)
    assert CALENDAR.is_workday(free.last_day)


@UNWRITTEN
@given(PERIODS, DATES, st.integers(0, 40), ROLLS, MONTH_ENDS, st.booleans())
def test_later_starts_never_end_earlier(period, start, later, roll, month_end, held):
    """最高法刑诉解释（2021）第二百零二条第一款：起算在后的，届满不在先。"""
    facts = {"roll": roll, "month_end": month_end, "held": held}

    early, late = end(period, start, **facts), end(period, start + later * DAY, **facts)

    assert early.base_end <= late.base_end
    assert early.last_day <= late.last_day


@UNWRITTEN
@given(PERIODS, DATES)
def test_the_corresponding_day_is_never_the_later_one(period, start):
    """最高法刑诉解释第二百零二条与公安机关适用刑事羁押期限规定第四条：相应日不晚于月末日。"""
    assert end(period, start, **HELD).last_day <= end(period, start, **HELD, **COURT).last_day


@UNWRITTEN
@given(PERIODS, DATES, st.booleans())
def test_a_backward_limit_never_rolls_forward(period, event, held):
    """R13：期前的最后一日为节假日的，提前至前一工作日。"""
    result = end(period, event, backward=True, held=held)

    assert result.last_day <= result.base_end <= event
    assert CALENDAR.is_workday(result.last_day)


@UNWRITTEN
@given(PERIODS, st.datetimes(datetime(2004, 1, 1), datetime(2030, 1, 1)), st.integers(-12, 14), ROLLS, st.booleans())  # noqa: DTZ001
def test_the_zone_of_an_instant_changes_nothing(period, naive, offset, roll, strict):
    """期间按北京时间计算，与记录所用时区无关。"""
    start = naive.replace(tzinfo=ZONE)
    elsewhere = start.astimezone(timezone(timedelta(hours=offset)))
    facts = {"roll": roll, "held": True, "strict_custody_days": strict}

    assert end(period, start, **facts) == end(period, elsewhere, **facts)


@UNWRITTEN
@given(st.one_of(PERIODS, st.integers(0, 200).map(hours)))
def test_what_is_written_can_be_read(period):
    """期间写出后读回，不变。"""
    assert Period.parse(period.iso) == period


@UNWRITTEN
@given(st.one_of(PERIODS, st.integers(0, 200).map(hours)), DATES, st.booleans(), st.integers(-400, 400))
def test_past_and_moment_agree(period, start, backward, after):
    """一日在届满之后，当且仅当该日零时已在届满之后。"""
    result = end(period, start, backward=backward)
    day = start + after * DAY

    assert result.is_past(day) == (datetime(day.year, day.month, day.day, tzinfo=ZONE) >= result.moment)


# The walker: no arithmetic, one day (or hour) at a time.


def dice(seed: int) -> Random:
    return Random(seed)


def is_last_of_month(day: date) -> bool:
    return (day + DAY).month != day.month


def walk_months(start: date, number: int, month_end: MonthEnd, step: timedelta) -> date:
    """Every day of the way, looking for the one of each month that corresponds to the start."""
    day = start
    to_the_last = month_end is MonthEnd.LAST_DAY and is_last_of_month(start)
    while number:
        day += step
        if is_last_of_month(day):
            number -= to_the_last or day.day <= start.day
        else:
            number -= day.day == start.day and not to_the_last
    return day


def walk(
    period: Period,
    start: date,
    *,
    excluded: list[tuple[date, date]],
    rolls: bool,
    month_end: MonthEnd,
    working_days: bool,
) -> date:
    """The end, by ticking off days; the day of a stop still counts and the day of resuming does not."""

    def counts(day: date) -> bool:
        return not any(stop < day <= resume for stop, resume in excluded)

    def rolled(day: date) -> date:
        while rolls and not CALENDAR.is_workday(day):
            day += DAY
        return day

    day = walk_months(start, period.months, month_end, DAY)
    for _ in range(period.days):
        day += DAY
        while working_days and not CALENDAR.is_workday(day):
            day += DAY
    budget = 0
    while day > start:
        budget += not working_days or CALENDAR.is_workday(day)
        day -= DAY
    while budget:
        day += DAY
        budget -= counts(day) and (not working_days or CALENDAR.is_workday(day))
    while standing := [resume for stop, resume in excluded if stop <= rolled(day) and resume > day]:
        day = max(standing)
    return rolled(day)


def test_a_walker_arrives_on_the_same_day():
    """刑事诉讼法（2018）第一百零五条：逐日数来，与所算相同。"""
    random = dice(105)
    for _ in range(6000):
        start = date(2003, 6, 1) + random.randrange(9000) * DAY
        working_days = random.random() < 0.2
        period = (
            days(random.randrange(40))
            if working_days or random.random() < 0.5
            else months(random.randrange(1, 14), random.choice([0, 0, 15, random.randrange(30)]))
        )
        extensions = [
            Extension(days(random.randrange(1, 30)), random.choice([Mode.ADD, Mode.REPLACE]))
            for _ in range(random.choice([0, 0, 1, 2]))
        ]
        pauses = [(random.randrange(-20, 90), random.randrange(50)) for _ in range(random.choice([0, 0, 1, 2, 4]))]
        facts = {
            "month_end": random.choice(list(MonthEnd)),
            "excluded": intervals(start, pauses),
            "working_days": working_days,
        }
        roll, held = random.choice(list(Roll)), random.random() < 0.5
        rolls = {Roll.ROLL: True, Roll.NEVER: False, Roll.ONLY_IF_NOT_DETAINED: not held}[roll]

        computed = end(period, start, extensions=extensions, roll=roll, held=held, **facts)

        case = (period, start, extensions, roll, held, facts)
        assert computed.last_day == walk(total(period, extensions), start, rolls=rolls, **facts), case


def test_a_walker_goes_back_to_the_same_day():
    """R13：自期日逐日前数，与所算相同。"""
    random = dice(13)
    for _ in range(3000):
        event = date(2005, 6, 1) + random.randrange(8500) * DAY
        month_end = random.choice(list(MonthEnd))
        period = random.choice([days(random.randrange(40)), months(random.randrange(1, 14), random.randrange(30))])
        day = walk_months(event, period.months, month_end, -DAY)
        for _ in range(period.days):
            day -= DAY
        while not CALENDAR.is_workday(day):
            day -= DAY

        assert end(period, event, backward=True, month_end=month_end).last_day == day, (period, event, month_end)


def test_a_walker_of_hours_arrives_at_the_same_instant():
    """刑事诉讼法（2018）第一百零五条：逐时数来，与所算相同。"""
    random = dice(24)
    for _ in range(1000):
        start = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(seconds=random.randrange(10**8))
        number, backward = random.randrange(100), random.random() < 0.3
        instant = start
        for _ in range(number):
            instant += timedelta(hours=-1 if backward else 1)

        assert end(hours(number), start, backward=backward).deadline == instant, (start, number, backward)


def test_a_walker_serves_the_same_sentence():
    """最高法刑诉解释（2021）第二百零二条第二款：起算日计入，至同日的前一日。"""
    random = dice(202)
    for _ in range(1000):
        start = date(2004, 1, 1) + random.randrange(9000) * DAY
        years_, months_, credit = random.randrange(4), random.randrange(12), random.randrange(60)
        if not (years_ or months_):
            continue
        month_end = MonthEnd.LAST_DAY if months_ else MonthEnd.CORRESPONDING
        day = walk_months(start, 12 * years_ + months_, month_end, DAY) - DAY
        for _ in range(credit):
            day -= DAY

        assert sentence_end(start, years=years_, months=months_, credit=credit) == day, (start, years_, months_)
