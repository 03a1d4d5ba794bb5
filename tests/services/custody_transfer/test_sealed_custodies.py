"""羁押记录随犯罪记录封存；健康、出生、性别只给看守所和办案机关看（刑事诉讼法第二百八十六条）。"""

from typing import Any

from tests.services.custody_transfer.conftest import Town

DAY = "2026-03-16"


async def test_a_sealed_custody_is_closed_and_the_others_are_not(town: Town) -> None:
    """封存的一人的羁押不得查阅，也不在本案羁押和台账中；同案他人的照常。许可写明的机关可以查阅。"""
    boy, man = await town.custody("per_1"), await town.custody("per_2")
    await boy.takes(town.coordinator, "custody_sealing:seal")
    path, other, everybody = f"/v1/custodies/{boy.id}", f"/v1/custodies/{man.id}", f"/v1/cases/{town.case_id}/custodies"

    for clerk in (town.center, town.police):
        answers = [await clerk.get(path), await clerk.get(f"{path}/available-transitions")]
        assert {(each.status_code, each.json()["code"]) for each in answers} == {(403, "PERM-003")}
        assert (await clerk.get(other)).status_code == 200
        assert [each["id"] for each in (await clerk.get(everybody)).json()["items"]] == [man.id]
    ledger: Any = (await town.center.get("/v1/custody-ledger", organ=town.police.organ)).json()
    assert [line["custody"]["id"] for line in ledger["items"]] == [man.id]

    facts = {"reader": town.police.organ, "readable_until": DAY}
    await boy.takes(town.coordinator, "custody_sealing:permit", facts=facts)
    assert (await town.police.get(path)).status_code == 200
    assert (await town.center.get(path)).status_code == 403


async def test_the_record_of_somebody_who_was_released_is_sealed_all_the_same(town: Town) -> None:
    """已经释放的，其羁押记录同样封存；其他步骤不再办理。"""
    boy = await town.custody()
    await boy.takes(town.police, "release")

    assert (await boy.tries(town.coordinator, "custody_sealing:seal")).status_code == 201
    assert (await boy.tries(town.center, "placement:place")).status_code == 409


async def test_nobody_but_the_coordinator_opens_a_custody(town: Town) -> None:
    """看守所、办案机关自己不得开放。"""
    boy = await town.custody()
    await boy.takes(town.coordinator, "custody_sealing:seal")

    for clerk in (town.center, town.police):
        answer = await boy.tries(clerk, "custody_sealing:permit", facts={"reader": clerk.organ, "readable_until": DAY})
        assert (answer.status_code, answer.json()["code"]) == (403, "PERM-001")


async def test_health_and_birth_are_for_whoever_holds(town: Town) -> None:
    """健康、性别，看守所和办案机关可见；换押以后，原办案机关只见在何监室。"""
    custody = await town.custody()
    await custody.takes(town.center, "placement:check_health", facts={"health": "患病"})
    await custody.takes(town.center, "placement:place", facts={"cell": "101"})
    await custody.takes(town.police, "offer", to_organ=town.procuratorate.organ)
    await custody.takes(town.procuratorate, "accept")

    async def seen(clerk: Any) -> tuple[Any, ...]:
        placed = (await clerk.get(f"/v1/custodies/{custody.id}")).json()["placed"]
        return placed["cell"], placed["sex"], placed["health"]

    assert [await seen(clerk) for clerk in (town.center, town.procuratorate)] == [("101", "male", "患病")] * 2
    assert await seen(town.police) == ("101", None, None)
