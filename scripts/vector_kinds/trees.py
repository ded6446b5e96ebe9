"""Merkle trees and tiles. Hashes carry `0x`, because forge reads these too."""

import hashlib
from collections.abc import Iterator

from ledger.core import merkle, tiles
from scripts.vector_kinds.common import Case, flip, hexes, seed, spoiled

SIZES = (1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 16, 17, 31, 32, 33, 70)
LEAVES = [merkle.leaf_hash(seed(f"entry {i}", 5 + i)) for i in range(max(SIZES))]


def files() -> dict[str, list[Case]]:
    """All files of these kinds."""
    return {
        "merkle/root": [
            {
                "name": f"{n}",
                "leaves": hexes(LEAVES[:n]),
                "root": hexes([merkle.root(LEAVES[:n])])[0],
            }
            for n in SIZES
        ],
        "merkle/inclusion": [case for n in SIZES for case in _inclusion(n)],
        "merkle/inclusion_fail": [
            bad for n in (1, 2, 3, 7, 8, 13, 70) for case in _inclusion(n) for bad in _bad(case)
        ],
        "merkle/consistency": [case for n in SIZES for case in _consistency(n)],
        "merkle/consistency_fail": [
            bad for n in (2, 3, 7, 8, 13, 70) for case in _consistency(n) for bad in _bad(case)
        ],
        "tiles/path": [_path(level, n, width) for level, n, width in _ADDRESSES],
        "tiles/path_fail": [{"name": path or "(empty)", "path": path} for path in _BAD_PATHS],
        "tiles/append": [_append(before, after) for before, after in _GROWTHS],
        "tiles/bundle": [_bundle(name, entries) for name, entries in _BUNDLES.items()],
        "tiles/bundle_fail": [
            {"name": name, "data": data, "width": width} for name, data, width in _BAD_BUNDLES
        ],
    }


def _inclusion(size: int) -> Iterator[Case]:
    indices = {0, 1, size // 2, size - 2, size - 1} & set(range(size))
    for index in sorted(indices):
        yield {
            "name": f"leaf {index} of {size}",
            "leaf": hexes([LEAVES[index]])[0],
            "index": index,
            "size": size,
            "path": hexes(merkle.inclusion_path(LEAVES[:size], index)),
            "root": hexes([merkle.root(LEAVES[:size])])[0],
        }


def _consistency(size2: int) -> Iterator[Case]:
    for size1 in sorted({1, 2, 3, size2 // 2, size2 - 1} & set(range(1, size2))):
        yield {
            "name": f"{size1} to {size2}",
            "size1": size1,
            "root1": hexes([merkle.root(LEAVES[:size1])])[0],
            "size2": size2,
            "root2": hexes([merkle.root(LEAVES[:size2])])[0],
            "path": hexes(merkle.consistency_path(LEAVES[:size2], size1)),
        }


def _bad(case: Case) -> Iterator[Case]:
    def changed(how: str, **values: object) -> Case:
        return {**case, "name": f"{case['name']}: {how}", **values}

    path = [bytes.fromhex(item[2:]) for item in case["path"]]
    for how, wrong in spoiled(path):
        yield changed(how, path=hexes(wrong))
    for name in ("leaf", "root", "root1", "root2"):
        if name in case:
            yield changed(f"{name} flipped", **{name: _flip(case[name])})
    if "index" in case:
        for index in {case["index"] - 1, case["index"] + 1, case["size"]} - {-1}:
            yield changed(f"index {index}", index=index)
        yield changed("size 0", size=0, index=0)
    else:
        yield changed("size1 0", size1=0)
        yield changed("sizes the wrong way round", size1=case["size2"], size2=case["size1"])
        yield changed("roots the wrong way round", root1=case["root2"], root2=case["root1"])


def _flip(text: str) -> str:
    return hexes([flip(bytes.fromhex(text[2:]), 77)])[0]


# ---- tiles

_ADDRESSES = (
    (0, 0, 256),
    (0, 0, 1),
    (0, 273, 112),
    (0, 999, 256),
    (0, 1000, 255),
    (1, 1234067, 8),
    (6, 0, 31),
    (63, 2**53 - 1, 256),
    (None, 0, 255),
    (None, 1234067, 256),
)
_BAD_PATHS = (
    *("", "tile", "tile/0", "tile/0/0", "tile/0/00", "tile/0/0000", "tile/0/x000/001"),
    *("tile/0/001/002", "tile/0/x001/x002", "tile/00/001", "tile/64/001", "tile/-1/001"),
    *("/tile/0/001", "tile/0/001/", "tile/0/001.p/0", "tile/0/001.p/256", "tile/0/001.p/01"),
    *("tile/0/001.p/", "tile/0/001.p", "tile/0/001\n", "tile/0/٠٠١", "tile/x/001"),
    *(
        "tile/entries/1",
        "tile/Entries/001",
        "tile/0/x009/x007/x199/x254/x740/992",
        "tile/0/X001/002",
    ),
)
_GROWTHS = ((0, 1), (0, 256), (0, 300), (255, 256), (255, 257), (256, 257), (300, 812))
_BUNDLES: dict[str, list[bytes]] = {
    "one": [b"{}"],
    "an empty one": [b""],
    "three": [b"a", b"", seed("bundle", 300)],
    "a length of two bytes": [b"\xff" * 258],
}
_BAD_BUNDLES = (
    ("nothing", "", 1),
    ("half a length", "00", 1),
    ("entry cut short", "000261", 1),
    ("byte behind", "00016100", 1),
    ("one entry too many", "000161000162", 1),
    ("one entry too few", "000161", 2),
)


def _path(level: int | None, n: int, width: int) -> Case:
    path = tiles.entries_path(n, width) if level is None else tiles.tile_path(level, n, width)
    return {"name": path, "path": path, "level": level, "n": n, "width": width}


class _Grown(dict[tuple[int, int], bytes]):
    def tile(self, level: int, n: int, width: int) -> bytes:
        return self[level, n][: 32 * width]


def _append(before: int, after: int) -> Case:
    """Leaf i is SHA-256(0x00 ‖ i as four bytes), so that the file stays small."""
    leaves = [merkle.leaf_hash(i.to_bytes(4, "big")) for i in range(after)]
    source = _Grown()
    if before:
        first = tiles.append(source, 0, leaves[:before])
        source.update({(tile.level, tile.n): tile.data for tile in first.tiles})
    grown = tiles.append(source, before, leaves[before:])
    return {
        "name": f"{before} to {after}",
        "before": before,
        "after": after,
        "root": grown.root.hex(),
        "tiles": [
            {
                "path": tiles.tile_path(tile.level, tile.n, tile.width),
                "sha256": hashlib.sha256(tile.data).hexdigest(),
            }
            for tile in grown.tiles
        ],
    }


def _bundle(name: str, entries: list[bytes]) -> Case:
    return {
        "name": name,
        "entries": [entry.hex() for entry in entries],
        "data": tiles.encode_bundle(entries).hex(),
    }
