"""分案、并案、移送管辖：人从一案转入另一案，随身的一切一并转入，任何时刻只在一案之中。"""

from typing import Any

import asyncpg
import pytest

from services.kernel import log

SPLIT, ABSORB, MOVE = (f"jurisdiction_merge_split:{step}" for step in ("split", "absorb", "move"))
REVIEW = ("investigation_close:conclude", "investigation_close:transfer", "investigation_close:accept")


async def gone_to(row: dict[str, Any], case: Any) -> Any:
    """The case to which a row says that persons went, as the same town sees it."""
    other = type(case)(case.town, row["left"]["to"])
    other.persons = {label: each for label, each in case.persons.items() if each in row["subjects"]}
    other.version = (await case.town.reviewer.get(other.path)).headers["etag"]
    return other


async def labels(who: Any, case: Any) -> tuple[list[str], list[tuple[str, str]]]:
    """Who is in a case, and who went where."""
    found = await case.read(who)
    return [each["label"] for each in found["persons"]], [(each["label"], each["to"]) for each in found["left"]]


async def test_a_split_takes_everything_along(town: Any, case: Any) -> None:
    """分案：分出的人在新案中处于原处，余下的人不受影响。"""
    await case.takes(town.head, "criminal_detention:detain", subjects=[case.persons["甲"]])
    await case.takes(town.head, "bail:decide", subjects=[case.persons["乙"]])
    before = await case.read(town.head)

    row = await case.takes(town.head, SPLIT, subjects=[case.persons["乙"]])
    other = await gone_to(row, case)
    here, there = await case.read(town.head), await other.read(town.manager)

    assert await labels(town.head, case) == (["甲"], [("乙", other.id)])
    assert here["persons"] == before["persons"][:1]
    split = {"state": "split", "zh": "已分案", "since_by": ""}
    assert there["persons"] == [{**before["persons"][1], "lines": {**before["persons"][1]["lines"], SPLIT[:24]: split}}]
    assert there["lines"]["case_intake"]["state"] == "filed"
    assert there["organs"] == here["organs"]
    rows = [(await town.head.get(f"{each.path}/transitions")).json()["items"] for each in (case, other)]
    leaving, arriving = rows[0][-1], rows[1][0]
    assert (arriving["arrived"]["from"], arriving["arrived"]["transition"]) == (case.id, leaving["id"])
    assert leaving["feed_seq"] + 1 == arriving["feed_seq"]
    assert leaving["recorded_at"] < arriving["recorded_at"]


async def test_nothing_is_done_where_the_person_no_longer_is(town: Any, case: Any) -> None:
    """转出的人，在原案不再办理，指明现在何案；不指名的步骤，只及于余下的人。"""
    row = await case.takes(town.head, SPLIT, subjects=[case.persons["乙"]])
    to = row["left"]["to"]

    for step in ("criminal_detention:detain", "investigation_close:conclude", SPLIT):
        refused = (await case.tries(town.head, step, "乙")).json()
        assert (refused["code"], refused["errors"][0]["params"]) == ("CASE-014", {"case_id": to}), refused
        assert to in refused["detail"]
        assert "第二百二十条" in refused["law_ref"]
    noted = {"type": "legal_record:note_event", "facts": {"event": "case_withdrawn"}, "subjects": row["subjects"]}
    assert (await case.acts(town.officer, f"{case.path}/transitions", noted)).json()["code"] == "CASE-014"
    everybody = await case.takes(town.officer, "investigation_close:conclude")
    assert everybody["subjects"] == [case.persons["甲"]]


async def test_a_third_return_is_refused_in_the_split_off_case(town: Any, case: Any) -> None:
    """退回补充侦查以二次为限，分案不重新起算。"""
    await case.takes(town.head, *REVIEW[:2])
    await case.takes(town.manager, REVIEW[2])
    prosecutor = town.clerk("proc", "chief_prosecutor")
    await case.takes(prosecutor, "prosecution_review:review")
    for _ in range(2):
        await case.takes(prosecutor, "prosecution_review:return")
        await case.takes(town.officer, "supplementary_return:receive")
        await case.takes(town.head, "supplementary_return:resubmit")
    row = await case.takes(town.chief, SPLIT, subjects=[case.persons["乙"]])
    other = await gone_to(row, case)

    for each in (case, other):
        assert (await each.tries(prosecutor, "prosecution_review:return")).json()["code"] == "CASE-013"


