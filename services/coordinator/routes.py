"""What may be asked of the coordinator: it is read, and it acts by itself; persons decide about what it found."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from services.coordinator import agreements, alerts, chains, handlers, mismatches, proofs, tasks, views
from services.coordinator.commands import (
    AcknowledgementCreate,
    AgreementCreate,
    HaltDecisionCreate,
    MismatchCreate,
    TaskConfirmationCreate,
    TaskFeedbackCreate,
    TaskReorderCreate,
)
from services.kernel.errors import NotAllowed, NotFound
from services.kernel.service import CurrentService
from services.kernel.web import ACT_PROBLEMS, READ_PROBLEMS, Answer, CurrentActor, CurrentCall, Id, ShortRoute

router = APIRouter()
acts = APIRouter(route_class=ShortRoute)
_READ: dict[str, Any] = {"responses": READ_PROBLEMS, "tags": ["coordination"]}
_AGREEMENT: dict[str, Any] = {"responses": READ_PROBLEMS, "tags": ["agreement"]}
_TASK: dict[str, Any] = {"responses": READ_PROBLEMS, "tags": ["supervision"]}
_ON_TASK: dict[str, Any] = {
    "response_model": tasks.TaskEvent,
    "status_code": 201,
    "responses": ACT_PROBLEMS,
    "tags": ["supervision"],
}
_Page = Annotated[str, Query(max_length=40, pattern=r"^[A-Za-z0-9_-]*$")]
_Size = Annotated[int, Query(ge=1)]
_Level = Annotated[int | None, Query(ge=0, le=3)]
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


@router.get("/v1/chains", operation_id="coordinator_listChains", summary="监督事项", **_READ)
async def list_chains(
    service: CurrentService,
    actor: CurrentActor,
    case_id: Annotated[str | None, _Word] = None,
    kind: Annotated[str | None, _Word] = None,
    metric: Annotated[str | None, _Word] = None,
    state: Annotated[str | None, _Word] = None,
    answer: Annotated[str | None, _Word] = None,
    page_token: _Page = "",
    page_size: _Size = 50,
) -> chains.ChainList:
    """The supervision matters of the cases that the caller's organ shares, act by act, and how demands were answered.

    `counts` is over all that the same questions find, not this page alone; `answer` asks for the demands of one answer.
    """
    asked = chains.Asked(case_id=case_id, kind=kind, metric=metric, state=state, answer=answer)
    return await chains.chains(service, actor, asked, after=page_token, page_size=min(page_size, 200))


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


@router.get("/v1/tasks", operation_id="coordinator_listTasks", summary="督办事项", **_TASK)
async def list_tasks(
    service: CurrentService,
    actor: CurrentActor,
    case_id: Annotated[str | None, _Word] = None,
    owner: Annotated[str | None, _Word] = None,
    state: Annotated[str | None, _Word] = None,
    overdue: Annotated[bool | None, Query()] = None,
    page_token: _Page = "",
    page_size: _Size = 50,
) -> tasks.TaskList:
    """What persons have to mend in the cases that the caller's organ shares, by when, and where that stands."""
    return await tasks.tasks(
        service,
        actor,
        case_id=case_id,
        owner=owner,
        state=state,
        overdue=overdue,
        after=page_token,
        page_size=min(page_size, 200),
    )


@router.get("/v1/task-counts", operation_id="coordinator_countTasks", summary="督办事项统计", **_TASK)
async def count_tasks(
    service: CurrentService, actor: CurrentActor, owner: Annotated[str | None, _Word] = None
) -> tasks.TaskCounts:
    """How many tasks stand where, and how many are overdue, in the cases that the caller's organ shares."""
    return await tasks.counts(service, actor, owner)


@router.get("/v1/tasks/{task_id}", operation_id="coordinator_readTask", summary="督办事项及其经过", **_TASK)
async def read_task(service: CurrentService, actor: CurrentActor, task_id: Id) -> tasks.Task:
    """One task with everything that happened to it."""
    return await tasks.read(service, actor, task_id)


@acts.post("/v1/tasks/{task_id}/feedback", operation_id="coordinator_reportTask", summary="反馈整改情况", **_ON_TASK)
async def report_task(call: CurrentCall, service: CurrentService, task_id: Id, new: TaskFeedbackCreate) -> Answer:
    """Report what was done. The task is done when the log shows it."""
    return await handlers.say_of_task(service, task_id, "reported", new, call)


