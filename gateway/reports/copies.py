"""The copy of a report that a browser unseals: its key stands in the QR alone.

    copy = nonce (12 bytes) ‖ AES-256-GCM of the view as JSON, aad = the number of the report

A fragment of an address is sent to nobody, so the key reaches no server, ours included: it is made
here, printed, and forgotten.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Final

import orjson
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ledger.core.canonical import b64u_encode

KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12


def seal(view: Mapping[str, Any], number: str) -> tuple[bytes, str]:
    """A copy, and its key in base64url as it stands in the fragment."""
    key, nonce = os.urandom(KEY_BYTES), os.urandom(_NONCE_BYTES)
    sealed = AESGCM(key).encrypt(nonce, orjson.dumps(dict(view)), number.encode())
    return nonce + sealed, b64u_encode(key)


def link(endpoint: str, number: str, key: str) -> str:
    """What the QR says."""
    return f"{endpoint.rstrip('/')}/r/{number}#{key}"
