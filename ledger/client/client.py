"""The blocking client of one gateway."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from time import sleep
from typing import Any

from ledger.client import node, uses, verifying
from ledger.client.errors import NoAnswer, NotReady
from ledger.client.events import WatchEvent
from ledger.client.finance_groups import (
    Authorisations,
    Checks,
    Followed,
    Reports,
    Uses,
)
from ledger.client.groups import Cases, Files, Histories, Lists, Receipts, Records
from ledger.client.inputs import Decision
from ledger.client.product_groups import Outcomes, Products
from ledger.client.results import NodeInfo
from ledger.client.site import Site
from ledger.client.terms import Terms
from ledger.client.transport import Transport
from ledger.client.use_results import Use
from ledger.client.watching import SILENCE_SECONDS, Watching

__all__ = ["Client", "Watch"]


class Client:
    """Asks one gateway. Safe to share between threads; close it, or use it in a `with`.

    Its errors are those of `ledger.client.errors`; nothing of httpx is raised. What it offers by
    domain, as `ledger.client.groups` has it: `records` `files` `receipts` `cases` `lists`
    `histories`; for finance, as `finance_groups` and `product_groups` have it: `uses` `checks`
    `authorisations` `reports` `followed` `products` `outcomes`.
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
        self._transport = Transport(site, self._terms)
        self.records = Records(self._transport, self._terms)
        self.files = Files(self._transport, self._terms)
        self.receipts = Receipts(self._transport, self._terms)
        self.cases = Cases(self._transport, self._terms)
        self.lists = Lists(self._transport, self._terms)
        self.histories = Histories(self._transport, self._terms)
        self.uses = Uses(self._transport, self._terms)
        self.checks = Checks(self._transport, self._terms)
        self.authorisations = Authorisations(self._transport, self._terms)
        self.reports = Reports(self._transport, self._terms)
        self.followed = Followed(self._transport, self._terms)
        self.products = Products(self._transport, self._terms)
        self.outcomes = Outcomes(self._transport, self._terms)

    def close(self) -> None:
        """Drop the connections."""
        self._transport.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def node(self) -> NodeInfo:
        """Who runs the gateway, by its own word."""
        return self._transport.drive(node.about(self._terms))

    def unready(self) -> NotReady | None:
        """Why it can take or anchor no records now; None: it can."""
        return self._transport.drive(node.unready(self._terms))

    def use(
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
        return self._transport.drive(flow)

    def verify(
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
        return self._transport.drive(verifying.verify(data, asked, self._terms))

    def watch(
        self,
        records: Sequence[str] = (),
        *,
        since: str | None = None,
        patience: float | None = None,
        interrupted: Callable[[NoAnswer], None] | None = None,
    ) -> Watch:
        """Follow the statuses of these records by id (at most 50), or of all that the token may
        know of. since: a place to go on behind. patience: seconds without a word after which it
        gives up; None: never. interrupted: told of each connection that broke or was not to be
        had."""
        watching = Watching(records, since, self._terms, patience=patience, interrupted=interrupted)
        return Watch(self._transport, watching)


class Watch:
    """Events as they come; it connects anew by itself, and goes on where it was. `place` is behind
    the last event: kept, it is where to go on another day."""

    def __init__(self, transport: Transport, watching: Watching) -> None:
        self._transport = transport
        self._watching = watching
        self._events = self._follow()

    @property
    def place(self) -> str | None:
        """Behind which event it is; None: nothing has come."""
        return self._watching.place

    def close(self) -> None:
        """End it."""
        self._events.close()

    def __enter__(self) -> Watch:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[WatchEvent]:
        return self

    def __next__(self) -> WatchEvent:
        return next(self._events)

    def _follow(self) -> Generator[WatchEvent, None, None]:
        while True:
            try:
                yield from self._once()
                pause = self._watching.ended()
            except NoAnswer as error:
                pause = self._watching.failed(error)
            sleep(pause)

    def _once(self) -> Iterator[WatchEvent]:
        """The events of one connection."""
        with self._transport.stream(self._watching.request(), SILENCE_SECONDS) as (head, pieces):
            self._watching.opened(head)
            for part in pieces:
                yield from self._watching.feed(part)
