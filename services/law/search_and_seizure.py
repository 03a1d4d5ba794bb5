"""R06 搜查、查封、扣押. The act at the place, with who was there; what becomes of the goods is `property_flow`."""

from datetime import date

from services.kernel.procedure import Procedure, Remark, State
from services.law.offices import HANDLER
from services.law.statutes import CPL, MPS, SPP

_THERE = "开始时间、结束时间、地点、办案人员、见证人、[签名确认、同步录音录像"


class SearchAndSeizure(Procedure):
    """搜查、查封、扣押"""

    id = "R06"
    name = "search_and_seizure"
    zh = "搜查、查封、扣押"
    line = "case"
    in_force = date(2018, 10, 26)

    ready = State("可以搜查、查封、扣押", initial=True)

    search = HANDLER.may(
        "搜查",
        at=ready,
        to=ready,
        ids="R06.01",
        needs="搜查证、搜查笔录",
        tells=f"搜查对象、{_THERE}、被搜查人或者其家属在场、女性工作人员在场]",
        cite=(CPL[136], CPL[138, 1], CPL[139], CPL[140], MPS[222], MPS[225], SPP[203]),
    )
    search_without_warrant = HANDLER.may(
        "无证搜查",
        at=ready,
        to=ready,
        ids="R06.02",
        needs="搜查笔录",
        tells=f"搜查对象、紧急情况、{_THERE}、被搜查人或者其家属在场、女性工作人员在场]",
        condition="执行拘留、逮捕时遇有紧急情况",
        cite=(CPL[138, 2], MPS[224]),
    )
    seal = HANDLER.may(
        "查封",
        at=ready,
        to=ready,
        ids="R06.03",
        needs="查封决定书、查封/解除查封清单",
        tells=f"财物、{_THERE}]",
        cite=(CPL[141], CPL[142], MPS[227], MPS[228], MPS[230]),
    )
    seize = HANDLER.may(
        "扣押",
        at=ready,
        to=ready,
        ids="R06.04",
        needs="扣押清单、[扣押决定书]",
        tells=f"财物、{_THERE}]",
        condition="在现场勘查、搜查中扣押的，由现场指挥人员决定",
        cite=(CPL[141], CPL[142], MPS[227], MPS[228], MPS[230]),
    )

    no_witness = Remark(
        "由于客观原因无法由符合条件的人员担任见证人的，应当在笔录中注明，并录音录像",
        why="没有见证人的，在见证人栏写明原因；是否录音录像照实登记",
        cite=MPS[194],
    )
    goods = Remark(
        "查封、扣押的财物、文件，应当妥善保管或者封存",
        why="财物自登记起由涉案财物流转记载",
        cite=(CPL[141, 2], MPS[235]),
    )
