"""`singletrack law coverage`: which provisions the system executes, which it only records, which are not encoded and why."""

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from unicodedata import east_asian_width

import typer

from services.kernel.procedure import Procedure
from services.law import CODE, PROCEDURES
from services.law.dues import near
from services.law.reading import KINDS_ZH, SORTS, SORTS_ZH, Reading, key, read

_NAME, _NUMBER = 34, 20


def coverage(
    procedure: Annotated[
        str | None, typer.Argument(help="Such as arrest_review or P09: its provisions, each with its kind.")
    ] = None,
    *,
    listed: Annotated[bool, typer.Option("--list", help="Every provision, not only how many.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print for machines.")] = False,
) -> None:
    """Which provisions are executed, only recorded, and not encoded, with the reason; and how many."""
    chosen: list[type[Procedure]] = [find(procedure)] if procedure else [*PROCEDURES, *CODE.older]
    found = [(each, read(each, CODE)) for each in chosen]
    # An older edition repeats most of the newer one: it is shown, and not counted again.
    counting = [reading for each, reading in found if each.until is None or procedure]
    total = _total(counting)
    if as_json:
        answer = {"procedures": [_row(each, reading) for each, reading in found], "total": total}
        typer.echo(json.dumps(answer, ensure_ascii=False, indent=2))
        return
    if listed or procedure:
        typer.echo("\n".join(line for _, reading in found for line in _listed(reading)))
    heads = [f"{KINDS_ZH[SORTS[sort]]}：{zh}" for sort, zh in SORTS_ZH.items()]
    typer.echo(" " * _NAME + "".join(_right(head, _NUMBER) for head in heads) + _right("条文", 8))
    for reading in [reading for _, reading in found]:
        typer.echo(_line(reading.name, reading.counts))
    typer.echo(_line("合计" if procedure else "合计（现行）", total))


def find(asked: str) -> type[Procedure]:
    """A procedure by its name, id or Chinese; an older edition by `<name>@<edition>`. Exits with 2 if there is none."""
    known: dict[str, type[Procedure]] = {name: each for each in PROCEDURES for name in (each.name, each.id, each.zh)}
    known |= {key(each): each for each in CODE.older}
    found = next((each for name, each in known.items() if name.lower() == asked.lower()), None)
    if found is None:
        typer.echo(f"没有名为“{asked}”的程序。{near(asked, known)}全部程序见：singletrack law list", err=True)
        sys.exit(2)
    return found


def _row(procedure: type[Procedure], reading: Reading) -> dict[str, Any]:
    return {
        "id": procedure.id,
        "name": reading.name,
        "zh": procedure.zh,
        **_total([reading]),
        "provisions": [
            {
                "number": each.number,
                "kind": each.kind,
                "sort": each.sort,
                "name": each.name,
                "zh": each.zh,
                "basis": list(each.refs),
                "reason": each.reason,
            }
            for each in reading.provisions
        ],
    }


def _total(readings: Sequence[Reading]) -> dict[str, int]:
    """How many provisions of each sort, and then of each kind."""
    sorts = {sort: sum(reading.counts[sort] for reading in readings) for sort in SORTS}
    return sorts | {kind: sum(sorts[sort] for sort in SORTS if SORTS[sort] == kind) for kind in KINDS_ZH}


def _listed(reading: Reading) -> list[str]:
    lines = [reading.title]
    for kind, zh in KINDS_ZH.items():
        mine = [each for each in reading.provisions if each.kind == kind]
        lines.append(f"  {zh}（{len(mine)}）")
        for each in mine:
            reason = f"——{each.reason}" if each.reason else ""
            lines.append(f"    {each.number}．{SORTS_ZH[each.sort]} {each.zh} [{each.name}]{reason}")
    return [*lines, ""]


def _line(name: str, counts: Mapping[str, int]) -> str:
    numbers = "".join(f"{counts[sort]:>{_NUMBER}}" for sort in SORTS)
    return name + " " * (_NAME - _width(name)) + numbers + f"{sum(counts[sort] for sort in SORTS):>8}"


def _right(text: str, width: int) -> str:
    return " " * (width - _width(text)) + text


def _width(text: str) -> int:
    """In columns of a terminal, where a Chinese character takes two."""
    return sum(2 if east_asian_width(sign) in "WF" else 1 for sign in text)
