"""HTTP in, command out; row in, HTTP out. What every service's app has in common.

Acts go by a short road: `ShortRoute` is a FastAPI route whose contract comes from the endpoint's signature and whose
requests never enter FastAPI's machinery (validate once, answer with the row's own bytes). Everything that says no says
it as an RFC 9457 problem. Pure ASGI, no BaseHTTPMiddleware.
"""

import inspect
import json
import logging
import math
import re
import unicodedata
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_type_hints

import yaml
from fastapi import APIRouter, Depends, FastAPI, Header, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, ValidationError
from pydantic.json_schema import SkipJsonSchema
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.kernel.errors import Malformed, NoPrecondition, Refused, TooLarge, WrongType
from services.kernel.identity import Reader
from services.kernel.transition import encode, new_id, sm3
from services.kernel.who import Actor

#: The most bytes of a JSON request.
JSON_CEILING = 1 << 20
#: How deep a request may nest.
DEPTH = 32
_LOGGER = logging.getLogger("singletrack")
_KEY = re.compile(rb"[\x21-\x7e]{8,128}")
_REQUEST_ID = re.compile(rb"[A-Za-z0-9_-]{8,64}")
_VERSION = re.compile(r'"v(\d{1,9})"')
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
PROBLEMS: dict[str, dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "problems.yaml").read_text("utf-8"))

Id = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]
Short = Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*$")]
Occurred = Annotated[
    str,
    Field(
        pattern=r"^\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d))?$",
        examples=["2026-03-16", "2026-03-16T06:20:00Z"],
        description="When the act was done: a legal date (Asia/Shanghai) or an instant with its offset. Never in the future.",
    ),
]


def _on_the_calendar(day: str) -> str:
    date.fromisoformat(day)
    return day


Day = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d$", examples=["2026-03-16"]), AfterValidator(_on_the_calendar)]


class RequestBody(BaseModel):
    """A request body: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=False)


class Paper(RequestBody):
    """A document handed in with a step.

    `drafted_by` and `approved_by` are officers as the organ names them in its tokens, never a name of a person.
    """

    kind: Annotated[str, Field(max_length=80, pattern=r"^[a-z0-9_]+$", examples=["arrest_approval"])]
    number: Short | None = None
    digest: Annotated[str, Field(pattern=r"^(sm3|sha-256):[0-9a-f]{64}$")] | None = None
    package_id: Id | None = None
    issued_on: Day | None = None
    drafted_by: Short | None = None
    approved_by: Short | None = None
    approved_on: Day | None = None
    served_on: Day | None = None


class TransitionCreate(RequestBody):
    """One step of a statutory procedure. `dry_run` asks what would happen; the answer equals the real one."""

    type: Annotated[str, Field(max_length=120, pattern=r"^[a-z_]+:[a-z_]+$", examples=["arrest_review:approve"])]
    subjects: Annotated[list[Id], Field(max_length=200)] = []
    documents: Annotated[list[Paper], Field(max_length=100)] = []
    document_ids: Annotated[list[Id], Field(max_length=100)] = []
    facts: Annotated[dict[Annotated[str, Field(max_length=60)], JsonValue], Field(max_length=60)] = {}
    occurred_at: Occurred | None = None
    to_organ: Annotated[str, Field(pattern=r"^[a-z]+-[0-9A-Za-z-]{1,40}$", examples=["proc-330106"])] | None = None
    reason: Annotated[str, Field(max_length=2000, pattern=r"^[^\x00]*$")] | None = None
    inferred: bool = False
    dry_run: bool = False


class Move(BaseModel):
    """A line that moved. `id` is the id of the statute's tables; `carried`, `opened`, `ended` say how it moved along."""

    model_config = ConfigDict(extra="allow")
    subject: str
    procedure: str
    to: str


class Transition(BaseModel):
    """A row of the log: one step as it was recorded. `seq` is the version of the case after it."""

    model_config = ConfigDict(extra="allow")
    id: str
    case_id: str
    service: str
    seq: int
    type: str
    subjects: list[str]
    moves: list[Move]
    organ: str
    officer: str
    occurred_at: str
    recorded_at: str
    law_ref: str


class Problem(BaseModel):
    """RFC 9457. `law_ref` is the provision, `cure` and `available` what would be allowed instead."""

    model_config = ConfigDict(extra="allow")
    type: str
    title: str
    status: int
    detail: str
    code: str
    retryable: bool
    trace_id: str


class MetLimit(BaseModel):
    """A limit of the law that a step meets: who must (or may) within which period, as an ISO 8601 duration."""

    limit: str
    zh: str
    voice: str
    period: str
    law_ref: str


