"""ES256K: ECDSA over secp256k1 and SHA-256 (RFC 8812 3.2), by libsecp256k1, a tenth of the time of
OpenSSL, which serves where coincurve has no wheel for the Python at hand. Both accept and make the
same signatures.
"""

from collections.abc import Callable
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

Verify = Callable[[bytes, bytes], None]
"""A DER signature and the message; raises InvalidSignature where the key did not make it."""
Sign = Callable[[bytes], bytes]
"""The DER signature of a message, the same each time (RFC 6979) where OpenSSL is 3.2 at least."""

_UNCOMPRESSED = b"\x04"


def verifier(public_key: bytes) -> Verify:
    """What checks signatures of a key X ‖ Y. Raises ValueError where that is no point."""
    coincurve = _coincurve()
    return _openssl_verifier(public_key) if coincurve is None else _verifier(coincurve, public_key)


def signer(secret: bytes) -> Sign:
    """What signs with a secret of 32 bytes. Raises ValueError where that is no key."""
    coincurve = _coincurve()
    if coincurve is None:
        return _openssl_signer(secret)
    sign: Sign = coincurve.PrivateKey(secret).sign
    return sign


def _coincurve() -> Any:
    """None: it is not installed. Not loaded before there is such a key; most meet none."""
    try:
        import coincurve  # noqa: PLC0415
    except ImportError:
        return None
    return coincurve


def _verifier(coincurve: Any, public_key: bytes) -> Verify:
    key = coincurve.PublicKey(_UNCOMPRESSED + public_key)

    def verify(signature: bytes, message: bytes) -> None:
        if not key.verify(signature, message):
            raise InvalidSignature

    return verify


def _openssl_verifier(public_key: bytes) -> Verify:
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256K1(), _UNCOMPRESSED + public_key)
    algorithm = ec.ECDSA(SHA256())
    return lambda signature, message: key.verify(signature, message, algorithm)


def _openssl_signer(secret: bytes) -> Sign:
    key = ec.derive_private_key(int.from_bytes(secret, "big"), ec.SECP256K1())
    try:
        algorithm = ec.ECDSA(SHA256(), deterministic_signing=True)
    except UnsupportedAlgorithm:
        algorithm = ec.ECDSA(SHA256())
    return lambda message: key.sign(message, algorithm)
