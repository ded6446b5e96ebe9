"""Taking authorisations back: asked for here, durable at once, counting here from then on."""

from __future__ import annotations

from typing import Final

from gateway.authorisations import store
from gateway.authorisations.errors import AuthorisationRefused
from gateway.authorisations.services import Admission
from gateway.base.context import Context
from gateway.base.crash import crash_point
from gateway.base.db import begin_read, begin_write
from gateway.base.policy import Caller, Purpose
from gateway.statements.services import Statements
from ledger.core.texts import Text


class Revoking:
    """Takes requests. Safe in threads."""

    def __init__(self, ctx: Context, *, statements: Statements, admission: Admission) -> None:
        self._ctx = ctx
        self._statements = statements
        self._admission = admission

    def revoke(self, caller: Caller, commitment: bytes) -> None:
        """Have an authorisation of ours taken back, by any commitment of its chain; nothing happens
        where that was asked for before. Every commitment that its statement ever had goes to the
        chain, for each of them is an authorisation by itself. Raises AuthorisationRefused,
        NotAllowed."""
        with begin_read(self._ctx.engine) as connection:
            row = store.row_of(connection, commitment)
        if row is None:
            raise AuthorisationRefused("not-found")
        if row.custodian != self._ctx.settings.node.code:
            raise AuthorisationRefused("not-the-custodian", _ELSEWHERE)
        self._admission.admit(caller, Purpose.REVOKE_AUTHORISATION, row)
        with begin_write(self._ctx.engine, store.LOCK) as connection:
            now = store.row_of(connection, commitment)
            if now is None or now.revoked_at is not None:
                return
            chain = self._statements.chain(now.commitment, connection)
            asked = {"revoked_at": self._ctx.clock.seconds(), "revoked_by": caller.id}
            store.change(connection, now.id, **asked)
            store.put_revocations(connection, now.id, chain)
            crash_point("revocation.requested", "before")
        crash_point("revocation.requested", "after")
        self._ctx.signals.taken_back.set()

    def add_made_again(self) -> int:
        """Have taken back too what was made again for another log of what is taken back; how
        many."""
        with begin_read(self._ctx.engine) as connection:
            if not store.made_again(connection):
                return 0
        with begin_write(self._ctx.engine, store.LOCK) as connection:
            found = store.made_again(connection)
            for number, commitment in found:
                store.put_revocations(connection, number, [commitment])
        return len(found)


_ELSEWHERE: Final[Text] = {
    "zh": "该授权由其他成员保管，请由其撤回",
    "en": "Another member keeps this authorisation; have it taken back there",
}
