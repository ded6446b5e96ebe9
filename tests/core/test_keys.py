"""Numbers, public keys and message signatures of the three algorithms."""

import hashlib
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import given, settings
from hypothesis import strategies as st
from jwcrypto.jwk import JWK  # type: ignore[import-untyped]

from ledger.core import ids, keys
from ledger.core.errors import Malformed, SignatureInvalid
from ledger.core.keys import Alg
from tests.core.material import flip, fuzz, refuses

ALGS = (Alg.SECP256K1, Alg.ED25519, Alg.P256)
CURVES: dict[Alg, ec.EllipticCurve] = {Alg.SECP256K1: ec.SECP256K1(), Alg.P256: ec.SECP256R1()}


class Key:
    """A private key; signs with any s."""

    def __init__(self, alg: Alg, secret: bytes = b"\x07" * 32) -> None:
        self._key: Any
        if alg is Alg.ED25519:
            self._key = Ed25519PrivateKey.from_private_bytes(secret)
            self.public: bytes = self._key.public_key().public_bytes_raw()
        else:
            self._key = ec.derive_private_key(int.from_bytes(secret, "big"), CURVES[alg])
            numbers = self._key.public_key().public_numbers()
            self.public = numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")
        self.alg = alg

    def sign(self, message: bytes) -> bytes:
        if self.alg is Alg.ED25519:
            made: bytes = self._key.sign(message)
            return made
        r, s = decode_dss_signature(self._key.sign(message, ec.ECDSA(SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def high_s(alg: Alg, signature: bytes) -> bytes:
    s = keys.ORDERS[alg] - int.from_bytes(keys.low_s(alg, signature)[32:], "big")
    return signature[:32] + s.to_bytes(32, "big")


def test_numbers_are_those_of_the_contracts() -> None:
    """Append-only: a number that changed would change the meaning of what is on the chain."""
    names = (
        *("ANCHOR", "CASE", "CONSENT", "PRODUCT", "GOVERN", "PRESENT", "REQUEST", "NOTE"),
        *("WITNESS", "DECIDE"),
    )
    assert {p.name: p.value for p in keys.Purpose} == {n: i for i, n in enumerate(names, 1)}
    assert {a.name: a.value for a in Alg} == {"SECP256K1": 1, "ED25519": 2, "P256": 3, "SM2": 4}
    roles = {"PROVINCE": 1, "BUREAU": 2, "INSTITUTION": 4, "AUDITOR": 8}
    assert {r.name: r.value for r in keys.Role} == roles


@pytest.mark.parametrize("alg", ALGS)
@settings(fuzz, max_examples=40)
@given(message=st.binary(max_size=50), bit=st.integers(0, 511))
def test_signatures(alg: Alg, message: bytes, bit: int) -> None:
    key, other = Key(alg), Key(alg, b"\x08" * 32)
    signature = keys.low_s(alg, key.sign(message))
    keys.verify(alg, key.public, message, signature)
    for arguments in (
        (other.public, message, signature),
        (key.public, message + b"\0", signature),
        (key.public, message, flip(signature, bit)),
        (key.public, message, signature[:-1]),
        (key.public, message, signature + b"\0"),
        (key.public, message, b""),
        (key.public, message, bytes(64)),
    ):
        assert refuses(SignatureInvalid, keys.verify, alg, *arguments)


@pytest.mark.parametrize("alg", [Alg.SECP256K1, Alg.P256])
def test_only_one_of_the_two_signatures_counts(alg: Alg) -> None:
    key = Key(alg)
    low = keys.low_s(alg, key.sign(b"x"))
    high = high_s(alg, low)
    assert keys.is_low_s(alg, low)
    assert not keys.is_low_s(alg, high)
    assert keys.low_s(alg, high) == keys.low_s(alg, low) == low
    with pytest.raises(SignatureInvalid, match="lower"):
        keys.verify(alg, key.public, b"x", high)


@pytest.mark.parametrize("alg", [Alg.SECP256K1, Alg.P256])
def test_the_middle_of_the_group(alg: Alg) -> None:
    half = keys.ORDERS[alg] // 2
    assert [keys.is_low_s(alg, bytes(32) + s.to_bytes(32, "big")) for s in (half, half + 1)] == [
        True,
        False,
    ]


@pytest.mark.parametrize("alg", ALGS)
def test_sizes_are_checked_first(alg: Alg) -> None:
    key = Key(alg)
    for signature in (b"", bytes(63), bytes(65)):
        with pytest.raises(SignatureInvalid, match="not 64 bytes"):
            keys.verify(alg, key.public, b"", signature)
    for public in (b"", key.public[:-1], key.public + b"\0"):
        with pytest.raises(Malformed, match=f"not {len(key.public)} bytes"):
            keys.check_public_key(alg, public)


def test_ed25519_has_no_second_spelling() -> None:
    """S + L verifies in careless libraries (RFC 8032 5.1.7 forbids it)."""
    key, order = Key(Alg.ED25519), 2**252 + 27742317777372353535851937790883648493
    signature = key.sign(b"x")
    assert keys.low_s(Alg.ED25519, signature) == signature
    s = int.from_bytes(signature[32:], "little") + order
    with pytest.raises(SignatureInvalid):
        keys.verify(Alg.ED25519, key.public, b"x", signature[:32] + s.to_bytes(32, "little"))


@pytest.mark.parametrize("alg", ALGS)
def test_jwk_round_trips_and_others_read_it(alg: Alg) -> None:
    public = Key(alg).public
    jwk = keys.to_jwk(alg, public)
    assert keys.from_jwk(jwk) == (alg, public)
    assert jwk["kid"] == ids.key_id(alg, public).hex()
    assert JWK(**jwk).has_public
    for change in (
        *({"kid": "00" * 32}, {"crv": "P-384"}, {"kty": "RSA"}, {"use": "sig"}),
        *({"x": jwk["x"] + "="}, {"x": jwk["x"][:-4]}, {"x": 1}, {"crv": None}),
    ):
        changed: dict[str, Any] = {**jwk, **change}
        assert refuses(Malformed, keys.from_jwk, changed), change
    for member in jwk:
        rest = {name: value for name, value in jwk.items() if name != member}
        assert refuses(Malformed, keys.from_jwk, rest), member


def test_keys_that_are_none() -> None:
    off_curve = hashlib.sha512(b"no point").digest()
    for alg, public in (
        *((Alg.P256, off_curve), (Alg.SECP256K1, off_curve), (Alg.P256, bytes(64))),
        *(
            (Alg.P256, bytes(63)),
            (Alg.ED25519, bytes(33)),
            (Alg.SM2, bytes(64)),
            (0, b""),
            (9, b""),
        ),
    ):
        assert refuses(Malformed, keys.check_public_key, alg, public), (alg, public)
        assert refuses(Malformed, keys.verify, alg, public, b"", bytes(64))
    for alg in ALGS:
        assert keys.check_public_key(alg, Key(alg).public) is alg
