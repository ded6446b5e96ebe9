"""Revocations on their way to the chain: waiting, signed, sent, recorded; each state durable first.

Whether one is there is read from the contracts, never assumed, so doing something twice is
harmless. It is recorded once the head at which it was seen there is final. It is signed anew where
the deadline has passed, the key was ended or another contract took the role over.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import structlog

from gateway.authorisations import store
from gateway.authorisations.fates import ANEW, NO_KEY, code_of, delay
from gateway.authorisations.revoking import Revoking
from gateway.base.context import Context
from gateway.base.crash import crash_point
from gateway.base.db import begin_read, begin_write
from gateway.base.errors import NotReady
from gateway.chain.outbox import Outbox, refusal
from gateway.chain.signing import Signing
from ledger.chain.errors import BlockGone, TxRefused, TxReverted
from ledger.chain.nodes.quorum import QuorumReader, View
from ledger.chain.revocations import contracts, revoke_calldata, revoke_digest, revoked_at
from ledger.core.canonical import unhex0x
from ledger.core.errors import LedgerError
from ledger.core.ids import WORD, Address
from ledger.core.keys import Purpose

VALID_SECONDS: Final = 86_400
"""For which a signed revocation may wait to be mined; then another one is signed."""

_log = structlog.get_logger(__name__)


class ChainNow(NamedTuple):
    """What a step goes by. time: of the head or of our clock, whichever is later: on a quiet chain
    blocks are days apart. final: number of the newest final block, -1: none is. contract: the one
    that takes revocations."""

    view: View
    time: int
    final: int
    contract: Address

    @property
    def number(self) -> int:
        """Of the head."""
        return self.view.block.number

    def hash_at(self, number: int) -> bytes | None:
        """Hash of a block; None where there is none of that number. Raises CouldNotCheck."""
        if number > self.number:
            return None
        try:
            return unhex0x(self.view.block_at(number).hash, WORD)
        except BlockGone:
            return None


class Sending:
    """Sends the revocations of this member. Its step belongs to one thread."""

    def __init__(
        self,
        ctx: Context,
        *,
        reader: QuorumReader,
        outbox: Outbox,
        signing: Signing,
        revoking: Revoking,
    ) -> None:
        self._ctx = ctx
        self._reader = reader
        self._outbox = outbox
        self._signing = signing
        self._revoking = revoking

    def step(self) -> bool:
        """Do the next thing for every revocation on its way; whether something changed. Raises the
        first failure, after all were tried; CouldNotCheck."""
        self._revoking.add_made_again()
        with begin_read(self._ctx.engine) as connection:
            rows = store.in_flight(connection, self._ctx.clock.seconds())
        if not rows:
            return False
        now = self.now()
        since = self.times(now, [row.commitment for row in rows])
        changed = False
        failures: list[LedgerError] = []
        for row, time in zip(rows, since, strict=True):
            try:
                changed |= self._step(now, row, time)
            except LedgerError as error:
                failures.append(error)
        if failures:
            raise failures[0]
        return changed

    def waiting(self) -> bool:
        """Whether any revocation is not done yet."""
        with begin_read(self._ctx.engine) as connection:
            return store.has_in_flight(connection)

    def now(self) -> ChainNow:
        """The chain at the quorum head. Raises CouldNotCheck, also where the network has no
        contract for it."""
        view = self._reader.head()
        final = self._reader.final_block(view)
        return ChainNow(
            view=view,
            time=max(view.block.time, self._ctx.clock.seconds()),
            final=-1 if final is None else final.number,
            contract=contracts(view, self._ctx.network.consortium)[-1],
        )

    def times(self, now: ChainNow, commitments: Sequence[bytes]) -> Sequence[int | None]:
        """Since when the chain has each of ours taken back. Raises CouldNotCheck."""
        return revoked_at(now.view, self._ctx.network.consortium, self._member, commitments)

    def _step(self, now: ChainNow, row: store.Row, since: int | None) -> bool:
        if since is not None:
            return self._seen(now, row, since)
        if row.block is not None:  # it was there, and its block is gone
            self._change(row, block=None, block_hash=None, recorded_at=None)
        if not self._stands(now, row):
            return self._sign(now, row)
        return self._send(now, row)

    def _seen(self, now: ChainNow, row: store.Row, since: int) -> bool:
        """It is there; mined is not final, and until then the chain may lose it."""
        block = row.block
        if block is None or now.hash_at(block) != row.block_hash:
            block = now.number
            seen = {"block": block, "block_hash": now.hash_at(block), "recorded_at": since}
            self._change(row, state="sent", code=None, not_before=None, **seen)
        return block <= now.final and self._note_recorded(row)

    def _note_recorded(self, row: store.Row) -> bool:
        self._outbox.done(_key(row))  # first, or a crash in between would leave it there for ever
        with begin_write(self._ctx.engine, store.LOCK) as connection:
            store.change_revocation(
                connection, row.id, state="recorded", code=None, not_before=None
            )
            crash_point("revocation.recorded", "before")
        crash_point("revocation.recorded", "after")
        _log.info("revocation.recorded", revocation=row.id)
        return True

    def _stands(self, now: ChainNow, row: store.Row) -> bool:
        """Whether what was signed may still be sent."""
        return (
            row.signature is not None and row.contract == now.contract and now.time < row.deadline
        )

    def _sign(self, now: ChainNow, row: store.Row) -> bool:
        self._outbox.done(_key(row))
        try:
            key = self._signing.act_key(Purpose.CONSENT)
            if key is None:
                return self._later(row, NO_KEY)
            deadline = now.time + VALID_SECONDS
            digest = revoke_digest(
                self._ctx.network.chain_id, now.contract, self._member, row.commitment, deadline
            )
            signature = key.sign_digest(digest)
        except NotReady as error:
            return self._later(row, error.code)
        crash_point("revocation.signed", "before")
        self._change(
            row,
            state="signed",
            code=None,
            contract=now.contract,
            deadline=deadline,
            signature=signature,
            attempt=row.attempt + 1,
        )
        crash_point("revocation.signed", "after")
        return True

    def _send(self, now: ChainNow, row: store.Row) -> bool:
        data = revoke_calldata(self._member, row.commitment, row.deadline, row.signature)
        crash_point("revocation.sent", "before")
        try:
            self._outbox.send(_key(row), now.contract, data)
        except TxRefused as error:
            return self._refused(row, error)
        except TxReverted:  # the next step sees what is so now
            self._outbox.done(_key(row))
            return self._later(row, "reverted")
        crash_point("revocation.sent", "after")
        if row.state != "sent":
            self._change(row, state="sent")
        return True

    def _refused(self, row: store.Row, error: TxRefused) -> bool:
        code = code_of(refusal(error)[0])
        self._outbox.done(_key(row))
        if code in ANEW and row.failures == 0:
            again = {"failures": 1, "not_before": None}
            self._change(row, state="waiting", code=None, signature=None, **again)
            return True
        return self._later(row, code)

    def _later(self, row: store.Row, code: str) -> bool:
        """Try it again after a while, signed anew."""
        failures = row.failures + 1
        until = self._ctx.clock.seconds() + delay(failures)
        if row.code != code:
            _log.warning("revocation.waits", revocation=row.id, reason=code)
        failed = {"failures": failures, "not_before": until}
        self._change(row, state="waiting", code=code, signature=None, **failed)
        return True

    def _change(self, row: store.Row, **values: object) -> None:
        with begin_write(self._ctx.engine, store.LOCK) as connection:
            store.change_revocation(connection, row.id, **values)

    @property
    def _member(self) -> str:
        return self._ctx.settings.node.code


def _key(row: store.Row) -> str:
    return f"revoke/{row.id}/{row.attempt}"
