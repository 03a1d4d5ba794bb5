"""What evidence adds to the law: the dossier, the register of property, and what the packages hold. Pure."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from services.evidence.domain import dossiers, packages, properties
from services.evidence.domain.dossiers import DossierRecord
from services.evidence.domain.packages import PackageRecord
from services.evidence.domain.properties import PropertyRecord
from services.kernel.code import Rule
from services.kernel.errors import Refused
from services.kernel.record import Head, TakeStep
from services.kernel.record import State as CaseState
from services.kernel.who import Actor
from services.law import CODE

Outcome: TypeAlias = Callable[[Head, TakeStep, Mapping[str, Any]], Mapping[str, Any]]

_OUTCOMES: Mapping[str, Outcome] = {
    DossierRecord.open.type: dossiers.opened,
    DossierRecord.add_item.type: dossiers.item_added,
    DossierRecord.add_version.type: dossiers.version_added,
    PropertyRecord.register.type: properties.registered,
    PackageRecord.draft.type: packages.drafted,
    PackageRecord.revise.type: packages.revised,
    "package_handover:seal": packages.sealed,
    "package_handover:reseal": packages.sealed,
    "package_handover:offer": packages.offered,
    "package_handover:inspect": packages.inspected,
    "package_handover:accept": packages.accepted,
    "package_handover:accept_with_reservations": packages.accepted,
    "package_handover:return": packages.returned,
    "package_handover:withdraw": packages.ended,
    "package_handover:expire": packages.ended,
}


class Evidence:
    """The domain of this service."""

    service = "evidence"
    code = CODE.extended(DossierRecord, PropertyRecord, PackageRecord)
    opening = frozenset({DossierRecord.open.type})

    def hindrance(self, head: Head, rule: Rule, subject: str, actor: Actor) -> Refused | None:
        """Goods on a sealed list, or in another organ's control; a package whose goods may not leave."""
        match rule.line:
            case "item":
                return properties.hindrance(head.state, rule, subject, actor)
            case "package":
                return packages.hindrance(head, rule, subject)
            case _:
                return None

    def outcome(self, head: Head, command: TakeStep, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """What a row says beyond its moves: what came into being, who controls what, and the receipt.

        Raises: Unfounded, WrongOrgan, PapersMissing, DigestMismatch, SealedPackage.
        """
        outcome = _OUTCOMES.get(command.type, properties.moved)
        return outcome(head, command, body)

    def fold(self, state: CaseState, body: Mapping[str, Any]) -> None:
        """Control and whereabouts of the goods, versions of the dossier, lists and receipts of the packages."""
        if "control" in body:
            state["control"] = {**state.get("control", {}), **body["control"]}
        if "whereabouts" in body:
            was = state.get("whereabouts", {})
            state["whereabouts"] = {
                **was,
                **{item: {**was.get(item, {}), **at} for item, at in body["whereabouts"].items()},
            }
        if "version_added" in body:
            dossiers.fold(state, body)
        packages.fold(state, body)


assert _OUTCOMES.keys() <= Evidence.code.rules.keys(), "an outcome of a step that the law does not have"
