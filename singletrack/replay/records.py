"""Timelines: one JSON object a line, one for each defendant, or one for a case that the source only describes whole."""

import datetime as dt
import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError


class TimelineBroken(ValueError):
    """A line of the file that cannot be played: which, and why."""


class Event(BaseModel):
    """One thing that the document states. `date` is None where it gives none; then the place in the list is all we know."""

    model_config = ConfigDict(extra="allow")
    type: str
    date: dt.date | None = None
    organ: str | None = None
    outcome: str | None = None
    document: str | None = None
    reason: str | None = None
    designated: bool | None = None
    by: str | None = None


class Record(BaseModel):
    """One line. `case_key` joins the defendants of a case."""

    model_config = ConfigDict(extra="allow")
    case_key: str
    record_level: str
    defendant_index: int | None = None
    defendant_type: str | None = None
    court: str | None = None
    procuratorate: str | None = None
    region: dict[str, Any] = {}
    flags: dict[str, Any] = {}
    events: list[Event]
    sentence: dict[str, Any] | None = None
    property_disposal: dict[str, Any] | None = None
    procedure: dict[str, Any] | None = None

    @property
    def key(self) -> str:
        """`case_key/defendant_index`, as the data's own README names records; 0 for a case told whole."""
        return f"{self.case_key}/{self.defendant_index or 0}"

    @property
    def place(self) -> str:
        """Six letters that stand for the place, so that organs of one place share their cases."""
        told = f"{self.region.get('province')}|{self.region.get('city')}"
        return hashlib.sha256(told.encode()).hexdigest()[:6]

    @property
    def days(self) -> list[dt.date]:
        """Every day that the document states, in its order."""
        return [event.date for event in self.events if event.date is not None]


def read(path: Path, limit: int | None = None) -> list[list[Record]]:
    """The records of a file, joined to cases, in the order of their first line.

    `limit` counts records. Raises: TimelineBroken naming line and reason; OSError.
    """
    cases: dict[str, list[Record]] = {}
    with path.open("rb") as lines:  # decoded line by line, so that what is not UTF-8 has a line
        for number, record in enumerate(_records(lines, path)):
            if limit is not None and number >= limit:
                break
            cases.setdefault(record.case_key, []).append(record)
    return list(cases.values())


def _records(lines: Iterable[bytes], path: Path) -> Iterable[Record]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            yield Record.model_validate(json.loads(line.decode("utf-8")))
        except json.JSONDecodeError as error:
            raise TimelineBroken(f"{path}, line {number}: not JSON ({error.msg} at column {error.colno})") from error
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise TimelineBroken(f"{path}, line {number}: {where}: {first['msg']}") from error
        except UnicodeDecodeError as error:
            raise TimelineBroken(f"{path}, line {number}: not UTF-8") from error
