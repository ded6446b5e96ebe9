"""Compute digests and check signatures."""

import hashlib
from functools import cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, utils
from eth_keys.datatypes import Signature
from eth_keys.exceptions import BadSignature
from eth_utils.crypto import keccak as _keccak
from eth_utils.exceptions import ValidationError

SECP256K1, ED25519, P256 = 1, 2, 3
ALGORITHM_OF = {"ES256": P256, "EdDSA": ED25519, "ES256K": SECP256K1}
_ORDER = {
    P256: 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    SECP256K1: 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141,
}
DOMAIN = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
PROMISE = (
    "Promise(bytes32 member,bytes32 logId,bytes32 leavesRoot,uint64 count,uint64 issuedAt,"
    "uint64 due)"
)


def sha256(data: bytes) -> bytes:
    """Give the SHA-256 of bytes."""
    return hashlib.sha256(data).digest()


def keccak(data: bytes) -> bytes:
    """Give the keccak256 of bytes."""
    return bytes(_keccak(primitive=data))


def word(value: int | bytes | str) -> bytes:
    """Write one word of 32 bytes: an integer, a digest, or a code padded on the right."""
    if isinstance(value, int):
        return value.to_bytes(32, "big")
    if isinstance(value, str):
        return value.encode("ascii").ljust(32, b"\0")
    return value.rjust(32, b"\0")


def key_id(algorithm: int, public_key: bytes) -> bytes:
    """Give the id of a public key (section 4)."""
    padded = public_key + b"\0" * (-len(public_key) % 32)
    return keccak(word(algorithm) + word(64) + word(len(public_key)) + padded)


def record_id(log: str, commitment: str) -> str:
    """Give the id of a record (section 4)."""
    return keccak(bytes.fromhex(log) + bytes.fromhex(commitment)).hex()


def _public(algorithm: int, key: bytes) -> ec.EllipticCurvePublicKey | None:
    curve = ec.SECP256R1() if algorithm == P256 else ec.SECP256K1()
    if len(key) != 64:
        return None
    x, y = int.from_bytes(key[:32], "big"), int.from_bytes(key[32:], "big")
    try:
        return ec.EllipticCurvePublicNumbers(x, y, curve).public_key()
    except ValueError:
        return None


def made(algorithm: int, public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Tell whether a key made the 64 bytes of signature over a message; never by a high s."""
    if len(signature) != 64:
        return False
    try:
        if algorithm == ED25519:
            ed25519.Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
            return True
        if algorithm not in _ORDER:
            return False
        key = _public(algorithm, public_key)
        r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
        if key is None or not 0 < r < _ORDER[algorithm] or not 0 < s <= _ORDER[algorithm] // 2:
            return False
        key.verify(utils.encode_dss_signature(r, s), message, ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, ValueError):
        return False
    return True


def well_formed_signature(raw: bytes) -> bool:
    """Tell whether 65 bytes are r, s and v with v 27 or 28 and s low."""
    if len(raw) != 65 or raw[64] not in (27, 28):
        return False
    r, s = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:64], "big")
    return 0 < r < _ORDER[SECP256K1] and 0 < s <= _ORDER[SECP256K1] // 2


def recover(digest: bytes, raw: bytes) -> bytes | None:
    """Give the secp256k1 public key that signed a digest, if any."""
    if not well_formed_signature(raw):
        return None
    r, s = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:64], "big")
    try:
        signature = Signature(vrs=(raw[64] - 27, r, s))
        return bytes(signature.recover_public_key_from_msg_hash(digest).to_bytes())
    except (BadSignature, ValidationError, ValueError):
        return None


@cache
def type_hash(spelled: str) -> bytes:
    """Give the EIP-712 hash of a type as it is spelled."""
    return keccak(spelled.encode())


def typed_digest(contract: str, chain_id: int, address: str, struct: bytes) -> bytes:
    """Give the EIP-712 digest of an encoded struct in the domain of one of our contracts."""
    domain = keccak(
        type_hash(DOMAIN)
        + keccak(f"CreditLedger {contract}".encode())
        + keccak(b"1")
        + word(chain_id)
        + word(bytes.fromhex(address[2:]))
    )
    return keccak(b"\x19\x01" + domain + keccak(struct))
