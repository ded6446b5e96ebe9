"""Command lines run in process, against the chain of tests/verify."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ledger.cli.main import run
from tests.verify.conftest import Ledger, founded, ledger

__all__ = ["Ledger", "founded", "ledger"]


@dataclass(frozen=True)
class Done:
    """What a command line did."""

    exit: int
    out: str
    err: str

    def json(self) -> Any:
        """The one document on stdout."""
        return json.loads(self.out)


Cli = Callable[..., Done]


@pytest.fixture
def cli(capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Runs a command line; none of the environment's settings reach it."""
    for name in ("NETWORK", "RPC", "TOKEN", "DIR", "LANG", "NOW", "ENV", "KEY_PASSWORD_FILE"):
        monkeypatch.delenv(f"CREDIT_LEDGER_{name}", raising=False)
    monkeypatch.setenv("CREDIT_LEDGER_LANG", "en")
    monkeypatch.setenv("COLUMNS", "160")

    def call(*arguments: Any) -> Done:
        capsysbinary.readouterr()
        code = run([str(argument) for argument in arguments])
        done = capsysbinary.readouterr()
        return Done(code, done.out.decode(), done.err.decode())

    return call


@pytest.fixture
def network_file(ledger: Ledger, tmp_path: Path) -> Path:
    """The network file on disk."""
    path = tmp_path / "network.json"
    path.write_bytes(ledger.network.file.encode())
    return path


def write(path: Path, parts: Sequence[bytes]) -> list[Path]:
    """Each in a file of its own."""
    files = [path / f"receipt-{number}.json" for number in range(len(parts))]
    for file, data in zip(files, parts, strict=True):
        file.write_bytes(data)
    return files
