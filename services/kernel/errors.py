"""Every way this system says no.

Refused            CASE-000  understood, and forbidden by the law or the record
  Malformed        GEN-400   the request does not say what it must, or says what it may not
  TimeInFuture     CASE-015  an act that is said to have happened later than now
  NotComputable    LAW-001   a question about a limit to which the law has no answer
  NotFound         GEN-404   no such thing, or not for this organ's eyes
  UnknownStep      CASE-404  no such procedure or step, or another service keeps it
  Stale            GEN-412   someone else moved the case first
  NoPrecondition   GEN-428   an act without If-Match
  KeyReused        GEN-422   the same key with another request
  TooLarge         FILE-001  more bytes than a request may have
  WrongType        FILE-002  not JSON
  NoSuchRange      FILE-004  a range outside the content
  NotReady         GEN-503   the database cannot be reached
  NoIdentity       AUTHN-001 no token, or one that does not hold
  WrongOrgan       PERM-001  the step belongs to another organ or office
  NotAllowed       PERM-002  this role may not see this
  Sealed           PERM-003  the record is sealed, and no permit lets this organ read it
  OutOfOrder       CASE-010  the case is not where the step begins
  PapersMissing    CASE-011  the step needs papers that were not handed in
  FactsMissing     CASE-012  the act does not state what it must, or not as what it is
  UsedUp           CASE-013  the law allows the step only so many times
  Unfounded        CASE-014  the step names something that the record does not hold
  DigestMismatch   EVID-001  what arrived is not what was sent
  NotStanding      COORD-001 what was found or asked about is settled already
  Unacceptable     COORD-002 a difference that may not be accepted so: no such article, owner or end
  StillStanding    COORD-003 a task is not done as long as the log does not show the deed
  CursorAhead      FEED-001  a follower asks for what comes after a row that this log never had
  SealedPackage    EVID-002  the list of a sealed package, and the goods on it, stay as they are

Codes, statuses and titles stand in `problems.yaml`; the classes only carry their code. The domain knows no HTTP.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar


class Refused(Exception):
    """A refusal: what was wrong (zh and en), the provision, and what would cure it.

    `params` holds machine-readable details; never personal data, paths or foreign ids.
    """

    code: ClassVar[str] = "CASE-000"

    def __init__(
        self,
        zh: str,
        en: str,
        *,
        law_ref: str = "",
        cure: str = "",
        available: Sequence[str] = (),
        errors: Sequence[Mapping[str, Any]] = (),
        params: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(en)
        self.zh = zh
        self.en = en
        self.law_ref = law_ref
        self.cure = cure
        self.available = list(available)
        self.errors = list(errors)
        self.params = dict(params or {})


class Malformed(Refused):
    code = "GEN-400"


class TimeInFuture(Refused):
    code = "CASE-015"


class NotComputable(Refused):
    code = "LAW-001"


class NotFound(Refused):
    code = "GEN-404"


class UnknownStep(Refused):
    code = "CASE-404"


class Stale(Refused):
    code = "GEN-412"


class NoPrecondition(Refused):
    code = "GEN-428"


class KeyReused(Refused):
    code = "GEN-422"


class TooLarge(Refused):
    code = "FILE-001"


class WrongType(Refused):
    code = "FILE-002"


class NoSuchRange(Refused):
    code = "FILE-004"


class NotReady(Refused):
    code = "GEN-503"


class NoIdentity(Refused):
    code = "AUTHN-001"


class WrongOrgan(Refused):
    code = "PERM-001"


class NotAllowed(Refused):
    code = "PERM-002"


class Sealed(Refused):
    code = "PERM-003"


class OutOfOrder(Refused):
    code = "CASE-010"


class PapersMissing(Refused):
    code = "CASE-011"


class FactsMissing(Refused):
    code = "CASE-012"


class UsedUp(Refused):
    code = "CASE-013"


class Unfounded(Refused):
    code = "CASE-014"


class DigestMismatch(Refused):
    code = "EVID-001"


class NotStanding(Refused):
    code = "COORD-001"


class Unacceptable(Refused):
    code = "COORD-002"


class StillStanding(Refused):
    code = "COORD-003"


class CursorAhead(Refused):
    code = "FEED-001"


class SealedPackage(Refused):
    code = "EVID-002"
