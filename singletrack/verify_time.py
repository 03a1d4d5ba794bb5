"""Computes every end in a file of proofs again, by its own arithmetic: `python verify_time.py PROOFS.json`.

Needs Python 3.11 and this one file; shares no code with the service that made the proofs. Says which proof is wrong, in
which field, and what it should be. Exit 0: all agree. 1: something differs, and is named. 2: not a file of proofs.

The file, `singletrack-proofs/1`, is JSON with one entry a line: calendars (the days that their weekday does not tell),
terms (what the law says of a limit), proofs, and last an entry about the whole. An entry is canonical JSON (keys in
order, no space) to which a seal is added: SHA-256 and SM3 of the text before the seal, and two sums over its bytes. If
one byte was changed, the sums tell which, and the digests that it was so.

The arithmetic: a day is its ordinal, an instant the microseconds since the beginning of day 0, both in UTC+8, where
there is no summer time since 1991 and none here ever. Rules are numbered as in the proofs (R3, R4 …).
"""

import hashlib
import json
import re
import sys
from calendar import monthrange
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from typing import Any

FORMAT = "singletrack-proofs/1"
#: The lines around the entries, in order; what stands between the last two is the entry about the whole.
FRAME = (b'{"format":"%s",' % FORMAT.encode(), b'"calendars":[', b'],"terms":[', b'],"proofs":[', b'],"whole":', b"}")
SECTIONS = ("calendars", "terms", "proofs", "whole")
#: Clocks under which something is owed; under all others an end that has passed leaves nothing undone.
OWED = {"obligation", "detention", "validity", "advance"}

_DAY = 86_400_000_000
_FIRST = datetime(1, 1, 1)  # noqa: DTZ001 - day 1, in UTC+8 like every moment here
_WEEKEND = (5, 6)
_NEW_YEAR = (12, 25)  # the notice of a year may name the last days of the year before
_HAS_SM3 = "sm3" in hashlib.algorithms_available
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^"{}\[\],:]+')
_DURATION = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:0S)?)?")


class NotAFileOfProofs(Exception):
    """It cannot be read, or is something else."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as it should be. `pointer` is where, `line` the line of the file, from 1."""

    pointer: str
    line: int
    zh: str
    case_id: str = ""
    limit: str = ""
    subject: str = ""
    field: str = ""
    stated: Any = None
    recomputed: Any = None


@dataclass(slots=True)
class Verified:
    """What came of it. `without_sm3` counts the seals whose SM3 this Python cannot compute."""

    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(SECTIONS[:3], 0))
    differences: list[Difference] = field(default_factory=list)
    without_sm3: int = 0
    sha256: str = ""

    @property
    def agrees(self) -> bool:
        """Whether nothing differs."""
        return not self.differences

    def as_dict(self) -> dict[str, Any]:
        """For machines."""
        return {
            "format": FORMAT,
            "agrees": self.agrees,
            "counts": self.counts,
            "without_sm3": self.without_sm3,
            "sha256": self.sha256,
            "differences": [asdict(each) for each in self.differences],
        }


# The seal.


def canonical(told: Any) -> bytes:
    """The one way of writing an entry."""
    return json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def sums(text: bytes) -> tuple[int, int]:
    """The sum of the bytes, and of the bytes each times its place counted from the end."""
    return sum(text), sum(accumulate(text))


def seal(text: bytes, sm3: str = "") -> bytes:
    """The end of the line of an entry, `text` its canonical JSON; `sm3` in hexadecimal where it is known already."""
    plain, weighted = sums(text)
    sm3 = sm3 or hashlib.new("sm3", text).hexdigest()
    sha256 = hashlib.sha256(text).hexdigest()
    digests = f'"digests":{{"sha-256":"sha-256:{sha256}","sm3":"sm3:{sm3}"}}'
    return f',{digests},"sums":"{plain:08x}-{weighted:016x}"}}'.encode()


