"""The record of one case in one service, and the decision whether a step may be taken.

`decide` is a pure function of record, command and time; `fold` is the only thing that changes a state, and reads nothing
but the row, so that any view can be dropped and replayed under any later law. Knows no procedure, no database, no HTTP.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from services.kernel.code import Code, Line, Rule
from services.kernel.errors import (
    Malformed,
    NotFound,
    OutOfOrder,
    PapersMissing,
    Stale,
    TimeInFuture,
    Unfounded,
    UnknownStep,
    UsedUp,
    WrongOrgan,
)
from services.kernel.period import local_date
from services.kernel.policy import Policy
from services.kernel.procedure import STAY
from services.kernel.transition import Links, encode, instant, new_id, read_moment
from services.kernel.who import HANDLING, Actor, Organ, organ_of

#: How far an organ's clock may run ahead of ours before its act counts as one of the future. Ours, not the law's.
SKEW = timedelta(seconds=10)

State = dict[str, Any]


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
    for subject in subjects:
        _permit(state, rule, subject, command.actor, policy)
    if command.version is not None and command.version != head.version:
        raise Stale(
            f"案件已变动，现为第{head.version}版；请重新读取后再办理。",
            f"the case is at version {head.version}",
            params={"current_version": f"v{head.version}"},
        )
    occurred = _occurred(command, at)
    moves = [move for subject in subjects for move in moves_of(head, code, rule, subject)]
    _papers(code, rule, command)
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
        lines[move["subject"]] = {**was, move["procedure"]: [move["to"], by]}
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
    domain.fold(after, body)
    return after


def available(head: Head, actor: Actor, *, domain: Domain, policy: Policy) -> list[dict[str, Any]]:
    """Every step that this actor may take now, per subject, with the papers each needs.

    Raises: NotFound where the case is not for this actor's eyes.
    """
    if not policy.may_see(actor, head.state):
        raise NotFound("没有此案，或者不在本机关可见范围内。", "no such case, or not for this organ's eyes")
    found: list[dict[str, Any]] = []
    for rule in domain.code.kept_by(domain.service):
        subjects = [
            subject
            for subject in _subjects_of_kind(head, rule.line)
            if _allowed(head.state, rule, subject, actor, policy)
            and not _stands(head, domain.code.lines[rule.procedure], subject).isdisjoint(rule.at)
            and not _is_used_up(head.state, rule, subject)
        ]
        if subjects:
            found.append(
                {
                    "type": rule.type,
                    "zh": rule.zh,
                    "office": rule.office_zh,
                    "subjects": subjects,
                    "needs": [list(group) for group in rule.papers.groups],
                    "may_come_along": sorted(rule.papers.optional),
                    "law_ref": rule.law_ref,
                }
            )
    return found


def _subjects_of_kind(head: Head, kind: str) -> list[str]:
    if kind == "case":
        return [head.case_id]
    return [subject for subject, what in head.state.get("subjects", {}).items() if what["kind"] == kind]


def _subjects(head: Head, command: TakeStep, rule: Rule) -> tuple[str, ...]:
    known = _subjects_of_kind(head, rule.line)
    if rule.line == "case":
        return (head.case_id,)
    for subject in command.subjects:
        if subject not in known:
            raise Unfounded(
                "所指的对象不在本案记录之内。",
                "a subject is not in this case",
                errors=[{"pointer": "/subjects", "code": "not_in_case"}],
            )
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
        case organ:
            return actor.organ == organ


def _permit(state: State, rule: Rule, subject: str, actor: Actor, policy: Policy) -> None:
    if not _allowed(state, rule, subject, actor, policy):
        raise WrongOrgan(
            f"“{rule.zh}”只能由{rule.organ.zh if rule.organ.zh in rule.office_zh else rule.organ.zh + '的' + rule.office_zh}办理。",
            f"only {rule.office} of {rule.organ.value} may take {rule.type}",
            law_ref=rule.law_ref,
            params={"organ": rule.organ.value, "office": rule.office},
        )


def _stands(head: Head, line: Line, subject: str) -> set[str]:
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


def moves_of(head: Head, code: Code, rule: Rule, subject: str) -> Iterator[dict[str, Any]]:
    """Every line that a step moves for one subject: its own, and those it carries, opens and ends.

    Raises: OutOfOrder, UsedUp.
    """
    line = code.lines[rule.procedure]
    standing = _stands(head, line, subject) & set(rule.at)
    if not standing:
        _refuse_order(head, code, rule, subject)
    if _is_used_up(head.state, rule, subject):
        raise UsedUp(
            f"“{rule.zh}”以{rule.at_most}次为限，已经用尽。",
            f"{rule.type} may be taken {rule.at_most} times only",
            law_ref=rule.law_ref,
            params={"at_most": rule.at_most},
        )
    yield _move(head, rule, subject, standing)
    lines, carried_lines = head.state.get("lines", {}), set()
    for name in rule.carries:
        other = code.rules[name]
        for carried in _subjects_of_kind(head, other.line) if other.line != rule.line else [subject]:
            ready = _stands(head, code.lines[other.procedure], carried) & set(other.at) - {"anew"}
            if ready and lines.get(carried, {}).get(other.procedure):
                carried_lines.add(other.procedure)
                yield {**_move(head, other, carried, ready), "carried": True}
    for procedure, to in rule.opens:
        other_line = code.lines[procedure]
        for opened in _subjects_of_kind(head, other_line.line) if other_line.line != rule.line else [subject]:
            yield {"subject": opened, "procedure": procedure, "to": to, "opened": True}
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
    return move


def _refuse_order(head: Head, code: Code, rule: Rule, subject: str) -> None:
    line = code.lines[rule.procedure]
    now = head.state.get("lines", {}).get(subject, {}).get(rule.procedure)
    where = f"“{line.states_zh[now[0]]}”" if now else "尚未开始"
    wanted = "、".join(f"“{line.states_zh.get(state, '尚未开始')}”" for state in rule.at)
    standing = _stands(head, line, subject)
    raise OutOfOrder(
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


def _occurred(command: TakeStep, at: datetime) -> str:
    if not command.occurred:
        return instant(at)
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
    return written
