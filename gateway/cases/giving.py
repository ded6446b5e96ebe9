"""Openings of our own steps about a record, for whoever is given its history."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from gateway.base.context import Context
from gateway.base.crypto import ContentLost
from gateway.base.db import begin_read
from gateway.cases.models import case_steps, cases
from gateway.records.errors import ContentErased
from gateway.statements.errors import StatementUnknown
from gateway.statements.services import Statements
from ledger.core.ids import RecordId


class StepOpenings:
    """Reads them; steps of others, and what was erased or lost, are left out."""

    def __init__(self, ctx: Context, statements: Statements) -> None:
        self._ctx = ctx
        self._statements = statements

    def __call__(self, record: RecordId) -> Iterator[bytes]:
        """The openings of all our steps of cases about a record, in their order."""
        own = self._ctx.settings.node.code
        query = (
            sa.select(case_steps.c.commitment)
            .join(cases, cases.c.id == case_steps.c.case)
            .where(cases.c.record == record, case_steps.c.iss == own)
            .order_by(cases.c.opened, cases.c.id, case_steps.c.step)
        )
        with begin_read(self._ctx.engine) as connection:
            wanted = list(connection.scalars(query))
        for commitment in wanted:
            try:
                yield self._statements.opening(commitment).encode()
            except (StatementUnknown, ContentErased, ContentLost):
                continue
