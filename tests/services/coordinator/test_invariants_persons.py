"""What is done with somebody who is held: interrogations, searches, cells, and what must be told. Each invariant broken and come near."""

from typing import Any

import pytest

POLICE, PROCURATORATE, COURT = "pol-330106", "proc-330106", "court-330106"
#: An interrogation as the law wants it: in the centre, by two, with the rights told.
RECORD = {
    "started_at": "2026-03-04T09:00:00+08:00",
    "ended_at": "2026-03-04T11:00:00+08:00",
    "place": "看守所第三讯问室",
    "officers": ["警员一", "警员二"],
    "rights_told": True,
    "signed": True,
}


def detained(town: Any, *labels: str, flags: tuple[str, ...] = ()) -> None:
    """Filed and detained on the second of March, and two days have passed."""
    town.files()
    for label in labels:
        row = town.takes("case_record:add_person", facts={"label": label, "flags": [*flags]})
        town.persons[label] = next(iter(row["created"]))
    town.detains(*labels)
    town.clock.passes(days=2)


def asks(town: Any, label: str = "甲", **more: Any) -> dict[str, Any]:
    """An interrogation; what is None is left out."""
    told = {name: value for name, value in {**RECORD, **more}.items() if value is not None}
    row: dict[str, Any] = town.takes("interrogation:interrogate", label, facts=told)
    return row


def passes_are_issued(town: Any, until: str = "2026-04-02") -> None:
    town.takes("interrogation_pass:issue", "甲", facts={"valid_from": "2026-03-02", "valid_until": until})


def status(town: Any, kind: str, label: str = "甲", **given: Any) -> list[str]:
    """How an invariant stands with one person, as often as it was found."""
    return [found for _, found, who in town.findings(kind, **given) if who == label]


# INV-08 送看守所羁押以后，讯问在看守所内进行，并凭提讯提解证（刑事诉讼法第一百一十八条第二款）。


@pytest.mark.parametrize(
    ("place", "until", "expected"),
    [
        ("看守所第三讯问室", "2026-03-04", []),
        ("dc-330106", "2026-04-02", []),
        ("执法办案中心讯问室", "2026-04-02", ["violated"]),
        ("看守所第三讯问室", "2026-03-03", ["violated"]),
        ("执法办案中心讯问室", "2026-03-03", ["violated"]),
    ],
    ids=["last day of the pass", "named by its id", "outside", "the day after the pass", "both, told once"],
)
def test_who_is_held_is_interrogated_in_the_centre(town: Any, place: str, until: str, expected: list[str]) -> None:
    """在看守所以外，或者没有有效的提讯提解证，都是违反。"""
    detained(town, "甲")
    passes_are_issued(town, until)
    asks(town, place=place)
    town.clock.passes(days=2)

    assert status(town, "INV-08") == expected


def test_before_the_centre_an_interrogation_is_elsewhere(town: Any) -> None:
    """送看守所以前的讯问不在看守所；尚未读到看守所的记录，不作认定。"""
    detained(town, "甲")
    asks(town, place="执法办案中心讯问室", started_at="2026-03-02T08:30:00+08:00")
    town.clock.passes(days=2)
    assert status(town, "INV-08") == []

    asks(town, place="执法办案中心讯问室")
    before = town.clock.now()
    town.clock.passes(days=2)
    now = town.clock.now()
    assert status(town, "INV-08", read={"case_flow": now, "evidence": now, "custody_transfer": before}) == []
    assert status(town, "INV-08") == ["violated"]


def test_the_pass_of_the_organ_before_does_not_serve_the_next(town: Any) -> None:
    """换押以后，原提讯提解证失效；其机关凭它讯问的，违反。"""
    detained(town, "甲")
    passes_are_issued(town)
    town.hands_over("甲", PROCURATORATE)
    town.clock.passes(days=1)
    asks(town, started_at="2026-03-05T09:00:00+08:00")
    town.clock.passes(days=2)

    assert status(town, "INV-08") == ["violated"]


