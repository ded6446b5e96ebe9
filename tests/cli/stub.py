"""A gateway that says what it is told to, for what a real one rarely does."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Reply = tuple[int, bytes, Mapping[str, str]]


def told(value: Any, status: int = 200, **headers: str) -> Reply:
    """JSON; header names with _ for -."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return status, json.dumps(value).encode(), named


def lines(*values: Any) -> Reply:
    """NDJSON."""
    return 200, b"".join(json.dumps(value).encode() + b"\n" for value in values), {}


@dataclass
class Request:
    """What the client sent; names of headers in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Stub:
    """Replies by "METHOD path", in order; the last one again and again. A function may answer."""

    url: str
    replies: dict[str, list[Reply | Callable[[Request], Reply]]] = field(default_factory=dict)
    asked: list[Request] = field(default_factory=list)

    def on(self, what: str, *replies: Reply | Callable[[Request], Reply]) -> None:
        """From now on this is the answer."""
        self.replies[what] = list(replies)

    def answer(self, request: Request) -> Reply:
        self.asked.append(request)
        waiting = self.replies.get(f"{request.method} {request.path}")
        if not waiting:
            return told({"title": "nothing here", "code": "not-found"}, 404)
        found = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        return found(request) if callable(found) else found


@contextmanager
def stub() -> Iterator[Stub]:
    """A running one."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            body = self.rfile.read(length)
            request = Request(
                self.command, self.path, {n.lower(): t for n, t in self.headers.items()}, body
            )
            status, data, headers = made.answer(request)
            self.send_response(status)
            for name, text in headers.items():
                self.send_header(name, text)
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = _serve  # noqa: N815 - names of http.server

        def log_message(self, format: str, *args: object) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    made = Stub(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
