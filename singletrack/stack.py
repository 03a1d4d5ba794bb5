"""Everything at once on one machine: PostgreSQL, the four services, and the gateway, there while this object is there.

    with Stack(Path("var")) as stack:
        httpx.get(f"{stack.url}/v1/health")

The folder holds the database, the keys and passwords (readable by their owner only), what evidence keeps, and one log
file for each process. A process that dies is started again on its port; one whose parent was killed goes by itself.
"""

import asyncio
import contextlib
import ctypes
import http.client
import json
import os
import random
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import make_url

from migrations.run import upgrade
from services.kernel.identity import Signer
from singletrack.postgres import EmbeddedPostgres, Server, ensure_database

SERVICES = ("case_flow", "evidence", "custody_transfer", "coordinator")
GATEWAY = "gateway"
HOST = "127.0.0.1"
#: The file in the folder that says where a running stack answers; for other commands on the same machine.
RUNNING = "running.json"

READY_SECONDS = 60
STOP_SECONDS = 10
HEAD_START_SECONDS = 2
FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 5.0
STEADY_SECONDS = 10
#: So many deaths before it was ever ready, and the start has failed.
PATIENCE = 3
# Below the range from which the system takes the local port of an outgoing connection: while a process restarts,
# nobody else gets its port.
_PORTS = range(20000, 32000)
_ROOT = Path(__file__).parents[1]


class StackUnavailable(RuntimeError):
    """The stack cannot be had here: why, and what to do about it."""


class Databases(BaseSettings):
    """Where the operator's databases answer; all empty: PostgreSQL is started in the data folder.

    `…_database_url` is for serving, `…_migration_url` for migrating (the owner's; the same if not given), `admin_url`
    for making databases and roles that do not exist yet.
    """

    model_config = SettingsConfigDict(env_prefix="SINGLETRACK_", extra="ignore")

    data: Path = Path(".singletrack")
    admin_url: SecretStr = SecretStr("")
    case_flow_database_url: SecretStr = SecretStr("")
    case_flow_migration_url: SecretStr = SecretStr("")
    evidence_database_url: SecretStr = SecretStr("")
    evidence_migration_url: SecretStr = SecretStr("")
    custody_transfer_database_url: SecretStr = SecretStr("")
    custody_transfer_migration_url: SecretStr = SecretStr("")
    coordinator_database_url: SecretStr = SecretStr("")
    coordinator_migration_url: SecretStr = SecretStr("")

    def urls(self, service: str) -> "Urls | None":
        """The URLs given for one service; None if none was given."""
        runtime: SecretStr = getattr(self, f"{service}_database_url")
        owner: SecretStr = getattr(self, f"{service}_migration_url")
        if not runtime.get_secret_value():
            return None
        return Urls(runtime.get_secret_value(), owner.get_secret_value() or runtime.get_secret_value())


@dataclass(frozen=True, slots=True)
class Urls:
    """One service's database, as the role that serves and as the role that owns."""

    runtime: str
    owner: str

    def migrate(self, service: str) -> None:
        """Bring it up to date. Raises: StackUnavailable."""
        try:
            upgrade(service, self.owner, make_url(self.runtime).username)
        except Exception as error:
            raise StackUnavailable(f"The database of {service} could not be brought up to date: {error}") from error


def given_databases(given: Databases, services: Sequence[str]) -> dict[str, Urls] | None:
    """The operator's databases, or None if PostgreSQL is ours to start.

    Raises: StackUnavailable where some are given and some are not.
    """
    found = {service: urls for service in services if (urls := given.urls(service))}
    missing = [f"SINGLETRACK_{service.upper()}_DATABASE_URL" for service in services if service not in found]
    if found and missing:
        raise StackUnavailable(f"Some databases are given and some are not. Set also {', '.join(missing)}, or none.")
    return found or None


def ensure_given(given: Databases, databases: Mapping[str, Urls]) -> None:
    """Make databases and roles with the administrator's URL, where one is given."""
    if not given.admin_url.get_secret_value():
        return
    admin = make_url(given.admin_url.get_secret_value())
    server = Server(admin.host or HOST, admin.port or 5432, admin.username or "", admin.password or "")
    for service, urls in databases.items():
        owner, runtime = make_url(urls.owner), make_url(urls.runtime)
        roles = (owner.username or "", owner.password or "", runtime.username or "", runtime.password or "")
        try:
            _run(ensure_database(server, runtime.database or service, *roles))
        except Exception as error:
            raise StackUnavailable(f"The database of {service} could not be made: {error}") from error


