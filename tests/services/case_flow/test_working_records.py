"""讯问、询问、搜查、查封、扣押：写明法律要求查明的情况；违法的也照实登记，缺项的不予登记。"""

from typing import Any

import pytest

from services.law import CODE

WHEN = {
    "started_at": "2026-03-16T08:00:00+08:00",
    "ended_at": "2026-03-16T10:00:00+08:00",
    "place": "看守所第一讯问室",
    "officers": ["民警甲", "民警乙"],
}
SAID: dict[str, dict[str, Any]] = {
    "interrogation:interrogate": {**WHEN, "pass_number": "提1号", "recorded": True, "signed": True},
    "inquiry:inquire": {**WHEN, "label": "证人一", "capacity": "证人"},
    "search_and_seizure:search": {**WHEN, "searched": "住处", "witnesses": ["邻居"]},
    "search_and_seizure:search_without_warrant": {
        **WHEN,
        "searched": "人身",
        "urgency": "携带凶器",
        "witnesses": ["某"],
    },
    "search_and_seizure:seal": {**WHEN, "things": ["车库一间"], "witnesses": ["某"]},
    "search_and_seizure:seize": {**WHEN, "things": ["手机一部"], "witnesses": ["某"]},
}


@pytest.fixture
async def case(town: Any) -> Any:
    """A case with two persons."""
    return await town.opens("甲", "乙")


async def does(case: Any, step: str, *labels: str, who: str = "officer", **facts: Any) -> Any:
    """A step with these facts."""
    return await case.tries(getattr(case.town, who), step, *labels, facts=facts)


@pytest.mark.parametrize("step", SAID)
async def test_what_was_done_is_written_down(case: Any, step: str) -> None:
    """写明情况的，予以登记，逐次登记，次数不限。"""
    for _ in range(2):
        answer = await does(case, step, **SAID[step])
        assert answer.status_code == 201, answer.text

    row = answer.json()
    assert row["facts"] == SAID[step]
    assert row["law_ref"]


@pytest.mark.parametrize("step", SAID)
async def test_what_must_be_said(case: Any, step: str) -> None:
    """缺少应当写明的，逐项指出；不成样子的也是。"""
    required = [fact.key for fact in CODE.rules[step].tells.required]
    silent = await does(case, step)
    malformed = await does(case, step, **{**SAID[step], "officers": [], "started_at": "上午"})

    assert silent.status_code == 422
    assert [error["pointer"] for error in silent.json()["errors"]] == [f"/facts/{key}" for key in required]
    assert {error["code"] for error in malformed.json()["errors"]} == {"malformed_fact"}
    assert len(malformed.json()["errors"]) == 2


@pytest.mark.parametrize(
    "facts",
    [{"officers": ["民警甲"]}, {"place": "派出所"}, {"ended_at": "2026-03-18T08:00:00+08:00"}, {"recorded": False}],
    ids=["one officer", "not in the centre", "two days", "not recorded"],
)
async def test_what_was_unlawful_is_written_down_too(case: Any, facts: dict[str, Any]) -> None:
    """一人讯问、所外讯问、时间过长、没有录音录像的，照实登记，另行认定，不拒绝登记。"""
    answer = await does(case, "interrogation:interrogate", "甲", **{**SAID["interrogation:interrogate"], **facts})

    assert answer.status_code == 201


@pytest.mark.parametrize(("who", "status"), [("officer", 201), ("chief", 201), ("judge", 201), ("intake", 403)])
async def test_who_handles_the_case_interrogates(case: Any, who: str, status: int) -> None:
    """公安机关、人民检察院、人民法院的办案人员登记，看守所不登记。"""
    answer = await does(case, "interrogation:interrogate", "乙", who=who, **SAID["interrogation:interrogate"])

    assert answer.status_code == status, answer.text


async def test_what_must_be_said_is_said_beforehand(case: Any) -> None:
    """可以办理的步骤，写明要登记哪些情况。"""
    found = (await case.town.officer.get(f"{case.path}/available-transitions")).json()["items"]
    (step,) = (each for each in found if each["type"] == "interrogation:interrogate")

    assert step["tells"] == ["started_at", "ended_at", "place", "officers"]
    assert {"pass_number", "adults_present", "interpreter"} <= set(step["may_tell"])
