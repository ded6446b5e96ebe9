"""Who may import whom: rooms on floors, and no circle of files.

A room is a folder of `ledger/` or `gateway/`, or a file that stands beside folders (`FLOORS` names
it with its ending). A file imports its own room and rooms on lower floors, nothing else. Imports
inside functions and under TYPE_CHECKING count as well: whoever changes a file must read what it
names, whenever it is loaded.
"""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

PACKAGES = ("ledger", "gateway")
FLOORS: tuple[tuple[str, ...], ...] = (
    ("gateway",),  # its __init__, which holds a docstring
    ("ledger/core",),
    ("ledger/core/verdict",),
    ("ledger/clock.py", "ledger/records", "ledger/chain/errors.py"),
    ("ledger/chain/network.py",),
    ("ledger/chain/nodes",),
    ("ledger/chain/contracts", "ledger/chain/keys"),
    ("ledger/chain", "ledger/chain/sending", "ledger/exchange", "ledger/hooks"),
    ("ledger/chain/governing",),
    ("ledger/chain/founding",),
    ("ledger/audit", "ledger/verify.py"),
    ("ledger/audit/monitor", "ledger/evidence", "ledger/files"),
    ("ledger/conformance",),
    ("ledger/client",),
    ("ledger", "ledger/cli"),  # ledger/__init__.py names what is public
    ("gateway/base",),
    ("gateway/partitions", "gateway/sealing"),
    ("gateway/accesses", "gateway/chain", "gateway/http", "gateway/jobs", "gateway/records"),
    ("gateway/log", "gateway/tokens"),
    (
        "gateway/anchoring",
        "gateway/catalogue",
        "gateway/quality",
        "gateway/statuses",
    ),
    ("gateway/subjects",),
    ("gateway/intake", "gateway/mirrors"),
    ("gateway/statements",),
    ("gateway/receipts",),
    (
        *("gateway/about", "gateway/files", "gateway/peers"),
        *("gateway/verifying", "gateway/watching"),
    ),
    (
        *("gateway/cases", "gateway/history", "gateway/lists"),
        *("gateway/webhooks", "gateway/worklists", "gateway/explorer"),
    ),
    (
        *("gateway/authorisations", "gateway/casefiles", "gateway/erasures"),
        "gateway/products",
    ),
    ("gateway/outcomes", "gateway/queries"),
    ("gateway/checks", "gateway/reports"),
    ("gateway/web",),
    (
        *("gateway/web/audit", "gateway/web/desk", "gateway/web/explorer"),
        *("gateway/web/node", "gateway/web/verify"),
    ),
    ("gateway/web/bank", "gateway/web/cases"),
    ("gateway/web/firm",),
    ("gateway/web/routes.py",),
    ("gateway/migrations", "gateway/migrations/versions"),
    ("gateway/finance.py", "gateway/giving.py", "gateway/making.py"),
    ("gateway/node.py",),
    ("gateway/app.py",),
    ("gateway/serve.py",),
    ("gateway/commands",),
    ("gateway/operations",),
    ("gateway/cli.py", "gateway/devnet"),
)
"""Every room, the lowest floor first. A new room gets a place here; the picture in
docs/architecture.md is drawn from it."""

WHY = (
    ("ledger", "gateway", "the ledger must verify without a gateway"),
    ("ledger/core", "ledger", "the core must never change meaning, so it stands alone"),
    ("gateway/base", "gateway", "what every domain needs knows no domain"),
    ("gateway", "gateway/node.py", "a domain is given its parts; what opens them stays unknown"),
)
"""Reasons for the walls that matter most: importer below, imported below, why."""
UPWARD = "imports go down only; move what both need to a lower floor, or pass it as an argument"

TOLERATED: frozenset[tuple[str, str]] = frozenset()
"""Importer and imported: what is being taken apart. Empty, but while a move is under way."""


@dataclass(frozen=True)
class Import:
    """One file names another."""

    importer: str
    imported: str
    line: int


def modules(root: Path) -> dict[str, str]:
    """Path of every module of ours by its dotted name."""
    found = {}
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            short = path.relative_to(root)
            parts = (
                short.parent.parts if path.name == "__init__.py" else short.with_suffix("").parts
            )
            found[".".join(parts)] = short.as_posix()
    return found


