"""Acts on their way to the chain: waiting, signed, sent, recorded; each state durable first.

Acts on one record go in their order, and one that is refused holds up no other. Whether an act is
on the chain is read from the record's history, never assumed: doing something twice is harmless,
since every act names the version that it expects. An act ends only with what no signature can
mend; all else is signed again, after a while, with the key and for the registry then in force.
"""

from __future__ import annotations

import structlog

from gateway.base.context import Context
from gateway.base.crash import crash_point
from gateway.base.db import begin_read, begin_write
from gateway.base.errors import NotReady
from gateway.cases import store
from gateway.cases.acts import NEEDLESS, act_of, find_act, purpose_of, turns
from gateway.cases.elsewhere import Elsewhere, TypedActs
from gateway.cases.fates import (
    OUTCOME_REFUSED,
    TO_BE_SIGNED,
    UNSOUND,
    Fate,
    code_of,
    delay,
    fate_of,
)
from gateway.cases.keeping import Keeping
from gateway.cases.registry import Registry, RegistryNow
from gateway.chain.outbox import Outbox, refusal
from gateway.chain.signing import Signing
from gateway.chain.view import ChainView
from ledger.chain.case_calls import act_calldata, acts_digest
from ledger.chain.errors import TxRefused, TxReverted
from ledger.core.errors import EvidenceError, LedgerError
from ledger.core.ids import RecordId
from ledger.core.status import Act, Action, RecordedAct
from ledger.core.status import refusal as status_refusal

AHEAD = 6 * 86_400
"""Seconds for which a signature is good; the contract takes seven days at most."""
TO_SIGN = 3600
"""Seconds that are left at least to whoever signs elsewhere."""

_log = structlog.get_logger(__name__)


