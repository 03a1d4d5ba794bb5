"""Documents and organs: each invariant broken, and come near without breaking it."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.services.coordinator.conftest import RULES
from tests.services.coordinator.test_invariants import at_prosecution, refused_arrest
from tests.services.coordinator.test_invariants_goods import registers

POLICE, PROCURATORATE, COURT = "pol-330106", "proc-330106", "court-330106"
OTHER = "proc-330108"


def paper(kind: str, **more: Any) -> dict[str, Any]:
    """A document of which everything is stated."""
    given = {"number": f"{kind}〔2026〕1号", "issued_on": "2026-03-02", "drafted_by": "ofc-a", "digest": "sm3:01"}
    return {"kind": kind, "approved_by": "ofc-b", "approved_on": "2026-03-02", **given, **more}


def violated(town: Any, kind: str, **given: Any) -> list[str]:
    """Of whom it was found that an invariant is broken."""
    return [label for _, status, label in town.findings(kind, **given) if status == "violated"]


def unknown(town: Any, kind: str) -> list[str]:
    """Who must add something for an invariant."""
    found = town.concludes().findings
    return sorted(each.owner for each in found if (each.kind, each.status) == (kind, "unknown"))


def changed(town: Any, step: str, change: Callable[[dict[str, Any]], Any]) -> list[Any]:
    """The rows, the last row of a step as another system would have written it."""
    place = max(place for place, row in enumerate(town.rows) if row["type"] == step)
    return [{**row, **change(row)} if at == place else row for at, row in enumerate(town.rows)]


def papers(step: str, *more: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    """All documents of a step, of which everything is stated, and in the place of one of them any that is given."""
    given = {each["kind"]: each for each in more}
    needed = [group[0] for group in RULES[step].papers.groups]
    return tuple(given.pop(kind, None) or paper(kind) for kind in needed) + tuple(given.values())


def takes_with(town: Any, step: str, *labels: str, of: tuple[dict[str, Any], ...] = (), **given: Any) -> dict[str, Any]:
    """A step with these documents among its own."""
    row: dict[str, Any] = town.takes(step, *labels, documents=papers(step, *of), **given)
    return row


def files_with(town: Any, *of: dict[str, Any], **given: Any) -> dict[str, Any]:
    """A case that is filed with these documents."""
    takes_with(town, "case_intake:accept")
    return takes_with(town, "case_intake:file", of=of, **given)


# INV-20 文书编号唯一，签发以后不得改动。


@pytest.mark.parametrize(("number", "found"), [("1号", ["case_1"]), ("2号", [])])
def test_two_texts_under_one_number(town: Any, number: str, found: list[str]) -> None:
    """同一编号两份内容不同的文书；另编一号的，不算。"""
    files_with(town, paper("filing_decision", number="1号"))
    town.registers("甲")
    again = paper("filing_decision", number=number, digest="sm3:02")
    row = takes_with(town, "criminal_detention:detain", "甲")
    town.rows[-1] = {**row, "documents": [*row["documents"], again]}

    assert violated(town, "INV-20") == found


def test_one_paper_handed_in_twice(town: Any) -> None:
    """同一文书两次提交，内容相同，或者一次没有摘要，或者年份不同的，不算。"""
    files_with(town, paper("filing_decision", number="1号"))
    town.registers("甲")
    same = paper("filing_decision", number="1号")
    bare = {name: value for name, value in same.items() if name != "digest"}
    older = paper("filing_decision", number="1号", issued_on="2025-03-02", digest="sm3:02")
    row = takes_with(town, "criminal_detention:detain", "甲")
    town.rows[-1] = {**row, "documents": [*row["documents"], same, bare, older]}

    assert violated(town, "INV-20") == []


def test_a_document_without_a_number(town: Any) -> None:
    """没有编号的，过了容许的时间，不明，由制作的机关补充；补充了的，了结。"""
    row = files_with(town, {"kind": "filing_decision", "digest": "sm3:01"})
    town.clock.passes(hours=23)
    assert unknown(town, "INV-20") == []
    town.clock.passes(hours=1)
    assert unknown(town, "INV-20") == ["police"]

    unnumbered = row["documents"][1]["id"]
    town.takes("legal_record:supplement", by=POLICE, facts={"of": row["id"], "papers": {unnumbered: {"number": "1号"}}})

    assert unknown(town, "INV-20") == []


@pytest.mark.parametrize(("provenance", "found"), [("native", ["case_1"]), ("scanned_in", [])])
def test_a_new_text_of_an_issued_document(town: Any, provenance: str, found: list[str]) -> None:
    """卷内已经签发的文书换成新的文本；重新扫描的，不算。"""
    town.takes("dossier_record:open", by=POLICE, facts={"organs": [PROCURATORATE]})
    facts = {"volume": "litigation_documents", "title": "立案决定书", "kind": "filing_decision", "sm3": "sm3:00"}
    row = town.takes("dossier_record:add_item", by=POLICE, facts=facts)
    version = {"item_id": next(iter(row["created"])), "sm3": "sm3:01", "provenance": provenance}
    town.takes("dossier_record:add_version", by=POLICE, facts=version)

    assert violated(town, "INV-20") == found


# INV-21 决定须附文书，并经有权的负责人批准，方可生效。


def executes_on_capture(town: Any, **of_warrant: Any) -> None:
    """An officer executes an arrest with a warrant that a head has to approve."""
    town.files("甲")
    for step in ("request", "accept", "approve", "report_not_executed"):
        town.takes(f"arrest_review:{step}", "甲")
    step = "arrest_review:execute_on_capture"
    kinds = [group[0] for group in RULES[step].papers.groups]
    takes_with(town, step, "甲", of=tuple(paper(kind, **of_warrant) for kind in kinds))


@pytest.mark.parametrize(("day", "found"), [("2026-03-02", []), ("2026-03-03", ["甲"])])
def test_approved_afterwards(town: Any, day: str, found: list[str]) -> None:
    """当日批准、当日执行；执行以后才批准。"""
    executes_on_capture(town, approved_on=day)

    assert violated(town, "INV-21") == found


def test_nobody_says_who_approved(town: Any) -> None:
    """办案民警执行，没有写明由谁批准的，不明；负责人自己办理的，不必另行写明。"""
    executes_on_capture(town, approved_by=None)
    town.clock.passes(days=1)
    assert unknown(town, "INV-21") == ["police"]

    town.rows = [row for row in town.rows if row["type"] != "arrest_review:execute_on_capture"]
    assert unknown(town, "INV-21") == []


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda row: {"office": "officer"}, ["case_1"]),
        (lambda row: {"documents": row["documents"][:1]}, ["case_1"]),
        (lambda row: {"documents": [], "inferred": True}, []),
        (lambda row: {}, []),
    ],
    ids=["by an officer", "without the decision", "inferred from other records", "as it should be"],
)
def test_filed_by_whom_and_with_what(town: Any, change: Callable[[Any], Any], found: list[str]) -> None:
    """办案民警自行立案；没有立案决定书；从其他记录推定的，文书不在本记录之内，不算。"""
    files_with(town, paper("filing_decision"))

    assert violated(town, "INV-21", rows=changed(town, "case_intake:file", change)) == found


# INV-22 办案与保管分离，拟稿与批准分离，复议由另一检察官办理。


@pytest.mark.parametrize(("custodian", "found"), [("ofc-1", ["手机"]), ("ofc-2", [])])
def test_who_takes_does_not_keep(town: Any, custodian: str, found: list[str]) -> None:
    """登记查扣的人自行保管；另一人保管。"""
    registers(town)
    town.rows[-1] = {**town.rows[-1], "officer": "ofc-1"}
    town.takes("property_flow:store", "手机", officer=custodian)

    assert violated(town, "INV-22") == found


@pytest.mark.parametrize(("officer", "found"), [("ofc-a", ["case_1"]), ("ofc-c", [])])
def test_who_drafts_does_not_approve(town: Any, officer: str, found: list[str]) -> None:
    """拟稿人自行批准；另一人批准。"""
    decision = {name: value for name, value in paper("filing_decision").items() if not name.startswith("approved")}
    files_with(town, decision, officer=officer)
    town.clock.passes(days=1)

    assert violated(town, "INV-22") == found
    assert unknown(town, "INV-22") == []


def test_nobody_says_who_drafted(town: Any) -> None:
    """没有写明拟稿人。"""
    files_with(town, paper("filing_decision", drafted_by=None))
    town.clock.passes(days=1)

    assert unknown(town, "INV-22") == ["police"]


@pytest.mark.parametrize(
    ("handler", "status"), [("ofc-7", ["violated"]), ("ofc-8", []), (None, ["unknown"])], ids=["same", "another", "?"]
)
def test_another_prosecutor_reconsiders(town: Any, handler: str | None, status: list[str]) -> None:
    """复议由原承办人办理；另一人办理；没有写明。"""
    refused_arrest(town, "甲")
    town.rows[-1] = {**town.rows[-1], "facts": {"handled_by": "ofc-7"}}
    town.takes("arrest_review:release", "甲")
    town.takes("arrest_review:request_reconsideration", "甲")
    town.takes("arrest_review:uphold", "甲", facts={"handled_by": handler} if handler else {})
    town.clock.passes(days=1)

    assert [found for _, found, label in town.findings("INV-22") if label == "甲"] == status


# INV-43 提请、移送、起诉向同级同地的机关提出，指定管辖的除外（刑事诉讼法第二十五条、第二十七条）。


@pytest.mark.parametrize(
    ("receiver", "found"),
    [(PROCURATORATE, []), (OTHER, ["甲"]), ("proc-330100", ["甲"])],
    ids=["own", "place", "level"],
)
def test_requests_go_to_the_same_place(town: Any, receiver: str, found: list[str]) -> None:
    """向同级同地的检察院提请；向他地的；向上一级的。"""
    town.files("甲")
    town.takes("arrest_review:request", "甲")
    town.takes("arrest_review:accept", "甲", by=receiver)

    assert violated(town, "INV-43") == found


def test_a_designated_organ_may_take_it(town: Any) -> None:
    """指定管辖的，不算。"""
    town.files("甲")
    row = town.takes("arrest_review:request", "甲")
    town.rows[-1] = {**row, "documents": [*row["documents"], paper("jurisdiction_designation")]}
    town.takes("arrest_review:accept", "甲", by=OTHER)

    assert violated(town, "INV-43") == []


# INV-44 时间前后一致。


@pytest.mark.parametrize(
    ("of_paper", "found"),
    [
        ({"issued_on": "2026-03-02"}, []),
        ({"issued_on": "2026-03-03"}, ["case_1"]),
        ({"served_on": "2026-03-02"}, []),
        ({"served_on": "2026-03-01"}, ["case_1"]),
    ],
)
def test_issued_before_it_has_effect(town: Any, of_paper: dict[str, Any], found: list[str]) -> None:
    """当日制作、当日立案、当日送达；次日才制作；制作以前送达。"""
    files_with(town, paper("filing_decision", **of_paper))

    assert violated(town, "INV-44") == found


def test_nobody_says_when_it_was_issued(town: Any) -> None:
    """没有写明制作日期。"""
    files_with(town, paper("filing_decision", issued_on=None))
    town.clock.passes(days=1)

    assert unknown(town, "INV-44") == ["police"]


@pytest.mark.parametrize(("day", "found"), [("2026-03-03", []), ("2026-03-02", ["甲"])])
def test_received_after_it_was_sent(town: Any, day: str, found: list[str]) -> None:
    """三日提请，三日受理；登记为二日受理的，早于提请。"""
    town.files("甲")
    town.clock.passes(days=1)
    town.takes("arrest_review:request", "甲", on="2026-03-03")
    town.takes("arrest_review:accept", "甲", on=day)

    assert violated(town, "INV-44") == found


@pytest.mark.parametrize(("moment", "found"), [("2026-03-02T01:00:05Z", []), ("2026-03-02T03:00:00Z", ["case_1"])])
def test_nothing_happens_in_the_future(town: Any, moment: str, found: list[str]) -> None:
    """时钟快几秒，不算；登记以后两小时才发生的，不可能。"""
    files_with(town, paper("filing_decision"))

    assert violated(town, "INV-44", rows=changed(town, "case_intake:file", lambda _: {"occurred_at": moment})) == found


@pytest.mark.parametrize(
    ("facts", "status"),
    [
        ({"arrived_at": "2026-03-02T08:00:00+08:00", "signed": True}, []),
        ({"arrived_at": "2026-03-02T08:00:00+08:00", "signed": False}, ["violated"]),
        ({"signed": True}, ["unknown"]),
        ({}, ["unknown"]),
    ],
)
def test_who_arrives_writes_when(town: Any, facts: dict[str, Any], status: list[str]) -> None:
    """到案时间由本人填写；不是本人填写；没有写明。"""
    town.files("甲")
    town.takes("summons:summon", "甲", facts=facts)
    town.clock.passes(days=1)

    assert [found for _, found, label in town.findings("INV-44") if label == "甲"] == status


@pytest.mark.parametrize(("end", "found"), [("2026-03-02T10:00:00+08:00", []), ("2026-03-02T08:59:00+08:00", ["甲"])])
def test_nothing_ends_before_it_begins(town: Any, end: str, found: list[str]) -> None:
    """讯问九时开始，十时结束；八时五十九分结束。"""
    town.files("甲")
    facts = {"started_at": "2026-03-02T09:00:00+08:00", "ended_at": end, "place": "办案中心", "officers": ["a", "b"]}
    town.takes("interrogation:interrogate", "甲", by=POLICE, facts=facts)

    assert violated(town, "INV-44") == found


# INV-50 机关只记录自己的决定（刑事诉讼法第三、五、七、八条）。


@pytest.mark.parametrize(
    ("organ", "found"), [(PROCURATORATE, []), (OTHER, []), (POLICE, ["甲"]), ("sys-330106", ["甲"])]
)
def test_one_organ_writes_for_another(town: Any, organ: str, found: list[str]) -> None:
    """批准逮捕由检察院记录；由公安机关、由系统记录的，违反。"""
    town.files("甲")
    for step in ("request", "accept", "approve"):
        town.takes(f"arrest_review:{step}", "甲")

    assert violated(town, "INV-50", rows=changed(town, "arrest_review:approve", lambda _: {"organ": organ})) == found


def test_supervision_moves_nothing_by_itself(town: Any) -> None:
    """要求说明不立案理由的同时改为已立案的，违反；一并完成的步骤，不算。"""
    town.takes("case_intake:accept")
    town.takes("case_intake:refuse_filing")
    town.takes("supervise_non_filing:request_reason")
    assert violated(town, "INV-50") == []

    moved = {"subject": town.case_id, "procedure": "case_intake", "from": "not_filed", "to": "filed"}
    asked = "supervise_non_filing:request_reason"
    rows = changed(town, asked, lambda row: {"moves": [*row["moves"], moved]})
    assert violated(town, "INV-50", rows=rows) == ["case_1"]

    town.takes("supervise_non_filing:file")
    assert violated(town, "INV-50") == []


def test_whoever_is_in_charge_decides(town: Any) -> None:
    """由办案机关办理的步骤，办案机关中的任何一种都可以记录。"""
    at_prosecution(town, "甲")
    town.hands_over("甲", PROCURATORATE)

    assert violated(town, "INV-50") == []
