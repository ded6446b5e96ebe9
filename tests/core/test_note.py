"""Checkpoints: one spelling, one key, every character bound."""

import base64
import hashlib
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from ledger.core import merkle, note
from ledger.core.errors import EvidenceError, Malformed, SignatureInvalid
from ledger.core.ids import Digest
from tests.core.material import flip, fuzz, refuses

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()
LOG = hashlib.sha256(b"log").digest()
ORIGIN = note.origin_of(LOG)
ROOT = hashlib.sha256(b"root").digest()


@fuzz
@given(st.integers(1, merkle.MAX_SIZE), st.binary(min_size=32, max_size=32))
def test_round_trip(size: int, root: bytes) -> None:
    text = note.sign_checkpoint(ORIGIN, size, root, KEY)
    parsed = note.parse_checkpoint(text)
    assert (parsed.origin, parsed.log, parsed.size, parsed.root) == (ORIGIN, LOG, size, root)
    assert parsed.text == text
    assert len(text) <= note.MAX_CHECKPOINT
    note.verify(parsed, PUBLIC)


def test_the_parts_are_those_of_c2sp() -> None:
    """Recomputed from the texts of signed-note and tlog-checkpoint."""
    text = note.sign_checkpoint(ORIGIN, 5, ROOT, KEY)
    body, _, line = text.partition("\n\n")
    assert body == f"{ORIGIN}\n5\n{base64.b64encode(ROOT).decode()}"
    dash, name, signed = line.removesuffix("\n").split(" ")
    assert (dash, name) == ("\u2014", ORIGIN)
    key_id = hashlib.sha256(ORIGIN.encode() + b"\n\x01" + PUBLIC).digest()[:4]
    assert base64.b64decode(signed) == key_id + KEY.sign(f"{body}\n".encode())
    key = base64.b64encode(b"\x01" + PUBLIC).decode()
    assert note.vkey(ORIGIN, PUBLIC) == f"{ORIGIN}+{key_id.hex()}+{key}"


def test_no_changed_character_passes() -> None:
    text = note.sign_checkpoint(ORIGIN, 5, ROOT, KEY)
    for at in range(len(text)):
        for other in "A0\n =—":
            changed = text[:at] + other + text[at + 1 :]
            if changed != text:
                assert refuses(EvidenceError, _accept, changed), (at, other)


def _accept(text: str) -> None:
    note.verify(note.parse_checkpoint(text), PUBLIC)


def test_another_key() -> None:
    other = Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key().public_bytes_raw()
    parsed = note.parse_checkpoint(note.sign_checkpoint(ORIGIN, 5, ROOT, KEY))
    with pytest.raises(SignatureInvalid, match="another key"):
        note.verify(parsed, other)


def test_what_was_verified_once_vouches_for_nothing_else() -> None:
    """A valid note is kept; one that differs from it in any input is not taken for it."""
    good = note.parse_checkpoint(note.sign_checkpoint(ORIGIN, 5, ROOT, KEY))
    note.verify(good, PUBLIC)
    other = Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key().public_bytes_raw()
    hashed = note.key_hash(ORIGIN, other)
    elsewhere = note.origin_of(bytes(32))
    for changed, key in (
        (replace(good, size=6), PUBLIC),
        (replace(good, root=Digest(flip(ROOT, 0))), PUBLIC),
        (replace(good, signature=flip(good.signature, 0)), PUBLIC),
        (replace(good, signature=flip(good.signature, 511)), PUBLIC),
        (replace(good, origin=elsewhere, key_hash=note.key_hash(elsewhere, PUBLIC)), PUBLIC),
        (replace(good, key_hash=hashed), other),
    ):
        for _ in range(2):  # what is wrong stays wrong
            assert refuses(SignatureInvalid, note.verify, changed, key)
        note.verify(good, PUBLIC)
    assert refuses(SignatureInvalid, note.verify, good, other)
    for _ in range(2):
        assert refuses(Malformed, note.parse_checkpoint, good.text + "\n")


def test_trees_that_do_not_exist() -> None:
    for size, root in ((-1, ROOT), (2**53, ROOT), (0, ROOT), (1, merkle.EMPTY_ROOT), (1, b"")):
        assert refuses(Malformed, note.checkpoint_body, ORIGIN, size, root), (size, root)
    for origin in (
        "",
        LOG.hex(),
        "example.com/log",
        "credit-ledger/",
        ORIGIN + "\n",
        ORIGIN.upper(),
    ):
        assert refuses(Malformed, note.checkpoint_body, origin, 5, ROOT), origin


def test_verifier_keys() -> None:
    text = note.vkey(ORIGIN, PUBLIC)
    assert note.parse_vkey(text) == (ORIGIN, PUBLIC)
    ecdsa = base64.b64encode(b"\x02" + PUBLIC).decode()
    for wrong in (
        *("", text + "\n", text.replace("+", "++", 1), text.rsplit("+", 1)[0] + "+" + ecdsa),
        *(text[:-4], text.replace(LOG.hex(), "0" * 64), text + "A" * note.MAX_CHECKPOINT),
    ):
        assert refuses(Malformed, note.parse_vkey, wrong), wrong
    with pytest.raises(Malformed):
        note.vkey(ORIGIN, PUBLIC[:31])
