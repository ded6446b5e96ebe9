"""A stored record by its place in the log, opened or erased."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from gateway.base.crypto import Sealed, Vault
from gateway.records.content import Content
from gateway.records.errors import ContentErased, NotARecord
from gateway.records.models import records


def record_row(connection: sa.Connection, entry: int) -> sa.Row[Any]:
    """The record of an entry, by row number. Raises NotARecord."""
    row = connection.execute(sa.select(records).where(records.c.id == entry)).one_or_none()
    if row is None:
        raise NotARecord("this leaf is no record")
    return row


def open_content(vault: Vault, row: sa.Row[Any], leaf: bytes) -> Content:
    """What `record_row` found, in clear. Raises ContentErased, ContentLost."""
    if row.wrapped_key is None:
        raise ContentErased("the content of this record was erased")
    return Content.decode(vault.open(Sealed(row.wrapped_key, row.content), leaf))
