"""Deterministic material for vectors: bytes, keys, and ways to spoil things."""

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ledger.core.ids import KeyId, key_id
from ledger.core.keys import Alg

Case = dict[str, Any]
CURVES: dict[Alg, ec.EllipticCurve] = {Alg.SECP256K1: ec.SECP256K1(), Alg.P256: ec.SECP256R1()}


def seed(label: str, size: int = 32) -> bytes:
    """`size` bytes that only the label decides."""
    return hashlib.shake_256(b"credit-ledger vectors: " + label.encode()).digest(size)


def ed25519(label: str) -> Ed25519PrivateKey:
    """An Ed25519 key."""
    return Ed25519PrivateKey.from_private_bytes(seed(label))


class JwsKey:
    """A key that signs messages, deterministically (RFC 6979, RFC 8032)."""

    def __init__(self, alg: Alg, label: str) -> None:
        self.alg = alg
        self._key: Ed25519PrivateKey | ec.EllipticCurvePrivateKey
        if alg is Alg.ED25519:
            self._key = ed25519(label)
            self.public = self._key.public_key().public_bytes_raw()
        else:
            self._key = ec.derive_private_key(int.from_bytes(seed(label), "big") >> 1, CURVES[alg])
            point = self._key.public_key().public_bytes(
                Encoding.X962, PublicFormat.UncompressedPoint
            )
            self.public = point[1:]

    @property
    def kid(self) -> KeyId:
        """Its keyId."""
        return key_id(self.alg, self.public)

    def sign(self, message: bytes) -> bytes:
        """Raw signature; s as it comes."""
        if isinstance(self._key, Ed25519PrivateKey):
            return self._key.sign(message)
        der = self._key.sign(message, ec.ECDSA(SHA256(), deterministic_signing=True))
        return b"".join(part.to_bytes(32, "big") for part in decode_dss_signature(der))


def flip(data: bytes, bit: int = 0) -> bytes:
    """`data` with one bit changed."""
    at, inside = divmod(bit % (8 * len(data)), 8)
    return data[:at] + bytes([data[at] ^ 1 << inside]) + data[at + 1 :]


def spoiled(path: Sequence[bytes]) -> Iterator[tuple[str, list[bytes]]]:
    """Every way in which a path can be wrong by one step."""
    for i in range(len(path)):
        yield f"path {i} flipped", [*path[:i], flip(path[i], 8 * i + 1), *path[i + 1 :]]
    if path:
        yield "path without its first", list(path[1:])
        yield "path without its last", list(path[:-1])
    if len(path) > 1 and path[0] != path[1]:
        yield "path with two swapped", [path[1], path[0], *path[2:]]
    yield "path with one more", [*path, seed("one more")]


def hexes(path: Sequence[bytes]) -> list[str]:
    """With 0x, which is how forge reads bytes."""
    return ["0x" + item.hex() for item in path]
