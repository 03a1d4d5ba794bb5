"""Whole cases through the gateway, in both shapes of the system."""

import asyncio
import hashlib
from collections import Counter
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from singletrack.stack import Stack

BOTH = ("甲", "乙")
BEIJING = ZoneInfo("Asia/Shanghai")


async def test_one_case_from_the_report_to_the_prison(town):
    """一案到底：两名被告人，退回补充侦查一次，一人上诉；七家机关、三个服务、一条时间线，没有一处逾期。"""
    await investigated(town)
    dossier, phone = await filled(town)
    await sent_for_prosecution(town, dossier, phone)
    await returned_and_sent_again(town, dossier, phone)
    await charged_and_filed(town, dossier, phone)
    await tried(town, phone)
    await appealed_by_one(town)
    await delivered(town)

    timeline = await town.timeline()
    clocks = Counter(clock["status"] for entry in timeline["items"] for clock in entry["clocks"])
    assert await town.findings() == {}
    assert await town.concluded(tolerance=timedelta()) == {}
    assert sum(await asyncio.gather(*(town.version(name) for name in town.services))) == len(timeline["items"])
    assert [entry["occurred_at"] for entry in timeline["items"]] == sorted(
        each["occurred_at"] for each in timeline["items"]
    )
    assert {entry["service"] for entry in timeline["items"]} == set(town.services)
    assert set(timeline["persons"].values()) == set(BOTH)
    assert not set(clocks) & {"late", "overdue", "unknown"}
    assert clocks["met"] >= 20
    assert not [result.violations for result in (await town.ledger()).values() if result.violations]


async def investigated(town):
    """立案，拘留，三日内提请，七日内批准，逮捕，起算侦查羁押期限。"""
    await town.files(*BOTH)
    await town.detains(*BOTH)
    town.detained_on = town.today.isoformat()
    for label in BOTH:
        await town.interrogates(label, "执法办案中心")
    for number, label in enumerate(BOTH, 101):
        await town.places(label, f"{number}")
    town.passes(days=2)
    await town.police.takes("criminal_detention:request_arrest")
    for label in BOTH:
        await town.changes_end(town.police, label, "arrest_review_detained")
    await town.procuratorate.takes("arrest_review:accept")
    town.passes(days=5)
    await town.procuratorate.takes("arrest_review:approve")
    await town.police.takes("arrest_review:execute")
    await town.police.notes("arrest_first_interrogation arrest_family_notice", *BOTH)
    await town.police.takes("custody_extension:start")
    for label in BOTH:
        await town.holds_on(town.police, label, "investigation_custody", "arrest_warrant")
        valid = {"valid_from": town.today.isoformat(), "valid_until": town.today.isoformat()}
        await town.police.takes("interrogation_pass:issue", label, facts=valid)
        await town.interrogates(label, "看守所")


async def filled(town):
    """卷宗一份材料，扣押手机一部入库。"""
    officer = town.police.clerk("officer")
    content = b"%PDF-1.7 " + town.place.encode()
    kept = await town.client.post("/v1/contents", content=content, headers=officer.headers)
    assert kept.json()["digest"] == f"sha-256:{hashlib.sha256(content).hexdigest()}"
    organs = [town.procuratorate.id, town.court.id]
    await officer.does("/v1/dossiers", {"case_id": town.case, "organs": organs}, service="evidence")
    item = {
        "digest": kept.json()["digest"],
        "media_type": "application/pdf",
        "volume": "evidence_volume",
        "title": "讯问笔录",
        "kind": "interrogation_record",
    }
    added = await officer.does(f"/v1/cases/{town.case}/dossier/items", item, service="evidence")
    there = {"place": "住所", "officers": ["警员一", "警员二"], "witnesses": ["邻居"], "things": ["手机"]}
    await town.police.takes("search_and_seizure:seize", facts=there | town.hours)
    taken = {
        "case_id": town.case,
        "facts": {"kind": "mobile_phone", "owner": "甲", "location": "3库12架"},
        "documents": [town.paper("seizure_decision"), town.paper("seizure_list")],
        "occurred_at": town.today.isoformat(),
    }
    seized = await officer.does("/v1/items", taken, service="evidence")
    phone = next(iter(seized["created"]))
    await town.police.takes("property_flow:store", phone, facts={"counted": 1})
    return next(iter(added["created"])), phone


async def sent_for_prosecution(town, dossier, phone):
    """封装，移送，清点，接收；起诉意见书附移送清单，清单上是封装的摘要；换押。"""
    town.passes(days=50)
    await town.police.takes("investigation_close:conclude")
    town.sealed = await packed(town, town.police, town.procuratorate, dossier, phone, "transfer_to_procuratorate")
    await town.police.takes("investigation_close:transfer")
    await town.procuratorate.takes("investigation_close:accept")
    await town.hands_over(town.police, town.procuratorate, "prosecution_review", *BOTH)
    town.passes(days=1)
    await town.procuratorate.takes("prosecution_review:review")


