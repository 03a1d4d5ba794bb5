"""P01 受案与立案. What happens to a report until it is a case, or is not."""

from datetime import date

from services.kernel.period import Roll, days, hours, months
from services.kernel.procedure import Event, Kept, Procedure, Remark, State, add, must, up_to
from services.kernel.who import Addressee, Organ
from services.law.matters import (
    BEFORE_FILING,
    BY_LETTER,
    COMPLAINT,
    ECONOMIC_FROM_AGENCY,
    ECONOMIC_REPORT,
    FROM_AGENCY,
    GENERAL_REPORT,
    INCOMPLETE_FROM_AGENCY,
)
from services.law.offices import COUNTY_HEAD, OFFICER, UNIT_HEAD
from services.law.statutes import AP, CPL, JZ17, MPS, SL15, SPP, XJ20


class CaseIntake(Procedure):
    """受案与立案"""

    id = "P01"
    name = "case_intake"
    zh = "受案与立案"
    line = "case"
    in_force = date(2018, 10, 26)

    reported = State("已接报", initial=True)
    accepted = State("已受案")
    reviewing = State("立案审查")
    filed = State("已立案", end=True)
    not_filed = State("不予立案", end=True)
    transferred = State("已移送管辖", end=True)
    to_admin = State("转行政案件", end=True)
    private_route = State("告知自诉", end=True)

    # 受案和审查
    accept = OFFICER.may(
        "受案",
        at=reported,
        to=accepted,
        ids="P01.T01",
        needs="接报案回执、受案登记表、受案回执、[接受证据材料清单]、[接受报案（控告、举报、投案）笔录]",
        condition="报案、控告、举报、投案、移送或者自行发现；不得以无管辖权或者材料不全为由不接受",
        cite=(CPL[110, 3], MPS[169], MPS[171]),
    )
    examine = UNIT_HEAD.may(
        "调查核实",
        at=accepted,
        to=reviewing,
        ids="P01.T02",
        condition="案件事实或者线索不明",
        cite=MPS[174, 1],
    )
    # 表中没有准许延长立案审查期限的一步，期限却可以延长至三十日
    extend = COUNTY_HEAD.may(
        "延长立案审查期限",
        at=accepted | reviewing,
        to=reviewing,
        ids="P01.S01",
        condition="重大疑难复杂",
        cite=SL15["二(2)"],
    )

    # 立案和不予立案
    file = COUNTY_HEAD.may(
        "立案",
        at=accepted | reviewing,
        to=filed,
        ids="P01.T03 P01.T04",
        needs="呈请立案报告书、立案决定书",
        tells="[案号]",
        condition="有犯罪事实需要追究刑事责任，且属于自己管辖",
        cite=(CPL[112], MPS[178, 1]),
    )
    refuse_filing = COUNTY_HEAD.may(
        "不予立案",
        at=accepted | reviewing,
        to=not_filed,
        ids="P01.T05 P01.T06",
        needs="不予立案通知书",
        condition="没有犯罪事实，或者犯罪事实显著轻微不需要追究刑事责任，或者依法不追究刑事责任",
        opens="non_filing_remedy",
        cite=(CPL[112], MPS[178, 1], MPS[178, 2]),
    )
    file_anew = COUNTY_HEAD.may(
        "不予立案、转为行政案件后立案",
        at=not_filed | to_admin,
        to=filed,
        ids="P01.T10 P01.S02",
        needs="立案决定书",
        tells="[案号]",
        condition="发现新的事实、证据或者原认定事实错误，不予立案决定被撤销，或者人民检察院通知立案；转为行政案件后发现涉嫌犯罪",
        carries="admin_case:to_criminal",
        ends="non_filing_remedy:overturned",
        cite=(MPS[178, 3], MPS[179, 2], MPS[182, 2], AP[172, 1, 5]),
    )

    # 其他出路
    transfer = COUNTY_HEAD.may(
        "移送有管辖权的机关",
        at=accepted | reviewing,
        to=transferred,
        ids="P01.T07 P01.T11",
        needs="移送案件通知书",
        condition="有犯罪事实，但不属于自己管辖；必须采取紧急措施的，先采取紧急措施",
        cite=(CPL[110, 3], MPS[175, 1]),
    )
    to_admin_ = UNIT_HEAD.may(
        "转为行政案件",
        at=accepted | reviewing,
        to=to_admin,
        ids="P01.T08 P01.T12",
        needs="行政案件立案登记表",
        condition="不够刑事处罚，需要给予行政处理",
        opens="admin_case",
        cite=MPS[177],
    )
    to_private_prosecution = OFFICER.may(
        "告知向人民法院起诉",
        at=accepted,
        to=private_route,
        ids="P01.T09",
        condition="告诉才处理的案件；被害人有证据证明的轻微刑事案件，被害人未要求公安机关处理",
        cite=(MPS[176, 1], MPS[176, 2]),
    )

    # 应当
    incident_registration_after_emergency = must(
        Organ.POLICE,
        "紧急处置后接报案登记",
        hours(24),
        after=Event("emergency_response_finished"),
        by=accept,
        roll=Roll.NEVER,
        note="紧急处置完毕由公安机关登记；没有紧急处置的，当场登记",
        cite=SL15["二(1)"],
    )
    filing_review_criminal = must(
        Organ.POLICE,
        "刑事案件立案审查",
        days(3),
        after=accept,
        when=GENERAL_REPORT,
        by=file | refuse_filing | transfer | to_admin_ | to_private_prosecution,
        extensions=(
            up_to(days(7), "涉嫌犯罪线索需要查证", "办案部门（意见未指明）", "SL15 二(2)"),
            up_to(days(30), "重大疑难复杂", "县级以上公安机关负责人", "SL15 二(2)"),
        ),
        extended_by=examine | extend,
        note="调查核实即线索需要查证；原则上三日，经济犯罪案件和行政执法机关移送的从其专门规定",
        on_expiry="报案人、控告人、举报人或者行政执法机关可以向人民检察院提出（SPP 562）",
        cite=(SL15["二(2)"], MPS[174], MPS[178]),
    )
    filing_review_economic = must(
        Organ.POLICE,
        "经济犯罪立案审查",
        days(7),
        after=accept,
        by=file | refuse_filing | transfer | to_admin_ | to_private_prosecution,
        when=ECONOMIC_REPORT,
        extended_by=extend | extend,
        extensions=(
            up_to(days(30), "重大、疑难、复杂线索", "县级以上公安机关负责人", "JZ17 15"),
            add(days(30), "特别重大、疑难、复杂或者跨区域性", "上一级公安机关负责人", "JZ17 15"),
        ),
        note="优先于一般规定；两种延长由事实写明。上级交办的从其要求",
        on_expiry="决定立案或者不立案",
        cite=JZ17[15],
    )
    filing_review_admin_transfer = must(
        Organ.POLICE,
        "行政执法机关移送案件立案审查",
        days(3),
        after=accept,
        by=file | refuse_filing | transfer | to_admin_ | to_private_prosecution,
        when=FROM_AGENCY,
        note="自接受移送起算，以受案之日为接受之日",
        on_expiry="作出决定，书面通知移送的行政执法机关",
        cite=(MPS[180, 1], XJ20[8]),
    )
    filing_review_admin_transfer_economic = must(
        Organ.POLICE,
        "行政移送经济犯罪案件立案审查",
        days(3),
        after=accept,
        by=file | refuse_filing | transfer | to_admin_ | to_private_prosecution,
        when=ECONOMIC_FROM_AGENCY,
        extended_by=examine | extend | extend,
        extensions=(
            up_to(days(10), "至迟", "无须审批（外限）", "JZ17 16"),
            up_to(days(30), "案情重大、疑难、复杂或者跨区域性", "县级以上公安机关负责人", "JZ17 16"),
            add(days(30), "情况特殊", "上一级公安机关负责人", "JZ17 16"),
        ),
        note="自接受移送起算，以受案之日为接受之日",
        cite=JZ17[16],
    )
    non_filing_notice_service = must(
        Organ.POLICE,
        "不予立案通知书送达控告人",
        days(3),
        after=refuse_filing,
        when=COMPLAINT,
        note="送达由公安机关登记",
        to=Addressee.APPLICANT,
        cite=MPS[178, 2],
    )
    pre_filing_jurisdiction_transfer = must(
        Organ.POLICE,
        "不属本机关管辖案件移送",
        hours(24),
        after=Event("no_jurisdiction_found"),
        by=transfer,
        when=BEFORE_FILING,
        roll=Roll.NEVER,
        note="自审查认为不属于自己管辖起算，由公安机关登记；先采取紧急措施，后移送",
        cite=MPS[175, 1],
    )
    admin_transfer_incomplete_notice = must(
        Organ.POLICE,
        "材料不全通知补正",
        hours(24),
        after=accept,
        when=INCOMPLETE_FROM_AGENCY,
        roll=Roll.NEVER,
        note="通知补正由公安机关登记；不得以材料不全为由不接受移送",
        to=Organ.ADMINISTRATIVE_AGENCY,
        cite=MPS[180, 2],
    )
    admin_transfer_supplement = must(
        Organ.ADMINISTRATIVE_AGENCY,
        "行政机关补正材料",
        days(3),
        after=Kept("admin_transfer_incomplete_notice"),
        note="自收到补正通知起算，以通知之日为收到之日；行政执法机关没有席位，收到补正的材料由公安机关登记",
        cite=MPS[180, 2],
    )
    admin_agency_approve_transfer = must(
        Organ.ADMINISTRATIVE_AGENCY,
        "行政机关负责人批准移送",
        days(3),
        after=Event("admin_transfer_proposed"),
        note="行政执法机关的办理不在本系统，由知悉的机关登记",
        cite=XJ20[5, 2],
    )
    admin_agency_transfer_after_approval = must(
        Organ.ADMINISTRATIVE_AGENCY,
        "批准后移送公安机关",
        hours(24),
        after=Kept("admin_agency_approve_transfer"),
        by=accept,
        roll=Roll.NEVER,
        note="行政执法机关的办理不在本系统，批准由知悉的机关登记；移送以受案证明",
        to=Organ.POLICE,
        cite=XJ20[5, 2],
    )
    admin_agency_handover_items = must(
        Organ.ADMINISTRATIVE_AGENCY,
        "立案后移交涉案物品和材料",
        days(3),
        after=Event("filing_notice_received_by_agency"),
        note="行政执法机关收到立案通知和移交物品，由公安机关登记",
        to=Organ.POLICE,
        cite=XJ20[12],
    )
    procuratorate_intake_disposition = must(
        Organ.PROCURATORATE,
        "检察院控告申诉材料处理",
        days(7),
        after=Event("complaint_received_by_procuratorate"),
        note="收到材料和处理，由人民检察院控告申诉检察部门登记",
        cite=SPP[161],
    )
    procuratorate_letter_procedural_reply = must(
        Organ.PROCURATORATE,
        "群众来信程序性答复",
        days(7),
        after=Event("complaint_received_by_procuratorate"),
        when=BY_LETTER,
        extensions=(up_to(months(3), "办理进展或结果答复", "办案部门", "SPP 163"),),
        note="三个月是第二次答复的期限，不是七日的延长；收到来信和答复由人民检察院登记",
        to=Addressee.APPLICANT,
        cite=SPP[163],
    )

    no_compulsion_during_examination = Remark(
        "调查核实过程中，不得采取强制措施，不得查封、扣押、冻结财产，不得采取技术侦查措施",
        why="强制措施的不得写在拘留、取保候审、监视居住各篇；查封、扣押、冻结属于财物；技术侦查措施没有步骤",
        cite=MPS[174, 2],
    )
    minor_case_on_request = Remark(
        "被害人有证据证明的轻微刑事案件，被害人要求公安机关处理的，公安机关应当依法受理",
        why="被害人是否要求不在步骤中，系统不代为判断",
        cite=MPS[176, 2],
    )
