"""The public contract: what is committed is what the code says, and the running gateway keeps it."""

import asyncio
import secrets
from dataclasses import dataclass

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from gateway import contract, embedded

FOUND = contract.committed()
OPERATIONS = [
    (method.upper(), path, operation)
    for path, item in FOUND["paths"].items()
    for method, operation in item.items()
    if method in contract.METHODS
]
LABELS = [f"{method} {path}" for method, path, _ in OPERATIONS]
KEPT = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)
EXAMPLES = 15
#: Where everything that is wrong must be refused. A wrong query may be no query at all once it is written as one.
STRICT = {"path", "body"}
#: Hundreds of generated steps in one request say no more than three, and take long to make.
FEW = 3


def examples(label):
    """So many requests, the same every time."""
    return settings(
        max_examples=FEW if label.endswith("/bulk") else EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


SEIZURE = [{"kind": "seizure_decision"}, {"kind": "seizure_list"}]
STEPS = [
    "case_intake:accept",
    "case_record:add_person",
    "criminal_detention:detain",
    "custody_handover:offer",
    "custody_handover:release",
    "custody_title:add",
    "package_handover:seal",
    "property_flow:store",
]

running = pytest.mark.parametrize("system", ["processes"], indirect=True)


@dataclass
class World:
    """What there is to ask about, and who may ask."""

    url: str
    session: requests.Session
    tokens: list[str]
    #: By the name of a path parameter.
    ids: dict[str, list[str]]

    def headers(self, token: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {token}", "Idempotency-Key": secrets.token_hex(8)}


@pytest.fixture(scope="module")
def world(system, town_of):
    """One case with a person in custody, a seized telephone, a document and a package, and five who may ask."""

    async def made():
        async with town_of.of(system) as town:
            await town.files("甲")
            await town.detains("甲")
            officer = town.police.clerk("officer")
            kept = await town.client.post("/v1/contents", content=b"content", headers=officer.headers)
            await officer.does("/v1/dossiers", {"case_id": town.case}, service="evidence")
            file = {"digest": kept.json()["digest"], "volume": "evidence_volume", "title": "笔录", "kind": "record"}
            added = await officer.does(f"/v1/cases/{town.case}/dossier/items", file, service="evidence")
            taken = {"case_id": town.case, "facts": {"kind": "mobile_phone"}, "documents": SEIZURE}
            item = await officer.does("/v1/items", taken, service="evidence")
            body = {"case_id": town.case, "to_organ": town.procuratorate.id, "property_items": list(item["created"])}
            package = await officer.does("/v1/packages", body, service="evidence")
            await town.is_read()
            key = {"Idempotency-Key": secrets.token_hex(8)}
            certified = await town.client.post("/v1/agreements", json={}, headers={**town.reviewer.headers, **key})
            clerks = (
                town.police.clerk("county_head"),
                town.police.clerk("officer"),
                town.procuratorate.clerk("chief_prosecutor"),
                town.centre.clerk("intake_officer"),
                town.reviewer,
            )
            ids = {
                "case_id": [town.case],
                "custody_id": list(town.custodies.values()),
                "item_id": [*item["created"], *added["created"]],
                "package_id": list(package["created"]),
                "code": ["GEN-404", "CASE-010"],
                "agreement_id": [certified.json()["id"]],
            }
            return [clerk.headers["Authorization"].removeprefix("Bearer ") for clerk in clerks], ids

    tokens, ids = asyncio.run(made())
    with requests.Session() as session:
        session.trust_env = False
        yield World(system.url, session, tokens, ids)


@pytest.fixture(scope="module")
def operations():
    """The operations of the committed contract, by method and path."""
    found = (each.ok() for each in schemathesis.openapi.from_dict(FOUND).get_all_operations())
    return {operation.label: operation for operation in found}


def test_the_committed_contract_is_what_the_code_says():
    """接口约定与程序一致；不一致的，运行 singletrack openapi --write。"""
    assert contract.FILE.read_text(encoding="utf-8") == contract.text(embedded.whole_contract())


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS, ids=LABELS)
def test_every_operation_says_whose_it_is_and_how_it_refuses(method, path, operation):
    """每一项操作都写明由谁办理、如何拒绝。"""
    refusals = set(operation["responses"])
    expected = {"401"} if operation.get("security") != [] else set()
    if method == "POST":
        expected |= {"400", "403", "413", "415", "422"}

    assert operation["x-service"] in {"case_flow", "evidence", "custody_transfer", "coordinator", "gateway"}
    assert operation["summary"]
    assert refusals >= expected
    for status, answer in operation["responses"].items():
        if int(status) >= 400:
            assert list(answer["content"]) == ["application/problem+json"]


@running
@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS, ids=LABELS)
def test_nobody_gets_in_without_a_token(world, method, path, operation):
    """除健康状况和约定本身，一律须确认身份。"""
    asked = path
    for name, ids in world.ids.items():
        asked = asked.replace(f"{{{name}}}", ids[0])

    answer = world.session.request(
        method, world.url + asked, json={}, headers={"Idempotency-Key": "nobody-knows"}, timeout=30
    )

    is_open = path == "/v1/health" or path.startswith(("/v1/health/", "/v1/problems/"))
    assert (operation.get("security") == []) is is_open
    assert answer.status_code == (200 if is_open else 401), answer.text
    assert is_open or answer.json()["code"] == "AUTHN-001"


