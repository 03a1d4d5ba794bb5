"""The runs: what is measured, one after another, and whether each of them counts."""

import asyncio
import json
import statistics
import subprocess
import sys
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from typing import Any, Self, TypeVar

from singletrack.bench import limit, measure
from singletrack.bench.lifecycle import FOLLOWER, LIFECYCLE
from singletrack.bench.load import LAST_ANSWERS_SECONDS, Order, Seen
from singletrack.bench.stored import store
from singletrack.postgres import Server
from singletrack.stack import Stack, StackUnavailable

#: What can be measured, in the order of a round.
PARTS = ("limit", "service", "gateway", "bulk", "feed", "feed_gateway")
#: Services that keep a part of the lifecycle.
SERVICES = ("case_flow", "evidence", "custody_transfer")
BULK_CLIENTS = 4
PAGE = 5000
#: Whole cases that stored ones are copied from.
SAMPLES = 16
_READY_SECONDS = 60

Result = TypeVar("Result")


class DoesNotCount(RuntimeError):
    """A run in which something was refused, lost, or recorded that nobody was told of."""


@dataclass(slots=True)
class Run:
    """One part of one round. `cpu` is processor seconds of the servers per 1,000 steps, by process."""

    part: str
    round: int
    stored: int
    steps: int
    seconds: float
    rate: float
    milliseconds: dict[str, float]
    ratio: float | None
    p99_ratio: float | None
    cpu: dict[str, float]
    load_cpu: float
    wal: float
    verified: dict[str, dict[str, int]] = field(default_factory=dict)


class Bench:
    """All runs against one stack. `told` is called with words for whoever waits, before each run."""

    def __init__(
        self,
        stack: Stack,
        *,
        clients: int,
        seconds: float,
        bulk_size: int,
        told: Callable[[str], None] = lambda _: None,
    ) -> None:
        if stack.server is None:
            raise StackUnavailable(
                "The benchmark measures PostgreSQL too, so it starts its own; unset SINGLETRACK_…_URL."
            )
        self.stack = stack
        self.server: Server = stack.server
        self.clients = clients
        self.seconds = seconds
        self.bulk_size = bulk_size
        self.runs: list[Run] = []
        self.stored = 0
        self._told = told
        self._services = [service for service in SERVICES if service in stack.services]
        by = {(step.organ, step.role) for step in LIFECYCLE if step.service in self._services}
        self._tokens = {f"{organ}/{role}": stack.token(organ, role) for organ, role in sorted(by | {FOLLOWER})}
        self._samples: list[str] = []

    def warm_up(self) -> None:
        """A few whole cases, directly and through the gateway; what is stored later is copied from them."""
        for part in ("service", "gateway"):
            seen = self._load(self._order(part, cases=max(SAMPLES, self.clients)))
            cases = [set(seen.versions[service]) for service in self._services]
            self._samples = sorted(set.intersection(*cases))[:SAMPLES]

    def round(self, number: int, parts: Sequence[str]) -> None:
        """Measure these parts once. Raises: DoesNotCount."""
        limited: Run | None = None
        for part in parts:
            self._told(f"{part}, round {number}" + (f", {self.stored:,} cases stored" if self.stored else ""))
            run = self._limit(number) if part == "limit" else self._part(part, number)
            limited = run if part == "limit" else limited
            if limited is not None and part in {"limit", "service", "gateway", "bulk"}:
                run.ratio = round(run.rate / limited.rate, 4)
                run.p99_ratio = round(run.milliseconds["p99"] / limited.milliseconds["p99"], 3)
            self.runs.append(run)

    def store(self, cases: int, progress: Callable[[int], None] = lambda _: None) -> int:
        """Have so many stored cases in every service; the rows written. Raises: NoRoom."""
        written = 0
        for service in self._services:
            written += _await(store(self.server, service, self._samples, self.stored, cases, progress))
        self.stored = cases
        return written

    def _limit(self, number: int) -> Run:
        _await(limit.prepare(self.server))
        before = _await(measure.spent(self.server, {}))
        seen = limit.run(self.server, clients=self.clients, seconds=self.seconds)
        spent = _await(measure.spent(self.server, {})).since(before)
        try:
            verified = {"limit": _await(limit.verify(self.server, seen))}
        except AssertionError as error:
            raise DoesNotCount(str(error)) from error
        return self._run("limit", number, seen, spent, verified)

    def _part(self, part: str, number: int) -> Run:
        order = self._order(part)
        processes = {name: self.stack.pid(name) for name in (*self.stack.services, "gateway")}
        numbers = {service: _await(measure.last_number(self._url(service))) for service in self._services}
        with _Load(order) as load:
            before = _await(measure.spent(self.server, processes))
            seen = load.go()
            spent = _await(measure.spent(self.server, processes)).since(before)
        verified = {}
        try:
            for service in self._services if order.what != "feed" else ():
                versions = seen.versions.get(service, {})
                verified[service] = _await(measure.verify(self._url(service), versions, numbers[service]))
        except AssertionError as error:
            raise DoesNotCount(f"{part}: {error}") from error
        acknowledged = sum(each["acknowledged"] for each in verified.values())
        if verified and acknowledged != seen.steps:
            raise DoesNotCount(f"{part}: {seen.steps} steps were answered and {acknowledged} versions acknowledged")
        return self._run(part, number, seen, spent, verified)

    def _run(
        self, part: str, number: int, seen: Seen, spent: measure.Spent, verified: dict[str, dict[str, int]]
    ) -> Run:
        thousands = max(seen.steps, 1) / 1000
        return Run(
            part=part,
            round=number,
            stored=self.stored,
            steps=seen.steps,
            seconds=round(seen.seconds, 3),
            rate=round(seen.steps / seen.seconds, 1),
            milliseconds=seen.milliseconds,
            ratio=None,
            p99_ratio=None,
            cpu={name: round(seconds / thousands, 4) for name, seconds in spent.cpu.items()},
            load_cpu=round(seen.cpu_seconds / thousands, 4),
            wal=round(spent.wal / max(seen.steps, 1)),
            verified=verified,
        )

    def _order(self, part: str, *, cases: int = 0) -> Order:
        gateway = part in {"gateway", "feed_gateway"}
        urls = {service: self.stack.url if gateway else self.stack.service_url(service) for service in self._services}
        what = part.partition("_")[0] if part.partition("_")[0] in {"bulk", "feed"} else "steps"
        tokens, services, clients, size = self._tokens, self._services, self.clients, 1
        match what:
            case "bulk":
                services, clients, size = ["case_flow"], min(self.clients, BULK_CLIENTS), self.bulk_size
            case "feed":
                name = "/".join(FOLLOWER)
                services, clients, size, tokens = ["case_flow"], 1, PAGE, {name: tokens[name]}
        seconds = 600 if cases else self.seconds
        return Order(what, {name: urls[name] for name in services}, services, tokens, clients, seconds, size, cases)

    def _load(self, order: Order) -> Seen:
        with _Load(order) as load:
            return load.go()

    def _url(self, service: str) -> str:
        return self.server.url(service)


