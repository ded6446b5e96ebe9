"""Messages of Standard Webhooks, and the headers that vouch for them.

webhook-id         the same at every try of an event, by which receivers drop repeats
webhook-timestamp  Unix seconds of this try
webhook-signature  "v1,…" for each secret in force, the newest first, a blank between
"""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from standardwebhooks.webhooks import Webhook

PREFIX: Final = "whsec_"
SECRET_BYTES: Final = 32
"""Of the 24 to 64 that the standard asks for."""
_LEAST, _MOST = 24, 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What is sent of an event. number: of the event; 0: of none."""

    id: str
    type: str
    body: bytes
    number: int = 0


def new_secret() -> str:
    """A secret that only the receiver gets to see."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def is_secret(text: str) -> bool:
    """Whether a text is a secret as the standard has it: prefix, and base64 of 24 to 64 bytes."""
    try:
        data = base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        return False
    return text.startswith(PREFIX) and _LEAST <= len(data) <= _MOST


def headers(message: Message, at: int, keys: Sequence[str]) -> list[tuple[str, str]]:
    """Those of one try. at: its Unix seconds. keys: the secrets in force, the newest first."""
    when, text = datetime.fromtimestamp(at, UTC), message.body.decode()
    signed = [Webhook(key).sign(message.id, when, text) for key in keys]
    return [
        ("content-type", "application/json"),
        ("webhook-id", message.id),
        ("webhook-timestamp", str(at)),
        ("webhook-signature", " ".join(signed)),
    ]
