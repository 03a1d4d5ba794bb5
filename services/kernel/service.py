"""A service put together: its database, its desk, its feed, and the routes that every service has.

What differs between services is handed in: the domain, the policy, and the routes of its own resources.
"""

import asyncio
import contextlib
import gc
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

import asyncpg
from fastapi import APIRouter, Depends, FastAPI, Query, Request, Response
from pydantic import BaseModel, ConfigDict
from sqlalchemy import event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from services.kernel import digests, feed, log, seal, tree
from services.kernel.choice import available, unmet
from services.kernel.clock import Clock, SystemClock
from services.kernel.errors import (
    CursorAhead,
    Malformed,
    NotAllowed,
    NotFound,
    NotReady,
    Refused,
    Stale,
    UnknownStep,
)
from services.kernel.identity import Reader
from services.kernel.period import local_date
from services.kernel.policy import Policy
from services.kernel.record import Domain, Head, TakeStep
from services.kernel.settings import Settings
from services.kernel.transition import encode
from services.kernel.web import (
    ACT_PROBLEMS,
    PROBLEMS,
    READ_PROBLEMS,
    Answer,
    Call,
    CurrentActor,
    Id,
    ServiceApp,
    TransitionCreate,
    language,
    problem,
)
from services.kernel.who import Actor
from services.kernel.work import AWAY, Desk, Taken, raw

#: The longest a follower may wait for news, in seconds.
LONGEST_WAIT = 25
#: Followers look again by themselves after so many seconds, in case a bell was lost with its connection.
_LOOK_AGAIN = 1.0
#: So many things are remembered with their cases.
_REMEMBERED = 100_000


class FeedEvent(BaseModel):
    """CloudEvents 1.0: one row of the log. `sequence` counts within the case, `feedseq` within the service."""

    model_config = ConfigDict(extra="allow")
    specversion: str
    id: str
    source: str
    type: str
    subject: str
    time: str
    sequence: str
    feedseq: int
    datadigest: str
    data: dict[str, Any]


class FeedPage(BaseModel):
    """Rows in the order of commit. `next_cursor` is where to go on; it never passes a row that comes later.

    `after_digest` is the digest of the row at the cursor that was asked with: another one than was told when that row
    was read means that the log is not the one it was. Empty at the beginning of the log.
    """

    items: list[FeedEvent]
    next_cursor: str
    has_more: bool
    after_digest: str


class DigestNode(BaseModel):
    """A node of the digest tree: the cases under it, and how many of them have rows that do not follow from each other."""

    prefix: str
    cases: int
    unsound: int
    digest: str


class DigestLeaf(BaseModel):
    """Where one case stands: its last row, and the links of both chains after it."""

    case_id: str
    seq: int
    sm3: str
    sha256: str
    sound: bool


class Digests(BaseModel):
    """A node of the digest tree at a position of the log, with what is below it: nodes, or the cases of a bucket.

    `last` is where the log ends. While `position` is before it, asking again brings the tree further. `algorithm` names
    hash, fan-out, depth and the encoding of nodes.
    """

    service: str
    algorithm: str
    position: int
    last: int
    node: DigestNode
    children: list[DigestNode]
    leaves: list[DigestLeaf]


class RowProof(BaseModel):
    """A row as it is stored, text and links, for whoever computes its chain again."""

    seq: int
    feed_seq: int
    body: str
    sm3: str
    sha256: str


class RowProofs(BaseModel):
    """The rows of a case up to a position of the log, in order."""

    items: list[RowProof]


class Health(BaseModel):
    """Whether the service can do its work."""

    status: str
    service: str


