"""走完一段路：一个程序的步骤怎样开始、带动、结束另一个程序。"""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from services.kernel.errors import OutOfOrder
from services.kernel.who import Organ
from services.law import CODE

IN_CHARGE = {Organ.ORGAN_IN_CHARGE, Organ.DECIDING_ORGAN}


@pytest.fixture
def road(bench, scene) -> Callable[..., dict[str, str]]:
    """Take these steps one after the other from where the lines stand, each with its papers; say where they stand then."""

    def taken(lines: dict[str, str], *types: str, in_charge: Organ = Organ.POLICE) -> dict[str, str]:
        head = scene(lines=lines, in_charge=in_charge).head
        for type_ in types:
            step = CODE.steps[type_]
            organ = step.office.organ
            if organ in IN_CHARGE:
                organ = Organ(next(iter(head.state["in_charge"].values())))
            here: Any = SimpleNamespace(head=head)
            head = bench.take(step, here, organ).head
        return {procedure: stands[0] for each in head.state["lines"].values() for procedure, stands in each.items()}

    return taken


def test_a_refusal_to_file_is_overturned(road):
    """不予立案，复议维持，复核撤销，即为立案。"""
    stands = road(
        {"case_intake": "reviewing"},
        "case_intake:refuse_filing",
        "non_filing_remedy:apply",
        "non_filing_remedy:uphold",
        "non_filing_remedy:apply_review",
        "non_filing_remedy:overturn_on_review",
    )

    assert stands == {"case_intake": "filed", "non_filing_remedy": "overturned"}


#: The procuratorate has ordered the filing.
SUPERVISED = {"supervise_non_filing": "notice_sent"}


@pytest.mark.parametrize("file", ["case_intake:file_anew", "supervise_non_filing:file"])
def test_filing_anew_ends_the_remedy(road, file):
    """复议期间已经立案的，复议没有对象。"""
    stands = road({"case_intake": "not_filed", "non_filing_remedy": "reconsidering"} | SUPERVISED, file)

    assert (stands["case_intake"], stands["non_filing_remedy"]) == ("filed", "overturned")


def test_no_remedy_without_a_refusal(road):
    """没有不予立案，就没有复议。"""
    with pytest.raises(OutOfOrder):
        road({"case_intake": "accepted"}, "non_filing_remedy:apply")


@pytest.mark.parametrize("custody", ["base", "ext2", "paused"])
def test_a_suggestion_ends_custody(road, custody):
    """建议释放，办案机关采纳：侦查羁押结束，另行决定取保候审。"""
    stands = road(
        {"criminal_detention": "arrested", "custody_extension": custody},
        "custody_necessity:review",
        "custody_necessity:suggest",
        "custody_necessity:follow",
        "bail:decide",
    )

    assert stands["custody_extension"] == "ended"
    assert stands["custody_necessity"] == "changed"
    assert stands["bail"] == "decided"


@pytest.mark.parametrize(
    "measure", ["bail:decide", "residential_surveillance:decide", "custody_extension:end", "criminal_detention:release"]
)
def test_a_change_of_measure_answers_the_application(road, measure):
    """申请以后办案机关直接变更措施的，申请随之办结。"""
    stands = road({"criminal_detention": "in_center", "custody_extension": "base"}, "custody_necessity:apply", measure)

    assert stands["custody_necessity"] == "changed"


def test_custody_may_be_reviewed_again(road):
    """继续羁押以后，可以再次申请。"""
    again = ("custody_necessity:apply", "custody_necessity:refuse", "custody_necessity:apply")

    assert road({"criminal_detention": "arrested"}, *again)["custody_necessity"] == "applied"


DIRECT = (
    "direct_prosecution:consent",
    "direct_prosecution:start",
    "investigation_close:conclude",
    "direct_prosecution:transfer",
    "investigation_close:accept",
    "prosecution_review:review",
    "prosecution_review:charge",
    "court_intake:receive",
    "court_intake:file",
    "first_trial:prepare",
    "first_trial:open_fast",
    "first_trial:judge_in_court",
)
HELD = {"case_intake": "filed", "criminal_detention": "in_center"}


def test_direct_prosecution_up_to_judgment(road):
    """刑拘直诉：延长拘留、移送、起诉、当庭宣判，本程序随主程序前进。"""
    stands = road(HELD, *DIRECT)

    assert stands["criminal_detention"] == "transferred_direct"
    assert stands["direct_prosecution"] == "judged"
    assert stands["second_trial"] == "judged"


