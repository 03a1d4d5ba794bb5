"""Which office of an organ something is addressed to, and to whom it climbs when nobody there answers. Pure.

The offices are those that the statute names (`services.law.offices`); their order is ours: who handles the case, then who
answers for the unit, then who answers for the organ, then who supervises it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from services.kernel.procedure import Office
from services.kernel.who import ORGANS_ZH, Organ
from services.law import offices as law

#: The rungs of each organ, the lowest first; on a rung any of its offices may answer.
LADDERS: Mapping[Organ, tuple[tuple[Office, ...], ...]] = {
    Organ.POLICE: (
        (law.OFFICER, law.STATION),
        (law.UNIT_HEAD, law.LEGAL_DEPARTMENT),
        (law.COUNTY_HEAD,),
        (law.SUPERIOR_POLICE,),
    ),
    Organ.PROCURATORATE: ((law.PROSECUTOR, law.CASE_MANAGEMENT), (law.CHIEF,), (law.SUPERIOR_CHIEF,)),
    Organ.COURT: ((law.JUDGE, law.FILING_DIVISION), (law.PRESIDENT,), (law.SUPERIOR_COURT,)),
    Organ.DETENTION_CENTER: ((law.CENTER, law.INTAKE), (law.PROSECUTOR,), (law.CHIEF,)),
    Organ.PRISON: ((law.PRISON,), (law.PROSECUTOR,), (law.CHIEF,)),
    Organ.JUSTICE_BUREAU: ((law.LEGAL_AID_AGENCY,), (law.PROSECUTOR,), (law.CHIEF,)),
}
#: What is owed by somebody who has no office here is watched by the organ of legal supervision (CPL-2018:8).
ELSEWHERE: tuple[tuple[Office, ...], ...] = ((law.PROSECUTOR,), (law.CHIEF,))


@dataclass(frozen=True, slots=True)
class Desk:
    """Where something is answered: an organ of the case by its id, and the keys of its offices that may answer."""

    organ_id: str
    organ: Organ
    offices: tuple[str, ...]
    zh: str


def ladder(owner: str, organs: Mapping[str, str], holder: str | None = None) -> tuple[Desk, ...]:
    """The desks for what an organ of this kind owes, the lowest first; rungs of organs that are not in the case are left out.

    `owner` is a value of `Organ`, `organs` the ids of the case's organs by kind, `holder` the id of the one that owes it
    where that is not the case's own. Empty where neither the organ nor who watches over it is in the case.
    """
    return _ladder(owner, tuple(organs.items()), holder or "")


@lru_cache(maxsize=1 << 12)  # the cases of one place share their organs
def _ladder(owner: str, organs: tuple[tuple[str, str], ...], holder: str) -> tuple[Desk, ...]:
    known = {**dict(organs), **({owner: holder} if holder else {})}
    rungs = LADDERS.get(Organ(owner), ELSEWHERE) if known.get(owner) else ELSEWHERE
    return tuple(_desk(rung, known[rung[0].organ]) for rung in rungs if rung[0].organ in known)


def _desk(rung: tuple[Office, ...], organ_id: str) -> Desk:
    organ = rung[0].organ
    named = "、".join(office.zh for office in rung)
    return Desk(organ_id, organ, tuple(office.key for office in rung), f"{ORGANS_ZH[organ]}（{named}）")
