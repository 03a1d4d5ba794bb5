"""Goods: each invariant broken, and come near without breaking it."""

from typing import Any

import pytest

from tests.services.coordinator.test_invariants import GOODS, PROCURATORATE, at_prosecution, packs

POLICE = "pol-330106"


def registers(town: Any, label: str = "手机", **facts: Any) -> None:
    """A piece of property in the register, taken by the police."""
    if "evidence" not in town.heads:
        town.takes("dossier_record:open", by=POLICE, facts={"organs": [PROCURATORATE]})
    row = town.takes("property_record:register", by=POLICE, facts={"kind": "mobile_phone", "count": 1, **facts})
    town.things[label] = next(iter(row["created"]))


def stores(town: Any, label: str = "手机", **facts: Any) -> None:
    town.takes("property_flow:store", label, facts={"counted": 1, **facts})


# INV-14 查扣的财物二十四小时以内移交保管或者登记（公安机关涉案财物管理若干规定第十二条）。


@pytest.mark.parametrize(("hours", "found"), [(24, []), (25, [("INV-14", "late", "手机")])])
def test_stored_within_a_day(town: Any, hours: int, found: list[Any]) -> None:
    """二十四小时以内入库；晚一个小时，逾期，只发现一次。"""
    registers(town)
    town.clock.passes(hours=hours)
    stores(town)

    assert town.findings("INV-14") == found
    assert town.findings("property_handover_to_custodian") == []


def test_never_stored(town: Any) -> None:
    """没有入库的；证据服务的记录没有读到的，不明。"""
    registers(town)
    read_until = town.clock.now()
    town.clock.passes(hours=25)
    now = town.clock.now()

    assert town.findings("INV-14") == [("INV-14", "overdue", "手机")]
    behind = {"case_flow": now, "custody_transfer": now, "evidence": read_until}
    assert town.findings("INV-14", read=behind) == [("INV-14", "unknown", "手机")]
    (finding,) = (each for each in town.concludes().findings if each.kind == "INV-14")
    assert (finding.limit, finding.owner, finding.severity) == ("property_handover_to_custodian", "police", "high")


# INV-16 查明与案件无关的财物三日以内解除、退还（刑事诉讼法第一百四十五条）。


@pytest.mark.parametrize(("days", "found"), [(3, []), (4, [("INV-16", "late", "case_1")])])
def test_unrelated_goods_go_back(town: Any, days: int, found: list[Any]) -> None:
    """第三日退还，第四日退还。"""
    town.files("甲")
    town.takes("legal_record:note_event", by=POLICE, facts={"event": "irrelevance_established"})
    town.clock.passes(days=days)
    town.takes("legal_record:note_deed", by=POLICE, facts={"limit": "irrelevant_property_release"})

    assert town.findings("INV-16") == found


# INV-49 羁押期限的变更十日以内通知刑事执行检察部门（人民检察院刑事诉讼规则第六百一十四条）。


@pytest.mark.parametrize(("days", "found"), [(10, []), (11, [("INV-49", "late", "甲")])])
def test_supervision_is_told_of_a_change(town: Any, days: int, found: list[Any]) -> None:
    """退回补充侦查后十日以内通知；晚一日。"""
    at_prosecution(town, "甲")
    town.takes("prosecution_review:review", "甲")
    town.takes("prosecution_review:return", "甲")
    town.clock.passes(days=days)
    deed = {"limit": "custody_change_internal_notice"}
    town.takes("legal_record:note_deed", "甲", by=PROCURATORATE, facts=deed)

    assert town.findings("INV-49") == found


# INV-17 判决对清单上的每一项财物都写明处理方式（刑事诉讼法第二百四十五条第三款）。


def judged(town: Any, *labels: str) -> None:
    town.goes_to("court", *labels)
    for step in ("prepare", "open_ordinary", "deliberate", "pronounce"):
        town.takes(f"first_trial:{step}", *labels)


def test_a_judgment_that_is_silent_on_the_goods(town: Any) -> None:
    """判决没有处理财物：过了容许的时间，并且读过证据服务的记录，方可认定。"""
    registers(town)
    stores(town)
    at_prosecution(town, "甲")
    judged(town, "甲")
    soon = town.findings("INV-17")
    town.clock.passes(days=1)
    now = town.clock.now()

    assert soon == []
    assert town.findings("INV-17") == [("INV-17", "violated", "手机")]
    assert town.findings("INV-17", read={"case_flow": now, "custody_transfer": now}) == []


