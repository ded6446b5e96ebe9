"""Drafting in processes beside the gateway's own, which then has its interpreter for HTTP and the
database. Without such processes, and for few rows, it happens on the spot."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import replace
from typing import Any, NamedTuple

import structlog

from gateway.base.crypto import ContentKey
from gateway.base.metrics import WORKER_DEATHS
from gateway.base.who import WhoFiles
from gateway.intake.calendar_file import CalendarFile
from gateway.intake.drafts import Draft, Terms
from gateway.intake.interfaces import RowAnswer
from gateway.intake.worker import Secrets, Source, begin, draft

FEW = 64
"""Rows that are made faster than they are sent to another process and back."""

_log = structlog.get_logger(__name__)

Drafted = list[Draft | RowAnswer]


class _Elsewhere(NamedTuple):
    """A job given to the processes of a pool."""

    pool: ProcessPoolExecutor
    future: Future[Any]


class Drafting:
    """A set under way."""

    def __init__(
        self, workers: Workers, source: Source, terms: Terms, elsewhere: _Elsewhere | None
    ) -> None:
        self.source = source
        self.terms = terms
        self._workers = workers
        self._elsewhere = elsewhere

    def result(self) -> Drafted:
        """The records and rejections of the set, in order. Waits for them, or makes them."""
        if self._elsewhere is not None:
            try:
                return [
                    Draft._make(item) if type(item) is tuple else item
                    for item in self._elsewhere.future.result()
                ]
            except BrokenProcessPool:
                self._workers.forget(self._elsewhere.pool)
        return self._workers.here(self.source, self.terms)


class Workers:
    """A drafter, and `processes` more of it elsewhere (0: none)."""

    def __init__(self, secrets: Secrets, processes: int) -> None:
        self._secrets = secrets
        self._drafter = secrets.drafter()
        self._processes = processes
        self._lock = threading.Lock()
        self._pool: ProcessPoolExecutor | None = None

    @property
    def calendar(self) -> CalendarFile:
        """That of this process; the others read the same file."""
        return self._drafter.calendar

    @property
    def who(self) -> WhoFiles:
        """Who is who, as this process has it; the others read the same files."""
        return self._drafter.who

    @property
    def ahead(self) -> int:
        """How many sets of one stream are worth drafting before they can be stored."""
        return self._processes

    def warm_up(self) -> None:
        """Start the processes, without waiting for them."""
        for _ in range(self._processes):
            self._submit(os.getpid)

    def draft(self, source: Source, terms: Terms) -> Drafting:
        """Begin with a set."""
        few = len(source) <= FEW
        return Drafting(self, source, terms, None if few else self._submit(draft, source, terms))

    def here(self, source: Source, terms: Terms) -> Drafted:
        """The same on the spot."""
        return self._drafter.draft(source.read(), terms)

    def forget(self, lost: ProcessPoolExecutor) -> None:
        """One of its processes was killed, and with it the pool; the next set makes a new one."""
        with self._lock:
            if self._pool is lost:
                WORKER_DEATHS.inc()
                _log.error("intake.worker-lost")
                lost.shutdown(wait=False, cancel_futures=True)
                self._pool = None

    def wrap_with(self, key: ContentKey) -> None:
        """Wrap with another content key from now on. What was begun is finished as it was begun."""
        with self._lock:
            self._secrets = replace(self._secrets, content=key)
            self._drafter = self._secrets.like(self.calendar, self.who)
            if self._pool is not None:
                self._pool.shutdown(wait=False)
                self._pool = None

    def close(self) -> None:
        """End the processes."""
        with self._lock:
            if self._pool is not None:
                self._pool.shutdown(cancel_futures=True)
                self._pool = None

    def _submit(self, job: Callable[..., Any], *args: Any) -> _Elsewhere | None:
        """None: there is no process for it, or just now none any more."""
        if not self._processes:
            return None
        # Within the lock: `wrap_with` shuts the pool, which takes no job after that.
        with self._lock:
            pool = self._pool = self._pool or self._fresh()
            with suppress(BrokenProcessPool):
                return _Elsewhere(pool, pool.submit(job, *args))
        self.forget(pool)
        return None

    def _fresh(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(
            self._processes,
            mp_context=multiprocessing.get_context("spawn"),  # our threads forbid `fork`
            initializer=begin,
            initargs=(self._secrets,),
        )
