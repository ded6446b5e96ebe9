"""Reading the chain for whoever looks: bounded, each thing once, off the event loop.

Anybody may ask for anything. So few threads of its own read for all, what many ask for at once is
read once, what was read is kept for some seconds, and what fails is not tried again at once.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import structlog

from gateway.explorer.errors import BUSY, SLOW, NotRead
from ledger.chain.nodes.quorum import QuorumReader, View
from ledger.core.errors import CouldNotCheck

THREADS: Final = 4
"""That read: so many questions to the nodes are under way at most."""
MOST_WAITING: Final = 64
"""Questions that wait for a thread; more are sent away at once."""
PATIENCE_SECONDS: Final = 20.0
"""For so long a page waits; what comes later is there for the next one."""
DEADLINE_SECONDS: Final = 15.0
"""For all that is read at one head."""
FAILED_SECONDS: Final = 3.0
"""For so long what failed is not asked again."""
MOST_KEPT: Final = 512
"""Answers that are kept; the one longest unasked goes first."""

T = TypeVar("T")
_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Held:
    """An answer, or one under way. until: by `time.monotonic()`."""

    answer: Future[Any]
    until: float = float("inf")


class ChainReads:
    """Shared by all requests of one gateway."""

    def __init__(self, reader: QuorumReader) -> None:
        """reader: with a deadline, and none else's to close."""
        self.reader = reader
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="explorer")
        self._lock = threading.Lock()
        self._held: OrderedDict[Hashable, _Held] = OrderedDict()
        self._waiting = 0

    def close(self) -> None:
        """End the threads and drop the connections."""
        self._threads.shutdown(wait=True, cancel_futures=True)
        self.reader.close()

    async def ask(self, key: Hashable, read: Callable[[View], T], *, seconds: float) -> T:
        """What `read` reads at the latest head; kept under `key` for so many seconds. Raises
        NotRead."""
        answer = asyncio.wrap_future(self._answer(key, read, seconds))
        try:
            found = await asyncio.wait_for(asyncio.shield(answer), PATIENCE_SECONDS)
        except TimeoutError:
            raise NotRead(SLOW) from None
        if isinstance(found, NotRead):
            raise NotRead(found.code)
        made: T = found
        return made

    def _answer(
        self, key: Hashable, read: Callable[[View], T], seconds: float
    ) -> Future[T | NotRead]:
        with self._lock:
            held = self._held.get(key)
            if held is None or time.monotonic() >= held.until:
                if self._waiting >= MOST_WAITING:
                    raise NotRead(BUSY)
                self._waiting += 1
                held = _Held(self._threads.submit(self._read, key, read, seconds))
                self._held[key] = held
            self._held.move_to_end(key)
            while len(self._held) > MOST_KEPT:
                self._held.popitem(last=False)
            return held.answer

    def _read(self, key: Hashable, read: Callable[[View], T], seconds: float) -> T | NotRead:
        kept = FAILED_SECONDS
        try:
            found: T | NotRead = read(self.reader.head())
            kept = seconds
        except CouldNotCheck as error:
            _log.warning("explorer.chain-unread", code=error.code)
            found = NotRead(error.code)
        finally:
            with self._lock:
                self._waiting -= 1
                if (held := self._held.get(key)) is not None:
                    held.until = time.monotonic() + kept
        return found
