"""Rows that a workbook does not show are read, and it is said of each."""

import io
import struct

import openpyxl
import pytest

from tests.gateway.files.desk import Desk
from tests.support.old_sheets import old_workbook, record
from tests.support.sheets import GOOD, penalty_sheet, read, workbook

RECORDS = [GOOD | {"CF_WSH": f"样市监罚〔2024〕{n}号"} for n in range(1, 4)]
SHEET = penalty_sheet(*RECORDS)


def hidden(data: bytes, name: str = "x.xlsx") -> list[int | None]:
    """The rows with the note."""
    rows = read(data, name)
    assert len(rows) == len(RECORDS)
    noted = [row.input for row in rows if "row-hidden" in {n.code for n in row.input.notes}]
    assert all(row.fault is None and not row.cell_errors for row in noted)
    return [row.row for row in noted]


@pytest.mark.parametrize(
    "tag",
    [
        '<row r="3" hidden="1">',
        '<row hidden="true" r="3" spans="1:9">',
        "<row r='3' hidden='1'>",
        '<row r="3" customHeight="1" hidden="1" ht="0">',
        '<row hidden="1">',  # without a number: it is read event by event
    ],
)
def test_by_its_tag(tag: str) -> None:
    assert '<row r="3">' in SHEET
    assert hidden(workbook(SHEET)) == []
    assert hidden(workbook(SHEET.replace('<row r="3">', tag))) == [3]


@pytest.mark.parametrize(
    "tag", ['<row r="3" hidden="0">', '<row r="3" hidden="false">', '<row r="3" xhidden="1">']
)
def test_rows_that_are_shown(tag: str) -> None:
    assert hidden(workbook(SHEET.replace('<row r="3">', tag))) == []


def test_by_a_filter_of_another_program() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for line in [list(GOOD), *([one[code] for code in GOOD] for one in RECORDS)]:
        sheet.append(line)
    sheet.row_dimensions[2].hidden = sheet.row_dimensions[4].hidden = True
    buffer = io.BytesIO()
    book.save(buffer)
    assert hidden(buffer.getvalue()) == [2, 4]


def test_of_an_old_workbook() -> None:
    lines = [list(GOOD), *([one[code] for code in GOOD] for one in RECORDS)]
    for flags, expected in ((0x20, [3]), (0x40, [])):
        told = record(0x208, struct.pack("<HHHHHHHH", 2, 0, 9, 255, 0, 0, flags, 0))
        assert hidden(old_workbook(*lines, more=told), "x.xls") == expected


def test_the_record_is_taken_and_noted(desk: Desk) -> None:
    answer = desk.send(workbook(SHEET.replace('<row r="3">', '<row r="3" hidden="1">')), "x.xlsx")
    assert answer["counts"]["accepted"] == len(RECORDS)
    (note,) = [n for n in answer["verdicts"][1]["notes"] if n["code"] == "row-hidden"]
    assert "隐藏" in note["message"]["zh"] and "hides" in note["message"]["en"]
