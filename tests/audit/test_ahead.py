"""Reading ahead: plain answers are taken, anything else is None, and nothing hangs."""

import itertools
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from ledger.audit import ahead as module
from ledger.audit import tiles
from ledger.audit.ahead import Ahead
from ledger.audit.tiles import Bundles, HttpFetch, Missing, Unreachable
from ledger.chain.nodes.http import Http
from tests.audit.test_pieces import Served, make_log

OK = b"HTTP/1.1 200 OK\r\n"
Answer = bytes | None
"""Sent for a request; None: the connection is closed."""


@contextmanager
def serve(*answers: Answer | float, log: Served | None = None) -> Iterator[tuple[str, list[bytes]]]:
    """URL and requests of a server whose nth request gets the nth answer (a number: a byte
    every tenth of a second, so long), later ones those of `log`."""
    left, asked, sockets = list(answers), list[bytes](), list[socket.socket]()
    lock = threading.Lock()

    def answer(connection: socket.socket) -> None:
        data = b""
        while True:
            while b"\r\n\r\n" not in data:
                got = connection.recv(65536)
                if not got:
                    return
                data += got
            request, data = data.split(b"\r\n\r\n", 1)
            with lock:
                asked.append(request)
                reply = left.pop(0) if left else from_log(request)
            if isinstance(reply, float):
                for number, byte in enumerate(itertools.cycle(OK)):
                    if number >= reply * 10:
                        break
                    connection.sendall(bytes([byte]))
                    time.sleep(0.1)
                reply = None
            if reply is None:
                connection.shutdown(socket.SHUT_RDWR)
                return
            connection.sendall(reply)

    def from_log(request: bytes) -> Answer:
        if log is None:
            return None
        try:
            body = log(request.split(b" ")[1].decode().removeprefix("/log/"), 1 << 30)
        except Missing:
            return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
        return OK + b"Content-Length: %d\r\n\r\n" % len(body) + body

    def quiet(connection: socket.socket) -> None:
        try:
            answer(connection)
        except OSError:
            return  # the reader went away, as some of these tests want

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            sockets.append(connection)
            threading.Thread(target=quiet, args=(connection,), daemon=True).start()

    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/log", asked
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()
        for connection in sockets:
            connection.close()


def body(text: bytes, *headers: bytes) -> bytes:
    lines = [b"content-length: %d" % len(text), *headers]
    return OK + b"".join(line + b"\r\n" for line in lines) + b"\r\n" + text


def test_answers_are_taken_in_any_order_over_kept_connections() -> None:
    with serve(body(b"a"), body(b"b"), body(b"", b"Connection: keep-alive")) as (url, asked):
        with Ahead(url) as ahead:
            first = ahead.ask("x/1")
            time.sleep(0.1)
            second = ahead.ask("x/2")
            assert (second.take(9), first.take(9)) == (b"b", b"a")
            assert ahead.ask("x/3").take(9) == b""
            assert len(ahead._open) == 2
    assert asked[0].startswith(b"GET /log/x/1 HTTP/1.1\r\nHost: 127.0.0.1:")


@pytest.mark.parametrize(
    "answer",
    [
        None,
        body(b"12345678901"),  # longer than wanted
        body(b"a") + b"more",
        OK + b"content-length: 9\r\n\r\nshort",
        OK + b"\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
        body(b"a", b"Content-Encoding: gzip"),
        body(b"a", b"Content-Length: 1"),
        body(b"a", b" folded: 1"),
        body(b"a").replace(b": 1", b": +1"),
        body(b"a").replace(b": 1", b": 0x1"),
        body(b"a").replace(b" 200 OK", b" 404 Not Found"),
        body(b"a").replace(b" 200 OK", b" 206 Partial Content"),
        body(b"a").replace(b" 200 OK", b" 2000"),
        body(b"a").replace(b"HTTP/1.1", b"HTTP/1.0"),
        b"HTTP/1.1 100 Continue\r\n\r\n" + body(b"a"),
        OK + b"x: " + b"y" * 20_000,
        b"garbage\r\n\r\n",
    ],
)
def test_what_is_not_plain_is_none(answer: Answer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TIMEOUT", 0.3)
    with serve(answer, body(b"good")) as (url, _), Ahead(url) as ahead:
        assert ahead.ask("1").take(10) is None
        monkeypatch.setattr(module, "TIMEOUT", 300)
        assert not ahead._open, "a connection of which nobody knows where it stands is dropped"
        assert ahead.ask("2").take(10) == b"good"
        assert ahead.works


def test_a_connection_that_the_server_does_not_keep() -> None:
    with serve(body(b"a", b"Connection: close"), body(b"b")) as (url, _), Ahead(url) as ahead:
        assert ahead.ask("1").take(9) == b"a"
        assert not ahead._open
        assert ahead.ask("2").take(9) == b"b"


def test_a_server_that_drips_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TIMEOUT", 0.3)
    with serve(float("inf")) as (url, _), Ahead(url) as ahead:
        assert ahead.ask("1").take(9) is None


def test_it_is_given_up_where_nothing_is_plain() -> None:
    with serve() as (url, _), Ahead(url) as ahead:
        for _ in range(4):
            assert ahead.works
            assert ahead.ask("1").take(9) is None
        assert not ahead.works
    with Ahead(url) as ahead:  # nobody there any more
        assert ahead.ask("1").take(9) is None
        assert not ahead.works
    with Ahead(url.replace("//", "//user:secret@")) as ahead:
        assert not ahead.works


@pytest.mark.parametrize("size", [1, 256, 2000])
@pytest.mark.parametrize(
    "answers", [(), (None,) * 3, (OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",) * 7]
)
def test_a_log_is_read_whatever_the_answers_look_like(
    size: int, answers: tuple[Answer, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tiles, "_PAUSES", (0.0, 0.0, 0.0, 0.0, 0.0, 0.0))
    served = Served(make_log(2048))
    http = Http()
    with serve(*answers[: size // 256], log=served) as (url, _):
        read = list(Bundles(HttpFetch(http, url), size))
    http.close()
    plain = list(Bundles(served, size))
    assert read == plain
    assert len(read) == -(-size // 256)


def test_what_is_missing_is_named_when_it_is_its_turn() -> None:
    served = Served(make_log(1024))
    served.gone = {"tile/0/002"}
    http = Http()
    seen = []
    with serve(log=served) as (url, _), pytest.raises(Missing) as caught:
        for n, _, _ in Bundles(HttpFetch(http, url), 1024):
            seen.append(n)
    http.close()
    assert (seen, caught.value.path) == ([0, 1], "tile/0/002")


@pytest.mark.parametrize("status", [None, b"429 Slow", b"503 Busy", b"404 Gone", b"403 No"])
def test_what_may_come_later_is_unreachable_not_missing(
    status: bytes | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tiles, "_PAUSES", (0.0, 0.0))
    answer = None if status is None else b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\n\r\n"
    http = Http()
    with serve(*[answer] * 12) as (url, _), pytest.raises(Missing) as caught:
        list(Bundles(HttpFetch(http, url), 5))
    http.close()
    assert caught.value.path in ("tile/entries/000.p/5", "tile/0/000.p/5")
    later = status is None or status[:1] == b"5" or status[:3] == b"429"
    assert isinstance(caught.value, Unreachable) == later
