"""Who watches, and what they are told.

Nothing is kept for anybody: each stream goes through the table of changes at its own pace, a page
at a time, so one that is slow holds up itself alone and one that comes again goes on where it was.
The database is asked for news once for all streams.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from gateway.base.context import Context
from gateway.base.db import begin_read
from gateway.base.policy import Caller, Purpose, decide
from gateway.log.store import locate
from gateway.records.errors import NotARecord
from gateway.records.store import known_of, record_row
from gateway.statuses import changes
from gateway.statuses.changes import Change, Place
from ledger.core.errors import LedgerError

MAX_STREAMS: Final = 64
"""Of one gateway at once; each holds a connection, and nothing else while nothing happens."""
MAX_PER_TOKEN: Final = 4
MAX_RECORDS: Final = 50
"""Records that one stream names; more do not fit a request target."""
PAGE: Final = 128
"""Changes in memory for one stream."""
LOOK_SECONDS: Final = 0.5
"""Between two looks for news, of all streams together."""


class TooManyStreams(LedgerError):
    """No further stream is opened now. what: `all`, or those of this token."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The next changes of a stream, and where it then is. full: more may wait."""

    changes: Sequence[Change]
    place: Place
    full: bool


class Watching:
    """Opens and feeds streams; safe in threads."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._lock = threading.Lock()
        self._open: Counter[int] = Counter()
        self._looked_at = float("-inf")
        self._newest = Place(number=0)
        self.ending = False
        """Whether the gateway is about to stop, so that streams end by themselves."""

    def end(self) -> None:
        """Have all streams end."""
        self.ending = True

    @contextmanager
    def stream(self, caller: Caller) -> Iterator[None]:
        """Hold one of the places. Raises TooManyStreams."""
        with self._lock:
            if self._open.total() >= MAX_STREAMS:
                raise TooManyStreams("all")
            if self._open[caller.id] >= MAX_PER_TOKEN:
                raise TooManyStreams("token")
            self._open[caller.id] += 1
        try:
            yield
        finally:
            with self._lock:
                self._open[caller.id] -= 1
                self._open += Counter()  # those at zero go

    def start(self, since: Place | None) -> tuple[Place, bool]:
        """Where a stream begins, and whether what it has seen before may not be all. since: behind
        which it was; None: it was never there."""
        with begin_read(self._ctx.engine) as connection:
            newest = changes.newest(connection)
            if since is None:
                return newest, False
            if changes.stands(connection, since):
                return since, False
        return newest, True

    def newest(self) -> Place:
        """The place behind the last change, at most `LOOK_SECONDS` old."""
        with self._lock:
            if time.monotonic() - self._looked_at >= LOOK_SECONDS:
                with begin_read(self._ctx.engine) as connection:
                    self._newest = changes.newest(connection)
                self._looked_at = time.monotonic()
            return self._newest

    def page(self, caller: Caller, place: Place, records: frozenset[bytes]) -> Page:
        """What comes next. records: those named, whosever they are, as anybody may ask for their
        status; empty: all of our own that the caller may know of."""
        with begin_read(self._ctx.engine) as connection:
            # First: what is committed after it is behind it, whatever the records.
            newest = changes.newest(connection)
            found = changes.after(connection, place, limit=PAGE, records=records)
            told = [one for one in found if records or _may_know(connection, caller, one)]
        full = len(found) == PAGE
        return Page(changes=told, place=found[-1].place if full else newest, full=full)


def _may_know(connection: sa.Connection, caller: Caller, change: Change) -> bool:
    at = locate(connection, change.record)
    if at is None:
        return False
    try:
        known, status = known_of(record_row(connection, at.id))
    except NotARecord:
        return False
    return decide(caller, Purpose.SHOW, known, status).code != "not-found"
