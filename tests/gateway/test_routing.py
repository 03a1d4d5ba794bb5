"""Whose a request is, and that the public contract is one contract."""

import re
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request

from gateway import contract, embedded
from gateway.app import NAME, make
from gateway.contract import ContractConflict, Table, merge
from gateway.directory import GatewaySettings, InProcess
from services.kernel.identity import Signer
from services.kernel.web import RequestIds


def operation(name: str, **more: Any) -> dict[str, Any]:
    return {"operationId": name, "responses": {"200": {"description": "."}}, **more}


def document(*paths: str, service: str = "a", **components: Any) -> dict[str, Any]:
    named = {path: {"get": operation(f"{service}_{number}")} for number, path in enumerate(paths)}
    return {"paths": named, "components": {"schemas": components}}


def table(**services: list[str]) -> Table:
    return Table(merge({name: document(*paths, service=name) for name, paths in services.items()}))


def owner(found: Table, path: str) -> str | None:
    route = found.find(path).get("GET")
    return route.service if route else None


def test_an_operation_belongs_to_the_service_that_describes_it():
    """Not to whoever has the first word of its path."""
    found = table(
        case_flow=["/v1/cases/{case_id}", "/v1/cases/{case_id}/persons"], coordinator=["/v1/cases/{case_id}/timeline"]
    )

    assert owner(found, "/v1/cases/case_1") == "case_flow"
    assert owner(found, "/v1/cases/case_1/persons") == "case_flow"
    assert owner(found, "/v1/cases/case_1/timeline") == "coordinator"


@pytest.mark.parametrize(
    "path", ["/", "/v1", "/v1/cases/", "/v1//timeline", "/v1/cases/1/nothing", "/v1/cases/1/timeline/", "v1"]
)
def test_what_the_contract_does_not_name_is_not_there(path):
    found = table(case_flow=["/v1/cases/{case_id}"], coordinator=["/v1/cases/{case_id}/timeline"])

    assert owner(found, path) is None


def test_a_word_comes_before_a_parameter_and_does_not_hide_what_is_below_it():
    found = table(a=["/v1/items/{item_id}/movements", "/v1/items/{item_id}"], b=["/v1/items/bulk"])

    assert owner(found, "/v1/items/bulk") == "b"
    assert owner(found, "/v1/items/itm_1") == "a"
    assert owner(found, "/v1/items/bulk/movements") == "a"


@pytest.mark.parametrize(
    ("documents", "says"),
    [
        ({"a": document("/v1/x"), "b": document("/v1/y", service="a")}, "operationId"),
        ({"a": document("/v1/x"), "b": document("/v1/x", service="b")}, "also kept by a"),
        ({"a": document("/v1/x/{x_id}"), "b": document("/v1/x/{id}/y", "/v1/x/{id}", service="b")}, "the same path"),
        ({"a": document("/v2/x")}, "begin with /v1/"),
        ({"a": document("/v1/x:act{y}")}, "a whole segment"),
        (
            {
                "a": document("/v1/x", Thing={"type": "string"}),
                "b": document("/v1/y", service="b", Thing={"type": "object"}),
            },
            "b has another schemas/Thing",
        ),
    ],
)
def test_services_that_contradict_each_other_make_no_contract(documents, says):
    with pytest.raises(ContractConflict, match=re.escape(says)):
        merge(documents)


def test_the_token_is_the_contracts_and_health_needs_none():
    parameters = [{"in": "header", "name": "Authorization"}, {"in": "header", "name": "If-Match"}]
    merged = merge(
        {
            "a": {
                "paths": {
                    "/v1/x": {"get": operation("a_x", parameters=parameters)},
                    "/v1/health/a": {"get": operation("a_h")},
                }
            }
        }
    )

    assert merged["paths"]["/v1/x"]["get"]["parameters"] == [{"in": "header", "name": "If-Match"}]
    assert merged["security"] == [{"bearer": []}]
    assert merged["paths"]["/v1/health/a"]["get"]["security"] == []


def test_the_committed_contract_is_what_the_services_say():
    """After a change: `singletrack openapi --write`."""
    assert contract.text(embedded.whole_contract()) == contract.FILE.read_text(encoding="utf-8")


def test_every_service_has_its_feed_and_its_health_in_the_committed_contract():
    found = Table(contract.committed())

    for service in ("case_flow", "evidence", "custody_transfer"):
        assert owner(found, f"/v1/feeds/{service}/events") == service
    for service in embedded.MAKERS:
        assert owner(found, f"/v1/health/{service}") == service
        assert found.find(f"/v1/health/{service}")["GET"].is_open
    assert owner(found, "/v1/cases/case_1/timeline") == "coordinator"
    assert owner(found, "/v1/cases/case_1") == "case_flow"
    assert not found.find("/v1/cases")["POST"].is_open


