"""Decisions and their fold: a toy law small enough to see through, and the real one walked at random."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from services.case_flow.domain import CaseFlow
from services.custody_transfer.domain import CustodyTransfer
from services.kernel.choice import available
from services.kernel.clock import HandClock
from services.kernel.code import Code, Rule
from services.kernel.errors import (
    Malformed,
    NotFound,
    OutOfOrder,
    PapersMissing,
    Refused,
    Stale,
    TimeInFuture,
    Unfounded,
    UnknownStep,
    UsedUp,
    WrongOrgan,
)
from services.kernel.papers import Catalogue, Document
from services.kernel.policy import Policy
from services.kernel.procedure import ANEW, STAY, Office, Procedure, State
from services.kernel.record import Domain, Entry, Head, TakeStep, decide, fold, subjects_of_kind
from services.kernel.statute import Edition
from services.kernel.transition import Links, sm3
from services.kernel.who import PREFIXES, Actor, Organ, organ_of
from services.law.facts import WORDS_OF

LAW = Edition("LAW", "中华人民共和国示例法", date(2018, 10, 26))
OFFICER = Office(Organ.POLICE, "officer", "办案民警")
CHIEF = Office(Organ.PROCURATORATE, "chief", "检察长")
IN_CHARGE = Office(Organ.ORGAN_IN_CHARGE, "officer", "办案机关")
DECIDER = Office(Organ.DECIDING_ORGAN, "officer", "决定机关")
GIVER = Office(Organ.TRANSFERRING_ORGAN, "officer", "移送机关")
TAKER = Office(Organ.RECEIVING_ORGAN, "officer", "接收机关")
PARTY = Office(Organ.PARTY, "officer", "当事人")
#: A fact of each kind.
VALUES = {"text": "某", "number": 1, "yes": True, "moment": "2026-03-16", "names": ["某"], "table": [{"某": 1}]}
CATALOGUE = Catalogue(
    Document("warrant", "拘留证", "police", "document"),
    Document("decision", "逮捕决定书", "procuratorate", "document"),
    Document("dossier", "移送清单", "police", "list", sealed=True),
)


class Report(Procedure):
    """报案：本案自己的一条线。"""

    id, name, zh, in_force = "T01", "report", "报案", date(2018, 10, 26)
    kept_by, line = "toy", "case"

    taken = State("已接报", initial=True)
    filed = State("已立案", end=True)

    open = OFFICER.may("建档", at=ANEW, to=taken, ids="T01.01", cite=LAW[1])
    name_ = OFFICER.may("登记", at=taken | filed, to=STAY, ids="T01.02 T01.03", cite=LAW[1])
    file = OFFICER.may("立案", at=taken, to=filed, ids="T01.04", cite=LAW[2])
    again_ = OFFICER.may("重新接报", at=ANEW, to=taken, ids="T01.05", cite=LAW[2])


class Measure(Procedure):
    """强制措施：每人一条线，立案以后方可开始，结束以后可以再次开始。"""

    id, name, zh, in_force = "T02", "measure", "强制措施", date(2018, 10, 26)
    kept_by, begins_at, again = "toy", "report:filed", True

    none = State("未采取", initial=True)
    held = State("已采取")
    reviewed = State("已决定", decides=True)
    lifted = State("已解除", end=True)

    take = OFFICER.may(
        "采取", at=none, to=held, ids="T02.01", needs="拘留证", opens="appeal", ends="bond:void", at_most=2, cite=LAW[3]
    )
    question = OFFICER.may("讯问", at=held | reviewed, to=STAY, ids="T02.02 T02.03", cite=LAW[4])
    pass_on = OFFICER.may("移送", at=held, to=STAY, ids="T02.04", hands_to=Organ.PROCURATORATE, cite=LAW[4])
    send = OFFICER.may("移送案卷", at=held, to=STAY, ids="T02.05", needs="移送清单", cite=LAW[4])
    review = IN_CHARGE.may("决定", at=held, to=reviewed, ids="T02.06", needs="拘留证/逮捕决定书", cite=LAW[5])
    lift = DECIDER.may("解除", at=reviewed, to=lifted, ids="T02.07", carries="appeal:settle", cite=LAW[6])


class Bond(Procedure):
    """担保：由采取措施而失效。"""

    id, name, zh, in_force = "T03", "bond", "担保", date(2018, 10, 26)
    kept_by = "toy"

    none = State("未交纳", initial=True)
    given = State("已交纳")
    void = State("已失效", end=True)

    give = OFFICER.may("交纳", at=none, to=given, ids="T03.01", cite=LAW[7])


class Appeal(Procedure):
    """申诉：只由采取措施开始。"""

    id, name, zh, in_force = "T04", "appeal", "申诉", date(2018, 10, 26)
    kept_by = "toy"

    lodged = State("可以申诉", initial=True)
    made = State("已申诉")
    settled = State("已了结", end=True)

    make = PARTY.may("申诉", at=lodged, to=made, ids="T04.01", cite=LAW[8])
    settle = CHIEF.may("了结", at=made, to=settled, ids="T04.02", cite=LAW[8])


class Keeping(Procedure):
    """保管：一物，一个机关，两方交接。"""

    id, name, zh, in_force = "T05", "keeping", "保管", date(2018, 10, 26)
    kept_by, line, again = "toy", "thing", True

    kept = State("保管中", initial=True)
    offered = State("待接收")
    taken = State("已接收", end=True)

    offer = GIVER.may("移送", at=kept, to=offered, ids="T05.01", handover="offer", cite=LAW[9])
    accept = TAKER.may("接收", at=offered, to=taken, ids="T05.02", handover="accept", cite=LAW[9])
    return_ = TAKER.may("退回", at=offered, to=kept, ids="T05.03", handover="return", cite=LAW[9])
    withdraw = GIVER.may("撤回", at=offered, to=kept, ids="T05.04", handover="withdraw", cite=LAW[9])


class Elsewhere(Procedure):
    """由其他服务记录。"""

    id, name, zh, in_force = "T06", "elsewhere", "别处", date(2018, 10, 26)
    kept_by = "other"

    first = State("开始", initial=True)
    act = OFFICER.may("办理", at=first, to=first, ids="T06.01", cite=LAW[10])


class Toy:
    """The toy's service: whoever is named in `facts` comes into being; a thing is held by whoever names it."""

    service = "toy"
    code = Code(CATALOGUE, (Report, Measure, Bond, Appeal, Keeping, Elsewhere))
    opening = frozenset({"report:open"})

    def hindrance(self, head: Head, rule: Rule, subject: str, actor: Actor) -> Refused | None:
        return None

    def outcome(self, head: Head, command: TakeStep, body: Mapping[str, Any]) -> Mapping[str, Any]:
        named = {new: {"kind": kind} for new, kind in command.facts.get("named", {}).items()}
        return {"created": named} if named else {}

    def fold(self, state: dict[str, Any], body: Mapping[str, Any]) -> None:
        things = [new for new, what in body.get("created", {}).items() if what["kind"] == "thing"]
        if things:
            state["holder"] = {**state.get("holder", {}), **dict.fromkeys(things, body["organ"])}


