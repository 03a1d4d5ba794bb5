"""P10 侦查羁押期限延长与重新计算. Two months after arrest, and what may lengthen, restart or stop them."""

from datetime import date

from services.kernel.period import Roll, days, months
from services.kernel.procedure import UNDER_INVESTIGATION, End, Event, Procedure, Remark, State, add, lasts, must
from services.kernel.who import Organ
from services.law.offices import COUNTY_HEAD, OFFICER, PROVINCIAL_PROCURATORATE, SUPERIOR_CHIEF
from services.law.statutes import CPL, LWG6, MPS, SPP


class CustodyExtension(Procedure):
    """侦查羁押期限延长与重新计算"""

    id = "P10"
    name = "custody_extension"
    zh = "侦查羁押期限延长与重新计算"
    in_force = date(2018, 10, 26)

    arrested = State("已执行逮捕", initial=True)
    base = State("二个月")
    ext1 = State("延长一个月")
    ext2 = State("再延长二个月")
    ext3 = State("再延长二个月")
    recalculated = State("重新计算")
    paused = State("停止计算")
    not_running = State("身份不明未起算")
    transferred = State("已移送起诉", end=True)
    ended = State("释放或变更", end=True)

    # 起算
    start = OFFICER.may(
        "起算侦查羁押期限",
        at=arrested,
        to=base,
        ids="P10.T01",
        needs="逮捕证",
        condition="身份已经查明",
        cite=(CPL[156], MPS[148]),
    )
    start_unidentified = COUNTY_HEAD.may(
        "身份不明不起算",
        at=arrested,
        to=not_running,
        ids="P10.T02",
        needs="变更羁押期限通知书",
        condition="不讲真实姓名、住址，身份不明；不得停止对其犯罪行为的侦查取证",
        cite=(CPL[160, 2], MPS[152, 1]),
    )
    identify = COUNTY_HEAD.may(
        "查清身份后起算",
        at=not_running,
        to=base,
        ids="P10.T11",
        needs="计算/重新计算侦查羁押期限通知书",
        cite=(CPL[160, 2], MPS[152, 1]),
    )

    # 延长，只能依次：一个月、二个月、再二个月
    extend_once = SUPERIOR_CHIEF.may(
        "批准延长一个月",
        at=base,
        to=ext1,
        ids="P10.T03",
        needs="提请批准延长侦查羁押期限意见书、批准延长侦查羁押期限决定书、延长侦查羁押期限通知书",
        condition="案情复杂、期限届满不能终结",
        cite=(CPL[156], MPS[148], SPP[311]),
    )
    extend_once_recalculated = SUPERIOR_CHIEF.may(
        "重新计算后批准延长一个月",
        at=recalculated,
        to=ext1,
        ids="P10.T10",
        needs="批准延长侦查羁押期限决定书、延长侦查羁押期限通知书",
        condition="案情复杂、期限届满不能终结",
        cite=(CPL[156], CPL[160, 1], SPP[311]),
    )
    extend_twice = PROVINCIAL_PROCURATORATE.may(
        "批准延长二个月",
        at=ext1,
        to=ext2,
        ids="P10.T04",
        needs="提请批准延长侦查羁押期限意见书、批准延长侦查羁押期限决定书、延长侦查羁押期限通知书",
        condition="边远地区、犯罪集团、流窜作案、涉及面广的重大复杂案件，期限届满不能终结",
        cite=(CPL[158], MPS[149]),
    )
    extend_thrice = PROVINCIAL_PROCURATORATE.may(
        "批准再延长二个月",
        at=ext2,
        to=ext3,
        ids="P10.T05",
        needs="提请批准延长侦查羁押期限意见书、批准延长侦查羁押期限决定书、延长侦查羁押期限通知书",
        condition="可能判处十年有期徒刑以上刑罚，仍不能终结",
        cite=(CPL[159], MPS[150]),
    )

    # 重新计算，停止和恢复
    recalculate = COUNTY_HEAD.may(
        "重新计算侦查羁押期限",
        at=base | ext1 | ext2 | ext3,
        to=recalculated,
        ids="P10.T06 P10.T07 P10.T08 P10.T09",
        needs="计算/重新计算侦查羁押期限通知书、变更羁押期限通知书",
        condition="发现另有重要罪行；报批准逮捕的人民检察院备案",
        cite=(CPL[160, 1], MPS[151]),
    )
    pause = COUNTY_HEAD.may(
        "停止计算",
        at=base | ext1 | ext2 | ext3 | recalculated,
        to=paused,
        ids="P10.T12 P10.T13 P10.T14 P10.T15 P10.T16",
        needs="鉴定聘请书、变更羁押期限通知书",
        condition="决定作精神病鉴定；其他鉴定不停止计算",
        cite=(CPL[149], MPS[248, 2], MPS[257]),
    )
    resume = COUNTY_HEAD.may(
        "恢复计算",
        at=paused,
        to=base,
        ids="P10.T17",
        needs="变更羁押期限通知书",
        condition="收到鉴定意见后决定恢复",
        cite=(CPL[149], MPS[257]),
    )

    # 结束。表中停止计算和未起算时没有出路；不应羁押的随时释放，身份确实无法查明的按自报姓名移送：S01 至 S03
    end = COUNTY_HEAD.may(
        "释放或者变更强制措施",
        at=base | ext1 | ext2 | ext3 | recalculated | paused | not_running,
        to=ended,
        ids="P10.T18 P10.T19 P10.T20 P10.T21 P10.T22 P10.S01 P10.S02",
        needs="释放通知书/取保候审决定书/监视居住决定书、变更逮捕措施通知书",
        condition="不能在期限内办结，延长未获批准，或者不需要继续羁押；通知批准逮捕的人民检察院",
        ends="custody_necessity:changed",
        liberty="given",
        cite=(CPL[96], CPL[98], MPS[158], MPS[161, 1]),
    )
    transfer = COUNTY_HEAD.may(
        "移送审查起诉",
        at=base | ext1 | ext2 | ext3 | recalculated | not_running,
        to=transferred,
        ids="P10.T23 P10.T24 P10.T25 P10.T26 P10.T27 P10.S03",
        needs="起诉意见书",
        cite=(CPL[160, 2], CPL[162, 1], MPS[152, 2], MPS[289, 1]),
    )

    # 应当。重新计算后原期限的剩余部分作废，由 investigation_custody_recalc 接着运行：两者的第一次延长由不同步骤准许
    investigation_custody = lasts(
        Organ.POLICE,
        "逮捕后的侦查羁押期限",
        months(2),
        after="arrest_review:execute arrest_review:execute_on_capture custody_extension:identify",
        when=UNDER_INVESTIGATION,
        by=(
            "custody_extension:transfer custody_extension:end bail:decide residential_surveillance:decide "
            "custody_necessity:change custody_necessity:follow "
            "investigation_close:withdraw investigation_close:terminate "
            "custody_handover:release custody_handover:release_reminded custody_handover:release_overdue"
        ),
        extensions=(
            add(months(1), "案情复杂、期限届满不能终结", "上一级人民检察院", "CPL 156"),
            add(
                months(2),
                "边远地区重大复杂/重大犯罪集团/流窜作案重大复杂/涉及面广取证困难",
                "省、自治区、直辖市人民检察院",
                "CPL 158",
            ),
            add(months(2), "可能判处十年有期徒刑以上", "省、自治区、直辖市人民检察院", "CPL 159"),
        ),
        extended_by=extend_once | extend_twice | extend_thrice,
        void_by="custody_extension:recalculate custody_extension:start_unidentified",
        paused_by=pause,
        resumed_by=resume,
        roll=Roll.NEVER,
        custody="always",
        severity="critical",
        note="最长七个月，各次延长都自逮捕之日合计；停止计算至恢复计算的时间不计入（CPL 149）",
        on_expiry="释放，或者变更为取保候审、监视居住（CPL 98）",
        cite=(CPL[156], CPL[158], CPL[159], MPS[148], MPS[149], MPS[150], SPP[305], SPP[306], SPP[307]),
    )
    investigation_custody_extension_application = must(
        Organ.POLICE,
        "提请延长侦查羁押期限",
        days(7),
        after=End("investigation_custody investigation_custody_recalc", extended=True),
        kind="advance",
        roll=Roll.NEVER,
        before=True,
        note="送同级人民检察院转报；只适用于提请延长的，自延长以前的届满之日倒算，提请由公安机关登记",
        on_expiry="超过羁押期限提请的，不予受理（SPP 309）",
        to=Organ.PROCURATORATE,
        cite=(MPS[148], MPS[149], MPS[150], SPP[309]),
    )
    investigation_custody_recalc = lasts(
        Organ.POLICE,
        "另有重要罪行重新计算侦查羁押期限",
        months(2),
        after=recalculate,
        by=(
            "custody_extension:transfer custody_extension:end bail:decide residential_surveillance:decide "
            "custody_necessity:change custody_necessity:follow "
            "investigation_close:withdraw investigation_close:terminate "
            "custody_handover:release custody_handover:release_reminded custody_handover:release_overdue"
        ),
        extensions=(
            add(months(1), "案情复杂", "上一级人民检察院", "CPL 156"),
            add(months(2), "CPL 158 四类", "省级人民检察院", "CPL 158"),
            add(months(2), "十年以上", "省级人民检察院", "CPL 159"),
        ),
        extended_by=extend_once_recalculated | extend_twice | extend_thrice,
        paused_by=pause,
        resumed_by=resume,
        roll=Roll.NEVER,
        custody="always",
        severity="critical",
        note="自发现之日起算，重新计算的发生时间应填发现之日；停止计算至恢复计算的时间不计入；拘留期间不适用",
        on_expiry="释放，或者变更为取保候审、监视居住（CPL 98）",
        cite=(CPL[160, 1], CPL[156], MPS[151], SPP[315], LWG6[22]),
    )
    recalculation_internal_approval = must(
        Organ.POLICE,
        "重新计算羁押期限报批",
        days(5),
        after=Event("new_serious_crime_found"),
        by=recalculate,
        note="发现由公安机关登记；送看守所并报批准逮捕的人民检察院备案",
        cite=MPS[151],
    )
    identity_unknown_start = lasts(
        Organ.POLICE,
        "身份不明侦查羁押起算",
        months(2),
        after=identify,
        by="custody_extension:transfer custody_extension:end bail:decide residential_surveillance:decide investigation_close:withdraw investigation_close:terminate custody_handover:release custody_handover:release_reminded custody_handover:release_overdue",
        void_by=extend_once | recalculate | pause,
        roll=Roll.NEVER,
        custody="always",
        severity="critical",
        note="延长、重新计算和停止计算以后，由逮捕后的侦查羁押期限接着运行",
        cite=(CPL[160, 2], CPL[156], MPS[152]),
    )

    no_late_extension = Remark(
        "对于超过法定羁押期限提请延长侦查羁押期限的，不予受理",
        why="迟延的批准照实登记，由期限本身认定超期",
        cite=SPP[309, 3],
    )
    back_to_the_phase_left = Remark(
        "精神病鉴定的时间不计入办案期限",
        why="表中恢复后一律回到二个月；已经准许的延长仍然有效，不得因此再次准许同一延长",
        cite=(CPL[149], MPS[257]),
    )
    national_congress = Remark(
        "特别重大复杂、较长时间内不宜交付审判的案件，由最高人民检察院报请全国人民代表大会常务委员会批准延期审理",
        why="没有数字，没有步骤",
        cite=CPL[157],
    )
    further_recalculation = Remark(
        "发现另有重要罪行的，重新计算侦查羁押期限",
        why="表中没有重新计算以后再次重新计算的转移；法律没有次数，从有利于被羁押人，依表不设",
        cite=CPL[160, 1],
    )
