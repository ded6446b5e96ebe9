"""Acts about products on their way to the chain: waiting, signed, sent, recorded; each state is
durable first.

Those about one product go in their order. Whether one is on the chain is read there, never assumed:
sending something twice is harmless, since the contract takes each once. One ends only with what no
signature can mend; all else is signed again, after a while, with the key and for the contract then
in force. What the chain recorded and has no more, because it was lost or set back, goes again.
"""

from __future__ import annotations

import time

import sqlalchemy as sa
import structlog

from gateway.base.context import Context
from gateway.base.crash import crash_point
from gateway.base.db import begin_read, begin_write
from gateway.base.errors import NotReady
from gateway.chain.outbox import Outbox, refusal
from gateway.chain.signing import Signing
from gateway.products import store
from gateway.products.acts import There, Told, standing
from gateway.products.chain import ProductChain, ProductsNow
from gateway.products.fates import EARLIER_REFUSED, LOST, Fate, code_of, delay, fate_of
from gateway.products.interfaces import ProductAction
from gateway.products.manifests import Manifests
from ledger.chain.errors import TxRefused, TxReverted
from ledger.chain.products import Found
from ledger.core.errors import LedgerError
from ledger.core.ids import Address
from ledger.core.keys import Purpose

AHEAD = 86_400
"""Seconds for which a signature is good; it is made anew once they are over."""
CHECK_SECONDS = 60.0
"""Between two looks whether the chain still has what it recorded."""

_log = structlog.get_logger(__name__)


