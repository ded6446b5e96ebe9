"""The file worker: takes one waiting file after the other."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import structlog

from gateway.base.context import Context
from gateway.base.errors import NotReady
from gateway.base.threads import Step, pause_after
from gateway.files.services import Files
from gateway.files.store import File, FileStore, TakenOver

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


def file_workers(ctx: Context, store: FileStore, files: Files) -> list[tuple[str, Step]]:
    """Names and steps of the threads that answer files."""
    opening = _Opening(store)
    return [(f"files-{at}", FileWorker(ctx, store, files, opening)) for at in range(1, WORKERS + 1)]


class _Opening:
    """Once in a process, before its first worker takes a file."""

    def __init__(self, store: FileStore) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._done = False

    def __call__(self) -> None:
        with self._lock:
            if not self._done:
                self._store.take_over()
                self._done = True


class FileWorker:
    """One step of a thread that answers files. Whatever goes wrong with one file is counted and
    waited out for that file; the others go on."""

    def __init__(
        self, ctx: Context, store: FileStore, files: Files, opening: Callable[[], None]
    ) -> None:
        self._uploaded = ctx.signals.uploaded
        self._store = store
        self._files = files
        self._opening = opening
        self._tidied: float | None = None

    def __call__(self, stop: threading.Event) -> float:
        """Work until no file waits; the seconds to pause then."""
        self._opening()
        self._tidy()
        self._uploaded.wait(LOOK_AGAIN)
        self._uploaded.clear()
        while not stop.is_set() and (file := self._store.claim()):
            self._work(file, stop)
        return 0.0

    def _work(self, file: File, stop: threading.Event) -> None:
        if file.attempts > MAX_ATTEMPTS:
            self._files.give_up(file)
            return
        try:
            if not self._files.process(file, stop):
                self._store.release(file.id, after=0, failed=False)
        except TakenOver:
            _log.info("file.taken-over", file=file.id)
        except NotReady as error:
            self._store.release(file.id, after=error.retry_after, failed=False)
        except Exception:
            pause = pause_after(file.attempts)
            _log.error("file.failed", file=file.id, attempts=file.attempts, exc_info=True)
            self._store.release(file.id, after=pause)

    def _tidy(self) -> None:
        now = time.monotonic()
        if self._tidied is None or now - self._tidied >= TIDY:
            self._tidied = now
            self._store.forget_old()