async def returned_and_sent_again(town, dossier, phone):
    """退回补充侦查，一个月以内补充完毕；人、卷、物每次一同往返。"""
    town.passes(days=20)
    await town.procuratorate.takes("prosecution_review:return")
    await town.procuratorate.notes("custody_change_internal_notice", *BOTH)
    await town.police.takes("supplementary_return:receive")
    await town.hands_over(town.procuratorate, town.police, "supplementary_investigation", *BOTH)
    await packed(town, town.procuratorate, town.police, dossier, phone, "return_to_police")
    town.passes(days=20)
    await packed(town, town.police, town.procuratorate, dossier, phone, "transfer_to_procuratorate")
    await town.police.takes("supplementary_return:resubmit")
    await town.procuratorate.notes("custody_change_internal_notice", *BOTH)
    await town.hands_over(town.police, town.procuratorate, "prosecution_review", *BOTH)


async def charged_and_filed(town, dossier, phone):
    """一个月以内提起公诉，七日以内立案。"""
    town.passes(days=20)
    await town.procuratorate.takes("prosecution_review:charge")
    await packed(town, town.procuratorate, town.court, dossier, phone, "transfer_to_court")
    await town.court.takes("court_intake:receive")
    town.passes(days=3)
    await town.court.takes("court_intake:file")
    await town.court.notes("case_file_to_trial_division court_rights_notice", *BOTH)
    await town.hands_over(town.procuratorate, town.court, "trial_ordinary", *BOTH)


async def tried(town, phone):
    """开庭，评议，宣判；判决处理每一件财物。"""
    town.passes(days=10)
    await town.court.takes("first_trial:prepare")
    await town.court.notes("public_trial_announcement", *BOTH)
    town.passes(days=20)
    await town.court.takes("first_trial:open_ordinary")
    await town.court.takes("first_trial:hold_hearing")
    await town.court.takes("first_trial:deliberate")
    town.passes(days=10)
    await town.court.takes("first_trial:pronounce", facts={"sentence": {"type": "fixed_term", "months": 36}})
    await town.court.takes("first_trial:serve_judgment")
    await town.court.takes("property_flow:judge", phone, facts={"treatment": "return"})
    for label in BOTH:
        await town.holds_on(town.court, label, "appeal_pending", "judgment_first")


async def appealed_by_one(town):
    """甲上诉，二审维持；乙未上诉，同一判决待甲终审以后生效。刑期自拘留之日起算。"""
    town.passes(days=5)
    await town.party.takes("second_trial:appeal", "甲")
    town.passes(days=8)
    await town.court.takes("second_trial:transfer", "甲", to=town.second_court)
    town.passes(days=2)
    await town.second_court.takes("second_trial:accept", "甲")
    await town.hands_over(town.court, town.second_court, "trial_second", "甲")
    await town.holds_on(town.court, "乙", "trial_second", "judgment_first")
    town.passes(days=25)
    await town.second_court.takes("second_trial:uphold", "甲")
    await town.clock.takes("second_trial:become_final", "乙")
    for label, holder in (("甲", town.second_court), ("乙", town.court)):
        await town.court.takes("execution:serve", label)
        await goods_are_told_of(town, label)
        sentence = {"months": 36, "credit_days": 0, "from": town.detained_on}
        await town.holds_on(holder, label, "sentence", "execution_notice", **sentence)
        await town.places(label, f"已决{label}", convicted=True)


async def goods_are_told_of(town, label):
    """判决送达扣押机关，扣押机关送回执行回单。"""
    await town.court.notes("judgment_to_seizing_organ", label)
    await town.police.notes("disposal_receipt_by_seizing_organ", label)


async def delivered(town):
    """送交监狱，看守所的羁押随之结束。"""
    await town.centre.takes("execution:await_delivery")
    await town.centre.takes("execution:deliver")
    await town.prison.notes("prison_family_notice_pre2026", *BOTH)
    for label in BOTH:
        await town.centre.takes("custody_handover:deliver", label)


