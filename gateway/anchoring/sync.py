"""Making `anchors` agree with the chain: its events are the truth, whoever sent them.

That one mechanism covers our own anchors being mined, answers that were lost, another gateway of
this member that was first, reorganisations, and a chain that was lost and rebuilt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import sqlalchemy as sa
import structlog

from gateway.anchoring.errors import AnchorsUnclear
from gateway.anchoring.models import anchors
from gateway.base.context import Context
from gateway.base.crash import crash_point
from gateway.base.db import begin_read, begin_write
from gateway.base.health import LogHealth, Seen, judge
from gateway.chain.interfaces import MemberFacts, OwnLog
from gateway.chain.models import transactions
from gateway.chain.outbox import Outbox
from gateway.log import store
from gateway.log.models import logs
from gateway.log.services import Logs
from gateway.log.store import LogState, TileStore
from ledger.chain.contracts.bindings import LogAnchor
from ledger.chain.contracts.events import Anchored, decode_events, topic
from ledger.chain.contracts.structs import AnchoredSize
from ledger.chain.errors import BlockGone
from ledger.chain.network import Hash32
from ledger.chain.nodes.blocks import Block
from ledger.chain.nodes.quorum import View
from ledger.core.canonical import unhex0x
from ledger.core.errors import EvidenceError
from ledger.core.ids import Address
from ledger.core.merkle import EMPTY_ROOT
from ledger.core.tiles import root_at

LOCK = "anchor"
"""Name of the lock under which rows of `anchors` change."""
ON_CHAIN = ("mined", "final")
MAX_BACK = 4096
"""Anchors that are looked back at for the last that both have: those of an hour, at one a second.
A tree is damaged or forked at its end; further back an operator must look himself."""

_log = structlog.get_logger(__name__)


class _Place(NamedTuple):
    number: int
    hash: bytes


class _Seen(NamedTuple):
    """An anchor on the chain and the time of its block."""

    event: Anchored
    time: int


@dataclass(frozen=True, slots=True)
class _Scan:
    """What is new on the chain. base: the block up to which our rows are still right; None: none
    of them is. rewound: rows behind the base must be given up."""

    base: _Place | None
    rewound: bool
    seen: Sequence[_Seen]


class Standing(NamedTuple):
    """there: the last anchor of a log on the chain. health: what that makes of our log."""

    there: AnchoredSize
    health: LogHealth


class Sync:
    """Reads the chain and makes our rows agree with it."""

    def __init__(self, ctx: Context, logs: Logs, outbox: Outbox) -> None:
        self._ctx = ctx
        self._logs = logs
        self._outbox = outbox

    def check_log(self, view: View, facts: MemberFacts, fact: OwnLog) -> Standing:
        """See `standing`."""
        return standing(self._ctx.engine, view, facts, fact)

    def sync(self, view: View, facts: MemberFacts, log: LogState) -> bool | None:
        """Bring the rows of one log up to the view's block; returns whether any changed.

        None: another process has gone on meanwhile, perhaps not as far as our view.
        """
        scan = self._scan(view, facts, log)
        # Beyond the end of a closed log the chain may have what is not ours; it counts for nothing.
        counted = [s for s in scan.seen if log.closed is None or s.event.size <= log.closed]
        scan = replace(scan, seen=counted)
        mined = bool(scan.seen)
        if not mined and not scan.rewound and log.scanned == view.block.number:
            return False
        notes = self._notes(log, [seen.event for seen in scan.seen])
        with begin_write(self._ctx.engine, LOCK) as connection:
            now = store.state(connection, log.id)
            if (now.scanned, now.scanned_hash) != (log.scanned, log.scanned_hash):
                return None
            lost = _give_up(connection, log.id, scan.base) if scan.rewound else 0
            for seen in scan.seen:
                note = notes.get(seen.event.size)
                _record(connection, log.id, seen, note, self._ctx.clock.seconds())
            scanned = {"scanned": view.block.number, "scanned_hash": _raw(view.block.hash)}
            connection.execute(sa.update(logs).where(logs.c.id == log.id).values(scanned))
            if mined:
                crash_point("anchor.mined", "before")
        if mined:
            crash_point("anchor.mined", "after")
        if lost:
            _log.warning("anchors.lost", log=log.log_id.hex(), rows=lost)
        return mined or lost > 0

    def finalise(self, log: LogState, final: Block | None) -> bool:
        """Mark as final what the network's rule calls so; returns whether any row changed."""
        if final is None:
            return False
        ready = (
            (anchors.c.log == log.id)
            & (anchors.c.state == "mined")
            & (anchors.c.block <= final.number)
        )
        with self._ctx.engine.connect() as connection:
            rows = connection.scalars(sa.select(anchors.c.id).where(ready)).all()
        if not rows:
            return False
        with begin_write(self._ctx.engine, LOCK) as connection:
            connection.execute(sa.update(anchors).where(ready).values(state="final", error=None))
            crash_point("anchor.recorded", "before")
        crash_point("anchor.recorded", "after")
        for row in rows:
            self._outbox.done(f"anchor/{row}")
        return True

    def demand_complete(self, log: LogState, there: AnchoredSize) -> None:
        """Require that the rows reach the size that the contract or a closing names. Raises
        AnchorsUnclear and forgets how far was read, so that the next step reads everything."""
        newest = sa.select(sa.func.max(anchors.c.size)).where(anchors.c.log == log.id)
        with (
            self._ctx.engine.connect() as connection
        ):  # state by state: each is one step in the index
            sizes = [
                connection.scalar(newest.where(anchors.c.state == state)) for state in ON_CHAIN
            ]
        known = max(size or 0 for size in sizes)
        needed = there.size if log.closed is None else min(there.size, log.closed)
        if known >= needed:  # another process may have read a newer block already
            return
        with begin_write(self._ctx.engine, LOCK) as connection:
            forget(connection, log.id)
        raise AnchorsUnclear(f"anchors up to {known}, the contract at {needed}")

    def has_unfinished(self, log: LogState) -> bool:
        """Whether an anchor of this log is on its way and not final yet."""
        query = sa.select(anchors.c.id).where(
            anchors.c.log == log.id, anchors.c.state.in_(("signed", "sent", "mined"))
        )
        with self._ctx.engine.connect() as connection:
            return connection.execute(query.limit(1)).first() is not None

    def _scan(self, view: View, facts: MemberFacts, log: LogState) -> _Scan:
        base, rewound = self._base(view, log)
        first = self._ctx.network.deploy_block if base is None else base.number + 1
        found: list[Anchored] = []
        if first <= view.block.number:
            for address in facts.log_anchors:
                events = view.logs(Address(address), (topic(Anchored), log.log_id), first=first)
                found += [e for e in decode_events("LogAnchor", events) if isinstance(e, Anchored)]
        found.sort(key=lambda event: event.entry.place)
        seen = [_Seen(event, self._time(view, log, event)) for event in found]
        return _Scan(base, rewound, seen)

    def _time(self, view: View, log: LogState, event: Anchored) -> int:
        """Of the event's block; from our own row where it names the same block, since after a
        rebuilt index every anchor there ever was is read again."""
        same = sa.select(anchors.c.block_time).where(
            anchors.c.log == log.id,
            anchors.c.state.in_((*ON_CHAIN, "lost")),
            anchors.c.size == event.size,
            anchors.c.block_hash == _raw(event.entry.block_hash),
        )
        with self._ctx.engine.connect() as connection:
            known = connection.scalar(same.limit(1))
        return view.block_at(event.entry.block).time if known is None else int(known)

    def _base(self, view: View, log: LogState) -> tuple[_Place | None, bool]:
        """The newest block known to us that the chain still has, and whether rows behind it must
        go.

        Steps back in doubling strides: what is still there is found again by its event.
        """
        if log.scanned is None or log.scanned_hash is None:
            return None, True
        scanned = _Place(log.scanned, log.scanned_hash)
        if _has(view, scanned):
            return scanned, False
        query = (
            sa.select(anchors.c.block, anchors.c.block_hash)
            .where(anchors.c.log == log.id, anchors.c.state.in_(ON_CHAIN))
            .order_by(anchors.c.block.desc())
            .limit(1)
        )
        back = 0
        while True:
            with self._ctx.engine.connect() as connection:
                row = connection.execute(query.offset(back)).one_or_none()
            if row is None:
                return None, True
            if _has(view, place := _Place(row.block, row.block_hash)):
                return place, True
            back = 2 * back + 1

    def _notes(self, log: LogState, events: Sequence[Anchored]) -> dict[int, str]:
        """Checkpoints, by size, of the anchors that we have no row of. `check_log` has shown that
        the tree is ours. Raises NotReady where one is needed that no key may sign now."""
        if not events:
            return {}
        sizes = [event.size for event in events]
        query = sa.select(anchors.c.prev_size, anchors.c.size, anchors.c.root).where(
            anchors.c.log == log.id, anchors.c.size.between(min(sizes), max(sizes))
        )
        with begin_read(self._ctx.engine) as connection:
            ours = {tuple(row) for row in connection.execute(query)}
        return {
            event.size: self._logs.sign_note(log.log_id, event.size, event.root)
            for event in events
            if (event.prev_size, event.size, event.root) not in ours
        }


