"""The two ways over which flows reach a gateway: one that blocks, one that does not.

Neither follows a redirect, keeps a cookie, takes a compressed answer or uses a proxy of the
environment; certificates are checked; answers and whole exchanges are bounded.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Generator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, Final, TypeVar

import httpx

from ledger.chain.nodes.deadlines import DeadlineTransport, deadline
from ledger.client.errors import AnswerMalformed, ClientError, translate
from ledger.client.flows import Flow, Item, Send, Sleep
from ledger.client.site import Site
from ledger.client.terms import Terms
from ledger.client.wire import Answer, Request

CONNECTIONS: Final = 16
"""To the gateway, of one client."""
IDLE_SECONDS: Final = 5.0
"""For which a connection is kept: far less than a gateway keeps it, so that nothing is sent into
one that it is about to close."""

T = TypeVar("T")


class Transport:
    """Blocking. Safe to share between threads."""

    def __init__(self, site: Site, terms: Terms) -> None:
        self._site = site
        self._terms = terms
        self._client = httpx.Client(
            transport=DeadlineTransport(verify=_trust(site), connections=CONNECTIONS),
            cookies=_no_cookies(),
            trust_env=False,
        )

    def close(self) -> None:
        """Drop the connections."""
        self._client.close()

    def drive(self, flow: Flow[T]) -> T:
        """Run a flow to its end; its result."""
        steps = self._steps(flow)
        try:
            while True:
                next(steps)
        except StopIteration as end:
            result: T = end.value
            return result

    def iterate(self, flow: Flow[object]) -> Iterator[Any]:
        """The items of a flow as they come."""
        yield from self._steps(flow)

    def _steps(self, flow: Flow[T]) -> Generator[Any, None, T]:
        """Carry out a flow, yielding its items."""
        outcome: Answer | None = None
        failed: ClientError | None = None
        while True:
            try:
                step = flow.send(outcome) if failed is None else flow.throw(failed)
            except StopIteration as end:
                result: T = end.value
                return result
            outcome, failed = None, None
            match step:
                case Send():
                    try:
                        outcome = self.send(step.request, step.timeout)
                    except ClientError as error:
                        failed = error
                case Sleep():
                    time.sleep(step.seconds)
                case Item():
                    yield step.value

    def send(self, request: Request, timeout: float) -> Answer:
        """One exchange. Raises ClientError (and nothing foreign)."""
        if request.at is not None:
            # Its own connections: whom they trust hangs on the URL.
            other = Transport(self._site.other(request.at), self._terms)
            try:
                return other.send(replace(request, at=None), timeout)
            finally:
                other.close()
        with _translated(self._site), deadline(timeout):
            sent = _sent(self._client, self._site, request, self._limits(request, timeout))
            response = self._client.send(sent, stream=True)
            try:
                parts = _Parts(self._site, request, response)
                for part in response.iter_raw():
                    parts.take(part)
            finally:
                response.close()
        return parts.answer()

    @contextmanager
    def stream(self, request: Request, silence: float) -> Iterator[tuple[Answer, Iterator[bytes]]]:
        """Status and headers of an answer that does not end, and its pieces; where it is a refusal
        the whole of it, and none. silence: seconds for which nothing may come. Raises
        ClientError."""
        with _translated(self._site):
            limits = httpx.Timeout(silence, connect=self._terms.connect)
            sent = _sent(self._client, self._site, request, limits)
            response = self._client.send(sent, stream=True)
        try:
            parts = _Parts(self._site, request, response)
            if response.status_code != httpx.codes.OK:
                for part in self._pieces(response):
                    parts.take(part)
            yield parts.answer(), self._pieces(response)
        finally:
            response.close()

    def _limits(self, request: Request, timeout: float) -> httpx.Timeout:
        return _timeout(self._terms, request, timeout)

    def _pieces(self, response: httpx.Response) -> Iterator[bytes]:
        with _translated(self._site):
            if not response.is_stream_consumed:
                yield from response.iter_raw()


class AsyncTransport:
    """The same without blocking, on asyncio."""

    def __init__(self, site: Site, terms: Terms) -> None:
        self._site = site
        self._terms = terms
        limits = httpx.Limits(max_connections=CONNECTIONS, keepalive_expiry=IDLE_SECONDS)
        context = httpx.create_ssl_context(verify=_trust(site))
        self._client = httpx.AsyncClient(
            transport=httpx.AsyncHTTPTransport(verify=context, limits=limits, trust_env=False),
            cookies=_no_cookies(),
            trust_env=False,
        )

    async def close(self) -> None:
        """Drop the connections."""
        await self._client.aclose()

    async def drive(self, flow: Flow[T]) -> T:
        """Run a flow to its end; its result."""
        outcome: Answer | None = None
        failed: ClientError | None = None
        while True:
            try:
                step = flow.send(outcome) if failed is None else flow.throw(failed)
            except StopIteration as end:
                result: T = end.value
                return result
            outcome, failed = None, None
            if not isinstance(step, Item):
                try:
                    outcome = await self._do(step)
                except ClientError as error:
                    failed = error

    async def iterate(self, flow: Flow[object]) -> AsyncIterator[Any]:
        """The items of a flow as they come."""
        outcome: Answer | None = None
        failed: ClientError | None = None
        while True:
            try:
                step = flow.send(outcome) if failed is None else flow.throw(failed)
            except StopIteration:
                return
            outcome, failed = None, None
            if isinstance(step, Item):
                yield step.value
                continue
            try:
                outcome = await self._do(step)
            except ClientError as error:
                failed = error

    async def _do(self, step: Send | Sleep) -> Answer | None:
        if isinstance(step, Send):
            return await self.send(step.request, step.timeout)
        await asyncio.sleep(step.seconds)
        return None

    async def send(self, request: Request, timeout: float) -> Answer:
        """One exchange. Raises ClientError (and nothing foreign)."""
        if request.at is not None:
            other = AsyncTransport(self._site.other(request.at), self._terms)
            try:
                return await other.send(replace(request, at=None), timeout)
            finally:
                await other.close()
        with _translated(self._site):
            async with asyncio.timeout(timeout):
                sent = _sent(self._client, self._site, request, self._limits(request, timeout))
                response = await self._client.send(sent, stream=True)
                try:
                    parts = _Parts(self._site, request, response)
                    async for part in response.aiter_raw():
                        parts.take(part)
                finally:
                    await response.aclose()
        return parts.answer()

    @asynccontextmanager
    async def stream(
        self, request: Request, silence: float
    ) -> AsyncIterator[tuple[Answer, AsyncIterator[bytes]]]:
        """As `Transport.stream`."""
        with _translated(self._site):
            limits = httpx.Timeout(silence, connect=self._terms.connect)
            sent = _sent(self._client, self._site, request, limits)
            response = await self._client.send(sent, stream=True)
        try:
            parts = _Parts(self._site, request, response)
            if response.status_code != httpx.codes.OK:
                async for part in self._pieces(response):
                    parts.take(part)
            yield parts.answer(), self._pieces(response)
        finally:
            await response.aclose()

    def _limits(self, request: Request, timeout: float) -> httpx.Timeout:
        return _timeout(self._terms, request, timeout)

    async def _pieces(self, response: httpx.Response) -> AsyncIterator[bytes]:
        with _translated(self._site):
            if not response.is_stream_consumed:
                async for part in response.aiter_raw():
                    yield part


class _Parts:
    """The body of an answer as it comes. Raises AnswerMalformed where it is longer than it may
    be, or packed."""

    def __init__(self, site: Site, request: Request, response: httpx.Response) -> None:
        self._head = _head(site, response)
        self._most = self._room = request.max_bytes
        self._parts: list[bytes] = []

    def take(self, part: bytes) -> None:
        """The next piece."""
        self._room -= len(part)
        if self._room < 0:
            raise AnswerMalformed(self._head.url, f"more than {self._most} bytes")
        self._parts.append(part)

    def answer(self) -> Answer:
        """The whole."""
        head = self._head
        body = b"".join(self._parts)
        return Answer(url=head.url, status=head.status, headers=head.headers, body=body)


def _trust(site: Site) -> Any:
    """For `verify` of httpx. Reading certificates takes 30 ms, which plain HTTP need not wait
    for."""
    return site.tls or site.url.startswith("https:")


def _no_cookies() -> CookieJar:
    return CookieJar(DefaultCookiePolicy(allowed_domains=[]))


def _timeout(terms: Terms, request: Request, seconds: float) -> httpx.Timeout:
    silence = min(seconds, terms.silence_of(request))
    return httpx.Timeout(silence, connect=min(seconds, terms.connect))


def _sent(
    client: httpx.Client | httpx.AsyncClient, site: Site, request: Request, timeout: httpx.Timeout
) -> httpx.Request:
    return client.build_request(
        request.method,
        f"{site.base}{request.path}",
        params=request.params or None,
        headers=site.headers(request),
        content=request.content,
        timeout=timeout,
    )


def _head(site: Site, response: httpx.Response) -> Answer:
    if response.headers.get("content-encoding", "identity") != "identity":
        raise AnswerMalformed(site.name, "a packed answer that nobody asked for")
    return Answer(
        url=site.name,
        status=response.status_code,
        headers={name.lower(): value for name, value in response.headers.items()},
        body=b"",
    )


@contextmanager
def _translated(site: Site) -> Iterator[None]:
    """Our errors in place of foreign ones."""
    try:
        yield
    except ClientError:
        raise
    except Exception as error:
        ours = translate(error, site.name)
        if ours is None:
            raise
        raise ours from error
