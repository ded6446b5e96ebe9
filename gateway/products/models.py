"""Tables of the products: those of this member, and those of others whose manifests it holds."""

from __future__ import annotations

import sqlalchemy as sa

from gateway.base.db import RowId, metadata

products = sa.Table(
    "products",
    metadata,
    sa.Column("n", RowId, primary_key=True),
    sa.Column("member", sa.String(32), nullable=False),  # whose product it is
    sa.Column("product", sa.LargeBinary(32), nullable=False),
    sa.Column("kind", sa.SmallInteger, nullable=False),
    sa.Column("method", sa.LargeBinary(32), nullable=False),
    sa.Column("title", sa.Text, nullable=False),  # in words of one's own; "" of others' products
    # Of the token that registered it or took its manifest first; NULL: the member itself.
    sa.Column("department", sa.Text),
    sa.Column("token", sa.BigInteger, nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),  # Unix seconds
    sa.UniqueConstraint("member", "product"),
    sa.Index("ix_products_product", "product"),
)

product_versions = sa.Table(
    "product_versions",
    metadata,
    sa.Column("n", RowId, primary_key=True),
    sa.Column("product", sa.ForeignKey("products.n"), nullable=False),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("content", sa.LargeBinary(32), nullable=False),
    sa.Column("method", sa.LargeBinary(32), nullable=False),
    sa.Column("inputs_root", sa.LargeBinary(32), nullable=False),
    sa.Column("inputs", sa.BigInteger, nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),
    # Fingerprint of content, method and records: who asks for the same again gets this one.
    sa.Column("request", sa.LargeBinary(16), nullable=False),
    # Sealed under one key of kind MANIFEST, which `box` names: the manifest, and which of its
    # records were logged again, with the first of each chain.
    sa.Column("box", sa.String(32), nullable=False),
    sa.Column("manifest", sa.LargeBinary, nullable=False),
    sa.Column("firsts", sa.LargeBinary, nullable=False),
    sa.UniqueConstraint("product", "version"),
)
"""Versions whose manifests are here; those of ours also before the chain has them."""

product_inputs = sa.Table(
    "product_inputs",
    metadata,
    # Fingerprint of a record id under the index key: the table tells nobody what went in.
    sa.Column("mark", sa.LargeBinary(16), primary_key=True),
    sa.Column("version", sa.ForeignKey("product_versions.n"), primary_key=True),
    sa.Index("ix_product_inputs_version", "version"),
)
"""From a record to the versions that it went into."""

product_users = sa.Table(
    "product_users",
    metadata,
    sa.Column("version", sa.ForeignKey("product_versions.n"), primary_key=True),
    sa.Column("member", sa.String(32), primary_key=True),
    sa.Column("token", sa.BigInteger, nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),
)
"""Whom a version was handed to, as notices of it say."""

product_acts = sa.Table(
    "product_acts",
    metadata,
    sa.Column("n", RowId, primary_key=True),
    sa.Column("product", sa.ForeignKey("products.n"), nullable=False),
    sa.Column("action", sa.SmallInteger, nullable=False),  # interfaces.ProductAction
    sa.Column("version", sa.BigInteger, nullable=False),  # of a publication; else 0
    sa.Column("token", sa.BigInteger, nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),
    # waiting (not signed), signed, sent, recorded, refused
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("code", sa.String(40)),  # why it was refused, or waits; gateway.products.fates
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("signature", sa.LargeBinary(65)),
    sa.Column("deadline", sa.BigInteger),
    sa.Column("contract", sa.String(42)),  # that the signature is for
    # Times that the chain refused it, and the instant before which it is not tried again (Unix
    # seconds; NULL: now).
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("not_before", sa.BigInteger),
    sa.Column("recorded_at", sa.BigInteger),  # time of the block that took it
    sa.Index("ix_product_acts_product", "product"),
    sa.Index("ix_product_acts_state", "state"),
)
"""What goes to the chain, in its order."""

product_watch = sa.Table(
    "product_watch",
    metadata,
    sa.Column("id", sa.SmallInteger, primary_key=True, autoincrement=False),  # 1 is the only one
    # The last change of a status (`status_changes`) of which all users were told.
    sa.Column("change", sa.BigInteger, nullable=False),
    sa.Column("mark", sa.String(8), nullable=False),
)
