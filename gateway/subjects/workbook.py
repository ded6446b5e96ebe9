"""The findings of a check as a workbook for those who mend them."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from typing import Any

import xlsxwriter  # type: ignore[import-untyped]

_KINDS = {
    "one-code-two-names": "一码多名 one code, two names",
    "one-name-two-codes": "一名多码 one name, two codes",
}
_COLUMNS = (
    ("序号 no.", 8),
    ("问题 finding", 28),
    ("统一社会信用代码 USCC", 24),
    ("名称 name", 40),
    ("注册号 registration number", 24),
    ("记录数 records", 12),
    ("最近认定 last decided", 14),
    ("登记于 registered", 14),
    ("同一文书 same document", 12),
    ("同一注册号 same registration", 12),
    ("叶值 leaves", 70),
    ("处理", 60),
    ("remedy", 60),
)


def workbook(answer: Mapping[str, Any]) -> bytes:
    """The XLSX. answer: of `SubjectCheck.check`."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        text = {"num_format": "@", "valign": "top", "text_wrap": True}
        plain = book.add_format(text)
        figure = book.add_format({"num_format": "0", "valign": "top"})
        head = book.add_format(text | {"bold": True, "bg_color": "#DDEBF7"})
        sheet = book.add_worksheet("重错码 doubles")
        for at, (title, width) in enumerate(_COLUMNS):
            sheet.set_column(at, at, width, plain)
            sheet.write_string(0, at, title, head)
        sheet.freeze_panes(1, 0)
        for row, cells in enumerate(_rows(answer), 1):
            for at, cell in enumerate(cells):
                if isinstance(cell, int):
                    sheet.write_number(row, at, cell, figure)
                else:
                    sheet.write_string(row, at, cell, plain)
    return buffer.getvalue()


def _rows(answer: Mapping[str, Any]) -> Iterator[tuple[str | int, ...]]:
    """A row for each party, those of one finding under one number."""
    for number, finding in enumerate(answer["findings"], 1):
        yes = {True: "是 yes", False: ""}
        same = (yes[finding["sameDocument"]], yes[finding["sameRegistration"]])
        for party in finding["parties"]:
            told = (party[name] for name in ("code", "name", "registration", "records"))
            days = (party[name] for name in ("latest", "registered"))
            yield (
                number,
                _KINDS[finding["double"]],
                *("" if one is None else one for one in (*told, *days)),
                *same,
                "\n".join(party["leaves"]),
                finding["message"]["zh"],
                finding["message"]["en"],
            )
