"""From rows to records: readable, of a type in force, valid, committed, sealed.

Pure but for randomness, so it can run in any process: it needs the member's keys for content, and
the terms of the moment. The database is asked later, once for the whole set.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import NamedTuple

import orjson

from gateway.base.clock import CHINA
from gateway.base.crypto import Hmac, Sealed, Vault, Wrapped
from gateway.chain.interfaces import YEAR, MemberFacts, RecordType
from gateway.intake.calendar_file import CalendarFile
from gateway.intake.interfaces import RowAnswer, RowInput
from gateway.intake.rules import rules_in_force
from gateway.intake.texts import fault, no_corrections, remark, type_unknown
from gateway.records.content import SECRET_BYTES, Content, Fields, encode_content
from ledger.chain.contracts.structs import ON_AUTHORISATION
from ledger.core.commitment import Header, commit
from ledger.core.entry import period, record_entry
from ledger.core.ids import LogId, record_id
from ledger.core.keys import Role
from ledger.core.merkle import leaf_hash
from ledger.records import schema as schemas
from ledger.records import uscc
from ledger.records.calendar import Calendar
from ledger.records.keys import keys
from ledger.records.schema import Schema
from ledger.records.validate import Checked, FieldError, check

OTHER = "other"
"""What a type nobody knows is counted as."""

NEAR = 4
"""Bytes of a document's key that say whose it is. A set comes from one office, so its keys fall
close together in the index and share pages, of which each has to be written. The 12 bytes behind
them are enough: among the 10^7 documents of one office a chance collision has odds of 10^-15."""

DIVISION = slice(2, 4)
"""Of a USCC: the province in which its holder was registered (GB/T 2260)."""
NATIONAL = "10"

MINOR = "minor"

BOUND = ("licence", "penalty")
"""Families of the types that must be online within seven working days (双公示)."""

MAX_AHEAD = 900
"""Seconds that a gateway's clock may be ahead of the chain's and still nothing is promised that
its day of decision makes invalid."""

_SORTED = orjson.OPT_SORT_KEYS
_OF_TIMELY = {"yes": (), "no": ("late",), "unknown": ("timeliness-unknown",)}


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What the rows of one set are judged and recorded by. at: Unix seconds, that of the promise.
    log_id: the log that takes them. go_live: the first day of decision of which `timely` is
    said."""

    facts: MemberFacts
    log_id: bytes
    at: int
    go_live: date = date.min

    @cached_property
    def today(self) -> date:
        """The day in China."""
        return datetime.fromtimestamp(self.at, CHINA).date()

    @cached_property
    def latest(self) -> date:
        """The last day on which a decision may have been made, in China.

        A verifier asks for the day of the anchor, by the chain's clock; ours may be ahead of it,
        but a chain that stands still or is down has an old head and keeps no record from being
        taken in.
        """
        behind = max(min(self.at, self.facts.block_time), self.at - MAX_AHEAD)
        return datetime.fromtimestamp(behind, CHINA).date()

    @property
    def province(self) -> bool:
        """Whether anybody accepts records of this member."""
        return bool(self.facts.roles & Role.PROVINCE)


class Draft(NamedTuple):
    """A good row made into a record, to be stored where its key is free.

    at: its place in the set. schema: "penalty@1". authority, visibility: as in the table of
    records. The keys are fingerprints of 16 bytes. content: sealed, aad = leaf; its key
    as in `Wrapped`, flat, since drafts go from process to process. notes: all but those that the
    database gives. unit: USCC of the authority, "" where the type names none. timely: None where
    no time limit binds. corrects: whether it corrects an earlier record.
    """

    at: int
    row: int | None
    sheet: str | None
    schema: str
    authority: bytes
    visibility: int
    document_key: bytes
    record_key: bytes
    content_mac: bytes
    entry: bytes
    leaf: bytes
    record_id: bytes
    wrapped_by: bytes
    wrapped_key: bytes
    content: bytes
    notes: tuple[FieldError, ...]
    unit: str
    timely: str | None
    corrects: bool

    @property
    def wrapped(self) -> Wrapped:
        """Its key."""
        return Wrapped(self.wrapped_by, self.wrapped_key)

    def open(self, vault: Vault) -> Content:
        """What is sealed in it."""
        return Content.decode(vault.open(Sealed(self.wrapped, self.content), self.leaf))


class _Gate(NamedTuple):
    """A type in force, and how the catalogue has it."""

    schema: Schema
    item: RecordType


