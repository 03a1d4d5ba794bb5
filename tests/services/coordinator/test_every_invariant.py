"""Each of the 52 invariants has a scene that breaks it and one that comes near, and both do what they say.

The scenes are tests of their own; here they are played once more, to see what was concluded in them.
"""

import importlib
import inspect
import itertools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from services.coordinator.domain import reconcile
from services.coordinator.domain.invariants import RULES
from tests.services.coordinator.conftest import SAID, Town

CORE, CUSTODY, DOCUMENTS, GOODS, MEASURES, PERSONS, RECORDS, TRIAL = (
    f"test_invariants{part}"
    for part in ("", "_custody", "_documents", "_goods", "_measures", "_persons", "_records", "_trial")
)
KIN, SHARED, SEALING = "test_kin", "test_shared", "test_sealing"

#: Where each is broken, and where it comes near; one scene may do both, by what is said in it.
SCENES: Mapping[str, tuple[str, str, str]] = {
    "INV-01": (CORE, "held_for_an_organ_that_is_no_longer_in_charge", "while_a_hand_over_is_open_both_are_shown"),
    "INV-02": (CORE, "ordered_into_custody_and_nowhere_taken_in", "taken_in_on_a_warrant"),
    "INV-03": (CORE, "held_beyond_the_end", "titles_that_follow_each_other"),
    "INV-04": (CORE, "a_gap_between_titles", "an_extension_leaves_no_gap"),
    "INV-05": (CORE, "transferred_without_a_hand_over", "transferred_with_a_hand_over_each_time"),
    "INV-06": (
        MEASURES,
        "a_change_reaches_the_centre_before_the_old_end",
        "a_change_reaches_the_centre_before_the_old_end",
    ),
    "INV-07": (CORE, "not_approved_and_not_released", "released_soon_or_late"),
    "INV-08": (PERSONS, "who_is_held_is_interrogated_in_the_centre", "who_is_held_is_interrogated_in_the_centre"),
    "INV-09": (PERSONS, "a_minor_is_not_interrogated_alone", "a_minor_is_not_interrogated_alone"),
    "INV-10": (
        TRIAL,
        "a_trial_without_the_defender_who_must_be_there",
        "a_trial_without_the_defender_who_must_be_there",
    ),
    "INV-11": (TRIAL, "who_is_not_tried_fast", "who_is_not_tried_fast"),
    "INV-12": (CORE, "detained_before_filing", "detained_on_the_day_of_filing"),
    "INV-13": (CORE, "goods_left_behind", "goods_on_their_way"),
    "INV-14": (GOODS, "never_stored", "stored_within_a_day"),
    "INV-15": (SHARED, "a_freeze_is_not_effective_past_its_end", "nothing_is_frozen_twice"),
    "INV-16": (GOODS, "unrelated_goods_go_back", "unrelated_goods_go_back"),
    "INV-17": (GOODS, "a_judgment_that_is_silent_on_the_goods", "goods_of_somebody_who_is_not_judged_yet"),
    "INV-18": (GOODS, "goods_of_who_is_not_charged", "goods_are_released_with_their_owner"),
    "INV-19": (GOODS, "what_is_stored_is_what_was_taken", "the_price_takes_the_place_of_the_goods"),
    "INV-20": (DOCUMENTS, "two_texts_under_one_number", "one_paper_handed_in_twice"),
    "INV-21": (DOCUMENTS, "approved_afterwards", "filed_by_whom_and_with_what"),
    "INV-22": (DOCUMENTS, "who_takes_does_not_keep", "another_prosecutor_reconsiders"),
    "INV-23": (PERSONS, "one_officer_does_not_interrogate", "a_search_is_witnessed"),
    "INV-24": (CORE, "returned_too_often", "returns_are_counted_for_each_person"),
    "INV-25": (RECORDS, "a_clock_begins_again_by_law_only", "an_extension_is_no_new_beginning"),
    "INV-26": (MEASURES, "an_extension_comes_before_the_end", "an_extension_comes_before_the_end"),
    "INV-27": (CORE, "at_court_without_a_charge", "one_person_stays_behind"),
    "INV-28": (RECORDS, "nobody_is_in_two_cases", "nobody_is_in_two_cases"),
    "INV-29": (CORE, "another_digest", "what_was_sent_is_what_was_sealed"),
    "INV-30": (PERSONS, "rights_are_told_at_the_first_interrogation", "rights_are_told_in_three_days_of_review"),
    "INV-31": (PERSONS, "a_family_is_told_within_a_day", "a_family_is_not_told_on_a_ground_of_the_law_only"),
    "INV-32": (CORE, "reconsideration_instead_of_release", "reconsideration_after_release"),
    "INV-33": (MEASURES, "nobody_is_on_bail_and_held", "a_guarantor_or_a_deposit"),
    "INV-34": (MEASURES, "bail_is_decided_anew_in_seven_days", "bail_is_decided_anew_in_seven_days"),
    "INV-35": (
        TRIAL,
        "nobody_is_held_longer_than_the_first_judgment_says",
        "nobody_is_held_longer_than_the_first_judgment_says",
    ),
    "INV-36": (TRIAL, "an_appeal_does_not_make_it_worse", "an_appeal_does_not_make_it_worse"),
    "INV-37": (
        TRIAL,
        "a_judgment_takes_effect_after_the_last_day_to_appeal",
        "one_judgment_takes_effect_for_all",
    ),
    "INV-38": (
        TRIAL,
        "who_has_more_than_three_months_left_does_not_stay",
        "the_papers_of_execution_go_in_ten_days",
    ),
    "INV-39": (SEALING, "what_is_not_sealed_after_a_day_is_found", "what_is_not_sealed_after_a_day_is_found"),
    "INV-40": (SHARED, "cells_are_compared_across_cases", "cells_are_compared_across_cases"),
    "INV-41": (TRIAL, "a_plea_before_the_opinions_were_heard", "a_plea_is_signed_with_a_lawyer"),
    "INV-42": (TRIAL, "a_lawyer_defends_one", "a_lawyer_who_was_refused_may_defend_another"),
    "INV-43": (DOCUMENTS, "requests_go_to_the_same_place", "a_designated_organ_may_take_it"),
    "INV-44": (DOCUMENTS, "received_after_it_was_sent", "nothing_happens_in_the_future"),
    "INV-45": (RECORDS, "an_end_that_was_typed", "an_end_that_was_typed"),
    "INV-46": (RECORDS, "one_person_registered_twice", "an_identity_is_stated_or_known_to_be_unknown"),
    "INV-47": (RECORDS, "one_act_is_not_punished_twice", "the_case_that_was_dropped_may_be_punished"),
    "INV-48": (
        MEASURES,
        "direct_prosecution_ends_with_the_detention",
        "after_the_judgment_custody_needs_its_own_title",
    ),
    "INV-49": (GOODS, "supervision_is_told_of_a_change", "supervision_is_told_of_a_change"),
    "INV-50": (DOCUMENTS, "one_organ_writes_for_another", "whoever_is_in_charge_decides"),
    "INV-51": (RECORDS, "each_stage_has_its_own_number", "each_stage_has_its_own_number"),
    "INV-52": (MEASURES, "a_foreigner_is_reported_in_time", "a_deputy_is_detained_with_leave"),
}
#: What a finding is when nothing is broken, or nobody can say.
_NOT_BROKEN = "unknown"


