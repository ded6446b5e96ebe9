"""Looking for subjects with two names or two codes, and telling whoever may see the records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import sqlalchemy as sa

from gateway.accesses.services import Access, AccessLog
from gateway.base.context import Context
from gateway.base.crypto import ContentLost, Hmac, Vault
from gateway.base.db import begin_write, read_long
from gateway.base.policy import Caller, Decision, Purpose, decide
from gateway.base.who import WhoFiles
from gateway.log.models import entries
from gateway.records.content import Content
from gateway.records.models import records
from gateway.records.store import CLOSED, WITH_KEYS, known_of, open_content
from gateway.statuses.unclosed import unclosed
from gateway.subjects.doubles import Double, Found, Lawful, doubles
from gateway.subjects.store import (
    Party,
    count_subjects,
    have_one_document,
    shared_parties,
    standing,
)
from ledger.chain.contracts.structs import PUBLIC
from ledger.core.canonical import instant
from ledger.core.texts import Text
from ledger.records import schema as schemas
from ledger.records.schema import Schema

TYPE = "credit-ledger/subjects-check@1"
MAX_FINDINGS = 1000
"""Of one answer; each has content that is opened, and a line in the access log."""
MAX_PARTIES = 20
"""Of one finding: a name that a form gave to a thousand firms is one mistake."""
FEW = 5
"""Records named of each party, where one begins to look."""
TRIED = 64
"""Rows that are asked of policy for them: the query lets some through that it does not."""
MAX_MARKS = 4096
"""Of a caller, in one query; SQLite takes some thousand values."""

_MONTHS = 100
_TEXTS: Mapping[Double, Text] = {
    Double.NAMES: {
        "zh": "同一统一社会信用代码有不同名称。请按证照更正错误的记录；如已更名，请报送变更登记，"
        "或由运维在 subjects_file 中列明其名称。",
        "en": "One USCC stands with several names. Correct the records that are wrong; where the"
        " name was changed, file the registration that says so, or have the operator list the names"
        " in `subjects_file`.",
    },
    Double.CODES: {
        "zh": "同一名称有不同统一社会信用代码。请按证照更正错误的记录；如代码已变更或注销，"
        "由运维凭文书在 subjects_file 中合并。",
        "en": "One name stands with several USCCs. Correct the records that are wrong; where a code"
        " was changed or closed, have the operator merge the codes in `subjects_file` by the"
        " document.",
    },
}


@dataclass(frozen=True, slots=True)
class Figures:
    """known: codes with a name ever met. doubles: findings now, by what is double."""

    known: int
    doubles: Mapping[Double, int]


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a caller sees of a party. leaves: of some of its records. content: of the first that
    opens; None where none does."""

    party: Party
    leaves: Sequence[bytes]
    opened: bytes | None
    content: Content | None


