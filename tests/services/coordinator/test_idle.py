"""Idle: nobody acts on an open case, or on somebody at liberty under a measure (REQ-34)."""

from datetime import timedelta
from typing import Any

import pytest

from services.coordinator.domain.invariants.idle import AFTER, SUBSTANTIVE
from services.law import CODE
from tests.services.coordinator.conftest import COURT, PROCURATORATE, Town


def idle(town: Town, **given: Any) -> list[tuple[str, str, str]]:
    """What is idle: kind, owner, whom."""
    labels = {subject: label for label, subject in town.persons.items()}
    return [
        (finding.kind, finding.owner, labels.get(finding.subject, ""))
        for finding in town.concludes(**given).findings
        if finding.kind in AFTER
    ]


def on_bail(town: Town, *labels: str) -> None:
    town.files(*labels)
    for label in labels:
        town.takes("bail:decide", label)
        town.takes("bail:execute", label)


def test_an_open_case_is_idle_after_sixty_days(town: Town) -> None:
    """未结案件六十日没有实质性办案活动的，是停滞；到期以前看得到何时再看，读到以前不下结论。"""
    town.files()
    last = town.clock.now()
    assert idle(town, now=last + timedelta(days=60) - timedelta(seconds=1)) == []
    town.clock.passes(days=60)
    assert idle(town, read={}) == []
    (found,) = [finding for finding in town.concludes().findings if finding.kind == "idle_case"]
    assert (found.owner, found.severity, found.trigger) == ("police", "medium", town.rows[-1]["id"])
    assert (found.law_ref, found.due, bool(found.repair)) == ("刑事诉讼法第二条", "2026-05-01", True)


def test_time_alone_makes_the_coordinator_look(town: Town) -> None:
    """没有任何新的记录，到期之时也会重新核对。"""
    on_bail(town, "甲")
    due = town.clock.now() + timedelta(days=30)
    now = due - timedelta(hours=1)
    look_at = town.concludes(now=now).look_at
    assert look_at is not None
    assert look_at <= due


@pytest.mark.parametrize("label", ["甲", "乙"])
def test_who_is_on_bail_is_idle_after_thirty_days_each_by_themselves(town: Town, label: str) -> None:
    """取保候审期间不得中断侦查：每人分别计算，为一人所作的不算为另一人所作（刑事诉讼法第七十九条第一款）。"""
    on_bail(town, "甲", "乙")
    town.clock.passes(days=20)
    other = "甲" if label == "乙" else "乙"
    town.takes("investigation_close:conclude", other)
    town.clock.passes(days=15)
    assert idle(town) == [("idle_bail", "police", label)]
    town.takes("investigation_close:conclude", label)
    assert idle(town) == []


def test_notes_visits_and_reminders_are_no_acts_of_substance(town: Town) -> None:
    """登记事项、补充登记、台账核对、提讯预约、当事人的申请，都不算实质性办案活动。"""
    on_bail(town, "甲")
    filed = town.rows[1]["id"]
    town.clock.passes(days=29)
    town.takes("legal_record:supplement", facts={"of": filed, "handled_by": "ofc-9"})
    town.registers("乙")
    town.clock.passes(days=1)
    assert idle(town) == [("idle_bail", "police", "甲")]
    for step in ("ledger_check:present", "interrogation_pass:issue", "custody_handover:remind", "second_trial:appeal"):
        assert step in CODE.rules
        assert step not in SUBSTANTIVE
    assert {"interrogation:interrogate", "investigation_close:conclude", "first_trial:pronounce"} <= SUBSTANTIVE


def test_who_is_in_charge_owns_it(town: Town) -> None:
    """停滞由现在的办案机关负责；诉讼已经终结的，不再计算。"""
    on_bail(town, "甲")
    town.goes_to("prosecution", "甲")
    town.takes("prosecution_review:review", "甲")
    assert idle(town, now=town.clock.now() + timedelta(days=31)) == [("idle_bail", "procuratorate", "甲")]
    town.takes("prosecution_review:not_charge", "甲", by=PROCURATORATE)
    for step in ("announce", "become_final"):
        town.takes(f"non_prosecution_remedy:{step}", "甲")
    assert idle(town, now=town.clock.now() + timedelta(days=400)) == []


def test_who_waits_by_law_is_not_idle(town: Town) -> None:
    """中止审理的，等待的时间不是停滞；恢复以后重新计算。"""
    town.files("甲")
    for stage in ("prosecution", "court"):
        town.goes_to(stage, "甲")
    for step in ("prepare", "open_ordinary", "suspend"):
        town.takes(f"first_trial:{step}", "甲")
    town.clock.passes(days=90)
    assert idle(town) == []
    town.takes("first_trial:resume", "甲", by=COURT)
    town.clock.passes(days=61)
    assert idle(town) == [("idle_case", "court", "")]


def test_who_waits_for_another_organ_is_not_idle(town: Town) -> None:
    """人民检察院查阅案卷的期间，人民法院不是停滞（刑事诉讼法第二百三十五条）；案卷退回以后，重新计算。"""
    on_bail(town, "甲")
    for stage in ("prosecution", "court"):
        town.goes_to(stage, "甲")
    for step in ("prepare", "open_ordinary", "deliberate", "pronounce"):
        town.takes(f"first_trial:{step}", "甲")
    for step in ("appeal", "transfer", "accept", "read"):
        town.takes(f"second_trial:{step}", "甲")
    assert idle(town, now=town.clock.now() + timedelta(days=30)) == []
    town.clock.passes(days=20)
    town.takes("second_trial:return_file", "甲")
    assert idle(town, now=town.clock.now() + timedelta(days=30)) == [("idle_bail", "court", "甲")]


def test_what_is_told_late_was_attended_to_late(town: Town) -> None:
    """事后补记的，从补记之时起算：不因补记旧案而一概认定停滞。"""
    town.files("甲", on="2025-06-02")
    assert idle(town) == []
    town.clock.passes(days=60)
    assert idle(town) == [("idle_case", "police", "")]
