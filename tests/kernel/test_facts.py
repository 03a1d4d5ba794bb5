"""What an act must state beside its papers: read from the provision, checked for its kind, never for its truth."""

from datetime import date
from typing import Any

import pytest

from services.kernel.code import Code, LawError
from services.kernel.facts import KINDS, Fact, Told, Vocabulary
from services.kernel.papers import Catalogue
from services.kernel.procedure import Office, Procedure, State
from services.kernel.statute import Edition
from services.kernel.who import Organ

OFFICER = Office(Organ.POLICE, "officer", "办案民警")
LAW = Edition("LAW", "中华人民共和国示例法", date(2018, 1, 1))
PLACE, OFFICERS, ADULT = (
    Fact("place", "地点", "text"),
    Fact("officers", "办案人员", "names"),
    Fact("adult", "成年人", "yes"),
)
WORDS = Vocabulary(PLACE, OFFICERS, ADULT)


@pytest.mark.parametrize(
    ("sentence", "told"),
    [
        ("", Told()),
        ("地点", Told((PLACE,))),
        ("地点、办案人员", Told((PLACE, OFFICERS))),
        ("地点、[成年人]", Told((PLACE,), (ADULT,))),
        ("[地点、成年人]", Told((), (PLACE, ADULT))),
        ("[地点]、办案人员", Told((OFFICERS,), (PLACE,))),
    ],
)
def test_facts_of_a_provision(sentence: str, told: Told) -> None:
    """`、` together, `[ ]` only if it applies."""
    assert WORDS.read(sentence) == told


@pytest.mark.parametrize(
    ("facts", "wrong"),
    [
        ({"place": "讯问室", "officers": ["甲", "乙"]}, []),
        ({"place": "讯问室", "officers": ["甲"], "adult": False, "more": 1}, []),
        ({}, [(PLACE, "missing_fact"), (OFFICERS, "missing_fact")]),
        ({"place": None, "officers": []}, [(PLACE, "missing_fact"), (OFFICERS, "malformed_fact")]),
        ({"place": " ", "officers": ["甲", ""]}, [(PLACE, "malformed_fact"), (OFFICERS, "malformed_fact")]),
        ({"place": "x", "officers": ["甲"], "adult": 1}, [(ADULT, "malformed_fact")]),
    ],
)
def test_what_is_missing_and_what_is_not_of_its_kind(facts: dict[str, Any], wrong: list[tuple[Fact, str]]) -> None:
    """缺少的，和不合格式的，逐项指出。"""
    assert Told((PLACE, OFFICERS), (ADULT,)).wrong(facts) == wrong


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("text", ["讯问室"], ["", " ", 3, ["x"]]),
        ("number", [0, 2, 1.5], [-1, True, "3", float("nan")]),
        ("yes", [True, False], [0, "是"]),
        ("moment", ["2026-03-02", "2026-03-02T09:00:00+08:00"], ["2026-02-30", "2026-03-02T09:00", "昨天", 20260302]),
        ("names", [["甲"]], [[], "甲", [1], [""]]),
        ("table", [{"甲": 1}, [1], {}], ["x", 1]),
    ],
)
def test_kinds(kind: str, good: list[Any], bad: list[Any]) -> None:
    """每一种情况的格式。"""
    zh, is_one = KINDS[kind]
    assert zh
    assert all(is_one(value) for value in good)
    assert not any(is_one(value) for value in bad)


def test_a_fact_that_the_vocabulary_does_not_have() -> None:
    """词汇表没有的，编写时即报错。"""
    first = State("开始", initial=True)
    members = {"id": "P00", "name": "x", "zh": "示例", "in_force": date(2018, 1, 1), "first": first}
    act = OFFICER.may("办理", at=first, to=first, ids="P00.T01", tells="时间", cite=LAW[1])

    with pytest.raises(LawError, match="no fact is called “时间”"):
        Code(Catalogue(), (type("X", (Procedure,), {**members, "act": act}),), vocabulary=WORDS)
