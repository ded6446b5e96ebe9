"""Tables of what the chain says of records, of everybody's logs, and of how far it was followed."""

from __future__ import annotations

import sqlalchemy as sa

from gateway.base.db import RowId, metadata

statuses = sa.Table(
    "statuses",
    metadata,
    sa.Column("record", sa.LargeBinary(32), primary_key=True),
    # As `ledger.core.status.State` has them, behind the last final act. Version 0: none is known,
    # and the row is there for one of the reasons below.
    sa.Column("flags", sa.SmallInteger, nullable=False),
    sa.Column("outcome", sa.SmallInteger, nullable=False),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("history", sa.LargeBinary(32), nullable=False),
    sa.Column("other", sa.LargeBinary(32), nullable=False),
    sa.Column("block", sa.BigInteger, nullable=False),
    sa.Column("recorded_at", sa.BigInteger, nullable=False),
    sa.Column("effective_at", sa.BigInteger, nullable=False),
    # It was closed on a chain that has changed since, and is until the new one was followed.
    sa.Column("held", sa.Boolean, nullable=False),
    # An act that is not final yet closes it.
    sa.Column("ahead", sa.Boolean, nullable=False),
    # Honest keys closed it, though by the word of the contract it is open: undoing a thief's act
    # takes back on the chain what they did before.
    sa.Column("kept", sa.Boolean, nullable=False, server_default=sa.false()),
    # What follows from all of these; with it stands or falls the row in `closings`.
    sa.Column("closed", sa.Boolean, nullable=False),
    # Number of the head at which that act was first seen: until a block as high is final, nobody
    # says that it is not so. NULL: there is none, or it was seen by an older version.
    sa.Column("ahead_until", sa.BigInteger),
)
"""Every record that was ever acted on, by record id."""
sa.Index("ix_statuses_ahead", statuses.c.record, sqlite_where=statuses.c.ahead,
         postgresql_where=statuses.c.ahead)  # fmt: skip

following = sa.Table(
    "following",
    metadata,
    sa.Column("id", sa.SmallInteger, primary_key=True, autoincrement=False),  # 1 is the only one
    # Up to and with this block all acts are in `statuses`; NULL: none was read yet.
    sa.Column("block", sa.BigInteger),
    sa.Column("block_hash", sa.LargeBinary(32)),
    sa.Column("block_time", sa.BigInteger, nullable=False),
    # All acts on all records until then, and what they fold to.
    sa.Column("acts", sa.BigInteger, nullable=False),
    sa.Column("head", sa.LargeBinary(32), nullable=False),
    # Time of the block up to which a chain was followed that has changed since; what was closed by
    # it stays so until this one was followed as far. NULL: nothing is held.
    sa.Column("held_until", sa.BigInteger),
    # Why it does not go on, as a code; NULL: it does.
    sa.Column("error", sa.Text),
    # The acknowledgement under way; NULL where there is none.
    sa.Column("ack_count", sa.BigInteger),
    sa.Column("ack_head", sa.LargeBinary(32)),
    sa.Column("ack_registry", sa.Text),
    sa.Column("ack_deadline", sa.BigInteger),
    sa.Column("ack_signature", sa.LargeBinary(65)),
)
"""How far the chain was followed. Written in one transaction with what was done."""

event_numbers = sa.Table(
    "event_numbers",
    metadata,
    sa.Column("id", sa.SmallInteger, primary_key=True, autoincrement=False),  # 1 is the only one
    sa.Column("number", sa.BigInteger, nullable=False),  # the last that was taken
)
"""Numbers of all that who watches is told of, whatever table it stands in. Whoever takes one holds
the row until its transaction ends, so they ascend in the order of commits. There is no row before
the first."""

status_changes = sa.Table(
    "status_changes",
    metadata,
    sa.Column("id", RowId, primary_key=True, autoincrement=False),  # of `event_numbers`
    sa.Column("at", sa.BigInteger, nullable=False),  # Unix seconds at which it was noted here
    sa.Column("record", sa.LargeBinary(32), nullable=False),
    sa.Column("flags", sa.SmallInteger, nullable=False),
    sa.Column("outcome", sa.SmallInteger, nullable=False),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("recorded_at", sa.BigInteger, nullable=False),
    sa.Column("effective_at", sa.BigInteger, nullable=False),
    sa.Column("closed", sa.Boolean, nullable=False),
    # The act by which it changed; NULL where none is final that did.
    sa.Column("action", sa.SmallInteger),
    sa.Column("basis", sa.Integer),
    # Of its last act; NULL: noted by an older version.
    sa.Column("block", sa.BigInteger),
)
"""How statuses changed within the last days, for who watches; the newest is always kept."""

acknowledgements = sa.Table(
    "acknowledgements",
    metadata,
    sa.Column("member", sa.Text, primary_key=True),
    sa.Column("acts", sa.BigInteger, nullable=False),
)
"""How far each ACTIVE province has come, by its own word on the chain."""
