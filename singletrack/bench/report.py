"""What was measured, for people and for machines."""

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from singletrack.bench.lifecycle import FACTS_BYTES, LIFECYCLE, NEAREST
from singletrack.bench.runs import Run, medians

NOISE = (
    "Machines are noisy, and other work on this one counts as noise. Only ratios within one run of this command say "
    "anything; steps per second of two runs, or of two machines, are not to be compared."
)
#: What DESIGN §5 asks for: part, what of it, at least or at most how much.
TARGETS = (
    ("service over HTTP", "service", "ratio", "≥", 0.40),
    ("through the gateway", "gateway", "ratio", "≥", 0.25),
    ("bulk", "bulk", "ratio", "≥", 1.5),
    ("p99 over HTTP, × the limit's", "service", "p99_ratio", "≤", 3.0),
    ("following a feed, events/s", "feed", "steps_per_second", "≥", 40_000.0),
)
GROWTH = 1.1
_CPU = "cpu_seconds_per_1000"
_WHAT = {
    "limit": "PostgreSQL alone, one statement a step (pgbench)",
    "service": "directly to the services",
    "gateway": "through the gateway",
    "bulk": "bulk: many cases in a request; its ms are of a request",
    "feed": "following a feed: events for steps; its ms are of a page",
    "feed_gateway": "the same through the gateway",
}


def report(runs: Sequence[Run], settings: Mapping[str, Any], postgres: str) -> dict[str, Any]:
    """Everything, for machines. Shape: machine, settings, lifecycle, runs, medians, targets, notes."""
    found = medians(runs)
    return {
        "machine": {
            "cores": len(os.sched_getaffinity(0)),
            "processor": _processor(),
            "python": platform.python_version(),
            "postgres": postgres,
        },
        "settings": dict(settings),
        "lifecycle": [
            {
                "step": step.type,
                "service": step.service,
                "design": step.design or None,
                "note": NEAREST.get(step.design),
            }
            for step in LIFECYCLE
        ],
        "facts_bytes": FACTS_BYTES,
        "runs": [asdict(run) for run in runs],
        "medians": found,
        "targets": [*targets(found), *growth(found)],
        "notes": [NOISE],
    }


def targets(found: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Each target of the design beside what was measured before anything was stored."""
    return [
        {
            "target": name,
            "wanted": f"{sign} {bound:g}",
            "measured": value,
            "met": value >= bound if sign == "≥" else value <= bound,
        }
        for name, part, what, sign, bound in TARGETS
        for each in found
        if each["part"] == part and each["stored"] == found[0]["stored"] and what in each
        for value in [each[what]["median"]]
    ]


def growth(found: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What a step costs with the most stored cases, against the fewest: processor time of the servers."""
    levels = sorted({each["stored"] for each in found})
    cost = {(each["part"], each["stored"]): each["cpu_seconds_per_1000"]["median"] for each in found}
    rows = []
    for part in ("service", "gateway", "bulk"):
        if len(levels) > 1 and (part, levels[0]) in cost and (part, levels[-1]) in cost:
            value = round(cost[part, levels[-1]] / cost[part, levels[0]], 3)
            name = f"cost of a step at {levels[-1]:,} stored cases, × that at {levels[0]:,} ({part})"
            rows.append({"target": name, "wanted": f"≤ {GROWTH}", "measured": value, "met": value <= GROWTH})
    return rows


def show(found: Mapping[str, Any]) -> None:
    """The report for people, on standard output: medians, and below each the least and the most of the rounds."""
    console = Console()
    for stored in sorted({each["stored"] for each in found["medians"]}):
        these = [each for each in found["medians"] if each["stored"] == stored]
        console.print(_table(f"{stored:,} stored cases" if stored else "an empty system", these))
        console.print("Processor seconds for 1,000 steps, by process:")
        for each in these:
            spent = {name[4:]: each[name]["median"] for name in each if name.startswith("cpu_") and name != _CPU}
            spent["the load itself"] = each[f"load_{_CPU}"]["median"]
            words = ", ".join(f"{name} {seconds:.3f}" for name, seconds in spent.items() if seconds >= 0.0005)
            console.print(f"  {each['part']}: {words}")
    table = Table(title="targets of DESIGN §5")
    for name in ("target", "wanted", "measured", ""):
        table.add_column(name, overflow="fold")
    for each in found["targets"]:
        table.add_row(each["target"], each["wanted"], f"{each['measured']:,g}", "met" if each["met"] else "not met")
    console.print(table)
    for part in {each["part"]: None for each in found["medians"]}:
        console.print(f"{part}: {_WHAT[part]}")
    console.print(f"A case is {len(LIFECYCLE)} rows: the 24 steps of the design and what the law puts between them.")
    console.print("Every run counted: log rows = state versions = what clients saw acknowledged, in every service.")
    for note in found["notes"]:
        console.print(note)


def _table(title: str, rows: Sequence[Mapping[str, Any]]) -> Table:
    columns = {
        "steps/s": "steps_per_second",
        "× limit": "ratio",
        "p50 ms": "p50_ms",
        "p95 ms": "p95_ms",
        "p99 ms": "p99_ms",
        "CPU s/1,000": _CPU,
        "WAL B/step": "wal_bytes_per_step",
    }
    table = Table(title=title)
    for name in ("", *columns):
        table.add_column(name, justify="right" if name else "left", no_wrap=True)
    for each in rows:
        table.add_row(each["part"], *(_figure(each.get(name)) for name in columns.values()))
    return table


def _figure(value: Mapping[str, float] | None) -> str:
    if value is None:
        return ""
    digits = 0 if value["median"] >= 100 else 1 if value["median"] >= 10 else 2
    return f"{value['median']:,.{digits}f}\n{value['min']:.{digits}f}–{value['max']:.{digits}f}"


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()
