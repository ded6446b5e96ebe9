"""What a special credit report says, and the number and code by which a counter asks after it
(design-2 16).

    content = JCS {_type:"credit-ledger/report-content@1", at, block, covers:[{log, size}…],
              fields:[{field, records:[{leaf, receipt}…], sources:[{through, unit}…], state}…],
              iss, list, network, number, period:{from, to}, rules, subject:{code, name}, until}
    state   = records | none-known | not-supplied

The statement of the report names the SHA-256 of the content, so it is as anchored as that is.
`covers` and `block` are those of an answer: what the report speaks of. `list`: `NAME@VERSION:` and
the SHA-256 of the list of fields; `rules`: the same of the rules file that says what is reportable.
`receipt`: SHA-256 of the file that travels beside the content, in the order of fields and records.
`through`: the last day on which a unit has supplied anything, whomever about.

    number  = CODE-YYYYMMDD-DDDDDDDDDDC     member, day, ten characters drawn, a check character
    code    = eight characters; they and the ten are of `CODE_ALPHABET`
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, Literal, get_args

from ledger.core import canonical
from ledger.core.answer import Cover, covers_of
from ledger.core.authorisation import SUBJECT
from ledger.core.canonical import MAX_INTEGER, instant
from ledger.core.commitment import FILE
from ledger.core.errors import Malformed, ProofMismatch
from ledger.core.ids import CODE, Digest, sha256
from ledger.core.read import bounded, matching, one_of, text, within
from ledger.core.reports import SpecialReport, report_from_members
from ledger.core.signed import (
    MAX_BEHIND,
    Item,
    day,
    demand_receipts,
    instant_of,
    items_of,
    list_of,
    members_of,
    network,
)
from ledger.core.statement import Statement
from ledger.core.versions import loose

__all__ = [
    "CODE_ALPHABET",
    "CODE_LENGTH",
    "DRAWN_LENGTH",
    "FIELD",
    "MAX_CONTENT",
    "MAX_FIELDS",
    "MAX_NAME",
    "MAX_RECORDS",
    "MAX_SOURCES",
    "TYPE",
    "Content",
    "Field",
    "Source",
    "State",
    "check_content",
    "fold_code",
    "is_number",
    "make_number",
    "parse_content",
    "parse_number",
]

TYPE = "credit-ledger/report-content@1"
MAX_FIELDS = 128
"""Fields of one list; provinces have some fifty."""
MAX_RECORDS = 1000
"""Of one report, as of one answer."""
MAX_SOURCES = 4096
"""Units of one field: a province has some thousands down to the counties, of all fields."""
MAX_CONTENT = 1 << 22
"""Bytes: 128 fields with 20,000 units take some 1.2 MB."""
MAX_NAME = 200  # characters of a subject's name, as in the standard
FIELD = re.compile(r"[a-z][a-z0-9-]{0,31}")

CODE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Without 0 O 1 I L, which are taken for each other when read out or copied by hand."""
CODE_LENGTH = 8
DRAWN_LENGTH = 10
"""Characters of a number that are drawn, 49 bits: who knows a number was shown it."""

State = Literal["records", "none-known", "not-supplied"]

_MEMBERS = frozenset(
    "_type at block covers fields iss list network number period rules subject until".split()
)
_FIELD = frozenset({"field", "records", "sources", "state"})
_SOURCE = frozenset({"through", "unit"})
_PERIOD = frozenset({"from", "to"})
_SUBJECT = frozenset({"code", "name"})
_STATES = frozenset(get_args(State))
_DEPTH = 5
_UNIT = re.compile(r"[0-9A-Z]{18}")
_NUMBER = re.compile(
    rf"({CODE.pattern})-([0-9]{{8}})-([2-9A-HJKMNP-Z]{{{DRAWN_LENGTH}}})([0-9A-Z])"
)
_CHECKED = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A unit, and the last day on which it supplied anything. unit: its USCC."""

    unit: str
    through: date

    def to_json(self) -> dict[str, Any]:
        """The object in a field."""
        return {"through": self.through.isoformat(), "unit": self.unit}


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field (领域): what its units have supplied about the subject. sources: ascending."""

    field: str
    records: tuple[Item, ...]
    sources: tuple[Source, ...]

    @property
    def state(self) -> State:
        """Whether there are records, none is known, or nobody has supplied anything at all."""
        if self.records:
            return "records"
        return "none-known" if self.sources else "not-supplied"

    def to_json(self) -> dict[str, Any]:
        """The object in a content."""
        return {
            "field": self.field,
            "records": [one.to_json() for one in self.records],
            "sources": [one.to_json() for one in self.sources],
            "state": self.state,
        }


