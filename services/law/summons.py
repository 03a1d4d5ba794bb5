"""P05 传唤与拘传. How long a person may be kept for questioning before anything else is decided."""

from datetime import date

from services.kernel.period import Roll, hours
from services.kernel.procedure import Event, Procedure, Remark, State, lasts, must, up_to
from services.kernel.who import Organ
from services.law.facts import DEPUTIES
from services.law.matters import VULNERABLE
from services.law.offices import COUNTY_HEAD, OFFICER, UNIT_HEAD
from services.law.statutes import AP, CPL, JXPW, MPS, SPC, SPP


class Summons(Procedure):
    """传唤与拘传"""

    id = "P05"
    name = "summons"
    zh = "传唤与拘传"
    again = True
    in_force = date(2018, 10, 26)

    none = State("未采取", initial=True)
    at_station = State("已到案")
    extended = State("已延长")
    ended = State("已结束", end=True)
    next_measure = State("转其他强制措施", end=True)

    # 表中传唤、拘传同一步骤，由办案部门负责人批准；拘传须由县级以上公安机关负责人批准，另成一步：S01、S02
    summon = UNIT_HEAD.may(
        "传唤到案",
        at=none,
        to=at_station,
        ids="P05.T01",
        needs="传唤证、犯罪嫌疑人诉讼权利义务告知书、认罪认罚从宽制度告知书",
        tells="[到案时间、签名确认]",
        condition="不需要拘留、逮捕",
        cite=(CPL[119, 1], MPS[199]),
    )
    # 拘传由县级以上公安机关负责人批准，延长也是
    compel = COUNTY_HEAD.may(
        "拘传到案",
        at=none,
        to=at_station,
        ids="P05.S01",
        needs="拘传证、犯罪嫌疑人诉讼权利义务告知书、认罪认罚从宽制度告知书",
        tells=f"[到案时间、签名确认、{DEPUTIES}]",
        condition="需要拘传，或者经传唤没有正当理由不到案",
        cite=(CPL[66], MPS[78]),
    )
    extend = UNIT_HEAD.may(
        "延长至二十四小时",
        at=at_station,
        to=extended,
        ids="P05.T02",
        condition="案情特别重大、复杂，需要采取拘留、逮捕措施",
        cite=(CPL[119, 2], MPS[200, 1]),
    )
    extend_compelled = COUNTY_HEAD.may(
        "拘传延长至二十四小时",
        at=at_station,
        to=extended,
        ids="P05.S02",
        condition="案情特别重大、复杂，需要采取拘留、逮捕措施",
        cite=(CPL[119, 2], MPS[80, 1]),
    )
    end = OFFICER.may(
        "结束传唤、拘传",
        at=at_station | extended,
        to=ended,
        ids="P05.T03 P05.T05",
        condition="填写结束时间",
        cite=(MPS[79, 2], MPS[80, 2], MPS[199, 2], MPS[200, 2]),
    )
    change_measure = COUNTY_HEAD.may(
        "转其他强制措施",
        at=at_station | extended,
        to=next_measure,
        ids="P05.T04 P05.T06",
        needs="拘留证/取保候审决定书/监视居住决定书",
        condition="在传唤、拘传期限以内作出决定",
        cite=(MPS[80, 2], MPS[200, 2]),
    )

    # 应当。拘留、取保候审、监视居住一经决定，传唤、拘传即告结束，是否另行登记不影响期限
    summons_duration = lasts(
        Organ.POLICE,
        "传唤持续时间",
        hours(12),
        after=summon,
        by=("summons:end summons:change_measure criminal_detention:detain bail:decide residential_surveillance:decide"),
        extensions=(up_to(hours(24), "案情特别重大、复杂，需要采取拘留、逮捕措施", "办案部门负责人", "MPS 200"),),
        extended_by=extend,
        roll=Roll.NEVER,
        custody="always",
        severity="critical",
        note="自到案时间起算",
        on_expiry="立即结束传唤，或者在期满以前作出采取其他强制措施的决定",
        cite=(CPL[119], MPS[200]),
    )
    compelled_appearance_duration = lasts(
        Organ.POLICE,
        "拘传持续时间",
        hours(12),
        after=compel,
        by="summons:end summons:change_measure criminal_detention:detain bail:decide residential_surveillance:decide",
        organs=(Organ.PROCURATORATE, Organ.COURT),
        extended_by=extend_compelled,
        extensions=(
            up_to(hours(24), "案情特别重大、复杂，需要采取拘留、逮捕措施", "县级以上公安机关负责人", "MPS 80"),
        ),
        roll=Roll.NEVER,
        custody="always",
        severity="critical",
        note="自到案时间起算；检察院、法院的拘传没有步骤",
        on_expiry="立即结束拘传",
        cite=(CPL[119], MPS[80], SPP[83], SPC[149]),
    )
    summons_interval = must(
        Organ.PROCURATORATE,
        "两次传唤/拘传间隔",
        hours(12),
        after=end,
        organs=(Organ.POLICE,),
        kind="interval",
        roll=Roll.NEVER,
        note="一般不得少于十二小时，是最短间隔而不是期限，不认定逾期；公安机关的规定没有数字",
        cite=(SPP[83], SPP[185]),
    )
    continued_questioning = lasts(
        Organ.POLICE,
        "继续盘问",
        hours(12),
        after=Event("brought_to_station"),
        extensions=(
            up_to(hours(24), "12小时内确实难以证实或者排除嫌疑", "县级公安机关值班负责人", "JXPW 17"),
            up_to(hours(48), "不讲真实姓名住址身份且24小时内仍不能证实或排除", "县级公安机关主管负责人", "JXPW 17"),
        ),
        roll=Roll.NEVER,
        custody="always",
        severity="critical",
        note="行政措施，先于刑事案件；带至公安机关、延长和结束由公安机关登记",
        on_expiry="释放，或者决定采取其他措施",
        cite=(JXPW[11], JXPW[17], AP[57]),
    )
    continued_questioning_vulnerable = lasts(
        Organ.POLICE,
        "特殊人员继续盘问",
        hours(4),
        after=Event("brought_to_station"),
        when=VULNERABLE,
        roll=Roll.NEVER,
        custody="always",
        severity="critical",
        note="只适用于怀孕或者正在哺乳的妇女、不满十六周岁和七十周岁以上的人；不得送入候问室",
        cite=JXPW[10],
    )

    no_disguised_detention = Remark(
        "不得以连续传唤、拘传的形式变相拘禁犯罪嫌疑人",
        why="法律没有规定公安机关两次传唤的间隔，是否变相拘禁由人判断",
        cite=CPL[119, 3],
    )
    oral_summons = Remark(
        "对在现场发现的犯罪嫌疑人，经出示人民警察证，可以口头传唤，并在讯问笔录中注明",
        why="表中以传唤证或者拘传证为据，口头传唤没有这两种文书，尚无对应步骤",
        cite=(CPL[119, 1], MPS[199, 3]),
    )
    no_compelled_appearance_before_filing = Remark(
        "立案以前不得采取强制措施，拘传也在其内",
        why="拘传由拘传证证明；口头传唤和投案后的传唤不是强制措施",
        cite=MPS[174, 2],
    )
