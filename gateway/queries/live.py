"""A question that is told while it goes on.

It is asked by a thread, as any other. Whoever reads may go away: the question is kept all the same,
and its place is given back when it has come to its end.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack
from typing import Any

from starlette.concurrency import run_in_threadpool

from gateway.http.problems import Problem
from gateway.queries.asking import Heard, Step
from gateway.queries.services import Used

Line = Mapping[str, Any]

_running: set[asyncio.Task[None]] = set()
"""Kept until they end, for the loop itself holds them weakly."""


async def live_lines(
    ask: Callable[[Heard], Used],
    told: Callable[[Exception], Problem],
    place: AsyncExitStack,
) -> AsyncIterator[Line | Problem]:
    """What is heard of a question, and what came of it, or the problem in which it ended. ask:
    asks; told: says what an error is. place: closed when it has ended, whoever listens."""
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[Line | Problem | None] = asyncio.Queue()

    def heard(step: Step) -> None:
        loop.call_soon_threadsafe(queue.put_nowait, step.as_dict())

    async def run() -> None:
        async with place:
            try:
                used = await run_in_threadpool(ask, heard)
                queue.put_nowait({"use": used.id, "overall": used.overall, "now": used.now})
            except Exception as error:
                queue.put_nowait(told(error))
            finally:
                queue.put_nowait(None)

    task = asyncio.create_task(run())
    _running.add(task)
    task.add_done_callback(_running.discard)
    while (line := await queue.get()) is not None:
        yield line
