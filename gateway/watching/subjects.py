"""Followed subjects: who follows whom, kept so that nobody else learns it."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
import sqlalchemy as sa

from gateway.base.context import Context
from gateway.base.crypto import ContentLost, Hmac, Vault
from gateway.base.db import begin_read, begin_write, insert_into
from gateway.base.policy import Caller
from gateway.sealing.services import Boxes, Kind, drop, number
from gateway.tokens.services import Holders
from gateway.watching.errors import WatchRefused
from gateway.watching.feed import Watched
from gateway.watching.interfaces import JudgeSubject, Wanted
from gateway.watching.models import watched_before, watched_records, watched_subjects
from ledger.core.authorisation import GOVERNMENT
from ledger.core.canonical import hex32, instant

LOCK: Final = "watched-subjects"
"""Name of the lock under which followed subjects change."""
MAX_OF_HOLDER: Final = 5000
"""Subjects that one holder follows: the borrowers of a branch."""
_PURPOSE: Final = b"watched-subject"
"""Of the fingerprint: another than that of records, so that a stolen database does not tell which
of its records are those of followed subjects."""
_CONTENT: Final = b"watched"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Whom somebody wants to follow, as in `Wanted`."""

    code: str
    types: tuple[str, ...]
    purpose: str
    authorisation: bytes | None


def _nothing_known(_: Wanted) -> None:
    """Know of no authorisation."""


class Subjects:
    """The tables. Safe to share between threads."""

    def __init__(self, ctx: Context, vault: Vault, hmac: Hmac) -> None:
        self._ctx = ctx
        self._boxes = Boxes(vault)
        self._hmac = hmac
        self._refusal: JudgeSubject = _nothing_known

    def judge_by(self, refusal: JudgeSubject) -> None:
        """Have it judged what may be asked."""
        self._refusal = refusal

    def demand_covered(self, caller: Caller, subject: Subject) -> None:
        """Refuse what is known here to be asked in vain, before a transaction is begun. Raises
        WatchRefused with the code that a question would get."""
        wanted = Wanted(
            code=subject.code,
            types=subject.types,
            purpose=subject.purpose,
            authorisation=subject.authorisation,
            holder=caller,
        )
        if (code := self._refusal(wanted)) is not None:
            raise WatchRefused(code)

    def follow(
        self, connection: sa.Connection, caller: Caller, subject: Subject, *, standing: bool
    ) -> str:
        """Follow a subject, within the caller's write transaction under `LOCK`; its number. Where
        the holder follows it already under the same authorisation for the same purpose, that one;
        it is asked about again where it had ended. One that was asked about a while ago is asked
        about when it would have been. standing: also when nothing is sent anywhere. Raises
        WatchRefused."""
        if subject.authorisation is None and subject.purpose not in GOVERNMENT:
            raise WatchRefused("authorisation-missing")
        theirs = Holders.tokens_of(connection, caller)
        row = self._there(connection, theirs, subject)
        if row is not None:
            self._again(connection, row, standing=standing)
            return str(row.id)
        hex_id, now = secrets.token_bytes(16).hex(), self._ctx.clock.seconds()
        connection.execute(sa.delete(watched_before).where(watched_before.c.due <= now))
        self._demand_room(connection, theirs)
        mark = self._hmac.fingerprint(_PURPOSE, subject.code.encode())
        box = self._boxes.make(connection, Kind.WATCHED, hex_id)
        content = orjson.dumps({"code": subject.code, "types": subject.types})
        made = sa.insert(watched_subjects).values(
            id=hex_id,
            token=caller.id,
            subject=mark,
            content=box.seal(content, _CONTENT),
            purpose=subject.purpose,
            authorisation=subject.authorisation,
            standing=standing,
            state="new",
            missing="",
            created_at=now,
            due=_taken_up(connection, theirs, mark, subject) or now,
        )
        connection.execute(made)
        return hex_id

    def follow_standing(self, caller: Caller, subject: Subject) -> str:
        """The same in a transaction of its own, for who watches a stream. Raises as
        `demand_covered` too."""
        self.demand_covered(caller, subject)
        with begin_write(self._ctx.engine, LOCK) as connection:
            return self.follow(connection, caller, subject, standing=True)

    def unfollow(self, caller: Caller, watched: str, *, still: Watched) -> None:
        """Follow it no longer. still: subjects about which events are sent somewhere; such a one is
        only followed for that from now on. Raises WatchRefused."""
        with begin_write(self._ctx.engine, LOCK) as connection:
            row = self._of(connection, caller, watched)
            used = connection.scalar(sa.select(sa.literal(1)).where(sa.literal(row.id).in_(still)))
            if used is None:
                forget(connection, row.id)
                return
            change = sa.update(watched_subjects).where(watched_subjects.c.id == row.id)
            connection.execute(change.values(standing=False))

    def listed(self, caller: Caller) -> list[dict[str, Any]]:
        """Those that a holder follows, the oldest first."""
        with begin_read(self._ctx.engine) as connection:
            query = sa.select(watched_subjects).where(
                watched_subjects.c.token.in_(Holders.tokens_of(connection, caller))
            )
            ordered = query.order_by(watched_subjects.c.created_at, watched_subjects.c.id)
            rows = connection.execute(ordered).all()
            return [self._shown(connection, row) for row in rows]

    def shown(self, caller: Caller, watched: str) -> dict[str, Any]:
        """One of them, with the records that are known of it. Raises WatchRefused."""
        with begin_read(self._ctx.engine) as connection:
            row = self._of(connection, caller, watched)
            query = sa.select(watched_records).where(watched_records.c.watched == row.id)
            known = connection.execute(query.order_by(watched_records.c.record))
            records = [
                {
                    "record": hex32(one.record),
                    "leaf": hex32(one.leaf),
                    "member": one.member,
                    "receipt": one.receipt and hex32(one.receipt),
                    "listed": bool(one.listed),
                }
                for one in known
            ]
            return self._shown(connection, row) | {"records": records}

    def wanted(self, connection: sa.Connection, row: sa.Row[Any], holder: Caller) -> Wanted:
        """What is to be asked. Raises ContentLost, ContentKeyMissing."""
        content = self._opened(connection, row)
        return Wanted(
            code=content["code"],
            types=tuple(content["types"]),
            purpose=row.purpose,
            authorisation=row.authorisation,
            holder=holder,
        )

    def _there(
        self, connection: sa.Connection, theirs: Sequence[int], subject: Subject
    ) -> sa.Row[Any] | None:
        mark = self._hmac.fingerprint(_PURPOSE, subject.code.encode())
        query = sa.select(watched_subjects).where(
            watched_subjects.c.token.in_(theirs),
            watched_subjects.c.subject == mark,
            watched_subjects.c.purpose == subject.purpose,
            watched_subjects.c.authorisation.is_not_distinct_from(subject.authorisation),
        )
        for row in connection.execute(query):
            try:
                same = self._opened(connection, row)["types"] == list(subject.types)
            except ContentLost:
                continue
            if same:
                return row
        return None

    def _again(self, connection: sa.Connection, row: sa.Row[Any], *, standing: bool) -> None:
        values: dict[str, Any] = {"standing": bool(row.standing) or standing}
        if row.state == "ended":
            values |= {"state": "new", "due": max(row.due, self._ctx.clock.seconds())}
        change = sa.update(watched_subjects).where(watched_subjects.c.id == row.id)
        connection.execute(change.values(**values))

    def _demand_room(self, connection: sa.Connection, theirs: Sequence[int]) -> None:
        count = sa.select(sa.func.count()).select_from(watched_subjects)
        before = sa.select(sa.func.count()).where(watched_before.c.token.in_(theirs))
        of_holder = connection.scalar(count.where(watched_subjects.c.token.in_(theirs))) or 0
        of_holder += connection.scalar(before) or 0  # or one asks about any number in turn
        most = min(MAX_OF_HOLDER, self._ctx.settings.webhooks.subjects_a_night)
        if of_holder >= most:
            raise WatchRefused("too-many-subjects", extra={"most": most})
        # What cannot be asked about every night is not promised to anybody.
        all_of_them = connection.scalar(count.where(watched_subjects.c.state != "ended")) or 0
        if all_of_them >= self._ctx.settings.webhooks.subjects_a_night:
            raise WatchRefused("too-many-subjects")

    @staticmethod
    def _of(connection: sa.Connection, caller: Caller, watched: str) -> sa.Row[Any]:
        query = sa.select(watched_subjects).where(
            watched_subjects.c.id == watched,
            watched_subjects.c.token.in_(Holders.tokens_of(connection, caller)),
        )
        row = connection.execute(query).one_or_none()
        if row is None:
            raise WatchRefused("not-found")
        return row

    def _opened(self, connection: sa.Connection, row: sa.Row[Any]) -> dict[str, Any]:
        box = self._boxes.open(connection, Kind.WATCHED, row.id)
        content: dict[str, Any] = orjson.loads(box.open(row.content, _CONTENT))
        return content

    def _shown(self, connection: sa.Connection, row: sa.Row[Any]) -> dict[str, Any]:
        try:
            content = self._opened(connection, row)
        except ContentLost:
            content = {"code": None, "types": []}
        return {
            "subject": row.id,
            "code": content["code"],
            "types": content["types"],
            "purpose": row.purpose,
            "authorisation": row.authorisation and hex32(row.authorisation),
            "standing": bool(row.standing),
            "state": row.state,
            "reason": row.code,
            "missing": row.missing.split(),
            "since": instant(row.created_at),
            "answered": None if row.answered_at is None else instant(row.answered_at),
        }


