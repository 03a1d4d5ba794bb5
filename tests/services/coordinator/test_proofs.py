"""Proofs of deadlines: what is stored is enough for a stranger to compute every end again, and one changed byte is named."""

import json
import re
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest

from services.coordinator import follow as following
from services.coordinator.domain.clocks import Clocks, Reading
from services.coordinator.domain.proof import proof, reading_told, titles
from services.kernel.errors import Refused
from services.law import CODE
from services.law.holidays import CALENDAR
from singletrack.proof_file import Proofs, ProofsBroken, fetch, read
from singletrack.verify_time import NotAFileOfProofs, pointer_at, verify

CLOCKS = Clocks(CODE)
POLICE, PROCURATORATE, CENTER = "pol-330106", "proc-330106", "dc-330106"


def proofs_of(town: Any, read_until: timedelta = timedelta()) -> Proofs:
    """The proofs of a town's case, through JSON as the database keeps them; every log read to so long ago."""
    now = town.clock.now()
    reading = Reading(dict.fromkeys(("case_flow", "custody_transfer", "evidence"), now - read_until), now)
    concluded = town.concludes(read=reading.read)
    told = reading_told(reading, CALENDAR.version)
    found = Proofs(calendars={CALENDAR.version: CALENDAR.as_dict()})
    for clock in (*concluded.duties, *concluded.rights):
        stored = json.loads(json.dumps(clock.as_dict()))
        found.items.append(proof(stored, told, CLOCKS.terms[stored["terms"]]))
        found.terms[stored["terms"]] = CLOCKS.terms[stored["terms"]]
    for title, terms in titles(town.case_id, town.rows, CODE, told):
        found.items.append(title)
        found.terms.update(terms)
    return found


def long_case(town: Any) -> None:
    """Two persons: extended, stopped, resumed and stopped again, at large, returned, charged; much of it late."""
    town.files("甲", "乙")
    town.detains("甲")
    town.takes("bail:decide", "乙")
    town.takes("criminal_detention:extend", "甲", facts={"extension": 2})
    town.clock.passes(days=20, seconds=3600)
    town.goes_to("arrest", "甲")
    town.holds_on("甲", "investigation_custody", "2026-03-22")
    town.clock.passes(days=10)
    town.takes("custody_extension:pause", "甲")
    town.clock.passes(days=12)
    town.takes("custody_extension:resume", "甲")
    town.takes("custody_extension:extend_once", "甲")
    town.holds_on("甲", "investigation_custody", "2026-03-22", extensions=1)
    town.takes("custody_extension:pause", "甲")
    town.clock.passes(days=5)
    town.goes_to("prosecution", "乙")
    town.takes("prosecution_review:review", "乙")
    town.clock.passes(days=40)


def test_a_stranger_computes_every_end_again(town: Any) -> None:
    """每一期限所据以计算的，一并保存；不用本系统的代码，重新计算，结果相同。"""
    long_case(town)
    found = proofs_of(town)
    told = verify(found.text())

    assert told.differences == []
    assert told.counts["proofs"] == len(found.items)
    assert any(each["excluded"] and not each["excluded"][-1]["resumed_by"] for each in found.items), "one stands still"
    assert any(each["extensions"] and each["excluded"] for each in found.items)
    assert any(each["deadline"] and each["last_day"] for each in found.items), "days of detention have an instant"
    assert {"title", "obligation", "detention"} <= {each["kind"] for each in found.items}
    assert {"open", "met", "overdue"} <= {each["status"] for each in found.items}


def test_what_has_not_been_read_is_unknown_to_the_stranger_too(town: Any) -> None:
    """记录读到何时，也在证明之中：没有读到的，状态是不明。"""
    long_case(town)
    found = proofs_of(town, read_until=timedelta(days=60))

    assert verify(found.text()).agrees
    assert "unknown" in {each["status"] for each in found.items}


@pytest.mark.parametrize("seed", range(12))
def test_whatever_happened_in_a_case(town: Any, seed: int) -> None:
    """任意办理经过：只要法律接受的步骤，所生的每一期限都可以重新计算。"""
    wander(town, Random(seed), 160)
    found = proofs_of(town)

    assert len(found.items) >= 10
    assert verify(found.text()).differences == []


