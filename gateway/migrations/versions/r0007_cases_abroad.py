"""Cases between members: steps of others, and steps that others came before."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


_ADDED = (
    *(("peer_inbox", "refused"), ("peer_outbox", "turn")),
    ("mirror_bundles", "prefixes"),
)


def upgrade() -> None:
    # `cases` is left alone: SQLite cannot make a table anew to which others refer.
    with op.batch_alter_table("case_steps") as table:
        table.alter_column("step", existing_type=sa.Integer(), nullable=True)
        table.alter_column("token", existing_type=sa.Integer(), nullable=True)
        table.alter_column("request", existing_type=sa.LargeBinary(length=16), nullable=True)
        table.add_column(sa.Column("prev", sa.LargeBinary(length=32), nullable=True))
    op.add_column("peer_inbox", sa.Column("refused", sa.Text(), nullable=True))
    turn = sa.Column("turn", sa.BigInteger(), nullable=False, server_default="0")
    op.add_column("peer_outbox", turn)
    op.add_column("mirror_bundles", sa.Column("prefixes", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    """Cases of before have none of these rows; later ones cannot be kept."""
    for name, column in _ADDED:
        with op.batch_alter_table(name) as table:
            table.drop_column(column)
    op.execute("DELETE FROM case_steps WHERE step IS NULL OR token IS NULL")
    with op.batch_alter_table("case_steps") as table:
        table.drop_column("prev")
        table.alter_column("request", existing_type=sa.LargeBinary(length=16), nullable=False)
        table.alter_column("token", existing_type=sa.Integer(), nullable=False)
        table.alter_column("step", existing_type=sa.Integer(), nullable=False)
