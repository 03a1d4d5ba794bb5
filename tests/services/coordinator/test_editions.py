"""Clocks under two editions of one law: a case goes on under the one it began under, an act under that of its day."""

from datetime import UTC, datetime
from typing import Any

import pytest

OLD, NEW = "public_security_case_pre2026", "public_security_case"


def it_is(town: Any, *moment: int) -> None:
    """Turn the clock to an hour (UTC) of a day."""
    town.clock.passes(seconds=(datetime(*moment, tzinfo=UTC) - town.clock.now()).total_seconds())


def owed(town: Any, *limits: str) -> dict[str, list[tuple[str, str]]]:
    """Every time that these duties arose in the case: status and due, by limit."""
    found: dict[str, list[tuple[str, str]]] = {limit: [] for limit in limits}
    for duty in town.concludes().duties:
        if duty.limit in found:
            found[duty.limit].append((duty.status, duty.due))
    return found


def filed(town: Any, day: str) -> None:
    """An administrative case since that day."""
    town.takes("case_intake:accept", on=day)
    town.takes("case_intake:to_admin", on=day)
    town.takes("admin_case:investigate", on=day)


# 2025年12月20日起三十日，末日2026年1月19日；延长三十日，至2月18日（春节放假至2月23日，顺延至24日）。
# 2026年1月1日起三十日，末日1月31日为星期六，顺延至2月2日；延长三十日，至3月2日；再延长三十日，至4月1日。


@pytest.mark.parametrize(
    ("day", "runs", "other", "ends"),
    [
        ("2025-12-20", OLD, NEW, ["2026-01-19", "2026-02-24"]),
        ("2026-01-01", NEW, OLD, ["2026-02-02", "2026-03-02", "2026-04-01"]),
    ],
)
def test_the_term_of_a_case_is_that_of_the_law_under_which_it_was_filed(
    town: Any, day: str, runs: str, other: str, ends: list[str]
) -> None:
    """旧法延长一次，新法延长二次；跨年的案件办理到底仍适用旧法。"""
    filed(town, day)
    last_days = [owed(town, runs)[runs][0][1]]
    for granted in ("2026-01-15", "2026-02-16")[: len(ends) - 1]:
        town.takes("admin_case:extend", on=granted)
        last_days.append(owed(town, runs)[runs][0][1])

    assert last_days == ends
    assert owed(town, other) == {other: []}


def test_a_decision_in_time_under_the_older_law(town: Any) -> None:
    """延长以后在期限以内处罚的，没有逾期；同样的日子不延长，即为逾期。"""
    filed(town, "2025-12-20")
    town.takes("admin_case:extend", on="2026-01-15")
    town.takes("admin_case:notify", on="2026-02-10")
    town.takes("admin_case:decide", on="2026-02-12")

    assert owed(town, OLD) == {OLD: [("met", "2026-02-24")]}
    without = [row for row in town.rows if row["type"] != "admin_case:extend"]
    assert [(each.kind, each.status) for each in town.concludes(rows=without).findings if each.kind == OLD] == [
        (OLD, "late")
    ]


@pytest.mark.parametrize(
    ("day", "last"), [("2025-12-20", "2026-01-19"), ("2026-01-05", "2026-02-13")], ids=["2012", "2025"]
)
def test_the_hearing_is_excluded_since_2026(town: Any, day: str, last: str) -> None:
    """听证的时间，新法不计入，旧法计入。"""
    filed(town, day)
    for step, on in (
        ("notify", "2026-01-06"),
        ("request_hearing", "2026-01-07"),
        ("accept_hearing", "2026-01-08"),
        ("hear", "2026-01-17"),
    ):
        town.takes(f"admin_case:{step}", on=on)

    (found,) = (due for term in owed(town, OLD, NEW).values() for _, due in term)
    assert found == last


@pytest.mark.parametrize(
    ("arrived", "granted", "due"),
    [
        ((2025, 12, 31, 4), None, "2025-12-31T20:00+08:00"),
        ((2025, 12, 31, 4), 1, "2026-01-01T12:00+08:00"),
        ((2026, 1, 1, 4), None, "2026-01-01T20:00+08:00"),
        ((2026, 1, 1, 4), 1, "2026-01-02T00:00+08:00"),
        ((2026, 1, 1, 4), 2, "2026-01-02T12:00+08:00"),
    ],
)
def test_the_inquiry_has_three_lengths_since_2026(
    town: Any, arrived: tuple[int, ...], granted: int | None, due: str
) -> None:
    """旧法八小时、二十四小时；新法八小时、十二小时、二十四小时。"""
    begun = datetime(*arrived, tzinfo=UTC).isoformat()
    town.takes("case_intake:accept", on=begun)
    town.takes("case_intake:to_admin", on=begun)
    town.takes("admin_case:summon", on=begun)
    if granted is not None:
        later = datetime(arrived[0], arrived[1], arrived[2], arrived[3] + 2, tzinfo=UTC).isoformat()
        town.takes("admin_case:extend_inquiry", on=later, facts={"extension": granted})

    (found,) = (each for term in owed(town, "admin_inquiry", "admin_inquiry_pre2026").values() for each in term)
    assert found[1] == due


def delivered(town: Any, *, on: str) -> None:
    """Sentenced, and delivered to prison on that day."""
    it_is(town, 2026, 11, 20, 1)
    town.files("甲")
    town.detains("甲")
    for stage in ("arrest", "prosecution", "court"):
        town.goes_to(stage, "甲")
    town.takes("first_trial:prepare", "甲")
    town.takes("first_trial:open_ordinary", "甲")
    town.takes("first_trial:deliberate", "甲")
    town.takes("first_trial:pronounce", "甲", facts={"sentence": {"type": "fixed_term", "years": 3}})
    town.takes("second_trial:become_final", "甲")
    town.takes("execution:serve", "甲", on=on)
    town.takes("execution:await_delivery", "甲", on=on)
    town.takes("execution:deliver", "甲", on=on)


# 五日和五个工作日：2026年10月30日（星期五）起五日，至11月4日；11月2日（星期一）起五个工作日，至11月9日。


@pytest.mark.parametrize(
    ("day", "edition", "expected"),
    [
        ("2026-10-30", "PL12", {"prison_family_notice": [], "prison_family_notice_pre2026": ["2026-11-04"]}),
        ("2026-11-02", "PL26", {"prison_family_notice": ["2026-11-09"], "prison_family_notice_pre2026": []}),
    ],
)
def test_an_act_goes_by_the_prison_law_of_its_day(
    town: Any, day: str, edition: str, expected: dict[str, list[str]]
) -> None:
    """同一罪犯的执行，2026年11月1日以前的行为适用旧监狱法，以后的适用新监狱法。"""
    delivered(town, on=day)

    assert [move["edition"] for move in town.rows[-1]["moves"] if move["procedure"] == "execution"] == [edition]
    found = owed(town, *expected)
    assert {limit: [due for _, due in duties] for limit, duties in found.items()} == expected