@pytest.mark.parametrize(
    ("stage", "way_out"),
    [
        ("direct_prosecution:start", "criminal_detention:request_arrest"),
        ("direct_prosecution:start", "criminal_detention:release"),
        ("direct_prosecution:start", "direct_prosecution:exit"),
        ("prosecution_review:review", "bail:decide_procuratorate"),
        ("prosecution_review:review", "arrest_review:decide_procuratorate"),
        ("court_intake:file", "residential_surveillance:decide_court"),
        ("court_intake:file", "arrest_review:decide_court"),
        ("court_intake:file", "direct_prosecution:exit"),
    ],
)
def test_direct_prosecution_is_left(road, stage, way_out):
    """逮捕、取保候审、监视居住或者释放的，退出刑拘直诉。"""
    stands = road(HELD, *DIRECT[: DIRECT.index(stage) + 1], way_out)

    assert stands["direct_prosecution"] == "exited"


def test_a_transfer_on_the_main_road_is_a_direct_transfer(road):
    """移送审查起诉带动刑拘直诉，次序不拘。"""
    stands = road(HELD, *DIRECT[:3], "investigation_close:transfer")

    assert stands["direct_prosecution"] == "pr_stage"


def test_a_death_sentence_is_approved_and_executed(road):
    """中级人民法院判处死刑，没有上诉，层报核准，执行。"""
    stands = road(
        {"second_trial": "judged"},
        "second_trial:become_final",
        "death_review:report",
        "death_review:agree",
        "death_review:report_to_supreme",
        "death_review:approve",
        "execution:execute_death",
        in_charge=Organ.COURT,
    )

    assert stands == {"second_trial": "final", "death_review": "approved", "execution": "executed_death"}


@pytest.mark.parametrize(
    ("remand", "then", "procedure"),
    [
        ("death_review:remand", "first_trial:prepare", "first_trial"),
        ("death_review:remand_to_second", "second_trial:accept", "second_trial"),
    ],
)
def test_a_death_sentence_that_is_not_approved_is_tried_again(road, remand, then, procedure):
    """不核准的，发回第一审或者第二审人民法院。"""
    stands = road(
        {"second_trial": "affirmed", "first_trial": "judged"},
        "death_review:report_to_supreme",
        "death_review:disapprove",
        remand,
        then,
        in_charge=Organ.COURT,
    )

    assert stands["death_review"] == "remanded"
    assert stands[procedure] == CODE.steps[then].to.name


def test_a_retrial_changes_an_effective_judgment(road):
    """申诉，决定再审，改判：按新的判决重新交付执行，直至释放；再行申诉的，从头开始。"""
    stands = road(
        {"second_trial": "final", "execution": "in_prison"},
        "retrial:petition",
        "retrial:decide",
        "retrial:change",
        "execution:serve",
        "execution:stay",
        "execution:release",
        "retrial:petition",
        in_charge=Organ.COURT,
    )

    assert stands["execution"] == "released"
    assert stands["retrial"] == "petition"


@pytest.mark.parametrize(
    ("result", "procedure", "state"),
    [
        ("retrial:change_as_first", "second_trial", "judged"),
        ("retrial:remand", "first_trial", "filed"),
        ("retrial:uphold", "execution", "in_prison"),
    ],
)
def test_how_a_retrial_upon_protest_ends(road, result, procedure, state):
    """抗诉引起的再审：一审程序的可以上诉，发回的重新审判，维持的执行不变。"""
    stands = road(
        {"second_trial": "final", "first_trial": "judged", "execution": "in_prison", "retrial": "petition"},
        "retrial:protest",
        "retrial:accept_protest",
        result,
        in_charge=Organ.COURT,
    )

    assert stands[procedure] == state


def test_parole_and_its_revocation(road):
    """监狱提请，裁定假释，社区矫正；撤销假释的收监。"""
    paroled = ("commutation:propose", "commutation:file", "commutation:grant_parole")

    assert road({"execution": "in_prison"}, *paroled)["execution"] == "community"
    assert road({"execution": "in_prison"}, *paroled, "execution:recall_from_community")["execution"] == (
        "awaiting_delivery"
    )


def test_a_commutation_is_corrected(road):
    """减刑裁定经纠正，重新审理；以后可以再次提请。"""
    stands = road(
        {"execution": "in_center"},
        "commutation:propose_from_center",
        "commutation:file",
        "commutation:rule",
        "commutation:correct",
        "commutation:rehear",
        "commutation:propose_from_center",
    )

    assert stands == {"execution": "in_center", "commutation": "proposed"}
