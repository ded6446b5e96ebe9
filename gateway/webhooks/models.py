"""Tables of where events are sent, and how far each place has them."""

from __future__ import annotations

import sqlalchemy as sa

from gateway.base.db import metadata

webhook_endpoints = sa.Table(
    "webhook_endpoints",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),  # 16 random bytes, hex: that of its key
    sa.Column("token", sa.Integer, nullable=False),  # whoever holds it takes the events
    # gateway.sealing Kind.WEBHOOK: the URL, which may hold a secret of the receiver's, and what
    # deliveries are signed with. `former` signs too until `former_until`; NULL: there is none.
    sa.Column("url", sa.LargeBinary, nullable=False),
    sa.Column("secret", sa.LargeBinary, nullable=False),
    sa.Column("former", sa.LargeBinary),
    sa.Column("former_until", sa.BigInteger),
    # Besides what is named: all records of this member that the holder may know of.
    sa.Column("own", sa.Boolean, nullable=False),
    # Behind which event it is (gateway.statuses.changes.Place): it has all before it that are its,
    # or they are among the letters.
    sa.Column("offset_number", sa.BigInteger, nullable=False),
    sa.Column("offset_mark", sa.String(8), nullable=False),
    # active; disabled: nothing is sent, the reason says why.
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("reason", sa.Text),
    # Unix seconds of the wall clock, which CREDIT_LEDGER_NOW does not move.
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("disabled_at", sa.BigInteger),
    # Of the next event, while it fails: tries, when it is tried again, why it failed.
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("due", sa.BigInteger, nullable=False),
    sa.Column("code", sa.Text),
    sa.Column("failing_since", sa.BigInteger),  # NULL: the last delivery came there
    sa.Column("delivered_at", sa.BigInteger),  # NULL: none came there yet
    sa.Column("dropped", sa.Integer, nullable=False),  # dead letters that there was no room for
)
"""Programs that take events. Each goes through the events at its own pace and in their order."""
sa.Index("ix_webhook_endpoints_token", webhook_endpoints.c.token)
sa.Index("ix_webhook_endpoints_state_due", webhook_endpoints.c.state, webhook_endpoints.c.due)

webhook_records = sa.Table(
    "webhook_records",
    metadata,
    sa.Column("endpoint", sa.String(32), primary_key=True),
    sa.Column("record", sa.LargeBinary(32), primary_key=True),
)
"""Records that an endpoint names, by id."""

webhook_subjects = sa.Table(
    "webhook_subjects",
    metadata,
    sa.Column("endpoint", sa.String(32), primary_key=True),
    sa.Column("watched", sa.String(32), primary_key=True),  # of `watched_subjects`
)
"""Followed subjects that an endpoint names."""

webhook_letters = sa.Table(
    "webhook_letters",
    metadata,
    sa.Column("endpoint", sa.String(32), primary_key=True),
    sa.Column("message", sa.Text, primary_key=True),  # `webhook-id`, the same at every try
    sa.Column("number", sa.BigInteger, nullable=False),  # of the event; the order of the letters
    sa.Column("type", sa.Text, nullable=False),
    # As it is sent, where nothing in it is secret; of other types (`sealed.APART`) sealed under the
    # key of the endpoint.
    sa.Column("body", sa.LargeBinary, nullable=False),
    # dead: given up; again: on its way once more, by order of the holder.
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("due", sa.BigInteger, nullable=False),
    sa.Column("since", sa.BigInteger, nullable=False),  # since when it is tried, this time
    sa.Column("ended_at", sa.BigInteger),
    sa.Column("code", sa.Text),  # why it failed last
)
"""Events that could not be delivered. They hold up none that comes after them."""
sa.Index("ix_webhook_letters_state_due", webhook_letters.c.state, webhook_letters.c.due)
