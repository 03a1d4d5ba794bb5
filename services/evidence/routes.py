"""HTTP in, command out; row in, HTTP out. Contents stream; everything else is JSON."""

import base64
import binascii
import re
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import StreamingResponse
from starlette.requests import ClientDisconnect

from services.evidence import handlers, views
from services.evidence.commands import (
    DossierCreate,
    DossierItemCreate,
    PackageCreate,
    PackageRevise,
    PropertyCreate,
    VersionCreate,
)
from services.evidence.repository import Content, contents_at, too_large
from services.kernel.errors import Malformed, NoSuchRange
from services.kernel.service import CurrentService
from services.kernel.web import (
    ACT_PROBLEMS,
    READ_PROBLEMS,
    AlsoUnmet,
    Answer,
    AvailableTransitions,
    CurrentActor,
    CurrentCall,
    Id,
    ShortRoute,
    Transition,
    TransitionCreate,
)

router = APIRouter()
acts = APIRouter(route_class=ShortRoute)
_ACT: dict[str, Any] = {
    "response_model": Transition,
    "status_code": 201,
    "responses": ACT_PROBLEMS,
    "tags": ["evidence"],
}
_READ: dict[str, Any] = {"responses": READ_PROBLEMS, "tags": ["evidence"]}
_BYTES = {"schema": {"type": "string", "format": "binary"}}
_SHA256 = re.compile(r"(?:^|[,\s])sha-256=:([A-Za-z0-9+/=]+):")
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


@router.post(
    "/v1/contents",
    operation_id="evidence_createContent",
    summary="上传内容",
    status_code=201,
    responses=ACT_PROBLEMS,
    tags=["evidence"],
    openapi_extra={"requestBody": {"required": True, "content": {"*/*": _BYTES}}},
)
async def create_content(
    request: Request,
    service: CurrentService,
    actor: CurrentActor,
    content_digest: Annotated[
        str | None, Header(alias="Content-Digest", examples=["sha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:"])
    ] = None,
    repr_digest: Annotated[
        str | None, Header(alias="Repr-Digest", examples=["sha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:"])
    ] = None,
) -> views.Kept:
    """Take a content in, as it is. It is addressed by its digest, so that the same request may be repeated."""
    ceiling = service.settings.content_ceiling_bytes
    if int(request.headers.get("content-length", "0")) > ceiling:
        raise too_large(ceiling)
    kept = await handlers.keep_content(service, actor, _stream(request), _expected(content_digest or repr_digest))
    return views.Kept(digest=kept.digest, sm3=f"sm3:{kept.sm3}", size=kept.size)


@acts.post("/v1/dossiers", operation_id="evidence_createDossier", summary="建立卷宗", **_ACT)
async def create_dossier(call: CurrentCall, service: CurrentService, new: DossierCreate) -> Answer:
    """Open the dossier of a case, and with it what evidence keeps of the case."""
    return await handlers.open_dossier(service, new, call)


@acts.post(
    "/v1/cases/{case_id}/dossier/items", operation_id="evidence_createDossierItem", summary="登记卷宗材料", **_ACT
)
async def create_dossier_item(
    call: CurrentCall, service: CurrentService, case_id: Id, new: DossierItemCreate
) -> Answer:
    """Put a document, whose content was uploaded, into the dossier."""
    return await handlers.add_item(service, case_id, new, call)


@acts.post(
    "/v1/cases/{case_id}/dossier/items/{item_id}/versions",
    operation_id="evidence_createDossierItemVersion",
    summary="登记材料的新版本",
    **_ACT,
)
async def create_version(
    call: CurrentCall, service: CurrentService, case_id: Id, item_id: Id, new: VersionCreate
) -> Answer:
    """Put a new content behind those that an item had; none is replaced."""
    return await handlers.add_version(service, case_id, item_id, new, call)


@acts.post("/v1/items", operation_id="evidence_createItem", summary="登记涉案财物", **_ACT)
async def create_item(call: CurrentCall, service: CurrentService, new: PropertyCreate) -> Answer:
    """Register a piece of property, with the decision and the list it stands on."""
    return await handlers.register(service, new, call)


