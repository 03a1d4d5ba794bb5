"""`singletrack law due` and `law recompute`: when a limit ends, by which rules, and what a new calendar changes."""

import json
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from services.kernel.errors import NotComputable
from services.kernel.period import ZONE, Due, Moment
from services.law import CODE
from services.law.dues import RULES, Answer, Question, answer, answers, at, citations, lengthened
from services.law.reading import cited, spelt_out
from services.law.recomputation import recomputed

_WEEKDAYS = "一二三四五六日"
_STDIN = "-"


def due_date(
    limit: Annotated[str | None, typer.Argument(metavar="LIMIT_ID", help="Such as prosecution_review.")] = None,
    start: Annotated[str | None, typer.Option("--from", help="2026-03-16, or 2026-03-16T14:20 (Beijing time).")] = None,
    organ: Annotated[
        str | None,
        typer.Option(help="The organ that is bound, if another than the limit names: months end by it (R6a)."),
    ] = None,
    custody: Annotated[
        bool | None, typer.Option("--custody/--no-custody", help="Whether the period now holds a person.")
    ] = None,
    extensions: Annotated[int, typer.Option(help="How many of the limit's extensions were granted.", min=0)] = 0,
    exclude: Annotated[list[str] | None, typer.Option(help="Time that does not count: 2026-04-01..2026-04-25.")] = None,
    batch: Annotated[
        str | None,
        typer.Option(
            metavar="FILE.json",
            help='A list of {"limit", "from", "organ", "custody", "extensions", "exclude"}; "-" reads standard input. '
            "Prints the list with `last_day` or `deadline` added; an entry that cannot be computed gets `error`, "
            "and the exit code is 2.",
        ),
    ] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print for machines.")] = False,
) -> None:
    """When a limit ends, and by which rules; or when each of a list does."""
    if batch is not None:
        if limit is not None or start is not None:
            _fail("--batch 之外不能再写期限和 --from：每一项各自写明。")
        _print_batch(batch)
        return
    if limit is None or start is None:
        _fail("须写明期限和起算时间：singletrack law due 期限 --from 2026-03-16；或者 --batch 文件。")
    try:
        found = answer(CODE, Question(limit, start, organ, custody, extensions, tuple(exclude or ())))
    except NotComputable as refusal:
        _fail(refusal.zh)
    if as_json:
        _print_json(found.as_dict())
    else:
        _explain(found)


def recompute(
    file: Annotated[
        str, typer.Argument(metavar="FILE.json", help='Answers of `law due --json`, one or a list; or "-".')
    ],
) -> None:
    """Compute stored answers again with the calendar of today: what moved, from when to when, and why."""
    stored = _read(file)
    traces = []
    for place, each in enumerate(stored if isinstance(stored, list) else [stored]):
        try:
            traces.append(recomputed(CODE, each).as_dict())
        except NotComputable as refusal:
            _fail(at(place, refusal).zh)
    _print_json({"items": traces})


def _print_batch(file: str) -> None:
    asked = _read(file)
    if not isinstance(asked, list):
        _fail('--batch 的文件应当是一个列表：[{"limit": "prosecution_review", "from": "2026-03-16"}]。')
    told = answers(CODE, asked)
    _print_json([_entry(given, each) for given, each in zip(asked, told, strict=True)])
    bad = [each.zh for each in told if isinstance(each, NotComputable)]
    if bad:
        _fail("\n".join(bad))


def _entry(given: Any, told: Answer | NotComputable) -> dict[str, Any]:
    fields = given if isinstance(given, Mapping) else {"given": given}
    return {**fields, **(told.added() if isinstance(told, Answer) else {"error": told.zh})}


def _read(file: str) -> Any:
    try:
        return json.loads(sys.stdin.read() if file == _STDIN else Path(file).read_text(encoding="utf-8"))
    except OSError as error:
        _fail(f"读不到“{file}”：{error.strerror}。")
    except (ValueError, RecursionError) as error:
        _fail(f"“{file}”不是合格的JSON：{error}。")


def _explain(found: Answer) -> None:
    limit, end, other = found.limit, found.end, found.if_not_held
    assert limit.period is not None, "an answer has a period"
    length = limit.period.zh.replace("日", "个工作日") if limit.working_days else limit.period.zh
    extended = "".join(f"，{lengthened(each)}" for each in found.granted)
    typer.echo(f"{spelt_out(limit.zh)}：{length}{extended}（{cited(citations(limit))}）")
    typer.echo(f"{'以此为准，向前计算' if limit.before else '起算'}：{_spoken(found.start)}")
    for stop, resume in found.pauses:
        typer.echo(f"不计入：{_spoken(stop)}停止，{_spoken(resume)}恢复，共{(resume - stop).days}日")
    label = "最迟" if limit.before else "届满"
    if other is not None and other.moment != end.moment:
        typer.echo(f"{label}（在押）：{_ending(end)}")
        typer.echo(f"{label}（未在押）：{_ending(other)}")
    else:
        typer.echo(f"{label}：{_ending(end)}")
    if found.note:
        typer.echo(found.note)
    typer.echo("依据：")
    for rule in dict.fromkeys((*end.rules, *(other.rules if other else ()))):
        text, articles = RULES[rule]
        typer.echo(f"  {rule:<4} {text}{f'（{cited(articles)}）' if articles else '（本系统的选择）'}")
    if limit.note:
        typer.echo(f"说明：{spelt_out(limit.note)}")


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


def _print_json(told: Any) -> None:
    typer.echo(json.dumps(told, ensure_ascii=False, indent=2))


def _fail(message: str) -> NoReturn:
    typer.echo(message, err=True)
    sys.exit(2)
