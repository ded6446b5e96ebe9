"""Tables of what is counted at intake. They hold no content: codes of authorities, names of types,
codes of answers, numbers; and fingerprints of refused rows until their month is over."""

from __future__ import annotations

import sqlalchemy as sa

from gateway.base.db import metadata

quality_counts = sa.Table(
    "quality_counts",
    metadata,
    sa.Column("day", sa.String(10), primary_key=True),  # of Asia/Shanghai, on which it was stored
    sa.Column("unit", sa.String(18), primary_key=True),  # USCC of the authority; "" = none named
    sa.Column("type", sa.String(32), primary_key=True),  # name of the schema, or "other"
    sa.Column("what", sa.String(80), primary_key=True),  # gateway.quality.store
    # The process that counted it: gateways share no row, since one that stood still in its
    # transaction would make the others wait.
    sa.Column("writer", sa.LargeBinary(8), primary_key=True),
    sa.Column("count", sa.BigInteger, nullable=False),
)

quality_marks = sa.Table(
    "quality_marks",
    metadata,
    sa.Column("month", sa.String(7), primary_key=True),
    sa.Column("unit", sa.String(18), primary_key=True),
    sa.Column("mark", sa.LargeBinary(16), primary_key=True),
)
"""Rows that were refused in a month, by fingerprint (gateway.base.crypto.Hmac): the same row that
comes again is not counted again. Forgotten when the month is closed."""

quality_files = sa.Table(
    "quality_files",
    metadata,
    sa.Column("period", sa.String(8), primary_key=True),  # "2026-11", "2026-W48"
    sa.Column("jws", sa.Text, nullable=False),
)
"""The signed file of each closed month and week, once it was made: it never changes."""
