"""Property in a case: what was taken, who controls it, and where it is. Pure.

Control and whereabouts are separate facts: goods stay where they are while control moves, and control moves only by a
package that two organs have signed.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from services.evidence.domain.dossiers import RECORDER
from services.evidence.domain.packages import HANDED_OVER_BY, package_of
from services.kernel.code import Rule
from services.kernel.errors import OutOfOrder, Refused, SealedPackage, WrongOrgan
from services.kernel.procedure import Procedure, State
from services.kernel.record import Head, TakeStep
from services.kernel.record import State as CaseState
from services.kernel.transition import new_id
from services.kernel.who import Actor, organ_of
from services.law.statutes import CPL, MPS

_WHEREABOUTS = ("location", "custodian")


class PropertyRecord(Procedure):
    """涉案财物登记"""

    id = "R05"
    name = "property_record"
    zh = "涉案财物登记"
    kept_by = "evidence"
    line = "case"
    in_force = date(2018, 10, 26)

    kept = State("已建台账", initial=True)

    # 凭证与 P25.T01 相同：没有决定书和清单，财物不得进入记录
    register = RECORDER.may(
        "登记涉案财物",
        at=kept,
        to=kept,
        ids="R05.01",
        needs="扣押决定书/查封决定书/协助冻结财产通知书/扣押/解除扣押邮件、电报通知书、"
        "扣押清单/查封/解除查封清单/登记保存清单、[协助查封/解除查封通知书]、[涉案财物入库（移交）登记单]",
        cite=(CPL[142], MPS[228], MPS[230]),
    )


def registered(head: Head, command: TakeStep, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The item that comes into being, under the control of the organ that took it."""
    item_id = new_id("itm")
    facts = {name: value for name, value in command.facts.items() if name not in _WHEREABOUTS}
    return {
        "created": {item_id: {"kind": "item", "facts": facts}},
        "control": {item_id: command.actor.organ_id},
        "whereabouts": {item_id: _whereabouts(command)},
    }


def moved(head: Head, command: TakeStep, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Where the goods are after a step of the law."""
    now = _whereabouts(command)
    return {"whereabouts": dict.fromkeys(body["subjects"], now)} if now else {}


def hindrance(state: CaseState, rule: Rule, item_id: str, actor: Actor) -> Refused | None:
    """Why this actor may not take a step on a piece of property just now, if so.

    A hand-over is taken by no side alone; goods on their way to another organ, or controlled by another organ of the
    same kind, stay as they are.
    """
    if rule.type in HANDED_OVER_BY.values():
        return OutOfOrder(
            "涉案财物的移送须经移送包由双方办理：先封装、移送，由接收机关清点接收。",
            "property changes hands by a package that both organs sign",
            law_ref=rule.law_ref,
            cure="以“拟移送”列明该财物，封装后移送；接收机关接收时，本步骤随之记录。",
            available=["package_handover:seal", "package_handover:offer", "package_handover:accept"],
        )
    holding = package_of(state, item_id)
    if holding:
        return SealedPackage(
            "该财物已列入封装的移送包，接收、退回或者撤回之前不得处置。",
            "the item is on the list of a sealed package",
            cure="先由接收机关接收或者退回，或者由移送机关撤回。",
            params={"package_id": holding},
        )
    control = state["control"][item_id]
    if organ_of(control) == actor.organ and control != actor.organ_id:
        return WrongOrgan("该财物由另一同类机关控制。", "another organ of this kind controls the item")
    return None


def _whereabouts(command: TakeStep) -> dict[str, str]:
    return {name: str(command.facts[name]) for name in _WHEREABOUTS if command.facts.get(name)}
