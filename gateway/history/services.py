"""The history of a subject, for the province that it moves to or for itself.

The centre alone makes one. What is given to a province is what the access table gives it for
`relocation`: so nothing of what was repaired, corrected, withdrawn, ended or shielded leaves. The
subject gets all that is not for authorities alone; of what is closed the receipt without content,
and what was done. Each record stands in the access log before the file leaves.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any, Final

import sqlalchemy as sa

from gateway.accesses.services import Access, AccessLog
from gateway.base import access_table
from gateway.base.access_table import AccessTable, Standing
from gateway.base.context import Context
from gateway.base.crypto import SUBJECT_CODE, Hmac
from gateway.base.db import begin_read, begin_write
from gateway.base.errors import NotReady
from gateway.base.policy import (
    ALWAYS,
    Caller,
    Decision,
    Peer,
    Purpose,
    Record,
    Status,
    decide,
    decide_for_member,
)
from gateway.chain.signing import Signing
from gateway.history.interfaces import (
    NOT_ANCHORED,
    NOT_GRANTED,
    TOO_MANY,
    UNREADABLE,
    ActsNow,
    Asked,
    NotToBeHanded,
    StepsOf,
)
from gateway.log.many import PAGE
from gateway.log.models import entries
from gateway.peers.directory import Directory
from gateway.receipts.interfaces import Pending, Stranded, Unshown
from gateway.receipts.services import Receipts
from gateway.receipts.standing import Stood, with_standing
from gateway.records.models import records, subjects
from gateway.records.store import WITH_KEYS, known_of
from gateway.statuses.services import Statuses
from ledger.chain.acts import MAX_HISTORY
from ledger.chain.contracts.structs import ACTIVE, GOVERNMENT
from ledger.core.history import (
    MAX_ACTS,
    MAX_OPENINGS,
    MAX_RECORDS,
    TYP,
    Given,
    History,
    act_json,
    encode_file,
)
from ledger.core.ids import RecordId, sha256
from ledger.core.jws import sign_statement
from ledger.core.keys import Role
from ledger.core.signed import MAX_BEHIND, Item, Left
from ledger.files.lists import end_for
from ledger.records.keys import subject_keys

LOOKED_AT: Final = 10_000
"""Records of one subject that are looked at; no firm has a tenth of it."""
MAX_BYTES: Final = 32 << 20
"""Of receipts and openings together."""
ALL_ACTS: Final = 8_000
"""Acts of one file: its statement holds 8 MiB."""

_HERE: Final = {
    Status.SUPERSEDED: Standing.SUPERSEDED,
    Status.ERASED: Standing.ERASED,
}


_Made = Stood | Unshown | Pending | Stranded | None
"""What there is of a record."""
_Steps = Mapping[RecordId, Iterator[bytes]]


class _LeftOut(Exception):
    """A record is not given, and why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(slots=True)
class _Making:
    """A history under way. peer: who gets it, None: the subject. room: bytes that are left."""

    asked: Asked
    known: int
    peer: Peer | None
    given: list[Given] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    openings: list[bytes] = field(default_factory=list)
    left: Counter[str] = field(default_factory=Counter)
    lines: list[tuple[bytes, Decision]] = field(default_factory=list)
    room: int = field(default_factory=lambda: MAX_BYTES)
    acts: int = 0


