"""Which of the gateways on one database integrates and anchors.

On PostgreSQL a row of the database names it and says until when, by the database's clock; on SQLite
a file beside the database does (`gateway.base.lease_file`), which costs no flush and knows when its
holder is dead. Its holder renews it while it works; a few seconds after one died another takes
over, with the file at once. Two that hold it for a moment (a process that was stopped and goes on,
a clock that was set) do no harm: the tree grows under a lock, under which each looks at the lease
again, and the contract compares the size before. So this spares work and fees, no more.
"""

from __future__ import annotations

import math
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

import sqlalchemy as sa
import structlog

from gateway.base import threads
from gateway.base.db import begin_write, metadata
from gateway.base.lease_file import LeaseFile, Seen, file_of

SECONDS = 5.0
"""For which it is taken. A batch and the pauses of a busy machine fit in several times."""
RENEW = 1.0
"""Seconds after which it is renewed, and others look whether it is free."""

WATCH = 0.1
"""Seconds between two looks whether its holder has left it; with a file they cost two calls to the
system."""

LEASE = "anchor"

leases = sa.Table(
    "leases",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),  # `LEASE` is the only one
    sa.Column("holder", sa.Text, nullable=False),  # host/process/random
    sa.Column("expires", sa.Double, nullable=False),  # Unix seconds by the database's clock
)
"""Its row is made with the table. On SQLite only gateways from before the file write it."""

_log = structlog.get_logger(__name__)


class _Place(Protocol):
    """Where it is kept."""

    def ask(self) -> bool | None:
        """Take it, or renew it; None: nobody could tell now."""

    def is_left(self) -> bool:
        """Whether it is worth asking at once; costs next to nothing."""

    def is_locked(self) -> bool:
        """Whether waiting for it is in vain, for a process lives that has it."""

    def is_taken(self) -> bool:
        """Whether some process seems to hold it now."""

    def look(self) -> Seen:
        """What is to be seen of it; changes nothing. Raises ConfigError."""

    def release(self) -> None:
        """Leave it to others, where it is held."""

    def demand_usable(self) -> None:
        """Raise ConfigError where it cannot be kept there."""

    def close(self) -> None:
        """As if the process died."""


class Lease:
    """Of one process; shared by its threads. Asks the database at most once in `RENEW` seconds."""

    def __init__(self, engine: sa.Engine) -> None:
        self._me = f"{socket.gethostname()}/{os.getpid()}/{secrets.token_hex(4)}"
        row = LeaseRow(engine, self._me)
        file = file_of(engine)
        self._place: _Place = (
            row if file is None else LeaseFile(file, self._me, row.is_taken, SECONDS)
        )
        self._lock = threading.Lock()
        self._asked = -math.inf
        self._aside = -math.inf
        self._until = -math.inf

    @property
    def held(self) -> bool:
        """Whether this process holds it, as far as it knows without asking."""
        return time.monotonic() < self._until

    def take(self) -> bool:
        """Whether this process holds it now: renews it, or takes it where it is free."""
        with self._lock:
            now = time.monotonic()
            if now >= self._aside and (now - self._asked >= RENEW or self._is_left()):
                before = self.held
                # Before it is asked for: what others count from is later.
                taken = self._place.ask()
                if taken is not None:
                    self._until = now + SECONDS if taken else -math.inf
                self._asked = now
                if before != self.held:
                    _log.info("lease.taken" if self.held else "lease.lost", holder=self._me)
            return self.held

    def take_alone(self) -> bool:
        """The same for a command beside which no gateway may run. Waits for what only time frees,
        where no process has its lock: after a machine was started again, or a folder was copied, or
        where the file system knows no locks."""
        end = time.monotonic() + 2 * SECONDS
        while not self.take():
            if time.monotonic() > end or self._is_locked():
                return False
            time.sleep(WATCH)
        return True

    def _is_left(self) -> bool:
        return not self.held and self._place.is_left()

    def _is_locked(self) -> bool:
        with self._lock:
            return self._place.is_locked()

    def release(self, *, aside: float = 0) -> None:
        """Let another process have it at once. aside: seconds in which it is not asked for."""
        with self._lock:
            self._asked, self._aside = -math.inf, time.monotonic() + aside
            if self._until > -math.inf:
                self._until = -math.inf
                self._place.release()

    def is_taken(self) -> bool:
        """Whether another process seems to hold it, so that at least one gateway runs. Where only
        time can tell, ask again for `SECONDS`."""
        with self._lock:
            return self._place.is_taken()

    def look(self) -> Seen:
        """Who holds it, for who only wants to know. Raises ConfigError where no gateway could."""
        with self._lock:
            return self._place.look()

    def demand_usable(self) -> None:
        """Raise ConfigError where no gateway could take it."""
        self._place.demand_usable()

    def close(self) -> None:
        """Let go of files. What was not released is taken over as from a process that died."""
        with self._lock:
            self._until = -math.inf
            self._place.close()


def watcher(lease: Lease, wake: Callable[[], None]) -> threads.Step:
    """One step of the thread that takes it over. wake: those who then have work to do."""

    def step(_stop: threading.Event) -> float:
        before = lease.held
        if lease.take() and not before:
            wake()
        return WATCH

    return step


@contextmanager
def renewed(lease: Lease) -> Iterator[None]:
    """Renew it while the block runs, or a gateway that starts meanwhile takes it from a command
    that works for longer than `SECONDS`."""
    end = threading.Event()
    thread = threads.start("lease", watcher(lease, lambda: None), end)
    try:
        yield
    finally:
        end.set()
        thread.join()


class LeaseRow:
    """The row of the database."""

    def __init__(self, engine: sa.Engine, me: str) -> None:
        self._engine = engine
        self._me = me
        self._clock = CLOCKS[engine.dialect.name]

    def ask(self) -> bool:
        """Read first: who has to wait must not disturb those who write."""
        free = sa.or_(
            leases.c.holder == self._me,
            leases.c.expires <= self._clock,
            leases.c.expires > self._clock + SECONDS,  # its clock was set back
        )
        row = (leases.c.name == LEASE) & free
        with self._engine.connect() as connection:
            if connection.scalar(sa.select(sa.literal(1)).where(row)) is None:
                return False
        values = {"holder": self._me, "expires": self._clock + SECONDS}
        with begin_write(self._engine) as connection:
            return connection.execute(sa.update(leases).where(row).values(values)).rowcount == 1

    def is_left(self) -> bool:
        """Only time tells."""
        return False

    def is_locked(self) -> bool:
        """Not waited for: it is stopped in a moment, or was a moment ago."""
        return True

    def is_taken(self) -> bool:
        """Whether another process holds it now."""
        return self.look().holder not in (None, self._me)

    def look(self) -> Seen:
        """Who holds it now."""
        running = leases.c.expires.between(self._clock, self._clock + SECONDS)
        with self._engine.connect() as connection:
            return Seen(connection.scalar(sa.select(leases.c.holder).where(running)), False)

    def release(self) -> None:
        """Only what is ours."""
        with begin_write(self._engine) as connection:
            mine = (leases.c.name == LEASE) & (leases.c.holder == self._me)
            connection.execute(sa.update(leases).where(mine).values(expires=0.0))

    def demand_usable(self) -> None:
        """As usable as the database."""

    def close(self) -> None:
        """Nothing is open."""


CLOCKS: dict[str, sa.ColumnElement[float]] = {
    "sqlite": sa.literal_column("(julianday('now') - 2440587.5) * 86400.0", sa.Double),
    "postgresql": sa.literal_column("extract(epoch FROM clock_timestamp())", sa.Double),
}
"""Unix seconds of the database."""
