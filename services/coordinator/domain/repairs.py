"""What the coordinator does by itself: ordinary steps of the service that keeps custody, each for what was concluded. Pure.

Commanded is only what can be taken where the line stands now, and what was told in time: of an end that had passed before
the record knew of it there is a finding, and nothing that a command could still have met.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from services.coordinator.domain.clocks import Reading
from services.coordinator.domain.finding import Duty, Finding, id_of
from services.coordinator.domain.ledger import Custody, Ledger
from services.kernel.period import ZONE, local_date, read_moment
from services.law import CODE
from services.law.custody_handover import CustodyHandover

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
    """An ordinary step on one custody that the coordinator commands, once: `id` is its idempotency key."""

    id: str
    custody_id: str
    type: str
    reason: str
    to_organ: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The step as it is asked for, with the papers that the coordinator makes out."""
        papers = [{"kind": group[0]} for group in CODE.rules[self.type].papers.groups]
        asked: dict[str, Any] = {"type": self.type, "reason": self.reason, "documents": papers}
        return asked | ({"to_organ": self.to_organ} if self.to_organ else {})


def repairs(ledger: Ledger, findings: Sequence[Finding], duties: Sequence[Duty], reading: Reading) -> list[Repair]:
    """Every step that may be commanded now."""
    return [*_for_findings(ledger, findings), *_for_duties(ledger, duties, reading)]


def moments(duties: Sequence[Duty], reading: Reading) -> Iterator[datetime]:
    """When a duty that is met by a command comes due, or came without the logs having been read so far."""
    known = _known(reading)
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
        yield Repair(finding.id, custody.id, step, finding.zh, organ)


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
            yield Repair(key, custody.id, step, words)


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