async def packed(town, giver, taker, dossier, phone, step):
    """A package from one organ to another, accepted by the digest that was sealed; the digest, as a paper carries it."""
    body = {
        "case_id": town.case,
        "to_organ": taker.id,
        "dossier_items": [{"item_id": dossier}],
        "property_items": [phone],
        "occurred_at": town.today.isoformat(),
    }
    drafted = await giver.office("package_handover:seal").does("/v1/packages", body, service="evidence")
    package = next(iter(drafted["created"]))
    seal = await giver.takes("package_handover:seal", package)
    await giver.takes("package_handover:offer", package, papers=giver.papers(f"property_flow:{step}"))
    counted = {phone: {"count": 1}}
    await taker.takes("package_handover:inspect", package, facts={"counted_items": counted})
    accepted = await taker.takes("package_handover:accept", package, facts={"digest": seal["digest"]})
    now = (await town.reviewer.get(f"/v1/items/{phone}")).json()
    assert (accepted["digest"], now["control"], now["location"]) == (seal["digest"], taker.id, "3库12架")
    return {"package_id": package, "digest": seal["digest"]}


async def refused_filing(town):
    """公安机关不予立案，检察院要求说明理由，理由不能成立，通知立案。"""
    await town.opens()
    await town.police.takes("case_intake:accept")
    town.passes(days=1)
    await town.police.takes("case_intake:refuse_filing")
    town.passes(days=10)
    await town.procuratorate.takes("supervise_non_filing:request_reason")
    town.passes(days=5)
    await town.police.takes("supervise_non_filing:state_reason")
    town.passes(days=5)
    await town.procuratorate.takes("supervise_non_filing:notify_to_file")


@pytest.mark.parametrize(("days", "found"), [(15, {}), (16, {"file_on_supervision_notice": "late"})])
async def test_a_case_is_filed_on_the_procuratorates_notice(town, days, found):
    """公安机关在收到通知立案书后，应当在十五日以内决定立案（刑事诉讼法第一百一十三条，公安机关办理刑事案件程序规定第一百八十二条）。"""
    await refused_filing(town)

    town.passes(days=days)
    filed = await town.police.takes("supervise_non_filing:file")

    assert {move["procedure"]: move["to"] for move in filed["moves"]} == {
        "supervise_non_filing": "filed",
        "case_intake": "filed",
        "non_filing_remedy": "overturned",
    }
    assert await town.findings() == found


async def test_who_gives_no_reason_is_overdue(town):
    """公安机关应当在七日以内说明不立案理由（公安机关办理刑事案件程序规定第一百八十二条第一款）。"""
    await town.opens()
    await town.police.takes("case_intake:accept")
    await town.police.takes("case_intake:refuse_filing")
    await town.procuratorate.takes("supervise_non_filing:request_reason")

    found = await town.found()

    assert [(each["kind"], each["status"], each["owner"], each["due"]) for each in found] == [
        ("non_filing_reason_statement", "overdue", "police", "2025-03-10")
    ]


async def refused_arrest(town):
    """不批准逮捕，写明时刻。"""
    await town.files("甲")
    town.today = datetime(2025, 3, 3, 9, tzinfo=BEIJING)
    await town.detains("甲")
    town.passes(days=2)
    await town.police.takes("criminal_detention:request_arrest")
    await town.changes_end(town.police, "甲", "arrest_review_detained")
    await town.procuratorate.takes("arrest_review:accept")
    town.passes(days=4)
    await town.procuratorate.takes("arrest_review:refuse")


async def test_who_is_released_at_once_leaves_nothing_to_find(town):
    """不批准逮捕的，公安机关应当在接到通知后立即释放（刑事诉讼法第九十一条第三款）。"""
    await refused_arrest(town)

    town.passes(hours=1)
    released = await town.police.takes("arrest_review:release")
    await town.police.takes("custody_handover:release", "甲")

    assert {move["procedure"]: move["to"] for move in released["moves"]} == {
        "arrest_review": "released",
        "criminal_detention": "released",
    }
    assert await town.findings() == {}


async def test_who_is_released_the_next_day_was_released_late(town):
    """应当立即释放而次日释放的，是超期羁押：逾期，而且违反INV-07。日子按北京时间计算。"""
    await refused_arrest(town)

    town.passes(hours=15.5)
    await town.police.takes("arrest_review:release")
    await town.police.takes("custody_handover:release", "甲")

    found = await town.found()
    assert {each["kind"]: each["status"] for each in found} == {"non_approval_release": "late", "INV-07": "late"}
    assert {each["severity"] for each in found} == {"critical"}
    assert all("实于2025-03-10完成" in each["zh"] for each in found)


async def test_who_is_not_released_at_all_is_held_unlawfully(town):
    """不批准逮捕而一直不释放：逾期未办，羁押依据届满，一样不少。"""
    await refused_arrest(town)

    found = await town.findings()

    assert found.items() >= {"non_approval_release": "overdue", "INV-07": "overdue", "INV-03": "overdue"}.items()


