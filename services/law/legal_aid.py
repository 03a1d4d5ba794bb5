"""P26 通知辩护与法律援助、值班律师, and the other rights of the defence that have a period."""

from datetime import date

from services.kernel.period import Roll, days, hours
from services.kernel.procedure import (
    DETAINED,
    UNDER_INVESTIGATION,
    End,
    Event,
    Procedure,
    Remark,
    State,
    may_within,
    must,
)
from services.kernel.who import Addressee, Organ
from services.law.matters import (
    ACCESS_TO_FILES,
    ACCESS_TO_VICTIM,
    AIDED_BY_COURT,
    AT_TRIAL,
    DEFENCE_OBSTRUCTED,
    MEETING,
    MEETING_BY_PERMIT,
    UNDER_REVIEW,
)
from services.law.offices import CENTER, LEGAL_AID_AGENCY, ORGAN_IN_CHARGE, PARTY
from services.law.statutes import CPL, LAL, MPS, SPC, SPP


class LegalAid(Procedure):
    """通知辩护与法律援助、值班律师"""

    id = "P26"
    name = "legal_aid"
    zh = "通知辩护与法律援助、值班律师"
    again = True
    in_force = date(2022, 1, 1)

    no_defender = State("无辩护人", initial=True)
    mandatory_found = State("发现应当通知情形")
    notified = State("已通知")
    assigned = State("已指派", end=True)
    retained = State("自行委托", end=True)
    refused = State("拒绝指派")
    duty_lawyer = State("值班律师帮助")
    applied = State("已申请")
    declined = State("不予援助", end=True)

    # 通知辩护。每一阶段重新审查，所以结束以后可以重新开始
    find_mandatory = ORGAN_IN_CHARGE.may(
        "记录应当通知辩护的情形",
        at=no_defender | duty_lawyer,
        to=mandatory_found,
        ids="P26.T01 P26.T13",
        condition=(
            "未成年人；视力、听力、言语残疾人；不能完全辨认自己行为的成年人；可能判处无期徒刑、死刑；"
            "申请法律援助的死刑复核案件被告人；缺席审判案件的被告人；强制医疗案件的被申请人或者被告人"
        ),
        cite=(CPL[35], CPL[278], CPL[304, 2], LAL[25, 1], LAL[28], MPS[46], MPS[320], SPP[42], SPC[47], SPC[634, 2]),
    )
    notify = ORGAN_IN_CHARGE.may(
        "通知法律援助机构指派律师",
        at=mandatory_found,
        to=notified,
        ids="P26.T02",
        needs="提供法律援助通知书/提供法律援助通知书（检察）/法律援助通知书",
        condition="不得限制或者损害委托辩护人的权利",
        cite=(CPL[35], LAL[27], LAL[36], MPS[46], SPP[42], SPC[49, 1]),
    )
    assign = LEGAL_AID_AGENCY.may(
        "指派律师",
        at=notified,
        to=assigned,
        ids="P26.T03",
        needs="法律援助公函、授权委托书、律师事务所证明",
        tells="[律师、律师系办案人员近亲属]",
        condition="可能判处无期徒刑、死刑和死刑复核案件，指派有三年以上相关执业经历的律师",
        cite=(LAL[26], LAL[36], MPS[48], SPC[52, 2]),
    )
    refuse = PARTY.may(
        "拒绝指派的律师",
        at=assigned,
        to=refused,
        ids="P26.T05",
        condition="应当提供法律援助的，须有正当理由，由办案机关准许",
        cite=(MPS[47, 2], SPP[44], SPC[50]),
    )
    # 表中没有检察院的通知书；规则也要求检察院书面通知另行指派
    notify_anew = ORGAN_IN_CHARGE.may(
        "通知另行指派律师",
        at=refused,
        to=notified,
        ids="P26.T07",
        needs="提供法律援助通知书/提供法律援助通知书（检察）/法律援助通知书",
        condition="没有另行委托辩护人",
        cite=(SPP[44], SPC[50, 2]),
    )

    # 委托。随时可以委托辩护人，不论法律援助到了哪一步：S01
    retain = PARTY.may(
        "委托辩护人",
        at=no_defender | duty_lawyer | refused | mandatory_found | notified | applied | assigned,
        to=retained,
        ids="P26.T04 P26.T12 P26.T06 P26.S01 P26.S01 P26.S01 P26.S01",
        needs="授权委托书、律师事务所证明",
        tells="[律师、律师系办案人员近亲属]",
        condition="在押的，可以由监护人、近亲属代为委托；同案犯罪嫌疑人委托同一律师的，应当更换",
        cite=(CPL[34], LAL[27], MPS[43, 2], MPS[44, 1], MPS[48], SPC[51], SPC[52, 1]),
    )

    # 申请。表中给予援助与指派同在一步，期限却各有各的，故由 S03 记载决定
    apply = PARTY.may(
        "申请法律援助",
        at=no_defender | duty_lawyer,
        to=applied,
        ids="P26.T08 P26.S02",
        needs="法律援助申请表",
        condition="因经济困难或者其他原因没有委托辩护人",
        cite=(CPL[35, 1], LAL[24], LAL[39], LAL[40]),
    )
    grant = LEGAL_AID_AGENCY.may(
        "决定给予法律援助",
        at=applied,
        to=applied,
        ids="P26.S03",
        needs="给予/不予法律援助决定书",
        cite=LAL[43, 1],
    )
    assign_on_application = LEGAL_AID_AGENCY.may(
        "依申请指派律师",
        at=applied,
        to=assigned,
        ids="P26.T09",
        needs="给予/不予法律援助决定书、法律援助公函",
        tells="[律师、律师系办案人员近亲属]",
        cite=(LAL[43, 1], MPS[48]),
    )
    decline = LEGAL_AID_AGENCY.may(
        "决定不予法律援助",
        at=applied,
        to=declined,
        ids="P26.T10",
        needs="给予/不予法律援助决定书",
        condition="书面告知申请人并说明理由",
        cite=LAL[43, 1],
    )

    # 值班律师
    request_duty_lawyer = PARTY.may(
        "申请值班律师帮助", at=no_defender, to=no_defender, ids="P26.S04", cite=(CPL[36], MPS[49, 2])
    )
    call_duty_lawyer = CENTER.may(
        "通知值班律师",
        at=no_defender,
        to=duty_lawyer,
        ids="P26.T11",
        needs="值班律师法律帮助通知书、[值班律师法律帮助意见书]",
        condition="没有委托辩护人，法律援助机构也没有指派律师",
        cite=(CPL[36], LAL[30], LAL[37], MPS[49]),
    )

    # 应当：通知和指派
    legal_aid_notify_police = must(
        Organ.POLICE,
        "通知法律援助（公安）",
        days(3),
        after=find_mandatory,
        by=notify,
        when=UNDER_INVESTIGATION,
        void_by=retain,
        note="发现情形以登记之日为准",
        to=Organ.JUSTICE_BUREAU,
        cite=(CPL[35], CPL[278], LAL[36], MPS[46], MPS[320]),
    )
    legal_aid_notify_procuratorate = must(
        Organ.PROCURATORATE,
        "通知法律援助（检察）",
        days(3),
        after=find_mandatory,
        by=notify,
        when=UNDER_REVIEW,
        void_by=retain,
        to=Organ.JUSTICE_BUREAU,
        cite=(LAL[36], SPP[42], SPP[460, 2]),
    )
    legal_aid_notify_court = must(
        Organ.COURT,
        "通知法律援助（法院）",
        days(3),
        after=find_mandatory,
        by=notify,
        when=AT_TRIAL,
        void_by=retain,
        note="缺席审判、依申请的死刑复核和强制医疗案件相同",
        to=Organ.JUSTICE_BUREAU,
        cite=(LAL[36], SPC[47], SPC[564], SPC[634, 2]),
    )
    legal_aid_assign = must(
        Organ.JUSTICE_BUREAU,
        "法律援助机构指派律师",
        days(3),
        after=notify | notify_anew,
        by=assign,
        void_by=retain,
        note="自收到通知起算，通知经本系统送达；指派后通知办案机关",
        cite=LAL[36],
    )
    legal_aid_court_papers_before_trial = must(
        Organ.COURT,
        "开庭前送法援文书",
        days(15),
        after="first_trial:open_ordinary",
        by=notify | notify_anew,
        when=AIDED_BY_COURT,
        kind="advance",
        roll=Roll.NEVER,
        before=True,
        note="适用简易程序、速裁程序的除外",
        to=Organ.JUSTICE_BUREAU,
        cite=SPC[49, 1],
    )

    # 应当：申请
    legal_aid_application_forward = must(
        Organ.POLICE,
        "转交在押人员法律援助申请",
        hours(24),
        after=apply,
        organs=(Organ.PROCURATORATE, Organ.DETENTION_CENTER, Organ.PRISON),
        when=DETAINED,
        roll=Roll.NEVER,
        note="办案机关、监管场所各在收到申请后转交，转交由其登记；值班律师转交的期限相同",
        to=Organ.JUSTICE_BUREAU,
        cite=(LAL[39], MPS[47, 1], SPP[43]),
    )
    legal_aid_family_papers_notice = must(
        Organ.POLICE,
        "通知家属协助提供材料",
        days(3),
        after=apply,
        when=DETAINED,
        note="通知由公安机关登记；地址不详无法通知的，在转交申请时一并告知法律援助机构",
        to=Addressee.FAMILY,
        cite=MPS[47, 1],
    )
    legal_aid_application_review = must(
        Organ.JUSTICE_BUREAU,
        "法律援助申请审查",
        days(7),
        after=apply,
        by=grant | decline | assign_on_application,
        void_by=retain,
        cite=LAL[43, 1],
    )
    legal_aid_assign_on_application = must(
        Organ.JUSTICE_BUREAU,
        "申请后指派",
        days(3),
        after=grant,
        by=assign_on_application,
        void_by=retain,
        cite=LAL[43, 1],
    )
    legal_aid_objection_review = must(
        Organ.JUSTICE_BUREAU,
        "不予援助异议审查",
        days(5),
        after=Event("legal_aid_objection_received"),
        note="异议由设立法律援助机构的司法行政部门审查，不在步骤中，由其登记",
        cite=LAL[49],
    )
    duty_lawyer_notice = must(
        Organ.DETENTION_CENTER,
        "通知值班律师",
        hours(24),
        after=request_duty_lawyer,
        by=call_duty_lawyer,
        void_by=retain,
        roll=Roll.NEVER,
        to=Organ.LAWYER,
        cite=(CPL[36], MPS[49, 2]),
    )

    # 应当：拒绝指派以后
    legal_aid_refusal_notify = must(
        Organ.POLICE,
        "拒绝指派律师通知法援机构",
        days(3),
        after=refuse,
        when=UNDER_INVESTIGATION,
        note="自行委托辩护人的也应当通知；通知由公安机关登记",
        to=Organ.JUSTICE_BUREAU,
        cite=MPS[47, 2],
    )
    refusing_defendant_new_defender = may_within(
        Organ.PARTY,
        "拒绝指派后另行委托",
        days(5),
        after=refuse,
        by=retain,
        when=AT_TRIAL,
        note="自人民法院准许拒绝之日起算，准许与拒绝同一步骤",
        on_expiry="人民法院通知法律援助机构另行指派律师",
        cite=SPC[50, 2],
    )
    court_reassign_notice = must(
        Organ.COURT,
        "通知另行指派",
        days(3),
        after=End("refusing_defendant_new_defender"),
        by=notify_anew,
        void_by=retain,
        to=Organ.JUSTICE_BUREAU,
        cite=SPC[50, 2],
    )

    # 应当：会见、阅卷、取证和委托手续
    lawyer_meeting_arrangement = must(
        Organ.DETENTION_CENTER,
        "安排律师会见",
        hours(48),
        after="meeting:request",
        by="meeting:hold",
        void_by="meeting:arrange_as_asked meeting:withdraw meeting:refuse",
        when=MEETING,
        roll=Roll.NEVER,
        note="四十八小时以内见到；律师要求另定时间的除外",
        to=Organ.LAWYER,
        cite=(CPL[39, 2], MPS[53, 1]),
    )
    lawyer_meeting_permit_special = must(
        Organ.POLICE,
        "危安恐怖案件会见许可",
        days(3),
        after=Event("lawyer_meeting_requested"),
        when=MEETING_BY_PERMIT,
        note="登记要求会见时写明须经许可；由县级以上公安机关负责人批准，由公安机关登记",
        to=Organ.LAWYER,
        cite=(CPL[39, 3], MPS[52, 3]),
    )
    interpreter_meeting_permit = must(
        Organ.POLICE,
        "会见翻译人员许可",
        days(3),
        after=Event("interpreter_requested"),
        note="申请和许可不在步骤中，由公安机关登记",
        cite=MPS[54, 1],
    )
    non_lawyer_defender_permit = must(
        Organ.PROCURATORATE,
        "非律师辩护人阅卷会见许可",
        days(3),
        after=Event("access_application_received"),
        when=ACCESS_TO_FILES,
        note="登记申请时写明所申请的是什么；申请和许可不在步骤中，由人民检察院登记",
        to=Organ.LAWYER,
        cite=SPP[48, 1],
    )
    lawyer_collect_evidence_permit = must(
        Organ.PROCURATORATE,
        "律师向被害人取证许可（检察）",
        days(5),
        after=Event("access_application_received"),
        when=ACCESS_TO_VICTIM,
        note="申请和许可不在步骤中，由人民检察院登记",
        to=Organ.LAWYER,
        cite=SPP[53],
    )
    court_evidence_application_decide = must(
        Organ.COURT,
        "律师调取证据申请决定（法院）",
        days(5),
        after=Event("access_application_received"),
        when=AT_TRIAL,
        note="申请和决定不在步骤中，由人民法院登记",
        to=Organ.LAWYER,
        cite=SPC[61, 2],
    )
    exculpatory_evidence_notice = must(
        Organ.PROCURATORATE,
        "调取无罪罪轻证据后告知辩护人",
        days(3),
        after=Event("exculpatory_evidence_received"),
        note="调取和告知不在步骤中，由人民检察院登记",
        to=Organ.LAWYER,
        cite=SPP[50],
    )
    defence_obstruction_complaint = must(
        Organ.PROCURATORATE,
        "阻碍辩护权申诉控告办结",
        days(10),
        after=Event("complaint_received_by_procuratorate"),
        when=DEFENCE_OBSTRUCTED,
        note="登记控告时写明事关辩护；调查核实和答复不在步骤中，由人民检察院登记",
        to=Organ.LAWYER,
        cite=SPP[58],
    )
    defender_file_mandate = must(
        Organ.LAWYER,
        "提交委托手续",
        days(3),
        after=retain | assign | assign_on_application,
        when=AT_TRIAL,
        note="自接受委托或者指派之日起算，由人民法院收到后登记；诉讼代理人相同",
        to=Organ.ORGAN_IN_CHARGE,
        cite=(SPC[52], SPC[66]),
    )
    detained_request_defender_forward = must(
        Organ.COURT,
        "转达在押被告人委托辩护人要求",
        days(3),
        after=Event("defender_request_by_detainee"),
        note="要求和转达不在步骤中，由人民法院登记；公安机关、人民检察院应当及时转达，没有日数",
        cite=SPC[45],
    )

    optional_notice = Remark(
        "其他适用普通程序审理的案件，被告人没有委托辩护人的，人民法院可以通知法律援助机构指派律师",
        why="是可以而不是应当，由人民法院酌定；通知以后的步骤和期限相同",
        cite=(LAL[25, 2], SPC[48]),
    )
    supervise_notice = Remark(
        "公安机关没有为未成年犯罪嫌疑人通知法律援助机构的，人民检察院应当提出纠正意见",
        why="没有通知本身不是一个步骤；纠正意见由检察官提出",
        cite=SPP[460, 3],
    )
    end_of_aid = Remark(
        "受援人自行委托律师、案件终止或者撤销等情形，法律援助机构应当决定终止法律援助",
        why="终止法律援助是法律援助机构与受援人之间的决定，不改变案件的进行",
        cite=LAL[48],
    )
