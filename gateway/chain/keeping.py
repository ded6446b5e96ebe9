"""What the chain recorded of ours stays so: what it has lost is sent again.

A chain may be lost and rebuilt, or set back behind what it called final; then its contracts know
our acts no more.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from typing import Any, Final, Generic, Protocol, TypeVar

import sqlalchemy as sa

from gateway.base.context import Context
from gateway.base.db import begin_read

CHECK_SECONDS: Final = 60.0
"""Between two looks at what was recorded."""
LATE_SECONDS: Final = 30.0
"""For so long a head below the newest of it may be that of nodes which lag; then the chain was set
back."""


class Head(Protocol):
    """The chain as a step goes by it."""

    @property
    def number(self) -> int:
        """Of the head."""

    def hash_at(self, number: int) -> bytes | None:
        """Hash of a block; None where there is none of that number. Raises CouldNotCheck."""


Now = TypeVar("Now", bound=Head)


class Keeping(ABC, Generic[Now]):
    """Looks whether the chain still has what it recorded. Belongs to the thread that sends."""

    def __init__(self, ctx: Context) -> None:
        self.ctx = ctx
        self._checked: float | None = None
        self._late_since: float | None = None

    @abstractmethod
    def newest(self, connection: sa.Connection) -> sa.Row[Any] | None:
        """What was recorded in the latest block: `block`, `block_hash`."""

    @abstractmethod
    def now(self) -> Now:
        """The chain at its head. Raises CouldNotCheck."""

    @abstractmethod
    def compare(self, now: Now) -> int:
        """Look at everything that was recorded; how much is to be sent again."""

    def step(self) -> int:
        """Look where that is due; how much is to be sent again. Raises CouldNotCheck."""
        at = time.monotonic()
        if self._checked is not None and at - self._checked < CHECK_SECONDS:
            return 0
        lost = self.look()
        self._checked = at
        return lost

    def look(self) -> int:
        """The same at once."""
        with begin_read(self.ctx.engine) as connection:
            newest = self.newest(connection)
        if newest is None:
            return 0
        now = self.now()
        if now.number < newest.block:
            self._late_since = self._late_since or time.monotonic()
            if time.monotonic() - self._late_since < LATE_SECONDS:
                return 0
        self._late_since = None
        if now.hash_at(newest.block) == newest.block_hash:
            return 0
        return self.compare(now)
