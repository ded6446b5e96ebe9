"""Drafting in processes beside the gateway's own, which then has its interpreter for HTTP and the
database. Without such processes, and for few rows, it happens on the spot."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import structlog

from gateway.base.child import end_with_parent
from gateway.base.crypto import ContentKey, Hmac, Vault
from gateway.base.metrics import WORKER_DEATHS
from gateway.base.schema_folder import SchemaFolder
from gateway.base.threads import tune_memory
from gateway.base.who import WhoFiles, WhoPaths
from gateway.intake.calendar_file import CalendarFile
from gateway.intake.draft import Draft, Drafter, Terms
from gateway.intake.interfaces import RowAnswer, RowInput
from gateway.intake.parsing import parse_lines

FEW = 64
"""Rows that are made faster than they are sent to another process and back."""

_log = structlog.get_logger(__name__)

Drafted = list[Draft | RowAnswer]


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows that were read already."""

    rows: Sequence[RowInput]

    def read(self) -> Sequence[RowInput]:
        """Them."""
        return self.rows

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True, slots=True)
class Lines:
    """Consecutive NDJSON lines, the first of which has the number `first`; None: too long."""

    lines: Sequence[bytes | None]
    first: int

    def read(self) -> Sequence[RowInput]:
        """What they say."""
        return parse_lines(self.lines, self.first)

    def __len__(self) -> int:
        return len(self.lines)


@dataclass(frozen=True, slots=True)
class Pickled:
    """Rows that another process of ours has read: the pickle of their list, which is opened only
    where they are drafted."""

    data: bytes
    count: int

    def read(self) -> Sequence[RowInput]:
        """Them."""
        rows: list[RowInput] = pickle.loads(self.data)  # noqa: S301 - from our own process
        return rows

    def __len__(self) -> int:
        return self.count


Source = Rows | Lines | Pickled


@dataclass(frozen=True, slots=True)
class Secrets:
    """What a drafter is made of. content: the key that wraps. calendar: file with the operator's
    years. schemas: folder with the operator's schemas and rules. who: the operator's files of who
    is who."""

    content: ContentKey
    index: bytes
    calendar: Path | None
    schemas: Path | None
    who: WhoPaths

    def drafter(self) -> Drafter:
        """A drafter of its own. Raises ConfigError where a file of the operator is wrong."""
        return self.like(CalendarFile(self.calendar), WhoFiles(self.who))

    def like(self, calendar: CalendarFile, who: WhoFiles) -> Drafter:
        """A drafter that shares files opened before."""
        library = SchemaFolder(self.schemas)
        return Drafter(Vault([self.content]), Hmac(self.index), calendar, library, who)


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
        return Drafting(self, source, terms, None if few else self._submit(_draft, source, terms))

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
            initializer=_begin,
            initargs=(self._secrets,),
        )


# ---- in the other process

_drafter: Drafter | None = None


def _begin(secrets: Secrets) -> None:
    global _drafter  # noqa: PLW0603 - a process of a pool has no other place
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # Ctrl-C reaches the whole group; the gateway ends us
    end_with_parent()
    _drafter = secrets.drafter()
    tune_memory()


def _draft(source: Source, terms: Terms) -> list[Any]:
    """Plain tuples for drafts: of a class of its own each would take twice as long to send."""
    if _drafter is None:
        raise RuntimeError("not begun")
    drafted = _drafter.draft(source.read(), terms)
    return [tuple(item) if isinstance(item, Draft) else item for item in drafted]