def wander(town: Any, chance: Random, number: int) -> None:
    """Steps by chance, as far as the law takes them."""
    town.files("甲", "乙", "丙")
    for label in "甲乙":
        town.detains(label)
    steps = sorted(
        name
        for name, rule in CODE.rules.items()
        if rule.kept_by == "case_flow" and rule.line == "person" and not name.startswith("case_intake")
    )
    for _ in range(number):
        town.clock.passes(seconds=chance.choice((0, 3600, 40_000, 86_400, 5 * 86_400, 20 * 86_400)))
        for step in chance.sample(steps, len(steps)):
            facts = {"extension": chance.randint(1, 3)} if chance.random() < 0.3 else {}
            day = town.clock.now().date().isoformat()
            try:
                town.takes(step, chance.choice("甲乙丙"), facts=facts, **({"on": day} if chance.random() < 0.3 else {}))
            except (Refused, KeyError):
                continue
            break


# 羁押依据。


@pytest.mark.parametrize(
    ("title", "ends"),
    [
        ({"limit": "detention_request_arrest", "from": "2026-03-02T22:30:00+08:00", "extensions": 2}, True),
        ({"limit": "investigation_custody", "from": "2026-08-31", "extensions": 3}, True),
        ({"limit": "summons_duration", "from": "2026-03-02T22:30:00+08:00"}, True),
        ({"limit": "trial_ordinary", "from": "2026-02-28", "extensions": 1}, True),
        ({"limit": "sentence", "from": "2026-01-31", "months": 18.5, "credit_days": 40}, True),
        ({"limit": "sentence", "from": "2026-01-31"}, False),
        ({"limit": "appeal_pending", "from": "2026-09-20"}, True),
        ({"limit": "appeal_pending", "from": "2026-09-20", "months": 0.5}, True),
        ({"limit": "appeal_pending", "from": "2026-09-20", "months": 36, "credit_days": 9}, True),
        ({"limit": "death_review", "from": "2026-09-20"}, False),
    ],
    ids=lambda each: f"{each['limit']}-{len(each)}" if isinstance(each, dict) else "",
)
def test_titles_are_computed_again(town: Any, title: dict[str, Any], ends: bool) -> None:
    """羁押依据的届满之日，同样可以重新计算。"""
    town.files("甲")
    town.detains("甲", admitted=False)
    town.admits("甲", limit=title["limit"], title=title)
    found = proofs_of(town)
    (proven,) = (each for each in found.items if each["kind"] == "title")

    assert verify(found.text()).agrees
    assert bool(proven["due"]) == ends


# 改动一个字节。


def test_a_changed_byte_is_named_in_every_field(town: Any) -> None:
    """逐一改动导出文件的每一字段（同名的抽取四处）各一个字节，核对时都指明改在何处、原来是什么。"""
    long_case(town)
    text = proofs_of(town).text()
    alike: dict[str, list[tuple[int, str]]] = {}
    for at, where in _fields(text):
        alike.setdefault(re.sub(r"\d+", "n", where), []).append((at, where))
    chance = Random(1)
    places = [place for group in alike.values() for place in chance.sample(group, min(4, len(group)))]
    assert alike.keys() >= {
        "/proofs/n/start",
        "/proofs/n/held",
        "/proofs/n/due",
        "/proofs/n/rules/n",
        "/terms/n/duration",
        "/terms/n/id",
        "/calendars/n/free/n",
    }

    for at, where in places:
        changed = text[:at] + bytes([text[at] ^ 1]) + text[at + 1 :]
        told = verify(changed)
        named = [each for each in told.differences if each.pointer == where and repr(chr(text[at])) in each.zh]
        assert named, (where, at, told.differences[:3])


def _fields(text: bytes) -> list[tuple[int, str]]:
    """A byte of each field of each entry, and its pointer."""
    found, start, section, number = [], 0, "", 0
    for line in text.split(b"\n"):
        if opened := re.fullmatch(rb'(?:\],)?"(\w+)":\[?', line):
            section, number = opened.group(1).decode(), 0
        elif line.startswith(b'{"') and section in {"calendars", "terms", "proofs"}:
            entry = line[: line.rindex(b',"digests"')] + b"}"
            values = {pointer_at(entry, at): at for at in range(1, len(entry) - 1) if entry[at : at + 1].isalnum()}
            found += [(start + at, f"/{section}/{number}{where}") for where, at in values.items()]
            number += 1
        start += len(line) + 1
    return found


