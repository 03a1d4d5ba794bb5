"""`singletrack law proofs`, `law verify` and `law impact`: export every clock, compute it again, ask what an edition moves."""

import json
from collections.abc import Iterator
from datetime import date, datetime
from itertools import groupby
from pathlib import Path
from typing import Annotated

import httpx
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from services.kernel.procedure import Procedure
from services.law import CODE
from singletrack import verify_time
from singletrack.impact import Change, editions, impact
from singletrack.proof_file import Proofs, ProofsBroken, fetch, read
from singletrack.reach import AsJson, Data, Token, Url, reach
from singletrack.stack import StackUnavailable


def export(
    out: Annotated[Path, typer.Option("--out", help="Where to write the proofs.")],
    case: Annotated[str, typer.Option("--case", help="This case only.")] = "",
    url: Url = "",
    token: Token = "",
    data: Data = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Export every clock of every case with all that its end was computed from."""
    found = _fetched(url, token, data, case)
    try:
        out.write_bytes(found.text())
    except OSError as error:
        raise StackUnavailable(f"“{out}”写不进去：{error.strerror}。") from error
    counts = {
        "proofs": len(found.items),
        "terms": len(found.terms),
        "cases": len({each["case_id"] for each in found.items}),
    }
    if as_json:
        typer.echo(json.dumps({"file": str(out), **counts}, ensure_ascii=False))
    else:
        typer.echo(f"{out}：{counts['cases']}案，证明{counts['proofs']}项。核对：singletrack law verify {out}")


def check(
    file: Annotated[Path, typer.Argument(metavar="PROOFS.json", help="As written by `law proofs`.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Compute every end in a file of proofs again, without the service; one changed byte is named."""
    raise typer.Exit(verify_time.run(file, as_json=as_json))


def show_impact(
    edition: Annotated[str, typer.Argument(metavar="EDITION", help="Such as PL26; see also --all.")] = "",
    proofs: Annotated[Path | None, typer.Option("--proofs", help="A file of proofs; else what runs is asked.")] = None,
    since: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="As if it were in force from this day on.")
    ] = None,
    url: Url = "",
    token: Token = "",
    data: Data = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="Every newest edition that has an older one.")] = False,
    as_json: AsJson = False,
) -> None:
    """Which open cases and dates an edition of the law would move, before it takes effect."""
    chosen = _chosen(edition, every=every)
    try:
        told = read(proofs) if proofs is not None else _fetched(url, token, data, "")
        found = {each: impact(CODE, told, each, since.date() if since else None) for each in chosen}
    except (OSError, ProofsBroken, KeyError) as error:
        raise StackUnavailable(f"读不到证明：{error}") from error
    if as_json:
        listed = [_described(each) | {"changes": [change.as_dict() for change in found[each]]} for each in chosen]
        typer.echo(json.dumps({"editions": listed}, ensure_ascii=False, indent=1))
        return
    for each in chosen:
        typer.echo("\n".join(_lines(each, found[each])))


def _chosen(edition: str, *, every: bool) -> list[type[Procedure]]:
    known = editions(CODE)
    newest = [each for each in known.values() if each not in CODE.older]
    if every:
        return newest
    found = next((each for name, each in known.items() if name.lower() == edition.lower()), None)
    if found is None:
        raise StackUnavailable(f"没有名为“{edition}”的版本。有多个版本的：{'、'.join(known)}；全部：--all。")
    return [found]


def _described(edition: type[Procedure]) -> dict[str, str]:
    return {
        "edition": edition.edition,
        "procedure": edition.name,
        "zh": edition.zh,
        "in_force": edition.in_force.isoformat(),
        "transition": edition.transition.value,
    }


def _lines(edition: type[Procedure], changes: list[Change]) -> Iterator[str]:
    day = edition.in_force
    when = f"自{day}起施行" if day > date.today() else f"已自{day}起施行"  # noqa: DTZ011 - said to people, here
    told = [each for each in changes if each.effect != "same"]
    cases = len({each.case_id for each in told})
    yield f"{edition.zh}（{edition.edition}，{when}）：未结期限{len(changes)}项，有变化的{len(told)}项，涉及{cases}案"
    for case_id, group in groupby(told, key=lambda each: each.case_id):
        yield f"  {case_id}"
        for each in group:
            yield f"    {_said(each)}（{'适用' if each.applies else '不适用'}）"
    for why in sorted({f"{'适用' if each.applies else '不适用'}：{each.why}" for each in told}):
        yield f"  {why}"


def _said(change: Change) -> str:
    match change.effect:
        case "ends":
            return f"{change.zh}：{change.due or '期限不定'} → 新版本没有此期限"
        case "begins":
            only = f"，限于{change.condition}的" if change.condition else ""
            return f"{change.new_zh}：新增，至{change.new_due}{only}"
        case _:
            later = f"，{'晚' if (change.days or 0) > 0 else '早'}{abs(change.days)}日" if change.days else ""
            return f"{change.zh}：{change.due or '期限不定'} → {change.new_due or '期限不定'}{later}"


def _fetched(url: str, token: str, data: Path | None, case: str) -> Proofs:
    url, headers = reach(url, token, data)
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    try:
        with (
            httpx.Client(base_url=url, headers=headers, timeout=60.0) as http,
            Progress(*columns, console=console, disable=not console.is_terminal) as progress,
        ):
            task = progress.add_task("导出期限", total=1 if case else _cases(http))
            return fetch(http, case_id=case, progress=lambda cases: progress.advance(task, cases))
    except (httpx.HTTPError, ProofsBroken) as error:
        raise StackUnavailable(f"{url}: {error}") from error


def _cases(http: httpx.Client) -> int | None:
    """How many cases there are, where the caller may know."""
    answer = http.get("/v1/positions")
    return int(answer.json()["cases"]) if answer.is_success else None


def register(app: typer.Typer) -> None:
    """Put the commands into `singletrack law`."""
    app.command("proofs")(export)
    app.command("verify")(check)
    app.command("impact")(show_impact)
