"""HTTP in, command out; row in, HTTP out. One endpoint serves every procedure."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from services.case_flow import handlers, views
from services.case_flow.commands import Bulk, CaseCreate, PersonCreate
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
_ACT: dict[str, Any] = {"response_model": Transition, "status_code": 201, "responses": ACT_PROBLEMS, "tags": ["cases"]}
_READ: dict[str, Any] = {"responses": READ_PROBLEMS, "tags": ["cases"]}


@acts.post("/v1/cases", operation_id="caseFlow_createCase", summary="建立案件", **_ACT)
async def create_case(call: CurrentCall, service: CurrentService, new: CaseCreate) -> Answer:
    """Open a case for the caller's organ."""
    return await handlers.open_case(service, new, call)


@acts.post("/v1/cases/{case_id}/persons", operation_id="caseFlow_createPerson", summary="登记涉案人员", **_ACT)
async def create_person(call: CurrentCall, service: CurrentService, case_id: Id, new: PersonCreate) -> Answer:
    """Register a person in a case."""
    return await handlers.add_person(service, case_id, new, call)


@acts.post("/v1/cases/{case_id}/transitions", operation_id="caseFlow_createTransition", summary="办理法定步骤", **_ACT)
async def create_transition(call: CurrentCall, service: CurrentService, case_id: Id, new: TransitionCreate) -> Answer:
    """Take one step of a statutory procedure."""
    return await handlers.take_step(service, case_id, new, call)


@acts.post(
    "/v1/case-transitions/bulk",
    operation_id="caseFlow_createTransitions",
    summary="批量办理",
    response_model=BulkResult,
    status_code=207,
    responses=ACT_PROBLEMS,
    tags=["cases"],
)
async def create_transitions(call: CurrentCall, service: CurrentService, new: Bulk) -> Answer:
    """Take many steps; each is accepted or refused by itself."""
    return await handlers.take_many(service, new, call)


@router.get("/v1/cases", operation_id="caseFlow_listCases", summary="案件列表", **_READ)
async def list_cases(
    service: CurrentService,
    actor: CurrentActor,
    page_token: Annotated[str, Query(max_length=64, pattern=r"^[A-Za-z0-9_-]*$")] = "",
    page_size: Annotated[int, Query(ge=1)] = 50,
) -> views.CaseList:
    """The cases that the caller's organ shares."""
    return await views.cases(service, actor, page_token, min(page_size, 200))


@router.get("/v1/cases/{case_id}", operation_id="caseFlow_readCase", summary="案件", **_READ)
async def read_case(service: CurrentService, actor: CurrentActor, case_id: Id, response: Response) -> views.Case:
    """A case as it stands, person by person."""
    head = await service.see(case_id, actor)
    response.headers["ETag"] = f'"v{head.version}"'
    return views.case(head, service)


@router.get("/v1/cases/{case_id}/transitions", operation_id="caseFlow_listTransitions", summary="已办步骤", **_READ)
async def list_transitions(service: CurrentService, actor: CurrentActor, case_id: Id) -> views.TransitionList:
    """Every row of a case, with its digests."""
    return await views.transitions(service, await service.see(case_id, actor))


@router.get(
    "/v1/cases/{case_id}/available-transitions",
    operation_id="caseFlow_listAvailableTransitions",
    summary="现在可以办理的步骤",
    **_READ,
)
async def list_available(
    service: CurrentService, actor: CurrentActor, case_id: Id, unmet: AlsoUnmet = False
) -> AvailableTransitions:
    """What the caller may do now, with the papers that each step needs; what they may not and why, if asked."""
    head = await service.see(case_id, actor)
    return AvailableTransitions(**available_now(service, head, actor, also_unmet=unmet))
