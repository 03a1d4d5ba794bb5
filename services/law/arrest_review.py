"""P09 审查逮捕与执行逮捕. Each person named in one request gets a decision of their own."""

from datetime import date

from services.kernel.period import AT_ONCE, Roll, days, hours
from services.kernel.procedure import (
    ANEW,
    AT_LARGE,
    DETAINED,
    STAY,
    Event,
    Kept,
    Procedure,
    Remark,
    State,
    add,
    may_within,
    must,
    must_not,
    up_to,
)
from services.kernel.who import Addressee, Organ
from services.law.facts import DEPUTIES
from services.law.matters import FOREIGNER, NO_CRIME, NOT_FROM_SUPERVISION
from services.law.offices import CASE_MANAGEMENT, CHIEF, COUNTY_HEAD, OFFICER, PRESIDENT, SUPERIOR_CHIEF
from services.law.statutes import CPL, MPS, SPC, SPP


class ArrestReview(Procedure):
    """审查逮捕与执行逮捕"""

    id = "P09"
    name = "arrest_review"
    zh = "审查逮捕与执行逮捕"
    again = True
    in_force = date(2018, 10, 26)

    requested = State("已提请", initial=True)
    accepted = State("已受理")
    approved = State("批准逮捕")
    not_approved = State("不批准逮捕")
    executed = State("已执行逮捕", end=True)
    not_executed = State("未能执行")
    released = State("已释放", end=True)
    changed = State("变更措施", end=True)
    reconsidering = State("复议中")
    reviewing = State("复核中")
    upheld = State("维持不捕", end=True)
    overturned = State("改为批捕")
    revoked = State("撤销逮捕", end=True)

    # 提请和自行决定。表中只有自拘留提请（P06.T05、T06）；未被羁押的人由 S01 提请，检察院、法院自行决定的由 S02、S03
    request = COUNTY_HEAD.may(
        "提请批准逮捕未被羁押的犯罪嫌疑人",
        at=ANEW,
        to=requested,
        ids="P09.S01",
        needs="提请批准逮捕书、社会危险性说明及证据",
        cite=(CPL[87], MPS[137]),
    )
    decide_procuratorate = CHIEF.may(
        "决定逮捕",
        at=ANEW,
        to=approved,
        ids="P09.S02",
        needs="逮捕决定书（检察）",
        ends="direct_prosecution:exited",
        cite=(CPL[80], SPP[337]),
    )
    decide_court = PRESIDENT.may(
        "决定逮捕",
        at=ANEW,
        to=approved,
        ids="P09.S03",
        needs="逮捕决定书（法院）",
        ends="direct_prosecution:exited",
        cite=(CPL[80], SPC[163]),
    )

    # 审查
    accept = CASE_MANAGEMENT.may(
        "受理提请",
        at=requested,
        to=accepted,
        ids="P09.T01",
        needs="受理案件登记表（检察）、接收案件通知书、案卷（电子卷宗）移送清单",
        tells="[案号]",
        condition="属于本院管辖，案卷齐备，期限未满",
        cite=(SPP[157], SPP[158]),
    )
    approve = CHIEF.may(
        "批准逮捕",
        at=accepted,
        to=approved,
        ids="P09.T02",
        needs="批准逮捕决定书、[继续侦查提纲]",
        condition="符合逮捕条件",
        cite=(CPL[90], SPP[284]),
    )
    refuse = CHIEF.may(
        "不批准逮捕",
        at=accepted,
        to=not_approved,
        ids="P09.T03",
        needs="不批准逮捕决定书、不批准逮捕理由说明书、[补充侦查提纲]",
        tells="[承办人]",
        cite=(CPL[90], SPP[285]),
    )

    # 执行
    execute = COUNTY_HEAD.may(
        "执行逮捕",
        at=approved | overturned,
        to=executed,
        ids="P09.T04 P09.T17",
        needs="逮捕证、逮捕通知书、批准/不批准逮捕决定执行回执",
        tells=f"[{DEPUTIES}]",
        carries="criminal_detention:arrest",
        liberty="taken",
        opens="custody_extension",
        ends="criminal_detention:arrested bail:revoked_to_custody residential_surveillance:to_custody",
        cite=(CPL[93], MPS[142]),
    )
    report_not_executed = OFFICER.may(
        "报告未能执行",
        at=approved,
        to=not_executed,
        ids="P09.T05",
        needs="批准/不批准逮捕决定执行回执、[通缉令]",
        cite=(MPS[142], MPS[274]),
    )
    execute_on_capture = OFFICER.may(
        "抓获后执行逮捕",
        at=not_executed,
        to=executed,
        ids="P09.T06",
        needs="逮捕证、逮捕通知书、批准/不批准逮捕决定执行回执",
        tells=f"[{DEPUTIES}]",
        carries="criminal_detention:arrest",
        liberty="taken",
        opens="custody_extension",
        ends="criminal_detention:arrested bail:revoked_to_custody residential_surveillance:to_custody",
        cite=MPS[142],
    )

    # 不批准逮捕以后
    release = COUNTY_HEAD.may(
        "释放",
        at=not_approved,
        to=released,
        ids="P09.T07",
        needs="释放通知书、释放证明书、批准/不批准逮捕决定执行回执",
        carries="criminal_detention:release_not_approved",
        liberty="given",
        ends="criminal_detention:released",
        cite=(CPL[91, 3], MPS[140]),
    )
    change = COUNTY_HEAD.may(
        "变更为取保候审或者监视居住",
        at=not_approved,
        to=changed,
        ids="P09.T08",
        needs="取保候审决定书/监视居住决定书、释放通知书、批准/不批准逮捕决定执行回执",
        liberty="given",
        ends="criminal_detention:released",
        cite=(CPL[91, 3], MPS[140]),
    )
    # 救济不影响释放（CPL 92）：要求复议、提请复核以后仍未释放的，随时释放
    release_despite_remedy = COUNTY_HEAD.may(
        "复议、复核期间释放",
        at=reconsidering | reviewing | upheld,
        to=STAY,
        ids="P09.S04 P09.S05 P09.S06",
        needs="释放通知书、释放证明书",
        carries="criminal_detention:release_not_approved",
        liberty="given",
        ends="criminal_detention:released",
        cite=(CPL[91, 3], CPL[92]),
    )
    request_reconsideration = COUNTY_HEAD.may(
        "要求复议",
        at=not_approved | released | changed,
        to=reconsidering,
        ids="P09.T09 P09.T10 P09.T11",
        needs="要求复议意见书",
        cite=(CPL[92], MPS[141, 1]),
    )
    uphold = CHIEF.may(
        "复议维持",
        at=reconsidering,
        to=upheld,
        ids="P09.T12",
        needs="复议决定书（检察）",
        tells="[承办人]",
        cite=SPP[290],
    )
    overturn = CHIEF.may(
        "复议改为批准逮捕",
        at=reconsidering,
        to=overturned,
        ids="P09.T13",
        needs="复议决定书（检察）、批准逮捕决定书",
        tells="[承办人]",
        cite=SPP[290],
    )
    request_review = COUNTY_HEAD.may(
        "提请复核", at=upheld, to=reviewing, ids="P09.T14", needs="提请复核意见书", cite=(CPL[92], MPS[141, 2])
    )
    uphold_on_review = SUPERIOR_CHIEF.may(
        "复核维持", at=reviewing, to=upheld, ids="P09.T15", needs="复核决定书（检察）", cite=(CPL[92], SPP[291])
    )
    overturn_on_review = SUPERIOR_CHIEF.may(
        "复核改为批准逮捕",
        at=reviewing,
        to=overturned,
        ids="P09.T16",
        needs="复核决定书（检察）、批准逮捕决定书",
        cite=(CPL[92], SPP[291]),
    )
    revoke = CHIEF.may("撤销逮捕", at=executed, to=revoked, ids="P09.T18", needs="撤销逮捕决定书", cite=SPP[289])

    # 应当
    arrest_review_detained = must(
        Organ.PROCURATORATE,
        "审查逮捕（已拘留）",
        days(7),
        kind="detention",
        after=accept,
        on_expiry="没有决定的，应当释放，羁押的依据终止",
        note="自收到提请批准逮捕书起算，以受理之日为收到之日",
        by=approve | refuse,
        when=DETAINED,
        roll=Roll.NEVER,
        custody="always",
        severity="critical",
        to=Organ.POLICE,
        cite=(CPL[91, 3], SPP[282]),
    )
    arrest_review_not_detained = must(
        Organ.PROCURATORATE,
        "审查逮捕（未拘留）",
        days(15),
        after=accept,
        note="自收到提请批准逮捕书起算，以受理之日为收到之日；延长由人民检察院登记",
        by=approve | refuse,
        when=AT_LARGE,
        extensions=(up_to(days(20), "重大、复杂案件", "检察院", "SPP 282"),),
        to=Organ.POLICE,
        cite=SPP[282],
    )
    arrest_execution_receipt = must(
        Organ.POLICE,
        "批准逮捕执行回执",
        days(3),
        after=approve,
        by=execute | report_not_executed,
        to=Organ.PROCURATORATE,
        cite=MPS[142],
    )
    non_approval_release = must(
        Organ.POLICE,
        "不批准逮捕后释放",
        AT_ONCE,
        kind="detention",
        after=refuse,
        by=release | change | release_despite_remedy,
        when=DETAINED,
        roll=Roll.NEVER,
        custody="always",
        severity="critical",
        on_expiry="人民检察院提出纠正意见",
        to=Addressee.PERSON,
        cite=(CPL[91, 3], MPS[140], SPP[286]),
    )
    non_approval_receipt = must(
        Organ.POLICE,
        "不捕执行回执",
        days(3),
        after=refuse,
        by=release | change,
        note="自收到决定起算（SPP 286）与自执行完毕起算（MPS 140）并存，取早者",
        to=Organ.PROCURATORATE,
        cite=(MPS[140], SPP[286]),
    )
    non_approval_reconsider_request = may_within(
        Organ.POLICE, "不捕要求复议", days(5), after=refuse, by=request_reconsideration, cite=(MPS[141, 1], CPL[92])
    )
    non_approval_reconsider_decide = must(
        Organ.PROCURATORATE,
        "不捕复议决定",
        days(7),
        after=request_reconsideration,
        by=uphold | overturn,
        note="另行指派检察官或者检察官办案组",
        to=Organ.POLICE,
        cite=SPP[290],
    )
    non_approval_review_request = may_within(
        Organ.POLICE, "不捕提请复核", days(5), after=uphold, by=request_review, cite=MPS[141, 2]
    )
    non_approval_review_decide = must(
        Organ.PROCURATORATE,
        "不捕复核决定",
        days(15),
        after=request_review,
        by=uphold_on_review | overturn_on_review,
        to=Organ.POLICE,
        cite=(SPP[291], CPL[92]),
    )
    non_approval_no_crime_no_action = must(
        Organ.POLICE,
        "无罪不捕后不复议不撤案",
        days(15),
        after=refuse,
        by="arrest_review:request_reconsideration investigation_close:withdraw investigation_close:terminate",
        when=NO_CRIME,
        note="不批准逮捕的理由由决定写明",
        on_expiry="纠正违法通知书",
        cite=SPP[287],
    )
    arrest_first_interrogation = must(
        Organ.POLICE,
        "逮捕后讯问",
        hours(24),
        after=execute | execute_on_capture,
        organs=(Organ.PROCURATORATE, Organ.COURT),
        roll=Roll.NEVER,
        note="讯问由决定逮捕的机关登记，笔录在证据服务",
        cite=(CPL[94], MPS[144], SPP[302], SPC[168]),
    )
    arrest_family_notice = must(
        Organ.POLICE,
        "逮捕通知家属",
        hours(24),
        after=execute | execute_on_capture,
        organs=(Organ.PROCURATORATE, Organ.COURT),
        roll=Roll.NEVER,
        note="逮捕通知书随执行逮捕一并登记，通知由办案机关登记；无法通知的除外，登记理由",
        to=Addressee.FAMILY,
        cite=(CPL[93, 2], MPS[145], SPP[301], SPC[167]),
    )

    # 应当：外国人；人民检察院直接受理侦查的案件
    foreigner_arrest_filing = must(
        Organ.PROCURATORATE,
        "外国人批捕备案",
        hours(48),
        after=approve,
        when=FOREIGNER,
        roll=Roll.NEVER,
        note="报上一级人民检察院备案，由人民检察院登记",
        to=Addressee.SUPERIOR,
        cite=SPP[294],
    )
    self_inv_arrest_submit = must(
        Organ.PROCURATORATE,
        "自侦案件移送审查逮捕",
        days(7),
        kind="detention",
        after="criminal_detention:detain_for_procuratorate",
        when=NOT_FROM_SUPERVISION,
        void_by=(
            "arrest_review:decide_procuratorate criminal_detention:release criminal_detention:release_before_admission "
            "criminal_detention:grant_bail bail:decide_procuratorate residential_surveillance:decide_procuratorate"
        ),
        roll=Roll.NEVER,
        custody="always",
        severity="critical",
        note="侦查部门在检察院内部移送，由人民检察院登记；不再逮捕的不适用",
        cite=SPP[296],
    )
    self_inv_arrest_decide = must(
        Organ.PROCURATORATE,
        "自侦案件决定逮捕（已拘留）",
        days(7),
        kind="detention",
        after=Kept("self_inv_arrest_submit"),
        by=(
            "arrest_review:decide_procuratorate criminal_detention:release criminal_detention:grant_bail "
            "bail:decide_procuratorate residential_surveillance:decide_procuratorate"
        ),
        when=DETAINED,
        extensions=(add(days(3), "特殊情况（1至3日）", "检察长", "SPP 297"),),
        extended_by="criminal_detention:extend",
        roll=Roll.NEVER,
        custody="always",
        severity="critical",
        note="自收到移送审查逮捕的意见起算，以移送之日为收到之日",
        cite=SPP[297],
    )
    self_inv_arrest_decide_not_detained = must(
        Organ.PROCURATORATE,
        "自侦案件决定逮捕（未拘留）",
        days(15),
        after=Event("self_inv_arrest_opinion_received"),
        by=decide_procuratorate,
        when=AT_LARGE,
        extensions=(up_to(days(20), "重大、复杂案件", "检察长", "SPP 297"),),
        note="收到意见和延长由人民检察院登记；决定不予逮捕没有步骤",
        cite=SPP[297],
    )

    # 不得
    no_arrest_before_filing = must_not(
        Organ.POLICE,
        "立案以前执行逮捕",
        steps=execute | execute_on_capture,
        unless="case_intake:file case_intake:file_anew supervise_non_filing:file",
        invariant="INV-12",
        cite=MPS[174],
    )

    no_crime_conditions = Remark(
        "有证据证明有犯罪事实，可能判处徒刑以上刑罚，采取取保候审尚不足以防止发生社会危险性的，应当予以逮捕",
        why="逮捕条件是检察官的判断，系统不代为判断",
        cite=CPL[81],
    )
