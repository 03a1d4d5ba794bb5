"""The coordinator without and with its database.

`town` is three services in memory: rows are made by the real decisions of the real law, and concluded from at once.
`sites` is the real thing: case_flow and custody_transfer on PostgreSQL, followed through a gateway of a few lines.
"""

import asyncio
import contextlib
import json
import shutil
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from joserfc.jwk import OKPKey
from pydantic import SecretStr
from starlette.types import Receive, Scope, Send

from migrations.run import upgrade
from services.case_flow.app import make as make_case_flow
from services.case_flow.domain import CaseFlow
from services.coordinator import follow
from services.coordinator.app import make as make_coordinator
from services.coordinator.domain.clocks import Clocks, Reading
from services.coordinator.domain.reconcile import Conclusion, reconcile
from services.custody_transfer.app import make as make_custody_transfer
from services.custody_transfer.domain import CustodyTransfer
from services.evidence.domain import Evidence
from services.kernel.clock import HandClock
from services.kernel.identity import Signer
from services.kernel.policy import Policy
from services.kernel.record import Domain, Head, TakeStep, decide
from services.kernel.settings import Settings
from services.kernel.transition import new_id
from services.kernel.who import PREFIXES, Actor, Organ, organ_of
from services.law import CODE
from singletrack.postgres import EmbeddedPostgres, Server, ensure_database
from tests.services.coordinator.watch import watch

__all__ = ["watch"]

LOGS = ("case_flow", "custody_transfer", "evidence")
ORGANS = {organ: f"{prefix}-330106" for prefix, organ in PREFIXES.items()}
POLICE, PROCURATORATE, COURT = ORGANS[Organ.POLICE], ORGANS[Organ.PROCURATORATE], ORGANS[Organ.COURT]
DOMAINS: Mapping[str, Domain] = {"case_flow": CaseFlow(), "custody_transfer": CustodyTransfer(), "evidence": Evidence()}
RULES = {name: rule for domain in DOMAINS.values() for name, rule in domain.code.rules.items()}
OFFICES = frozenset(rule.office for rule in RULES.values())
#: One role that may do whatever its organ may: who may act is not what is tested here.
ANYBODY = Policy("1", {"anybody": OFFICES}, frozenset({"anybody"}), frozenset())
CLOCKS = Clocks(CODE)
#: What every finding says, whatever it is about.
SAID = ("zh", "en", "law_ref", "severity", "owner", "repair")
#: What a case goes through on its way to a stage, and which organ is in charge there.
ROAD = {
    "arrest": (
        "criminal_detention:request_arrest",
        "arrest_review:accept",
        "arrest_review:approve",
        "arrest_review:execute",
        "custody_extension:start",
    ),
    "prosecution": ("investigation_close:conclude", "investigation_close:transfer", "investigation_close:accept"),
    "court": ("prosecution_review:review", "prosecution_review:charge", "court_intake:receive", "court_intake:file"),
}


