"""Records that were logged again, followed back to the first of their chain: what `replaces` names.

The entry of each names the first itself. Only where the disk has changed an entry is there more to
do: the row before it is asked, and where there is none, the sealed content.
"""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

import sqlalchemy as sa

from gateway.base.crypto import Vault
from gateway.log import located
from gateway.log.located import Entries, Located
from gateway.records.content import Content
from gateway.records.models import records
from gateway.records.store import WITH_KEYS, open_content
from ledger.core.commitment import Header, commit
from ledger.core.entry import Entry, parse_entry
from ledger.core.errors import Malformed
from ledger.core.ids import Digest, LogId, RecordId, record_id
from ledger.records import schema as schemas


class Link(NamedTuple):
    """at: where it stands. row: of `records`. entry: None where it does not read back."""

    at: Located
    row: sa.Row[Any]
    entry: Entry | None


def link(connection: sa.Connection, row: sa.Row[Any], held: Entries) -> Link:
    """One record of a chain."""
    at = located.of_row(connection, row.id, held)
    try:
        data = held.get(at)
        return Link(at, row, None if data is None else parse_entry(data))
    except Malformed:
        return Link(at, row, None)


def before(connection: sa.Connection, one: Link, held: Entries) -> Link | None:
    """The record that this one was logged again for; None: it is the first."""
    query = WITH_KEYS.where(  # in the order of the index
        records.c.document_key == one.row.document_key,
        records.c.record_key == one.row.record_key,
        records.c.superseded_by == one.at.leaf,
    )
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    earlier = link(connection, row, held)
    # One that it corrects was superseded by it too, and is another record.
    corrects = None if one.entry is None else one.entry.corrects
    is_corrected = corrects is not None and held.record_id(earlier.at) == corrects
    return None if is_corrected else earlier


def telling(connection: sa.Connection, one: Link, held: Entries) -> Link:
    """The newest of the chain, from this one on back, that tells which is the first."""
    while one.entry is None and (earlier := before(connection, one, held)) is not None:
        one = earlier
    return one


def first_id(found: Link, vault: Vault, member: str) -> RecordId | None:
    """The record id of the first of the chain, from what `telling` found; None where its schema is
    not known any more. Raises ContentErased, ContentLost where its entry is lost as well."""
    at, entry = found.at, found.entry
    if entry is not None:
        return entry.replaces or record_id(at.log_id, entry.commitment)
    content = open_content(vault, found.row, at.leaf)
    commitment = committed(content, LogId(at.log_id), member)
    return None if commitment is None else record_id(at.log_id, commitment)


def committed(content: Content, log: LogId, member: str) -> Digest | None:
    """The commitment to a record in a log; None where its schema is not known any more."""
    name, _, version = content.schema.partition("@")
    schema = schemas.find(name, int(version))
    if schema is None:
        return None
    header = Header(
        class_=content.class_,
        decided=date.fromisoformat(content.decided),
        iss=member,
        log=log,
        rules=content.rules,
        schema=f"{content.schema}:{schema.sha256}",
        until=date.fromisoformat(content.until) if content.until else None,
    )
    return commit(schema.slots, content.fields, content.secret, header).digest
