"""The Merkle tree of RFC 9162 2.1 over leaf hashes, SHA-256.

Proofs have exact length: shape is checked before anything is hashed, and one comparison of roots
ends each verification. `path` always runs from the leaf to the root.
"""

import hashlib
from collections.abc import Sequence

from ledger.core.canonical import DIGEST_SIZE, MAX_INTEGER
from ledger.core.errors import Malformed, ProofMismatch
from ledger.core.ids import Digest

__all__ = [
    "EMPTY_ROOT",
    "LEAF_PREFIX",
    "MAX_SIZE",
    "NODE_PREFIX",
    "Range",
    "consistency_path",
    "consistency_ranges",
    "inclusion_path",
    "inclusion_ranges",
    "leaf_hash",
    "node_hash",
    "root",
    "root_from_inclusion",
    "verify_consistency",
    "verify_inclusion",
]

LEAF_PREFIX = b"\x00"
NODE_PREFIX = b"\x01"
# MTH({}): the only root of an empty tree. Nothing is ever proven against it.
EMPTY_ROOT = Digest(hashlib.sha256(b"").digest())
# A tree is never larger than JSON can say exactly.
MAX_SIZE = MAX_INTEGER

Range = tuple[int, int]  # leaves start … end - 1


def leaf_hash(entry: bytes) -> Digest:
    """SHA-256(0x00 ‖ entry)."""
    return Digest(hashlib.sha256(LEAF_PREFIX + entry).digest())


def node_hash(left: bytes, right: bytes) -> Digest:
    """SHA-256(0x01 ‖ left ‖ right)."""
    return Digest(hashlib.sha256(NODE_PREFIX + left + right).digest())


def root(leaves: Sequence[bytes]) -> Digest:
    """Root over leaf hashes (taken as they are, not hashed again); at least one."""
    if not leaves:
        raise Malformed("tree", "no leaves")
    sha256, level = hashlib.sha256, list(leaves)
    while len(level) > 1:
        # An odd one out moves up unchanged, which is RFC 9162's split at the power of two.
        pairs = zip(level[::2], level[1::2], strict=False)
        above: list[bytes] = [sha256(NODE_PREFIX + left + right).digest() for left, right in pairs]
        level = above + level[len(level) & ~1 :]
    return Digest(level[0])


def inclusion_ranges(index: int, size: int) -> list[Range]:
    """The subtrees whose roots are the inclusion path of leaf `index` in a tree of `size`."""
    if not 0 <= index < size <= MAX_SIZE:
        raise Malformed("tree", "index outside it")
    start, end = 0, size
    ranges: list[Range] = []
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start = middle
    return ranges[::-1]


def consistency_ranges(size1: int, size2: int) -> list[Range]:
    """The subtrees whose roots prove that a tree of `size1` leaves is a prefix of `size2`.

    Empty for equal sizes, and for size1 = 0 (everything extends the empty tree).
    """
    if not 0 <= size1 <= size2 <= MAX_SIZE:
        raise Malformed("tree", "sizes out of order")
    start, end = 0, size2
    ranges: list[Range] = []
    if size1 == 0:
        return ranges
    while size1 != end:
        middle = start + _split(end - start)
        if size1 <= middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start = middle
    if start:
        ranges.append((start, end))
    return ranges[::-1]


def inclusion_path(leaves: Sequence[bytes], index: int) -> list[Digest]:
    """RFC 9162 2.1.3.1 PATH."""
    return _roots(leaves, inclusion_ranges(index, len(leaves)))


def consistency_path(leaves: Sequence[bytes], size1: int) -> list[Digest]:
    """RFC 9162 2.1.4.1 PROOF from the first `size1` leaves to all of them."""
    return _roots(leaves, consistency_ranges(size1, len(leaves)))


def root_from_inclusion(*, leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> Digest:
    """The root that the path leads to (RFC 9162 2.1.3.2); ProofMismatch if its shape is wrong."""
    _check_size("inclusion", size)
    if not 0 <= index < size:
        raise ProofMismatch("inclusion index", expected=f"below {size}", actual=index)
    # Levels where the leaf's subtree is complete, then those where only left siblings exist.
    inner = (index ^ (size - 1)).bit_length()
    border = (index >> inner).bit_count()
    _check_hashes("inclusion", [leaf], 1)
    _check_hashes("inclusion path", path, inner + border)
    sha256, current = hashlib.sha256, leaf
    for level, sibling in enumerate(path):
        left = level < inner and not index >> level & 1
        pair = current + sibling if left else sibling + current
        current = sha256(NODE_PREFIX + pair).digest()
    return Digest(current)


def verify_inclusion(
    *, leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes
) -> None:
    """Raise ProofMismatch unless `leaf` stands at `index` in the tree (size, root)."""
    actual = root_from_inclusion(leaf=leaf, index=index, size=size, path=path)
    if actual != root:
        raise ProofMismatch("inclusion root", expected=root, actual=actual)


def verify_consistency(
    *, size1: int, root1: bytes, size2: int, root2: bytes, path: Sequence[bytes]
) -> None:
    """Raise ProofMismatch unless tree 2 extends tree 1 (RFC 9162 2.1.4.2). 1 ≤ size1 ≤ size2."""
    _check_size("consistency", size2)
    if not 1 <= size1 <= size2:
        raise ProofMismatch("consistency size", expected=f"1 … {size2}", actual=size1)
    _check_hashes("consistency roots", [root1, root2], 2)
    seen1, seen2 = _consistency_roots(size1, size2, root1, path)
    if seen1 != root1:
        raise ProofMismatch("consistency root 1", expected=root1, actual=seen1)
    if seen2 != root2:
        raise ProofMismatch("consistency root 2", expected=root2, actual=seen2)


def _consistency_roots(
    size1: int, size2: int, root1: bytes, path: Sequence[bytes]
) -> tuple[bytes, bytes]:
    """The two roots that the path leads to."""
    ranges = consistency_ranges(size1, size2)
    _check_hashes("consistency path", path, len(ranges))
    # Where tree 1 is a complete subtree of tree 2 its root is not repeated in the path.
    whole = not ranges or ranges[0][0] >= size1
    seen1 = seen2 = root1 if whole else path[0]
    for (start, _), sibling in list(zip(ranges, path, strict=True))[0 if whole else 1 :]:
        if start < size1:
            seen1 = node_hash(sibling, seen1)
            seen2 = node_hash(sibling, seen2)
        else:
            seen2 = node_hash(seen2, sibling)
    return seen1, seen2


def _roots(leaves: Sequence[bytes], ranges: list[Range]) -> list[Digest]:
    return [root(leaves[start:end]) for start, end in ranges]


def _split(width: int) -> int:
    """The largest power of two below `width`."""
    return 1 << ((width - 1).bit_length() - 1)


def _check_size(what: str, size: int) -> None:
    if not 1 <= size <= MAX_SIZE:
        raise ProofMismatch(f"{what} tree size", expected="1 … 2^53 - 1", actual=size)


def _check_hashes(what: str, hashes: Sequence[bytes], count: int) -> None:
    if len(hashes) != count:
        raise ProofMismatch(f"{what} length", expected=count, actual=len(hashes))
    for item in hashes:
        if len(item) != DIGEST_SIZE:
            raise ProofMismatch(f"{what} hash size", expected=DIGEST_SIZE, actual=len(item))
