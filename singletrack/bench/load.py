"""The load, in a process of its own that calls `main`; an `Order` in JSON is the first line of its input.

It says `ready`, waits for a line, then runs for the ordered time and says in one line of JSON what it saw. Cheap on
purpose: the machine it shares is the servers'. One closed loop per client, driven by the parser's callbacks; requests
are bytes made beforehand, into which ids, version and key are put.
"""

import asyncio
import json
import random
import re
import secrets
import sys
import time
from abc import ABC, abstractmethod
from array import array
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, cast
from urllib.parse import urlsplit

import httptools
import uvloop

from singletrack.bench.lifecycle import PLACES, bulk_head, feed_head, item, request, steps_of

#: A run whose last answers do not come within so many seconds after its end has failed.
LAST_ANSWERS_SECONDS = 30
_CREATED, _ACCEPTED, _OK = 201, 207, 200
_MADE = {"case": re.compile(rb'"case_id":"(case_\w{26})"'), "person": re.compile(rb'"(per_\w{26})":\{"kind"')}
_MADE["custody"] = re.compile(rb'"(cus_\w{26})":\{"kind"')
_CURSOR = re.compile(rb'"next_cursor":"(\d+)"')
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(frozen=True, slots=True)
class Order:
    """What to do: `what` is steps, bulk or feed; URLs by service; tokens by `organ/role`. `size` is of a bulk or page.

    `cases` ends a run of steps after so many whole cases instead of after `seconds`.
    """

    what: str
    urls: dict[str, str]
    services: list[str]
    tokens: dict[str, str]
    clients: int
    seconds: float
    size: int = 1
    cases: int = 0


@dataclass(slots=True)
class Seen:
    """What the clients saw: for each service the last acknowledged version of each case, and times in milliseconds."""

    steps: int = 0
    seconds: float = 0.0
    versions: dict[str, dict[str, int]] = field(default_factory=dict)
    milliseconds: dict[str, float] = field(default_factory=dict)
    cpu_seconds: float = 0.0


class Unexpected(Exception):
    """An answer that a sound service does not give to a sound case."""


class _Connection(asyncio.Protocol):
    """One kept-alive connection, one request at a time; hands each answer on as (status, etag, body)."""

    def __init__(self, client: "_Client") -> None:
        self._client = client
        self._parser = httptools.HttpResponseParser(self)
        self._etag = b""
        self._body: list[bytes] = []
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is one without saying so

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._client.fail(error)

    def connection_lost(self, exc: Exception | None) -> None:
        self._client.lost(exc)

    def on_header(self, name: bytes, value: bytes) -> None:
        if name in {b"etag", b"ETag"}:
            self._etag = value

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        body = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        etag, self._etag, self._body = self._etag, b"", []
        self._client.answered(self._parser.get_status_code(), etag, body)


class _Client(ABC):
    """One closed loop: `ask` writes a request, `answered` takes what came and asks again until the time is over."""

    def __init__(self, order: Order, number: int) -> None:
        self.order = order
        self.random = random.Random(secrets.randbits(128))  # noqa: S311 - keys of a benchmark
        self.number = number
        self.connections: dict[str, _Connection] = {}
        self.times = array("d")
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.ends_at = 0.0
        self.asked_at = 0.0
        self.steps = 0
        self.versions: dict[str, dict[str, int]] = {service: {} for service in order.services}

    async def connect(self) -> None:
        loop = asyncio.get_running_loop()
        addresses: dict[str, _Connection] = {}
        for service in self.order.services:
            url = self.order.urls[service]
            if url not in addresses:
                parts = urlsplit(url)
                _, addresses[url] = await loop.create_connection(
                    lambda: _Connection(self), parts.hostname or "", parts.port or 80
                )
            self.connections[service] = addresses[url]

    def key(self) -> bytes:
        return b"%032x" % self.random.getrandbits(128)

    def begin(self, ends_at: float) -> None:
        self.ends_at = ends_at
        self.ask()

    @abstractmethod
    def ask(self) -> None:
        """Send the next request."""

    @abstractmethod
    def answered(self, status: int, etag: bytes, body: bytes) -> None:
        """Take an answer in, and ask again."""

    def send(self, service: str, data: bytes) -> None:
        self.asked_at = time.perf_counter()
        self.connections[service].transport.write(data)

    def clocked(self) -> bool:
        """Note how long the answer took; True while there is time for another request."""
        now = time.perf_counter()
        self.times.append(now - self.asked_at)
        if now < self.ends_at:
            return True
        self.finish()
        return False

    def finish(self) -> None:
        if not self.done.done():
            self.done.set_result(None)

    def fail(self, error: Exception) -> None:
        if not self.done.done():
            self.done.set_exception(error)

    def lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(error or Unexpected("the connection was closed"))


class _Steps(_Client):
    """Case after case, step after step."""

    def __init__(self, order: Order, number: int) -> None:
        super().__init__(order, number)
        self.course = steps_of(order.services)
        self.templates = [
            request(step, order.tokens[f"{step.organ}/{step.role}"], urlsplit(order.urls[step.service]).netloc)
            for step in self.course
        ]
        self.places: dict[bytes, Any] = {}
        self.at = 0
        self.whole = 0

    def ask(self) -> None:
        if self.at == 0:
            self.places = {}
        step = self.course[self.at]
        self.places[b"key"] = self.key()
        if not step.opens:
            self.places[b"version"] = self.versions[step.service][self.places[b"case"].decode()]
        self.send(step.service, self.templates[self.at] % self.places)

    def answered(self, status: int, etag: bytes, body: bytes) -> None:
        step = self.course[self.at]
        if step.makes and (found := _MADE[step.makes].search(body)):
            self.places[step.makes.encode()] = found[1]
        versions = self.versions[step.service]
        case = self.places.get(b"case", b"").decode()
        version = versions.get(case, 0) + 1
        if status != _CREATED or etag != b'"v%d"' % version:
            self.fail(Unexpected(f"{step.type}: {status} {etag!r} {body[:600].decode(errors='replace')}"))
            return
        versions[case] = version
        self.steps += 1
        self.at = (self.at + 1) % len(self.course)
        self.whole += self.at == 0
        if self.order.cases and self.whole * self.order.clients >= self.order.cases:
            self.finish()
        if self.clocked() and not self.done.done():
            self.ask()


