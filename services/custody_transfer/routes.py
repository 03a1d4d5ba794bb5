"""HTTP in, command out; row in, HTTP out."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from services.custody_transfer import handlers, ledger, views
from services.custody_transfer.commands import CustodyBulk, CustodyCreate
from services.kernel.service import CurrentService, available_now
from services.kernel.web import (
    ACT_PROBLEMS,
    READ_PROBLEMS,
    AlsoUnmet,
    Answer,
    AvailableTransitions,
    BulkResult,
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
    "tags": ["custodies"],
}
_READ: dict[str, Any] = {"responses": READ_PROBLEMS, "tags": ["custodies"]}


@acts.post("/v1/custodies", operation_id="custodyTransfer_createCustody", summary="收押登记", **_ACT)
async def create_custody(call: CurrentCall, service: CurrentService, new: CustodyCreate) -> Answer:
    """Take a person into a detention centre, for the organ that holds them, under a title."""
    return await handlers.admit(service, new, call)


@acts.post(
    "/v1/custodies/{custody_id}/transitions",
    operation_id="custodyTransfer_createTransition",
    summary="办理换押、变更、释放等步骤",
    **_ACT,
)
async def create_transition(
    call: CurrentCall, service: CurrentService, custody_id: Id, new: TransitionCreate
) -> Answer:
    """Take one step on one custody: hand over, accept, confirm, change the end, release."""
    return await handlers.take_step(service, custody_id, new, call)


@acts.post(
    "/v1/custody-transitions/bulk",
    operation_id="custodyTransfer_createTransitions",
    summary="批量换押",
    response_model=BulkResult,
    status_code=207,
    responses=ACT_PROBLEMS,
    tags=["custodies"],
)
async def create_transitions(call: CurrentCall, service: CurrentService, new: CustodyBulk) -> Answer:
    """One act for many persons, each with a row of its own."""
    return await handlers.take_many(service, new, call)


@router.get("/v1/custodies/{custody_id}", operation_id="custodyTransfer_readCustody", summary="羁押情况", **_READ)
async def read_custody(
    service: CurrentService, actor: CurrentActor, custody_id: Id, response: Response
) -> views.Custody:
    """One custody: holder, titles, end."""
    head = await service.see(await service.case_of(custody_id), actor, custody_id)
    response.headers["ETag"] = f'"v{head.version}"'
    return views.custody(head, custody_id, dict(service.domain.code.lines["custody_handover"].states_zh), actor)


@router.get("/v1/cases/{case_id}/custodies", operation_id="custodyTransfer_listCustodies", summary="本案羁押", **_READ)
async def list_custodies(
    service: CurrentService, actor: CurrentActor, case_id: Id, response: Response
) -> views.CustodyList:
    """Every custody of a case."""
    head = await service.see(case_id, actor)
    response.headers["ETag"] = f'"v{head.version}"'
    return views.custodies(head, dict(service.domain.code.lines["custody_handover"].states_zh), actor)


@router.get(
    "/v1/custodies/{custody_id}/available-transitions",
    operation_id="custodyTransfer_listAvailableTransitions",
    summary="现在可以办理的步骤",
    **_READ,
)
async def list_available(
    service: CurrentService, actor: CurrentActor, custody_id: Id, unmet: AlsoUnmet = False
) -> AvailableTransitions:
    """What the caller may do now with this custody; what they may not and why, if asked."""
    head = await service.see(await service.case_of(custody_id), actor, custody_id)
    return AvailableTransitions(**available_now(service, head, actor, custody_id, also_unmet=unmet))


@router.get("/v1/custody-ledger", operation_id="custodyTransfer_readLedger", summary="羁押台账", **_READ)
async def read_ledger(
    service: CurrentService,
    actor: CurrentActor,
    organ: Annotated[str, Query(pattern=r"^[a-z]+-[0-9A-Za-z-]{1,40}$", examples=["pol-330106"])],
    on: date | None = None,
    page_token: Annotated[str, Query(max_length=64, pattern=r"^[A-Za-z0-9_-]*$")] = "",
    page_size: Annotated[int, Query(ge=1)] = 50,
) -> ledger.CustodyLedger:
    """Whom the centre holds for an organ, as recorded at the end of a day: title, end, state, and what was agreed of it."""
    return await ledger.ledger(service, actor, organ, on, after=page_token, page_size=min(page_size, 200))
