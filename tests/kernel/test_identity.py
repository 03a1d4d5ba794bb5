"""Tokens: what one must say, and every way in which one does not hold."""

import base64
import json
import time
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from services.kernel.errors import NoIdentity
from services.kernel.identity import ALGORITHM, AUDIENCE, ISSUER, LEEWAY, Reader, Signer
from services.kernel.who import Actor, Organ


@pytest.fixture(scope="module")
def key() -> OKPKey:
    return OKPKey.generate_key("Ed25519", auto_kid=True)


@pytest.fixture
def signer(key: OKPKey) -> Signer:
    return Signer(key)


@pytest.fixture
def reader(signer: Signer) -> Reader:
    return Reader(signer.public())


def claims(**changed: Any) -> dict[str, Any]:
    """What a token of the police says; None leaves a claim out."""
    now = int(time.time())
    whole = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "iat": now,
        "exp": now + 300,
        "sub": "ofc-1",
        "client": "pol-330106-system",
        "organ": "pol-330106",
        "role": "officer",
        **changed,
    }
    return {name: value for name, value in whole.items() if value is not None}


def signed(key: Any, said: dict[str, Any], algorithm: str = ALGORITHM, **header: Any) -> str:
    """A token that says this, signed with this key."""
    return jwt.encode({"alg": algorithm, "kid": key.kid, **header}, said, key, algorithms=[algorithm])


def written(part: Any) -> str:
    """A part of a token as it goes over the wire."""
    text = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def test_who_acts_is_who_the_token_names(signer: Signer, reader: Reader) -> None:
    """办理的是令牌所写的机关、职务和人员。"""
    token = signer.issue("proc-330106", "prosecutor", officer="ofc-7", client="sys-a")

    read = reader.read(f"Bearer {token}")

    assert read == Actor("proc-330106", Organ.PROCURATORATE, "prosecutor", "ofc-7", "sys-a")
    assert reader.read(f"bearer {token}") == read


def test_a_client_has_a_name_though_none_was_given(signer: Signer, reader: Reader) -> None:
    """Keys of idempotency are counted per client."""
    assert reader.read(f"Bearer {signer.issue('pol-330106', 'officer', officer='o')}").client == "pol-330106-system"


@pytest.mark.parametrize("organ", ["mayor-330106", "", "330106", "POL-330106"])
def test_no_token_for_what_is_no_organ(signer: Signer, organ: str) -> None:
    """不是机关的，不签发令牌。"""
    with pytest.raises(ValueError, match="names no organ"):
        signer.issue(organ, "officer", officer="o")


@pytest.mark.parametrize(
    "changed",
    [
        {"exp": int(time.time()) - LEEWAY - 5},
        {"exp": None},
        {"exp": "tomorrow"},
        {"nbf": int(time.time()) + 3600},
        {"iss": "another"},
        {"iss": None},
        {"aud": "another"},
        {"aud": ["another", "third"]},
        {"aud": None},
        {"sub": None},
        {"sub": ""},
        {"client": None},
        {"role": None},
        {"organ": None},
        {"organ": "mayor-330106"},
        {"organ": "330106"},
        {"organ": 330106},
        {"organ": ["pol-330106"]},
    ],
    ids=lambda changed: str({name: "a time" if isinstance(each, int) else each for name, each in changed.items()}),
)
def test_claims_that_do_not_hold(key: OKPKey, reader: Reader, changed: dict[str, Any]) -> None:
    """过期的、他人签发的、给他人用的、没有写明机关的令牌，不能证明身份。"""
    with pytest.raises(NoIdentity):
        reader.read(f"Bearer {signed(key, claims(**changed))}")


def test_clocks_may_differ_a_little(key: OKPKey, reader: Reader) -> None:
    """Ten seconds, and no more."""
    assert reader.read(f"Bearer {signed(key, claims(exp=int(time.time()) - LEEWAY // 2))}").officer == "ofc-1"


def test_a_token_without_a_signature(reader: Reader, key: OKPKey) -> None:
    """alg=none 的令牌，不是令牌。"""
    for algorithm in ("none", "None", "NONE"):
        head = written({"alg": algorithm, "kid": key.kid})
        with pytest.raises(NoIdentity):
            reader.read(f"Bearer {head}.{written(claims())}.")


def test_a_token_of_another_algorithm(key: OKPKey, signer: Signer, reader: Reader) -> None:
    """只认一种算法；用公开的钥匙作口令签名的，也不认。"""
    public = json.loads(signer.public())["keys"][0]
    others = [
        ("HS256", OctKey.import_key(public["x"], {"kid": key.kid})),
        ("ES256", ECKey.generate_key("P-256", {"kid": key.kid})),
        ("RS256", RSAKey.generate_key(2048, {"kid": key.kid})),
    ]

    for algorithm, other in others:
        with pytest.raises(NoIdentity):
            reader.read(f"Bearer {signed(other, claims(), algorithm)}")


