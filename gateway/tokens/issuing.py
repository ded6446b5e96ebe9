"""Tokens that people issue: of their own department, or as the centre of any; never of more than
they have. Each is noted in the access log, and with the token who issued it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from gateway.accesses.services import Access, AccessLog
from gateway.base.context import Context
from gateway.base.policy import ALWAYS, Caller, Decision, Purpose, Record, decide
from gateway.base.who import WhoFiles
from gateway.http.problems import Problem
from gateway.tokens.models import tokens
from gateway.tokens.services import TokenRow, add_token, list_tokens, revoke_token
from ledger.core.canonical import instant
from ledger.core.errors import InputError
from ledger.core.texts import Text

MAX_NAME: Final = 60
"""Characters of the name of whoever holds a token, or of a department."""
MAX_LISTED: Final = 1000
"""Tokens of one answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A token to be issued. department: None = that of who issues it, for the centre the centre's.
    authorities: None = those of who issues it."""

    name: str
    scopes: Sequence[str]
    department: str | None = None
    authorities: Sequence[str] | None = None


class Issuing:
    """Lists, issues and revokes; safe in threads."""

    def __init__(self, ctx: Context, accesses: AccessLog, who: WhoFiles) -> None:
        self._ctx = ctx
        self._accesses = accesses
        self._who = who

    def listed(self, caller: Caller) -> Mapping[str, Any]:
        """The tokens that a caller may see, the newest first, and whether there are more."""
        self._log(caller, Purpose.SEE_TOKENS)
        rows = [
            row
            for row in reversed(list_tokens(self._ctx.engine))
            if decide(caller, Purpose.SEE_TOKENS, _as_record(row.department)).allowed
        ]
        return {"items": [_told(row) for row in rows[:MAX_LISTED]], "more": len(rows) > MAX_LISTED}

    def issue(self, caller: Caller, wanted: Wanted) -> Mapping[str, Any]:
        """A new token: all that lists tell of it, and itself, this once. Raises InputError,
        NotAllowed (logged)."""
        name = _name("name", wanted.name)
        department = caller.department
        if wanted.department is not None:
            department = _name("department", wanted.department)
        self._demand(caller, Purpose.ISSUE_TOKENS, department)
        authorities = _within(caller, wanted.authorities)
        number, shown = add_token(
            self._ctx.engine,
            name=name,
            scopes=wanted.scopes,
            department=department,
            now=self._ctx.clock.now(),
            authorities=authorities,
            exceptions=self._who.current().exceptions,
            issued_by=caller.id,
        )
        self._log(caller, Purpose.ISSUE_TOKENS)
        return {**_told(self._row(number)), "secret": shown}

    def revoke(self, caller: Caller, number: int) -> None:
        """End a token; nothing happens where it has ended. Raises Problem `not-found`, NotAllowed
        (logged)."""
        row = self._row(number)
        self._demand(caller, Purpose.REVOKE_TOKENS, row.department)
        revoke_token(self._ctx.engine, number, now=self._ctx.clock.now())
        self._log(caller, Purpose.REVOKE_TOKENS)

    def _row(self, number: int) -> TokenRow:
        with self._ctx.engine.connect() as connection:
            known = connection.scalar(sa.select(tokens.c.id).where(tokens.c.id == number))
        if known is None:
            raise Problem("not-found")
        return next(row for row in list_tokens(self._ctx.engine) if row.id == number)

    def _demand(self, caller: Caller, purpose: Purpose, department: str | None) -> None:
        decision = decide(caller, purpose, _as_record(department))
        if not decision.allowed:
            self._accesses.refuse(caller, purpose, decision)

    def _log(self, caller: Caller, purpose: Purpose) -> None:
        self._accesses.write(Access(token=caller.id, purpose=purpose, decision=Decision(None)))


def _as_record(department: str | None) -> Record:
    return Record(department=department, decided=ALWAYS)


def _within(caller: Caller, wanted: Sequence[str] | None) -> Sequence[str]:
    """The authorities of a new token: those named, of which a department has its own alone.
    Raises InputError."""
    if wanted is None:
        return sorted(caller.authorities)
    if caller.department is None:
        return wanted
    theirs = {code.strip().upper() for code in wanted}
    if theirs <= caller.authorities and bool(theirs) == bool(caller.authorities):
        return sorted(theirs)
    raise InputError("authorities", "authority-not-yours", _NOT_YOURS)


def _name(field: str, text: str) -> str:
    found = text.strip()
    if not 1 <= len(found) <= MAX_NAME or not found.isprintable():
        raise InputError(
            field,
            "schema-invalid",
            {
                "zh": f"{field}：须为 1–{MAX_NAME} 个可见字符",
                "en": f"{field}: 1 to {MAX_NAME} printable characters",
            },
        )
    return found


def _told(row: TokenRow) -> dict[str, Any]:
    return {
        "token": row.id,
        "name": row.name,
        "scopes": list(row.scopes),
        "department": row.department,
        "authorities": list(row.authorities),
        "issuedAt": instant(row.created_at),
        "issuedBy": row.issued_by,
        "revokedAt": None if row.revoked_at is None else instant(row.revoked_at),
    }


_NOT_YOURS: Final[Text] = {
    "zh": "部门只能签发代表本部门机关的令牌；请从本令牌的机关代码中选择",
    "en": "A department issues tokens for its own authorities alone: name some of this token's",
}
