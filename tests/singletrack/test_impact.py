"""What an edition of the law moves: a small law with two editions, and the editions of the real one."""

from datetime import date
from typing import Any

import pytest

from services.coordinator.domain.clocks import Clocks
from services.kernel.code import Code
from services.kernel.papers import Catalogue
from services.kernel.period import days
from services.kernel.procedure import DETAINED, Office, Procedure, State, Transition, add, must
from services.kernel.statute import Edition
from services.kernel.who import Organ
from services.law import CODE
from services.law.holidays import CALENDAR
from singletrack.impact import editions, impact
from singletrack.proof_file import Proofs

OFFICER = Office(Organ.POLICE, "officer", "办案民警")
NEW_LAW = Edition("NEW", "中华人民共和国示例法", date(2026, 5, 1))
OLD_LAW = Edition("OLD", "中华人民共和国示例法", date(2012, 1, 1))


class Affair(Procedure):
    """示例事务"""

    id, name, zh = "P00", "affair", "示例事务"
    in_force = date(2026, 5, 1)
    edition = "NEW"
    transition = Transition.ACT

    none = State("未办", initial=True)
    stands = State("在办")
    done = State("已办", end=True)

    begin = OFFICER.may("开始", at=none, to=stands, ids="P00.T01", cite=NEW_LAW[1])
    extend = OFFICER.may("延长", at=stands, to=stands, ids="P00.T02", cite=NEW_LAW[1])
    finish = OFFICER.may("办结", at=stands, to=done, ids="P00.T03", cite=NEW_LAW[1])

    handling = must(
        Organ.POLICE, "办理", days(20), after=begin, by=finish, extensions=(add(days(10)),), extended_by=extend
    )
    family = must(Organ.POLICE, "通知家属", days(1), after=begin)
    report = must(Organ.COURT, "备案", days(5), after=begin, when=DETAINED)


class Affair2012(Affair):
    """示例事务（2012）"""

    in_force, until, edition = date(2012, 1, 1), date(2026, 5, 1), "OLD"
    handling_before = must(
        Organ.POLICE,
        "办理（2026年前）",
        days(15),
        after=Affair.begin,
        by=Affair.finish,
        extensions=(add(days(15)), add(days(15))),
        extended_by=Affair.extend,
    )
    hearing = must(Organ.PROCURATORATE, "听取意见", days(3), after=Affair.begin)
    handling = None  # type: ignore[assignment]
    report = None  # type: ignore[assignment]


def law(transition: Transition) -> Code:
    """The small law under a transitional rule."""
    newest = type("Affair", (Affair,), {"transition": transition, "__doc__": "示例事务"})
    return Code(Catalogue(), (newest,), (Affair2012,))


def clocks(code: Code, since: str, *limits: str, status: str = "open", extended: int = 0) -> Proofs:
    """Proofs of clocks of the older edition that an act of one day began."""
    found = Proofs(calendars={CALENDAR.version: CALENDAR.as_dict()})
    made = Clocks(code)
    for clock in made.all:
        if clock.limit.name in limits:
            name = clock.terms["OLD"]
            found.terms[name] = made.terms[name]
            found.items.append(
                {
                    "case_id": "case_1",
                    "subject": "甲",
                    "limit": clock.limit.name,
                    "kind": "obligation",
                    "terms": name,
                    "calendar": CALENDAR.version,
                    "since": since,
                    "start": since,
                    "held": False,
                    "status": status,
                    "extensions": [{"number": number + 1} for number in range(extended)],
                    "excluded": [],
                    "due": {"handling_before": "2026-04-27", "hearing": "2026-04-15", "family": "2026-04-13"}[
                        clock.limit.name
                    ],
                }
            )
    return found


def told(code: Code, proofs: Proofs, since: date | None = None) -> list[tuple[Any, ...]]:
    """Limit, effect, the new limit and its end, and whether it applies."""
    changes = impact(code, proofs, editions(code)["NEW"], since)
    return [(each.limit, each.effect, each.new_limit, each.new_due, each.applies) for each in changes]


