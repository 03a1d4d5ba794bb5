"""coordinator put together."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx
from fastapi import FastAPI
from httpx_aiohttp import AiohttpTransport
from joserfc.jwk import OKPKey

from services.coordinator.follow import follow
from services.coordinator.routes import acts, router
from services.kernel import passage
from services.kernel.clock import Clock
from services.kernel.code import Code, Rule
from services.kernel.errors import Refused
from services.kernel.identity import Signer
from services.kernel.record import Head, TakeStep
from services.kernel.record import State as CaseState
from services.kernel.service import make_app, policy_beside
from services.kernel.settings import Settings
from services.kernel.who import Actor
from services.law import CODE


class Coordination:
    """The coordinator records no steps: it knows the whole law, and reads."""

    service = "coordinator"
    code: Code = CODE
    opening: frozenset[str] = frozenset()

    def hindrance(self, head: Head, rule: Rule, subject: str, actor: Actor) -> Refused | None:
        """Nothing is recorded here."""
        return None

    def outcome(self, head: Head, command: TakeStep, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Nothing is recorded here."""
        return {}

    def fold(self, state: CaseState, body: Mapping[str, Any]) -> None:
        """Who left and who arrived: what a person brought along is where their lines go on from."""
        passage.fold(state, body)


def make(
    settings: Settings | None = None, clock: Clock | None = None, transport: httpx.AsyncBaseTransport | None = None
) -> FastAPI:
    """The app. `transport` reaches the gateway another way than by sockets, where all run in one process."""
    given = settings or Settings()
    app = make_app(
        Coordination(), policy_beside(__file__), given, acts, router, title="coordinator", clock=clock, keeps_log=False
    )
    serving = app.router.lifespan_context

    @contextlib.asynccontextmanager
    async def lifespan(started: FastAPI) -> AsyncIterator[None]:
        async with serving(started):
            signer = Signer(OKPKey.import_key(json.loads(given.coordinator_key.get_secret_value())))
            following = asyncio.create_task(
                follow(started.state.service, signer, given.gateway_url, transport or AiohttpTransport())
            )
            try:
                yield
            finally:
                following.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await following

    app.router.lifespan_context = lifespan
    return app
