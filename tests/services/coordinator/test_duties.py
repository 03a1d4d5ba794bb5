"""Duties: what is owed from which act on, until when, and what can be said about it with what has been read."""

from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import pytest

from services.coordinator.domain.clocks import Reading
from services.coordinator.domain.conditions import CONDITIONS
from services.kernel.period import ZONE
from services.law import CODE

POLICE, PROCURATORATE = "pol-330106", "proc-330106"


def detained(town: Any, *labels: str, **given: Any) -> None:
    """Filed and detained on the second of March."""
    town.files(*labels, **given)
    town.detains(*labels, **given)


def day(number: int) -> str:
    """The day so many days after the second of March."""
    return (date(2026, 3, 2) + timedelta(days=number)).isoformat()


def moves_to(town: Any, number: int) -> None:
    """Nine in the morning, so many days after the second of March."""
    town.clock.passes(
        seconds=(datetime(2026, 3, 2, 1, tzinfo=UTC) + timedelta(days=number) - town.clock.now()).total_seconds()
    )


# 拘留：三日，至七日，至三十日；审查逮捕七日：最长三十七日（刑事诉讼法第九十一条）。


def reviewed(town: Any, requested: int, decided: int, *, extension: int | None = 2) -> set[str]:
    """Detained, requested after so many days, decided after so many days: what was late."""
    detained(town, "甲", on=day(0))
    if extension is not None:
        moves_to(town, 2)
        town.takes("criminal_detention:extend", "甲", facts={"extension": extension}, on=day(2))
    moves_to(town, requested)
    town.takes("criminal_detention:request_arrest", "甲", on=day(requested))
    town.takes("arrest_review:accept", "甲", on=day(requested))
    moves_to(town, decided)
    town.takes("arrest_review:approve", "甲", on=day(decided))
    town.takes("arrest_review:execute", "甲", on=day(decided))
    return {kind for kind, status, _ in town.findings() if status == "late" and not kind.startswith("INV")}


@pytest.mark.parametrize(
    ("requested", "decided", "late"),
    [
        (30, 37, set()),
        (29, 36, set()),
        (30, 38, {"arrest_review_detained"}),
        (31, 38, {"detention_request_arrest"}),
        (31, 39, {"detention_request_arrest", "arrest_review_detained"}),
    ],
    ids=["37 days", "36 days", "38 days, the review late", "38 days, the request late", "39 days, both"],
)
def test_thirty_seven_days_and_no_more(town: Any, requested: int, decided: int, late: set[str]) -> None:
    """流窜作案、多次作案、结伙作案的，提请审查批准的时间可以延长至三十日，人民检察院应当在七日以内决定。"""
    assert reviewed(town, requested, decided) == late


@pytest.mark.parametrize(
    ("extension", "requested", "late"),
    [
        (None, 3, set()),
        (None, 4, {"detention_request_arrest"}),
        (1, 7, set()),
        (1, 8, {"detention_request_arrest"}),
        (2, 8, set()),
    ],
)
def test_three_days_or_seven_or_thirty(town: Any, extension: int | None, requested: int, late: set[str]) -> None:
    """三日以内提请；特殊情况延长一日至四日；延长至三十日须写明（事实 extension）。"""
    assert reviewed(town, requested, requested + 1, extension=extension) == late


@pytest.mark.parametrize(
    ("extensions", "due"),
    [
        ([], 3),
        ([None], 7),
        ([1], 7),
        ([2], 30),
        ([1, 2], 30),
        ([2, 1], 30),
        ([1, 1], 7),
        ([2, 2], 30),
        ([1, 1, 2], 30),
        (["2"], 7),
        ([3], 7),
        ([0], 7),
        ([True], 7),
        ([[2]], 7),
    ],
    ids=str,
)
def test_an_extension_is_the_one_that_is_named_and_counts_once(town: Any, extensions: list[Any], due: int) -> None:
    """延长一日至四日与延长至三十日择一适用，同一延长不重复计算；没有写明或者写错的，从严。"""
    detained(town, "甲", on=day(0))
    for extension in extensions:
        facts = {} if extension is None else {"extension": extension}
        town.takes("criminal_detention:extend", "甲", facts=facts)

    assert town.duty("detention_request_arrest") == [("open", day(due))]


