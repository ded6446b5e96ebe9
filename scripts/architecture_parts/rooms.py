"""Rooms of the house and the arrows between them, as the code's own imports have it."""

import ast
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from scripts.house_parts import imports

Arrows = Mapping[str, frozenset[str]]
"""For each room the rooms that it imports."""


def arrows(found: Iterable[imports.Import]) -> dict[str, frozenset[str]]:
    """Who imports whom, without what is being taken apart. A room that no other imports and that
    imports none is no part of the picture."""
    graph: dict[str, set[str]] = {}
    for one in found:
        low, high = imports.room(one.importer), imports.room(one.imported)
        if low != high and (one.importer, one.imported) not in imports.TOLERATED:
            graph.setdefault(low, set()).add(high)
            graph.setdefault(high, set())
    return {name: frozenset(graph[name]) for name in sorted(graph)}


def floors(graph: Arrows) -> dict[str, int]:
    """The lowest floor on which each room can stand: above all that it imports."""
    known: dict[str, int] = {}

    def floor(name: str) -> int:
        if name not in known:
            known[name] = 1 + max((floor(other) for other in graph[name]), default=-1)
        return known[name]

    return {name: floor(name) for name in graph}


def reduced(graph: Arrows) -> dict[str, frozenset[str]]:
    """Only the arrows that no longer way replaces: the same reach, far fewer lines."""
    reach: dict[str, frozenset[str]] = {}

    def reached(name: str) -> frozenset[str]:
        if name not in reach:
            reach[name] = graph[name].union(*(reached(other) for other in graph[name]))
        return reach[name]

    return {
        name: frozenset(
            other
            for other in graph[name]
            if not any(other in reached(between) for between in graph[name] - {other})
        )
        for name in graph
    }


def purpose(root: Path, name: str) -> str:
    """What a room says of itself: its docstring up to the first stop."""
    path = root / name if name.endswith(".py") else root / name / "__init__.py"
    text = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
    first = " ".join(text.split("\n\n")[0].split())
    return re.split(r"[.;](?= |$)| \(", first.replace("`", ""))[0]
