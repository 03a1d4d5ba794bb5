"""看守所：收押登记的内容、分押、换押证编号、批量换押、羁押台账及其核对。"""

import asyncio
import json
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from services.custody_transfer.app import make
from services.custody_transfer.domain import CustodyTransfer
from services.kernel.clock import HandClock
from services.kernel.identity import Signer
from services.kernel.record import fold
from services.kernel.settings import Settings

ADMITTED = {"sex": "female", "born_on": "2009-05-01", "health": "良好"}


async def test_what_is_said_of_a_person_at_admission(town: Any) -> None:
    """收押时可以登记性别、出生日期、健康状况；没有登记的，旧记录照样有效（看守所条例第十条）。"""
    told = await (await town.custody("per_1", facts=ADMITTED)).read()
    silent = await (await town.custody("per_2")).read()

    assert {name: told["placed"][name] for name in ADMITTED} == ADMITTED
    assert {silent["placed"][name] for name in ADMITTED} == {None}


@pytest.mark.parametrize(
    ("facts", "code"), [({"sex": "某"}, "unknown_word"), ({"born_on": "五月"}, "malformed_fact")], ids=["sex", "born"]
)
async def test_what_makes_no_sense_is_refused(town: Any, facts: dict[str, Any], code: str) -> None:
    """不成样子的，不予登记。"""
    answer = await town.admits(facts=facts)

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, code)


async def test_where_somebody_is_held(town: Any) -> None:
    """健康检查、安排监室、要求分别羁押：最后所说的为准，混押也照实登记（刑事诉讼法第二百八十条第二款）。"""
    custody = await town.custody("per_1", facts=ADMITTED)
    await custody.takes(town.center, "check_health", facts={"health": "妊娠", "unfit": "怀孕的妇女"})
    for cell in ("女一", "女二"):
        await custody.takes(town.center, "place", facts={"cell": cell, "sex": "female", "adult": True})
    await custody.takes(town.police, "hold_apart", facts={"apart_from": ["per_2"]})

    placed = (await custody.read())["placed"]

    assert (placed["cell"], placed["adult"], placed["convicted"]) == ("女二", True, False)
    assert (placed["health"], placed["unfit"], placed["apart_from"]) == ("妊娠", "怀孕的妇女", ["per_2"])
    assert (await custody.tries(town.police, "place")).json()["code"] == "PERM-001"


async def test_the_state_is_the_fold_of_its_rows(town: Any, app: Any) -> None:
    """视图可以由记录重算：提讯、会见、分押、编号都在其中。"""
    custody = await town.custody("per_1", facts=ADMITTED)
    await custody.takes(
        town.police, "issue", documents=[{"kind": "interrogation_pass", "number": "提1号", "issued_on": "2026-03-16"}]
    )
    await custody.takes(town.police, "book")
    await custody.takes(town.center, "place")
    service = app.state.service
    head = await service.desk.head(town.case_id)

    state: dict[str, Any] = {}
    async with service.engine.connect() as connection:
        driver = (await connection.get_raw_connection()).driver_connection
        rows = await driver.fetch("SELECT body FROM log WHERE case_id = $1 ORDER BY seq", town.case_id)
    for row in rows:
        state = fold(state, json.loads(row["body"]), CustodyTransfer())

    assert state == head.state
    assert {"passes", "slots", "cells"} <= state.keys()


# 换押证


async def batch(town: Any, who: Any, step: str, custodies: list[Any], paper: str, **given: Any) -> list[dict[str, Any]]:
    """One act for all of them, each with a certificate of its own; the answers."""
    items = [
        {
            "custody_id": custody.id,
            "key": f"{step}-{town.place}-{number}",
            "transition": {
                "type": f"custody_handover:{step}",
                "documents": [
                    {"kind": group[0], "number": f"{paper}〔2026〕{number}号"}
                    for group in CustodyTransfer.code.rules[f"custody_handover:{step}"].papers.groups
                ],
                **given,
            },
        }
        for number, custody in enumerate(custodies)
    ]
    answer = await who.post("/v1/custody-transitions/bulk", {"items": items})
    assert answer.status_code == 207
    told: list[dict[str, Any]] = answer.json()["items"]
    return told


async def test_five_persons_one_act_five_certificates_five_receipts(town: Any) -> None:
    """五名被告人，一次移送、一次接收、一次签收：五份换押证，五份回执，各有各的编号。"""
    custodies = [await town.custody(f"per_{number}") for number in range(5)]

    offered = await batch(town, town.police, "offer", custodies, "换", to_organ=town.procuratorate.organ)
    accepted = await batch(town, town.procuratorate, "accept", custodies, "检换")
    receipts = await batch(town, town.center, "confirm", custodies, "回")

    for told, kind in ((offered, "handover_certificate"), (receipts, "handover_receipt")):
        assert [each["status"] for each in told] == [201] * 5
        papers = [paper for each in told for paper in each["transition"]["documents"] if paper["kind"] == kind]
        assert len({paper["number"] for paper in papers}) == len({paper["id"] for paper in papers}) == 5
    assert [each["transition"]["subjects"] for each in receipts] == [[custody.id] for custody in custodies]
    assert [each["status"] for each in accepted] == [201] * 5
    for custody in custodies:
        assert await custody.stands() == ("held_by_B", town.procuratorate.organ, None)


