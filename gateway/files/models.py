"""Tables of file import. Whatever a sender wrote is sealed (gateway.base.crypto): the file while it
waits, its name, the answers (which name columns and sheets), the rows that go back."""

from __future__ import annotations

import sqlalchemy as sa

from gateway.base.db import metadata

files = sa.Table(
    "files",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),  # 16 random bytes, hex
    sa.Column("token", sa.ForeignKey("tokens.id"), nullable=False),  # that sent it
    sa.Column("department", sa.Text),  # of the token that sent it; NULL = the member itself
    sa.Column("state", sa.Text, nullable=False),  # receiving queued running done failed
    # Unix seconds of the wall clock, which CREDIT_LEDGER_NOW does not move.
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("ended_at", sa.BigInteger),
    # When a worker may take it: queued from here on, running when its worker has fallen silent.
    sa.Column("due", sa.BigInteger, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),  # since the last set that was stored
    sa.Column("name_key", sa.LargeBinary(48), nullable=False),
    sa.Column("name", sa.LargeBinary, nullable=False),  # JSON {name, type}
    sa.Column("head_key", sa.LargeBinary(48)),
    sa.Column("head", sa.LargeBinary),  # JSON of the file answer without verdicts, at the end
)
sa.Index("ix_files_state_due", files.c.state, files.c.due)

file_parts = sa.Table(
    "file_parts",
    metadata,
    sa.Column("file", sa.ForeignKey("files.id"), primary_key=True),
    sa.Column("n", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("content_key", sa.LargeBinary(48), nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
)
"""The file as sent, in pieces; gone as soon as it is answered."""

file_sets = sa.Table(
    "file_sets",
    metadata,
    sa.Column("file", sa.ForeignKey("files.id"), primary_key=True),
    sa.Column("n", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("accepted", sa.Integer, nullable=False),
    sa.Column("duplicate", sa.Integer, nullable=False),
    sa.Column("conflict", sa.Integer, nullable=False),
    sa.Column("rejected", sa.Integer, nullable=False),
    sa.Column("promise", sa.LargeBinary),  # its JSON; NULL where nothing was accepted
    sa.Column("answers_key", sa.LargeBinary(48), nullable=False),
    sa.Column("answers", sa.LargeBinary, nullable=False),  # zlib of the row answers' JSON list
    sa.Column("back_key", sa.LargeBinary(48), nullable=False),
    sa.Column("back", sa.LargeBinary, nullable=False),  # zlib of gateway.files.returned.pack
)
"""The answer to one set of rows, stored in the transaction that stored its records: the key
makes sure that no set of a file is ever submitted twice."""
