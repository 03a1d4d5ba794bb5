"""The town: the organs of one place at their keyboards, before the whole system in both of its shapes.

Papers come from the law, versions from the last answer, and the calendar moves only when told. Every test has a town of
its own (its own organs, one case), on a system that all of them share.
"""

import asyncio
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from services.case_flow.domain import CaseFlow
from services.coordinator.domain.clocks import Clocks, Reading
from services.coordinator.domain.reconcile import reconcile
from services.custody_transfer.domain import CustodyTransfer
from services.evidence.domain import Evidence
from services.kernel.code import Rule
from services.law import CODE
from singletrack.ledger import Checked, check_services
from singletrack.stack import Stack

MODES = ("processes", "in_process")
LOGS = ("case_flow", "custody_transfer", "evidence")
RULES: Mapping[str, Rule] = {**CaseFlow.code.rules, **CustodyTransfer.code.rules, **Evidence.code.rules}
#: Who sits in each office that the law names.
OFFICES = {
    "officer": "officer",
    "unit_head": "unit_head",
    "county_head": "county_head",
    "custodian": "property_custodian",
    "case_management": "case_manager",
    "prosecutor": "prosecutor",
    "chief": "chief_prosecutor",
    "superior_chief": "superior_chief_prosecutor",
    "filing_division": "filing_clerk",
    "judge": "judge",
    "panel": "judge",
    "president": "court_president",
    "intake": "intake_officer",
    "center": "center_officer",
    "party": "counsel",
    "clock": "coordinator",
    "coordinator": "coordinator",
}
DECIDERS = {"pol": "county_head", "proc": "chief_prosecutor", "court": "court_president"}
#: Who notes what no step shows, by the kind of organ.
RECORDERS = {
    "pol": "officer",
    "proc": "prosecutor",
    "court": "judge",
    "dc": "center_officer",
    "prison": "prison_officer",
    "party": "counsel",
}
#: Seconds until the coordinator must have read what was recorded, and have done what follows from it.
PATIENCE = 60.0


#: The files that take longest; begun first, or one worker is left with one at the end.
LONGEST = (
    "faults/test_kill.py",
    "journeys/test_timelines.py",
    "coordinator/test_faults.py",
    "singletrack/test_stack.py",
    "coordinator/test_agreement.py",
    "kernel/test_second_clock.py",
    "singletrack/test_verify.py",
    "coordinator/test_follow.py",
    "coordinator/test_mismatches.py",
    "singletrack/test_bench.py",
    "kernel/test_choice.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files that take longest come first; within a file and among all others everything stays where it was."""
    rank = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: rank.get("/".join(item.path.parts[-2:]), len(rank)))