class Sending:
    """Sends the acts of this member. Its step belongs to one thread."""

    def __init__(
        self,
        ctx: Context,
        *,
        chain: ChainView,
        registry: Registry,
        outbox: Outbox,
        signing: Signing,
    ) -> None:
        self._ctx = ctx
        self._registry = registry
        self._outbox = outbox
        self._signing = signing
        self._elsewhere = Elsewhere(ctx, chain, registry)
        self.keeping = Keeping(ctx, registry)

    def step(self) -> bool:
        """Do the next thing for every record with an act on its way; whether something changed.
        Raises the first failure, after all were tried; CouldNotCheck."""
        with begin_read(self._ctx.engine) as connection:
            rows = turns(store.acts_in_flight(connection), self._ctx.clock.seconds())
        if not rows:
            return False
        now = self._registry.now()
        now.acts.states({RecordId(row.record) for row in rows})  # in few reads
        changed = False
        failures: list[LedgerError] = []
        for row in rows:
            try:
                changed |= self._step(now, row)
            except LedgerError as error:
                failures.append(error)
        if failures:
            raise failures[0]
        return changed

    def waiting(self) -> bool:
        """Whether any act is not done yet."""
        with begin_read(self._ctx.engine) as connection:
            return store.has_acts_in_flight(connection)

    def _step(self, now: RegistryNow, row: store.Row) -> bool:
        if (found := self._recorded(now, row)) is not None:
            # Mined is not final: until then the chain may lose it, and it is sent again.
            return found.block <= now.final and self._note_recorded(now, row, found)
        if row.after is not None and (done := self._held_up(row)) is not None:
            return done
        state = now.state(row.record)
        act = act_of(row, state.word.version)
        if not _is_sound(act):
            return self._end(row, "refused", UNSOUND)
        if (code := status_refusal(state, act, by_vote=False)) is not None:
            needless = code == "already-so" and row.action in NEEDLESS
            return self._end(row, "needless" if needless else "refused", code)
        if not self._stands(now, row, state.word.version):
            return self._sign(now, row, act)
        return self._send(now, row, act)

    def _recorded(self, now: RegistryNow, row: store.Row) -> RecordedAct | None:
        """Our act in the history of the record."""
        return find_act(now.acts, row, self._member)

    def _note_recorded(self, now: RegistryNow, row: store.Row, found: RecordedAct) -> bool:
        hash_ = now.hash_at(found.block)
        self._outbox.done(_key(row))  # first, or a crash in between would leave it there for ever
        with begin_write(self._ctx.engine, store.LOCK) as connection:
            store.change_act(
                connection,
                row.id,
                state="recorded",
                code=None,
                version=found.act.expected_version + 1,
                block=found.block,
                block_hash=hash_,
                recorded_at=found.recorded_at,
                not_before=None,
            )
            crash_point("act.recorded", "before")
        crash_point("act.recorded", "after")
        _log.info("act.recorded", act=row.id, block=found.block)
        return True

    def _held_up(self, row: store.Row) -> bool | None:
        """What the act before this one means for it; None: it may go."""
        with begin_read(self._ctx.engine) as connection:
            before = store.act_row(connection, row.after)
        if before is None or before.state in ("recorded", "needless"):
            return None
        if before.state == "refused":
            return self._end(row, "refused", OUTCOME_REFUSED)
        return False

    def _stands(self, now: RegistryNow, row: store.Row, version: int) -> bool:
        """Whether what was signed may still be sent."""
        signed = row.signature is not None and row.version == version
        return signed and row.registry == now.address and now.time < row.deadline

    def _sign(self, now: RegistryNow, row: store.Row, act: Act) -> bool:
        """Sign it, anew where the version or the registry moved; without the key here it waits for
        a signature."""
        self._outbox.done(_key(row))
        deadline = now.time + AHEAD
        values = {"version": act.expected_version, "deadline": deadline, "registry": now.address}
        try:
            key = self._signing.act_key(purpose_of(row))
            if key is None:
                return self._ask(now, row, act, values)
            digest = acts_digest(self._registry.domain(now.address), self._member, [act], deadline)
            signature = key.sign_digest(digest)
        except NotReady as error:
            return self._later(row, error.code)
        crash_point("act.signed", "before")
        self._change(
            row,
            state="signed",
            code=None,
            signature=signature,
            attempt=row.attempt + 1,
            **values,
        )
        crash_point("act.signed", "after")
        return True

    def _ask(self, now: RegistryNow, row: store.Row, act: Act, values: dict[str, object]) -> bool:
        """Have it signed elsewhere: what is asked for stays the same as long as it may."""
        same = (row.version, row.registry) == (act.expected_version, now.address)
        asked = (row.state, row.code) == ("waiting", TO_BE_SIGNED) and same
        if not asked or now.time + TO_SIGN >= row.deadline:
            self._change(row, state="waiting", code=TO_BE_SIGNED, signature=None, **values)
        return False

    def _send(self, now: RegistryNow, row: store.Row, act: Act) -> bool:
        data = act_calldata(self._member, [act], row.deadline, row.signature)
        crash_point("act.sent", "before")
        try:
            self._outbox.send(_key(row), now.address, data)
        except TxRefused as error:
            return self._refused(now, row, act, error)
        except TxReverted:  # somebody was faster; the next step sees what is so now
            self._outbox.done(_key(row))
            return False
        crash_point("act.sent", "after")
        if row.state != "sent":
            self._change(row, state="sent")
        return True

    def _refused(self, now: RegistryNow, row: store.Row, act: Act, error: TxRefused) -> bool:
        name, values = refusal(error)
        self._outbox.done(_key(row))
        fate = fate_of(name, values, act, now.time)
        if fate is Fate.NEVER:
            return self._end(row, "refused", code_of(name))
        if fate is Fate.ANEW and row.failures == 0:
            failed = {"failures": 1, "not_before": None}
            self._change(row, state="waiting", code=None, signature=None, **failed)
            return True
        return self._later(row, code_of(name))

    def _later(self, row: store.Row, code: str) -> bool:
        """Try it again after a while, signed anew."""
        failures = row.failures + 1
        until = self._ctx.clock.seconds() + delay(failures)
        if row.code != code:
            _log.warning("act.waits", act=row.id, reason=code)
        failed = {"failures": failures, "not_before": until}
        self._change(row, state="waiting", code=code, signature=None, **failed)
        return True

    def _end(self, row: store.Row, state: str, code: str) -> bool:
        self._outbox.done(_key(row))
        self._change(row, state=state, code=code)
        if state == "refused":
            _log.error("act.refused", act=row.id, reason=code)
        return True

    def _change(self, row: store.Row, **values: object) -> None:
        with begin_write(self._ctx.engine, store.LOCK) as connection:
            store.change_act(connection, row.id, **values)

    @property
    def _member(self) -> str:
        return self._ctx.settings.node.code

    # ---- signatures made elsewhere

    def to_sign(self, row: store.Row) -> TypedActs | None:
        """See `Elsewhere`."""
        return self._elsewhere.to_sign(row)

    def take_signature(self, number: int, signature: bytes) -> None:
        """See `Elsewhere`."""
        self._elsewhere.take_signature(number, signature)


def _is_sound(act: Act) -> bool:
    """Whether a contract could read it: what cannot be written can neither be signed nor sent, ever
    again."""
    try:
        Action(act.action)
        act.encode()
    except (EvidenceError, ValueError):
        return False
    return True


def _key(row: store.Row) -> str:
    return f"act/{row.id}/{row.attempt}"
