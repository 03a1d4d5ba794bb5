"""Editions of one procedure: what an older one says otherwise, and by which one a line goes when the law changes."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from services.kernel.code import Code, LawError
from services.kernel.errors import Unfounded, UnknownStep
from services.kernel.papers import Catalogue, Document
from services.kernel.period import days
from services.kernel.policy import Policy
from services.kernel.procedure import Event, Office, Procedure, State, Transition, must
from services.kernel.record import Head, TakeStep, decide, fold
from services.kernel.statute import Edition
from services.kernel.who import Actor, Organ

OFFICER = Office(Organ.POLICE, "officer", "办案民警")
NEW = Edition("NEW", "中华人民共和国示例法", date(2026, 1, 1))
OLD = Edition("OLD", "中华人民共和国示例法（旧）", date(2013, 1, 1))
OTHER = Edition("OTHER", "另一法", date(2018, 1, 1))
CATALOGUE = Catalogue(Document("notice", "通知", "police", "document"))
POLICE = Actor("pol-330106", Organ.POLICE, "officer", "ofc-1", "test")
POLICY = Policy("1", {"officer": frozenset({"officer"})}, frozenset({"officer"}), frozenset())
CASE, NOW = "case_1", datetime(2026, 11, 22, 6, tzinfo=UTC)


class Example(Procedure):
    """示例"""

    id, name, zh, line, again = "P00", "example", "示例", "person", True
    in_force = date(2026, 1, 1)
    edition = "NEW"
    transition = Transition.BEGUN

    first = State("开始", initial=True)
    open_ = State("办理中")
    done = State("结束", end=True)

    begin = OFFICER.may("开始", at=first, to=open_, ids="P00.T01", cite=(NEW[90, 2], OTHER[3]))
    hear = OFFICER.may("听证", at=open_, to=open_, ids="P00.T02", cite=NEW[91])
    close = OFFICER.may("结案", at=open_, to=done, ids="P00.T03", needs="通知", cite=NEW[92])
    thirty_and_thirty = must(Organ.POLICE, "办案", days(30), after=begin, by=close, cite=NEW[118])
    service = must(Organ.POLICE, "送达", days(2), after=Event("decided"), cite=NEW[93])


class Example2013(Example):
    """示例（旧法）"""

    in_force, until = date(2013, 1, 1), date(2026, 1, 1)
    edition = "OLD"
    cites = {NEW: (OLD, {90: 77, 92: 79})}

    hear = None
    close = OFFICER.may("结案", at=Example.open_, to=Example.done, ids="P00.T03", cite=NEW[92])
    thirty_and_thirty = None
    thirty = must(Organ.POLICE, "办案（旧法）", days(30), after=Example.begin, by=close, cite=NEW[118])


CODE = Code(CATALOGUE, (Example,), (Example2013,))


class Service:
    """The law as one service keeps it."""

    service = "case_flow"
    code = CODE
    opening = frozenset({"example:begin"})

    def outcome(self, head: Head, command: TakeStep, body: Any) -> dict[str, Any]:
        """Nothing beyond the moves."""
        return {}

    def hindrance(self, head: Head, rule: Any, subject: str, actor: Actor) -> None:
        """Nothing of its own."""

    def fold(self, state: dict[str, Any], body: Any) -> None:
        """Nothing of its own."""


def empty(*persons: str) -> Head:
    """A case in which nothing was done yet."""
    return Head(CASE, 1, {"at": "", "subjects": {person: {"kind": "person"} for person in persons or ("甲",)}})


def take(head: Head, step: str, day: str, *papers: str, subjects: tuple[str, ...] = ()) -> Any:
    """The row, and the head after it."""
    command = TakeStep(
        CASE,
        f"example:{step}",
        POLICE,
        "key-of-the-client",
        "",
        subjects=subjects,
        documents=tuple({"kind": kind} for kind in papers),
        occurred=day,
    )
    return decide(head, command, domain=Service(), policy=POLICY, at=NOW)


def test_an_older_edition_says_only_what_was_different():
    """旧版只写不同之处：其余条文相同，条号换成旧版的。"""
    newer, older = (CODE.rule("example:begin", edition) for edition in ("NEW", "OLD"))
    assert newer
    assert older

    assert (newer.refs, older.refs) == (("NEW-2026:90.2", "OTHER-2018:3"), ("OLD-2013:77.2", "OTHER-2018:3"))
    assert CODE.rule("example:hear", "OLD") is None
    assert CODE.rule("example:close", "OLD").papers.groups == ()
    assert CODE.rules["example:close"].papers.groups == (("notice",),)
    assert [step.name for step in Example2013.steps()] == ["begin", "close"]
    assert [limit.name for limit in Example2013.limits()] == ["service", "thirty"]


def test_a_limit_belongs_to_the_editions_that_have_it():
    """期限属于哪一版，写得清楚。"""
    assert CODE.editions_of == {
        "thirty_and_thirty": {"NEW"},
        "thirty": {"OLD"},
        "service": {"NEW", "OLD"},
    }


@pytest.mark.parametrize(("begun", "edition"), [("2025-12-31", "OLD"), ("2026-01-01", "NEW")])
def test_a_line_goes_on_under_the_edition_under_which_it_began(begun, edition):
    """施行以前开始的，依照旧版办结；施行之日以后开始的，依照新版。"""
    opened = take(empty(), "begin", begun)
    closed = take(opened.head, "close", "2026-02-01", "notice")

    assert [entry.body["moves"][0]["edition"] for entry in (opened, closed)] == [edition, edition]
    assert closed.body["law_ref"].startswith("示例法（旧）" if edition == "OLD" else "示例法")
    assert fold(opened.head.state, closed.body, Service()) == closed.head.state


def test_a_line_that_begins_anew_begins_under_the_law_of_its_day():
    """结束以后重新开始的，适用开始时的法律。"""
    first = take(take(empty(), "begin", "2025-12-31").head, "close", "2026-01-05")

    assert take(first.head, "begin", "2026-01-06").body["moves"][0]["edition"] == "NEW"


def test_a_step_that_the_edition_does_not_have():
    """旧版没有的步骤，说明适用的是哪一版。"""
    opened = take(empty(), "begin", "2025-12-31")

    with pytest.raises(UnknownStep) as refused:
        take(opened.head, "hear", "2026-02-01")
    assert refused.value.params["edition"] == "OLD"


def test_persons_under_different_editions_go_by_themselves():
    """适用不同版本的人，分别办理。"""
    first = take(empty("甲", "乙"), "begin", "2025-12-31", subjects=("甲",))
    both = take(first.head, "begin", "2026-01-01", subjects=("乙",))

    with pytest.raises(Unfounded, match="different editions"):
        take(both.head, "close", "2026-02-01", "notice", subjects=("甲", "乙"))
    assert take(both.head, "close", "2026-02-01", subjects=("甲",)).body["moves"][0]["edition"] == "OLD"


def test_acts_under_the_law_of_their_day():
    """逐次行为适用行为时法律的，新法施行之日起改用新版。"""
    line = Code(CATALOGUE, (type("Acts", (Example,), {"transition": Transition.ACT}),), (Example2013,)).lines["example"]

    assert [line.edition(day, "OLD") for day in (date(2025, 12, 31), date(2026, 1, 1))] == ["OLD", "NEW"]
    assert line.edition(date(2000, 1, 1), None) == "OLD"


def test_an_edition_needs_a_name():
    """有几版的，各版都有名称。"""
    with pytest.raises(LawError, match="does not name them all"):
        Code(CATALOGUE, (type("Nameless", (Example,), {"edition": ""}),), (Example2013,))


def test_one_name_one_meaning():
    """同一名称的期限在各版中是同一期限。"""
    other = type("Other", (Example2013,), {"service": must(Organ.POLICE, "送达", days(3), after=Event("decided"))})

    with pytest.raises(LawError, match="the limit service means"):
        Code(CATALOGUE, (Example,), (other,))
