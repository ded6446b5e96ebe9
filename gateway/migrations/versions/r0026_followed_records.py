"""Records that somebody follows by themselves; the number that was tried of a report, whether there
is one or not."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "followed_records",
        sa.Column("token", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("record", sa.LargeBinary(32), nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("token", "record", name="pk_followed_records"),
    )
    with op.batch_alter_table("report_tries") as table:
        table.add_column(sa.Column("number", sa.LargeBinary(16)))
        table.create_index("ix_report_tries_number", ["number"])


def downgrade() -> None:
    with op.batch_alter_table("report_tries") as table:
        table.drop_index("ix_report_tries_number")
        table.drop_column("number")
    op.drop_table("followed_records")
