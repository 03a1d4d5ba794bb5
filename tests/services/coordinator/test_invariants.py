"""Invariants: each broken once, and each come close to without breaking it.

Rows are made by the real decisions; where those would refuse what must be found, a row is left out or a counter is
forgotten, as old records and other systems do.
"""

from datetime import timedelta
from typing import Any

import pytest

from services.kernel.record import Head

POLICE, PROCURATORATE, COURT = "pol-330106", "proc-330106", "court-330106"
DAY = timedelta(days=1)


def at_prosecution(town: Any, *labels: str) -> None:
    """Arrested, transferred and accepted by the procuratorate on the second of March; the custody is as the police left it."""
    town.files(*labels)
    town.detains(*labels)
    town.goes_to("arrest", *labels)
    for label in labels:
        town.holds_on(label, "investigation_custody", "2026-03-02")
    town.goes_to("prosecution", *labels)


# INV-01 在押的人只有一个办案机关，并且就是其所处阶段的办案机关（KY14；看守所条例第十五条）。


def test_held_for_an_organ_that_is_no_longer_in_charge(town: Any) -> None:
    """案件已由检察院受理，看守所仍为公安机关羁押，没有换押。"""
    at_prosecution(town, "甲")
    town.clock.passes(hours=24)

    assert town.findings("INV-01") == [("INV-01", "violated", "甲")]
    (finding,) = (each for each in town.concludes().findings if each.kind == "INV-01")
    assert (finding.severity, finding.owner) == ("critical", "procuratorate")
    (repair,) = town.concludes().repairs
    assert (repair.custody_id, repair.to_organ, repair.id) == (town.custodies["甲"], PROCURATORATE, finding.id)


def test_a_hand_over_has_its_time(town: Any) -> None:
    """及时，不是即刻：在容许的时间以内，不算违反。"""
    at_prosecution(town, "甲")
    town.clock.passes(hours=24, seconds=-1)

    conclusion = town.concludes()

    assert town.findings("INV-01") == []
    assert conclusion.look_at == town.clock.now() + timedelta(seconds=1)


def test_while_a_hand_over_is_open_both_are_shown(town: Any) -> None:
    """换押正在进行的，不算违反。"""
    at_prosecution(town, "甲")
    town.takes("custody_handover:offer", "甲", to_organ=PROCURATORATE)
    town.clock.passes(days=2)

    assert town.findings("INV-01") == []


def test_a_hand_over_that_was_taken_back_leaves_it_as_it_was(town: Any) -> None:
    """撤回的，仍然违反。"""
    at_prosecution(town, "甲")
    town.takes("custody_handover:offer", "甲", to_organ=PROCURATORATE)
    town.takes("custody_handover:withdraw_offer", "甲")
    town.clock.passes(days=2)

    assert town.findings("INV-01") == [("INV-01", "violated", "甲")]


def test_after_a_hand_over_all_is_well(town: Any) -> None:
    """换押完成的，相符；同案的另一人没有换押，单独认定。"""
    at_prosecution(town, "甲", "乙")
    town.hands_over("甲", PROCURATORATE)
    town.clock.passes(days=2)

    assert town.findings("INV-01") == [("INV-01", "violated", "乙")]


def test_who_is_released_is_held_for_nobody(town: Any) -> None:
    """已经释放的，无所谓换押。"""
    at_prosecution(town, "甲")
    town.takes("custody_handover:release", "甲")
    town.clock.passes(days=2)

    assert town.findings("INV-01") == []


def test_arrest_review_changes_no_holder(town: Any) -> None:
    """审查逮捕不改变办案机关。"""
    town.files("甲")
    town.detains("甲")
    town.takes("criminal_detention:request_arrest", "甲")
    town.takes("arrest_review:accept", "甲")
    town.clock.passes(days=2)

    assert town.findings("INV-01") == []


def test_a_custody_log_that_lags_proves_nothing(town: Any) -> None:
    """看守所的记录读到一天以前的，其间是否换押不明，不作认定，也不发起换押。"""
    at_prosecution(town, "甲")
    read_until = town.clock.now() + timedelta(hours=1)
    town.clock.passes(days=3)
    now = town.clock.now()

    conclusion = town.concludes(read={"case_flow": now, "custody_transfer": read_until, "evidence": now})

    assert [finding.kind for finding in conclusion.findings if finding.kind in {"INV-01", "INV-05"}] == []
    assert conclusion.repairs == ()
    assert conclusion.look_at is not None
    assert conclusion.look_at <= now + timedelta(seconds=60)


