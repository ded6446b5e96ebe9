"""A program that takes webhooks, with programmable faults.

with start_receiver() as receiver:
    receiver.keys = [secret]            # what comes is verified, as a receiver does
    receiver.on(status(500), times=2)
    receiver.taken                      # what it answered with 2xx, in order
"""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

Answer = Callable[[BaseHTTPRequestHandler], bool]
"""Answers a request whose body was read; whether the message counts as taken."""


@dataclass(frozen=True)
class Got:
    """A request as it came. signed_by: the first of the receiver's secrets that verifies it, None:
    none does."""

    path: str
    headers: dict[str, str]
    body: bytes
    signed_by: str | None

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def value(self) -> dict[str, Any]:
        found: dict[str, Any] = orjson.loads(self.body)
        return found


def status(code: int, *headers: tuple[str, str]) -> Answer:
    """An answer without content."""

    def answer(handler: BaseHTTPRequestHandler) -> bool:
        handler.send_response(code)
        for name, value in headers:
            handler.send_header(name, value)
        handler.send_header("content-length", "0")
        handler.end_headers()
        return 200 <= code < 300

    return answer


def hang_up(handler: BaseHTTPRequestHandler) -> bool:
    """No answer: the connection is cut."""
    handler.close_connection = True
    linger = struct.pack("ii", 1, 0)
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    handler.connection.close()
    return False


def raw(data: bytes) -> Answer:
    """Whatever bytes, and the end of the connection."""

    def answer(handler: BaseHTTPRequestHandler) -> bool:
        handler.wfile.write(data)
        handler.close_connection = True
        return False

    return answer


def hold(release: threading.Event) -> Answer:
    """Nothing, until it is let go; then nothing either."""

    def answer(handler: BaseHTTPRequestHandler) -> bool:
        release.wait()
        return hang_up(handler)

    return answer


def drip(release: threading.Event) -> Answer:
    """A header line now and then, without end."""

    def answer(handler: BaseHTTPRequestHandler) -> bool:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
        while not release.wait(0.05):
            handler.wfile.write(b"x-more: 1\r\n")
        return hang_up(handler)

    return answer


def endless(sent: list[int]) -> Answer:
    """200, and a body without end; `sent` holds how much of it went out."""

    def answer(handler: BaseHTTPRequestHandler) -> bool:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\n")
        sent.append(0)
        try:
            while True:
                sent[-1] += handler.wfile.write(b"x" * 65536)
        except OSError:  # it was cut off, as it should be
            handler.close_connection = True
        return True

    return answer


@dataclass
class Receiver:
    """A running one. got: all requests; taken: those that it took; on: what it answers next."""

    url: str
    keys: Sequence[str] = ()
    got: list[Got] = field(default_factory=list)
    _taken: set[int] = field(default_factory=set)
    _under_way: int = 0
    _answers: list[tuple[Answer, int | None]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def taken(self) -> list[Got]:
        """What it took, as it came; of a request whose answer is just leaving it is waited for, a
        second at most: the sender may have it before it stands here."""
        end = time.monotonic() + 1
        while self._under_way and time.monotonic() < end:
            time.sleep(0.002)
        return [one for at, one in enumerate(self.got) if at in self._taken]

    def forget(self) -> None:
        """What it took so far."""
        self._taken.clear()

    def on(self, answer: Answer, *, times: int | None = None) -> None:
        """From now on it answers so, `times` times; the first that fits counts."""
        with self._lock:
            self._answers.append((answer, times))

    def clear(self) -> None:
        """It takes everything again."""
        with self._lock:
            self._answers.clear()

    def values(self) -> list[dict[str, Any]]:
        """What it took, in order."""
        return [one.value for one in self.taken]

    def receive(self, handler: BaseHTTPRequestHandler, body: bytes) -> None:
        headers = {name.lower(): value for name, value in handler.headers.items()}
        got = Got(handler.path, headers, body, self._signer(headers, body))
        with self._lock:
            self._under_way += 1
            at = len(self.got)
            self.got.append(got)
        try:
            if self._next()(handler):
                self._taken.add(at)
        finally:
            with self._lock:
                self._under_way -= 1

    def _signer(self, headers: dict[str, str], body: bytes) -> str | None:
        for key in self.keys:
            try:
                Webhook(key).verify(body, headers)
            except WebhookVerificationError:
                continue
            return key
        return None

    def _next(self) -> Answer:
        with self._lock:
            for at, (answer, times) in enumerate(self._answers):
                if times == 0:
                    continue
                if times is not None:
                    self._answers[at] = (answer, times - 1)
                return answer
        return status(204)


@contextmanager
def start_receiver(port: int = 0) -> Iterator[Receiver]:
    """One, stopped on exit."""
    server = _Server(("127.0.0.1", port), _Handler)
    server.receiver = Receiver(url=f"http://127.0.0.1:{server.server_port}/hook")
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server.receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Server(ThreadingHTTPServer):
    receiver: Receiver
    daemon_threads = True
    block_on_close = False  # what is held must not delay the end of a test


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        try:
            self.server.receiver.receive(self, body)
        except OSError:  # whoever sent gave up waiting
            self.close_connection = True

    def do_GET(self) -> None:
        self.do_POST()

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""
