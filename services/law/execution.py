"""P23 生效裁判的交付执行. Custody for the case ends with the delivery; what follows is the sentence."""

from datetime import date

from services.kernel.period import AT_ONCE, MonthEnd, Roll, days, hours, months
from services.kernel.procedure import (
    GONE,
    Condition,
    Event,
    Kept,
    Procedure,
    Remark,
    State,
    Transition,
    lasts,
    must,
    must_not,
)
from services.kernel.who import Addressee, Organ
from services.law.matters import RIGHTS_ONLY
from services.law.offices import CENTER, DECIDING_ORGAN, JUDGE, PANEL, PRISON, PROSECUTOR
from services.law.statutes import CPL, CX14, MPS, PL12, PL26, SPC, SPP, SQ19

SENTENCED = Condition("sentenced", "被判处应当交付执行的刑罚")
TO_PRISON = Condition("to_prison", "被判处死刑缓期二年执行、无期徒刑，或者有期徒刑而剩余刑期在三个月以上")
COMMUNITY = Condition("community_correction", "被判处管制或者宣告缓刑")


class Execution(Procedure):
    """生效裁判的交付执行"""

    id = "P23"
    name = "execution"
    zh = "生效裁判的交付执行"
    edition = "PL26"
    in_force = date(2026, 11, 1)
    transition = Transition.ACT

    effective = State("已生效", initial=True)
    docs_served = State("文书已送达")
    awaiting_delivery = State("待交付")
    in_prison = State("监狱执行", end=True)
    in_center = State("看守所代为执行", end=True)
    community = State("社区矫正", end=True)
    outside = State("暂予监外执行", end=True, decides=True)
    executed_death = State("已执行死刑", end=True)
    refused = State("监狱不予收监")
    released = State("刑满释放", end=True)
    property_execution = State("财产执行", end=True)

    serve = JUDGE.may(
        "送达执行文书",
        at=effective,
        to=docs_served,
        ids="P23.T01",
        needs=(
            "执行通知书、结案登记表、"
            "刑事判决书（一审）/刑事判决书（二审）/刑事裁定书（驳回上诉、抗诉，维持原判）、"
            "[财产性判项实际执行情况材料]"
        ),
        condition="判决、裁定发生法律效力；由第一审人民法院送达",
        cite=(CPL[264, 1], SPC[511], PL26[31, 2]),
    )

    # 监狱执行。表中由公安机关（看守所）送交；看守所属于公安机关，由看守所的席位行使
    await_delivery = CENTER.may(
        "等待送交监狱",
        at=docs_served,
        to=awaiting_delivery,
        ids="P23.T02",
        condition="死刑缓期执行、无期徒刑，或者剩余刑期超过三个月的有期徒刑",
        cite=(CPL[264, 2], MPS[300]),
    )
    deliver = CENTER.may(
        "送交监狱执行",
        at=awaiting_delivery,
        to=in_prison,
        ids="P23.T03",
        needs="罪犯交付执行（收监）登记、看守所羁押表现、健康档案、罪犯入监通知书",
        condition="未成年犯送交未成年犯管教所",
        cite=(CPL[264, 2], CPL[264, 3], MPS[300], PL26[31, 2], PL26[35, 2]),
    )
    refuse = PRISON.may(
        "不予收监",
        at=awaiting_delivery,
        to=refused,
        ids="P23.T04",
        needs="不予收监书面说明",
        condition="罪犯与法律文书不符、刑罚记载错误等可能导致错误收监；抄送人民检察院",
        cite=PL26[32, 3],
    )
    # 2026年11月1日起；人民检察院认为不予收监的理由不成立，向监狱出具书面意见的，监狱应当收监
    require_admission = PROSECUTOR.may(
        "书面要求收监",
        at=refused,
        to=awaiting_delivery,
        ids="P23.S01",
        condition="不予收监的理由不成立",
        cite=PL26[32, 3],
    )
    deliver_anew = CENTER.may(
        "更正后重新送交监狱",
        at=refused,
        to=in_prison,
        ids="P23.T05",
        needs="罪犯交付执行（收监）登记",
        cite=(CPL[264, 2], PL26[32, 4]),
    )

    # 看守所代为执行
    stay = CENTER.may(
        "看守所代为执行",
        at=docs_served,
        to=in_center,
        ids="P23.T06",
        needs="留所执行刑罚审批表",
        condition="被判处拘役，或者剩余刑期在三个月以下",
        cite=(CPL[264, 2], MPS[301], PL26[31, 3]),
    )
    release = CENTER.may(
        "刑满释放",
        at=in_center,
        to=released,
        ids="P23.T07",
        needs="刑满释放证明书",
        cite=(CPL[264, 5], MPS[303]),
    )

    # 社区矫正和暂予监外执行
    to_community = JUDGE.may(
        "交付社区矫正",
        at=docs_served,
        to=community,
        ids="P23.T08",
        needs="社区矫正执行通知书、[释放通知书（法院）]",
        condition="被判处管制、宣告缓刑",
        ends="bail:auto_ended",
        cite=(CPL[269], SPC[519], SQ19[20]),
    )
    to_outside = JUDGE.may(
        "交付执行前决定暂予监外执行",
        at=docs_served,
        to=outside,
        ids="P23.T09",
        needs="暂予监外执行决定书",
        condition="有严重疾病、怀孕或者正在哺乳自己婴儿、生活不能自理；先征求人民检察院的意见",
        cite=(CPL[265], SPC[515]),
    )
    recall_from_outside = DECIDING_ORGAN.may(
        "收监执行",
        at=outside,
        to=awaiting_delivery,
        ids="P23.T10",
        needs="收监执行决定书",
        cite=(CPL[268], SPC[516], SPC[517]),
    )
    # 表中未写法院的席位；裁定书由合议庭作出
    recall_from_community = PANEL.may(
        "撤销缓刑、假释",
        at=community,
        to=awaiting_delivery,
        ids="P23.T11",
        needs="撤销缓刑/假释裁定书",
        cite=(SPC[543], SPC[545], SQ19[48], SQ19[49]),
    )

    # 死刑和财产
    execute_death = JUDGE.may(
        "执行死刑",
        at=effective,
        to=executed_death,
        ids="P23.T12",
        needs="执行死刑命令",
        condition="最高人民法院院长签发命令，同级人民检察院派员临场监督",
        cite=(CPL[261], CPL[262], CPL[263], SPC[499]),
    )
    execute_property = JUDGE.may(
        "移送财产部分执行",
        at=docs_served,
        to=property_execution,
        ids="P23.T13",
        needs="移送执行表",
        condition="罚金、没收财产、追缴、责令退赔，或者有随案财物",
        cite=(CX14[7], SPC[522]),
    )

    # 应当：交付
    execution_documents_service = must(
        Organ.COURT,
        "交付执行文书送达",
        days(10),
        after=(
            "second_trial:become_final second_trial:uphold second_trial:change second_trial:permit_withdrawal "
            "second_trial:withdraw"
        ),
        by=serve,
        when=SENTENCED,
        on_expiry="人民检察院提出纠正意见（人民检察院刑事诉讼规则第六百二十五条）",
        note=(
            "判决书、裁定书、起诉书副本或者自诉状复印件、执行通知书、结案登记表；"
            "2026年11月1日起并附财产性判项实际执行情况材料。上诉期内撤回上诉的，自期满生效起算"
        ),
        cite=(CPL[264, 1], SPC[511], PL26[31]),
    )
    delivery_to_prison = must(
        Organ.POLICE,
        "送交监狱执行",
        months(1),
        after=serve,
        by=deliver | deliver_anew,
        when=TO_PRISON,
        void_by=stay | to_community | to_outside,
        note="看守所属于公安机关。检察规则作三十日，公安规定和监狱法作一个月，取早者；未成年犯送未成年犯管教所",
        to=Organ.PRISON,
        cite=(MPS[300], PL26[31], SPP[625, 1, 2]),
    )
    short_remaining_term_threshold = must(
        Organ.DETENTION_CENTER,
        "剩余刑期三个月以下由看守所代为执行",
        months(3),
        after=serve,
        kind="threshold",
        note="这是界限而不是期限：交付之日剩余刑期不超过三个月的留所；不认定逾期",
        cite=(CPL[264, 2], MPS[301], PL26[31]),
    )
    prison_family_notice = must(
        Organ.PRISON,
        "收监通知家属",
        days(5),
        after=deliver | deliver_anew,
        working_days=True,
        note="工作日；无家属、监护人的，通知居民委员会、村民委员会。通知书的发出由监狱登记",
        to=Addressee.FAMILY,
        cite=PL26[37],
    )
    release_on_completed_sentence = must(
        Organ.DETENTION_CENTER,
        "刑满释放",
        AT_ONCE,
        kind="detention",
        after=Event("sentence_completed"),
        by="execution:release custody_handover:release custody_handover:release_reminded custody_handover:release_overdue",
        roll=Roll.NEVER,
        custody="always",
        severity="critical",
        note="刑期届满当日释放，发给刑满释放证明书；届满由刑期和折抵计算得出，由看守所登记",
        to=Addressee.PERSON,
        cite=(CPL[264, 5], MPS[303]),
    )

    # 应当：社区矫正
    community_correction_notice = must(
        Organ.COURT,
        "通知社区矫正机构",
        days(5),
        after=(
            "second_trial:become_final second_trial:uphold second_trial:change second_trial:permit_withdrawal "
            "second_trial:withdraw"
        ),
        by=to_community,
        when=COMMUNITY,
        to=Addressee.COMMUNITY,
        cite=(SPC[519], SQ19[20]),
    )
    community_correction_documents = must(
        Organ.COURT,
        "社区矫正文书送达",
        days(10),
        after=(
            "second_trial:become_final second_trial:uphold second_trial:change second_trial:permit_withdrawal "
            "second_trial:withdraw"
        ),
        by=to_community,
        when=COMMUNITY,
        to=Addressee.COMMUNITY,
        cite=(SPC[519], SQ19[20]),
    )
    community_correction_report = must(
        Organ.PARTY,
        "社区矫正对象报到",
        days(10),
        after="second_trial:become_final second_trial:uphold second_trial:change second_trial:permit_withdrawal second_trial:withdraw",
        when=COMMUNITY,
        note="自判决、裁定生效起算；报到由社区矫正机构记载，由交付的机关登记",
        to=Addressee.COMMUNITY,
        cite=(SPC[519], SQ19[21]),
    )
    deprivation_rights_documents = must(
        Organ.COURT,
        "单处剥夺政治权利文书送达",
        days(10),
        after="second_trial:become_final second_trial:uphold second_trial:change second_trial:permit_withdrawal second_trial:withdraw",
        when=RIGHTS_ONLY,
        note="自判决、裁定生效起算；送达由人民法院登记",
        cite=SPC[520],
    )

    # 应当：暂予监外执行和收监
    outside_prison_handover = must(
        Organ.DETENTION_CENTER,
        "暂予监外执行移送社区矫正",
        days(10),
        after=to_outside,
        organs=(Organ.PRISON, Organ.POLICE),
        note="自收到决定起算，以决定之日为收到之日；移送由执行机关登记",
        to=Addressee.COMMUNITY,
        cite=(SPC[515], SQ19[21], PL26[47]),
    )
    outside_execution_recheck = must(
        Organ.COURT,
        "暂予监外执行重新核查",
        months(1),
        after=Kept("procuratorate_outside_execution_opinion"),
        month_end=MonthEnd.LAST_DAY,
        organs=(Organ.PRISON, Organ.POLICE),
        note="自接到检察院的书面意见起算，以提出之日为接到之日；核查由决定机关登记",
        cite=(SPC[515], PL26[46]),
    )
    procuratorate_outside_execution_opinion = must(
        Organ.PROCURATORATE,
        "检察院对暂予监外执行的纠正",
        months(1),
        after=Event("outside_execution_notice_received"),
        note="接到通知和书面意见由人民检察院登记",
        cite=(CPL[267], SPP[632]),
    )
    revocation_decide = must(
        Organ.COURT,
        "撤销缓刑/假释、收监决定",
        days(30),
        after=Event("revocation_suggestion_received"),
        note="收到建议和决定由人民法院登记；不予撤销也是决定",
        cite=(SPC[517], SPC[545], SQ19[48], SQ19[49]),
    )
    revocation_arrest_decide = must(
        Organ.COURT,
        "撤销缓刑假释前逮捕决定",
        hours(48),
        after=Event("revocation_arrest_request_received"),
        roll=Roll.NEVER,
        note="收到提请和决定由人民法院登记",
        cite=(SPC[544], SQ19[47]),
    )
    revocation_arrest_custody = lasts(
        Organ.COURT,
        "撤销缓刑假释逮捕后羁押",
        days(30),
        after=Event("arrest_executed"),
        roll=Roll.NEVER,
        custody="always",
        severity="critical",
        note="只适用于撤销缓刑、假释前的逮捕，与侦查中的逮捕不同；逮捕由人民法院登记",
        cite=(SPC[544], SQ19[47]),
    )

    # 应当：死刑和罚金
    death_order_execution = must(
        Organ.COURT,
        "执行死刑",
        days(7),
        after="death_review:approve",
        by=execute_death,
        note="接到命令由执行的人民法院登记",
        cite=(CPL[262], SPC[499]),
    )
    death_execution_notice_procuratorate = must(
        Organ.COURT,
        "执行死刑通知检察院",
        days(3),
        after=execute_death,
        kind="advance",
        roll=Roll.NEVER,
        before=True,
        note="通知由人民法院登记",
        to=Organ.PROCURATORATE,
        cite=SPC[506],
    )
    death_execution_report = must(
        Organ.COURT,
        "执行死刑情况上报",
        days(15),
        after=execute_death,
        note="上报由人民法院登记",
        to=Addressee.SUPERIOR,
        cite=SPC[509],
    )
    fine_relief_decide = must(
        Organ.COURT,
        "罚金减免申请裁定",
        months(1),
        after=Event("fine_relief_application_received"),
        month_end=MonthEnd.LAST_DAY,
        note="收到申请和裁定由人民法院登记",
        cite=SPC[524],
    )

    # 不得
    no_execution_before_effect = must_not(
        Organ.COURT,
        "判决、裁定发生法律效力以前交付执行",
        steps=serve | execute_death,
        unless=(
            "second_trial:become_final second_trial:uphold second_trial:change second_trial:permit_withdrawal "
            "second_trial:withdraw death_review:approve death_review:change death_review:change_by_high retrial:change"
        ),
        invariant="INV-37",
        cite=CPL[259],
    )

    property_beside_prison = Remark(
        "财产刑与主刑分别执行",
        why="表中财产执行与监狱执行同为一线的终点，一人只能记其一；财产部分由涉案财物流转逐项记载",
        cite=(CX14[7], SPC[522], SPC[525]),
    )
    measures_end_by_law = Remark(
        "社区矫正开始后，或者监禁刑开始执行后，强制措施自动解除",
        why="只对交付社区矫正结束取保候审；交付监狱时人已在押，羁押由换押记载",
        cite=SPC[172],
    )
    stop_of_death_execution = Remark(
        "执行死刑前发现可能有错误等情形的，应当暂停执行，报请最高人民法院裁定",
        why="暂停不移动状态：未执行即仍在已生效",
        cite=(CPL[262, 1], SPC[500]),
    )
    outside_by_prison = Remark(
        "交付执行后的暂予监外执行，由省级以上监狱管理机关或者设区的市一级以上公安机关批准",
        why="在监狱执行之后，不在本系统的步骤中",
        cite=(CPL[265, 5], MPS[307]),
    )


