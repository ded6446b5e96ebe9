"""Logs read side by side, in processes of their own.

Each keeps what it reads as a replay does that is to go on later (`kept`), and this process takes it
up from there, log by log in the order of the report: so the bytes are the same, and nothing waits
in memory.
"""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cache
from multiprocessing import connection, get_context, parent_process
from pathlib import Path
from typing import Any

from ledger.audit.kept import Found, Kept, open_log
from ledger.audit.log_account import LogAccount
from ledger.audit.log_judge import LogJudge
from ledger.audit.log_reading import LogReading, Progress
from ledger.audit.noted import Wants
from ledger.audit.patience import Patience, of_all
from ledger.audit.sources import LogPlace, open_place
from ledger.chain.nodes.addresses import Network
from ledger.chain.nodes.http import Http
from ledger.core.errors import CouldNotCheck
from ledger.core.ids import LogId

__all__ = ["ReadAhead", "reading_ahead"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Task:
    """One log. path, seed: of its journal. sizes: of all logs, which are waited for together.
    private: as of `replay`."""

    place: LogPlace
    epochs: Sequence[int]
    wants: Wants
    path: Path
    seed: bytes
    sizes: Sequence[int]
    private: tuple[Network, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """What came of it. account: in plain values. found, at: what was kept before, and where it went
    on. copies: members whose copies were read."""

    account: Mapping[str, Any]
    found: Found
    at: int
    copies: Sequence[str]


@dataclass(slots=True, kw_only=True)
class ReadAhead:
    """kept: the folder of the replay. told: of each log (hex) and the member whose copy was
    read. private: as of `replay`."""

    place: Callable[[LogJudge], LogPlace]
    kept: Kept
    progress: Progress
    told: Callable[[str, str], None]
    pool: ProcessPoolExecutor
    private: tuple[Network, ...] | None = None
    _read: dict[LogId, Future[_Read]] = field(default_factory=dict)

    def begin(self, judges: Sequence[LogJudge]) -> None:
        """Have them read, in this order."""
        sizes = [judge.log.end for judge in judges]
        for judge in judges:
            log = judge.log
            if log.anchors or log.closed:
                place = self.place(judge)
                path, seed = self.kept.journal(log.log_id, place.named)
                task = _Task(
                    place=place,
                    epochs=judge.epochs,
                    wants=judge.against.wants,
                    path=path,
                    seed=seed,
                    sizes=sizes,
                    private=self.private,
                )
                self._read[log.log_id] = self.pool.submit(_run, task)

    def __call__(self, judge: LogJudge) -> LogAccount:
        """Judge one that was read. Raises CouldNotCheck, CannotResume."""
        log = judge.log
        if log.log_id not in self._read:
            return LogAccount(log)
        try:
            read = self._read.pop(log.log_id).result()
        except BrokenProcessPool as error:
            raise CouldNotCheck("reader-died", "a process that read logs was ended") from error
        name = log.log_id.hex()
        self.kept.told(name, read.found, read.at)
        for member in read.copies:
            self.told(name, member)
        self.progress(name, log.end, log.end)
        for noted in self.kept.all_notes(log.log_id, self.place(judge).named):
            judge.take(noted)
        return LogAccount.of(log, read.account)


@contextmanager
def reading_ahead(processes: int, kept: Kept | None) -> Iterator[tuple[ProcessPoolExecutor, Kept]]:
    """Processes, and a folder in which they keep what they read: that of the replay, or one that
    goes with it."""
    with ExitStack() as stack:
        if kept is None:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="credit-ledger-"))
            kept = Kept(Path(folder), {})
            stack.callback(kept.close)
        pool = ProcessPoolExecutor(
            processes, mp_context=get_context("spawn"), initializer=_end_with_parent
        )
        stack.callback(pool.shutdown, cancel_futures=True)
        yield pool, kept


# ---- in the other process


def _end_with_parent() -> None:
    """A replay that is killed must not leave processes that wait for it for ever."""
    parent = parent_process()
    if parent is not None:
        threading.Thread(target=_wait_for, args=(parent.sentinel,), daemon=True).start()


def _wait_for(sentinel: int) -> None:
    connection.wait([sentinel])
    os._exit(1)


@cache
def _http(private: tuple[Network, ...] | None) -> Http:
    return Http(public=private is not None, private_networks=private or ())


@cache
def _patience(sizes: Sequence[int]) -> Patience:
    """For all logs that this process reads."""
    return of_all(iter(sizes))


def _run(task: _Task) -> _Read:
    """Read a log to its end, or to what is missing."""
    copies: list[str] = []
    source = open_place(
        task.place, _http(task.private), _patience(tuple(task.sizes)), copies.append
    )
    with open_log(task.path, task.seed) as kept:
        reading = LogReading(
            log=task.place.log,
            signed=task.place.signed,
            sound=task.place.sound,
            fetch=source.fetch,
            copies=source.copies,
            epochs=task.epochs,
            wants=task.wants,
            take=kept.take,
            keep=kept.keep,
            progress=lambda log, done, size: None,
        )
        account = reading.run(kept.position)
        kept.flush()
        return _Read(account=account.as_dict(), found=kept.found, at=kept.at, copies=copies)
