"""R05 讯问. Each interrogation by itself, with everything that a later reader must know of it to judge it."""

from datetime import date

from services.kernel.procedure import Procedure, Remark, State
from services.law.offices import HANDLER
from services.law.statutes import CPL, KSS, MPS, SPP


class Interrogation(Procedure):
    """讯问"""

    id = "R05"
    name = "interrogation"
    zh = "讯问"
    in_force = date(2018, 10, 26)

    ready = State("可以讯问", initial=True)

    interrogate = HANDLER.may(
        "讯问犯罪嫌疑人、被告人",
        at=ready,
        to=ready,
        ids="R05.01",
        needs="讯问笔录、[讯问同步录音录像]",
        tells=(
            "开始时间、结束时间、地点、办案人员、"
            "[提讯提解证编号、在场成年人、女性工作人员在场、同步录音录像、翻译、签名确认、告知权利]"
        ),
        condition="送交看守所羁押以后，应当在看守所内进行",
        cite=(CPL[118], CPL[119], CPL[120], CPL[121], CPL[122], CPL[123], CPL[281], MPS[198], MPS[203], SPP[182]),
    )

    two_officers = Remark(
        "讯问时，侦查人员不得少于二人",
        why="违反的也照实登记，由登记的办案人员认定，不因违法而不予登记",
        cite=(CPL[118, 1], MPS[202]),
    )
    in_the_center = Remark(
        "犯罪嫌疑人被送交看守所羁押以后，侦查人员对其进行讯问，应当在看守所内进行",
        why="地点照实登记；看守所内的讯问凭提讯提解证预约，另为一程序",
        cite=(CPL[118, 2], KSS[19]),
    )
    full_recording = Remark(
        "可能判处无期徒刑、死刑的案件或者其他重大犯罪案件，应当对讯问过程录音或者录像",
        why="是否录音录像照实登记；可能判处的刑罚在讯问时没有记录可以查对",
        cite=(CPL[123], MPS[208]),
    )
