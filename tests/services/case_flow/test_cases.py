"""Cases and persons: opened once, seen by the organs that share them, and by nobody else."""

import json
from typing import Any

import pytest
from fastapi import FastAPI

from services.kernel import log
from services.kernel.service import Service
from services.kernel.work import raw


async def test_a_case_belongs_to_the_organ_that_opened_it_and_to_those_it_names(town: Any) -> None:
    """公安机关建立的案件，由其所列的机关共享。"""
    case = await town.opens()

    found = await case.read(town.officer)

    assert found["organs"] == {
        "police": f"pol-{town.place}",
        "procuratorate": f"proc-{town.place}",
        "court": f"court-{town.place}",
        "detention_center": f"dc-{town.place}",
    }
    for who in (town.manager, town.judge, town.intake, town.reviewer):
        assert await case.read(who) == found


async def test_other_organs_see_nothing(town: Any, case: Any) -> None:
    """其他机关所见，与没有此案完全一样：读取、办理、登记、列表，都是如此。"""
    stranger = town.clerk("pol", "county_head", place="999999")
    paths = [case.path, f"{case.path}/transitions", f"{case.path}/available-transitions"]
    step = {"type": "criminal_detention:detain"}
    hidden = [await stranger.get(path) for path in paths]
    hidden.append(await stranger.post(f"{case.path}/transitions", step, version='"v1"'))
    hidden.append(await stranger.post(f"{case.path}/persons", {"label": "丙"}, version='"v1"'))

    absent = [await stranger.get(path.replace(case.id, "case_0")) for path in paths]
    absent.append(await stranger.post("/v1/cases/case_0/transitions", step, version='"v1"'))
    absent.append(await stranger.post("/v1/cases/case_0/persons", {"label": "丙"}, version='"v1"'))

    for one, other in zip(hidden, absent, strict=True):
        assert one.status_code == other.status_code == 404
        said = [{**answer.json(), "trace_id": "", "instance": ""} for answer in (one, other)]
        assert said[0] == said[1]
    assert (await stranger.get("/v1/cases")).json()["items"] == []


async def test_only_the_police_open_a_case(town: Any) -> None:
    """接报建档由公安机关办理。"""
    for who in (town.manager, town.judge, town.intake):
        assert (await who.post("/v1/cases", {})).json()["code"] == "PERM-001"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"organs": ["mayor-330106"]}, "CASE-014"),
        ({"organs": ["330106"]}, "GEN-400"),
        ({"case_id": "case_1"}, "GEN-400"),
        ({"occurred_at": "2026-03-17"}, "CASE-015"),
        ({"occurred_at": "2026-02-30"}, "GEN-400"),
    ],
)
async def test_what_a_case_cannot_be_opened_with(town: Any, body: dict[str, Any], code: str) -> None:
    """所列须是机关，时间须是过去，编号由本系统确定。"""
    answer = await town.officer.post("/v1/cases", body)

    assert answer.json()["code"] == code


async def test_a_repeated_request_finds_the_case_it_opened(town: Any) -> None:
    """同一请求重复提交，找到的是同一案件。"""
    first = await town.officer.post("/v1/cases", {"title": "某案"}, key="open-the-case-once")
    again = await town.officer.post("/v1/cases", {"title": "某案"}, key="open-the-case-once")
    other = await town.officer.post("/v1/cases", {"title": "另案"}, key="open-the-case-once")

    assert (first.status_code, again.status_code, other.status_code) == (201, 201, 422)
    assert again.content == first.content
    assert (first.headers["etag"], first.headers["location"]) == (again.headers["etag"], again.headers["location"])
    assert ("idempotency-replayed" in first.headers, again.headers["idempotency-replayed"]) == (False, "true")
    assert other.json()["code"] == "GEN-422"


async def test_a_repeat_is_answered_though_the_case_has_moved_on(town: Any, case: Any) -> None:
    """重复提交的，先于版本和职务得到原来的答复。"""
    body = {"label": "丙"}
    before = case.version
    first = await town.officer.post(f"{case.path}/persons", body, version=before, key="register-c-once")
    case.version = first.headers["etag"]
    await case.registers("丁")

    again = await town.officer.post(f"{case.path}/persons", body, version=before, key="register-c-once")

    assert (again.status_code, again.content) == (201, first.content)


async def test_lists_are_read_page_by_page(town: Any) -> None:
    """列表逐页读取，一件不漏，一件不重，只有本机关的。"""
    mine = [(await town.opens()).id for _ in range(7)]
    await town.opens(organs=("court",))

    pages, token = [], ""
    while True:
        page = (await town.manager.get("/v1/cases", page_size=3, page_token=token)).json()
        pages.append(page["items"])
        token = page["next_page_token"]
        if not token:
            break

    assert [len(page) for page in pages] == [3, 3, 1]
    assert [case for page in pages for case in page] == sorted(mine)
    assert len((await town.officer.get("/v1/cases")).json()["items"]) == 8


