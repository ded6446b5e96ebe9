"""NDJSON in, NDJSON out, at the same time and in bounded memory.

While one set is stored the next is read and answers are sent. A client that does not read while
it sends is served too, as long as its answers fit `MAX_UNSENT`; then reading stops until it takes
some.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import orjson
import structlog
from anyio import CapacityLimiter, to_thread
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.base.policy import Caller, Purpose
from gateway.http.limits import NDJSON
from gateway.http.problems import problem_of
from gateway.intake.lines import sets
from gateway.intake.pool import Drafting
from gateway.intake.services import Intake
from gateway.intake.worker import Lines
from gateway.tokens.services import ask_again

MAX_UNSENT = 32 << 20
"""Bytes of answers held for one client: those of some 60,000 rows."""
SEND_PAUSE = 60.0
"""Seconds that a client may leave an answer unread before its connection is dropped."""
VERDICTS = ("accepted", "duplicate", "conflict", "rejected")

_Begun = Drafting | Exception | None

_log = structlog.get_logger(__name__)


class NdjsonResponse(Response):
    """Answers the rows of `request` as they are stored.

    A failure in the middle ends the answer with a line {"problem": {…}} and without counts: what
    was answered before it stands, the rest was not taken. A token that was revoked is one: it is
    asked for before every set.
    """

    def __init__(self, request: Request, intake: Intake, limiter: CapacityLimiter) -> None:
        super().__init__(media_type=NDJSON)
        del self.headers["content-length"]
        self._request = request
        self._intake = intake
        self._limiter = limiter
        self._counts = Counter(dict.fromkeys(VERDICTS, 0))
        self._promises = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        outbox = _Outbox()
        worker = asyncio.create_task(self._work(outbox))
        start = {"status": self.status_code, "headers": self.raw_headers}
        try:
            await send({"type": "http.response.start", **start})
            while (data := await outbox.take()) is not None:
                part = {"type": "http.response.body", "body": data, "more_body": True}
                await asyncio.wait_for(send(part), SEND_PAUSE)
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            worker.cancel()
            await asyncio.gather(worker, return_exceptions=True)

    async def _work(self, outbox: _Outbox) -> None:
        """Store set after set; the next ones are read and drafted meanwhile."""
        begun: asyncio.Queue[_Begun] = asyncio.Queue(max(1, self._intake.ahead))
        reader = asyncio.create_task(self._read(begun))
        try:
            while isinstance(item := await begun.get(), Drafting):
                caller = await ask_again(self._request, Purpose.SUBMIT)
                work = partial(self._store, item, caller)
                await outbox.put(await to_thread.run_sync(work, limiter=self._limiter))
            if item is not None:
                raise item
            await outbox.put(_line({"counts": self._counts}))
        except ClientDisconnect:
            _log.info("intake.client-left", rows=self._counts.total())
        except Exception as error:
            problem = problem_of(error)
            _log.error("intake.stream-ended", code=problem.code, exc_info=True)
            await outbox.put(_line({"problem": problem.as_dict()}))
        finally:
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)
            outbox.close()

    async def _read(self, begun: asyncio.Queue[_Begun]) -> None:
        """Begin with set after set; behind the last one, None or what ended them."""
        source = sets(_chunks(self._request))
        end: Exception | None = None
        try:
            async for raw in source:
                work = partial(self._intake.begin, Lines(raw.lines, raw.first))
                await begun.put(await to_thread.run_sync(work))
        except Exception as error:
            end = error
        finally:
            await source.aclose()
        await begun.put(end)

    def _store(self, drafting: Drafting, caller: Caller) -> bytes:
        """Answer one set, its promise behind the rows. Runs in a thread."""
        callers = [caller] * len(drafting.source)
        answer = self._intake.finish(drafting, callers=callers)
        self._counts.update(Counter(row.verdict for row in answer.rows))
        lines = [orjson.dumps(row.as_dict(self._promises)) for row in answer.rows]
        if answer.promise is not None:
            self._promises += 1
            lines.append(orjson.dumps({"promise": answer.promise.as_dict()}))
        return b"\n".join(lines) + b"\n"


class _Outbox:
    """Answers waiting to be sent; putting waits while too much of them is unsent."""

    def __init__(self) -> None:
        self._parts: deque[bytes | None] = deque()
        self._size = 0
        self._filled = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()

    async def put(self, data: bytes) -> None:
        await self._room.wait()
        self._add(data)
        self._size += len(data)
        if self._size >= MAX_UNSENT:
            self._room.clear()

    def close(self) -> None:
        self._add(None)

    async def take(self) -> bytes | None:
        """The next part; None at the end."""
        await self._filled.wait()
        data = self._parts.popleft()
        if not self._parts:
            self._filled.clear()
        self._size -= len(data or b"")
        if self._size < MAX_UNSENT:
            self._room.set()
        return data

    def _add(self, part: bytes | None) -> None:
        self._parts.append(part)
        self._filled.set()


async def _chunks(request: Request) -> AsyncIterator[bytes]:
    """The body without empty chunks, which mean the end to `sets`."""
    async for chunk in request.stream():
        if chunk:
            yield chunk


def _line(value: dict[str, Any]) -> bytes:
    return orjson.dumps(value) + b"\n"
