"""几个期间之间的关系：延长是否及时，哪一个先届满，判决何时生效，死缓减刑后的刑期。"""

from datetime import date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.kernel.ends import commuted_end, custody_end, final_on, lodged, reprieve_end, restoration, timely
from services.kernel.period import ZONE, Extension, Mode, MonthEnd, Roll, days, due, months
from services.law import CODE
from services.law.holidays import CALENDAR

ONE_MORE, TWO_MORE = Extension(months(1), Mode.ADD), Extension(months(2), Mode.ADD)


def custody_from(start: date):
    """The period of custody for investigation, with so many extensions."""

    def end(extensions):
        return due(
            months(2),
            start,
            extensions=extensions,
            roll=Roll.NEVER,
            month_end=MonthEnd.CORRESPONDING,
            held=True,
            calendar=CALENDAR,
        )

    return end


@pytest.mark.parametrize(
    ("granted", "kept"),
    [
        (["2026-03-10", "2026-04-10"], 2),
        (["2026-03-11", "2026-04-10"], 0),
        (["2026-03-05", "2026-04-11"], 1),
        ([], 0),
    ],
)
def test_an_extension_takes_effect_only_before_the_old_end(granted, kept):
    """人民检察院刑事诉讼规则第三百零九条：期限届满后批准的延长不发生效力（R9）。"""
    moments = [date.fromisoformat(day) for day in granted]
    extensions = list(zip(moments, (ONE_MORE, TWO_MORE), strict=False))

    assert timely(extensions, custody_from(date(2026, 1, 10))) == (ONE_MORE, TWO_MORE)[:kept]


def test_a_paper_counts_from_its_postmark():
    """刑事诉讼法（2018）第一百零五条第三款：期满前已经交邮的，不算过期（R15）。"""
    appeal = due(days(10), date(2026, 4, 1), roll=Roll.ROLL, month_end=MonthEnd.LAST_DAY, held=False, calendar=CALENDAR)
    received, posted = date(2026, 4, 15), date(2026, 4, 13)

    assert appeal.is_past(lodged(received))
    assert not appeal.is_past(lodged(received, posted))
    with pytest.raises(ValueError, match="before it is posted"):
        lodged(posted, received)


def test_a_party_may_ask_for_a_missed_period_within_five_days():
    """刑事诉讼法（2018）第一百零六条：障碍消除后五日以内申请（R16）；遇节假日顺延。"""
    assert restoration(date(2026, 5, 20), calendar=CALENDAR).last_day == date(2026, 5, 25)
    assert restoration(date(2026, 4, 27), calendar=CALENDAR).last_day == date(2026, 5, 6)


@pytest.mark.parametrize(("extensions", "bound"), [(0, 10), (1, 14), (2, 37)])
def test_detention_and_review_together_are_bounded(extensions, bound):
    """刑事诉讼法（2018）第九十一条：拘留三日、七日或者三十日，加审查七日，至多十日、十四日、三十七日（R18）。"""
    request, review = CODE.limits["detention_request_arrest"], CODE.limits["arrest_review_detained"]
    detained = date(2026, 3, 2)
    facts = {"roll": Roll.NEVER, "month_end": MonthEnd.CORRESPONDING, "held": True, "calendar": CALENDAR}

    requested = due(request.period, detained, extensions=request.extensions[:extensions], **facts).last_day
    reviewed = due(review.period, requested, **facts).last_day
    decided = date(2026, 3, 6)

    assert (reviewed - detained).days == bound
    assert custody_end([decided, reviewed]) == decided


@settings(database=None, deadline=None)
@given(st.lists(st.dates(), min_size=1), st.randoms(use_true_random=False))
def test_custody_ends_with_the_first_of_its_titles(ends, random):
    """R21：数个羁押依据并存的，以最先届满者为准，与先后无关；R22、R24 同。"""
    found = custody_end(ends)

    assert found in ends
    assert all(found <= each for each in ends)
    assert found == custody_end(random.sample(ends, len(ends)))


@pytest.mark.parametrize("titles", [[], [None], [date(2026, 3, 2), None]])
def test_custody_without_an_end_is_an_error(titles):
    """R21：没有依据，或者依据没有届满日的，是记录的错误，不是无期限。"""
    with pytest.raises(ValueError, match="nobody is held"):
        custody_end(titles)


def test_pending_appeal_never_outlasts_the_sentence():
    """R24（b）：上诉期间的羁押不得超过一审判处的刑期。"""
    assert custody_end([date(2026, 5, 20), date(2026, 5, 12)]) == date(2026, 5, 12)


def test_a_judgment_is_final_after_the_last_period_to_appeal():
    """刑事诉讼法（2018）第二百三十条：每个受送达人各自计算，最后一人期满的次日生效（R23）。"""
    served = (date(2026, 4, 1), date(2026, 4, 24), date(2026, 4, 20))
    facts = {"roll": Roll.ROLL, "month_end": MonthEnd.LAST_DAY, "held": False, "calendar": CALENDAR}
    last_days = [due(CODE.limits["appeal_judgment"].period, day, **facts).last_day for day in served]

    assert last_days == [date(2026, 4, 13), date(2026, 5, 6), date(2026, 4, 30)]
    assert final_on(last_days) == date(2026, 5, 7)
    with pytest.raises(ValueError, match="empty"):
        final_on([])


def test_a_reprieve_is_two_years_and_the_commuted_term_follows():
    """刑法第五十一条、最高法刑诉解释第四百九十八条：死缓二年自宣告或者送达之日起，减刑后的刑期自期满起（S5）。"""
    assert reprieve_end(date(2026, 3, 16)) == date(2028, 3, 15)
    assert commuted_end(date(2026, 3, 16), years=25) == date(2053, 3, 15)
    assert reprieve_end(date(2024, 2, 29)) == date(2026, 2, 27)


def test_an_instant_is_late_to_the_minute():
    """R9：以小时计算的，以该时刻为准。"""
    start = datetime(2026, 3, 2, 14, 20, tzinfo=ZONE)
    limit = CODE.limits["summons_duration"]

    def end(extensions):
        facts = {"roll": Roll.NEVER, "month_end": MonthEnd.CORRESPONDING, "held": True, "calendar": CALENDAR}
        return due(limit.period, start, extensions=extensions, **facts)

    at, late = datetime(2026, 3, 3, 2, 20, tzinfo=ZONE), datetime(2026, 3, 3, 2, 21, tzinfo=ZONE)
    assert timely([(at, limit.extensions[0])], end) == limit.extensions
    assert timely([(late, limit.extensions[0])], end) == ()
