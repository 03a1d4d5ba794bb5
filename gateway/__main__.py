"""Run the gateway alone: `python -m gateway`."""

import uvicorn

from gateway.app import make
from gateway.directory import GatewaySettings
from gateway.front import Front

settings = GatewaySettings()
uvicorn.run(
    make(settings),
    host=settings.host,
    port=settings.port,
    loop="uvloop",
    http=Front,
    access_log=False,
    server_header=False,
    proxy_headers=False,
    log_level="warning",
    timeout_graceful_shutdown=5,
    timeout_keep_alive=75,
)
