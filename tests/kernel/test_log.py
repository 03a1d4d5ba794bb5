"""The log on a real PostgreSQL: nothing is lost, nothing is counted twice, and no change to it stays unseen.

Two desks stand for two replicas of one service: each has its own connections and knows of the other only through the log.
"""

import asyncio
import contextlib
import json
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from migrations.run import upgrade
from services.case_flow.domain import CaseFlow
from services.kernel import log
from services.kernel.clock import HandClock
from services.kernel.errors import NotReady, OutOfOrder, Refused, Stale, UnknownStep
from services.kernel.policy import Policy
from services.kernel.record import Domain, Head, TakeStep
from services.kernel.service import engine_for
from services.kernel.transition import Links, new_id, sm3
from services.kernel.who import Actor, Organ
from services.kernel.work import Desk, Taken, raw
from singletrack.ledger import check_services
from singletrack.postgres import EmbeddedPostgres, Server, ensure_database

POLICY = Policy.read(Path(__file__).parents[2] / "services/case_flow/policy.yaml")
OFFICER = Actor("pol-330106", Organ.POLICE, "officer", "ofc-1", "pol-330106-system")


@pytest.fixture(scope="module")
def ground() -> Iterator[Path]:
    """Somewhere the database's user can pass through."""
    folder = Path(tempfile.mkdtemp(prefix="singletrack-log-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def server(ground: Path) -> Iterator[Server]:
    """One server for all that does not stop it."""
    with EmbeddedPostgres(ground / "shared", durable=False) as running:
        asyncio.run(_prepare(running))
        yield running


async def _prepare(server: Server) -> None:
    await ensure_database(server, "case_flow", "log_owner", "o", "log_runtime", "r")
    await asyncio.to_thread(
        upgrade, "case_flow", server.url("case_flow", user="log_owner", password="o"), "log_runtime"
    )


_EMPTY = """
ALTER TABLE log DISABLE TRIGGER log_refuses_change;
TRUNCATE log, stream, thing, relation;
UPDATE feed_head SET last = 0;
ALTER TABLE log ENABLE ALWAYS TRIGGER log_refuses_change;
"""


@dataclass
class Database:
    """The database of case_flow, seen as each of its roles."""

    server: Server

    @property
    def runtime(self) -> str:
        return self.server.url("case_flow", user="log_runtime", password="r")

    @property
    def owner(self) -> str:
        return self.server.url("case_flow", user="log_owner", password="o")

    @property
    def superuser(self) -> str:
        return self.server.url("case_flow")

    async def rows(self) -> list[asyncpg.Record]:
        """The whole log, in the order of the feed."""
        async with connected(self.runtime) as connection:
            return await connection.fetch("SELECT * FROM log ORDER BY feed_seq")

    async def checked(self) -> list[str]:
        """What `singletrack ledger check` says against it."""
        found = await asyncio.to_thread(check_services, {"case_flow": self.runtime})
        return found["case_flow"].violations

    async def tampered(self, statement: str, *words: object) -> None:
        """A change by somebody who may do everything, and knows of the trigger."""
        async with connected(self.superuser) as connection:
            await connection.execute("ALTER TABLE log DISABLE TRIGGER log_refuses_change")
            assert await connection.execute(statement, *words) in {"UPDATE 1", "DELETE 1"}
            await connection.execute("ALTER TABLE log ENABLE ALWAYS TRIGGER log_refuses_change")


@contextlib.asynccontextmanager
async def connected(url: str) -> AsyncIterator[log.Connection]:
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


@pytest.fixture
async def database(server: Server) -> Database:
    """Empty tables."""
    made = Database(server)
    async with connected(made.superuser) as connection:
        await connection.execute(_EMPTY)
    return made


@contextlib.asynccontextmanager
async def desk_on(url: str, domain: Domain | None = None) -> AsyncIterator[Desk]:
    """A replica of the service, with a hand-turned clock."""
    engine: AsyncEngine = engine_for(url, 4)
    desk = Desk(engine, domain or CaseFlow(), POLICY, HandClock(datetime(2026, 3, 16, 6, tzinfo=UTC)))
    await desk.start()
    try:
        yield desk
    finally:
        await desk.stop()
        await engine.dispose()


@pytest.fixture
async def desk(database: Database) -> AsyncIterator[Desk]:
    async with desk_on(database.runtime) as made:
        yield made


@pytest.fixture
async def other(database: Database) -> AsyncIterator[Desk]:
    """Another replica on the same database."""
    async with desk_on(database.runtime) as made:
        yield made


def step(case_id: str, type_: str = "case_record:add_person", **given: Any) -> TakeStep:
    """A step of an officer, under a key of its own."""
    key = given.pop("key", "") or new_id("key")
    told = {"facts": {"label": "犯罪嫌疑人甲"}, **given}
    return TakeStep(
        case_id=case_id, type=type_, actor=OFFICER, key=key, **{"fingerprint": sm3(key.encode()).hex(), **told}
    )


async def opened(desk: Desk, number: int) -> list[str]:
    """So many cases."""
    cases = [new_id("case") for _ in range(number)]
    await asyncio.gather(*(desk.take(step(case_id, "case_record:open", facts={})) for case_id in cases))
    return cases


async def answers(*asked: Any) -> list[Taken | Refused]:
    """What came of each."""
    found = await asyncio.gather(*asked, return_exceptions=True)
    assert all(isinstance(each, Taken | Refused) for each in found), found
    return [each for each in found if isinstance(each, Taken | Refused)]


async def busy(desk: Desk, other: Desk) -> list[Taken | Refused]:
    """Both desks on the same eight cases and on cases of their own, all at once; some on a version that soon is old."""
    shared = await opened(desk, 8)

    async def clerk(at: Desk, number: int) -> list[Taken | Refused]:
        own = new_id("case")
        told = await answers(at.take(step(own, "case_record:open", facts={})))
        for turn in range(6):
            case_id = shared[(number + turn) % len(shared)]
            version = (await at.head(case_id)).version
            told += await answers(
                at.take(step(case_id)),
                at.take(step(case_id, version=version)),
                at.take(step(own)),
                at.take(step(own, "nothing:here")),
            )
        return told

    told = await asyncio.gather(*(clerk(at, number) for at in (desk, other) for number in range(6)))
    return [each for clerks in told for each in clerks]


async def test_every_answer_is_in_the_log_exactly_once(database: Database, desk: Desk, other: Desk) -> None:
    """凡答复已经办理的，记录中有且只有一次；凡答复不予办理的，记录中没有。"""
    told = await busy(desk, other)

    rows = await database.rows()
    taken = [each for each in told if isinstance(each, Taken)]
    assert {type(each) for each in told if isinstance(each, Refused)} == {Stale, UnknownStep}
    assert len({each.text for each in taken}) == len(taken)
    assert sorted(each.text for each in taken) == sorted(row["body"] for row in rows[8:])
    assert [row["feed_seq"] for row in rows] == list(range(1, len(rows) + 1))


async def test_each_case_is_numbered_and_chained_without_a_gap(database: Database, desk: Desk, other: Desk) -> None:
    """每案从一开始连续编号，前后相连，任何人都可以重新计算。"""
    await busy(desk, other)

    by_case: dict[str, list[asyncpg.Record]] = {}
    for row in await database.rows():
        by_case.setdefault(row["case_id"], []).append(row)
    for case_id, rows in by_case.items():
        links = Links()
        for number, row in enumerate(rows, 1):
            links = links.after(row["body"])
            assert (row["seq"], row["sm3"], row["sha256"]) == (number, links.sm3, links.sha256)
        assert (await desk.head(case_id)).version == len(rows)
    assert await database.checked() == []


async def test_a_follower_that_reads_all_the_while_misses_nothing(database: Database, desk: Desk, other: Desk) -> None:
    """一边办理一边读取的，一行不漏，一行不重，先后不乱。"""
    read: list[int] = []

    async def follow() -> None:
        async with connected(database.runtime) as connection:
            while True:
                read.extend(row["feed_seq"] for row in await log.feed(connection, read[-1] if read else 0, 7))
                await asyncio.sleep(0)

    following = asyncio.create_task(follow())
    await busy(desk, other)
    total = len(await database.rows())
    async with asyncio.timeout(20):
        while len(read) < total:
            await asyncio.sleep(0.01)
    following.cancel()

    assert read == list(range(1, total + 1))


async def test_one_key_one_effect(database: Database, desk: Desk, other: Desk) -> None:
    """同一客户以同一幂等键同时向两处提交的，只办理一次，两处答复相同。"""
    (case_id,) = await opened(desk, 1)

    for _ in range(25):
        twin = step(case_id)
        first, second = await answers(desk.take(twin), other.take(twin))
        assert isinstance(first, Taken)
        assert isinstance(second, Taken)
        assert (first.text, first.version) == (second.text, second.version)
        assert sorted([first.replayed, second.replayed]) == [False, True]

    assert [row["feed_seq"] for row in await database.rows()] == list(range(1, 27))
    assert await database.checked() == []


async def test_one_key_opens_one_case(database: Database, desk: Desk, other: Desk) -> None:
    """重复提交的建案，找到的是第一次建立的案件。"""
    for _ in range(15):
        key = new_id("key")
        twins = [step(new_id("case"), "case_record:open", facts={}, key=key) for _ in range(4)]
        told = await answers(*(at.take(twin) for at, twin in zip((desk, other, desk, other), twins, strict=True)))
        assert len({each.case_id for each in told if isinstance(each, Taken)}) == 1
        assert sum(not each.replayed for each in told if isinstance(each, Taken)) == 1

    assert len(await database.rows()) == 15


async def test_one_key_for_two_requests(desk: Desk, other: Desk) -> None:
    """同一幂等键不得用于两项不同的请求：一项办理，另一项说明原因。"""
    (case_id,) = await opened(desk, 1)

    for _ in range(15):
        key = new_id("key")
        told = await answers(
            desk.take(step(case_id, key=key, fingerprint="00")), other.take(step(case_id, key=key, fingerprint="01"))
        )
        assert sorted(type(each).__name__ for each in told) == ["KeyReused", "Taken"]


async def test_keys_are_counted_for_each_client(desk: Desk) -> None:
    """不同的客户可以用同样的键。"""
    (case_id,) = await opened(desk, 1)
    mine = step(case_id, key="the-same-key")
    theirs = TakeStep(**{**_fields(mine), "actor": Actor("pol-330106", Organ.POLICE, "officer", "ofc-2", "another")})

    first, second = await answers(desk.take(mine), desk.take(theirs))

    assert isinstance(first, Taken)
    assert isinstance(second, Taken)
    assert first.text != second.text


def _fields(command: TakeStep) -> dict[str, Any]:
    return {name: getattr(command, name) for name in TakeStep.__slots__}


async def test_a_refusal_leaves_the_key_free(desk: Desk) -> None:
    """不予办理的，改正以后可以用原来的键重新提交。"""
    (case_id,) = await opened(desk, 1)
    key = new_id("key")

    with pytest.raises(OutOfOrder):
        await desk.take(step(case_id, "case_record:open", key=key))
    taken = await desk.take(step(case_id, key=key, fingerprint="02"))

    assert not taken.replayed


async def test_asking_writes_nothing(database: Database, desk: Desk) -> None:
    """试办的答复与办理一样，而什么都不记录；其后以同一键办理，不算重复。"""
    (case_id,) = await opened(desk, 1)
    asked = step(case_id)

    dry = await desk.take(asked, dry_run=True)
    wet = await desk.take(asked)

    same = ("type", "moves", "seq", "subjects", "organ", "law_ref")
    assert [json.loads(dry.text)[name] for name in same] == [json.loads(wet.text)[name] for name in same]
    assert (dry.version, wet.version, wet.replayed) == (2, 2, False)
    assert len(await database.rows()) == 2


async def test_papers_are_known_by_their_ids(desk: Desk) -> None:
    """本案先前提交的文书，凭编号即可；他案的文书不能借用。"""
    mine, theirs = await opened(desk, 2)
    handed_in = {}
    for case_id in (mine, theirs):
        papers = (
            {"kind": "incident_report_receipt"},
            {"kind": "case_acceptance_form"},
            {"kind": "case_acceptance_receipt"},
        )
        row = await desk.take(step(case_id, "case_intake:accept", documents=papers))
        await desk.take(step(case_id, documents=({"kind": "filing_decision"}, {"kind": "filing_report"})))
        handed_in[case_id] = json.loads(row.text)["documents"][0]["id"]
    file = step(mine, "case_intake:file", document_ids=(handed_in[theirs],))

    with pytest.raises(Refused) as refused:
        await desk.take(
            TakeStep(**{**_fields(file), "actor": Actor("pol-330106", Organ.POLICE, "county_head", "o", "c")})
        )

    assert refused.value.errors == [{"pointer": "/document_ids", "code": "unknown_document"}]


# One command, and the others that wait with it.


class Fragile(CaseFlow):
    """A domain in which somebody has made a mistake."""

    def outcome(self, head: Head, command: TakeStep, body: Mapping[str, Any]) -> Mapping[str, Any]:
        if command.facts.get("label") == "mistake":
            raise ZeroDivisionError("nobody foresaw this")
        return super().outcome(head, command, body)


async def test_a_mistake_in_one_command_stops_no_other(database: Database) -> None:
    """一项请求出错，不妨碍与它同时提交的，也不妨碍其后的。"""
    async with desk_on(database.runtime, Fragile()) as desk, asyncio.timeout(10):
        (case_id,) = await opened(desk, 1)
        asked = [step(case_id), step(case_id, facts={"label": "mistake"}), step(case_id)]

        told = await asyncio.gather(*(desk.take(each) for each in asked), return_exceptions=True)
        later = await desk.take(step(case_id))

    assert [type(each) for each in told] == [Taken, ZeroDivisionError, Taken]
    assert later.version == 4


async def test_a_caller_who_goes_away_takes_nobody_along(database: Database, desk: Desk) -> None:
    """等不及而离去的，不影响他人；其请求办理与否，凭同一键可知。"""
    (case_id,) = await opened(desk, 1)
    asked = [step(case_id) for _ in range(20)]
    waiting = [asyncio.create_task(desk.take(each)) for each in asked]
    await asyncio.sleep(0)
    for each in waiting[::2]:
        each.cancel()

    told = await asyncio.gather(*waiting[1::2])
    again = await answers(*(desk.take(each) for each in asked))

    assert all(
        isinstance(each, Taken) and each.text == first.text for each, first in zip(again[1::2], told, strict=True)
    )
    assert len(await database.rows()) == 21


async def test_what_was_handed_in_is_finished_before_closing(database: Database) -> None:
    """已经提交的办完，再停止。"""
    async with desk_on(database.runtime) as desk, asyncio.timeout(20):
        (case_id,) = await opened(desk, 1)
        waiting = [asyncio.create_task(desk.take(step(case_id))) for _ in range(50)]
        await asyncio.sleep(0)
        await desk.stop()
        told = await asyncio.gather(*waiting)

    assert len({each.text for each in told}) == 50
    assert len(await database.rows()) == 51


# PostgreSQL goes away and comes back.


class Line:
    """The way to a server that may be somewhere else after each start."""

    def __init__(self) -> None:
        self.port = 0
        self._ends: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[int]:
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()
            self.cut()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await server.wait_closed()

    def cut(self) -> None:
        """Every connection breaks, without a word."""
        for end in list(self._ends):
            end.transport.abort()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._ends.add(writer)
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self.port)
            self._ends.add(back)
            try:
                await asyncio.gather(self._pass(reader, back), self._pass(there, writer))
            finally:
                self._ends.discard(back)
                back.close()
        except OSError:
            pass
        finally:
            self._ends.discard(writer)
            self._tasks.discard(task)
            writer.close()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(1 << 16):
                writer.write(data)
                await writer.drain()
        writer.close()


@pytest.fixture
async def line(server: Server) -> AsyncIterator[tuple[Line, int]]:
    """A line to the shared server, and the port on which it is taken up."""
    made = Line()
    made.port = server.port
    async with made.listening() as port:
        yield made, port


async def test_a_broken_line_is_taken_up_again(database: Database, line: tuple[Line, int]) -> None:
    """连接中断的，等待中的请求得到答复，以后的照常办理；重复提交，不会办理两次。"""
    broken, port = line
    url = Server("127.0.0.1", port, "", "").url("case_flow", user="log_runtime", password="r")
    async with desk_on(url) as desk, asyncio.timeout(60):
        cases = await opened(desk, 4)
        asked = [step(case_id) for case_id in cases for _ in range(10)]
        told: list[Taken | Refused] = []
        for start in range(0, len(asked), 8):
            waiting = [asyncio.create_task(desk.take(each)) for each in asked[start : start + 8]]
            await asyncio.sleep(0.001 * start)
            broken.cut()
            told += await answers(*waiting)
        assert {type(each) for each in told} <= {Taken, NotReady}
        done = [await persist(desk, each) for each in asked]

    assert len({each.text for each in done}) == len(asked)
    assert len(await database.rows()) == len(asked) + 4
    assert await database.checked() == []


async def test_a_line_that_broke_while_nothing_was_asked(database: Database, line: tuple[Line, int]) -> None:
    """空闲时中断过的，下一项请求照常办理，下一次读取照常。"""
    broken, port = line
    url = Server("127.0.0.1", port, "", "").url("case_flow", user="log_runtime", password="r")
    async with desk_on(url) as desk, asyncio.timeout(20):
        (case_id,) = await opened(desk, 1)
        for version in range(2, 8):
            broken.cut()
            await asyncio.sleep(0.05)
            taken = await desk.take(step(case_id))
            broken.cut()
            await asyncio.sleep(0.05)
            assert taken.version == (await desk.head(case_id)).version == version


async def persist(desk: Desk, command: TakeStep) -> Taken:
    """As a client does: again, with the same key, until there is an answer."""
    while True:
        try:
            return await desk.take(command)
        except NotReady:
            await asyncio.sleep(0.05)


async def test_postgresql_stopped_and_started_again(ground: Path) -> None:
    """数据库停止期间，答复“暂不可用”；恢复以后，读写如常，无须重启。"""
    postgres, line = EmbeddedPostgres(ground / "stopped", durable=False), Line()
    server = await asyncio.to_thread(postgres.start)
    try:
        await _prepare(server)
        async with line.listening() as port, asyncio.timeout(100):
            line.port = server.port
            async with desk_on(
                Server("127.0.0.1", port, "", "").url("case_flow", user="log_runtime", password="r")
            ) as desk:
                (case_id,) = await opened(desk, 1)
                heads = await asyncio.gather(
                    *(desk.head(case_id) for _ in range(8))
                )  # as many connections as there may be
                await asyncio.to_thread(postgres.stop)
                line.cut()
                asked = [step(case_id) for _ in range(5)]
                told = await answers(*(desk.take(each) for each in asked))
                line.port = (await asyncio.to_thread(postgres.start)).port
                done = [await persist(desk, each) for each in asked]
                found = [await desk.head(case_id) for _ in range(12)]
        assert [head.version for head in heads] == [1] * 8
        assert {type(each) for each in told} == {NotReady}
        assert len({each.text for each in done}) == 5
        assert [head.version for head in found] == [6] * 12
    finally:
        await asyncio.to_thread(postgres.stop)


# Nobody changes what is written.

CHANGES = ("UPDATE log SET body = body", "DELETE FROM log", "TRUNCATE log")


@pytest.mark.parametrize(
    "statement", [*CHANGES, "ALTER TABLE log DISABLE TRIGGER log_refuses_change", "DROP TABLE log"]
)
async def test_the_role_that_serves_may_only_append(database: Database, desk: Desk, statement: str) -> None:
    """运行服务的角色只能追加。"""
    await opened(desk, 1)

    async with connected(database.runtime) as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)


