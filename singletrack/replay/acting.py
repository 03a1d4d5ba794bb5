"""How an act of a replay reaches the services: by which organ and office, with which papers, under which key.

What custody and evidence record with a step is inferred, all of it, for no judgment states it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from services.kernel.code import Rule
from services.kernel.record import Head, fold
from services.kernel.who import HANDLING, Organ
from services.law import CODE
from singletrack.replay.client import Answer, Client, key
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
    "high_court": "high_court_judge",
    "supreme_court": "supreme_court_judge",
    "superior_court": "superior_judge",
    "intake": "intake_officer",
    "center": "center_officer",
    "party": "counsel",
    "clock": "coordinator",
}
DECIDERS = {Organ.POLICE: "county_head", Organ.PROCURATORATE: "chief_prosecutor", Organ.COURT: "court_president"}


class Mirror:
    """What a replay knows of one service's record of a case: the fold of the rows that answered it."""

    service = ""
    code = CODE
    opening: frozenset[str] = frozenset()

    def __init__(self, case_id: str) -> None:
        self.head = Head(case_id)
        self.version = ""

    def hindrance(self, head: Head, rule: Rule, subject: str, actor: Any) -> None:
        """A mirror decides nothing."""

    def outcome(self, head: Head, command: Any, body: Mapping[str, Any]) -> Mapping[str, Any]:
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


class CaseOnRoad:
    """One case: its records, its organs, and what each service has recorded of it so far."""

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

    def next_key(self, record: Record, what: str) -> str:
        """A key for the next act of this case."""
        self.calls += 1
        return key(record.case_key, self.calls, what)


class Acting:
    """One person of a case, and the acts of every organ that concern them."""

    def __init__(self, case: CaseOnRoad, record: Record) -> None:
        self.case = case
        self.record = record
        self.played = Played(record.key, record.record_level)
        self.person = ""
        self.custody_id = ""

    def in_charge(self) -> str:
        """The organ whose stage it is, the court as soon as there is an indictment."""
        if self.case.flow.state_of(self.person, "court_intake"):
            return "court"
        return str(self.case.flow.head.state.get("in_charge", {}).get(self.person, "police"))

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
            return Organ(self.in_charge())
        if rule.organ is Organ.DECIDING_ORGAN:
            line = self.case.flow.head.state.get("lines", {}).get(self.person, {}).get(rule.procedure)
            decided = next((kind for kind, organ in self.case.organs.items() if line and organ == line[1]), None)
            return decided if decided in HANDLING else Organ(self.in_charge())
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
            organ,
            role,
            path,
            body,
            key=self.case.next_key(self.record, path.rpartition("/")[2]),
            version=mirror.version,
        )
        if answer.taken:
            mirror.take_in(answer)
        return answer

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
        answer = await self._post(
            case.organs[Organ.DETENTION_CENTER], "intake_officer", "/v1/custodies", body, case.custody
        )
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
        kinds = (
            [paper] if paper else [group[0] for group in rule.papers.groups] if rule is not None else ["arrest_warrant"]
        )
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
            body = {
                "case_id": case_id,
                "organs": [organ for kind, organ in case.organs.items() if kind in HANDLING],
                **told,
            }
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


def _kind_of(organ: str) -> Organ:
    return {"pol": Organ.POLICE, "proc": Organ.PROCURATORATE, "court": Organ.COURT}[organ.partition("-")[0]]
