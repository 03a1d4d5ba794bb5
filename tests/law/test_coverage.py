"""`singletrack law coverage`：执行、只登记、不编码，一条不漏。"""

import json

import pytest
from typer.testing import CliRunner

from services.kernel.procedure import Ban, Limit, Remark, Step
from services.law import CODE, PROCEDURES
from services.law.reading import read, runs
from singletrack.law import app


def said(*arguments: str, code: int = 0) -> str:
    """What the command prints."""
    result = CliRunner().invoke(app, ["coverage", *arguments])
    assert result.exit_code == code, result.output
    return result.output


def test_every_provision_is_of_one_kind(procedure):
    """步骤、执行的期限、禁止为执行；没有步骤的期限只登记；其余不编码，写明理由。"""
    (row,) = json.loads(said(procedure.id, "--json"))["procedures"]
    kinds = {}
    for name, member in procedure.members().items():
        match member:
            case Step():
                kinds[member.type] = "executed"
            case Limit():
                kinds[member.name] = "executed" if runs(member) else "recorded"
            case Ban():
                kinds[member.name] = "executed"
            case Remark():
                kinds[f"{procedure.name}.{name}"] = "not_encoded"

    assert {each["name"]: each["kind"] for each in row["provisions"]} == kinds
    assert all(each["zh"] for each in row["provisions"])
    assert [each["basis"] for each in row["provisions"]] == [
        list(each.refs) for each in read(procedure, CODE).provisions
    ]
    assert all(each["reason"] for each in row["provisions"] if each["kind"] == "not_encoded")
    assert [row[kind] for kind in ("executed", "recorded", "not_encoded")] == [
        list(kinds.values()).count(kind) for kind in ("executed", "recorded", "not_encoded")
    ]


def test_the_total_is_of_the_law_in_force():
    """合计为现行法律。"""
    found = json.loads(said("--json"))

    assert found["total"]["steps"] == sum(len(list(each.steps())) for each in PROCEDURES)
    assert found["total"]["limits_run"] + found["total"]["limits_kept"] == sum(
        len(list(each.limits())) for each in PROCEDURES
    )
    assert found["total"]["executed"] == sum(found["total"][sort] for sort in ("steps", "limits_run", "bans"))


def test_people_read_a_table_and_a_list():
    """先列表，后合计。"""
    table, listed = said(), said("--list")

    assert all(each.name in table for each in PROCEDURES)
    assert all(step.type in listed for each in PROCEDURES for step in each.steps())
    assert table.splitlines()[-1].startswith("合计（现行）")
    assert listed.endswith(table)


@pytest.mark.parametrize("asked", ["summons", "P05", "传唤与拘传"])
def test_one_procedure(asked):
    """可以只看一个程序，不编码的写明理由。"""
    text = said(asked)

    assert "不编码（3）" in text
    assert "[summons.no_disguised_detention]——法律没有规定公安机关两次传唤的间隔" in text
    assert CODE.procedures["bail"].zh not in text


def test_no_such_procedure():
    """名称有误的，指出相近的名称。"""
    assert "summons" in said("sumons", code=2)