# INV-02 没有有效的羁押依据不得羁押（刑事诉讼法第八十、八十五、九十三条）。


def test_ordered_into_custody_and_nowhere_taken_in(town: Any) -> None:
    """已经拘留，看守所没有收押。"""
    town.files("甲")
    town.detains("甲", admitted=False)
    town.clock.passes(days=1)

    assert town.findings("INV-02") == [("INV-02", "violated", "甲")]


def test_taken_in_on_a_warrant(town: Any) -> None:
    """凭证收押的，有依据；收押登记晚到几个小时，也不算没有。"""
    town.files("甲", "乙")
    town.detains("甲")
    town.detains("乙", admitted=False)
    town.clock.passes(hours=20)
    town.admits("乙")
    town.clock.passes(days=1)

    assert town.findings("INV-02") == []


def test_a_centre_whose_log_was_not_read_is_not_accused(town: Any) -> None:
    """看守所的记录没有读到的，不能说没有收押。"""
    town.files("甲")
    town.detains("甲", admitted=False)
    town.clock.passes(days=1)

    assert town.findings("INV-02", read={"case_flow": town.clock.now()}) == []


def test_held_on_a_title_that_rests_on_no_paper(town: Any) -> None:
    """没有文书的羁押依据，不是依据。"""
    town.files("甲")
    town.detains("甲")
    assert town.findings("INV-02") == []
    town.takes("custody_handover:offer", "甲", to_organ=PROCURATORATE)

    town.takes("custody_handover:withdraw_offer", "甲", facts={"title": {"limit": "investigation_custody"}})

    assert town.findings("INV-02") == [("INV-02", "violated", "甲")]


def test_detained_again_and_not_taken_in_again(town: Any) -> None:
    """先前的羁押已经结束的，再次拘留须再次收押。"""
    town.files("甲")
    town.detains("甲")
    town.takes("criminal_detention:release", "甲")
    town.takes("custody_handover:release", "甲")
    town.clock.passes(days=10)
    town.detains("甲", admitted=False)
    town.clock.passes(days=1)

    assert town.findings("INV-02") == [("INV-02", "violated", "甲")]


def test_arrested_on_the_approval_of_another(town: Any) -> None:
    """批准逮捕的是同案的另一人，不得据以逮捕此人（刑事诉讼法第八十条）。"""
    town.files("甲", "乙")
    town.detains("甲", "乙")
    town.goes_to("arrest", "甲")
    town.takes("criminal_detention:request_arrest", "乙")

    town.takes("criminal_detention:arrest", "乙")

    assert town.findings("INV-02") == [("INV-02", "violated", "乙")]


# INV-03 羁押不得超过期限（刑事诉讼法第九十八、九十九条）。


def test_held_beyond_the_end(town: Any) -> None:
    """三日届满，第四日仍在押。"""
    town.files("甲")
    town.detains("甲")
    town.clock.passes(days=4)

    assert town.findings("INV-03") == [("INV-03", "overdue", "甲")]


def test_held_on_the_last_day(town: Any) -> None:
    """届满之日当日在押，不超期；次日零时起超期。"""
    town.files("甲")
    town.detains("甲")
    town.clock.passes(days=3, hours=14, minutes=59)

    conclusion = town.concludes()

    assert town.findings("INV-03") == []
    assert conclusion.look_at is not None
    assert conclusion.look_at <= town.clock.now() + timedelta(minutes=1)
    town.clock.passes(minutes=1)
    assert town.findings("INV-03") == [("INV-03", "overdue", "甲")]


@pytest.mark.parametrize(("days", "found"), [(3, []), (4, [("INV-03", "late", "甲")])])
def test_released_on_the_last_day_or_a_day_late(town: Any, days: int, found: list[Any]) -> None:
    """届满之日释放，不超期；次日释放，已经超期，释放以后仍然记载。"""
    town.files("甲")
    town.detains("甲")
    town.clock.passes(days=days)
    town.takes("custody_handover:release", "甲")
    town.clock.passes(days=30)

    assert town.findings("INV-03") == found


