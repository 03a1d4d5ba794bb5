"""What case_flow adds to the law: opening a case, registering the persons in it, and noting what no step shows. Pure."""

import difflib
from collections.abc import Mapping
from datetime import date
from typing import Any

from services.case_flow.leaving import left
from services.kernel import passage
from services.kernel.code import Rule
from services.kernel.errors import Refused, Unfounded, WrongOrgan
from services.kernel.facts import KINDS
from services.kernel.procedure import ANEW, Event, Limit, Office, Procedure, Remark, State, StepRef, step_refs
from services.kernel.record import Head, TakeStep
from services.kernel.record import State as CaseState
from services.kernel.transition import new_id
from services.kernel.who import PREFIXES, Actor, Organ, organ_of
from services.law import CODE
from services.law.facts import WORDS
from services.law.offices import CONCERNED_ORGAN, OFFICER, PROSECUTOR
from services.law.reading import cited

#: Nobody's: the row that belongs to a leaving row in another case is made with it.
ARRIVAL = Office(Organ.SYSTEM, "arrival", "随转出登记")


class CaseRecord(Procedure):
    """案件登记"""

    id = "R01"
    name = "case_record"
    zh = "案件登记"
    line = "case"
    in_force = date(2018, 10, 26)

    opened = State("已建档", initial=True)

    open = OFFICER.may("建立案件记录", at=ANEW, to=opened, ids="R01.01", cite=())
    add_person = OFFICER.may("登记涉案人员", at=opened, to=opened, ids="R01.02", cite=())
    arrive = ARRIVAL.may("登记转入的人员", at=ANEW | opened, to=opened, ids="R01.03", cite=())

    add_matter = PROSECUTOR.may(
        "登记监督事项", at=opened, to=opened, ids="R01.04", tells="被监督单位、监督内容", cite=()
    )

    no_statute = Remark("案件、人员和监督事项的登记", why="登记是本系统记录的开端，不是法律上的步骤")


class LegalRecord(Procedure):
    """诉讼事项登记"""

    id = "R04"
    name = "legal_record"
    zh = "诉讼事项登记"
    line = "case"
    begins_at = "case_record:opened"
    in_force = date(2018, 10, 26)

    noting = State("登记中", initial=True)

    note_event = CONCERNED_ORGAN.may("登记引起期限的事项", at=noting, to=noting, ids="R04.01", cite=())
    note_deed = CONCERNED_ORGAN.may(
        "登记期限内的履行", at=noting, to=noting, ids="R04.02", tells="[不通知理由]", cite=()
    )
    note_extension = CONCERNED_ORGAN.may("登记期限的延长", at=noting, to=noting, ids="R04.03", cite=())
    supplement = CONCERNED_ORGAN.may("补充登记先前步骤的情况", at=noting, to=noting, ids="R04.04", cite=())

    no_statute = Remark(
        "没有专门步骤的事项和履行的登记", why="法律规定了期限，没有规定登记的方式；登记只作记录，不改变任何状态"
    )


