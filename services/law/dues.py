"""When a limit of the law ends: a question in, the answer with every rule and its article out. Pure.

One place for the command line, for lists of questions and for the gateway, so that all three always say the same. An
answer holds what was asked and the calendar's version: it can be computed again by hand, or here, years later.
"""

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Any

from services.kernel.code import Code
from services.kernel.errors import NotComputable
from services.kernel.period import (
    ZONE,
    Calendar,
    Due,
    Extension,
    Mode,
    Moment,
    MonthEnd,
    due,
    local_date,
)
from services.kernel.procedure import Limit
from services.kernel.statute import Citation
from services.kernel.who import Organ
from services.law.holidays import CALENDAR
from services.law.reading import cited, spelt_out
from services.law.statutes import CPL, JY06, SPC

#: What each rule of computation says, and where it is written; a rule without an article is a choice of this system.
RULES: Mapping[str, tuple[str, tuple[Citation, ...]]] = MappingProxyType(
    {
        "R3": ("以小时计算的，自该时刻起连续计算", (CPL[105, 2],)),
        "R4": ("以日计算的，开始的日不算在期间以内", (CPL[105, 2],)),
        "R5": ("拘留后满二十四小时为一日，以该时刻为准，最后一日只是外限", (JY06[4, 1],)),
        "R6": ("以月计算的，至届满之月的相同日；没有该日的，至该月最后一日", (SPC[202, 1],)),
        "R6a": ("自月末起算的，人民法院至届满之月的最后一日，公安机关、人民检察院至相同日", (SPC[202, 1], JY06[4, 2])),
        "R7": ("期间最后一日为节假日的，以节假日后的第一个工作日为期满之日", (CPL[105, 4],)),
        "R7a": ("在押期间至期满之日为止，不因节假日延长", (CPL[105, 4],)),
        "R7b": ("该年的放假安排尚未公布，暂按周末推算，公布后应当重新计算", ()),
        "R8": ("延长的，自原起算日合并计算，不自顺延后的日期起算", ()),
        "R10": ("不计入期限的时间，届满之日相应推后", (CPL[149],)),
        "R13": ("向前计算的，遇节假日提前至节假日前的最后一个工作日；以小时计算的不提前", ()),
        "R14": ("至届满之日为止，不顺延", ()),
        "R20": ("立即，法律没有宽限", ()),
    }
)
#: The first criminal procedure law took effect in 1980; far beyond today, a year is a slip of the pen.
YEARS = range(1980, 2200)
#: The fields of a question, as a list of questions in JSON writes them.
FIELDS = ("limit", "from", "organ", "custody", "extensions", "exclude")
#: The form of `from`.
MOMENT = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})?)?$"
#: The form of an exclusion: the day of stopping and the day of resuming.
PAUSE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[.][.][0-9]{4}-[0-9]{2}-[0-9]{2}$"
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Question:
    """When does `limit` end that began at `start`?

    `start` is a day, or a time of Beijing (or with its offset); for a limit that counts backwards it is the event.
    `organ` is who is bound, if another than the limit names: months end by it (R6a). `custody` is whether the period
    now holds a person; None: not said. `extensions` were granted, the first so many of the law's. `exclude` is time
    that does not count: `2026-04-01..2026-04-25`, stop and resume.
    """

    limit: str
    start: str
    organ: str | None = None
    custody: bool | None = None
    extensions: int = 0
    exclude: tuple[str, ...] = ()

    @property
    def fields(self) -> dict[str, Any]:
        """As a list of questions writes it; `question` reads it back."""
        values = (self.limit, self.start, self.organ, self.custody, self.extensions, list(self.exclude))
        return dict(zip(FIELDS, values, strict=True))


@dataclass(frozen=True, slots=True)
class Answer:
    """When the limit of a question ends, and from what that was computed.

    `if_not_held` is the other end where nobody said whether a person is held and it matters. `note` says what of the
    question changed nothing, empty if all of it did.
    """

    question: Question
    limit: Limit
    start: Moment
    granted: tuple[Extension, ...]
    pauses: tuple[tuple[date, date], ...]
    held: bool
    end: Due
    if_not_held: Due | None
    calendar: str
    note: str

    def as_dict(self) -> dict[str, Any]:
        """All of it: the answer, its rules with their articles, and the question that it answers."""
        assert self.limit.period is not None, "an answer has a period"
        return {
            "limit": self.limit.name,
            "zh": self.limit.zh,
            "organ": self.question.organ or self.limit.organ.value,
            "from": self.question.start,
            "held": self.held,
            "duration": self.limit.period.iso,
            "extensions": [extension_json(each) for each in self.granted],
            "excluded": [[stop.isoformat(), resume.isoformat()] for stop, resume in self.pauses],
            **_due_json(self.end),
            "if_not_held": _due_json(self.if_not_held) if self.if_not_held else None,
            "note": self.note,
            "calendar": self.calendar,
            "law_ref": cited(citations(self.limit)),
            "asked": self.question.fields,
        }

    def added(self) -> dict[str, Any]:
        """What a list's entry gains: `last_day`, or `deadline` for hours; both for days of detention (R5)."""
        ends = {"last_day": _day(self.end.last_day), "deadline": _local(self.end.deadline)}
        more = {"provisional": self.end.provisional, "open_ended": self.end.open_ended, "note": self.note}
        return {key: value for key, value in (ends | more).items() if value}


