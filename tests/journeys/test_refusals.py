"""How the system says no: a clear problem in the caller's language, nothing half-done, and the dry run says the same."""

import contextlib
import json
import re
import secrets
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, OKPKey

from services.case_flow.domain import CaseFlow
from services.custody_transfer.domain import CustodyTransfer
from services.kernel.identity import ALGORITHM, AUDIENCE, ISSUER
from services.law import CODE
from services.law.facts import WORDS_OF

CHINESE = re.compile(r"[一-鿿]")
LEAKS = (
    "Traceback",
    "asyncpg",
    "sqlalchemy",
    "pydantic",
    str(Path(__file__).parents[2]),
    tempfile.gettempdir(),
    "SELECT",
    "postgres",
    ".py",
)
STEP = {"type": "case_intake:examine"}
#: Bodies that no step can be read from, by what is wrong with them.
UNREADABLE = {
    "nothing": b"",
    "half": b'{"type": "case_intake:examine"',
    "a list": b"[]",
    "a word": b'"case_intake:examine"',
    "no UTF-8": b'{"type": "case_intake:examine", "reason": "\xff"}',
    "a UTF-16 file": '{"type": "case_intake:examine"}'.encode("utf-16"),
    "not a number": b'{"type": "case_intake:examine", "facts": {"a": NaN}}',
    "infinity": b'{"type": "case_intake:examine", "facts": {"a": -Infinity}}',
    "a number beyond all": b'{"type": "case_intake:examine", "facts": {"a": 1e400}}',
    "a number too long": b'{"type": "case_intake:examine", "facts": {"a": %s}}' % (b"9" * 5000),
    "a key twice": b'{"type": "case_intake:file", "type": "case_intake:examine"}',
    "a key twice inside": b'{"type": "case_intake:examine", "facts": {"a": {"b": 1, "b": 2}}}',
    "NUL": json.dumps({**STEP, "reason": "a\x00b"}).encode(),
    "NUL in a key": json.dumps({**STEP, "facts": {"a\x00": 1}}).encode(),
    "not NFC": json.dumps({**STEP, "reason": "e\u0301"}, ensure_ascii=False).encode(),
    "not NFC, escaped": json.dumps({**STEP, "facts": {"e\u0301": 1}}).encode(),
    "half a character": b'{"type": "case_intake:examine", "reason": "\\ud800"}',
    "nested deep": b'{"type": "case_intake:examine", "facts": {"a": %s1%s}}' % (b"[" * 40, b"]" * 40),
    "nested without end": b'{"a":' * 100_000,
    "an unknown field": json.dumps({**STEP, "organ": "pol-1"}).encode(),
    "a server's field": json.dumps({**STEP, "recorded_at": "2025-03-03T00:00:00Z"}).encode(),
    "no type": b"{}",
    "a type of another shape": b'{"type": "file"}',
    "subjects of another type": json.dumps({**STEP, "subjects": "per_1"}).encode(),
    "a paper without a kind": json.dumps({**STEP, "documents": [{}]}).encode(),
    "a digest of nothing": json.dumps({**STEP, "documents": [{"kind": "bail_decision", "digest": "sm3:1"}]}).encode(),
    "a day that is none": json.dumps({**STEP, "occurred_at": "2025-02-30"}).encode(),
    "a paper of a day that is none": json.dumps(
        {**STEP, "documents": [{"kind": "bail_decision", "issued_on": "2025-02-30"}]}
    ).encode(),
    "an hour that is none": json.dumps({**STEP, "occurred_at": "2025-02-03T25:00:00Z"}).encode(),
    "an instant without offset": json.dumps({**STEP, "occurred_at": "2025-02-03T05:00:00"}).encode(),
    "too many subjects": json.dumps({**STEP, "subjects": ["per_1"] * 201}).encode(),
    "a reason without end": json.dumps({**STEP, "reason": "x" * 2001}).encode(),
}


