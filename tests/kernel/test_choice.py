"""What may be done now is what is accepted, and what stands in the way is what would be said: over random histories.

Three services with their real law, walked at random in memory. At every stop each step is asked about for each subject by
each of the organs' people: the answers of `available` and `unmet` are held against those of `decide`.
"""

import contextlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest

from services.case_flow.domain import CaseFlow
from services.custody_transfer.domain import CustodyTransfer
from services.evidence.domain import Evidence
from services.evidence.domain.packages import papers_of_goods
from services.kernel.choice import available, limits_met, unmet
from services.kernel.clock import HandClock
from services.kernel.code import Rule
from services.kernel.errors import NotFound, Refused, Unfounded
from services.kernel.policy import Policy
from services.kernel.record import Domain, Entry, Head, TakeStep, decide, subjects_of_kind
from services.kernel.who import PREFIXES, Actor, Organ, organ_of

ROOT = Path(__file__).parents[2]
ORGANS = {organ: f"{prefix}-330106" for prefix, organ in PREFIXES.items()}
POLICE, PROCURATORATE, COURT = ORGANS[Organ.POLICE], ORGANS[Organ.PROCURATORATE], ORGANS[Organ.COURT]
NEIGHBOURS = ("pol-330108", "court-330106-2")
DOMAINS: Mapping[str, type[Domain]] = {"case_flow": CaseFlow, "custody_transfer": CustodyTransfer, "evidence": Evidence}
#: A fact of each kind.
VALUES = {"text": "某", "number": 1, "yes": True, "moment": "2026-03-16", "names": ["某"], "table": [{"某": 1}]}
#: Organs that only the record can name.
RESOLVED = {organ for organ in Organ if organ not in ORGANS}
#: Acts of ours, no steps of the law: what they name, and whether it is there, they are told in words of their own.
OURS = (
    "case_record:",
    "legal_record:",
    "dossier_record:",
    "property_record:",
    "package_record:",
    "custody_admission:",
)


def actor(organ_id: str, role: str) -> Actor:
    organ = organ_of(organ_id)
    assert organ is not None
    return Actor(organ_id, organ, role, "ofc-1", f"{organ_id}-system")


