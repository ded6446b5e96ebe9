"""Tables of file import; how far a file is stands with its job. Whatever a sender wrote is sealed
(gateway.base.crypto.Box): the file while it waits under one key; its name, the answers (which name
columns and sheets) and the rows that go back under another; the workbook to correct under a third.
The keys lie in gateway.sealing."""

from __future__ import annotations

import sqlalchemy as sa

import gateway.jobs.models  # noqa: F401 - a file has the id of its job
from gateway.base.db import metadata

files = sa.Table(
    "files",
    metadata,
    sa.Column("id", sa.ForeignKey("jobs.id"), primary_key=True),  # of the job that reads it
    sa.Column("token", sa.ForeignKey("tokens.id"), nullable=False),  # that sent it
    sa.Column("department", sa.Text),  # of the token that sent it; NULL = the member itself
    sa.Column("name", sa.LargeBinary, nullable=False),  # JSON {name, type}
    sa.Column("head", sa.LargeBinary),  # JSON of the file answer without verdicts, at the end
)

file_parts = sa.Table(
    "file_parts",
    metadata,
    sa.Column("file", sa.ForeignKey("files.id"), primary_key=True),
    sa.Column("n", sa.Integer, primary_key=True, autoincrement=False),
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
    sa.Column("answers", sa.LargeBinary, nullable=False),  # zlib of the row answers' JSON list
    sa.Column("back", sa.LargeBinary, nullable=False),  # zlib of gateway.files.returned.pack
)
"""The answer to one set of rows, stored in the transaction that stored its records: the key
makes sure that no set of a file is ever submitted twice."""

file_reports = sa.Table(
    "file_reports",
    metadata,
    sa.Column("file", sa.ForeignKey("files.id"), primary_key=True),
    sa.Column("n", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
)
"""The workbook to correct, in pieces; made when it is first asked for."""