@acts.post(
    "/v1/items/{item_id}/transitions", operation_id="evidence_createItemTransition", summary="办理涉案财物", **_ACT
)
async def create_item_transition(
    call: CurrentCall, service: CurrentService, item_id: Id, new: TransitionCreate
) -> Answer:
    """Take one step of the law on a piece of property."""
    return await handlers.take_step(service, item_id, "item", new, call)


@acts.post("/v1/packages", operation_id="evidence_createPackage", summary="拟移送", **_ACT)
async def create_package(call: CurrentCall, service: CurrentService, new: PackageCreate) -> Answer:
    """Draft a package for another organ."""
    return await handlers.draft(service, new, call)


@acts.post("/v1/packages/{package_id}/lists", operation_id="evidence_createPackageList", summary="改动清单", **_ACT)
async def create_package_list(call: CurrentCall, service: CurrentService, package_id: Id, new: PackageRevise) -> Answer:
    """Write the list of a package anew, before it is sealed or after it was returned."""
    return await handlers.revise(service, package_id, new, call)


@acts.post(
    "/v1/packages/{package_id}/transitions",
    operation_id="evidence_createPackageTransition",
    summary="移送与接收",
    **_ACT,
)
async def create_package_transition(
    call: CurrentCall, service: CurrentService, package_id: Id, new: TransitionCreate
) -> Answer:
    """Seal, offer, inspect, accept, return, withdraw. Who accepts states the digest that arrived in `facts.digest`."""
    return await handlers.take_step(service, package_id, "package", new, call)


@acts.post(
    "/v1/cases/{case_id}/dossier/transitions",
    operation_id="evidence_createDossierTransition",
    summary="卷宗的封存与开放",
    **_ACT,
)
async def create_dossier_transition(
    call: CurrentCall, service: CurrentService, case_id: Id, new: TransitionCreate
) -> Answer:
    """Seal the dossier with the criminal record, or open it to whom a permit names."""
    return await handlers.take_on_dossier(service, case_id, new, call)


@router.get("/v1/cases/{case_id}/dossier", operation_id="evidence_readDossier", summary="卷宗", **_READ)
async def read_dossier(service: CurrentService, actor: CurrentActor, case_id: Id, response: Response) -> views.Dossier:
    """The dossier of a case with every version of every item."""
    head = await service.see(case_id, actor)
    response.headers["ETag"] = f'"v{head.version}"'
    return views.dossier(head)


@router.get(
    "/v1/cases/{case_id}/dossier/items/{item_id}/content",
    operation_id="evidence_readContent",
    summary="材料内容",
    response_class=StreamingResponse,
    responses={
        200: {"description": "内容", "content": {"application/octet-stream": _BYTES}},
        206: {"description": "内容的一段", "content": {"application/octet-stream": _BYTES}},
        304: {"description": "未变"},
        416: {**READ_PROBLEMS[400], "description": "没有这一段"},
        **READ_PROBLEMS,
    },
    tags=["evidence"],
)
async def read_content(
    service: CurrentService,
    actor: CurrentActor,
    case_id: Id,
    item_id: Id,
    version: Annotated[int | None, Query(ge=1, le=100_000)] = None,
    wanted: Annotated[str | None, Header(alias="Range", examples=["bytes=0-1023"])] = None,
    if_range: Annotated[str | None, Header(alias="If-Range")] = None,
    if_none_match: Annotated[str | None, Header(alias="If-None-Match")] = None,
) -> Response:
    """The content of an item, its latest version unless one is named."""
    content, media_type = views.content(await service.see(case_id, actor), item_id, version)
    tag = f'"{content.digest}"'
    digest = base64.b64encode(bytes.fromhex(content.sha256)).decode()
    headers = {
        "ETag": tag,
        "Accept-Ranges": "bytes",
        "Repr-Digest": f"sha-256=:{digest}:",
        "Content-Disposition": f'attachment; filename="{item_id}"',
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }
    if if_none_match == tag:
        return Response(status_code=304, headers=headers)
    asked = _range(wanted, content) if if_range in {None, tag} else None
    start, end = asked or (0, content.size)
    headers["Content-Length"] = str(end - start)
    if asked:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{content.size}"
    chunks = await contents_at(service.settings.object_store).read(content, start, end)
    return StreamingResponse(chunks, 206 if asked else 200, headers, media_type)


