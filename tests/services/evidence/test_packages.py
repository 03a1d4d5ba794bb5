"""Packages: never held by both, never by nobody, and provably the same on both sides."""

import json
from typing import Any

import pytest
from fastapi import FastAPI

from services.evidence.domain import Evidence
from services.evidence.domain.packages import canonical
from services.kernel import log
from services.kernel.record import fold
from services.kernel.service import Service
from services.kernel.transition import digest
from services.kernel.work import raw

HANDOVER = [{"kind": "property_transfer_list"}, {"kind": "property_responsibility_transfer"}]


async def sealed(case: Any) -> tuple[str, str, str]:
    """A package of one file and one phone, sealed; the ids of the three."""
    file, phone = await case.files("讯问笔录（第一次）", b"first"), await case.seizes()
    package = await case.drafts(case.officer, case.manager, files=(file,), goods=(phone,))
    await case.hands(case.head, package, "seal")
    return package, file, phone


async def read(case: Any, package: str) -> Any:
    return (await case.officer.get(f"/v1/packages/{package}")).json()


async def item(case: Any, item_id: str) -> tuple[str, str, str]:
    """State, control and place of a piece of property."""
    found = (await case.officer.get(f"/v1/items/{item_id}")).json()
    return found["state"], found["control"], found["location"]


async def test_control_moves_and_the_goods_stay(case: Any) -> None:
    """对查封、扣押、冻结的财物，应当制作清单，随案移送（刑事诉讼法第二百四十五条）。"""
    package, _, phone = await sealed(case)
    mark = (await read(case, package))["digest"]
    await case.hands(case.head, package, "offer")
    await case.hands(case.manager, package, "inspect")
    before = await item(case, phone)

    row = await case.hands(case.manager, package, "accept", facts={"digest": mark})

    assert before == ("stored", "pol-330106", "3库12架")
    assert await item(case, phone) == ("with_case_pr", "proc-330106", "3库12架")
    assert [(move["procedure"], move["id"]) for move in row["moves"]] == [
        ("package_handover", "D5.04"),
        ("property_flow", "P25.T10"),
    ]
    assert row["control"] == {phone: "proc-330106", case.id: "proc-330106"}
    assert row["receipt"]["stage"] == "accepted"
    found = await read(case, package)
    assert (found["state"], [each["stage"] for each in found["receipts"]]) == (
        "accepted",
        ["sealed", "delivered", "signed_in", "accepted"],
    )
    overview = (await case.manager.get(f"/v1/cases/{case.id}/evidence")).json()
    assert overview["dossier"]["control"] == "proc-330106"
    assert [each["control"] for each in overview["property"]] == ["proc-330106"]


async def test_goods_go_on_to_court_and_come_back(case: Any) -> None:
    """Police, procuratorate, court, procuratorate, police: each acceptance is the step of the law that it is."""
    phone = await case.seizes()
    way = [
        (case.officer, case.head, case.manager, "P25.T10"),
        (case.prosecutor, case.manager, case.clerk, "P25.T13"),
        (case.panel, case.clerk, case.manager, "P25.T14"),
        (case.prosecutor, case.manager, case.head, "P25.T11"),
    ]

    for drafter, sender, receiver, step in way:
        package = await case.drafts(drafter, receiver, goods=(phone,))
        row = await case.hands(sender, package, "seal", "offer")
        await case.hands(receiver, package, "inspect")
        row = await case.hands(receiver, package, "accept", facts={"digest": row["digest"]})
        assert [move["id"] for move in row["moves"]] == ["D5.04", step]

    assert await item(case, phone) == ("stored", "pol-330106", "3库12架")