POLICY = Policy("1", {"all": frozenset({"officer", "chief"}), "clerk": frozenset()}, frozenset(), frozenset())
ORGANS = {organ: f"{prefix}-330106" for prefix, organ in PREFIXES.items()}


def actor(organ_id: str = "pol-330106", role: str = "all") -> Actor:
    organ = organ_of(organ_id)
    assert organ is not None
    return Actor(organ_id, organ, role, "ofc-1", f"{organ_id}-system")


POLICE, PROCURATORATE, COURT = actor(), actor("proc-330106"), actor("court-330106")
OTHER_POLICE, SUSPECT = actor("pol-330108"), actor("party-330106")


@dataclass
class Record:
    """One case in memory. Papers and time are right unless the scene says otherwise."""

    domain: Domain = field(default_factory=Toy)
    clock: HandClock = field(default_factory=lambda: HandClock(datetime(2026, 3, 16, 6, tzinfo=UTC)))
    policy: Policy = POLICY
    head: Head = field(default_factory=lambda: Head("case_1"))
    entries: list[Entry] = field(default_factory=list)

    def decides(self, step: str, *subjects: str, by: Actor = POLICE, **given: Any) -> Entry:
        """What the row would be."""
        rule = self.domain.code.rules.get(step)
        usual = [{"kind": group[0], "digest": "sm3:00"} for group in rule.papers.groups] if rule else []
        command = TakeStep(
            **{
                "case_id": self.head.case_id,
                "type": step,
                "actor": by,
                "key": "a-key-of-the-client",
                "fingerprint": "00",
                "subjects": subjects,
                "documents": tuple(usual),
                **given,
            }
        )
        return decide(self.head, command, domain=self.domain, policy=self.policy, at=self.clock.now())

    def takes(self, step: str, *subjects: str, **given: Any) -> Mapping[str, Any]:
        """A step that must be accepted; its row."""
        entry = self.decides(step, *subjects, **given)
        self.entries.append(entry)
        self.head = entry.head
        return entry.body

    def where(self, subject: str, procedure: str) -> str | None:
        """Where a line stands."""
        return (self.head.state.get("lines", {}).get(subject, {}).get(procedure) or [None])[0]

    def may(self, by: Actor = POLICE) -> dict[str, list[str]]:
        """What may be done now, and for whom."""
        found = available(self.head, by, domain=self.domain, policy=self.policy, at=self.clock.now())
        return {each["type"]: each["subjects"] for each in found}


