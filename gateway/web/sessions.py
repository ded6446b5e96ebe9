"""Sessions: who showed a token to a page is known by a cookie, until it is idle for a while.

The cookie holds 32 random bytes, of which the database has the SHA-256 alone. A session is of one
token and ends with it.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from gateway.base.clock import Clock
from gateway.base.db import begin_read, begin_write
from gateway.base.policy import Caller
from gateway.tokens.services import Holders
from gateway.web.models import web_sessions

SEEN_SECONDS: Final = 30
"""Between two notes of when a session was seen."""
MOST_OF_TOKEN: Final = 32
"""Sessions of one token: a counter has a few; with more of them the one longest unseen ends."""
MAX_COOKIE: Final = 128
"""Characters; longer ones are none of ours."""


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who showed a token. secret: what the cookie holds."""

    caller: Caller
    secret: str

    @property
    def csrf(self) -> str:
        """What each form of theirs brings along: another site can have it sent no form that has
        it."""
        return csrf_of(self.secret)


def csrf_of(secret: str) -> str:
    """What forms of the session with this secret bring along, also after its end."""
    made = hmac.digest(secret.encode("utf-8", "surrogatepass"), b"credit-ledger/csrf", "sha256")
    return urlsafe_b64encode(made[:24]).decode()


class Sessions:
    """The sessions of this member. idle: seconds without a request after which one ends. life:
    seconds after which it ends anyway."""

    def __init__(
        self, engine: sa.Engine, holders: Holders, clock: Clock, *, idle: int, life: int
    ) -> None:
        self._engine = engine
        self._holders = holders
        self._clock = clock
        self._idle = idle
        self._life = life

    def begin(self, token: str) -> Session | None:
        """A session for the holder of a token; None where that is unknown or revoked. Those that
        have ended are forgotten, and so is what a token has too many of."""
        caller = self._holders.find(token)
        if caller is None:
            return None
        secret, now = secrets.token_urlsafe(32), self._now()
        row = {"digest": _digest(secret), "token": caller.id, "begun_at": now, "seen_at": now}
        with begin_write(self._engine) as connection:
            connection.execute(sa.delete(web_sessions).where(sa.not_(self._alive(now))))
            self._make_room(connection, caller.id)
            connection.execute(sa.insert(web_sessions).values(row))
        return Session(caller, secret)

    def find(self, secret: str, *, seen: bool = True) -> Session | None:
        """Whose a cookie is; None where its session has ended or never was, or its token has.
        seen: whether somebody is there; not where a page asks by itself what is new."""
        if len(secret) > MAX_COOKIE:
            return None
        now, mine = self._now(), web_sessions.c.digest == _digest(secret)
        query = sa.select(web_sessions).where(mine, self._alive(now))
        with begin_read(self._engine) as connection:
            row = connection.execute(query).one_or_none()
        caller = None if row is None else self._holders.in_force(row.token)
        if row is None or caller is None:
            return None
        if seen and now - row.seen_at >= min(SEEN_SECONDS, self._idle // 2):
            with begin_write(self._engine) as connection:
                connection.execute(sa.update(web_sessions).where(mine).values(seen_at=now))
        return Session(caller, secret)

    def end(self, secret: str) -> None:
        """Forget it."""
        with begin_write(self._engine) as connection:
            gone = web_sessions.c.digest == _digest(secret)
            connection.execute(sa.delete(web_sessions).where(gone))

    @staticmethod
    def _make_room(connection: sa.Connection, token: int) -> None:
        mine = sa.select(web_sessions.c.digest).where(web_sessions.c.token == token)
        newest = mine.order_by(web_sessions.c.seen_at.desc(), web_sessions.c.digest)
        over = connection.scalars(newest.offset(MOST_OF_TOKEN - 1)).all()
        connection.execute(sa.delete(web_sessions).where(web_sessions.c.digest.in_(over)))

    def _now(self) -> int:
        return int(self._clock.now().timestamp())

    def _alive(self, now: int) -> sa.ColumnElement[bool]:
        return sa.and_(
            web_sessions.c.seen_at > now - self._idle, web_sessions.c.begun_at > now - self._life
        )


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
