"""Write docs/reference/ out of the docstrings of what outsiders may import.

    python scripts/reference.py            write the pages
    python scripts/reference.py --check    fail if they are not what the code says

A module is promised to outsiders when it has `__all__`; the rest may change without notice.
"""

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from scripts.reference_parts import pages, reading  # noqa: E402

FOLDER = Path("docs") / "reference"
PAGES = {
    "verify": (
        "Verifying receipts",
        ("ledger/verify.py", "ledger/files/judge.py", "ledger/chain/network.py"),
    ),
    "core": ("Formats, evidence and verdicts: ledger.core", ("ledger/core",)),
    "records": ("Record types and rules: ledger.records", ("ledger/records",)),
    "client": ("Clients of a gateway: ledger.client", ("ledger/client",)),
    "evidence": ("Evidence that needs no node: ledger.evidence", ("ledger/evidence",)),
    "audit": ("Replay and its report: ledger.audit", ("ledger/audit",)),
}
"""Pages by name: title, and where the modules stand."""
INDEX = """# API reference

What programs outside this repository may import: the names in `__all__` of these modules, and
nothing else. Both packages ship `py.typed`. What keeps its meaning for how long: docs/release.md.

| page | modules |
|---|---|
"""


def modules(root: Path, places: tuple[str, ...]) -> list[reading.Module]:
    """The promised modules of a page, and the packages that introduce them."""
    found = []
    for place in places:
        path = root / place
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            module = reading.read(root, file)
            if module.promised is not None or file.parent == path:
                found.append(module)
    return [one for one in found if one.promised is not None or one.name.count(".") == 1]


def render(root: Path) -> dict[Path, str]:
    """Every page by its path."""
    made, rows = {}, []
    for name, (title, places) in PAGES.items():
        shown = modules(root, places)
        made[FOLDER / f"{name}.md"] = pages.page(title, shown)
        names = ", ".join(f"`{one.name}`" for one in shown if one.promised is not None)
        rows.append(f"| [{title}]({name}.md) | {names} |\n")
    made[FOLDER / "README.md"] = f"{pages.NOTE}\n\n{INDEX}{''.join(rows)}"
    return made


def main() -> int:
    """Command line entry."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--check", action="store_true")
    check, made, stale = parser.parse_args().check, render(ROOT), []
    there = {path.relative_to(ROOT) for path in (ROOT / FOLDER).glob("*")}
    for path in sorted(there - made.keys()):
        stale.append(f"{path}: no such page any more")
    for path, text in made.items():
        if check and (path not in there or (ROOT / path).read_text("utf-8") != text):
            stale.append(f"{path}: not what the code says; run python scripts/reference.py")
        elif not check:
            (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
            (ROOT / path).write_text(text, "utf-8")
    print("\n".join(stale) or f"{len(made)} pages {'are current' if check else 'written'}")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