@contextlib.asynccontextmanager
async def nothing_written(town):
    """No log is longer afterwards, and no command, thing or relation is left behind."""

    async def counts():
        tables = ",".join(f"(SELECT count(*) FROM {table})" for table in ("log", "stream", "thing", "relation"))
        return [await town.sql(name, f"SELECT ARRAY[{tables}]") for name in town.services]

    before = await counts()
    yield
    assert await counts() == before


def problem(answer, status, code, language="zh-CN"):
    """The body of a refusal, which must be a clear one."""
    assert answer.status_code == status, answer.text
    told = answer.json()
    assert told["code"] == code, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["content-language"] == language
    assert (told["status"], told["type"]) == (status, f"/v1/problems/{code}")
    assert told["trace_id"] == answer.headers["request-id"]
    assert bool(CHINESE.search(told["title"] + told["detail"])) is (language == "zh-CN")
    assert not [leak for leak in LEAKS if leak in answer.text]
    return told


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
async def test_what_cannot_be_read_is_refused_in_both_languages(town, body):
    """请求不成立的，指明何处，不办理。"""
    await town.opens()
    await town.police.takes("case_intake:accept")
    path, head = f"/v1/cases/{town.case}/transitions", town.police.clerk("unit_head")

    async with nothing_written(town):
        zh = await head.post(path, body, version=town.versions["case_flow"])
        en = await head.post(path, body, version=town.versions["case_flow"], Accept_Language="en")

    for answer, language in ((zh, "zh-CN"), (en, "en")):
        told = problem(answer, 400, "GEN-400", language)
        assert all(each.keys() >= {"pointer", "code"} for each in told["errors"])
        assert told["errors"]


async def test_the_same_without_what_is_wrong_is_accepted(town):
    """上述各例去掉错误即可办理。"""
    await town.opens()
    await town.police.takes("case_intake:accept")

    taken = await town.police.clerk("unit_head").post(
        f"/v1/cases/{town.case}/transitions",
        json.dumps({**STEP, "reason": "é 查明", "facts": {"a": [1e300, 10**30]}}).encode(),
        version=town.versions["case_flow"],
    )

    assert taken.status_code == 201, taken.text


@pytest.mark.parametrize("declared", [True, False])
async def test_a_body_beyond_a_mebibyte_is_refused(town, declared):
    """请求正文不得超过1 MiB，无论是否事先写明长度。"""
    await town.opens()
    body = json.dumps({"type": "case_intake:accept", "facts": {"a": "x" * (1 << 20)}}).encode()

    async def pieces():
        for start in range(0, len(body), 1 << 16):
            yield body[start : start + (1 << 16)]

    async with nothing_written(town):
        headers = {**town.police.clerk("officer").headers, "Idempotency-Key": "too-large", "If-Match": '"v1"'}
        answer = await town.client.post(
            f"/v1/cases/{town.case}/transitions",
            content=body if declared else pieces(),
            headers={**headers, "Content-Type": "application/json"},
        )

    assert problem(answer, 413, "FILE-001")["bytes"] == 1 << 20


