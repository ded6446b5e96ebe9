"""One gateway process: the node's threads, the HTTP server, a graceful end."""

from __future__ import annotations

import asyncio
import signal
import socket

import structlog
import uvicorn
import uvloop
from fastapi import FastAPI
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from gateway.app import create_app
from gateway.base import logging_setup as logs
from gateway.base.settings import Settings
from gateway.base.threads import tune_memory
from gateway.http.limits import MAX_HEADER, MAX_TARGET
from gateway.node import open_node
from ledger.core.errors import ConfigError

BACKLOG = 512
"""Connections that the kernel holds while we are busy."""
MAX_CONNECTIONS = 1000
"""At once; beyond it the server answers 503 by itself."""
HEADER_SECONDS = 15
"""From the connection, or the first byte of a further request, to the end of its header."""
MAX_HEAD = 2 * (MAX_HEADER + MAX_TARGET)
"""Bytes of a request up to the end of its header; `Limits` explains smaller excesses politely."""
KEEP_ALIVE = 30
"""Seconds that an idle connection stays open."""
GRACE = 15
"""Seconds that requests under way get at the end: the largest set takes about one."""

_log = structlog.get_logger(__name__)


def run(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM. Raises ConfigError where it cannot start."""
    logs.configure()
    listener = listen(settings.http.host, settings.http.port)
    try:
        node = open_node(settings)
        try:
            node.start()
            tune_memory()
            host, port = listener.getsockname()[:2]
            _log.info("gateway.listening", host=host, port=port, member=settings.node.code)
            serve(create_app(node, port=port), listener)
        finally:
            node.stop()
            node.close()
            _log.info("gateway.stopped")
    finally:
        listener.close()


def serve(app: FastAPI, listener: socket.socket) -> None:
    """Until SIGINT or SIGTERM; requests under way are answered first."""
    server = _server(app)
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
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise ConfigError("http", f"{host}:{port}: {error.strerror}") from error
    return listener


class Protocol(HttpToolsProtocol):
    """uvicorn's, with bounds on the time and the bytes that a request's header may take. Without
    them a thousand silent connections would shut everybody else out, and one that never ends its
    header would fill the memory."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._head = 0
        self._begun = self.loop.call_later(HEADER_SECONDS, self._give_up)

    def data_received(self, data: bytes) -> None:
        waiting = self._waiting()
        if waiting and self._begun.cancelled():
            self._begun = self.loop.call_later(HEADER_SECONDS, self._give_up)
        super().data_received(data)
        if not self._waiting():
            self._begun.cancel()
            self._head = 0
        elif waiting:
            self._head += len(data)
            if self._head > MAX_HEAD:
                self.send_400_response("The header is too long.")

    def connection_lost(self, exc: Exception | None) -> None:
        self._begun.cancel()
        super().connection_lost(exc)

    def _waiting(self) -> bool:
        """Whether no request is under way: what comes belongs to the header of the next one."""
        cycle: RequestResponseCycle | None = self.cycle  # uvicorn types its None away
        return cycle is None or cycle.response_complete

    def _give_up(self) -> None:
        self.transport.abort()


def _server(app: FastAPI) -> uvicorn.Server:
    """The server with our bounds; its own logs go where ours go."""
    config = uvicorn.Config(
        app,
        http=Protocol,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="none",
        lifespan="off",
        backlog=BACKLOG,
        limit_concurrency=MAX_CONNECTIONS,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=GRACE,
    )
    return uvicorn.Server(config)
