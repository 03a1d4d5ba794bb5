"""Two editions of one law, over HTTP: the row says under which edition the act was, and cites its articles."""

from typing import Any

import pytest


async def filed(town: Any, day: str) -> Any:
    """An administrative case since that day."""
    case = await town.opens()
    await case.takes(town.officer, "case_intake:accept", occurred_at=day)
    await case.takes(town.head, "case_intake:to_admin", occurred_at=day)
    return case


def edition(row: dict[str, Any]) -> list[str]:
    """Under which editions the lines of a row go that have several."""
    return [move["edition"] for move in row["moves"] if "edition" in move]


@pytest.mark.parametrize(
    ("day", "named", "cited", "times"),
    [
        ("2025-12-20", "PS12", "治安管理处罚法（2012修正）第九十九条第一款", 1),
        ("2026-01-01", "PS25", "治安管理处罚法（2025修订）第一百一十八条第一款", 2),
    ],
)
async def test_a_case_goes_on_under_the_law_under_which_it_was_filed(
    town: Any, day: str, named: str, cited: str, times: int
) -> None:
    """跨年的治安案件：记录写明适用的版本和条号，旧法只能延长一次，新法二次。"""
    case = await filed(town, day)
    superior = town.clerk("pol", "superior_head")

    rows = [await case.takes(town.officer, "admin_case:investigate", occurred_at="2026-02-09")]
    rows += [await case.takes(superior, "admin_case:extend", occurred_at="2026-02-10") for _ in range(times)]
    assert [edition(row) for row in rows] == [[named]] * (times + 1)
    assert rows[-1]["law_ref"].startswith(cited)
    assert all(ref.startswith((named, "AP")) for row in rows for ref in row["basis"])

    again = await case.tries(superior, "admin_case:extend", occurred_at="2026-02-11")
    assert (again.status_code, again.json()["code"]) == (422, "CASE-013")
    assert again.json()["law_ref"].startswith(cited)


async def test_a_case_that_turns_criminal_is_filed_with_the_same_step(town: Any) -> None:
    """行转刑：行政案件转出，刑事立案一并完成；反过来也是。"""
    case = await filed(town, "2026-02-01")
    row = await case.takes(town.head, "admin_case:to_criminal")

    assert [(move["procedure"], move["to"]) for move in row["moves"]] == [
        ("admin_case", "to_criminal"),
        ("case_intake", "filed"),
    ]
    other = await filed(town, "2026-02-01")
    row = await other.takes(town.head, "case_intake:file_anew")
    assert [(move["procedure"], move["to"]) for move in row["moves"]] == [
        ("case_intake", "filed"),
        ("admin_case", "to_criminal"),
    ]


async def test_a_juvenile_who_keeps_the_conditions_is_not_charged(town: Any) -> None:
    """附条件不起诉：审查起诉和未成年人的程序同进同退，考验期满不起诉，申诉由此开始。"""
    head, chief = town.head, town.chief
    case = await town.opens("甲")
    await case.takes(head, "case_intake:accept", "case_intake:file")
    await case.takes(head, "juvenile:interrogate", "juvenile:investigate")
    await case.takes(head, "investigation_close:conclude", "investigation_close:transfer")
    await case.takes(chief, "investigation_close:accept", "prosecution_review:review")

    row = await case.takes(chief, "prosecution_review:defer_conditionally")
    assert [(move["procedure"], move["to"]) for move in row["moves"]] == [
        ("prosecution_review", "conditional"),
        ("juvenile", "conditional"),
    ]
    row = await case.takes(chief, "juvenile:not_charge_after_probation")
    assert {(move["procedure"], move["to"]) for move in row["moves"]} == {
        ("juvenile", "not_charged"),
        ("prosecution_review", "not_charged"),
        ("non_prosecution_remedy", "decided"),
    }
