"""Making statements and the promise of them; nothing is stored here."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from gateway.base.context import Context
from gateway.base.crypto import Hmac, Vault
from gateway.chain.interfaces import MemberFacts
from gateway.chain.signing import Signing
from gateway.chain.view import ChainView
from gateway.intake.promises import make_promise
from gateway.intake.readiness import ready_log
from gateway.statements import days
from gateway.statements.interfaces import Made, New, Said
from ledger.core import canonical
from ledger.core.errors import Malformed
from ledger.core.ids import LogId
from ledger.core.merkle import leaf_hash
from ledger.core.promise import MAX_PROMISE
from ledger.core.statement import MAX_DEPTH, SALT_SIZE, Statement

MAX_REQUEST = 200
"""Bytes of the name of a request."""
_REQUEST, _SAID = b"statement-request", b"statement"


class Terms:
    """Where and when statements are made: the chain as last read, the log that takes entries, and
    Unix seconds. newest: day of the newest batch."""

    def __init__(self, facts: MemberFacts, log_id: bytes, at: int, newest: date | None) -> None:
        self.facts = facts
        self.log = LogId(log_id)
        self.at = at
        self.next_day = days.after(max(newest or date.min, days.last_batch(at)))


class Maker:
    """Makes the statements of this member."""

    def __init__(
        self, ctx: Context, *, chain: ChainView, signing: Signing, vault: Vault, hmac: Hmac
    ) -> None:
        self._ctx = ctx
        self._chain = chain
        self._signing = signing
        self._vault = vault
        self._hmac = hmac

    def terms(self, newest: date | None) -> Terms:
        """Those of now. Raises NotReady where nothing can be promised."""
        at = self._ctx.clock.seconds()
        facts, log_id = ready_log(self._ctx, self._chain, self._signing, at)
        return Terms(facts, log_id, at, newest)

    def still(self, made: Made) -> bool:
        """Whether what was made may still be kept: its log takes entries, its promise holds."""
        facts, promise = self._chain.known, made.promise
        if promise is None:
            return True
        same = facts is not None and facts.open_log == bytes.fromhex(promise.log)
        return same and self._ctx.clock.seconds() < promise.due

    def statement(self, one: Said, terms: Terms) -> New:
        """What was said, as a statement of this member. Raises Malformed."""
        statement = Statement(
            sort=one.sort,
            at=terms.at,
            iss=terms.facts.member,
            log=terms.log,
            salt=os.urandom(SALT_SIZE),
            members=one.members,
        )
        return self.sealed(statement, mac=self.mac(one), request=self.request(one))

    def sealed(
        self,
        statement: Statement,
        *,
        mac: bytes,
        request: bytes | None = None,
        replaces: bytes | None = None,
    ) -> New:
        """A statement with its entry, and sealed."""
        entry = statement.entry(replaces)
        return New(
            statement=statement,
            entry=entry,
            leaf=leaf_hash(entry),
            sealed=self._vault.seal(statement.encode(), statement.commitment),
            mac=mac,
            request=request,
            replaces=replaces,
        )

    def promised(self, new: Sequence[New], terms: Terms) -> Made:
        """Statements with one promise over all of them, in this order: at least one. It counts on
        the next batch, and as long again as records may take to be anchored."""
        signer = self._signing.promise_key(terms.facts, terms.at)
        due = days.begins(terms.next_day) + self._ctx.settings.log.promise_due
        promise = make_promise(
            terms.facts,
            terms.log,
            [one.leaf for one in new],
            terms.at,
            due_in=min(due - terms.at, MAX_PROMISE),
            signer=signer,
        )
        return Made(new=new, promise=promise, key_id=signer.key_id, next_day=terms.next_day)

    def request(self, one: Said) -> bytes | None:
        """The fingerprint of the name of a request. Raises Malformed."""
        if one.request is None:
            return None
        if not 1 <= len(one.request) <= MAX_REQUEST:
            raise Malformed("request", f"its name is not 1 … {MAX_REQUEST} bytes")
        return self._hmac.fingerprint(_REQUEST, one.request)

    def mac(self, one: Said) -> bytes:
        """The fingerprint of what is said, whenever and in whatever log."""
        value: Mapping[str, Any] = {"members": dict(one.members), "sort": one.sort}
        said = canonical.encode(value, allow_null=True, max_depth=MAX_DEPTH + 1)
        return self._hmac.fingerprint(_SAID, said)
