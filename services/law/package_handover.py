"""The hand-over protocol for packages, dossiers and goods alike: the law asks for a list and a receipt, this is how.

No statute names these states. They are the design of this system (hence the ids D5): every package is sealed, offered,
inspected and answered by both sides, so that never both organs answer for it and never neither. Until the receiving
organ accepts, the transferring organ does.
"""

from datetime import date

from services.kernel.procedure import Procedure, Remark, State
from services.law.offices import CLOCK, RECEIVING_ORGAN, TRANSFERRING_ORGAN
from services.law.statutes import CPL, MPS, SPC, SPP


class PackageHandover(Procedure):
    """案卷与财物移送"""

    id = "D5"
    name = "package_handover"
    zh = "案卷与财物移送"
    kept_by = "evidence"
    line = "package"
    in_force = date(2018, 10, 26)

    drafted = State("拟移送", initial=True)
    sealed = State("已封装")
    offered = State("已移送")
    inspected = State("已清点")
    accepted = State("已接收", end=True)
    accepted_with_reservations = State("附保留接收", end=True)
    returned = State("已退回")
    withdrawn = State("已撤回", end=True)
    expired = State("已逾期", end=True)

    # 移送机关
    seal = TRANSFERRING_ORGAN.may(
        "封装",
        at=drafted,
        to=sealed,
        ids="D5.01",
        needs="[案卷（电子卷宗）移送清单]、[随案移送清单]",
        condition="清单与内容逐项一致，封装以后不得改动",
        cite=(),
    )
    offer = TRANSFERRING_ORGAN.may("移送", at=sealed, to=offered, ids="D5.02", handover="offer", cite=())
    reseal = TRANSFERRING_ORGAN.may(
        "补正后重新封装",
        at=returned,
        to=sealed,
        ids="D5.07",
        needs="[案卷（电子卷宗）移送清单]、[随案移送清单]",
        cite=(),
    )
    withdraw = TRANSFERRING_ORGAN.may(
        "撤回移送", at=offered, to=withdrawn, ids="D5.08", condition="接收机关尚未清点", handover="withdraw", cite=()
    )

    # 接收机关
    inspect = RECEIVING_ORGAN.may("清点", at=offered, to=inspected, ids="D5.03", tells="[逐件清点]", cite=())
    accept = RECEIVING_ORGAN.may(
        "接收",
        at=inspected,
        to=accepted,
        ids="D5.04",
        condition="与清单一致",
        handover="accept",
        tells="[逐件清点]",
        cite=(),
    )
    accept_with_reservations = RECEIVING_ORGAN.may(
        "附保留接收",
        at=inspected,
        to=accepted_with_reservations,
        ids="D5.05",
        tells="[逐件清点]",
        condition="不影响办理的差异，逐项写明",
        handover="accept",
        cite=(),
    )
    return_ = RECEIVING_ORGAN.may(
        "退回",
        at=inspected,
        to=returned,
        ids="D5.06",
        condition="写明理由",
        handover="return",
        cite=(),
    )

    # 逾期不答复的，责任仍在移送机关
    expire = CLOCK.may("逾期未答复", at=offered | inspected, to=expired, ids="D5.09 D5.10", cite=())

    dossier_with_list = Remark(
        "移送案件应当装订立卷，连同清单一并移送，接收机关当即审查是否齐备",
        why="法律要求移送、清点和答复，没有规定状态；以上各步是本系统的约定，故不引法条",
        cite=(MPS[287], SPP[157], SPC[218]),
    )
    goods_with_list = Remark(
        "查封、扣押、冻结的财物应当制作清单，随案移送；实物不宜移送的，移送清单、照片或者其他证明文件",
        why="同上；财物责任的移转记载于涉案财物流转，包裹只证明双方清点一致",
        cite=(CPL[245, 1], CPL[245, 2], MPS[288], SPC[437]),
    )
