"""Organs, the offices in them, and who is acting now.

The law names offices; `policy.yaml` of each service says which role of an organ may act in which office.
An office speaks in three voices: `may` (可以), `must` (应当), `must_not` (不得). Knows no procedure, no service.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache


class Organ(StrEnum):
    """Which organ. The last seven are resolved from the case when the step is taken."""

    POLICE = "police"
    PROCURATORATE = "procuratorate"
    COURT = "court"
    DETENTION_CENTER = "detention_center"
    JUSTICE_BUREAU = "justice_bureau"
    PRISON = "prison"
    PARTY = "party"
    LAWYER = "lawyer"
    ADMINISTRATIVE_AGENCY = "administrative_agency"
    SUPERVISORY_COMMISSION = "supervisory_commission"
    BANK = "bank"
    SYSTEM = "system"
    ORGAN_IN_CHARGE = "organ_in_charge"
    DECIDING_ORGAN = "deciding_organ"
    TRANSFERRING_ORGAN = "transferring_organ"
    RECEIVING_ORGAN = "receiving_organ"
    HANDLING_ORGAN = "handling_organ"
    CONCERNED_ORGAN = "concerned_organ"
    SUPERVISED_ORGAN = "supervised_organ"

    @property
    def zh(self) -> str:
        """The organ's name in Chinese."""
        return ORGANS_ZH[self]


class Addressee(StrEnum):
    """To whom something may be owed that is no organ of the case."""

    PERSON = "person"
    FAMILY = "family"
    VICTIM = "victim"
    APPLICANT = "applicant"
    GUARANTOR = "guarantor"
    EMPLOYER = "employer"
    SUPERIOR = "superior"
    CONSULATE = "consulate"
    COMMUNITY = "community"
    PUBLIC = "public"

    @property
    def zh(self) -> str:
        """The addressee's name in Chinese."""
        return ADDRESSEES_ZH[self]


#: Organ ids on the wire are `<prefix>-<six digits of the region>` with an optional suffix, such as `pol-330106`.
PREFIXES = {
    "pol": Organ.POLICE,
    "proc": Organ.PROCURATORATE,
    "court": Organ.COURT,
    "dc": Organ.DETENTION_CENTER,
    "jb": Organ.JUSTICE_BUREAU,
    "prison": Organ.PRISON,
    "party": Organ.PARTY,
    "sys": Organ.SYSTEM,
}

#: The names that stand for whichever organ the case makes them.
RESOLVED = frozenset(
    {
        Organ.ORGAN_IN_CHARGE,
        Organ.DECIDING_ORGAN,
        Organ.TRANSFERRING_ORGAN,
        Organ.RECEIVING_ORGAN,
        Organ.HANDLING_ORGAN,
        Organ.CONCERNED_ORGAN,
    }
)

#: The organs that can be in charge of a person's stage; they act wherever the law says 办案机关.
HANDLING = frozenset({Organ.POLICE, Organ.PROCURATORATE, Organ.COURT})

ORGANS_ZH = {
    Organ.POLICE: "公安机关",
    Organ.PROCURATORATE: "人民检察院",
    Organ.COURT: "人民法院",
    Organ.DETENTION_CENTER: "看守所",
    Organ.JUSTICE_BUREAU: "司法行政机关",
    Organ.PRISON: "监狱",
    Organ.PARTY: "当事人",
    Organ.LAWYER: "律师",
    Organ.ADMINISTRATIVE_AGENCY: "行政执法机关",
    Organ.SUPERVISORY_COMMISSION: "监察机关",
    Organ.BANK: "金融机构",
    Organ.SYSTEM: "系统",
    Organ.ORGAN_IN_CHARGE: "办案机关",
    Organ.DECIDING_ORGAN: "决定机关",
    Organ.TRANSFERRING_ORGAN: "移送机关",
    Organ.RECEIVING_ORGAN: "接收机关",
    Organ.HANDLING_ORGAN: "公安机关、人民检察院或者人民法院",
    Organ.CONCERNED_ORGAN: "与本案有关的机关或者当事人",
    Organ.SUPERVISED_ORGAN: "被监督单位",
}

ADDRESSEES_ZH = {
    Addressee.PERSON: "本人",
    Addressee.FAMILY: "家属",
    Addressee.VICTIM: "被害人",
    Addressee.APPLICANT: "申请人、控告人",
    Addressee.GUARANTOR: "保证人",
    Addressee.EMPLOYER: "所在单位",
    Addressee.SUPERIOR: "上级机关",
    Addressee.CONSULATE: "外国驻华使、领馆",
    Addressee.COMMUNITY: "社区矫正机构",
    Addressee.PUBLIC: "社会公众",
}


@lru_cache(maxsize=1 << 12)
def organ_of(organ_id: str) -> Organ | None:
    """The kind of organ that an id such as `proc-330106` names; None if it names none."""
    return PREFIXES.get(organ_id.partition("-")[0])


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: the organ of the token, the officer in it, and the client system that speaks for them."""

    organ_id: str
    organ: Organ
    role: str
    officer: str
    client: str
