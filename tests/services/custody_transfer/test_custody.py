"""Custody over HTTP: admitted once, held by exactly one organ at any time, on titles that follow each other."""

import asyncio
from typing import Any

import pytest

# 收押


async def test_somebody_is_taken_in_for_the_organ_that_holds_them(town: Any) -> None:
    """看守所凭拘留证、逮捕证等收押（看守所条例第九条）；为谁羁押，依据什么，到何日届满。"""
    custody = await town.custody()

    found = await custody.read()

    assert (found["person_id"], found["center"], found["case_id"]) == ("per_1", town.center.organ, town.case_id)
    assert (found["state"], found["holder"], found["receiver"]) == ("held_by_A", town.police.organ, None)
    (title,) = found["titles"]
    assert (title["kind"], title["from"], title["end"]) == ("detention_request_arrest", "2026-03-16", "2026-03-19")
    assert (found["end"], found["pending"], found["ended"]) == ("2026-03-19", None, None)
    assert len(title["documents"]) == 1


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"documents": []}, "GEN-400"),
        ({"documents": [{"kind": "release_certificate"}]}, "CASE-011"),
        ({"title": {"limit": "as_long_as_needed", "from": "2026-03-16"}}, "CASE-014"),
        ({"title": {"limit": "detention_request_arrest", "from": "2026-03-16", "extensions": 3}}, "CASE-014"),
        ({"title": {"limit": "sentence", "from": "9999-12-31", "months": 1}}, "CASE-014"),
        ({"title": {"limit": "detention_request_arrest"}}, "GEN-400"),
        ({"holder": "mayor-330106"}, "CASE-014"),
        ({"holder": "dc-330106"}, "CASE-014"),
        ({"occurred_at": "2026-03-17"}, "CASE-015"),
    ],
    ids=str,
)
async def test_nobody_is_taken_in_without_a_title(town: Any, changed: dict[str, Any], code: str) -> None:
    """没有凭证、没有法定期限、没有办案机关的，不得收押。"""
    answer = await town.admits(**changed)

    assert answer.json()["code"] == code, answer.text
    assert (await town.center.get(f"/v1/cases/{town.case_id}/custodies")).status_code == 404


async def test_only_a_detention_centre_takes_in(town: Any) -> None:
    """收押由看守所办理。"""
    for who in (town.police, town.procuratorate, town.center.__class__(town.client, town.coordinator.token, "")):
        assert (await town.admits(by=who)).json()["code"] == "PERM-001"


async def test_nobody_is_taken_in_twice(town: Any) -> None:
    """已被羁押的，不能重复收押；释放以后可以再次收押；同案的他人不受影响。"""
    custody = await town.custody("per_1")
    again = await town.admits("per_1")
    other = await town.admits("per_2")
    await custody.takes(town.police, "release")
    later = await town.admits("per_1")

    assert (again.status_code, again.json()["code"]) == (409, "CASE-010")
    assert (other.status_code, later.status_code) == (201, 201)
    found = (await town.center.get(f"/v1/cases/{town.case_id}/custodies")).json()["items"]
    assert [(each["person_id"], each["ended"] is None) for each in found] == [
        ("per_1", False),
        ("per_2", True),
        ("per_1", True),
    ]


async def test_taken_in_at_the_same_moment_is_taken_in_once(town: Any) -> None:
    """同时两次收押同一人，只成一次。"""
    answers = await asyncio.gather(*(town.admits("per_1") for _ in range(6)))

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 5


# 换押


async def test_the_holder_is_always_exactly_one_organ(town: Any) -> None:
    """换押期间及其前后，始终只有一个办案机关：移送、撤回、再移送、退回、再移送、接收。"""
    police, procuratorate = town.police.organ, town.procuratorate.organ
    custody = await town.custody()
    seen = [await custody.stands()]
    for who, step in (
        (town.police, "offer"),
        (town.police, "withdraw_offer"),
        (town.police, "offer"),
        (town.procuratorate, "return"),
        (town.police, "offer"),
        (town.procuratorate, "accept"),
        (town.center, "confirm"),
    ):
        await custody.takes(who, step, **({"to_organ": procuratorate} if step == "offer" else {}))
        seen.append(await custody.stands())

    assert seen == [
        ("held_by_A", police, None),
        ("handover_open", police, procuratorate),
        ("held_by_A", police, None),
        ("handover_open", police, procuratorate),
        ("held_by_A", police, None),
        ("handover_open", police, procuratorate),
        ("held_by_B", procuratorate, None),
        ("held_by_B", procuratorate, None),
    ]