def test_every_operation_of_the_committed_contract_is_found_and_needs_a_token_unless_it_is_health():
    committed = contract.committed()
    found = Table(committed)

    for path, item in committed["paths"].items():
        for method, each in item.items():
            route = found.find(re.sub(r"{[^}]*}", "some_id", path))[method.upper()]
            assert route.service == each["x-service"]
            assert route.is_open == path.startswith(("/v1/health", "/v1/problems/"))


def toy(name: str) -> FastAPI:
    app = FastAPI(openapi_url=None)
    app.add_middleware(RequestIds)

    @app.get("/v1/cases/{case_id}", operation_id=f"{name}_case", include_in_schema=name == "case_flow")
    @app.get("/v1/cases/{case_id}/timeline", operation_id=f"{name}_timeline", include_in_schema=name == "coordinator")
    async def read(case_id: str, request: Request) -> dict[str, Any]:
        return {"service": name, "case_id": case_id, "headers": dict(request.headers)}

    @app.get(f"/v1/health/{name}", operation_id=f"{name}_health")
    async def health() -> dict[str, str]:
        return {"status": "ready"}

    return app


@pytest.fixture
async def client(tmp_path):
    signer = Signer.load(tmp_path / "key.json")
    toys = {name: toy(name) for name in ("case_flow", "coordinator")}
    found = merge({**{name: each.openapi() for name, each in toys.items()}, NAME: own_document()})
    directory = {name: InProcess(each) for name, each in toys.items()}
    app = make(GatewaySettings(jwks=signer.public()), directory=directory, found=found)
    headers = {"Authorization": f"Bearer {signer.issue('pol-330106', 'officer', officer='ofc-1')}"}
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://gateway", headers=headers) as client,
    ):
        yield client


def own_document() -> dict[str, Any]:
    app = make(GatewaySettings(), directory={}, found=contract.EMPTY)
    return app.own_openapi()


async def test_requests_go_to_whose_they_are(client):
    case, timeline = await client.get("/v1/cases/case_1"), await client.get("/v1/cases/case_1/timeline")

    assert (case.json()["service"], timeline.json()["service"]) == ("case_flow", "coordinator")


async def test_in_one_process_nothing_more_is_believed_than_over_the_wire(client):
    answer = await client.get("/v1/cases/case_1", headers={"X-Organ": "proc-330106", "X-Forwarded-For": "1.2.3.4"})

    assert not {"x-organ", "x-forwarded-for"} & answer.json()["headers"].keys()
    assert answer.headers.get_list("request-id") == [answer.json()["headers"]["request-id"]]


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/nothing", 404, "GEN-404"),
        ("GET", "/nothing", 404, "GEN-404"),
        ("DELETE", "/v1/cases/case_1", 405, "GEN-405"),
        ("POST", "/v1/health", 405, "GEN-405"),
        ("GET", "/v1/problems/NO-000", 404, "GEN-404"),
    ],
)
async def test_what_is_not_there_is_a_problem(client, method, path, status, code):
    answer = await client.request(method, path)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["trace_id"] == answer.headers["request-id"]


async def test_a_service_without_an_address_is_503(client):
    app = client._transport.app
    app.directory.pop("coordinator")

    assert (await client.get("/v1/cases/case_1/timeline")).status_code == 503
    assert (await client.get("/v1/cases/case_1")).status_code == 200


async def test_health_is_that_of_all_and_says_who_is_not_well(client):
    async def broken(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 503, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    well = await client.get("/v1/health", headers={"Authorization": ""})
    client._transport.app.directory["coordinator"] = InProcess(broken)
    unwell = await client.get("/v1/health")
    own = await client.get("/v1/health/gateway")

    assert (well.status_code, well.json()["services"]) == (200, {"case_flow": "ready", "coordinator": "ready"})
    assert (unwell.status_code, unwell.json()["services"]) == (503, {"case_flow": "ready", "coordinator": "not ready"})
    assert own.status_code == 200


async def test_the_pages_need_nothing_from_elsewhere(client):
    for page in ("/docs", "/redoc"):
        answer = await client.get(page)
        assert answer.status_code == 200
        assert not re.findall(r"""(?:src|href)=["'](?:https?:)?//""", answer.text)
        for asset in re.findall(r'(?:src|href)="(/docs-assets/[^"]+)"', answer.text):
            assert (await client.get(asset)).status_code == 200

    assert (await client.get("/openapi.json")).json()["info"]["title"] == "Singletrack 单轨"
    assert (await client.get("/")).headers["location"] == "/docs"


async def test_a_problem_type_says_what_it_means(client):
    answer = await client.get("/v1/problems/GEN-503")

    assert (answer.json()["status"], answer.json()["retryable"]) == (503, True)
