"""The whole stack, on real folders and ports, killed in the ways machines kill."""

import asyncio
import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from singletrack.stack import RUNNING, SERVICES, Stack, StackUnavailable, running_in

ROOT = Path(__file__).parents[2]
PATIENCE = 30

OWNER_PROCESS = """
import sys
from pathlib import Path
from singletrack.stack import Stack
with Stack(Path(sys.argv[1]), durable=False, services=["case_flow"]) as stack:
    print(stack.pid("case_flow"), stack.pid("gateway"), stack._postgres.pid, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(scope="module")
def ground() -> Iterator[Path]:
    """Somewhere the database's user can pass through."""
    folder = Path(tempfile.mkdtemp(prefix="singletrack-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def folder(ground: Path) -> Path:
    return ground / secrets.token_hex(4)


@pytest.fixture(scope="module")
def stack(ground: Path) -> Iterator[Stack]:
    with Stack(ground / "shared", durable=False) as running:
        yield running


def ask(stack: Stack, method: str, path: str, body: Any = None, key: str = "") -> httpx.Response:
    headers = {
        "Authorization": f"Bearer {stack.token('pol-330106', 'county_head')}",
        "Idempotency-Key": key or secrets.token_hex(8),
    }
    with httpx.Client(base_url=stack.url, trust_env=False, timeout=30) as client:
        return client.request(method, path, json=body, headers=headers)


def is_alive(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return False


def gone(*pids: int) -> bool:
    deadline = time.monotonic() + PATIENCE
    while any(is_alive(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not any(is_alive(pid) for pid in pids)


def run(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "singletrack.cli", *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_everything_is_ready_when_it_has_started(stack):
    health = ask(stack, "GET", "/v1/health")

    assert (health.status_code, health.json()["services"]) == (200, dict.fromkeys(SERVICES, "ready"))
    for service in SERVICES:
        assert httpx.get(f"{stack.service_url(service)}/v1/health/{service}", trust_env=False).status_code == 200


def test_a_killed_service_comes_back_with_all_that_was_acknowledged(stack):
    opened = ask(stack, "POST", "/v1/cases", {"organs": []}, key="only-once-1")
    pid, url = stack.pid("case_flow"), stack.service_url("case_flow")

    stack.kill("case_flow")
    assert gone(pid)
    stack.wait_until_ready("case_flow")

    again = ask(stack, "POST", "/v1/cases", {"organs": []}, key="only-once-1")
    assert opened.status_code == again.status_code == 201
    assert again.json() == opened.json()
    assert again.headers["idempotency-replayed"] == "true"
    assert stack.pid("case_flow") != pid
    assert stack.service_url("case_flow") == url


def test_the_gateway_says_who_is_down_and_serves_the_others(stack):
    stack.kill("evidence")
    health = ask(stack, "GET", "/v1/health")
    others = ask(stack, "GET", "/v1/cases")
    stack.wait_until_ready("evidence")

    assert (health.status_code, health.json()["services"]["evidence"]) == (503, "unreachable")
    assert others.status_code == 200
    assert ask(stack, "GET", "/v1/health").status_code == 200


def test_a_killed_gateway_comes_back_on_its_port(stack):
    url = stack.url
    stack.kill("gateway")
    stack.wait_until_ready("gateway")

    assert stack.url == url
    assert ask(stack, "GET", "/v1/cases").status_code == 200


def test_the_role_that_serves_may_add_to_the_log_and_no_more(stack):
    forbidden = [
        "UPDATE log SET body = ''",
        "DELETE FROM log",
        "TRUNCATE log",
        "DELETE FROM stream",
        "CREATE TABLE mine ()",
    ]

    async def attempt(url: str, statement: str) -> str:
        connection = await asyncpg.connect(url)
        try:
            await connection.execute(statement)
        except asyncpg.InsufficientPrivilegeError as error:
            return str(error)
        finally:
            await connection.close()
        return ""

    for service in ("case_flow", "evidence", "custody_transfer"):
        for statement in forbidden:
            assert asyncio.run(attempt(stack.database_url(service), statement)), (service, statement)
        for statement in forbidden[:3]:
            said = asyncio.run(attempt(stack.database_url(service, owner=True), statement))
            assert "只能追加" in said, (service, statement)


def test_another_organ_reads_no_case_and_another_key_opens_nothing(stack, folder):
    opened = ask(stack, "POST", "/v1/cases", {"organs": []}).json()["case_id"]
    other = {"Authorization": f"Bearer {stack.token('pol-330199', 'county_head')}"}
    folder.mkdir()
    forged = run("token", "--organ", "pol-330106", "--role", "county_head", "--data", folder).stdout.strip()

    with httpx.Client(base_url=stack.url, trust_env=False) as client:
        assert client.get(f"/v1/cases/{opened}", headers=other).status_code == 404
        assert client.get(f"/v1/cases/{opened}", headers={"Authorization": f"Bearer {forged}"}).status_code == 401


def test_secrets_are_for_their_owner_only(stack):
    for name in ("signing-key.json", "coordinator-key.json", "passwords.json", RUNNING):
        assert stat.S_IMODE((stack.folder / name).stat().st_mode) == 0o600, name
    assert running_in(stack.folder)["gateway"] == stack.url


def test_a_second_start_finds_everything_again(folder):
    with Stack(folder, durable=False, services=["case_flow"]) as first:
        opened = ask(first, "POST", "/v1/cases", {"organs": []})
        pids = [first.pid("case_flow"), first.pid("gateway")]
    assert gone(*pids)
    assert not (folder / RUNNING).exists()

    with Stack(folder, durable=False, services=["case_flow"]) as second:
        assert ask(second, "GET", f"/v1/cases/{opened.json()['case_id']}").status_code == 200


def test_all_in_one_process(folder):
    with Stack(folder, durable=False, in_process=True) as stack:
        health = ask(stack, "GET", "/v1/health")
        opened = ask(stack, "POST", "/v1/cases", {"organs": []})
        pid = stack.pid("case_flow")

        assert health.json()["services"] == dict.fromkeys(SERVICES, "ready")
        assert opened.status_code == 201
        assert {stack.pid(service) for service in SERVICES} == {pid}

        stack.kill("evidence")
        assert gone(pid)
        stack.wait_until_ready()
        assert ask(stack, "GET", f"/v1/cases/{opened.json()['case_id']}").status_code == 200


def test_a_killed_owner_takes_everything_along(folder):
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER_PROCESS, folder], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with owner:
        assert owner.stdout is not None
        pids = [int(word) for word in owner.stdout.readline().split()]
        assert all(is_alive(pid) for pid in pids)

        owner.kill()
        owner.wait()

        assert gone(*pids)


def test_when_postgresql_is_gone_everything_starts_again_on_the_same_address(folder):
    with Stack(folder, durable=False, services=["case_flow"]) as stack:
        url, postgres = stack.url, stack._postgres
        assert postgres is not None
        assert postgres.pid is not None
        os.kill(postgres.pid, signal.SIGKILL)
        assert gone(postgres.pid or 0)
        deadline = time.monotonic() + PATIENCE
        while postgres.pid is not None and time.monotonic() < deadline:
            time.sleep(0.05)

        stack.look_after()

        assert stack.url == url
        assert ask(stack, "GET", "/v1/cases").status_code == 200


def test_databases_that_are_given_are_used(stack, folder, monkeypatch):
    server = stack.server
    assert server is not None
    monkeypatch.setenv("SINGLETRACK_ADMIN_URL", server.url("postgres"))
    monkeypatch.setenv("SINGLETRACK_CASE_FLOW_DATABASE_URL", server.url("given", user="given", password="a"))
    monkeypatch.setenv("SINGLETRACK_CASE_FLOW_MIGRATION_URL", server.url("given", user="given_owner", password="b"))

    with Stack(folder, services=["case_flow"]) as other:
        assert other.server is None
        assert not (folder / "postgres").exists()
        assert ask(other, "POST", "/v1/cases", {"organs": []}).status_code == 201
        assert ask(other, "GET", "/v1/cases").json()["items"] != ask(stack, "GET", "/v1/cases").json()["items"]


def test_some_databases_without_the_others_are_refused_in_plain_words(folder, monkeypatch):
    monkeypatch.setenv("SINGLETRACK_CASE_FLOW_DATABASE_URL", "postgresql://x@localhost/x")

    with pytest.raises(StackUnavailable, match="SINGLETRACK_EVIDENCE_DATABASE_URL"):
        Stack(folder).start()


def test_a_taken_port_is_refused_in_plain_words(folder):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        said = run("up", "--data", folder, "--port", str(port))

    assert (said.returncode, said.stdout) == (2, "")
    assert said.stderr.startswith(f"singletrack: Port {port} is taken.")
    assert "Traceback" not in said.stderr


def test_up_says_where_it_is_and_stops_in_order_when_told(folder):
    command = [sys.executable, "-m", "singletrack.cli", "up", "--data", folder, "--json", "--port"]
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [*command, str(port)], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout is not None
        said = json.loads(process.stdout.readline())
        assert httpx.get(f"{said['gateway']}/v1/health", trust_env=False).status_code == 200

        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""

    with pytest.raises(StackUnavailable, match="Nothing runs"):
        running_in(folder)


def test_migrate_may_be_repeated(folder):
    first, second = run("migrate", "--data", folder, "--json"), run("migrate", "--data", folder)

    assert (first.returncode, json.loads(first.stdout)) == (0, {"migrated": list(SERVICES)})
    assert (second.returncode, second.stdout) == (0, f"Up to date: {', '.join(SERVICES)}.\n")


def test_a_token_for_what_is_no_organ_is_refused_in_plain_words(folder):
    said = run("token", "--organ", "nobody", "--role", "county_head", "--data", folder)

    assert said.returncode == 2
    assert said.stderr.startswith("singletrack: nobody names no organ")
