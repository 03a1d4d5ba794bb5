"""One function per command: what is asked becomes one step on one record, and its row the answer."""

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

from services.evidence.commands import (
    Act,
    DossierCreate,
    DossierItemCreate,
    PackageCreate,
    PackageList,
    PackageRevise,
    PropertyCreate,
    Version,
    VersionCreate,
)
from services.evidence.domain.dossiers import DossierRecord
from services.evidence.domain.packages import PackageRecord
from services.evidence.domain.properties import PropertyRecord
from services.evidence.repository import Content, contents_at
from services.kernel.errors import Unfounded, UnknownStep, WrongOrgan
from services.kernel.record import TakeStep
from services.kernel.service import Service, command, taken
from services.kernel.web import Answer, Call, TransitionCreate, required
from services.kernel.who import Actor
from services.law import CODE


async def keep_content(service: Service, actor: Actor, stream: AsyncIterator[bytes], expected: bytes | None) -> Content:
    """Take a content in. It belongs to nobody until an item names it.

    Raises: WrongOrgan for a role that writes no records; TooLarge, DigestMismatch.
    """
    if "record" not in service.policy.offices(actor.role):
        raise WrongOrgan("本岗位无权上传内容。", "this role may not upload contents", params={"office": "record"})
    contents = contents_at(service.settings.object_store)
    return await contents.keep(stream, ceiling=service.settings.content_ceiling_bytes, expected=expected)


async def open_dossier(service: Service, new: DossierCreate, call: Call) -> Answer:
    """Open the dossier of a case."""
    result = await service.desk.take(
        _step(DossierRecord.open.type, new.case_id, call, new, facts={"organs": list(new.organs)})
    )
    return taken(result, location=f"/v1/cases/{new.case_id}/dossier")


async def add_item(service: Service, case_id: str, new: DossierItemCreate, call: Call) -> Answer:
    """Put a document into the dossier."""
    facts = {"volume": new.volume, "title": new.title, "kind": new.kind, **await _told(service, new)}
    result = await service.desk.take(
        _step(DossierRecord.add_item.type, case_id, call, new, facts=facts, version=required(call))
    )
    return taken(result, location=f"/v1/cases/{case_id}/dossier/items/{_created(result.text)}/content")


async def add_version(service: Service, case_id: str, item_id: str, new: VersionCreate, call: Call) -> Answer:
    """Put a new content behind those that an item had."""
    facts = {"item_id": item_id, **await _told(service, new)}
    result = await service.desk.take(
        _step(DossierRecord.add_version.type, case_id, call, new, facts=facts, version=required(call))
    )
    return taken(result, location=f"/v1/cases/{case_id}/dossier/items/{item_id}/content")


async def register(service: Service, new: PropertyCreate, call: Call) -> Answer:
    """Register a piece of property."""
    result = await service.desk.take(
        _step(
            PropertyRecord.register.type,
            new.case_id,
            call,
            new,
            facts=new.facts.model_dump(exclude_none=True),
            version=required(call),
            documents=tuple(paper.model_dump(exclude_none=True) for paper in new.documents),
            document_ids=tuple(new.document_ids),
            reason=new.reason or "",
        )
    )
    return taken(result, location=f"/v1/items/{_created(result.text)}")


async def draft(service: Service, new: PackageCreate, call: Call) -> Answer:
    """Draft a package."""
    facts = {"to_organ": new.to_organ, "title": new.title, **_listed(new)}
    result = await service.desk.take(
        _step(PackageRecord.draft.type, new.case_id, call, new, facts=facts, version=required(call))
    )
    return taken(result, location=f"/v1/packages/{_created(result.text)}")


async def revise(service: Service, package_id: str, new: PackageRevise, call: Call) -> Answer:
    """Write the list of a package anew."""
    version = required(call)
    case_id = await service.case_of(package_id)
    facts = {"package_id": package_id, **_listed(new)}
    result = await service.desk.take(_step(PackageRecord.revise.type, case_id, call, new, facts=facts, version=version))
    return taken(result, location=f"/v1/packages/{package_id}")


async def take_step(service: Service, thing_id: str, kind: str, new: TransitionCreate, call: Call) -> Answer:
    """Take one step on one item or package, or say what taking it would do.

    Raises: UnknownStep for a step that is not one of this kind of thing.
    """
    version = required(call)
    service.check_step(new.type, kind)
    case_id = await service.case_of(thing_id)
    step = command(case_id, new, call, version=version, subjects=(thing_id,))
    result = await service.desk.take(step, dry_run=new.dry_run)
    return taken(result, location=f"/v1/{kind}s/{thing_id}", dry_run=new.dry_run)


async def take_on_dossier(service: Service, case_id: str, new: TransitionCreate, call: Call) -> Answer:
    """Take one step of the law on the dossier of a case; what writes it has routes of its own.

    Raises: UnknownStep for any other.
    """
    version = required(call)
    service.check_step(new.type, "case")
    if new.type not in CODE.rules:
        raise UnknownStep("该步骤不在此办理。", f"{new.type} is not taken here", params={"step": new.type})
    result = await service.desk.take(command(case_id, new, call, version=version), dry_run=new.dry_run)
    return taken(result, location=f"/v1/cases/{case_id}/dossier", dry_run=new.dry_run)


def _step(step: str, case_id: str, call: Call, new: Act, **more: Any) -> TakeStep:
    return TakeStep(
        case_id=case_id,
        type=step,
        actor=call.actor,
        key=call.key,
        fingerprint=call.fingerprint,
        occurred=new.occurred_at or "",
        inferred=new.inferred,
        **more,
    )


async def _told(service: Service, new: Version) -> Mapping[str, Any]:
    """What a version says of its content: told by the store, never by the caller. Raises: Unfounded."""
    content = await contents_at(service.settings.object_store).find(new.digest.partition(":")[2])
    if content is None:
        raise Unfounded(
            "所写摘要的内容尚未上传。",
            "no content with this digest was uploaded",
            cure="先以POST /v1/contents上传，再以其摘要登记。",
            errors=[{"pointer": "/digest", "code": "no_such_content"}],
        )
    return {
        "media_type": new.media_type,
        **({"pages": new.pages} if new.pages is not None else {}),
        "provenance": new.provenance,
        "size": content.size,
        "digest": content.digest,
        "sm3": f"sm3:{content.sm3}",
    }


def _listed(new: PackageList) -> dict[str, Any]:
    return {
        "dossier_items": [file.model_dump(exclude_none=True) for file in new.dossier_items],
        "property_items": list(new.property_items),
    }


def _created(text: str) -> str:
    created: dict[str, Any] = json.loads(text)["created"]
    return next(iter(created))