@pytest.mark.parametrize("media", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
async def test_another_content_type_is_refused(town, media):
    """只接受application/json。"""
    async with nothing_written(town):
        answer = await town.police.clerk("officer").post("/v1/cases", b"{}", Content_Type=media)

    problem(answer, 415, "FILE-002")


@pytest.mark.parametrize(
    "query", ["page_size=1&page_size=2", "page_size=1&page_token=a&page%5fsize=2", "page_size=1&page_size="]
)
async def test_a_query_that_repeats_itself_is_refused(town, query):
    """同一查询参数不得出现两次：两个读者会读出两个意思。"""
    answer = await town.client.get(f"/v1/cases?{query}", headers=town.police.clerk("officer").headers)

    problem(answer, 400, "GEN-400")


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
async def test_another_method_is_refused(town, method):
    """案件的状态不得改写，只能办理步骤。"""
    await town.opens()

    answer = await town.client.request(
        method, f"/v1/cases/{town.case}/transitions", json={}, headers=town.police.clerk("county_head").headers
    )

    problem(answer, 405, "GEN-405")
    assert set(answer.headers["allow"].replace(" ", "").split(",")) == {"GET", "POST"}


async def things(town):
    """Everything of this town that has an address: what it is, and an id nobody has."""
    await town.files("甲")
    await town.detains("甲")
    officer = town.police.clerk("officer")
    await officer.does("/v1/dossiers", {"case_id": town.case}, service="evidence")
    seizure = {
        "case_id": town.case,
        "facts": {"kind": "mobile_phone"},
        "documents": [{"kind": "seizure_decision"}, {"kind": "seizure_list"}],
    }
    item = next(iter((await officer.does("/v1/items", seizure, service="evidence"))["created"]))
    package = {"case_id": town.case, "to_organ": town.procuratorate.id, "property_items": [item]}
    drafted = next(iter((await officer.does("/v1/packages", package, service="evidence"))["created"]))
    return {
        "/v1/cases/{}": town.case,
        "/v1/cases/{}/transitions": town.case,
        "/v1/cases/{}/available-transitions": town.case,
        "/v1/cases/{}/custodies": town.case,
        "/v1/cases/{}/dossier": town.case,
        "/v1/cases/{}/evidence": town.case,
        "/v1/cases/{}/timeline": town.case,
        "/v1/custodies/{}": town.custodies["甲"],
        "/v1/custodies/{}/available-transitions": town.custodies["甲"],
        "/v1/items/{}": item,
        "/v1/items/{}/available-transitions": item,
        "/v1/packages/{}": drafted,
        "/v1/packages/{}/available-transitions": drafted,
    }


def apart_from_the_request(answer):
    """A refusal without what tells one request from another."""
    told = {name: value for name, value in answer.json().items() if name not in {"trace_id", "instance"}}
    headers = {
        name: value for name, value in answer.headers.items() if name not in {"request-id", "date", "content-length"}
    }
    return answer.status_code, told, headers


async def test_what_may_not_be_seen_is_as_if_it_were_not_there(town):
    """不在本机关可见范围内的，与没有此案的答复逐字相同。"""
    known = await things(town)
    await town.is_read()
    stranger = town.strangers.clerk("county_head")

    for path, thing in known.items():
        hidden, absent = await stranger.get(path.format(thing)), await stranger.get(path.format(f"{thing[:-4]}0000"))
        problem(hidden, 404, "GEN-404")
        assert apart_from_the_request(hidden) == apart_from_the_request(absent), path
        assert (await town.police.clerk("county_head").get(path.format(thing))).status_code == 200, path


@pytest.mark.parametrize("given", ["papers", "no papers", "no such step", "another version", "no version"])
async def test_who_may_not_see_a_case_learns_nothing_by_acting_on_it(town, given):
    """对不可见的案件办理步骤，与对不存在的案件办理，答复逐字相同。"""
    known = await things(town)
    body = {
        "papers": {"type": "case_intake:examine"},
        "no papers": {"type": "case_intake:file"},
        "no such step": {"type": "no:step"},
    }.get(given, {"type": "custody_handover:release", "documents": town.police.papers("custody_handover:release")})
    version = {"another version": '"v99"', "no version": ""}.get(given, '"v1"')
    stranger = town.strangers.clerk("county_head")

    async with nothing_written(town):
        for path, thing in known.items():
            if (path.count("/") == 3 and not path.endswith("cases/{}")) or path.endswith("{}/transitions"):
                path = path.removesuffix("/transitions") + "/transitions"  # noqa: PLW2901 - the same thing's acts
                hidden = await stranger.post(path.format(thing), body, version=version)
                absent = await stranger.post(path.format(f"{thing[:-4]}0000"), body, version=version)
                assert apart_from_the_request(hidden) == apart_from_the_request(absent), path
                assert hidden.status_code in {404, 422, 428}, hidden.text


def forged(kid, key, algorithm=ALGORITHM, **claims):
    """A token as ours are, but for what is said."""
    now = int(datetime.now(UTC).timestamp())
    body = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "iat": now,
        "exp": now + 300,
        "sub": "ofc-1",
        "client": "system",
        "organ": "pol-330106",
        "role": "county_head",
        **claims,
    }
    return jwt.encode({"alg": algorithm, "kid": kid}, body, key, algorithms=[algorithm])