@pytest.fixture
def record() -> Record:
    """A case, filed, with two persons and a phone, shared by three organs."""
    made = Record()
    made.takes("report:open")
    made.takes("report:name", facts={"named": {"jia": "person", "yi": "person", "phone": "thing"}})
    made.takes("report:name", to_organ="proc-330106")
    made.takes("report:name", to_organ="court-330106")
    made.takes("report:name", to_organ="party-330106")
    made.takes("report:file")
    return made


# Where a line stands, and what a step does to the others.


def test_a_line_that_has_not_begun_begins_anew_or_at_its_first_state() -> None:
    """尚未开始的，自最初的状态开始。"""
    record = Record()

    opened = record.takes("report:open")
    record.takes("report:name")

    assert opened["moves"] == [
        {"subject": "case_1", "procedure": "report", "step": "open", "id": "T01.01", "from": "anew", "to": "taken"}
    ]
    with pytest.raises(OutOfOrder):
        record.decides("report:open")


def test_a_line_that_has_ended_may_begin_anew_and_says_where_it_was(record: Record) -> None:
    """已经结束的，可以重新开始。"""
    again = record.takes("report:again")

    assert (again["moves"][0]["from"], again["moves"][0]["to"]) == ("filed", "taken")


def test_an_act_that_moves_nothing_stays(record: Record) -> None:
    """讯问不改变所处的状态，所记载的是当时的状态。"""
    record.takes("measure:take", "jia")
    first = record.takes("measure:question", "jia")
    record.takes("measure:review", "jia")
    second = record.takes("measure:question", "jia")

    assert [(row["moves"][0]["id"], row["moves"][0]["to"]) for row in (first, second)] == [
        ("T02.02", "held"),
        ("T02.03", "reviewed"),
    ]


def test_nothing_before_filing() -> None:
    """立案以后，方可采取强制措施。"""
    record = Record()
    record.takes("report:open")
    record.takes("report:name", facts={"named": {"jia": "person"}})

    with pytest.raises(OutOfOrder) as refused:
        record.decides("measure:take", "jia")

    assert refused.value.available == []
    record.takes("report:file")
    record.takes("measure:take", "jia")


def test_only_a_procedure_that_may_be_repeated_begins_again_by_itself(record: Record) -> None:
    """解除以后可以再次采取；担保失效以后不能再次交纳。"""
    record.takes("bond:give", "jia")
    record.takes("measure:take", "jia")
    record.takes("measure:review", "jia")
    record.takes("measure:lift", "jia")

    second = record.takes("measure:take", "jia")

    assert second["moves"][0]["from"] == "none"
    with pytest.raises(OutOfOrder):
        record.decides("bond:give", "jia")


def test_what_a_step_opens_nothing_else_begins(record: Record) -> None:
    """采取强制措施以后，方可申诉。"""
    with pytest.raises(OutOfOrder):
        record.decides("appeal:make", "jia", by=SUSPECT)

    taken = record.takes("measure:take", "jia")

    assert taken["moves"][1] == {"subject": "jia", "procedure": "appeal", "to": "lodged", "opened": True}
    record.takes("appeal:make", "jia", by=SUSPECT)
    assert record.where("yi", "appeal") is None


