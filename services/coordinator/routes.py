"""What may be asked of the coordinator: it is read, and it acts by itself; persons decide about what it found."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from services.coordinator import agreements, handlers, mismatches, proofs, views
from services.coordinator.commands import AgreementCreate, HaltDecisionCreate, MismatchCreate
from services.kernel.errors import NotAllowed, NotFound
from services.kernel.service import CurrentService
from services.kernel.web import ACT_PROBLEMS, READ_PROBLEMS, Answer, CurrentActor, CurrentCall, Id, ShortRoute

router = APIRouter()
acts = APIRouter(route_class=ShortRoute)
_READ: dict[str, Any] = {"responses": READ_PROBLEMS, "tags": ["coordination"]}
_AGREEMENT: dict[str, Any] = {"responses": READ_PROBLEMS, "tags": ["agreement"]}
_Page = Annotated[str, Query(max_length=40, pattern=r"^[A-Za-z0-9_-]*$")]
_Size = Annotated[int, Query(ge=1)]
_Word = Query(max_length=80, pattern=r"^[A-Za-z0-9_-]+$")


@router.get("/v1/findings", operation_id="coordinator_listFindings", summary="发现的问题", **_READ)
async def list_findings(
    service: CurrentService,
    actor: CurrentActor,
    case_id: Annotated[str | None, _Word] = None,
    kind: Annotated[str | None, _Word] = None,
    status: Annotated[str | None, _Word] = None,
    closed: Annotated[bool, Query()] = False,
    page_token: Annotated[str, Query(max_length=40, pattern=r"^[A-Za-z0-9_-]*$")] = "",
    page_size: Annotated[int, Query(ge=1)] = 50,
) -> views.FindingList:
    """What is overdue, late, broken or contradictory in the cases that the caller's organ shares."""
    return await views.findings(
        service,
        actor,
        case_id=case_id,
        kind=kind,
        status=status,
        closed=closed,
        after=page_token,
        page_size=min(page_size, 200),
    )


@router.get("/v1/clocks", operation_id="coordinator_listClocks", summary="期限及其证明", **_READ)
async def list_clocks(
    service: CurrentService,
    actor: CurrentActor,
    case_id: Annotated[str | None, _Word] = None,
    status: Annotated[str | None, _Word] = None,
    page_token: Annotated[str, Query(max_length=64, pattern=r"^[A-Za-z0-9_-]*$")] = "",
    page_size: Annotated[int, Query(ge=1)] = 50,
) -> proofs.ClockList:
    """Every clock of the cases that the caller's organ shares, with all that its end was computed from.

    A page holds whole cases, so many at a time.
    """
    return await proofs.clocks(
        service, actor, case_id=case_id, status=status, after=page_token, page_size=min(page_size, 100)
    )


@router.get("/v1/cases/{case_id}/timeline", operation_id="coordinator_readTimeline", summary="全案时间线", **_READ)
async def read_timeline(service: CurrentService, actor: CurrentActor, case_id: Id) -> views.Timeline:
    """All services' steps of one case in one line, with the clocks that each started."""
    found = await views.timeline(service, actor, case_id)
    if found is None:
        raise NotFound("没有此案，或者不在本机关可见范围内。", "no such case, or not for this organ's eyes")
    return found


@router.get(
    "/v1/cases/{case_id}/forecast",
    operation_id="coordinator_readForecast",
    summary="期限预测",
    responses={**READ_PROBLEMS, 422: ACT_PROBLEMS[422]},
    tags=["coordination"],
)
async def read_forecast(
    service: CurrentService,
    actor: CurrentActor,
    case_id: Id,
    person_id: Annotated[str | None, _Word] = None,
) -> views.Forecast:
    """The limits that run, and for each step that the law allows from here: the last day, and the limits that follow."""
    found = await views.forecast(service, actor, case_id, person_id)
    if found is None:
        raise NotFound("没有此案，或者不在本机关可见范围内。", "no such case, or not for this organ's eyes")
    return found


