"""From the defence to the end of a sentence: each invariant broken, and come near without breaking it."""

from datetime import UTC, datetime
from typing import Any

import pytest

POLICE, PROCURATORATE, COURT = "pol-330106", "proc-330106", "court-330106"
PARTY = "party-330106"


def status(town: Any, kind: str, label: str = "甲", **given: Any) -> list[str]:
    """How an invariant stands with one person, as often as it was found."""
    return [found for _, found, who in town.findings(kind, **given) if who == label]


def detained(town: Any, *labels: str, flags: tuple[str, ...] = ()) -> None:
    """Filed and detained on the second of March."""
    town.files()
    for label in labels:
        row = town.takes("case_record:add_person", facts={"label": label, "flags": [*flags]})
        town.persons[label] = next(iter(row["created"]))
    town.detains(*labels)


def before_the_court(town: Any, *labels: str, flags: tuple[str, ...] = ()) -> None:
    """All of it on the second of March: where time passes, the tests say so."""
    detained(town, *labels, flags=flags)
    for stage in ("arrest", "prosecution", "court"):
        town.goes_to(stage, *labels)
    town.takes("first_trial:prepare", *labels)


def judged(town: Any, *labels: str, **sentence: Any) -> None:
    """Judged in one judgment and served on the same day."""
    before_the_court(town, *labels)
    for step in ("open_ordinary", "deliberate"):
        town.takes(f"first_trial:{step}", *labels)
    town.takes("first_trial:pronounce", *labels, facts={"sentence": sentence} if sentence else {})
    town.takes("first_trial:serve_judgment", *labels)


def moves_to(town: Any, day: str) -> None:
    there = datetime.fromisoformat(f"{day}T01:00").replace(tzinfo=UTC)
    town.clock.passes(seconds=(there - town.clock.now()).total_seconds())


TERM = {"type": "fixed_term", "months": 36}


# INV-10 应当有辩护人的，没有辩护人不进行下一阶段的行为（刑事诉讼法第三十五条、第二百七十八条）。


@pytest.mark.parametrize("defended", ["", "legal_aid:retain", "legal_aid:assign", "legal_aid:refuse"])
def test_a_trial_without_the_defender_who_must_be_there(town: Any, defended: str) -> None:
    """未成年人没有辩护人而起诉、开庭，违反，只发现一次；委托或者指派了的，不违反；拒绝了指派的律师，又没有了。"""
    detained(town, "甲", flags=("minor",))
    road = {
        "legal_aid:retain": ("retain",),
        "legal_aid:assign": ("find_mandatory", "notify", "assign"),
        "legal_aid:refuse": ("find_mandatory", "notify", "assign", "refuse"),
    }
    for step in road.get(defended, ()):
        town.takes(f"legal_aid:{step}", "甲")
    for stage in ("arrest", "prosecution", "court"):
        town.goes_to(stage, "甲")
    town.takes("first_trial:prepare", "甲")
    town.takes("first_trial:open_ordinary", "甲")

    assert status(town, "INV-10") == (["violated"] if defended in {"", "legal_aid:refuse"} else [])


def test_nobody_sends_for_a_lawyer(town: Any) -> None:
    """发现情形后三日以内没有通知，逾期；没有人记录应当通知的情形，三日又一日以后，不明。"""
    detained(town, "甲", flags=("minor",))
    moves_to(town, "2026-03-05")
    assert status(town, "INV-10") == []
    moves_to(town, "2026-03-06")
    assert status(town, "INV-10") == ["unknown"]

    town.takes("legal_aid:find_mandatory", "甲")
    assert status(town, "INV-10") == []
    moves_to(town, "2026-03-12")
    assert status(town, "INV-10") == ["overdue"]


# INV-11 不适用速裁程序、简易程序、快速办理的（刑事诉讼法第二百一十五条、第二百二十三条）。


@pytest.mark.parametrize(
    ("step", "flags", "said", "expected"),
    [
        ("first_trial:open_fast", ("minor",), True, ["violated"]),
        ("first_trial:open_simplified", ("minor",), True, []),
        ("first_trial:open_simplified", ("disabled",), True, ["violated"]),
        ("first_trial:open_simplified", (), False, ["violated"]),
        ("first_trial:open_fast", (), None, ["unknown"]),
        ("first_trial:open_fast", (), True, []),
    ],
)
def test_who_is_not_tried_fast(
    town: Any, step: str, flags: tuple[str, ...], said: bool | None, expected: list[str]
) -> None:
    """未成年人不适用速裁程序而可以适用简易程序；盲、聋、哑人都不适用；有无其他情形没有写明的，不明。"""
    before_the_court(town, "甲", flags=flags)
    town.takes(step, "甲", facts={"no_exclusion": said})
    town.clock.passes(days=2)

    assert status(town, "INV-11") == expected


