"""The report of a file: what became of every row, as a workbook. Nothing in it is a formula."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterable, Mapping
from typing import Any

import xlsxwriter  # type: ignore[import-untyped]

_COLUMNS = (
    ("行号 row", 8),
    ("文书号 number", 28),
    ("认定单位代码 authority", 22),
    ("结果 result", 14),
    ("日期 day", 12),
    ("办理 state", 16),
    ("上链 on chain", 16),
    ("有误的列 field", 16),
    ("代码 code", 20),
    ("说明", 44),
    ("explanation", 44),
    ("记录编号 record", 20),
    ("案件 case", 20),
)
_STATES = {
    "new": "查找中 looked up",
    "proposed": "待放行或办理中 proposed",
    "refused": "退回 refused",
    "done": "已办理 done",
}


def build(rows: Iterable[Mapping[str, Any]]) -> bytes:
    """The workbook. rows: as `CaseFiles.every_row` gives them; one is held in memory at a time."""
    buffer = io.BytesIO()
    with tempfile.TemporaryDirectory() as folder:
        options = {"constant_memory": True, "tmpdir": folder}
        with xlsxwriter.Workbook(buffer, options) as book:
            text = book.add_format({"num_format": "@", "valign": "top", "text_wrap": True})
            head = book.add_format({"bold": True, "bg_color": "#DDEBF7"})
            sheet = book.add_worksheet("办理结果")
            for at, (title, width) in enumerate(_COLUMNS):
                sheet.set_column(at, at, width, text)
                sheet.write_string(0, at, title, head)
            sheet.freeze_panes(1, 0)
            for number, row in enumerate(rows, 1):
                for at, cell in enumerate(_cells(row)):
                    sheet.write_string(number, at, cell, text)
    return buffer.getvalue()


def _cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    message, act = row["message"] or {}, row["onChain"] or {}
    place = "" if row["row"] is None else str(row["row"])
    texts = (
        f"{row['sheet']}!{place}" if row["sheet"] else place,
        row["number"],
        row["authority"],
        row["result"],
        row["day"],
        _STATES[row["state"]],
        " ".join(filter(None, (act.get("state"), act.get("code")))),
        row["field"],
        row["code"],
        message.get("zh"),
        message.get("en"),
        row["record"],
        row["case"],
    )
    # The writer takes a text between these two tags for XML of its own.
    return tuple((text or "").replace("<r>", " <r>") for text in texts)
