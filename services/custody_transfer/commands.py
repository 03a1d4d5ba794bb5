"""What may be asked of custody_transfer."""

from typing import Annotated, Any

from pydantic import Field, JsonValue

from services.kernel.web import Id, Occurred, Paper, RequestBody, TransitionCreate


class Title(RequestBody):
    """What a person is held on: a limit of the law (or `sentence`, `appeal_pending`, `death_review`) and its start.

    The end is computed. `extensions` is how many of the limit's extensions, in the order of the law, have been granted;
    `months` and `credit_days` describe a sentence.
    """

    limit: Annotated[str, Field(pattern=r"^[a-z0-9_]{1,80}$", examples=["investigation_custody"])]
    since: Annotated[Occurred, Field(alias="from")]
    extensions: Annotated[int, Field(ge=0, le=10)] = 0
    months: Annotated[float, Field(ge=0, le=600)] | None = None
    credit_days: Annotated[int, Field(ge=0, le=20000)] = 0

    def fact(self) -> dict[str, Any]:
        """As a fact of a step."""
        return self.model_dump(by_alias=True, exclude_none=True)


class CustodyCreate(RequestBody):
    """A detention centre takes a person in, for the organ that holds them."""

    case_id: Id
    person_id: Id
    holder: Annotated[str, Field(pattern=r"^[a-z]+-[0-9A-Za-z-]{1,40}$", examples=["pol-330106"])]
    title: Title
    documents: Annotated[list[Paper], Field(min_length=1, max_length=20)]
    facts: Annotated[dict[Annotated[str, Field(max_length=60)], JsonValue], Field(max_length=60)] = {}
    occurred_at: Occurred | None = None
    inferred: bool = False


class CustodyBulkItem(RequestBody):
    """One act of a batch: its custody and its own idempotency key."""

    custody_id: Id
    key: Annotated[str, Field(min_length=8, max_length=128, pattern=r"^[\x21-\x7e]+$")]
    transition: TransitionCreate


class CustodyBulk(RequestBody):
    """One act for many persons: every custody gets its own certificate and its own receipt."""

    items: Annotated[list[CustodyBulkItem], Field(min_length=1, max_length=200)]
