"""Write the vectors of our own under tests/vectors/, the same bytes on every machine.

    python scripts/vectors.py            write the files
    python scripts/vectors.py --check    fail if a file differs, is missing, or is not ours

The worked examples (penalty, licence …) are copies that nothing here touches.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from scripts.vector_kinds import checkpoints, formats, presentations, receipts, trees  # noqa: E402

VECTORS = ROOT / "tests" / "vectors"
# One folder each; anything else in tests/vectors is a worked example or a README.
KINDS = ("canonical", "checkpoint", "eip712", "entry", "merkle", "presentation", "receipt", "tiles")


def files() -> dict[str, bytes]:
    """Every file by its path under tests/vectors/."""
    made: dict[str, list[dict[str, Any]]] = {
        **trees.files(),
        **formats.files(),
        **checkpoints.files(),
        **presentations.files(),
        **receipts.files(),
    }
    return {f"{path}.json": render(cases) for path, cases in sorted(made.items())}


def render(cases: list[dict[str, Any]]) -> bytes:
    """One JSON document; forge and pytest read the same."""
    names = [case["name"] for case in cases]
    if not names or len(set(names)) != len(names):
        raise SystemExit("a file without cases, or a name twice")
    text = json.dumps({"cases": cases}, ensure_ascii=False, indent=1, sort_keys=True)
    return text.encode() + b"\n"


def differences(made: dict[str, bytes]) -> list[str]:
    """What stands there and should not, or the other way round."""
    there = {
        str(path.relative_to(VECTORS)): path.read_bytes()
        for kind in KINDS
        for path in (VECTORS / kind).rglob("*")
        if path.is_file()
    }
    return sorted(path for path in made.keys() | there.keys() if made.get(path) != there.get(path))


def main() -> int:
    """Command line entry."""
    parser = argparse.ArgumentParser(description="Vectors under tests/vectors/.")
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    made = files()
    if parser.parse_args().check:
        wrong = differences(made)
        print("\n".join(wrong) or f"{len(made)} files are as generated")
        return 1 if wrong else 0
    for path, data in made.items():
        target = VECTORS / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    print(f"{len(made)} files written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