def test_what_is_the_same_act_moves_along_where_it_stands_ready(record: Record) -> None:
    """解除时，已经提出的申诉随之了结；没有提出的，不受影响。"""
    record.takes("measure:take", "jia", "yi")
    record.takes("appeal:make", "jia", by=SUSPECT)
    record.takes("measure:review", "jia", "yi")

    lifted = record.takes("measure:lift", "jia", "yi")

    carried = [move for move in lifted["moves"] if move.get("carried")]
    assert [(move["subject"], move["step"], move["id"]) for move in carried] == [("jia", "settle", "T04.02")]
    assert (record.where("jia", "appeal"), record.where("yi", "appeal")) == ("settled", "lodged")


def test_what_ends_with_it(record: Record) -> None:
    """采取强制措施的，担保失效；没有担保的，无须失效。"""
    record.takes("bond:give", "jia")

    taken = record.takes("measure:take", "jia", "yi")

    ended = [move for move in taken["moves"] if move.get("ended")]
    assert ended == [{"subject": "jia", "procedure": "bond", "from": "given", "to": "void", "ended": True}]
    assert record.where("yi", "bond") is None


def test_the_third_time_is_refused(record: Record) -> None:
    """以二次为限，逐人计算。"""
    for _ in range(2):
        record.takes("measure:take", "jia")
        record.takes("measure:review", "jia")
        record.takes("measure:lift", "jia")

    with pytest.raises(UsedUp) as refused:
        record.decides("measure:take", "jia")

    assert refused.value.params == {"at_most": 2}
    assert record.may()["measure:take"] == ["yi"]
    with pytest.raises(UsedUp):
        record.decides("measure:take", "yi", "jia")
    record.takes("measure:take", "yi")


# Who.


def test_who_is_in_charge_changes_when_the_step_is_taken(record: Record) -> None:
    """移送以后，由接收的机关办理；未移送的人不受影响。"""
    record.takes("measure:take", "jia", "yi")
    record.takes("measure:pass_on", "jia")

    with pytest.raises(WrongOrgan):
        record.decides("measure:review", "jia")
    with pytest.raises(WrongOrgan):
        record.decides("measure:review", "yi", by=PROCURATORATE)
    record.takes("measure:review", "jia", by=PROCURATORATE)
    record.takes("measure:review", "yi")


def test_who_decided_may_undo_it_and_so_may_who_is_in_charge(record: Record) -> None:
    """决定机关，或者现在的办案机关，可以解除；其他机关不能。"""
    record.takes("measure:take", "jia")
    record.takes("measure:review", "jia")
    record.head = Head("case_1", record.head.version, {**record.head.state, "in_charge": {"jia": "court"}})

    assert record.decides("measure:lift", "jia").body["organ"] == "pol-330106"
    assert record.decides("measure:lift", "jia", by=COURT).body["organ"] == "court-330106"
    with pytest.raises(WrongOrgan):
        record.decides("measure:lift", "jia", by=PROCURATORATE)


def test_who_questions_has_not_decided(record: Record) -> None:
    """决定以后的其他行为，不改变决定机关。"""
    record.takes("measure:take", "jia")
    record.takes("measure:review", "jia")
    record.head = Head("case_1", record.head.version, {**record.head.state, "in_charge": {"jia": "court"}})

    record.takes("measure:question", "jia")

    assert record.head.state["lines"]["jia"]["measure"] == ["reviewed", "pol-330106"]


