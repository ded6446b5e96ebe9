"""Until which final block an act that was seen before it was final keeps its record closed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("statuses", sa.Column("ahead_until", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("statuses", "ahead_until")
