"""Run the tests on every supported Python that this machine has.

    python scripts/matrix.py                    everything but the linters, on each
    python scripts/matrix.py tests/core -n 2    what pytest is given, on each

Interpreters are looked for on PATH and among those of pyenv. Each gets an environment of its own
below build/matrix/, installed from requirements/dev.txt as it stands. A version that is not to be
had is named as not run; it fails nothing, so read the closing lines.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from scripts.setup import BEYOND, LOWEST  # noqa: E402

VERSIONS = [(LOWEST[0], minor) for minor in range(LOWEST[1], BEYOND[1])]
LOCK = Path("requirements") / "dev.txt"
DEFAULT = ("-q", "-n", "2", "--dist", "loadfile")
"""Tests of one file share what they start, a chain or a gateway."""


@dataclass(frozen=True)
class Outcome:
    """How it went on one version."""

    version: str
    word: str
    bad: bool = False


def pyenv_versions(root: Path) -> list[Path]:
    """Interpreters that pyenv keeps, the newest of each first."""
    found = (path for path in root.glob("versions/3.*/bin/python") if os.access(path, os.X_OK))
    return sorted(found, key=lambda path: _number(path.parent.parent.name), reverse=True)


def _number(name: str) -> tuple[int, ...]:
    return tuple(int(part) for part in name.split(".") if part.isdecimal())


def answers(python: Path, version: tuple[int, int]) -> bool:
    """Whether it runs and is that version; a shim of pyenv is there for versions that are not."""
    code = "import sys, venv; print(*sys.version_info[:2])"
    try:
        done = subprocess.run(
            [str(python), "-I", "-c", code],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError:
        return False
    return done.returncode == 0 and done.stdout.split() == [str(part) for part in version]


def find(version: tuple[int, int], path: str, pyenv: Path) -> Path | None:
    """An interpreter of this version; None: not to be had."""
    named = shutil.which(f"python{version[0]}.{version[1]}", path=path)
    candidates = [*([Path(named)] if named else []), *pyenv_versions(pyenv)]
    return next((python for python in candidates if answers(python, version)), None)


def environment(python: Path, folder: Path) -> Path:
    """The interpreter of an environment with our lock and this project, made where need be."""
    own, stamp = folder / "bin" / "python", folder / ".stamp"
    seen = hashlib.sha256((ROOT / LOCK).read_bytes() + (ROOT / "pyproject.toml").read_bytes())
    wanted = f"{python} {seen.hexdigest()}"
    if stamp.exists() and stamp.read_text() == wanted:
        return own
    subprocess.run([str(python), "-m", "venv", "--clear", str(folder)], check=True)
    pip = [str(own), "-I", "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    locked = ["--no-deps", "--require-hashes", "--only-binary", ":all:", "-r", str(LOCK)]
    here = ["--no-index", "--no-deps", "--no-build-isolation", "--editable", "."]
    for options in (locked, here):
        subprocess.run([*pip, *options], cwd=ROOT, check=True)
    stamp.write_text(wanted)
    return own


def run(version: tuple[int, int], arguments: list[str]) -> Outcome:
    """The tests on one version."""
    name = ".".join(map(str, version))
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    python = find(version, os.environ.get("PATH", ""), pyenv)
    if python is None:
        return Outcome(name, "not run, no such interpreter here")
    print(f"matrix: Python {name}: {python}", flush=True)
    try:
        own = environment(python, ROOT / "build" / "matrix" / name)
    except subprocess.CalledProcessError as error:
        return Outcome(name, f"FAILED, not set up: {error}", bad=True)
    path = os.pathsep.join([str(own.parent), os.environ.get("PATH", "")])
    command = [str(own), "-m", "pytest", *(arguments or DEFAULT)]
    code = subprocess.run(
        command, cwd=ROOT, check=False, env={**os.environ, "PATH": path}
    ).returncode
    return Outcome(name, "passed" if code == 0 else f"FAILED ({code})", bad=code != 0)


def main() -> int:
    """Command line entry."""
    if sys.argv[1:2] in (["-h"], ["--help"]):
        print(__doc__)
        return 0
    outcomes = [run(version, sys.argv[1:]) for version in VERSIONS]
    print("\n".join(f"matrix: Python {one.version}: {one.word}" for one in outcomes))
    return 1 if any(one.bad for one in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())
