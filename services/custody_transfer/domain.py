"""What custody_transfer adds to the law: the custody itself, and the titles to hold that follow each other in it. Pure.

A title names the limit of the law that it rests on and the day it runs from; its end is computed, never typed, and kept
with everything that a later reader needs to compute it again.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from services.kernel.errors import OutOfOrder, Unfounded
from services.kernel.period import Due, Roll, due, local_date, sentence_end
from services.kernel.procedure import ANEW, Limit, Procedure, Remark, State
from services.kernel.record import Head, TakeStep
from services.kernel.record import State as CaseState
from services.kernel.transition import instant, new_id, read_moment
from services.kernel.who import organ_of
from services.law import CODE
from services.law.custody_handover import CustodyHandover
from services.law.holidays import CALENDAR
from services.law.offices import INTAKE, ORGAN_IN_CHARGE
from services.law.statutes import KSS


class CustodyAdmission(Procedure):
    """收押"""

    id = "R02"
    name = "custody_admission"
    zh = "收押登记"
    kept_by = "custody_transfer"
    line = "case"
    in_force = date(2018, 10, 26)

    opened = State("已建档", initial=True)

    admit = INTAKE.may(
        "收押登记",
        at=ANEW | opened,
        to=opened,
        ids="R02.01",
        needs="拘留证/逮捕证/逮捕决定书（法院）/逮捕决定书（检察）/执行通知书",
        cite=KSS[9],
    )

    no_statute = Remark("收押登记的形式", why="看守所条例规定凭证收押，登记的栏目由本系统确定", cite=KSS[9])


class CustodyTitle(Procedure):
    """羁押依据"""

    id = "R03"
    name = "custody_title"
    zh = "羁押依据"
    kept_by = "custody_transfer"
    line = "custody"
    in_force = date(2018, 10, 26)

    holding = State("有羁押依据", initial=True)

    add = ORGAN_IN_CHARGE.may(
        "登记新的羁押依据",
        at=holding,
        to=holding,
        ids="R03.01",
        needs="逮捕证/逮捕决定书（法院）/逮捕决定书（检察）/延长拘留期限通知书/刑事判决书（一审）/刑事判决书（二审）"
        "/刑事裁定书（驳回上诉、抗诉，维持原判）/执行通知书/变更羁押期限通知书",
        cite=KSS[15],
    )


#: The limits of the law on which a person may be held, and the three titles that have no limit of their own (R24).
SENTENCE, APPEAL_PENDING, DEATH_REVIEW = "sentence", "appeal_pending", "death_review"
_SPECIAL = (SENTENCE, APPEAL_PENDING, DEATH_REVIEW)
_CHANGES = frozenset({CustodyHandover.notice_change.type, CustodyHandover.extend_reminded.type, CustodyHandover.deliver_late.type})
_RELEASES = frozenset(step.type for step in CustodyHandover.steps() if step.to is CustodyHandover.ended)
_IN_FORCE_AT_ONCE = frozenset({CustodyHandover.extend_reminded.type, CustodyHandover.deliver_late.type})


class CustodyTransfer:
    """The domain of this service."""

    service = "custody_transfer"
    code = CODE.extended(CustodyAdmission, CustodyTitle)
    opening = frozenset({CustodyAdmission.admit.type})

    def outcome(self, head: Head, command: TakeStep, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """The custody that begins, and the titles that this step brings, each with the proof of its end.

        Raises: Unfounded for a title that the law does not know; OutOfOrder for a custody that has ended.
        """
        if command.type == CustodyAdmission.admit.type:
            return self._admit(head, command, body)
        for custody in body["subjects"]:
            if head.state["subjects"][custody].get("ended"):
                raise OutOfOrder("羁押已经结束。", "this custody has ended", law_ref=str(body["law_ref"]))
        given = command.facts.get("title")
        if given is None:
            return {}
        return {"titles": dict.fromkeys(body["subjects"], self._title(given, body))}

    def _admit(self, head: Head, command: TakeStep, body: Mapping[str, Any]) -> Mapping[str, Any]:
        person, holder = command.facts.get("person_id"), command.facts.get("holder")
        if not isinstance(person, str) or not isinstance(holder, str) or organ_of(holder) is None:
            raise Unfounded(
                "收押登记须写明被羁押人（person_id）和办案机关（holder）。",
                "admission must name the person and the organ that holds",
                errors=[{"pointer": "/facts", "code": "person_or_holder_missing"}],
            )
        held = [
            custody
            for custody, what in head.state.get("subjects", {}).items()
            if what.get("person") == person and not what.get("ended")
        ]
        if held:
            raise OutOfOrder(
                "此人在本案中已被羁押，不能重复收押。", "this person is already held in this case", law_ref=str(body["law_ref"])
            )
        custody = new_id("cus")
        organ = organ_of(holder)
        assert organ is not None, "checked above"
        return {
            "created": {custody: {"kind": "custody", "person": person, "center": command.actor.organ_id}},
            "holders": {custody: holder},
            "organs": {**body.get("organs", {}), organ.value: holder},
            "titles": {custody: self._title(command.facts.get("title"), body)},
        }

    def _title(self, given: Any, body: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ANN401 - a fact is any JSON
        kind, since, extensions = _read_title(given, body)
        title = {
            "kind": kind,
            "from": since if isinstance(since, str) else since.isoformat(),
            "documents": [paper["id"] for paper in body["documents"]],
            "organ": body["organ"],
        }
        if kind == DEATH_REVIEW:
            return {**title, "end": None, "proof": {"rules": ["R24"], "note": "死刑复核没有法定期限，以标记代替期限"}}
        if kind == SENTENCE:
            return {**title, **_sentence(given)}
        start = read_moment(title["from"])
        if kind == APPEAL_PENDING:
            appeal, transfer, filing = (self.code.limits[name] for name in ("appeal_judgment", "appeal_transfer", "appeal_filing"))
            last = _due(appeal, start, 0, held=False).last_day
            for limit in (transfer, filing):
                assert last is not None, "these limits count days"
                last = _due(limit, last, 0, held=True).last_day
            assert last is not None, "these limits count days"
            return {**title, "end": last.isoformat(), "proof": {"rules": ["R23", "R24"], "calendar": CALENDAR.version}}
        limit = self.code.limits.get(kind)
        if limit is None or limit.custody == "none":
            possible = sorted(name for name, each in self.code.limits.items() if each.custody != "none")
            raise Unfounded(
                f"“{kind}”不是可以据以羁押的期限。",
                f"{kind} is no limit to hold a person on",
                errors=[{"pointer": "/facts/title/limit", "code": "no_such_title", "params": {"any_of": [*possible, *_SPECIAL]}}],
            )
        if not 0 <= extensions <= len(limit.extensions):
            raise Unfounded(
                f"“{limit.zh}”至多可以延长{len(limit.extensions)}次。",
                f"{kind} can be extended {len(limit.extensions)} times",
                errors=[{"pointer": "/facts/title/extensions", "code": "no_such_extension"}],
            )
        ends = _due(limit, start, extensions, held=True)
        proof = {
            "limit": kind,
            "from": title["from"],
            "extensions": extensions,
            "rules": list(ends.rules),
            "calendar": CALENDAR.version,
            "edition": sorted({citation.ref.partition(":")[0] for citation in _citations(limit)}),
            "provisional": ends.provisional,
        }
        if ends.deadline is not None:
            proof["strict"] = instant(ends.deadline)
        last_day = ends.last_day or (local_date(ends.deadline) if ends.deadline else None)
        return {**title, "end": last_day.isoformat() if last_day else None, "proof": proof}

    def fold(self, state: CaseState, body: Mapping[str, Any]) -> None:
        """Titles, holders and ended custodies of the case. A changed end is in force once the centre has received it."""
        if "holders" in body:
            state["holder"] = {**state.get("holder", {}), **body["holders"]}
        titles, pending = dict(state.get("titles", {})), dict(state.get("pending", {}))
        for custody, title in body.get("titles", {}).items():
            if body["type"] == CustodyHandover.notice_change.type:
                pending[custody] = title
            else:
                titles[custody] = [*titles.get(custody, []), title]
        if body["type"] == CustodyHandover.confirm_change.type:
            for custody in body["subjects"]:
                if custody in pending:
                    titles[custody] = [*titles.get(custody, []), pending.pop(custody)]
        if body["type"] in _RELEASES:
            subjects = dict(state["subjects"])
            for custody in body["subjects"]:
                subjects[custody] = {**subjects[custody], "ended": body["occurred_at"]}
            state["subjects"] = subjects
        state["titles"], state["pending"] = titles, pending


def _citations(limit: Limit) -> tuple[Any, ...]:
    return limit.cite if isinstance(limit.cite, tuple) else (limit.cite,)


def _due(limit: Limit, start: date | datetime, extensions: int, *, held: bool) -> Due:
    assert limit.period is not None, f"{limit.name} has a number"
    return due(
        limit.period,
        start,
        extensions=limit.extensions[:extensions],
        roll=limit.roll if limit.custody != "always" else Roll.NEVER,
        month_end=limit.month_end,
        held=held,
        calendar=CALENDAR,
        working_days=limit.working_days,
        strict_custody_days=limit.custody == "always",
    )


def _read_title(given: Any, body: Mapping[str, Any]) -> tuple[str, str, int]:  # noqa: ANN401 - a fact is any JSON
    problem = Unfounded(
        "羁押依据（title）须写明期限的名称（limit）、起算时间（from）和已经延长的次数（extensions）。",
        "a title names its limit, from when, and how many extensions",
        errors=[{"pointer": "/facts/title", "code": "malformed"}],
    )
    if not isinstance(given, dict) or not isinstance(given.get("limit"), str):
        raise problem
    since, extensions = given.get("from", body["occurred_at"]), given.get("extensions", 0)
    if not isinstance(since, str) or not isinstance(extensions, int) or isinstance(extensions, bool):
        raise problem
    try:
        read_moment(since)
    except ValueError as error:
        raise problem from error
    return given["limit"], since, extensions


def _sentence(given: Mapping[str, Any]) -> dict[str, Any]:
    """A fixed term by its months and credit (S1, S2), or no end for life and a reprieved death sentence."""
    months, credit = given.get("months"), given.get("credit_days", 0)
    if months is None:
        return {"end": None, "proof": {"rules": ["S5"], "note": "无期徒刑或者死刑缓期执行，没有确定的刑满日"}}
    if not isinstance(months, int | float) or not isinstance(credit, int) or months < 0 or credit < 0:
        raise Unfounded(
            "刑期须写明月数（months）和折抵日数（credit_days）。",
            "a sentence names its months and its credit",
            errors=[{"pointer": "/facts/title", "code": "malformed"}],
        )
    whole, half = int(months), 15 if months % 1 else 0
    end = sentence_end(local_date(read_moment(str(given["from"]))), months=whole, days=half, credit=credit)
    return {"end": end.isoformat(), "proof": {"rules": ["S1", "S2"], "months": months, "credit_days": credit}}
