"""The workbook to correct and send again.

Every rejected or conflicting row with the sender's own cells as text, and before them what is
wrong. It is read back like any other file: the headers are the sender's, columns of ours begin
with CL_. Nothing in it is a formula, a number or a link.
"""

from __future__ import annotations

import io
import json
import re
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import xlsxwriter  # type: ignore[import-untyped]

from gateway.files.header import CORRECTS, HEADER_WITHIN
from gateway.files.interfaces import PART
from gateway.files.returned import EXPLANATION, Returned, unpack

MAX_IN_MEMORY = 10_000
"""Rows of a workbook made without a temporary file. More than that would take hundreds of
megabytes; such a workbook passes through a file that only this user can read."""
MAX_UNITS = 32_767
"""UTF-16 units of a cell in Excel."""
MAX_REASONS = 1000
"""Different reasons that the second sheet lists."""

_OWN = (
    ("CL_ROW 原行号", 8),
    ("CL_VERDICT 结果", 10),
    ("CL_FIELD 错误列", 16),
    ("CL_CODE 错误代码", 20),
    ("CL_MESSAGE_ZH 说明", 44),
    ("CL_MESSAGE_EN 英文说明", 44),
    ("CL_RECORD_ID 已有记录", 20),
    (f"{CORRECTS} 更正", 20),
)
_FREE_TEXT_WIDTH = 18
_VERDICTS = {
    "rejected": "退回 rejected",
    "conflict": "冲突 conflict",
    "returned": "国家平台退回 returned",
}
_HOW = (
    (
        "请在各行改正标出的列后，将本工作簿原样重新报送；除 CL_SIMPLE、CL_PUBLISH、CL_ORIGIN 外，"
        "CL_ 开头的列不会作为内容读取。",
        "Correct the marked columns of each row and send this workbook again; columns that begin"
        " with CL_ are not read as content, but for CL_SIMPLE, CL_PUBLISH and CL_ORIGIN.",
    ),
    (
        "以 ⚠ 开头的单元格未能读取，冒号后为原值，请整格改写。",
        "A cell that begins with ⚠ could not be read; the old value follows the colon. Write the"
        " whole cell anew.",
    ),
    (
        "如一行用于更正已有记录，把 CL_RECORD_ID 的内容复制到 CL_CORRECTS；更正须由另一人放行。",
        "Where a row is to correct the record already there, copy CL_RECORD_ID to CL_CORRECTS;"
        " another person releases the correction.",
    ),
)
_NOT_XML = {0xFFFE: "\ufffd", 0xFFFF: "\ufffd"}  # other control characters get _x0001_
_NAME_UNITS = 24  # of 31 that Excel allows, to leave room for a number
_SHEET_NAME = re.compile(r"[\[\]:*?/\\\x00-\x1f]")


@dataclass(slots=True)
class _Written:
    """A sheet being written, and its next row."""

    sheet: Any
    next: int = 1