@pytest.mark.parametrize("path", ["/v1/cases", "/v1/cases/case_1", "/v1/positions", "/v1/feeds/case_flow/events"])
async def test_without_a_token_that_holds_nobody_gets_in(town, path):
    """身份未经确认的，一律不答复内容。"""
    ours, theirs = town.stack._signer._key, OKPKey.generate_key("Ed25519")  # the only key that would do
    public = OctKey.import_key(town.stack._signer.public())
    good = town.police.clerk("county_head").headers["Authorization"]
    bad = {
        "none": "",
        "another scheme": good.replace("Bearer", "Basic"),
        "an empty one": "Bearer",
        "no token": "Bearer abc",
        "cut short": good[:-3],
        "of another key": f"Bearer {forged(ours.kid, theirs)}",
        "of a key that nobody knows": f"Bearer {forged('mine', theirs)}",
        "of our public key as a secret": f"Bearer {forged(ours.kid, public, 'HS256')}",
        "unsigned": "Bearer eyJhbGciOiJub25lIn0." + good.split(".")[1] + ".",
        "expired": f"Bearer {town.stack.token('pol-330106', 'county_head', hours=-1)}",
        "for others": f"Bearer {forged(ours.kid, ours, aud='elsewhere')}",
        "of another issuer": f"Bearer {forged(ours.kid, ours, iss='elsewhere')}",
        "of no organ": f"Bearer {forged(ours.kid, ours, organ='nobody-1')}",
        "of nobody": f"Bearer {forged(ours.kid, ours, sub=None)}",
        "not yet valid": f"Bearer {forged(ours.kid, ours, nbf=int(datetime.now(UTC).timestamp()) + 3600)}",
    }

    for what, token in bad.items():
        answer = await town.client.get(path, headers={"Authorization": token} if token else {})
        problem(answer, 401, "AUTHN-001")
        assert answer.headers["www-authenticate"] == "Bearer", what
    assert (
        await town.client.get("/v1/cases", headers={"Authorization": f"Bearer {forged(ours.kid, ours)}"})
    ).status_code == 200


async def test_an_act_without_a_token_is_refused_before_anything_else(town):
    """身份未经确认的，不办理。"""
    await town.opens()

    async with nothing_written(town):
        for body in ({"type": "case_intake:accept"}, b"{"):
            answer = await town.client.post(
                f"/v1/cases/{town.case}/transitions",
                headers={"Idempotency-Key": "without-a-token", "Content-Type": "application/json"},
                **({"content": body} if isinstance(body, bytes) else {"json": body}),
            )
            problem(answer, 401, "AUTHN-001")


def wrong_organ(town):
    return town.procuratorate.tries("case_intake:file", role="chief_prosecutor")


def wrong_office(town):
    return town.police.tries("case_intake:file", role="officer")


def unknown_role(town):
    return town.police.tries("case_intake:file", role="sheriff")


def stale(town):
    return town.police.tries("case_intake:file", version='"v1"')


def from_the_future(town):
    return town.police.tries("case_intake:file", version='"v9"')


def without_version(town):
    return town.police.tries("case_intake:file", version="")


def version_of_no_shape(town):
    return town.police.tries("case_intake:file", version="3")


def without_key(town):
    return town.police.tries("case_intake:file", key="")


def key_too_short(town):
    return town.police.tries("case_intake:file", key="short")


def tomorrow(town):
    day = datetime.now(ZoneInfo("Asia/Shanghai")).date() + timedelta(days=1)
    return town.police.tries("case_intake:file", occurred_at=day.isoformat())


def in_an_hour(town):
    return town.police.tries("case_intake:file", occurred_at=(datetime.now(UTC) + timedelta(hours=1)).isoformat())


