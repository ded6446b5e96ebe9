"""Whose a request is: proven by its signature before its body is read, and taken once.

In this order, the cheap first: one signature of our form; made for us, and now; its key on the list
of keys that was read last; the signature; its key that of an active member at the latest head; then
the body by its digest; then its nonce. Nothing before the signature asks the chain.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import sqlalchemy as sa

from gateway.base.clock import Clock
from gateway.base.errors import NotReady
from gateway.peers.directory import Directory
from gateway.peers.errors import SignatureRefused
from gateway.peers.interfaces import Asker
from gateway.peers.store import take_nonce
from ledger.chain.contracts.structs import Key
from ledger.core.canonical import b64u_decode
from ledger.exchange import admission
from ledger.exchange.admission import Received, RequestRefused
from ledger.exchange.signatures import Fields, Request

KEPT = 60
"""Seconds beyond `expires` for which a nonce is kept: clocks of gateways that share it differ."""

LIST_PATIENCE = 10.0
"""Seconds for which a request with an unknown key waits for the list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """code: our member code. All raise SignatureRefused."""

    code: str
    engine: sa.Engine
    directory: Directory
    clock: Clock

    def read(self, request: Request) -> Received:
        """What the head says, if it may be looked into: it costs neither I/O nor a signature."""
        with _refused():
            return admission.read(request, code=self.code, now=self.clock.seconds())

    def key(self, received: Received) -> Key | None:
        """The key that the request names, from memory; None: it was on no list."""
        return self.directory.listed(received.claim.member, received.claim.key_id)

    async def key_listed_anew(self, received: Received) -> Key:
        """The key that the request names, after the list was read once more where that may be.
        Raises NotReady where members could not be listed."""
        under_way = self.directory.list_anew()
        if under_way is not None:
            await asyncio.wait([asyncio.wrap_future(under_way)], timeout=LIST_PATIENCE)
        if not self.directory.was_listed:
            raise NotReady("members-unknown")
        found = self.directory.listed(received.claim.member, received.claim.key_id)
        if found is None:
            raise SignatureRefused("request-key-unknown")
        return found

    @staticmethod
    def verify(received: Received, key: Key) -> None:
        """Demand that this key signed the request. Costs neither I/O nor a call to the chain."""
        with _refused():
            admission.demand_signature(received, key)

    def recognise(self, received: Received) -> Asker:
        """The member whose key signed, as the latest head has it. The caller MUST have verified the
        signature. Raises NotReady too where the chain cannot be read."""
        found = self.directory.find(received.claim.member, received.claim.key_id)
        if found is None:
            raise SignatureRefused("request-key-unknown")
        now = self.clock.seconds()
        with _refused():
            admission.demand_standing(found.key, active=found.active, now=now, block_time=found.at)
        return Asker(code=found.member.code, roles=found.roles, nonce=received.nonce)

    def take(self, received: Received, body: bytes) -> None:
        """Take the request with its body, once."""
        with _refused():
            admission.demand_body(received, body)
        nonce, until = b64u_decode(received.nonce), received.expires + KEPT
        if not take_nonce(self.engine, received.claim.key_id, nonce, until):
            raise SignatureRefused("signature-replayed")


@contextmanager
def _refused() -> Iterator[None]:
    """What a receiver refuses, as this gateway answers it."""
    try:
        yield
    except RequestRefused as error:
        raise SignatureRefused(error.code) from error


def of_wire(method: str, path: str, query: str, lines: list[tuple[bytes, bytes]]) -> Request:
    """A request as it came. path, query: as sent; a query changes what is signed as the path does.
    lines: its header fields."""
    fields = Fields([(name.decode("latin-1"), value.decode("latin-1")) for name, value in lines])
    target = f"{path}?{query}" if query else path
    return Request(method=method, path=target, headers=fields)
