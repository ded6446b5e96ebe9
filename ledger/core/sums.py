"""Sums of outcomes, as custodians and auditors make them (design-2 17).

A cell is a month, region, product and version, over all institutions. One with fewer than five
households is not shown, and goes into no sum: whoever takes sums apart by subtracting finds nothing
in it. So every sum says how many cells were left out of it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple, Protocol

from ledger.core.canonical import hex32

__all__ = [
    "DECIMALS",
    "DIMENSIONS",
    "LEAST_HOUSEHOLDS",
    "PLATFORM",
    "TYPE",
    "Cell",
    "Reported",
    "cell_of",
    "spelled",
    "sums",
]

TYPE = "credit-ledger/outcome-sums@1"
LEAST_HOUSEHOLDS = 5
PLATFORM = b""
"""In place of a product: the platform itself."""
DECIMALS = 4
"""Of amounts in 万元: down to one yuan."""


class Cell(NamedTuple):
    """What outcomes are about: those of one member with the same cell follow one another."""

    period: str
    region: str
    product: bytes
    version: int


DIMENSIONS = Cell._fields


class Reported(Protocol):
    """What counts of a cell of one member. granted, lent: 万元, as statements spell them."""

    @property
    def member(self) -> str:
        """Who reports it."""

    @property
    def period(self) -> str:
        """YYYY-MM."""

    @property
    def region(self) -> str:
        """Code of the province."""

    @property
    def product(self) -> bytes:
        """Its id; PLATFORM: none."""

    @property
    def version(self) -> int:
        """Of the product."""

    @property
    def households(self) -> int:
        """How many borrowers."""

    @property
    def granted(self) -> str:
        """Credit lines."""

    @property
    def lent(self) -> str:
        """Loans."""


@dataclass(slots=True)
class _Sum:
    """What is added up."""

    households: int = 0
    granted: Decimal = Decimal(0)
    lent: Decimal = Decimal(0)
    members: set[str] = field(default_factory=set)

    def add(self, other: "_Sum") -> None:
        """Add another one."""
        self.households += other.households
        self.granted += other.granted
        self.lent += other.lent
        self.members |= other.members


def sums(
    rows: Iterable[Reported], by: Sequence[str], *, least: int = LEAST_HOUSEHOLDS
) -> list[dict[str, Any]]:
    """Sums by some of the dimensions, ascending. rows: those that count. least: households of the
    smallest cell that is shown."""
    shown: dict[tuple[Any, ...], _Sum] = {}
    hidden: dict[tuple[Any, ...], int] = {}
    for cell, total in sorted(_cells(rows).items()):
        key = tuple(getattr(cell, name) for name in by)
        if total.households < least:
            hidden[key] = hidden.get(key, 0) + 1
            continue
        shown.setdefault(key, _Sum()).add(total)
    keys = sorted(shown.keys() | hidden.keys())
    return [_told(key, by, shown.get(key), hidden.get(key, 0)) for key in keys]


def cell_of(row: Reported) -> Cell:
    """What a row is about."""
    return Cell(row.period, row.region, bytes(row.product), row.version)


def spelled(value: Decimal) -> str:
    """An amount in the one spelling that statements have."""
    text = f"{value:.{DECIMALS}f}"
    return text.rstrip("0").rstrip(".")


def _cells(rows: Iterable[Reported]) -> Mapping[Cell, _Sum]:
    found: dict[Cell, _Sum] = {}
    for row in rows:
        one = _Sum(row.households, Decimal(row.granted), Decimal(row.lent), {row.member})
        found.setdefault(cell_of(row), _Sum()).add(one)
    return found


def _told(
    key: tuple[Any, ...], by: Sequence[str], total: _Sum | None, hidden: int
) -> dict[str, Any]:
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
