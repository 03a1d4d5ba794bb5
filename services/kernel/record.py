"""The record of one case in one service, and the decision whether a step may be taken.

`decide` is a pure function of record, command and time; `fold` is the only thing that changes a state, and reads nothing
but the row, so that any view can be dropped and replayed under any later law. Knows no procedure, no database, no HTTP.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any, Protocol, TypeAlias

from services.kernel.code import Code, Line, Rule
from services.kernel.errors import (
    FactsMissing,
    Malformed,
    NotFound,
    OutOfOrder,
    PapersMissing,
    Refused,
    Stale,
    TimeInFuture,
    Unfounded,
    UnknownStep,
    UsedUp,
    WrongOrgan,
)
from services.kernel.facts import KINDS
from services.kernel.passage import not_here
from services.kernel.period import local_date, read_moment
from services.kernel.policy import Policy
from services.kernel.procedure import STAY
from services.kernel.seal import permitted
from services.kernel.transition import Links, encode, instant, new_id
from services.kernel.who import HANDLING, Actor, Organ, organ_of

#: How far an organ's clock may run ahead of ours before its act counts as one of the future. Ours, not the law's.
SKEW = timedelta(seconds=10)

State = dict[str, Any]
#: Why a step may not be taken; the words are made only where somebody is told.
Obstacle: TypeAlias = Callable[[], Refused]
#: Where a line's edition stands in the state, for procedures that have several: [state, decided by, edition].
_EDITION = 2


@dataclass(frozen=True, slots=True)
class Head:
    """A case as one service has it: the state after `version` rows, and the chain links after the last of them.

    `case_id` is also the subject of the lines that belong to the whole case.
    """

    case_id: str
    version: int = 0
    state: State = field(default_factory=dict)
    links: Links = field(default_factory=Links)


@dataclass(frozen=True, slots=True)
class TakeStep:
    """One step asked for. `version` is the If-Match the caller decided on, None where a case is being opened.

    `documents` are papers handed in with the step, `known` papers of the case referred to by id (id → kind), filled
    in by the repository. `occurred` is the organ's word for when, as written; empty means now. `private` never
    leaves the service: only its digest goes into the row.
    """

    case_id: str
    type: str
    actor: Actor
    key: str
    fingerprint: str
    version: int | None = None
    subjects: tuple[str, ...] = ()
    documents: tuple[Mapping[str, Any], ...] = ()
    document_ids: tuple[str, ...] = ()
    known: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    private: Mapping[str, Any] | None = None
    occurred: str = ""
    reason: str = ""
    to_organ: str = ""
    inferred: bool = False
    #: What comes with persons who arrive from another case. Made by their leaving row, never asked for.
    passage: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A row ready to be written: the text, the head after it, and what the log indexes."""

    head: Head
    text: str
    body: Mapping[str, Any]
    command: TakeStep
    private: str | None = None


