"""Acts that stay: what is needed to try again, to file them again where a chain was lost, and to
keep closed what honest keys closed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

NEW = ["registry", "failures", "not_before", "block_hash", "recorded_at", "refiled_from", "place"]


def upgrade() -> None:
    for column in (
        sa.Column("registry", sa.String(length=42), nullable=True),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("not_before", sa.BigInteger(), nullable=True),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=True),
        sa.Column("recorded_at", sa.BigInteger(), nullable=True),
        sa.Column("refiled_from", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=True),
    ):
        op.add_column("case_acts", column)
    op.add_column(
        "statuses", sa.Column("kept", sa.Boolean(), server_default=sa.false(), nullable=False)
    )


def downgrade() -> None:
    with op.batch_alter_table("statuses") as table:
        table.drop_column("kept")
    with op.batch_alter_table("case_acts") as table:
        for name in NEW:
            table.drop_column(name)
