"""Bytes of the contracts against the committed `.size-snapshot`, and against what chains allow.

python scripts/sizes.py            write the snapshot
python scripts/sizes.py --check    fail if a figure changed

Figures are those of `ledger/chain/contracts/abi`, which scripts/build.py holds equal to the
sources.
"""

import argparse
import sys

from ledger.chain.contracts.contract_abi import NAMES, load
from scripts.steps import ROOT

SNAPSHOT = ROOT / ".size-snapshot"
MOST_RUNTIME = 24_576
"""EIP-170: bytes of a contract."""
MOST_CREATION = 49_152
"""EIP-3860: bytes that create one, arguments included."""


def snapshot() -> str:
    """A line for every contract: bytes that run, bytes that create it without its arguments."""
    sizes = [(name, len(load(name).runtime), len(load(name).bytecode)) for name in NAMES]
    return "".join(f"{name}: runtime {run}, creation {made}\n" for name, run, made in sizes)


def too_large() -> list[str]:
    """Contracts that no chain would take."""
    return [
        name
        for name in NAMES
        if len(load(name).runtime) > MOST_RUNTIME or len(load(name).bytecode) > MOST_CREATION
    ]


def main() -> int:
    """Command line entry."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="compare only, write nothing")
    check = parser.parse_args().check
    found = snapshot()
    print(found, end="")
    if over := too_large():
        print("too large: " + ", ".join(over))
        return 1
    if not check:
        SNAPSHOT.write_text(found, encoding="utf-8")
        return 0
    if not SNAPSHOT.exists() or SNAPSHOT.read_text(encoding="utf-8") != found:
        print(f"{SNAPSHOT.name} says otherwise: run scripts/sizes.py if that is meant")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
