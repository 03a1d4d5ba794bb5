"""What may be asked of case_flow."""

from typing import Annotated

from pydantic import Field

from services.kernel.web import Day, Occurred, RequestBody, Short, TransitionCreate

OrganId = Annotated[str, Field(pattern=r"^[a-z]+-[0-9A-Za-z-]{1,40}$", examples=["proc-330106"])]


class CaseCreate(RequestBody):
    """A case is opened by the organ that received the report; `organs` are those of the same place it will go to."""

    organs: Annotated[list[OrganId], Field(max_length=20)] = []
    title: Annotated[Short, Field(examples=["王某涉嫌盗窃案"])] = ""
    occurred_at: Occurred | None = None
    inferred: bool = False


class Identity(RequestBody):
    """Who a person is. Never leaves this service: the log carries its digest only."""

    name: Short | None = None
    id_type: Short | None = None
    id_number: Short | None = None
    born_on: Day | None = None


class PersonCreate(RequestBody):
    """A person becomes part of a case. `label` is what the record calls them, such as 犯罪嫌疑人甲."""

    label: Annotated[Short, Field(examples=["犯罪嫌疑人甲"])]
    flags: Annotated[list[Annotated[str, Field(pattern=r"^[a-z_]{1,40}$")]], Field(max_length=20)] = []
    identity: Identity | None = None
    occurred_at: Occurred | None = None
    inferred: bool = False


class Bulk(RequestBody):
    """Many steps, each answered by itself; they share commits. At most 500."""

    items: Annotated[list["BulkItem"], Field(min_length=1, max_length=500)]


class BulkItem(RequestBody):
    """One step of a bulk: its case, its own idempotency key, and the version it was decided on."""

    case_id: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]
    key: Annotated[str, Field(min_length=8, max_length=128, pattern=r"^[\x21-\x7e]+$")]
    version: Annotated[int, Field(ge=0, lt=1 << 31)] | None = None
    transition: TransitionCreate
