"""What was in the catalogue when: versions of record types as they counted in a region.

A version counts from the time that it names, and not before it was put; it supersedes the ones
before it from then on only, so what is put later never changes what an earlier anchor meant. While
a national item counts, supplements of the same id are not looked at (`ICatalogue`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ledger.chain.structs import NATIONAL, RECORD_TYPE, CatalogueItem

GRACE = 72 * 3600  # seconds for which a record may still be anchored (design 6)
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


class Catalogue:
    """Record types by schema id and region; each look-up touches one type only."""

    def __init__(self, puts: Iterable[Put]) -> None:
        """puts: in the order in which they happened."""
        series: dict[tuple[str, str], list[Put]] = defaultdict(list)
        for put in puts:
            if put.item.kind == RECORD_TYPE:
                series[put.item.item_id, put.item.region].append(put)
        self._series = dict(series)
        self._kept: dict[tuple[str, str], list[tuple[Window, CatalogueItem]]] = {}

    def find(self, schema: str, region: str, time: int) -> CatalogueItem | None:
        """The item of this schema id that counted in a region at `time` or within 72 hours before;
        the last of them where there are several."""
        name, _, version = schema.partition("@")
        found = [
            (start, item)
            for (start, end), item in self._counting(name, region)
            if str(item.version) == version and start <= time and time - GRACE < end
        ]
        return max(found, key=lambda one: one[0])[1] if found else None

    def changes(self) -> list[int]:
        """The times at which an answer of `find` may change, ascending."""
        times = {0}
        for name, region in list(self._series):
            for (start, end), _ in self._counting(name, region):
                times |= {start, end + GRACE}
        return sorted(times)

    def _counting(self, name: str, region: str) -> list[tuple[Window, CatalogueItem]]:
        """Windows in which versions of a type counted in a region."""
        if (name, region) not in self._kept:
            national = list(_windows(self._series.get((name, NATIONAL), [])))
            counted = list(national)
            if region != NATIONAL:
                for window, item in _windows(self._series.get((name, region), [])):
                    outside = [window]
                    for (start, end), _ in national:
                        outside = [rest for one in outside for rest in _without(one, start, end)]
                    counted += [(rest, item) for rest in outside]
            self._kept[name, region] = counted
        return self._kept[name, region]


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
