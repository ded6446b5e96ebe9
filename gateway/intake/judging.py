"""One row after the other: readable, of a type in force, valid, committed to. What many rows of a
set share is made once."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

import orjson

from gateway.base.crypto import (
    AUTHORITY,
    SUBJECT_CODE,
    SUBJECT_NAME,
    Hmac,
)
from gateway.base.schema_folder import SchemaFolder
from gateway.base.who import Who
from gateway.chain.interfaces import YEAR, RecordType
from gateway.intake import refused
from gateway.intake.columns import by_column
from gateway.intake.drafts import Terms
from gateway.intake.interfaces import RowAnswer, RowInput
from gateway.intake.rules import measures_in_force, rules_in_force
from gateway.intake.texts import fault, no_corrections, remark, type_unknown
from gateway.records.content import Fields, encode_content
from gateway.records.period import period_number
from ledger.chain.visibility import VISIBILITY_OF
from ledger.core.commitment import Header, commit
from ledger.core.entry import period, record_entry
from ledger.core.ids import LogId, record_id
from ledger.records import schema as schemas
from ledger.records import uscc
from ledger.records.calendar import Calendar
from ledger.records.judging import Checked
from ledger.records.keys import Keys, SubjectKeys, by_whom, keys
from ledger.records.remarks import FieldError
from ledger.records.rules import newest
from ledger.records.schema import Schema
from ledger.records.setting import Setting
from ledger.records.validate import check
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


class Gate(NamedTuple):
    """A type in force, and how the catalogue has it."""

    schema: Schema
    item: RecordType


class Whose(NamedTuple):
    """What good records have in common beside their days. notes: about the authority. by, mark:
    key and mark of the authority. unit: its USCC, "" where the type names none."""

    schema: Schema
    notes: tuple[FieldError, ...]
    visibility: int
    by: bytes
    mark: bytes
    unit: str


class When(NamedTuple):
    """What they have in common by their days. late, former: notes on the time that passed, and on
    an authority that was not there. period, timely: as in the entry; month: the number of the
    period. bound: whether a time limit binds."""

    header: Header
    late: tuple[FieldError, ...]
    former: tuple[FieldError, ...]
    period: str
    timely: str
    month: int
    bound: bool


class Good(NamedTuple):
    """A row that passed; plain: its content before sealing."""

    at: int
    row: RowInput
    notes: tuple[FieldError, ...]
    whose: Whose
    when: When
    entry: bytes
    record_id: bytes
    plain: bytes
    mac: bytes
    subject: tuple[bytes, bytes] | None
    document: bytes
    record: bytes


_RECORD_ID = re.compile("[0-9a-f]{64}")


class Judge:
    """The rows of one set, all by the same terms. What many rows share is made once."""

    def __init__(
        self, terms: Terms, hmac: Hmac, calendar: Calendar, library: SchemaFolder, who: Who
    ) -> None:
        self._terms = terms
        self._rules = rules_in_force(terms.facts, terms.at, library)
        self.setting = Setting(
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
        self.accepted = terms.province
        """Whether anybody accepts what this member records."""
        self._gates: dict[tuple[str, str | None], Gate | None] = {}
        self._headers: dict[tuple[str, str | None, date, date | None], Header] = {}
        self._timely: dict[date, str] = {}
        self._marks: dict[tuple[bytes, bytes], bytes] = {}
        self._units: dict[str, str] = {}
        self._where: dict[tuple[Schema, str, bool], tuple[FieldError, ...]] = {}

    def judge(self, at: int, row: RowInput, secret: bytes) -> Good | RowAnswer:
        """The row ready to be sealed, or its rejection."""
        if row.fault is not None:
            return _rejected(row, (row.fault,), row.notes)
        if not self.accepted:
            return self._rejected(row, None, (fault("not-a-province"),))
        gate = self.gate(row.type, row.schema)
        if gate is None:
            return self._rejected(row, None, (type_unknown(row.type),))
        checked = check(
            gate.schema,
            row.fields,
            self.setting,
            class_=row.class_,
            cell_errors=row.cell_errors,
        )
        errors = checked.errors
        if row.corrects and corrected(row) is None:
            errors = (*errors, no_corrections())
        if errors:
            return self._rejected(row, gate.schema, errors, checked.notes)
        return self._good(at, row, gate, checked, secret)

    def gate(self, name: str, version: str | None) -> Gate | None:
        """What the catalogue has in force today and we hold the same schema file of; None: nothing
        of that kind is taken."""
        key = (name, version)
        if key not in self._gates:
            self._gates[key] = self._open_gate(name, version)
        return self._gates[key]

    def _open_gate(self, name: str, version: str | None) -> Gate | None:
        item = self._terms.facts.record_type(name, self._terms.at)
        if item is None or version not in (None, str(item.version)):
            return None
        schema = self._library.schema(item.content_hash)
        same = schema is not None and (schema.name, schema.version) == (item.name, item.version)
        return Gate(schema, item) if schema is not None and same else None

    def whose(self, gate: Gate, fields: Fields, class_: str | None) -> Whose:
        """What follows from good fields whatever their days are."""
        schema = gate.schema
        own, by = visibility(schema, fields, class_), by_whom(schema, fields)
        return Whose(
            schema,
            self._elsewhere(schema, fields),
            # The stricter of what the record says and of what the catalogue says of its type.
            max(gate.item.visibility, VISIBILITY_OF[own]),
            by,
            self._mark(AUTHORITY, by),  # its first bytes begin the keys of all its documents
            str(fields.get(schema.authority.code, "")) if schema.authority.code else "",
        )

    def when(self, gate: Gate, checked: Checked) -> When:
        """What follows from the days of a good record, and from who decided."""
        schema, decided = gate.schema, checked.decided
        if decided is None:  # `Checked` has it wherever there is no error
            raise ValueError("a good record without the day it was decided")
        bound = schema.family in BOUND and decided >= self._terms.go_live
        timely = self._timely_of(decided) if bound else "unknown"
        late = _OF_TIMELY[timely] if bound else ()
        yearly = gate.item.granularity == YEAR
        return When(
            self._header(schema, checked.class_, decided, checked.until),
            tuple([remark(code, schema, schema.decided) for code in late]),
            self._not_in_force(schema, checked.fields, decided),
            period(decided, yearly=yearly),
            timely,
            period_number(decided, yearly=yearly),
            bound,
        )

    def good(
        self,
        at: int,
        row: RowInput,
        fields: Fields,
        *,
        notes: Sequence[FieldError],
        whose: Whose,
        when: When,
        found: Keys,
        commitment: bytes,
        entry: bytes,
        plain: bytes,
    ) -> Good:
        """The row that became this record. notes: of its judgement."""
        fingerprint, header = self._hmac.fingerprint, when.header
        return Good(
            at,
            row,
            (*row.notes, *notes, *when.late, *whose.notes, *when.former),
            whose,
            when,
            entry,
            record_id(header.log, commitment),
            plain,
            fingerprint(b"content", _content_key(whose.schema, header.class_, fields)),
            self._subject(found.subject),
            whose.mark[:NEAR] + fingerprint(b"document", found.document)[NEAR:],
            fingerprint(b"record", found.record),
        )

    def _good(self, at: int, row: RowInput, gate: Gate, checked: Checked, secret: bytes) -> Good:
        schema, fields = gate.schema, checked.fields
        whose, when = self.whose(gate, fields, checked.class_), self.when(gate, checked)
        header = when.header
        commitment = commit(schema.slots, fields, secret, header).digest
        return self.good(
            at,
            row,
            fields,
            notes=checked.notes,
            whose=whose,
            when=when,
            found=keys(schema, fields),
            commitment=commitment,
            entry=record_entry(
                commitment=commitment,
                log=header.log,
                period=when.period,
                schema=schema.id,
                timely=when.timely,
                corrects=corrected(row),
            ),
            plain=encode_content(secret, header, fields),
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


def corrected(row: RowInput) -> bytes | None:
    """The record id in the column of corrections; None for none, and for what is no id."""
    text = (row.corrects or "").strip().lower()
    return bytes.fromhex(text) if _RECORD_ID.fullmatch(text) else None
