"""Which role of an organ acts in which offices, and who may see a case. Read from each service's `policy.yaml`.

Deny by default: a role that the file does not name may do nothing and see nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from services.kernel.who import Actor


@dataclass(frozen=True)
class Policy:
    """One version of the rules. `version` is stored with every decision that they allowed."""

    version: str
    offices_of: Mapping[str, frozenset[str]]
    sees_all: frozenset[str]
    reads_feeds: frozenset[str]
    accepts: frozenset[str] = frozenset()
    #: `own`: who may order and confirm what their own organ is to mend; `all`: what any organ is, of a case they see.
    supervises: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> "Policy":
        """The policy in a YAML file. Raises: KeyError or ValueError where the file does not say what it must."""
        source: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
        return cls(
            version=str(source["version"]),
            offices_of={role: frozenset(offices) for role, offices in source["offices"].items()},
            sees_all=frozenset(source["sees_all"]),
            reads_feeds=frozenset(source["reads_feeds"]),
            accepts=frozenset(source.get("accepts", ())),
            supervises={over: frozenset(roles) for over, roles in source.get("supervises", {}).items()},
        )

    def offices(self, role: str) -> frozenset[str]:
        """The offices in which a role may act; none for a role that is not known."""
        return self.offices_of.get(role, frozenset())

    def may_supervise(self, actor: Actor, organ_id: str) -> bool:
        """Whether this actor may order an organ to mend something, and confirm that it was mended."""
        own = self.supervises.get("own", frozenset()) if actor.organ_id == organ_id else frozenset()
        return actor.role in own | self.supervises.get("all", frozenset())

    def may_see(self, actor: Actor, state: Mapping[str, Any]) -> bool:
        """Whether a case is for this actor's eyes: a case that does not exist yet is, for whoever may open one."""
        return not state or actor.organ_id in state.get("seen_by", ()) or actor.role in self.sees_all

    def may_read_feeds(self, actor: Actor) -> bool:
        """Whether a whole feed is for this actor's eyes."""
        return actor.role in self.reads_feeds
