"""One check under way: questions that are asked side by side, answered in their order.

Whoever reads may go away at any moment. Nothing here then waits: what has not begun never does,
what is under way ends by its own deadlines, and the place of the check is given back when it has.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

Line = Mapping[str, Any]
"""What is known of one subject."""
Ask = Callable[[threading.Event], Line]
"""Asks about one, unless the event is set."""


class Running:
    """Begins at once. Belongs to one reader."""

    def __init__(self, questions: Sequence[Ask], at_once: int, done: Callable[[], None]) -> None:
        """done: called once, by any thread, when no question is under way any more."""
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._left = len(questions)
        self._done = done
        self._pool = ThreadPoolExecutor(at_once, thread_name_prefix="check")
        self._answers: list[Future[Line]] = [
            self._pool.submit(one, self._stopped) for one in questions
        ]
        for answer in self._answers:
            answer.add_done_callback(self._ended)

    async def lines(self) -> AsyncIterator[Line]:
        """Each answer as it comes, in their order."""
        for answer in self._answers:
            yield await asyncio.wrap_future(answer)

    def stop(self) -> None:
        """Ask no more; waits for nothing."""
        self._stopped.set()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _ended(self, _: Future[Line]) -> None:
        with self._lock:
            self._left -= 1
            last = self._left == 0
        if last:
            self._done()
