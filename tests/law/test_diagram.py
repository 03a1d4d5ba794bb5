"""每一程序的状态图看得清：不缺状态和步骤，方框不相重叠，线不穿过方框，文字不出方框。"""

import re
import subprocess
import sys
from itertools import combinations, pairwise
from xml.etree import ElementTree as ET

import pytest
from typer.testing import CliRunner

from services.law import CODE
from services.law.__main__ import ALL
from services.law.diagram import COLORS, diagram, wrapped
from services.law.layout import lay_out
from services.law.reading import key
from singletrack.law import app

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(params=ALL, ids=key, scope="module")
def drawn(request):
    """Each procedure, and each older edition, drawn."""
    return diagram(request.param, CODE)


def test_every_state_and_every_step_is_named(drawn):
    """状态、步骤一个不缺，各有条文序号和全文。"""
    root = ET.fromstring(drawn.svg)  # noqa: S314 - written by us
    states = {each.get("data-state"): _said(each, "text") for each in root.iter(f"{SVG}g") if each.get("data-state")}
    steps = {each.get("data-step"): each for each in root.iter(f"{SVG}g") if each.get("data-step")}
    provisions = {each.name: each for each in drawn.reading.provisions}

    assert states == {state.name: state.zh for state in drawn.procedure.states()}
    assert {name: _said(each, "tspan") for name, each in steps.items()} == {
        step.type: step.zh for step in drawn.procedure.steps()
    }
    for name, each in steps.items():
        assert each.findtext(f"{SVG}title") == provisions[name].line
        assert each.findtext(f"{SVG}text") == str(provisions[name].number)
        assert each.find(f"{SVG}rect").get("fill") == COLORS[CODE.steps[name].office.organ]


def test_every_arrow_leads_where_the_law_leads(drawn):
    """箭头出自步骤开始的状态，止于步骤以后的状态。"""
    boxes, lines = drawn.layout.boxes, iter(drawn.layout.lines[1:])
    for arrow in drawn.arrows:
        act = boxes[arrow.key]
        for source in arrow.sources:
            line = next(lines)
            assert _touches(line[-1], act)
            assert source.name == "anew" or _touches(line[0], boxes[f"state:{source.name}"])
        line = next(lines)
        assert _touches(line[0], act)
        assert _touches(line[-1], boxes[f"state:{arrow.target.name}"])
    assert next(lines, None) is None


def test_nothing_lies_on_anything(drawn):
    """方框不相重叠，线不穿过方框，都在图内。"""
    layout = drawn.layout

    assert [
        pair for pair in combinations(layout.boxes, 2) if layout.boxes[pair[0]].overlaps(layout.boxes[pair[1]])
    ] == []
    for box in layout.boxes.values():
        assert box.x >= 0
        assert box.y >= 0
        assert box.x + box.width <= layout.width
        assert box.y + box.height <= layout.height
        for line in layout.lines:
            assert not any(box.x < x < box.x + box.width and box.y < y < box.y + box.height for x, y in _along(line))


def test_no_word_leaves_its_box(drawn):
    """文字不出方框。"""
    sizes = {f"state:{state.name}": (state.zh, 15) for state in drawn.procedure.states()}
    for name, (zh, size) in sizes.items():
        assert max(len(line) for line in wrapped(zh, 8)) * size < drawn.layout.boxes[name].width
    for arrow in drawn.arrows:
        box = drawn.layout.boxes[arrow.key]
        lines = [wrapped(step.zh, 9) for step in arrow.steps]
        assert 25 + max(len(line) for each in lines for line in each) * 12 < box.width
        assert sum(len(each) for each in lines) * 16 < box.height


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("释放", ["释放"]),
        ("审理期限至迟延至三个月", ["审理期限至迟", "延至三个月"]),
        ("驳回上诉、抗诉，维持原判", ["驳回上诉、抗诉，", "维持原判"]),
        ("延期审理（补充侦查）", ["延期审理（", "补充侦查）"]),
    ],
)
def test_lines_break_evenly(text, lines):
    """各行长短相近，标点不在行首。"""
    found = wrapped(text, 9)

    assert "".join(found) == text
    assert len(found) == len(lines)
    assert not any(re.match(r"[、，）]", line) or line.endswith("（") for line in found)
    assert max(map(len, found)) - min(map(len, found)) <= 4


def test_lines_do_not_cross_that_need_not():
    """可以不交叉的，不交叉。"""
    sizes = dict.fromkeys("abcd", (40.0, 20.0))
    laid = lay_out(sizes, {"a": 0, "b": 0, "c": 1, "d": 1}, [("a", "d"), ("b", "c")])

    assert laid.boxes["a"].x == laid.boxes["d"].x
    assert laid.boxes["b"].x == laid.boxes["c"].x


def test_a_long_line_goes_round_the_boxes_between():
    """隔行的线绕过中间的方框，从下往上的也是。"""
    sizes = dict.fromkeys("abc", (60.0, 20.0))
    laid = lay_out(sizes, {"a": 0, "b": 1, "c": 2}, [("a", "b"), ("b", "c"), ("c", "a")])
    back, middle = laid.lines[2], laid.boxes["b"]

    assert (back[0][1], back[-1][1]) == (laid.boxes["c"].y, laid.boxes["a"].y + 20)
    assert not any(middle.x <= x <= middle.x + 60 for x, y in _along(back) if middle.y < y < middle.y + 20)
    with pytest.raises(ValueError, match="one row"):
        lay_out(sizes, dict.fromkeys("abc", 0), [("a", "b")])


def test_the_command_draws(tmp_path):
    """`singletrack law show P05 --diagram`。"""
    picture = tmp_path / "summons.svg"
    result = CliRunner().invoke(app, ["show", "P05", "--diagram", str(picture)])

    assert result.exit_code == 0
    assert result.output == f"传唤与拘传（P05）：已画入 {picture}\n"
    assert picture.read_text(encoding="utf-8") == diagram(CODE.procedures["summons"], CODE).svg


def test_the_law_itself_draws_nothing():
    """适用法律不必画图。"""
    program = "import sys, services.law; sys.exit(any(name in sys.modules for name in ('services.law.diagram',)))"

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def _said(element, kind):
    return "".join(each.text for each in element.iter(f"{SVG}{kind}") if each.text)


def _touches(point, box):
    x, y = point
    return box.x <= x <= box.x + box.width and y in {box.y, box.y + box.height}


def _along(line):
    """Points along a line, bent as it is drawn."""
    for (x, y), (to_x, to_y) in pairwise(line):
        for part in range(1, 20):
            t = part / 20
            bent = 3 * t * t * (1 - t) + t**3
            risen = 1.5 * t * (1 - t) ** 2 + 1.5 * t * t * (1 - t) + t**3
            yield x + (to_x - x) * bent, y + (to_y - y) * risen
