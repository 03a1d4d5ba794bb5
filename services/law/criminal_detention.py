"""P06 拘留. From the warrant to release, arrest or another measure: the shortest clocks of all."""

from datetime import date

from services.kernel.period import Roll, days, hours, months
from services.kernel.procedure import STAY, End, Event, Procedure, Remark, State, add, lasts, must, must_not, up_to
from services.kernel.who import Addressee, Organ
from services.law.facts import DEPUTIES
from services.law.matters import (
    FOREIGNER,
    FROM_SUPERVISION,
    MEASURE_BY_PROCURATORATE,
    NOT_FROM_SUPERVISION,
    THIRTY_DAYS,
)
from services.law.offices import COUNTY_HEAD, INTAKE
from services.law.statutes import CPL, JC24, JY06, MPS, SPP


class CriminalDetention(Procedure):
    """拘留"""

    id = "P06"
    name = "criminal_detention"
    zh = "拘留"
    again = True
    in_force = date(2018, 10, 26)

    none = State("未拘留", initial=True)
    detained_24h = State("已宣布拘留待送所")
    in_center = State("在所羁押")
    extended = State("延长拘留")
    arrest_requested = State("已提请逮捕")
    arrested = State("已逮捕", end=True)
    bailed = State("取保候审", end=True)
    rs = State("监视居住", end=True)
    released = State("已释放", end=True)
    transferred_direct = State("刑拘直诉移送", end=True)

    # 拘留和送所
    detain = COUNTY_HEAD.may(
        "拘留",
        at=none,
        to=detained_24h,
        ids="P06.T01",
        needs="呈请拘留报告书、拘留证",
        tells=f"[{DEPUTIES}]",
        condition="现行犯或者重大嫌疑分子，有法定先行拘留的情形",
        ends="bail:revoked_to_custody residential_surveillance:to_custody summons:next_measure",
        liberty="taken",
        cite=(CPL[82], CPL[85, 1], MPS[125, 1]),
    )
    # 表中只有公安机关自己的拘留；检察院决定的由公安机关执行，期限也不同（CPL 165、167、170）
    detain_for_procuratorate = COUNTY_HEAD.may(
        "执行人民检察院决定的拘留",
        at=none,
        to=detained_24h,
        ids="P06.S06",
        needs="拘留决定书（检察）、拘留证",
        tells=f"[{DEPUTIES}]",
        ends="bail:revoked_to_custody residential_surveillance:to_custody summons:next_measure",
        liberty="taken",
        cite=(CPL[165], CPL[170, 2], SPP[121]),
    )
    admit = INTAKE.may(
        "看守所收押",
        at=detained_24h,
        to=in_center,
        ids="P06.T02",
        needs="入所健康检查表、犯罪嫌疑人诉讼权利义务告知书、提讯提解证",
        condition="凭拘留证收押，在拘留证上注明到达时间",
        cite=(CPL[85, 2], MPS[153, 1], MPS[154]),
    )
    release_before_admission = COUNTY_HEAD.may(
        "送所以前释放",
        at=detained_24h,
        to=released,
        ids="P06.T03",
        needs="释放通知书、释放证明书",
        condition="发现不应当拘留",
        liberty="given",
        cite=(CPL[86], MPS[128]),
    )

    # 延长和提请逮捕。事实 extension 写明适用哪一种延长：1 为一日至四日，2 为至三十日
    extend = COUNTY_HEAD.may(
        "延长拘留期限",
        at=in_center | extended,
        to=extended,
        ids="P06.T04 P06.S01",
        needs="呈请延长拘留期限报告书、延长拘留期限通知书",
        condition="特殊情况；或者流窜作案、多次作案、结伙作案的重大嫌疑分子",
        cite=(CPL[91, 1], CPL[91, 2], MPS[129]),
    )
    # 表中只在逮捕以后停止计算，而精神病鉴定的期间不计入办案期限，拘留也是
    pause = COUNTY_HEAD.may(
        "因精神病鉴定停止计算拘留期限",
        at=in_center | extended,
        to=STAY,
        ids="P06.S02 P06.S03",
        needs="鉴定聘请书、变更羁押期限通知书",
        cite=(CPL[149], MPS[257]),
    )
    resume = COUNTY_HEAD.may(
        "恢复计算拘留期限",
        at=in_center | extended,
        to=STAY,
        ids="P06.S04 P06.S05",
        needs="变更羁押期限通知书",
        cite=(CPL[149], MPS[257]),
    )
    request_arrest = COUNTY_HEAD.may(
        "提请批准逮捕",
        at=in_center | extended,
        to=arrest_requested,
        ids="P06.T05 P06.T06",
        needs="提请批准逮捕书、社会危险性说明及证据",
        opens="arrest_review",
        ends="direct_prosecution:exited",
        cite=(CPL[87], CPL[91], MPS[133, 3], MPS[137, 1]),
    )
    arrest = COUNTY_HEAD.may(
        "转为逮捕",
        at=arrest_requested,
        to=arrested,
        ids="P06.T07",
        needs="逮捕证",
        condition="人民检察院批准逮捕",
        liberty="taken",
        cite=(CPL[90], CPL[93], MPS[142]),
    )

    # 不批准逮捕以后
    release_not_approved = COUNTY_HEAD.may(
        "不批准逮捕后释放",
        at=arrest_requested,
        to=released,
        ids="P06.T08",
        needs="释放通知书、释放证明书、批准/不批准逮捕决定执行回执",
        carries="arrest_review:release",
        liberty="given",
        cite=(CPL[91, 3], MPS[140]),
    )
    bail_not_approved = COUNTY_HEAD.may(
        "不批准逮捕后取保候审",
        at=arrest_requested,
        to=bailed,
        ids="P06.T09",
        needs="取保候审决定书",
        condition="需要继续侦查，并且符合取保候审条件",
        carries="arrest_review:change",
        liberty="given",
        cite=(CPL[91, 3], MPS[81, 2]),
    )
    surveil_not_approved = COUNTY_HEAD.may(
        "不批准逮捕后监视居住",
        at=arrest_requested,
        to=rs,
        ids="P06.T10",
        needs="监视居住决定书",
        condition="需要继续侦查，并且符合监视居住条件",
        carries="arrest_review:change",
        liberty="given",
        cite=(CPL[91, 3], MPS[109, 2]),
    )

    # 不提请逮捕的
    grant_bail = COUNTY_HEAD.may(
        "拘留变更为取保候审",
        at=in_center | extended,
        to=bailed,
        ids="P06.T11 P06.T12",
        needs="取保候审决定书、释放通知书",
        condition="证据不符合逮捕条件，或者拘留期限届满需要继续侦查",
        ends="custody_necessity:changed direct_prosecution:exited",
        liberty="given",
        cite=(CPL[67], MPS[81, 2], MPS[131]),
    )
    release = COUNTY_HEAD.may(
        "释放",
        at=in_center | extended,
        to=released,
        ids="P06.T13 P06.T14",
        needs="释放通知书、释放证明书",
        condition="不应当拘留，不追究刑事责任，或者拘留期限届满",
        ends="custody_necessity:changed direct_prosecution:exited",
        liberty="given",
        cite=(CPL[86], CPL[99], MPS[128], MPS[131]),
    )
    transfer_direct = COUNTY_HEAD.may(
        "直接移送审查起诉",
        at=in_center | extended,
        to=transferred_direct,
        ids="P06.T16 P06.T15",
        needs="起诉意见书",
        condition="应当追究刑事责任，但不需要逮捕",
        carries="direct_prosecution:transfer",
        cite=(CPL[162, 1], MPS[131], MPS[289, 1]),
    )

    # 应当
    detention_to_center = lasts(
        Organ.POLICE,
        "拘留后送看守所",
        hours(24),
        after=detain | detain_for_procuratorate,
        organs=(Organ.PROCURATORATE,),
        by=(
            "criminal_detention:admit criminal_detention:release_before_admission "
            "bail:decide residential_surveillance:decide"
        ),
        roll=Roll.NEVER,
        custody="always",
        severity="critical",
        note="立即送所，至迟二十四小时；送所以后的讯问在看守所内进行",
        on_expiry="非法羁押：提出纠正意见；其间取得的证据存疑",
        to=Organ.DETENTION_CENTER,
        cite=(CPL[85, 2], MPS[126], SPP[122]),
    )
    detention_first_interrogation = must(
        Organ.POLICE,
        "拘留后讯问",
        hours(24),
        after=detain | detain_for_procuratorate,
        organs=(Organ.PROCURATORATE,),
        void_by=release_before_admission,
        roll=Roll.NEVER,
        note="讯问由办案机关登记，笔录在证据服务；异地拘留可以委托协作地讯问（MPS 351）",
        cite=(CPL[86], MPS[128], SPP[124]),
    )
    detention_family_notice = must(
        Organ.POLICE,
        "拘留通知家属",
        hours(24),
        after=detain | detain_for_procuratorate,
        organs=(Organ.PROCURATORATE,),
        roll=Roll.NEVER,
        note="通知由办案机关登记；无法通知，或者危害国家安全、恐怖活动犯罪有碍侦查的除外，登记理由",
        to=Addressee.FAMILY,
        cite=(CPL[85, 2], MPS[127], SPP[123]),
    )
    # 两种延长择一适用，都由 extend 准许，故写两次
    detention_request_arrest = lasts(
        Organ.POLICE,
        "拘留后提请批准逮捕",
        days(3),
        after=detain,
        by=(
            "criminal_detention:request_arrest criminal_detention:release criminal_detention:release_before_admission "
            "criminal_detention:grant_bail criminal_detention:transfer_direct bail:decide "
            "residential_surveillance:decide investigation_close:withdraw investigation_close:terminate "
            "custody_necessity:change custody_necessity:follow "
            "custody_handover:release custody_handover:release_reminded custody_handover:release_overdue"
        ),
        extensions=(
            add(days(4), "特殊情况（1至4日）", "县级以上公安机关负责人", "CPL 91.1"),
            up_to(days(30), "流窜作案、多次作案、结伙作案的重大嫌疑分子", "县级以上公安机关负责人", "CPL 91.2"),
        ),
        extended_by=extend | extend,
        paused_by=pause,
        resumed_by=resume,
        void_by="arrest_review:decide_procuratorate arrest_review:decide_court",
        roll=Roll.NEVER,
        custody="always",
        severity="critical",
        note="最长七日或者三十日；执行拘留后满二十四小时为一日（JY06 4）",
        on_expiry="释放，或者取保候审、监视居住（CPL 98、99，MPS 131）",
        to=Organ.PROCURATORATE,
        cite=(CPL[91, 1], CPL[91, 2], MPS[129], JY06[6]),
    )
    detention_extension_internal_application = must(
        Organ.POLICE,
        "呈请延长拘留期限",
        hours(24),
        after=End("detention_request_arrest", extended=True),
        kind="advisory",
        roll=Roll.NEVER,
        before=True,
        note="机关内部的呈请，条文未见原文，不认定逾期",
        cite=JY06[9],
    )
    custody_expiry_reminder_detention30 = must(
        Organ.DETENTION_CENTER,
        "拘留30日到期提示",
        days(3),
        after=End("detention_request_arrest"),
        by="custody_handover:remind custody_handover:remind_commanded custody_handover:remind_in_writing",
        when=THIRTY_DAYS,
        kind="advance",
        roll=Roll.NEVER,
        before=True,
        note="期限届满由计算得出；届满以前已经结束拘留的，不再提示",
        to=Organ.ORGAN_IN_CHARGE,
        cite=JY06[27],
    )
    procuratorate_detention = lasts(
        Organ.PROCURATORATE,
        "检察机关拘留",
        days(14),
        after=detain_for_procuratorate,
        when=NOT_FROM_SUPERVISION,
        by=(
            "arrest_review:decide_procuratorate criminal_detention:release criminal_detention:release_before_admission "
            "criminal_detention:grant_bail bail:decide bail:decide_procuratorate residential_surveillance:decide "
            "residential_surveillance:decide_procuratorate investigation_close:withdraw investigation_close:terminate "
            "custody_handover:release custody_handover:release_reminded custody_handover:release_overdue"
        ),
        extended_by=extend,
        extensions=(add(days(3), "特殊情况（1至3日）", "检察长", "CPL 167"),),
        roll=Roll.NEVER,
        custody="always",
        severity="critical",
        note="人民检察院直接受理的案件；监察机关移送的见下一期限",
        on_expiry="释放或者变更强制措施",
        cite=(CPL[167], SPP[126]),
    )
    supervision_case_detention = lasts(
        Organ.PROCURATORATE,
        "监察移送案件先行拘留",
        days(10),
        after=detain_for_procuratorate,
        by="arrest_review:decide_procuratorate criminal_detention:release criminal_detention:release_before_admission criminal_detention:grant_bail bail:decide_procuratorate residential_surveillance:decide_procuratorate custody_handover:release custody_handover:release_reminded custody_handover:release_overdue",
        when=FROM_SUPERVISION,
        extended_by=extend,
        extensions=(add(days(4), "特殊情况（1至4日）", "检察长", "CPL 170.2"),),
        roll=Roll.NEVER,
        custody="always",
        severity="critical",
        note="拘留后留置自动解除，不计入审查起诉期限",
        on_expiry="作出逮捕、取保候审或者监视居住的决定",
        cite=(CPL[170, 2], SPP[143]),
    )
    overdue_detention_notice_check = must(
        Organ.POLICE,
        "超期羁押纠正通知的审查",
        days(3),
        after=Event("illegality_notice_received"),
        note="收到纠正通知和审查，由公安机关登记",
        cite=JY06[32],
    )
    overdue_detention_complaint_forward = must(
        Organ.DETENTION_CENTER,
        "看守所转送超期羁押申诉",
        hours(24),
        after=Event("detention_complaint_received"),
        roll=Roll.NEVER,
        note="收到申诉和转送，由看守所登记",
        cite=JY06[33],
    )
    foreigner_measure_report = must(
        Organ.POLICE,
        "外国人强制措施层报",
        hours(48),
        after="criminal_detention:detain criminal_detention:detain_for_procuratorate bail:decide residential_surveillance:decide arrest_review:execute arrest_review:execute_on_capture",
        when=FOREIGNER,
        roll=Roll.NEVER,
        note="报省级公安机关并通报外事部门，重大案件报公安部；层报由公安机关登记",
        to=Addressee.SUPERIOR,
        cite=MPS[367],
    )
    employer_notice_measure = must(
        Organ.PROCURATORATE,
        "采取/解除强制措施告知单位",
        days(5),
        after="criminal_detention:detain_for_procuratorate arrest_review:decide_procuratorate bail:decide_procuratorate bail:lift residential_surveillance:decide_procuratorate residential_surveillance:lift",
        when=MEASURE_BY_PROCURATORATE,
        note="采取和解除都应当告知；告知由人民检察院登记",
        to=Addressee.EMPLOYER,
        cite=SPP[153],
    )
    supervision_retention = lasts(
        Organ.SUPERVISORY_COMMISSION,
        "留置",
        months(3),
        after=Event("retention_executed"),
        extensions=(
            add(months(3), "特殊情况", "上一级监察机关（省级以下）", "JC24 48.1"),
            add(months(2), "可能判处十年有期徒刑以上", "国家监察委员会", "JC24 48.2"),
        ),
        roll=Roll.NEVER,
        custody="always",
        severity="critical",
        note="监察机关的办理不在本系统，只为移送时衔接，由知悉的机关登记；重新计算时另行登记留置",
        cite=JC24[48],
    )
    supervision_short_custody = lasts(
        Organ.SUPERVISORY_COMMISSION,
        "管护",
        days(7),
        after=Event("short_custody_executed"),
        extensions=(add(days(3), "特殊情况（1至3日）", "监察机关主要负责人", "JC24 46"),),
        roll=Roll.NEVER,
        custody="always",
        severity="critical",
        note="监察机关的办理不在本系统，只为移送时衔接，由知悉的机关登记",
        cite=JC24[46],
    )

    # 不得
    no_detention_before_filing = must_not(
        Organ.POLICE,
        "立案以前拘留",
        steps=detain | detain_for_procuratorate,
        unless="case_intake:file case_intake:file_anew supervise_non_filing:file",
        invariant="INV-12",
        cite=MPS[174, 2],
    )
    no_arrest_unapproved = must_not(
        Organ.POLICE,
        "未经批准或者决定而逮捕",
        steps=arrest,
        unless=(
            "arrest_review:approve arrest_review:overturn arrest_review:overturn_on_review "
            "arrest_review:decide_procuratorate arrest_review:decide_court"
        ),
        invariant="INV-02",
        cite=CPL[80],
    )

    detention_by_procuratorate = Remark(
        "人民检察院决定拘留的，由公安机关制作拘留证并立即执行",
        why="表中只有公安机关自行决定的拘留；检察院的拘留期限不同，不能借用同一步骤，待表补足",
        cite=(CPL[165], SPP[122, 1], MPS[132, 1]),
    )
    deputies = Remark(
        "拘留县级以上人民代表大会代表，须经许可；因现行犯拘留的，应当立即报告",
        why="代表身份不在步骤中，许可由文书证明",
        cite=(MPS[164], MPS[165]),
    )
