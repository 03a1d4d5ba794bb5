"""`singletrack law`: list the procedures, read one back in Chinese, compute a due date, count what is encoded."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from services.kernel.procedure import Procedure
from services.law import CODE, PROCEDURES
from services.law.diagram import diagram
from services.law.dues import extension_json, lengthened, limit_json
from services.law.reading import Reading, read, runs
from singletrack import proofs
from singletrack.coverage import coverage, find
from singletrack.due import due_date, recompute

app = typer.Typer(
    name="law",
    no_args_is_help=True,
    help="The law as this system carries it out: read it back, and compute with it.",
)

AsJson = Annotated[bool, typer.Option("--json", help="Print for machines.")]


@app.command("list")
def list_procedures(*, as_json: AsJson = False) -> None:
    """All procedures: id, name, Chinese, since when."""
    rows = [
        {
            "id": each.id,
            "name": each.name,
            "zh": each.zh,
            "kept_by": each.kept_by,
            "line": each.line,
            "in_force": each.in_force.isoformat(),
        }
        for each in PROCEDURES
    ]
    if as_json:
        _print_json({"procedures": rows})
        return
    for row in rows:
        typer.echo(f"{row['id']:<4} {row['name']:<28} {row['in_force']}  {row['zh']}")


@app.command()
def show(
    procedure: Annotated[str, typer.Argument(help="Such as arrest_review or P09.")],
    *,
    ids: Annotated[bool, typer.Option("--ids", help="With the names on the wire and the ids of the tables.")] = False,
    picture: Annotated[
        Path | None, typer.Option("--diagram", metavar="FILE.svg", help="Draw its states and steps into this file.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Read one procedure back in Chinese."""
    chosen = find(procedure)
    reading = read(chosen, CODE)
    if picture:
        picture.write_text(diagram(chosen, CODE).svg, encoding="utf-8")
        typer.echo(f"{reading.title}：已画入 {picture}")
    elif as_json:
        _print_json(_described(chosen, reading))
    elif ids:
        names = {each.number: " ".join((each.name, *each.ids)) for each in reading.provisions}
        typer.echo("\n".join([reading.title, "", *reading.preamble, ""]))
        for each in reading.provisions:
            typer.echo(f"{each.line} [{names[each.number]}]")
    else:
        typer.echo(reading.text, nl=False)


@app.command("limits")
def list_limits(*, as_json: AsJson = False) -> None:
    """All limits: name, length with its extensions, Chinese."""
    rows = [limit_json(limit) for limit in CODE.limits.values()]
    if as_json:
        _print_json({"limits": rows})
        return
    for limit in CODE.limits.values():
        length = limit.period.zh if limit.period else "没有数字"
        extended = "".join(f"，{lengthened(each)}" for each in limit.extensions)
        typer.echo(f"{limit.name:<45} {limit.zh}：{length}{extended}")


app.command("due")(due_date)
app.command("recompute")(recompute)
proofs.register(app)
app.command()(coverage)


def _described(procedure: type[Procedure], reading: Reading) -> dict[str, Any]:
    """A procedure for machines: every provision with its words, and beside them what the system runs."""
    return {
        "id": procedure.id,
        "name": procedure.name,
        "zh": procedure.zh,
        "kept_by": procedure.kept_by,
        "line": procedure.line,
        "in_force": procedure.in_force.isoformat(),
        "states": [
            {"name": state.name, "zh": state.zh, "initial": state.initial, "end": state.end}
            for state in procedure.states()
        ],
        "preamble": list(reading.preamble),
        "provisions": [
            {
                "number": each.number,
                "voice": each.voice,
                "name": each.name,
                "ids": list(each.ids),
                "zh": each.text,
                "basis": list(each.refs),
                **_facts(each.name),
            }
            for each in reading.provisions
        ],
    }


def _facts(name: str) -> dict[str, Any]:
    if name in CODE.rules:
        rule = CODE.rules[name]
        return {
            "organ": rule.organ.value,
            "office": rule.office,
            "at": list(rule.at),
            "to": rule.to,
            "needs": [list(group) for group in rule.papers.groups],
            "may_come_along": sorted(rule.papers.optional),
            "tells": [fact.key for fact in rule.tells.required],
            "may_tell": [fact.key for fact in rule.tells.optional],
            "opens": [":".join(each) for each in rule.opens],
            "carries": list(rule.carries),
            "ends": [":".join(each) for each in rule.ends],
            "hands_to": rule.hands_to.value if rule.hands_to else None,
            "at_most": rule.at_most,
        }
    if name in CODE.limits:
        limit = CODE.limits[name]
        return {
            "organ": limit.organ.value,
            "kind": limit.kind,
            "runs": runs(limit),
            "duration": limit.period.iso if limit.period else None,
            "extensions": [extension_json(each) for each in limit.extensions],
            "roll": limit.roll.value,
            "custody": limit.custody,
            "before": limit.before,
            "working_days": limit.working_days,
        }
    return {}


def _print_json(answer: Mapping[str, Any]) -> None:
    typer.echo(json.dumps(answer, ensure_ascii=False, indent=2))
