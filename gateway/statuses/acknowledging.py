"""Saying on the chain that all acts up to one were carried out.

One acknowledgement is under way at a time. It is kept before it is sent, and the contract takes
none that is not above the last, so each count is acknowledged once, whatever crashes or is lost.
"""

from __future__ import annotations

from typing import Final

import structlog

from gateway.base.context import Context
from gateway.base.crash import crash_point
from gateway.base.db import begin_read, begin_write, insert_rows
from gateway.chain.outbox import Outbox, refusal
from gateway.chain.signing import Signing
from gateway.chain.view import ChainView
from gateway.statuses import store
from gateway.statuses.following import Chain
from gateway.statuses.models import acknowledgements
from gateway.statuses.store import LOCK, Pending, Position
from ledger.chain.case_calls import CaseDomain, ack_calldata, ack_digest
from ledger.chain.contracts.bindings import CaseRegistry, Consortium
from ledger.chain.contracts.structs import ACTIVE
from ledger.chain.errors import TxRefused, TxReverted
from ledger.core.ids import Address
from ledger.core.keys import Role

VALID_SECONDS: Final = 600
"""For which a signed acknowledgement may wait to be mined; then another one is signed."""

_log = structlog.get_logger(__name__)


class Acknowledger:
    """Acknowledges for this member. Belongs to one thread."""

    def __init__(self, ctx: Context, chain: ChainView, outbox: Outbox, signing: Signing) -> None:
        self._ctx = ctx
        self._chain = chain
        self._outbox = outbox
        self._signing = signing

    def step(self, chain: Chain) -> bool:
        """Follow what is under way, or begin with one where the count has moved; whether nothing
        is left to be done. Raises TxError, CouldNotCheck; NotReady where the signing service is
        away."""
        with begin_read(self._ctx.engine) as connection:
            position, pending = store.read_position(connection), store.read_pending(connection)
        done = self._registry(chain).acknowledged(self._ctx.settings.node.code).count
        if pending is not None and (why := self._over(chain, pending, done)):
            self._forget(pending, why)
            pending = None
        if pending is None and position.count > done and position.held_until is None:
            pending = self._sign(chain, position)
        if pending is not None:
            self._send(pending)
        return pending is None and position.count <= done

    def learn(self, chain: Chain) -> None:
        """Keep how far the ACTIVE provinces have come. Raises CouldNotCheck."""
        view, registry = chain.view, self._registry(chain)
        consortium = Consortium(self._ctx.network.consortium, view.call, view.calls)
        rows = [
            (member.code, registry.acknowledged(member.code).count)
            for member in consortium.members()
            if member.status == ACTIVE and member.roles & Role.PROVINCE
        ]
        with begin_read(self._ctx.engine) as connection:
            if sorted(tuple(row) for row in connection.execute(acknowledgements.select())) == (
                sorted(rows)
            ):
                return
        with begin_write(self._ctx.engine, LOCK) as connection:
            connection.execute(acknowledgements.delete())
            insert_rows(connection, acknowledgements, ("member", "acts"), rows)

    @staticmethod
    def _registry(chain: Chain) -> CaseRegistry:
        return CaseRegistry(chain.registries[-1], chain.view.call)

    @staticmethod
    def _over(chain: Chain, pending: Pending, done: int) -> str | None:
        """Why one that was signed is not waited for any more."""
        if done >= pending.count:
            return "mined"
        if pending.registry != chain.registries[-1]:
            return "other-contract"
        return "expired" if chain.view.block.time > pending.deadline else None

    def _sign(self, chain: Chain, position: Position) -> Pending | None:
        """Sign and keep one for all that was carried out; None where no key of ours may."""
        facts = self._chain.known
        if facts is None or not facts.active:
            return None
        key = self._signing.case_key()
        if key is None:
            return None
        registry = Address(chain.registries[-1])
        # Blocks may be days apart on a quiet chain, so the head's time alone would be too early.
        now = max(chain.view.block.time, self._ctx.clock.seconds())
        deadline = now + VALID_SECONDS
        domain = CaseDomain(self._ctx.network.chain_id, registry)
        digest = ack_digest(domain, facts.member, position.count, position.head, deadline)
        pending = Pending(
            count=position.count,
            head=position.head,
            registry=registry,
            deadline=deadline,
            signature=key.sign_digest(digest),
        )
        with begin_write(self._ctx.engine, LOCK) as connection:
            first = store.read_pending(connection)
            if first is not None or store.read_position(connection).count < position.count:
                return first
            store.put_pending(connection, pending)
        return pending

    def _send(self, pending: Pending) -> None:
        """Hand it to the outbox, which sends it once however often it is asked."""
        member = self._ctx.settings.node.code
        data = ack_calldata(
            member, pending.count, pending.head, pending.deadline, pending.signature
        )
        crash_point("ack.sent", "before")
        try:
            self._outbox.send(pending.key, Address(pending.registry), data)
        except TxReverted:
            self._forget(pending, "reverted")
            return
        except TxRefused as error:
            reason, _ = refusal(error)
            if reason in _HOPELESS:
                self._forget(pending, reason)
                return
            raise
        crash_point("ack.sent", "after")

    def _forget(self, pending: Pending, why: str) -> None:
        with begin_write(self._ctx.engine, LOCK) as connection:
            if store.read_pending(connection) != pending:
                return
            store.put_pending(connection, None)
        self._outbox.done(pending.key)
        _log.info("acknowledgement.done", count=pending.count, why=why)


_HOPELESS = frozenset(
    {
        "CaseRegistry_AcknowledgementInvalid",  # another gateway of this member was first
        "RoleContract_DeadlinePassed",
    }
)
"""Refusals after which the same acknowledgement is never taken."""
