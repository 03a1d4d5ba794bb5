"""The most lawful day for a step that no document states, between the days that are stated.

What a document does not say is never held against anyone: an inferred step is put where the law wants it, as far as the
stated days leave room.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from services.kernel.period import plus_months
from singletrack.replay.roads import JUDGING

TAKING = ("arrest_review:execute", "arrest_review:execute_on_capture")


@dataclass(frozen=True, slots=True)
class Known:
    """What is known when a step is inferred: the days of the steps before, and the stated step that needs it.

    `last` is the latest day so far, `target` and `day` the step that needs this one, `held` whether a custody is open.
    """

    since: Mapping[str, date]
    first_day: date
    last: date
    target: str
    day: date
    held: bool

    def latest(self, *steps: str) -> date:
        """The latest day of any of these steps; the target's day where none was taken."""
        return max((self.since[step] for step in steps if step in self.since), default=self.day)


def most_lawful_day(step: str, known: Known) -> date:
    """The day for an inferred step: by its own rule, else as early as the steps before it allow."""
    rule = _RULES.get(step)
    return rule(known) if rule is not None else min(known.last, known.day)


def _first(known: Known) -> date:
    return known.first_day


def _same_day(known: Known) -> date:
    return known.day


def _request(known: Known) -> date:
    """No later than the thirtieth day of detention, no earlier than the seven days of the review."""
    start = known.latest("criminal_detention:detain")
    return min(max(start, known.day - timedelta(days=7)), start + timedelta(days=30), known.day)


def _extension(known: Known) -> date:
    return min(known.latest("criminal_detention:detain") + timedelta(days=3), known.day)


def _acceptance_of_request(known: Known) -> date:
    return max(known.since.get("criminal_detention:request_arrest", known.last), known.last)


def _transfer(known: Known) -> date:
    """Twenty days before the charge, so that the court has its time too, within the investigation custody."""
    transferred = known.since.get("investigation_close:transfer")
    if transferred is not None and known.target == "prosecution_review:review":
        return transferred
    best = known.day - timedelta(days=20)
    arrested = max((known.since[name] for name in TAKING if name in known.since), default=None)
    if arrested is not None:
        best = min(max(arrested, best), plus_months(arrested, 2))
    return max(known.last, min(best, known.day))


def _resubmission(known: Known) -> date:
    return max(known.last, min(known.day, plus_months(known.latest("prosecution_review:return"), 1)))


def _filing(known: Known) -> date:
    charged = known.latest("prosecution_review:charge")
    return max(charged, min(known.day, charged + timedelta(days=7)))


def _second_instance(known: Known) -> date:
    """Two months before its judgment; where somebody is held, no later than the titles of the first instance reach."""
    if known.target == "second_trial:accept":
        return max(known.last, known.day - timedelta(days=5))
    latest = min(known.day, plus_months(known.day, -2) + timedelta(days=1))
    if known.held:
        latest = min(latest, known.latest(*JUDGING) + timedelta(days=15))
    return max(known.last, latest)


_RULES: Mapping[str, Callable[[Known], date]] = {
    "case_intake:accept": _first,
    "case_intake:file": _first,
    "criminal_detention:request_arrest": _request,
    "arrest_review:request": _request,
    "criminal_detention:extend": _extension,
    "arrest_review:accept": _acceptance_of_request,
    "arrest_review:approve": _same_day,
    "arrest_review:refuse": _same_day,
    "arrest_review:decide_court": _same_day,
    "arrest_review:decide_procuratorate": _same_day,
    "investigation_close:conclude": _transfer,
    "investigation_close:transfer": _transfer,
    "investigation_close:accept": _transfer,
    "supplementary_return:resubmit": _resubmission,
    "court_intake:file": _filing,
    "first_trial:open_ordinary": _same_day,
    "first_trial:open_simplified": _same_day,
    "first_trial:open_fast": _same_day,
    "first_trial:deliberate": _same_day,
    "second_trial:transfer": _second_instance,
    "second_trial:accept": _second_instance,
}
