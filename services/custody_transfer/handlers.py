"""One function per command: what is asked becomes one step on one record, and its row the answer."""

import json

from services.custody_transfer.commands import CustodyBulk, CustodyBulkItem, CustodyCreate
from services.custody_transfer.domain import CustodyAdmission
from services.kernel.errors import Refused
from services.kernel.record import TakeStep
from services.kernel.service import Service, command, take_each, taken
from services.kernel.transition import sm3
from services.kernel.web import Answer, Call, TransitionCreate, required


async def admit(service: Service, new: CustodyCreate, call: Call) -> Answer:
    """Take a person in. The case's record of custody begins with the first of its persons."""
    result = await service.desk.take(
        TakeStep(
            case_id=new.case_id,
            type=CustodyAdmission.admit.type,
            actor=call.actor,
            key=call.key,
            fingerprint=call.fingerprint,
            version=call.version,
            documents=tuple(paper.model_dump(exclude_none=True) for paper in new.documents),
            facts={**new.facts, "person_id": new.person_id, "holder": new.holder, "title": new.title.fact()},
            occurred=new.occurred_at or "",
            inferred=new.inferred,
        )
    )
    custody = next(iter(json.loads(result.text)["created"]))
    return taken(result, location=f"/v1/custodies/{custody}")


async def take_step(service: Service, custody_id: str, new: TransitionCreate, call: Call) -> Answer:
    """Take one step on one custody, or say what taking it would do. Raises: Refused."""
    version = required(call)
    service.check_step(new.type, "custody")
    case_id = await service.case_of(custody_id)
    step = command(case_id, new, call, version=version, subjects=(custody_id,))
    result = await service.desk.take(step, dry_run=new.dry_run)
    return taken(result, location=f"/v1/custodies/{custody_id}", dry_run=new.dry_run)


async def take_many(service: Service, bulk: CustodyBulk, call: Call) -> Answer:
    """One act for many persons, each with its own row, certificate and receipt."""
    asked = [(item.key, await _one(service, item, call), item.transition.dry_run) for item in bulk.items]
    return await take_each(service, asked)


async def _one(service: Service, item: CustodyBulkItem, call: Call) -> TakeStep | Refused:
    told = f"{item.custody_id}\n{call.actor.officer}\n{item.transition.model_dump_json()}"
    given = {"key": item.key, "version": None, "subjects": (item.custody_id,), "fingerprint": sm3(told.encode()).hex()}
    try:
        service.check_step(item.transition.type, "custody")
        return command(await service.case_of(item.custody_id), item.transition, call, **given)
    except Refused as refusal:
        return refusal
