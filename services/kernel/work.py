"""The unit of work: what waits is decided together and committed together, each answered by itself after that commit.

One writer per process takes all commands that are waiting: load (one statement), decide (pure), append (one statement,
one commit). A case that another process moved meanwhile is loaded again. Requests on different cases never wait for
more than the commit that is under way.
"""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import asyncpg
from sqlalchemy.exc import TimeoutError as NoneFree
from sqlalchemy.ext.asyncio import AsyncEngine

from services.kernel import log
from services.kernel.clock import Clock
from services.kernel.errors import KeyReused, NotReady, Refused, Unfounded
from services.kernel.period import read_moment
from services.kernel.policy import Policy
from services.kernel.record import Domain, Entry, Head, TakeStep, decide
from services.kernel.transition import digest

#: The most commands that share one commit.
BATCH = 256
#: How often a command is decided anew because others were quicker, before it is given up.
TRIES = 100
#: How a database shows that it is away: on the way to it, in the middle, or when no connection becomes free.
AWAY = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.TooManyConnectionsError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    NoneFree,
)
_LOGGER = logging.getLogger("singletrack")


@dataclass(frozen=True, slots=True)
class Taken:
    """A step that is in the log: its row, and whether an earlier request with the same key had put it there."""

    text: str
    version: int
    case_id: str
    replayed: bool = False


@dataclass(slots=True)
class _Waiting:
    command: TakeStep
    dry_run: bool
    answer: "asyncio.Future[Taken]"
    tries: int = field(default=0)