@dataclass(frozen=True, kw_only=True)
class Content:
    """A report. at: Unix seconds. block: number of a final block. field_list, rules: as in the
    format. start, end: first and last day of decisions that it speaks of. code, name: of the
    subject, name "" where none is known. until: last day on which it is to be relied on."""

    iss: str
    number: str
    at: int
    block: int
    covers: tuple[Cover, ...]
    network: str
    field_list: str
    rules: str
    start: date
    end: date
    code: str
    name: str
    until: date
    fields: tuple[Field, ...]

    def to_json(self) -> dict[str, Any]:
        """The object of the file."""
        return {
            "_type": TYPE,
            "at": instant(self.at),
            "block": self.block,
            "covers": [one.to_json() for one in self.covers],
            "fields": [one.to_json() for one in self.fields],
            "iss": self.iss,
            "list": self.field_list,
            "network": self.network,
            "number": self.number,
            "period": {"from": self.start.isoformat(), "to": self.end.isoformat()},
            "rules": self.rules,
            "subject": {"code": self.code, "name": self.name},
            "until": self.until.isoformat(),
        }

    def encode(self) -> bytes:
        """The file."""
        return self._encoded

    @cached_property
    def _encoded(self) -> bytes:
        return canonical.encode(self.to_json(), max_depth=_DEPTH)

    @property
    def items(self) -> tuple[Item, ...]:
        """Its records, in the order of the fields: the lines of the report, counted from 1."""
        return tuple(item for one in self.fields for item in one.records)

    @property
    def report(self) -> SpecialReport:
        """What its statement says."""
        return SpecialReport(
            content=sha256(self.encode()),
            start=self.start,
            end=self.end,
            subject=self.code,
            until=self.until,
        )


def parse_content(data: bytes) -> Content:
    """The content in a file; Malformed unless it is the one spelling of one, VersionUnknown where
    it is newer. It is not yet checked."""
    try:
        return _parse(data)
    except Malformed:
        loose(data)
        raise


def _parse(data: bytes) -> Content:
    tree = canonical.parse(data, max_bytes=MAX_CONTENT, max_depth=_DEPTH)
    value = members_of("report", tree, _MEMBERS, TYPE)
    period = members_of("period", value["period"], _PERIOD)
    subject = members_of("subject", value["subject"], _SUBJECT)
    found = Content(
        iss=matching(value, "iss", CODE),
        number=text(value, "number"),
        at=instant_of(value, "at"),
        block=within(value, "block", 0, MAX_INTEGER),
        covers=covers_of(value),
        network=network(value),
        field_list=matching(value, "list", FILE),
        rules=matching(value, "rules", FILE),
        start=day(period, "from"),
        end=day(period, "to"),
        code=matching(subject, "code", SUBJECT),
        name=bounded(subject, "name", 0, MAX_NAME),
        until=day(value, "until"),
        fields=tuple(list_of(value, "fields", _field, MAX_FIELDS)),
    )
    _demand_whole(found)
    return found


