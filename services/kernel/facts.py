"""What an act says of itself beyond its papers: the facts that a step must state, and those that it may.

`、` together, `[ ]` only if it applies, as with papers. A fact is checked for its kind and never for its truth: what
really happened is recorded, and found if it was unlawful. Knows no procedure.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from services.kernel.period import read_moment


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that an act may say. `key` is its name in `facts` on the wire, `kind` one of KINDS."""

    key: str
    zh: str
    kind: str


@dataclass(frozen=True, slots=True)
class Told:
    """What a step says: each of `required` must be there, each of `optional` may."""

    required: tuple[Fact, ...] = ()
    optional: tuple[Fact, ...] = ()

    def wrong(self, facts: Mapping[str, Any]) -> list[tuple[Fact, str]]:
        """The facts that are missing, and those that are not of their kind."""
        missing = [(fact, "missing_fact") for fact in self.required if facts.get(fact.key) is None]
        given = [fact for fact in (*self.required, *self.optional) if facts.get(fact.key) is not None]
        return missing + [(fact, "malformed_fact") for fact in given if not KINDS[fact.kind][1](facts[fact.key])]


class Vocabulary:
    """The facts by their Chinese names."""

    def __init__(self, *facts: Fact) -> None:
        self.by_name: Mapping[str, Fact] = {fact.zh: fact for fact in facts}
        assert len(self.by_name) == len({fact.key for fact in facts}) == len(facts), "two facts of one key or one name"
        assert all(fact.kind in KINDS for fact in facts), "a fact of a kind that is not there"

    def read(self, sentence: str) -> Told:
        """The facts of a provision's sentence. Raises: ValueError for a name that is not in the vocabulary."""
        required: list[Fact] = []
        optional: list[Fact] = []
        bracketed = False
        for word in filter(None, sentence.split("、")):
            bracketed = bracketed or word.startswith("[")
            name = word.strip("[]")
            if name not in self.by_name:
                raise ValueError(f"no fact is called “{name}” in “{sentence}”")
            (optional if bracketed else required).append(self.by_name[name])
            bracketed = bracketed and not word.endswith("]")
        return Told(tuple(required), tuple(optional))


def _is_moment(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    try:
        read_moment(value)
    except (ValueError, OverflowError):
        return False
    return True


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0


def _are_names(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(each, str) and each.strip() for each in value)


#: Each kind of fact: what a person would call it, and whether a value is one.
KINDS: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "text": ("文字", lambda value: isinstance(value, str) and bool(value.strip())),
    "number": ("不为负的数", _is_number),
    "yes": ("是或者否", lambda value: isinstance(value, bool)),
    "moment": ("日期，或者带时区的时刻", _is_moment),
    "names": ("至少一项的名单", _are_names),
    "table": ("若干项目", lambda value: isinstance(value, dict | list)),
}
