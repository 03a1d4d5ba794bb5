"""`singletrack bench`: how fast a step is, against what PostgreSQL alone could do on the same machine at the same time.

lifecycle   the case, as requests           load      the clients, a process of their own
limit       PostgreSQL alone (pgbench)      measure   processor time, WAL, and whether a run counts
stored      cases that are there before     runs      one part after another, round after round
report      medians, targets                  deciding  the law by itself, without any service
agreeing    two sides compared, by trees of digests
coordinating  following, concluding, and the way from a commit to its finding
"""

import asyncio
import contextlib
import functools
import importlib
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from singletrack.bench.limit import NoPgbench, pgbench
from singletrack.bench.measure import connected
from singletrack.bench.report import report, show
from singletrack.bench.runs import PARTS, SERVICES, Bench, DoesNotCount
from singletrack.bench.stored import NoRoom
from singletrack.stack import Stack, StackUnavailable

app = typer.Typer(name="bench")


@app.callback(invoke_without_command=True)
def bench(
    context: typer.Context,
    *,
    rounds: Annotated[int, typer.Option(help="How often each part is measured, in turns.", min=1, max=1000)] = 5,
    clients: Annotated[int, typer.Option(help="Clients in a closed loop, each on its cases.", min=1, max=1000)] = 16,
    seconds: Annotated[float, typer.Option(help="How long each part of a round lasts.", min=0.2, max=3600)] = 8,
    stored: Annotated[
        list[int] | None, typer.Option(help="Measure with so many finished cases stored. May be repeated.", min=0)
    ] = None,
    parts: Annotated[str, typer.Option(help=f"Which parts, with commas: {','.join(PARTS)}.")] = ",".join(PARTS),
    bulk_size: Annotated[int, typer.Option(help="Steps in one bulk request.", min=1, max=500)] = 250,
    coordinator: Annotated[bool, typer.Option("--coordinator", help="Let the coordinator follow meanwhile.")] = False,
    data: Annotated[Path | None, typer.Option(help="An empty folder to keep; a temporary one otherwise.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print for machines.")] = False,
) -> None:
    """Measure a step: PostgreSQL alone, the services, the gateway, bulk, feeds. Takes the machine for itself."""
    if context.invoked_subcommand is not None:
        return
    chosen = [part for part in PARTS if part in parts.split(",")]
    if unknown := set(parts.split(",")) - set(PARTS):
        raise typer.BadParameter(f"There is no part {', '.join(sorted(unknown))}; they are {', '.join(PARTS)}.")
    settings = {"rounds": rounds, "clients": clients, "seconds": seconds, "parts": chosen, "bulk_size": bulk_size}
    settings |= {"stored": sorted(stored or [0]), "coordinator": coordinator}
    services = (*SERVICES, "coordinator") if coordinator else SERVICES
    try:
        if "limit" in chosen:
            pgbench()
        with _folder(data) as folder, Stack(folder, services=services) as stack:
            found = measure(stack, settings)
    except (DoesNotCount, NoPgbench, NoRoom) as error:
        raise StackUnavailable(str(error)) from error
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
    else:
        show(found)


@app.command()
def law(
    *,
    rounds: Annotated[int, typer.Option(help="How often each part is measured, in turns.", min=1, max=1000)] = 7,
    as_json: Annotated[bool, typer.Option("--json", help="Print for machines.")] = False,
) -> None:
    """Measure the law: import, a decision, a due date; and two state-machine libraries on the same steps."""
    # By name: what it is measured against is installed for development only.
    measured = importlib.import_module("singletrack.bench.deciding")
    found = measured.measure(rounds)
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
    else:
        measured.show(found)


