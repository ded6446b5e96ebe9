"""Making a set durable: its records, their entries and the promise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from gateway.base.crypto import Vault
from gateway.base.db import insert_rows
from gateway.intake.drafts import Draft
from gateway.intake.interfaces import SignedPromise
from gateway.intake.lookup import Known
from gateway.intake.promises import insert_promise
from gateway.log.services import enqueue, log_row
from gateway.records.models import records
from gateway.records.store import put_contents
from gateway.sealing.services import Kind, put
from gateway.subjects.store import number_subjects
from ledger.core.canonical import unhex32
from ledger.core.errors import LedgerError

_COLUMNS = (
    "id",
    "schema",
    "department",
    "authority",
    "visibility",
    "period",
    "subject",
    "stored_at",
    "document_key",
    "record_key",
    "superseded_by",
    "content_mac",
    "content",
)
_IN_FORCE = b""
_ELSEWHERE = b""
"""Content that lies in `contents`."""


class CorrectedMeanwhile(LedgerError):
    """A record that was to be corrected is in force no more."""


def store(
    connection: sa.Connection,
    drafts: Sequence[Draft],
    promise: SignedPromise,
    vault: Vault,
    *,
    key_id: bytes,
    departments: Sequence[str | None],
    corrected: Mapping[int, Known],
) -> None:
    """Store them within the caller's transaction.

    departments: of each record, in the same order. corrected: by place in the set the records that
    they correct, whose keys they may take. Raises IntegrityError where another request or process
    has stored one of the keys meanwhile, CorrectedMeanwhile where it corrected one of those; then
    the transaction must be given up. Raises ContentKeyMissing as `gateway.sealing.services.put`.
    """
    for draft in drafts:
        if draft.at in corrected:
            _supersede(connection, corrected[draft.at], draft)
    log = log_row(connection, unhex32(promise.log))
    promise_id = insert_promise(connection, promise, log=log, key_id=key_id)
    ids = enqueue(
        connection,
        log=log,
        promise=promise_id,
        leaves=[draft.leaf for draft in drafts],
        record_ids=[draft.record_id for draft in drafts],
        entry_bytes=[draft.entry for draft in drafts],
    )
    keys = [
        (row_id, draft.leaf, draft.wrapped_by, draft.wrapped_key)
        for row_id, draft in zip(ids, drafts, strict=True)
    ]
    put(connection, vault, Kind.RECORD, keys)
    _put_records(connection, ids, drafts, departments, promise.issued_at)
    put_contents(connection, zip(ids, (draft.content for draft in drafts), strict=True))


def _put_records(
    connection: sa.Connection,
    ids: Sequence[int],
    drafts: Sequence[Draft],
    departments: Sequence[str | None],
    at: int,
) -> None:
    numbers = number_subjects(connection, {draft.subject for draft in drafts} - {None})
    rows = [
        (
            row_id,
            draft.schema,
            department,
            draft.authority,
            draft.visibility,
            draft.period,
            None if draft.subject is None else numbers[draft.subject],
            at,
            draft.document_key,
            draft.record_key,
            _IN_FORCE,
            draft.content_mac,
            _ELSEWHERE,
        )
        for row_id, draft, department in zip(ids, drafts, departments, strict=True)
    ]
    insert_rows(connection, records, _COLUMNS, rows)


def _supersede(connection: sa.Connection, old: Known, draft: Draft) -> None:
    change = sa.update(records).where(records.c.id == old.id, records.c.superseded_by == _IN_FORCE)
    if connection.execute(change.values(superseded_by=draft.leaf)).rowcount != 1:
        raise CorrectedMeanwhile(old.id)
