"""Making authorisations: the statement, the documents, what is handed to the grantee, and the row,
in one transaction; once however often it is asked."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Final

import orjson
import sqlalchemy as sa

from gateway.accesses.services import Access, AccessLog
from gateway.authorisations import store
from gateway.authorisations.demands import Demands
from gateway.authorisations.errors import AuthorisationRefused
from gateway.authorisations.interfaces import Answer, Handing, Wanted
from gateway.base.context import Context
from gateway.base.crash import crash_point
from gateway.base.crypto import SUBJECT_CODE, Hmac, Vault
from gateway.base.db import begin_read, begin_write
from gateway.base.errors import NotReady
from gateway.base.policy import ALWAYS, Caller, Decision, Purpose, Record, decide
from gateway.cases import materials as documents
from gateway.http.problems import retry_later
from gateway.statements.errors import Overtaken
from gateway.statements.interfaces import Made, Said
from gateway.statements.services import ATTEMPTS, Statements
from ledger.core.opening import Opening
from ledger.core.texts import Text
from ledger.records.keys import subject_keys

GRANTS_A_DAY: Final = 5000
"""Of one token: their documents are kept for years. All branches of a bureau make fewer."""
DAY: Final = 86_400
LATER: Final = 3600
"""Seconds after which a token that made too many may try again."""
_REQUEST, _SAID = b"authorisation-request", b"authorisation"


class Grants:
    """The authorisations that this member makes. Safe in threads.

    Raises AuthorisationRefused, CaseRefused (documents), InputError, NotAllowed, NotReady.
    """

    def __init__(
        self,
        ctx: Context,
        *,
        statements: Statements,
        vault: Vault,
        hmac: Hmac,
        accesses: AccessLog,
        demands: Demands,
        handing: Handing,
    ) -> None:
        """handing: takes what goes to grantees."""
        self._ctx = ctx
        self._statements = statements
        self._vault = vault
        self._hmac = hmac
        self._accesses = accesses
        self._demands = demands
        self._handing = handing

    def grant(self, caller: Caller, wanted: Wanted, key: str | None = None) -> bytes:
        """Make an authorisation; the commitment by which it is called. key: names the request among
        all of the caller's; None: the same asked for on the same day is the same."""
        said = self._fingerprint(_SAID, wanted.said())
        named = {"key": key} if key else {"day": self._ctx.clock.today().isoformat()}
        request = self._fingerprint(
            _REQUEST, {"token": caller.id, **named} | ({} if key else {"said": said.hex()})
        )
        with begin_read(self._ctx.engine) as connection:
            known = _known(connection, request, said)
        if known is not None:
            return known
        self._demands.check(wanted)
        return self._make(caller, wanted, request, said)

    def answer(self, commitment: bytes) -> Answer:
        """What the caller is told of one that was made: the promise over its entry, or null where
        it is anchored by now."""
        promised = self._statements.opening(commitment).promised
        told = {"index": None, "path": None, "promise": None}
        return {
            "authorisation": commitment.hex(),
            **(told if promised is None else promised.to_json()),
        }

    def _make(self, caller: Caller, wanted: Wanted, request: bytes, said: bytes) -> bytes:
        docs = documents.describe(wanted.docs)
        statement = Said(sort="authorisation", members=wanted.stated(docs).members())
        for _ in range(ATTEMPTS):
            made = self._statements.make([statement])
            try:
                with begin_write(self._ctx.engine, store.LOCK) as connection:
                    known = _known(connection, request, said)
                    if known is not None:
                        return known
                    self._demand_few(connection, caller)
                    values = {"request": request, "said": said}
                    opening = self._keep(connection, caller, wanted, (statement, made), values)
                    crash_point("authorisation.stored", "before")
            except Overtaken:
                continue
            crash_point("authorisation.stored", "after")
            return bytes(opening.statement.commitment)
        raise NotReady("busy", retry_after=1)

    def _keep(
        self,
        connection: sa.Connection,
        caller: Caller,
        wanted: Wanted,
        made: tuple[Said, Made],
        values: Mapping[str, bytes],
    ) -> Opening:
        statement, promised = made
        (opening,) = self._statements.keep(connection, [statement], promised)
        kept, commitment = os.urandom(16).hex(), opening.statement.commitment
        documents.keep(connection, self._vault, wanted.docs, kept)
        store.put(
            connection,
            record=opening.statement.record_id,
            commitment=commitment,
            custodian=opening.statement.iss,
            grantee=wanted.grantee,
            subject=fingerprint_of(self._hmac, wanted.subject),
            since=self._ctx.clock.seconds(),
            token=caller.id,
            department=caller.department,
            materials=kept,
            handed=commitment,
            proven=opening.receipt is not None,
            **values,
        )
        self._handing.put(
            connection, member=wanted.grantee, commitment=commitment, opening=opening.encode()
        )
        purpose, allowed = Purpose.GRANT_AUTHORISATION, Decision(None)
        line = Access(token=caller.id, purpose=purpose, decision=allowed, record=commitment)
        self._accesses.put(connection, [line], self._ctx.clock.seconds())
        return opening

    def _demand_few(self, connection: sa.Connection, caller: Caller) -> None:
        since = self._ctx.clock.seconds() - DAY
        if store.granted_since(connection, caller.id, since) >= GRANTS_A_DAY:
            raise retry_later("too-many-requests", LATER, _ENOUGH)

    def _fingerprint(self, purpose: bytes, value: Mapping[str, Any]) -> bytes:
        data = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
        return self._hmac.fingerprint(purpose, data)


