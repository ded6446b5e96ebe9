"""Work on what strangers sent, in processes with bounds of their own.

A workbook can ask for any amount of memory and time, and a parser can die of it. What dies here is
a process that holds no keys and no database; the gateway learns from its end what happened. This
guards against exhaustion, not against a parser that was taken over: its answers are unpickled.

A process is kept for the next piece of work, because starting one takes longer than reading a file
of normal size; one that has become large is not kept.
"""

from __future__ import annotations

import math
import multiprocessing
import os
import pickle
import resource
import signal
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any, Literal

import structlog

from gateway.base.logging_setup import places
from ledger.core.errors import LedgerError

LOOK = 0.2
"""Seconds between two looks whether the gateway shall end, while the process is silent."""
END_SECONDS = 10.0
"""Seconds in which a process that hung up has ended; else it is killed."""
KEPT_BYTES = 128 << 20
"""Memory beyond that of its start with which a process is still kept for the next work."""
UNKNOWN_START = 1 << 30
"""Bytes of addresses taken for those of the start where the system does not tell them."""

_PAGE = resource.getpagesize()
_STATM = Path("/proc/self/statm")
# The first byte of whatever is sent, so that nothing is taken for something else. To the process:
# _WORK, then _PIECE after _PIECE, then _END. From it: _PIECE after _PIECE, _FAILED where it did,
# then _END; or _LAST, and the process ends too.
_WORK, _PIECE, _FAILED, _END, _LAST = b"W", b"P", b"F", b"E", b"L"
_NO_MEMORY = 75
"""Status with which a process ends that got no memory: there it could tell nothing."""

_log = structlog.get_logger(__name__)

Work = Callable[..., Iterator[bytes]]
"""A function of a module: takes the pieces sent (none is empty), all of which it reads before it
answers, and arguments; makes the pieces of the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Of one piece of work. memory: bytes beyond what the process has when it begins. cpu: seconds
    of processor time. silence: seconds of the clock without a sign of life."""

    memory: int
    cpu: int
    silence: float


class TooCostly(LedgerError):
    """The work needs more of `what` than its bounds allow, and would again."""

    def __init__(self, what: Literal["memory", "time"]) -> None:
        super().__init__(what)
        self.what = what


class ChildDied(LedgerError):
    """The process ended in the middle of its work; status: as `Process.exitcode`. Whether the work
    is to blame or the machine is not known."""

    def __init__(self, status: int | None) -> None:
        super().__init__(f"status {status}")
        self.status = status


class ChildFailed(LedgerError):
    """The work raised what is none of our errors. raised: its type and places in the code."""

    def __init__(self, raised: Any) -> None:
        super().__init__(str(raised))
        self.raised = raised


class Stopped(LedgerError):
    """The gateway ends; the work was broken off."""


class Children:
    """Processes for work that needs bounds, as many as are asked for at once; safe in threads.
    bounds None: the work is done on the spot."""

    def __init__(self, bounds: Bounds | None) -> None:
        self._bounds = bounds
        self._idle: list[_Child] = []
        self._lock = threading.Lock()

    def run(
        self, work: Work, *arguments: Any, sent: Iterable[bytes], stop: threading.Event
    ) -> Generator[bytes]:
        """Have it done: the pieces of the answer, as they are made. Raises the LedgerError that
        `work` raises, ChildFailed, TooCostly, ChildDied and Stopped."""
        if self._bounds is None:
            yield from work(iter(sent), *arguments)
            return
        with self._lock:
            child = self._idle.pop() if self._idle else _Child(self._bounds)
        try:
            yield from child.run(work, arguments, sent, stop)
        finally:
            with self._lock:
                self._idle.append(child)

    def close(self) -> None:
        """End those that are idle."""
        with self._lock:
            for child in self._idle:
                child.close()
            self._idle.clear()


class _Child:
    """One process, started when it is needed; belongs to one thread at a time."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._process: SpawnProcess | None = None
        self._pipe: Connection | None = None

    def run(
        self, work: Work, arguments: Any, sent: Iterable[bytes], stop: threading.Event
    ) -> Generator[bytes]:
        """See `Children.run`. Left before its end, the process is ended too."""
        process, pipe = self._begin()
        kept = False
        try:
            self._send(process, pipe, _WORK + pickle.dumps((work, arguments)))
            for piece in sent:
                self._send(process, pipe, _PIECE + piece)
            self._send(process, pipe, _END)
            failure: LedgerError | None = None
            while (told := self._receive(process, pipe, stop))[0] not in (_END, _LAST):
                kind, value = told
                if kind == _FAILED:
                    failure = pickle.loads(value)  # noqa: S301 - see above
                else:
                    yield value
            kept = told[0] == _END
        finally:
            if not kept:
                self.close()
        if failure is not None:
            raise failure

    def close(self) -> None:
        """End the process, whatever it does."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._process.close()
        if self._pipe is not None:
            self._pipe.close()
        self._process = self._pipe = None

    def _begin(self) -> tuple[SpawnProcess, Connection]:
        if self._process is not None and not self._process.is_alive():
            self.close()
        if self._process is None or self._pipe is None:
            context = multiprocessing.get_context("spawn")  # our threads forbid `fork`
            self._pipe, other = context.Pipe()
            self._process = context.Process(target=_serve, args=(other, self._bounds), daemon=True)
            self._process.start()
            other.close()
        return self._process, self._pipe

    def _send(self, process: SpawnProcess, pipe: Connection, piece: bytes) -> None:
        """One piece; a process that does not take it is killed, which ends the waiting."""
        guard = threading.Timer(self._bounds.silence, process.kill)
        guard.daemon = True
        guard.start()
        try:
            pipe.send_bytes(piece)
        except (BrokenPipeError, ConnectionResetError) as error:
            raise _end_of(process) from error
        finally:
            guard.cancel()

    def _receive(
        self, process: SpawnProcess, pipe: Connection, stop: threading.Event
    ) -> tuple[bytes, bytes]:
        deadline = time.monotonic() + self._bounds.silence
        while not pipe.poll(LOOK):
            if stop.is_set():
                raise Stopped
            if time.monotonic() >= deadline:
                _log.error("child.silent", pid=process.pid)
                raise ChildDied(None)
        try:
            told = pipe.recv_bytes()
        except (EOFError, OSError) as error:
            raise _end_of(process) from error
        return told[:1], told[1:]


