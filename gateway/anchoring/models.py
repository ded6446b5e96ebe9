"""Table of the anchors under way and done."""

from __future__ import annotations

import sqlalchemy as sa

from gateway.base.db import RowId, metadata

STATES = ("signed", "sent", "mined", "final", "lost", "failed")
"""signed → sent → mined → final. lost: was on a chain that no longer has it. failed: never got
there (deadline passed, other anchor first). Lost and failed rows are kept for the record."""

anchors = sa.Table(
    "anchors",
    metadata,
    sa.Column("id", RowId, primary_key=True),
    sa.Column("log", sa.ForeignKey("logs.id"), nullable=False),
    sa.Column("prev_size", sa.BigInteger, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("root", sa.LargeBinary(32), nullable=False),
    sa.Column("note", sa.Text, nullable=False),  # the signed checkpoint of exactly this size
    # What our signature says; NULL where another gateway of this member anchored.
    sa.Column("deadline", sa.BigInteger),
    sa.Column("signature", sa.LargeBinary(65)),
    sa.Column("key_id", sa.LargeBinary(32)),
    sa.Column("state", sa.Text, nullable=False),
    # Where it stands on the chain; NULL before it is mined.
    sa.Column("tx_hash", sa.LargeBinary(32)),
    sa.Column("block", sa.BigInteger),
    sa.Column("block_hash", sa.LargeBinary(32)),
    sa.Column("block_time", sa.BigInteger),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("error", sa.Text),  # code of the last failure, never content
    sa.CheckConstraint("state IN ('" + "', '".join(STATES) + "')", name="ck_anchors_state"),
)
sa.Index("ix_anchors_log_state_size", anchors.c.log, anchors.c.state, anchors.c.size)
