"""Check the proofs of RFC 9162 trees."""

from tests.second.curves import sha256

EMPTY = sha256(b"")


def leaf_of(entry: bytes) -> bytes:
    """Give the leaf of an entry."""
    return sha256(b"\0" + entry)


def node_of(left: bytes, right: bytes) -> bytes:
    """Give the node above two others."""
    return sha256(b"\1" + left + right)


def root_of(leaves: list[bytes]) -> bytes:
    """Give the root over leaves as they are."""
    if not leaves:
        return EMPTY
    stack: list[tuple[int, bytes]] = []
    for leaf in leaves:
        height, node = 0, leaf
        while stack and stack[-1][0] == height:
            node = node_of(stack.pop()[1], node)
            height += 1
        stack.append((height, node))
    root = stack.pop()[1]
    while stack:
        root = node_of(stack.pop()[1], root)
    return root


def included(leaf: bytes, index: int, size: int, path: list[bytes], root: bytes) -> bool:
    """Follow a path from leaf to root as check 4 says."""
    if size < 1 or not 0 <= index < size:
        return False
    inner = (index ^ (size - 1)).bit_length()
    if len(path) != inner + (index >> inner).bit_count():
        return False
    node = leaf
    for level, sibling in enumerate(path):
        right = level < inner and not index >> level & 1
        node = node_of(node, sibling) if right else node_of(sibling, node)
    return node == root


def consistent(size1: int, size2: int, root1: bytes, root2: bytes, path: list[bytes]) -> bool:
    """Check that a tree goes on from a smaller one (RFC 9162 section 2.1.4.2)."""
    if not 0 < size1 < size2 or not path:
        return False
    proof = list(path)
    if size1 & (size1 - 1) == 0:
        proof.insert(0, root1)
    fn, sn = size1 - 1, size2 - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    first = second = proof[0]
    for sibling in proof[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            first, second = node_of(sibling, first), node_of(sibling, second)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            second = node_of(second, sibling)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and first == root1 and second == root2
