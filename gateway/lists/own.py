"""Our own part of the list of a day: of each entry that we hold, whether it was on it, or why not.

Nothing is left out in silence: what a part does not list it counts, by reason. Only what is public
and in force now is ever listed, whatever the day: of what was closed since nothing leaves.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Final

from gateway.base.access_table import Standing
from gateway.base.context import Context
from gateway.base.crypto import ContentLost, Vault
from gateway.base.db import begin_read
from gateway.base.errors import NotReady
from gateway.base.policy import Status
from gateway.chain.signing import Signing
from gateway.lists.interfaces import (
    CLOSED,
    ERASED,
    NOT_PUBLIC,
    SUPERSEDED,
    UNREADABLE,
    ActsNow,
    Admits,
    DayToCome,
    Page,
    Wanted,
)
from gateway.lists.store import Row, exits_of, page_of
from gateway.log.many import PAGE
from gateway.receipts.interfaces import Pending, Stranded, Unshown
from gateway.receipts.services import Receipts
from gateway.receipts.standing import Stood, with_standing
from gateway.records.content import Content
from gateway.records.store import known_of, open_content
from gateway.statuses.services import Statuses
from ledger.chain.acts import MAX_HISTORY
from ledger.core import receipt as receipts
from ledger.core.day_list import MAX_ITEMS, PART_TYP, Part
from ledger.core.ids import RecordId
from ledger.core.jws import sign_statement
from ledger.core.signed import MAX_BEHIND, Item, Left
from ledger.core.verdict.facts import end_of
from ledger.records import publicity
from ledger.records import schema as schemas
from ledger.records.fold import fold
from ledger.records.lists import NOT_YET, Entry, Exit, absent

MAX_BYTES: Final = 24 << 20
"""Of the receipts of one part: a JSON text takes a fifth more, and an answer holds 64 MiB."""
AT_ONCE: Final = 2
"""Parts that are made at once: each is some hundred signatures."""
WAIT_SECONDS: Final = 20.0
_BY_STATUS: Final = {
    Status.SUPERSEDED: SUPERSEDED,
    Status.CLOSED: CLOSED,
    Status.ERASED: ERASED,
}


_Made = Stood | Unshown | Pending | Stranded
"""What there is of an entry."""

_OPEN: Final = frozenset({Standing.IN_FORCE, Standing.DISPUTED})


class _LeftOut(Exception):
    """An entry is not listed, and why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class _Asked:
    """One question. end: instant before which counts what the chain has."""

    wanted: Wanted
    end: int
    admits: Admits
    exits: dict[int, Sequence[Exit] | None]


