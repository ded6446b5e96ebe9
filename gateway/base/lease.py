"""Which of the gateways on one database integrates and anchors.

A row of the database names it and says until when, by the database's clock. Its holder renews it
while it works; a few seconds after it died another one takes over. Two that hold it for a moment
(a process that was stopped and goes on, a clock that was set) do no harm: the tree grows under a
lock, and the contract compares the size before. So this spares work and fees, no more.
"""

from __future__ import annotations

import math
import os
import secrets
import socket
import threading
import time

import sqlalchemy as sa
import structlog

from gateway.base.db import begin_write, metadata

SECONDS = 5.0
"""For which it is taken. A batch and the pauses of a busy machine fit in several times."""
RENEW = 1.0
"""Seconds after which it is renewed, and others look whether it is free."""

LEASE = "anchor"

leases = sa.Table(
    "leases",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),  # `LEASE` is the only one
    sa.Column("holder", sa.Text, nullable=False),  # host/process/random
    sa.Column("expires", sa.Double, nullable=False),  # Unix seconds by the database's clock
)
"""Its row is made with the table."""

_log = structlog.get_logger(__name__)


class Lease:
    """Of one process; shared by its threads. Asks the database at most once in `RENEW` seconds."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._me = f"{socket.gethostname()}/{os.getpid()}/{secrets.token_hex(4)}"
        self._clock = CLOCKS[engine.dialect.name]
        self._lock = threading.Lock()
        self._asked = -math.inf
        self._until = -math.inf

    @property
    def held(self) -> bool:
        """Whether this process holds it, as far as it knows without asking."""
        return time.monotonic() < self._until

    def take(self) -> bool:
        """Whether this process holds it now: renews it, or takes it where it is free."""
        with self._lock:
            now = time.monotonic()
            if now - self._asked >= RENEW:
                before = self.held
                # Before the database is asked: what its clock counts from begins later.
                self._until = now + SECONDS if self._ask() else -math.inf
                self._asked = now
                if before != self.held:
                    _log.info("lease.taken" if self.held else "lease.lost", holder=self._me)
            return self.held

    def release(self, *, aside: float = 0) -> None:
        """Let another process have it at once. aside: seconds in which it is not asked for."""
        with self._lock:
            self._asked = time.monotonic() + aside - RENEW
            if self._until > -math.inf:
                self._until = -math.inf
                with begin_write(self._engine) as connection:
                    mine = (leases.c.name == LEASE) & (leases.c.holder == self._me)
                    connection.execute(sa.update(leases).where(mine).values(expires=0.0))

    def _ask(self) -> bool:
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


def is_taken(engine: sa.Engine) -> bool:
    """Whether some process holds it now, so that at least one gateway runs."""
    clock = CLOCKS[engine.dialect.name]
    running = leases.c.expires.between(clock, clock + SECONDS)
    with engine.connect() as connection:
        return connection.scalar(sa.select(sa.literal(1)).where(running)) is not None


CLOCKS: dict[str, sa.ColumnElement[float]] = {
    "sqlite": sa.literal_column("(julianday('now') - 2440587.5) * 86400.0", sa.Double),
    "postgresql": sa.literal_column("extract(epoch FROM clock_timestamp())", sa.Double),
}
"""Unix seconds of the database."""