class Execution2012(Execution):
    """生效裁判的交付执行（2012）"""

    edition = "PL12"
    in_force = date(2018, 10, 26)
    until = date(2026, 11, 1)
    cites = {PL26: (PL12, {31: 15, 32: 16, 37: 20, 46: 26, 47: 27})}

    serve = JUDGE.may(
        "送达执行文书",
        at=Execution.effective,
        to=Execution.docs_served,
        ids="P23.T01",
        needs="执行通知书、结案登记表、刑事判决书（一审）/刑事判决书（二审）/刑事裁定书（驳回上诉、抗诉，维持原判）",
        condition="判决、裁定发生法律效力；由第一审人民法院送达",
        cite=(CPL[264, 1], SPC[511], PL12[15, 1]),
    )
    deliver = CENTER.may(
        "送交监狱执行",
        at=Execution.awaiting_delivery,
        to=Execution.in_prison,
        ids="P23.T03",
        needs="罪犯交付执行（收监）登记、罪犯入监通知书",
        condition="未成年犯送交未成年犯管教所",
        cite=(CPL[264, 2], CPL[264, 3], MPS[300], PL12[15, 1]),
    )
    refuse = PRISON.may(
        "不予收监",
        at=Execution.awaiting_delivery,
        to=Execution.refused,
        ids="P23.T04",
        condition="文书不齐全或者记载有误，可能导致错误收监",
        cite=PL12[16],
    )
    require_admission = GONE
    deliver_anew = CENTER.may(
        "更正后重新送交监狱",
        at=Execution.refused,
        to=Execution.in_prison,
        ids="P23.T05",
        needs="罪犯交付执行（收监）登记",
        cite=(CPL[264, 2], PL12[16], PL12[17]),
    )
    stay = CENTER.may(
        "看守所代为执行",
        at=Execution.docs_served,
        to=Execution.in_center,
        ids="P23.T06",
        needs="留所执行刑罚审批表",
        condition="被判处拘役，或者剩余刑期在三个月以下",
        cite=(CPL[264, 2], MPS[301], PL12[15, 2]),
    )

    prison_family_notice = GONE
    prison_family_notice_pre2026 = must(
        Organ.PRISON,
        "收监通知家属（2026年11月前收监）",
        days(5),
        after="execution:deliver execution:deliver_anew",
        note="不是工作日；通知书的发出由监狱登记",
        to=Addressee.FAMILY,
        cite=PL12[20],
    )
