"""The record of a case itself: each invariant broken, and come near without breaking it."""

from typing import Any

import pytest

from tests.services.coordinator.test_invariants import at_prosecution, packs, seizes
from tests.services.coordinator.test_invariants_documents import changed, unknown, violated
from tests.services.coordinator.test_kin import World

POLICE, PROCURATORATE, COURT = "pol-330106", "proc-330106", "court-330106"

# INV-25 羁押期限只因法定事由重新计算（刑事诉讼法第一百六十条、第一百七十五条）。


@pytest.mark.parametrize(("resubmitted", "found"), [(True, []), (False, ["甲"])])
def test_a_clock_begins_again_by_law_only(town: Any, resubmitted: bool, found: list[str]) -> None:
    """补充侦查完毕再次移送，审查起诉期限重新计算；没有任何事项而重新计算。"""
    at_prosecution(town, "甲")
    town.holds_on("甲", "prosecution_review", "2026-03-02")
    town.takes("prosecution_review:review", "甲")
    town.clock.passes(days=10)
    if resubmitted:
        town.takes("prosecution_review:return", "甲")
        town.takes("supplementary_return:receive", "甲")
        town.takes("supplementary_return:resubmit", "甲")
    town.holds_on("甲", "prosecution_review", "2026-03-12")
    soon = violated(town, "INV-25")
    town.clock.passes(days=1)

    assert soon == []
    assert violated(town, "INV-25") == found


def test_an_extension_is_no_new_beginning(town: Any) -> None:
    """延长的，自原来的起算之日；案件服务的记录没有读到的，不认定。"""
    town.files("甲")
    town.detains("甲", on="2026-03-02")
    town.holds_on("甲", "detention_request_arrest", "2026-03-02", extensions=2)
    town.clock.passes(days=2)
    assert violated(town, "INV-25") == []
    town.holds_on("甲", "detention_request_arrest", "2026-03-04")
    town.clock.passes(days=1)
    now = town.clock.now()

    assert violated(town, "INV-25") == ["甲"]
    assert violated(town, "INV-25", read={"custody_transfer": now, "evidence": now}) == []


# INV-28 分案、并案、移送管辖以后，每个人在且只在一个案件中。


def test_nobody_is_in_two_cases() -> None:
    """转入而原案没有转出的记录：在两个案件之中。"""
    world = World()
    world.opens("first", "甲", "乙")
    world.splits("first", "second", "乙")
    rows = [row for row in world.rows if "left" not in row]

    assert ("INV-28", "violated", "乙", "") in world.findings("second", rows=rows)
    assert not [each for name in world.cases for each in world.findings(name) if each[0] == "INV-28"]


# INV-39 封存的未成年人犯罪记录，没有许可不得提供（刑事诉讼法第二百八十六条）。


def minor(town: Any, **facts: Any) -> None:
    """A minor, judged with a judgment that is final."""
    town.files()
    row = town.takes("case_record:add_person", facts={"label": "甲", "flags": ["minor"]})
    town.persons["甲"] = next(iter(row["created"]))
    town.takes("bail:decide", "甲")
    for stage in ("prosecution", "court"):
        town.goes_to(stage, "甲")
    for step in ("prepare", "open_ordinary", "deliberate", "pronounce"):
        town.takes(f"first_trial:{step}", "甲", **({"facts": facts} if step == "pronounce" else {}))
    town.takes("second_trial:become_final", "甲")
    town.clock.passes(days=1)


@pytest.mark.parametrize(
    ("sentence", "status"),
    [
        ({"type": "fixed_term", "years": 5}, ["violated"]),
        ({"type": "fixed_term", "years": 5, "months": 1}, []),
        ({"type": "exempt_from_punishment"}, ["violated"]),
        ({"type": "acquittal"}, []),
        ({"type": "fixed_term"}, ["unknown"]),
        (None, ["unknown"]),
    ],
)
def test_a_record_is_sealed_once_final(town: Any, sentence: Any, status: list[str]) -> None:
    """五年以下的，应当封存；五年一个月的、无罪的，不必；刑罚没有写明的，不明。"""
    minor(town, sentence=sentence)

    assert [found for _, found, _ in town.findings("INV-39")] == status


def sealed(town: Any) -> None:
    """Sealed the day after the judgment became final, and the dossier with it."""
    seizes(town)
    minor(town, sentence={"type": "fixed_term", "months": 10})
    for step, organ in (("interrogate", POLICE), ("charge", PROCURATORATE), ("try", COURT), ("seal", COURT)):
        town.takes(f"juvenile:{step}", "甲", by=organ)
    town.takes("evidence_sealing:seal")