def check_content(content: Content, statement: Statement, receipts: Sequence[str]) -> None:
    """Raise where what is said twice does not agree: the statement is a report, by this member, of
    this content, and the receipts are those of its records, in order. Raises ProofMismatch,
    Malformed.

    The caller MUST still compare with the chain: what the opening of the statement proves, that
    `block` was final and `covers` its sizes, and what each receipt proves; and with list and rules:
    that each record belongs into its field, and into the report.
    """
    if statement.sort != "report":
        raise Malformed("opening", "not that of a report")
    told, report = report_from_members(statement.members), content.report
    pairs = {
        "issuer": (content.iss, statement.iss),
        "content": (report.content, told.content),
        "period": ((report.start, report.end), (told.start, told.end)),
        "subject": (report.subject, told.subject),
        "until": (report.until, told.until),
    }
    for what, (expected, actual) in pairs.items():
        if expected != actual:
            raise ProofMismatch(what, expected=expected, actual=actual)
    if statement.at + MAX_BEHIND < content.at:  # clocks of a member and of the chain differ
        raise ProofMismatch("at", expected=content.at, actual=statement.at)
    demand_receipts(content.items, receipts)


def make_number(iss: str, made: date, drawn: str) -> str:
    """The number of a report. drawn: ten characters. Raises Malformed where it has none."""
    start = f"{iss}-{made:%Y%m%d}-{drawn}"
    number = start + _check_character(start)
    parse_number(number)
    return number


def parse_number(number: str) -> tuple[str, date]:
    """The member and the day of a number; Malformed where it is none, as after most slips of the
    pen."""
    found = _NUMBER.fullmatch(number)
    if found is None:
        raise Malformed("number", "is not spelled as a number of a report")
    iss, days, _, check = found.groups()
    made = canonical.parse_day(f"{days[:4]}-{days[4:6]}-{days[6:]}")
    if check != _check_character(number[:-1]):
        raise Malformed("number", "its check character is wrong")
    return iss, made


def is_number(number: str) -> bool:
    """Whether it is spelled as a number of a report."""
    try:
        parse_number(number)
    except Malformed:
        return False
    return True


def fold_code(code: str) -> str:
    """The one spelling of a code that somebody typed: capitals, without blanks and hyphens."""
    return re.sub(r"[\s-]", "", code[: 4 * CODE_LENGTH]).upper()


def _check_character(start: str) -> str:
    """ISO 7064 MOD 37,36 over letters, as capitals, and digits."""
    product = 36
    for character in start.upper():
        value = _CHECKED.find(character)
        if value >= 0:
            product = ((product + value) % 36 or 36) * 2 % 37
    return _CHECKED[(37 - product) % 36]


def _field(value: Any) -> Field:
    members = members_of("field", value, _FIELD)
    found = Field(
        field=matching(members, "field", FIELD),
        records=items_of({"items": members["records"]}, MAX_RECORDS),
        sources=tuple(list_of(members, "sources", _source, MAX_SOURCES)),
    )
    units = [one.unit for one in found.sources]
    if units != sorted(set(units)):
        raise Malformed("sources", "a unit twice, or not in order")
    if one_of(members, "state", _STATES) != found.state:
        raise Malformed("state", "is not what follows from records and sources")
    return found


def _source(value: Any) -> Source:
    members = members_of("source", value, _SOURCE)
    return Source(unit=matching(members, "unit", _UNIT), through=day(members, "through"))


def _demand_whole(content: Content) -> None:
    """Raise Malformed where its parts cannot be of one report."""
    _once("fields", [one.field for one in content.fields])
    _once("records", [one.leaf for one in content.items])
    if not content.fields or len(content.items) > MAX_RECORDS:
        raise Malformed("report", f"no fields, or more than {MAX_RECORDS} records")
    if content.end < content.start:
        raise Malformed("period", "ends before it begins")
    if parse_number(content.number)[0] != content.iss:
        raise Malformed("number", "is another member's")


def _once(what: str, found: Iterable[str | Digest]) -> None:
    seen = list(found)
    if len(set(seen)) != len(seen):
        raise Malformed(what, "one twice")