class CaseFlow:
    """The domain of this service."""

    service = "case_flow"
    code = CODE.extended(CaseRecord, LegalRecord)
    opening = frozenset({CaseRecord.open.type, CaseRecord.arrive.type})

    def hindrance(self, head: Head, rule: Rule, subject: str, actor: Actor) -> Refused | None:
        """Nothing: the lines say it all."""
        return None

    def outcome(self, head: Head, command: TakeStep, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """The organs that share a new case; the person who is registered; the event or the deed that is noted; what is added; who leaves.

        Raises: Unfounded for an organ, an event or a limit that is not there, and for a deed that a step shows;
        WrongOrgan for a deed of another organ.
        """
        match command.type:
            case CaseRecord.open.type:
                return {"organs": {**_organs(command.facts.get("organs", {})), **body.get("organs", {})}}
            case CaseRecord.add_person.type:
                person = {"kind": "person", "label": str(command.facts.get("label", "")), "flags": _flags(command)}
                return {"created": {new_id("per"): {**person, **_identity(command.private)}}}
            case CaseRecord.add_matter.type:
                return _matter(head, command)
            case LegalRecord.note_event.type:
                return {"event": _event(command), "concerns": _concerned(head, command)}
            case LegalRecord.note_deed.type:
                return {"limit": _kept(command), "concerns": _concerned(head, command)}
            case LegalRecord.note_extension.type:
                return {"extended": _extended(command), "concerns": _concerned(head, command)}
            case LegalRecord.supplement.type:
                return {"supplements": _supplemented(command)}
            case CaseRecord.arrive.type if command.passage is not None:
                return passage.arrival(head.state, command.passage)
            case _ if self.code.steps[command.type].leaves:
                organs = _organs(command.facts.get("organs", []))
                return {"left": left(head, command, body, organs, self, CaseRecord.arrive.type)}
            case _:
                return {}

    def fold(self, state: CaseState, body: Mapping[str, Any]) -> None:
        """Who left, and who arrived."""
        passage.fold(state, body)


#: What may be added to an act later, by its name on the wire.
FACTS = {fact.key: fact for fact in WORDS.by_name.values()}
#: The events of the tables that begin a limit and that no step shows.
EVENTS = frozenset(limit.after.id for limit in CODE.limits.values() if isinstance(limit.after, Event))


def _event(command: TakeStep) -> str:
    event = command.facts.get("event")
    if not isinstance(event, str) or event not in EVENTS:
        raise _unknown("event", event, "登记的事项（event）不是法律中引起期限的事项。", sorted(EVENTS))
    return event


def _limit(command: TakeStep) -> Limit:
    name = command.facts.get("limit")
    limit = CODE.limits.get(name) if isinstance(name, str) else None
    if limit is None:
        raise _unknown("limit", name, "登记的期限（limit）不在法律之中。", sorted(CODE.limits))
    return limit


def _shown(limit: Limit, steps: StepRef, what: str) -> Unfounded | None:
    """Why nothing is noted of a limit where steps of the law show it."""
    if not step_refs(steps):
        return None
    return Unfounded(
        f"“{limit.zh}”的{what}由专门的步骤表明，不另行登记。",
        f"{', '.join(CODE.types(steps))} show it for {limit.name}, and it needs no note",
        law_ref=cited(limit.cite if isinstance(limit.cite, tuple) else (limit.cite,)),
        errors=[{"pointer": "/facts/limit", "code": "shown_by_step"}],
    )


def _extended(command: TakeStep) -> str:
    limit = _limit(command)
    if not limit.extensions:
        raise Unfounded(
            f"“{limit.zh}”不能延长。",
            f"the law does not extend {limit.name}",
            errors=[{"pointer": "/facts/limit", "code": "no_such_extension"}],
        )
    if refusal := _shown(limit, limit.extended_by, "延长"):
        raise refusal
    return limit.name


def _kept(command: TakeStep) -> str:
    limit = _limit(command)
    if refusal := _shown(limit, limit.by, "履行"):
        raise refusal
    law_ref = cited(limit.cite if isinstance(limit.cite, tuple) else (limit.cite,))
    bound = {limit.organ, *limit.organs}
    # What a party does, the organ notes that received it.
    if command.actor.organ not in bound and limit.organ in PREFIXES.values() and limit.organ is not Organ.PARTY:
        names = "、".join(organ.zh for organ in (limit.organ, *limit.organs))
        raise WrongOrgan(
            f"“{limit.zh}”由{names}履行，由其登记。",
            f"{limit.name} binds {', '.join(sorted(bound))}",
            law_ref=law_ref,
            params={"organ": limit.organ.value},
        )
    return limit.name


def _supplemented(command: TakeStep) -> str:
    """The row of the act to which something is added, in whichever log it stands. Only facts that the law knows are."""
    row, given = command.facts.get("of"), {name: value for name, value in command.facts.items() if name != "of"}
    if not isinstance(row, str) or not row.strip():
        raise _unknown("of", row, "补充登记须写明所补充的登记（of）。", [])
    for name, value in given.items():
        fact = FACTS.get(name)
        if fact is None:
            raise _unknown(name, name, f"“{name}”不是可以补充的情况。", sorted(FACTS))
        if not KINDS[fact.kind][1](value):
            raise _unknown(name, value, f"“{fact.zh}”须是{KINDS[fact.kind][0]}。", [])
    if not given:
        raise _unknown("facts", None, "补充登记须写明所补充的情况。", sorted(FACTS))
    return row


def _unknown(what: str, given: Any, zh: str, possible: list[str]) -> Unfounded:
    near = difflib.get_close_matches(str(given), possible, n=3, cutoff=0.5)
    return Unfounded(
        zh + (f"相近的有：{'、'.join(near)}。" if near else ""),
        f"no such {what}",
        errors=[{"pointer": f"/facts/{what}", "code": f"unknown_{what}", "params": {"near": near}}],
    )


def _concerned(head: Head, command: TakeStep) -> list[str]:
    """The persons whom a note concerns; the case as a whole where none is named. Raises: Unfounded."""
    known = head.state.get("subjects", {})
    for subject in command.subjects:
        if subject not in known:
            raise passage.not_here(head.state, subject)
    return list(dict.fromkeys(command.subjects)) or [head.case_id]


#: Whom the procuratorate supervises.
SUPERVISED = frozenset({Organ.POLICE, Organ.COURT, Organ.DETENTION_CENTER, Organ.PRISON, Organ.JUSTICE_BUREAU})


def _matter(head: Head, command: TakeStep) -> dict[str, Any]:
    """A matter that is supervised, and the organ that is to answer for it, which shares the case from now on.

    Raises: Unfounded for one that is not supervised, and for a second organ of a kind that the case has: who is in
    charge would be another.
    """
    organ_id = str(command.facts["addressee"])
    organ = organ_of(organ_id)
    known = head.state.get("organs", {})
    if organ not in SUPERVISED or known.get(organ, organ_id) != organ_id:
        raise Unfounded(
            "被监督单位（addressee）应当是本案的办案机关，或者本案涉及的看守所、监狱、司法行政机关。",
            "whoever is supervised has to do with this case",
            errors=[{"pointer": "/facts/addressee", "code": "not_supervised"}],
        )
    concerning = str(command.facts["concerning"])
    matter = {"kind": "matter", "label": concerning, "receiver": organ_id, "opened_by": command.actor.organ_id}
    return {"created": {new_id("mat"): matter}, "organs": {organ.value: organ_id}}


def _flags(command: TakeStep) -> list[str]:
    flags = command.facts.get("flags", [])
    return [str(flag) for flag in flags] if isinstance(flags, list) else []


#: The weights of the digits of a resident's number, and what the last one is for each sum (GB 11643).
_WEIGHTS, _CHECKS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2), "10X98765432"


def _identity(private: Mapping[str, Any] | None) -> dict[str, str]:
    """What may be told of an identity that stays here: `checked`, `wrong` (no such number can be), or only `stated`."""
    if not private:
        return {}
    number = str(private.get("id_number", "")).upper()
    if private.get("id_type") not in {None, "resident_card"} or not number:
        return {"identity": "stated"}
    digits, last = number[:-1], number[-1]
    if len(digits) != len(_WEIGHTS) or not digits.isascii() or not digits.isdecimal():
        return {"identity": "wrong"}
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, digits, strict=True))
    return {"identity": "checked" if _CHECKS[total % len(_CHECKS)] == last else "wrong"}


def _organs(given: Any) -> dict[str, str]:
    organs: dict[str, str] = {}
    for organ_id in given if isinstance(given, list) else []:
        organ: Organ | None = organ_of(str(organ_id))
        if organ is None:
            raise Unfounded(
                "所列机关的代码不成立。",
                "an organ's id names no organ",
                errors=[{"pointer": "/organs", "code": "no_such_organ"}],
            )
        organs[organ.value] = str(organ_id)
    return organs
