"""HTTP in: what a body may be, and what every way of saying no looks like."""

import json
from collections.abc import AsyncIterator
from typing import Annotated, Any

import httpx
import pytest
from fastapi import APIRouter
from joserfc.jwk import OKPKey
from pydantic import Field, JsonValue

from services.kernel.errors import Malformed
from services.kernel.identity import Reader, Signer
from services.kernel.transition import encode
from services.kernel.web import (
    DEPTH,
    JSON_CEILING,
    PROBLEMS,
    Answer,
    CurrentCall,
    Id,
    RequestBody,
    ServiceApp,
    ShortRoute,
    TransitionCreate,
    parse,
    required,
)


class Note(RequestBody):
    """Any JSON, and a text that must be there."""

    text: Annotated[str, Field(max_length=20)] = ""
    facts: dict[str, JsonValue] = {}


def read(body: str | bytes) -> Note:
    return parse(Note, body if isinstance(body, bytes) else body.encode())


def refused(body: str | bytes) -> Malformed:
    with pytest.raises(Malformed) as problem:
        read(body)
    return problem.value


@pytest.mark.parametrize(
    "body",
    [
        "{}",
        ' {"text": "讯问笔录"} \r\n\t',
        '{"text": "\\u8baf\\u95ee"}',
        '{"text": "\\ud83d\\ude00"}',
        '{"facts": {"a": null, "b": [1, -0.5, 1e3, true], "c": {"d": ""}}}',
        '{"facts": {"n": 12345678901234567890123456789}}',
    ],
)
def test_sound_json(body: str) -> None:
    """合格的正文，原样读入，也原样写出。"""
    note = read(body)

    assert json.loads(encode(note.model_dump(exclude_unset=True))) == json.loads(body)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "json_invalid"),
        (b"\xff\xfe", "json_invalid"),
        (b'{"text": "\xe8\xae"}', "json_invalid"),
        (b"\xef\xbb\xbf{}", "json_invalid"),
        ('{"text": "a"', "json_invalid"),
        ("{} {}", "json_invalid"),
        ("{'text': 'a'}", "json_invalid"),
        ('{"text": "a",}', "json_invalid"),
        ('{"text": "a", "text": "b"}', "json_invalid"),
        ('{"facts": {"a": {"b": 1, "b": 1}}}', "json_invalid"),
        ('{"text": "a", "te\\u0078t": "b"}', "json_invalid"),
        ('{"facts": {"a": NaN}}', "json_invalid"),
        ('{"facts": {"a": -Infinity}}', "json_invalid"),
        ('{"facts": {"a": 1e999}}', "json_invalid"),
        ('{"facts": {"a": [-1e999]}}', "json_invalid"),
        ('{"facts": {"a": ' + "9" * 5000 + "}}", "json_invalid"),
        ('{"facts": {"a": 01}}', "json_invalid"),
        ('{"text": "a\nb"}', "json_invalid"),
        ('{"text": "a\x00b"}', "json_invalid"),
        ('{"text": "\\u0000"}', "text"),
        ('{"facts": {"\\u0000": 1}}', "text"),
        ('{"facts": {"a": ["\\ud800"]}}', "text"),
        ('{"facts": {"\\udc00": 1}}', "text"),
        ('{"text": "e\u0301"}', "text"),
        ('{"facts": {"a": ["e\\u0301"]}}', "text"),
        ('{"facts": ' + '{"a":' * DEPTH + "1" + "}" * DEPTH + "}", "too_deep"),
        ('{"facts": {"a": ' + "[" * 600 + "]" * 600 + "}}", "too_deep"),
        ('{"facts": {"a": ' + "[" * 600 + '"\\u0041"' + "]" * 600 + "}}", "too_deep"),
        ('{"facts": ' + '{"a":' * 900 + "1" + "}" * 900 + "}", "too_deep"),
        ("[" * 100_000, "json_invalid"),
        ("[]", "model_type"),
        ('"text"', "model_type"),
        ("null", "model_type"),
        ('{"texts": "a"}', "extra_forbidden"),
        ('{"text": 7}', "string_type"),
        ('{"text": null}', "string_type"),
        ('{"text": "' + "a" * 21 + '"}', "string_too_long"),
    ],
    ids=lambda given: repr(given[:40]) if len(given) > 12 else repr(given),
)
def test_json_traps(body: str | bytes, code: str) -> None:
    """重复的键、非数、空字符、孤立的代理字符、分解的字形、过深的嵌套，都不是合格的正文。"""
    assert refused(body).errors[0]["code"] == code


