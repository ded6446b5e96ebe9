"""Build what is released from the commit that is checked out: wheel, sdist and their hashes.

    python scripts/dist.py              build/dist/, built twice and compared, wheel tried out
    python scripts/dist.py --release    also fail unless the commit is tagged and in the changelog

What is not committed is no part of it. The recipe around it: docs/release.md.
"""

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "build" / "dist"
SUMS = "SHA256SUMS"
NEEDED = ("ledger/py.typed", "gateway/py.typed", "ledger/verify.py", "gateway/node.py")
STRAY = re.compile(r"^(tests|scripts|build)/|__pycache__|\.pyc$")
TRY = "import gateway.app, ledger.audit.replay, ledger.verify"


def git(*arguments: str) -> str:
    """What git says of this checkout."""
    done = subprocess.run(
        ["git", *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True
    )
    return done.stdout.strip()


def build(source: Path, out: Path, epoch: str) -> dict[str, str]:
    """Wheel and sdist of a source tree, offline; SHA-256 by file name. epoch: Unix seconds that
    every file in them bears."""
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-d", str(out)],
        cwd=source,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "SOURCE_DATE_EPOCH": epoch},
        check=True,
    )
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in out.iterdir()}


def export(commit: str, folder: Path) -> Path:
    """The files of a commit, nothing else, in a folder of their own."""
    folder.mkdir()
    archive = folder / "source.tar"
    git("archive", "--format=tar", f"--output={archive}", commit)
    source = folder / "source"
    with tarfile.open(archive) as held:
        held.extractall(source, filter="data")
    return source


def faults(wheel: Path) -> list[str]:
    """What is wrong with the files in a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        held = archive.namelist()
    missing = [f"{wheel.name} lacks {name}" for name in NEEDED if name not in held]
    return missing + [f"{wheel.name} holds {name}" for name in held if STRAY.search(name)]


def unreleasable(version: str, changelog: str, tags: str) -> list[str]:
    """What a release of this version still wants."""
    wanted = []
    if not re.search(
        rf"^## \[{re.escape(version)}\] - \d{{4}}-\d\d-\d\d$", changelog, re.MULTILINE
    ):
        wanted.append(f"CHANGELOG.md: no section ## [{version}] - DATE")
    if f"v{version}" not in tags.split():
        wanted.append(f"the commit has no tag v{version}")
    return wanted


def try_out(wheel: Path, folder: Path) -> str:
    """Install the tested versions and the wheel into a fresh environment; what its command says."""
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    python = folder / "bin" / "python"
    pip = [str(python), "-I", "-m", "pip", "--disable-pip-version-check"]
    lock = ["--only-binary", ":all:", "--require-hashes", "-r", "requirements/runtime.txt"]
    for options in (lock, ["--no-index", str(wheel)]):
        subprocess.run([*pip, "install", "--quiet", "--no-deps", *options], cwd=ROOT, check=True)
    subprocess.run([*pip, "check"], stdout=subprocess.DEVNULL, check=True)
    subprocess.run([str(python), "-I", "-c", TRY], cwd=folder, check=True)
    said = subprocess.run(
        [str(folder / "bin" / "credit-ledger"), "--version"],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return said.stdout.strip()


def keep(built: Path, sums: Mapping[str, str]) -> None:
    """Leave the files in build/dist with their hashes, as `sha256sum --check` reads them."""
    shutil.rmtree(OUT, ignore_errors=True)
    shutil.copytree(built, OUT)
    lines = "".join(f"{digest}  {name}\n" for name, digest in sorted(sums.items()))
    (OUT / SUMS).write_text(lines, "utf-8")
    print(lines, end="")


def main() -> int:
    """Command line entry."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--release", action="store_true", help="the release, not a trial")
    release = parser.parse_args().release
    commit, epoch = git("rev-parse", "HEAD"), git("log", "-1", "--format=%ct")
    if git("status", "--porcelain"):
        print("dist: what is not committed is left out", file=sys.stderr)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sums = [build(export(commit, folder / one), folder / one / "dist", epoch) for one in "ab"]
        if sums[0] != sums[1]:
            sys.exit(f"dist: built twice, the bytes differ: {sums}")
        [wheel] = (folder / "a" / "dist").glob("*.whl")
        version = wheel.name.split("-")[1]
        changelog, tags = git("show", f"{commit}:CHANGELOG.md"), git("tag", "--points-at", commit)
        wanted = unreleasable(version, changelog, tags) if release else []
        if found := [*faults(wheel), *wanted]:
            sys.exit("dist: " + "\ndist: ".join(found))
        print(f"dist: {commit[:12]}, in a fresh environment: {try_out(wheel, folder / 'try')}")
        keep(folder / "a" / "dist", sums[0])
    return 0


if __name__ == "__main__":
    sys.exit(main())
