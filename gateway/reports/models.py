"""Tables of special credit reports."""

from __future__ import annotations

import sqlalchemy as sa

from gateway.base.db import RowId, metadata

credit_reports = sa.Table(
    "credit_reports",
    metadata,
    sa.Column("n", RowId, primary_key=True),
    sa.Column("number", sa.String(64), nullable=False, unique=True),
    sa.Column("at", sa.BigInteger, nullable=False),  # Unix seconds
    sa.Column("token", sa.BigInteger, nullable=False),
    # Fingerprint of the subject's code, as in `subjects`.
    sa.Column("subject", sa.LargeBinary(16), nullable=False),
    sa.Column("commitment", sa.LargeBinary(32), nullable=False),  # of its statement
    # First and last day of decisions that it speaks of, and the last on which it is relied on.
    sa.Column("first", sa.String(10), nullable=False),
    sa.Column("last", sa.String(10), nullable=False),
    sa.Column("until", sa.String(10), nullable=False),
    # Row number of the newest record that there was: what is behind it came later.
    sa.Column("newest", sa.BigInteger, nullable=False),
    # Families that it speaks of, comma list.
    sa.Column("families", sa.Text, nullable=False),
    sa.Column("code", sa.LargeBinary(16), nullable=False),  # fingerprint of number and code
    # Fingerprint of number and of what proves that one has the key of the QR.
    sa.Column("proof", sa.LargeBinary(16), nullable=False),
    # Names the key of what is sealed; erased: there is none.
    sa.Column("box", sa.String(32), nullable=False, unique=True),
    # Sealed: content and receipts as JSON; and the copy that a browser unseals with the key of the
    # QR, which is nowhere here. Empty: erased.
    sa.Column("content", sa.LargeBinary, nullable=False),
    sa.Column("copy", sa.LargeBinary, nullable=False),
    sa.Index("ix_credit_reports_subject", "subject"),
)

report_records = sa.Table(
    "report_records",
    metadata,
    sa.Column("report", sa.ForeignKey("credit_reports.n"), primary_key=True, autoincrement=False),
    sa.Column("line", sa.Integer, primary_key=True, autoincrement=False),  # counted from 1
    sa.Column("record", sa.LargeBinary(32), nullable=False, index=True),  # record id
    sa.Column("leaf", sa.LargeBinary(32), nullable=False),  # of its entry
    # Record id of the first of the chain in which it was logged again; its own where it was not.
    sa.Column("first", sa.LargeBinary(32), nullable=False),
    sa.Column("disputed", sa.Boolean, nullable=False),  # when the report was made
)
"""The records of each report, by which it is found when one is erased, and seen to have changed."""

report_shares = sa.Table(
    "report_shares",
    metadata,
    sa.Column("n", RowId, primary_key=True),
    sa.Column("id", sa.String(32), nullable=False, unique=True),
    sa.Column("report", sa.ForeignKey("credit_reports.n"), nullable=False, index=True),
    sa.Column("code", sa.LargeBinary(16), nullable=False),  # fingerprint of number and code
    sa.Column("scope", sa.Text, nullable=False),  # JSON: ids of fields, numbers of lines
    sa.Column("token", sa.BigInteger, nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("until", sa.String(10), nullable=False),  # last day
    sa.Column("withdrawn_at", sa.BigInteger),
    sa.Column("opened", sa.BigInteger, nullable=False),  # times
)

report_tries = sa.Table(
    "report_tries",
    metadata,
    sa.Column("n", RowId, primary_key=True),
    sa.Column("at", sa.BigInteger, nullable=False, index=True),
    sa.Column("who", sa.LargeBinary(16), nullable=False, index=True),  # fingerprint of who asks
    sa.Column("correct", sa.Boolean, nullable=False),
    # Of a code the report that it was tried on; none where there is no such number.
    sa.Column("report", sa.ForeignKey("credit_reports.n"), index=True),
    sa.Column("share", sa.ForeignKey("report_shares.n"), index=True),  # that was opened
    # Fingerprint of the number that a code was tried on, whether there is such a report or not.
    sa.Column("number", sa.LargeBinary(16), index=True),
)
"""What was tried and opened in the last hour: all gateways of a member count together."""
