"""A finding: what the coordinator concludes about one case, in words and in data."""

import hashlib
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Finding:
    """One conclusion. `kind` is an invariant (INV-03), a limit's id or a ban's name.

    `status`: `overdue` (owed and not done), `late` (done, too late), `violated` (a ban or an invariant), `unknown` (a
    log has not been read far enough to say). `due` and `at` are days or instants as ISO text; `at` is when the deed
    was done, empty where it was not. `trigger` is the row from which the duty arose,
    `deed` the row that ended it, empty where none did.
    """

    case_id: str
    kind: str
    subject: str
    status: str
    severity: str
    owner: str
    zh: str
    en: str
    law_ref: str
    due: str = ""
    at: str = ""
    trigger: str = ""
    deed: str = ""
    repair: str = ""

    @property
    def id(self) -> str:
        """The same finding has the same id however often it is concluded."""
        seed = f"{self.case_id}|{self.kind}|{self.subject}|{self.trigger}"
        return f"fnd_{hashlib.sha256(seed.encode()).hexdigest()[:24]}"

    def as_dict(self) -> dict[str, Any]:
        """Field by field, with its id."""
        return {"id": self.id} | {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Duty:
    """Something owed by law: who must do what, from which act on, until when, and whether it was done.

    `status` is open, met, late, overdue, superseded or unknown. `rules` names the rules by which `due` was computed.
    """

    case_id: str
    limit: str
    subject: str
    owner: str
    zh: str
    law_ref: str
    status: str
    since: str
    due: str
    at: str
    trigger: str
    rules: tuple[str, ...]
    provisional: bool
    deed: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Field by field."""
        return {name: getattr(self, name) for name in self.__slots__}