def test_control_is_never_with_nobody_and_never_with_both(record: Record) -> None:
    """移送、撤回、再移送、退回、再移送、接收：保管者始终只有一个，直到接收才变更。"""

    def stands() -> tuple[str, str | None]:
        state = record.head.state
        return state["holder"]["phone"], state.get("receiver", {}).get("phone")

    record.takes("keeping:offer", "phone", to_organ="proc-330106")
    assert stands() == ("pol-330106", "proc-330106")
    record.takes("keeping:withdraw", "phone")
    assert stands() == ("pol-330106", None)
    record.takes("keeping:offer", "phone", to_organ="court-330106")
    record.takes("keeping:return", "phone", by=COURT)
    assert stands() == ("pol-330106", None)
    record.takes("keeping:offer", "phone", to_organ="proc-330106")
    record.takes("keeping:accept", "phone", by=PROCURATORATE)
    assert stands() == ("proc-330106", None)

    with pytest.raises(WrongOrgan):
        record.decides("keeping:offer", "phone", to_organ="court-330106")
    record.takes("keeping:offer", "phone", by=PROCURATORATE, to_organ="pol-330106")
    assert stands() == ("proc-330106", "pol-330106")


@pytest.mark.parametrize("step", ["accept", "return"])
def test_only_the_receiver_answers_an_offer(record: Record, step: str) -> None:
    """移送给谁，由谁接收。"""
    record.takes("keeping:offer", "phone", to_organ="proc-330106")

    for other in (POLICE, COURT):
        with pytest.raises(WrongOrgan):
            record.decides(f"keeping:{step}", "phone", by=other)
    record.takes(f"keeping:{step}", "phone", by=PROCURATORATE)


def test_an_organ_that_has_no_part_in_the_case_sees_nothing(record: Record) -> None:
    """与本案无关的机关，所见与没有此案一样。"""
    with pytest.raises(NotFound) as hidden:
        record.decides("measure:take", "jia", by=OTHER_POLICE)
    with pytest.raises(NotFound) as absent:
        Record().decides("measure:take", by=OTHER_POLICE)
    with pytest.raises(NotFound):
        record.may(OTHER_POLICE)

    assert (hidden.value.zh, hidden.value.en) == (absent.value.zh, absent.value.en)


def test_refusals_come_in_their_order(record: Record) -> None:
    """先看能否看见，再看职务，再看版本，最后才看法律。"""
    wrong: dict[str, Any] = {"version": 1, "documents": ()}

    with pytest.raises(NotFound):
        record.decides("measure:review", "jia", by=OTHER_POLICE, **wrong)
    with pytest.raises(WrongOrgan):
        record.decides("measure:review", "jia", by=actor(role="clerk"), **wrong)
    with pytest.raises(Stale) as stale:
        record.decides("measure:review", "jia", **wrong)
    with pytest.raises(OutOfOrder):
        record.decides("measure:review", "jia", **(wrong | {"version": record.head.version}))

    assert stale.value.params == {"current_version": f"v{record.head.version}"}


@pytest.mark.parametrize("step", ["measure:dance", "elsewhere:act", "nothing"])
def test_a_step_that_is_not_here(record: Record, step: str) -> None:
    """没有此步骤，或者由其他服务记录。"""
    with pytest.raises(UnknownStep):
        record.decides(step, "jia")


# For whom.


def test_several_subjects_move_together_or_not_at_all(record: Record) -> None:
    """一份文书数人的，要么全部办理，要么全部不办理。"""
    record.takes("measure:take", "yi")
    before = record.head

    with pytest.raises(OutOfOrder):
        record.takes("measure:take", "jia", "yi")

    assert record.head is before
    assert record.where("jia", "measure") is None
    row = record.takes("measure:question", "yi")
    assert row["subjects"] == ["yi"]


def test_no_subject_named_means_all(record: Record) -> None:
    """没有写明对象的，是本案所有的人。"""
    row = record.takes("measure:take")

    assert row["subjects"] == ["jia", "yi"]
    assert [move["subject"] for move in row["moves"] if move["procedure"] == "measure"] == ["jia", "yi"]


def test_a_subject_named_twice_is_one(record: Record) -> None:
    """同一人写了两遍，仍是一次。"""
    row = record.takes("measure:take", "jia", "jia")

    assert row["subjects"] == ["jia"]
    assert record.head.state["counts"]["jia"] == {"measure:take": 1}


@pytest.mark.parametrize("subjects", [("bing",), ("jia", "bing"), ("phone",), ("case_1",)])
def test_a_subject_of_another_case_or_kind(record: Record, subjects: tuple[str, ...]) -> None:
    """所指的对象须在本案之内，并且是这一步骤的对象。"""
    with pytest.raises(Unfounded):
        record.decides("measure:take", *subjects)