def test_investigation_custody_is_extended_in_order(town: Any) -> None:
    """二个月，延长一个月，再二个月，再二个月：自逮捕之日合计（刑事诉讼法第一百五十六、一百五十八、一百五十九条）。"""
    detained(town, "甲", on=day(0))
    town.goes_to("arrest", "甲", on=day(0))
    found = [town.duty("investigation_custody")]
    for step in ("extend_once", "extend_twice", "extend_thrice"):
        town.takes(f"custody_extension:{step}", "甲")
        found.append(town.duty("investigation_custody"))

    assert found == [[("open", end)] for end in ("2026-05-02", "2026-06-02", "2026-08-02", "2026-10-02")]


# 停止计算（刑事诉讼法第一百四十九条）。


def test_an_examination_does_not_count(town: Any) -> None:
    """精神病鉴定的期间不计入：停十日，晚十日。"""
    detained(town, "甲", on=day(0))
    town.goes_to("arrest", "甲", on=day(0))
    moves_to(town, 20)
    town.takes("custody_extension:pause", "甲")
    moves_to(town, 30)
    town.takes("custody_extension:resume", "甲")

    assert town.duty("investigation_custody") == [("open", "2026-05-12")]


def test_a_clock_that_stands_still_moves_with_the_day(town: Any) -> None:
    """停止期间，届满之日逐日后移；恢复以后不再移动。"""
    detained(town, "甲", on=day(0))
    town.goes_to("arrest", "甲", on=day(0))
    moves_to(town, 20)
    town.takes("custody_extension:pause", "甲")
    found = []
    for number in (20, 25, 100):
        moves_to(town, number)
        found += town.duty("investigation_custody")

    assert [due for _, due in found] == ["2026-05-02", "2026-05-07", "2026-07-21"]
    assert {status for status, _ in found} == {"open"}


# 重新计算，作废，完成。


def test_the_last_return_counts(town: Any) -> None:
    """退回补充侦查后重新移送的，审查起诉期限重新计算（刑事诉讼法第一百七十五条第三款）。"""
    town.files("甲")
    town.takes("bail:decide", "甲")
    town.goes_to("prosecution", "甲", on=day(0))
    town.takes("prosecution_review:review", "甲", on=day(0))
    moves_to(town, 20)
    town.takes("prosecution_review:return", "甲", on=day(20))
    town.takes("supplementary_return:receive", "甲", on=day(20))
    moves_to(town, 40)
    town.takes("supplementary_return:resubmit", "甲", on=day(40))

    assert town.duty("prosecution_review") == [("superseded", day(31)), ("open", "2026-05-11")]
    assert town.duty("supplementary_investigation") == [("met", "2026-04-22")]


def test_a_return_comes_too_late_for_what_was_due_before(town: Any) -> None:
    """期限届满以后才退回的，已经逾期，退回也不使其没有逾期。"""
    town.files("甲")
    town.takes("bail:decide", "甲")
    town.goes_to("prosecution", "甲", on=day(0))
    town.takes("prosecution_review:review", "甲", on=day(0))
    moves_to(town, 35)
    town.takes("prosecution_review:return", "甲", on=day(35))

    assert town.duty("prosecution_review") == [("late", day(31))]


def test_one_act_that_is_two_steps_begins_a_clock_once(town: Any) -> None:
    """重新移送同时是两条线上的步骤，期限只起算一次。"""
    town.files("甲")
    town.takes("bail:decide", "甲")
    town.goes_to("prosecution", "甲")
    for step in ("prosecution_review:review", "prosecution_review:return", "supplementary_return:receive"):
        town.takes(step, "甲")
    town.takes("prosecution_review:resubmit", "甲")

    assert [status for status, _ in town.duty("prosecution_review")] == ["superseded", "open"]


def test_each_person_owes_for_themselves(town: Any) -> None:
    """同案二人，一人已提请，一人尚未提请。"""
    detained(town, "甲", "乙", on=day(0))
    moves_to(town, 2)
    town.takes("criminal_detention:request_arrest", "甲", on=day(2))
    moves_to(town, 5)

    assert town.duty("detention_request_arrest", "甲") == [("met", day(3))]
    assert town.duty("detention_request_arrest", "乙") == [("overdue", day(3))]
    assert ("detention_request_arrest", "overdue", "乙") in town.findings()


# 在押与否（刑事诉讼法第一百零五条第四款）。