def _end_of(process: SpawnProcess) -> LedgerError:
    """What the end of a process in the middle of its work means. Python's ends by itself where it
    gets no memory, and calamine's language aborts."""
    process.join(END_SECONDS)
    status = process.exitcode
    _log.error("child.died", pid=process.pid, status=status)
    if status == -signal.SIGXCPU:
        return TooCostly("time")
    return TooCostly("memory") if status in (_NO_MEMORY, -signal.SIGABRT) else ChildDied(status)


# ---- in the other process


def end_with_parent() -> None:
    """End this process as soon as its parent is gone: a gateway that was killed closes nothing, and
    its processes would wait for work for ever."""
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent is not None:
            wait([parent.sentinel])
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _serve(pipe: Connection, bounds: Bounds) -> None:
    # Ctrl-C, and whoever ends a service, reach all its processes; ours would look like a death in
    # the middle of its work. The gateway kills us, and we end with it.
    for signum in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # it would hold what was sent
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # messages of foreign code may quote it
    end_with_parent()
    try:
        _work(pipe, bounds)
    except MemoryError:
        os._exit(_NO_MEMORY)  # what is half read or half sent is never gone on with


def _work(pipe: Connection, bounds: Bounds) -> None:
    """Do one work after the other. Whatever else this raises ends the process too."""
    start: tuple[int, int] | None = None
    while True:
        try:
            work, arguments = pickle.loads(_received(pipe, _WORK))  # noqa: S301 - from our parent
        except EOFError:
            return
        start = start or _memory()  # after the first work brought its modules
        _bound(start[0], bounds)
        last = _answer(pipe, work, arguments) or _memory()[1] > start[1] + KEPT_BYTES
        pipe.send_bytes(_LAST if last else _END)
        if last:
            return


def _answer(pipe: Connection, work: Work, arguments: Any) -> bool:
    """Send the pieces and what failed; whether that was before all of the input was read, after
    which no other work is to be begun."""
    sent = _Sent(pipe)
    failure: LedgerError | None = None
    try:
        for piece in work(iter(sent), *arguments):
            pipe.send_bytes(_PIECE + piece)
    except MemoryError:
        raise
    except LedgerError as error:
        failure = error
    except Exception as error:
        failure = ChildFailed(places(error))
    early = not sent.ended
    for _ in sent:
        pass  # else the gateway, still sending, would be told of a broken pipe
    if failure is not None:
        pipe.send_bytes(_FAILED + pickle.dumps(failure))
    return early


class _Sent:
    """The pieces that the gateway sends. ended: whether there are no more."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self.ended = False

    def __iter__(self) -> Iterator[bytes]:
        while not self.ended:
            piece = _received(self._pipe, _PIECE, _END)
            if piece:
                yield piece
            else:
                self.ended = True


def _received(pipe: Connection, *kinds: bytes) -> bytes:
    """What came, without its first byte, which must be one of `kinds`."""
    told = pipe.recv_bytes()
    if told[:1] not in kinds:
        raise ValueError(f"{told[:1]!r} came where {kinds} can")
    return told[1:]


def _memory() -> tuple[int, int]:
    """(bytes of addresses, bytes of memory) that this process has."""
    try:
        size, resident, *_ = _STATM.read_bytes().split()
    except OSError:
        return UNKNOWN_START, 0
    return int(size) * _PAGE, int(resident) * _PAGE


def _bound(start: int, bounds: Bounds) -> None:
    """Lay the bounds on this process; only the soft ones, so that they can be laid anew."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    cpu = math.ceil(used.ru_utime + used.ru_stime) + bounds.cpu
    for what, limit in ((resource.RLIMIT_AS, start + bounds.memory), (resource.RLIMIT_CPU, cpu)):
        _, hard = resource.getrlimit(what)
        soft = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        resource.setrlimit(what, (soft, hard))
