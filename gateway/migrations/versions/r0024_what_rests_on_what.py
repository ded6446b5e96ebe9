"""All queries that were answered, so that what others report of them is held against them; how
often what came of a question was stated; when subjects that are followed no more were asked about.

What was reported before counts as it did: no version was released that kept it.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_REPORTED = ("reported_uses", "reported_feedback")


def upgrade() -> None:
    with op.batch_alter_table("answered_queries") as table:
        table.alter_column("authorisation", existing_type=sa.LargeBinary(32), nullable=True)
    op.create_index("ix_answered_queries_answer", "answered_queries", ["answer"])
    for name in _REPORTED:
        with op.batch_alter_table(name) as table:
            table.add_column(sa.Column("unrelated", sa.String(16)))
    with op.batch_alter_table("uses") as table:
        table.add_column(sa.Column("changes", sa.Integer, nullable=False, server_default="0"))
    with op.batch_alter_table("use_answers") as table:
        table.add_column(sa.Column("feedback", sa.Integer, nullable=False, server_default="0"))
    op.create_table(
        "watched_before",
        sa.Column("token", sa.Integer, nullable=False),
        sa.Column("subject", sa.LargeBinary(16), nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("authorisation", sa.LargeBinary(32), nullable=False),
        sa.Column("due", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint(
            "token", "subject", "purpose", "authorisation", name="pk_watched_before"
        ),
    )
    op.create_index("ix_watched_before_due", "watched_before", ["due"])


def downgrade() -> None:
    op.drop_table("watched_before")
    # Not in a batch, for which SQLite would make `uses` anew, that others refer to.
    op.drop_column("use_answers", "feedback")
    op.drop_column("uses", "changes")
    for name in _REPORTED:
        op.drop_column(name, "unrelated")
    op.drop_index("ix_answered_queries_answer", table_name="answered_queries")
    without = sa.table("answered_queries", sa.column("authorisation", sa.LargeBinary))
    op.execute(sa.delete(without).where(without.c.authorisation.is_(None)))
    with op.batch_alter_table("answered_queries") as table:
        table.alter_column("authorisation", existing_type=sa.LargeBinary(32), nullable=False)
