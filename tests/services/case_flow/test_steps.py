"""Steps over HTTP: taken, asked about, refused with what would cure it, one by one and many at once."""

import asyncio
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from services.case_flow.app import make
from services.kernel.clock import HandClock
from services.kernel.identity import Signer
from services.kernel.settings import Settings


async def test_a_step_is_answered_with_its_row(town: Any, case: Any) -> None:
    """办理的答复就是记录：谁，何时，凭什么，依据哪一条。"""
    answer = await case.tries(town.head, "criminal_detention:detain", "甲", occurred_at="2026-03-15", reason="现行犯")

    row = answer.json()
    assert answer.headers["location"] == f"{case.path}/transitions"
    assert (row["seq"], answer.headers["etag"]) == (6, '"v6"')
    assert (row["organ"], row["office"], row["officer"]) == (f"pol-{town.place}", "county_head", "county_head-1")
    assert (row["occurred_at"], row["recorded_at"]) == ("2026-03-15", "2026-03-16T06:00:00.000000Z")
    assert (row["zh"], row["reason"]) == ("拘留", "现行犯")
    assert [move["id"] for move in row["moves"]] == ["P06.T01"]


async def test_asking_first_changes_nothing(town: Any, case: Any) -> None:
    """试办：答复与办理相同，什么都不改变。"""
    asked = await case.tries(town.head, "criminal_detention:detain", "甲", dry_run=True)
    done = await case.tries(town.head, "criminal_detention:detain", "甲")

    assert (asked.status_code, done.status_code) == (200, 201)
    for name in ("type", "seq", "moves", "organ", "law_ref", "subjects", "facts", "occurred_at"):
        assert asked.json()[name] == done.json()[name]


@pytest.mark.parametrize(
    ("who", "step", "given", "status", "code"),
    [
        ("officer", "criminal_detention:detain", {}, 403, "PERM-001"),
        ("chief", "criminal_detention:detain", {}, 403, "PERM-001"),
        ("reviewer", "criminal_detention:detain", {}, 403, "PERM-001"),
        ("head", "criminal_detention:extend", {}, 409, "CASE-010"),
        ("head", "criminal_detention:detain", {"documents": []}, 422, "CASE-011"),
        ("head", "criminal_detention:detain", {"documents": [{"kind": "unheard_of"}]}, 422, "CASE-014"),
        ("head", "criminal_detention:detain", {"subjects": ["per_0"]}, 422, "CASE-014"),
        ("head", "criminal_detention:detain", {"occurred_at": "2026-03-17"}, 422, "CASE-015"),
        ("head", "criminal_detention:detain", {"occurred_at": "2026-02-29"}, 400, "GEN-400"),
        ("head", "criminal_detention:dance", {"documents": []}, 422, "CASE-404"),
        ("head", "custody_handover:offer", {}, 422, "CASE-404"),
        ("head", "criminal_detention:detain", {"version": '"v1"'}, 412, "GEN-412"),
        ("head", "criminal_detention:detain", {"version": '"v99"'}, 412, "GEN-412"),
        ("head", "criminal_detention:detain", {"version": None}, 428, "GEN-428"),
        ("head", "criminal_detention:detain", {"seq": 7}, 400, "GEN-400"),
    ],
)
async def test_refusals(case: Any, who: str, step: str, given: dict[str, Any], status: int, code: str) -> None:
    """不予办理的，说明原因和依据，记录不变。"""
    before = await case.read(case.town.officer)
    body = {"type": step, **({"documents": [{"kind": "detention_report"}, {"kind": "detention_warrant"}]} | given)}
    version = body.pop("version", case.version)

    answer = await getattr(case.town, who).post(f"{case.path}/transitions", body, version=version)

    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert await case.read(case.town.officer) == before


async def test_a_refusal_says_what_would_cure_it(town: Any, case: Any) -> None:
    """缺少什么文书，现在可以办理什么，版本是多少。"""
    papers = await case.tries(town.head, "criminal_detention:detain", documents=[{"kind": "detention_warrant"}])
    order = await case.tries(town.head, "criminal_detention:extend")
    stale = await case.tries(town.head, "criminal_detention:detain", version='"v1"')

    assert papers.json()["errors"][0]["params"] == {
        "kind": "detention_report",
        "any_of": ["detention_report"],
    }
    assert "呈请拘留报告书" in papers.json()["cure"]
    assert "criminal_detention:detain" in order.json()["available"]
    assert (order.json()["state"], order.json()["begins_at"]) == (None, ["in_center", "extended"])
    assert stale.json()["current_version"] == "v5"