async def test_the_manifest_can_be_checked_by_anyone(case: Any) -> None:
    """Its digest is SM3 over its canonical JSON, and every file in it carries both digests."""
    package, file, phone = await sealed(case)

    found = await read(case, package)

    assert found["digest"] == digest("sm3", canonical(found["manifest"]))
    (listed,) = found["manifest"]["files"]
    assert (listed["order"], listed["item_id"], listed["volume"], listed["pages"]) == (1, file, "evidence_volume", 3)
    assert (listed["title"], listed["size"], listed["provenance"]) == ("讯问笔录（第一次）", 5, "native")
    assert listed["sm3"].startswith("sm3:")
    assert listed["digest"].startswith("sha-256:")
    (goods,) = found["manifest"]["property"]
    assert (goods["item_id"], goods["kind"], goods["count"], goods["features"]) == (phone, "mobile_phone", 1, "黑色")


async def test_a_sealed_list_stays_while_the_dossier_goes_on(case: Any) -> None:
    """A later version of a listed file is a fact of the dossier, not of the package."""
    package, file, _ = await sealed(case)
    before = await read(case, package)
    kept = (await case.officer.upload(b"second")).json()
    await case.does(case.officer, f"/v1/cases/{case.id}/dossier/items/{file}/versions", {"digest": kept["digest"]})

    changed = await case.act(
        case.officer, f"/v1/packages/{package}/lists", {"dossier_items": [{"item_id": file, "version": 2}]}
    )

    assert (changed.status_code, changed.json()["code"]) == (409, "EVID-002")
    after = await read(case, package)
    assert (after["manifest"], after["digest"]) == (before["manifest"], before["digest"])


async def test_goods_on_a_sealed_list_stay_as_they_are(case: Any) -> None:
    """Until the package is answered or withdrawn; then they are free."""
    package, _, phone = await sealed(case)
    path = f"/v1/items/{phone}/transitions"
    body = {"type": "property_flow:return_victim", "documents": [{"kind": "return_list"}]}

    refused = await case.act(case.head, path, body)
    may = (await case.head.get(f"/v1/items/{phone}/available-transitions")).json()["items"]
    second = await case.drafts(case.officer, case.manager, goods=(phone,))
    sealed_twice = await case.step(case.head, second, "seal")
    await case.hands(case.head, package, "offer", "withdraw")
    freed = await case.act(case.head, path, body)

    assert (refused.status_code, refused.json()["code"], may) == (409, "EVID-002", [])
    assert (sealed_twice.status_code, sealed_twice.json()["code"]) == (409, "EVID-002")
    assert freed.status_code == 201


@pytest.mark.parametrize("facts", [{}, {"digest": f"sm3:{'0' * 64}"}], ids=["not stated", "another"])
@pytest.mark.parametrize("step", ["accept", "accept_with_reservations"])
async def test_who_accepts_says_what_arrived(case: Any, step: str, facts: Any) -> None:
    """A package whose digest the receiver did not see is not accepted."""
    package, _, phone = await sealed(case)
    await case.hands(case.head, package, "offer")
    await case.hands(case.manager, package, "inspect")

    refused = await case.step(case.manager, package, step, facts={"reservations": ["other"], **facts})

    assert (refused.status_code, refused.json()["code"]) == (422, "EVID-001")
    assert await item(case, phone) == ("stored", "pol-330106", "3库12架")


async def test_only_the_receiver_answers(case: Any) -> None:
    """Neither the sender, nor another procuratorate, nor who sees the case without being its receiver."""
    package, _, _ = await sealed(case)
    row = await case.hands(case.head, package, "offer")
    body = {"facts": {"digest": row["digest"]}}

    by_sender = await case.step(case.head, package, "inspect", **body)
    by_stranger = await case.step(case.stranger, package, "inspect", **body)
    by_officer = await case.step(case.prosecutor, package, "inspect", **body)
    uninspected = await case.step(case.manager, package, "accept", **body)

    assert (by_sender.status_code, by_sender.json()["code"]) == (403, "PERM-001")
    assert (by_officer.status_code, by_officer.json()["code"]) == (403, "PERM-001")
    assert by_stranger.status_code == 404
    assert (uninspected.status_code, uninspected.json()["code"]) == (409, "CASE-010")


