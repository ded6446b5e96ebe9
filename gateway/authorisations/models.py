"""Tables of the authorisations. What they say stands in sealed statements and openings; here is
whose they are, how one is found again, and how it is taken back."""

from __future__ import annotations

import sqlalchemy as sa

from gateway.base.db import RowId, metadata

authorisations = sa.Table(
    "authorisations",
    metadata,
    sa.Column("id", RowId, primary_key=True, autoincrement=False),
    # Record id of the first of its chain: where a log was closed it is logged again, as another
    # commitment, whose entry names this one.
    sa.Column("record", sa.LargeBinary(32), nullable=False, unique=True),
    # By which it is called here: of ours that of the first, of others' that of the first we took.
    sa.Column("commitment", sa.LargeBinary(32), nullable=False, unique=True),
    sa.Column("custodian", sa.Text, nullable=False),
    sa.Column("grantee", sa.Text, nullable=False),
    # Fingerprint of the subject's code (gateway.base.crypto.SUBJECT_CODE).
    sa.Column("subject", sa.LargeBinary(16), nullable=False),
    sa.Column("since", sa.BigInteger, nullable=False),  # Unix seconds at which it came here
    # Of ours: who made it; fingerprints of the request, by which it is made once, and of what was
    # said in it; its documents (gateway.cases.materials). NULL: another member made it.
    sa.Column("token", sa.Integer),
    sa.Column("department", sa.Text),
    sa.Column("request", sa.LargeBinary(16), unique=True),
    sa.Column("said", sa.LargeBinary(16)),
    sa.Column("materials", sa.String(32)),
    # Of ours: the commitment that was handed to the grantee last, and whether with its receipt.
    sa.Column("handed", sa.LargeBinary(32)),
    sa.Column("proven", sa.Boolean, nullable=False),
    # Of ours: when it was asked to be taken back, and by which token. From then on it is.
    sa.Column("revoked_at", sa.BigInteger),
    sa.Column("revoked_by", sa.Integer),
    sa.Index("ix_authorisations_subject", "subject"),
)
UNPROVEN = authorisations.c.handed.is_not(None) & authorisations.c.proven.is_(False)
sa.Index(
    "ix_authorisations_unproven",
    authorisations.c.id,
    sqlite_where=UNPROVEN,
    postgresql_where=UNPROVEN,
)

held_openings = sa.Table(
    "held_openings",
    metadata,
    sa.Column("commitment", sa.LargeBinary(32), primary_key=True),
    sa.Column("authorisation", sa.ForeignKey("authorisations.id"), nullable=False),
    sa.Column("taken_at", sa.BigInteger, nullable=False),  # Unix seconds
    # Where it is sealed (gateway.cases.materials); NULL: it came as a message, and lies with those.
    sa.Column("materials", sa.String(32)),
    sa.Index("ix_held_openings_authorisation", "authorisation"),
)
"""Openings of authorisations that others made, a row for each commitment of a chain."""

revocations = sa.Table(
    "revocations",
    metadata,
    sa.Column("id", RowId, primary_key=True, autoincrement=False),
    sa.Column("authorisation", sa.ForeignKey("authorisations.id"), nullable=False),
    sa.Column("commitment", sa.LargeBinary(32), nullable=False, unique=True),
    # waiting (not signed), signed, sent, recorded
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("code", sa.String(40)),  # why it waits: gateway.authorisations.fates
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("contract", sa.String(42)),  # that the signature is for
    sa.Column("deadline", sa.BigInteger),
    sa.Column("signature", sa.LargeBinary(65)),
    # Times that it failed, and the Unix second before which it is not tried again; NULL: now.
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("not_before", sa.BigInteger),
    # The head at which the chain was seen to have it, by number and hash, and the time it names.
    sa.Column("block", sa.BigInteger),
    sa.Column("block_hash", sa.LargeBinary(32)),
    sa.Column("recorded_at", sa.BigInteger),
    sa.Index("ix_revocations_state", "state"),
    sa.Index("ix_revocations_authorisation", "authorisation"),
)
"""Every commitment of a chain that is taken back, on its way to the chain."""
