"""Checkpoints: C2SP tlog-checkpoint in a C2SP signed note, signed by the log's owner with Ed25519,
then cosigned by at most 16 witnesses (C2SP tlog-cosignature, Ed25519 too).

    credit-ledger/<logId>\n<size>\n<base64 root>\n
    \n
    — <origin> <base64 keyHash ‖ signature>\n
    — credit-ledger/witness/<member> <base64 keyHash ‖ u64 time ‖ signature>\n

A line of any other name or length is of a signature type that we do not know: it may be good, and
is carried along. Whoever judges the checkpoint MUST look at `newer`.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.core.canonical import MAX_INSTANT, b64_decode, b64_encode, hex32, unhex32
from ledger.core.errors import Malformed, SignatureInvalid, VersionUnknown
from ledger.core.ids import CODE, Digest, LogId, bytes32_ascii, sha256
from ledger.core.keys import SIGNATURE_SIZE, Alg, check_public_key
from ledger.core.keys import verify as verify_message
from ledger.core.merkle import EMPTY_ROOT, MAX_SIZE

__all__ = [
    "COSIGNATURE_TYPE",
    "ED25519_TYPE",
    "KEY_HASH_SIZE",
    "MAX_CHECKPOINT",
    "MAX_VKEY",
    "MAX_WITNESSES",
    "TIME_SIZE",
    "Checkpoint",
    "Cosignature",
    "checkpoint_body",
    "cosign",
    "encode_checkpoint",
    "key_hash",
    "log_of",
    "origin_of",
    "parse_checkpoint",
    "parse_vkey",
    "refuse_newer",
    "sign_checkpoint",
    "verify",
    "verify_cosignature",
    "vkey",
    "witness_key_hash",
    "witness_name",
]

# Characters. Ours has some 330 and 162 for each witness; there must be room for signature types of
# later days, of which one may have 5 kB.
MAX_CHECKPOINT = 1 << 17
MAX_VKEY = 512
MAX_WITNESSES = 16
KEY_HASH_SIZE = 4
TIME_SIZE = 8
ED25519_TYPE = b"\x01"  # signature types of signed-note
COSIGNATURE_TYPE = b"\x04"

_ORIGIN_PREFIX = "credit-ledger/"
_WITNESS_PREFIX = "credit-ledger/witness/"
_BASE64 = r"[A-Za-z0-9+/]+={0,2}"
_ORIGIN = re.escape(_ORIGIN_PREFIX) + r"[0-9a-f]{64}"
_BODY = re.compile(rf"(?P<origin>{_ORIGIN})\n(?P<size>0|[1-9][0-9]{{0,15}})\n(?P<root>{_BASE64})\n")
# Of any signed note: names hold neither plus signs nor Unicode white space (C2SP signed-note), and
# a note no control characters. Spelled out: what `\s` is differs from one language to the next.
_NO_NAME = r"+\x00-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_LINE = re.compile(rf"— (?P<name>[^{_NO_NAME}]{{1,256}}) (?P<signature>{_BASE64})")
_WITNESS = re.compile(re.escape(_WITNESS_PREFIX) + CODE.pattern)
_VKEY = re.compile(rf"(?P<origin>{_ORIGIN})\+(?P<hash>[0-9a-f]{{8}})\+(?P<key>{_BASE64})")


@dataclass(frozen=True, kw_only=True)
class Cosignature:
    """A witness's word that at `time` (Unix seconds) this was the largest tree it knew of the log
    (not yet verified). member: code of the witness."""

    member: str
    key_hash: bytes
    time: int
    signature: bytes

    @property
    def line(self) -> str:
        """Its line in the note."""
        signed = self.key_hash + self.time.to_bytes(TIME_SIZE, "big") + self.signature
        return f"— {witness_name(self.member)} {b64_encode(signed)}\n"


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """A log's tree head, its owner's signature, and those of witnesses (none yet verified).

    signature: longer than 64 bytes where it is of a later type. unknown: lines of signature types
    that we do not know, each with its place behind the owner's line.
    """

    origin: str
    size: int
    root: Digest
    key_hash: bytes
    signature: bytes
    witnesses: tuple[Cosignature, ...] = ()
    unknown: tuple[tuple[int, str], ...] = ()

    @property
    def signed_by_known_type(self) -> bool:
        """Whether the owner's signature is of the type that we know."""
        return len(self.signature) == SIGNATURE_SIZE

    @property
    def newer(self) -> str | None:
        """The name on the first line that is of no type we know; None: there is none."""
        if not self.signed_by_known_type:
            return self.origin
        return self.unknown[0][1].split(" ")[1] if self.unknown else None

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
        lines = [witness.line for witness in self.witnesses]
        for at, line in self.unknown:
            lines.insert(at, line)
        return f"{self.body.decode()}\n— {self.origin} {signed}\n{''.join(lines)}"


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


