"""P30 违法所得没收、强制医疗、缺席审判. One line for both special procedures: which of the two the papers say."""

from datetime import date

from services.kernel.period import MonthEnd, Roll, days, months
from services.kernel.procedure import STAY, Event, Procedure, Remark, State, add, lasts, may_within, must
from services.kernel.who import Addressee, Organ
from services.law.matters import CONFISCATION, TREATMENT
from services.law.offices import CHIEF, COUNTY_HEAD, FILING_DIVISION, OFFICER, PANEL, PROSECUTOR
from services.law.statutes import CPL, MPS, SPC, SPP


class SpecialProcedures(Procedure):
    """违法所得没收、强制医疗、缺席审判"""

    id = "P30"
    name = "special_procedures"
    zh = "违法所得没收、强制医疗、缺席审判"
    again = True
    in_force = date(2021, 3, 1)

    opinion = State("公安意见书", initial=True)
    pr_review = State("检察审查")
    applied = State("已申请")
    refused = State("不申请", end=True)
    announced = State("公告")
    tried = State("审理")
    confiscated = State("没收", end=True)
    rejected = State("驳回", end=True)
    treated = State("强制医疗", end=True)
    released_treatment = State("解除强制医疗", end=True)

    # 意见和申请
    submit_opinion = COUNTY_HEAD.may(
        "移送意见书",
        at=opinion,
        to=pr_review,
        ids="P30.T01",
        needs="没收违法所得意见书/强制医疗意见书",
        condition=(
            "没收：重大犯罪案件的犯罪嫌疑人逃匿，通缉一年后不能到案，或者犯罪嫌疑人死亡；"
            "强制医疗：实施暴力行为，经鉴定依法不负刑事责任，有继续危害社会可能"
        ),
        hands_to=Organ.PROCURATORATE,
        cite=(CPL[298, 2], CPL[303, 2], MPS[339], MPS[343]),
    )
    apply = CHIEF.may(
        "向人民法院提出申请",
        at=pr_review,
        to=applied,
        ids="P30.T02",
        needs="没收违法所得申请书/强制医疗申请书",
        hands_to=Organ.COURT,
        cite=(CPL[298, 1], CPL[303, 2], SPP[520], SPP[523], SPP[536], SPP[539]),
    )
    # 审查起诉中发现的，没有公安机关的意见书
    apply_directly = CHIEF.may(
        "直接向人民法院提出申请",
        at=opinion,
        to=applied,
        ids="P30.S01",
        needs="没收违法所得申请书/强制医疗申请书",
        condition="在审查起诉中犯罪嫌疑人死亡、逃匿，或者经鉴定依法不负刑事责任；审判中被告人死亡、脱逃",
        hands_to=Organ.COURT,
        cite=(CPL[303, 2], SPP[528], SPP[543]),
    )
    refuse = CHIEF.may(
        "不提出申请",
        at=pr_review,
        to=refused,
        ids="P30.T03",
        condition="不符合条件，向公安机关书面说明理由",
        hands_to=Organ.POLICE,
        cite=(SPP[523, 2], SPP[539, 2]),
    )
    ask_supplement = PROSECUTOR.may(
        "要求补充证据", at=pr_review, to=STAY, ids="P30.S03", cite=(SPP[523, 2], SPP[539, 2])
    )
    supplement = OFFICER.may("完成补充证据", at=pr_review, to=STAY, ids="P30.S04", cite=(SPP[523, 3], SPP[539, 3]))
    extend_review = CHIEF.may(
        "延长没收违法所得意见的审查期限",
        at=pr_review,
        to=STAY,
        ids="P30.S05",
        condition="三十日以内不能作出决定",
        cite=SPP[523, 1],
    )

    # 受理、公告、审理。表中没有受理，两种期限却都自受理起算
    accept = FILING_DIVISION.may(
        "受理申请",
        at=applied,
        to=STAY,
        ids="P30.S06",
        condition="属于受案范围和本院管辖，材料齐全",
        cite=(SPC[613, 1, 1], SPC[633]),
    )
    return_ = FILING_DIVISION.may(
        "将申请退回人民检察院",
        at=applied,
        to=pr_review,
        ids="P30.S07",
        condition="不属于受案范围或者本院管辖，材料不能补齐，或者通知撤回申请",
        hands_to=Organ.PROCURATORATE,
        cite=(SPC[613, 1], SPC[633]),
    )
    announce = PANEL.may(
        "发布没收违法所得公告",
        at=applied,
        to=announced,
        ids="P30.T04",
        condition="受理以后",
        cite=(CPL[299, 2], SPC[614], SPC[615]),
    )
    try_after_announcement = PANEL.may(
        "审理没收违法所得案件",
        at=announced,
        to=tried,
        ids="P30.T05",
        condition="公告期满；利害关系人参加诉讼的，开庭审理",
        cite=(CPL[299, 3], SPC[619]),
    )
    try_ = PANEL.may(
        "审理强制医疗案件",
        at=applied,
        to=tried,
        ids="P30.T06",
        condition="组成合议庭，通知法定代理人到场；没有诉讼代理人的，通知法律援助机构指派律师",
        cite=(CPL[304], SPC[634], SPC[635]),
    )
    try_on_own = PANEL.may(
        "在刑事案件中适用强制医疗程序",
        at=opinion,
        to=tried,
        ids="P30.S02",
        condition="被告人经鉴定依法不负刑事责任",
        cite=(CPL[303, 2], SPC[638, 1]),
    )

    # 裁定和决定
    confiscate = PANEL.may(
        "裁定没收",
        at=tried,
        to=confiscated,
        ids="P30.T07",
        needs="刑事裁定书（驳回上诉、抗诉，维持原判）",
        condition="属于违法所得及其他涉案财产，除依法返还被害人的以外",
        cite=(CPL[300, 1], SPC[621, 1, 1]),
    )
    reject = PANEL.may(
        "驳回申请",
        at=tried,
        to=rejected,
        ids="P30.T08",
        needs="刑事裁定书（驳回上诉、抗诉，维持原判）",
        condition=(
            "不符合没收的条件，解除查封、扣押、冻结；不符合强制医疗的条件，或者依法应当追究刑事责任，退回人民检察院"
        ),
        hands_to=Organ.PROCURATORATE,
        cite=(CPL[300, 1], SPC[621, 1, 2], SPC[637]),
    )
    treat = PANEL.may(
        "决定强制医疗",
        at=tried,
        to=treated,
        ids="P30.T09",
        needs="强制医疗决定书、强制医疗执行通知书",
        condition="实施暴力行为，依法不负刑事责任，有继续危害社会可能",
        cite=(CPL[302], CPL[305, 1], SPC[637], SPC[641]),
    )
    release = PANEL.may(
        "决定解除强制医疗",
        at=treated,
        to=released_treatment,
        ids="P30.T10",
        condition="已不具有人身危险性，不需要继续强制医疗",
        cite=(CPL[306], SPC[647, 1, 1]),
    )

    # 到案。表中没有终止：检察院终止审查即不再申请，法院终止审理即申请不再审理
    stop_review = CHIEF.may(
        "终止审查",
        at=pr_review,
        to=refused,
        ids="P30.S08",
        condition="在逃的人自动投案或者被抓获；案卷退回公安机关",
        hands_to=Organ.POLICE,
        cite=SPP[526],
    )
    stop_trial = PANEL.may(
        "终止审理",
        at=applied | announced | tried,
        to=rejected,
        ids="P30.S09",
        condition="在逃的人自动投案或者被抓获；案卷由人民检察院退回公安机关",
        hands_to=Organ.POLICE,
        cite=(CPL[301, 1], SPC[625], SPP[532]),
    )

    # 应当：没收违法所得
    confiscation_review_procuratorate = must(
        Organ.PROCURATORATE,
        "没收违法所得意见审查",
        days(30),
        after=submit_opinion,
        by=apply | refuse,
        when=CONFISCATION,
        extensions=(add(days(15), "三十日内不能决定", "检察院", "SPP 523"),),
        extended_by=extend_review,
        void_by=stop_review,
        paused_by=ask_supplement,
        resumed_by=supplement,
        cite=SPP[523],
    )
    confiscation_review_court = must(
        Organ.COURT,
        "没收违法所得申请审查",
        days(30),
        after=apply | apply_directly,
        by=accept | return_,
        when=CONFISCATION,
        void_by=stop_trial,
        cite=SPC[613, 1],
    )
    confiscation_announcement = must(
        Organ.COURT,
        "没收违法所得公告发布",
        days(15),
        after=accept,
        by=announce,
        when=CONFISCATION,
        void_by=stop_trial,
        to=Addressee.PUBLIC,
        cite=SPC[614, 1],
    )
    confiscation_announcement_period = lasts(
        Organ.COURT,
        "没收违法所得公告期",
        months(6),
        kind="term",
        after=announce,
        by=try_after_announcement,
        void_by=stop_trial,
        roll=Roll.NEVER,
        month_end=MonthEnd.LAST_DAY,
        note="自最后发布的公告之日起算，不中止、不中断、不延长；期满以后才可以审理",
        cite=(CPL[299, 2], SPC[614, 2], SPC[615, 1]),
    )
    confiscation_appeal = may_within(
        Organ.PARTY,
        "没收违法所得裁定上诉抗诉",
        days(5),
        after=confiscate | reject,
        organs=(Organ.PROCURATORATE,),
        when=CONFISCATION,
        note="自接到裁定书的第二日起算；近亲属和其他利害关系人上诉，人民检察院抗诉，二审没有自己的步骤，由其登记",
        cite=(CPL[300, 2], SPC[622], SPP[531, 2]),
    )

    # 应当：强制医疗
    compulsory_medical_opinion = must(
        Organ.POLICE,
        "强制医疗意见书",
        days(7),
        after=Event("irresponsible_appraisal_received"),
        note="鉴定意见不在步骤中，由公安机关登记",
        to=Organ.PROCURATORATE,
        cite=MPS[343],
    )
    medical_review_procuratorate = must(
        Organ.PROCURATORATE,
        "强制医疗意见审查",
        days(30),
        after=submit_opinion,
        by=apply | refuse,
        when=TREATMENT,
        void_by=stop_review,
        paused_by=ask_supplement,
        resumed_by=supplement,
        cite=SPP[539],
    )
    medical_review_court = must(
        Organ.COURT,
        "强制医疗申请审查",
        days(7),
        after=apply | apply_directly,
        by=accept | return_,
        when=TREATMENT,
        cite=SPC[633],
    )
    medical_decide = must(
        Organ.COURT,
        "强制医疗决定",
        months(1),
        after=accept,
        by=treat | reject,
        when=TREATMENT,
        month_end=MonthEnd.LAST_DAY,
        cite=CPL[305, 1],
    )
    medical_decision_service = must(
        Organ.COURT,
        "强制医疗决定送达公安",
        days(5),
        after=treat,
        note="强制医疗决定书和执行通知书的送达由人民法院登记，由公安机关送交强制医疗",
        to=Organ.POLICE,
        cite=SPC[641],
    )
    medical_reconsider_apply = may_within(
        Organ.PARTY,
        "强制医疗复议申请",
        days(5),
        after=Event("medical_decision_received"),
        note="自收到决定书第二日起向上一级人民法院申请，不停止执行；收到和申请不在步骤中，由其登记",
        cite=(CPL[305, 2], SPC[642]),
    )
    medical_reconsider_decide = must(
        Organ.COURT,
        "强制医疗复议决定",
        months(1),
        after=Event("reconsideration_application_received"),
        when=TREATMENT,
        month_end=MonthEnd.LAST_DAY,
        note="上一级人民法院的复议没有步骤，由其登记；人民检察院对决定提出书面纠正意见的，也是一个月",
        cite=(SPC[643], SPC[648]),
    )

    absence = Remark(
        "贪污贿赂等案件的被告人在境外，因病中止审理超过六个月，或者被告人死亡的，可以缺席审判",
        why="缺席审判是第一审的一种，步骤和期限都在第一审程序中，表中本程序没有它的状态",
        cite=(CPL[291, 1], CPL[296], CPL[297], SPC[605]),
    )
    kind_of_paper = Remark(
        "驳回强制医疗申请的，作出决定而不是裁定",
        why="表中驳回只有裁定书一种文书，尚无驳回强制医疗申请决定书",
        cite=SPC[637],
    )
    protective_restraint = Remark(
        "人民法院决定强制医疗前，公安机关可以采取临时的保护性约束措施；没有继续危害社会可能的，及时解除",
        why="临时约束没有期限，也不是羁押，表中没有它的步骤",
        cite=(CPL[303, 3], MPS[344], MPS[345]),
    )
    term_of_trial = Remark(
        "没收违法所得案件的审理期限参照第一审普通程序和第二审程序；公告和请求司法协助的时间不计入",
        why="表中没有这一期限；参照的延长要由法院逐次决定",
        cite=SPC[627],
    )
    review_of_release = Remark(
        "提出解除强制医疗意见或者申请的，人民法院应当在一个月以内决定；驳回后六个月可以再次申请",
        why="表中没有提出的步骤，也没有这一期限",
        cite=(SPC[645, 2], SPC[647, 1]),
    )
