"""Blank templates: what is filled in there is read back as it was meant, for every type."""

import io
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from gateway.files.errors import FileFault
from gateway.files.reading import Reading
from gateway.node import Node
from ledger.cli.main import cli
from ledger.records.schema import Schema, all_schemas, load
from ledger.records.setting import Setting
from ledger.records.template import CLASS_COLUMN, by_name, fillable, offered, template
from ledger.records.validate import check
from tests.gateway.files.desk import Desk
from tests.records.examples import good


def filled(schema: Schema, *rows: Mapping[str, object]) -> bytes:
    """The template with these rows, as a spreadsheet program saves it."""
    book = openpyxl.load_workbook(io.BytesIO(template(schema)))
    sheet = book.worksheets[0]
    codes = {field.zh: field.code for field in schema.fields}
    for at, row in enumerate(rows, 2):
        for column, cell in enumerate(sheet[1], 1):
            value = row.get(codes.get(str(cell.value), str(cell.value)))
            if value is not None:
                text = ";".join(value) if isinstance(value, list) else str(value)
                sheet.cell(at, column).value = text
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def first_sheet(schema: Schema) -> Worksheet:
    return openpyxl.load_workbook(io.BytesIO(template(schema))).worksheets[0]


def test_every_type_is_offered_but_those_of_natural_persons() -> None:
    taken = {schema.name for schema in all_schemas() if not schema.natural_person}
    assert [schema.name for schema in offered()] == sorted(taken)
    assert by_name("professional-title") is None


@pytest.mark.parametrize("schema", offered(), ids=lambda schema: schema.name)
def test_what_is_filled_in_is_read_back(schema: Schema) -> None:
    record = good(schema)
    reading = Reading(filled(schema, record), name="x.xlsx", type_=None)
    (row,) = reading.rows()
    assert row.input.type == schema.name
    assert not row.input.notes
    assert [sheet.unread for sheet in reading.sheets] == [0, 0, 0]
    checked = check(schema, row.input.fields, Setting(today=date(2026, 11, 23)))
    assert checked.errors == ()
    assert checked.fields == check(schema, record, Setting(today=date(2026, 11, 23))).fields
    assert [sheet.schema for sheet in reading.sheets] == [schema, None, None]
    assert all(sheet.fault is None for sheet in reading.sheets)


@pytest.mark.parametrize("schema", offered(), ids=lambda schema: schema.name)
def test_a_blank_one_has_no_rows(schema: Schema) -> None:
    reading = Reading(template(schema), name="x.xlsx", type_=None)
    with pytest.raises(FileFault):
        list(reading.rows())
    assert [sheet.rows for sheet in reading.sheets] == [0, 0, 0]


@pytest.mark.parametrize("schema", offered(), ids=lambda schema: schema.name)
def test_what_is_dropped_at_intake_is_not_asked_for(schema: Schema) -> None:
    titles = [cell.value for cell in first_sheet(schema)[1]]
    own = [CLASS_COLUMN] if schema.may_be_adverse else []
    assert titles == [field.zh for field in schema.fields if field.disclosable] + own


def test_cells_are_texts_with_lists_notes_and_colours() -> None:
    schema = load("penalty")
    sheet = first_sheet(schema)
    columns = {cell.value: cell for cell in sheet[1]}
    for field in fillable(schema):
        cell = columns[field.zh]
        assert cell.comment is not None
        assert field.code in cell.comment.text
    letters = {cell.value: get_column_letter(at) for at, cell in enumerate(sheet[1], 1)}
    widths = sheet.column_dimensions.values()
    assert {dimension.number_format for dimension in widths} == {"@"}
    assert max(dimension.max or 0 for dimension in widths) == len(columns)
    colours = {columns[name].fill.start_color.rgb for name in ("处罚类别", "处罚决定日期")}
    assert len(colours) == 1  # both required
    assert columns["罚款金额(万元)"].fill.start_color.rgb not in colours  # required if
    assert columns["备注"].fill.start_color.rgb not in colours
    rules = {
        str(rule.sqref).split(":")[0][:-1]: rule for rule in sheet.data_validations.dataValidation
    }
    kind = rules[letters["行政相对人类别"]]
    assert (kind.type, kind.showErrorMessage) == ("list", True)
    many = rules[letters["处罚类别"]]
    assert (many.type, many.showErrorMessage) == ("list", False)  # several values may stand there
    assert "万元" in str(rules[letters["罚款金额(万元)"]].prompt)


def test_the_lists_hold_the_vocabulary_on_a_hidden_sheet() -> None:
    schema = load("penalty")
    book = openpyxl.load_workbook(io.BytesIO(template(schema)))
    table, _, values = book.worksheets
    assert values.sheet_state == "hidden"
    held = {}
    for rule in table.data_validations.dataValidation:
        if rule.type == "list" and "!" in rule.formula1:
            cells = values[rule.formula1.split("!")[1].replace("$", "")]
            held[str(table.cell(1, cells[0][0].column).value)] = [cell.value for (cell,) in cells]
    vocabulary = {
        field.zh: list(field.vocabulary) for field in fillable(schema) if field.vocabulary
    }
    vocabulary["行政相对人类别"].remove("自然人")  # whose records are never taken
    assert held == vocabulary


def test_filled_in_and_submitted(node: Node) -> None:
    schema = load("penalty")
    rows = [
        good(schema) | {"CF_WSH": f"样市监罚〔2026〕{n}号", CLASS_COLUMN: class_}
        for n, class_ in enumerate(["一般", "轻微", None], 1)
    ]
    answer = Desk(node).send(filled(schema, *rows), "行政处罚.xlsx")
    assert [row["verdict"] for row in answer["verdicts"]] == ["accepted"] * 3
    assert [row["row"] for row in answer["verdicts"]] == [2, 3, 4]


def test_the_command(tmp_path: Path) -> None:
    runner = CliRunner()
    listed = runner.invoke(cli, ["templates"])
    assert listed.exit_code == 0
    assert "penalty" in listed.output
    for name in ("penalty", "行政处罚"):
        out = tmp_path / f"{name}.xlsx"
        assert runner.invoke(cli, ["templates", name, "-o", str(out)]).exit_code == 0
        assert openpyxl.load_workbook(out).worksheets[0].title == "行政处罚"
    for wrong in (["nothing", "-o", "x.xlsx"], ["penalty"], ["-o", "x.xlsx"]):
        assert runner.invoke(cli, ["templates", *wrong]).exit_code == 2