@pytest.mark.parametrize("statement", CHANGES)
@pytest.mark.parametrize("who", ["owner", "superuser", "superuser as a replica"])
async def test_nobody_changes_the_log_by_mistake(database: Database, desk: Desk, statement: str, who: str) -> None:
    """所有者和超级用户也只能追加：更改、删除、清空一律拒绝，并说明应当如何更正。"""
    await opened(desk, 1)

    async with connected(database.owner if who == "owner" else database.superuser) as connection:
        if who.endswith("replica"):
            await connection.execute("SET session_replication_role = replica")
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="记录只能追加") as refused:
            await connection.execute(statement)

    assert refused.value.hint.startswith("Correct a step by taking another step")
    assert len(await database.rows()) == 1


# Whoever changes it all the same is found out.


def flipped(text: bytes, place: int) -> bytes:
    """One bit of one byte of ASCII the other way."""
    return text[:place] + bytes([text[place] ^ 1]) + text[place + 1 :]


def ascii_place(text: str, mark: str, offset: int = 0) -> int:
    """Where a mark stands, in bytes."""
    return text.encode().index(mark.encode()) + offset


PLACES: dict[str, Callable[[str], int]] = {
    "a brace": lambda text: 0,
    "a quote": lambda text: 1,
    "a field's name": lambda text: ascii_place(text, '"moves"', 2),
    "the step": lambda text: ascii_place(text, "add_person", 1),
    "the organ": lambda text: ascii_place(text, "pol-330106", 9),
    "the number": lambda text: ascii_place(text, '"seq":', 6),
    "the day": lambda text: ascii_place(text, '"occurred_at":"', 24),
    "the end": lambda text: len(text.encode()) - 1,
}


