"""`singletrack demo`: start everything, play real cases, reconcile, show what was found, stop."""

import json
import shutil
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from singletrack import drawing
from singletrack.ledger import check_services
from singletrack.replay.client import GatewayGone
from singletrack.replay.command import play_file
from singletrack.replay.records import TimelineBroken
from singletrack.replay.report import NotConverged
from singletrack.stack import Databases, Stack, StackUnavailable

SAMPLE = Path(__file__).parents[1] / "data" / "timelines" / "sample.jsonl"
#: Columns of a lane and of its label, and how many clocks are drawn for each person.
LANE, LABEL, CLOCKS = 64, 24, 6

app = typer.Typer()


@app.command()
def demo(
    file: Annotated[Path, typer.Option("--file", help="Timelines to play.")] = SAMPLE,
    limit: Annotated[int | None, typer.Option(min=1, help="So many records only.")] = None,
    data: Annotated[Path | None, typer.Option("--data", help="Where the demo's data and report go.")] = None,
    in_process: Annotated[bool, typer.Option("--in-process", help="All services in one process.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the totals for machines.")] = False,
) -> None:
    """Set up, start, play real cases through the gateway, reconcile, show, stop."""
    folder = (data or Databases().data) / "demo"
    shutil.rmtree(folder, ignore_errors=True)
    console = Console(quiet=as_json, width=None if Console().is_terminal else 118)
    begun = time.monotonic()
    console.print("单轨 Singletrack: starting PostgreSQL, four services and the gateway ...")
    try:
        with Stack(folder, in_process=in_process) as stack:
            console.print(f"ready after {time.monotonic() - begun:.1f} s at {stack.url}; playing {file.name} ...")
            whole = play_file(file, stack.url, _tokens(stack), limit=limit)
            timeline = _timeline(stack, _chosen(whole))
            agreement = _agreement(stack, whole)
    except (TimelineBroken, GatewayGone, NotConverged, OSError) as error:
        raise StackUnavailable(str(error)) from error
    whole["agreement"] = agreement
    _write(folder, whole, timeline)
    if as_json:
        typer.echo(json.dumps({**whole["totals"], "agreement": agreement}, ensure_ascii=False))
    else:
        _show(console, whole, timeline, folder)
        console.print(f"stopped; {time.monotonic() - begun:.0f} s in all")
    if not agreement["agree"]:
        raise typer.Exit(1)


def _tokens(stack: Stack) -> Callable[[str, str], str]:
    return lambda organ, role: stack.token(organ, role, officer=f"{role}-1", hours=24)


def _chosen(whole: Mapping[str, Any]) -> str:
    """The case that shows most: several persons, many stated steps, and something found that the document states."""
    persons = Counter(record["case_id"] for record in whole["records"])
    told = Counter(record["case_id"] for record in whole["records"] for _ in record["accepted"])
    several = {case for case, number in persons.items() if 2 <= number <= 4} or set(persons)
    found = Counter(
        record["case_id"] for record in whole["records"] for each in record["findings"] if not each["beyond_record"]
    )
    chosen: str = max(several, key=lambda case: (min(found[case], 3), told[case] / persons[case], case))
    return chosen


def _timeline(stack: Stack, case_id: str) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {stack.token('sys-review', 'reviewer')}"}
    answer = httpx.get(f"{stack.url}/v1/cases/{case_id}/timeline", headers=headers, timeout=30)
    answer.raise_for_status()
    told: dict[str, Any] = answer.json()
    return told


def _agreement(stack: Stack, whole: Mapping[str, Any]) -> dict[str, Any]:
    """Whether every log is whole, its views follow from it, and the coordinator has read all of it."""
    checked = check_services({name: stack.database_url(name) for name in ("case_flow", "custody_transfer", "evidence")})
    read = {item["service"]: item["feed_seq"] for item in whole["totals"]["positions"]}
    services = {
        name: {**result.as_dict(), "read_by_coordinator": read.get(name, 0)} for name, result in checked.items()
    }
    agree = all(each["sound"] and each["rows"] == each["read_by_coordinator"] for each in services.values())
    return {"agree": agree, "services": services}