def test_a_token_of_another_key(key: OKPKey, reader: Reader) -> None:
    """他人的钥匙签的，写着我们的钥匙的名字，也不认。"""
    stranger = OKPKey.generate_key("Ed25519", {"kid": key.kid})
    unknown = OKPKey.generate_key("Ed25519", auto_kid=True)

    for other in (stranger, unknown):
        with pytest.raises(NoIdentity):
            reader.read(f"Bearer {signed(other, claims())}")


def test_keys_in_a_header_are_not_followed(reader: Reader) -> None:
    """令牌自带的钥匙，或者指向别处的钥匙，一概不看。"""
    stranger = OKPKey.generate_key("Ed25519", auto_kid=True)
    for header in ({"jwk": stranger.as_dict(private=False)}, {"jku": "https://example.org/keys"}):
        head = written({"alg": ALGORITHM, "kid": stranger.kid, **header})
        payload = written(claims())
        signature = written(stranger.private_key.sign(f"{head}.{payload}".encode()))
        with pytest.raises(NoIdentity):
            reader.read(f"Bearer {head}.{payload}.{signature}")


def test_what_is_changed_after_signing(key: OKPKey, reader: Reader) -> None:
    """签名以后改动的，不认。"""
    head, _, signature = signed(key, claims()).split(".")

    with pytest.raises(NoIdentity):
        reader.read(f"Bearer {head}.{written(claims(organ='court-330106'))}.{signature}")


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer",
        "Bearer ",
        "Basic cG9saWNlOnBvbGljZQ==",
        "Bearer a",
        "Bearer a.b",
        "Bearer a.b.c",
        "Bearer ...",
        "Bearer a.b.c.d.e",
        "Bearer é.é.é",
        "Bearer \x00.\x00.\x00",
        f"Bearer {written(b'[]')}.{written(claims())}.{written(b'x')}",
        f"Bearer {written({'alg': ALGORITHM})}.{written(b'[]')}.{written(b'x')}",
        f"Bearer {written({'alg': [ALGORITHM]})}.{written(claims())}.{written(b'x')}",
        f"Bearer {written({'alg': None})}.{written(claims())}.{written(b'x')}",
        f"Bearer {written({'alg': ALGORITHM, 'kid': 7})}.{written(claims())}.{written(b'x')}",
        f"Bearer {written({'alg': ALGORITHM, 'crit': ['b64'], 'b64': False})}.{written(claims())}.{written(b'x')}",
        f"Bearer {written(bytes(range(256)))}.{written(bytes(range(256)))}.{written(b'x')}",
        "Bearer " + "a" * 100_000,
    ],
    ids=lambda text: repr(text[:40]),
)
def test_what_is_no_token(reader: Reader, authorization: str) -> None:
    """不成样子的，一律是未经确认，而不是系统错误。"""
    with pytest.raises(NoIdentity):
        reader.read(authorization)


@pytest.mark.parametrize("said", [b"[]", b"7", b'"text"', b"null", b"\xff\xfe"], ids=repr)
def test_claims_that_are_no_object(key: OKPKey, reader: Reader, said: bytes) -> None:
    """A token soundly signed, of something that is no set of claims."""
    head = written({"alg": ALGORITHM, "kid": key.kid})
    signature = written(key.private_key.sign(f"{head}.{written(said)}".encode()))

    with pytest.raises(NoIdentity):
        reader.read(f"Bearer {head}.{written(said)}.{signature}")


def test_a_token_is_remembered_no_longer_than_it_holds(
    key: OKPKey, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """看过的令牌，到期即不再认。"""
    authorization = f"Bearer {signed(key, claims())}"
    read = reader.read(authorization)
    later = time.time() + 300 + LEEWAY + 1

    assert reader.read(authorization) is read
    monkeypatch.setattr("time.time", lambda: later)
    with pytest.raises(NoIdentity):
        reader.read(authorization)


def test_a_key_file_is_made_once_and_for_us_alone(tmp_path: Any) -> None:
    """The private key lies where nobody else reads it; the public set holds no private part."""
    file = tmp_path / "key.json"

    first, second = Signer.load(file), Signer.load(file)

    assert file.stat().st_mode & 0o777 == 0o600
    assert first.public() == second.public()
    assert all("d" not in each for each in json.loads(first.public())["keys"])
    assert Reader(first.public()).read(f"Bearer {second.issue('court-330106', 'judge', officer='o')}").role == "judge"
