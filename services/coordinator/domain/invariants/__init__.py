"""The invariants of the case flow, each a rule that reads the ledger. Pure.

A rule is what the law or the record already says; here stands only the reading of it. Where a log has not been read, the
rule that needs it keeps silent about what it would have to guess.
"""

from services.coordinator.domain.invariants.case import Case, Rule
from services.coordinator.domain.invariants.cells import held_apart
from services.coordinator.domain.invariants.center import ledgers_agree, release_is_due
from services.coordinator.domain.invariants.custody import (
    handovers_confirmed,
    held_on_a_title,
    holder_is_in_charge,
    not_beyond_the_end,
    released_at_once,
    remedies_do_not_delay,
    titles_without_a_gap,
)
from services.coordinator.domain.invariants.defence import lawyers_defend_one, not_for_everybody, pleas_are_witnessed
from services.coordinator.domain.invariants.documents import papers_are_approved, papers_are_unique, times_follow
from services.coordinator.domain.invariants.freezes import freezes_end
from services.coordinator.domain.invariants.goods import (
    control_follows_the_case,
    dossier_is_what_was_sent,
    every_item_is_judged,
    measures_end_with_the_case,
    quantities_agree,
)
from services.coordinator.domain.invariants.idle import nobody_idles
from services.coordinator.domain.invariants.judgment import (
    effective_when_all_are_through,
    judgments_are_executed,
    nobody_fares_worse,
    not_beyond_the_first_judgment,
    sentences_are_counted,
    short_terms_stay,
)
from services.coordinator.domain.invariants.limits import (
    REPLACED,
    goods_are_kept,
    supervision_is_told,
    unrelated_goods_are_released,
)
from services.coordinator.domain.invariants.measures import (
    direct_prosecution_ends_in_time,
    direct_prosecution_is_near,
    extended_in_time_and_order,
    held_after_the_judgment,
    measures_go_on,
    one_measure_at_a_time,
)
from services.coordinator.domain.invariants.notices import (
    changes_are_received,
    changes_are_told,
    defence_is_arranged,
    deputies_have_leave,
    families_are_told,
    families_may_be_told,
    foreigners_are_reported,
    new_ends_are_told,
    rights_are_told,
    the_defended_go_on,
)
from services.coordinator.domain.invariants.organs import (
    duties_are_apart,
    organs_write_their_own,
    requests_stay_in_place,
)
from services.coordinator.domain.invariants.questioning import (
    inside_the_centre,
    minors_are_not_alone,
    rights_are_told_first,
    two_are_there,
)
from services.coordinator.domain.invariants.records import (
    clocks_begin_again_by_law,
    ends_compute_again,
    numbers_are_their_own,
    one_act_is_punished_once,
    persons_are_one,
    sealed_records_stay_sealed,
)
from services.coordinator.domain.invariants.stages import (
    counters_hold,
    everybody_is_in_one_case,
    no_measure_before_filing,
    stages_agree,
)

__all__ = ["REPLACED", "RULES", "Case"]

RULES: tuple[Rule, ...] = (
    holder_is_in_charge,
    held_on_a_title,
    not_beyond_the_end,
    titles_without_a_gap,
    handovers_confirmed,
    released_at_once,
    no_measure_before_filing,
    control_follows_the_case,
    counters_hold,
    stages_agree,
    everybody_is_in_one_case,
    dossier_is_what_was_sent,
    remedies_do_not_delay,
    release_is_due,
    ledgers_agree,
    goods_are_kept,
    unrelated_goods_are_released,
    freezes_end,
    supervision_is_told,
    changes_are_told,
    changes_are_received,
    new_ends_are_told,
    inside_the_centre,
    minors_are_not_alone,
    defence_is_arranged,
    the_defended_go_on,
    not_for_everybody,
    two_are_there,
    extended_in_time_and_order,
    rights_are_told,
    rights_are_told_first,
    families_are_told,
    families_may_be_told,
    one_measure_at_a_time,
    measures_go_on,
    sentences_are_counted,
    not_beyond_the_first_judgment,
    nobody_fares_worse,
    effective_when_all_are_through,
    judgments_are_executed,
    short_terms_stay,
    held_apart,
    pleas_are_witnessed,
    lawyers_defend_one,
    direct_prosecution_ends_in_time,
    direct_prosecution_is_near,
    held_after_the_judgment,
    foreigners_are_reported,
    deputies_have_leave,
    every_item_is_judged,
    measures_end_with_the_case,
    quantities_agree,
    papers_are_unique,
    papers_are_approved,
    duties_are_apart,
    clocks_begin_again_by_law,
    sealed_records_stay_sealed,
    requests_stay_in_place,
    times_follow,
    ends_compute_again,
    persons_are_one,
    one_act_is_punished_once,
    organs_write_their_own,
    numbers_are_their_own,
    nobody_idles,
)
