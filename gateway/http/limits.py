"""Bounds on what anybody may send, applied before a route sees the request.

Pure ASGI, so that bodies stay streams. Everything here answers with a problem of
`gateway.http.problems`; a route that reads a body past its bound sees `Problem` raised.
"""

from __future__ import annotations

import asyncio
import hashlib
import math
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable
from functools import partial
from http import HTTPStatus
from ipaddress import ip_network
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.base.settings import HttpSettings
from gateway.http.inside import is_inside
from gateway.http.metrics import REFUSED
from gateway.http.problems import Answering, Problem, as_json, retry_later
from gateway.http.rates import RateLimiter
from ledger.files.judge import MAX_BYTES as MAX_JUDGED

MAX_HEADER = 16 * 1024
"""Bytes of all header names and values. A token takes 50, a browser's cookies some thousands."""
MAX_TARGET = 4096
"""Bytes of path and query: 26 field names of a receipt take 300."""
BODY_PAUSE = 30.0
"""Seconds that a sender may be silent in the middle of a body."""
DRAIN_SECONDS = 10.0
DRAIN_BYTES = 128 << 20
"""So much of a refused body is taken in and dropped, so that the sender gets to read why."""
DRAINS, DRAINS_EACH = 64, 8
"""Refused bodies that are taken in at once, of all and of one address; on others the connection is
closed unread. They hold no place of those below."""
SMALL_BODY = 64 << 10
"""Bytes of a body that the server has mostly read when it is refused: its connection goes on. On
that of a larger one nothing can come after it, and it is closed."""
MAX_ACTIVE = 512
"""Requests at once; single records wait together for one flush, so there may be hundreds."""
MAX_OF_MEMBERS = 128
"""Of them on the routes for other members, where anybody may knock."""
MAX_OF_STRANGERS = 128
"""Of them those of one address, without a token that is known to be good, as pages are asked for:
whoever sends drop by drop takes no place of all others."""
ADDRESS_FACTOR = 4
"""An address may send so many times what one token may: offices sit behind one address."""
FAILURE_COST = 50
"""Requests that a wrong token costs its address, so that guessing is slow. It is counted by itself:
what others behind the address send with a good token goes on."""
GOOD = 4096
"""Tokens known to be good, by their hash; the one longest unseen is forgotten first."""
IPV6_NETWORK = 64
"""Bits that count as one address: whoever has one IPv6 address mostly has all of its network."""
PROBES = frozenset({"/healthz", "/readyz"})
"""Free of rates: whoever watches must not be told `too many` while others are too many."""
MAX_DIGITS = 19
"""Of a Content-Length; more would not fit 64 bits."""

NDJSON = "application/x-ndjson"

_PLAIN = (None, b"", b"identity")
_ENCODED = {
    "zh": "请求正文不得压缩（Content-Encoding），请按原样发送",
    "en": "The body must not be packed (Content-Encoding); send it as it is",
}


BUDGET: Final = "credit-ledger.budget"
"""Key in the scope of a request: counts it as so many more of its address; seconds to wait."""


def demand_budget(scope: Scope, cost: int) -> None:
    """Count a request as so many of whoever sends it, where one asks for as much as so many would.
    Raises Problem 429 where that is too often; then it counts as one."""
    spend: Callable[[float], float] | None = scope.get(BUDGET)
    wait = 0.0 if spend is None else spend(cost - 1)  # it was counted once as it came in
    if wait:
        raise retry_later("too-many-requests", math.ceil(wait))


