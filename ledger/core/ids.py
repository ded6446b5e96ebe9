"""Digests and ids (design 4), and the two Ethereum encodings that they need.

`abi.encode` is written out for the few shapes used here: words of 32 bytes, numbers padded on the
left, and one dynamic value whose offset is the number of words before it.
"""

import hashlib
import re
from typing import NewType

from eth_hash.backends.pysha3 import keccak256 as _keccak

from ledger.core.canonical import DIGEST_SIZE, unhex0x
from ledger.core.errors import Malformed

__all__ = [
    "ADDRESS_SIZE",
    "CODE",
    "SUITES",
    "WORD",
    "Address",
    "Digest",
    "KeyId",
    "LogId",
    "ProductId",
    "RecordId",
    "address_bytes",
    "ascii_bytes32",
    "bytes32_ascii",
    "doc",
    "keccak256",
    "key_id",
    "log_id",
    "record_id",
    "sha256",
    "word",
]

Digest = NewType("Digest", bytes)  # 32 bytes of SHA-256 or keccak256
LogId = NewType("LogId", bytes)  # 32 bytes, names a log
RecordId = NewType("RecordId", bytes)  # 32 bytes, names a commitment in a log: key of a status
ProductId = NewType("ProductId", bytes)  # 32 bytes that its member chose: names a product of it
KeyId = NewType("KeyId", bytes)  # 32 bytes, names a public key
Address = NewType("Address", str)  # "0x" + 40 lower-case hex characters

WORD = 32
ADDRESS_SIZE = 20

# Suites by name; the number is what the chain stores. 1: SHA-256 with secp256k1.
SUITES = {"sha256": 1}

_LOG_TAG = "credit-ledger/log/1"
_DOC_TAG = b"credit-ledger/doc/1\0"
# No character that JSON, a path or a shell would escape.
CODE = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,31}")


def keccak256(data: bytes) -> Digest:
    """Keccak-256 as Ethereum has it (not SHA3-256)."""
    return Digest(_keccak(data))


def sha256(data: bytes) -> Digest:
    """SHA-256 (FIPS 180-4)."""
    return Digest(hashlib.sha256(data).digest())


def word(value: int, bits: int = 256) -> bytes:
    """A `uint<bits>` as one big-endian word of the Ethereum ABI."""
    if not 0 <= value < 1 << bits:
        raise Malformed("integer", f"outside uint{bits}")
    return value.to_bytes(WORD, "big")


def address_bytes(address: str) -> bytes:
    """The 20 bytes of an address in lower case with `0x`."""
    return unhex0x(address, ADDRESS_SIZE)


def bytes32_ascii(code: str) -> bytes:
    """A member, region, role or item code as the chain holds it: padded on the right."""
    if not CODE.fullmatch(code):
        raise Malformed("code", "not 1 … 32 letters, digits, dots and hyphens")
    return code.encode().ljust(WORD, b"\0")


def ascii_bytes32(data: bytes) -> str:
    """The code in such a word; Malformed if it is not one."""
    try:
        code = data.rstrip(b"\0").decode("ascii")
    except UnicodeDecodeError as error:
        raise Malformed("code", "not ASCII") from error
    if bytes32_ascii(code) != data:
        raise Malformed("code", "not 32 bytes padded on the right")
    return code


def log_id(chain_id: int, consortium: str, member: str, seq: int, suite: int) -> LogId:
    """Mint the id of a member's log number `seq`.

    keccak256(abi.encode(string "credit-ledger/log/1", uint256 chainId, address consortium,
    bytes32 member, uint64 seq, uint16 suite)). A verifier takes ids from `Consortium` and never
    recomputes them.
    """
    head = (
        word(chain_id)
        + address_bytes(consortium).rjust(WORD, b"\0")
        + bytes32_ascii(member)
        + word(seq, 64)
        + word(suite, 16)
    )
    return LogId(keccak256(word(WORD + len(head)) + head + _dynamic(_LOG_TAG.encode())))


def record_id(log: bytes, commitment: bytes) -> RecordId:
    """keccak256(abi.encode(bytes32 logId, bytes32 commitment)).

    Of a statement too. Logging the same commitment once more makes no new record.
    """
    if len(log) != DIGEST_SIZE or len(commitment) != DIGEST_SIZE:
        raise Malformed("record id", "log and commitment are 32 bytes each")
    return RecordId(keccak256(log + commitment))


def key_id(alg: int, public_key: bytes) -> KeyId:
    """keccak256(abi.encode(uint16 alg, bytes publicKey))."""
    return KeyId(keccak256(word(alg, 16) + word(2 * WORD) + _dynamic(public_key)))


def doc(salt: bytes, file_sha256: bytes) -> Digest:
    """The id on chain of a document: SHA-256(tag ‖ 32 random bytes ‖ SHA-256(file))."""
    if len(salt) != DIGEST_SIZE or len(file_sha256) != DIGEST_SIZE:
        raise Malformed("doc", "salt and digest are 32 bytes each")
    return sha256(_DOC_TAG + salt + file_sha256)


def _dynamic(data: bytes) -> bytes:
    padding = -len(data) % WORD
    return word(len(data)) + data + b"\0" * padding
