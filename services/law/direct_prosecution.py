"""P17 刑拘直诉. A local practice: investigation, charge and judgment all inside the time of the detention.

The person is held under the detention all along and only the holder changes. The main road (P12, P13, P19) takes these
steps with it; they move nothing else but the detention, so that nobody skips the main road.
"""

from datetime import date

from services.kernel.period import Roll, days
from services.kernel.procedure import Condition, Procedure, Remark, State, lasts, up_to
from services.kernel.who import Organ
from services.law.offices import COUNTY_HEAD, JUDGE, OFFICER, ORGAN_IN_CHARGE, PROSECUTOR
from services.law.statutes import CPL, KY14, MPS, RR19, SDXZ, SPC, SPP

DIRECT = Condition("direct_prosecution", "适用刑拘直诉")

#: What takes the person out of it, or out of custody: each decides on another measure or lets them go.
WAYS_OUT = (
    "direct_prosecution:exit criminal_detention:request_arrest criminal_detention:grant_bail "
    "criminal_detention:release arrest_review:decide_procuratorate arrest_review:decide_court "
    "bail:decide bail:decide_procuratorate bail:decide_court residential_surveillance:decide "
    "residential_surveillance:decide_procuratorate residential_surveillance:decide_court "
    "custody_handover:release custody_handover:release_reminded custody_handover:release_overdue"
)


