"""The row that a step leaves in the log, and the two hash chains through the rows of one case.

A row is one JSON text, encoded once and passed on as it is. Each chain link is H(previous link ‖ text), under an
algorithm named by its id, so that either can be verified alone. Knows no procedure, no database.
"""

import functools
import hashlib
import json
import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives import hashes
from pydantic_core import to_json

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = [first + second for first in _CROCKFORD for second in _CROCKFORD]
_SM3 = hashes.SM3()
#: A float below 0.0001 is the one thing that pydantic writes otherwise (1e-7 for 1e-07, 0.00002 for 2e-05).
_SMALL = re.compile(r"\de-\d|0\.0000\d")

#: The link before the first row of a case.
GENESIS = b""


def sm3(data: bytes) -> bytes:
    """SM3 (GB/T 32905), 32 bytes."""
    digest = hashes.Hash(_SM3)
    digest.update(data)
    return digest.finalize()


def sha256(data: bytes) -> bytes:
    """SHA-256, 32 bytes."""
    return hashlib.sha256(data).digest()


#: Hash functions by the algorithm id that stands beside every digest.
ALGORITHMS = {"sm3": sm3, "sha-256": sha256}


def digest(algorithm: str, data: bytes) -> str:
    """`sm3:` and hexadecimal digits. Raises: KeyError for an algorithm that is not ours."""
    return f"{algorithm}:{ALGORITHMS[algorithm](data).hex()}"


def new_id(prefix: str) -> str:
    """`<prefix>_<ULID>`: sortable by the millisecond it was made, and says nothing else."""
    number = (time.time_ns() // 1_000_000) << 80 | secrets.randbits(80)
    pairs = [_PAIRS[number >> shift & 1023] for shift in range(120, -1, -10)]
    return f"{prefix}_{''.join(pairs)}"


@functools.lru_cache(maxsize=64)  # the rows of one commit share theirs
def instant(moment: datetime) -> str:
    """RFC 3339 in UTC with microseconds and Z, as on the wire."""
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def encode(body: Mapping[str, Any]) -> str:
    """The one encoding of a row: what `json.dumps` writes, at a third of its cost."""
    text = to_json(body).decode()
    if ("e-" in text or "0.0000" in text) and _SMALL.search(text):
        return json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return text


@dataclass(frozen=True, slots=True)
class Links:
    """The chain links after a row. Shape: 32 bytes each; both empty before the first row."""

    sm3: bytes = GENESIS
    sha256: bytes = GENESIS

    def after(self, text: str) -> "Links":
        """The links after one more row."""
        data = text.encode()
        return Links(sm3(self.sm3 + data), sha256(self.sha256 + data))