def sealed(told: Any, sm3: str = "") -> bytes:
    """An entry as a line of the file."""
    text = canonical(told)
    return text[:-1] + seal(text, sm3)


#: What stands where in a seal, from the end of the line, and the pointer to it.
_BLANK = seal(b"{}", "0" * 64)
_LENGTH = len(_BLANK)
_SM3_AT = slice(_BLANK.index(b"sm3:") + 4, _BLANK.index(b"sm3:") + 68)
_PARTS = {
    "/digests/sha-256": slice(0, _BLANK.index(b',"sm3"')),
    "/digests/sm3": slice(_BLANK.index(b',"sm3"'), _BLANK.index(b',"sums"')),
    "/sums": slice(_BLANK.index(b',"sums"'), _LENGTH),
}


def _broken(line: bytes) -> tuple[bytes, str]:
    """The text of an entry, and what is wrong with its line: pointer and words with a tab between; empty if nothing."""
    text, told = line[:-_LENGTH] + b"}", line[-_LENGTH:]
    stated_sm3 = told[_SM3_AT].decode("latin-1")
    expected = seal(text, "" if _HAS_SM3 else stated_sm3)
    if told == expected:
        return text, ""
    wrong = [pointer for pointer, part in _PARTS.items() if told[part] != expected[part]]
    digests = {"/digests/sha-256", *(["/digests/sm3"] if _HAS_SM3 else [])}
    if not digests <= set(wrong) or (len(digests) == 1 and "/sums" not in wrong):
        where = wrong[0] if wrong else "/digests"
        return text, f"{where}\t封印本身被改动，应为{_first_difference(told, expected)}"
    place = _place(text, told)
    if place is None:
        return text, "\t内容与封印不符，改动不止一个字节"
    at, was = place
    restored = text[:at] + bytes([was]) + text[at + 1 :]
    now, before = (bytes([byte]).decode("latin-1") for byte in (text[at], was))
    return text, f"{pointer_at(restored, at)}\t第{at + 1}个字节被改动：现为{now!r}，原为{before!r}"


def _place(text: bytes, told: bytes) -> tuple[int, int] | None:
    """Which one byte was changed, from 0, and what it was: the one with which both digests come right; else None."""
    try:
        plain, weighted = (int(each, 16) for each in told[-27:-2].split(b"-"))
    except ValueError:
        return None
    more, moved = (now - then for now, then in zip(sums(text), (plain, weighted), strict=True))
    if not more or moved % more:
        return None
    at = len(text) - moved // more
    if not (0 <= at < len(text) and 0 <= text[at] - more <= 255):
        return None
    restored = text[:at] + bytes([text[at] - more]) + text[at + 1 :]
    return (at, text[at] - more) if hashlib.sha256(restored).hexdigest().encode() in told else None


def _first_difference(told: bytes, expected: bytes) -> str:
    at = next(place for place, pair in enumerate(zip(told, expected, strict=True)) if pair[0] != pair[1])
    return f"{expected[at : at + 1].decode()!r}，现为{told[at : at + 1].decode('latin-1')!r}"


def pointer_at(text: bytes, at: int) -> str:
    """The JSON pointer of what the byte at `at` belongs to."""
    path: list[Any] = []
    for token in _TOKEN.finditer(text.decode("latin-1")):
        word = token.group()
        is_key = bool(path) and path[-1] is None and word.startswith('"')
        if is_key:
            path[-1] = json.loads(word)
        if token.start() <= at < token.end():
            break
        if word in "{[":
            path.append(None if word == "{" else 0)
        elif word in "}]":
            path.pop()
        elif word == ",":
            path[-1] = path[-1] + 1 if isinstance(path[-1], int) else None
    return "".join(f"/{str(each).replace('~', '~0').replace('/', '~1')}" for each in path if each is not None)


# The arithmetic.


