"""Evidence as organs meet it: the app on a real PostgreSQL, over HTTP, with a clock that moves only when told."""

import asyncio
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
from services.evidence.app import make
from services.kernel.clock import HandClock
from services.kernel.identity import Signer
from services.kernel.settings import Settings
from services.kernel.transition import new_id
from singletrack.postgres import EmbeddedPostgres, Server, ensure_database

CEILING = 1 << 20
SEIZURE = [{"kind": "seizure_decision"}, {"kind": "seizure_list"}]
STORAGE = [*SEIZURE, {"kind": "property_storage_receipt"}]
HANDOVER = [{"kind": "property_transfer_list"}, {"kind": "property_responsibility_transfer"}]


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    folder = Path(tempfile.mkdtemp(prefix="singletrack-test-"))
    folder.chmod(0o755)
    with EmbeddedPostgres(folder, durable=False) as running:
        yield running
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def evidence_url(server: Server) -> str:
    """The database of evidence, as its runtime role."""
    asyncio.run(ensure_database(server, "evidence", "evidence_owner", "o", "evidence_runtime", "r"))
    upgrade("evidence", server.url("evidence", user="evidence_owner", password="o"), "evidence_runtime")
    return server.url("evidence", user="evidence_runtime", password="r")


@pytest.fixture(scope="session")
def signer() -> Signer:
    return Signer(OKPKey.generate_key("Ed25519", auto_kid=True))


@pytest.fixture
def clock() -> HandClock:
    return HandClock(datetime(2026, 3, 16, 6, tzinfo=UTC))


@pytest.fixture
async def app(evidence_url: str, signer: Signer, clock: HandClock, tmp_path: Path) -> AsyncIterator[FastAPI]:
    settings = Settings(
        database_url=SecretStr(evidence_url),
        jwks=signer.public(),
        object_store=str(tmp_path / "objects"),
        content_ceiling_bytes=CEILING,
    )
    made = make(settings, clock)
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

    async def get(self, path: str, **headers: str) -> httpx.Response:
        return await self.client.get(
            path, headers={"Authorization": self.token, **{name.replace("_", "-"): to for name, to in headers.items()}}
        )

    async def upload(self, content: Any, **headers: str) -> httpx.Response:
        sent = {"Authorization": self.token, **{name.replace("_", "-"): to for name, to in headers.items()}}
        return await self.client.post("/v1/contents", content=content, headers=sent)


@dataclass
class Case:
    """One case in evidence, and the officers around it. `version` is what was last read or written."""

    clerks: "dict[str, Clerk]"
    id: str = field(default_factory=lambda: new_id("case"))
    version: str = ""

    def __getattr__(self, role: str) -> Clerk:
        return self.clerks[role]

    async def act(self, who: Clerk, path: str, body: Any) -> httpx.Response:
        """An act on the version that stands. What is accepted moves the version on."""
        response = await who.post(path, body, version=self.version or None)
        if response.status_code == 201:
            self.version = response.headers["etag"]
        return response

    async def does(self, who: Clerk, path: str, body: Any) -> Any:
        """An act that must be accepted; its row."""
        response = await self.act(who, path, body)
        assert response.status_code == 201, response.text
        return response.json()

    async def opened(self) -> "Case":
        await self.does(self.officer, "/v1/dossiers", {"case_id": self.id, "organs": ["proc-330106"]})
        return self

    async def files(self, title: str, content: bytes) -> str:
        """A document in the dossier; its id."""
        kept = (await self.officer.upload(content)).json()
        row = await self.does(
            self.officer,
            f"/v1/cases/{self.id}/dossier/items",
            {
                "volume": "evidence_volume",
                "title": title,
                "kind": "interrogation_record",
                "pages": 3,
                "media_type": "application/pdf",
                "digest": kept["digest"],
            },
        )
        return str(next(iter(row["created"])))

    async def seizes(self, kind: str = "mobile_phone", *, stored: bool = True) -> str:
        """A piece of property, registered and in store; its id."""
        facts = {
            "kind": kind,
            "count": 1,
            "value": "3200.00",
            "features": "黑色",
            "location": "3库12架",
            "custodian": "保管中心",
        }
        row = await self.does(self.officer, "/v1/items", {"case_id": self.id, "documents": SEIZURE, "facts": facts})
        item = str(next(iter(row["created"])))
        if stored:
            await self.does(
                self.custodian, f"/v1/items/{item}/transitions", {"type": "property_flow:store", "documents": STORAGE}
            )
        return item

    async def drafts(self, who: Clerk, to: Clerk, *, files: tuple[str, ...] = (), goods: tuple[str, ...] = ()) -> str:
        """A package; its id."""
        body = {
            "case_id": self.id,
            "to_organ": to.organ,
            "title": "移送审查起诉",
            "dossier_items": [{"item_id": each} for each in files],
            "property_items": list(goods),
        }
        row = await self.does(who, "/v1/packages", body)
        return str(next(iter(row["created"])))

    async def step(self, who: Clerk, package: str, step: str, **body: Any) -> httpx.Response:
        """A step of the hand-over, taken or refused."""
        body = {"type": f"package_handover:{step}", **body}
        return await self.act(who, f"/v1/packages/{package}/transitions", body)

    async def hands(self, who: Clerk, package: str, *steps: str, **body: Any) -> Any:
        """Steps of the hand-over that must be accepted; the last row."""
        row = None
        for step in steps:
            papers = {"documents": HANDOVER} if step == "offer" else {}
            row = await self.does(
                who, f"/v1/packages/{package}/transitions", {"type": f"package_handover:{step}", **papers, **body}
            )
        return row


@pytest.fixture
async def case(app: FastAPI, signer: Signer) -> AsyncIterator[Case]:
    """A case whose dossier the police opened for their procuratorate."""
    people = {
        "officer": ("pol-330106", "officer"),
        "custodian": ("pol-330106", "property_custodian"),
        "head": ("pol-330106", "county_head"),
        "neighbour": ("pol-330108", "county_head"),
        "prosecutor": ("proc-330106", "prosecutor"),
        "manager": ("proc-330106", "case_manager"),
        "stranger": ("proc-330108", "case_manager"),
        "clerk": ("court-330106", "filing_clerk"),
        "panel": ("court-330106", "judge"),
        "counsel": ("party-330106", "counsel"),
        "coordinator": ("sys-000000", "coordinator"),
    }
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://evidence") as client:
        clerks = {
            name: Clerk(client, f"Bearer {signer.issue(organ, role, officer=f'{name}-1')}", organ)
            for name, (organ, role) in people.items()
        }
        yield await Case(clerks).opened()
