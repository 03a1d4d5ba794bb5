"""P22 审判监督（再审）. Against a judgment that is effective; it does not by itself stay the execution."""

from datetime import date

from services.kernel.period import MonthEnd, months
from services.kernel.procedure import STAY, Procedure, Remark, State, must, must_not, up_to
from services.kernel.who import Organ
from services.law.offices import JUDGE, PANEL, PARTY, PRESIDENT, SUPERIOR_CHIEF, SUPERIOR_COURT
from services.law.statutes import CPL, SPC, SPP


class Retrial(Procedure):
    """审判监督（再审）"""

    id = "P22"
    name = "retrial"
    zh = "审判监督（再审）"
    again = True
    in_force = date(2018, 10, 26)

    final = State("已生效", initial=True)
    petition = State("申诉审查")
    protested = State("再审抗诉")
    retrial = State("再审")
    upheld = State("维持", end=True)
    changed = State("改判", end=True)

    # 申诉
    petition_ = PARTY.may(
        "提出申诉",
        at=final,
        to=petition,
        ids="P22.T01",
        condition="当事人及其法定代理人、近亲属对已经发生法律效力的判决、裁定；不停止执行",
        cite=(CPL[252], SPC[451], SPC[452], SPC[453]),
    )
    # 表中没有延长的步骤，而解释、法律许可；不记载就会把合法的审理当作逾期
    extend_petition = JUDGE.may("延长申诉审查期限", at=petition, to=STAY, ids="P22.S01", cite=SPC[457, 1])
    decide = PRESIDENT.may(
        "决定再审",
        at=petition,
        to=retrial,
        ids="P22.T02",
        needs="再审决定书",
        condition="有刑事诉讼法第二百五十三条规定的情形，经审判委员会决定；可以决定中止执行",
        cite=(CPL[253], CPL[254], SPC[457, 2], SPC[460], SPC[464]),
    )
    dismiss = JUDGE.may(
        "驳回申诉",
        at=petition,
        to=upheld,
        ids="P22.T03",
        condition="不具有应当重新审判的情形；说服撤回，仍然坚持的书面通知驳回",
        cite=(SPC[457, 3], SPC[459]),
    )

    # 抗诉。申诉正在审查的，人民检察院也可以抗诉：S02
    protest = SUPERIOR_CHIEF.may(
        "按照审判监督程序抗诉",
        at=final | petition,
        to=protested,
        ids="P22.T04 P22.S02",
        needs="抗诉书",
        condition="最高人民检察院对各级人民法院、上级人民检察院对下级人民法院的生效裁判，发现确有错误",
        cite=(CPL[254, 3], SPP[591], SPC[462]),
    )
    accept_protest = SUPERIOR_COURT.may(
        "接受抗诉，决定或者指令再审",
        at=protested,
        to=retrial,
        ids="P22.T05",
        needs="再审决定书/指令再审决定书",
        condition="由接受抗诉的人民法院组成合议庭重新审理；事实不清、证据不足的，可以指令下级人民法院再审",
        cite=(CPL[254, 4], SPC[462], SPC[463], SPC[464]),
    )

    # 再审
    extend = PRESIDENT.may("延长再审期限", at=retrial, to=STAY, ids="P22.S03", cite=CPL[258, 1])
    uphold = PANEL.may(
        "再审维持原判",
        at=retrial,
        to=upheld,
        ids="P22.T06",
        needs="刑事裁定书（驳回上诉、抗诉，维持原判）",
        condition="原判认定事实和适用法律正确、量刑适当，或者纠正瑕疵后维持",
        cite=(CPL[256], SPC[472, 1, 1], SPC[472, 1, 2]),
    )
    change = PANEL.may(
        "再审改判",
        at=retrial,
        to=changed,
        ids="P22.T07",
        needs="刑事判决书（二审）、[释放通知书（法院）]",
        condition="原生效裁判是第二审裁判，或者由上级人民法院提审；裁判为终审裁判",
        opens="execution",
        cite=(CPL[256, 1], SPC[466], SPC[472]),
    )
    # 表中只有终审的改判。原来是第一审案件的，依照第一审程序审判，可以上诉、抗诉（S04）；依照第二审程序也可以发回（S05）
    change_as_first = PANEL.may(
        "按照第一审程序再审改判",
        at=retrial,
        to=changed,
        ids="P22.S04",
        needs="刑事判决书（一审）、[释放通知书（法院）]",
        condition="原来是第一审案件；可以上诉、抗诉",
        opens="second_trial",
        cite=(CPL[256, 1], SPC[466], SPC[472]),
    )
    remand = PANEL.may(
        "再审撤销原判，发回重新审判",
        at=retrial,
        to=changed,
        ids="P22.S05",
        needs="发回重审裁定书、[换押证]",
        condition="依照第二审程序再审的案件，原判事实不清、证据不足",
        opens="first_trial",
        cite=(CPL[256, 1], SPC[472]),
    )

    # 应当
    petition_review_court = must(
        Organ.COURT,
        "申诉审查（法院）",
        months(3),
        after=petition_,
        by=decide | dismiss,
        extensions=(up_to(months(6), "至迟", "无须审批", "SPC 457"),),
        extended_by=extend_petition,
        void_by=protest,
        month_end=MonthEnd.LAST_DAY,
        note="以提出之日为立案审查之日；因特殊原因还需要延长的，参照审理期限的规定报批，没有步骤",
        cite=SPC[457, 1],
    )
    retrial_protest_filing = must(
        Organ.COURT,
        "再审抗诉立案",
        months(1),
        after=protest,
        by=accept_protest,
        month_end=MonthEnd.LAST_DAY,
        note="以抗诉之日为收到之日；立案没有专门的步骤，由接受抗诉的决定表明",
        cite=SPC[462],
    )
    retrial_directive = must(
        Organ.COURT,
        "指令再审决定",
        months(1),
        after=protest,
        by=accept_protest,
        month_end=MonthEnd.LAST_DAY,
        note="自接受抗诉起算，以抗诉之日为接受之日",
        cite=(CPL[258, 2], SPC[463]),
    )
    retrial_ = must(
        Organ.COURT,
        "再审",
        months(3),
        after=decide | accept_protest,
        by=uphold | change | change_as_first | remand,
        extensions=(up_to(months(6), "需要延长", "法院", "CPL 258.1"),),
        extended_by=extend,
        month_end=MonthEnd.LAST_DAY,
        note="自作出提审、再审决定起算；抗诉案件、指令再审的案件相同",
        cite=CPL[258],
    )

    # 不得
    no_retrial_before_effect = must_not(
        Organ.COURT,
        "对尚未发生法律效力的判决、裁定再审",
        steps=decide | accept_protest,
        unless=(
            "second_trial:become_final second_trial:uphold second_trial:change second_trial:permit_withdrawal "
            "second_trial:withdraw death_review:approve death_review:change death_review:change_by_high retrial:change"
        ),
        severity="high",
        cite=(CPL[252], CPL[254]),
    )

    execution_goes_on = Remark(
        "申诉不停止执行；再审期间不停止原判决、裁定的执行，可能改判无罪或者减轻刑罚致刑期届满的，可以决定中止执行",
        why="执行一线不因再审移动；中止执行没有专门的文书",
        cite=(CPL[252], CPL[257, 2], SPC[464]),
    )
    measures_in_retrial = Remark(
        "决定再审的案件需要采取强制措施的，由人民法院决定；人民检察院抗诉的，由人民检察院决定",
        why="强制措施由取保候审、监视居住、逮捕各自的步骤记载",
        cite=CPL[257, 1],
    )
    court_on_its_own = Remark(
        "本院院长发现生效裁判确有错误的，提交审判委员会处理；上级人民法院可以提审或者指令下级人民法院再审",
        why="表中再审自申诉或者抗诉开始；依职权再审的，以申诉审查一步登记后决定",
        cite=(CPL[254, 1], CPL[254, 2], SPC[460], SPC[461]),
    )
    protest_returned = Remark(
        "抗诉不属于本院管辖、原审被告人不能送达等情形的，人民法院可以将案件退回人民检察院",
        why="退回没有专门的文书；抗诉一线仍在再审抗诉，更正后继续",
        cite=SPC[462],
    )
    no_heavier = Remark(
        "除人民检察院抗诉的以外，再审一般不得加重原审被告人的刑罚",
        why="刑罚轻重要比较两份判决的主文，步骤不记载主文",
        cite=SPC[469],
    )