@pytest.fixture
async def sound(database: Database, desk: Desk) -> str:
    """A case of five rows in a sound log; its id."""
    cases = await opened(desk, 2)
    for case_id in cases * 4:
        await desk.take(step(case_id, private={"name": "王五"}))
    assert await database.checked() == []
    return cases[0]


@pytest.mark.parametrize("seq", [2, 5])
@pytest.mark.parametrize("place", PLACES)
async def test_one_changed_byte_of_a_row_is_named(database: Database, sound: str, place: str, seq: int) -> None:
    """改动一行中的一个字节，检查即指出是哪一案的哪一行。"""
    row = next(each for each in await database.rows() if (each["case_id"], each["seq"]) == (sound, seq))
    changed = flipped(row["body"].encode(), PLACES[place](row["body"])).decode()

    await database.tampered("UPDATE log SET body = $1 WHERE case_id = $2 AND seq = $3", changed, sound, seq)

    assert any(each.startswith(f"{sound} row {seq}: LED-03") for each in await database.checked())


@pytest.mark.parametrize("column", ["sm3", "sha256"])
@pytest.mark.parametrize("seq", [1, 3, 5])
async def test_one_changed_byte_of_a_link_is_named(database: Database, sound: str, column: str, seq: int) -> None:
    """改动链上的一个字节，检查即指出。"""
    row = next(each for each in await database.rows() if (each["case_id"], each["seq"]) == (sound, seq))

    await database.tampered(
        f"UPDATE log SET {column} = $1 WHERE case_id = $2 AND seq = $3", flipped(row[column], 7), sound, seq
    )

    assert f"{sound} row {seq}: LED-03 the hash chain breaks" in await database.checked()


