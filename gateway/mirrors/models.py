"""Tables of the logs of others, and of what others cosigned of ours."""

from __future__ import annotations

import sqlalchemy as sa

from gateway.base.db import metadata

mirrors = sa.Table(
    "mirrors",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("log_id", sa.LargeBinary(32), nullable=False, unique=True),
    sa.Column("member", sa.Text, nullable=False),
    # What is held whole, and was proven by the root that the chain has for it.
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("root", sa.LargeBinary(32), nullable=False),
    # Full bundles held from the first on; more than `size` has while a larger one is being read.
    sa.Column("whole", sa.BigInteger, nullable=False),
    sa.Column("stored", sa.BigInteger, nullable=False),  # bytes of tiles and bundles, as stored
    # The newest final anchor, and the block up to which the chain was read for it.
    sa.Column("anchored", sa.BigInteger, nullable=False),
    sa.Column("anchored_root", sa.LargeBinary(32), nullable=False),
    sa.Column("scanned", sa.BigInteger),
    # The owner's checkpoint of some size held, with our cosignature where a key may make it.
    sa.Column("noted", sa.BigInteger, nullable=False),
    sa.Column("note", sa.Text),
    sa.Column("error", sa.Text),  # code of the last failure; NULL after a success
)
"""The position of each log that is followed; it moves in the transaction that stores the tiles."""

mirror_tiles = sa.Table(
    "mirror_tiles",
    metadata,
    sa.Column("mirror", sa.ForeignKey("mirrors.id"), primary_key=True),
    sa.Column("level", sa.SmallInteger, primary_key=True, autoincrement=False),
    sa.Column("n", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("data", sa.LargeBinary(8192), nullable=False),
)

mirror_bundles = sa.Table(
    "mirror_bundles",
    metadata,
    sa.Column("mirror", sa.ForeignKey("mirrors.id"), primary_key=True),
    sa.Column("n", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("data", sa.LargeBinary, nullable=False),  # zlib, as in `bundles`
    # gateway.mirrors.prefixes: of the record ids of its entries. NULL: kept before there were any.
    sa.Column("prefixes", sa.LargeBinary),
)

told_leaves = sa.Table(
    "told_leaves",
    metadata,
    sa.Column("leaf", sa.LargeBinary(32), primary_key=True),
    sa.Column("record", sa.LargeBinary(32), nullable=False),  # its id
)
"""Leaves of receipts that other members answered and that were verified: who gives one where a
record id is wanted is told so."""

cosignatures = sa.Table(
    "cosignatures",
    metadata,
    sa.Column("log", sa.ForeignKey("logs.id"), primary_key=True),
    sa.Column("size", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("member", sa.Text, primary_key=True),
    sa.Column("key_id", sa.LargeBinary(32), nullable=False),
    sa.Column("time", sa.BigInteger, nullable=False),  # as the witness signed it
    sa.Column("line", sa.Text, nullable=False),
)
"""Verified witness lines on checkpoints of ours, one of each member for each anchored size."""
