"""The dossier of a case: items in volumes, each with every version it ever had. Pure."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from services.kernel.errors import Unfounded
from services.kernel.procedure import ANEW, Office, Procedure, Remark, State
from services.kernel.record import Head, TakeStep
from services.kernel.record import State as CaseState
from services.kernel.transition import new_id
from services.kernel.who import Organ, organ_of

#: Ours: the law names nobody who writes the register.
RECORDER = Office(Organ.HANDLING_ORGAN, "record", "承办人员")


class DossierRecord(Procedure):
    """卷宗登记"""

    id = "R04"
    name = "dossier_record"
    zh = "卷宗登记"
    kept_by = "evidence"
    line = "case"
    in_force = date(2018, 10, 26)

    opened = State("已建卷", initial=True)

    open = RECORDER.may("建立卷宗", at=ANEW, to=opened, ids="R04.01", cite=())
    add_item = RECORDER.may("登记卷宗材料", at=opened, to=opened, ids="R04.02", cite=())
    add_version = RECORDER.may("登记卷宗材料的新版本", at=opened, to=opened, ids="R04.03", cite=())

    no_statute = Remark("卷宗材料的登记", why="登记是本系统记录的开端，不是法律上的步骤")


def opened(head: Head, command: TakeStep, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The organs that share the dossier. Whoever opens it controls it.

    Raises: Unfounded for an organ whose id names none.
    """
    organs: dict[str, str] = {}
    for organ_id in command.facts.get("organs", []):
        organs[organ_named(organ_id, "/organs").value] = str(organ_id)
    return {
        "organs": {**organs, **body.get("organs", {})},
        "control": {head.case_id: command.actor.organ_id},
    }


def item_added(head: Head, command: TakeStep, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The item that comes into being, with its first version."""
    facts = command.facts
    item = {
        "kind": "dossier_item",
        "volume": facts["volume"],
        "title": facts["title"],
        "of_kind": facts["kind"],
        "versions": [_version(1, command)],
    }
    return {"created": {new_id("dit"): item}}


def version_added(head: Head, command: TakeStep, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The version that follows the last one. Raises: Unfounded for an item that is not in this dossier."""
    item = subject(head.state, command.facts["item_id"], "dossier_item", "/item_id")
    return {"version_added": {command.facts["item_id"]: _version(len(item["versions"]) + 1, command)}}


def fold(state: CaseState, body: Mapping[str, Any]) -> None:
    """Put a version behind those before it."""
    subjects = dict(state["subjects"])
    for item_id, version in body["version_added"].items():
        subjects[item_id] = {**subjects[item_id], "versions": [*subjects[item_id]["versions"], version]}
    state["subjects"] = subjects


def subject(state: CaseState, thing_id: str, kind: str, pointer: str) -> dict[str, Any]:
    """A thing of this case. Raises: Unfounded."""
    found: dict[str, Any] | None = state.get("subjects", {}).get(thing_id)
    if found is None or found["kind"] != kind:
        raise Unfounded(
            "所指的材料、财物或者移送包不在本案记录之内。",
            f"no {kind} of this case has this id",
            errors=[{"pointer": pointer, "code": "not_in_case"}],
        )
    return found


def organ_named(organ_id: str, pointer: str) -> Organ:
    """The organ that an id names. Raises: Unfounded."""
    organ = organ_of(organ_id)
    if organ is None:
        raise Unfounded(
            "所列机关的代码不成立。",
            "an organ's id names no organ",
            errors=[{"pointer": pointer, "code": "no_such_organ"}],
        )
    return organ


def _version(number: int, command: TakeStep) -> dict[str, Any]:
    facts = command.facts
    told = {
        name: facts[name] for name in ("media_type", "pages", "size", "digest", "sm3", "provenance") if name in facts
    }
    return {"version": number, **told, "organ": command.actor.organ_id}
