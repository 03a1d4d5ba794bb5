"""P19 第一审. Which trial period runs depends on the procedure the hearing was opened in, and it runs from the filing.

A case is filed before anybody knows in which procedure it will be tried: the ordinary period runs until the hearing
opens in another one, and the other period is then counted from the same day of filing.
"""

from datetime import date

from services.kernel.period import AT_ONCE, MonthEnd, Roll, days, months
from services.kernel.procedure import STAY, Condition, End, Event, Kept, Procedure, Remark, State, add, must, up_to
from services.kernel.who import Addressee, Organ
from services.law.matters import EXTENSION_ASKED, FOREIGNER, PRONOUNCED_IN_COURT, PUBLIC_TRIAL, TRANSFER_ASKED
from services.law.offices import FILING_DIVISION, JUDGE, PANEL, PRESIDENT, PROSECUTOR, SUPERIOR_COURT
from services.law.statutes import CPL, KY14, SPC, SPP, XS00

SIMPLIFIED = Condition("simplified", "适用简易程序")
FAST = Condition("fast", "适用速裁程序")
RELEASED_BY_JUDGMENT = Condition(
    "released_by_judgment", "在押，而被宣告无罪、免除刑事处罚，或者被判处管制、宣告缓刑、单处附加刑"
)


class FirstTrial(Procedure):
    """第一审"""

    id = "P19"
    name = "first_trial"
    zh = "第一审"
    in_force = date(2018, 10, 26)

    filed = State("已立案", initial=True)
    prepared = State("庭前准备")
    ordinary = State("普通程序审理")
    simplified = State("简易程序审理")
    fast = State("速裁程序审理")
    adjourned_supp = State("延期审理（补充侦查）")
    adjourned = State("延期审理（其他）")
    suspended = State("中止审理")
    deliberating = State("评议")
    judged = State("已宣判", end=True)
    withdrawn = State("准许撤诉", end=True)
    terminated = State("终止审理", end=True)
    moved = State("改变管辖", end=True)

    # 开庭
    prepare = JUDGE.may(
        "庭前准备和送达",
        at=filed,
        to=prepared,
        ids="P19.T01",
        needs=(
            "送达起诉书副本笔录、传票、出庭通知书、[开庭公告]、[法律援助通知书]、[庭前会议笔录（报告）]、"
            "[适用简易/速裁程序决定（通知）书]"
        ),
        tells="[案号]",
        cite=(CPL[187], SPC[221]),
    )
    open_ordinary = PANEL.may(
        "适用普通程序开庭",
        at=prepared,
        to=ordinary,
        ids="P19.T02",
        needs="法庭笔录",
        cite=(CPL[183], CPL[186], CPL[190], SPC[235]),
    )
    open_simplified = JUDGE.may(
        "适用简易程序开庭",
        at=prepared,
        to=simplified,
        ids="P19.T03",
        needs="适用简易/速裁程序决定（通知）书",
        tells="[没有不适用的情形]",
        condition="事实清楚、证据充分，被告人认罪且同意适用；没有不适用简易程序的情形",
        cite=(CPL[214], CPL[215], CPL[216], SPC[359], SPC[360]),
    )
    open_fast = JUDGE.may(
        "适用速裁程序开庭",
        at=prepared,
        to=fast,
        ids="P19.T04",
        needs="适用简易/速裁程序决定（通知）书",
        tells="[没有不适用的情形]",
        condition="可能判处三年有期徒刑以下刑罚，认罪认罚并同意适用；没有不适用速裁程序的情形",
        cite=(CPL[222], CPL[223], SPC[369], SPC[370]),
    )

    # 每一次开庭都记载；表中只有第一次
    hold_hearing = JUDGE.may(
        "开庭审理",
        at=ordinary | simplified | fast,
        to=STAY,
        ids="P19.S07",
        needs="法庭笔录",
        cite=(CPL[186], CPL[190], SPC[235]),
    )

    # 程序转换。期限自决定之日起重新计算
    convert_to_simplified = JUDGE.may(
        "转为简易程序",
        at=fast,
        to=simplified,
        ids="P19.T05",
        needs="程序转换决定书",
        tells="[没有不适用的情形]",
        cite=(CPL[226], SPC[375], SPC[376]),
    )
    convert_to_ordinary = JUDGE.may(
        "转为普通程序",
        at=fast | simplified,
        to=ordinary,
        ids="P19.T06 P19.T07",
        needs="程序转换决定书",
        cite=(CPL[221], CPL[226], SPC[368], SPC[375], SPC[376]),
    )

    # 延期审理和中止审理
    adjourn_for_supplement = PANEL.may(
        "延期审理，由人民检察院补充侦查",
        at=ordinary,
        to=adjourned_supp,
        ids="P19.T08",
        needs="延期审理建议书、延期审理决定书、[换押证]",
        condition="人民检察院发现需要补充侦查，建议延期审理",
        hands_to=Organ.PROCURATORATE,
        at_most=2,
        cite=(CPL[204], CPL[205], SPC[274], SPP[420], SPP[421]),
    )
    resume_after_supplement = PROSECUTOR.may(
        "补充侦查完毕，提请恢复审理",
        at=adjourned_supp,
        to=ordinary,
        ids="P19.T09",
        needs="恢复庭审建议书、恢复审理通知书、[换押证]",
        hands_to=Organ.COURT,
        cite=(CPL[208, 3], SPP[421, 1]),
    )
    withdraw_after_supplement = PANEL.may(
        "补充侦查后准许撤回起诉",
        at=adjourned_supp,
        to=withdrawn,
        ids="P19.T10",
        needs="撤回起诉决定书、准许撤回起诉裁定书",
        opens="prosecution_review",
        hands_to=Organ.PROCURATORATE,
        cite=(SPP[421, 1], SPP[424], SPC[296]),
    )
    adjourn = PANEL.may(
        "延期审理",
        at=ordinary,
        to=adjourned,
        ids="P19.T11",
        needs="延期审理决定书",
        condition="通知新的证人、调取新的物证、重新鉴定或者勘验、申请回避",
        cite=(CPL[204], SPC[273], SPC[313]),
    )
    resume_hearing = PANEL.may(
        "延期后再次开庭", at=adjourned, to=ordinary, ids="P19.T12", needs="传票", cite=(CPL[204], SPC[221])
    )
    suspend = PANEL.may(
        "中止审理",
        at=ordinary,
        to=suspended,
        ids="P19.T13",
        needs="中止审理裁定书",
        condition="被告人患有严重疾病无法出庭、脱逃，或者由于不能抗拒的原因",
        cite=(CPL[206, 1], SPC[314]),
    )
    resume = PANEL.may("恢复审理", at=suspended, to=ordinary, ids="P19.T14", needs="恢复审理通知书", cite=CPL[206, 2])
    # 表中没有，而精神病鉴定和等候另行委托辩护人的时间不计入审理期限
    pause = PANEL.may(
        "因精神病鉴定停止计算审理期限",
        at=prepared | ordinary | simplified | fast,
        to=STAY,
        ids="P19.S08",
        needs="[变更羁押期限通知书]",
        cite=(CPL[149], SPC[211]),
    )
    resume_clock = PANEL.may(
        "恢复计算审理期限",
        at=prepared | ordinary | simplified | fast,
        to=STAY,
        ids="P19.S09",
        needs="[变更羁押期限通知书]",
        cite=(CPL[149], SPC[211]),
    )
    adjourn_for_defender = PANEL.may(
        "因另行委托辩护人延期审理",
        at=ordinary,
        to=adjourned,
        ids="P19.S10",
        needs="延期审理决定书",
        condition="被告人拒绝辩护人为其辩护，要求另行委托或者指派",
        cite=(CPL[204], SPC[313]),
    )
    judge_absent = PANEL.may(
        "缺席判决",
        at=suspended,
        to=judged,
        ids="P19.T15",
        needs="刑事判决书（一审）",
        condition="因病中止审理超过六个月，仍无法出庭，被告人及其法定代理人、近亲属申请或者同意恢复审理",
        opens="second_trial",
        carries="plea_leniency:adopt plea_leniency:adopt_adjusted direct_prosecution:judge juvenile:try",
        cite=(CPL[296], SPC[605]),
    )
    amend_charge = PROSECUTOR.may(
        "变更、追加、补充起诉或者移交证据",
        at=ordinary,
        to=ordinary,
        ids="P19.T16",
        needs="补充/追加起诉决定书/变更起诉决定书/调取证据材料决定书",
        condition="在判决宣告前以书面提出；给予必要的辩护准备时间",
        cite=(SPP[423], SPP[426], SPC[275], SPC[289]),
    )

    # 延长审理期限。表中没有，而法律许可；不记载就会把合法的审理当作逾期。第一次无须审批，最高人民法院可以多次
    extend = JUDGE.may("审理期限至迟延至三个月", at=ordinary, to=ordinary, ids="P19.S02", cite=CPL[208, 1])
    extend_by_superior = SUPERIOR_COURT.may(
        "上一级人民法院批准延长审理期限",
        at=ordinary,
        to=ordinary,
        ids="P19.S03",
        needs="同意延长审理期限批复（决定书）",
        condition="可能判处死刑的案件、附带民事诉讼的案件，或者有刑事诉讼法第一百五十八条规定的情形",
        cite=(CPL[208, 1], SPC[210]),
    )
    extend_by_supreme = SUPERIOR_COURT.may(
        "最高人民法院批准延长审理期限",
        at=ordinary,
        to=ordinary,
        ids="P19.S04",
        needs="同意延长审理期限批复（决定书）",
        condition="因特殊情况还需要延长；每次一个月至三个月",
        cite=(CPL[208, 1], SPC[210]),
    )
    extend_simplified = JUDGE.may(
        "简易程序延至一个半月",
        at=simplified,
        to=simplified,
        ids="P19.S05",
        condition="可能判处的有期徒刑超过三年",
        cite=CPL[220],
    )
    extend_fast = JUDGE.may(
        "速裁程序延至十五日",
        at=fast,
        to=fast,
        ids="P19.S06",
        condition="可能判处的有期徒刑超过一年",
        cite=CPL[225],
    )

    # 评议和宣判
    deliberate = PANEL.may(
        "评议",
        at=ordinary | simplified,
        to=deliberating,
        ids="P19.T17 P19.T18",
        needs="评议笔录",
        condition="被告人最后陈述后",
        cite=(CPL[184], CPL[200], CPL[219], SPC[291]),
    )
    judge_in_court = JUDGE.may(
        "速裁程序当庭宣判",
        at=fast,
        to=judged,
        ids="P19.T19",
        needs="刑事判决书（一审）、宣判笔录",
        opens="second_trial",
        carries="plea_leniency:adopt plea_leniency:adopt_adjusted direct_prosecution:judge juvenile:try",
        cite=(CPL[202], CPL[224, 2], SPC[374]),
    )
    pronounce = PANEL.may(
        "宣判",
        at=deliberating,
        to=judged,
        ids="P19.T20",
        needs="刑事判决书（一审）、宣判笔录、[释放通知书（法院）]",
        condition="对随案移送的每一项财物作出处理",
        opens="second_trial",
        carries="plea_leniency:adopt plea_leniency:adopt_adjusted direct_prosecution:judge juvenile:try",
        cite=(CPL[200], CPL[202], CPL[203], SPC[295], SPC[302]),
    )
    # 表中没有送达；上诉、抗诉的期限自接到判决书起算
    serve_judgment = JUDGE.may(
        "送达判决书",
        at=judged,
        to=STAY,
        ids="P19.S11",
        needs="送达回证",
        condition="当庭宣判的五日以内送达，定期宣判的立即送达",
        cite=(CPL[202, 2], SPC[302]),
    )

    # 不经判决而终结
    withdraw = PANEL.may(
        "准许撤回起诉",
        at=ordinary,
        to=withdrawn,
        ids="P19.T21",
        needs="撤回起诉决定书、准许撤回起诉裁定书",
        condition="开庭后、宣告判决前",
        opens="prosecution_review",
        hands_to=Organ.PROCURATORATE,
        cite=(SPP[424], SPC[296]),
    )
    # 表中只在普通程序审理中终止；法定的情形在判决以前随时可以发生
    terminate = PANEL.may(
        "终止审理",
        at=ordinary | filed | prepared | simplified | fast | adjourned_supp | adjourned | suspended | deliberating,
        to=terminated,
        ids="P19.T22 P19.S20 P19.S20 P19.S20 P19.S20 P19.S20 P19.S20 P19.S20 P19.S20",
        needs="终止审理裁定书",
        condition="被告人死亡、已过追诉时效期限、经特赦令免除刑罚或者属于告诉才处理",
        cite=(CPL[16], CPL[297, 1], SPC[295]),
    )

    # 发回重审。表中发回以后直接重新审判，没有原审人民法院的收到；换押和立案自收到起，故由 S21 记载
    accept_remanded = FILING_DIVISION.may(
        "发回重审立案",
        at=filed,
        to=STAY,
        ids="P19.S21",
        needs="立案审批（登记）表、[换押证]",
        condition="上级人民法院发回重新审判，原审人民法院收到裁定和案卷的次日立案",
        cite=(CPL[239], XS00[6], KY14["二(一)"]),
    )

    # 管辖和分案。表中改变管辖到此为止；期限自改变后的法院收到案件之日起算，故由 S01 记载收到
    move_jurisdiction = SUPERIOR_COURT.may(
        "改变管辖", at=filed, to=moved, ids="P19.T23", needs="改变管辖决定书、[换押证]", cite=(SPC[16], SPC[22])
    )
    accept_moved = FILING_DIVISION.may(
        "改变管辖后立案",
        at=moved,
        to=filed,
        ids="P19.S01",
        needs="立案审批（登记）表",
        hands_to=Organ.COURT,
        cite=(CPL[208, 2], XS00[6]),
    )
    split_or_merge = PRESIDENT.may(
        "分案或者并案审理", at=filed, to=filed, ids="P19.T24", needs="分案/并案审理决定书", cite=SPC[220]
    )

    # 应当：审理期限
    trial_ordinary = must(
        Organ.COURT,
        "一审普通程序",
        months(2),
        after=(
            "court_intake:file second_trial:remand first_trial:accept_moved first_trial:convert_to_ordinary "
            "first_trial:resume_after_supplement"
        ),
        by=pronounce | judge_absent | withdraw | terminate,
        extensions=(
            up_to(months(3), "至迟（无须审批）", "无须审批", "CPL 208.1"),
            add(months(3), "可能判处死刑/附带民事诉讼/CPL 158情形", "上一级人民法院", "CPL 208.1; SPC 210"),
            add(months(3), "特殊情况，可再次申请", "最高人民法院", "CPL 208.1; SPC 210", times=None, least=months(1)),
        ),
        extended_by=extend | extend_by_superior | extend_by_supreme,
        void_by=open_simplified | open_fast | adjourn_for_supplement | move_jurisdiction,
        paused_by=suspend | pause | adjourn_for_defender,
        resumed_by=resume | resume_clock | resume_hearing,
        roll=Roll.ONLY_IF_NOT_DETAINED,
        custody="if_detained",
        month_end=MonthEnd.LAST_DAY,
        severity="critical",
        on_expiry="在押的，应当释放或者变更强制措施（刑事诉讼法第九十八条；最高法刑诉解释第一百七十条）",
        note=(
            "自立案、转换程序的决定、补充侦查完毕移送法院或者改变管辖后的法院收到案件起算。发回重审自收到案件起算，"
            "收到没有步骤，从严自发回的裁定起算。精神病鉴定、中止审理和等候另行委托辩护人的期间不计入"
        ),
        cite=(CPL[208], SPC[210], XS00[8]),
    )
    trial_simplified = must(
        Organ.COURT,
        "简易程序",
        days(20),
        after="court_intake:file second_trial:remand first_trial:accept_moved first_trial:convert_to_simplified",
        paused_by=pause,
        resumed_by=resume_clock,
        by=pronounce,
        when=SIMPLIFIED,
        extensions=(up_to(months(1, 15), "可能判处的有期徒刑超过三年", "法院", "CPL 220"),),
        extended_by=extend_simplified,
        void_by=convert_to_ordinary | terminate | move_jurisdiction,
        roll=Roll.ONLY_IF_NOT_DETAINED,
        custody="if_detained",
        month_end=MonthEnd.LAST_DAY,
        severity="critical",
        note="开庭时才知道适用简易程序，而期限自立案起算；一个半月即一个月又十五日",
        cite=(CPL[220], SPC[366], SPC[368]),
    )
    trial_fast_track = must(
        Organ.COURT,
        "速裁程序",
        days(10),
        after="court_intake:file first_trial:accept_moved",
        paused_by=pause,
        resumed_by=resume_clock,
        by=judge_in_court,
        when=FAST,
        extensions=(up_to(days(15), "可能判处的有期徒刑超过一年", "法院", "CPL 225"),),
        extended_by=extend_fast,
        void_by=convert_to_simplified | convert_to_ordinary | terminate | move_jurisdiction,
        roll=Roll.ONLY_IF_NOT_DETAINED,
        custody="if_detained",
        severity="critical",
        note="应当当庭宣判；发回重审的应当适用普通程序",
        cite=(CPL[225], SPC[376]),
    )
    supplementary_investigation_in_trial = must(
        Organ.PROCURATORATE,
        "审判阶段补充侦查（延期审理）",
        months(1),
        after=adjourn_for_supplement,
        by=resume_after_supplement | withdraw_after_supplement,
        roll=Roll.ONLY_IF_NOT_DETAINED,
        custody="if_detained",
        severity="critical",
        on_expiry="人民法院可以根据在案证据作出判决、裁定（最高法刑诉解释第二百七十四条第三款）",
        note="建议延期以二次为限，每次不超过一个月；往返均应当换押",
        cite=(CPL[205], SPP[421], SPP[422], SPC[274]),
    )
    trial_extension_application = must(
        Organ.COURT,
        "申请延长审限",
        days(15),
        after=End("trial_ordinary trial_second", extended=True),
        kind="advance",
        roll=Roll.NEVER,
        before=True,
        note="只适用于批准延长的，自延长以前的届满之日倒算；申请由人民法院登记",
        cite=SPC[210],
    )
    trial_extension_refusal = must(
        Organ.COURT,
        "不同意延长审限的决定",
        days(5),
        after=End("trial_ordinary trial_second"),
        when=EXTENSION_ASKED,
        kind="advance",
        roll=Roll.NEVER,
        before=True,
        note="由有权决定的人民法院在届满五日以前作出；不同意的决定由其登记",
        cite=SPC[210],
    )
    absent_trial_after_suspension = must(
        Organ.COURT,
        "因病中止后缺席审理前提",
        months(6),
        after=suspend,
        kind="rule",
        month_end=MonthEnd.LAST_DAY,
        note="这是缺席审理的前提，不是应当遵守的期限，不认定逾期",
        cite=(CPL[296], SPC[605]),
    )

    # 应当：开庭以前
    indictment_copy_service = must(
        Organ.COURT,
        "送达起诉书副本",
        days(10),
        after=open_ordinary,
        by=prepare,
        kind="advance",
        roll=Roll.NEVER,
        before=True,
        note="自开庭向前计算，以庭前准备之日为送达之日；简易程序、速裁程序不受此限",
        to=Addressee.PERSON,
        cite=(CPL[187], SPC[221]),
    )
    summons_and_notice_service = must(
        Organ.COURT,
        "送达传票和出庭通知",
        days(3),
        after=open_ordinary,
        by=prepare,
        kind="advance",
        roll=Roll.NEVER,
        before=True,
        note="自开庭向前计算，以庭前准备之日为送达之日；简易程序、速裁程序不受此限",
        cite=(CPL[187], SPC[221]),
    )
    evidence_list_by_parties = must(
        Organ.PARTY,
        "提供证人鉴定人名单和证据",
        days(5),
        after=Event("trial_session"),
        kind="advance",
        roll=Roll.NEVER,
        before=True,
        note="当事人有证人、鉴定人和证据要提供的才适用；开庭和提供由人民法院登记",
        to=Organ.COURT,
        cite=SPC[221],
    )
    public_trial_announcement = must(
        Organ.COURT,
        "公开审判公告",
        days(3),
        after=open_ordinary,
        when=PUBLIC_TRIAL,
        kind="advance",
        roll=Roll.NEVER,
        before=True,
        note="不公开审理的，由开庭这一步写明；公告由人民法院登记",
        to=Addressee.PUBLIC,
        cite=(CPL[187], SPC[221]),
    )
    court_rights_notice = must(
        Organ.COURT,
        "法院告知委托辩护人",
        days(3),
        after="court_intake:file first_trial:accept_moved",
        note="告知由人民法院登记",
        to=Addressee.PERSON,
        cite=(CPL[34, 2], SPC[44]),
    )
    civil_claim_acceptance = must(
        Organ.COURT,
        "附带民事诉讼受理",
        days(7),
        after=Event("civil_claim_received"),
        note="收到附带民事起诉状和受理由人民法院登记",
        cite=SPC[186],
    )
    civil_claim_copy_service = must(
        Organ.COURT,
        "附带民事起诉状副本送达",
        days(5),
        after=Kept("civil_claim_acceptance"),
        note="自受理起算；送达由人民法院登记",
        cite=SPC[187],
    )
    mid_court_transfer_request = must(
        Organ.COURT,
        "请求移送中级法院",
        days(15),
        after=End("trial_ordinary"),
        when=TRANSFER_ASKED,
        kind="advance",
        roll=Roll.NEVER,
        before=True,
        note="只适用于请求移送的；请求由人民法院登记",
        to=Addressee.SUPERIOR,
        cite=SPC[17],
    )
    mid_court_transfer_decide = must(
        Organ.COURT,
        "中级法院移送请求决定",
        days(10),
        after=Kept("mid_court_transfer_request"),
        note="自接到请求起算，以请求之日为接到之日；决定由中级人民法院登记",
        cite=SPC[17],
    )
    consular_notification_court = must(
        Organ.COURT,
        "领事通知（法院）",
        days(7),
        after="bail:decide_court bail:redecide_court residential_surveillance:decide_court arrest_review:decide_court",
        when=FOREIGNER,
        note="条约规定时限的，从其规定；由高级人民法院通知，由人民法院登记",
        to=Addressee.CONSULATE,
        cite=SPC[480],
    )

    # 应当：庭审和宣判以后
    new_defender_preparation = must(
        Organ.COURT,
        "另行委托辩护人准备期",
        days(15),
        after=adjourn_for_defender,
        kind="term",
        roll=Roll.NEVER,
        note="最高法2000年规定的十日已为此替代",
        cite=SPC[313],
    )
    exhibits_handover_after_session = must(
        Organ.PROCURATORATE,
        "休庭后移交证据",
        days(3),
        after=Event("session_adjourned"),
        note="无法当庭移交的才适用；休庭和移交由人民检察院登记",
        to=Organ.COURT,
        cite=SPP[428],
    )
    court_sanction_forward = must(
        Organ.COURT,
        "罚款拘留复议移送",
        days(3),
        after=Event("sanction_reconsideration_received"),
        note="司法罚款、拘留的复议申请和移送由人民法院登记",
        cite=SPC[307],
    )
    judgment_service_in_court = must(
        Organ.COURT,
        "当庭宣判送达判决书",
        days(5),
        after=pronounce | judge_in_court,
        by=serve_judgment,
        when=PRONOUNCED_IN_COURT,
        note="速裁程序一律当庭宣判；其他程序当庭宣判的，由宣判这一步写明。定期宣告判决的，宣告后立即送达",
        to=Addressee.PERSON,
        cite=(CPL[202], SPC[302]),
    )
    release_on_acquittal = must(
        Organ.COURT,
        "宣告无罪免除处罚后释放",
        AT_ONCE,
        kind="detention",
        after=pronounce | judge_in_court | judge_absent,
        by="custody_handover:release custody_handover:release_reminded custody_handover:release_overdue",
        when=RELEASED_BY_JUDGMENT,
        roll=Roll.NEVER,
        custody="always",
        severity="critical",
        on_expiry="非法羁押报警",
        note="宣判后立即释放，不待判决生效",
        to=Addressee.PERSON,
        cite=(CPL[260], SPC[170]),
    )
    release_sentence_equals_custody = must(
        Organ.COURT,
        "羁押已满判处刑期释放",
        AT_ONCE,
        kind="detention",
        after=Event("custody_equals_sentence"),
        by="custody_handover:release custody_handover:release_reminded custody_handover:release_overdue",
        roll=Roll.NEVER,
        custody="always",
        severity="critical",
        on_expiry="非法羁押报警",
        note="上诉、抗诉期间也适用；期满之日由刑期和折抵计算得出，由人民法院登记",
        to=Addressee.PERSON,
        cite=SPC[170, 1, 3],
    )
    remand_filing = must(
        Organ.COURT,
        "发回重审立案",
        days(1),
        after=Event("remand_file_received"),
        by=accept_remanded,
        note="次日立案；收到案件由原审人民法院登记",
        cite=XS00[6],
    )

    fast_and_simplified_exclusions = Remark(
        "未成年人、有重大社会影响等情形的，不适用速裁程序；共同犯罪中部分被告人不认罪等情形的，不适用简易程序",
        why="这些情形是关于人和案情的事实，不在步骤中，系统不能据以禁止",
        cite=(CPL[215], CPL[223], SPC[360], SPC[370]),
    )
    no_heavier_after_remand = Remark(
        "发回重新审判的案件，除有新的犯罪事实且补充起诉的以外，不得加重被告人的刑罚",
        why="刑罚轻重要比较两份判决的主文，步骤不记载主文",
        cite=(CPL[237, 1], SPC[403]),
    )
    property_in_judgment = Remark(
        "判决应当对查封、扣押、冻结的财物及其孳息作出处理",
        why="逐项核对由证据服务按财物清单进行，见涉案财物流转",
        cite=(CPL[245, 3], SPC[444], SPC[445]),
    )
    private_prosecution = Remark(
        "自诉案件审查立案十五日；被告人未被羁押的，六个月以内宣判",
        why="本程序只编公诉案件；被害人自诉在不起诉的救济中止于起诉",
        cite=(CPL[212, 2], SPC[320]),
    )
