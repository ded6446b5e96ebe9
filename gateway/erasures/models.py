"""The table of the erasures: one row for each record whose content was destroyed on order."""

from __future__ import annotations

import sqlalchemy as sa

import gateway.cases.models  # noqa: F401 - an erasure is of an act
from gateway.base.db import metadata

erasures = sa.Table(
    "erasures",
    metadata,
    sa.Column("record", sa.LargeBinary(32), primary_key=True),  # record id
    sa.Column("leaf", sa.LargeBinary(32), nullable=False),
    sa.Column("log", sa.LargeBinary(32), nullable=False),
    sa.Column("commitment", sa.LargeBinary(32), nullable=False),  # of the record
    sa.Column("case", sa.LargeBinary(32), nullable=False),
    sa.Column("step", sa.LargeBinary(32), nullable=False),  # commitment of the step that orders it
    sa.Column("proposed_by", sa.Integer, nullable=False),  # tokens
    sa.Column("released_by", sa.Integer, nullable=False),
    # The act on the chain, which was final before anything was destroyed.
    sa.Column("basis", sa.Integer, nullable=False),
    sa.Column("doc", sa.LargeBinary(32), nullable=False),
    sa.Column("block", sa.BigInteger, nullable=False),
    sa.Column("effective_at", sa.BigInteger, nullable=False),
    # What was destroyed: rows of the record (more than one where it was logged again), documents
    # of cases, and the ids of files whose answers held a row that stood beside it, with commas.
    sa.Column("rows", sa.Integer, nullable=False),
    sa.Column("documents", sa.Integer, nullable=False),
    sa.Column("files", sa.Text, nullable=False),
    # Ids of the content keys under which its own may have been wrapped in a backup, in hex, with
    # commas: with none of these at hand no backup opens it.
    sa.Column("content_keys", sa.Text, nullable=False),
    sa.Column("destroyed_at", sa.BigInteger, nullable=False),  # Unix seconds
    # When nothing of it was left behind in this database's own files; NULL: not yet.
    sa.Column("swept_at", sa.BigInteger),
)
sa.Index(
    "ix_erasures_unswept",
    erasures.c.record,
    sqlite_where=erasures.c.swept_at.is_(None),
    postgresql_where=erasures.c.swept_at.is_(None),
)