def test_an_extended_end_is_the_end(town: Any) -> None:
    """延长的，以延长后的届满之日为准；通知而未签收的，以原届满之日为准。"""
    town.files("甲", "乙")
    town.detains("甲", "乙")
    for label in ("甲", "乙"):
        title = {"limit": "detention_request_arrest", "from": town.rows[-1]["occurred_at"], "extensions": 2}
        town.takes("custody_handover:notice_change", label, facts={"title": title})
    town.takes("custody_handover:confirm_change", "甲")
    town.clock.passes(days=20)

    assert town.findings("INV-03") == [("INV-03", "overdue", "乙")]


def test_titles_that_follow_each_other(town: Any) -> None:
    """前一依据届满以前已有后一依据的，不超期。"""
    town.files("甲")
    town.detains("甲")
    town.clock.passes(days=2)
    town.holds_on("甲", "investigation_custody", "2026-03-04")
    town.clock.passes(days=40)

    assert town.findings("INV-03") == []


@pytest.mark.parametrize("limit", ["sentence", "death_review"])
def test_no_end_no_alarm(town: Any, limit: str) -> None:
    """没有届满之日的，不报超期。"""
    town.files("甲")
    town.detains("甲")
    town.holds_on("甲", limit, "2026-03-03")
    town.clock.passes(days=4000)

    assert town.findings("INV-03") == []


def test_a_release_that_was_not_read_yet(town: Any) -> None:
    """看守所的记录只读到届满之日的，不能说仍在押；读到以后再看。"""
    town.files("甲")
    town.detains("甲")
    town.clock.passes(days=3)
    read_until = town.clock.now()
    town.clock.passes(days=1)
    now = town.clock.now()

    conclusion = town.concludes(read={"case_flow": now, "evidence": now, "custody_transfer": read_until})

    assert [finding for finding in conclusion.findings if finding.kind == "INV-03"] == []
    assert conclusion.look_at is not None
    assert conclusion.look_at <= now + timedelta(seconds=60)


# INV-04 前后羁押依据之间不得有空档。


@pytest.mark.parametrize(
    ("since", "found"),
    [("2026-03-05", []), ("2026-03-06", []), ("2026-03-07", [("INV-04", "late", "甲")])],
    ids=["on the last day", "on the day after", "a day between"],
)
def test_a_gap_between_titles(town: Any, since: str, found: list[Any]) -> None:
    """拘留至五日届满，下一依据自六日起的，没有空档；自七日起的，六日没有依据。"""
    town.files("甲")
    town.detains("甲")
    town.clock.passes(days=6)
    town.holds_on("甲", "investigation_custody", since)

    assert town.findings("INV-04") == found


def test_an_extension_leaves_no_gap(town: Any) -> None:
    """同一依据延长的，不是两个依据；其后的依据接着延长后的届满之日。"""
    town.files("甲")
    town.detains("甲", on="2026-03-02")
    town.holds_on("甲", "detention_request_arrest", "2026-03-02", extensions=2)
    town.clock.passes(days=30)
    town.holds_on("甲", "investigation_custody", "2026-04-01")

    assert town.findings("INV-04") == []


# INV-05 每次转移办案机关，都有换押证和看守所的签收（KY14）。


def test_transferred_without_a_hand_over(town: Any) -> None:
    """应当换押一次，一次没有办。"""
    at_prosecution(town, "甲")
    town.clock.passes(days=1)

    assert town.findings("INV-05") == [("INV-05", "violated", "甲")]


def test_transferred_with_a_hand_over_each_time(town: Any) -> None:
    """移送、退回、再移送：应当换押三次，都办了，都签收了。"""
    at_prosecution(town, "甲")
    town.hands_over("甲", PROCURATORATE)
    for step in ("prosecution_review:review", "prosecution_review:return", "supplementary_return:receive"):
        town.takes(step, "甲")
    town.hands_over("甲", POLICE)
    town.takes("supplementary_return:resubmit", "甲")
    town.hands_over("甲", PROCURATORATE)
    town.clock.passes(days=1)

    assert town.findings("INV-05") == []
    assert town.findings("INV-01") == []


