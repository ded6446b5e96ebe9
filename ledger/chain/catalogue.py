"""When a version of a catalogue item counted in a region.

A version counts from the time that it names, and not before it was put; it supersedes the ones
before it from then on only, so what is put later never changes what an earlier anchor meant. While
a national item counts, supplements of the same id are not looked at (`ICatalogue`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ledger.chain.contracts.structs import NATIONAL, CatalogueItem

FOREVER = 1 << 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Put:
    """A version, the time at which it was put, and which of the contracts of the role it was put
    into, which held the role until before `until`."""

    item: CatalogueItem
    at: int
    tenure: int = 0
    until: int = FOREVER


Window = tuple[int, int]  # from, and before


def counting(puts: Sequence[Put], region: str) -> list[tuple[Window, CatalogueItem]]:
    """Windows in which versions of one item counted in a region. puts: of this item, all of one
    kind, in the order in which they happened."""
    national = list(_windows([put for put in puts if put.item.region == NATIONAL]))
    counted = list(national)
    if region != NATIONAL:
        for window, item in _windows([put for put in puts if put.item.region == region]):
            outside = [window]
            for (start, end), _ in national:
                outside = [rest for one in outside for rest in _without(one, start, end)]
            counted += [(rest, item) for rest in outside]
    return counted


def _windows(series: list[Put]) -> Iterator[tuple[Window, CatalogueItem]]:
    """When each version of a series counted: until it ends, or a higher one counts."""
    for put in series:
        start = max(put.item.since, put.at)
        end = min(put.item.until or FOREVER, put.until)
        for other in series:
            if other.tenure == put.tenure and other.item.version > put.item.version:
                end = min(end, max(other.item.since, other.at))
        if start < end:
            yield (start, end), put.item


def _without(window: Window, start: int, end: int) -> list[Window]:
    """The parts of a window outside another one."""
    parts = ((window[0], min(window[1], start)), (max(window[0], end), window[1]))
    return [part for part in parts if part[0] < part[1]]
