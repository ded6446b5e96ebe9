"""Entries that the disk changed before they stood in the tree, made again from the sealed records.

An entry is little more than the commitment to its record, and the record is kept sealed beside it:
what comes out with the promised leaf is the entry that was promised.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from gateway.base.crypto import ContentLost, Vault
from gateway.base.db import begin_write
from gateway.log.quarantine import Quarantined, list_quarantined, queue_again
from gateway.log.services import LOCK
from gateway.log.store import locate
from gateway.records.content import Content
from gateway.records.errors import ContentErased, NotARecord
from gateway.records.store import open_content, record_row
from ledger.core.commitment import Header, commit
from ledger.core.entry import TIMELY, period, record_entry
from ledger.core.ids import LogId
from ledger.core.merkle import leaf_hash
from ledger.records import schema as schemas


@dataclass(frozen=True, slots=True)
class Retried:
    """One promise. lost: leaves whose entries could not be made again; where there are any, the
    promise stays as it was."""

    promise: int
    entries: int
    lost: tuple[bytes, ...]


def retry(engine: sa.Engine, vault: Vault, member: str) -> list[Retried]:
    """Queue again what is in quarantine; the gateway then integrates it as any other entry."""
    with begin_write(engine, LOCK) as connection:
        return [_retry(connection, vault, member, found) for found in list_quarantined(connection)]


def _retry(connection: sa.Connection, vault: Vault, member: str, found: Quarantined) -> Retried:
    made = {
        leaf: _made_again(connection, vault, member, LogId(found.log_id), leaf)
        for leaf in found.missing
    }
    lines = [line for line in made.values() if line is not None]
    lost = tuple(leaf for leaf, line in made.items() if line is None)
    if lines and not lost:
        queue_again(connection, found.promise, leaves=found.missing, lines=lines)
    return Retried(found.promise, len(lines), lost)


def _made_again(
    connection: sa.Connection, vault: Vault, member: str, log: LogId, leaf: bytes
) -> bytes | None:
    at = locate(connection, leaf)
    if at is None:
        return None
    try:
        content = open_content(vault, record_row(connection, at.id), leaf)
    except (ContentErased, ContentLost, NotARecord):
        return None
    return rebuilt(content, log, member, leaf)


def rebuilt(content: Content, log: LogId, member: str, leaf: bytes) -> bytes | None:
    """The entry of a record; None where no entry of this content has that leaf."""
    name, _, version = content.schema.partition("@")
    schema = schemas.find(name, int(version))
    if schema is None:
        return None
    decided = date.fromisoformat(content.decided)
    header = Header(
        class_=content.class_,
        decided=decided,
        iss=member,
        log=log,
        rules=content.rules,
        schema=f"{content.schema}:{schema.sha256}",
        until=date.fromisoformat(content.until) if content.until else None,
    )
    commitment = commit(schema.slots, content.fields, content.secret, header).digest
    for yearly in (False, True):
        for timely in TIMELY:
            entry = record_entry(
                commitment=commitment,
                log=log,
                period=period(decided, yearly=yearly),
                schema=content.schema,
                timely=timely,
            )
            if leaf_hash(entry) == leaf:
                return entry
    return None