def test_one_hand_over_for_two_situations(town: Any) -> None:
    """退回补充侦查没有换押的，少一次。"""
    at_prosecution(town, "甲")
    town.hands_over("甲", PROCURATORATE)
    for step in ("prosecution_review:review", "prosecution_review:return", "supplementary_return:receive"):
        town.takes(step, "甲")
    town.clock.passes(days=1)

    assert town.findings("INV-05") == [("INV-05", "violated", "甲")]


def test_who_is_at_large_is_handed_over_by_nobody(town: Any) -> None:
    """没有在押的，不换押。"""
    town.files("甲")
    town.takes("bail:decide", "甲")
    town.goes_to("prosecution", "甲")
    town.clock.passes(days=1)

    assert town.findings("INV-05") == []


def test_a_hand_over_without_the_centres_receipt(town: Any) -> None:
    """换押而看守所没有签收的，过了容许的时间，认定；案件其他的进展不推迟认定。"""
    at_prosecution(town, "甲")
    town.hands_over("甲", PROCURATORATE, confirmed=False)
    town.clock.passes(hours=23)
    assert town.findings("INV-05") == []
    town.registers("乙")
    town.clock.passes(hours=2)

    (finding,) = (each for each in town.concludes().findings if each.kind == "INV-05")

    assert finding.owner == "detention_center"
    town.takes("custody_handover:confirm", "甲")
    assert town.findings("INV-05") == []


# INV-07 应当释放的，立即释放（刑事诉讼法第九十一、一百六十三、一百七十八、二百六十条）。


def refused_arrest(town: Any, *labels: str) -> None:
    """Detained, requested, and not approved."""
    town.files(*labels)
    town.detains(*labels)
    for step in ("criminal_detention:request_arrest", "arrest_review:accept", "arrest_review:refuse"):
        town.takes(step, *labels)


def test_not_approved_and_not_released(town: Any) -> None:
    """不批准逮捕后三小时没有释放。"""
    refused_arrest(town, "甲")
    town.clock.passes(hours=3)

    assert town.findings("INV-07") == [("INV-07", "overdue", "甲")]


@pytest.mark.parametrize(("hours", "found"), [(2, []), (3, [("INV-07", "late", "甲")])])
def test_released_soon_or_late(town: Any, hours: int, found: list[Any]) -> None:
    """两小时以内释放的，是立即；三小时以后释放的，不是。"""
    refused_arrest(town, "甲")
    town.clock.passes(hours=hours)
    town.takes("arrest_review:release", "甲")
    town.takes("custody_handover:release", "甲")
    town.clock.passes(days=3)

    assert town.findings("INV-07") == found


def test_let_go_by_the_organ_and_kept_by_the_centre(town: Any) -> None:
    """办案机关已经释放，看守所仍记为在押：两小时以后认定。"""
    refused_arrest(town, "甲")
    town.takes("arrest_review:release", "甲")
    town.clock.passes(minutes=119)
    assert town.findings("INV-07") == []
    town.clock.passes(minutes=2)

    (finding,) = (each for each in town.concludes().findings if each.kind == "INV-07")

    assert (finding.status, finding.owner) == ("overdue", "detention_center")
    town.takes("custody_handover:release", "甲")
    assert town.findings("INV-07") == []


# INV-12 立案以前不得采取强制措施（公安机关办理刑事案件程序规定第一百七十四条）。


def test_detained_before_filing(town: Any) -> None:
    """先拘留，次日立案。"""
    town.takes("case_intake:accept")
    town.registers("甲")
    town.detains("甲")
    town.clock.passes(days=1)
    town.takes("case_intake:file")

    assert town.findings("INV-12") == [("INV-12", "violated", "甲")]


def test_detained_on_the_day_of_filing(town: Any) -> None:
    """同日立案、同日拘留，只知道日期的，不能说是先拘留。"""
    town.takes("case_intake:accept")
    town.registers("甲")
    town.detains("甲", on="2026-03-02")
    town.takes("case_intake:file", on="2026-03-02")

    assert town.findings("INV-12") == []


def test_filed_after_a_refusal_to_file(town: Any) -> None:
    """不予立案后又立案的，也是立案。"""
    town.takes("case_intake:accept")
    town.takes("case_intake:refuse_filing")
    town.takes("case_intake:file_anew")
    town.registers("甲")
    town.detains("甲")

    assert town.findings("INV-12") == []


