"""多人案件：各人各自进行，分案、并案、移送管辖；结果不取决于互不相关的事先后记录。

Histories are made by the real decisions of the real law, in memory, and recorded in many orders: what happened to one
person keeps its order, what happened to different persons does not.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import pytest

from services.case_flow.domain import CaseFlow
from services.case_flow.finish import is_case_finished, is_finished
from services.coordinator.domain.clocks import Clocks, Reading
from services.coordinator.domain.kin import Kin
from services.coordinator.domain.reconcile import Conclusion, reconcile
from services.custody_transfer.domain import CustodyTransfer
from services.evidence.domain import Evidence
from services.kernel import passage
from services.kernel.errors import Refused
from services.kernel.policy import Policy
from services.kernel.record import Domain, Entry, Head, TakeStep, decide
from services.kernel.transition import new_id
from services.kernel.who import PREFIXES, Actor, Organ, organ_of
from services.kernel.work import arrive, counterpart
from services.law import CODE

LOGS = ("case_flow", "custody_transfer", "evidence")
DOMAINS: Mapping[str, Domain] = {"case_flow": CaseFlow(), "custody_transfer": CustodyTransfer(), "evidence": Evidence()}
RULES = {name: rule for domain in DOMAINS.values() for name, rule in domain.code.rules.items()}
ORGANS = {organ: f"{prefix}-330106" for prefix, organ in PREFIXES.items()}
POLICE, PROCURATORATE, COURT = ORGANS[Organ.POLICE], ORGANS[Organ.PROCURATORATE], ORGANS[Organ.COURT]
#: One role that may do whatever its organ may.
ANYBODY = Policy(
    "1", {"anybody": frozenset(rule.office for rule in RULES.values())}, frozenset({"anybody"}), frozenset()
)
CLOCKS = Clocks(CODE)
FIRST, NOW = date(2026, 3, 2), datetime(2026, 11, 2, 1, tzinfo=UTC)
SPLIT, JOIN = "jurisdiction_merge_split:split", "jurisdiction_merge_split:join"
RETURN = ("prosecution_review:return", "supplementary_return:receive", "supplementary_return:resubmit")
#: What may become of a person, step by step, each with the days that passed before it.
ROADS: Mapping[str, Sequence[tuple[str, int]]] = {
    "absconded": (("investigation_close:conclude", 30),),
    "dead": (("criminal_detention:detain", 1), ("admit", 0), ("investigation_close:terminate", 9)),
    "at large": (
        ("bail:decide", 2),
        ("investigation_close:conclude", 40),
        ("investigation_close:transfer", 1),
        ("investigation_close:accept", 2),
        ("prosecution_review:review", 1),
        *((step, 20) for step in RETURN * 2),
        ("prosecution_review:not_charge", 45),
    ),
    "held": (
        ("criminal_detention:detain", 1),
        ("criminal_detention:admit", 0),
        ("admit", 0),
        ("criminal_detention:request_arrest", 5),
        ("arrest_review:accept", 1),
        ("arrest_review:approve", 9),
        ("arrest_review:execute", 0),
        ("custody_extension:start", 0),
        ("investigation_close:conclude", 30),
        ("investigation_close:transfer", 1),
        ("investigation_close:accept", 1),
        ("prosecution_review:review", 1),
        ("prosecution_review:charge", 20),
        ("court_intake:receive", 1),
        ("court_intake:file", 9),
    ),
}


@dataclass
class World:
    """Cases in three services, in memory. Cases have names of ours, persons are known by their labels."""

    rows: list[Mapping[str, Any]] = field(default_factory=list)
    heads: dict[tuple[str, str], Head] = field(default_factory=dict)
    cases: dict[str, str] = field(default_factory=dict)
    persons: dict[str, str] = field(default_factory=dict)
    custodies: dict[str, str] = field(default_factory=dict)
    day: date = FIRST

    def opens(self, name: str, *labels: str) -> None:
        """A filed case with these persons."""
        self.cases[name] = new_id("case")
        self.takes(name, "case_record:open", facts={"organs": [PROCURATORATE, COURT]})
        self.takes(name, "case_intake:accept")
        self.takes(name, "case_intake:file")
        for label in labels:
            row = self.takes(name, "case_record:add_person", facts={"label": label})
            self.persons[label] = next(iter(row["created"]))

    def takes(self, name: str, step: str, *labels: str, by: str = "", **given: Any) -> dict[str, Any]:
        """A step, with all its papers, on the day that it is; and the row in another case that belongs to it."""
        rule, case_id = RULES[step], self.cases[name]
        head = self.heads.get((rule.kept_by, case_id), Head(case_id))
        known = self.custodies if rule.line == "custody" else self.persons
        subjects = tuple(known[label] for label in labels)
        in_charge = head.state.get("in_charge", {}).get(subjects[0] if subjects else "", "police")
        organ_id = by or ORGANS.get(rule.organ) or ORGANS[Organ(in_charge)]
        organ = organ_of(organ_id)
        assert organ is not None
        command = TakeStep(
            case_id=case_id,
            type=step,
            actor=Actor(organ_id, organ, "anybody", "ofc-1", organ_id),
            key=new_id("key"),
            fingerprint="00",
            subjects=subjects,
            documents=tuple({"kind": group[0], "digest": "sm3:00"} for group in rule.papers.groups),
            occurred=self.day.isoformat(),
            **given,
        )
        at = NOW - timedelta(days=20) + timedelta(milliseconds=len(self.rows))
        entry = decide(head, command, domain=DOMAINS[rule.kept_by], policy=ANYBODY, at=at)
        arriving = counterpart(entry)
        if arriving is not None:
            other = self.heads.get(("case_flow", arriving.case_id), Head(arriving.case_id))
            self._keep("case_flow", arrive(other, entry, arriving, domain=CaseFlow(), policy=ANYBODY, at=at))
        return self._keep(rule.kept_by, entry)

    def _keep(self, service: str, entry: Entry) -> dict[str, Any]:
        self.heads[service, entry.head.case_id] = entry.head
        row: dict[str, Any] = json.loads(entry.text)
        self.rows.append(row)
        return row

    def splits(self, name: str, new: str, *labels: str) -> None:
        """These persons leave for a case of their own."""
        self.cases[new] = self.takes(name, SPLIT, *labels)["left"]["to"]

    def admits(self, name: str, label: str) -> None:
        """The centre takes somebody in."""
        title = {"limit": "detention_request_arrest", "from": self.day.isoformat()}
        facts = {"person_id": self.persons[label], "holder": POLICE, "title": title}
        row = self.takes(name, "custody_admission:admit", facts=facts)
        self.custodies[label] = next(iter(row["created"]))

    def state(self, name: str) -> dict[str, Any]:
        return self.heads["case_flow", self.cases[name]].state

    def where(self) -> dict[str, list[str]]:
        """In which cases each person is, by the states of the cases."""
        found: dict[str, list[str]] = {label: [] for label in self.persons}
        for name in self.cases:
            inside = self.state(name).get("subjects", {})
            for label, person in self.persons.items():
                if person in inside:
                    found[label].append(name)
        return found

    def concludes(self, name: str, rows: Sequence[Mapping[str, Any]] | None = None) -> Conclusion:
        """Everything that follows for a case, all logs read until now."""
        by_case: dict[str, list[Mapping[str, Any]]] = {case_id: [] for case_id in self.cases.values()}
        for row in self.rows if rows is None else rows:
            by_case[row["case_id"]].append(row)
        reading = Reading(dict.fromkeys(LOGS, NOW), NOW)
        told = Kin.of(by_case).rows_for(self.cases[name])
        tolerance = timedelta(hours=24)
        return reconcile(self.cases[name], told, code=CODE, clocks=CLOCKS, reading=reading, tolerance=tolerance)

    def findings(self, name: str, **given: Any) -> set[tuple[str, str, str, str]]:
        """What was found in a case: kind, status, label, due."""
        return {
            (each.kind, each.status, self.called(each.subject), each.due)
            for each in self.concludes(name, **given).findings
        }

    def called(self, subject: str) -> str:
        """Our name of a person or a case."""
        return next(label for label, each in {**self.persons, **self.cases}.items() if each == subject)

    def told(self) -> dict[str, Any]:
        """Everything that stands, in our names: for each person, for each case, and what was concluded."""
        persons, cases = {}, {}
        for label, (name,) in self.where().items():
            state, person, case_id = self.state(name), self.persons[label], self.cases[name]
            told = {key: value[person] for key, value in passage.held(state, [person]).items()}
            persons[label] = (name, told, is_finished(state, case_id, person, CaseFlow.code))
        for name, case_id in self.cases.items():
            concluded = self.concludes(name)
            duties = Counter(
                (duty.limit, self.called(duty.subject), duty.status, duty.since, duty.due, duty.at)
                for duty in concluded.duties
            )
            finished = is_case_finished(self.state(name), case_id, CaseFlow.code)
            cases[name] = (finished, self.findings(name), duties)
        return {"persons": persons, "cases": cases}


@dataclass(frozen=True)
class Event:
    """One thing that happened, to these persons, on a day. `case` names the case that a split makes or a join reaches."""

    step: str
    labels: tuple[str, ...]
    day: date
    case: str = ""


def history(random: Random, labels: Sequence[str]) -> list[list[Event]]:
    """What happened to each person, in order. An event of several persons stands in the history of each of them.

    The first person stays where everything began; others are split off together, and some of them join again.
    """
    mine: dict[str, list[Event]] = {}
    for label in labels:
        day, events = FIRST, []
        for step, days in ROADS[random.choice(list(ROADS))]:
            day += timedelta(days=days)
            events.append(Event(step, (label,), day))
        mine[label] = events[: random.randint(1, len(events))]
    leavers = list(labels[1:])
    random.shuffle(leavers)
    number = 0
    while leavers:
        group = tuple(leavers[: random.randint(1, 4)])
        leavers = leavers[len(group) :]
        # All of them in the hands of the same organ: a case is split in its own stage.
        places = {label: random.choice(_with_police(mine[label])) for label in group}
        if random.random() < 0.7:
            number += 1
            case = f"split {number}"
            away = Event(SPLIT, group, FIRST + timedelta(days=60), case)
            for label in group:
                mine[label].insert(places[label], away)
            if random.random() < 0.4:
                back = Event(JOIN, group, FIRST + timedelta(days=61), "first")
                for label in group:
                    mine[label].insert(places[label] + 1, back)
    return list(mine.values())


def _with_police(events: Sequence[Event]) -> list[int]:
    """Before which of a person's events the police are still in charge."""
    accepted = [place for place, event in enumerate(events) if event.step == "investigation_close:accept"]
    return list(range((accepted[0] if accepted else len(events)) + 1))


