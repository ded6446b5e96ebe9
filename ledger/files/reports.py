"""Special credit reports in PDF files: taking out what is attached (design-2 16).

A report is a PDF with these attachments and no others: `report.json`, `opening.json`, and
`receipt-0001.json` … for its lines in their order. Only the attachments are evidence; what is
printed is drawn of them by whoever made the file, and anybody can draw something else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ledger.core.errors import Malformed
from ledger.core.opening import Opening, parse_opening
from ledger.core.report_content import Content, parse_content
from ledger.files.apart import attached_apart
from ledger.files.attachments import CONTENT, OPENING

__all__ = [
    "CONTENT",
    "MAX_FILE",
    "NO_REPORT",
    "OPENING",
    "ReportFile",
    "is_report",
    "parse_report",
    "receipt_name",
]

MAX_FILE: Final = 32 << 20
"""Bytes of a PDF: 1,000 receipts take some 10 MB, packed."""

NO_REPORT: Final = "a PDF without a report attached"
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
    """The report in a PDF; Malformed where there is none, VersionUnknown where it is newer,
    CouldNotCheck where reading it takes more than a report may."""
    if len(data) > MAX_FILE:
        raise Malformed("report", f"longer than {MAX_FILE} bytes")
    found = dict(attached_apart(data))
    if CONTENT not in found or OPENING not in found:
        raise Malformed("report", NO_REPORT)
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
