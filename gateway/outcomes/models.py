"""Table of the outcomes: those of this member, and those that others report to it."""

from __future__ import annotations

import sqlalchemy as sa

from gateway.base.db import metadata

outcomes = sa.Table(
    "outcomes",
    metadata,
    sa.Column("commitment", sa.LargeBinary(32), primary_key=True),
    sa.Column("member", sa.String(32), nullable=False),  # that reports it
    sa.Column("at", sa.BigInteger, nullable=False),  # of its statement, Unix seconds
    sa.Column("period", sa.String(7), nullable=False),  # YYYY-MM
    sa.Column("region", sa.String(6), nullable=False),
    sa.Column("product", sa.LargeBinary(32), nullable=False),  # empty: the platform itself
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("households", sa.BigInteger, nullable=False),
    sa.Column("granted", sa.String(20), nullable=False),
    sa.Column("lent", sa.String(20), nullable=False),
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.Index("ix_outcomes_cell", "member", "period", "region", "product", "version"),
    sa.Index("ix_outcomes_period", "period"),
)
"""A row for each statement; of those about the same the highest `seq` counts. Nothing in them names
a borrower."""
