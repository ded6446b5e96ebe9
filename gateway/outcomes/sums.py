"""Sums of outcomes, as custodians and auditors make them.

A cell is a month, region, product and version, over all institutions. One with fewer than five
households is not shown, and goes into no sum: whoever takes sums apart by subtracting finds nothing
in it. So every sum says how many cells were left out of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from gateway.outcomes.interfaces import PLATFORM, Cell
from gateway.outcomes.reading import spelled
from gateway.outcomes.store import Row, cell_of
from ledger.core.canonical import hex32

LEAST_HOUSEHOLDS: Final = 5
"""Design-2 17."""
DIMENSIONS: Final = Cell._fields


@dataclass(slots=True)
class _Sum:
    """What is added up."""

    households: int = 0
    granted: Decimal = Decimal(0)
    lent: Decimal = Decimal(0)
    members: set[str] = field(default_factory=set)

    def add(self, other: _Sum) -> None:
        """Add another one."""
        self.households += other.households
        self.granted += other.granted
        self.lent += other.lent
        self.members |= other.members


def sums(rows: Iterable[Row], by: Sequence[str]) -> list[Mapping[str, Any]]:
    """Sums by some of the dimensions. rows: those that count."""
    shown: dict[tuple[Any, ...], _Sum] = {}
    hidden: dict[tuple[Any, ...], int] = {}
    for cell, total in sorted(_cells(rows).items()):
        key = tuple(getattr(cell, name) for name in by)
        if total.households < LEAST_HOUSEHOLDS:
            hidden[key] = hidden.get(key, 0) + 1
            continue
        shown.setdefault(key, _Sum()).add(total)
    keys = sorted(shown.keys() | hidden.keys())
    return [_told(key, by, shown.get(key), hidden.get(key, 0)) for key in keys]


def _cells(rows: Iterable[Row]) -> Mapping[Cell, _Sum]:
    found: dict[Cell, _Sum] = {}
    for row in rows:
        one = _Sum(row.households, Decimal(row.granted), Decimal(row.lent), {row.member})
        found.setdefault(cell_of(row), _Sum()).add(one)
    return found


def _told(
    key: tuple[Any, ...], by: Sequence[str], total: _Sum | None, hidden: int
) -> Mapping[str, Any]:
    """A sum; null where all of its cells are hidden."""
    named = {name: _shown(name, value) for name, value in zip(by, key, strict=True)}
    return {
        **named,
        "households": None if total is None else total.households,
        "granted": None if total is None else spelled(total.granted),
        "lent": None if total is None else spelled(total.lent),
        "members": None if total is None else len(total.members),
        "hidden": hidden,
    }


def _shown(name: str, value: Any) -> Any:
    if name != "product":
        return value
    return None if value == PLATFORM else hex32(value)