async def test_a_merge_absorbs_a_case(town: Any, case: Any) -> None:
    """并案：人员转入主案；原案号仍可查得去向，不能再并入它。"""
    main = await town.opens("丙")
    await main.takes(town.officer, "case_intake:accept")
    await main.takes(town.head, "case_intake:file")
    await main.takes(town.head, "jurisdiction_merge_split:propose_merge", "jurisdiction_merge_split:merge")
    await case.takes(town.head, "bail:decide", subjects=[case.persons["甲"]])
    await case.takes(town.head, "jurisdiction_merge_split:propose_merge")

    await case.takes(town.head, ABSORB, facts={"into": main.id})

    assert await labels(town.manager, main) == (["丙", "甲", "乙"], [])
    assert await labels(town.manager, case) == ([], [("甲", main.id), ("乙", main.id)])
    bail = (await main.read(town.head))["persons"][1]["lines"]["bail"]
    assert (bail["state"], bail["since_by"]) == ("decided", f"pol-{town.place}")
    again = await town.opens("丁")
    await again.takes(town.head, "jurisdiction_merge_split:propose_merge")
    refused = (await again.tries(town.head, ABSORB, facts={"into": case.id})).json()
    assert (refused["code"], refused["errors"][0]["params"]) == ("CASE-014", {"case_id": main.id})


async def test_another_place_sees_its_case_only(town: Any, case: Any) -> None:
    """移送管辖：接收的机关只见新案，移送的机关只见原案。"""
    there = town.clerk("pol", "county_head", place="990001")
    facts = {"organs": [there.organ, "proc-990001"]}
    row = await case.takes(town.head, MOVE, subjects=[case.persons["乙"]], facts=facts)
    other = await gone_to(row, case)

    assert await labels(there, other) == (["乙"], [])
    for who, what in ((there, case), (town.head, other), (town.manager, other)):
        assert (await who.get(what.path)).status_code == 404
        assert (await who.get(f"{what.path}/transitions")).status_code == 404
    assert (await there.get("/v1/cases")).json()["items"][-1] == other.id
    await other.takes(there, "criminal_detention:detain")


async def test_a_case_of_others_takes_nobody_in(town: Any, case: Any) -> None:
    """不能转入看不到的案件：与没有此案完全一样，人留在原案。"""
    theirs = await type(town)(town.client, town.signer).opens("外人")
    answers = []
    for into in (theirs.id, "case_0"):
        answer = await case.tries(town.head, MOVE, facts={"into": into})
        answers.append((answer.status_code, {**answer.json(), "trace_id": ""}))

    assert answers[0] == answers[1]
    assert answers[0][0] == 404
    assert await labels(town.head, case) == (["甲", "乙"], [])


@pytest.mark.parametrize(
    ("step", "names", "facts", "code"),
    [
        (SPLIT, ["甲", "乙"], {}, "nobody_stays"),
        (SPLIT, ["甲"], {"into": "case_0"}, "must_be_new"),
        (SPLIT, ["甲"], {"into": 7}, "no_such_case"),
        (MOVE, ["甲"], {}, "no_organ"),
        (MOVE, ["甲"], {"organs": ["proc-990001"]}, "no_organ"),
        ("jurisdiction_merge_split:join", ["甲"], {}, "must_be_into"),
    ],
)
async def test_where_nobody_can_go(
    town: Any, case: Any, step: str, names: list[str], facts: dict[str, Any], code: str
) -> None:
    """分案须有人留下，并案须有他案，移送须有接收的机关。"""
    refused = (await case.tries(town.head, step, *names, facts=facts)).json()

    assert [each["code"] for each in refused["errors"]] == [code], refused
    assert await labels(town.head, case) == (["甲", "乙"], [])


