"""Every limit runs: those of goods on their own lines, and those whose beginning, deed or extension the organs note."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.coordinator.domain.conditions import CONDITIONS
from services.kernel.errors import Unfounded, WrongOrgan
from services.kernel.procedure import Event, Kept, step_refs
from services.law import CODE
from services.law.events import EVENTS

POLICE, PROCURATORATE, COURT = "pol-330106", "proc-330106", "court-330106"


def moves_to(town: Any, day: str) -> None:
    """Nine in the morning of that day."""
    there = datetime.fromisoformat(f"{day}T01:00").replace(tzinfo=UTC)
    town.clock.passes(seconds=(there - town.clock.now()).total_seconds())


def duties(town: Any, limit: str) -> list[tuple[str, str]]:
    """Every time that a duty arose, of whomever or whatever: its status and when it is due."""
    return [(duty.status, duty.due) for duty in town.concludes().duties if duty.limit == limit]


def notes(town: Any, what: str, *labels: str, by: str = POLICE, **facts: Any) -> None:
    """An organ notes an event, a deed or an extension."""
    town.takes(f"legal_record:note_{what}", *labels, by=by, facts=facts)


# 财物


def frozen(town: Any, kind: str, *, paper: str = "freeze_notice", **facts: Any) -> str:
    """Goods of this kind, frozen (or sealed, or seized) on the second of March and stored."""
    town.takes("dossier_record:open", by=POLICE, facts={"organs": [PROCURATORATE]})
    papers = ({"kind": paper, "digest": "sm3:00"}, {"kind": "seizure_list", "digest": "sm3:00"})
    row = town.takes("property_record:register", by=POLICE, facts={"kind": kind, **facts}, documents=papers)
    town.things["账户"] = item = next(iter(row["created"]))
    return str(item)


@pytest.mark.parametrize(
    ("kind", "facts", "limit", "ends"),
    [
        ("funds", {}, "freeze_funds", ["2026-09-02", "2027-03-02", "2027-09-02"]),
        ("funds", {"major": True}, "freeze_funds_major", ["2027-03-02", "2028-03-02", "2029-03-02"]),
        ("securities", {}, "freeze_securities", ["2028-03-02", "2030-03-02", "2032-03-02"]),
        ("equity", {}, "freeze_equity", ["2026-09-02", "2027-03-02", "2027-09-02"]),
    ],
    ids=["funds", "funds, major", "securities", "equity"],
)
def test_a_freeze_lasts_by_the_kind_of_goods(town, kind, facts, limit, ends):
    """资金六个月，重大、复杂的一年，证券二年，股权六个月；每次续冻与原期限相同，次数不限（程序规定第二百四十三条至第二百四十五条）。"""
    town.files("甲")
    item = frozen(town, kind, **facts)
    town.takes("property_flow:store", "账户")
    found = [duties(town, limit)]
    for _ in ends[1:]:
        town.takes("property_flow:renew", "账户")
        found.append(duties(town, limit))

    assert found == [[("open", end)] for end in ends]
    running = {duty.limit for duty in town.concludes().duties if duty.subject == item and duty.status == "open"}
    assert running == {limit}


def test_a_freeze_that_is_not_renewed_in_time_is_found_until_it_lapses(town):
    """逾期未续冻的，视为自动解除：没有登记的是发现，登记了自动解除的不是（程序规定第二百四十条）。"""
    town.files("甲")
    frozen(town, "funds")
    town.takes("property_flow:store", "账户")
    moves_to(town, "2026-09-03")

    assert duties(town, "freeze_funds") == [("overdue", "2026-09-02")]
    town.takes("property_flow:lapse", "账户", by="sys-330106")
    assert duties(town, "freeze_funds") == [("superseded", "2026-09-02")]


def test_a_seal_is_renewed_once_by_the_county_and_then_year_by_year(town):
    """查封二年，续封一年；重大、复杂的每次最长一年（查封、冻结措施有关规定第八条）。"""
    town.files("甲")
    frozen(town, "house", paper="seal_decision")
    town.takes("property_flow:store", "账户")
    found = []
    for _ in range(3):
        town.takes("property_flow:renew", "账户")
        found += duties(town, "seal_property")

    assert [end for _, end in found] == ["2029-03-02", "2030-03-02", "2031-03-02"]


@pytest.mark.parametrize(("hours", "status"), [(24, "met"), (25, "late")])
def test_goods_go_to_the_custodian_within_a_day(town, hours, status):
    """扣押后二十四小时以内移交保管（涉案财物管理若干规定第十二条）。"""
    town.files("甲")
    frozen(town, "mobile_phone", paper="seizure_decision")
    town.clock.passes(hours=hours)
    town.takes("property_flow:store", "账户")

    assert [found for found, _ in duties(town, "property_handover_to_custodian")] == [status]
    assert duties(town, "property_register_sealed_frozen") == []


# 由有关机关登记的


def test_a_notice_is_owed_until_it_is_noted(town):
    """拘留后二十四小时以内通知家属（刑事诉讼法第八十五条第二款）：没有登记的是逾期，登记的以其时间为准。"""
    town.files("甲", "乙")
    town.detains("甲", "乙")
    town.clock.passes(hours=20)
    notes(town, "deed", "甲", limit="detention_family_notice")
    town.clock.passes(hours=5)

    assert town.duty("detention_family_notice", "甲")[0][0] == "met"
    assert town.duty("detention_family_notice", "乙")[0][0] == "overdue"


def test_the_procuratorate_may_note_what_it_too_owes_and_the_court_may_not(town):
    """数机关同负的义务，各在其阶段登记；与其无关的机关不能代为登记。"""
    town.files("甲")
    town.detains("甲")
    with pytest.raises(WrongOrgan):
        notes(town, "deed", "甲", by=COURT, limit="detention_family_notice")
    notes(town, "deed", "甲", by=PROCURATORATE, limit="detention_family_notice")

    assert town.duty("detention_family_notice")[0][0] == "met"


def test_one_remedy_begins_where_the_one_before_was_noted(town):
    """没收保证金：宣读，五日以内申请复议，七日以内决定，再五日，再七日；前一环节登记了，后一环节才起算。"""
    town.files("甲")
    for step in ("bail:decide", "bail:execute"):
        town.takes(step, "甲")
    papers = ({"kind": "deposit_forfeit_decision", "digest": "sm3:00"},)
    town.takes("bail:punish_breach", "甲", documents=papers)
    chain = ("announce", "reconsider_apply", "reconsider_decide", "review_apply")
    limits = [f"bail_forfeit_{name}" for name in (*chain, "review_decide")]
    found = []
    for limit in limits[:-1]:
        known = town.concludes()
        found.append({each.limit for each in (*known.duties, *known.rights)} & set(limits))
        notes(town, "deed", "甲", limit=limit)

    assert found == [set(limits[: number + 1]) for number in range(len(chain))]
    assert town.duty("guarantor_fine_serve") == []
    assert town.duty("bail_forfeit_review_decide") == [("open", "2026-03-09")]


def test_an_application_is_owed_before_the_end_that_was_extended(town):
    """延长侦查羁押期限，应当在原期限届满七日以前提请；没有延长的不适用（规则第三百零九条）。"""
    town.files("甲")
    town.detains("甲", on="2026-03-02")
    town.goes_to("arrest", "甲", on="2026-03-02")
    limit = "investigation_custody_extension_application"
    assert town.duty(limit) == []
    moves_to(town, "2026-04-20")
    notes(town, "deed", "甲", limit=limit)
    moves_to(town, "2026-04-28")
    town.takes("custody_extension:extend_once", "甲", on="2026-04-28")

    assert town.duty(limit) == [("met", "2026-04-24")]
    moves_to(town, "2026-05-28")
    town.takes("custody_extension:extend_twice", "甲", on="2026-05-28")
    assert town.duty(limit)[1] == ("overdue", "2026-05-26")


def test_what_no_step_extends_is_extended_by_a_note(town):
    """技术侦查措施每次延长三个月，次数不限（刑事诉讼法第一百五十一条）；能延长的才能登记，由步骤表明的不另登记。"""
    town.files("甲")
    notes(town, "event", "甲", event="tech_measure_approved")
    found = [town.duty("technical_measure_validity")]
    for _ in range(3):
        notes(town, "extension", "甲", limit="technical_measure_validity")
        found.append(town.duty("technical_measure_validity"))

    assert found == [[("open", end)] for end in ("2026-06-02", "2026-09-02", "2026-12-02", "2027-03-02")]
    for limit in ("detention_family_notice", "investigation_custody"):
        with pytest.raises(Unfounded):
            notes(town, "extension", "甲", limit=limit)


def test_the_supreme_court_may_extend_again_and_again(town):
    """最高人民法院批准延长审理期限的，每次至多三个月，可以再次批准（最高法刑诉解释第二百一十条）。"""
    town.files("甲")
    town.detains("甲")
    for stage in ("arrest", "prosecution", "court"):
        town.goes_to(stage, "甲")
    for step in ("prepare", "open_ordinary", "extend", "extend_by_superior"):
        town.takes(f"first_trial:{step}", "甲")
    found = [town.duty("trial_ordinary")[-1]]
    for _ in range(2):
        town.takes("first_trial:extend_by_supreme", "甲")
        found.append(town.duty("trial_ordinary")[-1])

    assert [end for _, end in found] == ["2026-09-02", "2026-12-02", "2027-03-02"]


def test_the_file_goes_up_within_three_days_of_the_end_of_the_time_to_appeal(town):
    """上诉期满后三日以内移送（最高法刑诉解释第三百八十一条）：自接到判决书起算，没有上诉的不适用。"""
    town.files("甲", "乙")
    town.detains("甲", "乙")
    for stage in ("arrest", "prosecution", "court"):
        town.goes_to(stage, "甲", "乙")
    for step in ("prepare", "open_ordinary", "deliberate", "pronounce"):
        town.takes(f"first_trial:{step}", "甲", "乙")
    assert town.duty("appeal_transfer") == []
    town.clock.passes(seconds=timedelta(days=2).total_seconds())
    town.takes("first_trial:serve_judgment", "甲", "乙")
    town.takes("second_trial:appeal", "甲", by="party-330106")

    assert town.duty("appeal_transfer", "甲") == [("open", "2026-03-19")]
    assert town.duty("appeal_transfer", "乙") == []


# 条件


@pytest.mark.parametrize(
    ("facts", "limit", "due"),
    [
        ({}, "filing_review_criminal", "2026-03-05"),
        ({"category": "economic"}, "filing_review_economic", "2026-03-09"),
        ({"source": "administrative_agency"}, "filing_review_admin_transfer", "2026-03-05"),
        (
            {"source": "administrative_agency", "category": "economic"},
            "filing_review_admin_transfer_economic",
            "2026-03-05",
        ),
        ({"category": ["economic"], "source": {"a": 1}}, "filing_review_criminal", "2026-03-05"),
    ],
    ids=["common", "economic", "from an agency", "economic from an agency", "unreadable"],
)
def test_a_report_is_examined_under_one_limit(town, facts, limit, due):
    """立案审查的四种期限，一案只适用一种。"""
    town.takes("case_intake:accept", facts=facts)

    running = {duty.limit: duty.due for duty in town.concludes().duties if duty.limit.startswith("filing_review")}
    assert running == {limit: due}


def test_a_foreigner_is_reported_and_others_are_not(town):
    """外国人的强制措施，四十八小时以内层报（程序规定第三百六十七条）。"""
    town.files()
    for label, flags in (("甲", ["foreigner"]), ("乙", [])):
        row = town.takes("case_record:add_person", facts={"label": label, "flags": flags})
        town.persons[label] = next(iter(row["created"]))
    town.detains("甲", "乙")

    assert [status for status, _ in town.duty("foreigner_measure_report", "甲")] == ["open"]
    assert town.duty("foreigner_measure_report", "乙") == []


def test_every_condition_every_event_and_every_chain_means_something():
    """每一个条件都有读法，每一个事项都有中文，每一个环节的前一环节都可以登记。"""
    limits = CODE.limits.values()

    assert {limit.when.key for limit in limits if limit.when is not None} <= CONDITIONS.keys()
    assert {limit.after.id for limit in limits if isinstance(limit.after, Event)} <= EVENTS.keys()
    chained = [limit.after.limit for limit in limits if isinstance(limit.after, Kept)]
    assert len(chained) > 10
    assert not [name for name in chained if step_refs(CODE.limits[name].by)]
