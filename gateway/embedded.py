"""Everything in one process: the services' apps, called directly by the gateway. The only file that knows them all."""

import contextlib
import os
from collections.abc import AsyncIterator, Mapping

import uvicorn
from fastapi import FastAPI
from pydantic import SecretStr

from gateway import app, contract
from gateway.directory import GatewaySettings, InProcess
from services.case_flow.app import make as make_case_flow
from services.coordinator.app import make as make_coordinator
from services.custody_transfer.app import make as make_custody_transfer
from services.evidence.app import make as make_evidence
from services.kernel.clock import Clock
from services.kernel.settings import Settings

MAKERS = {
    "case_flow": make_case_flow,
    "evidence": make_evidence,
    "custody_transfer": make_custody_transfer,
    "coordinator": make_coordinator,
}


def apps(settings: Mapping[str, Settings], clock: Clock | None = None) -> dict[str, FastAPI]:
    """The services' apps, by name, each with its own settings."""
    return {name: MAKERS[name](each, clock) for name, each in settings.items()}


def make(
    settings: Mapping[str, Settings],
    gateway: GatewaySettings,
    *,
    clock: Clock | None = None,
    found: contract.Json | None = None,
) -> app.Gateway:
    """The gateway with these services inside."""
    inside = apps(settings, clock)

    @contextlib.asynccontextmanager
    async def around() -> AsyncIterator[None]:
        async with contextlib.AsyncExitStack() as running:
            for each in inside.values():
                await running.enter_async_context(each.router.lifespan_context(each))
            yield

    directory = {name: InProcess(each) for name, each in inside.items()}
    return app.make(gateway, directory=directory, found=found, around=around)


def whole_contract() -> contract.Json:
    """The merged contract as the services' code has it now. Needs no database."""
    own = app.Gateway({}, contract.EMPTY)
    app.add_own_routes(own)
    inside = apps({name: Settings() for name in MAKERS})
    return contract.merge({**{name: each.openapi() for name, each in inside.items()}, app.NAME: own.own_openapi()})


def main() -> None:
    """Serve on the host and port of the settings; SINGLETRACK_<SERVICE>_DATABASE_URL says which services are inside."""
    given = {name: os.environ.get(f"SINGLETRACK_{name.upper()}_DATABASE_URL", "") for name in MAKERS}
    settings = {name: Settings(database_url=SecretStr(url)) for name, url in given.items() if url}
    known = GatewaySettings()
    uvicorn.run(
        make(settings, known),
        host=known.host,
        port=known.port,
        loop="uvloop",
        http="httptools",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        log_level="warning",
        timeout_graceful_shutdown=1,
        timeout_keep_alive=75,
    )


if __name__ == "__main__":
    main()