def question(fields: Any) -> Question:
    """The question that an entry of a list asks. Raises: NotComputable, naming the field and what is possible."""
    if not isinstance(fields, Mapping):
        raise refused("", "malformed", f"应当是一个对象，可以有：{'、'.join(FIELDS)}。", "an object is expected")
    unknown = sorted(str(key) for key in fields.keys() - set(FIELDS))
    if unknown:
        raise refused(
            f"/{unknown[0]}",
            "extra_forbidden",
            f"没有名为“{unknown[0]}”的项；可以有：{'、'.join(FIELDS)}。",
            f"there is no field {unknown[0]}",
        )
    found = dict.fromkeys(FIELDS) | dict(fields)
    for name, (kinds, zh) in _KINDS.items():
        value = found[name]
        if value is None and name not in _REQUIRED:
            continue
        # A bool is an int to Python, and to nobody else.
        if not isinstance(value, kinds) or (isinstance(value, bool) and kinds is not bool):
            raise refused(f"/{name}", "type", f"“{name}”应当是{zh}。", f"{name} has another type")
    exclude = found["exclude"] or ()
    if not all(isinstance(each, str) for each in exclude):
        raise refused("/exclude", "type", f"“exclude”应当是{_KINDS['exclude'][1]}。", "exclude has another type")
    return Question(
        found["limit"],
        found["from"],
        found["organ"],
        found["custody"],
        0 if found["extensions"] is None else found["extensions"],
        tuple(exclude),
    )


_REQUIRED = frozenset({"limit", "from"})
_KINDS: Mapping[str, tuple[type, str]] = {
    "limit": (str, "期限的名称，例如 prosecution_review"),
    "from": (str, "起算的日期或者时间，例如 2026-03-16 或者 2026-03-16T14:20"),
    "organ": (str, "机关的名称，例如 court"),
    "custody": (bool, "true或者false"),
    "extensions": (int, "已经延长的次数，例如 1"),
    "exclude": (list, "不计入的时间的列表，例如 2026-04-01..2026-04-25"),
}


def answer(code: Code, asked: Question, calendar: Calendar = CALENDAR) -> Answer:
    """When the limit ends.

    Raises: NotComputable, saying what is possible, for a limit, organ or extension that the law does not know, a limit
    without a number, a date without meaning, and excluded time that does not lie in the period.
    """
    limit = limit_named(code, asked.limit)
    if limit.period is None:
        raise refused(
            "/limit",
            "no_period",
            f"“{limit.zh}”：法律没有规定具体期限，无法计算。（{cited(citations(limit))}）",
            "the law gives this limit no number",
        )
    number = most(limit)
    if asked.extensions < 0 or (number is not None and asked.extensions > number):
        raise refused("/extensions", "no_such_extension", possible_extensions(limit), "the law has no such extension")
    organ = limit.organ if asked.organ is None else _organ(code, asked.organ)
    held = limit.custody == "always" or (limit.custody == "if_detained" and asked.custody is not False)
    start = _moment(asked.start)
    # Where the length is for whoever grants it, the shortest: nobody was promised more.
    granted = tuple(
        replace(each, period=each.least or each.period) for each in first_extensions(limit, asked.extensions)
    )
    pauses = tuple(_pause(text, place) for place, text in enumerate(asked.exclude))

    def end(excluded: Sequence[tuple[date, date]], *, held: bool) -> Due:
        assert limit.period is not None, "checked above"
        return due(
            limit.period,
            start,
            extensions=granted,
            excluded=excluded,
            roll=limit.roll,
            month_end=MonthEnd.LAST_DAY if organ == Organ.COURT else MonthEnd.CORRESPONDING,
            held=held,
            calendar=calendar,
            backward=limit.before,
            working_days=limit.working_days,
            strict_custody_days=limit.custody == "always",
        )

    if pauses:
        _check_pauses(limit, start, pauses, end(sorted(pauses)[:-1] if not limit.before else (), held=held))
    unsaid = limit.custody == "if_detained" and asked.custody is None
    return Answer(
        asked,
        limit,
        start,
        granted,
        pauses,
        held,
        end(pauses, held=held),
        end(pauses, held=False) if unsaid else None,
        calendar.version,
        _note(limit, asked.custody),
    )