class Admission:
    """Who may do what with which authorisation; each is logged first."""

    def __init__(self, ctx: Context, accesses: AccessLog) -> None:
        self._ctx = ctx
        self._accesses = accesses

    def may_see(self, caller: Caller, row: store.Row) -> bool:
        """Whether it is in the caller's list."""
        return self._decide(caller, Purpose.SEE_AUTHORISATION, row).allowed

    def admit(self, caller: Caller, purpose: Purpose, row: store.Row) -> None:
        """Log what is asked of it, and refuse who may not. Raises NotAllowed."""
        decision = self._decide(caller, purpose, row)
        line = Access(token=caller.id, purpose=purpose, decision=decision, record=row.commitment)
        self._accesses.write(line)
        decision.demand()

    def note(self, caller: Caller, purpose: Purpose, *, count: int = 1) -> None:
        """Log what names none, or many. Raises NotAllowed."""
        decision = decide(caller, purpose)
        line = Access(token=caller.id, purpose=purpose, decision=decision, count=count)
        self._accesses.write(line)
        decision.demand()

    def _decide(self, caller: Caller, purpose: Purpose, row: store.Row) -> Decision:
        """What others made for this member is the whole member's, whoever of it asks."""
        if row.custodian != self._ctx.settings.node.code:
            return decide(caller, purpose)
        return decide(caller, purpose, Record(department=row.department, decided=ALWAYS))


def fingerprint_of(hmac: Hmac, subject: str) -> bytes:
    """By which the authorisations of a subject are found; that of its records, too."""
    return hmac.fingerprint(SUBJECT_CODE, subject_keys(subject, "").code)


def _known(connection: sa.Connection, request: bytes, said: bytes) -> bytes | None:
    """The authorisation that a request became; None: it is new. Raises AuthorisationRefused where
    something else was asked for under the same name."""
    row = store.row_of_request(connection, request)
    if row is None:
        return None
    if row.said != said:
        raise AuthorisationRefused("idempotency-differs", _ANOTHER)
    return bytes(row.commitment)


_ANOTHER: Final[Text] = {
    "zh": "该 Idempotency-Key 已用于内容不同的授权；请换一个",
    "en": "Another authorisation was made under this Idempotency-Key; take another key",
}
_ENOUGH: Final[Text] = {
    "zh": f"该令牌一天内最多登记 {GRANTS_A_DAY} 份授权，请稍后再办",
    "en": f"A token makes at most {GRANTS_A_DAY} authorisations within a day; try again later",
}
