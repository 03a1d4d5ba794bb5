"""Sealed records: whose is, who may read it, and which stores must follow. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from services.coordinator.domain.ledger import Act, Ledger
from services.kernel.code import READER, UNTIL
from services.law.custody_sealing import CustodySealing
from services.law.evidence_sealing import EvidenceSealing
from services.law.juvenile import Juvenile

_SEALS = (Juvenile.seal.type, Juvenile.seal_non_prosecution.type)
#: What a case claims of each person whose record is sealed, with the permits by organ and last day.
SEALED = "sealed"
_BESIDE = frozenset({"victim", "witness"})


@dataclass(frozen=True, slots=True)
class Store:
    """What another service keeps of a sealed record: a custody, or the dossier of a case. `since` is its first row's id."""

    target: str
    service: str
    procedure: type[CustodySealing] | type[EvidenceSealing]
    person: str
    since: str
    is_sealed: bool


@dataclass(frozen=True, slots=True)
class Permit:
    """That an organ may read a person's sealed record, up to and with a day."""

    person: str
    organ: str
    until: date
    act: Act


def persons(ledger: Ledger) -> list[str]:
    """The persons of the case whose record is sealed."""
    sealed = {act.subject for name in _SEALS for act in ledger.by_type.get(name, ())}
    return [person for person in ledger.persons if person in sealed] if sealed else []


def sealed_by(ledger: Ledger, person: str) -> Act:
    """The act that sealed somebody's record last."""
    return ledger.of(_SEALS, person)[-1]


def permits(ledger: Ledger) -> list[Permit]:
    """Every permit that was given, in order."""
    given = ((act, ledger.told(act)) for act in ledger.by_type.get(Juvenile.permit_query.type, ()))
    return [
        Permit(act.subject, str(told[READER]), date.fromisoformat(str(told[UNTIL])[:10]), act) for act, told in given
    ]


def is_whole(ledger: Ledger) -> bool:
    """Whether all whom the case is about are sealed, and so the case is."""
    about = {person for person in ledger.persons if _BESIDE.isdisjoint(ledger.flags.get(person, ()))}
    return bool(about) and about <= {*persons(ledger)}


def readers(ledger: Ledger, today: date) -> set[str] | None:
    """The organs that may read of a case that is sealed; None where it is not."""
    if not is_whole(ledger):
        return None
    return {permit.organ for permit in permits(ledger) if today <= permit.until}


def stores(ledger: Ledger) -> Iterator[Store]:
    """What the other services keep of sealed records."""
    sealed = persons(ledger)
    if not sealed:
        return
    for custody in ledger.custodies.values():
        if custody.person in sealed:
            follows = ledger.lines.get(custody.id, {}).get(CustodySealing.name) == CustodySealing.sealed.name
            since = str(custody.began["id"])
            yield Store(custody.id, "custody_transfer", CustodySealing, custody.person, since, follows)
    own = next((row for row in ledger.rows if row["service"] == "evidence" and row["case_id"] == ledger.case_id), None)
    if own is not None and is_whole(ledger):
        follows = ledger.lines.get(ledger.case_id, {}).get(EvidenceSealing.name) == EvidenceSealing.sealed.name
        yield Store(ledger.case_id, "evidence", EvidenceSealing, sealed[0], str(own["id"]), follows)


def not_shown(ledger: Ledger, store: Store, today: date) -> Iterator[Permit]:
    """The permits that hold today, and that a store does not show yet."""
    shown = {
        (told.get(READER), str(told.get(UNTIL))[:10])
        for act in ledger.by_type.get(store.procedure.permit.type, ())
        if store.target in act.row["subjects"] or store.target == ledger.case_id
        for told in (ledger.told(act),)
    }
    for permit in permits(ledger):
        mine = store.target == ledger.case_id or permit.person == store.person
        if mine and today <= permit.until and (permit.organ, permit.until.isoformat()) not in shown:
            yield permit