def test_deep_enough_is_not_too_deep() -> None:
    """The body itself is the first level."""
    inner = DEPTH - 2

    assert read('{"facts": {"a": ' + "[" * inner + "]" * inner + "}}")


def test_a_problem_points_at_the_field_and_never_repeats_it() -> None:
    """指出是哪一项，不复述其内容。"""
    said = "330106199001011234" * 2

    problem = refused(json.dumps({"text": said}))

    assert problem.errors[0]["pointer"] == "/text"
    assert said not in json.dumps(problem.errors)


@pytest.mark.parametrize(
    "given",
    [
        {"type": "arrest_review"},
        {"type": "Arrest:approve"},
        {"type": "a:b", "subjects": ["per 1"]},
        {"type": "a:b", "subjects": ["x"] * 201},
        {"type": "a:b", "documents": [{"kind": "拘留证"}]},
        {"type": "a:b", "documents": [{"kind": "warrant", "digest": "md5:00"}]},
        {"type": "a:b", "documents": [{"kind": "warrant", "number": "a\x00"}]},
        {"type": "a:b", "occurred_at": "yesterday"},
        {"type": "a:b", "occurred_at": "2026-03-16T06:00:00"},
        {"type": "a:b", "to_organ": "pol"},
        {"type": "a:b", "reason": "x" * 2001},
        {"type": "a:b", "seq": 7},
        {"type": "a:b", "recorded_at": "2026-03-16"},
    ],
    ids=str,
)
def test_a_step_says_what_it_must_and_nothing_else(given: dict[str, Any]) -> None:
    """未规定的栏目不得写入；由本系统填写的栏目，也不得写入。"""
    with pytest.raises(Malformed):
        parse(TransitionCreate, json.dumps(given).encode())


# A small app.

acts, router = APIRouter(route_class=ShortRoute), APIRouter()


@acts.post("/v1/notes/{note_id}")
async def write(call: CurrentCall, service: Any, note_id: Id, new: Note) -> Answer:
    """Says back what it was told."""
    if new.text == "fail":
        raise RuntimeError("a secret path /srv/keys")
    if new.text == "version":
        required(call)
    said = {"id": note_id, "text": new.text, "by": call.actor.organ_id, "key": call.key, "print": call.fingerprint}
    return Answer(201, encode(said), (("ETag", '"v1"'),))


@router.get("/v1/notes/{note_id}")
async def show(note_id: Id) -> dict[str, str]:
    """Says its id."""
    return {"id": note_id}


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    """The small app, and an officer of the police at a keyboard."""
    signer = Signer(OKPKey.generate_key("Ed25519", auto_kid=True))
    app = ServiceApp(acts, router, title="notes")
    app.state.reader, app.state.service = Reader(signer.public()), None
    headers = {
        "Authorization": f"Bearer {signer.issue('pol-330106', 'officer', officer='ofc-1')}",
        "Idempotency-Key": "a-key-of-mine",
        "Content-Type": "application/json",
    }
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://notes", headers=headers) as made:
        yield made


async def test_an_act_is_answered_with_the_bytes_it_made(client: httpx.AsyncClient) -> None:
    """答复即记录本身。"""
    answer = await client.post("/v1/notes/n_1", content=b'{"text": "ok"}')

    assert (answer.status_code, answer.headers["etag"], answer.headers["cache-control"]) == (201, '"v1"', "no-store")
    assert answer.json()["by"] == "pol-330106"
    assert answer.headers["request-id"].startswith("req_")


async def test_whether_two_requests_are_the_same(client: httpx.AsyncClient) -> None:
    """同一路径、同一人员、同样的字节，才是同一请求。"""

    async def print_of(path: str, body: bytes) -> str:
        found: str = (await client.post(path, content=body)).json()["print"]
        return found

    first = await print_of("/v1/notes/n_1", b'{"text": "a"}')

    assert await print_of("/v1/notes/n_1", b'{"text": "a"}') == first
    assert len({first, await print_of("/v1/notes/n_2", b'{"text": "a"}'), await print_of("/v1/notes/n_1", b"{}")}) == 3


