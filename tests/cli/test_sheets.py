"""Workbooks of the command line: figures can be summed, codes stay as they are."""

from decimal import Decimal
from pathlib import Path

import openpyxl

from ledger.audit.quality import rank
from ledger.cli.quality import _sheets
from ledger.cli.sheets import Sheet, write_sheets
from ledger.records.quality import Period
from tests.audit.test_quality import of, penalties


def test_figures_are_numbers_and_codes_are_texts(tmp_path: Path) -> None:
    rows = [(110000, "110000", Decimal("53.64"), None, "=1+1"), (0, "007", Decimal("0.00"), 2, "")]
    write_sheets(tmp_path / "x.xlsx", [Sheet(name="x", head=tuple("abcde"), rows=rows)])
    sheet = openpyxl.load_workbook(tmp_path / "x.xlsx").worksheets[0]
    cells = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)]
    assert cells == [[110000, "110000", 53.64, None, "=1+1"], [0, "007", 0, 2, None]]
    assert [cell.data_type for cell in sheet[2]] == ["n", "s", "n", "n", "s"]
    assert (sheet["C2"].number_format, sheet["B2"].number_format) == ("0.00", "@")


def test_the_quality_workbook_can_be_summed(tmp_path: Path) -> None:
    found = [of("110000", penalties(59, rejected={"required": 51}))]
    lines = rank(found, "member", {})
    write_sheets(tmp_path / "x.xlsx", _sheets(Period.parse("2026-11"), found, lines))
    ranking, refused, _ = openpyxl.load_workbook(tmp_path / "x.xlsx").worksheets
    first = [cell.value for cell in ranking[2]]
    assert first == [1, "110000", None, 110, 59, 53.64, 100, 0, None, 59, 0, 0, 0, 0, 0]
    assert refused["E2"].value == 51
