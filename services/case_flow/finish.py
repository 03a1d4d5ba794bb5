"""When a person's case is finished, and so the case. Pure.

A person is finished when their road has begun and nothing on it runs: no stage, no measure. The law's ends say most of
it; what they do not say stands here.
"""

from services.kernel.code import Code
from services.kernel.record import State

#: The stages through which a person goes. One that passes a person on begins the next in the same step.
ROAD = (
    "investigation_close",
    "prosecution_review",
    "supplementary_return",
    "non_prosecution_remedy",
    "court_intake",
    "first_trial",
    "second_trial",
    "death_review",
    "retrial",
    "special_procedures",
    "execution",
)
#: While one of these stands, somebody still owes the person a decision.
MEASURES = ("criminal_detention", "arrest_review", "bail", "residential_surveillance", "custody_extension")
#: States that the tables do not end, and at which the person is done with (a new fact may begin it again: MPS 190).
RESTING = frozenset({("investigation_close", "terminated_person")})
#: Ends at which the person waits for somebody: the organ that takes over, the end of the probation.
WAITING = frozenset(
    {("prosecution_review", "jurisdiction_moved"), ("first_trial", "moved"), ("prosecution_review", "conditional")}
)
_FILED = "filed"


def is_finished(state: State, case_id: str, person: str, code: Code) -> bool:
    """Whether nothing keeps this person in the case any more.

    Where the case itself came to its end before it was filed, so did everybody in it for whom nothing else began.
    """
    lines = state.get("lines", {}).get(person, {})
    standing = [(name, lines[name][0]) for name in (*ROAD, *MEASURES) if name in lines]
    if not all(_rests(name, at, code) for name, at in standing):
        return False
    return any(name in lines for name in ROAD) or _is_over(state, case_id, code)


def is_case_finished(state: State, case_id: str, code: Code) -> bool:
    """Whether each person of the case is; one that nobody was ever in is if it came to its end unfiled.

    Who went to another case is finished there or not at all.
    """
    persons = [person for person, what in state.get("subjects", {}).items() if what["kind"] == "person"]
    begun = bool(persons) or bool(state.get("left")) or _is_over(state, case_id, code)
    return begun and all(is_finished(state, case_id, person, code) for person in persons)


def _rests(name: str, at: str, code: Code) -> bool:
    return (name, at) in RESTING or (at in code.lines[name].ends and (name, at) not in WAITING)


def _is_over(state: State, case_id: str, code: Code) -> bool:
    lines = state.get("lines", {}).get(case_id, {})
    intake, admin = lines.get("case_intake", (_FILED,))[0], lines.get("admin_case")
    is_out = intake in code.lines["case_intake"].ends and intake != _FILED
    return is_out and (admin is None or admin[0] in code.lines["admin_case"].ends)
