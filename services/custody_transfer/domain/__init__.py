"""What custody_transfer adds to the law: the custody itself, the titles to hold in it, passes, slots and cells. Pure."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from services.custody_transfer.domain import certificate, slots
from services.custody_transfer.domain.titles import title
from services.kernel.code import Rule
from services.kernel.errors import OutOfOrder, Refused, Unfounded
from services.kernel.procedure import ANEW, Procedure, Remark, State
from services.kernel.record import Head, TakeStep
from services.kernel.record import State as CaseState
from services.kernel.transition import new_id
from services.kernel.who import HANDLING, Actor, organ_of
from services.law import CODE
from services.law.custody_handover import CustodyHandover
from services.law.custody_sealing import CustodySealing
from services.law.offices import INTAKE, ORGAN_IN_CHARGE
from services.law.placement import Placement
from services.law.statutes import KSS


class CustodyAdmission(Procedure):
    """收押"""

    id = "R02"
    name = "custody_admission"
    zh = "收押登记"
    kept_by = "custody_transfer"
    line = "case"
    in_force = date(2018, 10, 26)

    opened = State("已建档", initial=True)

    admit = INTAKE.may(
        "收押登记",
        at=ANEW | opened,
        to=opened,
        ids="R02.01",
        needs="拘留证/逮捕证/逮捕决定书（法院）/逮捕决定书（检察）/执行通知书、[入所健康检查表]",
        tells="[性别、出生日期、健康状况、不宜收押情形]",
        cite=(KSS[9], KSS[10]),
    )

    no_statute = Remark("收押登记的形式", why="看守所条例规定凭证收押，登记的栏目由本系统确定", cite=KSS[9])


class CustodyTitle(Procedure):
    """羁押依据"""

    id = "R03"
    name = "custody_title"
    zh = "羁押依据"
    kept_by = "custody_transfer"
    line = "custody"
    in_force = date(2018, 10, 26)

    holding = State("有羁押依据", initial=True)

    add = ORGAN_IN_CHARGE.may(
        "登记新的羁押依据",
        at=holding,
        to=holding,
        ids="R03.01",
        needs="逮捕证/逮捕决定书（法院）/逮捕决定书（检察）/延长拘留期限通知书/刑事判决书（一审）/刑事判决书（二审）"
        "/刑事裁定书（驳回上诉、抗诉，维持原判）/执行通知书/变更羁押期限通知书",
        cite=KSS[15],
    )


#: What is said of a person when they are taken in, and kept with their custody.
_OF_PERSON = ("sex", "born_on", "health", "unfit")
_RELEASES = frozenset(step.type for step in CustodyHandover.steps() if step.to is CustodyHandover.ended)


class CustodyTransfer:
    """The domain of this service."""

    service = "custody_transfer"
    code = CODE.extended(CustodyAdmission, CustodyTitle)
    opening = frozenset({CustodyAdmission.admit.type})

    def hindrance(self, head: Head, rule: Rule, subject: str, actor: Actor) -> Refused | None:
        """Nothing is done any more with a custody that has ended; its record is sealed, and read, all the same."""
        if rule.procedure != CustodySealing.name and head.state.get("subjects", {}).get(subject, {}).get("ended"):
            return OutOfOrder("羁押已经结束。", "this custody has ended", law_ref=rule.law_ref)
        return None

    def outcome(self, head: Head, command: TakeStep, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """The custody that begins, and the titles that this step brings, each with the proof of its end.

        Raises: Unfounded for a title that the law does not know, and for a hand-over to nobody or to oneself.
        """
        certificate.check_words(self.code.rules[command.type], command)
        if command.type == CustodyAdmission.admit.type:
            return self._admit(head, command, body)
        for custody in body["subjects"]:
            if body.get("handover") == "offer" and (
                organ_of(command.to_organ) not in HANDLING or command.to_organ == head.state["holder"][custody]
            ):
                raise Unfounded(
                    "换押须写明另一办案机关（to_organ）。",
                    "a hand-over names another organ that handles cases",
                    law_ref=str(body["law_ref"]),
                    errors=[{"pointer": "/to_organ", "code": "not_receiver"}],
                )
        found: dict[str, Any] = {}
        if claims := certificate.numbers(head, body):
            found["claims"] = claims
        if issued := slots.passes(command, body):
            found["passes"] = dict.fromkeys(body["subjects"], issued)
        written = {custody: slots.slots(head, command, body, custody) for custody in body["subjects"]}
        if any(written.values()):
            found["slots"] = written
        given = command.facts.get("title")
        if given is not None or command.type == CustodyTitle.add.type:
            found["titles"] = {custody: self._title(head, given, body, custody) for custody in body["subjects"]}
        return found

    def _title(self, head: Head, given: Any, body: Mapping[str, Any], custody: str) -> Mapping[str, Any]:
        """A further title: of the organ that takes the person over, else of the one that holds them."""
        before = head.state.get("titles", {}).get(custody, [])
        return title(
            self.code,
            given,
            body,
            holder=body["organ"] if body.get("handover") == "accept" else head.state["holder"][custody],
            held_since=before[0]["from"] if before else "",
        )

    def _admit(self, head: Head, command: TakeStep, body: Mapping[str, Any]) -> Mapping[str, Any]:
        person, holder = command.facts.get("person_id"), command.facts.get("holder")
        if not isinstance(person, str) or not isinstance(holder, str) or organ_of(holder) not in HANDLING:
            raise Unfounded(
                "收押登记须写明被羁押人（person_id）和办案机关（holder）。",
                "admission must name the person and the organ that holds",
                errors=[{"pointer": "/facts", "code": "person_or_holder_missing"}],
            )
        held = [
            custody
            for custody, what in head.state.get("subjects", {}).items()
            if what.get("person") == person and not what.get("ended")
        ]
        if held:
            raise OutOfOrder(
                "此人在本案中已被羁押，不能重复收押。",
                "this person is already held in this case",
                law_ref=str(body["law_ref"]),
            )
        custody = new_id("cus")
        organ = organ_of(holder)
        assert organ is not None, "checked above"
        told = {name: command.facts[name] for name in _OF_PERSON if name in command.facts}
        return {
            "created": {custody: {"kind": "custody", "person": person, "center": command.actor.organ_id, **told}},
            "holders": {custody: holder},
            "organs": {**body.get("organs", {}), organ.value: holder},
            "titles": {custody: title(self.code, command.facts.get("title"), body, holder=holder)},
        }

    def fold(self, state: CaseState, body: Mapping[str, Any]) -> None:
        """Titles, holders and ended custodies of the case. A changed end is in force once the centre has received it."""
        if "holders" in body:
            state["holder"] = {**state.get("holder", {}), **body["holders"]}
        titles, pending = dict(state.get("titles", {})), dict(state.get("pending", {}))
        for custody, added in body.get("titles", {}).items():
            if body["type"] == CustodyHandover.notice_change.type:
                pending[custody] = added
            else:
                titles[custody] = [*titles.get(custody, []), added]
        if body["type"] == CustodyHandover.confirm_change.type:
            for custody in body["subjects"]:
                if custody in pending:
                    titles[custody] = [*titles.get(custody, []), pending.pop(custody)]
        if body["type"] in _RELEASES:
            subjects = dict(state["subjects"])
            for custody in body["subjects"]:
                subjects[custody] = {**subjects[custody], "ended": body["occurred_at"]}
            state["subjects"] = subjects
        state["titles"], state["pending"] = titles, pending
        slots.fold(state, body)
        _fold_placement(state, body)


def _fold_placement(state: CaseState, body: Mapping[str, Any]) -> None:
    """Where each person is held, how they are, and from whom they are to be kept apart, as last said."""
    name, keys = _PLACEMENT.get(body["type"], ("", ()))
    if not name:
        return
    told = {key: body["facts"][key] for key in keys if key in body["facts"]}
    state[name] = {**state.get(name, {}), **dict.fromkeys(body["subjects"], told)}


#: What the steps of placement leave in the state: under which name, and which of their facts.
_PLACEMENT: Mapping[str, tuple[str, tuple[str, ...]]] = {
    Placement.place.type: ("cells", ("cell", "sex", "adult", "convicted")),
    Placement.check_health.type: ("health", ("health", "unfit")),
    Placement.hold_apart.type: ("apart", ("apart_from",)),
}
