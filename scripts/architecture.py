"""Draw docs/architecture.svg: rooms on floors, and arrows for what they import.

    python scripts/architecture.py            draw it
    python scripts/architecture.py --check    fail if it is not what the code imports

An arrow is left out where a longer way leads to the same room.
"""

import argparse
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from scripts.architecture_parts import drawing, placing, rooms  # noqa: E402
from scripts.house_parts import imports  # noqa: E402

PICTURE = Path("docs") / "architecture.svg"


def draw(root: Path) -> str:
    """The picture of the code as it stands."""
    graph = rooms.arrows(imports.imports(root))
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        sys.exit(f"rooms import each other: {' -> '.join(error.args[1])}; see make lint")
    storeys, ways = placing.ways(rooms.floors(graph), rooms.reduced(graph))
    placing.settle(storeys)
    return drawing.svg(storeys, ways, lambda name: rooms.purpose(root, name))


def main() -> int:
    """Command line entry."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    drawn, page = draw(ROOT), ROOT / PICTURE
    if not check:
        page.write_text(drawn, "utf-8")
        print(PICTURE)
        return 0
    same = page.exists() and page.read_text("utf-8") == drawn
    print(f"{PICTURE}: {'is' if same else 'is not'} what the code imports")
    if not same:
        print("run: python scripts/architecture.py")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
