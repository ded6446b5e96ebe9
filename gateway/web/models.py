"""Table of the sessions of pages."""

from __future__ import annotations

import sqlalchemy as sa

from gateway.base.db import metadata

web_sessions = sa.Table(
    "web_sessions",
    metadata,
    sa.Column("digest", sa.LargeBinary(32), primary_key=True),  # SHA-256 of what the cookie holds
    sa.Column("token", sa.Integer, sa.ForeignKey("tokens.id"), nullable=False, index=True),
    sa.Column("begun_at", sa.BigInteger, nullable=False),
    sa.Column("seen_at", sa.BigInteger, nullable=False),
)
