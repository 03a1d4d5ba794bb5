"""The ledger of one case: every act that the services recorded, in order, and what can be read off it. Pure.

Repeated or late news changes the answer and cannot corrupt it: rows are ordered here, not by arrival.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from operator import attrgetter
from typing import Any

from services.kernel.code import Code, Rule
from services.kernel.papers import Document
from services.kernel.period import Moment, local_date, read_moment

Row = Mapping[str, Any]

#: The events of the tables that the registration of goods shows, by the document that it rests on.
SEIZED_BY: Mapping[str, tuple[str, ...]] = {
    "seizure_decision": ("property_taken",),
    "mail_seizure_notice": ("property_taken",),
    "seal_decision": ("seal_executed", "seal_or_freeze_executed"),
    "freeze_notice": ("freeze_executed", "seal_or_freeze_executed"),
}


def event_type(event: str) -> str:
    """The type of the act by which an event of the tables was noted."""
    return f"event:{event}"


def deed_type(limit: str) -> str:
    """The type of the act by which it was noted that a limit was kept."""
    return f"deed:{limit}"


def extension_type(limit: str) -> str:
    """The type of the act by which it was noted that a limit was extended."""
    return f"extension:{limit}"


@dataclass(slots=True, eq=False)  # not frozen: there are more of these than of anything
class Act:
    """One step taken for one subject; nothing changes it. `subject` is the person where the act concerns a custody of theirs.

    `day` is the day of the act in Asia/Shanghai, `order` its place among all acts of the case.
    """

    type: str
    subject: str
    moment: Moment
    day: date
    recorded: datetime
    service: str
    seq: int
    order: int
    held_before: bool
    row: Row

    @property
    def transition_id(self) -> str:
        """The row that records it."""
        made: str = self.row["id"]
        return made

    def follows(self, other: "Act") -> bool:
        """Whether this act came after another: by sequence in one log, by day across two."""
        if self.service == other.service:
            return self.order > other.order
        return self.day >= other.day


_order = attrgetter("order")


def _is_elsewhere(act: Act) -> bool:
    """Whether an act was done for the whole of another case, in which persons of this one then were."""
    return "for" in act.row and act.subject == act.row["case_id"]


class Ledger:
    """All rows of one case, of all services, each once, in the order in which they were recorded."""

    def __init__(self, case_id: str, rows: Sequence[Row], code: Code) -> None:
        self.case_id = case_id
        self.code = code
        unique = {(row["service"], row.get("case_id", case_id), row["seq"]): row for row in rows}
        self.rows = [row for _, row in sorted(unique.items(), key=lambda each: (each[1]["recorded_at"], *each[0]))]
        self._following: dict[int, tuple[Act, ...]] = {}

    @cached_property
    def person_of(self) -> dict[str, str]:
        """The person of each custody."""
        created = (item for row in self.rows for item in row.get("created", {}).items())
        return {subject: what["person"] for subject, what in created if what["kind"] == "custody"}

    @cached_property
    def acts(self) -> tuple[Act, ...]:
        """Every step taken, one entry for each subject, carried steps too."""
        return tuple(self._acts())

    @cached_property
    def by_type(self) -> dict[str, list[Act]]:
        """The acts by `procedure:step`, in order; not those that were done for the whole of another case."""
        found: dict[str, list[Act]] = {}
        for act in self.acts:
            if not _is_elsewhere(act):
                found.setdefault(act.type, []).append(act)
        return found

    @cached_property
    def by_subject(self) -> dict[str, list[Act]]:
        """The acts that concern each subject, those of the whole case among them, in order."""
        found: dict[str, list[Act]] = {subject: [] for subject in dict.fromkeys(act.subject for act in self.acts)}
        for act in self.acts:
            for subject in found if act.subject == self.case_id else self.whom(act):
                found.setdefault(subject, []).append(act)
        return found

    def whom(self, act: Act) -> Sequence[str]:
        """Whom an act concerns: its subject, or the persons who were in another case for the whole of which it was done."""
        return act.row["for"] if _is_elsewhere(act) else (act.subject,)

    @cached_property
    def elsewhere(self) -> list[Act]:
        """The acts that were done for the whole of another case, in order."""
        return [act for act in self.acts if _is_elsewhere(act)]

    def of(self, types: Sequence[str], subject: str | None = None) -> list[Act]:
        """The acts of these types, in order, of one subject (or of the case as a whole) if one is named."""
        by_type = self.by_type
        found = [act for type_ in types if type_ in by_type for act in by_type[type_]]
        if subject is not None:
            concerned = (subject, self.case_id)
            found = [act for act in found if act.subject in concerned]
            found += [act for act in self.elsewhere if act.type in types and subject in self.whom(act)]
        found.sort(key=_order)
        return found

    def following(self, act: Act) -> tuple[Act, ...]:
        """The acts of other rows that came after one and concern its subject; those about anybody, where it is the case."""
        if act.order not in self._following:
            row, service, order, day = act.row, act.service, act.order, act.day
            self._following[order] = tuple(
                [
                    each
                    for each in self.concerning(act)
                    if (each.order > order if each.service == service else each.day >= day) and each.row is not row
                ]
            )
        return self._following[act.order]

    def concerning(self, act: Act) -> Sequence[Act]:
        """The acts that can meet what an act began: one of the whole case may be met for any of its persons."""
        return self.acts if act.subject == self.case_id else self.by_subject[act.subject]

    @cached_property
    def persons(self) -> list[str]:
        """The persons who are in the case, in the order in which they came into it."""
        found: dict[str, None] = {}
        for row in (row for row in self.rows if row["service"] == "case_flow" and "for" not in row):
            found.update(dict.fromkeys(_persons(row)))
            if "left" in row:
                for person in {*row["subjects"]} - {*row["left"].get("astray", ())}:
                    found.pop(person, None)
        return list(found)

    @cached_property
    def known(self) -> dict[str, Mapping[str, Any]]:
        """What the record says of everybody who was ever in the case."""
        return {person: what for row in self.rows for person, what in _persons(row).items()}

    @cached_property
    def flags(self) -> dict[str, Sequence[str]]:
        """What was said of each person when they were registered: minor, foreigner …"""
        return {person: what.get("flags", ()) for person, what in self.known.items()}

    @cached_property
    def labels(self) -> dict[str, str]:
        """What the record calls each person."""
        return {person: what["label"] for person, what in self.known.items()}

    @cached_property
    def matters(self) -> dict[str, Mapping[str, Any]]:
        """What is supervised in the case: what it is called, and the organ that is to answer (`receiver`)."""
        created = (item for row in self.rows for item in row.get("created", {}).items())
        return {subject: what for subject, what in created if what["kind"] == "matter"}

    @cached_property
    def organs(self) -> set[str]:
        """Every organ that shares the case."""
        return {organ for row in self.rows for organ in row.get("organs", {}).values()}

    @cached_property
    def organ_ids(self) -> dict[str, str]:
        """The organs that share the case, by kind: of several of one kind the one named last."""
        return {kind: organ for row in self.rows for kind, organ in row.get("organs", {}).items()}

    @cached_property
    def supplements(self) -> dict[tuple[str, str], dict[str, Any]]:
        """What an organ added later to what it had said of an act, by the row of the act and the organ."""
        found: dict[tuple[str, str], dict[str, Any]] = {}
        for row in (row for row in self.rows if "supplements" in row):
            found.setdefault((row["supplements"], row["organ"]), {}).update(row["facts"])
        return found

    @cached_property
    def documents(self) -> list[tuple[Row, Rule | None, Mapping[str, Any], Document]]:
        """Every document with legal effect that was handed in, with its row, its step and its entry in the catalogue."""
        known = self.code.catalogue.by_id
        return [
            (row, rule, self.completed(row, paper), document)
            for row, rule in self.taken
            for paper in row.get("documents", ())
            if (document := known.get(paper.get("kind", ""))) is not None and document.kind == "document"
        ]

    def completed(self, row: Row, paper: Mapping[str, Any]) -> Mapping[str, Any]:
        """A paper with what its organ added later, as fact `papers` of a supplement; what was said first stands."""
        if not self.supplements:
            return paper
        later = self.supplements.get((str(row["id"]), str(row["organ"])), {}).get("papers")
        mine = later.get(paper.get("id")) if isinstance(later, dict) else None
        return {**mine, **paper} if isinstance(mine, dict) else paper

    @cached_property
    def taken(self) -> list[tuple[Row, Rule | None]]:
        """Each row with the step of the law that it records, in the edition by which it went; None where it is none."""
        return [(row, _rule_of(self.code, row)) for row in self.rows]

    def told(self, act: Act) -> Mapping[str, Any]:
        """What was said of an act: with it, or added later by the same organ. What was said first stands."""
        facts: Mapping[str, Any] = act.row["facts"]
        if not self.supplements and None not in facts.values():
            return facts
        said = {name: value for name, value in facts.items() if value is not None}
        return {**self.supplements.get((act.transition_id, act.row["organ"]), {}), **said}

    @cached_property
    def lines(self) -> dict[str, dict[str, str]]:
        """Where each line of each subject stands, as the services recorded it."""
        found: dict[str, dict[str, str]] = {}
        for row in self.rows:
            for move in row["moves"]:
                found.setdefault(move["subject"], {})[move["procedure"]] = move["to"]
        return found

    @cached_property
    def in_charge(self) -> dict[str, tuple[str, Row | None]]:
        """The organ in charge of each person's stage, and the row that made it so (None: from the beginning)."""
        found: dict[str, tuple[str, Row | None]] = dict.fromkeys(self.persons, ("police", None))
        for row in self.rows:
            if row["service"] == "case_flow" and "in_charge" in row:
                found.update(dict.fromkeys(row["subjects"], (row["in_charge"], row)))
        return found

    @cached_property
    def custodies(self) -> dict[str, "Custody"]:
        """Every custody as the custody service recorded it."""
        found: dict[str, Custody] = {}
        for row in (row for row in self.rows if row["service"] == "custody_transfer"):
            for custody, what in row.get("created", {}).items():
                found[custody] = Custody(custody, what["person"], row["holders"][custody], row)
            for custody in found.keys() & {*row["subjects"], *row.get("titles", {})}:
                found[custody].read(row)
        return found

    def _acts(self) -> Iterator[Act]:
        held: dict[str, dict[str, bool]] = {}
        person_of, steps, order = self.person_of, self.code.steps, 0
        for row in self.rows:
            moment, recorded = read_moment(row["occurred_at"]), read_moment(row["recorded_at"])
            assert isinstance(recorded, datetime), "recorded_at is an instant"
            day = local_date(moment)
            service, seq = row["service"], row["seq"]
            found = [
                (f"{move['procedure']}:{move['step']}", move["subject"]) for move in row["moves"] if "step" in move
            ]
            admitted: Sequence[tuple[str, str]] = ()
            if "created" in row:
                admitted = [(row["type"], what["person"]) for what in row["created"].values() if "person" in what]
                found += admitted
            found += [(_noted(row), subject) for subject in row.get("concerns", ())]
            if "created" in row:
                found += _taken(row)
            for type_, subject in found:
                person = person_of.get(subject, subject)
                before = held.setdefault(person, {})
                yield Act(type_, person, moment, day, recorded, service, seq, order, _is_held(before), row)
                order += 1
                liberty = steps[type_].liberty if type_ in steps else ""
                if liberty or (type_, subject) in admitted:
                    before[service] = liberty != "given"


