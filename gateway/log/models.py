"""Tables of the log. Writing order within one transaction: promises, entries and pending at intake;
tiles, bundles, logs and the place of each promise at integration; pending goes at publication."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from gateway.base.db import RowId, metadata

logs = sa.Table(
    "logs",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("log_id", sa.LargeBinary(32), nullable=False, unique=True),
    # The durable tree: what the tiles hold.
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("root", sa.LargeBinary(32), nullable=False),
    # The last checkpoint whose root was read back and verified; NULL before the first.
    sa.Column("published", sa.BigInteger),
    sa.Column("note", sa.Text),
    # Up to and with this block the chain's anchors of this log are in `anchors`; NULL: not read.
    sa.Column("scanned", sa.BigInteger),
    sa.Column("scanned_hash", sa.LargeBinary(32)),
    # The last size that counts, where the chain has closed it; NULL: it is open.
    sa.Column("closed", sa.BigInteger),
    # Not compared with the chain since it was restored or first heard of: it may lack what the
    # chain has, so nothing is promised in it or added to it.
    sa.Column("unproven", sa.Boolean, nullable=False, server_default=sa.false()),
)
"""The logs of this member, named by a small number in every other table."""

promises = sa.Table(
    "promises",
    metadata,
    sa.Column("id", RowId, primary_key=True),
    sa.Column("log", sa.ForeignKey("logs.id"), nullable=False),
    sa.Column("leaves_root", sa.LargeBinary(32), nullable=False),
    sa.Column("count", sa.Integer, nullable=False),
    sa.Column("issued_at", sa.BigInteger, nullable=False),
    sa.Column("due", sa.BigInteger, nullable=False),
    sa.Column("signature", sa.LargeBinary(65), nullable=False),
    sa.Column("key_id", sa.LargeBinary(32), nullable=False),
    # Its leaves are the `count` entries from this row number on; set when they are enqueued.
    sa.Column("first_entry", sa.BigInteger, unique=True),
    # They stand among leaves start … start + width - 1 of the tree: those of their whole batch,
    # in the order of their hash. NULL until integrated.
    sa.Column("start", sa.BigInteger),
    sa.Column("width", sa.Integer),
)

entries = sa.Table(
    "entries",
    metadata,
    sa.Column("id", RowId, primary_key=True, autoincrement=False),
    sa.Column("log", sa.ForeignKey("logs.id"), nullable=False),
    sa.Column("leaf", sa.LargeBinary(32), nullable=False),
    # The first bytes of its record id. The others follow from the commitment in the entry.
    sa.Column("record", sa.LargeBinary(5), nullable=False),
)
"""One short row per log entry, written once. Its promise is the one whose row numbers hold it; its
index in the tree is found by its hash among those of its batch."""

PREFIX = 5
"""Bytes of a leaf hash and of a record id that an index holds: of 500 million entries one in 2,000
shares them with another, which costs a second look."""
SIZES = {"sqlite": 262_144, "postgresql": 4_194_304}
"""Row numbers of a generation. SQLite writes every page that a set touches, each time; PostgreSQL
once between two checkpoints, so generations may be larger there, and there are fewer to look in."""


class _Size(FunctionElement[int]):
    """Row numbers of a generation on the database at hand, written out: with a parameter in its
    place no database sees that it is the same as in the index."""

    inherit_cache = True
    type = sa.Integer()


@compiles(_Size)
def _write_out(_size: _Size, compiler: Any, **_: Any) -> str:
    return str(SIZES[compiler.dialect.name])


SIZE = _Size()
generation = entries.c.id // SIZE
"""Of an entry: so many row numbers, one behind the other, are one. Hashes come in no order, and an
index of them alone would be hit everywhere, which costs a page for each entry once it is large.
Behind the generation only the newest part of it is (`gateway.log.generations`)."""
leaf_prefix = sa.func.substr(entries.c.leaf, sa.literal_column("1"), sa.literal_column(str(PREFIX)))
sa.Index("ix_entries_generation_leaf", generation, leaf_prefix)
sa.Index("ix_entries_generation_record", generation, entries.c.record)

pending = sa.Table(
    "pending",
    metadata,
    sa.Column("promise", sa.ForeignKey("promises.id"), primary_key=True, autoincrement=False),
    sa.Column("log", sa.ForeignKey("logs.id"), nullable=False),
    sa.Column("count", sa.Integer, nullable=False),
    sa.Column("leaves", sa.LargeBinary, nullable=False),  # 32 bytes each
    sa.Column("entries", sa.LargeBinary, nullable=False),  # canonical JSON, a line each
    sa.Column("start", sa.BigInteger),  # as in `promises`
    sa.Column("error", sa.Text),  # why some of them were left out of the tree
)
"""Promised, not yet published, a row per promise. Later an entry lies in its bundle alone."""

requeued = sa.Table(
    "requeued",
    metadata,
    sa.Column("id", RowId, primary_key=True),
    sa.Column("promise", sa.ForeignKey("promises.id"), nullable=False, index=True),
    sa.Column("start", sa.BigInteger),
    sa.Column("width", sa.Integer),
)
"""Where entries of a promise stand that were in quarantine when the others were integrated: one row
for each time some were queued again, `start` and `width` as in `promises`."""

tiles = sa.Table(
    "tiles",
    metadata,
    sa.Column("log", sa.ForeignKey("logs.id"), primary_key=True),
    sa.Column("level", sa.SmallInteger, primary_key=True, autoincrement=False),
    sa.Column("n", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("data", sa.LargeBinary(8192), nullable=False),  # up to 256 hashes of 32 bytes
)

bundles = sa.Table(
    "bundles",
    metadata,
    sa.Column("log", sa.ForeignKey("logs.id"), primary_key=True),
    sa.Column("n", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("data", sa.LargeBinary, nullable=False),  # zlib of up to 256 entries, C2SP framing
)
"""Entries differ in little but their commitment, so zlib keeps a sixth of their bytes."""
