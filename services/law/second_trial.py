"""P20 第二审与发回重审. Opened by every judgment of first instance, because it may always be appealed."""

from datetime import date

from services.kernel.period import MonthEnd, Roll, days, months
from services.kernel.procedure import STAY, End, Event, Kept, Procedure, Remark, State, add, may_within, must
from services.kernel.who import Addressee, Organ
from services.law.matters import APPEALED, BELOW_MINIMUM, WITH_VICTIM
from services.law.offices import CHIEF, CLOCK, JUDGE, PANEL, PARTY, PROSECUTOR, SUPERIOR_COURT
from services.law.statutes import CPL, SPC, SPP, XS00


class SecondTrial(Procedure):
    """第二审与发回重审"""

    id = "P20"
    name = "second_trial"
    zh = "第二审与发回重审"
    in_force = date(2018, 10, 26)

    judged = State("一审已宣判", initial=True)
    appealed = State("已上诉/抗诉")
    final = State("生效", end=True)
    transferred = State("已移送二审")
    second_trial = State("二审审理")
    reading = State("检察院阅卷")
    affirmed = State("维持", end=True)
    changed = State("改判", end=True)
    remanded = State("发回重审", end=True)
    withdrawn = State("撤回上诉抗诉", end=True)
    #: 表中没有：上诉、抗诉期间和第二审中，被告人死亡的，判决不发生效力。
    terminated = State("终止审理", end=True)

    # 上诉、抗诉
    appeal = PARTY.may(
        "上诉",
        at=judged | appealed,
        to=appealed,
        ids="P20.T01 P20.S03",
        needs="上诉状",
        condition="书面或者口头；以上诉期满前最后一次的意思表示为准",
        cite=(CPL[227], SPC[378], SPC[379]),
    )
    protest = CHIEF.may(
        "抗诉",
        at=judged | appealed,
        to=appealed,
        ids="P20.T02 P20.S04",
        needs="抗诉书",
        condition="通过原审人民法院提出，抄送上一级人民检察院",
        cite=(CPL[228], CPL[232], SPP[587]),
    )
    terminate = PANEL.may(
        "第二审终止审理",
        at=judged | appealed | transferred | second_trial | reading,
        to=terminated,
        ids="P20.S20",
        needs="终止审理裁定书",
        condition="被告人死亡、已过追诉时效期限、经特赦令免除刑罚或者属于告诉才处理；死亡的被告人无罪的，改判无罪",
        cite=(CPL[16], CPL[242], CPL[297, 1], SPC[295]),
    )
    become_final = CLOCK.may(
        "上诉、抗诉期限届满，判决生效",
        at=judged,
        to=final,
        ids="P20.T03",
        condition="全部受送达人的期限届满，没有上诉、抗诉",
        opens="execution",
        cite=CPL[259, 2],
    )
    transfer = JUDGE.may(
        "移送上一级人民法院",
        at=appealed,
        to=transferred,
        ids="P20.T04",
        needs="上诉（抗诉）案件移送函、[换押证]",
        cite=(CPL[231], CPL[232], SPC[381], SPC[384]),
    )
    # 期限内撤回的，一审判决自期满之日生效，不自撤回之日
    withdraw = PARTY.may(
        "撤回上诉",
        at=appealed,
        to=withdrawn,
        ids="P20.T05",
        needs="[准许撤回上诉裁定书]",
        condition="上诉期限内应当准许；期满后由第二审人民法院审查",
        opens="execution",
        cite=(SPC[383], SPC[386]),
    )

    # 第二审
    accept = JUDGE.may(
        "第二审立案",
        at=transferred,
        to=second_trial,
        ids="P20.T06",
        needs="立案审批（登记）表、[换押证]",
        tells="[案号]",
        cite=(SPC[387], XS00[6]),
    )
    read = PROSECUTOR.may(
        "检察院查阅案卷",
        at=second_trial,
        to=reading,
        ids="P20.T07",
        needs="阅卷通知书",
        condition="抗诉案件，或者第二审人民法院决定开庭审理的公诉案件",
        cite=(CPL[235], SPC[396], SPP[447]),
    )
    return_file = PROSECUTOR.may(
        "检察院阅卷完毕", at=reading, to=second_trial, ids="P20.T08", cite=(CPL[235], SPP[447])
    )

    # 开庭、延期和中止。第二审参照第一审的规定（CPL 242），表中没有
    hold_hearing = PANEL.may(
        "第二审开庭审理", at=second_trial, to=STAY, ids="P20.S05", needs="法庭笔录", cite=(CPL[234], CPL[242])
    )
    adjourn = PANEL.may(
        "第二审延期审理", at=second_trial, to=STAY, ids="P20.S06", needs="延期审理决定书", cite=(CPL[204], CPL[242])
    )
    suspend = PANEL.may(
        "第二审中止审理", at=second_trial, to=STAY, ids="P20.S07", needs="中止审理裁定书", cite=(CPL[206, 1], CPL[242])
    )
    resume = PANEL.may(
        "第二审恢复审理", at=second_trial, to=STAY, ids="P20.S08", needs="恢复审理通知书", cite=(CPL[206, 2], CPL[242])
    )
    # 精神病鉴定
    pause = PANEL.may(
        "因精神病鉴定停止计算第二审期限",
        at=second_trial,
        to=STAY,
        ids="P20.S09",
        needs="[变更羁押期限通知书]",
        cite=(CPL[149], CPL[242], SPC[211]),
    )
    resume_clock = PANEL.may(
        "恢复计算第二审期限",
        at=second_trial,
        to=STAY,
        ids="P20.S10",
        needs="[变更羁押期限通知书]",
        cite=(CPL[149], CPL[242], SPC[211]),
    )

    # 延长审理期限。表中没有，而法律许可；不记载就会把合法的审理当作逾期
    extend = SUPERIOR_COURT.may(
        "高级人民法院批准或者决定延长审理期限",
        at=second_trial,
        to=second_trial,
        ids="P20.S01",
        needs="同意延长审理期限批复（决定书）",
        condition="可能判处死刑的案件、附带民事诉讼的案件，或者有刑事诉讼法第一百五十八条规定的情形",
        cite=CPL[243, 1],
    )
    extend_by_supreme = SUPERIOR_COURT.may(
        "最高人民法院批准延长审理期限",
        at=second_trial,
        to=second_trial,
        ids="P20.S02",
        needs="同意延长审理期限批复（决定书）",
        condition="因特殊情况还需要延长",
        cite=CPL[243, 1],
    )

    # 裁判
    uphold = PANEL.may(
        "驳回上诉、抗诉，维持原判",
        at=second_trial,
        to=affirmed,
        ids="P20.T09",
        needs="刑事裁定书（驳回上诉、抗诉，维持原判）",
        condition="原判认定事实和适用法律正确、量刑适当",
        opens="execution",
        cite=CPL[236, 1, 1],
    )
    change = PANEL.may(
        "改判",
        at=second_trial,
        to=changed,
        ids="P20.T10",
        needs="刑事判决书（二审）、[释放通知书（法院）]",
        condition="适用法律有错误、量刑不当，或者查清事实后改判",
        opens="execution",
        cite=(CPL[236, 1, 2], CPL[236, 1, 3]),
    )
    remand = PANEL.may(
        "撤销原判，发回重新审判",
        at=second_trial,
        to=remanded,
        ids="P20.T11",
        needs="发回重审裁定书、[换押证]",
        condition="事实不清楚或者证据不足（以一次为限），违反法定诉讼程序，或者未对随案移送的财物作出处理",
        opens="first_trial",
        cite=(CPL[236], CPL[238], SPC[446, 1]),
    )
    permit_withdrawal = PANEL.may(
        "准许撤回上诉、抗诉",
        at=second_trial,
        to=withdrawn,
        ids="P20.T12",
        needs="撤回抗诉决定书/准许撤回上诉裁定书",
        opens="execution",
        cite=(SPC[383], SPC[385], SPC[386], SPP[589]),
    )

    # 可以的期限
    appeal_judgment = may_within(
        Organ.PARTY,
        "对判决上诉/抗诉",
        days(10),
        after="first_trial:serve_judgment",
        organs=(Organ.PROCURATORATE,),
        by=appeal | protest,
        on_expiry="判决发生法律效力",
        note="自接到判决书的第二日起算，每个受送达人各自计算，检察院抗诉同；最后一人的期限届满判决才生效。节假日顺延，在押亦同",
        cite=(CPL[230], SPC[380], SPP[586]),
    )
    appeal_ruling = may_within(
        Organ.PARTY,
        "对裁定上诉/抗诉",
        days(5),
        after=Event("ruling_received"),
        organs=(Organ.PROCURATORATE,),
        note="对准许撤诉、终止审理等裁定的上诉不开启本程序的线；接到裁定书和上诉由人民法院登记",
        cite=(CPL[230], SPC[380], SPP[586]),
    )
    victim_request_protest = may_within(
        Organ.PARTY,
        "被害人请求抗诉",
        days(5),
        after="first_trial:serve_judgment",
        when=WITH_VICTIM,
        note="请求由收到的人民检察院登记",
        cite=(CPL[229], SPP[588]),
    )
    victim_request_protest_reply = must(
        Organ.PROCURATORATE,
        "请求抗诉答复",
        days(5),
        after=Kept("victim_request_protest"),
        note="自收到请求起算；答复由人民检察院登记",
        to=Addressee.VICTIM,
        cite=(CPL[229], SPP[588]),
    )

    # 应当
    appeal_transfer = must(
        Organ.COURT,
        "移送上诉案卷",
        days(3),
        after=End("appeal_judgment"),
        by=transfer,
        when=APPEALED,
        void_by=withdraw | terminate,
        note="法律自上诉起算，司法解释自上诉期满起算，从后者；期满由计算得出",
        to=Addressee.SUPERIOR,
        cite=(CPL[231], SPC[381], SPC[384]),
    )
    appeal_filing = must(
        Organ.COURT,
        "二审立案",
        days(5),
        after=transfer,
        by=accept,
        note="自第二审人民法院收到移送的案卷起算，以移送之日为收到之日",
        cite=XS00[6],
    )
    trial_second = must(
        Organ.COURT,
        "二审",
        months(2),
        after=accept,
        by=uphold | change | remand | permit_withdrawal | terminate,
        extensions=(
            add(
                months(2),
                "可能判处死刑/附带民事诉讼/CPL 158情形",
                "省、自治区、直辖市高级人民法院",
                "CPL 243",
            ),
            add(months(3), "特殊情况，可再次申请", "最高人民法院", "CPL 243", times=None, least=months(1)),
        ),
        extended_by=extend | extend_by_supreme,
        paused_by=read | suspend | pause,
        resumed_by=return_file | resume | resume_clock,
        roll=Roll.ONLY_IF_NOT_DETAINED,
        custody="if_detained",
        month_end=MonthEnd.LAST_DAY,
        severity="critical",
        on_expiry="在押的，应当释放或者变更强制措施（刑事诉讼法第九十八条）",
        note=(
            "检察院查阅案卷的期间全部不计入（自通知后的第二日起），从2021年解释；精神病鉴定、中止审理的期间也不计入；"
            "最高人民法院审理的案件由其自行决定期限"
        ),
        cite=CPL[243],
    )
    second_instance_file_reading = must(
        Organ.PROCURATORATE,
        "二审检察院阅卷",
        months(1),
        after=read,
        by=return_file,
        cite=(CPL[235], SPP[447]),
    )
    entrusted_pronouncement_return = must(
        Organ.COURT,
        "委托宣判笔录送交",
        days(5),
        after=Event("entrusted_pronouncement_done"),
        note="代为宣判和送交由受委托的人民法院登记",
        cite=SPC[413],
    )
    below_statutory_minimum_report = must(
        Organ.COURT,
        "法定刑以下判处报核",
        days(3),
        after=End("appeal_judgment"),
        when=BELOW_MINIMUM,
        note="是否在法定刑以下判处由判决写明；报请复核由人民法院登记",
        to=Addressee.SUPERIOR,
        cite=SPC[414],
    )

    second_remand = Remark(
        "因事实不清、证据不足发回重审后又上诉、抗诉的，不得再发回重新审判",
        why="发回的理由不在步骤中；因违反法定程序而发回不受此限，故不能以次数禁止",
        cite=(CPL[236, 2], SPC[405], SPC[406]),
    )
    no_heavier_on_appeal = Remark(
        "只有被告人一方上诉的，不得加重被告人的刑罚",
        why="刑罚轻重要比较两份判决的主文，步骤不记载主文",
        cite=(CPL[237], SPC[401]),
    )
    joint_defendants = Remark(
        "共同犯罪的案件只有部分被告人上诉的，应当对全案进行审查，一并处理",
        why="一人一线，他人上诉不能移动此人的线；由协同中枢对照同案人的线，在此期间判决对其不生效",
        cite=(CPL[233, 2], SPC[389]),
    )
    death_and_below_minimum = Remark(
        "判处死刑、死刑缓期执行和在法定刑以下判处刑罚的，核准以后才生效",
        why="核准在死刑复核程序中；本程序对所有裁判一律开启执行，执行以核准为前提的由执行机关把握",
        cite=(CPL[246], CPL[248], CPL[259, 2, 3]),
    )