def without_papers(town):
    return town.police.tries("case_intake:file", papers=[{"kind": "filing_report"}])


def unknown_paper(town):
    return town.police.tries(
        "case_intake:file", papers=[*town.police.papers("case_intake:file"), {"kind": "magic_wand"}]
    )


def unknown_document(town):
    return town.police.tries("case_intake:file", document_ids=["doc_1"])


def out_of_order(town):
    return town.police.tries("case_intake:accept")


def unknown_step(town):
    return town.police.tries("case_intake:file", type="case_intake:dream")


def anothers_step(town):
    return town.police.tries("case_intake:file", type="custody_handover:offer")


def unknown_subject(town):
    return town.police.tries("criminal_detention:detain", "per_1")


def without_suspect(town):
    return town.police.tries("criminal_detention:detain")


def no_organ(town):
    return town.police.tries("case_intake:file", to_organ="mars-1")


REFUSED = {
    wrong_organ: (403, "PERM-001"),
    wrong_office: (403, "PERM-001"),
    unknown_role: (403, "PERM-001"),
    stale: (412, "GEN-412"),
    from_the_future: (412, "GEN-412"),
    without_version: (428, "GEN-428"),
    version_of_no_shape: (400, "GEN-400"),
    without_key: (400, "GEN-400"),
    key_too_short: (400, "GEN-400"),
    tomorrow: (422, "CASE-015"),
    in_an_hour: (422, "CASE-015"),
    without_papers: (422, "CASE-011"),
    unknown_paper: (422, "CASE-014"),
    unknown_document: (422, "CASE-014"),
    out_of_order: (409, "CASE-010"),
    unknown_step: (422, "CASE-404"),
    anothers_step: (422, "CASE-404"),
    unknown_subject: (422, "CASE-014"),
    without_suspect: (422, "CASE-014"),
    no_organ: (422, "CASE-014"),
}
#: What each refusal tells beyond its words.
TOLD = {
    wrong_organ: {"law_ref", "organ", "office"},
    stale: {"current_version"},
    without_version: {"cure", "errors"},
    without_papers: {"law_ref", "cure", "errors"},
    out_of_order: {"law_ref", "available", "state", "begins_at"},
}


@pytest.mark.parametrize("act", REFUSED, ids=lambda act: act.__name__)
async def test_what_the_law_or_the_record_forbids_is_refused_and_says_why(town, act):
    """依法不予办理的，写明依据和补正办法；什么也不写入。要英文的，以英文答复。"""
    await town.opens()
    await town.police.takes("case_intake:accept")

    async with nothing_written(town):
        answer = await act(town)
        town.client.headers["Accept-Language"] = "en"
        translated = await act(town)

    problem(translated, *REFUSED[act], "en")
    told = problem(answer, *REFUSED[act])
    assert told.keys() >= TOLD.get(act, set())
    assert told.get("current_version", "v2") == "v2"
    assert told.get("available", ["case_intake:file"]).count("case_intake:file") == 1


@pytest.mark.parametrize("act", REFUSED, ids=lambda act: act.__name__)
async def test_the_dry_run_refuses_as_the_act_would(town, act, monkeypatch):
    """先问后办：问的答复与办的答复相同。"""
    await town.opens()
    await town.police.takes("case_intake:accept")
    kind, tries = type(town.police), type(town.police).tries

    async with nothing_written(town):
        real = await act(town)
        monkeypatch.setattr(kind, "tries", lambda *words, **given: tries(*words, dry_run=True, **given))
        asked = await act(town)

    assert apart_from_the_request(asked) == apart_from_the_request(real)


