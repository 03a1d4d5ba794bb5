"""R08 律师会见. Asked for at the detention centre, arranged there, held there; the defence's periods run from here."""

from datetime import date

from services.kernel.procedure import Procedure, Remark, State
from services.law.offices import CENTER
from services.law.statutes import CPL, MPS


class Meeting(Procedure):
    """律师会见"""

    id = "R08"
    name = "meeting"
    zh = "律师会见"
    kept_by = "custody_transfer"
    line = "custody"
    in_force = date(2018, 10, 26)

    none = State("没有待安排的会见", initial=True)
    requested = State("已要求会见")
    arranged = State("已安排会见")

    request = CENTER.may(
        "登记律师要求会见",
        at=none,
        to=requested,
        ids="R08.01",
        needs="授权委托书、律师事务所证明/法律援助公函",
        tells="律师、[须经许可]",
        condition="查验律师执业证书、律师事务所证明和委托书或者法律援助公函",
        cite=(CPL[39, 2], MPS[53, 1]),
    )
    arrange = CENTER.may(
        "安排会见",
        at=requested,
        to=arranged,
        ids="R08.02",
        tells="开始时间、结束时间",
        cite=(CPL[39, 2], MPS[53, 1]),
    )
    arrange_as_asked = CENTER.may(
        "按律师另定的时间安排会见",
        at=requested | arranged,
        to=arranged,
        ids="R08.03",
        tells="开始时间、结束时间",
        condition="律师要求在四十八小时以后会见",
        cite=CPL[39, 2],
    )
    hold = CENTER.may(
        "会见",
        at=requested | arranged,
        to=none,
        ids="R08.04",
        tells="开始时间、结束时间、[律师]",
        condition="不被监听",
        cite=(CPL[39, 4], MPS[55]),
    )
    withdraw = CENTER.may("登记律师取消会见", at=requested | arranged, to=none, ids="R08.05", cite=CPL[39, 2])
    refuse = CENTER.may(
        "不予安排会见",
        at=requested | arranged,
        to=none,
        ids="R08.06",
        tells="不予安排理由",
        condition="证件、委托手续不齐备，或者须经许可而没有许可",
        cite=(CPL[39, 3], MPS[52]),
    )

    two_lawyers = Remark(
        "可以由一名或者两名辩护律师会见",
        why="一次要求写明会见的律师；会见以前又有律师要求的，一并安排",
        cite=MPS[53],
    )
