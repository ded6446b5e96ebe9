"""TCP lines between what talks to each other, each of which can be cut, held or muted."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

OPEN, CUT, HOLD, MUTE = "open", "cut", "hold", "mute"
Upstream = Path | int
"""A Unix socket, or a port of 127.0.0.1."""
PIECE = 65_536
SECONDS = 60.0
"""For a call into the thread of the lines."""
_RESET = struct.pack("ii", 1, 0)
_Found = TypeVar("_Found")


class Line:
    """Listens on 127.0.0.1:`port` and hands on to and from `upstream`, as its mode says."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream
        self._mode = OPEN
        self._passing = asyncio.Event()
        self._passing.set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.port = 0

    async def open(self) -> None:
        """Listen, on a free port."""
        self._server = await asyncio.start_server(self._taken, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def set(self, mode: str) -> None:
        """Behave so from now on. What was held goes on when it is OPEN again."""
        self._mode = mode
        if mode == CUT:
            for writer in list(self._writers):
                _reset(writer)
        if mode == HOLD:
            self._passing.clear()
        else:
            self._passing.set()

    async def close(self) -> None:
        """Drop everything."""
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for writer in list(self._writers):
            writer.transport.abort()

    async def _taken(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        self._writers.add(writer)
        try:
            await self._connect(reader, writer)
        except OSError:  # nobody there, or one of both has gone: so must the other
            _reset(writer)
        finally:
            self._writers.discard(writer)

    async def _connect(self, reader: asyncio.StreamReader, near: asyncio.StreamWriter) -> None:
        await self._passing.wait()
        if self._mode == CUT:
            _reset(near)
            return
        if isinstance(self._upstream, Path):
            answers, far = await asyncio.open_unix_connection(self._upstream)
        else:
            answers, far = await asyncio.open_connection("127.0.0.1", self._upstream)
        self._writers.add(far)
        try:
            await asyncio.gather(
                self._hand_on(reader, far), self._hand_on(answers, near, answering=True)
            )
        finally:
            self._writers.discard(far)
            _reset(far)
            _reset(near)

    async def _hand_on(
        self, source: asyncio.StreamReader, target: asyncio.StreamWriter, *, answering: bool = False
    ) -> None:
        """Until the source ends. Raises ConnectionResetError where the line is cut."""
        while data := await source.read(PIECE):
            await self._passing.wait()
            if self._mode == CUT or (self._mode == MUTE and answering):
                raise ConnectionResetError
            target.write(data)
            await target.drain()
        await self._passing.wait()
        with suppress(OSError):  # it has ended as well
            target.write_eof()


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close with RST, as a cut line does; what was not handed on is gone."""
    found = writer.get_extra_info("socket")
    if found is not None and found.family != socket.AF_UNIX and found.fileno() >= 0:
        with suppress(OSError):
            found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    writer.transport.abort()


class Lines:
    """All lines by their names, served by a thread of their own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="lines", daemon=True)
        self._lines: dict[str, Line] = {}

    def add(self, name: str, upstream: Upstream) -> int:
        """Open one; the port to be used in place of its upstream."""
        line = self._lines[name] = Line(upstream)
        self._run(line.open())
        return line.port

    @property
    def names(self) -> list[str]:
        """Of all lines."""
        return list(self._lines)

    def set(self, name: str, mode: str) -> None:
        """Change how one behaves."""
        self._run(self._lines[name].set(mode))

    def _run(self, work: Coroutine[Any, Any, _Found]) -> _Found:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(SECONDS)

    def _start(self) -> None:
        self._thread.start()

    def _end(self) -> None:
        for line in self._lines.values():
            self._run(line.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@contextmanager
def open_lines() -> Iterator[Lines]:
    """Lines that are dropped at the end."""
    lines = Lines()
    lines._start()
    try:
        yield lines
    finally:
        lines._end()
