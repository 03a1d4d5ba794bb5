"""The door itself: uvicorn's HTTP protocol, with a short way for the requests that are almost all.

A small request whose answer is small goes from the caller's connection to the service's and back without a task, a
message or a wait in between. Everything else (no idle connection, large bodies, refusals, the gateway's own pages) goes
the way of ASGI, which does the same at four times the cost. Serve the gateway with `http=Front`.
"""

from functools import partial
from http import HTTPStatus
from typing import Any

from starlette.types import Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from gateway.app import Gateway
from gateway.identity import Request
from gateway.wire import GATHERED, ClosedUnanswered, Connection, Wire, broken
from services.kernel.errors import Refused
from services.kernel.transition import new_id
from services.kernel.web import _REQUEST_ID, language, problem

_BODILESS = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})


class Front(HttpToolsProtocol):
    """One caller's connection."""

    _cycle: RequestResponseCycle
    _request: Request
    _wire: Wire
    #: A request that waits for its body, and the connection that a request waits for.
    _waits_for_body = False
    _asked: Connection | None = None

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        # uvicorn calls this when a request's head is there and it is its turn.
        if not self._takes_short_way(cycle, app):
            super()._start_asgi_task(cycle, app)
        elif cycle.more_body:
            self._waits_for_body = True
        else:
            self._ask()

    def on_message_complete(self) -> None:
        super().on_message_complete()
        if self._waits_for_body:
            self._waits_for_body = False
            self._ask()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._waits_for_body = False
        if self._asked is not None:
            self._asked.drop()
            self._asked = None

    def _takes_short_way(self, cycle: RequestResponseCycle, app: Any) -> bool:
        if not isinstance(app, Gateway) or cycle.waiting_for_100_continue or self.flow.write_paused:
            return False
        scope: Any = cycle.scope
        scope["request_id"] = _request_id(scope)
        try:
            found = app.upstream_of(scope)
        except Refused:
            return False  # and is refused again there, where there is time for it
        if found is None:
            return False
        upstream, request = found
        if not isinstance(upstream, Wire) or request.length is None or request.length >= GATHERED:
            return False
        self._wire, self._request, self._cycle = upstream, request, cycle
        return request.method != "HEAD"

    def _ask(self) -> None:
        self._asked = self._wire.try_ask(self._request, bytes(self._cycle.body), self._answered)
        if self._asked is None:
            super()._start_asgi_task(self._cycle, self.app)

    def _answered(self, connection: Connection) -> None:
        self._asked = None
        if connection.is_whole:
            self._say(*connection.take())
        elif connection.error is None:
            super()._start_asgi_task(self._cycle, partial(_pass_back, connection))
        else:
            error = connection.error
            connection.drop()
            if isinstance(error, ClosedUnanswered) and self._request.repeatable:
                # Once more, on a new connection.
                self._wire.drop_idle()
                super()._start_asgi_task(self._cycle, self.app)
            else:
                scope: Any = self._cycle.scope
                tongue = language(dict(scope["headers"]))
                said = problem(
                    error if isinstance(error, Refused) else broken(), scope["path"], scope["request_id"], tongue
                )
                self._say(said.status_code, said.raw_headers, bytes(said.body))

    def _say(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        """A whole answer, and the connection's next request."""
        cycle = self._cycle
        if cycle.disconnected:
            return
        scope: Any = cycle.scope
        content = [STATUS_LINE[status]]
        content += [b"%b: %b\r\n" % pair for pair in cycle.default_headers]
        content += [b"%b: %b\r\n" % pair for pair in headers]
        if status not in _BODILESS and not any(name == b"content-length" for name, _ in headers):
            content.append(b"content-length: %d\r\n" % len(body))
        if not cycle.keep_alive:
            content.append(b"connection: close\r\n")
        content.append(b"request-id: %b\r\n\r\n" % scope["request_id"].encode())
        content.append(body)
        cycle.response_started = cycle.response_complete = True
        self.transport.write(b"".join(content))
        if not cycle.keep_alive:
            self.transport.close()
        cycle.on_response()


async def _pass_back(connection: Connection, scope: Scope, _: Receive, send: Send) -> None:
    """An answer too large to wait for, as an app that gives it."""

    async def answer(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"].append((b"request-id", scope["request_id"].encode()))
        await send(message)

    await connection.answer(answer)


def _request_id(scope: Scope) -> str:
    given = next((value for name, value in scope["headers"] if name == b"request-id"), b"")
    return given.decode() if _REQUEST_ID.fullmatch(given) else new_id("req")
