"""Messages as Standard Webhooks has them: what is sent, and the headers that vouch for it.

webhook-id         the same at every try of an event, by which receivers drop repeats
webhook-timestamp  Unix seconds of this try
webhook-signature  "v1,…" for each secret in force, the newest first, a blank between
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import orjson
from standardwebhooks.webhooks import Webhook

from gateway.statuses.changes import Change, Place
from gateway.watching.interfaces import Event
from ledger.core.canonical import instant

PREFIX: Final = "whsec_"
SECRET_BYTES: Final = 32
"""Of the 24 to 64 that the standard asks for."""
RESET: Final = "watch.reset"
"""Type of what says that events may be missing before it."""
TEST: Final = "webhook.test"


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


def message_of(event: Event) -> Message:
    """The same bytes whenever it is made."""
    kind = "record.changed" if isinstance(event, Change) else event.kind.value
    told = event.as_dict()
    return _message(_id(event.place), kind, told.pop("at"), told, event.place.number)


def reset(place: Place, now: int) -> Message:
    """What is sent where events behind a place are not kept any more."""
    return _message(f"{_id(place)}_reset", RESET, instant(now), {}, place.number)


def test(now: int) -> Message:
    """What shows that deliveries come there."""
    return _message(f"test_{secrets.token_hex(8)}", TEST, instant(now), {})


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


def _message(id_: str, kind: str, at: str, data: dict[str, Any], number: int = 0) -> Message:
    body = orjson.dumps({"type": kind, "timestamp": at, "data": data})
    return Message(id=id_, type=kind, body=body, number=number)


def _id(place: Place) -> str:
    """Without a dot, which the standard has between the parts that are signed."""
    return f"evt_{place.number}_{place.mark}"
