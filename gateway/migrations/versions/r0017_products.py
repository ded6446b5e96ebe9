"""Products, manifests and what goes to the chain about them; outcomes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "products",
        sa.Column("n", ROW_ID, nullable=False),
        sa.Column("member", sa.String(32), nullable=False),
        sa.Column("product", sa.LargeBinary(32), nullable=False),
        sa.Column("kind", sa.SmallInteger, nullable=False),
        sa.Column("method", sa.LargeBinary(32), nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("department", sa.Text),
        sa.Column("token", sa.BigInteger, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("n", name="pk_products"),
        sa.UniqueConstraint("member", "product", name="uq_products_member_product"),
    )
    op.create_index("ix_products_product", "products", ["product"])
    op.create_table(
        "product_versions",
        sa.Column("n", ROW_ID, nullable=False),
        sa.Column("product", ROW_ID, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("content", sa.LargeBinary(32), nullable=False),
        sa.Column("method", sa.LargeBinary(32), nullable=False),
        sa.Column("inputs_root", sa.LargeBinary(32), nullable=False),
        sa.Column("inputs", sa.BigInteger, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("request", sa.LargeBinary(16), nullable=False),
        sa.Column("box", sa.String(32), nullable=False),
        sa.Column("manifest", sa.LargeBinary, nullable=False),
        sa.Column("firsts", sa.LargeBinary, nullable=False),
        sa.ForeignKeyConstraint(
            ["product"], ["products.n"], name="fk_product_versions_product_products"
        ),
        sa.PrimaryKeyConstraint("n", name="pk_product_versions"),
        sa.UniqueConstraint("product", "version", name="uq_product_versions_product_version"),
    )
    op.create_table(
        "product_inputs",
        sa.Column("mark", sa.LargeBinary(16), nullable=False),
        sa.Column("version", ROW_ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["version"],
            ["product_versions.n"],
            name="fk_product_inputs_version_product_versions",
        ),
        sa.PrimaryKeyConstraint("mark", "version", name="pk_product_inputs"),
    )
    op.create_index("ix_product_inputs_version", "product_inputs", ["version"])
    op.create_table(
        "product_users",
        sa.Column("version", ROW_ID, nullable=False),
        sa.Column("member", sa.String(32), nullable=False),
        sa.Column("token", sa.BigInteger, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.ForeignKeyConstraint(
            ["version"],
            ["product_versions.n"],
            name="fk_product_users_version_product_versions",
        ),
        sa.PrimaryKeyConstraint("version", "member", name="pk_product_users"),
    )
    op.create_table(
        "product_acts",
        sa.Column("n", ROW_ID, nullable=False),
        sa.Column("product", ROW_ID, nullable=False),
        sa.Column("action", sa.SmallInteger, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("token", sa.BigInteger, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("code", sa.String(40)),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("signature", sa.LargeBinary(65)),
        sa.Column("deadline", sa.BigInteger),
        sa.Column("contract", sa.String(42)),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("not_before", sa.BigInteger),
        sa.Column("recorded_at", sa.BigInteger),
        sa.ForeignKeyConstraint(
            ["product"], ["products.n"], name="fk_product_acts_product_products"
        ),
        sa.PrimaryKeyConstraint("n", name="pk_product_acts"),
    )
    op.create_index("ix_product_acts_product", "product_acts", ["product"])
    op.create_index("ix_product_acts_state", "product_acts", ["state"])
    op.create_table(
        "product_watch",
        sa.Column("id", sa.SmallInteger, autoincrement=False, nullable=False),
        sa.Column("change", sa.BigInteger, nullable=False),
        sa.Column("mark", sa.String(8), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_product_watch"),
    )
    op.create_table(
        "outcomes",
        sa.Column("commitment", sa.LargeBinary(32), nullable=False),
        sa.Column("member", sa.String(32), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("period", sa.String(7), nullable=False),
        sa.Column("region", sa.String(6), nullable=False),
        sa.Column("product", sa.LargeBinary(32), nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("households", sa.BigInteger, nullable=False),
        sa.Column("granted", sa.String(20), nullable=False),
        sa.Column("lent", sa.String(20), nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("commitment", name="pk_outcomes"),
    )
    op.create_index(
        "ix_outcomes_cell", "outcomes", ["member", "period", "region", "product", "version"]
    )
    op.create_index("ix_outcomes_period", "outcomes", ["period"])


def downgrade() -> None:
    for name in ("outcomes", "product_watch", "product_acts", "product_users", "product_inputs"):
        op.drop_table(name)
    for name in ("product_versions", "products"):
        op.drop_table(name)