class Desk:
    """Where a service's commands are handed in. `start` before use, `stop` after."""

    def __init__(self, engine: AsyncEngine, domain: Domain, policy: Policy, clock: Clock) -> None:
        self.engine = engine
        self.domain = domain
        self.policy = policy
        self.clock = clock
        self._waiting: deque[_Waiting] = deque()
        self._owed: set[asyncio.Future[Taken]] = set()
        self._bell = asyncio.Event()
        self._writer: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to take commands."""
        self._writer = asyncio.create_task(self._write(), name=f"{self.domain.service} writer")

    async def stop(self) -> None:
        """Finish what was handed in, then take no more."""
        await asyncio.gather(*self._owed, return_exceptions=True)
        if self._writer:
            self._writer.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._writer

    async def take(self, command: TakeStep, *, dry_run: bool = False) -> Taken:
        """Take a step, or say what taking it would do. Returns after the commit.

        Raises: Refused; NotReady when the database cannot be reached (the step may or may not have been recorded:
        the same request with the same key tells).
        """
        return await self._hand_in(command, dry_run=dry_run)

    async def take_all(self, commands: Sequence[tuple[TakeStep, bool]]) -> list[Taken | Refused]:
        """Take many steps (or only ask, where the flag says so), each by itself, sharing commits.

        Refusals stand in the place of their step.
        """
        handed_in = (self._hand_in(command, dry_run=dry_run) for command, dry_run in commands)
        results = await asyncio.gather(*handed_in, return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException) and not isinstance(result, Refused):
                raise result
        return [result for result in results if isinstance(result, Taken | Refused)]

    async def head(self, case_id: str) -> Head:
        """A case as it stands now; version 0 where there is none."""
        async with raw(self.engine) as connection:
            loaded = await log.load(connection, [case_id], [])
        return loaded.heads.get(case_id, Head(case_id))

    def _hand_in(self, command: TakeStep, *, dry_run: bool = False) -> "asyncio.Future[Taken]":
        answer: asyncio.Future[Taken] = asyncio.get_running_loop().create_future()
        self._owed.add(answer)
        answer.add_done_callback(self._owed.discard)
        self._waiting.append(_Waiting(command, dry_run, answer))
        self._bell.set()
        return answer

    async def _write(self) -> None:
        while True:
            await self._bell.wait()
            try:
                async with raw(self.engine) as connection:
                    await connection.execute(log.PLAN)
                    while True:
                        await self._bell.wait()
                        if connection.is_closed():
                            break  # it broke while nothing was asked: the next one is as good
                        self._bell.clear()
                        while self._waiting:
                            await self._batch(connection)
            except Exception as error:  # whatever it is: who waits is told, and who comes later is served
                if not isinstance(error, NotReady):
                    _LOGGER.exception("%s could not write", self.domain.service)
                while self._waiting:
                    self._refuse(self._waiting.popleft(), _not_ready(error))
                await asyncio.sleep(0.2)

    def _refuse(self, waiting: _Waiting, error: Exception) -> None:
        if not waiting.answer.done():
            waiting.answer.set_exception(error)

    async def _batch(self, connection: log.Connection) -> None:
        batch, keys = self._next_batch()
        try:
            await self._decide_and_append(connection, batch, keys)
        except Exception:
            self._waiting.extendleft(reversed([waiting for waiting in batch if not waiting.answer.done()]))
            raise

    def _next_batch(self) -> tuple[list[_Waiting], list[tuple[str, str]]]:
        """As many as may share a commit; a key that is already in the batch waits for the next one."""
        batch: list[_Waiting] = []
        keys: dict[tuple[str, str], None] = {}
        later: list[_Waiting] = []
        while self._waiting and len(batch) < BATCH:
            waiting = self._waiting.popleft()
            key = (waiting.command.actor.client, waiting.command.key)
            if key in keys:
                later.append(waiting)
            else:
                keys[key] = None
                batch.append(waiting)
        self._waiting.extendleft(reversed(later))
        return batch, list(keys)

    async def _decide_and_append(
        self, connection: log.Connection, batch: list[_Waiting], keys: list[tuple[str, str]]
    ) -> None:
        loaded = await log.load(connection, list({waiting.command.case_id for waiting in batch}), keys)
        heads = dict(loaded.heads)
        decided: list[tuple[_Waiting, tuple[Entry, ...]]] = []
        claimed: dict[str, str] = {}
        now = self.clock.now()
        for waiting in batch:
            command = waiting.command
            earlier = loaded.commands.get((command.actor.client, command.key))
            try:
                if earlier is not None:
                    self._answer(waiting, _again(command, earlier))
                    continue
                if command.document_ids:
                    known = await log.documents(connection, command.case_id, command.document_ids)
                    command = replace(command, known=known)
                head = heads.get(command.case_id) or Head(command.case_id)
                entry = decide(head, command, domain=self.domain, policy=self.policy, at=now)
                claims = entry.body.get("claims", {})
                if claims and (waiting.tries or waiting.dry_run):  # else the append finds out
                    claimed.update(await log.holders(connection, list(claims)))
                check_claims(entry.body, claims, claimed)
                entries: tuple[Entry, ...] = (entry,)
                arriving = counterpart(entry)
                if arriving is not None:
                    if arriving.case_id not in heads:
                        more = (await log.load(connection, [arriving.case_id], [])).heads
                        loaded = log.Loaded({**loaded.heads, **more}, loaded.commands)
                        heads.update(more)
                    other = heads.get(arriving.case_id) or Head(arriving.case_id)
                    entries = (entry, arrive(other, entry, arriving, domain=self.domain, policy=self.policy, at=now))
            except (*AWAY, asyncpg.PostgresError):
                raise
            except Exception as error:  # noqa: BLE001 - refused, or a mistake of ours: the command's own in either case
                self._refuse(waiting, error)
                continue
            if waiting.dry_run:
                self._answer(waiting, Taken(entry.text, entry.head.version, command.case_id))
            else:
                heads.update((each.head.case_id, each.head) for each in entries)
                claimed.update(claims)
                decided.append((waiting, entries))
        if decided:
            await self._append(connection, loaded, decided)

    async def _append(
        self, connection: log.Connection, loaded: log.Loaded, decided: list[tuple[_Waiting, tuple[Entry, ...]]]
    ) -> None:
        rows = [entry for _, entries in decided for entry in entries]
        expected = {
            entry.head.case_id: loaded.heads[entry.head.case_id].version if entry.head.case_id in loaded.heads else 0
            for entry in rows
        }
        # Rows that are one act in two cases: all of this batch or none of it.
        write = log.append if len(rows) == len(decided) else log.append_together
        try:
            won = await write(connection, expected, rows)
        except (asyncpg.UniqueViolationError, asyncpg.DeadlockDetectedError):
            # Another process used one of these keys just now: what it did will be found on loading again.
            won = set()
        for waiting, (entry, *_) in decided:
            if entry.head.case_id in won:
                self._answer(waiting, Taken(entry.text, entry.head.version, entry.head.case_id))
            elif waiting.tries < TRIES:
                waiting.tries += 1
                self._waiting.append(waiting)
            else:
                self._refuse(waiting, _not_ready(None))
        if self._waiting:
            self._bell.set()

    def _answer(self, waiting: _Waiting, taken: Taken) -> None:
        if not waiting.answer.done():
            waiting.answer.set_result(taken)


def counterpart(entry: Entry) -> TakeStep | None:
    """The arriving row that belongs to a leaving one, to be decided on the other case; None where nobody leaves.

    Its key is the leaving row's id, its actor the same: who may not see the other case sends nobody there.
    """
    body = entry.body
    if "left" not in body:
        return None
    left = {name: value for name, value in body["left"].items() if name not in {"to", "arrives_by"}}
    told = digest("sm3", entry.text.encode())
    return TakeStep(
        case_id=body["left"]["to"],
        type=body["left"]["arrives_by"],
        actor=entry.command.actor,
        key=body["id"],
        fingerprint=told.partition(":")[2],
        occurred=body["occurred_at"],
        inferred=entry.command.inferred,
        passage={
            **left,
            "from": body["case_id"],
            "transition": body["id"],
            "digest": told,
            "law_ref": body["law_ref"],
            "basis": body["basis"],
        },
    )


def arrive(head: Head, leaving: Entry, arriving: TakeStep, *, domain: Domain, policy: Policy, at: datetime) -> Entry:
    """The arriving row, recorded after the leaving one, whichever case was ahead of the clock."""
    left = read_moment(leaving.body["recorded_at"])
    assert isinstance(left, datetime), "recorded_at is an instant"
    return decide(head, arriving, domain=domain, policy=policy, at=max(at, left + timedelta(microseconds=1)))


def check_claims(body: Mapping[str, Any], claims: Mapping[str, str], held: Mapping[str, str]) -> None:
    """That no name which a row claims for somebody belongs to another. Raises: Unfounded."""
    taken = [name for name, holder in claims.items() if held.get(name, holder) != holder]
    if taken:
        raise Unfounded(
            "文书编号已用于他人：一人一证，同一机关同年的编号不得重复。",
            "the number stands on somebody else's certificate",
            law_ref=str(body["law_ref"]),
            errors=[{"pointer": "/documents", "code": "number_used", "params": {"number": taken[0].split("|")[-1]}}],
        )


def _again(command: TakeStep, earlier: log.Remembered) -> Taken:
    if earlier.fingerprint.hex() != command.fingerprint:
        raise KeyReused(
            "这个幂等键已经用于另一项请求。",
            "this Idempotency-Key was used for another request",
            errors=[{"pointer": "/headers/Idempotency-Key", "code": "key_reused"}],
        )
    return Taken(earlier.text, earlier.seq, earlier.case_id, replayed=True)


def _not_ready(cause: Exception | None) -> NotReady:
    refusal = NotReady("数据库暂时不可用，请稍后以同一幂等键重试。", "the database cannot be reached now")
    refusal.__cause__ = cause
    return refusal


@contextlib.asynccontextmanager
async def raw(engine: AsyncEngine) -> AsyncIterator[log.Connection]:
    """An asyncpg connection of the engine's pool, in autocommit.

    Raises: NotReady where the database is away, at the beginning or in the middle.
    """
    try:
        async with engine.connect() as connection:
            driver = (await connection.get_raw_connection()).driver_connection
            assert driver is not None, "a connection that is checked out is open"
            try:
                yield driver
            except BaseException:
                # Broken off in the middle of a transaction, with a lock or a setting: nothing for whoever comes next.
                driver.terminate()
                raise
    except AWAY as error:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            # Closing what was broken off may fail in its turn; whoever was told to stop must hear of that, and not go on.
            raise asyncio.CancelledError from error
        _LOGGER.warning("the database is away: %r", error)
        raise _not_ready(error) from error
