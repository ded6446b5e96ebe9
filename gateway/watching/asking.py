"""Asking about followed subjects: at once when one is followed, then once a night.

Each is put off before it is asked, so that one that fails, or kills the process, holds up no other.
What an answer tells and how far the asking is stand in one transaction.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any, Final

import sqlalchemy as sa
import structlog

from gateway.base.context import Context
from gateway.base.crash import crash_point
from gateway.base.crypto import ContentLost, Hmac
from gateway.base.db import begin_write
from gateway.base.errors import NotReady
from gateway.base.policy import Purpose
from gateway.tokens.services import Holders
from gateway.watching import feed, nights
from gateway.watching.interfaces import (
    MAX_KNOWN,
    TOO_MANY,
    Answered,
    AskSubject,
    Kind,
    Listed,
    SubjectRefused,
)
from gateway.watching.models import watched_records, watched_subjects
from gateway.watching.subjects import LOCK, Subjects
from ledger.core.errors import CouldNotCheck

AT_ONCE: Final = 8
"""Subjects asked about at the same time: each waits for its slowest member."""
PAUSE: Final = 900
"""Seconds after which one that could not be asked about is tried again in the same night."""
FINAL: Final = frozenset(
    {
        *("authorisation-missing", "authorisation-expired", "authorisation-revoked"),
        *("authorisation-other-subject", "authorisation-other-purpose", "type-out-of-scope"),
    }
)
"""Refusals that do not pass: without another authorisation it is not asked again."""

_log = structlog.get_logger(__name__)


class Asking:
    """Does it. `ask` gives it who asks the members; nothing is asked before."""

    def __init__(self, ctx: Context, subjects: Subjects, hmac: Hmac, holders: Holders) -> None:
        self._ctx = ctx
        self._subjects = subjects
        self._hmac = hmac
        self._holders = holders
        self._ask: AskSubject | None = None

    def ask(self, how: AskSubject) -> None:
        """Ask so from now on."""
        self._ask = how

    def step(self, stop: threading.Event) -> int:
        """Ask about all that are due; how many that were."""
        asked = 0
        if self._ask is None:
            return asked
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="asker") as pool:
            while not stop.is_set() and (rows := self._claim(AT_ONCE)):
                asked += len(list(pool.map(self._look_after, rows)))
        return asked

    # ---- whom

    def _claim(self, most: int) -> Sequence[sa.Row[Any]]:
        """The next ones that are due, put off for a while: new ones at any time, the others at
        night, as many as are asked in one. Those that have waited longest come first in the
        next."""
        now = self._ctx.clock.seconds()
        night = nights.night_of(now)
        which: sa.ColumnElement[bool] = watched_subjects.c.state == "new"
        with begin_write(self._ctx.engine, LOCK) as connection:
            if night is not None:
                left = self._ctx.settings.webhooks.subjects_a_night - _asked_in(connection, night)
                known: sa.ColumnElement[bool] = watched_subjects.c.state.in_(_KNOWN)
                if left <= 0:  # but for those of tonight that could not be asked
                    known = sa.and_(known, watched_subjects.c.asked_on == night)
                which, most = sa.or_(which, known), min(most, left) if left > 0 else most
            query = sa.select(watched_subjects).where(watched_subjects.c.due <= now, which)
            ordered = query.order_by(watched_subjects.c.due, watched_subjects.c.id)
            rows = connection.execute(ordered.limit(most)).all()
            held = sa.update(watched_subjects).where(
                watched_subjects.c.id.in_([row.id for row in rows])
            )
            values = {"due": now + PAUSE} | ({} if night is None else {"asked_on": night})
            connection.execute(held.values(**values))
        return rows

    # ---- asking

    def _look_after(self, row: sa.Row[Any]) -> None:
        try:
            self._about(row)
        except (CouldNotCheck, NotReady) as error:
            _log.info("watched.not-asked", watched=row.id, code=error.code)
            self._change(row.id, code=error.code)
        except Exception:
            # A fault of ours with this one: it is put off, and the others are asked.
            _log.exception("watched.failed", watched=row.id)
            self._change(row.id, code="internal")

    def _about(self, row: sa.Row[Any]) -> None:
        holder = self._holders.acting(row.token, Purpose.FOLLOW)
        if holder is None:
            self._change(row.id, state="ended", code="token-ended")
            return
        try:
            with self._ctx.engine.connect() as connection:
                wanted = self._subjects.wanted(connection, row, holder)
        except ContentLost:
            self._change(row.id, state="ended", code="content-lost")
            return
        if self._ask is None:  # taken away meanwhile
            return
        try:
            answered = self._ask(wanted)
        except SubjectRefused as error:
            self._refused(row.id, error.code)
            return
        self._take(row.id, answered)

    def _change(self, watched: str, **values: Any) -> None:
        change = sa.update(watched_subjects).where(watched_subjects.c.id == watched)
        with begin_write(self._ctx.engine, LOCK) as connection:
            connection.execute(change.values(**values))

    # ---- what came of it

    def _refused(self, watched: str, code: str) -> None:
        """Told once, for as long as the reason is the same."""
        with begin_write(self._ctx.engine, LOCK) as connection:
            row = _row(connection, watched)
            if row is not None:
                self._refuse(connection, row, code)

    def _refuse(self, connection: sa.Connection, row: sa.Row[Any], code: str) -> None:
        state = "ended" if code in FINAL or code == TOO_MANY else "refused"
        if (row.state, row.code) != (state, code):
            told = {"watched": row.id, "kind": Kind.REFUSED, "code": code}
            feed.note(connection, [told])
        self._done(connection, row.id, state=state, code=code)

    def _take(self, watched: str, answered: Answered) -> None:
        with begin_write(self._ctx.engine, LOCK) as connection:
            row = _row(connection, watched)
            if row is None:  # not followed any more
                return
            query = sa.select(watched_records).where(watched_records.c.watched == watched)
            known = {bytes(one.record): one for one in connection.execute(query)}
            there = {one.record: one for one in answered.records}
            if len(known.keys() | there.keys()) > MAX_KNOWN:
                self._refuse(connection, row, TOO_MANY)
                return
            told = list(_differences(row, known, there, answered.missing))
            _keep(connection, watched, known, there, answered.missing)
            feed.note(connection, told)
            missing = " ".join(sorted(answered.missing))
            done = {"answered_at": self._ctx.clock.seconds(), "missing": missing}
            self._done(connection, watched, state="followed", code=None, **done)
            crash_point("subject.taken", "before")
        crash_point("subject.taken", "after")

    def _done(self, connection: sa.Connection, watched: str, **values: Any) -> None:
        now = self._ctx.clock.seconds()
        due = nights.due_in(nights.next_night(now), watched, self._hmac)
        change = sa.update(watched_subjects).where(watched_subjects.c.id == watched)
        connection.execute(change.values(due=due, **values))


_KNOWN: Final = ("followed", "refused")


def _asked_in(connection: sa.Connection, night: date) -> int:
    """How many were asked about in a night so far, with what could not be."""
    query = sa.select(sa.func.count()).select_from(watched_subjects)
    query = query.where(watched_subjects.c.asked_on == night, watched_subjects.c.state != "new")
    return connection.scalar(query) or 0


def _row(connection: sa.Connection, watched: str) -> sa.Row[Any] | None:
    query = sa.select(watched_subjects).where(watched_subjects.c.id == watched)
    return connection.execute(query).one_or_none()


def _differences(
    row: sa.Row[Any],
    known: Mapping[bytes, sa.Row[Any]],
    there: Mapping[bytes, Listed],
    missing: frozenset[str],
) -> Iterator[dict[str, Any]]:
    """What is told of an answer. The first one is what everything later is held against."""
    if row.state != "followed":
        yield {"watched": row.id, "kind": Kind.FOLLOWED, "count": len(there)}
    for record, one in sorted(there.items()):
        about = {"watched": row.id, **_about(one)}
        if record not in known:
            if row.answered_at is not None:
                yield about | {"kind": Kind.NEW}
        elif not known[record].listed:
            yield about | {"kind": Kind.CHANGED, "listed": True}
    for record in _gone(known, there, missing):
        about = {"watched": row.id, **_about(known[record])}
        yield about | {"kind": Kind.CHANGED, "listed": False}


_OF_RECORD: Final = ("record", "leaf", "member", "receipt")


def _about(one: Listed | sa.Row[Any]) -> dict[str, Any]:
    return {name: getattr(one, name) for name in _OF_RECORD}


def _gone(
    known: Mapping[bytes, sa.Row[Any]], there: Mapping[bytes, Listed], missing: frozenset[str]
) -> list[bytes]:
    """Those that were listed and are not any more, though their member has answered."""
    return sorted(
        record
        for record, one in known.items()
        if one.listed and record not in there and one.member not in missing
    )


def _keep(
    connection: sa.Connection,
    watched: str,
    known: Mapping[bytes, sa.Row[Any]],
    there: Mapping[bytes, Listed],
    missing: frozenset[str],
) -> None:
    new = [
        {"watched": watched, "listed": True, **_about(one)}
        for record, one in there.items()
        if record not in known
    ]
    if new:
        connection.execute(sa.insert(watched_records), new)
    for record, one in there.items():
        if record in known:
            _set(connection, watched, record, listed=True, receipt=one.receipt, leaf=one.leaf)
    for record in _gone(known, there, missing):
        _set(connection, watched, record, listed=False)


def _set(connection: sa.Connection, watched: str, record: bytes, **values: Any) -> None:
    change = sa.update(watched_records).where(
        watched_records.c.watched == watched, watched_records.c.record == record
    )
    connection.execute(change.values(**values))
