"""Where each service answers: over the wire, or in this process. The only difference between the two ways to run."""

from collections.abc import Mapping
from typing import Protocol, TypeAlias

from pydantic_settings import BaseSettings, SettingsConfigDict
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.identity import Request
from gateway.wire import Limits, Wire

SERVICES = ("case_flow", "evidence", "custody_transfer", "coordinator")


class GatewaySettings(BaseSettings):
    """The gateway's settings, from variables that begin with SINGLETRACK_. A service without a URL is not there."""

    model_config = SettingsConfigDict(env_prefix="SINGLETRACK_", extra="ignore")

    #: The JWK set that tokens are checked with.
    jwks: str = ""
    host: str = "127.0.0.1"
    port: int = 8000
    case_flow_url: str = ""
    evidence_url: str = ""
    custody_transfer_url: str = ""
    coordinator_url: str = ""
    #: Connections to one service at once, and requests that may wait for one.
    upstream_connections: int = 128
    upstream_waiting: int = 1024
    #: How long a request may wait for a connection, and a service for its next byte. A feed may wait 25 s for news.
    waiting_seconds: float = 5
    answer_seconds: float = 30


class Upstream(Protocol):
    """A service that requests can be handed to."""

    async def open(self) -> None:
        """Before the first request."""

    async def close(self) -> None:
        """After the last."""

    async def forward(self, request: Request, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request over and pass the answer back. Raises: Refused, if nothing was answered."""


Directory: TypeAlias = Mapping[str, Upstream]


def over_the_wire(settings: GatewaySettings) -> dict[str, Upstream]:
    """Every service that has a URL."""
    limits = Limits(
        connections=settings.upstream_connections,
        waiting=settings.upstream_waiting,
        waiting_seconds=settings.waiting_seconds,
        answer_seconds=settings.answer_seconds,
    )
    urls = {service: str(getattr(settings, f"{service}_url")) for service in SERVICES}
    return {service: Wire(url, limits) for service, url in urls.items() if url}


class InProcess:
    """A service in this process, called directly. Whoever makes it enters the app's lifespan."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def open(self) -> None:
        """Nothing to open."""

    async def close(self) -> None:
        """Nothing to close."""

    async def forward(self, request: Request, scope: Scope, receive: Receive, send: Send) -> None:
        """The same request, without what may not be believed."""

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [pair for pair in message["headers"] if pair[0] != b"request-id"]
            await send(message)

        await self._app({**scope, "headers": request.headers}, receive, answer)