class Stack:
    """All processes on one folder. A context manager; `start` and `stop` may be called instead.

    `durable=False` is for tests: what was acknowledged may not survive the machine. `port` is the gateway's; any free
    one if not given. `services` is for tests of some without the others. `settings` are further SINGLETRACK_…
    variables for every process, by their names without the prefix.
    """

    def __init__(
        self,
        folder: Path,
        *,
        in_process: bool = False,
        durable: bool = True,
        port: int | None = None,
        services: Sequence[str] = SERVICES,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = folder.resolve()
        self.services = tuple(services)
        self.server: Server | None = None
        self._in_process = in_process
        self._durable = durable
        self._port = port
        self._settings = dict(settings or {})
        self._postgres: EmbeddedPostgres | None = None
        self._databases: dict[str, Urls] = {}
        self._children: dict[str, _Child] = {}
        self._signer: Signer | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """Where the gateway answers."""
        return f"http://{HOST}:{self._children[GATEWAY].port}"

    def service_url(self, name: str) -> str:
        """Where a service itself answers; the gateway's URL when all share one process."""
        return f"http://{HOST}:{self._child(name).port}"

    def pid(self, name: str) -> int | None:
        """The process of a service or of the gateway; None while it is down."""
        return self._child(name).pid

    def database_url(self, service: str, *, owner: bool = False) -> str:
        """Where a service's database answers, as the role that serves or as the one that owns the tables."""
        urls = self._databases[service]
        return urls.owner if owner else urls.runtime

    def token(self, organ: str, role: str, *, officer: str = "ofc-1", hours: float = 8) -> str:
        """A bearer token for an officer of an organ. Raises: ValueError where the organ's id names none."""
        assert self._signer is not None, "the stack is not running"
        return self._signer.issue(organ, role, officer=officer, seconds=int(hours * 3600))

    def kill(self, name: str) -> None:
        """Kill -9 a service or the gateway; it comes back by itself (`wait_until_ready`)."""
        self._child(name).kill()

    def start(self) -> None:
        """Start everything and return when all of it is ready. Raises: StackUnavailable, PostgresUnavailable."""
        try:
            self._signer, jwks, coordinator_key = keys_in(self.folder)
            self._port = _chosen_port(self._port)
            self.prepare()
            self._children = self._processes(jwks, coordinator_key)
            for child in self._children.values():
                child.start()
            self.wait_until_ready()
            self._write_running()
        except BaseException:
            self.stop()
            raise

    def prepare(self) -> None:
        """Only the databases: there, and up to date. Raises: StackUnavailable, PostgresUnavailable."""
        self._open_databases()
        for service, urls in self._databases.items():
            urls.migrate(service)

    def look_after(self) -> None:
        """Start everything again, on the same address, if PostgreSQL itself is gone. To be called now and then."""
        if self._postgres is not None and self._postgres.pid is None:
            self.stop()
            self.start()

    def stop(self) -> None:
        """Stop everything in order: who is called by others goes after them, PostgreSQL last. May be repeated."""
        (self.folder / RUNNING).unlink(missing_ok=True)
        # The coordinator waits for news through the gateway, which would wait for it; then no new request may come in.
        first = [name for name in ("coordinator", GATEWAY) if name in self._children]
        for name in first:
            self._children[name].ask_to_stop()
            self._children[name].wait(HEAD_START_SECONDS)
        for child in self._children.values():
            child.ask_to_stop()
        for child in self._children.values():
            child.stop()
        if self._postgres is not None:
            self._postgres.stop()
            self._postgres = None

    def wait_until_ready(self, *names: str, seconds: float = READY_SECONDS) -> None:
        """Until these (or all) answer that they are ready.

        Raises: StackUnavailable, with the last words of who is not.
        """
        deadline = time.monotonic() + seconds
        for name in names or (*self.services, GATEWAY):
            child = self._child(name)
            path = "/v1/health" if name == GATEWAY else f"/v1/health/{name}"
            while not _answers(child.port, path):
                if child.deaths >= PATIENCE and not child.was_ready:
                    raise StackUnavailable(
                        f"{name} does not start. Its last words ({child.log}):\n{child.last_words()}"
                    )
                if time.monotonic() > deadline:
                    raise StackUnavailable(
                        f"{name} was not ready after {seconds:g} s. Its last words ({child.log}):\n{child.last_words()}"
                    )
                time.sleep(0.02)
            child.was_ready = True

    def _child(self, name: str) -> "_Child":
        if self._in_process and name in self.services:
            return self._children[GATEWAY]
        return self._children[name]

    def _open_databases(self) -> None:
        given = Databases()
        databases = given_databases(given, self.services)
        if databases is not None:
            ensure_given(given, databases)
            self._databases = databases
            return
        _make_private(self.folder)
        self._postgres = EmbeddedPostgres(self.folder / "postgres", durable=self._durable)
        self.server = self._postgres.start()
        passwords = passwords_in(self.folder, self.services)
        for service in self.services:
            owner, runtime = passwords[service]["owner"], passwords[service]["runtime"]
            _run(ensure_database(self.server, service, f"{service}_owner", owner, service, runtime))
            self._databases[service] = Urls(
                self.server.url(service, user=service, password=runtime),
                self.server.url(service, user=f"{service}_owner", password=owner),
            )

    def _processes(self, jwks: str, coordinator_key: str) -> dict[str, "_Child"]:
        assert self._port is not None, "chosen before"
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("SINGLETRACK_")}
        ours = [name for name in os.environ if name.startswith("SINGLETRACK_") and not name.endswith(("_URL", "_KEY"))]
        given = {name: os.environ[name] for name in ours} | {
            f"SINGLETRACK_{name.upper()}": value for name, value in self._settings.items()
        }
        gateway_url = f"http://{HOST}:{self._port}"
        common = {**inherited, **given, "SINGLETRACK_JWKS": jwks, "SINGLETRACK_HOST": HOST, "PYTHONPATH": str(_ROOT)}
        extra = {
            "evidence": {"SINGLETRACK_OBJECT_STORE": str(self.folder / "objects")},
            "coordinator": {"SINGLETRACK_COORDINATOR_KEY": coordinator_key},
        }
        logs = self.folder / "logs"
        logs.mkdir(mode=0o700, exist_ok=True)
        if self._in_process:
            everything = {f"SINGLETRACK_{name.upper()}_DATABASE_URL": u.runtime for name, u in self._databases.items()}
            everything |= {name: value for each in extra.values() for name, value in each.items()}
            everything |= {"SINGLETRACK_GATEWAY_URL": gateway_url, "SINGLETRACK_PORT": str(self._port)}
            return {GATEWAY: _Child("gateway.embedded", self._port, {**common, **everything}, logs / "gateway.log")}
        ports = {service: _free_port() for service in self.services}
        children = {
            service: _Child(
                f"services.{service}",
                port,
                {
                    **common,
                    **extra.get(service, {}),
                    "SINGLETRACK_DATABASE_URL": self._databases[service].runtime,
                    "SINGLETRACK_GATEWAY_URL": gateway_url,
                    "SINGLETRACK_PORT": str(port),
                },
                logs / f"{service}.log",
            )
            for service, port in ports.items()
        }
        directory = {f"SINGLETRACK_{service.upper()}_URL": f"http://{HOST}:{port}" for service, port in ports.items()}
        environment = {**common, **directory, "SINGLETRACK_PORT": str(self._port)}
        children[GATEWAY] = _Child("gateway", self._port, environment, logs / "gateway.log")
        return children

    def _write_running(self) -> None:
        running = {
            "pid": os.getpid(),
            "gateway": self.url,
            "services": {name: self.service_url(name) for name in self.services},
            "databases": {name: {"runtime": u.runtime, "owner": u.owner} for name, u in self._databases.items()},
        }
        _write_private(self.folder / RUNNING, json.dumps(running))