@router.get("/v1/positions", operation_id="coordinator_listPositions", summary="读取进度", **_READ)
async def list_positions(service: CurrentService, actor: CurrentActor) -> views.Positions:
    """How far each log was read, and how many findings of each kind stand."""
    if actor.role not in service.policy.sees_all:
        raise NotAllowed("本岗位无权查看全局进度。", "this role may not see the whole")
    return await views.positions(service)


@acts.post(
    "/v1/agreements",
    operation_id="coordinator_createAgreement",
    summary="核对一致并出具证明",
    response_model=agreements.Agreement,
    status_code=201,
    responses={**ACT_PROBLEMS, 202: {"model": agreements.Agreement, "description": "尚在核对"}},
    tags=["agreement"],
)
async def create_agreement(call: CurrentCall, service: CurrentService, new: AgreementCreate) -> Answer:
    """Compare every log with what was read of it, as of one position each, and certify what comes out."""
    return await handlers.ask_for_agreement(service, new, call)


@router.get("/v1/agreements", operation_id="coordinator_listAgreements", summary="一致性证明列表", **_AGREEMENT)
async def list_agreements(
    service: CurrentService, actor: CurrentActor, page_token: _Page = "", page_size: _Size = 50
) -> agreements.AgreementList:
    """The certificates that the caller's organ asked for; all of them for whoever sees all."""
    return await agreements.agreements(service, actor, before=page_token, page_size=min(page_size, 200))


@router.get(
    "/v1/agreements/{agreement_id}", operation_id="coordinator_readAgreement", summary="一致性证明", **_AGREEMENT
)
async def read_agreement(service: CurrentService, actor: CurrentActor, agreement_id: Id) -> agreements.Agreement:
    """One certificate, to be checked without any service: `singletrack verify`."""
    return await agreements.agreement_for(service, actor, agreement_id)


@router.get("/v1/log-halts", operation_id="coordinator_listHalts", summary="停止读取的记录", **_AGREEMENT)
async def list_halts(service: CurrentService, actor: CurrentActor) -> agreements.HaltList:
    """The logs that were found not to be the ones that had been read, and how it was decided to go on."""
    if actor.role not in service.policy.sees_all:
        raise NotAllowed("本岗位无权查看全局进度。", "this role may not see the whole")
    return await agreements.halts(service)


@acts.post(
    "/v1/log-halts/{halt_id}/decisions",
    operation_id="coordinator_decideHalt",
    summary="决定如何继续读取",
    response_model=agreements.HaltDecision,
    status_code=201,
    responses=ACT_PROBLEMS,
    tags=["agreement"],
)
async def decide_halt(call: CurrentCall, service: CurrentService, halt_id: Id, new: HaltDecisionCreate) -> Answer:
    """Decide how to go on with a log that is not the one that was read."""
    return await handlers.decide_halt(service, halt_id, new, call)


@acts.post(
    "/v1/mismatches",
    operation_id="coordinator_createMismatch",
    summary="认可已知差异",
    response_model=mismatches.Mismatch,
    status_code=201,
    responses=ACT_PROBLEMS,
    tags=["agreement"],
)
async def create_mismatch(call: CurrentCall, service: CurrentService, new: MismatchCreate) -> Answer:
    """Accept a finding as a known difference until a day; it stands open again by itself."""
    return await handlers.accept_mismatch(service, new, call)


@router.get("/v1/mismatches", operation_id="coordinator_listMismatches", summary="已知差异登记", **_AGREEMENT)
async def list_mismatches(
    service: CurrentService,
    actor: CurrentActor,
    finding_id: Annotated[str | None, _Word] = None,
    page_token: _Page = "",
    page_size: _Size = 50,
) -> mismatches.MismatchList:
    """The register of the cases that the caller's organ shares; nothing ever leaves it."""
    return await mismatches.mismatches(
        service, actor, finding_id=finding_id, after=page_token, page_size=min(page_size, 200)
    )


@router.get("/v1/mismatches/{mismatch_id}", operation_id="coordinator_readMismatch", summary="已知差异", **_AGREEMENT)
async def read_mismatch(service: CurrentService, actor: CurrentActor, mismatch_id: Id) -> mismatches.Mismatch:
    """One entry of the register, and whether it holds now."""
    return await mismatches.mismatch_for(service, actor, mismatch_id)