async def test_it_goes_on_from_organ_to_organ(town: Any) -> None:
    """公安、检察、法院，依次换押；每次都由现在的办案机关移送。"""
    custody = await town.custody()
    for giver, taker in (
        (town.police, town.procuratorate),
        (town.procuratorate, town.court),
        (town.court, town.police),
    ):
        refused = await custody.tries(taker, "offer", to_organ=giver.organ)
        await custody.takes(giver, "offer", to_organ=taker.organ)
        late = await custody.tries(giver, "offer", to_organ=taker.organ)
        await custody.takes(taker, "accept")
        await custody.takes(town.center, "confirm")
        assert (refused.json()["code"], late.json()["code"]) in {("PERM-001", "CASE-010"), ("GEN-404", "CASE-010")}

    assert (await custody.stands())[1] == town.police.organ


@pytest.mark.parametrize("to_organ", [None, "mayor-330106", "dc-330106", "party-330106", "sys-330106", "holder"])
@pytest.mark.parametrize("step", ["offer", "offer_commanded"])
async def test_a_hand_over_is_to_another_organ_that_handles_cases(town: Any, step: str, to_organ: str | None) -> None:
    """换押须移送给另一办案机关：没有写明的，不是办案机关的，移送给自己的，都不成立。"""
    custody = await town.custody()
    given = {} if to_organ is None else {"to_organ": town.police.organ if to_organ == "holder" else to_organ}
    who = town.police if step == "offer" else town.coordinator

    answer = await custody.tries(who, step, **given)

    assert (answer.status_code, answer.json()["code"]) == (422, "CASE-014")
    assert await custody.stands() == ("held_by_A", town.police.organ, None)


async def test_only_the_receiver_accepts(town: Any) -> None:
    """移送给谁，由谁接收或者退回；移送的机关可以撤回。"""
    custody = await town.custody()
    await custody.takes(town.police, "offer", to_organ=town.procuratorate.organ)

    for who in (town.police, town.center):
        for step in ("accept", "return"):
            assert (await custody.tries(who, step)).json()["code"] == "PERM-001"
    assert (await custody.tries(town.procuratorate, "withdraw_offer")).json()["code"] == "PERM-001"
    assert (await custody.tries(town.court, "accept")).status_code == 404


async def test_an_accepted_hand_over_brings_its_own_title(town: Any) -> None:
    """接收换押的，填写新的羁押起止日期；填错的，换押不成立。"""
    custody = await town.custody()
    await custody.takes(town.police, "offer", to_organ=town.procuratorate.organ)
    wrong = await custody.tries(town.procuratorate, "accept", facts={"title": {"limit": "no_limit"}})
    between = await custody.stands()
    await custody.takes(
        town.procuratorate, "accept", facts={"title": {"limit": "prosecution_review", "from": "2026-03-16"}}
    )

    assert (wrong.status_code, between[1:]) == (422, (town.police.organ, town.procuratorate.organ))
    found = await custody.read()
    assert [title["kind"] for title in found["titles"]] == ["detention_request_arrest", "prosecution_review"]
    assert (found["end"], found["titles"][1]["organ"]) == ("2026-04-16", town.procuratorate.organ)


async def test_the_coordinator_may_open_a_hand_over_and_no_more(town: Any) -> None:
    """协同中枢只可以发起换押，随犯罪记录封存，不能代替任何机关接收、释放。"""
    custody = await town.custody()

    assert await custody.may(town.coordinator) == {"offer_commanded", "lapse", "remind_commanded", "seal"}
    await custody.takes(town.coordinator, "offer_commanded", to_organ=town.procuratorate.organ, documents=[])

    assert await custody.stands() == ("handover_open", town.police.organ, town.procuratorate.organ)
    for step in ("accept", "return", "withdraw_offer", "release"):
        assert (await custody.tries(town.coordinator, step)).json()["code"] == "PERM-001"
    assert "accept" in await custody.may(town.procuratorate)


async def test_five_at_once(town: Any) -> None:
    """一批五人：各有各的换押证，各有各的记录；一人不成，不影响其余。"""
    custodies = [await town.custody(f"per_{number}") for number in range(5)]
    await custodies[4].takes(town.police, "release")
    items = [
        {
            "custody_id": custody.id,
            "key": f"batch-of-five-{number}",
            "transition": {
                "type": "custody_handover:offer",
                "to_organ": town.procuratorate.organ,
                "documents": [{"kind": "handover_certificate", "number": f"换押{number}号"}],
            },
        }
        for number, custody in enumerate(custodies)
    ]
    unknown = {**items[0], "custody_id": "cus_0", "key": "batch-of-five-unknown"}
    other = {
        **items[0],
        "key": "batch-of-five-other",
        "transition": {**items[0]["transition"], "type": "property_flow:store"},
    }

    answer = await town.police.post("/v1/custody-transitions/bulk", {"items": [*items, unknown, other]})
    again = await town.police.post("/v1/custody-transitions/bulk", {"items": items[:4]})

    told = answer.json()["items"]
    assert answer.status_code == 207
    assert [each["status"] for each in told] == [201] * 4 + [409, 404, 422], told
    numbers = [each["transition"]["documents"][0]["number"] for each in told[:4]]
    assert numbers == [f"换押{number}号" for number in range(4)]
    assert [each["transition"]["subjects"] for each in told[:4]] == [[custody.id] for custody in custodies[:4]]
    assert [each["replayed"] for each in again.json()["items"]] == [True] * 4
    for custody in custodies[:4]:
        assert (await custody.stands())[0] == "handover_open"


