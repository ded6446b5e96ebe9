"""The records of a kept bundle, so that erasing one reaches it; a bundle has a key of its own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "uses", sa.Column("bundle_box", sa.String(length=32), nullable=False, server_default="")
    )
    op.create_table(
        "use_records",
        sa.Column("use", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("record", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("use", "record", name="pk_use_records"),
        sa.ForeignKeyConstraint(["use"], ["uses.n"], name="fk_use_records_use_uses"),
    )
    op.create_index("ix_use_records_record", "use_records", ["record"])


def downgrade() -> None:
    op.drop_table("use_records")
    op.drop_column("uses", "bundle_box")
