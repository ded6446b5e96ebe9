"""The copy of a report that a browser unseals: its key stands in the QR alone.

    copy   = nonce (12 bytes) ‖ AES-256-GCM of the view as JSON, aad = the number of the report
    proof  = base64url of HKDF-SHA-256 of the key, no salt, info "credit-ledger/report-copy@1"

A fragment of an address is sent to nobody, so the key reaches no server, ours included: it is made
here, printed, and forgotten. The copy is given to whoever has the proof, from which nobody comes
back to the key. Blanks behind the JSON fill it up to 64 KiB or a power of two above, so that its
length does not tell how much stands in it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ledger.core.canonical import b64u_encode

KEY_BYTES: Final = 32
LEAST: Final = 64 << 10
"""Bytes of the smallest copy, in clear: some hundred lines."""
_NONCE_BYTES: Final = 12
_PROOF: Final = b"credit-ledger/report-copy@1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A copy that was sealed. key: in base64url, as it stands in the fragment. proof: of the
    key."""

    sealed: bytes
    key: str
    proof: str


def seal(view: Mapping[str, Any], number: str) -> Copy:
    """A copy under a key of its own."""
    key, nonce = os.urandom(KEY_BYTES), os.urandom(_NONCE_BYTES)
    sealed = AESGCM(key).encrypt(nonce, _filled(orjson.dumps(dict(view))), number.encode())
    return Copy(sealed=nonce + sealed, key=b64u_encode(key), proof=proof_of(key))


def proof_of(key: bytes) -> str:
    """By what one shows that one has a key."""
    return b64u_encode(HKDF(SHA256(), KEY_BYTES, salt=None, info=_PROOF).derive(key))


def link(endpoint: str, number: str, key: str) -> str:
    """What the QR says."""
    return f"{endpoint.rstrip('/')}/r/{number}#{key}"


def _filled(data: bytes) -> bytes:
    return data.ljust(max(LEAST, 1 << (len(data) - 1).bit_length()))