class Available(BaseModel):
    """A step that may be taken now: by which office, for whom, with which papers (one of each group of `needs`).

    `tells` are the facts that the act must state, `may_tell` those that it may.

    `limits` are those that it meets; when each of them ends in this case, `forecast` says.
    """

    type: str
    zh: str
    office: str
    subjects: list[str]
    needs: list[list[str]]
    may_come_along: list[str]
    tells: list[str]
    may_tell: list[str]
    law_ref: str
    limits: list[MetLimit]


class Unmet(BaseModel):
    """A step that the caller may not take now: the refusal it would get (`code`, `detail`, `law_ref`, `cure`).

    `ready` says that another organ or office (`office`) could take it now; `available` are the steps that the line of
    the procedure has instead.
    """

    type: str
    zh: str
    office: str
    subjects: list[str]
    code: str
    detail: str
    detail_en: str
    law_ref: str
    cure: str
    available: list[str]
    ready: bool


class AvailableTransitions(BaseModel):
    """What the caller may do now, at this version; `unmet` only where it is asked for.

    `unmet` has the steps of every line that has begun or could begin now. `forecast` is where the coordinator, who alone
    reads all logs, says until when.
    """

    items: list[Available]
    unmet: list[Unmet] | None = None
    version: str
    forecast: str


class BulkResult(BaseModel):
    """One entry for each step asked for, in the same order."""

    items: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Call:
    """Who calls, and with which key and version. `fingerprint` tells whether two requests are the same."""

    actor: Actor
    key: str
    version: int | None
    fingerprint: str
    request_id: str
    language: str


async def _declared_call(  # the contract of the headers; `ShortRoute` reads them itself
    idempotency_key: Annotated[
        str, Header(alias="Idempotency-Key", min_length=8, max_length=128, pattern=r"^[\x21-\x7e]+$")
    ],
    authorization: Annotated[str | None, Header(alias="Authorization")] = None,
    if_match: Annotated[
        Annotated[str, Field(pattern=r'^"v\d{1,9}"$')] | SkipJsonSchema[None],
        Header(alias="If-Match", description="The version decided on; needed for whatever is already there (428)."),
    ] = None,
) -> None:
    """Headers of an act."""