def answers(code: Code, asked: Iterable[Any]) -> list[Answer | NotComputable]:
    """An answer for each entry of a list of questions, in order, or why there is none, its place named.

    The place is counted from 1 in the message and from 0 in the pointer.
    """
    return [_one(code, place, each) for place, each in enumerate(asked)]


def _one(code: Code, place: int, fields: Any) -> Answer | NotComputable:
    try:
        return answer(code, question(fields))
    except NotComputable as refusal:
        return at(place, refusal)


def at(place: int, refusal: NotComputable) -> NotComputable:
    """The refusal of one entry of a list."""
    return NotComputable(
        f"第{place + 1}项：{refusal.zh}",
        f"entry {place + 1}: {refusal.en}",
        errors=[{**each, "pointer": f"/{place}{each['pointer']}"} for each in refusal.errors],
    )


def limit_named(code: Code, key: str) -> Limit:
    """The limit of this name. Raises: NotComputable, with the names that are near."""
    found = code.limits.get(key)
    if found is None:
        raise refused(
            "/limit",
            "unknown_limit",
            f"没有名为“{key}”的期限。{near(key, code.limits)}全部{len(code.limits)}个期限见：singletrack law limits，或者GET /v1/law/limits。",
            "there is no such limit",
        )
    return found


def limit_json(limit: Limit) -> dict[str, Any]:
    """What may be asked about a limit, for machines."""
    return {
        "limit": limit.name,
        "zh": limit.zh,
        "organ": limit.organ.value,
        "duration": limit.period.iso if limit.period else None,
        "extensions": [extension_json(each) for each in limit.extensions],
        "custody": limit.custody,
        "before": limit.before,
        "working_days": limit.working_days,
        "law_ref": cited(citations(limit)),
    }


def near(key: str, names: Iterable[str]) -> str:
    """A sentence with the names that are most alike; empty if none is."""
    folded = {name.lower(): name for name in names}
    alike = [folded[each] for each in difflib.get_close_matches(key.lower(), folded, n=_SHOWN, cutoff=0.5)]
    alike = alike or [name for name in folded.values() if key.lower() in name.lower()][:_SHOWN]
    return f"相近的有：{'、'.join(alike)}。" if alike else ""


def possible_extensions(limit: Limit) -> str:
    """A sentence: how often, by how much and when the law extends a limit."""
    if not limit.extensions:
        return f"“{limit.zh}”不能延长。"
    listed = "；".join(
        f"{number}．{lengthened(each)}（{spelt_out(each.ground)}）" for number, each in enumerate(limit.extensions, 1)
    )
    number = most(limit)
    return f"“{limit.zh}”" + (f"至多可以延长{number}次" if number else "的延长没有次数的限制") + f"：{listed}。"


def most(limit: Limit) -> int | None:
    """How often a limit may be extended; None without end."""
    times = [each.times for each in limit.extensions]
    return None if None in times else sum(each or 0 for each in times)


def first_extensions(limit: Limit, number: int) -> tuple[Extension, ...]:
    """So many extensions, in the order of the law, each as often as it may be granted."""
    granted: list[Extension] = []
    for each in limit.extensions:
        left = number - len(granted)
        granted += [each] * (left if each.times is None else min(left, each.times))
    return tuple(granted)


def lengthened(extension: Extension) -> str:
    """延长十五日、延长至三十日."""
    if extension.period is None:
        return "延长，期限不定"
    return ("延长至" if extension.mode is Mode.REPLACE else "延长") + extension.period.zh


def extension_json(extension: Extension) -> dict[str, str | None]:
    """An extension for machines."""
    return {
        "mode": extension.mode.value,
        "duration": extension.period.iso if extension.period else None,
        "ground": extension.ground,
        "approver": extension.approver,
    }


def citations(limit: Limit) -> tuple[Citation, ...]:
    """Where a limit is written."""
    return limit.cite if isinstance(limit.cite, tuple) else (limit.cite,)