# 羁押依据


async def test_one_line_of_titles(town: Any) -> None:
    """依据一个接一个：为谁羁押、凭什么文书、自何日至何日、依何条；届满之日是现有依据中最早的；移送期间原届满之日不变（R24）。"""
    custody = await town.custody(title={"limit": "investigation_custody", "from": "2026-03-16"})
    await custody.takes(town.police, "offer", to_organ=town.procuratorate.organ)
    between = await custody.read()
    await custody.takes(
        town.procuratorate, "accept", facts={"title": {"limit": "prosecution_review", "from": "2026-03-16"}}
    )
    await custody.takes(town.procuratorate, "offer", to_organ=town.court.organ)
    await custody.takes(town.court, "accept")
    intake = await custody.read()
    for title in (
        {"limit": "trial_fast_track", "from": "2026-03-16"},
        {"limit": "sentence", "from": "2026-03-16", "months": 1},
        {"limit": "appeal_pending", "from": "2026-03-16"},
    ):
        await custody.takes(town.court, "custody_title:add", facts={"title": title})
    found = await custody.read()

    assert (between["end"], intake["end"]) == ("2026-05-16", "2026-04-16")
    organs = [town.police.organ, town.procuratorate.organ, *[town.court.organ] * 3]
    assert [(each["kind"], each["holder"]) for each in found["titles"]] == list(
        zip(
            ("investigation_custody", "prosecution_review", "trial_fast_track", "sentence", "appeal_pending"),
            organs,
            strict=True,
        )
    )
    assert [each["in_force"] for each in found["titles"]] == [False, False, False, True, True]
    assert [each["end"] for each in found["titles"]][-2:] == ["2026-04-15", "2026-04-03"]
    assert found["end"] == "2026-04-03"
    assert all(each["law_ref"] and each["documents"] and each["zh"] for each in found["titles"])
    await custody.takes(town.court, "custody_title:add", facts={"title": {"limit": "trial_second"}})
    assert (await custody.read())["end"] == "2026-04-15", "nobody is held beyond a sentence that is not final"
    await custody.takes(town.court, "release")
    assert not any(each["in_force"] for each in (await custody.read())["titles"])


async def test_the_time_to_appeal_is_counted_with_the_sentence(town: Any) -> None:
    """上诉期间登记时写明刑期的，不超过自收押时的依据起算的刑期（R24）；刑期不成样子的，不予登记。"""
    custody = await town.custody(title={"limit": "investigation_custody", "from": "2026-02-20"})
    await custody.takes(
        town.police, "custody_title:add",
        facts={"title": {"limit": "appeal_pending", "from": "2026-03-16", "months": 1}},
    )  # fmt: skip
    wrong = {"limit": "appeal_pending", "from": "2026-03-16", "months": "six"}

    assert (await custody.read())["end"] == "2026-03-19"
    refused = await custody.tries(town.police, "custody_title:add", facts={"title": wrong})
    assert (refused.status_code, refused.json()["code"]) == (422, "CASE-014")


# 期限变更


async def test_a_changed_end_is_in_force_once_the_centre_has_it(town: Any) -> None:
    """变更羁押期限，自看守所签收时生效；签收以前，以原届满之日为准（KY14二(二)）。"""
    custody = await town.custody(title={"limit": "investigation_custody", "from": "2026-03-16"})
    change = {"title": {"limit": "investigation_custody", "from": "2026-03-16", "extensions": 1}}

    await custody.takes(town.police, "notice_change", facts=change)
    between = await custody.read()
    refused = await custody.tries(town.police, "confirm_change")
    await custody.takes(town.center, "confirm_change")
    after = await custody.read()

    assert (between["state"], between["end"], between["pending"]["end"]) == (
        "change_pending",
        "2026-05-16",
        "2026-06-16",
    )
    assert refused.json()["code"] == "PERM-001"
    assert (after["state"], after["end"], after["pending"]) == ("held_by_A", "2026-06-16", None)
    assert len(after["titles"]) == 2


async def test_a_second_change_takes_the_place_of_none_in_force(town: Any) -> None:
    """签收一次，生效一次；没有新的通知，再签收也不再变更。"""
    custody = await town.custody()
    for extensions in (1, 2):
        facts = {"title": {"limit": "detention_request_arrest", "from": "2026-03-16", "extensions": extensions}}
        await custody.takes(town.police, "notice_change", facts=facts)
        await custody.takes(town.center, "confirm_change")

    assert [title["end"] for title in (await custody.read())["titles"]] == ["2026-03-19", "2026-03-23", "2026-04-15"]
    assert (await custody.tries(town.center, "confirm_change")).json()["code"] == "CASE-010"


