"""The worker: takes one waiting job of its kind after the other."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import structlog

from gateway.base.threads import pause_after
from gateway.jobs.errors import TakenOver, code_of, transient
from gateway.jobs.services import Job, Jobs, Kind

MAX_ATTEMPTS = 5
"""Tries in a row that got nowhere, for no reason outside, after which a job is set aside. One that
kills the process must not do so for ever."""
MAX_TAKEOVERS = 20
"""Starts of gateways in a row that found it held and nothing of it done, after which it is set
aside: each may have been killed by it, or may have taken it from another that was well."""
LOOK_AGAIN = 1.0
"""Seconds after which the queue is looked at unasked: another process may have filled it."""
TIDY = 3600.0
"""Seconds between two looks for what is to be forgotten."""

_log = structlog.get_logger(__name__)

Process = Callable[[Job, threading.Event], bool]
"""Do a job and end it; False where the event came first. It answers by itself for what is wrong
with what was sent; whatever it raises, what it stored so far stands."""


class Once:
    """Done by the first of several threads, before any of them goes on."""

    def __init__(self, work: Callable[[], None]) -> None:
        self._work = work
        self._lock = threading.Lock()
        self._done = False

    def __call__(self) -> None:
        with self._lock:
            if not self._done:
                self._work()
                self._done = True


class JobWorker:
    """One step of a thread that does jobs of one kind. Whatever goes wrong with one job is counted
    or waited out for that job; the others go on."""

    def __init__(
        self,
        kind: Kind,
        jobs: Jobs,
        process: Process,
        *,
        wake: threading.Event,
        opening: Callable[[], None],
        tidy: Callable[[], None] = lambda: None,
    ) -> None:
        """`wake`: set when there is something to do. `opening`: done before the first job. `tidy`:
        done now and then."""
        self._kind = kind
        self._jobs = jobs
        self._process = process
        self._wake = wake
        self._opening = opening
        self._tidy = tidy
        self._tidied: float | None = None
        self._unreleased: tuple[Job, str] | None = None

    def __call__(self, stop: threading.Event) -> float:
        """Work until no job waits; the seconds to pause then."""
        self._opening()
        if self._unreleased is not None:
            self._put_off(*self._unreleased, after=0)
        self._tidy_now_and_then()
        self._wake.wait(LOOK_AGAIN)
        self._wake.clear()
        while not stop.is_set() and (job := self._jobs.claim(self._kind)):
            self._work(job, stop)
        return 0.0

    def _work(self, job: Job, stop: threading.Event) -> None:
        if job.attempts > MAX_ATTEMPTS or job.takeovers > MAX_TAKEOVERS:  # it killed whoever tried
            self._set_aside(job, job.code or "died")
            return
        try:
            if not self._process(job, stop):
                self._jobs.give_back(job)
        except TakenOver:
            _log.info("job.taken-over", job=job.id)
        except Exception as error:
            self._failed(job, error)

    def _failed(self, job: Job, error: Exception) -> None:
        code, after = code_of(error), transient(error, job.waits)
        if after is not None:
            _log.warning("job.put-off", job=job.id, code=code, after=after)
            self._put_off(job, code, after=after)
            return
        _log.error("job.failed", job=job.id, attempts=job.attempts, code=code, exc_info=True)
        if job.attempts >= MAX_ATTEMPTS:
            self._set_aside(job, code)
        else:
            self._jobs.try_again(job, after=pause_after(job.attempts), code=code)

    def _put_off(self, job: Job, code: str, *, after: float) -> None:
        """Where the database is what is away, this is made up for: else the job would be held for
        as long as that of a worker that died."""
        self._unreleased = (job, code)
        self._jobs.put_off(job, after=after, code=code)
        self._unreleased = None

    def _set_aside(self, job: Job, code: str) -> None:
        _log.error("job.set-aside", job=job.id, kind=job.kind, code=code)
        self._jobs.set_aside(job, code)

    def _tidy_now_and_then(self) -> None:
        now = time.monotonic()
        if self._tidied is None or now - self._tidied >= TIDY:
            self._tidied = now
            self._tidy()
