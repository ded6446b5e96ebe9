"""Files that decide about many records."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "case_files",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("token", sa.Integer(), nullable=False),
        sa.Column("department", sa.Text(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("request", sa.LargeBinary(length=16), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("released_by", sa.Integer(), nullable=True),
        sa.Column("released_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_case_files"),
        sa.UniqueConstraint("request", name="uq_case_files_request"),
    )
    op.create_index("ix_case_files_state", "case_files", ["state"])
    op.create_table(
        "case_file_rows",
        sa.Column("file", sa.String(length=32), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=True),
        sa.Column("field", sa.String(length=32), nullable=True),
        sa.Column("act", sa.String(length=24), nullable=True),
        sa.Column("record", sa.LargeBinary(length=32), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("case", sa.LargeBinary(length=32), nullable=True),
        sa.Column("step", sa.LargeBinary(length=32), nullable=True),
        sa.ForeignKeyConstraint(["file"], ["case_files.id"], name="fk_case_file_rows_file"),
        sa.PrimaryKeyConstraint("file", "n", name="pk_case_file_rows"),
    )
    op.create_index("ix_case_file_rows_state", "case_file_rows", ["file", "state", "n"])
    op.create_index("ix_case_file_rows_record", "case_file_rows", ["record"])


def downgrade() -> None:
    op.drop_table("case_file_rows")
    op.drop_table("case_files")