def test_nobody_registered_yet() -> None:
    """没有登记任何人的，无人可以采取措施。"""
    record = Record()
    record.takes("report:open")
    record.takes("report:file")

    with pytest.raises(Unfounded):
        record.decides("measure:take")
    assert "measure:take" not in record.may()


# On which papers, and when.


def test_papers(record: Record) -> None:
    """缺少文书的，说明缺少什么；两种文书有其一即可。"""
    with pytest.raises(PapersMissing) as refused:
        record.decides("measure:take", "jia", documents=())
    record.takes("measure:take", "jia")

    for kind in ("warrant", "decision"):
        assert record.decides("measure:review", "jia", documents=({"kind": kind},))
    assert refused.value.errors == [
        {"pointer": "/documents", "code": "missing_document", "params": {"kind": "warrant", "any_of": ["warrant"]}}
    ]
    with pytest.raises(Unfounded):
        record.decides("measure:take", "yi", documents=({"kind": "warrant"}, {"kind": "love_letter"}))


def test_sealed_papers_carry_their_digest(record: Record) -> None:
    """案卷移送清单须附封装后的摘要。"""
    record.takes("measure:take", "jia")

    with pytest.raises(PapersMissing):
        record.decides("measure:send", "jia", documents=({"kind": "dossier"},))
    row = record.takes("measure:send", "jia", documents=({"kind": "dossier", "digest": "sm3:01"},))

    assert row["documents"][0]["digest"] == "sm3:01"


def test_papers_by_id(record: Record) -> None:
    """本案已有的文书，以其编号提交即可。"""
    paper = record.takes("measure:take", "jia")["documents"][0]

    row = record.takes("measure:take", "yi", documents=(), document_ids=(paper["id"],), known={paper["id"]: "warrant"})

    assert (row["documents"], row["document_ids"]) == ([], [paper["id"]])
    with pytest.raises(Unfounded):
        record.decides("measure:question", "jia", document_ids=("doc_of_another_case",))


@pytest.mark.parametrize("occurred", ["2026-03-17", "2026-03-16T06:00:11Z", "2026-03-16T14:00:11+08:00", "9999-12-31"])
def test_nothing_has_happened_in_the_future(record: Record, occurred: str) -> None:
    """办理时间不得晚于现在。"""
    with pytest.raises(TimeInFuture):
        record.decides("measure:take", "jia", occurred=occurred)


@pytest.mark.parametrize(
    ("occurred", "written"),
    [
        ("", "2026-03-16T06:00:00.000000Z"),
        ("2026-03-16", "2026-03-16"),
        ("2026-03-16T06:00:10Z", "2026-03-16T06:00:10.000000Z"),
        ("2026-03-16T13:30:00+08:00", "2026-03-16T05:30:00.000000Z"),
        ("1997-10-01", "1997-10-01"),
    ],
)
def test_when_it_happened(record: Record, occurred: str, written: str) -> None:
    """发生的时间是机关所说的；只知道日期的，只写日期。"""
    assert record.takes("measure:take", "jia", occurred=occurred)["occurred_at"] == written


@pytest.mark.parametrize(
    "occurred",
    ["2026-02-30", "2026-13-01", "2026-03-01T25:00:00Z", "0001-01-01T00:00:00+08:00", "2026-03-01T00:00:00+99:99"],
)
def test_a_day_that_is_in_no_calendar(record: Record, occurred: str) -> None:
    """历法上没有的日子，不是办理的时间。"""
    with pytest.raises(Malformed):
        record.decides("measure:take", "jia", occurred=occurred)


def test_a_day_is_a_day_in_shanghai() -> None:
    """法律上的日子以北京时间计算：协调世界时十五日十六时，已是十六日。"""
    record = Record(clock=HandClock(datetime(2026, 3, 15, 16, tzinfo=UTC)))

    assert record.takes("report:open", occurred="2026-03-16")["occurred_at"] == "2026-03-16"


