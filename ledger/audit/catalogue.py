"""What was in the catalogue when: record types as they counted in a region."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from ledger.chain.catalogue import Put, Window, counting
from ledger.chain.contracts.structs import RECORD_TYPE, CatalogueItem
from ledger.core.verdict.facts import GRACE


class Catalogue:
    """Record types by schema id and region; each look-up touches one type only."""

    def __init__(self, puts: Iterable[Put]) -> None:
        """puts: in the order in which they happened."""
        types: dict[str, list[Put]] = defaultdict(list)
        for put in puts:
            if put.item.kind == RECORD_TYPE:
                types[put.item.item_id].append(put)
        self._types = dict(types)
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
        for name, puts in self._types.items():
            for region in {put.item.region for put in puts}:
                for (start, end), _ in self._counting(name, region):
                    times |= {start, end + GRACE}
        return sorted(times)

    def _counting(self, name: str, region: str) -> list[tuple[Window, CatalogueItem]]:
        """Windows in which versions of a type counted in a region."""
        if (name, region) not in self._kept:
            self._kept[name, region] = counting(self._types.get(name, []), region)
        return self._kept[name, region]
