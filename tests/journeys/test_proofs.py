"""Proofs of the whole running system: exported by the command, computed again by a Python that knows nothing of ours."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from singletrack import law, verify, verify_time


def called(*arguments: str) -> Any:
    """`singletrack law …` in this process."""
    return CliRunner().invoke(law.app, list(arguments))


@pytest.fixture
async def file(town: Any, system: Any, tmp_path: Path) -> Path:
    """The proofs of a case in which somebody was detained and nobody did anything for forty days."""
    await town.files("甲", "乙")
    await town.detains("甲")
    town.passes(days=40)
    await town.is_read()
    out = tmp_path / "proofs.json"
    told = await asyncio.to_thread(
        called, "proofs", "--data", str(system.folder), "--case", town.case, "--out", str(out), "--json"
    )
    assert told.exit_code == 0, told.output
    assert json.loads(told.stdout)["cases"] == 1
    return out


async def test_exported_and_verified_by_a_stranger(file: Path) -> None:
    """导出的证明，用单独一个文件、不装任何软件包的Python核对，相符；改动一个字节，指明在何处。"""
    command = [sys.executable, "-I", "-S", verify_time.__file__, str(file), "--json"]
    told = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert told["agrees"]
    assert told["counts"]["proofs"] >= 4
    assert called("verify", str(file)).exit_code == 0

    data = file.read_bytes()
    at = data.index(b'"start":"2') + len(b'"start":"2')
    file.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
    wrong = called("verify", str(file))
    assert wrong.exit_code == 1
    assert "/start" in wrong.stdout
    assert "现为'1'，原为'0'" in wrong.stdout
    assert called("verify", str(file) + ".none").exit_code == 2


async def test_impact_of_an_edition(file: Path) -> None:
    """施行新版本的影响，从导出的证明得出；没有的版本，说明有哪些。"""
    told = called("impact", "--all", "--proofs", str(file), "--json")
    listed = {each["edition"]: each for each in json.loads(told.stdout)["editions"]}

    assert {"PL26", "PS25"} <= listed.keys()
    assert listed["PL26"]["transition"] == "act"
    assert "施行" in called("impact", "PL26", "--proofs", str(file)).stdout
    assert "PS25" in str(called("impact", "PL99", "--proofs", str(file)).exception)


async def test_agreement_is_certified_and_verified(town: Any, system: Any, tmp_path: Path) -> None:
    """要求核对全部日志，得到写明本案的证明；不问任何服务即可查验。"""
    await town.files("甲")
    await town.is_read()
    out = tmp_path / "agreement.json"
    where = ["--data", str(system.folder)]
    asked = ["agree", *where, "--case", town.case, "--out", str(out), "--deep", "--json"]
    told = await asyncio.to_thread(CliRunner().invoke, verify.app, asked)

    assert told.exit_code == 0, told.output
    said = json.loads(told.stdout)["statement"]["services"]
    assert {name: each["status"] for name, each in said.items()} == dict.fromkeys(said, "agreed")
    checked = CliRunner().invoke(verify.app, ["verify", str(out), *where])
    assert checked.exit_code == 0, checked.output
    assert town.case in checked.stdout
    assert CliRunner().invoke(verify.app, ["agree", "--data", str(tmp_path / "nowhere")]).exit_code != 0
