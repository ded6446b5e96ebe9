"""Cutting a streamed body into lines and lines into sets, in bounded memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass, field

from gateway.intake.interfaces import MAX_SET

MAX_LINE = 256 * 1024
"""Bytes of one NDJSON line. The longest lawful penalty holds some 16,000 characters; each may be
escaped with six bytes (96 KiB), and surrogate pairs with twelve."""
MAX_SET_BYTES = 4 << 20
"""A set is handed on when it has so many bytes: some four thousand penalties of usual size."""
IDLE_SECONDS = 0.02
"""A sender silent for so long waits for answers: what is there is handed on."""

Line = bytes | None
"""Without its line end; None stands for one longer than `MAX_LINE`, whose bytes were dropped."""


class LineSplitter:
    """Bytes in, whole lines out. Holds at most one unfinished line of `limit` bytes."""

    def __init__(self, limit: int = MAX_LINE) -> None:
        self._limit = limit
        self._parts: list[bytes] = []
        self._held = 0

    def feed(self, data: bytes) -> list[Line]:
        """The lines that `data` completes."""
        *whole, rest = data.split(b"\n")
        lines: list[Line] = []
        if whole:
            self._hold(whole[0])
            lines.append(self._take())
            lines += [line if len(line) <= self._limit else None for line in whole[1:]]
        self._hold(rest)
        return lines

    def finish(self) -> list[Line]:
        """The last line, where it had no line end."""
        return [self._take()] if self._held else []

    def _hold(self, part: bytes) -> None:
        self._held += len(part)
        if self._held > self._limit:
            self._parts.clear()
        elif part:
            self._parts.append(part)

    def _take(self) -> Line:
        line = b"".join(self._parts) if self._held <= self._limit else None
        self._parts.clear()
        self._held = 0
        return line


@dataclass(slots=True)
class RawSet:
    """Consecutive lines, the first of which has the number `first` (from 1)."""

    first: int
    lines: list[Line] = field(default_factory=list)


async def sets(chunks: AsyncIterator[bytes]) -> AsyncGenerator[RawSet]:
    """Sets of at most `MAX_SET` lines, as soon as one is full or the sender pauses."""
    splitter = LineSplitter()
    waiting: list[Line] = []
    weight, row = 0, 1
    chunk: asyncio.Future[bytes] | None = None
    ended = False
    try:
        while not ended:
            chunk = chunk or asyncio.ensure_future(anext(chunks, b""))
            idle = IDLE_SECONDS if waiting else None
            await asyncio.wait({chunk}, timeout=idle)
            if chunk.done():
                data, chunk = chunk.result(), None
                ended = not data
                waiting += splitter.feed(data) if data else splitter.finish()
                weight += len(data)
                full = len(waiting) >= MAX_SET or weight >= MAX_SET_BYTES
            else:
                full = True
            while waiting and (full or ended):
                yield RawSet(row, waiting[:MAX_SET])
                row += len(waiting[:MAX_SET])
                del waiting[:MAX_SET]
                weight = 0
                full = len(waiting) >= MAX_SET
    finally:
        if chunk is not None:
            chunk.cancel()
            await asyncio.gather(chunk, return_exceptions=True)
