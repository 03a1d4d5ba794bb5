"""刑拘直诉、死刑复核、再审、减刑假释和羁押必要性审查的期限，以及与之相关的“不得”。"""

from datetime import date, timedelta
from typing import Any

import pytest


def day(number: int) -> str:
    """The day so many days after the second of March, a Monday."""
    return (date(2026, 3, 2) + timedelta(days=number)).isoformat()


def held(town: Any) -> None:
    """Filed and detained on the second of March."""
    town.files("甲", on=day(0))
    town.detains("甲", on=day(0))


def days_pass(town: Any, number: int) -> None:
    town.clock.passes(seconds=number * 24 * 3600)


def judged(town: Any, sentence: str) -> None:
    """Tried and judged, and the judgment served, all on one day."""
    held(town)
    town.goes_to("arrest", "甲")
    town.goes_to("prosecution", "甲")
    town.goes_to("court", "甲")
    for step in ("prepare", "open_ordinary", "deliberate"):
        town.takes(f"first_trial:{step}", "甲")
    town.takes("first_trial:pronounce", "甲", facts={"sentence": {"type": sentence}})
    town.takes("first_trial:serve_judgment", "甲")


def test_direct_prosecution_ends_with_the_detention(town: Any) -> None:
    """三十日以内没有判决的，刑拘直诉逾期；普通程序的拘留没有这一期限。"""
    held(town)
    assert town.duty("direct_prosecution_total") == []

    town.takes("direct_prosecution:consent", "甲")
    town.takes("direct_prosecution:start", "甲", facts={"extension": 2})
    assert town.duty("detention_request_arrest") == [("open", day(30))]
    assert town.duty("direct_prosecution_split_police") == [("open", day(10))]
    town.takes("investigation_close:conclude", "甲")
    town.takes("direct_prosecution:transfer", "甲")

    assert town.duty("direct_prosecution_split_police") == [("met", day(10))]
    assert town.duty("direct_prosecution_split_procuratorate") == [("open", day(10))]
    assert town.duty("direct_prosecution_total") == [("open", day(30))]
    days_pass(town, 31)
    assert town.duty("direct_prosecution_total") == [("overdue", day(30))]


@pytest.mark.parametrize("way_out", ["direct_prosecution:exit", "bail:decide_procuratorate"])
def test_whoever_leaves_direct_prosecution_owes_nothing_of_it(town: Any, way_out: str) -> None:
    """退出、取保候审以后，刑拘直诉的期限终结。"""
    held(town)
    town.takes("direct_prosecution:consent", "甲")
    town.takes("direct_prosecution:start", "甲")
    town.goes_to("prosecution", "甲")
    town.takes(way_out, "甲")

    assert [status for status, _ in town.duty("direct_prosecution_total")] == ["met"]


@pytest.mark.parametrize(("sentence", "owed"), [("death", [("open", day(21))]), ("fixed_term", [])])
def test_a_death_sentence_is_reported_after_the_period_for_appeal(
    town: Any, sentence: str, owed: list[tuple[str, str]]
) -> None:
    """上诉、抗诉期满后十日以内报请复核，末日是星期日的顺延；其他刑罚不报请。"""
    judged(town, sentence)

    assert town.duty("death_report_to_high_court") == owed


def test_an_appeal_leaves_nothing_to_report(town: Any) -> None:
    """上诉的，不依本条报请；第二审维持的，十日以内报请核准。"""
    judged(town, "death")
    town.takes("second_trial:appeal", "甲")
    town.takes("second_trial:transfer", "甲")
    town.takes("second_trial:accept", "甲")
    town.takes("second_trial:uphold", "甲")

    assert [status for status, _ in town.duty("death_report_to_high_court")] == ["superseded"]
    assert town.duty("death_report_to_spc") == [("open", day(10))]


def test_no_execution_without_approval(town: Any) -> None:
    """未经核准执行死刑的，报警，并写明缺少什么。"""
    judged(town, "death")
    town.takes("second_trial:become_final", "甲")
    town.takes("execution:execute_death", "甲")

    found = [each for each in town.concludes().findings if each.kind == "no_execution_before_approval"]

    assert [each.severity for each in found] == ["critical"]
    assert "而此前没有“核准死刑”的记录" in found[0].zh


def test_an_approved_sentence_is_executed_in_seven_days(town: Any) -> None:
    """接到执行死刑的命令七日以内交付执行。"""
    judged(town, "death")
    town.takes("second_trial:become_final", "甲")
    town.takes("death_review:report", "甲")
    town.takes("death_review:report_to_supreme", "甲")
    town.takes("death_review:approve", "甲")
    assert town.duty("death_order_execution") == [("open", day(7))]
    town.takes("execution:execute_death", "甲")

    assert town.duty("death_order_execution") == [("met", day(7))]
    assert "no_execution_before_approval" not in {kind for kind, _, _ in town.findings()}


def test_the_organ_in_charge_answers_in_time(town: Any) -> None:
    """变更强制措施的申请三日以内决定；直接取保候审的，同样是决定。"""
    held(town)
    town.takes("custody_necessity:apply", "甲")
    assert town.duty("change_measure_application_decide") == [("open", day(3))]
    town.takes("bail:decide", "甲")

    assert town.duty("change_measure_application_decide") == [("met", day(3))]


def test_a_suggestion_is_answered_in_ten_days(town: Any) -> None:
    """建议释放的，十日以内答复；采纳的，侦查羁押期限随之终结。"""
    held(town)
    town.goes_to("arrest", "甲")
    town.takes("custody_necessity:review", "甲")
    town.takes("custody_necessity:suggest", "甲")
    assert town.duty("necessity_review_reply") == [("open", day(10))]
    town.takes("custody_necessity:follow", "甲")

    assert town.duty("necessity_review_reply") == [("met", day(10))]
    assert [status for status, _ in town.duty("investigation_custody")] == ["met"]


@pytest.mark.parametrize(("extended", "due"), [(False, "2026-06-02"), (True, "2026-09-02")])
def test_a_retrial_takes_three_months_or_six(town: Any, extended: bool, due: str) -> None:
    """作出再审决定起三个月，至迟六个月。"""
    judged(town, "fixed_term")
    town.takes("second_trial:become_final", "甲")
    town.takes("retrial:petition", "甲")
    town.takes("retrial:decide", "甲")
    if extended:
        town.takes("retrial:extend", "甲")

    assert town.duty("retrial") == [("open", due)]
    assert "no_retrial_before_effect" not in {kind for kind, _, _ in town.findings()}


def test_a_parole_is_decided_and_served(town: Any) -> None:
    """一个月以内裁定；公示、送达没有步骤的，由人民法院登记。"""
    judged(town, "fixed_term")
    for step in ("second_trial:become_final", "execution:serve", "execution:stay"):
        town.takes(step, "甲")
    town.takes("commutation:propose_from_center", "甲")
    town.takes("commutation:file", "甲")
    town.takes("commutation:grant_parole", "甲")

    assert [status for status, _ in town.duty("commutation_decide")] == ["met"]
    assert town.duty("commutation_publicity") == [("open", "2026-03-09")]
    assert town.duty("commutation_service") == [("open", "2026-03-09")]
