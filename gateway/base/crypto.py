"""Content at rest, and the keyed fingerprints by which a record is found again.

Sealing: AES-256-GCM under a fresh key for each record, file or report; that key is wrapped with
AES-SIV (RFC 5297, made for key wrapping: no nonce to run out of) under the member's newest content
key, which lies outside the database. Whoever destroys the wrapped key destroys the content for
good. Both layers are bound to `aad` (of a record its leaf), so neither can be moved elsewhere.

There may be several content keys: the newest wraps, all open. A wrapped key names the one it is
wrapped under, by an id that tells nothing of it; where that one is not at hand, it is said so
(`ContentKeyMissing`) and never taken for erasure.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESSIV
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from gateway.base.errors import NotReady
from ledger.core.errors import LedgerError

KEY_BYTES = 32
KEY_ID_BYTES = 8
"""A member has a handful of content keys; the id tells them apart and is repeated in each row."""
WRAPPED_BYTES = 48
"""The key of the content (32) and the SIV (16)."""
FINGERPRINT_BYTES = 16
"""HMAC-SHA256 cut to 128 bits: at 10^9 records a chance collision has odds of 10^-21."""

AUTHORITY, SUBJECT_CODE, SUBJECT_NAME = b"authority", b"subject-code", b"subject-name"
"""Purposes of fingerprints that more than one domain makes."""

_NONCE = bytes(12)
"""Constant, because every record key encrypts exactly one message."""
_NONCE_BYTES = 12
"""Of a `Box`, drawn at random: NIST SP 800-38D allows 2^32 messages under one key, a file has some
thousands."""


class ContentLost(LedgerError):
    """Content that no longer opens: its key was lost, or either was altered in the database."""


class ContentArchived(ContentLost):
    """Content that stands here no more: it was taken into the archive with its month. Its key is
    still there, and with it opens what comes back from the archive."""

    def __init__(self) -> None:
        super().__init__("content-archived")


class ContentKeyTrouble(NotReady):
    """The content keys at hand are not those that are needed. key_id: hex, of the one meant."""

    reason: str
    retry_seconds = 5

    def __init__(self, key_id: bytes) -> None:
        self.key_id = key_id.hex()
        more = {"zh": self.key_id, "en": self.key_id}
        super().__init__(self.reason, retry_after=self.retry_seconds, more=more)

    def __str__(self) -> str:
        return f"{self.code}: {self.key_id}"


class ContentKeyMissing(ContentKeyTrouble):
    """A content key that is needed is not at hand."""

    reason, retry_seconds = "content-key-missing", 60


class ContentKeyRetired(ContentKeyTrouble):
    """The newest content key at hand wraps nothing any more, and no other is known that does."""

    reason, retry_seconds = "content-key-retired", 60


@dataclass(frozen=True, kw_only=True)
class ContentKey:
    """A member's content key. version: 1, 2 …; the highest wraps. secret: 32 bytes."""

    version: int
    secret: bytes = field(repr=False)

    @cached_property
    def id(self) -> bytes:
        """8 bytes derived from the secret, from which nothing of it follows."""
        return self._derived(b"credit-ledger/content-key-id/1", KEY_ID_BYTES)

    def wrapper(self) -> AESSIV:
        """Wraps and unwraps with it."""
        return AESSIV(self._derived(b"credit-ledger/content-wrap/1", 64))

    def _derived(self, info: bytes, size: int) -> bytes:
        _demand_key(self.secret)
        return HKDFExpand(hashes.SHA256(), size, info).derive(self.secret)


class Wrapped(NamedTuple):
    """The key of some content. by: id of the content key that wraps it. key: 48 bytes."""

    by: bytes
    key: bytes


class Sealed(NamedTuple):
    """wrapped: its key. content: ciphertext and tag."""

    wrapped: Wrapped
    content: bytes


