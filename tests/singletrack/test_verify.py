"""`singletrack verify` needs a certificate and keys, and nothing that runs."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import OKPKey
from typer.testing import CliRunner

from services.coordinator.domain.certificate import Path as CasePath
from services.coordinator.domain.certificate import check, issue
from services.kernel import tree
from services.kernel.errors import NoIdentity
from services.kernel.identity import Reader, Signer
from services.kernel.transition import Links
from singletrack.verify import app

CASE = "case_01K0000000000000000000000A"


@pytest.fixture
def signer() -> Signer:
    return Signer(OKPKey.generate_key("Ed25519", auto_kid=True))


def certificate(signer: Signer) -> str:
    """Of one case in one log."""
    links = Links().after("{}")
    leaf = tree.Leaf(CASE, 1, links.sm3, links.sha256)
    digits = tree.bucket_of(CASE)
    levels: list[dict[str, bytes]] = []
    below = tree.bucket([leaf.digest])
    for digit in reversed(digits):
        levels.append({digit: below})
        below = tree.inner(levels[-1])
    said = {"status": "agreed", "position": 1, "root": f"sha-256:{below.hex()}", "cases": 1, "why": ""}
    statement: dict[str, Any] = {
        "id": "agr_1",
        "by": "sys-coordinator",
        "made_at": "2026-11-22T00:00:00.000000Z",
        "services": {"case_flow": said},
        "differences": [],
        "case_ids": [CASE],
    }
    return issue(statement, {CASE: {"case_flow": CasePath(leaf, [leaf.digest], levels)}}, signer.key)


def verify(*words: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "singletrack.cli", "verify", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_certificate_is_checked_without_any_service(tmp_path: Path, signer: Signer) -> None:
    """证明成立的，退出码为0；不成立的，为1并指出何处；没有密钥不能核对的，为2。"""
    text = certificate(signer)
    good, answer, bad, keys = (tmp_path / name for name in ("good.json", "answer.json", "bad.json", "keys.json"))
    good.write_text(text, encoding="utf-8")
    answer.write_text(json.dumps({"id": "agr_1", "certificate": json.loads(text)}), encoding="utf-8")
    bad.write_text(text.replace('"position":1', '"position":2'), encoding="utf-8")
    keys.write_text(signer.public(), encoding="utf-8")

    said = verify(good, "--jwks", keys)
    assert (said.returncode, said.stderr) == (0, "")
    assert said.stdout.startswith("valid: agr_1")
    assert CASE in said.stdout
    # The same again without a process of its own.
    asked = CliRunner().invoke(app, ["verify", str(answer), "--jwks", str(keys)])
    assert asked.exit_code == 0
    wrong = CliRunner().invoke(app, ["verify", str(bad), "--jwks", str(keys), "--json"])
    assert wrong.exit_code == 1
    assert "services/case_flow/position" in json.loads(wrong.stdout)["wrong"][0]
    unknown = verify(good, "--data", tmp_path / "nowhere")
    assert (unknown.returncode, unknown.stdout) == (2, "")
    assert "--jwks" in unknown.stderr
    assert not (tmp_path / "nowhere").exists()


def test_a_token_is_no_certificate_and_a_certificate_no_token(signer: Signer) -> None:
    """同一密钥签发的令牌不能充作证明。"""
    token = signer.issue("sys-coordinator", "coordinator", officer="coordinator")
    told = json.loads(certificate(signer))
    signature = told["signature"]
    told["signature"] = token
    wrong = check(json.dumps(told, separators=(",", ":")), signer.public())
    assert wrong == ["signature/header: it is not that of a certificate"]
    with pytest.raises(NoIdentity):
        Reader(signer.public()).read(f"Bearer {signature}")
