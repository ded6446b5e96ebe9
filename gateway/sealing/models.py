"""Tables of the wrapped keys. They lie apart from what they open, so that a backup can keep them
apart and for a shorter time: content whose key is nowhere is erased, wherever it lies itself."""

from __future__ import annotations

import sqlalchemy as sa

from gateway.base.db import RowId, metadata

content_keys = sa.Table(
    "content_keys",
    metadata,
    # gateway.sealing.services.Kind of what it opens, and its number: of a record that of its row.
    sa.Column("kind", sa.SmallInteger, primary_key=True, autoincrement=False),
    sa.Column("id", RowId, primary_key=True, autoincrement=False),
    sa.Column("wrapped_by", sa.LargeBinary(8), nullable=False),  # id of the content key
    # Empty: it was in no backup that this database was made of, which is loss and not erasure.
    sa.Column("wrapped_key", sa.LargeBinary(48), nullable=False),
    sqlite_with_rowid=False,
)
"""One row for each key. Erased: there is no row."""
sa.Index("ix_content_keys_wrapped_by", content_keys.c.wrapped_by)

wrapping_keys = sa.Table(
    "wrapping_keys",
    metadata,
    sa.Column("key_id", sa.LargeBinary(8), primary_key=True),  # gateway.base.crypto.ContentKey.id
    sa.Column("version", sa.Integer, nullable=False),  # by the name of its file
    sa.Column("since", sa.BigInteger, nullable=False),  # Unix seconds
    # From then on nothing is wrapped under it; what was, is wrapped anew.
    sa.Column("retired_at", sa.BigInteger),
    # Then nothing in this database was wrapped under it. What the rows say comes before it.
    sa.Column("emptied_at", sa.BigInteger),
)
"""The content keys that something was ever wrapped under."""
