"""`singletrack agree` has all logs compared and certified; `singletrack verify CERT` checks that without any service.

Exit 0 agreed or valid, 1 not, 2 could not tell.
"""

import json
import time
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from rich.console import Console

from services.coordinator.domain.certificate import check
from services.kernel.transition import encode, new_id
from singletrack.reach import AsJson, Data, Token, Url, reach
from singletrack.stack import Databases, StackUnavailable, keys_in

app = typer.Typer()
#: Seconds between looks whether a certificate is made, where that takes longer than a request should.
LOOK = 1.0
EXPECTED = 2


@app.command()
def agree(
    out: Annotated[Path, typer.Option("--out", help="Where to write the certificate.")] = Path("agreement.json"),
    case: Annotated[list[str] | None, typer.Option("--case", help="Prove this case too; may be repeated.")] = None,
    url: Url = "",
    token: Token = "",
    data: Data = None,
    *,
    deep: Annotated[bool, typer.Option("--deep", help="Have every row of both sides read anew first.")] = False,
    as_json: AsJson = False,
) -> None:
    """Have every log compared with what the coordinator read of it, and keep the signed certificate of what came out."""
    address, headers = reach(url, token, data)
    try:
        with httpx.Client(base_url=address, headers=headers, timeout=60.0) as http, Console(stderr=True).status("核对"):
            answer = _certified(http, {"case_ids": case or [], "deep": deep})
    except (httpx.HTTPError, ValueError) as error:
        raise StackUnavailable(f"{address}: {error}") from error
    certificate = answer["certificate"]
    try:
        out.write_text(encode(certificate), encoding="utf-8")
    except OSError as error:
        raise StackUnavailable(f"{out} cannot be written: {error}") from error
    statement = certificate["statement"]
    if as_json:
        typer.echo(json.dumps({"file": str(out), "statement": statement}, ensure_ascii=False))
    else:
        _say(statement)
        typer.echo(f"{out}: to be checked anywhere with `singletrack verify {out}`")
    found = {said["status"] for said in statement["services"].values()}
    raise typer.Exit(1 if "differs" in found else 0 if found == {"agreed"} else EXPECTED)


def _certified(http: httpx.Client, asked: dict[str, Any]) -> dict[str, Any]:
    """Ask, and wait until it is made. Raises: httpx.HTTPError, ValueError."""
    answer = http.post("/v1/agreements", json=asked, headers={"Idempotency-Key": new_id("agree")})
    while True:
        if answer.is_error:
            raise ValueError(f"{answer.status_code} {answer.text}")
        told: dict[str, Any] = answer.json()
        if told["certificate"] is not None:
            return told
        time.sleep(LOOK)
        answer = http.get(f"/v1/agreements/{told['id']}")


@app.command()
def verify(
    cert: Annotated[Path, typer.Argument(help="The certificate, or the answer of /v1/agreements that holds it.")],
    jwks: Annotated[
        Path | None, typer.Option(help="The keys to trust (a JWK set); the data folder's otherwise.")
    ] = None,
    data: Annotated[Path | None, typer.Option("--data", help="The data folder of a stack.")] = None,
    as_json: AsJson = False,
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
        _say(statement, "valid: ")
    if wrong:
        raise typer.Exit(1)


def _say(statement: dict[str, Any], so: str = "") -> None:
    typer.echo(f"{so}{statement['id']} made at {statement['made_at']} by {statement['by']}")
    for name, said in statement["services"].items():
        words = f" ({said['why']})" if said["why"] else f", {said['cases']} cases as of position {said['position']}"
        typer.echo(f"  {name}: {said['status']}{words}")
    for each in statement["differences"]:
        typer.echo(f"  {each['service']} {each['case_id']} row {each['seq']}: {each['how']}, wrong is {each['wrong']}")
    for case_id in statement["case_ids"]:
        typer.echo(f"  {case_id}: proved to be in the roots above")


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