class DirectProsecution(Procedure):
    """刑拘直诉"""

    id = "P17"
    name = "direct_prosecution"
    zh = "刑拘直诉"
    in_force = date(2018, 10, 26)

    eligible_check = State("条件核对", initial=True)
    consented = State("已同意")
    police_stage = State("侦查")
    pr_stage = State("审查起诉")
    court_stage = State("审判")
    judged = State("已判决", end=True)
    exited = State("退出", end=True)

    # 侦查
    consent = OFFICER.may(
        "核对条件并记录同意",
        at=eligible_check,
        to=consented,
        ids="P17.T01",
        needs="认罪认罚从宽制度告知书、值班律师法律帮助意见书",
        condition="已拘留，基层人民法院管辖，可能判处三年有期徒刑以下刑罚，事实清楚，认罪认罚并同意适用",
        cite=(SDXZ[1], RR19[5], CPL[222]),
    )
    start = COUNTY_HEAD.may(
        "决定适用刑拘直诉",
        at=consented,
        to=police_stage,
        ids="P17.T02",
        needs="延长拘留期限通知书",
        condition="拘留期限依法延长，各阶段都在延长后的期限以内",
        carries="criminal_detention:extend",
        cite=(SDXZ[1], CPL[91], MPS[129]),
    )
    transfer = COUNTY_HEAD.may(
        "按照刑拘直诉移送审查起诉",
        at=police_stage,
        to=pr_stage,
        ids="P17.T03",
        needs="起诉意见书、换押证、案卷（电子卷宗）移送清单",
        condition="不提请批准逮捕；羁押的依据仍是拘留",
        carries="investigation_close:transfer criminal_detention:transfer_direct",
        cite=(CPL[162, 1], MPS[289, 1], KY14["二(一)"]),
    )

    # 起诉和判决。审查起诉、审判各依其程序，提起公诉、宣判时一并完成
    charge = PROSECUTOR.may(
        "按照刑拘直诉提起公诉",
        at=pr_stage,
        to=court_stage,
        ids="P17.T04",
        needs="起诉书、量刑建议书、适用速裁程序建议书、换押证",
        condition="建议适用速裁程序；起诉的决定见审查起诉",
        cite=(CPL[176], CPL[222, 2], SPP[437], KY14["二(一)"]),
    )
    judge = JUDGE.may(
        "按照刑拘直诉判决",
        at=court_stage,
        to=judged,
        ids="P17.T05",
        needs="刑事判决书（一审）",
        condition="在拘留期限届满以前；判决以后继续羁押的，应当另有决定逮捕的依据，否则释放",
        cite=(CPL[202], CPL[224], SPC[374]),
    )

    # 退出。逮捕、取保候审、监视居住、释放各有步骤，办理时本程序随之退出
    exit_ = ORGAN_IN_CHARGE.may(
        "退出刑拘直诉",
        at=police_stage | pr_stage | court_stage,
        to=exited,
        ids="P17.T06 P17.T07 P17.T08",
        needs=(
            "取保候审决定书/取保候审决定书（检察）/取保候审决定书（法院）/提请批准逮捕书/逮捕决定书（检察）/"
            "逮捕决定书（法院）/释放通知书"
        ),
        condition="不再符合条件，或者拘留期限以内不能办结；在期限届满以前逮捕、取保候审或者释放",
        cite=(SDXZ[1], CPL[98], CPL[99], MPS[131]),
    )

    # 期限为。最迟退出之日是拘留期限届满之日（INV-48）；移送时拘留一线已到终点，此后由全流程的期限看守
    direct_prosecution_total = lasts(
        Organ.POLICE,
        "刑拘直诉全流程",
        days(30),
        after="criminal_detention:detain",
        by=f"direct_prosecution:judge {WAYS_OUT}",
        when=DIRECT,
        extensions=(up_to(days(37), "部分地方把审查逮捕7日计入（争议）", "—", "地方规定"),),
        organs=(Organ.PROCURATORATE, Organ.COURT),
        roll=Roll.NEVER,
        custody="always",
        severity="critical",
        on_expiry="释放、取保候审，或者转为普通程序（提请批准逮捕、决定逮捕）",
        note="三十日是拘留延长后的最长期限；拘留只有三日或者七日的，以拘留期限届满之日为准。计入审查逮捕七日的地方做法没有步骤准许",
        cite=(SDXZ[1], CPL[91, 2]),
    )
    direct_prosecution_split_police = lasts(
        Organ.POLICE,
        "刑拘直诉侦查分段",
        days(10),
        after="criminal_detention:detain",
        by=f"direct_prosecution:transfer {WAYS_OUT}",
        when=DIRECT,
        roll=Roll.NEVER,
        custody="always",
        note="分段由各地自定，条文未见原文；法律只要求各段之和不超过拘留期限",
        cite=SDXZ[1],
    )
    direct_prosecution_split_procuratorate = lasts(
        Organ.PROCURATORATE,
        "刑拘直诉审查起诉分段",
        days(10),
        after=transfer,
        by=f"direct_prosecution:charge {WAYS_OUT}",
        roll=Roll.NEVER,
        custody="always",
        note="分段由各地自定，条文未见原文；以移送之日为收到之日",
        cite=SDXZ[1],
    )
    direct_prosecution_split_court = lasts(
        Organ.COURT,
        "刑拘直诉审判分段",
        days(10),
        after="court_intake:file",
        by=f"direct_prosecution:judge {WAYS_OUT}",
        when=DIRECT,
        roll=Roll.NEVER,
        custody="always",
        note="分段由各地自定，条文未见原文；自立案起算",
        cite=SDXZ[1],
    )

    fall_back_date = Remark(
        "最迟退出之日就是拘留期限届满之日：各阶段都在拘留期限以内，届满以前没有判决的，必须退出",
        why="拘留期限按拘留一篇计算，看守所据以提示和报告超期；本程序不另设羁押期限，移送以后由全流程的期限看守",
        cite=(SDXZ[1], CPL[91], CPL[98]),
    )
    custody_after_judgment = Remark(
        "判决以后拘留不再是羁押的依据，需要继续羁押的，人民法院应当决定逮捕，否则立即释放",
        why="判处的刑罚不在步骤中；决定逮捕、释放各有步骤，羁押没有依据由协同中枢报警",
        cite=(CPL[98], SPC[163], SPC[170]),
    )
    exclusions = Remark(
        "盲、聋、哑人，限制责任能力的人，未成年人，可能提起附带民事诉讼而未和解，涉外、涉黑、邪教等案件不适用",
        why="这些情形是关于人和案情的事实，由办案人员核对，系统不能据以禁止",
        cite=SDXZ[1],
    )
    local_practice = Remark(
        "刑拘直诉是地方的办案机制，法律没有专门规定，是否适用依当地的规定",
        why="是否施行是各地的选择；不施行的地方不办理这些步骤",
        cite=(SDXZ[1], RR19[5]),
    )
