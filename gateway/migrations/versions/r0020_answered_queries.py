"""Queries that were answered under an authorisation, so that its subject can be told of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "answered_queries",
        sa.Column("n", ROW_ID, nullable=False),
        sa.Column("commitment", sa.LargeBinary(length=32), nullable=False),
        sa.Column("authorisation", sa.LargeBinary(length=32), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("member", sa.String(length=32), nullable=False),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("types", sa.Text(), nullable=False),
        sa.Column("items", sa.Integer(), nullable=False),
        sa.Column("answer", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("n", name="pk_answered_queries"),
        sa.UniqueConstraint("commitment", name="uq_answered_queries_commitment"),
    )
    op.create_index("ix_answered_queries_authorisation", "answered_queries", ["authorisation", "n"])
    op.create_index("ix_reported_uses_answer", "reported_uses", ["answer"])


def downgrade() -> None:
    op.drop_index("ix_reported_uses_answer", table_name="reported_uses")
    op.drop_table("answered_queries")