def _rule_of(code: Code, row: Row) -> Rule | None:
    step = row["type"].partition(":")[2]
    stated = (move["edition"] for move in row["moves"] if "edition" in move and move.get("step") == step)
    return code.rule(row["type"], next(stated, ""))


def _persons(row: Row) -> Mapping[str, Mapping[str, Any]]:
    """The persons who come into the case by a row of case_flow: registered, or arrived from another."""
    if "created" not in row and "arrived" not in row:
        return {}
    created = {subject: what for subject, what in row.get("created", {}).items() if what["kind"] == "person"}
    return {**created, **row["arrived"]["carried"]["subjects"]} if "arrived" in row else created


def _noted(row: Row) -> str:
    if "event" in row:
        return event_type(row["event"])
    return extension_type(row["extended"]) if "extended" in row else deed_type(row["limit"])


def _taken(row: Row) -> Iterator[tuple[str, str]]:
    """What the registration of goods shows of their seizure, by the decision that it rests on."""
    goods = [item for item, what in row.get("created", {}).items() if what["kind"] == "item"]
    kinds = {paper.get("kind") for paper in row.get("documents", ())} if goods else set()
    for event in dict.fromkeys(event for kind, events in SEIZED_BY.items() if kind in kinds for event in events):
        yield from ((event_type(event), item) for item in goods)