def test_an_interrogation_that_was_only_noted_proves_nothing(town: Any) -> None:
    """只登记了已经讯问，没有讯问的登记：不明，由登记的机关补充；补了登记，即可认定。"""
    detained(town, "甲")
    passes_are_issued(town)
    town.takes("legal_record:note_event", "甲", by=POLICE, facts={"event": "first_interrogation"})
    town.clock.passes(days=2)
    assert (status(town, "INV-08"), status(town, "INV-30")) == (["unknown"], ["unknown"])

    asks(town)
    town.clock.passes(days=2)
    assert (status(town, "INV-08"), status(town, "INV-30")) == ([], [])


# INV-09 讯问未成年人，有法定代理人或者合适成年人到场（刑事诉讼法第二百八十一条）。


@pytest.mark.parametrize(
    ("flags", "told", "expected"),
    [
        (("minor",), {}, ["violated"]),
        (("minor",), {"adults_present": ["母亲"], "signed": False}, ["violated"]),
        (("minor",), {"adults_present": ["母亲"], "signed": None}, ["unknown"]),
        (("minor",), {"adults_present": ["母亲"]}, []),
        (("minor", "female"), {"adults_present": ["母亲"]}, ["unknown"]),
        (("minor", "female"), {"adults_present": ["母亲"], "woman_officer_present": False}, ["violated"]),
        (("minor", "female"), {"adults_present": ["母亲"], "woman_officer_present": True}, []),
        (("female",), {}, []),
    ],
)
def test_a_minor_is_not_interrogated_alone(
    town: Any, flags: tuple[str, ...], told: dict[str, Any], expected: list[str]
) -> None:
    """没有成年人到场、没有签名、女性未成年人没有女工作人员在场，都是违反；没有写明的不明。"""
    detained(town, "甲", flags=flags)
    asks(town, **told)
    town.clock.passes(days=2)

    assert status(town, "INV-09") == expected


def test_a_birthday_makes_an_adult(town: Any) -> None:
    """看守所登记了出生日期的，以其为准：十八周岁生日当天不再是未成年人。"""
    town.files("甲", "乙")
    for label, born in (("甲", "2008-03-04"), ("乙", "2008-03-05")):
        town.takes("criminal_detention:detain", label)
        facts = {"person_id": town.persons[label], "holder": POLICE, "title": {"limit": "detention_request_arrest"}}
        row = town.takes("custody_admission:admit", facts={**facts, "born_on": born})
        town.custodies[label] = next(iter(row["created"]))
    town.clock.passes(days=2)
    asks(town, "甲")
    asks(town, "乙")

    assert town.findings("INV-09") == [("INV-09", "violated", "乙")]


def test_a_paper_that_calls_an_adult_does_not_show_who_came(town: Any) -> None:
    """旧的步骤只有到场通知书，谁到场不明；补充登记以后，相符。"""
    detained(town, "甲", flags=("minor",))
    row = town.takes("juvenile:interrogate", "甲")
    town.clock.passes(days=2)
    assert status(town, "INV-09") == ["unknown"]

    told = {"of": row["id"], "adults_present": ["父亲"], "signed": True}
    town.takes("legal_record:supplement", by=PROCURATORATE, facts=told)
    assert status(town, "INV-09") == ["unknown"], "only who took the step can say how it was"
    town.takes("legal_record:supplement", by=POLICE, facts=told)
    assert status(town, "INV-09") == []


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"minor": True}, "violated"),
        ({}, "unknown"),
        ({"minor": False}, ""),
        ({"minor": True, "adults_present": ["母"]}, ""),
    ],
)
def test_a_minor_witness_is_not_asked_alone(town: Any, told: dict[str, Any], expected: str) -> None:
    """询问未成年被害人、证人相同；是否未成年没有写明的，不明。"""
    town.files("甲")
    there = {name: RECORD[name] for name in ("started_at", "ended_at", "place", "officers", "signed")}
    town.takes("inquiry:inquire", by=POLICE, facts={**there, "label": "证人丙", "capacity": "证人", **told})
    town.clock.passes(days=2)

    assert [found for _, found, _ in town.findings("INV-09")] == ([expected] if expected else [])


