"""The organs' own systems, as far as a replay needs them: each act with its organ's token, key and version.

Keys are made from the record and the place in it, so that a replay that is repeated changes nothing.
"""

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

RETRIED = frozenset({429, 502, 503, 504})
#: Seconds to wait before trying again, doubling; the last is the longest.
FIRST_WAIT, LONGEST_WAIT, PATIENCE = 0.2, 5.0, 120.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What the gateway answered. `version` is the ETag, `body` the row or the problem."""

    status: int
    version: str
    body: Mapping[str, Any]

    @property
    def taken(self) -> bool:
        """Whether the act is in the log."""
        return self.status in {200, 201}


class GatewayGone(RuntimeError):
    """The gateway has not answered for as long as a client should wait."""


class Client:
    """Acts for all organs. `token` makes a token for an organ and a role."""

    def __init__(self, http: httpx.AsyncClient, token: Callable[[str, str], str]) -> None:
        self._http = http
        self._token = token
        self._tokens: dict[tuple[str, str], str] = {}
        self.calls = 0

    async def act(
        self, organ: str, role: str, path: str, body: Mapping[str, Any], *, key: str, version: str = ""
    ) -> Answer:
        """POST an act. A stale version is read from the refusal and tried once more, with the same key."""
        headers = {**self._authorization(organ, role), "Idempotency-Key": key}
        answer = await self._send("POST", path, headers | ({"If-Match": version} if version else {}), json=body)
        current = answer.body.get("current_version")
        if answer.status == httpx.codes.PRECONDITION_FAILED and current:
            answer = await self._send("POST", path, {**headers, "If-Match": f'"{current}"'}, json=body)
        return answer

    async def upload(self, organ: str, role: str, content: bytes) -> Answer:
        """Upload a content; it is addressed by its digest, so it may be repeated."""
        headers = {**self._authorization(organ, role), "Content-Type": "text/plain"}
        return await self._send("POST", "/v1/contents", headers, content=content)

    async def get(self, organ: str, role: str, path: str) -> Answer:
        """GET."""
        return await self._send("GET", path, self._authorization(organ, role))

    def _authorization(self, organ: str, role: str) -> dict[str, str]:
        token = self._tokens.get((organ, role))
        if token is None:
            token = self._tokens[organ, role] = self._token(organ, role)
        return {"Authorization": f"Bearer {token}"}

    async def _send(self, method: str, path: str, headers: Mapping[str, str], **content: Any) -> Answer:
        waited, wait = 0.0, FIRST_WAIT
        while True:
            self.calls += 1
            try:
                response = await self._http.request(method, path, headers=headers, **content)
            except httpx.HTTPError:
                response = None
            if response is not None and response.status_code not in RETRIED:
                return Answer(response.status_code, response.headers.get("etag", ""), response.json())
            if waited >= PATIENCE:
                raise GatewayGone(f"{path} has not been answered for {PATIENCE:g} s; run the replay again, it goes on")
            await asyncio.sleep(wait)
            waited, wait = waited + wait, min(wait * 2, LONGEST_WAIT)


def key(*parts: object) -> str:
    """An idempotency key that the same record and place always have."""
    return f"replay-{hashlib.sha256('|'.join(str(part) for part in parts).encode()).hexdigest()[:40]}"