def standing(engine: sa.Engine, view: View, facts: MemberFacts, fact: OwnLog) -> Standing:
    """Where the chain has this log, and what that makes of ours; changes nothing."""
    contract = LogAnchor(Address(facts.log_anchor), view.call)
    log_id, trusted = bytes.fromhex(fact.log_id), None if fact.open else fact.trusted_size
    there = contract.latest(log_id)  # before our own tree, which only grows
    named = there.root
    if trusted:
        named = contract.root_at(log_id, trusted) or EMPTY_ROOT
    with begin_read(engine) as connection:
        ours = store.find(connection, log_id)
        size = (ours.published or 0) if ours else 0
        tree = TileStore(connection, ours.id if ours else 0)
        judged = there.size if trusted is None else trusted
        try:
            agrees = not judged or (judged <= size and root_at(tree, judged) == named)
            extends = not there.size or (
                there.size <= size and root_at(tree, there.size) == there.root
            )
            readable = True
        except EvidenceError:
            agrees = extends = readable = False
        good = None if agrees or ours is None else _last_alike(connection, ours.id, size)
    seen = Seen(
        trusted=trusted,
        anchored=there.size,
        ours=size,
        agrees=agrees,
        extends=extends,
        readable=readable,
    )
    health = judge(seen, good=good.size if good else 0, good_time=good.block_time if good else 0)
    return Standing(there, health)


