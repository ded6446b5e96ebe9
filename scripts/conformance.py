"""Write the files of the conformance suite, the same bytes on every machine.

    python scripts/conformance.py            write the files
    python scripts/conformance.py --check    fail if a file differs, is missing, or is not ours

All of it is made up, and every key is a test key. The README is written by hand.
"""

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from scripts.conformance_parts import (  # noqa: E402
    acted,
    admitted,
    anchored,
    answered,
    asked,
    bundled,
    desk,
    es256k,
    form,
    judged,
    keyed,
    promises,
    proof,
    reading,
    readings,
    receipts,
    said,
    sorts,
    unheld,
    use,
    versions,
    witnessed,
)
from scripts.conformance_parts.bench import Bench  # noqa: E402

SUITE = ROOT / "ledger" / "conformance" / "suite"
README = "README.md"


def files() -> dict[str, bytes]:
    """Every file by its path under suite/, but the README."""
    b = Bench()
    sound = receipts.Sound(b)
    receipts.build(b, sound)
    for group in (form, versions, proof, reading, keyed, es256k, anchored, acted, use, admitted):
        group.build(b, sound)
    witnessed.build(b, sound)
    readings.build(b, sound)
    said.build(b, sound)
    sorts.build(b)
    promises.build(b)
    asked.build(b)
    where = desk.Desk(b)
    answered.build(b, where)
    bundled.build(b, where)
    judged.build(b, where)
    unheld.build(b)
    return b.files()


def differences(made: dict[str, bytes]) -> list[str]:
    """What stands there and should not, or the other way round."""
    there = {
        path.relative_to(SUITE).as_posix(): path.read_bytes()
        for path in SUITE.rglob("*")
        if path.is_file() and path.name != README
    }
    return sorted(path for path in made.keys() | there.keys() if made.get(path) != there.get(path))


def main() -> int:
    """Command line entry."""
    parser = argparse.ArgumentParser(description="Files of the conformance suite.")
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    made = files()
    wrong = differences(made)
    if parser.parse_args().check:
        print("\n".join(wrong) or f"{len(made)} files are as generated")
        return 1 if wrong else 0
    for path in wrong:
        target = SUITE / path
        if path not in made:
            target.unlink()
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(made[path])
    print(f"{len(made)} files, {sum(map(len, made.values()))} bytes; {len(wrong)} written anew")
    return 0


if __name__ == "__main__":
    sys.exit(main())
