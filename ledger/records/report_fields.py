"""Lists of the fields (领域) of a special credit report: which authorities are of which.

A list is canonical JSON in `fields/`, one per name and version; `scripts/schemas.py` makes ours of
`scripts/fields/`, an operator may put others into the folder of schemas. A report names the SHA-256
of the list that it goes by, so a published list never changes. It holds:

_type     credit-ledger/report-fields@1
name      ASCII, at most 32 bytes; `report-fields` is the one that reports go by
version   from 1
date      the day from which it is used
region    six digits; absent: any. The list of one's own region goes before
title     {zh, en}
source    who says so, with number and date
fields    1 … 128: {id, title: {zh, en}, codes?, named?}: an authority is of the first field that
          has its code, else of the first of which one of the texts `named` stands in its folded
          name. The last field has neither: it is that of all others.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from typing import Final

from ledger.core import canonical
from ledger.core.report_content import FIELD, MAX_FIELDS
from ledger.records.fold import fold
from ledger.records.members import MAX_VERSION, NAME, Members
from ledger.records.rule_tables import REGION

__all__ = ["MAX_FILE", "FieldList", "ReportField", "by_hash", "packaged", "parse"]

MAX_FILE: Final = 1 << 20
"""Bytes: a list that names every authority of a province by its code takes some 200,000."""

_TYPE: Final = "credit-ledger/report-fields@1"
_MAX_CODES: Final = 1 << 13
_MAX_NAMED: Final = 64
_CODE_LENGTH: Final = 18


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportField:
    """A field. title: {zh, en}. named: folded."""

    id: str
    title: Mapping[str, str]
    codes: frozenset[str]
    named: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FieldList:
    """A list. sha256: of its file, 64 hex. since: the day from which it is used."""

    name: str
    version: int
    since: date
    region: str | None
    title: Mapping[str, str]
    source: str
    fields: tuple[ReportField, ...]
    sha256: str

    @property
    def id(self) -> str:
        """As a report names it."""
        return f"{self.name}@{self.version}:{self.sha256}"

    def field_of(self, code: str | None, name: str | None) -> str:
        """The field of an authority. code: its USCC; name: as it stands in a record."""
        for one in self.fields:
            if code is not None and code in one.codes:
                return one.id
        folded = fold(name or "")
        return next(
            (one.id for one in self.fields if any(part in folded for part in one.named)),
            self.fields[-1].id,
        )


def parse(data: bytes) -> FieldList:
    """The list in a file. Raises Malformed."""
    value = canonical.parse(data, max_bytes=MAX_FILE)
    tree = Members("fields", value)
    tree.one_of("_type", (_TYPE,))
    found = FieldList(
        name=tree.text("name", like=NAME),
        version=tree.number("version", 1, MAX_VERSION),
        since=tree.day("date"),
        region=tree.maybe("region", lambda name: tree.text(name, like=REGION)),
        title=tree.pair("title"),
        source=tree.text("source"),
        fields=tuple(_field(item) for item in tree.items("fields", most=MAX_FIELDS)),
        sha256=hashlib.sha256(data).hexdigest(),
    )
    tree.done()
    if len({one.id for one in found.fields}) != len(found.fields):
        raise tree.fault("one field twice")
    last = found.fields[-1]
    if any(bool(one.codes or one.named) is (one is last) for one in found.fields):
        raise tree.fault("the last field, and only that, is of all others")
    return found


def packaged() -> Sequence[FieldList]:
    """Those that we package."""
    return tuple(_packaged().values())


def by_hash(sha256: str) -> FieldList | None:
    """The packaged list whose file has this SHA-256 (64 hex); None: there is none."""
    return _packaged().get(sha256)


@cache
def _packaged() -> Mapping[str, FieldList]:
    folder = resources.files(__package__) / "fields"
    files = sorted((path for path in folder.iterdir()), key=lambda path: path.name)
    found = [parse(path.read_bytes()) for path in files if path.name.endswith(".json")]
    return {one.sha256: one for one in found}


def _field(item: object) -> ReportField:
    row = Members("field", item)
    codes = row.maybe("codes", lambda name: row.texts(name, most=_MAX_CODES, max_=_CODE_LENGTH))
    named = row.maybe("named", lambda name: row.texts(name, most=_MAX_NAMED))
    found = ReportField(
        id=row.text("id", like=FIELD),
        title=row.pair("title"),
        codes=frozenset(codes or ()),
        named=tuple(fold(one) for one in named or ()),
    )
    row.done()
    return found
