"""S01 监督意见与检察建议. What the procuratorate holds against an organ in a case, and what came of it.

The tables know the correction notice as a paper only; this is its own line, one for each matter, so that several can run
against several organs at once. None of these acts changes what is supervised: whoever is supervised does that itself.
"""

from datetime import date

from services.kernel.period import days, months
from services.kernel.procedure import STAY, Procedure, Remark, State, must
from services.kernel.who import Organ
from services.law.matters import REPLY_UNSTATED
from services.law.offices import CHIEF, PROSECUTOR, SUPERIOR_CHIEF, SUPERVISED_HEAD
from services.law.statutes import JCJY19, JY06, SPP


class SupervisionAct(Procedure):
    """监督意见与检察建议"""

    id = "S01"
    name = "supervision_act"
    zh = "监督意见与检察建议"
    line = "matter"
    in_force = date(2019, 12, 30)

    registered = State("已登记", initial=True)
    oral = State("已口头纠正")
    notified = State("已发纠正违法通知书")
    rechecking = State("复查中")
    upheld = State("复查维持")
    suggested = State("已发检察建议书")
    contested = State("异议复核中")
    replied = State("已回复")
    reported = State("已报上一级")
    corrected = State("已纠正", end=True)
    informed = State("已通报上级机关", end=True)
    revoked = State("已撤销", end=True)
    withdrawn = State("已撤回", end=True)
    dismissed = State("没有违法情形", end=True)

    # 提出
    dismiss = PROSECUTOR.may(
        "查明没有违法情形", at=registered, to=dismissed, ids="S01.01", tells="答复", cite=(SPP[551], SPP[552, 2])
    )
    correct_orally = PROSECUTOR.may(
        "口头提出纠正意见",
        at=registered,
        to=oral,
        ids="S01.02",
        condition="情节较轻",
        cite=SPP[552, 1],
    )
    issue_notice = CHIEF.may(
        "发出纠正违法通知书",
        at=registered | oral,
        to=notified,
        ids="S01.03 S01.04",
        needs="纠正违法通知书",
        tells="回复期限",
        condition="情节较重，或者口头提出以后没有纠正",
        cite=(SPP[552, 1], SPP[553]),
    )
    suggest = CHIEF.may(
        "提出检察建议",
        at=registered,
        to=suggested,
        ids="S01.05",
        needs="检察建议书",
        tells="[回复期限]",
        condition="违法情形带有普遍性；情况紧急的，可以另行确定回复期限",
        cite=(SPP[552, 1], JCJY19[19]),
    )

    # 回复
    urge = PROSECUTOR.may(
        "督促回复",
        at=notified | suggested,
        to=STAY,
        ids="S01.06 S01.07",
        condition="在规定的期限以内没有回复",
        cite=(SPP[553], JCJY19[24]),
    )
    reply = SUPERVISED_HEAD.may(
        "回复处理情况",
        at=notified | upheld | suggested | reported,
        to=replied,
        ids="S01.08 S01.09 S01.10 S01.11",
        needs="监督意见书面回复",
        tells="答复",
        cite=(SPP[553], JCJY19[19]),
    )
    accept = PROSECUTOR.may(
        "确认已经纠正",
        at=oral | replied | reported | informed,
        to=corrected,
        ids="S01.12 S01.13 S01.14 S01.15",
        condition="已经纠正，或者已经按照建议处理；有申诉人、控告人的，告知纠正情况",
        cite=(SPP[552, 2], SPP[553]),
    )

    # 纠正意见的复查
    request_recheck = SUPERVISED_HEAD.may(
        "申请复查纠正意见",
        at=notified,
        to=rechecking,
        ids="S01.16",
        needs="申请复查意见书",
        tells="异议",
        cite=SPP[554, 1],
    )
    uphold_on_recheck = CHIEF.may(
        "复查认为纠正意见正确",
        at=rechecking,
        to=upheld,
        ids="S01.17",
        needs="复查结果通知书",
        condition="及时向上一级人民检察院报告",
        cite=SPP[554, 1],
    )
    revoke_on_recheck = CHIEF.may(
        "复查撤销纠正意见", at=rechecking, to=revoked, ids="S01.18", needs="复查结果通知书", cite=SPP[554, 1]
    )

    # 检察建议的异议
    contest = SUPERVISED_HEAD.may(
        "对检察建议提出异议", at=suggested, to=contested, ids="S01.19", tells="异议", cite=JCJY19[23]
    )
    keep_suggestion = CHIEF.may(
        "认为异议不成立，说明理由", at=contested, to=suggested, ids="S01.20", tells="答复", cite=JCJY19[23]
    )
    amend_suggestion = CHIEF.may(
        "因异议成立修改检察建议",
        at=contested,
        to=suggested,
        ids="S01.21",
        needs="检察建议书",
        tells="[回复期限]",
        cite=JCJY19[23],
    )
    withdraw_suggestion = CHIEF.may(
        "因异议成立撤回检察建议", at=contested, to=withdrawn, ids="S01.22", tells="答复", cite=JCJY19[23]
    )

    # 上一级
    report = CHIEF.may(
        "向上一级人民检察院报告",
        at=notified | upheld | suggested | replied,
        to=reported,
        ids="S01.23 S01.24 S01.25 S01.26",
        condition="经督促仍不回复，没有正当理由不纠正、不按照建议处理，或者复查认为纠正意见正确",
        cite=(SPP[553], SPP[554, 1], JCJY19[25]),
    )
    inform = SUPERIOR_CHIEF.may(
        "通报被监督单位的上级机关或者主管机关",
        at=reported,
        to=informed,
        ids="S01.27",
        condition="审查认为下级人民检察院的意见正确；建议督促纠正",
        cite=(SPP[554, 2], JCJY19[25]),
    )
    order_revocation = SUPERIOR_CHIEF.may(
        "通知下级人民检察院撤销纠正意见",
        at=reported,
        to=revoked,
        ids="S01.28",
        condition="下级人民检察院应当执行，并及时向被监督单位说明情况",
        cite=SPP[554, 2],
    )

    # 应当
    supervision_reply = must(
        Organ.SUPERVISED_ORGAN,
        "监督意见的回复",
        days(0),
        after=issue_notice | suggest | amend_suggestion,
        by=reply | request_recheck,
        void_by=accept | withdraw_suggestion,
        stated="回复期限",
        note="纠正违法通知书自己规定回复的期限；检察建议书另行确定的，同样计算",
        on_expiry="人民检察院督促回复；仍不回复或者没有正当理由不纠正的，向上一级人民检察院报告",
        cite=(SPP[553], JCJY19[19]),
    )
    suggestion_reply = must(
        Organ.SUPERVISED_ORGAN,
        "检察建议的处理和回复",
        months(2),
        after=suggest | amend_suggestion,
        by=reply,
        void_by=accept | withdraw_suggestion,
        when=REPLY_UNSTATED,
        note="自收到检察建议书起算，以发出之日为收到之日",
        on_expiry="人民检察院督促处理；没有正当理由不处理的，可以报告上级人民检察院，通报被建议单位的上级机关",
        cite=JCJY19[19],
    )
    correction_opinion_recheck = must(
        Organ.PROCURATORATE,
        "纠正意见复查",
        days(7),
        after=request_recheck,
        by=uphold_on_recheck | revoke_on_recheck,
        note="自收到被监督单位的书面意见起算，以申请之日为收到之日",
        on_expiry="上一级人民检察院督促复查",
        cite=SPP[554, 1],
    )

    other_notices = Remark(
        "立案监督、超期羁押、减刑假释裁定的纠正违法通知书",
        why="在各自的程序中登记；要求复查、逐级报告的，另行登记监督事项",
        cite=(SPP[564, 2], JY06[32]),
    )
    crimes = Remark(
        "违法行为构成犯罪的，移送有关机关、部门依法追究刑事责任",
        why="移送以后是另一案件",
        cite=SPP[552, 1],
    )
    at_once = Remark(
        "被建议单位提出异议的，检察官应当立即进行复核",
        why="规定的是立即开始，没有规定何时复核完毕",
        cite=JCJY19[23],
    )