@pytest.mark.parametrize("chance", range(4))
def test_a_changed_byte_is_named_wherever_it_is(town: Any, chance: int) -> None:
    """不论改在摘要、括号、逗号、换行还是别处，都指明在第几行。"""
    town.files("甲")
    town.detains("甲")
    text = proofs_of(town).text()
    random = Random(chance)
    for _ in range(100):
        at = random.randrange(len(text))
        byte = random.choice([text[at] ^ 1, *b' \n",1', 0, 255])
        if byte != text[at]:
            told = verify(text[:at] + bytes([byte]) + text[at + 1 :])
            line = text.count(b"\n", 0, at) + 1
            assert line in {each.line for each in told.differences}, (at, byte, told.differences[:3])


def test_a_proof_that_was_made_anew_with_its_seal_is_still_computed(town: Any) -> None:
    """连同封印一起改的，重新计算的结果仍然不同。"""
    town.files("甲")
    town.detains("甲")
    found = proofs_of(town)
    item = next(each for each in found.items if each["limit"] == "detention_request_arrest" and each["kind"] != "title")
    told = {name: (value if name != "last_day" else "2026-03-06") for name, value in item.items()}
    found.items[found.items.index(item)] = told
    (difference,) = verify(found.text()).differences

    assert (difference.limit, difference.subject) == ("detention_request_arrest", town.persons["甲"])
    assert (difference.field, difference.stated, difference.recomputed) == ("last_day", "2026-03-06", "2026-03-05")


def test_a_proof_that_was_taken_out_is_missed(town: Any) -> None:
    """删去、重复或者调换一项，核对得出。"""
    town.files("甲")
    town.detains("甲")
    lines = proofs_of(town).text().split(b"\n")
    first = lines.index(b'],"proofs":[') + 1

    for changed in (
        [*lines[:first], *lines[first + 1 :]],
        [*lines[:first], lines[first], *lines[first:]],
        [*lines[:first], lines[first + 1], lines[first], *lines[first + 2 :]],
    ):
        assert not verify(b"\n".join(changed)).agrees


@pytest.mark.parametrize("data", [b"", b"{}", b"[1, 2]", b"\xff\xfe", b'{"format":"singletrack-proofs/1","proofs":[]}'])
def test_what_is_no_file_of_proofs(data: bytes) -> None:
    """不是导出的证明文件的，不予核对。"""
    with pytest.raises(NotAFileOfProofs):
        verify(data)


# 在运行的系统上。