@dataclass(slots=True)
class Service:
    """What a route may use. Made at start-up, one per process."""

    name: str
    engine: AsyncEngine
    desk: Desk
    domain: Domain
    policy: Policy
    clock: Clock
    settings: Settings
    bell: "Bell"
    #: The cases of things that were asked for lately; a thing never goes to another case.
    case_ids: dict[str, str] = field(default_factory=dict)

    async def see(self, case_id: str, actor: Actor, subject: str = "") -> Head:
        """A case for this actor's eyes, without what is sealed; what is read under a permit is written down.

        Raises: NotFound; Sealed where nothing is left of the case, or of the subject that is asked for.
        """
        head = await self.desk.head(case_id)
        state, today = head.state, local_date(self.clock.now())
        sealed = seal.sealed(state)
        opened = {each for each in sealed if seal.readable(state, each, actor.organ_id, today)}
        if not state or not (opened or self.policy.may_see(actor, state)):
            raise NotFound("没有此案，或者不在本机关可见范围内。", "no such case, or not for this organ's eyes")
        if not sealed or self.policy.may_read_feeds(actor):
            return head
        closed = sealed - opened
        if subject in closed or seal.is_closed(state, case_id, closed):
            raise seal.refusal(self.domain.code, head.version)
        if opened:
            async with raw(self.engine) as connection:
                await log.note_access(connection, case_id, sorted(opened), actor, self.clock.now())
        return replace(head, state=seal.without(state, closed)) if closed else head

    async def case_of(self, thing_id: str) -> str:
        """The case of a custody, an item or a package. Raises: NotFound."""
        case_id = self.case_ids.get(thing_id)
        if case_id is None:
            async with raw(self.engine) as connection:
                case_id = await log.case_of(connection, thing_id)
        if case_id is None:
            # The words of `see`: whoever may not see a thing must not learn that it is there.
            raise NotFound("没有此案，或者不在本机关可见范围内。", "no such case, or not for this organ's eyes")
        if len(self.case_ids) >= _REMEMBERED:
            self.case_ids.clear()
        self.case_ids[thing_id] = case_id
        return case_id

    def check_step(self, step: str, kind: str) -> None:
        """That this service takes such a step on a thing of this kind.

        To be asked before the thing is looked for: what is wrong with the question must not tell whether it is there.
        Raises: UnknownStep.
        """
        rule = self.domain.code.rules.get(step)
        if rule is None or rule.line != kind or rule.kept_by != self.name:
            raise UnknownStep(
                f"没有名为“{step}”的步骤，或者不在此办理。", f"no step {step} here", params={"step": step}
            )


class Bell:
    """Rung by the database whenever rows are committed."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self, *_: object) -> None:
        """Wake whoever waits."""
        self._rung.set()
        self._rung = asyncio.Event()

    async def wait(self, seconds: float) -> None:
        """Until the bell or until so many seconds have passed."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._rung.wait(), seconds)


def current_service(request: Request) -> Service:
    """The service that a route belongs to."""
    service: Service = request.app.state.service
    return service


CurrentService = Annotated[Service, Depends(current_service)]


def engine_for(url: str, pool_size: int) -> AsyncEngine:
    """An engine on asyncpg for a postgresql:// URL, whichever driver the URL names."""
    parsed = make_url(url).set(drivername="postgresql+asyncpg")
    query = {name: value for name, value in parsed.query.items() if name != "sslmode"}
    connect_args = {"ssl": False} if parsed.query.get("sslmode") == "disable" else {}
    engine = create_async_engine(
        parsed.set(query=query), pool_size=pool_size, max_overflow=pool_size, pool_timeout=5, connect_args=connect_args
    )
    event.listen(engine.sync_engine, "checkout", _only_living)
    return engine


def _only_living(connection: Any, *_: object) -> None:
    # What breaks under `raw` breaks behind SQLAlchemy's back: unasked, the pool would hand it out for ever.
    if connection.driver_connection.is_closed():
        raise DisconnectionError


def make_app(
    domain: Domain,
    policy: Policy,
    settings: Settings,
    *routers: APIRouter,
    title: str,
    clock: Clock | None = None,
    keeps_log: bool = True,
) -> FastAPI:
    """The app of one service; one that only reads others' logs keeps none."""

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        engine = engine_for(settings.database_url.get_secret_value(), settings.pool_size)
        ticking = clock or SystemClock()
        desk = Desk(engine, domain, policy, ticking)
        bell = Bell()
        app.state.service = Service(domain.service, engine, desk, domain, policy, ticking, settings, bell)
        app.state.reader = Reader(settings.jwks)
        await desk.start()
        listening = asyncio.create_task(_listen(engine, bell))
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 50, 50)
        try:
            yield
        finally:
            await desk.stop()
            listening.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await listening
            await engine.dispose()

    kept = (_feed(domain.service), _digests(domain.service)) if keeps_log else ()
    common = (_health(domain.service), *kept)
    app = ServiceApp(
        *routers,
        *common,
        title=title,
        version="1",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        separate_input_output_schemas=False,
    )
    for away in (*AWAY, DBAPIError):
        app.add_exception_handler(away, _say_not_ready)
    return app


def _say_not_ready(request: Request, error: Exception) -> Response:
    if isinstance(error, DBAPIError) and not error.connection_invalidated:
        raise error
    refusal = NotReady("数据库暂时不可用。", "the database cannot be reached")
    return problem(refusal, request.url.path, request.scope["request_id"], language(dict(request.scope["headers"])))


async def _listen(engine: AsyncEngine, bell: Bell) -> None:
    while True:
        try:
            async with raw(engine) as connection:
                await connection.add_listener(log.CHANNEL, bell.ring)
                while True:  # asked for, not slept through: a dead connection must be noticed
                    await connection.fetchval("SELECT 1")
                    await asyncio.sleep(_LOOK_AGAIN)
        except (NotReady, asyncpg.PostgresError):
            await asyncio.sleep(_LOOK_AGAIN)