@pytest.mark.parametrize(("permitted", "found"), [(False, ["甲"]), (True, [])])
def test_a_sealed_record_goes_out_by_permit_only(town: Any, permitted: bool, found: list[str]) -> None:
    """封存以后封装移送，没有许可；有许可的。"""
    sealed(town)
    assert violated(town, "INV-39") == []
    town.clock.passes(days=1)
    if permitted:
        permit = {"reader": COURT, "readable_until": town.clock.now().date().isoformat()}
        town.takes("juvenile:permit_query", "甲", by=COURT, facts=permit)
    packs(town)

    assert violated(town, "INV-39") == found


# INV-45 期限的届满之日可以重新计算。


def test_an_end_that_was_typed(town: Any) -> None:
    """看守所登记的届满之日与重新计算的不符；没有写明历法和规则的，不明；由计算得出的，相符。"""
    town.files("甲")
    town.detains("甲")
    assert town.findings("INV-45") == []
    (custody,) = town.custodies.values()
    admitted = town.rows[-1]
    title = admitted["titles"][custody]

    def retold(**more: Any) -> list[Any]:
        told = {"titles": {custody: {**title, **more}}}
        return changed(town, "custody_admission:admit", lambda _: told)

    assert town.findings("INV-45", rows=retold(end="2026-03-06")) == [("INV-45", "violated", "甲")]
    assert town.findings("INV-45", rows=retold(proof={})) == [("INV-45", "unknown", "甲")]
    other = {**title["proof"], "calendar": "another"}
    assert town.findings("INV-45", rows=retold(end="2026-03-06", proof=other)) == []


# INV-46 一个人只有一个身份（刑事诉讼法第一百六十条第二款）。

VALID, INVALID = "11010519491231002X", "110105194912310021"


def registers(town: Any, label: str, *flags: str, **identity: str) -> None:
    row = town.takes("case_record:add_person", facts={"label": label, "flags": [*flags]}, private=identity or None)
    town.persons[label] = next(iter(row["created"]))


@pytest.mark.parametrize(
    ("flags", "identity", "status"),
    [
        ((), {"id_number": VALID}, []),
        ((), {"id_number": VALID.lower()}, []),
        ((), {"id_number": INVALID}, ["violated"]),
        ((), {"id_number": "123"}, ["violated"]),
        ((), {"id_type": "passport", "id_number": "G123"}, []),
        ((), {"name": "甲"}, []),
        ((), {}, ["unknown"]),
        (("identity_unknown",), {}, []),
        (("victim",), {}, []),
    ],
)
def test_an_identity_is_stated_or_known_to_be_unknown(
    town: Any, flags: tuple[str, ...], identity: dict[str, str], status: list[str]
) -> None:
    """号码成立；校验不符；不足十八位；护照；没有号码；没有登记；身份不明的写明。号码不离开案件服务。"""
    town.files()
    registers(town, "甲", *flags, **identity)
    town.clock.passes(days=1)

    assert [found for _, found, _ in town.findings("INV-46")] == status
    assert not any(number in str(town.rows) for number in identity.values() if number.isalnum() and len(number) > 1)


def test_one_person_registered_twice(town: Any) -> None:
    """同一身份登记为二人；同名而号码不同的，不算。"""
    town.files()
    registers(town, "甲", name="王五", id_number=VALID)
    registers(town, "乙", name="王五", id_number="440524188001010014")
    assert violated(town, "INV-46") == []
    registers(town, "丙", name="王五", id_number=VALID)

    assert violated(town, "INV-46") == ["丙"]


def test_an_unknown_identity_stops_the_clock_by_document(town: Any) -> None:
    """身份不明停止计算，有文书；旧的记录没有文书的。"""
    town.files()
    registers(town, "甲", "identity_unknown")
    town.detains("甲")
    for step in ("criminal_detention:request_arrest", "arrest_review:accept", "arrest_review:approve"):
        town.takes(step, "甲")
    town.takes("arrest_review:execute", "甲")
    town.takes("custody_extension:start_unidentified", "甲")

    assert violated(town, "INV-46") == []
    rows = changed(town, "custody_extension:start_unidentified", lambda _: {"documents": []})
    assert violated(town, "INV-46", rows=rows) == ["甲"]


# INV-47 行刑衔接：同一事实不得并罚（公安机关办理行政案件程序规定第一百七十二条）。


def administrative(town: Any, *steps: str) -> None:
    town.takes("case_intake:accept")
    town.takes("admin_case:file")
    for step in steps:
        town.takes(f"admin_case:{step}")