class Histories:
    """Makes them; safe in threads."""

    def __init__(
        self,
        ctx: Context,
        *,
        hmac: Hmac,
        receipts: Receipts,
        signing: Signing,
        statuses: Statuses,
        accesses: AccessLog,
        directory: Directory,
        acts: ActsNow,
        steps_of: StepsOf,
        table: AccessTable | None = None,
    ) -> None:
        """table: what members are given; None: the newest that is packaged."""
        self._ctx = ctx
        self._hmac = hmac
        self._receipts = receipts
        self._signing = signing
        self._statuses = statuses
        self._accesses = accesses
        self._directory = directory
        self._acts = acts
        self._steps_of = steps_of
        self._table = table or access_table.load()

    def file(self, caller: Caller, asked: Asked) -> bytes:
        """The file. Raises NotAllowed, logged; NotToBeHanded; NotReady."""
        whole = decide(caller, Purpose.HISTORY, Record(department=None, decided=ALWAYS))
        if not whole.allowed:
            self._accesses.refuse(caller, Purpose.HISTORY, whole)
        if asked.as_of > self._ctx.clock.today():
            raise NotToBeHanded("day-to-come")
        key, known = self._signing.present_key(), self._acts.known()
        at = max(self._ctx.clock.seconds(), known)
        if at - known > MAX_BEHIND:
            raise NotReady("statuses-old", retry_after=60)
        making = _Making(asked, known, self._peer(asked))
        rows = self._rows(asked.code)
        for start in range(0, len(rows), PAGE):
            self._give_page(making, rows[start : start + PAGE])
        made = self._history(making, at)
        jws = sign_statement(TYP, made.encode(), sign=key.sign, kid=key.key_id, alg=key.alg, iat=at)
        self._log(caller, making)
        return encode_file(jws, making.openings, making.texts)

    def _peer(self, asked: Asked) -> Peer | None:
        """Who gets it: an ACTIVE province, and another one."""
        if asked.purpose == "own":
            return None
        member = self._directory.member(asked.to)
        own = asked.to == self._ctx.settings.node.code
        if own or member is None or member.status != ACTIVE or not member.roles & Role.PROVINCE:
            raise NotToBeHanded("not-another-province")
        return Peer(code=member.code, roles=Role(member.roles))

    def _rows(self, code: str) -> Sequence[sa.Row[Any]]:
        """All records of a code, in the order in which they were promised."""
        mark = self._hmac.fingerprint(SUBJECT_CODE, subject_keys(code, "").code)
        query = (
            WITH_KEYS.add_columns(entries.c.leaf)
            .join(entries, entries.c.id == records.c.id)
            .join(subjects, subjects.c.id == records.c.subject)
            .where(subjects.c.code == mark)
            .order_by(records.c.id)
            .limit(LOOKED_AT)
        )
        with begin_read(self._ctx.engine) as connection:
            return connection.execute(query).all()

    def _give_page(self, making: _Making, rows: Sequence[sa.Row[Any]]) -> None:
        """Put records into the history, or count why not; at most `PAGE`."""
        made = with_standing(self._receipts, self._statuses, [row.id for row in rows])
        stood = [one for one in made.values() if isinstance(one, Stood)]
        steps = self._steps_of({record for one in stood for record in one.acts})
        for row in rows:
            try:
                self._give(making, row, made.get(row.id), steps)
            except _LeftOut as out:
                making.left[out.reason] += 1

    def _give(self, making: _Making, row: sa.Row[Any], made: _Made, steps: _Steps) -> None:
        """Put a record into the history. Raises _LeftOut."""
        record, status = known_of(row)
        stood = _demand_stood(made)
        receipt, text = stood.receipt, stood.text
        if receipt.anchor.time >= end_for(making.asked.as_of, making.known):
            raise _LeftOut(NOT_ANCHORED)
        standing = _HERE.get(status) or stood.standing
        decision = self._decision(making, record, standing)
        making.lines.append((row.leaf, decision))
        if not decision.allowed:
            raise _LeftOut(NOT_GRANTED)
        if making.peer is not None and receipt.presentation is None:  # closed since
            raise _LeftOut(NOT_GRANTED)
        acts = self._acts_of(stood, making.known)
        full = len(making.given) == MAX_RECORDS or len(text) > making.room
        if full or len(acts) > MAX_ACTS or making.acts + len(acts) > ALL_ACTS:
            raise _LeftOut(TOO_MANY)
        making.room -= len(text)
        making.acts += len(acts)
        making.given.append(Given(item=Item.of(receipt.leaf, text), acts=tuple(acts)))
        making.texts.append(text.decode())
        if standing is not Standing.ERASED:  # what was said about it tells what stood in it
            _add_steps(making, chain.from_iterable(steps.get(one, ()) for one in stood.acts))

    def _decision(self, making: _Making, record: Record, standing: Standing) -> Decision:
        """Whether whoever gets the history may have the record."""
        if making.peer is None:
            refused = record.visibility == GOVERNMENT
            return Decision(NOT_GRANTED if refused else None, version=self._table.version)
        return decide_for_member(
            making.peer,
            Purpose.EXCHANGE_RECORD,
            self._table,
            record=record,
            standing=standing,
            use=making.asked.purpose,
        )

    def _acts_of(self, stood: Stood, known: int) -> list[dict[str, Any]]:
        """The acts on its chain. Of what was never acted on the chain is not asked. Raises _LeftOut
        where they are more than are read: it is not to keep all others back."""
        if any(count > MAX_HISTORY for count in stood.acts.values()):
            raise _LeftOut(TOO_MANY)
        return [
            act_json(acted)
            for one, count in stood.acts.items()
            if count
            for acted in self._acts.history(one)
            if acted.recorded_at <= known
        ]

    def _history(self, making: _Making, at: int) -> History:
        asked, left = making.asked, making.left
        return History(
            iss=self._ctx.settings.node.code,
            subject=asked.code,
            purpose=asked.purpose,
            to=asked.to,
            as_of=asked.as_of,
            network=self._ctx.network.reference,
            at=at,
            known=making.known,
            records=tuple(making.given),
            openings=tuple(sha256(one) for one in making.openings),
            left=tuple(Left(reason=reason, count=left[reason]) for reason in sorted(left)),
        )

    def _log(self, caller: Caller, making: _Making) -> None:
        """A line of each record that was asked for; one that names none where there were none."""
        allowed = Decision(None, version=self._table.version)
        like = Access(token=caller.id, purpose=Purpose.HISTORY, decision=allowed)
        lines = [replace(like, record=leaf, decision=decision) for leaf, decision in making.lines]
        with begin_write(self._ctx.engine) as connection:
            self._accesses.put(connection, lines or [like], self._ctx.clock.seconds())


def _demand_stood(made: _Made) -> Stood:
    """What can be given. Raises _LeftOut."""
    if isinstance(made, Unshown):
        raise _LeftOut(UNREADABLE) from made.reason
    if isinstance(made, Stranded):  # another record stands for it
        raise _LeftOut(NOT_GRANTED) from made
    if not isinstance(made, Stood):
        raise _LeftOut(NOT_ANCHORED)
    return made


def _add_steps(making: _Making, openings: Iterable[bytes]) -> None:
    for opening in openings:
        if len(making.openings) == MAX_OPENINGS or len(opening) > making.room:
            making.left[TOO_MANY] += 1
            continue
        making.room -= len(opening)
        making.openings.append(opening)
