"""`singletrack law`: 列出、读出、计算。"""

import json
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from typing import Any

import pytest
from typer.main import get_command

from services.law import CODE, PROCEDURES
from services.law.dues import RULES
from singletrack.law import app

#: Made once: hundreds of calls share it.
COMMAND = get_command(app)


def called(arguments: tuple[str, ...]) -> tuple[str, str, object]:
    """Standard output, standard error, and the exit code."""
    out, err = StringIO(), StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        try:
            COMMAND.main(list(arguments), prog_name="law", standalone_mode=False)
        except SystemExit as exit_:
            return out.getvalue(), err.getvalue(), exit_.code
    return out.getvalue(), err.getvalue(), 0


def run(*arguments: str) -> str:
    """What the command prints."""
    out, err, code = called(arguments)
    assert code == 0, err
    return out


def refused(*arguments: str) -> str:
    """What the command says when it cannot."""
    _, err, code = called(arguments)
    assert code == 2
    return err


def computed(*arguments: str) -> dict[str, Any]:
    """A due date for machines."""
    answer: dict[str, Any] = json.loads(run("due", *arguments, "--json"))
    return answer


def test_list_and_coverage():
    """每一程序一行。"""
    names = [procedure.name for procedure in PROCEDURES]
    counted = json.loads(run("coverage", "--json"))

    assert [row["name"] for row in json.loads(run("list", "--json"))["procedures"]] == names
    assert all(name in run("list") and name in run("coverage") for name in names)
    assert counted["total"]["steps"] == len(CODE.steps)
    in_force = sum(1 for procedure in PROCEDURES for _ in procedure.limits())
    assert counted["total"]["limits_run"] + counted["total"]["limits_kept"] == in_force


@pytest.mark.parametrize("key", ["arrest_review", "P09", "p09", "审查逮捕与执行逮捕"])
def test_show_by_any_name(key):
    """可以用名称、编号或者中文。"""
    assert run("show", key).startswith("审查逮捕与执行逮捕（P09）\n")


def test_show_for_machines(procedure):
    """每一条都有名称、依据和事实。"""
    shown = json.loads(run("show", procedure.name, "--json"))
    steps = [each for each in shown["provisions"] if each["voice"] == "may" and "office" in each]

    assert [each["name"] for each in steps] == [step.type for step in procedure.steps()]
    assert all(each["zh"] for each in shown["provisions"])
    assert f"[{steps[0]['name']} {steps[0]['ids'][0]}" in run("show", procedure.name, "--ids")


def test_unknown_names_are_met_with_near_ones():
    """名称有误的，指出相近的名称。"""
    assert "arrest_review" in refused("show", "arest_review")
    assert "P05" in refused("show", "P5")
    assert "prosecution_review、" in refused("due", "prosecution_reveiw", "--from", "2026-03-16")


def test_due_in_custody_and_not():
    """审查起诉一个月又十五日，止于劳动节：在押的不顺延（刑事诉讼法第一百零五条第四款）。"""
    asked = ("prosecution_review", "--from", "2026-03-16", "--extensions", "1")

    assert computed(*asked, "--custody")["last_day"] == "2026-05-01"
    assert computed(*asked, "--no-custody")["last_day"] == "2026-05-06"
    both = computed(*asked)
    assert (both["last_day"], both["if_not_held"]["last_day"]) == ("2026-05-01", "2026-05-06")
    printed = run("due", *asked)
    assert "届满（在押）：2026年5月1日（星期五）二十四时" in printed
    assert "届满（未在押）：2026年5月6日（星期三）二十四时" in printed
    assert "R7a  在押期间至期满之日为止，不因节假日延长（刑事诉讼法第一百零五条第四款）" in printed


@pytest.mark.parametrize(
    ("asked", "last_day", "deadline"),
    [
        ("criminal detention to thirty days", "2026-04-01", "2026-04-01T14:20"),
        ("excluded time", "2026-06-03", None),
        ("a court counts to the last day", "2026-04-30", None),
        ("another organ counts to the same day", "2026-04-28", None),
        ("backwards from the hearing", "2026-09-30", None),
        ("hours", None, "2026-03-03T14:20"),
        ("at once", None, "2026-03-02T14:20"),
    ],
)
def test_due(asked, last_day, deadline):
    """按各自的规则计算。"""
    arguments = {
        "criminal detention to thirty days": (
            "detention_request_arrest",
            "--from",
            "2026-03-02T14:20",
            "--extensions",
            "2",
        ),
        "excluded time": ("investigation_custody", "--from", "2026-03-10", "--exclude", "2026-04-01..2026-04-25"),
        "a court counts to the last day": ("trial_ordinary", "--from", "2026-02-28", "--custody"),
        "another organ counts to the same day": (
            "trial_ordinary",
            "--from",
            "2026-02-28",
            "--custody",
            "--organ",
            "police",
        ),
        "backwards from the hearing": ("indictment_copy_service", "--from", "2026-10-12"),
        "hours": ("detention_to_center", "--from", "2026-03-02T14:20"),
        "at once": ("non_approval_release", "--from", "2026-03-02T14:20+08:00"),
    }[asked]

    answer = computed(*arguments)

    assert (answer["last_day"], answer["deadline"]) == (last_day, deadline)
    assert all(rule["rule"] in run("due", *arguments) for rule in answer["rules"])


