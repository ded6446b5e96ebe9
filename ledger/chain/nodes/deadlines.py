"""The bound on a whole call: every wait on a socket is cut to what is left of it."""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from socket import SOCK_STREAM
from typing import Any, Final

import httpcore
import httpx

from ledger.chain.errors import RpcNotPublic
from ledger.chain.nodes.addresses import Network, may_be_called

PARALLEL: Final = 16
"""Connections kept to one server: the callers of one process."""
Resolve = Callable[[str], Sequence[str]]
"""Addresses of a host name, of which the first that answers is connected to. What it raises leaves
the call as it is."""
_SHORTEST = 0.001  # seconds; a socket takes 0 for "do not wait"
_ADDRESSES = 4  # of a name that are tried, one after the other

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
def deadline(seconds: float) -> Iterator[None]:
    """What this thread asks through a `DeadlineTransport` meanwhile ends after so long, and not
    after `until` allows."""
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


def address_to_call(host: str, port: int, named: Sequence[Network]) -> str:
    """One address of a host, which is then called and no other: a name may lead elsewhere the next
    time. Raises httpcore.ConnectError; RpcNotPublic where any of them may not be called."""
    try:
        found = {str(info[4][0]) for info in socket.getaddrinfo(host, port, type=SOCK_STREAM)}
    except (OSError, UnicodeError) as error:
        raise httpcore.ConnectError("no such host") from error
    if not found or not all(may_be_called(text, named) for text in found):
        raise RpcNotPublic(host, "not a public address")
    return min(found).partition("%")[0]


class Backend(httpcore.SyncBackend):
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
            to = host if self._public is None else address_to_call(host, port, self._public)
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


def context_of(verify: bool) -> ssl.SSLContext:
    """What trusts whom the environment names, or everybody; read once for a process."""
    return _trusting(*map(os.environ.get, _CERTIFICATES)) if verify else _unverified()


class DeadlineTransport(httpx.HTTPTransport):
    """httpx's own, over connections that keep the deadline (`deadline`, `until`).

    httpx has no argument for the network backend, so its pool is replaced; a test with a server
    that drips its headers fails if that ever stops working. Proxies of the environment are not
    used: a node is reached as the network file names it.
    """

    def __init__(
        self,
        *,
        verify: bool | ssl.SSLContext = True,
        resolve: Resolve | None = None,
        connections: int = PARALLEL,
        public: Sequence[Network] | None = None,
    ) -> None:
        context = verify if isinstance(verify, ssl.SSLContext) else context_of(verify)
        super().__init__(verify=context)
        self._pool.close()
        self._pool = httpcore.ConnectionPool(
            ssl_context=context,
            max_connections=connections,
            keepalive_expiry=5.0,
            network_backend=Backend(resolve, public),
        )