def _prefix(name: str) -> str:
    """The first word of a service's operation ids: custody_transfer → custodyTransfer."""
    words = name.split("_")
    return words[0] + "".join(word.title() for word in words[1:])


def _feed(name: str) -> APIRouter:
    router = APIRouter()

    @router.get(
        f"/v1/feeds/{name}/events",
        response_model=FeedPage,
        responses={**READ_PROBLEMS, 409: ACT_PROBLEMS[409]},
        operation_id=f"{_prefix(name)}_readFeed",
        tags=["feeds"],
        summary="读取事件流",
    )
    async def read_feed(
        service: CurrentService,
        actor: CurrentActor,
        after: Annotated[str, Query(max_length=20, pattern=r"^\d*$")] = "0",
        limit: Annotated[int, Query(ge=1, le=5000)] = 500,
        wait: Annotated[float, Query(ge=0, le=LONGEST_WAIT)] = 0,
    ) -> Response:
        """Rows numbered after a cursor, in order, without a gap; waits for news if asked to."""
        if not service.policy.may_read_feeds(actor):
            raise NotAllowed("本岗位无权读取整个事件流。", "this role may not read whole feeds")
        return Response(await _page(service, int(after or 0), limit, wait), media_type="application/json")

    return router


def _digests(name: str) -> APIRouter:
    router = APIRouter()
    shown: dict[str, Any] = {"responses": {**READ_PROBLEMS, 412: ACT_PROBLEMS[412]}, "tags": ["digests"]}

    @router.get(f"/v1/digests/{name}", operation_id=f"{_prefix(name)}_readDigests", summary="摘要树", **shown)
    async def read_digests(
        service: CurrentService,
        actor: CurrentActor,
        prefix: Annotated[str, Query(max_length=tree.DEPTH, pattern=r"^[0-9a-f]*$")] = "",
        at: Annotated[int | None, Query(ge=0, lt=1 << 63)] = None,
        fresh: Annotated[bool, Query()] = False,
    ) -> Digests:
        """A node of the digest tree. Without `at`, the tree is brought up to the log first.

        `fresh` reads every row of the cases under the prefix anew, or of all where the log is not too long for that.
        A tree that stands elsewhere than `at` is refused (412).
        """
        _may_read_log(service, actor)
        async with raw(service.engine) as connection:
            last = await log.last(connection)
            if fresh and len(prefix) < digests.FRESH_DIGITS and (prefix or last > digests.WHOLE):
                raise Malformed(
                    "一次重读的范围过大，prefix须有两位以上。",
                    "a prefix of two digits or more is needed to read anew",
                    errors=[{"pointer": "/query/prefix", "code": "too_short"}],
                )
            if fresh:
                await digests.read_anew(connection, digests.LOG, name, prefix)
            elif at is None:
                await digests.advance(connection, digests.LOG, name, last)
            async with connection.transaction(isolation="repeatable_read", readonly=True):
                found = await _subtree(connection, name, prefix, last)
        if at is not None and found.position != at:
            raise Stale("摘要树已不在所指位置。", "the tree stands elsewhere now", params={"position": found.position})
        return found

    @router.get(
        f"/v1/digests/{name}/cases/{{case_id}}",
        operation_id=f"{_prefix(name)}_readRowProofs",
        summary="一案的记录与链",
        **shown,
    )
    async def read_rows(
        service: CurrentService,
        actor: CurrentActor,
        case_id: Id,
        at: Annotated[int, Query(ge=0, lt=1 << 63)],
    ) -> RowProofs:
        """The rows of a case up to a position of the log, as they are stored."""
        _may_read_log(service, actor)
        async with raw(service.engine) as connection:
            rows = await log.history(connection, case_id)
        return RowProofs(
            items=[
                RowProof(
                    seq=row["seq"],
                    feed_seq=row["feed_seq"],
                    body=row["body"],
                    sm3=row["sm3"].hex(),
                    sha256=row["sha256"].hex(),
                )
                for row in rows
                if row["feed_seq"] <= at
            ]
        )

    return router


def _may_read_log(service: Service, actor: Actor) -> None:
    if not service.policy.may_read_feeds(actor):
        raise NotAllowed("本岗位无权读取整个事件流。", "this role may not read whole feeds")


async def _subtree(connection: log.Connection, name: str, prefix: str, last: int) -> Digests:
    leaves = await digests.leaves(connection, name, prefix) if len(prefix) == tree.DEPTH else []
    return Digests(
        service=name,
        algorithm=tree.ALGORITHM,
        position=await digests.position(connection, name),
        last=last,
        node=DigestNode(**asdict(await digests.node(connection, name, prefix))),
        children=[DigestNode(**asdict(each)) for each in await digests.children(connection, name, prefix)],
        leaves=[
            DigestLeaf(
                case_id=leaf.case_id, seq=leaf.seq, sm3=leaf.sm3.hex(), sha256=leaf.sha256.hex(), sound=leaf.sound
            )
            for leaf in leaves
        ],
    )


