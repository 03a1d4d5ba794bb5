"""case_flow as organs meet it: the app on a real PostgreSQL, over HTTP, with a clock that moves only when told."""

import asyncio
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from joserfc.jwk import OKPKey
from pydantic import SecretStr

from migrations.run import upgrade
from services.case_flow.app import make
from services.case_flow.domain import CaseFlow
from services.kernel.clock import HandClock
from services.kernel.identity import Signer
from services.kernel.settings import Settings
from services.kernel.transition import new_id
from singletrack.postgres import EmbeddedPostgres, Server, ensure_database


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    folder = Path(tempfile.mkdtemp(prefix="singletrack-case-flow-"))
    folder.chmod(0o755)
    with EmbeddedPostgres(folder, durable=False) as running:
        yield running
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def case_flow_url(server: Server) -> str:
    """The database of case_flow, as its runtime role."""
    asyncio.run(ensure_database(server, "case_flow", "case_flow_owner", "o", "case_flow_runtime", "r"))
    upgrade("case_flow", server.url("case_flow", user="case_flow_owner", password="o"), "case_flow_runtime")
    return server.url("case_flow", user="case_flow_runtime", password="r")


@pytest.fixture(scope="session")
def signer() -> Signer:
    return Signer(OKPKey.generate_key("Ed25519", auto_kid=True))


@pytest.fixture
def clock() -> HandClock:
    return HandClock(datetime(2026, 3, 16, 6, tzinfo=UTC))


@pytest.fixture
async def app(case_flow_url: str, signer: Signer, clock: HandClock) -> AsyncIterator[FastAPI]:
    made = make(Settings(database_url=SecretStr(case_flow_url), jwks=signer.public()), clock)
    async with made.router.lifespan_context(made):
        yield made


@dataclass
class Clerk:
    """An officer in a role of an organ, at a keyboard."""

    client: httpx.AsyncClient
    token: str
    organ: str

    async def post(self, path: str, body: Any, *, version: str | None = None, key: str = "") -> httpx.Response:
        headers = {"Authorization": self.token, "Idempotency-Key": key or new_id("key")}
        if version:
            headers["If-Match"] = version
        return await self.client.post(path, json=body, headers=headers)

    async def get(self, path: str, **query: Any) -> httpx.Response:
        return await self.client.get(path, params=query, headers={"Authorization": self.token})


@dataclass
class Town:
    """One place and its officers. Every town is its own: its organs occur in no other test."""

    client: httpx.AsyncClient
    signer: Signer
    place: str = field(default_factory=lambda: secrets.token_hex(3))

    def __post_init__(self) -> None:
        self.officer = self.clerk("pol", "officer")
        self.head = self.clerk("pol", "county_head")
        self.manager = self.clerk("proc", "case_manager")
        self.chief = self.clerk("proc", "chief_prosecutor")
        self.judge = self.clerk("court", "judge")
        self.intake = self.clerk("dc", "intake_officer")
        self.reviewer = self.clerk("sys", "reviewer")

    def clerk(self, organ: str, role: str, *, place: str = "", officer: str = "", client: str = "") -> Clerk:
        """Somebody in some role."""
        organ_id = f"{organ}-{place or self.place}"
        token = self.signer.issue(organ_id, role, officer=officer or f"{role}-1", client=client)
        return Clerk(self.client, f"Bearer {token}", organ_id)

    async def opens(self, *labels: str, organs: tuple[str, ...] = ("proc", "court", "dc")) -> "Case":
        """A case that the police opened for the other organs of the place, with these persons."""
        body = {"organs": [f"{organ}-{self.place}" for organ in organs], "title": "某案"}
        case = Case(self, (await self.officer.post("/v1/cases", body)).json()["case_id"])
        for label in labels:
            await case.registers(label)
        return case


@dataclass
class Case:
    """One case. `version` is what was last written."""

    town: Town
    id: str
    version: str = '"v1"'
    persons: dict[str, str] = field(default_factory=dict)

    @property
    def path(self) -> str:
        return f"/v1/cases/{self.id}"

    async def acts(self, who: Clerk, path: str, body: Any, **given: Any) -> httpx.Response:
        """An act on the version that stands. What is accepted moves the version on."""
        answer = await who.post(path, body, version=given.pop("version", self.version), **given)
        if answer.status_code == 201:
            self.version = answer.headers["etag"]
        return answer

    async def registers(self, label: str, **more: Any) -> dict[str, Any]:
        answer = await self.acts(self.town.officer, f"{self.path}/persons", {"label": label, **more})
        assert answer.status_code == 201, answer.text
        row: dict[str, Any] = answer.json()
        self.persons[label] = next(iter(row["created"]))
        return row

    async def tries(self, who: Clerk, step: str, *labels: str, **given: Any) -> httpx.Response:
        """A step, with the papers that the law asks for unless others are given."""
        kinds = [group[0] for group in CaseFlow.code.rules[step].papers.groups]
        papers = [{"kind": kind, "digest": f"sm3:{'0' * 64}"} for kind in kinds]
        asked = {name: given.pop(name) for name in ("version", "key") if name in given}
        body = {"type": step, "subjects": [self.persons[label] for label in labels], "documents": papers, **given}
        return await self.acts(who, f"{self.path}/transitions", body, **asked)

    async def takes(self, who: Clerk, *steps: str, **given: Any) -> dict[str, Any]:
        """Steps that must be accepted; the last row."""
        row: dict[str, Any] = {}
        for step in steps:
            answer = await self.tries(who, step, **given)
            assert answer.status_code == 201, answer.text
            row = answer.json()
        return row

    async def read(self, who: Clerk) -> dict[str, Any]:
        found: dict[str, Any] = (await who.get(self.path)).json()
        return found


@pytest.fixture
async def town(app: FastAPI, signer: Signer) -> AsyncIterator[Town]:
    """A town of its own before the one service."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://case-flow") as client:
        yield Town(client, signer)


@pytest.fixture
async def case(town: Town) -> Case:
    """A case, filed, with two suspects."""
    made = await town.opens("甲", "乙")
    await made.takes(town.officer, "case_intake:accept")
    await made.takes(town.head, "case_intake:file")
    return made
