"""P28 治安（行政）案件与快速办理, under both editions of the 治安管理处罚法. 行转刑 moves the criminal line with it.

A case goes on under the edition under which it was filed: the older one, until the end of 2025, is in `admin_case_2012`.
"""

from datetime import date

from services.kernel.period import Roll, days, hours, months
from services.kernel.procedure import (
    ANEW,
    STAY,
    Event,
    Procedure,
    Remark,
    State,
    Transition,
    add,
    lasts,
    may_within,
    must,
    up_to,
)
from services.kernel.who import Addressee, Organ
from services.law.matters import ADMINISTRATIVE, HANDLED_FAST, WITH_VICTIM
from services.law.offices import (
    COUNTY_HEAD,
    LEGAL_DEPARTMENT,
    OFFICER,
    PARTY,
    STATION,
    SUPERIOR_POLICE,
    UNIT_HEAD,
)
from services.law.statutes import AP, CPL, FYF23, PS25, SL15, XSF17, XZCF


class AdminCase(Procedure):
    """治安（行政）案件与快速办理"""

    id = "P28"
    name = "admin_case"
    zh = "治安（行政）案件与快速办理"
    line = "case"
    edition = "PS25"
    in_force = date(2026, 1, 1)
    transition = Transition.BEGUN

    accepted = State("已立案", initial=True)
    summoned = State("已传唤")
    fast = State("快速办理")
    investigating = State("调查取证")
    mediated = State("调解", end=True)
    notified = State("处罚前告知")
    hearing = State("听证")
    decided_penalty = State("处罚")
    decided_none = State("不予处罚", end=True)
    terminated = State("终止调查", end=True)
    to_criminal = State("转刑事", end=True)
    executed = State("已执行", end=True)

    # 立案。表中只由刑事立案审查转来；直接受理的，以及刑事案件撤销、不起诉以后转来的，由 S01 开始
    file = UNIT_HEAD.may(
        "对治安案件立案",
        at=ANEW,
        to=accepted,
        ids="P28.S01",
        needs="行政案件立案登记表",
        condition="报案、控告、举报、投案、移送或者自行发现；刑事案件撤销、不起诉以后需要给予行政处罚的相同",
        cite=(PS25[90], AP[61]),
    )

    # 传唤和快速办理
    summon = UNIT_HEAD.may(
        "传唤并询问查证",
        at=accepted,
        to=summoned,
        ids="P28.T01",
        needs="传唤证（行政）、询问笔录",
        condition="需要传唤接受调查；对现场发现的可以口头传唤，并在询问笔录中注明",
        cite=(PS25[96], AP[67], AP[68]),
    )
    extend_inquiry = UNIT_HEAD.may(
        "延长询问查证时间",
        at=summoned,
        to=STAY,
        ids="P28.S02",
        condition="涉案人数众多、身份不明的，至十二小时；情况复杂，可能适用行政拘留的，至二十四小时",
        cite=PS25[97, 1],
    )
    handle_fast = UNIT_HEAD.may(
        "快速办理",
        at=accepted | summoned,
        to=fast,
        ids="P28.T02 P28.T03",
        needs="快速办理权利义务告知与自愿认错认罚确认",
        tells="[没有不适用的情形]",
        condition=(
            "事实清楚，自愿认错认罚，对违法事实和法律适用没有异议；盲、聋、哑人，未成年人，疑似精神病人，"
            "应当听证或者可能拘留十日以上的，不适用"
        ),
        cite=(AP[40], AP[41], AP[42]),
    )
    handle_ordinarily = OFFICER.may(
        "转为一般案件办理",
        at=fast,
        to=investigating,
        ids="P28.S03",
        condition="发现不适宜快速办理；已经收集的证据可以使用",
        cite=AP[48],
    )

    # 调查
    investigate = OFFICER.may(
        "调查取证",
        at=accepted,
        to=investigating,
        ids="P28.T04",
        needs="行政案件立案登记表、行政案件立案/不予立案告知书、[证据保全决定书]、[证据保全清单]",
        cite=(PS25[90], AP[61], AP[111]),
    )
    end_inquiry = OFFICER.may(
        "结束询问查证",
        at=summoned,
        to=investigating,
        ids="P28.T05",
        condition="填写离开时间；不得以连续传唤的形式变相拘禁",
        cite=(PS25[97, 1], AP[68], AP[69]),
    )
    send_for_appraisal = UNIT_HEAD.may(
        "指派、聘请鉴定",
        at=accepted | summoned | fast | investigating | notified | hearing,
        to=STAY,
        ids="P28.S04",
        condition="需要解决有争议的专门性问题",
        cite=PS25[106],
    )
    receive_appraisal = OFFICER.may(
        "收到鉴定意见",
        at=accepted | summoned | fast | investigating | notified | hearing,
        to=STAY,
        ids="P28.S05",
        cite=(PS25[106], AP[97, 1]),
    )
    extend = SUPERIOR_POLICE.may(
        "延长办案期限",
        at=accepted | summoned | fast | investigating | notified | hearing,
        to=STAY,
        ids="P28.S06",
        needs="呈请延长办案期限报告书",
        condition="案情重大、复杂；派出所办理的案件，以所属公安机关为上一级公安机关",
        at_most=2,
        cite=PS25[118, 1],
    )
    mediate = OFFICER.may(
        "调解处理",
        at=investigating,
        to=mediated,
        ids="P28.T06",
        needs="治安调解协议书",
        condition="因民间纠纷引起，情节较轻，当事人自愿达成协议",
        cite=(PS25[9], AP[178], AP[184]),
    )
    resume_after_mediation = OFFICER.may(
        "因调解协议不履行继续办理",
        at=mediated,
        to=investigating,
        ids="P28.T07",
        cite=(PS25[9], AP[185]),
    )
    terminate = UNIT_HEAD.may(
        "终止案件调查",
        at=investigating,
        to=terminated,
        ids="P28.T16",
        needs="终止案件调查决定书",
        condition="没有违法事实，已过追究时效，或者违法嫌疑人死亡；已采取的强制措施立即解除",
        cite=AP[259],
    )

    # 告知和听证。表中听证一步须有听证笔录，是听证终结的记载；要求、受理各由 S07、S08、S09 记载
    notify = OFFICER.may(
        "进行处罚前告知",
        at=investigating | fast,
        to=notified,
        ids="P28.T08 P28.T09",
        needs="行政处罚告知笔录",
        condition="告知拟处罚的内容、事实、理由、依据和权利；快速办理的可以口头告知并注明；未成年人并告知其监护人",
        cite=(PS25[112], AP[46, 2], AP[167]),
    )
    request_hearing = PARTY.may(
        "要求听证",
        at=notified,
        to=STAY,
        ids="P28.S07",
        condition=(
            "吊销许可证件、处四千元以上罚款、责令停业整顿；可能执行行政拘留的未成年人；"
            "其他案情复杂或者具有重大社会影响的案件，公安机关认为必要的"
        ),
        cite=(PS25[117], AP[132], AP[133]),
    )
    accept_hearing = LEGAL_DEPARTMENT.may("受理听证申请", at=notified, to=STAY, ids="P28.S08", cite=AP[135])
    refuse_hearing = LEGAL_DEPARTMENT.may(
        "不予受理听证申请",
        at=notified,
        to=STAY,
        ids="P28.S09",
        needs="不予受理听证通知书",
        condition="不符合听证条件",
        cite=AP[135],
    )
    hear = LEGAL_DEPARTMENT.may(
        "举行听证",
        at=notified,
        to=hearing,
        ids="P28.T10",
        needs="举行听证通知书、听证笔录、听证报告书",
        cite=(PS25[117], AP[136], AP[137]),
    )

    # 决定
    decide = COUNTY_HEAD.may(
        "作出处罚决定",
        at=notified,
        to=decided_penalty,
        ids="P28.T12",
        needs="行政处罚决定书、[收缴/追缴物品清单]、[行政拘留家属通知书]",
        condition="听取陈述和申辩；应当法制审核的，审核通过",
        cite=(PS25[109], PS25[113], PS25[115], AP[172, 1, 1], AP[175]),
    )
    decide_at_station = STATION.may(
        "以派出所名义作出处罚决定",
        at=notified,
        to=decided_penalty,
        ids="P28.S10",
        needs="行政处罚决定书、[收缴/追缴物品清单]",
        condition="警告、一千元以下的罚款",
        cite=(PS25[109], PS25[115]),
    )
    decide_after_hearing = COUNTY_HEAD.may(
        "听证后作出处罚决定",
        at=hearing,
        to=decided_penalty,
        ids="P28.T11",
        needs="行政处罚决定书",
        condition="不得因要求听证而加重处罚",
        cite=(PS25[113], PS25[115], PS25[117], AP[125]),
    )
    # 表中听证以后只有处罚；听证正是为了查明应否处罚：S11
    decide_none = COUNTY_HEAD.may(
        "不予处罚",
        at=notified | hearing,
        to=decided_none,
        ids="P28.T13 P28.S11",
        needs="不予行政处罚决定书",
        condition="依法不予处罚，或者违法事实不能成立",
        cite=(PS25[113], AP[172, 1, 2], AP[172, 1, 3]),
    )
    penalize_on_spot = OFFICER.may(
        "当场处罚",
        at=accepted,
        to=decided_penalty,
        ids="P28.T14",
        needs="当场处罚决定书",
        condition="事实清楚，证据确凿，处警告或者五百元以下罚款；卖淫、嫖娼、赌博、毒品案件除外",
        cite=(PS25[119], PS25[120], AP[37], AP[38]),
    )
    execute = STATION.may(
        "执行处罚",
        at=decided_penalty,
        to=executed,
        ids="P28.T15",
        needs="执行回执、[暂缓执行行政拘留决定书]",
        cite=(PS25[122], PS25[123], AP[223]),
    )

    # 行转刑：行政案件无需撤销，刑事立案一并完成。表中有三处，传唤、快速办理和听证中发现的为 S12
    to_criminal_ = COUNTY_HEAD.may(
        "转为刑事案件",
        at=accepted | investigating | notified | summoned | fast | hearing,
        to=to_criminal,
        ids="P28.T17 P28.T18 P28.T19 P28.S12 P28.S12 P28.S12",
        needs="行政转刑事立案呈批、立案决定书",
        condition="涉嫌犯罪；物证、书证、视听资料、电子数据可以作为证据使用，言词证据应当重新收集",
        carries="case_intake:file_anew",
        cite=(PS25[113], AP[65], AP[172, 1, 5], CPL[54, 2]),
    )

    # 应当：立案、询问和办案期限
    admin_case_intake_review = must(
        Organ.POLICE,
        "行政案件受案/立案审查",
        hours(24),
        after="case_intake:accept",
        by="case_intake:to_admin",
        when=ADMINISTRATIVE,
        extensions=(up_to(days(3), "疑难复杂案件", "办案部门", "SL15 二(2)"),),
        extended_by="case_intake:examine",
        roll=Roll.NEVER,
        note="受案时尚不知是行政案件还是刑事案件的，以转为行政案件之日为立案之日；直接立案的，没有审查",
        cite=(SL15["二(2)"], PS25[90]),
    )
    admin_jurisdiction_transfer = must(
        Organ.POLICE,
        "行政案件移送管辖",
        hours(24),
        after=Event("no_jurisdiction_found"),
        when=ADMINISTRATIVE,
        roll=Roll.NEVER,
        note="接受的单位另行立案，移送不在步骤中，由公安机关登记；询问查证时间和扣押的期限重新计算",
        cite=(AP[61], AP[62, 2]),
    )
    admin_inquiry = lasts(
        Organ.POLICE,
        "传唤询问查证",
        hours(8),
        after=summon,
        by=end_inquiry | handle_fast | to_criminal_,
        extensions=(
            up_to(hours(12), "涉案人数众多、身份不明", "—", "PS25 97"),
            up_to(hours(24), "情况复杂，可能适用行政拘留", "—", "PS25 97"),
        ),
        extended_by=extend_inquiry | extend_inquiry,
        roll=Roll.NEVER,
        custody="always",
        severity="critical",
        note="自到案起算；延长的登记应当写明是第几项，不写的依次计算",
        on_expiry="立即结束询问查证，或者在期满以前作出处理决定",
        cite=PS25[97, 1],
    )
    public_security_case = must(
        Organ.POLICE,
        "治安案件办案期限",
        days(30),
        after="case_intake:to_admin admin_case:file",
        by=(
            "admin_case:decide admin_case:decide_at_station admin_case:decide_after_hearing admin_case:decide_none "
            "admin_case:penalize_on_spot admin_case:mediate admin_case:terminate admin_case:to_criminal"
        ),
        extensions=(
            add(days(30), "案情重大、复杂", "上一级公安机关（派出所办理的案件为所属公安机关）", "PS25 118", times=2),
        ),
        extended_by=extend,
        restarts_at=resume_after_mediation,
        paused_by=send_for_appraisal | accept_hearing,
        resumed_by=receive_appraisal | hear,
        note="鉴定和听证的时间不计入；调解达成协议不履行的，自不履行之日起重新计算",
        on_expiry="没有处理决定的，向被侵害人说明情况，继续调查取证（公安机关办理行政案件程序规定第一百六十五条）",
        cite=(PS25[118], AP[185]),
    )
    admin_other_case = must(
        Organ.POLICE,
        "其他行政案件",
        days(90),
        after=Event("admin_case_filed"),
        note="治安案件以外的行政案件没有自己的步骤，由公安机关登记；法律、法规、规章另有规定的从其规定",
        cite=(XZCF[60], AP[165]),
    )
    fast_handling = must(
        Organ.POLICE,
        "快速办理",
        hours(48),
        after=summon,
        by=decide | decide_at_station | decide_none,
        when=HANDLED_FAST,
        void_by=handle_ordinarily | to_criminal_,
        roll=Roll.NEVER,
        note="自到案起算；未经传唤到案的没有到案的记载，不由系统计算",
        on_expiry="转为一般案件办理",
        cite=(AP[40], AP[47], AP[48]),
    )
    prosecution_time_bar_public_security = must(
        Organ.POLICE,
        "治安违法追究时效",
        months(6),
        after=Event("violation_ended"),
        kind="rule",
        note="六个月以内没有发现的不再处罚，是界限而不是期限",
        cite=(PS25[25], AP[154]),
    )

    # 应当：拘留审查
    foreigner_detention_review = lasts(
        Organ.POLICE,
        "外国人拘留审查",
        days(30),
        after=Event("detention_review_executed"),
        extensions=(up_to(days(60), "案情复杂", "上一级公安机关", "AP 242"),),
        roll=Roll.NEVER,
        custody="always",
        severity="critical",
        note="国籍、身份不明的，自查清之日起算；没有自己的步骤，由公安机关登记",
        cite=AP[242],
    )

    # 应当：听证
    hearing_request = may_within(
        Organ.PARTY,
        "要求听证",
        days(5),
        after=notify,
        by=request_hearing,
        note="AP 133 仍写三日；XZCF 64 是法律，施行在后，作五日",
        cite=(XZCF[64, 1], AP[133]),
    )
    hearing_accept_decide = must(
        Organ.POLICE,
        "听证受理决定",
        days(2),
        after=request_hearing,
        by=accept_hearing | refuse_hearing | hear,
        on_expiry="逾期不通知申请人的，视为受理",
        cite=AP[135],
    )
    hearing_notice = must(
        Organ.POLICE,
        "举行听证通知",
        days(7),
        after=hear,
        kind="advance",
        roll=Roll.NEVER,
        before=True,
        note="举行听证一步在听证终结时登记，通知书的送达在先，由公安机关另行登记",
        to=Organ.PARTY,
        cite=AP[136],
    )
    hearing_hold = must(
        Organ.POLICE,
        "举行听证",
        days(10),
        after=request_hearing,
        by=hear,
        void_by=refuse_hearing,
        cite=AP[137, 1],
    )

    # 应当：送达、备案和执行
    on_spot_penalty_filing = must(
        Organ.POLICE,
        "当场处罚备案",
        hours(24),
        after=penalize_on_spot,
        roll=Roll.NEVER,
        note="报所属公安机关备案由公安机关登记",
        cite=(PS25[120], AP[39, 2]),
    )
    admin_decision_service = must(
        Organ.POLICE,
        "治安处罚决定送达",
        days(2),
        after=decide | decide_at_station | decide_after_hearing,
        note="被处罚人在场的当场交付；送达由公安机关登记。其他行政处理决定为七日",
        to=Organ.PARTY,
        cite=(PS25[116], AP[36, 1, 2]),
    )
    admin_victim_copy = must(
        Organ.POLICE,
        "决定书送达被侵害人",
        days(2),
        after=decide | decide_at_station | decide_after_hearing | decide_none,
        when=WITH_VICTIM,
        note="送达由公安机关登记",
        to=Addressee.VICTIM,
        cite=(AP[172, 3], PS25[116]),
    )
    fine_payment = must(
        Organ.PARTY,
        "缴纳罚款",
        days(15),
        after=Event("penalty_decision_received"),
        note="只适用于罚款；收到和缴纳不在步骤中，由其登记",
        cite=(PS25[123], AP[214]),
    )
    cash_fine_handin = must(
        Organ.POLICE,
        "当场收缴罚款上交",
        days(2),
        after=Event("cash_fine_collected"),
        note="人民警察交至所属公安机关、公安机关缴付银行，各为二日；由公安机关登记",
        cite=(PS25[124], AP[216]),
    )
    admin_detention_suspension_decide = must(
        Organ.POLICE,
        "暂缓执行行政拘留决定",
        hours(24),
        after=Event("detention_suspension_requested"),
        roll=Roll.NEVER,
        note="申请不在步骤中，决定书只随执行附卷，由公安机关登记",
        cite=(AP[223], PS25[126]),
    )
    admin_detention_merged_max = must(
        Organ.POLICE,
        "行政拘留合并执行上限",
        days(20),
        after=Event("admin_detention_merged"),
        kind="threshold",
        roll=Roll.NEVER,
        custody="always",
        note="这是上限而不是期限；拘留的日数不在步骤中",
        cite=AP[162],
    )

    # 应当：鉴定和财物
    admin_appraisal_copy_service = must(
        Organ.POLICE,
        "鉴定意见复印件送达（行政）",
        days(5),
        after=receive_appraisal,
        note="只送达作为证据使用的鉴定意见，由公安机关登记",
        cite=AP[97, 2],
    )
    admin_reappraisal_request = may_within(
        Organ.PARTY,
        "申请重新鉴定（行政）",
        days(3),
        after=Event("appraisal_copy_received"),
        note="收到复印件和申请不在步骤中，由其登记；重新鉴定以一次为限",
        cite=AP[97, 4],
    )
    admin_seizure = lasts(
        Organ.POLICE,
        "行政扣押扣留查封",
        days(30),
        after=Event("admin_seizure_executed"),
        kind="validity",
        extensions=(add(days(30), "情况复杂", "县级以上公安机关负责人", "AP 112"),),
        paused_by=send_for_appraisal,
        resumed_by=receive_appraisal,
        roll=Roll.NEVER,
        note="扣押的清单随调查取证附卷，逐项的扣押没有步骤，由公安机关登记；物品鉴定的时间不计入",
        on_expiry="退还、解除，或者依法处理",
        cite=AP[112],
    )
    admin_register_preserve = lasts(
        Organ.POLICE,
        "先行登记保存",
        days(7),
        after=Event("admin_preservation_executed"),
        kind="validity",
        roll=Roll.NEVER,
        note="没有自己的步骤，由公安机关登记",
        on_expiry="逾期不作出处理决定的，视为自动解除",
        cite=AP[110],
    )
    admin_unclaimed_property = must(
        Organ.POLICE,
        "行政案件财物认领",
        months(6),
        after=Event("owner_notified_or_announced"),
        kind="term",
        extensions=(add(months(3), "特殊情况", "公安机关", "AP 197"),),
        roll=Roll.NEVER,
        note="通知、公告和认领不在步骤中，由公安机关登记",
        on_expiry="无人认领的，公开拍卖或者按照国家有关规定处理，所得款项上缴国库",
        cite=(AP[197], PS25[105]),
    )

    # 救济
    admin_reconsideration_apply = may_within(
        Organ.PARTY,
        "行政复议申请",
        days(60),
        after=Event("admin_decision_known"),
        note="行政复议不在本系统的步骤中，由其登记",
        cite=(FYF23[20], PS25[121]),
    )
    admin_reconsideration_accept = must(
        Organ.JUSTICE_BUREAU,
        "行政复议受理审查",
        days(5),
        after=Event("admin_reconsideration_received"),
        note="由本级人民政府行政复议机构办理，不在本系统的步骤中",
        cite=FYF23[30],
    )
    admin_reconsideration_decide = must(
        Organ.JUSTICE_BUREAU,
        "行政复议决定",
        days(60),
        after=Event("admin_reconsideration_accepted"),
        extensions=(add(days(30), "情况复杂", "行政复议机构负责人", "FYF23 62"),),
        note="由本级人民政府行政复议机构办理，不在本系统的步骤中",
        cite=FYF23[62],
    )
    admin_litigation_direct = may_within(
        Organ.PARTY,
        "行政诉讼起诉",
        months(6),
        after=Event("admin_decision_known"),
        note="经过复议的为十五日；行政诉讼不在本系统的步骤中，由其登记",
        cite=(XSF17[46], PS25[121]),
    )

    several_offenders = Remark(
        "一案有数人的，分别调查、分别决定、各自送达",
        why="表中一案一线，数人的文书在同一步骤中一并附上；只有一人转为刑事案件的，其余的人由公安机关另行立案",
        cite=PS25[113],
    )
    full_recording = Remark(
        "在执法办案场所询问、扣押、辨认的，应当全程同步录音录像；没有录制或者灭失的，有关证据不得作为处罚的根据",
        why="录音录像是收集证据的方式，证据能否采用由作出决定的公安机关审查",
        cite=(PS25[97, 1], PS25[108, 3]),
    )
    legal_review = Remark(
        "涉及重大公共利益、经过听证或者疑难复杂的案件，决定以前应当经过法制审核",
        why="哪些案件应当审核由公安机关判断，审核在其内部，表中没有这一步骤",
        cite=PS25[114],
    )
    credit = Remark(
        "处罚前已经限制人身自由的，一日折抵行政拘留一日",
        why="折抵由作出决定的公安机关计算，写在决定书中，不是步骤",
        cite=PS25[110],
    )
    liberty_clock = Remark(
        "行政传唤以后转为刑事传唤、拘传的，时间是否连续计算",
        why="法律没有规定；本系统各按各的期限计算，不代为合并，由办案机关慎重掌握",
        cite=(PS25[97, 1], CPL[119, 2]),
    )
