"""The road of a person through a case, and when they have come to its end. Pure.

A person is through when their road has begun and nothing on it runs: no stage, no measure. The law's ends say most of it;
what they do not say stands here.
"""

from collections.abc import Mapping

from services.kernel.code import Code

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
_ROAD, _KEEPS = frozenset(ROAD), frozenset(ROAD + MEASURES)
_FILED = "filed"
#: Where lines stand: the state of each procedure that has begun.
Lines = Mapping[str, str]


def is_through(lines: Lines, of_case: Lines, code: Code) -> bool:
    """Whether nothing keeps a person in the case any more. Takes where their lines and those of the case stand.

    Where the case itself came to its end before it was filed, so did everybody in it for whom nothing else began.
    """
    if not all(_rests(name, at, code) for name, at in lines.items() if name in _KEEPS):
        return False
    return not _ROAD.isdisjoint(lines) or is_over(of_case, code)


def is_over(of_case: Lines, code: Code) -> bool:
    """Whether the case itself came to its end before it was filed."""
    intake, admin = of_case.get("case_intake", _FILED), of_case.get("admin_case")
    is_out = intake in code.lines["case_intake"].ends and intake != _FILED
    return is_out and (admin is None or admin in code.lines["admin_case"].ends)


def _rests(name: str, at: str, code: Code) -> bool:
    return (name, at) in RESTING or (at in code.lines[name].ends and (name, at) not in WAITING)
