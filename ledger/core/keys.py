"""Keys: their purposes, algorithms and public bytes, and the signatures over messages.

Numbers are append-only and the same on chain (`docs/protocol.md`). Signatures of digests that the
contracts check are in `eip712`.
"""

from collections.abc import Callable
from enum import IntEnum, IntFlag
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from ledger.core import secp256k1
from ledger.core.canonical import b64u_decode, b64u_encode, hex32
from ledger.core.errors import Malformed, SignatureInvalid
from ledger.core.ids import key_id

__all__ = [
    "COORDINATE_SIZE",
    "JWS_ALGS",
    "ORDERS",
    "PUBLIC_KEY_SIZES",
    "SIGNATURE_SIZE",
    "Alg",
    "Purpose",
    "Role",
    "check_public_key",
    "from_jwk",
    "is_low_s",
    "low_s",
    "to_jwk",
    "verify",
]


class Purpose(IntEnum):
    """What a registered key may sign; a key has one."""

    ANCHOR = 1
    CASE = 2
    CONSENT = 3
    PRODUCT = 4
    GOVERN = 5
    PRESENT = 6
    REQUEST = 7
    NOTE = 8
    WITNESS = 9
    DECIDE = 10


class Alg(IntEnum):
    """How a key signs. SM2 is reserved: no code accepts it yet."""

    SECP256K1 = 1
    ED25519 = 2
    P256 = 3
    SM2 = 4


class Role(IntFlag):
    """What a member is; a member may be several things."""

    PROVINCE = 1
    BUREAU = 2
    INSTITUTION = 4
    AUDITOR = 8


SIGNATURE_SIZE = 64  # r ‖ s, or R ‖ S of Ed25519
COORDINATE_SIZE = 32
PUBLIC_KEY_SIZES = {Alg.SECP256K1: 64, Alg.ED25519: 32, Alg.P256: 64}
# JWS names (RFC 7518 3.1, RFC 8037 3.1, RFC 8812 3.2).
JWS_ALGS = {Alg.SECP256K1: "ES256K", Alg.ED25519: "EdDSA", Alg.P256: "ES256"}
# Group orders: SEC 2 2.4.1 and FIPS 186-4 D.1.2.3.
ORDERS = {
    Alg.SECP256K1: 0xFFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFE_BAAEDCE6_AF48A03B_BFD25E8C_D0364141,
    Alg.P256: 0xFFFFFFFF_00000000_FFFFFFFF_FFFFFFFF_BCE6FAAD_A7179E84_F3B9CAC2_FC632551,
}

_JWK_CURVES = {Alg.SECP256K1: "secp256k1", Alg.ED25519: "Ed25519", Alg.P256: "P-256"}
_HALVES = {alg: order // 2 for alg, order in ORDERS.items()}
_ECDSA = ec.ECDSA(SHA256())
_UNCOMPRESSED = b"\x04"


def check_public_key(alg: int, public_key: bytes) -> Alg:
    """The algorithm, if `public_key` is a key of it; Malformed otherwise."""
    _load(_known(alg), public_key)
    return Alg(alg)


def to_jwk(alg: int, public_key: bytes) -> dict[str, str]:
    """RFC 7517 public key: `crv`, `kid` = keyId, `kty`, `x` and, on a curve, `y`."""
    known = check_public_key(alg, public_key)
    jwk = {
        "crv": _JWK_CURVES[known],
        "kid": hex32(key_id(known, public_key)),
        "kty": "OKP" if known is Alg.ED25519 else "EC",
        "x": b64u_encode(public_key[:COORDINATE_SIZE]),
    }
    if known is not Alg.ED25519:
        jwk["y"] = b64u_encode(public_key[COORDINATE_SIZE:])
    return jwk


def from_jwk(jwk: dict[str, str]) -> tuple[Alg, bytes]:
    """Algorithm and public bytes of a JWK that `to_jwk` would write, and of no other."""
    named = [alg for alg, curve in _JWK_CURVES.items() if curve == jwk.get("crv")]
    parts = [jwk.get("x"), jwk.get("y", "")]
    if not named or not all(isinstance(part, str) for part in parts):
        raise Malformed("JWK", "unknown curve or missing coordinate")
    public_key = b"".join(b64u_decode(str(part)) for part in parts)
    if to_jwk(named[0], public_key) != jwk:
        raise Malformed("JWK", "not the one spelling of this key")
    return named[0], public_key


def is_low_s(alg: int, signature: bytes) -> bool:
    """Whether an ECDSA r ‖ s has the smaller of the two values s that verify."""
    return int.from_bytes(signature[COORDINATE_SIZE:], "big") <= _HALVES[Alg(alg)]


def low_s(alg: int, signature: bytes) -> bytes:
    """The same signature with the smaller s; Ed25519 has one spelling already."""
    if alg == Alg.ED25519 or is_low_s(alg, signature):
        return signature
    s = ORDERS[Alg(alg)] - int.from_bytes(signature[COORDINATE_SIZE:], "big")
    return signature[:COORDINATE_SIZE] + s.to_bytes(COORDINATE_SIZE, "big")


def verify(alg: int, public_key: bytes, message: bytes, signature: bytes) -> None:
    """Raise SignatureInvalid unless `public_key` signed `message`.

    ECDSA over SHA-256 with raw r ‖ s, low s only so that nobody can respell a signature, or
    Ed25519 (RFC 8032).
    """
    known = _known(alg)
    check = _load(known, public_key)
    if len(signature) != SIGNATURE_SIZE:
        raise SignatureInvalid("signature", f"not {SIGNATURE_SIZE} bytes")
    if known is not Alg.ED25519:
        if not is_low_s(known, signature):
            raise SignatureInvalid("signature", "s is not the lower one")
        r, s = signature[:COORDINATE_SIZE], signature[COORDINATE_SIZE:]
        signature = encode_dss_signature(int.from_bytes(r, "big"), int.from_bytes(s, "big"))
    try:
        check(signature, message)
    except InvalidSignature as error:
        raise SignatureInvalid("signature", "not made by this key") from error


def _known(alg: int) -> Alg:
    if alg not in PUBLIC_KEY_SIZES:
        raise Malformed("key", f"algorithm {alg} is not supported")
    return Alg(alg)


@lru_cache(maxsize=256)  # reading a point of a curve costs a third of a signature's check
def _load(alg: Alg, public_key: bytes) -> Callable[[bytes, bytes], None]:
    """What checks signatures of a key, Ed25519 or DER, and raises InvalidSignature."""
    if len(public_key) != PUBLIC_KEY_SIZES[alg]:
        raise Malformed("key", f"not {PUBLIC_KEY_SIZES[alg]} bytes")
    try:
        if alg is Alg.ED25519:
            return Ed25519PublicKey.from_public_bytes(public_key).verify
        if alg is Alg.SECP256K1:
            return secp256k1.verifier(public_key)
        point = _UNCOMPRESSED + public_key
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    except ValueError as error:
        raise Malformed("key", "not a point of its curve") from error
    return lambda signature, message: key.verify(signature, message, _ECDSA)