def cosign(
    checkpoint: Checkpoint,
    *,
    member: str,
    time: int,
    public_key: bytes,
    sign: Callable[[bytes], bytes],
) -> Cosignature:
    """A witness's cosignature, wherever its Ed25519 key is held."""
    if not 0 <= time <= MAX_INSTANT:
        raise Malformed("cosignature", "time outside 1970 … 9999")
    return Cosignature(
        member=member,
        key_hash=witness_key_hash(member, public_key),
        time=time,
        signature=sign(_cosigned(checkpoint.body, time)),
    )


@lru_cache(maxsize=1024)  # all receipts of a batch show the same note; an error is not kept
def parse_checkpoint(text: str) -> Checkpoint:
    """A checkpoint of ours: one origin, no extension lines, the owner's signature first.

    Malformed otherwise, or VersionUnknown where the owner's signature is of a type that we do not
    know. A line of such a type behind it is carried along, and excuses nothing: anybody can append
    one.
    """
    try:
        return _parse(text)
    except Malformed:
        refuse_newer(text)
        raise


def refuse_newer(text: str) -> None:
    """Raise VersionUnknown where the owner signed a note in a way that we do not know: what else is
    malformed may be so by our rules only. Malformed: its lines are none."""
    lines = _lines(_split(text)[1])
    if 0 in _newer(lines):
        name, data = lines[0]
        raise VersionUnknown("signature of the checkpoint", f"{name}, {len(data)} bytes")


def _split(text: str) -> tuple[str, str]:
    """Body and signature lines."""
    body, _, rest = text.partition("\n\n") if len(text) <= MAX_CHECKPOINT else ("", "", "")
    return body, rest


def _parse(text: str) -> Checkpoint:
    body, rest = _split(text)
    lines = _lines(rest)
    newer = _newer(lines)
    match = _BODY.fullmatch(f"{body}\n")
    if match is None or lines[0][0] != match["origin"]:
        raise Malformed("checkpoint", "not origin, size, root, blank line, owner's signature")
    length = len(lines[0][1]) - KEY_HASH_SIZE if 0 in newer else SIGNATURE_SIZE
    key_hash, signature = _parts(lines[0], KEY_HASH_SIZE, length)
    size, root = int(match["size"]), b64_decode(match["root"])
    checkpoint_body(match["origin"], size, root)  # refuses what is no tree
    return Checkpoint(
        origin=match["origin"],
        size=size,
        root=Digest(root),
        key_hash=key_hash,
        signature=signature,
        witnesses=_witnesses([line for at, line in enumerate(lines) if at and at not in newer]),
        unknown=tuple([(at - 1, _spelled(lines[at])) for at in newer if at]),
    )


def verify(checkpoint: Checkpoint, public_key: bytes) -> None:
    """Raise SignatureInvalid unless this Ed25519 key signed the checkpoint."""
    if checkpoint.key_hash != key_hash(checkpoint.origin, public_key):
        raise SignatureInvalid("checkpoint", "signed by another key")
    _verify_body(public_key, checkpoint.body, checkpoint.signature)


def verify_cosignature(checkpoint: Checkpoint, cosignature: Cosignature, public_key: bytes) -> None:
    """Raise SignatureInvalid unless this Ed25519 key made the cosignature.

    Whether it was a WITNESS key of that member at that time is the caller's to check.
    """
    if cosignature.key_hash != witness_key_hash(cosignature.member, public_key):
        raise SignatureInvalid("cosignature", "made by another key")
    message = _cosigned(checkpoint.body, cosignature.time)
    _verify_body(public_key, message, cosignature.signature)


@lru_cache(maxsize=1024)
def _verify_body(public_key: bytes, body: bytes, signature: bytes) -> None:
    verify_message(Alg.ED25519, public_key, body, signature)


@lru_cache(maxsize=1024)
def key_hash(origin: str, public_key: bytes) -> bytes:
    """Of the owner's key: SHA-256(name ‖ newline ‖ type ‖ key)[:4]; tells keys apart, proves
    nothing."""
    return sha256(origin.encode() + b"\n" + ED25519_TYPE + public_key)[:KEY_HASH_SIZE]


