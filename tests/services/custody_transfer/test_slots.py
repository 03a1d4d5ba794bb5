"""提讯提解证、预约提讯、律师会见：有证才能约，一人一时只在一处，换押以后旧证失效。"""

from typing import Any

import pytest


def at(day: int, hour: int) -> str:
    """An hour of a day in March 2026, in Shanghai."""
    return f"2026-03-{day:02d}T{hour:02d}:00:00+08:00"


async def books(custody: Any, who: Any, day: int = 17, since: int = 9, until: int = 11, **facts: Any) -> Any:
    """An organ asks for a slot."""
    asked = {"started_at": at(day, since), "ended_at": at(day, until), **facts}
    return await custody.tries(who, "book", facts=asked)


async def slot_of(answer: Any) -> str:
    """The slot that a booking made."""
    assert answer.status_code == 201, answer.text
    (written,) = answer.json()["slots"].values()
    (slot,) = written
    return str(slot)


async def test_no_pass_no_slot(town: Any) -> None:
    """没有提讯提解证的，不能预约；签发以后可以（看守所条例第十九条）。"""
    custody = await town.custody()

    refused = await books(custody, town.police)
    await custody.takes(town.police, "issue")
    booked = await books(custody, town.police)

    assert (refused.status_code, refused.json()["code"]) == (409, "CASE-010")
    assert "第十九条" in refused.json()["law_ref"]
    assert booked.status_code == 201
    (slot,) = (await custody.read())["slots"]
    assert (slot["kind"], slot["state"], slot["from"]) == ("interrogation", "booked", "2026-03-17T01:00:00.000000Z")


@pytest.mark.parametrize(
    ("day", "facts", "code"),
    [
        (15, {}, "no_valid_pass"),
        (21, {}, "no_valid_pass"),
        (21, {"mode": "remote"}, "no_valid_pass"),
        (17, {"ended_at": at(17, 9)}, "ends_before_it_begins"),
        (17, {"started_at": "2026-03-17"}, "needs_hour"),
        (17, {"mode": "by_letter"}, "unknown_word"),
    ],
    ids=["before", "expired", "expired, remote", "no time", "no hour", "no such mode"],
)
async def test_a_pass_covers_the_time(town: Any, day: int, facts: dict[str, Any], code: str) -> None:
    """所约时间不在提讯提解证有效期内的，不予预约，远程讯问也一样（REQ-36）。"""
    custody = await town.custody()
    await custody.takes(town.police, "issue", facts={"valid_from": "2026-03-16", "valid_until": "2026-03-20"})

    answer = await books(custody, town.police, day, **facts)

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, code)
    assert answer.json()["law_ref"]
    assert (await custody.read())["slots"] == []


@pytest.mark.parametrize("day", [16, 20])
async def test_on_its_first_and_last_day_a_pass_is_valid(town: Any, day: int) -> None:
    """有效期首日、末日可以预约。"""
    custody = await town.custody()
    await custody.takes(town.police, "issue", facts={"valid_from": "2026-03-16", "valid_until": "2026-03-20"})

    assert (await books(custody, town.police, day, 16, 23)).status_code == 201


async def test_a_pass_does_not_end_before_it_begins(town: Any) -> None:
    """有效期首尾颠倒的，不予登记；另发一证的，有效期接上。"""
    custody = await town.custody()
    wrong = await custody.tries(town.police, "issue", facts={"valid_from": "2026-03-20", "valid_until": "2026-03-19"})
    for since, until in (("2026-03-16", "2026-03-20"), ("2026-03-21", "2026-03-31")):
        await custody.takes(town.police, "issue", facts={"valid_from": since, "valid_until": until})

    assert wrong.json()["errors"][0]["code"] == "ends_before_it_begins"
    assert (await books(custody, town.police, 17)).status_code == 201
    assert (await books(custody, town.police, 30)).status_code == 201


@pytest.mark.parametrize(
    ("since", "until", "free"), [(11, 12, True), (8, 9, True), (10, 12, False), (8, 10, False), (9, 11, False)]
)
async def test_nobody_is_in_two_rooms(town: Any, since: int, until: int, free: bool) -> None:
    """同一时间只能约一处；前后相接的，可以。他人不受影响。"""
    custody, other = await town.custody("per_1"), await town.custody("per_2")
    for each in (custody, other):
        await each.takes(town.police, "issue")
    await slot_of(await books(custody, town.police))

    again = await books(custody, town.police, 17, since, until)

    assert again.status_code == (201 if free else 409), again.text
    assert (await books(other, town.police, 17, since, until)).status_code == 201


async def test_from_booking_to_bringing_back(town: Any) -> None:
    """预约、安排、提出、还押，依次办理；办结以后不再占用时间。"""
    custody = await town.custody()
    await custody.takes(town.police, "issue")
    slot = {"slot": await slot_of(await books(custody, town.police))}

    early = await custody.tries(town.center, "bring_out", facts=slot)
    by_police = await custody.tries(town.police, "interrogation_pass:confirm", facts=slot)
    seen = []
    for step in ("interrogation_pass:confirm", "bring_out", "bring_back"):
        await custody.takes(town.center, step, facts=slot)
        seen.append([each["state"] for each in (await custody.read())["slots"]])

    assert (early.json()["code"], by_police.json()["code"]) == ("CASE-010", "PERM-001")
    assert seen == [["confirmed"], ["out"], []]
    assert (await custody.tries(town.center, "bring_back", facts=slot)).json()["errors"][0]["code"] == "no_such_slot"
    assert (await books(custody, town.police)).status_code == 201


