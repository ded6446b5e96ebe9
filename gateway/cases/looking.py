"""A record that a case is about: found in one's own log, anchored, opened for what rules ask."""

from __future__ import annotations

from typing import Any, NamedTuple

import sqlalchemy as sa

from gateway.anchoring.progress import first_final_anchor
from gateway.base.crypto import ContentArchived, Vault
from gateway.base.policy import Record
from gateway.cases.errors import CaseRefused
from gateway.cases.interfaces import Held
from gateway.log.located import Entries, Located, locate
from gateway.receipts.stranded import is_stranded, logged_again
from gateway.records.errors import ContentErased, NotARecord
from gateway.records.store import known_of, open_content, record_row
from ledger.core.entry import Entry, parse_entry
from ledger.core.ids import Digest, LogId, RecordId, record_id
from ledger.records import schema as schemas

_UNKNOWN = {
    "zh": "本成员的日志中没有此记录，请核对记录编号或叶值",
    "en": "The log of this member holds no such record; check its id or leaf",
}


def known(connection: sa.Connection, leaf: bytes) -> Record | None:
    """What policy asks of a record, without its content; None where it is not here any more."""
    found = locate(connection, leaf)
    return None if found is None else known_of(record_row(connection, found.id))[0]


def look(connection: sa.Connection, vault: Vault, name: bytes, *, archived: bool = False) -> Held:
    """The record by its id or leaf. archived: whether one will do whose content was taken into the
    archive, as where nothing is done about it. Raises CaseRefused: `record-unknown`,
    `not-anchored`, `content-archived`."""
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
    parsed = parse_entry(entry)
    acted = _acted_on(connection, LogId(found.log_id), parsed)
    known, status = known_of(row)
    try:
        content = open_content(vault, row, found.leaf)
    except ContentErased:
        content = None
    except ContentArchived as error:
        if not archived:
            raise CaseRefused("content-archived") from error
        content = None
    schema = None
    if content is not None:
        type_, _, version = content.schema.partition("@")
        schema = schemas.find(type_, int(version))
    return Held(
        record=record_id(LogId(found.log_id), parsed.commitment),
        leaf=found.leaf,
        log=acted.log,
        commitment=acted.commitment,
        known=known,
        status=status,
        content=content,
        schema=schema,
    )


def look_case(
    connection: sa.Connection, vault: Vault, case: sa.Row[Any], *, archived: bool = False
) -> Held:
    """The record of a case of ours as it stands now: another one of its chain where it was logged
    again since it was filed. As `look`."""
    return look(connection, vault, standing_leaf(connection, case.leaf), archived=archived)


def standing_leaf(connection: sa.Connection, leaf: bytes) -> bytes:
    """The leaf under which a record that was taken in stands now: another one where a closed log
    has stranded it and it was logged again."""
    found = locate(connection, leaf)
    if found is None or not is_stranded(connection, found):
        return leaf
    return logged_again(connection, found) or leaf


def acted_of(held: Entries, at: Located) -> RecordId | None:
    """The record on which acts on an entry are; None where it does not read back."""
    data = held.get(at)
    if data is None:
        return None
    entry = parse_entry(data)
    return entry.replaces or record_id(LogId(at.log_id), entry.commitment)


class _Acted(NamedTuple):
    log: LogId
    commitment: Digest


def _acted_on(connection: sa.Connection, log: LogId, entry: Entry) -> _Acted:
    """What acts on a record name: the first of its chain where it was logged again, since every
    receipt of the chain names that one. Raises CaseRefused where that is not to be read."""
    if entry.replaces is None:
        return _Acted(log, entry.commitment)
    found = locate(connection, entry.replaces)
    first = None if found is None else Entries(connection).get(found)
    if found is None or first is None:
        raise CaseRefused("record-unknown", _FIRST_UNKNOWN)
    return _Acted(LogId(found.log_id), parse_entry(first).commitment)


_FIRST_UNKNOWN = {
    "zh": "该记录曾重新登记，其首次登记的条目在本节点无法读取，请从备份恢复",
    "en": "The record was logged again, and its first entry cannot be read here: restore it from a"
    " backup",
}
