"""P11 羁押必要性审查与变更强制措施. Two roads out of custody: the application, and the procuratorate's own review.

Which measure takes the place of custody is decided by its own step (P07, P08); either act ends the line here.
"""

from datetime import date

from services.kernel.period import days
from services.kernel.procedure import Event, Procedure, Remark, State, must
from services.kernel.who import Addressee, Organ
from services.law.offices import CHIEF, ORGAN_IN_CHARGE, PARTY, PROSECUTOR
from services.law.statutes import CPL, JB23, MPS, SPC, SPP


class CustodyNecessity(Procedure):
    """羁押必要性审查与变更强制措施"""

    id = "P11"
    name = "custody_necessity"
    zh = "羁押必要性审查与变更强制措施"
    again = True
    in_force = date(2018, 10, 26)

    custody = State("羁押中", initial=True)
    applied = State("已申请")
    reviewing = State("审查中")
    suggested = State("已建议")
    changed = State("已变更", end=True)
    kept = State("继续羁押", end=True)

    # 申请变更强制措施
    apply = PARTY.may(
        "申请变更强制措施",
        at=custody,
        to=applied,
        ids="P11.T01",
        needs="变更强制措施申请书",
        condition="犯罪嫌疑人、被告人在押；本人及其法定代理人、近亲属或者辩护人提出，说明理由",
        cite=(CPL[97], MPS[160], SPP[151], SPC[174]),
    )
    change = ORGAN_IN_CHARGE.may(
        "同意申请，变更强制措施",
        at=applied,
        to=changed,
        ids="P11.T02",
        needs="取保候审决定书/监视居住决定书、释放通知书、变更逮捕措施通知书",
        condition="已被逮捕的，通知原批准逮捕的人民检察院；取保候审、监视居住另依各自的程序决定和执行",
        ends="criminal_detention:released custody_extension:ended",
        liberty="given",
        cite=(CPL[96], CPL[97], MPS[158], MPS[160]),
    )
    refuse = ORGAN_IN_CHARGE.may(
        "不同意申请，继续羁押",
        at=applied,
        to=kept,
        ids="P11.T03",
        needs="不予释放/变更强制措施通知书",
        condition="告知申请人，说明不同意的理由",
        cite=(CPL[97], MPS[160], SPP[151], SPC[174]),
    )

    # 羁押必要性审查
    review = PROSECUTOR.may(
        "立案审查羁押必要性",
        at=custody,
        to=reviewing,
        ids="P11.T04",
        condition="逮捕后依职权、依申请或者根据看守所的建议；审查起诉中可能判处三年有期徒刑以下刑罚的，至少审查一次",
        cite=(CPL[95], SPP[573], SPP[574], JB23[1]),
    )
    suggest = CHIEF.may(
        "建议释放或者变更强制措施",
        at=reviewing,
        to=suggested,
        ids="P11.T05",
        needs="释放或者变更强制措施建议书",
        condition="不需要继续羁押，案件在侦查或者审判阶段",
        cite=(CPL[95], SPP[579], SPP[580], SPP[581]),
    )
    change_in_review = CHIEF.may(
        "直接决定变更强制措施",
        at=reviewing,
        to=changed,
        ids="P11.T06",
        needs="取保候审决定书（检察）、释放通知书",
        condition="案件在审查起诉阶段，不需要继续羁押；取保候审另依其程序执行",
        ends="criminal_detention:released custody_extension:ended",
        liberty="given",
        cite=(CPL[95], CPL[96], JB23[1, 1]),
    )
    keep = PROSECUTOR.may(
        "认为需要继续羁押",
        at=reviewing,
        to=kept,
        ids="P11.T07",
        condition="依申请审查的，告知申请人",
        cite=(CPL[95], SPP[578], JB23[1]),
    )
    follow = ORGAN_IN_CHARGE.may(
        "采纳建议，释放或者变更强制措施",
        at=suggested,
        to=changed,
        ids="P11.T08",
        needs="羁押必要性审查建议处理情况回复、[取保候审决定书]、释放通知书",
        ends="criminal_detention:released custody_extension:ended",
        liberty="given",
        cite=(CPL[95], CPL[96], MPS[159], SPC[173]),
    )
    decline = ORGAN_IN_CHARGE.may(
        "不采纳建议，继续羁押",
        at=suggested,
        to=kept,
        ids="P11.T09",
        needs="羁押必要性审查建议处理情况回复",
        condition="说明不予释放、变更的理由",
        cite=(CPL[95], MPS[159], SPC[173]),
    )

    # 应当
    change_measure_application_decide = must(
        Organ.POLICE,
        "变更强制措施申请决定",
        days(3),
        after=apply,
        by=(
            "custody_necessity:change custody_necessity:refuse custody_extension:end criminal_detention:grant_bail "
            "criminal_detention:release bail:decide bail:decide_procuratorate bail:decide_court "
            "residential_surveillance:decide residential_surveillance:decide_procuratorate "
            "residential_surveillance:decide_court"
        ),
        organs=(Organ.PROCURATORATE, Organ.COURT),
        note="由案件所处阶段的办案机关决定；以申请之日为收到之日",
        to=Addressee.APPLICANT,
        cite=(CPL[97], MPS[160], SPP[151], SPC[174]),
    )
    necessity_application_forward = must(
        Organ.PROCURATORATE,
        "羁押必要性审查申请移送",
        days(0),
        after=Event("necessity_application_received"),
        note="当日移送本院负责捕诉的部门；属于其他人民检察院管辖的，二日以内移送。院内移送没有步骤，由人民检察院登记",
        cite=SPP[576],
    )
    necessity_review_itself = must(
        Organ.PROCURATORATE,
        "羁押必要性审查办结",
        days(10),
        after=review,
        by=suggest | change_in_review | keep,
        note="十日沿用以前的试行规定，2023年规定的条文未见原文，数字待核",
        cite=(CPL[95], JB23[1]),
    )
    necessity_review_reply = must(
        Organ.POLICE,
        "羁押必要性审查建议回复",
        days(10),
        after=suggest,
        by=follow | decline,
        organs=(Organ.COURT,),
        on_expiry="人民检察院提出纠正意见",
        note="十日是答复的期限，不是审查的期限；以建议之日为收到之日",
        to=Organ.PROCURATORATE,
        cite=(CPL[95], MPS[159], SPP[581], SPC[173]),
    )

    release_does_not_wait = Remark(
        "发现羁押不当的，办案机关应当主动释放或者变更强制措施，不待申请或者建议",
        why="主动变更由取保候审、监视居住、释放各自的步骤记载，并使本程序到已变更为止",
        cite=(CPL[96], MPS[158]),
    )
    several_at_once = Remark(
        "向办案机关的申请和人民检察院的审查可以同时进行",
        why="一人一线只记先开始的一种，结束以后可以重新开始；另一种依文书登记",
        cite=(CPL[95], CPL[97]),
    )
    grounds = Remark(
        "有无继续羁押的必要，综合犯罪事实、主观恶性、悔罪表现、身体状况、案件进展和可能判处的刑罚评估",
        why="评估由检察官判断，系统不代为判断",
        cite=(SPP[577], SPP[578], SPP[579], SPP[580]),
    )
