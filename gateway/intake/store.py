"""Making a set durable: its records, their entries and the promise."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from gateway.intake.commit import Made
from gateway.intake.interfaces import Promise
from gateway.intake.models import records
from gateway.intake.promises import insert_promise
from gateway.log.services import enqueue, log_row
from ledger.core.canonical import unhex32

_INSERT = sa.insert(records)


def store(
    connection: sa.Connection,
    made: Sequence[Made],
    promise: Promise,
    *,
    key_id: bytes,
    departments: Sequence[str | None],
) -> None:
    """Store them within the caller's transaction.

    departments: of each record, in the same order. Raises IntegrityError where another request
    or process has stored one of the keys meanwhile; then the transaction must be given up.
    """
    log = log_row(connection, unhex32(promise.log))
    promise_id = insert_promise(connection, promise, log=log, key_id=key_id)
    ids = enqueue(
        connection,
        log=log,
        promise=promise_id,
        leaves=[record.leaf for record in made],
        entry_bytes=[record.entry for record in made],
    )
    connection.execute(
        _INSERT,
        [
            {
                "id": row_id,
                "schema": record.good.schema.id,
                "department": department,
                "stored_at": promise.issued_at,
                "record_key": record.good.record_key,
                "document_key": record.good.document_key,
                "content_mac": record.good.content_mac,
                "wrapped_key": record.sealed.wrapped_key,
                "content": record.sealed.content,
            }
            for row_id, record, department in zip(ids, made, departments, strict=True)
        ],
    )
