"""封存的未成年人犯罪记录，非经许可不得查阅（刑事诉讼法第二百八十六条）。"""

from datetime import timedelta
from typing import Any

import pytest

from services.kernel.clock import HandClock
from tests.services.case_flow.conftest import Case, Clerk, Town

ROAD = (
    ("officer", "juvenile:interrogate"),
    ("chief", "juvenile:charge"),
    ("judge", "juvenile:try"),
    ("judge", "juvenile:seal"),
)


async def sealed(town: Town, *labels: str) -> Case:
    """A case of which the record of 甲 was sealed by the court."""
    case = await town.opens(*labels)
    await case.takes(town.officer, "case_intake:accept")
    await case.takes(town.head, "case_intake:file")
    for who, step in ROAD:
        answer = await case.tries(getattr(town, who), step, "甲")
        assert answer.status_code == 201, answer.text
    return case


async def permits(case: Case, reader: Clerk, until: str) -> Any:
    facts = {"reader": reader.organ, "readable_until": until}
    president = case.town.clerk("court", "court_president")
    return await case.tries(president, "juvenile:permit_query", "甲", facts=facts)


@pytest.mark.parametrize("part", ["", "/transitions", "/available-transitions"])
async def test_a_sealed_case_is_closed_to_everybody_who_shared_it(town: Town, part: str) -> None:
    """封存以后，侦查、起诉、审判机关和看守所都不得查阅；与本案无关的机关，仍不知有此案。"""
    case = await sealed(town, "甲")

    for clerk in (town.officer, town.chief, town.judge, town.intake):
        answer = await clerk.get(case.path + part)
        assert (answer.status_code, answer.json()["code"]) == (403, "PERM-003")
        assert "第二百八十六条" in answer.json()["law_ref"]
        assert "甲" not in answer.text
    assert (await town.clerk("pol", "officer", place="elsewhere").get(case.path + part)).status_code == 404


async def test_whom_a_permit_names_reads_until_its_day_and_every_reading_is_written_down(
    town: Town, clock: HandClock, app: Any
) -> None:
    """封存的机关许可公安机关查询至次日：公安机关可以查阅，每次都有登记，其他机关不可以；许可到期，不得再查阅。"""
    case = await sealed(town, "甲")
    until = (clock.now() + timedelta(days=1)).date().isoformat()

    assert (await permits(case, town.officer, until)).status_code == 201
    assert (await town.officer.get(case.path)).json()["persons"][0]["label"] == "甲"
    assert (await town.officer.get(f"{case.path}/transitions")).status_code == 200
    assert (await town.chief.get(case.path)).status_code == 403
    async with app.state.service.engine.connect() as connection:
        question = "SELECT organ_id, officer, role, subjects FROM access WHERE case_id = $1"
        read = (await connection.exec_driver_sql(question, (case.id,))).all()
    clock.passes(days=2)

    assert read == [(town.officer.organ, "officer-1", "officer", f'["{case.persons["甲"]}"]')] * 2
    assert (await town.officer.get(case.path)).status_code == 403


async def test_no_step_opens_what_is_sealed(town: Town) -> None:
    """封存是终结：该人的程序不因又办理其步骤而重新开始，记录仍然封存。"""
    case = await sealed(town, "甲")

    assert (await case.tries(town.officer, "juvenile:interrogate", "甲")).status_code == 409
    assert (await town.officer.get(case.path)).status_code == 403


async def test_an_organ_outside_the_case_reads_by_permit(town: Town, clock: HandClock) -> None:
    """办理另案的司法机关，经许可可以查阅；没有许可的，不知有此案。"""
    case, stranger = await sealed(town, "甲"), town.clerk("proc", "prosecutor", place="elsewhere")
    before = await stranger.get(case.path)
    await permits(case, stranger, clock.now().date().isoformat())

    assert (before.status_code, (await stranger.get(case.path)).status_code) == (404, 200)


async def test_only_who_sealed_may_permit(town: Town, clock: HandClock) -> None:
    """许可由封存的机关作出：检察长、民警不得许可；其他步骤写明查询单位，不成为许可。"""
    case, today = await sealed(town, "甲", "乙"), clock.now().date().isoformat()
    facts = {"reader": town.officer.organ, "readable_until": today}

    for clerk in (town.chief, town.officer, town.judge):
        answer = await case.tries(clerk, "juvenile:permit_query", "甲", facts=facts)
        assert (answer.status_code, answer.json()["code"]) == (403, "PERM-001")
    noted = {"event": "sealed_record_query_received", **facts}
    assert (await case.tries(town.officer, "legal_record:note_event", "甲", facts=noted)).status_code == 201
    assert "甲" not in (await town.officer.get(case.path)).text


async def test_of_a_case_with_others_only_the_sealed_person_is_closed(town: Town) -> None:
    """同案还有成年人的：案件可以查阅，其中没有封存的人；只关于该人的登记不出现，与他人一并的登记没有该人。"""
    case = await sealed(town, "甲", "乙")
    gone = case.persons["甲"]

    found = await town.officer.get(case.path)
    rows = (await town.officer.get(f"{case.path}/transitions")).json()["items"]
    steps = (await town.judge.get(f"{case.path}/available-transitions")).text

    assert [person["label"] for person in found.json()["persons"]] == ["乙"]
    assert not any(gone in text for text in (found.text, str(rows), steps))
    assert {row["type"] for row in rows} == {
        "case_record:open",
        "case_record:add_person",
        "case_intake:accept",
        "case_intake:file",
    }
