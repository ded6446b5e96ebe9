"""A stored record by its place in the log, opened or erased."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from gateway.base.crypto import ContentArchived, ContentLost, Sealed, Vault
from gateway.base.db import insert_rows
from gateway.base.policy import Record, Status
from gateway.partitions.store import destroy_detached, in_archive
from gateway.records.content import Content
from gateway.records.errors import ContentErased, NotARecord
from gateway.records.models import closings, contents, records
from gateway.records.period import days_of
from gateway.sealing.models import content_keys
from gateway.sealing.services import Kind, key_in, opens

CLOSED = sa.exists().where(closings.c.entry == records.c.id).correlate(records)
"""Whether the content of a record is closed by what the chain says."""
CONTENT = sa.func.coalesce(contents.c.content, sa.func.nullif(records.c.content, b""))
"""The sealed content of a record, wherever it lies; NULL: it is not here."""
ARCHIVED = sa.case((CONTENT.is_(None), in_archive(records.c.id)), else_=sa.false())
"""Whether the content of a record is not here because it was taken into the archive. What is here
costs nothing to ask about."""
WITH_KEYS: sa.Select[Any] = (
    sa.select(
        *(column for column in records.c if column is not records.c.content),
        CONTENT.label("content"),
        content_keys.c.wrapped_by,
        content_keys.c.wrapped_key,
        CLOSED.label("closed"),
        ARCHIVED.label("archived"),
    )
    .outerjoin(contents, contents.c.id == records.c.id)
    .outerjoin(content_keys, opens(Kind.RECORD, records.c.id))
)
"""Records with content and keys, for `known_of` and `open_content`."""
_STATUS = sa.select(
    records.c.id,
    records.c.superseded_by,
    content_keys.c.wrapped_by,
    content_keys.c.wrapped_key,
    CLOSED.label("closed"),
).outerjoin(content_keys, opens(Kind.RECORD, records.c.id))
_AT_ONCE = 512


def closed_among(connection: sa.Connection, ids: Sequence[int]) -> frozenset[int]:
    """Those of these row numbers whose content is closed."""
    found: set[int] = set()
    for at in range(0, len(ids), _AT_ONCE):
        some = list(ids[at : at + _AT_ONCE])
        query = sa.select(closings.c.entry).where(closings.c.entry.in_(some))
        found.update(connection.scalars(query))
    return frozenset(found)


def record_row(connection: sa.Connection, entry: int) -> sa.Row[Any]:
    """The record of an entry, by row number. Raises NotARecord."""
    row = connection.execute(WITH_KEYS.where(records.c.id == entry)).one_or_none()
    if row is None:
        raise NotARecord("this leaf is no record")
    return row


def record_rows(connection: sa.Connection, ids: Sequence[int]) -> dict[int, sa.Row[Any]]:
    """The records of these entries, by row number. Raises NotARecord where one of them is none."""
    found: dict[int, sa.Row[Any]] = {}
    for at in range(0, len(ids), _AT_ONCE):
        query = WITH_KEYS.where(records.c.id.in_(list(ids[at : at + _AT_ONCE])))
        found.update((row.id, row) for row in connection.execute(query))
    if len(found) < len(set(ids)):
        raise NotARecord("one of these leaves is no record")
    return found


def known_of(row: sa.Row[Any]) -> tuple[Record, Status]:
    """What policy asks of a record that `record_row` found."""
    record = Record(
        department=row.department,
        authority=row.authority,
        visibility=row.visibility,
        decided=days_of(row.period),
    )
    return record, _status(row)


def put_contents(connection: sa.Connection, rows: Iterable[tuple[int, bytes]]) -> None:
    """Keep the sealed content of records by their row numbers."""
    insert_rows(connection, contents, ("id", "content"), rows)


def drop_contents(connection: sa.Connection, ids: Sequence[int]) -> None:
    """Destroy the sealed content of records, also where it was taken into the archive and still
    lies in this database."""
    for at in range(0, len(ids), _AT_ONCE):
        some = list(ids[at : at + _AT_ONCE])
        # First: whoever moves it from there to `contents` meanwhile has come to the end then.
        connection.execute(sa.update(records).where(records.c.id.in_(some)).values(content=b""))
        connection.execute(sa.delete(contents).where(contents.c.id.in_(some)))
    destroy_detached(connection, ids)


def statuses_of(connection: sa.Connection, ids: Sequence[int]) -> dict[int, Status]:
    """By row number what policy asks of the status of these records; nothing of what is none."""
    found: dict[int, Status] = {}
    for at in range(0, len(ids), _AT_ONCE):
        query = _STATUS.where(records.c.id.in_(list(ids[at : at + _AT_ONCE])))
        found.update((row.id, _status(row)) for row in connection.execute(query))
    return found


def _status(row: sa.Row[Any]) -> Status:
    if key_in(row) is None:
        return Status.ERASED
    if row.closed:
        return Status.CLOSED
    return Status.SUPERSEDED if row.superseded_by else Status.IN_FORCE


def open_content(vault: Vault, row: sa.Row[Any], leaf: bytes) -> Content:
    """What `record_row` found, in clear. Raises ContentErased; ContentLost, and ContentArchived,
    which is one, where its month was taken into the archive; ContentKeyMissing."""
    key = key_in(row)
    if key is None:
        raise ContentErased
    if row.content is None:
        raise ContentArchived if row.archived else ContentLost("there is no content")
    return Content.decode(vault.open(Sealed(key, row.content), leaf))
