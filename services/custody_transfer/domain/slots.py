"""Passes and slots: when a person may be brought out, for whom, and that nobody is in two rooms at once. Pure.

A slot is for an interrogation (under a pass of the organ that holds the person) or for a meeting with lawyers. It is
kept in the state while it is open; what became of it stands in the rows.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from services.kernel.errors import OutOfOrder, Refused, Unfounded
from services.kernel.period import local_date, read_moment
from services.kernel.record import Head, State, TakeStep
from services.kernel.transition import instant, new_id
from services.law.interrogation_pass import InterrogationPass
from services.law.meeting import Meeting

Slot = Mapping[str, Any]
#: What a step writes: by slot id, the slot as it is from then on.
Written = Mapping[str, Slot]
_OPEN = frozenset({"booked", "confirmed", "out"})


def passes(command: TakeStep, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The pass that a step issues; empty for any other. Raises: Unfounded for one that ends before it begins."""
    if command.type != InterrogationPass.issue.type:
        return {}
    since, until = (str(command.facts[name]) for name in ("valid_from", "valid_until"))
    if local_date(read_moment(until)) < local_date(read_moment(since)):
        raise _unfounded(
            body, "valid_until", "ends_before_it_begins", "有效期届满之日早于起始之日。", "it ends too early"
        )
    papers = [paper["id"] for paper in body["documents"]]
    return {"from": since, "until": until, "organ": body["organ"], "documents": papers}


def slots(head: Head, command: TakeStep, body: Mapping[str, Any], custody: str) -> Written:
    """The slots of a custody that a step makes or changes; empty for a step that has nothing to do with them.

    Raises: Unfounded where no pass covers the time, or there is no such slot; OutOfOrder where the time is taken, or the
    slot stands elsewhere.
    """
    written = _STEPS.get(command.type)
    return {} if written is None else written(head.state, command, body, custody)


def fold(state: State, body: Mapping[str, Any]) -> None:
    """Bring passes and open slots up to one more row; a pass that a hand-over ends takes its slots along."""
    given, booked = dict(state.get("passes", {})), dict(state.get("slots", {}))
    for custody, each in body.get("passes", {}).items():
        given[custody] = [*given.get(custody, []), each]
    for custody, written in body.get("slots", {}).items():
        booked[custody] = {**booked.get(custody, {}), **written}
    for move in (each for each in body["moves"] if each["procedure"] == InterrogationPass.name):
        if move.get("ended"):
            custody = move["subject"]
            given.pop(custody, None)
            kept = {key: slot for key, slot in booked.get(custody, {}).items() if not _lapses(slot)}
            booked[custody] = kept
    open_slots = {
        custody: {key: slot for key, slot in mine.items() if slot["state"] in _OPEN} for custody, mine in booked.items()
    }
    if given or "passes" in state:
        state["passes"] = given
    if booked:
        state["slots"] = {custody: mine for custody, mine in open_slots.items() if mine}


def _lapses(slot: Slot) -> bool:
    return bool(slot["kind"] == "interrogation" and slot["state"] != "out")


def _books(state: State, command: TakeStep, body: Mapping[str, Any], custody: str) -> Written:
    since, until = _times(command, body)
    standing = state.get("passes", {}).get(custody, [])
    if not any(_covers(each, since, until) for each in standing):
        last = standing[-1] if standing else None
        until_zh = f"（现有的至{local_date(read_moment(last['until']))}止）" if last else ""
        raise _unfounded(
            body,
            "started_at",
            "no_valid_pass",
            f"提讯提解证的有效期不包括所约的时间{until_zh}。",
            "no pass covers the time",
        )
    _free(state, custody, since, until, body)
    mode = command.facts["mode"]
    told = {
        "kind": "interrogation",
        "organ": body["organ"],
        "mode": mode,
        "officers": command.facts.get("officers", []),
    }
    return {new_id("slot"): {**told, **_when(since, until), "state": "booked"}}


def _meets(state: State, command: TakeStep, body: Mapping[str, Any], custody: str) -> Written:
    since, until = _times(command, body)
    before = _closed(state, custody, "cancelled")
    _free(state, custody, since, until, body, but=before)
    told = {"kind": "meeting", "organ": body["organ"], **_when(since, until), "state": "confirmed"}
    return {**before, new_id("slot"): told}


