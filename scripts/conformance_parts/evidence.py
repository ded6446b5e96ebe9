"""Evidence, piece by piece, right or wrong: nothing here refuses what is no evidence."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from ledger.core import canonical, merkle
from ledger.core.canonical import b64_encode, b64u_encode
from ledger.core.commitment import expand
from scripts.conformance_parts.keys import Key

Value = str | list[str]


def unb64u(text: str) -> bytes:
    """The bytes of base64url without padding."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def digest(data: bytes) -> str:
    """SHA-256 as `_sd` has it."""
    return b64u_encode(hashlib.sha256(data).digest())


def jcs(value: Any) -> bytes:
    """Canonical JSON, null allowed."""
    return canonical.encode(value, allow_null=True)


def jws(header: Mapping[str, Any] | bytes, payload: bytes, key: Key) -> str:
    """A compact JWS over these bytes. header: an object, or the bytes that stand for one."""
    head = header if isinstance(header, bytes) else jcs(dict(header))
    signed = f"{b64u_encode(head)}.{b64u_encode(payload)}"
    return f"{signed}.{b64u_encode(key.sign(signed.encode()))}"


def disclosure(salt: bytes, field: str, value: Value) -> str:
    """A field as it is shown."""
    return b64u_encode(jcs([b64u_encode(salt), field, value]))


def disclosures(
    slots: Sequence[str], fields: Mapping[str, Value], secret: bytes
) -> tuple[list[str], dict[str, str]]:
    """`_sd` in slot order, and the disclosure of each filled slot."""
    salts, decoys = expand(secret, len(slots))
    shown = {
        slot: disclosure(salts[place], slot, fields[slot])
        for place, slot in enumerate(slots)
        if slot in fields
    }
    digests = [
        digest(shown[slot].encode()) if slot in shown else b64u_encode(decoys[place])
        for place, slot in enumerate(slots)
    ]
    return digests, shown


def presentation(
    payload: bytes,
    shown: Sequence[str],
    key: Key,
    iat: int,
    header: Mapping[str, Any] | None = None,
) -> str:
    """A presentation. header: members in place of its own, None: left out."""
    said = {"alg": key.jws_alg, "iat": iat, "kid": key.id, "typ": "dc+sd-jwt", **(header or {})}
    said = {name: value for name, value in said.items() if value is not None}
    return "~".join([jws(said, payload, key), *shown, ""])


def binding(shown: str, key: Key, claims: Mapping[str, Any], **header: Any) -> str:
    """A binding of a presentation. claims: in place of, or beside, its own."""
    said = {"authorisation": None, "sd_hash": digest(shown.encode("ascii")), **claims}
    head = {"alg": key.jws_alg, "kid": key.id, "typ": "kb+jwt", **header}
    return jws(head, jcs(said), key)


def body(log: str, size: int, root: bytes) -> str:
    """The three lines of a checkpoint."""
    return f"credit-ledger/{log}\n{size}\n{b64_encode(root)}\n"


def signature_line(name: str, blob: bytes) -> str:
    """A line of a signed note."""
    return f"— {name} {b64_encode(blob)}\n"


def key_hash(name: str, kind: bytes, public: bytes) -> bytes:
    """The four bytes that name a key."""
    return hashlib.sha256(name.encode() + b"\n" + kind + public).digest()[:4]


def owner_line(text: str, key: Key, name: str | None = None) -> str:
    """The owner's line under a checkpoint body."""
    called = name or text.partition("\n")[0]
    blob = key_hash(called, b"\x01", key.public) + key.sign(text.encode())
    return signature_line(called, blob)


def checkpoint(text: str, key: Key, *lines: str) -> str:
    """A signed checkpoint. lines: behind the owner's."""
    return f"{text}\n{owner_line(text, key)}{''.join(lines)}"


def witness_line(text: str, key: Key, member: str, time: int) -> str:
    """A cosignature of a checkpoint body."""
    name = f"credit-ledger/witness/{member}"
    signed = f"cosignature/v1\ntime {time}\n".encode() + text.encode()
    blob = key_hash(name, b"\x04", key.public) + time.to_bytes(8, "big") + key.sign(signed)
    return signature_line(name, blob)


class Log:
    """A log that grows. id, owner: of it."""

    def __init__(self, id_: str, owner: str, key: Key) -> None:
        self.id = id_
        self.owner = owner
        self.key = key
        self.entries: list[bytes] = []

    def add(self, entry: bytes) -> int:
        """Append an entry; its index."""
        self.entries.append(entry)
        return len(self.entries) - 1

    def root(self, size: int) -> bytes:
        """Of the tree at a size."""
        return merkle.root(self._leaves(size))

    def path(self, index: int, size: int) -> list[str]:
        """From a leaf to that root."""
        return [step.hex() for step in merkle.inclusion_path(self._leaves(size), index)]

    def body(self, size: int) -> str:
        """The checkpoint of a size, not signed."""
        return body(self.id, size, self.root(size))

    def checkpoint(self, size: int, *lines: str) -> str:
        """The same, signed."""
        return checkpoint(self.body(size), self.key, *lines)

    def _leaves(self, size: int) -> list[Any]:
        return [merkle.leaf_hash(entry) for entry in self.entries[:size]]
