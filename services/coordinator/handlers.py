"""One function per command: who may, once for each key, and what is written down. Nothing that was found is changed."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from services.coordinator import alerts, heard, mismatches, ordering, register, tasks
from services.coordinator.commands import (
    AcknowledgementCreate,
    AgreementCreate,
    HaltDecisionCreate,
    MismatchCreate,
    TaskCreate,
    TaskFeedbackCreate,
    TaskReorderCreate,
)
from services.coordinator.domain import task
from services.coordinator.domain.mismatch import acceptable, facts
from services.kernel.errors import KeyReused, NotFound, NotStanding, Unfounded, WrongOrgan
from services.kernel.log import Connection
from services.kernel.service import Service
from services.kernel.transition import encode, instant
from services.kernel.web import Answer, Call
from services.kernel.who import Actor
from services.kernel.work import raw

#: How long a request waits for its certificate before it is told where to look for it, in seconds, and between looks.
LONGEST, LOOK = 20.0, 0.05


async def ask_for_agreement(service: Service, new: AgreementCreate, call: Call) -> Answer:
    """Have all logs compared. Answers 202 where that takes longer than a request should.

    Raises: WrongOrgan, NotFound for a case that is not for this actor's eyes, KeyReused.
    """
    if call.actor.role not in service.policy.sees_all:
        if new.deep or not new.case_ids:
            raise WrongOrgan(
                "本岗位只能就本机关办理的案件请求证明。",
                "this role may ask for certificates of its organ's cases only",
                cure="写明case_ids，且不要求deep。",
            )
        for case_id in new.case_ids:
            await mismatches.check_shared(service, call.actor, case_id)
    now = service.clock.now()
    async with raw(service.engine) as connection:
        await register.ask(
            connection, call.actor.organ_id, _key(call), list(dict.fromkeys(new.case_ids)), deep=new.deep, now=now
        )
    loop = asyncio.get_running_loop()
    patience = loop.time() + LONGEST
    while True:
        row = await _done(service, "agreement", call)
        if row["made_at"] is not None:
            return Answer(201, _agreement(row), _location(f"/v1/agreements/{row['id']}"))
        if loop.time() > patience:
            return Answer(202, _agreement(row), (*_location(f"/v1/agreements/{row['id']}"), ("Retry-After", "2")))
        await asyncio.sleep(LOOK)


def _agreement(row: Mapping[str, Any]) -> str:
    made = row["made_at"]
    told = {"id": row["id"], "asked_at": instant(row["asked_at"]), "made_at": instant(made) if made else None}
    return f'{encode(told)[:-1]},"certificate":{row["certificate"] or "null"}}}'


async def accept_mismatch(service: Service, new: MismatchCreate, call: Call) -> Answer:
    """Accept a finding that stands as a known difference. Raises: WrongOrgan, NotFound, NotStanding, Unacceptable."""
    now = service.clock.now()
    async with raw(service.engine) as connection:
        earlier = await register.done_with(connection, "mismatch", call.actor.client, call.key)
    if earlier is None:
        _check_may_accept(service, call.actor)
        found = await mismatches.finding_for(service, call.actor, new.finding_id)
        if found.closed_at is not None:
            raise NotStanding("该问题已经了结，无需认可。", "the finding no longer stands")
        article = acceptable(new.owner, new.article, date.fromisoformat(new.expires_on), now)
        body = {
            "finding_id": new.finding_id,
            "kind": found.kind,
            "case_id": found.case_id,
            "owner": new.owner,
            "reason": new.reason,
            "article": new.article,
            "article_zh": article.zh,
            "expires_on": new.expires_on,
            "facts": facts(found.body),
            "finding": found.body,
            "accepted_at": instant(now),
            "accepted_by": _who(call.actor),
            "policy": service.policy.version,
        }
        async with raw(service.engine) as connection:
            await register.accept(
                connection, new.finding_id, facts(found.body), date.fromisoformat(new.expires_on), _key(call), body, now
            )
    row = await _done(service, "mismatch", call)
    entry = await mismatches.mismatch_for(service, call.actor, row["id"])
    return Answer(201, entry.model_dump_json(), _location(f"/v1/mismatches/{row['id']}", replayed=earlier is not None))


async def decide_halt(service: Service, halt_id: str, new: HaltDecisionCreate, call: Call) -> Answer:
    """Decide how to go on with a log. Raises: WrongOrgan, NotFound, NotStanding where it was decided otherwise before."""
    if call.actor.role not in service.policy.sees_all:
        raise NotFound("没有此项。", "no such halt")
    _check_may_accept(service, call.actor)
    decision = {
        "decision": new.decision,
        "reason": new.reason,
        "decided_at": instant(service.clock.now()),
        "decided_by": _who(call.actor),
        "key": call.key,
        "fingerprint": call.fingerprint,
    }
    async with raw(service.engine) as connection:
        is_first = await register.decide(connection, halt_id, decision)
        told = await register.decision_of(connection, halt_id)
    if told is None:
        raise NotFound("没有此项。", "no such halt")
    if not is_first and (told["key"], told["decided_by"]) != (call.key, _who(call.actor)):
        raise NotStanding("已经决定过。", "it was decided before", params={"decision": told["decision"]})
    _check_same(told["fingerprint"], call)
    shown = {name: told[name] for name in ("decision", "reason", "decided_at", "decided_by")}
    return Answer(201, encode({"halt_id": halt_id, **shown}), _location("/v1/log-halts", replayed=not is_first))


async def say_of_task(service: Service, task_id: str, kind: str, new: TaskCreate, call: Call) -> Answer:
    """Write down what somebody says of a task: `reported`, `reordered` or `confirmed`.

    Raises: NotFound, WrongOrgan, NotStanding, StillStanding, Unfounded for acts that no log has, Unacceptable, KeyReused.
    """
    now = service.clock.now()
    async with raw(service.engine) as connection, connection.transaction():
        await ordering.hold(connection, task_id)
        earlier = await register.done_with(connection, "task_event", call.actor.client, call.key)
        if earlier is None:
            found = await tasks.task_for(service, connection, call.actor, task_id)
            _check_may_say(service, call.actor, found, kind)
            state = task.moved(found.state, kind, missing=_missing(found))
            due_on = task.new_day(new.due_on, now) if isinstance(new, TaskReorderCreate) else None
            body = {"by": _who(call.actor), "text": new.text, "policy": service.policy.version}
            if isinstance(new, TaskFeedbackCreate):
                await _check_recorded(connection, found.case_id, new.transition_ids)
                body |= {"transition_ids": new.transition_ids}
            await ordering.say(connection, task_id, kind, state, due_on, _key(call), body, now)
    row = await _done(service, "task_event", call)
    location = _location(f"/v1/tasks/{row['task_id']}", replayed=earlier is not None)
    return Answer(201, tasks.event_of(row).model_dump_json(), location)


def _missing(found: tasks.Task) -> dict[str, str]:
    """What a task still lacks; empty where the finding no longer stands, or says that it was done too late."""
    if found.finding_status in {"", task.LATE}:
        return {}
    return {
        "finding_id": found.finding_id,
        "kind": found.kind,
        "status": found.finding_status,
        "requirement": found.requirement,
    }


async def _check_recorded(connection: Connection, case_id: str, transition_ids: Sequence[str]) -> None:
    there = await ordering.recorded(connection, case_id, transition_ids)
    wrong = [number for number, each in enumerate(transition_ids) if each not in there]
    if wrong:
        raise Unfounded(
            "所列步骤不在本案已读的记录之内。",
            "the acts named are in no log of this case that was read",
            errors=[{"pointer": f"/transition_ids/{number}", "code": "not_recorded"} for number in wrong],
        )


def _check_may_say(service: Service, actor: Actor, found: tasks.Task, kind: str) -> None:
    """Whoever owes the deed reports it; somebody else who supervises orders it again and confirms it (INV-22)."""
    if kind == "reported":
        answers = bool(service.policy.offices(actor.role) & {*found.offices}) and actor.organ_id == found.owner
        if not answers and not (not found.owner and actor.role in service.policy.sees_all):
            raise WrongOrgan(
                "不是该项督办的承办岗位。", "not the desk that answers for this task", cure=f"由{found.desk}反馈。"
            )
        return
    if not service.policy.may_supervise(actor, found.owner):
        raise WrongOrgan(
            "本岗位无权督办。", "this role does not supervise", cure="由承办机关的监督人员、人民检察院检察长办理。"
        )
    said = [each.by for each in found.history or () if each.round == found.round and each.kind == "reported"]
    if any((by["organ"], by["officer"]) == (actor.organ_id, actor.officer) for by in said):
        raise WrongOrgan(
            "反馈的人员不得自行退回或者确认。",
            "whoever reported may not order again or confirm",
            cure="由另一人员办理。",
            params={"invariant": "INV-22"},
        )


async def acknowledge_alert(service: Service, alert_id: str, new: AcknowledgementCreate, call: Call) -> Answer:
    """Write down that an alert was read. Raises: NotFound, WrongOrgan, NotStanding where it is closed or was acknowledged."""
    actor, now = call.actor, service.clock.now()
    async with raw(service.engine) as connection:
        earlier = await register.done_with(connection, "acknowledgement", actor.client, call.key)
    if earlier is None:
        alert = await alerts.alert_for(service, actor, alert_id)
        if actor.organ_id != alert.organ_id or service.policy.offices(actor.role).isdisjoint(alert.offices):
            raise WrongOrgan(
                "预警不是发给本岗位的。", "the alert is not addressed to this office", cure=f"由{alert.to}签收。"
            )
        if alert.closed_at is not None or alert.acknowledgement is not None:
            raise NotStanding("预警已经解除或者已经签收。", "the alert is closed, or was acknowledged before")
        body = {
            "alert_id": alert_id,
            "case_id": alert.case_id,
            "note": new.note,
            "acknowledged_at": instant(now),
            "acknowledged_by": _who(actor),
            "policy": service.policy.version,
        }
        async with raw(service.engine) as connection:
            await heard.acknowledge(connection, alert_id, alert.case_id, _key(call), body, now)
            is_ours = await register.done_with(connection, "acknowledgement", actor.client, call.key) is not None
        if not is_ours:
            raise NotStanding("预警刚刚由他人签收。", "somebody else acknowledged it just now")
    row = await _done(service, "acknowledgement", call)
    return Answer(201, encode(row["body"]), _location(f"/v1/alerts/{row['alert_id']}", replayed=earlier is not None))


def _check_may_accept(service: Service, actor: Actor) -> None:
    if actor.role not in service.policy.accepts:
        raise WrongOrgan("本岗位无权作此决定。", "this role may not decide this", cure="由机关负责人或者监督人员办理。")


async def _done(service: Service, table: str, call: Call) -> Mapping[str, Any]:
    """What this key did. Raises: KeyReused where another request did it."""
    async with raw(service.engine) as connection:
        row = await register.done_with(connection, table, call.actor.client, call.key)
    assert row is not None, "it was written just now"
    _check_same(row["fingerprint"], call)
    return row


def _check_same(fingerprint: str, call: Call) -> None:
    if fingerprint != call.fingerprint:
        raise KeyReused(
            "这个幂等键已经用于另一项请求。",
            "this Idempotency-Key was used for another request",
            errors=[{"pointer": "/headers/Idempotency-Key", "code": "key_reused"}],
        )


def _key(call: Call) -> tuple[str, str, str]:
    return call.actor.client, call.key, call.fingerprint


def _who(actor: Actor) -> dict[str, str]:
    return {"organ": actor.organ_id, "role": actor.role, "officer": actor.officer}


def _location(path: str, *, replayed: bool = False) -> tuple[tuple[str, str], ...]:
    return (("Location", path), ("Idempotency-Replayed", "true")) if replayed else (("Location", path),)