@pytest.mark.parametrize(("held", "due"), [(True, "2026-10-02"), (False, "2026-10-08")])
def test_holidays_move_an_end_only_for_who_is_at_large(town: Any, held: bool, due: str) -> None:
    """期满之日是节假日的顺延；在押的不顺延。"""
    town.files("甲")
    if held:
        town.detains("甲")
    else:
        town.takes("bail:decide", "甲")
    moves_to(town, (date(2026, 9, 2) - date(2026, 3, 2)).days)
    if held:
        town.goes_to("arrest", "甲")
    town.goes_to("prosecution", "甲", on="2026-09-02")

    assert town.duty("prosecution_review") == [("open", due)]


def test_a_duty_depends_on_who_is_held(town: Any) -> None:
    """审查逮捕：已拘留的七日，未拘留的十五日（刑事诉讼法第九十一条；规则第二百八十二条）。"""
    town.files("甲", "乙")
    town.detains("甲", on=day(0))
    town.takes("criminal_detention:request_arrest", "甲", on=day(0))
    town.takes("arrest_review:request", "乙", on=day(0))
    town.takes("arrest_review:accept", "甲", "乙", on=day(0))

    assert town.duty("arrest_review_detained", "甲") == [("open", day(7))]
    assert town.duty("arrest_review_not_detained", "甲") == []
    assert town.duty("arrest_review_detained", "乙") == []
    assert town.duty("arrest_review_not_detained", "乙") == [("open", day(15))]


def test_every_condition_of_the_law_has_a_meaning() -> None:
    """A limit that depends on a fact nobody reads would never run."""
    assert {limit.when.key for limit in CODE.limits.values() if limit.when is not None} <= CONDITIONS.keys()


# 只有读到，才能说没有。


def test_overdue_only_once_the_log_was_read_past_the_moment(town: Any) -> None:
    """期限已过而记录尚未读到的，是不明，不是逾期；读到以后仍没有的，才是逾期。"""
    detained(town, "甲", on=day(0))
    moves_to(town, 5)
    now, midnight = town.clock.now(), datetime(2026, 3, 6, tzinfo=ZONE)
    found = {}
    for read in (midnight - timedelta(microseconds=1), midnight):
        until = {"case_flow": read, "custody_transfer": now, "evidence": now}
        found[read] = town.duty("detention_request_arrest", read=until)[0][0]

    assert list(found.values()) == ["unknown", "overdue"]


def test_every_log_that_could_show_the_deed_must_be_read(town: Any) -> None:
    """释放也可以由看守所的记录证明：看守所的记录没有读到的，也是不明。"""
    detained(town, "甲", on=day(0))
    moves_to(town, 5)
    now = town.clock.now()

    assert town.duty("detention_request_arrest", read={"case_flow": now, "evidence": now}) == [("unknown", day(3))]
    assert town.duty("detention_request_arrest", read={}) == [("unknown", day(3))]


def test_what_is_unknown_is_looked_at_again_soon(town: Any) -> None:
    """不明的，很快再看。"""
    detained(town, "甲", on=day(0))
    moves_to(town, 5)
    now = town.clock.now()

    conclusion = town.concludes(
        read=dict.fromkeys(("case_flow", "custody_transfer", "evidence"), now - timedelta(days=3))
    )

    assert conclusion.look_at is not None
    assert now < conclusion.look_at <= now + timedelta(seconds=60)


def test_what_was_done_is_done_however_little_was_read(town: Any) -> None:
    """已经读到的办理，就是办理，不因其他记录没有读到而不明。"""
    detained(town, "甲", on=day(0))
    moves_to(town, 2)
    town.takes("criminal_detention:request_arrest", "甲", on=day(2))
    moves_to(town, 10)

    assert town.duty("detention_request_arrest", read={}) == [("met", day(3))]


# 小时与日。


def test_hours_from_an_hour(town: Any) -> None:
    """拘留后二十四小时以内送看守所（刑事诉讼法第八十五条第二款）：写明时刻的，以时刻计算。"""
    town.files("甲", "乙")
    town.takes("criminal_detention:detain", "甲", "乙")
    town.clock.passes(hours=24)
    town.takes("criminal_detention:admit", "甲")
    town.clock.passes(seconds=1)
    town.takes("criminal_detention:admit", "乙")

    assert town.duty("detention_to_center", "甲") == [("met", "2026-03-03T09:00+08:00")]
    assert town.duty("detention_to_center", "乙") == [("late", "2026-03-03T09:00+08:00")]


@pytest.mark.parametrize(("admitted", "status"), [(1, "met"), (2, "late")])
def test_hours_from_a_day_alone(town: Any, admitted: int, status: str) -> None:
    """只知道拘留之日的，二十四小时自该日终了起算；没有人说过的时刻，不作为逾期的根据。"""
    town.files("甲")
    town.takes("criminal_detention:detain", "甲", on=day(0))
    moves_to(town, 3)
    town.takes("criminal_detention:admit", "甲", on=day(admitted))

    assert town.duty("detention_to_center") == [(status, "2026-03-04T00:00+08:00")]


