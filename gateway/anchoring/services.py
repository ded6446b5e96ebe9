"""Filing checkpoints of our logs on the chain, one step at a time.

signed → sent → mined → final, each state durable before the next thing is done. Who sends the
transaction does not matter and the contract compares the previous size, so doing something twice
is harmless; what is on the chain is read from its events (`sync`), never assumed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
import structlog

from gateway.anchoring.errors import AnchorRefused, LogFault
from gateway.anchoring.models import anchors
from gateway.anchoring.sync import LOCK, Standing, Sync, forget
from gateway.base.context import Context
from gateway.base.crash import crash_point
from gateway.base.db import begin_read, begin_write
from gateway.chain.interfaces import MemberFacts, OwnLog
from gateway.chain.outbox import Outbox, refusal
from gateway.chain.reading import read_facts
from gateway.chain.signing import Signing
from gateway.chain.view import ChainView
from gateway.log import store
from gateway.log.services import Logs
from gateway.log.store import LogState, TileStore
from ledger.chain.contracts.contract_abi import load
from ledger.chain.contracts.structs import AnchoredSize
from ledger.chain.errors import PayerEmpty, TxError, TxRefused, TxReverted
from ledger.chain.nodes.blocks import Block
from ledger.chain.nodes.quorum import QuorumReader, View
from ledger.core import eip712
from ledger.core.errors import LedgerError
from ledger.core.ids import Address, Digest, bytes32_ascii
from ledger.core.tiles import consistency_path_at, root_at

MAX_GROWTH = 1 << 20
"""Leaves per anchor, as `LogAnchor` has it."""
REFRESH_SECONDS = 15.0
"""How old the facts of the chain may get while it can be read. A new key or catalogue item takes
so long to be noticed; a refused anchor makes them be read at once."""
IN_FLIGHT = ("signed", "sent")

_log = structlog.get_logger(__name__)
_Row = sa.Row[Any]


@dataclass(frozen=True, slots=True)
class Progress:
    """changed: something went on. waiting: an anchor is on its way, or due. signed: one was
    begun. sent: one is not on the chain yet, so none can be begun."""

    changed: bool = False
    waiting: bool = False
    signed: bool = False
    sent: bool = False

    def __or__(self, other: Progress) -> Progress:
        return Progress(
            changed=self.changed or other.changed,
            waiting=self.waiting or other.waiting,
            signed=self.signed or other.signed,
            sent=self.sent or other.sent,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Now:
    """The chain as this step sees it. final: None where no block is final yet."""

    view: View
    facts: MemberFacts
    final: Block | None
    may_sign: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """One log in this step. there: its last anchor on the chain. published: what may be
    anchored; 0 where the log is closed or the member suspended."""

    now: _Now
    log: LogState
    open: bool
    there: AnchoredSize
    published: int


class Anchoring:
    """Files what the logs published. Belongs to one thread."""

    def __init__(
        self,
        ctx: Context,
        *,
        chain: ChainView,
        reader: QuorumReader,
        outbox: Outbox,
        signing: Signing,
        logs: Logs,
    ) -> None:
        self._ctx = ctx
        self._chain = chain
        self._reader = reader
        self._outbox = outbox
        self._signing = signing
        self._logs = logs
        self._sync = Sync(ctx, logs, outbox)
        self._chain_time = 0  # Unix seconds, as the contract said when a deadline had passed

    def step(self, *, may_sign: bool = True) -> Progress:
        """Read the chain, bring our rows up to date, and do the next thing for every log.

        may_sign: whether a new anchor may be begun. Raises CouldNotCheck and the errors of this
        package; a log that fails does not keep the others from being served.
        """
        view = self._reader.head()
        facts = self.refresh(view)
        final = self._reader.final_block(view)
        now = _Now(view=view, facts=facts, final=final, may_sign=may_sign)
        progress = Progress()
        failures: list[LedgerError] = []
        for fact in facts.logs:
            try:
                progress |= self._step_log(now, fact)
            except LedgerError as error:
                failures.append(error)
        # What befalls all logs alike is told before what the contract said of one.
        told: list[TxError | AnchorRefused] = []
        told += [error for error in failures if isinstance(error, TxError)]
        told += [error for error in failures if isinstance(error, AnchorRefused)]
        self._ctx.health.anchor_error = told[0].code if told else None
        if failures:
            raise failures[0]
        return progress

    def look(self) -> Progress:
        """Read the chain and change nothing: the facts are renewed, and a log that contradicts the
        chain is found out. Raises as `step`."""
        view = self._reader.head()
        facts = self.refresh(view)
        failures: list[LedgerError] = []
        for fact in facts.logs:
            try:
                self._check(view, facts, fact)
            except LedgerError as error:
                failures.append(error)
        if failures:
            raise failures[0]
        return Progress()

    def _check(self, view: View, facts: MemberFacts, fact: OwnLog) -> Standing:
        """Note the state of one log. Raises LogFault where that keeps an open one from going on;
        what is wrong with a closed one is told and hinders nobody."""
        standing = self._sync.check_log(view, facts, fact)
        log_id, health = bytes.fromhex(fact.log_id), standing.health
        before = self._ctx.health.of(log_id)
        self._ctx.health.note(log_id, health)
        if health.fault is None:
            if health.grows:
                self._logs.prove(log_id)
            return standing
        if before is None or before.condition is not health.condition:
            _log.error(
                "log.fault",
                log=fact.log_id,
                code=health.fault,
                anchored=health.anchored,
                ours=health.ours,
                trusted=health.trusted,
                good=health.good,
                remedy=health.explain()["en"],
            )
        if fact.open:
            raise LogFault(health.fault, chain_size=health.anchored, our_size=health.ours)
        return standing

    def refresh(self, view: View) -> MemberFacts:
        """The facts, read again where they are old. Raises CouldNotCheck, ConfigError."""
        known = self._chain.known
        if known is not None and self._chain.age < REFRESH_SECONDS:
            return known
        library = self._ctx.schemas.latest()
        facts = read_facts(view, self._ctx.network, self._ctx.settings.node.code, library)
        if known is not None and known.log_anchors != facts.log_anchors:
            with begin_write(self._ctx.engine, LOCK) as connection:
                forget(connection)  # what stands in a contract unknown so far was not read
        # First: none may be promised in before it was looked at.
        self._logs.open([bytes.fromhex(log.log_id) for log in facts.logs if log.open])
        self._chain.put(facts)
        self._signing.take_up()
        self._logs.close(
            {
                bytes.fromhex(log.log_id): None if log.open else log.trusted_size
                for log in facts.logs
            }
        )
        self._warn_of_keys(facts)
        # Last: what is known is taken up whether or not this can be read.
        self._ctx.health.payer_balance = self._outbox.balance()
        return facts

    def _warn_of_keys(self, facts: MemberFacts) -> None:
        """Say which of our keys nobody would accept now."""
        ours = self._signing.keys.registered
        valid = {(key.purpose, key.key_id) for key in facts.keys if key.valid_at(facts.block_time)}
        for purpose, signer in ours.items():
            if (purpose, signer.key_id.hex()) not in valid:
                _log.warning("key.not-valid", purpose=purpose.name, key=signer.key_id.hex())

    def _step_log(self, now: _Now, fact: OwnLog) -> Progress:
        log_id = bytes.fromhex(fact.log_id)
        there, health = self._check(now.view, now.facts, fact)
        with begin_read(self._ctx.engine) as connection:
            log = store.find(connection, log_id)
        if log is None or health.fault is not None:
            return Progress()
        changed = self._sync.sync(now.view, now.facts, log)
        if changed is None:
            return Progress(changed=True, waiting=True)
        self._sync.demand_complete(log, there)
        changed |= self._sync.finalise(log, now.final)
        published = (log.published or 0) if fact.open and now.facts.active else 0
        if log.closed is not None:  # closed on a chain before this one
            published = min(published, log.closed)
        progress = self._advance(
            _Case(now=now, log=log, open=fact.open, there=there, published=published)
        )
        waiting = published > there.size or self._sync.has_unfinished(log)
        return progress | Progress(changed=changed, waiting=waiting)

    def _advance(self, case: _Case) -> Progress:
        """Send what is signed, or sign what is published."""
        row = self._in_flight(case.log)
        if row is not None and (reason := self._stale(case, row)):
            self._fail(row, reason)
            row = None
        if row is not None:
            return Progress(changed=self._send(case, row), sent=True)
        if not case.now.may_sign or case.published <= case.there.size:
            return Progress()
        return Progress(changed=self._send(case, self._sign(case)), signed=True, sent=True)

    def _in_flight(self, log: LogState) -> _Row | None:
        query = sa.select(anchors).where(anchors.c.log == log.id, anchors.c.state.in_(IN_FLIGHT))
        with self._ctx.engine.connect() as connection:
            return connection.execute(query.order_by(anchors.c.id.desc()).limit(1)).one_or_none()

    def _stale(self, case: _Case, row: _Row) -> str | None:
        """Why a signed anchor will never be mined any more. Judged by the chain's time, not
        ours."""
        if not case.open:
            return "log-closed"
        checkpoint = _checkpoint(case, row.prev_size, row.size, row.root, row.deadline)
        signer = eip712.recover(_digest(case, checkpoint), row.signature).public_key
        if signer != self._signing.anchor_key.public_key:  # our key has changed, or the contract
            return "signed-otherwise"
        if row.prev_size != case.there.size:
            return "superseded"
        if case.now.view.block.time > row.deadline:
            return "expired"
        return None

    def _fail(self, row: _Row, reason: str) -> None:
        change = sa.update(anchors).where(anchors.c.id == row.id, anchors.c.state.in_(IN_FLIGHT))
        with begin_write(self._ctx.engine, LOCK) as connection:
            connection.execute(change.values(state="failed", error=reason))
        self._outbox.done(_key(row))
        _log.warning("anchor.failed", size=row.size, reason=reason)

    def _sign(self, case: _Case) -> _Row:
        """Sign the next checkpoint and store it; where another process was first, its row."""
        prev_size = case.there.size
        size = min(case.published, prev_size + MAX_GROWTH)
        with begin_read(self._ctx.engine) as connection:
            root = root_at(TileStore(connection, case.log.id), size)
        # Blocks may be days apart on a quiet chain, so the head's time alone would be too early.
        now = max(case.now.view.block.time, self._ctx.clock.seconds(), self._chain_time)
        deadline = now + self._ctx.settings.log.anchor_deadline
        checkpoint = _checkpoint(case, prev_size, size, root, deadline)
        key = self._signing.anchor_key
        values = {
            "log": case.log.id,
            "prev_size": prev_size,
            "size": size,
            "root": root,
            "note": self._logs.sign_note(case.log.log_id, size, root),
            "deadline": deadline,
            "signature": key.sign_digest(_digest(case, checkpoint)),
            "key_id": key.key_id,
            "state": "signed",
            "created_at": self._ctx.clock.seconds(),
        }
        under_way = sa.select(anchors).where(
            anchors.c.log == case.log.id, anchors.c.state.in_(IN_FLIGHT)
        )
        with begin_write(self._ctx.engine, LOCK) as connection:
            first = connection.execute(under_way.limit(1)).one_or_none()
            if first is not None:
                return first
            row = connection.execute(sa.insert(anchors).values(values).returning(*anchors.c)).one()
            crash_point("anchor.signed", "before")
        crash_point("anchor.signed", "after")
        return row

    def _send(self, case: _Case, row: _Row) -> bool:
        """Hand the anchor to the outbox; returns whether this was news. Raises AnchorRefused."""
        if row.state == "signed":
            crash_point("anchor.sent", "before")
        to = Address(case.now.facts.log_anchor)
        try:
            tx_hash = self._outbox.send(_key(row), to, self._calldata(case, row))
        except TxReverted:
            self._fail(row, "reverted")
            return True
        except PayerEmpty:
            self._chain.expire()  # the balance is read again with the next look
            raise
        except TxRefused as error:
            reason, values = refusal(error)
            self._chain.expire()
            if reason == "LogAnchor_SizeMismatch":  # another gateway of this member was first
                self._fail(row, "superseded")
                return True
            if reason == "RoleContract_DeadlinePassed":
                # The head may be older than that: some chains make blocks only for transactions.
                self._chain_time = int(values["time"])
                self._fail(row, "expired")
                return True
            raise AnchorRefused(reason) from error  # the row stays: tried again until its deadline
        if row.state != "signed":
            return False
        change = sa.update(anchors).where(anchors.c.id == row.id, anchors.c.state == "signed")
        with begin_write(self._ctx.engine, LOCK) as connection:
            connection.execute(change.values(state="sent", tx_hash=tx_hash))
        crash_point("anchor.sent", "after")
        return True

    def _calldata(self, case: _Case, row: _Row) -> bytes:
        with begin_read(self._ctx.engine) as connection:
            source = TileStore(connection, case.log.id)
            proof = consistency_path_at(source, row.prev_size, row.size)
        checkpoint = _checkpoint(case, row.prev_size, row.size, row.root, row.deadline)
        return load("LogAnchor").functions["anchor"].encode(checkpoint, proof, row.signature)


def _key(row: _Row) -> str:
    return f"anchor/{row.id}"


def _checkpoint(
    case: _Case, prev_size: int, size: int, root: bytes, deadline: int
) -> dict[str, int | bytes | str]:
    """The struct that is signed and that the contract is given."""
    return {
        "member": bytes32_ascii(case.now.facts.member),
        "logId": case.log.log_id,
        "prevSize": prev_size,
        "size": size,
        "root": root,
        "deadline": deadline,
    }


def _digest(case: _Case, checkpoint: Mapping[str, int | bytes | str]) -> Digest:
    """What the ANCHOR key signs: bound to the contract that takes anchors now."""
    domain = eip712.domain("LogAnchor", case.now.facts.chain_id, case.now.facts.log_anchor)
    return eip712.digest(domain, "Checkpoint", checkpoint)