async def test_what_was_accepted_is_not_withdrawn(case: Any) -> None:
    """The goods and the dossier are the receiver's; the way back is a package of theirs."""
    package, _, _ = await sealed(case)
    row = await case.hands(case.head, package, "offer")
    await case.hands(case.manager, package, "inspect")
    await case.hands(case.manager, package, "accept", facts={"digest": row["digest"]})

    # The receiver holds it now, so that for the sender it is not even in reach.
    by_sender = await case.step(case.head, package, "withdraw")
    by_holder = await case.step(case.manager, package, "withdraw")

    assert (by_sender.status_code, by_sender.json()["code"]) == (403, "PERM-001")
    assert (by_holder.status_code, by_holder.json()["code"]) == (409, "CASE-010")


async def test_returned_corrected_and_accepted_with_a_reservation(case: Any) -> None:
    """材料不齐备的，退回补送；补正后重新封装的，是另一份清单。"""
    package, file, phone = await sealed(case)
    first = await case.hands(case.head, package, "offer")
    await case.hands(case.manager, package, "inspect")
    bare = await case.step(case.manager, package, "return", facts={"reasons": ["not_pretty"]})
    row = await case.hands(
        case.manager, package, "return", facts={"reasons": ["incomplete"]}, reason="缺第二次讯问笔录"
    )
    second = await case.files("讯问笔录（第二次）", b"second")
    by_receiver = await case.act(case.manager, f"/v1/packages/{package}/lists", {"property_items": [phone]})
    await case.does(
        case.officer,
        f"/v1/packages/{package}/lists",
        {"dossier_items": [{"item_id": file}, {"item_id": second}], "property_items": [phone]},
    )
    again = await case.hands(case.head, package, "reseal")
    await case.hands(case.head, package, "offer")
    await case.hands(case.manager, package, "inspect", facts={"digest": again["digest"]})

    stale = await case.step(
        case.manager,
        package,
        "accept_with_reservations",
        facts={"digest": first["digest"], "reservations": ["unreadable"]},
    )
    accepted = await case.hands(
        case.manager,
        package,
        "accept_with_reservations",
        facts={"digest": again["digest"], "reservations": ["unreadable"]},
    )

    assert (bare.status_code, bare.json()["code"]) == (422, "CASE-014")
    assert (by_receiver.status_code, by_receiver.json()["code"]) == (403, "PERM-001")
    assert row["receipt"]["reasons"] == ["incomplete"]
    assert stale.json()["code"] == "EVID-001"
    assert accepted["receipt"]["reservations"] == ["unreadable"]
    found = await read(case, package)
    assert [each["title"] for each in found["manifest"]["files"]] == ["讯问笔录（第一次）", "讯问笔录（第二次）"]
    assert await item(case, phone) == ("with_case_pr", "proc-330106", "3库12架")


async def test_an_unanswered_package_expires_where_it_was(case: Any) -> None:
    """逾期不答复的，责任仍在移送机关。"""
    package, _, phone = await sealed(case)
    await case.hands(case.head, package, "offer")

    await case.hands(case.coordinator, package, "expire")

    assert (await read(case, package))["receipts"][-1]["stage"] == "expired"
    assert await item(case, phone) == ("stored", "pol-330106", "3库12架")


async def test_goods_do_not_travel_without_their_lists(case: Any) -> None:
    """随案移送清单、保管责任移交单（P25.T10）。"""
    package, _, _ = await sealed(case)

    refused = await case.step(case.head, package, "offer", documents=HANDOVER[:1])
    elsewhere = await case.step(case.head, package, "offer", documents=HANDOVER, to_organ="court-330106")

    assert (refused.status_code, refused.json()["code"]) == (422, "CASE-011")
    assert refused.json()["errors"][0]["params"]["kind"] == "property_responsibility_transfer"
    assert elsewhere.json()["errors"][0]["code"] == "not_receiver"


