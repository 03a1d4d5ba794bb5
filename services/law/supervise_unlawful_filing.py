"""P04 立案监督（不应当立案而立案）. The procuratorate asks why there is a case, and may order its withdrawal."""

from datetime import date

from services.kernel.period import days
from services.kernel.procedure import Procedure, Remark, State, may_within, must
from services.kernel.who import Organ
from services.law.offices import CHIEF, COUNTY_HEAD, PROSECUTOR, SUPERIOR_CHIEF
from services.law.statutes import CPL, LJ10, MPS, SPP


class SuperviseUnlawfulFiling(Procedure):
    """立案监督（不应当立案而立案）"""

    id = "P04"
    name = "supervise_unlawful_filing"
    zh = "立案监督（不应当立案而立案）"
    line = "case"
    again = True
    in_force = date(2019, 12, 30)

    clue = State("线索受理", initial=True)
    reason_requested = State("已要求说明立案理由")
    no_reason = State("逾期不说明理由")
    reason_received = State("收到理由")
    accepted_reason = State("理由成立")
    withdraw_notice = State("已通知撤案")
    reconsidering = State("复议中")
    reviewing = State("复核中")
    withdrawn = State("已撤案", end=True)
    kept = State("维持立案", end=True)
    correction = State("纠正违法")
    escalated = State("上级协商")

    # 要求说明理由
    request_reason = PROSECUTOR.may(
        "要求说明立案理由",
        at=clue,
        to=reason_requested,
        ids="P04.T01",
        needs="要求说明立案理由通知书",
        condition="有证据证明可能违法立案，尚未提请批准逮捕或者移送起诉",
        cite=(SPP[559, 2], SPP[560], LJ10[7]),
    )
    withdraw_on_own = COUNTY_HEAD.may(
        "主动撤销案件",
        at=reason_requested,
        to=withdrawn,
        ids="P04.T02",
        needs="撤销案件（终止侦查）报告书、撤销案件决定书",
        cite=(CPL[163], MPS[186, 1], MPS[187, 1]),
    )
    state_reason = COUNTY_HEAD.may(
        "说明立案理由",
        at=reason_requested | no_reason,
        to=reason_received,
        ids="P04.T03 P04.S03",
        needs="立案理由说明书",
        cite=(SPP[560], MPS[183]),
    )
    # 表中公安机关不说明理由的，没有出路；情节较重的违法由检察长发出纠正违法通知书：S04
    correct_no_answer = CHIEF.may(
        "纠正逾期不说明理由",
        at=reason_requested,
        to=no_reason,
        ids="P04.S04",
        needs="纠正违法通知书",
        condition="公安机关在七日以内不说明理由，也不撤销案件",
        cite=(SPP[552, 1], SPP[560]),
    )

    # 审查理由
    accept_reason = CHIEF.may("认为理由成立", at=reason_received, to=accepted_reason, ids="P04.T04", cite=SPP[561, 2])
    keep = PROSECUTOR.may(
        "告知理由后维持立案",
        at=accepted_reason,
        to=kept,
        ids="P04.T05",
        condition="已将立案的依据和理由告知提出监督的人",
        cite=SPP[561, 2],
    )
    notify_to_withdraw = CHIEF.may(
        "通知撤销案件",
        at=reason_received,
        to=withdraw_notice,
        ids="P04.T06",
        needs="通知撤销案件书",
        condition="立案理由不能成立",
        cite=(SPP[561, 1], SPP[563]),
    )

    # 撤案、复议、复核。表中没有复议维持的决定，也没有维持以后撤案的转移：S01、S02
    withdraw = COUNTY_HEAD.may(
        "撤销案件",
        at=withdraw_notice | correction | reconsidering | no_reason | escalated,
        to=withdrawn,
        ids="P04.T07 P04.T14 P04.S02 P04.S06 P04.S07",
        needs="撤销案件决定书",
        cite=(SPP[563], MPS[187, 1]),
    )
    request_reconsideration = COUNTY_HEAD.may(
        "要求复议",
        at=withdraw_notice,
        to=reconsidering,
        ids="P04.T08",
        needs="要求复议意见书",
        cite=(SPP[565, 1], LJ10[10]),
    )
    uphold_on_reconsideration = CHIEF.may(
        "复议维持撤案通知",
        at=reconsidering,
        to=reconsidering,
        ids="P04.S01",
        needs="复议决定书（检察）",
        cite=SPP[565, 1],
    )
    keep_on_reconsideration = CHIEF.may(
        "复议撤销撤案通知",
        at=reconsidering,
        to=kept,
        ids="P04.T09",
        needs="复议决定书（检察）",
        condition="撤销案件通知有错误",
        cite=SPP[565, 1],
    )
    request_review = COUNTY_HEAD.may(
        "提请复核",
        at=reconsidering,
        to=reviewing,
        ids="P04.T10",
        needs="提请复核意见书",
        condition="不接受复议决定",
        cite=(SPP[565, 2], LJ10[10]),
    )
    order_withdrawal = SUPERIOR_CHIEF.may(
        "复核维持撤案通知",
        at=reviewing,
        to=withdrawn,
        ids="P04.T11",
        needs="复核决定书（检察）、撤销案件决定书",
        cite=(SPP[565, 2], SPP[565, 3]),
    )
    keep_on_review = SUPERIOR_CHIEF.may(
        "复核撤销撤案通知",
        at=reviewing,
        to=kept,
        ids="P04.T12",
        needs="复核决定书（检察）",
        condition="撤销案件通知有错误；下级人民检察院立即纠正",
        cite=(SPP[565, 2], SPP[565, 3]),
    )
    correct = CHIEF.may(
        "纠正逾期不撤案",
        at=withdraw_notice,
        to=correction,
        ids="P04.T13",
        needs="纠正违法通知书",
        condition="超过十五日未要求复议、提请复核，也不撤销案件",
        cite=SPP[564, 2],
    )
    # 表中仍不纠正的，没有下一步：S05
    escalate = CHIEF.may(
        "报上一级人民检察院协商同级公安机关处理",
        at=correction | no_reason,
        to=escalated,
        ids="P04.S05 P04.S08",
        condition="公安机关仍不纠正",
        cite=SPP[564, 2],
    )

    # 应当
    filing_reason_statement = must(
        Organ.POLICE,
        "说明立案理由",
        days(7),
        after=request_reason,
        by=state_reason | withdraw_on_own | withdraw,
        on_expiry="人民检察院可以发出纠正违法通知书",
        to=Organ.PROCURATORATE,
        cite=(SPP[560], LJ10[7]),
    )
    withdraw_on_supervision_notice = must(
        Organ.POLICE,
        "收到通知撤销案件书的处理",
        days(15),
        after=notify_to_withdraw,
        by=withdraw | request_reconsideration,
        note="没有异议的应当立即撤销案件；十五日是人民检察院纠正以前的外限",
        on_expiry="发出纠正违法通知书；仍不纠正的，报上一级人民检察院协商同级公安机关处理",
        to=Organ.PROCURATORATE,
        cite=(SPP[563], SPP[564], LJ10[9]),
    )
    withdraw_notice_reconsideration_request = may_within(
        Organ.POLICE,
        "要求复议（通知撤案）",
        days(5),
        after=notify_to_withdraw,
        by=request_reconsideration,
        note="经县级以上公安机关负责人批准",
        cite=LJ10[10],
    )
    withdraw_notice_reconsideration_decide = must(
        Organ.PROCURATORATE,
        "复议决定（通知撤案）",
        days(7),
        after=request_reconsideration,
        by=uphold_on_reconsideration | keep_on_reconsideration,
        void_by=withdraw | request_review,
        note="提请复核以已有复议决定为前提；公安机关自行撤案的，无须再决定",
        to=Organ.POLICE,
        cite=SPP[565, 1],
    )
    withdraw_notice_review_request = may_within(
        Organ.POLICE,
        "提请复核（通知撤案）",
        days(5),
        after=uphold_on_reconsideration,
        by=request_review,
        cite=LJ10[10],
    )
    withdraw_notice_review_decide = must(
        Organ.PROCURATORATE,
        "复核决定（通知撤案）",
        days(15),
        after=request_review,
        by=order_withdrawal | keep_on_review,
        note="由上一级人民检察院决定",
        to=Organ.POLICE,
        cite=(SPP[565, 2], LJ10[10]),
    )

    after_withdrawal = Remark(
        "撤销案件的，原犯罪嫌疑人在押的应当立即释放，解除强制措施和查封、扣押、冻结",
        why="立案监督属于全案，释放和解除属于每一个人和每一件财物，由侦查终结的撤案和财物各自登记",
        cite=(CPL[163], MPS[187, 2], MPS[187, 3]),
    )
    unlawful_grounds = Remark(
        "违法动用刑事手段插手民事、经济纠纷，或者利用立案实施报复陷害、敲诈勒索、谋取其他非法利益",
        why="是否属于违法立案是检察官的判断，系统不代为判断",
        cite=SPP[559, 2],
    )