def of_tokens(theirs: Sequence[int]) -> Watched:
    """The followed subjects of whoever holds these tokens."""
    return sa.select(watched_subjects.c.id).where(watched_subjects.c.token.in_(theirs))


def forget(connection: sa.Connection, watched: str) -> None:
    """Drop a followed subject and what is known of it, under `LOCK`; its events name nobody. When
    it would have been asked about is kept until then."""
    row = connection.execute(
        sa.select(watched_subjects).where(watched_subjects.c.id == watched)
    ).one_or_none()
    if row is not None and row.due > row.created_at:  # it was asked about
        made = insert_into(connection, watched_before).values(
            token=row.token,
            subject=row.subject,
            purpose=row.purpose,
            authorisation=row.authorisation or b"",
            due=row.due,
        )
        key = list(watched_before.primary_key)
        connection.execute(
            made.on_conflict_do_update(index_elements=key, set_={"due": made.excluded.due})
        )
    drop(connection, Kind.WATCHED, [number(watched)])
    for column in (watched_records.c.watched, watched_subjects.c.id):
        connection.execute(sa.delete(column.table).where(column == watched))


def _taken_up(
    connection: sa.Connection, theirs: Sequence[int], mark: bytes, subject: Subject
) -> int | None:
    """When a subject is to be asked about that they followed until a while ago; None: it was not,
    or not asked about."""
    named = sa.and_(
        watched_before.c.token.in_(theirs),
        watched_before.c.subject == mark,
        watched_before.c.purpose == subject.purpose,
        watched_before.c.authorisation == (subject.authorisation or b""),
    )
    due: int | None = connection.scalar(sa.select(sa.func.max(watched_before.c.due)).where(named))
    connection.execute(sa.delete(watched_before).where(named))
    return due