def test_goods_of_somebody_who_is_not_judged_yet(town: Any) -> None:
    """财物属于尚在侦查的同案人的，甲的判决不必处理；没有写明属于何人，乙也还没有判决的，同。"""
    registers(town, owner="乙")
    stores(town)
    registers(town, "车")
    stores(town, "车")
    at_prosecution(town, "甲")
    town.registers("乙")
    judged(town, "甲")
    town.clock.passes(days=2)

    assert town.findings("INV-17") == []


def at_court_with_goods(town: Any) -> None:
    """The goods have gone all the way with the case."""
    registers(town)
    stores(town)
    at_prosecution(town, "甲")
    for receiver, sender in ((PROCURATORATE, POLICE), ("court-330106", PROCURATORATE)):
        if receiver != PROCURATORATE:
            listed = {"dossier_items": [], "property_items": [town.things["手机"]]}
            row = town.takes("package_record:draft", by=sender, facts={"to_organ": receiver, "title": "移送", **listed})
            town.things["包"] = next(iter(row["created"]))
            mark = town.takes("package_handover:seal", "包", by=sender)["digest"]
        else:
            mark = packs(town)
        counted = {town.things["手机"]: {"count": 1}}
        town.takes("package_handover:offer", "包", by=sender, documents=GOODS)
        town.takes("package_handover:inspect", "包", by=receiver, facts={"counted_items": counted})
        town.takes("package_handover:accept", "包", by=receiver, facts={"digest": mark})


@pytest.mark.parametrize(("facts", "found"), [({}, [("INV-17", "unknown", "手机")]), ({"treatment": "return"}, [])])
def test_a_judgment_says_what_is_to_be_done(town: Any, facts: dict[str, Any], found: list[Any]) -> None:
    """判决处理了而没有写明如何处理的，不明；写明的，相符。"""
    at_court_with_goods(town)
    judged(town, "甲")
    town.takes("property_flow:judge", "手机", facts=facts)
    town.clock.passes(days=1)

    assert town.findings("INV-17") == found


# INV-18 不起诉、撤销案件、终止侦查的，解除只对该人采取的一切措施（刑事诉讼法第一百七十七条第三款）。


def not_charged(town: Any, *labels: str) -> None:
    town.takes("prosecution_review:review", *labels)
    town.takes("prosecution_review:not_charge", *labels)
    town.clock.passes(days=1)


def test_goods_of_who_is_not_charged(town: Any) -> None:
    """不起诉后财物没有退还；同案他人的财物，不必解除；没有写明属于何人的，不明。"""
    registers(town, owner="甲")
    registers(town, "车", owner="乙")
    registers(town, "款")
    at_prosecution(town, "甲", "乙")
    not_charged(town, "甲")

    found = {("INV-18", "violated", "手机"), ("INV-18", "unknown", "款")}
    assert {*town.findings("INV-18")} == found


def test_goods_are_released_with_their_owner(town: Any) -> None:
    """不起诉后已经退还的；容许的时间以内尚未退还的。"""
    registers(town, owner="甲")
    stores(town)
    at_prosecution(town, "甲", "乙")
    town.takes("prosecution_review:review", "甲")
    town.takes("prosecution_review:not_charge", "甲")
    soon = town.findings("INV-18")
    town.takes("property_flow:release_unrelated", "手机", facts={"counted": 1})
    town.clock.passes(days=2)

    assert soon == town.findings("INV-18") == []


def test_nobody_is_prosecuted_any_more(town: Any) -> None:
    """全案不起诉，财物无论属于何人都应当解除。"""
    registers(town)
    at_prosecution(town, "甲")
    not_charged(town, "甲")

    assert town.findings("INV-18") == [("INV-18", "violated", "手机")]


