"""A task: what a person must do about a finding that no command mends, by when, and how it comes to its end. Pure.

Nobody ends a task by saying so. It is done when the log shows the deed, which is when its finding closes; that it was done
well is then confirmed by somebody else. If the finding stands again, so does its task, in a new round.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from services.coordinator.domain.finding import Finding
from services.coordinator.domain.ledger import Ledger
from services.coordinator.domain.offices import Desk, ladder
from services.coordinator.domain.repairs import Repair
from services.kernel.errors import NotStanding, Refused, StillStanding, Unacceptable
from services.kernel.period import local_date
from services.kernel.who import RESOLVED, Organ, organ_of
from services.law.holidays import CALENDAR

#: The working days in which a finding is to be mended, by its severity; 0 is the same day, worked or not. Ours, not the law's.
DAYS: Mapping[str, int] = {"critical": 0, "high": 3, "medium": 7, "low": 15}
#: The longest that a re-order may give, from the day on which it is given. Ours, not the law's.
MOST = timedelta(days=30)
#: What a finding's status asks of a person. One that is `unknown` gives no task and ends none; what was done late is done.
WANTED = frozenset({"open", "overdue", "violated"})
LATE = "late"

#: What may happen to a task where it stands, and where it then stands.
MOVES: Mapping[str, Mapping[str, str]] = {
    "ordered": {"": "ordered", "done": "ordered", "done_by_the_log": "ordered", "confirmed": "ordered"},
    "reported": {"ordered": "reported", "reordered": "reported", "reported": "reported", "done_by_the_log": "done"},
    "reordered": {"ordered": "reordered", "reordered": "reordered", "reported": "reordered"},
    "shown": {"ordered": "done_by_the_log", "reordered": "done_by_the_log", "reported": "done"},
    "confirmed": {"done": "confirmed", "done_by_the_log": "confirmed"},
}
#: Where somebody still has to act.
STANDING = frozenset(MOVES["shown"])
STATES_ZH: Mapping[str, str] = {
    "ordered": "已督办，待整改",
    "reported": "已反馈，记录尚未显示整改",
    "reordered": "退回重新整改",
    "done": "记录已显示整改，待确认",
    "done_by_the_log": "未经反馈，记录已显示整改",
    "confirmed": "已确认",
}


@dataclass(frozen=True, slots=True)
class Order:
    """That a finding is to be mended by somebody: at which desk, unless a command that was asked for does it.

    `desk` is None where no organ of the case answers for it; `command` is the id of the command, empty where there is none.
    """

    finding: Finding
    desk: Desk | None
    command: str

    @property
    def organ_id(self) -> str:
        """The organ that owes the deed."""
        return self.desk.organ_id if self.desk is not None else ""

    def as_dict(self) -> dict[str, Any]:
        """What is written down with the order: the finding as it stood, and the desk."""
        return {"finding": self.finding.as_dict(), "desk": asdict(self.desk) if self.desk is not None else None}


def task_id(finding_id: str) -> str:
    """One finding, one task."""
    return f"tsk_{finding_id.removeprefix('fnd_')}"


def orders(ledger: Ledger, findings: Sequence[Finding], repairs: Sequence[Repair]) -> Iterator[Order]:
    """What is to be mended in a case, and by whom."""
    wanted = [finding for finding in findings if finding.status in WANTED]
    if not wanted:
        return
    acted = {str(row["id"]): str(row["organ"]) for row in ledger.rows}
    commands = {repair.about: repair.id for repair in repairs}
    for finding in wanted:
        kind = _kind(ledger, finding)
        organ_id = acted.get(finding.trigger, "")
        desks = ladder(kind, ledger.organ_ids, organ_id if organ_of(organ_id) == kind else None)
        yield Order(finding, next(iter(desks), None), commands.get(finding.id, ""))


def _kind(ledger: Ledger, finding: Finding) -> str:
    """The kind of organ that answers; whoever is in charge where the law names no kind of its own."""
    if finding.owner not in RESOLVED:
        return finding.owner
    return ledger.in_charge.get(finding.subject, (Organ.POLICE.value, None))[0]


def due_on(severity: str, now: datetime) -> date:
    """The last day on which a finding is to be mended that is ordered now."""
    day, left = local_date(now), DAYS[severity]
    while left:
        day += timedelta(days=1)
        left -= CALENDAR.is_workday(day)
    return day


def new_day(text: str, now: datetime) -> date:
    """The last day that a re-order gives. Raises: Unacceptable for a day that has passed, or lies too far ahead."""
    day, today = date.fromisoformat(text), local_date(now)
    wrong = "in_the_past" if day < today else "too_late" if day > today + MOST else ""
    if wrong:
        raise Unacceptable(
            f"重新督办的期限须在今天以后{MOST.days}日以内。",
            f"the new day must lie within {MOST.days} days from today",
            errors=[{"pointer": "/due_on", "code": wrong}],
            params={"most_days": MOST.days},
        )
    return day


def moved(state: str, kind: str, *, missing: Mapping[str, Any]) -> str:
    """Where a task stands after what somebody says of it. `missing` tells what the finding lacks, if it stands.

    Raises: StillStanding for a confirmation of what the log does not show; NotStanding where nothing is to be done any more.
    """
    after = MOVES[kind].get(state)
    if kind == "confirmed" and (missing or state in STANDING):
        raise StillStanding(
            "记录尚未显示整改，不能确认。",
            "the log does not show the deed yet",
            cure=str(missing.get("requirement", "")),
            params={"missing": dict(missing)},
        )
    if after is None:
        raise _settled(state)
    return after


def _settled(state: str) -> Refused:
    return NotStanding(f"该项督办{STATES_ZH[state]}。", f"the task is {state}", params={"state": state})
