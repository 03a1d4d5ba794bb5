"""The gateway: finds whose a request is, checks its token, hands it over. Its routes are the committed contract's.

The short road (`Gateway.__call__`) serves the contract's operations without entering FastAPI; what is the gateway's own
(health, documentation) are ordinary routes. The services check every token again: the gateway is not trusted.
"""

import asyncio
import contextlib
import gc
from collections.abc import AsyncIterator, Callable
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any

import fastapi_offline
from fastapi import Depends, FastAPI, Request, Response
from fastapi.openapi.docs import get_redoc_html, get_swagger_ui_html
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel
from starlette.types import Message, Receive, Scope, Send

from gateway import contract, law
from gateway.directory import Directory, GatewaySettings, Upstream, over_the_wire
from gateway.identity import Request as AdmittedRequest
from gateway.identity import admit
from services.kernel.errors import NotFound, NotReady, Refused
from services.kernel.identity import Reader
from services.kernel.web import PROBLEMS, READ_PROBLEMS, RequestIds, _problem, language, problem, speak_problems

NAME = "gateway"
#: How long a service may take to say how it is, in seconds.
_HEALTH_SECONDS = 3
_ASSETS = Path(fastapi_offline.__file__).parent / "static"
_ASSETS_PATH = "/docs-assets"
# Everything these pages need comes from here.
_PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; "
    "script-src 'self' 'unsafe-inline'; worker-src blob:; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
}


class WholeHealth(BaseModel):
    """How everything is: `ready`, or a problem that says which service is not."""

    status: str
    services: dict[str, str]


class OwnHealth(BaseModel):
    """How the gateway itself is, whatever the services are."""

    status: str
    service: str


class ProblemKind(BaseModel):
    """What a problem's `type` means."""

    code: str
    slug: str
    status: int
    zh: str
    en: str
    retryable: bool


