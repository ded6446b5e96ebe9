"""Checkpoints: C2SP tlog-checkpoint in a C2SP signed note with one Ed25519 signature.

credit-ledger/<logId>\n<size>\n<base64 root>\n\n— <origin> <base64 keyHash ‖ signature>\n
"""

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.core.canonical import b64_decode, b64_encode, hex32, unhex32
from ledger.core.errors import Malformed, SignatureInvalid
from ledger.core.ids import Digest, LogId, sha256
from ledger.core.keys import SIGNATURE_SIZE, Alg, check_public_key
from ledger.core.keys import verify as verify_message
from ledger.core.merkle import EMPTY_ROOT, MAX_SIZE

# A checkpoint of ours has 86 + 16 + 45 + 182 characters at most; more is not read.
MAX_CHECKPOINT = 512
KEY_HASH_SIZE = 4
ED25519_TYPE = b"\x01"  # signature type of signed-note

_ORIGIN_PREFIX = "credit-ledger/"
_BASE64 = r"[A-Za-z0-9+/]+={0,2}"
_ORIGIN = re.escape(_ORIGIN_PREFIX) + r"[0-9a-f]{64}"
_CHECKPOINT = re.compile(
    rf"(?P<origin>{_ORIGIN})\n(?P<size>0|[1-9][0-9]{{0,15}})\n(?P<root>{_BASE64})\n"
    rf"\n— (?P=origin) (?P<signature>{_BASE64})\n"
)
_VKEY = re.compile(rf"(?P<origin>{_ORIGIN})\+(?P<hash>[0-9a-f]{{8}})\+(?P<key>{_BASE64})")


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """A log's tree head and the one signature on it (not yet verified)."""

    origin: str
    size: int
    root: Digest
    key_hash: bytes
    signature: bytes

    @cached_property
    def log(self) -> LogId:
        """The log that the origin names."""
        return log_of(self.origin)

    @cached_property
    def body(self) -> bytes:
        """The bytes that are signed."""
        return checkpoint_body(self.origin, self.size, self.root)

    @property
    def text(self) -> str:
        """The signed note."""
        signed = b64_encode(self.key_hash + self.signature)
        return f"{self.body.decode()}\n— {self.origin} {signed}\n"


def origin_of(log: bytes) -> str:
    """`credit-ledger/<logId>`."""
    return _ORIGIN_PREFIX + hex32(log)


def log_of(origin: str) -> LogId:
    """The log id in an origin."""
    if not origin.startswith(_ORIGIN_PREFIX):
        raise Malformed("origin", f"does not start with {_ORIGIN_PREFIX}")
    return LogId(unhex32(origin.removeprefix(_ORIGIN_PREFIX)))


def checkpoint_body(origin: str, size: int, root: bytes) -> bytes:
    """The text to be signed; an empty log has the empty root and no other."""
    log_of(origin)
    if not 0 <= size <= MAX_SIZE or (size == 0) != (root == EMPTY_ROOT):
        raise Malformed("checkpoint", "no such tree")
    hex32(root)
    return f"{origin}\n{size}\n{b64_encode(root)}\n".encode()


def encode_checkpoint(body: bytes, public_key: bytes, signature: bytes) -> str:
    """The note of a body and its signature by `public_key`, wherever that key is held."""
    origin = body.decode().partition("\n")[0]
    signed = b64_encode(key_hash(origin, public_key) + signature)
    return f"{body.decode()}\n— {origin} {signed}\n"


def sign_checkpoint(origin: str, size: int, root: bytes, private_key: Ed25519PrivateKey) -> str:
    """The signed checkpoint of a log."""
    body = checkpoint_body(origin, size, root)
    public_key = private_key.public_key().public_bytes_raw()
    return encode_checkpoint(body, public_key, private_key.sign(body))


@lru_cache(maxsize=1024)  # all receipts of a batch show the same note; an error is not kept
def parse_checkpoint(text: str) -> Checkpoint:
    """A checkpoint of ours: one origin, no extension lines, one signature named after it."""
    match = _CHECKPOINT.fullmatch(text) if len(text) <= MAX_CHECKPOINT else None
    if match is None:
        raise Malformed("checkpoint", "not origin, size, root, blank line, one signature")
    root, signature = b64_decode(match["root"]), b64_decode(match["signature"])
    if len(signature) != KEY_HASH_SIZE + SIGNATURE_SIZE:
        raise Malformed("checkpoint", "signature of the wrong size")
    size = int(match["size"])
    checkpoint_body(match["origin"], size, root)  # refuses what is no tree
    return Checkpoint(
        origin=match["origin"],
        size=size,
        root=Digest(root),
        key_hash=signature[:KEY_HASH_SIZE],
        signature=signature[KEY_HASH_SIZE:],
    )


def verify(checkpoint: Checkpoint, public_key: bytes) -> None:
    """Raises SignatureInvalid unless this Ed25519 key signed the checkpoint."""
    if checkpoint.key_hash != key_hash(checkpoint.origin, public_key):
        raise SignatureInvalid("checkpoint", "signed by another key")
    _verify_body(public_key, checkpoint.body, checkpoint.signature)


@lru_cache(maxsize=1024)
def _verify_body(public_key: bytes, body: bytes, signature: bytes) -> None:
    verify_message(Alg.ED25519, public_key, body, signature)


def key_hash(origin: str, public_key: bytes) -> bytes:
    """SHA-256(name ‖ newline ‖ type ‖ key)[:4]: tells keys apart, proves nothing."""
    return sha256(origin.encode() + b"\n" + ED25519_TYPE + public_key)[:KEY_HASH_SIZE]


def vkey(origin: str, public_key: bytes) -> str:
    """The C2SP verifier key: `<origin>+<key hash>+<base64 type ‖ key>`."""
    check_public_key(Alg.ED25519, public_key)
    encoded = b64_encode(ED25519_TYPE + public_key)
    return f"{origin_of(log_of(origin))}+{key_hash(origin, public_key).hex()}+{encoded}"


def parse_vkey(text: str) -> tuple[str, bytes]:
    """Origin and Ed25519 key of a verifier key that `vkey` would write."""
    match = _VKEY.fullmatch(text) if len(text) <= MAX_CHECKPOINT else None
    if match is None:
        raise Malformed("vkey", "not <origin>+<key hash>+<key>")
    public_key = b64_decode(match["key"])[len(ED25519_TYPE) :]
    if vkey(match["origin"], public_key) != text:
        raise Malformed("vkey", "not an Ed25519 key, or another's key hash")
    return match["origin"], public_key
