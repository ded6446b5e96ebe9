"""Table of the access log. It holds no content: names of purposes, codes, numbers and leaves."""

from __future__ import annotations

import sqlalchemy as sa

from gateway.base.db import RowId, metadata

accesses = sa.Table(
    "accesses",
    metadata,
    sa.Column("id", RowId, primary_key=True),
    sa.Column("at", sa.BigInteger, nullable=False),  # Unix seconds by the clock of the settings
    # 0: policy.OPERATOR; NULL: another member, named by its code.
    sa.Column("token", sa.Integer),
    sa.Column("member", sa.Text),
    sa.Column("purpose", sa.Text, nullable=False),  # gateway.base.policy.Purpose
    # Leaf of a record (32), id of a file (16), leavesRoot of the promise of a set (32), commitment
    # of an authorisation that was read itself (32); NULL where nothing was named or stored.
    sa.Column("record", sa.LargeBinary(32)),
    sa.Column("count", sa.Integer, nullable=False),  # rows of a set, times of a tally, else 1
    sa.Column("answer", sa.Text, nullable=False),  # "allowed", or the code of the refusal
    sa.Column(
        "rules", sa.Integer, nullable=False
    ),  # version of policy.RULES, of members that of the access table
    # What for, where the asker has shown an authorisation: its purpose (`pre-loan` …), and the
    # commitment of its statement; NULL: it has shown none, or none that holds.
    sa.Column("use", sa.Text),
    sa.Column("authorisation", sa.LargeBinary(32)),
    # What the like of it within the minute is counted under; NULL: a line by itself.
    sa.Column("tally", sa.LargeBinary(16)),
)
sa.Index("ix_accesses_at", accesses.c.at)
"""The row number gives the order; the index finds what has been kept long enough."""
TALLIED = accesses.c.tally.is_not(None)
sa.Index(
    "ux_accesses_tally",
    accesses.c.tally,
    unique=True,
    sqlite_where=TALLIED,
    postgresql_where=TALLIED,
)