def running_in(folder: Path) -> dict[str, Any]:
    """Where the stack that runs in this folder answers. Shape: pid, gateway, services, databases (runtime, owner).

    Raises: StackUnavailable if none runs there.
    """
    try:
        found: dict[str, Any] = json.loads((folder / RUNNING).read_text(encoding="utf-8"))
        os.kill(found["pid"], 0)
    except (FileNotFoundError, ProcessLookupError) as error:
        raise StackUnavailable(f"Nothing runs in {folder}. Start it with `singletrack up --data {folder}`.") from error
    return found


def keys_in(folder: Path) -> tuple[Signer, str, str]:
    """The issuer's key in a folder, the JWK set to check tokens with, and the coordinator's own private key.

    Made on first use. The coordinator has a key of its own, so that it can be withdrawn alone.
    """
    _make_private(folder)
    signer = Signer.load(folder / "signing-key.json")
    coordinator = Signer.load(folder / "coordinator-key.json")
    keys = [key for each in (signer, coordinator) for key in json.loads(each.public())["keys"]]
    return signer, json.dumps({"keys": keys}), (folder / "coordinator-key.json").read_text(encoding="utf-8")


def passwords_in(folder: Path, services: Sequence[str] = SERVICES) -> dict[str, dict[str, str]]:
    """The passwords of every service's two roles, kept in a folder. Shape: service → owner, runtime."""
    _make_private(folder)
    file = folder / "passwords.json"
    known: dict[str, dict[str, str]] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    missing = [service for service in services if service not in known]
    if missing:
        made = {role: {"owner": secrets.token_urlsafe(24), "runtime": secrets.token_urlsafe(24)} for role in missing}
        known |= made
        _write_private(file, json.dumps(known))
    return known


