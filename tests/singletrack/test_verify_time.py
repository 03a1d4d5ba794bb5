"""The stand-alone verifier: it agrees with the kernel on every end, needs nothing but Python, and locates a byte."""

import hashlib
import json
import os
import subprocess
import sys
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.kernel.period import ZONE, Extension, Mode, MonthEnd, Period, Roll, due, sentence_end
from services.kernel.transition import instant
from services.law.holidays import CALENDAR, StateCouncilCalendar
from services.law.terms import lengthening
from singletrack import verify_time
from singletrack.verify_time import Calendar, compute, moment, pointer_at, sealed, sentence, verify

DAYS = st.dates(date(2005, 1, 1), date(2035, 12, 31))
BOUNDS = (datetime(2005, 1, 1), datetime(2035, 12, 31))  # noqa: DTZ001 - hypothesis adds the zone later
INSTANTS = st.datetimes(*BOUNDS).map(lambda at: at.replace(tzinfo=ZONE))
BY_DAY = st.builds(
    lambda months, days: Period(months=months, days=days, same_day=not (months or days)),
    st.integers(0, 30),
    st.integers(0, 60),
)
BY_HOUR = st.integers(0, 100).map(lambda hours: Period(hours=hours))
CUSTODY = st.sampled_from(("none", "if_detained", "always"))


def extended(periods):
    """Up to three extensions that can be added to what they extend."""
    closed = st.builds(Extension, periods, st.sampled_from((Mode.ADD, Mode.REPLACE)))
    return st.lists(st.one_of(closed, closed, closed, st.just(Extension(None, Mode.OPEN))), max_size=3)


def text(when):
    """As a proof writes it."""
    return instant(when) if isinstance(when, datetime) else when.isoformat()


def both(period, start, extensions, pauses, roll, month_end, custody, *, held, before=False, working_days=False):
    """What the kernel says and what the verifier says, in the same words."""
    ends = due(
        period,
        start,
        extensions=extensions,
        excluded=pauses,
        roll=Roll.NEVER if custody == "always" else roll,
        month_end=month_end,
        held=held and custody != "none",
        calendar=CALENDAR,
        backward=before,
        working_days=working_days,
        strict_custody_days=custody == "always",
    )
    terms = {
        "duration": period.iso,
        "roll": roll.value,
        "custody": custody,
        "month_end": month_end.value,
        "before": before,
        "working_days": working_days,
    }
    proof = {
        "start": text(start),
        "held": held,
        "extensions": [lengthening(each) for each in extensions],
        "excluded": [{"from": stop.isoformat(), "until": resume.isoformat()} for stop, resume in pauses],
    }
    told = compute(terms, proof, Calendar.read(CALENDAR.as_dict())).told()
    days = {"base_end": ends.base_end, "last_day": ends.last_day}
    known = {name: day.isoformat() if day else "" for name, day in days.items()}
    known["deadline"] = instant(ends.deadline) if ends.deadline else ""
    known |= {"provisional": ends.provisional, "rules": list(ends.rules)}
    return known, {name: told[name] for name in known}


@settings(max_examples=1500, deadline=None)
@given(
    period=BY_DAY,
    start=st.one_of(DAYS, INSTANTS),
    extensions=extended(BY_DAY),
    stops=st.lists(st.tuples(st.integers(-20, 90), st.integers(0, 60)), max_size=3),
    roll=st.sampled_from(Roll),
    month_end=st.sampled_from(MonthEnd),
    custody=CUSTODY,
    held=st.booleans(),
)
def test_days_and_months(period, start, extensions, stops, roll, month_end, custody, held):
    """按日、按月的期限：延长、停止、顺延、在押，两套算法结果相同，依据的规则也相同。"""
    day = start.date() if isinstance(start, datetime) else start
    pauses = [(day + timedelta(days=stop), day + timedelta(days=stop + length)) for stop, length in stops]
    kernel, verifier = both(period, start, extensions, pauses, roll, month_end, custody, held=held)

    assert verifier == kernel


@settings(max_examples=500, deadline=None)
@given(
    period=BY_HOUR, start=st.one_of(DAYS, INSTANTS), extensions=extended(BY_HOUR), before=st.booleans(), data=st.data()
)
def test_hours(period, start, extensions, before, data):
    """按时、立即的期限。"""
    day = start.date() if isinstance(start, datetime) else start
    stops = [] if before else data.draw(st.lists(st.tuples(st.integers(-3, 5), st.integers(0, 9)), max_size=3))
    pauses = [(day + timedelta(days=stop), day + timedelta(days=stop + length)) for stop, length in stops]
    kernel, verifier = both(
        period, start, extensions, pauses, Roll.ROLL, MonthEnd.LAST_DAY, "always", held=True, before=before
    )

    assert verifier == kernel


@settings(max_examples=500, deadline=None)
@given(
    number=st.integers(0, 60),
    start=DAYS,
    stops=st.lists(st.tuples(st.integers(-5, 40), st.integers(0, 30)), max_size=2),
    before=st.booleans(),
    roll=st.sampled_from(Roll),
)
def test_working_days(number, start, stops, before, roll):
    """按工作日的期限，及向前计算的期限。"""
    pauses = [(start + timedelta(days=stop), start + timedelta(days=stop + length)) for stop, length in stops]
    period = Period(days=number, same_day=not number)
    kernel, verifier = both(
        period,
        start,
        [],
        [] if before else pauses,
        roll,
        MonthEnd.CORRESPONDING,
        "none",
        held=False,
        before=before,
        working_days=True,
    )

    assert verifier == kernel


