"""Records of this member by whom they are about, or by number: those that the caller may read.

What the caller may not read is not counted either. Of a subject nothing is told that was repaired
or closed otherwise, but to whom its content is open.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from gateway.accesses.services import Access, AccessLog
from gateway.base.context import Context
from gateway.base.crypto import SUBJECT_CODE, ContentLost
from gateway.base.db import begin_read, begin_write
from gateway.base.policy import Caller, Decision, Purpose, Status, decide
from gateway.intake.lookup import standings
from gateway.log.models import entries
from gateway.records.content import Content
from gateway.records.models import records, subjects
from gateway.records.store import WITH_KEYS, known_of, open_content
from gateway.statuses.unclosed import unclosed
from gateway.worklists.find import Finder, schema_of
from gateway.worklists.reading import Entry
from ledger.core.canonical import instant
from ledger.records.keys import subject_keys
from ledger.records.schema import Schema

LOOKED_AT: Final = 2000
"""Records that are asked of policy for one answer; whoever asks goes on from there."""
_AT_ONCE: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """What is looked for: a subject by its code, or a document by its number and the codes of the
    authorities whose it may be. before: row number, of which only earlier records are told."""

    subject: str | None = None
    document: str | None = None
    authorities: Sequence[str] = ()
    before: int | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True)
class _Seen:
    """A record that the caller may read. status: as policy has it."""

    row: sa.Row[Any]
    status: Status


class Searching:
    """Searches with the member's keys."""

    def __init__(self, ctx: Context, finder: Finder, accesses: AccessLog) -> None:
        self._ctx = ctx
        self._finder = finder
        self._accesses = accesses

    def search(self, caller: Caller, sought: Sought) -> dict[str, Any]:
        """The newest that match. `next`: what to go on with as `before`, null: there are no more.
        What was told stands in the access log before this returns. Raises NotReady where records
        are closed faster than it can be made; ContentKeyMissing."""
        return unclosed(self._ctx.engine, lambda: self._searched(caller, sought))

    def _searched(self, caller: Caller, sought: Sought) -> dict[str, Any]:
        with begin_read(self._ctx.engine) as connection:
            found, following = self._found(connection, caller, self._condition(sought), sought)
            places = standings(connection, [one.row.id for one in found])
            leaves = _leaves(connection, [one.row.id for one in found])
        told = []
        for one in found:
            place = places.get(one.row.id)
            record = place and place.record_id
            told.append(
                {
                    "leaf": leaves[one.row.id].hex(),
                    "recordId": record and record.hex(),
                    "status": str(one.status),
                    "storedAt": instant(one.row.stored_at),
                    **_shown(self._opened(one, leaves[one.row.id])),
                }
            )
        self._log(caller, list(leaves.values()))
        return {"records": told, "next": following}

    def _condition(self, sought: Sought) -> sa.ColumnElement[bool]:
        if sought.subject is not None:
            mark = self._finder.hmac.fingerprint(
                SUBJECT_CODE, subject_keys(sought.subject, "").code
            )
            return records.c.subject.in_(sa.select(subjects.c.id).where(subjects.c.code == mark))
        entry = Entry(row=0, sheet=None, texts={"number": sought.document or ""})
        wanted = [self._finder.wanted(entry, code) for code in sought.authorities]
        return records.c.document_key.in_(sorted({key for one in wanted for key in one.documents}))

    def _found(
        self,
        connection: sa.Connection,
        caller: Caller,
        condition: sa.ColumnElement[bool],
        sought: Sought,
    ) -> tuple[list[_Seen], int | None]:
        found: list[_Seen] = []
        looked, last = 0, sought.before
        while looked < LOOKED_AT:
            query = WITH_KEYS.where(condition).order_by(records.c.id.desc()).limit(_AT_ONCE)
            if last is not None:
                query = query.where(records.c.id < last)
            rows = connection.execute(query).all()
            for row in rows:
                record, status = known_of(row)
                if not decide(caller, Purpose.SHOW, record, status).allowed:
                    continue
                if len(found) == sought.limit:
                    return found, found[-1].row.id
                found.append(_Seen(row, status))
            if len(rows) < _AT_ONCE:
                return found, None
            looked, last = looked + len(rows), rows[-1].id
        return found, last

    def _opened(self, one: _Seen, leaf: bytes) -> Content | None:
        try:
            return open_content(self._finder.vault, one.row, leaf)
        except ContentLost:  # told of all the same: its page says what is wrong
            return None

    def _log(self, caller: Caller, leaves: Sequence[bytes]) -> None:
        lines = [
            Access(token=caller.id, purpose=Purpose.SHOW, decision=Decision(None), record=leaf)
            for leaf in leaves
        ]
        if lines:
            with begin_write(self._ctx.engine) as connection:
                self._accesses.put(connection, lines, self._ctx.clock.seconds())


def _leaves(connection: sa.Connection, ids: Sequence[int]) -> dict[int, bytes]:
    query = sa.select(entries.c.id, entries.c.leaf).where(entries.c.id.in_(list(ids)))
    found = {row.id: bytes(row.leaf) for row in connection.execute(query)}
    return {one: found[one] for one in ids}


def _shown(content: Content | None) -> dict[str, Any]:
    """What tells one record from another."""
    schema = None if content is None else schema_of(content)
    type_ = None if content is None else content.schema.partition("@")[0]
    named = {} if content is None or schema is None else dict(_named(schema, content))
    return {
        "type": type_,
        "decided": content and content.decided,
        "until": content and content.until,
        **{name: named.get(name) for name in ("document", "authority", "subject")},
    }


def _named(schema: Schema, content: Content) -> Iterator[tuple[str, str]]:
    codes = {
        "document": schema.document,
        "authority": schema.authority.name,
        "subject": schema.subject.name,
    }
    for name, code in codes.items():
        value = content.fields.get(code)
        if value:
            yield name, value if isinstance(value, str) else ";".join(value)
