"""What may be read of evidence: all of it folded from the record of the case, but the manifest, which is in its row."""

import json
from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlalchemy import select

from services.evidence.domain.packages import package_of, papers_of_goods
from services.evidence.repository import Content
from services.kernel.errors import NotFound
from services.kernel.record import Head
from services.kernel.service import Service, available_now
from services.kernel.tables import log
from services.kernel.who import Actor


class Kept(BaseModel):
    """A content that was taken in. An item of a dossier names it by `digest`."""

    digest: str
    sm3: str
    size: int


class ItemVersion(BaseModel):
    """One state of an item. `size` in bytes, `digest` its SHA-256; `organ` is who put it there."""

    version: int
    media_type: str
    pages: int | None = None
    size: int
    digest: str
    sm3: str
    provenance: str
    organ: str


class DossierItem(BaseModel):
    """A document of the dossier, with every version it had, the latest last."""

    id: str
    volume: str
    title: str
    kind: str
    versions: list[ItemVersion]


class Dossier(BaseModel):
    """The dossier of a case. `control` is the organ that answers for it; `version` is what If-Match must name."""

    case_id: str
    version: str
    organs: dict[str, str]
    control: str
    items: list[DossierItem]


class Property(BaseModel):
    """A piece of property: who answers for it and where it lies are two facts."""

    id: str
    case_id: str
    version: str
    state: str
    zh: str
    control: str
    location: str
    custodian: str
    package_id: str | None = None
    facts: dict[str, Any]


class Receipt(BaseModel):
    """One rung of the receipt ladder: sealed, delivered, signed in, accepted or returned."""

    model_config = ConfigDict(extra="allow")
    stage: str
    zh: str
    organ: str
    at: str
    digest: str


class ListedFile(BaseModel):
    """An item of the dossier on the list of a package; without a version, the latest when it is sealed."""

    item_id: str
    version: int | None = None


class PackageSummary(BaseModel):
    """A package and where it stands. `digest` is the manifest's, empty before the first seal."""

    id: str
    case_id: str
    version: str
    title: str
    state: str
    zh: str
    from_organ: str
    to_organ: str
    dossier_items: list[ListedFile]
    property_items: list[str]
    digest: str
    receipts: list[Receipt]


class Package(PackageSummary):
    """A package with the manifest sealed last; its digest is SM3 over that as JSON with keys sorted, without spaces."""

    manifest: dict[str, Any] | None = None


class Overview(BaseModel):
    """All that evidence keeps of a case."""

    case_id: str
    version: str
    dossier: Dossier
    packages: list[PackageSummary]
    property: list[Property]


async def see(service: Service, thing_id: str, kind: str, actor: Actor) -> Head:
    """The case of an item or a package, for this actor's eyes. Raises: NotFound."""
    head = await service.see(await service.case_of(thing_id), actor)
    if head.state["subjects"][thing_id]["kind"] != kind:
        raise _absent()
    return head


def dossier(head: Head) -> Dossier:
    """The dossier as it stands."""
    state = head.state
    return Dossier(
        case_id=head.case_id,
        version=f"v{head.version}",
        organs=state["organs"],
        control=state["control"][head.case_id],
        items=[
            DossierItem(
                id=thing,
                volume=what["volume"],
                title=what["title"],
                kind=what["of_kind"],
                versions=what["versions"],
            )
            for thing, what in _of_kind(head, "dossier_item").items()
        ],
    )


def content(head: Head, item_id: str, version: int | None) -> tuple[Content, str]:
    """The content of a version of an item, the latest unless one is named, and its media type. Raises: NotFound."""
    item = _of_kind(head, "dossier_item").get(item_id)
    if item is None or not 1 <= (version or 1) <= len(item["versions"]):
        raise _absent()
    told = item["versions"][(version or len(item["versions"])) - 1]
    sha256, sm3 = told["digest"].partition(":")[2], told["sm3"].partition(":")[2]
    return Content(sha256, sm3, told["size"]), told["media_type"]


def item(head: Head, item_id: str, service: Service) -> Property:
    """A piece of property as it stands."""
    state, line = head.state, service.domain.code.lines["property_flow"]
    now = state.get("lines", {}).get(item_id, {}).get(line.name, [line.initial])[0]
    at = state["whereabouts"].get(item_id, {})
    return Property(
        id=item_id,
        case_id=head.case_id,
        version=f"v{head.version}",
        state=now,
        zh=line.states_zh[now],
        control=state["control"][item_id],
        location=at.get("location", ""),
        custodian=at.get("custodian", ""),
        package_id=package_of(state, item_id),
        facts=state["subjects"][item_id]["facts"],
    )


def package(head: Head, package_id: str, service: Service) -> PackageSummary:
    """A package as it stands, without its manifest."""
    state, line = head.state, service.domain.code.lines["package_handover"]
    now = state.get("lines", {}).get(package_id, {}).get(line.name, [line.initial])[0]
    what = state["subjects"][package_id]
    return PackageSummary(
        id=package_id,
        case_id=head.case_id,
        version=f"v{head.version}",
        title=what["title"],
        state=now,
        zh=line.states_zh[now],
        from_organ=what["from"],
        to_organ=what["to"],
        dossier_items=what["dossier_items"],
        property_items=what["property_items"],
        digest=what.get("sealed", {}).get("digest", ""),
        receipts=what.get("receipts", []),
    )


async def package_with_manifest(head: Head, package_id: str, service: Service) -> Package:
    """A package with the manifest that its seal's row holds."""
    sealed = head.state["subjects"][package_id].get("sealed")
    manifest = None
    if sealed:
        query = select(log.c.body).where(log.c.case_id == head.case_id, log.c.seq == sealed["seq"])
        async with service.engine.connect() as connection:
            manifest = json.loads((await connection.scalars(query)).one())["manifest"]
    return Package(**package(head, package_id, service).model_dump(), manifest=manifest)


def overview(head: Head, service: Service) -> Overview:
    """All of a case at once."""
    return Overview(
        case_id=head.case_id,
        version=f"v{head.version}",
        dossier=dossier(head),
        packages=[package(head, thing, service) for thing in _of_kind(head, "package")],
        property=[item(head, thing, service) for thing in _of_kind(head, "item")],
    )


def available(head: Head, thing_id: str, service: Service, actor: Actor, *, also_unmet: bool) -> dict[str, Any]:
    """What this actor may do now with an item or a package. Goods on a package's list bring their own papers."""
    now = available_now(service, head, actor, thing_id, also_unmet=also_unmet)
    package = _of_kind(head, "package").get(thing_id)
    rule = papers_of_goods(package) if package else None
    for each in now["items"]:
        if rule is not None and each["type"] == "package_handover:offer":
            each["needs"] = [*each["needs"], *(list(group) for group in rule.papers.groups)]
            each["may_come_along"] = sorted({*each["may_come_along"], *rule.papers.optional})
    return now


def _of_kind(head: Head, kind: str) -> dict[str, dict[str, Any]]:
    return {thing: what for thing, what in head.state.get("subjects", {}).items() if what["kind"] == kind}


def _absent() -> NotFound:
    return NotFound("没有此案，或者不在本机关可见范围内。", "no such case, or not for this organ's eyes")
