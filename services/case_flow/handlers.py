"""One function per command: what is asked becomes one step on one record, and its row the answer."""

from services.case_flow.commands import Bulk, BulkItem, CaseCreate, PersonCreate
from services.case_flow.domain import CaseRecord
from services.kernel.record import TakeStep
from services.kernel.service import Service, command, take_each, taken
from services.kernel.transition import new_id, sm3
from services.kernel.web import Answer, Call, TransitionCreate, required


async def open_case(service: Service, new: CaseCreate, call: Call) -> Answer:
    """Open a case; its id is made here, and a repeated key finds the case that the first request opened."""
    result = await service.desk.take(
        TakeStep(
            case_id=new_id("case"),
            type=CaseRecord.open.type,
            actor=call.actor,
            key=call.key,
            fingerprint=call.fingerprint,
            facts={"organs": list(new.organs), "title": new.title},
            occurred=new.occurred_at or "",
            inferred=new.inferred,
        )
    )
    return taken(result, location=f"/v1/cases/{result.case_id}")


async def add_person(service: Service, case_id: str, new: PersonCreate, call: Call) -> Answer:
    """Register a person in a case. The identity stays in this service."""
    result = await service.desk.take(
        TakeStep(
            case_id=case_id,
            type=CaseRecord.add_person.type,
            actor=call.actor,
            key=call.key,
            fingerprint=call.fingerprint,
            version=required(call),
            facts={"label": new.label, "flags": list(new.flags)},
            private=new.identity.model_dump(exclude_none=True) if new.identity else None,
            occurred=new.occurred_at or "",
            inferred=new.inferred,
        )
    )
    return taken(result, location=f"/v1/cases/{case_id}")


async def take_step(service: Service, case_id: str, new: TransitionCreate, call: Call) -> Answer:
    """Take one step of a statutory procedure, or say what taking it would do."""
    step = command(case_id, new, call, version=required(call))
    result = await service.desk.take(step, dry_run=new.dry_run)
    return taken(result, location=f"/v1/cases/{case_id}/transitions", dry_run=new.dry_run)


async def take_many(service: Service, bulk: Bulk, call: Call) -> Answer:
    """Take many steps on many cases; each is accepted or refused by itself."""
    return await take_each(service, [(item.key, _one(item, call), item.transition.dry_run) for item in bulk.items])


def _one(item: BulkItem, call: Call) -> TakeStep:
    told = f"{item.case_id}\n{call.actor.officer}\n{item.transition.model_dump_json()}"
    fingerprint = sm3(told.encode()).hex()
    return command(item.case_id, item.transition, call, key=item.key, version=item.version, fingerprint=fingerprint)
