"""The law: one file per procedure, in the order of the statute, compiled once at import. Raises where it is written wrongly."""

from services.kernel.code import Code
from services.law.admin_case import AdminCase
from services.law.admin_case_2012 import AdminCase2012
from services.law.arrest_review import ArrestReview
from services.law.bail import Bail
from services.law.case_intake import CaseIntake
from services.law.commutation import Commutation
from services.law.court_intake import CourtIntake
from services.law.criminal_detention import CriminalDetention
from services.law.custody_extension import CustodyExtension
from services.law.custody_handover import CustodyHandover
from services.law.custody_necessity import CustodyNecessity
from services.law.custody_sealing import CustodySealing
from services.law.death_review import DeathReview
from services.law.direct_prosecution import DirectProsecution
from services.law.documents import CATALOGUE
from services.law.evidence_sealing import EvidenceSealing
from services.law.execution import Execution, Execution2012
from services.law.facts import WORDS
from services.law.first_trial import FirstTrial
from services.law.inquiry import Inquiry
from services.law.interrogation import Interrogation
from services.law.interrogation_pass import InterrogationPass
from services.law.investigation_close import InvestigationClose
from services.law.jurisdiction_merge_split import JurisdictionMergeSplit
from services.law.juvenile import Juvenile
from services.law.ledger_check import LedgerCheck
from services.law.legal_aid import LegalAid
from services.law.meeting import Meeting
from services.law.non_filing_remedy import NonFilingRemedy
from services.law.non_prosecution_remedy import NonProsecutionRemedy
from services.law.package_handover import PackageHandover
from services.law.placement import Placement
from services.law.plea_leniency import PleaLeniency
from services.law.property_flow import PropertyFlow
from services.law.prosecution_review import ProsecutionReview
from services.law.residential_surveillance import ResidentialSurveillance
from services.law.retrial import Retrial
from services.law.search_and_seizure import SearchAndSeizure
from services.law.second_trial import SecondTrial
from services.law.special_procedures import SpecialProcedures
from services.law.summons import Summons
from services.law.supervise_non_filing import SuperviseNonFiling
from services.law.supervise_unlawful_filing import SuperviseUnlawfulFiling
from services.law.supervision_act import SupervisionAct
from services.law.supplementary_return import SupplementaryReturn

#: In the order of the tables, P01 to P31; then those that are ours: the hand-over of packages, and working records.
PROCEDURES = (
    CaseIntake,
    NonFilingRemedy,
    SuperviseNonFiling,
    SuperviseUnlawfulFiling,
    Summons,
    CriminalDetention,
    Bail,
    ResidentialSurveillance,
    ArrestReview,
    CustodyExtension,
    CustodyNecessity,
    InvestigationClose,
    ProsecutionReview,
    SupplementaryReturn,
    NonProsecutionRemedy,
    PleaLeniency,
    DirectProsecution,
    CourtIntake,
    FirstTrial,
    SecondTrial,
    DeathReview,
    Retrial,
    Execution,
    CustodyHandover,
    PropertyFlow,
    LegalAid,
    Juvenile,
    AdminCase,
    JurisdictionMergeSplit,
    SpecialProcedures,
    Commutation,
    SupervisionAct,
    PackageHandover,
    Interrogation,
    SearchAndSeizure,
    InterrogationPass,
    Meeting,
    Placement,
    LedgerCheck,
    Inquiry,
    CustodySealing,
    EvidenceSealing,
)

#: The editions before those of today, under which cases that are still open go on.
OLDER = (AdminCase2012, Execution2012)

CODE = Code(CATALOGUE, PROCEDURES, OLDER, WORDS)