class Domain(Protocol):
    """What a service adds to the law: its record-keeping procedures, their outcome, and its own part of the state."""

    service: str
    code: Code
    #: The steps that may be the first row of a case in this service.
    opening: frozenset[str]

    def hindrance(self, head: Head, rule: Rule, subject: str, actor: Actor) -> Refused | None:
        """What the service's own part of the record has against a step, whatever is handed in with it. Pure."""
        ...

    def outcome(self, head: Head, command: TakeStep, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """What the row says beyond the moves, such as subjects that come into being. Pure.

        Raises: Refused.
        """
        ...

    def fold(self, state: State, body: Mapping[str, Any]) -> None:
        """Bring the service's own part of a state up to one more row."""
        ...


def decide(head: Head, command: TakeStep, *, domain: Domain, policy: Policy, at: datetime) -> Entry:
    """The row that this command writes.

    Raises: Refused, in the order of CONVENTIONS: what may not be seen is not found, then office, version, then the law.
    """
    state, code = head.state, domain.code
    if not policy.may_see(command.actor, state) or not (state or command.type in domain.opening):
        raise NotFound("没有此案，或者不在本机关可见范围内。", "no such case, or not for this organ's eyes")
    rule = code.rules.get(command.type)
    if rule is None or rule.kept_by != domain.service:
        raise UnknownStep(
            f"没有名为“{command.type}”的步骤，或者由其他服务记录。",
            f"no step {command.type} here",
            params={"step": command.type},
        )
    subjects = _subjects(head, command, rule)
    rule = _under(head, code, rule, subjects, command, at)
    for subject in subjects if command.passage is None else ():
        _mind(stranger(state, rule, subject, command.actor, policy))
    if command.version is not None and command.version != head.version:
        raise Stale(
            f"案件已变动，现为第{head.version}版；请重新读取后再办理。",
            f"the case is at version {head.version}",
            params={"current_version": f"v{head.version}"},
        )
    occurred, day = _occurred(command, at)
    moves = [move for subject in subjects for move in _begins(head, domain, rule, subject, command.actor, day)]
    _papers(code, rule, command)
    _facts(rule, command)
    organs = _organs(state, command)
    recorded = max(instant(at), state.get("at", ""))
    body: dict[str, Any] = {
        "id": new_id("trn"),
        "case_id": head.case_id,
        "service": domain.service,
        "seq": head.version + 1,
        "type": rule.type,
        "zh": rule.zh,
        "subjects": list(subjects),
        "moves": moves,
        "organ": command.actor.organ_id,
        "office": rule.office,
        "officer": command.actor.officer,
        "client": command.actor.client,
        "occurred_at": occurred,
        "recorded_at": recorded,
        "documents": [{"id": new_id("doc"), **paper} for paper in command.documents],
        "document_ids": list(command.document_ids),
        "facts": dict(command.facts),
        "law_ref": rule.law_ref,
        "basis": list(rule.refs),
        "idempotency_key": command.key,
    }
    if command.to_organ:
        body["to_organ"] = command.to_organ
    if organs:
        body["organs"] = organs
    if rule.hands_to:
        body["in_charge"] = rule.hands_to.value
    if rule.handover:
        body["handover"] = rule.handover
    if rule.at_most:
        body["counted"] = True
    if command.reason:
        body["reason"] = command.reason
    if command.inferred:
        body["inferred"] = True
    private = encode(command.private) if command.private else None
    if private is not None:
        body["private_digest"] = f"sm3:{Links().after(private).sm3.hex()}"
    body.update(domain.outcome(head, command, body))
    text = encode(body)
    return Entry(
        Head(head.case_id, head.version + 1, fold(state, body, domain), head.links.after(text)),
        text,
        body,
        command,
        private,
    )


def fold(state: State, body: Mapping[str, Any], domain: Domain) -> State:
    """The state after one more row. Reads nothing but the row; the state given is left as it was."""
    after: State = {**state, "at": body["recorded_at"]}
    lines = dict(after.get("lines", {}))
    for move in body["moves"]:
        was = lines.get(move["subject"], {})
        by = body["organ"] if move.get("decides") else was.get(move["procedure"], (None, ""))[1]
        stands = [move["to"], by, move["edition"]] if "edition" in move else [move["to"], by]
        lines[move["subject"]] = {**was, move["procedure"]: stands}
    after["lines"] = lines
    if "organs" in body:
        after["organs"] = {**after.get("organs", {}), **body["organs"]}
        seen = after.get("seen_by", [])
        after["seen_by"] = [*seen, *(organ for organ in body["organs"].values() if organ not in seen)]
    if "in_charge" in body:
        after["in_charge"] = {**after.get("in_charge", {}), **dict.fromkeys(body["subjects"], body["in_charge"])}
    if "counted" in body:
        counts = dict(after.get("counts", {}))
        for subject in body["subjects"]:
            mine = counts.get(subject, {})
            counts[subject] = {**mine, body["type"]: mine.get(body["type"], 0) + 1}
        after["counts"] = counts
    if "created" in body:
        after["subjects"] = {**after.get("subjects", {}), **body["created"]}
        sent = {subject: what["receiver"] for subject, what in body["created"].items() if "receiver" in what}
        if sent:
            after["receiver"] = {**after.get("receiver", {}), **sent}
    match body.get("handover"):
        case "offer":
            after["receiver"] = {
                **after.get("receiver", {}),
                **dict.fromkeys(body["subjects"], body.get("to_organ", "")),
            }
        case "accept":
            receiver = after.get("receiver", {})
            taken = {subject: receiver.get(subject, body["organ"]) for subject in body["subjects"]}
            after["holder"] = {**after.get("holder", {}), **taken}
            after["receiver"] = {subject: organ for subject, organ in receiver.items() if subject not in taken}
        case "return" | "withdraw":
            receiver = after.get("receiver", {})
            after["receiver"] = {
                subject: organ for subject, organ in receiver.items() if subject not in body["subjects"]
            }
    seals = domain.code.seals
    if closed := [move["subject"] for move in body["moves"] if move["to"] in seals.get(move["procedure"], ())]:
        after["sealed"] = {**after.get("sealed", {}), **dict.fromkeys(closed, body["id"])}
    if body["type"] in domain.code.permits:
        after["permits"] = permitted(state, body)
    domain.fold(after, body)
    return after


def subjects_of_kind(head: Head, kind: str) -> list[str]:
    """What a step on a line of this kind may be taken for."""
    if kind == "case":
        return [head.case_id]
    return [subject for subject, what in head.state.get("subjects", {}).items() if what["kind"] == kind]


def _subjects(head: Head, command: TakeStep, rule: Rule) -> tuple[str, ...]:
    known = subjects_of_kind(head, rule.line)
    if rule.line == "case":
        return (head.case_id,)
    for subject in command.subjects:
        if subject not in known:
            raise not_here(head.state, subject)
    if command.subjects or known:
        return tuple(dict.fromkeys(command.subjects or known))  # named twice is one
    raise Unfounded(
        f"本案尚未登记可以“{rule.zh}”的对象。",
        f"the case holds nothing of kind {rule.line} yet",
        law_ref=rule.law_ref,
        errors=[{"pointer": "/subjects", "code": f"no_{rule.line}"}],
    )


def _allowed(state: State, rule: Rule, subject: str, actor: Actor, policy: Policy) -> bool:
    if rule.office not in policy.offices(actor.role):
        return False
    match rule.organ:
        case Organ.ORGAN_IN_CHARGE:
            holder = state.get("holder", {}).get(subject)
            if holder is not None:
                return bool(actor.organ_id == holder)
            return actor.organ in HANDLING and actor.organ == state.get("in_charge", {}).get(subject, Organ.POLICE)
        case Organ.DECIDING_ORGAN:
            decided = state.get("lines", {}).get(subject, {}).get(rule.procedure, (None, ""))[1]
            in_charge = state.get("in_charge", {}).get(subject, Organ.POLICE)
            return actor.organ in HANDLING and (actor.organ_id == decided or actor.organ == in_charge)
        case Organ.TRANSFERRING_ORGAN:
            return bool(actor.organ_id == state.get("holder", {}).get(subject))
        case Organ.RECEIVING_ORGAN:
            receiver = state.get("receiver", {}).get(subject)
            if receiver is not None:
                return bool(actor.organ_id == receiver)
            return actor.organ in HANDLING and actor.organ == state.get("in_charge", {}).get(subject, Organ.POLICE)
        case Organ.HANDLING_ORGAN:
            return actor.organ in HANDLING
        case Organ.CONCERNED_ORGAN:
            return actor.organ is not Organ.SYSTEM
        case Organ.SUPERVISED_ORGAN:
            return bool(actor.organ_id == state.get("receiver", {}).get(subject))
        case organ:
            return actor.organ == organ


def _mind(obstacle: Obstacle | None) -> None:
    if obstacle is not None:
        raise obstacle()


def stranger(state: State, rule: Rule, subject: str, actor: Actor, policy: Policy) -> Obstacle | None:
    """Whether the step belongs to another organ or office."""
    return None if _allowed(state, rule, subject, actor, policy) else partial(_not_theirs, rule)


def _not_theirs(rule: Rule) -> WrongOrgan:
    return WrongOrgan(
        f"“{rule.zh}”只能由{rule.organ.zh if rule.organ.zh in rule.office_zh else rule.organ.zh + '的' + rule.office_zh}办理。",
        f"only {rule.office} of {rule.organ.value} may take {rule.type}",
        law_ref=rule.law_ref,
        params={"organ": rule.organ.value, "office": rule.office},
    )


def away(head: Head, code: Code, rule: Rule, subject: str, standing: set[str]) -> Obstacle | None:
    """Whether the line stands elsewhere than where the step begins, or the step was taken as often as the law allows."""
    if standing.isdisjoint(rule.at):
        return partial(_out_of_order, head, code, rule, subject)
    return partial(_used_up, rule) if _is_used_up(head.state, rule, subject) else None


def hurdle(head: Head, domain: Domain, rule: Rule, subject: str, actor: Actor) -> Obstacle | None:
    """What is in the way of a step whoever's it is: where its line stands, or the service's own part of the record."""
    standing = stands(head, domain.code.lines[rule.procedure], subject)
    return away(head, domain.code, rule, subject, standing) or _own(head, domain, rule, subject, actor)


def _own(head: Head, domain: Domain, rule: Rule, subject: str, actor: Actor) -> Obstacle | None:
    refusal = domain.hindrance(head, rule, subject, actor)
    return None if refusal is None else lambda: refusal


def stands(head: Head, line: Line, subject: str) -> set[str]:
    """The states at which the line of a subject stands, for the purpose of the next step."""
    lines = head.state.get("lines", {})
    now = lines.get(subject, {}).get(line.name)
    if now is None:
        if line.opened:
            return {"anew"}
        if line.begins_at and lines.get(head.case_id, {}).get(line.begins_at[0], (None,))[0] != line.begins_at[1]:
            return {"anew"}
        return {"anew", line.initial}
    state: str = now[0]
    if state not in line.ends:
        return {state}
    return {state, "anew", line.initial} if line.again and not line.opened else {state, "anew"}


def _is_used_up(state: State, rule: Rule, subject: str) -> bool:
    return bool(rule.at_most) and state.get("counts", {}).get(subject, {}).get(rule.type, 0) >= (rule.at_most or 0)


def _begins(head: Head, domain: Domain, rule: Rule, subject: str, actor: Actor, day: date) -> Iterator[dict[str, Any]]:
    yield from moves_of(head, domain.code, rule, subject, day)
    _mind(_own(head, domain, rule, subject, actor))


def moves_of(head: Head, code: Code, rule: Rule, subject: str, day: date) -> Iterator[dict[str, Any]]:
    """Every line that a step of that day moves for one subject: its own, and those it carries, opens and ends.

    Raises: OutOfOrder, UsedUp.
    """
    standing = stands(head, code.lines[rule.procedure], subject)
    _mind(away(head, code, rule, subject, standing))
    yield _move(head, rule, subject, standing & set(rule.at))
    lines, carried_lines = head.state.get("lines", {}), set()
    for name in rule.carries:
        other = code.rules[name]
        for carried in subjects_of_kind(head, other.line) if other.line != rule.line else [subject]:
            ready = stands(head, code.lines[other.procedure], carried) & set(other.at) - {"anew"}
            if ready and lines.get(carried, {}).get(other.procedure):
                carried_lines.add(other.procedure)
                yield {**_move(head, other, carried, ready), "carried": True}
    for procedure, to in rule.opens:
        other_line = code.lines[procedure]
        edition = other_line.edition(day, None)
        for opened in subjects_of_kind(head, other_line.line) if other_line.line != rule.line else [subject]:
            move = {"subject": opened, "procedure": procedure, "to": to, "opened": True}
            yield {**move, "edition": edition} if edition else move
    for procedure, to in rule.ends:
        now = lines.get(subject, {}).get(procedure)
        if now and now[0] not in code.lines[procedure].ends and procedure not in carried_lines:
            yield {"subject": subject, "procedure": procedure, "from": now[0], "to": to, "ended": True}


def _move(head: Head, rule: Rule, subject: str, standing: set[str]) -> dict[str, Any]:
    now = head.state.get("lines", {}).get(subject, {}).get(rule.procedure, (None,))[0]
    origin = now if now in standing else min(standing, key=lambda state: state == "anew")
    move = {
        "subject": subject,
        "procedure": rule.procedure,
        "step": rule.type.partition(":")[2],
        "id": rule.at[origin],
        "from": now if origin == "anew" and now else origin,
        "to": origin if rule.to == STAY.name else rule.to,
    }
    if rule.decides:
        move["decides"] = True
    if rule.edition:
        move["edition"] = rule.edition
    return move


def _under(head: Head, code: Code, rule: Rule, subjects: Sequence[str], command: TakeStep, at: datetime) -> Rule:
    """The step as the edition has it that the lines of these subjects go by.

    Raises: UnknownStep where that edition has no such step; Unfounded where the subjects go by several.
    """
    line = code.lines[rule.procedure]
    if not line.editions:
        return rule
    _, day = _occurred(command, at)
    editions = {line.edition(day, _begun(head, line, subject)) for subject in subjects}
    if len(editions) > 1:
        raise Unfounded(
            f"所列人员的“{rule.procedure_zh}”适用不同时期的法律，须分别办理。",
            "the subjects go by different editions of the law: take the step for each by itself",
            law_ref=rule.law_ref,
            errors=[{"pointer": "/subjects", "code": "several_editions"}],
        )
    found, unknown = edition_of(head, code, rule, subjects[0], day)
    _mind(unknown)
    return found


def edition_of(head: Head, code: Code, rule: Rule, subject: str, day: date) -> tuple[Rule, Obstacle | None]:
    """The step as the edition has it that the line of a subject goes by; or that this edition has no such step."""
    line = code.lines[rule.procedure]
    if not line.editions:
        return rule, None
    edition = line.edition(day, _begun(head, line, subject))
    found = code.rule(rule.type, edition)
    return found or rule, None if found else partial(_not_of_edition, rule, edition)


def _not_of_edition(rule: Rule, edition: str) -> UnknownStep:
    return UnknownStep(
        f"本案“{rule.procedure_zh}”适用的法律没有“{rule.zh}”这一步骤。",
        f"the edition {edition} has no step {rule.type}",
        params={"step": rule.type, "edition": edition},
    )


def _begun(head: Head, line: Line, subject: str) -> str | None:
    """The edition under which an open line began; None where none is open."""
    now = head.state.get("lines", {}).get(subject, {}).get(line.name)
    if now is None or len(now) <= _EDITION or (line.again and now[0] in line.ends):
        return None
    edition: str = now[_EDITION]
    return edition


def _used_up(rule: Rule) -> UsedUp:
    return UsedUp(
        f"“{rule.zh}”以{rule.at_most}次为限，已经用尽。",
        f"{rule.type} may be taken {rule.at_most} times only",
        law_ref=rule.law_ref,
        params={"at_most": rule.at_most},
    )


def _out_of_order(head: Head, code: Code, rule: Rule, subject: str) -> OutOfOrder:
    line = code.lines[rule.procedure]
    now = head.state.get("lines", {}).get(subject, {}).get(rule.procedure)
    where = f"“{line.states_zh[now[0]]}”" if now else "尚未开始"
    wanted = "、".join(f"“{line.states_zh.get(state, '尚未开始')}”" for state in rule.at)
    standing = stands(head, line, subject)
    return OutOfOrder(
        f"{rule.procedure_zh}{'处于' if now else ''}{where}，“{rule.zh}”须在{wanted}时办理。",
        f"{rule.type} begins at {', '.join(rule.at)}; the line stands at {now[0] if now else 'nothing'}",
        law_ref=rule.law_ref,
        available=[
            other.type
            for other in code.rules.values()
            if other.procedure == rule.procedure and not standing.isdisjoint(other.at)
        ],
        params={"state": now[0] if now else None, "begins_at": list(rule.at)},
    )


def _papers(code: Code, rule: Rule, command: TakeStep) -> None:
    kinds = frozenset([*(paper["kind"] for paper in command.documents), *command.known.values()])
    errors: list[dict[str, Any]] = [
        {"pointer": "/document_ids", "code": "unknown_document"}
        for document_id in command.document_ids
        if document_id not in command.known
    ]
    unknown = [kind for kind in kinds if kind not in code.catalogue.by_id]
    errors += [{"pointer": "/documents", "code": "unknown_kind", "params": {"kind": kind}} for kind in unknown]
    if errors:
        raise Unfounded(
            "所附文书不在目录或者本案记录之内。", "a document is not in the catalogue or the case", errors=errors
        )
    missing = rule.papers.missing(kinds)
    if missing:
        names = "；".join("或者".join(code.catalogue.zh(kind) for kind in group) for group in missing)
        raise PapersMissing(
            f"“{rule.zh}”还缺少：{names}。",
            f"{rule.type} needs papers that were not handed in",
            law_ref=rule.law_ref,
            cure=f"补充{names}后再次提交。",
            errors=[
                {
                    "pointer": "/documents",
                    "code": "missing_document",
                    "params": {"kind": group[0], "any_of": list(group)},
                }
                for group in missing
            ],
        )
    for paper in command.documents:
        if code.catalogue.by_id[paper["kind"]].sealed and not paper.get("digest"):
            raise PapersMissing(
                f"{code.catalogue.zh(paper['kind'])}须附封装后的电子卷宗摘要（digest）。",
                f"{paper['kind']} must carry the digest of the sealed package",
                law_ref=rule.law_ref,
                cure="先在证据服务封装案卷包，再以其摘要提交。",
                errors=[{"pointer": "/documents", "code": "missing_digest", "params": {"kind": paper["kind"]}}],
            )


def _facts(rule: Rule, command: TakeStep) -> None:
    wrong = rule.tells.wrong(command.facts)
    if wrong:
        words = {"missing_fact": "缺少“{}”（{}）", "malformed_fact": "“{}”须是{}"}
        told = "；".join(words[code].format(fact.zh, KINDS[fact.kind][0]) for fact, code in wrong)
        raise FactsMissing(
            f"“{rule.zh}”须写明有关情况：{told}。",
            f"{rule.type} must state {', '.join(fact.key for fact, _ in wrong)}",
            law_ref=rule.law_ref,
            cure="在 facts 中写明后再次提交。",
            errors=[
                {"pointer": f"/facts/{fact.key}", "code": code, "params": {"zh": fact.zh, "kind": fact.kind}}
                for fact, code in wrong
            ],
        )


def _organs(state: State, command: TakeStep) -> dict[str, str]:
    """The organs that this step brings into the case: the actor's at its opening, and the one it is sent to."""
    brought: dict[str, str] = {}
    if not state and command.actor.organ is not Organ.SYSTEM:
        brought[command.actor.organ.value] = command.actor.organ_id
    if command.to_organ:
        organ = organ_of(command.to_organ)
        if organ is None:
            raise Unfounded(
                "接收机关的代码不成立。",
                "to_organ names no organ",
                errors=[{"pointer": "/to_organ", "code": "no_such_organ"}],
            )
        brought[organ.value] = command.to_organ
    return brought


def _occurred(command: TakeStep, at: datetime) -> tuple[str, date]:
    """When the act was done, as it is written down, and the day of it."""
    if not command.occurred:
        return instant(at), local_date(at)
    try:
        moment = read_moment(command.occurred)
        written = instant(moment) if isinstance(moment, datetime) else moment.isoformat()
    except (ValueError, OverflowError) as error:
        raise Malformed(
            "办理时间不是历法上的时间。",
            "no calendar has such a day or hour",
            errors=[{"pointer": "/occurred_at", "code": "no_such_time"}],
        ) from error
    late = moment > at + SKEW if isinstance(moment, datetime) else moment > local_date(at)
    if late:
        raise TimeInFuture(
            "办理时间不得晚于现在。",
            "an act cannot have happened in the future",
            errors=[{"pointer": "/occurred_at", "code": "in_future"}],
        )
    return written, local_date(moment)
