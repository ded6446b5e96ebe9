"""Test keys, whose secrets are public: whoever reads this can sign with every one of them."""

import hashlib
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from eth_keys.datatypes import PrivateKey

from ledger.core.ids import key_id
from ledger.core.keys import JWS_ALGS, Alg, Purpose, low_s

CURVES: dict[Alg, ec.EllipticCurve] = {Alg.SECP256K1: ec.SECP256K1(), Alg.P256: ec.SECP256R1()}


def seed(label: str, size: int = 32) -> bytes:
    """`size` bytes that only the label decides."""
    return hashlib.shake_256(b"credit-ledger conformance, TEST: " + label.encode()).digest(size)


@dataclass(frozen=True)
class Key:
    """A key pair that its label decides. It signs the same bytes the same way every time."""

    alg: Alg
    label: str
    public: bytes = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "public", self._public())

    @property
    def id(self) -> str:
        """Its keyId, in hex."""
        return key_id(self.alg, self.public).hex()

    @property
    def jws_alg(self) -> str:
        """Its name in a JWS."""
        return JWS_ALGS[self.alg]

    def sign(self, message: bytes) -> bytes:
        """64 bytes: r ‖ s with the low s (RFC 6979), or Ed25519."""
        if self.alg is Alg.ED25519:
            return self.ed25519.sign(message)
        der = self._ec.sign(message, ec.ECDSA(SHA256(), deterministic_signing=True))
        return low_s(self.alg, b"".join(n.to_bytes(32, "big") for n in decode_dss_signature(der)))

    def sign_digest(self, digest: bytes) -> bytes:
        """r ‖ s ‖ v over 32 bytes as they are, secp256k1."""
        made = PrivateKey(seed(self.label)).sign_msg_hash(digest)
        return made.to_bytes()[:64] + bytes([made.v + 27])

    @property
    def ed25519(self) -> Ed25519PrivateKey:
        """The secret of an Ed25519 key."""
        return Ed25519PrivateKey.from_private_bytes(seed(self.label))

    @property
    def _ec(self) -> ec.EllipticCurvePrivateKey:
        return ec.derive_private_key(int.from_bytes(seed(self.label), "big"), CURVES[self.alg])

    def _public(self) -> bytes:
        if self.alg is Alg.ED25519:
            return self.ed25519.public_key().public_bytes_raw()
        point = self._ec.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return point[1:]


def row(key: Key, member: str, purpose: Purpose, **changes: Any) -> dict[str, Any]:
    """A key as facts have it, registered in block 10 and valid for two years."""
    values = {
        "keyId": key.id,
        "member": member,
        "purpose": int(purpose),
        "alg": int(key.alg),
        "publicKey": key.public.hex(),
        "notBefore": 1_790_000_000,
        "notAfter": 1_853_000_000,
        "block": 10,
        "compromisedSince": 0,
        "compromises": [],
    }
    return {**values, **changes}
