"""Tables of what this member asked about subjects, of what it answered, and of the uses that others
report."""

from __future__ import annotations

import sqlalchemy as sa

from gateway.base.db import RowId, metadata

uses = sa.Table(
    "uses",
    metadata,
    sa.Column("n", RowId, primary_key=True),
    sa.Column("id", sa.String(32), nullable=False, unique=True),
    sa.Column("at", sa.BigInteger, nullable=False),  # Unix seconds
    sa.Column("token", sa.BigInteger, nullable=False),
    # Fingerprint of the subject's code, as in `subjects`.
    sa.Column("subject", sa.LargeBinary(16), nullable=False),
    sa.Column("purpose", sa.String(16), nullable=False),
    sa.Column("authorisation", sa.LargeBinary(32)),  # commitment; NULL: none was shown
    sa.Column("overall", sa.String(8), nullable=False),
    sa.Column("decision", sa.String(8), nullable=False),
    # Members that answered, that did not, and records that were stated.
    sa.Column("answered", sa.Integer, nullable=False),
    sa.Column("missing", sa.Integer, nullable=False),
    sa.Column("items", sa.Integer, nullable=False),
    # Sealed under a key of kind USE: {code, matter, types, members} as JSON.
    sa.Column("told", sa.LargeBinary, nullable=False),
    # Sealed under one of kind BUNDLE, by `bundle_box`. Empty: erased.
    sa.Column("bundle", sa.LargeBinary, nullable=False),
    sa.Column("bundle_box", sa.String(32), nullable=False, server_default=""),
    # How often the decision was changed.
    sa.Column("changes", sa.Integer, nullable=False, server_default="0"),
    sa.Index("ix_uses_at", "at"),
    sa.Index("ix_uses_subject", "subject"),
)

use_answers = sa.Table(
    "use_answers",
    metadata,
    sa.Column("use", sa.ForeignKey("uses.n"), primary_key=True, autoincrement=False),
    sa.Column("member", sa.String(32), primary_key=True),
    sa.Column("answer", sa.LargeBinary(32), nullable=False),  # SHA-256 of its ASCII characters
    sa.Column("statement", sa.LargeBinary(32), nullable=False),  # commitment of our `use`
    # Commitment of their `query`, by which feedback names it.
    sa.Column("query", sa.LargeBinary(32), nullable=False, index=True),
    # How often it was stated what was done.
    sa.Column("feedback", sa.Integer, nullable=False, server_default="0"),
)
"""What each member answered, and what we state about that."""

use_records = sa.Table(
    "use_records",
    metadata,
    sa.Column("use", sa.ForeignKey("uses.n"), primary_key=True, autoincrement=False),
    sa.Column("record", sa.LargeBinary(32), primary_key=True),
    sa.Index("ix_use_records_record", "record"),
)
"""Records of our own in the bundle of each question, by which it is found when one is erased."""

answered_queries = sa.Table(
    "answered_queries",
    metadata,
    sa.Column("n", RowId, primary_key=True),
    sa.Column("commitment", sa.LargeBinary(32), nullable=False, unique=True),  # of our `query`
    sa.Column("authorisation", sa.LargeBinary(32)),  # commitment; NULL: none was shown
    sa.Column("at", sa.BigInteger, nullable=False),  # of the answer; Unix seconds
    sa.Column("member", sa.String(32), nullable=False),  # that asked
    sa.Column("purpose", sa.String(16), nullable=False),
    sa.Column("types", sa.Text, nullable=False),  # families, one blank between
    sa.Column("items", sa.Integer, nullable=False),
    sa.Column("answer", sa.LargeBinary(32), nullable=False),  # SHA-256 of its ASCII characters
    sa.Index("ix_answered_queries_authorisation", "authorisation", "n"),
    sa.Index("ix_answered_queries_answer", "answer"),
)
"""Queries that this member answered, with nothing of whom they were about:
the statement, which has that, lies sealed."""

reported_uses = sa.Table(
    "reported_uses",
    metadata,
    sa.Column("commitment", sa.LargeBinary(32), primary_key=True),
    sa.Column("member", sa.String(32), nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("answer", sa.LargeBinary(32), nullable=False),
    sa.Column("purpose", sa.String(16), nullable=False),
    sa.Column("decision", sa.String(8), nullable=False),
    sa.Column("unrelated", sa.String(16)),  # why it rests on no answer of ours; NULL: it does
    sa.Index("ix_reported_uses_at", "at"),
    sa.Index("ix_reported_uses_answer", "answer"),
)
"""Uses of our answers, as the members that asked report them. Nothing in them names a subject."""

reported_feedback = sa.Table(
    "reported_feedback",
    metadata,
    sa.Column("commitment", sa.LargeBinary(32), primary_key=True),
    sa.Column("member", sa.String(32), nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("query", sa.LargeBinary(32), nullable=False),
    sa.Column("measure", sa.Text, nullable=False),
    sa.Column("unrelated", sa.String(16)),  # as above
    sa.Index("ix_reported_feedback_at", "at"),
)
"""What others did about subjects that we answered about; matter and result stay in the message."""