async def test_a_chain_made_anew_over_a_changed_row_does_not_fit_the_next(database: Database, sound: str) -> None:
    """改了一行又重算该行的摘要，接不上下一行。"""
    rows = [each for each in await database.rows() if each["case_id"] == sound]
    body = rows[2]["body"].replace("pol-330106", "pol-330107")
    links = Links(rows[1]["sm3"], rows[1]["sha256"]).after(body)

    await database.tampered(
        "UPDATE log SET body = $1, sm3 = $2, sha256 = $3 WHERE case_id = $4 AND seq = 3",
        body,
        links.sm3,
        links.sha256,
        sound,
    )

    assert f"{sound} row 4: LED-03 the hash chain breaks" in await database.checked()


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("UPDATE stream SET state = replace(state, 'opened', 'closed') WHERE case_id = $1", "LED-05 the state"),
        ("UPDATE stream SET state = substr(state, 2) WHERE case_id = $1", "LED-05 the state"),
        ("UPDATE stream SET sm3 = set_byte(sm3, 0, 255 - get_byte(sm3, 0)) WHERE case_id = $1", "LED-03 the head"),
        (
            "UPDATE stream SET sha256 = set_byte(sha256, 9, 255 - get_byte(sha256, 9)) WHERE case_id = $1",
            "LED-03 the head",
        ),
        ("UPDATE stream SET version = 4 WHERE case_id = $1", "LED-05 the head's version"),
        ("UPDATE stream SET version = 6 WHERE case_id = $1", "LED-05 the head's version"),
        ("DELETE FROM stream WHERE case_id = $1", "LED-05"),
        ("DELETE FROM log WHERE case_id = $1 AND seq = 5", "LED-05 the head's version"),
        ("DELETE FROM log WHERE case_id = $1 AND seq = 1", "row 2: LED-03 the sequence"),
        ("DELETE FROM log WHERE case_id = $1 AND seq = 3", "row 4: LED-03 the sequence"),
        ("UPDATE log SET seq = 9 WHERE case_id = $1 AND seq = 5", "row 9: LED-03 the sequence"),
        ("UPDATE log SET feed_seq = 99 WHERE case_id = $1 AND seq = 5", "the feed is numbered"),
        ("UPDATE log SET key = 'another-key' WHERE case_id = $1 AND seq = 5", "row 5: LED-04"),
        ("UPDATE log SET client_id = 'another' WHERE case_id = $1 AND seq = 5", "row 5: LED-04"),
        ('UPDATE log SET private = \'{"name":"王六"}\' WHERE case_id = $1 AND seq = 5', "row 5: LED-03"),
    ],
)
async def test_what_else_is_changed_is_named(database: Database, sound: str, statement: str, named: str) -> None:
    """改动状态、摘要、编号、键，或者抽去一行，检查都指出。"""
    await database.tampered(statement, sound)

    assert any(named in each for each in await database.checked())


