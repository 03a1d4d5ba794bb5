"""The terms of a limit as data: everything that the law puts into the computation of an end. Pure.

A proof names its terms by an id made from what they say, so they are kept once, and an end computed under them can be
computed again when the law has long been another. Whoever checks needs nothing of ours but these words.
"""

import hashlib
import json
from typing import Any

from services.kernel.period import Extension
from services.kernel.procedure import Limit, Procedure

Terms = dict[str, Any]


def terms(limit: Limit, procedure: type[Procedure]) -> Terms:
    """A limit that has a number, as one edition of its procedure has it.

    Shape: periods are ISO 8601; `law` are citations for machines (CPL-2018:91.3), `law_ref` for people; `extensions` are
    those that the law knows, in its order.
    """
    assert limit.period is not None, "a limit without a number does not run"
    cited = [procedure.cited(each) for each in (limit.cite if isinstance(limit.cite, tuple) else (limit.cite,))]
    return {
        "limit": limit.name,
        "zh": limit.zh,
        "kind": limit.kind,
        "organ": limit.organ.value,
        "procedure": procedure.name,
        "edition": procedure.edition,
        "law": [each.ref for each in cited],
        "law_ref": "、".join(each.zh for each in cited),
        "duration": limit.period.iso,
        "extensions": [lengthening(each) for each in limit.extensions],
        "roll": limit.roll.value,
        "custody": limit.custody,
        "month_end": limit.month_end.value,
        "working_days": limit.working_days,
        "before": limit.before,
    }


def lengthening(extension: Extension) -> dict[str, str]:
    """How an extension counts, and by how much: `amount` is empty where it has no number of its own."""
    return {"mode": extension.mode.value, "amount": extension.period.iso if extension.period else ""}


def canonical(told: Any) -> str:
    """The one way of writing JSON over which ids and digests are made: keys in order, no space, no escapes but JSON's."""
    return json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def terms_id(told: Terms) -> str:
    """`trm_` and a digest of what the terms say: the same terms have the same id, and no others."""
    return f"trm_{hashlib.sha256(canonical(told).encode()).hexdigest()[:32]}"