@dataclass
class Town:
    """One case in three services, in memory. It is nine in the morning of 2 March 2026, a Monday."""

    clock: HandClock = field(default_factory=lambda: HandClock(datetime(2026, 3, 2, 1, tzinfo=UTC)))
    case_id: str = "case_1"
    heads: dict[str, Head] = field(default_factory=dict)
    rows: list[Mapping[str, Any]] = field(default_factory=list)
    persons: dict[str, str] = field(default_factory=dict)
    custodies: dict[str, str] = field(default_factory=dict)
    things: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.takes("case_record:open", facts={"organs": [PROCURATORATE, COURT]})

    # Acts.

    def takes(
        self, step: str, *subjects: str, by: str = "", on: str = "", officer: str = "", **given: Any
    ) -> dict[str, Any]:
        """A step, with all its papers, now (or on a day that alone is known). Subjects are labels.

        Every office has its own officer unless one is named.
        """
        rule = RULES[step]
        head = self.heads.get(rule.kept_by, Head(self.case_id))
        known = {**self.persons, **self.things} if rule.line != "custody" else self.custodies
        organ_id = (
            by
            or ORGANS.get(rule.organ)
            or self._in_charge(rule.kept_by, known.get(subjects[0], "") if subjects else "")
        )
        organ = organ_of(organ_id)
        assert organ is not None
        papers = tuple({"kind": group[0], "digest": "sm3:00"} for group in rule.papers.groups)
        command = TakeStep(
            case_id=self.case_id,
            type=step,
            actor=Actor(organ_id, organ, "anybody", officer or f"ofc-{rule.office}", organ_id),
            key=new_id("key"),
            fingerprint="00",
            subjects=tuple(known[each] for each in subjects),
            occurred=on,
            **{"documents": papers, **given},
        )
        entry = decide(head, command, domain=DOMAINS[rule.kept_by], policy=ANYBODY, at=self.clock.now())
        self.heads[rule.kept_by] = entry.head
        row: dict[str, Any] = json.loads(entry.text)
        self.rows.append(row)
        return row

    def _in_charge(self, service: str, subject: str) -> str:
        state = self.heads[service].state
        return str(
            state.get("holder", {}).get(subject) or ORGANS[Organ(state.get("in_charge", {}).get(subject, "police"))]
        )

    def files(self, *labels: str, **given: Any) -> None:
        """The case is filed, with these suspects."""
        self.takes("case_intake:accept", **given)
        self.takes("case_intake:file", **given)
        self.registers(*labels)

    def registers(self, *labels: str) -> None:
        for label in labels:
            row = self.takes("case_record:add_person", facts={"label": label})
            self.persons[label] = next(iter(row["created"]))

    def detains(self, *labels: str, admitted: bool = True, **given: Any) -> None:
        """Detained by the police, and in the centre the same hour."""
        self.takes("criminal_detention:detain", *labels, **given)
        self.takes("criminal_detention:admit", *labels, **given)
        for label in labels if admitted else ():
            self.admits(label, **given)

    def admits(self, label: str, limit: str = "detention_request_arrest", holder: str = POLICE, **given: Any) -> None:
        """The centre takes somebody in."""
        title = {"limit": limit, **given.pop("title", {})}
        facts = {"person_id": self.persons[label], "holder": holder, "title": title}
        row = self.takes("custody_admission:admit", facts=facts, **given)
        self.custodies[label] = next(iter(row["created"]))

    def holds_on(self, label: str, limit: str, since: str, **more: Any) -> dict[str, Any]:
        """A further title of whoever holds the person."""
        return self.takes("custody_title:add", label, facts={"title": {"limit": limit, "from": since, **more}})

    def goes_to(self, stage: str, *labels: str, **given: Any) -> None:
        """The persons go on to the next stage; of their custody nobody thinks."""
        for step in ROAD[stage]:
            self.takes(step, *labels, **given)

    def hands_over(self, label: str, to: str, *, confirmed: bool = True, limit: str = "") -> None:
        """换押."""
        self.takes("custody_handover:offer", label, to_organ=to)
        facts = {"title": {"limit": limit}} if limit else {}
        self.takes("custody_handover:accept", label, by=to, facts=facts)
        if confirmed:
            self.takes("custody_handover:confirm", label)

    # What follows.

    def concludes(
        self,
        *,
        now: datetime | None = None,
        read: Mapping[str, datetime] | None = None,
        tolerance: timedelta = timedelta(hours=24),
        rows: Sequence[Mapping[str, Any]] | None = None,
        **reading: Any,
    ) -> Conclusion:
        """Everything that follows from the rows, every log read until now unless said otherwise."""
        at = now or self.clock.now()
        until = dict.fromkeys(LOGS, at) if read is None else read
        told = self.rows if rows is None else rows
        concluded = reconcile(
            self.case_id, told, code=CODE, clocks=CLOCKS, reading=Reading(until, at, **reading), tolerance=tolerance
        )
        for finding in concluded.findings:
            missing = [name for name in SAID if not getattr(finding, name)]
            assert not missing, f"a finding of {finding.kind} ({finding.status}) says no {missing}"
        return concluded

    def findings(self, kind: str = "", **given: Any) -> list[tuple[str, str, str]]:
        """What was found (of one kind): kind, status, label."""
        labels = {subject: label for label, subject in {**self.persons, **self.things}.items()}
        return [
            (finding.kind, finding.status, labels.get(finding.subject, finding.subject))
            for finding in self.concludes(**given).findings
            if kind in {"", finding.kind}
        ]

    def duty(self, limit: str, label: str = "甲", **given: Any) -> list[tuple[str, str]]:
        """Every time that a duty of one person arose: its status and when it is due."""
        duties = self.concludes(**given).duties
        return [
            (duty.status, duty.due) for duty in duties if (duty.limit, duty.subject) == (limit, self.persons[label])
        ]


@pytest.fixture
def town() -> Town:
    return Town()


# The real thing.


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    folder = Path(tempfile.mkdtemp(prefix="singletrack-coordinator-"))
    folder.chmod(0o755)
    with EmbeddedPostgres(folder, durable=False) as running:
        for name in ("case_flow", "custody_transfer", "evidence", "coordinator"):
            asyncio.run(ensure_database(running, name, f"{name}_owner", "o", f"{name}_runtime", "r"))
            upgrade(name, running.url(name, user=f"{name}_owner", password="o"), f"{name}_runtime")
        yield running
    shutil.rmtree(folder)