@dataclass
class History:
    """One case in one service, in memory, taken wherever chance and the law let it go."""

    service: str
    seed: int
    head: Head = field(default_factory=lambda: Head("case_1"))
    clock: HandClock = field(default_factory=lambda: HandClock(datetime(2026, 3, 16, 6, tzinfo=UTC)))
    taken: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.chance = Random(self.seed)
        self.domain = DOMAINS[self.service]()
        self.policy = Policy.read(ROOT / "services" / self.service / "policy.yaml")
        organs = [*(each for organ, each in ORGANS.items() if organ is not Organ.SYSTEM), *NEIGHBOURS]
        everybody = [actor(organ, role) for organ in organs for role in self.policy.offices_of]
        sits = {(rule.organ, rule.office) for rule in self.domain.code.kept_by(self.service)}
        #: Who may ever act here; the others are asked too, now and then.
        self.people = [
            each
            for each in everybody
            if any(
                organ in {each.organ, *RESOLVED} and office in self.policy.offices(each.role) for organ, office in sits
            )
        ]
        self.others = [each for each in everybody if each not in self.people]
        self.people.append(actor(ORGANS[Organ.SYSTEM], "coordinator"))
        getattr(self, f"_begin_{self.service}")()

    # The beginning of each.

    def _begin_case_flow(self) -> None:
        organs = [each for organ, each in ORGANS.items() if organ not in {Organ.SYSTEM, Organ.POLICE}]
        self.takes("case_record:open", by=actor(POLICE, "officer"), facts={"organs": organs})
        for label in "甲乙":
            self.takes("case_record:add_person", by=actor(POLICE, "officer"), facts={"label": label})
        for organ in (POLICE, COURT):
            facts = {"addressee": organ, "concerning": "超期"}
            self.takes("case_record:add_matter", by=actor(PROCURATORATE, "prosecutor"), facts=facts)

    def _begin_custody_transfer(self) -> None:
        for _ in range(2):
            self._admits()

    def _admits(self) -> None:
        person = f"per_{len(self.taken)}"
        facts = {"person_id": person, "holder": POLICE, "title": {"limit": "investigation_custody"}}
        self.takes("custody_admission:admit", by=actor(ORGANS[Organ.DETENTION_CENTER], "intake_officer"), facts=facts)

    def _begin_evidence(self) -> None:
        by = actor(POLICE, "property_custodian")
        self.takes("dossier_record:open", by=by, facts={"organs": [PROCURATORATE, COURT]})
        self.takes("dossier_record:add_item", by=by, facts={"volume": 1, "title": "笔录", "kind": "record"})
        for _ in range(3):
            self.takes("property_record:register", by=by)
        for receiver in (PROCURATORATE, COURT, NEIGHBOURS[0]):
            self._drafts(by, receiver)

    def _drafts(self, by: Actor, receiver: str) -> None:
        goods = self.chance.sample(self.subjects("item"), self.chance.randint(0, 2))
        files = [{"item_id": self.subjects("dossier_item")[0]}]
        facts = {"to_organ": receiver, "dossier_items": files, "property_items": goods}
        self.takes("package_record:draft", by=by, facts=facts)

    # Asking and doing.

    def subjects(self, kind: str) -> list[str]:
        return subjects_of_kind(self.head, kind)

    def asks(self, rule: Rule, subject: str, by: Actor, **given: Any) -> Entry:
        """What the row would be, with all the papers and whatever else the step is to say."""
        package = self.head.state.get("subjects", {}).get(subject, {}) if rule.line == "package" else {}
        goods = papers_of_goods(package) if rule.type == "package_handover:offer" else None
        groups = [*rule.papers.groups, *(goods.papers.groups if goods else ())]
        command = {
            "case_id": self.head.case_id,
            "type": rule.type,
            "actor": by,
            "key": "a-key-of-the-client",
            "fingerprint": "00",
            "version": self.head.version or None,
            "subjects": () if rule.line == "case" else (subject,),
            "documents": tuple({"kind": self.chance.choice(group), "digest": "sm3:00"} for group in groups),
            "facts": {fact.key: VALUES[fact.kind] for fact in rule.tells.required} | self._facts(rule, package),
            "to_organ": self._receiver(rule, subject),
        }
        step = TakeStep(**{**command, **given})
        return decide(self.head, step, domain=self.domain, policy=self.policy, at=self.clock.now())

    def takes(self, step: str, subject: str = "", *, by: Actor, **given: Any) -> None:
        entry = self.asks(self.domain.code.rules[step], subject, by, **given)
        self.head = entry.head
        self.taken.append(step)

    def _receiver(self, rule: Rule, subject: str) -> str:
        if rule.handover != "offer" or rule.line == "package":
            return ""
        holder = self.head.state.get("holder", {}).get(subject)
        return self.chance.choice([each for each in (POLICE, PROCURATORATE, COURT) if each != holder])

    def _facts(self, rule: Rule, package: Mapping[str, Any]) -> dict[str, Any]:
        match rule.type:
            case "custody_title:add":
                return {"title": {"limit": "trial_ordinary"}}
            case _ if package:
                return {
                    "digest": package.get("sealed", {}).get("digest"),
                    "reasons": ["other"],
                    "reservations": ["other"],
                }
        return {}

    def walks(self, steps: int) -> None:
        """So many times somebody looks what may be done, and does one thing of it."""
        for _ in range(steps):
            self.clock.passes(hours=self.chance.uniform(0, 100))
            if self.service == "evidence" and self.chance.random() < 0.05:
                self._drafts(actor(POLICE, "property_custodian"), self.chance.choice([PROCURATORATE, COURT]))
            if self.service == "custody_transfer" and self.chance.random() < 0.1:
                self._admits()
            by = self.chance.choice(self.people)
            found = [each for each in self.offers(by) or () if not each["type"].startswith(OURS)]
            if found:
                item = self.chance.choice(found)
                with contextlib.suppress(Unfounded):
                    self.takes(item["type"], self.chance.choice(item["subjects"]), by=by)

    def _asked(self, by: Actor) -> dict[str, Any]:
        return {"domain": self.domain, "policy": self.policy, "at": self.clock.now()}

    def offers(self, by: Actor) -> list[dict[str, Any]] | None:
        """What this actor may do now; None where they may not even see."""
        try:
            return available(self.head, by, **self._asked(by))
        except NotFound:
            return None

    def hinders(self, by: Actor) -> list[dict[str, Any]]:
        return unmet(self.head, by, **self._asked(by))

    def questions(self) -> Iterator[tuple[Rule, str]]:
        """Every step of the service and every subject that there is for it."""
        for rule in self.domain.code.kept_by(self.service):
            if not rule.type.startswith(OURS):
                for subject in self.subjects(rule.line):
                    yield rule, subject


