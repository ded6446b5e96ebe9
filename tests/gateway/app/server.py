"""A gateway in a process of its own: real sockets, real uvicorn, our own bounds and log."""

import json
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.child import ROOT

START_SECONDS = 300.0

SERVE = """
import json, sys
from pathlib import Path
from gateway import serve as serving
from gateway.base import logging_setup as logs
from gateway.app import create_app
from gateway.serve import listen, serve
from tests.support.node import make_test_node
logs.configure()
for name, value in json.loads(sys.argv[3]).items():
    setattr(serving, name, value)
node = make_test_node(Path(sys.argv[1]), seed="server", **json.loads(sys.argv[2]))
listener = listen("127.0.0.1", 0)
print("port", listener.getsockname()[1], flush=True)
serve(
    create_app(node), listener, trusted_proxies=node.ctx.settings.http.trusted_proxies
)
node.close()
"""


@dataclass
class Server:
    """A running server. log: its file of JSON lines."""

    url: str
    port: int
    process: subprocess.Popen[str]
    log: Path

    def lines(self) -> list[dict[str, Any]]:
        """What was logged; every line must be JSON."""
        return [json.loads(line) for line in self.log.read_text("utf-8").splitlines()]

    def stop(self) -> int:
        """SIGTERM; the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(300)


@contextmanager
def serving(
    folder: Path, *, bounds: dict[str, float] | None = None, **settings: Any
) -> Iterator[Server]:
    """A server over the node in `folder` (seed "server"), killed at the end. bounds: other values
    for constants of `gateway.serve`."""
    arguments = [str(folder), json.dumps(settings), json.dumps(bounds or {})]
    log = folder / "log.jsonl"
    with log.open("w") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-W", "error", "-c", SERVE, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            cwd=ROOT,
        )
    try:
        assert process.stdout
        found = re.fullmatch(r"port (\d+)\n", process.stdout.readline())
        assert found, log.read_text()
        port = int(found[1])
        _wait(port)
        yield Server(f"http://127.0.0.1:{port}", port, process, log)
    finally:
        process.kill()
        process.wait()
        process.communicate()


def _wait(port: int) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        try:
            with socket.create_connection(("127.0.0.1", port), 60) as connection:
                connection.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
                if b"200" in connection.recv(100):
                    return
        except OSError:
            time.sleep(0.05)
    raise TimeoutError("the server does not answer")
