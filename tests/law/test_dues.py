"""`services.law.dues`: 一问一答，每一规则都有出处。"""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.kernel.errors import NotComputable
from services.law import CODE
from services.law.dues import FIELDS, RULES, Question, answer, answers, question
from services.law.holidays import CALENDAR, StateCouncilCalendar
from services.law.recomputation import recomputed

NUMBERED = [name for name, limit in CODE.limits.items() if limit.period is not None]
QUESTIONS = st.builds(
    Question,
    st.sampled_from(NUMBERED),
    st.dates(date(2004, 1, 1), date(2030, 1, 1)).map(str),
    st.sampled_from([None, "court", "police"]),
    st.just(None),
    st.just(0),
)
UNWRITTEN = settings(database=None, deadline=None)


def refusal(fields) -> NotComputable:
    with pytest.raises(NotComputable) as caught:
        answer(CODE, question(fields))
    return caught.value


@UNWRITTEN
@given(QUESTIONS)
def test_custody_moves_an_end_only_as_r7a_says(asked):
    """刑事诉讼法第一百零五条第四款：只有“在押的不顺延”的期限因在押与否而不同，且只差节假日。"""
    limit = CODE.limits[asked.limit]
    held, free = (answer(CODE, Question(asked.limit, asked.start, asked.organ, custody)) for custody in (True, False))

    assert held.end.base_end == free.end.base_end
    if limit.custody != "if_detained":
        assert held.end == free.end
        assert (held.held, free.held) == (limit.custody == "always",) * 2
    elif held.end.last_day is not None:
        assert held.end.last_day == held.end.base_end <= free.end.last_day
        assert CALENDAR.is_workday(free.end.last_day)
        assert answer(CODE, asked).if_not_held == free.end


@UNWRITTEN
@given(QUESTIONS)
def test_every_rule_that_is_used_is_explained(asked):
    """每一规则都有说明和出处；答复写明所答的问题，可以据以重新计算。"""
    told = answer(CODE, asked).as_dict()

    assert {rule["rule"] for rule in told["rules"]} <= set(RULES)
    assert question(told["asked"]) == asked
    assert answer(CODE, question(told["asked"])).as_dict() == told


@pytest.mark.parametrize(
    ("fields", "pointer", "said"),
    [
        ({"limit": "prosecution_reveiw", "from": "2026-03-16"}, "/limit", "prosecution_review"),
        ({"limit": "nothing_at_all", "from": "2026-03-16"}, "/limit", "singletrack law limits"),
        ({"limit": 7, "from": "2026-03-16"}, "/limit", "期限的名称"),
        ({"from": "2026-03-16"}, "/limit", "期限的名称"),
        ({"limit": "prosecution_review"}, "/from", "2026-03-16T14:20"),
        ({"limit": "prosecution_review", "from": "2026-02-30"}, "/from", "历法"),
        ({"limit": "prosecution_review", "from": "2026-W12-1"}, "/from", "历法"),
        ({"limit": "prosecution_review", "from": "2026-03-16T25:00"}, "/from", "历法"),
        ({"limit": "prosecution_review", "from": "0001-01-01T00:00+14:00"}, "/from", "历法"),
        ({"limit": "prosecution_review", "from": "1026-03-16"}, "/from", "1980年至2199年"),
        ({"limit": "prosecution_review", "from": "2026-03-16", "organ": "army"}, "/organ", "procuratorate"),
        ({"limit": "prosecution_review", "from": "2026-03-16", "custody": 1}, "/custody", "true"),
        ({"limit": "prosecution_review", "from": "2026-03-16", "extensions": True}, "/extensions", "次数"),
        ({"limit": "prosecution_review", "from": "2026-03-16", "extensions": 2}, "/extensions", "1．延长十五日"),
        ({"limit": "prosecution_review", "from": "2026-03-16", "extensions": -1}, "/extensions", "1．延长十五日"),
        ({"limit": "bail_max", "from": "2026-03-16", "extensions": 1}, "/extensions", "不能延长"),
        ({"limit": "prosecution_review", "from": "2026-03-16", "exclude": [1]}, "/exclude", "列表"),
        ({"limit": "prosecution_review", "from": "2026-03-16", "exclude": ["2026-04-01"]}, "/exclude/0", "停止之日"),
        (
            {"limit": "prosecution_review", "from": "2026-03-16", "exclude": ["2026-04-05..2026-04-01"]},
            "/exclude/0",
            "早于",
        ),
        (
            {
                "limit": "prosecution_review",
                "from": "2026-03-16",
                "exclude": ["2026-04-01..2026-04-03", "2026-03-15..2026-03-17"],
            },
            "/exclude/1",
            "期限自2026-03-16起",
        ),
        (
            {"limit": "prosecution_review", "from": "2026-03-16", "exclude": ["2026-04-17..2026-04-18"]},
            "/exclude/0",
            "期限自2026-03-16至2026-04-16",
        ),
        (
            {"limit": "indictment_copy_service", "from": "2026-10-12", "exclude": ["2026-10-01..2026-10-02"]},
            "/exclude",
            "向前计算",
        ),
        ({"limit": "prosecution_review", "from": "2026-03-16", "until": "x"}, "/until", "、".join(FIELDS)),
        ("prosecution_review", "", "对象"),
    ],
)
def test_what_cannot_be_computed_says_where_and_what_can(fields, pointer, said):
    """不能计算的，指出是哪一项，可以怎样。"""
    found = refusal(fields)

    assert said in found.zh
    assert [each["pointer"] for each in found.errors] == [pointer]


