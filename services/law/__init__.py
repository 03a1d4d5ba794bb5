"""The law: one file per procedure, in the order of the statute, compiled once at import. Raises where it is written wrongly."""

from services.kernel.code import Code
from services.law.arrest_review import ArrestReview
from services.law.bail import Bail
from services.law.case_intake import CaseIntake
from services.law.court_intake import CourtIntake
from services.law.criminal_detention import CriminalDetention
from services.law.custody_extension import CustodyExtension
from services.law.custody_handover import CustodyHandover
from services.law.documents import CATALOGUE
from services.law.execution import Execution
from services.law.first_trial import FirstTrial
from services.law.investigation_close import InvestigationClose
from services.law.non_prosecution_remedy import NonProsecutionRemedy
from services.law.package_handover import PackageHandover
from services.law.plea_leniency import PleaLeniency
from services.law.property_flow import PropertyFlow
from services.law.prosecution_review import ProsecutionReview
from services.law.residential_surveillance import ResidentialSurveillance
from services.law.second_trial import SecondTrial
from services.law.summons import Summons
from services.law.supervise_non_filing import SuperviseNonFiling
from services.law.supervise_unlawful_filing import SuperviseUnlawfulFiling
from services.law.supplementary_return import SupplementaryReturn

#: The procedures of the main road, P01 to P25.
PROCEDURES = (
    CaseIntake,
    SuperviseNonFiling,
    SuperviseUnlawfulFiling,
    Summons,
    CriminalDetention,
    Bail,
    ResidentialSurveillance,
    ArrestReview,
    CustodyExtension,
    InvestigationClose,
    ProsecutionReview,
    SupplementaryReturn,
    NonProsecutionRemedy,
    PleaLeniency,
    CourtIntake,
    FirstTrial,
    SecondTrial,
    Execution,
    CustodyHandover,
    PropertyFlow,
    PackageHandover,
)

CODE = Code(CATALOGUE, PROCEDURES)