@given(start=DAYS, months=st.integers(1, 300), half=st.booleans(), credit=st.integers(0, 400))
def test_sentences(start, months, half, credit):
    """刑期：首日计入，折抵，半个月为十五日。"""
    end = sentence_end(start, months=months, days=15 if half else 0, credit=credit)

    assert sentence(start.isoformat(), months + (0.5 if half else 0), credit) == end.isoformat()


@given(INSTANTS)
def test_moments_come_back(at):
    """时刻读入再写出，不变；所属之日按北京时间。"""
    day, exact = moment(at.isoformat())

    assert date.fromordinal(day) == at.date()
    assert verify_time._instant_text(exact) == instant(at)


def test_a_calendar_that_was_announced_later() -> None:
    """另行公布的放假安排，同样随文件导出；没有公布的年份，说明是推算。"""
    more = StateCouncilCalendar({date(2030, 1, 2): False, date(2030, 1, 5): True})
    read = Calendar.read(more.as_dict())
    days = [date(2029, 12, 1) + timedelta(days=number) for number in range(800)]

    assert [read.works(day.toordinal()) for day in days] == [more.is_workday(day) for day in days]
    for day in days:
        read.guessed = False
        read.works(day.toordinal())
        assert read.guessed != more.is_published(day), day


# 只有这一个文件。


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file with nothing but a calendar."""
    calendar = verify_time.FRAME[1] + b"\n" + sealed(CALENDAR.as_dict()) + b"\n"
    body = b"\n".join((verify_time.FRAME[0], calendar + b"\n".join(verify_time.FRAME[2:5]), b""))
    digests = {name: hashlib.new(name, body).hexdigest() for name in ("sha256", "sm3")}
    whole = sealed({"calendars": 1, "terms": 0, "proofs": 0, **digests})
    (tmp_path / "p.json").write_bytes(body + whole + b"\n}\n")
    return tmp_path / "p.json"


def alone(file: Path, *options: str, prelude: str = "") -> subprocess.CompletedProcess[str]:
    """The verifier copied elsewhere and run by a Python that sees no packages and no checkout."""
    script = file.with_name("verify_time.py")
    script.write_text(prelude + Path(verify_time.__file__).read_text(encoding="utf-8"), encoding="utf-8")
    command = [sys.executable, "-I", "-S", str(script), str(file), *options]
    return subprocess.run(command, capture_output=True, text=True, check=False, env={"LANG": "C.UTF-8"}, cwd=os.sep)


def test_it_runs_alone(file: Path) -> None:
    """不需要本系统，也不需要任何软件包：相符为0，不符为1，读不到为2。"""
    assert json.loads(file.read_bytes())["format"] == "singletrack-proofs/1"
    good = alone(file, "--json")
    assert (good.returncode, json.loads(good.stdout)["agrees"], good.stderr) == (0, True, "")
    data = file.read_bytes()
    at = data.index(b"2024-02-10")
    file.write_bytes(data[:at] + b"2024-02-11"[:9] + b"1" + data[at + 10 :])
    wrong = alone(file)
    assert wrong.returncode == 1
    assert "/calendars/0/free/" in wrong.stdout
    assert "现为'1'，原为'0'" in wrong.stdout
    assert alone(file.with_name("none.json")).returncode == 2
    file.write_text('{"format": "another"}')
    assert alone(file).returncode == 2


def test_a_python_without_sm3_says_so(file: Path) -> None:
    """没有SM3的Python，照样核对SHA-256，并说明SM3没有核对。"""
    without = "import hashlib\nhashlib.algorithms_available = hashlib.algorithms_available - {'sm3'}\n"
    told = json.loads(alone(file, "--json", prelude=without).stdout)
    assert (told["agrees"], told["without_sm3"]) == (True, 2)

    data = file.read_bytes()
    at = data.index(b"2024-02-10")
    file.write_bytes(data[: at + 9] + b"1" + data[at + 10 :])
    told = json.loads(alone(file, "--json", prelude=without).stdout)
    assert [each["pointer"][:18] for each in told["differences"]] == ["/calendars/0/free/"]


@pytest.mark.parametrize(
    ("at", "where"),
    [(2, "/a"), (6, "/a/0"), (7, "/a/0"), (11, "/a/1/b"), (16, "/a/1/b"), (22, "/a/1/c~1"), (29, "/d"), (36, "/d")],
)
def test_where_a_byte_is(at: int, where: str) -> None:
    """字节所在之处，以JSON指针表示。"""
    assert pointer_at(b'{"a":[1,{"b":"x]","c/":2}],"d":"\\"y"}', at) == where


def test_two_changes_are_two_differences(file: Path) -> None:
    """两处改动，各在一项，分别指明；在同一项的，说明不止一个字节。"""
    data = file.read_bytes()
    places = [data.index(b"2024-02-10") + 9, data.index(b"2023-10-02") + 9]
    for place in places:
        data = data[:place] + b"7" + data[place + 1 :]
    (told,) = verify(data).differences

    assert told.pointer == "/calendars/0"
    assert "不止一个字节" in told.zh
