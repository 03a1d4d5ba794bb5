"""`docs/computation.md`：每一规则都有执行之处和测试，所指的都在。"""

import importlib
import re
from pathlib import Path

import pytest

from services.kernel.period import months
from services.law import CODE
from services.law.dues import RULES

ROOT = Path(__file__).parents[2]
CELLS = [
    [cell.strip() for cell in line.strip().strip("|").split("|")]
    for line in (ROOT / "docs" / "computation.md").read_text(encoding="utf-8").splitlines()
    if re.match(r"\| [RSA]\d", line)
]
RULE_ROWS = [cells for cells in CELLS if not cells[0].startswith("A")]
CHOICES = [cells for cells in CELLS if cells[0].startswith("A")]


def test_no_rule_is_missing():
    """R1至R24、S1至S6、A1至A12，各一行。"""
    rules = [*(f"R{number}" for number in range(1, 25)), "R6a", "R7a", "R7b", *(f"S{number}" for number in range(1, 7))]

    assert sorted(cells[0] for cells in RULE_ROWS) == sorted(rules)
    assert [cells[0] for cells in CHOICES] == [f"A{number}" for number in range(1, 13)]
    assert set(RULES) <= set(rules)


@pytest.mark.parametrize("cells", RULE_ROWS, ids=lambda cells: cells[0])
def test_what_carries_out_a_rule_and_what_proves_it_are_there(cells):
    """执行之处可以导入，测试确有其名。"""
    _, text, _, place, proof = cells
    module, _, name = place.strip("`").rpartition(".")
    file, _, test = proof.strip("`").partition("::")

    assert text
    assert hasattr(importlib.import_module(module), name)
    assert re.search(rf"^(async )?def {test}\(", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("cells", CHOICES, ids=lambda cells: cells[0])
def test_where_the_texts_disagree_the_choice_names_its_limit(cells):
    """每一选择所指的期限确在法律之中；只有行政案件没有。"""
    _, question, choice, limit = cells

    assert question
    assert choice
    assert (limit.strip("`") in CODE.limits) == (cells[0] != "A7")


def test_custody_of_the_unknown_begins_when_they_are_identified():
    """刑事诉讼法第一百六十条第二款：身份不明的，侦查羁押期限自查清其身份之日起计算（R11）。"""
    limit = CODE.limits["investigation_custody"]

    assert "custody_extension:identify" in CODE.types(limit.after)
    assert "custody_extension:start_unidentified" in CODE.types(limit.void_by)
    assert CODE.limits["identity_unknown_start"].period == limit.period == months(2)
