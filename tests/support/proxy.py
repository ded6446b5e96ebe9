"""A JSON-RPC proxy with programmable faults, to stand in front of a real node.

    with start_proxy(anvil.url) as proxy:
        proxy.on("eth_sendRawTransaction", drop_response(), times=1)  # fails with effect
        proxy.on("eth_sendRawTransaction", drop_request(), times=1)   # fails without effect
        proxy.on("eth_call", lie(lambda params, result: "0x" + "00" * 32))
        proxy.clear()

A fault is a function from the exchange to the reply. The first rule that fits is taken; `times`
None is for ever.
"""

import http.client
import json
import random
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

Json = Any
OK = 200


class HangUp(Exception):
    """Closes the connection without an answer."""


@dataclass
class Reply:
    """What goes back. `pause` seconds before every byte of head and body where it is not 0."""

    body: bytes
    status: int = 200
    pause: float = 0.0
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Exchange:
    """One call on its way: `method`, `params`, and `forward()` to the real node."""

    request: dict[str, Json]
    upstream: str

    @property
    def method(self) -> str:
        return str(self.request["method"])

    @property
    def params(self) -> Sequence[Json]:
        return list(self.request.get("params", []))

    def forward(self) -> dict[str, Json]:
        """The real node's whole answer."""
        parts = urlsplit(self.upstream)
        connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=300)
        try:
            connection.request(
                "POST", "/", json.dumps(self.request), {"content-type": "application/json"}
            )
            answer: dict[str, Json] = json.loads(connection.getresponse().read())
        except OSError as error:  # the node is down: so are we
            raise HangUp from error
        finally:
            connection.close()
        return answer

    def reply(self, **members: Json) -> Reply:
        """A JSON-RPC answer to this call with `result=` or `error=`."""
        answer = {"jsonrpc": "2.0", "id": self.request["id"], **members}
        return Reply(json.dumps(answer).encode())


Fault = Callable[[Exchange], Reply]


def honest() -> Fault:
    """No fault, so that a rule can spare some calls: `on(m, honest(), times=2)` first."""
    return lambda exchange: Reply(json.dumps(exchange.forward()).encode())


def drop_request() -> Fault:
    """Fails without effect: the node never hears of it."""

    def fault(exchange: Exchange) -> Reply:
        raise HangUp

    return fault


def drop_response() -> Fault:
    """Fails with effect: the node does it, its answer is lost."""

    def fault(exchange: Exchange) -> Reply:
        exchange.forward()
        raise HangUp

    return fault


def delay(seconds: float) -> Fault:
    """Right, but late."""

    def fault(exchange: Exchange) -> Reply:
        time.sleep(seconds)
        return honest()(exchange)

    return fault


def hold(release: threading.Event) -> Fault:
    """Right, but not before `release` is set."""

    def fault(exchange: Exchange) -> Reply:
        release.wait()
        return honest()(exchange)

    return fault


def lie(change: Callable[[Sequence[Json], Json], Json]) -> Fault:
    """`change(params, result)` is told in place of the result; None where the node gave none."""

    def fault(exchange: Exchange) -> Reply:
        return exchange.reply(result=change(exchange.params, exchange.forward().get("result")))

    return fault


def error(number: int, text: str, data: Json = None) -> Fault:
    """A JSON-RPC error, without effect."""
    told = {"code": number, "message": text, **({} if data is None else {"data": data})}
    return lambda exchange: exchange.reply(error=told)


def error_after(number: int, text: str) -> Fault:
    """A JSON-RPC error, with effect."""

    def fault(exchange: Exchange) -> Reply:
        exchange.forward()
        return error(number, text)(exchange)

    return fault


def raw(body: bytes, status: int = 200, **headers: str) -> Fault:
    """Any bytes and HTTP status; headers with _ for -."""
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda exchange: Reply(body, status=status, headers=told)


def at_times(fault: Fault, share: float, seed: int = 0) -> Fault:
    """`fault` for this share of the calls, drawn at random, honest for the others."""
    chance = random.Random(seed)

    def sometimes(exchange: Exchange) -> Reply:
        return fault(exchange) if chance.random() < share else honest()(exchange)

    return sometimes


