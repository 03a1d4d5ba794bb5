"""羁押依据的届满之日：由法律算出，不由人填写。Worked by hand, from the text of each provision."""

from typing import Any

import pytest

from services.custody_transfer.domain.titles import title
from services.kernel.errors import Unfounded
from services.law import CODE
from services.law.holidays import CALENDAR

BODY = {"documents": [{"id": "doc_1", "kind": "detention_warrant"}], "organ": "pol-330106", "occurred_at": "2026-03-02"}


def made(limit: str, since: str | None = "2026-03-02", **more: Any) -> dict[str, Any]:
    """The title that a step's fact describes."""
    return title(CODE, {"limit": limit, **({"from": since} if since else {}), **more}, BODY)


def refused(given: Any) -> Unfounded:
    with pytest.raises(Unfounded) as problem:
        title(CODE, given, BODY)
    return problem.value


@pytest.mark.parametrize(
    ("limit", "since", "extensions", "end"),
    [
        # 拘留：三日，延长至七日，或者延长至三十日；起算之日不计（刑事诉讼法第九十一条、第一百零五条）
        ("detention_request_arrest", "2026-03-02", 0, "2026-03-05"),
        ("detention_request_arrest", "2026-03-02", 1, "2026-03-09"),
        ("detention_request_arrest", "2026-03-02", 2, "2026-04-01"),
        # 不因节假日延长：国庆节
        ("detention_request_arrest", "2026-09-28", 0, "2026-10-01"),
        # 审查逮捕：七日（第九十一条第三款）
        ("arrest_review_detained", "2026-03-02", 0, "2026-03-09"),
        ("arrest_review_detained", "2026-02-10", 0, "2026-02-17"),
        # 侦查羁押：二个月，依次延长一个月、二个月、二个月（第一百五十六、一百五十八、一百五十九条）
        ("investigation_custody", "2026-03-09", 0, "2026-05-09"),
        ("investigation_custody", "2026-03-09", 1, "2026-06-09"),
        ("investigation_custody", "2026-03-09", 2, "2026-08-09"),
        ("investigation_custody", "2026-03-09", 3, "2026-10-09"),
        # 没有相应日期的，为当月最后一日；延长自始合计，不逐次取整
        ("investigation_custody", "2025-12-31", 0, "2026-02-28"),
        ("investigation_custody", "2025-12-31", 1, "2026-03-31"),
        ("investigation_custody", "2026-02-28", 0, "2026-04-28"),
        # 一审：二个月，至迟三个月，批准再三个月（第二百零八条）；自月末起算的，至月末（解释第二百零二条）
        ("trial_ordinary", "2026-03-02", 0, "2026-05-02"),
        ("trial_ordinary", "2026-02-28", 0, "2026-04-30"),
        ("trial_ordinary", "2026-03-02", 1, "2026-06-02"),
        ("trial_ordinary", "2026-03-02", 2, "2026-09-02"),
        ("trial_ordinary", "2026-08-01", 0, "2026-10-01"),
        # 审查起诉：一个月，延长十五日（第一百七十二条）；在押的不顺延
        ("prosecution_review", "2026-09-02", 0, "2026-10-02"),
        ("prosecution_review", "2026-03-02", 1, "2026-04-17"),
        # 上诉期间：上诉期满（顺延）加三日移送、五日立案（R24）；后两段羁押，不顺延
        ("appeal_pending", "2026-03-02", 0, "2026-03-20"),
        ("appeal_pending", "2026-09-21", 0, "2026-10-16"),
    ],
)
def test_when_a_title_ends(limit: str, since: str, extensions: int, end: str) -> None:
    """羁押至何日届满。"""
    assert made(limit, since, extensions=extensions)["end"] == end


@pytest.mark.parametrize(
    ("months", "credit_days", "since", "end"),
    [
        # 自开始羁押之日起算，第一日计入（解释第二百零二条第二款）
        (36, 0, "2026-01-01", "2028-12-31"),
        (36, 0, "2026-03-02", "2029-03-01"),
        (6, 0, "2026-01-31", "2026-07-30"),
        (6, 0, "2025-08-31", "2026-02-27"),
        # 半个月以十五日计
        (6.5, 0, "2026-01-01", "2026-07-15"),
        # 羁押一日折抵刑期一日（刑法第四十四、四十七条）
        (6, 30, "2026-03-10", "2026-08-10"),
        (1, 60, "2026-03-10", "2026-02-08"),
    ],
)
def test_when_a_sentence_ends(months: float, credit_days: int, since: str, end: str) -> None:
    """刑期至何日届满。"""
    given = made("sentence", since, months=months, credit_days=credit_days)

    assert (given["end"], given["proof"]["rules"]) == (end, ["S1", "S2"])


