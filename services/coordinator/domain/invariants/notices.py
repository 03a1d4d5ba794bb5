"""What must be told, and in time: rights, families, defenders, organs and the centre. Pure."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import pairwise

from services.coordinator.domain.finding import Finding
from services.coordinator.domain.invariants.case import Case, breach, cites, open_custodies, untold, weigh
from services.coordinator.domain.invariants.limits import in_time
from services.coordinator.domain.invariants.people import day_of, defender, has_flag, is_minor
from services.coordinator.domain.ledger import Act, deed_type
from services.kernel.period import ZONE, local_date, read_moment
from services.kernel.who import organ_of
from services.law.statutes import CPL, KY14, LAL, MPS, SPC, SPP
from services.law.titles import last_day

changes_are_told = in_time(
    "INV-06",
    "羁押期限的变更，在原期限届满以前通知看守所；停止、恢复计算的三日以内。",
    "custody_change_notice custody_stop_resume_notice",
    severity="high",
    repair="立即补送变更羁押期限通知书；原期限已经届满的，按超期羁押处理",
)
defence_is_arranged = in_time(
    "INV-10",
    "应当通知辩护的，三日以内通知，三日以内指派。",
    "legal_aid_notify_police legal_aid_notify_procuratorate legal_aid_notify_court legal_aid_assign",
    severity="critical",
    repair="立即通知法律援助机构指派律师；此前不进行下一阶段的诉讼行为，并记明原因",
)
rights_are_told = in_time(
    "INV-30",
    "诉讼权利及时告知，并有证明。",
    "procuratorate_rights_notice_suspect procuratorate_rights_notice_victim plea_rights_notice_prosecution "
    "court_rights_notice",
    severity="high",
    repair="立即告知，并注明逾期",
)
families_are_told = in_time(
    "INV-31",
    "拘留、逮捕、指定居所监视居住后二十四小时以内通知家属。",
    "detention_family_notice arrest_family_notice rsdl_family_notice",
    severity="critical",
    repair="立即通知家属；登记违法",
)
foreigners_are_reported = in_time(
    "INV-52",
    "对外国人采取强制措施，依法层报、备案、通知领事。",
    "foreigner_measure_report foreigner_arrest_filing consular_notification_court",
    severity="high",
    repair="立即报告、通知；依法须经批准的，暂缓执行",
)

_CHANGED = "custody_handover:confirm_change"
_NOTICES = {
    limit: deed_type(limit) for limit in ("detention_family_notice", "arrest_family_notice", "rsdl_family_notice")
}
#: The offences for which detention need not be told at once where that would hinder the investigation.
_HINDERED = frozenset({"state_security", "terrorism"})
_INTAKE = ("case_intake:accept", "case_intake:examine", "case_intake:file", "case_intake:file_anew")
#: What nobody does to somebody who must be defended, and is not.
_NEXT = (
    "plea_leniency:sign",
    "prosecution_review:charge",
    "first_trial:open_ordinary",
    "first_trial:open_simplified",
    "first_trial:open_fast",
    "first_trial:hold_hearing",
)
_TAKEN = (
    "criminal_detention:detain",
    "criminal_detention:detain_for_procuratorate",
    "arrest_review:execute",
    "arrest_review:execute_on_capture",
)
#: The measures for which leave, or notice, is needed.
_MEASURES = (
    *_TAKEN,
    "summons:compel",
    "bail:decide",
    "bail:decide_procuratorate",
    "bail:decide_court",
    "residential_surveillance:decide",
    "residential_surveillance:decide_procuratorate",
    "residential_surveillance:decide_court",
)
_FIRST = (
    "criminal_detention:detain",
    "criminal_detention:detain_for_procuratorate",
    "bail:decide",
    "bail:decide_procuratorate",
    "residential_surveillance:decide",
    "residential_surveillance:decide_procuratorate",
    "interrogation:interrogate",
    "juvenile:interrogate",
)


def changes_are_received(case: Case) -> Iterator[Finding]:
    """INV-06 期限变更的通知，看守所在原期限届满以前签收。"""
    sent = case.ledger.by_type.get("custody_handover:notice_change", ())
    for custody in case.ledger.custodies.values():
        for before, title in pairwise(custody.titles):
            row = title["row"]
            if row["type"] != _CHANGED or not before["end"]:
                continue
            old, received = date.fromisoformat(before["end"]), local_date(read_moment(row["occurred_at"]))
            notices = [act for act in sent if act.subject == custody.person and act.seq < row["seq"]]
            if received > old and notices and notices[-1].day <= old:
                yield breach(
                    case,
                    "INV-06",
                    custody.person,
                    f"原期限至{old}届满，期限变更{notices[-1].day}通知，看守所{received}才签收。",
                    f"the change was told on {notices[-1].day} and received on {received}, after {old}",
                    status="late",
                    owner="detention_center",
                    law_ref=cites(KY14["二(二)"], SPP[616]),
                    due=old.isoformat(),
                    at=received.isoformat(),
                    trigger=notices[-1].transition_id,
                    deed=str(row["id"]),
                    repair="注明逾期，查明原因；其间没有依据的，按超期羁押处理",
                )


def new_ends_are_told(case: Case) -> Iterator[Finding]:
    """INV-06 重新计算、转换程序而不换押的，新的起止日期在原期限届满以前通知看守所。"""
    read_until = min(case.reading.now, case.reading.until(frozenset({"custody_transfer"})))
    for act in (act for type_ in _ANEW for act in case.ledger.by_type.get(type_, ()) if act.held_before):
        custody = next((each for each in open_custodies(case) if each.person == act.subject), None)
        before = [] if custody is None else custody.titles
        old = last_day([title for title in before if title["row"]["recorded_at"] < act.row["recorded_at"]])
        told = next((each for each in case.ledger.of(_TOLD, act.subject) if each.follows(act)), None)
        if old is None or (told is not None and told.day <= old):
            continue
        over = datetime.combine(old + timedelta(days=1), time(), ZONE)
        if told is None and read_until < over:
            case.waits.append(over)
            continue
        step = case.ledger.code.steps[act.type]
        yield breach(
            case,
            "INV-06",
            act.subject,
            f"{act.day}“{step.zh}”，看守所原期限至{old}届满，" + (f"{told.day}才通知。" if told else "没有通知。"),
            f"{act.type} was to be told by {old} and " + (f"was told {told.day}" if told else "was not told"),
            status="late" if told else "overdue",
            owner=str(organ_of(str(act.row["organ"])) or "police"),
            law_ref=cites(KY14["二(二)"], SPP[616]),
            due=old.isoformat(),
            at=told.day.isoformat() if told else "",
            trigger=act.transition_id,
            deed=told.transition_id if told else "",
            repair="立即补送变更羁押期限通知书；原期限已经届满的，按超期羁押处理",
        )


#: What begins a period of custody anew while the organ stays the same, and what tells the centre so.
_ANEW = ("custody_extension:recalculate", "first_trial:convert_to_simplified", "first_trial:convert_to_ordinary")
_TOLD = (
    "custody_handover:notice_change",
    "custody_handover:extend_reminded",
    "custody_handover:deliver_late",
    "custody_title:add",
    "custody_handover:accept",
)


def families_may_be_told(case: Case) -> Iterator[Finding]:
    """INV-31 不通知家属只凭法定的理由：无法通知；有碍侦查的，只限危害国家安全、恐怖活动犯罪案件的拘留。"""
    for limit, type_ in _NOTICES.items():
        for act in case.ledger.by_type.get(type_, ()):
            ground = case.ledger.told(act).get("no_notice")
            if ground is None or ground == "unreachable":
                continue
            # What hinders the notice of a detention never hinders that of the arrest, by which it resumes at the latest.
            category = _category(case)
            law_ref = cites(CPL[85, 2], CPL[93, 2], CPL[75, 2], MPS[127])
            broken = [
                (
                    "以有碍侦查为由不通知家属，而案件、措施都不在此列",
                    "no family notice, on a ground that does not apply",
                )
            ]
            lawful = ground == "hinders" and limit == "detention_family_notice"
            if lawful and isinstance(category, str) and category in _HINDERED:
                continue
            yield from weigh(
                case,
                "INV-31",
                act,
                [] if lawful and category is None else broken,
                [("案件的性质", "what the case is about")],
                severity="critical",
                law_ref=law_ref,
                repair="立即通知家属；登记违法",
            )


def _category(case: Case) -> object:
    said = [case.ledger.told(act).get("category") for act in case.ledger.of(_INTAKE)]
    return next((each for each in reversed(said) if each is not None), None)


def the_defended_go_on(case: Case) -> Iterator[Finding]:
    """INV-10 应当通知辩护的，没有辩护人不签署具结书、不起诉、不开庭。"""
    for person in case.ledger.persons:
        must = case.ledger.of(("legal_aid:find_mandatory",), person)
        bare = [
            act
            for act in case.ledger.of(_NEXT, person)
            if (any(not each.follows(act) for each in must) or _must_be_defended(case, person, act))
            and defender(case, act) is None
        ]
        for act in bare[:1]:
            broken = [("应当有辩护人，而没有委托也没有指派", "nobody defends a person who must be defended")]
            yield from weigh(
                case,
                "INV-10",
                act,
                broken,
                (),
                severity="critical",
                law_ref=cites(CPL[35], CPL[278], LAL[25], SPC[47]),
                repair="立即通知法律援助机构指派律师；已进行的诉讼行为，辩护人到案后重新进行",
            )
        if not must and not bare:
            yield from _not_looked_for(case, person)


def _not_looked_for(case: Case, person: str) -> Iterator[Finding]:
    first = next((act for act in case.ledger.of(_FIRST, person) if act.subject == person), None)
    if first is None or not _must_be_defended(case, person, first) or _was_cared_for(case, person):
        return
    if case.settled(first.row, "case_flow", within=timedelta(days=3) + case.tolerance):
        yield from untold(
            case,
            "INV-10",
            first,
            "应当通知辩护的情形，也没有通知法律援助机构",
            "that the person must be defended, and nobody sent for a lawyer",
            severity="critical",
            law_ref=cites(CPL[35], CPL[278], LAL[25], LAL[36]),
        )


def _was_cared_for(case: Case, person: str) -> bool:
    return "legal_aid" in case.ledger.lines.get(person, {})


def _must_be_defended(case: Case, person: str, act: Act) -> bool:
    return is_minor(case, person, act.day) or has_flag(case, person, "disabled", "limited_capacity")


def deputies_have_leave(case: Case) -> Iterator[Finding]:
    """INV-52 对人民代表大会代表采取措施先经许可，对政协委员的拘留、逮捕先行通报。"""
    for person in case.ledger.persons:
        if not has_flag(case, person, "deputy", "cppcc_member"):
            continue
        for act in case.ledger.of(_MEASURES, person):
            broken, missing = [], []
            told = case.ledger.told(act)
            urgent = told.get("caught_in_act") is True
            if has_flag(case, person, "deputy") and not (urgent and act.type in _TAKEN):
                granted = day_of(told.get("permitted_on"))
                if granted is None:
                    missing.append(("代表大会主席团或者常务委员会许可的日期", "when leave was given"))
                elif granted > act.day:
                    broken.append((f"对人民代表大会代表采取措施，{granted}才许可", f"leave was given on {granted}"))
            if has_flag(case, person, "cppcc_member"):
                informed = day_of(told.get("informed_on"))
                if informed is None:
                    missing.append(("向政协组织通报的日期", "when the conference was informed"))
                elif informed > act.day and act.type in _TAKEN and not urgent:
                    broken.append((f"对政协委员拘留、逮捕，{informed}才通报", f"the conference was told on {informed}"))
            yield from weigh(
                case,
                "INV-52",
                act,
                broken,
                missing,
                law_ref=cites(MPS[164], MPS[165], MPS[167], MPS[168], SPP[148]),
                repair="未经许可的，暂停执行，立即报请许可；未通报的，立即通报",
            )
