"""What the tests of the core share: vectors, fuzzing settings, and plain twins of fast things."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from hypothesis import settings

from ledger.core.errors import EvidenceError, VersionUnknown
from ledger.core.merkle import node_hash
from ledger.core.tiles import Appended

ROOT = Path(__file__).resolve().parents[2]
VECTORS = ROOT / "tests" / "vectors"

# What a changed file meets: it is bad, or may be of a version that we do not know.
REFUSED: tuple[type[Exception], ...] = (EvidenceError, VersionUnknown)

# The same examples on every run; nothing is written beside the sources.
fuzz = settings(max_examples=300, deadline=None, derandomize=True, database=None)


def cases(path: str, count: int) -> list[dict[str, Any]]:
    """The cases of a vector file, exactly `count` of them."""
    found: list[dict[str, Any]] = json.loads((VECTORS / f"{path}.json").read_bytes())["cases"]
    assert len(found) == count, f"{path}: {len(found)} cases"
    return found


def example(name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Input and expected values of a worked example."""
    folder = VECTORS / name
    return (
        json.loads((folder / "input.json").read_bytes()),
        json.loads((folder / "expected.json").read_bytes()),
    )


def digests(texts: Sequence[str]) -> list[bytes]:
    """Bytes of hex texts with or without 0x."""
    return [bytes.fromhex(text.removeprefix("0x")) for text in texts]


def flip(data: bytes, bit: int) -> bytes:
    """`data` with one bit changed."""
    at, inside = divmod(bit, 8)
    return data[:at] + bytes([data[at] ^ 1 << inside]) + data[at + 1 :]


# ---- RFC 9162 2.1 as it is written


def split(n: int) -> int:
    """The largest power of two smaller than n."""
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def mth(leaves: Sequence[bytes]) -> bytes:
    """2.1.1 over leaf hashes."""
    if len(leaves) == 1:
        return leaves[0]
    k = split(len(leaves))
    return node_hash(mth(leaves[:k]), mth(leaves[k:]))


def path(m: int, leaves: Sequence[bytes]) -> list[bytes]:
    """2.1.3.1."""
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if m < k:
        return [*path(m, leaves[:k]), mth(leaves[k:])]
    return [*path(m - k, leaves[k:]), mth(leaves[:k])]


def proof(m: int, leaves: Sequence[bytes]) -> list[bytes]:
    """2.1.4.1."""
    return subproof(m, leaves, True)


def subproof(m: int, leaves: Sequence[bytes], known: bool) -> list[bytes]:
    """2.1.4.1 SUBPROOF; `known`: the verifier has the root of these leaves."""
    n = len(leaves)
    if m == n:
        return [] if known else [mth(leaves)]
    k = split(n)
    if m <= k:
        return [*subproof(m, leaves[:k], known), mth(leaves[k:])]
    return [*subproof(m - k, leaves[k:], False), mth(leaves[:k])]


class MemoryTiles(dict[tuple[int, int], bytes]):
    """Tiles in a dict; counts what is read."""

    def __init__(self) -> None:
        super().__init__()
        self.reads = 0

    def tile(self, level: int, n: int, width: int) -> bytes:
        """As TileSource has it."""
        self.reads += 1
        return self[level, n][: 32 * width]

    def put(self, appended: Appended) -> None:
        """Store what an append changed."""
        self.update({(tile.level, tile.n): tile.data for tile in appended.tiles})


def refuses(
    error: type[Exception] | tuple[type[Exception], ...],
    call: Callable[..., object],
    *arguments: object,
) -> bool:
    """Whether the call raises `error`; any other exception passes through."""
    try:
        call(*arguments)
    except error:
        return True
    return False