def test_dates_move_limits_end_and_limits_begin() -> None:
    """逐项列明：移动的、不变的、取消的、新增的；起算在施行以前的，过渡条款不适用。"""
    code = law(Transition.ACT)
    proofs = clocks(code, "2026-04-10", "handling_before", "hearing", "family")
    changes = impact(code, proofs, editions(code)["NEW"])

    assert {(each.limit, each.effect, each.new_limit, each.new_due) for each in changes if each.effect != "begins"} == {
        ("handling_before", "moves", "handling", "2026-04-30"),
        ("family", "same", "family", "2026-04-13"),
        ("hearing", "ends", "", ""),
    }
    (new,) = (each for each in changes if each.effect == "begins")
    assert (new.new_limit, new.new_due, new.condition) == ("report", "2026-04-15", "在押")
    assert {each.applies for each in changes} == {False}
    assert {each.days for each in changes if each.effect == "moves"} == {3}


def test_granted_extensions_are_those_of_the_new_edition() -> None:
    """已经延长的，按新版本的延长计算；新版本没有的那一次，不计。"""
    code = law(Transition.ACT)

    assert ("handling_before", "moves", "handling", "2026-05-11", False) in told(
        code, clocks(code, "2026-04-10", "handling_before", extended=2)
    )


@pytest.mark.parametrize(
    ("transition", "since", "begun", "applies"),
    [
        (Transition.ACT, "2026-04-10", None, False),
        (Transition.ACT, "2026-05-10", None, True),
        (Transition.ACT, "2026-04-10", date(2026, 4, 10), True),
        (Transition.BEGUN, "2026-04-10", None, False),
        (Transition.BEGUN, "2026-04-10", date(2026, 4, 1), True),
    ],
)
def test_the_transitional_rule_says_whether(
    transition: Transition, since: str, begun: date | None, applies: bool
) -> None:
    """按行为日适用的，看起算之日；按开始时适用的，看办理开始之日；可以假定自某日施行。"""
    code = law(transition)
    changes = impact(code, clocks(code, since, "handling_before"), editions(code)["NEW"], begun)

    assert {each.applies for each in changes} == {applies}
    assert all(each.why for each in changes)


def test_a_line_that_began_before_stays_whenever_its_clocks_began() -> None:
    """按开始时适用的，办理在施行以前开始，其后起算的期限也不变。"""
    code = law(Transition.BEGUN)
    proofs = clocks(code, "2026-05-10", "handling_before")
    proofs.items += clocks(code, "2026-04-10", "family", status="met").items
    proofs.terms |= clocks(code, "2026-04-10", "family").terms

    assert {applies for *_, applies in told(code, proofs)} == {False}


@pytest.mark.parametrize("status", ["met", "late", "superseded", "lapsed", "title"])
def test_what_has_ended_is_not_asked_about(status: str) -> None:
    """已经了结的期限不受影响。"""
    code = law(Transition.ACT)

    assert told(code, clocks(code, "2026-04-10", "handling_before", status=status)) == []


def test_every_edition_of_the_real_law_can_be_asked_about() -> None:
    """现行法律中有多个版本的程序，新旧版本都有，改名的期限都有对应。"""
    known = editions(CODE)
    pairs = {procedure.name for procedure in known.values()}

    assert {"PL12", "PL26", "PS12", "PS25"} <= known.keys()
    assert all(sum(each.name == name for each in known.values()) >= 2 for name in pairs)
    for older in CODE.older:
        made = Clocks(CODE)
        for limit in older.limits():
            clock = next((each for each in made.all if each.limit is limit), None)
            if clock is None or older.edition not in clock.terms or limit.name in _names(CODE.procedures[older.name]):
                continue
            item = {
                "case_id": "case_1",
                "subject": "甲",
                "limit": limit.name,
                "kind": limit.kind,
                "terms": clock.terms[older.edition],
                "calendar": CALENDAR.version,
                "since": "2026-03-02",
                "start": "2026-03-02",
                "held": False,
                "status": "open",
                "extensions": [],
                "excluded": [],
                "due": "",
            }
            proofs = Proofs([item], {item["terms"]: made.terms[item["terms"]]}, {CALENDAR.version: CALENDAR.as_dict()})
            changes = impact(CODE, proofs, CODE.procedures[older.name])
            assert [each.effect for each in changes if each.limit == limit.name and each.effect != "begins"] == [
                "moves"
            ]


def _names(procedure: type[Procedure]) -> set[str]:
    return {limit.name for limit in procedure.limits()}