def test_every_limit_can_be_computed_and_explained():
    """每一期限都可以计算，每一规则都有说明；没有数字的，说明不能计算。"""
    for limit in CODE.limits.values():
        if limit.period is None:
            assert "法律没有规定具体期限" in refused("due", limit.name, "--from", "2026-03-16")
            continue
        answer = computed(limit.name, "--from", "2030-03-16T10:00", "--extensions", str(len(limit.extensions)))
        assert answer["open_ended"] or answer["last_day"] or answer["deadline"]
        assert {rule["rule"] for rule in answer["rules"]} <= set(RULES)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("bail_max", "--from", "2026-03-16", "--extensions", "1"), "不能延长"),
        (("detention_request_arrest", "--from", "2026-03-16", "--extensions", "3"), "2．延长至三十日"),
        (("prosecution_review", "--from", "2026-13-16"), "2026-03-16T14:20"),
        (("prosecution_review", "--from", "2026-03-16", "--exclude", "2026-04-01"), "2026-04-01..2026-04-25"),
        (("prosecution_review", "--from", "2026-03-16", "--exclude", "2026-04-05..2026-04-01"), "不能这样计算"),
        (("prosecution_review", "--from", "2026-03-16", "--organ", "army"), "court"),
        (
            ("prosecution_review", "--from", "2026-03-16", "--exclude", "2026-05-01..2026-05-03"),
            "自2026-03-16至2026-04-16",
        ),
        (("indictment_copy_service", "--from", "2026-10-12", "--exclude", "2026-10-01..2026-10-03"), "向前计算"),
        (("prosecution_review",), "须写明期限和起算时间"),
        (("--batch", "/nowhere.json"), "读不到"),
        (("prosecution_review", "--batch", "/nowhere.json"), "每一项各自写明"),
    ],
)
def test_what_cannot_be_computed_says_what_can(arguments, said):
    """不能计算的，说明可以怎样。"""
    assert said in refused("due", *arguments)


def test_a_calendar_not_yet_published_makes_it_provisional():
    """放假安排尚未公布的，暂定。"""
    assert computed("prosecution_review", "--from", "2035-03-16", "--no-custody")["provisional"]
    assert "（暂定）" in run("due", "prosecution_review", "--from", "2035-03-16", "--no-custody")


def test_a_limit_that_always_holds_says_so():
    """始终是羁押期限的，不因未写明在押而改变。"""
    printed = run("due", "detention_request_arrest", "--from", "2026-03-16", "--no-custody")

    assert "始终是羁押期限，仍按在押计算" in printed


def test_limits_are_listed():
    """每一期限一行。"""
    assert len(run("limits").splitlines()) == len(CODE.limits)
    assert [row["limit"] for row in json.loads(run("limits", "--json"))["limits"]] == list(CODE.limits)


def test_a_batch_is_the_same_list_with_the_ends_added(tmp_path):
    """逐项计算，顺序不变；不能计算的写明理由，其余照算。"""
    good = [
        {
            "limit": "prosecution_review",
            "from": "2026-03-16",
            "organ": "procuratorate",
            "custody": True,
            "extensions": 1,
        },
        {"limit": "summons_duration", "from": "2026-03-02T14:20", "organ": None, "custody": False},
        {"limit": "detention_request_arrest", "from": "2026-03-02T14:20", "extensions": 1},
        {"limit": "investigation_custody", "from": "2026-03-10", "exclude": ["2026-04-01..2026-04-25"]},
    ]
    ends = [
        {"last_day": "2026-05-01"},
        {"deadline": "2026-03-03T02:20", "note": "“传唤、拘传的持续时间”始终是羁押期限，仍按在押计算。"},
        {"last_day": "2026-03-09", "deadline": "2026-03-09T14:20"},
        {"last_day": "2026-06-03"},
    ]
    ends[1]["note"] = f"“{CODE.limits['summons_duration'].zh}”始终是羁押期限，仍按在押计算。"
    file = tmp_path / "asked.json"
    file.write_text(json.dumps(good), encoding="utf-8")

    assert json.loads(run("due", "--batch", str(file))) == [ask | end for ask, end in zip(good, ends, strict=True)]

    file.write_text(json.dumps([good[0], {"limit": "prosecution_reveiw", "from": "2026-03-16"}, 7]), encoding="utf-8")
    out, err, code = called(("due", "--batch", str(file)))
    told = json.loads(out)
    assert code == 2
    assert told[0]["last_day"] == "2026-05-01"
    assert "prosecution_review、" in told[1]["error"]
    assert "第2项：" in err
    assert "第3项：应当是一个对象" in err


def test_a_stored_answer_is_computed_again(tmp_path):
    """放假安排没有变化的，重新计算的结果不变。"""
    file = tmp_path / "answer.json"
    file.write_text(run("due", "prosecution_review", "--from", "2026-04-02", "--json"), encoding="utf-8")

    (trace,) = json.loads(run("recompute", str(file)))["items"]

    assert not trace["moved"]
    assert trace["was"] == trace["now"]
    file.write_text("[{}]", encoding="utf-8")
    assert "没有“asked”" in refused("recompute", str(file))