@dataclass
class Gateway:
    """A gateway of a few lines: feeds and custodies to their services. Tests may make it misbehave.

    `page` is the most rows that it lets through at once, `again` makes every n-th page begin two pages back, `down`
    names what cannot be reached; `reads` counts the pages asked for, `posts` are the acts that came by, and `answer` may
    answer them in the place of the service.
    """

    apps: Mapping[str, FastAPI] = field(default_factory=dict)
    page: int = 1000
    again: int = 0
    down: set[str] = field(default_factory=set)
    reads: dict[str, int] = field(default_factory=lambda: dict.fromkeys(LOGS, 0))
    posts: list[dict[str, Any]] = field(default_factory=list)
    answer: Callable[[int], httpx.Response | None] = lambda number: None
    _open: Counter[str] = field(default_factory=Counter)

    async def goes_down(self, *names: str) -> None:
        """These services can no longer be reached; what was asked of them before is answered."""
        self.down = set(names)
        while any(self._open[name] for name in names):
            await asyncio.sleep(0.01)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        name = "custody_transfer" if path.startswith("/v1/custodies") else path.split("/")[3]
        if name in self.down:
            await _send(send, httpx.Response(503, json={"code": "GEN-503"}))
            return
        if scope["method"] == "POST":
            body = (await receive()).get("body", b"")
            headers = {key.decode(): value.decode() for key, value in scope["headers"]}
            self.posts.append({"path": path, "key": headers["idempotency-key"], **json.loads(body)})
            made = self.answer(len(self.posts))
            if made is not None:
                await _send(send, made)
                return

            async def once_more() -> dict[str, Any]:
                return {"type": "http.request", "body": body, "more_body": False}

            receive = once_more
        elif path.startswith("/v1/feeds/"):
            self.reads[name] += 1
            asked = dict(httpx.QueryParams(scope["query_string"].decode()))
            asked["limit"] = str(min(int(asked["limit"]), self.page))
            asked["wait"] = str(min(float(asked["wait"]), 0.05))
            if self.again and self.reads[name] % self.again == 0:
                asked["after"] = str(max(0, int(asked["after"]) - 2 * self.page))
            scope = {**scope, "query_string": str(httpx.QueryParams(asked)).encode()}
        self._open[name] += 1
        try:
            await self.apps[name](scope, receive, send)
        finally:
            self._open[name] -= 1


async def _send(send: Send, made: httpx.Response) -> None:
    headers = [(name.lower(), value) for name, value in made.headers.raw]
    await send({"type": "http.response.start", "status": made.status_code, "headers": headers})
    await send({"type": "http.response.body", "body": made.content})