# INV-13 每件财物有且只有一个负责机关，就是案件所处阶段的办案机关（公安机关办理刑事案件程序规定第二百三十五条）。


def seizes(town: Any) -> None:
    """A phone, in the store of the police."""
    town.takes("dossier_record:open", by=POLICE, facts={"organs": [PROCURATORATE]})
    facts = {"kind": "mobile_phone", "count": 1, "location": "3库", "custodian": "保管中心"}
    row = town.takes("property_record:register", by=POLICE, facts=facts)
    town.things["手机"] = next(iter(row["created"]))
    town.takes("property_flow:store", "手机")


def packs(town: Any, *, files: int = 0, goods: bool = True) -> str:
    """A package for the procuratorate, sealed; its digest."""
    items = []
    for number in range(files):
        facts = {"volume": "evidence_volume", "title": f"笔录{number}", "kind": "interrogation_record", "sm3": "sm3:00"}
        row = town.takes("dossier_record:add_item", by=POLICE, facts=facts)
        items.append({"item_id": next(iter(row["created"]))})
    listed = {"dossier_items": items, "property_items": [town.things["手机"]] if goods else []}
    row = town.takes("package_record:draft", by=POLICE, facts={"to_organ": PROCURATORATE, "title": "移送", **listed})
    town.things["包"] = next(iter(row["created"]))
    return str(town.takes("package_handover:seal", "包")["digest"])


GOODS = tuple({"kind": kind} for kind in ("property_transfer_list", "property_responsibility_transfer"))


def test_goods_left_behind(town: Any) -> None:
    """案件移送，财物没有随案移送。"""
    seizes(town)
    at_prosecution(town, "甲")
    town.clock.passes(days=1)

    assert town.findings("INV-13") == [("INV-13", "violated", "手机")]


def test_goods_on_their_way(town: Any) -> None:
    """正在移送的，不算违反；接收以后，相符。"""
    seizes(town)
    mark = packs(town)
    at_prosecution(town, "甲")
    town.takes("package_handover:offer", "包", documents=GOODS)
    town.clock.passes(days=2)
    assert town.findings("INV-13") == []
    town.takes("package_handover:inspect", "包", by=PROCURATORATE)
    town.takes("package_handover:accept", "包", by=PROCURATORATE, facts={"digest": mark})
    town.clock.passes(days=2)

    assert town.findings("INV-13") == []


def test_goods_have_their_time(town: Any) -> None:
    """移送以后，在容许的时间以内。"""
    seizes(town)
    at_prosecution(town, "甲")
    town.clock.passes(hours=23)

    assert town.findings("INV-13") == []


def test_persons_at_different_stages_say_nothing_about_the_goods(town: Any) -> None:
    """同案的人处于不同阶段的，财物由谁负责，不能由此认定。"""
    seizes(town)
    at_prosecution(town, "甲")
    town.registers("乙")
    town.clock.passes(days=2)

    assert town.findings("INV-13") == []


# INV-24 退回补充侦查以二次为限（刑事诉讼法第一百七十五条）。


def returned(town: Any, times: int) -> None:
    for _ in range(times):
        for step in ("return", "resubmit"):
            town.takes(f"prosecution_review:{step}", "甲")
            if step == "return":
                town.takes("supplementary_return:receive", "甲")
        # an older system kept no count
        head = town.heads["case_flow"]
        town.heads["case_flow"] = Head(head.case_id, head.version, {**head.state, "counts": {}}, head.links)


@pytest.mark.parametrize(("times", "found"), [(2, []), (3, [("INV-24", "violated", "甲")])])
def test_returned_too_often(town: Any, times: int, found: list[Any]) -> None:
    """第二次可以，第三次不可以。"""
    at_prosecution(town, "甲")
    town.takes("prosecution_review:review", "甲")
    returned(town, times)

    assert town.findings("INV-24") == found


def test_returns_are_counted_for_each_person(town: Any) -> None:
    """一份决定书退回二人，各人各计一次。"""
    at_prosecution(town, "甲", "乙")
    town.takes("prosecution_review:review", "甲", "乙")
    for _ in range(2):
        town.takes("prosecution_review:return", "甲", "乙")
        town.takes("supplementary_return:receive", "甲", "乙")
        town.takes("supplementary_return:resubmit", "甲", "乙")

    assert town.findings("INV-24") == []


