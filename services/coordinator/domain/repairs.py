"""What the coordinator does by itself: ordinary steps of the service that keeps custody, each for what was concluded. Pure.

Commanded is only what can be taken where the line stands now, and what was told in time: of an end that had passed before
the record knew of it there is a finding, and nothing that a command could still have met.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

from services.coordinator.domain import sealing
from services.coordinator.domain.clocks import Reading
from services.coordinator.domain.finding import Duty, Finding, id_of
from services.coordinator.domain.invariants.freezes import ENTERED_IN
from services.coordinator.domain.ledger import Custody, Ledger
from services.kernel.code import READER, UNTIL
from services.kernel.period import ZONE, due, local_date, read_moment
from services.law import CODE
from services.law.custody_handover import CustodyHandover
from services.law.holidays import CALENDAR
from services.law.property_flow import PropertyFlow
from services.law.titles import SPECIAL_ZH, last_day, title_zh

#: The step that is commanded for an open finding of a kind.
FOR_FINDINGS: Mapping[str, str] = {
    "INV-01": CustodyHandover.offer_commanded.type,
    "INV-03": CustodyHandover.lapse.type,
}
#: The step that is commanded when a duty of the detention centre is due, or its lead time has come.
FOR_DUTIES: Mapping[str, str] = {
    "custody_expiry_reminder": CustodyHandover.remind_commanded.type,
    "custody_expiry_reminder_detention30": CustodyHandover.remind_commanded.type,
    "overdue_custody_report": CustodyHandover.report_overdue_commanded.type,
}


@dataclass(frozen=True, slots=True)
class Repair:
    """An ordinary step on one custody (or item, or dossier) that the coordinator commands, once: `id` is its idempotency key."""

    id: str
    custody_id: str
    type: str
    reason: str
    to_organ: str = ""
    #: The finding that it mends.
    about: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """The step as it is asked for, with the papers that the coordinator makes out."""
        papers = [{"kind": group[0]} for group in CODE.rules[self.type].papers.groups]
        asked: dict[str, Any] = {"type": self.type, "reason": self.reason, "documents": papers}
        asked |= {"facts": dict(self.facts)} if self.facts else {}
        return asked | ({"to_organ": self.to_organ} if self.to_organ else {})


def repairs(ledger: Ledger, findings: Sequence[Finding], duties: Sequence[Duty], reading: Reading) -> list[Repair]:
    """Every step that may be commanded now."""
    return [
        *_for_findings(ledger, findings),
        *_for_goods(ledger, findings, reading),
        *_for_sealed(ledger, reading),
        *_for_duties(ledger, duties, reading),
        *_for_titles(ledger, reading),
    ]


def moments(ledger: Ledger, duties: Sequence[Duty], reading: Reading) -> Iterator[datetime]:
    """When a duty that is met by a command comes due, or came without the logs having been read so far."""
    known = _known(reading)
    for _, _, begin in _to_be_reminded(ledger):
        if (begins := datetime.combine(begin, time(), ZONE)) > known:
            yield begins
    for duty in duties:
        if duty.limit in FOR_DUTIES and duty.status == "open" and duty.due:
            begins = datetime.combine(_day(duty.due), time(), ZONE)
            if begins > known:
                yield begins


def _for_findings(ledger: Ledger, findings: Sequence[Finding]) -> Iterator[Repair]:
    for finding in findings:
        step = FOR_FINDINGS.get(finding.kind)
        custody = _held(ledger, finding.subject) if step else None
        if step is None or custody is None or finding.status == "late" or not _is_ready(ledger, custody, step):
            continue
        organ = _organ_in_charge(ledger, finding.subject) if finding.kind == "INV-01" else ""
        if finding.kind == "INV-01" and organ in {"", custody.holder}:
            continue
        if finding.kind == "INV-03" and _recorded(ledger, finding.trigger) > _day(finding.due):
            continue
        yield Repair(finding.id, custody.id, step, finding.zh, organ, about=finding.id)


def _for_goods(ledger: Ledger, findings: Sequence[Finding], reading: Reading) -> Iterator[Repair]:
    """A freeze or seal past its end lapses on the record, too, once a renewal would long have been entered."""
    step = PropertyFlow.lapse
    for finding in findings:
        if finding.kind == "INV-15" and finding.limit and finding.status == "violated":
            at = ledger.lines.get(finding.subject, {}).get(PropertyFlow.name)
            known = min(reading.now, reading.until(frozenset({"evidence"})))
            told_in_time = _recorded(ledger, finding.trigger) <= _day(finding.due)
            if at in CODE.rules[step.type].at and told_in_time and local_date(known) > _day(finding.due) + ENTERED_IN:
                yield Repair(finding.id, finding.subject, step.type, finding.zh, about=finding.id)


def _for_sealed(ledger: Ledger, reading: Reading) -> Iterator[Repair]:
    """What the other services keep follows the criminal record: sealed with it, open to whom a permit names."""
    today = local_date(reading.now)
    for store in sealing.stores(ledger):
        if not store.is_sealed:
            seal = sealing.sealed_by(ledger, store.person)
            key = id_of(ledger.case_id, "seal", store.target, seal.transition_id)
            yield Repair(key, store.target, store.procedure.seal.type, str(seal.row["zh"]))
            continue
        for permit in sealing.not_shown(ledger, store, today):
            key = id_of(ledger.case_id, "permit", store.target, permit.act.transition_id)
            told = {READER: permit.organ, UNTIL: permit.until.isoformat()}
            yield Repair(key, store.target, store.procedure.permit.type, str(permit.act.row["zh"]), facts=told)


def _for_duties(ledger: Ledger, duties: Sequence[Duty], reading: Reading) -> Iterator[Repair]:
    today = local_date(_known(reading))
    for duty in (each for each in duties if each.limit in FOR_DUTIES and each.status in {"open", "overdue", "unknown"}):
        custody, step = _held(ledger, duty.subject), FOR_DUTIES[duty.limit]
        if custody is None or not duty.due or not _is_ready(ledger, custody, step):
            continue
        start = _day(duty.start)
        is_time = _day(duty.due) <= today and (duty.kind != "advance" or today <= start)
        if is_time and _recorded(ledger, duty.trigger) <= start:
            words = f"{duty.zh}（{start.isoformat()}届满）" if duty.kind == "advance" else duty.zh
            # An end that was moved is another end: it is reminded of again.
            key = id_of(duty.case_id, f"{duty.limit}@{duty.due}", duty.subject, duty.trigger)
            about = id_of(duty.case_id, duty.limit, duty.subject, duty.trigger)
            yield Repair(key, custody.id, step, words, about=about)


def _for_titles(ledger: Ledger, reading: Reading) -> Iterator[Repair]:
    """The reminders of titles that no limit of the law stands for: the time to appeal, and a sentence."""
    today = local_date(_known(reading))
    for custody, end, begin in _to_be_reminded(ledger):
        step, row = CustodyHandover.remind_commanded.type, custody.titles[-1]["row"]
        told_in_time = local_date(read_moment(row["recorded_at"])) <= end
        if begin <= today <= end and told_in_time and _is_ready(ledger, custody, step):
            key = id_of(ledger.case_id, f"custody_expiry_reminder@{end}", custody.person, str(row["id"]))
            yield Repair(key, custody.id, step, f"{title_zh(custody.titles[-1]['kind'])}即将届满（{end}届满）")


def _to_be_reminded(ledger: Ledger) -> Iterator[tuple[Custody, date, date]]:
    """The open custodies on such titles that nobody reminded of yet, the last day of each, and from when to remind."""
    limit = CODE.limits["custody_expiry_reminder"]
    assert limit.period is not None, "seven days"
    for custody in ledger.custodies.values():
        title = custody.titles[-1] if custody.ended is None and custody.titles else None
        if title is None or title["kind"] not in SPECIAL_ZH or (end := last_day(custody.titles)) is None:
            continue
        if custody.reminded is None or custody.reminded["seq"] < title["row"]["seq"]:
            ends = due(
                limit.period, end, roll=limit.roll, month_end=limit.month_end, held=False, calendar=CALENDAR,
                backward=True,
            )  # fmt: skip
            assert ends.last_day is not None, "a period of days"
            yield custody, end, ends.last_day


def _known(reading: Reading) -> datetime:
    """The moment up to which both logs that show a deed are known."""
    return min(reading.now, reading.until(frozenset({"case_flow", "custody_transfer"})))


def _held(ledger: Ledger, person: str) -> Custody | None:
    return next((each for each in ledger.custodies.values() if each.person == person and each.ended is None), None)


def _is_ready(ledger: Ledger, custody: Custody, step: str) -> bool:
    """Whether the step could be taken where the line of the custody stands."""
    line, at = CODE.lines[CustodyHandover.name], CODE.rules[step].at
    now = ledger.lines.get(custody.id, {}).get(line.name, line.initial)
    return now in at or (now in line.ends and line.initial in at)


def _organ_in_charge(ledger: Ledger, person: str) -> str:
    kind, _ = ledger.in_charge[person]
    organs = [
        row["organs"][kind] for row in ledger.rows if row["service"] == "case_flow" and kind in row.get("organs", {})
    ]
    return str(organs[-1]) if organs else ""


def _recorded(ledger: Ledger, transition_id: str) -> date:
    """The day on which a row was recorded; the last of all days for one that is not there."""
    row = next((row for row in ledger.rows if row["id"] == transition_id), None)
    return local_date(read_moment(row["recorded_at"])) if row is not None else date.max


def _day(text: str) -> date:
    return local_date(read_moment(text))
