"""Plays the records of one case: each stated event becomes its step at its day, with what the law needs before it.

An inferred step is marked so, and is given the most lawful day that the stated ones leave it: what a document does not
say is never held against anyone.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from services.kernel.code import Rule
from services.kernel.period import plus_months
from services.kernel.record import Head, fold
from services.kernel.who import HANDLING, Organ
from services.law import CODE
from singletrack.replay import roads
from singletrack.replay.client import Answer, Client, key
from singletrack.replay.meanings import Deed, Outside, meaning
from singletrack.replay.records import Event, Record

ROLES = {
    "officer": "officer",
    "unit_head": "unit_head",
    "county_head": "county_head",
    "station": "station_officer",
    "custodian": "property_custodian",
    "case_management": "case_manager",
    "prosecutor": "prosecutor",
    "chief": "chief_prosecutor",
    "superior_chief": "superior_chief_prosecutor",
    "provincial": "provincial_prosecutor",
    "filing_division": "filing_clerk",
    "judge": "judge",
    "panel": "judge",
    "president": "court_president",
    "superior_court": "superior_judge",
    "intake": "intake_officer",
    "center": "center_officer",
    "party": "counsel",
    "clock": "coordinator",
}
DECIDERS = {Organ.POLICE: "county_head", Organ.PROCURATORATE: "chief_prosecutor", Organ.COURT: "court_president"}
PLURAL = {"case_flow": "cases", "custody_transfer": "custodies"}
#: Steps after which a person who is held goes free.
FREEING = frozenset(
    step.type for step in CODE.steps.values() if step.liberty == "given" and step.procedure.kept_by == "case_flow"
)
TAKING = frozenset({"arrest_review:execute", "arrest_review:execute_on_capture"})
FREEING_SENTENCES = frozenset({"acquittal", "exempt_from_punishment", "control", "fine_only"})
EFFECTIVE = frozenset(
    {
        "second_trial:become_final",
        "second_trial:uphold",
        "second_trial:change",
        "second_trial:withdraw",
        "second_trial:permit_withdrawal",
    }
)


#: The steps from which a review for prosecution is counted.
_REVIEW_BEGINS = ("investigation_close:accept", "supplementary_return:resubmit", "prosecution_review:accept_moved")
#: By where a trial stands: the extension that the court grants itself, and the days before it is needed.
_TRIAL_EXTENSIONS = {
    "ordinary": ("first_trial:extend", timedelta(days=59)),
    "simplified": ("first_trial:extend_simplified", timedelta(days=20)),
    "fast": ("first_trial:extend_fast", timedelta(days=10)),
}


class Mirror:
    """What a replay knows of one service's record of a case: the fold of the rows that answered it."""

    service = ""
    code = CODE
    opening: frozenset[str] = frozenset()

    def __init__(self, case_id: str) -> None:
        self.head = Head(case_id)
        self.version = ""

    def outcome(self, head: Head, command: Any, body: Mapping[str, Any]) -> Mapping[str, Any]:  # noqa: ANN401
        """A mirror decides nothing."""
        return {}

    def fold(self, state: dict[str, Any], body: Mapping[str, Any]) -> None:
        """Holders begin with an admission, and a package's sender holds it."""
        if "holders" in body:
            state["holder"] = {**state.get("holder", {}), **body["holders"]}

    def take_in(self, answer: Answer) -> None:
        """Bring it up to one more row."""
        state = fold(self.head.state, answer.body, self)
        self.head = Head(self.head.case_id, answer.body["seq"], state)
        self.version = answer.version

    def state_of(self, subject: str, procedure: str) -> str | None:
        """Where a line stands."""
        line: list[str] | None = self.head.state.get("lines", {}).get(subject, {}).get(procedure)
        return line[0] if line else None


@dataclass
class Played:
    """What came of one record: the steps taken, those refused, what lies outside, and the ids to find them by."""

    key: str
    record_level: str
    case_id: str = ""
    person_id: str = ""
    custody_ids: list[str] = field(default_factory=list)
    accepted: list[dict[str, Any]] = field(default_factory=list)
    inferred: list[dict[str, Any]] = field(default_factory=list)
    refused: list[dict[str, Any]] = field(default_factory=list)
    outside: list[dict[str, Any]] = field(default_factory=list)
    findings: list[dict[str, Any]] = field(default_factory=list)
    last_day: str = ""
    events: int = 0


