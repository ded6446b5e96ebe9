"""The systemd units that ship, as systemd itself reads them."""

import re
import subprocess
from pathlib import Path

import pytest

from gateway.commands.init_files import UNIT, unit_text

MOST_EXPOSED = 40
"""Of a hundred, as `systemd-analyze security` counts; a unit without any of our lines has 96."""


@pytest.fixture(params=["gateway", "monitor"])
def unit(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """With a program that is there, and a folder."""
    path = tmp_path / "credit-ledger.service"
    text = unit_text(code="110000", folder=tmp_path, user="root")
    if request.param == "monitor":
        text = UNIT.with_name("credit-ledger-monitor.service").read_text("utf-8")
    path.write_text(re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", text, flags=re.MULTILINE))
    return path


def analyze(*words: object) -> tuple[int, str]:
    done = subprocess.run(
        ["systemd-analyze", *map(str, words)], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def told_of(unit: Path) -> list[str]:
    """What `verify` says of this unit; of others on this machine it may say more."""
    _, told = analyze("verify", "--man=no", "--recursive-errors=no", unit)
    return [line for line in told.splitlines() if unit.name in line]


def test_systemd_knows_every_line(unit: Path) -> None:
    assert told_of(unit) == []
    unit.write_text(unit.read_text().replace("PrivateTmp=", "PrivateTemp="))
    assert any("PrivateTemp" in line for line in told_of(unit))


def test_it_is_shut_off(unit: Path) -> None:
    shut = ("security", "--offline=true", f"--threshold={MOST_EXPOSED}")
    assert analyze(*shut, unit)[0] == 0, analyze(*shut, unit)[1]
    open_ = [line for line in unit.read_text().splitlines() if not line.startswith("Protect")]
    unit.write_text("\n".join(line for line in open_ if not line.startswith("Restrict")))
    assert analyze(*shut, unit)[0] != 0
