"""The lines of a special credit report: what the receipts that go with it show of their records.

What is printed, what a page shows and what `verify` tells are made here, of the receipts alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from ledger.core import receipt as receipts
from ledger.core.canonical import hex32
from ledger.core.receipt import Receipt
from ledger.records.schema import Schema
from ledger.records.store import Library

__all__ = ["Line", "line_at", "line_of", "read_line"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A record as a report shows it. title: of its type. document, authority, unit, code, name:
    None where the record has none. unit: USCC of the authority; code, name: of the subject."""

    receipt: Receipt
    schema: Schema
    document: str | None
    authority: str | None
    unit: str | None
    code: str | None
    name: str | None
    decided: date
    until: date | None

    @property
    def family(self) -> str:
        """That of its type."""
        return self.schema.family

    def as_dict(self) -> dict[str, Any]:
        """As pages and `--json` have it."""
        return {
            "record": hex32(self.receipt.record_id),
            "leaf": hex32(self.receipt.leaf),
            "type": self.schema.id,
            "title": dict(self.schema.title),
            "document": self.document,
            "authority": self.authority,
            "decided": self.decided.isoformat(),
            "until": None if self.until is None else self.until.isoformat(),
        }


def read_line(text: str, library: Library) -> Line | None:
    """The line of a receipt file; None as in `line_of`. Raises Malformed, VersionUnknown."""
    return line_of(receipts.parse(text.encode()), library)


def line_at(
    receipt_texts: Sequence[str], line: int, library: Library
) -> tuple[str, str | None] | None:
    """The id of the record of a line, and USCC of its authority where its receipt shows it. line:
    from 1; None: there is none of this number. Raises Malformed, VersionUnknown."""
    if not 1 <= line <= len(receipt_texts):
        return None
    receipt = receipts.parse(receipt_texts[line - 1].encode())
    found = line_of(receipt, library)
    return hex32(receipt.record_id), None if found is None else found.unit


def line_of(receipt: Receipt, library: Library) -> Line | None:
    """The line of a receipt; None where it shows nothing, or its schema is not at hand. Raises
    Malformed where what it shows is not what was committed to."""
    if receipt.presentation is None:
        return None
    header = receipt.presentation.payload.header
    schema = library.schema(header.schema_sha256.hex())
    if schema is None:
        return None
    fields = receipt.presentation.fields(schema.slots)
    return Line(
        receipt=receipt,
        schema=schema,
        document=_text(fields, schema.document),
        authority=_text(fields, schema.authority.name),
        unit=_text(fields, schema.authority.code),
        code=_text(fields, schema.subject.code),
        name=_text(fields, schema.subject.name),
        decided=header.decided,
        until=header.until,
    )


def _text(fields: Mapping[str, Any], name: str | None) -> str | None:
    found = fields.get(name or "")
    return found if isinstance(found, str) else None
