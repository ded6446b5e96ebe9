"""Both ways to check and to make a signature over secp256k1, held against each other."""

import sys
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core import keys, secp256k1
from ledger.core.errors import SignatureInvalid
from ledger.core.keys import ORDERS, Alg
from tests.core.material import fuzz
from tests.core.test_keys import Key

ORDER = ORDERS[Alg.SECP256K1]
PRIME = 2**256 - 2**32 - 977  # SEC 2 2.4.1
SECRET = b"\x07" * 32
KEY = Key(Alg.SECP256K1, SECRET)
WAYS: list[Any] = [
    pytest.param(
        lambda: None,
        id="OpenSSL",
    ),
    # There is no wheel for the newest Python; `pyproject.toml` leaves it out there.
    *([pytest.param(secp256k1._coincurve, id="coincurve")] if find_spec("coincurve") else []),
]


def holds(verify: secp256k1.Verify, signature: bytes, message: bytes) -> bool:
    try:
        verify(signature, message)
    except InvalidSignature:
        return False
    return True


def der(r: int, s: int) -> bytes:
    return encode_dss_signature(r, s)


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secp256k1, "_coincurve", request.param)
    keys._load.cache_clear()


@pytest.mark.usefixtures("way")
def test_what_is_accepted() -> None:
    signature = keys.low_s(Alg.SECP256K1, KEY.sign(b"x"))
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    keys.verify(Alg.SECP256K1, KEY.public, b"x", signature)
    for odd in (
        *((0, s), (r, 0), (0, 0), (ORDER, s), (r + ORDER, s), (2**256 - 1, s)),
        *((r, ORDER - s), (ORDER - r, s), (s, r), (r, 1), (1, s), (r - 1, s)),
    ):
        if max(odd) < 2**256:
            raw = b"".join(n.to_bytes(32, "big") for n in odd)
            with pytest.raises(SignatureInvalid):
                keys.verify(Alg.SECP256K1, KEY.public, b"x", raw)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("at", [0, 32])
def test_what_is_no_point(at: int) -> None:
    public = KEY.public
    for wrong in (
        bytes(64),
        public[:at] + bytes(32) + public[at + 32 :],
        public[:at] + PRIME.to_bytes(32, "big") + public[at + 32 :],
        public[:at] + b"\xff" * 32 + public[at + 32 :],
        public[:-1] + bytes([public[-1] ^ 1]),
        Key(Alg.P256, SECRET).public,
    ):
        with pytest.raises(ValueError):
            secp256k1.verifier(wrong)
    holds(secp256k1.verifier(public), der(1, 1), b"")


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("secret", [bytes(32), ORDER.to_bytes(32, "big"), b"\xff" * 32])
def test_what_is_no_secret(secret: bytes) -> None:
    with pytest.raises(ValueError):
        secp256k1.signer(secret)


def test_one_point_has_one_key() -> None:
    """A coordinate beyond the prime would be a second spelling of the same key."""
    x = next(
        x
        for x in range(1, 100)
        if pow(x**3 + 7, (PRIME - 1) // 2, PRIME) == 1  # on the curve
    )
    y = pow(x**3 + 7, (PRIME + 1) // 4, PRIME)
    for verifier in both(SECRET)[0]:
        verifier(x.to_bytes(32, "big") + y.to_bytes(32, "big"))
        with pytest.raises(ValueError):
            verifier((x + PRIME).to_bytes(32, "big") + y.to_bytes(32, "big"))


def both(secret: bytes) -> tuple[list[Callable[[bytes], secp256k1.Verify]], list[secp256k1.Sign]]:
    """The two ways to check and to sign; twice the same where there is one alone."""
    verifiers, signers = [secp256k1._openssl_verifier], [secp256k1._openssl_signer(secret)]
    return [*verifiers, secp256k1.verifier], [*signers, secp256k1.signer(secret)]


@settings(fuzz, max_examples=60)
@given(
    secret=st.integers(1, ORDER - 1),
    message=st.binary(max_size=80),
    r=st.integers(0, 2**256 - 1),
    s=st.integers(0, 2**256 - 1),
    bit=st.integers(0, 255),
)
def test_both_ways_agree(secret: int, message: bytes, r: int, s: int, bit: int) -> None:
    own = secret.to_bytes(32, "big")
    verifiers, signers = both(own)
    numbers = ec.derive_private_key(secret, ec.SECP256K1()).public_key().public_numbers()
    public = numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")
    one, other = (verify(public) for verify in verifiers)

    made = [
        keys.low_s(
            Alg.SECP256K1,
            b"".join(n.to_bytes(32, "big") for n in decode_dss_signature(sign(message))),
        )
        for sign in signers
    ]
    assert made[0] == made[1], "RFC 6979"
    keys.verify(Alg.SECP256K1, public, message, made[0])
    good = int.from_bytes(made[0][:32], "big"), int.from_bytes(made[0][32:], "big")
    assert holds(one, der(*good), message)
    assert holds(other, der(*good), message)
    for r_, s_ in (
        *((r, s), (good[0], s), (r, good[1]), (good[0] ^ 1 << bit, good[1])),
        *((good[0], good[1] ^ 1 << bit), (min(r, ORDER - 1) or 1, min(s, ORDER - 1) or 1)),
    ):
        low = min(s_, ORDER - s_) if s_ < ORDER else s_  # a high one is asked of neither
        assert holds(one, der(r_, low), message) == holds(other, der(r_, low), message)
    assert not holds(one, der(*good), message + b"\0")
    assert not holds(other, der(*good), message + b"\0")


def test_where_coincurve_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "coincurve", None)
    assert secp256k1._coincurve() is None


def test_an_openssl_that_signs_at_random(monkeypatch: pytest.MonkeyPatch) -> None:
    made = ec.ECDSA

    def older(algorithm: SHA256, *, deterministic_signing: bool = False) -> ec.ECDSA:
        if deterministic_signing:
            raise UnsupportedAlgorithm("OpenSSL before 3.2")
        return made(algorithm)

    monkeypatch.setattr(secp256k1, "_coincurve", lambda: None)
    monkeypatch.setattr(ec, "ECDSA", older)
    sign = secp256k1.signer(SECRET)
    first, second = sign(b"x"), sign(b"x")
    assert first != second
    for signature in (first, second):
        assert holds(secp256k1.verifier(KEY.public), signature, b"x")
    assert not holds(secp256k1.verifier(KEY.public), first, b"y")
