"""Acts on their way to the chain: waiting, signed, sent, recorded; each state durable first.

Acts on one record go in their order, and one that is refused holds up no other. Whether an act is
on the chain is read from the record's history, never assumed: doing something twice is harmless,
since every act names the version that it expects.
"""

from __future__ import annotations

import structlog

from gateway.base.context import Context
from gateway.base.crash import crash_point
from gateway.base.db import begin_read, begin_write
from gateway.cases import store
from gateway.cases.errors import CaseRefused
from gateway.cases.registry import Registry, RegistryNow
from gateway.chain.outbox import Outbox, refusal
from gateway.chain.signing import Signing
from gateway.chain.view import ChainView
from ledger.chain.case_calls import act_calldata, acts_digest
from ledger.chain.errors import TxRefused, TxReverted
from ledger.core import eip712
from ledger.core.errors import EvidenceError, LedgerError
from ledger.core.ids import Digest, LogId, RecordId
from ledger.core.keys import Purpose
from ledger.core.status import Act, Action, RecordedAct
from ledger.core.status import refusal as status_refusal

AHEAD = 6 * 86_400
"""Seconds for which a signature is good; the contract takes seven days at most."""
TO_SIGN = 3600
"""Seconds that are left at least to whoever signs elsewhere."""
NEEDLESS = (Action.DISPUTE, Action.SETTLE)
"""Acts of which it does no harm that it was so already."""
_MOVED = frozenset({"CaseRegistry_VersionMismatch", "RoleContract_DeadlinePassed"})
_LATER = frozenset({"CaseRegistry_EffectiveAtInvalid"})

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
        self._chain = chain
        self._registry = registry
        self._outbox = outbox
        self._signing = signing

    def step(self) -> bool:
        """Do the next thing for the oldest act of every record; whether something changed. Raises
        the first failure, after all were tried; CouldNotCheck."""
        with begin_read(self._ctx.engine) as connection:
            rows = store.acts_in_flight(connection)
        if not rows:
            return False
        now = self._registry.now()
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
            return bool(store.acts_in_flight(connection))

    def _step(self, now: RegistryNow, row: store.Row) -> bool:
        if (found := self._recorded(now, row)) is not None:
            # Mined is not final: until then the chain may lose it, and it is sent again.
            return found.block <= now.final and self._note_recorded(row, found)
        if row.after is not None and (done := self._held_up(row)) is not None:
            return done
        state = now.state(row.record)
        act = act_of(row, state.word.version)
        if (code := status_refusal(state, act, by_vote=False)) is not None:
            needless = code == "already-so" and row.action in NEEDLESS
            return self._end(row, "needless" if needless else "refused", code)
        if not self._stands(now, row, state.word.version):
            return self._sign(now, row, act)
        return self._send(now, row, act)

    def _recorded(self, now: RegistryNow, row: store.Row) -> RecordedAct | None:
        """Our act in the history of the record: its `doc` names one step."""
        for found in now.acts.history(RecordId(row.record)):
            if (found.act.action, found.act.doc) == (row.action, row.doc):
                return found
        return None

    def _note_recorded(self, row: store.Row, found: RecordedAct) -> bool:
        self._outbox.done(_key(row))  # first, or a crash in between would leave it there for ever
        with begin_write(self._ctx.engine, store.LOCK) as connection:
            store.change_act(
                connection,
                row.id,
                state="recorded",
                code=None,
                version=found.act.expected_version + 1,
                block=found.block,
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
            return self._end(row, "refused", "outcome-refused")
        return False

    def _stands(self, now: RegistryNow, row: store.Row, version: int) -> bool:
        """Whether what was signed may still be sent."""
        signed = row.signature is not None and row.version == version
        return signed and now.time < row.deadline

    def _sign(self, now: RegistryNow, row: store.Row, act: Act) -> bool:
        """Sign it, anew where the version moved; without the key here it waits for a signature."""
        self._outbox.done(_key(row))
        key = self._signing.act_key(purpose_of(row))
        deadline = now.time + AHEAD
        values = {"version": act.expected_version, "deadline": deadline}
        if key is None:
            good = row.version == act.expected_version and now.time + TO_SIGN < row.deadline
            if row.state == "waiting" and good:
                return False
            self._change(row, state="waiting", code="to-be-signed", signature=None, **values)
            return False
        digest = acts_digest(self._registry.domain(now.address), self._member, [act], deadline)
        signature = key.sign_digest(digest)
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

    def _send(self, now: RegistryNow, row: store.Row, act: Act) -> bool:
        data = act_calldata(self._member, [act], row.deadline, row.signature)
        crash_point("act.sent", "before")
        try:
            self._outbox.send(_key(row), now.address, data)
        except TxRefused as error:
            return self._refused(row, refusal(error)[0])
        except TxReverted:  # somebody was faster; the next step sees what is so now
            self._outbox.done(_key(row))
            return False
        crash_point("act.sent", "after")
        if row.state != "sent":
            self._change(row, state="sent")
        return True

    def _refused(self, row: store.Row, name: str) -> bool:
        self._outbox.done(_key(row))
        if name in _LATER:
            return False
        if name in _MOVED:
            self._change(row, state="waiting", signature=None)
            return True
        return self._end(row, "refused", name.partition("_")[2][:40] or name[:40])

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

    def to_sign(self, row: store.Row) -> Digest | None:
        """What a DECIDE key of the member is to sign for an act that waits for it; None: none is
        wanted. Raises CouldNotCheck."""
        if row.state != "waiting" or row.code != "to-be-signed":
            return None
        act = act_of(row, row.version)
        domain = self._registry.domain(self._registry.now().address)
        return acts_digest(domain, self._member, [act], row.deadline)

    def take_signature(self, number: int, signature: bytes) -> None:
        """Take a signature made elsewhere. Raises CaseRefused `nothing-to-sign`,
        `decision-signature-invalid`."""
        with begin_read(self._ctx.engine) as connection:
            row = store.act_row(connection, number)
        digest = None if row is None else self.to_sign(row)
        if row is None or digest is None:
            raise CaseRefused("nothing-to-sign")
        self._demand_signer(row, digest, signature)
        self._change(row, state="signed", code=None, signature=signature, attempt=row.attempt + 1)
        self._ctx.signals.acts.set()

    def _demand_signer(self, row: store.Row, digest: Digest, signature: bytes) -> None:
        try:
            signer = eip712.recover(digest, signature)
        except EvidenceError as error:
            raise CaseRefused("decision-signature-invalid") from error
        facts, purpose = self._chain.facts, purpose_of(row)
        at = self._ctx.clock.seconds()
        good = any(
            key.purpose == purpose
            and bytes.fromhex(key.public_key) == signer.public_key
            and key.valid_at(at)
            for key in facts.keys
        )
        if not good:
            raise CaseRefused("decision-signature-invalid")


def act_of(row: store.Row, version: int) -> Act:
    """The act of a row, with the version that it is to expect."""
    return Act(
        log=LogId(row.log),
        commitment=Digest(row.commitment),
        action=row.action,
        expected_version=version,
        basis=row.basis,
        doc=Digest(row.doc),
        effective_at=row.effective_at,
        other_log=LogId(row.other_log),
        other_commitment=Digest(row.other_commitment),
    )


def purpose_of(row: store.Row) -> Purpose:
    """Whose key signs an act."""
    return Purpose.CASE if row.action == Action.DISPUTE else Purpose.DECIDE


def _key(row: store.Row) -> str:
    return f"act/{row.id}/{row.attempt}"
