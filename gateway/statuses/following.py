"""Following all acts on the chain, whoever's log they are about.

Acts count once they are final: then states, what they close and the position change in one
transaction. Acts between the final block and the head are looked at in every step: they close at
once and open nothing. A head that falls back, of nodes that lag, says nothing against one that was
seen: what it closed stays so until a block as high as the head of then is final without it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace

import structlog

from gateway.base.context import Context
from gateway.base.crash import crash_point
from gateway.base.db import begin_read, begin_write
from gateway.statuses import store
from gateway.statuses.believing import EASING, Beliefs
from gateway.statuses.errors import ActsUnclear
from gateway.statuses.folding import Fold, closing, events_in, unread
from gateway.statuses.store import LOCK, Position
from ledger.chain.contracts.bindings import CASE_REGISTRY, CaseRegistry, Consortium
from ledger.chain.contracts.events import Acted
from ledger.chain.contracts.structs import ActCount
from ledger.chain.errors import BlockGone
from ledger.chain.nodes.blocks import Block
from ledger.chain.nodes.quorum import QuorumReader, View
from ledger.core.canonical import unhex0x
from ledger.core.ids import Address, RecordId

BLOCKS = 8192
"""Blocks that are read at once; their acts are held in memory, some hundred a block at the most."""
ACTS = 256
"""Acts of one transaction."""
QUIET_BLOCKS = 256
"""Final blocks without an act after which the position moves all the same, so that little is read
when there is one."""
LATE_SECONDS = 30.0
"""For so long a head below our position may be that of nodes which lag; then the chain was set
back."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """The chain as a step sees it. registries: all that ever were, the oldest first. there: all
    acts, by the newest. final: None where no block is final yet."""

    view: View
    registries: Sequence[Address]
    there: ActCount
    final: Block | None

    @property
    def final_number(self) -> int:
        """-1 where no block is final yet."""
        return -1 if self.final is None else self.final.number


class _Overtaken(Exception):
    """Another process has gone on meanwhile."""


class Follower:
    """Brings the database up to the chain. Belongs to one thread."""

    def __init__(self, ctx: Context, reader: QuorumReader) -> None:
        self._ctx = ctx
        self._reader = reader
        self._late_since: float | None = None

    def head(self) -> View:
        """The newest block that the nodes agree on. Raises CouldNotCheck."""
        return self._reader.head()

    def position(self) -> Position:
        """How far the chain was followed, as the database has it."""
        with begin_read(self._ctx.engine) as connection:
            return store.read_position(connection)

    def look(self, view: View | None = None) -> Chain | None:
        """Read the chain, at this head or the newest; None where it has no CaseRegistry. Raises
        CouldNotCheck."""
        view = view or self.head()
        consortium = Consortium(self._ctx.network.consortium, view.call, view.calls)
        registries = [entry.account for entry in consortium.contract_history(CASE_REGISTRY)]
        if not registries:
            return None
        there = CaseRegistry(registries[-1], view.call).latest()
        final = self._reader.final_block(view)
        return Chain(view=view, registries=registries, there=there, final=final)

    def follow(self, chain: Chain, stop: threading.Event) -> bool:
        """Take up all acts; whether it came to the head. Raises CouldNotCheck, and ActsUnclear
        where what the nodes give does not fold: the database stays as it was."""
        position = self._start(chain)
        if position is None:
            return False
        try:
            if (position.count, position.head) == (chain.there.count, chain.there.head):
                self._rest(chain, position)
                return True
            return self._read(chain, position, stop)
        except _Overtaken:
            return False
        except ActsUnclear as error:
            self._tell(error.code)
            raise

    # ---- where to begin

    def _start(self, chain: Chain) -> Position | None:
        """Where this chain was followed to; from the deployment where it is another than before.
        None: the nodes have less of it than we do, for now."""
        with begin_read(self._ctx.engine) as connection:
            position = store.read_position(connection)
        if position.block is None or position.block_hash is None:
            return position
        view = chain.view
        if position.block > view.block.number:
            now = time.monotonic()
            self._late_since = self._late_since or now
            if now - self._late_since < LATE_SECONDS:
                return None
        elif self._has(view, position.block, position.block_hash):
            self._late_since = None
            if position.count <= chain.there.count:
                return position
        self._late_since = None
        _log.warning("statuses.chain-changed", block=position.block)
        with begin_write(self._ctx.engine, LOCK) as connection:
            if store.read_position(connection) != position:
                return None
            store.hold(connection)
            return store.read_position(connection)

    @staticmethod
    def _has(view: View, number: int, hash_: bytes) -> bool:
        try:
            return unhex0x(view.block_at(number).hash, 32) == hash_
        except BlockGone:
            return False

    # ---- acts

    def _read(self, chain: Chain, position: Position, stop: threading.Event) -> bool:
        """Page after page. A page counts once all of it folds, the last one once it comes to what
        the contract says."""
        view = chain.view
        first = self._ctx.network.deploy_block if position.block is None else position.block
        while not stop.is_set():
            last = min(view.block.number, first + BLOCKS - 1)
            events = list(unread(events_in(view, chain.registries, first, last), position))
            final = [event for event in events if event.entry.block <= chain.final_number]
            portions = list(self._portions(view, position, final))
            tip = portions[-1][1] if portions else self._fold(position, ())
            if last < view.block.number and len(final) == len(events):
                position = self._save(chain, position, portions)
                first = last + 1
                continue
            if last < view.block.number:  # few blocks are not final: read them to the end
                events = list(unread(events_in(view, chain.registries, first, view.block.number),
                                     position))  # fmt: skip
            beyond = events[len(final) :]
            self._load(tip, beyond)
            ahead = closing(tip_copy := replace(tip, states=dict(tip.states)), beyond, view)
            if (tip_copy.count, tip_copy.head) != (chain.there.count, chain.there.head):
                raise ActsUnclear(
                    f"act {tip_copy.count} is the last, by the contract {chain.there.count}"
                )
            position = self._save(chain, position, portions[:-1])
            self._finish(chain, position, portions[-1:], ahead)
            return True
        return False

    def _portions(
        self, view: View, position: Position, events: Sequence[Acted]
    ) -> Iterator[tuple[Sequence[Acted], Fold]]:
        """The acts of one transaction each, with what they fold to. Raises ActsUnclear."""
        fold = self._fold(position, events)
        for at in range(0, len(events), ACTS):
            some = events[at : at + ACTS]
            for event in some:
                fold.take(event, view.block_at(event.entry.block).time)
            yield some, replace(fold, states=dict(fold.states))

    def _fold(self, position: Position, events: Sequence[Acted]) -> Fold:
        fold = Fold(position.count, position.head)
        self._load(fold, events)
        return fold

    def _load(self, fold: Fold, events: Sequence[Acted]) -> None:
        wanted = {event.record_id for event in events} - fold.states.keys()
        with begin_read(self._ctx.engine) as connection:
            fold.states.update(store.states_of(connection, wanted))

    # ---- the database

    def _save(
        self, chain: Chain, position: Position, portions: Sequence[tuple[Sequence[Acted], Fold]]
    ) -> Position:
        for events, fold in portions:
            entry = events[-1].entry
            after = replace(
                position,
                block=entry.block,
                block_hash=unhex0x(entry.block_hash, 32),
                block_time=max(fold.states[event.record_id].word.recorded_at for event in events),
                count=fold.count,
                head=fold.head,
            )
            self._write(chain, position, after, events, fold=fold)
            position = after
        return position

    def _write(
        self,
        chain: Chain,
        before: Position,
        after: Position,
        events: Sequence[Acted] = (),
        *,
        fold: Fold | None = None,
        ahead: Mapping[RecordId, int] | None = None,
    ) -> None:
        """One transaction: the work, then how far it goes. Raises _Overtaken."""
        acted = {event.record_id for event in events}
        kept = self._kept(chain, events, fold)
        with begin_write(self._ctx.engine, LOCK) as connection:
            if store.read_position(connection) != before:
                raise _Overtaken
            if fold is not None:
                states = {record: fold.states[record] for record in acted}
                acts = {event.record_id: event.act for event in events}
                store.put_states(connection, states, kept, acts)
            if ahead is not None:
                store.put_ahead(connection, ahead)
            if before.held_until is not None and after.held_until is None:
                store.release(connection)
            store.put_position(connection, after)
            if events:
                crash_point("follower.applied", "before")
        if events:
            crash_point("follower.applied", "after")

    def _kept(
        self, chain: Chain, events: Sequence[Acted], fold: Fold | None
    ) -> frozenset[RecordId]:
        """Which of the records that these acts would open stay closed, for honest keys closed them.
        Raises CouldNotCheck."""
        if fold is None:
            return frozenset()
        acted = {event.record_id for event in events}
        eased = {event.record_id for event in events if event.act.action in EASING}
        with begin_read(self._ctx.engine) as connection:
            eased |= store.closed_of(connection, acted)
        beliefs = Beliefs(self._ctx.network.consortium, chain.view, chain.registries)
        return frozenset(
            record
            for record in eased
            if not store.closes(fold.states[record]) and beliefs.close(record, fold.states[record])
        )

    def _finish(
        self,
        chain: Chain,
        position: Position,
        portions: Sequence[tuple[Sequence[Acted], Fold]],
        ahead: frozenset[RecordId],
    ) -> None:
        """The last acts, with what is ahead of them; the position then is the final block."""
        events, fold = portions[0] if portions else ((), None)
        after = self._at_final(chain, position)
        if fold is not None:
            after = replace(after, count=fold.count, head=fold.head)
        with begin_read(self._ctx.engine) as connection:
            before = store.ahead_now(connection)
            clear = store.read_error(connection) is None
        closed = _ahead(before, ahead, head=chain.view.block.number, final=chain.final_number)
        if events or closed != before or not clear or self._moved(position, after):
            self._write(chain, position, after, events, fold=fold, ahead=closed)
        self._ctx.health.statuses_error = None

    def _rest(self, chain: Chain, position: Position) -> None:
        """There is no act that we do not know."""
        self._finish(chain, position, (), frozenset())

    @staticmethod
    def _moved(before: Position, after: Position) -> bool:
        if before.block is None or after.block is None or before.held_until != after.held_until:
            return before != after
        return after.block - before.block >= QUIET_BLOCKS

    @staticmethod
    def _at_final(chain: Chain, position: Position) -> Position:
        """The position at the final block, where that is not behind it; nothing is held any more
        once the chain was followed as far as the one before."""
        final = chain.final
        if final is None or (position.block is not None and final.number < position.block):
            return position
        held = position.held_until
        return replace(
            position,
            block=final.number,
            block_hash=unhex0x(final.hash, 32),
            block_time=final.time,
            held_until=None if held is None or final.time >= held else held,
        )

    def _tell(self, code: str) -> None:
        """Leave word for who looks: at this process, and at the database."""
        self._ctx.health.statuses_error = code
        with begin_write(self._ctx.engine, LOCK) as connection:
            if store.read_error(connection) != code:
                store.put_error(connection, code)


def _ahead(
    before: Mapping[RecordId, int], seen: Set[RecordId], *, head: int, final: int
) -> Mapping[RecordId, int]:
    """What acts close that are not final yet: what is seen now, and what was seen before until the
    final block has come as far as the head then was."""
    kept = {record: until for record, until in before.items() if until > final}
    return {record: before.get(record, head) for record in seen} | kept
