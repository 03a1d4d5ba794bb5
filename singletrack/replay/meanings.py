"""What each event of a timeline is in law: a step, a fact that a step carries, or something of another procedure.

A step is named by every `procedure:step` that the word may stand for; the nearest one that the law allows is taken.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from singletrack.replay.records import Event


@dataclass(frozen=True, slots=True)
class Deed:
    """A step of these procedures. `by` narrows the names by the organ that the document says decided."""

    types: tuple[str, ...]
    by: Mapping[str, tuple[str, ...]] | None = None

    def names(self, event: Event) -> tuple[str, ...]:
        """The steps that this event may be."""
        if self.by is None:
            return self.types
        return self.by.get(event.organ or "", self.types)


@dataclass(frozen=True, slots=True)
class Outside:
    """Not a step of the main road: of which procedure, or why none."""

    why: str


def _deed(*types: str, **by: str) -> Deed:
    return Deed(types, {organ: (name,) for organ, name in by.items()} or None)


MEANINGS: Mapping[str, Deed | Outside] = {
    "report_accepted": _deed("case_intake:accept"),
    "filed": _deed("case_intake:file"),
    "summoned": _deed("summons:summon"),
    "criminal_detention": _deed(
        "criminal_detention:detain", procuratorate="criminal_detention:detain_for_procuratorate"
    ),
    "criminal_detention_decided": Outside("拘留决定尚未执行；拘留自执行时记录"),
    "detention_extended": _deed("criminal_detention:extend"),
    "arrest_requested": _deed("criminal_detention:request_arrest", "arrest_review:request"),
    "arrest_approved": _deed("arrest_review:approve"),
    "arrest_decided": _deed(
        "arrest_review:approve",
        "arrest_review:decide_procuratorate",
        "arrest_review:decide_court",
        procuratorate="arrest_review:decide_procuratorate",
        court="arrest_review:decide_court",
    ),
    "arrested": _deed("arrest_review:execute", "arrest_review:execute_on_capture"),
    "arrest_not_approved": _deed("arrest_review:refuse"),
    "bail": _deed(
        "bail:decide",
        "bail:decide_procuratorate",
        "bail:decide_court",
        "bail:redecide",
        "bail:redecide_court",
    ),
    "residential_surveillance": _deed(
        "residential_surveillance:decide",
        "residential_surveillance:decide_procuratorate",
        "residential_surveillance:decide_court",
        "residential_surveillance:redecide",
    ),
    "residential_surveillance_place_changed": _deed("residential_surveillance:change_place"),
    "measure_lifted": _deed("bail:lift", "residential_surveillance:lift", "criminal_detention:release"),
    "released": _deed(
        "arrest_review:release",
        "criminal_detention:release",
        "criminal_detention:release_before_admission",
        "custody_extension:end",
    ),
    "custody_clock_stopped": _deed("custody_extension:pause", "criminal_detention:pause"),
    "custody_clock_resumed": _deed("custody_extension:resume", "criminal_detention:resume"),
    "transferred_for_prosecution": _deed("investigation_close:transfer"),
    "jurisdiction_transferred": _deed("prosecution_review:move_jurisdiction"),
    "returned_for_supplementary_investigation": _deed("prosecution_review:return"),
    "retransferred_for_prosecution": _deed("supplementary_return:resubmit"),
    "review_term_extended": _deed("prosecution_review:extend"),
    "plea_leniency": _deed("plea_leniency:sign"),
    "non_prosecution": _deed("prosecution_review:not_charge"),
    "indicted": _deed("prosecution_review:charge", "first_trial:amend_charge"),
    "reindicted": _deed("prosecution_review:charge"),
    "additional_indictment": _deed("first_trial:amend_charge"),
    "indictment_withdrawal_requested": Outside("撤回起诉的提出是文书，准许撤回起诉（indictment_withdrawn）才是步骤"),
    "indictment_withdrawn": _deed("first_trial:withdraw", "first_trial:withdraw_after_supplement"),
    "investigation_terminated": _deed("investigation_close:terminate"),
    "case_withdrawn": _deed(
        "investigation_close:withdraw", "prosecution_review:withdraw_by_police", "supplementary_return:withdraw"
    ),
    "accepted_by_court": _deed("court_intake:file", "second_trial:accept"),
    "summary_procedure": _deed("first_trial:open_simplified", "first_trial:convert_to_simplified"),
    "expedited_procedure": _deed("first_trial:open_fast"),
    "ordinary_procedure": _deed("first_trial:open_ordinary", "first_trial:convert_to_ordinary"),
    "hearing": _deed(
        "first_trial:hold_hearing",
        "first_trial:resume_hearing",
        "first_trial:open_ordinary",
        "first_trial:open_simplified",
        "first_trial:open_fast",
        "second_trial:hold_hearing",
    ),
    "adjourned": _deed("first_trial:adjourn", "first_trial:adjourn_for_supplement", "second_trial:adjourn"),
    "trial_suspended": _deed("first_trial:suspend", "second_trial:suspend"),
    "trial_resumed": _deed(
        "first_trial:resume",
        "first_trial:resume_hearing",
        "first_trial:resume_after_supplement",
        "second_trial:resume",
    ),
    "trial_term_extended": _deed(
        "first_trial:extend", "first_trial:extend_by_superior", "first_trial:extend_by_supreme", "second_trial:extend"
    ),
    "judgment": _deed("first_trial:pronounce", "first_trial:judge_in_court"),
    "first_instance_judgment": _deed("first_trial:pronounce", "first_trial:judge_in_court"),
    "no_appeal": _deed("second_trial:become_final"),
    "appeal": _deed("second_trial:appeal"),
    "protest": _deed("second_trial:protest"),
    "appeal_accepted": _deed("second_trial:accept"),
    "appeal_withdrawn": _deed("second_trial:withdraw", "second_trial:permit_withdrawal"),
    "second_instance_judgment": _deed("second_trial:uphold", "second_trial:change"),
    "apprehended": Outside("到案经过，不是法定步骤"),
    "surrendered": Outside("自动投案，是量刑情节，不是法定步骤"),
    "absconded": Outside("脱逃的事实，不是法定步骤"),
    "taken_into_custody": Outside("羁押（到案）的日期；拘留、逮捕各有自己的步骤"),
    "administrative_detention": Outside("行政拘留，属P28治安案件"),
    "liuzhi": Outside("监察留置，不属刑事诉讼"),
    "liuzhi_lifted": Outside("监察留置，不属刑事诉讼"),
    "legal_aid_assigned": Outside("裁判文书只载有辩护人，不载法律援助机构何时指派（P26）"),
    "death_penalty_review": _deed("death_review:approve"),
    "retrial_decision": _deed("retrial:decide"),
    "retrial_judgment": _deed("retrial:change"),
    "sentence_start": Outside("刑期起算日，是判决的内容，随宣判记录"),
    "sentence_end": Outside("刑期届满日，是判决的内容，由刑期推算"),
}


def _said_elsewhere(event: Event, before: Sequence[Event], after: Sequence[Event]) -> str:
    """Why an event is no step of its own here: another procedure reopened the case, or another event is the decision."""
    if event.type in AFTER_ELSEWHERE and any(other.type in ELSEWHERE for other in before):
        return "再审或者死刑复核以后的重新审判、释放；文书没有载明依哪一审程序进行"
    if event.type == "no_appeal" and any(other.type in FURTHER for other in after):
        return "本人没有上诉，而全案因他人上诉、抗诉进入第二审，裁判不因此生效（刑事诉讼法第二百三十三条）"
    if event.type == "appeal_withdrawn" and any(other.type == "second_instance_judgment" for other in after):
        return "撤回上诉的请求；二审的裁判另有记载"
    if event.type == "adjourned" and _step(event) == "requested" and any(_step(other) == "decided" for other in after):
        return "延期审理的建议；决定另有记载"
    return ""


def _next_arrest(after: Sequence[Event]) -> str | None:
    """Who decided the arrest that follows a detention: a procuratorate that decides itself had detained itself."""
    following = (event for event in after if event.type in {"arrest_decided", "arrested", "arrest_approved"})
    decided = next(following, None)
    return decided.organ if decided is not None and decided.type == "arrest_decided" else None


def _step(event: Event) -> str | None:
    step: str | None = (event.model_extra or {}).get("step")
    return step


#: What the outcome of a second instance means.
SECOND: Mapping[str, str] = {
    "upheld": "second_trial:uphold",
    "changed": "second_trial:change",
    "acquitted": "second_trial:change",
    "remanded": "second_trial:remand",
    "appeal_withdrawn": "second_trial:permit_withdrawal",
}


#: What the outcome of a review of a death sentence, and of a retrial, means.
OTHERWISE: Mapping[tuple[str, str], str] = {
    ("death_penalty_review", "not_approved"): "death_review:disapprove",
    ("death_penalty_review", "remanded"): "death_review:remand",
    ("death_penalty_review", "changed"): "death_review:change",
    ("retrial_judgment", "upheld"): "retrial:uphold",
    ("retrial_judgment", "remanded"): "retrial:remand",
}
#: What a sentence is called in an act, where the timelines call it otherwise.
SENTENCES: Mapping[str | None, str] = {"criminal_detention_sentence": "criminal_detention"}
#: What shows that the case went on to the second instance.
FURTHER = frozenset({"second_instance_judgment", "appeal_withdrawn"})
#: What reopens a finished case, and what then happens anew.
ELSEWHERE = frozenset({"retrial_decision", "retrial_judgment", "death_penalty_review"})
AFTER_ELSEWHERE = frozenset(
    {
        "first_instance_judgment",
        "judgment",
        "appeal",
        "protest",
        "second_instance_judgment",
        "released",
        "hearing",
        "accepted_by_court",
    }
)


def meaning(event: Event, before: Sequence[Event] = (), after: Sequence[Event] = ()) -> Deed | Outside:
    """What an event is in law, between those before and after it.

    A request that a decision follows is the decision's; a word that this table does not know is outside, and said to be.
    """
    elsewhere = _said_elsewhere(event, before, after)
    if elsewhere:
        return Outside(elsewhere)
    if event.type == "second_instance_judgment":
        tried_again = any(other.type in {"first_instance_judgment", "judgment"} for other in after)
        silent = "remanded" if tried_again else "upheld" if event.document == "ruling" else "changed"
        return _deed(SECOND.get(event.outcome or silent, "second_trial:change"))
    if event.type == "criminal_detention" and _next_arrest(after) == "procuratorate":
        return _deed("criminal_detention:detain_for_procuratorate")
    if event.type == "adjourned" and "supplement" in (event.reason or ""):
        return _deed("first_trial:adjourn_for_supplement", "first_trial:adjourn", "second_trial:adjourn")
    if (event.type, event.outcome or "") in OTHERWISE:
        return _deed(OTHERWISE[event.type, event.outcome or ""])
    return MEANINGS.get(event.type, Outside(f"对照表中没有“{event.type}”"))
