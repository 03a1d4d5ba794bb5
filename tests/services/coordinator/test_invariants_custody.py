"""Titles to hold a person, over any history: one holder at every minute, and a title or a finding."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.coordinator.domain.finding import Finding
from services.coordinator.domain.ledger import Ledger
from services.custody_transfer.domain import CustodyTransfer
from services.kernel.clock import HandClock
from services.kernel.errors import Refused
from services.kernel.period import ZONE, local_date, read_moment
from services.kernel.record import fold
from services.law import CODE
from services.law.titles import SPECIAL_ZH, in_force, last_day
from tests.services.coordinator.conftest import COURT, POLICE, PROCURATORATE, Town

FOUND = ("INV-02", "INV-03", "INV-04", "INV-35")
ORGANS = (POLICE, PROCURATORATE, COURT)
KINDS = (
    "detention_request_arrest", "arrest_review_detained", "investigation_custody", "prosecution_review",
    "trial_ordinary", "trial_second", *SPECIAL_ZH,
)  # fmt: skip


def titles() -> st.SearchStrategy[dict[str, Any]]:
    """A title from some days before or after its registration; a short sentence where it is one."""
    return st.fixed_dictionaries(
        {"limit": st.sampled_from(KINDS), "days": st.integers(-20, 3), "extensions": st.integers(0, 1)}
    )


def events() -> st.SearchStrategy[tuple[str, int, Mapping[str, Any]]]:
    """What happens in the centre: its name, so many days later, and with which title."""
    names = ("add", "add", "hand over", "offer", "withdraw_offer", "notice_change", "confirm_change", "release")
    return st.tuples(st.sampled_from(names), st.integers(0, 25), titles())


def _title(town: Town, told: Mapping[str, Any]) -> dict[str, Any]:
    since = local_date(town.clock.now()) + timedelta(days=told["days"])
    counted = {"months": 1} if told["limit"] in {"sentence", "appeal_pending"} else {}
    return {"limit": told["limit"], "from": since.isoformat(), "extensions": told["extensions"], **counted}


def _happens(town: Town, name: str, told: Mapping[str, Any]) -> None:
    """One event, if the law lets it happen."""
    facts = {"title": _title(town, told)}
    try:
        match name:
            case "add":
                town.takes("custody_title:add", "甲", facts=facts)
            case "hand over":
                holder = town.heads["custody_transfer"].state["holder"][town.custodies["甲"]]
                to = ORGANS[(ORGANS.index(holder) + 1) % 3]
                town.takes("custody_handover:offer", "甲", to_organ=to)
                town.takes("custody_handover:accept", "甲", by=to, facts=facts if told["extensions"] else {})
            case "offer":
                town.takes("custody_handover:offer", "甲", to_organ="proc-000000")
            case _:
                town.takes(f"custody_handover:{name}", "甲", facts=facts if name == "notice_change" else {})
    except Refused:
        return


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(first=titles(), told=st.lists(events(), max_size=7), minutes=st.lists(st.integers(0, 90 * 1440), max_size=12))
def test_at_every_minute_one_holder_and_a_title_or_a_finding(
    first: dict[str, Any], told: list[tuple[str, int, dict[str, Any]]], minutes: list[int]
) -> None:
    """在押的每一分钟，恰有一个办案机关；或者有羁押依据，或者有认定；所示的届满之日，是有效依据中最早的。"""
    town = Town(clock=HandClock(datetime(2026, 3, 2, 1, tzinfo=UTC)))
    town.files("甲")
    title = _title(town, {**first, "extensions": 0})
    town.admits("甲", limit=title["limit"], title=title)
    began = town.clock.now()
    for name, days, more in told:
        town.clock.passes(days=days)
        _happens(town, name, more)
    town.clock.passes(days=1)

    custody = town.custodies["甲"]
    state = town.heads["custody_transfer"].state
    held_by = _one_holder_after_the_other(town, custody)
    read = Ledger(town.case_id, town.rows, CODE).custodies[custody]
    assert read.holder == held_by == state["holder"][custody]

    mine, ended = state["titles"][custody], state["subjects"][custody].get("ended")
    until = read_moment(ended) if ended else town.clock.now()
    found = [each for each in town.concludes().findings if each.kind in FOUND]
    for moment in (began + timedelta(minutes=minute) for minute in minutes):
        if moment < until and not any(_covers(each, moment) for each in mine):
            assert any(_is_about(each, local_date(moment).isoformat()) for each in found), (moment, mine, found)
    assert all(each.law_ref and each.severity == "critical" for each in found)

    held_on = in_force(mine)
    assert mine[-1] in held_on
    ends = [date.fromisoformat(each["end"]) for each in held_on if each["end"]]
    assert last_day(mine) == (min(ends) if ends else None)
    if ends and local_date(until) > min(ends):
        assert any(each.due == min(ends).isoformat() for each in found)


def _one_holder_after_the_other(town: Town, custody: str) -> str:
    """Who holds at last: at first whom the centre took them in for, then nobody but an accepting receiver."""
    state: dict[str, Any] = {}
    for row in (row for row in town.rows if row["service"] == "custody_transfer"):
        before = state.get("holder", {}).get(custody)
        state = fold(state, row, CustodyTransfer())
        now = state["holder"][custody]
        assert now == before or row["organ"] == now or before is None
        assert (now == before) == (before is not None and row.get("handover") != "accept")
    return str(state["holder"][custody])


def _is_about(finding: Finding, day: str) -> bool:
    """Whether a finding says that there was no title on a day."""
    if finding.kind == "INV-02":
        return True
    return finding.due < day and (not finding.at or day <= finding.at)


def _covers(title: Mapping[str, Any], moment: datetime) -> bool:
    """Whether a title says that somebody is held at a moment, by the days that it names."""
    since = datetime.combine(local_date(read_moment(title["from"])), time(), ZONE)
    if moment < since:
        return False
    return title["end"] is None or local_date(moment) <= date.fromisoformat(title["end"])


# R24：上诉期间的羁押，不超过第一审判处的刑期；判决以后没有写明刑期的，以判决为准。


@pytest.mark.parametrize(("months", "end"), [(36, "2026-04-03"), (1, "2026-04-01"), (None, "2026-04-03")])
def test_the_time_to_appeal_ends_with_the_first_sentence(town: Any, months: int | None, end: str) -> None:
    """三月二日起羁押，十六日宣判：上诉期满加移送、立案至四月三日；判处拘役一个月的，至四月一日。"""
    town.files("甲")
    town.detains("甲")
    town.clock.passes(days=14)
    told = {} if months is None else {"months": months}
    row = town.holds_on("甲", "appeal_pending", "2026-03-16", **told)
    (title,) = row["titles"].values()

    assert title["end"] == end
    assert ("R21" in title["proof"]["rules"]) == (months is not None)
    assert (title["holder"], "刑事诉讼法" in title["law_ref"]) == (POLICE, True)


def test_a_sentence_that_is_not_final_ends_custody_whatever_the_title_says(town: Any) -> None:
    """羁押依据没有写明刑期的，按第一审判决计算：刑满次日仍在押，超期。"""
    town.files("甲")
    town.detains("甲")
    for stage in ("prosecution", "court"):
        town.goes_to(stage, "甲")
    for step in ("prepare", "open_fast"):
        town.takes(f"first_trial:{step}", "甲")
    town.takes("first_trial:judge_in_court", "甲", facts={"sentence": {"type": "criminal_detention", "months": 1}})
    town.holds_on("甲", "appeal_pending", "2026-03-16")
    town.clock.passes(days=30)
    assert town.findings("INV-03") == []
    town.clock.passes(days=1)

    (finding,) = (each for each in town.concludes().findings if each.kind == "INV-03")
    assert (finding.status, finding.due) == ("overdue", "2026-04-01")


# INV-02 收押之时就有依据。


@pytest.mark.parametrize(("since", "found"), [("2026-03-02", []), ("2026-03-03", [("INV-02", "violated", "甲")])])
def test_nobody_is_held_before_the_title_begins(town: Any, since: str, found: list[Any]) -> None:
    """三月二日收押，依据自三日起的，二日没有依据。"""
    town.files("甲")
    town.admits("甲", title={"from": since})

    assert town.findings("INV-02") == found


# 期限变更迟到的：批准在先，补送在后，保留告警。


def test_a_paper_that_came_late_keeps_the_alarm(town: Any) -> None:
    """三月五日届满，五日已经批准延长，七日才补送看守所：有依据，其间的空档仍然记载。"""
    town.files("甲")
    town.detains("甲", on="2026-03-02")
    town.clock.passes(days=3)
    town.takes("criminal_detention:extend", "甲", facts={"extension": 2})
    town.clock.passes(days=2)
    assert town.findings("INV-03") == [("INV-03", "overdue", "甲")]
    town.holds_on("甲", "detention_request_arrest", "2026-03-02", extensions=2)

    assert (town.findings("INV-03"), town.findings("INV-04")) == ([], [("INV-04", "late", "甲")])


# KY14 一（一）：八种情形的两端。


def test_every_occasion_has_two_sides() -> None:
    """八种情形，移送机关、接收机关都有步骤：死刑复核、发回重审也在其中。"""
    code = CustodyTransfer.code
    sides = [code.types(code.limits[f"handover_certificate_by_{who}"].after) for who in ("transferor", "receiver")]
    occasions = {
        "移送审查起诉": ("investigation_close:transfer", "investigation_close:accept"),
        "退回补充侦查": ("prosecution_review:return", "supplementary_return:receive"),
        "补充侦查后重新移送": ("supplementary_return:resubmit", "supplementary_return:resubmit"),
        "提起公诉": ("prosecution_review:charge", "court_intake:receive"),
        "延期审理": ("first_trial:adjourn_for_supplement", "first_trial:adjourn_for_supplement"),
        "恢复审理": ("first_trial:resume_after_supplement", "first_trial:resume_after_supplement"),
        "上诉、抗诉": ("second_trial:transfer", "second_trial:accept"),
        "发回重审": ("second_trial:remand", "first_trial:accept_remanded"),
        "报请复核死刑": ("death_review:report_to_supreme", "death_review:report_to_supreme"),
        "不核准而发回": ("death_review:remand", "first_trial:accept_remanded"),
        "发回第二审": ("death_review:remand_to_second", "second_trial:accept"),
        "侦查中改变管辖": ("jurisdiction_merge_split:move", "jurisdiction_merge_split:move"),
        "审查起诉中改变管辖": ("prosecution_review:move_jurisdiction", "prosecution_review:accept_moved"),
        "审判中改变管辖": ("first_trial:move_jurisdiction", "first_trial:accept_moved"),
    }

    missing = [
        name
        for name, pair in occasions.items()
        if any(step not in side for step, side in zip(pair, sides, strict=True))
    ]
    assert missing == []


def test_sent_back_to_the_court_of_first_instance_somebody_is_handed_over(town: Any) -> None:
    """第二审发回重审：原审人民法院立案时换押；第二审人民法院移送、原审人民法院接收、看守所签收以后，相符。"""
    town.files("甲")
    town.detains("甲")
    for stage in ("prosecution", "court"):
        town.goes_to(stage, "甲")
    second = "court-330100"
    for organ in (PROCURATORATE, COURT):
        town.hands_over("甲", organ)
    for step in ("prepare", "open_fast", "judge_in_court"):
        town.takes(f"first_trial:{step}", "甲")
    for step in ("appeal", "transfer", "accept"):
        town.takes(f"second_trial:{step}", "甲")
    town.hands_over("甲", second)
    town.takes("second_trial:remand", "甲")
    town.clock.passes(days=2)
    assert town.findings("INV-05") == []
    town.takes("first_trial:accept_remanded", "甲")
    town.clock.passes(days=2)
    assert town.findings("INV-05") == [("INV-05", "violated", "甲")]
    town.takes("custody_handover:offer", "甲", by=second, to_organ=COURT)
    assert town.findings("INV-05") == []
    town.takes("custody_handover:accept", "甲", by=COURT)
    town.takes("custody_handover:confirm", "甲")

    assert (town.findings("INV-05"), town.findings("INV-01")) == ([], [])


def test_a_hand_over_that_was_refused_is_an_occasion_that_is_done_with(town: Any) -> None:
    """法院收案审查时拒收换押、退回案件的，不算没有换押；重新起诉，又是一次。"""
    town.files("甲")
    town.detains("甲")
    town.goes_to("prosecution", "甲")
    town.hands_over("甲", PROCURATORATE)
    for step in ("prosecution_review:review", "prosecution_review:charge", "court_intake:receive"):
        town.takes(step, "甲")
    town.takes("custody_handover:offer", "甲", to_organ=COURT)
    town.takes("custody_handover:return", "甲", by=COURT, facts={"return_reason": "no_jurisdiction"})
    town.takes("court_intake:return", "甲")
    town.clock.passes(days=2)

    assert (town.findings("INV-05"), town.findings("INV-01")) == ([], [])