def _check_pauses(limit: Limit, start: Moment, pauses: Sequence[tuple[date, date]], before: Due) -> None:
    """Excluded time lies in the period. `before` is the end without the pause that stops last.

    A pause that the period does not reach ends the chain, so if any lies beyond the end, the last one does.
    """
    if limit.before:
        raise refused("/exclude", "backward", "向前计算的期限没有可以不计入的时间。", "a backward limit does not run")
    first, last = local_date(start), before.last_day or before.base_end
    for place, (stop, resume) in enumerate(pauses):
        if stop < first or (last is not None and stop > last):
            until = f"至{last}" if last is not None and stop > last else "起"
            raise refused(
                f"/exclude/{place}",
                "outside",
                f"不计入的时间{stop}..{resume}不在期限之内；期限自{first}{until}，只能自其中一日停止计算。",
                "the excluded time does not begin in the period",
            )


def _note(limit: Limit, custody: bool | None) -> str:
    if limit.custody == "always" and custody is False:
        return f"“{limit.zh}”始终是羁押期限，仍按在押计算。"
    if limit.custody == "none" and custody:
        return "羁押与本期限无关，不影响计算。"
    return ""


def _organ(code: Code, name: str) -> Organ:
    possible = sorted({each.organ.value for each in code.limits.values()})
    if name not in possible:
        raise refused(
            "/organ",
            "unknown_organ",
            f"没有名为“{name}”的机关；可以是：{'、'.join(possible)}。",
            "there is no such organ",
        )
    return Organ(name)


def _moment(text: str) -> Moment:
    try:
        _of_form(MOMENT, text)
        moment: Moment = date.fromisoformat(text) if len(text) == len("2026-03-16") else datetime.fromisoformat(text)
        if isinstance(moment, datetime):
            moment = (moment if moment.tzinfo else moment.replace(tzinfo=ZONE)).astimezone(ZONE)
    except (ValueError, OverflowError) as error:
        raise refused(
            "/from",
            "no_such_time",
            f"看不懂时间“{text}”；应当是历法上的日期，写作 2026-03-16 或者 2026-03-16T14:20。",
            "there is no such time",
        ) from error
    return _in_range(moment, "/from")


def _of_form(form: str, text: str) -> None:
    # `fromisoformat` reads weeks, dates without hyphens and more, which nobody means here.
    if not re.fullmatch(form, text):
        raise ValueError(text)


def _pause(text: str, place: int) -> tuple[date, date]:
    pointer = f"/exclude/{place}"
    try:
        _of_form(PAUSE, text)
        stop, resume = (date.fromisoformat(each) for each in text.split(".."))
    except ValueError as error:
        raise refused(
            pointer,
            "no_such_time",
            f"看不懂不计入的时间“{text}”；应当写作 2026-04-01..2026-04-25（停止之日..恢复之日）。",
            "there is no such time",
        ) from error
    if resume < stop:
        raise refused(
            pointer, "reversed", f"不能这样计算：{resume}恢复，早于{stop}停止。", "it resumes before it stops"
        )
    _in_range(stop, pointer)
    _in_range(resume, pointer)
    return stop, resume


def _in_range(moment: Moment, pointer: str) -> Moment:
    if moment.year not in YEARS:
        raise refused(
            pointer,
            "out_of_range",
            f"日期须在{YEARS.start}年至{YEARS.stop - 1}年之间，而不是{moment.year}年。",
            f"the year is not from {YEARS.start} to {YEARS.stop - 1}",
        )
    return moment


def refused(pointer: str, code: str, zh: str, en: str) -> NotComputable:
    """Why there is no answer: where in the question, a word for machines, and what is possible."""
    return NotComputable(zh, en, errors=[{"pointer": pointer, "code": code, "message": zh}])


def _due_json(end: Due) -> dict[str, Any]:
    """`deadline` is of Beijing, to the minute, as a person reads it; `deadline_at` is the instant itself."""
    return {
        "last_day": _day(end.last_day),
        "deadline": _local(end.deadline),
        "deadline_at": _instant(end.deadline),
        "base_end": _day(end.base_end),
        "open_ended": end.open_ended,
        "provisional": end.provisional,
        "rules": [
            {"rule": rule, "zh": RULES[rule][0], "basis": [article.ref for article in RULES[rule][1]]}
            for rule in end.rules
        ],
    }


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _local(moment: datetime | None) -> str | None:
    return moment.astimezone(ZONE).replace(tzinfo=None).isoformat(timespec="minutes") if moment else None


def _instant(moment: datetime | None) -> str | None:
    # As `kernel.transition.instant` writes it; that module brings the hash functions along, which the law does without.
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z" if moment else None