def witness_name(member: str) -> str:
    """The key name of a member as a witness."""
    bytes32_ascii(member)
    return _WITNESS_PREFIX + member


def witness_key_hash(member: str, public_key: bytes) -> bytes:
    """The same of a witness's key."""
    name = witness_name(member).encode()
    return sha256(name + b"\n" + COSIGNATURE_TYPE + public_key)[:KEY_HASH_SIZE]


def vkey(origin: str, public_key: bytes) -> str:
    """The C2SP verifier key: `<origin>+<key hash>+<base64 type ‖ key>`."""
    check_public_key(Alg.ED25519, public_key)
    encoded = b64_encode(ED25519_TYPE + public_key)
    return f"{origin_of(log_of(origin))}+{key_hash(origin, public_key).hex()}+{encoded}"


def parse_vkey(text: str) -> tuple[str, bytes]:
    """Origin and Ed25519 key of a verifier key that `vkey` would write."""
    match = _VKEY.fullmatch(text) if len(text) <= MAX_VKEY else None
    if match is None:
        raise Malformed("vkey", "not <origin>+<key hash>+<key>")
    public_key = b64_decode(match["key"])[len(ED25519_TYPE) :]
    if vkey(match["origin"], public_key) != text:
        raise Malformed("vkey", "not an Ed25519 key, or another's key hash")
    return match["origin"], public_key


def _cosigned(body: bytes, time: int) -> bytes:
    """What a witness signs (C2SP tlog-cosignature)."""
    return f"cosignature/v1\ntime {time}\n".encode() + body


def _lines(text: str) -> list[tuple[str, bytes]]:
    """Name and bytes of every signature line; Malformed where one is none."""
    found = []
    for line in text.removesuffix("\n").split("\n"):
        match = _LINE.fullmatch(line)
        if match is None or not text.endswith("\n"):
            raise Malformed("checkpoint", "not signature lines, each ended by a newline")
        found.append((match["name"], b64_decode(match["signature"])))
    return found


def _spelled(line: tuple[str, bytes]) -> str:
    return f"— {line[0]} {b64_encode(line[1])}\n"


def _newer(lines: Sequence[tuple[str, bytes]]) -> list[int]:
    """Places of the lines behind the owner's that are no cosignatures by their name, and of any
    that is longer than its type, as all newer types are."""
    if not re.fullmatch(_ORIGIN, lines[0][0]):
        return []  # not signed by its owner: no checkpoint of ours
    found, longest = [], KEY_HASH_SIZE + SIGNATURE_SIZE
    for at, (name, data) in enumerate(lines):
        ours = at == 0 or _WITNESS.fullmatch(name)
        if len(data) > (longest if ours else KEY_HASH_SIZE):
            found.append(at)
        longest = KEY_HASH_SIZE + TIME_SIZE + SIGNATURE_SIZE
    return found


def _parts(line: tuple[str, bytes], *sizes: int) -> list[bytes]:
    """The parts of what a line holds."""
    data = line[1]
    if len(data) != sum(sizes):
        raise Malformed("checkpoint", "signature too short")
    ends = [sum(sizes[: i + 1]) for i in range(len(sizes))]
    return [data[end - size : end] for end, size in zip(ends, sizes, strict=True)]


def _witnesses(lines: Sequence[tuple[str, bytes]]) -> tuple[Cosignature, ...]:
    found = [_cosignature(line) for line in lines]
    if len(found) > MAX_WITNESSES:
        raise Malformed("checkpoint", f"more than {MAX_WITNESSES} cosignatures")
    if len({(item.member, item.key_hash) for item in found}) != len(found):
        raise Malformed("checkpoint", "cosigned twice with one key")
    return tuple(found)


def _cosignature(line: tuple[str, bytes]) -> Cosignature:
    if not _WITNESS.fullmatch(line[0]):
        raise Malformed("cosignature", "nothing behind its name")
    key_hash, time, signature = _parts(line, KEY_HASH_SIZE, TIME_SIZE, SIGNATURE_SIZE)
    seconds = int.from_bytes(time, "big")
    if seconds > MAX_INSTANT:
        raise Malformed("cosignature", "time beyond 9999")
    return Cosignature(
        member=line[0].removeprefix(_WITNESS_PREFIX),
        key_hash=key_hash,
        time=seconds,
        signature=signature,
    )
