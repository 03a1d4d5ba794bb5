"""封存的未成年人犯罪记录：看守所、卷宗随之封存，协同中枢的一切查询随之关闭，只向许可写明的机关开放（刑事诉讼法第二百八十六条）。"""

from datetime import date
from typing import Any

import pytest

from services.coordinator import follow as following
from services.coordinator.domain.ledger import Ledger
from services.coordinator.domain.sealing import readers
from services.law import CODE
from tests.services.coordinator.conftest import COURT, POLICE, PROCURATORATE, Town
from tests.services.coordinator.test_follow import Case

ROAD = (
    ("juvenile:interrogate", POLICE, "officer"),
    ("juvenile:charge", PROCURATORATE, "chief_prosecutor"),
    ("juvenile:try", COURT, "judge"),
    ("juvenile:seal", COURT, "judge"),
)
PERMIT = {"reader": POLICE, "readable_until": "2026-03-03"}


def seals(town: Town, *others: str) -> None:
    """The record of 甲, whom the centre holds, is sealed; there is a dossier."""
    town.files("甲", *others)
    town.takes("dossier_record:open", by=POLICE, facts={"organs": [PROCURATORATE]})
    town.detains("甲")
    for step, organ, _ in ROAD:
        town.takes(step, "甲", by=organ)


def asked(town: Town) -> list[tuple[str, str, dict[str, Any]]]:
    """What is commanded: step, of what, and the facts."""
    targets = {town.custodies["甲"]: "custody", town.case_id: "dossier"}
    return [
        (repair.type, targets[repair.custody_id], repair.as_dict().get("facts", {}))
        for repair in town.concludes().repairs
        if "sealing" in repair.type
    ]


def test_custody_and_dossier_follow(town: Town) -> None:
    """犯罪记录封存的，协同中枢办理羁押记录、卷宗的封存，一次；许可查询的，随之开放。"""
    seals(town)
    assert asked(town) == [
        ("custody_sealing:seal", "custody", {}),
        ("evidence_sealing:seal", "dossier", {}),
    ]

    town.takes("custody_sealing:seal", "甲")
    town.takes("evidence_sealing:seal")
    assert asked(town) == []

    town.takes("juvenile:permit_query", "甲", by=COURT, facts=PERMIT)
    assert asked(town) == [
        ("custody_sealing:permit", "custody", PERMIT),
        ("evidence_sealing:permit", "dossier", PERMIT),
    ]
    town.takes("custody_sealing:permit", "甲", facts=PERMIT)
    town.takes("evidence_sealing:permit", facts=PERMIT)
    assert asked(town) == []


def test_a_dossier_with_others_in_it_is_not_sealed_as_a_whole(town: Town) -> None:
    """同案还有没有封存的人的，只封存该人的羁押记录，案件照常。"""
    seals(town, "乙")

    assert asked(town) == [("custody_sealing:seal", "custody", {})]
    assert readers(Ledger(town.case_id, town.rows, CODE), date(2026, 3, 2)) is None


@pytest.mark.parametrize(("follows", "found"), [(True, []), (False, ["violated", "violated"])])
def test_what_is_not_sealed_after_a_day_is_found(town: Town, *, follows: bool, found: list[str]) -> None:
    """犯罪记录封存一日以后，羁押记录、卷宗没有随之封存的，违反。"""
    seals(town)
    if follows:
        town.takes("custody_sealing:seal", "甲")
        town.takes("evidence_sealing:seal")
    town.clock.passes(days=2)

    assert [status for _, status, _ in town.findings("INV-39")] == found


@pytest.mark.parametrize(("day", "expected"), [(2, {POLICE}), (3, {POLICE}), (4, set())])
def test_who_may_read_on_which_day(town: Town, day: int, expected: set[str]) -> None:
    """许可写明的机关，可以查询至许可的期限；届时协同中枢再看。"""
    seals(town)
    town.takes("juvenile:permit_query", "甲", by=COURT, facts=PERMIT)
    look_at = town.concludes().look_at

    assert readers(Ledger(town.case_id, town.rows, CODE), date(2026, 3, day)) == expected
    assert look_at is not None
    assert look_at.isoformat() <= "2026-03-04"


