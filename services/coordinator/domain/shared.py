"""What cases may share without knowing of each other: a cell, an account, the number of a case. Pure.

A case claims what its own ledger shows; what other cases claim of the same things is handed to the rules beside it. When
a claim changes, the cases that claim the same are looked at again.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from services.coordinator.domain import sealing
from services.coordinator.domain.ledger import Act, Ledger, event_type
from services.kernel.period import local_date, read_moment

#: The steps at which an organ gives a case its number.
NUMBERED = (
    "case_intake:file", "case_intake:file_anew", "arrest_review:accept", "investigation_close:accept",
    "court_intake:file", "second_trial:accept",
)  # fmt: skip
#: Where a person's line of execution stands who is a convict.
CONVICTED = frozenset({"docs_served", "awaiting_delivery", "refused", "in_center"})
#: Where goods stand that nothing holds any more.
LIFTED = frozenset({"released_unrelated", "returned_victim", "executed", "lapsed", "ownerless"})
#: By which goods are held without being taken away: none may be under two of them at once.
HELD_BY = (event_type("freeze_executed"), event_type("seal_executed"))
_PLACED = "placement:place"
_OF_AGE = 18
#: Until when somebody is a minor of whom only that is known.
_NOT_KNOWN = date.max.isoformat()


@dataclass(frozen=True, slots=True)
class Claim:
    """What one case says of one thing: `kind` and `key` name the thing, `subject` whom or what of the case it is about."""

    kind: str
    key: str
    case_id: str
    subject: str
    body: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> tuple[str, str]:
        """What is claimed."""
        return self.kind, self.key


#: What other cases claim, by what is claimed.
Others = Mapping[tuple[str, str], Sequence[Claim]]
NOBODY: Others = {}


def claims(ledger: Ledger) -> list[Claim]:
    """Everything that a case claims now."""
    return [*cells(ledger), *accounts(ledger), *numbers(ledger), *_sealed(ledger)]


def _sealed(ledger: Ledger) -> Iterator[Claim]:
    for person in sealing.persons(ledger):
        own = (permit for permit in sealing.permits(ledger) if permit.person == person)
        permits = {permit.organ: permit.until.isoformat() for permit in own}
        yield Claim(sealing.SEALED, person, ledger.case_id, person, {"permits": permits})


def others(case_id: str, mine: Sequence[Claim], claimed: Others) -> Others:
    """What other cases claim of the things that one case claims, out of all that is claimed of them."""
    found = {
        name: [claim for claim in claimed.get(name, ()) if claim.case_id != case_id]
        for name in dict.fromkeys(claim.name for claim in mine)
    }
    return {name: theirs for name, theirs in found.items() if theirs}


def cells(ledger: Ledger) -> Iterator[Claim]:
    """In which cell each person of the case is held, and what must be kept apart there.

    `minor_until` is the day on which somebody is of age, empty for an adult.
    """
    if _PLACED not in ledger.by_type:
        return
    last = {act.subject: act for act in ledger.by_type.get(_PLACED, ())}
    for custody in ledger.custodies.values():
        act = last.get(custody.person)
        if custody.ended is None and act is not None:
            told, admitted = ledger.told(act), custody.began.get("created", {}).get(custody.id, {})
            flags = ledger.flags.get(custody.person, ())
            is_female = "female" in {told.get("sex"), admitted.get("sex"), *flags}
            yield Claim(
                "cell",
                f"{admitted.get('center')}|{told.get('cell')}",
                ledger.case_id,
                custody.person,
                {
                    "sex": "female" if is_female else str(told.get("sex") or admitted.get("sex") or ""),
                    "minor_until": _minor_until(ledger, custody.person, told),
                    "convicted": ledger.lines.get(custody.person, {}).get("execution") in CONVICTED,
                },
            )


def _minor_until(ledger: Ledger, person: str, told: Mapping[str, Any]) -> str:
    for custody in ledger.custodies.values():
        born = custody.began.get("created", {}).get(custody.id, {}).get("born_on")
        if custody.person == person and born:
            day = local_date(read_moment(born))
            try:
                return day.replace(year=day.year + _OF_AGE).isoformat()
            except ValueError:  # born on 29 February
                return date(day.year + _OF_AGE, 3, 1).isoformat()
    is_minor = "minor" in ledger.flags.get(person, ()) or "juvenile" in ledger.lines.get(person, {})
    return _NOT_KNOWN if is_minor or told.get("adult") is False else ""


def accounts(ledger: Ledger) -> Iterator[Claim]:
    """Which accounts and rights the case holds frozen or sealed, by their numbers."""
    for act, facts in held_goods(ledger):
        if facts.get("account") and ledger.lines.get(act.subject, {}).get("property_flow") not in LIFTED:
            told = {"institution": str(facts.get("institution") or ""), "waiting": facts.get("waiting") is True}
            since = {"since": str(act.row["recorded_at"]), "at": act.day.isoformat()}
            yield Claim("account", number_of(facts["account"]), ledger.case_id, act.subject, {**told, **since})


def held_goods(ledger: Ledger) -> Iterator[tuple[Act, Mapping[str, Any]]]:
    """The goods that were registered as frozen or sealed, each with what was said of it, added later too."""
    for act in (act for type_ in HELD_BY for act in ledger.by_type.get(type_, ())):
        what = act.row.get("created", {}).get(act.subject, {})
        if what.get("kind") == "item":
            said = {name: value for name, value in what.get("facts", {}).items() if value is not None}
            yield act, {**ledger.supplements.get((act.transition_id, act.row["organ"]), {}), **said}


def numbers(ledger: Ledger) -> Iterator[Claim]:
    """The numbers that organs gave the case; those of cases from which persons came are those cases'."""
    acts = (act for type_ in NUMBERED for act in ledger.by_type.get(type_, ()))
    for row in {act.transition_id: act.row for act in acts if act.row["type"] == act.type}.values():
        if row["case_id"] == ledger.case_id:
            told = {**ledger.supplements.get((row["id"], row["organ"]), {}), **row["facts"]}
            if told.get("case_number"):
                body = {"since": str(row["recorded_at"]), "organ": str(row["organ"])}
                yield Claim("number", number_of(told["case_number"]), ledger.case_id, str(row["id"]), body)


def kin(ledger: Ledger) -> set[str]:
    """The case itself, and those from which persons came to it or to which they went."""
    return {row["case_id"] for row in ledger.rows} | {row["left"]["to"] for row in ledger.rows if "left" in row}


def number_of(text: Any) -> str:
    """A number as it is compared: without spaces and dashes, brackets of one kind."""
    return "".join(str(text).split()).replace("-", "").translate(_BRACKETS).upper()


_BRACKETS = str.maketrans("〔〕[]()", "（）（）（）")
