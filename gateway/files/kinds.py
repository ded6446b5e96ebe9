"""What a file is, told by its first bytes: names lie, and people rename."""

from __future__ import annotations

import re
from typing import Literal

from gateway.files import compound
from gateway.files.errors import FileFault

Kind = Literal["workbook", "old-workbook", "json", "lines", "table"]

SAMPLE = 1 << 16
"""Bytes at the beginning that tell text from anything else, so that junk is told at once."""
MAX_CONTROL = 0.02
"""Share of control characters; text has none but tabs and line ends."""

_BOM = b"\xef\xbb\xbf"
_WIDE = (b"\xff\xfe", b"\xfe\xff")
_CONTROL = bytes(byte for byte in range(32) if byte not in b"\t\n\v\f\r\x1a\x1b")
_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", "no-table"),
    (b"\x89PNG", "no-table"),
    (b"\xff\xd8\xff", "no-table"),
    (b"GIF8", "no-table"),
    (b"{\\rtf", "no-table"),
    (b"\x1f\x8b", "packed"),
    (b"Rar!", "packed"),
    (b"7z\xbc\xaf", "packed"),
    (b"BZh", "packed"),
    (b"\xfd7zXZ", "packed"),
    (b"\x28\xb5\x2f\xfd", "packed"),
    (b"PK\x05\x06", "not-xlsx"),
    *((bytes((9, version)), "old-or-protected") for version in (0, 2, 4, 8)),
)
_WEB = re.compile(
    rb"\s*(?:<(?:!doctype html|html|head|body|table|meta|style|div|\?xml|\?mso)|mime-version:)",
    re.I,
)
_JSON = (b"{", b"[")
_LINES = ("ndjson", "jsonl")
_LINE_OF_JSON = re.compile(rb"^\s*\{.*\}\s*$", re.MULTILINE)


def kind_of(data: bytes, name: str) -> Kind:
    """The kind of a file. name: tells lines of JSON where the first of them is no JSON. FileFault,
    with what to do, for what is known and not read, and for what is nothing."""
    if data.startswith(b"PK\x03\x04"):
        return "workbook"
    if data.startswith(compound.MAGIC):
        return "old-workbook"
    for magic, fault in _MAGIC:
        if data.startswith(magic):
            raise FileFault(fault)
    head = data[:SAMPLE].removeprefix(_BOM)
    first = head.lstrip()
    if _WEB.match(head):
        raise FileFault("web-page")
    if first[:1] in _JSON:
        return "json"
    lines = name.lower().rpartition(".")[2] in _LINES
    if lines and (_LINE_OF_JSON.search(head) or not first):
        return "lines"
    if not head.startswith(_WIDE) and _is_binary(head):
        raise FileFault("text-encoding")
    return "table"


def demand_sheets(names: list[str]) -> None:
    """FileFault, with what to do, for a container of another kind than a workbook."""
    folded = {name.lower() for name in names}
    if "xl/workbook.bin" in folded or "mimetype" in folded:
        raise FileFault("other-workbook")
    if any(name.startswith(("word/", "ppt/")) for name in folded):
        raise FileFault("no-table")
    if not any(name.endswith(".xml") for name in folded):
        raise FileFault("packed")


def demand_old_sheets(names: set[str]) -> None:
    """The same for the containers of before."""
    if "EncryptedPackage" in names:
        raise FileFault("protected")
    if names & {"WordDocument", "PowerPoint Document"}:
        raise FileFault("no-table")


def _is_binary(head: bytes) -> bool:
    rest = head.translate(None, _CONTROL)
    return len(head) - len(rest) > MAX_CONTROL * len(head) + 1