# INV-27 人所处的阶段与案件所处的阶段相容。


def without(town: Any, step: str) -> list[Any]:
    """The rows, one step left out."""
    return [row for row in town.rows if row["type"] != step]


def test_at_court_without_a_charge(town: Any) -> None:
    """没有起诉，法院已经立案。"""
    at_prosecution(town, "甲")
    town.goes_to("court", "甲")

    assert town.findings("INV-27") == []
    rows = without(town, "prosecution_review:charge")
    assert town.findings("INV-27", rows=rows) == [("INV-27", "violated", "甲")]


def test_transferred_in_a_case_that_was_not_filed(town: Any) -> None:
    """没有立案，已经移送审查起诉。"""
    at_prosecution(town, "甲")

    assert town.findings("INV-27") == []
    assert town.findings("INV-27", rows=without(town, "case_intake:file")) == [("INV-27", "violated", "甲")]


def test_one_person_stays_behind(town: Any) -> None:
    """同案一人起诉，一人仍在侦查，相容。"""
    at_prosecution(town, "甲")
    town.registers("乙")
    town.goes_to("court", "甲")

    assert town.findings("INV-27") == []


# INV-29 收到的案卷就是移送的案卷（人民检察院刑事诉讼规则第一百五十七条）。


def sends(town: Any, digest: str, package: str) -> None:
    """Transferred for prosecution with a list that names a package."""
    town.files("甲")
    town.takes("investigation_close:conclude", "甲")
    papers = [{"kind": kind} for kind in ("prosecution_opinion", "transfer_notice_to_suspect")]
    papers.append({"kind": "dossier_handover_list", "digest": digest, "package_id": package})
    town.takes("investigation_close:transfer", "甲", documents=tuple(papers))


def test_what_was_sent_is_what_was_sealed(town: Any) -> None:
    """移送清单的摘要，与封装的一致。"""
    seizes(town)
    mark = packs(town, files=2, goods=False)
    sends(town, mark, town.things["包"])
    town.takes("package_handover:offer", "包")
    town.takes("package_handover:inspect", "包", by=PROCURATORATE)
    town.takes("package_handover:accept", "包", by=PROCURATORATE, facts={"digest": mark})
    town.clock.passes(days=2)

    assert town.findings("INV-29") == []


def test_another_digest(town: Any) -> None:
    """移送清单的摘要，与封装的不一致。"""
    seizes(town)
    packs(town, files=2, goods=False)
    sends(town, f"sm3:{'0' * 64}", town.things["包"])

    assert [each[:2] for each in town.findings("INV-29")] == [("INV-29", "violated")]


def test_a_package_that_nobody_sealed(town: Any) -> None:
    """移送清单所指的案卷包没有封装：过了容许的时间，并且读过证据服务的记录，方可认定。"""
    sends(town, f"sm3:{'0' * 64}", "pkg_0")
    soon = town.findings("INV-29")
    town.clock.passes(days=1)
    now = town.clock.now()

    assert soon == []
    assert [each[:2] for each in town.findings("INV-29")] == [("INV-29", "violated")]
    assert town.findings("INV-29", read={"case_flow": now, "custody_transfer": now}) == []


# INV-32 要求复议、提请复核不影响立即释放（刑事诉讼法第九十二条）。


def test_reconsideration_instead_of_release(town: Any) -> None:
    """没有释放，先要求复议。"""
    refused_arrest(town, "甲")
    town.takes("arrest_review:request_reconsideration", "甲")

    assert town.findings("INV-32") == [("INV-32", "violated", "甲")]


def test_reconsideration_after_release(town: Any) -> None:
    """先释放，再要求复议。"""
    refused_arrest(town, "甲")
    town.takes("arrest_review:release", "甲")
    town.takes("custody_handover:release", "甲")
    town.takes("arrest_review:request_reconsideration", "甲")

    assert town.findings("INV-32") == []


def test_reconsideration_for_who_was_at_large(town: Any) -> None:
    """没有被拘留的，不批准逮捕后要求复议，没有释放可言。"""
    town.files("甲")
    for step in ("request", "accept", "refuse", "request_reconsideration"):
        town.takes(f"arrest_review:{step}", "甲")

    assert town.findings("INV-32") == []