class OwnParts:
    """Makes parts; safe in threads."""

    def __init__(
        self,
        ctx: Context,
        *,
        vault: Vault,
        receipts: Receipts,
        signing: Signing,
        statuses: Statuses,
        acts: ActsNow,
    ) -> None:
        self._ctx = ctx
        self._vault = vault
        self._receipts = receipts
        self._signing = signing
        self._statuses = statuses
        self._acts = acts
        self._making = threading.BoundedSemaphore(AT_ONCE)

    def page(self, wanted: Wanted, admits: Admits) -> Page:
        """The part from an entry on, with as many as one part holds. Whoever calls writes the
        access log before it leaves. Raises DayToCome, NotReady, ContentKeyMissing."""
        if wanted.day > self._ctx.clock.today():
            raise DayToCome
        with self._one():
            return self._page(wanted, admits)

    @contextmanager
    def _one(self) -> Iterator[None]:
        if not self._making.acquire(timeout=WAIT_SECONDS):
            raise NotReady("busy-lists")
        try:
            yield
        finally:
            self._making.release()

    def _page(self, wanted: Wanted, admits: Admits) -> Page:
        key, known = self._signing.present_key(), self._acts.known()
        at = max(self._ctx.clock.seconds(), known)
        if at - known > MAX_BEHIND:
            raise NotReady("statuses-old", retry_after=60)
        with begin_read(self._ctx.engine) as connection:
            rows = page_of(connection, wanted.kind, wanted.start, MAX_ITEMS + 1)
            held = {row.subject for row in rows if row.subject is not None}
            exits = dict(exits_of(connection, self._vault, wanted.kind, held))
        asked = _Asked(wanted, min(end_of(wanted.day), known + 1), admits, exits)
        texts: list[bytes] = []
        left, taken, size = Counter[str](), 0, 0
        for row, made in self._made(rows[:MAX_ITEMS]):
            try:
                text = self._listed(row, made, asked)
            except _LeftOut as out:
                left[out.reason] += 1
            else:
                size += len(text)
                if texts and size > MAX_BYTES:
                    break
                texts.append(text)
            taken += 1
        part = Part(
            iss=self._ctx.settings.node.code,
            list=wanted.kind.entry,
            day=wanted.day,
            network=self._ctx.network.reference,
            at=at,
            known=known,
            start=wanted.start,
            until=wanted.start + taken,
            last=taken == len(rows),
            items=tuple(Item.of(receipts.parse(text).leaf, text) for text in texts),
            left=tuple(Left(reason=reason, count=left[reason]) for reason in sorted(left)),
        )
        jws = sign_statement(
            PART_TYP, part.encode(), sign=key.sign, kid=key.key_id, alg=key.alg, iat=at
        )
        return Page(part=part, jws=jws, receipts=tuple(text.decode() for text in texts))

    def _made(self, rows: Sequence[Row]) -> Iterator[tuple[Row, _Made | None]]:
        """Entries with their receipts, a page at a time; None: it is not asked for."""
        for start in range(0, len(rows), PAGE):
            page = rows[start : start + PAGE]
            wanted = [row.id for row in page if known_of(row)[1] not in _BY_STATUS]
            made = with_standing(self._receipts, self._statuses, wanted)
            for row in page:
                yield row, made.get(row.id)

    def _listed(self, row: Row, made: _Made | None, asked: _Asked) -> bytes:
        """The receipt of an entry that was on the list. Raises _LeftOut where it was not."""
        record, status = known_of(row)
        if status in _BY_STATUS:
            raise _LeftOut(_BY_STATUS[status])
        content, stood = self._opened(row, made)
        receipt = stood.receipt
        # Bare: closed since it was looked at.
        if receipt.presentation is None or stood.standing not in _OPEN:
            raise _LeftOut(CLOSED)
        if not asked.admits(record, stood.standing).allowed:
            raise _LeftOut(NOT_PUBLIC)
        exits = asked.exits.get(row.subject, ())
        if exits is None:
            raise _LeftOut(UNREADABLE)
        entry = self._entry(content, asked, receipt.anchor.time, _acted(stood))
        reason = absent(entry, exits, asked.wanted.day, asked.end)
        if reason is not None:
            raise _LeftOut(reason)
        return stood.text

    def _opened(self, row: Row, made: _Made | None) -> tuple[Content, Stood]:
        """Content and receipt."""
        try:
            content = open_content(self._vault, row, row.leaf)
        except ContentLost as error:
            raise _LeftOut(UNREADABLE) from error
        if isinstance(made, Unshown):
            raise _LeftOut(UNREADABLE) from made.reason
        if isinstance(made, Stranded):
            raise _LeftOut(SUPERSEDED) from made
        if not isinstance(made, Stood):  # not anchored yet
            raise _LeftOut(NOT_YET)
        return content, made

    def _entry(
        self, content: Content, asked: _Asked, anchored: int, ids: Sequence[RecordId]
    ) -> Entry:
        name, _, version = content.schema.partition("@")
        schema = schemas.find(name, int(version))
        rules = self._ctx.schemas.rules(content.rules.rpartition(":")[2])
        if schema is None or rules is None:
            raise NotReady("schema-missing", retry_after=60)
        fields, decided = content.fields, date.fromisoformat(content.decided)
        decision = publicity.Decision(
            schema=schema,
            adverse=schema.is_adverse(fields),
            void=schema.is_void(fields),
            class_=content.class_,
            decided=decided,
            kinds=rules.kinds,
        )
        until = date.fromisoformat(content.until) if content.until else None
        return Entry(
            document=_folded(fields.get(schema.document)),
            called=_folded(fields.get(asked.wanted.kind.called)) or "",
            decided=decided,
            usable_to=publicity.use_window(rules, decision, until).usable_to,
            anchored=anchored,
            histories=[self._acts.history(one) for one in ids],
        )


def _acted(stood: Stood) -> list[RecordId]:
    """Those of its chain that were ever acted on: of the others the chain need not be asked. Raises
    _LeftOut where the acts on one are more than are read: it is not to keep all others off the
    list."""
    if any(count > MAX_HISTORY for count in stood.acts.values()):
        raise _LeftOut(UNREADABLE)
    return [record for record, count in stood.acts.items() if count]


def _folded(value: object) -> str | None:
    return fold(value) if isinstance(value, str) else None
