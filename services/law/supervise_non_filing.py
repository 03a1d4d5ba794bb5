"""P03 立案监督（应当立案而不立案）. The procuratorate asks why there is no case, and may order one."""

from datetime import date

from services.kernel.period import days, months
from services.kernel.procedure import Event, Procedure, Remark, State, may_within, must
from services.kernel.who import Addressee, Organ
from services.law.matters import REFUSED_FILING, UNDECIDED_FILING
from services.law.offices import CHIEF, COUNTY_HEAD, PROSECUTOR
from services.law.statutes import CPL, LJ10, LWG6, MPS, SPP, XJ20


class SuperviseNonFiling(Procedure):
    """立案监督（应当立案而不立案）"""

    id = "P03"
    name = "supervise_non_filing"
    zh = "立案监督（应当立案而不立案）"
    line = "case"
    again = True
    in_force = date(2018, 10, 26)

    clue = State("线索受理", initial=True)
    reason_requested = State("已要求说明理由")
    reason_received = State("收到理由")
    accepted_reason = State("理由成立")
    notice_sent = State("已通知立案")
    filed = State("已立案", end=True)
    correction = State("纠正违法")
    escalated = State("上级协商")
    closed = State("终结", end=True)

    # 要求说明理由
    request_reason = PROSECUTOR.may(
        "要求说明不立案理由",
        at=clue,
        to=reason_requested,
        ids="P03.T01",
        needs="要求说明不立案理由通知书",
        condition="被害人提出，行政执法机关建议，或者人民检察院自行发现",
        cite=(CPL[113], SPP[559, 1], SPP[560], LJ10[7]),
    )
    close_clue = PROSECUTOR.may(
        "答复后终结线索",
        at=clue,
        to=closed,
        ids="P03.T02",
        condition="不立案决定正确，或者尚未超过公安机关的审查期限",
        cite=(SPP[558], SPP[562]),
    )
    # 公安机关受理后逾期未决的，受案与立案一线仍在已受案或者立案审查，file_anew 不随此步，另由公安机关立案
    file = COUNTY_HEAD.may(
        "立案",
        at=reason_requested | notice_sent | escalated | correction,
        to=filed,
        ids="P03.T03 P03.T09 P03.T12 P03.T13",
        needs="立案决定书",
        tells="[案号]",
        carries="case_intake:file_anew case_intake:file",
        ends="non_filing_remedy:overturned",
        cite=(CPL[113], MPS[182, 1], MPS[182, 2]),
    )
    state_reason = COUNTY_HEAD.may(
        "说明不立案理由",
        at=reason_requested,
        to=reason_received,
        ids="P03.T04",
        needs="不立案理由说明书",
        cite=(CPL[113], MPS[182, 1]),
    )
    # 表中由检察官发出；纠正违法通知书须经检察长决定（SPP 552）
    correct_no_answer = CHIEF.may(
        "纠正逾期不说明理由",
        at=reason_requested,
        to=correction,
        ids="P03.T05",
        needs="纠正违法通知书",
        condition="公安机关在七日以内不说明理由，也不作出立案或者不立案决定",
        cite=(SPP[552, 1], SPP[562]),
    )

    # 审查理由
    accept_reason = CHIEF.may("认为理由成立", at=reason_received, to=accepted_reason, ids="P03.T06", cite=SPP[561, 2])
    close = PROSECUTOR.may(
        "告知理由后终结",
        at=accepted_reason,
        to=closed,
        ids="P03.T07",
        condition="已将不立案的依据和理由告知被害人及其法定代理人、近亲属或者行政执法机关",
        cite=SPP[561, 2],
    )
    # 表中只在收到理由以后通知；逾期不说明理由的，经审查证据材料也可以通知立案（SPP 562）
    notify_to_file = CHIEF.may(
        "通知立案",
        at=reason_received | correction,
        to=notice_sent,
        ids="P03.T08 P03.S01",
        needs="通知立案书",
        condition="不立案理由不能成立，或者逾期不说明理由而经审查证据材料认为符合立案条件",
        cite=(CPL[113], SPP[561, 1], SPP[562], SPP[563]),
    )

    # 监督执行
    correct = CHIEF.may(
        "纠正逾期不立案",
        at=notice_sent,
        to=correction,
        ids="P03.T10",
        needs="纠正违法通知书",
        condition="公安机关收到通知立案书后超过十五日不予立案",
        cite=SPP[564, 2],
    )
    escalate = CHIEF.may(
        "报上一级人民检察院协商同级公安机关处理",
        at=correction,
        to=escalated,
        ids="P03.T11",
        condition="公安机关仍不纠正",
        cite=SPP[564, 2],
    )

    # 应当
    non_filing_reason_statement = must(
        Organ.POLICE,
        "说明不立案理由",
        days(7),
        after=request_reason,
        when=REFUSED_FILING,
        by="supervise_non_filing:state_reason supervise_non_filing:file case_intake:file case_intake:file_anew",
        on_expiry="人民检察院可以发出纠正违法通知书，并报告上一级人民检察院",
        to=Organ.PROCURATORATE,
        cite=(MPS[182, 1], SPP[560], LJ10[7], LWG6[18]),
    )
    overdue_filing_reason_statement = must(
        Organ.POLICE,
        "逾期未作立案决定的理由说明",
        days(7),
        after=request_reason,
        by="supervise_non_filing:state_reason supervise_non_filing:file case_intake:file case_intake:file_anew case_intake:refuse_filing",
        when=UNDECIDED_FILING,
        note="与说明不立案理由同一步骤；已经决定不予立案的，适用前一期限",
        on_expiry="提出纠正意见；证据材料符合立案条件的，通知立案",
        to=Organ.PROCURATORATE,
        cite=SPP[562],
    )
    file_on_supervision_notice = must(
        Organ.POLICE,
        "收到通知立案书后立案",
        days(15),
        after=notify_to_file,
        by="supervise_non_filing:file case_intake:file case_intake:file_anew",
        on_expiry="发出纠正违法通知书；仍不纠正的，报上一级人民检察院协商同级公安机关处理",
        to=Organ.PROCURATORATE,
        cite=(CPL[113], MPS[182, 2], SPP[563], LJ10[9], LWG6[18]),
    )
    supervision_reason_accepted_reply = must(
        Organ.PROCURATORATE,
        "立案/不立案理由成立的答复",
        days(10),
        after="supervise_non_filing:accept_reason supervise_unlawful_filing:accept_reason",
        by="supervise_non_filing:close supervise_unlawful_filing:keep",
        note="两种立案监督共用；告知理由以后才终结或者维持",
        to=Addressee.VICTIM,
        cite=SPP[561, 2],
    )
    supervised_case_urge_letter = must(
        Organ.PROCURATORATE,
        "监督立案案件催办",
        months(3),
        after=file,
        kind="advisory",
        note="立案后三个月未侦查终结的，可以发催办函；不是义务，不认定逾期",
        on_expiry="人民检察院可以发出立案监督案件催办函",
        cite=SPP[564, 3],
    )
    agency_suggest_supervision = may_within(
        Organ.ADMINISTRATIVE_AGENCY,
        "行政机关建议检察院立案监督",
        days(3),
        after=Event("reconsideration_decision_received"),
        note="行政执法机关收到复议决定和提出建议，由人民检察院登记",
        cite=XJ20[9],
    )

    no_reconsideration = Remark(
        "公安机关接到通知后应当立案",
        why="对通知立案书没有复议、复核，故没有对应步骤",
        cite=(CPL[113], SPP[563]),
    )
