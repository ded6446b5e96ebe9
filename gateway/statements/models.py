"""Tables of the statements. A statement waits here with its promise until the daily batch moves
both to the log; its row stays, for it holds what the entry commits to."""

from __future__ import annotations

import sqlalchemy as sa

from gateway.base.db import RowId, metadata

statement_promises = sa.Table(
    "statement_promises",
    metadata,
    sa.Column("id", RowId, primary_key=True, autoincrement=False),
    sa.Column("log", sa.ForeignKey("logs.id"), nullable=False),
    sa.Column("leaves_root", sa.LargeBinary(32), nullable=False),
    sa.Column("count", sa.Integer, nullable=False),
    sa.Column("issued_at", sa.BigInteger, nullable=False),
    sa.Column("due", sa.BigInteger, nullable=False),
    sa.Column("signature", sa.LargeBinary(65), nullable=False),
    sa.Column("key_id", sa.LargeBinary(32), nullable=False),
)
"""Promises of statements; once a day those that wait are copied into `promises`, which knows only
what is on its way into the tree."""

statements = sa.Table(
    "statements",
    metadata,
    sa.Column("id", RowId, primary_key=True, autoincrement=False),
    # Its promise, and its place among the leaves of that.
    sa.Column("promise", sa.ForeignKey("statement_promises.id"), nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("log", sa.ForeignKey("logs.id"), nullable=False),
    sa.Column("commitment", sa.LargeBinary(32), nullable=False, unique=True),
    # Record id of the first one that a closed log has stranded; NULL: it replaces none.
    sa.Column("replaces", sa.LargeBinary(32)),
    # Row number of its entry; NULL: it waits for the batch.
    sa.Column("entry", sa.ForeignKey("entries.id"), unique=True),
    # Fingerprints under the index key: of the name that the caller gave the request, by which it is
    # issued once (NULL: it gave none), and of what was said.
    sa.Column("request", sa.LargeBinary(16), unique=True),
    sa.Column("mac", sa.LargeBinary(16), nullable=False),
    # Commitment of the one that was made of it for another log; empty: it stands.
    sa.Column("superseded_by", sa.LargeBinary(32), nullable=False),
    # gateway.base.crypto.Sealed over its bytes, aad = commitment. Its key lies in gateway.sealing;
    # erased: there is none.
    sa.Column("content", sa.LargeBinary, nullable=False),
    sa.Index("ix_statements_promise", "promise"),
)
WAITS = statements.c.entry.is_(None) & (statements.c.superseded_by == b"")
sa.Index(
    "ix_statements_waiting",
    statements.c.id,
    sqlite_where=statements.c.entry.is_(None),
    postgresql_where=statements.c.entry.is_(None),
)

statement_batches = sa.Table(
    "statement_batches",
    metadata,
    sa.Column("day", sa.String(10), primary_key=True),  # in Asia/Shanghai
    sa.Column("at", sa.BigInteger, nullable=False),  # Unix seconds at which it was moved
    sa.Column("count", sa.Integer, nullable=False),  # entries; 0: this database begins here
)
"""One row for each day whose batch is in the log: what makes it happen once."""
