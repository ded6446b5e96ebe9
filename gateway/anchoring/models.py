"""Tables of the anchorer: anchors under way and done, transactions, facts of the chain."""

from __future__ import annotations

import sqlalchemy as sa

from gateway.db import RowId, metadata

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

transactions = sa.Table(
    "transactions",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),  # "anchor/17"
    sa.Column("sender", sa.Text, nullable=False),
    sa.Column("chain_id", sa.BigInteger, nullable=False),
    sa.Column("to_address", sa.Text),
    sa.Column("data", sa.LargeBinary, nullable=False),
    sa.Column("gas", sa.BigInteger, nullable=False),
    sa.Column("nonce", sa.BigInteger, nullable=False),
    sa.Column("max_fee", sa.Text, nullable=False),  # wei per gas, decimal
    sa.Column("tip", sa.Text),  # NULL: a legacy transaction
    sa.Column("raws", sa.LargeBinary, nullable=False),  # C2SP framing, as in a bundle
    sa.UniqueConstraint("sender", "chain_id", "nonce"),
)
"""Transactions not final yet, for `ledger.chain.transactions`."""

chain_cache = sa.Table(
    "chain_cache",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("value", sa.LargeBinary, nullable=False),  # JSON of public facts
)
"""What was last read from the chain, so that intake works while the chain is down."""

LEASE = "anchor"

leases = sa.Table(
    "leases",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),  # `LEASE` is the only one
    sa.Column("holder", sa.Text, nullable=False),  # host/process/random
    sa.Column("expires", sa.Double, nullable=False),  # Unix seconds by the database's clock
)
"""See `gateway.anchoring.lease`. Its row is made with the table."""
