"""R07 提讯提解. The pass of the organ that holds a person, and the slots that the detention centre gives under it.

Slots are things of the service that keeps custody: several may be booked at once, so the line only says whether a pass
stands. A hand-over ends the pass of the organ that held the person.
"""

from datetime import date

from services.kernel.procedure import STAY, Procedure, Remark, State
from services.law.offices import CENTER, HANDLER_IN_CHARGE, ORGAN_IN_CHARGE
from services.law.statutes import CPL, JY06, KSS, MPS


class InterrogationPass(Procedure):
    """提讯提解"""

    id = "R07"
    name = "interrogation_pass"
    zh = "提讯提解"
    kept_by = "custody_transfer"
    line = "custody"
    again = True
    in_force = date(2018, 10, 26)

    none = State("没有提讯提解证", initial=True)
    valid = State("提讯提解证在用")
    ended = State("提讯提解证已失效", end=True)

    issue = ORGAN_IN_CHARGE.may(
        "签发提讯提解证",
        at=none | valid,
        to=valid,
        ids="R07.01",
        needs="提讯提解证",
        tells="有效期自、有效期至",
        condition="看守所盖章注明期限",
        cite=(JY06[28], KSS[19]),
    )
    book = HANDLER_IN_CHARGE.may(
        "预约提讯、提解",
        at=valid,
        to=valid,
        ids="R07.02",
        tells="开始时间、结束时间、讯问方式、[办案人员]",
        condition="提讯提解证的有效期包括所约时间，远程讯问相同",
        cite=(KSS[19], JY06[28]),
    )
    cancel = HANDLER_IN_CHARGE.may("取消预约", at=valid, to=valid, ids="R07.03", tells="预约编号", cite=KSS[19])
    confirm = CENTER.may("安排提讯、提解", at=valid, to=valid, ids="R07.04", tells="预约编号", cite=KSS[19])
    refuse = CENTER.may(
        "不予安排提讯、提解", at=valid, to=valid, ids="R07.05", tells="预约编号、不予安排理由", cite=KSS[19]
    )
    bring_out = CENTER.may(
        "提出在押人员",
        at=valid,
        to=valid,
        ids="R07.06",
        tells="预约编号、[办案人员、开始时间]",
        condition="核对提讯提解证和办案人员",
        cite=(KSS[19], KSS[20], CPL[118, 2]),
    )
    # 提出以后换押的，人仍须还押
    bring_back = CENTER.may(
        "还押",
        at=valid | ended,
        to=STAY,
        ids="R07.07",
        tells="预约编号、[结束时间、健康状况]",
        cite=(KSS[20], MPS[156]),
    )

    two_officers = Remark(
        "提讯人员不得少于二人",
        why="凭证和人数由看守所查验，登记的办案人员看得出来；已经进行的照实登记",
        cite=(KSS[19], CPL[118, 1]),
    )
    no_interrogation_without_pass = Remark(
        "没有提讯提解证的，看守所应当拒绝提讯",
        why="没有有效的提讯提解证，就没有可以办理的预约，不另设禁止",
        cite=(KSS[19], JY06[28]),
    )
