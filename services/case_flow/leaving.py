"""Where persons may go who leave a case, and what goes with them. Pure."""

import re
from collections.abc import Mapping
from typing import Any

from services.kernel import passage
from services.kernel.code import Code
from services.kernel.errors import Unfounded
from services.kernel.record import Domain, Head, TakeStep, fold
from services.kernel.transition import new_id

#: The word in `facts.into` for a case that is made by leaving for it.
NEW = "new"
_CASE = re.compile(r"[A-Za-z0-9_-]{1,64}")


def left(
    head: Head, command: TakeStep, body: Mapping[str, Any], organs: Mapping[str, str], domain: Domain, arrives_by: str
) -> dict[str, Any]:
    """What a leaving row says: where its persons go, and all that this case holds of them after the step.

    `facts.into` is the other case or "new", `organs` those that the caller names for a new one; where the place stays
    the same (a split) they are this case's unless named. What is over for this whole case (such as filing) is over for
    a new one too; what runs stays where it runs. Raises: Unfounded.
    """
    kind, into = domain.code.steps[command.type].leaves, command.facts.get("into", NEW)
    persons = list(body["subjects"])
    if not (isinstance(into, str) and _CASE.fullmatch(into) and into != head.case_id):
        raise _unfounded("into", "no_such_case", "转入的案件（into）不成立。", "into names no other case", body)
    if (into == NEW and kind == "into") or (into != NEW and kind == "new"):
        zh = "应当指明转入的案件（into）。" if into == NEW else "分案应当转入新建的案件（into 为 new）。"
        raise _unfounded("into", f"must_be_{kind}", zh, f"this step leaves for {kind}", body)
    if kind == "new" and set(passage.held(head.state, persons)["subjects"]) == set(passage.persons_of(head.state)):
        raise _unfounded("into", "nobody_stays", "分案后，原案应当还有人员。", "a split leaves somebody behind", body)
    told = {
        "to": new_id("case") if into == NEW else into,
        "arrives_by": arrives_by,
        "carried": passage.held(fold(head.state, body, domain), persons),
    }
    if into != NEW:
        return told
    return {**told, "organs": _shared(head, command, body, organs, kind), "case_lines": _over(head, domain.code)}


def _shared(
    head: Head, command: TakeStep, body: Mapping[str, Any], named: Mapping[str, str], kind: str
) -> dict[str, str]:
    mine = {command.actor.organ.value: command.actor.organ_id}
    if kind == "new":
        return {**(named or head.state.get("organs", {})), **mine}
    if not named.keys() >= mine.keys():
        zh = f"应当在organs中列明接收的{command.actor.organ.zh}。"
        raise _unfounded("organs", "no_organ", zh, "name the organ that takes the case over", body)
    return dict(named)


def _over(head: Head, code: Code) -> dict[str, Any]:
    lines = head.state.get("lines", {}).get(head.case_id, {})
    return {name: line for name, line in lines.items() if line[0] in code.lines[name].ends}


def _unfounded(fact: str, code: str, zh: str, en: str, body: Mapping[str, Any]) -> Unfounded:
    return Unfounded(zh, en, law_ref=body["law_ref"], errors=[{"pointer": f"/facts/{fact}", "code": code}])
