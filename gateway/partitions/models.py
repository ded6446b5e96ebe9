"""Table of the parts, and which tables are cut into them."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from gateway.base.db import RowId, metadata

CONTENTS: Final = "contents"
CUT: Final = ("entries", CONTENTS, "content_keys")
"""Tables that have a part for each row of `partitions`, on PostgreSQL; all by the row number of the
entry. `records` is none of them: whatever is asked of a record without its content is asked of it,
and its unique key, by which duplicates are told, must hold over all months."""

partitions = sa.Table(
    "partitions",
    metadata,
    # Row numbers of its entries: from the first up to the end, which is the next part's.
    sa.Column("first_id", RowId, primary_key=True, autoincrement=False),
    sa.Column("end_id", sa.BigInteger, nullable=False),
    sa.Column("month", sa.Integer, nullable=False),  # gateway.partitions.months.Month
    sa.Column("n", sa.Integer, nullable=False),  # its number within the month, from 1
    # Unix seconds from which on entries get numbers of it. NULL: once the part before it is full.
    sa.Column("since", sa.BigInteger),
    # Row numbers before its first that nobody got, as the month before had more.
    sa.Column("skipped", sa.BigInteger, nullable=False, server_default="0"),
    # Unix seconds at which its content was taken out of `contents`. NULL: it is there.
    sa.Column("archived_at", sa.BigInteger),
    # The same at which what was taken out was dropped from the database. NULL: it was not.
    sa.Column("dropped_at", sa.BigInteger),
    sa.UniqueConstraint("month", "n"),
)
"""A row for each part. On SQLite, where nothing is cut, only what a backup brought along."""
