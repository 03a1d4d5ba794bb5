"""A gateway before a toy service, both on real sockets."""

import asyncio
import contextlib
import json
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.types import ASGIApp

from gateway.app import make
from gateway.directory import GatewaySettings
from gateway.front import Front
from gateway.wire import Limits, Wire
from services.kernel.identity import Signer

TOY = {
    "info": {"title": "toy"},
    "security": [{"bearer": []}],
    "paths": {
        "/v1/toys/{toy_id}": {
            "get": {"operationId": "toy_read", "x-service": "toy"},
            "post": {"operationId": "toy_create", "x-service": "toy"},
        },
        "/v1/open-toys": {"get": {"operationId": "toy_open", "x-service": "toy", "security": []}},
    },
}
Answering = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture(scope="session")
def signer(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    return Signer.load(tmp_path_factory.mktemp("keys") / "key.json")


@dataclass
class Town:
    """A gateway, its upstream, and a way to ask."""

    url: str
    wire: Wire
    client: httpx.AsyncClient
    signer: Signer

    def bearer(self, officer: str = "ofc-1") -> dict[str, str]:
        return {"Authorization": f"Bearer {self.signer.issue('pol-330106', 'officer', officer=officer)}"}

    async def get(self, path: str = "/v1/toys/1", **headers: str) -> httpx.Response:
        return await self.client.get(path, headers={**self.bearer(), **headers})

    async def post(self, content: Any = b"{}", path: str = "/v1/toys/1", **headers: str) -> httpx.Response:
        return await self.client.post(path, content=content, headers={**self.bearer(), **headers})

    async def pooled(self) -> None:
        """Make sure that a connection lies idle."""
        assert (await self.get()).status_code < 500


class _Quiet(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Any:
        yield


@contextlib.asynccontextmanager
async def serving(app: ASGIApp, http: Any = "httptools") -> AsyncIterator[int]:
    """An app on a free port of this loop."""
    config = uvicorn.Config(
        app, port=0, http=http, loop="none", access_log=False, log_level="critical", proxy_headers=False
    )
    config.timeout_graceful_shutdown = 1
    server = _Quiet(config)
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.005)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await task


@contextlib.asynccontextmanager
async def answering(answer: Answering) -> AsyncIterator[int]:
    """A server that does what it is told with each connection."""
    tasks: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await answer(reader, writer)
        finally:
            tasks.discard(task)
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()


@pytest.fixture(params=["front", "asgi"])
def gateway_before(request: pytest.FixtureRequest, signer: Signer) -> Any:
    """A gateway before whatever answers on a port; by the short way, and by the way of ASGI."""
    http = Front if request.param == "front" else "httptools"

    @contextlib.asynccontextmanager
    async def before(port: int, **limits: float) -> AsyncIterator[Town]:
        wire = Wire(f"http://127.0.0.1:{port}", Limits(**limits))
        app = make(GatewaySettings(jwks=signer.public()), directory={"toy": wire}, found=TOY)
        async with serving(app, http) as front_port:
            url = f"http://127.0.0.1:{front_port}"
            async with httpx.AsyncClient(base_url=url, timeout=30, trust_env=False) as client:
                yield Town(url, wire, client, signer)

    return before


async def request_of(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """The next request of a connection: head and body."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0)
    return head, await reader.readexactly(length)


def answer_of(body: Any, status: str = "200 OK", **headers: str) -> bytes:
    """An answer as it goes over the wire."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [
        f"HTTP/1.1 {status}",
        f"content-length: {len(raw)}",
        *(f"{k.replace('_', '-')}: {v}" for k, v in headers.items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode() + raw


def a_key() -> dict[str, str]:
    return {"Idempotency-Key": secrets.token_hex(8)}
