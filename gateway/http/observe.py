"""One log line and two metrics per request, its number, and the last net under its errors. Pure
ASGI."""

from __future__ import annotations

import secrets
import time

import structlog
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bound_contextvars

from gateway.http.inside import is_inside
from gateway.http.metrics import HTTP_REQUESTS, HTTP_SECONDS
from gateway.http.problems import Answering, as_json, problem_of

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"})
_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
]

_NUMBER = "request_id"

_log = structlog.get_logger(__name__)


def request_id(scope: Scope) -> str:
    """The number of a request, by which all lines of the log about it are found; "" for one that
    a page made of its own."""
    return str(scope.get("state", {}).get(_NUMBER, ""))


class Observed:
    """ASGI middleware. What was asked for is named by its route, never by its path or query,
    which may hold anything."""

    def __init__(self, app: ASGIApp, answering: Answering = as_json) -> None:
        self._app = app
        self._answering = answering

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or is_inside(scope):
            await self._app(scope, receive, send)
            return
        number = secrets.token_hex(8)  # ours: one that came along could be any text
        scope.setdefault("state", {})[_NUMBER] = number
        with bound_contextvars(request=number):
            await self._observe(scope, receive, send)

    async def _observe(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        status = 0
        named = (b"x-request-id", request_id(scope).encode())

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), *_HEADERS, named]
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception as error:
            problem = problem_of(error)
            _log.error("http.failed", route=_route(scope), code=problem.code, exc_info=True)
            if status:
                raise  # too late for an answer; the server closes the connection
            await self._answering(scope, problem)(scope, receive, watched)
        finally:
            _note(scope, status, time.perf_counter() - started)


def _note(scope: Scope, status: int, seconds: float) -> None:
    route = _route(scope)
    method = scope["method"] if scope["method"] in _METHODS else "other"
    HTTP_REQUESTS.labels(route, method, str(status)).inc()
    HTTP_SECONDS.labels(route).observe(seconds)
    caller = scope.get("state", {}).get("caller")
    _log.info(
        "http.request",
        route=route,
        method=method,
        status=status,
        ms=round(seconds * 1000, 1),
        token=caller.id if caller else None,
    )


def _route(scope: Scope) -> str:
    route = scope.get("route")
    return route.path if isinstance(route, Route) else "none"