async def test_five_ends_changed_by_one_act(town: Any) -> None:
    """五名被告人，一次通知变更期限、一次签收：五份通知，五份回执；签收以前，以原届满之日为准。"""
    title = {"limit": "investigation_custody", "from": "2026-03-16"}
    custodies = [await town.custody(f"per_{number}", title=title) for number in range(5)]

    told = await batch(town, town.police, "notice_change", custodies, "变", facts={"title": {**title, "extensions": 1}})
    between = [(await custody.read())["end"] for custody in custodies]
    receipts = await batch(town, town.center, "confirm_change", custodies, "回")

    assert [each["status"] for each in (*told, *receipts)] == [201] * 10
    for answers, kind in ((told, "custody_change_notice_doc"), (receipts, "handover_receipt")):
        papers = [paper for each in answers for paper in each["transition"]["documents"] if paper["kind"] == kind]
        assert len({paper["number"] for paper in papers}) == len({paper["id"] for paper in papers}) == 5
    assert between == ["2026-05-16"] * 5
    assert [(await custody.read())["end"] for custody in custodies] == ["2026-06-16"] * 5


async def test_a_certificate_is_for_one_person(town: Any) -> None:
    """一人一证：同一机关同年的编号不能用于他人；同一人撤回以后再移送、他机关的同号、次年的同号，可以。"""
    one, other = await town.custody("per_1"), await town.custody("per_2")
    paper = {"documents": [{"kind": "handover_certificate", "number": "1号"}], "to_organ": town.court.organ}
    await one.takes(town.police, "offer", **paper)

    taken = await other.tries(town.police, "offer", **paper)
    await one.takes(town.police, "withdraw_offer")
    again = await one.tries(town.police, "offer", **paper)

    assert (taken.status_code, taken.json()["errors"][0]["code"]) == (422, "number_used")
    assert again.status_code == 201
    last_year = await other.tries(town.police, "offer", **paper, occurred_at="2025-12-31")
    assert last_year.status_code == 201


async def test_a_number_is_used_once_in_all_cases(
    town: Any, app: FastAPI, custody_url: str, signer: Signer, clock: HandClock
) -> None:
    """同一机关同年的编号，各案之间也不得重复：两个进程、二十个案件同时使用，只成一件；试办得到同样的答复；他机关可以用。"""
    second = make(Settings(database_url=SecretStr(custody_url), jwks=signer.public()), clock)
    async with second.router.lifespan_context(second), AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(
                httpx.AsyncClient(transport=httpx.ASGITransport(app=each), base_url="http://c")
            )
            for each in (app, second)
        ]
        towns = [type(town)(clients[number % 2], signer, place=town.place) for number in range(20)]
        custodies = [await each.custody() for each in towns]
        paper = {"documents": [{"kind": "handover_certificate", "number": "1号", "issued_on": "2026-03-16"}]}

        answers = await asyncio.gather(
            *(each.tries(each.town.police, "offer", to_organ=town.court.organ, **paper) for each in custodies)
        )

        refused = [each for each, answer in zip(custodies, answers, strict=True) if answer.status_code != 201]
        assert sorted(answer.status_code for answer in answers) == [201] + [422] * 19
        assert {each.json()["errors"][0]["code"] for each in answers if each.status_code == 422} == {"number_used"}
        assert {await each.stands() for each in refused} == {("held_by_A", town.police.organ, None)}
        asked = await refused[0].tries(town.police, "offer", to_organ=town.court.organ, dry_run=True, **paper)
        assert asked.json()["errors"][0]["code"] == "number_used"
        (other,) = [each for each in custodies if each not in refused]
        accepted = await other.tries(other.town.court, "accept", documents=[
            *paper["documents"], {"kind": "handover_receipt", "number": "1号"}, {"kind": "interrogation_pass"}
        ])  # fmt: skip
        assert accepted.status_code == 201, "the receiver fills in the other half of the same certificate"


async def test_a_hand_over_is_returned_for_a_reason(town: Any) -> None:
    """不予受理，写明理由，理由在目录之内；期限照旧。"""
    custody = await town.custody()
    await custody.takes(town.police, "offer", to_organ=town.procuratorate.organ)

    unknown = await custody.tries(town.procuratorate, "return", facts={"return_reason": "no"})
    silent = await custody.tries(town.procuratorate, "return", facts={"return_reason": None})
    row = await custody.takes(town.procuratorate, "return", facts={"return_reason": "papers_incomplete"})

    assert unknown.json()["errors"][0]["code"] == "unknown_word"
    assert silent.json()["errors"][0]["code"] in {"missing_fact", "malformed_fact"}
    assert row["facts"]["return_reason"] == "papers_incomplete"
    assert await custody.stands() == ("held_by_A", town.police.organ, None)