async def test_the_dry_run_answers_with_the_row_that_the_act_would_write(town):
    """先问后办：可以办理的，问时所见即办时所记。"""
    await town.opens()
    await town.police.takes("case_intake:accept")

    async with nothing_written(town):
        asked = await town.police.asks("case_intake:file", key="the-same-key")
    real = await town.police.tries("case_intake:file", key="the-same-key")

    of_the_moment = {"id", "recorded_at", "documents"}
    assert (asked.status_code, real.status_code) == (200, 201)
    assert {name: value for name, value in asked.json().items() if name not in of_the_moment} == {
        name: value for name, value in real.json().items() if name not in of_the_moment
    }
    assert asked.headers["etag"] == real.headers["etag"] == '"v3"'


async def test_a_key_serves_one_request_only(town):
    """同一幂等键用于另一项请求的，不予办理；用于同一请求的，答复如前。"""
    await town.opens()
    first = await town.police.tries("case_intake:accept", key="once-and-for-all")

    async with nothing_written(town):
        other = await town.police.tries("case_intake:file", key="once-and-for-all")
        again = await town.police.tries("case_intake:accept", key="once-and-for-all", version='"v1"')
        someone = await town.police.tries(
            "case_intake:accept", key="once-and-for-all", version='"v1"', role="county_head"
        )

    problem(other, 422, "GEN-422")
    problem(someone, 422, "GEN-422")
    assert (again.status_code, again.text, again.headers["etag"]) == (201, first.text, first.headers["etag"])
    assert (first.headers.get("idempotency-replayed"), again.headers["idempotency-replayed"]) == (None, "true")


async def test_a_refused_key_is_free(town):
    """被拒绝的请求不占用幂等键：补正后可以同一键再次提交。"""
    await town.opens()
    refused = await town.police.tries(
        "case_intake:accept", key="try-again-1", papers=[{"kind": "case_acceptance_receipt"}]
    )

    taken = await town.police.tries("case_intake:accept", key="try-again-1")

    assert (refused.status_code, taken.status_code) == (422, 201)


async def test_a_case_is_returned_twice_at_most(town):
    """补充侦查以二次为限（刑事诉讼法第一百七十五条第三款）。"""
    await town.files("甲")
    await town.police.takes("investigation_close:conclude")
    await town.police.takes("investigation_close:transfer")
    await town.procuratorate.takes("investigation_close:accept")
    await town.procuratorate.takes("prosecution_review:review")
    for _ in range(2):
        await town.procuratorate.takes("prosecution_review:return")
        await town.police.takes("supplementary_return:receive")
        await town.police.takes("supplementary_return:resubmit")

    async with nothing_written(town):
        third, asked = [
            await act("prosecution_review:return") for act in (town.procuratorate.tries, town.procuratorate.asks)
        ]

    told = problem(third, 422, "CASE-013")
    assert apart_from_the_request(asked) == apart_from_the_request(third)
    assert (told["at_most"], "第一百七十五条" in told["law_ref"]) == (2, True)
    assert "prosecution_review:return" not in {each["type"] for each in await town.procuratorate.may()}


async def test_many_steps_at_once_are_answered_one_by_one(town):
    """批量办理：逐项答复，状态各是各的；问的不写入。"""
    await town.opens()
    await town.police.takes("case_intake:accept")

    def one(step, **more):
        transition = {"type": step, "documents": town.police.papers(step), "occurred_at": town.today.isoformat()}
        dry = {"dry_run": more.pop("dry_run", False)}
        return {"case_id": town.case, "key": secrets.token_hex(8), "version": 2, "transition": transition | dry, **more}

    items = [
        one("case_intake:file", dry_run=True),
        one("case_intake:accept"),
        one("case_intake:file", version=1),
        one("case_intake:file", case_id="case_0"),
        one("supervise_non_filing:request_reason"),
    ]
    head = town.police.clerk("county_head")

    async with nothing_written(town):
        answer = await head.post("/v1/case-transitions/bulk", {"items": items})

    assert answer.status_code == 207
    told = answer.json()["items"]
    assert [(each["status"], each.get("code")) for each in told] == [
        (200, None),
        (409, "CASE-010"),
        (412, "GEN-412"),
        (404, "GEN-404"),
        (403, "PERM-001"),
    ]
    assert [each["key"] for each in told] == [each["key"] for each in items]


