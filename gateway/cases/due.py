"""Which records may now be applied for: their minimum has passed, and nothing has been decided.

Reckoned exactly as a grant is judged, by the rules that a record names, its class and the kind of
its authority. A page looks at a bounded number of records, so that the list of a department costs
the same beside millions of others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import sqlalchemy as sa

from gateway.accesses.services import Access, AccessLog
from gateway.anchoring.progress import anchored_sizes
from gateway.base.crypto import ContentLost
from gateway.base.db import begin_read, begin_write
from gateway.base.policy import Caller, Decision, Purpose, decide
from gateway.cases import store
from gateway.cases.deciding import earliest
from gateway.cases.interfaces import Answer
from gateway.cases.looking import acted_of
from gateway.cases.marking import TAKES_AWAY
from gateway.cases.services import Cases
from gateway.log.located import Entries, of_row
from gateway.log.models import entries
from gateway.receipts.stranded import is_stranded
from gateway.records.content import Content
from gateway.records.models import records
from gateway.records.store import CLOSED, WITH_KEYS, known_of, open_content
from ledger.core.commitment import CLASSES
from ledger.core.ids import RecordId
from ledger.core.status import Action
from ledger.records import schema as schemas
from ledger.records.publicity import EarliestEnd
from ledger.records.rules import Rules
from ledger.records.schema import Schema

TYPE: Final = "credit-ledger/repairs-due@1"
MOST: Final = 1000
"""Records of a page; each was opened, and has its line in the access log."""
LOOKED_AT: Final = 5000
"""Records that are looked at for a page."""
_MAX_MARKS: Final = 4096
_MONTHS: Final = 100
_DECIDED: Final = (Action.REPAIR, Action.END, *TAKES_AWAY)


@dataclass(frozen=True, slots=True)
class _Opened:
    """A record that may be due."""

    row: sa.Row[Any]
    content: Content
    schema: Schema
    rules: Rules


class Due:
    """Lists what may be repaired."""

    def __init__(self, cases: Cases, accesses: AccessLog) -> None:
        self._cases = cases
        self._accesses = accesses

    def page(self, caller: Caller, on: date, *, after: int = 0, limit: int = MOST) -> Answer:
        """At most `limit` records, in the order in which they came, behind the place `after`; with
        `next`, where to ask on (None: that was all), and `undetermined`, how many of those looked
        at cannot be reckoned, because a file of a type or of rules is not here. Raises
        ContentKeyMissing."""
        found: list[dict[str, Any]] = []
        lines: list[Access] = []
        undetermined, last, more = 0, after, False
        with begin_read(self._cases.ctx.engine) as connection:
            rows = self._rows(connection, caller, on, after)
            held, anchored = Entries(connection), dict(anchored_sizes(connection))
            for row in rows:
                if more := len(found) >= limit:
                    break
                last = row.id
                if not decide(caller, Purpose.DUE, *known_of(row)).allowed:
                    continue
                opened = self._open(row)
                if opened is None:
                    undetermined += 1
                    continue
                told = self._told(opened, on)
                if told is None:
                    continue
                record = self._free(connection, held, anchored, row)
                if record is not None:
                    found.append({"record": record.hex(), "leaf": row.leaf.hex(), **told})
                    lines.append(_line(caller, row.leaf))
        if lines:
            with begin_write(self._cases.ctx.engine) as connection:
                self._accesses.put(connection, lines, self._cases.ctx.clock.seconds())
        return {
            "_type": TYPE,
            "member": self._cases.ctx.settings.node.code,
            "on": on.isoformat(),
            "items": found,
            "undetermined": undetermined,
            "next": last if more or len(rows) == LOOKED_AT else None,
        }

    @staticmethod
    def _rows(
        connection: sa.Connection, caller: Caller, on: date, after: int
    ) -> Sequence[sa.Row[Any]]:
        """Records in force, decided by then, of which policy may allow some."""
        query = (
            WITH_KEYS.add_columns(entries.c.leaf)
            .join(entries, entries.c.id == records.c.id)
            .where(
                records.c.id > after,
                records.c.superseded_by == b"",
                records.c.period <= on.year * _MONTHS + on.month,
                sa.not_(CLOSED),
            )
            .order_by(records.c.id)
            .limit(LOOKED_AT)
        )
        if not caller.whole_member and len(caller.marks) <= _MAX_MARKS:
            theirs: list[sa.ColumnElement[bool]] = [records.c.authority.in_(list(caller.marks))]
            if caller.department is not None:
                theirs.append(records.c.department == caller.department)
            query = query.where(sa.or_(*theirs))
        return connection.execute(query).all()

    def _open(self, row: sa.Row[Any]) -> _Opened | None:
        """Its content, with the files by which it is judged; None where one is not at hand."""
        try:
            content = open_content(self._cases.vault, row, row.leaf)
        except ContentLost:
            return None
        name, _, version = content.schema.partition("@")
        schema = schemas.find(name, int(version))
        rules = self._cases.rules_named(content)
        if schema is None or rules is None:
            return None
        return _Opened(row, content, schema, rules)

    def _told(self, opened: _Opened, on: date) -> dict[str, Any] | None:
        """A record that is due, without its id; None where it is not."""
        content, schema = opened.content, opened.schema
        over = content.until is not None and date.fromisoformat(content.until) < on
        if schema.is_adverse(content.fields) is not True or over:
            return None  # at its end publicity ends by itself
        classes = CLASSES if content.class_ is None else (content.class_,)
        ends = {one: self._earliest(opened, one) for one in classes}
        due = {one: end for one, end in ends.items() if end.certain <= on}
        if not due:
            return None
        first = min(end.certain for end in due.values())
        return {
            "type": schema.id.partition("@")[0],
            **_names(schema, content.fields),
            "decided": content.decided,
            "class": content.class_,
            "until": content.until,
            "possibleFrom": first.isoformat(),
            "byClass": {one: end.certain.isoformat() for one, end in ends.items()},
        }

    def _earliest(self, opened: _Opened, class_: str) -> EarliestEnd:
        return earliest(class_, opened.content, opened.schema, opened.rules, self._cases.kinds)

    @staticmethod
    def _free(
        connection: sa.Connection,
        held: Entries,
        anchored: Mapping[bytes, int],
        row: sa.Row[Any],
    ) -> RecordId | None:
        """Its record id, where an application can be taken: it is anchored, none is open, and no
        outcome is on its way to the chain."""
        at = of_row(connection, row.id, held)
        if (
            at.index is None
            or at.index >= anchored.get(at.log_id, 0)
            or is_stranded(connection, at)
        ):
            return None
        record = held.record_id(at)
        acted = acted_of(held, at)
        if record is None or acted is None or store.open_repair(connection, record, acted):
            return None
        return None if store.on_its_way(connection, acted, _DECIDED) else record


def _names(schema: Schema, fields: Mapping[str, str | list[str]]) -> dict[str, Any]:
    """By what people know it."""
    return {
        "document": fields.get(schema.document),
        "authority": fields.get(schema.authority.name),
        "subject": {
            "name": fields.get(schema.subject.name),
            "code": fields.get(schema.subject.code),
        },
    }


def _line(caller: Caller, leaf: bytes) -> Access:
    return Access(token=caller.id, purpose=Purpose.DUE, decision=Decision(None), record=leaf)
