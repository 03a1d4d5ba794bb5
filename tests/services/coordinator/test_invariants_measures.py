"""Measures: in time, one at a time, and told to whom they must be told. Each invariant broken and come near."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

POLICE, PROCURATORATE, COURT = "pol-330106", "proc-330106", "court-330106"


def status(town: Any, kind: str, label: str = "甲", **given: Any) -> list[str]:
    """How an invariant stands with one person, as often as it was found."""
    return [found for _, found, who in town.findings(kind, **given) if who == label]


def registered(town: Any, *flags: str) -> None:
    """Filed, with one person of whom this is said."""
    town.files()
    row = town.takes("case_record:add_person", facts={"label": "甲", "flags": [*flags]})
    town.persons["甲"] = next(iter(row["created"]))


def moves_to(town: Any, day: str) -> None:
    there = datetime.fromisoformat(f"{day}T01:00").replace(tzinfo=UTC)
    town.clock.passes(seconds=(there - town.clock.now()).total_seconds())


def arrested(town: Any) -> None:
    """Arrested on the second of March: two months end on the second of May."""
    town.files("甲")
    town.detains("甲")
    town.goes_to("arrest", "甲")
    town.holds_on("甲", "investigation_custody", "2026-03-02")


# INV-06 期限的变更在原期限届满以前送达看守所（换押通知二）。


def changes(town: Any, noticed: str, received: str) -> None:
    """Three days of detention become seven: the centre is told, and signs."""
    town.files("甲")
    town.detains("甲")
    town.takes("criminal_detention:extend", "甲", facts={"extension": 1})
    moves_to(town, noticed)
    title = {"limit": "detention_request_arrest", "from": "2026-03-02", "extensions": 1}
    town.takes("custody_handover:notice_change", "甲", facts={"title": title})
    moves_to(town, received)
    town.takes("custody_handover:confirm_change", "甲")


@pytest.mark.parametrize(
    ("noticed", "received", "expected"),
    [
        ("2026-03-05", "2026-03-05", []),
        ("2026-03-05", "2026-03-06", ["late"]),
        ("2026-03-06", "2026-03-06", ["late"]),
    ],
    ids=["on the last day", "told in time, received late", "told late"],
)
def test_a_change_reaches_the_centre_before_the_old_end(
    town: Any, noticed: str, received: str, expected: list[str]
) -> None:
    """三月五日届满：当日通知、当日签收，相符；通知迟了，或者签收迟了，各只发现一次。"""
    changes(town, noticed, received)

    assert status(town, "INV-06") == expected


@pytest.mark.parametrize(("day", "expected"), [("2026-03-05", []), ("2026-03-06", ["overdue"])])
@pytest.mark.parametrize("stage", ["investigation", "trial"])
def test_a_stop_is_told_in_three_days(town: Any, stage: str, day: str, expected: list[str]) -> None:
    """停止计算的，三日以内通知，侦查、审判都是；恢复的，也是。"""
    arrested(town)
    if stage == "trial":
        for each in ("prosecution", "court"):
            town.goes_to(each, "甲")
        for step in ("prepare", "open_ordinary", "suspend"):
            town.takes(f"first_trial:{step}", "甲")
    else:
        town.takes("custody_extension:pause", "甲")
    moves_to(town, day)
    assert status(town, "INV-06") == expected

    town.takes("custody_handover:notice_change", "甲")
    town.takes("custody_handover:confirm_change", "甲")
    town.clock.passes(days=1)
    town.takes("first_trial:resume" if stage == "trial" else "custody_extension:resume", "甲")
    assert status(town, "INV-06") == ["late"] * len(expected)
    town.clock.passes(days=4)
    assert status(town, "INV-06") == ["late"] * len(expected) + ["overdue"]


@pytest.mark.parametrize(
    ("told", "expected", "later"),
    [("2026-05-02", [], []), ("2026-05-03", ["overdue"], ["late"]), ("", ["overdue"], ["overdue"])],
    ids=["on the last day", "a day late", "never"],
)
def test_a_new_end_is_told_before_the_old_one(town: Any, told: str, expected: list[str], later: list[str]) -> None:
    """重新计算的，新的届满之日也在原期限（五月二日）届满以前通知看守所。"""
    arrested(town)
    moves_to(town, "2026-04-10")
    town.takes("custody_extension:recalculate", "甲")
    assert status(town, "INV-06") == []
    if told == "2026-05-02":
        moves_to(town, told)
        town.holds_on("甲", "investigation_custody_recalc", "2026-04-10")
    moves_to(town, "2026-05-03")
    assert status(town, "INV-06") == expected
    if told == "2026-05-03":
        town.holds_on("甲", "investigation_custody_recalc", "2026-04-10")

    assert status(town, "INV-06") == later


# INV-26 羁押期限在届满以前、依照次序延长（刑事诉讼法第一百五十六条至第一百五十九条）。


@pytest.mark.parametrize(
    ("day", "expected", "outlived"), [("2026-05-02", [], []), ("2026-05-03", ["violated"], ["overdue"])]
)
def test_an_extension_comes_before_the_end(town: Any, day: str, expected: list[str], outlived: list[str]) -> None:
    """二个月至五月二日届满：当日批准，相符；次日批准，视为没有批准，期限照样届满，看守所登记了延长也是超期（R9）。"""
    arrested(town)
    moves_to(town, day)
    town.takes("custody_extension:extend_once", "甲")
    town.holds_on("甲", "investigation_custody", "2026-03-02", extensions=1)

    assert status(town, "INV-26") == expected
    assert status(town, "INV-03") == outlived
    assert [at for at, _ in town.duty("investigation_custody")] == (outlived or ["open"])
    moves_to(town, "2026-05-20")
    assert status(town, "INV-03") == outlived
    assert status(town, "INV-04") == []


def test_a_stop_in_time_moves_the_end_that_an_extension_must_meet(town: Any) -> None:
    """停止计算十日的，届满推后十日，其间批准的延长有效；届满以后批准的第二次延长无效，第一次不受影响。"""
    arrested(town)
    for day, step in (("2026-04-01", "pause"), ("2026-04-11", "resume"), ("2026-05-10", "extend_once")):
        moves_to(town, day)
        town.takes(f"custody_extension:{step}", "甲")
    assert town.duty("investigation_custody") == [("open", "2026-06-12")]
    moves_to(town, "2026-06-13")
    town.takes("custody_extension:extend_twice", "甲")

    assert town.duty("investigation_custody") == [("overdue", "2026-06-12")]
    assert status(town, "INV-26") == ["violated"]


def test_extensions_come_in_order(town: Any) -> None:
    """没有第一次延长，不得有第二次。"""
    arrested(town)
    town.takes("custody_extension:extend_once", "甲")
    town.takes("custody_extension:extend_twice", "甲")
    assert status(town, "INV-26") == []

    rows = [row for row in town.rows if row["type"] != "custody_extension:extend_once"]
    assert status(town, "INV-26", rows=rows) == ["violated"]


# INV-33 一人同时只有一种强制措施（刑事诉讼法第六十八条、第七十九条）。


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        (("bail_guarantee",), []),
        (("deposit_notice",), []),
        (("bail_guarantee", "deposit_notice"), ["violated"]),
    ],
)
def test_a_guarantor_or_a_deposit(town: Any, kinds: tuple[str, ...], expected: list[str]) -> None:
    """保证人和保证金不得并用。"""
    registered(town)
    town.takes("bail:decide", "甲")
    papers = tuple({"kind": kind, "digest": "sm3:00"} for kind in ("bail_obligations", *kinds))
    town.takes("bail:execute", "甲", documents=papers)

    assert status(town, "INV-33") == expected


def test_nobody_is_on_bail_and_held(town: Any) -> None:
    """取保候审而被收押的，违反；变更为羁押以后收押的，不违反。"""
    registered(town)
    town.takes("bail:decide", "甲")
    town.takes("bail:execute", "甲")
    town.clock.passes(days=3)
    town.admits("甲")
    town.clock.passes(hours=24, seconds=-1)
    assert status(town, "INV-33") == []
    town.clock.passes(seconds=1)
    assert status(town, "INV-33") == ["violated"]

    town.takes("criminal_detention:detain", "甲")
    assert status(town, "INV-33") == []


def test_bail_and_surveillance_do_not_stand_together(town: Any) -> None:
    """决定监视居住即解除取保候审；记录中仍然并存的，违反。"""
    registered(town)
    for step in ("bail:decide", "bail:execute", "residential_surveillance:decide"):
        town.takes(step, "甲")
    assert status(town, "INV-33") == []

    rows = [{**row, "moves": [move for move in row["moves"] if not move.get("ended")]} for row in town.rows]
    assert status(town, "INV-33", rows=rows) == ["violated"]


# INV-34 受案机关七日以内重新决定（取保候审规定第二十六条；最高法刑诉解释第一百六十二条）。


@pytest.mark.parametrize(("day", "expected"), [("2026-03-09", []), ("2026-03-10", ["overdue"])])
def test_bail_is_decided_anew_in_seven_days(town: Any, day: str, expected: list[str]) -> None:
    """三月二日受理，九日以前重新决定。"""
    registered(town)
    for step in ("bail:decide", "bail:execute"):
        town.takes(step, "甲")
    town.goes_to("prosecution", "甲")
    moves_to(town, day)

    assert status(town, "INV-34") == expected
    assert not town.findings("bail_redecision_on_transfer")


# INV-48 刑拘直诉在拘留期限以内办结；判决以后的羁押另有依据。


def goes_direct(town: Any) -> None:
    town.files("甲")
    town.detains("甲")
    for step in ("consent", "start"):
        town.takes(f"direct_prosecution:{step}", "甲")


@pytest.mark.parametrize(("seconds", "expected"), [(-1, ["open"]), (0, ["overdue"])])
def test_direct_prosecution_ends_with_the_detention(town: Any, seconds: int, expected: list[str]) -> None:
    """三十日以内没有判决也没有退出的，违反。"""
    goes_direct(town)
    town.clock.passes(hours=30 * 24, seconds=seconds)

    assert status(town, "INV-48") == expected


def test_direct_prosecution_is_thought_of_in_time(town: Any) -> None:
    """三十日用去七成，提示；届满三日以前，严重；到时自行再看；判决以后不再提示。"""
    goes_direct(town)
    since = datetime(2026, 3, 2, 16, tzinfo=UTC)
    seen = []
    for days in (21, 27):
        moment = since + timedelta(days=days)
        before = town.concludes(now=moment - timedelta(microseconds=1))
        assert before.look_at is not None
        assert before.look_at <= moment
        seen += [
            [(each.status, each.severity, each.due, each.id) for each in said.findings if each.kind == "INV-48"]
            for said in (before, town.concludes(now=moment))
        ]
    (name,) = {each[3] for found in seen for each in found}
    late = town.concludes(now=since + timedelta(days=31))

    assert seen == [
        [],
        [("open", "high", "2026-04-01", name)],
        [("open", "high", "2026-04-01", name)],
        [("open", "critical", "2026-04-01", name)],
    ]
    assert [(each.status, each.id) for each in late.findings if each.kind == "INV-48"] == [("overdue", name)]
    moves_to(town, "2026-03-28")
    town.takes("criminal_detention:request_arrest", "甲")
    assert status(town, "INV-48") == []


@pytest.mark.parametrize(("title", "expected"), [("", ["violated"]), ("appeal_pending", [])])
def test_after_the_judgment_custody_needs_its_own_title(town: Any, title: str, expected: list[str]) -> None:
    """判决以后仍凭拘留羁押的，违反；一日以内登记了新的依据的，不违反。"""
    goes_direct(town)
    for stage in ("prosecution", "court"):
        town.goes_to(stage, "甲")
    for step in ("prepare", "open_fast"):
        town.takes(f"first_trial:{step}", "甲")
    moves_to(town, "2026-03-12")
    town.takes("first_trial:judge_in_court", "甲")
    if title:
        town.holds_on("甲", title, "2026-03-12")
    town.clock.passes(hours=24)

    assert status(town, "INV-48") == expected


# INV-52 外国人的报告；人民代表大会代表的许可，政协委员的通报（程序规定第一百六十四条至第一百六十八条）。


@pytest.mark.parametrize(("hours", "expected"), [(48, []), (49, ["overdue"])])
def test_a_foreigner_is_reported_in_time(town: Any, hours: int, expected: list[str]) -> None:
    """四十八小时以内层报。"""
    registered(town, "foreigner")
    town.detains("甲")
    town.clock.passes(hours=hours, seconds=-1)

    assert status(town, "INV-52") == expected


@pytest.mark.parametrize(
    ("flag", "told", "expected"),
    [
        ("deputy", {"permitted_on": "2026-03-01"}, []),
        ("deputy", {"permitted_on": "2026-03-02"}, []),
        ("deputy", {"permitted_on": "2026-03-03"}, ["violated"]),
        ("deputy", {"caught_in_act": True}, []),
        ("deputy", {}, ["unknown"]),
        ("cppcc_member", {"informed_on": "2026-03-02"}, []),
        ("cppcc_member", {"informed_on": "2026-03-03"}, ["violated"]),
        ("cppcc_member", {"informed_on": "2026-03-03", "caught_in_act": True}, []),
        ("cppcc_member", {}, ["unknown"]),
        ("victim", {}, []),
    ],
)
def test_a_deputy_is_detained_with_leave(town: Any, flag: str, told: dict[str, Any], expected: list[str]) -> None:
    """对代表先经许可，现行犯除外；对政协委员先行通报，情况紧急的除外；没有写明的，不明。"""
    registered(town, flag)
    town.takes("criminal_detention:detain", "甲", facts=told)
    town.clock.passes(days=2)

    assert status(town, "INV-52") == expected
