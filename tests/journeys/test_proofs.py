"""Proofs of the whole running system: exported by the command, computed again by a Python that knows nothing of ours."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from singletrack import verify_time
from singletrack.law import app


def called(*arguments: str) -> Any:
    """`singletrack law …` in this process."""
    return CliRunner().invoke(app, list(arguments))


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