@pytest.mark.parametrize("limit", ["sentence", "death_review"])
def test_titles_without_an_end(limit: str) -> None:
    """无期徒刑、死刑复核没有届满之日，以标记代替。"""
    given = made(limit)

    assert given["end"] is None
    assert given["proof"]["note"]


def test_a_day_of_detention_is_twenty_four_hours() -> None:
    """拘留以满二十四小时为一日：写明时刻的，届满也有时刻（公安机关适用刑事羁押期限规定第四条）。"""
    given = made("detention_request_arrest", "2026-03-02T22:30:00+08:00")

    assert (given["from"], given["end"]) == ("2026-03-02T14:30:00.000000Z", "2026-03-05")
    assert given["proof"]["strict"] == "2026-03-05T14:30:00.000000Z"


def test_a_title_proves_its_end() -> None:
    """以何期限、何版法律、何年历、何规则算出，一并保存。"""
    given = made("detention_request_arrest", extensions=2)

    assert given["proof"] == {
        "limit": "detention_request_arrest",
        "extensions": 2,
        "rules": ["R4", "R7a", "R8"],
        "calendar": CALENDAR.version,
        "edition": ["CPL-2018", "JY06-2006", "MPS-2020"],
        "provisional": False,
        "terms": {
            "duration": "P3D",
            "extensions": [{"mode": "add", "amount": "P4D"}, {"mode": "replace", "amount": "P30D"}],
            "roll": "never",
            "custody": "always",
            "month_end": "corresponding",
            "working_days": False,
        },
    }
    assert (given["documents"], given["organ"]) == (["doc_1"], "pol-330106")


def test_a_title_begins_when_the_act_was_done() -> None:
    """没有写明起算之日的，自办理之日起算。"""
    assert made("detention_request_arrest", None)["from"] == "2026-03-02"


@pytest.mark.parametrize(
    "limit",
    [
        "forever",
        "filing_review_criminal",
        "handover_certificate_by_transferor",
        "non_approval_release",
        "release_on_acquittal",
        "",
    ],
)
def test_nobody_is_held_on_what_is_no_limit_to_hold(limit: str) -> None:
    """没有这种羁押期限的，说明有哪些；应当释放的期限，不是羁押的期限。"""
    problem = refused({"limit": limit, "from": "2026-03-02"})

    (error,) = problem.errors
    assert (error["pointer"], error["code"]) == ("/facts/title/limit", "no_such_title")
    possible = error["params"]["any_of"]
    assert {"detention_request_arrest", "investigation_custody", "sentence", "appeal_pending"} <= set(possible)
    assert not [name for name in possible if "release" in name]
    for name in possible:
        assert made(name)["kind"] == name


@pytest.mark.parametrize(("limit", "extensions"), [("arrest_review_detained", 1), ("investigation_custody", 4)])
def test_no_more_extensions_than_the_law_has(limit: str, extensions: int) -> None:
    """法律没有的延长，不予登记。"""
    assert (
        refused({"limit": limit, "from": "2026-03-02", "extensions": extensions}).errors[0]["code"]
        == "no_such_extension"
    )


@pytest.mark.parametrize(
    "given",
    [
        None,
        [],
        "detention_request_arrest",
        {},
        {"limit": 7},
        {"limit": ["sentence"]},
        {"limit": "sentence", "from": "2026-02-30"},
        {"limit": "sentence", "from": "2026-03-02T10:00:00"},
        {"limit": "sentence", "from": 20260302},
        {"limit": "sentence", "months": "six"},
        {"limit": "sentence", "months": -1},
        {"limit": "sentence", "months": 0},
        {"limit": "sentence", "months": 1e300},
        {"limit": "sentence", "months": 600, "from": "9990-01-01"},
        {"limit": "sentence", "months": 6, "credit_days": 1.5},
        {"limit": "sentence", "months": 6, "credit_days": -1},
        {"limit": "sentence", "months": 6, "credit_days": 20000, "from": "0001-12-31"},
        {"limit": "detention_request_arrest", "extensions": "two"},
        {"limit": "detention_request_arrest", "extensions": True},
        {"limit": "detention_request_arrest", "extensions": -1},
        {"limit": "detention_request_arrest", "from": "9999-12-31"},
        {"limit": "appeal_pending", "from": "9999-12-31"},
        {"limit": "investigation_custody", "from": "0001-01-01T00:00:00+08:00"},
    ],
    ids=str,
)
def test_what_is_no_title(given: Any) -> None:
    """不成样子的羁押依据，不予登记，也不使系统出错。"""
    assert refused(given).errors[0]["pointer"].startswith("/facts/title")
