"""The record that a row means."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import sqlalchemy as sa

from gateway.base.crypto import Hmac, Vault
from gateway.base.policy import Caller, Purpose, decide
from gateway.casefiles.reading import adverse_families
from gateway.casefiles.store import FileRow
from gateway.cases.errors import CaseRefused
from gateway.cases.interfaces import Held
from gateway.cases.looking import look
from gateway.intake.lookup import Known, standings
from gateway.worklists.columns import Role
from gateway.worklists.find import Finder, Wanted, matches
from gateway.worklists.reading import Entry

_TEXTS: tuple[Role, ...] = ("number", "authority", "subject")


class Finding:
    """Finds by document number, authority and, where it is stated, subject."""

    def __init__(self, vault: Vault, hmac: Hmac) -> None:
        self._vault = vault
        self._finder = Finder(hmac, vault)

    def find(
        self, connection: sa.Connection, caller: Caller, rows: Sequence[FileRow]
    ) -> list[Held | CaseRefused]:
        """For each row its record, or why there is none that it may decide about."""
        families = adverse_families()
        wanted = [self._wanted(row, families) for row in rows]
        known = self._finder.known(connection, wanted)
        return [
            self._one(connection, caller, row, matches(one, known))
            if self._files_for(caller, str(row.said["authority"]))
            else CaseRefused("authority-not-yours")
            for row, one in zip(rows, wanted, strict=True)
        ]

    def _wanted(self, row: FileRow, families: frozenset[str]) -> Wanted:
        texts = {name: row.said[name] for name in _TEXTS if name in row.said}
        entry = Entry(row=row.n, sheet=None, texts=texts, families=families)
        return self._finder.wanted(entry, texts["authority"])

    def _files_for(self, caller: Caller, authority: str) -> bool:
        """Whether it could be the caller's; what others hold is not to be found out here."""
        return not caller.authorities or self._finder.mark(authority) in caller.marks

    def _one(
        self, connection: sa.Connection, caller: Caller, row: FileRow, found: Sequence[Known]
    ) -> Held | CaseRefused:
        if not found:
            return CaseRefused("record-unknown", extra={"field": "number"})
        if len(found) > 1:
            return CaseRefused("record-ambiguous", extra={"field": "subject"})
        leaf = standings(connection, [found[0].id])[found[0].id].leaf
        held = look_or_refuse(connection, self._vault, leaf)
        if isinstance(held, CaseRefused):
            return held
        if not decide(caller, Purpose.DECIDE, held.known).allowed:
            return CaseRefused("authority-not-yours")
        return _fit(row, held)


def _fit(row: FileRow, held: Held) -> Held | CaseRefused:
    if held.content is None or held.schema is None:
        return CaseRefused("content-erased")
    if held.schema.is_adverse(held.content.fields) is False:
        return CaseRefused("record-unfit")
    if date.fromisoformat(row.said["day"]) < date.fromisoformat(held.content.decided):
        return CaseRefused("day-before-decision", extra={"field": "day"})
    return held


def look_or_refuse(connection: sa.Connection, vault: Vault, name: bytes) -> Held | CaseRefused:
    """A record by its id or leaf, or why it cannot be decided about."""
    try:
        return look(connection, vault, name)
    except CaseRefused as error:
        return error