@pytest.fixture(scope="session")
def ground() -> Iterator[Path]:
    """Somewhere the database's user can pass through; pytest's own folders are closed to all but us."""
    folder = Path(tempfile.mkdtemp(prefix="singletrack-town-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session", params=MODES)
def system(request: pytest.FixtureRequest, ground: Path) -> Iterator[Stack]:
    """The whole system, running; shared by all tests that break nothing."""
    with Stack(ground / request.param, durable=False, in_process=request.param == "in_process") as stack:
        yield stack


@pytest.fixture
async def town(system: Stack) -> AsyncIterator["Town"]:
    """A town of its own."""
    async with Town.of(system) as made:
        yield made


@pytest.fixture(scope="session")
def town_of() -> "type[Town]":
    """For tests that start a system themselves: `async with town_of.of(stack) as town`."""
    return Town


@dataclass
class Town:
    """One place: its organs, and the one case they work on. `versions` are the ETags last seen, by service.

    `today` is the day (or the instant) on which acts are done; it moves only when told.
    """

    stack: Stack
    client: httpx.AsyncClient
    place: str = field(default_factory=lambda: secrets.token_hex(3))
    today: date = date(2025, 3, 3)
    case: str = ""
    versions: dict[str, str] = field(default_factory=dict)
    persons: dict[str, str] = field(default_factory=dict)
    custodies: dict[str, str] = field(default_factory=dict)
    #: The package that a sealed kind of paper names.
    sealed: dict[str, str] = field(default_factory=dict)
    services = LOGS

    @classmethod
    def of(cls, stack: Stack) -> "_Opened":
        return _Opened(stack)

    def __post_init__(self) -> None:
        self.police = Organ(self, f"pol-{self.place}")
        self.procuratorate = Organ(self, f"proc-{self.place}")
        self.court = Organ(self, f"court-{self.place}")
        self.second_court = Organ(self, f"court-{self.place}-2")
        self.centre = Organ(self, f"dc-{self.place}")
        self.prison = Organ(self, f"prison-{self.place}")
        self.party = Organ(self, f"party-{self.place}")
        self.clock = Organ(self, "sys-coordinator")
        self.strangers = Organ(self, f"pol-{secrets.token_hex(3)}")
        self.reviewer = Clerk(self, "sys-review", "reviewer")

    def passes(self, **units: float) -> None:
        """Turn the calendar on; units as `timedelta` takes them."""
        self.today += timedelta(**units)

    async def opens(self, *labels: str) -> None:
        """The police take a report down as a case, with the persons in it; the other organs of the place will see it."""
        others = (self.procuratorate, self.court, self.centre, self.prison, self.party)
        body = {"organs": [each.id for each in others], "title": "某案", "occurred_at": self.today.isoformat()}
        opened = await self.police.clerk("officer").does("/v1/cases", body, service="case_flow")
        self.case = opened["case_id"]
        for label in labels:
            await self.registers(label)

    async def registers(self, label: str) -> None:
        """A person becomes part of the case."""
        body = {"label": label, "identity": {"name": label}, "occurred_at": self.today.isoformat()}
        path = f"/v1/cases/{self.case}/persons"
        row = await self.police.clerk("officer").does(path, body, service="case_flow")
        self.persons[label] = next(iter(row["created"]))

    async def files(self, *labels: str) -> None:
        """A case, filed, with these persons."""
        await self.opens()
        await self.police.takes("case_intake:accept")
        await self.police.takes("case_intake:file")
        for label in labels:
            await self.registers(label)

    async def detains(self, *labels: str) -> None:
        """The police detain, the centre takes in, each person under a title of their own."""
        await self.police.takes("criminal_detention:detain", *labels)
        await self.centre.takes("criminal_detention:admit", *labels)
        await self.police.notes("detention_first_interrogation detention_family_notice", *labels)
        for label in labels:
            await self.admits(label, "detention_request_arrest", "detention_warrant")

    async def admits(self, label: str, limit: str, paper: str) -> None:
        """The centre takes a person in, for the police."""
        body = {
            "case_id": self.case,
            "person_id": self.persons[label],
            "holder": self.police.id,
            "title": {"limit": limit, "from": self.today.isoformat()},
            "documents": [self.paper(paper, label)],
            "occurred_at": self.today.isoformat(),
        }
        row = await self.centre.clerk("intake_officer").does("/v1/custodies", body, service="custody_transfer")
        self.custodies[label] = next(iter(row["created"]))

    async def holds_on(self, organ: "Organ", label: str, limit: str, paper: str, **more: Any) -> None:
        """A further title to hold a person, from today on."""
        title = {"limit": limit, "from": self.today.isoformat(), **more}
        await organ.takes("custody_title:add", label, papers=[self.paper(paper, label)], facts={"title": title})

    def paper(self, kind: str, *subjects: str) -> dict[str, Any]:
        """A document about these persons, with all that is to be stated of one."""
        day = f"{self.today}"[:10]
        signed = {"drafted_by": "drafter-1", "approved_by": "approver-1", "approved_on": day}
        return {"kind": kind, "number": f"{kind}〔{day}〕{'、'.join(subjects)}1号", "issued_on": day, **signed}

    @property
    def hours(self) -> dict[str, str]:
        """Two hours of today, as records state them."""
        return {name: f"{self.today}T{hour:02}:00:00+08:00" for name, hour in (("started_at", 10), ("ended_at", 12))}

    async def interrogates(self, label: str, place: str) -> None:
        """Two officers interrogate somebody, and tell them their rights."""
        facts = {"place": place, "officers": ["警员一", "警员二"], "rights_told": True, "signed": True, **self.hours}
        await self.police.takes("interrogation:interrogate", label, facts=facts)

    async def places(self, label: str, cell: str, **more: Any) -> None:
        """The centre gives somebody a cell."""
        facts = {"cell": cell, "sex": "male", "adult": True, "convicted": False, **more}
        await self.centre.takes("placement:place", label, facts=facts)

    async def changes_end(self, organ: "Organ", label: str, limit: str, **more: Any) -> None:
        """The organ in charge tells the centre of another end; the centre signs for it."""
        title = {"limit": limit, "from": self.today.isoformat(), **more}
        await organ.takes("custody_handover:notice_change", label, facts={"title": title})
        await self.centre.takes("custody_handover:confirm_change", label)

    async def hands_over(self, giver: "Organ", taker: "Organ", limit: str, *labels: str) -> None:
        """换押: one offers, the other accepts under a title of its own, the centre signs."""
        title = {"limit": limit, "from": self.today.isoformat()}
        for label in labels:
            await giver.takes("custody_handover:offer", label, to=taker)
            await taker.takes("custody_handover:accept", label, facts={"title": title})
            await self.centre.takes("custody_handover:confirm", label)

    async def findings(self, **filters: Any) -> dict[str, str]:
        """What stands about this case once the coordinator has read everything: kind → status."""
        return {each["kind"]: each["status"] for each in await self.found(**filters)}

    async def found(self, **filters: Any) -> list[dict[str, Any]]:
        """The findings about this case once the coordinator has read everything."""
        await self.is_read()
        answer = await self.reviewer.get("/v1/findings", case_id=self.case, page_size=200, **filters)
        found: list[dict[str, Any]] = answer.json()["items"]
        return found

    async def timeline(self) -> dict[str, Any]:
        """All services' steps in one line, once the coordinator has read everything."""
        await self.is_read()
        told: dict[str, Any] = (await self.reviewer.get(f"/v1/cases/{self.case}/timeline")).json()
        return told

    async def is_read(self) -> None:
        """Until the coordinator has read every log to where it stands now."""
        heads = {name: await self.sql(name, "SELECT last FROM feed_head") for name in LOGS}
        deadline = asyncio.get_running_loop().time() + PATIENCE
        while True:
            told = (await self.reviewer.get("/v1/positions")).json()
            read = {item["service"]: item["feed_seq"] for item in told["items"] if item["read_until"]}
            if all(read.get(name, -1) >= head for name, head in heads.items()) and not told["waiting"]:
                return
            assert asyncio.get_running_loop().time() < deadline, f"the coordinator has read {read} of {heads}"
            await asyncio.sleep(0.05)

    async def concluded(self, **reading: Any) -> dict[str, str]:
        """What the same ledger amounts to, read at another moment or with another patience: kind → status."""
        now, tolerance = reading.get("now", datetime.now(UTC)), reading.get("tolerance", timedelta())
        until = Reading(dict.fromkeys(LOGS, now), now, reading.get("at_once", timedelta(hours=2)))
        conclusion = reconcile(
            self.case, await self.rows(), code=CODE, clocks=Clocks(CODE), reading=until, tolerance=tolerance
        )
        return {finding.kind: finding.status for finding in conclusion.findings}

    async def rows(self) -> list[dict[str, Any]]:
        """Every row of this case, as the feeds of the services give them."""
        found = []
        for name in LOGS:
            after, more = "0", True
            while more:
                page = (await self.reviewer.get(f"/v1/feeds/{name}/events", after=after, limit=5000)).json()
                found += [event["data"] for event in page["items"] if event["partitionkey"] == self.case]
                after, more = page["next_cursor"], page["has_more"]
        return found

    async def version(self, service: str = "case_flow") -> int:
        """How many rows a service has of this case."""
        return int(await self.sql(service, "SELECT count(*) FROM log WHERE case_id = $1", self.case))

    async def sql(self, service: str, question: str, *words: object, owner: bool = False) -> Any:
        """One value from a service's database, as the role that serves or as the one that owns the tables."""
        connection = await asyncpg.connect(self.stack.database_url(service, owner=owner))
        try:
            return await connection.fetchval(question, *words)
        finally:
            await connection.close()

    async def ledger(self) -> dict[str, Checked]:
        """What `singletrack ledger check` finds."""
        return await asyncio.to_thread(check_services, {name: self.stack.database_url(name) for name in LOGS})


class _Opened:
    """A town with its line to the gateway."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._client = httpx.AsyncClient(base_url=stack.url, trust_env=False, timeout=30)

    async def __aenter__(self) -> Town:
        return Town(self._stack, self._client)

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()


@dataclass
class Organ:
    """An organ. Each step is taken by whoever of its people the law names."""

    town: Town
    id: str

    def clerk(self, role: str) -> "Clerk":
        """One of its people."""
        return Clerk(self.town, self.id, role)

    def office(self, step: str) -> "Clerk":
        """Whoever takes a step here."""
        office = RULES[step].office
        if office == "record":
            return self.clerk(self.recorder)
        return self.clerk(DECIDERS[self.id.partition("-")[0]] if office == "decision" else OFFICES[office])

    async def takes(self, step: str, *subjects: str, **given: Any) -> dict[str, Any]:
        """A step that must be accepted; its row. See `tries`."""
        answer = await self.tries(step, *subjects, **given)
        assert answer.status_code == 201, f"{step} on {self.town.today}: {answer.text}"
        row: dict[str, Any] = answer.json()
        return row

    async def notes(self, limits: str, *subjects: str) -> None:
        """That these limits were kept, each for these persons or for the whole case: no step shows it."""
        for limit in limits.split():
            await self.takes("legal_record:note_deed", *subjects, facts={"limit": limit}, role=self.recorder)

    @property
    def recorder(self) -> str:
        """Who notes here what no step shows."""
        return RECORDERS[self.id.partition("-")[0]]

    async def asks(self, step: str, *subjects: str, **given: Any) -> httpx.Response:
        """What taking a step would do."""
        return await self.tries(step, *subjects, dry_run=True, **given)

    async def tries(self, step: str, *subjects: str, **given: Any) -> httpx.Response:
        """A step, accepted or refused. `subjects` are labels of persons, or ids; none means all of the case.

        `papers` stand in the place of those that the law asks for, `to` is the organ that receives, `version` stands in
        the place of the last answer's; the rest is said in the body as it is.
        """
        service, path, named = self._place(step, subjects)
        version, key = given.pop("version", self.town.versions.get(service, "")), given.pop("key", None)
        to, role = given.pop("to", None), given.pop("role", None)
        papers: Sequence[Mapping[str, Any]] = given.pop("papers", self.papers(step, *subjects))
        body = {"type": step, "documents": papers, "occurred_at": self.town.today.isoformat(), **named, **given}
        if "case_number" in {fact.key for fact in RULES[step].tells.optional}:
            body["facts"] = {"case_number": f"{step}〔{self.town.today}〕{self.town.case}号", **body.get("facts", {})}
        if to is not None:
            body["to_organ"] = to.id
        clerk = self.clerk(role) if role else self.office(step)
        return await clerk.post(path, body, service=service, version=version, key=key)

    def papers(self, step: str, *subjects: str) -> list[dict[str, Any]]:
        """One kind of each group that the law asks for; sealed kinds with the digest of the package."""
        kinds = [group[0] for group in RULES[step].papers.groups]
        return [
            {**self.town.paper(kind, *subjects), **(self.town.sealed or {"digest": f"sm3:{'0' * 64}"})}
            if CODE.catalogue.by_id[kind].sealed
            else self.town.paper(kind, *subjects)
            for kind in kinds
        ]

    async def may(self, path: str = "") -> list[dict[str, Any]]:
        """What the people of this organ may do now, role by role. Shape: as the contract's, and the `role`."""
        found = []
        for role in sorted({*OFFICES.values(), *DECIDERS.values()}):
            answer = await self.clerk(role).get(f"{path or f'/v1/cases/{self.town.case}'}/available-transitions")
            found += [{**item, "role": role} for item in answer.json()["items"]]
        return found

    def _place(self, step: str, subjects: Sequence[str]) -> tuple[str, str, dict[str, Any]]:
        town, rule = self.town, RULES[step]
        match rule.line:
            case "custody":
                (one,) = subjects
                return rule.kept_by, f"/v1/custodies/{town.custodies.get(one, one)}/transitions", {}
            case "item" | "package":
                (one,) = subjects
                return rule.kept_by, f"/v1/{rule.line}s/{one}/transitions", {}
        named = [town.persons.get(each, each) for each in subjects]
        return rule.kept_by, f"/v1/cases/{town.case}/transitions", {"subjects": named} if named else {}


@dataclass
class Clerk:
    """One person of an organ, in one role, with a token of their own."""

    town: Town
    organ: str
    role: str

    @property
    def headers(self) -> dict[str, str]:
        """Who calls."""
        token = self.town.stack.token(self.organ, self.role, officer=f"{self.role}-1")
        return {"Authorization": f"Bearer {token}"}

    async def does(self, path: str, body: Mapping[str, Any], *, service: str) -> dict[str, Any]:
        """An act that must be accepted; its row."""
        answer = await self.post(path, body, service=service, version=self.town.versions.get(service, ""))
        assert answer.status_code == 201, f"{path}: {answer.text}"
        row: dict[str, Any] = answer.json()
        return row

    async def post(
        self, path: str, body: Any, *, service: str = "", version: str = "", key: str | None = None, **headers: str
    ) -> httpx.Response:
        """An act on a version. What is accepted moves the version on."""
        sent = {**self.headers, "Idempotency-Key": secrets.token_hex(8) if key is None else key, **_dashed(headers)}
        if version:
            sent["If-Match"] = version
        content: dict[str, Any] = {"content": body} if isinstance(body, bytes) else {"json": body}
        answer = await self.town.client.post(path, headers={"Content-Type": "application/json", **sent}, **content)
        if answer.status_code == 201 and service:
            self.town.versions[service] = answer.headers["etag"]
        return answer

    async def get(self, path: str, **query: Any) -> httpx.Response:
        """A reading."""
        return await self.town.client.get(path, params=query, headers=self.headers)


def _dashed(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}
