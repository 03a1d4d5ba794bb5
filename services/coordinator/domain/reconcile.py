"""Concluding: the whole ledger of a case in, everything owed, broken and contradictory out. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from operator import attrgetter

from services.coordinator.domain.alerts import NOTHING, Alert, Heard, alerts
from services.coordinator.domain.chains import Chain, chains
from services.coordinator.domain.clocks import Clocks, Reading
from services.coordinator.domain.duties import duties
from services.coordinator.domain.finding import Duty, Finding
from services.coordinator.domain.invariants import REPLACED, RULES, Case
from services.coordinator.domain.ledger import Ledger, Row
from services.coordinator.domain.repairs import Repair, moments, repairs
from services.coordinator.domain.shared import NOBODY, Others
from services.coordinator.domain.task import Order, orders
from services.kernel.code import Code
from services.kernel.period import ZONE

#: The logs that a whole conclusion needs.
LOGS = frozenset({"case_flow", "custody_transfer", "evidence"})
#: How soon to look again where a log had not been read far enough to say.
AGAIN = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What was concluded about a case, what may be commanded, and when to look again though nothing happens.

    `rights` are the clocks under which nothing is owed. `is_whole` is False where the case could not be held against the law: what was found before then still stands.
    `alerts` are to be told now, `standing` the ids of all that stand, told before or now; None where no log had been read
    to its end yet, so that nobody knows.
    """

    case_id: str
    findings: tuple[Finding, ...]
    duties: tuple[Duty, ...]
    repairs: tuple[Repair, ...]
    look_at: datetime | None
    is_whole: bool = True
    rights: tuple[Duty, ...] = ()
    alerts: tuple[Alert, ...] = ()
    standing: tuple[str, ...] | None = None
    #: What persons have to mend; None where nobody knows yet.
    orders: tuple[Order, ...] | None = None
    #: What is supervised, act by act.
    chains: tuple[Chain, ...] = ()


def not_concluded(case_id: str) -> Conclusion:
    """That a case cannot be held against the law, which is itself to be found: nobody watches over it."""
    finding = Finding(
        case_id=case_id,
        kind="not_concluded",
        subject=case_id,
        status="unknown",
        severity="critical",
        owner="system",
        zh="本案：记录中有系统无法对照法律核对的内容，本案暂不在监督之中，此前发现的问题仍然有效。",
        en="the record holds something that cannot be held against the law; what was found before still stands",
        law_ref="",
        repair="由系统维护人员查明记录中的内容",
    )
    return Conclusion(case_id, (finding,), (), (), None, is_whole=False)


def reconcile(
    case_id: str,
    rows: Sequence[Row],
    *,
    code: Code,
    clocks: Clocks,
    reading: Reading,
    tolerance: timedelta,
    heard: Heard = NOTHING,
) -> Conclusion:
    """Everything that can be concluded about one case, as far as each log has been read.

    Reads the whole ledger every time, never a difference, so repeated or late news changes the answer and cannot
    corrupt it. A duty is overdue only if the log that would show the deed has been read past the due moment.
    """
    return conclude(Ledger(case_id, rows, code), clocks=clocks, reading=reading, tolerance=tolerance, heard=heard)


def conclude(
    ledger: Ledger,
    *,
    clocks: Clocks,
    reading: Reading,
    tolerance: timedelta,
    others: Others = NOBODY,
    heard: Heard = NOTHING,
) -> Conclusion:
    """The same, of a ledger, with what other cases say of things that this one shares with them, and what was told before."""
    owed = duties(ledger, clocks, reading)
    case = Case(ledger, owed, reading, tolerance, others)
    found = {finding.id: finding for finding in owed.findings if finding.kind not in REPLACED}
    for rule in RULES:
        for finding in rule(case):
            found[finding.id] = finding
    told = alerts(ledger, owed.duties, clocks, reading, heard) if reading.read.keys() >= LOGS else None
    if told is not None:
        found.update((finding.id, finding) for finding in told.findings)
        case.waits.extend(told.waits)
    findings = sorted(found.values(), key=attrgetter("kind", "subject", "due", "id"))
    commands = tuple(repairs(ledger, findings, owed.duties, reading))
    return Conclusion(
        ledger.case_id,
        tuple(findings),
        tuple(owed.duties),
        commands,
        _look_at(case),
        rights=tuple(owed.rights),
        alerts=tuple(told.new) if told is not None else (),
        standing=tuple(told.standing) if told is not None else None,
        orders=tuple(orders(ledger, findings, commands)) if told is not None else None,
        chains=tuple(chains(ledger, owed.duties, owed.rights)),
    )


def _look_at(case: Case) -> datetime | None:
    """The next moment at which time alone, or reading on, would change the answer."""
    reading = case.reading
    later = [*case.waits, *([case.owed.look_at] if case.owed.look_at is not None else [])]
    later += moments(case.ledger, case.owed.duties, reading)
    ends = [
        datetime.combine(date.fromisoformat(title["end"]) + timedelta(days=1), time(), ZONE)
        for custody in case.ledger.custodies.values()
        if custody.ended is None
        for title in custody.titles[-1:]
        if title["end"]
    ]
    read_until = min(reading.now, reading.until(frozenset({"custody_transfer"})))
    later += [end for end in ends if end > read_until]
    if not reading.read.keys() >= LOGS:
        later.append(reading.now)
    soonest = min(later, default=None)
    # A moment that has passed is one that some log had not been read to.
    return soonest if soonest is None or soonest > reading.now else reading.now + AGAIN
