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
from services.kernel.procedure import STAY, End, Event, Kept, Limit, step_refs
from services.kernel.who import Organ
from services.law import CODE, OLDER, PROCEDURES
from services.law.dues import most
from services.law.reading import runs

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
        rule = CODE.by_edition.get((procedure.edition, step.type), CODE.rules[step.type])
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
    own = set(DEVIATIONS["own_states"].get(procedure.name, ()))
    of_the_table = [state for state in procedure.states() if state.name not in own]

    assert own <= {state.name for state in procedure.states()} - set(table["states"])
    assert procedure.id == table["id"]
    assert procedure.zh == table["zh"]
    assert {state.name: state.zh for state in of_the_table} == table["states"]
    assert procedure.initial().name == table["initial"]
    assert {state.name for state in of_the_table if state.end} == set(table["ends"])


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
        "extensions": [
            (
                each.mode.value,
                each.least or each.period,
                each.times,
                each.source,
                bool(each.approver.strip("—")),
                bool(each.ground),
            )
            for each in limit.extensions
        ],
        "max_extensions": most(limit),
        "organs": {organ.value for organ in limit.organs},
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

    def times(extension: dict[str, Any]) -> int | None:
        return None if extension.get("times") == "unlimited" else extension.get("times", 1)

    return {
        "zh": table["zh"],
        "organ": table["organ"],
        "duration": period(table["duration"]),
        "kind": table["kind"],
        "extensions": [
            (each["mode"], period(each["duration"]), times(each), each["source"], each["approved"], each["grounded"])
            for each in table.get("extended", ())
        ],
        "max_extensions": None if table.get("max_extensions") == "unlimited" else table.get("max_extensions", 0),
        "organs": set(table.get("organs", ())),
        "roll": table["holiday_rollover"],
        "custody": table["custody_scope"],
        "before": table.get("direction") == "before",
        "working_days": table.get("day_type") == "working",
        "trigger": table["trigger"] if isinstance(limit.after, Event) else "",
    }


def of_the_tables_only(procedure) -> list[Limit]:
    """The limits of a procedure; of one that the tables do not have, without those that it adds."""
    added = set() if procedure.name in TABLES["procedures"] else set(DEVIATIONS["added_limits"])
    return [limit for limit in procedure.limits() if limit.name not in added]


def test_limits_of_the_tables(procedure):
    """期限与表相同：长短、延长、节假日、羁押、机关。"""
    for limit in of_the_tables_only(procedure):
        assert limit.name in TABLES["limits"], f"{limit.name} is not in the tables"
        expected = DEVIATIONS["limits"].get(limit.name, {"differs": []})["differs"]

        assert differing(facts_of(limit), facts_in(TABLES["limits"][limit.name], limit)) == expected, limit.name


def test_restarts_and_exclusions_of_the_tables(procedure):
    """表中重新计算的，文本重新起算；表中不计入的，文本停止计算；写明后果的，都写明。反之亦然；不同的逐项列明理由。"""
    for limit in of_the_tables_only(procedure):
        table = TABLES["limits"][limit.name]
        several = not isinstance(limit.after, Event | End | Kept) and len(CODE.types(limit.after)) > 1
        ours = {
            "restarts": bool(step_refs(limit.restarts_at)) or ("restarts_on" in table and several),
            "excludes": bool(step_refs(limit.paused_by)),
            "on_expiry": bool(limit.on_expiry) and "on_expiry" in table,
        }
        theirs = {
            "restarts": "restarts_on" in table,
            "excludes": "excludes" in table,
            "on_expiry": "on_expiry" in table,
        }
        expected = DEVIATIONS["courses"].get(limit.name, {"differs": []})["differs"]

        assert differing(ours, theirs) == expected, limit.name


def test_every_limit_runs_or_has_no_number():
    """有数字的期限都运行：起算、办理由步骤表明，或者由有关机关登记。没有数字的，列在这里。"""
    assert {limit.name for limit in CODE.limits.values() if not runs(limit)} == set(DEVIATIONS["without_number"])


def test_limits_left_out_are_listed():
    """表中同一领域的期限，或者在文本中，或者写明理由暂缺。"""
    assert set(TABLES["limits"]) - set(CODE.limits) == set(DEVIATIONS["limits_left_out"])
    assert set(DEVIATIONS["limits"]) <= set(CODE.limits)


@pytest.mark.parametrize("older", OLDER, ids=lambda procedure: f"{procedure.name}@{procedure.edition}")
def test_an_older_edition_is_of_the_tables(older):
    """旧版本的状态、步骤、期限与表相同；表中没有的旧法期限，写明理由。文书是当时的。"""
    table = TABLES["procedures"][older.name]
    ours = dict(rows(older))
    limits = {limit.name: limit for limit in older.limits()}

    assert {state.name: state.zh for state in older.states()} == table["states"]
    for row in table["steps"]:
        if row["id"] not in DEVIATIONS["steps"]:
            assert [ours[row["id"]][what] for what in ("from", "to", "organ")] == [row["from"], row["to"], row["organ"]]
    for name in limits.keys() & TABLES["limits"].keys():
        expected = DEVIATIONS["limits"].get(name, {"differs": []})["differs"]
        assert differing(facts_of(limits[name]), facts_in(TABLES["limits"][name], limits[name])) == expected, name
    assert limits.keys() - TABLES["limits"].keys() <= DEVIATIONS["own_limits"].keys()


def test_limits_that_the_tables_do_not_have():
    """表中没有的期限，只有旧法的，和表中没有的程序的，逐项写明理由。"""
    newest = {limit.name for procedure in PROCEDURES for limit in procedure.limits()}

    added = set(DEVIATIONS["added_limits"])
    assert set(CODE.limits) - set(TABLES["limits"]) == set(DEVIATIONS["own_limits"]) | added
    assert {CODE.limits[name].procedure.name for name in added}.isdisjoint(TABLES["procedures"])
    assert newest.isdisjoint(DEVIATIONS["own_limits"])


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
    """文书目录与表相同；自加的文书逐项写明理由。"""
    ours = {kind: document.zh for kind, document in CODE.catalogue.by_id.items()}
    added = set(DEVIATIONS["added_documents"])
    assert ours.keys() - TABLES["documents"].keys() == added
    assert {kind: zh for kind, zh in ours.items() if kind not in added} == TABLES["documents"]
