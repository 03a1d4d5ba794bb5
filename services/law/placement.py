"""R09 健康检查与分押分管. In which cell somebody is held, and what that cell must keep apart."""

from datetime import date

from services.kernel.procedure import STAY, Procedure, Remark, State
from services.law.offices import CENTER, HANDLER_IN_CHARGE
from services.law.statutes import CPL, KSS, MPS


class Placement(Procedure):
    """健康检查与分押分管"""

    id = "R09"
    name = "placement"
    zh = "健康检查与分押分管"
    kept_by = "custody_transfer"
    line = "custody"
    in_force = date(2018, 10, 26)

    unplaced = State("尚未分押", initial=True)
    placed = State("已分押")

    check_health = CENTER.may(
        "健康检查",
        at=unplaced | placed,
        to=STAY,
        ids="R09.01",
        needs="入所健康检查表",
        tells="健康状况、[不宜收押情形]",
        cite=(KSS[10], MPS[154]),
    )
    place = CENTER.may(
        "安排监室",
        at=unplaced | placed,
        to=placed,
        ids="R09.02",
        tells="监室、性别、成年、已决",
        cite=(CPL[280, 2], KSS[14]),
    )
    hold_apart = HANDLER_IN_CHARGE.may(
        "要求分别羁押",
        at=unplaced | placed,
        to=STAY,
        ids="R09.03",
        tells="分押人员",
        condition="同案犯以及其他需要分别羁押的人",
        cite=KSS[14],
    )

    apart = Remark(
        "男性和女性，成年人和未成年人，同案犯以及其他需要分别羁押的人，应当分别羁押",
        why="混押照实登记，由登记的监室和人员认定，不因违法而不予登记",
        cite=(CPL[280, 2], KSS[14]),
    )
    not_taken_in = Remark(
        "患有精神病、急性传染病的，有其他严重疾病在羁押中可能发生生命危险或者生活不能自理的，怀孕或者哺乳自己不满一周岁的婴儿的妇女，不予收押",
        why="不予收押的，没有羁押可以登记；收押以后发现的，写明不宜收押的情形，由办案机关变更强制措施",
        cite=KSS[10],
    )