class CasePlayer:
    """One case and its persons on their road."""

    def __init__(self, client: Client, records: Sequence[Record], *, today: date) -> None:
        self.client = client
        self.records = records
        self.today = today
        place = records[0].place
        self.organs = {
            Organ.POLICE: f"pol-{place}",
            Organ.PROCURATORATE: f"proc-{place}",
            Organ.COURT: f"court-{place}",
            Organ.DETENTION_CENTER: f"dc-{place}",
            Organ.PARTY: f"party-{place}",
            Organ.SYSTEM: "sys-coordinator",
        }
        self.second_court = f"court-{place}-2"
        days = [day for record in records for day in record.days if day <= today]
        self.first_day = min(days, default=today)
        self.calls = 0
        self.flow = Mirror("")
        self.custody = Mirror("")
        self.evidence = Mirror("")
        self.dossier_item = ""

    async def play(self) -> list[Played]:
        """Play every record of the case, one after the other."""
        answer = await self.client.act(
            self.organs[Organ.POLICE],
            "officer",
            "/v1/cases",
            {
                "organs": [organ for kind, organ in self.organs.items() if kind is not Organ.SYSTEM],
                "occurred_at": self.first_day.isoformat(),
                "inferred": True,
            },
            key=key(self.records[0].case_key, "open"),
        )
        assert answer.taken, f"a case can always be opened: {answer.body}"
        case_id = str(answer.body["case_id"])
        self.flow, self.custody, self.evidence = Mirror(case_id), Mirror(case_id), Mirror(case_id)
        self.flow.take_in(answer)
        return [await PersonPlayer(self, record).play() for record in self.records]

    def next_key(self, record: Record, what: str) -> str:
        """A key for the next act of this case."""
        self.calls += 1
        return key(record.case_key, self.calls, what)


