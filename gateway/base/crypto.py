"""Record content at rest, and the keyed fingerprints by which a record is found again.

Sealing: AES-256-GCM under a fresh key per record; that key is wrapped with AES-SIV (RFC 5297,
made for key wrapping: no nonce to run out of) under the member's content key, which lies outside
the database. Overwriting the wrapped key erases the content for good. Both layers are bound to
`aad` (the leaf), so a row's content cannot be moved to another row.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESSIV
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from ledger.core.errors import LedgerError

KEY_BYTES = 32
WRAPPED_BYTES = 48
"""The record key (32) and the SIV (16)."""
FINGERPRINT_BYTES = 16
"""HMAC-SHA256 cut to 128 bits: at 10^9 records a chance collision has odds of 10^-21."""

_NONCE = bytes(12)
"""Constant, because every record key encrypts exactly one message."""


class ContentLost(LedgerError):
    """Content that no longer opens: erased, of another key, or altered in the database."""


class Sealed(NamedTuple):
    """wrapped_key: 48 bytes. content: ciphertext and tag."""

    wrapped_key: bytes
    content: bytes


class Vault:
    """Seals and opens record content with the member's content key (32 bytes)."""

    def __init__(self, content_key: bytes) -> None:
        _demand_key(content_key)
        info = b"credit-ledger/content-wrap/1"
        self._wrap = AESSIV(HKDFExpand(hashes.SHA256(), 64, info).derive(content_key))

    def seal(self, plaintext: bytes, aad: bytes) -> Sealed:
        """One record; see `seal_many`."""
        return self.seal_many([plaintext], [aad])[0]

    def seal_many(self, plaintexts: Sequence[bytes], aads: Sequence[bytes]) -> list[Sealed]:
        """Seal each plaintext under its own fresh key, bound to the aad in the same place."""
        keys = os.urandom(KEY_BYTES * len(plaintexts))
        sealed = []
        for at, (plaintext, aad) in enumerate(zip(plaintexts, aads, strict=True)):
            key = keys[at * KEY_BYTES : (at + 1) * KEY_BYTES]
            content = AESGCM(key).encrypt(_NONCE, plaintext, aad)
            sealed.append(Sealed(self._wrap.encrypt(key, [aad]), content))
        return sealed

    def open(self, sealed: Sealed, aad: bytes) -> bytes:
        """The plaintext; ContentLost where the key was destroyed or anything was altered."""
        try:
            key = self._wrap.decrypt(sealed.wrapped_key, [aad])
            return AESGCM(key).decrypt(_NONCE, sealed.content, aad)
        except (InvalidTag, ValueError) as error:
            raise ContentLost("record content does not open") from error


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
        return self.fingerprint(b"authority", key)


def _demand_key(key: bytes) -> None:
    if len(key) != KEY_BYTES:
        raise ValueError(f"a key of {KEY_BYTES} bytes is needed, not {len(key)}")
