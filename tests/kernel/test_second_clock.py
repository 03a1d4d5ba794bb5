"""两种独立的算法，对全部期限算出同样的届满之日。

`second_clock` reads the tables of the statute and walks a strip of days; the system reads its own law and computes. A
hundred thousand random questions, wrong ones among them, and every answer is the same.
"""

import importlib.util
import json
import os
import sys
from datetime import date, timedelta
from pathlib import Path
from random import Random

import pytest
import yaml

from services.kernel.errors import NotComputable
from services.law import CODE
from services.law.dues import Question, answer

HERE = Path(__file__).parent


def _loaded():
    spec = importlib.util.spec_from_file_location("second_clock", HERE / "second_clock.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["second_clock"] = module
    spec.loader.exec_module(module)
    return module


second = _loaded()
TABLES = json.loads((HERE.parent / "law" / "tables.json").read_text(encoding="utf-8"))["limits"]
LIMITS = {name: second.read_limit(TABLES[name]) for name in CODE.limits if TABLES.get(name, {}).get("duration")}
#: Where the law and the tables name other extensions on purpose; the clocks are asked as far as both say the same.
OTHERWISE = {
    name
    for name, each in yaml.safe_load((HERE.parent / "law" / "deviations.yaml").read_text("utf-8"))["limits"].items()
    if "extensions" in each["differs"]
}
ORGANS = (None, None, "court", "police", "procuratorate")
CASES = 100_000
#: Another with SINGLETRACK_SEED=…
SEED = int(os.environ.get("SINGLETRACK_SEED", "105"))


def known_extensions(name: str) -> int:
    """How many extensions of a limit may be asked for."""
    lengths = [(each.mode.value, each.least or each.period) for each in CODE.limits[name].extensions]
    ours = [(mode, length.iso if length else None) for mode, length in lengths]
    theirs = [(each["mode"], each["duration"]) for each in TABLES[name].get("extended", ())]
    if name not in OTHERWISE:
        return len(theirs)
    return next((place for place, pair in enumerate(zip(ours, theirs, strict=True)) if len(set(pair)) > 1), len(ours))


EXTENSIONS = {name: known_extensions(name) for name in LIMITS}


def random_question(random: Random):
    """A question, mostly one that has an answer: (name, start, minute, organ, custody, extensions, exclusions)."""
    name = random.choice(list(LIMITS))
    start = date(2004, 1, 1) + timedelta(days=random.randrange(9500))
    if random.random() < 0.3:
        # Around the ends of months, where the rules part.
        start = start.replace(day=1) - timedelta(days=random.randrange(1, 4))
    minute = random.choice([None, None, 0, random.randrange(1440)])
    exclude = []
    for _ in range(random.choice([0, 0, 0, 1, 2, 3])):
        stop = start + timedelta(days=random.choice([random.randrange(12), random.randrange(-2, 120)]))
        exclude.append((stop, stop + timedelta(days=random.randrange(70))))
    extensions = random.randrange(EXTENSIONS[name] + 1)
    return name, start, minute, random.choice(ORGANS), random.random() < 0.5, extensions, exclude


def asked(name, start, minute, organ, custody, extensions, exclude) -> Question:
    """The same question, as the system is asked it."""
    clock = "" if minute is None else f"T{minute // 60:02}:{minute % 60:02}"
    pauses = tuple(f"{stop}..{resume}" for stop, resume in exclude)
    return Question(name, f"{start}{clock}", organ, custody, extensions, pauses)


def told(question: Question) -> object:
    """What the system answers, as the second clock says it."""
    try:
        given = answer(CODE, question).added()
    except NotComputable:
        return second.End(refused=True)
    minute = None
    if "deadline" in given:
        day, clock = given["deadline"].split("T")
        minute = (date.fromisoformat(day), int(clock[:2]) * 60 + int(clock[3:]))
    return second.End(date.fromisoformat(given["last_day"]) if "last_day" in given else None, minute)


@pytest.mark.timeout(300)
def test_two_clocks_agree_on_a_hundred_thousand_cases():
    """刑事诉讼法（2018）第一百零五条：两种算法，十万个随机案例，结果相同。"""
    random = Random(SEED)
    seen = {"answered": 0, "refused": 0, "paused": 0}
    names = set()
    for number in range(CASES):
        name, start, minute, organ, custody, extensions, exclude = random_question(random)
        expected = second.end(
            LIMITS[name], start, minute, organ=organ, custody=custody, extensions=extensions, exclude=exclude
        )
        question = asked(name, start, minute, organ, custody, extensions, exclude)

        assert told(question) == expected, f"seed {SEED}, case {number}: {question}"
        names.add(name)
        seen["refused" if expected.refused else "answered"] += 1
        seen["paused"] += bool(exclude and not expected.refused)

    assert names == set(LIMITS)
    assert seen["answered"] > CASES / 2
    assert min(seen["refused"], seen["paused"]) > CASES / 20
