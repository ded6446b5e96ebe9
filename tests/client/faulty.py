"""A gateway that does what it is told to, among other things wrong: over real sockets.

For each request the next fault in line says when the connection breaks: before anything was done,
or after it was done and before it is told.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson

Reply = tuple[int, bytes, Mapping[str, str]]


class Fault(Enum):
    """What befalls a request."""

    NONE = "none"
    UNDONE = "undone"
    """The connection breaks, and nothing was done."""
    LOST = "lost"
    """It was done, and the connection breaks before a word of the answer."""
    HALF = "half"
    """It was done, and the answer breaks off in its middle."""
    SILENT = "silent"
    """It was done, and no answer ever comes."""
    DRIPS = "drips"
    """It was done, and the answer comes a byte at a time."""


PAIR = (Fault.UNDONE, Fault.LOST)
"""Which nobody can tell apart from outside."""


@dataclass
class Seen:
    """A request; names of headers in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


Work = Callable[[Seen], Reply]


@dataclass
class Gateway:
    """url: where it is. work: what it does and answers. faults: of the next requests, in order.
    seen: every request. done: those that were carried out."""

    url: str
    work: Work
    faults: list[Fault] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    done: list[Seen] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)


def told(value: Any, status: int = 200, **headers: str) -> Reply:
    """JSON; header names with _ for -."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return status, orjson.dumps(value), {"content-type": "application/json", **named}


def problem(status: int, code: str, **more: Any) -> Reply:
    """A problem document."""
    value = {"status": status, "code": code, "text": {"zh": f"{code}。", "en": f"{code}!"}}
    headers = {"retry-after": str(more.pop("retry_after"))} if "retry_after" in more else {}
    data = orjson.dumps(value | more)
    return status, data, {"content-type": "application/problem+json", **headers}


def in_turn(*replies: Reply) -> Work:
    """One after the other; the last again and again."""
    waiting = list(replies)
    return lambda _seen: waiting.pop(0) if len(waiting) > 1 else waiting[0]


@contextmanager
def faulty(
    work: Work, *faults: Fault, tls: ssl.SSLContext | None = None, port: int = 0
) -> Iterator[Gateway]:
    """A running one."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            seen = Seen(
                self.command,
                self.path,
                {name.lower(): text for name, text in self.headers.items()},
                self.rfile.read(length),
            )
            made.seen.append(seen)
            fault = made.faults.pop(0) if made.faults else Fault.NONE
            if fault is Fault.UNDONE:
                self._break()
                return
            status, data, headers = made.work(seen)
            made.done.append(seen)
            self._answer(fault, status, data, headers)

        def _answer(
            self, fault: Fault, status: int, data: bytes, headers: Mapping[str, str]
        ) -> None:
            if fault is Fault.LOST:
                self._break()
                return
            if fault is Fault.SILENT:
                made.ended.wait(60)
                self._break()
                return
            self.send_response(status)
            for name, text in headers.items():
                self.send_header(name, text)
            if "content-length" not in headers:
                self.send_header("content-length", str(len(data)))
            self.end_headers()
            if fault is Fault.DRIPS:
                self._drip(data)
                return
            self.wfile.write(data[: len(data) // 2] if fault is Fault.HALF else data)
            self.wfile.flush()
            if fault is Fault.HALF:
                self._break()

        def _drip(self, data: bytes) -> None:
            try:
                for n in range(len(data)):
                    self.wfile.write(data[n : n + 1])
                    self.wfile.flush()
                    if made.ended.wait(0.05):
                        return
            except OSError:
                self.close_connection = True

        def _break(self) -> None:
            self.close_connection = True
            try:
                self.connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                return  # the other side was first

        do_GET = do_POST = do_DELETE = _serve  # noqa: N815 - names of http.server

        def log_message(self, format: str, *args: object) -> None:
            """Silent."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

        def handle_error(self, request: Any, client_address: Any) -> None:
            """Connections are broken on purpose here."""

    server = Server(("127.0.0.1", port), Handler)
    scheme = "http"
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
        scheme = "https"
    made = Gateway(f"{scheme}://127.0.0.1:{server.server_port}", work, list(faults))
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield made
    finally:
        made.ended.set()
        server.shutdown()
        thread.join()
        server.server_close()


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def wait_for(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    """Until it is so."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "never happened"
        time.sleep(0.01)


def paths(gateway: Gateway) -> Sequence[str]:
    """What was asked for, in order."""
    return [f"{one.method} {one.path}" for one in gateway.seen]
