"""What may be done now, and what stands in the way of the rest. Pure.

Asks what `record.decide` asks and knows no rule of its own: what is offered here is accepted there with its papers, and
what is refused there is refused here in the same words.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from typing import Any

from services.kernel.code import Code, Rule
from services.kernel.errors import NotFound, Refused
from services.kernel.period import local_date
from services.kernel.policy import Policy
from services.kernel.record import Domain, Head, Obstacle, edition_of, hurdle, stands, stranger, subjects_of_kind
from services.kernel.who import Actor


def available(
    head: Head, actor: Actor, *, domain: Domain, policy: Policy, at: datetime, only: str = ""
) -> list[dict[str, Any]]:
    """Every step that this actor may take now, its subjects (or only one), the papers it needs, the limits it meets.

    Raises: NotFound where the case is not for this actor's eyes.
    """
    found: dict[tuple[str, str], dict[str, Any]] = {}
    limits = limits_met(domain.code)
    for rule, subject, unknown in _choices(head, actor, domain=domain, policy=policy, at=at, only=only):
        if not (
            unknown or stranger(head.state, rule, subject, actor, policy) or hurdle(head, domain, rule, subject, actor)
        ):
            item = found.get((rule.type, rule.edition))
            if item is not None:
                item["subjects"].append(subject)
                continue
            found[rule.type, rule.edition] = {
                "type": rule.type,
                "zh": rule.zh,
                "office": rule.office_zh,
                "subjects": [subject],
                "needs": [list(group) for group in rule.papers.groups],
                "may_come_along": sorted(rule.papers.optional),
                "tells": [fact.key for fact in rule.tells.required],
                "may_tell": [fact.key for fact in rule.tells.optional],
                "law_ref": rule.law_ref,
                "limits": limits.get(rule.type, []),
            }
    return list(found.values())


def unmet(
    head: Head, actor: Actor, *, domain: Domain, policy: Policy, at: datetime, only: str = ""
) -> list[dict[str, Any]]:
    """Every step of a line that has begun, or could begin now, that this actor may not take: the refusal it would get.

    `ready` says that nothing but the actor stands in the way: somebody else may take it now.
    Raises: NotFound where the case is not for this actor's eyes.
    """
    found: dict[tuple[str, str, str], dict[str, Any]] = {}
    begins = _begins(domain.code)
    for rule, subject, unknown in _choices(head, actor, domain=domain, policy=policy, at=at, only=only):
        begun = rule.procedure in head.state.get("lines", {}).get(subject, {})
        standing = stands(head, domain.code.lines[rule.procedure], subject)
        if not begun and standing.isdisjoint(begins[rule.procedure]):
            continue
        away = unknown or hurdle(head, domain, rule, subject, actor)
        obstacle = unknown or stranger(head.state, rule, subject, actor, policy) or away
        if obstacle is not None:
            refusal = obstacle()
            entry = found.setdefault((rule.type, refusal.code, refusal.zh), _entry(rule, refusal))
            entry["subjects"].append(subject)
            entry["ready"] = entry["ready"] or away is None
    return list(found.values())


def _choices(
    head: Head, actor: Actor, *, domain: Domain, policy: Policy, at: datetime, only: str
) -> Iterator[tuple[Rule, str, Obstacle | None]]:
    if not policy.may_see(actor, head.state):
        raise NotFound("没有此案，或者不在本机关可见范围内。", "no such case, or not for this organ's eyes")
    day = local_date(at)
    subjects: dict[str, list[str]] = {}
    for newest in domain.code.kept_by(domain.service):
        if newest.line not in subjects:
            subjects[newest.line] = [each for each in subjects_of_kind(head, newest.line) if only in {"", each}]
        several = domain.code.lines[newest.procedure].editions
        for subject in subjects[newest.line]:
            rule, unknown = edition_of(head, domain.code, newest, subject, day) if several else (newest, None)
            yield rule, subject, unknown


def _entry(rule: Rule, refusal: Refused) -> dict[str, Any]:
    return {
        "type": rule.type,
        "zh": rule.zh,
        "office": rule.office_zh,
        "subjects": [],
        "code": refusal.code,
        "detail": refusal.zh,
        "detail_en": refusal.en,
        "law_ref": refusal.law_ref or rule.law_ref,
        "cure": refusal.cure,
        "available": refusal.available,
        "ready": False,
    }


@cache
def _begins(code: Code) -> Mapping[str, frozenset[str]]:
    """By procedure, every state at which one of its steps begins."""
    found: dict[str, set[str]] = {}
    for rule in code.rules.values():
        found.setdefault(rule.procedure, set()).update(rule.at)
    return {procedure: frozenset(states) for procedure, states in found.items()}


@cache
def limits_met(code: Code) -> Mapping[str, list[dict[str, str]]]:
    """By step, the limits of the law that taking it meets. When they end in a case, the coordinator's forecast says."""
    found: dict[str, list[dict[str, str]]] = {}
    for limit in code.limits.values():
        cite = limit.cite if isinstance(limit.cite, tuple) else (limit.cite,)
        told = {
            "limit": limit.name,
            "zh": limit.zh,
            "voice": limit.voice,
            "period": limit.period.iso if limit.period else "",
            "law_ref": "、".join(citation.zh for citation in cite),
        }
        for step in dict.fromkeys(code.types(limit.by)):
            found.setdefault(step, []).append(told)
    return found
