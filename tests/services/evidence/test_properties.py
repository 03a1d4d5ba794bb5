"""Property: taken on papers, kept by a custodian, disposed of by whom the law names and in no other order."""

from typing import Any

SEIZURE = [{"kind": "seizure_decision"}, {"kind": "seizure_list"}]
STORAGE = [*SEIZURE, {"kind": "property_storage_receipt"}]
HANDOVER = [{"kind": "property_transfer_list"}, {"kind": "property_responsibility_transfer"}]


async def test_nothing_is_registered_without_its_list(case: Any) -> None:
    """查点清楚，当场开列清单（刑事诉讼法第一百四十二条）。"""
    refused = await case.act(
        case.officer,
        "/v1/items",
        {"case_id": case.id, "documents": SEIZURE[:1], "facts": {"kind": "knife"}},
    )

    assert (refused.status_code, refused.json()["code"]) == (422, "CASE-011")
    assert refused.json()["errors"][0]["params"]["kind"] == "seizure_list"
    assert "第一百四十二条" in refused.json()["law_ref"]


async def test_a_registered_item_is_controlled_by_who_took_it(case: Any) -> None:
    """Control, place and custodian are separate facts."""
    phone = await case.seizes(stored=False)

    item = (await case.prosecutor.get(f"/v1/items/{phone}")).json()

    assert (item["state"], item["control"]) == ("taken", "pol-330106")
    assert (item["location"], item["custodian"]) == ("3库12架", "保管中心")
    assert item["facts"] == {"kind": "mobile_phone", "count": 1, "value": "3200.00", "features": "黑色"}
    assert (await case.stranger.get(f"/v1/items/{phone}")).status_code == 404
    assert (await case.officer.get("/v1/items/itm_none")).status_code == 404


async def test_the_papers_of_the_registration_are_used_again(case: Any) -> None:
    """A paper that the case has is named by its id; it is not handed in twice."""
    row = await case.does(
        case.officer, "/v1/items", {"case_id": case.id, "documents": SEIZURE, "facts": {"kind": "knife"}}
    )
    item = next(iter(row["created"]))

    stored = await case.does(
        case.custodian,
        f"/v1/items/{item}/transitions",
        {
            "type": "property_flow:store",
            "document_ids": [paper["id"] for paper in row["documents"]],
            "documents": STORAGE[2:],
            "facts": {"location": "2库1架"},
        },
    )

    assert stored["moves"][0]["id"] == "P25.T01"
    assert (await case.officer.get(f"/v1/items/{item}")).json()["location"] == "2库1架"


async def test_steps_have_their_order(case: Any) -> None:
    """What is not in store cannot be checked out; what was checked out comes back through the custodian."""
    phone = await case.seizes(stored=False)
    path, form = f"/v1/items/{phone}/transitions", [{"kind": "property_checkout_form"}]

    early = await case.act(case.head, path, {"type": "property_flow:check_out", "documents": form})
    await case.does(case.custodian, path, {"type": "property_flow:store", "documents": STORAGE})
    by_officer = await case.act(case.officer, path, {"type": "property_flow:check_out", "documents": form})
    await case.does(
        case.head, path, {"type": "property_flow:check_out", "documents": form, "facts": {"location": "鉴定中心"}}
    )
    item = (await case.officer.get(f"/v1/items/{phone}")).json()

    assert (early.status_code, early.json()["code"]) == (409, "CASE-010")
    assert early.json()["available"] == ["property_flow:store"]
    assert (by_officer.status_code, by_officer.json()["code"]) == (403, "PERM-001")
    assert (item["state"], item["location"], item["control"]) == ("checked_out", "鉴定中心", "pol-330106")


async def test_goods_change_hands_by_two_sides_only(case: Any) -> None:
    """One side alone hands nothing over; what may be done does not list it."""
    phone = await case.seizes()

    alone = await case.act(
        case.head,
        f"/v1/items/{phone}/transitions",
        {"type": "property_flow:transfer_to_procuratorate", "documents": HANDOVER},
    )
    may = (await case.head.get(f"/v1/items/{phone}/available-transitions")).json()["items"]

    assert (alone.status_code, alone.json()["code"]) == (409, "CASE-010")
    assert "package_handover:offer" in alone.json()["available"]
    assert {each["type"] for each in may} == {
        "property_flow:check_out",
        "property_flow:renew",
        "property_flow:release_unrelated",
        "property_flow:to_treasury",
        "property_flow:return_victim",
        "property_flow:dispose_early",
    }


async def test_a_neighbouring_organ_disposes_of_nothing(case: Any) -> None:
    """That it is of the same kind does not make it the organ that took the goods."""
    phone = await case.seizes()
    package = await case.drafts(case.officer, case.neighbour, files=(await case.files("甲", b"x"),))
    await case.hands(case.head, package, "seal", "offer")
    body = {"type": "property_flow:return_victim", "documents": [{"kind": "return_list"}]}

    refused = await case.act(case.neighbour, f"/v1/items/{phone}/transitions", body)
    may = (await case.neighbour.get(f"/v1/items/{phone}/available-transitions")).json()["items"]

    assert (refused.status_code, refused.json()["code"]) == (403, "PERM-001")
    assert may == []


async def test_a_step_of_another_kind_of_thing_is_unknown_here(case: Any) -> None:
    """An item takes the steps of items."""
    phone = await case.seizes()

    for step in ("package_handover:seal", "dossier_record:add_item", "arrest_review:approve", "property_flow:nothing"):
        refused = await case.act(case.head, f"/v1/items/{phone}/transitions", {"type": step})
        assert (refused.status_code, refused.json()["code"]) == (422, "CASE-404")
