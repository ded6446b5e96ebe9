"""Tables of the files that decide about many records.

What a sender wrote is sealed, under one key for each file (`gateway.sealing` Kind.MATERIAL, by the
file's id): the file as it came, with the documents of cases, and what each row says.
"""

from __future__ import annotations

import sqlalchemy as sa

from gateway.base.db import metadata

case_files = sa.Table(
    "case_files",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),  # 32 hex digits; of an import its file's
    sa.Column("source", sa.String(16), nullable=False),  # national, import
    sa.Column("token", sa.Integer, nullable=False),  # that proposes
    sa.Column("department", sa.Text),  # of that token; NULL = the member itself
    sa.Column("at", sa.BigInteger, nullable=False),  # Unix seconds
    # Of what came and for whom: by it the same file is one.
    sa.Column("request", sa.LargeBinary(16), nullable=False, unique=True),
    sa.Column("name", sa.LargeBinary, nullable=False),  # sealed JSON {name, by, sha256}
    # reading (rows are looked up), proposed, released (rows are decided), done
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("released_by", sa.Integer),
    sa.Column("released_at", sa.BigInteger),
    sa.Index("ix_case_files_state", "state"),
)

case_file_rows = sa.Table(
    "case_file_rows",
    metadata,
    sa.Column("file", sa.ForeignKey("case_files.id"), primary_key=True),
    sa.Column("n", sa.Integer, primary_key=True, autoincrement=False),  # from 0, as they stand
    # new (not looked up yet), proposed, refused, done
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("code", sa.String(40)),  # why it was refused, or what was done beside the usual
    sa.Column("field", sa.String(32)),  # that is wrong
    sa.Column("act", sa.String(24)),  # step that it is to become, or became
    sa.Column("record", sa.LargeBinary(32)),  # record id, once found
    sa.Column("content", sa.LargeBinary, nullable=False),  # sealed JSON of what the row says
    sa.Column("case", sa.LargeBinary(32)),  # that the row decided
    sa.Column("step", sa.LargeBinary(32)),  # commitment of its step
    sa.Index("ix_case_file_rows_state", "file", "state", "n"),
    sa.Index("ix_case_file_rows_record", "record"),
)
"""Each row is decided in the transaction that stores its step."""
