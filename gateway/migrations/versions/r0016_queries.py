"""Questions to other members, and the uses that these report."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "uses",
        sa.Column("n", ROW_ID, nullable=False),
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("token", sa.BigInteger, nullable=False),
        sa.Column("subject", sa.LargeBinary(16), nullable=False),
        sa.Column("purpose", sa.String(16), nullable=False),
        sa.Column("authorisation", sa.LargeBinary(32)),
        sa.Column("overall", sa.String(8), nullable=False),
        sa.Column("decision", sa.String(8), nullable=False),
        sa.Column("answered", sa.Integer, nullable=False),
        sa.Column("missing", sa.Integer, nullable=False),
        sa.Column("items", sa.Integer, nullable=False),
        sa.Column("told", sa.LargeBinary, nullable=False),
        sa.Column("bundle", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("n", name="pk_uses"),
        sa.UniqueConstraint("id", name="uq_uses_id"),
    )
    op.create_index("ix_uses_at", "uses", ["at"])
    op.create_index("ix_uses_subject", "uses", ["subject"])
    op.create_table(
        "use_answers",
        sa.Column("use", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("member", sa.String(32), nullable=False),
        sa.Column("answer", sa.LargeBinary(32), nullable=False),
        sa.Column("statement", sa.LargeBinary(32), nullable=False),
        sa.Column("query", sa.LargeBinary(32), nullable=False),
        sa.ForeignKeyConstraint(["use"], ["uses.n"], name="fk_use_answers_use_uses"),
        sa.PrimaryKeyConstraint("use", "member", name="pk_use_answers"),
    )
    op.create_index("ix_use_answers_query", "use_answers", ["query"])
    op.create_table(
        "reported_uses",
        sa.Column("commitment", sa.LargeBinary(32), nullable=False),
        sa.Column("member", sa.String(32), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("answer", sa.LargeBinary(32), nullable=False),
        sa.Column("purpose", sa.String(16), nullable=False),
        sa.Column("decision", sa.String(8), nullable=False),
        sa.PrimaryKeyConstraint("commitment", name="pk_reported_uses"),
    )
    op.create_index("ix_reported_uses_at", "reported_uses", ["at"])
    op.create_table(
        "reported_feedback",
        sa.Column("commitment", sa.LargeBinary(32), nullable=False),
        sa.Column("member", sa.String(32), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("query", sa.LargeBinary(32), nullable=False),
        sa.Column("measure", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("commitment", name="pk_reported_feedback"),
    )
    op.create_index("ix_reported_feedback_at", "reported_feedback", ["at"])


def downgrade() -> None:
    for name in ("reported_feedback", "reported_uses", "use_answers", "uses"):
        op.drop_table(name)
