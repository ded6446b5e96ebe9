"""The questions of this member: asked, kept with what proves them, and reported to the sources.

A question is kept in one transaction with our statements about it (`use`, one for each answer) and
the openings of these that go to whoever answered: nothing is used unseen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Final

import sqlalchemy as sa
import structlog

from gateway.accesses.services import Access, AccessLog
from gateway.base.clock import CHINA
from gateway.base.context import Context
from gateway.base.crash import crash_point
from gateway.base.crypto import SUBJECT_CODE, Hmac, Vault
from gateway.base.db import begin_read, begin_write
from gateway.base.errors import NotReady
from gateway.base.policy import ALWAYS, Caller, Decision, Purpose, Record, decide
from gateway.mirrors.leaves import note_leaves
from gateway.peers.outbox import MessageOutbox
from gateway.queries import store
from gateway.queries.asking import Asking, Heard, Result, Step
from gateway.queries.errors import TooManyChanges, UseUnknown
from gateway.queries.interfaces import Decided, Sought, Wanted
from gateway.queries.reported import figures
from gateway.statements.errors import Overtaken
from gateway.statements.interfaces import Issued, Said
from gateway.statements.services import ATTEMPTS, Statements
from ledger.core.answer import Given
from ledger.core.bundle import Bundle
from ledger.core.canonical import hex32, instant
from ledger.core.ids import Digest, sha256
from ledger.core.query import Use
from ledger.core.receipt import parse
from ledger.records.keys import subject_keys

LOOKED_AT: Final = 5000
"""Questions that are looked at for one page, of which most may be about another matter."""

_log = structlog.get_logger(__name__)


def _nobody(_: Step) -> None:
    """Hear nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """A question that was asked. bundle: the file. now: the overall result by the chain of now."""

    id: str
    bundle: bytes
    overall: str
    now: str


