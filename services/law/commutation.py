"""P31 减刑、假释. While a sentence is being served; a parole hands the rest of it to community correction."""

from datetime import date

from services.kernel.period import MonthEnd, days, months
from services.kernel.procedure import STAY, Procedure, Remark, State, add, may_within, must, must_not
from services.kernel.who import Addressee, Organ
from services.law.offices import CENTER, CHIEF, FILING_DIVISION, PANEL, PRESIDENT, PRISON
from services.law.statutes import CPL, MPS, PC, PL26, SPC, SPP, SQ19


class Commutation(Procedure):
    """减刑、假释"""

    id = "P31"
    name = "commutation"
    zh = "减刑、假释"
    again = True
    in_force = date(2018, 10, 26)

    serving = State("服刑", initial=True)
    proposed = State("已提请")
    filed = State("已立案")
    ruled = State("已裁定", end=True)
    corrected = State("纠正重审")
    parole = State("假释社区矫正", end=True)

    # 提请。表中只有监狱；留所服刑的由看守所提请：S01
    propose = PRISON.may(
        "提请减刑、假释",
        at=serving,
        to=proposed,
        ids="P31.T01",
        needs="减刑/假释建议书",
        condition="确有悔改或者立功表现，没有不得假释的情形；副本抄送人民检察院",
        cite=(CPL[273, 2], PC[78], PC[79], PC[81], PL26[51], PL26[53]),
    )
    propose_from_center = CENTER.may(
        "看守所提请减刑、假释",
        at=serving,
        to=proposed,
        ids="P31.S01",
        needs="减刑/假释建议书",
        condition="留看守所执行刑罚；经设区的市一级以上公安机关审查同意",
        cite=(CPL[273, 2], MPS[305], MPS[306]),
    )

    # 立案和裁定
    file = FILING_DIVISION.may(
        "立案审理减刑、假释",
        at=proposed,
        to=filed,
        ids="P31.T02",
        needs="立案审批（登记）表",
        condition="材料齐备；不齐备的，通知提请机关三日以内补送，逾期未补送的不予立案",
        cite=(SPC[535], SPC[536]),
    )
    # 表中没有延长和撤回的步骤，而解释许可
    extend = PRESIDENT.may(
        "延长减刑、假释审理期限",
        at=filed,
        to=STAY,
        ids="P31.S02",
        condition="案情复杂或者情况特殊；死缓的减刑，管制、拘役的减刑除外",
        cite=SPC[534],
    )
    withdraw = PANEL.may(
        "准许撤回减刑、假释建议",
        at=filed,
        to=serving,
        ids="P31.S03",
        condition="作出裁定以前，提请机关书面申请撤回",
        cite=SPC[540],
    )
    rule = PANEL.may(
        "裁定减刑或者不予减刑、假释",
        at=filed,
        to=ruled,
        ids="P31.T03",
        needs="减刑/假释裁定书",
        condition="公示以后，书面或者开庭审理；减刑的，刑期届满之日随之变更",
        cite=(CPL[273, 2], PC[79], SPC[534], SPC[538]),
    )
    grant_parole = PANEL.may(
        "裁定假释",
        at=filed,
        to=parole,
        ids="P31.T04",
        needs="减刑/假释裁定书、社区矫正执行通知书",
        condition="假释后没有再犯罪的危险，对所居住社区没有重大不良影响",
        opens="execution:community",
        liberty="given",
        cite=(CPL[269], PC[81], PC[85], SPC[534], SQ19[20]),
    )

    # 人民检察院纠正。表中只对减刑裁定；假释裁定同样可以纠正：S04
    correct = CHIEF.may(
        "对减刑、假释裁定提出纠正意见",
        at=ruled | parole,
        to=corrected,
        ids="P31.T05 P31.S04",
        needs="纠正违法通知书",
        condition="认为裁定不当",
        cite=(CPL[274], SPP[638], SPP[639]),
    )
    rehear = PANEL.may(
        "重新审理后裁定减刑或者不予减刑、假释",
        at=corrected,
        to=ruled,
        ids="P31.T06",
        needs="减刑/假释裁定书",
        condition="另行组成合议庭；裁定为最终裁定",
        cite=(CPL[274], SPC[539]),
    )
    rehear_parole = PANEL.may(
        "重新审理后裁定假释",
        at=corrected,
        to=parole,
        ids="P31.S05",
        needs="减刑/假释裁定书、社区矫正执行通知书",
        condition="另行组成合议庭；裁定为最终裁定",
        opens="execution:community",
        liberty="given",
        cite=(CPL[269], CPL[274], SPC[539], SQ19[20]),
    )

    # 应当
    commutation_decide = must(
        Organ.COURT,
        "减刑假释裁定",
        months(1),
        after=propose | propose_from_center,
        by=rule | grant_parole,
        extensions=(add(months(1), "案情复杂或者情况特殊（死缓减刑、管制拘役减刑除外）", "法院", "SPC 534"),),
        extended_by=extend,
        void_by=withdraw,
        month_end=MonthEnd.LAST_DAY,
        note="自收到建议书起算，以提请之日为收到之日",
        cite=(SPC[534], PL26[51], PL26[53]),
    )
    commutation_publicity = must(
        Organ.COURT,
        "减刑假释公示",
        days(5),
        after=file,
        note="立案后五日以内公示，公示五日；公示没有步骤，由人民法院登记",
        to=Addressee.PUBLIC,
        cite=SPC[537],
    )
    commutation_service = must(
        Organ.COURT,
        "减刑假释裁定送达",
        days(7),
        after=rule | grant_parole | rehear | rehear_parole,
        note="送达提请机关、同级人民检察院和罪犯本人；送达没有步骤，由人民法院登记",
        cite=SPC[539],
    )
    commutation_procuratorate_correct = may_within(
        Organ.PROCURATORATE,
        "检察院纠正减刑假释裁定",
        days(20),
        after=rule | grant_parole,
        by=correct,
        note="自收到裁定书副本起算；步骤只证明裁定，另行送达的应当以送达之日为准",
        cite=(CPL[274], SPP[639]),
    )
    commutation_rehear = must(
        Organ.COURT,
        "重新审理减刑假释",
        months(1),
        after=correct,
        by=rehear | rehear_parole,
        month_end=MonthEnd.LAST_DAY,
        note="自收到纠正意见起算；另行组成合议庭",
        cite=(CPL[274], SPC[539]),
    )

    # 不得
    no_proposal_before_execution = must_not(
        Organ.PRISON,
        "刑罚开始执行以前提请减刑、假释",
        steps=propose | propose_from_center,
        unless="execution:deliver execution:deliver_anew execution:stay execution:to_community execution:to_outside",
        severity="high",
        cite=(CPL[273, 2], PC[78], PC[81]),
    )

    thresholds = Remark(
        "减刑、假释的起始时间、间隔和幅度，以及不得假释的罪犯，依照刑法确定",
        why="原判刑罚和执行的日数不在步骤中，由提请机关和合议庭审查",
        cite=(PC[78, 2], PC[81], PC[82]),
    )
    procuratorate_opinion = Remark(
        "人民检察院收到减刑、假释建议书副本后，可以在十日以内向人民法院提出书面意见",
        why="意见不移动程序，表中没有这一期限；意见书可以随案登记",
        cite=(CPL[273, 2], SPP[635], SPP[636]),
    )
    community_proposal = Remark(
        "社区矫正对象符合减刑条件的，由社区矫正机构提出减刑建议",
        why="社区矫正机构不是本系统的机关，建议经其他机关登记",
        cite=SQ19[33],
    )
    parole_revoked = Remark(
        "假释考验期内犯新罪、发现漏罪或者违反规定的，撤销假释，收监执行",
        why="撤销缓刑、假释的步骤在执行一篇，假释以后执行一线处于社区矫正，可以由此收监",
        cite=(PC[86], SPC[543], SPC[545]),
    )
    wrong_ruling = Remark(
        "人民法院发现本院已经生效的减刑、假释裁定确有错误的，另行组成合议庭审理",
        why="依职权的重新审理没有提起的文书；以新的提请登记",
        cite=SPC[541],
    )
