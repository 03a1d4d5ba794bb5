"""Invariants that are limits of the law: what is late, overdue or unknown there is their breach, and found once. Pure."""

from collections.abc import Iterator
from dataclasses import replace

from services.coordinator.domain.finding import Finding
from services.coordinator.domain.invariants.case import Case, Rule
from services.law import CODE


def in_time(kind: str, zh: str, limits: str, *, severity: str, repair: str) -> Rule:
    """The rule that these limits are kept; it says what they found in the place of the limits themselves.

    Raises: AssertionError for a name that the law does not have.
    """
    names = frozenset(limits.split())
    assert names <= CODE.limits.keys(), f"no limits of the law: {names - CODE.limits.keys()}"

    def rule(case: Case) -> Iterator[Finding]:
        for name in names & case.broken.keys():
            told = "；".join(filter(None, (repair, CODE.limits[name].on_expiry)))
            for finding in case.broken[name]:
                yield replace(finding, kind=kind, limit=name, severity=severity, repair=told)

    rule.__doc__ = f"{kind} {zh}"
    REPLACED.update(dict.fromkeys(names, kind))
    return rule


#: The invariant in whose name the breach of a limit is found, by the name of the limit.
REPLACED: dict[str, str] = {}

goods_are_kept = in_time(
    "INV-14",
    "查扣的财物二十四小时以内移交保管或者登记。",
    "property_handover_to_custodian property_register_sealed_frozen procuratorate_seized_deposit",
    severity="high",
    repair="立即移交保管、登记，并说明逾期的原因",
)
unrelated_goods_are_released = in_time(
    "INV-16",
    "查明与案件无关的财物三日以内解除、退还。",
    "irrelevant_property_release",
    severity="high",
    repair="立即解除并退还；告知财物所有人可以申诉、控告",
)
supervision_is_told = in_time(
    "INV-49",
    "羁押期限的变更十日以内通知刑事执行检察部门。",
    "custody_change_internal_notice",
    severity="medium",
    repair="立即书面通知负责刑事执行检察的部门",
)
