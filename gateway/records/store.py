"""A stored record by its place in the log, opened or erased."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from gateway.base.crypto import Sealed, Vault
from gateway.base.policy import Record, Status
from gateway.records.content import Content
from gateway.records.errors import ContentErased, NotARecord
from gateway.records.models import records


def record_row(connection: sa.Connection, entry: int) -> sa.Row[Any]:
    """The record of an entry, by row number. Raises NotARecord."""
    row = connection.execute(sa.select(records).where(records.c.id == entry)).one_or_none()
    if row is None:
        raise NotARecord("this leaf is no record")
    return row


def known_of(row: sa.Row[Any]) -> tuple[Record, Status]:
    """What policy asks of a record that `record_row` found."""
    record = Record(department=row.department, authority=row.authority, visibility=row.visibility)
    if row.wrapped_key is None:
        return record, Status.ERASED
    return record, Status.SUPERSEDED if row.superseded_by else Status.IN_FORCE


def open_content(vault: Vault, row: sa.Row[Any], leaf: bytes) -> Content:
    """What `record_row` found, in clear. Raises ContentErased, ContentLost."""
    if row.wrapped_key is None:
        raise ContentErased
    return Content.decode(vault.open(Sealed(row.wrapped_key, row.content), leaf))
