"""Certificates of agreement: what is stated, signed with the coordinator's key, and checked by anyone without any service.

A certificate is one line of JSON: the `statement` for reading, the `signature` (a compact JWS, Ed25519) that carries the
same statement, and for each case asked about the path from its leaf to each root. Whatever is changed in it is named.
Pure.
"""

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OKPKey

from services.kernel import tree
from services.kernel.transition import encode

Json: TypeAlias = dict[str, Any]
TYPE = "singletrack-agreement"
_ALGORITHM = "Ed25519"
_SHA = "sha-256:"
_PARTS = {"statement", "signature", "cases"}


@dataclass(frozen=True, slots=True)
class Path:
    """How one case of one service leads to the root. Shape: bucket, 32 bytes each; levels upwards, by digit."""

    leaf: tree.Leaf
    bucket: Sequence[bytes]
    levels: Sequence[Mapping[str, bytes]]

    def as_dict(self) -> Json:
        """For the certificate."""
        return {
            "seq": self.leaf.seq,
            "sm3": self.leaf.sm3.hex(),
            "sha256": self.leaf.sha256.hex(),
            "bucket": [each.hex() for each in self.bucket],
            "levels": [{digit: each.hex() for digit, each in sorted(level.items())} for level in self.levels],
        }

    @classmethod
    def of(cls, case_id: str, told: Mapping[str, Any]) -> "Path":
        """From a certificate. Raises: KeyError, TypeError, ValueError, AttributeError."""
        leaf = tree.Leaf(case_id, int(told["seq"]), bytes.fromhex(told["sm3"]), bytes.fromhex(told["sha256"]))
        levels = [{digit: bytes.fromhex(each) for digit, each in level.items()} for level in told["levels"]]
        found = cls(leaf, [bytes.fromhex(each) for each in told["bucket"]], levels)
        if found.as_dict() != told:
            raise ValueError("it is not as paths are written")
        return found


def issue(statement: Json, cases: Mapping[str, Mapping[str, Path]], key: OKPKey) -> str:
    """A certificate, signed. `cases` holds the paths of each case by service."""
    header = {"alg": _ALGORITHM, "typ": TYPE, "kid": key.kid}
    signature = jws.serialize_compact(header, encode(statement), key, algorithms=[_ALGORITHM])
    told = [
        {"case_id": case_id, "services": {service: path.as_dict() for service, path in paths.items()}}
        for case_id, paths in cases.items()
    ]
    return encode({"statement": statement, "signature": signature, "cases": told})


def check(text: str, jwks: str) -> list[str]:
    """Everything that is wrong with a certificate, each named by where it stands; empty where it holds."""
    try:
        told = json.loads(text, object_pairs_hook=_unique)
        again = encode(told)
    except (ValueError, RecursionError) as error:
        return [f"the file is no sound JSON: {error}"]
    if again != text.strip():
        at = next(
            (n for n, pair in enumerate(zip(again, text.strip(), strict=False)) if pair[0] != pair[1]), len(again)
        )
        return [f"the file is not as certificates are written, from character {at} on"]
    if not isinstance(told, dict) or set(told) != _PARTS:
        return ["the file has other parts than statement, signature and cases"]
    return [*_signature(told["statement"], told["signature"], jwks), *_cases(told["statement"], told["cases"])]


def _signature(statement: Any, signature: Any, jwks: str) -> Iterator[str]:
    parts = signature.split(".") if isinstance(signature, str) else []
    decoded = [_decoded(part) for part in parts]
    if len(decoded) != len(("header", "payload", "value")) or None in decoded:
        yield "signature: it is no JWS"
        return
    header = _parsed(decoded[0])
    if not isinstance(header, dict) or header.keys() != {"alg", "typ", "kid"} or header["typ"] != TYPE:
        yield "signature/header: it is not that of a certificate"
        return
    keys = KeySet.import_key_set(json.loads(jwks))
    if header["kid"] not in {key.kid for key in keys.keys}:
        yield f"signature/header: the key {header['kid']} is not among those given"
        return
    if _holds(signature, keys):
        if _parsed(decoded[1]) != statement:
            yield f"statement{_difference(statement, _parsed(decoded[1]))}: it is not what was signed"
        return
    if _holds(f"{parts[0]}.{_encoded(encode(statement).encode())}.{parts[2]}", keys):
        yield "signature/payload: it is not what was signed; the statement is"
        return
    yield "signature/value: it does not fit what is said to be signed"


def _holds(signature: str, keys: KeySet) -> bool:
    try:
        jws.deserialize_compact(signature, keys, algorithms=[_ALGORITHM])
    except (JoseError, ValueError):
        return False
    return True


def _cases(statement: Any, cases: Any) -> Iterator[str]:
    if not isinstance(cases, list):
        yield "cases: it is no list"
        return
    for number, case in enumerate(cases):
        where = f"cases/{number}"
        try:
            paths = {service: Path.of(case["case_id"], path) for service, path in case["services"].items()}
            roots = {service: statement["services"][service]["root"] for service in paths}
            named = {"case_id": statement["case_ids"][number], "services": case["services"]}
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            yield f"{where}: it cannot be read: {error!r}"
            continue
        if case != named:
            yield f"{where}{_difference(case, named)}: the statement names {named['case_id']}"
        for service, path in paths.items():
            yield from _path(f"{where}/services/{service}", path, roots[service])
    if isinstance(statement, dict) and len(statement.get("case_ids", ())) != len(cases):
        yield "cases: they are not those that the statement names"


def _path(where: str, path: Path, said: str) -> Iterator[str]:
    try:
        root = _SHA + tree.root_over(path.leaf, path.bucket, path.levels).hex()
    except tree.NotInTree as error:
        if error.level == tree.DEPTH:
            yield f"{where}: the case, as it is told, is not in its bucket"
        else:
            yield f"{where}/levels/{tree.DEPTH - 1 - error.level}: it does not hold what is below it"
        return
    if root != said:
        yield f"{where}/levels/{tree.DEPTH - 1}: it does not make the root that was signed"


def _difference(one: Any, other: Any) -> str:
    """The path to the first thing that two values have not in common."""
    if isinstance(one, dict) and isinstance(other, dict):
        for name in [*one, *(name for name in other if name not in one)]:
            if name not in one or name not in other or one[name] != other[name]:
                return f"/{name}{_difference(one.get(name), other.get(name))}"
    if isinstance(one, list) and isinstance(other, list):
        for place, (left, right) in enumerate(zip(one, other, strict=False)):
            if left != right:
                return f"/{place}{_difference(left, right)}"
    return ""


def _unique(pairs: list[tuple[str, Any]]) -> Json:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("an object repeats a key")
    return found


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decoded(text: str) -> bytes | None:
    """The bytes of base64url text; None for what is none, or not written the one way."""
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError:
        return None
    return data if _encoded(data) == text else None


def _parsed(data: bytes | None) -> Any:
    try:
        return json.loads(data or b"")
    except ValueError:
        return None
