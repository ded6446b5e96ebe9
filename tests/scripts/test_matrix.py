"""The matrix: which interpreters are found, and that none is taken for another."""

import sys
from pathlib import Path

from scripts import matrix

HERE = (sys.version_info[0], sys.version_info[1])
NONE = (3, 99)


def interpreter(path: Path, body: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n", "utf-8")
    path.chmod(0o755)
    return path


def test_every_supported_version_is_asked_for() -> None:
    assert matrix.VERSIONS == [(3, 11), (3, 12), (3, 13), (3, 14)]


def test_an_interpreter_on_the_path_is_taken(tmp_path: Path) -> None:
    named = interpreter(tmp_path / f"python{HERE[0]}.{HERE[1]}", f'exec {sys.executable} "$@"')
    assert matrix.find(HERE, str(tmp_path), tmp_path / "no-pyenv") == named


def test_a_shim_without_a_version_is_passed_over_for_pyenv(tmp_path: Path) -> None:
    interpreter(tmp_path / "bin" / f"python{HERE[0]}.{HERE[1]}", "exit 127")
    kept = tmp_path / "pyenv" / "versions"
    interpreter(kept / "3.9.1" / "bin" / "python", "echo 3 9")
    own = interpreter(kept / "3.13.10" / "bin" / "python", f'exec {sys.executable} "$@"')
    other = interpreter(kept / "3.13.9" / "bin" / "python", f'exec {sys.executable} "$@"')
    assert matrix.pyenv_versions(tmp_path / "pyenv")[:2] == [own, other]
    assert matrix.find(HERE, str(tmp_path / "bin"), tmp_path / "pyenv") == own


def test_what_is_not_to_be_had_is_not_run(tmp_path: Path) -> None:
    named = f"python{NONE[0]}.{NONE[1]}"
    interpreter(tmp_path / named, f'exec {sys.executable} "$@"')
    assert matrix.find(NONE, str(tmp_path), tmp_path) is None
    outcome = matrix.run(NONE, [])
    assert (outcome.word, outcome.bad) == ("not run, no such interpreter here", False)