async def test_of_many_who_act_on_one_version_one_acts(town: Any, case: Any) -> None:
    """数人同时据同一版本办理的，只有一人办成，其余须重新读取。"""
    answers = await asyncio.gather(
        *(
            town.head.post(f"{case.path}/persons", {"label": f"丙{number}"}, version=case.version)
            for number in range(12)
        )
    )

    assert sorted(answer.status_code for answer in answers) == [201] + [412] * 11


async def test_recorded_at_is_ours_and_never_goes_back(town: Any, case: Any, clock: HandClock) -> None:
    """记录的时间由本系统确定，时钟倒退时不倒退。"""
    first = await case.takes(town.head, "criminal_detention:detain", subjects=[case.persons["甲"]])
    clock.passes(minutes=-5)
    second = await case.takes(town.head, "bail:decide", subjects=[case.persons["乙"]])

    assert second["recorded_at"] == first["recorded_at"]


async def test_a_paper_that_was_handed_in_need_not_be_handed_in_again(town: Any, case: Any) -> None:
    """已经提交的文书，写明编号即可；别案的编号不行。"""
    other = await town.opens("丙")
    row = await case.takes(town.head, "criminal_detention:detain", subjects=[case.persons["甲"]])
    ids = [paper["id"] for paper in row["documents"]]
    given: dict[str, Any] = {"documents": [], "document_ids": ids}
    await other.takes(town.officer, "case_intake:accept")
    await other.takes(town.head, "case_intake:file")

    borrowed = await other.tries(town.head, "criminal_detention:detain", **given)
    again = await case.tries(town.head, "criminal_detention:detain", "乙", **given)

    assert (borrowed.status_code, borrowed.json()["errors"][0]["code"]) == (422, "unknown_document")
    assert (again.status_code, again.json()["document_ids"], again.json()["documents"]) == (201, ids, [])


# Many at once.


def _item(case: Any, key: str, step: str, *labels: str, **given: Any) -> dict[str, Any]:
    papers = [{"kind": "detention_report"}, {"kind": "detention_warrant"}]
    subjects = [case.persons[label] for label in labels]
    return {
        "case_id": given.pop("case_id", case.id),
        "key": key,
        **({"version": given.pop("version")} if "version" in given else {}),
        "transition": {"type": step, "subjects": subjects, "documents": papers, **given},
    }


async def test_a_bulk_answers_each_by_itself(town: Any, case: Any) -> None:
    """批量办理：各自办理，各自答复；一项不成，不影响其他。"""
    items = [
        _item(case, "bulk-detain-1", "criminal_detention:detain", "甲"),
        _item(case, "bulk-detain-2", "criminal_detention:detain", "甲"),
        _item(case, "bulk-detain-3", "criminal_detention:detain", "乙", version=1),
        _item(case, "bulk-detain-4", "criminal_detention:detain", "乙", documents=[]),
        _item(case, "bulk-detain-5", "criminal_detention:dance", "乙"),
        _item(case, "bulk-detain-6", "criminal_detention:detain", "乙", case_id="case_0"),
        _item(case, "bulk-detain-7", "criminal_detention:detain", "乙", occurred_at="2026-02-30"),
        _item(
            case,
            "bulk-detain-8",
            "bail:decide",
            "乙",
            documents=[{"kind": "bail_report"}, {"kind": "bail_decision"}],
            dry_run=True,
        ),
        _item(case, "bulk-detain-9", "criminal_detention:detain", "乙"),
    ]

    answer = await town.head.post("/v1/case-transitions/bulk", {"items": items})

    told = answer.json()["items"]
    assert answer.status_code == 207
    assert [each["key"] for each in told] == [item["key"] for item in items]
    assert [each.get("code", "") for each in told] == [
        "", "CASE-010", "GEN-412", "CASE-011", "CASE-404", "GEN-404", "GEN-400", "", "",
    ]  # fmt: skip
    assert [each["status"] for each in told] == [201, 409, 412, 422, 422, 404, 400, 200, 201]
    found = await case.read(town.officer)
    assert [each["lines"]["criminal_detention"]["state"] for each in found["persons"]] == ["detained_24h"] * 2
    assert ["bail" in each["lines"] for each in found["persons"]] == [False, False]


async def test_a_bulk_repeated_is_a_bulk_replayed(town: Any, case: Any) -> None:
    """重复提交的批量，答复如前，不再办理。"""
    items = [_item(case, f"bulk-once-{n}", "criminal_detention:detain", label) for n, label in enumerate("甲乙")]

    first = (await town.head.post("/v1/case-transitions/bulk", {"items": items})).json()["items"]
    again = (await town.head.post("/v1/case-transitions/bulk", {"items": items[::-1]})).json()["items"]

    assert [each["transition"] for each in again] == [each["transition"] for each in first][::-1]
    assert [each["replayed"] for each in [*first, *again]] == [False, False, True, True]