def check(history: History, by: Actor) -> tuple[int, int]:
    """That what is said beforehand is what would be said; how many steps were free and how many hindered."""
    offered = history.offers(by)
    if offered is None:
        for rule, subject in history.questions():
            with pytest.raises(NotFound):
                history.asks(rule, subject, by)
        return 0, 0
    free = {(item["type"], subject) for item in offered for subject in item["subjects"]}
    hindered = {(entry["type"], subject): entry for entry in history.hinders(by) for subject in entry["subjects"]}
    assert not free & hindered.keys()
    asked = set()
    for rule, subject in history.questions():
        here = (rule.type, subject)
        asked.add(here)
        try:
            history.asks(rule, subject, by)
            said = None
        except Unfounded:  # what the step said was wrong, which comes after all that stands in its way
            said = None
        except Refused as refusal:
            said = refusal
        assert (here in free) is (said is None), f"{here} by {by.organ_id} {by.role}: {said}"
        if said is not None and here in hindered:
            told = hindered[here]
            assert (told["code"], told["detail"], told["detail_en"]) == (said.code, said.zh, said.en)
            assert (told["cure"], told["available"]) == (said.cure, said.available)
            assert told["law_ref"] == (said.law_ref or rule.law_ref)
        elif said is not None:  # only what belongs to a line that has not begun and cannot begin now is left out
            assert rule.procedure not in history.head.state.get("lines", {}).get(subject, {})
            assert all(other != rule.procedure for other, of in _procedures(free) if of == subject)
    assert not {each for each in {*free, *hindered} - asked if not each[0].startswith(OURS)}
    return len(free), len(hindered)


def _procedures(free: set[tuple[str, str]]) -> set[tuple[str, str]]:
    return {(step.partition(":")[0], subject) for step, subject in free}


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("service", DOMAINS)
def test_what_is_said_beforehand_is_what_would_be_said(service: str, seed: int) -> None:
    """事先所告知的，与实际办理的答复一致：可以的，办得成；不可以的，同样的理由、同样的条文。"""
    history = History(service, seed)
    free = hindered = 0
    for _ in range(5):
        history.walks(200)
        for by in [*history.chance.sample(history.people, 8), *history.chance.sample(history.others, 2)]:
            more_free, more_hindered = check(history, by)
            free, hindered = free + more_free, hindered + more_hindered

    assert free > 10
    assert hindered > 100
    assert len(set(history.taken)) > (20 if service == "case_flow" else 7)


def test_who_else_could_take_it_now() -> None:
    """不属于本机关办理而现在即可办理的，注明可以由何机关、何岗位办理。"""
    history = History("case_flow", 5)
    officer, head = actor(POLICE, "officer"), actor(POLICE, "county_head")
    history.takes("case_intake:accept", by=officer)
    entries = {entry["type"]: entry for entry in history.hinders(officer)}

    assert entries["case_intake:file"]["ready"] is True
    assert (entries["case_intake:file"]["code"], entries["case_intake:file"]["office"]) == (
        "PERM-001",
        "县级以上公安机关负责人",
    )
    assert entries["case_intake:file_anew"]["ready"] is False
    later = {entry["type"]: entry for entry in history.hinders(head)}
    assert "case_intake:file" not in later
    assert later["case_intake:accept"]["code"] == "CASE-010"
    assert "case_intake:file" in later["case_intake:accept"]["available"]
    assert later["case_intake:accept"]["law_ref"] == CaseFlow.code.rules["case_intake:accept"].law_ref


def test_a_line_that_cannot_begin_yet_is_left_out() -> None:
    """尚不能开始的程序，不逐条说明。"""
    history = History("case_flow", 6)

    before = {entry["type"].partition(":")[0] for entry in history.hinders(actor(POLICE, "county_head"))}

    assert "case_intake" in before
    assert "first_trial" not in before
    assert "custody_extension" not in before


def test_one_subject_may_be_asked_about_alone() -> None:
    """可以只问一人、一物。"""
    history = History("custody_transfer", 1)
    one, other = history.subjects("custody")
    asked = {"domain": history.domain, "policy": history.policy, "at": history.clock.now(), "only": one}

    said = [*available(history.head, actor(POLICE, "county_head"), **asked)]
    said += unmet(history.head, actor(POLICE, "county_head"), **asked)

    assert {subject for each in said for subject in each["subjects"]} == {one}
    assert other not in json.dumps(said)


def test_a_step_says_which_limits_it_meets() -> None:
    """可以办理的步骤，注明由此遵守的期限及其依据。"""
    limits = limits_met(CaseFlow.code)

    assert "detention_request_arrest" in [each["limit"] for each in limits["criminal_detention:request_arrest"]]
    (review,) = [each for each in limits["arrest_review:approve"] if each["limit"] == "arrest_review_detained"]
    assert (review["period"], review["voice"]) == ("P7D", "期限为")
    assert "第九十一条" in review["law_ref"]
