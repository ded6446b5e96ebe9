"""HTTP to servers we do not trust: bounded in bytes, and in time for the whole call.

Used for nodes, remote signers and tile mirrors. No redirects, no cookies kept, no compression (a
small answer must not unfold to a large one). Over httpcore, which httpx itself goes by: a look at
the chain is hundreds of calls, and what httpx adds to each was most of a third of its time. Proxies
of the environment are not used: a node is reached as the network file names it.
"""

import base64
import contextlib
import email.utils
import os
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from socket import SOCK_STREAM
from typing import Any, NamedTuple

import httpcore
import httpx

from ledger.chain.errors import RpcFailure, RpcNonsense, RpcTooLong, translate
from ledger.chain.nodes.addresses import Network, may_be_called

# One block of a busy network or a page of 10 000 logs fits; a server must not fill our memory.
MAX_BYTES = 32 << 20
# Seconds for one call, connection and answer together.
TIMEOUT = 10.0
_PARALLEL = 16  # connections kept to one server: the callers of one process
_SHORTEST = 0.001  # seconds; a socket takes 0 for "do not wait"
_ADDRESSES = 4  # of a name that are tried, one after the other
_TARGETS = 256  # URLs that are read once
_ALWAYS = {"accept": "*/*", "accept-encoding": "identity", "connection": "keep-alive"}
_WITH_BODY = ("POST", "PUT", "PATCH")
_MAX_WAIT = 86_400.0  # seconds; whoever asks for a longer pause does not want to be asked at all


class Answer(NamedTuple):
    """retry_after: seconds after which the server wants to be asked again, None: not said.
    headers: names in lower case, a pair for each line."""

    status: int
    body: bytes
    retry_after: float | None
    headers: Sequence[tuple[str, str]] = ()


_Headers = list[tuple[bytes, bytes]]
"""Names in lower case."""
Resolve = Callable[[str], Sequence[str]]
"""Addresses of a host name, of which the first that answers is connected to. What it raises leaves
the call as it is."""


class Http:
    """A client. Safe to share between threads."""

    def __init__(
        self,
        *,
        verify: bool = True,
        headers: Mapping[str, str] | None = None,
        resolve: Resolve | None = None,
        connections: int = _PARALLEL,
        public: bool = False,
        private_networks: Sequence[Network] = (),
    ) -> None:
        """`verify` False saves the 30 ms of reading certificates where no URL is https; a process
        reads them once. `resolve`:
        asked once for each connection, which goes to no other address; None: the system is.
        `connections`: at once, to all servers together. `public`: no address is called that is not
        everybody's, whatever a host name leads to; for URLs that others wrote. `private_networks`:
        those that are called all the same."""
        self._headers = _raw({"user-agent": "credit-ledger", **_ALWAYS, **(headers or {})}.items())
        self._pool = httpcore.ConnectionPool(
            ssl_context=_trusting(*map(os.environ.get, _CERTIFICATES)) if verify else _unverified(),
            max_connections=connections,
            keepalive_expiry=5.0,
            network_backend=_Backend(resolve, private_networks if public else None),
        )

    def request(
        self,
        method: str,
        url: str,
        *,
        content: bytes | None = None,
        timeout: float = TIMEOUT,
        max_bytes: int = MAX_BYTES,
    ) -> tuple[int, bytes]:
        """Status and body. Raises RpcFailure (and nothing foreign).

        The bound on time holds however slowly the server drips its answer; only the look-up of a
        host name is left to the system's own limit.
        """
        answer = self.ask(method, url, content=content, timeout=timeout, max_bytes=max_bytes)
        return answer.status, answer.body

    def ask(
        self,
        method: str,
        url: str,
        *,
        content: bytes | None = None,
        timeout: float = TIMEOUT,
        max_bytes: int = MAX_BYTES,
        headers: Sequence[tuple[str, str]] = (),
        connect: float | None = None,
    ) -> Answer:
        """As `request`, with what the server says about being asked again. headers: of this
        request. connect: seconds for the connection alone; None: as for the whole call."""
        name = place(url)
        try:
            target, always = _target(url)
            wait = {"connect": connect or timeout, "read": timeout, "write": timeout}
            with (
                _deadline(timeout),
                self._pool.stream(
                    method,
                    target,
                    headers=self._all_headers(always, headers, method, content),
                    content=content,
                    extensions={"timeout": {**wait, "pool": timeout}},
                ) as response,
            ):
                told = _text(response.headers)
                body = _read(name, response, _header(told, "content-encoding"), max_bytes)
                after = _retry_after(_header(told, "retry-after"))
                return Answer(response.status, body, after, told)
        except RpcFailure:
            raise
        except Exception as error:
            ours = translate(error, name)
            if ours is None:
                raise
            raise ours from error

    def close(self) -> None:
        """Drop the connections."""
        self._pool.close()

    def _all_headers(
        self,
        always: _Headers,
        headers: Sequence[tuple[str, str]],
        method: str,
        content: bytes | None,
    ) -> _Headers:
        own = _raw(headers)
        named = {name for name, _ in own}
        found = [*always, *(pair for pair in self._headers if pair[0] not in named), *own]
        if content is not None or method in _WITH_BODY:
            found.append((b"content-length", b"%d" % len(content or b"")))
        return found