@pytest.fixture
async def case_id(sites: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    """A case with somebody in custody, at the real services; two months later."""
    monkeypatch.setattr(following, "SWEEP", 0.05)
    body: dict[str, Any] = {"organs": [PROCURATORATE, CENTER], "title": "某案"}
    answer = await sites.act("case_flow", POLICE, "officer", "/v1/cases", body)
    case_id, path = str(answer.json()["case_id"]), f"/v1/cases/{answer.json()['case_id']}"
    for step, role in (("case_intake:accept", "officer"), ("case_intake:file", "county_head")):
        papers = [{"kind": group[0], "digest": f"sm3:{'0' * 64}"} for group in CODE.rules[step].papers.groups]
        body = {"type": step, "documents": papers}
        answer = await sites.act("case_flow", POLICE, role, f"{path}/transitions", body, answer.headers["etag"])
    named = await sites.act("case_flow", POLICE, "officer", f"{path}/persons", {"label": "甲"}, answer.headers["etag"])
    body = {
        "case_id": case_id,
        "person_id": next(iter(named.json()["created"])),
        "holder": POLICE,
        "title": {"limit": "detention_request_arrest", "from": "2026-03-02T10:00:00+08:00"},
        "documents": [{"kind": "detention_warrant"}],
    }
    await sites.act("custody_transfer", CENTER, "intake_officer", "/v1/custodies", body)
    sites.clock.passes(days=60)
    return case_id


async def asked(sites: Any, app: Any, organ: str, role: str, **query: Any) -> httpx.Response:
    async with sites.client(app) as client:
        return await client.get("/v1/clocks", params=query, headers=sites.headers(organ, role))


async def test_clocks_are_exported_and_verified(sites: Any, case_id: str, tmp_path: Path) -> None:
    """运行中的系统：期限连同证明导出，独立核对相符；所用的条款和年历一并导出。"""
    async with sites.coordinator() as app:
        await sites.is_settled()
        page = (await asked(sites, app, "sys-review", "reviewer", case_id=case_id)).json()
    found = Proofs()
    found.take(page)
    (tmp_path / "proofs.json").write_bytes(found.text())

    assert verify((tmp_path / "proofs.json").read_bytes()).differences == []
    assert {each["kind"] for each in found.items} >= {"obligation", "title"}
    assert set(found.calendars) == {CALENDAR.version}
    assert [each["limit"] for each in read(tmp_path / "proofs.json").items] == [each["limit"] for each in found.items]
    page["items"][0]["due"] = "2027-01-01"
    with pytest.raises(ProofsBroken):
        Proofs().take(page)


async def test_clocks_are_for_the_organs_that_share_the_case(sites: Any, case_id: str) -> None:
    """共享本案的机关可以查看，其他机关看不到；可以按案件、状态查找。"""
    async with sites.coordinator() as app:
        await sites.is_settled()
        seen = {
            organ: len((await asked(sites, app, organ, "officer")).json()["items"])
            for organ in (POLICE, PROCURATORATE, CENTER, "pol-999999")
        }
        overdue = (await asked(sites, app, POLICE, "officer", status="overdue")).json()["items"]
        absent = (await asked(sites, app, POLICE, "officer", case_id="case_0")).json()
        odd = await asked(sites, app, POLICE, "officer", status="a' OR 1=1")

    assert seen[POLICE] == seen[PROCURATORATE] == seen[CENTER] > 0
    assert seen["pol-999999"] == 0
    assert {each["status"] for each in overdue} <= {"overdue"}
    assert (absent["items"], absent["next_page_token"]) == ([], "")
    assert odd.status_code == 400


async def test_pages_hold_whole_cases(sites: Any, case_id: str) -> None:
    """分页以案为单位：逐页取回的，与一次取回的相同。"""
    for _ in range(3):
        body = {"organs": [PROCURATORATE], "title": "某案"}
        opened = await sites.act("case_flow", POLICE, "officer", "/v1/cases", body)
        papers = [{"kind": group[0]} for group in CODE.rules["case_intake:accept"].papers.groups]
        body = {"type": "case_intake:accept", "documents": papers}
        path = f"/v1/cases/{opened.json()['case_id']}/transitions"
        await sites.act("case_flow", POLICE, "officer", path, body, opened.headers["etag"])
    async with sites.coordinator() as app:
        await sites.is_settled()
        whole = (await asked(sites, app, POLICE, "officer", page_size=100)).json()
        parts, token = [], ""
        for _ in range(4):
            page = (await asked(sites, app, POLICE, "officer", page_size=1, page_token=token)).json()
            assert len({each["case_id"] for each in page["items"]}) == 1
            parts += page["items"]
            token = page["next_page_token"]

    assert token == ""
    assert parts == whole["items"]
    assert len({each["case_id"] for each in parts}) == 4


async def test_terms_stay_when_the_law_has_become_another(sites: Any, case_id: str) -> None:
    """证明所据的条款、年历只增不改：重新启动不改动，运行账号无权改动。"""
    async with sites.coordinator():
        await sites.is_settled()
    kept = await sites.sql("SELECT id, body::text FROM basis ORDER BY id")
    async with sites.coordinator():
        await sites.is_settled()
    granted = await sites.sql(
        "SELECT privilege_type FROM information_schema.role_table_grants"
        " WHERE table_name = 'basis' AND grantee = 'coordinator_runtime'"
    )

    assert await sites.sql("SELECT id, body::text FROM basis ORDER BY id") == kept
    assert len(kept) == len(CLOCKS.terms) + 1
    assert {row["privilege_type"] for row in granted} == {"SELECT", "INSERT"}


def test_fetching_goes_on_to_the_last_page() -> None:
    """逐页取回，至最后一页为止；答复不是所要的，即告失败。"""
    asked_for = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked_for.append(request.url.params["page_token"])
        if len(asked_for) == 4:
            return httpx.Response(403, text="no")
        token = {"": "case_1", "case_1": ""}[asked_for[-1]]
        return httpx.Response(200, json={"items": [], "terms": {}, "calendars": {}, "next_page_token": token})

    with httpx.Client(transport=httpx.MockTransport(answer), base_url="http://gateway") as http:
        fetch(http)
        assert asked_for == ["", "case_1"]
        asked_for.append("")
        with pytest.raises(ProofsBroken, match="403"):
            fetch(http)