def test_a_day_of_detention_from_an_hour(town: Any) -> None:
    """拘留写明时刻的，满二十四小时为一日：第三日的同一时刻届满。"""
    detained(town, "甲")
    town.clock.passes(hours=72)
    in_time = town.duty("detention_request_arrest")
    town.clock.passes(minutes=1)

    assert [in_time[0][0], town.duty("detention_request_arrest")[0][0]] == ["overdue", "overdue"]
    town.takes("criminal_detention:request_arrest", "甲", on=day(3))
    assert town.duty("detention_request_arrest")[0][0] == "met"


# 立即。


def refused_arrest(town: Any, **given: Any) -> None:
    """Detained, requested, not approved."""
    detained(town, "甲", **given)
    for step in ("criminal_detention:request_arrest", "arrest_review:accept", "arrest_review:refuse"):
        town.takes(step, "甲", **given)


@pytest.mark.parametrize(("minutes", "status"), [(0, "met"), (120, "met"), (121, "late")])
def test_at_once_with_hours(town: Any, minutes: int, status: str) -> None:
    """不批准逮捕的，立即释放：写明时刻的，容许二小时（本系统的设定，不是法律的）。"""
    refused_arrest(town)
    town.clock.passes(minutes=minutes)
    town.takes("arrest_review:release", "甲")

    assert town.duty("non_approval_release")[0][0] == status


@pytest.mark.parametrize(("days", "status"), [(0, "met"), (1, "late")])
def test_at_once_with_days_alone(town: Any, days: int, status: str) -> None:
    """只知道日期的：同日释放，是立即；次日释放，不是。"""
    refused_arrest(town, on=day(0))
    moves_to(town, days)
    town.takes("arrest_review:release", "甲", on=day(days))

    assert town.duty("non_approval_release")[0][0] == status


@pytest.mark.parametrize(
    ("trigger", "deed", "status"), [("day", "hour", "met"), ("hour", "day", "met"), ("day", "next", "late")]
)
def test_at_once_between_a_day_and_an_hour(town: Any, trigger: str, deed: str, status: str) -> None:
    """一方只知道日期的，以日期比较。"""
    refused_arrest(town, **({"on": day(0)} if trigger == "day" else {}))
    town.clock.passes(hours=24 if deed == "next" else 6)
    town.takes("arrest_review:release", "甲", **({"on": day(0)} if deed == "day" else {}))

    assert town.duty("non_approval_release")[0][0] == status


def test_at_once_and_not_yet(town: Any) -> None:
    """没有释放的：二小时以内是未到期，二小时起是逾期。"""
    refused_arrest(town)
    found = []
    for seconds in (0, 7199, 1):
        town.clock.passes(seconds=seconds)
        found.append(town.duty("non_approval_release")[0][0])

    assert found == ["open", "open", "overdue"]


def test_how_long_at_once_may_take_is_ours_to_say(town: Any) -> None:
    """The tolerance is a setting."""
    refused_arrest(town)
    town.clock.passes(minutes=30)

    assert town.duty("non_approval_release", at_once=timedelta(minutes=10))[0][0] == "overdue"


# 再看一次的时间。


def test_the_next_look_is_the_next_moment_at_which_something_changes(town: Any) -> None:
    """下一次查看，就是下一个到期的时刻；此前什么都不变，到时就变。"""
    detained(town, "甲", on=day(0))
    for step in ("criminal_detention:request_arrest", "arrest_review:accept"):
        town.takes(step, "甲", on=day(0))
    looks = []
    for _ in range(30):  # also the moments at which a duty is told of before it is late
        conclusion = town.concludes()
        if conclusion.look_at is None:
            break
        looks.append(conclusion.look_at)
        before = town.concludes(now=conclusion.look_at - timedelta(microseconds=1))
        assert _told(before) == _told(conclusion)
        town.clock.passes(seconds=(conclusion.look_at - town.clock.now()).total_seconds())

    assert looks == sorted(set(looks))
    assert datetime(2026, 3, 10, tzinfo=ZONE) in looks, "the end of the seven days of review"
    assert datetime(2026, 3, 6, tzinfo=ZONE) in looks, "the end of the title"
    assert {kind for kind, _, _ in town.findings()} >= {"arrest_review_detained", "INV-03"}


