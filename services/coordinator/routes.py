"""What may be asked of the coordinator: it is read, and it acts by itself."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from services.coordinator import views
from services.kernel.errors import NotAllowed, NotFound
from services.kernel.service import CurrentService
from services.kernel.web import READ_PROBLEMS, CurrentActor, Id

router = APIRouter()
_READ: dict[str, Any] = {"responses": READ_PROBLEMS, "tags": ["coordination"]}
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


@router.get("/v1/cases/{case_id}/timeline", operation_id="coordinator_readTimeline", summary="全案时间线", **_READ)
async def read_timeline(service: CurrentService, actor: CurrentActor, case_id: Id) -> views.Timeline:
    """All services' steps of one case in one line, with the clocks that each started."""
    found = await views.timeline(service, actor, case_id)
    if found is None:
        raise NotFound("没有此案，或者不在本机关可见范围内。", "no such case, or not for this organ's eyes")
    return found


@router.get("/v1/positions", operation_id="coordinator_listPositions", summary="读取进度", **_READ)
async def list_positions(service: CurrentService, actor: CurrentActor) -> views.Positions:
    """How far each log was read, and how many findings of each kind stand."""
    if actor.role not in service.policy.sees_all:
        raise NotAllowed("本岗位无权查看全局进度。", "this role may not see the whole")
    return await views.positions(service)
