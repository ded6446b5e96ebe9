"""A record that a case is about: found in one's own log, anchored, opened for what rules ask."""

from __future__ import annotations

import sqlalchemy as sa

from gateway.anchoring.progress import first_final_anchor
from gateway.base.crypto import Vault
from gateway.base.policy import Record
from gateway.cases.errors import CaseRefused
from gateway.cases.interfaces import Held
from gateway.log.store import Entries, locate
from gateway.receipts.stranded import is_stranded
from gateway.records.errors import ContentErased, NotARecord
from gateway.records.store import known_of, open_content, record_row
from ledger.core.entry import parse_entry
from ledger.core.ids import LogId, record_id
from ledger.records import schema as schemas

_UNKNOWN = {
    "zh": "本成员的日志中没有此记录，请核对记录编号或叶值",
    "en": "The log of this member holds no such record; check its id or leaf",
}


def known(connection: sa.Connection, leaf: bytes) -> Record | None:
    """What policy asks of a record, without its content; None where it is not here any more."""
    found = locate(connection, leaf)
    return None if found is None else known_of(record_row(connection, found.id))[0]


def look(connection: sa.Connection, vault: Vault, name: bytes) -> Held:
    """The record by its id or leaf. Raises CaseRefused: `record-unknown`, `not-anchored`."""
    found = locate(connection, name)
    if found is None:
        raise CaseRefused("record-unknown", _UNKNOWN)
    try:
        row = record_row(connection, found.id)
    except NotARecord as error:
        raise CaseRefused("record-unknown", _UNKNOWN) from error
    anchor = None
    if found.index is not None and not is_stranded(connection, found):
        anchor = first_final_anchor(connection, found.log, found.index)
    entry = Entries(connection).get(found)
    if anchor is None or entry is None:
        raise CaseRefused("not-anchored")
    commitment = parse_entry(entry).commitment
    known, status = known_of(row)
    try:
        content = open_content(vault, row, found.leaf)
    except ContentErased:
        content = None
    schema = None
    if content is not None:
        type_, _, version = content.schema.partition("@")
        schema = schemas.find(type_, int(version))
    log = LogId(found.log_id)
    return Held(
        record=record_id(log, commitment),
        leaf=found.leaf,
        log=log,
        commitment=commitment,
        known=known,
        status=status,
        content=content,
        schema=schema,
    )
