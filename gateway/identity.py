"""What of a request may be believed: its token, if it verifies. What anyone can write there is dropped."""

from dataclasses import dataclass
from urllib.parse import parse_qsl

from starlette.types import Scope

from services.kernel.errors import Malformed

#: They belong to one connection, not to the request.
HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
# Said by anyone: who calls, from where, with which other method. `host` and `request-id` are written anew.
_NOT_BELIEVED = frozenset(
    {
        b"x-user",
        b"x-organ",
        b"x-role",
        b"x-officer",
        b"x-real-ip",
        b"forwarded",
        b"x-http-method",
        b"x-http-method-override",
        b"x-method-override",
        b"x-original-url",
        b"x-rewrite-url",
        b"host",
        b"request-id",
        b"expect",
    }
)
_DROPPED = HOP_BY_HOP | _NOT_BELIEVED
# A second one would let two readers see two requests.
_ONCE = frozenset({b"authorization", b"idempotency-key", b"if-match", b"content-length", b"content-type"})
_REPEATABLE = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(slots=True)
class Request:
    """A request that may be handed on. `headers` are lower-case and end with the request id.

    `length` is the body's in bytes, 0 without a body, None if only its end will tell. `repeatable`: asking twice
    does no more than asking once.
    """

    method: str
    target: bytes
    headers: list[tuple[bytes, bytes]]
    authorization: str
    length: int | None
    repeatable: bool


def admit(scope: Scope) -> Request:
    """What of a request is handed on. Raises: Malformed for a header or a query parameter that must not be repeated."""
    once: dict[bytes, bytes] = {}
    kept: list[tuple[bytes, bytes]] = []
    chunked = False
    named: set[bytes] = set()
    for pair in scope["headers"]:
        name, value = pair
        if name in _ONCE:
            if name in once:
                raise Malformed(
                    f"请求头{name.decode()}不得重复。",
                    f"the header {name.decode()} must not be repeated",
                    errors=[{"pointer": f"/headers/{name.decode()}", "code": "repeated"}],
                )
            once[name] = value
        elif name in _DROPPED or name.startswith(b"x-forwarded"):
            if name == b"transfer-encoding":
                chunked = True
            elif name == b"connection" and value.lower() not in {b"keep-alive", b"close"}:
                named.update(word.strip().lower() for word in value.split(b","))
            continue
        kept.append(pair)
    if chunked or named:
        # Never the length: without it the body would be read as a request of its own.
        named -= _ONCE
        kept = [pair for pair in kept if pair[0] not in named and not (chunked and pair[0] == b"content-length")]
    kept.append((b"request-id", scope["request_id"].encode()))
    query = scope["query_string"]
    if b"&" in query:
        _check_query(query)
    path = scope.get("raw_path") or scope["path"].encode()
    method = scope["method"]
    return Request(
        method=method,
        target=b"%b?%b" % (path, query) if query else path,
        headers=kept,
        authorization=once.get(b"authorization", b"").decode("latin-1"),
        length=None if chunked else int(once.get(b"content-length") or 0),
        repeatable=method in _REPEATABLE or b"idempotency-key" in once,
    )


def _check_query(query: bytes) -> None:
    names = [name for name, _ in parse_qsl(query.decode("latin-1"), keep_blank_values=True)]
    if len(set(names)) != len(names):
        raise Malformed(
            "查询参数不得重复。",
            "a query parameter must not be repeated",
            errors=[{"pointer": "/query", "code": "repeated"}],
        )