UPLOADS = frozenset({"/v1/files", "/desk/files"})
"""Routes to which files are handed in: of programs, and the form of the page."""
EXCHANGE = "/v1/exchange/"
"""Routes for other members, who prove themselves by a signature."""
MAX_EXCHANGE = 2 << 20
"""Bytes of the body of one of their requests (design-2 13)."""
TABLES = frozenset(
    {
        *("/v1/returns", "/v1/reconcile", "/v1/case-files", "/desk/worklists/returns"),
        *("/v1/outcomes", "/v1/product-manifests"),
        *("/v1/checks/table", "/v1/feedback/table", "/v1/feedback", "/v1/checks/subjects"),
        *("/bank/checks", "/bank/feedback"),
    }
)
"""Routes that answer a table at once, from memory."""
MAX_DOCUMENTS = 65 << 20
"""Bytes of a step of a case, or of an authorisation, with its documents
(`gateway.cases.materials`)."""
MAX_TABLE = 16 << 20
"""Bytes of such a table."""
VERIFY_PAGE = "/verify"
"""The page to which files are sent: it says itself, in words, where one is too large."""
AUDIT_PAGE = "/audit"
"""Another one."""
RECEIPTS = "/v1/receipts"
"""The route that gives many receipts at once."""
MAX_NAMES = 128 << 10
"""Bytes of a thousand leaves, with room for blanks."""
MAX_AUDITED = 8 << 20
"""Bytes of a report of a replay that is looked at there."""
MAX_FIELDS = 64 << 10
"""Bytes of a form beside its file."""
IN_MEMORY = {
    **dict.fromkeys(TABLES, MAX_TABLE),
    "/v1/verify": MAX_JUDGED,
    RECEIPTS: MAX_NAMES,
    VERIFY_PAGE: MAX_JUDGED + MAX_FIELDS,
    AUDIT_PAGE: 2 * MAX_AUDITED + MAX_FIELDS,
}
"""Bytes of a file that is answered at once, by route."""


def _in_memory(path: str) -> int | None:
    """Bytes of what a route takes whole; None: it is none of these."""
    if takes_documents(path):
        return MAX_DOCUMENTS
    return MAX_TABLE if lists_records(path) else IN_MEMORY.get(path)