@dataclass(slots=True)
class Calendar:
    """Which days are worked. `guessed` says that it was asked for a day whose notice is not out."""

    free: set[int]
    worked: set[int]
    years: set[int]
    guessed: bool = False

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> "Calendar":
        """From the days that the file lists."""
        free, worked = ([date.fromisoformat(day) for day in told[name]] for name in ("free", "worked"))
        years = {day.year for day in (*free, *worked) if (day.month, day.day) < _NEW_YEAR}
        return cls({day.toordinal() for day in free}, {day.toordinal() for day in worked}, years)

    def works(self, day: int) -> bool:
        """Whether a day is worked."""
        on = date.fromordinal(day)
        late = (on.month, on.day) >= _NEW_YEAR
        self.guessed |= on.year not in self.years or (late and on.year + 1 not in self.years)
        return day in self.worked or (day not in self.free and on.weekday() not in _WEEKEND)

    def next_worked(self, day: int, step: int = 1) -> int:
        """The day itself, or the nearest one after it (before it, with step -1) that is worked."""
        while not self.works(day):
            day += step
        return day

    def count(self, day: int, number: int, step: int = 1) -> int:
        """So many working days on."""
        for _ in range(number):
            day = self.next_worked(day + step, step)
        return day


@dataclass(frozen=True, slots=True)
class Length:
    """A period: months and days, or hours; `same_day` is 当日. Nothing of all is 立即."""

    months: int = 0
    days: int = 0
    hours: int = 0
    same_day: bool = False

    @classmethod
    def read(cls, iso: str) -> "Length":
        """From ISO 8601. Raises: ValueError."""
        found = _DURATION.fullmatch(iso)
        if found is None or iso in {"P", "PT"}:
            raise ValueError(f"not a duration: {iso!r}")
        years, months, days, hours = (int(each or 0) for each in found.groups())
        return cls(12 * years + months, days, hours, iso == "P0D")

    def plus(self, more: "Length") -> "Length":
        """Both together."""
        sum_ = (self.months + more.months, self.days + more.days, self.hours + more.hours)
        return Length(*sum_, same_day=(self.same_day or more.same_day) and not any(sum_))


@dataclass(frozen=True, slots=True)
class End:
    """What is computed: days as ordinals, the deadline in microseconds; None where there is none."""

    base: int | None
    last: int | None
    deadline: int | None
    provisional: bool
    rules: list[str]

    def told(self) -> dict[str, Any]:
        """As a proof states it."""
        due = _day_text(self.last)
        if not due and self.deadline is not None:
            due = _instant(self.deadline).isoformat(timespec="minutes") + "+08:00"
        return {
            "base_end": _day_text(self.base),
            "last_day": _day_text(self.last),
            "deadline": _instant_text(self.deadline),
            "due": due,
            "provisional": self.provisional,
            "rules": self.rules,
        }

    @property
    def bound(self) -> int | None:
        """The last moment, or 00:00 after the last day."""
        if self.deadline is not None:
            return self.deadline
        return None if self.last is None else (self.last + 1) * _DAY


def moment(text: str) -> tuple[int, int | None]:
    """The day, and the instant if the text states one. Raises: ValueError."""
    if len(text) == len("2026-11-22"):
        return date.fromisoformat(text).toordinal(), None
    told = datetime.fromisoformat(text)
    offset = told.utcoffset()
    if offset is None:
        raise ValueError(f"an instant without offset: {text!r}")
    local = told.replace(tzinfo=None) - offset + timedelta(hours=8)
    at = (local - _FIRST) // timedelta(microseconds=1) + _DAY
    return at // _DAY, at


