"""What follows from the ends of periods: which of several counts, what was done in time, when a judgment is final.

The rest of the table of computation, for which one period alone is not enough. Pure; knows no procedure.

R9   an extension takes effect only if granted before the old end  人民检察院刑事诉讼规则（2019）第三百零九条
R15  a paper that was posted counts from its postmark              刑事诉讼法（2018）第一百零五条第三款
R16  a party may ask for a missed period back                      刑事诉讼法（2018）第一百零六条
R18  review of arrest: the earlier of its end and the outer bound  刑事诉讼法（2018）第九十一条
R21  custody ends with the first of its titles to end
R23  a judgment is final after the last period to appeal           刑事诉讼法（2018）第二百三十条、第二百三十三条
S5   死缓: two years, then the term it was commuted to             最高法刑诉解释（2021）第四百九十八条; 刑法第五十一条
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta

from services.kernel.period import (
    Calendar,
    Due,
    Extension,
    Moment,
    MonthEnd,
    Roll,
    days,
    due,
    local_date,
    sentence_end,
)

_DAY = timedelta(days=1)
_TO_RESTORE = days(5)
_REPRIEVE_YEARS = 2


def timely(
    granted: Iterable[tuple[Moment, Extension]], end: Callable[[Sequence[Extension]], Due]
) -> tuple[Extension, ...]:
    """The extensions that took effect: those granted before what was the end by then (R9).

    Shape: `granted` in the order granted; `end` computes the end with so many extensions. One that came too late has
    nothing left to extend, and nor has any after it.
    """
    kept: list[Extension] = []
    for moment, extension in granted:
        if end(kept).is_past(moment):
            break
        kept.append(extension)
    return tuple(kept)


def lodged(received: Moment, posted: Moment | None = None) -> Moment:
    """When a paper counts as handed in: when it was posted, if it came by post; the way is nobody's fault (R15).

    Raises: ValueError for a paper received before it was posted.
    """
    if posted is None:
        return received
    if local_date(posted) > local_date(received):
        raise ValueError(f"a paper cannot be received ({received}) before it is posted ({posted})")
    return posted


def restoration(obstacle_ended: Moment, *, calendar: Calendar) -> Due:
    """Until when a party who missed a period through no fault of theirs may ask for it back; organs never may (R16)."""
    return due(
        _TO_RESTORE, obstacle_ended, roll=Roll.ROLL, month_end=MonthEnd.CORRESPONDING, held=False, calendar=calendar
    )


def custody_end(ends: Iterable[date | None]) -> date:
    """The last day on which all titles hold together: the earliest of their ends (R18, R21, R22, R24).

    Raises: ValueError for no title at all, and for one without an end: that is an error of the record, not for ever.
    """
    known = list(ends)
    if not known or None in known:
        raise ValueError("nobody is held on no title, or on one without an end")
    return min(end for end in known if end is not None)


def final_on(appeal_ends: Iterable[date]) -> date:
    """The day on which a judgment takes effect that nobody appealed: after the last of all recipients' periods (R23).

    Shape: the last day to appeal of every recipient, after any roll-over. Raises: ValueError if nobody was served.
    """
    return max(appeal_ends) + _DAY


def reprieve_end(served: date) -> date:
    """The last of the two years of 死缓, from the day on which the judgment was pronounced or served (S5)."""
    return sentence_end(served, years=_REPRIEVE_YEARS)


def commuted_end(served: date, *, years: int = 0, months: int = 0) -> date:
    """The last day of the term to which 死缓 was commuted: it begins when the two years are over (S5).

    No earlier custody is credited. Raises: ValueError for a term of nothing.
    """
    return sentence_end(reprieve_end(served) + _DAY, years=years, months=months)
