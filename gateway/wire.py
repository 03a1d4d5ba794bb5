"""One service over the wire: HTTP/1.1 on kept-alive connections, bytes passed through as they come.

Nothing is remembered from one request to the next: no cookies, no redirects, no decoding. A body is passed on while it
arrives, with each side held back when the other cannot follow. What the caller may be told when it goes wrong:

NotReady   GEN-503   not connected, or too many are waiting; the request was not handed over
Broken     GEN-502   the connection broke; the request may or may not have been carried out
Slow       GEN-504   no answer in time; the request may or may not have been carried out

Knows no route, no token.
"""

import asyncio
import contextlib
import logging
import math
import ssl
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, TypeAlias, cast
from urllib.parse import urlsplit

import httptools
from starlette.types import Receive, Scope, Send

from gateway.identity import HOP_BY_HOP, Request
from services.kernel.errors import Malformed, NotReady, Refused

#: So much of a body is gathered before it is handed on; most are smaller and go in one piece.
GATHERED = 64 * 1024
#: So much of an answer may wait for a caller who reads slowly.
HELD = 256 * 1024
#: Idle connections are closed before the service closes them (75 s).
IDLE_SECONDS = 60
#: A caller who sends nothing of a body for so long has gone.
SENDING_SECONDS = 60
#: How often it is looked who has waited too long.
_LOOK_SECONDS = 0.25
#: After so long an answer is worth asking whether the caller still waits for it.
_WATCH_SECONDS = 1.0
_INTERIM = range(100, 200)
_SWITCHING = 101
# Ours to say.
_NOT_PASSED_BACK = HOP_BY_HOP | {b"date", b"server", b"request-id"}
_LOGGER = logging.getLogger("singletrack.gateway")


class Broken(Refused):
    """The service broke off before it had answered."""

    code: ClassVar[str] = "GEN-502"


