"""Changes of statuses as they come: a stream that is gone on with, whatever happens between.

`Watching` says what to ask for next and makes events of what comes; it does no I/O, and both
clients and `credit-ledger watch` follow it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import orjson

from ledger.client.errors import AnswerMalformed, NoAnswer
from ledger.client.events import (
    INPUT_CHANGED,
    SUBJECT_EVENTS,
    Began,
    InputChanged,
    Reset,
    StatusChanged,
    SubjectEvent,
    WatchEvent,
)
from ledger.client.reading import Members
from ledger.client.terms import Terms
from ledger.client.wire import Answer, Request, demand

MAX_LINE: Final = 64 << 10
"""Bytes of one line of the stream, and of one event; ours have some 400, with a thousand users of a
product 35,000."""
MAX_RECORDS: Final = 50
"""Records that one stream names."""
MAX_PLACE: Final = 64
"""Characters of a place; those of gateways have at most 28."""
SILENCE_SECONDS: Final = 50.0
"""For which nothing may come; a gateway says something every 15."""
_OK = 200


@dataclass(slots=True)
class Event:
    """One event of a stream as it was sent. id: the place behind it, None = it names none."""

    name: str = "message"
    id: str | None = None
    data: list[str] = field(default_factory=list)


class Lines:
    """Pieces of a stream in, events out (WHATWG HTML, server-sent events). One without data is
    given too where it has an id, by which a place is known."""

    def __init__(self) -> None:
        self._rest = b""
        self._event = Event()
        self._size = 0

    def feed(self, part: bytes) -> Iterator[Event]:
        """The events that this piece completes. Raises AnswerMalformed for a line or an event that
        does not end."""
        *whole, self._rest = (self._rest + part).split(b"\n")
        for line in whole:
            self._count(len(line))
            found = self._take(line.removesuffix(b"\r").decode("utf-8", "replace"))
            if found is not None:
                yield found
        if len(self._rest) > MAX_LINE:
            raise AnswerMalformed("watch", "a line without an end")

    def _count(self, size: int) -> None:
        self._size += size
        if self._size > MAX_LINE:
            raise AnswerMalformed("watch", "an event without an end")

    def _take(self, line: str) -> Event | None:
        if not line:
            event, self._event, self._size = self._event, Event(), 0
            return event if event.data or event.id is not None else None
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        match name:
            case "event":
                self._event.name = value
            case "id" if _is_place(value):
                self._event.id = value
            case "data":
                self._event.data.append(value)
        return None


def _is_place(value: str) -> bool:
    """Whether an id may be sent back as it is."""
    return 0 < len(value) <= MAX_PLACE and value.isascii() and value.isprintable()


class Watching:
    """One stream over all its connections. place: behind which event it is; None: it has not
    begun."""

    def __init__(
        self,
        records: Sequence[str],
        since: str | None,
        terms: Terms,
        *,
        patience: float | None = None,
        interrupted: Callable[[NoAnswer], None] | None = None,
    ) -> None:
        """patience: seconds without a word after which it gives up; None: never. interrupted: told
        of each connection that broke or was not to be had."""
        if len(records) > MAX_RECORDS:
            raise ValueError(f"at most {MAX_RECORDS} records")
        self.place = since
        self._records = tuple(records)
        self._terms = terms
        self._patience = patience
        self._interrupted = interrupted
        self._lines = Lines()
        self._failures = 0
        self._heard = terms.clock()

    def request(self) -> Request:
        """What to ask for now: what comes behind the place."""
        self._lines = Lines()
        since = () if self.place is None else (("last-event-id", self.place),)
        return Request(
            method="GET",
            path="/v1/watch",
            params=tuple(("record", one) for one in self._records),
            headers=(("accept", "text/event-stream"), *since),
        )

    def opened(self, answer: Answer) -> None:
        """Note that a connection was answered. Raises Refused, NoAnswer where it is no stream."""
        demand(answer, (_OK,))
        kind = answer.headers.get("content-type", "")
        if not kind.startswith("text/event-stream"):
            raise AnswerMalformed(answer.url, "no stream of events")

    def feed(self, part: bytes) -> Iterator[WatchEvent]:
        """The events of a piece. Those of kinds that are not known here are passed over, but for
        their place."""
        self._failures, self._heard = 0, self._terms.clock()
        for event in self._lines.feed(part):
            self.place = event.id or self.place
            found = self._typed(event)
            if found is not None:
                yield found

    def ended(self) -> float:
        """Seconds until it is asked again after a stream has ended well, as it does now and
        then. One that ended without a word is as one that broke."""
        self._failures += 1
        return self._terms.pause(self._failures, None)

    def failed(self, error: NoAnswer) -> float:
        """The same after one broke, or could not be had. Raises the error where waiting will not
        help, or has been for too long."""
        if isinstance(error, AnswerMalformed):
            raise error
        pause = self.ended()
        if error.retry_after is not None:
            pause = self._terms.pause(self._failures, error.retry_after)
        if self._patience is not None:
            silent = self._terms.clock() - self._heard
            if silent + pause > self._patience:
                raise error
        if self._interrupted is not None:
            self._interrupted(error)
        return pause

    def _typed(self, event: Event) -> WatchEvent | None:
        if event.name == "begin" and event.data:
            return Began(place=self.place)
        if event.name == "reset" and event.data:
            return Reset(place=self.place)
        if not event.data or event.name not in _MADE:
            return None
        try:
            value = orjson.loads("\n".join(event.data))
        except orjson.JSONDecodeError as error:
            raise AnswerMalformed("watch", "a status that is not JSON") from error
        return read_event(event.name, self.place, Members("watch", "status", value))


def read_event(name: str, place: str | None, told: Members) -> WatchEvent | None:
    """An event by its name; None: of a kind that is not known here. Raises AnswerMalformed."""
    make = _MADE.get(name)
    return None if make is None else make(name, place, told)


def _status(_name: str, place: str | None, told: Members) -> WatchEvent:
    return StatusChanged(
        place=place,
        at=told.text("at"),
        record=told.text("record"),
        flags=told.texts("flags"),
        outcome=told.text("outcome"),
        version=told.integer("version"),
        recorded_at=told.text_or_none("recordedAt"),
        effective_at=told.text_or_none("effectiveAt"),
        closed=told.flag("closed"),
        raw=told.raw,
    )


def _of_subject(name: str, place: str | None, told: Members) -> WatchEvent:
    return SubjectEvent(
        place=place, name=name, at=told.text("at"), subject=told.text("subject"), raw=told.raw
    )


def _input_changed(_name: str, place: str | None, told: Members) -> WatchEvent:
    return InputChanged(
        place=place,
        notice=told.text("notice"),
        at=told.text("at"),
        member=told.text("member"),
        product=told.text("product"),
        version=told.integer("version"),
        record=told.text("record"),
        causes=told.texts("causes"),
        users=told.texts("users") if "users" in told.raw else None,
        raw=told.raw,
    )


_MADE: Final[Mapping[str, Callable[[str, str | None, Members], WatchEvent]]] = {
    "status": _status,
    INPUT_CHANGED: _input_changed,
    **dict.fromkeys(SUBJECT_EVENTS, _of_subject),
}
"""What makes a value of an event, by its name."""
