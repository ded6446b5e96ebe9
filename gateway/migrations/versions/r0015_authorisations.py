"""Authorisations, held openings, revocations; what an access was for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "authorisations",
        sa.Column("id", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("record", sa.LargeBinary(length=32), nullable=False),
        sa.Column("commitment", sa.LargeBinary(length=32), nullable=False),
        sa.Column("custodian", sa.Text(), nullable=False),
        sa.Column("grantee", sa.Text(), nullable=False),
        sa.Column("subject", sa.LargeBinary(length=16), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("token", sa.Integer(), nullable=True),
        sa.Column("department", sa.Text(), nullable=True),
        sa.Column("request", sa.LargeBinary(length=16), nullable=True),
        sa.Column("said", sa.LargeBinary(length=16), nullable=True),
        sa.Column("materials", sa.String(length=32), nullable=True),
        sa.Column("handed", sa.LargeBinary(length=32), nullable=True),
        sa.Column("proven", sa.Boolean(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_by", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_authorisations"),
        sa.UniqueConstraint("record", name="uq_authorisations_record"),
        sa.UniqueConstraint("commitment", name="uq_authorisations_commitment"),
        sa.UniqueConstraint("request", name="uq_authorisations_request"),
    )
    op.create_index("ix_authorisations_subject", "authorisations", ["subject"])
    op.create_index(
        "ix_authorisations_unproven",
        "authorisations",
        ["id"],
        sqlite_where=sa.text("handed IS NOT NULL AND proven IS 0"),
        postgresql_where=sa.text("handed IS NOT NULL AND proven IS false"),
    )
    op.create_table(
        "held_openings",
        sa.Column("commitment", sa.LargeBinary(length=32), nullable=False),
        sa.Column("authorisation", ROW_ID, nullable=False),
        sa.Column("taken_at", sa.BigInteger(), nullable=False),
        sa.Column("materials", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(
            ["authorisation"], ["authorisations.id"], name="fk_held_openings_authorisation"
        ),
        sa.PrimaryKeyConstraint("commitment", name="pk_held_openings"),
    )
    op.create_index("ix_held_openings_authorisation", "held_openings", ["authorisation"])
    op.create_table(
        "revocations",
        sa.Column("id", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("authorisation", ROW_ID, nullable=False),
        sa.Column("commitment", sa.LargeBinary(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("contract", sa.String(length=42), nullable=True),
        sa.Column("deadline", sa.BigInteger(), nullable=True),
        sa.Column("signature", sa.LargeBinary(length=65), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.BigInteger(), nullable=True),
        sa.Column("block", sa.BigInteger(), nullable=True),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=True),
        sa.Column("recorded_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["authorisation"], ["authorisations.id"], name="fk_revocations_authorisation"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_revocations"),
        sa.UniqueConstraint("commitment", name="uq_revocations_commitment"),
    )
    op.create_index("ix_revocations_state", "revocations", ["state"])
    op.create_index("ix_revocations_authorisation", "revocations", ["authorisation"])
    op.add_column("accesses", sa.Column("use", sa.Text(), nullable=True))
    op.add_column("accesses", sa.Column("authorisation", sa.LargeBinary(length=32), nullable=True))


def downgrade() -> None:
    op.drop_column("accesses", "authorisation")
    op.drop_column("accesses", "use")
    op.drop_table("revocations")
    op.drop_table("held_openings")
    op.drop_table("authorisations")
