"""Tables of what we send to the chain, and of what was last read from it."""

from __future__ import annotations

import sqlalchemy as sa

from gateway.base.db import metadata

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
"""Transactions not final yet, for `ledger.chain.sending.transactions`."""

chain_cache = sa.Table(
    "chain_cache",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("value", sa.LargeBinary, nullable=False),  # JSON of public facts
)
"""What was last read from the chain, so that intake works while the chain is down."""
