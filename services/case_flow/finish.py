"""When a person's case is finished, and so the case, as its own log shows. Pure."""

from services.kernel.code import Code
from services.kernel.record import State
from services.law.road import Lines, is_over, is_through


def is_finished(state: State, case_id: str, person: str, code: Code) -> bool:
    """Whether nothing keeps this person in the case any more."""
    return is_through(_lines(state, person), _lines(state, case_id), code)


def is_case_finished(state: State, case_id: str, code: Code) -> bool:
    """Whether each person of the case is; one that nobody was ever in is if it came to its end unfiled.

    Who went to another case is finished there or not at all.
    """
    persons = [person for person, what in state.get("subjects", {}).items() if what["kind"] == "person"]
    begun = bool(persons) or bool(state.get("left")) or is_over(_lines(state, case_id), code)
    return begun and all(is_finished(state, case_id, person, code) for person in persons)


def _lines(state: State, subject: str) -> Lines:
    return {name: line[0] for name, line in state.get("lines", {}).get(subject, {}).items()}
