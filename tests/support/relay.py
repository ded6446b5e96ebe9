"""An HTTP relay with programmable faults, to stand between two gateways.

with start_relay() as relay:
    relay.upstream = server.url
    relay.on(drop_response(), times=1)     # fails with effect
    relay.on(drop_request(), times=1)      # fails without effect
    relay.on(change(lambda answer: answer.with_body(b"{}")))
    relay.clear()
"""

from __future__ import annotations

import http.client
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

Headers = list[tuple[str, str]]


class HangUp(Exception):
    """Closes the connection without an answer."""


@dataclass(frozen=True)
class Seen:
    """A request as it came."""

    path: str
    headers: Headers
    body: bytes
    method: str = "POST"


@dataclass(frozen=True)
class Answered:
    """An answer on its way back."""

    status: int
    headers: Headers
    body: bytes

    def with_header(self, name: str, value: str) -> Answered:
        kept = [pair for pair in self.headers if pair[0].lower() != name]
        return replace(self, headers=[*kept, (name, value)])

    def without(self, *names: str) -> Answered:
        return replace(self, headers=[h for h in self.headers if h[0].lower() not in names])


Forward = Callable[[Seen], Answered]
Fault = Callable[[Seen, Forward], Answered]


def honest(seen: Seen, forward: Forward) -> Answered:
    """No fault."""
    return forward(seen)


def drop_request() -> Fault:
    """Fails without effect: the other side never hears of it."""

    def fault(seen: Seen, forward: Forward) -> Answered:
        raise HangUp

    return fault


def drop_response() -> Fault:
    """Fails with effect: the other side does it, its answer is lost."""

    def fault(seen: Seen, forward: Forward) -> Answered:
        forward(seen)
        raise HangUp

    return fault


def change(what: Callable[[Answered], Answered]) -> Fault:
    """Another answer."""
    return lambda seen, forward: what(forward(seen))


def instead(answer: Answered) -> Fault:
    """An answer that the other side has nothing to do with."""
    return lambda seen, forward: answer


def hold(release: threading.Event) -> Fault:
    """Nothing, until it is let go."""

    def fault(seen: Seen, forward: Forward) -> Answered:
        release.wait()
        raise HangUp

    return fault


@dataclass
class Relay:
    """A running relay. seen: all that was asked; answered: all that the other side answered."""

    url: str
    upstream: str = ""
    seen: list[Seen] = field(default_factory=list)
    answered: list[Answered] = field(default_factory=list)
    _faults: list[tuple[Fault, int | None]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def on(self, fault: Fault, *, times: int | None = None) -> None:
        """From now on `fault` answers, `times` times; the first one that fits counts."""
        with self._lock:
            self._faults.append((fault, times))

    def clear(self) -> None:
        """Honest again."""
        with self._lock:
            self._faults.clear()

    def answer(self, seen: Seen) -> Answered:
        self.seen.append(seen)
        return self._next()(seen, self.forward)

    def forward(self, seen: Seen) -> Answered:
        """The real answer."""
        parts = urlsplit(self.upstream)
        connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=300)
        try:
            connection.putrequest(seen.method, seen.path, skip_host=True, skip_accept_encoding=True)
            for name, value in seen.headers:
                if name.lower() not in ("connection", "transfer-encoding"):
                    connection.putheader(name, value)
            connection.endheaders(seen.body)
            response = connection.getresponse()
            found = Answered(response.status, response.getheaders(), response.read())
        except OSError as error:  # it is down: so are we
            raise HangUp from error
        finally:
            connection.close()
        self.answered.append(found)
        return found

    def _next(self) -> Fault:
        with self._lock:
            for at, (fault, times) in enumerate(self._faults):
                if times == 0:
                    continue
                if times is not None:
                    self._faults[at] = (fault, times - 1)
                return fault
        return honest


@contextmanager
def start_relay() -> Iterator[Relay]:
    """A relay, stopped on exit; it needs an `upstream` before it is asked."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.relay = Relay(url=f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server.relay
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Server(ThreadingHTTPServer):
    relay: Relay
    daemon_threads = True
    block_on_close = False  # what is held must not delay the end of a test


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        self._relay(Seen(self.path, self.headers.items(), body))

    def do_GET(self) -> None:
        self._relay(Seen(self.path, self.headers.items(), b"", "GET"))

    def _relay(self, seen: Seen) -> None:
        try:
            self._send(self.server.relay.answer(seen))
        except HangUp:
            self.close_connection = True
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        except OSError:  # who asked gave up waiting
            self.close_connection = True

    def _send(self, answer: Answered) -> None:
        left_out = ("content-length", "transfer-encoding", "connection")
        lines = [f"HTTP/1.1 {answer.status} X"]
        lines += [f"{n}: {v}" for n, v in answer.headers if n.lower() not in left_out]
        lines += [f"content-length: {len(answer.body)}", "", ""]
        self.wfile.write("\r\n".join(lines).encode("latin-1") + answer.body)

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""