def in_some_order(random: Random, histories: Sequence[Sequence[Event]]) -> Iterator[Event]:
    """All events, each person's in their order, an event of several when it is the next of each of them."""
    ahead = [list(events) for events in histories]
    while any(ahead):
        ready = [
            events[0]
            for events in ahead
            if events and all(each[0] is events[0] for each in ahead if any(event is events[0] for event in each))
        ]
        event = random.choice(ready)
        for events in ahead:
            if events and events[0] is event:
                events.pop(0)
        yield event


def play(random: Random, labels: Sequence[str], histories: Sequence[Sequence[Event]]) -> World:
    """A world in which it was all recorded in some order. At every moment everybody is in exactly one case."""
    world = World()
    world.opens("first", *labels)
    for event in in_some_order(random, histories):
        world.day = event.day
        (name,) = world.where()[event.labels[0]]
        match event.step:
            case "admit":
                world.admits(name, event.labels[0])
            case step if step == SPLIT:
                world.splits(name, event.case, *event.labels)
            case step if step == JOIN:
                world.takes(name, JOIN, *event.labels, facts={"into": world.cases[event.case]})
            case step:
                world.takes(name, step, *event.labels)
        assert {len(cases) for cases in world.where().values()} == {1}
    return world


#: Small histories in many forms, large ones in few.
FORMS = [(size, seed) for size in (1, 2, 3, 5, 9, 17, 50) for seed in range(6 if size < 10 else 2)]


