"""Pieces of a log that an anchored root proves, beside the log as it is."""

from dataclasses import dataclass, field

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.audit.mirrored import Copies, Head, Mirror
from ledger.audit.proven import Proven
from ledger.audit.tiles import Missing
from ledger.core import merkle, note
from ledger.core.errors import EvidenceError, ProofMismatch
from ledger.core.tiles import encode_bundle, entries_path, parse_path, tile_path, tile_width

# Three levels of tiles take 65,537 entries: made once.
ENTRIES = [b"%d" % n for n in range(66_000)]
LEAVES = [merkle.leaf_hash(entry) for entry in ENTRIES]
FULL = [merkle.root(LEAVES[at : at + 256]) for at in range(0, 65_536 + 256, 256)]
TOP = [merkle.root(FULL[:256])]
LEVELS = [LEAVES, FULL, TOP]
SIZES = [1, 2, 255, 256, 257, 511, 512, 600, 65_535, 65_536, 65_537, 65_793]


@dataclass
class Served:
    """The log as its owner serves it; `changed` pieces in place of the true ones."""

    changed: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def __call__(self, path: str, max_bytes: int) -> bytes:
        self.asked.append(path)
        return self.changed[path] if path in self.changed else truth(path)


def truth(path: str) -> bytes:
    level, n, width = parse_path(path)
    if level is None:
        return encode_bundle(ENTRIES[256 * n : 256 * n + width])
    return b"".join(LEVELS[level][256 * n : 256 * n + width])


def root_of(size: int) -> bytes:
    full = size // 65_536
    parts = [TOP[0]] if full else []
    rest = LEAVES[65_536 * full : size]
    if rest:
        parts.append(merkle.root(rest))
    return parts[0] if len(parts) == 1 else merkle.node_hash(*parts)


@given(size=st.sampled_from(SIZES) | st.integers(1, 66_000), data=st.data())
@settings(max_examples=60, deadline=None)
def test_every_piece_is_that_of_the_log(size: int, data: st.DataObject) -> None:
    served = Served()
    proven = Proven(served, size, root_of(size))
    for _ in range(3):
        level = data.draw(st.integers(0, 2).filter(lambda at: size >> 8 * at))
        n = data.draw(st.integers(0, ((size >> 8 * level) - 1) // 256))
        width = tile_width(size, level, n)
        assert proven.tile(level, n) == truth(tile_path(level, n, width))
        n = data.draw(st.integers(0, (size - 1) // 256))
        width = tile_width(size, 0, n)
        assert proven.entries(n) == truth(entries_path(n, width))
    before = data.draw(st.integers(1, size))
    assert proven.root_at(before) == root_of(before)


@given(
    size=st.sampled_from(SIZES),
    data=st.data(),
    by=st.integers(1, 255),
    cut=st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_a_changed_piece_is_not_let_through(
    size: int, data: st.DataObject, by: int, cut: bool
) -> None:
    """Whichever of those that an entry hangs on, wherever in it."""
    n = data.draw(st.integers(0, (size - 1) // 256))
    honest = Served()
    Proven(honest, size, root_of(size)).entries(n)
    path = data.draw(st.sampled_from(honest.asked))
    piece = bytearray(truth(path))
    at = data.draw(st.integers(0, len(piece) - 1))
    piece[at] ^= by
    changed = bytes(piece[:at]) if cut else bytes(piece)
    with pytest.raises(EvidenceError):
        Proven(Served({path: changed}), size, root_of(size)).entries(n)


def test_another_root_proves_nothing() -> None:
    for size in SIZES:
        with pytest.raises(ProofMismatch):
            Proven(Served(), size, bytes(32)).entries(0)


def test_what_is_kept_is_not_fetched_and_not_believed() -> None:
    size, asked = 65_537, []

    def kept(level: int, n: int) -> bytes | None:
        asked.append((level, n))
        return truth(tile_path(level, n)) if level else bytes(8192)

    served = Served()
    assert Proven(served, size, root_of(size), kept).tile(0, 7) == truth(tile_path(0, 7))
    assert asked == [(1, 0), (0, 7)]
    assert tile_path(1, 0) not in served.asked and tile_path(0, 7) in served.asked


def gone(path: str, max_bytes: int) -> bytes:
    raise Missing(path)


def test_the_first_copy_that_is_true_is_read() -> None:
    size, heard = 600, list[str]()
    lie = Served({entries_path(1): encode_bundle(ENTRIES[:256])})
    mirrors = [Mirror("gone", gone), Mirror("liar", lie), Mirror("true", Served())]
    head = Head(size, root_of(size), lambda found: True)
    copies = Copies(mirrors, head, heard.append)
    for path in (entries_path(0), entries_path(1), entries_path(2, 88), tile_path(0, 2, 88)):
        assert copies(path, 1 << 20) == truth(path)
    assert copies(tile_path(1, 0, 2), 1 << 20) == truth(tile_path(1, 0, 2))
    assert copies(entries_path(1, 17), 1 << 20) == truth(entries_path(1, 17))
    assert heard == ["liar", "true"]
    for path in (entries_path(3), tile_path(2, 0, 1)):  # of no tree of this size
        with pytest.raises(Missing):
            copies(path, 1 << 20)
    assert copies(entries_path(0), 1 << 20) == truth(entries_path(0))
    with pytest.raises(Missing):
        Copies([Mirror("gone", gone)], head, heard.append)("checkpoint", 1 << 20)


LOG = bytes(32)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))


@pytest.mark.parametrize(
    ("size", "root", "signed", "closed", "taken"),
    [
        (600, root_of(600), True, False, True),
        (600, root_of(600), True, True, True),
        (601, root_of(601), True, False, True),
        (601, root_of(601), True, True, False),
        (599, root_of(599), True, False, False),
        (600, root_of(599), True, False, False),
        (600, root_of(600), False, False, False),
        (601, root_of(601), False, False, False),
    ],
)
def test_which_checkpoint_of_a_mirror_is_taken(
    size: int, root: bytes, *, signed: bool, closed: bool, taken: bool
) -> None:
    text = note.sign_checkpoint(note.origin_of(LOG), size, root, KEY).encode()
    mirror = Mirror("one", lambda path, max_bytes: text)
    head = Head(600, root_of(600), lambda found: signed, closed=closed)
    copies = Copies([mirror], head, lambda member: None)
    if taken:
        assert copies("checkpoint", 1 << 20) == text
    else:
        with pytest.raises(Missing):
            copies("checkpoint", 1 << 20)