TITLES = {
    "beyond the calendar": {"limit": "investigation_custody", "from": "9999-12-31"},
    "an instant beyond the calendar": {"limit": "sentence", "from": "9999-12-31T23:59:59Z", "months": 6},
    "a sentence beyond the calendar": {"limit": "sentence", "from": "9990-01-01", "months": 600},
    "a day that is none": {"limit": "investigation_custody", "from": "2025-02-30"},
    "a limit that holds nobody": {"limit": "filing_review_criminal", "from": "2025-03-03"},
    "a limit that is none": {"limit": "for_ever", "from": "2025-03-03"},
    "one extension too many": {"limit": "investigation_custody", "from": "2025-03-03", "extensions": 9},
}


@pytest.mark.parametrize("title", TITLES.values(), ids=TITLES)
async def test_nobody_is_held_on_a_title_whose_end_cannot_be_told(town, title):
    """羁押依据须是法律规定的期限，届满之日须能算出。"""
    await town.files("甲")
    body = {
        "case_id": town.case,
        "person_id": town.persons["甲"],
        "holder": town.police.id,
        "title": title,
        "documents": [{"kind": "detention_warrant"}],
    }

    async with nothing_written(town):
        answer = await town.centre.clerk("intake_officer").post("/v1/custodies", body)

    problem(answer, 422, "CASE-014")


async def test_a_further_title_to_hold_somebody_names_one(town):
    """登记新的羁押依据，须写明是什么依据。"""
    await town.files("甲")
    await town.detains("甲")

    async with nothing_written(town):
        for facts in ({}, {"title": None}, {"title": {"limit": "sentence", "from": "2025-03-03", "months": 1e300}}):
            answer = await town.police.tries("custody_title:add", "甲", facts=facts)
            problem(answer, 422, "CASE-014")


async def stages(town):
    """One case at several stages: its two persons part on the way. Yields the names of the stages."""
    await town.opens()
    yield "reported"
    await town.police.takes("case_intake:accept")
    await town.police.takes("case_intake:file")
    for label in ("甲", "乙"):
        await town.registers(label)
    await town.police.takes("criminal_detention:detain", "甲")
    await town.centre.takes("criminal_detention:admit", "甲")
    yield "detained"
    await town.police.takes("criminal_detention:request_arrest", "甲")
    await town.procuratorate.takes("arrest_review:accept", "甲")
    await town.police.takes("investigation_close:conclude", "乙")
    await town.police.takes("investigation_close:transfer", "乙")
    await town.procuratorate.takes("investigation_close:accept", "乙")
    await town.procuratorate.takes("prosecution_review:review", "乙")
    yield "one asked for, one sent"


ACTORS = (
    ("police", "county_head"),
    ("procuratorate", "chief_prosecutor"),
    ("court", "court_president"),
    ("clock", "coordinator"),
)


async def test_what_is_offered_is_what_is_accepted(town):
    """现在可以办理的，附其文书即可办理；没有列出的，一件也不能办理。"""
    rules, seen = [each for each in CaseFlow.code.kept_by("case_flow") if each.procedure not in BY_WHAT_THEY_SAY], 0

    async for stage in stages(town):
        for organ, role in ACTORS:
            clerk = getattr(town, organ).clerk(role)
            answer = (await clerk.get(f"/v1/cases/{town.case}/available-transitions")).json()
            listed = [each for each in answer["items"] if each["type"].split(":")[0] not in BY_WHAT_THEY_SAY]
            offered = {(each["type"], subject) for each in listed for subject in each["subjects"]}
            asking = [
                (rule.type, who)
                for rule in rules
                for who in ([town.case] if rule.line == "case" else town.persons.values())
            ]
            assert offered <= set(asking)
            assert await whether_accepted(town, clerk, asking) == offered, (stage, organ)
            seen += len(offered)
    assert seen > 40


