"""Draws a case: one lane a person, time from left to right, what was done and the clocks that it started. SVG and HTML."""

import html
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from services.coordinator.domain.invariants import RULES
from services.law import CODE

WIDTH, LEFT, ROW, LANE_HEAD = 1180, 150, 15, 26
COLORS = {
    "pol": "#1f5fa8",
    "proc": "#8a4b08",
    "court": "#7a1f3d",
    "dc": "#3f6b3f",
    "sys": "#555555",
    "party": "#6b3fa0",
}
STATUS = {
    "met": "#9bbf9b",
    "open": "#c9c9c9",
    "superseded": "#d8d8d8",
    "late": "#d9534f",
    "overdue": "#a00000",
    "unknown": "#e0b050",
}
STATUS_ZH = {"open": "应当立即办理", "late": "逾期完成", "overdue": "逾期未完成", "violated": "违反", "unknown": "不明"}
BASIS_ZH = {"stated": "文书所载", "inferred": "推定", "silence": "文书未载"}
#: INV-03 → 羁押不得超过期限, as the first of its rules says of itself.
INVARIANTS_ZH = {doc[:6]: doc[7:].strip("。") for doc in (rule.__doc__ or "" for rule in reversed(RULES))}
MOST_CLOCKS = 14


def case_svg(timeline: Mapping[str, Any]) -> str:
    """One case as an SVG picture. `timeline` is the coordinator's answer."""
    acts = timeline["items"]
    first, last = day(acts[0]["occurred_at"]), max(day(act["occurred_at"]) for act in acts)
    parts: list[str] = []
    y = 46
    for person, label in timeline["persons"].items():
        mine = [act for act in acts if person in act["persons"]]
        shown = clocks(acts, person)
        parts.append(f'<text x="8" y="{y + 4}" class="who">{html.escape(label)}</text>')
        parts.append(f'<line x1="{LEFT}" y1="{y}" x2="{WIDTH - 20}" y2="{y}" class="lane"/>')
        parts.extend(
            _act(act, _x(day(act["occurred_at"]), first, last), y)
            for act in sorted(mine, key=lambda act: not act["inferred"])
        )
        y += LANE_HEAD
        for clock in shown:
            parts.append(_clock(clock, y, first, last))
            y += ROW
        y += 14
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y + 20}" role="img" '
        f'font-family="Noto Sans SC, Microsoft YaHei, PingFang SC, sans-serif" font-size="11">'
        "<style>.who{font-weight:600;font-size:13px}.lane{stroke:#bbb}.year{fill:#888}.grid{stroke:#eee}</style>"
        f"{_scale(first, last, y)}{''.join(parts)}</svg>"
    )


def clocks(acts: Sequence[Mapping[str, Any]], person: str) -> list[Mapping[str, Any]]:
    found = [clock for act in acts for clock in act["clocks"] if clock["subject"] == person and clock["due"]]
    worth = {"overdue": 0, "late": 1, "unknown": 2}
    # What ran out only after the record ends is not known to have been missed.
    last = max(act["occurred_at"][:10] for act in acts)
    found = [
        {**clock, "status": "open"} if clock["status"] == "overdue" and clock["due"][:10] > last else clock
        for clock in found
    ]
    chosen = sorted(found, key=lambda clock: worth.get(clock["status"], 3))[:MOST_CLOCKS]
    return sorted(chosen, key=lambda clock: (clock["since"], clock["due"]))


def day(text: str) -> date:
    return date.fromisoformat(text[:10])


def _x(day: date, first: date, last: date) -> float:
    span = max((last - first).days, 1)
    return round(LEFT + (WIDTH - LEFT - 30) * min(max((day - first).days, 0) / span, 1.0), 1)


def _scale(first: date, last: date, height: int) -> str:
    months = (last.year - first.year) * 12 + last.month - first.month
    step = next(each for each in (1, 2, 3, 6, 12, 24, 60) if months / each <= 16 or each == 60)
    marks = []
    for number in range(0, months + 1, step):
        year, month = divmod(first.year * 12 + first.month - 1 + number, 12)
        day = date(year, month + 1, 1)
        if day >= first:
            x = _x(day, first, last)
            marks.append(
                f'<line x1="{x}" y1="26" x2="{x}" y2="{height}" class="grid"/>'
                f'<text x="{x}" y="18" class="year">{day:%Y-%m}</text>'
            )
    return "".join(marks)


