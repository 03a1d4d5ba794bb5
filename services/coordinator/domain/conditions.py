"""What each condition of the law means in the record: detained, fast track, sentenced … Pure."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from services.coordinator.domain.ledger import Act, Ledger, deed_type
from services.kernel.period import MonthEnd, plus_months
from services.kernel.who import Organ, organ_of

Meaning = Callable[[Ledger, Act], bool]

_AGENCY = "administrative_agency"
_INTAKE = frozenset({"case_intake:accept", "case_intake:examine", "case_intake:file", "case_intake:file_anew"})
_FILINGS = ("case_intake:file", "case_intake:file_anew", "supervise_non_filing:file")
_TAKING = (
    "criminal_detention:detain",
    "criminal_detention:detain_for_procuratorate",
    "bail:decide",
    "bail:decide_procuratorate",
    "residential_surveillance:decide",
    "residential_surveillance:decide_procuratorate",
    "arrest_review:execute",
    "arrest_review:execute_on_capture",
)
_TRIAL_EXTENDED = (
    "first_trial:extend_by_superior",
    "first_trial:extend_by_supreme",
    "second_trial:extend",
    "second_trial:extend_by_supreme",
)
_APPLYING = ("special_procedures:submit_opinion", "special_procedures:apply", "special_procedures:apply_directly")
_DECIDING = ("special_procedures:treat",)
#: The extension of detention to thirty days, as the fact `extension` of the step counts.
_TO_THIRTY = 2
_OPENINGS = (
    "first_trial:open_ordinary",
    "first_trial:open_simplified",
    "first_trial:open_fast",
    "first_trial:convert_to_simplified",
    "first_trial:convert_to_ordinary",
)
_THREE_MONTHS = 3
_JUDGMENTS = ("first_trial:pronounce", "first_trial:judge_in_court", "first_trial:judge_absent", "second_trial:change")
_MEASURES = frozenset({"bail", "residential_surveillance"})
#: Sentences that are served in prison, as far as more than three months are left.
_TO_BE_DELIVERED = frozenset({"fixed_term", "life", "death_suspended"})
#: Sentences after which a person who is held goes free at once, as a judgment's fact `sentence.type` names them.
_FREEING = frozenset({"acquittal", "exempt_from_punishment", "control", "fine_only"})


def _opened_as(ledger: Ledger, trigger: Act, *types: str) -> bool:
    """Whether the hearing that follows was opened, or last converted, in one of these procedures."""
    later = [act for act in ledger.of(_OPENINGS, trigger.subject) if act.follows(trigger)]
    following = next(
        (
            act.order
            for act in ledger.of(("court_intake:file", "second_trial:remand"), trigger.subject)
            if act.follows(trigger) and act is not trigger
        ),
        None,
    )
    mine = [act for act in later if following is None or act.order < following]
    return bool(mine) and mine[-1].type in types


def _sentence(ledger: Ledger, trigger: Act) -> Mapping[str, Any]:
    judged = [act for act in ledger.of(_JUDGMENTS, trigger.subject) if act is trigger or not act.follows(trigger)]
    fact = judged[-1].row["facts"].get("sentence") if judged else None
    known = fact.items() if isinstance(fact, dict) else ()
    return {name: value for name, value in known if isinstance(value, str | float | bool)}


def _is_to_be_delivered(ledger: Ledger, trigger: Act) -> bool:
    return _sentence(ledger, trigger).get("type") in _TO_BE_DELIVERED


def _is_nearly_served(ledger: Ledger, trigger: Act) -> bool:
    """Whether the sentence, as custody has it, is over within three months: it is then served in the centre (CPL 264.2)."""
    ends = [
        title["end"]
        for custody in ledger.custodies.values()
        if custody.person == trigger.subject
        for title in custody.titles
        if title["kind"] == "sentence" and title["end"]
    ]
    last = plus_months(trigger.day, _THREE_MONTHS, MonthEnd.CORRESPONDING)
    return bool(ends) and date.fromisoformat(ends[-1]) <= last


def _is_fast_review(ledger: Ledger, trigger: Act) -> bool:
    later = [
        act
        for act in ledger.of(
            ("plea_leniency:review_fast", "plea_leniency:retract", "plea_leniency:convert"), trigger.subject
        )
        if act.follows(trigger)
    ]
    return bool(later) and later[-1].type == "plea_leniency:review_fast"


def _in_charge(ledger: Ledger, trigger: Act) -> str:
    """The organ in charge of the person when the duty arose."""
    rows = [
        act.row
        for act in ledger.acts[: trigger.order]
        if "in_charge" in act.row and trigger.subject in act.row["subjects"]
    ]
    if rows:
        return str(rows[-1]["in_charge"])
    # Who leaves takes along what was done about them; their leaving row says who was in charge.
    carried = trigger.row.get("left", {}).get("carried", {})
    return str(carried.get("in_charge", {}).get(trigger.subject, "police"))


def _is_under_measure(ledger: Ledger, trigger: Act) -> bool:
    """Whether bail or residential surveillance stood when the duty arose."""
    stands: dict[str, str] = {}
    for act in ledger.acts:
        if act.order >= trigger.order:
            break
        for move in act.row["moves"]:
            if move["subject"] == trigger.subject and move["procedure"] in _MEASURES:
                stands[move["procedure"]] = move["to"]
    return any(state not in ledger.code.lines[procedure].ends for procedure, state in stands.items())


def _goes_direct(ledger: Ledger, trigger: Act) -> bool:
    """Whether the person is tried inside the time of their detention: it was decided on, and not left before."""
    acts = ledger.of(("direct_prosecution:start", "direct_prosecution:exit"), trigger.subject)
    left = [act for act in acts if act.type == "direct_prosecution:exit" and not act.follows(trigger)]
    return any(act.type == "direct_prosecution:start" for act in acts) and not left


def _frees(ledger: Ledger, trigger: Act) -> bool:
    sentence = _sentence(ledger, trigger)
    return trigger.held_before and (sentence.get("type") in _FREEING or bool(sentence.get("suspended")))


def _said(ledger: Ledger, fact: str) -> object:
    """What the record says the case is: the last word of the steps of intake."""
    told = [act.row["facts"][fact] for act in ledger.acts if act.type in _INTAKE and fact in act.row["facts"]]
    return told[-1] if told else None


def _is(ledger: Ledger, category: str | None = None, source: str | None = None) -> bool:
    wanted = {"category": category, "source": source}
    return all(value is None or _said(ledger, fact) == value for fact, value in wanted.items())


def _flagged(ledger: Ledger, trigger: Act, flag: str) -> bool:
    return flag in ledger.flags.get(trigger.subject, ())


def _fact(trigger: Act, name: str) -> object:
    return trigger.row["facts"].get(name)


def _last(ledger: Ledger, trigger: Act, *types: str) -> Act | None:
    """The latest of these acts up to the one that begins the limit, for its person or the whole case."""
    before = [act for act in ledger.of(types, trigger.subject) if act is trigger or not act.follows(trigger)]
    return before[-1] if before else None


def _has(ledger: Ledger, trigger: Act, *types: str) -> bool:
    """Whether one of these acts came after the one that begins the limit."""
    return any(act.follows(trigger) for act in ledger.of(types, trigger.subject))


def _is_appealed(ledger: Ledger, trigger: Act) -> bool:
    """Whether somebody appealed against, or protested, the judgment that was served."""
    judged = _last(ledger, trigger, *_JUDGMENTS)
    return judged is not None and _has(ledger, judged, "second_trial:appeal", "second_trial:protest")


def _with_paper(act: Act | None, kind: str) -> bool:
    return act is not None and kind in {paper.get("kind") for paper in act.row.get("documents", ())}


def _good(trigger: Act) -> Mapping[str, Any]:
    """What was registered of the goods that an act concerns."""
    facts = trigger.row.get("created", {}).get(trigger.subject, {}).get("facts", {})
    return facts if isinstance(facts, dict) else {}


def _freezes(kind: str, *, major: bool | None = None) -> Meaning:
    return lambda _, trigger: (
        _good(trigger).get("kind") == kind and major in {None, _good(trigger).get("major") is True}
    )


def _paper(kind: str) -> Meaning:
    return lambda _, trigger: _with_paper(trigger, kind)


def _flag(name: str) -> Meaning:
    return lambda ledger, trigger: _flagged(ledger, trigger, name)


def _measured(ledger: Ledger) -> bool:
    """Whether anybody in the case was under a measure."""
    return any(ledger.by_type.get(type_) for type_ in _TAKING)


def _by_procuratorate(ledger: Ledger, trigger: Act) -> bool:
    by = organ_of(trigger.row["organ"])
    return by == Organ.PROCURATORATE or trigger.type == "criminal_detention:detain_for_procuratorate"


#: What the law of `services.law.matters` means in the record.
_MATTERS: Mapping[str, Meaning] = {
    "general_report": lambda ledger, _: not _is(ledger, "economic") and not _is(ledger, source=_AGENCY),
    "economic": lambda ledger, _: _is(ledger, "economic"),
    "economic_report": lambda ledger, _: _is(ledger, "economic") and not _is(ledger, source=_AGENCY),
    "from_agency": lambda ledger, _: _is(ledger, source=_AGENCY) and not _is(ledger, "economic"),
    "economic_from_agency": lambda ledger, _: _is(ledger, "economic", _AGENCY),
    "incomplete_from_agency": lambda ledger, trigger: (
        _is(ledger, source=_AGENCY) and _fact(trigger, "incomplete") is True
    ),
    "complaint": lambda ledger, _: _is(ledger, source="complaint"),
    "by_letter": lambda _, trigger: _fact(trigger, "letter") is True,
    "self_investigated": lambda ledger, _: _is(ledger, "self_investigated"),
    "before_filing": lambda ledger, trigger: _last(ledger, trigger, *_FILINGS) is None,
    "economic_no_measure": lambda ledger, _: _is(ledger, "economic") and not _measured(ledger),
    "self_investigated_no_measure": lambda ledger, _: _is(ledger, "self_investigated") and not _measured(ledger),
    "refused_filing": lambda ledger, trigger: _last(ledger, trigger, "case_intake:refuse_filing") is not None,
    "undecided_filing": lambda ledger, trigger: _last(ledger, trigger, "case_intake:refuse_filing") is None,
    "foreigner": _flag("foreigner"),
    "public_employee": _flag("public_employee"),
    "public_employee_by_procuratorate": lambda ledger, trigger: (
        _flagged(ledger, trigger, "public_employee") and _by_procuratorate(ledger, trigger)
    ),
    "vulnerable": _flag("vulnerable"),
    "with_victim": lambda ledger, _: any("victim" in flags for flags in ledger.flags.values()),
    "supervision_case": _flag("supervision_case"),
    "no_supervision_case": lambda ledger, trigger: not _flagged(ledger, trigger, "supervision_case"),
    "under_review": lambda ledger, trigger: _in_charge(ledger, trigger) == "procuratorate",
    "thirty_days": lambda ledger, trigger: any(
        act.row["facts"].get("extension") == _TO_THIRTY and act.follows(trigger)
        for act in ledger.of(("criminal_detention:extend",), trigger.subject)
    ),
    "deposit_forfeited": _paper("deposit_forfeit_decision"),
    "guarantor_fined": _paper("guarantor_fine_decision"),
    "no_crime": lambda _, trigger: _fact(trigger, "reason") == "no_crime",
    "discretionary": lambda ledger, trigger: (
        (decided := _last(ledger, trigger, "prosecution_review:not_charge")) is not None
        and _fact(decided, "ground") == "discretionary"
    ),
    "fast_suggested": lambda ledger, trigger: _with_paper(
        _last(ledger, trigger, "investigation_close:transfer"), "fast_track_suggestion_police"
    ),
    "public_trial": lambda _, trigger: _fact(trigger, "closed") is not True,
    "pronounced_in_court": lambda _, trigger: (
        trigger.type == "first_trial:judge_in_court" or _fact(trigger, "in_court") is True
    ),
    "appealed": _is_appealed,
    "below_minimum": lambda ledger, trigger: (
        _sentence(ledger, trigger).get("below_minimum") is True and not _is_appealed(ledger, trigger)
    ),
    "transfer_asked": lambda ledger, trigger: _has(ledger, trigger, deed_type("mid_court_transfer_request")),
    "extension_asked": lambda ledger, trigger: (
        _has(ledger, trigger, deed_type("trial_extension_application")) and not _has(ledger, trigger, *_TRIAL_EXTENDED)
    ),
    "rights_only": lambda ledger, trigger: _sentence(ledger, trigger).get("type") == "deprivation_of_rights",
    "property_judged": lambda ledger, _: bool(ledger.by_type.get("property_flow:judge")),
    "taken_by_police": lambda _, trigger: organ_of(trigger.row["organ"]) == Organ.POLICE,
    "taken_by_procuratorate": lambda _, trigger: organ_of(trigger.row["organ"]) == Organ.PROCURATORATE,
    "funds": _freezes("funds", major=False),
    "funds_major": _freezes("funds", major=True),
    "securities": _freezes("securities"),
    "equity": _freezes("equity"),
}


def _aided_by_court(ledger: Ledger, trigger: Act) -> bool:
    """Whether a court had asked for a lawyer before."""
    asked = ledger.of(("legal_aid:notify", "legal_aid:notify_anew"), trigger.subject)
    return any(organ_of(act.row["organ"]) == Organ.COURT and not act.follows(trigger) for act in asked)


def _of_kind(*kinds: str) -> Meaning:
    """Which of the special procedures it is: what the opinion or the application says that was last handed in."""
    return lambda ledger, trigger: any(
        _with_paper(_last(ledger, trigger, *_APPLYING, *_DECIDING), kind) for kind in kinds
    )


#: What the law of the defence, of administrative cases and of the special procedures means in the record.
_BESIDES: Mapping[str, Meaning] = {
    "at_trial": lambda ledger, trigger: _in_charge(ledger, trigger) == "court",
    "aided_by_court": _aided_by_court,
    "meeting": lambda _, trigger: _fact(trigger, "permit") is not True,
    "meeting_by_permit": lambda _, trigger: _fact(trigger, "permit") is True,
    "access_to_files": lambda ledger, trigger: (
        _fact(trigger, "access") == "files" and _in_charge(ledger, trigger) == "procuratorate"
    ),
    "access_to_victim": lambda ledger, trigger: (
        _fact(trigger, "access") == "victim" and _in_charge(ledger, trigger) == "procuratorate"
    ),
    "defence_obstructed": lambda _, trigger: _fact(trigger, "defence") is True,
    "administrative": lambda ledger, _: "admin_case" in ledger.lines.get(ledger.case_id, {}),
    "handled_fast": lambda ledger, trigger: _has(ledger, trigger, "admin_case:handle_fast"),
    "confiscation": _of_kind("confiscation_opinion", "confiscation_application"),
    "treatment": _of_kind("medical_opinion", "medical_application", "medical_decision"),
}

#: What each condition of the law means in the record.
CONDITIONS: Mapping[str, Meaning] = {
    **_MATTERS,
    **_BESIDES,
    "detained": lambda _, trigger: trigger.held_before,
    "at_large": lambda _, trigger: not trigger.held_before,
    "fast_review": _is_fast_review,
    "simplified": lambda ledger, trigger: _opened_as(
        ledger, trigger, "first_trial:open_simplified", "first_trial:convert_to_simplified"
    ),
    "fast": lambda ledger, trigger: _opened_as(ledger, trigger, "first_trial:open_fast"),
    "released_by_judgment": _frees,
    "reply_unstated": lambda _, trigger: trigger.row["facts"].get("reply_by") is None,
    "under_measure": _is_under_measure,
    "under_investigation": lambda ledger, trigger: _in_charge(ledger, trigger) == "police",
    "death": lambda ledger, trigger: _sentence(ledger, trigger).get("type") == "death",
    "direct_prosecution": _goes_direct,
    "sentenced": _is_to_be_delivered,
    "to_prison": lambda ledger, trigger: (
        _is_to_be_delivered(ledger, trigger) and not _is_nearly_served(ledger, trigger)
    ),
    "community_correction": lambda ledger, trigger: (
        _sentence(ledger, trigger).get("type") == "control" or bool(_sentence(ledger, trigger).get("suspended"))
    ),
}

#: The logs that a condition reads besides those in which the deed is shown.
READS: Mapping[str, frozenset[str]] = {"to_prison": frozenset({"custody_transfer"})}
