"""Checkpoints: one spelling, one key, every character bound."""

import base64
import hashlib
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from ledger.core import merkle, note
from ledger.core.errors import Malformed, SignatureInvalid, VersionUnknown
from ledger.core.ids import Digest
from tests.core.material import REFUSED, flip, fuzz, refuses

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()
LOG = hashlib.sha256(b"log").digest()
ORIGIN = note.origin_of(LOG)
ROOT = hashlib.sha256(b"root").digest()
TIME = 1_795_000_000


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
                assert refuses(REFUSED, _accept, changed), (at, other)


def _accept(text: str) -> None:
    note.verify(note.parse_checkpoint(text), PUBLIC)


# ---- witnesses


def cosigned(*members: str) -> note.Checkpoint:
    """A checkpoint with cosignatures of these, all with one key."""
    head = note.parse_checkpoint(note.sign_checkpoint(ORIGIN, 5, ROOT, KEY))
    lines = [
        note.cosign(head, member=member, time=TIME + at, public_key=PUBLIC, sign=KEY.sign)
        for at, member in enumerate(members)
    ]
    return replace(head, witnesses=tuple(lines))


def test_a_cosignature_is_that_of_c2sp() -> None:
    """Recomputed from the text of tlog-cosignature."""
    made = cosigned("130000")
    *_, line = made.text.splitlines(keepends=True)
    dash, name, signed = line.removesuffix("\n").split(" ")
    assert (dash, name) == ("\u2014", "credit-ledger/witness/130000")
    data = base64.b64decode(signed)
    key_id = hashlib.sha256(name.encode() + b"\n\x04" + PUBLIC).digest()[:4]
    body = f"{ORIGIN}\n5\n{base64.b64encode(ROOT).decode()}\n"
    message = f"cosignature/v1\ntime {TIME}\n{body}".encode()
    assert data == key_id + TIME.to_bytes(8, "big") + KEY.sign(message)


@fuzz
@given(
    st.lists(
        st.from_regex(r"[0-9A-Za-z][0-9A-Za-z._-]{0,31}", fullmatch=True), max_size=16, unique=True
    )
)
def test_cosignatures_round_trip(members: list[str]) -> None:
    made = cosigned(*members)
    parsed = note.parse_checkpoint(made.text)
    assert parsed == made
    assert parsed.text == made.text
    assert [line.member for line in parsed.witnesses] == members
    assert [line.time for line in parsed.witnesses] == [TIME + at for at in range(len(members))]
    assert len(made.text) < note.MAX_CHECKPOINT
    note.verify(parsed, PUBLIC)
    for line in parsed.witnesses:
        note.verify_cosignature(parsed, line, PUBLIC)


def test_no_changed_character_of_a_cosignature_passes() -> None:
    text = cosigned("130000").text
    for at in range(len(text)):
        for other in "A0\n =—":
            changed = text[:at] + other + text[at + 1 :]
            if changed != text:
                assert refuses(REFUSED, _accept_cosigned, changed), (at, other)


def _accept_cosigned(text: str) -> None:
    parsed = note.parse_checkpoint(text)
    if parsed.newer:
        raise VersionUnknown("signature", parsed.newer)
    note.verify(parsed, PUBLIC)
    (line,) = parsed.witnesses
    note.verify_cosignature(parsed, line, PUBLIC)


def test_cosignatures_of_others() -> None:
    made = cosigned("130000")
    (line,) = made.witnesses
    other = Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key().public_bytes_raw()
    forged = replace(line, key_hash=note.witness_key_hash("130000", other))
    for head, cosignature, key in (
        (made, line, other),
        (made, forged, other),
        (made, replace(line, member="140000"), PUBLIC),
        (made, replace(line, time=TIME + 1), PUBLIC),
        (made, replace(line, signature=flip(line.signature, 5)), PUBLIC),
        (replace(made, size=6), line, PUBLIC),
    ):
        assert refuses(SignatureInvalid, note.verify_cosignature, head, cosignature, key)
    note.verify_cosignature(made, line, PUBLIC)


def test_bounds_of_cosignatures() -> None:
    head = cosigned()
    for time in (-1, 253402300800):
        with pytest.raises(Malformed):
            note.cosign(head, member="1", time=time, public_key=PUBLIC, sign=KEY.sign)
    made = cosigned(*map(str, range(16)))
    assert len(note.parse_checkpoint(made.text).witnesses) == note.MAX_WITNESSES
    for member in ("", "a b", "a/b", "x" * 33, "号"):
        assert refuses(Malformed, note.witness_name, member), member
    witness = f"— {note.witness_name('130000')} {base64.b64encode(bytes(70)).decode()}\n"
    # 16 signatures of a later type are still told from what is malformed.
    line = f"— example.com/w {base64.b64encode(bytes(5000)).decode()}\n"
    carried = note.parse_checkpoint(head.text + line * 16)
    assert (len(carried.unknown), carried.newer) == (16, "example.com/w")
    assert refuses(Malformed, note.parse_checkpoint, head.text + line * 20)
    assert refuses(Malformed, note.parse_checkpoint, head.text + line * 16 + witness)


STRANGE = f"— example.com/w {base64.b64encode(bytes(76)).decode()}\n"


def test_a_line_that_is_not_known_excuses_nothing() -> None:
    """Anybody can append one; the owner's own line nobody can put there."""
    good = cosigned("130000").text
    assert note.parse_checkpoint(good + STRANGE).newer == "example.com/w"
    short = f"— {note.witness_name('140000')} {base64.b64encode(bytes(70)).decode()}\n"
    for wrong in (good.replace("\n5\n", "\n05\n"), good + short):
        assert refuses(Malformed, note.parse_checkpoint, wrong)
        assert refuses(Malformed, note.parse_checkpoint, wrong + STRANGE)
        owner = wrong.split("\n")[4]
        other = f"— {owner.split()[1]} {base64.b64encode(bytes(2424)).decode()}"
        assert refuses(VersionUnknown, note.parse_checkpoint, wrong.replace(owner, other))


@pytest.mark.parametrize(
    ("name", "good"),
    [
        *(("example.com/w", True), ("见证人", True), ("a\ufeffb", True), ("a\u200bb", True)),
        *(("a\u180eb", True), ("a\x7fb", True), ("x" * 256, True), ("x" * 257, False)),
        *((f"a{space}b", False) for space in " \x85\xa0\u1680\u2000\u200a\u2028\u2029\u202f"),
        *((f"a{sign}b", False) for sign in "\u205f\u3000+\x00\t\x1f"),
    ],
)
def test_names_are_those_of_c2sp(name: str, good: bool) -> None:
    """Neither empty nor with a plus sign or Unicode white space, and a note has no control
    characters."""
    text = cosigned().text + STRANGE.replace("example.com/w", name)
    assert refuses(Malformed, note.parse_checkpoint, text) is not good
    if good:
        assert note.parse_checkpoint(text).newer == name


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
