"""Signed statements: one spelling, one type, one key."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ledger.core import canonical
from ledger.core.canonical import b64u_decode, b64u_encode
from ledger.core.errors import Malformed, SignatureInvalid
from ledger.core.ids import key_id
from ledger.core.jws import (
    HEADER,
    TIMED,
    parse_statement,
    sign_compact,
    sign_statement,
    split_compact,
    verify,
)
from ledger.core.keys import Alg

TYP, LONGEST, IAT = "credit-ledger-test+jwt", 4096, 1_790_000_000
KEY = Ed25519PrivateKey.from_private_bytes(bytes([9]) * 32)
PUBLIC = KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
KID = key_id(Alg.ED25519, PUBLIC)
PAYLOAD = canonical.encode({"_type": "credit-ledger/test@1", "n": 7})


def statement() -> str:
    return sign_statement(TYP, PAYLOAD, sign=KEY.sign, kid=KID, alg=Alg.ED25519, iat=IAT)


def test_what_is_signed_is_read_again() -> None:
    text = statement()
    jws = parse_statement(text, TYP, max_chars=LONGEST)
    assert (jws.payload, jws.iat, jws.kid, jws.alg) == (PAYLOAD, IAT, KID, Alg.ED25519)
    assert jws.text == text
    verify(jws, Alg.ED25519, PUBLIC)


def test_every_flipped_character_is_told() -> None:
    text = statement()
    for at, char in enumerate(text):
        other = "B" if char == "A" else "A"
        with pytest.raises((Malformed, SignatureInvalid)):
            verify(
                parse_statement(text[:at] + other + text[at + 1 :], TYP, max_chars=LONGEST),
                Alg.ED25519,
                PUBLIC,
            )


def test_a_header_that_was_read_before_is_of_its_own_type_and_members_alone() -> None:
    """What was read once is kept; what it is read as, and what is wrong, is asked each time."""
    text = statement()
    head, _, rest = text.partition(".")
    for _ in range(2):
        assert parse_statement(text, TYP, max_chars=LONGEST).iat == IAT
        for typ in ("credit-ledger-other+jwt", "dc+sd-jwt", ""):
            with pytest.raises(Malformed):
                parse_statement(text, typ, max_chars=LONGEST)
        with pytest.raises(Malformed):
            split_compact(text, TYP, HEADER)
        with pytest.raises(Malformed):
            parse_statement(f"{head}=.{rest}", TYP, max_chars=LONGEST)
        spaced = b64u_encode(b64u_decode(head).replace(b":", b": "))
        with pytest.raises(Malformed):
            parse_statement(f"{spaced}.{rest}", TYP, max_chars=LONGEST)
    assert split_compact(text, TYP, TIMED).head.iat == IAT


def test_another_key_or_algorithm() -> None:
    jws = parse_statement(statement(), TYP, max_chars=LONGEST)
    other = Ed25519PrivateKey.from_private_bytes(bytes([8]) * 32).public_key()
    with pytest.raises(SignatureInvalid, match="another key"):
        verify(jws, Alg.ED25519, other.public_bytes(Encoding.Raw, PublicFormat.Raw))
    with pytest.raises(SignatureInvalid, match="another key"):
        verify(jws, Alg.P256, PUBLIC)


def test_longer_than_allowed() -> None:
    text = statement()
    assert parse_statement(text, TYP, max_chars=len(text)).text == text
    with pytest.raises(Malformed, match="longer"):
        parse_statement(text, TYP, max_chars=len(text) - 1)


@pytest.mark.parametrize(
    "changes",
    [
        {"typ": "credit-ledger-other+jwt"},
        {"alg": "none"},
        {"alg": 1},
        {"iat": True},
        {"iat": "1790000000"},
        {"iat": canonical.MAX_INSTANT + 1},
        {"jku": "x"},
        {"kid": "zz"},
    ],
)
def test_other_headers(changes: dict[str, object]) -> None:
    header = {"alg": "EdDSA", "iat": IAT, "kid": KID.hex(), "typ": TYP} | changes
    text = sign_compact(header, PAYLOAD, Alg.ED25519, KEY.sign)
    with pytest.raises(Malformed):
        parse_statement(text, TYP, max_chars=LONGEST)


def test_no_jws_at_all() -> None:
    header, payload, signature = statement().split(".")
    short = b64u_encode(b64u_decode(signature)[:-1])
    texts = ("", f"{header}.{payload}", f"{header}.{payload}.{short}", f"{header}.{payload}.é")
    for text in (*texts, f"{payload}.{payload}.{signature}"):
        with pytest.raises(Malformed):
            parse_statement(text, TYP, max_chars=LONGEST)
