"""Proofs: a clock as it was stored, in the form in which anybody can compute it again without us. Pure.

A proof holds what went in (the terms of the limit and the calendar by name, from when, held or not, what extended and
what stopped it), what came out, and what had been read when it was concluded. Its digests are over `canonical` of all
else that it says. `singletrack law verify` checks it and shares no code with what made it.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from services.coordinator.domain.clocks import Reading
from services.coordinator.domain.ledger import Ledger, Row
from services.kernel.code import Code
from services.kernel.transition import ALGORITHMS, digest, instant
from services.law.terms import Terms, canonical, terms_id

Proof = dict[str, Any]

#: What a proof takes over from a clock as it was stored.
STORED = [
    "case_id",
    "limit",
    "zh",
    "kind",
    "subject",
    "terms",
    "trigger",
    "since",
    "start",
    "held",
    "extensions",
    "excluded",
    "base_end",
    "last_day",
    "deadline",
    "due",
    "provisional",
    "rules",
    "status",
    "deed",
    "deed_type",
    "at",
]
#: What is held against no limit of its own.
_NO_TERMS: Terms = {
    "limit": "",
    "zh": "",
    "kind": "title",
    "organ": "",
    "procedure": "",
    "edition": "",
    "law": [],
    "law_ref": "",
    "before": False,
    "after": [],
    "after_end_of": [],
    "before_extension": False,
    "by": [],
    "void_by": [],
    "shown_by": [],
}
#: What a title says of a sentence: how long, and, where it is not the title itself, since when.
_TERM = ("months", "credit_days", "held_since")


def reading_told(reading: Reading, calendar: str) -> dict[str, Any]:
    """With what a case was concluded: when, how far each log was read, our tolerance, and which calendar."""
    return {
        "now": instant(reading.now),
        "read": {name: instant(until) for name, until in reading.read.items()},
        "at_once_seconds": int(reading.at_once.total_seconds()),
        "calendar": calendar,
    }


def proof(clock: Mapping[str, Any], reading: Mapping[str, Any], terms: Terms) -> Proof:
    """The proof of one clock as it was stored with a conclusion that had read so far."""
    read = [reading["read"].get(service, "") for service in terms["shown_by"]]
    return _sealed(
        {name: clock[name] for name in STORED}
        | {name: reading[name] for name in ("now", "at_once_seconds", "calendar")}
        | {"read_until": min(read, default=reading["now"]), "sentence": None, "legs": []}
    )


def titles(case_id: str, rows: Sequence[Row], code: Code, reading: Mapping[str, Any]) -> Iterator[tuple[Proof, Terms]]:
    """Every title to hold a person that the rows of a case brought, each with the terms that its proof names, by id."""
    for custody in Ledger(case_id, rows, code).custodies.values():
        for title in custody.titles:
            yield _title(case_id, custody.person, title, code, reading)


def _title(
    case_id: str, person: str, title: Mapping[str, Any], code: Code, reading: Mapping[str, Any]
) -> tuple[Proof, Terms]:
    told, row, kind = title["proof"], title["row"], title["kind"]
    named: Terms = {}
    limit = code.limits.get(kind)

    def name(counted: Terms) -> str:
        whole = _NO_TERMS | {"limit": kind, "law": told.get("edition", [])} | counted
        named[terms_id(whole)] = whole
        return terms_id(whole)

    terms = name(told["terms"]) if "terms" in told else ""
    legs = [{"terms": name(leg["terms"]), "held": leg["held"]} for leg in told.get("legs", ())]
    end = title["end"] or ""
    granted = told["terms"]["extensions"] if terms else []
    act = {"by": row["id"], "at": row["occurred_at"], "documents": title["documents"]}
    stored = {
        "case_id": case_id,
        "limit": kind,
        "zh": limit.zh if limit is not None else "",
        "kind": "title",
        "subject": person,
        "terms": terms,
        "trigger": row["id"],
        "since": row["occurred_at"],
        "start": title["from"],
        "held": True,
        "extensions": [{"number": place, **act, **each} for place, each in enumerate(granted, 1)],
        "excluded": [],
        "base_end": "",
        "last_day": end,
        "deadline": told.get("strict", ""),
        "due": end,
        "provisional": told.get("provisional", False),
        "rules": told["rules"],
        "status": "title",
        "deed": "",
        "deed_type": "",
        "at": "",
        "now": reading["now"],
        "read_until": "",
        "at_once_seconds": reading["at_once_seconds"],
        "calendar": told.get("calendar", ""),
        "sentence": {name: told[name] for name in _TERM if name in told} or None,
        "legs": legs,
    }
    return _sealed(stored), named


def _sealed(told: Proof) -> Proof:
    data = canonical(told).encode()
    return told | {"digests": {algorithm: digest(algorithm, data) for algorithm in ALGORITHMS}}