def compute(terms: Mapping[str, Any], proof: Mapping[str, Any], calendar: Calendar) -> End:
    """When a clock ends. Raises: ValueError, KeyError, TypeError for what says nothing."""
    day, at = moment(proof["start"])
    whole: Length | None = Length.read(terms["duration"])
    for extension in proof["extensions"]:
        more = Length.read(extension["amount"]) if extension["mode"] != "open" else None
        adds = extension["mode"] == "add"
        whole = (whole.plus(more) if whole is not None and more is not None else None) if adds else more
    extended = ["R8"] if proof["extensions"] else []
    if whole is None:
        return End(None, None, None, provisional=False, rules=extended)
    stops = _stops(proof["excluded"])
    tail = [*extended, *(["R10"] if stops else [])]
    if whole.hours or not (whole.months or whole.days or whole.same_day):
        return _in_hours(whole, day, at, stops, tail, back=terms["before"])
    return _in_days(whole, day, at, stops, tail, terms, held=proof["held"], calendar=calendar)


def _in_hours(
    whole: Length, day: int, at: int | None, stops: list[tuple[int, int]], tail: list[str], *, back: bool
) -> End:
    end = (at if at is not None else (day + 1) * _DAY) + (-1 if back else 1) * whole.hours * (_DAY // 24)
    for stop, resume in stops:
        if resume > day and stop * _DAY < end:
            end += (resume - max(stop, day)) * _DAY
    at_once = not whole.hours
    base = end // _DAY if at_once and at is not None else (end - 1) // _DAY
    rules = ["R20" if at_once else "R3", *tail, *(["R13"] if back else [])]
    return End(base, None, end, provisional=False, rules=rules)


def _in_days(
    whole: Length,
    day: int,
    at: int | None,
    stops: list[tuple[int, int]],
    tail: list[str],
    terms: Mapping[str, Any],
    *,
    held: bool,
    calendar: Calendar,
) -> End:
    calendar.guessed = False
    back, working = terms["before"], terms["working_days"]
    strict = terms["custody"] == "always"
    held = held and terms["custody"] != "none"
    rolls = terms["roll"] == "roll" or (terms["roll"] == "only_if_not_detained" and not held)
    rolls = rolls and not strict
    step = -1 if back else 1
    if working:
        end = calendar.count(day, whole.days, step)
    else:
        end = months_on(day, step * whole.months, last_day=terms["month_end"] == "last_day") + step * whole.days
    for stop, resume in [] if back else stops:
        if resume <= day:
            continue
        if stop > (calendar.next_worked(end) if rolls else end):
            break
        lost = range(max(stop, day) + 1, resume + 1)
        end = calendar.count(end, sum(map(calendar.works, lost))) if working else end + len(lost)
        end = max(end, resume)
    last = calendar.next_worked(end, step) if back or rolls else end
    deadline = at + (end - day) * _DAY if strict and at is not None and whole.days and not whole.months else None
    deadline = None if back else deadline
    reason = "R13" if back else "R7" if rolls else "R7a" if held else "R14"
    rules = ["R6" if whole.months else "R4", *(["R5"] if deadline is not None else [])]
    rules += [*(["R6a"] if whole.months and _ends_month(day) else []), reason]
    rules += [*(["R7b"] if calendar.guessed else []), *tail]
    return End(end, last, deadline, provisional=calendar.guessed, rules=rules)


def months_on(day: int, number: int, *, last_day: bool) -> int:
    """The same-numbered day so many months on, or the last one; `last_day`: from the last day always to the last (R6a)."""
    on = date.fromordinal(day)
    if not number:
        return day
    whole = on.year * 12 + on.month - 1 + number
    length = monthrange(whole // 12, whole % 12 + 1)[1]
    number_in_month = length if last_day and _ends_month(day) else min(on.day, length)
    return date(whole // 12, whole % 12 + 1, number_in_month).toordinal()


def sentence(start: str, months: float, credit: int) -> str:
    """The last day of a term whose first day counts; half a month is fifteen days (S1, S2)."""
    day, _ = moment(start)
    whole = int(months)
    end = months_on(day, whole, last_day=whole > 0) + (15 if months != whole else 0) - 1 - credit
    return _day_text(end)


def _stops(excluded: Sequence[Mapping[str, Any]]) -> list[tuple[int, int]]:
    """Time that does not count, without overlaps."""
    found: list[tuple[int, int]] = []
    for stop, resume in sorted((moment(each["from"])[0], moment(each["until"])[0]) for each in excluded):
        if found and stop <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], resume)
        else:
            found.append((stop, resume))
    return found


def _ends_month(day: int) -> bool:
    return date.fromordinal(day + 1).day == 1


def _day_text(day: int | None) -> str:
    return "" if day is None else date.fromordinal(day).isoformat()


def _instant(at: int) -> datetime:
    return _FIRST + timedelta(microseconds=at - _DAY)


def _instant_text(at: int | None) -> str:
    """In UTC, as a proof writes it."""
    return "" if at is None else (_instant(at) - timedelta(hours=8)).isoformat(timespec="microseconds") + "Z"


# What a proof states.


def expected(proof: Mapping[str, Any], terms: Mapping[str, Mapping[str, Any]], calendar: Calendar) -> dict[str, Any]:
    """Every field of a proof that follows from its others. Raises: ValueError, KeyError, TypeError."""
    if proof["kind"] == "title":
        return _expected_title(proof, terms, calendar)
    says = terms[proof["terms"]]
    end = compute(says, proof, calendar)
    known = [
        each | ({"mode": law["mode"], "amount": law["amount"]})
        for each in proof["extensions"]
        for law in [says["extensions"][each["number"] - 1]]
    ]
    told = end.told() | {"limit": says["limit"], "kind": says["kind"], "zh": says["zh"], "extensions": known}
    told["status"] = _status(proof, says, end)
    told["excluded"] = [
        each if each["resumed_by"] else each | {"until": max(each["from"], _day_text(moment(proof["now"])[0]))}
        for each in proof["excluded"]
    ]
    if not says["after_end_of"] and not says.get("stated") and moment(proof["start"]) != moment(proof["since"]):
        told["start"] = proof["since"]
    return told


def _expected_title(
    proof: Mapping[str, Any], terms: Mapping[str, Mapping[str, Any]], calendar: Calendar
) -> dict[str, Any]:
    if proof["terms"]:
        says = terms[proof["terms"]]
        end = compute(says, proof, calendar)
        last = end.last if end.last is not None or end.deadline is None else moment(_instant_text(end.deadline))[0]
        granted = [{name: each[name] for name in ("mode", "amount")} for each in proof["extensions"]]
        told = {name: end.told()[name] for name in ("deadline", "provisional", "rules")}
        told |= {"limit": says["limit"], "due": _day_text(last)}
        return told if granted == says["extensions"] else told | {"extensions": says["extensions"]}
    term = proof["sentence"]
    if term is not None and not proof["legs"]:
        return {"due": sentence(proof["start"], term["months"], term["credit_days"]), "rules": ["S1", "S2"]}
    start = proof["start"]
    for leg in proof["legs"]:
        part = {"start": start, "extensions": [], "excluded": [], "held": leg["held"]}
        start = _day_text(compute(terms[leg["terms"]], part, calendar).last)
    if proof["legs"] and term is not None:
        over = sentence(term["held_since"], term["months"], term["credit_days"])
        return {"due": min(start, over), "rules": ["R21", "R23", "R24", "S1", "S2"]}
    if proof["legs"]:
        return {"due": start, "rules": ["R23", "R24"]}
    # A term without an end, and the review of a sentence of death, for which the law has no number.
    return {"due": ""}


def _status(proof: Mapping[str, Any], says: Mapping[str, Any], end: End) -> str:
    at_once = says["duration"] == "PT0S"
    tolerance = proof["at_once_seconds"] * 1_000_000 if at_once else 0
    if proof["deed"]:
        day, at = moment(proof["at"])
        # A measure that lapses at its end by itself does so in time.
        lapsed = says["kind"] == "validity" and proof["deed_type"] in says["void_by"]
        if _is_past(end, day, at) and not lapsed and not (at_once and _is_at_once(proof, tolerance)):
            # What makes a deed owed once more does not do it.
            ended = proof["deed_type"] in says["by"] or proof["deed_type"] in says["void_by"]
            if ended or says["kind"] in {"detention", "validity"}:
                return "late"
            return "overdue" if says["kind"] in OWED else "lapsed"
        return "met" if proof["deed_type"] in says["by"] else "superseded"
    if end.bound is None or (now := moment(proof["now"])[1]) is None or now < end.bound + tolerance:
        return "open"
    read = moment(proof["read_until"])[1] if proof["read_until"] else None
    if read is None or read < end.bound + tolerance:
        return "unknown"
    return "overdue" if says["kind"] in OWED else "lapsed"


def _is_past(end: End, day: int, at: int | None) -> bool:
    if at is None:
        last = end.base if end.last is None else end.last
        return last is not None and day > last
    if end.deadline is not None:
        return at > end.deadline
    return end.last is not None and day > end.last


def _is_at_once(proof: Mapping[str, Any], tolerance: int) -> bool:
    (begun, since), (done, at) = moment(proof["since"]), moment(proof["at"])
    return at - since <= tolerance if at is not None and since is not None else done <= begun


# The file.


@dataclass(slots=True)
class _Reader:
    """Goes through the lines, entry by entry; knows the calendars and terms by then."""

    found: Verified
    calendars: dict[str, Calendar] = field(default_factory=dict)
    terms: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    #: Each clock once; where each ends, by case, limit and act; where it ended before an act extended it.
    known: set[tuple[str, ...]] = field(default_factory=set)
    ends: dict[tuple[str, str, str], set[str]] = field(default_factory=dict)
    old_ends: dict[tuple[str, str, str], set[str]] = field(default_factory=dict)
    #: The clocks that begin where others end.
    begun: list[tuple[str, int, Mapping[str, Any]]] = field(default_factory=list)
    whole: Mapping[str, Any] | None = None

    def differs(self, pointer: str, line: int, zh: str, proof: Mapping[str, Any] | None = None, **more: Any) -> None:
        """Note a difference."""
        known = proof if isinstance(proof, dict) else {}
        who = {name: str(known.get(name, "")) for name in ("case_id", "limit", "subject")}
        self.found.differences.append(Difference(pointer, line, zh, **who, **more))

    def entry(self, section: str, number: int, line: int, data: bytes) -> None:
        """Check one entry: its seal, and what it says."""
        pointer = f"/{section}/{number}" if section != "whole" else "/whole"
        self.found.without_sm3 += not _HAS_SM3
        text, wrong = _broken(data)
        where, _, zh = wrong.partition("\t")
        try:
            told = json.loads(text)
        except ValueError:
            self.differs(pointer + where, line, zh or "不是合格的JSON")
            return
        if wrong:
            self.differs(pointer + where, line, zh, told, field=where.lstrip("/"))
        try:
            getattr(self, f"_{section}")(told, pointer, line)
        except (ValueError, KeyError, TypeError, IndexError, AttributeError, OverflowError) as error:
            self.differs(pointer, line, f"内容不成样子，无法计算：{error!r}", told)

    def _calendars(self, told: Mapping[str, Any], _: str, __: int) -> None:
        self.calendars[told["version"]] = Calendar.read(told)

    def _terms(self, told: Mapping[str, Any], pointer: str, line: int) -> None:
        name = told["id"]
        made = hashlib.sha256(canonical({key: told[key] for key in told if key != "id"})).hexdigest()[:32]
        if name != f"trm_{made}":
            zh = "编号与内容不符"
            self.differs(f"{pointer}/id", line, zh, told, field="id", stated=name, recomputed=f"trm_{made}")
        self.terms[name] = told

    def _proofs(self, proof: Mapping[str, Any], pointer: str, line: int) -> None:
        missing = [name for name in (proof["terms"], *(leg["terms"] for leg in proof["legs"])) if name]
        if unknown := [name for name in missing if name not in self.terms]:
            self.differs(f"{pointer}/terms", line, f"文件中没有条款{unknown[0]}，无法计算", proof, field="terms")
            return
        needs = bool(proof["terms"] or proof["legs"])
        if proof["due"] and not needs and proof["sentence"] is None:
            self.differs(f"{pointer}/terms", line, "没有载明据以计算的内容", proof, field="terms")
            return
        if needs and proof["calendar"] not in self.calendars:
            self.differs(f"{pointer}/calendar", line, "文件中没有所用的年历，无法计算", proof, field="calendar")
            return
        calendar = self.calendars.get(proof["calendar"]) or Calendar(set(), set(), set())
        for name, right in expected(proof, self.terms, calendar).items():
            if proof[name] != right:
                zh = f"载明为{_said(proof[name])}，重新计算为{_said(right)}"
                self.differs(f"{pointer}/{name}", line, zh, proof, field=name, stated=proof[name], recomputed=right)
        if proof["kind"] != "title":
            self._chain(proof, pointer, line, calendar)

    def _chain(self, proof: Mapping[str, Any], pointer: str, line: int, calendar: Calendar) -> None:
        case_id, limit, says = proof["case_id"], proof["limit"], self.terms[proof["terms"]]
        once = (case_id, limit, proof["subject"], proof["trigger"], proof["start"])
        if once in self.known:
            self.differs(pointer, line, "同一期限在文件中出现两次", proof)
        self.known.add(once)
        self.ends.setdefault((case_id, limit, proof["trigger"]), set()).add(proof["deadline"] or proof["last_day"])
        for number, extension in enumerate(proof["extensions"]):
            before = compute(says, {**proof, "extensions": proof["extensions"][:number]}, calendar).told()
            old = self.old_ends.setdefault((case_id, limit, extension["by"]), set())
            old.add(before["deadline"] or before["last_day"])
        if says["after_end_of"]:
            self.begun.append((pointer, line, proof))

    def _whole(self, told: Mapping[str, Any], _: str, __: int) -> None:
        self.whole = told

    def close(self, text: bytes) -> None:
        """What needs all entries: clocks that begin where others end, the counts, and the digest of the whole."""
        for pointer, line, proof in self.begun:
            says = self.terms[proof["terms"]]
            known = self.old_ends if says["before_extension"] else self.ends
            bases = [(proof["case_id"], limit, proof["trigger"]) for limit in says["after_end_of"]]
            right = sorted(end for base in bases for end in known.get(base, ()))
            if proof["start"] not in right:
                zh = f"应自{'、'.join(says['after_end_of'])}届满之时（{_said(right)}）起算，载明为{_said(proof['start'])}"
                more = {"stated": proof["start"], "recomputed": right}
                self.differs(f"{pointer}/start", line, zh, proof, field="start", **more)
        self.found.sha256 = hashlib.sha256(text).hexdigest()
        stated = self.whole or {}
        counts = {name: stated.get(name) for name in self.found.counts}
        if counts != self.found.counts:
            self.differs("/whole", 0, f"载明{counts}，实有{self.found.counts}：有内容被删去或者增加")
        elif not self.found.differences:
            sm3 = hashlib.new("sm3", text).hexdigest() if _HAS_SM3 else stated.get("sm3")
            for name, digest in (("sha256", self.found.sha256), ("sm3", sm3)):
                if stated.get(name) != digest:
                    self.differs(f"/whole/{name}", 0, "全文摘要不符：有内容被调换或者删改")


def verify(data: bytes, progress: Callable[[int], None] = lambda at: None) -> Verified:
    """Check a file of proofs; `progress` hears how many bytes are done. Raises: NotAFileOfProofs."""
    lines = data.split(b"\n")
    if sum(frame in lines for frame in FRAME) < len(FRAME) - 2:
        raise NotAFileOfProofs(f"不是{FORMAT}格式的文件，或者不是导出时的样子（每项一行）")
    reader = _Reader(Verified())
    section, done, at = -1, 0, 0
    while at < len(lines):
        line, number = lines[at], at + 1
        done, at = done + len(line) + 1, at + 1
        if len(line) <= max(map(len, FRAME)) and (line or at < len(lines)):
            section += 1
            if section < len(FRAME) and line != FRAME[section]:
                reader.differs("", number, f"此行应为{FRAME[section].decode()}，现为{line.decode('latin-1')}")
            elif section >= len(FRAME):
                reader.differs("", number, f"多出一行：{line.decode('latin-1')}")
            continue
        if not line:
            continue
        is_whole = lines[at - 2] == FRAME[4] or section >= len(SECTIONS)
        name = "whole" if is_whole else SECTIONS[max(section - 1, 0)]
        # A byte that was made a line break: the entry goes on in the next line.
        while b',"sums":"' not in line[-60:] and at < len(lines) and len(lines[at]) > max(map(len, FRAME)):
            line, done, at = line + b"\n" + lines[at], done + len(lines[at]) + 1, at + 1
        is_last = at >= len(lines) or lines[at] in FRAME
        place = reader.found.counts.get(name, 0)
        comma = b"" if is_last or is_whole else b","
        if not is_whole:
            reader.found.counts[name] = place + 1
        body = line.removesuffix(comma) if comma else line
        if comma and body == line:
            zh = f"行末应为逗号，现为{line[-1:].decode('latin-1')!r}"
            reader.differs(f"/{name}/{place}", number, zh)
            body = line[:-1]
        reader.entry(name, place, number, body)
        if not at % 64:
            progress(done)
    progress(len(data))
    end = data.rfind(FRAME[4] + b"\n")
    reader.close(data[: end + len(FRAME[4]) + 1] if end >= 0 else data)
    return reader.found


def _said(value: Any) -> str:
    return value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)