@dataclass(slots=True)
class _Reasons:
    """(field, code) -> how often, and the first text."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    texts: dict[tuple[str, str], Mapping[str, str]] = field(default_factory=dict)

    def add(self, errors: Iterable[Mapping[str, Any]]) -> None:
        for error in errors:
            key = (error["field"] or "", error["code"])
            self.counts[key] += 1
            self.texts.setdefault(key, error["message"])


def build_pieces(pieces: Iterator[bytes], name: str, counts: Mapping[str, int]) -> Iterator[bytes]:
    """The workbook in pieces. pieces: of each set with such rows the JSON of [packed rows, their
    answers]. For `gateway.base.child`."""
    rows = (
        pair
        for piece in pieces
        for packed, answers in [json.loads(piece)]  # orjson crashes where there is no memory
        for pair in zip(unpack(packed), answers, strict=True)
    )
    made = build(rows, name=name, counts=counts)
    for start in range(0, len(made), PART):
        yield made[start : start + PART]


def build(
    rows: Iterable[tuple[Returned, Mapping[str, Any]]],
    *,
    name: str,
    counts: Mapping[str, int],
    unknown: Sequence[tuple[str, ...]] = (),
) -> bytes:
    """The workbook. rows: each with its row answer, in order. name: of the file they came in.
    counts: rows of the whole file by verdict. unknown: of a list of others, the rows that mean
    nothing of ours: number of the row, of the document, and why in both languages."""
    buffer = io.BytesIO()
    few = counts.get("rejected", 0) + counts.get("conflict", 0) <= MAX_IN_MEMORY
    with tempfile.TemporaryDirectory() as folder:
        options = {"in_memory": True} if few else {"constant_memory": True, "tmpdir": folder}
        with xlsxwriter.Workbook(buffer, options) as book:
            pages = _Book(book)
            reasons = _fill(pages, rows)
            _explain(pages, reasons, name, counts, unknown)
    return buffer.getvalue()


class _Book:
    """The workbook with its formats and the sheet names taken."""

    def __init__(self, book: Any) -> None:
        self._book = book
        self._names: set[str] = set()
        text = {"num_format": "@", "valign": "top", "text_wrap": True}
        self.text = book.add_format(text)
        self.wrong = book.add_format(text | {"bg_color": "#FFC7CE"})
        self.ours = book.add_format(text | {"bg_color": "#F2F2F2"})
        self.head = book.add_format(text | {"bold": True, "bg_color": "#DDEBF7"})

    def add(self, name: str) -> Any:
        """A sheet called `name` as far as Excel allows it."""
        units = _SHEET_NAME.sub("_", name).encode("utf-16-le")[: 2 * _NAME_UNITS]
        plain = units.decode("utf-16-le", "ignore").strip("' ") or "更正"
        unique, number = plain, 1
        while unique.lower() in self._names:
            number += 1
            unique = f"{plain} {number}"
        self._names.add(unique.lower())
        return self._book.add_worksheet(unique)


def _fill(
    book: _Book,
    rows: Iterable[tuple[Returned, Mapping[str, Any]]],
) -> _Reasons:
    sheets: dict[tuple[str, ...], _Written] = {}
    reasons = _Reasons()
    for row, answer in rows:
        key = (row.sheet, *row.names)
        if key not in sheets:
            sheets[key] = _open_sheet(book, row)
        _write_row(book, sheets[key], row, answer)
        reasons.add(answer["errors"])
    return reasons


def _open_sheet(book: _Book, row: Returned) -> _Written:
    sheet = book.add(row.sheet)
    width = len(_OWN) + len(row.names)
    if row.names:
        sheet.set_column(len(_OWN), width - 1, _FREE_TEXT_WIDTH, book.text)
    for at, (title, wide) in enumerate(_OWN):
        sheet.set_column(at, at, wide, book.ours if at < len(_OWN) - 1 else book.text)
        _write(sheet, 0, at, title, book.head)
    for at, title in enumerate(row.names, len(_OWN)):
        _write(sheet, 0, at, title, book.head)
    sheet.freeze_panes(1, 0)
    return _Written(sheet)


def _write_row(book: _Book, sheet: _Written, row: Returned, answer: Mapping[str, Any]) -> None:
    errors = answer["errors"]
    ours = (
        "" if answer["row"] is None else str(answer["row"]),
        _VERDICTS[answer["verdict"]],
        "\n".join(error["field"] or "" for error in errors),
        "\n".join(error["code"] for error in errors),
        "\n".join(error["message"]["zh"] for error in errors),
        "\n".join(error["message"]["en"] for error in errors),
        answer["recordId"] or "",
        row.corrects,
    )
    wrong = {error["field"] for error in errors}
    at = sheet.next
    sheet.next += 1
    for column, text in enumerate(ours):
        _write(sheet.sheet, at, column, text, book.ours if column < len(ours) - 1 else book.text)
    for column, (text, code) in enumerate(zip(row.cells, row.codes, strict=True), len(ours)):
        if text or code in wrong:
            _write(sheet.sheet, at, column, text, book.wrong if code in wrong else book.text)


def _explain(
    book: _Book,
    reasons: _Reasons,
    name: str,
    counts: Mapping[str, int],
    unknown: Sequence[tuple[str, ...]],
) -> None:
    """The last sheet: what came, what went back and why. No row of it names three columns of
    the standard, so it is never taken for a table."""
    sheet = book.add("说明")
    for column, width in enumerate((30, 24, 10, 60, 60)):
        sheet.set_column(column, column, width, book.text)
    lines: list[tuple[str, ...]] = [(EXPLANATION, name)]
    lines += [("", "", "", zh, en) for zh, en in _HOW]
    lines.append(("结果 verdict", "行数 rows"))
    lines += [(verdict, str(count)) for verdict, count in counts.items()]
    lines += [("",)] * max(0, HEADER_WITHIN - len(lines))
    lines.append(("列 column", "代码 code", "行数 rows", "说明", "explanation"))
    for key, count in reasons.counts.most_common(MAX_REASONS):
        text = reasons.texts[key]
        lines.append((*key, str(count), text["zh"], text["en"]))
    if unknown:
        lines += [
            ("",),
            ("CL_ROW 原行号", "文书号 number", "", "未找到的原因", "why there is none"),
        ]
        lines += [(row, number, "", zh, en) for row, number, zh, en in unknown]
    for row, line in enumerate(lines):
        for column, cell in enumerate(line):
            _write(sheet, row, column, cell, book.text)


def _write(sheet: Any, row: int, column: int, text: str, style: Any) -> None:
    # The writer takes a text between these two tags for XML of its own; a space, which reading
    # trims, makes it a text again.
    if text.startswith("<r>") and text.endswith("</r>"):
        text = f" {text}"
    if len(text) > MAX_UNITS // 2:
        text = text.encode("utf-16-le")[: 2 * MAX_UNITS].decode("utf-16-le", "ignore")
    if text:
        sheet.write_string(row, column, text.translate(_NOT_XML), style)
    else:
        sheet.write_blank(row, column, None, style)
