"""Sealed records: who may still read them, and what is left of a record for everybody else. Pure.

A line that comes to where its procedure `seals` closes its subject to every reader but those whom a permit names, as
long as it holds; where the line goes afterwards opens nothing. Knows no procedure.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from services.kernel.code import READER, UNTIL, Code
from services.kernel.errors import Sealed

State = Mapping[str, Any]
#: Who is in a case and never the one whose record is sealed.
_BESIDE = frozenset({"victim", "witness"})


def permitted(state: State, body: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """The permits of a state after a row that gives one, by subject and organ."""
    given = {str(body["facts"][READER]): str(body["facts"][UNTIL])[:10]}
    permits: dict[str, dict[str, str]] = state.get("permits", {})
    return {**permits, **{subject: {**permits.get(subject, {}), **given} for subject in body["subjects"]}}


def sealed(state: State) -> frozenset[str]:
    """The subjects of a state that are sealed."""
    return frozenset(state.get("sealed", ()))


def readable(state: State, subject: str, organ: str, today: date) -> bool:
    """Whether a permit lets an organ read a sealed subject today."""
    until = state.get("permits", {}).get(subject, {}).get(organ, "")
    return bool(today.isoformat() <= until)


def is_closed(state: State, case_id: str, closed: frozenset[str]) -> bool:
    """Whether nothing is left of a case: it is sealed as a whole, or all of whom it is about are."""
    about = {
        subject
        for subject, what in state.get("subjects", {}).items()
        if what.get("kind") == "person" and _BESIDE.isdisjoint(what.get("flags", ()))
    }
    return case_id in closed or (bool(about) and about <= closed)


def without(state: State, closed: frozenset[str]) -> dict[str, Any]:
    """A state without what it holds of these subjects; `closed` names them."""
    kept = {
        key: {subject: value for subject, value in values.items() if subject not in closed}
        if isinstance(values, dict)
        else values
        for key, values in state.items()
    }
    return {**kept, "closed": sorted(closed)}


def told(body: Mapping[str, Any], closed: frozenset[str]) -> dict[str, Any] | None:
    """A row without these subjects; None where it is about nobody else."""
    named = {*body["subjects"], *body.get("created", {}), *body.get("concerns", ())}
    if not named & closed:
        return dict(body)
    if named <= closed:
        return None
    rest = {key: [each for each in body[key] if each not in closed] for key in ("subjects", "concerns") if key in body}
    rest["moves"] = [move for move in body["moves"] if move["subject"] not in closed]
    created = {each: what for each, what in body.get("created", {}).items() if each not in closed}
    return {**body, **rest, **({"created": created} if "created" in body else {}), "facts": {}, "documents": []}


def refusal(code: Code, version: int) -> Sealed:
    """The words in which a sealed record is refused, with the provisions under which records are sealed.

    The version is told: whoever sealed the record needs it to permit somebody to read it.
    """
    sealing = (
        rule for rule in code.rules.values() if rule.to in code.seals.get(rule.procedure, ()) and rule.to not in rule.at
    )
    return Sealed(
        "记录已经封存，非经许可不得查阅。",
        "the record is sealed; it may be read by permit only",
        law_ref="、".join(dict.fromkeys(rule.law_ref for rule in sealing)),
        cure="向封存的机关申请查询，由其登记许可查询的单位和期限。",
        params={"version": f"v{version}"},
    )
