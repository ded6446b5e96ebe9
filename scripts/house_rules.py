"""House rules that no linter knows. Each message says why.

- sizes: a module over 450 lines or a function over 60 is to be cut (tests and data exempt);
- imports go down only, from room to room, and never in a circle (house_parts/imports.py);
- honesty: no skipped test, no bare ignore, no swallowed exception, no unfinished marker;
- in every text file: no registry's host, no path of somebody's machine, nothing unfinished;
- docstrings of functions say what to do (house_parts/mood.py; tests exempt);
- what is cited of docs/design exists there.
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from scripts.house_parts import citations, imports, mood, texts

ROOT = Path(__file__).resolve().parent.parent
TREES = ("ledger", "gateway", "scripts", "tests")
MODULE_LINES, FUNCTION_LINES = 450, 60
MARKS = re.compile(
    r"raise NotImplementedError|pytest\.(skip|xfail)|mark\.(skip|xfail)|pragma: no cover"
    r"|except Exception:\s*pass|# type: ignore(?!\[)|# noqa(?!:)|\bTODO\b|\bFIXME\b"
)
PAGES_THEMSELVES = "docs/design/"
"""They point at each other in their own short ways."""
OWN = Path(__file__).resolve()


def sources() -> Iterator[Path]:
    """Every Python file of ours."""
    for tree in TREES:
        yield from sorted((ROOT / tree).rglob("*.py"))


def sizes(path: str, text: str, tree: ast.AST) -> Iterator[str]:
    """Modules and functions that grew too long."""
    if path.startswith(("tests/", "gateway/migrations/versions/")):
        return
    lines = text.count("\n")
    if lines > MODULE_LINES:
        yield f"{path}: {lines} lines; cut it by what changes together"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
            length = node.end_lineno - node.lineno + 1
            if length > FUNCTION_LINES:
                yield f"{path}:{node.lineno}: {node.name} has {length} lines; name its parts"


def long_contract(path: str, text: str) -> Iterator[str]:
    """A Solidity file that grew too long."""
    lines = text.count("\n")
    if path.endswith(".sol") and not path.startswith("contracts/test/") and lines > MODULE_LINES:
        yield f"{path}: {lines} lines; cut it by what changes together"


def marks(path: str, text: str) -> Iterator[str]:
    """Unfinished or silenced places."""
    for number, line in enumerate(text.splitlines(), 1):
        if MARKS.search(line):
            yield f"{path}:{number}: finish or fix it instead: {line.strip()[:80]}"


def check(path: Path) -> Iterator[str]:
    """All findings of one file."""
    name = str(path.relative_to(ROOT))
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    yield from sizes(name, text, tree)
    if not name.startswith("tests/"):
        yield from mood.descriptive(name, tree)
    if path != OWN:
        yield from marks(name, text)


def main() -> int:
    """Command line entry."""
    files = list(sources())
    found = [finding for path in files for finding in check(path)]
    found += imports.findings(ROOT)
    pages = citations.load(ROOT)
    read = list(texts.texts(ROOT))
    for name, text in read:
        found += [*texts.forbidden(name, text), *long_contract(name, text)]
        if not name.startswith(PAGES_THEMSELVES):
            found += citations.dangling(name, text, pages)
    print("\n".join(found) or f"{len(read)} files keep the house rules")
    return 1 if found or not files else 0


if __name__ == "__main__":
    sys.exit(main())
