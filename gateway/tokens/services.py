"""Bearer tokens: issued once in clear, stored as SHA-256, checked with a short memory.

A token is 32 random bytes, so an unsalted hash of it can neither be searched nor guessed.
"""

from __future__ import annotations

import hashlib
import math
import secrets
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from gateway.accesses.services import AccessLog
from gateway.base.clock import Clock
from gateway.base.crypto import Hmac
from gateway.base.db import begin_write
from gateway.base.policy import ALWAYS, SCOPES, Caller, Days, Marks, Purpose, decide
from gateway.base.who import Who, WhoFiles
from gateway.http.inside import INSIDE, is_counted, is_inside
from gateway.http.problems import retry_later, unauthorized
from gateway.http.rates import RateLimiter
from gateway.tokens.models import tokens
from ledger.core.errors import InputError
from ledger.records import uscc
from ledger.records.keys import authority_key
from ledger.records.texts import message

PREFIX = "clt_"
"""Lets secret scanners find a token that was committed or logged by mistake."""
MAX_TOKEN = 128
"""Longer bearer values are refused unhashed; ours have 47 characters."""
MAX_AUTHORITIES = 64
"""Of one token: a department with its offices in the districts. The centre's token needs none."""
MEMORY_SECONDS = 2.0
"""For so long a revoked token may still be taken by a process that knows it, and one be held for
what it stood for before the table of authorities changed."""
MEMORY_SIZE = 4096
"""Known tokens remembered; beyond it the memory is dropped whole. Unknown ones never enter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRow:
    """What `token list` shows of one token: never the token, nor its hash."""

    id: int
    name: str
    scopes: tuple[str, ...]
    department: str | None
    authorities: tuple[str, ...]
    created_at: int
    revoked_at: int | None
    issued_by: int | None


class Holder(NamedTuple):
    """Whose a token is."""

    token: int
    name: str


class TokenNow(NamedTuple):
    """name: of whoever holds it. ended: whether it was revoked."""

    name: str
    ended: bool


def add_token(
    engine: sa.Engine,
    *,
    name: str,
    scopes: Iterable[str],
    department: str | None,
    now: datetime,
    authorities: Iterable[str] = (),
    exceptions: frozenset[str] = frozenset(),
    issued_by: int | None = None,
) -> tuple[int, str]:
    """Store a new token. Returns (id, the token in clear, never to be seen again).

    A token with authorities belongs to a department; where none is given its name stands for it.
    exceptions: lawful codes that fail their check characters. issued_by: number of the token of
    who issues it, None = the operator. Raises InputError.
    """
    theirs = _demand_authorities(authorities, exceptions)
    token = PREFIX + secrets.token_urlsafe(32)
    row = {
        "name": name,
        "digest": _digest(token),
        "scopes": " ".join(_demand_scopes(set(scopes))),
        "department": department or (name if theirs else None),
        "authorities": " ".join(theirs),
        "created_at": int(now.timestamp()),
        "issued_by": issued_by,
    }
    with begin_write(engine) as connection:
        added = connection.execute(sa.insert(tokens).values(row).returning(tokens.c.id))
        return int(added.scalar_one()), token


def _demand_scopes(scopes: set[str]) -> list[str]:
    wanted: list[str] = [scope for scope in SCOPES if scope in scopes]
    if not wanted or scopes - set(SCOPES):
        raise InputError(
            field="scope",
            code="schema-invalid",
            message={
                "zh": f"权限须为 {'、'.join(SCOPES)} 中的一个或几个",
                "en": f"Scopes are one or more of {', '.join(SCOPES)}",
            },
        )
    return wanted


def _demand_authorities(codes: Iterable[str], exceptions: frozenset[str]) -> list[str]:
    """In the form in which records hold them, none twice."""
    theirs = list(dict.fromkeys(uscc.normalise(code) for code in codes))
    if len(theirs) > MAX_AUTHORITIES:
        raise InputError(
            field="authority",
            code="too-large",
            message={
                "zh": f"一个令牌最多 {MAX_AUTHORITIES} 个机关代码，请分成几个令牌",
                "en": f"A token has at most {MAX_AUTHORITIES} authorities; issue several tokens",
            },
        )
    for code in theirs:
        wrong = uscc.check(code)
        if wrong is not None and code not in exceptions:
            field = "authority"
            raise InputError(field=field, code=wrong, message=message(wrong, field))
    return theirs


def list_tokens(engine: sa.Engine) -> Sequence[TokenRow]:
    """All tokens ever issued, oldest first."""
    with engine.connect() as connection:
        rows = connection.execute(sa.select(tokens).order_by(tokens.c.id)).all()
    return [
        TokenRow(
            id=row.id,
            name=row.name,
            scopes=tuple(row.scopes.split()),
            department=row.department,
            authorities=tuple(row.authorities.split()),
            created_at=row.created_at,
            revoked_at=row.revoked_at,
            issued_by=row.issued_by,
        )
        for row in rows
    ]


def revoke_token(engine: sa.Engine, token_id: int, *, now: datetime) -> bool:
    """False where no such token is in force."""
    change = (
        sa.update(tokens)
        .where(tokens.c.id == token_id, tokens.c.revoked_at.is_(None))
        .values(revoked_at=int(now.timestamp()))
    )
    with begin_write(engine) as connection:
        return connection.execute(change).rowcount == 1


class Holders:
    """Who holds which token, by the tables of tokens and of authorities as they are now."""

    def __init__(self, engine: sa.Engine, hmac: Hmac, who: WhoFiles, clock: Clock) -> None:
        self._engine = engine
        self._hmac = hmac
        self._who = who
        self._clock = clock

    def find(self, token: str) -> Caller | None:
        """The holder of this token, or None where it is unknown or revoked."""
        query = sa.select(tokens).where(
            tokens.c.digest == _digest(token), tokens.c.revoked_at.is_(None)
        )
        return self._found(query)

    def in_force(self, token_id: int) -> Caller | None:
        """The holder of the token with this number, or None where it is unknown or revoked."""
        query = sa.select(tokens).where(tokens.c.id == token_id, tokens.c.revoked_at.is_(None))
        return self._found(query)

    def _found(self, query: sa.Select[Any]) -> Caller | None:
        with self._engine.connect() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else self._caller(row)

    def holder(self, token_id: int) -> Caller:
        """The holder of the token with this number, revoked or not: what it handed in before
        stands."""
        with self._engine.connect() as connection:
            row = connection.execute(sa.select(tokens).where(tokens.c.id == token_id)).one()
        return self._caller(row)

    @staticmethod
    def known(connection: sa.Connection, token_id: int) -> TokenNow | None:
        """Whose a token is and whether it is in force; None where there never was one."""
        query = sa.select(tokens.c.name, tokens.c.revoked_at).where(tokens.c.id == token_id)
        row = connection.execute(query).one_or_none()
        return None if row is None else TokenNow(row.name, row.revoked_at is not None)

    @staticmethod
    def line(connection: sa.Connection, token_id: int) -> Sequence[Holder]:
        """Whose a token is, then who issued it, who issued that one, and so on to the one that the
        operator issued; empty where there never was one."""
        columns = (tokens.c.id, tokens.c.name, tokens.c.issued_by)
        found = sa.select(*columns).where(tokens.c.id == token_id).cte(recursive=True)
        above = sa.select(*columns).where(tokens.c.id == found.c.issued_by)
        line = found.union(above)  # not `union_all`: a table that was altered may go in a circle
        query = sa.select(line.c.id, line.c.name).order_by(line.c.id.desc())  # issued before
        return [Holder(row.id, row.name) for row in connection.execute(query)]

    @staticmethod
    def tokens_of(connection: sa.Connection, caller: Caller) -> list[int]:
        """The numbers of all tokens that whoever holds this one holds or held: those of its name
        that are as it is in department and authorities, the newest first. So what belongs to a
        holder is still theirs by the next token."""
        query = sa.select(tokens).where(tokens.c.name == caller.name).order_by(tokens.c.id.desc())
        return [
            row.id
            for row in connection.execute(query)
            if row.department == caller.department
            and frozenset(row.authorities.split()) == caller.authorities
        ]

    def acting(self, token_id: int, purpose: Purpose) -> Caller | None:
        """Whoever holds a token, by it or a newer one of theirs that is in force and good for this
        purpose; None where there is none any more."""
        with self._engine.connect() as connection:
            row = connection.execute(sa.select(tokens).where(tokens.c.id == token_id)).one_or_none()
            if row is None:
                return None
            numbers = self.tokens_of(connection, self._caller(row))
            query = sa.select(tokens).where(tokens.c.id.in_(numbers), tokens.c.revoked_at.is_(None))
            rows = connection.execute(query.order_by(tokens.c.id.desc())).all()
        callers = sorted(map(self._caller, rows), key=lambda one: one.id != token_id)
        return next((one for one in callers if decide(one, purpose).allowed), None)

    def _caller(self, row: sa.Row[Any]) -> Caller:
        codes = frozenset(row.authorities.split())
        marks: Marks = {}
        if codes:
            marks = marks_of(
                self._hmac, self._who.current(), codes, row.department, self._clock.today()
            )
        return Caller(
            id=row.id,
            name=row.name,
            scopes=frozenset(row.scopes.split()),
            department=row.department,
            authorities=codes,
            marks=marks,
        )


def marks_of(
    hmac: Hmac, who: Who, codes: Iterable[str], department: str | None, today: date
) -> Marks:
    """What a token with these authorities stands for on that day."""
    found: dict[bytes, list[Days]] = {}
    for code, name, first, last in who.authorities.standings(codes, today):
        key = authority_key(code=code, name=name)
        found.setdefault(hmac.authority(key), []).append(Days(first, last))
    # Templates without a code name their authority only, and not every operator keeps a table.
    found.setdefault(hmac.authority(authority_key(name=department)), []).append(ALWAYS)
    return found


class Guard:
    """Who may come in, how often and what for: one per application.

    Callers seen in the last seconds are remembered, so that a busy client costs no query per
    request.
    """

    def __init__(self, holders: Holders, accesses: AccessLog, requests_per_second: float) -> None:
        self._holders = holders
        self._accesses = accesses
        self._rate = RateLimiter(requests_per_second)
        self._known: dict[bytes | int, tuple[float, Caller]] = {}

    async def admit(self, request: Request) -> Caller:
        """The caller; a problem where the token is unknown or comes too often. What a page asks
        for whoever showed it before counts once, however much the page asks."""
        caller = await self.recognise(_shown(request))
        wait = 0.0 if is_counted(request.scope) else self._rate.take(str(caller.id))
        if wait:
            raise retry_later("too-many-requests", math.ceil(wait))
        return caller

    async def recognise(self, token: str | int) -> Caller:
        """The caller; a problem where the token is unknown or revoked. Counts for no rate."""
        key = token if isinstance(token, int) else _digest(token)
        held = self._known.get(key)
        if held is None or time.monotonic() - held[0] >= MEMORY_SECONDS:
            caller = await run_in_threadpool(self._find, token)
            if caller is None:
                self._known.pop(key, None)
                raise unauthorized("token-unknown")
            if len(self._known) >= MEMORY_SIZE:
                self._known.clear()
            held = self._known[key] = (time.monotonic(), caller)
        return held[1]

    def _find(self, token: str | int) -> Caller | None:
        if isinstance(token, int):
            return self._holders.in_force(token)
        return self._holders.find(token)

    async def demand(self, caller: Caller, purpose: Purpose) -> None:
        """Raise NotAllowed, logged, where the token is not for this at all."""
        decision = decide(caller, purpose)
        if not decision.allowed:
            await run_in_threadpool(self._accesses.refuse, caller, purpose, decision)


def require(purpose: Purpose) -> Callable[[Request], Awaitable[Caller]]:
    """A FastAPI dependency: the caller, or 401 without a valid token, 403 where it lacks the scope
    for this purpose, 429 where it comes too often."""

    async def caller_of(request: Request) -> Caller:
        guard: Guard = request.app.state.guard
        caller = await guard.admit(request)
        request.state.caller = caller
        await guard.demand(caller, purpose)
        return caller

    return caller_of


async def with_token(request: Request) -> Caller | None:
    """The caller of a route that is for anybody, where a token is shown; None where none is. A
    token that is not taken is refused, and not overlooked."""
    if request.scope.get(INSIDE) is None and "authorization" not in request.headers:
        return None
    guard: Guard = request.app.state.guard
    return await guard.admit(request)


async def ask_again(request: Request, purpose: Purpose) -> Caller:
    """The caller, who was let in before, for what a request that lasts does next; a problem where
    the token was revoked meanwhile."""
    guard: Guard = request.app.state.guard
    caller = await guard.recognise(_shown(request))
    await guard.demand(caller, purpose)
    return caller


def _shown(request: Request) -> str | int:
    """The token of a request; its number where a page of ours asks, which has no other."""
    if not is_inside(request.scope):
        return _bearer(request)
    number: int | None = request.scope[INSIDE]
    if number is None:
        raise unauthorized("token-missing")
    return number


def _bearer(request: Request) -> str:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    token = token.strip()
    if kind.lower() != "bearer" or not token:
        raise unauthorized("token-missing")
    if len(token) > MAX_TOKEN:
        raise unauthorized("token-unknown")
    return token


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