def _told(conclusion: Any) -> Any:
    return conclusion.findings, conclusion.duties


def test_nothing_owed_nothing_to_look_at(town: Any) -> None:
    """无所负担的，不必再看。"""
    assert town.concludes().look_at is None


# 同样的记录，同样的结论。


def busy(town: Any) -> None:
    """A case of three persons with much that is late."""
    detained(town, "甲", "乙")
    town.registers("丙")
    town.takes("bail:decide", "丙")
    town.clock.passes(days=5)
    town.goes_to("arrest", "甲")
    town.holds_on("甲", "investigation_custody", "2026-03-08")
    town.takes("criminal_detention:request_arrest", "乙")
    town.takes("arrest_review:accept", "乙")
    town.takes("arrest_review:refuse", "乙")
    town.clock.passes(days=1)
    town.takes("arrest_review:request_reconsideration", "乙")
    town.takes("arrest_review:uphold", "乙")
    town.goes_to("prosecution", "甲", "丙")
    town.clock.passes(days=3)
    town.hands_over("甲", PROCURATORATE, confirmed=False)
    town.takes("custody_handover:release", "乙")
    town.takes("prosecution_review:review", "甲", "丙")
    town.clock.passes(days=40)


def test_order_and_repetition_change_nothing(town: Any) -> None:
    """记录重复读到、乱序读到，结论不变。"""
    busy(town)
    conclusion = town.concludes()
    assert len({finding.kind for finding in conclusion.findings}) >= 6
    chance = Random(7)

    for _ in range(40):
        rows = town.rows + chance.choices(town.rows, k=chance.randint(0, 20))
        chance.shuffle(rows)
        assert town.concludes(rows=rows) == conclusion


def test_reading_on_never_takes_back_what_was_certain(town: Any) -> None:
    """读到越多，越确定：先前认定逾期的，不会因为多读而成为不明。"""
    busy(town)
    now = town.clock.now()
    recorded = sorted({row["recorded_at"] for row in town.rows})
    unknown = []
    for cut in [*recorded, None]:
        rows = [row for row in town.rows if cut is None or row["recorded_at"] <= cut]
        until = now if cut is None else datetime.fromisoformat(cut)
        told = town.concludes(rows=rows, read=dict.fromkeys(("case_flow", "custody_transfer", "evidence"), until))
        unknown.append(sum(duty.status == "unknown" for duty in told.duties))
        for duty in told.duties:
            if duty.status == "overdue":
                later = [
                    each for each in town.concludes().duties if (each.limit, each.trigger) == (duty.limit, duty.trigger)
                ]
                assert {each.status for each in later} <= {"overdue", "late"}

    assert unknown[-1] == 0
    assert any(unknown)


def test_a_finding_keeps_its_id(town: Any) -> None:
    """同一发现，无论何时认定，都是同一编号；不同的发现，编号不同。"""
    busy(town)
    first = town.concludes()
    town.clock.passes(days=1)
    second = town.concludes()

    ids = [finding.id for finding in first.findings]
    assert len(set(ids)) == len(ids)
    assert set(ids) <= {finding.id for finding in second.findings}


def test_no_log_read_means_known_until_never() -> None:
    """A log that was never read is known until the beginning of time."""
    now = datetime(2026, 3, 2, tzinfo=UTC)

    assert Reading({}, now).until(frozenset({"case_flow"})) < datetime(1, 1, 2, tzinfo=ZONE)
    assert Reading({}, now).until(frozenset()) == now


@pytest.mark.parametrize(
    "sentence",
    [{"type": []}, {"type": {}}, {"type": None}, {"type": 7}, {"suspended": []}, [], "fixed_term", 7, None],
    ids=str,
)
def test_facts_are_any_json(town: Any, sentence: Any) -> None:
    """事实栏里可以是任何内容：读不懂的，当作没有写，不使全案无法对照。"""
    town.files("甲")
    town.detains("甲")
    town.goes_to("arrest", "甲")
    town.goes_to("prosecution", "甲")
    town.goes_to("court", "甲")
    for step in ("prepare", "open_ordinary"):
        town.takes(f"first_trial:{step}", "甲")
    done = town.takes("first_trial:deliberate", "甲") if "first_trial:deliberate" in CODE.rules else None
    step = "first_trial:pronounce" if done else "first_trial:judge_in_court"
    town.takes(step, "甲", facts={"sentence": sentence, "extension": sentence})

    assert town.concludes().is_whole