class _Good(NamedTuple):
    """A row that passed; plain: its content before sealing."""

    at: int
    row: RowInput
    schema: Schema
    notes: tuple[FieldError, ...]
    entry: bytes
    record_id: bytes
    plain: bytes
    mac: bytes
    authority: bytes
    visibility: int
    document: bytes
    record: bytes
    unit: str
    timely: str | None


class Drafter:
    """Makes records of one member with its content and index keys."""

    def __init__(self, vault: Vault, hmac: Hmac, calendar: CalendarFile) -> None:
        self._vault = vault
        self._hmac = hmac
        self.calendar = calendar

    def draft(self, rows: Sequence[RowInput], terms: Terms) -> list[Draft | RowAnswer]:
        """For every row its record or its rejection, in order."""
        work = _Set(terms, self._hmac, self.calendar.current())
        secrets = os.urandom(SECRET_BYTES * len(rows))
        judged = [
            work.judge(at, row, secrets[SECRET_BYTES * at : SECRET_BYTES * (at + 1)])
            for at, row in enumerate(rows)
        ]
        sealed = self._sealed([row for row in judged if isinstance(row, _Good)])
        return [next(sealed) if isinstance(row, _Good) else row for row in judged]

    def _sealed(self, goods: Sequence[_Good]) -> Iterator[Draft]:
        leaves = [leaf_hash(good.entry) for good in goods]
        sealed = self._vault.seal_many([good.plain for good in goods], leaves)
        for good, leaf, ((by, wrapped_key), content) in zip(goods, leaves, sealed, strict=True):
            yield Draft(
                good.at,
                good.row.row,
                good.row.sheet,
                good.schema.id,
                good.authority,
                good.visibility,
                good.document,
                good.record,
                good.mac,
                good.entry,
                leaf,
                good.record_id,
                by,
                wrapped_key,
                content,
                good.notes,
                good.unit,
                good.timely,
                bool(good.row.corrects),
            )


