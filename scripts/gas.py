"""Gas of the contracts' calls, as forge measures it, against the committed `.gas-snapshot`.

python scripts/gas.py            write the snapshot
python scripts/gas.py --check    fail if a figure changed
"""

import argparse
import subprocess
import sys

from scripts.steps import ROOT, forge


def main() -> int:
    """Command line entry."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="compare only, write nothing")
    check = parser.parse_args().check
    # Fuzzed tests draw their own inputs; only the plain ones named testGas_* give stable figures.
    command = [forge(), "snapshot", "--match-test", "^testGas_", "--snap", ".gas-snapshot"]
    return subprocess.run(
        [*command, *(["--check"] if check else [])], cwd=ROOT, check=False
    ).returncode


if __name__ == "__main__":
    sys.exit(main())
