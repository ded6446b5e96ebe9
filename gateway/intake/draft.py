"""From rows to records: readable, of a type in force, valid, committed, sealed.

Pure but for randomness, so it can run in any process: it needs the member's keys for content, and
the terms of the moment. The database is asked later, once for the whole set.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from datetime import date
from typing import NamedTuple

import orjson

from gateway.base.crypto import (
    AUTHORITY,
    SUBJECT_CODE,
    SUBJECT_NAME,
    Hmac,
    Vault,
)
from gateway.base.schema_folder import SchemaFolder
from gateway.base.who import Who, WhoFiles
from gateway.chain.interfaces import YEAR, RecordType
from gateway.intake import refused
from gateway.intake.calendar_file import CalendarFile
from gateway.intake.columns import by_column
from gateway.intake.drafts import Draft, Terms
from gateway.intake.interfaces import RowAnswer, RowInput
from gateway.intake.rules import measures_in_force, rules_in_force
from gateway.intake.texts import fault, no_corrections, remark, type_unknown
from gateway.records.content import SECRET_BYTES, Fields, encode_content
from gateway.records.period import period_number
from ledger.chain.visibility import VISIBILITY_OF
from ledger.core.commitment import Header, commit
from ledger.core.entry import period, record_entry
from ledger.core.ids import LogId, record_id
from ledger.core.merkle import leaf_hash
from ledger.records import schema as schemas
from ledger.records import uscc
from ledger.records.calendar import Calendar
from ledger.records.keys import SubjectKeys, keys
from ledger.records.rules import newest
from ledger.records.schema import Schema
from ledger.records.setting import Setting
from ledger.records.validate import Checked, FieldError, check
from ledger.records.visibility import visibility

OTHER = "other"
"""What a type nobody knows is counted as."""

NEAR = 4
"""Bytes of a document's key that say whose it is. A set comes from one office, so its keys fall
close together in the index and share pages, of which each has to be written. The 12 bytes behind
them are enough: among the 10^7 documents of one office a chance collision has odds of 10^-15."""

DIVISION = slice(2, 4)
"""Of a USCC: the province in which its holder was registered (GB/T 2260)."""
NATIONAL = "10"
ORIGIN = "CL_ORIGIN"
"""Where a record was collected: national platform, vertical department or local one."""

BOUND = ("licence", "penalty")
"""Families of the types that must be online within seven working days (双公示)."""

_SORTED = orjson.OPT_SORT_KEYS
_OF_TIMELY = {"yes": (), "no": ("late",), "unknown": ("timeliness-unknown",)}


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
    day: date
    period: int
    subject: tuple[bytes, bytes] | None
    document: bytes
    record: bytes
    unit: str
    timely: str | None


class Drafter:
    """Makes records of one member with its content and index keys."""

    def __init__(
        self,
        vault: Vault,
        hmac: Hmac,
        calendar: CalendarFile,
        library: SchemaFolder,
        who: WhoFiles,
    ) -> None:
        self._vault = vault
        self._hmac = hmac
        self._library = library
        self.calendar = calendar
        self.who = who

    def draft(self, rows: Sequence[RowInput], terms: Terms) -> list[Draft | RowAnswer]:
        """For every row its record or its rejection, in order."""
        work = _Set(terms, self._hmac, self.calendar.current(), self._library, self.who.current())
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
                good.day,
                good.period,
                good.subject,
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
                _corrected(good.row) or b"",
            )


_RECORD_ID = re.compile("[0-9a-f]{64}")


class _Set:
    """The rows of one set, all by the same terms. What many rows share is made once."""

    def __init__(
        self, terms: Terms, hmac: Hmac, calendar: Calendar, library: SchemaFolder, who: Who
    ) -> None:
        self._terms = terms
        self._rules = rules_in_force(terms.facts, terms.at, library)
        self._setting = Setting(
            today=terms.latest,
            go_live=terms.go_live,
            rules=self._rules or newest(),  # without rules in force `_header` makes no record
            authorities=who.authorities.kinds,
            exceptions=who.exceptions,
            lists=terms.facts.lists_in_force(terms.at),
            measures=measures_in_force(terms.facts, terms.at, library),
        )
        self._who = who
        self._hmac = hmac
        self._calendar = calendar
        self._library = library
        self._gates: dict[tuple[str, str | None], _Gate | None] = {}
        self._headers: dict[tuple[str, str | None, date, date | None], Header] = {}
        self._timely: dict[date, str] = {}
        self._marks: dict[tuple[bytes, bytes], bytes] = {}
        self._units: dict[str, str] = {}
        self._where: dict[tuple[Schema, str, bool], tuple[FieldError, ...]] = {}

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
            self._setting,
            class_=row.class_,
            cell_errors=row.cell_errors,
        )
        errors = checked.errors
        if row.corrects and _corrected(row) is None:
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
        schema = self._library.schema(item.content_hash)
        same = schema is not None and (schema.name, schema.version) == (item.name, item.version)
        return _Gate(schema, item) if schema is not None and same else None

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
        notes += (*self._elsewhere(schema, fields), *self._not_in_force(schema, fields, decided))
        header = self._header(schema, checked.class_, decided, checked.until)
        found = keys(schema, fields)
        fingerprint, authority = self._hmac.fingerprint, self._authority(found.authority)
        yearly = gate.item.granularity == YEAR
        commitment = commit(schema.slots, fields, secret, header).digest
        return _Good(
            at,
            row,
            schema,
            notes,
            record_entry(
                commitment=commitment,
                log=header.log,
                period=period(decided, yearly=yearly),
                schema=schema.id,
                timely=timely,
                corrects=_corrected(row),
            ),
            record_id(header.log, commitment),
            encode_content(secret, header, fields),
            fingerprint(b"content", _content_key(schema, checked.class_, fields)),
            authority,
            _visibility(schema, gate.item, checked),
            decided,
            period_number(decided, yearly=yearly),
            self._subject(found.subject),
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
        answer = _rejected(row, by_column(errors, row.columns, schema), (*row.notes, *notes))
        if schema is not None and schema.authority.code is not None:
            answer.unit = self._unit(refused.named(schema, row, schema.authority.code))
        content = refused.content(schema, row)
        answer.mark = None if content is None else self._hmac.fingerprint(b"refused", content)
        return answer

    def _unit(self, named: object) -> str:
        """The USCC that a row names as its authority, an excepted one too, "" where it is none."""
        if not isinstance(named, str):
            return ""
        found = self._units.get(named)
        if found is None:
            code = uscc.normalise(named)
            lawful = code in self._who.exceptions or not uscc.check(code)
            found = self._units[named] = code if lawful else ""
        return found

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
        """A note where the authority works in another region than that of this member, by the table
        of authorities or else by its code.

        A member without a region serves all. Codes of national authorities (10) belong to no
        region: of their records only the sender knows which way they came, so that is asked for,
        and of no others.
        """
        code = _authority_code(schema, fields)
        if code is None:
            return ()
        key = (schema, code, ORIGIN in fields)
        if key not in self._where:
            self._where[key] = self._notes_of_region(*key)
        return self._where[key]

    def _notes_of_region(
        self, schema: Schema, code: str, has_origin: bool
    ) -> tuple[FieldError, ...]:
        ours = self._terms.facts.region[:2]
        region = self._who.authorities.region(code)
        notes: tuple[FieldError, ...] = ()
        if code[DIVISION] == NATIONAL and ORIGIN in schema.by_code and not has_origin:
            notes = (remark("origin-missing", schema, ORIGIN),)
        theirs = code[DIVISION] if region is None else region[:2]
        if not ours or theirs == ours or (region is None and theirs == NATIONAL):
            return notes
        return (*notes, remark("authority-elsewhere", schema, schema.authority.code or ""))

    def _not_in_force(
        self, schema: Schema, fields: Fields, decided: date
    ) -> tuple[FieldError, ...]:
        """A note where the authority was not there on the day, by the table of authorities: what
        the document says is kept, but it may be a form of before."""
        code = _authority_code(schema, fields)
        if code is None or self._who.authorities.stood(code, decided):
            return ()
        return (remark("authority-not-in-force", schema, schema.authority.code or ""),)

    def _authority(self, key: bytes) -> bytes:
        """The mark of an authority. Its first bytes begin the keys of all documents of its own."""
        return self._mark(AUTHORITY, key)

    def _subject(self, found: SubjectKeys | None) -> tuple[bytes, bytes] | None:
        if found is None:
            return None
        return self._mark(SUBJECT_CODE, found.code), self._mark(SUBJECT_NAME, found.name)

    def _mark(self, purpose: bytes, key: bytes) -> bytes:
        found = self._marks.get((purpose, key))
        if found is None:
            found = self._marks[purpose, key] = self._hmac.fingerprint(purpose, key)
        return found

    def _timely_of(self, decided: date) -> str:
        found = self._timely.get(decided)
        if found is None:
            found = self._calendar.timely(decided, self._terms.today)
            self._timely[decided] = found
        return found


def _authority_code(schema: Schema, fields: Fields) -> str | None:
    code = fields.get(schema.authority.code) if schema.authority.code else None
    return code if isinstance(code, str) else None


def _visibility(schema: Schema, item: RecordType, checked: Checked) -> int:
    """The stricter of what the record says by its type, values and class, and of what the
    catalogue says of the type."""
    own = visibility(schema, checked.fields, checked.class_)
    return max(item.visibility, VISIBILITY_OF[own])


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


def _corrected(row: RowInput) -> bytes | None:
    """The record id in the column of corrections; None for none, and for what is no id."""
    text = (row.corrects or "").strip().lower()
    return bytes.fromhex(text) if _RECORD_ID.fullmatch(text) else None
