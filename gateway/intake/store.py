"""Making a set durable: its records, their entries and the promise, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import sqlalchemy as sa

from gateway.crash import crash_point
from gateway.db import begin_write
from gateway.intake.commit import Made
from gateway.intake.interfaces import Promise
from gateway.intake.models import records
from gateway.intake.promises import insert_promise
from gateway.log.services import enqueue, log_row
from gateway.node import Node

_INSERT = sa.insert(records)


def store(
    node: Node,
    made: Sequence[Made],
    promise: Promise,
    *,
    log_id: bytes,
    departments: Sequence[str | None],
    within: Callable[[sa.Connection, int], None],
) -> int:
    """Store all of them or none; returns the row number of the promise.

    departments: of each record, in the same order. within: called with the open transaction and
    that number, for what is to be stored together with them. Raises IntegrityError where another
    request or process has stored one of the keys meanwhile.
    """
    with begin_write(node.engine) as connection:
        log = log_row(connection, log_id)
        promise_id = insert_promise(connection, promise, log=log, key_id=node.keys.anchor.key_id)
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
        within(connection, promise_id)
        crash_point("intake.stored", "before")
    crash_point("intake.stored", "after")
    node.wake.set()
    return promise_id