def test_what_is_recorded_never_goes_back(record: Record) -> None:
    """机器的时钟倒退，记录的先后不倒退。"""
    first = record.takes("measure:take", "jia")
    record.clock.passes(hours=-1)
    second = record.takes("measure:question", "jia")
    record.clock.passes(hours=2)
    third = record.takes("measure:question", "jia")

    assert first["recorded_at"] == second["recorded_at"] < third["recorded_at"]
    assert second["occurred_at"] < first["occurred_at"]


# What is written down.


def test_what_is_private_stays_out_of_the_row(record: Record) -> None:
    """姓名和证件号码不进入记录，只有摘要进入。"""
    private = {"name": "王五", "id_number": "330106199001011234"}

    entry = record.decides("report:name", private=private)

    assert entry.private is not None
    assert json.loads(entry.private) == private
    assert entry.body["private_digest"] == f"sm3:{sm3(entry.private.encode()).hex()}"
    assert "王五" not in entry.text
    assert "330106199001011234" not in entry.text
    assert "王五" not in json.dumps(entry.head.state, ensure_ascii=False)


def test_a_decision_leaves_the_record_as_it_was(record: Record) -> None:
    """决定是记录、命令和时间的函数，不改变记录。"""
    before = json.dumps(record.head.state)

    record.decides("measure:take", "jia")
    record.decides("keeping:offer", "phone", to_organ="proc-330106")

    assert json.dumps(record.head.state) == before


def test_rows_are_chained(record: Record) -> None:
    """每一行都接在前一行之后，两条链各自可以验证。"""
    links = Links()
    for number, entry in enumerate(record.entries, 1):
        links = links.after(entry.text)
        assert (entry.body["seq"], entry.head.version, entry.head.links) == (number, number, links)
        assert json.loads(entry.text) == entry.body


@pytest.mark.parametrize("to_organ", ["mayor-330106", "330106"])
def test_the_receiver_is_an_organ(record: Record, to_organ: str) -> None:
    """接收机关须是机关。"""
    with pytest.raises(Unfounded):
        record.decides("report:name", to_organ=to_organ)


# The real law.

#: Organs that only the record can name.
RESOLVED = {
    Organ.ORGAN_IN_CHARGE,
    Organ.DECIDING_ORGAN,
    Organ.TRANSFERRING_ORGAN,
    Organ.RECEIVING_ORGAN,
    Organ.HANDLING_ORGAN,
    Organ.SUPERVISED_ORGAN,
}
REAL = {
    "case_flow": (CaseFlow, Path("services/case_flow/policy.yaml")),
    "custody_transfer": (CustodyTransfer, Path("services/custody_transfer/policy.yaml")),
}
ROOT = Path(__file__).parents[2]


