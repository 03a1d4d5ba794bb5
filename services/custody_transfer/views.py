"""What may be read of custody_transfer."""

from typing import Any

from pydantic import AliasChoices, BaseModel, Field

from services.kernel.record import Head
from services.kernel.service import Service, available_now
from services.kernel.who import Actor


class HeldTitle(BaseModel):
    """A title to hold a person: its kind, from when, until when, and the proof of its end. No end: flagged, not alarmed."""

    kind: str
    since: str = Field(validation_alias=AliasChoices("from", "since"), serialization_alias="from")
    end: str | None
    organ: str
    documents: list[str]
    proof: dict[str, Any]


class Custody(BaseModel):
    """One person's custody: for whom the centre holds, under which titles, until when.

    While a hand-over is open `receiver` shows the other side. `end` is the end of the title in force.
    """

    id: str
    case_id: str
    person_id: str
    center: str
    version: str
    state: str
    zh: str
    holder: str
    receiver: str | None
    titles: list[HeldTitle]
    pending: HeldTitle | None
    end: str | None
    ended: str | None


class CustodyList(BaseModel):
    """The custodies of a case."""

    items: list[Custody]
    version: str


def custody(head: Head, custody_id: str, states_zh: dict[str, str]) -> Custody:
    """One custody as readers see it. Raises: KeyError for an id that the case does not hold."""
    state = head.state
    what = state["subjects"][custody_id]
    titles = [_title(title) for title in state.get("titles", {}).get(custody_id, [])]
    pending = state.get("pending", {}).get(custody_id)
    line = state.get("lines", {}).get(custody_id, {}).get("custody_handover", ["held_by_A", ""])[0]
    return Custody(
        id=custody_id,
        case_id=head.case_id,
        person_id=what["person"],
        center=what["center"],
        version=f"v{head.version}",
        state=line,
        zh=states_zh[line],
        holder=state["holder"][custody_id],
        receiver=state.get("receiver", {}).get(custody_id),
        titles=titles,
        pending=_title(pending) if pending else None,
        end=titles[-1].end if titles else None,
        ended=what.get("ended"),
    )


def _title(title: dict[str, Any]) -> HeldTitle:
    return HeldTitle(
        kind=title["kind"],
        since=title["from"],
        end=title["end"],
        organ=title["organ"],
        documents=title["documents"],
        proof=title["proof"],
    )


def custodies(head: Head, states_zh: dict[str, str]) -> CustodyList:
    """Every custody of a case."""
    return CustodyList(
        items=[custody(head, each, states_zh) for each in head.state.get("subjects", {})], version=f"v{head.version}"
    )


def available(head: Head, custody_id: str, service: Service, actor: Actor) -> dict[str, Any]:
    """What this actor may do now with a custody: nothing once it has ended."""
    now = available_now(service, head, actor, custody_id)
    return {**now, "items": []} if head.state["subjects"][custody_id].get("ended") else now
