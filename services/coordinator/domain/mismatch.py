"""When a finding counts as a known difference. Pure.

It is accepted for the facts that were found and until the end of a day. When the day has passed, or what is found is
no longer what was accepted, it stands open again by itself: nothing has to happen for that.
"""

import hashlib
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from services.kernel.errors import Unacceptable
from services.kernel.period import local_date
from services.kernel.statute import Citation, cited
from services.kernel.transition import encode
from services.kernel.who import organ_of
from services.law.statutes import EDITIONS

#: The longest that a difference may be accepted at once. Ours, not the law's.
MOST = timedelta(days=90)
#: What a finding says in words, which may be worded otherwise without being another finding.
WORDS = {"zh", "en", "repair", "law_ref"}


def facts(finding: Mapping[str, Any]) -> str:
    """The digest of what was found, words aside. Takes a finding's body."""
    told = {name: finding[name] for name in sorted(finding) if name not in WORDS}
    return f"sha-256:{hashlib.sha256(encode(told).encode()).hexdigest()}"


def is_accepted(finding: Mapping[str, Any], accepted_facts: str, expires_on: date, now: datetime) -> bool:
    """Whether an acceptance still holds for a finding as it stands now."""
    return accepted_facts == facts(finding) and local_date(now) <= expires_on


def acceptable(owner: str, article: str, expires_on: date, now: datetime) -> Citation:
    """The provision relied on. Raises: Unacceptable, naming each field that does not hold."""
    today = local_date(now)
    citation = cited(article, EDITIONS)
    wrong = [
        {"pointer": pointer, "code": code, "message": message}
        for pointer, code, message, holds in (
            ("/owner", "no_such_organ", "须是负责处理的机关", organ_of(owner) is not None),
            ("/article", "no_such_provision", "须引用现有版本的条文，如CPL-2018:91.3", citation is not None),
            ("/expires_on", "in_the_past", "不得早于今天", expires_on >= today),
            ("/expires_on", "too_late", f"至多{MOST.days}日", expires_on <= today + MOST),
        )
        if not holds
    ]
    if wrong or citation is None:
        raise Unacceptable(
            "认可已知差异，须写明负责机关、理由、条文和期限。",
            "a known difference needs an owner, a reason, a provision and an end",
            errors=wrong,
            params={"most_days": MOST.days},
        )
    return citation