def _is_held(known: Mapping[str, bool]) -> bool:
    """The centre's word counts where there is one; else that of the organ that ordered it."""
    return known.get("custody_transfer", known.get("case_flow", False))


#: The line on which a custody goes and ends; others of its lines have ends of their own.
_CUSTODY = "custody_handover"


class Custody:
    """One person's custody, read off the rows of the custody service."""

    def __init__(self, custody_id: str, person: str, holder: str, row: Row) -> None:
        self.id = custody_id
        self.person = person
        self.holder = holder
        self.receiver: str | None = None
        self.offered: Row | None = None
        self.ended: Row | None = None
        self.titles: list[Mapping[str, Any]] = []
        self.pending: Mapping[str, Any] | None = None
        #: The row by which it began.
        self.began = row
        #: The last reminder that its time runs out.
        self.reminded: Row | None = None
        self.confirmed = 0
        self.accepted = 0
        #: Hand-overs to somebody who refused them.
        self.returned = 0
        #: The hand-over that was accepted last.
        self.taken_over: Row | None = None
        self.last = row

    def read(self, row: Row) -> None:
        """Bring it up to one more row."""
        self.last = row
        title = row.get("titles", {}).get(self.id)
        step = row["type"].partition(":")[2]
        if title is not None:
            if step == "notice_change":
                self.pending = title
            else:
                self.titles.append({**title, "row": row})
        if row["type"].startswith("custody_handover:"):
            match step:
                case "confirm_change" if self.pending is not None:
                    self.titles.append({**self.pending, "row": row})
                    self.pending = None
                case "confirm":
                    self.confirmed += 1
                case "remind" | "remind_commanded" | "remind_in_writing":
                    self.reminded = row
        match row.get("handover"):
            case "offer":
                self.receiver, self.offered = row.get("to_organ"), row
            case "accept":
                self.holder, self.receiver, self.offered = self.receiver or row["organ"], None, None
                self.accepted, self.taken_over = self.accepted + 1, row
            case "return" | "withdraw" as how:
                self.receiver, self.offered = None, None
                self.returned += how == "return"
        mine = (move["to"] for move in row["moves"] if move["subject"] == self.id and move["procedure"] == _CUSTODY)
        if "ended" in mine:
            self.ended = row
