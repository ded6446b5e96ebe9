"""Many entries at once: where they stand, what they are and their paths, each in a few statements
for all of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import sqlalchemy as sa

from gateway.base.db import rows_at
from gateway.log.generations import near_records
from gateway.log.located import Entries, Located, entries_of
from gateway.log.models import bundles, entries, logs, promises, tiles
from gateway.log.store import unpack
from ledger.core.canonical import DIGEST_SIZE
from ledger.core.ids import Digest
from ledger.core.tiles import WIDTH, bundle_entries, inclusion_paths_at, inclusion_tiles

PAGE: Final = 128
"""Entries that are worth reading together: the bundles of so many take some ten megabytes."""

_NAMES: Final = 400
"""Record ids in one query."""

_earlier = promises.alias()
_FIRST = (
    sa.select(_earlier.c.first_entry)
    .where(_earlier.c.first_entry <= entries.c.id)
    .order_by(_earlier.c.first_entry.desc())
    .limit(1)
    .correlate(entries)
    .scalar_subquery()
)
_PLACED = (
    sa.select(
        entries.c.id,
        entries.c.log,
        entries.c.leaf,
        logs.c.log_id,
        promises.c.id.label("promise"),
        promises.c.first_entry,
        promises.c.start,
        promises.c.width,
    )
    .join(logs, logs.c.id == entries.c.log)
    .join(promises, promises.c.first_entry == _FIRST)
    .where(entries.c.id.in_(sa.bindparam("ids", expanding=True)))
)


class Placed(NamedTuple):
    """A leaf of a tree by its index, as its path is wanted. log: row number."""

    log: int
    leaf: int
    size: int


class ManyEntries(Entries):
    """Entries of which many are wanted together."""

    def __init__(self, connection: sa.Connection) -> None:
        super().__init__(connection)
        self._tiles_held: Mapping[tuple[int, int, int], bytes] = {}
        self._bundles_held: Mapping[tuple[int, int], bytes] = {}

    def of_rows(self, wanted: Sequence[int]) -> dict[int, Located]:
        """Where the entries of these row numbers stand, of those that are there. At most `PAGE` of
        them; their bytes are at hand until it is asked again."""
        found = self._placed(wanted)
        self.hold(found.values())
        return found

    def of_names(self, names: Collection[bytes]) -> dict[bytes, Located]:
        """Where entries stand by leaf or record id, of those that this member has promised: for
        each what `located.locate` finds. However many there are; of none the bytes are at hand."""
        rows = entries_of(self._connection, names)
        places = self._all_placed(rows.values())
        found = {name: places[row] for name, row in rows.items()}
        others = {name for name in names if name not in found}
        for page in in_order(self._all_placed(self._like_records(others)).values()):
            self.hold(page)
            for at in page:
                name = self.record_id(at)
                if name in others and (name not in found or at.id < found[name].id):
                    found[name] = at
        return found

    def _like_records(self, names: Collection[bytes]) -> list[int]:
        """Row numbers of entries whose record ids begin as these do."""
        asked, found = sorted(names), list[int]()
        for at in range(0, len(asked), _NAMES):
            query = near_records(sa.select(entries.c.id), asked[at : at + _NAMES])
            found += self._connection.scalars(query)
        return found

    def _all_placed(self, wanted: Collection[int]) -> dict[int, Located]:
        rows, found = sorted(wanted), dict[int, Located]()
        for at in range(0, len(rows), PAGE):
            found |= self._placed(rows[at : at + PAGE])
        return found

    def _placed(self, wanted: Sequence[int]) -> dict[int, Located]:
        rows = self._connection.execute(_PLACED, {"ids": list(wanted)}).all()
        lowest = {(row.log, 0, n) for row in rows for n in _tiles_of_batch(row)}
        self._tiles_held = _tiles(self._connection, lowest)
        return {row.id: self.place(row) for row in rows}

    def hold(self, found: Collection[Located]) -> None:
        """Have the bytes of these entries at hand."""
        where = {(at.log, at.index // WIDTH) for at in found if at.index is not None}
        self._bundles_held = _bundles(self._connection, where)

    def _read_tile(self, log: int, n: int) -> bytes:
        held = self._tiles_held.get((log, 0, n))
        return super()._read_tile(log, n) if held is None else held

    def _read_bundle(self, log: int, n: int) -> list[bytes]:
        held = self._bundles_held.get((log, n))
        return super()._read_bundle(log, n) if held is None else bundle_entries(unpack(held, n))


def in_order(found: Collection[Located]) -> Iterator[list[Located]]:
    """Entries in the order of their trees, so that each bundle is read once, by `PAGE` of them;
    those that stand in none come last."""
    ordered = sorted(found, key=lambda at: (at.index is None, at.log, at.index or 0))
    for first in range(0, len(ordered), PAGE):
        yield ordered[first : first + PAGE]


def paths_of(connection: sa.Connection, wanted: Sequence[Placed]) -> list[list[Digest]]:
    """The inclusion paths of leaves, in their order. Raises Malformed where a tile is damaged."""
    trees: dict[tuple[int, int], list[int]] = {}
    for one in wanted:
        trees.setdefault((one.log, one.size), []).append(one.leaf)
    held = _tiles(
        connection,
        {
            (log, level, n)
            for (log, size), leaves in trees.items()
            for leaf in leaves
            for level, n in inclusion_tiles(leaf, size)
        },
    )
    paths = {
        (log, size): iter(inclusion_paths_at(_Held(log, held), leaves, size))
        for (log, size), leaves in trees.items()
    }
    return [next(paths[one.log, one.size]) for one in wanted]


class _Held:
    """Tiles that were read."""

    def __init__(self, log: int, held: Mapping[tuple[int, int, int], bytes]) -> None:
        self._log = log
        self._held = held

    def tile(self, level: int, n: int, width: int) -> bytes:
        return self._held.get((self._log, level, n), b"")[: width * DIGEST_SIZE]


def _tiles_of_batch(row: Any) -> Iterator[int]:
    """The lowest tiles in which an entry may stand, where its batch is no larger than one: of a
    larger one only those are read that lead to it."""
    if row.start is not None and row.width <= WIDTH:
        yield from range(row.start // WIDTH, (row.start + row.width - 1) // WIDTH + 1)


def _tiles(
    connection: sa.Connection, wanted: Collection[tuple[int, int, int]]
) -> dict[tuple[int, int, int], bytes]:
    key = (tiles.c.log, tiles.c.level, tiles.c.n)
    return {(row.log, row.level, row.n): row.data for row in rows_at(connection, key, wanted)}


def _bundles(
    connection: sa.Connection, wanted: Collection[tuple[int, int]]
) -> dict[tuple[int, int], bytes]:
    key = (bundles.c.log, bundles.c.n)
    return {(row.log, row.n): row.data for row in rows_at(connection, key, wanted)}
