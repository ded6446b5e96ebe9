"""Read checkpoints (section 9)."""

import re
from dataclasses import dataclass

from tests.second.codec import MAX_INSTANT, MAX_INTEGER, Malformed, base64_strict
from tests.second.curves import ED25519, made, sha256
from tests.second.merkle import EMPTY

# Unicode white space, which a name never holds (section 19).
_SPACE = r"\x00-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_LINE = re.compile(rf"— ([^+{_SPACE}]{{1,256}}) ([A-Za-z0-9+/]+={{0,2}})")
_TREE = re.compile(
    r"(credit-ledger/([0-9a-f]{64}))\n(0|[1-9][0-9]{0,15})\n([A-Za-z0-9+/]+={0,2})\n"
)
_ORIGIN = re.compile(r"credit-ledger/[0-9a-f]{64}")
_WITNESS = re.compile(r"credit-ledger/witness/([0-9A-Za-z][0-9A-Za-z._-]{0,31})")
_VKEY = re.compile(r"(credit-ledger/[0-9a-f]{64})\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})")
_OWNER_BYTES, _WITNESS_BYTES = 68, 76


@dataclass(frozen=True)
class Cosignature:
    """Hold one line of a witness."""

    name: str
    member: str
    key_hash: bytes
    time: int
    signature: bytes


@dataclass(frozen=True)
class Checkpoint:
    """Hold a checkpoint; `owner` is nothing where the owner's line is of an unknown type."""

    log: str
    size: int
    root: bytes
    tree: bytes
    owner: bytes | None
    cosignatures: tuple[Cosignature, ...]
    unknown: bool

    def signed_by(self, public_key: bytes) -> bool:
        """Tell whether a key made the owner's line."""
        if self.owner is None or self.owner[:4] != self.hash_of(public_key):
            return False
        return made(ED25519, public_key, self.tree, self.owner[4:])

    def hash_of(self, public_key: bytes) -> bytes:
        """Give the keyHash that the owner's line has where it is by this key."""
        return key_hash(f"credit-ledger/{self.log}", 1, public_key)

    def cosigned_by(self, line: Cosignature, public_key: bytes) -> bool:
        """Tell whether a key made a witness's line."""
        if line.key_hash != key_hash(line.name, 4, public_key):
            return False
        message = f"cosignature/v1\ntime {line.time}\n".encode() + self.tree
        return made(ED25519, public_key, message, line.signature)


def key_hash(name: str, sort: int, public_key: bytes) -> bytes:
    """Give the four bytes that name a key on a signature line."""
    return sha256(name.encode() + b"\n" + bytes([sort]) + public_key)[:4]


def _lines(rest: str) -> list[tuple[str, bytes]]:
    if not rest.endswith("\n"):
        raise Malformed("a signature line without its newline")
    found = []
    for line in rest[:-1].split("\n"):
        match = _LINE.fullmatch(line)
        if not match:
            raise Malformed("no signature line")
        found.append((match.group(1), base64_strict(match.group(2))))
    return found


def _unknown(name: str, raw: bytes, first: bool) -> bool:
    """Tell whether a line is of a type that is not known (section 13, rule 5)."""
    if first:
        return len(raw) > _OWNER_BYTES
    return len(raw) > (_WITNESS_BYTES if _WITNESS.fullmatch(name) else 4)


def newer(text: str) -> bool:
    """Tell whether the owner's line is of an unknown type; no other line excuses what is wrong."""
    parts = text.split("\n\n", 1)
    try:
        lines = _lines(parts[1]) if len(parts) == 2 else []
    except Malformed:
        return False
    if not lines or not _ORIGIN.fullmatch(lines[0][0]):
        return False
    return _unknown(*lines[0], True)


def _cosignature(name: str, raw: bytes) -> Cosignature:
    match = _WITNESS.fullmatch(name)
    if not match or len(raw) != _WITNESS_BYTES:
        raise Malformed("a line that is too short")
    time = int.from_bytes(raw[4:12], "big")
    if time > MAX_INSTANT:
        raise Malformed("cosigned beyond 9999")
    return Cosignature(name, match.group(1), raw[:4], time, raw[12:])


def read(text: str) -> Checkpoint:
    """Read a checkpoint, carrying along lines that are not known."""
    if len(text) > 131_072:
        raise Malformed("checkpoint too long")
    tree, _, rest = text.partition("\n\n")
    match = _TREE.fullmatch(tree + "\n")
    if not match:
        raise Malformed("not the three lines of a checkpoint")
    size, root = int(match.group(3)), base64_strict(match.group(4))
    if size > MAX_INTEGER or len(root) != 32 or (root == EMPTY) != (size == 0):
        raise Malformed("size or root of no log")
    (name, owner), *others = _lines(rest)
    if name != match.group(1) or len(owner) < _OWNER_BYTES:
        raise Malformed("the first line is not the owner's")
    known = [line for line in others if not _unknown(*line, False)]
    cosignatures = tuple(_cosignature(*line) for line in known)
    keys = {(line.name, line.key_hash) for line in cosignatures}
    if len(cosignatures) > 16 or len(keys) != len(cosignatures):
        raise Malformed("too many cosignatures, or two of one key")
    strange = len(owner) > _OWNER_BYTES
    return Checkpoint(
        log=match.group(2),
        size=size,
        root=root,
        tree=(tree + "\n").encode(),
        owner=None if strange else owner,
        cosignatures=cosignatures,
        unknown=strange or len(known) < len(others),
    )


def verifier_key(text: str) -> tuple[str, bytes]:
    """Give origin and public key of a verifier key whose hash is right."""
    match = _VKEY.fullmatch(text) if len(text) <= 512 else None
    raw = base64_strict(match.group(3)) if match else b""
    if not match or len(raw) != 33 or raw[0] != 1:
        raise Malformed("no verifier key")
    if key_hash(match.group(1), 1, raw[1:]).hex() != match.group(2):
        raise Malformed("the hash is another key's")
    return match.group(1), raw[1:]