@pytest.mark.parametrize(("who", "step"), [("center", "interrogation_pass:refuse"), ("police", "cancel")])
async def test_a_slot_is_given_back(town: Any, who: str, step: str) -> None:
    """看守所不予安排的，写明理由；办案机关取消的，时间空出。"""
    custody = await town.custody()
    await custody.takes(town.police, "issue")
    slot = {"slot": await slot_of(await books(custody, town.police))}
    by = getattr(town, who)

    wrong = await custody.tries(by, step, facts={"slot": "slot_0"})
    row = await custody.takes(by, step, facts=slot)

    assert wrong.json()["errors"][0]["code"] == "no_such_slot"
    assert (await custody.read())["slots"] == []
    assert row["facts"].get("refusal", "no_room") == "no_room"


async def test_a_refusal_says_why(town: Any) -> None:
    """不予安排，须写明理由，理由在目录之内。"""
    custody = await town.custody()
    await custody.takes(town.police, "issue")
    slot = await slot_of(await books(custody, town.police))

    body = {"type": "interrogation_pass:refuse", "facts": {"slot": slot}}
    silent = await town.acts(town.center, f"/v1/custodies/{custody.id}/transitions", body)
    unknown = await custody.tries(town.center, "interrogation_pass:refuse", facts={"slot": slot, "refusal": "busy"})

    assert silent.json()["errors"][0]["code"] == "missing_fact"
    assert (unknown.json()["errors"][0]["code"], "no_pass" in str(unknown.json()["errors"])) == ("unknown_word", True)


# 换押


async def test_the_pass_of_the_former_organ_ends_with_the_hand_over(town: Any) -> None:
    """换押以后，原提讯提解证失效，所约的也失效；新的办案机关另发新证（公安机关适用刑事羁押期限规定第二十八条）。"""
    custody = await town.custody()
    await custody.takes(town.police, "issue")
    await slot_of(await books(custody, town.police))
    await custody.takes(town.police, "offer", to_organ=town.procuratorate.organ)
    assert (await books(custody, town.police, 18)).status_code == 201, "until then the pass is good"

    row = await custody.takes(town.procuratorate, "accept")

    assert {"procedure": "interrogation_pass", "to": "ended", "ended": True}.items() <= row["moves"][1].items()
    found = await custody.read()
    assert (found["passes"], found["slots"]) == ([], [])
    assert (await books(custody, town.police, 19)).json()["code"] == "PERM-001"
    assert (await books(custody, town.procuratorate, 19)).json()["code"] == "CASE-010"
    await custody.takes(town.procuratorate, "issue")
    assert (await books(custody, town.procuratorate, 19)).status_code == 201
    assert [each["organ"] for each in (await custody.read())["passes"]] == [town.procuratorate.organ]


async def test_whoever_is_out_at_the_hand_over_is_brought_back(town: Any) -> None:
    """换押时已经提出的，照常还押。"""
    custody = await town.custody()
    await custody.takes(town.police, "issue")
    slot = {"slot": await slot_of(await books(custody, town.police))}
    for step in ("interrogation_pass:confirm", "bring_out"):
        await custody.takes(town.center, step, facts=slot)
    await custody.takes(town.police, "offer", to_organ=town.procuratorate.organ)
    await custody.takes(town.procuratorate, "accept")

    assert [each["state"] for each in (await custody.read())["slots"]] == ["out"]
    await custody.takes(town.center, "bring_back", facts=slot)
    assert (await custody.read())["slots"] == []


async def test_a_hand_over_that_is_returned_ends_no_pass(town: Any) -> None:
    """换押被退回的，原提讯提解证仍然有效。"""
    custody = await town.custody()
    await custody.takes(town.police, "issue")
    await custody.takes(town.police, "offer", to_organ=town.procuratorate.organ)
    await custody.takes(town.procuratorate, "return")

    assert (await books(custody, town.police)).status_code == 201


# 会见


async def test_lawyers_meet_in_a_slot_of_their_own(town: Any) -> None:
    """要求、安排、会见；会见与提讯不得在同一时间。"""
    custody = await town.custody()
    await custody.takes(town.police, "issue")
    await slot_of(await books(custody, town.police))
    await custody.takes(town.center, "meeting:request")

    clash = await custody.tries(town.center, "arrange")
    free = {"started_at": at(17, 14), "ended_at": at(17, 15)}
    await custody.takes(town.center, "arrange", facts=free)
    taken = await books(custody, town.police, 17, 14, 16)
    later = {"started_at": at(17, 14), "ended_at": at(17, 16)}
    await custody.takes(town.center, "arrange_as_asked", facts=later)
    kinds = sorted(each["kind"] for each in (await custody.read())["slots"])
    await custody.takes(town.center, "hold", facts=later)

    assert (clash.json()["code"], taken.json()["code"]) == ("CASE-010", "CASE-010")
    assert kinds == ["interrogation", "meeting"], "the second arrangement took the place of the first"
    assert [each["kind"] for each in (await custody.read())["slots"]] == ["interrogation"]


@pytest.mark.parametrize("step", ["meeting:refuse", "meeting:withdraw"])
async def test_no_meeting_takes_place(town: Any, step: str) -> None:
    """不予安排的写明理由；律师取消的，时间空出，可以再次要求。"""
    custody = await town.custody()
    await custody.takes(town.center, "meeting:request")
    await custody.takes(town.center, "arrange")

    await custody.takes(town.center, step)

    assert (await custody.read())["slots"] == []
    await custody.takes(town.center, "meeting:request")
