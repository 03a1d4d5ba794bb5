"""Certificates by their numbers, and facts by their words: what one organ issues in a year is told apart. Pure."""

from collections.abc import Mapping
from typing import Any

from services.kernel.code import Rule
from services.kernel.errors import Unfounded
from services.kernel.period import local_date, read_moment
from services.kernel.record import Head, TakeStep
from services.law.facts import WORDS_OF

#: Papers made out for one person each that the acting organ issues, and those that the centre does.
_BY_ACTOR = frozenset({"handover_certificate", "interrogation_pass"})
_BY_CENTER = frozenset({"release_certificate", "handover_receipt"})


def numbers(head: Head, body: Mapping[str, Any]) -> dict[str, str]:
    """The certificates that a row issues, by issuing organ, kind, year and number, and for whom each was made out.

    A hand-over certificate is issued by whoever offers; the receiver fills in the rest of the same one.
    """
    if len(body["subjects"]) != 1:
        return {}
    (custody,) = body["subjects"]
    center, found = head.state["subjects"][custody]["center"], {}
    for paper in body["documents"]:
        kind, number = paper["kind"], paper.get("number")
        is_other_half = kind == "handover_certificate" and body.get("handover") != "offer"
        issuer = body["organ"] if kind in _BY_ACTOR else center if kind in _BY_CENTER else ""
        if number and issuer and not is_other_half:
            year = (paper.get("issued_on") or local_date(read_moment(body["occurred_at"])).isoformat())[:4]
            found[f"{issuer}|{kind}|{year}|{number}"] = custody
    return found


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