@pytest.mark.parametrize(("size", "seed"), FORMS)
def test_the_order_of_independent_facts_changes_nothing(size: int, seed: int) -> None:
    """一至五十人：互不相关的事无论先后记录，各人所处、次数、期限、发现的问题都相同。"""
    random = Random(f"{size}/{seed}")
    labels = [f"嫌疑人{number}" for number in range(1, size + 1)]
    histories = history(random, labels)
    first, *others = (play(random, labels, histories) for _ in range(3 if size < 50 else 2))
    told = first.told()

    for other in others:
        assert other.told() == told
    shuffled = list(first.rows)
    random.shuffle(shuffled)
    for name in first.cases:
        assert first.findings(name, rows=shuffled + shuffled[:size]) == first.findings(name)
    by_case: dict[str, list[Mapping[str, Any]]] = {case_id: [] for case_id in first.cases.values()}
    for row in first.rows:
        by_case[row["case_id"]].append(row)
    kin = Kin.of(by_case)
    for name, case_id in first.cases.items():
        assert kin.members(case_id) == first.state(name).get("subjects", {}).keys()


# One thing at a time.


@pytest.fixture
def world() -> World:
    made = World()
    made.opens("first", "甲", "乙")
    return made


def test_a_clock_runs_on_over_a_split(world: World) -> None:
    """分案不重新计算期限：原案拘留的，到期未提请批准逮捕，在分出的案件中发现，原案不再列。"""
    world.takes("first", "criminal_detention:detain", "乙")
    world.admits("first", "乙")
    before = {each for each in world.findings("first") if each[2] == "乙"}
    world.splits("first", "second", "乙")

    assert {("detention_request_arrest", "overdue"), ("INV-03", "overdue")} <= {each[:2] for each in before}
    assert {each for each in world.findings("second") if each[2] == "乙"} == before
    assert not [each for each in world.findings("first") if each[2] == "乙"]
    assert not [each for each in world.findings("second") if each[0] in {"INV-12", "INV-27", "INV-28"}]


