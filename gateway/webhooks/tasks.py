"""The threads that deliver, and that forget what is old."""

from __future__ import annotations

import threading
import time
from collections import Counter
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Final

import sqlalchemy as sa
import structlog

from gateway.base.db import begin_write
from gateway.base.lease import Lease
from gateway.base.threads import Step
from gateway.watching import feed
from gateway.watching.subjects import LOCK
from gateway.webhooks import store
from gateway.webhooks.delivering import Delivering

AT_ONCE: Final = 16
"""Endpoints that are delivered to at once. A slow one holds a place for a turn, and then waits
until all others that something is due for have had theirs."""
OF_ONE_HOLDER: Final = 4
"""Of them, at most, of one token: whoever names ten that never answer leaves room for others."""
MANY: Final = 4096
"""Endpoints of which it is remembered when they had a turn."""
LOOK_SECONDS: Final = 0.5
"""Between two looks for news, of all endpoints together."""
TURN_SECONDS: Final = 1.0
"""Between two looks whether it is our turn."""
LEFT_ALONE: Final = 30.0
"""Seconds after a fault of ours, for which an endpoint is left alone."""
TIDY_SECONDS: Final = 600.0

_log = structlog.get_logger(__name__)


class WebhookSender:
    """One step of the thread that sends. Each endpoint is delivered to by one thread of a pool at a
    time, so that none waits for another and each gets its events in order."""

    def __init__(self, delivering: Delivering, lease: Lease) -> None:
        self._delivering = delivering
        self._lease = lease
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="webhook")
        self._under_way: dict[str, tuple[int, Future[None]]] = {}
        self._turns: dict[str, float] = {}
        self._left_alone: dict[str, float] = {}

    def __call__(self, stop: threading.Event) -> float:
        """Begin with every endpoint that something is due for, where this gateway holds the
        lease."""
        self._note_done()
        if not self._lease.take():
            return TURN_SECONDS
        rows = self._delivering.due(self._busy())
        if len(self._turns) > MANY:  # some were removed long ago
            self._turns.clear()
        # Whoever had a turn longest ago is first.
        for row in sorted(rows, key=lambda row: self._turns.get(row.id, 0.0)):
            busy = Counter(token for token, _ in self._under_way.values())
            if stop.is_set() or len(self._under_way) == AT_ONCE:
                break
            if busy[row.token] < OF_ONE_HOLDER:
                self._turns[row.id] = time.monotonic()
                turn = self._pool.submit(self._delivering.turn, row.id, stop)
                self._under_way[row.id] = (row.token, turn)
        wait([turn for _, turn in self._under_way.values()], LOOK_SECONDS, FIRST_COMPLETED)
        self._note_done()
        return LOOK_SECONDS if not self._under_way or len(rows) == 0 else 0.0

    def close(self) -> None:
        """End once the calls under way have; without new ones."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _busy(self) -> list[str]:
        now = time.monotonic()
        self._left_alone = {one: until for one, until in self._left_alone.items() if until > now}
        return [*self._under_way, *self._left_alone]

    def _note_done(self) -> None:
        for endpoint, (_, turn) in list(self._under_way.items()):
            if not turn.done():
                continue
            del self._under_way[endpoint]
            if (error := turn.exception()) is not None:
                # The database, or a fault of ours: what was not stored is sent again.
                _log.error("webhook.turn-failed", endpoint=endpoint, exc_info=error)
                self._left_alone[endpoint] = time.monotonic() + LEFT_ALONE


def tidier(engine: sa.Engine) -> Step:
    """One step of the thread that forgets: events of the last days but for who still needs them,
    letters and endpoints that nobody asks for."""

    def step(_stop: threading.Event) -> float:
        with begin_write(engine, LOCK) as connection:
            store.tidy(connection)
            feed.prune(connection, store.now(), store.needed(connection))
        return TIDY_SECONDS

    return step
