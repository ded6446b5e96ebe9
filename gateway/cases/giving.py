"""Openings of our own steps about a record, for whoever is given its history."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

import sqlalchemy as sa

from gateway.base.context import Context
from gateway.base.crypto import ContentLost
from gateway.base.db import begin_read
from gateway.cases.models import case_steps, cases
from gateway.records.errors import ContentErased
from gateway.statements.errors import StatementUnknown
from gateway.statements.services import Statements
from ledger.core.ids import Digest, RecordId


class StepOpenings:
    """Reads them; steps of others, and what was erased or lost, are left out."""

    def __init__(self, ctx: Context, statements: Statements) -> None:
        self._ctx = ctx
        self._statements = statements

    def __call__(self, wanted: Collection[RecordId]) -> Mapping[RecordId, Iterator[bytes]]:
        """The openings of all our steps of cases about each of these records, in their order;
        nothing of a record without any. Each is read when it is taken."""
        own = self._ctx.settings.node.code
        query = (
            sa.select(cases.c.record, case_steps.c.commitment)
            .join(cases, cases.c.id == case_steps.c.case)
            .where(cases.c.record.in_(list(wanted)), case_steps.c.iss == own)
            .order_by(cases.c.opened, cases.c.id, case_steps.c.step)
        )
        found: dict[RecordId, list[bytes]] = {}
        with begin_read(self._ctx.engine) as connection:
            for row in connection.execute(query):
                found.setdefault(RecordId(Digest(row.record)), []).append(row.commitment)
        return {record: self._openings(steps) for record, steps in found.items()}

    def _openings(self, commitments: Sequence[bytes]) -> Iterator[bytes]:
        for commitment in commitments:
            try:
                yield self._statements.opening(commitment).encode()
            except (StatementUnknown, ContentErased, ContentLost):
                continue
