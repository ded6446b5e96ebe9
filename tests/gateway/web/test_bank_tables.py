"""What the workbooks of a bank say, in the language of who takes them."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import openpyxl

from gateway.web.bank.tables import queries_table
from gateway.web.languages import Code

LINE = {
    "id": "2bc7563b097a4070c41037562e54d21d",
    "at": "2026-12-01T16:30:00Z",
    "token": "Officer 7",
    "subject": "91120101MADEMX0116",
    "purpose": "pre-loan",
    "matter": None,
    "types": ["penalty"],
    "authorisation": None,
    "answered": {"120000": 2},
    "missing": {"140000": "too-slow"},
    "items": 2,
    "overall": "adverse",
    "decision": "none",
}


def rows(code: Code) -> dict[Any, Any]:
    sheet = openpyxl.load_workbook(BytesIO(queries_table([LINE], code))).worksheets[0]
    head, row = sheet.iter_rows(values_only=True)
    return dict(zip(head, row, strict=True))


def test_in_chinese() -> None:
    """Words and the time of China, for a supervisor there: it was the second of December."""
    told = rows("zh")
    assert told["时间"] == "2026年12月2日 00:30:00"
    assert (told["用途"], told["结论"], told["类别"]) == ("贷前", "有不利记录", "行政处罚")
    assert told["已答复"] == "天津（120000）：2 条"
    assert told["未答复"] == "山西（140000）：答复超时"


def test_in_english() -> None:
    """The names of the interface, which programs read."""
    told = rows("en")
    assert (told["purpose"], told["overall"], told["types"]) == ("pre-loan", "adverse", "penalty")
    assert told["at"] == "2 Dec 2026, 00:30:00"
    assert (told["answered"], told["missing"]) == ("120000: 2", "140000: too-slow")
