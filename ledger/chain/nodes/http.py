"""HTTP to servers we do not trust: bounded in bytes, and in time for the whole call.

Used for nodes, remote signers and tile mirrors. No redirects, no cookies kept, no compression (a
small answer must not unfold to a large one). Over httpcore, which httpx itself goes by: a look at
the chain is hundreds of calls, and what httpx adds to each was most of a third of its time. Proxies
of the environment are not used: a node is reached as the network file names it.
"""

import base64
import contextlib
import email.utils
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache, partial
from typing import NamedTuple

import httpcore
import httpx

from ledger.chain.errors import RpcFailure, RpcNonsense, RpcNotPublic, RpcTooLong, translate
from ledger.chain.nodes.addresses import Network
from ledger.chain.nodes.deadlines import (
    PARALLEL,
    Backend,
    Resolve,
    address_to_call,
    context_of,
    deadline,
)

# One block of a busy network or a page of 10 000 logs fits; a server must not fill our memory.
MAX_BYTES = 32 << 20
# Seconds for one call, connection and answer together.
TIMEOUT = 10.0
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
_Told = Sequence[tuple[str, str]]
_Reader = Callable[[str, httpcore.Response, _Told], bytes]
"""Reads the body of an answer: from whom, the answer, its headers."""


class Http:
    """A client. Safe to share between threads."""

    def __init__(
        self,
        *,
        verify: bool = True,
        headers: Mapping[str, str] | None = None,
        resolve: Resolve | None = None,
        connections: int = PARALLEL,
        public: bool = False,
        private_networks: Sequence[Network] = (),
    ) -> None:
        """`verify` False saves the 30 ms of reading certificates where no URL is https; a process
        reads them once. `resolve`:
        asked once for each connection, which goes to no other address; None: the system is.
        `connections`: at once, to all servers together. `public`: no address is called that is not
        everybody's, whatever a host name leads to; for URLs that others wrote. `private_networks`:
        those that are called all the same."""
        self._named = private_networks if public else None
        self._headers = _raw({"user-agent": "credit-ledger", **_ALWAYS, **(headers or {})}.items())
        self._pool = httpcore.ConnectionPool(
            ssl_context=context_of(verify),
            max_connections=connections,
            keepalive_expiry=5.0,
            network_backend=Backend(resolve, self._named),
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
        read = partial(_read, max_bytes=max_bytes)
        asked = (method, url, content, headers)
        return self._ask(*asked, timeout=timeout, connect=connect, read=read)

    def status(
        self,
        method: str,
        url: str,
        *,
        content: bytes | None = None,
        timeout: float = TIMEOUT,
        headers: Sequence[tuple[str, str]] = (),
        connect: float | None = None,
    ) -> Answer:
        """As `ask`, of whose answer the status counts alone: nothing of its body is read, whatever
        there is of it, and the connection ends with it."""
        asked = (method, url, content, headers)
        return self._ask(*asked, timeout=timeout, connect=connect, read=_nothing)

    def _ask(
        self,
        method: str,
        url: str,
        content: bytes | None,
        headers: _Told,
        *,
        timeout: float,
        connect: float | None,
        read: _Reader,
    ) -> Answer:
        name = place(url)
        try:
            target, always = _target(url)
            wait = {"connect": connect or timeout, "read": timeout, "write": timeout}
            with (
                deadline(timeout),
                self._pool.stream(
                    method,
                    target,
                    headers=self._all_headers(always, headers, method, content),
                    content=content,
                    extensions={"timeout": {**wait, "pool": timeout}},
                ) as response,
            ):
                told = _text(response.headers)
                after = _retry_after(_header(told, "retry-after"))
                return Answer(response.status, read(name, response, told), after, told)
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

    def address(self, host: str, port: int) -> str:
        """What whoever opens connections by himself connects to in place of a host: one of its
        addresses that may be called. Raises OSError where none may."""
        try:
            return host if self._named is None else address_to_call(host, port, self._named)
        except (httpcore.ConnectError, RpcNotPublic) as error:
            raise ConnectionRefusedError(str(error)) from error

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


def _read(url: str, response: httpcore.Response, headers: _Told, *, max_bytes: int) -> bytes:
    if _header(headers, "content-encoding") not in ("", "identity"):
        raise RpcNonsense(url, "compressed answer that nobody asked for")
    parts: list[bytes] = []
    room = max_bytes
    for part in response.iter_stream():
        room -= len(part)
        if room < 0:
            raise RpcTooLong(url, f"answer longer than {max_bytes} bytes")
        parts.append(part)
    return b"".join(parts)


def _nothing(_url: str, _response: httpcore.Response, _headers: _Told) -> bytes:
    return b""


def _retry_after(header: str) -> float | None:
    """It holds seconds or a date (RFC 9110 10.2.3)."""
    text = header.strip()
    if text.isascii() and text.isdigit() and len(text) < len("100000"):
        return min(float(text), _MAX_WAIT)
    with contextlib.suppress(ValueError, OverflowError):
        at = email.utils.parsedate_to_datetime(text).timestamp()
        return min(max(0.0, at - time.time()), _MAX_WAIT)
    return None
