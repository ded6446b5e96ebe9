"""Entries that the disk changed before they stood in the tree, made again from the sealed records.

An entry is little more than the commitment to its record, and the record is kept sealed beside it:
what comes out with the promised leaf is the entry that was promised. That of a statement is told by
its row, so nothing of it is opened.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from gateway.accesses.services import Access, write
from gateway.base.clock import Clock
from gateway.base.crypto import ContentKeyMissing, ContentLost, Vault
from gateway.base.db import begin_write
from gateway.base.policy import OPERATOR, Purpose, decide
from gateway.log.located import Entries, locate
from gateway.log.quarantine import Quarantined, is_published, list_quarantined, queue_again
from gateway.log.services import LOCK
from gateway.receipts.chain import before, committed, first_id, link, telling
from gateway.records.content import Content
from gateway.records.errors import ContentErased, NotARecord
from gateway.records.store import known_of, open_content, record_row
from gateway.statements.store import entry_of, row_of_entry
from ledger.core.entry import TIMELY, period, record_entry
from ledger.core.ids import LogId, RecordId
from ledger.core.merkle import leaf_hash


@dataclass(frozen=True, slots=True)
class Retried:
    """One promise. entries: queued again. lost: leaves whose entries could not be made again; they
    stay in quarantine. sealed: those that stay because a content key is not at hand. unpublished:
    nothing was done, since what stands in the tree of it is not published yet."""

    promise: int
    entries: int
    lost: tuple[bytes, ...]
    sealed: tuple[bytes, ...] = ()
    unpublished: bool = False


def retry(engine: sa.Engine, vault: Vault, member: str, clock: Clock) -> list[Retried]:
    """Queue again what is in quarantine; the gateway then integrates it as any other entry. The
    access log tells which records were opened for it."""
    with begin_write(engine, LOCK) as connection:
        work = _Work(connection, vault, member)
        done = [work.retry(found) for found in list_quarantined(connection)]
        if work.opened:
            write(connection, work.opened, clock.seconds())
        return done


class _Work:
    """opened: what the access log is to hold."""

    def __init__(self, connection: sa.Connection, vault: Vault, member: str) -> None:
        self._connection = connection
        self._vault = vault
        self._member = member
        self.opened: list[Access] = []

    def retry(self, found: Quarantined) -> Retried:
        """Queue again what can be made of one promise."""
        if not is_published(self._connection, found.promise):
            return Retried(found.promise, 0, (), unpublished=True)
        lines, lost, sealed = [], [], []
        for leaf in found.missing:
            try:
                line = self._made_again(LogId(found.log_id), leaf)
            except ContentKeyMissing:
                sealed.append(leaf)
                continue
            if line is None:
                lost.append(leaf)
            else:
                lines.append(line)
        if lines:
            queue_again(self._connection, found.promise, leaves=found.missing, lines=lines)
        return Retried(found.promise, len(lines), tuple(lost), tuple(sealed))

    def _made_again(self, log: LogId, leaf: bytes) -> bytes | None:
        connection = self._connection
        at = locate(connection, leaf)
        if at is None:
            return None
        said = row_of_entry(connection, at.id)
        if said is not None:
            entry = entry_of(said)
            return entry if leaf_hash(entry) == leaf else None
        try:
            row, held = record_row(connection, at.id), Entries(connection)
            self._note(row, leaf)
            content = open_content(self._vault, row, leaf)
            earlier = before(connection, link(connection, row, held), held)
            if earlier is None:
                return rebuilt(content, log, self._member, leaf)
            told = telling(connection, earlier, held)
            if told.entry is None:  # then its content says it
                self._note(told.row, told.at.leaf)
            first = first_id(told, self._vault, self._member)
            return rebuilt(content, log, self._member, leaf, replaces=first)
        except (ContentErased, ContentLost, NotARecord):
            return None

    def _note(self, row: sa.Row[Any], leaf: bytes) -> None:
        decision = decide(OPERATOR, Purpose.REQUEUE, *known_of(row))
        self.opened.append(
            Access(token=OPERATOR.id, purpose=Purpose.REQUEUE, decision=decision, record=leaf)
        )


def rebuilt(
    content: Content, log: LogId, member: str, leaf: bytes, *, replaces: RecordId | None = None
) -> bytes | None:
    """The entry of a record; None where no entry of this content has that leaf. replaces: the first
    of its chain, where it was logged again."""
    commitment = committed(content, log, member)
    if commitment is None:
        return None
    decided = date.fromisoformat(content.decided)
    for yearly in (False, True):
        for timely in TIMELY:
            entry = record_entry(
                commitment=commitment,
                log=log,
                period=period(decided, yearly=yearly),
                schema=content.schema,
                timely=timely,
                replaces=replaces,
            )
            if leaf_hash(entry) == leaf:
                return entry
    return None