CurrentCall = Annotated[Call, Depends(_declared_call)]
#: An endpoint of the short road.
Endpoint = Callable[..., Awaitable["Answer"]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What an act answers: JSON text as it stands in the log, or made here."""

    status: int
    text: str
    headers: tuple[tuple[str, str], ...] = ()


class ShortRoute(APIRoute):
    """A route whose endpoint takes `call`, `service`, path parameters and one body model, and answers with an `Answer`."""

    def __init__(self, path: str, endpoint: Endpoint, **options: Any) -> None:
        super().__init__(path, endpoint, **options)
        hints = get_type_hints(endpoint)
        models = {name: hint for name, hint in hints.items() if inspect.isclass(hint) and issubclass(hint, BaseModel)}
        assert len(models) == 1, f"{endpoint.__name__} must take one body"
        self._body_name, self._model = next(iter(models.items()))
        self._takes = [name for name in inspect.signature(endpoint).parameters if name in self.param_convertors]

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Here, not in `self.app`: a route of an included router is served by another app than its own.
        if scope["method"] in (self.methods or ()):
            await self._short(scope, receive, send)
        else:
            await super().handle(scope, receive, send)

    async def _short(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {name: value for name, value in scope["headers"]}  # noqa: C416 - the last of a repeated header wins
        request_id = scope["request_id"]
        try:
            raw = await _read(receive, headers)
            reader: Reader = scope["app"].state.reader
            actor = reader.read(headers.get(b"authorization", b"").decode("latin-1"))
            key = headers.get(b"idempotency-key", b"")
            if not _KEY.fullmatch(key):
                raise Malformed(
                    "须带有Idempotency-Key（8至128个可见ASCII字符）。",
                    "Idempotency-Key is required",
                    errors=[{"pointer": "/headers/Idempotency-Key", "code": "missing"}],
                )
            new = parse(self._model, raw)
            call = Call(
                actor=actor,
                key=key.decode(),
                version=_version(headers.get(b"if-match", b"").decode("latin-1")),
                fingerprint=sm3(b"\n".join((scope["path"].encode(), actor.officer.encode(), raw))).hex(),
                request_id=request_id,
                language=language(headers),
            )
            path = {name: _id(name, scope["path_params"][name]) for name in self._takes}
            service = scope["app"].state.service
            answer = await self.endpoint(call=call, service=service, **{self._body_name: new}, **path)
        except Refused as refusal:
            await problem(refusal, scope["path"], request_id, language(headers))(scope, receive, send)
            return
        await _send(send, answer)


Model = TypeVar("Model", bound=BaseModel)


def parse(model: type[Model], raw: bytes) -> Model:
    """The request body that these bytes are.

    Raises: Malformed, naming each field by a JSON pointer, for what is no JSON, no NFC text, holds NUL, a repeated
    key, NaN, a lone surrogate, nests too deep, or does not fit the model.
    """
    try:
        text = raw.decode("utf-8")
        value = _DECODER.decode(text)
    except (ValueError, RecursionError) as error:
        raise Malformed(
            "请求正文不是合格的JSON。",
            "the body is not sound JSON",
            errors=[{"pointer": "", "code": "json_invalid", "message": str(error)[:200]}],
        ) from error
    # What can be seen to be sound as a whole is not looked at piece by piece.
    if text.count("{") + text.count("[") > DEPTH and _is_deeper(value, DEPTH):
        raise Malformed("请求正文嵌套过深。", "the body nests too deep", errors=[{"pointer": "", "code": "too_deep"}])
    if "\\u" in text or not unicodedata.is_normalized("NFC", text):
        _check_text(value)
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise malformed(error.errors(include_url=False, include_input=False, include_context=False)) from error


def malformed(errors: Sequence[Any]) -> Malformed:
    """What a validation found, as a refusal: pointers and codes, never the values."""
    return Malformed(
        "请求中有不合要求的字段。",
        "some fields are not as they must be",
        errors=[
            {
                "pointer": "/" + "/".join(str(part) for part in each["loc"]),
                "code": str(each["type"]),
                "message": str(each["msg"]),
            }
            for each in errors[:50]
        ],
    )


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("an object repeats a key")
    return found


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _finite(number: str) -> float:
    found = float(number)
    if math.isinf(found):
        raise ValueError(f"{number[:20]} is beyond all numbers")
    return found


_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_float=_finite, parse_constant=_no_constant)


def _check_text(value: Any) -> None:
    match value:
        case str():
            if "\x00" in value or not unicodedata.is_normalized("NFC", value):
                raise Malformed(
                    "文本须为NFC且不含NUL。",
                    "text must be NFC and without NUL",
                    errors=[{"pointer": "", "code": "text"}],
                )
            try:
                value.encode()
            except UnicodeEncodeError as error:
                raise Malformed(
                    "文本含有孤立的代理字符。", "text holds a lone surrogate", errors=[{"pointer": "", "code": "text"}]
                ) from error
        case dict():
            for key, each in value.items():
                _check_text(key)
                _check_text(each)
        case list():
            for each in value:
                _check_text(each)


def _is_deeper(value: Any, levels: int) -> bool:
    """Whether containers nest deeper than so many levels; looks no deeper than that itself."""
    if not isinstance(value, dict | list):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_is_deeper(each, levels - 1) for each in inner)


async def _read(receive: Receive, headers: Mapping[bytes, bytes]) -> bytes:
    media = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    if media != b"application/json":
        raise WrongType("只接受application/json。", "send application/json")
    if int(headers.get(b"content-length", b"0") or b"0") > JSON_CEILING:
        raise _too_large()
    raw: bytes = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise Malformed("请求正文没有收全。", "the body broke off", errors=[{"pointer": "", "code": "incomplete"}])
        raw += message.get("body", b"")
        if len(raw) > JSON_CEILING:
            raise _too_large()
        if not message.get("more_body", False):
            return raw


def _too_large() -> TooLarge:
    return TooLarge("请求正文超过1 MiB。", "the body is larger than 1 MiB", params={"bytes": JSON_CEILING})


def _id(name: str, text: str) -> str:
    if not _ID.fullmatch(text):
        raise Malformed(
            "路径中的编号不成立。",
            "the path holds what is no id",
            errors=[{"pointer": f"/path/{name}", "code": "string_pattern_mismatch"}],
        )
    return text


def _version(text: str) -> int | None:
    if not text:
        return None
    match = _VERSION.fullmatch(text)
    if match is None:
        raise Malformed(
            'If-Match须为"v17"这样的版本。',
            'If-Match must look like "v17"',
            errors=[{"pointer": "/headers/If-Match", "code": "malformed"}],
        )
    return int(match[1])


def required(call: Call) -> int:
    """The version that an act on something existing must name. Raises: NoPrecondition."""
    if call.version is None:
        raise NoPrecondition(
            "须以If-Match写明据以办理的版本。",
            "If-Match is required",
            cure="先读取案件，取其ETag。",
            errors=[{"pointer": "/headers/If-Match", "code": "missing"}],
        )
    return call.version


async def _send(send: Send, answer: Answer) -> None:
    body = answer.text.encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        *((name.encode(), value.encode()) for name, value in answer.headers),
    ]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def language(headers: Mapping[bytes, bytes]) -> str:
    """zh-CN unless the caller prefers English."""
    return "en" if headers.get(b"accept-language", b"").lower().startswith(b"en") else "zh-CN"


def problem(refusal: Refused, path: str, request_id: str, tongue: str) -> Response:
    """A refusal as RFC 9457, in the caller's language."""
    return _problem(
        refusal.code,
        path,
        request_id,
        tongue,
        {
            "detail": refusal.en if tongue == "en" else refusal.zh,
            **({"law_ref": refusal.law_ref} if refusal.law_ref else {}),
            **({"cure": refusal.cure} if refusal.cure else {}),
            **({"available": refusal.available} if refusal.available else {}),
            **({"errors": refusal.errors} if refusal.errors else {}),
            **refusal.params,
        },
    )


def _problem(code: str, path: str, request_id: str, tongue: str, more: Mapping[str, Any]) -> Response:
    entry = PROBLEMS[code]
    content = {
        "type": f"/v1/problems/{code}",
        "title": entry["en" if tongue == "en" else "zh"],
        "status": entry["status"],
        "instance": path,
        "code": code,
        "retryable": entry["retryable"],
        "trace_id": request_id,
        "detail": entry["en" if tongue == "en" else "zh"],
        **more,
    }
    headers = {"Content-Language": tongue, "Cache-Control": "no-store"}
    if entry["status"] == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = "1"
    if entry["status"] == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    return Response(encode(content), entry["status"], headers, media_type="application/problem+json")


class RequestIds:
    """Gives every request an id, answers with it, and turns what nobody caught into GEN-500 without a trace."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = next((value for name, value in scope["headers"] if name == b"request-id"), b"")
        request_id = given.decode() if _REQUEST_ID.fullmatch(given) else new_id("req")
        scope["request_id"] = request_id
        started = False

        async def answer(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                message["headers"] = [*message["headers"], (b"request-id", request_id.encode())]
            await send(message)

        try:
            await self.app(scope, receive, answer)
        except Exception:
            _LOGGER.exception("request %s failed", request_id)
            if started:
                raise
            tongue = language(dict(scope["headers"]))
            await _problem("GEN-500", scope["path"], request_id, tongue, {})(scope, receive, answer)


class ServiceApp(FastAPI):
    """An app whose acts go straight to their `ShortRoute`; all else goes through FastAPI's middleware and router."""

    def __init__(self, *routers: APIRouter, **options: Any) -> None:
        super().__init__(**options)
        self.add_middleware(RequestIds)
        speak_problems(self)
        for router in routers:
            self.include_router(router)
        short = (route for router in routers for route in router.routes if isinstance(route, ShortRoute))
        self._short = [(route.path_regex, RequestIds(route.handle)) for route in short]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "POST":
            for path, act in self._short:
                found = path.match(scope["path"])
                if found:
                    scope["app"], scope["path_params"] = self, found.groupdict()
                    await act(scope, receive, send)
                    return
        await super().__call__(scope, receive, send)


def speak_problems(app: FastAPI) -> None:
    """Make an app say no in problems, whoever says it: ours, the validation's, or the framework's."""

    def by_refusal(request: Request, refusal: Exception) -> Response:
        assert isinstance(refusal, Refused)
        return problem(refusal, request.url.path, request.scope["request_id"], language(dict(request.scope["headers"])))

    def by_validation(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return by_refusal(request, malformed(error.errors()))

    def by_framework(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        code = {404: "GEN-404", 405: "GEN-405", 413: "FILE-001", 415: "FILE-002"}.get(error.status_code, "GEN-400")
        tongue = language(dict(request.scope["headers"]))
        answer = _problem(code, request.url.path, request.scope["request_id"], tongue, {})
        answer.headers.update(error.headers or {})
        return answer

    app.add_exception_handler(Refused, by_refusal)
    app.add_exception_handler(RequestValidationError, by_validation)
    app.add_exception_handler(HTTPException, by_framework)


def current_actor(
    request: Request, authorization: Annotated[str | None, Header(alias="Authorization")] = None
) -> Actor:
    """Who calls, on a route that only reads. Raises: NoIdentity."""
    reader: Reader = request.app.state.reader
    return reader.read(authorization or "")


CurrentActor = Annotated[Actor, Depends(current_actor)]
#: Whether an answer to what may be done now also says what may not, and why.
AlsoUnmet = Annotated[
    bool, Query(alias="unmet", description="Also the steps that may not be taken now, each with its refusal.")
]
_READS = {
    400: "请求不成立",
    401: "身份未经确认",
    403: "无权查看",
    404: "没有此项",
    500: "系统内部错误",
    503: "服务暂不可用",
}
_ACTS = {
    **_READS,
    403: "无权办理",
    409: "状态不允许",
    412: "版本已变",
    413: "过大",
    415: "类型不符",
    422: "依法不予办理",
    428: "缺少版本",
}


def _problems(texts: Mapping[int, str]) -> dict[int | str, dict[str, Any]]:
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": text, "content": content} for status, text in texts.items()}


#: The problems that a route may answer with, for its contract.
READ_PROBLEMS = _problems(_READS)
ACT_PROBLEMS = _problems(_ACTS)
