"""The law as the gateway answers for it: the limits there are, and when one ends. Keeps nothing and asks no service."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field, RootModel, StrictBool, StrictInt

from services.kernel.errors import NotComputable
from services.kernel.transition import encode
from services.kernel.web import ACT_PROBLEMS, READ_PROBLEMS, RequestBody, _read, parse
from services.law import CODE
from services.law.dues import MOMENT, PAUSE, Question, answer, at, limit_json

#: The most questions in one request, and the most exclusions in one question.
MOST, EXCLUSIONS = 5000, 20

router = APIRouter()


class LimitQuestion(RequestBody):
    """When does a limit end? `from` is a day or a time (of Beijing, or with its offset)."""

    limit: Annotated[str, Field(max_length=120, pattern=r"^[a-z0-9_]+$", examples=["prosecution_review"])]
    since: Annotated[
        str, Field(alias="from", max_length=40, pattern=MOMENT, examples=["2026-03-16", "2026-03-16T14:20"])
    ]
    organ: Annotated[
        str | None, Field(max_length=40, description="Who is bound, if another than the limit names (R6a).")
    ] = None
    custody: Annotated[StrictBool | None, Field(description="Whether the period now holds a person.")] = None
    extensions: Annotated[
        StrictInt | None, Field(ge=0, le=100, description="How many of the limit's were granted, the first so many.")
    ] = None
    exclude: Annotated[
        list[Annotated[str, Field(max_length=40, pattern=PAUSE, examples=["2026-04-01..2026-04-25"])]] | None,
        Field(max_length=EXCLUSIONS, description="Time that does not count: the days of stopping and of resuming."),
    ] = None


class LimitQuestions(RootModel[Annotated[list[LimitQuestion], Field(max_length=MOST)]]):
    """Several questions."""


class RuleUsed(BaseModel):
    """A rule of computation and its articles; one without is a choice of this system."""

    rule: str
    zh: str
    basis: list[str]


class DueAnswer(BaseModel):
    """When a limit ends, by which rules. `deadline` is a time of Beijing to the minute, `deadline_at` the instant.

    `if_not_held` is the other end, where nobody said whether a person is held and it matters. `provisional`: the
    calendar of that year is not published yet; `calendar` names the one that was used.
    """

    model_config = ConfigDict(extra="allow")
    limit: str
    zh: str
    organ: str
    held: bool
    last_day: str | None
    deadline: str | None
    deadline_at: str | None
    base_end: str | None
    open_ended: bool
    provisional: bool
    rules: list[RuleUsed]
    if_not_held: dict[str, Any] | None
    note: str
    calendar: str
    law_ref: str


class DueEntry(BaseModel):
    """A question with `last_day` or `deadline` added (both for days of detention), `provisional` only if it is."""

    model_config = ConfigDict(extra="allow")
    limit: str


class LimitList(BaseModel):
    """Every limit of the law by the name that a question uses, with its extensions in their order."""

    items: list[dict[str, Any]]


def _either(question: type[BaseModel]) -> dict[str, Any]:
    one = question.model_json_schema()
    many = {"type": "array", "items": one, "maxItems": MOST}
    return {"required": True, "content": {"application/json": {"schema": {"anyOf": [one, many]}}}}


@router.get(
    "/v1/law/limits", operation_id="gateway_listLimits", tags=["law"], summary="法定期限一览", responses=READ_PROBLEMS
)
async def list_limits() -> LimitList:
    """The limits that `POST /v1/law/due` computes."""
    return LimitList(items=[limit_json(limit) for limit in CODE.limits.values()])


@router.post(
    "/v1/law/due",
    operation_id="gateway_computeDue",
    tags=["law"],
    summary="计算期限届满之日",
    description="One question in, one answer out; a list in, the same list out. If any entry of a list cannot be "
    "answered, none is: the problem names each by its place.",
    response_model=DueAnswer | list[DueEntry],
    responses={status: ACT_PROBLEMS[status] for status in (400, 401, 403, 413, 415, 422, 500)},
    openapi_extra={"requestBody": _either(LimitQuestion)},
)
async def compute_due(request: Request) -> Response:
    """When a limit ends, and by which rules. Nothing is kept, so no Idempotency-Key is needed."""
    raw = await _read(request.receive, dict(request.scope["headers"]))
    if not raw.lstrip().startswith(b"["):
        said: Any = answer(CODE, _question(parse(LimitQuestion, raw))).as_dict()
    else:
        said = await _all(parse(LimitQuestions, raw).root)
    return Response(encode(said), media_type="application/json", headers={"Cache-Control": "no-store"})


async def _all(asked: list[LimitQuestion]) -> list[dict[str, Any]]:
    answered: list[dict[str, Any]] = []
    refusals: list[NotComputable] = []
    for place, each in enumerate(asked):
        try:
            fields = each.model_dump(by_alias=True, exclude_unset=True)
            answered.append(fields | answer(CODE, _question(each)).added())
        except NotComputable as refusal:
            refusals.append(at(place, refusal))
        await asyncio.sleep(0)  # a long list must not keep every other request waiting
    if refusals:
        raise NotComputable(
            "".join(refusal.zh for refusal in refusals[:3]) + ("……" if len(refusals) > 3 else ""),  # noqa: PLR2004 - three say enough
            "; ".join(refusal.en for refusal in refusals[:3]),
            errors=[error for refusal in refusals[:50] for error in refusal.errors],
        )
    return answered


def _question(asked: LimitQuestion) -> Question:
    return Question(
        asked.limit, asked.since, asked.organ, asked.custody, asked.extensions or 0, tuple(asked.exclude or ())
    )