@app.command()
def digests(
    *,
    cases: Annotated[
        list[int] | None,
        typer.Option(help="How many cases to compare. May be repeated; 1,000 and 1,000,000 otherwise."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print for machines.")] = False,
) -> None:
    """Measure agreement: two digest trees made, compared again, and walked to one planted difference."""
    levels = sorted(cases or [1_000, 1_000_000])
    # By name: nothing else of the benchmark needs the services in its own process.
    agreeing = importlib.import_module("singletrack.bench.agreeing")
    with _progress() as progress:
        storing = progress.add_task("storing cases", total=levels[-1])
        found = agreeing.measure(levels, functools.partial(_advance, progress, storing))
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
    else:
        agreeing.show(found)


@app.command()
def coordinator(
    *,
    cases: Annotated[
        list[int] | None,
        typer.Option(help="How many cases to sweep. May be repeated; 1,000 and 100,000 otherwise.", min=1),
    ] = None,
    lives: Annotated[int, typer.Option(help="Whole cases to follow and to conclude.", min=1)] = 3000,
    steps: Annotated[int, typer.Option(help="Steps whose finding is waited for.", min=1, max=10000)] = 40,
    rounds: Annotated[int, typer.Option(help="How often all cases are concluded.", min=1, max=1000)] = 3,
    as_json: Annotated[bool, typer.Option("--json", help="Print for machines.")] = False,
) -> None:
    """Measure the coordinator: commit to finding, following, concluding, the sweep. Takes the machine for itself."""
    levels = sorted(cases or [1_000, 100_000])
    coordinating = importlib.import_module("singletrack.bench.coordinating")
    agreeing = importlib.import_module("singletrack.bench.agreeing")
    with _progress() as progress:
        shown = progress.add_task("starting", total=4 + levels[-1])

        def told(words: str) -> None:
            progress.update(shown, description=words, advance=1)

        try:
            with _folder(None) as folder, Stack(folder) as stack:
                found = coordinating.measure(stack, lives=lives, steps=steps, rounds=rounds, told=told)
        except (DoesNotCount, NoRoom, TimeoutError) as error:
            raise StackUnavailable(str(error) or "The coordinator did not come to an end in time.") from error
        progress.update(shown, description=f"storing and comparing {levels[-1]:,} cases")
        found["sweep"] = agreeing.measure(levels, functools.partial(_advance, progress, shown))
    found["targets"] = coordinating.targets(found)
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
    else:
        coordinating.show(found)


def measure(stack: Stack, settings: dict[str, Any]) -> dict[str, Any]:
    """Everything that the settings ask for, on a stack that runs. Raises: DoesNotCount, NoRoom."""
    parts: Sequence[str] = settings["parts"]
    levels: Sequence[int] = settings["stored"]
    with _progress() as progress:
        shown = progress.add_task("warming up", total=len(levels) * settings["rounds"] * len(parts))

        def told(words: str) -> None:
            progress.update(shown, description=words, advance=1)

        runs = Bench(
            stack, clients=settings["clients"], seconds=settings["seconds"], bulk_size=settings["bulk_size"], told=told
        )
        runs.warm_up()
        for level in levels:
            if level > runs.stored:
                storing = progress.add_task(f"storing {level:,} cases", total=(level - runs.stored) * len(SERVICES))
                runs.store(level, functools.partial(_advance, progress, storing))
            for number in range(settings["rounds"]):
                runs.round(number, parts)
    return report(runs.runs, settings, asyncio.run(_version(stack)))


def _advance(progress: Progress, task: TaskID, by: int) -> None:
    progress.update(task, advance=by)


async def _version(stack: Stack) -> str:
    assert stack.server is not None, "the benchmark has its own"
    async with connected(stack.server.url("postgres")) as connection:
        return str(await connection.fetchval("SHOW server_version"))


@contextlib.contextmanager
def _folder(chosen: Path | None) -> Iterator[Path]:
    """A folder for the stack. Under /var/tmp: /tmp may be in memory, which is not what is measured."""
    if chosen is not None:
        yield chosen
        return
    folder = Path(tempfile.mkdtemp(prefix="singletrack-bench-", dir="/var/tmp"))
    folder.chmod(0o711)  # the database's user must pass through
    try:
        yield folder / "stack"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty())
