"""`singletrack law`: list the procedures, read one back in Chinese, compute a due date, count what is encoded."""

import difflib
import json
import sys
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Any, NoReturn

import typer

from services.kernel.period import ZONE, Due, Extension, Mode, Moment, MonthEnd, due
from services.kernel.procedure import Limit, Procedure, Remark
from services.kernel.statute import Citation
from services.kernel.transition import instant
from services.kernel.who import Organ
from services.law import CODE, PROCEDURES
from services.law.holidays import CALENDAR
from services.law.reading import Reading, cited, read, runs, spelt_out
from services.law.statutes import CPL, JY06, SPC

app = typer.Typer(
    name="law",
    no_args_is_help=True,
    help="The law as this system carries it out: read it back, and compute with it.",
)

AsJson = Annotated[bool, typer.Option("--json", help="Print for machines.")]

#: What each rule of computation says, and where it is written; a rule without an article is a choice of this system.
RULES: Mapping[str, tuple[str, tuple[Citation, ...]]] = {
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
_WEEKDAYS = "一二三四五六日"
_SHOWN = 3


@app.command("list")
def list_procedures(*, as_json: AsJson = False) -> None:
    """All procedures: id, name, Chinese, since when."""
    rows = [
        {
            "id": each.id,
            "name": each.name,
            "zh": each.zh,
            "kept_by": each.kept_by,
            "line": each.line,
            "in_force": each.in_force.isoformat(),
        }
        for each in PROCEDURES
    ]
    if as_json:
        _print_json({"procedures": rows})
        return
    for row in rows:
        typer.echo(f"{row['id']:<4} {row['name']:<28} {row['in_force']}  {row['zh']}")


@app.command()
def show(
    procedure: Annotated[str, typer.Argument(help="Such as arrest_review or P09.")],
    *,
    ids: Annotated[bool, typer.Option("--ids", help="With the names on the wire and the ids of the tables.")] = False,
    as_json: AsJson = False,
) -> None:
    """Read one procedure back in Chinese."""
    chosen = _procedure(procedure)
    reading = read(chosen, CODE)
    if as_json:
        _print_json(_described(chosen, reading))
    elif ids:
        names = {each.number: " ".join((each.name, *each.ids)) for each in reading.provisions}
        typer.echo("\n".join([reading.title, "", *reading.preamble, ""]))
        for each in reading.provisions:
            typer.echo(f"{each.line} [{names[each.number]}]")
    else:
        typer.echo(reading.text, nl=False)


@app.command("due")
def due_date(
    limit_id: Annotated[str, typer.Argument(metavar="LIMIT_ID", help="Such as prosecution_review.")],
    start: Annotated[str, typer.Option("--from", help="2026-03-16, or 2026-03-16T14:20 (Beijing time).")],
    organ: Annotated[
        str | None,
        typer.Option(help="The organ that is bound, if another than the limit names: months end by it (R6a)."),
    ] = None,
    custody: Annotated[
        bool | None, typer.Option("--custody/--no-custody", help="Whether the period now holds a person.")
    ] = None,
    extensions: Annotated[int, typer.Option(help="How many of the limit's extensions were granted.", min=0)] = 0,
    exclude: Annotated[list[str] | None, typer.Option(help="Time that does not count: 2026-04-01..2026-04-25.")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """When a limit ends, and by which rules."""
    limit = _limit(limit_id)
    if limit.period is None:
        _fail(f"“{limit.zh}”：法律没有规定具体期限，无法计算。（{cited(_citations(limit.cite))}）")
    if extensions > len(limit.extensions):
        _fail(_possible_extensions(limit))
    if limit.custody == "always" and custody is False:
        _fail(f"“{limit.zh}”始终是羁押期限，不能按未在押计算。")
    held = limit.custody != "none" and custody is not False
    moment = _moment(start)
    granted = limit.extensions[:extensions]
    month_end = _month_end(limit, organ)
    pauses = [_pause(text) for text in exclude or ()]
    try:
        end = _due(limit, moment, granted, pauses, month_end, held=held)
        other = (
            _due(limit, moment, granted, pauses, month_end, held=False)
            if limit.custody == "if_detained" and custody is None
            else None
        )
    except ValueError as error:
        _fail(f"不能这样计算：{error}")
    if as_json:
        answer = {
            "limit": limit.name,
            "zh": limit.zh,
            "organ": organ or limit.organ.value,
            "from": start,
            "held": held,
            "duration": limit.period.iso,
            "extensions": [_extension_json(each) for each in granted],
            "excluded": [[stop.isoformat(), resume.isoformat()] for stop, resume in pauses],
            **_due_json(end),
            "if_not_held": _due_json(other) if other else None,
            "calendar": CALENDAR.version,
            "law_ref": cited(_citations(limit.cite)),
        }
        _print_json(answer)
        return
    _explain(limit, moment, granted, end, other, held=held, asked=custody)


@app.command()
def coverage(*, as_json: AsJson = False) -> None:
    """How much of each procedure is steps, limits that run, limits only kept, bans and remarks."""
    rows = [
        {
            "id": each.id,
            "name": each.name,
            "steps": len(list(each.steps())),
            "limits_run": sum(runs(limit) for limit in each.limits()),
            "limits_kept": sum(not runs(limit) for limit in each.limits()),
            "bans": len(list(each.bans())),
            "remarks": sum(isinstance(member, Remark) for member in vars(each).values()),
        }
        for each in PROCEDURES
    ]
    counted = ("steps", "limits_run", "limits_kept", "bans", "remarks")
    total = {key: sum(int(str(row[key])) for row in rows) for key in counted}
    if as_json:
        _print_json({"procedures": rows, "total": total})
        return
    typer.echo(f"{'':<33}" + "".join(f"{key:>13}" for key in counted))
    for row in (*rows, {"id": "", "name": "total", **total}):
        typer.echo(f"{row['id']:<4} {row['name']:<28}" + "".join(f"{row[key]:>13}" for key in counted))


def _due(
    limit: Limit,
    moment: Moment,
    granted: Sequence[Extension],
    pauses: Sequence[tuple[date, date]],
    month_end: MonthEnd,
    *,
    held: bool,
) -> Due:
    assert limit.period is not None, "checked before"
    return due(
        limit.period,
        moment,
        extensions=granted,
        excluded=pauses,
        roll=limit.roll,
        month_end=month_end,
        held=held,
        calendar=CALENDAR,
        backward=limit.before,
        working_days=limit.working_days,
        strict_custody_days=limit.custody == "always",
    )


def _explain(
    limit: Limit,
    moment: Moment,
    granted: Sequence[Extension],
    end: Due,
    other: Due | None,
    *,
    held: bool,
    asked: bool | None,
) -> None:
    assert limit.period is not None, "checked before"
    extended = "".join(f"，{_lengthened(each)}" for each in granted)
    typer.echo(f"{spelt_out(limit.zh)}：{_length(limit)}{extended}（{cited(_citations(limit.cite))}）")
    typer.echo(f"{'以此为准，向前计算' if limit.before else '起算'}：{_spoken(moment)}")
    label = "最迟" if limit.before else "届满"
    if other is not None and other.moment != end.moment:
        typer.echo(f"{label}（在押）：{_ending(end)}")
        typer.echo(f"{label}（未在押）：{_ending(other)}")
    else:
        typer.echo(f"{label}：{_ending(end)}")
    if asked and not held:
        typer.echo("羁押与本期限无关，不影响计算。")
    typer.echo("依据：")
    for rule in dict.fromkeys((*end.rules, *(other.rules if other else ()))):
        text, articles = RULES[rule]
        typer.echo(f"  {rule:<4} {text}{f'（{cited(articles)}）' if articles else '（本系统的选择）'}")
    if limit.note:
        typer.echo(f"说明：{spelt_out(limit.note)}")


def _length(limit: Limit) -> str:
    assert limit.period is not None, "checked before"
    return limit.period.zh.replace("日", "个工作日") if limit.working_days else limit.period.zh


def _lengthened(extension: Extension) -> str:
    if extension.period is None:
        return "延长，期限不定"
    return ("延长至" if extension.mode is Mode.REPLACE else "延长") + extension.period.zh


def _ending(end: Due) -> str:
    if end.open_ended:
        return "期限不定"
    parts = []
    if end.deadline is not None:
        parts.append(_spoken(end.deadline))
    if end.last_day is not None:
        parts.append(("至迟" if parts else "") + f"{_spoken(end.last_day)}二十四时")
    text = "，".join(parts)
    if end.last_day is not None and end.base_end is not None and end.base_end != end.last_day:
        text += f"（不遇节假日则为{_spoken(end.base_end)}）"
    return text + ("（暂定）" if end.provisional else "")


def _spoken(moment: Moment) -> str:
    day = moment.astimezone(ZONE) if isinstance(moment, datetime) else moment
    clock = day.strftime(" %H:%M") if isinstance(day, datetime) else ""
    return f"{day.year}年{day.month}月{day.day}日（星期{_WEEKDAYS[day.weekday()]}）{clock}"


def _due_json(end: Due) -> dict[str, Any]:
    return {
        "last_day": end.last_day.isoformat() if end.last_day else None,
        "deadline": instant(end.deadline) if end.deadline else None,
        "base_end": end.base_end.isoformat() if end.base_end else None,
        "open_ended": end.open_ended,
        "provisional": end.provisional,
        "rules": [
            {"rule": rule, "zh": RULES[rule][0], "basis": [article.ref for article in RULES[rule][1]]}
            for rule in end.rules
        ],
    }


def _described(procedure: type[Procedure], reading: Reading) -> dict[str, Any]:
    """A procedure for machines: every provision with its words, and beside them what the system runs."""
    return {
        "id": procedure.id,
        "name": procedure.name,
        "zh": procedure.zh,
        "kept_by": procedure.kept_by,
        "line": procedure.line,
        "in_force": procedure.in_force.isoformat(),
        "states": [
            {"name": state.name, "zh": state.zh, "initial": state.initial, "end": state.end}
            for state in procedure.states()
        ],
        "preamble": list(reading.preamble),
        "provisions": [
            {
                "number": each.number,
                "voice": each.voice,
                "name": each.name,
                "ids": list(each.ids),
                "zh": each.text,
                "basis": list(each.refs),
                **_facts(each.name),
            }
            for each in reading.provisions
        ],
    }


def _facts(name: str) -> dict[str, Any]:
    if name in CODE.rules:
        rule = CODE.rules[name]
        return {
            "organ": rule.organ.value,
            "office": rule.office,
            "at": list(rule.at),
            "to": rule.to,
            "needs": [list(group) for group in rule.papers.groups],
            "may_come_along": sorted(rule.papers.optional),
            "opens": [":".join(each) for each in rule.opens],
            "carries": list(rule.carries),
            "ends": [":".join(each) for each in rule.ends],
            "hands_to": rule.hands_to.value if rule.hands_to else None,
            "at_most": rule.at_most,
        }
    if name in CODE.limits:
        limit = CODE.limits[name]
        return {
            "organ": limit.organ.value,
            "kind": limit.kind,
            "runs": runs(limit),
            "duration": limit.period.iso if limit.period else None,
            "extensions": [_extension_json(each) for each in limit.extensions],
            "roll": limit.roll.value,
            "custody": limit.custody,
            "before": limit.before,
            "working_days": limit.working_days,
        }
    return {}


def _extension_json(extension: Extension) -> dict[str, str | None]:
    return {
        "mode": extension.mode.value,
        "duration": extension.period.iso if extension.period else None,
        "ground": extension.ground,
        "approver": extension.approver,
    }


def _procedure(key: str) -> type[Procedure]:
    known = {name: each for each in PROCEDURES for name in (each.name, each.id, each.zh)}
    found = next((each for name, each in known.items() if name.lower() == key.lower()), None)
    if found is None:
        _fail(f"没有名为“{key}”的程序。{_near(key, list(known))}全部程序见：singletrack law list")
    return found


def _limit(key: str) -> Limit:
    found = CODE.limits.get(key)
    if found is None:
        _fail(
            f"没有名为“{key}”的期限。{_near(key, list(CODE.limits))}一个程序的期限见：singletrack law show 程序 --ids"
        )
    return found


def _near(key: str, names: list[str]) -> str:
    folded = {name.lower(): name for name in names}
    near = [folded[each] for each in difflib.get_close_matches(key.lower(), folded, n=_SHOWN, cutoff=0.5)]
    near = near or [name for name in names if key.lower() in name.lower()][:_SHOWN]
    return f"相近的有：{'、'.join(near)}。" if near else ""


def _month_end(limit: Limit, organ: str | None) -> MonthEnd:
    """The limit's own, unless another organ is bound: the same duty runs in each organ's stage (R6a)."""
    if organ is None:
        return limit.month_end
    possible = sorted({each.organ.value for each in CODE.limits.values()})
    if organ not in possible:
        _fail(f"没有名为“{organ}”的机关；可以是：{'、'.join(possible)}。")
    return MonthEnd.LAST_DAY if organ == Organ.COURT else MonthEnd.CORRESPONDING


def _possible_extensions(limit: Limit) -> str:
    if not limit.extensions:
        return f"“{limit.zh}”不能延长。"
    listed = "；".join(
        f"{number}．{_lengthened(each)}（{spelt_out(each.ground)}）" for number, each in enumerate(limit.extensions, 1)
    )
    return f"“{limit.zh}”至多可以延长{len(limit.extensions)}次：{listed}。"


def _moment(text: str) -> Moment:
    try:
        if len(text) == len("2026-03-16"):
            return date.fromisoformat(text)
        moment = datetime.fromisoformat(text)
    except ValueError:
        _fail(f"看不懂时间“{text}”；应当写作 2026-03-16 或者 2026-03-16T14:20。")
    return moment if moment.tzinfo else moment.replace(tzinfo=ZONE)


def _pause(text: str) -> tuple[date, date]:
    stop, _, resume = text.partition("..")
    try:
        return date.fromisoformat(stop), date.fromisoformat(resume)
    except ValueError:
        _fail(f"看不懂不计入的时间“{text}”；应当写作 2026-04-01..2026-04-25。")


def _citations(cite: Citation | tuple[Citation, ...]) -> tuple[Citation, ...]:
    return cite if isinstance(cite, tuple) else (cite,)


def _print_json(answer: Mapping[str, Any]) -> None:
    typer.echo(json.dumps(answer, ensure_ascii=False, indent=2))


def _fail(message: str) -> NoReturn:
    typer.echo(message, err=True)
    sys.exit(2)
