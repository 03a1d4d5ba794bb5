"""P12 侦查终结与移送审查起诉. From the investigation of one person to the procuratorate's acceptance, or to its end."""

from datetime import date

from services.kernel.period import AT_ONCE, Roll, days, hours, months, years
from services.kernel.procedure import (
    DETAINED,
    UNDER_INVESTIGATION,
    Event,
    Kept,
    Procedure,
    Remark,
    State,
    add,
    lasts,
    may_within,
    must,
    up_to,
)
from services.kernel.who import Addressee, Organ
from services.law.matters import ECONOMIC, NO_MEASURE, SELF_INVESTIGATED, SELF_INVESTIGATED_NO_MEASURE, UNDER_REVIEW
from services.law.offices import CASE_MANAGEMENT, COUNTY_HEAD, OFFICER
from services.law.statutes import CPL, JZ17, MPS, SPC, SPP


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
        carries="custody_extension:transfer direct_prosecution:transfer",
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
        tells="[案号]",
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
        ends=(
            "criminal_detention:released bail:lifted residential_surveillance:lifted custody_extension:ended "
            "custody_necessity:changed direct_prosecution:exited"
        ),
        cite=(CPL[163], MPS[186], MPS[187]),
    )
    # 表中只在侦查中终止；移送以前，犯罪嫌疑人随时可能死亡
    terminate = COUNTY_HEAD.may(
        "对部分人员终止侦查",
        at=investigating | closing | refused_intake,
        to=terminated_person,
        ids="P12.T07 P12.S20 P12.S20",
        needs="撤销案件（终止侦查）报告书、终止侦查决定书、[释放通知书]",
        condition="犯罪并非其实施，或者共同犯罪中不够刑事处罚，或者有刑事诉讼法第十六条规定的情形；对案件继续侦查",
        ends=(
            "criminal_detention:released bail:lifted residential_surveillance:lifted custody_extension:ended "
            "custody_necessity:changed direct_prosecution:exited"
        ),
        cite=(CPL[16], CPL[163], MPS[186, 2], MPS[187]),
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
        to=Addressee.PERSON,
        cite=(CPL[163], MPS[187]),
    )
    case_withdrawal_notice = must(
        Organ.POLICE,
        "撤销案件告知",
        days(3),
        after="investigation_close:withdraw prosecution_review:withdraw_by_police supplementary_return:withdraw supplementary_return:withdraw_late supervise_unlawful_filing:withdraw supervise_unlawful_filing:withdraw_on_own supervise_unlawful_filing:order_withdrawal",
        note="告知原犯罪嫌疑人、被害人或者其近亲属、法定代理人以及移送机关；告知由公安机关登记",
        to=Addressee.PERSON,
        cite=MPS[189, 1],
    )
    investigation_termination_notice = must(
        Organ.POLICE,
        "终止侦查告知",
        days(3),
        after=terminate,
        note="告知由公安机关登记",
        to=Addressee.PERSON,
        cite=MPS[189, 2],
    )

    # 应当：侦查措施
    technical_measure_validity = lasts(
        Organ.POLICE,
        "技术侦查措施有效期",
        months(3),
        kind="validity",
        after=Event("tech_measure_approved"),
        organs=(Organ.PROCURATORATE,),
        extensions=(add(months(3), "复杂、疑难案件", "原批准机关", "CPL 151", times=None),),
        roll=Roll.NEVER,
        note="批准、延长和解除由批准机关登记；人民检察院应当在期满十日以前申请延长",
        on_expiry="立即解除",
        cite=(CPL[151], MPS[266], SPP[229]),
    )
    border_control_emergency = must(
        Organ.POLICE,
        "紧急边控补办手续",
        days(7),
        after=Event("border_control_emergency_set"),
        organs=(Organ.COURT,),
        note="紧急布控和补办由布控的机关登记",
        cite=(MPS[278], SPC[487]),
    )
    search_without_warrant_formalities = must(
        Organ.PROCURATORATE,
        "无证搜查补办手续",
        hours(24),
        after=Event("emergency_search_finished"),
        roll=Roll.NEVER,
        note="紧急搜查和补办由人民检察院登记；公安机关的规定没有数字",
        cite=SPP[205],
    )
    appraisal_opinion_notice = must(
        Organ.POLICE,
        "鉴定意见告知（刑事）",
        None,
        after=Event("appraisal_reviewed_as_evidence"),
        roll=Roll.NEVER,
        note="以鉴定意见通知书告知犯罪嫌疑人、被害人或者其法定代理人，没有日数，故只登记",
        cite=(CPL[148], MPS[252, 2]),
    )
    appraisal_refusal_notice = must(
        Organ.POLICE,
        "不准予补充/重新鉴定通知",
        days(3),
        after=Event("appraisal_application_refused"),
        note="不准予的决定和通知由公安机关登记",
        to=Addressee.APPLICANT,
        cite=(MPS[254], MPS[255]),
    )
    appraisal_not_excluded = must(
        Organ.POLICE,
        "其他鉴定计入办案期限",
        None,
        after=Event("appraisal_commissioned"),
        kind="rule",
        roll=Roll.NEVER,
        note="只有精神病鉴定停止计算期限，其他鉴定不停止；不是期限，故只登记",
        cite=MPS[257],
    )
    cooperation_identity_check = must(
        Organ.POLICE,
        "协查身份回复",
        days(7),
        after=Event("cooperation_request_received"),
        extensions=(up_to(days(15), "交通十分不便的边远地区", "无须审批", "MPS 353"),),
        note="收到协查、延长和回复由协作地公安机关登记",
        cite=MPS[353],
    )
    procuratorate_out_area_evidence = must(
        Organ.PROCURATORATE,
        "异地协助取证（检察）",
        months(1),
        after=Event("evidence_letter_received"),
        note="收到函件和回复由协助的人民检察院登记",
        cite=SPP[180],
    )
    property_control_complaint = must(
        Organ.POLICE,
        "对强制措施/财物处置的申诉控告",
        days(30),
        after=Event("complaint_received_by_police"),
        note="收到申诉、控告和处理由公安机关登记",
        cite=(CPL[117], MPS[196]),
    )

    # 应当：久侦不结
    economic_case_stale_after_measure = must(
        Organ.POLICE,
        "经济案件解除强制措施后未能移送",
        months(12),
        after=(
            "bail:lift residential_surveillance:lift criminal_detention:release arrest_review:release "
            "custody_extension:end"
        ),
        by=transfer | withdraw | terminate,
        when=ECONOMIC,
        on_expiry="撤销案件",
        note="解除以后又采取措施的，自再次解除起算",
        cite=JZ17[25],
    )
    economic_case_stale_no_measure = must(
        Organ.POLICE,
        "经济案件未采取强制措施未能移送",
        years(2),
        after="case_intake:file case_intake:file_anew supervise_non_filing:file",
        by=transfer | withdraw | terminate,
        when=NO_MEASURE,
        on_expiry="撤销案件",
        note="自立案起算；采取强制措施的，适用前一期限",
        cite=JZ17[25],
    )
    self_investigation_no_measure = must(
        Organ.PROCURATORATE,
        "自侦案件未采取强制措施",
        years(2),
        after="case_intake:file case_intake:file_anew",
        by=transfer | withdraw | terminate,
        when=SELF_INVESTIGATED_NO_MEASURE,
        note="人民检察院直接受理侦查的案件的立案和终结同记于本系统的步骤",
        cite=SPP[253],
    )
    self_investigation_after_measure = must(
        Organ.PROCURATORATE,
        "自侦案件解除强制措施后",
        years(1),
        after="bail:lift residential_surveillance:lift criminal_detention:release",
        by=transfer | withdraw | terminate,
        when=SELF_INVESTIGATED,
        note="人民检察院直接受理侦查的案件的终结同记于本系统的步骤",
        cite=SPP[253],
    )

    # 应当：回避
    challenge_decide_police = must(
        Organ.POLICE,
        "回避申请决定（公安）",
        days(2),
        after=Event("challenge_application_received"),
        when=UNDER_INVESTIGATION,
        extensions=(up_to(days(5), "情况复杂", "县级以上公安机关负责人", "MPS 36"),),
        note="收到申请、延长和决定由公安机关登记",
        cite=MPS[36],
    )
    challenge_reconsider_apply = may_within(
        Organ.PARTY,
        "驳回回避申请复议",
        days(5),
        after=Event("challenge_rejection_received"),
        note="收到驳回的决定和复议申请由作出决定的机关登记；检察院驳回的亦同",
        cite=(MPS[37], SPP[32]),
    )
    challenge_reconsider_decide_police = must(
        Organ.POLICE,
        "回避复议决定（公安）",
        days(5),
        after=Kept("challenge_reconsider_apply"),
        when=UNDER_INVESTIGATION,
        note="自收到复议申请起算；决定由公安机关登记",
        cite=MPS[37],
    )
    challenge_reconsider_decide_procuratorate = must(
        Organ.PROCURATORATE,
        "回避复议决定（检察）",
        days(3),
        after=Kept("challenge_reconsider_apply"),
        when=UNDER_REVIEW,
        note="自收到复议申请起算；决定由人民检察院登记",
        cite=SPP[33],
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
