"""`singletrack verify CERT`: check a certificate of agreement, without any service and without a network.

Exit 0 valid, 1 not valid, 2 could not check.
"""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from services.coordinator.domain.certificate import check
from services.kernel.transition import encode
from singletrack.stack import Databases, StackUnavailable, keys_in

app = typer.Typer()


@app.command()
def verify(
    cert: Annotated[Path, typer.Argument(help="The certificate, or the answer of /v1/agreements that holds it.")],
    jwks: Annotated[
        Path | None, typer.Option(help="The keys to trust (a JWK set); the data folder's otherwise.")
    ] = None,
    data: Annotated[Path | None, typer.Option("--data", help="The data folder of a stack.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print for machines.")] = False,
) -> None:
    """Check a certificate of agreement: its signature, and the path of each case to the roots that were signed."""
    text, keys = _text(cert), _keys(jwks, data or Databases().data)
    try:
        wrong = check(text, keys)
    except (ValueError, KeyError) as error:
        raise StackUnavailable(f"The keys are no JWK set: {error}") from error
    statement: dict[str, Any] = {} if wrong else json.loads(text)["statement"]
    if as_json:
        typer.echo(json.dumps({"valid": not wrong, "wrong": wrong, "statement": statement}, ensure_ascii=False))
    elif wrong:
        typer.echo("NOT VALID")
        for each in wrong:
            typer.echo(f"  {each}")
    else:
        typer.echo(f"valid: {statement['id']} made at {statement['made_at']} by {statement['by']}")
        for name, said in statement["services"].items():
            words = f" ({said['why']})" if said["why"] else f", {said['cases']} cases as of position {said['position']}"
            typer.echo(f"  {name}: {said['status']}{words}")
        for case_id in statement["case_ids"]:
            typer.echo(f"  {case_id}: proved to be in the roots above")
    if wrong:
        raise typer.Exit(1)


def _text(cert: Path) -> str:
    try:
        text = cert.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        return f"\x00 {error}"
    except OSError as error:
        raise StackUnavailable(f"{cert} cannot be read: {error}") from error
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        return text
    # The answer around a certificate is not signed, and not looked at.
    return encode(told["certificate"]) if isinstance(told, dict) and "certificate" in told else text


def _keys(jwks: Path | None, folder: Path) -> str:
    if jwks is None:
        if not (folder / "coordinator-key.json").exists():
            raise StackUnavailable(f"There are no keys in {folder}; name the file of keys to trust with --jwks.")
        return keys_in(folder)[1]
    try:
        return jwks.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise StackUnavailable(f"{jwks} cannot be read: {error}") from error
