"""Table of the bearer tokens."""

from __future__ import annotations

import sqlalchemy as sa

from gateway.base.db import metadata

tokens = sa.Table(
    "tokens",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("digest", sa.LargeBinary(32), nullable=False, unique=True),  # SHA-256 of the token
    sa.Column("scopes", sa.Text, nullable=False),  # words, one blank between
    sa.Column("department", sa.Text),
    sa.Column("authorities", sa.Text, nullable=False),  # USCCs, one blank between
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("revoked_at", sa.BigInteger),
    sa.Column("issued_by", sa.Integer),  # the token whose holder issued it; NULL: the operator
)
