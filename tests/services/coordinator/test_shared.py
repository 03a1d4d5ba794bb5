"""What two cases share without knowing of each other: a cell, an account, the number of a case."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from services.coordinator import follow as following
from services.coordinator.domain.clocks import Reading
from services.coordinator.domain.ledger import Ledger
from services.coordinator.domain.reconcile import Conclusion, conclude
from services.coordinator.domain.shared import claims, others
from services.law import CODE
from tests.services.coordinator.conftest import CLOCKS, LOGS, POLICE, Town
from tests.services.coordinator.test_follow import CENTER, Case
from tests.services.coordinator.test_invariants_goods import registers, stores
from tests.services.coordinator.test_invariants_persons import places


@pytest.fixture
def towns(town: Town) -> tuple[Town, Town]:
    """Two cases, by one clock."""
    return town, Town(clock=town.clock, case_id="case_2")


def beside(mine: Town, *theirs: Town) -> Conclusion:
    """What follows for one case, with the others in view."""
    ledger, *rest = (Ledger(each.case_id, each.rows, CODE) for each in (mine, *theirs))
    claimed: dict[tuple[str, str], list[Any]] = {}
    for claim in (claim for each in (ledger, *rest) for claim in claims(each)):
        claimed.setdefault(claim.name, []).append(claim)
    now = mine.clock.now()
    return conclude(
        ledger,
        clocks=CLOCKS,
        reading=Reading(dict.fromkeys(LOGS, now), now),
        tolerance=timedelta(hours=24),
        others=others(mine.case_id, claims(ledger), claimed),
    )


def found(kind: str, mine: Town, *theirs: Town) -> list[tuple[str, str]]:
    """The findings of one kind: status, and whom or what about."""
    labels = {subject: label for label, subject in {**mine.persons, **mine.things}.items()}
    told = (each for each in beside(mine, *theirs).findings if each.kind == kind)
    return [(each.status, labels.get(each.subject, each.subject)) for each in told]


# INV-40 在一个监室里的人，不论属于哪一案，男女、成年与未成年、已决与未决分别羁押。


def in_cells(town: Town, born_on: str = "1990-01-01", cell: str = "101", **facts: Any) -> None:
    town.files("甲")
    town.detains("甲", admitted=False)
    admission = {"sex": facts.get("sex", "male"), "born_on": born_on, "center": CENTER}
    row = town.takes(
        "custody_admission:admit",
        facts={
            "person_id": town.persons["甲"],
            "holder": POLICE,
            "title": {"limit": "detention_request_arrest"},
            **admission,
        },
    )
    town.custodies["甲"] = next(iter(row["created"]))
    places(town, "甲", cell, **facts)


@pytest.mark.parametrize(
    ("theirs", "zh"),
    [
        ({"sex": "female"}, "101监室男女混押"),
        ({"sex": "female", "cell": "102"}, ""),
        ({"born_on": "2009-03-02", "adult": False}, "101监室成年人与未成年人混押"),
        ({"born_on": "2008-03-02", "adult": True}, ""),
        ({}, ""),
    ],
)
def test_cells_are_compared_across_cases(towns: tuple[Town, Town], theirs: Mapping[str, Any], zh: str) -> None:
    """另案的人同在一监室：异性、未成年人，两案都有发现；同性的成年人，或者在另一监室，没有。"""
    mine, other = towns
    in_cells(mine)
    in_cells(other, **theirs)

    for one, another in (towns, towns[::-1]):
        told = [each for each in beside(one, another).findings if each.kind == "INV-40"]
        assert [each.status for each in told] == (["violated"] if zh else [])
        assert all(zh in each.zh and one.persons["甲"] == each.subject for each in told)
        assert all(another.case_id not in f"{each.zh}{each.en}" for each in told), "nothing is told of the other case"


def test_who_comes_of_age_is_mixed_with_minors_from_that_day(towns: tuple[Town, Town]) -> None:
    """两名未成年人同监；一人年满十八周岁之日起，成年与未成年混押，届时再看。"""
    mine, other = towns
    in_cells(mine, "2008-03-10", adult=False)
    in_cells(other, "2009-06-01", adult=False)
    assert found("INV-40", other, mine) == []
    look_at = beside(other, mine).look_at

    mine.clock.passes(days=8)

    assert look_at is not None
    assert look_at <= mine.clock.now()
    assert found("INV-40", other, mine) == [("violated", "甲")]


# INV-15 冻结、查封期限届满没有续行的，不得再作为有效；不得重复冻结，可以轮候冻结（公安机关程序规定第二百四十、二百四十二条）。

FREEZE = ({"kind": "freeze_notice"}, {"kind": "seizure_list"})


def freezes(town: Town, label: str = "账户", **facts: Any) -> None:
    """An account is frozen, and registered with the notice."""
    if "evidence" not in town.heads:
        town.takes("dossier_record:open", by=POLICE, facts={"organs": []})
    told = {"kind": "funds", "account": "6222 0200-0001", **facts}
    row = town.takes("property_record:register", by=POLICE, facts=told, documents=FREEZE)
    town.things[label] = next(iter(row["created"]))
    stores(town, label)


@pytest.mark.parametrize(
    ("renewed", "days", "expected"),
    [
        (None, 184, []),
        (None, 185, [("violated", "账户")]),
        (180, 185, []),
        (180, 369, [("violated", "账户")]),
        (186, 186, [("violated", "账户")]),
    ],
)
def test_a_freeze_is_not_effective_past_its_end(
    town: Town, renewed: int | None, days: int, expected: list[tuple[str, str]]
) -> None:
    """3月2日冻结，9月2日届满：届满之日没有发现，次日有；届满以前续冻的，至次年3月2日；届满以后才续的，不因此有效。"""
    freezes(town)
    look_at = town.concludes().look_at
    town.clock.passes(days=renewed or days)
    if renewed:
        town.takes("property_flow:renew", "账户")
        town.clock.passes(days=days - renewed)

    assert found("INV-15", town) == expected
    assert look_at is not None
    assert look_at <= town.clock.now() or not expected


def test_the_end_that_was_stated_counts(town: Town) -> None:
    """协助机关的回执写明的期限更短的，以其为准。"""
    freezes(town, until="2026-06-01")
    town.clock.passes(days=91)
    before = found("INV-15", town)
    town.clock.passes(days=1)

    assert (before, found("INV-15", town)) == ([], [("violated", "账户")])


@pytest.mark.parametrize(("step", "expected"), [("release_unrelated", [("late", "账户")]), ("lapse", [])])
def test_what_was_lifted_or_has_lapsed_on_the_record_is_over(town: Town, step: str, expected: Any) -> None:
    """记录表明届满自动解除的，不再有发现；届满以后才解除的，是逾期解除。"""
    freezes(town)
    town.clock.passes(days=190)
    town.takes(f"property_flow:{step}", "账户")

    assert found("INV-15", town) == expected


def test_a_freeze_that_ended_is_made_to_lapse_on_the_record(town: Town) -> None:
    """届满以后七日仍无续冻的登记，协同中枢办理自动解除，一次。"""
    freezes(town)
    town.clock.passes(days=191)
    early = beside(town).repairs
    town.clock.passes(days=1)
    (repair,) = beside(town).repairs

    assert early == ()
    assert (repair.type, repair.custody_id) == ("property_flow:lapse", town.things["账户"])


def test_nothing_is_known_before_the_log_was_read(town: Town) -> None:
    """证据服务的记录没有读到届满之日的，不明。"""
    freezes(town)
    read_until = town.clock.now()
    town.clock.passes(days=185)
    behind = {**dict.fromkeys(LOGS, town.clock.now()), "evidence": read_until}

    assert town.findings("INV-15", read=behind) == [("INV-15", "unknown", "账户")]


@pytest.mark.parametrize(
    ("theirs", "expected"),
    [
        ({}, [("violated", "账户")]),
        ({"account": "62220200 0001", "institution": "某银行"}, [("violated", "账户")]),
        ({"waiting": True}, []),
        ({"account": "6222 0200-0002"}, []),
        ({"institution": "另一银行"}, []),
    ],
)
def test_nothing_is_frozen_twice(
    towns: tuple[Town, Town], theirs: Mapping[str, Any], expected: list[tuple[str, str]]
) -> None:
    """另案在先冻结的，后一案有发现；轮候的、另一账户的、另一机构的，没有。先冻结的一案没有发现。"""
    first, second = towns
    freezes(first, institution="某银行某支行")
    first.clock.passes(days=1)
    freezes(second, **theirs)

    assert found("INV-15", second, first) == expected
    assert found("INV-15", first, second) == []


def test_a_freeze_that_was_lifted_makes_room(towns: tuple[Town, Town]) -> None:
    """在先的冻结解除以后，后一案不再是重复冻结。"""
    first, second = towns
    freezes(first)
    freezes(second)
    first.takes("property_flow:release_unrelated", "账户")

    assert found("INV-15", second, first) == []


def test_an_account_that_is_not_named_is_not_known(town: Town) -> None:
    """冻结而没有写明账号的，是否重复冻结不明；补充登记以后不再。"""
    freezes(town, account=None)
    town.clock.passes(days=2)
    assert found("INV-15", town) == [("unknown", "账户")]

    row = next(row for row in town.rows if row["type"] == "property_record:register")
    town.files()
    town.takes("legal_record:supplement", by=POLICE, facts={"of": row["id"], "account": "6222"})

    assert found("INV-15", town) == []


def test_seized_goods_have_no_end(town: Town) -> None:
    """扣押没有期限，与冻结无关。"""
    registers(town)
    stores(town)
    town.clock.passes(days=900)

    assert found("INV-15", town) == []


# INV-51 案号属于一案。


@pytest.mark.parametrize(("number", "expected"), [("〔2026〕1号", ["violated"]), ("〔2026〕2号", [])])
def test_a_number_belongs_to_one_case(towns: tuple[Town, Town], number: str, expected: list[str]) -> None:
    """另案在先用过的案号，后一案有发现，先用的没有。"""
    first, second = towns
    first.files(facts={"case_number": "（2026）1号"})
    first.clock.passes(hours=1)
    second.files(facts={"case_number": number})

    assert [status for status, _ in found("INV-51", second, first)] == expected
    assert found("INV-51", first, second) == []


async def test_a_cell_that_fills_in_another_case_is_looked_at_again(sites: Any, monkeypatch: Any) -> None:
    """先有未成年人在监室，后有另案的成年人进来：两案都有发现；成年人换了监室，两案的发现都终结。重建以后相同。"""
    monkeypatch.setattr(following, "SWEEP", 0.05)
    boy, man = await Case(sites).begins(), await Case(sites).begins()

    async def place(case: Case, cell: str, *, adult: bool) -> None:
        body = {
            "type": "placement:place",
            "facts": {"cell": cell, "sex": "male", "adult": adult, "convicted": False},
        }
        await case._act("custody_transfer", CENTER, "center_officer", f"/v1/custodies/{case.custody}/transitions", body)

    standing = "SELECT count(*) FROM finding WHERE kind = 'INV-40' AND status = 'violated' AND closed_at IS NULL"
    await place(boy, "201", adult=False)
    async with sites.coordinator():
        await sites.is_settled()
        none = (await sites.sql(standing))[0][0]
        await place(man, "201", adult=True)
        await sites.is_settled()
        both = (await sites.sql(standing))[0][0]
        whole = await sites.concluded()
    await sites.forget()
    async with sites.coordinator():
        await sites.is_settled()
        assert (await sites.concluded())["finding"] == whole["finding"]
        await place(man, "202", adult=True)
        await sites.is_settled()
        left = (await sites.sql(standing))[0][0]

    assert (none, both, left) == (0, 2, 0)
