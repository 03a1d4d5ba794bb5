"""What may be read of custody_transfer."""

from typing import Any

from pydantic import AliasChoices, BaseModel, Field

from services.custody_transfer.domain.slots import STATES_ZH
from services.kernel.record import Head
from services.kernel.who import Actor, Organ
from services.law.titles import in_force, last_day, title_zh


class HeldTitle(BaseModel):
    """A title to hold a person: for whom, by which article, from when, until when, and the proof of its end.

    No end: flagged, not alarmed. `organ` is who registered it; `in_force` whether the person is held on it now.
    """

    kind: str
    zh: str
    holder: str
    law_ref: str
    in_force: bool
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

    While a hand-over is open `receiver` shows the other side. `end` is the earliest end of the titles in force. `passes`
    are those of the holder, `slots` those still open.
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


#: What only those need to know who hold somebody.
_CLOSE = frozenset({"sex", "born_on", "health", "unfit"})


def custody(head: Head, custody_id: str, states_zh: dict[str, str], reader: Actor) -> Custody:
    """One custody as a reader sees it: health, birth and sex are for the centre and for whoever holds the person.

    Raises: KeyError for an id that the case does not hold.
    """
    state = head.state
    what = state["subjects"][custody_id]
    given = state.get("titles", {}).get(custody_id, [])
    held_on = [] if what.get("ended") else in_force(given)
    end = last_day(given)
    pending = state.get("pending", {}).get(custody_id)
    line = state.get("lines", {}).get(custody_id, {}).get("custody_handover", ["held_by_A", ""])[0]
    holders = {what["center"], state["holder"][custody_id], state.get("receiver", {}).get(custody_id)}
    hidden = frozenset[str]() if reader.organ is Organ.SYSTEM or reader.organ_id in holders else _CLOSE
    said = {name: what[name] for name in Placed.model_fields if name in what}
    for part in ("health", "cells", "apart"):
        said.update(state.get(part, {}).get(custody_id, {}))
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
        titles=[_title(title, in_force=any(title is each for each in held_on)) for title in given],
        pending=_title(pending, in_force=False) if pending else None,
        end=end.isoformat() if end else None,
        ended=what.get("ended"),
        passes=[Pass(**each) for each in state.get("passes", {}).get(custody_id, [])],
        slots=[
            Slot(id=key, zh=STATES_ZH[each["state"]], **each)
            for key, each in state.get("slots", {}).get(custody_id, {}).items()
        ],
        placed=Placed(**{name: value for name, value in said.items() if name not in hidden}),
    )


def _title(title: dict[str, Any], *, in_force: bool) -> HeldTitle:
    return HeldTitle(
        kind=title["kind"],
        zh=title_zh(title["kind"]),
        holder=title.get("holder", title["organ"]),
        law_ref=title.get("law_ref", ""),
        in_force=in_force,
        since=title["from"],
        end=title["end"],
        organ=title["organ"],
        documents=title["documents"],
        proof=title["proof"],
    )


def custodies(head: Head, states_zh: dict[str, str], reader: Actor) -> CustodyList:
    """Every custody of a case."""
    return CustodyList(
        items=[custody(head, each, states_zh, reader) for each in head.state.get("subjects", {})],
        version=f"v{head.version}",
    )
