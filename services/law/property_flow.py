"""P25 涉案财物流转. Where an item lies and which organ answers for it are two facts; these steps move the second."""

from datetime import date

from services.kernel.period import MonthEnd, Roll, days, hours, months, years
from services.kernel.procedure import (
    STAY,
    Event,
    Kept,
    Procedure,
    Remark,
    State,
    add,
    lasts,
    must,
    must_not,
    open_ended,
)
from services.kernel.who import Organ
from services.law.matters import (
    EQUITY,
    FUNDS,
    FUNDS_MAJOR,
    PROPERTY_JUDGED,
    SECURITIES,
    SELF_INVESTIGATED,
    TAKEN_BY_POLICE,
    TAKEN_BY_PROCURATORATE,
)
from services.law.offices import CHIEF, CLOCK, COUNTY_HEAD, CUSTODIAN, JUDGE, PANEL, PROSECUTOR, UNIT_HEAD
from services.law.statutes import AP, CF13, CPL, CX14, MPS, SC15, SPC, SPP


class PropertyFlow(Procedure):
    """涉案财物流转"""

    id = "P25"
    name = "property_flow"
    zh = "涉案财物流转"
    kept_by = "evidence"
    line = "item"
    in_force = date(2018, 10, 26)

    taken = State("已查扣", initial=True)
    stored = State("已入库/登记")
    checked_out = State("已调用")
    released_unrelated = State("解除退还（无关）", end=True)
    returned_victim = State("返还被害人", end=True)
    pre_disposed = State("先行处置")
    with_case_pr = State("责任在检察院")
    with_case_court = State("责任在法院")
    judged = State("已判处理")
    executed = State("已执行", end=True)
    lapsed = State("到期自动解除", end=True)
    ownerless = State("无主上缴", end=True)

    # 保管。办案人员不得自行保管，入库由管理人员登记
    store = CUSTODIAN.may(
        "入库或者登记",
        at=taken,
        to=stored,
        ids="P25.T01",
        needs=(
            "扣押决定书/查封决定书/协助冻结财产通知书/扣押/解除扣押邮件、电报通知书、"
            "扣押清单/查封/解除查封清单/登记保存清单、[协助查封/解除查封通知书]、涉案财物入库（移交）登记单"
        ),
        tells="[清点数量、清点金额]",
        condition="立案以后；侦查人员二人以上，有见证人，清单经核对签名",
        cite=(CPL[141], CPL[142], CPL[144], MPS[228], MPS[230], MPS[235], MPS[239]),
    )
    check_out = UNIT_HEAD.may(
        "批准调用",
        at=stored,
        to=checked_out,
        ids="P25.T02",
        needs="涉案财物调用/出库审批表",
        condition="讯问、询问、辨认、鉴定需要，约定归还日期",
        cite=MPS[235],
    )
    check_in = CUSTODIAN.may(
        "归还入库",
        at=checked_out,
        to=stored,
        ids="P25.T03",
        needs="涉案财物入库（移交）登记单",
        tells="[清点数量、清点金额]",
        condition="查验完好",
        cite=MPS[235],
    )
    # 表中没有续冻、续封；不记载，期限届满就视为自动解除
    renew = COUNTY_HEAD.may(
        "继续冻结或者续行查封",
        at=stored | with_case_pr | with_case_court | judged,
        to=STAY,
        ids="P25.S01",
        needs="协助冻结财产通知书/协助查封/解除查封通知书",
        tells="[控制期限至]",
        condition="期限届满以前，按照原批准权限和程序",
        cite=(MPS[240], CF13[8]),
    )
    # 表中只自已入库届满；随案移送以后，届满同样自动解除
    lapse = CLOCK.may(
        "冻结、查封期限届满，自动解除",
        at=stored | with_case_pr | with_case_court | judged,
        to=lapsed,
        ids="P25.T09 P25.S02 P25.S02 P25.S02",
        condition="逾期未办理继续冻结、查封手续",
        cite=(MPS[240], CF13[8]),
    )

    # 侦查中的处理
    release_unrelated = COUNTY_HEAD.may(
        "与案件无关，解除并退还",
        at=stored,
        to=released_unrelated,
        ids="P25.T04",
        needs="发还清单/协助解除冻结财产通知书/协助查封/解除查封通知书",
        tells="[清点数量、清点金额]",
        condition="查明确实与案件无关；由原批准的负责人批准",
        cite=(CPL[145], MPS[233], MPS[241], MPS[247]),
    )
    to_treasury = COUNTY_HEAD.may(
        "无人认领，上缴国库",
        at=stored,
        to=ownerless,
        ids="P25.T05",
        needs="认领公告",
        tells="[清点数量、清点金额]",
        condition="通知原主或者公告后六个月以内无人认领",
        cite=MPS[233],
    )
    return_victim = COUNTY_HEAD.may(
        "返还被害人",
        at=stored,
        to=returned_victim,
        ids="P25.T06",
        needs="发还清单",
        tells="[清点数量、清点金额]",
        condition="权属明确且无争议，不损害他人利益，不影响办案；已登记、拍照、估价",
        cite=(CPL[245, 1], MPS[234, 1]),
    )
    dispose_early = COUNTY_HEAD.may(
        "先行处置",
        at=stored,
        to=pre_disposed,
        ids="P25.T07",
        needs="涉案财物先行处置审批表",
        condition="易损毁、变质或者难以保管；经县级以上公安机关主要负责人批准",
        cite=MPS[236, 1],
    )
    store_price = CUSTODIAN.may(
        "保存变价款",
        at=pre_disposed,
        to=stored,
        ids="P25.T08",
        needs="涉案财物入库（移交）登记单",
        tells="[清点数量、清点金额]",
        condition="价款代替原物，待诉讼终结后一并处理",
        cite=MPS[236, 1],
    )

    # 随案移送：移转的是责任，实物可以不动
    transfer_to_procuratorate = COUNTY_HEAD.may(
        "随案移送人民检察院",
        at=stored,
        to=with_case_pr,
        ids="P25.T10",
        needs="随案移送清单、涉案财物随案流转（保管责任移交）单",
        condition="移送审查起诉；清单写明处理建议",
        cite=(CPL[245, 1], CPL[245, 2], MPS[288]),
    )
    return_to_police = PROSECUTOR.may(
        "退回公安机关",
        at=with_case_pr,
        to=stored,
        ids="P25.T11",
        needs="涉案财物随案流转（保管责任移交）单",
        condition="退回补充侦查",
        cite=(CPL[175, 2], CPL[245, 1]),
    )
    release_by_procuratorate = CHIEF.may(
        "人民检察院解除查封、扣押、冻结",
        at=with_case_pr,
        to=released_unrelated,
        ids="P25.T12",
        needs="解除查封、扣押、冻结通知书（检察）、[发还清单]",
        tells="[清点数量、清点金额]",
        condition="不起诉，或者查明与案件无关",
        cite=(CPL[145], CPL[177, 3], SPP[374]),
    )
    transfer_to_court = PROSECUTOR.may(
        "随案移送人民法院",
        at=with_case_pr,
        to=with_case_court,
        ids="P25.T13",
        needs="随案移送清单、[涉案财物处理意见（建议）]、涉案财物随案流转（保管责任移交）单",
        condition="提起公诉",
        cite=(CPL[245, 1], CPL[245, 2], SPP[358], SPP[429], SPC[437]),
    )
    return_to_procuratorate = JUDGE.may(
        "退回人民检察院",
        at=with_case_court,
        to=with_case_pr,
        ids="P25.T14",
        needs="涉案财物随案流转（保管责任移交）单",
        condition="案件退回，或者准许撤回起诉",
        cite=(CPL[245, 1], SPC[219], SPC[296]),
    )

    # 法院的处理
    return_victim_court = JUDGE.may(
        "人民法院返还被害人",
        at=with_case_court,
        to=returned_victim,
        ids="P25.T15",
        needs="发还清单",
        tells="[清点数量、清点金额]",
        condition="权属明确；已拍照、鉴定、估价",
        cite=(CPL[245, 1], SPC[438]),
    )
    judge = PANEL.may(
        "判决处理",
        at=with_case_court,
        to=judged,
        ids="P25.T16",
        needs="刑事判决书（一审）",
        tells="[处理方式、清点数量、清点金额]",
        condition="清单上的每一项财物都应当写明处理方式",
        cite=(CPL[245, 3], SPC[444], SPC[445]),
    )
    # 表中由保管人、金融机构或者法院执行；回单由扣押机关送回，故由管理人员记载
    execute = CUSTODIAN.may(
        "执行判决的处理",
        at=judged,
        to=executed,
        ids="P25.T17",
        needs="[移送执行表]、执行回单/上缴国库凭证",
        tells="[清点数量、清点金额]",
        condition="判决生效，并已送达扣押机关",
        cite=(CPL[245, 4], MPS[288, 2], SPC[447], SPC[448], CX14[7]),
    )

    # 应当：保管和退还。查扣、查封、冻结的时间和财物的种类，以财物登记为准
    property_handover_to_custodian = must(
        Organ.POLICE,
        "涉案财物移交保管",
        hours(24),
        after=Event("property_taken"),
        by=store,
        when=TAKEN_BY_POLICE,
        roll=Roll.NEVER,
        note="以财物登记写明的查扣时间为准。边远地区自返回单位起算；需要鉴定、辨认的，经办案部门负责人批准，完成后二十四小时；二十四小时内已处理的不移交",
        cite=(SC15[12], AP[190]),
    )
    property_register_sealed_frozen = must(
        Organ.POLICE,
        "查封冻结登记",
        hours(24),
        after=Event("seal_or_freeze_executed"),
        by=store,
        roll=Roll.NEVER,
        note="以财物登记写明的查封、冻结时间为准",
        cite=(SC15[13], AP[190]),
    )
    irrelevant_property_release = must(
        Organ.POLICE,
        "与案件无关财物解除退还",
        days(3),
        after=Event("irrelevance_established"),
        organs=(Organ.PROCURATORATE, Organ.COURT),
        note="自查明无关起算，不自查扣起算；查明和退还由办案机关登记，也记于财物",
        cite=(CPL[145], MPS[233], MPS[247], SPP[210], SPP[215], SPP[217]),
    )
    unclaimed_property_police = must(
        Organ.POLICE,
        "退还无人认领",
        months(6),
        after=Event("owner_notified_or_announced"),
        kind="term",
        roll=Roll.NEVER,
        on_expiry="按照无主财物登记后上缴国库",
        note="这是认领的期间，不认定逾期；通知和公告由公安机关登记",
        cite=MPS[233],
    )
    procuratorate_seized_deposit = must(
        Organ.PROCURATORATE,
        "检察院扣押款物入账入库",
        days(3),
        after=Event("property_taken"),
        by=store,
        when=TAKEN_BY_PROCURATORATE,
        note="以财物登记写明的扣押时间为准",
        cite=SPP[217],
    )
    illegal_gains_after_withdrawal = must(
        Organ.PROCURATORATE,
        "撤案后违法所得处理",
        days(30),
        after="investigation_close:withdraw",
        when=SELF_INVESTIGATED,
        extensions=(add(days(30), "情况特殊", "检察长", "SPP 247"),),
        note="只适用于人民检察院直接受理侦查的案件；处理和延长由人民检察院登记",
        cite=SPP[247],
    )

    # 期限为：冻结和查封
    freeze_funds = lasts(
        Organ.POLICE,
        "冻结存款等资金",
        months(6),
        kind="validity",
        after=Event("freeze_executed"),
        by=release_unrelated | release_by_procuratorate | return_victim | return_victim_court | to_treasury | execute,
        void_by=lapse,
        when=FUNDS,
        extended_by=renew,
        extensions=(add(months(6), "继续冻结", "县级以上公安机关负责人（原批准权限）", "MPS 243", times=None),),
        roll=Roll.NEVER,
        on_expiry="视为自动解除冻结",
        note="财物登记写明种类；每次续冻最长六个月",
        cite=(MPS[243], MPS[240]),
    )
    freeze_funds_major = lasts(
        Organ.POLICE,
        "冻结存款等资金（重大复杂）",
        years(1),
        kind="validity",
        after=Event("freeze_executed"),
        by=release_unrelated | release_by_procuratorate | return_victim | return_victim_court | to_treasury | execute,
        void_by=lapse,
        when=FUNDS_MAJOR,
        extended_by=renew,
        extensions=(add(years(1), "继续冻结", "设区的市一级以上公安机关负责人", "MPS 243.2", times=None),),
        roll=Roll.NEVER,
        on_expiry="视为自动解除冻结",
        note="财物登记写明种类和是否重大、复杂；每次续冻最长一年",
        cite=(MPS[243, 2], MPS[240]),
    )
    freeze_securities = lasts(
        Organ.POLICE,
        "冻结债券股票基金份额",
        years(2),
        kind="validity",
        after=Event("freeze_executed"),
        by=release_unrelated | release_by_procuratorate | return_victim | return_victim_court | to_treasury | execute,
        void_by=lapse,
        when=SECURITIES,
        extended_by=renew,
        extensions=(add(years(2), "继续冻结", "县级以上公安机关负责人", "MPS 244", times=None),),
        roll=Roll.NEVER,
        on_expiry="视为自动解除冻结",
        note="财物登记写明种类；每次续冻最长二年",
        cite=(MPS[244], MPS[240]),
    )
    freeze_equity = lasts(
        Organ.POLICE,
        "冻结股权保单投资权益",
        months(6),
        kind="validity",
        after=Event("freeze_executed"),
        by=release_unrelated | release_by_procuratorate | return_victim | return_victim_court | to_treasury | execute,
        void_by=lapse,
        when=EQUITY,
        extended_by=renew,
        extensions=(
            add(months(6), "继续冻结", "设区的市一级以上公安机关负责人；上市公司股权省级", "MPS 245", times=None),
        ),
        roll=Roll.NEVER,
        on_expiry="视为自动解除冻结",
        note="财物登记写明种类；每次续冻最长六个月。股权、保单权益经设区的市一级以上，上市公司股权经省级以上公安机关负责人批准",
        cite=(MPS[245], MPS[239], MPS[240]),
    )
    seal_property = lasts(
        Organ.POLICE,
        "查封",
        years(2),
        kind="validity",
        after=Event("seal_executed"),
        by=release_unrelated | release_by_procuratorate | return_victim | return_victim_court | to_treasury | execute,
        void_by=lapse,
        extended_by=renew | renew,
        extensions=(
            add(years(1), "续封一次", "县级以上公安机关负责人", "CF13 8"),
            add(years(1), "案情重大复杂，每次最长一年", "设区的市一级以上公安机关负责人", "CF13 8", times=None),
        ),
        roll=Roll.NEVER,
        on_expiry="视为自动解除查封",
        note="续封手续在届满前五日内办理",
        cite=CF13[8],
    )

    # 应当：判决以后
    judgment_to_seizing_organ = must(
        Organ.COURT,
        "判决送达扣押机关",
        days(10),
        after="second_trial:become_final second_trial:uphold second_trial:change second_trial:permit_withdrawal second_trial:withdraw",
        when=PROPERTY_JUDGED,
        note="只适用于实物未随案移送的财物；送达由人民法院登记",
        cite=SPC[447, 2],
    )
    disposal_receipt_by_seizing_organ = must(
        Organ.POLICE,
        "扣押机关送回执行回单",
        months(1),
        after=Kept("judgment_to_seizing_organ"),
        note="自收到判决起算，以送达之日为收到之日；回单由扣押机关登记",
        to=Organ.COURT,
        cite=SPC[447, 2],
    )
    bank_receipt_of_confiscation = must(
        Organ.BANK,
        "金融机构送回上缴凭证",
        days(15),
        after=Event("property_execution_notice_received"),
        note="金融机构收到通知和送回凭证，由人民法院登记",
        cite=SPC[448],
    )
    property_part_case_filing = must(
        Organ.COURT,
        "涉财产部分执行立案",
        days(7),
        after="execution:execute_property",
        note="自移送执行起算；执行立案由人民法院登记",
        cite=CX14[7],
    )
    property_part_execution = must(
        Organ.COURT,
        "刑事裁判涉财产部分执行",
        months(6),
        after=Kept("property_part_case_filing"),
        month_end=MonthEnd.LAST_DAY,
        extensions=(open_ended("特殊情况", "本院院长", "CX14 3"),),
        note="自执行立案起算；执行完毕和延长由人民法院登记，延长多久没有规定",
        cite=CX14[3],
    )
    unclaimed_property_court = must(
        Organ.COURT,
        "判决返还无人认领",
        years(1),
        after=Event("claim_announced"),
        month_end=MonthEnd.LAST_DAY,
        kind="term",
        roll=Roll.NEVER,
        on_expiry="上缴国库；此后有人认领并经查证属实的，申请退库返还",
        note="这是公告的期间，不认定逾期；公告由人民法院登记",
        cite=SPC[445, 3],
    )

    # 不得
    no_property_measure_before_filing = must_not(
        Organ.POLICE,
        "立案以前查封、扣押、冻结",
        steps=store,
        unless="case_intake:file case_intake:file_anew supervise_non_filing:file",
        invariant="INV-12",
        cite=MPS[174],
    )

    no_private_use = Remark(
        "任何单位和个人不得违规使用、调换、损毁、挪用或者自行处理",
        why="步骤只许可合法的处理；违规的使用由清点和核对发现",
        cite=(CPL[141, 2], CPL[245, 1], MPS[235, 1]),
    )
    no_second_freeze = Remark(
        "已被冻结的财产，不得重复冻结，但可以轮候冻结",
        why="登记在本系统的，各案的账号相互核对，重复的由协同中枢发现；系统以外的要问金融机构",
        cite=(CPL[144, 2], MPS[242]),
    )
    every_item_decided = Remark(
        "第一审判决未对随案移送的财物作出处理的，第二审可以发回；判决生效后发现的，由原审人民法院另行处理",
        why="逐项核对由协同中枢比较清单与判决；发回见第二审程序",
        cite=SPC[446],
    )
    contraband = Remark(
        "违禁品应当依照国家有关规定处理；不宜移送的，随案移送清单、照片或者其他证明文件",
        why="处理依专门规定；移转责任的步骤不要求移动实物",
        cite=(CPL[245, 1], CPL[245, 2], MPS[236, 2]),
    )
