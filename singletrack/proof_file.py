"""Proofs of deadlines as a file: fetched from a running coordinator, written entry by entry, read back."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx

from services.kernel.transition import ALGORITHMS, digest
from singletrack.verify_time import FRAME, canonical, sealed

#: Cases asked for at once.
PAGE = 50

Entry = Mapping[str, Any]


class ProofsBroken(RuntimeError):
    """What came is not what was sealed, or nothing came."""


@dataclass(slots=True)
class Proofs:
    """Clocks of cases with the terms and calendars that they name, by id and by version."""

    items: list[Entry] = field(default_factory=list)
    terms: dict[str, Entry] = field(default_factory=dict)
    calendars: dict[str, Entry] = field(default_factory=dict)

    def take(self, page: Mapping[str, Any]) -> None:
        """Add a page of `GET /v1/clocks`. Raises: ProofsBroken for one whose digests are not those of what it says."""
        for item in page["items"]:
            text = canonical({name: item[name] for name in item if name != "digests"})
            if item["digests"] != {algorithm: digest(algorithm, text) for algorithm in ALGORITHMS}:
                raise ProofsBroken(f"{item['case_id']}: {item['limit']} did not arrive as it was sent")
        self.items += page["items"]
        self.terms.update(page["terms"])
        self.calendars.update(page["calendars"])

    def text(self) -> bytes:
        """The file: one entry a line, each with its seal, and last an entry about the whole."""
        sections: tuple[list[Entry], ...] = (
            [self.calendars[version] for version in sorted(self.calendars)],
            [{"id": name, **self.terms[name]} for name in sorted(self.terms)],
            [{name: item[name] for name in item if name != "digests"} for item in self.items],
        )
        lines = [FRAME[0]]
        for frame, entries in zip(FRAME[1:4], sections, strict=True):
            lines += [frame, *_separated(sealed(entry) for entry in entries)]
        body = b"\n".join([*lines, FRAME[4], b""])
        counts = dict(zip(("calendars", "terms", "proofs"), map(len, sections), strict=True))
        whole = counts | {"sha256": sha256(body).hexdigest(), "sm3": ALGORITHMS["sm3"](body).hex()}
        return body + b"\n".join([sealed(whole), FRAME[5], b""])


def _separated(lines: Iterable[bytes]) -> Iterator[bytes]:
    before = None
    for line in lines:
        if before is not None:
            yield before + b","
        before = line
    if before is not None:
        yield before


def fetch(
    http: httpx.Client,
    *,
    case_id: str = "",
    page_size: int = PAGE,
    progress: Callable[[int], None] = lambda cases: None,
) -> Proofs:
    """All clocks that the caller may see. `progress` hears of so many cases more. Raises: ProofsBroken, httpx.HTTPError."""
    found, token = Proofs(), ""
    while True:
        asked = {"page_token": token, "page_size": str(page_size)} | ({"case_id": case_id} if case_id else {})
        answer = http.get("/v1/clocks", params=asked)
        if answer.is_error:
            raise ProofsBroken(f"the coordinator answered {answer.status_code}: {answer.text[:200]}")
        page = answer.json()
        found.take(page)
        token = page["next_page_token"]
        progress(page_size)
        if not token:
            return found


def read(file: Path) -> Proofs:
    """A file of proofs, as it is; `singletrack law verify` says whether it is right. Raises: ProofsBroken, OSError."""
    try:
        told = json.loads(file.read_bytes())
        return Proofs(
            told["proofs"],
            {each["id"]: each for each in told["terms"]},
            {each["version"]: each for each in told["calendars"]},
        )
    except (ValueError, KeyError, TypeError) as error:
        raise ProofsBroken(f"{file} is not a file of proofs: {error}") from error
