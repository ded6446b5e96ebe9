"""What a file is that cannot be judged at all, by its beginning: people send what they have."""

from __future__ import annotations

import re
from typing import Final, Literal

import orjson

from ledger.evidence.archive import is_archive
from ledger.files.answer_files import is_answer
from ledger.files.judge import MAX_SINGLE
from ledger.files.reports import is_report

Other = Literal[
    "empty",
    "picture",
    "workbook",
    "archive",
    "evidence",
    "web-page",
    "not-json",
    "foreign",
    "house",
    "audit",
]

_PICTURES: Final = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\0", b"MM\0*")
_WORKBOOKS: Final = (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",)
_ZIP: Final = b"PK\x03\x04"
_IN_WORKBOOKS: Final = (b"[Content_Types].xml", b"_rels/", b"docProps/", b"xl/", b"mimetype")
"""The first name in an archive that an office program wrote."""
_NAME_AT: Final = 30
_TYPES: Final = re.compile(rb'"_type"\s*:\s*"credit-ledger/([a-z-]{1,40})@')
_JUDGED: Final = frozenset({b"receipt", b"opening", b"bundle", b"list", b"history"})
"""What is verified here, as it says of itself."""
_LOOKED_AT: Final = 1 << 16
"""Bytes in which a file says what it is: at once, where nobody has written it anew."""
_PAGES: Final = (b"<!doctype", b"<html", b"<?xml", b"<head", b"<body")
_BOM: Final = b"\xef\xbb\xbf"
_BEGINNING: Final = 64


def other_kind(data: bytes) -> Other | None:
    """What it is; None: it may be a receipt, a bundle or another of our files, whole or not."""
    start = data[:_BEGINNING].removeprefix(_BOM).lstrip()
    if not start:
        return "empty" if len(data) <= _BEGINNING else "not-json"
    if is_report(data) or is_answer(data):
        return None
    if start.startswith(b"{"):
        return _json_kind(data)
    kinds: tuple[tuple[Other, bool], ...] = (
        ("picture", data.startswith(_PICTURES) or data[8:12] == b"WEBP" or data[4:8] == b"ftyp"),
        ("workbook", data.startswith(_WORKBOOKS)),
        ("workbook", data.startswith(_ZIP) and data[_NAME_AT:].startswith(_IN_WORKBOOKS)),
        ("evidence", is_archive(data)),
        ("archive", data.startswith(_ZIP)),
        ("web-page", start.lower().startswith(_PAGES)),
    )
    return next((kind for kind, so in kinds if so), "not-json")


def is_damaged(data: bytes) -> bool:
    """Whether it begins as JSON and does not say of itself that it is verified here."""
    start = data[:_BEGINNING].removeprefix(_BOM).lstrip()
    return start.startswith(b"{") and not set(_TYPES.findall(data, 0, _LOOKED_AT)) & _JUDGED


def _json_kind(data: bytes) -> Other | None:
    """What a JSON object is. One that says of itself what we know is judged, however damaged it is;
    so is what is no JSON any more."""
    kinds = set(_TYPES.findall(data, 0, _LOOKED_AT))
    if kinds & _JUDGED:
        return None
    if kinds:
        return "audit" if b"audit" in kinds else "house"
    if len(data) > MAX_SINGLE:
        return None
    try:
        orjson.loads(data.removeprefix(_BOM))
    except orjson.JSONDecodeError:
        return None
    return "foreign"