async def test_a_title_is_added_only_by_the_holder(town: Any) -> None:
    """登记新的羁押依据，由现在的办案机关办理，并须写明是什么。"""
    custody = await town.custody()
    facts = {"title": {"limit": "investigation_custody", "from": "2026-03-16"}}

    assert (await custody.tries(town.center, "custody_title:add", facts=facts)).json()["code"] == "PERM-001"
    assert (await custody.tries(town.police, "custody_title:add")).json()["code"] == "CASE-014"
    await custody.takes(town.police, "custody_title:add", facts=facts)

    assert (await custody.read())["end"] == "2026-05-16"


# 释放


@pytest.mark.parametrize("before", [(), ("offer",), ("notice_change",)], ids=["held", "offered", "change pending"])
async def test_a_release_waits_for_nothing(town: Any, before: tuple[str, ...]) -> None:
    """释放不待换押完成，不待期限变更签收（刑事诉讼法第九十八条、第九十九条）。"""
    custody = await town.custody()
    for step in before:
        await custody.takes(town.police, step, **({"to_organ": town.court.organ} if step == "offer" else {}))

    await custody.takes(town.police, "release", occurred_at="2026-03-16")

    found = await custody.read()
    assert (found["state"], found["ended"]) == ("ended", "2026-03-16")


async def test_nothing_is_done_with_a_custody_that_has_ended(town: Any) -> None:
    """羁押结束以后，不再换押、变更、释放；也不再列为可以办理。其记录仍可以封存。"""
    custody = await town.custody()
    await custody.takes(town.police, "release")
    facts = {"title": {"limit": "detention_request_arrest", "from": "2026-03-16"}}

    for who, step, given in (
        (town.police, "offer", {"to_organ": town.court.organ}),
        (town.police, "notice_change", {"facts": facts}),
        (town.police, "custody_title:add", {"facts": facts}),
        (town.police, "release", {}),
        (town.coordinator, "offer_commanded", {"to_organ": town.court.organ}),
        (town.coordinator, "lapse", {}),
        (town.center, "remind", {}),
    ):
        assert (await custody.tries(who, step, **given)).json()["code"] == "CASE-010", step
    for who in (town.police, town.center):
        assert await custody.may(who) == set()
    assert await custody.may(town.coordinator) == {"seal"}


async def test_what_is_offered_is_accepted(town: Any) -> None:
    """列为可以办理的，就可以办理。"""
    custody = await town.custody()
    for who in (town.police, town.center, town.coordinator):
        for step in await custody.may(who):
            given = (
                {"facts": {"title": {"limit": "arrest_review_detained", "from": "2026-03-16"}}} if step == "add" else {}
            )
            answer = await custody.tries(who, step, dry_run=True, to_organ=town.court.organ, **given)
            assert answer.status_code == 200, answer.text


# 谁能看见


async def test_other_organs_see_nothing(town: Any) -> None:
    """无关的机关，看不见，也不能办理，也不知道有没有。"""
    custody = await town.custody()
    step = {"type": "custody_handover:release", "documents": []}
    for who in (
        town.clerk("pol", "county_head", place="999999"),
        town.clerk("dc", "center_officer", place="999999"),
        town.court,
    ):
        for cus in (custody.id, "cus_0"):
            answers = [
                await who.get(f"/v1/custodies/{cus}"),
                await who.get(f"/v1/custodies/{cus}/available-transitions"),
                await who.post(f"/v1/custodies/{cus}/transitions", step, version='"v1"'),
            ]
            assert [answer.status_code for answer in answers] == [404, 404, 404]
            assert {answer.json()["code"] for answer in answers} == {"GEN-404"}
        assert (await who.get(f"/v1/cases/{town.case_id}/custodies")).status_code == 404


async def test_a_step_names_the_version_it_was_decided_on(town: Any) -> None:
    """须写明据以办理的版本；版本已变的，重新读取。"""
    custody = await town.custody()
    await town.custody("per_2")

    assert (await custody.tries(town.police, "release", version=None)).status_code == 428
    assert (await custody.tries(town.police, "release", version='"v1"')).status_code == 412


async def test_a_step_of_another_service_is_not_taken_here(town: Any) -> None:
    """不由本服务记录的步骤，不在此办理。"""
    custody = await town.custody()

    answer = await town.acts(town.police, f"/v1/custodies/{custody.id}/transitions", {"type": "arrest_review:approve"})

    assert (answer.status_code, answer.json()["code"]) == (422, "CASE-404")
