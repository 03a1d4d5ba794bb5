"""Nobody acts: an open case, or a person at liberty under a measure, on which nothing of substance was done for long. Pure.

Time counts from when the last act of substance was recorded: what is told late was attended to late. Who waits for
another organ's limit, or for a matter that was lawfully stayed, is not idle.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from services.coordinator.domain.finding import Finding
from services.coordinator.domain.invariants.case import Case, breach, cites
from services.coordinator.domain.ledger import Act
from services.kernel.period import local_date
from services.kernel.statute import Citation
from services.kernel.who import HANDLING, Organ, organ_of
from services.law import CODE
from services.law.road import is_over, is_through
from services.law.statutes import CPL

#: After how long somebody counts as idle. Ours, not the law's.
AFTER: Mapping[str, timedelta] = {"idle_case": timedelta(days=60), "idle_bail": timedelta(days=30)}
#: That a case is handled in time; that bail and surveillance interrupt nothing.
_LAW: Mapping[str, tuple[Citation, ...]] = {"idle_case": (CPL[2],), "idle_bail": (CPL[79, 1],)}
_REPAIR: Mapping[str, str] = {
    "idle_case": "继续办理，或者依法中止、撤销、终结；书面说明停滞的原因",
    "idle_bail": "继续侦查、审查起诉或者审理；不需要继续追究的，解除措施、终结案件",
}
#: What is done with goods where they are kept moves no case on.
_KEEPING = frozenset(f"property_flow:{step}" for step in ("store", "check_in", "check_out", "store_price"))
#: The steps that move a case on. Not what a clock or a party does, nor who holds a person, where, and for which visit; nor
#: what only keeps records: notes, supplements, dossiers, drafts.
SUBSTANTIVE = frozenset(
    rule.type
    for rule in CODE.rules.values()
    if rule.kept_by != "custody_transfer"
    and rule.organ not in {Organ.SYSTEM, Organ.PARTY}
    and rule.type not in _KEEPING
) | {"property_record:register"}
#: Where the line of a person stands who waits by law: stayed, examined, on probation, announced, on the way elsewhere.
STAYED = frozenset(
    {
        ("custody_extension", "paused"),
        ("prosecution_review", "conditional"),
        ("prosecution_review", "jurisdiction_moved"),
        ("first_trial", "suspended"),
        ("first_trial", "moved"),
        ("special_procedures", "announced"),
    }
)
_AT_LIBERTY = {
    ("bail", "executing"),
    ("bail", "violated"),
    ("bail", "redecided"),
    ("residential_surveillance", "executing_home"),
    ("residential_surveillance", "executing_designated"),
    ("residential_surveillance", "redecided"),
}
_LOGS = frozenset({"case_flow", "custody_transfer", "evidence"})


@dataclass(frozen=True, slots=True)
class Watched:
    """Whoever must not be idle: the persons of a case (none where nobody is in it yet), the organ, and the acts that count."""

    kind: str
    subject: str
    persons: Sequence[str]
    organ: str
    acts: Sequence[Act]


def nobody_idles(case: Case) -> Iterator[Finding]:
    """REQ-34 未结的案件六十日、取保候审和监视居住的人三十日没有实质性办案活动的，是停滞。"""
    known = min(case.reading.now, case.reading.until(_LOGS))
    for each in _watched(case):
        last = next((act for act in reversed(each.acts) if act.row["type"] in SUBSTANTIVE), None)
        if last is None:
            continue
        moment = last.recorded + AFTER[each.kind]
        if moment > known:
            case.waits.append(moment)
            continue
        organ = each.organ or str(organ_of(str(last.row["organ"])) or Organ.POLICE)
        waiting = _waiting(case, organ)
        if waiting >= ({*each.persons} or {case.ledger.case_id}) or case.ledger.case_id in waiting:
            continue
        days = AFTER[each.kind].days
        yield breach(
            case,
            each.kind,
            each.subject,
            f"{last.day}“{last.row['zh']}”以后，{Organ(organ).zh}逾{days}日没有实质性办案活动。",
            f"no act of substance for {days} days since {last.row['type']} on {last.day}",
            severity="medium",
            owner=organ,
            law_ref=cites(*_LAW[each.kind]),
            due=local_date(moment).isoformat(),
            at=str(last.row["occurred_at"]),
            trigger=last.transition_id,
            repair=_REPAIR[each.kind],
        )


def _watched(case: Case) -> Iterator[Watched]:
    """Each person at liberty by themselves; all others of the case together, by the organ that is in charge of them."""
    ledger = case.ledger
    lines, of_case = ledger.lines, ledger.lines.get(ledger.case_id, {})
    by_organ: dict[str, list[str]] = {}
    for person in ledger.persons:
        mine = lines.get(person, {})
        if is_through(mine, of_case, ledger.code):
            continue
        organ, _ = ledger.in_charge[person]
        if not _AT_LIBERTY.isdisjoint(mine.items()):
            yield Watched("idle_bail", person, (person,), organ, ledger.by_subject.get(person, ()))
        else:
            by_organ.setdefault(organ, []).append(person)
    for organ, persons in by_organ.items():
        whom = {*persons, ledger.case_id}
        alone = len(by_organ) == 1
        acts = ledger.acts if alone else [act for act in ledger.acts if act.subject in whom]
        yield Watched("idle_case", ledger.case_id if alone else persons[0], persons, organ, acts)
    if not ledger.known and "case_intake" in of_case and not is_over(of_case, ledger.code):
        yield Watched("idle_case", ledger.case_id, (), "", ledger.acts)


def _waiting(case: Case, organ: str) -> set[str]:
    """Who (or whether the case) waits: a line or a clock is stayed, or a limit of another organ runs."""
    stayed = {person for person in case.ledger.persons if STAYED & case.ledger.lines.get(person, {}).items()}
    others = HANDLING - {organ}
    running = (duty for duty in case.owed.duties if duty.status == "open" and duty.due)
    return stayed | {
        duty.subject
        for duty in running
        if (duty.kind == "obligation" and duty.owner in others)
        or (duty.excluded and not duty.excluded[-1]["resumed_by"])
    }
