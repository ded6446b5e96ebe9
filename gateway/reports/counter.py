"""What a counter is told of a number and a code: whether there is such a report, and whether what
it says has changed since. Nothing of its content."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from hmac import compare_digest
from typing import Final

import sqlalchemy as sa

from gateway.base.access_table import Standing
from gateway.base.context import Context
from gateway.base.crypto import Hmac
from gateway.base.db import begin_read
from gateway.base.policy import Days, Status
from gateway.log.located import entries_of
from gateway.queries.stated import OPEN
from gateway.records.models import records, subjects
from gateway.records.store import WITH_KEYS, known_of, statuses_of
from gateway.reports import store
from gateway.reports.counting import Tries
from gateway.reports.errors import ReportRefused
from gateway.reports.interfaces import Counted
from gateway.reports.services import PROOF, Reports, mark_of
from gateway.statuses.interfaces import Logged
from gateway.statuses.services import standings
from ledger.chain.contracts.structs import GOVERNMENT
from ledger.core.ids import Digest, RecordId
from ledger.core.report_content import fold_code
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
    ) -> None:
        self._ctx = ctx
        self._reports = reports
        self._tries = tries
        self._hmac = hmac

    def check(self, number: str, code: str, asker: str) -> Counted:
        """What is to be said. Raises TooManyTries, NotReady."""
        mark = mark_of(self._hmac, number, fold_code(code))

        def match(_: sa.Connection, row: store.Row) -> store.Row | None:
            return row if compare_digest(row.code, mark) else None

        row = self._tries.code(number, asker, match)
        if row is None:
            return "unknown"
        return "changed-since" if self.has_changed(row) else "genuine"

    def copy(self, number: str, proof: str, asker: str) -> tuple[bytes, Counted]:
        """What the key of the QR unseals, for whoever proves to have it, as long as nothing in it
        is closed; and what a counter would be told. Raises ReportRefused, TooManyTries,
        NotReady."""
        mark = mark_of(self._hmac, PROOF + number, proof)

        def match(_: sa.Connection, row: store.Row) -> store.Row | None:
            return row if compare_digest(row.proof, mark) else None

        row = self._tries.proof(number, asker, match)
        if row is None:
            raise ReportRefused("not-found")
        sealed = self._reports.copy(row)
        changed = self.has_changed(row)
        if not OPEN.issuperset(self.lines_now(row).values()):  # last: nothing is waited for after
            raise ReportRefused("report-gone")
        return sealed, "changed-since" if changed else "genuine"

    def lines_now(self, row: store.Row) -> Mapping[int, Standing]:
        """How the record of each line stands now. Raises NotReady."""
        with begin_read(self._ctx.engine) as connection:
            held = store.records_of(connection, row.n)
            return _standings(connection, held)

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
            return _standings(connection, held) != then


def _standings(connection: sa.Connection, held: Sequence[store.Row]) -> Mapping[int, Standing]:
    """By line; in a few queries for all of them, since strangers have us ask. Raises NotReady."""
    entries = entries_of(connection, [one.leaf for one in held])
    here = statuses_of(connection, list(entries.values()))
    logged = [
        Logged(
            record=RecordId(Digest(one.record)),
            first=RecordId(Digest(one.first)),
            entry=entries.get(one.leaf),
        )
        for one in held
    ]
    told, found = standings(connection, logged), dict[int, Standing]()
    for one in held:  # the log may be lost with what came after a backup
        status = here.get(entries.get(one.leaf, 0), Status.SUPERSEDED)
        found[one.line] = _HERE.get(status) or Standing(told[one.record].value)
    return found


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
