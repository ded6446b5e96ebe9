"""Reading and writing the logs of others. Every function works within the caller's transaction;
`mirror` is the row number of a log that is followed."""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import sqlalchemy as sa

from gateway.base.db import insert_into, insert_unless_there, rows_at
from gateway.log.store import unpack
from gateway.mirrors.models import cosignatures, mirror_bundles, mirror_tiles, mirrors
from gateway.mirrors.prefixes import prefixes_of
from ledger.core.canonical import DIGEST_SIZE
from ledger.core.errors import Malformed
from ledger.core.merkle import EMPTY_ROOT
from ledger.core.note import MAX_WITNESSES, Cosignature, parse_checkpoint
from ledger.core.tiles import WIDTH, Tile, root_at, tile_width

_FAST = 1
"""zlib level, as in the own log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mirror:
    """One row of `mirrors`: held whole and proven up to `size`, full bundles up to `whole`, the
    newest final anchor at `anchored`, the owner's note at `noted`. error: code, or None."""

    id: int
    log_id: bytes
    member: str
    size: int
    root: bytes
    whole: int
    stored: int
    anchored: int
    anchored_root: bytes
    scanned: int | None
    noted: int
    note: str | None
    error: str | None


@dataclass(frozen=True, slots=True)
class Piece:
    """A full bundle with the tile over it."""

    n: int
    tile: bytes
    bundle: bytes