def _act(act: Mapping[str, Any], x: float, y: int) -> str:
    color = COLORS.get(act["organ"].partition("-")[0], "#333")
    fill = "#fff" if act["inferred"] else color
    told = f"{act['occurred_at'][:10]} {act['zh']}（{act['organ']}）{act['law_ref']}" + (
        "〔推定〕" if act["inferred"] else ""
    )
    return (
        f'<circle cx="{x}" cy="{y}" r="4.5" fill="{fill}" stroke="{color}"><title>{html.escape(told)}</title></circle>'
    )


def _clock(clock: Mapping[str, Any], y: int, first: date, last: date) -> str:
    color = STATUS.get(clock["status"], "#999")
    since, due = _x(day(clock["since"]), first, last), _x(day(clock["due"]), first, last)
    until = _x(day(clock["at"]), first, last) if clock["at"] else due
    late = clock["status"] in {"late", "overdue"}
    told = f"{clock['zh']}：{clock['since'][:10]}起，至{clock['due']}" + (
        f"，{clock['at'][:10]}完成" if clock["at"] else ""
    )
    bar = f'<rect x="{since}" y="{y - 5}" width="{max(due - since, 2)}" height="7" fill="{color}" opacity="0.45"/>'
    done = f'<rect x="{since}" y="{y - 4}" width="{max(until - since, 2)}" height="5" fill="{color}"/>'
    return (
        f"<g><title>{html.escape(told)}（{html.escape(clock['law_ref'])}）</title>"
        f'<text x="12" y="{y + 3}" fill="{"#a00000" if late else "#555"}">{html.escape(clock["zh"][:11])}</text>'
        f'{bar}{done}<line x1="{due}" y1="{y - 7}" x2="{due}" y2="{y + 4}" stroke="{"#a00000" if late else "#444"}"/></g>'
    )


def name_of(kind: str) -> str:
    """What a finding's kind is called: an invariant's own sentence, or the limit's name in the law."""
    limit = CODE.limits.get(kind)
    ban = CODE.bans.get(kind)
    return limit.zh if limit is not None else ban.zh if ban is not None else INVARIANTS_ZH.get(kind, kind)


def ranked(findings: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The findings within the records: what stated days prove first, then what the documents leave open."""
    order = list(BASIS_ZH)
    shown = [row for row in findings if not row["beyond_record"]]
    return sorted(shown, key=lambda row: (order.index(row["basis"]), not row["id"].startswith("INV"), row["id"]))


def page(title: str, svg: str, findings: Sequence[Mapping[str, Any]], lines: Sequence[str]) -> str:
    """A page for people: figures, the drawn case, the findings by kind with their article. Needs nothing from outside."""
    rows = "".join(
        "<tr>"
        + "".join(
            f"<td>{html.escape(str(cell))}</td>"
            for cell in (
                row["id"],
                name_of(row["id"]),
                STATUS_ZH.get(row["status"], row["status"]),
                BASIS_ZH[row["basis"]],
                row["count"],
                row["law_ref"],
            )
        )
        + "</tr>"
        for row in findings
    )
    figures = "".join(f"<li>{html.escape(line)}</li>" for line in lines)
    legend = " ".join(
        f'<span style="color:{color}">●{name}</span>'
        for name, color in (
            ("公安", COLORS["pol"]),
            ("检察院", COLORS["proc"]),
            ("法院", COLORS["court"]),
            ("看守所", COLORS["dc"]),
        )
    )
    return (
        '<!doctype html><html lang="zh"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{html.escape(title)}</title><style>body{{font:15px/1.6 'Noto Sans SC','Microsoft YaHei','PingFang SC',sans-serif;"
        "max-width:1200px;margin:2rem auto;padding:0 1rem}table{border-collapse:collapse}td,th{border:1px solid #ccc;"
        "padding:.2rem .6rem;text-align:left}svg{width:100%;height:auto;border:1px solid #ddd}</style>"
        f"<h1>{html.escape(title)}</h1><ul>{figures}</ul><h2>一案到底：各人的步骤与期限</h2>"
        f"<p>{legend}；空心为推定的步骤；横条为期限，竖线为届满日，红色为逾期。指向图形可见文字。</p>{svg}"
        "<h2>发现的问题</h2><table><tr><th>规则</th><th>名称</th><th>状态</th><th>依据</th><th>件数</th><th>条文</th></tr>"
        f"{rows}</table></html>"
    )