def test_a_limit_without_a_number_is_not_computed():
    """法律没有规定具体期限的，不计算。"""
    without = sorted(set(CODE.limits) - set(NUMBERED))

    assert without
    assert all("法律没有规定具体期限" in refusal({"limit": name, "from": "2026-03-16"}).zh for name in without)


def test_an_exclusion_may_begin_in_what_another_added():
    """R10：第一次停止使期限延后，其间又停止的，继续延后。"""
    asked = Question(
        "investigation_custody", "2026-03-10", exclude=("2026-05-20..2026-05-22", "2026-05-01..2026-05-21")
    )

    assert answer(CODE, asked).end.last_day == date(2026, 5, 31)


def test_months_end_by_the_organ_that_is_bound():
    """人民法院的期限，自月末起算的至月末（最高法刑诉解释第二百零二条第一款）；其他机关至相同日。"""
    ends = {
        organ: answer(CODE, Question("trial_second", "2026-02-28", organ, custody=True)).end.last_day
        for organ in (None, "court", "police")
    }

    assert ends == {None: date(2026, 4, 30), "court": date(2026, 4, 30), "police": date(2026, 4, 28)}


def test_a_list_is_answered_in_order_and_its_faults_are_placed():
    """逐项答复；有误的写明第几项。"""
    told = answers(CODE, [{"limit": "prosecution_review", "from": "2026-03-16"}, {"limit": "no", "from": "2026-03-16"}])

    assert told[0].end.last_day == date(2026, 4, 16)
    assert told[1].zh.startswith("第2项：")
    assert told[1].errors[0]["pointer"] == "/1/limit"


def test_what_was_provisional_is_computed_again_when_the_year_is_published():
    """R7b：放假安排公布后重新计算，写明由何日改为何日、依据哪一版、其间何日为节假日。"""
    asked = Question("prosecution_review", "2031-09-01", custody=False)
    before = answer(CODE, asked).as_dict()
    week = {date(2031, 10, day): False for day in range(1, 8)}
    published = StateCouncilCalendar(week | {date(2031, 10, 11): True})

    trace = recomputed(CODE, before, published)
    told = trace.as_dict()

    assert (before["last_day"], before["provisional"]) == ("2031-10-01", True)
    assert trace.moved
    assert told["was"] == {key: before[key] for key in ("last_day", "deadline", "provisional", "calendar")}
    assert told["now"] == {
        "last_day": "2031-10-08",
        "deadline": None,
        "provisional": False,
        "calendar": published.version,
    }
    assert told["days_off"] == [day.isoformat() for day in sorted(week)]
    assert "由2031-10-01改为2031-10-08" in told["why"]
    assert CALENDAR.version in told["why"]
    assert published.version in told["why"]
    again = recomputed(CODE, told["answer"], published)
    assert not again.moved
    assert "没有变化" in again.why


def test_a_published_year_may_move_nothing():
    """公布后届满日不变的，不再是暂定。"""
    before = answer(CODE, Question("prosecution_review", "2031-09-15", custody=False)).as_dict()
    published = StateCouncilCalendar({date(2031, 10, day): False for day in range(1, 8)})

    trace = recomputed(CODE, before, published)

    assert before["provisional"]
    assert not trace.moved
    assert not trace.now.end.provisional
    assert "届满之日不变" in trace.why
