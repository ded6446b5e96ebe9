"""Pin every dependency with hashes and without any registry's address: `requirements/*.txt`.

    python scripts/lock.py [--exclude-newer DATE]

Run it by hand to raise versions; packages younger than seven days are left out, so that a bad
release is seen by others first. `npm install --package-lock-only` does the same for
package-lock.json (.npmrc keeps addresses out).
"""

import argparse
import datetime
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COOL_DOWN = datetime.timedelta(days=7)
SETS = {
    "runtime": ["pyproject.toml", "--extra", "gateway", "--group", "build"],
    "dev": ["pyproject.toml", "--extra", "gateway", "--group", "build", "--group", "dev"],
    "node": ["--group", "node"],
}


def lock(name: str, sources: list[str], newest: str) -> None:
    """Resolve one set for all supported Pythons."""
    options = ["--quiet", "--universal", "--generate-hashes", "--upgrade"]
    options += ["--no-emit-index-url", "--no-annotate", "--no-header", "--python-version", "3.11"]
    options += ["--exclude-newer", newest, "-o", f"requirements/{name}.txt"]
    command = [sys.executable, "-m", "uv", "pip", "compile", *options, *sources]
    subprocess.run(command, cwd=ROOT, check=True)


def main() -> None:
    """Command line entry."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    default = (datetime.datetime.now(datetime.UTC) - COOL_DOWN).date().isoformat()
    parser.add_argument("--exclude-newer", default=default, metavar="DATE")
    args = parser.parse_args()
    for name, sources in SETS.items():
        lock(name, sources, args.exclude_newer)
        print(f"requirements/{name}.txt")


main()