class PersonPlayer:
    """One person of a case on their road through it."""

    def __init__(self, case: CasePlayer, record: Record) -> None:
        self.case = case
        self.record = record
        self.played = Played(record.key, record.record_level)
        self.person = ""
        self.custody_id = ""
        self.last = case.first_day
        self.days: dict[str, date] = {}
        #: How far the detention has been extended: not, to seven days, to thirty.
        self.extension = 0

    async def play(self) -> Played:
        """Play the record's events in their order, then what the law lets follow by itself."""
        await self._register()
        for place, event in enumerate(self.record.events):
            self.played.events += 1
            what = meaning(event, self.record.events[:place], self.record.events[place + 1 :])
            if isinstance(what, Outside):
                self._note_outside(event, what)
            elif event.date is not None and event.date > self.case.today:
                self._note_outside(event, Outside("日期晚于今天，尚未发生"))
            else:
                await self._event(place, event, what)
        await self._close()
        days = self.record.days
        self.played.last_day = max(days).isoformat() if days else ""
        return self.played

    def _note_outside(self, event: Event, what: Outside) -> None:
        day = event.date.isoformat() if event.date else None
        self.played.outside.append({"type": event.type, "date": day, "why": what.why})

    async def _register(self) -> None:
        case = self.case
        answer = await case.client.act(
            case.organs[Organ.POLICE],
            "officer",
            f"/v1/cases/{case.flow.head.case_id}/persons",
            {
                "label": f"被告人{self.record.defendant_index or 1}",
                "flags": sorted(name for name, value in self.record.flags.items() if value is True),
                "occurred_at": case.first_day.isoformat(),
                "inferred": True,
            },
            key=case.next_key(self.record, "person"),
            version=case.flow.version,
        )
        assert answer.taken, f"a person can always be registered: {answer.body}"
        case.flow.take_in(answer)
        self.person = next(iter(answer.body["created"]))
        self.played.case_id, self.played.person_id = case.flow.head.case_id, self.person

    async def _event(self, place: int, event: Event, deed: Deed) -> None:
        targets = self._targets(event, deed)
        if event.type == "filed" and self.case.flow.state_of(self.case.flow.head.case_id, "case_intake") == "filed":
            self._note_outside(event, Outside("立案是全案的一步，已随同案其他人的记录办理"))
            return
        await self._file_first(targets[0])
        day = event.date or self._undated(place, event)
        road = roads.road(self.case.flow.head, CODE, self.person, targets, self._allowed(event, targets))
        if road is None:
            # Nothing leads there: ask for it as it is, so that the service says why not.
            await self._take(targets[0], day, event)
            return
        for step in road[:-1]:
            if not await self._take(step, self._inferred_day(step, road[-1], day), None):
                break
        await self._take(road[-1], day, event)

    async def _file_first(self, target: str) -> None:
        """The case is filed before anything else is done in it, unless a document states another day for that."""
        flow = self.case.flow
        stated = any(event.type == "filed" for record in self.case.records for event in record.events)
        if target.startswith("case_intake:") or stated or flow.state_of(flow.head.case_id, "case_intake") is not None:
            return
        for step in roads.INTAKE:
            await self._take(step, self.case.first_day, None)

    def _targets(self, event: Event, deed: Deed) -> tuple[str, ...]:
        names = deed.names(event)
        organ = event.organ or self._in_charge()
        if event.type in {"bail", "residential_surveillance"}:
            wanted = {
                "police": ("bail:decide", "residential_surveillance:decide"),
                "procuratorate": (
                    "bail:redecide",
                    "bail:decide_procuratorate",
                    "residential_surveillance:decide_procuratorate",
                    "residential_surveillance:redecide",
                ),
                "court": (
                    "bail:redecide_court",
                    "bail:decide_court",
                    "residential_surveillance:decide_court",
                    "residential_surveillance:redecide",
                ),
            }.get(organ, names)
            return tuple(name for name in wanted if name in names) or names
        return names

    def _in_charge(self) -> str:
        """The organ whose stage it is, the court as soon as there is an indictment."""
        if self.case.flow.state_of(self.person, "court_intake"):
            return "court"
        return str(self.case.flow.head.state.get("in_charge", {}).get(self.person, "police"))

    def _allowed(self, event: Event, targets: Sequence[str]) -> tuple[str, ...]:
        procedure = targets[0].partition(":")[0]
        detention = self.case.flow.state_of(self.person, "criminal_detention")
        is_detained = detention is not None and detention not in CODE.lines["criminal_detention"].ends
        match procedure:
            case "case_intake":
                return roads.INTAKE
            case "arrest_review" if is_detained:
                return (*roads.INTAKE, *roads.FROM_DETENTION)
            case "arrest_review" if event.type == "arrested" and self._in_charge() == "court":
                return ("arrest_review:decide_court",)
            case "arrest_review" if event.type == "arrested" and self._in_charge() == "procuratorate":
                return ("arrest_review:decide_procuratorate",)
            case "arrest_review":
                return (*roads.INTAKE, *roads.AT_LARGE)
            case "criminal_detention" | "summons":
                return (*roads.INTAKE, *roads.DETENTION)
            case "bail":
                return (*roads.INTAKE, *roads.BAIL)
            case "residential_surveillance":
                return (*roads.INTAKE, *roads.SURVEILLANCE)
            case "custody_extension":
                return (*roads.INTAKE, *roads.EXTENSION)
            case "plea_leniency":
                return (*roads.INTAKE, *roads.PLEA)
        kind = (self.record.procedure or {}).get("type")
        opening = roads.OPENINGS.get(str(kind), roads.OPENINGS["ordinary"])
        judging = roads.JUDGING if procedure == "second_trial" else ()
        return (*roads.TRUNK, *opening, *judging)

    def _undated(self, place: int, event: Event) -> date:
        """An undated event stands where the list has it: on the day before it, or by the law where the law says when."""
        if event.type == "no_appeal":
            return min(self.last + timedelta(days=11), self.case.today)
        before = [other.date for other in self.record.events[:place] if other.date]
        after = [other.date for other in self.record.events[place + 1 :] if other.date and other.type not in {"sentence_start", "sentence_end"}]
        if event.type in {"summary_procedure", "expedited_procedure", "ordinary_procedure"} and after:
            return min(after[0], self.case.today)
        return max([*before[-1:], self.last]) if before else min([*after[:1], self.case.today])

    def _inferred_day(self, step: str, target: str, day: date) -> date:
        """The most lawful day between what is known before and the day of the step that needs this one."""
        since = self.days
        match step:
            case "case_intake:accept" | "case_intake:file":
                return self.case.first_day
            case "criminal_detention:request_arrest" | "arrest_review:request":
                start = since.get("criminal_detention:detain", day)
                return min(max(start, day - timedelta(days=7)), start + timedelta(days=30), day)
            case "criminal_detention:extend":
                start = since.get("criminal_detention:detain", day)
                return min(start + timedelta(days=3), day)
            case "arrest_review:accept":
                return max(since.get("criminal_detention:request_arrest", self.last), self.last)
            case "investigation_close:conclude" | "investigation_close:transfer" | "investigation_close:accept":
                if step.endswith("accept") and "investigation_close:transfer" in since and target == "prosecution_review:review":
                    return since["investigation_close:transfer"]
                return max(self.last, min(self._transfer_day(day), day))
            case "supplementary_return:resubmit":
                return max(self.last, min(day, plus_months(since.get("prosecution_review:return", day), 1)))
            case "court_intake:file":
                charged = since.get("prosecution_review:charge", day)
                return max(charged, min(day, charged + timedelta(days=7)))
            case "second_trial:transfer" | "second_trial:accept":
                judged = max((since[name] for name in roads.JUDGING if name in since), default=day)
                if target == "second_trial:accept":
                    return max(self.last, day - timedelta(days=5))
                latest = plus_months(day, -2) + timedelta(days=1)
                return max(self.last, min(day, latest, judged + timedelta(days=15)) if self.custody_id else min(day, latest))
            case "arrest_review:approve" | "arrest_review:decide_court" | "arrest_review:decide_procuratorate" | "arrest_review:refuse":
                return day
            case "first_trial:deliberate" | "first_trial:open_ordinary" | "first_trial:open_simplified" | "first_trial:open_fast":
                return max(self.last, day) if self.last <= day else day
        return min(self.last, day) if self.last > day else self.last

    def _transfer_day(self, day: date) -> date:
        """Twenty days before the charge, so that the court has its time too, within the investigation custody."""
        review = day - timedelta(days=20)
        arrested = max((self.days[name] for name in TAKING if name in self.days), default=None)
        if arrested is None:
            return review
        return min(max(arrested, review), plus_months(arrested, 2))

    async def _take(self, step: str, day: date, event: Event | None) -> bool:
        """Take a step of case_flow, stated (with its event) or inferred, and what custody and evidence record with it."""
        case, rule = self.case, CODE.rules[step]
        if step == "criminal_detention:request_arrest" or (step in FREEING and step != "arrest_review:release"):
            await self._extend_detention(day)
        if step in {"arrest_review:decide_procuratorate", "arrest_review:decide_court"}:
            await self._hold_for_procuratorate(day)
        if step in roads.JUDGING or step == "first_trial:deliberate":
            await self._extend_trial(day)
        if step == "prosecution_review:charge":
            await self._extend_review(day)
        if step == "criminal_detention:extend" and event is not None:
            self.extension = min(self.extension + 1, 2) if self._is_short_extension(day) else 2
        papers = await self._papers(rule, day)
        body: dict[str, Any] = {
            "type": step,
            "documents": papers,
            "facts": self._facts(step),
            "occurred_at": day.isoformat(),
            "inferred": event is None,
        }
        if rule.line == "person":
            body["subjects"] = [self.person]
        if step == "second_trial:transfer":
            body["to_organ"] = case.second_court
        answer = await self._act(rule, f"/v1/cases/{case.flow.head.case_id}/transitions", body, case.flow)
        self._note(step, day, event, answer)
        if not answer.taken:
            return False
        if rule.line == "person" or step in roads.INTAKE:
            self.days[step] = day
            self.last = max(self.last, day) if event is None or day >= self.last else day
        await self._after(step, day)
        return True

    def _note(self, step: str, day: date, event: Event | None, answer: Answer) -> None:
        entry: dict[str, Any] = {"type": step, "date": day.isoformat()}
        if event is not None:
            entry |= {"event": event.type, "dated": event.date is not None}
        if answer.taken:
            entry |= {"transition": answer.body["id"], "service": answer.body["service"]}
            (self.played.inferred if event is None else self.played.accepted).append(entry)
        else:
            entry |= {name: answer.body.get(name, "") for name in ("code", "law_ref", "detail")}
            entry |= {"status": answer.status, "inferred": event is None}
            self.played.refused.append(entry)

    def _facts(self, step: str) -> dict[str, Any]:
        if step == "criminal_detention:extend":
            return {"extension": self.extension}
        if step in {*roads.JUDGING, "second_trial:change"} and self.record.sentence:
            known = {"type", "months", "suspended", "suspended_months"}
            return {"sentence": {name: value for name, value in self.record.sentence.items() if name in known}}
        return {}

    async def _papers(self, rule: Rule, day: date) -> list[dict[str, Any]]:
        issuers = {rule.organ.value, self._kind(rule).value}
        papers = []
        for group in rule.papers.groups:
            kind = next((each for each in group if CODE.catalogue.by_id[each].issuer in issuers), group[0])
            paper: dict[str, Any] = {"kind": kind}
            if CODE.catalogue.by_id[kind].sealed:
                paper |= await self._package(day)
            papers.append(paper)
        return papers

    def _kind(self, rule: Rule) -> Organ:
        """The kind of organ that acts under this rule now."""
        if rule.organ in {Organ.ORGAN_IN_CHARGE, Organ.RECEIVING_ORGAN, Organ.TRANSFERRING_ORGAN}:
            return Organ(self._in_charge())
        if rule.organ is Organ.DECIDING_ORGAN:
            line = self.case.flow.head.state.get("lines", {}).get(self.person, {}).get(rule.procedure)
            decided = next((kind for kind, organ in self.case.organs.items() if line and organ == line[1]), None)
            return decided if decided in HANDLING else Organ(self._in_charge())
        return rule.organ

    async def _act(self, rule: Rule, path: str, body: Mapping[str, Any], mirror: Mirror) -> Answer:
        kind = self._kind(rule)
        role = DECIDERS[kind] if rule.office == "decision" else ROLES[rule.office]
        organ = self.case.organs[kind]
        if kind is Organ.COURT and rule.procedure == "second_trial" and rule.type != "second_trial:transfer":
            organ = self.case.flow.head.state["organs"].get("court", organ)
        return await self._post(organ, role, path, body, mirror)

    async def _post(self, organ: str, role: str, path: str, body: Mapping[str, Any], mirror: Mirror) -> Answer:
        answer = await self.case.client.act(
            organ, role, path, body, key=self.case.next_key(self.record, path.rpartition("/")[2]), version=mirror.version
        )
        if answer.taken:
            mirror.take_in(answer)
        return answer

    # What the other services record with a step: all of it inferred, for no judgment states it.

    async def _after(self, step: str, day: date) -> None:
        match step:
            case "criminal_detention:detain":
                self.extension = 0
                await self._take("criminal_detention:admit", day, None)
                await self._admit("detention_request_arrest", day, day, "detention_warrant", Organ.POLICE)
            case "criminal_detention:extend":
                start = self.days.get("criminal_detention:detain", day)
                await self._change_title("detention_request_arrest", start, day, extensions=self.extension)
            case "criminal_detention:request_arrest":
                await self._change_title("arrest_review_detained", day, day)
            case "prosecution_review:extend":
                begun = max((self.days[name] for name in _REVIEW_BEGINS if name in self.days), default=day)
                await self._change_title("prosecution_review", begun, day, extensions=1)
            case "first_trial:extend" | "first_trial:extend_by_superior" | "first_trial:extend_by_supreme":
                filed = self.days.get("court_intake:file", day)
                places = ("first_trial:extend", "first_trial:extend_by_superior", "first_trial:extend_by_supreme")
                await self._change_title("trial_ordinary", filed, day, extensions=places.index(step) + 1)
            case "first_trial:extend_simplified" | "first_trial:extend_fast":
                await self._change_title(self._trial_title(), self.days.get("court_intake:file", day), day, extensions=1)
            case "arrest_review:execute" | "arrest_review:execute_on_capture":
                await self._arrested(day)
            case "arrest_review:refuse" if not self._is_freed_later():
                await self._take("arrest_review:release", day, None)
            case "bail:decide" | "bail:decide_procuratorate" | "bail:decide_court":
                await self._take("bail:execute", day, None)
            case "bail:redecide" | "bail:redecide_court":
                await self._take("bail:execute_anew", day, None)
            case "residential_surveillance:redecide":
                await self._take("residential_surveillance:execute_anew", day, None)
            case "residential_surveillance:decide" | "residential_surveillance:decide_procuratorate" | "residential_surveillance:decide_court":
                await self._take("residential_surveillance:execute_home", day, None)
            case "investigation_close:accept" | "prosecution_review:accept_moved":
                await self._hand_over(self.case.organs[Organ.PROCURATORATE], "prosecution_review", day)
            case "supplementary_return:receive":
                await self._hand_over(self.case.organs[Organ.POLICE], "supplementary_investigation", day)
            case "supplementary_return:resubmit":
                await self._hand_over(self.case.organs[Organ.PROCURATORATE], "prosecution_review", day)
            case "court_intake:file" | "first_trial:resume_after_supplement":
                await self._hand_over(self.case.organs[Organ.COURT], self._trial_title(), day)
            case "first_trial:adjourn_for_supplement":
                await self._hand_over(self.case.organs[Organ.PROCURATORATE], "supplementary_investigation_in_trial", day)
            case "second_trial:accept":
                await self._hand_over(self.case.second_court, "trial_second", day)
            case "second_trial:remand":
                await self._hand_over(self.case.organs[Organ.COURT], "trial_ordinary", day)
            case "prosecution_review:not_charge":
                await self._take("non_prosecution_remedy:announce", day, None)
                await self._release(day)
            case "prosecution_review:return":
                await self._take("supplementary_return:receive", day, None)
            case "first_trial:pronounce" | "first_trial:judge_in_court":
                await self._judged(day)
        if step in FREEING or step in {"investigation_close:withdraw", "investigation_close:terminate"}:
            await self._release(day)

    def _is_short_extension(self, day: date) -> bool:
        """Whether what follows a stated extension of detention lies within the seven days of a short one."""
        start = self.days.get("criminal_detention:detain", day)
        later = [each for each in self.record.days if each > day]
        return not later or later[0] <= start + timedelta(days=7)

    def _is_freed_later(self) -> bool:
        """Whether the record itself says how the person was let go after a refusal."""
        types = [event.type for event in self.record.events]
        after = types[types.index("arrest_not_approved") :] if "arrest_not_approved" in types else []
        return bool({"released", "bail", "residential_surveillance"}.intersection(after))

    async def _extend_detention(self, request: date) -> None:
        """The extension that a request so late needs, where the record states none."""
        start = self.days.get("criminal_detention:detain")
        if start is None or self.case.flow.state_of(self.person, "criminal_detention") not in {"in_center", "extended"}:
            return
        needed = 0 if request <= start + timedelta(days=3) else 1 if request <= start + timedelta(days=7) else 2
        if needed > self.extension:
            self.extension = needed
            await self._take("criminal_detention:extend", min(start + timedelta(days=3), request), None)

    async def _hold_for_procuratorate(self, day: date) -> None:
        """A detention after which the procuratorate itself decides was its own: fourteen days, and three more."""
        start = self.days.get("criminal_detention:detain")
        if start is not None and self.case.flow.state_of(self.person, "criminal_detention") == "in_center":
            extensions = 0 if day <= start + timedelta(days=14) else 1
            await self._change_title("procuratorate_detention", start, min(start + timedelta(days=3), day), extensions)

    async def _extend_review(self, day: date) -> None:
        """Fifteen days more, where the review took longer than a month."""
        if self.case.flow.state_of(self.person, "prosecution_review") == "reviewing":
            begun = max((self.days[name] for name in _REVIEW_BEGINS if name in self.days), default=day)
            if day > plus_months(begun, 1):
                await self._take("prosecution_review:extend", min(plus_months(begun, 1), day), None)

    async def _extend_trial(self, day: date) -> None:
        """The extension that needs nobody's approval: to three months, to a month and a half, to fifteen days."""
        state = self.case.flow.state_of(self.person, "first_trial")
        step, first = _TRIAL_EXTENSIONS.get(state or "", ("", timedelta()))
        filed = self.days.get("court_intake:file", day)
        if not step or day <= filed + first or step in self.days:
            return
        if step == "first_trial:extend_simplified" and (self.record.sentence or {}).get("months", 0) <= 36:
            return
        await self._take(step, max(self.last, filed), None)

    def _trial_title(self) -> str:
        kind = (self.record.procedure or {}).get("type")
        return {"summary": "trial_simplified", "expedited": "trial_fast_track"}.get(str(kind), "trial_ordinary")

    async def _arrested(self, day: date) -> None:
        if self._in_charge() == "police":
            await self._take("custody_extension:start", day, None)
        title = {"police": "investigation_custody", "procuratorate": "prosecution_review"}.get(
            self._in_charge(), self._trial_title()
        )
        since = day if title == "investigation_custody" else max(self.last, day)
        if self.custody_id:
            await self._custody("custody_title:add", day, {"title": {"limit": title, "from": since.isoformat()}})
        else:
            await self._admit(title, since, day, "arrest_warrant", Organ(self._in_charge()))

    async def _judged(self, day: date) -> None:
        sentence = self.record.sentence or {}
        served = next((event.date for event in self.record.events if event.type == "sentence_end"), None)
        if self.custody_id and served is not None and served <= day + timedelta(days=10):
            # Custody equals the sentence before the judgment is final: the person goes free on that day.
            await self._release(max(day, served))
        elif self.custody_id and (sentence.get("type") in FREEING_SENTENCES or sentence.get("suspended")):
            await self._release(day)
        elif self.custody_id:
            await self._custody("custody_title:add", day, {"title": {"limit": "appeal_pending", "from": day.isoformat()}}, "judgment_first")

    async def _admit(self, title: str, since: date, day: date, paper: str, holder: Organ) -> None:
        case = self.case
        body = {
            "case_id": case.flow.head.case_id,
            "person_id": self.person,
            "holder": case.organs[holder],
            "title": {"limit": title, "from": since.isoformat()},
            "documents": [{"kind": paper}],
            "occurred_at": day.isoformat(),
            "inferred": True,
        }
        answer = await self._post(case.organs[Organ.DETENTION_CENTER], "intake_officer", "/v1/custodies", body, case.custody)
        self._note("custody_admission:admit", day, None, answer)
        if answer.taken:
            self.custody_id = next(iter(answer.body["created"]))
            self.played.custody_ids.append(self.custody_id)

    async def _custody(
        self, step: str, day: date, facts: Mapping[str, Any] | None = None, paper: str = "", to_organ: str = ""
    ) -> bool:
        case = self.case
        state = case.custody.head.state
        rule = CODE.rules.get(step)
        holder, receiver = state["holder"][self.custody_id], state.get("receiver", {}).get(self.custody_id, "")
        acting = rule.organ if rule is not None else Organ.ORGAN_IN_CHARGE
        if acting is Organ.DETENTION_CENTER:
            organ, role = case.organs[Organ.DETENTION_CENTER], "center_officer"
        else:
            organ = receiver if acting is Organ.RECEIVING_ORGAN else holder
            role = DECIDERS[_kind_of(organ)]
        kinds = [paper] if paper else [group[0] for group in rule.papers.groups] if rule is not None else ["arrest_warrant"]
        body: dict[str, Any] = {
            "type": step,
            "documents": [{"kind": kind} for kind in kinds],
            "facts": facts or {},
            "occurred_at": day.isoformat(),
            "inferred": True,
        }
        if to_organ:
            body["to_organ"] = to_organ
        answer = await self._post(organ, role, f"/v1/custodies/{self.custody_id}/transitions", body, case.custody)
        self._note(step, day, None, answer)
        return answer.taken

    async def _change_title(self, limit: str, since: date, day: date, extensions: int = 0) -> None:
        if self.custody_id:
            title = {"limit": limit, "from": since.isoformat(), "extensions": extensions}
            await self._custody("custody_handover:notice_change", day, {"title": title})
            await self._custody("custody_handover:confirm_change", day)

    async def _hand_over(self, to_organ: str, title: str, day: date) -> None:
        if not self.custody_id or self.case.custody.head.state["holder"][self.custody_id] == to_organ:
            return
        facts = {"title": {"limit": title, "from": day.isoformat()}}
        if await self._custody("custody_handover:offer", day, to_organ=to_organ):
            await self._custody("custody_handover:accept", day, facts)
            await self._custody("custody_handover:confirm", day)

    async def _release(self, day: date) -> None:
        if self.custody_id and await self._custody("custody_handover:release", day):
            self.custody_id = ""

    async def _package(self, day: date) -> dict[str, str]:
        """A sealed package that goes to the procuratorate and is accepted there; its id and its digest."""
        case, mirror = self.case, self.case.evidence
        police, case_id = case.organs[Organ.POLICE], case.flow.head.case_id
        told = {"occurred_at": day.isoformat(), "inferred": True}
        if not case.dossier_item:
            content = f"{self.record.case_key}：起诉意见所附卷宗（回放生成，不含任何文书内容）".encode()
            kept = await case.client.upload(police, "officer", content)
            body = {"case_id": case_id, "organs": [organ for kind, organ in case.organs.items() if kind in HANDLING], **told}
            opened = await self._post(police, "officer", "/v1/dossiers", body, mirror)
            self._note("dossier_record:open", day, None, opened)
            item = {
                "digest": kept.body["digest"],
                "media_type": "text/plain",
                "volume": "litigation_documents",
                "title": "起诉意见书",
                "kind": "prosecution_opinion",
                **told,
            }
            answer = await self._post(police, "officer", f"/v1/cases/{case_id}/dossier/items", item, mirror)
            self._note("dossier_record:add_item", day, None, answer)
            case.dossier_item = next(iter(answer.body["created"]))
        receiver = case.organs[Organ.PROCURATORATE]
        drafted = await self._post(
            police,
            "county_head",
            "/v1/packages",
            {"case_id": case_id, "to_organ": receiver, "dossier_items": [{"item_id": case.dossier_item}], **told},
            mirror,
        )
        self._note("package_handover:draft", day, None, drafted)
        package = next(iter(drafted.body["created"]))
        path = f"/v1/packages/{package}/transitions"
        sealed = await self._post(police, "county_head", path, {"type": "package_handover:seal", **told}, mirror)
        digest = str(sealed.body["digest"])
        steps: tuple[tuple[str, str, dict[str, Any]], ...] = (
            (police, "county_head", {"type": "package_handover:offer", "to_organ": receiver}),
            (receiver, "chief_prosecutor", {"type": "package_handover:inspect"}),
            (receiver, "chief_prosecutor", {"type": "package_handover:accept", "facts": {"digest": digest}}),
        )
        self._note("package_handover:seal", day, None, sealed)
        for organ, role, act in steps:
            answer = await self._post(organ, role, path, {**act, **told}, mirror)
            self._note(str(act["type"]), day, None, answer)
        return {"package_id": package, "digest": digest}

    async def _close(self) -> None:
        """What follows a judgment by itself: it becomes final, is served, and the person goes where it says."""
        flow, today = self.case.flow, self.case.today
        says_more = any(event.type in {"appeal", "protest", "no_appeal", "second_instance_judgment", "retrial_decision", "death_penalty_review"} for event in self.record.events)
        knows_term = any(event.type == "sentence_end" for event in self.record.events)
        day = self.last
        if flow.state_of(self.person, "second_trial") == "judged" and not says_more and knows_term:
            day = self.last + timedelta(days=11)
            if day <= today:
                await self._take("second_trial:become_final", day, None)
        if flow.state_of(self.person, "execution") != "effective":
            return
        sentence = self.record.sentence or {}
        kind = sentence.get("type")
        if kind in {"death", "acquittal", "exempt_from_punishment"} or not await self._take("execution:serve", day, None):
            return
        if kind == "control" or sentence.get("suspended"):
            await self._take("execution:to_community", day, None)
        elif kind == "criminal_detention_sentence":
            await self._take("execution:stay", day, None)
            await self._serve_term(day, sentence)
        elif kind in {None, "fixed_term", "life", "death_suspended"}:
            await self._serve_term(day, sentence)
            if kind and self.custody_id and await self._take("execution:await_delivery", day, None) and await self._take("execution:deliver", day, None):
                await self._custody("custody_handover:deliver", day)
                self.custody_id = ""

    async def _serve_term(self, day: date, sentence: Mapping[str, Any]) -> None:
        """The title becomes the sentence."""
        if not self.custody_id:
            return
        stated = next((event.date for event in self.record.events if event.type == "sentence_start" and event.date), day)
        title = {"limit": "sentence", "from": stated.isoformat()}
        if sentence.get("type") in {"fixed_term", "criminal_detention_sentence"} and sentence.get("months") is not None:
            title |= {"months": sentence["months"]}
        await self._custody("custody_title:add", day, {"title": title}, "execution_notice")


def _kind_of(organ: str) -> Organ:
    return {"pol": Organ.POLICE, "proc": Organ.PROCURATORATE, "court": Organ.COURT}[organ.partition("-")[0]]


async def play_all(
    client: Client, cases: Sequence[Sequence[Record]], *, concurrency: int, today: date, done: Any = None  # noqa: ANN401
) -> list[Played]:
    """Play all cases, so many at a time; `done` is called with the number of records whenever a case is finished."""
    gate = asyncio.Semaphore(concurrency)

    async def one(records: Sequence[Record]) -> list[Played]:
        async with gate:
            played = await CasePlayer(client, records, today=today).play()
        if done is not None:
            done(len(records))
        return played

    return [record for case in await asyncio.gather(*(one(records) for records in cases)) for record in case]
