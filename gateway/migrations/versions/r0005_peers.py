"""The exchange between members."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "peer_nonces",
        sa.Column("key_id", sa.LargeBinary(length=32), nullable=False),
        sa.Column("nonce", sa.LargeBinary(length=16), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key_id", "nonce", name="pk_peer_nonces"),
    )
    op.create_index("ix_peer_nonces_until", "peer_nonces", ["until"])
    op.create_table(
        "peer_checks",
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("member", "day", name="pk_peer_checks"),
    )
    op.create_table(
        "peer_inbox",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("commitment", sa.LargeBinary(length=32), nullable=False),
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("sort", sa.Text(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("taken_at", sa.BigInteger(), nullable=True),
        sa.Column("opening", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_peer_inbox"),
        sa.UniqueConstraint("commitment", name="uq_peer_inbox_commitment"),
    )
    op.create_index("ix_peer_inbox_member_received_at", "peer_inbox", ["member", "received_at"])
    op.create_index(
        "ix_peer_inbox_untaken",
        "peer_inbox",
        ["sort"],
        sqlite_where=sa.text("taken_at IS NULL"),
        postgresql_where=sa.text("taken_at IS NULL"),
    )
    op.create_table(
        "peer_outbox",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("commitment", sa.LargeBinary(length=32), nullable=False),
        sa.Column("opening", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("received_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_peer_outbox"),
        sa.UniqueConstraint("member", "commitment", name="uq_peer_outbox_member_commitment"),
    )
    op.create_index("ix_peer_outbox_state_due", "peer_outbox", ["state", "due"])


def downgrade() -> None:
    for name in ("peer_outbox", "peer_inbox", "peer_checks", "peer_nonces"):
        op.drop_table(name)
