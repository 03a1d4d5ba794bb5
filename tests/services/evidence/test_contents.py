"""Contents: taken in once, addressed by digest, read only by those who see the case."""

import base64
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from services.kernel.transition import sm3

RECORD = "讯问笔录".encode() * 1000


async def in_chunks(content: bytes, size: int = 4096) -> AsyncIterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


async def test_the_same_content_is_kept_once(case: Any, tmp_path: Path) -> None:
    """Both digests are ours, and the second upload finds the first."""
    first = await case.officer.upload(in_chunks(RECORD))
    second = await case.officer.upload(RECORD)

    assert first.status_code == second.status_code == 201
    assert first.json() == second.json()
    assert first.json() == {
        "digest": f"sha-256:{hashlib.sha256(RECORD).hexdigest()}",
        "sm3": f"sm3:{sm3(RECORD).hex()}",
        "size": len(RECORD),
    }
    assert [file.read_bytes() for file in (tmp_path / "objects").rglob("*") if file.is_file()] == [RECORD]


async def test_a_content_that_arrives_otherwise_is_refused(case: Any, tmp_path: Path) -> None:
    """The digest that the sender states must be the digest of what arrived."""
    stated = base64.b64encode(hashlib.sha256(b"another").digest()).decode()
    right = base64.b64encode(hashlib.sha256(RECORD).digest()).decode()

    refused = await case.officer.upload(RECORD, Content_Digest=f"sha-256=:{stated}:")
    kept = [file for file in (tmp_path / "objects").rglob("*") if file.is_file()]
    taken = await case.officer.upload(RECORD, Repr_Digest=f"sha-512=:AAAA:, sha-256=:{right}:")

    assert (refused.status_code, refused.json()["code"]) == (422, "EVID-001")
    assert kept == []
    assert taken.status_code == 201


@pytest.mark.parametrize("counted", [True, False], ids=["said beforehand", "counted on the way"])
async def test_a_content_above_the_ceiling_is_refused(case: Any, tmp_path: Path, counted: bool) -> None:
    """1 MiB in these tests, 1 GiB unless the operator says otherwise."""
    large = bytes((1 << 20) + 1)

    refused = await case.officer.upload(large if counted else in_chunks(large))

    assert (refused.status_code, refused.json()["code"]) == (413, "FILE-001")
    assert [file for file in (tmp_path / "objects").rglob("*") if file.is_file()] == []


@pytest.mark.parametrize(
    ("content", "headers", "status", "code"),
    [
        (b"", {}, 400, "GEN-400"),
        (RECORD, {"Content_Digest": "sha-256=:A:"}, 400, "GEN-400"),
        (RECORD, {"Authorization": "Bearer none"}, 401, "AUTHN-001"),
    ],
    ids=["empty", "malformed digest", "no identity"],
)
async def test_what_is_no_upload_is_refused(case: Any, content: bytes, headers: Any, status: int, code: str) -> None:
    """Nothing, a digest that is none, nobody."""
    refused = await case.officer.upload(content, **headers)

    assert (refused.status_code, refused.json()["code"]) == (status, code)


async def test_who_writes_no_records_uploads_nothing(case: Any) -> None:
    """A defender reads the dossier and puts nothing into it."""
    refused = await case.counsel.upload(RECORD)

    assert (refused.status_code, refused.json()["code"]) == (403, "PERM-001")


async def test_reading_a_content(case: Any) -> None:
    """As an attachment, never guessed at, never stored on the way, with its digest as its tag."""
    item = await case.files("讯问笔录（第一次）", RECORD)
    path = f"/v1/cases/{case.id}/dossier/items/{item}/content"

    whole = await case.prosecutor.get(path)
    again = await case.prosecutor.get(path, If_None_Match=whole.headers["etag"])

    assert (whole.status_code, whole.content) == (200, RECORD)
    assert whole.headers["etag"] == f'"sha-256:{hashlib.sha256(RECORD).hexdigest()}"'
    assert whole.headers["repr-digest"] == f"sha-256=:{base64.b64encode(hashlib.sha256(RECORD).digest()).decode()}:"
    assert whole.headers["content-type"] == "application/pdf"
    assert whole.headers["content-disposition"] == f'attachment; filename="{item}"'
    assert whole.headers["x-content-type-options"] == "nosniff"
    assert whole.headers["cache-control"] == "no-store"
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    ("wanted", "status", "part"),
    [
        ("bytes=0-9", 206, RECORD[:10]),
        ("bytes=11990-", 206, RECORD[11990:]),
        ("bytes=-10", 206, RECORD[-10:]),
        ("bytes=-99999", 206, RECORD),
        ("bytes=11999-20000", 206, RECORD[-1:]),
        ("bytes=0-1,5-6", 200, RECORD),
        ("bytes=9-1", 200, RECORD),
        ("lines=1-2", 200, RECORD),
    ],
)
async def test_reading_a_part(case: Any, wanted: str, status: int, part: bytes) -> None:
    """One range is answered; several, or what is no range, with the whole."""
    item = await case.files("讯问笔录（第一次）", RECORD)

    answer = await case.officer.get(f"/v1/cases/{case.id}/dossier/items/{item}/content", Range=wanted)

    assert (answer.status_code, answer.content) == (status, part)
    assert ("content-range" in answer.headers) is (status == 206)


async def test_a_range_outside_and_a_range_of_another_content(case: Any) -> None:
    """416 beyond the end; the whole where the tag is no longer that of the part the reader has."""
    item = await case.files("讯问笔录（第一次）", RECORD)
    path = f"/v1/cases/{case.id}/dossier/items/{item}/content"

    beyond = await case.officer.get(path, Range="bytes=12000-")
    other = await case.officer.get(path, Range="bytes=0-1", If_Range='"sha-256:0"')

    assert (beyond.status_code, beyond.json()["code"]) == (416, "FILE-004")
    assert (other.status_code, other.content) == (200, RECORD)


async def test_a_content_is_for_those_who_see_the_case(case: Any) -> None:
    """Hidden and absent answer in the same words."""
    item = await case.files("讯问笔录（第一次）", RECORD)

    hidden = await case.stranger.get(f"/v1/cases/{case.id}/dossier/items/{item}/content")
    absent = await case.stranger.get(f"/v1/cases/case_none/dossier/items/{item}/content")
    unknown = await case.officer.get(f"/v1/cases/{case.id}/dossier/items/dit_none/content")

    assert hidden.status_code == absent.status_code == unknown.status_code == 404
    assert _words(hidden) == _words(absent) == _words(unknown)


async def test_an_item_names_a_content_that_is_there(case: Any) -> None:
    """A record of a document that nobody has is no record."""
    body = {"volume": "evidence_volume", "title": "甲", "kind": "photo", "digest": f"sha-256:{'0' * 64}"}

    refused = await case.act(case.officer, f"/v1/cases/{case.id}/dossier/items", body)

    assert (refused.status_code, refused.json()["code"]) == (422, "CASE-014")
    assert refused.json()["errors"][0]["code"] == "no_such_content"


def _words(response: Any) -> dict[str, Any]:
    return {name: to for name, to in response.json().items() if name not in {"trace_id", "instance"}}
