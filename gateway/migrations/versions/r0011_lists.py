"""Entries of lists are found by an index of their own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_LISTED = (
    "schema IN ('abnormal-list-exit@1', 'abnormal-list@1', 'incentive-list-entry@1',"
    " 'incentive-list-exit@1', 'severe-list-entry@1', 'severe-list-exit@1')"
)


def upgrade() -> None:
    op.create_index(
        "ix_records_listed",
        "records",
        ["schema", "id"],
        sqlite_where=sa.text(_LISTED),
        postgresql_where=sa.text(_LISTED),
    )


def downgrade() -> None:
    op.drop_index("ix_records_listed", "records")