def walk(service: str, seed: int, steps: int) -> Record:
    """A case of four persons, taken wherever the law lets it go."""
    chance = Random(seed)
    domain, policy = REAL[service]
    record = Record(domain(), policy=Policy.read(ROOT / policy), head=Head("case_1"))
    sits = {(rule.organ, rule.office) for rule in record.domain.code.kept_by(service)}
    people = [
        actor(ORGANS[organ], role)
        for organ in ORGANS
        for role, offices in record.policy.offices_of.items()
        if any(of in {organ, *RESOLVED} and office in offices for of, office in sits)
    ]
    admits = {"person_id": "per_0", "holder": "pol-330106", "title": {"limit": "investigation_custody"}}
    if service == "case_flow":
        shared = [organ_id for organ, organ_id in ORGANS.items() if organ is not Organ.SYSTEM]
        record.takes("case_record:open", by=actor(role="officer"), facts={"organs": shared})
    else:
        center = actor("dc-330106", "intake_officer")
        record.takes("custody_admission:admit", by=center, facts=admits, documents=({"kind": "arrest_warrant"},))
    while len(record.entries) < steps:
        record.clock.passes(hours=chance.uniform(0, 100))
        by = chance.choice(people)
        try:
            found = available(record.head, by, domain=record.domain, policy=record.policy, at=record.clock.now())
        except NotFound:
            continue
        # A note names an event or a limit, and a slot its hours, which this walk does not.
        found = [
            each for each in found if not each["type"].startswith(("legal_record:", "interrogation_pass:", "meeting:"))
        ]
        if chance.random() < 0.5:
            found = [each for each in found if not each["type"].startswith(("case_record:", "custody_title:"))]
        if not found:
            continue
        # What was taken least comes first: most steps move nothing and could be taken for ever.
        often = Counter(entry.body["type"] for entry in record.entries)
        item = min(found, key=lambda each: (often[each["type"]], chance.random()))
        subjects = chance.sample(item["subjects"], chance.randint(1, len(item["subjects"])))
        kinds = [chance.choice(group) for group in item["needs"]]
        kinds += [kind for kind in item["may_come_along"] if chance.random() < 0.3]
        given: dict[str, Any] = {"documents": tuple({"kind": kind, "digest": "sm3:00"} for kind in kinds)}
        rule = record.domain.code.rules[item["type"]]
        given["facts"] = {
            fact.key: next(iter(WORDS_OF[fact.key])) if fact.key in WORDS_OF else VALUES[fact.kind]
            for fact in rule.tells.required
        }
        leaves = record.domain.code.steps[item["type"]].leaves
        if leaves and (chance.random() < 0.95 or len(subjects) == len(subjects_of_kind(record.head, "person"))):
            continue  # somebody must stay, and who leaves goes no further here
        if leaves in {"into", "any"}:
            given["facts"]["into"] = "case_other"
        if rule.handover == "offer":
            holders = {record.head.state["holder"][subject] for subject in subjects}
            takers = [each for each in ("pol-330106", "proc-330106", "court-330106") if each not in holders]
            given["to_organ"] = chance.choice(takers or ["court-330106-2"])
        if item["type"] == "custody_admission:admit":
            given["facts"] |= {**admits, "person_id": f"per_{record.head.version}"}
            if sum(not what.get("ended") for what in record.head.state["subjects"].values()) > 2:
                continue
        elif item["type"] == "case_record:add_person":
            given["facts"] |= {"label": f"犯罪嫌疑人{record.head.version}"}
            if len(subjects_of_kind(record.head, "person")) >= 4:
                continue
        elif item["type"] == "case_record:add_matter":
            given["facts"] |= {"addressee": chance.choice(("pol-330106", "dc-330106"))}
        elif item["type"] == "custody_title:add" or (service == "custody_transfer" and chance.random() < 0.2):
            given["facts"] |= {"title": {"limit": "trial_ordinary", "extensions": chance.randint(0, 3)}}
        record.takes(
            item["type"], *([] if rule.line == "case" else subjects), by=by, version=record.head.version, **given
        )
    return record


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("service", REAL)
def test_the_state_is_the_fold_of_the_rows(service: str, seed: int) -> None:
    """三百步合法的办理：凭各行即可重建状态，别无所需。

    Everything that `available` offers is also accepted, for any of the subjects together.
    """
    record = walk(service, seed, 300)

    state: dict[str, Any] = {}
    links = Links()
    for number, entry in enumerate(record.entries):
        state = fold(state, json.loads(entry.text), record.domain)
        links = links.after(entry.text)
        if number % 10 == 9:
            assert state == json.loads(json.dumps(entry.head.state))
    assert links == record.head.links
    recorded = [entry.body["recorded_at"] for entry in record.entries]
    assert recorded == sorted(recorded)
    assert len({entry.body["type"] for entry in record.entries}) > (40 if service == "case_flow" else 12)


@pytest.mark.parametrize("service", REAL)
def test_what_is_not_offered_is_refused(service: str) -> None:
    """没有列为可以办理的，也不能办理。"""
    record = walk(service, 7, 60)
    record.clock.passes(days=1)
    for organ_id in ("pol-330106", "proc-330106", "court-330106", "dc-330106"):
        for role in record.policy.offices_of:
            by = actor(organ_id, role)
            try:
                may = record.may(by)
            except NotFound:
                may = {}
            for rule in record.domain.code.kept_by(record.domain.service):
                if rule.type not in may:
                    with pytest.raises(Refused):
                        record.decides(rule.type, by=by)


def test_time_passes_between_the_steps_of_a_walk() -> None:
    """The walk is not standing still."""
    record = walk("case_flow", 1, 40)

    first, last = (entry.body["recorded_at"] for entry in (record.entries[0], record.entries[-1]))

    assert datetime.fromisoformat(last) - datetime.fromisoformat(first) > timedelta(days=10)
