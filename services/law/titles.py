"""Titles to hold a person: which of them hold together, and when custody ends (R21, R24). Pure.

A title that follows takes the place of the one before. Only the sentence of a judgment that is not final yet goes on
beside what follows it: nobody is held longer than they were sentenced to.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from services.kernel.ends import custody_end
from services.law import CODE
from services.law.statutes import CPL, PC, SPC, XS00

Title = Mapping[str, Any]

#: The titles that have no limit of their own, by their names, and the provisions they rest on.
SPECIAL_ZH: Mapping[str, str] = {"sentence": "刑期", "appeal_pending": "上诉期间", "death_review": "死刑复核"}
SPECIAL_LAW = {
    "sentence": (PC[41], PC[44], PC[47], CPL[264]),
    "appeal_pending": (CPL[230], SPC[170], SPC[381], XS00[6]),
    "death_review": (CPL[246], CPL[247]),
}
#: What a sentence that is not final runs beside.
PENDING = frozenset({"appeal_pending", "trial_second", "death_review"})


def title_zh(kind: str) -> str:
    """What a title is called."""
    limit = CODE.limits.get(kind)
    return limit.zh if limit is not None else SPECIAL_ZH.get(kind, kind)


def replaces(later: Title, title: Title) -> bool:
    """Whether a later title takes the place of an earlier one."""
    return not (title["kind"] == "sentence" and later["kind"] in PENDING)


def in_force(titles: Sequence[Title]) -> list[Title]:
    """The titles on which somebody is held now, of all in the order in which they were given."""
    return [
        title for place, title in enumerate(titles) if not any(replaces(later, title) for later in titles[place + 1 :])
    ]


def last_day(titles: Sequence[Title]) -> date | None:
    """The last day on which all titles in force hold together; None where none of them has an end."""
    ends = [date.fromisoformat(title["end"]) for title in in_force(titles) if title["end"]]
    return custody_end(ends) if ends else None
