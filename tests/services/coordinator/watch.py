"""A coordinator at work over all three logs, and somebody who looks from outside."""

import contextlib
import json
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from services.coordinator import agree
from services.coordinator import follow as following
from services.evidence.app import make as make_evidence
from services.kernel.settings import Settings

REVIEWER = ("pol-330106", "reviewer")


@dataclass
class Watch:
    """The sites with all three logs, and somebody who looks from outside."""

    sites: Any
    asked: Counter[str] = field(default_factory=Counter)

    @contextlib.asynccontextmanager
    async def coordinated(self) -> AsyncIterator[httpx.AsyncClient]:
        """A coordinator at work, and a client of it; what it asks of digest trees is counted."""

        async def counted(scope: Any, receive: Any, send: Any) -> None:
            if scope["path"].startswith("/v1/digests/"):
                self.asked[scope["path"].split("/")[3]] += 1
            await self.sites.gateway(scope, receive, send)

        at_work = self.sites.coordinator(transport=httpx.ASGITransport(app=counted))
        async with at_work as app, self.sites.client(app) as client:
            yield client

    async def settled(self) -> None:
        """Until everything is read and concluded, also what was commanded in consequence."""
        for _ in range(2):
            await self.sites.is_settled()
            await self.sites.until("SELECT count(*) = 0 FROM command WHERE status IS NULL")
        await self.sites.is_settled()

    async def certificate(self, client: httpx.AsyncClient, who: tuple[str, str] = REVIEWER, **asked: Any) -> Any:
        """Compare now; the certificate."""
        answer = await client.post("/v1/agreements", json=asked, headers=self.sites.headers(*who), timeout=60)
        assert answer.status_code == 201, answer.text
        return answer.json()["certificate"]

    async def says(self, client: httpx.AsyncClient, **asked: Any) -> dict[str, str]:
        """Compare now; the status of each log."""
        services = (await self.certificate(client, **asked))["statement"]["services"]
        return {name: said["status"] for name, said in services.items()}

    async def standing(self, kind: str) -> list[dict[str, Any]]:
        rows = await self.sites.sql(
            "SELECT body::text FROM finding WHERE kind = $1 AND closed_at IS NULL ORDER BY id", kind
        )
        return [json.loads(row["body"]) for row in rows]

    async def tamper(self, statement: str, *words: object, service: str = "case_flow") -> None:
        """Change a log behind its triggers."""
        await self.sites.sql("ALTER TABLE log DISABLE TRIGGER log_refuses_change", service=service)
        await self.sites.sql(statement, *words, service=service)
        await self.sites.sql("ALTER TABLE log ENABLE ALWAYS TRIGGER log_refuses_change", service=service)

    async def rows(self, table: str, service: str) -> list[tuple[Any, ...]]:
        columns = "case_id, seq, feed_seq, body, sm3, sha256"
        if service == "coordinator":
            rows = await self.sites.sql(f"SELECT {columns} FROM {table} WHERE service = 'case_flow' ORDER BY 1, 2")
        else:
            rows = await self.sites.sql(f"SELECT {columns} FROM {table} ORDER BY 1, 2", service=service)
        return [tuple(row) for row in rows]


@pytest.fixture
async def watch(sites: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Watch]:
    """Looks often, and sweeps only where a test asks for it."""
    for module, name, seconds in (
        (following, "SWEEP", 0.05),
        (following, "GATHER", 0.0),
        (following, "HALTED", 0.05),
        (following, "WAIT", 0.3),
        (agree, "LOOK", 0.02),
        (agree, "EVERY", 3600.0),
    ):
        monkeypatch.setattr(module, name, seconds)
    settings = Settings(
        database_url=SecretStr(sites.url("evidence")), jwks=sites.signer.public(), object_store=str(tmp_path)
    )
    evidence = make_evidence(settings, sites.clock)
    async with evidence.router.lifespan_context(evidence):
        sites.gateway.apps = {**sites.gateway.apps, "evidence": evidence}
        yield Watch(sites)
