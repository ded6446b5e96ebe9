"""The tree against RFC 9162 as it is written, and every true proof spoiled."""

import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core import merkle
from ledger.core.errors import Malformed, ProofMismatch
from tests.core.material import flip, fuzz, mth, path, proof, refuses

LEAVES = [hashlib.sha256(bytes([i])).digest() for i in range(140)]
SIZES = st.integers(1, len(LEAVES))
BITS = st.integers(0, 255)


def test_prefixes_keep_leaves_and_nodes_apart() -> None:
    left, right = LEAVES[:2]
    node = merkle.node_hash(left, right)
    assert merkle.leaf_hash(left + right) != node != merkle.node_hash(right, left)
    assert merkle.leaf_hash(b"") == hashlib.sha256(b"\0").digest()
    assert node == hashlib.sha256(b"\1" + left + right).digest()
    assert hashlib.sha256(b"").digest() == merkle.EMPTY_ROOT


@fuzz
@given(SIZES)
def test_root(size: int) -> None:
    assert merkle.root(LEAVES[:size]) == mth(LEAVES[:size])


@fuzz
@given(SIZES, st.data())
def test_inclusion(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    leaves = LEAVES[:size]
    hashes, root = merkle.inclusion_path(leaves, index), merkle.root(leaves)
    assert hashes == path(index, leaves)
    good: dict[str, Any] = {
        "leaf": leaves[index],
        "index": index,
        "size": size,
        "path": hashes,
        "root": root,
    }
    merkle.verify_inclusion(**good)
    bit = data.draw(BITS)
    others = {data.draw(st.integers(-1, size)), index ^ 1, index - 1, index + 1} - {index}
    wrong: list[dict[str, Any]] = [
        {"root": flip(root, bit)},
        {"leaf": flip(leaves[index], bit)},
        {"leaf": leaves[index][:31]},
        {"path": [*hashes, LEAVES[0]]},
        {"path": hashes[:-1] if hashes else [LEAVES[0]]},
        *({"path": [*hashes[:i], flip(h, bit), *hashes[i + 1 :]]} for i, h in enumerate(hashes)),
        *({"path": [*hashes[:i], h[:31], *hashes[i + 1 :]]} for i, h in enumerate(hashes)),
        *({"index": other} for other in others),
    ]
    for change in wrong:
        with pytest.raises(ProofMismatch):
            merkle.verify_inclusion(**{**good, **change})


@fuzz
@given(SIZES, st.data())
def test_consistency(size2: int, data: st.DataObject) -> None:
    size1 = data.draw(st.integers(1, size2))
    root1, root2 = merkle.root(LEAVES[:size1]), merkle.root(LEAVES[:size2])
    hashes = merkle.consistency_path(LEAVES[:size2], size1)
    assert hashes == proof(size1, LEAVES[:size2])
    good: dict[str, Any] = {
        "size1": size1,
        "root1": root1,
        "size2": size2,
        "root2": root2,
        "path": hashes,
    }
    merkle.verify_consistency(**good)
    bit = data.draw(BITS)
    wrong: list[dict[str, Any]] = [
        {"root1": flip(root1, bit)},
        {"root2": flip(root2, bit)},
        {"root2": root2[:31]},
        {"root1": flip(root1, bit), "root2": flip(root2, bit)} if size1 < size2 else {"size1": 0},
        {"path": [*hashes, LEAVES[0]]},
        {"path": hashes[:-1] if hashes else [LEAVES[0]]},
        *({"path": [*hashes[:i], flip(h, bit), *hashes[i + 1 :]]} for i, h in enumerate(hashes)),
        {"size1": size2 + 1},
        {"size1": 0},
        {"size2": 0},
    ]
    for change in wrong:
        with pytest.raises(ProofMismatch):
            merkle.verify_consistency(**{**good, **change})


def test_an_index_outside_the_tree_is_refused_before_anything_is_hashed() -> None:
    """Without that, index 1 in a tree of one leaf would be "proven" by a path of one hash."""
    forged = merkle.node_hash(LEAVES[0], LEAVES[1])
    for index in (1, -1):
        with pytest.raises(ProofMismatch, match="inclusion index"):
            merkle.verify_inclusion(
                leaf=LEAVES[1], index=index, size=1, path=[LEAVES[0]], root=forged
            )


def test_hashes_of_other_lengths_are_refused_though_they_hash_alike() -> None:
    """A node's hash does not say where its left half ends: 31 + 33 bytes are 32 + 32 bytes."""
    left, right = LEAVES[:2]
    root = merkle.root([left, right])
    with pytest.raises(ProofMismatch, match="hash size"):
        merkle.verify_inclusion(
            leaf=left[:31], index=0, size=2, path=[left[31:] + right], root=root
        )


def test_equal_trees_need_no_path_but_equal_roots() -> None:
    root = merkle.root(LEAVES[:5])
    merkle.verify_consistency(size1=5, root1=root, size2=5, root2=root, path=[])
    with pytest.raises(ProofMismatch, match="root 2"):
        merkle.verify_consistency(size1=5, root1=root, size2=5, root2=flip(root, 1), path=[])


def test_everything_extends_the_empty_tree_but_nothing_proves_it() -> None:
    assert merkle.consistency_path(LEAVES[:5], 0) == []
    with pytest.raises(ProofMismatch):
        merkle.verify_consistency(
            size1=0, root1=merkle.EMPTY_ROOT, size2=5, root2=merkle.root(LEAVES[:5]), path=[]
        )


def test_the_largest_tree() -> None:
    """Depth is bounded by the size: 53 hashes at most, and the last leaf has no right side."""
    for index, depth in ((0, 53), (merkle.MAX_SIZE - 1, 52)):
        count = len(merkle.inclusion_ranges(index, merkle.MAX_SIZE))
        hashes = [LEAVES[0]] * count
        made = merkle.root_from_inclusion(
            leaf=LEAVES[1], index=index, size=merkle.MAX_SIZE, path=hashes
        )
        assert len(made) == 32
        assert count == depth
    for size in (0, merkle.MAX_SIZE + 1):
        with pytest.raises(ProofMismatch, match="tree size"):
            merkle.root_from_inclusion(leaf=LEAVES[1], index=0, size=size, path=[LEAVES[0]] * 53)
    assert len(merkle.consistency_ranges(1, merkle.MAX_SIZE)) == 53


def test_nothing_to_prove_is_refused() -> None:
    assert refuses(Malformed, merkle.root, [])
    assert refuses(Malformed, merkle.inclusion_path, [], 0)
    assert refuses(Malformed, merkle.inclusion_path, LEAVES[:3], 3)
    assert refuses(Malformed, merkle.inclusion_path, LEAVES[:3], -1)
    assert refuses(Malformed, merkle.consistency_path, LEAVES[:3], 4)
    assert refuses(Malformed, merkle.consistency_ranges, 1, merkle.MAX_SIZE + 1)
