"""R12 羁押记录的封存. The centre's ledger follows the criminal record: sealed with it, open to whom a permit names."""

from datetime import date

from services.kernel.procedure import STAY, Procedure, Remark, State
from services.law.offices import COORDINATOR
from services.law.statutes import CPL, SPP


class CustodySealing(Procedure):
    """羁押记录的封存"""

    id = "R12"
    name = "custody_sealing"
    zh = "羁押记录的封存"
    kept_by = "custody_transfer"
    line = "custody"
    in_force = date(2018, 10, 26)

    unsealed = State("未封存", initial=True)
    sealed = State("已封存", end=True, seals=True)

    seal = COORDINATOR.may("随犯罪记录封存", at=unsealed, to=sealed, ids="R12.01", cite=(CPL[286, 1], SPP[482]))
    permit = COORDINATOR.may(
        "随查询许可开放",
        at=sealed,
        to=STAY,
        ids="R12.02",
        tells="查询单位、查询期限至",
        cite=(CPL[286, 2], SPP[484]),
    )

    who_decides = Remark(
        "羁押记录是否封存、许可何人查询",
        why="由封存犯罪记录的机关决定，协同中枢依其决定在本服务登记",
        cite=CPL[286],
    )
