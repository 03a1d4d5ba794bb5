"""What no step shows is noted: events that begin a limit, and deeds that keep one. A note changes nothing else."""

from typing import Any

import pytest


async def notes(case: Any, who: Any, deed: str, **facts: Any) -> Any:
    """A note of an event or of a deed."""
    labels = facts.pop("labels", ())
    return await case.tries(who, f"legal_record:note_{deed}", *labels, facts=facts)


async def test_an_event_is_noted_for_a_person_or_for_the_case(case: Any) -> None:
    """收到文书、查清身份等引起期限的事项，由经办的机关登记；只作记录。"""
    before = await case.read(case.town.reviewer)
    one = await notes(case, case.town.officer, "event", event="new_serious_crime_found", labels=("甲",))
    whole = await notes(case, case.town.manager, "event", event="complaint_received_by_procuratorate")

    assert (one.status_code, whole.status_code) == (201, 201), one.text + whole.text
    assert (one.json()["event"], one.json()["concerns"]) == ("new_serious_crime_found", [case.persons["甲"]])
    assert whole.json()["concerns"] == [case.id]
    after = await case.read(case.town.reviewer)
    assert after["persons"] == before["persons"]
    assert {name: line for name, line in after["lines"].items() if name != "legal_record"} == before["lines"]


async def test_a_deed_is_noted_by_the_organ_that_is_bound(case: Any) -> None:
    """期限内的履行，由负有义务的机关登记。"""
    kept = await notes(case, case.town.manager, "deed", limit="procuratorate_intake_disposition")
    other = await notes(case, case.town.officer, "deed", limit="procuratorate_intake_disposition")

    assert kept.status_code == 201, kept.text
    assert kept.json()["limit"] == "procuratorate_intake_disposition"
    assert (other.status_code, other.json()["code"]) == (403, "PERM-001")


@pytest.mark.parametrize(
    ("deed", "facts", "pointer", "near"),
    [
        ("event", {"event": "new_serious_crime_foun"}, "/facts/event", "new_serious_crime_found"),
        ("event", {}, "/facts/event", ""),
        ("event", {"event": 3}, "/facts/event", ""),
        ("deed", {"limit": "detention_family_notic"}, "/facts/limit", "detention_family_notice"),
        ("deed", {"limit": ["x"]}, "/facts/limit", ""),
        ("deed", {"limit": "filing_review_criminal"}, "/facts/limit", ""),
    ],
)
async def test_what_the_law_does_not_know_is_not_noted(
    case: Any, deed: str, facts: dict[str, Any], pointer: str, near: str
) -> None:
    """不是法律中的事项、期限，或者另有步骤表明的，不予登记，并提示相近的名称。"""
    answer = await notes(case, case.town.officer, deed, **facts)

    assert answer.status_code == 422, answer.text
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert near in answer.text


async def test_what_was_not_said_of_a_step_is_added_later(case: Any) -> None:
    """先前的步骤没有写明的情况可以补充登记；只能补充法律知道的情况，所写须是其类。"""
    answer = await case.tries(case.town.officer, "legal_record:supplement", facts={"of": "trn_1", "signed": True})

    assert (answer.status_code, answer.json()["supplements"]) == (201, "trn_1"), answer.text
    wrong: dict[str, dict[str, Any]] = {
        "/facts/of": {"signed": True},
        "/facts/signed": {"of": "trn_1", "signed": "yes"},
        "/facts/hat": {"of": "trn_1", "hat": "red"},
        "/facts/facts": {"of": "trn_1"},
    }
    for pointer, facts in wrong.items():
        refused = await case.tries(case.town.officer, "legal_record:supplement", facts=facts)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, pointer), refused.text


async def test_a_note_concerns_somebody_in_the_case(case: Any) -> None:
    """登记的对象须在本案之中。"""
    case.persons["丙"] = "per_01HZZZZZZZZZZZZZZZZZZZZZZZ"

    answer = await notes(case, case.town.officer, "event", event="new_serious_crime_found", labels=("丙",))
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "not_in_case")