#: Whether their steps are accepted depends on what they note, or on another case: they have tests of their own.
BY_WHAT_THEY_SAY = {"legal_record", "jurisdiction_merge_split"}
#: One value of each kind of fact, and of those that have words of their own.
VALUES = {
    "text": "某",
    "number": 1,
    "yes": True,
    "moment": "2025-03-03T09:00:00+08:00",
    "names": ["某"],
    "table": {"某": 1},
}


def facts_of(rule):
    """What a step must state."""
    words = {key: next(iter(each)) for key, each in WORDS_OF.items()}
    return {fact.key: words.get(fact.key, VALUES[fact.kind]) for fact in rule.tells.required}


async def whether_accepted(town, clerk, asking):
    """Those steps that a dry run accepts. Shape: step, subject."""
    version = int(town.versions["case_flow"][2:-1])
    accepted = set()
    for start in range(0, len(asking), 250):
        items = [
            {
                "case_id": town.case,
                "key": f"{step}-{subject}",
                "version": version,
                "transition": {
                    "type": step,
                    "documents": town.police.papers(step),
                    "facts": {**facts_of(CaseFlow.code.rules[step]), "addressee": town.police.id},
                    "subjects": [] if subject == town.case else [subject],
                    "dry_run": True,
                },
            }
            for step, subject in asking[start : start + 250]
        ]
        answer = await clerk.post("/v1/case-transitions/bulk", {"items": items})
        assert answer.status_code == 207, answer.text
        told = answer.json()["items"]
        assert {each["status"] for each in told} <= {200, 403, 409, 422}
        accepted |= {pair for pair, each in zip(asking[start:], told, strict=False) if each["status"] == 200}
    return accepted


async def test_what_is_offered_for_a_custody_is_what_is_accepted(town):
    """羁押上可以办理的，附其文书和依据即可办理；没有列出的，一件也不能办理。"""
    await town.files("甲")
    await town.detains("甲")
    custody = town.custodies["甲"]
    rules = list(CustodyTransfer.code.kept_by("custody_transfer"))
    title = {"limit": "arrest_review_detained", "from": town.today.isoformat()}

    for stage in ("held", "offered"):
        if stage == "offered":
            await town.police.takes("custody_handover:offer", "甲", to=town.procuratorate)
        for organ, role in (*ACTORS, ("centre", "center_officer")):
            clerk = getattr(town, organ).clerk(role)
            answer = await clerk.get(f"/v1/custodies/{custody}/available-transitions")
            offered = {each["type"] for each in answer.json().get("items", [])}
            accepted = set()
            for rule in rules:
                papers, to = town.police.papers(rule.type), town.procuratorate.id
                body = {
                    "type": rule.type,
                    "documents": papers,
                    "to_organ": to,
                    "facts": {**facts_of(rule), "title": title},
                    "dry_run": True,
                }
                path = f"/v1/custodies/{custody}/transitions"
                asked = await clerk.post(path, body, version=town.versions["custody_transfer"])
                accepted |= {rule.type} if asked.status_code == 200 else set()
            assert accepted == offered, (stage, organ, answer.text)


async def test_what_is_offered_for_a_package_is_what_is_accepted(town):
    """移送包：列出的文书齐备即可移送，少一件不可。"""
    known = await things(town)
    item, package = known["/v1/items/{}"], known["/v1/packages/{}"]
    await town.police.takes("property_flow:store", item)
    head = town.police.clerk("county_head")

    for step in ("package_handover:seal", "package_handover:offer"):
        answer = await head.get(f"/v1/packages/{package}/available-transitions")
        (offered,) = [each for each in answer.json()["items"] if each["type"] == step]
        papers = [{"kind": group[0]} for group in offered["needs"]]
        for left_out in papers:
            some = [paper for paper in papers if paper is not left_out]
            problem(await town.police.asks(step, package, papers=some), 422, "CASE-011")
        await town.police.takes(step, package, papers=papers)

    assert offered["needs"] == [
        list(group) for group in CODE.rules["property_flow:transfer_to_procuratorate"].papers.groups
    ]
