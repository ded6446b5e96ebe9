"""Special credit reports in PDF files: taking out what is attached (design-2 16).

A report is a PDF with these attachments and no others: `report.json`, `opening.json`, and
`receipt-0001.json` … for its lines in their order. Only the attachments are evidence; what is
printed is drawn of them by whoever made the file, and anybody can draw something else.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final

from ledger.core.errors import Malformed
from ledger.core.opening import MAX_OPENING, Opening, parse_opening
from ledger.core.receipt import MAX_RECEIPT
from ledger.core.report_content import MAX_CONTENT, MAX_RECORDS, Content, parse_content

__all__ = [
    "CONTENT",
    "MAX_FILE",
    "OPENING",
    "ReportFile",
    "is_report",
    "parse_report",
    "receipt_name",
]

CONTENT: Final = "report.json"
OPENING: Final = "opening.json"
MAX_FILE: Final = 32 << 20
"""Bytes of a PDF: 1,000 receipts take some 10 MB, packed."""
MAX_ATTACHED: Final = MAX_RECORDS + 2
MAX_ALL: Final = 64 << 20
"""Bytes of all attachments, unpacked."""
MAX_OBJECTS: Final = 1 << 16
"""Entries of a table of objects; a report with 1,000 lines has some 3,000."""
MAX_DEPTH: Final = 8
"""Of the tree of names; a thousand of them need two."""

_MAGIC: Final = b"%PDF-"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFile:
    """A report as it was taken out of a PDF: well-formed, not yet checked."""

    content: Content
    opening: Opening
    receipts: tuple[str, ...]


def receipt_name(line: int) -> str:
    """The name of the attachment that proves a line, counted from 1."""
    return f"receipt-{line:04d}.json"


def is_report(data: bytes) -> bool:
    """Whether a file is a PDF. Its beginning is enough."""
    return data.startswith(_MAGIC)


def parse_report(data: bytes) -> ReportFile:
    """The report in a PDF; Malformed where there is none, VersionUnknown where it is newer."""
    if len(data) > MAX_FILE:
        raise Malformed("report", f"longer than {MAX_FILE} bytes")
    found = dict(_attached(data))
    if CONTENT not in found or OPENING not in found:
        raise Malformed("report", "a PDF without a report attached")
    content = parse_content(found.pop(CONTENT))
    opening = parse_opening(found.pop(OPENING))
    names = [receipt_name(line) for line in range(1, len(found) + 1)]
    if sorted(found) != names:
        raise Malformed("report", "attachments that are no part of a report")
    return ReportFile(
        content=content, opening=opening, receipts=tuple(_text(found[name]) for name in names)
    )


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise Malformed("receipt", "is not UTF-8") from error


def _attached(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of each attachment, none twice. Raises Malformed, whatever is wrong with the
    PDF: the library is bounded as well (75 MB of one stream), and what it finds odd is refused."""
    from pypdf import PdfReader  # noqa: PLC0415 - with such a file only
    from pypdf.errors import PyPdfError  # noqa: PLC0415

    try:
        with _unheard():
            reader = PdfReader(
                BytesIO(data),
                strict=True,
                root_object_recovery_limit=MAX_ATTACHED,
                xref_stream_maximum_entries=MAX_OBJECTS,
            )
            if reader.is_encrypted:
                raise Malformed("report", "an encrypted PDF")
            yield from _bounded(_object(reader.trailer["/Root"]))
    except (PyPdfError, *_BROKEN) as error:
        raise Malformed("report", f"a PDF that cannot be read: {type(error).__name__}") from error


def _bounded(root: Any) -> Iterator[tuple[str, bytes]]:
    names, room, seen = _object(root.get("/Names", {})), MAX_ALL, set[str]()
    for name, entry in _leaves(_object(names.get("/EmbeddedFiles", {})), MAX_DEPTH):
        if name in seen or len(seen) == MAX_ATTACHED:
            raise Malformed("report", "an attachment twice, or too many")
        seen.add(name)
        stream = _object(_object(_object(entry)["/EF"])["/F"])
        found = bytes(stream.get_data())
        room -= len(found)
        if len(found) > _MOST.get(name, MAX_RECEIPT) or room < 0:
            raise Malformed("report", "an attachment that is too long")
        yield name, found


def _leaves(tree: Any, depth: int) -> Iterator[tuple[str, Any]]:
    """Names and what they name, of a tree of names (ISO 32000-2, 7.9.6)."""
    if not depth:
        raise Malformed("report", "a tree of names that is too deep")
    flat = list(_object(tree.get("/Names", [])))
    yield from zip(map(str, flat[::2]), flat[1::2], strict=True)
    for kid in list(_object(tree.get("/Kids", [])))[:MAX_ATTACHED]:
        yield from _leaves(_object(kid), depth - 1)


def _object(value: Any) -> Any:
    """What a reference stands for; any other value itself."""
    return value.get_object() if hasattr(value, "get_object") else value


@contextmanager
def _unheard() -> Iterator[None]:
    """Keep the library's remarks about odd files from whoever reads our output."""
    log = logging.getLogger("pypdf")
    before = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(before)


_BROKEN: Final = (
    *(AttributeError, LookupError, TypeError, ValueError, OSError, RecursionError),
    *(AssertionError, ArithmeticError, NotImplementedError, MemoryError),
)
"""What a library that parses what strangers send may raise beside its own."""
_MOST: Final = {CONTENT: MAX_CONTENT, OPENING: MAX_OPENING}