class Limits:
    """ASGI middleware: number, rate by address, header, target, declared and real size of the
    body."""

    def __init__(
        self, app: ASGIApp, settings: HttpSettings, answering: Answering = as_json
    ) -> None:
        self._app = app
        self._answering = answering
        self._settings = settings
        rate = ADDRESS_FACTOR * settings.requests_per_second
        self._addresses = RateLimiter(rate)
        self._failures = RateLimiter(rate / FAILURE_COST)
        self._good: OrderedDict[bytes, None] = OrderedDict()
        self._active = {True: 0, False: 0}  # on the routes for other members, on all others
        self._drains: dict[str, int] = {}
        self._strangers: Counter[str | None] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or is_inside(scope):
            await self._app(scope, receive, send)
            return
        body = _Body(scope, receive, self._limit(scope))
        try:
            self._check(scope)
        except Problem as problem:
            REFUSED.labels(problem.code).inc()
            answer = self._answering(scope, problem)
            await answer(scope, body.receive, self._watched(scope, body, send))
            await self._close(scope, body, send)
            return
        of_members = scope["path"].startswith(EXCHANGE)
        stranger = self._stranger(scope)
        scope[BUDGET] = partial(self._addresses.spend, address_of(scope))
        self._active[of_members] += 1
        self._strangers[stranger] += stranger is not None
        try:
            await self._app(scope, body.receive, self._watched(scope, body, send))
        finally:
            self._active[of_members] -= 1
            self._strangers[stranger] -= stranger is not None
            if not self._strangers[stranger]:
                del self._strangers[stranger]
        if body.refused:
            await self._close(scope, body, send)

    def _check(self, scope: Scope) -> None:
        if scope["path"] not in PROBES:
            self._check_rates(scope)
        if sum(len(name) + len(value) for name, value in scope["headers"]) > MAX_HEADER:
            raise Problem("header-too-large")
        if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > MAX_TARGET:
            raise Problem("target-too-long")
        if _header(scope, b"content-encoding") not in _PLAIN:
            raise Problem("wrong-content-type", _ENCODED, headers={"Accept-Encoding": "identity"})
        declared = _header(scope, b"content-length")
        if declared is not None and _decimal(declared) > self._limit(scope):
            if scope["path"] not in (VERIFY_PAGE, AUDIT_PAGE):
                raise too_large(self._limit(scope))

    def _check_rates(self, scope: Scope) -> None:
        of_members = scope["path"].startswith(EXCHANGE)
        if self._active[of_members] >= (MAX_OF_MEMBERS if of_members else MAX_ACTIVE):
            raise retry_later("not-ready", 1, reason="busy")
        address = address_of(scope)
        if self._strangers[self._stranger(scope)] >= MAX_OF_STRANGERS:
            raise retry_later("too-many-requests", 1)
        wait = self._addresses.take(address)
        credentials = _credentials(scope)
        unknown = credentials is not None and credentials not in self._good
        if not wait and (unknown or _shows_token(scope)):
            wait = self._failures.wait(address)
        if wait:
            raise retry_later("too-many-requests", math.ceil(wait))

    def _stranger(self, scope: Scope) -> str | None:
        """The address by which places are counted; None for who has a good token, and for members,
        who have places of their own."""
        if scope["path"].startswith(EXCHANGE) or _credentials(scope) in self._good:
            return None
        return address_of(scope)

    def _note_credentials(self, scope: Scope, *, good: bool) -> None:
        """Who sent none has not guessed."""
        if _shows_token(scope):
            if not good:
                self._failures.charge(address_of(scope))
            return
        credentials = _credentials(scope)
        if credentials is None:
            return
        if not good:
            self._good.pop(credentials, None)
            self._failures.charge(address_of(scope))
            return
        self._good[credentials] = None
        self._good.move_to_end(credentials)
        if len(self._good) > GOOD:
            self._good.popitem(last=False)

    def _limit(self, scope: Scope) -> int:
        path = scope["path"]
        if path in UPLOADS:
            return self._settings.max_file_bytes
        if path.startswith(EXCHANGE):
            return MAX_EXCHANGE
        if (most := _in_memory(path)) is not None:
            return min(self._settings.max_file_bytes, most)
        if media_type(_header(scope, b"content-type")) == NDJSON:
            return self._settings.max_body_bytes
        return self._settings.max_record_bytes

    def _watched(self, scope: Scope, body: _Body, send: Send) -> Send:
        """Send, but leave the end of a refusal to `_close`."""

        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start":
                body.refused = message["status"] >= HTTPStatus.BAD_REQUEST
                if message["status"] == HTTPStatus.UNAUTHORIZED:
                    self._note_credentials(scope, good=False)
                elif "caller" in scope.get("state", {}):
                    self._note_credentials(scope, good=True)
                if body.refused and body.is_large:
                    message = {**message, "headers": _closing(message.get("headers", ()))}
            elif body.refused and not message.get("more_body", False):
                message = {**message, "more_body": True}
            await send(message)

        return watched

    async def _close(self, scope: Scope, body: _Body, send: Send) -> None:
        """End a refusal, after the rest of its body where there is room for that."""
        address = address_of(scope)
        most = 2 * MAX_EXCHANGE if scope["path"].startswith(EXCHANGE) else DRAIN_BYTES
        mine = self._drains.get(address, 0)
        if mine < DRAINS_EACH and sum(self._drains.values()) < DRAINS:
            self._drains[address] = mine + 1
            try:
                await body.drain(most)
            finally:
                self._drains[address] -= 1
                if not self._drains[address]:
                    del self._drains[address]
        await send({"type": "http.response.body"})


