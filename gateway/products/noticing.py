"""Who made or uses a product is told when the status of an input changes.

The table of changes (`gateway.statuses.changes`) is followed behind a place of its own, which moves
in the transaction that keeps the notices: each change is told once. Where some behind it are not
kept any more (the node stood for more than a week), every input that makes a version stale now is
told of.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
import structlog

from gateway.base.context import Context
from gateway.base.crash import crash_point
from gateway.base.crypto import ContentLost
from gateway.base.db import begin_read, begin_write
from gateway.products import store
from gateway.products.interfaces import Cause, Notice, Notices
from gateway.products.manifests import Manifests
from gateway.products.staleness import causes_among, causes_of
from gateway.statuses import changes
from gateway.statuses.changes import Change, Place, mark_of
from gateway.watching import feed
from ledger.core.ids import Digest, ProductId, RecordId

PAGE = 200
"""Changes of one step."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Of:
    """A version, and whom it was handed to."""

    member: str
    product_id: ProductId
    version: int
    users: Sequence[str]


class Noticing:
    """Tells them. Its step belongs to one thread."""

    def __init__(self, ctx: Context, manifests: Manifests, notices: Notices) -> None:
        self._ctx = ctx
        self._manifests = manifests
        self._notices = notices

    def step(self) -> bool:
        """Tell of the next changes; whether there were any."""
        with begin_read(self._ctx.engine) as connection:
            place = store.read_watch(connection)
            newest = feed.newest(connection)
            if place == newest:
                return False
            # By number alone: what stands in one database is of one past, and the change at the
            # place itself may be forgotten as long as none behind it is.
            if place is None or place.number < feed.before_first(connection).number:
                page = None
            else:
                page = changes.after(connection, place, limit=PAGE)
        if page is None:
            return self._anew(newest, began=place is None)
        with begin_write(self._ctx.engine, store.LOCK) as connection:
            for change in page:
                self._tell(connection, change)
            full = len(page) == PAGE
            store.put_watch(connection, page[-1].place if full else newest)
            crash_point("product.noticed", "before")
        crash_point("product.noticed", "after")
        return True

    def _tell(self, connection: sa.Connection, change: Change) -> None:
        record = RecordId(Digest(change.record))
        rows = store.versions_with(connection, [self._manifests.mark(change.record)])
        users = store.users_of(connection, [row.n for row in rows])
        if not rows:
            return
        causes = causes_among(connection, [record], {})
        words = causes[0].words if causes else ()
        for row in rows:
            of = _Of(row.member, ProductId(row.product), row.version, users.get(row.n, ()))
            self._notices.tell(connection, _notice(of, record, words, change))

    def _anew(self, newest: Place, *, began: bool) -> bool:
        """Tell of all that is stale now. began: this node never told of anything."""
        if not began:
            _log.warning("products.notices-anew")
        after = 0
        while True:
            with begin_read(self._ctx.engine) as connection:
                rows = store.page(connection, after)
            for row in rows:
                self._anew_of(row)
            if len(rows) < store.PAGE:
                break
            after = rows[-1].n
        with begin_write(self._ctx.engine, store.LOCK) as connection:
            store.put_watch(connection, newest)
        return True

    def _anew_of(self, product: store.Row) -> None:
        with begin_read(self._ctx.engine) as connection:
            versions = store.versions_of(connection, product.n)
        for one in versions:
            with begin_read(self._ctx.engine) as connection:
                row = store.version_row(connection, product.n, one.version)
                causes = () if row is None else self._causes(connection, row)
                users = store.users_of(connection, [one.n]).get(one.n, ())
            of = _Of(product.member, ProductId(product.product), one.version, users)
            with begin_write(self._ctx.engine, store.LOCK) as connection:
                for cause in causes:
                    notice = _notice(of, cause.record, cause.words, _as_change(cause))
                    self._notices.tell(connection, notice)
                crash_point("product.noticed-anew", "before")
            crash_point("product.noticed-anew", "after")

    def _causes(self, connection: sa.Connection, row: store.Row) -> Sequence[Cause]:
        try:
            return causes_of(connection, self._manifests.open(connection, row))
        except ContentLost:
            _log.warning("products.manifest-lost", product=row.product, version=row.version)
            return ()


def _notice(of: _Of, record: RecordId, words: Sequence[str], change: Change) -> Notice:
    return Notice(
        member=of.member,
        product_id=of.product_id,
        version=of.version,
        record=record,
        causes=tuple(words),
        change=change,
        users=tuple(of.users),
    )


def _as_change(cause: Cause) -> Change:
    """How a record stands, as the change that nobody kept. Its place is before all others and
    marked by the state, so that telling anew a second time names the same notice."""
    word = cause.state.word
    told: tuple[int, ...] = (
        *(word.flags, word.outcome, word.version, word.recorded_at, word.effective_at),
        cause.closed,
    )
    return Change(
        place=Place(number=0, mark=mark_of(*map(int, told))),
        at=int(time.time()),
        record=cause.record,
        flags=word.flags,
        outcome=word.outcome,
        version=word.version,
        recorded_at=word.recorded_at,
        effective_at=word.effective_at,
        closed=cause.closed,
    )
