"""Run one app on its own: uvicorn on the host and port of the settings."""

from collections.abc import Callable

import uvicorn
from fastapi import FastAPI

from services.kernel.settings import Settings


def serve(make: Callable[[Settings], FastAPI]) -> None:
    """Serve until told to stop."""
    settings = Settings()
    uvicorn.run(
        make(settings),
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http="httptools",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        log_level="warning",
        timeout_graceful_shutdown=5,
        timeout_keep_alive=75,
    )
