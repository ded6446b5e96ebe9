"""What a counter is told of a number and a code: whether there is such a report, and whether what
it says has changed since. Nothing of its content."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from hmac import compare_digest
from typing import Final

import sqlalchemy as sa

from gateway.base.access_table import Standing
from gateway.base.context import Context
from gateway.base.crypto import Hmac
from gateway.base.db import begin_read
from gateway.base.policy import Days, Status
from gateway.log.store import locate
from gateway.queries.stated import OPEN
from gateway.records.models import records, subjects
from gateway.records.store import WITH_KEYS, known_of, record_row
from gateway.reports import store
from gateway.reports.counting import Tries
from gateway.reports.errors import ReportRefused
from gateway.reports.interfaces import Counted
from gateway.reports.services import Reports, mark_of
from gateway.statuses.services import Statuses
from ledger.chain.contracts.structs import GOVERNMENT
from ledger.core.report_content import fold_code, is_number
from ledger.records import schema as schemas

_HERE: Final[Mapping[Status, Standing]] = {
    Status.SUPERSEDED: Standing.SUPERSEDED,
    Status.CLOSED: Standing.OUTCOME,
    Status.ERASED: Standing.ERASED,
}
_THEN: Final = {False: Standing.IN_FORCE, True: Standing.DISPUTED}
_LOOKED_AT: Final = 1000
"""Records of a subject that came after a report, of which one that is reportable is enough."""


class Counter:
    """Answers; safe in threads."""

    def __init__(
        self,
        ctx: Context,
        *,
        reports: Reports,
        tries: Tries,
        hmac: Hmac,
        statuses: Statuses,
    ) -> None:
        self._ctx = ctx
        self._reports = reports
        self._tries = tries
        self._hmac = hmac
        self._statuses = statuses

    def check(self, number: str, code: str) -> Counted:
        """What is to be said. Raises TooManyTries, NotReady."""
        if not is_number(number):
            return "unknown"
        mark = mark_of(self._hmac, number, fold_code(code))

        def match(_: sa.Connection, row: store.Row) -> store.Row | None:
            return row if compare_digest(row.code, mark) else None

        row = self._tries.look(number, match)
        if row is None:
            return "unknown"
        return "changed-since" if self.has_changed(row) else "genuine"

    def lines_now(self, row: store.Row) -> Mapping[int, Standing]:
        """How the record of each line stands now. Raises NotReady."""
        with begin_read(self._ctx.engine) as connection:
            rows = store.records_of(connection, row.n)
            held = [(one, _status(connection, one.record)) for one in rows]
        return {
            one.line: _HERE.get(status) or Standing(self._statuses(one.record).value)
            for one, status in held
        }

    def copy(self, number: str) -> bytes:
        """What the key of the QR unseals, as long as nothing in it is closed. Raises ReportRefused,
        NotReady."""
        row = self._reports.row(number)
        if not OPEN.issuperset(self.lines_now(row).values()):
            raise ReportRefused("report-gone")
        return self._reports.copy(row)

    def has_changed(self, row: store.Row) -> bool:
        """Whether a record of it stands otherwise than then, or another one has come. Raises
        NotReady."""
        if not row.content:  # one of its records was erased
            return True
        with begin_read(self._ctx.engine) as connection:
            held = store.records_of(connection, row.n)
            if _has_more(connection, row):
                return True
        then = {one.line: _THEN[bool(one.disputed)] for one in held}
        return self.lines_now(row) != then


def _status(connection: sa.Connection, record: bytes) -> Status:
    found = locate(connection, record)
    if found is None:  # the log was lost with what came after a backup
        return Status.SUPERSEDED
    return known_of(record_row(connection, found.id))[1]


def _has_more(connection: sa.Connection, row: store.Row) -> bool:
    """Whether a record came afterwards that would be in the report if it were made now."""
    families, days = set(row.families.split(",")), _days(row)
    query = (
        WITH_KEYS.join(subjects, subjects.c.id == records.c.subject)
        .where(subjects.c.code == row.subject, records.c.id > row.newest)
        .order_by(records.c.id)
        .limit(_LOOKED_AT)
    )
    for one in connection.execute(query):
        record, status = known_of(one)
        if status is not Status.IN_FORCE or record.visibility == GOVERNMENT:
            continue
        name, _, version = one.schema.partition("@")
        schema = schemas.find(name, int(version))
        if schema is not None and schema.family in families and record.decided.meet(days):
            return True
    return False


def _days(row: store.Row) -> Days:
    return Days(date.fromisoformat(row.first), date.fromisoformat(row.last))