@pytest.mark.parametrize(("flags", "expected"), [(["minor"], ["violated"]), ([], [])])
def test_a_minor_is_not_handled_fast(town: Any, flags: list[str], expected: list[str]) -> None:
    """行政案件的快速办理不适用于未成年人（公安机关办理行政案件程序规定第四十一条）。"""
    town.takes("case_record:add_person", facts={"label": "甲", "flags": flags})
    town.takes("case_intake:accept")
    town.takes("case_intake:to_admin")
    town.takes("admin_case:summon")
    town.takes("admin_case:handle_fast", facts={"no_exclusion": True})

    assert [found for _, found, _ in town.findings("INV-11")] == expected


# INV-35 刑期的计算；上诉期间羁押不超过第一审判处的刑期（刑法第四十七条；最高法刑诉解释第一百七十条、第二百零二条）。


@pytest.mark.parametrize(
    ("since", "credit", "expected"),
    [("2026-03-02", 0, []), ("2026-05-01", 60, []), ("2026-05-01", 0, ["violated"]), ("2026-03-03", 0, ["violated"])],
    ids=["from the first day", "as many days credited", "no credit", "a day too long"],
)
def test_a_sentence_begins_with_the_custody(town: Any, since: str, credit: int, expected: list[str]) -> None:
    """羁押没有间断的，刑期自羁押之日起算；少算折抵的，多关一日也是违反。"""
    judged(town, "甲", type="fixed_term", months=6)
    moves_to(town, "2026-05-01")
    town.holds_on("甲", "sentence", since, months=6, credit_days=credit)

    assert status(town, "INV-35") == expected


def test_a_judgment_that_says_nothing_can_be_checked_by_nobody(town: Any) -> None:
    """在押而判决没有写明刑罚的，不明。"""
    judged(town, "甲")
    town.clock.passes(hours=24, seconds=-1)
    assert status(town, "INV-35") == []
    town.clock.passes(seconds=1)
    assert status(town, "INV-35") == ["unknown"]


@pytest.mark.parametrize(("day", "expected"), [("2026-05-01", []), ("2026-05-02", ["overdue"])])
def test_nobody_is_held_longer_than_the_first_judgment_says(town: Any, day: str, expected: list[str]) -> None:
    """拘役二个月，自拘留之日至五月一日；上诉期间到期仍在押，违反。"""
    judged(town, "甲", type="criminal_detention", months=2)
    town.takes("second_trial:appeal", "甲", by=PARTY)
    moves_to(town, day)

    assert status(town, "INV-35") == expected
    moves_to(town, "2026-05-03")
    town.takes("custody_handover:release", "甲")
    assert status(town, "INV-35") == []


# INV-36 上诉不加刑（刑事诉讼法第二百三十七条）。


@pytest.mark.parametrize(
    ("changed", "protested", "expected"),
    [
        ({"type": "fixed_term", "months": 48}, False, ["violated"]),
        ({"type": "fixed_term", "months": 48}, True, []),
        ({"type": "fixed_term", "months": 36}, False, []),
        ({"type": "fixed_term", "years": 3}, False, []),
        ({"type": "fixed_term", "months": 36, "fine": 1000}, False, ["violated"]),
        ({"type": "life"}, False, ["violated"]),
        ({"type": "criminal_detention", "months": 6}, False, []),
        ({}, False, ["unknown"]),
    ],
)
def test_an_appeal_does_not_make_it_worse(
    town: Any, changed: dict[str, Any], protested: bool, expected: list[str]
) -> None:
    """只有被告人上诉的，不得加重；人民检察院抗诉的不受限制；没有写明的，不明。"""
    judged(town, "甲", **TERM)
    town.takes("second_trial:appeal", "甲", by=PARTY)
    if protested:
        town.takes("second_trial:protest", "甲", by=PROCURATORATE)
    for step in ("transfer", "accept"):
        town.takes(f"second_trial:{step}", "甲")
    town.takes("second_trial:change", "甲", facts={"sentence": changed} if changed else {})
    town.clock.passes(days=2)

    assert status(town, "INV-36") == expected


