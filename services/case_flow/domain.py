"""What case_flow adds to the law: opening a case, and registering the persons in it. Pure."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from services.kernel.errors import Unfounded
from services.kernel.procedure import ANEW, Procedure, Remark, State
from services.kernel.record import Head, TakeStep
from services.kernel.record import State as CaseState
from services.kernel.transition import new_id
from services.kernel.who import Organ, organ_of
from services.law import CODE
from services.law.offices import OFFICER


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

    no_statute = Remark("案件和人员的登记", why="登记是本系统记录的开端，不是法律上的步骤")


class CaseFlow:
    """The domain of this service."""

    service = "case_flow"
    code = CODE.extended(CaseRecord)
    opening = frozenset({CaseRecord.open.type})

    def outcome(self, head: Head, command: TakeStep, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """The organs that share a new case; the person who is registered.

        Raises: Unfounded for an organ whose id names none.
        """
        match command.type:
            case CaseRecord.open.type:
                return {"organs": {**_organs(command.facts.get("organs", {})), **body.get("organs", {})}}
            case CaseRecord.add_person.type:
                person = {"kind": "person", "label": str(command.facts.get("label", "")), "flags": _flags(command)}
                return {"created": {new_id("per"): person}}
            case _:
                return {}

    def fold(self, state: CaseState, body: Mapping[str, Any]) -> None:
        """Nothing beyond what every record has."""


def _flags(command: TakeStep) -> list[str]:
    flags = command.facts.get("flags", [])
    return [str(flag) for flag in flags] if isinstance(flags, list) else []


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
