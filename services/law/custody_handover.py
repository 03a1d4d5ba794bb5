"""P24 换押、羁押期限变更通知与到期提示. Who holds a person for whom, and until when, as the detention centre knows it.

The line ends where the receiving organ holds the person; that organ is then the holding organ of the next hand-over.
"""

from datetime import date

from services.kernel.period import AT_ONCE, Roll, days
from services.kernel.procedure import DETAINED, End, Procedure, Remark, State, must
from services.kernel.who import Organ
from services.law.offices import CENTER, CLOCK, COORDINATOR, ORGAN_IN_CHARGE, RECEIVING_ORGAN, TRANSFERRING_ORGAN
from services.law.statutes import CPL, JY06, KSS, KY14, MPS, SPC, SPP


class CustodyHandover(Procedure):
    """换押、羁押期限变更通知与到期提示"""

    id = "P24"
    name = "custody_handover"
    zh = "换押、羁押期限变更通知与到期提示"
    kept_by = "custody_transfer"
    line = "custody"
    again = True
    in_force = date(2014, 3, 3)

    held_by_A = State("甲机关羁押", initial=True)  # noqa: N815 - the id of the tables
    handover_open = State("换押待完成")
    held_by_B = State("乙机关羁押", end=True)  # noqa: N815 - the id of the tables
    change_pending = State("期限变更待送达")
    reminded = State("已到期提示")
    overdue = State("超期")
    ended = State("羁押结束", end=True)

    # 换押
    offer = TRANSFERRING_ORGAN.may(
        "移送换押",
        at=held_by_A | reminded | overdue,
        to=handover_open,
        ids="P24.T01 P24.T08 P24.S12",
        needs="换押证",
        condition="案件移送另一机关；一联送看守所，其余随案移送",
        handover="offer",
        cite=(KY14["一(一)"], KY14["二(一)"], KSS[15]),
    )
    offer_commanded = COORDINATOR.may(
        "案件已移送而未换押，由协同中枢发起换押",
        at=held_by_A | reminded | overdue,
        to=handover_open,
        ids="P24.S03",
        condition="只登记换押应当进行，不代替移送机关的换押证",
        handover="offer",
        cite=KY14["一(一)"],
    )
    withdraw_offer = TRANSFERRING_ORGAN.may(
        "撤回换押", at=handover_open, to=held_by_A, ids="P24.S02", handover="withdraw", cite=KY14["二(一)"]
    )
    accept = RECEIVING_ORGAN.may(
        "接收换押",
        at=handover_open,
        to=held_by_B,
        ids="P24.T02",
        needs="换押证、换押回执（看守所签收）、提讯提解证",
        condition="案件已受理；填写新的羁押起止日期，原提讯提解证失效",
        ends="interrogation_pass:ended",
        handover="accept",
        cite=(KY14["二(一)"], KSS[15], JY06[28]),
    )
    return_ = RECEIVING_ORGAN.may(
        "不予受理，退回换押",
        at=handover_open,
        to=held_by_A,
        ids="P24.T03",
        needs="退回案件函（决定）/补送材料通知书",
        tells="不予受理理由",
        condition="案件未受理，原期限继续计算",
        handover="return",
        cite=(KY14["二(一)"], SPC[219], SPP[158]),
    )
    confirm = CENTER.may(
        "看守所签收换押",
        at=held_by_B,
        to=held_by_B,
        ids="P24.S04",
        needs="换押回执（看守所签收）",
        cite=KY14["二(一)"],
    )

    # 期限变更
    notice_change = ORGAN_IN_CHARGE.may(
        "通知变更羁押期限",
        at=held_by_A,
        to=change_pending,
        ids="P24.T04",
        needs="变更羁押期限通知书",
        condition="期限延长、重新计算、停止或者恢复计算，以及程序转换",
        cite=(KY14["一(二)"], KY14["二(二)"], MPS[151], SPP[152]),
    )
    confirm_change = CENTER.may(
        "看守所签收期限变更",
        at=change_pending,
        to=held_by_A,
        ids="P24.T05",
        needs="换押回执（看守所签收）",
        condition="原期限届满以前送达；停止、恢复计算的三日以内送达",
        cite=KY14["二(二)"],
    )

    # 到期
    remind = CENTER.may(
        "发出羁押期限即将届满通知",
        at=held_by_A,
        to=reminded,
        ids="P24.T06",
        needs="羁押期限即将届满通知书",
        condition="届满七日以前；拘留延至三十日的，三日以前",
        cite=(SPP[615, 1, 2], JY06[27], KSS[43]),
    )
    # 提示不待人记得，由协同中枢到时发出；看守所另行送达的，照常登记
    remind_commanded = COORDINATOR.may(
        "羁押期限即将届满，由协同中枢提示",
        at=held_by_A | reminded,
        to=reminded,
        ids="P24.S13",
        needs="羁押期限即将届满通知书",
        condition="届满七日以前；拘留延至三十日的，三日以前",
        cite=(SPP[615, 1, 2], JY06[27], KSS[43]),
    )
    remind_in_writing = CENTER.may(
        "提示以后送达羁押期限即将届满通知书",
        at=reminded,
        to=reminded,
        ids="P24.S14",
        needs="羁押期限即将届满通知书",
        cite=(SPP[615, 1, 2], JY06[27], KSS[43]),
    )
    extend_reminded = ORGAN_IN_CHARGE.may(
        "到期提示后通知变更羁押期限",
        at=reminded,
        to=held_by_A,
        ids="P24.T07",
        needs="变更羁押期限通知书",
        cite=(KY14["二(二)"], MPS[151]),
    )
    # 表中只自到期提示才会超期；没有提示的也会超期，否则漏发提示就掩盖了超期（S05）。
    # 表中以超期羁押报告书为凭，而期限届满不待文书：报告另成一步（S06）
    lapse = CLOCK.may(
        "羁押期限届满",
        at=held_by_A | reminded,
        to=overdue,
        ids="P24.S05 P24.T10",
        needs="[超期羁押报告书]",
        cite=(CPL[98], SPP[615, 1, 3], KSS[43]),
    )
    report_overdue = CENTER.may(
        "书面报告超期羁押",
        at=overdue,
        to=overdue,
        ids="P24.S06",
        needs="超期羁押报告书",
        condition="报告人民检察院并通知办案机关",
        cite=(SPP[615, 1, 3], KSS[43]),
    )
    report_overdue_commanded = COORDINATOR.may(
        "超期羁押，由协同中枢报告",
        at=overdue,
        to=overdue,
        ids="P24.S15",
        needs="超期羁押报告书",
        condition="报告人民检察院并通知办案机关",
        cite=(SPP[615, 1, 3], KSS[43]),
    )
    deliver_late = ORGAN_IN_CHARGE.may(
        "补送期限变更通知",
        at=overdue,
        to=held_by_A,
        ids="P24.T12",
        needs="变更羁押期限通知书",
        condition="有效的羁押依据早已存在而未送达；报警记录保留",
        cite=(KY14["二(二)"], MPS[151]),
    )

    # 释放。表中只自到期提示和超期释放；释放不待换押或者变更完成，故其余各状态也可以（S01、S07、S08）
    release = ORGAN_IN_CHARGE.may(
        "释放",
        at=held_by_A | handover_open | change_pending,
        to=ended,
        ids="P24.S01 P24.S07 P24.S08",
        liberty="given",
        needs="释放通知书、释放证明书",
        cite=(CPL[97], CPL[98], CPL[99]),
    )
    release_reminded = ORGAN_IN_CHARGE.may(
        "到期释放",
        at=reminded,
        to=ended,
        ids="P24.T09",
        liberty="given",
        needs="释放通知书、释放证明书",
        cite=(CPL[98], CPL[99]),
    )
    release_overdue = ORGAN_IN_CHARGE.may(
        "超期释放",
        at=overdue,
        to=ended,
        ids="P24.T11",
        liberty="given",
        needs="释放通知书、释放证明书、[纠正违法通知书]",
        cite=(CPL[98], CPL[99]),
    )
    # 表中羁押只以释放告终；交付监狱执行也使看守所的羁押结束
    deliver = CENTER.may(
        "交付监狱，看守所羁押结束",
        at=held_by_A | held_by_B | reminded,
        to=ended,
        ids="P24.S09 P24.S10 P24.S11",
        needs="罪犯交付执行（收监）登记",
        cite=CPL[264],
    )

    # 应当。办案机关随阶段而变，表中以公安机关、检察院为首
    handover_certificate_by_transferor = must(
        Organ.POLICE,
        "移送机关送达换押证",
        None,
        after=(
            "investigation_close:transfer prosecution_review:return supplementary_return:resubmit "
            "supplementary_return:resubmit_with_opinion supplementary_return:resubmit_late prosecution_review:resubmit "
            "prosecution_review:move_jurisdiction prosecution_review:charge court_intake:return "
            "first_trial:adjourn_for_supplement first_trial:resume_after_supplement first_trial:withdraw "
            "first_trial:withdraw_after_supplement first_trial:move_jurisdiction second_trial:transfer "
            "second_trial:remand death_review:report death_review:report_to_supreme death_review:remand_by_high "
            "death_review:remand death_review:remand_to_second jurisdiction_merge_split:move"
        ),
        organs=(Organ.PROCURATORATE, Organ.COURT),
        by=offer | offer_commanded,
        when=DETAINED,
        roll=Roll.NEVER,
        note="通知没有规定小时或者日数（及时），故不计算到期，只核对有无。移送机关随阶段而变",
        cite=KY14["二(一)"],
    )
    handover_certificate_by_receiver = must(
        Organ.PROCURATORATE,
        "接收机关送达换押证",
        None,
        after=(
            "investigation_close:accept supplementary_return:receive supplementary_return:resubmit "
            "supplementary_return:resubmit_with_opinion supplementary_return:resubmit_late prosecution_review:resubmit "
            "prosecution_review:accept_moved court_intake:receive first_trial:adjourn_for_supplement "
            "first_trial:resume_after_supplement first_trial:accept_moved second_trial:accept "
            "first_trial:accept_remanded death_review:report death_review:report_to_supreme "
            "jurisdiction_merge_split:move"
        ),
        organs=(Organ.COURT, Organ.POLICE),
        by=accept,
        when=DETAINED,
        roll=Roll.NEVER,
        on_expiry="原期限届满而看守所未收到的，羁押没有登记的依据，按超期羁押报警",
        note="通知没有规定小时或者日数（及时），故不计算到期，只核对有无。接收机关随阶段而变；复核法院、侦查中接受移送的机关收到案件没有步骤，以报请、移送为准",
        cite=(KY14["二(一)"], KSS[15]),
    )
    custody_change_notice = must(
        Organ.POLICE,
        "羁押期限变更通知",
        AT_ONCE,
        after=End(
            "detention_request_arrest procuratorate_detention investigation_custody investigation_custody_recalc prosecution_review prosecution_review_fast_track trial_ordinary trial_simplified trial_second trial_fast_track",
            extended=True,
        ),
        by=notice_change | extend_reminded | deliver_late,
        organs=(Organ.PROCURATORATE, Organ.COURT),
        when=DETAINED,
        kind="advance",
        roll=Roll.NEVER,
        before=True,
        on_expiry="看守所以原届满之日为准，拒绝提讯",
        note="应当在原期限届满以前送达看守所；届满之日由计算得出。办案机关随阶段而变；重新计算另有起算，不在此列",
        to=Organ.DETENTION_CENTER,
        cite=(KY14["二(二)"], SPP[152]),
    )
    custody_stop_resume_notice = must(
        Organ.POLICE,
        "停止/恢复计算羁押期限通知",
        days(3),
        after=(
            "custody_extension:start_unidentified custody_extension:identify custody_extension:pause "
            "custody_extension:resume criminal_detention:pause criminal_detention:resume "
            "prosecution_review:pause prosecution_review:resume_clock first_trial:pause first_trial:resume_clock "
            "first_trial:suspend first_trial:resume second_trial:pause second_trial:resume_clock "
            "second_trial:suspend second_trial:resume"
        ),
        organs=(Organ.PROCURATORATE, Organ.COURT),
        by=notice_change | extend_reminded | deliver_late,
        when=DETAINED,
        note="身份不明、精神病鉴定和中止审理，开始和结束都应当通知；办案机关随阶段而变",
        to=Organ.DETENTION_CENTER,
        cite=KY14["二(二)"],
    )
    custody_expiry_reminder = must(
        Organ.DETENTION_CENTER,
        "看守所羁押期限即将届满通知",
        days(7),
        after=End(
            "procuratorate_detention supervision_case_detention investigation_custody investigation_custody_recalc "
            "prosecution_review prosecution_review_fast_track supplementary_investigation trial_ordinary "
            "trial_simplified trial_fast_track supplementary_investigation_in_trial trial_second"
        ),
        by=remind | remind_commanded | remind_in_writing,
        when=DETAINED,
        kind="advance",
        roll=Roll.NEVER,
        before=True,
        note="届满之日由计算得出；届满以前已经办结的，不再提示。上诉期间、刑期没有期限可依的，以羁押依据届满之日为准",
        to=Organ.ORGAN_IN_CHARGE,
        cite=(SPP[615, 1, 2], JY06[27], KSS[43]),
    )
    overdue_custody_report = must(
        Organ.DETENTION_CENTER,
        "超期羁押报告",
        AT_ONCE,
        after=lapse,
        by=report_overdue | report_overdue_commanded,
        roll=Roll.NEVER,
        severity="critical",
        note="立即书面报告人民检察院并通知办案机关",
        to=Organ.PROCURATORATE,
        cite=(SPP[615, 1, 3], KSS[43]),
    )
    custody_change_internal_notice = must(
        Organ.PROCURATORATE,
        "期限变更通知刑事执行检察",
        days(10),
        after="custody_extension:extend_once custody_extension:extend_once_recalculated custody_extension:extend_twice custody_extension:extend_thrice prosecution_review:extend prosecution_review:pause prosecution_review:move_jurisdiction prosecution_review:return prosecution_review:resubmit supplementary_return:resubmit supplementary_return:resubmit_with_opinion supplementary_return:resubmit_late first_trial:open_simplified first_trial:open_fast first_trial:convert_to_simplified first_trial:convert_to_ordinary first_trial:adjourn first_trial:adjourn_for_defender first_trial:adjourn_for_supplement first_trial:suspend first_trial:move_jurisdiction first_trial:withdraw first_trial:withdraw_after_supplement",
        when=DETAINED,
        note="检察院内部的通知，由人民检察院登记",
        cite=SPP[614],
    )

    detention_to_arrest = Remark(
        "同一公安机关由拘留转为逮捕的，不换押，也不通知变更期限，另发提讯提解证",
        why="办案机关不变，羁押的依据由执行逮捕记载",
        cite=KY14["一(一)"],
    )