async def test_an_organ_that_let_custody_run_out_still_hands_over(town: Any) -> None:
    """超期的，照样可以换押：超期的事实另行认定，不因换押而消失，也不因此不得换押。"""
    custody = await town.custody()
    await custody.takes(town.coordinator, "lapse", documents=[])
    await custody.takes(town.police, "offer", to_organ=town.procuratorate.organ)
    await custody.takes(town.procuratorate, "accept")

    assert await custody.stands() == ("held_by_B", town.procuratorate.organ, None)


# 台账


async def ledger(who: Any, organ: str, **query: Any) -> dict[str, Any]:
    """The ledger for an organ as somebody sees it; persons with what was agreed of them."""
    answer = await who.get("/v1/custody-ledger", organ=organ, **query)
    assert answer.status_code == 200, answer.text
    return {each["custody"]["person_id"]: each["check"] for each in answer.json()["items"]}


async def test_whom_the_centre_holds_for_whom_on_which_day(town: Any, clock: Any) -> None:
    """每日的台账：为哪个机关，羁押何人，以当日记录为准；过去的一日，仍是当时的样子。"""
    first, second = await town.custody("per_1"), await town.custody("per_2")
    police, procuratorate = town.police.organ, town.procuratorate.organ
    clock.passes(days=1)
    await first.takes(town.police, "offer", to_organ=procuratorate)
    await first.takes(town.procuratorate, "accept")
    clock.passes(days=1)
    await second.takes(town.police, "release")

    assert await ledger(town.center, police, on="2026-03-15") == {}
    assert set(await ledger(town.center, police, on="2026-03-16")) == {"per_1", "per_2"}
    assert set(await ledger(town.center, police, on="2026-03-17")) == {"per_2"}
    assert set(await ledger(town.center, procuratorate, on="2026-03-17")) == {"per_1"}
    assert await ledger(town.center, police) == {}
    assert set(await ledger(town.procuratorate, procuratorate)) == {"per_1"}
    line = (await town.center.get("/v1/custody-ledger", organ=procuratorate)).json()["items"][0]["custody"]
    assert (line["holder"], line["end"], line["zh"]) == (procuratorate, "2026-03-19", "乙机关羁押")


async def test_the_ledger_is_for_whoever_shares_the_case(town: Any) -> None:
    """无关的机关看不到台账。"""
    await town.custody()

    for organ in ("pol", "dc", "court"):
        stranger = town.clerk(organ, "center_officer", place="999999")
        assert await ledger(stranger, town.police.organ) == {}
    assert (await town.center.get("/v1/custody-ledger", organ="nobody")).status_code == 400


async def test_a_page_holds_whole_cases(town: Any) -> None:
    """分页按案；翻完为止，不重不漏。"""
    await town.custody("per_1")
    await town.custody("per_2")
    town.case_id, town.version = f"{town.case_id}b", None
    await town.custody("per_3")

    found, token = [], ""
    for _ in range(2):
        page = await town.center.get("/v1/custody-ledger", organ=town.police.organ, page_size=1, page_token=token)
        found.append([each["custody"]["person_id"] for each in page.json()["items"]])
        token = page.json()["next_page_token"]

    assert (found, token) == ([["per_1", "per_2"], ["per_3"]], "")


async def test_an_organ_agrees_or_objects(town: Any, clock: Any) -> None:
    """每日核对：看守所送，办案机关核对无误或者提出异议；查明答复以后再送。"""
    custody = await town.custody()
    organ = town.police.organ
    seen = [await ledger(town.center, organ)]
    for who, step, facts in (
        (town.center, "present", {}),
        (town.police, "raise_objection", {"objection": "已于昨日释放"}),
        (town.center, "present", {"answer": "没有释放通知书"}),
        (town.police, "acknowledge", {}),
    ):
        await custody.takes(who, step, facts=facts)
        seen.append(await ledger(town.center, organ))
        if step == "raise_objection":
            page = (await town.police.get("/v1/custody-ledger", organ=organ)).json()["items"]
            assert [each["objection"] for each in page] == ["已于昨日释放"]
    clock.passes(seconds=timedelta(days=1).total_seconds())

    assert [each["per_1"] for each in seen] == ["agreed", "presented", "objected", "presented", "agreed"]
    assert (await custody.tries(town.police, "raise_objection")).json()["code"] == "CASE-010"
    assert (await custody.tries(town.court, "acknowledge")).status_code in {403, 404}
