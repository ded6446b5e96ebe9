"""Reading and writing the tree in the database. Every function works within the caller's
transaction; `log` is the row number of the log."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from gateway.base.db import insert_rows
from gateway.log.models import (
    bundles,
    logs,
    pending,
    promises,
    requeued,
    tiles,
)
from ledger.core.canonical import DIGEST_SIZE
from ledger.core.errors import Malformed
from ledger.core.ids import Digest
from ledger.core.merkle import leaf_hash
from ledger.core.tiles import (
    HEIGHT,
    WIDTH,
    Tile,
    bundle_entries,
    edge,
    encode_bundle,
    root_at,
    tile_width,
)

_FAST = 1
"""zlib level: entries differ in little but 32 random bytes, more effort gains nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogState:
    """One row of `logs`. published, note: None before the first checkpoint. scanned: None before
    the chain was read for it, or after that turned out to be another chain. closed: the last size
    that counts; None: it is open. unproven: it was not compared with the chain since it was
    restored or first heard of."""

    id: int
    log_id: bytes
    size: int
    root: Digest
    published: int | None
    note: str | None
    scanned: int | None
    scanned_hash: bytes | None
    closed: int | None
    unproven: bool


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
        return unpack(data, n) if data else b""

    def entries(self, start: int, end: int) -> list[bytes]:
        """Entries start … end - 1; Malformed where the bundles hold anything else."""
        found: list[bytes] = []
        for n in range(start // WIDTH, -(-end // WIDTH)):
            held = bundle_entries(self.bundle(n))[: end - n * WIDTH]
            if len(held) != min(WIDTH, end - n * WIDTH):
                raise Malformed("entry bundle", f"bundle {n} is too short")
            found += held
        return found[start % WIDTH :]


def unpack(data: bytes, n: int) -> bytes:
    """What is stored of entry bundle `n` as C2SP frames it; Malformed where damaged."""
    try:
        return zlib.decompress(data)
    except zlib.error as error:
        raise Malformed("entry bundle", f"bundle {n} does not unpack") from error


def states(connection: sa.Connection) -> list[LogState]:
    """All logs of this member, oldest first."""
    rows = connection.execute(sa.select(logs).order_by(logs.c.id))
    return [LogState(**row._mapping) for row in rows]


def state(connection: sa.Connection, log: int) -> LogState:
    """One log, which must be there."""
    row = connection.execute(sa.select(logs).where(logs.c.id == log)).one()
    return LogState(**row._mapping)


_OF_ID = logs.c.log_id == sa.bindparam("wanted", type_=sa.LargeBinary)
_LOG = sa.select(logs).where(_OF_ID)
_NUMBER = sa.select(logs.c.id).where(_OF_ID)
_UNPROVEN = sa.select(logs.c.unproven).where(_OF_ID)


def find(connection: sa.Connection, log_id: bytes) -> LogState | None:
    """The log of that id; None where it is not ours, or empty and unheard of."""
    row = connection.execute(_LOG, {"wanted": log_id}).one_or_none()
    return LogState(**row._mapping) if row else None


def number(connection: sa.Connection, log_id: bytes) -> int | None:
    """The row number of that log; None as for `find`."""
    return connection.scalar(_NUMBER, {"wanted": log_id})


def is_unproven(connection: sa.Connection, log_id: bytes) -> bool:
    """Whether a log may lack what the chain has. One without a row was not restored."""
    return connection.scalar(_UNPROVEN, {"wanted": log_id}) or False


def waiting(connection: sa.Connection, limit: int) -> int:
    """How many entries wait to be integrated, counted until `limit` is reached."""
    found = 0
    for count in connection.scalars(sa.select(pending.c.count).where(pending.c.start.is_(None))):
        found += count
        if found >= limit:
            break
    return found


@dataclass(frozen=True, slots=True)
class Waiting:
    """The entries of one promise, not in the tree yet. data: a line each."""

    promise: int
    leaves: bytes
    data: bytes

    def sound(self) -> dict[bytes, bytes]:
        """leaf -> entry of those that the disk has not changed, whatever has become of others."""
        step = DIGEST_SIZE
        wanted = {self.leaves[at : at + step] for at in range(0, len(self.leaves), step)}
        found = {leaf_hash(line): line for line in self.data.split(b"\n")}
        return {leaf: line for leaf, line in found.items() if leaf in wanted}


def put_pending(
    connection: sa.Connection,
    *,
    log: int,
    promise: int,
    leaves: Sequence[bytes],
    lines: Sequence[bytes],
) -> None:
    """Queue the entries of a promise."""
    row = (promise, log, len(leaves), b"".join(leaves), b"\n".join(lines))
    names = ("promise", "log", "count", "leaves", "entries")
    insert_rows(connection, pending, names, [row])


def next_batch(connection: sa.Connection, log: int, limit: int) -> list[Waiting]:
    """The oldest waiting promises with `limit` entries together, or the one that has more."""
    chosen: list[int] = []
    total = 0
    counts = sa.select(pending.c.promise, pending.c.count).where(
        pending.c.log == log, pending.c.start.is_(None)
    )
    for promise, count in connection.execute(counts.order_by(pending.c.promise)):
        total += count
        if chosen and total > limit:
            break
        chosen.append(promise)
    query = sa.select(pending.c.promise, pending.c.leaves, pending.c.entries)
    return [
        Waiting(*row)
        for some in _portions(chosen)
        for row in connection.execute(query.where(pending.c.promise.in_(some)))
    ]


def set_aside(connection: sa.Connection, promise: int, reason: str) -> None:
    """Keep what is pending of a promise, with the reason, also when the rest is published."""
    change = sa.update(pending).where(pending.c.promise == promise).values(error=reason)
    connection.execute(change)


def place(
    connection: sa.Connection, promised: Sequence[int], *, start: int | None, width: int | None
) -> None:
    """Note where the entries of these promises stand in the tree. Of one that was queued again the
    others have their place."""
    last = sa.select(requeued.c.promise, sa.func.max(requeued.c.id)).group_by(requeued.c.promise)
    again: dict[int, int] = {promise: row for promise, row in connection.execute(last)}
    queued = sa.update(pending).values(start=start)
    kept = sa.update(promises).values(start=start, width=width)
    for some in _portions(promised):
        connection.execute(queued.where(pending.c.promise.in_(some)))
        first = [promise for promise in some if promise not in again]
        connection.execute(kept.where(promises.c.id.in_(first)))
    rows = [again[promise] for promise in promised if promise in again]
    if rows:
        change = sa.update(requeued).where(requeued.c.id.in_(rows))
        connection.execute(change.values(start=start, width=width))


def _portions(numbers: Sequence[int]) -> Iterator[Sequence[int]]:
    """Drivers take some ten thousand parameters, a batch may have more promises."""
    return (numbers[at : at + 1000] for at in range(0, len(numbers), 1000))


def forget_pending(connection: sa.Connection, log: int, size: int) -> None:
    """Drop the pending rows of the first `size` entries, which are published."""
    done = (pending.c.log == log) & (pending.c.start < size) & pending.c.error.is_(None)
    connection.execute(sa.delete(pending).where(done))


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
    behind = (pending.c.log == log) & (pending.c.start >= size)
    place(
        connection,
        connection.scalars(sa.select(pending.c.promise).where(behind)).all(),
        start=None,
        width=None,
    )
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
