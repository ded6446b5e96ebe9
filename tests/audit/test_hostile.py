"""Servers of logs that mean harm: bounded in bytes and time, told first and in words, and the other
logs are read all the same."""

import gzip
import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from ledger.audit import ahead, patience, tiles
from ledger.audit.replay import Report, replay
from ledger.chain.nodes.quorum import QuorumReader
from ledger.cli.main import run
from ledger.core.tiles import encode_bundle
from tests.audit.conftest import Ledger
from tests.audit.test_replay import codes
from tests.support.ledger import MemberLog, serve

OK = b"HTTP/1.1 200 OK\r\n"
Send = Callable[[bytes], None]
Answer = Callable[[str, Send, MemberLog], None]
"""Answers one request: its path below the log, how to send, the log as it is."""


def plain(body: bytes) -> bytes:
    return OK + b"Content-Length: %d\r\n\r\n" % len(body) + body


def honest(path: str, send: Send, log: MemberLog) -> None:
    with suppress(tiles.Missing):
        send(plain(log.fetch(path, 1 << 30)))
        return
    send(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")


@contextmanager
def hostile(log: MemberLog, answer: Answer) -> Iterator[str]:
    """URL of a server that answers so. Its threads end with the test."""
    sockets: list[socket.socket] = []

    def talk(connection: socket.socket) -> None:
        data = b""
        with suppress(OSError):  # the reader went away, as it should
            while True:
                while b"\r\n\r\n" not in data:
                    got = connection.recv(65536)
                    if not got:
                        return
                    data += got
                request, data = data.split(b"\r\n\r\n", 1)
                path = request.split(b" ")[1].decode().partition(f"{log.log_id.hex()}/")[2]
                answer(path, connection.sendall, log)

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                sockets.append(connection)
                threading.Thread(target=talk, args=(connection,), daemon=True).start()

    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()
        for connection in sockets:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()


def drip(path: str, send: Send, log: MemberLog) -> None:
    """A byte now and then, for ever."""
    for byte in iter(lambda: OK + b"Content-Length: 99\r\n\r\n" + bytes(99), None):
        for one in byte:
            send(bytes([one]))
            time.sleep(0.05)


def late(path: str, send: Send, log: MemberLog) -> None:
    """All of it is right, and comes just before the end of each deadline."""
    time.sleep(0.6)
    honest(path, send, log)


def silent(path: str, send: Send, log: MemberLog) -> None:
    time.sleep(3600)


def on(pattern: str, what: bytes | Callable[[Send], None]) -> Answer:
    """Honest but for these paths."""

    def answer(path: str, send: Send, log: MemberLog) -> None:
        if re.fullmatch(pattern, path) is None:
            honest(path, send, log)
        elif isinstance(what, bytes):
            send(what)
        else:
            what(send)

    return answer


def endless(*headers: bytes) -> Callable[[Send], None]:
    """A body without an end."""

    def answer(send: Send) -> None:
        send(OK + b"".join(line + b"\r\n" for line in headers) + b"\r\n")
        while True:
            send(b"10000\r\n" + bytes(1 << 16) + b"\r\n")

    return answer


def headers_without_end(send: Send) -> None:
    send(OK)
    while True:
        send(b"X-More: " + b"x" * 1000 + b"\r\n")


BUNDLE, TILE = r"tile/entries/000", r"tile/0/000"
BOMB = gzip.compress(bytes(1 << 24))
CUT = OK + b"Content-Length: 100000\r\n\r\nonly the beginning"
SERVERS: dict[str, tuple[Answer, str, list[str]]] = {
    "a drip": (drip, "log-too-slow", ["tiles-missing"]),
    "every answer late": (late, "log-too-slow", ["tiles-missing"]),
    "silence": (silent, "log-too-slow", ["tiles-missing"]),
    "a body without an end": (
        on(BUNDLE, endless(b"Transfer-Encoding: chunked")), "tiles-unreachable", ["tiles-missing"]),
    "a body without an end or a length": (
        on(BUNDLE, endless()), "tiles-unreachable", ["tiles-missing"]),
    "headers without an end": (
        on(BUNDLE, headers_without_end), "tiles-unreachable", ["tiles-missing"]),
    "a tile of ten gigabytes": (
        on(TILE, OK + b"Content-Length: 10000000000\r\n\r\n" + bytes(1 << 16)),
        "tiles-unreachable", ["tiles-missing"]),
    "a tile that is too long": (
        on(TILE, plain(bytes(8193))), "tiles-unreachable", ["tiles-missing"]),
    "a checkpoint of a gigabyte": (
        on("checkpoint", endless(b"Content-Length: 1000000000")),
        "tiles-unreachable", ["tiles-missing"]),
    "a redirection": (
        on(BUNDLE, b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n"),
        "tiles-missing", ["tiles-missing"]),
    "a bomb": (
        on(BUNDLE, OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(BOMB) + BOMB),
        "tiles-unreachable", ["tiles-missing"]),
    "ten thousand entries of garbage": (
        on(BUNDLE, plain(encode_bundle([b"\xff" * 100] * 10_000))),
        "log-unreadable", ["bundle-malformed"]),
    "ten thousand entries of garbage that are too long": (
        on(BUNDLE, plain(encode_bundle([b"\xff" * 200] * 10_000))),
        "tiles-unreachable", ["tiles-missing"]),
    "entries of garbage": (
        on(BUNDLE, plain(encode_bundle([b"[" * 4000] * 256))),
        "entry-not-served", ["entry-altered"]),
    "an answer that was cut off": (
        on(BUNDLE, CUT), "log-too-slow", ["tiles-missing"]),
    "no HTTP": (on(BUNDLE, b"\0" * 5000), "tiles-unreachable", ["tiles-missing"]),
}  # fmt: skip


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes minutes takes seconds."""
    monkeypatch.setattr(patience, "FIRST", 2.0)
    monkeypatch.setattr(patience, "EACH", 0.0)
    monkeypatch.setattr(ahead, "TIMEOUT", 1.0)
    monkeypatch.setattr(tiles, "_TIMEOUT", 1.0)
    monkeypatch.setattr(tiles, "_PAUSES", (0.0, 0.0))


def replayed(ledger: Ledger, mirrors: dict[str, str], **more: Any) -> Report:
    """Over HTTP, of these servers."""
    reader = QuorumReader(ledger.network.file, now=ledger.network.anvil.head_time)
    try:
        return replay(ledger.network.file, reader=reader, mirrors=mirrors, **more)
    finally:
        reader.close()


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("name", SERVERS)
def test_a_server_that_means_harm(ledger: Ledger, name: str) -> None:
    answer, gap, found = SERVERS[name]
    with serve(ledger.tianjin) as good, hostile(ledger.beijing, answer) as bad:
        report = replayed(ledger, {"110000": bad, "120000": good})
    told = report.document
    assert (codes(told), [one["code"] for one in told["incomplete"]]) == (found, [gap])
    assert {one["member"] for one in told["findings"]} == {"110000"}
    assert report.exit in (1, 4)
    read = {log["member"]: log["entriesRead"] for log in told["logs"]}
    assert read["120000"] == 3 and read["110000"] < 300
    assert len(report.encode()) < 1 << 20


@pytest.mark.usefixtures("hasty")
def test_it_is_said_first_and_in_words(
    ledger: Ledger,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = tmp_path / "network.json"
    file.write_bytes(ledger.network.file.encode())
    with serve(ledger.tianjin) as good, hostile(ledger.beijing, silent) as bad:
        command = ["audit", "replay", "--network", str(file), "--mirror", f"110000={bad}"]
        command += ["--mirror", f"120000={good}", "--out", str(tmp_path / "report.json")]
        monkeypatch.setenv("CREDIT_LEDGER_LANG", "en")
        assert run(command) == 4
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("INCOMPLETE")
    assert "too slow" in said[1] and "[log-too-slow]" in " ".join(said[1:3])
    report = json.loads((tmp_path / "report.json").read_bytes())
    assert [one["code"] for one in report["incomplete"]] == ["log-too-slow"]


@pytest.mark.usefixtures("hasty")
def test_the_time_of_a_replay_is_bounded_as_well(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever comes behind those who had it all is not asked."""
    monkeypatch.setattr(patience, "ALL_FIRST", 0.5)
    with serve(ledger.tianjin) as good, hostile(ledger.beijing, silent) as bad:
        told = replayed(ledger, {"110000": bad, "120000": good}).document
    assert [one["code"] for one in told["incomplete"]] == ["log-too-slow", "log-too-slow"]
