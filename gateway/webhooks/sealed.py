"""What stands sealed of an endpoint: its URL, the secrets that its messages are signed with, and
letters that are no public matter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple

import sqlalchemy as sa

from gateway.base.crypto import Box, Vault
from gateway.sealing.services import Boxes, Kind
from gateway.watching.interfaces import Kind as Told
from gateway.webhooks.signing import Message

URL: Final = b"url"
SECRET: Final = b"secret"
FORMER: Final = b"former"
LETTER: Final = b"letter"
APART: Final = frozenset({Told.INPUT_CHANGED.value})
"""Types of messages whose bodies are laid aside sealed: one tells what went into a product."""


class Keys(NamedTuple):
    """url: where to. secrets: in force, the newest first."""

    url: str
    secrets: Sequence[str]


class SealedParts:
    """Seals and opens them."""

    def __init__(self, vault: Vault) -> None:
        self._boxes = Boxes(vault)

    def seal(self, connection: sa.Connection, endpoint: str, keys: Keys) -> dict[str, Any]:
        """The columns of a new endpoint, whose key is kept within the caller's transaction."""
        box = self._boxes.make(connection, Kind.WEBHOOK, endpoint)
        (secret,) = keys.secrets
        return {
            "url": box.seal(keys.url.encode(), URL),
            "secret": box.seal(secret.encode(), SECRET),
        }

    def open(self, connection: sa.Connection, row: sa.Row[Any], now: int) -> Keys:
        """Of an endpoint, at this Unix second. Raises ContentLost, ContentKeyMissing."""
        box = self._box(connection, row)
        found = [box.open(row.secret, SECRET).decode()]
        if row.former is not None and row.former_until > now:
            found.append(box.open(row.former, FORMER).decode())
        return Keys(box.open(row.url, URL).decode(), found)

    def rotate(
        self, connection: sa.Connection, row: sa.Row[Any], secret: str, until: int | None
    ) -> dict[str, Any]:
        """The columns with a new secret. until: Unix second at which the one before it ends; None:
        at once. Raises ContentLost, ContentKeyMissing."""
        box = self._box(connection, row)
        former = None if until is None else box.seal(box.open(row.secret, SECRET), FORMER)
        sealed = box.seal(secret.encode(), SECRET)
        return {"secret": sealed, "former": former, "former_until": until}

    def laid_aside(self, connection: sa.Connection, row: sa.Row[Any], message: Message) -> Message:
        """A message as its letter keeps it. Raises ContentLost, ContentKeyMissing."""
        if message.type not in APART:
            return message
        sealed = self._box(connection, row).seal(message.body, LETTER + message.id.encode())
        return replace(message, body=sealed)

    def taken_up(self, connection: sa.Connection, row: sa.Row[Any], message: Message) -> Message:
        """A message as it is sent again. Raises ContentLost, ContentKeyMissing."""
        if message.type not in APART:
            return message
        body = self._box(connection, row).open(message.body, LETTER + message.id.encode())
        return replace(message, body=body)

    def _box(self, connection: sa.Connection, row: sa.Row[Any]) -> Box:
        return self._boxes.open(connection, Kind.WEBHOOK, row.id)
