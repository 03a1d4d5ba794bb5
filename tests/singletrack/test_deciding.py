"""The figures of the law are believed because all three do the same steps, and all of them."""

from dataclasses import replace

import pytest

from services.kernel.procedure import ANEW
from services.law import CODE
from singletrack.bench import deciding


def test_the_work_is_every_step_out_of_every_state():
    """每一步骤，自其可以开始的每一状态。"""
    expected = sum(state != ANEW.name for rule in CODE.rules.values() for state in rule.at)

    assert len(deciding.scenes()) == expected


@pytest.mark.parametrize("made", [deciding.decisions, deciding.with_transitions, deciding.with_python_statemachine])
def test_each_of_them_decides_on_all_of_it(made):
    """三者所作判断相同：该准的都准。"""
    work = deciding.scenes()

    assert made(work)() == len(work)


def test_an_unfit_office_or_a_missing_paper_is_not_allowed():
    """岗位不符或者文书不全的，都不准。"""
    work = [scene for scene in deciding.scenes() if scene.kinds][:20]
    bare = [replace(scene, kinds=frozenset()) for scene in work]

    assert deciding.decisions(bare)() == deciding.with_transitions(bare)() == 0


def test_what_is_measured_is_reported(capsys):
    """每项写明数值、目标和是否达到。"""
    found = deciding.measure(rounds=1)
    deciding.show(found)

    assert set(found["seconds"]) == {"import", "decision", "transitions", "python-statemachine", "due date"}
    assert all(0 < each["min"] <= each["median"] <= each["max"] for each in found["seconds"].values())
    assert [each["met"] for each in found["targets"]] == [
        each["measured"] < each["wanted"] for each in found["targets"]
    ]
    assert "µs" in capsys.readouterr().out
