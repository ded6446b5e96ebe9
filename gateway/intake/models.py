"""Table of the records whose entries this member promised."""

from __future__ import annotations

import sqlalchemy as sa

from gateway.db import metadata

records = sa.Table(
    "records",
    metadata,
    sa.Column("id", sa.ForeignKey("entries.id"), primary_key=True, autoincrement=False),
    sa.Column("schema", sa.Text, nullable=False),  # "penalty@1"
    sa.Column("department", sa.Text),  # of the token that submitted; NULL = the member itself
    sa.Column("stored_at", sa.BigInteger, nullable=False),
    # Fingerprints under the index key (gateway.crypto.Hmac), 16 bytes each.
    sa.Column("record_key", sa.LargeBinary(16), nullable=False),
    sa.Column("document_key", sa.LargeBinary(16), nullable=False),
    sa.Column("content_mac", sa.LargeBinary(16), nullable=False),
    # Leaf of the record that corrects or replaces this one; the key is free again then.
    sa.Column("superseded_by", sa.LargeBinary(32)),
    # gateway.crypto.Sealed over gateway.intake.content, aad = leaf. Erased: wrapped_key NULL.
    sa.Column("wrapped_key", sa.LargeBinary(48)),
    sa.Column("content", sa.LargeBinary, nullable=False),
)
"""The row number is that of its entry."""

sa.Index(
    "uq_records_record_key",
    records.c.record_key,
    unique=True,
    sqlite_where=records.c.superseded_by.is_(None),
    postgresql_where=records.c.superseded_by.is_(None),
)
sa.Index("ix_records_document_key", records.c.document_key)
