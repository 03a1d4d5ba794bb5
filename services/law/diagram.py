"""A procedure drawn as an SVG picture: states as boxes, acts on the arrows between them, in the colour of their organ.

An act carries the number of its provision in the text, whole on hovering. An act that moves nothing stands inside the
box of its state; so does what puts a line there from another procedure. The same law always gives the same bytes.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from math import ceil
from xml.sax.saxutils import escape, quoteattr

from services.kernel.code import Code
from services.kernel.procedure import ANEW, STAY, Procedure, State, Step
from services.kernel.who import Organ
from services.law.layout import MARGIN, Box, Layout, Point, lay_out
from services.law.reading import Provision, Reading, read

COLORS: Mapping[Organ, str] = {
    Organ.POLICE: "#1f5fa8",
    Organ.PROCURATORATE: "#a05a00",
    Organ.COURT: "#8c1d40",
    Organ.DETENTION_CENTER: "#3f6b3f",
    Organ.JUSTICE_BUREAU: "#00796b",
    Organ.PRISON: "#5d4037",
    Organ.PARTY: "#6b3fa0",
    Organ.LAWYER: "#9c27b0",
    Organ.ADMINISTRATIVE_AGENCY: "#558b2f",
    Organ.SUPERVISORY_COMMISSION: "#b71c1c",
    Organ.BANK: "#827717",
    Organ.SYSTEM: "#555555",
    Organ.ORGAN_IN_CHARGE: "#283593",
    Organ.DECIDING_ORGAN: "#c2185b",
    Organ.TRANSFERRING_ORGAN: "#00838f",
    Organ.RECEIVING_ORGAN: "#d35400",
    Organ.HANDLING_ORGAN: "#4527a0",
    Organ.SUPERVISED_ORGAN: "#37474f",
}
SEVERAL = "#7a7a7a"
#: Sizes of type in pixels, and how many full characters a line of each holds.
TITLE, ACT, NOTE = 15, 12, 11
TITLE_LINE, ACT_LINE = 8, 9
CHIP, PAD, DOT, HEAD = 25, 7, 14, 62
#: What is no farther aside is drawn straight.
_ONE_ABOVE_THE_OTHER = 0.05
_CLOSING, _OPENING = "、，；。：）”》", "（“《"
_STYLE = (
    "text{fill:#1c1c1c}.t{font-weight:600;text-anchor:middle}.n{fill:#fff;text-anchor:middle;font-weight:600}"
    ".o{fill:#5f5f5f}.s{fill:#eef2f8;stroke:#3b4656;stroke-width:1.4}.e{fill:none;stroke:#3b4656}"
    ".w{fill:none;stroke-width:1.5}"
)


@dataclass(frozen=True, slots=True)
class Arrow:
    """Acts that lead from the same states to the same state: one box on one arrow."""

    key: str
    sources: tuple[State, ...]
    target: State
    steps: tuple[Step, ...]

    @property
    def color(self) -> str:
        """Their organ's, if it is one organ's."""
        organs = {step.office.organ for step in self.steps}
        return COLORS[organs.pop()] if len(organs) == 1 else SEVERAL


@dataclass(frozen=True)
class Diagram:
    """What is drawn, and where: the boxes are keyed `state:NAME`, `act:NUMBER`, `start`, and `anew:NUMBER`."""

    procedure: type[Procedure]
    code: Code
    reading: Reading
    arrows: tuple[Arrow, ...]
    layout: Layout = field(repr=False)

    @property
    def svg(self) -> str:
        """The picture."""
        return _svg(self)


def diagram(procedure: type[Procedure], code: Code) -> Diagram:
    """A procedure, laid out."""
    arrows = _arrows(procedure)
    links = [("start", _key(procedure.initial()))]
    sizes: dict[str, tuple[float, float]] = {"start": (DOT, DOT)}
    sizes |= {_key(state): _state_size(procedure, code, state) for state in procedure.states()}
    rows = _rows(procedure, arrows)
    for arrow in arrows:
        sizes[arrow.key] = _acts_size(arrow.steps)
        for source in arrow.sources:
            if source is ANEW:
                sizes[_anew(arrow)] = (DOT, DOT)
            links.append((_anew(arrow) if source is ANEW else _key(source), arrow.key))
        links.append((arrow.key, _key(arrow.target)))
    return Diagram(procedure, code, read(procedure, code), arrows, lay_out(sizes, rows, links))


def wrapped(text: str, most: int) -> list[str]:
    """Lines of about equal length, no longer than `most` full characters and one closing sign."""
    count = ceil(_em(text) / most)
    target = ceil(_em(text) / count)
    lines, line = [], ""
    for at, sign in enumerate(text):
        full = bool(line) and _em(line + sign) > target
        if full and sign not in _CLOSING and not _glued(text[at - 1], sign):
            line, over = (line[:-1], line[-1]) if line[-1] in _OPENING and len(line) > 1 else (line, "")
            lines.append(line)
            line = over
        line += sign
    return [*lines, line]


def _glued(before: str, sign: str) -> bool:
    """Letters and figures are not torn apart."""
    return before.isascii() and before.isalnum() and sign.isascii() and sign.isalnum()


def _em(text: str) -> float:
    return sum(0.58 if sign.isascii() else 1.0 for sign in text)


def _key(state: State) -> str:
    return f"state:{state.name}"


def _anew(arrow: Arrow) -> str:
    return arrow.key.replace("act", "anew")


# What is joined to what


def _arrows(procedure: type[Procedure]) -> tuple[Arrow, ...]:
    """Every act that moves something, those between the same states together, in the order of the statute."""
    found: dict[tuple[tuple[State, ...], State], list[Step]] = {}
    for step in procedure.steps():
        sources = tuple(state for state in step.at if state is not step.to)
        if step.to is not STAY and sources:
            found.setdefault((sources, step.to), []).append(step)
    return tuple(
        Arrow(f"act:{number}", sources, target, tuple(steps))
        for number, ((sources, target), steps) in enumerate(found.items())
    )


def _staying(procedure: type[Procedure], state: State) -> Iterator[Step]:
    return (step for step in procedure.steps() if state in step.at and step.to in {STAY, state})


def _from_elsewhere(procedure: type[Procedure], code: Code, state: State) -> dict[str, list[str]]:
    """The acts of other procedures that begin a line in this state or put an open one there: 由“甲”开始, 由“甲”转入."""
    place = (procedure.name, state.name)
    found: dict[str, list[str]] = {}
    for rule in code.rules.values():
        for verb, places in (("开始", rule.opens), ("转入", rule.ends)):
            if place in places:
                found.setdefault(f"由“{rule.procedure_zh}”{verb}", []).append(rule.zh)
    return found


def _rows(procedure: type[Procedure], arrows: Sequence[Arrow]) -> dict[str, int]:
    """States in the even rows, each below all that lead to it and do not lead back; acts in the odd ones."""
    depth: dict[State, int] = {}
    onward = _onward(procedure, arrows)
    for state in _in_order(onward):
        depth.setdefault(state, 1)
        for target in onward[state]:
            depth[target] = max(depth.get(target, 1), depth[state] + 1)
    rows = {_key(state): 2 * depth[state] for state in depth}
    rows["start"] = rows[_key(procedure.initial())] - 1
    for arrow in arrows:
        to = rows[_key(arrow.target)]
        sources = [rows[_key(source)] for source in arrow.sources if source is not ANEW]
        above, below = [row for row in sources if row < to], [row for row in sources if row >= to]
        back = below and len(below) >= len(above)
        rows[arrow.key] = max(min(below) - 1, to + 1) if back else max(above, default=to - 2) + 1
        if ANEW in arrow.sources:
            rows[_anew(arrow)] = rows[arrow.key] - 1
    used = sorted(set(rows.values()))
    return {name: used.index(row) for name, row in rows.items()}


def _onward(procedure: type[Procedure], arrows: Sequence[Arrow]) -> dict[State, list[State]]:
    """Where each state leads, without what leads back to a state on the way to it: in the order of the statute."""
    leads: dict[State, list[State]] = {state: [] for state in procedure.states()}
    for arrow in arrows:
        for source in arrow.sources:
            if source is not ANEW:
                leads[source].append(arrow.target)
    onward: dict[State, list[State]] = {state: [] for state in leads}
    seen: set[State] = set()

    def follow(state: State, way: frozenset[State]) -> None:
        seen.add(state)
        for target in leads[state]:
            if target not in way:
                onward[state].append(target)
            if target not in seen:
                follow(target, way | {target})

    for state in (procedure.initial(), *leads):
        if state not in seen:
            follow(state, frozenset({state}))
    return onward


def _in_order(onward: Mapping[State, Sequence[State]]) -> list[State]:
    """Every state after all that lead to it."""
    return list(
        TopologicalSorter(
            {state: [source for source, targets in onward.items() if state in targets] for state in onward}
        ).static_order()
    )


# How large it is


def _acts_size(steps: Sequence[Step]) -> tuple[float, float]:
    lines = [wrapped(step.zh, ACT_LINE) for step in steps]
    return (
        CHIP + 2 * PAD + ACT * max(_em(line) for each in lines for line in each),
        sum(_act_height(step) for step in steps),
    )


def _act_height(step: Step) -> float:
    return len(wrapped(step.zh, ACT_LINE)) * (ACT + 4) + PAD


def _state_size(procedure: type[Procedure], code: Code, state: State) -> tuple[float, float]:
    title = wrapped(state.zh, TITLE_LINE)
    notes = [line for note in _from_elsewhere(procedure, code, state) for line in wrapped(note, ACT_LINE + 2)]
    acts = _acts_size(steps) if (steps := list(_staying(procedure, state))) else (0, 0)
    width = max(TITLE * max(map(_em, title)), NOTE * max(map(_em, notes), default=0)) + 4 * PAD
    return max(width, acts[0] + 2 * PAD, 84), _title_height(state) + len(notes) * (NOTE + 4) + acts[1] + (
        PAD if acts[1] or notes else 0
    )


def _title_height(state: State) -> float:
    return len(wrapped(state.zh, TITLE_LINE)) * (TITLE + 5) + 2 * PAD


# How it is drawn


def _svg(drawn: Diagram) -> str:
    layout, numbers = drawn.layout, {each.name: each for each in drawn.reading.provisions}
    organs = list(dict.fromkeys(step.office.organ for step in drawn.procedure.steps()))
    legend = _legend(organs)
    width = max(layout.width, legend[1])
    shift = (width - layout.width) / 2
    colors = [(arrow.color, link) for arrow in drawn.arrows for link in (*(False for _ in arrow.sources), True)]
    lines = [_line(layout.lines[0], "#3b4656", head=True)]
    lines += [_line(line, color, head=head) for line, (color, head) in zip(layout.lines[1:], colors, strict=True)]
    boxes = []
    for name, box in layout.boxes.items():
        if name == "start" or name.startswith("anew:"):
            boxes.append(_dot(box, anew=name != "start"))
    boxes += [_state(drawn, state, numbers) for state in drawn.procedure.states()]
    for arrow in drawn.arrows:
        box = layout.boxes[arrow.key]
        boxes.append(
            f'<rect x="{_n(box.x)}" y="{_n(box.y)}" width="{_n(box.width)}" height="{_n(box.height)}" rx="4" '
            f'fill="#fff" stroke="{arrow.color}"/>' + _acts(arrow.steps, box.x, box.y, box.width, numbers)
        )
    height = layout.height + HEAD
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_n(width)}" height="{_n(height)}" '
        f'viewBox="0 0 {_n(width)} {_n(height)}" role="img" aria-labelledby="title" '
        "font-family=\"'Noto Sans SC','Noto Sans CJK SC','Microsoft YaHei','PingFang SC',sans-serif\" "
        f'font-size="{ACT}">\n<title id="title">{escape(drawn.reading.title)}</title>\n<style>{_STYLE}</style>\n'
        f'<rect width="100%" height="100%" fill="#fff"/>\n'
        f'<text x="{MARGIN}" y="26" font-size="17" font-weight="600">{escape(drawn.reading.title)}</text>\n'
        f'{legend[0]}\n<g transform="translate({_n(shift)} {HEAD})">\n'
        + "\n".join([*lines, *boxes])
        + "\n</g>\n</svg>\n"
    )


def _legend(organs: Sequence[Organ]) -> tuple[str, float]:
    """The organs and the signs; and how wide that is."""
    parts, x = [], float(MARGIN)
    for organ in organs:
        parts.append(f'<rect x="{_n(x)}" y="40" width="12" height="12" rx="2" fill="{COLORS[organ]}"/>')
        parts.append(f'<text x="{_n(x + 17)}" y="51">{organ.zh}</text>')
        x += 17 + ACT * _em(organ.zh) + 14
    said = "● 开始　双框：终结　数字：条文序号"
    parts.append(f'<text x="{_n(x)}" y="51" class="o">{said}</text>')
    return "".join(parts), x + ACT * _em(said) + MARGIN


def _state(drawn: Diagram, state: State, numbers: Mapping[str, Provision]) -> str:
    box = drawn.layout.boxes[_key(state)]
    parts = [
        f"<g data-state={quoteattr(state.name)}><title>{escape(f'{state.zh} {state.name}')}</title>",
        f'<rect x="{_n(box.x)}" y="{_n(box.y)}" width="{_n(box.width)}" height="{_n(box.height)}" rx="7" class="s"/>',
    ]
    if state.end:
        parts.append(
            f'<rect x="{_n(box.x + 3)}" y="{_n(box.y + 3)}" width="{_n(box.width - 6)}" '
            f'height="{_n(box.height - 6)}" rx="5" class="e"/>'
        )
    y, middle = box.y + PAD, box.x + box.width / 2
    for line in wrapped(state.zh, TITLE_LINE):
        y += TITLE + 5
        parts.append(f'<text x="{_n(middle)}" y="{_n(y - 4)}" font-size="{TITLE}" class="t">{escape(line)}</text>')
    y += PAD
    parts.append("</g>")
    for note, acts in _from_elsewhere(drawn.procedure, drawn.code, state).items():
        parts.append(f"<g><title>{escape(note)}：{escape('、'.join(acts))}</title>")
        for line in wrapped(note, ACT_LINE + 2):
            y += NOTE + 4
            parts.append(
                f'<text x="{_n(middle)}" y="{_n(y - 6)}" font-size="{NOTE}" text-anchor="middle" '
                f'class="o">{escape(line)}</text>'
            )
        parts.append("</g>")
    parts.append(_acts(tuple(_staying(drawn.procedure, state)), box.x + PAD, y, box.width - 2 * PAD, numbers))
    return "".join(parts)


def _acts(steps: Sequence[Step], x: float, y: float, width: float, numbers: Mapping[str, Provision]) -> str:
    parts = []
    for step in steps:
        provision, height = numbers[step.type], _act_height(step)
        lines = "".join(
            f'<tspan x="{_n(x + CHIP + PAD)}" y="{_n(y + PAD / 2 + (at + 1) * (ACT + 4) - 4)}">{escape(line)}</tspan>'
            for at, line in enumerate(wrapped(step.zh, ACT_LINE))
        )
        parts.append(
            f"<g data-step={quoteattr(step.type)}><title>{escape(provision.line)}</title>"
            f'<rect x="{_n(x)}" y="{_n(y)}" width="{CHIP}" height="{_n(height - 1)}" rx="3" '
            f'fill="{COLORS[step.office.organ]}"/>'
            f'<text x="{_n(x + CHIP / 2)}" y="{_n(y + height / 2 + 4)}" class="n">{provision.number}</text>'
            f"<text>{lines}</text></g>"
        )
        y += height
    return "".join(parts)


def _dot(box: Box, *, anew: bool) -> str:
    x, y = _n(box.x + box.width / 2), _n(box.y + box.height / 2)
    return (
        f'<g><title>{ANEW.zh if anew else "开始"}</title><circle cx="{x}" cy="{y}" r="{DOT / 2}" fill="#3b4656"/></g>'
    )


def _line(points: Sequence[Point], color: str, *, head: bool) -> str:
    """Straight where a point is above the next, else bent; with an arrow's head at the last point."""
    (x, y), before = points[-1], points[-2][1]
    down = 1 if y > before or (y == before and points[0][1] < y) else -1
    path, last = f"M{_n(points[0][0])} {_n(points[0][1])}", points[0]
    ends = [*points[1:-1], (x, y - 6 * down) if head else (x, y)]
    for point in ends:
        half = (last[1] + point[1]) / 2
        path += (
            f"L{_n(point[0])} {_n(point[1])}"
            if abs(point[0] - last[0]) < _ONE_ABOVE_THE_OTHER
            else f"C{_n(last[0])} {_n(half)} {_n(point[0])} {_n(half)} {_n(point[0])} {_n(point[1])}"
        )
        last = point
    drawn = f'<path d="{path}" class="w" stroke="{color}"/>'
    if head:
        drawn += f'<path d="M{_n(x)} {_n(y)}l-4.5 {-8 * down}h9z" fill="{color}"/>'
    return drawn


def _n(value: float) -> str:
    """A coordinate: one decimal at the most."""
    return f"{value:.1f}".removesuffix(".0")
