"""R11 询问. Of victims and witnesses, who have no line of their own: they are named by a label."""

from datetime import date

from services.kernel.procedure import Procedure, Remark, State
from services.law.offices import HANDLER
from services.law.statutes import CPL, MPS, SPP


class Inquiry(Procedure):
    """询问"""

    id = "R11"
    name = "inquiry"
    zh = "询问"
    line = "case"
    in_force = date(2018, 10, 26)

    ready = State("可以询问", initial=True)

    inquire = HANDLER.may(
        "询问证人、被害人",
        at=ready,
        to=ready,
        ids="R11.01",
        needs="询问笔录、[询问通知书]",
        tells=(
            "开始时间、结束时间、地点、办案人员、被询问人、被询问人身份、"
            "[未成年、在场成年人、女性工作人员在场、同步录音录像、翻译、签名确认、告知权利]"
        ),
        condition="个别进行",
        cite=(CPL[124], CPL[125], CPL[126], CPL[127], CPL[281], MPS[210], MPS[211], MPS[212], SPP[191]),
    )

    individually = Remark(
        "询问证人应当个别进行",
        why="每次询问一人，各有一项登记；同一时间由同一人员询问数人的，从登记的时间看得出来",
        cite=CPL[124, 2],
    )