class Slow(Refused):
    """The service did not answer in time."""

    code: ClassVar[str] = "GEN-504"


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one service: connections at once, requests waiting for one, and how long each kind of waiting may last."""

    connections: int = 128
    waiting: int = 1024
    waiting_seconds: float = 5
    connect_seconds: float = 2
    answer_seconds: float = 30


class Wire:
    """A service at a URL such as http://127.0.0.1:8001. `open` before use, `close` after."""

    def __init__(self, url: str, limits: Limits | None = None) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError(f"{url} is not the URL of a service; it looks like http://host:port")
        self._secure = parts.scheme == "https"
        self._host = parts.hostname
        self._port = parts.port or (443 if self._secure else 80)
        self._said_host = b"host: " + parts.netloc.rpartition("@")[2].encode()
        self._limits = limits or Limits()
        self._tls: ssl.SSLContext | None = None
        self._idle: list[Connection] = []
        self._all: set[Connection] = set()
        self._opening = 0
        self._waiting: deque[asyncio.Future[Connection | None]] = deque()
        self._looking: asyncio.Task[None] | None = None

    @property
    def connections(self) -> int:
        """How many are open or being opened."""
        return len(self._all) + self._opening

    async def open(self) -> None:
        """Begin to look after connections; none is opened before the first request."""
        self._tls = ssl.create_default_context() if self._secure else None
        self._looking = asyncio.create_task(self._look(), name=f"gateway to {self._host}:{self._port}")

    async def close(self) -> None:
        """Close all connections."""
        if self._looking is not None:
            self._looking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._looking
        for connection in list(self._all):
            connection.close()

    async def forward(self, request: Request, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request over and pass the answer back.

        Raises: NotReady, Broken, Slow, Malformed, as long as nothing of an answer was passed back.
        """
        body, more = b"", request.length != 0
        while more and len(body) < GATHERED:
            message = await receive()
            if message["type"] != "http.request":
                return
            body += message.get("body", b"")
            more = message.get("more_body", False)
        head = self._head(request)
        connection, used_before = await self._take()
        try:
            started = await connection.ask(request, head, body, receive, more=more)
        except ClosedUnanswered:
            # Usually the service closed an idle connection at this very moment and has not seen the request.
            if not (used_before and request.repeatable and not more):
                raise broken() from None
            connection = await self._take_new()
            try:
                started = await connection.ask(request, head, body, receive, more=False)
            except ClosedUnanswered:
                raise broken() from None
        if started:
            await connection.answer(send)

    def try_ask(self, request: Request, body: bytes, answered: "Answered") -> "Connection | None":
        """Send a whole request on an idle connection; None if there is none. `answered` is called once, see `start`."""
        while self._idle:
            connection = self._idle.pop()
            if not connection.closed:
                connection.start(request, self._head(request) + body, answered)
                return connection
        return None

    def drop_idle(self) -> None:
        """Close the idle connections: after a stale one, the others are likely stale too."""
        for connection in self._idle:
            connection.close()
        self._idle.clear()

    def _head(self, request: Request) -> bytes:
        lines = [b"%b %b HTTP/1.1" % (request.method.encode("ascii"), request.target), self._said_host]
        lines += [b"%b: %b" % pair for pair in request.headers]
        if request.length is None:
            lines.append(b"transfer-encoding: chunked")
        lines.append(b"\r\n")
        return b"\r\n".join(lines)

    async def _take(self) -> "tuple[Connection, bool]":
        """A connection that is ours until it is given back, and whether it has been used before."""
        while self._idle:
            connection = self._idle.pop()
            if not connection.closed:
                return connection, True
        if self.connections < self._limits.connections:
            return await self._connect(), False
        if len(self._waiting) >= self._limits.waiting:
            raise _busy()
        turn: asyncio.Future[Connection | None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            given = await asyncio.wait_for(turn, self._limits.waiting_seconds)
        except TimeoutError:
            raise _busy() from None
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._give(turn.result())
            raise
        if given is not None and not given.closed:
            return given, True
        return await self._connect(), False

    async def _take_new(self) -> "Connection":
        """A connection nobody has used, as far as that can be had."""
        self.drop_idle()
        connection, _ = await self._take()
        return connection

    async def _connect(self) -> "Connection":
        self._opening += 1
        try:
            async with asyncio.timeout(self._limits.connect_seconds):
                _, connection = await asyncio.get_running_loop().create_connection(
                    lambda: Connection(self._limits.answer_seconds, self._give, self._forget),
                    self._host,
                    self._port,
                    ssl=self._tls,
                )
        except (OSError, TimeoutError) as error:
            self._opening -= 1
            self._pass_turn(None)
            raise NotReady("服务暂不可用，请稍后以同一幂等键重试。", "the service cannot be reached now") from error
        except BaseException:
            self._opening -= 1
            self._pass_turn(None)
            raise
        self._opening -= 1
        if connection.closed:
            raise NotReady("服务暂不可用，请稍后以同一幂等键重试。", "the service closed at once")
        self._all.add(connection)
        return connection

    def _give(self, connection: "Connection | None") -> None:
        """Take back a connection that may be used again (or None: one more may be opened)."""
        if not self._pass_turn(connection) and connection is not None:
            self._idle.append(connection)

    def _forget(self, connection: "Connection") -> None:
        self._all.discard(connection)
        self._pass_turn(None)

    def _pass_turn(self, connection: "Connection | None") -> bool:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(connection)
                return True
        return False

    async def _look(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            now = loop.time()
            for connection in self._all:
                connection.look(now)
            while self._idle and (self._idle[0].closed or self._idle[0].idle_since < now - IDLE_SECONDS):
                self._idle.pop(0).close()


_Giving: TypeAlias = "Callable[[Connection], None]"
#: Called with the connection when an answer is whole, too large to wait for, or failed.
Answered: TypeAlias = "Callable[[Connection], None]"


class ClosedUnanswered(Exception):
    """Closed before the first byte of an answer."""


class Connection(asyncio.Protocol):
    """One connection: `ask`, then `answer` if an answer began; then it gives itself back, or closes.

    Or, without waiting: `start`, and once that has called back, `take` what is whole, or else `answer` or `drop`.
    """

    def __init__(self, answer_seconds: float, give: "_Giving", forget: "_Giving") -> None:
        self.closed = False
        self.idle_since = 0.0
        self._answer_seconds = answer_seconds
        self._give = give
        self._forget = forget
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpResponseParser(self)
        self._transport: asyncio.Transport
        self._writable: asyncio.Future[None] | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._answered: Answered | None = None
        self._receive: Receive | None = None
        self._pumping: asyncio.Task[None] | None = None
        self._watching: asyncio.Task[None] | None = None
        self._busy = False
        #: When patience ends with the service, or with the caller; infinite while it is nobody's turn.
        self._patience = math.inf
        self._asked_at = 0.0
        self._begin("GET")

    def _begin(self, method: str) -> None:
        self._method = method
        self._any_byte = False
        self._headers: list[tuple[bytes, bytes]] = []
        self._status = 0
        self._chunks: list[bytes] = []
        self._size = 0
        self._held = False
        self._head_complete = False
        self._at_once = False
        self._counted = False
        self._complete = False
        self._keep = True
        #: Why there is no answer, or no more of it.
        self.error: Exception | None = None

    # The caller's side

    async def ask(self, request: Request, head: bytes, body: bytes, receive: Receive, *, more: bool) -> bool:
        """Send a request, and wait until its answer is complete or too large to wait for. False: the caller has gone.

        Raises: ClosedUnanswered, Broken, Slow, Malformed.
        """
        self._begin(request.method)
        self._busy = True
        self._receive = receive
        self._asked_at = self._loop.time()
        try:
            if request.length is None:
                self._transport.write(head + (_chunk(body) if body else b"") + (b"" if more else b"0\r\n\r\n"))
            else:
                self._transport.write(head + body if body else head)
            if more:
                self._pumping = asyncio.create_task(self._pump(receive, chunked=request.length is None))
            else:
                self._patience = self._asked_at + self._answer_seconds
            while not self._is_enough():
                if self.error is not None:
                    raise self.error  # noqa: TRY301 - found there, said here
                await self._wait()
        except _CallerGone:
            self._finish(reuse=False)
            return False
        except BaseException:
            self._finish(reuse=False)
            raise
        return True

    def start(self, request: Request, message: bytes, answered: Answered) -> None:
        """Send a whole request; `answered` is called when there is enough to go on with, or `error` says why not."""
        self._begin(request.method)
        self._busy = True
        self._asked_at = self._loop.time()
        self._patience = self._asked_at + self._answer_seconds
        self._answered = answered
        self._transport.write(message)

    @property
    def is_whole(self) -> bool:
        """Whether nothing of the answer is still to come."""
        return self._complete

    def take(self) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        """A whole answer: status, headers, body."""
        assert self._complete, "only a whole answer can be taken"
        body = self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)
        taken = self._status, self._passed_back(), body
        self._finish(reuse=True)
        return taken

    def drop(self) -> None:
        """Give up what was asked."""
        self._finish(reuse=False)

    async def answer(self, send: Send) -> None:
        """Pass the answer back. An answer that breaks off on the way breaks off for the caller too."""
        try:
            if self._complete:
                status, headers, body = self.take()
                await send({"type": "http.response.start", "status": status, "headers": headers})
                await send({"type": "http.response.body", "body": body})
                return
            await send({"type": "http.response.start", "status": self._status, "headers": self._passed_back()})
            while True:
                if self._chunks:
                    body, self._chunks, self._size = b"".join(self._chunks), [], 0
                    self._patience = math.inf
                    await send({"type": "http.response.body", "body": body, "more_body": True})
                    continue
                if self._complete:
                    self._finish(reuse=True)
                    await send({"type": "http.response.body", "body": b""})
                    return
                if self.error is not None:
                    _LOGGER.warning("an answer broke off: %s", self.error)
                    return
                self._resume()
                if self._pumping is None:
                    self._patience = self._loop.time() + self._answer_seconds
                await self._wait()
        finally:
            if self._busy:
                self._finish(reuse=False)

    def look(self, now: float) -> None:
        """Lose patience when it is time; see whether the caller of a slow answer is still there."""
        if not self._busy:
            return
        if now > self._patience:
            self._fail(_incomplete() if self._pumping is not None and self._writable is None else _slow())
        elif (
            self._receive is not None
            and self._watching is None
            and self._pumping is None
            and now - self._asked_at > _WATCH_SECONDS
        ):
            self._watching = asyncio.create_task(self._watch())

    def close(self) -> None:
        """Close at once."""
        self.closed = True
        self._transport.abort()

    async def _wait(self) -> None:
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _is_enough(self) -> bool:
        return self._complete or self._at_once or self._size >= GATHERED

    def _wake(self) -> None:
        if self._answered is not None:
            if self.error is not None or self._is_enough():
                answered, self._answered = self._answered, None
                answered(self)
        elif self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _fail(self, error: Exception) -> None:
        if self.error is None:
            self.error = error
        self._keep = False
        self._wake()

    def _finish(self, *, reuse: bool) -> None:
        """The exchange is over: nothing of it stays."""
        self._busy = False
        self._patience = math.inf
        self._receive = self._answered = None
        reuse = reuse and self._keep and self._pumping is None
        for task in (self._pumping, self._watching):
            if task is not None:
                task.cancel()
        self._pumping = self._watching = None
        self._headers, self._chunks = [], []
        if reuse and not self.closed:
            self.idle_since = self._loop.time()
            self._resume()
            self._give(self)
        else:
            self.close()

    async def _pump(self, receive: Receive, *, chunked: bool) -> None:
        """The rest of a body, piece by piece."""
        more = True
        try:
            while more:
                self._patience = self._loop.time() + self._answer_seconds
                await self._room()
                self._patience = self._loop.time() + SENDING_SECONDS
                message = await receive()
                if message["type"] != "http.request":
                    self._fail(_CallerGone())
                    return
                body, more = message.get("body", b""), message.get("more_body", False)
                if body:
                    self._transport.write(_chunk(body) if chunked else body)
        except Exception as error:  # noqa: BLE001 - whoever waits for the answer raises it
            self._fail(error)
            return
        if chunked:
            self._transport.write(b"0\r\n\r\n")
        self._pumping = None
        self._patience = self._loop.time() + self._answer_seconds

    async def _room(self) -> None:
        while self._writable is not None:
            await asyncio.shield(self._writable)

    async def _watch(self) -> None:
        receive = self._receive
        while receive is not None:
            if (await receive())["type"] == "http.disconnect":
                self._fail(_CallerGone())
                return

    def _passed_back(self) -> list[tuple[bytes, bytes]]:
        return [pair for pair in self._headers if pair[0] not in _NOT_PASSED_BACK]

    # The transport's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one without saying so

    def data_received(self, data: bytes) -> None:
        if not self._busy:
            self.close()
            return
        self._any_byte = True
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._fail(broken())
            return
        if self._complete or self._chunks or self._at_once:
            self._wake()
        if self._size >= HELD and not self._held:
            self._held = True
            self._transport.pause_reading()

    def eof_received(self) -> None:
        """The service closes; the transport does the rest."""

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = True
        if self._busy and not self._complete:
            if self._head_complete and not self._counted and self.error is None:
                # The end of such a body is the end of the connection.
                self._complete, self._keep = True, False
                self._wake()
            else:
                self._fail(broken() if self._any_byte else ClosedUnanswered())
        self.resume_writing()
        self._forget(self)

    def pause_writing(self) -> None:
        if self._writable is None:
            self._writable = self._loop.create_future()

    def resume_writing(self) -> None:
        if self._writable is not None:
            self._writable.set_result(None)
            self._writable = None

    def _resume(self) -> None:
        if self._held:
            self._held = False
            self._transport.resume_reading()

    # The parser's side

    def on_message_begin(self) -> None:
        if self._complete:
            self._keep = False  # a second answer to one request: nobody's

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._head_complete:
            return  # a trailer, or nobody's
        name = name.lower()
        if name in {b"content-length", b"transfer-encoding"}:
            self._counted = True
        elif name == b"content-type" and value.startswith(b"text/event-stream"):
            self._at_once = True
        self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        if self._head_complete:
            return
        self._status = self._parser.get_status_code()
        if self._status in _INTERIM:
            return
        self._head_complete = True
        if self._method == "HEAD":
            # The parser would wait for a body that never comes.
            self._complete, self._keep = True, False

    def on_body(self, body: bytes) -> None:
        if not self._complete:
            self._chunks.append(body)
            self._size += len(body)

    def on_message_complete(self) -> None:
        if not self._head_complete:
            self._headers = []  # 1xx: the answer is still to come
            self._at_once = self._counted = False
            if self._status == _SWITCHING:
                self._fail(broken())
            return
        if not self._complete:
            self._complete = True
            self._keep = self._keep and bool(self._parser.should_keep_alive())


class _CallerGone(Exception):
    """The caller closed the connection; nobody is to be told."""


def _chunk(body: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(body), body)


def broken() -> Broken:
    """What is said when a service broke off."""
    return Broken(
        "服务中断了连接；请求可能已经办理，请以同一幂等键查询。",
        "the service broke off; the same key tells what was done",
    )


def _slow() -> Slow:
    return Slow(
        "服务未及时答复；请求可能已经办理，请以同一幂等键查询。", "no answer in time; the same key tells what was done"
    )


def _busy() -> NotReady:
    return NotReady("服务繁忙，请稍后以同一幂等键重试。", "the service is busy")


def _incomplete() -> Malformed:
    return Malformed("请求正文没有收全。", "the body did not arrive", errors=[{"pointer": "", "code": "incomplete"}])
