"""Tables of the subjects that are followed, of what became known of them, and of notices about
products."""

from __future__ import annotations

import sqlalchemy as sa

from gateway.base.db import RowId, metadata

watched_subjects = sa.Table(
    "watched_subjects",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),  # 16 random bytes, hex: that of its key
    sa.Column("token", sa.Integer, nullable=False),  # whoever holds it follows
    # gateway.base.crypto.Hmac of the code, so that following twice is found.
    sa.Column("subject", sa.LargeBinary(16), nullable=False),
    # Code and types of records; gateway.sealing Kind.WATCHED.
    sa.Column("content", sa.LargeBinary, nullable=False),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("authorisation", sa.LargeBinary(32)),  # commitment; NULL: its purpose needs none
    # Followed by itself, and not only by what events are sent to.
    sa.Column("standing", sa.Boolean, nullable=False),
    # new: asked at once; followed refused: every night; ended: not any more.
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("code", sa.Text),  # why it is refused, ended, or was not answered the last time
    # Codes of members that gave no good answer the last time, one blank between.
    sa.Column("missing", sa.Text, nullable=False),
    # Unix seconds by the clock of the settings.
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("due", sa.BigInteger, nullable=False),  # when it is asked next
    sa.Column("asked_on", sa.Date),  # the night in which it was asked last
    sa.Column("answered_at", sa.BigInteger),  # the last good answer; NULL: there was none
)
"""Whom somebody follows. Who it is stands sealed: whom a bank asks about tells whom it lends to."""
sa.Index("ix_watched_subjects_token", watched_subjects.c.token)
sa.Index("ix_watched_subjects_state_due", watched_subjects.c.state, watched_subjects.c.due)

watched_before = sa.Table(
    "watched_before",
    metadata,
    sa.Column("token", sa.Integer, primary_key=True, autoincrement=False),
    # As in `watched_subjects`.
    sa.Column("subject", sa.LargeBinary(16), primary_key=True),
    sa.Column("purpose", sa.Text, primary_key=True),
    sa.Column("authorisation", sa.LargeBinary(32), primary_key=True),  # empty: none
    sa.Column("due", sa.BigInteger, nullable=False, index=True),
)
"""Subjects that are followed no more, until they would have been asked about again: who follows one
anew before has it asked about then."""

watched_records = sa.Table(
    "watched_records",
    metadata,
    sa.Column("watched", sa.String(32), primary_key=True),  # of `watched_subjects`
    sa.Column("record", sa.LargeBinary(32), primary_key=True),
    sa.Column("leaf", sa.LargeBinary(32), nullable=False),
    sa.Column("member", sa.Text, nullable=False),  # who answered so
    sa.Column("receipt", sa.LargeBinary(32)),  # SHA-256 of the receipt that came with it
    sa.Column("listed", sa.Boolean, nullable=False),  # whether the last answer of the member had it
)
"""The records of followed subjects, as members answered."""

followed_records = sa.Table(
    "followed_records",
    metadata,
    sa.Column("token", sa.Integer, primary_key=True, autoincrement=False),  # whoever follows
    sa.Column("record", sa.LargeBinary(32), primary_key=True),  # record id, whosever it is
    sa.Column("created_at", sa.BigInteger, nullable=False),  # Unix seconds
)
"""Records that somebody follows by themselves."""

watch_events = sa.Table(
    "watch_events",
    metadata,
    # Of `event_numbers`: between those of changes of statuses.
    sa.Column("id", RowId, primary_key=True, autoincrement=False),
    sa.Column("at", sa.BigInteger, nullable=False),  # Unix seconds at which it was noted here
    sa.Column("watched", sa.String(32), nullable=False),  # of `watched_subjects`
    # A word of gateway.watching.interfaces.Kind.
    sa.Column("kind", sa.Text, nullable=False),
    # What it is about; NULL where it is about none.
    sa.Column("record", sa.LargeBinary(32)),
    sa.Column("leaf", sa.LargeBinary(32)),
    sa.Column("member", sa.Text),
    sa.Column("receipt", sa.LargeBinary(32)),
    sa.Column("listed", sa.Boolean),
    sa.Column("code", sa.Text),
    sa.Column("count", sa.Integer),
)
"""What became known of followed subjects within the last days."""
sa.Index("ix_watch_events_watched", watch_events.c.watched, watch_events.c.id)

product_notices = sa.Table(
    "product_notices",
    metadata,
    # Of `event_numbers`: between those of changes of statuses.
    sa.Column("id", RowId, primary_key=True, autoincrement=False),
    sa.Column("at", sa.BigInteger, nullable=False),  # Unix seconds at which it was noted here
    # Fingerprint of what names it: the same notice is kept once.
    sa.Column("name", sa.LargeBinary(16), nullable=False, unique=True),
    sa.Column("department", sa.Text),  # of the product; NULL: the member itself
    # What is told, sealed under the key of the manifest, which `box` names: a record beside a
    # product tells what went in.
    sa.Column("box", sa.String(32), nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
)
"""That records changed which products were made of, within the last days."""