class _Load:
    """The load's process, from its start to its end."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", "from singletrack.bench.load import main; main()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._say(json.dumps(asdict(self._order)))
        if (answer := self._hear()) != "ready":
            raise DoesNotCount(f"the load did not begin: {answer}")
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process is not None, "entered"
        self._process.kill()
        self._process.communicate()

    def go(self) -> Seen:
        """Run to the end. Raises: DoesNotCount where an answer was not what it must be."""
        self._say("go")
        answer: dict[str, Any] = json.loads(self._hear() or '{"failed": "the load died"}')
        if "failed" in answer:
            raise DoesNotCount(answer["failed"])
        return Seen(**answer)

    def _say(self, line: str) -> None:
        assert self._process is not None, "entered"
        assert self._process.stdin is not None, "piped"
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def _hear(self) -> str:
        """One line; the end of a load that hangs is forced."""
        process = self._process
        assert process is not None, "entered"
        assert process.stdout is not None, "piped"
        patience = self._order.seconds + LAST_ANSWERS_SECONDS + _READY_SECONDS
        with ThreadPoolExecutor(1) as thread:
            line = thread.submit(process.stdout.readline)
            try:
                return line.result(patience).strip()
            except TimeoutError:
                process.kill()
                return line.result().strip()


def medians(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """For each part at each number of stored cases: the median of the rounds, with the least and the most."""
    found = []
    for stored in sorted({run.stored for run in runs}):
        for part in PARTS:
            of_part = [run for run in runs if run.part == part and run.stored == stored]
            if of_part:
                found.append({"part": part, "stored": stored, "rounds": len(of_part), **_middle(of_part)})
    return found


def _middle(runs: Sequence[Run]) -> dict[str, Any]:
    measured: dict[str, list[float]] = {
        "steps_per_second": [run.rate for run in runs],
        **{f"{name}_ms": [run.milliseconds[name] for run in runs] for name in ("p50", "p95", "p99")},
        "ratio": [run.ratio for run in runs if run.ratio is not None],
        "p99_ratio": [run.p99_ratio for run in runs if run.p99_ratio is not None],
        "cpu_seconds_per_1000": [sum(run.cpu.values()) for run in runs],
        "load_cpu_seconds_per_1000": [run.load_cpu for run in runs],
        "wal_bytes_per_step": [run.wal for run in runs],
        **{f"cpu_{name}": [run.cpu[name] for run in runs] for name in runs[0].cpu},
    }
    return {
        name: {
            "median": round(statistics.median(values), 4),
            "min": round(min(values), 4),
            "max": round(max(values), 4),
        }
        for name, values in measured.items()
        if values
    }


def _await(coroutine: Coroutine[Any, Any, Result]) -> Result:
    return asyncio.run(coroutine)
