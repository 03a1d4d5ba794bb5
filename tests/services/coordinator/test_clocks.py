"""Clocks that no step starts or meets: events and deeds that are noted, ends of other limits, and limits that count back."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from services.coordinator.domain.clocks import Clocks, Reading
from services.coordinator.domain.duties import duties
from services.coordinator.domain.ledger import Ledger
from services.kernel.code import Code
from services.kernel.papers import Catalogue
from services.kernel.period import ZONE, Roll, days, months
from services.kernel.procedure import End, Event, Office, Procedure, State, Transition, add, lasts, must
from services.kernel.statute import Edition
from services.kernel.who import Organ

OFFICER = Office(Organ.POLICE, "officer", "办案民警")
LAW = Edition("LAW", "中华人民共和国示例法", date(2018, 1, 1))
NOW = datetime(2026, 6, 1, tzinfo=ZONE)
READ = Reading(dict.fromkeys(("case_flow", "custody_transfer", "evidence"), NOW), NOW)


class Measure(Procedure):
    """示例措施"""

    id, name, zh = "P00", "measure", "示例措施"
    in_force = date(2026, 5, 1)
    edition = "NEW"
    transition = Transition.ACT

    none = State("未采取", initial=True)
    stands = State("执行中")
    lifted = State("已解除", end=True)

    take = OFFICER.may("采取", at=none, to=stands, ids="P00.T01", cite=LAW[1])
    extend = OFFICER.may("延长", at=stands, to=stands, ids="P00.T02", cite=LAW[1])
    hear = OFFICER.may("开庭", at=stands, to=stands, ids="P00.T03", cite=LAW[1])
    announce = OFFICER.may("公告", at=stands, to=stands, ids="P00.T04", cite=LAW[1])
    lift = OFFICER.may("解除", at=stands, to=lifted, ids="P00.T05", cite=LAW[1])

    length = lasts(
        Organ.POLICE,
        "期限",
        months(1),
        kind="validity",
        after=take,
        by=lift,
        extensions=(add(months(1)),),
        extended_by=extend,
        roll=Roll.NEVER,
    )
    warning = must(Organ.POLICE, "到期通知", days(7), after=End("length"), kind="advance", before=True)
    report = must(Organ.POLICE, "期满报告", days(3), after=End("length"))
    answer = must(Organ.COURT, "答复", days(5), after=Event("application_received"), organs=(Organ.PROCURATORATE,))
    notice = must(Organ.COURT, "开庭公告", days(3), after=hear, by=announce, kind="advance", before=True)
    family = must(Organ.POLICE, "通知家属", days(1), after=take)


class Older(Measure):
    """旧版"""

    in_force, until = date(2018, 1, 1), date(2026, 5, 1)
    edition = "OLD"
    family = None
    family_before = must(Organ.POLICE, "通知家属（旧）", days(3), after=Measure.take)


CODE = Code(Catalogue(), (Measure,), (Older,))
CLOCKS = Clocks(CODE)


def row(number: int, on: str, *steps: str, **more: Any) -> dict[str, Any]:
    """One row of one person."""
    moves = [{"subject": "甲", "procedure": "measure", "step": step, "to": "stands"} for step in steps]
    return {
        "id": f"trn_{number}",
        "service": "case_flow",
        "seq": number,
        "type": f"measure:{steps[0]}" if steps else "legal_record:note_event",
        "subjects": ["甲"],
        "moves": moves,
        "organ": "pol-330106",
        "occurred_at": on,
        "recorded_at": f"2026-05-31T00:00:{number:02}.000000Z",
        "facts": {},
        **more,
    }


def noted(number: int, on: str, **what: str) -> dict[str, Any]:
    """An event or a deed that was noted for the person."""
    return row(number, on, concerns=["甲"], **what)


def owed(*rows: dict[str, Any], now: datetime = NOW) -> dict[str, list[tuple[str, str]]]:
    """Each duty's status and day, by limit."""
    reading = replace(READ, now=now, read=dict.fromkeys(READ.read, now))
    found: dict[str, list[tuple[str, str]]] = {}
    for duty in duties(Ledger("case_1", rows, CODE), CLOCKS, reading).duties:
        found.setdefault(duty.limit, []).append((duty.status, duty.due))
    return found


