"""法律表与法律文本一致：表中每一行都在文本中，文本中每一个表号都在表中。

`tables.json` holds the facts of the statute's tables as they stood when the law was written; `deviations.yaml` says
where the notation differs on purpose, and why. What is listed there and no longer differs must be taken off the list.
"""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from services.kernel.period import MonthEnd, Period
from services.kernel.procedure import STAY, Event, Limit
from services.kernel.who import Organ
from services.law import CODE, PROCEDURES

HERE = Path(__file__).parent
TABLES: dict[str, Any] = json.loads((HERE / "tables.json").read_text(encoding="utf-8"))
DEVIATIONS: dict[str, Any] = yaml.safe_load((HERE / "deviations.yaml").read_text(encoding="utf-8"))


#: The others are this system's own design.
of_the_tables = pytest.mark.parametrize(
    "procedure",
    [procedure for procedure in PROCEDURES if procedure.name in TABLES["procedures"]],
    ids=lambda procedure: procedure.name,
)


def rows(procedure) -> list[tuple[str, dict[str, Any]]]:
    """Each step out of each state: the id of the tables, and its facts in their form."""
    found = []
    for step in procedure.steps():
        rule = CODE.rules[step.type]
        for state in step.at:
            facts = {
                "from": state.name,
                "to": state.name if step.to is STAY else step.to.name,
                "organ": rule.organ.value,
                "needs": sorted(sorted(group) for group in rule.papers.groups),
                "optional": sorted(rule.papers.optional),
            }
            found.append((step.id_from(state), facts))
    return found


def differing(ours: dict[str, Any], theirs: dict[str, Any]) -> list[str]:
    """Which facts differ."""
    return [key for key in ours if ours[key] != theirs[key]]


@of_the_tables
def test_states_of_the_tables(procedure):
    """状态与表相同：名称、中文、起点、终点。"""
    table = TABLES["procedures"][procedure.name]

    assert procedure.id == table["id"]
    assert procedure.zh == table["zh"]
    assert {state.name: state.zh for state in procedure.states()} == table["states"]
    assert procedure.initial().name == table["initial"]
    assert {state.name for state in procedure.states() if state.end} == set(table["ends"])


@of_the_tables
def test_steps_of_the_tables(procedure):
    """表中每一行都在文本中，机关、状态、文书相同；有意的不同逐项列明理由。"""
    table = TABLES["procedures"][procedure.name]
    ours = dict(rows(procedure))
    assert len(ours) == len([number for number, _ in rows(procedure) if ".S" not in number]) + len(
        {number for number, _ in rows(procedure) if ".S" in number}
    ), "an id of the tables stands for two steps"

    for row in table["steps"]:
        theirs = {
            "from": row["from"],
            "to": row["to"],
            "organ": row["organ"],
            "needs": sorted(sorted(group) for group in row["needs"]),
            "optional": sorted(row.get("optional", ())),
        }
        expected = DEVIATIONS["steps"].get(row["id"], {"differs": []})["differs"]
        assert row["id"] in ours, f"{row['id']} of the tables is not in the law"
        assert differing(ours[row["id"]], theirs) == expected, row["id"]


def test_every_procedure_of_the_tables_is_in_the_law():
    """表中的程序都在文本中；不在表中的，编号不是 P。"""
    ours = {procedure.name: procedure.id for procedure in PROCEDURES}

    assert set(TABLES["procedures"]) <= set(ours)
    assert not any(ours[name].startswith("P") for name in set(ours) - set(TABLES["procedures"]))


def test_ids_of_the_law_are_of_the_tables_or_listed():
    """表号都在表中；本系统自加的步骤（S）都在一处写明理由。"""
    tables = {row["id"] for table in TABLES["procedures"].values() for row in table["steps"]}
    ours = {number for procedure in PROCEDURES for number, _ in rows(procedure)}
    by_law = {number for number in ours if number.startswith("P")}

    assert by_law - tables == set(DEVIATIONS["own_steps"])
    assert all(".S" in number and why for number, why in DEVIATIONS["own_steps"].items())
    assert set(DEVIATIONS["steps"]) <= tables


def facts_of(limit: Limit) -> dict[str, Any]:
    """A limit in the form of the tables."""
    return {
        "zh": limit.zh,
        "organ": limit.organ.value,
        "duration": limit.period,
        "kind": limit.kind,
        "extensions": [(extension.mode.value, extension.period) for extension in limit.extensions],
        "roll": limit.roll.value,
        "custody": limit.custody,
        "before": limit.before,
        "working_days": limit.working_days,
        "trigger": limit.after.id if isinstance(limit.after, Event) else "",
    }


def facts_in(table: dict[str, Any], limit: Limit) -> dict[str, Any]:
    """A limit of the tables."""

    def period(text: str | None) -> Period | None:
        return Period.parse(text) if text else None

    return {
        "zh": table["zh"],
        "organ": table["organ"],
        "duration": period(table["duration"]),
        "kind": table["kind"],
        "extensions": [(each["mode"], period(each["duration"])) for each in table.get("extended", ())],
        "roll": table["holiday_rollover"],
        "custody": table["custody_scope"],
        "before": table.get("direction") == "before",
        "working_days": table.get("day_type") == "working",
        "trigger": table["trigger"] if isinstance(limit.after, Event) else "",
    }


def test_limits_of_the_tables(procedure):
    """期限与表相同：长短、延长、节假日、羁押、机关。"""
    for limit in procedure.limits():
        assert limit.name in TABLES["limits"], f"{limit.name} is not in the tables"
        expected = DEVIATIONS["limits"].get(limit.name, {"differs": []})["differs"]

        assert differing(facts_of(limit), facts_in(TABLES["limits"][limit.name], limit)) == expected, limit.name


def test_limits_left_out_are_listed():
    """表中同一领域的期限，或者在文本中，或者写明理由暂缺。"""
    assert set(TABLES["limits"]) - set(CODE.limits) == set(DEVIATIONS["limits_left_out"])
    assert set(DEVIATIONS["limits"]) <= set(CODE.limits)


def test_months_of_a_court_end_on_the_last_day():
    """以月计算的期限，自月末起算的，至届满之月的最后一日（最高法刑诉解释第二百零二条第一款）。"""
    by_months = {
        limit.name: limit
        for limit in CODE.limits.values()
        if any(period.months for period in (limit.period, *(each.period for each in limit.extensions)) if period)
    }
    corresponding = {
        name
        for name, limit in by_months.items()
        if limit.organ is Organ.COURT and limit.month_end is MonthEnd.CORRESPONDING
    }
    last_day = {name for name, limit in by_months.items() if limit.month_end is MonthEnd.LAST_DAY}

    assert corresponding == set(DEVIATIONS["corresponding_day"])
    assert {by_months[name].organ for name in last_day} == {Organ.COURT}


def test_documents_of_the_tables():
    """文书目录与表相同。"""
    assert {kind: document.zh for kind, document in CODE.catalogue.by_id.items()} == TABLES["documents"]
