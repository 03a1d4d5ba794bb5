"""`singletrack ledger check`: proves that every log is whole and that every view follows from it.

For each case: numbered 1…n without a hole, both hash chains recomputed, the state refolded from its rows and equal. For
each service: the feed is numbered 1…n. Exit 0 sound, 1 violated, 2 could not check.
"""

import asyncio
import importlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import asyncpg
import typer

from services.kernel.record import fold
from services.kernel.transition import Links, digest
from singletrack.stack import Databases, StackUnavailable, running_in

#: The class that folds each service's own part of a state.
DOMAINS = {"case_flow": "CaseFlow", "custody_transfer": "CustodyTransfer", "evidence": "Evidence"}

app = typer.Typer(name="ledger", help="Prove that the logs are whole.", no_args_is_help=True)


@dataclass(slots=True)
class Checked:
    """What a check of one service found. `violations` name case, sequence and invariant; empty is sound."""

    cases: int = 0
    rows: int = 0
    violations: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """For machines."""
        return {"sound": not self.violations, "cases": self.cases, "rows": self.rows, "violations": self.violations}


@app.callback()
def _group() -> None:
    """Keeps `check` a command of its own."""


@app.command()
def check(
    data: Annotated[Path | None, typer.Option("--data", help="The data folder of the running stack.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print for machines.")] = False,
) -> None:
    """Check every log of the stack that runs in the data folder."""
    running = running_in(data or Databases().data)
    urls = {name: running["databases"][name]["runtime"] for name in DOMAINS}
    try:
        checked = check_services(urls)
    except (OSError, asyncpg.PostgresError) as error:
        raise StackUnavailable(f"could not check: {error}") from error
    if as_json:
        typer.echo(json.dumps({name: result.as_dict() for name, result in checked.items()}, ensure_ascii=False))
    else:
        for name, result in checked.items():
            typer.echo(
                f"{name}: {result.cases} cases, {result.rows} rows: {'sound' if not result.violations else 'VIOLATED'}"
            )
            for violation in result.violations[:20]:
                typer.echo(f"  {violation}")
    if any(result.violations for result in checked.values()):
        raise typer.Exit(1)


def check_services(urls: Mapping[str, str]) -> dict[str, Checked]:
    """Check the log of each of these services. Raises: OSError, asyncpg.PostgresError."""
    return asyncio.run(_check_all(urls))


async def _check_all(urls: Mapping[str, str]) -> dict[str, Checked]:
    results = await asyncio.gather(*(_check(name, url) for name, url in urls.items()))
    return dict(zip(urls, results, strict=True))


async def _check(name: str, url: str) -> Checked:
    # By name: a check of one service need not import the others.
    domain = getattr(importlib.import_module(f"services.{name}.domain"), DOMAINS[name])()
    connection = await asyncpg.connect(url)
    checked = Checked()
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            state: dict[str, Any] | None = {}
            links, case_id, expected = Links(), "", 1
            async for row in connection.cursor(
                "SELECT l.case_id, l.seq, l.client_id, l.key, l.body, l.private, l.sm3, l.sha256, s.version, s.state,"
                " s.sm3 AS head_sm3, s.sha256 AS head_sha256"
                " FROM log l LEFT JOIN stream s USING (case_id) ORDER BY l.case_id, l.seq",
                prefetch=1000,
            ):
                if row["case_id"] != case_id:
                    case_id, state, links, expected = row["case_id"], {}, Links(), 1
                    checked.cases += 1
                    if row["version"] is None:
                        checked.violations.append(f"{case_id}: LED-05 the case has rows and no head")
                checked.rows += 1
                where = f"{case_id} row {row['seq']}"
                if row["seq"] != expected:
                    checked.violations.append(f"{where}: LED-03 the sequence breaks, expected {expected}")
                expected = row["seq"] + 1
                links = links.after(row["body"])
                if links.sm3 != row["sm3"] or links.sha256 != row["sha256"]:
                    checked.violations.append(f"{where}: LED-03 the hash chain breaks")
                    links = Links(row["sm3"], row["sha256"])
                try:
                    body = json.loads(row["body"])
                    checked.violations += [f"{where}: {wrong}" for wrong in _columns_that_differ(row, body)]
                    state = fold(state, body, domain) if state is not None else None
                except (ValueError, TypeError, LookupError, AttributeError) as error:  # whatever was done to it
                    checked.violations.append(f"{where}: LED-03 the row cannot be read: {error!r}")
                    state = None
                if row["version"] == row["seq"]:
                    if state is not None and not _is_same(row["state"], state):
                        checked.violations.append(f"{where}: LED-05 the state does not follow from the rows")
                    if (row["head_sm3"], row["head_sha256"]) != (row["sm3"], row["sha256"]):
                        checked.violations.append(f"{where}: LED-03 the head carries another hash")
            await _check_whole(connection, checked)
    finally:
        await connection.close()
    return checked


def _columns_that_differ(row: asyncpg.Record, body: Mapping[str, Any]) -> Iterator[str]:
    """What stands beside a row and is not what the row says. A private part that was erased proves nothing."""
    if body["seq"] != row["seq"] or body["case_id"] != row["case_id"]:
        yield "LED-03 the row was written for another place"
    if body["idempotency_key"] != row["key"] or body["client"] != row["client_id"]:
        yield "LED-04 the key is not the row's"
    if row["private"] is not None and digest("sm3", row["private"].encode()) != body.get("private_digest"):
        yield "LED-03 the private part is not the row's"


def _is_same(text: str, state: Mapping[str, Any]) -> bool:
    try:
        return bool(json.loads(text) == json.loads(json.dumps(state)))
    except ValueError:
        return False


async def _check_whole(connection: "asyncpg.Connection[asyncpg.Record]", checked: Checked) -> None:
    numbered = await connection.fetchrow(
        "SELECT count(*) AS n, coalesce(min(feed_seq), 1) AS low, coalesce(max(feed_seq), 0) AS high,"
        " (SELECT last FROM feed_head) AS head FROM log"
    )
    assert numbered is not None, "an aggregate always has a row"
    if numbered["low"] != 1 or not numbered["n"] == numbered["high"] == numbered["head"]:
        checked.violations.append(
            f"LED-03 the feed is numbered {numbered['low']}…{numbered['high']} over {numbered['n']} rows"
        )
    for row in await connection.fetch(
        "SELECT s.case_id FROM stream s WHERE s.version IS DISTINCT FROM"
        " (SELECT max(seq) FROM log l WHERE l.case_id = s.case_id) LIMIT 20"
    ):
        checked.violations.append(f"{row['case_id']}: LED-05 the head's version is not the last row's")