async def test_whoever_the_organ_let_go_and_the_centre_still_holds_is_found(town):
    """办案机关已经释放，看守所仍记为在押的，看守所应当立即释放（INV-07）。"""
    await refused_arrest(town)
    await town.police.takes("arrest_review:release")

    found = await town.concluded(at_once=timedelta())

    assert found["INV-07"] == "overdue"


@pytest.mark.parametrize("sentence", [{"type": ["fixed_term"]}, {"type": {"a": 1}}, "life", [], None])
async def test_whatever_a_fact_says_the_case_stays_under_supervision(town, sentence):
    """判决的内容写得再不合格，也不妨碍对照法律核对本案。"""
    await town.files("甲")
    for step in ("investigation_close:conclude", "investigation_close:transfer"):
        await town.police.takes(step)
    for step in ("investigation_close:accept", "prosecution_review:review", "prosecution_review:charge"):
        await town.procuratorate.takes(step)
    for step in ("court_intake:receive", "court_intake:file", "first_trial:prepare", "first_trial:open_ordinary"):
        await town.court.takes(step)
    await town.court.takes("first_trial:deliberate")
    await town.court.takes("first_trial:pronounce", facts={"sentence": sentence})
    await town.clock.takes("second_trial:become_final")

    assert "not_concluded" not in await town.findings()


async def test_a_case_that_cannot_be_read_does_not_keep_the_others_from_being_read(town, town_of):
    """一案的记录无法核对的，如实报告，此前发现的问题仍然有效；其他案件照常。"""
    await refused_arrest(town)
    before = await town.findings()
    damage = "UPDATE ledger SET body = '{}' WHERE case_id = $1 AND seq = 1"
    await town.sql("coordinator", damage, town.case, owner=True)

    await town.police.takes("arrest_review:release")
    found = await town.found()
    async with town_of.of(town.stack) as other:
        await other.opens()
        await other.police.takes("case_intake:accept")
        assert await other.findings() == {"filing_review_criminal": "overdue"}

    assert {each["kind"]: each["status"] for each in found} == {**before, "not_concluded": "unknown"}


@pytest.fixture(params=["processes", "in_process"])
def hasty(ground, request):
    """A system whose coordinator waits for nobody."""
    in_process, settings = request.param == "in_process", {"handover_tolerance_seconds": "0"}
    with Stack(ground / f"hasty-{request.param}", durable=False, in_process=in_process, settings=settings) as stack:
        yield stack


async def test_a_hand_over_that_nobody_opens_the_coordinator_opens(hasty, town_of):
    """案件移送而未换押的，协同中枢发起换押；接收机关接收、看守所签收以后，问题随之关闭。"""
    async with town_of.of(hasty) as town:
        await town.files("甲")
        await town.detains("甲")
        await town.police.takes("criminal_detention:request_arrest")
        await town.procuratorate.takes("arrest_review:accept")
        await town.procuratorate.takes("arrest_review:approve")
        await town.police.takes("arrest_review:execute")
        await town.police.takes("custody_extension:start")
        await town.holds_on(town.police, "甲", "investigation_custody", "arrest_warrant")
        town.today = date(2025, 4, 1)
        await town.police.takes("investigation_close:conclude")
        await town.police.takes("investigation_close:transfer")
        await town.procuratorate.takes("investigation_close:accept")

        custody = await until(town, lambda custody: custody["state"] == "handover_open")
        assert (custody["holder"], custody["receiver"]) == (town.police.id, town.procuratorate.id)
        commanded = [row for row in await town.rows() if row["type"] == "custody_handover:offer_commanded"]
        assert [(row["organ"], row["officer"]) for row in commanded] == [("sys-coordinator", "coordinator")]
        assert "INV-01" not in await town.findings()

        title = {"limit": "prosecution_review", "from": town.today.isoformat()}
        await town.procuratorate.takes("custody_handover:accept", "甲", facts={"title": title})
        await town.centre.takes("custody_handover:confirm", "甲")
        # Only what concerns the hand-over: nobody decides on this prosecution, and that is found too.
        handover = [each for each in await town.found(closed=True) if each["kind"] in {"INV-01", "INV-05"}]
        assert {each["kind"] for each in handover} >= {"INV-01"}
        assert all(each["closed_at"] for each in handover)


async def until(town, holds):
    """The custody, as soon as it is as expected."""
    deadline = asyncio.get_running_loop().time() + 30
    while True:
        answer = await town.procuratorate.clerk("prosecutor").get(f"/v1/custodies/{town.custodies['甲']}")
        if answer.status_code == 200 and holds(answer.json()):
            town.versions["custody_transfer"] = answer.headers["etag"]
            return answer.json()
        assert asyncio.get_running_loop().time() < deadline, answer.text
        await asyncio.sleep(0.1)
