"""Issuing statements, and opening them again.

A statement is made and signed for outside of any transaction (`make`), and kept in one (`keep`),
with its promise: what is answered is durable. Whoever has a transaction of its own calls the two
around it; `issue` is both in one. The promise counts on the next batch, which is known only under
the lock: where one has gone meanwhile, `keep` refuses and it is made anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import sqlalchemy as sa

from gateway.base.context import Context
from gateway.base.crypto import ContentLost, Sealed, Vault
from gateway.base.db import begin_read, begin_write, lock
from gateway.base.errors import NotReady
from gateway.log.services import log_row
from gateway.records.errors import ContentErased
from gateway.sealing.services import key_in
from gateway.statements import days, store
from gateway.statements.errors import Overtaken, RequestTaken, StatementUnknown
from gateway.statements.interfaces import NOTHING_NEW, Issued, Made, ReceiptOf, Said
from gateway.statements.making import Maker
from ledger.core import merkle
from ledger.core.canonical import unhex32
from ledger.core.entry import parse_entry
from ledger.core.errors import Malformed
from ledger.core.ids import Digest
from ledger.core.opening import Opening, Promised, of_receipt
from ledger.core.promise import MAX_LEAVES, from_json
from ledger.core.receipt import parse as parse_receipt
from ledger.core.statement import Statement, parse_statement

ATTEMPTS = 8
"""How often statements are made again that a batch or another request was faster than."""
MAX_STEPS = 64
"""Times that one statement is followed from a closed log to the next."""

_T = TypeVar("_T")


class Statements:
    """The statements of this member."""

    def __init__(self, ctx: Context, maker: Maker, vault: Vault, receipt_of: ReceiptOf) -> None:
        self._ctx = ctx
        self._maker = maker
        self._vault = vault
        self._receipt_of = receipt_of

    # ---- issuing

    def issue(self, said: Sequence[Said], connection: sa.Connection | None = None) -> Issued:
        """Make these statements and keep them under one promise; their openings, in order.

        One whose request is known is not made again: its opening comes as it stands now. With a
        connection it is kept in that write transaction, which is then open while the promise is
        signed; better call `make` before it and `keep` inside. Raises NotReady, Malformed (not the
        members of the sort), RequestTaken, ContentKeyMissing.
        """
        for _ in range(ATTEMPTS):
            made = self.make(said)
            try:
                if connection is not None:
                    return self.keep(connection, said, made)
                with begin_write(self._ctx.engine) as own:
                    return self.keep(own, said, made)
            except Overtaken:
                continue
        raise NotReady("busy", retry_after=1)

    def are_known(self, said: Sequence[Said]) -> list[bool]:
        """Whether each was issued before under its request."""
        requests = [self._maker.request(one) for one in said]
        with begin_read(self._ctx.engine) as connection:
            known = store.of_requests(connection, {one for one in requests if one is not None})
        return [one in known for one in requests]

    def make(self, said: Sequence[Said]) -> Made:
        """Make those whose request is not known, and sign one promise; nothing is stored. Raises as
        `issue`."""
        if not 1 <= len(said) <= MAX_LEAVES:
            raise Malformed("statements", f"not 1 … {MAX_LEAVES} at once")
        named = {request for one in said if (request := self._maker.request(one))}
        with begin_read(self._ctx.engine) as connection:
            known = store.of_requests(connection, named)
            newest = store.newest_day(connection, days.last_batch(self._ctx.clock.seconds()))
        wanted = list(self._once(said, known))
        if not wanted:
            return NOTHING_NEW
        terms = self._maker.terms(newest)
        return self._maker.promised([self._maker.statement(one, terms) for one in wanted], terms)

    def keep(self, connection: sa.Connection, said: Sequence[Said], made: Made) -> Issued:
        """Store what was made of these within the caller's write transaction; the openings of all,
        in order.

        Raises Overtaken where `make` must be called again; the transaction is as it was.
        RequestTaken.
        """
        lock(connection, store.LOCK)
        self._demand_fresh(connection, made)
        if made.promise is not None:
            log = log_row(connection, unhex32(made.promise.log))
            store.put_statements(
                connection, self._vault, made.new, made.promise, log=log, key_id=made.key_id
            )
        made_of = {one.request: one for one in made.new if one.request}
        nameless = iter([one for one in made.new if not one.request])
        openings = _openings(made)
        found = []
        for one in said:
            request = self._maker.request(one)
            new = made_of.get(request) if request else next(nameless)
            if new is None:
                found.append(self._known(connection, one, request))
            elif new.mac != self._maker.mac(one):
                raise RequestTaken("two different statements were asked for under one request")
            else:
                found.append(openings[new.statement.commitment])
        return found

    def _once(self, said: Sequence[Said], known: Any) -> Iterator[Said]:
        """Those that are to be made; of several with one request the first."""
        seen = set(known)
        for one in said:
            request = self._maker.request(one)
            if request in seen:
                continue
            if request is not None:
                seen.add(request)
            yield one

    def _demand_fresh(self, connection: sa.Connection, made: Made) -> None:
        at = self._ctx.clock.seconds()
        newest = store.begin_days(connection, days.last_batch(at), at)
        requests = {one.request for one in made.new if one.request}
        late = made.promise is not None and days.after(newest) > made.next_day
        if late or not self._maker.still(made) or store.of_requests(connection, requests):
            raise Overtaken

    def _known(self, connection: sa.Connection, one: Said, request: bytes | None) -> Opening:
        wanted = request or b""
        known = store.of_requests(connection, [wanted])
        if wanted not in known:
            raise Overtaken
        if known[wanted].mac != self._maker.mac(one):
            raise RequestTaken("another statement was issued under this request")
        return self.opening(known[wanted].commitment, connection)

    # ---- opening

    def open(self, commitment: bytes, connection: sa.Connection | None = None) -> Statement:
        """The statement with this commitment. Raises StatementUnknown, ContentErased, ContentLost,
        ContentKeyMissing."""
        return self._with(
            connection, lambda used: open_statement(self._vault, _demand_row(used, commitment))
        )

    def current(self, commitment: bytes, connection: sa.Connection | None = None) -> Digest:
        """The commitment of the statement that stands for this one: itself, or the last that was
        made of it for another log. Raises StatementUnknown."""
        return self._with(connection, lambda used: Digest(_standing(used, commitment).commitment))

    def chain(self, commitment: bytes, connection: sa.Connection | None = None) -> list[Digest]:
        """The commitments of this statement and of all that were made of it for other logs, in that
        order; the last one stands. Raises StatementUnknown."""
        return self._with(
            connection, lambda used: [Digest(row.commitment) for row in _chain(used, commitment)]
        )

    def opening(self, commitment: bytes, connection: sa.Connection | None = None) -> Opening:
        """The opening to be handed out now: with a receipt once it is anchored, with the promise
        until then. Of a statement that a closed log has stranded it is that of the one that stands
        for it (`entry.replaces` names the first). Raises as `open`."""
        return self._with(connection, lambda used: self._opening(used, commitment))

    def _opening(self, connection: sa.Connection, commitment: bytes) -> Opening:
        row = _standing(connection, commitment)
        statement = open_statement(self._vault, row)
        if row.entry is not None:
            receipt = self._receipt_of(store.leaf_of(row))
            if receipt is not None:
                return of_receipt(statement, parse_receipt(receipt))
        promise, leaves = store.promise_of(connection, row.promise)
        return Opening(
            statement=statement,
            entry=parse_entry(store.entry_of(row)),
            proof=Promised(
                index=row.position,
                path=tuple(merkle.inclusion_path(leaves, row.position)),
                promise=from_json(promise.as_dict()),
            ),
        )

    def _with(self, connection: sa.Connection | None, ask: Callable[[sa.Connection], _T]) -> _T:
        if connection is not None:
            return ask(connection)
        with begin_read(self._ctx.engine) as own:
            return ask(own)


def open_statement(vault: Vault, row: sa.Row[Any]) -> Statement:
    """What `store.row_of` found, in clear. Raises ContentErased, ContentLost, ContentKeyMissing."""
    key = key_in(row)
    if key is None:
        raise ContentErased
    found = parse_statement(vault.open(Sealed(key, row.content), row.commitment))
    if found.commitment != row.commitment:
        raise ContentLost("the sealed content is not what was committed")
    return found


def _openings(made: Made) -> dict[bytes, Opening]:
    if made.promise is None:
        return {}
    promise = from_json(made.promise.as_dict())
    leaves = [one.leaf for one in made.new]
    return {
        one.statement.commitment: Opening(
            statement=one.statement,
            entry=parse_entry(one.entry),
            proof=Promised(
                index=at, path=tuple(merkle.inclusion_path(leaves, at)), promise=promise
            ),
        )
        for at, one in enumerate(made.new)
    }


def _demand_row(connection: sa.Connection, commitment: bytes) -> sa.Row[Any]:
    row = store.row_of(connection, commitment)
    if row is None:
        raise StatementUnknown("no statement of ours has this commitment")
    return row


def _standing(connection: sa.Connection, commitment: bytes) -> sa.Row[Any]:
    return _chain(connection, commitment)[-1]


def _chain(connection: sa.Connection, commitment: bytes) -> list[sa.Row[Any]]:
    found = [_demand_row(connection, commitment)]
    while found[-1].superseded_by and len(found) <= MAX_STEPS:
        found.append(_demand_row(connection, found[-1].superseded_by))
    return found
