"""P02 不予立案复议复核. Opened by the refusal; supervision by the procuratorate (P03) stays open beside it."""

from datetime import date

from services.kernel.period import days
from services.kernel.procedure import STAY, Event, Kept, Procedure, Remark, State, add, may_within, must
from services.kernel.who import Addressee, Organ
from services.law.offices import CLOCK, COUNTY_HEAD, PARTY, SUPERIOR_POLICE
from services.law.statutes import FY14, MPS, SPP, XJ20


class NonFilingRemedy(Procedure):
    """不予立案复议复核"""

    id = "P02"
    name = "non_filing_remedy"
    zh = "不予立案复议复核"
    line = "case"
    in_force = date(2018, 10, 26)

    notice_served = State("已送达不予立案", initial=True)
    reconsidering = State("复议中")
    reconsidered_upheld = State("复议维持")
    reviewing = State("复核中")
    overturned = State("撤销不予立案", end=True)
    upheld_final = State("维持终结", end=True)

    # 复议
    apply = PARTY.may(
        "申请复议",
        at=notice_served,
        to=reconsidering,
        ids="P02.T01",
        needs="复议（复核）申请书",
        condition="控告人，或者移送案件的行政执法机关；向作出决定的公安机关提出",
        cite=(MPS[179, 1], MPS[181], XJ20[9], FY14[6]),
    )
    # 表中没有准许延长的一步，而规定许可；不记载就会把合法的办理当作逾期
    extend_reconsideration = COUNTY_HEAD.may(
        "延长复议时限",
        at=reconsidering,
        to=STAY,
        ids="P02.S01",
        condition="案情重大、复杂；书面告知申请人",
        cite=MPS[179, 3],
    )
    uphold = COUNTY_HEAD.may(
        "复议维持不予立案",
        at=reconsidering,
        to=reconsidered_upheld,
        ids="P02.T02",
        needs="复议决定书（公安）",
        condition="不予立案决定正确；行政执法机关不得申请复核，可以建议人民检察院立案监督",
        cite=(MPS[179, 1], MPS[181], FY14[4]),
    )
    # 撤销不予立案就是应当立案，故立案一并完成；公安机关另行立案的，见受案与立案
    overturn = COUNTY_HEAD.may(
        "复议撤销不予立案",
        at=reconsidering,
        to=overturned,
        ids="P02.T03",
        needs="复议决定书（公安）",
        condition="有犯罪事实需要追究刑事责任，不予立案决定错误",
        carries="case_intake:file_anew",
        cite=(MPS[178, 3], MPS[179, 1], FY14[4]),
    )

    # 复核
    apply_review = PARTY.may(
        "申请复核",
        at=reconsidered_upheld,
        to=reviewing,
        ids="P02.T04",
        needs="复议（复核）申请书",
        condition="控告人向上一级公安机关提出；行政执法机关不得申请",
        cite=(MPS[179, 2], FY14[7]),
    )
    extend_review = SUPERIOR_POLICE.may(
        "延长复核时限",
        at=reviewing,
        to=STAY,
        ids="P02.S02",
        condition="案情重大、复杂；书面告知申请人",
        cite=MPS[179, 3],
    )
    overturn_on_review = SUPERIOR_POLICE.may(
        "复核撤销不予立案",
        at=reviewing,
        to=overturned,
        ids="P02.T05",
        needs="复核决定书（公安）",
        condition="不予立案决定错误；下级公安机关应当执行",
        carries="case_intake:file_anew",
        cite=(MPS[178, 3], MPS[179, 2]),
    )
    uphold_on_review = SUPERIOR_POLICE.may(
        "复核维持不予立案",
        at=reviewing,
        to=upheld_final,
        ids="P02.T06",
        needs="复核决定书（公安）",
        cite=MPS[179, 2],
    )

    # 期满。表中复议维持以后只有复核一条出路，不申请的由 S03 终结
    lapse = CLOCK.may(
        "复议申请期限届满",
        at=notice_served,
        to=upheld_final,
        ids="P02.T07",
        condition="收到通知书后七日以内没有申请",
        cite=MPS[179, 1],
    )
    lapse_review = CLOCK.may(
        "复核申请期限届满",
        at=reconsidered_upheld,
        to=upheld_final,
        ids="P02.S03",
        condition="收到复议决定书后七日以内没有申请",
        cite=MPS[179, 2],
    )

    # 控告人
    non_filing_reconsideration_apply = may_within(
        Organ.PARTY,
        "控告人申请复议（不予立案）",
        days(7),
        after="case_intake:refuse_filing",
        by=apply,
        on_expiry="复议的权利消灭；请求人民检察院立案监督的权利不受影响",
        note="自收到不予立案通知书起算；步骤只证明作出，另行送达的应当以送达之日为准",
        cite=(MPS[179, 1], FY14[6, 1, 4]),
    )
    non_filing_reconsideration_decide = must(
        Organ.POLICE,
        "不予立案复议决定",
        days(30),
        after=apply,
        by=uphold | overturn,
        extensions=(add(days(30), "案情重大、复杂", "复议机关（书面告知申请人）", "MPS 179.3"),),
        extended_by=extend_reconsideration,
        note="由法制部门办理；以申请之日为收到之日",
        to=Addressee.APPLICANT,
        cite=(MPS[179, 1], MPS[179, 3]),
    )
    non_filing_review_apply = may_within(
        Organ.PARTY,
        "控告人申请复核（不予立案）",
        days(7),
        after=uphold,
        by=apply_review,
        note="自收到复议决定书起算；步骤只证明作出，另行送达的应当以送达之日为准",
        cite=MPS[179, 2],
    )
    non_filing_review_decide = must(
        Organ.POLICE,
        "不予立案复核决定",
        days(30),
        after=apply_review,
        by=overturn_on_review | uphold_on_review,
        extensions=(add(days(30), "案情重大、复杂", "复核机关（书面告知申请人）", "MPS 179.3"),),
        extended_by=extend_review,
        note="由上一级公安机关决定；以申请之日为收到之日",
        to=Addressee.APPLICANT,
        cite=(MPS[179, 2], MPS[179, 3]),
    )

    # 移送案件的行政执法机关
    non_filing_agency_reconsideration_apply = may_within(
        Organ.ADMINISTRATIVE_AGENCY,
        "行政机关申请复议（不予立案）",
        days(3),
        after=Event("non_filing_notice_received"),
        note="只适用于行政执法机关移送的案件；与控告人的申请同一步骤，不能由步骤区分，故收到通知书和提出申请都另行登记",
        cite=(MPS[181], XJ20[9], FY14[6, 1, 5]),
    )
    non_filing_agency_reconsideration_decide = must(
        Organ.POLICE,
        "对行政机关的复议决定",
        days(3),
        after=Kept("non_filing_agency_reconsideration_apply"),
        by=uphold | overturn,
        note="只适用于行政执法机关的申请，自登记其申请起算；决定与对控告人的复议同一步骤",
        to=Organ.ADMINISTRATIVE_AGENCY,
        cite=(MPS[181], XJ20[9]),
    )

    supervision_beside = Remark(
        "复议、复核维持的，控告人、行政执法机关仍可以请求人民检察院立案监督",
        why="立案监督是另一程序，自行开始，不以复议、复核为前提",
        cite=(MPS[179], XJ20[9], SPP[557]),
    )
    several_remedies = Remark(
        "控告人和移送案件的行政执法机关可以分别申请复议",
        why="全案一线，只记最先提出的一种；并行的申请依文书登记",
        cite=(MPS[179], MPS[181], FY14[6]),
    )