# INV-23 二人以上；搜查、查封、扣押有见证人（刑事诉讼法第一百一十八条、第一百三十九条、第一百四十二条）。


@pytest.mark.parametrize(
    ("officers", "expected"), [(["警员一"], ["violated"]), (["警员一", "警员一"], ["violated"]), (["一", "二"], [])]
)
def test_one_officer_does_not_interrogate(town: Any, officers: list[str], expected: list[str]) -> None:
    """一人两次列名，仍是一人。"""
    detained(town, "甲")
    asks(town, officers=officers)

    assert status(town, "INV-23") == expected


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"witnesses": ["邻居"]}, []),
        ({"witnesses": ["无：深夜无人"]}, ["violated"]),
        ({"witnesses": ["无：深夜无人"], "recorded": True}, []),
        ({"witnesses": ["无：深夜无人"], "searched_present": True}, []),
    ],
)
def test_a_search_is_witnessed(town: Any, told: dict[str, Any], expected: list[str]) -> None:
    """没有见证人、被搜查人及其家属也不在场，又没有录音录像的，违反。"""
    town.files("甲")
    there = {name: RECORD[name] for name in ("started_at", "ended_at", "place", "officers")}
    town.takes("search_and_seizure:search", by=POLICE, facts={**there, "searched": "住所", **told})

    assert [found for _, found, _ in town.findings("INV-23")] == expected


def test_goods_that_were_seized_were_seized_by_somebody(town: Any) -> None:
    """登记了扣押的财物，没有扣押的登记：在场的人不明；有登记的，相符。"""
    town.files("甲")
    town.takes("dossier_record:open", by=POLICE, facts={"organs": [PROCURATORATE]})
    papers = ({"kind": "seizure_decision", "digest": "sm3:00"}, {"kind": "seizure_list", "digest": "sm3:00"})
    town.takes("property_record:register", by=POLICE, facts={"kind": "mobile_phone"}, documents=papers)
    town.clock.passes(days=2)
    assert [found for _, found, _ in town.findings("INV-23")] == ["unknown"]

    there = {name: RECORD[name] for name in ("started_at", "ended_at", "place", "officers")}
    facts = {**there, "started_at": "2026-03-02T08:00:00+08:00", "things": ["手机"], "witnesses": ["邻居"]}
    town.takes("search_and_seizure:seize", by=POLICE, facts=facts)
    assert town.findings("INV-23") == []


# INV-30 诉讼权利及时告知（刑事诉讼法第三十四条）。


@pytest.mark.parametrize(("told", "expected"), [(False, ["violated"]), (None, ["unknown"]), (True, [])])
def test_rights_are_told_at_the_first_interrogation(town: Any, told: bool | None, expected: list[str]) -> None:
    """第一次讯问时告知；没有写明的不明；以后的讯问不必再写。"""
    detained(town, "甲")
    asks(town, rights_told=told)
    asks(town, rights_told=None, started_at="2026-03-04T14:00:00+08:00")
    town.clock.passes(days=2)

    assert status(town, "INV-30") == expected


@pytest.mark.parametrize(("days", "expected"), [(5, []), (6, ["overdue", "overdue"])])
def test_rights_are_told_in_three_days_of_review(town: Any, days: int, expected: list[str]) -> None:
    """审查起诉三日以内告知（末日顺延至星期一），各项告知逾期的各为一项，写明是哪一期限。"""
    detained(town, "甲")
    town.goes_to("arrest", "甲")
    town.goes_to("prosecution", "甲")
    town.clock.passes(days=days)

    found = [each for each in town.concludes().findings if each.kind == "INV-30"]
    assert [each.status for each in found] == expected
    assert {each.limit for each in found} <= {"procuratorate_rights_notice_suspect", "plea_rights_notice_prosecution"}


