"""What a file is that cannot be judged at all, by its beginning: people send what they have."""

from __future__ import annotations

from typing import Final, Literal

from ledger.files.answer_files import is_answer
from ledger.files.reports import is_report

Other = Literal["empty", "picture", "workbook", "web-page", "not-json"]

_PICTURES: Final = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\0", b"MM\0*")
_WORKBOOKS: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
_PAGES: Final = (b"<!doctype", b"<html", b"<?xml", b"<head", b"<body")
_BOM: Final = b"\xef\xbb\xbf"
_BEGINNING: Final = 64


def other_kind(data: bytes) -> Other | None:
    """What it is; None: it may be a receipt, a bundle or another of our files, whole or not."""
    start = data[:_BEGINNING].removeprefix(_BOM).lstrip()
    if not start:
        return "empty" if len(data) <= _BEGINNING else "not-json"
    if start.startswith(b"{") or is_report(data) or is_answer(data):
        return None
    if data.startswith(_PICTURES) or data[8:12] == b"WEBP" or data[4:8] == b"ftyp":
        return "picture"
    if data.startswith(_WORKBOOKS):
        return "workbook"
    return "web-page" if start.lower().startswith(_PAGES) else "not-json"