class SubjectCheck:
    """Finds doubles by their fingerprints, and opens of each only what it shows."""

    def __init__(
        self, ctx: Context, vault: Vault, hmac: Hmac, who: WhoFiles, accesses: AccessLog
    ) -> None:
        self._ctx = ctx
        self._vault = vault
        self._hmac = hmac
        self._who = who
        self._accesses = accesses
        self.figures: Figures | None = None
        """How many there were at the last `count`; None: before the first."""

    def check(self, caller: Caller, limit: int) -> dict[str, Any]:
        """The answer, with at most `limit` findings: those of which the caller may see two sides at
        the least. What was told of stands in the access log before this returns. Raises
        ContentKeyMissing; NotReady where records are closed faster than it can be made."""
        return unclosed(self._ctx.engine, lambda: self._checked(caller, limit))

    def _checked(self, caller: Caller, limit: int) -> dict[str, Any]:
        with read_long(self._ctx.engine) as connection:
            found = self._found(connection)
            told: list[dict[str, Any]] = []
            lines: list[Access] = []
            more = False
            for one in found:
                seen = self._seen(connection, caller, one)
                if len(seen) < len(("one side", "the other")):
                    continue
                if more := len(told) == limit:
                    break
                told.append(self._told(connection, caller, one, seen))
                lines += [_line(caller, side) for side in seen]
        if lines:
            with begin_write(self._ctx.engine) as connection:
                self._accesses.put(connection, lines, self._ctx.clock.seconds())
        return {
            "_type": TYPE,
            "member": self._ctx.settings.node.code,
            "at": instant(self._ctx.clock.seconds()),
            "counts": Counter(one["double"] for one in told),
            "findings": told,
            "more": more,
        }

    def count(self) -> Figures:
        """Count anew; what `figures` says from now on."""
        with read_long(self._ctx.engine) as connection:
            known, found = count_subjects(connection), self._found(connection)
        counted = Counter(one.double for one in found)
        self.figures = Figures(known, {double: counted[double] for double in Double})
        return self.figures

    def _found(self, connection: sa.Connection) -> list[Found]:
        lawful = Lawful(self._hmac, self._who.current().subjects)
        return doubles(shared_parties(connection), lawful)

    def _seen(self, connection: sa.Connection, caller: Caller, found: Found) -> list[_Seen]:
        """The parties of which the caller may see a record, not more than are shown."""
        sides = (self._side(connection, caller, party) for party in found.parties)
        seen = []
        for side in sides:
            if side is not None:
                seen.append(side)
            if len(seen) == MAX_PARTIES:
                break
        return seen

    def _side(self, connection: sa.Connection, caller: Caller, party: Party) -> _Seen | None:
        query = (
            WITH_KEYS.add_columns(entries.c.leaf)
            .join(entries, entries.c.id == records.c.id)
            .where(records.c.subject == party.id, *standing(), *_perhaps(caller), _open_to(caller))
            .order_by(records.c.id.desc())
            .limit(TRIED if len(caller.marks) <= MAX_MARKS else None)
        )
        seen = (
            row
            for row in connection.execute(query)
            if decide(caller, Purpose.CHECK, *known_of(row)).allowed
        )
        rows = list(islice(seen, FEW))
        if not rows:
            return None
        leaves = [row.leaf for row in rows]
        for row in rows:
            try:
                return _Seen(party, leaves, row.leaf, open_content(self._vault, row, row.leaf))
            except ContentLost:
                continue
        return _Seen(party, leaves, None, None)

    def _told(
        self, connection: sa.Connection, caller: Caller, found: Found, seen: Sequence[_Seen]
    ) -> dict[str, Any]:
        sides = [_party(side, caller) for side in seen]
        ids = [side.party.id for side in seen]
        registrations = Counter(side["registration"] for side in sides if side["registration"])
        return {
            "double": found.double.value,
            "sameDocument": have_one_document(connection, ids, *_perhaps(caller), _open_to(caller)),
            "sameRegistration": any(times > 1 for times in registrations.values()),
            "parties": sides,
            "message": _TEXTS[found.double],
        }


def _perhaps(caller: Caller) -> tuple[sa.ColumnElement[bool], ...]:
    """Conditions that leave nothing out which policy may allow: so few rows are asked for."""
    if caller.whole_member or len(caller.marks) > MAX_MARKS:
        return ()
    theirs = [records.c.visibility == PUBLIC, records.c.authority.in_(list(caller.marks))]
    if caller.department is not None:
        theirs.append(records.c.department == caller.department)
    return (sa.or_(*theirs),)


def _open_to(caller: Caller) -> sa.ColumnElement[bool]:
    """A condition that leaves out what is closed, and nothing that policy may allow."""
    if len(caller.marks) > MAX_MARKS:
        return sa.true()
    return sa.or_(sa.not_(CLOSED), records.c.authority.in_(list(caller.marks)))


def _line(caller: Caller, side: _Seen) -> Access:
    """By the record that was opened, with the number of those that the answer names."""
    return Access(
        token=caller.id,
        purpose=Purpose.CHECK,
        decision=Decision(None),
        record=side.opened or side.leaves[0],
        count=len(side.leaves),
    )


def _party(side: _Seen, caller: Caller) -> dict[str, Any]:
    party, code, name, registration = side.party, None, None, None
    whole = caller.whole_member
    schema = None if side.content is None else _schema(side.content)
    if side.content is not None and schema is not None:
        fields, subject = side.content.fields, schema.subject
        code, name = fields.get(subject.code), fields.get(subject.name)
        registration = fields.get(subject.registration)
    return {
        "code": code,
        "name": name,
        "registration": registration,
        # Of what others filed a department learns neither how much there is nor since when.
        "records": party.records if whole else None,
        "latest": _period(party.latest) if whole else None,
        "registered": _period(party.registered) if whole and party.registered else None,
        "leaves": [leaf.hex() for leaf in side.leaves],
    }


def _schema(content: Content) -> Schema | None:
    """None: its file was in the operator's folder, and is there no more."""
    name, _, version = content.schema.partition("@")
    return schemas.find(name, int(version))


def _period(number: int) -> str:
    """As entries write it."""
    year, month = divmod(number, _MONTHS)
    return f"{year:04}-{month:02}" if month else f"{year:04}"
