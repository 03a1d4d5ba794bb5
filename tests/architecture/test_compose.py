"""docker-compose.yml and Dockerfile agree with the code: settings, modules, routes, and no secret in them."""

import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic_settings import BaseSettings
from typer.testing import CliRunner

from gateway.contract import Table, committed
from gateway.directory import GatewaySettings
from services.kernel.settings import Settings
from singletrack.cli import app
from singletrack.stack import SERVICES, Databases

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
OURS = {name: each for name, each in COMPOSE["services"].items() if each.get("image") == "singletrack"}
VARIABLE = re.compile(r"\$\{(\w+)([^}]*)\}")


def settings_of(command: list[str]) -> type[BaseSettings]:
    if command[2] == "gateway":
        return GatewaySettings
    return Databases if command[2].startswith("singletrack") else Settings


def test_everything_runs():
    modules = {each["command"][2] for each in OURS.values()}

    assert modules == {"gateway", "singletrack.cli", *(f"services.{service}" for service in SERVICES)}


@pytest.mark.parametrize("name", OURS)
def test_every_variable_is_a_setting_of_what_runs(name):
    fields = {f"SINGLETRACK_{field.upper()}" for field in settings_of(OURS[name]["command"]).model_fields}

    assert OURS[name]["environment"].keys() <= fields


@pytest.mark.parametrize("name", OURS)
def test_every_command_is_a_module_that_is_there(name):
    python, flag, module, *arguments = OURS[name]["command"]

    assert (python, flag) == ("python", "-m")
    found = importlib.util.find_spec(module)
    assert found is not None
    if found.submodule_search_locations:
        assert importlib.util.find_spec(f"{module}.__main__") is not None
    if arguments:
        assert CliRunner().invoke(app, [*arguments, "--help"]).exit_code == 0


@pytest.mark.parametrize("name", OURS)
def test_who_must_be_asked_is_there(name):
    """Hosts are names of containers; a service that is depended on exists."""
    hosts = [
        host
        for value in OURS[name]["environment"].values()
        for host in re.findall(r"(?://|@)([a-z-]+):\d+", str(value))
    ]

    assert {*hosts, *OURS[name].get("depends_on", {})} <= COMPOSE["services"].keys()


@pytest.mark.parametrize("name", [name for name in COMPOSE["services"] if name != "migrate"])
def test_health_is_asked_where_it_is_answered(name):
    test = COMPOSE["services"][name]["healthcheck"]["test"]

    if name in OURS:
        path = re.search(r"http://127\.0\.0\.1:8000([^']+)'", test[-1])
        assert path is not None
        route = Table(committed()).find(path[1])["GET"]
        assert route.is_open
        assert OURS[name]["command"][2].removeprefix("services.") == route.service


def test_no_secret_stands_in_the_file():
    for each in COMPOSE["services"].values():
        for name, value in each.get("environment", {}).items():
            assert all(more.startswith(":?") for _, more in VARIABLE.findall(str(value)))
            if re.search(r"PASSWORD|KEY|JWKS|DATABASE_URL|MIGRATION_URL|ADMIN_URL", name):
                assert VARIABLE.search(str(value)), name
            assert not re.search(r"://\w+:[^$/@]+@", str(value)), name


def test_what_the_file_asks_for_is_what_secrets_prints(tmp_path):
    asked = {name for name, _ in VARIABLE.findall((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))}

    printed = CliRunner().invoke(app, ["secrets", "--data", str(tmp_path / "data")])

    assert printed.exit_code == 0
    assert {line.partition("=")[0] for line in printed.output.splitlines()} == asked


def test_the_image_holds_every_package_that_runs():
    copied = set(re.findall(r"^COPY (\w+) \./\w+$", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE))

    assert copied == {"services", "gateway", "migrations", "singletrack"}