@pytest.mark.parametrize(
    ("headers", "body", "status", "code"),
    [
        ({"Authorization": ""}, b"{}", 401, "AUTHN-001"),
        ({"Authorization": "Bearer \xe9"}, b"{}", 401, "AUTHN-001"),
        ({"Idempotency-Key": ""}, b"{}", 400, "GEN-400"),
        ({"Idempotency-Key": "short"}, b"{}", 400, "GEN-400"),
        ({"Idempotency-Key": "k" * 129}, b"{}", 400, "GEN-400"),
        ({"Idempotency-Key": "with a space"}, b"{}", 400, "GEN-400"),
        ({"If-Match": "v1"}, b"{}", 400, "GEN-400"),
        ({"If-Match": '"v-1"'}, b"{}", 400, "GEN-400"),
        ({"If-Match": '"v9999999999"'}, b"{}", 400, "GEN-400"),
        ({"If-Match": "*"}, b"{}", 400, "GEN-400"),
        ({"Content-Type": "text/plain"}, b"{}", 415, "FILE-002"),
        ({"Content-Type": "application/jsonp"}, b"{}", 415, "FILE-002"),
        ({}, b"{", 400, "GEN-400"),
        ({}, b"[" * 50_000, 400, "GEN-400"),
        ({}, b" " * (JSON_CEILING + 1), 413, "FILE-001"),
        ({}, b'{"text": "version"}', 428, "GEN-428"),
        ({}, b'{"text": "fail"}', 500, "GEN-500"),
    ],
    ids=lambda given: repr(given)[:50],
)
async def test_every_way_of_saying_no(
    client: httpx.AsyncClient, headers: dict[str, str], body: bytes, status: int, code: str
) -> None:
    """凡不予办理的，都以同一格式说明，并且不泄露内部情况。"""
    sent = {name.encode(): value.encode("latin-1") for name, value in {**client.headers, **headers}.items()}

    answer = await client.post("/v1/notes/n_1", content=body, headers=list(sent.items()))

    said = answer.json()
    assert (answer.status_code, said["code"], said["status"]) == (status, code, status)
    assert answer.headers["content-type"] == "application/problem+json"
    assert said["trace_id"] == answer.headers["request-id"]
    assert said["retryable"] is PROBLEMS[code]["retryable"]
    assert "secret" not in answer.text


@pytest.mark.parametrize("name", ["%00", "a%20b", "%C3%A9", "a" * 65, "..%5C", "a%0Ab"])
@pytest.mark.parametrize("method", ["POST", "GET"])
async def test_ids_in_the_path_are_ids(client: httpx.AsyncClient, method: str, name: str) -> None:
    """路径中的编号须是编号：短路与常路一样。"""
    answer = await client.request(method, f"/v1/notes/{name}", content=b"{}")

    assert (answer.status_code, answer.json()["code"]) == (400, "GEN-400")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/nothing", 404, "GEN-404"),
        ("POST", "/v1/notes", 404, "GEN-404"),
        ("DELETE", "/v1/notes/n_1", 405, "GEN-405"),
    ],
)
async def test_what_is_not_there(client: httpx.AsyncClient, method: str, path: str, status: int, code: str) -> None:
    """没有的路径和方法，也是同一格式。"""
    answer = await client.request(method, path, content=b"{}")

    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_a_body_that_comes_in_pieces_is_measured_as_it_comes(client: httpx.AsyncClient) -> None:
    """没有写明长度的，边收边量。"""

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(2 + (JSON_CEILING >> 16)):
            yield b" " * (1 << 16)

    answer = await client.post("/v1/notes/n_1", content=pieces())

    assert (answer.status_code, answer.json()["code"]) == (413, "FILE-001")


async def test_a_request_may_bring_its_own_id(client: httpx.AsyncClient) -> None:
    """A request id that could be something else is replaced."""
    given = await client.post("/v1/notes/n_1", content=b"{}", headers={"Request-Id": "trace-0001"})
    odd = await client.post("/v1/notes/n_1", content=b"{}", headers={"Request-Id": "<script>"})

    assert given.headers["request-id"] == "trace-0001"
    assert odd.headers["request-id"].startswith("req_")


async def test_a_problem_speaks_the_callers_language(client: httpx.AsyncClient) -> None:
    """按请求人的语言说明。"""
    zh = await client.post("/v1/notes/n_1", content=b"{")
    en = await client.post("/v1/notes/n_1", content=b"{", headers={"Accept-Language": "en-GB"})

    assert (zh.headers["content-language"], en.headers["content-language"]) == ("zh-CN", "en")
    assert (zh.json()["detail"], en.json()["detail"]) == ("请求正文不是合格的JSON。", "the body is not sound JSON")
