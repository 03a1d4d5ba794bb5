"""P12 侦查终结与移送审查起诉. From the investigation of one person to the procuratorate's acceptance, or to its end."""

from datetime import date

from services.kernel.period import AT_ONCE, Roll, days
from services.kernel.procedure import DETAINED, Event, Procedure, Remark, State, must
from services.kernel.who import Organ
from services.law.offices import CASE_MANAGEMENT, COUNTY_HEAD, OFFICER
from services.law.statutes import CPL, MPS, SPP


class InvestigationClose(Procedure):
    """侦查终结与移送审查起诉"""

    id = "P12"
    name = "investigation_close"
    zh = "侦查终结与移送审查起诉"
    begins_at = "case_intake:filed"
    in_force = date(2018, 10, 26)

    investigating = State("侦查中", initial=True)
    closing = State("侦查终结审批")
    transferred = State("已移送起诉")
    refused_intake = State("补送材料")
    accepted = State("检察院已受理", end=True)
    withdrawn = State("撤销案件", end=True)
    terminated_person = State("终止侦查（部分人员）")

    # 侦查终结和移送
    conclude = OFFICER.may(
        "侦查终结",
        at=investigating,
        to=closing,
        ids="P12.T01",
        needs="结案报告、卷内文书目录",
        condition="犯罪事实清楚，证据确实、充分，法律手续完备；辩护律师提出要求的，已听取意见",
        cite=(CPL[161], MPS[283], MPS[285], MPS[287]),
    )
    transfer = COUNTY_HEAD.may(
        "移送审查起诉",
        at=closing,
        to=transferred,
        ids="P12.T02",
        needs="起诉意见书、[随案移送清单]、案卷（电子卷宗）移送清单、移送审查起诉告知书、[适用速裁程序建议（公安）]、[换押证]",
        condition="重大、复杂、疑难的案件经过集体讨论；共同犯罪写明每个人的地位、作用和罪责",
        carries="custody_extension:transfer",
        cite=(CPL[162], MPS[286], MPS[289]),
    )

    # 检察院受理。补送材料期间，原期限继续计算
    refuse_intake = CASE_MANAGEMENT.may(
        "要求补送材料",
        at=transferred,
        to=refused_intake,
        ids="P12.T03",
        needs="补送材料通知书",
        condition="案卷材料不齐备，或者犯罪嫌疑人不在案",
        cite=SPP[158],
    )
    resubmit = OFFICER.may(
        "补送材料",
        at=refused_intake,
        to=transferred,
        ids="P12.T04",
        needs="案卷（电子卷宗）移送清单",
        cite=(MPS[287], SPP[158]),
    )
    accept = CASE_MANAGEMENT.may(
        "受理移送审查起诉",
        at=transferred,
        to=accepted,
        ids="P12.T05",
        needs="受理案件登记表（检察）、接收案件通知书",
        opens="prosecution_review",
        hands_to=Organ.PROCURATORATE,
        cite=(SPP[157], SPP[158]),
    )

    # 撤销案件和终止侦查
    withdraw = COUNTY_HEAD.may(
        "撤销案件",
        at=investigating,
        to=withdrawn,
        ids="P12.T06",
        needs="撤销案件（终止侦查）报告书、撤销案件决定书、[释放通知书]",
        condition="没有犯罪事实，或者有刑事诉讼法第十六条规定的情形",
        ends="criminal_detention:released bail:lifted residential_surveillance:lifted custody_extension:ended",
        cite=(CPL[163], MPS[186], MPS[187]),
    )
    terminate = COUNTY_HEAD.may(
        "对部分人员终止侦查",
        at=investigating,
        to=terminated_person,
        ids="P12.T07",
        needs="撤销案件（终止侦查）报告书、终止侦查决定书、[释放通知书]",
        condition="犯罪并非其实施，或者共同犯罪中不够刑事处罚；对案件继续侦查",
        ends="criminal_detention:released bail:lifted residential_surveillance:lifted custody_extension:ended",
        cite=(CPL[163], MPS[186, 2], MPS[187]),
    )
    reopen = COUNTY_HEAD.may(
        "继续侦查",
        at=terminated_person,
        to=investigating,
        ids="P12.T08",
        condition="又发现新的事实或者证据，需要对其追究刑事责任",
        cite=MPS[190],
    )

    # 应当
    release_on_case_withdrawal = must(
        Organ.POLICE,
        "撤案/终止侦查后释放",
        AT_ONCE,
        kind="detention",
        after=(
            "investigation_close:withdraw investigation_close:terminate prosecution_review:withdraw_by_police "
            "supplementary_return:withdraw supplementary_return:withdraw_late"
        ),
        by="custody_handover:release custody_handover:release_reminded custody_handover:release_overdue",
        when=DETAINED,
        roll=Roll.NEVER,
        custody="always",
        severity="critical",
        on_expiry="非法羁押报警",
        note="发给释放证明；已被逮捕的，并通知原批准逮捕的人民检察院",
        cite=(CPL[163], MPS[187]),
    )
    case_withdrawal_notice = must(
        Organ.POLICE,
        "撤销案件告知",
        days(3),
        after=Event("case_withdrawn"),
        note="告知原犯罪嫌疑人、被害人或者其近亲属、法定代理人以及移送机关；告知由送达回证证明，尚无对应步骤",
        cite=MPS[189, 1],
    )
    investigation_termination_notice = must(
        Organ.POLICE,
        "终止侦查告知",
        days(3),
        after=Event("investigation_terminated_for_person"),
        note="告知由送达回证证明，尚无对应步骤",
        cite=MPS[189, 2],
    )

    no_transfer_after_exclusion = Remark(
        "排除非法证据后证据不足的，不得移送审查起诉",
        why="证据是否足够是办案人员的判断，系统不代为判断",
        cite=MPS[284],
    )
    bail_with_transfer = Remark(
        "未被逮捕的犯罪嫌疑人，证据确实、充分的，可以直接移送审查起诉",
        why="移送不以逮捕为前提，步骤未设此条件",
        cite=CPL[162],
    )
    special_withdrawal = Remark(
        "有重大立功或者案件涉及国家重大利益的，经最高人民检察院核准，可以撤销案件",
        why="核准不在本系统的机关之间进行；撤销案件的步骤相同",
        cite=CPL[182],
    )