def _named(tree: ast.AST, package: list[str]) -> Iterator[tuple[list[str], int]]:
    """What a file imports: each name with what would be its module, and the line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name.split("."), node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else []
            module = start + (node.module.split(".") if node.module else [])
            yield from (([*module, alias.name], node.lineno) for alias in node.names)


def imports(root: Path) -> list[Import]:
    """Every import of one file of ours by another, once, in order."""
    known = modules(root)
    found: dict[tuple[str, str], Import] = {}
    for path in known.values():
        tree = ast.parse((root / path).read_text("utf-8"))
        for parts, line in _named(tree, list(Path(path).parent.parts)):
            # `from a.b import c`: c is a module, or a name in a.b
            names = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
            imported = next((known[name] for name in names if name in known), path)
            if imported != path:
                found.setdefault((path, imported), Import(path, imported, line))
    return list(found.values())


def room(path: str, floors: tuple[tuple[str, ...], ...] = FLOORS) -> str:
    """The room of a file: itself where it is named, else its folder, or the file that stands beside
    the folders of a package."""
    if any(path in rooms for rooms in floors):
        return path
    folder, _, name = path.rpartition("/")
    return path if folder in PACKAGES and name != "__init__.py" else folder


def below(path: str, place: str) -> bool:
    """Whether a path is a place or lies in it."""
    return path == place or path.startswith(f"{place}/")


def _why(importer: str, imported: str) -> str:
    reasons = (why for low, high, why in WHY if below(importer, low) and below(imported, high))
    return next(reasons, UPWARD)


def upward(
    found: list[Import],
    floors: tuple[tuple[str, ...], ...] = FLOORS,
    tolerated: frozenset[tuple[str, str]] = TOLERATED,
) -> Iterator[str]:
    """Imports that do not go down, and what is tolerated without need."""
    floor_of = {name: number for number, rooms in enumerate(floors) for name in rooms}
    unused = set(tolerated)
    for one in found:
        low, high = room(one.importer, floors), room(one.imported, floors)
        if low == high or not {low, high} <= floor_of.keys() or floor_of[low] > floor_of[high]:
            continue
        if (one.importer, one.imported) in tolerated:
            unused.discard((one.importer, one.imported))
        else:
            why = _why(one.importer, one.imported)
            yield f"{one.importer}:{one.line}: imports {one.imported}; {why}"
    for importer, imported in sorted(unused):
        yield f"{importer}: does not import {imported} upward any more; take it off TOLERATED"


def misplaced(root: Path, floors: tuple[tuple[str, ...], ...] = FLOORS) -> Iterator[str]:
    """Rooms without a floor, and places on a floor that are no rooms."""
    placed = [name for rooms in floors for name in rooms]
    rooms_there = {room(path, floors) for path in modules(root).values()}
    for name in sorted(rooms_there - set(placed)):
        yield f"{name}: has no floor; give it one in scripts/house_parts/imports.py"
    for name in sorted(set(placed) - rooms_there):
        yield f"scripts/house_parts/imports.py: {name} has a floor, but there is no such room"
    for name in sorted({name for name in placed if placed.count(name) > 1}):
        yield f"scripts/house_parts/imports.py: {name} stands on two floors"


def circle(found: list[Import], tolerated: frozenset[tuple[str, str]] = TOLERATED) -> Iterator[str]:
    """The first circle of files, if there is one."""
    graph: dict[str, set[str]] = {}
    for one in found:
        if (one.importer, one.imported) not in tolerated:
            graph.setdefault(one.importer, set()).add(one.imported)
    try:
        TopologicalSorter(_sorted(graph)).prepare()
    except CycleError as error:
        path = " <- ".join(error.args[1])
        yield f"{error.args[1][0]}: a circle of imports, nobody can read one without all: {path}"


def _sorted(graph: Mapping[str, set[str]]) -> dict[str, list[str]]:
    """The same in one order, so that the same circle is named every time."""
    return {name: sorted(graph[name]) for name in sorted(graph)}


def findings(root: Path) -> list[str]:
    """Everything that this rule has to say."""
    found = imports(root)
    return [*misplaced(root), *upward(found), *circle(found)]