def told_in_words(found: Verified, most: int = 50) -> Iterator[str]:
    """For people, line by line."""
    counts = found.counts
    yield f"证明{counts['proofs']}项，条款{counts['terms']}项，年历{counts['calendars']}份"
    if found.without_sm3:
        yield f"本机Python没有SM3，{found.without_sm3}处SM3摘要未核对；SHA-256均已核对"
    for each in found.differences[:most]:
        who = "，".join(word for word in (each.case_id, each.limit, each.subject) if word)
        yield f"第{each.line}行 {each.pointer or '/'}{f'（{who}）' if who else ''}：{each.zh}"
    if len(found.differences) > most:
        yield f"……共{len(found.differences)}处"
    yield f"全文SHA-256：{found.sha256}"
    yield "全部相符" if found.agrees else f"不符：{len(found.differences)}处"


def run(file: Path, *, as_json: bool) -> int:
    """Check a file and say so; the exit code."""
    shown = [-1]

    def progress(done: int) -> None:
        percent = 100 * done // max(size, 1)
        if sys.stderr.isatty() and percent != shown[0]:
            shown[0] = percent
            sys.stderr.write(f"\r核对 {percent}%" + ("\n" if done == size else ""))

    try:
        data = file.read_bytes()
        size = len(data)
        found = verify(data, progress)
    except (OSError, NotAFileOfProofs) as error:
        sys.stderr.write(f"读不到“{file}”：{error}\n")
        return 2
    if as_json:
        sys.stdout.write(json.dumps(found.as_dict(), ensure_ascii=False, indent=1) + "\n")
    else:
        sys.stdout.write("\n".join(told_in_words(found)) + "\n")
    return 0 if found.agrees else 1


if __name__ == "__main__":
    _words = [word for word in sys.argv[1:] if word != "--json"]
    if len(_words) != 1:
        sys.stderr.write("python verify_time.py PROOFS.json [--json]\n")
        sys.exit(2)
    sys.exit(run(Path(_words[0]), as_json="--json" in sys.argv))