def _health(name: str) -> APIRouter:
    router = APIRouter()

    @router.get(
        f"/v1/health/{name}",
        operation_id=f"{_prefix(name)}_readHealth",
        tags=["health"],
        summary="健康状况",
        responses=READ_PROBLEMS,
    )
    async def read_health(service: CurrentService) -> Health:
        """Ready when the database answers."""
        async with service.engine.connect() as connection:
            await connection.execute(text("SELECT 1"))
        return Health(status="ready", service=name)

    return router


async def _page(service: Service, after: int, limit: int, wait: float) -> str:
    remaining = wait
    if after >= 1 << 63:
        raise Malformed(
            "游标不成立。", "no such cursor", errors=[{"pointer": "/query/after", "code": "cursor_invalid"}]
        )
    while True:
        async with raw(service.engine) as connection:
            rows = await log.feed(connection, after, limit)
            last = after if rows else await log.last(connection)
            link = await log.link_at(connection, after)
        if after > last:
            raise CursorAhead(
                "这个游标在本记录中从未给出：记录止于其前，可能是从旧备份恢复的。",
                "this log never gave out the cursor: it ends before, and may have been restored from an old backup",
                params={"last": last},
            )
        if rows or remaining <= 0:
            break
        await service.bell.wait(min(remaining, _LOOK_AGAIN))
        remaining -= _LOOK_AGAIN
    return feed.page(service.name, rows, after, link, has_more=len(rows) == limit)


def command(case_id: str, new: TransitionCreate, call: Call, **more: Any) -> TakeStep:
    """The command that a request body and its headers make."""
    given: dict[str, Any] = {
        "case_id": case_id,
        "type": new.type,
        "actor": call.actor,
        "key": call.key,
        "fingerprint": call.fingerprint,
        "version": call.version,
        "subjects": tuple(new.subjects),
        "documents": tuple({name: value for name, value in paper if value is not None} for paper in new.documents),
        "document_ids": tuple(new.document_ids),
        "facts": new.facts,
        "occurred": new.occurred_at or "",
        "reason": new.reason or "",
        "to_organ": new.to_organ or "",
        "inferred": new.inferred,
    }
    return TakeStep(**{**given, **more})


def taken(result: Taken, *, location: str, dry_run: bool = False) -> Answer:
    """The answer to a step that was taken, taken before, or asked about."""
    headers: tuple[tuple[str, str], ...] = (("ETag", f'"v{result.version}"'), ("Location", location))
    if result.replayed:
        headers = (*headers, ("Idempotency-Replayed", "true"))
    return Answer(200 if dry_run else 201, result.text, headers)


async def take_each(service: Service, asked: Sequence[tuple[str, TakeStep | Refused, bool]]) -> Answer:
    """Many steps, each taken (or only asked about) and answered by itself. Shape: key, step, dry run."""
    steps = [(step, dry_run) for _, step, dry_run in asked if isinstance(step, TakeStep)]
    results = iter(await service.desk.take_all(steps))
    items = [
        _one_of_many(key, step if isinstance(step, Refused) else next(results), dry_run=dry_run)
        for key, step, dry_run in asked
    ]
    return Answer(207, f'{{"items":[{",".join(items)}]}}')


def _one_of_many(key: str, result: Taken | Refused, *, dry_run: bool) -> str:
    if isinstance(result, Refused):
        status = PROBLEMS[result.code]["status"]
        told = {"key": key, "status": status, "code": result.code, "detail": result.zh, "law_ref": result.law_ref}
        return encode(told)
    told = {"key": key, "status": 200 if dry_run else 201, "replayed": result.replayed}
    return f'{encode(told)[:-1]},"transition":{result.text}}}'


def policy_beside(file: str) -> Policy:
    """The `policy.yaml` beside a module."""
    return Policy.read(Path(file).parent / "policy.yaml")


def available_now(
    service: Service, head: Head, actor: Actor, subject: str | None = None, *, also_unmet: bool = False
) -> dict[str, Any]:
    """What this actor may do now, for the whole case or for one subject of it; what they may not, if that is asked too.

    When the limits end is for the coordinator to say, who alone reads all logs: `forecast` is where.
    """
    asked: dict[str, Any] = {
        "domain": service.domain,
        "policy": service.policy,
        "at": service.clock.now(),
        "only": subject or "",
    }
    return {
        "items": available(head, actor, **asked),
        "unmet": unmet(head, actor, **asked) if also_unmet else None,
        "version": f"v{head.version}",
        "forecast": f"/v1/cases/{head.case_id}/forecast",
    }
