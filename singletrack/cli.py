"""The command line: start everything, migrate, issue a token, write the contract.

Further commands live in modules of their own beside this one, each with an `app: typer.Typer`: one with a name becomes
a group (`singletrack law show`), one without puts its commands here (`singletrack replay`).
"""

import importlib
import importlib.util
import json
import signal
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from gateway import contract
from singletrack.postgres import PostgresUnavailable
from singletrack.stack import SERVICES, Databases, Stack, StackUnavailable, keys_in, passwords_in

#: Modules of this package that add commands; those that are there.
FURTHER = ("demo", "replay", "bench", "law", "ledger", "verify")
EXPECTED = 2

app = typer.Typer(
    name="singletrack",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    help="单轨: police, procuratorate, court and detention centre on one electronic case record.",
)

Data = Annotated[Path | None, typer.Option("--data", help="The data folder; SINGLETRACK_DATA, or .singletrack here.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print for machines.")]


@app.command()
def up(
    data: Data = None,
    port: Annotated[int, typer.Option(help="Where the gateway answers, on this machine.", min=1, max=65535)] = 8000,
    in_process: Annotated[bool, typer.Option("--in-process", help="All services in one process.")] = False,
    as_json: AsJson = False,
) -> None:
    """Start everything and stay until Ctrl-C."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _leave)
    folder = _folder(data)
    begun = time.monotonic()
    with Stack(folder, in_process=in_process, port=port) as stack:
        if as_json:
            services = {name: stack.service_url(name) for name in stack.services}
            typer.echo(json.dumps({"gateway": stack.url, "services": services, "data": str(stack.folder)}))
        else:
            typer.echo(f"Ready after {time.monotonic() - begun:.1f} s at {stack.url}")
            typer.echo(f"  contract  {stack.url}/docs")
            typer.echo("  token     singletrack token --organ pol-330106 --role county_head")
            typer.echo(f"  logs      {stack.folder / 'logs'}")
            typer.echo("Ctrl-C stops everything.")
        sys.stdout.flush()
        while True:
            time.sleep(1)
            stack.look_after()


@app.command()
def migrate(data: Data = None, as_json: AsJson = False) -> None:
    """Bring every service's database up to date: the given ones (SINGLETRACK_…_DATABASE_URL), or the data folder's."""
    stack = Stack(_folder(data))
    try:
        stack.prepare()
    finally:
        stack.stop()
    typer.echo(json.dumps({"migrated": stack.services}) if as_json else f"Up to date: {', '.join(stack.services)}.")


@app.command()
def token(
    organ: Annotated[str, typer.Option(help="Such as pol-330106, proc-330106, court-330106, dc-330106.")],
    role: Annotated[str, typer.Option(help="A role of the services' policy.yaml, such as county_head.")],
    officer: Annotated[str, typer.Option(help="Who acts.")] = "ofc-1",
    hours: Annotated[float, typer.Option(help="How long it is good for.", min=0.01, max=24 * 366)] = 8,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Issue a token for an officer of an organ, signed with the data folder's key."""
    signer, _, _ = keys_in(_folder(data))
    try:
        issued = signer.issue(organ, role, officer=officer, seconds=int(hours * 3600))
    except ValueError as error:
        raise StackUnavailable(str(error)) from error
    expires = (datetime.now(UTC) + timedelta(hours=hours)).isoformat(timespec="seconds")
    said = {"token": issued, "organ": organ, "role": role, "officer": officer, "expires_at": expires}
    typer.echo(json.dumps(said) if as_json else issued)


@app.command(name="secrets")
def show_secrets(data: Data = None) -> None:
    """Print what docker-compose.yml asks for, as an .env file; made in the data folder on first use, and kept there."""
    folder = _folder(data)
    _, jwks, coordinator_key = keys_in(folder)
    passwords = passwords_in(folder, (*SERVICES, "postgres"))
    typer.echo(f"POSTGRES_PASSWORD={passwords['postgres']['owner']}")
    for service in SERVICES:
        typer.echo(f"{service.upper()}_PASSWORD={passwords[service]['runtime']}")
        typer.echo(f"{service.upper()}_OWNER_PASSWORD={passwords[service]['owner']}")
    typer.echo(f"SINGLETRACK_JWKS='{jwks}'")
    typer.echo(f"SINGLETRACK_COORDINATOR_KEY='{coordinator_key}'")


@app.command()
def openapi(
    write: Annotated[bool, typer.Option("--write", help="Write the committed contract anew.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Fail if the committed contract is another.")] = False,
) -> None:
    """Print the public contract as the services' code has it now."""
    # By name: it imports every service, and no other command needs them.
    embedded = importlib.import_module("gateway.embedded")
    try:
        now = contract.text(embedded.whole_contract())
    except contract.ContractConflict as error:
        raise StackUnavailable(f"The services' contracts do not go together:\n{error}") from error
    if write:
        contract.FILE.write_text(now, encoding="utf-8")
        typer.echo(f"Written: {len(json.loads(now)['paths'])} paths.")
    elif not check:
        typer.echo(now, nl=False)
    elif not contract.FILE.exists() or contract.FILE.read_text(encoding="utf-8") != now:
        typer.echo("The committed contract is not what the services say. Run `singletrack openapi --write`.", err=True)
        raise typer.Exit(1)


def main() -> None:
    """Run one command. Exit code 2 and a plain sentence for what may be expected to fail."""
    try:
        app()
    except (StackUnavailable, PostgresUnavailable) as error:
        typer.echo(f"singletrack: {error}", err=True)
        sys.exit(EXPECTED)


def _folder(data: Path | None) -> Path:
    return data or Databases().data


def _leave(_: int, __: FrameType | None) -> None:
    # Once is enough: what comes now is the stopping, in order.
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_IGN)
    sys.exit(0)


for _name in FURTHER:
    if importlib.util.find_spec(f"singletrack.{_name}") is not None:
        _further = getattr(importlib.import_module(f"singletrack.{_name}"), "app", None)
        if isinstance(_further, typer.Typer):
            app.add_typer(_further)

if __name__ == "__main__":
    main()
