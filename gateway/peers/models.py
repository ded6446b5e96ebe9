"""Tables of the exchange between members."""

from __future__ import annotations

import sqlalchemy as sa

from gateway.base.db import metadata

peer_nonces = sa.Table(
    "peer_nonces",
    metadata,
    sa.Column("key_id", sa.LargeBinary(32), primary_key=True),
    sa.Column("nonce", sa.LargeBinary(16), primary_key=True),
    # Unix seconds by the clock of the settings: `expires` of the request, and a minute.
    sa.Column("until", sa.BigInteger, nullable=False),
)
"""Requests that were taken, so that none is taken twice by any gateway on this database."""
sa.Index("ix_peer_nonces_until", peer_nonces.c.until)

peer_checks = sa.Table(
    "peer_checks",
    metadata,
    sa.Column("member", sa.Text, primary_key=True),
    sa.Column("day", sa.Date, primary_key=True),  # in Asia/Shanghai
    sa.Column("count", sa.Integer, nullable=False),
)
"""How often a member had values checked on a day, over all records."""

peer_inbox = sa.Table(
    "peer_inbox",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),  # 16 random bytes, hex: that of its key
    sa.Column("commitment", sa.LargeBinary(32), nullable=False, unique=True),
    sa.Column("member", sa.Text, nullable=False),  # who sent it: its issuer
    sa.Column("sort", sa.Text, nullable=False),  # case, authorisation …
    sa.Column("received_at", sa.BigInteger, nullable=False),  # a stage begins with it
    sa.Column("taken_at", sa.BigInteger),  # by the domain of its sort; NULL: by none yet
    # Why its domain refuses it, which is asked again only where it is sent again.
    sa.Column("refused", sa.Text),
    # gateway.base.crypto.Box over the opening; the key lies in gateway.sealing.
    sa.Column("opening", sa.LargeBinary, nullable=False),
)
"""Openings that other members sent, a row for each statement."""
sa.Index("ix_peer_inbox_member_received_at", peer_inbox.c.member, peer_inbox.c.received_at)
UNTAKEN = peer_inbox.c.taken_at.is_(None)
REFUSED = peer_inbox.c.refused.is_not(None)
sa.Index("ix_peer_inbox_untaken", peer_inbox.c.sort, sqlite_where=UNTAKEN, postgresql_where=UNTAKEN)

peer_outbox = sa.Table(
    "peer_outbox",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),  # 16 random bytes, hex: that of its key
    sa.Column("member", sa.Text, nullable=False),  # to whom
    sa.Column("commitment", sa.LargeBinary(32), nullable=False),
    sa.Column("opening", sa.LargeBinary, nullable=False),  # as in the inbox
    # waiting sent set-aside
    sa.Column("state", sa.Text, nullable=False),
    # Unix seconds of the wall clock, which CREDIT_LEDGER_NOW does not move.
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("ended_at", sa.BigInteger),
    sa.Column("due", sa.BigInteger, nullable=False),  # when it is sent again
    sa.Column("attempts", sa.Integer, nullable=False),
    # Nanoseconds: of what came in the same second the first is sent first.
    sa.Column("turn", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("code", sa.Text),  # why it waits, or was set aside
    sa.Column("received_at", sa.BigInteger),  # as the peer said in an answer that it signed
    sa.UniqueConstraint("member", "commitment"),
)
"""Openings on their way to other members. What was sent stays, with what the peer answered."""
sa.Index("ix_peer_outbox_state_due", peer_outbox.c.state, peer_outbox.c.due)
