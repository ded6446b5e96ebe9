"""Who proposes a decision and who releases it are two persons, as far as their tokens tell.

By the tokens and by their names; and neither may have issued the token of the other, itself or
through tokens that it issued: such a second person is whoever the first one says. Where the
settings demand it, no token has issued both.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from gateway.base.context import Context
from gateway.base.policy import Caller
from gateway.cases.errors import CaseRefused
from gateway.cases.interfaces import Holder, Tokens
from ledger.records.fold import fold


class TwoPersons:
    """Tells them apart. tokens: of this member."""

    def __init__(self, ctx: Context, tokens: Tokens) -> None:
        self._tokens = tokens
        self._apart = ctx.settings.tokens.issuers_apart

    def demand(self, connection: sa.Connection, caller: Caller, token: int, *names: str) -> None:
        """Raise CaseRefused where a caller may not release what was proposed by a token:
        `same-person`, `issued-by-party`, `same-issuer`. names: under which it was proposed, beside
        the token's own."""
        theirs = self._tokens.line(connection, token)
        mine = self._tokens.line(connection, caller.id)
        them = [Holder(token, name) for name in names] or [Holder(token, "")]
        me = [Holder(caller.id, caller.name)]
        if _meet([*them, *theirs[:1]], me):
            raise CaseRefused("same-person")
        if _meet(theirs[1:], me) or _meet(mine[1:], [*them, *theirs[:1]]):
            raise CaseRefused("issued-by-party")
        if self._apart and _meet(theirs[1:], mine[1:]):
            raise CaseRefused("same-issuer")

    def barred(
        self, connection: sa.Connection, caller: Caller, token: int, *names: str
    ) -> str | None:
        """The code with which `demand` refuses; None: it does not."""
        try:
            self.demand(connection, caller, token, *names)
        except CaseRefused as error:
            return error.code
        return None


def _meet(some: Sequence[Holder], others: Sequence[Holder]) -> bool:
    """Whether there is one person among both: by a token, or by the name, as whoever got a new
    token has it."""
    tokens = {one.token for one in some} & {one.token for one in others}
    return bool(tokens) or bool(_names(some) & _names(others))


def _names(holders: Sequence[Holder]) -> set[str]:
    return {fold(one.name).casefold() for one in holders} - {""}