def test_an_event_that_was_noted_begins_a_limit_and_a_deed_that_was_noted_meets_it() -> None:
    """没有步骤表明的事项，登记以后起算；登记履行的，期限届至前为及时，届满后为逾期。"""
    received = noted(1, "2026-05-11", event="application_received")

    assert owed(received) == {"answer": [("overdue", "2026-05-18")]}
    assert owed(received, noted(2, "2026-05-18", limit="answer")) == {"answer": [("met", "2026-05-18")]}
    assert owed(received, noted(2, "2026-05-19", limit="answer")) == {"answer": [("late", "2026-05-18")]}
    assert owed(received, noted(2, "2026-05-12", limit="report")) == {"answer": [("overdue", "2026-05-18")]}


def test_what_counts_back_from_the_end_of_another_limit() -> None:
    """期限届满前若干日的义务，随该期限的延长、解除而变动。"""
    take = row(1, "2026-04-20", "take")

    assert owed(take)["warning"] == [("overdue", "2026-05-13")]
    assert owed(take, noted(2, "2026-05-13", limit="warning"))["warning"] == [("met", "2026-05-13")]
    assert owed(take, noted(2, "2026-05-14", limit="warning"))["warning"] == [("late", "2026-05-13")]
    assert owed(take, row(2, "2026-05-02", "extend"))["warning"] == [("open", "2026-06-12")]
    assert "warning" not in owed(take, row(2, "2026-05-02", "lift")), "nothing ends any more"
    assert owed(take, row(2, "2026-05-16", "lift"))["warning"] == [("overdue", "2026-05-13")]


def test_what_follows_the_end_of_another_limit() -> None:
    """期限届满以后的义务；期满以前已经解除的，不再发生。"""
    take = row(1, "2026-04-20", "take")

    assert owed(take)["report"] == [("overdue", "2026-05-25")]
    assert owed(take, noted(2, "2026-05-22", limit="report"))["report"] == [("met", "2026-05-25")]
    assert "report" not in owed(take, row(2, "2026-05-02", "lift"))


def test_a_limit_that_counts_back_from_an_act() -> None:
    """开庭三日以前公告：每次开庭各自计算。"""
    rows = [row(1, "2026-05-01", "take"), row(2, "2026-05-08", "announce"), row(3, "2026-05-12", "hear")]

    assert owed(*rows)["notice"] == [("met", "2026-05-09")]
    assert owed(*rows, row(4, "2026-05-20", "hear"))["notice"] == [("met", "2026-05-09"), ("overdue", "2026-05-15")]
    assert owed(rows[0], row(2, "2026-05-11", "announce"), rows[2])["notice"] == [("late", "2026-05-09")]


@pytest.mark.parametrize(
    ("on", "stated", "limit"),
    [
        ("2026-04-30", None, "family_before"),
        ("2026-05-01", None, "family"),
        ("2026-05-20", "OLD", "family_before"),
    ],
)
def test_a_limit_runs_under_the_edition_of_the_act(on: str, stated: str | None, limit: str) -> None:
    """新法施行前后的行为，各按当时的法律计算；记录载明适用版本的，从其记录。"""
    take = row(1, on, "take")
    if stated:
        take["moves"][0]["edition"] = stated

    assert {"family", "family_before"} & owed(take).keys() == {limit}


def test_when_to_look_again() -> None:
    """还没有届满的，届满之时再看。"""
    reading = replace(READ, now=NOW)
    open_ = duties(Ledger("case_1", [noted(1, "2026-05-30", event="application_received")], CODE), CLOCKS, reading)

    assert open_.look_at == datetime(2026, 6, 5, tzinfo=ZONE)
    assert open_.look_at - NOW == timedelta(days=4)
