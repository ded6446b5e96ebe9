"""Files that others can read are refused, with what to do."""

import os
from pathlib import Path

import pytest

from ledger.chain.keys.keyfile import WORK_LIGHT, create
from ledger.chain.keys.private import demand_private
from ledger.core.errors import ConfigError


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o601])
def test_a_file_that_others_can_use(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "anchor.json"
    file = create("ANCHOR", path, b"secret", work=WORK_LIGHT)
    path.chmod(mode)
    with pytest.raises(ConfigError, match=f"mode {mode:04o}.*chmod 600") as caught:
        file.open(b"secret")
    assert caught.value.setting == str(path)
    path.chmod(0o600)
    assert len(file.open(b"secret")) == 32
    path.chmod(0o400)
    assert len(file.open(b"secret")) == 32


def test_a_pipe_and_nothing(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o666)
    (tmp_path / "pipe").chmod(0o666)
    demand_private(tmp_path / "pipe")
    with pytest.raises(ConfigError, match="No such file"):
        demand_private(tmp_path / "gone")