def _ends_meeting(how: str) -> Callable[[State, TakeStep, Mapping[str, Any], str], Written]:
    return lambda state, command, body, custody: _closed(state, custody, how)


def _closed(state: State, custody: str, how: str) -> Written:
    mine = state.get("slots", {}).get(custody, {})
    return {key: {**slot, "state": how} for key, slot in mine.items() if slot["kind"] == "meeting"}


def _turns(to: str, *before: str) -> Callable[[State, TakeStep, Mapping[str, Any], str], Written]:
    """A step that brings one named slot from one of these states to another."""

    def turned(state: State, command: TakeStep, body: Mapping[str, Any], custody: str) -> Written:
        key = str(command.facts["slot"])
        slot = state.get("slots", {}).get(custody, {}).get(key)
        if slot is None or slot["kind"] != "interrogation":
            raise _unfounded(body, "slot", "no_such_slot", "没有这项预约，或者已经办结、失效。", "no such slot is open")
        if slot["state"] not in before:
            zh = "、".join(f"“{STATES_ZH[each]}”" for each in before)
            raise OutOfOrder(
                f"这项预约现为“{STATES_ZH[slot['state']]}”，须为{zh}。",
                f"the slot is {slot['state']}",
                law_ref=str(body["law_ref"]),
            )
        return {key: {**slot, "state": to}}

    return turned


STATES_ZH = {"booked": "已预约", "confirmed": "已安排", "out": "已提出"}
_STEPS: Mapping[str, Callable[[State, TakeStep, Mapping[str, Any], str], Written]] = {
    InterrogationPass.book.type: _books,
    InterrogationPass.confirm.type: _turns("confirmed", "booked"),
    InterrogationPass.refuse.type: _turns("refused", "booked", "confirmed"),
    InterrogationPass.cancel.type: _turns("cancelled", "booked", "confirmed"),
    InterrogationPass.bring_out.type: _turns("out", "confirmed"),
    InterrogationPass.bring_back.type: _turns("back", "out"),
    Meeting.arrange.type: _meets,
    Meeting.arrange_as_asked.type: _meets,
    Meeting.hold.type: _ends_meeting("held"),
    Meeting.withdraw.type: _ends_meeting("cancelled"),
    Meeting.refuse.type: _ends_meeting("refused"),
}


def _times(command: TakeStep, body: Mapping[str, Any]) -> tuple[datetime, datetime]:
    since, until = (read_moment(str(command.facts[name])) for name in ("started_at", "ended_at"))
    if not isinstance(since, datetime) or not isinstance(until, datetime):
        raise _unfounded(body, "started_at", "needs_hour", "预约须写明时刻。", "a slot needs its hours")
    if until <= since:
        raise _unfounded(body, "ended_at", "ends_before_it_begins", "结束时间须晚于开始时间。", "it ends too early")
    return since, until


def _when(since: datetime, until: datetime) -> dict[str, str]:
    return {"from": instant(since), "until": instant(until)}


def _covers(each: Mapping[str, Any], since: datetime, until: datetime) -> bool:
    first, last = (local_date(read_moment(each[name])) for name in ("from", "until"))
    return first <= local_date(since) and local_date(until) <= last


def _free(
    state: State, custody: str, since: datetime, until: datetime, body: Mapping[str, Any], *, but: Written | None = None
) -> None:
    """That the person is asked for at no other place meanwhile. Raises: OutOfOrder."""
    first, last = instant(since), instant(until)
    for key, slot in state.get("slots", {}).get(custody, {}).items():
        if key not in (but or {}) and slot["from"] < last and first < slot["until"]:
            raise OutOfOrder(
                f"此人在所约的时间已有其他安排（{STATES_ZH[slot['state']]}）。",
                "the person is asked for elsewhere meanwhile",
                law_ref=str(body["law_ref"]),
                params={"from": slot["from"], "until": slot["until"]},
            )


def _unfounded(body: Mapping[str, Any], fact: str, code: str, zh: str, en: str) -> Refused:
    return Unfounded(zh, en, law_ref=str(body["law_ref"]), errors=[{"pointer": f"/facts/{fact}", "code": code}])
