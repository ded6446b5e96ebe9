"""What all groups of methods are made of: the way to the gateway, and the terms."""

from __future__ import annotations

from ledger.client.terms import Terms
from ledger.client.transport import AsyncTransport, Transport


class Group:
    """Methods about one domain, blocking."""

    def __init__(self, transport: Transport, terms: Terms) -> None:
        self._transport = transport
        self._terms = terms


class AsyncGroup:
    """The same without blocking."""

    def __init__(self, transport: AsyncTransport, terms: Terms) -> None:
        self._transport = transport
        self._terms = terms