@running
def test_the_contract_and_its_pages_are_there_for_everyone_and_nothing_else_is(world):
    """约定及其说明公开；约定没有写的，不存在。"""
    for path in ("/openapi.json", "/docs", "/redoc"):
        assert world.session.get(world.url + path, timeout=30).status_code == 200
    for path in (
        "/v1",
        "/v1/",
        "/v1/users",
        "/v1/cases/x/y",
        "/metrics",
        "/admin",
        "/.env",
        "/v1/feeds/coordinator/events",
    ):
        answer = world.session.get(world.url + path, headers=world.headers(world.tokens[0]), timeout=30)
        assert (answer.status_code, answer.json()["code"]) == (404, "GEN-404"), path
    assert world.session.get(world.url + "/openapi.json", timeout=30).json() == FOUND


@running
@pytest.mark.parametrize("label", LABELS)
def test_what_keeps_to_the_contract_is_answered_as_the_contract_says(world, operations, label):
    """合乎约定的请求，答复合乎约定：没有系统内部错误，状态、类型、内容都是约定写明的。"""
    strategy = operations[label].as_strategy(generation_mode=GenerationMode.POSITIVE)

    @examples(label)
    @given(case=strategy, data=st.data())
    def ask(case, data):
        case.path_parameters = {
            name: known(world, name, given_, data) for name, given_ in (case.path_parameters or {}).items()
        }
        case.query = {**(case.query or {}), **({"wait": 0} if "wait" in (case.query or {}) else {})}
        case.body = of_this_world(world, case.body, data)
        headers = world.headers(data.draw(st.sampled_from(world.tokens)))
        headers["If-Match"] = data.draw(st.sampled_from([f'"v{number}"' for number in range(1, 9)]))
        answer = case.call(base_url=world.url, session=world.session, headers=headers, timeout=30)
        case.validate_response(answer, checks=list(KEPT))

    ask()


@running
@pytest.mark.parametrize("label", LABELS)
def test_what_does_not_keep_to_the_contract_is_refused_as_the_contract_says(world, operations, label):
    """不合约定的请求，一律拒绝，拒绝也合乎约定。"""
    strategy = operations[label].as_strategy(generation_mode=GenerationMode.NEGATIVE)

    @examples(label)
    @given(case=strategy)
    def ask(case):
        made = case.meta.components.items() if case.meta else ()
        wrong = {where.value for where, each in made if each.mode is GenerationMode.NEGATIVE}
        headers = world.headers(world.tokens[0])
        answer = case.call(base_url=world.url, session=world.session, headers=headers, timeout=30)
        case.validate_response(answer, checks=[*KEPT, *([negative_data_rejection] if wrong & STRICT else [])])

    try:
        ask()
    except Unsatisfiable:
        assert not operations[label].definition.raw.get("parameters", []) or "{code}" in label


def known(world, name, otherwise, data):
    """A thing of this world, mostly."""
    return data.draw(st.sampled_from([*world.ids.get(name, []) * 3, otherwise]))


def of_this_world(world, body, data):
    """A body that speaks of things and steps that there are, mostly."""
    if not isinstance(body, dict):
        return body
    told = {name: known(world, name, value, data) if isinstance(value, str) else value for name, value in body.items()}
    if "type" in told:
        told["type"] = data.draw(st.sampled_from([*STEPS, told["type"]]))
    if told.get("to_organ"):
        told["to_organ"] = data.draw(st.sampled_from(["proc-330106", told["to_organ"]]))
    if "occurred_at" in told:
        told["occurred_at"] = data.draw(st.sampled_from(["2025-03-03", told["occurred_at"]]))
    if isinstance(told.get("items"), list):
        told["items"] = [of_this_world(world, each, data) for each in told["items"][:FEW]]
    if isinstance(told.get("transition"), dict):
        told["transition"] = of_this_world(world, told["transition"], data)
    return told
