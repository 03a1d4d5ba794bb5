"""卷宗随犯罪记录封存，非经许可不得查阅、下载（刑事诉讼法第二百八十六条）。"""

from typing import Any

from services.kernel.clock import HandClock
from tests.services.evidence.conftest import Case

READER, DAY = "pol-330106", "2026-03-17"


async def takes(case: Case, who: Any, step: str, **facts: Any) -> Any:
    body = {"type": f"evidence_sealing:{step}", "facts": facts}
    return await case.act(who, f"/v1/cases/{case.id}/dossier/transitions", body)


async def test_everything_of_a_sealed_dossier_is_closed(case: Case, clock: HandClock) -> None:
    """封存以后，卷宗、材料内容、移送包、财物都不得查阅和下载；许可写明的机关可以，至其期限。"""
    item, good = await case.files("讯问笔录", b"minutes"), await case.seizes()
    package = await case.drafts(case.officer, case.manager, files=(item,))
    paths = (
        f"/v1/cases/{case.id}/dossier",
        f"/v1/cases/{case.id}/dossier/items/{item}/content",
        f"/v1/cases/{case.id}/evidence",
        f"/v1/items/{good}",
        f"/v1/items/{good}/available-transitions",
        f"/v1/packages/{package}",
        f"/v1/packages/{package}/available-transitions",
    )
    assert {(await case.officer.get(path)).status_code for path in paths} == {200}

    assert (await takes(case, case.coordinator, "seal")).status_code == 201
    for clerk in (case.officer, case.manager):
        answers = [await clerk.get(path) for path in paths]
        assert {(each.status_code, each.json()["code"]) for each in answers} == {(403, "PERM-003")}
    assert (await case.stranger.get(paths[0])).status_code == 404

    assert (await takes(case, case.coordinator, "permit", reader=READER, readable_until=DAY)).status_code == 201
    assert {(await case.officer.get(path)).status_code for path in paths} == {200}
    assert {(await case.manager.get(path)).status_code for path in paths} == {403}
    clock.passes(days=2)
    assert {(await case.officer.get(path)).status_code for path in paths} == {403}


async def test_nobody_but_the_coordinator_seals_or_opens_a_dossier(case: Case) -> None:
    """封存和开放只由协同中枢依封存机关的决定登记；办案机关自己不得开放；卷宗的其他步骤不在此办理。"""
    await takes(case, case.coordinator, "seal")

    for clerk in (case.officer, case.manager, case.head):
        answer = await takes(case, clerk, "permit", reader=READER, readable_until=DAY)
        assert (answer.status_code, answer.json()["code"]) == (403, "PERM-001")
    path = f"/v1/cases/{case.id}/dossier/transitions"
    for step in ("dossier_record:add_item", "property_record:register", "package_record:draft", "juvenile:seal"):
        answer = await case.act(case.officer, path, {"type": step})
        assert (answer.status_code, answer.json()["code"]) == (422, "CASE-404")