async def test_goods_leave_only_from_the_store_and_from_who_controls_them(case: Any) -> None:
    """What is not in store is not ready; what another organ controls is not ours to send."""
    taken, stored = await case.seizes(stored=False), await case.seizes()
    unready = await case.drafts(case.officer, case.manager, goods=(taken,))
    foreign = await case.drafts(case.prosecutor, case.clerk, goods=(stored,))

    too_early = await case.step(case.head, unready, "seal")
    not_ours = await case.step(case.manager, foreign, "seal")

    assert (too_early.status_code, too_early.json()["errors"][0]["code"]) == (409, "not_ready")
    assert (not_ours.status_code, not_ours.json()["errors"][0]["code"]) == (403, "not_in_control")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"to_organ": "proc-330106"}, "empty"),
        ({"to_organ": "proc-330106", "property_items": ["itm_none"]}, "not_in_case"),
        ({"to_organ": "proc-330106", "dossier_items": [{"item_id": "dit_none"}]}, "not_in_case"),
        ({"to_organ": "proc-330106", "dossier_items": [{"item_id": "FILE"}, {"item_id": "FILE"}]}, "repeated"),
        ({"to_organ": "proc-330106", "dossier_items": [{"item_id": "FILE", "version": 2}]}, "no_such_version"),
        ({"to_organ": "proc-330106", "property_items": ["FILE"]}, "not_in_case"),
        ({"to_organ": "pol-330106", "dossier_items": [{"item_id": "FILE"}]}, "not_receiver"),
        ({"to_organ": "dc-330106", "dossier_items": [{"item_id": "FILE"}]}, "not_receiver"),
        ({"to_organ": "xyz-330106", "dossier_items": [{"item_id": "FILE"}]}, "no_such_organ"),
    ],
)
async def test_a_list_that_cannot_be_is_refused(case: Any, body: Any, code: str) -> None:
    """Nothing, something twice, something that is not there, nobody to receive it."""
    file = await case.files("甲", b"first")

    refused = await case.act(
        case.officer, "/v1/packages", {"case_id": case.id, **json.loads(json.dumps(body).replace("FILE", file))}
    )

    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, code)


async def test_asking_first_is_answered_as_doing(case: Any) -> None:
    """A dry run says what the step would write, and writes nothing."""
    package, _, phone = await sealed(case)
    row = await case.hands(case.head, package, "offer")
    await case.hands(case.manager, package, "inspect")
    body = {"type": "package_handover:accept", "facts": {"digest": row["digest"]}}
    path = f"/v1/packages/{package}/transitions"

    asked = await case.manager.post(path, {**body, "dry_run": True}, version=case.version)
    wrong = await case.manager.post(path, {**body, "facts": {}, "dry_run": True}, version=case.version)
    may = (await case.manager.get(f"/v1/packages/{package}/available-transitions")).json()["items"]
    unmoved = await item(case, phone)
    done = await case.manager.post(path, body, version=case.version)

    assert (asked.status_code, done.status_code, wrong.status_code) == (200, 201, 422)
    assert asked.json()["moves"] == done.json()["moves"]
    assert unmoved[1] == "pol-330106"
    assert {each["type"] for each in may} == {
        "package_handover:accept",
        "package_handover:accept_with_reservations",
        "package_handover:return",
    }


async def test_the_state_is_the_fold_of_the_rows(case: Any, app: FastAPI) -> None:
    """Dropped and replayed, every view is what it was."""
    package, _, _ = await sealed(case)
    row = await case.hands(case.head, package, "offer")
    await case.hands(case.manager, package, "inspect")
    await case.hands(case.manager, package, "accept", facts={"digest": row["digest"]})
    service: Service = app.state.service

    async with raw(service.engine) as connection:
        rows = await log.history(connection, case.id)
    state: dict[str, Any] = {}
    for each in rows:
        state = fold(state, json.loads(each["body"]), Evidence())

    assert state == (await service.desk.head(case.id)).state