@pytest.mark.parametrize(("lifted", "found"), [(False, [("INV-18", "violated", "甲")]), (True, [])])
def test_bail_ends_with_the_case(town: Any, lifted: bool, found: list[Any]) -> None:
    """不起诉而取保候审仍在：旧的记录没有随之解除的，认定；随之解除的，不算。"""
    town.files("甲")
    town.takes("bail:decide", "甲")
    town.goes_to("prosecution", "甲")
    not_charged(town, "甲")
    rows = list(town.rows)
    if not lifted:
        last = next(place for place, row in enumerate(rows) if row["type"] == "prosecution_review:not_charge")
        moves = [move for move in rows[last]["moves"] if move["procedure"] != "bail"]
        rows[last] = {**rows[last], "moves": moves}

    assert town.findings("INV-18", rows=rows) == found


# INV-19 清单、入库、移送、审判、处理的数量、金额一致（公安机关办理刑事案件程序规定第二百三十条、第二百八十八条）。


@pytest.mark.parametrize(
    ("facts", "found"),
    [
        ({"counted": 3, "counted_value": 500}, []),
        ({"counted": 2, "counted_value": 500}, [("INV-19", "violated", "手机")]),
        ({"counted": 3, "counted_value": 499.5}, [("INV-19", "violated", "手机")]),
        ({"counted": 3}, [("INV-19", "unknown", "手机")]),
        ({}, [("INV-19", "unknown", "手机")]),
    ],
)
def test_what_is_stored_is_what_was_taken(town: Any, facts: dict[str, Any], found: list[Any]) -> None:
    """清单三件、五百元：入库相符；少一件；少五角；没有清点金额；没有清点。"""
    registers(town, count=3, value="500.00")
    town.takes("property_flow:store", "手机", facts=facts)
    town.clock.passes(days=1)

    assert town.findings("INV-19") == found


def test_what_was_not_counted_is_added_later(town: Any) -> None:
    """入库没有写明清点，补充登记后相符；由别的机关补充的，不算。"""
    town.files("甲")
    registers(town)
    row = town.takes("property_flow:store", "手机")
    town.clock.passes(days=1)
    added = {"of": row["id"], "counted": 1}
    town.takes("legal_record:supplement", by=PROCURATORATE, facts=added)
    assert town.findings("INV-19") == [("INV-19", "unknown", "手机")]

    town.takes("legal_record:supplement", by=POLICE, facts=added)

    assert town.findings("INV-19") == []


@pytest.mark.parametrize(("count", "found"), [(1, []), (2, [("INV-19", "violated", "手机")])])
def test_what_arrives_is_what_was_stored(town: Any, count: int, found: list[Any]) -> None:
    """接收机关逐件清点，多一件也是不符。"""
    registers(town)
    stores(town)
    mark = packs(town)
    at_prosecution(town, "甲")
    town.takes("package_handover:offer", "包", documents=GOODS)
    town.takes("package_handover:inspect", "包", by=PROCURATORATE)
    facts = {"digest": mark, "counted_items": {town.things["手机"]: {"count": count}}}
    town.takes("package_handover:accept", "包", by=PROCURATORATE, facts=facts)
    town.clock.passes(days=1)

    assert town.findings("INV-19") == found


def test_a_package_that_nobody_counted(town: Any) -> None:
    """接收而没有逐件清点的，是否相符不明；退回的，不必清点。"""
    registers(town)
    stores(town)
    mark = packs(town)
    at_prosecution(town, "甲")
    town.takes("package_handover:offer", "包", documents=GOODS)
    town.takes("package_handover:inspect", "包", by=PROCURATORATE)
    town.clock.passes(days=1)
    assert town.findings("INV-19") == []
    town.takes("package_handover:accept", "包", by=PROCURATORATE, facts={"digest": mark})
    town.clock.passes(days=1)

    assert town.findings("INV-19") == [("INV-19", "unknown", "手机")]


def test_the_price_takes_the_place_of_the_goods(town: Any) -> None:
    """先行处置以后，以价款为准。"""
    registers(town, count=10, value="500.00")
    town.takes("property_flow:store", "手机", facts={"counted": 10, "counted_value": 500})
    town.takes("property_flow:dispose_early", "手机")
    town.takes("property_flow:store_price", "手机", facts={"counted_value": 430})
    facts = {"counted": 1, "counted_value": 430}
    town.takes("property_flow:release_unrelated", "手机", facts=facts)
    town.clock.passes(days=1)

    assert town.findings("INV-19") == []
