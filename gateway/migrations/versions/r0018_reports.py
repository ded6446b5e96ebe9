"""Special credit reports: their numbers, tries of codes, shares."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "credit_reports",
        sa.Column("n", ROW_ID, nullable=False),
        sa.Column("number", sa.String(64), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("token", sa.BigInteger, nullable=False),
        sa.Column("subject", sa.LargeBinary(16), nullable=False),
        sa.Column("commitment", sa.LargeBinary(32), nullable=False),
        sa.Column("first", sa.String(10), nullable=False),
        sa.Column("last", sa.String(10), nullable=False),
        sa.Column("until", sa.String(10), nullable=False),
        sa.Column("newest", sa.BigInteger, nullable=False),
        sa.Column("families", sa.Text, nullable=False),
        sa.Column("code", sa.LargeBinary(16), nullable=False),
        sa.Column("box", sa.String(32), nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("copy", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("n", name="pk_credit_reports"),
        sa.UniqueConstraint("number", name="uq_credit_reports_number"),
        sa.UniqueConstraint("box", name="uq_credit_reports_box"),
    )
    op.create_index("ix_credit_reports_subject", "credit_reports", ["subject"])
    op.create_table(
        "report_records",
        sa.Column("report", ROW_ID, nullable=False),
        sa.Column("line", sa.Integer, nullable=False),
        sa.Column("record", sa.LargeBinary(32), nullable=False),
        sa.Column("disputed", sa.Boolean, nullable=False),
        sa.ForeignKeyConstraint(
            ["report"], ["credit_reports.n"], name="fk_report_records_report_credit_reports"
        ),
        sa.PrimaryKeyConstraint("report", "line", name="pk_report_records"),
    )
    op.create_index("ix_report_records_record", "report_records", ["record"])
    op.create_table(
        "report_days",
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("day", name="pk_report_days"),
    )
    op.create_table(
        "report_tries",
        sa.Column("n", ROW_ID, nullable=False),
        sa.Column("report", ROW_ID, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.ForeignKeyConstraint(
            ["report"], ["credit_reports.n"], name="fk_report_tries_report_credit_reports"
        ),
        sa.PrimaryKeyConstraint("n", name="pk_report_tries"),
    )
    op.create_index("ix_report_tries_report", "report_tries", ["report"])
    op.create_table(
        "report_shares",
        sa.Column("n", ROW_ID, nullable=False),
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("report", ROW_ID, nullable=False),
        sa.Column("code", sa.LargeBinary(16), nullable=False),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("token", sa.BigInteger, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("until", sa.String(10), nullable=False),
        sa.Column("withdrawn_at", sa.BigInteger),
        sa.Column("opened", sa.BigInteger, nullable=False),
        sa.ForeignKeyConstraint(
            ["report"], ["credit_reports.n"], name="fk_report_shares_report_credit_reports"
        ),
        sa.PrimaryKeyConstraint("n", name="pk_report_shares"),
        sa.UniqueConstraint("id", name="uq_report_shares_id"),
    )
    op.create_index("ix_report_shares_report", "report_shares", ["report"])


def downgrade() -> None:
    for name in ("report_shares", "report_tries", "report_days", "report_records"):
        op.drop_table(name)
    op.drop_table("credit_reports")
