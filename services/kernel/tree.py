"""The digest tree over the cases of one log: what two sides compare to know that they hold the same.

A leaf is where one case stands: its last row and both chain links, which fix every row before it. A case belongs into
the bucket that the first four hexadecimal digits of SHA-256 of its id name; inner nodes take sixteen children, one for
each further digit. So two trees of a million cases are compared, and one case proved to be in a root, by five nodes.
Pure; `digests.py` makes the same digests in SQL.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.kernel.transition import sha256

#: Names hash, fan-out, depth and the encoding of nodes. Another way to build the tree is another name.
ALGORITHM = "singletrack-tree-1:sha-256:16:4"
DIGITS = "0123456789abcdef"
DEPTH = 4
#: The first byte of what is hashed says what it is, so that no node can be taken for a leaf.
_LEAF, _BUCKET, _INNER = b"\x00", b"\x01", b"\x02"


class NotInTree(ValueError):
    """A path that does not lead from its leaf to a root. `level` is the length of the first prefix that does not fit."""

    def __init__(self, level: int) -> None:
        super().__init__(f"the node at level {level} is not what its children make")
        self.level = level


@dataclass(frozen=True, slots=True)
class Leaf:
    """Where one case stands: its last row and the links after it. Not `sound`: its rows do not follow from each other."""

    case_id: str
    seq: int
    sm3: bytes
    sha256: bytes
    sound: bool = True

    @property
    def digest(self) -> bytes:
        """32 bytes."""
        number = self.seq.to_bytes(4, "big")
        whole = b"\x01" if self.sound else b"\x00"
        return sha256(_LEAF + self.case_id.encode() + b"\x00" + number + self.sm3 + self.sha256 + whole)


def bucket_of(case_id: str) -> str:
    """The bucket of a case: four hexadecimal digits."""
    return sha256(case_id.encode()).hex()[:DEPTH]


def bucket(leaves: Sequence[bytes]) -> bytes:
    """The digest of a bucket from those of its leaves, in the order of the case ids' bytes."""
    return sha256(_BUCKET + b"".join(leaves))


def inner(children: Mapping[str, bytes]) -> bytes:
    """The digest of a node from those of its children that are there, by digit; of the empty tree, from none."""
    return sha256(_INNER + b"".join(digit.encode() + children[digit] for digit in sorted(children)))


def root_over(leaf: Leaf, bucket_leaves: Sequence[bytes], levels: Sequence[Mapping[str, bytes]]) -> bytes:
    """The root that a case's leaf leads to. Shape: the leaves of its bucket; the children of each inner node, upwards.

    Raises: NotInTree where one level does not make what the next one holds.
    """
    prefix = bucket_of(leaf.case_id)
    if len(levels) != DEPTH or leaf.digest not in bucket_leaves:
        raise NotInTree(DEPTH)
    found = bucket(bucket_leaves)
    for level, children in zip(range(DEPTH - 1, -1, -1), levels, strict=True):
        if children.get(prefix[level]) != found:
            raise NotInTree(level)
        found = inner(children)
    return found
