"""A check whose reader goes away: nobody waits, nothing new is asked, its place comes free."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from typing import Any

from gateway.checks.routes import _lines
from gateway.checks.running import Running

PATIENCE = 60.0


class Slow:
    """Questions that take until they are let go."""

    def __init__(self) -> None:
        self.let_go, self.free = threading.Event(), threading.Event()
        self.asked: list[int] = []

    def ask(self, n: int, stopped: threading.Event) -> Mapping[str, Any]:
        if not stopped.is_set():
            self.asked.append(n)
            assert self.let_go.wait(PATIENCE)
        return {"n": n}

    def run(self, count: int) -> Running:
        asks = [lambda stopped, n=n: self.ask(n, stopped) for n in range(count)]
        return Running(asks, 2, self.free.set)


def test_whoever_goes_away_is_not_waited_for() -> None:
    slow = Slow()

    async def reads() -> None:
        lines = _lines(slow.run(6))
        assert await anext(lines) == b""
        waiting = asyncio.create_task(anext(lines))
        while len(slow.asked) < 2:
            await asyncio.sleep(0.01)
        waiting.cancel()  # as when the sender hangs up
        await asyncio.wait([waiting])
        await lines.aclose()
        assert not slow.free.is_set(), "its questions are still under way"

    asyncio.run(reads())
    assert sorted(slow.asked) == [0, 1]
    slow.let_go.set()
    assert slow.free.wait(PATIENCE)
    assert sorted(slow.asked) == [0, 1]


def test_whoever_never_reads_has_it_stopped_too() -> None:
    slow = Slow()

    async def turns_away() -> None:
        lines = _lines(slow.run(6))
        await anext(lines)
        await lines.aclose()

    asyncio.run(turns_away())
    slow.let_go.set()
    assert slow.free.wait(PATIENCE)
    assert len(slow.asked) <= 2


def test_whoever_stays_is_told_all_in_order() -> None:
    slow = Slow()
    slow.let_go.set()

    async def reads() -> list[bytes]:
        return [line async for line in _lines(slow.run(6))]

    told = asyncio.run(reads())
    assert told == [b""] + [b'{"n":%d}\n' % n for n in range(6)]
    assert slow.free.wait(PATIENCE)
