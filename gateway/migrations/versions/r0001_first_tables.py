"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "content_keys",
        sa.Column("kind", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("id", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("wrapped_by", sa.LargeBinary(length=8), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(length=48), nullable=False),
        sa.PrimaryKeyConstraint("kind", "id", name="pk_content_keys"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_content_keys_wrapped_by", "content_keys", ["wrapped_by"])
    op.create_table(
        "wrapping_keys",
        sa.Column("key_id", sa.LargeBinary(length=8), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("retired_at", sa.BigInteger(), nullable=True),
        sa.Column("emptied_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("key_id", name="pk_wrapping_keys"),
    )
    op.create_table(
        "chain_cache",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_chain_cache"),
    )
    op.create_table(
        "logs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("log_id", sa.LargeBinary(length=32), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(length=32), nullable=False),
        sa.Column("published", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("scanned", sa.BigInteger(), nullable=True),
        sa.Column("scanned_hash", sa.LargeBinary(length=32), nullable=True),
        sa.Column("closed", sa.BigInteger(), nullable=True),
        sa.Column("unproven", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_logs"),
        sa.UniqueConstraint("log_id", name="uq_logs_log_id"),
    )
    op.create_table(
        "tokens",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("department", sa.Text(), nullable=True),
        sa.Column("authorities", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_tokens"),
        sa.UniqueConstraint("digest", name="uq_tokens_digest"),
    )
    op.create_table(
        "transactions",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("chain_id", sa.BigInteger(), nullable=False),
        sa.Column("to_address", sa.Text(), nullable=True),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("gas", sa.BigInteger(), nullable=False),
        sa.Column("nonce", sa.BigInteger(), nullable=False),
        sa.Column("max_fee", sa.Text(), nullable=False),
        sa.Column("tip", sa.Text(), nullable=True),
        sa.Column("raws", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_transactions"),
        sa.UniqueConstraint(
            "sender", "chain_id", "nonce", name="uq_transactions_sender_chain_id_nonce"
        ),
    )
    op.create_table(
        "anchors",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("log", sa.Integer(), nullable=False),
        sa.Column("prev_size", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(length=32), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("deadline", sa.BigInteger(), nullable=True),
        sa.Column("signature", sa.LargeBinary(length=65), nullable=True),
        sa.Column("key_id", sa.LargeBinary(length=32), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("tx_hash", sa.LargeBinary(length=32), nullable=True),
        sa.Column("block", sa.BigInteger(), nullable=True),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=True),
        sa.Column("block_time", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state IN ('signed', 'sent', 'mined', 'final', 'lost', 'failed')",
            name="ck_anchors_state",
        ),
        sa.ForeignKeyConstraint(["log"], ["logs.id"], name="fk_anchors_log"),
        sa.PrimaryKeyConstraint("id", name="pk_anchors"),
    )
    op.create_index("ix_anchors_log_state_size", "anchors", ["log", "state", "size"], unique=False)

    op.create_table(
        "bundles",
        sa.Column("log", sa.Integer(), nullable=False),
        sa.Column("n", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["log"], ["logs.id"], name="fk_bundles_log"),
        sa.PrimaryKeyConstraint("log", "n", name="pk_bundles"),
    )
    op.create_table(
        "promises",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("log", sa.Integer(), nullable=False),
        sa.Column("leaves_root", sa.LargeBinary(length=32), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.Column("signature", sa.LargeBinary(length=65), nullable=False),
        sa.Column("key_id", sa.LargeBinary(length=32), nullable=False),
        sa.Column("first_entry", sa.BigInteger(), nullable=True),
        sa.Column("start", sa.BigInteger(), nullable=True),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["log"], ["logs.id"], name="fk_promises_log"),
        sa.PrimaryKeyConstraint("id", name="pk_promises"),
        sa.UniqueConstraint("first_entry", name="uq_promises_first_entry"),
    )
    op.create_table(
        "tiles",
        sa.Column("log", sa.Integer(), nullable=False),
        sa.Column("level", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("n", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("data", sa.LargeBinary(length=8192), nullable=False),
        sa.ForeignKeyConstraint(["log"], ["logs.id"], name="fk_tiles_log"),
        sa.PrimaryKeyConstraint("log", "level", "n", name="pk_tiles"),
    )
    op.create_table(
        "entries",
        sa.Column("id", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("log", sa.Integer(), nullable=False),
        sa.Column("leaf", sa.LargeBinary(length=32), nullable=False),
        sa.Column("record", sa.LargeBinary(length=5), nullable=False),
        sa.ForeignKeyConstraint(["log"], ["logs.id"], name="fk_entries_log"),
        sa.PrimaryKeyConstraint("id", name="pk_entries"),
    )
    op.create_index("ix_entries_leaf", "entries", [sa.text("substr(leaf, 1, 5)")])
    op.create_index("ix_entries_record", "entries", ["record"])
    op.create_table(
        "pending",
        sa.Column("promise", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("log", sa.Integer(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("leaves", sa.LargeBinary(), nullable=False),
        sa.Column("entries", sa.LargeBinary(), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["log"], ["logs.id"], name="fk_pending_log"),
        sa.ForeignKeyConstraint(["promise"], ["promises.id"], name="fk_pending_promise"),
        sa.PrimaryKeyConstraint("promise", name="pk_pending"),
    )
    op.create_table(
        "requeued",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("promise", ROW_ID, nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=True),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["promise"], ["promises.id"], name="fk_requeued_promise"),
        sa.PrimaryKeyConstraint("id", name="pk_requeued"),
    )
    op.create_index("ix_requeued_promise", "requeued", ["promise"])
    op.create_table(
        "records",
        sa.Column("id", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("schema", sa.Text(), nullable=False),
        sa.Column("department", sa.Text(), nullable=True),
        sa.Column("authority", sa.LargeBinary(length=16), nullable=False),
        sa.Column("visibility", sa.SmallInteger(), nullable=False),
        sa.Column("period", sa.Integer(), nullable=False),
        sa.Column("subject", ROW_ID, nullable=True),
        sa.Column("stored_at", sa.BigInteger(), nullable=False),
        sa.Column("document_key", sa.LargeBinary(length=16), nullable=False),
        sa.Column("record_key", sa.LargeBinary(length=16), nullable=False),
        sa.Column("superseded_by", sa.LargeBinary(length=32), nullable=False),
        sa.Column("content_mac", sa.LargeBinary(length=16), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["id"], ["entries.id"], name="fk_records_id"),
        sa.PrimaryKeyConstraint("id", name="pk_records"),
        sa.UniqueConstraint(
            "document_key",
            "record_key",
            "superseded_by",
            name="uq_records_document_key_record_key_superseded_by",
        ),
    )
    op.create_index("ix_records_subject", "records", ["subject"])
    op.create_table(
        "subjects",
        sa.Column("id", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("code", sa.LargeBinary(length=16), nullable=False),
        sa.Column("name", sa.LargeBinary(length=16), nullable=False),
        sa.Column("shared", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_subjects"),
        sa.UniqueConstraint("code", "name", name="uq_subjects_code_name"),
    )
    op.create_index("ix_subjects_name", "subjects", ["name"])
    op.create_index(
        "ix_subjects_shared",
        "subjects",
        ["id"],
        sqlite_where=sa.text("shared > 0"),
        postgresql_where=sa.text("shared > 0"),
    )
    op.create_table(
        "statement_promises",
        sa.Column("id", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("log", sa.Integer(), nullable=False),
        sa.Column("leaves_root", sa.LargeBinary(length=32), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.Column("signature", sa.LargeBinary(length=65), nullable=False),
        sa.Column("key_id", sa.LargeBinary(length=32), nullable=False),
        sa.ForeignKeyConstraint(["log"], ["logs.id"], name="fk_statement_promises_log"),
        sa.PrimaryKeyConstraint("id", name="pk_statement_promises"),
    )
    op.create_table(
        "statements",
        sa.Column("id", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("promise", ROW_ID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("log", sa.Integer(), nullable=False),
        sa.Column("commitment", sa.LargeBinary(length=32), nullable=False),
        sa.Column("replaces", sa.LargeBinary(length=32), nullable=True),
        sa.Column("entry", ROW_ID, nullable=True),
        sa.Column("request", sa.LargeBinary(length=16), nullable=True),
        sa.Column("mac", sa.LargeBinary(length=16), nullable=False),
        sa.Column("superseded_by", sa.LargeBinary(length=32), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["promise"], ["statement_promises.id"], name="fk_statements_promise"
        ),
        sa.ForeignKeyConstraint(["log"], ["logs.id"], name="fk_statements_log"),
        sa.ForeignKeyConstraint(["entry"], ["entries.id"], name="fk_statements_entry"),
        sa.PrimaryKeyConstraint("id", name="pk_statements"),
        sa.UniqueConstraint("commitment", name="uq_statements_commitment"),
        sa.UniqueConstraint("entry", name="uq_statements_entry"),
        sa.UniqueConstraint("request", name="uq_statements_request"),
    )
    op.create_index("ix_statements_promise", "statements", ["promise"])
    op.create_index(
        "ix_statements_waiting",
        "statements",
        ["id"],
        sqlite_where=sa.text("entry IS NULL"),
        postgresql_where=sa.text("entry IS NULL"),
    )
    op.create_table(
        "statement_batches",
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", name="pk_statement_batches"),
    )
    op.create_table(
        "quality_counts",
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("unit", sa.String(length=18), nullable=False),
        sa.Column("type", sa.String(length=32), nullable=False),
        sa.Column("what", sa.String(length=80), nullable=False),
        sa.Column("writer", sa.LargeBinary(length=8), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day", "unit", "type", "what", "writer", name="pk_quality_counts"),
    )
    op.create_table(
        "quality_marks",
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("unit", sa.String(length=18), nullable=False),
        sa.Column("mark", sa.LargeBinary(length=16), nullable=False),
        sa.PrimaryKeyConstraint("month", "unit", "mark", name="pk_quality_marks"),
    )
    op.create_table(
        "quality_files",
        sa.Column("period", sa.String(length=8), nullable=False),
        sa.Column("jws", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("period", name="pk_quality_files"),
    )

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
    for table in (
        "case_acts",
        "case_proposals",
        "case_materials",
        "case_steps",
        "cases",
        "subjects",
        "quality_files",
        "quality_marks",
        "quality_counts",
        "statement_batches",
        "statements",
        "statement_promises",
        "records",
        "requeued",
        "pending",
        "entries",
        "tiles",
        "promises",
        "bundles",
        "anchors",
        "transactions",
        "tokens",
        "logs",
        "chain_cache",
        "wrapping_keys",
        "content_keys",
    ):
        op.drop_table(table)
