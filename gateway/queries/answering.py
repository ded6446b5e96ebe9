"""What other members are answered about a subject: all its records that they may be given, signed,
and the query stated in our log before the answer leaves (design-2 15).

Whether anything is given is decided by the families asked for, the purpose and the authorisation,
never by what there is: so a refusal teaches nothing. What is stated is all of it: of a record that
is closed by now, though not at the block of the answer, the receipt without content.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa

from gateway.accesses.services import Access, AccessLog
from gateway.base import access_table
from gateway.base.access_table import AccessTable
from gateway.base.context import Context
from gateway.base.crash import crash_point
from gateway.base.db import begin_write
from gateway.base.errors import NotReady
from gateway.base.policy import NOT_GRANTED, Decision, Purpose
from gateway.chain.signing import Signing
from gateway.peers.errors import Refused
from gateway.peers.interfaces import MAX_ANSWER, Asker, Granted, Reply
from gateway.queries import store
from gateway.queries.bodies import read_subject
from gateway.queries.interfaces import Asked, Papers
from gateway.queries.records import AtBlock, SubjectRecords, TooManyRecords
from gateway.queries.scope import may_ask, seen
from gateway.queries.stated import is_expired, stated_receipts
from gateway.receipts.services import Receipts
from gateway.statements.errors import Overtaken
from gateway.statements.interfaces import Said
from gateway.statements.services import ATTEMPTS, Statements
from ledger.core import receipt as receipts
from ledger.core.answer import MAX_ITEMS, TYP, Answer, Cover, Question
from ledger.core.canonical import encode
from ledger.core.ids import Digest, sha256
from ledger.core.jws import sign_statement
from ledger.core.opening import Opening
from ledger.core.query import Query
from ledger.core.signed import MAX_BEHIND, Item
from ledger.core.verdict.facts import date_of

ROOM: Final = MAX_ANSWER * 3 // 4
"""Bytes of the receipts of one answer: in a JSON text they take a fifth more."""
TOO_MANY: Final = "too-many-records"


class Answering:
    """Answers; safe in threads."""

    def __init__(
        self,
        ctx: Context,
        *,
        found: SubjectRecords,
        papers: Papers,
        receipts: Receipts,
        statements: Statements,
        signing: Signing,
        accesses: AccessLog,
        table: AccessTable | None = None,
    ) -> None:
        """table: what members are given; None: the newest that is packaged."""
        self._ctx = ctx
        self._found = found
        self._papers = papers
        self._receipts = receipts
        self._statements = statements
        self._signing = signing
        self._accesses = accesses
        self._table = table or access_table.load()

    def subject(self, asker: Asker, body: bytes) -> Reply:
        """The answer to another member: `{answer, opening, receipts}`. Raises Refused, logged;
        InputError, NotReady."""
        asked = read_subject(body)
        try:
            return Reply(body=self.answer(asker, asked))
        except Refused as error:
            decision = Decision(error.code, version=self._table.version)
            self._accesses.write(self._line(asker, decision, None))
            raise

    def answer(self, asker: Asker, asked: Asked) -> bytes:
        """The same for what was read already; ourselves may ask too."""
        granted = self._judge(asker, asked)
        visible = self._demand_seen(asker, asked, granted)
        key, at = self._signing.present_key(), self._found.at_block()
        now = max(self._ctx.clock.seconds(), at.block.time)
        if now - at.block.time > MAX_BEHIND:
            raise NotReady("statuses-old", retry_after=60)
        items, texts = self._items(at, asked, visible)
        answer = Answer(
            iss=self._ctx.settings.node.code,
            to=asker.code,
            at=now,
            authorisation=None if granted is None else granted.commitment,
            block=at.block.number,
            covers=tuple(Cover(log=log, size=size) for log, size in at.covers.items()),
            items=tuple(items),
            nonce=asker.nonce,
            question=Question(code=asked.code, purpose=asked.purpose, types=asked.types),
        )
        jws = sign_statement(
            TYP, answer.encode(), sign=key.sign, kid=key.key_id, alg=key.alg, iat=now
        )
        if granted is not None and not self._papers.still_valid(granted):  # taken back meanwhile
            raise Refused("authorisation-revoked")
        opening = self._state(asker, answer, jws)
        value = {"answer": jws, "opening": opening.to_json(), "receipts": texts}
        return encode(value, allow_null=True, max_depth=receipts.MAX_DEPTH + 2)

    def _judge(self, asker: Asker, asked: Asked) -> Granted | None:
        if asked.authorisation is None:
            return None
        return self._papers.judge(
            asked.authorisation,
            asker=asker.code,
            subject=asked.code,
            types=asked.types,
            purpose=asked.purpose,
            on=self._ctx.clock.today(),
        )

    def _demand_seen(self, asker: Asker, asked: Asked, granted: Granted | None) -> frozenset[int]:
        """The visibilities of which records are given. Raises Refused where a family asked for is
        of none of them."""
        visible = seen(self._table, asker.roles, asked.purpose, authorised=granted is not None)
        if not may_ask(asked.types, visible):
            raise Refused(NOT_GRANTED)
        return visible

    def _items(
        self, at: AtBlock, asked: Asked, visible: frozenset[int]
    ) -> tuple[list[Item], list[str]]:
        """The items with their receipts. Raises Refused where they are too many for one answer."""
        library, day = self._ctx.schemas.latest(), date_of(at.block.time)
        items: list[Item] = []
        texts: list[str] = []
        room = ROOM
        try:
            found = self._found.in_force(at, asked.code, asked.types, visible)
        except TooManyRecords as error:
            raise Refused(TOO_MANY) from error
        for _, data in stated_receipts(self._receipts, found):
            receipt = receipts.parse(data)
            if is_expired(receipt, library, day):
                continue
            room -= len(data)
            if len(items) == MAX_ITEMS or room < 0:
                raise Refused(TOO_MANY)
            items.append(Item.of(receipt.leaf, data))
            texts.append(data.decode())
        return items, texts

    def _state(self, asker: Asker, answer: Answer, jws: str) -> Opening:
        """State the query in our log, with the lines of the access log: all of it or nothing."""
        query = Query(
            answer=sha256(jws.encode()),
            asker=asker.code,
            authorisation=answer.authorisation,
            items=len(answer.items),
            purpose=answer.question.purpose,
            subject=answer.question.code,
        )
        said = [Said(sort="query", members=query.members())]
        for _ in range(ATTEMPTS):
            made = self._statements.make(said)
            try:
                with begin_write(self._ctx.engine) as connection:
                    (opening,) = self._statements.keep(connection, said, made)
                    self._log(connection, asker, answer)
                    store.put_answered(
                        connection,
                        commitment=opening.statement.commitment,
                        at=answer.at,
                        types=answer.question.types,
                        query=query,
                    )
                    crash_point("query.stated", "before")
                crash_point("query.stated", "after")
                return opening
            except Overtaken:
                continue
        raise NotReady("busy", retry_after=1)

    def _log(self, connection: sa.Connection, asker: Asker, answer: Answer) -> None:
        """A line of each record; one that names none where there are none."""
        allowed = Decision(None, version=self._table.version)
        leaves: Sequence[Digest | None] = [item.leaf for item in answer.items] or [None]
        lines = [self._line(asker, allowed, leaf) for leaf in leaves]
        self._accesses.put(connection, lines, self._ctx.clock.seconds())

    def _line(self, asker: Asker, decision: Decision, leaf: bytes | None) -> Access:
        return Access(
            token=None,
            member=asker.code,
            purpose=Purpose.EXCHANGE_SUBJECT,
            decision=decision,
            record=leaf,
        )
