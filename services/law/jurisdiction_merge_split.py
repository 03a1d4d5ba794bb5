"""P29 指定管辖、移送管辖、并案与分案. Persons leave one case for another; with each goes all that the case holds of them."""

from datetime import date

from services.kernel.period import days
from services.kernel.procedure import UNDER_INVESTIGATION, Event, Procedure, Remark, State, must
from services.kernel.who import Organ
from services.law.offices import COUNTY_HEAD, ORGAN_IN_CHARGE, UNIT_HEAD
from services.law.statutes import CPL, MPS, SPC, SPP, XS00


class JurisdictionMergeSplit(Procedure):
    """指定管辖、移送管辖、并案与分案"""

    id = "P29"
    name = "jurisdiction_merge_split"
    zh = "指定管辖、移送管辖、并案与分案"
    again = True
    in_force = date(2018, 10, 26)

    single = State("单案", initial=True)
    merge_proposed = State("拟并案")
    merged = State("已并案（主案）", end=True)
    absorbed = State("已并入他案", end=True)
    split = State("已分案", end=True)
    moved = State("已移送管辖", end=True)

    # 并案侦查。被并入的案件逐人转入主案，原案号仍可查得去向
    propose_merge = UNIT_HEAD.may(
        "提出并案",
        at=single,
        to=merge_proposed,
        ids="P29.T01",
        condition="一人犯数罪，共同犯罪，共同犯罪的犯罪嫌疑人还实施其他犯罪，或者多个犯罪嫌疑人的犯罪存在关联",
        cite=MPS[21, 2],
    )
    merge = COUNTY_HEAD.may(
        "并案侦查，本案为主案",
        at=merge_proposed,
        to=merged,
        ids="P29.T02",
        needs="指定管辖决定书",
        cite=(MPS[21, 2], MPS[23]),
    )
    absorb = COUNTY_HEAD.may(
        "并入他案侦查",
        at=merge_proposed,
        to=absorbed,
        ids="P29.T03",
        needs="移送案件通知书",
        condition="他案为主案；法律文书、证据、财物随案移交，双方清点",
        leaves="into",
        cite=(MPS[21, 2], MPS[184], MPS[185]),
    )
    # 表中拟并案的，只能并案
    decline_merge = COUNTY_HEAD.may(
        "不予并案", at=merge_proposed, to=single, ids="P29.S01", condition="不符合并案的条件", cite=MPS[21, 2]
    )
    # 表中只有公安机关并案；审查起诉和审判中，由办案机关并案
    join = ORGAN_IN_CHARGE.may(
        "并入他案审查、审理",
        at=single,
        to=absorbed,
        ids="P29.S02",
        needs="分案/并案审理决定书",
        condition="共同犯罪或者关联犯罪，合并有利于查明案件事实、保障诉讼权利、准确定罪量刑",
        leaves="into",
        cite=(SPP[18, 2], SPC[220, 2]),
    )

    # 分案
    split_ = ORGAN_IN_CHARGE.may(
        "分案",
        at=single,
        to=split,
        ids="P29.T04",
        needs="分案/并案审理决定书",
        condition="同案人在逃、患病、系未成年人，或者分案更有利于保障庭审质量和效率，并且不影响当事人质证",
        carries="first_trial:split_or_merge",
        leaves="new",
        cite=(CPL[206], SPC[220, 1]),
    )

    # 移送管辖、指定管辖
    move = ORGAN_IN_CHARGE.may(
        "移送其他机关管辖",
        at=single,
        to=moved,
        ids="P29.T05",
        needs="移送案件通知书/指定管辖决定书/案件移送函（改变管辖）/改变管辖决定书、[换押证]",
        condition="不属于本机关管辖，或者上级机关指定其他机关管辖",
        carries="prosecution_review:move_jurisdiction first_trial:move_jurisdiction",
        leaves="any",
        cite=(CPL[25], CPL[26], CPL[27], MPS[23], MPS[184], SPP[328], SPC[16], SPC[22]),
    )

    # 应当
    post_filing_transfer_notice = must(
        Organ.POLICE,
        "立案后移送管辖/并案书面通知",
        days(3),
        after=absorb | move,
        when=UNDER_INVESTIGATION,
        note="书面通知扭送人、报案人、控告人、举报人或者移送案件的行政执法机关；通知由送达回证证明，尚无对应步骤",
        cite=MPS[184],
    )
    jurisdiction_changed_filing = must(
        Organ.COURT,
        "改变管辖后立案",
        days(3),
        after=Event("changed_jurisdiction_file_received"),
        note="收到案卷没有步骤，故只登记；立案由第一审程序中的改变管辖后立案表明",
        cite=XS00[6],
    )

    goods_stay = Remark(
        "分案后，财物和证据留在一个案件，另一案件注明",
        why="财物、证据的记录属于其登记所在的案件，随最后离开的人归入主案；不因人员转案而移动",
        cite=MPS[185],
    )
    task_force = Remark(
        "专案、团伙案件可以设立专案组",
        why="专案只是案件的集合，没有期限和文书，不产生法律效果",
        cite=MPS[21, 2],
    )
    joint_disputes = Remark(
        "管辖不明或者有争议的，协商或者由共同的上级机关指定",
        why="协商和上级指定在机关之间进行，其结果由指定管辖决定书表明",
        cite=(MPS[22], SPC[19]),
    )
