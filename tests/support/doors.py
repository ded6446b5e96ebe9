"""URLs that stay while what stands behind them changes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from ledger.audit.tiles import Missing
from tests.support.ledger import MemberLog

if TYPE_CHECKING:
    from gateway.node import Node

Answer = Callable[[str], tuple[int, bytes]]
"""Path -> status and body."""


def nobody(_path: str) -> tuple[int, bytes]:
    """Nothing is served here."""
    return 503, b""


@dataclass
class Door:
    """A URL that stays while what stands behind it changes. asked: every path, in order."""

    url: str
    answer: Answer = nobody
    asked: list[str] = field(default_factory=list)

    def open_to(self, node: Node) -> None:
        """Have a gateway answer."""
        from tests.support.mirrored import client_of  # noqa: PLC0415 - brings all of a gateway

        client = client_of(node)

        def answer(path: str) -> tuple[int, bytes]:
            found = client.get(path)
            return found.status_code, found.content

        self.answer = answer

    def open_to_log(self, log: MemberLog) -> None:
        """Have a log without a gateway answer, or what it says in place of the truth."""

        def answer(path: str) -> tuple[int, bytes]:
            try:
                return 200, log.fetch(path.partition(f"/logs/{log.log_id.hex()}/")[2], 1 << 30)
            except Missing:
                return 404, b""

        self.answer = answer


@contextmanager
def open_door() -> Iterator[Door]:
    """A door on a free port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            door.asked.append(self.path)
            status, body = door.answer(self.path)
            try:
                self.send_response(status)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            except OSError:  # the client gave up waiting
                self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.block_on_close = False  # a stalled answer must not delay the end of a test
    door = Door(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield door
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