class MirrorTiles:
    """`ledger.core.tiles.TileSource` over what is kept of one log."""

    def __init__(self, connection: sa.Connection, mirror: int) -> None:
        self._connection = connection
        self._mirror = mirror

    def tile(self, level: int, n: int, width: int) -> bytes:
        """The first `width` hashes; fewer (or none) where fewer are kept."""
        query = sa.select(mirror_tiles.c.data).where(
            mirror_tiles.c.mirror == self._mirror,
            mirror_tiles.c.level == level,
            mirror_tiles.c.n == n,
        )
        data: bytes = self._connection.execute(query).scalar_one_or_none() or b""
        return data[: width * DIGEST_SIZE]

    def bundle(self, n: int) -> bytes:
        """Entry bundle `n`, C2SP framing; b"" where none is kept; Malformed where damaged."""
        query = sa.select(mirror_bundles.c.data).where(
            mirror_bundles.c.mirror == self._mirror, mirror_bundles.c.n == n
        )
        data = self._connection.execute(query).scalar_one_or_none()
        return unpack(data, n) if data else b""

    def numbers(self) -> tuple[set[int], set[int]]:
        """Of the lowest tiles and of the bundles that are kept."""
        tiles = sa.select(mirror_tiles.c.n).where(
            mirror_tiles.c.mirror == self._mirror, mirror_tiles.c.level == 0
        )
        bundles = sa.select(mirror_bundles.c.n).where(mirror_bundles.c.mirror == self._mirror)
        return set(self._connection.scalars(tiles)), set(self._connection.scalars(bundles))

    def complete(self, size: int) -> bool:
        """Whether as many bundles and lowest tiles are kept as that size has."""
        wanted = -(-size // WIDTH)
        count = sa.select(sa.func.count())
        tiles = count.where(mirror_tiles.c.mirror == self._mirror, mirror_tiles.c.level == 0)
        bundles = count.where(mirror_bundles.c.mirror == self._mirror)
        return all((self._connection.scalar(query) or 0) >= wanted for query in (tiles, bundles))


def all_mirrors(connection: sa.Connection) -> list[Mirror]:
    """All logs that are followed."""
    rows = connection.execute(sa.select(mirrors).order_by(mirrors.c.member, mirrors.c.id))
    return [Mirror(**row._mapping) for row in rows]


def find_mirror(connection: sa.Connection, log_id: bytes) -> Mirror | None:
    """The log of that id; None where it is not followed."""
    row = connection.execute(sa.select(mirrors).where(mirrors.c.log_id == log_id)).one_or_none()
    return Mirror(**row._mapping) if row else None


def get_mirror(connection: sa.Connection, log_id: bytes) -> Mirror:
    """The log of that id, which must be followed."""
    row = connection.execute(sa.select(mirrors).where(mirrors.c.log_id == log_id)).one()
    return Mirror(**row._mapping)


def open_mirror(connection: sa.Connection, log_id: bytes, member: str) -> None:
    """Have a row for a log, with nothing read of it."""
    fresh = {"log_id": log_id, "member": member, "anchored": 0, "anchored_root": EMPTY_ROOT}
    row = {**fresh, "scanned": None, **_NOTHING}
    connection.execute(insert_unless_there(connection, mirrors).values(row))


def note_anchor(
    connection: sa.Connection, mirror: Mirror, *, size: int, root: bytes, scanned: int
) -> None:
    """Move the newest final anchor; never back."""
    change = sa.update(mirrors).where(
        mirrors.c.id == mirror.id, mirrors.c.anchored <= size, mirrors.c.anchored == mirror.anchored
    )
    values = {"anchored": size, "anchored_root": root, "scanned": scanned}
    connection.execute(change.values(values))


def keep_pieces(
    connection: sa.Connection, mirror: Mirror, pieces: Sequence[Piece], upper: Iterable[Tile]
) -> Mirror | None:
    """Store full bundles from `mirror.whole` on, with their tiles and the full tiles above them;
    None: another process has gone on meanwhile, and nothing is stored."""
    packed = [_packed(mirror, piece.n, piece.bundle) for piece in pieces]
    tiles = [*(Tile(0, piece.n, piece.tile) for piece in pieces), *upper]
    size = sum(len(data) for _, data, _ in packed) + sum(len(tile.data) for tile in tiles)
    after = replace(mirror, whole=mirror.whole + len(pieces), stored=mirror.stored + size)
    if not _move(connection, mirror, {"whole": after.whole, "stored": after.stored}):
        return None
    _put_tiles(connection, mirror.id, tiles)
    _put_bundles(connection, mirror.id, packed)
    return after


def keep_edge(
    connection: sa.Connection, mirror: Mirror, tiles: Iterable[Tile], last: bytes
) -> Mirror | None:
    """Store the right edge of the anchored size, after which it is held whole. last: the partial
    bundle, b"" where there is none. None: as `keep_pieces`."""
    after = replace(mirror, size=mirror.anchored, root=mirror.anchored_root, error=None)
    if not _move(connection, mirror, {"size": after.size, "root": after.root, "error": None}):
        return None
    _put_tiles(connection, mirror.id, list(tiles))
    if last:
        _put_bundles(connection, mirror.id, [_packed(mirror, after.size // WIDTH, last)])
    return after


def is_still(connection: sa.Connection, mirror: Mirror) -> bool:
    """Whether the copy is where it was when its row was read."""
    return _same_place(find_mirror(connection, mirror.log_id), mirror)


def put_piece(
    connection: sa.Connection, mirror: Mirror, level: int | None, n: int, data: bytes
) -> None:
    """Put a proven piece in the place of what was kept. level: None: it is a bundle."""
    if level is None:
        _put_bundles(connection, mirror.id, [_packed(mirror, n, data)])
    else:
        _put_tiles(connection, mirror.id, [Tile(level, n, data)])


def cut_back(connection: sa.Connection, mirror: Mirror, *, size: int, root: bytes) -> None:
    """Go back to an anchor that is smaller than the newest one, for the log was closed there. What
    is kept of the larger tree begins with what is kept of the smaller one, so that only what lies
    behind that is dropped."""
    values: dict[str, object] = {"anchored": size, "anchored_root": root}
    if mirror.size > size and size and _root(connection, mirror, size) != root:
        forget_mirror(connection, mirror.id)  # it was kept of another tree: all is read anew
    else:
        wanted = -(-size // WIDTH)
        lowest = (mirror_tiles.c.mirror == mirror.id) & (mirror_tiles.c.level == 0)
        connection.execute(sa.delete(mirror_tiles).where(lowest, mirror_tiles.c.n >= wanted))
        beyond = (mirror_bundles.c.mirror == mirror.id) & (mirror_bundles.c.n >= wanted)
        connection.execute(sa.delete(mirror_bundles).where(beyond))
        values |= {"whole": min(mirror.whole, size // WIDTH), "stored": _stored(connection, mirror)}
        if mirror.size > size:
            values |= {"size": size, "root": root, "noted": 0, "note": None, "error": None}
    connection.execute(sa.update(mirrors).where(mirrors.c.id == mirror.id).values(values))


def keep_note(connection: sa.Connection, mirror: Mirror, note: str) -> None:
    """Store the checkpoint of the size that is held."""
    change = sa.update(mirrors).where(mirrors.c.id == mirror.id, mirrors.c.size == mirror.size)
    connection.execute(change.values(note=note, noted=mirror.size, error=None))


def note_error(connection: sa.Connection, mirror: Mirror, code: str | None) -> None:
    """Store why it goes no further; None: it does."""
    change = sa.update(mirrors).where(mirrors.c.id == mirror.id)
    connection.execute(change.values(error=code))


def forget_mirror(connection: sa.Connection, mirror: int) -> None:
    """Drop what is kept of one log, to read all of it anew."""
    for table in (mirror_tiles, mirror_bundles):
        connection.execute(sa.delete(table).where(table.c.mirror == mirror))
    connection.execute(sa.update(mirrors).where(mirrors.c.id == mirror).values(_NOTHING))


def lose_mirrors(connection: sa.Connection) -> None:
    """Drop everything: it was anchored on a chain that is no more."""
    for table in (mirror_tiles, mirror_bundles, mirrors, cosignatures):
        connection.execute(sa.delete(table))


def mirrored_sizes(connection: sa.Connection) -> list[tuple[bytes, int, int, str | None]]:
    """(logId, size held, size anchored, error) of every log that is followed."""
    return [(one.log_id, one.size, one.anchored, one.error) for one in all_mirrors(connection)]


# ---- cosignatures of others on our own checkpoints


def keep_line(
    connection: sa.Connection, log: int, size: int, line: Cosignature, key_id: bytes
) -> None:
    """Store a verified witness line on the checkpoint of `size` of our log. key_id: of the key
    that made it."""
    row = {"log": log, "size": size, "member": line.member, "key_id": key_id}
    values = row | {"time": line.time, "line": line.line}
    connection.execute(insert_unless_there(connection, cosignatures).values(values))


def line_keys(connection: sa.Connection) -> list[tuple[str, bytes]]:
    """(member, key id) of all lines that are kept."""
    query = sa.select(cosignatures.c.member, cosignatures.c.key_id).distinct()
    return [(member, key_id) for member, key_id in connection.execute(query)]


def drop_lines(connection: sa.Connection, member: str, key_id: bytes, since: int) -> int:
    """Drop the lines of one key made at or after a Unix second; returns how many."""
    of_key = (cosignatures.c.member == member) & (cosignatures.c.key_id == key_id)
    change = sa.delete(cosignatures).where(of_key, cosignatures.c.time >= since)
    return connection.execute(change).rowcount


def witnesses_of(connection: sa.Connection, log: int, size: int) -> list[str]:
    """Members whose lines are kept for that checkpoint."""
    query = sa.select(cosignatures.c.member).where(
        cosignatures.c.log == log, cosignatures.c.size == size
    )
    return list(connection.scalars(query))


def lines_of(
    connection: sa.Connection, wanted: Collection[tuple[int, int]]
) -> dict[tuple[int, int], list[str]]:
    """By log and size of checkpoints of ours, the lines that are kept for them."""
    key = (cosignatures.c.log, cosignatures.c.size)
    found = dict[tuple[int, int], list[str]]()
    for row in sorted(rows_at(connection, key, wanted), key=lambda row: row.member):
        found.setdefault((row.log, row.size), []).append(row.line)
    return found


def with_lines(note: str, lines: Sequence[str]) -> str:
    """A checkpoint of ours with the lines that are kept for it, at most 16."""
    some = lines[:MAX_WITNESSES]
    return parse_checkpoint(note + "".join(some)).text if some else note


# ---- private

_NOTHING: Mapping[str, object] = {
    "size": 0,
    "root": EMPTY_ROOT,
    "whole": 0,
    "stored": 0,
    "noted": 0,
    "note": None,
    "error": None,
}


def _root(connection: sa.Connection, mirror: Mirror, size: int) -> bytes:
    """Of what is kept; b"" where that is not all there."""
    try:
        return root_at(MirrorTiles(connection, mirror.id), size)
    except Malformed:
        return b""


def _stored(connection: sa.Connection, mirror: Mirror) -> int:
    """Bytes of all tiles and bundles that are kept of a log."""
    lengths = (
        sa.select(sa.func.sum(sa.func.length(table.c.data))).where(table.c.mirror == mirror.id)
        for table in (mirror_tiles, mirror_bundles)
    )
    return sum(connection.scalar(query) or 0 for query in lengths)


def _same_place(found: Mirror | None, mirror: Mirror) -> bool:
    if found is None:
        return False
    return (found.id, found.size, found.whole) == (mirror.id, mirror.size, mirror.whole)


def _move(connection: sa.Connection, mirror: Mirror, values: Mapping[str, object]) -> bool:
    """Change the position where it is still the one that was read."""
    same = (mirrors.c.id == mirror.id) & (mirrors.c.whole == mirror.whole)
    same &= mirrors.c.size == mirror.size
    return connection.execute(sa.update(mirrors).where(same).values(values)).rowcount == 1


def _put_tiles(connection: sa.Connection, mirror: int, tiles: Sequence[Tile]) -> None:
    rows = [{"mirror": mirror, "level": t.level, "n": t.n, "data": t.data} for t in tiles]
    _put(connection, mirror_tiles, ("mirror", "level", "n"), rows)


def _packed(mirror: Mirror, n: int, bundle: bytes) -> tuple[int, bytes, bytes]:
    return n, zlib.compress(bundle, _FAST), prefixes_of(mirror.log_id, bundle)


def _put_bundles(
    connection: sa.Connection, mirror: int, packed: Sequence[tuple[int, bytes, bytes]]
) -> None:
    rows = [
        {"mirror": mirror, "n": n, "data": data, "prefixes": prefixes}
        for n, data, prefixes in packed
    ]
    _put(connection, mirror_bundles, ("mirror", "n"), rows)


def _put(
    connection: sa.Connection,
    table: sa.Table,
    keys: Sequence[str],
    rows: Sequence[Mapping[str, object]],
) -> None:
    """Write rows; one at the old right edge is there already and has grown."""
    if rows:
        insert = insert_into(connection, table)
        grown = {name: insert.excluded[name] for name in rows[0] if name not in keys}
        change = insert.on_conflict_do_update(index_elements=list(keys), set_=grown)
        connection.execute(change, list(rows))


def width_of(mirror: Mirror, level: int | None, n: int) -> int:
    """How many hashes or entries of tile or bundle n may be served."""
    return tile_width(mirror.size, level or 0, n)
