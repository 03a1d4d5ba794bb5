"""`singletrack replay FILE --report OUT.json`: against the stack that runs in the data folder."""

import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from httpx_aiohttp import AiohttpTransport
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from singletrack.replay.client import Client, GatewayGone
from singletrack.replay.player import play_all
from singletrack.replay.records import TimelineBroken, read
from singletrack.replay.report import NotConverged, attach, converge, findings, report, today
from singletrack.stack import Databases, StackUnavailable, keys_in, running_in

app = typer.Typer()


@app.command()
def replay(
    file: Annotated[Path, typer.Argument(help="Timelines, one JSON object a line.")],
    out: Annotated[Path | None, typer.Option("--report", help="Where to write what came of every event.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="So many records only.")] = None,
    concurrency: Annotated[int, typer.Option(min=1, max=256, help="So many cases at a time.")] = 16,
    data: Annotated[Path | None, typer.Option("--data", help="The data folder of the running stack.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the totals for machines.")] = False,
) -> None:
    """Play a file of timelines through the gateway. Played again, it changes nothing and goes on where it stopped."""
    folder = data or Databases().data
    running = running_in(folder)
    signer, _, _ = keys_in(folder)

    def token(organ: str, role: str) -> str:
        return signer.issue(organ, role, officer=f"{role}-1", seconds=24 * 3600)

    try:
        whole = play_file(file, running["gateway"], token, limit=limit, concurrency=concurrency)
    except (TimelineBroken, GatewayGone, NotConverged, OSError) as error:
        raise StackUnavailable(str(error)) from error
    if out is not None:
        out.write_text(json.dumps(whole, ensure_ascii=False, indent=1), encoding="utf-8")
    if as_json:
        typer.echo(json.dumps(whole["totals"], ensure_ascii=False))
    else:
        show(whole, Console())


def play_file(
    file: Path, url: str, token: Callable[[str, str], str], *, limit: int | None = None, concurrency: int = 16
) -> dict[str, Any]:
    """Play a file and return the whole report. Raises: TimelineBroken, GatewayGone, NotConverged, OSError."""
    return asyncio.run(_play(file, url, token, limit, concurrency))


async def _play(
    file: Path, url: str, token: Callable[[str, str], str], limit: int | None, concurrency: int
) -> dict[str, Any]:
    cases = read(file, limit)
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    timeout = httpx.Timeout(30.0)
    async with httpx.AsyncClient(base_url=url, transport=AiohttpTransport(), timeout=timeout) as http:
        client = Client(http, token)
        with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
            task = progress.add_task("回放", total=sum(len(case) for case in cases))
            begun = time.monotonic()
            played = await play_all(
                client, cases, concurrency=concurrency, today=today(), done=lambda n: progress.advance(task, n)
            )
            seconds = time.monotonic() - begun
            progress.update(task, description="核对")
            positions = await converge(client)
            attach(played, await findings(client))
        return report(played, positions, file=file.name, seconds=seconds, calls=client.calls)


def show(whole: dict[str, Any], console: Console) -> None:
    """The totals for people."""
    totals = whole["totals"]
    console.print(
        f"{totals['records']} records of {totals['cases']} cases, {totals['events']} events: "
        f"{totals['accepted']} steps accepted, {totals['inferred']} inferred, {totals['refused']} refused, "
        f"{totals['outside']} outside these procedures; {totals['steps_per_second']} steps/s through the gateway"
    )
    table = Table("finding", "status", "rests on", "count", "article", title="Findings", title_justify="left")
    for row in totals["findings"]:
        if not row["beyond_record"]:
            table.add_row(row["id"], row["status"], row["basis"], str(row["count"]), row["law_ref"])
    console.print(table)