class _Body:
    """The body of one request as a bounded stream. refused: whether the answer is a refusal."""

    def __init__(self, scope: Scope, receive: Receive, limit: int) -> None:
        self._receive = receive
        self._limit = self._left = limit
        self._more = True
        self._unasked = _header(scope, b"expect") is None
        self.refused = False
        declared = _header(scope, b"content-length")
        streamed = _header(scope, b"transfer-encoding") is not None
        self._large = streamed or (declared is not None and _length(declared) > SMALL_BODY)

    @property
    def is_large(self) -> bool:
        """Whether much of it may still come."""
        return self._large and self._more

    async def receive(self) -> Message:
        """ASGI receive; raises Problem past the bound or after too long a silence."""
        if not self._more:
            return await self._receive()
        try:
            message = await asyncio.wait_for(self._next(), BODY_PAUSE)
        except TimeoutError as error:
            self._more = False
            raise Problem("too-slow", headers={"Connection": "close"}) from error
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            raise too_large(self._limit)
        return message

    async def drain(self, most: int) -> None:
        """Take in the rest after a refusal, before the connection is closed.

        One that is closed on unread bytes is reset, and the reset may reach the sender before the
        reason was read (RFC 9112 section 9.6). Who asked first (100-continue) has sent none. most:
        in bytes.
        """
        left = most if self._unasked else 0
        try:
            async with asyncio.timeout(DRAIN_SECONDS):
                while self._more and left > 0:
                    left -= len((await self._next()).get("body", b""))
        except TimeoutError:
            self._more = False  # the sender was told, and does not listen

    async def _next(self) -> Message:
        message = await self._receive()
        self._unasked = True
        self._more = message["type"] == "http.request" and message.get("more_body", False)
        return message


def takes_documents(path: str) -> bool:
    """Whether a step of a case is sent there, or an authorisation, with its documents."""
    if path in ("/v1/authorisations", "/bank/authorisations/new"):
        return True
    return path.startswith(("/v1/cases", "/desk/cases")) or (
        path.startswith("/v1/records/") and path.endswith("/decide")
    )


def lists_records(path: str) -> bool:
    """Whether a version of a product is sent there, with the records that went in."""
    return path.startswith("/v1/products/") and path.endswith("/versions")


def too_large(limit: int) -> Problem:
    """413, naming the bound."""
    return Problem(
        "too-large",
        {
            "zh": f"请求正文不得超过 {limit} 字节，请分批报送",
            "en": f"The body may have at most {limit} bytes; send it in parts",
        },
        headers={"Connection": "close"},
    )


def media_type(value: bytes | None) -> str:
    """The media type of a Content-Type header without its parameters; "" where there is none."""
    return (value or b"").split(b";")[0].strip().lower().decode("latin-1")


def _header(scope: Scope, name: bytes) -> bytes | None:
    return next((value for key, value in scope["headers"] if key == name), None)


def _decimal(value: bytes) -> int:
    if not value.isdigit() or len(value) > MAX_DIGITS:  # the server has refused it already
        raise Problem("too-large")
    return int(value)


def _length(value: bytes) -> int:
    """A declared length, or what is more than any bound where it is none."""
    return int(value) if value.isdigit() and len(value) <= MAX_DIGITS else 10**MAX_DIGITS


def _closing(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """These header fields, and that the connection ends with this answer."""
    kept = [(name, value) for name, value in headers if name.lower() != b"connection"]
    return [*kept, (b"connection", b"close")]


def _credentials(scope: Scope) -> bytes | None:
    value = _header(scope, b"authorization")
    return None if value is None else hashlib.sha256(value).digest()


def _shows_token(scope: Scope) -> bool:
    """Whether a form with a token is sent there, for a session of pages."""
    return bool(scope["method"] == "POST" and scope["path"] == "/login")


def address_of(scope: Scope) -> str:
    """By whom rates are counted; of a proxy that is trusted the server has put in whom it names."""
    host = str(scope["client"][0]) if scope["client"] else "local"
    if ":" not in host:
        return host
    try:
        return str(ip_network((host.partition("%")[0], IPV6_NETWORK), strict=False))
    except ValueError:
        return host