async def test_of_a_case_with_others_the_coordinator_hides_the_sealed_person(
    sites: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """同案还有他人的：原来的机关仍可查询该案，其中没有封存的人的问题、期限、经过；审阅员可见全部。"""
    monkeypatch.setattr(following, "SWEEP", 0.05)
    case = await Case(sites).begins()
    row = await case._act("case_flow", POLICE, "officer", f"/v1/cases/{case.id}/persons", {"label": "乙"})
    other = next(iter(row["created"]))
    for step, organ, role in ROAD:
        papers = [{"kind": group[0], "digest": f"sm3:{'0' * 64}"} for group in CODE.rules[step].papers.groups]
        body = {"type": step, "documents": papers, "subjects": [case.person]}
        await case._act("case_flow", organ, role, f"/v1/cases/{case.id}/transitions", body)
    sites.clock.passes(days=5)

    async with sites.coordinator() as app:
        await sites.is_settled()
        async with sites.client(app) as client:

            async def read(path: str, organ: str, role: str, **query: str) -> str:
                answer = await client.get(path, headers=sites.headers(organ, role), params=query)
                assert answer.status_code == 200, answer.text
                return str(answer.text)

            lists = ("findings", "clocks", "duties", "alerts", "tasks", "chains", "mismatches")
            paths = (
                f"/v1/cases/{case.id}/timeline",
                f"/v1/cases/{case.id}/forecast",
                *(f"/v1/{each}" for each in lists),
            )
            told = [
                await read(path, POLICE, "officer", **({"case_id": case.id} if "cases" not in path else {}))
                for path in paths
            ]
            whole = {each: await read(f"/v1/{each}", "sys-000000", "reviewer", case_id=case.id) for each in lists[:5]}
            hidden = await client.get(
                paths[1], headers=sites.headers(POLICE, "officer"), params={"person_id": case.person}
            )

    leaks = [
        (path, secret)
        for path, text in zip(paths, told, strict=True)
        for secret in (case.person, case.custody)
        if secret in text
    ]
    assert leaks == []
    assert "juvenile:seal" not in told[0]
    assert other in told[0]
    assert other in told[1]
    assert [each for each, text in whole.items() if case.person not in text] == []
    assert hidden.status_code == 404


async def test_a_sealed_case_is_closed_in_the_coordinator_too(sites: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """封存以后，看守所的羁押记录随之封存；协同中枢的问题、期限、时间线、预测，原来的机关都不得查询，许可的机关可以。"""
    monkeypatch.setattr(following, "SWEEP", 0.05)
    case = await Case(sites).begins()

    async def takes(step: str, organ: str, role: str, **more: Any) -> None:
        papers = [{"kind": group[0], "digest": f"sm3:{'0' * 64}"} for group in CODE.rules[step].papers.groups]
        body = {"type": step, "documents": papers, "subjects": [case.person], **more}
        await case._act("case_flow", organ, role, f"/v1/cases/{case.id}/transitions", body)

    async def seen(app: Any, organ: str, role: str) -> list[tuple[int, int]]:
        """Status and how much: findings, clocks, timeline, forecast."""
        paths = ("/v1/findings", "/v1/clocks", f"/v1/cases/{case.id}/timeline", f"/v1/cases/{case.id}/forecast")
        async with sites.client(app) as client:
            answers = [
                await client.get(
                    path, headers=sites.headers(organ, role), params={"case_id": case.id} if number < 2 else {}
                )
                for number, path in enumerate(paths)
            ]
        return [(each.status_code, len(each.json().get("items", ()))) for each in answers]

    closed = [(200, 0), (200, 0), (404, 0), (404, 0)]
    async with sites.coordinator() as app:
        sites.clock.passes(days=5)
        await sites.is_settled()
        before = await seen(app, POLICE, "officer")
        for step, organ, role in ROAD:
            await takes(step, organ, role)
        await sites.is_settled()
        rows = await sites.sql("SELECT body::jsonb ->> 'type' AS type FROM log", service="custody_transfer")
        after = [await seen(app, POLICE, "officer"), await seen(app, COURT, "court_president")]
        until = sites.clock.now().date().isoformat()
        facts = {"reader": POLICE, "readable_until": until}
        await takes("juvenile:permit_query", COURT, "court_president", facts=facts)
        await sites.is_settled()
        permitted = await seen(app, POLICE, "officer")
        sites.clock.passes(days=2)
        await sites.is_settled()
        over = await seen(app, POLICE, "officer")

    assert [status for status, _ in before] == [200] * 4
    assert before[0][1] > 0
    assert "custody_sealing:seal" in {row["type"] for row in rows}
    assert after == [closed, closed]
    assert [status for status, _ in permitted] == [200] * 4
    assert permitted[0][1] > 0
    assert over == closed
