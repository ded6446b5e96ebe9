"""Tiles against a reader and a plain tree written from the C2SP text."""

import hashlib
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core import merkle, tiles
from ledger.core.errors import Malformed
from tests.core.material import MemoryTiles, fuzz, mth, path, proof, refuses

LEAVES = [hashlib.sha256(i.to_bytes(4, "big")).digest() for i in range(66_000)]


def grow(source: MemoryTiles, sizes: list[int]) -> int:
    """Appends up to each of the sizes; the last one."""
    size = 0
    for after in sorted(set(sizes)):
        appended = tiles.append(source, size, LEAVES[size:after])
        source.put(appended)
        size = appended.size
        assert size == after
    return size


def plain_tiles(size: int) -> dict[tuple[int, int], bytes]:
    """Every tile of a log, by the formula of the specification."""
    found: dict[tuple[int, int], bytes] = {}
    hashes, level = LEAVES[:size], 0
    while hashes:
        for n in range(0, len(hashes), 256):
            found[level, n // 256] = b"".join(hashes[n : n + 256])
        full = len(hashes) // 256
        hashes = [mth(hashes[256 * i : 256 * (i + 1)]) for i in range(full)]
        level += 1
    return found


class Noting(MemoryTiles):
    """Which tiles were read."""

    def __init__(self) -> None:
        super().__init__()
        self.noted: list[tuple[int, int]] = []

    def tile(self, level: int, n: int, width: int) -> bytes:
        self.noted.append((level, n))
        return super().tile(level, n, width)


@settings(fuzz, max_examples=60)
@given(st.lists(st.integers(1, 1500), min_size=1, max_size=6))
def test_appending_gives_the_tiles_of_the_definition(sizes: list[int]) -> None:
    source = MemoryTiles()
    size = grow(source, sizes)
    assert dict(source) == plain_tiles(size)
    assert tiles.root_at(source, size) == mth(LEAVES[:size])


@settings(fuzz, max_examples=60)
@given(st.integers(1, 1500), st.data())
def test_proofs_at_any_size(size: int, data: st.DataObject) -> None:
    source = MemoryTiles()
    grow(source, [data.draw(st.integers(1, size)), size])
    then = data.draw(st.integers(1, size))
    index, before = data.draw(st.integers(0, then - 1)), data.draw(st.integers(1, then))
    assert tiles.root_at(source, then) == mth(LEAVES[:then])
    assert tiles.inclusion_path_at(source, index, then) == path(index, LEAVES[:then])
    assert tiles.consistency_path_at(source, before, then) == proof(before, LEAVES[:then])
    assert tiles.leaf_at(source, index, then) == tiles.leaf_at(source, index) == LEAVES[index]


@settings(fuzz, max_examples=60)
@given(st.integers(1, 1500), st.data())
def test_many_paths_are_those_of_each(size: int, data: st.DataObject) -> None:
    source = Noting()
    grow(source, [1500])
    indexes = data.draw(st.lists(st.integers(0, size - 1), max_size=8))
    paths = [path(index, LEAVES[:size]) for index in indexes]
    source.noted.clear()
    assert tiles.inclusion_paths_at(source, indexes, size) == paths
    read = {at for index in indexes for at in tiles.inclusion_tiles(index, size)}
    assert sorted(source.noted) == sorted(read), "each once, however many share it"
    assert refuses(Malformed, tiles.inclusion_paths_at, source, [*indexes, size], size)
    assert refuses(Malformed, tiles.inclusion_tiles, size, size)


def test_a_log_of_three_levels() -> None:
    source = MemoryTiles()
    grow(source, [65_535, 65_536, 66_000])
    assert dict(source) == plain_tiles(66_000)
    for size in (65_535, 65_536, 65_537, 66_000):
        root = merkle.root(LEAVES[:size])
        assert tiles.root_at(source, size) == root
        for index in (0, 255, 256, 40_000, size - 1):
            hashes = tiles.inclusion_path_at(source, index, size)
            merkle.verify_inclusion(
                leaf=LEAVES[index], index=index, size=size, path=hashes, root=root
            )


def test_an_append_reads_the_edge_only_and_writes_what_changed() -> None:
    """The log is two hundred times the batch; cost follows the batch."""
    source = MemoryTiles()
    grow(source, [65_800])
    source.reads = 0
    appended = tiles.append(source, 65_800, LEAVES[65_800:66_000])
    assert source.reads == 2 * len(list(tiles.edge(65_800))) - 1
    changed = [(tile.level, tile.n, tile.width) for tile in appended.tiles]
    assert changed == [(0, 257, 208)]
    assert (65_800 - 257 * 256, 65_800 >> 8 & 255, 65_800 >> 16) == (8, 1, 1)


def test_a_proof_reads_each_tile_once() -> None:
    source = MemoryTiles()
    grow(source, [66_000])
    source.reads = 0
    tiles.inclusion_path_at(source, 12_345, 66_000)
    assert source.reads <= 6


def test_the_edge_of_the_specification_s_example() -> None:
    assert list(tiles.edge(70_000)) == [(0, 273, 112), (1, 1, 17), (2, 0, 1)]
    assert list(tiles.edge(256)) == [(1, 0, 1)]
    assert list(tiles.edge(0)) == []
    widths = [tiles.tile_width(70_000, *at) for at in ((0, 272), (0, 273), (0, 274), (3, 0))]
    assert widths == [256, 112, 0, 0]


def test_the_empty_log() -> None:
    assert tiles.root_at(MemoryTiles(), 0) == merkle.EMPTY_ROOT
    assert tiles.consistency_path_at(MemoryTiles(), 0, 5) == []
    assert refuses(Malformed, tiles.leaf_at, MemoryTiles(), 0, 0)
    assert refuses(Malformed, tiles.leaf_at, MemoryTiles(), -1)


def test_what_cannot_be_appended() -> None:
    source = MemoryTiles()
    assert refuses(Malformed, tiles.append, source, 0, [])
    assert refuses(Malformed, tiles.append, source, -1, LEAVES[:1])
    assert refuses(Malformed, tiles.append, source, merkle.MAX_SIZE, LEAVES[:1])
    assert refuses(Malformed, tiles.append, source, 0, [LEAVES[0][:31]])
    assert refuses(Malformed, tiles.append, source, 0, [LEAVES[0][:31], LEAVES[1] + b"x"])


def test_the_last_leaf_of_the_largest_log() -> None:
    class Zeros:
        def tile(self, level: int, n: int, width: int) -> bytes:
            return bytes(32 * width)

    appended = tiles.append(Zeros(), merkle.MAX_SIZE - 1, LEAVES[:1])
    assert appended.size == merkle.MAX_SIZE
    assert [tile.width for tile in appended.tiles] == [255]


def test_a_source_that_gives_other_sizes_is_refused() -> None:
    class Short(MemoryTiles):
        def tile(self, level: int, n: int, width: int) -> bytes:
            return super().tile(level, n, width)[:-1]

    source = Short()
    source.put(tiles.append(source, 0, LEAVES[:3]))
    for call in (
        lambda: tiles.root_at(source, 3),
        lambda: tiles.leaf_at(source, 1, 3),
        lambda: tiles.append(source, 3, LEAVES[3:4]),
    ):
        with pytest.raises(Malformed, match="hashes"):
            call()


@fuzz
@given(st.none() | st.integers(0, 63), st.integers(0, 2**53 - 1), st.integers(1, 256))
def test_paths_round_trip(level: int | None, n: int, width: int) -> None:
    text = tiles.entries_path(n, width) if level is None else tiles.tile_path(level, n, width)
    assert tiles.parse_path(text) == (level, n, width)


def test_paths_of_no_tile() -> None:
    assert tiles.tile_path(0, 1_234_067) == "tile/0/x001/x234/067"
    for call, arguments in (
        (tiles.tile_path, (64, 0)),
        (tiles.tile_path, (-1, 0)),
        (tiles.tile_path, (0, -1)),
        (tiles.tile_path, (0, 2**53)),
        (tiles.entries_path, (0, 0)),
        (tiles.entries_path, (0, 257)),
    ):
        assert refuses(Malformed, call, *arguments), arguments


@fuzz
@given(st.lists(st.binary(max_size=40), min_size=1, max_size=8), st.data())
def test_bundles_round_trip_and_nothing_else_parses(
    entries: list[bytes], data: st.DataObject
) -> None:
    bundle = tiles.encode_bundle(entries)
    assert tiles.parse_bundle(bundle, len(entries)) == tiles.bundle_entries(bundle) == entries
    for width in {len(entries) - 1, len(entries) + 1}:
        assert refuses(Malformed, tiles.parse_bundle, bundle, width)
    cut = data.draw(st.integers(0, len(bundle) - 1))
    assert refuses(Malformed, tiles.parse_bundle, bundle[:cut], len(entries))
    assert refuses(Malformed, tiles.parse_bundle, bundle + b"\0", len(entries))


@fuzz
@given(
    st.lists(st.integers(0, 3).map(lambda n: bytes([0, n])) | st.binary(max_size=4)).map(b"".join),
    st.integers(0, 6),
)
def test_whatever_parses_is_the_bundle_of_what_it_parses_to(data: bytes, width: int) -> None:
    try:
        entries = tiles.parse_bundle(data, width)
    except Malformed:
        return
    assert len(entries) == width > 0
    assert tiles.encode_bundle(entries) == data


def test_bundle_bounds() -> None:
    longest = random.Random(1).randbytes(tiles.MAX_BUNDLED)
    assert tiles.parse_bundle(tiles.encode_bundle([longest]), 1) == [longest]
    assert refuses(Malformed, tiles.encode_bundle, [longest + b"\0"])
    assert refuses(Malformed, tiles.parse_bundle, b"", 0)
    assert refuses(Malformed, tiles.bundle_entries, b"")
    for cut in (b"\0", b"\0\2a", b"\0\1a\0"):
        assert refuses(Malformed, tiles.bundle_entries, cut)
