"""Titles to hold a person: what each rests on, from when, until when, with the proof of its end. Pure.

A title names a limit of the law and the day it runs from; the end is computed, never typed, and kept with everything
that a later reader needs to compute it again. Three titles have no limit of their own (R24).
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from services.kernel.code import Code
from services.kernel.ends import custody_end
from services.kernel.errors import Unfounded
from services.kernel.period import Due, Moment, Roll, due, local_date, read_moment, sentence_end
from services.kernel.procedure import Limit
from services.kernel.transition import instant
from services.law.dues import first_extensions, most
from services.law.holidays import CALENDAR
from services.law.terms import lengthening
from services.law.titles import SPECIAL_LAW

Title = dict[str, Any]


def title(code: Code, given: Any, body: Mapping[str, Any], *, holder: str = "", held_since: str = "") -> Title:
    """The title that a step's fact `title` describes, its end computed.

    `holder` is for whom the person is held on it, `held_since` when they were first held: a sentence that is not final
    is counted from there.
    Raises: Unfounded for a limit on which nobody may be held, an extension that the law does not know, or an end that
    no calendar has.
    """
    kind, since, extensions = _read(given, body)
    known = {
        "kind": kind,
        "from": since,
        "documents": [paper["id"] for paper in body["documents"]],
        "organ": body["organ"],
        "holder": holder or body["organ"],
    }
    special = SPECIAL.get(kind)
    try:
        if special is not None:
            counted = {**given, "held_since": held_since or since}
            law_ref = "、".join(citation.zh for citation in SPECIAL_LAW[kind])
            return known | {"law_ref": law_ref} | special(code, counted, read_moment(since))
        return known | _by_limit(code, kind, read_moment(since), extensions)
    except (OverflowError, ValueError) as error:
        raise Unfounded(
            "羁押依据的届满之日不是历法上的日期。",
            "no calendar has the day on which this title would end",
            errors=[{"pointer": "/facts/title", "code": "no_such_time"}],
        ) from error


def _by_limit(code: Code, kind: str, start: Moment, extensions: int) -> Title:
    limit = code.limits.get(kind)
    if limit is None or not _holds(limit):
        possible = sorted(name for name, each in code.limits.items() if _holds(each))
        raise Unfounded(
            f"“{kind}”不是可以据以羁押的期限。",
            f"{kind} is no limit to hold a person on",
            errors=[
                {
                    "pointer": "/facts/title/limit",
                    "code": "no_such_title",
                    "params": {"any_of": [*possible, *SPECIAL]},
                }
            ],
        )
    often = most(limit)
    if extensions < 0 or (often is not None and extensions > often):
        raise Unfounded(
            f"“{limit.zh}”至多可以延长{often}次。",
            f"{kind} can be extended {often} times",
            errors=[{"pointer": "/facts/title/extensions", "code": "no_such_extension"}],
        )
    ends = _ends(limit, start, extensions, held=True)
    cite = limit.cite if isinstance(limit.cite, tuple) else (limit.cite,)
    proof: Title = {
        "limit": kind,
        "extensions": extensions,
        "rules": list(ends.rules),
        "calendar": CALENDAR.version,
        "edition": sorted({citation.ref.partition(":")[0] for citation in cite}),
        "provisional": ends.provisional,
        "terms": _terms(limit, extensions, held=True),
    }
    if ends.deadline is not None:
        proof["strict"] = instant(ends.deadline)
    last_day = ends.last_day or (local_date(ends.deadline) if ends.deadline else None)
    law_ref = "、".join(limit.procedure.cited(citation).zh for citation in cite)
    return {"end": last_day.isoformat() if last_day else None, "law_ref": law_ref, "proof": proof}


def _holds(limit: Limit) -> bool:
    """Whether somebody may be held while it runs; the duty to release at once is no such limit."""
    return limit.custody != "none" and limit.period is not None and not limit.period.at_once


def _ends(limit: Limit, start: Moment, extensions: int, *, held: bool) -> Due:
    assert limit.period is not None, f"{limit.name} has a number"
    return due(
        limit.period,
        start,
        extensions=first_extensions(limit, extensions),
        roll=Roll.NEVER if held else limit.roll,  # R7a: no holiday makes custody longer
        month_end=limit.month_end,
        held=held,
        calendar=CALENDAR,
        working_days=limit.working_days,
        strict_custody_days=limit.custody == "always",
    )


def _terms(limit: Limit, extensions: int, *, held: bool) -> dict[str, Any]:
    """All of a limit that its end was computed from, so that it can be computed again when the law is another."""
    assert limit.period is not None, f"{limit.name} has a number"
    return {
        "duration": limit.period.iso,
        "extensions": [lengthening(each) for each in limit.extensions[:extensions]],
        "roll": (Roll.NEVER if held else limit.roll).value,
        "custody": limit.custody,
        "month_end": limit.month_end.value,
        "working_days": limit.working_days,
    }


def _sentence(_: Code, given: Mapping[str, Any], start: Moment) -> Title:
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
    end = sentence_end(local_date(start), months=whole, days=half, credit=credit)
    return {"end": end.isoformat(), "proof": {"rules": ["S1", "S2"], "months": months, "credit_days": credit}}


def _appeal_pending(code: Code, given: Mapping[str, Any], start: Moment) -> Title:
    """R24 (b): the last day to appeal, then three days to transfer and five to file; never beyond the first sentence."""
    end, legs = start, []
    for name, held in (("appeal_judgment", False), ("appeal_transfer", True), ("appeal_filing", True)):
        last = _ends(code.limits[name], end, 0, held=held).last_day
        assert last is not None, "these limits count days"
        end = last
        legs.append({"terms": _terms(code.limits[name], 0, held=held), "held": held})
    proof: Title = {"rules": ["R23", "R24"], "calendar": CALENDAR.version, "legs": legs}
    last = local_date(end)
    if given.get("months") is not None:
        sentence = _sentence(code, given, read_moment(given["held_since"]))
        proof |= {**sentence["proof"], "rules": ["R21", *proof["rules"], "S1", "S2"], "held_since": given["held_since"]}
        last = custody_end([last, date.fromisoformat(sentence["end"])])
    return {"end": last.isoformat(), "proof": proof}


def _death_review(_: Code, __: Mapping[str, Any], ___: Moment) -> Title:
    return {"end": None, "proof": {"rules": ["R24"], "note": "死刑复核没有法定期限，以标记代替期限"}}


#: The titles that have no limit of their own.
SPECIAL: Mapping[str, Callable[[Code, Mapping[str, Any], Moment], Title]] = {
    "sentence": _sentence,
    "appeal_pending": _appeal_pending,
    "death_review": _death_review,
}


def _read(given: Any, body: Mapping[str, Any]) -> tuple[str, str, int]:
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
        moment = read_moment(since)
        written = instant(moment) if isinstance(moment, datetime) else since
    except (ValueError, OverflowError) as error:
        raise problem from error
    return given["limit"], written, extensions