def _last_alike(connection: sa.Connection, log: int, size: int) -> Any:
    """The last anchor that both have, of a log on which they differ: what a successor may name as
    its trusted size. None: not found here, which does not mean that there is none."""
    query = (
        sa.select(anchors.c.size, anchors.c.root, anchors.c.block_time)
        .where(anchors.c.log == log, anchors.c.state == "final", anchors.c.size <= size)
        .order_by(anchors.c.size.desc())
    )
    tree = TileStore(connection, log)
    for row in connection.execute(query.limit(MAX_BACK)):
        try:
            if root_at(tree, row.size) == row.root:
                return row
        except EvidenceError:
            continue
    return None


def lose_chain(connection: sa.Connection) -> None:
    """Nothing is anchored any more: the chain was lost, and everything will be filed again."""
    on_chain = anchors.c.state.in_(ON_CHAIN)
    connection.execute(sa.update(anchors).where(on_chain).values(state="lost"))
    forget(connection)


def forget(connection: sa.Connection, log: int | None = None) -> None:
    """Read the chain from the deployment on the next time, for one log or all."""
    change = sa.update(logs).values(scanned=None, scanned_hash=None)
    connection.execute(change if log is None else change.where(logs.c.id == log))


def _has(view: View, place: _Place) -> bool:
    if place.number > view.block.number:
        return False
    try:
        return _raw(view.block_at(place.number).hash) == place.hash
    except BlockGone:
        return False


def _give_up(connection: sa.Connection, log: int, base: _Place | None) -> int:
    """Rows behind the base are lost, until their event is seen again; returns how many."""
    gone = (anchors.c.log == log) & anchors.c.state.in_(ON_CHAIN)
    if base is not None:
        gone &= anchors.c.block > base.number
    # Their transactions may have gone with them; the anchors are signed and sent anew.
    keys = sa.select(sa.literal("anchor/") + sa.cast(anchors.c.id, sa.Text)).where(gone)
    connection.execute(sa.delete(transactions).where(transactions.c.key.in_(keys)))
    return connection.execute(sa.update(anchors).where(gone).values(state="lost")).rowcount


def _record(connection: sa.Connection, log: int, seen: _Seen, note: str | None, now: int) -> None:
    """Note an anchor on its own row, or on a new one where another gateway sent it. note: its
    checkpoint, for a new row."""
    event, entry = seen.event, seen.event.entry
    what = {"prev_size": event.prev_size, "size": event.size, "root": event.root}
    where = {
        "state": "mined",
        "tx_hash": _raw(entry.tx),
        "block": entry.block,
        "block_hash": _raw(entry.block_hash),
        "block_time": seen.time,
        "key_id": event.key_id,
        "error": None,
    }
    same = [anchors.c[name] == value for name, value in what.items()]
    query = sa.select(anchors.c.id).where(anchors.c.log == log, *same)
    row = connection.execute(query.order_by(anchors.c.id.desc()).limit(1)).scalar_one_or_none()
    if row is None:
        fresh = {"log": log, "note": note, "created_at": now} | what | where
        connection.execute(sa.insert(anchors).values(fresh))
    else:
        connection.execute(sa.update(anchors).where(anchors.c.id == row).values(where))


def _raw(hash_: Hash32) -> bytes:
    return unhex0x(hash_, len(EMPTY_ROOT))
