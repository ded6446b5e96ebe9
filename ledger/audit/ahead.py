"""Pieces of a log asked for before they are needed, without threads.

A request on each of a few kept connections; the answers wait in the kernel until they are taken. A
thread that reads beside one that hashes waits for the interpreter's lock at every step: so read, a
log took twice as long.

Only what is plain is read here: 200 with a Content-Length. Whatever else comes, or goes wrong, the
piece is None, and is to be asked for again through `ledger.chain.nodes.http`.
"""

from __future__ import annotations

import math
import re
import socket
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType

import httpx

from ledger.audit.patience import Patience

TIMEOUT = 30.0  # seconds for an answer, from when it is wanted
_LEAST = 0.001  # of them, where patience has just ended: 0 would be no timeout at all
MAX_HEADER = 16 << 10
_RECEIVE = 1 << 18  # a bundle in one go
_MAX_ODD = 4  # answers that are not plain, until this is given up
_PLAIN = re.compile(rb"HTTP/1\.1 200(?: [^\r\n]*)?\r\n")
_HEADER = re.compile(rb"([!-9;-~]+):([^\r\n]*)\r\n")
_END = b"\r\n\r\n"


Address = Callable[[str, int], str]


def _itself(host: str, port: int) -> str:
    return host


class Ahead:
    """Asks one server. A context manager; at its end the connections are dropped."""

    def __init__(
        self, url: str, patience: Patience | None = None, address: Address = _itself
    ) -> None:
        """url: of a log. One with a user's name and password is not plain. patience: for all
        answers together; None: each has its deadline, and that is all. address: to which one a
        host and port lead."""
        self._url = httpx.URL(url)
        self.patience = patience or Patience(math.inf)
        self._address = address
        self._free: list[socket.socket] = []
        self._open: set[socket.socket] = set()
        self._odd = 0 if not self._url.userinfo else _MAX_ODD
        self._tls: ssl.SSLContext | None = None

    def __enter__(self) -> Ahead:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        for connection in self._open:
            connection.close()

    @property
    def works(self) -> bool:
        """Whether it is worth asking."""
        return self._odd < _MAX_ODD and self.patience.left > 0

    def ask(self, path: str) -> Asked:
        """Send the request for a path below the URL."""
        if not self._free and self.works:
            self._connect()
        if not self._free:
            return Asked(self, None)
        connection = self._free.pop()
        target = f"{self._url.raw_path.decode('ascii')}/{path}"
        request = (
            f"GET {target} HTTP/1.1\r\nHost: {self._url.netloc.decode('ascii')}\r\n"
            "Accept-Encoding: identity\r\n\r\n"
        )
        with suppress(OSError):  # shows again where the answer is taken
            connection.sendall(request.encode("ascii"))
        return Asked(self, connection)

    def _connect(self) -> None:
        """One more connection; where there is none to be had, this way is given up."""
        secure = self._url.scheme == "https"
        host = self._url.raw_host.decode("ascii").strip("[]")
        port = self._url.port or (443 if secure else 80)
        try:
            with self.patience.waiting():
                connection = self._open_one(host, port, secure=secure)
        except OSError:
            self._odd = _MAX_ODD
        else:
            self._open.add(connection)
            self._free.append(connection)

    def _open_one(self, host: str, port: int, *, secure: bool) -> socket.socket:
        connection = socket.create_connection((self._address(host, port), port), self.wait)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if secure:
            self._tls = self._tls or httpx.create_ssl_context()
            connection = self._tls.wrap_socket(connection, server_hostname=host)
        return connection

    @property
    def wait(self) -> float:
        """Seconds that an answer gets now."""
        return max(_LEAST, min(TIMEOUT, self.patience.left))

    def done(self, connection: socket.socket | None, *, kept: bool, odd: bool) -> None:
        """An answer was taken. kept: the connection may be used again."""
        self._odd = self._odd + 1 if odd else 0
        if connection is not None and kept:
            self._free.append(connection)
        elif connection is not None:
            self._open.discard(connection)
            connection.close()


class Asked:
    """A request under way. connection None: it could not be sent."""

    def __init__(self, ahead: Ahead, connection: socket.socket | None) -> None:
        self._ahead = ahead
        self._connection = connection

    def take(self, max_bytes: int) -> bytes | None:
        """The body; None where the answer is not a plain one of at most `max_bytes`."""
        body, kept = None, False
        if self._connection is not None:
            end = time.monotonic() + self._ahead.wait
            # OSError: of time and TLS as well; None says: ask again.
            with self._ahead.patience.waiting(), suppress(OSError):
                body, kept = _read(self._connection, max_bytes, end)
        self._ahead.done(self._connection, kept=kept, odd=body is None)
        return body


def _read(connection: socket.socket, max_bytes: int, end: float) -> tuple[bytes | None, bool]:
    """The body, and whether the connection may be used again. end: by time.monotonic(). Raises
    OSError."""
    data = b""
    while (head := data.find(_END)) < 0:
        if len(data) > MAX_HEADER:
            return None, False
        data += _receive(connection, end)
    length, kept = _plain(data[: head + 2])
    parts, missing = [data[head + len(_END) :]], length - (len(data) - head - len(_END))
    if not 0 <= length <= max_bytes or missing < 0:
        return None, False
    while missing > 0:
        parts.append(_receive(connection, end))
        missing -= len(parts[-1])
    return (None, False) if missing else (b"".join(parts), kept)


def _receive(connection: socket.socket, end: float) -> bytes:
    left = end - time.monotonic()
    if left <= 0:
        raise TimeoutError
    connection.settimeout(left)
    data = connection.recv(_RECEIVE)
    if not data:
        raise ConnectionError
    return data


def _plain(head: bytes) -> tuple[int, bool]:
    """Length of the body and whether the connection is kept; -1 for what is not plain."""
    status = _PLAIN.match(head)
    if status is None:
        return -1, False
    at, length, kept = status.end(), -1, True
    while at < len(head):
        header = _HEADER.match(head, at)
        if header is None:
            return -1, False
        at, name, value = header.end(), header[1].lower(), header[2].strip(b" \t")
        if name == b"content-length":
            if length >= 0 or not re.fullmatch(rb"[0-9]{1,9}", value):
                return -1, False
            length = int(value)
        elif name in (b"transfer-encoding", b"content-encoding"):
            return -1, False
        elif name == b"connection" and value.lower() != b"keep-alive":
            kept = False
    return length, kept