async def test_one_key_twice_in_a_bulk(town: Any, case: Any) -> None:
    """同一批中同一个键写了两遍：同样的只办一次，不同的说明原因。"""
    items = [
        _item(case, "bulk-same-key", "criminal_detention:detain", "甲"),
        _item(case, "bulk-same-key", "criminal_detention:detain", "甲"),
        _item(case, "bulk-same-key", "criminal_detention:detain", "乙"),
    ]

    told = (await town.head.post("/v1/case-transitions/bulk", {"items": items})).json()["items"]

    assert [each["status"] for each in told] == [201, 201, 422]
    assert (told[1]["replayed"], told[2]["code"]) == (True, "GEN-422")


@pytest.mark.parametrize("items", [[], [{"case_id": "case_1", "key": "x"}]], ids=["empty", "half said"])
async def test_what_is_no_bulk(town: Any, items: list[Any]) -> None:
    """不成样子的，整批退回。"""
    answer = await town.head.post("/v1/case-transitions/bulk", {"items": items})

    assert (answer.status_code, answer.json()["code"]) == (400, "GEN-400")


# The feed.


async def test_the_feed_is_for_those_who_may_read_it(town: Any, case: Any) -> None:
    """事件流只供协同中枢和监督核对读取。"""
    assert (await town.head.get("/v1/feeds/case_flow/events")).json()["code"] == "PERM-002"
    assert (await town.reviewer.get("/v1/feeds/case_flow/events", limit=1)).status_code == 200


async def test_the_feed_is_read_from_where_one_stopped(town: Any, case: Any) -> None:
    """事件流从停下之处继续，一行不漏；每行附有摘要。"""
    events, after = [], "0"
    while True:
        page = (await town.reviewer.get("/v1/feeds/case_flow/events", after=after, limit=2)).json()
        events += page["items"]
        after = page["next_cursor"]
        if not page["has_more"]:
            break

    mine = [event for event in events if event["partitionkey"] == case.id]
    rows = (await town.officer.get(f"{case.path}/transitions")).json()["items"]
    assert [event["feedseq"] for event in events] == list(range(1, len(events) + 1))
    assert [event["data"]["id"] for event in mine] == [row["id"] for row in rows]
    assert [(event["sequence"], event["datadigest"]) for event in mine] == [
        (str(row["seq"]), f"sm3:{row['sm3']}") for row in rows
    ]
    assert {event["type"] for event in mine} >= {"cn.singletrack.case_flow.case_intake.file.recorded.v1"}


async def test_who_waits_for_news_is_woken(town: Any, case: Any) -> None:
    """等待新事件的，一有即得。"""
    end = (await town.reviewer.get("/v1/feeds/case_flow/events", limit=5000)).json()["next_cursor"]
    waiting = asyncio.create_task(town.reviewer.get("/v1/feeds/case_flow/events", after=end, wait=20))
    await asyncio.sleep(0.05)

    row = await case.takes(town.head, "criminal_detention:detain", subjects=[case.persons["甲"]])

    page = (await asyncio.wait_for(waiting, 10)).json()
    assert [event["id"] for event in page["items"]] == [row["id"]]


@pytest.mark.parametrize("after", ["9" * 20, "-1", "a", "1.5"])
async def test_a_cursor_that_is_none(town: Any, after: str) -> None:
    """不成立的游标，说明原因。"""
    answer = await town.reviewer.get("/v1/feeds/case_flow/events", after=after)

    assert (answer.status_code, answer.json()["code"]) == (400, "GEN-400")


async def test_it_says_that_it_is_well(town: Any) -> None:
    """The health of the service is that of its database."""
    assert (await town.officer.get("/v1/health/case_flow")).json() == {"status": "ready", "service": "case_flow"}


async def test_a_database_that_is_away_is_said_to_be_away(signer: Signer) -> None:
    """数据库不可用的，读取、办理、事件流、健康状况，都答复“暂不可用”，并说明何时重试。"""
    nowhere = SecretStr("postgresql://nobody:nothing@127.0.0.1:1/case_flow?sslmode=disable")
    app = make(Settings(database_url=nowhere, jwks=signer.public()))
    headers = {"Authorization": f"Bearer {signer.issue('sys-review', 'reviewer', officer='r')}", "If-Match": '"v1"'}
    paths = ["/v1/cases", "/v1/cases/case_1", "/v1/feeds/case_flow/events", "/v1/health/case_flow"]
    transport = httpx.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://case-flow", headers=headers) as client,
    ):
        answers = [await client.get(path) for path in paths]
        for path in ("/v1/cases", "/v1/cases/case_1/persons"):
            body = {} if path == "/v1/cases" else {"label": "甲"}
            answers.append(await client.post(path, json=body, headers={"Idempotency-Key": "a-key-of-mine"}))

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(503, "GEN-503")] * 6
    assert {answer.headers["retry-after"] for answer in answers} == {"1"}