@pytest.mark.parametrize(("filed_first", "found"), [(True, ["case_1"]), (False, [])])
def test_one_act_is_not_punished_twice(town: Any, filed_first: bool, found: list[str]) -> None:
    """刑事立案以后又作出行政处罚；处罚在先，后来才刑事立案的，不是并罚。"""
    administrative(town, "investigate", "notify")
    steps = ["case_intake:file", "admin_case:decide"]
    for step in steps if filed_first else reversed(steps):
        town.takes(step)
        town.clock.passes(days=1)

    assert violated(town, "INV-47") == found


def test_the_case_that_was_dropped_may_be_punished(town: Any) -> None:
    """撤销案件以后转行政处罚的，不算。"""
    administrative(town, "investigate", "notify")
    town.takes("case_intake:file")
    town.registers("甲")
    town.takes("investigation_close:withdraw", "甲")
    town.clock.passes(days=1)
    town.takes("admin_case:decide")

    assert violated(town, "INV-47") == []


@pytest.mark.parametrize(("days", "owed"), [(None, ["甲"]), (5, []), (0, [])])
def test_administrative_custody_is_credited(town: Any, days: int | None, owed: list[str]) -> None:
    """行政拘留已经执行，判决没有写明折抵。"""
    administrative(town, "investigate", "notify", "decide", "execute")
    town.takes("case_intake:file")
    town.registers("甲")
    at_court(town, {"type": "fixed_term", "months": 6} | ({} if days is None else {"administrative_credit_days": days}))
    town.clock.passes(days=1)

    assert [label for _, status, label in town.findings("INV-47") if status == "unknown"] == owed


def at_court(town: Any, sentence: dict[str, Any]) -> None:
    town.takes("bail:decide", "甲")
    for stage in ("prosecution", "court"):
        town.goes_to(stage, "甲")
    for step in ("prepare", "open_ordinary", "deliberate", "pronounce"):
        town.takes(f"first_trial:{step}", "甲", **({"facts": {"sentence": sentence}} if step == "pronounce" else {}))


@pytest.mark.parametrize(("converted", "found"), [(False, ["case_1"]), (True, [])])
def test_goods_secured_before_are_converted(town: Any, converted: bool, found: list[str]) -> None:
    """行政案件中保全的财物，刑事立案后没有转换依据。"""
    administrative(town)
    row = town.takes("admin_case:investigate")
    town.rows[-1] = {**row, "documents": [*row["documents"], {"id": "doc_9", "kind": "admin_evidence_preservation"}]}
    town.takes("case_intake:file")
    if converted:
        seizes(town)
    soon = violated(town, "INV-47")
    town.clock.passes(days=1)
    now = town.clock.now()

    assert soon == []
    assert violated(town, "INV-47") == found
    assert violated(town, "INV-47", read={"case_flow": now, "custody_transfer": now}) == []


# INV-51 各阶段的案号一一对应，重新立案的另编新号。


def numbered(town: Any, step: str, *labels: str, number: str = "") -> None:
    town.takes(step, *labels, facts={"case_number": number} if number else {})


@pytest.mark.parametrize(
    ("second", "found"),
    [("杭西检受〔2026〕2号", []), ("杭西公立〔2026〕1号", ["乙", "甲"])],
    ids=["its own", "of the police"],
)
def test_each_stage_has_its_own_number(town: Any, second: str, found: list[str]) -> None:
    """检察院另编受理号；沿用公安机关的立案号。"""
    town.takes("case_intake:accept")
    numbered(town, "case_intake:file", number="杭西公立〔2026〕1号")
    town.registers("甲", "乙")
    for label in ("甲", "乙"):
        town.takes("arrest_review:request", label)
        numbered(town, "arrest_review:accept", label, number=second)
    town.clock.passes(days=1)

    assert sorted(violated(town, "INV-51")) == found
    assert unknown(town, "INV-51") == []


@pytest.mark.parametrize(("again", "found"), [("2号", []), ("1号", ["甲"])])
def test_a_new_filing_has_a_new_number(town: Any, again: str, found: list[str]) -> None:
    """不批准逮捕后再次提请，另编受理号；沿用原号。"""
    town.files("甲")
    for number in ("1号", again):
        town.takes("arrest_review:request", "甲")
        numbered(town, "arrest_review:accept", "甲", number=number)
        town.takes("arrest_review:approve", "甲")
        town.takes("arrest_review:execute", "甲")

    assert violated(town, "INV-51") == found


def test_a_filing_without_a_number(town: Any) -> None:
    """没有写明案号的，由立案的机关补充。"""
    town.files("甲")
    town.clock.passes(days=1)
    (owner,) = unknown(town, "INV-51")
    row = next(row for row in town.rows if row["type"] == "case_intake:file")
    town.takes("legal_record:supplement", by=POLICE, facts={"of": row["id"], "case_number": "1号"})

    assert owner == "police"
    assert unknown(town, "INV-51") == []