class Uses:
    """Asks and keeps; safe in threads."""

    def __init__(
        self,
        ctx: Context,
        *,
        asking: Asking,
        statements: Statements,
        outbox: MessageOutbox,
        vault: Vault,
        hmac: Hmac,
        accesses: AccessLog,
    ) -> None:
        self._ctx = ctx
        self._asking = asking
        self._statements = statements
        self._outbox = outbox
        self._vault = vault
        self._hmac = hmac
        self._accesses = accesses

    def use(self, caller: Caller, wanted: Wanted, heard: Heard = _nobody) -> Used:
        """Ask all provinces, and keep what they answer. heard: told what comes. Raises
        NotToBeAsked, NotReady."""
        result = self._asking.ask(wanted, heard)
        data = result.bundle.encode()
        given = result.bundle.answers
        said = [_said(one, wanted.decision) for one in given]

        def keep(connection: sa.Connection, issued: Issued) -> str:
            statements = self._hand_out(connection, given, issued)
            new = self._new(caller, wanted, result, data, statements)
            hex_id = store.put(connection, self._vault, new)
            note_leaves(connection, self._told_leaves(result.bundle))
            line = Access(token=caller.id, purpose=Purpose.USE, decision=Decision(None))
            self._accesses.put(connection, [line], self._ctx.clock.seconds())
            crash_point("use.kept", "before")
            return hex_id

        hex_id = self._stated(said, keep)
        crash_point("use.kept", "after")
        overall, now = result.bundle.overall, result.assessment.now
        return Used(id=hex_id, bundle=data, overall=overall, now=now)

    def refusal(self, wanted: Wanted) -> str | None:
        """See `Asking.refusal`."""
        return self._asking.refusal(wanted)

    def bundle(self, caller: Caller, hex_id: str) -> bytes:
        """The bundle of a question that was asked; that it was read stands in the access log.
        Raises UseUnknown, BundleErased, ContentLost."""
        with begin_write(self._ctx.engine) as connection:
            row = self._row(connection, caller, hex_id)
            data = store.bundle_of(connection, self._vault, row)
            line = Access(token=caller.id, purpose=Purpose.USE, decision=Decision(None))
            self._accesses.put(connection, [line], self._ctx.clock.seconds())
        return data

    def find(self, caller: Caller, wanted: Sought) -> Mapping[str, Any]:
        """Questions of this token, of the whole member where the caller acts for that, the newest
        first; `next`: where to ask on, or null. That they were looked at stands in the access log.
        """
        subject = None
        if wanted.code is not None:
            subject = self._hmac.fingerprint(SUBJECT_CODE, subject_keys(wanted.code, "").code)
        token = None if caller.whole_member else caller.id
        found: list[Mapping[str, Any]] = []
        before, following = wanted.before, None
        with begin_write(self._ctx.engine) as connection:
            for _ in range(0, LOOKED_AT, store.PAGE):
                rows = store.sought(connection, wanted, token=token, subject=subject, below=before)
                for row, told in store.told_of(connection, self._vault, rows):
                    before = row.n
                    if wanted.matter is None or told["matter"] == wanted.matter:
                        found.append(_line(row, told) | {"kept": bool(row.bundle)})
                    if len(found) == wanted.limit:
                        break
                whole = len(rows) == store.PAGE
                following = before if whole or len(found) == wanted.limit else None
                if not whole or len(found) == wanted.limit:
                    break
            line = Access(token=caller.id, purpose=Purpose.USE, decision=Decision(None))
            self._accesses.put(connection, [line], self._ctx.clock.seconds())
        return {"items": found, "next": following}

    def decide(self, caller: Caller, hex_id: str, decision: Decided) -> None:
        """State what came of a question. Nothing happens where it is stated already. Raises
        UseUnknown, TooManyChanges, NotReady."""
        with begin_read(self._ctx.engine) as connection:
            row = self._row(connection, caller, hex_id)
            answers = store.answers_of(connection, row.n)
        if row.decision == decision:
            return
        most = self._ctx.settings.queries.changes
        said = [_said_of(one.answer, row.purpose, decision) for one in answers]

        def keep(connection: sa.Connection, issued: Issued) -> str:
            if self._row(connection, caller, hex_id).changes >= most:
                raise TooManyChanges(most)
            pairs = zip(answers, issued, strict=True)
            statements = {one.member: opening.statement.commitment for one, opening in pairs}
            for one, opening in zip(answers, issued, strict=True):
                self._send(connection, one.member, opening.encode(), statements[one.member])
            store.decide(connection, row.n, decision, statements)
            return hex_id

        self._stated(said, keep)

    def admit(self, caller: Caller) -> None:
        """Raise NotAllowed unless the caller may see what the whole member asked; logged either
        way."""
        decision = decide(caller, Purpose.QUERIES, Record(department=None, decided=ALWAYS))
        if not decision.allowed:
            self._accesses.refuse(caller, Purpose.QUERIES, decision)
        with begin_write(self._ctx.engine) as connection:
            line = Access(token=caller.id, purpose=Purpose.QUERIES, decision=decision)
            self._accesses.put(connection, [line], self._ctx.clock.seconds())

    def log(self, first: date, last: date) -> Iterator[Mapping[str, Any]]:
        """What was asked on some days, the last one included, in its order; a few at a time, so
        that no transaction stays open while somebody reads slowly."""
        start = int(datetime.combine(first, time(), CHINA).timestamp())
        end = int(datetime.combine(last, time.max, CHINA).timestamp()) + 1
        after = 0
        while True:
            with begin_read(self._ctx.engine) as connection:
                rows = store.between(connection, start, end, after=after)
                told = list(store.told_of(connection, self._vault, rows))
            yield from (_line(row, value) for row, value in told)
            if len(rows) < store.PAGE:
                return
            after = rows[-1].n

    def reported(self, first: date, last: date) -> Mapping[str, Any]:
        """How often others reported on some days that they used answers of ours, and what they did;
        apart from that what they reported of answers that they were not given."""
        start = int(datetime.combine(first, time(), CHINA).timestamp())
        end = int(datetime.combine(last, time.max, CHINA).timestamp()) + 1
        with begin_read(self._ctx.engine) as connection:
            return figures(connection, start, end)

    def _row(self, connection: sa.Connection, caller: Caller, hex_id: str) -> sa.Row[Any]:
        row = store.row_of(connection, hex_id)
        if row is None or (row.token != caller.id and not caller.whole_member):
            raise UseUnknown("there is no such question of this token")
        return row

    def _stated(self, said: Sequence[Said], keep: Any) -> str:
        """What `keep` gives within the transaction that keeps these statements."""
        for _ in range(ATTEMPTS):
            made = self._statements.make(said) if said else None
            try:
                with begin_write(self._ctx.engine) as connection:
                    issued = self._statements.keep(connection, said, made) if made else ()
                    found: str = keep(connection, issued)
                self._ctx.signals.wake_all()
                return found
            except Overtaken:
                continue
        raise NotReady("busy", retry_after=1)

    def _hand_out(
        self, connection: sa.Connection, given: Sequence[Given], issued: Issued
    ) -> dict[str, tuple[bytes, bytes, bytes]]:
        found: dict[str, tuple[bytes, bytes, bytes]] = {}
        for one, opening in zip(given, issued, strict=True):
            member, commitment = one.answer.iss, opening.statement.commitment
            query = one.opening.statement.commitment
            found[member] = (sha256(one.jws.text.encode()), commitment, query)
            self._send(connection, member, opening.encode(), commitment)
        return found

    def _send(
        self, connection: sa.Connection, member: str, opening: bytes, commitment: bytes
    ) -> None:
        """Report a use to its source; to ourselves it is known."""
        if member != self._ctx.settings.node.code:
            self._outbox.put(connection, member=member, commitment=commitment, opening=opening)

    def _own_records(self, bundle: Bundle) -> set[bytes]:
        """Ids of the records of ours that it shows: erasing one reaches it too."""
        own = self._ctx.settings.node.code
        return {
            bytes(parse(text.encode()).record_id)
            for one in bundle.answers
            if one.answer.iss == own
            for text in one.receipts
        }

    def _told_leaves(self, bundle: Bundle) -> Iterator[tuple[bytes, bytes]]:
        """Leaf and record id of what others stated: of our own the log has them."""
        own = self._ctx.settings.node.code
        for one in bundle.answers:
            if one.answer.iss != own:
                for text in one.receipts:
                    receipt = parse(text.encode())
                    yield receipt.leaf, receipt.record_id

    def _new(
        self,
        caller: Caller,
        wanted: Wanted,
        result: Result,
        data: bytes,
        statements: Mapping[str, tuple[bytes, bytes, bytes]],
    ) -> store.NewUse:
        bundle = result.bundle
        counts = {one.answer.iss: len(one.answer.items) for one in bundle.answers}
        told = {
            "code": wanted.code,
            "matter": wanted.matter,
            "token": caller.name,
            "types": list(_types(result, wanted)),
            "answered": counts,
            "missing": {one.member: one.reason for one in bundle.missing},
        }
        return store.NewUse(
            at=bundle.at,
            token=caller.id,
            subject=self._hmac.fingerprint(SUBJECT_CODE, subject_keys(wanted.code, "").code),
            purpose=wanted.purpose,
            authorisation=wanted.authorisation,
            overall=bundle.overall,
            decision=wanted.decision,
            missing=len(bundle.missing),
            items=sum(counts.values()),
            told=told,
            bundle=data,
            records=self._own_records(bundle),
            statements=statements,
        )


def _said(given: Given, decision: str) -> Said:
    answer = sha256(given.jws.text.encode())
    return _said_of(answer, given.answer.question.purpose, decision)


def _said_of(answer: bytes, purpose: str, decision: str) -> Said:
    use = Use(answer=Digest(answer), decision=decision, product=None, purpose=purpose)
    return Said(sort="use", members=use.members())


def _types(result: Result, wanted: Wanted) -> Sequence[str]:
    answers = result.bundle.answers
    return answers[0].answer.question.types if answers else wanted.types


def _line(row: sa.Row[Any], told: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": row.id,
        "at": instant(row.at),
        "token": told["token"],
        "subject": told["code"],
        "purpose": row.purpose,
        "matter": told["matter"],
        "types": told["types"],
        "authorisation": None if row.authorisation is None else hex32(row.authorisation),
        "answered": told["answered"],
        "missing": told["missing"],
        "items": row.items,
        "overall": row.overall,
        "decision": row.decision,
    }