def one_of(*faults: Fault, seed: int = 0) -> Fault:
    """One of them, drawn at random for every call."""
    chance = random.Random(seed)

    def any_of_them(exchange: Exchange) -> Reply:
        return chance.choice(faults)(exchange)

    return any_of_them


def huge(size: int) -> Fault:
    """A JSON answer of more than `size` bytes."""
    zeros = b"0" * (size // 2 * 2)  # put in as bytes: encoding 40 MB would hold up every thread

    def fault(exchange: Exchange) -> Reply:
        return Reply(exchange.reply(result="0x").body.replace(b"0x", b"0x" + zeros))

    return fault


def drip(pause: float) -> Fault:
    """The right answer, one byte of head and body every `pause` seconds."""

    def fault(exchange: Exchange) -> Reply:
        reply = honest()(exchange)
        reply.pause = pause
        return reply

    return fault


@dataclass
class _Rule:
    method: str | None
    fault: Fault
    times: int | None


@dataclass
class Proxy:
    """A running proxy. `calls` records (method, params) of all that was asked, `requests` counts
    what it was asked in: several calls may come in one request, unless `batches` is False."""

    url: str
    upstream: str
    requests: int = 0
    batches: bool = True
    calls: list[tuple[str, Sequence[Json]]] = field(default_factory=list)
    _rules: list[_Rule] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def on(self, method: str | None, fault: Fault, *, times: int | None = None) -> None:
        """From now on `fault` answers `method` (None: every method), `times` times."""
        with self._lock:
            self._rules.append(_Rule(method, fault, times))

    def clear(self) -> None:
        """Honest again."""
        with self._lock:
            self._rules.clear()

    def count(self, method: str) -> int:
        """How often `method` was asked."""
        return sum(name == method for name, _ in self.calls)

    def fault_for(self, method: str) -> Fault:
        """The fault that answers this call; uses up one of its times."""
        with self._lock:
            for rule in self._rules:
                if rule.method in (None, method) and rule.times != 0:
                    if rule.times is not None:
                        rule.times -= 1
                    return rule.fault
        return honest()


def _joined(replies: Sequence[Reply]) -> Reply:
    """The answer to a batch: a list; or what went wrong with one of its calls, for the whole."""
    answers = []
    for reply in replies:
        try:
            answers.append(json.loads(reply.body))
        except ValueError:
            return reply
        if reply.status != OK or reply.pause:
            return reply
    return Reply(json.dumps(answers).encode())


@contextmanager
def start_proxy(upstream: str) -> Iterator[Proxy]:
    """A proxy before `upstream`, stopped on exit."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.proxy = Proxy(url=f"http://127.0.0.1:{server.server_port}", upstream=upstream)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server.proxy
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Server(ThreadingHTTPServer):
    proxy: Proxy
    daemon_threads = True
    block_on_close = False  # a delayed answer must not delay the end of a test


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        proxy = self.server.proxy
        request = json.loads(self.rfile.read(int(self.headers["content-length"])))
        with proxy._lock:
            proxy.requests += 1
        try:
            if isinstance(request, list) and not proxy.batches:
                reply = Reply(b'{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"no"}}')
            elif isinstance(request, list):
                reply = _joined([self._one(proxy, one) for one in request])
            else:
                reply = self._one(proxy, request)
            self._send(reply)
        except HangUp:
            self._reset()
        except OSError:  # the client gave up waiting
            self.close_connection = True

    def _one(self, proxy: Proxy, request: dict[str, Json]) -> Reply:
        exchange = Exchange(request, proxy.upstream)
        proxy.calls.append((exchange.method, exchange.params))
        return proxy.fault_for(exchange.method)(exchange)

    def _send(self, reply: Reply) -> None:
        head = (
            f"HTTP/1.1 {reply.status} X\r\ncontent-type: application/json\r\n"
            + "".join(f"{name}: {value}\r\n" for name, value in reply.headers.items())
            + f"content-length: {len(reply.body)}\r\n\r\n"
        )
        data = head.encode() + reply.body
        if not reply.pause:
            self.wfile.write(data)
            return
        for byte in data:
            self.wfile.write(bytes([byte]))
            time.sleep(reply.pause)

    def _reset(self) -> None:
        """Closes with RST, as a cut line does."""
        self.close_connection = True
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""
