"""P18 提起公诉与法院受理. The court's trial period begins with the filing, its seven days before that stand apart."""

from datetime import date

from services.kernel.period import MonthEnd, Roll, days, months
from services.kernel.procedure import AT_LARGE, Event, Kept, Procedure, Remark, State, must
from services.kernel.who import Organ
from services.law.offices import FILING_DIVISION, PROSECUTOR
from services.law.statutes import CPL, SPC, SPP, XS00


class CourtIntake(Procedure):
    """提起公诉与法院受理"""

    id = "P18"
    name = "court_intake"
    zh = "提起公诉与法院受理"
    in_force = date(2018, 10, 26)

    charged = State("已起诉", initial=True)
    intake = State("受理审查")
    supplement = State("通知补送")
    filed = State("已立案", end=True)
    returned = State("退回检察院", end=True)

    receive = FILING_DIVISION.may(
        "接收起诉书和案卷",
        at=charged,
        to=intake,
        ids="P18.T01",
        needs="起诉书",
        condition="起诉书一式八份，每增加一名被告人增加五份；案卷、证据、具结书和财物清单齐备",
        cite=SPC[218],
    )
    ask_supplement = FILING_DIVISION.may(
        "通知补送材料",
        at=intake,
        to=supplement,
        ids="P18.T02",
        needs="补充材料函",
        condition="不符合审查内容第二项至第九项之一",
        cite=SPC[219, 1, 4],
    )
    supplement_ = PROSECUTOR.may("补送材料", at=supplement, to=intake, ids="P18.T03", cite=(SPP[361], SPC[219, 1, 4]))
    file = FILING_DIVISION.may(
        "立案",
        at=intake,
        to=filed,
        ids="P18.T04",
        needs="立案审批（登记）表、[换押证]",
        tells="[案号]",
        condition="起诉书中有明确的指控犯罪事实",
        opens="first_trial",
        hands_to=Organ.COURT,
        cite=(CPL[186], SPC[219]),
    )
    return_ = FILING_DIVISION.may(
        "退回人民检察院",
        at=intake,
        to=returned,
        ids="P18.T05",
        needs="退回案件函（决定）",
        condition="不属于本院管辖、有刑事诉讼法第十六条规定的情形、被告人不在案，或者撤诉后没有新的事实、证据而重新起诉",
        opens="prosecution_review",
        hands_to=Organ.PROCURATORATE,
        cite=SPC[219],
    )

    # 应当
    indictment_review = must(
        Organ.COURT,
        "公诉案件受理审查",
        days(7),
        after=receive,
        by=file | return_,
        roll=Roll.ONLY_IF_NOT_DETAINED,
        custody="if_detained",
        severity="critical",
        note="七日是否计入审理期限有争议：审理期限自立案起算，七日另行计算；通知补送不停止计算",
        cite=(SPC[219], XS00[6]),
    )
    evidence_supply_to_court = must(
        Organ.PROCURATORATE,
        "向法院补送/移交证据",
        days(3),
        after=ask_supplement,
        by=supplement_,
        note="庭审中调取证据的三日同此，调取没有步骤",
        to=Organ.COURT,
        cite=(SPP[361], SPP[414], SPC[219, 1, 4], SPC[275]),
    )
    case_file_to_trial_division = must(
        Organ.COURT,
        "立案后移送审判庭",
        days(3),
        after=file,
        note="法院内部的移送由人民法院登记",
        cite=XS00[7],
    )

    # 应当：自诉
    private_prosecution_intake = must(
        Organ.COURT,
        "自诉案件审查立案",
        days(15),
        after=Event("private_complaint_received"),
        note="收到自诉状和立案或者说服撤回、裁定不予受理，由人民法院登记",
        cite=(SPC[320], XS00[6]),
    )
    private_prosecution_trial = must(
        Organ.COURT,
        "自诉案件（未羁押）",
        months(6),
        after=Kept("private_prosecution_intake"),
        when=AT_LARGE,
        month_end=MonthEnd.LAST_DAY,
        note="自立案起算，以审查立案之日为准；被告人被羁押的，适用第一审普通程序的期限。宣判由人民法院登记",
        cite=CPL[212, 2],
    )

    unknown_identity = Remark(
        "被告人真实身份不明，但犯罪事实清楚，证据确实、充分的，应当依法受理",
        why="受理的步骤不以查明身份为条件",
        cite=(CPL[160, 2], SPC[219, 1, 7]),
    )
