"""A coordinator that stops dead, or stands still, at a chosen moment; and what was ever shown of its findings."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import httpx
import pytest

#: How a connection is asked anything; COMMIT, too, goes through the first.
ASKS = ("execute", "executemany", "fetch", "fetchrow", "fetchval")
RUNTIME = "coordinator_runtime"


@dataclass
class Blade:
    """Falls before or after one of the things that a coordinator asks of its database or of the gateway.

    From then on nothing of it reaches anybody, as if its process had been killed: open transactions end unfinished,
    what was answered is not heard. `points` are the things asked so far, each with how often it was. What begins with
    something in `frozen` is not asked as long as that is there: whoever asks stands still, and does not know it.
    """

    at: tuple[str, int] | None = None
    is_after: bool = False
    frozen: set[str] = field(default_factory=set)
    points: list[tuple[str, int]] = field(default_factory=list)
    fallen: asyncio.Event = field(default_factory=asyncio.Event)
    standing: set[str] = field(default_factory=set)
    _counts: Counter[str] = field(default_factory=Counter)

    async def meets(self, what: str, ask: Callable[[], Any]) -> Any:
        """Ask it, unless the blade has fallen or falls now. Raises: ConnectionResetError."""
        while what.startswith(tuple(self.frozen)) and not self.fallen.is_set():
            self.standing.add(what)
            await asyncio.sleep(0.01)
        self._check()
        self._counts[what] += 1
        point = (what, self._counts[what])
        self.points.append(point)
        is_here = self.at is not None and what.startswith(self.at[0]) and point[1] == self.at[1]
        if is_here and not self.is_after:
            self.fallen.set()
        self._check()
        answer = await ask()
        if is_here:
            self.fallen.set()
        self._check()
        return answer

    async def stands_at(self, where: str) -> None:
        """Until something stands still that begins like this."""
        async with asyncio.timeout(30):
            while not any(what.startswith(where) for what in self.standing):
                await asyncio.sleep(0.01)

    def _check(self) -> None:
        if self.fallen.is_set():
            raise ConnectionResetError("killed")

    @contextlib.asynccontextmanager
    async def over(self, sites: Any) -> AsyncIterator[None]:
        """A coordinator at work under this blade; whatever it began when this ends is not done."""
        given = _OVER.set(self)
        async with sites.coordinator(transport=_Line(self, httpx.ASGITransport(app=sites.gateway))):
            _OVER.reset(given)
            try:
                yield
            finally:
                self.fallen.set()


#: The blade over whoever asks.
_OVER: ContextVar[Blade | None] = ContextVar("blade", default=None)


@dataclass
class _Line(httpx.AsyncBaseTransport):
    """A line to the gateway that ends where the blade falls."""

    blade: Blade
    line: httpx.AsyncBaseTransport

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        what = f"{request.method} {'/'.join(request.url.path.split('/')[2:4])}"
        try:
            answer: httpx.Response = await self.blade.meets(what, lambda: self._heard(request))
        except ConnectionResetError as error:
            raise httpx.ReadError("killed") from error
        return answer

    async def _heard(self, request: httpx.Request) -> httpx.Response:
        answer = await self.line.handle_async_request(request)
        await answer.aread()
        return answer


@pytest.fixture
def _sharp(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a coordinator asks of its database passes under its blade."""
    for name in ASKS:
        monkeypatch.setattr(asyncpg.Connection, name, _through(getattr(asyncpg.Connection, name)))


def _through(plain: Callable[..., Any]) -> Callable[..., Any]:
    async def asked(connection: Any, query: str, *words: Any, **more: Any) -> Any:
        blade = _OVER.get()
        if blade is None or connection._params.user != RUNTIME:
            return await plain(connection, query, *words, **more)
        return await blade.meets(" ".join(query.split())[:70], lambda: plain(connection, query, *words, **more))

    return asked


@dataclass
class Shown:
    """Everything that was ever shown as found: kept by the database itself, whenever a finding is written."""

    sites: Any

    async def overdue(self) -> set[str]:
        """The findings that were ever shown as overdue, by the logs."""
        rows = await self.sites.sql("SELECT id FROM shown WHERE status = 'overdue' AND kind <> 'alert_unheeded'")
        return {row["id"] for row in rows}


@pytest.fixture
async def shown(watch: Any, _sharp: None) -> AsyncIterator[Shown]:
    """All that is ever shown in this test."""
    for statement in (
        "CREATE TABLE shown (id text, kind text, status text)",
        f"GRANT INSERT ON shown TO {RUNTIME}",
        (
            "CREATE FUNCTION show() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " INSERT INTO shown VALUES (NEW.id, NEW.kind, NEW.status); RETURN NULL; END $$"
        ),
        (
            "CREATE TRIGGER shows AFTER INSERT OR UPDATE ON finding FOR EACH ROW"
            " WHEN (NEW.closed_at IS NULL) EXECUTE FUNCTION show()"
        ),
    ):
        await watch.sites.sql(statement)
    yield Shown(watch.sites)
    for statement in ("DROP TRIGGER shows ON finding", "DROP FUNCTION show", "DROP TABLE shown"):
        await watch.sites.sql(statement)
