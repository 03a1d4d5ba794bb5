"""P27 未成年人刑事案件特别程序与附条件不起诉. Runs beside the common procedures and is carried by their decisions."""

from datetime import date

from services.kernel.period import Roll, days, months, years
from services.kernel.procedure import STAY, Event, Procedure, Remark, State, lasts, may_within, must, up_to
from services.kernel.who import Addressee, Organ
from services.law.offices import CHIEF, DECIDING_ORGAN, JUDGE, JUVENILE_PANEL, OFFICER, ORGAN_IN_CHARGE, PROSECUTOR
from services.law.statutes import CPL, MPS, SPC, SPP


class Juvenile(Procedure):
    """未成年人刑事案件特别程序与附条件不起诉"""

    id = "P27"
    name = "juvenile"
    zh = "未成年人刑事案件特别程序与附条件不起诉"
    in_force = date(2019, 12, 30)

    age_checked = State("年龄查明", initial=True)
    interrogated = State("讯问（到场）")
    investigated = State("社会调查")
    conditional = State("附条件不起诉考验中")
    not_charged = State("不起诉", end=True)
    charged = State("起诉", end=True)
    tried = State("不公开审理")
    sealed = State("犯罪记录封存", end=True, decides=True, seals=True)

    # 讯问和调查
    interrogate = OFFICER.may(
        "通知到场并讯问",
        at=age_checked,
        to=interrogated,
        ids="P27.T01",
        needs="未成年人法定代理人到场通知书/合适成年人到场通知书、讯问笔录、[提供法律援助通知书]",
        tells="[在场成年人、女性工作人员在场、签名确认]",
        condition=(
            "法定代理人到场，无法通知、不能到场或者是共犯的，合适成年人到场；讯问女性未成年人，有女工作人员在场"
        ),
        cite=(CPL[281], MPS[321], MPS[323], MPS[324, 2]),
    )
    investigate = ORGAN_IN_CHARGE.may(
        "进行社会调查",
        at=interrogated,
        to=investigated,
        ids="P27.T02",
        needs="未成年人社会调查报告",
        condition="根据情况可以调查；报告随案移送",
        cite=(CPL[279], MPS[322], SPP[461], SPC[568]),
    )

    # 附条件不起诉。审查起诉一线随同，停在附条件不起诉，考验期满再由 P13.S04、P13.S05 继续
    defer_conditionally = CHIEF.may(
        "附条件不起诉",
        at=investigated,
        to=conditional,
        ids="P27.T03",
        needs="附条件不起诉决定书",
        condition=(
            "刑法分则第四章、第五章、第六章的犯罪，可能判处一年有期徒刑以下刑罚，符合起诉条件，有悔罪表现；"
            "听取公安机关、被害人、未成年人及其法定代理人、辩护人的意见，未成年人及其法定代理人没有异议"
        ),
        carries="prosecution_review:defer_conditionally",
        cite=(CPL[282, 1], SPP[469], SPP[471]),
    )
    not_charge_after_probation = CHIEF.may(
        "因考验期满不起诉",
        at=conditional,
        to=not_charged,
        ids="P27.T04",
        needs="附条件不起诉考察意见书、不起诉决定书",
        tells="[承办人]",
        condition="考验期满，没有应当撤销附条件不起诉的情形；听取被害人意见",
        opens="non_prosecution_remedy",
        carries="prosecution_review:not_charge_after_probation",
        ends="bail:lifted residential_surveillance:lifted",
        cite=(CPL[284, 2], SPP[477], SPP[480]),
    )
    charge_after_probation = CHIEF.may(
        "撤销附条件不起诉并起诉",
        at=conditional,
        to=charged,
        ids="P27.T05",
        needs="撤销附条件不起诉决定书、起诉书",
        condition=(
            "考验期内实施新的犯罪，发现以前还有其他犯罪需要追诉，或者违反治安管理规定、监督管理规定情节严重；"
            "未成年人及其法定代理人对附条件不起诉有异议"
        ),
        opens="court_intake",
        carries="prosecution_review:charge_after_probation",
        cite=(CPL[282, 3], CPL[284, 1], SPP[470, 1], SPP[479]),
    )

    # 起诉和不起诉。社会调查不是必经的，未经调查起诉的为 S02；表中没有一般的不起诉：S01
    charge = CHIEF.may(
        "对未成年人提起公诉",
        at=investigated | interrogated,
        to=charged,
        ids="P27.T06 P27.S02",
        needs="起诉书",
        opens="court_intake",
        carries="prosecution_review:charge",
        cite=(CPL[176], SPP[358]),
    )
    not_charge = CHIEF.may(
        "对未成年人不起诉",
        at=investigated | interrogated,
        to=not_charged,
        ids="P27.S01",
        needs="不起诉决定书",
        tells="[承办人]",
        condition="没有犯罪事实、情节轻微或者证据不足，不附条件",
        opens="non_prosecution_remedy",
        carries="prosecution_review:not_charge",
        ends="bail:lifted residential_surveillance:lifted",
        cite=(CPL[177], SPP[470, 1]),
    )

    # 审判和封存
    try_ = JUVENILE_PANEL.may(
        "判决未成年人案件",
        at=charged,
        to=tried,
        ids="P27.T07",
        needs="刑事判决书（一审）",
        condition="开庭时不满十八周岁的，不公开审理",
        cite=(CPL[285], SPC[550, 1], SPC[557, 1]),
    )
    seal = JUDGE.may(
        "封存犯罪记录",
        at=tried,
        to=sealed,
        ids="P27.T08",
        condition="犯罪时不满十八周岁，被判处五年有期徒刑以下刑罚或者免予刑事处罚；公安机关、人民检察院各自封存",
        cite=(CPL[286, 1], MPS[331, 1], SPP[482]),
    )
    seal_non_prosecution = PROSECUTOR.may("封存不起诉记录", at=not_charged, to=sealed, ids="P27.T09", cite=SPP[486])

    # 封存以后的查询。表中没有这两步；由封存的机关许可，写明查询的单位和期限
    permit_query = DECIDING_ORGAN.may(
        "许可查询封存的犯罪记录",
        at=sealed,
        to=STAY,
        ids="P27.S03",
        tells="查询单位、查询期限至",
        condition="司法机关为办案需要，或者有关单位根据国家规定；查询的单位对封存的情况予以保密",
        cite=(CPL[286, 2], SPP[484]),
    )
    refuse_query = DECIDING_ORGAN.may(
        "不许可查询封存的犯罪记录", at=sealed, to=STAY, ids="P27.S04", tells="查询单位", cite=(CPL[286, 2], SPP[484])
    )

    # 应当
    conditional_non_prosecution_serve = must(
        Organ.PROCURATORATE,
        "附条件不起诉决定送达",
        days(3),
        after="juvenile:defer_conditionally prosecution_review:defer_conditionally",
        note="送达公安机关、被害人、未成年人及其法定代理人、辩护人，由人民检察院登记",
        to=Addressee.PERSON,
        cite=SPP[471, 1],
    )
    conditional_non_prosecution_probation = lasts(
        Organ.PROCURATORATE,
        "附条件不起诉考验期",
        months(6),
        kind="term",
        after="juvenile:defer_conditionally prosecution_review:defer_conditionally",
        by=not_charge_after_probation | charge_after_probation,
        extensions=(up_to(years(1), "决定的考验期超过六个月", "检察长", "CPL 283.2"),),
        roll=Roll.NEVER,
        note="自决定之日起算，六个月是下限，长短由决定确定；不计入审查起诉期限",
        on_expiry="没有应当撤销的情形的，作出不起诉的决定；有的，撤销附条件不起诉的决定，提起公诉（CPL 284）",
        cite=(CPL[283, 2], SPP[473]),
    )
    conditional_non_prosecution_police_reconsider = may_within(
        Organ.POLICE,
        "附条件不起诉要求复议",
        days(7),
        after=Event("conditional_non_prosecution_received"),
        note="提请复核也是七日，自收到复议决定书起算；收到和要求由公安机关登记",
        cite=(CPL[282, 2], MPS[330], SPP[472]),
    )
    sealed_record_query_decide = must(
        Organ.PROCURATORATE,
        "封存犯罪记录查询许可",
        days(7),
        after=Event("sealed_record_query_received"),
        by=permit_query | refuse_query,
        note="查询的申请由封存的人民检察院登记",
        cite=SPP[484, 2],
    )

    adult_present = Remark(
        "人民检察院讯问、人民法院讯问和开庭，也应当通知法定代理人到场，不能到场的可以通知合适成年人",
        why="表中只有公安机关的讯问；检察、审判阶段的讯问和开庭没有自己的步骤",
        cite=(CPL[281], SPP[465], SPC[555]),
    )
    mandatory_defence = Remark(
        "未成年犯罪嫌疑人、被告人没有委托辩护人的，应当通知法律援助机构指派律师",
        why="步骤和期限都在通知辩护与法律援助的程序中",
        cite=(CPL[278], MPS[320], SPP[460, 2], SPC[564]),
    )
    custody_of_juveniles = Remark(
        "严格限制适用逮捕措施；在押的与成年人分别关押、分别管理、分别教育；附条件不起诉的，在押的应当释放",
        why="是否逮捕由审查逮捕判断；关押的方式不是步骤；释放由羁押交接逐人登记",
        cite=(CPL[280], SPP[462], MPS[328]),
    )
    victim_no_suit = Remark(
        "被害人不服附条件不起诉的，可以申诉，不适用向人民法院起诉的规定",
        why="附条件不起诉不开始不起诉的救济一线，考验期满不起诉才开始；其间的复议、复核、申诉只登记期限",
        cite=(CPL[282, 2], SPP[472]),
    )
    age_of_offence = Remark(
        "特别程序看讯问、审判时的年龄，刑事责任和记录封存看犯罪时的年龄；应当查清十四、十六、十八周岁的临界年龄",
        why="年龄是关于人的事实，由办案机关查明，系统不代为计算",
        cite=(CPL[285], CPL[286, 1], MPS[321], SPC[550, 1]),
    )
    unsealing = Remark(
        "没有法定事由、未经法定程序不得解封；发现漏罪或者实施新罪，数罪并罚五年有期徒刑以上的，解除封存",
        why="表中没有解封的步骤；封存以后，系统只向许可所写明的单位提供，并记录每次查阅",
        cite=(CPL[286, 2], MPS[331, 2], MPS[331, 3], SPP[485]),
    )
