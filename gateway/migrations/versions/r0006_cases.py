"""Cases: their steps, documents, proposals and acts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "cases",
        sa.Column("id", sa.LargeBinary(length=32), nullable=False),
        sa.Column("record", sa.LargeBinary(length=32), nullable=False),
        sa.Column("leaf", sa.LargeBinary(length=32), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("owner", sa.String(length=32), nullable=False),
        sa.Column("filer", sa.String(length=32), nullable=False),
        sa.Column("department", sa.Text(), nullable=True),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("accepted", sa.Boolean(), nullable=False),
        sa.Column("steps", sa.Integer(), nullable=False),
        sa.Column("last", sa.LargeBinary(length=32), nullable=False),
        sa.Column("opened", sa.BigInteger(), nullable=False),
        sa.Column("stage", sa.String(length=24), nullable=True),
        sa.Column("since", sa.String(length=10), nullable=True),
        sa.Column("authority_kind", sa.String(length=32), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_cases"),
    )
    op.create_index("ix_cases_state", "cases", ["state"])
    op.create_index("ix_cases_record", "cases", ["record"])
    op.create_table(
        "case_steps",
        sa.Column("commitment", sa.LargeBinary(length=32), nullable=False),
        sa.Column("case", sa.LargeBinary(length=32), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("act", sa.String(length=24), nullable=False),
        sa.Column("iss", sa.String(length=32), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("request", sa.LargeBinary(length=16), nullable=False),
        sa.Column("token", sa.Integer(), nullable=False),
        sa.Column("released_by", sa.Integer(), nullable=True),
        sa.Column("materials", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(["case"], ["cases.id"], name="fk_case_steps_case"),
        sa.PrimaryKeyConstraint("commitment", name="pk_case_steps"),
        sa.UniqueConstraint("request", name="uq_case_steps_request"),
        sa.UniqueConstraint("case", "step", name="uq_case_steps_case_step"),
    )
    op.create_table(
        "case_materials",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("n", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", "n", name="pk_case_materials"),
    )
    op.create_table(
        "case_proposals",
        sa.Column("id", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("case", sa.LargeBinary(length=32), nullable=False),
        sa.Column("record", sa.LargeBinary(length=32), nullable=False),
        sa.Column("own", sa.Boolean(), nullable=False),
        sa.Column("act", sa.String(length=24), nullable=False),
        sa.Column("token", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("request", sa.LargeBinary(length=16), nullable=False),
        sa.Column("materials", sa.String(length=32), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("step", sa.LargeBinary(length=32), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_case_proposals"),
        sa.UniqueConstraint("request", name="uq_case_proposals_request"),
    )
    op.create_index("ix_case_proposals_case", "case_proposals", ["case"])
    op.create_index("ix_case_proposals_record", "case_proposals", ["record"])
    op.create_table(
        "case_acts",
        sa.Column("id", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("case", sa.LargeBinary(length=32), nullable=False),
        sa.Column("record", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log", sa.LargeBinary(length=32), nullable=False),
        sa.Column("commitment", sa.LargeBinary(length=32), nullable=False),
        sa.Column("action", sa.SmallInteger(), nullable=False),
        sa.Column("basis", sa.Integer(), nullable=False),
        sa.Column("doc", sa.LargeBinary(length=32), nullable=False),
        sa.Column("other_log", sa.LargeBinary(length=32), nullable=False),
        sa.Column("other_commitment", sa.LargeBinary(length=32), nullable=False),
        sa.Column("effective_at", sa.BigInteger(), nullable=False),
        sa.Column("after", ROW_ID, nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=True),
        sa.Column("deadline", sa.BigInteger(), nullable=True),
        sa.Column("signature", sa.LargeBinary(length=65), nullable=True),
        sa.Column("block", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["case"], ["cases.id"], name="fk_case_acts_case"),
        sa.PrimaryKeyConstraint("id", name="pk_case_acts"),
    )
    op.create_index("ix_case_acts_record", "case_acts", ["record"])
    op.create_index("ix_case_acts_case", "case_acts", ["case"])
    op.create_index("ix_case_acts_state", "case_acts", ["state"])


def downgrade() -> None:
    for table in ("case_acts", "case_proposals", "case_materials", "case_steps", "cases"):
        op.drop_table(table)