class Sending:
    """Sends them. Its step belongs to one thread."""

    def __init__(
        self,
        ctx: Context,
        *,
        chain: ProductChain,
        outbox: Outbox,
        signing: Signing,
        manifests: Manifests,
    ) -> None:
        self._ctx = ctx
        self._chain = chain
        self._outbox = outbox
        self._signing = signing
        self._manifests = manifests
        self._checked: float | None = None

    def step(self) -> bool:
        """Do the next thing for every product with something on its way; whether something
        changed. Raises the first failure, after all were tried; CouldNotCheck."""
        with begin_read(self._ctx.engine) as connection:
            rows = store.turns(connection, self._ctx.clock.seconds())
        if not rows:
            return False
        now, changed, failures = self._chain.taking(), False, list[LedgerError]()
        for row in rows:
            try:
                changed |= self._step(now, row)
            except LedgerError as error:
                failures.append(error)
        if failures:
            raise failures[0]
        return changed

    def waiting(self) -> bool:
        """Whether anything is not done yet."""
        with begin_read(self._ctx.engine) as connection:
            return store.has_acts_in_flight(connection)

    def keep(self) -> int:
        """Look, where that is due, whether the chain still has what it recorded; how many are to
        be sent again. Raises CouldNotCheck."""
        at = time.monotonic()
        if self._checked is not None and at - self._checked < CHECK_SECONDS:
            return 0
        lost = self.look()
        self._checked = at
        return lost

    def look(self) -> int:
        """The same at once. The newest goes first where a chain is set back."""
        with begin_read(self._ctx.engine) as connection:
            newest = store.newest_recorded(connection)
        if newest is None:
            return 0
        now = self._chain.now()
        if now.time < newest.recorded_at or not self._is_lost(now, newest):
            return 0  # nodes that lag, or the chain has it
        with begin_read(self._ctx.engine) as connection:
            rows = store.recorded_acts(connection)
        lost = [row.n for row in rows if self._is_lost(now, row)]
        with begin_write(self._ctx.engine, store.LOCK) as connection:
            store.refile(connection, lost)
        _log.warning("products.lost", acts=len(lost))
        return len(lost)

    # ---- one act

    def _step(self, now: ProductsNow, row: store.Row) -> bool:
        told = self._told(row)
        there = standing(told, self._found(now, told, row))
        if isinstance(there, str):
            return self._end(row, there)
        if isinstance(there, int):
            # Mined is not final: until then the chain may lose it, and it is sent again.
            return there <= now.final and self._note_recorded(row, there)
        if there is There.BEFORE:
            return self._later(row, LOST)
        address = now.address
        if address is None:
            return False
        stands = row.signature is not None and row.contract == address and now.time < row.deadline
        return self._send(told, row, address) if stands else self._sign(now, told, row, address)

    def _told(self, row: store.Row) -> Told:
        with begin_read(self._ctx.engine) as connection:
            product = store.product_at(connection, row.product)
            version = None
            if row.action == ProductAction.PUBLISH:
                version = store.version_row(connection, row.product, row.version)
        return Told(action=ProductAction(row.action), product=product, version=version)

    def _found(self, now: ProductsNow, told: Told, row: store.Row) -> Found | None:
        start = max(0, row.version - 1)
        return now.found(told.product.member, told.product.product, start=start)

    def _is_lost(self, now: ProductsNow, row: store.Row) -> bool:
        told = self._told(row)
        return not isinstance(standing(told, self._found(now, told, row)), int)

    def _note_recorded(self, row: store.Row, time_: int) -> bool:
        self._outbox.done(_key(row))  # first, or a crash in between would leave it there for ever
        with begin_write(self._ctx.engine, store.LOCK) as connection:
            done = {"state": "recorded", "code": None, "not_before": None}
            store.change_act(connection, row.n, recorded_at=time_, **done)
            crash_point("product.recorded", "before")
        crash_point("product.recorded", "after")
        _log.info("product.recorded", act=row.n)
        return True

    def _sign(self, now: ProductsNow, told: Told, row: store.Row, address: Address) -> bool:
        self._outbox.done(_key(row))
        deadline = now.time + AHEAD
        try:
            key = self._signing.act_key(Purpose.PRODUCT)
            if key is None:
                return self._later(row, "product-key-missing")
            signature = key.sign_digest(told.digest(self._chain_id, address, deadline))
        except NotReady as error:
            return self._later(row, error.code)
        crash_point("product.signed", "before")
        self._change(
            row,
            state="signed",
            code=None,
            signature=signature,
            deadline=deadline,
            contract=address,
            attempt=row.attempt + 1,
        )
        crash_point("product.signed", "after")
        return True

    def _send(self, told: Told, row: store.Row, address: Address) -> bool:
        data = told.calldata(row.deadline, row.signature)
        crash_point("product.sent", "before")
        try:
            self._outbox.send(_key(row), address, data)
        except TxRefused as error:
            return self._refused(row, error)
        except TxReverted:  # somebody was faster; the next step sees what is so now
            self._outbox.done(_key(row))
            return False
        crash_point("product.sent", "after")
        if row.state != "sent":
            self._change(row, state="sent")
        return True

    def _refused(self, row: store.Row, error: TxRefused) -> bool:
        name, _ = refusal(error)
        self._outbox.done(_key(row))
        fate = fate_of(name)
        if fate is Fate.NEVER:
            return self._end(row, code_of(name))
        if fate is Fate.ANEW and row.failures == 0:
            self._change(row, state="waiting", code=None, signature=None, failures=1)
            return True
        return self._later(row, code_of(name))

    def _later(self, row: store.Row, code: str) -> bool:
        """Try it again after a while, signed anew."""
        failures = row.failures + 1
        until = self._ctx.clock.seconds() + delay(failures)
        if row.code != code:
            _log.warning("product.waits", act=row.n, reason=code)
        failed = {"failures": failures, "not_before": until}
        self._change(row, state="waiting", code=code, signature=None, **failed)
        return True

    def _end(self, row: store.Row, code: str) -> bool:
        """It is refused for good, and what goes behind it falls with it; a version that the chain
        did not take is none."""
        self._outbox.done(_key(row))
        with begin_write(self._ctx.engine, store.LOCK) as connection:
            self._drop(connection, row, code)
            if row.action != ProductAction.RETIRE:
                for later in store.behind(connection, row):
                    self._drop(connection, later, EARLIER_REFUSED)
        _log.error("product.refused", act=row.n, reason=code)
        return True

    def _drop(self, connection: sa.Connection, row: store.Row, code: str) -> None:
        store.change_act(connection, row.n, state="refused", code=code)
        if row.action == ProductAction.PUBLISH:
            version = store.version_row(connection, row.product, row.version)
            if version is not None:
                self._manifests.drop(connection, version)

    def _change(self, row: store.Row, **values: object) -> None:
        with begin_write(self._ctx.engine, store.LOCK) as connection:
            store.change_act(connection, row.n, **values)

    @property
    def _chain_id(self) -> int:
        return self._ctx.network.chain_id


def _key(row: store.Row) -> str:
    return f"product/{row.n}/{row.attempt}"