@pytest.mark.parametrize(
    ("query", "status"),
    [({"page_size": 0}, 400), ({"page_size": -1}, 400), ({"page_size": 1000}, 200), ({"page_token": "a b"}, 400)],
)
async def test_what_a_page_may_be(town: Any, query: dict[str, Any], status: int) -> None:
    """More than a page holds is reduced; less than nothing is refused."""
    assert (await town.officer.get("/v1/cases", **query)).status_code == status


# Who a person is.

SECRET = {"name": "王五六", "id_type": "resident_card", "id_number": "330106199003074417", "born_on": "1990-03-07"}


async def test_who_a_person_is_never_leaves(town: Any, case: Any, app: FastAPI) -> None:
    """姓名和证件号码只留在案件服务：答复、查询、事件流、记录、状态中，都没有。"""
    answer = await case.acts(town.officer, f"{case.path}/persons", {"label": "丙", "identity": SECRET})
    seen = [answer.text, json.dumps(dict(answer.headers))]
    for who in (town.officer, town.manager, town.reviewer):
        paths = [case.path, f"{case.path}/transitions", f"{case.path}/available-transitions", "/v1/cases"]
        seen += [(await who.get(path)).text for path in paths]
    seen.append((await town.reviewer.get("/v1/feeds/case_flow/events", limit=5000)).text)
    service: Service = app.state.service
    async with raw(service.engine) as connection:
        rows = await log.history(connection, case.id)
    seen += [each["body"] for each in rows]
    seen.append(json.dumps((await service.desk.head(case.id)).state, ensure_ascii=False))

    assert not [value for value in SECRET.values() if value != "resident_card" and any(value in text for text in seen)]
    assert answer.json()["private_digest"].startswith("sm3:")
    assert json.loads(rows[-1]["private"]) == SECRET


async def test_a_person_without_identity(case: Any) -> None:
    """身份不明的，以代称登记。"""
    row = await case.registers("自报姓名某某")

    assert "private_digest" not in row
    assert row["created"][case.persons["自报姓名某某"]]["label"] == "自报姓名某某"


async def test_what_is_wrong_with_an_identity_is_not_said_back(town: Any, case: Any) -> None:
    """不合格的身份信息，指出栏目，不复述内容。"""
    answer = await case.acts(
        town.officer, f"{case.path}/persons", {"label": "丙", "identity": {**SECRET, "born_on": "一九九〇年"}}
    )

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/identity/born_on")
    assert not any(value in answer.text for value in (*SECRET.values(), "一九九〇年"))


# A case as it stands.


async def test_each_person_stands_where_they_stand(town: Any, case: Any) -> None:
    """同案的人各自进行：一人被拘留，另一人取保候审。"""
    await case.takes(town.head, "criminal_detention:detain", subjects=[case.persons["甲"]])
    await case.takes(town.head, "bail:decide", subjects=[case.persons["乙"]])

    found = await case.read(town.manager)

    one, other = found["persons"]
    assert (one["label"], one["lines"]["criminal_detention"]["state"]) == ("甲", "detained_24h")
    assert (other["label"], other["lines"]["bail"]["state"]) == ("乙", "decided")
    assert other["lines"]["bail"]["since_by"] == f"pol-{town.place}"
    assert found["lines"]["case_intake"] == {"state": "filed", "zh": "已立案", "since_by": ""}
    assert [each["in_charge"] for each in found["persons"]] == ["police", "police"]
    assert found["version"] == case.version.strip('"')


async def test_the_rows_of_a_case_prove_themselves(town: Any, case: Any) -> None:
    """每一步都有序号、摘要和法律依据。"""
    rows = (await town.manager.get(f"{case.path}/transitions")).json()["items"]

    assert [row["seq"] for row in rows] == [1, 2, 3, 4, 5]
    assert rows[-1]["law_ref"].startswith("刑事诉讼法第一百一十二条")
    assert len({row["sm3"] for row in rows} | {row["sha256"] for row in rows}) == 10
    assert "private" not in rows[1]


async def test_what_may_be_done_now(town: Any, case: Any) -> None:
    """各机关各岗位现在可以办理什么，各为谁，须附什么文书。"""

    async def may(who: Any) -> dict[str, Any]:
        found = (await who.get(f"{case.path}/available-transitions")).json()
        assert found["version"] == case.version.strip('"')
        return {each["type"]: each for each in found["items"]}

    await case.takes(town.head, "criminal_detention:detain", subjects=[case.persons["甲"]])
    detain = (await may(town.head))["criminal_detention:detain"]

    assert detain["subjects"] == [case.persons["乙"]]
    assert detain["needs"] == [["detention_report"], ["detention_warrant"]]
    assert "刑事诉讼法第八十二条" in detain["law_ref"]
    assert (await may(town.intake))["criminal_detention:admit"]["subjects"] == [case.persons["甲"]]
    assert "criminal_detention:detain" not in await may(town.officer)
    assert await may(town.reviewer) == {}
