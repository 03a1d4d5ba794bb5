"""Persons who leave one case for another: two rows, one in each case, written in one commit. Pure.

The leaving row (`left`) carries all that its case holds of them, so the arriving row (`arrived`) follows from it alone,
and either case is folded from its own rows. Knows no procedure.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from services.kernel.errors import NotFound, Refused, Unfounded

State = dict[str, Any]
#: What a case remembers of those who left it; goes nowhere with them.
_LEFT = "left"


def held(state: State, persons: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Everything that a state holds of these persons, by its own keys: lines, counters, organ in charge, label …"""
    found: dict[str, dict[str, Any]] = {}
    for key, values in state.items():
        if isinstance(values, dict) and key != _LEFT:
            theirs = {person: values[person] for person in persons if person in values}
            if theirs:
                found[key] = theirs
    return found


def persons_of(state: State) -> list[str]:
    """Who is in the case."""
    return [subject for subject, what in state.get("subjects", {}).items() if what["kind"] == "person"]


def fold(state: State, body: Mapping[str, Any]) -> None:
    """Bring a state up to a row by which persons leave or arrive."""
    if "left" in body:
        left, known = body["left"], state.get("subjects", {})
        gone = {
            person: {"label": known[person].get("label", ""), "to": left["to"], "law_ref": body["law_ref"]}
            for person in body["subjects"]
        }
        for key in held(state, list(gone)):
            state[key] = {subject: value for subject, value in state[key].items() if subject not in gone}
        state[_LEFT] = {**state.get(_LEFT, {}), **gone}
    if "arrived" in body:
        arrived = body["arrived"]
        for key, values in arrived["carried"].items():
            state[key] = {**state.get(key, {}), **values}
        if "case_lines" in arrived:
            lines = state["lines"]
            mine = {**arrived["case_lines"], **lines[body["case_id"]]}
            state["lines"] = {**lines, body["case_id"]: mine}
        if _LEFT in state:
            back = arrived["carried"]["subjects"]
            state[_LEFT] = {person: where for person, where in state[_LEFT].items() if person not in back}


def arrival(state: State, passage: Mapping[str, Any]) -> dict[str, Any]:
    """What the arriving row says. `organs` are those of a new case.

    Raises: NotFound for a case that is not there; Unfounded for one that was itself absorbed by another.
    """
    if not state and "organs" not in passage:
        raise NotFound("没有此案，或者不在本机关可见范围内。", "no such case, or not for this organ's eyes")
    if state and not persons_of(state) and state.get(_LEFT):
        went = next(reversed(state[_LEFT].values()))
        raise Unfounded(
            f"该案人员已全部转入案件{went['to']}，请转入该案。",
            "everybody in that case has gone to another",
            law_ref=passage["law_ref"],
            errors=[{"pointer": "/facts/into", "code": "absorbed", "params": {"case_id": went["to"]}}],
        )
    apart = {"law_ref", "basis", "organs"}
    told = {name: value for name, value in passage.items() if name not in apart}
    # What was handed in to make this row stands in `arrived`; nobody stated any fact.
    return {"arrived": told, "facts": {}, **{name: passage[name] for name in apart & passage.keys()}}


def not_here(state: State, subject: str) -> Refused:
    """Why nothing can be done for a subject here: it went to another case, or was never in this one."""
    gone = state.get(_LEFT, {}).get(subject)
    if gone is not None:
        return Unfounded(
            f"{gone['label']}已转入案件{gone['to']}，应在该案中办理。",
            f"this person went to {gone['to']}",
            law_ref=gone["law_ref"],
            cure=f"在案件{gone['to']}中办理。",
            errors=[{"pointer": "/subjects", "code": "left_case", "params": {"case_id": gone["to"]}}],
        )
    return Unfounded(
        "所指的对象不在本案记录之内。",
        "a subject is not in this case",
        errors=[{"pointer": "/subjects", "code": "not_in_case"}],
    )