def test_a_deed_in_the_new_case_meets_a_duty_of_the_old(world: World) -> None:
    """原案中发生的义务，分案后履行的，算作履行。"""
    world.takes("first", "criminal_detention:detain", "乙")
    world.admits("first", "乙")
    world.splits("first", "second", "乙")
    world.day = FIRST + timedelta(days=2)
    world.takes("second", "criminal_detention:admit", "乙")
    world.takes("second", "criminal_detention:request_arrest", "乙")

    met = [
        (each.status, each.at) for each in world.concludes("second").duties if each.limit == "detention_request_arrest"
    ]
    assert met == [("met", "2026-03-04")]


def test_returns_are_counted_over_the_split(world: World) -> None:
    """退回补充侦查以二次为限，前一案的次数一并计算。"""
    for step, _ in ROADS["at large"][1:8]:
        world.takes("first", step)
    world.splits("first", "second", "乙")
    world.takes("second", RETURN[0])
    world.takes("second", RETURN[1])
    world.takes("second", RETURN[2])

    with pytest.raises(Refused, match="2 times"):
        world.takes("second", RETURN[0])
    world.takes("first", RETURN[0])
    assert not [each for name in world.cases for each in world.findings(name) if each[0] == "INV-24"]


def test_who_arrives_nowhere_is_found_and_counts_where_they_were(world: World) -> None:
    """INV-28 转出而没有转入的：仍算在原案，并且发现。"""
    world.splits("first", "second", "乙")
    rows = [row for row in world.rows if "arrived" not in row]

    assert ("INV-28", "violated", "乙", "") in world.findings("first", rows=rows)
    assert not [each for each in world.findings("first") if each[0] == "INV-28"]


def test_the_notice_of_a_transfer_is_owed_by_whoever_transferred(world: World) -> None:
    """移送管辖后三日以内书面通知，由移送的公安机关履行。"""
    facts = {"organs": ["pol-990001"]}
    row = world.takes("first", "jurisdiction_merge_split:move", "乙", facts=facts)
    world.cases["moved"] = row["left"]["to"]

    owed = {name: {each[0] for each in world.findings(name)} for name in world.cases}
    assert "post_filing_transfer_notice" in owed["first"]
    assert "post_filing_transfer_notice" not in owed["moved"]
    note = {"limit": "post_filing_transfer_notice"}
    world.takes("first", "legal_record:note_deed", by=POLICE, facts=note)
    assert "post_filing_transfer_notice" not in {each[0] for each in world.findings("first")}


def test_a_merge_keeps_what_was_done_before(world: World) -> None:
    """并案：各人以前的立案、期限照旧；主案后立案的，不算未立案先采取措施。"""
    world.takes("first", "bail:decide")
    world.day = FIRST + timedelta(days=5)
    world.opens("main", "丙")
    world.takes("first", JOIN, facts={"into": world.cases["main"]})

    assert world.where() == {"甲": ["main"], "乙": ["main"], "丙": ["main"]}
    assert not [each for each in world.findings("main") if each[0].startswith("INV-") and each[1] != "unknown"]
    assert not [each for each in world.findings("first") if each[2] in world.persons]


@pytest.mark.parametrize(
    ("road", "last", "finished"),
    [
        ("dead", "investigation_close:terminate", True),
        ("absconded", "investigation_close:conclude", False),
        ("at large", "prosecution_review:not_charge", False),
        ("held", "court_intake:file", False),
    ],
)
def test_when_somebody_is_finished(world: World, road: str, last: str, finished: bool) -> None:
    """终止侦查的，终结；不起诉而救济未尽的、审判未毕的，没有终结；同案人不受影响。"""
    for step, _ in ROADS[road]:
        if step == "admit":
            world.admits("first", "乙")
        else:
            world.takes("first", step, "乙")
        before = world.state("first")["lines"].get(world.persons["甲"], {})
        assert before == {}
    state, case_id = world.state("first"), world.cases["first"]

    assert step == last
    assert is_finished(state, case_id, world.persons["乙"], CaseFlow.code) is finished
    assert not is_case_finished(state, case_id, CaseFlow.code)
    world.takes("first", "investigation_close:withdraw", "甲")
    assert is_case_finished(world.state("first"), case_id, CaseFlow.code) is finished