@dataclass
class Sites:
    """The services in one loop, with their databases; coordinators are started and stopped by the tests."""

    server: Server
    signer: Signer
    clock: HandClock
    gateway: Gateway
    _connections: dict[str, Any] = field(default_factory=dict)

    @contextlib.asynccontextmanager
    async def coordinator(
        self, *, transport: httpx.AsyncBaseTransport | None = None, **settings: Any
    ) -> AsyncIterator[FastAPI]:
        """A coordinator at work."""
        given = Settings(
            database_url=SecretStr(self.url("coordinator")),
            jwks=self.signer.public(),
            coordinator_key=SecretStr(json.dumps(self.signer._key.as_dict(private=True))),
            gateway_url="http://gateway",
            **settings,
        )
        app = make_coordinator(given, self.clock, transport or httpx.ASGITransport(app=self.gateway))
        async with app.router.lifespan_context(app):
            yield app

    def url(self, name: str, *, owner: bool = False) -> str:
        return self.server.url(name, user=f"{name}_{'owner' if owner else 'runtime'}", password="o" if owner else "r")

    def client(self, app: FastAPI) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://service")

    def headers(self, organ: str, role: str) -> dict[str, str]:
        token = self.signer.issue(organ, role, officer=f"{role}-1", seconds=10**8)
        return {"Authorization": f"Bearer {token}", "Idempotency-Key": new_id("key")}

    async def act(self, service: str, organ: str, role: str, path: str, body: Any, version: str = "") -> httpx.Response:
        """An act at a service that must be accepted."""
        headers = self.headers(organ, role) | ({"If-Match": version} if version else {})
        async with self.client(self.gateway.apps[service]) as client:
            answer = await client.post(path, json=body, headers=headers)
        assert answer.status_code == 201, answer.text
        return answer

    async def sql(self, question: str, *words: object, service: str = "coordinator") -> list[asyncpg.Record]:
        """Rows of a service's database, read as its owner."""
        if service not in self._connections:
            self._connections[service] = await asyncpg.connect(self.url(service, owner=True))
        rows: list[asyncpg.Record] = await self._connections[service].fetch(question, *words)
        return rows

    async def close(self) -> None:
        """Nothing more to ask."""
        for connection in self._connections.values():
            await connection.close()

    async def heads(self) -> dict[str, int]:
        """Where each log ends."""
        return {name: (await self.sql("SELECT last FROM feed_head", service=name))[0]["last"] for name in LOGS}

    async def is_read(self) -> None:
        """Until the coordinator has read every log to its end, after this moment."""
        heads = await self.heads()
        await self.until(
            "SELECT count(*) = 3 AS done FROM position JOIN unnest($1::text[], $2::bigint[]) AS h(service, last)"
            " USING (service) WHERE feed_seq >= last AND read_until >= $3",
            list(heads),
            list(heads.values()),
            self.clock.now(),
        )
        await self.until("SELECT count(*) = 0 FROM changed")

    async def is_settled(self) -> None:
        """Until every log is read, every case was looked at since, and nothing is left to be commanded."""
        heads: dict[str, int] = {}
        rounds = 0
        while rounds < 2 or heads != await self.heads():
            heads, rounds = await self.heads(), rounds + 1
            self.clock.passes(seconds=5)
            await self.is_read()
            await self.until("SELECT count(*) = 0 FROM conclusion WHERE look_at <= $1", self.clock.now())
            await self.until("SELECT count(*) = 0 FROM command WHERE status IS NULL")

    async def until(self, question: str, *words: object) -> None:
        """Until something is true of the coordinator's database."""
        async with asyncio.timeout(30):
            while not (await self.sql(question, *words))[0][0]:
                await asyncio.sleep(0.02)

    async def concluded(self) -> dict[str, list[Any]]:
        """Everything that stands, without the moments at which it was concluded."""
        findings = await self.sql("SELECT body::text FROM finding WHERE closed_at IS NULL ORDER BY id")
        conclusions = await self.sql(
            "SELECT case_id, look_at, organs::text, duties::text FROM conclusion ORDER BY case_id"
        )
        ledger = await self.sql("SELECT service, case_id, seq, feed_seq, body FROM ledger ORDER BY service, feed_seq")
        positions = await self.sql("SELECT service, feed_seq FROM position ORDER BY service")
        commands = await self.sql("SELECT finding_id, target, body::text FROM command ORDER BY finding_id")
        tables = {
            "finding": findings,
            "conclusion": conclusions,
            "ledger": ledger,
            "position": positions,
            "command": commands,
            "chain": await self.sql("SELECT id, body::text FROM chain ORDER BY id"),
        }
        return {name: [tuple(row) for row in rows] for name, rows in tables.items()}

    async def forget(self) -> None:
        """The coordinator's database, empty again."""
        await self.sql(
            "TRUNCATE ledger, kin, shared, changed, position, conclusion, chain, finding, command, recomputed, digest_head, digest_leaf, digest_node"
        )


@pytest.fixture
async def sites(server: Server, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Sites]:
    """case_flow and custody_transfer with empty databases; evidence, which says nothing here; and no coordinator yet."""
    empty = (
        "ALTER TABLE log DISABLE TRIGGER log_refuses_change",
        "TRUNCATE log, stream, thing, relation, digest_head, digest_leaf, digest_node",
        "UPDATE feed_head SET last = 0",
        "ALTER TABLE log ENABLE ALWAYS TRIGGER log_refuses_change",
    )
    # The law is made ready once for all coordinators of a run.
    monkeypatch.setattr(follow, "Clocks", lambda code: CLOCKS)
    signer = Signer(OKPKey.generate_key("Ed25519", auto_kid=True))
    clock = HandClock(datetime(2026, 3, 2, 1, tzinfo=UTC))
    made = Sites(server, signer, clock, Gateway())
    for name in LOGS:
        for statement in empty:
            await made.sql(statement, service=name)
    await made.forget()
    await made.sql("TRUNCATE agreement, halt")
    makers = {"case_flow": make_case_flow, "custody_transfer": make_custody_transfer}
    apps = {
        name: make(Settings(database_url=SecretStr(made.url(name)), jwks=signer.public()), clock)
        for name, make in makers.items()
    }
    async with contextlib.AsyncExitStack() as running:
        for app in apps.values():
            await running.enter_async_context(app.router.lifespan_context(app))
        made.gateway.apps = {**apps, "evidence": _silent}
        yield made
    await made.close()


async def _silent(scope: Scope, receive: Receive, send: Send) -> None:
    """The feed of a service in which nothing has happened."""
    await asyncio.sleep(0.05)
    await _send(send, httpx.Response(200, json={"items": [], "next_cursor": "0", "has_more": False}))
