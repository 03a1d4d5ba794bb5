"""P15 不起诉的宣布、复议复核与申诉. None of these remedies holds anybody: the release does not wait for them."""

from datetime import date

from services.kernel.period import days, months
from services.kernel.procedure import Event, Procedure, Remark, State, may_within, must, up_to
from services.kernel.who import Addressee, Organ
from services.law.matters import DISCRETIONARY, PUBLIC_EMPLOYEE
from services.law.offices import CHIEF, CLOCK, COUNTY_HEAD, PROSECUTOR, SUPERIOR_CHIEF, SUSPECT, VICTIM
from services.law.statutes import CPL, MPS, SPP


class NonProsecutionRemedy(Procedure):
    """不起诉的宣布、复议复核与申诉"""

    id = "P15"
    name = "non_prosecution_remedy"
    zh = "不起诉的宣布、复议复核与申诉"
    in_force = date(2018, 10, 26)

    decided = State("已决定", initial=True)
    announced = State("已宣布送达")
    police_reconsider = State("公安复议")
    police_review = State("公安复核")
    victim_complaint = State("被害人申诉")
    suspect_complaint = State("被不起诉人申诉")
    private_suit = State("被害人自诉", end=True)
    upheld = State("维持", end=True)
    revoked = State("撤销/改为起诉", end=True)

    announce = PROSECUTOR.may(
        "公开宣布并送达不起诉决定",
        at=decided,
        to=announced,
        ids="P15.T01",
        needs="不起诉决定书、送达回证、[释放通知书]",
        cite=(CPL[178], CPL[179], CPL[180], SPP[376], SPP[377], SPP[378]),
    )

    # 公安机关复议、复核
    request_reconsideration = COUNTY_HEAD.may(
        "要求复议",
        at=announced,
        to=police_reconsider,
        ids="P15.T02",
        needs="要求复议意见书",
        cite=(CPL[179], MPS[294, 1]),
    )
    revoke_on_reconsideration = CHIEF.may(
        "复议撤销不起诉决定",
        at=police_reconsider,
        to=revoked,
        ids="P15.T03",
        needs="复议决定书（检察）",
        tells="[承办人]",
        opens="prosecution_review",
        cite=(SPP[379, 2], SPP[388]),
    )
    # 表中自复议中提请复核，维持的复议决定则到维持为止；收到维持的决定后才可以提请，故自维持也可以（S01）
    request_review = COUNTY_HEAD.may(
        "提请复核",
        at=police_reconsider | upheld,
        to=police_review,
        ids="P15.T04 P15.S01",
        needs="提请复核意见书",
        condition="要求复议的意见不被接受",
        cite=(CPL[179], MPS[294, 2]),
    )
    uphold_on_reconsideration = CHIEF.may(
        "复议维持",
        at=police_reconsider,
        to=upheld,
        ids="P15.T05",
        needs="复议决定书（检察）",
        tells="[承办人]",
        cite=SPP[379, 2],
    )
    uphold_on_review = SUPERIOR_CHIEF.may(
        "复核维持", at=police_review, to=upheld, ids="P15.T06", needs="复核决定书（检察）", cite=SPP[380]
    )
    revoke_on_review = SUPERIOR_CHIEF.may(
        "复核撤销、变更不起诉决定",
        at=police_review,
        to=revoked,
        ids="P15.T07",
        needs="复核决定书（检察）",
        opens="prosecution_review",
        cite=SPP[380],
    )

    # 被害人申诉
    complain_victim = VICTIM.may(
        "被害人申诉",
        at=announced,
        to=victim_complaint,
        ids="P15.T08",
        condition="向上一级人民检察院",
        cite=(CPL[180], SPP[381]),
    )
    uphold_victim = SUPERIOR_CHIEF.may(
        "复查维持（被害人申诉）",
        at=victim_complaint,
        to=upheld,
        ids="P15.T09",
        needs="刑事申诉复查决定书",
        cite=(CPL[180], SPP[381], SPP[386]),
    )
    revoke_victim = SUPERIOR_CHIEF.may(
        "复查撤销不起诉决定（被害人申诉）",
        at=victim_complaint,
        to=revoked,
        ids="P15.T10",
        needs="刑事申诉复查决定书",
        opens="prosecution_review",
        cite=(SPP[383, 2], SPP[386]),
    )

    # 被不起诉人申诉。表中由检察官决定，而规则第三百八十六条要求报经检察长批准
    complain_suspect = SUSPECT.may(
        "被不起诉人申诉",
        at=announced,
        to=suspect_complaint,
        ids="P15.T11",
        condition="只限依照刑事诉讼法第一百七十七条第二款作出的不起诉决定",
        cite=(CPL[181], SPP[385]),
    )
    uphold_suspect = CHIEF.may(
        "复查维持（被不起诉人申诉）",
        at=suspect_complaint,
        to=upheld,
        ids="P15.T12",
        needs="刑事申诉复查决定书",
        cite=(CPL[181], SPP[385], SPP[386]),
    )
    revoke_suspect = CHIEF.may(
        "复查撤销、变更不起诉决定（被不起诉人申诉）",
        at=suspect_complaint,
        to=revoked,
        ids="P15.T13",
        needs="刑事申诉复查决定书",
        opens="prosecution_review",
        cite=(CPL[181], SPP[385], SPP[386]),
    )

    # 自诉和终结
    sue_privately = VICTIM.may(
        "被害人向人民法院起诉",
        at=announced | upheld,
        to=private_suit,
        ids="P15.T14 P15.T16",
        condition="可以不经申诉直接起诉，也可以在维持后起诉",
        cite=(CPL[180], SPP[384]),
    )
    become_final = CLOCK.may(
        "复议、申诉期限届满",
        at=announced,
        to=upheld,
        ids="P15.T15",
        condition="公安机关、被害人、被不起诉人的期限均已届满",
        cite=(CPL[179], CPL[180], CPL[181]),
    )

    # 应当和可以的期限
    non_prosecution_police_reconsider = may_within(
        Organ.POLICE,
        "不起诉要求复议",
        days(7),
        after=announce,
        by=request_reconsideration,
        note="自收到不起诉决定书起算；宣布送达这一步须附送达回证",
        cite=(CPL[179], MPS[294, 1]),
    )
    non_prosecution_reconsider_decide = must(
        Organ.PROCURATORATE,
        "不起诉复议决定",
        days(30),
        after=request_reconsideration,
        by=revoke_on_reconsideration | uphold_on_reconsideration,
        void_by=request_review,
        note="另行指派检察官或者检察官办案组；直接提请复核的，复议决定已附于提请，不再计算",
        to=Organ.POLICE,
        cite=SPP[379, 2],
    )
    non_prosecution_police_review_request = may_within(
        Organ.POLICE,
        "不起诉提请复核",
        days(7),
        after=uphold_on_reconsideration,
        by=request_review,
        cite=MPS[294, 2],
    )
    non_prosecution_review_decide = must(
        Organ.PROCURATORATE,
        "不起诉复核决定",
        days(30),
        after=request_review,
        by=uphold_on_review | revoke_on_review,
        note="由上一级人民检察院决定",
        to=Organ.POLICE,
        cite=SPP[380],
    )
    non_prosecution_supervision_reconsider_decide = must(
        Organ.PROCURATORATE,
        "监察机关对不起诉提请复议的决定",
        days(30),
        after=Event("reconsideration_request_received"),
        note="由上一级人民检察院决定；监察机关的提请和决定由人民检察院登记",
        to=Organ.SUPERVISORY_COMMISSION,
        cite=SPP[379, 1],
    )
    victim_appeal_non_prosecution = may_within(
        Organ.PARTY,
        "被害人对不起诉的申诉",
        days(7),
        after=announce,
        by=complain_victim,
        on_expiry="此后的申诉由负责控告申诉检察的部门审查（人民检察院刑事诉讼规则第三百八十二条）",
        note="向上一级人民检察院申诉；也可以不经申诉，直接向人民法院起诉",
        cite=(CPL[180], SPP[377], SPP[381]),
    )
    suspect_appeal_discretionary_non_prosecution = may_within(
        Organ.PARTY,
        "被不起诉人对相对不起诉的申诉",
        days(7),
        after=announce,
        by=complain_suspect,
        when=DISCRETIONARY,
        note="不起诉的种类由不起诉决定写明；自收到不起诉决定书起算，宣布送达这一步须附送达回证",
        cite=(CPL[181], SPP[377], SPP[385]),
    )
    non_prosecution_complaint_reexamination = must(
        Organ.PROCURATORATE,
        "不起诉申诉复查",
        months(3),
        after=Event("reexamination_opened"),
        by=uphold_victim | revoke_victim | uphold_suspect | revoke_suspect,
        extensions=(up_to(months(6), "案情复杂", "检察长", "SPP 386"),),
        note="自复查立案起算，不是自申诉起算；立案和延长由人民检察院登记",
        cite=SPP[386],
    )
    employer_notice_non_prosecution = must(
        Organ.PROCURATORATE,
        "不起诉/撤案告知单位",
        days(10),
        after="prosecution_review:not_charge",
        when=PUBLIC_EMPLOYEE,
        note="告知由人民检察院登记",
        to=Addressee.EMPLOYER,
        cite=SPP[153],
    )

    opinion_to_authorities = Remark(
        "对被不起诉人需要给予行政处罚、处分或者没收违法所得的，应当提出检察意见，移送有关主管机关处理",
        why="是否需要处罚由检察官判断；检察意见书可以随不起诉决定附上，处理结果在主管机关",
        cite=(CPL[177, 3], SPP[373], SPP[375]),
    )
    several_remedies = Remark(
        "公安机关的复议、被害人和被不起诉人的申诉可以同时进行；法院受理自诉的，终止复查",
        why="一人一线只记最先提出的一种；并行的救济依文书登记",
        cite=(CPL[179], CPL[180], CPL[181], SPP[384]),
    )
    conditional_non_prosecution = Remark(
        "对附条件不起诉的复议、复核和申诉准用以上规定，但被害人不得向人民法院起诉",
        why="附条件不起诉属于未成年人程序，不开启本程序",
        cite=(CPL[282, 2], SPP[472]),
    )
