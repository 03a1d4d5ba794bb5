"""P16 认罪认罚与速裁. It ends with the judgment, or when the person takes the plea back."""

from datetime import date

from services.kernel.period import Roll, days
from services.kernel.procedure import Event, Procedure, Remark, State, must, up_to
from services.kernel.who import Addressee, Organ
from services.law.matters import FAST_SUGGESTED
from services.law.offices import JUDGE, OFFICER, PARTY, PROSECUTOR
from services.law.statutes import CPL, MPS, RR19, SPC, SPP, SQB20


class PleaLeniency(Procedure):
    """认罪认罚与速裁"""

    id = "P16"
    name = "plea_leniency"
    zh = "认罪认罚与速裁"
    again = True
    in_force = date(2018, 10, 26)

    informed = State("已告知", initial=True)
    willing = State("自愿认罪")
    opinions = State("听取意见")
    signed = State("已签具结书")
    not_signed = State("无需签署")
    fast_review = State("速裁审查")
    suggested = State("已提建议")
    accepted = State("法院采纳", end=True)
    adjusted = State("调整建议")
    withdrawn = State("反悔", end=True)
    converted = State("转程序", end=True)

    # 认罪。表中只有侦查阶段；审查起诉阶段才认罪认罚的由 S01 记载
    plead = OFFICER.may(
        "记录自愿认罪",
        at=informed,
        to=willing,
        ids="P16.T01",
        needs="认罪认罚从宽制度告知书、讯问笔录",
        cite=(CPL[120, 2], CPL[162, 2], MPS[203]),
    )
    plead_in_review = PROSECUTOR.may(
        "审查起诉中记录认罪认罚",
        at=informed,
        to=willing,
        ids="P16.S01",
        needs="审查起诉阶段诉讼权利义务告知书",
        cite=CPL[173, 2],
    )

    # 听取意见和具结
    hear_opinions = PROSECUTOR.may(
        "听取意见",
        at=willing,
        to=opinions,
        ids="P16.T02",
        needs="审查起诉阶段诉讼权利义务告知书、听取意见同步录音录像、值班律师法律帮助意见书",
        condition="就事实、罪名、从宽建议和审理程序听取意见；提前为值班律师了解案情提供便利",
        cite=(CPL[173], SPP[269]),
    )
    sign = PARTY.may(
        "签署认罪认罚具结书",
        at=opinions,
        to=signed,
        ids="P16.T03",
        needs="认罪认罚具结书",
        tells="[签名确认、律师、辩护律师签名]",
        condition="自愿，同意量刑建议和程序适用，辩护人或者值班律师在场",
        cite=(CPL[174, 1], SPP[272]),
    )
    waive_statement = PROSECUTOR.may(
        "认罪认罚而不需要签署具结书",
        at=opinions,
        to=not_signed,
        ids="P16.T04",
        tells="[不需要签署的情形]",
        condition="盲、聋、哑人或者限制责任能力的精神病人；未成年人的法定代理人、辩护人有异议",
        cite=CPL[174, 2],
    )

    # 建议
    suggest_unsigned = PROSECUTOR.may(
        "提出量刑建议（未签署具结书）",
        at=not_signed,
        to=suggested,
        ids="P16.T05",
        needs="量刑建议书、起诉书",
        cite=(CPL[176, 2], SPP[274], SPP[364]),
    )
    review_fast = PROSECUTOR.may(
        "按照速裁程序审查",
        at=signed,
        to=fast_review,
        ids="P16.T06",
        tells="[没有不适用的情形]",
        condition="基层人民法院管辖，可能判处三年有期徒刑以下刑罚，没有不适用速裁程序的情形",
        cite=(CPL[172, 1], CPL[222], CPL[223], SPP[273]),
    )
    suggest_fast = PROSECUTOR.may(
        "建议适用速裁程序",
        at=fast_review,
        to=suggested,
        ids="P16.T07",
        needs="量刑建议书、适用速裁程序建议书、起诉书",
        cite=(CPL[176, 2], CPL[222, 2], SPP[437]),
    )
    suggest = PROSECUTOR.may(
        "提出量刑建议",
        at=signed,
        to=suggested,
        ids="P16.T08",
        needs="量刑建议书、[适用简易程序建议书]、起诉书",
        cite=(CPL[176, 2], CPL[214, 2], SPP[274], SPP[430]),
    )

    # 法院
    adopt = JUDGE.may(
        "采纳量刑建议判决",
        at=suggested,
        to=accepted,
        ids="P16.T09",
        needs="刑事判决书（一审）",
        condition="一般应当采纳指控的罪名和量刑建议",
        cite=CPL[201, 1],
    )
    adjust = PROSECUTOR.may(
        "调整量刑建议",
        at=suggested,
        to=adjusted,
        ids="P16.T10",
        needs="量刑建议书",
        condition="法院认为明显不当，或者被告人、辩护人有异议",
        cite=(CPL[201, 2], SPP[418, 2], SPC[353]),
    )
    adopt_adjusted = JUDGE.may(
        "调整后判决",
        at=adjusted,
        to=accepted,
        ids="P16.T11",
        needs="刑事判决书（一审）",
        condition="调整后仍然明显不当的，依法判决",
        cite=(CPL[201, 2], SPC[353]),
    )
    convert = JUDGE.may(
        "不再按认罪认罚案件审理",
        at=suggested,
        to=converted,
        ids="P16.T12",
        needs="程序转换决定书",
        condition="可能不构成犯罪、违背意愿认罪认罚、否认指控的犯罪事实或者其他不宜适用的情形",
        cite=(CPL[226], SPC[358], SPC[375]),
    )

    # 反悔
    retract = PARTY.may(
        "反悔，撤回认罪认罚",
        at=willing | signed | suggested,
        to=withdrawn,
        ids="P16.T13 P16.T14 P16.T15",
        cite=(CPL[15], SPC[358]),
    )

    # 应当
    plea_rights_notice_investigation = must(
        Organ.POLICE,
        "侦查阶段认罪认罚告知",
        None,
        after=Event("first_interrogation"),
        roll=Roll.NEVER,
        note="每次首次讯问时告知并记明笔录，没有日数，故只登记",
        cite=(CPL[120, 2], MPS[203]),
    )
    plea_rights_notice_prosecution = must(
        Organ.PROCURATORATE,
        "审查起诉认罪认罚告知",
        days(3),
        after="investigation_close:accept",
        by="prosecution_review:review plea_leniency:hear_opinions",
        note="刑事诉讼法第一百七十三条没有日数，与三日内的权利告知一并进行",
        to=Addressee.PERSON,
        cite=(CPL[34, 2], CPL[173, 2], SPP[40]),
    )
    fast_track_same_day_assignment = must(
        Organ.PROCURATORATE,
        "速裁建议案件当日分案",
        days(0),
        after="investigation_close:accept",
        when=FAST_SUGGESTED,
        note="分案在检察院内部，由人民检察院登记",
        cite=SPP[273, 2],
    )
    social_investigation_opinion = must(
        Organ.JUSTICE_BUREAU,
        "社区矫正调查评估",
        days(10),
        after=Event("assessment_commission_received"),
        extensions=(up_to(days(5), "速裁程序案件（五个工作日）", "—", "SQB20 14"),),
        working_days=True,
        note="工作日；收到委托、延长和意见由社区矫正机构或者委托的机关登记。速裁案件的五日是另一期限，不是延长",
        cite=SQB20[14],
    )

    fast_exclusions = Remark(
        "被告人是未成年人等情形的，不得建议适用速裁程序；被告人不认罪等情形的，不得建议适用简易程序",
        why="这些情形是关于人和案情的事实，不在步骤中，系统不能据以禁止",
        cite=(CPL[215], CPL[223], SPP[431], SPP[438]),
    )
    duty_lawyer = Remark(
        "没有辩护人的，由值班律师提供法律帮助、提出意见；有辩护人的，听取辩护人的意见",
        why="表中只列值班律师的意见书；律师是谁由法律援助程序记载",
        cite=CPL[173, 3],
    )
    plea_in_court = Remark(
        "提起公诉前未认罪认罚，在审判阶段认罪认罚的，可以不再通知人民检察院提出或者调整量刑建议",
        why="没有建议可以采纳，判决本身即是全部；不开本程序的线",
        cite=SPC[356],
    )
    whole_course = Remark(
        "认罪认罚从宽制度贯穿刑事诉讼全过程，适用于侦查、起诉、审判各个阶段",
        why="只编入有文书的步骤；从宽的幅度由检察官、法官判断",
        cite=(CPL[15], RR19[5]),
    )
