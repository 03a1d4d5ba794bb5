"""P13 审查起诉. Every return and every change of jurisdiction starts a fresh period, so the latest receipt counts."""

from datetime import date

from services.kernel.period import AT_ONCE, Roll, days, months
from services.kernel.procedure import DETAINED, STAY, Condition, Event, Procedure, Remark, State, add, must, up_to
from services.kernel.who import Addressee, Organ
from services.law.matters import UNDER_REVIEW, WITH_VICTIM
from services.law.offices import CASE_MANAGEMENT, CHIEF, COUNTY_HEAD, PROSECUTOR
from services.law.statutes import CPL, MPS, SPP

FAST_REVIEW = Condition("fast_review", "认罪认罚并符合速裁程序适用条件")


class ProsecutionReview(Procedure):
    """审查起诉"""

    id = "P13"
    name = "prosecution_review"
    zh = "审查起诉"
    in_force = date(2018, 10, 26)

    accepted = State("已受理", initial=True)
    reviewing = State("审查中")
    extended = State("延长审查")
    returned = State("退回补充侦查")
    self_supplement = State("自行侦查")
    jurisdiction_moved = State("改变管辖", end=True)
    charged = State("提起公诉", end=True)
    not_charged = State("不起诉", end=True)
    conditional = State("附条件不起诉", end=True)
    police_withdrew = State("公安撤回/撤案", end=True)

    # 审查
    review = PROSECUTOR.may(
        "审查案件",
        at=accepted,
        to=reviewing,
        ids="P13.T01",
        needs=(
            "审查起诉阶段诉讼权利义务告知书、[被害人诉讼权利义务告知书（检察）]、[取保候审决定书（检察）]、[换押证]"
        ),
        condition="案件已分配承办检察官",
        cite=(CPL[171], CPL[173], SPP[40], SPP[330]),
    )
    extend = CHIEF.may(
        "延长审查起诉期限",
        at=reviewing,
        to=extended,
        ids="P13.T02",
        needs="延长审查起诉期限审批表、[延长审查起诉期限通知书]",
        condition="重大、复杂的案件，一个月以内不能作出决定",
        cite=(CPL[172, 1], SPP[351, 1]),
    )

    # 补充侦查。退回以二次为限，改变管辖前后合并计算
    return_ = CHIEF.may(
        "退回补充侦查",
        at=reviewing | extended,
        to=returned,
        ids="P13.T03 P13.T04",
        needs="补充侦查决定书（退回补充侦查）、补充侦查提纲、[换押证]",
        condition="犯罪事实不清、证据不足，或者遗漏罪行、遗漏同案犯罪嫌疑人",
        opens="supplementary_return",
        at_most=2,
        cite=(CPL[175], SPP[342], SPP[346], SPP[350]),
    )
    # 逾期才重新移送的，补充侦查一线停在逾期，故两步并列，就绪者随同
    resubmit = COUNTY_HEAD.may(
        "补充侦查完毕重新移送",
        at=returned,
        to=reviewing,
        ids="P13.T05",
        needs="补充侦查报告书/起诉意见书、[换押证]",
        carries="supplementary_return:resubmit supplementary_return:resubmit_late",
        hands_to=Organ.PROCURATORATE,
        cite=(CPL[175, 3], MPS[296]),
    )
    withdraw_by_police = COUNTY_HEAD.may(
        "补充侦查期间撤销案件",
        at=returned,
        to=police_withdrew,
        ids="P13.T06",
        needs="撤销案件决定书",
        condition="原认定的犯罪事实有重大变化，不应当追究刑事责任；通知退查的人民检察院",
        carries="supplementary_return:withdraw supplementary_return:withdraw_late",
        ends="criminal_detention:released bail:lifted residential_surveillance:lifted custody_extension:ended",
        cite=MPS[296],
    )
    supplement = PROSECUTOR.may(
        "自行侦查",
        at=reviewing,
        to=self_supplement,
        ids="P13.T07",
        needs="[提供法庭审判所需证据材料通知书]、[证据收集合法性说明]、[补充移送起诉通知书]",
        condition="在审查起诉期限内侦查完毕",
        cite=(CPL[175, 2], SPP[342], SPP[348]),
    )
    resume = PROSECUTOR.may("自行侦查完毕", at=self_supplement, to=reviewing, ids="P13.T08", cite=SPP[348])
    # 表中没有，而精神病鉴定的期间不计入办案期限
    pause = PROSECUTOR.may(
        "因精神病鉴定停止计算审查起诉期限",
        at=reviewing | extended,
        to=STAY,
        ids="P13.S02",
        needs="[鉴定聘请书]、[变更羁押期限通知书]",
        cite=(CPL[149], SPP[222]),
    )
    resume_clock = PROSECUTOR.may(
        "恢复计算审查起诉期限",
        at=reviewing | extended,
        to=STAY,
        ids="P13.S03",
        needs="[变更羁押期限通知书]",
        cite=(CPL[149], SPP[222]),
    )

    # 改变管辖。表中到此为止；期限自改变后的检察院收到案件之日起算，故由 S01 记载收到
    move_jurisdiction = CASE_MANAGEMENT.may(
        "移送有管辖权的人民检察院",
        at=reviewing,
        to=jurisdiction_moved,
        ids="P13.T09",
        needs="案件移送函（改变管辖）、[换押证]",
        condition="不属于本院管辖",
        cite=SPP[328],
    )
    accept_moved = CASE_MANAGEMENT.may(
        "改变管辖后受理",
        at=jurisdiction_moved,
        to=accepted,
        ids="P13.S01",
        needs="受理案件登记表（检察）",
        hands_to=Organ.PROCURATORATE,
        cite=(CPL[172, 2], SPP[351, 2]),
    )

    # 决定
    charge = CHIEF.may(
        "提起公诉",
        at=reviewing | extended,
        to=charged,
        ids="P13.T10 P13.T13",
        needs=(
            "案件审查报告、起诉书、[量刑建议书]、[认罪认罚具结书]、[随案移送清单]、[涉案财物处理意见（建议）]、"
            "[适用简易程序建议书]、[适用速裁程序建议书]、[换押证]"
        ),
        condition="犯罪事实已经查清，证据确实、充分，依法应当追究刑事责任",
        opens="court_intake",
        carries="direct_prosecution:charge juvenile:charge",
        cite=(CPL[176], SPP[355], SPP[358]),
    )
    not_charge = CHIEF.may(
        "不起诉",
        at=reviewing | extended,
        to=not_charged,
        ids="P13.T11 P13.T14",
        needs="案件审查报告、不起诉决定书、[解除查封、扣押、冻结通知书（检察）]、[检察意见书]、[释放通知书]",
        tells="[承办人]",
        condition="没有犯罪事实或者有刑事诉讼法第十六条规定的情形，犯罪情节轻微，或者补充侦查后仍然证据不足",
        opens="non_prosecution_remedy",
        carries="juvenile:not_charge",
        ends="bail:lifted residential_surveillance:lifted custody_necessity:changed direct_prosecution:exited",
        cite=(CPL[175, 4], CPL[177], SPP[365], SPP[367], SPP[370]),
    )
    defer_conditionally = CHIEF.may(
        "附条件不起诉",
        at=reviewing | extended,
        to=conditional,
        ids="P13.T12 P13.T15",
        needs="附条件不起诉决定书",
        condition="未成年人，刑法分则第四章、第五章、第六章的犯罪，可能判处一年有期徒刑以下刑罚，有悔罪表现",
        carries="juvenile:defer_conditionally",
        cite=(CPL[282], SPP[469], SPP[471]),
    )
    # 表中附条件不起诉以后的决定只在未成年人的程序中，审查起诉随之终结：S04、S05
    charge_after_probation = CHIEF.may(
        "撤销附条件不起诉后起诉",
        at=conditional,
        to=charged,
        ids="P13.S04",
        needs="撤销附条件不起诉决定书、起诉书",
        opens="court_intake",
        carries="juvenile:charge_after_probation",
        cite=(CPL[282, 3], CPL[284, 1], SPP[479]),
    )
    not_charge_after_probation = CHIEF.may(
        "因附条件不起诉考验期满不起诉",
        at=conditional,
        to=not_charged,
        ids="P13.S05",
        needs="附条件不起诉考察意见书、不起诉决定书",
        tells="[承办人]",
        opens="non_prosecution_remedy",
        carries="juvenile:not_charge_after_probation",
        ends="bail:lifted residential_surveillance:lifted",
        cite=(CPL[284, 2], SPP[477], SPP[480]),
    )

    # 应当
    prosecution_review = must(
        Organ.PROCURATORATE,
        "审查起诉",
        months(1),
        after=(
            "investigation_close:accept prosecution_review:resubmit supplementary_return:resubmit "
            "supplementary_return:resubmit_with_opinion supplementary_return:resubmit_late "
            "prosecution_review:accept_moved court_intake:return"
        ),
        paused_by=pause,
        resumed_by=resume_clock,
        by=charge | not_charge | defer_conditionally,
        extensions=(add(days(15), "重大、复杂", "检察长（SPP未指明审批层级，内部授权）", "CPL 172.1"),),
        extended_by=extend,
        void_by=return_ | move_jurisdiction | withdraw_by_police,
        roll=Roll.ONLY_IF_NOT_DETAINED,
        custody="if_detained",
        severity="critical",
        on_expiry="在押的，应当释放或者变更强制措施（刑事诉讼法第九十八条）；作出起诉、不起诉的决定或者退回补充侦查",
        note="法律写十五日而非半个月，故月满后再加十五日。退回后原期限不再计算，重新移送后另起一个完整期限",
        cite=(CPL[172, 1], SPP[351]),
    )
    prosecution_review_fast_track = must(
        Organ.PROCURATORATE,
        "审查起诉（速裁）",
        days(10),
        after=(
            "investigation_close:accept prosecution_review:resubmit supplementary_return:resubmit "
            "supplementary_return:resubmit_with_opinion supplementary_return:resubmit_late "
            "prosecution_review:accept_moved court_intake:return"
        ),
        paused_by=pause,
        resumed_by=resume_clock,
        by=charge | not_charge | defer_conditionally,
        when=FAST_REVIEW,
        extensions=(up_to(days(15), "可能判处有期徒刑超过一年", "检察院", "CPL 172.1"),),
        extended_by=extend,
        void_by=return_ | move_jurisdiction | withdraw_by_police,
        roll=Roll.ONLY_IF_NOT_DETAINED,
        custody="if_detained",
        severity="critical",
        on_expiry="不再符合速裁程序适用条件的，自同一日起适用一个月的期限",
        cite=(CPL[172, 1], SPP[273]),
    )
    procuratorate_rights_notice_suspect = must(
        Organ.PROCURATORATE,
        "审查起诉阶段告知犯罪嫌疑人权利",
        days(3),
        after="investigation_close:accept prosecution_review:accept_moved",
        by=review,
        note="一并告知申请法律援助的权利和认罪认罚的规定；审查案件这一步须附权利义务告知书",
        to=Addressee.PERSON,
        cite=(CPL[34, 2], SPP[40]),
    )
    procuratorate_rights_notice_victim = must(
        Organ.PROCURATORATE,
        "告知被害人委托诉讼代理人",
        days(3),
        after="investigation_close:accept",
        when=WITH_VICTIM,
        note="有无被害人以案中登记的人为准；告知由人民检察院登记",
        to=Addressee.VICTIM,
        cite=(CPL[46, 2], SPP[55]),
    )
    prosecution_jurisdiction_transfer = must(
        Organ.PROCURATORATE,
        "审查起诉阶段移送管辖",
        days(5),
        after=Event("no_jurisdiction_found"),
        by=move_jurisdiction,
        when=UNDER_REVIEW,
        note="经由案件管理部门移送；发现由人民检察院登记",
        cite=SPP[328],
    )
    supervision_case_designation_consult = must(
        Organ.PROCURATORATE,
        "监察案件指定管辖协商",
        days(20),
        after=Event("supervision_case_transfer"),
        kind="advance",
        roll=Roll.NEVER,
        before=True,
        note="监察机关移送的案件不经本系统移送，移送和协商由人民检察院登记",
        cite=SPP[329],
    )
    release_on_non_prosecution = must(
        Organ.PROCURATORATE,
        "不起诉后释放",
        AT_ONCE,
        kind="detention",
        after=not_charge,
        by="custody_handover:release custody_handover:release_reminded custody_handover:release_overdue",
        when=DETAINED,
        roll=Roll.NEVER,
        custody="always",
        severity="critical",
        on_expiry="非法羁押报警",
        note="人民检察院决定，公安机关办理释放手续；复议、复核和申诉不影响释放；查封、扣押、冻结同时解除",
        to=Addressee.PERSON,
        cite=(CPL[178], MPS[293]),
    )
    non_prosecution_after_withdrawal = must(
        Organ.PROCURATORATE,
        "撤回起诉后作出不起诉",
        days(30),
        after="first_trial:withdraw first_trial:withdraw_after_supplement",
        by=not_charge,
        cite=SPP[424, 2],
    )

    second_return_insufficient = Remark(
        "二次补充侦查后仍然证据不足，不符合起诉条件的，应当不起诉；一次退回后没有再次退回必要的，可以不起诉",
        why="证据是否足够由检察官判断；次数由退回步骤的上限保证",
        cite=(CPL[175, 4], SPP[367]),
    )
    supervision_return = Remark(
        "监察机关移送的案件，应当退回监察机关补充调查；先行拘留的期间不计入审查起诉期限",
        why="监察机关不是本系统的机关，其移送和退回没有步骤",
        cite=(CPL[170], SPP[343]),
    )
    no_new_charge = Remark(
        "撤回起诉的案件，没有新的事实或者新的证据，不得再行起诉",
        why="有无新的事实、证据不在步骤中，系统不能据以禁止提起公诉",
        cite=SPP[424, 3],
    )
    higher_approval = Remark(
        "直接受理侦查的案件和监察机关移送的案件，拟不起诉的，应当报请上一级人民检察院批准",
        why="这两类案件不经公安机关移送，不在本系统的起点之内",
        cite=SPP[371],
    )
