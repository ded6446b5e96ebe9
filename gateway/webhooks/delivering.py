"""Delivering to one endpoint: events in their order, each until it came there or was given up.

The offset is stored after a delivery, so whatever happens in between only repeats one. An event
that is given up becomes a dead letter and holds up none behind it. What is sent is made of the
tables of events each time; nothing waits in memory.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

import structlog

from gateway.base.context import Context
from gateway.base.crash import crash_point
from gateway.base.crypto import ContentLost
from gateway.base.db import begin_read, begin_write
from gateway.base.policy import Caller, Purpose
from gateway.statuses.changes import Place
from gateway.tokens.services import Holders
from gateway.watching import feed, singles, subjects
from gateway.watching.feed import Selection
from gateway.watching.notices import ProductNotices
from gateway.webhooks import store
from gateway.webhooks.errors import NotDelivered
from gateway.webhooks.metrics import DELIVERIES
from gateway.webhooks.schedule import PATIENCE, Schedule, is_over
from gateway.webhooks.sealed import Keys, SealedParts
from gateway.webhooks.sending import Outward
from gateway.webhooks.signing import Message, message_of, reset
from gateway.webhooks.store import Letter, Row

PAGE: Final = 64
"""Events in memory for one endpoint."""
LETTERS_A_TURN: Final = 16
TURN_SECONDS: Final = 10.0
"""For which one endpoint is delivered to without a pause; then others have their turn."""
SKIPPED: Final = 4096
"""Endpoints of which that is remembered; beyond it the memory is dropped whole, and they are looked
at from where they are stored."""
SKIP_SECONDS: Final = 60
"""Between two notes of how far an endpoint is that nothing concerned meanwhile."""

_log = structlog.get_logger(__name__)


class _Skipped(NamedTuple):
    """How far an endpoint is that nothing concerned, and when that was last stored."""

    place: Place
    stored: float


@dataclass(slots=True)
class _Turn:
    """One endpoint under way. products: its holder by a token that may read products; None: there
    is none. keys: where to, and signed with what."""

    row: Row
    holder: Caller
    products: Caller | None
    keys: Keys
    place: Place


class Delivering:
    """Delivers. Safe in threads, as long as each endpoint is in one of them."""

    def __init__(
        self,
        ctx: Context,
        *,
        parts: SealedParts,
        holders: Holders,
        outward: Outward,
        schedule: Schedule,
        notices: ProductNotices,
    ) -> None:
        self._ctx = ctx
        self._parts = parts
        self._holders = holders
        self._outward = outward
        self._schedule = schedule
        self._notices = notices
        self._skipped: dict[str, _Skipped] = {}

    def due(self, leave_out: Collection[str]) -> Sequence[Row]:
        """Endpoints that something may be due for, but for these."""
        with begin_read(self._ctx.engine) as connection:
            newest = feed.newest(connection).number
            rows = store.due(connection, newest, leave_out)
            return [
                row for row in rows if self._behind(row).number < newest or _again(connection, row)
            ]

    def turn(self, endpoint: str, stop: threading.Event) -> None:
        """Deliver what is due for one endpoint, until it fails or others are to have their turn."""
        turn = self._begin(endpoint)
        if turn is None:
            return
        end = time.monotonic() + TURN_SECONDS
        while not stop.is_set() and time.monotonic() < end:
            page = self._page(turn)
            for message, at, place in page:
                if stop.is_set() or not self._deliver(turn, message, at, place):
                    return
            if not page:
                break
        self._letters(turn, stop, end)

    # ---- what is next

    def _begin(self, endpoint: str) -> _Turn | None:
        with begin_read(self._ctx.engine) as connection:
            row = store.find(connection, endpoint)
        if row is None or row.state != "active":
            return None
        holder = self._holders.acting(row.token, Purpose.FOLLOW)
        if holder is None:
            self._disable(row, "token-ended")
            return None
        try:
            with begin_read(self._ctx.engine) as connection:
                keys = self._parts.open(connection, row, store.now())
        except ContentLost:
            self._disable(row, "content-lost")
            return None
        products = self._holders.acting(row.token, Purpose.SEE_PRODUCT)
        return _Turn(row, holder, products, keys, self._behind(row))

    def _behind(self, row: Row) -> Place:
        """How far an endpoint is, also where that is not stored yet."""
        stored, skipped = store.place_of(row), self._skipped.get(row.id)
        return stored if skipped is None else max(stored, skipped.place, key=lambda p: p.number)

    def _page(self, turn: _Turn) -> list[tuple[Message, int, Place]]:
        """The next messages with the time of their events, and the place behind each; none: it has
        come to the end."""
        with begin_read(self._ctx.engine) as connection:
            while True:
                if not feed.stands(connection, turn.place):
                    at = store.now()
                    return [(reset(turn.place, at), at, feed.before_first(connection))]
                wanted = self._wanted(connection, turn)
                page = feed.page(connection, turn.place, wanted, PAGE)
                if page.events:
                    return [(message_of(one), one.at, one.place) for one in page.events]
                turn.place = page.place
                if not page.full:
                    break
        self._skip(turn)
        return []

    def _wanted(self, connection: Any, turn: _Turn) -> Selection:
        row = turn.row
        records = store.records_of(connection, row.id)
        if not row.own:
            return Selection(records=records, watched=store.subjects_of(row.id))
        theirs = Holders.tokens_of(connection, turn.holder)
        return Selection(
            records=records | singles.records_of(connection, theirs),
            watched=subjects.of_tokens(theirs),
            own=turn.holder,
            notices=self._notices.opener(turn.products),
        )

    def _skip(self, turn: _Turn) -> None:
        """Note that nothing up to here concerns it, now and then in the database: what it is behind
        is not kept for ever."""
        before, now = self._skipped.get(turn.row.id), time.monotonic()
        if before is not None and now - before.stored < SKIP_SECONDS:
            self._skipped[turn.row.id] = before._replace(place=turn.place)
            return
        if len(self._skipped) >= SKIPPED:  # some were removed long ago
            self._skipped.clear()
        self._skipped[turn.row.id] = _Skipped(turn.place, now)
        if turn.place != store.place_of(turn.row):
            self._store(turn, turn.place)

    # ---- one message

    def _deliver(self, turn: _Turn, message: Message, at: int, place: Place) -> bool:
        """Send what is next, and note what came of it; whether to go on. at: Unix seconds of its
        event. place: behind it."""
        if turn.row.due > store.now():
            return False
        try:
            self._send(turn, message)
        except NotDelivered as error:
            return self._failed(turn, message, at, place, error)
        values = {"tries": 0, "code": None, "failing_since": None, "delivered_at": store.now()}
        DELIVERIES.labels("delivered").inc()
        return self._store(turn, place, **values)

    def _send(self, turn: _Turn, message: Message) -> None:
        crash_point("webhook.sent", "before")
        self._outward.send(turn.keys.url, message, store.now(), turn.keys.secrets)
        crash_point("webhook.sent", "after")

    def _failed(
        self, turn: _Turn, message: Message, at: int, place: Place, error: NotDelivered
    ) -> bool:
        """Always False: an endpoint that fails is left alone for a while."""
        DELIVERIES.labels("failed").inc()
        row, now, tries = turn.row, store.now(), turn.row.tries + 1
        since = row.failing_since or now
        _log.info("webhook.failed", endpoint=row.id, code=error.code, tries=tries)
        if error.code == "gone" or now >= since + PATIENCE:
            self._disable(row, "gone" if error.code == "gone" else "failing")
            return False
        first = max(at, since)
        if not is_over(tries, first, now):
            due = now + self._schedule.pause_after(tries, error.retry_after)
            self._store(turn, None, tries=tries, due=due, code=error.code, failing_since=since)
            return False
        letter = Letter(
            message=message,
            state="dead",
            tries=tries,
            since=first,
            due=now,
            ended_at=now,
            code=error.code,
        )
        self._give_up(turn, letter, place, since)
        return False

    def _give_up(self, turn: _Turn, letter: Letter, place: Place, since: int) -> None:
        """The event is laid aside and the next one tried, in one transaction."""
        DELIVERIES.labels("dead").inc()
        _log.warning("webhook.dead-letter", endpoint=turn.row.id, code=letter.code)
        due = store.now() + self._schedule.pause_after(1)
        values = {"tries": 0, "due": due, "code": letter.code, "failing_since": since}
        with begin_write(self._ctx.engine) as connection:
            at = {"offset_number": place.number, "offset_mark": place.mark}
            if store.change(connection, turn.row, **at, **values) is not None:
                kept = self._parts.laid_aside(connection, turn.row, letter.message)
                store.put_letter(connection, turn.row.id, replace(letter, message=kept))

    def _store(self, turn: _Turn, place: Place | None, **values: Any) -> bool:
        """Note how far it is; False: somebody else was faster, or it is not to go on. place: None
        where it is."""
        if place is not None:
            values |= {"offset_number": place.number, "offset_mark": place.mark}
        with begin_write(self._ctx.engine) as connection:
            row = store.change(connection, turn.row, **values)
        if row is None:
            return False
        turn.row, turn.place = row, place or turn.place
        return True

    def _disable(self, row: Row, reason: str) -> None:
        _log.warning("webhook.disabled", endpoint=row.id, reason=reason)
        with begin_write(self._ctx.engine) as connection:
            store.disable(connection, row.id, reason)

    # ---- letters that are sent again

    def _letters(self, turn: _Turn, stop: threading.Event, end: float) -> None:
        """Behind all that is new: they come out of their order anyway."""
        with begin_read(self._ctx.engine) as connection:
            found = [
                replace(one, message=self._parts.taken_up(connection, turn.row, one.message))
                for one in store.letters_due(connection, turn.row.id, LETTERS_A_TURN)
            ]
        for letter in found:
            if stop.is_set() or time.monotonic() >= end or not self._letter(turn, letter):
                return

    def _letter(self, turn: _Turn, letter: Letter) -> bool:
        """Send one again; whether it came there."""
        try:
            self._send(turn, letter.message)
        except NotDelivered as error:
            self._letter_failed(turn, letter, error)
            return False
        DELIVERIES.labels("delivered").inc()
        with begin_write(self._ctx.engine) as connection:
            store.drop_letter(connection, turn.row.id, letter)
        return True

    def _letter_failed(self, turn: _Turn, letter: Letter, error: NotDelivered) -> None:
        DELIVERIES.labels("failed").inc()
        now, tries = store.now(), letter.tries + 1
        values: dict[str, Any] = {"tries": tries, "code": error.code}
        if error.code == "gone":
            self._disable(turn.row, "gone")
        if is_over(tries, letter.since, now):
            DELIVERIES.labels("dead").inc()
            values |= {"state": "dead", "ended_at": now}
        else:
            values["due"] = now + self._schedule.pause_after(tries, error.retry_after)
        with begin_write(self._ctx.engine) as connection:
            store.change_letter(connection, turn.row.id, letter, **values)


def _again(connection: Any, row: Row) -> bool:
    return bool(store.letters_due(connection, row.id, 1))