class Gateway(FastAPI):
    """The app. `directory` says where the services are, `found` is the contract that the routes are made from.

    `reader` is there from the start of the lifespan on.
    """

    reader: Reader

    def __init__(self, directory: Directory, found: contract.Json, **options: Any) -> None:
        super().__init__(
            title=found["info"]["title"], version="1", docs_url=None, redoc_url=None, openapi_url=None, **options
        )
        self.directory = directory
        self.contract = found
        self._table = contract.Table(found)
        self._front = RequestIds(self._route)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._front(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)

    def openapi(self) -> contract.Json:
        """The contract of everything."""
        return self.contract

    def own_openapi(self) -> contract.Json:
        """The contract of the gateway's own routes."""
        return super().openapi()

    def upstream_of(self, scope: Scope) -> tuple[Upstream, AdmittedRequest] | None:
        """Whose a request is, and what of it is handed on; None for what is not forwarded: nobody's, or the gateway's own.

        Raises: Malformed, NoIdentity, NotReady.
        """
        route = self._table.find(scope["path"]).get(scope["method"])
        if route is None or (route.service == NAME and route.is_open):
            return None
        request = admit(scope)
        if not route.is_open:
            self.reader.read(request.authorization)
        if route.service == NAME:
            return None
        upstream = self.directory.get(route.service)
        if upstream is None:
            raise NotReady("这项服务没有启用。", "this service is not there")
        return upstream, request

    async def _route(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            found = self.upstream_of(scope)
            if found is not None:
                upstream, request = found
                await upstream.forward(request, scope, receive, send)
                return
        except Refused as refusal:
            tongue = language(dict(scope["headers"]))
            await problem(refusal, scope["path"], scope["request_id"], tongue)(scope, receive, send)
            return
        methods = self._table.find(scope["path"])
        if methods and scope["method"] not in methods:
            answer = _problem("GEN-405", scope["path"], scope["request_id"], language(dict(scope["headers"])), {})
            answer.headers["Allow"] = ", ".join(methods)
            await answer(scope, receive, send)
            return
        await super().__call__(scope, receive, send)


def make(
    settings: GatewaySettings | None = None,
    *,
    directory: Directory | None = None,
    found: contract.Json | None = None,
    around: Callable[[], contextlib.AbstractAsyncContextManager[None]] = contextlib.nullcontext,
) -> Gateway:
    """The gateway, with the settings of the environment and the committed contract unless others are given.

    `around` is entered before the first request and left after the last.
    """
    known = settings or GatewaySettings()
    services = over_the_wire(known) if directory is None else directory

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        app.reader = Reader(known.jwks)
        async with around():
            for upstream in services.values():
                await upstream.open()
            gc.collect()
            gc.freeze()
            gc.set_threshold(50_000, 50, 50)
            try:
                yield
            finally:
                for upstream in services.values():
                    await upstream.close()

    app = Gateway(services, found or contract.committed(), lifespan=lifespan)
    speak_problems(app)
    add_own_routes(app)
    return app


def _gateway(request: Request) -> Gateway:
    app = request.app
    assert isinstance(app, Gateway)
    return app


CurrentGateway = Annotated[Gateway, Depends(_gateway)]


def add_own_routes(app: Gateway) -> None:
    """Health, problems, the law, and documentation."""
    app.include_router(law.router)
    page = contract.text(app.contract)

    @app.get(
        "/v1/health",
        operation_id="gateway_readHealth",
        tags=["health"],
        summary="整体健康状况",
        responses=READ_PROBLEMS,
    )
    async def read_health(gateway: CurrentGateway) -> WholeHealth:
        """Ready when every service is."""
        states = await asyncio.gather(*(_health(gateway, service) for service in gateway.directory))
        services = dict(zip(gateway.directory, states, strict=True))
        if set(states) - {"ready"}:
            raise NotReady("有的服务暂不可用。", "some services are not ready", params={"services": services})
        return WholeHealth(status="ready", services=services)

    @app.get("/v1/health/gateway", operation_id="gateway_readOwnHealth", tags=["health"], summary="网关健康状况")
    async def read_own_health() -> OwnHealth:
        """Ready when this answers."""
        return OwnHealth(status="ready", service=NAME)

    @app.get(
        "/v1/problems/{code}",
        operation_id="gateway_readProblem",
        tags=["problems"],
        summary="问题类型",
        responses=READ_PROBLEMS,
    )
    async def read_problem(code: str) -> ProblemKind:
        """What a problem's `type` means, and whether the same request may succeed later."""
        entry = PROBLEMS.get(code)
        if entry is None:
            raise NotFound("没有此类问题。", "no such problem")
        return ProblemKind(code=code, **entry)

    @app.get("/", include_in_schema=False)
    async def read_root() -> RedirectResponse:
        return RedirectResponse("/docs")

    @app.get("/openapi.json", include_in_schema=False)
    async def read_contract() -> Response:
        return Response(page, media_type="application/json")

    @app.get("/docs", include_in_schema=False)
    async def read_docs() -> HTMLResponse:
        shown = get_swagger_ui_html(
            openapi_url="/openapi.json",
            title=app.title,
            swagger_js_url=f"{_ASSETS_PATH}/swagger-ui-bundle.js",
            swagger_css_url=f"{_ASSETS_PATH}/swagger-ui.css",
            swagger_favicon_url=f"{_ASSETS_PATH}/favicon.png",
        )
        shown.headers.update(_PAGE_HEADERS)
        return shown

    @app.get("/redoc", include_in_schema=False)
    async def read_redoc() -> HTMLResponse:
        shown = get_redoc_html(
            openapi_url="/openapi.json",
            title=app.title,
            redoc_js_url=f"{_ASSETS_PATH}/redoc.standalone.js",
            redoc_favicon_url=f"{_ASSETS_PATH}/favicon.png",
            with_google_fonts=False,
        )
        shown.headers.update(_PAGE_HEADERS)
        return shown

    app.mount(_ASSETS_PATH, StaticFiles(directory=_ASSETS), name="docs-assets")


async def _health(gateway: Gateway, service: str) -> str:
    """What a service says of itself; `unreachable` when it says nothing."""
    statuses: list[int] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    path = f"/v1/health/{service}"
    scope: Scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [],
        "request_id": "req_health",
    }
    try:
        async with asyncio.timeout(_HEALTH_SECONDS):
            await gateway.directory[service].forward(admit(scope), scope, receive, send)
    except (Refused, TimeoutError):
        return "unreachable"
    return "ready" if statuses == [HTTPStatus.OK] else "not ready"
