"""P07 取保候审. Decided by the organ of the stage, executed by the police, decided anew by the next organ."""

from datetime import date

from services.kernel.period import Roll, days, hours, months
from services.kernel.procedure import (
    UNDER_MEASURE,
    End,
    Event,
    Kept,
    Procedure,
    Remark,
    State,
    lasts,
    may_within,
    must,
    must_not,
)
from services.kernel.who import Addressee, Organ
from services.law.facts import DEPUTIES
from services.law.matters import DEPOSIT_FORFEITED, GUARANTOR_FINED
from services.law.offices import CHIEF, CLOCK, COUNTY_HEAD, DECIDING_ORGAN, PRESIDENT, STATION
from services.law.statutes import CPL, JY06, MPS, QB22, SPC, SPP


class Bail(Procedure):
    """取保候审"""

    id = "P07"
    name = "bail"
    zh = "取保候审"
    again = True
    in_force = date(2018, 10, 26)

    none = State("未采取", initial=True)
    decided = State("已决定", decides=True)
    executing = State("执行中")
    violated = State("违规处理中")
    redecided = State("受案机关重新决定", decides=True)
    lifted = State("已解除", end=True)
    revoked_to_custody = State("变更为羁押", end=True)
    auto_ended = State("自动解除", end=True)

    # 决定和执行
    decide = COUNTY_HEAD.may(
        "公安机关决定取保候审",
        at=none,
        to=decided,
        ids="P07.T01",
        needs="呈请取保候审报告书、取保候审决定书",
        tells=f"[{DEPUTIES}]",
        condition="符合取保候审条件；保证人和保证金不得同时使用",
        ends=(
            "criminal_detention:bailed custody_extension:ended residential_surveillance:lifted summons:next_measure "
            "custody_necessity:changed direct_prosecution:exited"
        ),
        liberty="given",
        cite=(CPL[67, 1], MPS[81], MPS[83]),
    )
    decide_procuratorate = CHIEF.may(
        "人民检察院决定取保候审",
        at=none,
        to=decided,
        ids="P07.T02",
        needs="取保候审决定书（检察）、执行取保候审通知书",
        tells=f"[{DEPUTIES}]",
        condition="符合取保候审条件；保证人和保证金不得同时使用",
        ends=(
            "criminal_detention:bailed custody_extension:ended residential_surveillance:lifted summons:next_measure "
            "custody_necessity:changed direct_prosecution:exited"
        ),
        liberty="given",
        cite=(CPL[67, 1], SPP[86], SPP[93, 1], SPP[95]),
    )
    decide_court = PRESIDENT.may(
        "人民法院决定取保候审",
        at=none,
        to=decided,
        ids="P07.T03",
        needs="取保候审决定书（法院）",
        tells=f"[{DEPUTIES}]",
        condition="符合取保候审条件；保证人和保证金不得同时使用",
        ends=(
            "criminal_detention:bailed custody_extension:ended residential_surveillance:lifted summons:next_measure "
            "custody_necessity:changed direct_prosecution:exited"
        ),
        liberty="given",
        cite=(CPL[67, 1], SPC[147, 2], SPC[150]),
    )
    execute = STATION.may(
        "执行取保候审",
        at=decided,
        to=executing,
        ids="P07.T04",
        needs="被取保候审人义务告知书、取保候审保证书/收取保证金通知书、[保存证件清单]",
        cite=(CPL[67, 2], MPS[89], MPS[91], MPS[92]),
    )

    # 违反规定。没收保证金和对保证人罚款须经县级以上公安机关负责人批准
    punish_breach = COUNTY_HEAD.may(
        "处理违反规定的行为",
        at=executing,
        to=violated,
        ids="P07.T05",
        needs="责令具结悔过决定书/没收保证金决定书/对保证人罚款决定书",
        condition="违反刑事诉讼法第七十一条，或者保证人未履行保证义务",
        cite=(CPL[70, 2], CPL[71, 3], MPS[96], MPS[97], MPS[103]),
    )
    resume = DECIDING_ORGAN.may(
        "继续取保候审",
        at=violated,
        to=executing,
        ids="P07.T06",
        condition="具结悔过，重新交纳保证金或者提出保证人；期限连续计算",
        cite=(CPL[71, 3], SPP[100, 3], SPC[158, 3]),
    )
    # 决定变更还不是羁押，羁押自拘留或者执行逮捕开始
    revoke = DECIDING_ORGAN.may(
        "变更为羁押",
        at=violated,
        to=revoked_to_custody,
        ids="P07.T07",
        needs="拘留证/提请批准逮捕书/逮捕决定书（检察）/逮捕决定书（法院）",
        condition="情节严重，需要予以逮捕的，可以先行拘留；原措施不再办理解除手续",
        cite=(CPL[71, 4], CPL[81, 4], MPS[135], MPS[162]),
    )

    # 移送以后由受案机关重新决定。表中检察院、法院同在一行，各用各的决定书：S01。法院继续取保候审的，合议庭也可以决定
    redecide = CHIEF.may(
        "人民检察院重新决定取保候审",
        at=executing,
        to=redecided,
        ids="P07.T08",
        needs="取保候审决定书（检察）",
        condition="案件移送审查起诉以后，需要继续取保候审",
        cite=(SPP[103], QB22[26, 2]),
    )
    redecide_court = PRESIDENT.may(
        "人民法院重新决定取保候审",
        at=executing,
        to=redecided,
        ids="P07.S01",
        needs="取保候审决定书（法院）",
        condition="案件起诉以后，需要继续取保候审",
        cite=(SPC[147, 2], SPC[162]),
    )
    execute_anew = STATION.may(
        "执行重新决定的取保候审",
        at=redecided,
        to=executing,
        ids="P07.T09",
        needs="执行取保候审通知书、被取保候审人义务告知书",
        cite=(CPL[67, 2], MPS[92], SPP[95]),
    )

    # 解除
    lift = DECIDING_ORGAN.may(
        "解除取保候审",
        at=executing,
        to=lifted,
        ids="P07.T10",
        needs="解除取保候审决定书、[退还保证金决定书]",
        condition="期限届满，不应当追究刑事责任，或者不需要继续取保候审",
        cite=(CPL[79, 2], MPS[101], MPS[108], SPP[105]),
    )
    end_by_law = CLOCK.may(
        "自动解除",
        at=executing,
        to=auto_ended,
        ids="P07.T11",
        condition="社区矫正开始；单处附加刑的裁判生效；监禁刑开始执行",
        cite=SPC[172],
    )

    # 应当
    bail_max = lasts(
        Organ.POLICE,
        "取保候审最长期限",
        months(12),
        kind="validity",
        after=execute,
        organs=(Organ.PROCURATORATE, Organ.COURT),
        by=(
            "bail:lift bail:revoke bail:end_by_law arrest_review:execute arrest_review:execute_on_capture "
            "criminal_detention:detain residential_surveillance:decide residential_surveillance:decide_procuratorate "
            "residential_surveillance:decide_court investigation_close:withdraw investigation_close:terminate "
            "prosecution_review:not_charge prosecution_review:not_charge_after_probation execution:to_community "
            "execution:deliver execution:release"
        ),
        restarts_at=redecide | redecide_court,
        roll=Roll.NEVER,
        note="检察院、法院重新决定的，期限重新计算；同一机关的期限累计",
        on_expiry="解除或者变更强制措施，通知执行机关、保证人和有关单位",
        cite=(CPL[79], MPS[107], SPP[102]),
    )
    bail_execution_assign = must(
        Organ.POLICE,
        "交付执行取保（检法决定）",
        hours(24),
        after=decide_procuratorate | decide_court | redecide | redecide_court,
        by=execute | execute_anew,
        void_by=lift,
        roll=Roll.NEVER,
        note="自收到法律文书起算；文书随决定经本系统送达",
        cite=MPS[92],
    )
    bail_redecision_on_transfer = must(
        Organ.PROCURATORATE,
        "受案机关对取保/监居的续定",
        days(7),
        after="investigation_close:accept",
        organs=(Organ.COURT,),
        by=(
            "bail:redecide bail:decide_procuratorate bail:lift bail:revoke residential_surveillance:redecide "
            "residential_surveillance:decide_procuratorate residential_surveillance:lift "
            "residential_surveillance:revoke arrest_review:decide_procuratorate"
        ),
        when=UNDER_MEASURE,
        void_by="prosecution_review:charge prosecution_review:not_charge prosecution_review:return",
        note="只适用于正在取保候审、监视居住的人，没有措施的不适用；法院的续定见监视居住篇",
        on_expiry="原措施届满后将没有依据",
        cite=(QB22[24], SPC[162]),
    )
    bail_expiry_warning = must(
        Organ.POLICE,
        "取保候审到期书面通知决定机关",
        days(15),
        after=End("bail_max"),
        kind="advance",
        roll=Roll.NEVER,
        before=True,
        note="期限届满由计算得出；通知由执行机关登记，届满以前已经解除、变更的不再通知",
        to=Organ.DECIDING_ORGAN,
        cite=QB22[24],
    )
    bailee_change_report = must(
        Organ.PARTY,
        "被取保人变动报告",
        hours(24),
        after=Event("bailee_address_changed"),
        roll=Roll.NEVER,
        note="变动和报告由执行机关登记",
        to=Organ.POLICE,
        cite=(CPL[71], MPS[89]),
    )
    bail_violation_opinion_decide = must(
        Organ.PROCURATORATE,
        "违规取保变更意见决定",
        days(5),
        after=Event("bail_violation_opinion_received"),
        organs=(Organ.COURT,),
        note="检察院、法院各为五日；收到意见和决定由决定机关登记",
        to=Organ.POLICE,
        cite=(SPP[100], SPC[158]),
    )
    bail_forfeit_announce = must(
        Organ.POLICE,
        "没收保证金决定宣读",
        days(3),
        after=punish_breach,
        when=DEPOSIT_FORFEITED,
        note="以没收保证金决定书为准；宣读由公安机关登记",
        to=Addressee.PERSON,
        cite=MPS[98],
    )
    bail_forfeit_reconsider_apply = may_within(
        Organ.PARTY,
        "没收保证金复议申请",
        days(5),
        after=Kept("bail_forfeit_announce"),
        note="自宣读起算；申请由收到的公安机关登记",
        cite=MPS[99, 1],
    )
    bail_forfeit_reconsider_decide = must(
        Organ.POLICE,
        "没收保证金复议决定",
        days(7),
        after=Kept("bail_forfeit_reconsider_apply"),
        note="自收到复议申请起算；决定由公安机关登记",
        cite=MPS[99, 1],
    )
    bail_forfeit_review_apply = may_within(
        Organ.PARTY,
        "没收保证金复核申请",
        days(5),
        after=Kept("bail_forfeit_reconsider_decide"),
        note="自收到复议决定起算，以决定之日为收到之日；申请由收到的公安机关登记",
        cite=MPS[99, 2],
    )
    bail_forfeit_review_decide = must(
        Organ.POLICE,
        "没收保证金复核决定",
        days(7),
        after=Kept("bail_forfeit_review_apply"),
        note="自收到复核申请起算；决定由上一级公安机关登记",
        cite=MPS[99, 2],
    )
    bail_forfeit_notify_organ = must(
        Organ.POLICE,
        "没收保证金通知决定机关",
        days(3),
        after=Event("bail_forfeit_final"),
        note="只适用于检察院、法院决定的取保候审；决定确定和通知由公安机关登记",
        to=Organ.DECIDING_ORGAN,
        cite=MPS[100],
    )
    guarantor_fine_serve = must(
        Organ.POLICE,
        "对保证人罚款决定送达",
        days(3),
        after=punish_breach,
        when=GUARANTOR_FINED,
        note="以对保证人罚款决定书为准；送达由公安机关登记",
        to=Addressee.GUARANTOR,
        cite=MPS[104, 1],
    )
    guarantor_fine_reconsider_apply = may_within(
        Organ.PARTY,
        "保证人罚款复议申请",
        days(5),
        after=Kept("guarantor_fine_serve"),
        note="自收到罚款决定书起算；申请由收到的公安机关登记",
        cite=MPS[104, 1],
    )
    guarantor_fine_reconsider_decide = must(
        Organ.POLICE,
        "保证人罚款复议决定",
        days(7),
        after=Kept("guarantor_fine_reconsider_apply"),
        note="自收到复议申请起算；决定由公安机关登记",
        cite=MPS[104, 1],
    )
    guarantor_fine_review_apply = may_within(
        Organ.PARTY,
        "保证人罚款复核申请",
        days(5),
        after=Kept("guarantor_fine_reconsider_decide"),
        note="自收到复议决定起算，以决定之日为收到之日；申请由收到的公安机关登记",
        cite=MPS[104, 2],
    )
    guarantor_fine_review_decide = must(
        Organ.POLICE,
        "保证人罚款复核决定",
        days(7),
        after=Kept("guarantor_fine_review_apply"),
        note="自收到复核申请起算；决定由上一级公安机关登记",
        cite=MPS[104, 2],
    )
    guarantor_lost_notify_organ = must(
        Organ.POLICE,
        "保证人丧失条件通知决定机关",
        days(3),
        after=Event("guarantor_unfit_found"),
        note="发现和通知由公安机关登记",
        to=Organ.DECIDING_ORGAN,
        cite=MPS[106],
    )
    guarantor_lost_order = must(
        Organ.PROCURATORATE,
        "责令重新担保或变更措施",
        days(3),
        after=Event("guarantor_unfit_notice_received"),
        organs=(Organ.COURT,),
        note="检察院、法院同为三日；收到通知、申请或者发现，以及责令，由决定机关登记",
        cite=(SPP[96], SPC[155]),
    )
    expired_measure_application_decide = must(
        Organ.PROCURATORATE,
        "强制措施期满解除申请决定",
        days(3),
        after=Event("release_application_received"),
        organs=(Organ.POLICE,),
        note="公安机关、人民检察院同为三日；收到申请和决定由办案机关登记",
        to=Addressee.APPLICANT,
        cite=(CPL[99], SPP[150], SPP[338], JY06[31]),
    )

    # 不得
    no_bail_before_filing = must_not(
        Organ.POLICE,
        "立案以前取保候审",
        steps=decide,
        unless="case_intake:file case_intake:file_anew supervise_non_filing:file",
        invariant="INV-12",
        cite=MPS[174, 2],
    )

    excluded_persons = Remark(
        "对累犯，犯罪集团的主犯，严重暴力犯罪以及其他严重犯罪的犯罪嫌疑人，除法定情形外不得取保候审",
        why="是否属于这些人是办案机关的判断，系统不代为判断",
        cite=(MPS[82], SPP[87]),
    )
    refund_of_deposit = Remark(
        "没有违反规定的，在解除取保候审的同时退还保证金",
        why="只适用于交纳保证金的；表中解除须有退还保证金决定书，保证人担保或者保证金已被没收的没有这一文书，待表修正",
        cite=(CPL[73], MPS[101, 1]),
    )
    ends_by_itself = Remark(
        "变更为监视居住、拘留、逮捕，不起诉，无罪、免予刑事处罚的裁判生效的，取保候审自动解除",
        why="不是取保候审自己的步骤，由变更后的措施、不起诉和裁判的步骤带动，或者以自动解除登记",
        cite=(MPS[162], SPP[154], SPC[172], QB22[24]),
    )
