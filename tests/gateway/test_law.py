"""The gateway answers for the law itself: one question or a list, the same as on the command line."""

import json

import httpx
import pytest

from gateway import contract
from gateway.app import make
from gateway.directory import GatewaySettings
from gateway.law import MOST
from services.kernel.identity import Signer
from services.law import CODE
from services.law.dues import Question, answer

REVIEW = {"limit": "prosecution_review", "from": "2026-03-16", "custody": True, "extensions": 1}
SUMMONS = {"limit": "summons_duration", "from": "2026-03-02T14:20", "organ": None}


@pytest.fixture
async def client(tmp_path):
    signer = Signer.load(tmp_path / "key.json")
    app = make(GatewaySettings(jwks=signer.public()), directory={}, found=contract.committed())
    headers = {"Authorization": f"Bearer {signer.issue('pol-330106', 'officer', officer='ofc-1')}"}
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway", headers=headers) as client,
    ):
        yield client


async def refused(client, asked, status=422) -> dict:
    found = await client.post("/v1/law/due", json=asked)
    assert found.status_code == status, found.text
    assert found.headers["content-type"] == "application/problem+json"
    return found.json()


async def test_one_question_has_one_answer(client):
    found = await client.post("/v1/law/due", json=REVIEW)

    assert found.status_code == 200
    assert (
        found.json()
        == answer(CODE, Question("prosecution_review", "2026-03-16", None, custody=True, extensions=1)).as_dict()
    )
    assert found.json()["last_day"] == "2026-05-01"
    assert found.headers["cache-control"] == "no-store"


async def test_a_list_comes_back_with_the_ends_added(client):
    found = await client.post("/v1/law/due", json=[REVIEW, SUMMONS])

    assert found.json() == [REVIEW | {"last_day": "2026-05-01"}, SUMMONS | {"deadline": "2026-03-03T02:20"}]
    assert (await client.post("/v1/law/due", json=[])).json() == []


@pytest.mark.parametrize(
    ("asked", "status", "pointers", "said"),
    [
        (REVIEW | {"limit": "prosecution_reveiw"}, 422, ["/limit"], "prosecution_review"),
        (REVIEW | {"extensions": 2}, 422, ["/extensions"], "延长十五日"),
        (REVIEW | {"from": "2026-02-30"}, 422, ["/from"], "历法"),
        (REVIEW | {"exclude": ["2026-09-01..2026-09-02"]}, 422, ["/exclude/0"], "2026-05-01"),
        ([REVIEW, REVIEW | {"organ": "army"}, SUMMONS, {"limit": "x", "from": "2026-03-16"}], 422,
         ["/1/organ", "/3/limit"], "第2项"),
        (REVIEW | {"extensions": "1"}, 400, ["/extensions"], ""),
        (REVIEW | {"until": "2026"}, 400, ["/until"], ""),
        ([REVIEW, {"limit": "prosecution_review"}], 400, ["/1/from"], ""),
        ([REVIEW | {"from": "16.03.2026"}], 400, ["/0/from"], ""),
        ("prosecution_review", 400, ["/"], ""),
    ],
)  # fmt: skip
async def test_what_cannot_be_answered_says_where_and_what_can(client, asked, status, pointers, said):
    found = await refused(client, asked, status)

    assert [each["pointer"] for each in found["errors"]] == pointers
    assert said in found["detail"]
    assert found["code"] == ("LAW-001" if status == 422 else "GEN-400")


async def test_a_list_has_a_bound_and_is_json(client):
    long = await refused(client, [SUMMONS] * (MOST + 1), 400)
    broken = await client.post("/v1/law/due", content=b"[{", headers={"Content-Type": "application/json"})
    text = await client.post("/v1/law/due", content=b"{}", headers={"Content-Type": "text/plain"})
    huge = await client.post(
        "/v1/law/due", content=b"[" + b" " * (1 << 20) + b"]", headers={"Content-Type": "application/json"}
    )

    assert long["errors"][0]["code"] == "too_long"
    assert [answer.status_code for answer in (broken, text, huge)] == [400, 415, 413]


async def test_nobody_computes_without_a_token(client):
    for headers in ({"Authorization": ""}, {"Authorization": "Bearer x.y.z"}):
        found = await client.post("/v1/law/due", content=json.dumps(REVIEW), headers=headers)
        listed = await client.get("/v1/law/limits", headers=headers)

        assert (found.status_code, listed.status_code) == (401, 401)
        assert found.json()["code"] == "AUTHN-001"


async def test_the_limits_are_listed(client):
    found = (await client.get("/v1/law/limits")).json()["items"]

    assert [each["limit"] for each in found] == list(CODE.limits)
    review = next(each for each in found if each["limit"] == "prosecution_review")
    assert (review["duration"], review["extensions"][0]["duration"]) == ("P1M", "P15D")
