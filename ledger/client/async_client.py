"""The client of one gateway that does not block, on asyncio."""

from __future__ import annotations

import ssl
from asyncio import sleep
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing
from datetime import date
from pathlib import Path
from typing import Any

from ledger.client import node, uses, verifying
from ledger.client.async_finance_groups import (
    AsyncAuthorisations,
    AsyncChecks,
    AsyncFollowed,
    AsyncReports,
    AsyncUses,
)
from ledger.client.async_groups import (
    AsyncCases,
    AsyncFiles,
    AsyncHistories,
    AsyncLists,
    AsyncReceipts,
    AsyncRecords,
)
from ledger.client.async_product_groups import AsyncOutcomes, AsyncProducts
from ledger.client.errors import NoAnswer, NotReady
from ledger.client.events import WatchEvent
from ledger.client.inputs import Decision
from ledger.client.results import NodeInfo
from ledger.client.site import Site
from ledger.client.terms import Terms
from ledger.client.transport import AsyncTransport
from ledger.client.use_results import Use
from ledger.client.watching import SILENCE_SECONDS, Watching

__all__ = ["AsyncClient", "AsyncWatch"]


class AsyncClient:
    """As `Client`, without blocking; close it, or use it in an `async with`, on the event loop on
    which it is used.

    Its errors are those of `ledger.client.errors`; nothing of httpx is raised. What it offers by
    domain, as `ledger.client.async_groups` has it: `records` `files` `receipts` `cases` `lists`
    `histories`.
    """

    def __init__(
        self,
        url: str,
        *,
        token: str | None = None,
        token_file: Path | None = None,
        terms: Terms | None = None,
        tls: ssl.SSLContext | None = None,
        allow_http: bool = False,
    ) -> None:
        """token_file: in place of a token, read anew for each request. terms: how long is waited,
        how often something is sent again. tls: whom to believe about certificates, by default whom
        the system does. allow_http: whether a token may go to another machine over plain HTTP.
        Raises ConfigError."""
        site = Site(url=url, token=token, token_file=token_file, tls=tls, allow_http=allow_http)
        self._terms = terms or Terms()
        self._transport = AsyncTransport(site, self._terms)
        self.records = AsyncRecords(self._transport, self._terms)
        self.files = AsyncFiles(self._transport, self._terms)
        self.receipts = AsyncReceipts(self._transport, self._terms)
        self.cases = AsyncCases(self._transport, self._terms)
        self.lists = AsyncLists(self._transport, self._terms)
        self.histories = AsyncHistories(self._transport, self._terms)
        self.uses = AsyncUses(self._transport, self._terms)
        self.checks = AsyncChecks(self._transport, self._terms)
        self.authorisations = AsyncAuthorisations(self._transport, self._terms)
        self.reports = AsyncReports(self._transport, self._terms)
        self.followed = AsyncFollowed(self._transport, self._terms)
        self.products = AsyncProducts(self._transport, self._terms)
        self.outcomes = AsyncOutcomes(self._transport, self._terms)

    async def close(self) -> None:
        """Drop the connections."""
        await self._transport.close()

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def node(self) -> NodeInfo:
        """Who runs the gateway, by its own word."""
        return await self._transport.drive(node.about(self._terms))

    async def unready(self) -> NotReady | None:
        """Why it can take or anchor no records now; None: it can."""
        return await self._transport.drive(node.unready(self._terms))

    async def use(
        self,
        code: str,
        purpose: str,
        *,
        types: Sequence[str] | None = None,
        authorisation: str | None = None,
        decision: Decision | None = None,
        matter: str | None = None,
    ) -> Use:
        """Ask all provinces about a subject, by its code: what each states, and the bundle that
        proves it, which the gateway keeps as well. types: families, by default those of the
        authorisation, or all public ones. authorisation: the name of one that is held at the
        gateway. decision: what it led to. matter: in words of your own, which stay there. Raises
        Refused where it may not be asked. It is not asked twice by itself: after AnswerLost
        `uses.find` tells."""
        flow = uses.use(
            code,
            purpose,
            self._terms,
            types=types,
            authorisation=authorisation,
            decision=decision,
            matter=matter,
        )
        return await self._transport.drive(flow)

    async def verify(
        self,
        data: bytes,
        *,
        subject: str | None = None,
        type_: str | None = None,
        issuer: str | None = None,
        as_of: date | None = None,
        audience: str | None = None,
        nonce: str | None = None,
        witnesses: int = 0,
    ) -> Mapping[str, Any]:
        """Have the gateway judge a file: the document of `verify --json`. It is its word alone;
        `ledger.Verifier` needs no gateway."""
        asked = verifying.question(
            subject=subject,
            type_=type_,
            issuer=issuer,
            as_of=as_of,
            audience=audience,
            nonce=nonce,
            witnesses=witnesses,
        )
        return await self._transport.drive(verifying.verify(data, asked, self._terms))

    def watch(
        self,
        records: Sequence[str] = (),
        *,
        since: str | None = None,
        patience: float | None = None,
        interrupted: Callable[[NoAnswer], None] | None = None,
    ) -> AsyncWatch:
        """Follow the statuses of these records by id (at most 50), or of all that the token may
        know of. since: a place to go on behind. patience: seconds without a word after which it
        gives up; None: never. interrupted: told of each connection that broke or was not to be
        had."""
        watching = Watching(records, since, self._terms, patience=patience, interrupted=interrupted)
        return AsyncWatch(self._transport, watching)


class AsyncWatch:
    """As `Watch`, for `async for`."""

    def __init__(self, transport: AsyncTransport, watching: Watching) -> None:
        self._transport = transport
        self._watching = watching
        self._events = self._follow()

    @property
    def place(self) -> str | None:
        """Behind which event it is; None: nothing has come."""
        return self._watching.place

    async def close(self) -> None:
        """End it."""
        await self._events.aclose()

    async def __aenter__(self) -> AsyncWatch:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def __aiter__(self) -> AsyncIterator[WatchEvent]:
        return self

    async def __anext__(self) -> WatchEvent:
        return await anext(self._events)

    async def _follow(self) -> AsyncGenerator[WatchEvent]:
        while True:
            try:
                async with aclosing(self._once()) as events:
                    async for event in events:
                        yield event
                pause = self._watching.ended()
            except NoAnswer as error:
                pause = self._watching.failed(error)
            await sleep(pause)

    async def _once(self) -> AsyncGenerator[WatchEvent]:
        """The events of one connection."""
        asked = self._watching.request()
        async with self._transport.stream(asked, SILENCE_SECONDS) as (head, pieces):
            self._watching.opened(head)
            async for part in pieces:
                for event in self._watching.feed(part):
                    yield event
