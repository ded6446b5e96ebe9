"""The program as it was at a commit, beside the one that is here."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 900.0
"""For one command of it."""


@dataclass(frozen=True)
class Former:
    """Its files in a folder. It runs with the libraries that are installed here."""

    commit: str
    root: Path

    def environment(self, more: Mapping[str, str]) -> dict[str, str]:
        """By which Python finds it before the program that is installed."""
        clean = {key: value for key, value in os.environ.items() if "CREDIT_LEDGER" not in key}
        return clean | {"PYTHONPATH": str(self.root), "CREDIT_LEDGER_LANG": "en"} | dict(more)

    def python(self, *arguments: object, more: Mapping[str, str] | None = None) -> str:
        """Run Python with it; what was printed. Raises CalledProcessError."""
        done = subprocess.run(
            [sys.executable, *map(str, arguments)],
            cwd=self.root,
            env=self.environment(more or {}),
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        if done.returncode:
            sys.stderr.write(done.stdout + done.stderr)
            done.check_returncode()
        return done.stdout

    def command(self, *words: object, more: Mapping[str, str] | None = None) -> str:
        """Run its command line."""
        return self.python("-m", "ledger.cli.main", *words, more=more)

    def start(self, words: Sequence[object], log: Path) -> subprocess.Popen[Any]:
        """Its command line as a process that goes on."""
        with log.open("ab") as output:
            return subprocess.Popen(
                [sys.executable, "-m", "ledger.cli.main", *map(str, words)],
                cwd=self.root,
                env=self.environment({}),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )


@contextmanager
def former(commit: str) -> Iterator[Former]:
    """Its files, gone at the end. Raises CalledProcessError where the history does not have it."""
    done = subprocess.run(
        ["git", "archive", "--format=tar", commit, "gateway", "ledger", "scripts", "examples"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    with tempfile.TemporaryDirectory(prefix="former-") as folder:
        with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
            archive.extractall(folder, filter="data")
        (Path(folder) / "node_modules").symlink_to(ROOT / "node_modules")
        yield Former(commit, Path(folder))
