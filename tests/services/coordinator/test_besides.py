"""Duties beside the main road: legal aid and the defence, juveniles, administrative cases, the special procedures."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

#: A Monday, and the day on which the town begins.
MONDAY = datetime(2026, 3, 2, 1, tzinfo=UTC)


def day(number: int) -> str:
    """The day so many days after the second of March, a Monday."""
    return (MONDAY + timedelta(days=number)).date().isoformat()


def passes(town: Any, **units: float) -> None:
    town.clock.passes(seconds=timedelta(**units).total_seconds())


def owed(town: Any, limit: str) -> list[tuple[str, str]]:
    """Every time that a duty arose in the case, for whomever: its status and when it is due."""
    return [(duty.status, duty.due) for duty in town.concludes().duties if duty.limit == limit]


def notes(town: Any, event: str, *labels: str, **facts: Any) -> None:
    """An event that no step shows; labels are the persons whom it concerns."""
    town.takes("legal_record:note_event", *labels, by="pol-330106", facts={"event": event, **facts})


# 法律援助。


@pytest.mark.parametrize(
    ("stages", "limit"),
    [
        ((), "legal_aid_notify_police"),
        (("arrest", "prosecution"), "legal_aid_notify_procuratorate"),
        (("arrest", "prosecution", "court"), "legal_aid_notify_court"),
    ],
)
def test_whoever_has_the_case_sends_for_a_lawyer(town: Any, stages: tuple[str, ...], limit: str) -> None:
    """三日以内通知法律援助机构，由案件所在阶段的机关履行；通知后三日以内指派。"""
    town.files("甲")
    town.detains("甲")
    for stage in stages:
        town.goes_to(stage, "甲")
    town.takes("legal_aid:find_mandatory", "甲")

    every = ("legal_aid_notify_police", "legal_aid_notify_procuratorate", "legal_aid_notify_court")
    assert {each: owed(town, each) for each in every} == {each: [] for each in every} | {limit: [("open", day(3))]}
    town.takes("legal_aid:notify", "甲")
    assert owed(town, limit) == [("met", day(3))]
    assert owed(town, "legal_aid_assign") == [("open", day(3))]
    passes(town, days=4)
    assert owed(town, "legal_aid_assign") == [("overdue", day(3))]


def test_nothing_is_owed_to_somebody_with_a_lawyer_of_their_own(town: Any) -> None:
    """委托了辩护人的，不再通知。"""
    town.files("甲")
    town.takes("legal_aid:find_mandatory", "甲")
    town.takes("legal_aid:retain", "甲")
    passes(town, days=10)

    assert owed(town, "legal_aid_notify_police") == [("superseded", day(3))]


@pytest.mark.parametrize(("retained", "expected"), [(True, [("superseded", day(10))]), (False, [("open", day(10))])])
def test_a_court_asks_for_another_lawyer(town: Any, retained: bool, expected: list[tuple[str, str]]) -> None:
    """被告人拒绝指派的律师，五日以内没有另行委托的，法院三日以内通知另行指派（末日顺延至下一个工作日）。"""
    town.files("甲")
    town.detains("甲")
    for stage in ("arrest", "prosecution", "court"):
        town.goes_to(stage, "甲")
    for step in ("find_mandatory", "notify", "assign", "refuse"):
        town.takes(f"legal_aid:{step}", "甲")
    if retained:
        passes(town, days=2)
        town.takes("legal_aid:retain", "甲")

    assert owed(town, "court_reassign_notice") == expected


def test_an_application_of_somebody_held_is_passed_on(town: Any) -> None:
    """在押的人申请法律援助，二十四小时以内转交；审查七日，决定给予后三日以内指派。"""
    town.files("甲", "乙")
    town.detains("甲")
    town.takes("legal_aid:apply", "甲")
    town.takes("legal_aid:apply", "乙")

    assert len(owed(town, "legal_aid_application_forward")) == 1, "who is free goes there alone"
    assert owed(town, "legal_aid_application_review") == [("open", day(7))] * 2
    town.takes("legal_aid:grant", "甲")
    assert owed(town, "legal_aid_assign_on_application") == [("open", day(3))]


@pytest.mark.parametrize(
    ("event", "facts", "limits"),
    [
        ("lawyer_meeting_requested", {}, set()),
        ("lawyer_meeting_requested", {"permit": True}, {"lawyer_meeting_permit_special"}),
        ("access_application_received", {"access": "files"}, {"non_lawyer_defender_permit"}),
        ("access_application_received", {"access": "victim"}, {"lawyer_collect_evidence_permit"}),
        ("access_application_received", {}, set()),
    ],
)
def test_one_event_and_the_duty_that_is_meant(town: Any, event: str, facts: dict[str, Any], limits: set[str]) -> None:
    """同一事项引起不同的期限，以登记的内容区分。"""
    town.files("甲")
    town.detains("甲")
    town.goes_to("arrest", "甲")
    town.goes_to("prosecution", "甲")
    notes(town, event, "甲", **facts)

    every = {
        *("lawyer_meeting_arrangement", "lawyer_meeting_permit_special", "non_lawyer_defender_permit"),
        *("lawyer_collect_evidence_permit", "court_evidence_application_decide"),
    }
    assert {duty.limit for duty in town.concludes().duties} & every == limits


# 未成年人。


def test_a_conditional_non_prosecution_is_served(town: Any) -> None:
    """附条件不起诉的决定三日以内送达；审查起诉的期限到此为止。"""
    town.files("甲")
    town.takes("juvenile:interrogate", "甲")
    town.takes("juvenile:investigate", "甲")
    town.goes_to("prosecution", "甲")
    town.takes("prosecution_review:review", "甲")
    town.takes("juvenile:defer_conditionally", "甲")

    assert owed(town, "conditional_non_prosecution_serve") == [("open", day(3))]
    assert [status for status, _ in owed(town, "prosecution_review")] == ["met"]


# 行政案件。


@pytest.mark.parametrize(("fast", "status"), [(True, ["overdue"]), (False, [])])
def test_fast_handling_takes_two_days(town: Any, fast: bool, status: list[str]) -> None:
    """快速办理的，到案后四十八小时以内作出决定；不是快速办理的，没有这一期限。"""
    town.takes("case_intake:accept")
    town.takes("case_intake:to_admin")
    town.takes("admin_case:summon")
    town.takes("admin_case:handle_fast" if fast else "admin_case:end_inquiry")
    passes(town, hours=49)

    assert [each for each, _ in owed(town, "fast_handling")] == status
    assert [each for each, _ in owed(town, "admin_inquiry")] == ["met"]


@pytest.mark.parametrize(("flags", "expected"), [(["victim"], [("open", day(2))]), ([], [])])
def test_a_victim_gets_the_decision(town: Any, flags: list[str], expected: list[tuple[str, str]]) -> None:
    """有被害人的，决定书二日以内送达。"""
    town.takes("case_record:add_person", facts={"label": "丙", "flags": flags})
    town.takes("admin_case:file")
    town.takes("admin_case:investigate")
    town.takes("admin_case:notify")
    town.takes("admin_case:decide")

    assert owed(town, "admin_victim_copy") == expected
    assert owed(town, "admin_decision_service") == [("open", day(2))]


# 没收违法所得和强制医疗。


@pytest.mark.parametrize(
    ("kind", "review", "court", "after"),
    [
        ("confiscation", "confiscation_review_procuratorate", ("confiscation_review_court", 30), day(15)),
        ("medical", "medical_review_procuratorate", ("medical_review_court", 7), "2026-04-02"),
    ],
)
def test_the_papers_say_which_procedure_it_is(
    town: Any, kind: str, review: str, court: tuple[str, int], after: str
) -> None:
    """没收违法所得和强制医疗各有各的期限，以意见书、申请书区分。"""
    town.files("甲")
    town.takes("special_procedures:submit_opinion", "甲", documents=({"kind": f"{kind}_opinion"},))
    assert owed(town, review) == [("open", day(30))]
    town.takes("special_procedures:apply", "甲", documents=({"kind": f"{kind}_application"},))
    assert owed(town, review) == [("met", day(30))]
    town.takes("special_procedures:accept", "甲")

    limit, length = court
    assert owed(town, limit) == [("met", day(length))]
    found = {each: owed(town, each) for each in ("confiscation_announcement", "medical_decide")}
    assert [due for duties in found.values() for _, due in duties] == [after]
    others = {duty.limit for duty in town.concludes().duties if duty.limit.startswith(("confiscation", "medical"))}
    assert all(name.startswith(kind) for name in others)


def test_supplementing_stops_the_review(town: Any) -> None:
    """公安机关补充证据的时间不计入；三十日以内不能决定的，延长十五日。"""
    town.files("甲", on=day(0))
    opinion = ({"kind": "confiscation_opinion"},)
    town.takes("special_procedures:submit_opinion", "甲", on=day(0), documents=opinion)
    passes(town, days=12)
    town.takes("special_procedures:ask_supplement", "甲", on=day(2))
    town.takes("special_procedures:supplement", "甲", on=day(12))
    assert owed(town, "confiscation_review_procuratorate") == [("open", day(42))]
    town.takes("special_procedures:extend_review", "甲")
    assert owed(town, "confiscation_review_procuratorate") == [("open", day(56))], "the day 55 is a Sunday"
