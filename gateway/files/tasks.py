"""The file worker: takes one waiting file after the other."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import structlog

from gateway.base.threads import Step, pause_after
from gateway.files import services, store
from gateway.intake.errors import NotReady
from gateway.node import Node

MAX_ATTEMPTS = 5
"""Tries in a row without a single set stored, after which a file is set aside. A file that kills
the process (not enough memory …) must not do so for ever."""
WORKERS = 2
"""Files read at once, so that a small one does not wait for the largest."""
LOOK_AGAIN = 0.5
"""Seconds after which the queue is looked at unasked: another process may have filled it."""
TIDY = 3600.0
"""Seconds between two looks for what is to be forgotten."""

_log = structlog.get_logger(__name__)


def file_workers(node: Node) -> list[tuple[str, Step]]:
    """Names and steps of the threads that answer files."""
    opening = _Opening(node)
    return [(f"files-{at}", FileWorker(node, opening)) for at in range(1, WORKERS + 1)]


class _Opening:
    """Once in a process, before its first worker takes a file."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._lock = threading.Lock()
        self._done = False

    def __call__(self) -> None:
        with self._lock:
            if not self._done:
                store.take_over(self._node)
                self._done = True


class FileWorker:
    """One step of a thread that answers files. Whatever goes wrong with one file is counted and
    waited out for that file; the others go on."""

    def __init__(self, node: Node, opening: Callable[[], None]) -> None:
        self._node = node
        self._opening = opening
        self._tidied: float | None = None

    def __call__(self, stop: threading.Event) -> float:
        """Work until no file waits; the seconds to pause then."""
        self._opening()
        self._tidy()
        self._node.uploaded.wait(LOOK_AGAIN)
        self._node.uploaded.clear()
        while not stop.is_set() and (file := store.claim(self._node)):
            self._work(file, stop)
        return 0.0

    def _work(self, file: store.File, stop: threading.Event) -> None:
        if file.attempts > MAX_ATTEMPTS:
            services.give_up(self._node, file)
            return
        try:
            if not services.process(self._node, file, stop):
                store.release(self._node, file.id, after=0, failed=False)
        except store.TakenOver:
            _log.info("file.taken-over", file=file.id)
        except NotReady as error:
            store.release(self._node, file.id, after=error.retry_after, failed=False)
        except Exception:
            pause = pause_after(file.attempts)
            _log.error("file.failed", file=file.id, attempts=file.attempts, exc_info=True)
            store.release(self._node, file.id, after=pause)

    def _tidy(self) -> None:
        now = time.monotonic()
        if self._tidied is None or now - self._tidied >= TIDY:
            self._tidied = now
            store.forget_old(self._node)
