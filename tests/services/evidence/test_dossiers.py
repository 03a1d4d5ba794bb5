"""The dossier: items in volumes, versions that are added and never replaced."""

import asyncio
from typing import Any


async def test_every_version_stays(case: Any) -> None:
    """A corrected record stands behind the one it corrects; both can be read."""
    item = await case.files("讯问笔录（第一次）", b"first")
    kept = (await case.prosecutor.upload(b"second")).json()
    row = await case.does(
        case.prosecutor,
        f"/v1/cases/{case.id}/dossier/items/{item}/versions",
        {"digest": kept["digest"], "provenance": "scanned_in"},
    )
    path = f"/v1/cases/{case.id}/dossier/items/{item}/content"

    dossier = (await case.officer.get(f"/v1/cases/{case.id}/dossier")).json()
    contents = [(await case.officer.get(path + query)).content for query in ("", "?version=1", "?version=2")]

    assert row["version_added"][item]["version"] == 2
    assert [(each["version"], each["organ"]) for each in dossier["items"][0]["versions"]] == [
        (1, "pol-330106"),
        (2, "proc-330106"),
    ]
    assert dossier["items"][0]["versions"][1] == {
        "version": 2,
        "media_type": "application/octet-stream",
        "pages": None,
        **kept,
        "provenance": "scanned_in",
        "organ": "proc-330106",
    }
    assert contents == [b"second", b"first", b"second"]
    assert (await case.officer.get(path + "?version=3")).status_code == 404


async def test_of_two_versions_at_once_one_is_stale(case: Any) -> None:
    """Both were decided on the same version of the case: one is recorded, the other told to read again."""
    item = await case.files("讯问笔录（第一次）", b"first")
    kept = (await case.officer.upload(b"second")).json()
    path, body = f"/v1/cases/{case.id}/dossier/items/{item}/versions", {"digest": kept["digest"]}

    answers = await asyncio.gather(*(case.officer.post(path, body, version=case.version) for _ in range(2)))

    assert sorted(answer.status_code for answer in answers) == [201, 412]
    dossier = (await case.officer.get(f"/v1/cases/{case.id}/dossier")).json()
    assert len(dossier["items"][0]["versions"]) == 2


async def test_a_repeated_key_answers_the_same(case: Any) -> None:
    """Once is once, however often the network asks."""
    kept = (await case.officer.upload(b"first")).json()
    path = f"/v1/cases/{case.id}/dossier/items"
    body = {"volume": "evidence_volume", "title": "甲", "kind": "photo", "digest": kept["digest"]}

    first = await case.officer.post(path, body, version=case.version, key="the-same-key-1")
    second = await case.officer.post(path, body, version=case.version, key="the-same-key-1")

    assert first.text == second.text
    assert second.headers["idempotency-replayed"] == "true"


async def test_a_dossier_is_opened_once(case: Any) -> None:
    """And without the version that was read, nothing is added to it."""
    again = await case.officer.post("/v1/dossiers", {"case_id": case.id})
    kept = (await case.officer.upload(b"first")).json()
    body = {"volume": "evidence_volume", "title": "甲", "kind": "photo", "digest": kept["digest"]}
    blind = await case.officer.post(f"/v1/cases/{case.id}/dossier/items", body)
    elsewhere = await case.officer.post("/v1/cases/case_none/dossier/items", body, version='"v1"')
    hidden = await case.stranger.post(f"/v1/cases/{case.id}/dossier/items", body, version=case.version)

    assert (again.status_code, again.json()["code"]) == (409, "CASE-010")
    assert (blind.status_code, blind.json()["code"]) == (428, "GEN-428")
    assert elsewhere.status_code == hidden.status_code == 404


async def test_a_version_of_nothing_is_refused(case: Any) -> None:
    """An id of another kind, or of nothing."""
    phone = await case.seizes()
    kept = (await case.officer.upload(b"first")).json()

    for item in ("dit_none", phone):
        refused = await case.act(
            case.officer, f"/v1/cases/{case.id}/dossier/items/{item}/versions", {"digest": kept["digest"]}
        )
        assert (refused.status_code, refused.json()["code"]) == (422, "CASE-014")


async def test_who_handles_no_case_writes_in_no_dossier(case: Any) -> None:
    """The organs that handle cases keep the dossier."""
    refused = await case.counsel.post("/v1/dossiers", {"case_id": "case_another"})

    assert (refused.status_code, refused.json()["code"]) == (403, "PERM-001")