# INV-31 拘留、逮捕后二十四小时以内通知家属（刑事诉讼法第八十五条第二款、第九十三条第二款）。


def test_a_family_is_told_within_a_day(town: Any) -> None:
    """逾期的只发现一次，是重大的违法；期限以内的不是。"""
    town.files("甲")
    town.detains("甲")
    town.clock.passes(hours=24, seconds=-1)
    assert town.findings("INV-31") == []
    town.clock.passes(seconds=1)

    assert status(town, "INV-31") == ["overdue"]
    (finding,) = (each for each in town.concludes().findings if each.kind == "INV-31")
    assert (finding.severity, finding.owner, finding.limit) == ("critical", "police", "detention_family_notice")
    assert not town.findings("detention_family_notice"), "found once, in the name of the invariant"


@pytest.mark.parametrize(
    ("category", "limit", "ground", "expected"),
    [
        ("terrorism", "detention_family_notice", "hinders", []),
        ("economic", "detention_family_notice", "hinders", ["violated"]),
        ("", "detention_family_notice", "hinders", ["unknown"]),
        ("terrorism", "arrest_family_notice", "hinders", ["violated"]),
        ("economic", "detention_family_notice", "unreachable", []),
    ],
)
def test_a_family_is_not_told_on_a_ground_of_the_law_only(
    town: Any, category: str, limit: str, ground: str, expected: list[str]
) -> None:
    """有碍侦查的，只限危害国家安全、恐怖活动犯罪案件的拘留；案件性质没有写明的，不明。"""
    town.files("甲", **({"facts": {"category": category}} if category else {}))
    town.takes("legal_record:note_deed", "甲", by=POLICE, facts={"limit": limit, "no_notice": ground})
    town.clock.passes(days=2)

    assert status(town, "INV-31") == expected


# INV-40 同案的人，男性和女性，成年人和未成年人，已决和未决的，分别羁押（刑事诉讼法第二百八十条第二款）。


def places(town: Any, label: str, cell: str = "101", **more: Any) -> None:
    facts = {"cell": cell, "sex": "male", "adult": True, "convicted": False, **more}
    town.takes("placement:place", label, facts=facts)


def test_two_of_one_case_are_not_in_one_cell(town: Any) -> None:
    """同案二人同在一监室，违反；一人换了监室，不再违反。"""
    detained(town, "甲", "乙")
    places(town, "甲")
    places(town, "乙")
    assert town.findings("INV-40") == [("INV-40", "violated", "乙")]

    places(town, "乙", "102")
    assert town.findings("INV-40") == []


@pytest.mark.parametrize(
    ("flags", "said", "expected"),
    [
        (("minor",), {}, ["violated"]),
        (("minor",), {"adult": False}, []),
        (("female",), {}, ["violated"]),
        (("female",), {"sex": "female"}, []),
        ((), {"convicted": True}, ["violated"]),
    ],
)
def test_who_is_held_beside_whom(town: Any, flags: tuple[str, ...], said: dict[str, Any], expected: list[str]) -> None:
    """未成年人按成年人关押、女性按男性关押、未决的人与已决犯同押，都是违反。"""
    detained(town, "甲", flags=flags)
    places(town, "甲", **said)

    assert status(town, "INV-40") == expected


def test_who_has_no_cell_on_record_is_somewhere(town: Any) -> None:
    """收押一日以后没有登记监室的，不明，由看守所登记。"""
    town.files("甲", "乙")
    town.detains("甲", "乙")
    places(town, "乙")
    town.clock.passes(hours=24, seconds=-1)
    assert town.findings("INV-40") == []
    town.clock.passes(seconds=1)

    (finding,) = (each for each in town.concludes().findings if each.kind == "INV-40")
    assert (finding.status, finding.owner, finding.subject) == ("unknown", "detention_center", town.persons["甲"])
