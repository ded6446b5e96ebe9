"""The records that rows of a set are to correct."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from gateway.anchoring.progress import first_final_anchor
from gateway.intake.admission import Admission
from gateway.intake.drafts import Draft
from gateway.intake.lookup import COLUMNS, Known, known
from gateway.log.located import locate
from gateway.records.models import records, subjects
from ledger.records import schema as schemas


def corrected_of(
    connection: sa.Connection, drafts: Sequence[Draft], admission: Admission
) -> dict[int, Known]:
    """By place in the set, the record that a row corrects: one of this member's, of the same type
    and subject, of an authority of the caller's, finally anchored (the act on it needs that), in
    force. Left out where what is named is none."""
    found = {}
    for draft in drafts:
        if draft.corrects:
            old = _record(connection, draft)
            if old is not None and admission.may_correct(draft, old):
                found[draft.at] = old
    return found


def _record(connection: sa.Connection, draft: Draft) -> Known | None:
    at = locate(connection, draft.corrects)
    if at is None or at.index is None or at.leaf == draft.corrects:
        return None
    if first_final_anchor(connection, at.log, at.index) is None:
        return None
    row = connection.execute(
        sa.select(*COLUMNS, records.c.schema, subjects.c.code.label("subject_code"))
        .outerjoin(subjects, subjects.c.id == records.c.subject)
        .where(records.c.id == at.id)
    ).one_or_none()
    if row is None or _family(row.schema) != _family(draft.schema):
        return None
    # Or the record of one firm would be closed, and its receipt lead to another's. One that names
    # the wrong subject is withdrawn.
    if row.subject_code != (draft.subject[0] if draft.subject else None):
        return None
    (old,) = known(connection, [tuple(row)[: len(COLUMNS)]])
    return None if old.superseded_by else old


def _family(schema: str) -> str | None:
    name, _, version = schema.partition("@")
    found = schemas.find(name, int(version))
    return None if found is None else found.family