class Box:
    """Seals and opens the pieces of one file, answer or report under the one key they have."""

    def __init__(self, key: bytes) -> None:
        self._key = AESGCM(key)

    def seal(self, plaintext: bytes, aad: bytes) -> bytes:
        """A piece, bound to its place."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._key.encrypt(nonce, plaintext, aad)

    def open(self, content: bytes, aad: bytes) -> bytes:
        """The plaintext. Raises ContentLost."""
        try:
            return self._key.decrypt(content[:_NONCE_BYTES], content[_NONCE_BYTES:], aad)
        except (InvalidTag, ValueError) as error:
            raise ContentLost("content does not open") from error


class _Held(NamedTuple):
    """newest: the key that wraps. versions, wrappers: of all keys, by id."""

    newest: ContentKey
    versions: dict[bytes, int]
    wrappers: dict[bytes, AESSIV]


class Vault:
    """Seals and opens content with the member's content keys; safe in threads, also where `use`
    gives it others."""

    def __init__(self, keys: Iterable[ContentKey]) -> None:
        self.use(keys)

    def use(self, keys: Iterable[ContentKey]) -> None:
        """Open with all of these from now on, and wrap with the newest; at least one."""
        some = sorted(keys, key=lambda key: key.version)
        self._held = _Held(
            some[-1],
            {key.id: key.version for key in some},
            {key.id: key.wrapper() for key in some},
        )

    @property
    def newest(self) -> ContentKey:
        """The key that wraps."""
        return self._held.newest

    @property
    def ids(self) -> frozenset[bytes]:
        """Of all keys at hand."""
        return frozenset(self._held.wrappers)

    def version(self, key_id: bytes) -> int:
        """That of a key at hand. Raises ContentKeyMissing."""
        try:
            return self._held.versions[key_id]
        except KeyError as error:
            raise ContentKeyMissing(key_id) from error

    def seal(self, plaintext: bytes, aad: bytes) -> Sealed:
        """One record; see `seal_many`."""
        return self.seal_many([plaintext], [aad])[0]

    def seal_many(self, plaintexts: Sequence[bytes], aads: Sequence[bytes]) -> list[Sealed]:
        """Seal each plaintext under its own fresh key, bound to the aad in the same place."""
        by, wrapper = self._wrapping()
        keys = os.urandom(KEY_BYTES * len(plaintexts))
        sealed = []
        for at, (plaintext, aad) in enumerate(zip(plaintexts, aads, strict=True)):
            key = keys[at * KEY_BYTES : (at + 1) * KEY_BYTES]
            content = AESGCM(key).encrypt(_NONCE, plaintext, aad)
            sealed.append(Sealed(Wrapped(by, wrapper.encrypt(key, [aad])), content))
        return sealed

    def open(self, sealed: Sealed, aad: bytes) -> bytes:
        """The plaintext. Raises ContentLost where anything was altered, ContentKeyMissing."""
        key = self._unwrap(sealed.wrapped, aad)
        try:
            return AESGCM(key).decrypt(_NONCE, sealed.content, aad)
        except (InvalidTag, ValueError) as error:
            raise ContentLost("content does not open") from error

    def new_box(self, aad: bytes) -> tuple[Wrapped, Box]:
        """A fresh key for the pieces of something, wrapped."""
        by, wrapper = self._wrapping()
        key = os.urandom(KEY_BYTES)
        return Wrapped(by, wrapper.encrypt(key, [aad])), Box(key)

    def open_box(self, wrapped: Wrapped, aad: bytes) -> Box:
        """What `new_box` made. Raises ContentLost, ContentKeyMissing."""
        return Box(self._unwrap(wrapped, aad))

    def rewrap(self, wrapped: Wrapped, aad: bytes) -> Wrapped:
        """The same key under the newest content key. Raises ContentLost, ContentKeyMissing."""
        by, wrapper = self._wrapping()
        return Wrapped(by, wrapper.encrypt(self._unwrap(wrapped, aad), [aad]))

    def _wrapping(self) -> tuple[bytes, AESSIV]:
        held = self._held
        return held.newest.id, held.wrappers[held.newest.id]

    def _unwrap(self, wrapped: Wrapped, aad: bytes) -> bytes:
        if not wrapped.key:
            raise ContentLost("the key of this content was in no backup")
        wrapper = self._held.wrappers.get(wrapped.by)
        if wrapper is None:
            raise ContentKeyMissing(wrapped.by)
        try:
            return wrapper.decrypt(wrapped.key, [aad])
        except (InvalidTag, ValueError) as error:
            raise ContentLost("the key of this content does not open") from error


class Hmac:
    """Fingerprints under the member's index key (32 bytes), so that a stolen database cannot be
    searched by trying out codes and document numbers."""

    def __init__(self, index_key: bytes) -> None:
        _demand_key(index_key)
        self._keyed = HMAC(index_key, hashes.SHA256())

    def fingerprint(self, purpose: bytes, data: bytes) -> bytes:
        """16 bytes. purpose: keeps record_key, document_key and content_mac apart; no NUL."""
        mac = self._keyed.copy()
        mac.update(purpose + b"\0" + data)
        return mac.finalize()[:FINGERPRINT_BYTES]

    def authority(self, key: bytes) -> bytes:
        """The mark of an authority, by which a token is known to be its own. key:
        `ledger.records.keys`."""
        return self.fingerprint(AUTHORITY, key)


def _demand_key(key: bytes) -> None:
    if len(key) != KEY_BYTES:
        raise ValueError(f"a key of {KEY_BYTES} bytes is needed, not {len(key)}")
