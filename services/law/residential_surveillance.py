"""P08 监视居住. At home, or in a designated place, where it counts towards the sentence."""

from datetime import date

from services.kernel.period import Roll, days, hours, months
from services.kernel.procedure import STAY, UNDER_MEASURE, Procedure, Remark, State, lasts, must, must_not
from services.kernel.who import Addressee, Organ
from services.law.facts import DEPUTIES
from services.law.offices import CHIEF, COUNTY_HEAD, DECIDING_ORGAN, PRESIDENT, RECEIVING_ORGAN, STATION
from services.law.statutes import CPL, MPS, SPC, SPP


class ResidentialSurveillance(Procedure):
    """监视居住"""

    id = "P08"
    name = "residential_surveillance"
    zh = "监视居住"
    again = True
    in_force = date(2018, 10, 26)

    none = State("未采取", initial=True)
    decided = State("已决定", decides=True)
    executing_home = State("住处执行")
    executing_designated = State("指定居所执行")
    redecided = State("重新决定", decides=True)
    lifted = State("已解除", end=True)
    to_custody = State("变更为羁押", end=True)

    # 决定。表中只有公安机关，法律三机关并列：S01、S02
    decide = COUNTY_HEAD.may(
        "公安机关决定监视居住",
        at=none,
        to=decided,
        ids="P08.T01",
        needs="呈请监视居住报告书、监视居住决定书",
        tells=f"[{DEPUTIES}]",
        condition="符合逮捕条件并有法定情形；或者符合取保候审条件，但不能提出保证人，也不交纳保证金",
        ends=(
            "criminal_detention:rs custody_extension:ended bail:lifted summons:next_measure "
            "custody_necessity:changed direct_prosecution:exited"
        ),
        liberty="given",
        cite=(CPL[74], MPS[109], MPS[110]),
    )
    decide_procuratorate = CHIEF.may(
        "人民检察院决定监视居住",
        at=none,
        to=decided,
        ids="P08.S01",
        needs="监视居住决定书",
        tells=f"[{DEPUTIES}]",
        condition="符合逮捕条件并有法定情形；或者符合取保候审条件，但不能提出保证人，也不交纳保证金",
        ends=(
            "criminal_detention:rs custody_extension:ended bail:lifted summons:next_measure "
            "custody_necessity:changed direct_prosecution:exited"
        ),
        liberty="given",
        cite=(CPL[74], SPP[107], SPP[108]),
    )
    decide_court = PRESIDENT.may(
        "人民法院决定监视居住",
        at=none,
        to=decided,
        ids="P08.S02",
        needs="监视居住决定书",
        tells=f"[{DEPUTIES}]",
        condition="符合逮捕条件并有法定情形；或者符合取保候审条件，但不能提出保证人，也不交纳保证金",
        ends=(
            "criminal_detention:rs custody_extension:ended bail:lifted summons:next_measure "
            "custody_necessity:changed direct_prosecution:exited"
        ),
        liberty="given",
        cite=(CPL[74], SPC[147, 2], SPC[160]),
    )

    # 执行
    execute_home = STATION.may(
        "在住处执行",
        at=decided,
        to=executing_home,
        ids="P08.T02",
        needs="监视居住执行通知书",
        condition="在办案机关所在的市、县有固定住处",
        cite=(CPL[75, 1], MPS[111], MPS[117], MPS[118]),
    )
    execute_designated = STATION.may(
        "在指定的居所执行",
        at=decided,
        to=executing_designated,
        ids="P08.T03",
        needs="指定居所监视居住通知书",
        condition="无固定住处；或者涉嫌危害国家安全、恐怖活动犯罪，在住处执行可能有碍侦查，并经上一级公安机关批准",
        cite=(CPL[75, 1], MPS[111], MPS[112], MPS[117]),
    )

    # 移送以后由受案机关重新决定。表中重新决定以后只能在住处执行；无固定住处的仍在指定的居所：S03
    # 表中没有执行处所的变更；指定居所的日期关系到折抵，故须记载
    change_place = STATION.may(
        "变更执行处所",
        at=executing_home | executing_designated,
        to=STAY,
        ids="P08.S04 P08.S05",
        needs="[监视居住执行通知书]",
        condition="经决定机关批准",
        cite=(CPL[75], CPL[76]),
    )
    redecide = RECEIVING_ORGAN.may(
        "重新决定监视居住",
        at=executing_home | executing_designated,
        to=redecided,
        ids="P08.T04 P08.T05",
        needs="监视居住执行通知书",
        condition="案件移送以后，需要继续监视居住",
        cite=(SPP[113], SPC[162]),
    )
    execute_anew = STATION.may(
        "执行重新决定的监视居住",
        at=redecided,
        to=executing_home,
        ids="P08.T06",
        cite=(CPL[75, 1], MPS[118]),
    )
    execute_designated_anew = STATION.may(
        "在指定的居所执行重新决定的监视居住",
        at=redecided,
        to=executing_designated,
        ids="P08.S03",
        needs="指定居所监视居住通知书",
        condition="无固定住处；或者涉嫌危害国家安全、恐怖活动犯罪，在住处执行可能有碍侦查，并经上一级公安机关批准",
        cite=(CPL[75, 1], MPS[118], SPP[116]),
    )

    # 解除和变更
    lift = DECIDING_ORGAN.may(
        "解除监视居住",
        at=executing_home | executing_designated,
        to=lifted,
        ids="P08.T07 P08.T08",
        needs="解除监视居住决定书",
        condition="期限届满，不应当追究刑事责任，或者不需要继续监视居住",
        cite=(CPL[79, 2], MPS[123], SPP[115]),
    )
    revoke = DECIDING_ORGAN.may(
        "变更为羁押",
        at=executing_home | executing_designated,
        to=to_custody,
        ids="P08.T09 P08.T10",
        needs="提请批准逮捕书/拘留证",
        condition="违反规定情节严重；需要予以逮捕的，可以先行拘留",
        cite=(CPL[77, 2], MPS[121], MPS[136], MPS[162]),
    )

    # 应当
    residential_surveillance_max = lasts(
        Organ.POLICE,
        "监视居住最长期限",
        months(6),
        kind="validity",
        after=execute_home | execute_designated,
        organs=(Organ.PROCURATORATE, Organ.COURT),
        by=(
            "residential_surveillance:lift residential_surveillance:revoke arrest_review:execute "
            "arrest_review:execute_on_capture criminal_detention:detain bail:decide bail:decide_procuratorate "
            "bail:decide_court investigation_close:withdraw investigation_close:terminate "
            "prosecution_review:not_charge prosecution_review:not_charge_after_probation execution:to_community "
            "execution:deliver execution:release"
        ),
        restarts_at=redecide,
        roll=Roll.NEVER,
        note="检察院、法院重新决定的，期限重新计算",
        on_expiry="解除或者变更强制措施",
        cite=(CPL[79], MPS[122], SPP[112]),
    )
    rsdl_family_notice = must(
        Organ.POLICE,
        "指定居所监视居住通知家属",
        hours(24),
        after=execute_designated | execute_designated_anew,
        organs=(Organ.PROCURATORATE, Organ.COURT),
        roll=Roll.NEVER,
        note="由决定机关通知并登记，只有无法通知的除外",
        to=Addressee.FAMILY,
        cite=(CPL[75, 2], MPS[113], SPP[117], SPC[161]),
    )
    rs_execution_assign = must(
        Organ.POLICE,
        "交付执行监视居住（检法决定）",
        hours(24),
        after=decide_procuratorate | decide_court | redecide,
        by=execute_home | execute_designated | execute_anew | execute_designated_anew,
        roll=Roll.NEVER,
        note="自收到法律文书起算；文书随决定经本系统送达",
        cite=MPS[118],
    )
    court_bail_redecision = must(
        Organ.COURT,
        "法院对取保监居的续定",
        days(7),
        after="court_intake:file",
        by=(
            "bail:redecide_court bail:decide_court bail:lift bail:revoke residential_surveillance:redecide "
            "residential_surveillance:decide_court residential_surveillance:lift residential_surveillance:revoke "
            "arrest_review:decide_court"
        ),
        when=UNDER_MEASURE,
        void_by="first_trial:withdraw first_trial:terminate",
        note="只适用于正在取保候审、监视居住的人，没有措施的不适用；期限重新计算",
        cite=SPC[162],
    )

    # 不得
    no_surveillance_before_filing = must_not(
        Organ.POLICE,
        "立案以前监视居住",
        steps=decide,
        unless="case_intake:file case_intake:file_anew supervise_non_filing:file",
        invariant="INV-12",
        cite=MPS[174, 2],
    )

    no_place_of_custody = Remark(
        "不得在羁押场所、专门的办案场所执行，不得要求被监视居住人支付费用",
        why="执行的处所不在步骤中，由人民检察院监督",
        cite=(CPL[75, 1], MPS[111, 3], MPS[112, 3]),
    )
    credit = Remark(
        "指定居所监视居住的期限折抵刑期：管制一日折一日，拘役、有期徒刑二日折一日",
        why="折抵在执行时计算，由在指定居所执行的起止步骤算出",
        cite=CPL[76],
    )
    custody_by_other_organs = Remark(
        "人民检察院、人民法院也可以对违反规定的被监视居住人决定逮捕",
        why="表中变更为羁押只有提请批准逮捕书和拘留证；检察院、法院的决定由审查逮捕的步骤带动",
        cite=(SPP[111], SPC[165]),
    )