@pytest.mark.parametrize("begun", ["filed", "ordinary", "suspended", "judged", "appealed"])
def test_death_ends_a_trial_at_every_stage(begun: str) -> None:
    """被告人死亡的，审判的任何阶段都可以终止审理；终止后没有其他步骤，人即终结。"""
    head = Head("case_1", 1, {
        "subjects": {"per_1": {"kind": "person", "label": "甲"}},
        "in_charge": {"per_1": "court"},
        "lines": {"per_1": {"first_trial": [begun if begun in {"filed", "ordinary", "suspended"} else "judged", ""]}
                  | ({"second_trial": [begun, ""]} if begun in {"judged", "appealed"} else {})},
    })  # fmt: skip
    step = "second_trial:terminate" if begun in {"judged", "appealed"} else "first_trial:terminate"
    command = TakeStep(
        case_id="case_1",
        type=step,
        actor=Actor(COURT, Organ.COURT, "anybody", "ofc-1", "c"),
        key="key",
        fingerprint="00",
        documents=({"kind": "termination_ruling"},),
    )

    after = decide(head, command, domain=CaseFlow(), policy=ANYBODY, at=NOW).head.state

    assert is_finished(after, "case_1", "per_1", CaseFlow.code)


# The real thing.


async def test_the_coordinator_concludes_kin_together(sites: Any) -> None:
    """分案后，羁押仍记在原案名下：期限在分出的案件中发现；新案的机关看得到，只看得到新案。"""
    other_court = "court-990001"
    opened = await sites.act("case_flow", POLICE, "officer", "/v1/cases", {"organs": [PROCURATORATE, COURT]})
    case_id, etag, persons = opened.json()["case_id"], opened.headers["etag"], []

    async def takes(step: str, role: str, *subjects: str, **given: Any) -> dict[str, Any]:
        nonlocal etag
        papers = [{"kind": group[0]} for group in RULES[step].papers.groups]
        body = {"type": step, "documents": papers, "subjects": list(subjects), **given}
        answer = await sites.act("case_flow", POLICE, role, f"/v1/cases/{case_id}/transitions", body, etag)
        etag = answer.headers["etag"]
        row: dict[str, Any] = answer.json()
        return row

    await takes("case_intake:accept", "officer")
    await takes("case_intake:file", "county_head")
    for label in ("甲", "乙"):
        named = await sites.act("case_flow", POLICE, "officer", f"/v1/cases/{case_id}/persons", {"label": label}, etag)
        etag = named.headers["etag"]
        persons += named.json()["created"]
    await takes("criminal_detention:detain", "county_head", persons[1])
    admitted = {
        "case_id": case_id,
        "person_id": persons[1],
        "holder": POLICE,
        "title": {"limit": "detention_request_arrest", "from": sites.clock.now().date().isoformat()},
        "documents": [{"kind": "detention_warrant"}],
    }
    await sites.act("custody_transfer", ORGANS[Organ.DETENTION_CENTER], "intake_officer", "/v1/custodies", admitted)
    facts = {"organs": [PROCURATORATE, other_court]}
    new = (await takes(SPLIT, "county_head", persons[1], facts=facts))["left"]["to"]
    sites.clock.passes(days=40)
    sites.gateway.page = 1

    async with sites.coordinator() as app:
        await sites.is_settled()
        found = await sites.sql("SELECT case_id, kind, subject FROM finding WHERE closed_at IS NULL")
        async with sites.client(app) as client:
            answers = {
                (organ, each): await client.get(f"/v1/cases/{each}/{what}", headers=sites.headers(organ, "judge"))
                for organ in (COURT, other_court)
                for each in (case_id, new)
                for what in ("timeline", "forecast")
            }

    theirs = {(row["case_id"], row["kind"]) for row in found if row["subject"] == persons[1]}
    assert {(new, "detention_request_arrest"), (new, "INV-03")} <= theirs
    assert {each for each, _ in theirs} == {new}
    seen = {about: answer.status_code for about, answer in answers.items()}
    assert seen == {(COURT, case_id): 200, (COURT, new): 404, (other_court, case_id): 404, (other_court, new): 200}
    (outlook,) = answers[other_court, new].json()["persons"]
    assert outlook["label"] == "乙"
    assert "detention_request_arrest" in {clock["limit"] for clock in outlook["clocks"]}
