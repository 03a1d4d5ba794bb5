"""P21 死刑复核. Begun by the report of a death sentence; only its approval makes the sentence effective."""

from datetime import date

from services.kernel.period import Roll, days
from services.kernel.procedure import STAY, Condition, End, Procedure, Remark, State, must, must_not
from services.kernel.who import Addressee, Organ
from services.law.offices import HIGH_COURT, JUDGE, SUPREME_COURT
from services.law.statutes import CPL, KY14, SPC

DEATH = Condition("death", "被判处死刑立即执行")


class DeathReview(Procedure):
    """死刑复核"""

    id = "P21"
    name = "death_review"
    zh = "死刑复核"
    again = True
    in_force = date(2018, 10, 26)

    sentenced = State("已判死刑", initial=True)
    high_review = State("高院复核")
    spc_review = State("最高法复核")
    approved = State("核准", end=True)
    disapproved = State("不核准")
    remanded = State("发回重审", end=True)
    changed = State("改判", end=True)

    # 报请
    report = JUDGE.may(
        "报请高级人民法院复核",
        at=sentenced,
        to=high_review,
        ids="P21.T01",
        condition="中级人民法院判处死刑的第一审案件，上诉、抗诉期满没有上诉、抗诉",
        cite=(CPL[247, 1], SPC[423, 1, 1]),
    )
    # 表中高级人民法院的复核只有同意报请一条路；裁定同意（S01）是报请期限的起点，不同意的提审（S03）或者发回（S04）
    agree = HIGH_COURT.may(
        "高级人民法院裁定同意判处死刑",
        at=high_review,
        to=STAY,
        ids="P21.S01",
        cite=(CPL[247, 1], SPC[423, 1, 1]),
    )
    # 第二审维持死刑或者高级人民法院第一审判处死刑的，不经高院复核，直接报请：S02
    report_to_supreme = HIGH_COURT.may(
        "报请最高人民法院核准",
        at=high_review | sentenced,
        to=spc_review,
        ids="P21.T02 P21.S02",
        needs="换押证",
        condition="复核同意判处死刑，第二审裁定维持死刑，或者高级人民法院第一审判处死刑而没有上诉、抗诉",
        cite=(CPL[246], CPL[247], SPC[423], SPC[425], KY14["二(一)"]),
    )
    change_by_high = HIGH_COURT.may(
        "高级人民法院提审改判",
        at=high_review,
        to=changed,
        ids="P21.S03",
        needs="刑事判决书（二审）",
        condition="不同意判处死刑，依照第二审程序提审",
        opens="execution",
        cite=(CPL[247, 1], SPC[423, 1, 1]),
    )
    remand_by_high = HIGH_COURT.may(
        "高级人民法院发回重新审判",
        at=high_review,
        to=remanded,
        ids="P21.S04",
        needs="发回重审裁定书、[换押证]",
        condition="不同意判处死刑",
        opens="first_trial",
        cite=(CPL[247, 1], SPC[423, 1, 1]),
    )

    # 最高人民法院
    approve = SUPREME_COURT.may(
        "核准死刑",
        at=spc_review,
        to=approved,
        ids="P21.T03",
        needs="核准死刑裁定书、执行死刑命令",
        condition="讯问被告人，听取辩护律师的意见；院长签发执行死刑的命令",
        opens="execution",
        cite=(CPL[250], CPL[251], CPL[261], SPC[429, 1, 1], SPC[499]),
    )
    disapprove = SUPREME_COURT.may(
        "不核准死刑",
        at=spc_review,
        to=disapproved,
        ids="P21.T04",
        needs="不核准死刑裁定书",
        condition="事实不清、证据不足，出现新的影响定罪量刑的事实、证据，依法不应当判处死刑，或者违反法定诉讼程序",
        cite=(CPL[250], SPC[429]),
    )
    remand = SUPREME_COURT.may(
        "发回第一审人民法院重新审判",
        at=disapproved,
        to=remanded,
        ids="P21.T05",
        needs="发回重审裁定书、[换押证]",
        opens="first_trial",
        cite=(CPL[250], SPC[429], SPC[430]),
    )
    # 表中发回只有一步，而发回的可以是第二审人民法院
    remand_to_second = SUPREME_COURT.may(
        "发回第二审人民法院重新审判",
        at=disapproved,
        to=remanded,
        ids="P21.S05",
        needs="发回重审裁定书、[换押证]",
        opens="second_trial:transferred",
        cite=(CPL[250], SPC[429], SPC[430]),
    )
    change = SUPREME_COURT.may(
        "最高人民法院改判",
        at=disapproved,
        to=changed,
        ids="P21.T06",
        needs="刑事判决书（二审）",
        opens="execution",
        cite=(CPL[250], SPC[429]),
    )

    # 应当
    death_report_to_high_court = must(
        Organ.COURT,
        "死刑案件报高院复核（未上诉抗诉）",
        days(10),
        after=End("appeal_judgment"),
        by=report | report_to_supreme,
        when=DEATH,
        void_by="second_trial:appeal second_trial:protest",
        note="上诉、抗诉的，不适用本条；高级人民法院第一审判处死刑的，同为十日，直接报请核准",
        to=Addressee.SUPERIOR,
        cite=(SPC[423, 1, 1], SPC[423, 1, 3]),
    )
    death_report_to_spc = must(
        Organ.COURT,
        "死刑案件报请最高法核准",
        days(10),
        after="death_review:agree second_trial:uphold second_trial:change",
        by=report_to_supreme,
        when=DEATH,
        note="自高级人民法院作出裁定起算",
        to=Addressee.SUPERIOR,
        cite=SPC[423],
    )
    death_review_itself = must(
        Organ.COURT,
        "死刑复核",
        None,
        after=report_to_supreme,
        by=approve | disapprove,
        roll=Roll.NEVER,
        note="法律没有规定复核的期限，羁押期间随之没有届满之日；复核法院与原审法院不同的，换押，否则通知期限变更",
        cite=(CPL[246], CPL[249], SPC[423]),
    )

    # 不得
    no_execution_before_approval = must_not(
        Organ.COURT,
        "未经最高人民法院核准执行死刑",
        steps="execution:execute_death",
        unless=approve,
        cite=(CPL[246], CPL[261], SPC[499]),
    )

    suspended_death = Remark(
        "判处死刑缓期二年执行的，由高级人民法院核准",
        why="核准的裁定书不在文书目录，表中只有死刑立即执行的复核；高级人民法院第二审维持死缓的，裁定即为核准",
        cite=(CPL[248], SPC[424], SPC[428]),
    )
    defence = Remark(
        "死刑复核期间应当听取辩护律师的意见；没有委托辩护人而申请法律援助的，应当通知法律援助机构指派律师",
        why="指派和会见在法律援助程序中记载；听取意见是核准的条件，由合议庭记入卷宗",
        cite=(CPL[251, 1], SPC[47], SPC[434]),
    )
    supervision = Remark(
        "最高人民检察院可以向最高人民法院提出意见，最高人民法院应当将复核结果通报最高人民检察院",
        why="意见和通报没有专门的文书和步骤",
        cite=(CPL[251, 2], SPC[435], SPC[436]),
    )
    joint_defendants = Remark(
        "共同犯罪案件部分被告人被判处死刑的，对全案进行审查，但不影响对其他被告人的裁判生效和执行",
        why="一人一线，复核只在被判处死刑的人的线上进行",
        cite=(SPC[423], SPC[429]),
    )
