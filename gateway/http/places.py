"""Places for what is done at once, and short lines of those who wait for one.

Belongs to one event loop. Nobody waits without end, and no caller takes the places of all others.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from gateway.http.problems import retry_later

PATIENCE = 20.0
"""Seconds after which one that waits is told to come again: less than callers wait themselves."""
AGAIN = 1
"""Seconds after which one that found no place may ask again."""


@dataclass(slots=True)
class _Line:
    """Of one caller. there: requests that have a place or wait for one."""

    own: asyncio.Semaphore
    there: int = 0


@dataclass(slots=True, kw_only=True)
class Places:
    """at_once: places of all together. each: of them, at most, one caller's. waiting: how many more
    of one caller may wait. line: how many of all may. patience: in seconds."""

    at_once: int
    each: int
    waiting: int
    line: int = 128
    patience: float = PATIENCE
    _all: asyncio.Semaphore = field(init=False)
    _lines: dict[str, _Line] = field(default_factory=dict)
    _there: int = 0

    def __post_init__(self) -> None:
        """Open all places."""
        self._all = asyncio.Semaphore(self.at_once)

    @asynccontextmanager
    async def hold(self, caller: str) -> AsyncIterator[None]:
        """Hold a place. Raises Problem 429 where this caller has enough, 503 `busy` where all
        together do, or none became free in time."""
        mine = self._lines.get(caller)
        if mine is not None and mine.there >= self.each + self.waiting:
            raise retry_later("too-many-requests", AGAIN)
        if self._there >= self.at_once + self.line:
            raise retry_later("not-ready", AGAIN, reason="busy")
        if mine is None:
            mine = self._lines[caller] = _Line(asyncio.Semaphore(self.each))
        mine.there += 1
        self._there += 1
        try:
            # A caller's own line first: it stands in the one of all with `each` at the most.
            await self._enter(mine.own)
            try:
                await self._enter(self._all)
                try:
                    yield
                finally:
                    self._all.release()
            finally:
                mine.own.release()
        finally:
            self._there -= 1
            mine.there -= 1
            if not mine.there:
                del self._lines[caller]

    async def _enter(self, semaphore: asyncio.Semaphore) -> None:
        try:
            async with asyncio.timeout(self.patience):
                await semaphore.acquire()
        except TimeoutError as error:
            raise retry_later("not-ready", AGAIN, reason="busy") from error
