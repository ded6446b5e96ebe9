"""One gateway process: the node's threads, the HTTP server, a graceful end.

What opens connections and says nothing, or never ends a header, is kept off by the proxy in front
(`gateway/deploy/nginx`); without one a gateway is reached from its own machine alone.
"""

from __future__ import annotations

import signal
import socket
from collections.abc import Sequence
from types import FrameType

import structlog
import uvicorn
import uvloop
from fastapi import FastAPI

from gateway.about.operator import operator_port
from gateway.app import create_app
from gateway.base import logging_setup as logs
from gateway.base.memory import tune_memory
from gateway.base.settings import Settings
from gateway.node import open_node
from ledger.core.errors import ConfigError

BACKLOG = 512
"""Connections that the kernel holds while we are busy."""
MAX_CONNECTIONS = 1000
"""At once; beyond it the server answers 503 by itself."""
SEND_SECONDS = 60.0
"""For which somebody may take nothing of what is sent; then the kernel cuts the line. Also
what was answered and never read, or is left when we close, goes with it."""
KEEP_ALIVE = 30
"""Seconds that an idle connection stays open."""
GRACE = 15
"""Seconds that requests under way get at the end: the largest set takes about one."""

_log = structlog.get_logger(__name__)


def run(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM. Raises ConfigError where it cannot start."""
    logs.configure(file=settings.log_file)
    listener = listen(settings.http.host, settings.http.port)
    try:
        node = open_node(settings)
        try:
            node.start()
            tune_memory()
            host, port = listener.getsockname()[:2]
            listener.listen(BACKLOG)  # who reads the next line may ask at once
            _log.info("gateway.listening", host=host, port=port, member=settings.node.code)
            app = create_app(node, port=port)
            with operator_port(settings.http, node.collector):
                serve(app, listener, trusted_proxies=settings.http.trusted_proxies)
        finally:
            node.stop()
            node.close()
            _log.info("gateway.stopped")
    finally:
        listener.close()


def serve(app: FastAPI, listener: socket.socket, *, trusted_proxies: Sequence[str] = ()) -> None:
    """Until SIGINT or SIGTERM; requests under way are answered first. trusted_proxies: addresses
    and networks whose X-Forwarded-For is believed."""
    server = _server(app, trusted_proxies)
    # uvicorn raises the signal once more when it is done, for handlers like these: without them
    # the process would die there, with the node's threads in the middle of something.
    for signum in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, lambda *_: setattr(server, "should_exit", True))
    uvloop.run(server.serve(sockets=[listener]))


def listen(host: str, port: int) -> socket.socket:
    """A bound socket, so that port 0 is known before anybody asks."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sets TCP_NODELAY only where the protocol is named. Without it a body waits for the
    # acknowledgement of its header, up to 40 ms on a connection that is kept.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux; connections inherit it
            milliseconds = int(SEND_SECONDS * 1000)
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, milliseconds)
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise ConfigError("http", f"{host}:{port}: {error.strerror}") from error
    return listener


def _server(app: FastAPI, trusted_proxies: Sequence[str]) -> uvicorn.Server:
    """The server with our bounds; its own logs go where ours go."""
    config = uvicorn.Config(
        app,
        http="httptools",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(trusted_proxies),
        forwarded_allow_ips=list(trusted_proxies),
        ws="none",
        lifespan="off",
        backlog=BACKLOG,
        limit_concurrency=MAX_CONNECTIONS,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=GRACE,
    )
    return _Server(config)


class _Server(uvicorn.Server):
    """Tells those who only listen that it ends, or they would be waited for."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Also called by the handlers that uvicorn puts in place of ours."""
        self._tell()
        super().handle_exit(sig, frame)

    def _tell(self) -> None:
        app = self.config.app
        if isinstance(app, FastAPI) and hasattr(app.state, "watching"):
            app.state.watching.end()