def test_a_suspended_sentence_stays_suspended(town: Any) -> None:
    """缓刑不得撤销，刑期缩短了也不行。"""
    judged(town, "甲", **TERM, suspended=True)
    town.takes("second_trial:appeal", "甲", by=PARTY)
    for step in ("transfer", "accept"):
        town.takes(f"second_trial:{step}", "甲")
    town.takes("second_trial:change", "甲", facts={"sentence": {"type": "fixed_term", "months": 12}})

    assert status(town, "INV-36") == ["violated"]


# INV-37 全部受送达人的期限届满，判决才生效（刑事诉讼法第二百三十条、第二百五十九条）。


@pytest.mark.parametrize(("day", "expected"), [("2026-03-12", ["violated"]), ("2026-03-13", [])])
def test_a_judgment_takes_effect_after_the_last_day_to_appeal(town: Any, day: str, expected: list[str]) -> None:
    """三月二日接到判决书，十二日届满：当日不生效，次日生效。"""
    judged(town, "甲", **TERM)
    moves_to(town, day)
    town.takes("second_trial:become_final", "甲")

    assert status(town, "INV-37") == expected


@pytest.mark.parametrize("through", [True, False])
def test_one_judgment_takes_effect_for_all(town: Any, through: bool) -> None:
    """同一判决的另一人上诉的，对没有上诉的人也不生效；终审以后才生效。"""
    judged(town, "甲", "乙", **TERM)
    town.takes("second_trial:appeal", "乙", by=PARTY)
    for step in ("transfer", "accept", *(("uphold",) if through else ())):
        town.takes(f"second_trial:{step}", "乙")
    moves_to(town, "2026-03-20")
    town.takes("second_trial:become_final", "甲")

    assert status(town, "INV-37") == ([] if through else ["violated"])


def test_who_was_never_served_may_still_appeal(town: Any) -> None:
    """没有送达的登记，期限何时届满不明。"""
    before_the_court(town, "甲")
    for step in ("open_ordinary", "deliberate", "pronounce"):
        town.takes(f"first_trial:{step}", "甲")
    moves_to(town, "2026-03-20")
    town.takes("second_trial:become_final", "甲")
    town.clock.passes(days=2)

    assert status(town, "INV-37") == ["unknown"]


# INV-38 交付执行（刑事诉讼法第二百六十四条）。


@pytest.mark.parametrize(("day", "expected"), [("2026-03-23", []), ("2026-03-24", ["overdue"])])
def test_the_papers_of_execution_go_in_ten_days(town: Any, day: str, expected: list[str]) -> None:
    """生效后十日以内送达执行文书。"""
    judged(town, "甲", **TERM)
    moves_to(town, "2026-03-13")
    town.takes("second_trial:become_final", "甲")
    moves_to(town, day)

    assert status(town, "INV-38") == expected
    assert not town.findings("execution_documents_service")


@pytest.mark.parametrize(
    ("kind", "months", "expected"),
    [
        ("fixed_term", 4, ["violated"]),
        ("fixed_term", 3, []),
        ("criminal_detention", 5, []),
        ("fixed_term", None, ["unknown"]),
    ],
)
def test_who_has_more_than_three_months_left_does_not_stay(
    town: Any, kind: str, months: int | None, expected: list[str]
) -> None:
    """剩余刑期三个月以下的由看守所代为执行；拘役不论长短；没有登记刑期的，不明。"""
    judged(town, "甲", type=kind, months=12)
    moves_to(town, "2026-03-13")
    for step in ("second_trial:become_final", "execution:serve"):
        town.takes(step, "甲")
    if months is not None:
        town.holds_on("甲", "sentence", "2026-03-13", months=months)
    town.takes("execution:stay", "甲")
    town.clock.passes(days=2)

    assert status(town, "INV-38") == expected


@pytest.mark.parametrize(("months", "expected"), [(4, ["overdue"]), (3, [])])
def test_who_is_to_go_to_prison_goes_within_a_month(town: Any, months: int, expected: list[str]) -> None:
    """一个月以内送交监狱；剩余刑期三个月以下的由看守所代为执行，没有送交监狱的义务。"""
    judged(town, "甲", type="fixed_term", months=12)
    moves_to(town, "2026-03-13")
    for step in ("second_trial:become_final", "execution:serve"):
        town.takes(step, "甲")
    town.holds_on("甲", "sentence", "2026-03-13", months=months)
    moves_to(town, "2026-04-14")

    assert status(town, "INV-38") == expected
    # How much is left is known from the log of custody alone: as long as that is unread, nothing is overdue.
    unread = {
        "read": dict.fromkeys(("case_flow", "evidence"), town.clock.now()),
        "rows": [row for row in town.rows if row["service"] != "custody_transfer"],
    }
    assert {found for _, found, _ in town.findings("INV-38", **unread)} == {"unknown"}


