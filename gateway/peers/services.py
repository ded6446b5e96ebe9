"""What other members are given of our records, by the access table; each answer is logged first.

Who shows an authorisation is told what is wrong with that, in this order: `authorisation-unknown`,
`-expired`, `-revoked`. Then comes `not-granted`, for a record that is not there, not in force, of a
type or province beyond it, or that the table keeps from it; `authorisation-other-subject` is last
and told only of a record that would be given otherwise. So trying ids teaches next to nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any, Final

import sqlalchemy as sa

from gateway.accesses.services import Access, AccessLog
from gateway.base import access_table
from gateway.base.access_table import NO_PURPOSE, AccessTable, Compared, Standing
from gateway.base.clock import CHINA
from gateway.base.context import Context
from gateway.base.crypto import ContentArchived, Vault
from gateway.base.db import begin_read
from gateway.base.errors import NotReady
from gateway.base.policy import (
    NOT_GRANTED,
    Decision,
    NotAllowed,
    Peer,
    Purpose,
    Record,
    Status,
    decide_for_member,
)
from gateway.http.problems import retry_later
from gateway.log.located import Entries, locate
from gateway.peers.bodies import read_check, read_openings, read_record
from gateway.peers.errors import Refused
from gateway.peers.interfaces import (
    MAX_ANSWER,
    MAX_ITEMS,
    Asker,
    DrawSource,
    Granted,
    NoDraws,
    NoOpenings,
    OpeningSource,
    PapersOf,
    Reply,
    StatusOf,
    in_force,
)
from gateway.peers.store import count_check
from gateway.receipts.interfaces import Audience, FieldUnknown, Pending, Stranded
from gateway.receipts.services import Receipts
from gateway.records.content import Content
from gateway.records.errors import NotARecord
from gateway.records.store import known_of, open_content, record_row
from ledger.core.canonical import encode
from ledger.records import schema as schemas
from ledger.records import uscc
from ledger.records.fold import fold
from ledger.records.persons import holding_person_ids
from ledger.records.schema import Schema

CHECKS_A_DAY: Final = 1000
"""Of one member over all records: values could be tried until one fits."""
UNKNOWN_AUTHORISATION: Final = "authorisation-unknown"
REVOKED: Final = "authorisation-revoked"
OTHER_SUBJECT: Final = "authorisation-other-subject"
NOT_DRAWN: Final = "not-drawn"
ROOM: Final = 1 << 10
"""Bytes of an answer beside its items."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """What there is to decide of a record. leaf: None: it is none of ours. row: as `record_row`."""

    record: Record | None = None
    standing: Standing = Standing.IN_FORCE
    leaf: bytes | None = None
    row: sa.Row[tuple[object, ...]] | None = None


@dataclass(frozen=True, slots=True)
class _Question:
    """Who asks for what, and the authorisation that it has shown; None: it has shown none."""

    asker: Asker
    purpose: Purpose
    paper: Granted | None = None

    @property
    def use(self) -> str:
        """What for, as in the access table."""
        return NO_PURPOSE if self.paper is None else self.paper.authorisation.purpose


class Exchange:
    """Answers other members about records. Safe to share between threads.

    Raises Refused (`not-granted`, or what is wrong with the asker's papers), InputError, NotReady.
    """

    def __init__(
        self,
        ctx: Context,
        *,
        vault: Vault,
        receipts: Receipts,
        accesses: AccessLog,
        status_of: StatusOf = in_force,
        openings: OpeningSource | None = None,
        papers: PapersOf | None = None,
        table: AccessTable | None = None,
    ) -> None:
        """status_of: how records stand on the chain. openings: of our own statements. papers:
        judges authorisations; None: all are unknown. table: what members are given; None: the
        newest that is packaged."""
        self._ctx = ctx
        self._vault = vault
        self._receipts = receipts
        self._accesses = accesses
        self._status_of = status_of
        self._openings = openings or NoOpenings()
        self._papers = papers
        self._table = table or access_table.load()
        self._draws: DrawSource = NoDraws()

    def ask_draws(self, source: DrawSource | None) -> None:
        """Ask this what is drawn of our logs from now on; None: nothing is."""
        self._draws = source or NoDraws()

    def ask_status(self, status_of: StatusOf | None) -> None:
        """Ask this how records stand from now on; None: they stand as our database has them."""
        self._status_of = status_of or in_force

    def ask_openings(self, source: OpeningSource | None) -> None:
        """Ask this for the openings of our statements from now on; None: there are none."""
        self._openings = source or NoOpenings()

    def ask_papers(self, papers: PapersOf | None) -> None:
        """Ask this what authorisations are worth from now on; None: they are all unknown."""
        self._papers = papers

    def record(self, asker: Asker, body: bytes) -> Reply:
        """A receipt with presentation, bound to the asker, its request and its authorisation."""
        wanted = read_record(body)
        question = self._question(asker, Purpose.EXCHANGE_RECORD, wanted.authorisation)
        asked = self._asked(wanted.record_id)
        decision = self._decide(question, asked, drawn=wanted.drawn is not None)
        if not decision.allowed:
            raise self._refused(question, decision, asked.leaf)
        fields = None
        if wanted.drawn is not None and asked.row is not None:
            if not self._draws.is_drawn(wanted.record_id, wanted.drawn.day, wanted.drawn.count):
                none = Decision(NOT_DRAWN, version=decision.version)
                raise self._refused(question, none, asked.leaf)
            fields = [self._schema(asked.row.schema).subject.code]
        try:
            made = self._receipts.bound(wanted.record_id, _audience(question), fields)
        except Stranded as error:
            raise Refused("stranded") from error
        except ContentArchived as error:
            archived = Decision("content-archived", version=decision.version)
            raise self._refused(question, archived, asked.leaf) from error
        except (FieldUnknown, NotARecord, NotAllowed) as error:  # nothing to show, or erased since
            nothing = Decision(NOT_GRANTED, version=decision.version)
            raise self._refused(question, nothing, asked.leaf) from error
        if isinstance(made, Pending):
            waits = {"Retry-After": str(made.retry_after)}
            return Reply(status=202, body=b'{"state":"promised"}', headers=waits)
        if made is None:
            raise self._refused(question, Decision(NOT_GRANTED), None)
        self._demand_still(question, asked.leaf)
        self._log(question, decision, asked.leaf)
        return Reply(body=encode({"receipt": made.decode()}))

    def check(self, asker: Asker, body: bytes) -> Reply:
        """Whether the asker's values are those of a record; null for all that it may not know."""
        wanted = read_check(body)
        self._count(asker)
        question = self._question(asker, Purpose.EXCHANGE_CHECK, wanted.authorisation)
        asked = self._asked(wanted.record_id)
        decision = self._decide(question, asked)
        match = None
        if decision.allowed and asked.row is not None and asked.leaf is not None:
            content = self._open(asked.row, asked.leaf)
            match = None if content is None else self._match(content, wanted.fields)
        self._demand_still(question, asked.leaf)
        self._log(question, decision, asked.leaf)
        return Reply(body=encode({"match": match}, allow_null=True))

    def openings(self, asker: Asker, body: bytes) -> Reply:
        """Openings of our statements, for auditors: as many from the first on as one answer holds,
        and `next`, from where to ask on; null: that was all."""
        wanted, question = read_openings(body), _Question(asker, Purpose.EXCHANGE_OPENINGS)
        decision = self._decide(question, _Asked())
        if not decision.allowed:
            raise self._refused(question, decision, None)
        parts: list[bytes] = []
        following, room = None, MAX_ANSWER - ROOM
        for index, opening in self._openings.openings(wanted.log, wanted.start, wanted.end):
            made = encode(dict(opening), allow_null=True)
            room -= len(made) + 1
            if room < 0 or len(parts) == MAX_ITEMS:
                following = index
                break
            parts.append(made)
        self._log(question, decision, None, count=max(1, len(parts)))
        more = b"null" if following is None else str(following).encode()
        return Reply(body=b'{"next":' + more + b',"openings":[' + b",".join(parts) + b"]}")

    def _asked(self, record_id: bytes) -> _Asked:
        with begin_read(self._ctx.engine) as connection:
            found = locate(connection, record_id)
            # A leaf finds its entry too, and is no record id.
            if found is None or Entries(connection).record_id(found) != record_id:
                return _Asked()
            try:
                row = record_row(connection, found.id)
            except NotARecord:
                return _Asked()
        record, status = known_of(row)
        standing = _HERE.get(status) or self._status_of(record_id)
        return _Asked(record=record, standing=standing, leaf=found.leaf, row=row)

    def _question(
        self, asker: Asker, purpose: Purpose, opening: Mapping[str, Any] | None
    ) -> _Question:
        """The question with the authorisation that was shown, before any record is looked at.
        Raises Refused, logged, for what is wrong with that."""
        if opening is None:
            return _Question(asker, purpose)
        try:
            if self._papers is None:
                raise Refused(UNKNOWN_AUTHORISATION)
            today = self._ctx.clock.today()
            return _Question(
                asker, purpose, self._papers.admit(opening, asker=asker.code, on=today)
            )
        except Refused as error:
            decision = Decision(error.code, version=self._table.version)
            raise self._refused(_Question(asker, purpose), decision, None) from error

    def _decide(self, question: _Question, asked: _Asked, *, drawn: bool = False) -> Decision:
        decision = decide_for_member(
            Peer(code=question.asker.code, roles=question.asker.roles),
            question.purpose,
            self._table,
            record=asked.record,
            standing=asked.standing,
            use=question.use,
            covered=question.paper is not None,
            drawn=drawn,
        )
        if not decision.allowed or question.paper is None or asked.row is None:
            return decision
        return replace(decision, code=self._beyond(question.paper, asked))

    def _beyond(self, paper: Granted, asked: _Asked) -> str | None:
        """Why an authorisation is not for a record that may be given by it; None: it is."""
        if self._papers is None or asked.row is None or asked.leaf is None:
            return NOT_GRANTED
        schema = self._schema(asked.row.schema)
        if not self._papers.covers(paper, (schema.family,)):
            return NOT_GRANTED
        content = self._open(asked.row, asked.leaf)
        if content is None:
            return NOT_GRANTED
        code = content.fields.get(schema.subject.code)
        same = isinstance(code, str) and uscc.normalise(code) == paper.authorisation.subject
        return None if same and code != uscc.FILLER else OTHER_SUBJECT

    def _demand_still(self, question: _Question, leaf: bytes | None) -> None:
        """Refuse an authorisation that was taken back since it was shown, at the last moment."""
        if question.paper is None or self._papers is None:
            return
        if not self._papers.still_valid(question.paper):
            decision = Decision(REVOKED, version=self._table.version)
            raise self._refused(question, decision, leaf)

    def _refused(self, question: _Question, decision: Decision, leaf: bytes | None) -> Refused:
        self._log(question, decision, leaf)
        return Refused(decision.code or NOT_GRANTED)

    def _log(
        self, question: _Question, decision: Decision, leaf: bytes | None, count: int = 1
    ) -> None:
        paper = question.paper
        line = Access(
            token=None,
            member=question.asker.code,
            purpose=question.purpose,
            decision=decision,
            record=leaf,
            count=count,
            use=None if paper is None else paper.authorisation.purpose,
            authorisation=None if paper is None else paper.commitment,
        )
        self._accesses.write(line)

    def _count(self, asker: Asker) -> None:
        """Count a check, whatever comes of it. Raises Problem where there were enough today."""
        now, today = self._ctx.clock.now().astimezone(CHINA), self._ctx.clock.today()
        if count_check(self._ctx.engine, asker.code, today) > CHECKS_A_DAY:
            midnight = datetime.combine(today + timedelta(days=1), time(), CHINA)
            raise retry_later("too-many-requests", int((midnight - now).total_seconds()) + 1)

    def _open(self, row: sa.Row[tuple[object, ...]], leaf: bytes) -> Content | None:
        try:
            return open_content(self._vault, row, leaf)
        except (NotAllowed, ContentArchived):  # erased, or not at hand
            return None

    def _match(self, content: Content, fields: Mapping[str, str]) -> bool | None:
        """None where one of the fields is none that may be compared, or holds the number of a
        resident, here or at the asker: it could be tried out digit by digit."""
        marked = _fields_of(self._schema(content.schema))
        allowed = {code for what, code in marked.items() if what in self._table.match}
        if not fields.keys() <= allowed:
            return None
        held = {code: content.fields.get(code, "") for code in fields}
        if holding_person_ids(fields) | holding_person_ids(held):
            return None
        codes = {marked.get(Compared.SUBJECT_CODE), marked.get(Compared.AUTHORITY_CODE)}
        return all(
            _same(content.fields.get(code), text, is_code=code in codes)
            for code, text in fields.items()
        )

    @staticmethod
    def _schema(id_: str) -> Schema:
        name, _, version = id_.partition("@")
        schema = schemas.find(name, int(version))
        if schema is None:
            raise NotReady("schema-missing", retry_after=60)
        return schema


def _audience(question: _Question) -> Audience:
    asker, paper = question.asker, question.paper
    papers = None if paper is None else paper.commitment
    return Audience(code=asker.code, nonce=asker.nonce, authorisation=papers)


_HERE: Final[Mapping[Status, Standing]] = {
    Status.SUPERSEDED: Standing.SUPERSEDED,
    Status.ERASED: Standing.ERASED,
}
"""What our own database says of a record, before the chain is asked."""


def _fields_of(schema: Schema) -> Mapping[Compared, str]:
    """What the fields that may be compared are called in a type."""
    found = {
        Compared.SUBJECT_NAME: schema.subject.name,
        Compared.SUBJECT_CODE: schema.subject.code,
        Compared.DOCUMENT: schema.document,
        Compared.DECIDED: schema.decided,
        Compared.AUTHORITY_NAME: schema.authority.name,
        Compared.AUTHORITY_CODE: schema.authority.code,
    }
    return {what: code for what, code in found.items() if code}


def _same(held: str | list[str] | None, text: str, *, is_code: bool) -> bool:
    """Whether a value is that of the record, brackets, width and blanks aside; of a code the case
    of its letters too."""
    if not isinstance(held, str):
        return False
    if is_code:
        return uscc.normalise(held) == uscc.normalise(text)
    return fold(held) == fold(text)
