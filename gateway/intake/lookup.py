"""What is already there of a set's keys: one query for all record keys, one for all documents."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from gateway.crypto import ContentLost, Sealed, Vault
from gateway.intake.content import Content
from gateway.intake.models import records
from gateway.log.models import entries, logs


@dataclass(frozen=True, slots=True)
class Known:
    """A stored record. covered: as in `RowAnswer`; None where it came without a promise."""

    id: int
    content_mac: bytes
    leaf: bytes
    log_id: bytes
    covered: tuple[int, int] | None


# Statements are made once: building one costs more than SQLite takes to answer it.
_RECORDS = (
    sa.select(
        records.c.record_key,
        records.c.id,
        records.c.content_mac,
        entries.c.leaf,
        logs.c.log_id,
        entries.c.promise,
        entries.c.position,
    )
    .join(entries, entries.c.id == records.c.id)
    .join(logs, logs.c.id == entries.c.log)
    .where(
        records.c.record_key.in_(sa.bindparam("keys", expanding=True)),
        records.c.superseded_by.is_(None),
    )
)
_DOCUMENTS = (
    sa.select(records.c.document_key)
    .where(records.c.document_key.in_(sa.bindparam("keys", expanding=True)))
    .distinct()
)
_CONTENTS = sa.select(records.c.id, records.c.wrapped_key, records.c.content).where(
    records.c.id.in_(sa.bindparam("ids", expanding=True)), records.c.wrapped_key.is_not(None)
)


def known_records(connection: sa.Connection, keys: Collection[bytes]) -> dict[bytes, Known]:
    """The record in force under each of these keys, where there is one."""
    found = connection.execute(_RECORDS, {"keys": list(keys)})
    return {
        key: Known(row_id, mac, leaf, log_id, None if promise is None else (promise, position))
        for key, row_id, mac, leaf, log_id, promise, position in found
    }


def known_documents(connection: sa.Connection, keys: Collection[bytes]) -> set[bytes]:
    """Those of the document keys under which any record stands."""
    return set(connection.scalars(_DOCUMENTS, {"keys": list(keys)}))


def open_contents(
    connection: sa.Connection, vault: Vault, wanted: Mapping[int, bytes]
) -> dict[int, Content]:
    """Contents of records by row number, given their leaves. One erased or lost is left out."""
    found = {}
    for row_id, wrapped_key, content in connection.execute(_CONTENTS, {"ids": list(wanted)}):
        try:
            plain = vault.open(Sealed(wrapped_key, content), wanted[row_id])
        except ContentLost:
            continue
        found[row_id] = Content.decode(plain)
    return found