def _write(folder: Path, whole: Mapping[str, Any], timeline: Mapping[str, Any]) -> None:
    (folder / "report.json").write_text(json.dumps(whole, ensure_ascii=False, indent=1), encoding="utf-8")
    svg = drawing.case_svg(timeline)
    (folder / "case.svg").write_text(svg, encoding="utf-8")
    told = drawing.page("单轨：真实案件回放", svg, drawing.ranked(whole["totals"]["findings"]), _lines(whole))
    (folder / "report.html").write_text(told, encoding="utf-8")


def _lines(whole: Mapping[str, Any]) -> list[str]:
    totals, agreement = whole["totals"], whole["agreement"]
    rows = "、".join(f"{name} {each['rows']}" for name, each in agreement["services"].items())
    return [
        f"{totals['cases']}件案件、{totals['records']}名被告人的记录，{totals['events']}个事件",
        (
            f"办理{totals['steps']}步：文书所载{totals['accepted']}步，依法补足（推定）{totals['inferred']}步；"
            f"拒绝{totals['refused']}步，属于其他程序或者不是步骤的{totals['outside']}个"
        ),
        f"经网关每秒{totals['steps_per_second']}步",
        f"各服务日志{rows}行，哈希链完整，视图与日志{'一致' if agreement['agree'] else '不一致'}，协同中枢已全部读取",
    ]


def _show(console: Console, whole: Mapping[str, Any], timeline: Mapping[str, Any], folder: Path) -> None:
    console.print()
    for line in _lines(whole):
        console.print(f"  {line}", no_wrap=True, overflow="ignore", crop=False)
    console.print()
    _draw(console, timeline)
    table = Table(
        "规则", "", "状态", "依据", "件数", "条文", title="发现的问题（截至各文书所载之日）", title_justify="left"
    )
    for row in drawing.ranked(whole["totals"]["findings"]):
        table.add_row(
            row["id"],
            drawing.name_of(row["id"]),
            drawing.STATUS_ZH.get(row["status"], row["status"]),
            drawing.BASIS_ZH[row["basis"]],
            str(row["count"]),
            row["law_ref"].partition("、")[0],
        )
    console.print(table)
    console.print(f"报告 {folder / 'report.html'}（含图）、{folder / 'report.json'}（逐案逐事件）", soft_wrap=True)


def _draw(console: Console, timeline: Mapping[str, Any]) -> None:
    """One lane a person: ● stated, ○ inferred; under it the clocks: those that ran out first, then the others."""
    days = sorted(act["occurred_at"][:10] for act in timeline["items"])
    first, last = drawing.day(days[0]), drawing.day(days[-1])
    span = max((last - first).days, 1)

    def place(text: str) -> int:
        return min(max(round((drawing.day(text) - first).days / span * (LANE - 1)), 0), LANE - 1)

    def line(label: str, lane: str, style: str = "") -> None:
        padded = label + " " * max(LABEL - cell_len(label), 1)
        console.print(Text(f"  {padded}{lane}", style=style), no_wrap=True, overflow="ignore", crop=False)

    console.print(f"  一案到底 {timeline['case_id']}：{first} 至 {last}（● 文书所载  ○ 推定  ┫ 届满日  ✗ 逾期完成）")
    for person, label in timeline["persons"].items():
        lane = ["─"] * LANE
        for act in sorted(timeline["items"], key=lambda act: not act["inferred"]):
            if person in act["persons"]:
                lane[place(act["occurred_at"])] = "○" if act["inferred"] else "●"
        line(label, "".join(lane), "bold")
        for clock in drawing.clocks(timeline["items"], person)[:CLOCKS]:
            start, due = place(clock["since"]), place(clock["due"])
            bar = [" "] * start + ["━"] * (due - start) + ["┫"] + [" "] * (LANE - due - 1)
            late = clock["status"] in {"late", "overdue"}
            if late and clock["at"]:
                bar[place(clock["at"])] = "✗"
            line(f"  {clock['zh'][:9]}", f"{''.join(bar)} {clock['due'][:10]}", "red" if late else "dim")
    console.print()
