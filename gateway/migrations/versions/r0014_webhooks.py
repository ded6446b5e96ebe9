"""Webhooks, followed subjects, and one numbering of all that who watches is told of."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "event_numbers",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_event_numbers"),
    )
    op.execute(
        "INSERT INTO event_numbers (id, number)"
        " SELECT 1, max(id) FROM status_changes HAVING max(id) IS NOT NULL"
    )
    op.add_column("status_changes", sa.Column("action", sa.SmallInteger(), nullable=True))
    op.add_column("status_changes", sa.Column("basis", sa.Integer(), nullable=True))
    op.add_column("status_changes", sa.Column("block", sa.BigInteger(), nullable=True))
    _create_watching()
    _create_webhooks()


def _create_watching() -> None:
    op.create_table(
        "watched_subjects",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("token", sa.Integer(), nullable=False),
        sa.Column("subject", sa.LargeBinary(length=16), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("authorisation", sa.LargeBinary(length=32), nullable=True),
        sa.Column("standing", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("missing", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.Column("asked_on", sa.Date(), nullable=True),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_watched_subjects"),
    )
    op.create_index("ix_watched_subjects_token", "watched_subjects", ["token"])
    op.create_index("ix_watched_subjects_state_due", "watched_subjects", ["state", "due"])
    op.create_table(
        "watched_records",
        sa.Column("watched", sa.String(length=32), nullable=False),
        sa.Column("record", sa.LargeBinary(length=32), nullable=False),
        sa.Column("leaf", sa.LargeBinary(length=32), nullable=False),
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("receipt", sa.LargeBinary(length=32), nullable=True),
        sa.Column("listed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("watched", "record", name="pk_watched_records"),
    )
    op.create_table(
        "watch_events",
        sa.Column("id", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("watched", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("record", sa.LargeBinary(length=32), nullable=True),
        sa.Column("leaf", sa.LargeBinary(length=32), nullable=True),
        sa.Column("member", sa.Text(), nullable=True),
        sa.Column("receipt", sa.LargeBinary(length=32), nullable=True),
        sa.Column("listed", sa.Boolean(), nullable=True),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("count", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_watch_events"),
    )
    op.create_index("ix_watch_events_watched", "watch_events", ["watched", "id"])


def _create_webhooks() -> None:
    op.create_table(
        "webhook_endpoints",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("token", sa.Integer(), nullable=False),
        sa.Column("url", sa.LargeBinary(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("former", sa.LargeBinary(), nullable=True),
        sa.Column("former_until", sa.BigInteger(), nullable=True),
        sa.Column("own", sa.Boolean(), nullable=False),
        sa.Column("offset_number", sa.BigInteger(), nullable=False),
        sa.Column("offset_mark", sa.String(length=8), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("disabled_at", sa.BigInteger(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("failing_since", sa.BigInteger(), nullable=True),
        sa.Column("delivered_at", sa.BigInteger(), nullable=True),
        sa.Column("dropped", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_endpoints"),
    )
    op.create_index("ix_webhook_endpoints_token", "webhook_endpoints", ["token"])
    op.create_index("ix_webhook_endpoints_state_due", "webhook_endpoints", ["state", "due"])
    op.create_table(
        "webhook_records",
        sa.Column("endpoint", sa.String(length=32), nullable=False),
        sa.Column("record", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("endpoint", "record", name="pk_webhook_records"),
    )
    op.create_table(
        "webhook_subjects",
        sa.Column("endpoint", sa.String(length=32), nullable=False),
        sa.Column("watched", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("endpoint", "watched", name="pk_webhook_subjects"),
    )
    op.create_table(
        "webhook_letters",
        sa.Column("endpoint", sa.String(length=32), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("code", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("endpoint", "message", name="pk_webhook_letters"),
    )
    op.create_index("ix_webhook_letters_state_due", "webhook_letters", ["state", "due"])


def downgrade() -> None:
    for table in (
        *("webhook_letters", "webhook_subjects", "webhook_records", "webhook_endpoints"),
        *("watch_events", "watched_records", "watched_subjects"),
    ):
        op.drop_table(table)
    for column in ("block", "basis", "action"):
        op.drop_column("status_changes", column)
    op.drop_table("event_numbers")
