"""The log as C2SP tlog-tiles: tiles of 256 hashes, entry bundles, and proofs read from them.

Tile (level, n) holds the roots of the complete subtrees of 256^level leaves numbered 256n …
256n + 255. Tiles and bundles only ever grow to the right, so an append reads the right edge and
costs in proportion to the batch, and any proof at any size costs a handful of tiles.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from ledger.core.canonical import DIGEST_SIZE
from ledger.core.errors import Malformed
from ledger.core.ids import Digest
from ledger.core.merkle import (
    EMPTY_ROOT,
    MAX_SIZE,
    Range,
    consistency_ranges,
    inclusion_ranges,
    node_hash,
    root,
)

__all__ = [
    "HEIGHT",
    "MAX_BUNDLED",
    "MAX_LEVEL",
    "WIDTH",
    "Appended",
    "Tile",
    "TileAddress",
    "TileSource",
    "append",
    "bundle_entries",
    "consistency_path_at",
    "edge",
    "encode_bundle",
    "entries_path",
    "inclusion_path_at",
    "inclusion_paths_at",
    "inclusion_tiles",
    "leaf_at",
    "parse_bundle",
    "parse_path",
    "root_at",
    "tile_path",
    "tile_width",
]

HEIGHT = 8  # tree levels in a tile; the specification's choice
WIDTH = 1 << HEIGHT  # hashes in a full tile
MAX_LEVEL = 63  # of a tile, as the specification allows in a path
MAX_BUNDLED = 2**16 - 1  # bytes of an entry: its length is a uint16
_LENGTH_SIZE = 2
_ENTRIES = "entries"


class TileSource(Protocol):
    """Where tiles are read: a database, a mirror, a dict."""

    def tile(self, level: int, n: int, width: int) -> bytes:
        """The first `width` hashes of tile (level, n): exactly 32·width bytes."""
        ...


class TileAddress(NamedTuple):
    """A tile (`level` 0 …) or an entry bundle (`level` None), number `n`, of 1 … 256 hashes."""

    level: int | None
    n: int
    width: int


@dataclass(frozen=True)
class Tile:
    """A tile as it is now: full, or partial at the right edge."""

    level: int
    n: int
    data: bytes

    @property
    def width(self) -> int:
        """How many hashes it holds."""
        return len(self.data) // DIGEST_SIZE


@dataclass(frozen=True)
class Appended:
    """The log after an append, and every tile that changed, lowest level first."""

    size: int
    root: Digest
    tiles: tuple[Tile, ...]


# ---- addresses


def tile_path(level: int, n: int, width: int = WIDTH) -> str:
    """`tile/0/x001/x234/067.p/8`; without the last part for a full tile."""
    if not 0 <= level <= MAX_LEVEL:
        raise Malformed("tile path", f"level outside 0 … {MAX_LEVEL}")
    return f"tile/{level}/{_n_path(n, width)}"


def entries_path(n: int, width: int = WIDTH) -> str:
    """`tile/entries/x001/x234/067.p/8`."""
    return f"tile/{_ENTRIES}/{_n_path(n, width)}"


def parse_path(path: str) -> TileAddress:
    """The address in a path that the functions above would write, and in no other."""
    match = _PATH.fullmatch(path)
    if match is None:
        raise Malformed("tile path", "not tile/<level>/<n>[.p/<width>]")
    n = int(match["n"].replace("x", "").replace("/", ""))
    width = int(match["width"] or WIDTH)
    level = None if match["level"] == _ENTRIES else int(match["level"])
    again = entries_path(n, width) if level is None else tile_path(level, n, width)
    if again != path:
        raise Malformed("tile path", "not the one spelling")
    return TileAddress(level, n, width)


def tile_width(size: int, level: int, n: int) -> int:
    """How many hashes tile (level, n) has in a log of `size` leaves; 0 if it does not exist."""
    return max(0, min(WIDTH, (size >> HEIGHT * level) - n * WIDTH))


def edge(size: int) -> Iterator[TileAddress]:
    """The partial tiles at the right edge of a log of `size` leaves, lowest level first."""
    level = 0
    while size >> HEIGHT * level:
        count = size >> HEIGHT * level
        if count % WIDTH:
            yield TileAddress(level, count // WIDTH, count % WIDTH)
        level += 1


# ---- growing


def append(source: TileSource, size: int, leaves: Sequence[bytes]) -> Appended:
    """The log of `size` leaves in `source` with `leaves` (hashes) behind; nothing is written."""
    if not leaves or any(len(leaf) != DIGEST_SIZE for leaf in leaves):
        raise Malformed("append", "no leaves, or one that is no hash")
    if not 0 <= size <= MAX_SIZE - len(leaves):
        raise Malformed("append", "log too large")
    edge_data = {a.level: _read(source, a.level or 0, a.n, a.width) for a in edge(size)}
    tiles: list[Tile] = []
    level, hashes = 0, list(leaves)
    while hashes:
        first = size >> HEIGHT * level
        data = edge_data.get(level, b"") + b"".join(hashes)
        grown = [
            Tile(level, first // WIDTH + i, data[at : at + WIDTH * DIGEST_SIZE])
            for i, at in enumerate(range(0, len(data), WIDTH * DIGEST_SIZE))
        ]
        tiles += grown
        hashes = [root(_hashes(tile.data)) for tile in grown if tile.width == WIDTH]
        level += 1
    after = _Overlay(source, tiles)
    return Appended(size + len(leaves), root_at(after, size + len(leaves)), tuple(tiles))


# ---- reading


def root_at(source: TileSource, size: int) -> Digest:
    """The root of the first `size` leaves."""
    return EMPTY_ROOT if size == 0 else _range_root(_Cached(source, size), (0, size))


def inclusion_path_at(source: TileSource, index: int, size: int) -> list[Digest]:
    """The inclusion path of leaf `index` in the tree of the first `size` leaves."""
    return inclusion_paths_at(source, (index,), size)[0]


def inclusion_paths_at(source: TileSource, indexes: Iterable[int], size: int) -> list[list[Digest]]:
    """The same of many leaves, in their order: what their paths share is read and hashed once."""
    cached = _Cached(source, size)
    return [
        [_range_root(cached, part) for part in inclusion_ranges(index, size)] for index in indexes
    ]


def inclusion_tiles(index: int, size: int) -> set[tuple[int, int]]:
    """Level and number of each tile that `inclusion_path_at` reads."""
    return {
        _place(height, number)[:2]
        for part in inclusion_ranges(index, size)
        for height, number in _subtrees(part)
    }


def consistency_path_at(source: TileSource, size1: int, size2: int) -> list[Digest]:
    """The proof that the tree of `size1` leaves is a prefix of that of `size2`; [] from 0."""
    cached = _Cached(source, size2)
    return [_range_root(cached, part) for part in consistency_ranges(size1, size2)]


def leaf_at(source: TileSource, index: int, size: int | None = None) -> Digest:
    """The hash of leaf `index`.

    `size`: that of the log, for a mirror that serves tiles at their width in it only; None: the
    source gives any width.
    """
    end = index + 1 if size is None else size
    if not 0 <= index < end:
        raise Malformed("tree", "index outside it")
    n, offset = divmod(index, WIDTH)
    return _Cached(source, end).hashes(0, n)[offset]


# ---- entry bundles


def encode_bundle(entries: Iterable[bytes]) -> bytes:
    """Entries, each behind its length as a big-endian uint16."""
    parts: list[bytes] = []
    for entry in entries:
        if len(entry) > MAX_BUNDLED:
            raise Malformed("entry bundle", f"entry longer than {MAX_BUNDLED} bytes")
        parts += (len(entry).to_bytes(_LENGTH_SIZE, "big"), entry)
    return b"".join(parts)


def parse_bundle(data: bytes, width: int) -> list[bytes]:
    """The `width` entries of a bundle, no byte more or less."""
    entries: list[bytes] = []
    at, end = 0, len(data) - _LENGTH_SIZE
    while at <= end and len(entries) < width:
        start = at + _LENGTH_SIZE
        at = start + (data[at] << 8 | data[at + 1])
        entries.append(data[start:at])
    if at != len(data) or len(entries) != width or not entries:
        raise Malformed("entry bundle", f"not exactly {width} entries, at least one")
    return entries


def bundle_entries(data: bytes) -> list[bytes]:
    """All entries of a bundle whose width is not known beforehand."""
    count = at = 0
    while at < len(data):
        at += _LENGTH_SIZE + int.from_bytes(data[at : at + _LENGTH_SIZE], "big")
        count += 1
    return parse_bundle(data, count)


# ---- private

_PATH = re.compile(
    rf"tile/(?P<level>[0-9]{{1,2}}|{_ENTRIES})"
    r"/(?P<n>(x[0-9]{3}/){0,5}[0-9]{3})(\.p/(?P<width>[0-9]{1,3}))?",
    re.ASCII,
)


class _Cached:
    """The tiles of a log of `size` leaves, each asked for once and at its width in that log."""

    def __init__(self, source: TileSource, size: int) -> None:
        self._source = source
        self._size = size
        self._rows: dict[tuple[int, int], list[list[Digest]]] = {}

    def hashes(self, level: int, n: int) -> list[Digest]:
        return self.row(level, n, 0)

    def row(self, level: int, n: int, height: int) -> list[Digest]:
        """The roots of the complete subtrees of 2^height hashes of a tile."""
        if (level, n) not in self._rows:
            width = tile_width(self._size, level, n)
            self._rows[level, n] = [_hashes(_read(self._source, level, n, width))]
        rows = self._rows[level, n]
        while len(rows) <= height:
            below = rows[-1]
            pairs = zip(below[::2], below[1::2], strict=False)  # an odd one out is incomplete
            rows.append([node_hash(left, right) for left, right in pairs])
        return rows[height]


class _Overlay:
    """Tiles of an append in front of those that were there before."""

    def __init__(self, source: TileSource, tiles: Iterable[Tile]) -> None:
        self._source = source
        self._tiles = {(tile.level, tile.n): tile.data for tile in tiles}

    def tile(self, level: int, n: int, width: int) -> bytes:
        data = self._tiles.get((level, n))
        return self._source.tile(level, n, width) if data is None else data[: width * DIGEST_SIZE]


def _n_path(n: int, width: int) -> str:
    if not 0 <= n <= MAX_SIZE:
        raise Malformed("tile path", "n outside 0 … 2^53 - 1")
    if not 1 <= width <= WIDTH:
        raise Malformed("tile path", f"width outside 1 … {WIDTH}")
    digits = f"{n:03d}"
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    parts = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    path = "/".join([f"x{part}" for part in parts[:-1]] + parts[-1:])
    return path if width == WIDTH else f"{path}.p/{width}"


def _read(source: TileSource, level: int, n: int, width: int) -> bytes:
    data = source.tile(level, n, width)
    if len(data) != width * DIGEST_SIZE:
        raise Malformed("tile", f"tile {level}/{n} is not {width} hashes")
    return data


def _hashes(data: bytes) -> list[Digest]:
    return [Digest(data[at : at + DIGEST_SIZE]) for at in range(0, len(data), DIGEST_SIZE)]


def _range_root(source: _Cached, part: Range) -> Digest:
    """The root of leaves start … end - 1, where start is a multiple of a power of two ≥ its width:
    the complete subtrees that it is made of, folded from the right."""
    peaks = [_subtree_root(source, height, number) for height, number in _subtrees(part)]
    folded = peaks.pop()
    while peaks:
        folded = node_hash(peaks.pop(), folded)
    return folded


def _subtrees(part: Range) -> Iterator[tuple[int, int]]:
    """Height and number of the complete subtrees of a range, from the left."""
    start, end = part
    while start < end:
        height = (end - start).bit_length() - 1
        yield height, start >> height
        start += 1 << height


def _subtree_root(source: _Cached, height: int, number: int) -> Digest:
    """The root of complete subtree `number` of 2^height leaves, from one tile."""
    level, n, inside, at = _place(height, number)
    return source.row(level, n, inside)[at]


def _place(height: int, number: int) -> tuple[int, int, int, int]:
    """Where that root is: level and number of the tile, row inside it and place in that row."""
    level, inside = divmod(height, HEIGHT)
    n, offset = divmod(number << inside, WIDTH)
    return level, n, inside, offset >> inside