class _Child:
    """One process of ours, kept alive on its port until it is stopped."""

    def __init__(self, module: str, port: int, environment: Mapping[str, str], log: Path) -> None:
        self.port = port
        self.log = log
        self.deaths = 0
        self.was_ready = False
        self._module = module
        self._environment = environment
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._keeper: threading.Thread | None = None

    @property
    def pid(self) -> int | None:
        process = self._process
        return process.pid if process is not None and process.returncode is None else None

    def start(self) -> None:
        # The thread lives as long as its process: the death signal follows the thread that started it.
        self._keeper = threading.Thread(target=self._keep, name=self._module, daemon=True)
        self._keeper.start()

    def kill(self) -> None:
        self._signal(signal.SIGKILL)

    def ask_to_stop(self) -> None:
        """Once; a second signal would be impatience."""
        with self._lock:
            asked = self._stopping.is_set()
            self._stopping.set()
        if not asked:
            self._signal(signal.SIGTERM)

    def wait(self, seconds: float) -> bool:
        """Whether it has stopped within so many seconds."""
        if self._keeper is not None:
            self._keeper.join(seconds)
        return self._keeper is None or not self._keeper.is_alive()

    def stop(self) -> None:
        self.ask_to_stop()
        if not self.wait(STOP_SECONDS):
            self._signal(signal.SIGKILL)
            self.wait(STOP_SECONDS)

    def last_words(self) -> str:
        with contextlib.suppress(FileNotFoundError):
            return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-8:])
        return ""

    def _signal(self, number: signal.Signals) -> None:
        process = self._process
        if process is not None and process.returncode is None:
            process.send_signal(number)

    def _keep(self) -> None:
        pause = FIRST_PAUSE_SECONDS
        while True:
            began = time.monotonic()
            with self._lock:
                if self._stopping.is_set():
                    return
                self._process = self._spawn()
            self._process.wait()
            self.deaths += 1
            pause = FIRST_PAUSE_SECONDS if time.monotonic() - began > STEADY_SECONDS else pause
            if self._stopping.wait(pause):
                return
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    def _spawn(self) -> "subprocess.Popen[bytes]":
        with _appended(self.log) as log:
            return subprocess.Popen(
                [sys.executable, "-P", "-m", self._module],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for us: we stop the others in order
                preexec_fn=_die_with_parent(),  # noqa: PLW1509  nothing else reaches a process whose parent was killed
            )


def _run(coroutine: Coroutine[Any, Any, None]) -> None:
    """In a thread of its own: the caller may have a running loop."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, coroutine).result()


@contextlib.contextmanager
def _appended(file: Path) -> Iterator[int]:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _die_with_parent() -> Callable[[], None] | None:
    if sys.platform != "linux":
        return None
    parent, control = os.getpid(), ctypes.CDLL(None).prctl
    death_signal = 1  # PR_SET_PDEATHSIG

    def prepare() -> None:
        control(death_signal, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)

    return prepare


def _answers(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _chosen_port(wanted: int | None) -> int:
    if wanted is None:
        return _free_port()
    if not _is_free(wanted):
        raise StackUnavailable(f"Port {wanted} is taken. Stop who has it, or choose another with --port.")
    return wanted


def _free_port() -> int:
    for port in random.sample(_PORTS, len(_PORTS)):
        if _is_free(port):
            return port
    raise StackUnavailable("No port is free on this machine.")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def _write_private(file: Path, text: str) -> None:
    """Whole or not at all, readable by us only."""
    unfinished = file.with_name(f"{file.name}.{os.getpid()}")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
        opened.write(text)
        opened.flush()
        os.fsync(descriptor)
    unfinished.replace(file)


def _make_private(folder: Path) -> None:
    """A folder that others may pass through (the database's user must) but not read."""
    if not folder.exists():
        folder.mkdir(parents=True)
        folder.chmod(0o711)