class _Set:
    """The rows of one set, all by the same terms. What many rows share is made once."""

    def __init__(self, terms: Terms, hmac: Hmac, calendar: Calendar) -> None:
        self._terms = terms
        self._rules = rules_in_force(terms.facts, terms.at)
        self._hmac = hmac
        self._calendar = calendar
        self._gates: dict[tuple[str, str | None], _Gate | None] = {}
        self._headers: dict[tuple[str, str | None, date, date | None], Header] = {}
        self._timely: dict[date, str] = {}
        self._authorities: dict[bytes, bytes] = {}
        self._units: dict[str, str] = {}

    def judge(self, at: int, row: RowInput, secret: bytes) -> _Good | RowAnswer:
        """The row ready to be sealed, or its rejection."""
        if row.fault is not None:
            return _rejected(row, (row.fault,), row.notes)
        if not self._terms.province:
            return self._rejected(row, None, (fault("not-a-province"),))
        gate = self._gate(row.type, row.schema)
        if gate is None:
            return self._rejected(row, None, (type_unknown(row.type),))
        checked = check(
            gate.schema,
            row.fields,
            today=self._terms.latest,
            class_=row.class_,
            cell_errors=row.cell_errors,
            rules=self._rules,
        )
        errors = checked.errors
        if row.corrects:
            errors = (*errors, no_corrections())
        if errors:
            return self._rejected(row, gate.schema, errors, checked.notes)
        return self._good(at, row, gate, checked, secret)

    def _gate(self, name: str, version: str | None) -> _Gate | None:
        """What the catalogue has in force today and we hold the same schema file of."""
        key = (name, version)
        if key not in self._gates:
            self._gates[key] = self._open_gate(name, version)
        return self._gates[key]

    def _open_gate(self, name: str, version: str | None) -> _Gate | None:
        item = self._terms.facts.record_type(name, self._terms.at)
        if item is None or version not in (None, str(item.version)):
            return None
        schema = schemas.find(item.name, item.version)
        return _Gate(schema, item) if schema and schema.sha256 == item.content_hash else None

    def _good(self, at: int, row: RowInput, gate: _Gate, checked: Checked, secret: bytes) -> _Good:
        schema = gate.schema
        decided, fields = checked.decided, checked.fields
        if decided is None:  # `Checked` has it wherever there is no error
            raise ValueError("a good record without the day it was decided")
        bound = schema.family in BOUND and decided >= self._terms.go_live
        timely = self._timely_of(decided) if bound else "unknown"
        notes = (*row.notes, *checked.notes)
        for code in _OF_TIMELY[timely] if bound else ():
            notes += (remark(code, schema, schema.decided),)
        notes += self._elsewhere(schema, fields)
        header = self._header(schema, checked.class_, decided, checked.until)
        found = keys(schema, fields)
        fingerprint, authority = self._hmac.fingerprint, self._authority(found.authority)
        commitment = commit(schema.slots, fields, secret, header).digest
        return _Good(
            at,
            row,
            schema,
            notes,
            record_entry(
                commitment=commitment,
                log=header.log,
                period=period(decided, yearly=gate.item.granularity == YEAR),
                schema=schema.id,
                timely=timely,
            ),
            record_id(header.log, commitment),
            encode_content(secret, header, fields),
            fingerprint(b"content", _content_key(schema, checked.class_, fields)),
            authority,
            _visibility(gate.item, checked.class_),
            authority[:NEAR] + fingerprint(b"document", found.document)[NEAR:],
            fingerprint(b"record", found.record),
            str(fields.get(schema.authority.code, "")) if schema.authority.code else "",
            timely if bound else None,
        )

    def _rejected(
        self,
        row: RowInput,
        schema: Schema | None,
        errors: Sequence[FieldError],
        notes: Sequence[FieldError] = (),
    ) -> RowAnswer:
        """The rejection, with what counts it: the authority that the row names, and its mark."""
        answer = _rejected(row, errors, (*row.notes, *notes))
        if schema is not None and schema.authority.code is not None:
            answer.unit = self._unit(row.fields.get(schema.authority.code))
        answer.mark = self._mark(row)
        return answer

    def _unit(self, named: object) -> str:
        """The USCC that a row names as its authority, "" where it is none."""
        if not isinstance(named, str):
            return ""
        found = self._units.get(named)
        if found is None:
            code = uscc.normalise(named)
            found = self._units[named] = "" if uscc.check(code) else code
        return found

    def _mark(self, row: RowInput) -> bytes | None:
        sent = [row.type, row.schema, row.class_, row.corrects, row.fields, row.cell_errors]
        try:
            data = orjson.dumps(sent, option=_SORTED | orjson.OPT_NON_STR_KEYS)
        except orjson.JSONEncodeError:  # half a character of a pair, or what is no JSON
            return None
        return self._hmac.fingerprint(b"refused", data)

    def _header(
        self, schema: Schema, class_: str | None, decided: date, until: date | None
    ) -> Header:
        rules = self._rules
        if rules is None:  # `ready_facts` has seen to it
            raise ValueError("a record without rules in force")
        key = (schema.id, class_, decided, until)
        found = self._headers.get(key)
        if found is None:
            found = self._headers[key] = Header(
                class_=class_,
                decided=decided,
                iss=self._terms.facts.member,
                log=LogId(self._terms.log_id),
                rules=rules.id,
                schema=f"{schema.id}:{schema.sha256}",
                until=until,
            )
        return found

    def _elsewhere(self, schema: Schema, fields: Fields) -> tuple[FieldError, ...]:
        """A note where the authority's code names another region than that of this member.

        Codes of national authorities (10) belong to no region; a member without one serves all.
        """
        code = schema.authority.code
        theirs = str(fields.get(code, ""))[DIVISION] if code else ""
        ours = self._terms.facts.region[:2]
        if not code or not ours or theirs in ("", ours, NATIONAL):
            return ()
        return (remark("authority-elsewhere", schema, code),)

    def _authority(self, key: bytes) -> bytes:
        """The mark of an authority. Its first bytes begin the keys of all documents of its own."""
        found = self._authorities.get(key)
        if found is None:
            found = self._authorities[key] = self._hmac.authority(key)
        return found

    def _timely_of(self, decided: date) -> str:
        found = self._timely.get(decided)
        if found is None:
            found = self._calendar.timely(decided, self._terms.today)
            self._timely[decided] = found
        return found


def _visibility(item: RecordType, class_: str | None) -> int:
    """As the catalogue has it. What is minor is shared, never public (domain 3.6)."""
    return max(item.visibility, ON_AUTHORISATION) if class_ == MINOR else item.visibility


def _content_key(schema: Schema, class_: str | None, fields: Fields) -> bytes:
    """By which a record sent again is told from one that differs."""
    return orjson.dumps([schema.id, class_, fields], option=_SORTED)


def _rejected(
    row: RowInput, errors: Sequence[FieldError], notes: Sequence[FieldError]
) -> RowAnswer:
    kind = row.type if schemas.find(row.type) else OTHER
    return RowAnswer(
        row=row.row, sheet=row.sheet, verdict="rejected", kind=kind, errors=errors, notes=notes
    )