# INV-41 认罪认罚具结书（刑事诉讼法第一百七十三条、第一百七十四条）。


def pleads(town: Any, step: str = "sign", flags: tuple[str, ...] = (), **told: Any) -> None:
    """A plea in review, with the opinions heard."""
    detained(town, "甲", flags=flags)
    town.goes_to("arrest", "甲")
    town.goes_to("prosecution", "甲")
    for name in ("plead_in_review", "hear_opinions"):
        town.takes(f"plea_leniency:{name}", "甲")
    town.takes(f"plea_leniency:{step}", "甲", facts=told)
    town.clock.passes(days=2)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"signed": True, "lawyer_signed": True, "lawyers": ["律师一"]}, []),
        ({"signed": True, "lawyer_signed": False, "lawyers": ["律师一"]}, ["violated"]),
        ({"signed": True, "lawyers": ["律师一"]}, ["unknown"]),
        ({}, ["unknown"]),
    ],
)
def test_a_plea_is_signed_with_a_lawyer(town: Any, told: dict[str, Any], expected: list[str]) -> None:
    """本人和辩护人或者值班律师签名；没有写明的，不明。"""
    pleads(town, **told)

    assert status(town, "INV-41") == expected


def test_a_plea_before_the_opinions_were_heard(town: Any) -> None:
    """记录中没有听取意见的，违反。"""
    pleads(town, signed=True, lawyer_signed=True, lawyers=["律师一"])
    rows = [row for row in town.rows if row["type"] != "plea_leniency:hear_opinions"]

    assert status(town, "INV-41", rows=rows) == ["violated"]


@pytest.mark.parametrize(
    ("ground", "flags", "expected"),
    [
        ("disabled", (), []),
        ("minor_objection", ("minor",), []),
        ("minor_objection", (), ["violated"]),
        ("he_was_in_a_hurry", (), ["violated"]),
        (None, (), ["unknown"]),
    ],
)
def test_no_statement_is_needed_on_a_ground_of_the_law(
    town: Any, ground: str | None, flags: tuple[str, ...], expected: list[str]
) -> None:
    """不需要签署具结书的，须有法定的情形。"""
    pleads(town, "waive_statement", flags, unsigned_ground=ground)

    assert status(town, "INV-41") == expected


# INV-42 一名辩护律师不为同案二人辩护（程序规定第四十三条第二款；最高法刑诉解释第四十三条第二款）。


@pytest.mark.parametrize(
    ("lawyers", "kin", "expected"),
    [
        (("律师一", "律师一"), False, ["violated"]),
        (("律师一", "律师二"), False, []),
        (("律师一", "律师二"), True, ["violated", "violated"]),
        (("律师一", "律师二"), None, ["unknown", "unknown"]),
    ],
)
def test_a_lawyer_defends_one(town: Any, lawyers: tuple[str, str], kin: bool | None, expected: list[str]) -> None:
    """同案二人的辩护人不得是同一人，也不得是办案人员的近亲属；没有写明的，不明。"""
    town.files("甲", "乙")
    for label, lawyer in zip("甲乙", lawyers, strict=True):
        town.takes("legal_aid:retain", label, facts={"lawyers": [lawyer], "lawyer_is_kin": kin})
    town.clock.passes(days=2)

    assert [found for _, found, _ in town.findings("INV-42")] == expected


def test_a_lawyer_who_was_refused_may_defend_another(town: Any) -> None:
    """先前的委托已经结束的，不违反。"""
    town.files("甲", "乙")
    told = {"lawyers": ["律师一"], "lawyer_is_kin": False}
    for step in ("find_mandatory", "notify"):
        town.takes(f"legal_aid:{step}", "甲")
    town.takes("legal_aid:assign", "甲", facts=told)
    town.takes("legal_aid:refuse", "甲")
    town.takes("legal_aid:retain", "乙", facts=told)

    assert town.findings("INV-42") == []
