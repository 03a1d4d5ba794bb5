"""Who is calling: tokens signed for an organ, checked by the gateway and again by every service.

A token is a JWT (Ed25519) that names organ, role, officer and client. The gateway is not trusted: each service checks
the signature and decides for itself. Keys come as a JWK set; nothing in a token's header is followed.
"""

import json
import time
from collections import OrderedDict
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OKPKey

from services.kernel.errors import NoIdentity
from services.kernel.who import Actor, organ_of

ISSUER = "singletrack"
AUDIENCE = "singletrack"
ALGORITHM = "Ed25519"
#: Seconds by which clocks may differ.
LEEWAY = 10
_REMEMBERED = 4096
_CLAIMS = jwt.JWTClaimsRegistry(
    leeway=LEEWAY,
    iss={"essential": True, "value": ISSUER},
    aud={"essential": True, "value": AUDIENCE},
    exp={"essential": True},
    sub={"essential": True},
    client={"essential": True},
    organ={"essential": True},
    role={"essential": True},
)


class Signer:
    """Issues tokens; in the embedded mode its key lies in the data folder, in production at the organs' own issuer."""

    def __init__(self, key: OKPKey) -> None:
        self._key = key

    @classmethod
    def load(cls, path: Path) -> "Signer":
        """The key in a file, made there on first use (mode 0600)."""
        if not path.exists():
            key = OKPKey.generate_key("Ed25519", auto_kid=True)
            path.touch(mode=0o600)
            path.write_text(json.dumps(key.as_dict(private=True)), encoding="utf-8")
        return cls(OKPKey.import_key(json.loads(path.read_text(encoding="utf-8"))))

    @property
    def key(self) -> OKPKey:
        """The private key, for what else its holder signs."""
        return self._key

    def public(self) -> str:
        """The JWK set that the gateway and the services check with."""
        return json.dumps({"keys": [self._key.as_dict(private=False)]})

    def issue(self, organ: str, role: str, *, officer: str, client: str = "", seconds: int = 300) -> str:
        """A token for an officer of an organ, valid for so many seconds.

        Raises: ValueError where the organ's id names no kind of organ.
        """
        if organ_of(organ) is None:
            raise ValueError(f"{organ} names no organ; ids look like pol-330106, proc-330106, court-330106, dc-330106")
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "iat": now,
            "exp": now + seconds,
            "sub": officer,
            "client": client or f"{organ}-system",
            "organ": organ,
            "role": role,
        }
        return jwt.encode({"alg": ALGORITHM, "kid": self._key.kid}, claims, self._key, algorithms=[ALGORITHM])


class Reader:
    """Checks tokens against a JWK set; remembers those it has checked until they expire."""

    def __init__(self, jwks: str) -> None:
        self._keys = KeySet.import_key_set(json.loads(jwks))
        self._seen: OrderedDict[str, tuple[Actor, float]] = OrderedDict()

    def read(self, authorization: str) -> Actor:
        """The actor whom an Authorization header names. Raises: NoIdentity."""
        remembered = self._seen.get(authorization)
        if remembered is not None and remembered[1] > time.time():
            return remembered[0]
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise _no_identity()
        try:
            read = jwt.decode(token, self._keys, algorithms=[ALGORITHM])
            _CLAIMS.validate(read.claims)
            actor = _actor(read.claims)
        except (JoseError, ValueError) as error:
            raise _no_identity() from error
        self._seen[authorization] = (actor, float(read.claims["exp"]) + LEEWAY)
        if len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)
        return actor


def _actor(claims: dict[str, Any]) -> Actor:
    organ = organ_of(str(claims["organ"]))
    if organ is None:
        raise ValueError("the token names no organ")
    return Actor(str(claims["organ"]), organ, str(claims["role"]), str(claims["sub"]), str(claims["client"]))


def _no_identity() -> NoIdentity:
    return NoIdentity("未提供有效的身份令牌。", "no valid token", cure="向令牌签发方取得新的令牌后重试。")
