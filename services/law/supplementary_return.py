"""P14 退回补充侦查. How often a case may be returned is counted by `prosecution_review:return`, not here."""

from datetime import date

from services.kernel.period import Roll, months
from services.kernel.procedure import Procedure, Remark, State, must
from services.kernel.who import Organ
from services.law.offices import CLOCK, COUNTY_HEAD, OFFICER
from services.law.statutes import CPL, MPS, SPP


class SupplementaryReturn(Procedure):
    """退回补充侦查"""

    id = "P14"
    name = "supplementary_return"
    zh = "退回补充侦查"
    in_force = date(2018, 10, 26)

    returned = State("已退回", initial=True)
    supplementing = State("补充侦查中")
    retransferred = State("已重新移送", end=True)
    withdrawn = State("撤案", end=True)
    overdue = State("逾期未移送")

    receive = OFFICER.may(
        "接收退回补充侦查的案件",
        at=returned,
        to=supplementing,
        ids="P14.T01",
        needs="[换押证]",
        condition="收到退回补充侦查的法律文书、补充侦查提纲和案卷",
        hands_to=Organ.POLICE,
        cite=MPS[295],
    )
    resubmit = COUNTY_HEAD.may(
        "补充侦查完毕重新移送",
        at=supplementing,
        to=retransferred,
        ids="P14.T02",
        needs="补充侦查报告书、[换押证]",
        condition="已补充证据，或者书面说明无法查明、无法补充或者退回不当",
        carries="prosecution_review:resubmit",
        hands_to=Organ.PROCURATORATE,
        cite=(CPL[175, 3], MPS[296]),
    )
    resubmit_with_opinion = COUNTY_HEAD.may(
        "重新制作起诉意见书移送",
        at=supplementing,
        to=retransferred,
        ids="P14.T03",
        needs="起诉意见书、[换押证]",
        condition="发现新的同案犯或者新的罪行，需要追究刑事责任",
        carries="prosecution_review:resubmit",
        hands_to=Organ.PROCURATORATE,
        cite=(CPL[175, 3], MPS[296]),
    )
    withdraw = COUNTY_HEAD.may(
        "补充侦查期间撤销案件",
        at=supplementing,
        to=withdrawn,
        ids="P14.T04",
        needs="撤销案件决定书/终止侦查决定书、[释放通知书]",
        condition="原认定的犯罪事实有重大变化，不应当追究刑事责任；通知退查的人民检察院",
        carries="prosecution_review:withdraw_by_police",
        ends="criminal_detention:released bail:lifted residential_surveillance:lifted custody_extension:ended",
        cite=MPS[296],
    )

    # 逾期
    lapse = CLOCK.may(
        "补充侦查期限届满", at=supplementing, to=overdue, ids="P14.T05", condition="一个月届满", cite=SPP[347]
    )
    resubmit_late = COUNTY_HEAD.may(
        "逾期重新移送",
        at=overdue,
        to=retransferred,
        ids="P14.T06",
        needs="补充侦查报告书",
        carries="prosecution_review:resubmit",
        hands_to=Organ.PROCURATORATE,
        cite=MPS[296],
    )
    withdraw_late = COUNTY_HEAD.may(
        "逾期后撤销案件",
        at=overdue,
        to=withdrawn,
        ids="P14.T07",
        needs="撤销案件决定书",
        carries="prosecution_review:withdraw_by_police",
        ends="criminal_detention:released bail:lifted residential_surveillance:lifted custody_extension:ended",
        cite=MPS[296],
    )

    # 应当
    supplementary_investigation = must(
        Organ.POLICE,
        "退回补充侦查",
        months(1),
        after=receive,
        by=resubmit | resubmit_with_opinion | withdraw | resubmit_late | withdraw_late,
        roll=Roll.ONLY_IF_NOT_DETAINED,
        custody="if_detained",
        severity="critical",
        on_expiry="人民检察院应当要求公安机关说明理由（人民检察院刑事诉讼规则第三百四十七条）",
        note="自公安机关接到退回补充侦查的法律文书起算；在押的，每次退回和重新移送都应当换押",
        to=Organ.PROCURATORATE,
        cite=(CPL[175, 3], MPS[295], SPP[346]),
    )
    self_supplement_by_procuratorate = must(
        Organ.PROCURATORATE,
        "审查起诉中自行侦查",
        None,
        after="prosecution_review:supplement",
        by="prosecution_review:resume",
        roll=Roll.NEVER,
        note="应当在审查起诉期限内侦查完毕，没有自己的期限，也不换押",
        cite=(SPP[348], CPL[175, 2]),
    )

    unlawful_withdrawal = Remark(
        "人民检察院发现公安机关违反法律规定撤销案件的，应当提出纠正意见",
        why="是否违法由检察官判断；纠正违法的步骤在立案监督中",
        cite=SPP[347],
    )
