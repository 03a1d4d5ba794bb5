"""The road from where a case stands to a step that a document states: the steps that the law needs in between.

Searched on the law itself: the same function that decides tells which lines a step moves.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from services.kernel.code import Code
from services.kernel.errors import Refused
from services.kernel.record import Head, moves_of

#: How many steps may be inferred before one that is stated.
LONGEST = 24

INTAKE = ("case_intake:accept", "case_intake:file")
TRUNK = (
    *INTAKE,
    "investigation_close:conclude",
    "investigation_close:transfer",
    "investigation_close:accept",
    "prosecution_review:accept_moved",
    "prosecution_review:review",
    "supplementary_return:receive",
    "supplementary_return:resubmit",
    "prosecution_review:charge",
    "court_intake:receive",
    "court_intake:file",
    "first_trial:accept_moved",
    "first_trial:prepare",
    "first_trial:resume",
    "first_trial:resume_hearing",
    "first_trial:resume_after_supplement",
    "first_trial:deliberate",
    "second_trial:appeal",
    "second_trial:transfer",
    "second_trial:accept",
    "second_trial:return_file",
)
OPENINGS = {
    "summary": ("first_trial:open_simplified",),
    "expedited": ("first_trial:open_fast",),
    "ordinary": ("first_trial:open_ordinary", "first_trial:convert_to_ordinary"),
}
JUDGING = ("first_trial:pronounce", "first_trial:judge_in_court")
#: What lies between a judgment and its review or retrial.
AFTER_JUDGMENT = {
    "second_trial": JUDGING,
    "death_review": (
        *JUDGING,
        "second_trial:uphold",
        "death_review:report",
        "death_review:report_to_supreme",
        "death_review:disapprove",
    ),
    "retrial": (*JUDGING, "second_trial:become_final", "retrial:petition", "retrial:decide"),
}
#: What can only be done once the judgment is final: where the documents name no appeal, it became so by itself.
AFTER_EFFECT = ("retrial:petition", "retrial:protest", "retrial:decide")
FROM_DETENTION = (
    "criminal_detention:admit",
    "criminal_detention:extend",
    "criminal_detention:request_arrest",
    "arrest_review:accept",
    "arrest_review:approve",
    "arrest_review:refuse",
)
AT_LARGE = ("arrest_review:request", "arrest_review:accept", "arrest_review:approve", "arrest_review:refuse")
#: Who has a case decides an arrest itself.
OWN_DECISION = {
    "procuratorate": "arrest_review:decide_procuratorate",
    "court": "arrest_review:decide_court",
}
#: Procedures beside the trunk: what may be inferred in each.
MEASURES = {
    "case_intake": (),
    "summons": (),
    "criminal_detention": ("criminal_detention:admit",),
    "bail": ("bail:execute", "bail:execute_anew", "bail:lift"),
    "residential_surveillance": (
        "residential_surveillance:execute_home",
        "residential_surveillance:execute_anew",
        "residential_surveillance:lift",
    ),
    "custody_extension": ("custody_extension:start",),
    "plea_leniency": ("plea_leniency:plead", "plea_leniency:plead_in_review", "plea_leniency:hear_opinions"),
}


def road(head: Head, code: Code, subject: str, targets: Sequence[str], allowed: Iterable[str]) -> list[str] | None:
    """The fewest steps, from those allowed, that make one of the targets possible, and that target; None if none does.

    A target that is possible now is a road of one. Ties go to the order in which steps are given.
    """
    steps = tuple(dict.fromkeys(allowed))
    queue: deque[tuple[Head, list[str]]] = deque([(head, [])])
    seen = {_key(head)}
    while queue:
        here, walked = queue.popleft()
        for target in targets:
            if _after(here, code, subject, target) is not None:
                return [*walked, target]
        if len(walked) < LONGEST:
            for step in steps:
                there = _after(here, code, subject, step)
                if there is not None and _key(there) not in seen:
                    seen.add(_key(there))
                    queue.append((there, [*walked, step]))
    return None


def _key(head: Head) -> str:
    return repr(sorted((subject, sorted(lines.items())) for subject, lines in head.state.get("lines", {}).items()))


def _after(head: Head, code: Code, subject: str, step: str) -> Head | None:
    rule = code.rules[step]
    who = head.case_id if rule.line == "case" else subject
    try:
        moves = list(moves_of(head, code, rule, who, date.max))  # where a road leads, every edition agrees
    except Refused:
        return None
    lines: Mapping[str, Any] = head.state.get("lines", {})
    for move in moves:
        lines = {**lines, move["subject"]: {**lines.get(move["subject"], {}), move["procedure"]: [move["to"], ""]}}
    return Head(head.case_id, head.version, {**head.state, "lines": lines})
