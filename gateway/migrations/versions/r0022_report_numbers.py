"""Reports with numbers that are drawn, and with what proves the key of their QR; who tries codes.

Reports of before have neither, and no version was released that made them: they are dropped.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_KIND = 16
"""Of the keys of reports."""


def _empty() -> None:
    for name in ("report_tries", "report_shares", "report_records", "credit_reports"):
        op.execute(sa.delete(sa.table(name)))
    keys = sa.table("content_keys", sa.column("kind", sa.Integer))
    op.execute(sa.delete(keys).where(keys.c.kind == _KIND))


def upgrade() -> None:
    _empty()
    op.drop_table("report_tries")
    op.drop_table("report_days")
    with op.batch_alter_table("credit_reports") as table:
        table.add_column(sa.Column("proof", sa.LargeBinary(16), nullable=False))
    with op.batch_alter_table("report_records") as table:
        table.add_column(sa.Column("leaf", sa.LargeBinary(32), nullable=False))
        table.add_column(sa.Column("first", sa.LargeBinary(32), nullable=False))
    op.create_table(
        "report_tries",
        sa.Column("n", ROW_ID, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("who", sa.LargeBinary(16), nullable=False),
        sa.Column("correct", sa.Boolean, nullable=False),
        sa.Column("report", ROW_ID, nullable=True),
        sa.Column("share", ROW_ID, nullable=True),
        sa.ForeignKeyConstraint(
            ["report"], ["credit_reports.n"], name="fk_report_tries_report_credit_reports"
        ),
        sa.ForeignKeyConstraint(
            ["share"], ["report_shares.n"], name="fk_report_tries_share_report_shares"
        ),
        sa.PrimaryKeyConstraint("n", name="pk_report_tries"),
    )
    for name in ("at", "who", "report", "share"):
        op.create_index(f"ix_report_tries_{name}", "report_tries", [name])


def downgrade() -> None:
    _empty()
    op.drop_table("report_tries")
    with op.batch_alter_table("report_records") as table:
        table.drop_column("first")
        table.drop_column("leaf")
    with op.batch_alter_table("credit_reports") as table:
        table.drop_column("proof")
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
