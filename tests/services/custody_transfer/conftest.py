"""custody_transfer as organs meet it: the app on a real PostgreSQL, over HTTP, with a clock that moves only when told."""

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
from services.custody_transfer.app import make
from services.custody_transfer.domain import CustodyTransfer
from services.kernel.clock import HandClock
from services.kernel.identity import Signer
from services.kernel.settings import Settings
from services.kernel.transition import new_id
from singletrack.postgres import EmbeddedPostgres, Server, ensure_database


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    folder = Path(tempfile.mkdtemp(prefix="singletrack-custody-"))
    folder.chmod(0o755)
    with EmbeddedPostgres(folder, durable=False) as running:
        yield running
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def custody_url(server: Server) -> str:
    """The database of custody_transfer, as its runtime role."""
    asyncio.run(ensure_database(server, "custody_transfer", "custody_owner", "o", "custody_runtime", "r"))
    upgrade("custody_transfer", server.url("custody_transfer", user="custody_owner", password="o"), "custody_runtime")
    return server.url("custody_transfer", user="custody_runtime", password="r")


@pytest.fixture(scope="session")
def signer() -> Signer:
    return Signer(OKPKey.generate_key("Ed25519", auto_kid=True))


@pytest.fixture
def clock() -> HandClock:
    return HandClock(datetime(2026, 3, 16, 6, tzinfo=UTC))


@pytest.fixture
async def app(custody_url: str, signer: Signer, clock: HandClock) -> AsyncIterator[FastAPI]:
    made = make(Settings(database_url=SecretStr(custody_url), jwks=signer.public()), clock)
    async with made.router.lifespan_context(made):
        yield made


#: What the facts of a step say unless a test says otherwise. It is three in the afternoon of 16 March 2026.
FACTS: dict[str, Any] = {
    "valid_from": "2026-03-16",
    "valid_until": "2026-04-15",
    "started_at": "2026-03-17T09:00:00+08:00",
    "ended_at": "2026-03-17T11:00:00+08:00",
    "mode": "on_site",
    "refusal": "no_room",
    "lawyers": ["某律师"],
    "sex": "male",
    "adult": True,
    "convicted": False,
    "apart_from": ["per_2"],
    "return_reason": "not_accepted",
    "checked_on": "2026-03-16",
}


def _type(step: str) -> str:
    """The full name of a step on a custody; one of the hand-over where several share a name."""
    rules = CustodyTransfer.code.rules
    if ":" in step:
        return step
    named = [each for each, rule in rules.items() if rule.line == "custody" and each.endswith(f":{step}")]
    return f"custody_handover:{step}" if f"custody_handover:{step}" in named else named[0]


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
    """One place, its officers, and one case. `version` is what was last written of the case's custodies."""

    client: httpx.AsyncClient
    signer: Signer
    place: str = field(default_factory=lambda: secrets.token_hex(3))
    case_id: str = field(default_factory=lambda: new_id("case"))
    version: str | None = None

    def __post_init__(self) -> None:
        self.intake = self.clerk("dc", "intake_officer")
        self.center = self.clerk("dc", "center_officer")
        self.police = self.clerk("pol", "county_head")
        self.procuratorate = self.clerk("proc", "chief_prosecutor")
        self.court = self.clerk("court", "court_president")
        self.coordinator = self.clerk("sys", "coordinator")

    def clerk(self, organ: str, role: str, *, place: str = "") -> Clerk:
        """Somebody in some role."""
        organ_id = f"{organ}-{place or self.place}"
        return Clerk(self.client, f"Bearer {self.signer.issue(organ_id, role, officer=f'{role}-1')}", organ_id)

    async def acts(self, who: Clerk, path: str, body: Any, **given: Any) -> httpx.Response:
        """An act on the version that stands. What is accepted moves the version on."""
        answer = await who.post(path, body, version=given.pop("version", self.version), **given)
        if answer.status_code == 201:
            self.version = answer.headers["etag"]
        return answer

    async def admits(self, person: str = "per_1", **changed: Any) -> httpx.Response:
        """The centre takes somebody in, for the police, on a detention warrant."""
        who = changed.pop("by", self.intake)
        body = {
            "case_id": self.case_id,
            "person_id": person,
            "holder": self.police.organ,
            "title": {"limit": "detention_request_arrest", "from": "2026-03-16"},
            "documents": [{"kind": "detention_warrant"}],
            **changed,
        }
        return await self.acts(who, "/v1/custodies", body)

    async def custody(self, person: str = "per_1", **changed: Any) -> "Custody":
        """Somebody who is in the centre."""
        answer = await self.admits(person, **changed)
        assert answer.status_code == 201, answer.text
        return Custody(self, next(iter(answer.json()["created"])))


@dataclass
class Custody:
    """One person's custody."""

    town: Town
    id: str

    async def tries(self, who: Clerk, step: str, **given: Any) -> httpx.Response:
        """A step of the hand-over (or another procedure), with the papers and the facts that the law asks for."""
        name = _type(step)
        rule = CustodyTransfer.code.rules[name]
        papers = [{"kind": group[0]} for group in rule.papers.groups]
        asked = {each: given.pop(each) for each in ("version", "key") if each in given}
        facts = {fact.key: FACTS.get(fact.key, "某") for fact in rule.tells.required} | given.pop("facts", {})
        body = {"type": name, "documents": papers, "facts": facts, **given}
        return await self.town.acts(who, f"/v1/custodies/{self.id}/transitions", body, **asked)

    async def takes(self, who: Clerk, step: str, **given: Any) -> dict[str, Any]:
        """A step that must be accepted; its row."""
        answer = await self.tries(who, step, **given)
        assert answer.status_code == 201, answer.text
        row: dict[str, Any] = answer.json()
        return row

    async def read(self) -> dict[str, Any]:
        """As the centre sees it."""
        found: dict[str, Any] = (await self.town.center.get(f"/v1/custodies/{self.id}")).json()
        return found

    async def stands(self) -> tuple[str, str, str | None]:
        """State, holder, receiver."""
        found = await self.read()
        return found["state"], found["holder"], found["receiver"]

    async def may(self, who: Clerk) -> set[str]:
        """What somebody may do with it now."""
        found = (await who.get(f"/v1/custodies/{self.id}/available-transitions")).json()
        return {each["type"].partition(":")[2] for each in found["items"]}


@pytest.fixture
async def town(app: FastAPI, signer: Signer) -> AsyncIterator[Town]:
    """A town of its own before the one service."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://custody") as client:
        yield Town(client, signer)
