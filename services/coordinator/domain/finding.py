"""A finding: what the coordinator concludes about one case, in words and in data."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any


def id_of(case_id: str, kind: str, subject: str, trigger: str, limit: str = "") -> str:
    """`fnd_` and a digest of what makes a finding the same finding."""
    seed = f"{case_id}|{kind}|{subject}|{trigger}" + (f"|{limit}" if limit else "")
    return f"fnd_{hashlib.sha256(seed.encode()).hexdigest()[:24]}"


def duty_id(case_id: str, limit: str, subject: str, trigger: str, start: str) -> str:
    """`dut_`, a digest of what makes a duty the same duty, and the case: it can be read off it."""
    seed = f"{limit}|{subject}|{trigger}|{start}"
    return f"dut_{hashlib.sha256(seed.encode()).hexdigest()[:16]}_{case_id}"


@dataclass(frozen=True)
class Finding:
    """One conclusion. `kind` is an invariant (INV-03), a limit's id or a ban's name.

    `status`: `open` (to be done at once, and not late yet), `overdue` (owed and not done), `late` (done, too late),
    `violated` (a ban or an invariant), `unknown` (a log has not been read far enough to say). `due` and `at` are days or instants as ISO text; `at` is when the deed
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
    #: The limit of the law whose breach breaks the invariant; empty where it is none.
    limit: str = ""

    @cached_property
    def id(self) -> str:
        """The same finding has the same id however often it is concluded."""
        return id_of(self.case_id, self.kind, self.subject, self.trigger, self.limit)

    def as_dict(self) -> dict[str, Any]:
        """Field by field, with its id."""
        return {"id": self.id} | self.__dict__


@dataclass
class Duty:
    """A clock of a case, which nothing changes, with everything that its end was computed from: who, what, from which act on, until when.

    `status` is open, met, late, overdue, superseded or unknown; of what is no duty (`kind` right, threshold …) lapsed
    in the place of overdue. `since` is when the act that began it was done, as recorded, and `start` from when it runs.
    `terms` names what the law says of it (`services.law.terms`). `extensions` and `excluded` name the acts that granted
    more time or stopped the clock. `holder` is the organ of the case that owes it, empty where none of that kind is known;
    `known` is when the record knew of this end: the trigger, and what moved the end, were recorded. `rules` names the rules by which the ends were computed: `base_end` before any
    roll-over, `last_day`, `deadline` as an instant; empty where there is none. `deed` is the act that ended it.
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
    deed_type: str = ""
    kind: str = ""
    terms: str = ""
    start: str = ""
    held: bool = False
    extensions: tuple[Mapping[str, Any], ...] = ()
    excluded: tuple[Mapping[str, Any], ...] = ()
    base_end: str = ""
    last_day: str = ""
    deadline: str = ""
    holder: str = ""
    known: str = ""

    @cached_property
    def id(self) -> str:
        """The same duty has the same id however often it is concluded, also when its end was moved."""
        return duty_id(self.case_id, self.limit, self.subject, self.trigger, self.start)

    def as_dict(self) -> dict[str, Any]:
        """Field by field."""
        return {name: value for name, value in self.__dict__.items() if name != "id"}