async def test_nobody_arrives_by_asking(town: Any, case: Any) -> None:
    """转入只随转出登记，任何岗位都不能单独办理。"""
    facts = {"carried": {"subjects": {"per_0": {"kind": "person", "label": "丁"}}}}
    for role in ("county_head", "officer"):
        who = town.clerk("pol", role)
        assert (await case.tries(who, "case_record:arrive", facts=facts)).json()["code"] == "PERM-001"
    coordinator = town.clerk("sys", "coordinator")
    assert (await case.tries(coordinator, "case_record:arrive", facts=facts)).json()["code"] == "PERM-001"


async def test_asking_first_changes_nothing(town: Any, case: Any) -> None:
    """先行询问，两案都不变动。"""
    answer = await case.tries(town.head, SPLIT, "乙", dry_run=True)

    assert answer.status_code == 200
    assert (await town.reviewer.get(f"/v1/cases/{answer.json()['left']['to']}")).status_code == 404
    assert await labels(town.head, case) == (["甲", "乙"], [])


async def test_both_rows_or_neither(town: Any, case: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """两行之间中断：两案都没有变动；以同一键重试，各得一行，只有一次。"""
    append, broken = log.append, []

    async def half(connection: Any, expected: Any, entries: Any) -> set[str]:
        if len(entries) == 2 and not broken:
            broken.append(await append(connection, {entries[0].head.case_id: expected[case.id]}, entries[:1]))
            raise asyncpg.ConnectionDoesNotExistError("between the two rows")
        return await append(connection, expected, entries)

    monkeypatch.setattr(log, "append", half)
    asked = {"version": case.version, "key": "split-b-off-once"}
    first = await case.tries(town.head, SPLIT, "乙", **asked)
    between = await labels(town.head, case)
    second = await case.tries(town.head, SPLIT, "乙", **asked)
    third = await case.tries(town.head, SPLIT, "乙", **asked)
    other = await gone_to(second.json(), case)

    assert (first.status_code, broken) == (503, [{case.id}])
    assert between == (["甲", "乙"], [])
    assert (second.status_code, third.content) == (201, second.content)
    assert await labels(town.head, case) == (["甲"], [("乙", other.id)])
    assert await labels(town.head, other) == (["乙"], [])
    assert (await other.read(town.head))["version"] == "v1"


async def test_who_comes_back_is_here_again(town: Any, case: Any) -> None:
    """分出又并回：在原案中继续办理，次数不重新计算。"""
    row = await case.takes(town.head, SPLIT, subjects=[case.persons["乙"]])
    other = await gone_to(row, case)

    await other.takes(town.head, "jurisdiction_merge_split:join", facts={"into": case.id})
    case.version = (await town.head.get(case.path)).headers["etag"]

    assert await labels(town.head, case) == (["甲", "乙"], [])
    assert await labels(town.head, other) == ([], [("乙", case.id)])
    await case.takes(town.head, "bail:decide", subjects=[case.persons["乙"]])


async def test_a_case_is_finished_when_everybody_in_it_is(town: Any, case: Any) -> None:
    """全案终结，当且仅当每个人都已终结；转出的人，在转入的案件中终结。"""

    async def finished(each: Any) -> tuple[bool, list[bool]]:
        found = await each.read(town.reviewer)
        return found["finished"], [person["finished"] for person in found["persons"]]

    assert await finished(case) == (False, [False, False])
    await case.takes(town.head, "investigation_close:terminate", subjects=[case.persons["甲"]])
    assert await finished(case) == (False, [True, False])
    row = await case.takes(town.head, SPLIT, subjects=[case.persons["乙"]])
    other = await gone_to(row, case)

    assert await finished(case) == (True, [True])
    assert await finished(other) == (False, [False])
    await other.takes(town.head, "investigation_close:withdraw")
    assert await finished(other) == (True, [True])
