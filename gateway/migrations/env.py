"""Alembic's entry: runs on the connection, and in the transaction, that `migrate` gives it."""

from __future__ import annotations

from alembic import context

import gateway.accesses.models
import gateway.anchoring.models
import gateway.files.models
import gateway.jobs.models
import gateway.log.models
import gateway.records.models
import gateway.sealing.models
import gateway.tokens.models  # noqa: F401 - each registers its tables
from gateway.base.db import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite alters a table by copying it
)
with context.begin_transaction():
    context.run_migrations()
