"""Many at once: one wins, the others are told; nobody who follows the feed ever sees a hole."""

import asyncio
import json
from collections import defaultdict

WRITERS = 50


async def test_of_two_who_write_on_one_version_one_is_told_to_read_again(town):
    """二人据同一版本办理，先到者成，后到者须重新读取。"""
    await town.opens()
    version = town.versions["case_flow"]
    accepting = [town.police.tries("case_intake:accept", version=version) for _ in range(2)]

    answers = await asyncio.gather(*accepting)

    assert sorted(answer.status_code for answer in answers) == [201, 412]
    (stale,) = [answer for answer in answers if answer.status_code == 412]
    assert (stale.json()["code"], stale.json()["current_version"]) == ("GEN-412", "v2")
    assert await town.version() == 2


async def test_two_who_never_heard_of_each_other_both_write_in_turn(town):
    """不同对象的步骤，后到者重新读取后仍可办理；一案的各行首尾相接。"""
    await town.files(*(f"被告人{number}" for number in range(8)))

    async def detain(label):
        for _ in range(WRITERS):
            answer = await town.police.tries("criminal_detention:detain", label, version=versions[label])
            if answer.status_code == 201:
                return answer.json()["seq"]
            versions[label] = f'"{answer.json()["current_version"]}"'
        raise AssertionError("always too late")

    versions = dict.fromkeys(town.persons, town.versions["case_flow"])
    taken = await asyncio.gather(*(detain(label) for label in town.persons))

    first = 3 + len(town.persons) + 1
    assert sorted(taken) == list(range(first, first + len(town.persons)))


async def test_twenty_who_send_the_same_request_have_sent_it_once(town):
    """同一请求同时送达二十次，只办理一次，答复二十次，逐字相同。"""
    await town.opens()
    version = town.versions["case_flow"]

    answers = await asyncio.gather(
        *(town.police.tries("case_intake:accept", version=version, key="twenty-times") for _ in range(20))
    )

    assert {answer.status_code for answer in answers} == {201}
    assert len({(answer.text, answer.headers["etag"], answer.headers["location"]) for answer in answers}) == 1
    assert sum("idempotency-replayed" not in answer.headers for answer in answers) == 1
    assert await town.version() == 2


async def test_twenty_who_open_a_case_with_one_key_open_one(town):
    """同一幂等键建立案件，只建立一件。"""
    officer = town.police.clerk("officer")

    answers = await asyncio.gather(*(officer.post("/v1/cases", {"organs": []}, key="only-one-case") for _ in range(20)))

    assert len({answer.text for answer in answers}) == 1
    assert (await officer.get("/v1/cases")).json()["items"] == [answers[0].json()["case_id"]]


async def test_whoever_follows_the_feed_misses_nothing_while_fifty_write(town):
    """五十件案件同时办理，读取事件流的人自始至终看到1、2、3……，各案亦然，没有空号，没有重号。"""
    clerk = town.police.clerk("county_head")
    done = asyncio.Event()

    async def write():
        opened = await clerk.post("/v1/cases", {"organs": [town.procuratorate.id], "title": "“某”案\\"})
        case, version = opened.json()["case_id"], opened.headers["etag"]
        for step in ("case_intake:accept", "case_intake:examine", "case_intake:file"):
            body = {"type": step, "documents": town.police.papers(step), "reason": '","organ":"nobody"'}
            answer = await clerk.post(f"/v1/cases/{case}/transitions", body, version=version)
            assert answer.status_code == 201, answer.text
            version = answer.headers["etag"]
        return case

    async def follow():
        seen, after = [], "0"
        while True:
            last = done.is_set()
            page = (await town.reviewer.get("/v1/feeds/case_flow/events", after=after, limit=37, wait=0.2)).json()
            seen += page["items"]
            after = page["next_cursor"]
            if last and not page["items"]:
                return seen

    async def write_all():
        try:
            return await asyncio.gather(*(write() for _ in range(WRITERS)))
        finally:
            done.set()

    cases, *followers = await asyncio.gather(write_all(), follow(), follow())

    for seen in followers:
        assert [event["feedseq"] for event in seen] == list(range(1, len(seen) + 1))
        by_case = defaultdict(list)
        for event in seen:
            by_case[event["partitionkey"]].append(event)
        assert all(
            [int(each["sequence"]) for each in of_one] == list(range(1, len(of_one) + 1)) for of_one in by_case.values()
        )
        assert all([each["data"]["type"] for each in by_case[case]][1:] == [
            "case_intake:accept", "case_intake:examine", "case_intake:file",
        ] for case in cases)  # fmt: skip
        assert all(envelope_fits(event) for event in seen)
    assert json.dumps(followers[0]) == json.dumps(followers[1])


def envelope_fits(event):
    """Whether an envelope says what its row says."""
    row = event["data"]
    told = (event["id"], event["partitionkey"], event["sequence"], event["organ"], event["time"], event["subject"])
    held = (row["id"], row["case_id"], str(row["seq"]), row["organ"], row["recorded_at"], f"cases/{row['case_id']}")
    return told == held and event["type"] == f"cn.singletrack.case_flow.{row['type'].replace(':', '.')}.recorded.v1"
