"""Which leaf is which record, of receipts of others."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "told_leaves",
        sa.Column("leaf", sa.LargeBinary(32), nullable=False),
        sa.Column("record", sa.LargeBinary(32), nullable=False),
        sa.PrimaryKeyConstraint("leaf", name="pk_told_leaves"),
    )


def downgrade() -> None:
    op.drop_table("told_leaves")
