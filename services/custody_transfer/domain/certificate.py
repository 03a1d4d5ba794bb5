"""Certificates by their numbers, and facts by their words: what one organ issues in a year is told apart. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from services.kernel.code import Rule
from services.kernel.errors import Unfounded
from services.kernel.record import Head, State, TakeStep
from services.law.facts import WORDS_OF

#: Papers made out for one person each.
PERSONAL = frozenset({"handover_certificate", "interrogation_pass", "release_certificate", "handover_receipt"})


def check_numbers(head: Head, body: Mapping[str, Any]) -> None:
    """That no certificate of an organ bears the number of one of the same year for somebody else in the case.

    Raises: Unfounded.
    """
    used = head.state.get("numbers", {})
    taken = [number for number in _numbers(body) if used.get(number, "") not in {"", *body["subjects"]}]
    if taken:
        raise Unfounded(
            "文书编号已用于他人：一人一证，同一机关同年的编号不得重复。",
            "the number stands on somebody else's certificate",
            law_ref=str(body["law_ref"]),
            errors=[{"pointer": "/documents", "code": "number_used", "params": {"number": taken[0].split("|")[-1]}}],
        )


def check_words(rule: Rule, command: TakeStep) -> None:
    """That facts which have their words say one of them. Raises: Unfounded."""
    for fact in (*rule.tells.required, *rule.tells.optional):
        words, said = WORDS_OF.get(fact.key), command.facts.get(fact.key)
        if words is not None and said is not None and said not in words:
            raise Unfounded(
                f"“{fact.zh}”须是：{'、'.join(f'{zh}（{word}）' for word, zh in words.items())}。",
                f"{fact.key} is one of {', '.join(words)}",
                law_ref=rule.law_ref,
                errors=[{"pointer": f"/facts/{fact.key}", "code": "unknown_word", "params": {"any_of": [*words]}}],
            )


def fold(state: State, body: Mapping[str, Any]) -> None:
    """Remember the numbers that a row used, and for whom."""
    numbers = [*_numbers(body)]
    if numbers and len(body["subjects"]) == 1:
        state["numbers"] = {**state.get("numbers", {}), **dict.fromkeys(numbers, body["subjects"][0])}


def _numbers(body: Mapping[str, Any]) -> Iterator[str]:
    year = body["occurred_at"][:4]
    for paper in body["documents"]:
        if paper["kind"] in PERSONAL and paper.get("number"):
            yield f"{body['organ']}|{year}|{paper['kind']}|{paper['number']}"
