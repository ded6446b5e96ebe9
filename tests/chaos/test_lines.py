"""Lines that are cut, held and muted, between real sockets."""

import queue
import socket
import threading
from collections.abc import Iterator

import pytest

from scripts.chaos_parts.lines import CUT, HOLD, MUTE, OPEN, Lines, open_lines

SECONDS = 60.0
QUIET = 0.3


class Echo:
    """Answers each message with itself. heard: all that came."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.heard: queue.Queue[bytes] = queue.Queue()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                one, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(one,), daemon=True).start()

    def _answer(self, one: socket.socket) -> None:
        with one:
            try:
                while data := one.recv(100):
                    self.heard.put(data)
                    one.sendall(data)
            except OSError:
                return


@pytest.fixture
def echo() -> Iterator[Echo]:
    echo = Echo()
    yield echo
    echo.listener.close()


@pytest.fixture
def lines() -> Iterator[Lines]:
    with open_lines() as lines:
        yield lines


def connect(lines: Lines, echo: Echo) -> socket.socket:
    port = lines.add("line", echo.listener.getsockname()[1])
    return again(port)


def again(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=SECONDS)


def test_open(lines: Lines, echo: Echo) -> None:
    with connect(lines, echo) as near:
        near.sendall(b"one")
        assert near.recv(100) == b"one"
        near.shutdown(socket.SHUT_WR)
        assert near.recv(100) == b"", "the end goes through"


def test_cut(lines: Lines, echo: Echo) -> None:
    near = connect(lines, echo)
    port = near.getpeername()[1]
    near.sendall(b"one")
    assert near.recv(100) == b"one"
    lines.set("line", CUT)
    with near, pytest.raises(ConnectionResetError):
        near.recv(100)
    with pytest.raises(ConnectionResetError), again(port) as other:
        other.sendall(b"two")
        other.recv(100)
    lines.set("line", OPEN)
    with again(port) as other:
        other.sendall(b"three")
        assert other.recv(100) == b"three"
    assert [echo.heard.get(timeout=SECONDS) for _ in range(2)] == [b"one", b"three"]


def test_held(lines: Lines, echo: Echo) -> None:
    """Also what was begun meanwhile; and what its sender no longer waits for arrives all the
    same."""
    with connect(lines, echo) as near:
        near.sendall(b"one")
        assert near.recv(100) == b"one"
        lines.set("line", HOLD)
        near.sendall(b"two")
        near.settimeout(QUIET)
        with pytest.raises(TimeoutError):
            near.recv(100)
        with again(near.getpeername()[1]) as other:
            other.sendall(b"three")
            lines.set("line", OPEN)
            near.settimeout(SECONDS)
            assert near.recv(100) == b"two"
            assert other.recv(100) == b"three"


def test_muted(lines: Lines, echo: Echo) -> None:
    with connect(lines, echo) as near:
        lines.set("line", MUTE)
        near.sendall(b"one")
        with pytest.raises(ConnectionResetError):
            near.recv(100)
    assert echo.heard.get(timeout=SECONDS) == b"one", "it was carried out"


def test_nobody_there(lines: Lines, echo: Echo) -> None:
    port = echo.listener.getsockname()[1]
    echo.listener.shutdown(socket.SHUT_RDWR)
    echo.listener.close()
    port = lines.add("line", port)
    with pytest.raises(ConnectionResetError), again(port) as near:  # perhaps while it connects
        near.recv(100)
