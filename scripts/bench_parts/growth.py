"""Whether what one of something costs grows with how much there is of it already.

A tree and an index have as many levels as the logarithm of their size, so a cost may grow as that
does; what grows faster is named.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scripts.bench_parts.book import Row

NOISE = 1.1
"""What grew by less is flat."""
SPAN = 10
"""Sizes are compared that are so many times apart at least."""
FLAT, LOGARITHM, FULL, GROWS = "flat", "within a logarithm", "flat by now", "**grows**"


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """Of one row. base: the size at which one costs least, of those far enough below `largest`.
    factor: how many times as much it costs there; late: how many times as much as at the largest
    size that is far enough below; logarithm: how many times as large the logarithm of the size
    is."""

    row: Row
    base: int
    largest: int
    factor: float
    late: float

    @property
    def logarithm(self) -> float:
        """What a logarithm would have grown by."""
        return math.log(self.largest) / math.log(self.base)

    @property
    def verdict(self) -> str:
        """In words."""
        if self.factor <= NOISE:
            return FLAT
        if self.factor <= NOISE * self.logarithm:
            return LOGARITHM
        return FULL if self.late <= NOISE else GROWS


def costs(row: Row) -> dict[int, float]:
    """What one costs, by size."""
    return {n: 1 / value if row.aim.more else value for n, value in row.by_size.items()}


def growth_of(row: Row) -> Growth | None:
    """None where no two sizes are far enough apart."""
    if not row.aim.grows or row.aim.of:
        return None
    found = costs(row)
    largest = max(found)
    below = {size: cost for size, cost in found.items() if 1 < size <= largest / SPAN}
    if not below:
        return None
    base = min(below, key=below.__getitem__)
    return Growth(
        row=row,
        base=base,
        largest=largest,
        factor=found[largest] / below[base],
        late=found[largest] / below[max(below)],
    )


def relative(rows: Sequence[Row]) -> dict[str, dict[int, float]]:
    """For a picture: what one costs over the least that it cost, by row and size."""
    drawn = [row for row in rows if growth_of(row) is not None]
    return {
        row.aim.name: {size: cost / min(costs(row).values()) for size, cost in costs(row).items()}
        for row in drawn
    }


def table(rows: Sequence[Row]) -> str:
    """The page's table; empty where nothing can be told."""
    found = [growth for row in rows if (growth := growth_of(row)) is not None]
    if not found:
        return ""
    lines = [
        "| what one costs in | cheapest at | largest | times as much | logarithm | lately | |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| `{one.row.aim.name}` | {one.base:,} | {one.largest:,} | {one.factor:.2f} "
        f"| {one.logarithm:.2f} | {one.late:.2f} | {one.verdict} |"
        for one in found
    ]
    return "\n".join(lines)