async def test_the_private_part_may_be_erased(database: Database, sound: str) -> None:
    """依法删除个人信息以后，记录仍然自证完整。"""
    await database.tampered("UPDATE log SET private = NULL WHERE case_id = $1 AND seq = 5", sound)

    assert await database.checked() == []


async def test_the_feed_head_is_checked_too(database: Database, sound: str) -> None:
    """The counter of the feed and the rows agree."""
    await database.tampered("UPDATE feed_head SET last = last + 1")

    assert any("the feed is numbered" in each for each in await database.checked())


async def test_a_view_that_was_dropped_can_be_told_from_a_log_that_is_broken(database: Database, desk: Desk) -> None:
    """A desk whose view is behind its log says that it cannot work, instead of trying for ever."""
    (case_id,) = await opened(desk, 1)
    async with connected(database.superuser) as connection:
        await connection.execute("DELETE FROM stream")

    async with asyncio.timeout(20):
        with pytest.raises(NotReady):
            await desk.take(step(case_id, "case_record:open", facts={}))
        assert isinstance(await desk.take(step(new_id("case"), "case_record:open", facts={})), Taken)


async def test_reading_while_writing_uses_other_connections(desk: Desk) -> None:
    """The writer has a connection of its own; who reads takes the next."""
    (case_id,) = await opened(desk, 1)
    async with raw(desk.engine), raw(desk.engine):
        assert (await desk.take(step(case_id))).version == 2