@router.get("/v1/cases/{case_id}/evidence", operation_id="evidence_readOverview", summary="本案证据与财物", **_READ)
async def read_overview(
    service: CurrentService, actor: CurrentActor, case_id: Id, response: Response
) -> views.Overview:
    """The dossier, the packages, and the property with its state, control and whereabouts."""
    head = await service.see(case_id, actor)
    response.headers["ETag"] = f'"v{head.version}"'
    return views.overview(head, service)


@router.get("/v1/items/{item_id}", operation_id="evidence_readItem", summary="涉案财物", **_READ)
async def read_item(service: CurrentService, actor: CurrentActor, item_id: Id, response: Response) -> views.Property:
    """A piece of property: its state, who controls it, where it is."""
    head = await views.see(service, item_id, "item", actor)
    response.headers["ETag"] = f'"v{head.version}"'
    return views.item(head, item_id, service)


@router.get(
    "/v1/items/{item_id}/available-transitions",
    operation_id="evidence_listItemTransitions",
    summary="现在可以办理的步骤",
    **_READ,
)
async def list_available_of_item(
    service: CurrentService, actor: CurrentActor, item_id: Id, unmet: AlsoUnmet = False
) -> AvailableTransitions:
    """What the caller may do now with a piece of property; what they may not and why, if asked."""
    head = await views.see(service, item_id, "item", actor)
    return AvailableTransitions(**views.available(head, item_id, service, actor, also_unmet=unmet))


@router.get("/v1/packages/{package_id}", operation_id="evidence_readPackage", summary="移送包", **_READ)
async def read_package(
    service: CurrentService, actor: CurrentActor, package_id: Id, response: Response
) -> views.Package:
    """A package with its manifest and its receipts."""
    head = await views.see(service, package_id, "package", actor)
    response.headers["ETag"] = f'"v{head.version}"'
    return await views.package_with_manifest(head, package_id, service)


@router.get(
    "/v1/packages/{package_id}/available-transitions",
    operation_id="evidence_listPackageTransitions",
    summary="现在可以办理的步骤",
    **_READ,
)
async def list_available_of_package(
    service: CurrentService, actor: CurrentActor, package_id: Id, unmet: AlsoUnmet = False
) -> AvailableTransitions:
    """What the caller may do now with a package; what they may not and why, if asked."""
    head = await views.see(service, package_id, "package", actor)
    return AvailableTransitions(**views.available(head, package_id, service, actor, also_unmet=unmet))


async def _stream(request: Request) -> AsyncIterator[bytes]:
    try:
        async for chunk in request.stream():
            yield chunk
    except ClientDisconnect as error:
        raise Malformed(
            "内容没有收全。", "the content broke off", errors=[{"pointer": "", "code": "incomplete"}]
        ) from error


def _expected(header: str | None) -> bytes | None:
    """The SHA-256 that a digest field of RFC 9530 states; None where it states none. Raises: Malformed."""
    stated = _SHA256.search(header or "")
    if stated is None:
        return None
    try:
        return base64.b64decode(stated[1], validate=True)
    except binascii.Error as error:
        raise Malformed(
            "Content-Digest不成立。",
            "Content-Digest is malformed",
            errors=[{"pointer": "/headers/Content-Digest", "code": "malformed"}],
        ) from error


def _range(header: str | None, content: Content) -> tuple[int, int] | None:
    """The one range asked for, its end not included; None for the whole, also where several are asked for.

    Raises: NoSuchRange.
    """
    asked = _RANGE.fullmatch(header or "")
    if asked is None or not (asked[1] or asked[2]):
        return None
    if asked[1]:
        start, end = int(asked[1]), min(int(asked[2] or content.size) + 1, content.size)
        if asked[2] and int(asked[2]) < int(asked[1]):
            return None
    else:
        start, end = max(content.size - int(asked[2]), 0), content.size
    if start >= content.size:
        raise NoSuchRange(
            "所请求的范围超出内容。", "the range lies outside the content", params={"bytes": content.size}
        )
    return start, end
