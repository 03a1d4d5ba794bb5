"""R10 羁押台账核对. The centre shows every organ whom it holds for it, every day; the organ says whether that is so."""

from datetime import date

from services.kernel.procedure import Procedure, Remark, State
from services.law.offices import CENTER, HANDLER_IN_CHARGE
from services.law.statutes import KSS, KY14


class LedgerCheck(Procedure):
    """羁押台账核对"""

    id = "R10"
    name = "ledger_check"
    zh = "羁押台账核对"
    kept_by = "custody_transfer"
    line = "custody"
    in_force = date(2014, 3, 3)

    agreed = State("没有待核对的", initial=True)
    presented = State("已送核对")
    objected = State("有异议")

    present = CENTER.may(
        "将羁押台账送办案机关核对",
        at=agreed | presented | objected,
        to=presented,
        ids="R10.01",
        tells="核对日期、[答复]",
        condition="每日；有异议的，查明以后写明答复再送",
        cite=(KY14["二(二)"], KSS[43]),
    )
    acknowledge = HANDLER_IN_CHARGE.may(
        "核对无误",
        at=presented | objected,
        to=agreed,
        ids="R10.02",
        tells="核对日期",
        cite=KY14["二(二)"],
    )
    raise_objection = HANDLER_IN_CHARGE.may(
        "提出异议",
        at=presented,
        to=objected,
        ids="R10.03",
        tells="核对日期、异议",
        cite=KY14["二(二)"],
    )

    no_statute = Remark(
        "每日核对的形式",
        why="通知要求看守所与办案机关相互核对羁押期限，没有规定每日和回复的时间，由本系统确定",
        cite=KY14["二(二)"],
    )
