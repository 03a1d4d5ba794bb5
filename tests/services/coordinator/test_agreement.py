"""Whether the ledger agrees with the logs it was read from: trees, walks, and what is said where they part.

What is planted here is planted by somebody who may do everything in a database and knows of its triggers.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from services.coordinator import agree
from services.coordinator.domain.certificate import check
from services.kernel import tree
from services.kernel.transition import Links
from tests.services.coordinator.test_follow import ARREST, POLICE, story
from tests.services.coordinator.watch import REVIEWER, Watch


def root_of(leaves: Sequence[tree.Leaf]) -> str:
    """The root by the definition: every leaf into its bucket, every node from its children."""
    buckets: dict[str, list[tree.Leaf]] = {}
    for leaf in sorted(leaves, key=lambda leaf: leaf.case_id.encode()):
        buckets.setdefault(tree.bucket_of(leaf.case_id), []).append(leaf)
    nodes = {prefix: tree.bucket([leaf.digest for leaf in held]) for prefix, held in buckets.items()}
    for length in range(tree.DEPTH - 1, -1, -1):
        above: dict[str, dict[str, bytes]] = {}
        for prefix, digest in nodes.items():
            above.setdefault(prefix[:length], {})[prefix[length]] = digest
        nodes = {prefix: tree.inner(children) for prefix, children in above.items()}
    return f"sha-256:{nodes.get('', tree.inner({})).hex()}"


async def leaves_of(sites: Any, service: str) -> list[tree.Leaf]:
    rows = await sites.sql(
        "SELECT DISTINCT ON (case_id) case_id, seq, sm3, sha256 FROM log ORDER BY case_id, seq DESC", service=service
    )
    return [tree.Leaf(**dict(row)) for row in rows]


async def test_what_was_read_agrees_with_the_logs(watch: Watch) -> None:
    """读到的与各服务记录的一致：三份记录各有位置、案件数和根，与按定义另行计算的相同；继续办案以后仍然一致。"""
    cases = await story(watch.sites, 6)
    async with watch.coordinated() as client:
        await watch.settled()
        first = (await watch.certificate(client))["statement"]
        await cases[2].takes(*ARREST)
        second = (await watch.certificate(client))["statement"]

        heads = await watch.sites.heads()
        for name in heads:
            said = second["services"][name]
            assert (said["status"], said["position"]) == ("agreed", heads[name])
            assert said["root"] == said["root_of_service"] == root_of(await leaves_of(watch.sites, name))
    assert first["services"]["case_flow"]["root"] != second["services"]["case_flow"]["root"]
    assert first["services"]["custody_transfer"] == second["services"]["custody_transfer"]
    assert second["services"]["case_flow"]["cases"] == 6
    assert second["services"]["evidence"]["cases"] == 0
    assert await watch.standing("log_diverged") == []


async def test_a_sweep_that_finds_nothing_new_leaves_nothing_behind(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """定期核对没有新结果的，不再另出证明。"""
    monkeypatch.setattr(agree, "EVERY", 0.05)
    await story(watch.sites, 2)
    async with watch.coordinated():
        await watch.settled()
        await watch.sites.until(
            "SELECT count(*) > 0 FROM agreement WHERE statement #>> '{services,case_flow,status}' = 'agreed'"
        )
        (before,) = await watch.sites.sql("SELECT count(*) FROM agreement")
        swept = watch.asked["case_flow"]
        while watch.asked["case_flow"] < swept + 30:
            await asyncio.sleep(0.02)
        (after,) = await watch.sites.sql("SELECT count(*) FROM agreement")
    assert before == after


# 各种不一致


async def _rechain(sites: Any, table: str, service: str, case_id: str, changed: Mapping[int, str]) -> None:
    """Rewrite rows of a case so that every link fits again."""
    rows = await sites.sql(
        f"SELECT seq, body FROM {table} WHERE case_id = $1 {'' if table == 'log' else _OURS} ORDER BY seq",
        case_id,
        service=service,
    )
    links = Links()
    for row in rows:
        body = changed.get(row["seq"], row["body"])
        links = links.after(body)
        await sites.sql(
            f"UPDATE {table} SET body = $3, sm3 = $4, sha256 = $5 WHERE case_id = $1 AND seq = $2"
            f" {'' if table == 'log' else _OURS}",
            case_id,
            row["seq"],
            body,
            links.sm3,
            links.sha256,
            service=service,
        )


_OURS = "AND service = 'case_flow'"
_LAST = "seq = (SELECT max(seq) FROM {table} WHERE case_id = $1 {ours})"
#: What is done, at which side, and what must be said: the wrong side, how, from which row on (0: the last).
PLANTED = {
    "a row changed at the service": ("UPDATE", 2, "service", "broken"),
    "a row in the middle lost at the service": ("DELETE", 2, "service", "broken"),
    "the last row lost at the service": ("DELETE", 0, "service", "lost"),
    "a whole case lost at the service": ("DELETE", None, "service", "lost"),
    "a row changed at the coordinator": ("UPDATE", 2, "coordinator", "broken"),
    "the last row lost at the coordinator": ("DELETE", 0, "coordinator", "lost"),
    "a whole case lost at the coordinator": ("DELETE", None, "coordinator", "lost"),
}


@pytest.mark.parametrize(("act", "seq", "side", "how"), PLANTED.values(), ids=PLANTED)
async def test_a_planted_difference_is_found_and_left_as_it_is(
    watch: Watch, act: str, seq: int | None, side: str, how: str
) -> None:
    """改动、删除一行或者一案的：找到所在的案件和行，说明哪一方有误；双方记录均不改写；恢复以后自行了结。"""
    cases = await story(watch.sites, 4)
    case_id = cases[1].id
    table, service, ours = ("log", "case_flow", "") if side == "service" else ("ledger", "coordinator", _OURS)
    where = {None: "true", 0: _LAST.format(table=table, ours=ours)}.get(seq, f"seq = {seq}")
    do = f"UPDATE {table} SET body = body || ' '" if act == "UPDATE" else f"DELETE FROM {table}"
    async with watch.coordinated() as client:
        await watch.settled()
        assert set((await watch.says(client)).values()) == {"agreed"}
        kept = await watch.rows(table, service)
        (last,) = await watch.sites.sql(
            f"SELECT max(seq) FROM {table} WHERE case_id = $1 {ours}", case_id, service=service
        )

        change = watch.tamper if side == "service" else watch.sites.sql
        await change(f"{do} WHERE case_id = $1 AND {where} {ours}", case_id, service=service)
        changed = await watch.rows(table, service)
        statement = (await watch.certificate(client, deep=True))["statement"]

        (said,) = statement["differences"]
        assert (said["service"], said["case_id"], said["wrong"], said["how"]) == ("case_flow", case_id, side, how)
        assert said["seq"] == {None: 1, 0: last["max"]}.get(seq, seq)
        assert statement["services"]["case_flow"]["status"] == "differs"
        assert statement["services"]["custody_transfer"]["status"] == "agreed"
        (finding,) = await watch.standing("log_diverged")
        assert (finding["id"], finding["case_id"], finding["severity"]) == (said["finding_id"], case_id, "critical")
        # What was once found is seen again without reading everything anew, and nothing was mended.
        assert (await watch.says(client))["case_flow"] == "differs"
        assert await watch.rows(table, service) == changed

        await _put_back(watch, table, service, kept)
        assert set((await watch.says(client, deep=True)).values()) == {"agreed"}
        assert await watch.standing("log_diverged") == []


async def _put_back(watch: Watch, table: str, service: str, rows: Sequence[tuple[Any, ...]]) -> None:
    there = {row[:2]: row for row in await watch.rows(table, service)}
    for row in (row for row in rows if there.get(row[:2]) != row):
        if table == "ledger":
            await watch.sites.sql(
                "INSERT INTO ledger (case_id, service, seq, feed_seq, body, sm3, sha256)"
                " VALUES ($1, 'case_flow', $2, $3, $4, $5, $6)"
                " ON CONFLICT (case_id, service, seq) DO UPDATE SET body = excluded.body",
                *row,
            )
        else:
            await watch.tamper(
                "INSERT INTO log (case_id, seq, feed_seq, client_id, key, fingerprint, body, sm3, sha256)"
                " VALUES ($1, $2, $3, 'c', $1 || $2::int, '', $4, $5, $6)"
                " ON CONFLICT (case_id, seq) DO UPDATE SET body = excluded.body",
                *row,
            )


@pytest.mark.parametrize(
    ("agreed_before", "at", "wrong"),
    [(True, "service", "service"), (True, "coordinator", "coordinator"), (False, "service", "unknown")],
)
async def test_history_rewritten_with_every_link_in_order(
    watch: Watch, agreed_before: bool, at: str, wrong: str
) -> None:
    """整条链重新计算过的：有此前双方一致的证明的，据以说明哪一方改写；没有的，如实说明不能判断。"""
    cases = await story(watch.sites, 3)
    case_id = cases[0].id
    async with watch.coordinated() as client:
        await watch.settled()
        before = (await watch.certificate(client))["statement"]["id"] if agreed_before else ""
        table, service = ("log", "case_flow") if at == "service" else ("ledger", "coordinator")
        (row,) = await watch.sites.sql(
            "SELECT body FROM log WHERE case_id = $1 AND seq = 2", case_id, service="case_flow"
        )
        other = row["body"].replace('"organ":"pol-330106"', '"organ":"pol-330199"')
        assert other != row["body"]
        await watch.sites.sql("ALTER TABLE log DISABLE TRIGGER log_refuses_change", service="case_flow")
        await _rechain(watch.sites, table, service, case_id, {2: other})
        await watch.sites.sql("ALTER TABLE log ENABLE ALWAYS TRIGGER log_refuses_change", service="case_flow")

        (said,) = (await watch.certificate(client, deep=True))["statement"]["differences"]

    assert (said["seq"], said["how"], said["wrong"]) == (2, "rewritten", wrong)
    (finding,) = await watch.standing("log_diverged")
    assert ("一致性证明" in finding["zh"]) is agreed_before
    assert before in finding["zh"]


async def _plant_many(watch: Watch, number: int) -> list[str]:
    """So many cases of one row, in the log and in the ledger as if they had been read."""
    case_ids = [f"case_{place:026d}" for place in range(number)]
    log, ledger = [], []
    for place, case_id in enumerate(case_ids, 1):
        body = f'{{"id":"trn_{place}","case_id":"{case_id}","service":"case_flow","seq":1,"type":"case_record:open"}}'
        links = Links().after(body)
        log.append((case_id, 1, place, "c", f"key-{place}", b"", body, links.sm3, links.sha256))
        ledger.append((case_id, "case_flow", 1, place, body, links.sm3, links.sha256))
    columns = ["case_id", "seq", "feed_seq", "client_id", "key", "fingerprint", "body", "sm3", "sha256"]
    await watch.sites.sql("SELECT 1", service="case_flow")
    await watch.sites._connections["case_flow"].copy_records_to_table("log", records=log, columns=columns)
    await watch.sites.sql("UPDATE feed_head SET last = $1", number, service="case_flow")
    await watch.sites.sql("SELECT 1")
    await watch.sites._connections["coordinator"].copy_records_to_table(
        "ledger", records=ledger, columns=["case_id", "service", "seq", "feed_seq", "body", "sm3", "sha256"]
    )
    await watch.sites.sql("INSERT INTO position (service, feed_seq) VALUES ('case_flow', $1)", number)
    for service in ("case_flow", "coordinator"):
        await watch.sites.sql("ANALYZE", service=service)
    return case_ids


async def test_one_difference_among_twenty_thousand_is_found_in_a_few_requests(watch: Watch) -> None:
    """两万件案件中的一处不同：根、三层、一桶、一案，共六次请求；一致以后再查一次，一次请求。"""
    case_ids = await _plant_many(watch, 20_000)
    await watch.tamper("UPDATE log SET body = body || ' ' WHERE case_id = $1", case_ids[12_345])
    async with watch.coordinated() as client:
        (said,) = (await watch.certificate(client))["statement"]["differences"]
        assert (said["case_id"], said["wrong"]) == (case_ids[12_345], "service")
        assert watch.asked["case_flow"] == 1 + (tree.DEPTH - 1) + 1 + 1

        await watch.tamper("UPDATE log SET body = rtrim(body) WHERE case_id = $1", case_ids[12_345])
        assert (await watch.says(client))["case_flow"] == "agreed"
        watch.asked.clear()
        assert (await watch.says(client))["case_flow"] == "agreed"
        assert watch.asked["case_flow"] == 1


async def test_the_sweep_finds_what_nothing_announced(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    """绕过触发器删除的，没有任何通知：定期核对逐步重读全部记录，也能找到。"""
    monkeypatch.setattr(agree, "EVERY", 0.05)
    monkeypatch.setattr(agree, "ANEW", 64)
    case_ids = await _plant_many(watch, 200)
    async with watch.coordinated():
        await watch.sites.until("SELECT count(*) > 0 FROM agreement WHERE statement #>> $1 = 'agreed'", _CASE_FLOW)
        await watch.tamper("DELETE FROM log WHERE case_id = $1", case_ids[54])
        await watch.sites.until("SELECT count(*) = 1 FROM finding WHERE kind = 'log_diverged' AND closed_at IS NULL")
        await watch.sites.until("SELECT count(*) > 0 FROM agreement WHERE statement #>> $1 = 'differs'", _CASE_FLOW)
    (finding,) = await watch.standing("log_diverged")
    assert (finding["case_id"], finding["status"]) == (case_ids[54], "violated")


_CASE_FLOW = ["services", "case_flow", "status"]


async def test_what_cannot_be_reached_is_neither_agreed_nor_different(watch: Watch) -> None:
    """核对不到的，是不明，既不称一致，也不称不一致。"""
    await story(watch.sites, 2)
    async with watch.coordinated() as client:
        await watch.settled()
        await watch.sites.gateway.goes_down("custody_transfer")
        statement = (await watch.certificate(client))["statement"]
        watch.sites.gateway.down = set()
    said = statement["services"]["custody_transfer"]
    assert (said["status"], said["why"], said["root"]) == ("unknown", "no_answer", "")
    assert statement["services"]["case_flow"]["status"] == "agreed"


# 证明


async def test_each_changed_byte_of_a_certificate_is_named(watch: Watch) -> None:
    """证明中任何一个字节被改动的，都不成立，并且指出何处。"""
    cases = await story(watch.sites, 3)
    case = cases[1]
    async with watch.coordinated() as client:
        await watch.settled()
        certificate = await watch.certificate(client, case_ids=[case.id])
    text = json.dumps(certificate, ensure_ascii=False, separators=(",", ":"))
    jwks = watch.sites.signer.public()
    assert check(text, jwks) == []
    assert set(certificate["cases"][0]["services"]) == {"case_flow", "custody_transfer"}

    raw = text.encode()
    for place in range(len(raw)):
        changed = bytearray(raw)
        changed[place] ^= 1
        try:
            other = changed.decode()
        except UnicodeDecodeError:
            continue
        assert check(other, jwks), f"byte {place}: …{text[max(0, place - 20) : place + 20]}…"


async def test_what_is_wrong_with_a_certificate_is_said_where_it_stands(watch: Watch) -> None:
    """说明的是被改动的那一处。"""
    cases = await story(watch.sites, 3)
    async with watch.coordinated() as client:
        await watch.settled()
        certificate = await watch.certificate(client, case_ids=[cases[1].id])
    jwks = watch.sites.signer.public()

    def said(change: Any) -> str:
        other = json.loads(json.dumps(certificate))
        change(other)
        return " ".join(check(json.dumps(other, ensure_ascii=False, separators=(",", ":")), jwks))

    def path(other: Any) -> Any:
        return other["cases"][0]["services"]["case_flow"]

    def turned(text: str) -> str:
        return ("0" if text[0] != "0" else "1") + text[1:]

    def change_position(other: Any) -> None:
        other["statement"]["services"]["case_flow"]["position"] += 1

    def change_leaf(other: Any) -> None:
        path(other)["seq"] += 1

    def change_root_level(other: Any) -> None:
        level = path(other)["levels"][-1]
        mine = tree.bucket_of(other["cases"][0]["case_id"])[0]
        digit = next(iter(digit for digit in level if digit != mine), mine)
        level[digit] = turned(level[digit])

    def change_value(other: Any) -> None:
        head, payload, value = other["signature"].split(".")
        other["signature"] = f"{head}.{payload}.{turned(value)}"

    def drop_case(other: Any) -> None:
        other["cases"] = []

    assert "statement/services/case_flow/position" in said(change_position)
    assert "cases/0/services/case_flow: the case" in said(change_leaf)
    assert "cases/0/services/case_flow/levels/3" in said(change_root_level)
    assert "signature/value" in said(change_value)
    assert "cases: they are not those" in said(drop_case)
    other = type(watch.sites.signer)(type(watch.sites.signer.key).generate_key("Ed25519", auto_kid=True)).public()
    assert "signature/header: the key" in " ".join(
        check(json.dumps(certificate, ensure_ascii=False, separators=(",", ":")), other)
    )


async def test_who_may_ask_for_which_certificate(watch: Watch) -> None:
    """办案机关只能就本机关的案件请求证明，只能看到本机关请求的证明；同一键只办一次。"""
    cases = await story(watch.sites, 2)
    async with watch.coordinated() as client:
        await watch.settled()
        own = await watch.certificate(client, (POLICE, "officer"), case_ids=[cases[0].id])
        ask = {
            "all": ((POLICE, "officer"), {}, 403),
            "deep": ((POLICE, "officer"), {"case_ids": [cases[0].id], "deep": True}, 403),
            "others'": (("pol-330199", "officer"), {"case_ids": [cases[0].id]}, 404),
        }
        for who, asked, status in ask.values():
            answer = await client.post("/v1/agreements", json=asked, headers=watch.sites.headers(*who))
            assert answer.status_code == status, answer.text
        agreement_id = own["statement"]["id"]
        for who, status in (((POLICE, "officer"), 200), (REVIEWER, 200), (("pol-330199", "officer"), 404)):
            answer = await client.get(f"/v1/agreements/{agreement_id}", headers=watch.sites.headers(*who))
            assert answer.status_code == status
        headers = watch.sites.headers(*REVIEWER)
        first = await client.post("/v1/agreements", json={}, headers=headers, timeout=30)
        again = await client.post("/v1/agreements", json={}, headers=headers, timeout=30)
        other = await client.post("/v1/agreements", json={"deep": True}, headers=headers, timeout=30)
        listed = (await client.get("/v1/agreements", headers=watch.sites.headers(*REVIEWER))).json()["items"]
    assert first.json() == again.json()
    assert (other.status_code, other.json()["code"]) == (422, "GEN-422")
    assert {each["id"] for each in listed} >= {agreement_id, first.json()["id"]}
