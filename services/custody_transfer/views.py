"""What may be read of custody_transfer."""

from typing import Any

from pydantic import AliasChoices, BaseModel, Field

from services.custody_transfer.domain.slots import STATES_ZH
from services.kernel.record import Head


class HeldTitle(BaseModel):
    """A title to hold a person: its kind, from when, until when, and the proof of its end. No end: flagged, not alarmed."""

    kind: str
    since: str = Field(validation_alias=AliasChoices("from", "since"), serialization_alias="from")
    end: str | None
    organ: str
    documents: list[str]
    proof: dict[str, Any]


class Pass(BaseModel):
    """A pass of the organ that holds the person: on which days it may have them brought out."""

    since: str = Field(validation_alias=AliasChoices("from", "since"), serialization_alias="from")
    until: str
    organ: str
    documents: list[str]


class Slot(BaseModel):
    """A time for which somebody asked to see the person. `kind`: interrogation or meeting; `state` while it is open."""

    id: str
    kind: str
    since: str = Field(validation_alias=AliasChoices("from", "since"), serialization_alias="from")
    until: str
    organ: str
    state: str
    zh: str
    mode: str | None = None


class Placed(BaseModel):
    """How and where a person is held, as far as it was said: cell, kind of cell, health, whom to keep apart."""

    cell: str | None = None
    sex: str | None = None
    adult: bool | None = None
    convicted: bool | None = None
    born_on: str | None = None
    health: str | None = None
    unfit: str | None = None
    apart_from: list[str] = []


class Custody(BaseModel):
    """One person's custody: for whom the centre holds, under which titles, until when, and where.

    While a hand-over is open `receiver` shows the other side. `end` is the end of the title in force. `passes` are those
    of the holder, `slots` those still open.
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
    passes: list[Pass] = []
    slots: list[Slot] = []
    placed: Placed = Placed()


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
        passes=[Pass(**each) for each in state.get("passes", {}).get(custody_id, [])],
        slots=[
            Slot(id=key, zh=STATES_ZH[each["state"]], **each)
            for key, each in state.get("slots", {}).get(custody_id, {}).items()
        ],
        placed=Placed(
            **{name: what[name] for name in Placed.model_fields if name in what}
            | {
                name: value
                for part in ("health", "cells", "apart")
                for name, value in state.get(part, {}).get(custody_id, {}).items()
            }
        ),
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
