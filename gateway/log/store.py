"""Reading and writing the tree in the database. Every function works within the caller's
transaction; `log` is the row number of the log."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from gateway.log.models import bundles, entries, logs, pending, tiles
from ledger.core.canonical import DIGEST_SIZE
from ledger.core.errors import Malformed
from ledger.core.ids import Digest
from ledger.core.tiles import (
    HEIGHT,
    WIDTH,
    Tile,
    edge,
    encode_bundle,
    parse_bundle,
    root_at,
    tile_width,
)

_FAST = 1
"""zlib level: entries differ in little but 32 random bytes, more effort gains nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogState:
    """One row of `logs`. published, note: None before the first checkpoint. scanned: None before
    the chain was read for it, or after that turned out to be another chain."""

    id: int
    log_id: bytes
    size: int
    root: Digest
    published: int | None
    note: str | None
    scanned: int | None
    scanned_hash: bytes | None


class TileStore:
    """`ledger.core.tiles.TileSource` over the tables, for as long as the connection is open."""

    def __init__(self, connection: sa.Connection, log: int) -> None:
        self._connection = connection
        self._log = log

    def tile(self, level: int, n: int, width: int) -> bytes:
        """The first `width` hashes; fewer (or none) where the table holds fewer."""
        query = sa.select(tiles.c.data).where(
            tiles.c.log == self._log, tiles.c.level == level, tiles.c.n == n
        )
        data: bytes = self._connection.execute(query).scalar_one_or_none() or b""
        return data[: width * DIGEST_SIZE]

    def bundle(self, n: int) -> bytes:
        """Entry bundle `n`, C2SP framing; b"" where there is none; Malformed where damaged."""
        query = sa.select(bundles.c.data).where(bundles.c.log == self._log, bundles.c.n == n)
        data = self._connection.execute(query).scalar_one_or_none()
        try:
            return zlib.decompress(data) if data else b""
        except zlib.error as error:
            raise Malformed("entry bundle", f"bundle {n} does not unpack") from error

    def entries(self, start: int, end: int) -> list[bytes]:
        """Entries start … end - 1; Malformed where the bundles hold anything else."""
        found: list[bytes] = []
        for n in range(start // WIDTH, -(-end // WIDTH)):
            held = bundle_entries(self.bundle(n))[: end - n * WIDTH]
            if len(held) != min(WIDTH, end - n * WIDTH):
                raise Malformed("entry bundle", f"bundle {n} is too short")
            found += held
        return found[start % WIDTH :]


def bundle_entries(data: bytes) -> list[bytes]:
    """All entries of a bundle whose width is not known beforehand."""
    count = at = 0
    while at < len(data):
        at += 2 + int.from_bytes(data[at : at + 2], "big")
        count += 1
    return parse_bundle(data, count)


def states(connection: sa.Connection) -> list[LogState]:
    """All logs of this member, oldest first."""
    rows = connection.execute(sa.select(logs).order_by(logs.c.id))
    return [LogState(**row._mapping) for row in rows]


def state(connection: sa.Connection, log: int) -> LogState:
    """One log, which must be there."""
    row = connection.execute(sa.select(logs).where(logs.c.id == log)).one()
    return LogState(**row._mapping)


def find(connection: sa.Connection, log_id: bytes) -> LogState | None:
    """The log of that id; None where it is not ours, or empty and unheard of."""
    row = connection.execute(sa.select(logs).where(logs.c.log_id == log_id)).one_or_none()
    return LogState(**row._mapping) if row else None


def waiting(connection: sa.Connection, limit: int) -> int:
    """How many entries wait to be integrated, counted up to `limit`."""
    some = sa.select(pending.c.id).where(_WAITING).limit(limit).subquery()
    return int(connection.execute(sa.select(sa.func.count()).select_from(some)).scalar_one())


def next_batch(connection: sa.Connection, log: int, limit: int) -> list[tuple[int, bytes, bytes]]:
    """(row number, leaf, entry) of the oldest waiting entries, in the order of their leaf hash."""
    query = (
        sa.select(pending.c.id, pending.c.leaf, pending.c.entry)
        .where(pending.c.log == log, _WAITING)
        .order_by(pending.c.id)
        .limit(limit)
    )
    rows = [(row.id, row.leaf, row.entry) for row in connection.execute(query)]
    return sorted(rows, key=lambda row: row[1])


# A scalar subquery, not a join: `pending` is short, and no planner may start from `entries`.
_INDEX = sa.select(entries.c.idx).where(entries.c.id == pending.c.id).scalar_subquery()
_WAITING = _INDEX.is_(None) & pending.c.error.is_(None)


def set_aside(connection: sa.Connection, ids: Sequence[int], reason: str) -> None:
    """Take entries out of the queue, with the reason, so that they do not hold up the others."""
    change = sa.update(pending).where(pending.c.id.in_(ids)).values(error=reason)
    connection.execute(change)


def forget_pending(connection: sa.Connection, log: int, size: int) -> None:
    """Drop the pending rows of the first `size` entries, which are published."""
    connection.execute(sa.delete(pending).where(pending.c.log == log, _INDEX < size))


def write_tiles(
    connection: sa.Connection, log: int, size_before: int, changed: Iterable[Tile]
) -> None:
    """Store the tiles of an append: those at the old right edge grow, the others are new."""
    grown: list[dict[str, object]] = []
    fresh: list[dict[str, object]] = []
    for tile in changed:
        row = {"log": log, "level": tile.level, "n": tile.n, "data": tile.data}
        (grown if tile_width(size_before, tile.level, tile.n) else fresh).append(row)
    _put(connection, tiles, ("log", "level", "n"), grown=grown, fresh=fresh)


def write_entries(
    connection: sa.Connection, log: int, size_before: int, batch: Sequence[bytes]
) -> None:
    """Store entry bytes behind the first `size_before`."""
    first, held = divmod(size_before, WIDTH)
    before = TileStore(connection, log).entries(size_before - held, size_before)
    together = before + list(batch)
    rows = [
        {
            "log": log,
            "n": first + at // WIDTH,
            "data": zlib.compress(encode_bundle(together[at : at + WIDTH]), _FAST),
        }
        for at in range(0, len(together), WIDTH)
    ]
    old = 1 if held else 0
    _put(connection, bundles, ("log", "n"), grown=rows[:old], fresh=rows[old:])


def cut_back(connection: sa.Connection, log: int, size: int) -> None:
    """Drop everything behind the first `size` entries, which were never published; their
    pending rows are still there and are integrated anew."""
    back = sa.select(pending.c.id).where(pending.c.log == log)
    connection.execute(sa.update(entries).where(entries.c.id.in_(back)).values(idx=None))
    store = TileStore(connection, log)
    kept = [Tile(a.level or 0, a.n, store.tile(a.level or 0, a.n, a.width)) for a in edge(size)]
    held = store.entries(size - size % WIDTH, size)
    for level in range(_levels(connection, log)):
        beyond = (size >> HEIGHT * level) // WIDTH
        at = (tiles.c.log == log) & (tiles.c.level == level) & (tiles.c.n >= beyond)
        connection.execute(sa.delete(tiles).where(at))
    connection.execute(sa.delete(bundles).where(bundles.c.log == log, bundles.c.n >= size // WIDTH))
    write_tiles(connection, log, 0, kept)
    if held:
        write_entries(connection, log, size - len(held), held)
    root = root_at(store, size)
    connection.execute(sa.update(logs).where(logs.c.id == log).values(size=size, root=root))


def _levels(connection: sa.Connection, log: int) -> int:
    top = connection.execute(
        sa.select(sa.func.max(tiles.c.level)).where(tiles.c.log == log)
    ).scalar_one()
    return 0 if top is None else int(top) + 1


def _put(
    connection: sa.Connection,
    table: sa.Table,
    keys: Sequence[str],
    *,
    grown: Sequence[dict[str, object]],
    fresh: Sequence[dict[str, object]],
) -> None:
    """Write `data` of rows that are there (`grown`) and of rows that are not (`fresh`)."""
    if grown:
        same = [table.c[key] == sa.bindparam(f"_{key}") for key in keys]
        change = sa.update(table).where(*same).values(data=sa.bindparam("_data"))
        connection.execute(change, [{f"_{k}": v for k, v in row.items()} for row in grown])
    if fresh:
        connection.execute(sa.insert(table), list(fresh))
