"""The committed contract is what the code says, and the running system keeps it."""

import json
import secrets
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import load_all_checks
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from gateway import contract
from gateway.embedded import whole_contract
from singletrack.stack import Stack

load_all_checks()
#: The contract is one, whichever way the system runs; both ways have the journeys.
pytestmark = pytest.mark.parametrize("system", ["processes"], indirect=True)
CONTRACT: dict[str, Any] = json.loads(contract.FILE.read_text(encoding="utf-8"))
#: What anybody may read without saying who they are.
OPEN = ("/v1/health", "/v1/problems")
OPERATIONS = [
    (method, path)
    for path, methods in CONTRACT["paths"].items()
    for method in methods
    if method in {"get", "post", "put", "patch", "delete"} and not path.startswith(OPEN)
]
schema = schemathesis.openapi.from_dict(CONTRACT)


@pytest.fixture(scope="module")
def officer(system: Stack) -> dict[str, str]:
    """Somebody who may open cases."""
    return {"Authorization": f"Bearer {system.token('pol-000001', 'county_head')}"}


def test_the_committed_contract_is_what_the_code_says(system: Stack):
    """`singletrack openapi --write` was not forgotten."""
    assert contract.FILE.read_text(encoding="utf-8") == contract.text(whole_contract())


def test_operation_ids_are_unique_and_named_by_their_service(system: Stack):
    """`caseFlow_createTransition`: the service, then verb and noun."""
    ids = [operation["operationId"] for path in CONTRACT["paths"].values() for operation in path.values()]

    assert len(ids) == len(set(ids))
    assert all("_" in each for each in ids)


@pytest.mark.parametrize(("method", "path"), OPERATIONS, ids=[f"{m.upper()} {p}" for m, p in OPERATIONS])
def test_nobody_is_served_without_a_token(system: Stack, method: str, path: str):
    """不明身份者什么也读不到、办不了。"""
    for name in ("case_id", "custody_id", "item_id", "package_id"):
        path = path.replace("{" + name + "}", "case_01")

    answer = httpx.request(method, f"{system.url}{path}", json={} if method == "post" else None)

    assert answer.status_code == 401
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert answer.json()["code"] == "AUTHN-001"


@schema.parametrize()
@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_whatever_is_sent_the_answer_conforms(case: Any, system: Stack, officer: dict[str, str]):
    """No 5xx, and every answer is one that the contract names, of the type and shape that it names."""
    headers = {**officer, "Idempotency-Key": secrets.token_hex(16)} if case.method == "POST" else officer

    answer = case.call(base_url=system.url, headers=headers)

    assert answer.status_code < 500, answer.text
    case.validate_response(
        answer, checks=[status_code_conformance, content_type_conformance, response_schema_conformance]
    )
