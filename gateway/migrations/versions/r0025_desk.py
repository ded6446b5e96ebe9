"""Drafts of forms with documents; who issued a token."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "case_drafts",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("token", sa.Integer, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("names", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_case_drafts"),
    )
    op.create_index("ix_case_drafts_token", "case_drafts", ["token"])
    op.add_column("tokens", sa.Column("issued_by", sa.Integer))


def downgrade() -> None:
    op.drop_column("tokens", "issued_by")
    op.drop_table("case_drafts")