@acts.post("/v1/tasks/{task_id}/reorders", operation_id="coordinator_reorderTask", summary="退回重新督办", **_ON_TASK)
async def reorder_task(call: CurrentCall, service: CurrentService, task_id: Id, new: TaskReorderCreate) -> Answer:
    """Order it again, with what is still missing and a new last day."""
    return await handlers.say_of_task(service, task_id, "reordered", new, call)


@acts.post("/v1/tasks/{task_id}/confirmations", operation_id="coordinator_confirmTask", summary="确认整改", **_ON_TASK)
async def confirm_task(call: CurrentCall, service: CurrentService, task_id: Id, new: TaskConfirmationCreate) -> Answer:
    """Confirm that it was done, as the log shows; refused as long as it does not."""
    return await handlers.say_of_task(service, task_id, "confirmed", new, call)


@router.get("/v1/duties", operation_id="coordinator_listDuties", summary="法定义务", **_READ)
async def list_duties(
    service: CurrentService,
    actor: CurrentActor,
    case_id: Annotated[str | None, _Word] = None,
    status: Annotated[str | None, _Word] = None,
    owner: Annotated[str | None, _Word] = None,
    holder: Annotated[str | None, _Word] = None,
    level: _Level = None,
    page_token: Annotated[str, Query(max_length=64, pattern=r"^[A-Za-z0-9_-]*$")] = "",
    page_size: _Size = 50,
) -> alerts.DutyList:
    """What each organ is bound to do in the cases that the caller's organ shares: by when, to whom, and how it stands.

    `owner` is a kind of organ, `holder` the id of one. A page holds whole cases that have any, so many at a time.
    """
    wanted = {"status": status, "owner": owner, "holder": holder}
    return await alerts.duties(
        service,
        actor,
        case_id=case_id,
        wanted={name: value for name, value in wanted.items() if value is not None},
        level=level,
        after=page_token,
        page_size=min(page_size, 100),
    )


@router.get("/v1/duties/{duty_id}", operation_id="coordinator_readDuty", summary="法定义务", **_READ)
async def read_duty(service: CurrentService, actor: CurrentActor, duty_id: Id) -> alerts.DutyView:
    """One duty."""
    return await alerts.duty_for(service, actor, duty_id)


@router.get("/v1/alerts", operation_id="coordinator_listAlerts", summary="预警", **_READ)
async def list_alerts(
    service: CurrentService,
    actor: CurrentActor,
    case_id: Annotated[str | None, _Word] = None,
    duty_id: Annotated[str | None, _Word] = None,
    level: _Level = None,
    organ: Annotated[str | None, _Word] = None,
    standing: Annotated[bool | None, Query()] = None,
    page_token: _Page = "",
    page_size: _Size = 50,
) -> alerts.AlertList:
    """The duties that were told of, in the cases that the caller's organ shares. `organ` is an id, or `mine`."""
    return await alerts.alerts(
        service,
        actor,
        case_id=case_id,
        duty=duty_id,
        level=level,
        organ=organ,
        standing=standing,
        after=page_token,
        page_size=min(page_size, 200),
    )


@router.get("/v1/alerts/{alert_id}", operation_id="coordinator_readAlert", summary="预警", **_READ)
async def read_alert(service: CurrentService, actor: CurrentActor, alert_id: Id) -> alerts.AlertView:
    """One alert, and who acknowledged it."""
    return await alerts.alert_for(service, actor, alert_id)


@acts.post(
    "/v1/alerts/{alert_id}/acknowledgements",
    operation_id="coordinator_acknowledgeAlert",
    summary="签收预警",
    response_model=alerts.Acknowledgement,
    status_code=201,
    responses=ACT_PROBLEMS,
    tags=["coordination"],
)
async def acknowledge_alert(
    call: CurrentCall, service: CurrentService, alert_id: Id, new: AcknowledgementCreate
) -> Answer:
    """Acknowledge an alert, in an office to which it was addressed: it climbs no further. The duty stays what it is."""
    return await handlers.acknowledge_alert(service, alert_id, new, call)
