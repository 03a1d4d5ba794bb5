"""Each log is read as far as it could be: what was not read may tell of the deed, so nothing is overdue for want of it."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest

from services.kernel.period import read_moment
from tests.services.coordinator.conftest import COURT, LOGS, PROCURATORATE, Town

#: Ways in which the logs are read in part, for each life.
CUTS = 120


def neglected(town: Town) -> None:
    """Held all the way to the court; the custody follows late, and not everything is done in time."""
    town.files("甲", "乙")
    town.clock.passes(hours=5)
    town.detains("甲", "乙")
    town.clock.passes(days=2)
    town.goes_to("arrest", "甲", "乙")
    town.clock.passes(days=20)
    town.goes_to("prosecution", "甲", "乙")
    town.clock.passes(days=3)
    town.hands_over("甲", PROCURATORATE)
    town.clock.passes(days=30)
    town.goes_to("court", "甲", "乙")
    town.clock.passes(days=2)
    town.hands_over("甲", COURT, confirmed=False)
    town.clock.passes(days=70)


def careful(town: Town) -> None:
    """Every hand-over in its hour."""
    town.files("甲")
    town.detains("甲")
    town.clock.passes(days=2)
    town.goes_to("arrest", "甲")
    town.clock.passes(days=50)
    town.goes_to("prosecution", "甲")
    town.hands_over("甲", PROCURATORATE)
    town.clock.passes(days=20)
    town.goes_to("court", "甲")
    town.hands_over("甲", COURT)
    town.clock.passes(days=5)


def at_large(town: Town) -> None:
    """Detained for a day, then on bail, which is never looked after."""
    town.files("甲")
    town.detains("甲", admitted=False)
    town.clock.passes(days=1)
    town.takes("bail:decide", "甲")
    town.clock.passes(days=400)


def partly(town: Town, chance: Random) -> tuple[list[Mapping[str, Any]], dict[str, datetime]]:
    """So much of each log, and the moment up to which that is all of it; some logs were never read."""
    rows: list[Mapping[str, Any]] = []
    until: dict[str, datetime] = {}
    for service in LOGS:
        log = [row for row in town.rows if row["service"] == service]
        place = chance.randint(0, len(log))
        rows += log[:place]
        if chance.random() < 0.9:
            # Read to there once, and since then some rows more: the next one was recorded after it.
            first_unread = read_moment(log[place]["recorded_at"]) if place < len(log) else town.clock.now()
            assert isinstance(first_unread, datetime)
            until[service] = first_unread - timedelta(minutes=chance.choice([1, 60, 60 * 24 * 3]))
    return rows, until


@pytest.mark.parametrize("life", [neglected, careful, at_large])
def test_what_was_not_read_makes_nothing_overdue(town: Town, life: Callable[[Town], None]) -> None:
    """各记录读到何处不论：显示为逾期的，全部读完时也是逾期，或者逾期才办理。"""
    life(town)
    chance = Random(26)
    # What was done too late is found as late; until that is read, it is overdue.
    whole = {each.id for each in town.concludes().findings if each.status in {"overdue", "late"}}
    assert whole or life is careful

    for number in range(CUTS):
        rows, until = partly(town, chance)
        found = town.concludes(rows=rows, read=until) if rows else None
        wrong = [each for each in found.findings if each.status == "overdue" and each.id not in whole] if found else []
        assert wrong == [], f"cut {number}: {[(each.kind, each.due) for each in wrong]}, read until {until}"