@lru_cache(_TARGETS)
def _target(url: str) -> tuple[httpcore.URL, _Headers]:
    """Where a request goes, and the headers that the URL gives it."""
    parts = httpx.URL(url)
    if parts.scheme not in ("http", "https") or not parts.host:
        raise httpx.UnsupportedProtocol("neither http:// nor https://")
    headers = [(b"host", parts.netloc)]
    if parts.username or parts.password:
        user = f"{parts.username}:{parts.password}".encode()
        headers.append((b"authorization", b"Basic " + base64.b64encode(user)))
    target = httpcore.URL(
        scheme=parts.raw_scheme, host=parts.raw_host, port=parts.port, target=parts.raw_path
    )
    return target, headers


def _raw(headers: Iterable[tuple[str, str]]) -> _Headers:
    return [(name.lower().encode("ascii"), value.encode("ascii")) for name, value in headers]


def _text(headers: _Headers) -> list[tuple[str, str]]:
    """As text, whatever the bytes are."""
    return [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in headers]


def _header(headers: Sequence[tuple[str, str]], wanted: str) -> str:
    """All values of that name; empty where it is not there."""
    return ", ".join(value for name, value in headers if name == wanted)


@lru_cache(_TARGETS)
def place(url: str) -> str:
    """Scheme, host and port: a URL for messages. Path and user may hold the owner's secret."""
    try:
        parts = httpx.URL(url)
    except httpx.InvalidURL:
        return "not a URL"
    return f"{parts.scheme}://{parts.netloc.decode('ascii', 'replace')}"


def _read(url: str, response: httpcore.Response, encoding: str, max_bytes: int) -> bytes:
    if encoding not in ("", "identity"):
        raise RpcNonsense(url, "compressed answer that nobody asked for")
    parts: list[bytes] = []
    room = max_bytes
    for part in response.iter_stream():
        room -= len(part)
        if room < 0:
            raise RpcTooLong(url, f"answer longer than {max_bytes} bytes")
        parts.append(part)
    return b"".join(parts)


def _retry_after(header: str) -> float | None:
    """It holds seconds or a date (RFC 9110 10.2.3)."""
    text = header.strip()
    if text.isascii() and text.isdigit() and len(text) < len("100000"):
        return min(float(text), _MAX_WAIT)
    with contextlib.suppress(ValueError, OverflowError):
        at = email.utils.parsedate_to_datetime(text).timestamp()
        return min(max(0.0, at - time.time()), _MAX_WAIT)
    return None


# --- The bound on the whole call: every wait on a socket is cut to what is left of it. ---

_local = threading.local()


@contextlib.contextmanager
def until(end: float) -> Iterator[None]:
    """No call of this thread goes on beyond `end`, by `time.monotonic()`."""
    before = getattr(_local, "limit", None)
    _local.limit = end if before is None else min(before, end)
    try:
        yield
    finally:
        _local.limit = before


@contextlib.contextmanager
def _deadline(seconds: float) -> Iterator[None]:
    end, limit = time.monotonic() + seconds, getattr(_local, "limit", None)
    _local.end = end if limit is None else min(end, limit)
    try:
        yield
    finally:
        _local.end = None


def _left(timeout: float | None) -> float | None:
    end: float | None = getattr(_local, "end", None)
    if end is None:
        return timeout
    left = end - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("the whole call took too long")
    return max(_SHORTEST, left if timeout is None else min(timeout, left))


class _Stream(httpcore.NetworkStream):
    """A connection whose waits end with the call."""

    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _left(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, _left(timeout)))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def _address_to_call(host: str, port: int, named: Sequence[Network]) -> str:
    """One address of a host, which is then called and no other: a name may lead elsewhere the next
    time. Raises httpcore.ConnectError where any of them may not be called."""
    try:
        found = {str(info[4][0]) for info in socket.getaddrinfo(host, port, type=SOCK_STREAM)}
    except (OSError, UnicodeError) as error:
        raise httpcore.ConnectError("no such host") from error
    if not found or not all(may_be_called(text, named) for text in found):
        raise httpcore.ConnectError("not a public address")
    return min(found).partition("%")[0]


class _Backend(httpcore.SyncBackend):
    def __init__(self, resolve: Resolve | None, public: Sequence[Network] | None) -> None:
        self._resolve = resolve
        self._public = public

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        if self._resolve is None:
            to = host if self._public is None else _address_to_call(host, port, self._public)
            return self._connect(to, port, timeout, local_address, socket_options)
        end = None if timeout is None else time.monotonic() + timeout
        failure: Exception = httpcore.ConnectError("the name has no address")
        for address in self._resolve(host)[:_ADDRESSES]:
            left = None if end is None else max(_SHORTEST, end - time.monotonic())
            try:
                return self._connect(address, port, left, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    def _connect(self, host: str, port: int, timeout: float | None, *more: Any) -> _Stream:
        return _Stream(super().connect_tcp(host, port, _left(timeout), *more))


@cache
def _trusting(*_named: str | None) -> ssl.SSLContext:
    """Trusts those whom the system does, or whom the environment names."""
    return httpx.create_ssl_context()


@cache
def _unverified() -> ssl.SSLContext:
    return httpx.create_ssl_context(verify=False)


_CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR")
"""What httpx goes by in place of the certificates that it brings."""
