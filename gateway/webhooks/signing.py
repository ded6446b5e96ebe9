"""Events of what is watched, as messages of Standard Webhooks (`ledger.hooks.messages`)."""

from __future__ import annotations

import secrets
from typing import Any, Final

import orjson

from gateway.statuses.changes import Change, Place
from gateway.watching.interfaces import Event
from ledger.core.canonical import instant
from ledger.hooks.messages import Message, headers, new_secret

__all__ = ["RESET", "TEST", "Message", "headers", "message_of", "new_secret", "reset", "test"]

RESET: Final = "watch.reset"
"""Type of what says that events may be missing before it."""
TEST: Final = "webhook.test"


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


def _message(id_: str, kind: str, at: str, data: dict[str, Any], number: int = 0) -> Message:
    body = orjson.dumps({"type": kind, "timestamp": at, "data": data})
    return Message(id=id_, type=kind, body=body, number=number)


def _id(place: Place) -> str:
    """Without a dot, which the standard has between the parts that are signed."""
    return f"evt_{place.number}_{place.mark}"
