"""P28 治安（行政）案件与快速办理 as it was until the end of 2025: what was different under the law of 2012, and no more."""

from datetime import date

from services.kernel.period import Roll, days, hours
from services.kernel.procedure import ANEW, GONE, STAY, add, lasts, must, up_to
from services.kernel.who import Organ
from services.law.admin_case import AdminCase
from services.law.offices import COUNTY_HEAD, OFFICER, PARTY, STATION, SUPERIOR_POLICE, UNIT_HEAD
from services.law.statutes import AP, PS12, PS25

#: The articles of 2012 by their numbers of 2025.
_MOVED = {
    9: 9,
    25: 22,
    90: 77,
    96: 82,
    97: 83,
    105: 89,
    106: 90,
    109: 91,
    110: 92,
    112: 94,
    113: 95,
    115: 96,
    116: 97,
} | {117: 98, 118: 99, 119: 100, 120: 101, 121: 102, 122: 103, 123: 104, 124: 105, 126: 107}


class AdminCase2012(AdminCase):
    """治安（行政）案件与快速办理（2012）"""

    edition = "PS12"
    in_force = date(2013, 1, 1)
    until = date(2026, 1, 1)
    cites = {PS25: (PS12, _MOVED)}

    file = UNIT_HEAD.may(
        "受理治安案件",
        at=ANEW,
        to=AdminCase.accepted,
        ids="P28.S01",
        needs="行政案件立案登记表",
        condition="报案、控告、举报、投案、移送或者自行发现；刑事案件撤销、不起诉以后需要给予行政处罚的相同",
        cite=(PS25[90], AP[61]),
    )
    extend_inquiry = UNIT_HEAD.may(
        "延长询问查证时间",
        at=AdminCase.summoned,
        to=STAY,
        ids="P28.S02",
        condition="情况复杂，可能适用行政拘留",
        cite=(PS25[97, 1], AP[69]),
    )
    extend = SUPERIOR_POLICE.may(
        "延长办案期限",
        at=(
            AdminCase.accepted
            | AdminCase.summoned
            | AdminCase.fast
            | AdminCase.investigating
            | AdminCase.notified
            | AdminCase.hearing
        ),
        to=STAY,
        ids="P28.S06",
        needs="呈请延长办案期限报告书",
        condition="案情重大、复杂",
        at_most=1,
        cite=(PS25[118, 1], AP[165]),
    )
    notify = OFFICER.may(
        "进行处罚前告知",
        at=AdminCase.investigating | AdminCase.fast,
        to=AdminCase.notified,
        ids="P28.T08 P28.T09",
        needs="行政处罚告知笔录",
        condition="告知处罚的事实、理由、依据和权利；快速办理的可以口头告知并注明",
        cite=(PS25[112], AP[46, 2], AP[167]),
    )
    request_hearing = PARTY.may(
        "要求听证",
        at=AdminCase.notified,
        to=STAY,
        ids="P28.S07",
        condition="吊销许可证、处二千元以上罚款",
        cite=(PS25[117], AP[123], AP[132], AP[133]),
    )
    decide = COUNTY_HEAD.may(
        "作出处罚决定",
        at=AdminCase.notified,
        to=AdminCase.decided_penalty,
        ids="P28.T12",
        needs="行政处罚决定书、[收缴/追缴物品清单]、[行政拘留家属通知书]",
        condition="听取陈述和申辩",
        cite=(PS25[109], PS25[113], PS25[115], AP[172, 1, 1], AP[175]),
    )
    decide_at_station = STATION.may(
        "以派出所名义作出处罚决定",
        at=AdminCase.notified,
        to=AdminCase.decided_penalty,
        ids="P28.S10",
        needs="行政处罚决定书、[收缴/追缴物品清单]",
        condition="警告、五百元以下的罚款",
        cite=(PS25[109], PS25[115]),
    )
    decide_after_hearing = COUNTY_HEAD.may(
        "听证后作出处罚决定",
        at=AdminCase.hearing,
        to=AdminCase.decided_penalty,
        ids="P28.T11",
        needs="行政处罚决定书",
        condition="不得因要求听证而加重处罚",
        cite=(PS25[113], PS25[115], AP[125]),
    )
    penalize_on_spot = OFFICER.may(
        "当场处罚",
        at=AdminCase.accepted,
        to=AdminCase.decided_penalty,
        ids="P28.T14",
        needs="当场处罚决定书",
        condition="事实清楚，证据确凿，处警告或者二百元以下罚款；卖淫、嫖娼、赌博、毒品案件除外",
        cite=(PS25[119], PS25[120], AP[37], AP[38]),
    )

    admin_inquiry = GONE
    admin_inquiry_pre2026 = lasts(
        Organ.POLICE,
        "传唤询问查证（2026年前受理）",
        hours(8),
        after=AdminCase.summon,
        by=AdminCase.end_inquiry | AdminCase.handle_fast | AdminCase.to_criminal_,
        extensions=(up_to(hours(24), "情况复杂，可能适用行政拘留", "—", "PS12 83"),),
        extended_by=extend_inquiry,
        roll=Roll.NEVER,
        custody="always",
        severity="critical",
        note="自到案起算；没有十二小时一档",
        on_expiry="立即结束询问查证，或者在期满以前作出处理决定",
        cite=(PS12[83, 1], AP[69]),
    )
    public_security_case = GONE
    public_security_case_pre2026 = must(
        Organ.POLICE,
        "治安案件办案期限（2026年前受理）",
        days(30),
        after="case_intake:to_admin admin_case:file",
        by=(
            "admin_case:decide admin_case:decide_at_station admin_case:decide_after_hearing admin_case:decide_none "
            "admin_case:penalize_on_spot admin_case:mediate admin_case:terminate admin_case:to_criminal"
        ),
        extensions=(add(days(30), "案情重大、复杂", "上一级公安机关", "PS12 99"),),
        extended_by=extend,
        restarts_at=AdminCase.resume_after_mediation,
        paused_by=AdminCase.send_for_appraisal,
        resumed_by=AdminCase.receive_appraisal,
        note="自受理起算；只有鉴定的时间不计入，听证的时间计入。2026年以前受理的案件，办理到底仍适用旧法",
        on_expiry="没有处理决定的，向被侵害人说明情况，继续调查取证（公安机关办理行政案件程序规定第一百六十五条）",
        cite=(PS12[99], AP[165], AP[185]),
    )

    full_recording = GONE
    legal_review = GONE
