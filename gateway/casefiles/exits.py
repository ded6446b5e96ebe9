"""Records that an import took in and that decide about others: an exit proposes the end of the
entry that it names, a correction that of the record that it corrects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import sqlalchemy as sa

from gateway.base.crypto import SUBJECT_CODE, Hmac, Vault
from gateway.base.policy import Caller, Purpose, decide
from gateway.casefiles.finding import look_or_refuse
from gateway.casefiles.store import FileRow, Said
from gateway.cases.errors import CaseRefused
from gateway.cases.interfaces import Held
from gateway.cases.looking import look, standing_leaf
from gateway.intake.lookup import standings
from gateway.records.models import records, subjects
from gateway.worklists.find import Finder, matches
from gateway.worklists.reading import Entry
from ledger.core.status import Basis
from ledger.records.fold import fold
from ledger.records.keys import subject_keys
from ledger.records.uscc import FILLER

CORRECT: Final = "correct"
BASES: Final[Mapping[str, Basis]] = {"end": Basis.LIST_EXIT, CORRECT: Basis.ISSUER_CHECK}
"""Of the acts that an import proposes."""
MAX_ENTRIES = 200
"""Entries of one subject in one kind of list that are looked at."""
_IN_FORCE = b""


class _Exit(NamedTuple):
    """An exit type. entry: family of what it ends. number, day: its fields that name the entry's
    number and day, day None: it has none. of, list_: fields with the name of the list in the exit
    and in the entry."""

    entry: str
    number: str
    day: str | None
    of: str
    list_: str


EXITS: Final[Mapping[str, _Exit]] = {
    "severe-list-exit": _Exit("severe-list-entry", "YY_LRWSH", None, "YY_MC", "YZ_MC"),
    "abnormal-list-exit": _Exit("abnormal-list", "YM_LRWSH", "YM_LRRQ", "YM_MC", "YC_MC"),
    "incentive-list-exit": _Exit("incentive-list-entry", "SY_LRWSH", "SY_LRRQ", "SY_MC", "SX_MC"),
}
"""By family."""


class Found(NamedTuple):
    """What a row means. entry: None: it cannot be told yet. said: what the row says from now on,
    None: as before."""

    entry: Held | CaseRefused | None
    said: Said | None = None


class Exits:
    """Finds what exits end, and what corrections correct."""

    def __init__(self, vault: Vault, hmac: Hmac) -> None:
        self._vault = vault
        self._hmac = hmac
        self._finder = Finder(hmac, vault)

    def find(
        self, connection: sa.Connection, caller: Caller, rows: Sequence[FileRow]
    ) -> Iterator[Found]:
        """For each row the entry that its record names, or why there is none."""
        for row in rows:
            yield self._one(connection, caller, row)

    def _one(self, connection: sa.Connection, caller: Caller, row: FileRow) -> Found:
        leaf = standing_leaf(connection, bytes.fromhex(row.said["leaf"]))
        try:
            held = look(connection, self._vault, leaf)
        except CaseRefused as error:
            return Found(None if error.code == "not-anchored" else error)
        if held.content is None or held.schema is None:
            return Found(CaseRefused("content-erased"))
        if row.act == CORRECT:
            return self._corrected(connection, caller, row, held)
        exit_, fields = EXITS[held.schema.family], held.content.fields
        said = {
            **row.said,
            "number": _text(fields, exit_.number) or "",
            "authority": held.authority,
            "result": held.schema.title["zh"],
            "day": held.content.decided,
        }
        return Found(self._entry(connection, caller, held, exit_), said)

    def _corrected(
        self, connection: sa.Connection, caller: Caller, row: FileRow, held: Held
    ) -> Found:
        """The record that one corrects; from today on, as the import is what decides."""
        assert held.content is not None  # noqa: S101 - the caller looked
        assert held.schema is not None  # noqa: S101 - the caller looked
        said = {
            **row.said,
            "number": _text(held.content.fields, held.schema.document) or "",
            "authority": held.authority,
            "result": "更正",
        }
        old = look_or_refuse(connection, self._vault, bytes.fromhex(row.said["corrects"]))
        if isinstance(old, Held) and not decide(caller, Purpose.SUBMIT, old.known).allowed:
            return Found(CaseRefused("authority-not-yours"), said)
        return Found(old, said)

    def _entry(
        self, connection: sa.Connection, caller: Caller, held: Held, exit_: _Exit
    ) -> Held | CaseRefused:
        assert held.content is not None  # noqa: S101 - the caller looked
        fields = held.content.fields
        number, day = _text(fields, exit_.number), _text(fields, exit_.day or "")
        if number is None and day is None:
            return CaseRefused("exit-unnamed")
        found = [
            entry
            for leaf in self._candidates(connection, held, exit_, number)
            if (entry := self._look(connection, leaf)) is not None
            and _fits(entry, fields, exit_, number=number, day=day)
        ]
        if not found:
            return CaseRefused("entry-unknown", extra={"field": "number"})
        if len(found) > 1:
            return CaseRefused("record-ambiguous", extra={"field": "number"})
        if not decide(caller, Purpose.SUBMIT, found[0].known).allowed:
            return CaseRefused("authority-not-yours")
        if held.content.decided < found[0].content.decided:  # type: ignore[union-attr]
            return CaseRefused("day-before-decision", extra={"field": "day"})
        return found[0]

    def _candidates(
        self, connection: sa.Connection, held: Held, exit_: _Exit, number: str | None
    ) -> list[bytes]:
        """Leaves of the entries of the same subject; of one without a code those with the number
        and the authority."""
        assert held.content is not None  # noqa: S101 - the caller looked
        assert held.schema is not None  # noqa: S101 - the caller looked
        code = _text(held.content.fields, held.schema.subject.code)
        if code is not None and code != FILLER:
            mark = self._hmac.fingerprint(SUBJECT_CODE, subject_keys(code, "").code)
            query = (
                sa.select(records.c.id)
                .join(subjects, subjects.c.id == records.c.subject)
                .where(subjects.c.code == mark, records.c.schema.like(f"{exit_.entry}@%"))
                .where(records.c.superseded_by == _IN_FORCE)
                .order_by(records.c.id.desc())
                .limit(MAX_ENTRIES)
            )
            ids = list(connection.scalars(query))
        elif number is None or held.authority is None:
            return []
        else:
            entry = Entry(
                row=0, sheet=None, texts={"number": number}, families=frozenset({exit_.entry})
            )
            wanted = self._finder.wanted(entry, held.authority)
            found = self._finder.known(connection, [wanted])
            ids = [one.id for one in matches(wanted, found)]
        places = standings(connection, ids) if ids else {}
        return [places[id_].leaf for id_ in ids]

    def _look(self, connection: sa.Connection, leaf: bytes) -> Held | None:
        try:
            return look(connection, self._vault, leaf)
        except (
            CaseRefused
        ):  # an entry that is not anchored is not ended yet: its exit is not either
            return None


def _fits(
    entry: Held,
    fields: Mapping[str, str | list[str]],
    exit_: _Exit,
    *,
    number: str | None,
    day: str | None,
) -> bool:
    """Whether an exit names this entry: by its number, else by its day and list."""
    if entry.content is None or entry.schema is None:
        return False
    theirs = entry.content.fields
    if number is not None:
        named = _text(theirs, entry.schema.document)
        return named is not None and fold(named) == fold(number)
    same_list = fold(_text(theirs, exit_.list_) or "") == fold(_text(fields, exit_.of) or "")
    return entry.content.decided == day and same_list


def _text(fields: Mapping[str, str | list[str]], code: str) -> str | None:
    found = fields.get(code)
    return found if isinstance(found, str) and found else None