def scene(module: str, name: str) -> Callable[..., None]:
    """A scene by its name. Raises: AttributeError where there is none."""
    found: Callable[..., None] = getattr(
        importlib.import_module(f"tests.services.coordinator.{module}"), f"test_{name}"
    )
    return found


def said(function: Callable[..., None]) -> Iterator[dict[str, Any]]:
    """Each way in which a scene is played: what its tables say."""
    tables = []
    for mark in (mark for mark in getattr(function, "pytestmark", ()) if mark.name == "parametrize"):
        names, values = mark.args
        names = [name.strip() for name in names.split(",")] if isinstance(names, str) else list(names)
        rows = [getattr(value, "values", value) for value in values]
        rows = [
            row if len(names) > 1 or hasattr(value, "values") else (row,)
            for row, value in zip(rows, values, strict=True)
        ]
        tables.append([dict(zip(names, row, strict=True)) for row in rows])
    for chosen in itertools.product(*tables):
        yield {name: value for each in chosen for name, value in each.items()}


def played(function: Callable[..., None], heard: list[Any]) -> Iterator[list[Any]]:
    """What was concluded, in order, each time that a scene is played."""
    for given in said(function):
        heard.clear()
        town = Town()
        stage = {"town": town, "towns": (town, Town(clock=town.clock, case_id="case_2"))}
        function(**{name: stage[name] for name in inspect.signature(function).parameters if name in stage}, **given)
        yield list(heard)


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Every conclusion, as it is drawn."""
    found: list[Any] = []
    drawn = reconcile.Conclusion

    def listening(*parts: Any, **more: Any) -> Any:
        found.append(drawn(*parts, **more))
        return found[-1]

    monkeypatch.setattr(reconcile, "Conclusion", listening)
    return found


def test_all_of_them_are_there() -> None:
    """五十二项，一项不少：每一项都有规则，也都有违反和相近的情形。"""
    numbers = [f"INV-{number:02d}" for number in range(1, 53)]

    assert list(SCENES) == numbers
    assert {(rule.__doc__ or "").partition(" ")[0] for rule in RULES} >= {*numbers}


@pytest.mark.parametrize("kind", SCENES)
def test_one_scene_breaks_it_and_one_comes_near(kind: str, heard: list[Any]) -> None:
    """违反的情形，得出违反，写明中英文、法条、程度、负责的机关和补救；相近的情形，不得出违反。"""
    module, breaks, near = SCENES[kind]

    def broken(conclusion: Any) -> list[Any]:
        return [each for each in conclusion.findings if each.kind == kind and each.status != _NOT_BROKEN]

    found = [each for run in played(scene(module, breaks), heard) for conclusion in run for each in broken(conclusion)]
    assert found, f"{breaks} does not break {kind}"
    assert all(getattr(each, name) for each in found for name in SAID)
    assert any(run and not broken(run[-1]) for run in played(scene(module, near), heard)), f"{near} breaks {kind}"