class _Bulk(_Client):
    """Many cases side by side, one step of all of them in a request."""

    def __init__(self, order: Order, number: int) -> None:
        super().__init__(order, number)
        self.course = steps_of(order.services)
        self.items = [item(step) for step in self.course]
        host = urlsplit(order.urls[order.services[0]]).netloc
        self.heads = [bulk_head(order.tokens[f"{step.organ}/{step.role}"], host) for step in self.course]
        self.at = 0
        self.cases: list[bytes] = []
        self.persons: list[bytes] = []

    def ask(self) -> None:
        if self.at == 0:
            self.cases = [self._case_id() for _ in range(self.order.size)]
            self.persons = [PLACES["person"]] * self.order.size
        template = self.items[self.at]
        version = self.at
        parts = [
            template % {b"case": case, b"person": person, b"key": self.key(), b"version": version}
            for case, person in zip(self.cases, self.persons, strict=True)
        ]
        body = b'{"items":[%b]}' % b",".join(parts)
        head = self.heads[self.at] % {b"key": self.key(), b"length": len(body)}
        self.send(self.order.services[0], head + body)

    def _case_id(self) -> bytes:
        """Sortable by time, as the ids are that the service makes."""
        return b"case_01%011X%b" % (
            time.time_ns() // 1_000_000,
            "".join(self.random.choices(_CROCKFORD, k=13)).encode(),
        )

    def answered(self, status: int, etag: bytes, body: bytes) -> None:
        taken = body.count(b'"status":201,')
        if status != _ACCEPTED or taken != self.order.size:
            wrong = body[max(body.find(b'"status":4') - 100, 0) :][:600].decode(errors="replace")
            self.fail(Unexpected(f"{self.course[self.at].type}: {status}, {taken} of {self.order.size}: {wrong}"))
            return
        if self.course[self.at].makes == "person":
            self.persons = _MADE["person"].findall(body)
        self.steps += taken
        self.at += 1
        versions = self.versions[self.order.services[0]]
        versions.update(dict.fromkeys((case.decode() for case in self.cases), self.at))
        self.at %= len(self.course)
        if self.clocked():
            self.ask()


class _Feed(_Client):
    """A follower who reads as fast as it can; at the end of the feed it begins again."""

    def __init__(self, order: Order, number: int) -> None:
        super().__init__(order, number)
        service = order.services[0]
        self.template = feed_head(
            service, next(iter(order.tokens.values())), urlsplit(order.urls[service]).netloc, order.size
        )
        self.after = 0

    def ask(self) -> None:
        self.send(self.order.services[0], self.template % {b"after": self.after})

    def answered(self, status: int, etag: bytes, body: bytes) -> None:
        cursor = _CURSOR.search(body, max(len(body) - 100, 0))
        if status != _OK or cursor is None:
            self.fail(Unexpected(f"the feed: {status} {body[:600].decode(errors='replace')}"))
            return
        read = body.count(b'"specversion":"1.0"')
        if read != int(cursor[1]) - self.after:
            self.fail(Unexpected(f"the feed has a hole between {self.after} and {int(cursor[1])}"))
            return
        self.steps += read
        self.after = int(cursor[1]) if read == self.order.size else 0
        if self.clocked():
            self.ask()


_KINDS: dict[str, Callable[[Order, int], _Client]] = {"steps": _Steps, "bulk": _Bulk, "feed": _Feed}


def percentiles(seconds: Sequence[float]) -> dict[str, float]:
    """p50, p95, p99 and the longest, in milliseconds."""
    ordered = sorted(seconds)
    if not ordered:
        return {}
    picked = {name: ordered[min(int(len(ordered) * part), len(ordered) - 1)] for name, part in _PARTS.items()}
    return {name: round(value * 1000, 3) for name, value in (picked | {"max": ordered[-1]}).items()}


_PARTS = {"p50": 0.50, "p95": 0.95, "p99": 0.99}


async def _run(order: Order) -> Seen:
    clients = [_KINDS[order.what](order, number) for number in range(order.clients)]
    for client in clients:
        await client.connect()
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    began, spent = time.perf_counter(), time.process_time()
    for client in clients:
        client.begin(began + order.seconds)
    await asyncio.wait_for(asyncio.gather(*(client.done for client in clients)), order.seconds + LAST_ANSWERS_SECONDS)
    seconds, spent = time.perf_counter() - began, time.process_time() - spent
    seen = Seen(steps=sum(client.steps for client in clients), seconds=seconds, cpu_seconds=spent)
    seen.milliseconds = percentiles([each for client in clients for each in client.times])
    for client in clients:
        for service, versions in client.versions.items():
            seen.versions.setdefault(service, {}).update(versions)
    return seen


def main() -> None:
    """Read the order, load, report."""
    order = Order(**json.loads(sys.stdin.readline()))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            seen = runner.run(_run(order))
        except (Unexpected, TimeoutError, OSError) as error:
            print(json.dumps({"failed": str(error) or type(error).__name__}), flush=True)
            return
    print(json.dumps(asdict(seen)), flush=True)
